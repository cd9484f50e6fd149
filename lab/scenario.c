#include "scenario.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "overlay.h"

#define DEGREE 0.017453292519943295

/** A walk along the timeline: once-entries by index, repeated ones by their next time. */
struct cursor {
    size_t once;
    int64_t *next_us; /**< of each repeated entry; LAB_FOREVER_US when over */
};

/** Until a time: 0 = not at all, LAB_FOREVER_US = until restored. */
struct state {
    double u_v[LAB_PHASES], i_a[LAB_PHASES], phi_rad[LAB_PHASES], scale[LAB_PHASES];
    int64_t scaled_until_us[LAB_PHASES], lost_until_us[LAB_PHASES];
    int64_t neutral_until_us, off_until_us;
    double frequency_hz, temperature_c;
    bool impedance, reversed, has_spectrum;
    struct lab_spectrum spectrum;
};

struct runner {
    struct scenario scenario; /* once-entries first, then the repeated ones */
    size_t n_once;
    struct cursor state_cursor, event_cursor;
    int64_t now_us; /* everything up to here is in state */
    struct state state;
};

static void state_begin(struct state *state)
{
    memset(state, 0, sizeof *state);
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        state->u_v[k] = LAB_NOMINAL_V;
        state->scale[k] = 1.0;
    }
    state->frequency_hz = LAB_NOMINAL_HZ;
    state->temperature_c = LAB_TEMPERATURE_C;
}

static void cursor_begin(const struct runner *r, struct cursor *cursor)
{
    cursor->once = 0;
    for (size_t k = r->n_once; k < r->scenario.n_entries; k++) {
        const struct scenario_entry *entry = &r->scenario.entry[k];
        bool never = entry->at_us > entry->last_us;
        cursor->next_us[k - r->n_once] = never ? LAB_FOREVER_US : entry->at_us;
    }
}

static bool before(int64_t a_us, const struct scenario_entry *a, int64_t b_us,
                   const struct scenario_entry *b)
{
    return b == NULL || a_us < b_us || (a_us == b_us && a->order < b->order);
}

/** The entry that happens next, and when; NULL at the end. */
static const struct scenario_entry *cursor_peek(const struct runner *r, const struct cursor *cursor,
                                                int64_t *at_us)
{
    const struct scenario_entry *best = NULL;
    *at_us = LAB_FOREVER_US;
    if (cursor->once < r->n_once) {
        best = &r->scenario.entry[cursor->once];
        *at_us = best->at_us;
    }
    for (size_t k = r->n_once; k < r->scenario.n_entries; k++) {
        const struct scenario_entry *entry = &r->scenario.entry[k];
        int64_t next_us = cursor->next_us[k - r->n_once];
        if (next_us != LAB_FOREVER_US && before(next_us, entry, *at_us, best)) {
            best = entry;
            *at_us = next_us;
        }
    }
    return best;
}

static void cursor_step(const struct runner *r, struct cursor *cursor,
                        const struct scenario_entry *entry)
{
    if (entry->period_us == 0) {
        cursor->once++;
        return;
    }
    int64_t *next_us = &cursor->next_us[(size_t)(entry - r->scenario.entry) - r->n_once];
    *next_us += entry->period_us;
    if (*next_us > entry->last_us) {
        *next_us = LAB_FOREVER_US;
    }
}

static void set_phase(struct state *state, const struct scenario_action *action, unsigned k)
{
    double apparent = state->u_v[k] * cos(state->phi_rad[k]);
    switch (action->name) {
    case SCENARIO_U: state->u_v[k] = action->value; break;
    case SCENARIO_I: state->i_a[k] = action->value; break;
    case SCENARIO_PF: state->phi_rad[k] = copysign(acos(fabs(action->value)), action->value); break;
    case SCENARIO_PHI: state->phi_rad[k] = action->value * DEGREE; break;
    case SCENARIO_P: state->i_a[k] = fabs(apparent) > 1e-3 ? action->value / apparent : 0.0; break;
    default: break;
    }
}

