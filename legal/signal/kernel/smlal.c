/*
 * The sample kernel for processors with a 32 x 32 + 64 bit multiply-accumulate and few registers
 * (Cortex-M4: SMLAL).  Four short passes over a chunk instead of one long loop: each keeps its sums
 * in registers.  Bit for bit the same as plain.c.
 */
#include "signal/kernel/run.h"

/** What the passes over a chunk hand on: a pair, free of its offsets, and the oscillator there. */
struct point {
    int32_t cos_q20, sin_q20, v, i;
};

/** Both of two neighbours take a tap while it is in a register. */
static inline void take_tap(int64_t *earlier, int64_t *later, int32_t tap_q28, const int32_t *at)
{
    *earlier += (int64_t)tap_q28 * at[0];
    *later += (int64_t)tap_q28 * at[1];
}

/**
 * Delay match and droop: eight taps on the voltage; exact for neutral taps.  Two samples at a time:
 * for an odd n one more than there is, of which nothing is used.
 */
static void voltage_filter(struct point *point, const struct run *run, const int32_t *fir_q28,
                           int32_t offset_lsb, size_t n)
{
    const int32_t *at = run->codes;
    for (const int32_t *const end = at + n; at < end; at += 2) {
        int64_t earlier = INT64_C(1) << 27;
        int64_t later = INT64_C(1) << 27;
        take_tap(&earlier, &later, fir_q28[0], at + 7);
        take_tap(&earlier, &later, fir_q28[1], at + 6);
        take_tap(&earlier, &later, fir_q28[2], at + 5);
        take_tap(&earlier, &later, fir_q28[3], at + 4);
        take_tap(&earlier, &later, fir_q28[4], at + 3);
        take_tap(&earlier, &later, fir_q28[5], at + 2);
        take_tap(&earlier, &later, fir_q28[6], at + 1);
        take_tap(&earlier, &later, fir_q28[7], at);
        point[0].v = (int32_t)(earlier >> 28) - offset_lsb;
        point[1].v = (int32_t)(later >> 28) - offset_lsb;
        point += 2;
    }
}

/** Sums of products.  Sums of 64 values below 2^25 (voltages below 25.7 million) fit 32 bits. */
static void take_products(struct signal_sums *sums, struct point *point, const int32_t *current,
                          int32_t offset_lsb, size_t n)
{
    int32_t sum_v = 0;
    int32_t sum_i = 0;
    int64_t vv = sums->vv;
    int64_t ii = sums->ii;
    int64_t vi = sums->vi;
    for (struct point *const end = point + n; point != end; point++) {
        const int32_t v = point->v;
        const int32_t i = *current++ - offset_lsb;
        point->i = i;
        sum_v += v;
        sum_i += i;
        vv += (int64_t)v * v;
        ii += (int64_t)i * i;
        vi += (int64_t)v * i;
    }
    sums->v += sum_v;
    sums->i += sum_i;
    sums->vv = vv;
    sums->ii = ii;
    sums->vi = vi;
}

/**
 * The oscillator turns along.  (cos * step_cos - sin * step_sin) >> 30 to the last bit; with what
 * step_cos lacks to one, times 4, the shift is by 32: the upper half of a product as it stands.
 */
static void turn(struct point *point, struct signal_oscillator *oscillator, size_t n)
{
    int32_t cos = oscillator->cos_q30;
    int32_t sin = oscillator->sin_q30;
    const int32_t lack_q32 = (oscillator->step_cos_q30 - (INT32_C(1) << 30)) * 4;
    const int32_t step_q32 = oscillator->step_sin_q30 * 4; /* at 69 Hz: 2.4e8 */
    const int32_t back_q32 = -step_q32;
    for (struct point *const end = point + n; point != end; point++) {
        point->cos_q20 = cos >> 10;
        point->sin_q20 = sin >> 10;
        const int64_t more_cos = (int64_t)cos * lack_q32 + (int64_t)sin * back_q32;
        const int64_t more_sin = (int64_t)sin * lack_q32 + (int64_t)cos * step_q32;
        cos += (int32_t)(more_cos >> 32);
        sin += (int32_t)(more_sin >> 32);
    }
    oscillator->cos_q30 = cos;
    oscillator->sin_q30 = sin;
}

static void take_phasors(struct signal_sums *sums, const struct point *point, size_t n)
{
    int64_t v_cos = sums->v_cos;
    int64_t v_sin = sums->v_sin;
    int64_t i_cos = sums->i_cos;
    int64_t i_sin = sums->i_sin;
    for (const struct point *const end = point + n; point != end; point++) {
        v_cos += (int64_t)point->v * point->cos_q20;
        v_sin += (int64_t)point->v * point->sin_q20;
        i_cos += (int64_t)point->i * point->cos_q20;
        i_sin += (int64_t)point->i * point->sin_q20;
    }
    sums->v_cos = v_cos;
    sums->v_sin = v_sin;
    sums->i_cos = i_cos;
    sums->i_sin = i_sin;
}

void signal_kernel(struct signal_state *state, const int32_t *v_lsb, const int32_t *i_lsb, size_t n)
{
    struct run run;
    struct point points[SIGNAL_CHUNK];
    if (n % 2u != 0) {
        run.codes[SIGNAL_HISTORY + n] = 0; /* the filter looks at an even number of samples */
    }
    const bool v_clipped = run_join(&run, state->v_history, v_lsb, n);
    voltage_filter(points, &run, state->fir_q28, state->offset.v_lsb, n);
    const bool i_clipped = run_join(&run, state->i_history, i_lsb, n);
    state->clipped = state->clipped || v_clipped || i_clipped;
    take_products(&state->sums, points, run.codes + SIGNAL_HISTORY - state->delay,
                  state->offset.i_lsb, n);
    turn(points, &state->oscillator, n);
    take_phasors(&state->sums, points, n);
}
