#include "overlay.h"

#include <math.h>
#include <string.h>

#define DEGREE 0.017453292519943295

/** Every control: its name, its limits, what a person is told. */
static const struct {
    const char *name;
    double low, high;
} controls[OVERLAY_NAMES] = {
    [OVERLAY_U1] = {"u1", 0.0, LAB_VOLTAGE_MAX_V},
    [OVERLAY_U2] = {"u2", 0.0, LAB_VOLTAGE_MAX_V},
    [OVERLAY_U3] = {"u3", 0.0, LAB_VOLTAGE_MAX_V},
    [OVERLAY_I1] = {"i1", -LAB_CURRENT_MAX_A, LAB_CURRENT_MAX_A},
    [OVERLAY_I2] = {"i2", -LAB_CURRENT_MAX_A, LAB_CURRENT_MAX_A},
    [OVERLAY_I3] = {"i3", -LAB_CURRENT_MAX_A, LAB_CURRENT_MAX_A},
    [OVERLAY_PHI1] = {"phi1", -360.0, 360.0},
    [OVERLAY_PHI2] = {"phi2", -360.0, 360.0},
    [OVERLAY_PHI3] = {"phi3", -360.0, 360.0},
    [OVERLAY_FREQUENCY] = {"f", LAB_FREQUENCY_MIN, LAB_FREQUENCY_MAX},
    [OVERLAY_THD_U] = {"thd_u", 0.0, 100.0},
    [OVERLAY_THD_I] = {"thd_i", 0.0, 200.0},
    [OVERLAY_DIP_MS] = {"dip_ms", 1.0, 3600000.0},
    [OVERLAY_DIP] = {"dip", 0.0, 200.0},
    [OVERLAY_NEUTRAL] = {"neutral", 0.0, 1.0},
    [OVERLAY_SUPPLY] = {"supply", 0.0, 1.0},
    [OVERLAY_SEQUENCE] = {"sequence", 0.0, 1.0},
    [OVERLAY_TEMPERATURE] = {"temperature", -60.0, 120.0},
    [OVERLAY_RESET] = {"reset", -1e9, 1e9},
};

void lab_overlay_reset(struct lab_overlay *overlay)
{
    memset(overlay, 0, sizeof *overlay);
    overlay->value[OVERLAY_DIP_MS] = 1000.0;
}

static void forget(struct lab_overlay *overlay)
{
    size_t n = overlay->n_pending;
    const unsigned open = overlay->open;
    struct overlay_change pending[OVERLAY_PENDING];
    memcpy(pending, overlay->pending, sizeof pending);
    lab_overlay_reset(overlay);
    memcpy(overlay->pending, pending, sizeof pending);
    overlay->n_pending = n;
    overlay->open = open;
}

static void take_spectrum(struct lab_overlay *overlay)
{
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        overlay->spectrum.u_pct[k][5] = overlay->value[OVERLAY_THD_U];
        overlay->spectrum.i_pct[k][5] = overlay->value[OVERLAY_THD_I];
    }
}

static void take(struct lab_overlay *overlay, const struct overlay_change *change)
{
    if (change->name == OVERLAY_RESET) {
        forget(overlay);
        return;
    }
    if (change->name == OVERLAY_RELAYS) {
        overlay->open = (unsigned)change->value;
        return;
    }
    overlay->set[change->name] = true;
    overlay->value[change->name] = change->value;
    overlay->active = true;
    if (change->name == OVERLAY_DIP) {
        overlay->dip_end_us = change->at_us + (int64_t)(overlay->value[OVERLAY_DIP_MS] * 1000.0);
    }
    take_spectrum(overlay);
}

static int insert(struct lab_overlay *overlay, const struct overlay_change *change)
{
    size_t at = overlay->n_pending;
    if (at == OVERLAY_PENDING) {
        return -1;
    }
    for (; at > 0 && overlay->pending[at - 1].at_us > change->at_us; at--) {
        overlay->pending[at] = overlay->pending[at - 1];
    }
    overlay->pending[at] = *change;
    overlay->n_pending++;
    return 0;
}

