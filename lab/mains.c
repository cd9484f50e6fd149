#include "mains.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

const struct lab_vector lab_phase_direction[LAB_PHASES] = {
    {1.0, 0.0}, {-0.5, -0.8660254037844386}, {-0.5, 0.8660254037844386}};

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
    const unsigned open = out->open;
    memset(out, 0, sizeof *out);
    out->open = open;
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
    m->rotation = (struct lab_vector){1.0, 0.0};
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

bool mains_clipped(const struct mains *mains)
{
    return mains->clipped;
}

bool mains_is_waveform(const struct mains *mains)
{
    return mains->source.samples != NULL;
}

double mains_turns_at(const struct mains *m, int64_t at_us)
{
    double turns = m->anchor_turns + m->anchor_hz * ((double)(at_us - m->anchor_us) * 1e-6);
    return turns - floor(turns);
}

void mains_terminals(const struct mains *m, const struct lab_electric *e, unsigned k,
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

void mains_harmonic(const struct lab_electric *e, unsigned h, struct lab_electric *out)
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
        mains_terminals(m, &m->electric, k, &u, &i);
        lab_phasor_sine(u, i, &m->rates[k]);
    }
    for (unsigned h = 2; m->electric.spectrum != NULL && h <= LAB_HARMONICS_MAX; h++) {
        struct lab_electric line;
        mains_harmonic(&m->electric, h, &line);
        for (unsigned k = 0; k < m->options.systems; k++) {
            mains_terminals(m, &line, k, &u, &i);
            lab_phasor_add_harmonic(u, i, &m->rates[k]);
        }
    }
}

/** An ADC ends at full scale.  Beyond it a sine keeps its shape and has that of full scale. */
static void hold_to_range(struct mains *m, struct lab_phasor_rates *rates)
{
    const double most = 0.5 * MEASURING_FULL_SCALE_LSB * (double)MEASURING_FULL_SCALE_LSB;
    const double v = rates->voltage > most ? sqrt(most / rates->voltage) : 1.0;
    const double i = rates->current > most ? sqrt(most / rates->current) : 1.0;
    if (v == 1.0 && i == 1.0) {
        return;
    }
    m->clipped = true;
    rates->active *= v * i;
    rates->reactive *= v * i;
    rates->voltage *= v * v;
    rates->current *= i * i;
    rates->v1 = (struct lab_vector){rates->v1.re * v, rates->v1.im * v};
    rates->i1 = (struct lab_vector){rates->i1.re * i, rates->i1.im * i};
}

static unsigned systems_supplied(const struct mains *m)
{
    const double least = MAINS_SUPPLY_V * MEASURING_FULL_SCALE_LSB / FULL_SCALE_V;
    unsigned supplied = 0;
    for (unsigned k = 0; k < m->options.systems; k++) {
        supplied |= m->rates[k].voltage >= least * least ? 1u << k : 0u;
    }
    return supplied;
}

void mains_enter_piece(struct mains *m, int64_t from_us)
{
    /* a piece that ended between two samples ended there, not at the sample behind */
    int64_t change_us = m->until_us < from_us && m->from_us < m->until_us ? m->until_us : from_us;
    mains_halves_leave(m, change_us);
    const unsigned open = lab_overlay_open(&m->overlay, from_us);
    m->electric.open = open;
    if (m->replaced) {
        m->electric = m->replacement;
        m->until_us = LAB_FOREVER_US;
    } else {
        m->source.piece(m->source.self, from_us, &m->electric, &m->until_us);
        m->electric.open = open;
        lab_overlay_apply(&m->overlay, from_us, &m->electric, &m->until_us);
    }
    m->electric.open = open;
    lab_electric_relays(&m->electric);
    m->from_us = from_us;
    m->last.n_samples = 0;
    if (m->electric.frequency_hz != m->anchor_hz) {
        m->anchor_turns = mains_turns_at(m, change_us);
        m->anchor_us = change_us;
        m->anchor_hz = m->electric.frequency_hz;
        for (unsigned k = 0; k < LAB_PHASES; k++) {
            m->half[k].turn_known = false;
        }
    }
    rates_of_state(m);
    for (unsigned k = 0; k < m->options.systems; k++) {
        hold_to_range(m, &m->rates[k]);
    }
    m->supplied = systems_supplied(m);
}

bool mains_in_piece(const struct mains *m, int64_t at_us)
{
    return at_us >= m->from_us && at_us < m->until_us;
}

void mains_outlook(struct mains *mains, int64_t from_us, struct mains_outlook *out)
{
    if (mains->source.samples != NULL) {
        double voltage = 1.0, current = 1.0;
        lab_overlay_gain(&mains->overlay, from_us, &voltage, &current);
        out->until_us = lab_overlay_until(&mains->overlay, from_us);
        out->supplied = voltage * LAB_NOMINAL_V >= MAINS_SUPPLY_V ? (1u << LAB_PHASES) - 1u : 0u;
        return;
    }
    if (!mains_in_piece(mains, from_us)) {
        mains_enter_piece(mains, from_us);
    }
    out->until_us = mains->until_us;
    out->supplied = mains->supplied;
}

