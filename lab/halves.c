/** U rms(1/2) of phasor time: integrals of squared sines, cut where half cycles and pieces end. */
#include <math.h>
#include <string.h>

#include "inside.h"

#define PHASOR_ONE  ((double)(1u << MEASURING_PHASOR_FRACTION_BITS))
#define WHOLE_CYCLE 0.95 /* of the samples of a cycle: less is the beginning of a run */
#define THIRD       (1.0 / 3.0)
#define PRESENT_LSB (1.0 * (double)MEASURING_FULL_SCALE_LSB / FULL_SCALE_V)

static double turns_of(const struct mains *m, double at_us)
{
    return m->anchor_turns + m->anchor_hz * ((at_us - (double)m->anchor_us) * 1e-6);
}

/* The angle at which a squared sine swings, 0 .. one turn. */
static double double_angle(const struct mains *m, double at_us)
{
    const double turns = 2.0 * turns_of(m, at_us);
    return TURN * (turns - floor(turns));
}

/* Its cosine and sine: where one piece ends, the next begins. */
static struct lab_vector swing_at(const struct mains *m, struct mains_half_state *h, double at_us)
{
    if (!h->turn_known || at_us != h->turn_us) {
        const double angle = double_angle(m, at_us);
        h->turn_known = true;
        h->turn_us = at_us;
        h->turn_cos = cos(angle);
        h->turn_sin = sin(angle);
    }
    return (struct lab_vector){h->turn_cos, h->turn_sin};
}

/* Squared steps times samples between two instants of the piece in force. */
static double integral(struct mains *m, unsigned k, double from_us, double to_us)
{
    const struct lab_phasor_rates *r = &m->rates[k];
    const double re = r->v1.re / PHASOR_ONE, im = r->v1.im / PHASOR_ONE;
    const double square_re = re * re - im * im, square_im = 2.0 * re * im;
    const struct lab_vector a = swing_at(m, &m->half[k], from_us);
    const struct lab_vector b = swing_at(m, &m->half[k], to_us);
    const double d_re = b.re - a.re, d_im = b.im - a.im;
    const double swing = (square_re * d_im + square_im * d_re) / (4.0 * TURN * m->anchor_hz);
    return r->voltage * (to_us - from_us) / SAMPLE_US + swing * (1e6 / SAMPLE_US);
}

static double shift_of(const struct mains *m, unsigned k)
{
    return m->options.aron ? 0.0 : -THIRD * (double)k;
}

/* Where the half cycle under way ends.  One that has just begun did so at a boundary, whichever
 * side of it rounding has put the instant on. */
static double boundary_next(const struct mains *m, unsigned k)
{
    const struct mains_half_state *h = &m->half[k];
    const double halves = 2.0 * (turns_of(m, h->at_us) + shift_of(m, k));
    const double next = (h->at_boundary ? round(halves) : floor(halves)) + 1.0;
    return h->at_us + (next - halves) * 0.5e6 / m->anchor_hz;
}

static void take(struct mains *m, unsigned k, double to_us)
{
    struct mains_half_state *h = &m->half[k];
    const double squares = integral(m, k, h->at_us, to_us);
    const double n = (to_us - h->at_us) / SAMPLE_US;
    h->half += squares;
    h->half_n += n;
    h->stretch += m->rates[k].voltage * n;
    h->stretch_n += n;
    h->at_us = to_us;
    h->at_boundary = false;
}

static void close_half(struct mains *m, struct mains_half_state *h, bool listed)
{
    const double n = h->half_n + h->before_n;
    const double whole = WHOLE_CYCLE * 1e6 / (m->anchor_hz * SAMPLE_US);
    if (listed && n > whole && h->n_halves < MAINS_HALVES_MAX) {
        h->list[h->n_halves].rms_lsb = sqrt(fmax(0.0, (h->half + h->before) / n));
        h->list[h->n_halves].at_us = h->at_us;
        h->n_halves++;
    }
    h->before = h->half;
    h->before_n = h->half_n;
    h->half = 0.0;
    h->half_n = 0.0;
    h->at_boundary = true;
}

