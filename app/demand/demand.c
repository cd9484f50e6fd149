#include "demand.h"

#include <string.h>

#define K_DIVISOR        100000u /* JJ-K-LL-M-NN */
#define SECONDS_PER_HOUR 3600u
#define UWH_PER_MWH      1000u

void demand_init(struct demand *demand, uint8_t integration_min)
{
    memset(demand, 0, sizeof *demand);
    demand->integration_min = integration_min;
    demand->period_start_s = INT64_MIN;
    demand->threshold_w = DEMAND_THRESHOLD_DEFAULT_W;
}

static int64_t period_s(const struct demand *demand)
{
    return (int64_t)demand->integration_min * 60;
}

/* All time zones are whole hours off UTC, so a boundary of UTC is one of local time too. */
static int64_t period_of(const struct demand *demand, int64_t utc_s)
{
    int64_t rest = utc_s % period_s(demand);
    return utc_s - (rest < 0 ? rest + period_s(demand) : rest);
}

static void period_begin(struct demand *demand, const struct legal *legal, int64_t start_s)
{
    demand->period_start_s = start_s;
    for (unsigned i = 0; i < LEGAL_TARIFF_ENERGIES; i++) {
        demand->start_uwh[i] = legal_energy_uwh(legal, (enum legal_energy)i);
    }
    for (unsigned i = 0; i < DEMAND_TARIFFS; i++) {
        demand->start_tariff_uwh[i] = legal_tariff_uwh(legal, (uint8_t)(i + 1u), LEGAL_A_PLUS);
    }
}

/* Energy of one period as mean power; a register below its start value is not ours (new memory). */
static uint32_t mean_mw(const struct demand *demand, uint64_t start_uwh, uint64_t now_uwh)
{
    uint64_t delta_uwh = now_uwh > start_uwh ? now_uwh - start_uwh : 0;
    uint64_t divisor = (uint64_t)period_s(demand) * UWH_PER_MWH;
    if (delta_uwh > UINT64_MAX / SECONDS_PER_HOUR) {
        return UINT32_MAX;
    }
    uint64_t mean = delta_uwh * SECONDS_PER_HOUR / divisor;
    return mean > UINT32_MAX ? UINT32_MAX : (uint32_t)mean;
}

static void peak_offer(struct demand_peak *peak, uint32_t power_mw, int64_t end_s)
{
    if (power_mw > peak->power_mw) {
        peak->power_mw = power_mw;
        peak->utc_s = end_s;
    }
}

static void period_end(struct demand *demand, const struct legal *legal)
{
    int64_t end_s = demand->period_start_s + period_s(demand);
    for (unsigned i = 0; i < LEGAL_TARIFF_ENERGIES; i++) {
        uint64_t now_uwh = legal_energy_uwh(legal, (enum legal_energy)i);
        demand->mean_mw[i] = mean_mw(demand, demand->start_uwh[i], now_uwh);
        peak_offer(&demand->peak[i], demand->mean_mw[i], end_s);
    }
    for (unsigned i = 0; i < DEMAND_TARIFFS; i++) {
        uint64_t now_uwh = legal_tariff_uwh(legal, (uint8_t)(i + 1u), LEGAL_A_PLUS);
        uint32_t mean = mean_mw(demand, demand->start_tariff_uwh[i], now_uwh);
        peak_offer(&demand->peak[LEGAL_TARIFF_ENERGIES + i], mean, end_s);
    }
    demand->ended = (struct demand_peak){demand->mean_mw[LEGAL_A_PLUS], end_s};
    if (demand->mean_mw[LEGAL_A_PLUS] > (uint64_t)demand->threshold_w * 1000u) {
        demand->threshold_count++;
    }
}

int64_t demand_step(struct demand *demand, const struct legal *legal, int64_t utc_s)
{
    int64_t start_s = period_of(demand, utc_s);
    bool running = demand->period_start_s != INT64_MIN;
    demand->ended = (struct demand_peak){0, 0};
    if (running && start_s > demand->period_start_s) {
        bool gap = start_s > demand->period_start_s + period_s(demand);
        period_end(demand, legal);
        if (gap) {
            memset(demand->mean_mw, 0, sizeof demand->mean_mw);
        }
    }
    if (!running || start_s != demand->period_start_s) {
        period_begin(demand, legal, start_s);
    }
    return start_s + period_s(demand);
}

void demand_accumulate(struct demand *demand, uint32_t configuration_3)
{
    demand->accumulates = (uint8_t)(configuration_3 / K_DIVISOR % 10u);
}

uint64_t demand_accumulated_with_peak(const struct demand *demand, enum legal_energy energy)
{
    unsigned peak = energy;
    if (energy == LEGAL_A_PLUS && demand->accumulates >= 1u &&
        demand->accumulates <= DEMAND_TARIFFS) {
        peak = LEGAL_TARIFF_ENERGIES + demand->accumulates - 1u;
    }
    return demand->accumulated_mw[energy] + demand->peak[peak].power_mw;
}

void demand_debit(struct demand *demand)
{
    for (unsigned i = 0; i < LEGAL_TARIFF_ENERGIES; i++) {
        demand->accumulated_mw[i] = demand_accumulated_with_peak(demand, (enum legal_energy)i);
    }
    memset(demand->peak, 0, sizeof demand->peak);
    demand->debiting_count++;
}
