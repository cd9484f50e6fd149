#include "mains.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "overlay.h"
#include "source.h"

#define SAMPLE_US    125
#define TURN         6.283185307179586
#define ROOT_TWO     1.4142135623730951
#define FULL_SCALE_V 700.0
#define FULL_SCALE_A 250.0
#define BLOCK        160u /* samples of one synthesis block: 20 ms */

const struct lab_vector lab_phase_direction[LAB_PHASES] = {
    {1.0, 0.0}, {-0.5, -0.8660254037844386}, {-0.5, 0.8660254037844386}};

struct mains {
    struct lab_source source;
    struct mains_options options;
    struct lab_overlay overlay;
    /* the piece in force: state and rates hold for from_us <= t < until_us */
    int64_t from_us, until_us;
    struct lab_electric electric;
    struct lab_phasor_rates rates[LAB_PHASES];
    /* the common reference turns without a jump when the frequency changes */
    int64_t anchor_us;
    double anchor_turns, anchor_hz;
    struct lab_phasor_carry carry[LAB_PHASES];
    double residue_u[LAB_PHASES], residue_i[LAB_PHASES];
};

int lab_error_set(struct lab_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return -1;
}

void lab_electric_dead(struct lab_electric *out)
{
    memset(out, 0, sizeof *out);
    out->frequency_hz = LAB_NOMINAL_HZ;
    out->temperature_c = LAB_TEMPERATURE_C;
}

int lab_mains_create(struct mains **mains, const struct lab_source *source,
                     const struct mains_options *options, struct lab_error *error)
{
    *mains = NULL;
    struct mains *m = calloc(1, sizeof *m);
    if (m == NULL || options->systems < 1 || options->systems > LAB_PHASES ||
        (options->aron && options->systems != 2)) {
        free(m);
        source->free(source->self);
        return lab_error_set(error, m == NULL ? "no memory for the mains"
                                              : "a mains feeds 1, 2 (Aron) or 3 systems");
    }
    m->source = *source;
    m->options = *options;
    m->anchor_hz = LAB_NOMINAL_HZ;
    lab_overlay_reset(&m->overlay);
    *mains = m;
    return 0;
}

void mains_close(struct mains *mains)
{
    if (mains != NULL) {
        mains->source.free(mains->source.self);
        free(mains);
    }
}

const char *mains_description(const struct mains *mains)
{
    return mains->source.description;
}

bool mains_is_waveform(const struct mains *mains)
{
    return mains->source.samples != NULL;
}

static double turns_at(const struct mains *m, int64_t at_us)
{
    double turns = m->anchor_turns + m->anchor_hz * ((double)(at_us - m->anchor_us) * 1e-6);
    return turns - floor(turns);
}

/** Terminals of system k: phase to neutral, or in Aron L1 and L3 against L2. */
static void system_terminals(const struct mains *m, const struct lab_electric *e, unsigned k,
                             struct lab_vector *u, struct lab_vector *i)
{
    unsigned phase = m->options.aron ? 2u * k : k;
    *u = e->u[phase];
    *i = e->i[phase];
    if (m->options.aron) {
        u->re -= e->u[1].re;
        u->im -= e->u[1].im;
    }
}

static struct lab_vector spectrum_line(const struct lab_vector *fundamental, unsigned h,
                                       const double (*pct)[LAB_HARMONICS_MAX + 1],
                                       const double (*deg)[LAB_HARMONICS_MAX + 1], unsigned phase)
{
    if (pct[phase][h] <= 0.0) {
        return (struct lab_vector){0.0, 0.0};
    }
    return lab_phasor_harmonic(fundamental[phase], h, pct[phase][h], deg[phase][h]);
}

static void harmonic_of_state(const struct lab_electric *e, unsigned h, struct lab_electric *out)
{
    const struct lab_spectrum *s = e->spectrum;
    for (unsigned phase = 0; phase < LAB_PHASES; phase++) {
        out->u[phase] = spectrum_line(e->u, h, s->u_pct, s->u_deg, phase);
        out->i[phase] = spectrum_line(e->i, h, s->i_pct, s->i_deg, phase);
    }
}

static void rates_of_state(struct mains *m)
{
    struct lab_vector u, i;
    for (unsigned k = 0; k < m->options.systems; k++) {
        system_terminals(m, &m->electric, k, &u, &i);
        lab_phasor_sine(u, i, &m->rates[k]);
    }
    for (unsigned h = 2; m->electric.spectrum != NULL && h <= LAB_HARMONICS_MAX; h++) {
        struct lab_electric line;
        harmonic_of_state(&m->electric, h, &line);
        for (unsigned k = 0; k < m->options.systems; k++) {
            system_terminals(m, &line, k, &u, &i);
            lab_phasor_add_harmonic(u, i, &m->rates[k]);
        }
    }
}

