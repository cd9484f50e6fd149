/* End of a window: what the sums mean, and how long the next window is. */
#include "signal/angle.h"
#include "signal/signal_state.h"

/** Oscillator step of a frequency: 2^-32 turns per sample. */
#define STEP_OF_MHZ(mhz) ((uint32_t)(((uint64_t)(mhz) << 32) / (MEASURING_SAMPLE_RATE_HZ * 1000u)))
#define STEP_START       STEP_OF_MHZ(50000)
#define STEP_LOWEST      STEP_OF_MHZ(42000)
#define STEP_HIGHEST     STEP_OF_MHZ(69000)
/** from here on a window has 12 cycles instead of 10 (IEC 61000-4-30: 10 at 50 Hz, 12 at 60 Hz) */
#define STEP_OF_12_CYCLES STEP_OF_MHZ(55000)
/** a window further off than this did not hold whole cycles */
#define STEP_LOCKED ((int64_t)STEP_OF_MHZ(250))
/** the angle between two windows is unambiguous well beyond this (2.5 Hz) */
#define STEP_FINE ((int64_t)STEP_OF_MHZ(500))

#define SAMPLES_WITHOUT_VOLTAGE 1600u
/** mean of v*v below which there is no voltage: 2^17 steps rms, 1/64 of full scale */
#define PRESENT_LSB2 (UINT64_C(1) << 34)
/** a window whose mean square differs by more than this part from the last one's is disturbed: half
 *  a cycle missing out of ten is a twentieth */
#define STEADY_PART 64u
/** reactive energy is owed to at most two seconds of samples before lock */
#define OWED_MAX (2u * MEASURING_SAMPLE_RATE_HZ)
/** the slowest offset gain, 2^-6 a window: about 13 s */
#define OFFSET_SHIFT   6u
#define OFFSET_MAX_Q16 (INT64_C(1) << 35)

#define ONE_Q30 (INT64_C(1) << 30)
/** pi / 4, 2^30 = one */
#define QUARTER_PI_Q30 INT64_C(843314857)
/** phasors are held to this, far above full scale, so that their products stay below 2^61 */
#define PHASOR_MAX ((INT64_C(1) << 30) - 1)

/** A phasor, or any complex number. */
struct complex_lsb {
    int64_t re, im;
};

/** How the voltage's frequency stands to the oscillator's. */
struct pace {
    int64_t ahead;  /**< measured step minus oscillator step */
    int64_t within; /**< the same in the middle of this window, if the frequency runs evenly */
    bool locked;    /**< the window held whole cycles */
};

static int64_t divide_rounded(int64_t value, int64_t by)
{
    return (value >= 0 ? value + by / 2 : value - by / 2) / by;
}

/** a * b / n without a product wider than 64 bits; |a| / n * |b| must stay below 2^63. */
static int64_t product_over(int64_t a, int64_t b, int64_t n)
{
    return a / n * b + a % n * b / n;
}

/** ---- planning --------------------------------------------------------------------------- */

static void window_plan(struct signal_state *state, bool present)
{
    struct signal_tracking *tracking = &state->tracking;
    const uint32_t step = state->oscillator.step;
    state->n_cycles = step < STEP_OF_12_CYCLES ? 10 : 12;
    if (present) {
        /* Whole samples only, each in one window: the fraction is carried (Bresenham). */
        const uint64_t ideal_q20 = ((uint64_t)state->n_cycles << 52) / step;
        const uint64_t target_q20 = ideal_q20 + tracking->fraction_q20;
        state->window_samples = (uint32_t)(target_q20 >> 20);
        tracking->fraction_q20 = (uint32_t)target_q20 & ((1u << 20) - 1u);
    } else {
        state->window_samples = SAMPLES_WITHOUT_VOLTAGE;
        tracking->fraction_q20 = 0;
    }
    state->cycle_samples = state->window_samples / state->n_cycles;
    state->cycle_end = state->cycle_samples;
    state->cycle = 0;
    state->n_taken = 0;
    state->clipped = false;
    state->sums = (struct signal_sums){0};
    tracking->before_cos = 0;
    tracking->before_sin = 0;
    tracking->turn_re = 0;
    tracking->turn_im = 0;
    signal_oscillator_align(&state->oscillator);
}

void signal_window_first(struct signal_state *state)
{
    state->oscillator.step = STEP_START;
    window_plan(state, true);
}