static void advance(struct mains *m, unsigned k, double to_us)
{
    struct mains_half_state *h = &m->half[k];
    const double cycle_us = 1e6 / m->anchor_hz;
    /* a cycle that lies wholly in the piece ends up to one and a half cycles after its begin */
    const double settled_us = (double)m->half_from_us + 1.51 * cycle_us;
    h->at_us = fmax(h->at_us, (double)m->half_from_us); /* the run may begin anywhere */
    while (h->at_us < to_us) {
        double end_us = boundary_next(m, k);
        if (end_us > to_us) {
            take(m, k, to_us);
            return;
        }
        take(m, k, end_us);
        close_half(m, h, end_us < settled_us);
        if (h->at_us > settled_us && to_us - h->at_us > 2.0 * cycle_us) {
            /* nothing happens for whole cycles: the halves are like the ones before */
            const double n = floor((to_us - h->at_us) / cycle_us) - 1.0;
            const double samples = n * cycle_us / SAMPLE_US;
            h->at_us += n * cycle_us;
            h->stretch += m->rates[k].voltage * samples;
            h->stretch_n += samples;
        }
    }
}

static void advance_all(struct mains *m, int64_t to_us)
{
    for (unsigned k = 0; k < m->options.systems && m->electric.frequency_hz > 0.0; k++) {
        advance(m, k, (double)to_us);
    }
}

void mains_halves_leave(struct mains *m, int64_t to_us)
{
    advance_all(m, to_us);
    for (unsigned k = 0; k < LAB_PHASES && m->half_told; k++) {
        m->half[k].stretch = 0.0; /* it was told as steady up to here */
        m->half[k].stretch_n = 0.0;
    }
    m->half_from_us = to_us;
    m->half_told = false;
}

static void tell(struct mains *m, unsigned k, bool steady, struct mains_stretch *out)
{
    struct mains_half_state *h = &m->half[k];
    out->settled_lsb = sqrt(m->rates[k].voltage);
    out->rms_lsb = h->stretch_n > 0.0 ? sqrt(h->stretch / h->stretch_n) : out->settled_lsb;
    out->frequency_hz = out->settled_lsb >= PRESENT_LSB ? m->electric.frequency_hz : 0.0;
    out->steady = steady;
    out->n_halves = h->n_halves;
    for (unsigned i = 0; i < h->n_halves; i++) {
        out->half[i].rms_lsb = h->list[i].rms_lsb;
        out->half[i].at_us = h->list[i].at_us;
    }
    h->n_halves = 0;
    h->stretch = 0.0;
    h->stretch_n = 0.0;
}

bool mains_halves(struct mains *mains, int64_t end_us, struct mains_stretch out[LAB_PHASES])
{
    struct mains *m = mains;
    const bool steady = (double)(end_us - m->half_from_us) > 2.0e6 / m->anchor_hz;
    if (m->half_told && steady) {
        return false;
    }
    advance_all(m, end_us);
    for (unsigned k = 0; k < m->options.systems; k++) {
        tell(m, k, steady, &out[k]);
    }
    /* told only when a whole stretch was steady: its rms is then that of all to come */
    m->half_told =
        steady && out[0].n_halves == 0 && fabs(out[0].rms_lsb - out[0].settled_lsb) < 1.0;
    return true;
}

unsigned mains_spectrum_kind(const struct mains *mains)
{
    unsigned kind = mains->electric.spectrum != NULL ? MAINS_DISTORTED : 0u;
    for (unsigned k = 0; k < mains->options.systems; k++) {
        kind |= mains->rates[k].voltage > 0.0 ? 1u << k : 0u;
        kind |= mains->rates[k].current > 0.0 ? 1u << (k + LAB_PHASES) : 0u;
    }
    return kind;
}

void mains_spectrum(const struct mains *mains, unsigned system, struct mains_spectrum *out)
{
    struct lab_vector u1, i1, uh, ih;
    memset(out, 0, sizeof *out);
    mains_terminals(mains, &mains->electric, system, &u1, &i1);
    const double u_size = hypot(u1.re, u1.im), i_size = hypot(i1.re, i1.im);
    out->voltage = u_size > 0.0;
    out->current = i_size > 0.0;
    for (unsigned h = 2; mains->electric.spectrum != NULL && h <= LAB_HARMONICS_MAX; h++) {
        struct lab_electric line;
        mains_harmonic(&mains->electric, h, &line);
        mains_terminals(mains, &line, system, &uh, &ih);
        out->u[h] = u_size > 0.0 ? hypot(uh.re, uh.im) / u_size : 0.0;
        out->i[h] = i_size > 0.0 ? hypot(ih.re, ih.im) / i_size : 0.0;
    }
}