static void apply_set(struct state *state, const struct scenario_action *action)
{
    switch (action->name) {
    case SCENARIO_F: state->frequency_hz = action->value; return;
    case SCENARIO_TEMPERATURE: state->temperature_c = action->value; return;
    case SCENARIO_LOAD: state->impedance = action->value > 0.5; return;
    case SCENARIO_SEQUENCE: state->reversed = action->value > 0.5; return;
    default: break;
    }
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        if ((action->phases & 1u << k) != 0) {
            set_phase(state, action, k);
        }
    }
}

static void apply_harmonic(struct state *state, const struct scenario_action *action)
{
    struct lab_spectrum *s = &state->spectrum;
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        if ((action->phases & 1u << k) == 0) {
            continue;
        }
        double *pct = action->of_voltage ? s->u_pct[k] : s->i_pct[k];
        double *deg = action->of_voltage ? s->u_deg[k] : s->i_deg[k];
        if (action->order == 0) {
            memset(pct, 0, sizeof s->u_pct[k]);
        }
        pct[action->order] = action->order == 0 ? 0.0 : action->value;
        deg[action->order] = action->angle_deg;
    }
    state->has_spectrum = false;
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        for (unsigned h = 2; h <= LAB_HARMONICS_MAX; h++) {
            state->has_spectrum = state->has_spectrum || s->u_pct[k][h] > 0 || s->i_pct[k][h] > 0;
        }
    }
}

static int64_t end_of(int64_t at_us, int64_t for_us)
{
    return for_us > 0 ? at_us + for_us : LAB_FOREVER_US;
}

static void apply_phases(struct state *state, const struct scenario_action *action, int64_t at_us)
{
    int64_t until_us = end_of(at_us, action->for_us);
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        if ((action->phases & 1u << k) == 0) {
            continue;
        }
        if (action->kind == SCENARIO_SCALE) {
            state->scale[k] = action->value / 100.0;
            state->scaled_until_us[k] = until_us;
        } else {
            state->lost_until_us[k] = action->kind == SCENARIO_LOSE ? until_us : 0;
            state->scaled_until_us[k] =
                action->kind == SCENARIO_RESTORE ? 0 : state->scaled_until_us[k];
        }
    }
    if ((action->phases & SCENARIO_NEUTRAL) != 0) {
        state->neutral_until_us = action->kind == SCENARIO_LOSE ? until_us : 0;
    }
}

static void apply(struct state *state, const struct scenario_action *action, int64_t at_us)
{
    switch (action->kind) {
    case SCENARIO_SET: apply_set(state, action); break;
    case SCENARIO_HARMONIC: apply_harmonic(state, action); break;
    case SCENARIO_SCALE:
    case SCENARIO_LOSE:
    case SCENARIO_RESTORE: apply_phases(state, action, at_us); break;
    case SCENARIO_POWER:
        state->off_until_us = action->on ? 0 : end_of(at_us, action->for_us);
        break;
    case SCENARIO_EVENT: break;
    }
}

/** In force now?  Then the piece ends with it at the latest. */
static bool in_force(int64_t end_us, int64_t now_us, int64_t *until_us)
{
    if (now_us >= end_us) {
        return false;
    }
    *until_us = end_us < *until_us ? end_us : *until_us;
    return true;
}

static void electric_phase(const struct state *state, unsigned k, double factor,
                           struct lab_electric *out)
{
    static const unsigned reversed[LAB_PHASES] = {0, 2, 1};
    struct lab_vector d = lab_phase_direction[state->reversed ? reversed[k] : k];
    double u = state->u_v[k] * factor;
    double i = state->i_a[k] * (state->impedance ? factor : 1.0);
    double c = cos(state->phi_rad[k]) * i, s = sin(state->phi_rad[k]) * i;
    if (!(u > 0.0)) {
        c = s = 0.0; /* nothing drives a current */
    }
    out->u[k] = (struct lab_vector){u * d.re, u * d.im};
    out->i[k] = (struct lab_vector){c * d.re + s * d.im, c * d.im - s * d.re};
}