/** ---- frequency -------------------------------------------------------------------------- */

void signal_cycle_close(struct signal_state *state)
{
    struct signal_tracking *tracking = &state->tracking;
    /* 2^25 * 2^20 * 191 samples is 2^53; 2^29 remain: eleven products of two stay in 62 bits. */
    const int32_t re = (int32_t)((state->sums.v_cos - tracking->before_cos) >> 24);
    const int32_t im = (int32_t)((tracking->before_sin - state->sums.v_sin) >> 24);
    if (state->cycle > 0) {
        tracking->turn_re += (int64_t)re * tracking->cycle_re + (int64_t)im * tracking->cycle_im;
        tracking->turn_im += (int64_t)im * tracking->cycle_re - (int64_t)re * tracking->cycle_im;
    }
    tracking->cycle_re = re;
    tracking->cycle_im = im;
    tracking->before_cos = state->sums.v_cos;
    tracking->before_sin = state->sums.v_sin;
    state->cycle++;
    state->cycle_end += state->cycle_samples;
    if (state->cycle + 1u >= state->n_cycles) {
        state->cycle_end = state->window_samples;
    }
}

/**
 * Frequency from rotation: of single cycles against each other (coarse, +-25 Hz, needs no past), or
 * of the window's phasor against the last one's (fine) as long as both agree.
 */
static struct pace pace_measure(struct signal_state *state, uint32_t angle)
{
    struct signal_tracking *tracking = &state->tracking;
    const int64_t n = state->window_samples;
    const int64_t last_n = tracking->last_samples;
    const int64_t step = state->oscillator.step;
    const int64_t coarse =
        (int32_t)angle_of(tracking->turn_re, tracking->turn_im) / (int64_t)state->cycle_samples;
    struct pace pace = {.ahead = coarse};
    int64_t trend = 0;
    bool jumped = false;
    const bool slow = coarse > -STEP_FINE && coarse < STEP_FINE;
    if (slow && tracking->last_valid) {
        const int64_t between = (int32_t)(angle - tracking->last_angle);
        const int64_t turned = tracking->last_step * last_n + step * n + 2 * between;
        const int64_t fine = divide_rounded(turned, last_n + n) - step;
        /* They disagree after a jump in phase: the oscillator stays as it is for this window. */
        jumped = fine - coarse <= -STEP_FINE || fine - coarse >= STEP_FINE;
        pace.ahead = jumped ? 0 : fine;
        /* `fine` looks at the instant between the two windows, half a window ago. */
        if (!jumped && tracking->trend_valid) {
            trend = (step + fine - tracking->last_measured) / 2;
        }
        tracking->trend_valid = !jumped;
    } else {
        tracking->trend_valid = false;
    }
    pace.within = pace.ahead + arithmetic_clamp(trend, -STEP_LOCKED, STEP_LOCKED);
    tracking->last_measured = step + pace.ahead;
    pace.locked = !jumped && pace.ahead > -STEP_LOCKED && pace.ahead < STEP_LOCKED;
    tracking->last_valid = slow;
    tracking->last_angle = angle;
    tracking->last_step = state->oscillator.step;
    tracking->last_samples = state->window_samples;
    return pace;
}

/** ---- phasors ---------------------------------------------------------------------------- */

static struct complex_lsb rotate(struct complex_lsb value, struct angle_vector by)
{
    return (struct complex_lsb){(value.re * by.cos_q30 - value.im * by.sin_q30) >> 30,
                                (value.re * by.sin_q30 + value.im * by.cos_q30) >> 30};
}

/**
 * Mean of exp(-2j * oscillator) over the window, 2^30 = one: what leaks from a phasor's mirror
 * image because a window of whole samples does not hold exactly whole cycles.  Closed form of a
 * geometric series.
 */
static struct complex_lsb image_leak(const struct signal_oscillator *oscillator, uint32_t n)
{
    const struct angle_vector all = angle_vector_of(oscillator->step * n);
    const struct angle_vector one = angle_vector_of(oscillator->step);
    const struct angle_vector middle =
        angle_vector_of(2u * oscillator->phase + oscillator->step * (n - 1u));
    const int64_t size = all.sin_q30 * ONE_Q30 / one.sin_q30 / (int64_t)n;
    return (struct complex_lsb){size * middle.cos_q30 >> 30, -(size * middle.sin_q30) >> 30};
}