/** Make the piece that holds at from_us the one in force; to_us is how far the caller looks. */
static void enter_piece(struct mains *m, int64_t from_us, int64_t to_us)
{
    /* a piece that ended between two samples ended there, not at the sample behind */
    int64_t change_us = m->until_us < from_us && m->from_us < m->until_us ? m->until_us : from_us;
    m->source.piece(m->source.self, from_us, to_us, &m->electric, &m->until_us);
    lab_overlay_apply(&m->overlay, from_us, &m->electric, &m->until_us);
    m->from_us = from_us;
    if (m->electric.frequency_hz != m->anchor_hz) {
        m->anchor_turns = turns_at(m, change_us);
        m->anchor_us = change_us;
        m->anchor_hz = m->electric.frequency_hz;
    }
    rates_of_state(m);
}

static bool in_piece(const struct mains *m, int64_t at_us)
{
    return at_us >= m->from_us && at_us < m->until_us;
}

static void add_rates(struct lab_phasor_rates *sum, const struct lab_phasor_rates *rates, double n)
{
    sum->active += rates->active * n;
    sum->reactive += rates->reactive * n;
    sum->voltage += rates->voltage * n;
    sum->current += rates->current * n;
    sum->v1.re += rates->v1.re * n;
    sum->v1.im += rates->v1.im * n;
    sum->i1.re += rates->i1.re * n;
    sum->i1.im += rates->i1.im * n;
}

void mains_window(struct mains *mains, int64_t start_us, uint32_t n_samples,
                  struct measuring_window out[LAB_PHASES])
{
    struct lab_phasor_rates sum[LAB_PHASES] = {{0}};
    int64_t end_us = start_us + (int64_t)n_samples * SAMPLE_US;
    double hertz = 0.0, share = 1.0 / ((double)n_samples * SAMPLE_US);
    for (int64_t at_us = start_us; at_us < end_us;) {
        if (!in_piece(mains, at_us)) {
            enter_piece(mains, at_us, end_us);
        }
        int64_t stop_us = mains->until_us < end_us ? mains->until_us : end_us;
        double length_us = (double)(stop_us - at_us);
        for (unsigned k = 0; k < mains->options.systems; k++) {
            add_rates(&sum[k], &mains->rates[k], length_us / SAMPLE_US);
        }
        hertz += mains->electric.frequency_hz * (length_us * share);
        at_us = stop_us;
    }
    double angle = turns_at(mains, end_us) * TURN;
    struct lab_vector rotation = {cos(angle), sin(angle)};
    for (unsigned k = 0; k < mains->options.systems; k++) {
        lab_phasor_finish(&sum[k], rotation, hertz, mains->electric.temperature_c, n_samples,
                          &mains->carry[k], &out[k]);
    }
}

/** One sinusoid of a block: amplitude phasor (ADC steps peak) turning at step turns a sample. */
static void add_sinusoid(double *sum, size_t n, struct lab_vector peak, double turns, double step)
{
    double angle = turns * TURN, turn = step * TURN;
    double re = peak.re * cos(angle) - peak.im * sin(angle);
    double im = peak.re * sin(angle) + peak.im * cos(angle);
    double c = cos(turn), s = sin(turn);
    for (size_t k = 0; k < n; k++) {
        sum[k] += re;
        double next = re * c - im * s;
        im = re * s + im * c;
        re = next;
    }
}

/**
 * The next ADC code.  The rounding error goes into the next one (first-order noise shaping), so that
 * the same error does not repeat in every cycle of a small current and bias its energy.
 */
static int32_t to_code(double value, double *residue)
{
    value += *residue;
    if (value >= MEASURING_FULL_SCALE_LSB - 1) {
        *residue = 0.0;
        return MEASURING_FULL_SCALE_LSB - 1;
    }
    if (value <= -MEASURING_FULL_SCALE_LSB) {
        *residue = 0.0;
        return -MEASURING_FULL_SCALE_LSB;
    }
    int32_t code = (int32_t)lrint(value);
    *residue = value - (double)code;
    return code;
}

/** The frequency components of one system's voltage and current over a block. */
struct block {
    double u[BLOCK], i[BLOCK];
    size_t n;
    double turns, step; /* of the common reference: at the first sample, per sample */
};

static void add_line(struct block *block, struct lab_vector u, struct lab_vector i, double order)
{
    const double volt = ROOT_TWO * (double)MEASURING_FULL_SCALE_LSB / FULL_SCALE_V;
    const double ampere = ROOT_TWO * (double)MEASURING_FULL_SCALE_LSB / FULL_SCALE_A;
    if (u.re != 0.0 || u.im != 0.0) {
        struct lab_vector peak = {u.re * volt, u.im * volt};
        add_sinusoid(block->u, block->n, peak, block->turns * order, block->step * order);
    }
    if (i.re != 0.0 || i.im != 0.0) {
        struct lab_vector peak = {i.re * ampere, i.im * ampere};
        add_sinusoid(block->i, block->n, peak, block->turns * order, block->step * order);
    }
}