static struct lab_vector rotation_of(struct mains *m, double turns)
{
    if (turns != m->rotation_turns) {
        m->rotation_turns = turns;
        m->rotation = (struct lab_vector){cos(turns * TURN), sin(turns * TURN)};
    }
    return m->rotation;
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

static void first_rates(struct lab_phasor_rates *sum, const struct lab_phasor_rates *rates,
                        double n)
{
    sum->active = rates->active * n;
    sum->reactive = rates->reactive * n;
    sum->voltage = rates->voltage * n;
    sum->current = rates->current * n;
    sum->v1 = (struct lab_vector){rates->v1.re * n, rates->v1.im * n};
    sum->i1 = (struct lab_vector){rates->i1.re * n, rates->i1.im * n};
}

/** Sum up the pieces of a window.  @return its mean frequency. */
static double sum_pieces(struct mains *m, int64_t start_us, int64_t end_us,
                         struct lab_phasor_rates sum[LAB_PHASES])
{
    double hertz = 0.0;
    for (int64_t at_us = start_us; at_us < end_us;) {
        if (!mains_in_piece(m, at_us)) {
            mains_enter_piece(m, at_us);
        }
        int64_t stop_us = m->until_us < end_us ? m->until_us : end_us;
        double length_us = (double)(stop_us - at_us);
        for (unsigned k = 0; k < m->options.systems; k++) {
            (at_us == start_us ? first_rates : add_rates)(&sum[k], &m->rates[k],
                                                          length_us * (1.0 / SAMPLE_US));
        }
        hertz += m->electric.frequency_hz * length_us;
        at_us = stop_us;
    }
    return hertz / (double)(end_us - start_us);
}

/** Most windows are like the one before: same state all over, same length, same angle at the end.
 */
static bool repeat_window(struct mains *m, int64_t start_us, int64_t end_us, uint32_t n_samples)
{
    if (n_samples != m->last.n_samples || start_us < m->from_us || end_us > m->until_us ||
        mains_turns_at(m, end_us) != m->rotation_turns) {
        return false;
    }
    for (unsigned k = 0; k < m->options.systems; k++) {
        lab_phasor_repeat(&m->last.sum[k], &m->carry[k], &m->last.window[k]);
    }
    return true;
}

void mains_window(struct mains *mains, int64_t start_us, uint32_t n_samples,
                  struct measuring_window out[LAB_PHASES])
{
    if (n_samples == 0) {
        memset(out, 0, LAB_PHASES * sizeof *out);
        return;
    }
    if (mains->source.samples != NULL) {
        mains_play_window(mains, start_us, n_samples, out);
        return;
    }
    int64_t end_us = start_us + (int64_t)n_samples * SAMPLE_US;
    if (!repeat_window(mains, start_us, end_us, n_samples)) {
        double hertz = sum_pieces(mains, start_us, end_us, mains->last.sum);
        struct lab_vector rotation = rotation_of(mains, mains_turns_at(mains, end_us));
        for (unsigned k = 0; k < mains->options.systems; k++) {
            lab_phasor_finish(&mains->last.sum[k], rotation, hertz, mains->electric.temperature_c,
                              n_samples, &mains->carry[k], &mains->last.window[k]);
        }
        bool pure = mains->from_us <= start_us && mains->until_us >= end_us;
        mains->last.n_samples = pure ? n_samples : 0;
    }
    memcpy(out, mains->last.window, mains->options.systems * sizeof *out);
}

void mains_last_window(struct mains *mains, int64_t end_us, uint32_t n_samples,
                       struct measuring_window out[LAB_PHASES])
{
    if (mains->source.samples != NULL) {
        mains_play_last(mains, end_us, n_samples, out);
        return;
    }
    mains_window(mains, end_us - (int64_t)n_samples * SAMPLE_US, n_samples, out);
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
    if (!mains_in_piece(mains, at_us)) {
        mains_enter_piece(mains, at_us);
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

static struct lab_vector polar(double size, double deg)
{
    return (struct lab_vector){size * cos(deg * (TURN / 360.0)), size * sin(deg * (TURN / 360.0))};
}

/** The piece in force ends where something new begins. */
static void end_piece(struct mains *m, int64_t at_us)
{
    if (m->until_us > at_us) {
        m->until_us = at_us;
    }
}

int mains_replace(struct mains *mains, int64_t at_us, const struct lab_state *state,
                  struct lab_error *error)
{
    if (mains->source.samples != NULL) {
        return lab_error_set(error, "the mains is a recording: it cannot be replaced");
    }
    mains->replaced = state != NULL;
    if (state != NULL) {
        struct lab_electric *e = &mains->replacement;
        lab_electric_dead(e);
        for (unsigned k = 0; k < LAB_PHASES; k++) {
            const struct lab_phase *phase = &state->phase[k];
            e->u[k] = polar(phase->voltage_v, phase->voltage_deg);
            e->i[k] = polar(phase->current_a, phase->voltage_deg - phase->phi_deg);
        }
        e->frequency_hz = state->frequency_hz;
        e->temperature_c = state->temperature_c;
    }
    end_piece(mains, at_us);
    return 0;
}

void mains_relays(struct mains *mains, int64_t at_us, unsigned open)
{
    lab_overlay_relays(&mains->overlay, at_us, open);
    end_piece(mains, at_us);
}

int mains_control(struct mains *mains, int64_t at_us, const char *name, double value,
                  struct lab_error *error)
{
    if (mains->source.samples != NULL && !lab_overlay_fits_recording(name)) {
        return lab_error_set(error,
                             "mains control: a recording takes only dip, dip_ms, supply, "
                             "temperature and reset, not '%.24s'",
                             name);
    }
    if (lab_overlay_control(&mains->overlay, at_us, name, value, error) != 0) {
        return -1;
    }
    end_piece(mains, at_us);
    return 0;
}