/** Peak phasor in 1/64 steps, against the oscillator, free of its own image. */
static struct complex_lsb phasor(int64_t sum_cos, int64_t sum_sin, uint32_t n,
                                 struct complex_lsb leak)
{
    /* times 2 / n for the amplitude, 2^-20 for the oscillator's scale, 2^6 for the fraction */
    const int64_t by = (int64_t)n << 13;
    const int64_t re = divide_rounded(sum_cos, by);
    const int64_t im = divide_rounded(-sum_sin, by);
    return (struct complex_lsb){
        arithmetic_clamp(re - ((re * leak.re + im * leak.im) >> 30), -PHASOR_MAX, PHASOR_MAX),
        arithmetic_clamp(im - ((re * leak.im - im * leak.re) >> 30), -PHASOR_MAX, PHASOR_MAX)};
}

/**
 * An oscillator that is off by `ahead` sees sin(x) / x of the amplitude: give the rest back.  What
 * counts is how far it was off in this very window: while the frequency runs, it is behind.
 */
static int64_t drift_gain_q30(int64_t ahead, uint32_t n)
{
    const int64_t x = ahead * n * QUARTER_PI_Q30 >> 30; /* half the drift in rad, 2^30 = one */
    const int64_t xx = x * x >> 30;
    return ONE_Q30 + xx / 6 + (xx * xx >> 30) * 7 / 360;
}

static struct complex_lsb amplify(struct complex_lsb value, int64_t gain_q30)
{
    return (struct complex_lsb){
        arithmetic_clamp((value.re * gain_q30) >> 30, -PHASOR_MAX, PHASOR_MAX),
        arithmetic_clamp((value.im * gain_q30) >> 30, -PHASOR_MAX, PHASOR_MAX)};
}

/** n * 1/2 * Im(v * conj(i)) in squared steps: the phasors carry 2^6 each. */
static int64_t reactive_sum(struct complex_lsb v, struct complex_lsb i, uint32_t n)
{
    const int64_t imaginary = v.im * i.re - v.re * i.im;
    const int64_t fraction = INT64_C(1) << 13;
    return imaginary / fraction * n + imaginary % fraction * n / fraction;
}

/** ---- direct current --------------------------------------------------------------------- */

static int64_t offset_follow(int64_t offset_q16, int32_t subtracted_lsb, int64_t sum, uint32_t n,
                             unsigned shift)
{
    const int64_t mean_q16 = (int64_t)subtracted_lsb * 65536 + divide_rounded(sum * 65536, n);
    return arithmetic_clamp(offset_q16 + ((mean_q16 - offset_q16) >> shift), -OFFSET_MAX_Q16,
                            OFFSET_MAX_Q16);
}

static void offsets_update(struct signal_state *state)
{
    struct signal_offset *offset = &state->offset;
    const struct signal_sums *sums = &state->sums;
    const uint32_t n = state->window_samples;
    const unsigned shift = offset->n_updates;
    offset->v_q16 = offset_follow(offset->v_q16, offset->v_lsb, sums->v, n, shift);
    offset->i_q16 = offset_follow(offset->i_q16, offset->i_lsb, sums->i, n, shift);
    offset->v_lsb = (int32_t)((offset->v_q16 + 32768) >> 16);
    offset->i_lsb = (int32_t)((offset->i_q16 + 32768) >> 16);
    if (offset->n_updates < OFFSET_SHIFT) {
        offset->n_updates++;
    }
}

/** Before the offsets are known, what they add can only be remembered: two seconds at most. */
static void direct_current_owe(struct signal_state *state)
{
    struct signal_offset *offset = &state->offset;
    if (offset->n_updates > 0 || offset->owed_samples + state->window_samples > OWED_MAX) {
        return;
    }
    offset->owed_v += state->sums.v;
    offset->owed_i += state->sums.i;
    offset->owed_samples += state->window_samples;
}

/**
 * The offsets a, b are known for the first time: the sum of (v - a)(i - b) over the windows before,
 * less what was booked for them, is n*a*b - a * sum of i - b * sum of v.
 */
static void direct_current_settle(struct signal_state *state, struct measuring_window *window)
{
    struct signal_offset *offset = &state->offset;
    const int64_t n = offset->owed_samples;
    const int64_t a = offset->v_lsb;
    const int64_t b = offset->i_lsb;
    window->active_lsb2 += n * a * b - a * offset->owed_i - b * offset->owed_v;
    offset->owed_v = 0;
    offset->owed_i = 0;
    offset->owed_samples = 0;
}