/** With the neutral gone the loads are those of the healthy mains; then the star point floats. */
static void electric_of(const struct state *state, int64_t now_us, struct lab_electric *out,
                        int64_t *until_us)
{
    lab_electric_dead(out);
    out->frequency_hz = state->frequency_hz;
    out->temperature_c = state->temperature_c;
    if (in_force(state->off_until_us, now_us, until_us)) {
        return;
    }
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        bool scaled = in_force(state->scaled_until_us[k], now_us, until_us);
        bool lost = in_force(state->lost_until_us[k], now_us, until_us);
        electric_phase(state, k, lost ? 0.0 : scaled ? state->scale[k] : 1.0, out);
    }
    if (in_force(state->neutral_until_us, now_us, until_us)) {
        lab_electric_lose_neutral(out);
    }
    out->spectrum = state->has_spectrum ? &state->spectrum : NULL;
}

static void scenario_piece(void *self, int64_t from_us, struct lab_electric *out, int64_t *until_us)
{
    struct runner *r = self;
    int64_t next_us = 0;
    if (from_us < r->now_us) { /* the panel looks back: walk again from the start */
        cursor_begin(r, &r->state_cursor);
        state_begin(&r->state);
    }
    for (;;) {
        const struct scenario_entry *entry = cursor_peek(r, &r->state_cursor, &next_us);
        if (entry == NULL || next_us > from_us) {
            break;
        }
        apply(&r->state, &entry->action, next_us);
        cursor_step(r, &r->state_cursor, entry);
    }
    r->now_us = from_us;
    *until_us = next_us;
    electric_of(&r->state, from_us, out, until_us);
}

static bool scenario_next_event(void *self, int64_t until_us, struct lab_event *event)
{
    struct runner *r = self;
    for (;;) {
        int64_t at_us = 0;
        const struct scenario_entry *entry = cursor_peek(r, &r->event_cursor, &at_us);
        if (entry == NULL || at_us > until_us) {
            return false;
        }
        cursor_step(r, &r->event_cursor, entry);
        if (entry->action.kind == SCENARIO_EVENT) {
            *event = (struct lab_event){at_us, entry->action.event, entry->action.on,
                                        entry->action.phases, entry->action.for_us};
            return true;
        }
    }
}

static void runner_free(void *self)
{
    struct runner *r = self;
    scenario_free(&r->scenario);
    free(r->state_cursor.next_us);
    free(r->event_cursor.next_us);
    free(r);
}

/** Once-entries stay sorted in front, the repeated ones go behind them. */
static int part_entries(struct runner *r)
{
    struct scenario *s = &r->scenario;
    size_t n_every = 0;
    for (size_t k = 0; k < s->n_entries; k++) {
        n_every += s->entry[k].period_us > 0 ? 1 : 0;
    }
    struct scenario_entry *parted = malloc(s->n_entries * sizeof *parted);
    r->state_cursor.next_us = calloc(n_every + 1, sizeof(int64_t));
    r->event_cursor.next_us = calloc(n_every + 1, sizeof(int64_t));
    r->n_once = s->n_entries - n_every;
    if (parted == NULL || r->state_cursor.next_us == NULL || r->event_cursor.next_us == NULL) {
        free(parted);
        return -1;
    }
    size_t once = 0, every = r->n_once;
    for (size_t k = 0; k < s->n_entries; k++) {
        parted[s->entry[k].period_us > 0 ? every++ : once++] = s->entry[k];
    }
    free(s->entry);
    s->entry = parted;
    return 0;
}

int lab_scenario_open(struct lab_source *source, const char *name, const char *text, size_t n_bytes,
                      struct lab_error *error)
{
    struct runner *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return lab_error_set(error, "%.100s: no memory", name);
    }
    if (scenario_parse(&r->scenario, name, text, n_bytes, error) != 0) {
        runner_free(r);
        return -1;
    }
    if (part_entries(r) != 0) {
        runner_free(r);
        return lab_error_set(error, "%.100s: no memory", name);
    }
    cursor_begin(r, &r->state_cursor);
    cursor_begin(r, &r->event_cursor);
    state_begin(&r->state);
    (void)snprintf(source->description, sizeof source->description,
                   "scenario %.120s, %zu things to happen", name, r->scenario.n_entries);
    source->self = r;
    source->piece = scenario_piece;
    source->next_event = scenario_next_event;
    source->free = runner_free;
    return 0;
}
