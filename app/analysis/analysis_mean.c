#include "analysis_mean.h"

#include <string.h>

static uint32_t above_zero(int32_t value)
{
    return value > 0 ? (uint32_t)value : 0;
}

static uint32_t below_zero(int32_t value)
{
    return value < 0 ? (uint32_t) - (int64_t)value : 0;
}

static void phase_add(int64_t sum[ANALYSIS_QUANTITIES], const struct legal_phase *phase, int64_t ms)
{
    sum[ANALYSIS_VOLTAGE] += ms * phase->voltage_mv;
    sum[ANALYSIS_CURRENT] += ms * phase->current_ma;
    sum[ANALYSIS_ACTIVE_PLUS] += ms * above_zero(phase->active_mw);
    sum[ANALYSIS_ACTIVE_MINUS] += ms * below_zero(phase->active_mw);
    sum[ANALYSIS_REACTIVE_PLUS] += ms * above_zero(phase->reactive_mvar);
    sum[ANALYSIS_REACTIVE_MINUS] += ms * below_zero(phase->reactive_mvar);
    sum[phase->exporting ? ANALYSIS_APPARENT_MINUS : ANALYSIS_APPARENT_PLUS] +=
        ms * phase->apparent_mva;
}

static void lower(uint32_t *extreme, uint32_t value)
{
    *extreme = value < *extreme ? value : *extreme;
}

static void raise(uint32_t *extreme, uint32_t value)
{
    *extreme = value > *extreme ? value : *extreme;
}

static void extremes_begin(uint32_t extreme[ANALYSIS_EXTREMES])
{
    memset(extreme, 0, ANALYSIS_EXTREMES * sizeof *extreme);
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        extreme[ANALYSIS_VOLTAGE_LOW + s] = UINT32_MAX;
    }
    extreme[ANALYSIS_POWER_LOW] = UINT32_MAX;
}

void analysis_means_add(struct analysis_means *means, const struct legal_instant *instant,
                        int64_t ms)
{
    if (ms <= 0) {
        return;
    }
    if (means->measured_ms == 0) {
        extremes_begin(means->extreme);
    }
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        const struct legal_phase *phase = &instant->phase[s];
        phase_add(means->sum[s], phase, ms);
        lower(&means->extreme[ANALYSIS_VOLTAGE_LOW + s], phase->voltage_mv);
        raise(&means->extreme[ANALYSIS_VOLTAGE_HIGH + s], phase->voltage_mv);
        raise(&means->extreme[ANALYSIS_CURRENT_HIGH + s], phase->current_ma);
    }
    lower(&means->extreme[ANALYSIS_POWER_LOW], instant->active_plus_mw);
    raise(&means->extreme[ANALYSIS_POWER_HIGH], instant->active_plus_mw);
    means->net_sum += ms * instant->active_net_mw;
    means->apparent_sum += ms * instant->apparent_mva;
    means->measured_ms += ms;
}

void analysis_means_add_thd(struct analysis_means *means, unsigned system,
                            enum analysis_quantity quantity, uint16_t thd_centi_pct, int64_t ms)
{
    if (ms > 0) {
        means->sum[system][quantity] += ms * thd_centi_pct;
        means->thd_ms[system][quantity - ANALYSIS_THD_U] += ms;
    }
}

static int64_t rounded(int64_t sum, int64_t ms)
{
    return (sum < 0 ? sum - ms / 2 : sum + ms / 2) / ms;
}

void analysis_means_close(struct analysis_means *means)
{
    struct analysis_result *last = &means->last;
    const int64_t ms = means->measured_ms;
    memset(last, 0, sizeof *last);
    if (ms > 0) {
        for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
            for (unsigned q = 0; q < ANALYSIS_QUANTITIES; q++) {
                const int64_t of_ms =
                    q < ANALYSIS_THD_U ? ms : means->thd_ms[s][q - ANALYSIS_THD_U];
                last->mean[s][q] = of_ms > 0 ? (uint32_t)rounded(means->sum[s][q], of_ms) : 0;
            }
        }
        last->net_mw = (int32_t)rounded(means->net_sum, ms);
        last->apparent_mva = (uint32_t)rounded(means->apparent_sum, ms);
        memcpy(last->extreme, means->extreme, sizeof last->extreme);
    }
    memset(means->sum, 0, sizeof means->sum);
    means->net_sum = 0;
    means->apparent_sum = 0;
    means->measured_ms = 0;
    memset(means->thd_ms, 0, sizeof means->thd_ms);
}