int lab_overlay_control(struct lab_overlay *overlay, int64_t at_us, const char *name, double value,
                        struct lab_error *error)
{
    unsigned k = 0;
    while (k < OVERLAY_NAMES && strcmp(controls[k].name, name) != 0) {
        k++;
    }
    if (k == OVERLAY_NAMES) {
        return lab_error_set(
            error,
            "mains control: expected u1..u3, i1..i3, phi1..phi3, f, thd_u, thd_i, "
            "dip, dip_ms, neutral, supply, sequence, temperature or reset, found '%.24s'",
            name);
    }
    if (!(value >= controls[k].low && value <= controls[k].high)) {
        return lab_error_set(error, "mains control: expected %s from %g to %g, found %g", name,
                             controls[k].low, controls[k].high, value);
    }
    struct overlay_change change = {at_us, (enum overlay_name)k, value};
    if (insert(overlay, &change) != 0) {
        return lab_error_set(error, "mains control: too many changes at once");
    }
    return 0;
}

static double angle_of(struct lab_vector v)
{
    return atan2(v.im, v.re);
}

static bool is_zero(struct lab_vector v)
{
    return v.re == 0.0 && v.im == 0.0;
}

static struct lab_vector polar(double size, double angle)
{
    return (struct lab_vector){size * cos(angle), size * sin(angle)};
}

static void apply_phase(const struct lab_overlay *o, unsigned k, struct lab_electric *state)
{
    struct lab_vector u = state->u[k], i = state->i[k];
    double u_angle = angle_of(is_zero(u) ? lab_phase_direction[k] : u);
    double phi = is_zero(i) ? 0.0 : u_angle - angle_of(i);
    double amperes = hypot(i.re, i.im);
    if (o->set[OVERLAY_U1 + k]) {
        state->u[k] = polar(o->value[OVERLAY_U1 + k], u_angle);
    }
    if (o->set[OVERLAY_I1 + k]) {
        amperes = o->value[OVERLAY_I1 + k]; /* negative: the opposite direction, export */
    }
    if (o->set[OVERLAY_PHI1 + k]) {
        phi = o->value[OVERLAY_PHI1 + k] * DEGREE;
    }
    if (o->set[OVERLAY_I1 + k] || o->set[OVERLAY_PHI1 + k]) {
        state->i[k] = polar(amperes, u_angle - phi);
    }
}

static void scale_voltage(struct lab_electric *state, double factor)
{
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        state->u[k].re *= factor;
        state->u[k].im *= factor;
    }
}

static struct lab_vector times(struct lab_vector a, struct lab_vector b)
{
    return (struct lab_vector){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

static struct lab_vector over(struct lab_vector a, struct lab_vector b)
{
    double size = b.re * b.re + b.im * b.im;
    return (struct lab_vector){(a.re * b.re + a.im * b.im) / size,
                               (a.im * b.re - a.re * b.im) / size};
}

void lab_electric_relays(struct lab_electric *state)
{
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        if ((state->open & 1u << k) != 0) {
            state->i[k] = (struct lab_vector){0.0, 0.0};
        }
    }
}

void lab_electric_lose_neutral(struct lab_electric *state)
{
    lab_electric_relays(state);
    struct lab_vector y[LAB_PHASES], top = {0.0, 0.0}, bottom = {0.0, 0.0};
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        y[k] =
            is_zero(state->u[k]) ? (struct lab_vector){0.0, 0.0} : over(state->i[k], state->u[k]);
        struct lab_vector current = times(state->u[k], y[k]);
        top = (struct lab_vector){top.re + current.re, top.im + current.im};
        bottom = (struct lab_vector){bottom.re + y[k].re, bottom.im + y[k].im};
    }
    if (hypot(bottom.re, bottom.im) < 1e-9) {
        return; /* no load holds the star point anywhere: it stays where it was */
    }
    struct lab_vector star = over(top, bottom);
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        if (is_zero(state->u[k])) {
            continue; /* a dead wire floats with the star point */
        }
        state->u[k] = (struct lab_vector){state->u[k].re - star.re, state->u[k].im - star.im};
        state->i[k] = times(state->u[k], y[k]);
    }
}

