/*
 * The sample kernel as it is defined: all that is done 8000 times a second, in one loop for the
 * filter and one for the sums.  For processors with many registers; the other kernels must equal it
 * bit for bit (tests/legal/test_signal_kernels.c).
 */
#include "signal/kernel/run.h"

/** Delay match and droop: eight taps on the voltage; exact for neutral taps. */
static void voltage_filter(const struct run *run, const int32_t *fir_q28, int32_t offset_lsb,
                           int32_t *filtered, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        const int32_t *at = run->codes + k;
        int64_t sum = INT64_C(1) << 27;
        sum += (int64_t)fir_q28[0] * at[7];
        sum += (int64_t)fir_q28[1] * at[6];
        sum += (int64_t)fir_q28[2] * at[5];
        sum += (int64_t)fir_q28[3] * at[4];
        sum += (int64_t)fir_q28[4] * at[3];
        sum += (int64_t)fir_q28[5] * at[2];
        sum += (int64_t)fir_q28[6] * at[1];
        sum += (int64_t)fir_q28[7] * at[0];
        filtered[k] = (int32_t)(sum >> 28) - offset_lsb;
    }
}

/** Products and phasors.  The oscillator turns along. */
static void correlate(struct signal_sums *total, struct signal_oscillator *oscillator,
                      const int32_t *voltage, const int32_t *current, int32_t offset_lsb, size_t n)
{
    struct signal_sums sums = *total;
    int32_t cos = oscillator->cos_q30;
    int32_t sin = oscillator->sin_q30;
    const int32_t step_cos = oscillator->step_cos_q30;
    const int32_t step_sin = oscillator->step_sin_q30;
    for (size_t k = 0; k < n; k++) {
        const int32_t v = voltage[k];
        const int32_t i = current[k] - offset_lsb;
        const int32_t cos_q20 = cos >> 10;
        const int32_t sin_q20 = sin >> 10;
        sums.v += v;
        sums.i += i;
        sums.vv += (int64_t)v * v;
        sums.ii += (int64_t)i * i;
        sums.vi += (int64_t)v * i;
        sums.v_cos += (int64_t)v * cos_q20;
        sums.v_sin += (int64_t)v * sin_q20;
        sums.i_cos += (int64_t)i * cos_q20;
        sums.i_sin += (int64_t)i * sin_q20;
        const int64_t next_cos = (int64_t)cos * step_cos - (int64_t)sin * step_sin;
        const int64_t next_sin = (int64_t)sin * step_cos + (int64_t)cos * step_sin;
        cos = (int32_t)(next_cos >> 30);
        sin = (int32_t)(next_sin >> 30);
    }
    oscillator->cos_q30 = cos;
    oscillator->sin_q30 = sin;
    *total = sums;
}

void signal_kernel(struct signal_state *state, const int32_t *v_lsb, const int32_t *i_lsb, size_t n)
{
    struct run voltage;
    struct run current;
    int32_t filtered[SIGNAL_CHUNK];
    const bool v_clipped = run_join(&voltage, state->v_history, v_lsb, n);
    const bool i_clipped = run_join(&current, state->i_history, i_lsb, n);
    state->clipped = state->clipped || v_clipped || i_clipped;
    voltage_filter(&voltage, state->fir_q28, state->offset.v_lsb, filtered, n);
    correlate(&state->sums, &state->oscillator, filtered,
              current.codes + SIGNAL_HISTORY - state->delay, state->offset.i_lsb, n);
}