static void synthesise(const struct mains *m, struct block *block, unsigned system)
{
    struct lab_vector u, i;
    memset(block->u, 0, sizeof block->u);
    memset(block->i, 0, sizeof block->i);
    system_terminals(m, &m->electric, system, &u, &i);
    add_line(block, u, i, 1.0);
    for (unsigned h = 2; m->electric.spectrum != NULL && h <= LAB_HARMONICS_MAX; h++) {
        struct lab_electric line;
        harmonic_of_state(&m->electric, h, &line);
        system_terminals(m, &line, system, &u, &i);
        add_line(block, u, i, (double)h);
    }
}

/** A block of samples that lies in the piece in force. */
static void synthesise_block(struct mains *m, int64_t first, size_t n, size_t offset,
                             int32_t *v_lsb[LAB_PHASES], int32_t *i_lsb[LAB_PHASES])
{
    struct block block;
    block.n = n;
    block.turns = turns_at(m, first * SAMPLE_US);
    block.step = m->electric.frequency_hz * (SAMPLE_US * 1e-6);
    for (unsigned k = 0; k < m->options.systems; k++) {
        synthesise(m, &block, k);
        for (size_t s = 0; s < n; s++) {
            v_lsb[k][offset + s] = to_code(block.u[s], &m->residue_u[k]);
            i_lsb[k][offset + s] = to_code(block.i[s], &m->residue_i[k]);
        }
    }
}

void mains_samples(struct mains *mains, int64_t first, size_t n, int32_t *v_lsb[LAB_PHASES],
                   int32_t *i_lsb[LAB_PHASES])
{
    for (size_t done = 0; done < n;) {
        int64_t at_us = (first + (int64_t)done) * SAMPLE_US;
        size_t part = n - done < BLOCK ? n - done : BLOCK;
        int64_t end_us = at_us + (int64_t)part * SAMPLE_US;
        if (!in_piece(mains, at_us)) {
            enter_piece(mains, at_us, end_us);
        }
        if (mains->until_us < end_us) {
            part = (size_t)((mains->until_us - at_us + SAMPLE_US - 1) / SAMPLE_US);
        }
        synthesise_block(mains, first + (int64_t)done, part, done, v_lsb, i_lsb);
        done += part;
    }
}

static double degrees_of(struct lab_vector v)
{
    return v.re == 0.0 && v.im == 0.0 ? 0.0 : atan2(v.im, v.re) * (360.0 / TURN);
}

/** -180 < angle <= 180. */
static double wrapped(double deg)
{
    return deg > 180.0 ? deg - 360.0 : deg <= -180.0 ? deg + 360.0 : deg;
}

static void phase_of_electric(const struct lab_electric *e, unsigned k, struct lab_phase *out)
{
    memset(out, 0, sizeof *out);
    out->voltage_v = hypot(e->u[k].re, e->u[k].im);
    out->voltage_deg = degrees_of(out->voltage_v > 0.0 ? e->u[k] : lab_phase_direction[k]);
    out->current_a = hypot(e->i[k].re, e->i[k].im);
    if (out->current_a > 0.0) {
        out->phi_deg = wrapped(out->voltage_deg - degrees_of(e->i[k]));
    }
    if (e->spectrum != NULL) {
        memcpy(out->u_harmonic_pct, e->spectrum->u_pct[k], sizeof out->u_harmonic_pct);
        memcpy(out->u_harmonic_deg, e->spectrum->u_deg[k], sizeof out->u_harmonic_deg);
        memcpy(out->i_harmonic_pct, e->spectrum->i_pct[k], sizeof out->i_harmonic_pct);
        memcpy(out->i_harmonic_deg, e->spectrum->i_deg[k], sizeof out->i_harmonic_deg);
    }
}

void mains_state(struct mains *mains, int64_t at_us, struct lab_state *out)
{
    if (!in_piece(mains, at_us)) {
        enter_piece(mains, at_us, at_us + SAMPLE_US);
    }
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        phase_of_electric(&mains->electric, k, &out->phase[k]);
    }
    out->frequency_hz = mains->electric.frequency_hz;
    out->temperature_c = mains->electric.temperature_c;
    out->aron = mains->options.aron;
}

bool mains_next_event(struct mains *mains, int64_t until_us, struct lab_event *event)
{
    return mains->source.next_event != NULL &&
           mains->source.next_event(mains->source.self, until_us, event);
}

int mains_control(struct mains *mains, int64_t at_us, const char *name, double value,
                  struct lab_error *error)
{
    if (lab_overlay_control(&mains->overlay, at_us, name, value, error) != 0) {
        return -1;
    }
    if (mains->until_us > at_us) { /* the piece in force ends where the control begins */
        mains->until_us = at_us;
    }
    return 0;
}
