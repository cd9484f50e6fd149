/** Windows and samples of a recording. */
#include <math.h>
#include <string.h>

#include "inside.h"

#define LAST_WINDOW 1600.0 /* samples; whole cycles near that tell the fundamentals of an end */

static float clipped(float value, float full_scale)
{
    return value > full_scale ? full_scale : value < -full_scale ? -full_scale : value;
}

/** Volts and amperes at the terminals of a system, with the panel's dip or cut laid over. */
struct played {
    float u_v[BLOCK], i_a[BLOCK];
};

static void play(struct mains *m, unsigned system, int64_t first, size_t n, struct played *out)
{
    unsigned phase = m->options.aron ? 2u * system : system;
    double voltage = 1.0, current = 1.0;
    m->source.samples(m->source.self, first, n, phase, out->u_v, out->i_a);
    if (m->options.aron) {
        struct played second;
        m->source.samples(m->source.self, first, n, 1, second.u_v, second.i_a);
        for (size_t k = 0; k < n; k++) {
            out->u_v[k] -= second.u_v[k];
        }
    }
    bool controlled = m->overlay.active || m->overlay.n_pending > 0 || m->overlay.open != 0;
    for (size_t k = 0; k < n && controlled; k++) {
        lab_overlay_gain(&m->overlay, (first + (int64_t)k) * SAMPLE_US, &voltage, &current);
        out->u_v[k] *= (float)voltage;
        out->i_a[k] *= (float)((m->overlay.open & 1u << phase) != 0 ? 0.0 : current);
    }
    for (size_t k = 0; k < n; k++) { /* windows clip like the codes do */
        const float u_v = clipped(out->u_v[k], (float)FULL_SCALE_V);
        const float i_a = clipped(out->i_a[k], (float)FULL_SCALE_A);
        m->clipped = m->clipped || u_v != out->u_v[k] || i_a != out->i_a[k];
        out->u_v[k] = u_v;
        out->i_a[k] = i_a;
    }
}

void mains_play_samples(struct mains *m, int64_t first, size_t n, int32_t *v_lsb[LAB_PHASES],
                        int32_t *i_lsb[LAB_PHASES])
{
    struct played played;
    for (size_t done = 0; done < n; done += BLOCK) {
        size_t part = n - done < BLOCK ? n - done : BLOCK;
        for (unsigned k = 0; k < m->options.systems; k++) {
            play(m, k, first + (int64_t)done, part, &played);
            for (size_t s = 0; s < part; s++) {
                double u = (double)played.u_v[s] * (MEASURING_FULL_SCALE_LSB / FULL_SCALE_V);
                double i = (double)played.i_a[s] * (MEASURING_FULL_SCALE_LSB / FULL_SCALE_A);
                v_lsb[k][done + s] = mains_code(u, &m->residue_u[k]);
                i_lsb[k][done + s] = mains_code(i, &m->residue_i[k]);
            }
        }
    }
}

/** Sums of one system over a window. */
struct sums {
    double v, i, vi, vv, ii;
    struct lab_vector v1, i1; /* against the end of the window, rms times samples */
};

static void add_block(struct sums *sum, const struct played *played, size_t n, double turns,
                      double step)
{
    double c = cos(turns * TURN), s = sin(turns * TURN);
    double turn_c = cos(step * TURN), turn_s = sin(step * TURN);
    for (size_t k = 0; k < n; k++) {
        double v = (double)played->u_v[k], i = (double)played->i_a[k];
        sum->v += v;
        sum->i += i;
        sum->vi += v * i;
        sum->vv += v * v;
        sum->ii += i * i;
        sum->v1.re += v * c;
        sum->v1.im -= v * s;
        sum->i1.re += i * c;
        sum->i1.im -= i * s;
        double next = c * turn_c - s * turn_s;
        s = c * turn_s + s * turn_c;
        c = next;
    }
}

static const double volt = MEASURING_FULL_SCALE_LSB / FULL_SCALE_V;
static const double ampere = MEASURING_FULL_SCALE_LSB / FULL_SCALE_A;

