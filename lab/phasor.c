#include "phasor.h"

#include <math.h>

#define DEGREE         0.017453292519943295
#define TURN           6.283185307179586
#define STEPS_PER_VOLT (8388608.0 / 700.0)
#define STEPS_PER_AMP  (8388608.0 / 250.0)
#define ROOT_TWO       1.4142135623730951
#define PHASOR_ONE     ((double)(1u << MEASURING_PHASOR_FRACTION_BITS))
#define SUM_MAX        4e18
/** Below this fundamental (1 V rms, peak in 1/64 steps) a frequency cannot be measured. */
#define FREQUENCY_FLOOR (1.0 * ROOT_TWO * STEPS_PER_VOLT * PHASOR_ONE)

static double product_re(struct lab_vector a, struct lab_vector b)
{
    return a.re * b.re + a.im * b.im;
}

void lab_phasor_sine(struct lab_vector u, struct lab_vector i, struct lab_phasor_rates *out)
{
    const double u_re = u.re, u_im = u.im, i_re = i.re, i_im = i.im;
    const double volt = STEPS_PER_VOLT * ROOT_TWO * PHASOR_ONE;
    const double ampere = STEPS_PER_AMP * ROOT_TWO * PHASOR_ONE;
    out->active = (u_re * i_re + u_im * i_im) * (STEPS_PER_VOLT * STEPS_PER_AMP);
    out->reactive = (u_im * i_re - u_re * i_im) * (STEPS_PER_VOLT * STEPS_PER_AMP);
    out->voltage = (u_re * u_re + u_im * u_im) * (STEPS_PER_VOLT * STEPS_PER_VOLT);
    out->current = (i_re * i_re + i_im * i_im) * (STEPS_PER_AMP * STEPS_PER_AMP);
    out->v1.re = u_re * volt;
    out->v1.im = u_im * volt;
    out->i1.re = i_re * ampere;
    out->i1.im = i_im * ampere;
}

void lab_phasor_add_harmonic(struct lab_vector u, struct lab_vector i,
                             struct lab_phasor_rates *rates)
{
    rates->active += product_re(u, i) * (STEPS_PER_VOLT * STEPS_PER_AMP);
    rates->voltage += product_re(u, u) * (STEPS_PER_VOLT * STEPS_PER_VOLT);
    rates->current += product_re(i, i) * (STEPS_PER_AMP * STEPS_PER_AMP);
}

struct lab_vector lab_phasor_harmonic(struct lab_vector fundamental, unsigned h, double pct,
                                      double deg)
{
    double size = sqrt(product_re(fundamental, fundamental)) * pct / 100.0;
    /* the fundamental is a cosine at its angle; the definition is in sines, a quarter turn on */
    double sine = atan2(fundamental.im, fundamental.re) + 90.0 * DEGREE;
    double angle = (double)h * sine + (deg - 90.0) * DEGREE;
    return (struct lab_vector){size * cos(angle), size * sin(angle)};
}

static struct lab_vector from_polar(double size, double deg)
{
    return (struct lab_vector){size * cos(deg * DEGREE), size * sin(deg * DEGREE)};
}

void lab_phasor_of_phase(const struct lab_phase *phase, struct lab_phasor_rates *out)
{
    struct lab_vector u = from_polar(phase->voltage_v, phase->voltage_deg);
    struct lab_vector i = from_polar(phase->current_a, phase->voltage_deg - phase->phi_deg);
    lab_phasor_sine(u, i, out);
    for (unsigned h = 2; h <= LAB_HARMONICS_MAX; h++) {
        if (phase->u_harmonic_pct[h] > 0.0 || phase->i_harmonic_pct[h] > 0.0) {
            lab_phasor_add_harmonic(
                lab_phasor_harmonic(u, h, phase->u_harmonic_pct[h], phase->u_harmonic_deg[h]),
                lab_phasor_harmonic(i, h, phase->i_harmonic_pct[h], phase->i_harmonic_deg[h]), out);
        }
    }
}

/** Whole steps now, the fraction to the next window.  Beyond any ADC it is cut off. */
static int64_t take_whole(double amount, double *carry)
{
    double sum = amount + *carry;
    if (!(fabs(sum) < SUM_MAX)) {
        *carry = 0.0;
        return sum > 0.0 ? (int64_t)SUM_MAX : -(int64_t)SUM_MAX;
    }
    int64_t whole = (int64_t)sum;
    *carry = sum - (double)whole;
    return whole;
}

static int32_t to_phasor(double value)
{
    const double limit = 2147483000.0;
    if (value > limit) {
        return (int32_t)limit;
    }
    return value < -limit ? (int32_t)-limit : (int32_t)value;
}

static void rotate(struct lab_vector sum, struct lab_vector rotation, double scale, int32_t *re,
                   int32_t *im)
{
    *re = to_phasor((sum.re * rotation.re - sum.im * rotation.im) * scale);
    *im = to_phasor((sum.re * rotation.im + sum.im * rotation.re) * scale);
}

void lab_phasor_repeat(const struct lab_phasor_rates *sum, struct lab_phasor_carry *carry,
                       struct measuring_window *out)
{
    out->active_lsb2 = take_whole(sum->active, &carry->active);
    out->reactive_lsb2 = take_whole(sum->reactive, &carry->reactive);
    out->voltage_lsb2 = (uint64_t)take_whole(sum->voltage, &carry->voltage);
    out->current_lsb2 = (uint64_t)take_whole(sum->current, &carry->current);
}

void lab_phasor_finish(const struct lab_phasor_rates *sum, struct lab_vector rotation,
                       double frequency_hz, double temperature_c, uint32_t n_samples,
                       struct lab_phasor_carry *carry, struct measuring_window *out)
{
    double scale = 1.0 / (double)n_samples;
    double least = FREQUENCY_FLOOR * (double)n_samples;
    bool alive = product_re(sum->v1, sum->v1) > least * least;
    out->samples = n_samples;
    lab_phasor_repeat(sum, carry, out);
    rotate(sum->v1, rotation, scale, &out->v1_re, &out->v1_im);
    rotate(sum->i1, rotation, scale, &out->i1_re, &out->i1_im);
    out->frequency_uhz = alive ? (uint32_t)(frequency_hz * 1e6 + 0.5) : 0;
    out->temperature_cc = (int16_t)(temperature_c * 100.0);
}

static void scale_rates(struct lab_phasor_rates *rates, double n)
{
    rates->active *= n;
    rates->reactive *= n;
    rates->voltage *= n;
    rates->current *= n;
    rates->v1 = (struct lab_vector){rates->v1.re * n, rates->v1.im * n};
    rates->i1 = (struct lab_vector){rates->i1.re * n, rates->i1.im * n};
}

void lab_phasor_window(const struct lab_phase *phase, double frequency_hz, double temperature_c,
                       double turns_at_end, uint32_t n_samples, struct lab_phasor_carry *carry,
                       struct measuring_window *out)
{
    struct lab_phasor_rates rates;
    double angle = (turns_at_end - floor(turns_at_end)) * TURN;
    lab_phasor_of_phase(phase, &rates);
    scale_rates(&rates, (double)n_samples);
    lab_phasor_finish(&rates, (struct lab_vector){cos(angle), sin(angle)}, frequency_hz,
                      temperature_c, n_samples, carry, out);
}
