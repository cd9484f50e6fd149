/* Numbers of the voltage quality that the household list has: limits, counters, the last sag, swell
 * and long failure. */
#include "../quality/quality_totals.h"
#include "cosem_inside.h"

#define UNIT_CODE_NONE 255u
#define UNIT_CODE_V    35u
#define UNIT_CODE_S    7u
#define MV_PER_STEP    100u /* voltages are in 1/10 V */

/* Thousandths of the declared voltage. */
static struct cosem_constant declared_share(const struct meter *meter, uint32_t share_pm)
{
    const uint64_t mv = (uint64_t)meter->quality.config.declared_mv * share_pm / 1000u;
    return (struct cosem_constant){(int64_t)((mv + MV_PER_STEP / 2u) / MV_PER_STEP), -1,
                                   UNIT_CODE_V};
}

static struct cosem_constant count_of(uint32_t count)
{
    return (struct cosem_constant){count, 0, UNIT_CODE_NONE};
}

static struct cosem_constant duration_of(const struct quality_last *last)
{
    return (struct cosem_constant){last->duration_ms, -3, UNIT_CODE_S};
}

static struct cosem_constant level_of(const struct quality_last *last)
{
    return (struct cosem_constant){(last->extreme_mv + MV_PER_STEP / 2u) / MV_PER_STEP, -1,
                                   UNIT_CODE_V};
}

/* Values of phases stand in the enumeration by threes. */
static struct cosem_constant of_phase(const struct quality_totals *totals, uint16_t value)
{
    const unsigned place = value - COSEM_QUALITY_PHASES;
    const unsigned phase = place % QUALITY_PHASES;
    switch (COSEM_QUALITY_PHASES + place - phase) {
    case COSEM_FAILURES_PHASE: return count_of(totals->failures[phase]);
    case COSEM_SAGS: return count_of(totals->sags[phase]);
    case COSEM_SAG_DURATION: return duration_of(&totals->sag[phase]);
    case COSEM_SAG_LEVEL: return level_of(&totals->sag[phase]);
    case COSEM_SWELLS: return count_of(totals->swells[phase]);
    case COSEM_SWELL_DURATION: return duration_of(&totals->swell[phase]);
    default: return level_of(&totals->swell[phase]);
    }
}

struct cosem_constant cosem_quality_value(const struct meter *meter, uint16_t value)
{
    const struct quality_totals *totals = &meter->quality_totals;
    if (value >= COSEM_QUALITY_PHASES) {
        return of_phase(totals, value);
    }
    switch (value) {
    case COSEM_SAG_VOLTAGE: return declared_share(meter, meter->quality.config.dip_pm);
    case COSEM_SWELL_VOLTAGE: return declared_share(meter, meter->quality.config.swell_pm);
    case COSEM_FAILURES_ALL: return count_of(totals->failures_all);
    case COSEM_FAILURES_ANY: return count_of(totals->failures_any);
    case COSEM_FAILURES_LONG: return count_of(totals->failures_long);
    case COSEM_LAST_FAILURE: return (struct cosem_constant){totals->last_long_s, 0, UNIT_CODE_S};
    case COSEM_LONG_FAILURE: return (struct cosem_constant){QUALITY_LONG_FAILURE_S, 0, UNIT_CODE_S};
    default: return (struct cosem_constant){0, 0, UNIT_CODE_S}; /* least duration of a sag */
    }
}