/** DC, so much a sample, is removed from the products, as the measuring system does it. */
static void products(const struct sums *sum, double n, double dc_v, double dc_i,
                     struct lab_phasor_rates *out)
{
    double vi = sum->vi - dc_v * sum->i - dc_i * sum->v + n * dc_v * dc_i;
    double vv = sum->vv - 2.0 * dc_v * sum->v + n * dc_v * dc_v;
    double ii = sum->ii - 2.0 * dc_i * sum->i + n * dc_i * dc_i;
    out->active = vi * volt * ampere;
    out->voltage = fmax(0.0, vv) * volt * volt;
    out->current = fmax(0.0, ii) * ampere * ampere;
}

/** What n of the n_summed samples' fundamentals add to a window. */
static void fundamentals(const struct sums *sum, double n_summed, double n,
                         struct lab_phasor_rates *out)
{
    struct lab_vector v1 = {sum->v1.re * ROOT_TWO / n_summed, sum->v1.im * ROOT_TWO / n_summed};
    struct lab_vector i1 = {sum->i1.re * ROOT_TWO / n_summed, sum->i1.im * ROOT_TWO / n_summed};
    lab_phasor_sine(v1, i1, out);
    out->reactive *= n;
    out->v1 = (struct lab_vector){out->v1.re * n, out->v1.im * n};
    out->i1 = (struct lab_vector){out->i1.re * n, out->i1.im * n};
}

static void add_samples(struct mains *m, unsigned system, int64_t first, uint32_t n,
                        struct sums *sum)
{
    struct played played;
    double step = m->electric.frequency_hz * (SAMPLE_US * 1e-6);
    memset(sum, 0, sizeof *sum);
    for (uint32_t done = 0; done < n; done += BLOCK) {
        size_t part = n - done < BLOCK ? n - done : BLOCK;
        play(m, system, first + done, part, &played);
        add_block(sum, &played, part, -step * (double)(n - done), step);
    }
}

static void finish(struct mains *m, unsigned system, const struct lab_phasor_rates *rates,
                   uint32_t n, struct measuring_window *out)
{
    lab_phasor_finish(rates, (struct lab_vector){1.0, 0.0}, m->electric.frequency_hz,
                      m->electric.temperature_c, n, &m->carry[system], out);
}

static void know_frequency(struct mains *m, int64_t at_us)
{
    if (m->from_us == m->until_us) { /* the very first: frequency and temperature */
        mains_enter_piece(m, at_us);
    }
}

void mains_play_window(struct mains *m, int64_t start_us, uint32_t n_samples,
                       struct measuring_window out[LAB_PHASES])
{
    const double n = (double)n_samples;
    know_frequency(m, start_us);
    for (unsigned k = 0; k < m->options.systems; k++) {
        struct sums sum;
        struct lab_phasor_rates rates;
        add_samples(m, k, start_us / SAMPLE_US, n_samples, &sum);
        fundamentals(&sum, n, n, &rates);
        products(&sum, n, sum.v / n, sum.i / n, &rates);
        finish(m, k, &rates, n_samples, &out[k]);
    }
}

void mains_play_last(struct mains *m, int64_t end_us, uint32_t n_samples,
                     struct measuring_window out[LAB_PHASES])
{
    const int64_t end = end_us / SAMPLE_US;
    know_frequency(m, end_us - (int64_t)n_samples * SAMPLE_US);
    const double cycle = 1e6 / SAMPLE_US / m->electric.frequency_hz;
    const double cycles = fmin(floor(LAST_WINDOW / cycle + 0.5), floor((double)end / cycle));
    const uint32_t n_whole = cycles > 0.0 ? (uint32_t)(cycles * cycle + 0.5) : (uint32_t)end;
    for (unsigned k = 0; k < m->options.systems; k++) {
        struct sums whole, part;
        struct lab_phasor_rates rates;
        add_samples(m, k, end - n_whole, n_whole, &whole);
        add_samples(m, k, end - n_samples, n_samples, &part);
        fundamentals(&whole, (double)n_whole, (double)n_samples, &rates);
        products(&part, (double)n_samples, whole.v / (double)n_whole, whole.i / (double)n_whole,
                 &rates);
        finish(m, k, &rates, n_samples, &out[k]);
    }
}