/** What direct current adds to the sums of products is taken out exactly. */
static void direct_current_remove(struct signal_sums *sums, uint32_t n)
{
    sums->vi -= product_over(sums->v, sums->i, n);
    sums->vv -= product_over(sums->v, sums->v, n);
    sums->ii -= product_over(sums->i, sums->i, n);
}

/** ---- the window ------------------------------------------------------------------------- */

static void phasors_close(struct signal_state *state, struct measuring_window *window,
                          uint8_t *flags)
{
    const uint32_t n = state->window_samples;
    const struct signal_sums *sums = &state->sums;
    struct signal_oscillator *oscillator = &state->oscillator;
    const struct complex_lsb leak = image_leak(oscillator, n);
    struct complex_lsb v = phasor(sums->v_cos, sums->v_sin, n, leak);
    struct complex_lsb i = phasor(sums->i_cos, sums->i_sin, n, leak);
    const struct pace pace = pace_measure(state, angle_of(v.re, v.im));

    if (pace.locked) {
        const int64_t gain_q30 = drift_gain_q30(pace.within, n);
        v = amplify(v, gain_q30);
        i = amplify(i, gain_q30);
        window->reactive_lsb2 = reactive_sum(v, i, n + state->reactive_owed);
        state->reactive_owed = 0;
        *flags |= BUS_FLAG_LOCKED;
    } else if (state->reactive_owed + n <= OWED_MAX) {
        state->reactive_owed += n;
    }

    /* From the window's middle to its end, and back over the samples that the filter waits. */
    const int64_t drift = pace.within * ((int64_t)(n + 1u) / 2 + state->delay);
    oscillator->phase += oscillator->step * n;
    const struct angle_vector end = angle_vector_of(
        oscillator->phase + oscillator->step * state->delay + (uint32_t)(uint64_t)drift);
    v = rotate(v, end);
    i = rotate(i, end);
    window->v1_re = (int32_t)v.re;
    window->v1_im = (int32_t)v.im;
    window->i1_re = (int32_t)i.re;
    window->i1_im = (int32_t)i.im;

    const int64_t measured = oscillator->step + pace.ahead;
    oscillator->step = (uint32_t)arithmetic_clamp(measured, STEP_LOWEST, STEP_HIGHEST);
    if (measured >= STEP_LOWEST && measured <= STEP_HIGHEST) {
        /* 8000 Hz * 10^6 / 2^32 = 1953125 / 2^20 */
        window->frequency_uhz = (uint32_t)(((uint64_t)measured * 1953125u + (1u << 19)) >> 20);
    }
}

void signal_window_close(struct signal_state *state, struct measuring_window *window,
                         uint8_t *flags)
{
    const uint32_t n = state->window_samples;
    struct signal_sums *sums = &state->sums;
    *window = (struct measuring_window){.samples = n, .temperature_cc = state->temperature_cc};
    *flags = state->clipped ? BUS_FLAG_CLIPPED : 0u;

    const uint64_t voltage_mean = (uint64_t)sums->vv / n;
    const bool present = voltage_mean >= PRESENT_LSB2;
    if (present) {
        *flags |= BUS_FLAG_VOLTAGE;
        phasors_close(state, window, flags);
    } else {
        state->oscillator.phase += state->oscillator.step * n;
        state->tracking.last_valid = false;
        state->reactive_owed = 0;
    }

    /* Offsets show only in windows of whole, undisturbed cycles; elsewhere the sums stay raw. */
    const uint64_t change = voltage_mean > state->last_voltage_mean
                                ? voltage_mean - state->last_voltage_mean
                                : state->last_voltage_mean - voltage_mean;
    const bool steady = (*flags & BUS_FLAG_LOCKED) != 0 && change <= voltage_mean / STEADY_PART;
    state->last_voltage_mean = voltage_mean;
    if (steady) {
        direct_current_remove(sums, n);
    } else if (present) {
        direct_current_owe(state);
    }
    window->active_lsb2 = sums->vi;
    window->voltage_lsb2 = (uint64_t)sums->vv;
    window->current_lsb2 = (uint64_t)sums->ii;
    if (steady && !state->clipped) {
        offsets_update(state);
        direct_current_settle(state, window);
    }
    window_plan(state, present);
}