static void no_supply(struct lab_electric *state)
{
    memset(state->u, 0, sizeof state->u);
    memset(state->i, 0, sizeof state->i);
    state->spectrum = NULL;
}

static void swap(struct lab_vector of[LAB_PHASES])
{
    const struct lab_vector second = of[1];
    of[1] = of[2];
    of[2] = second;
}

static void apply_values(struct lab_overlay *o, int64_t from_us, struct lab_electric *state,
                         int64_t *until_us)
{
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        apply_phase(o, k, state);
    }
    if (o->set[OVERLAY_FREQUENCY]) {
        state->frequency_hz = o->value[OVERLAY_FREQUENCY];
    }
    if (o->set[OVERLAY_TEMPERATURE]) {
        state->temperature_c = o->value[OVERLAY_TEMPERATURE];
    }
    if (o->set[OVERLAY_THD_U] || o->set[OVERLAY_THD_I]) {
        state->spectrum = &o->spectrum;
    }
    if (o->set[OVERLAY_SEQUENCE] && o->value[OVERLAY_SEQUENCE] > 0.5) {
        swap(state->u);
        swap(state->i);
    }
    if (o->set[OVERLAY_NEUTRAL] && o->value[OVERLAY_NEUTRAL] > 0.5) {
        lab_electric_lose_neutral(state);
    }
    if (o->set[OVERLAY_DIP] && from_us < o->dip_end_us) {
        scale_voltage(state, o->value[OVERLAY_DIP] / 100.0);
        *until_us = o->dip_end_us < *until_us ? o->dip_end_us : *until_us;
    }
    if (o->set[OVERLAY_SUPPLY] && o->value[OVERLAY_SUPPLY] < 0.5) {
        no_supply(state);
    }
}

static void take_due(struct lab_overlay *overlay, int64_t from_us)
{
    while (overlay->n_pending > 0 && overlay->pending[0].at_us <= from_us) {
        struct overlay_change change = overlay->pending[0];
        overlay->n_pending--;
        memmove(overlay->pending, overlay->pending + 1,
                overlay->n_pending * sizeof overlay->pending[0]);
        take(overlay, &change);
    }
}

void lab_overlay_relays(struct lab_overlay *overlay, int64_t at_us, unsigned open)
{
    const struct overlay_change change = {at_us, OVERLAY_RELAYS, (double)open};
    if (insert(overlay, &change) != 0) {
        overlay->open = open; /* a person turns too many controls at once: earlier, but not lost */
    }
}

unsigned lab_overlay_open(struct lab_overlay *overlay, int64_t at_us)
{
    take_due(overlay, at_us);
    return overlay->open;
}

bool lab_overlay_fits_recording(const char *name)
{
    return strcmp(name, "dip") == 0 || strcmp(name, "dip_ms") == 0 || strcmp(name, "supply") == 0 ||
           strcmp(name, "temperature") == 0 || strcmp(name, "reset") == 0;
}

void lab_overlay_gain(struct lab_overlay *o, int64_t at_us, double *voltage, double *current)
{
    take_due(o, at_us);
    bool off = o->set[OVERLAY_SUPPLY] && o->value[OVERLAY_SUPPLY] < 0.5;
    bool dips = o->set[OVERLAY_DIP] && at_us < o->dip_end_us;
    *voltage = off ? 0.0 : dips ? o->value[OVERLAY_DIP] / 100.0 : 1.0;
    *current = off ? 0.0 : 1.0;
}

int64_t lab_overlay_until(const struct lab_overlay *o, int64_t from_us)
{
    int64_t until_us = o->n_pending > 0 ? o->pending[0].at_us : LAB_FOREVER_US;
    bool dips = o->set[OVERLAY_DIP] && from_us < o->dip_end_us;
    return dips && o->dip_end_us < until_us ? o->dip_end_us : until_us;
}

void lab_overlay_apply(struct lab_overlay *overlay, int64_t from_us, struct lab_electric *state,
                       int64_t *until_us)
{
    take_due(overlay, from_us);
    if (overlay->n_pending > 0 && overlay->pending[0].at_us < *until_us) {
        *until_us = overlay->pending[0].at_us;
    }
    if (overlay->active) {
        apply_values(overlay, from_us, state, until_us);
    }
}
