#include "sensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SEED_MAX UINT64_C(999999999999)
#define ALWAYS   ((unsigned)FRONT_END_QUANTISATION | (unsigned)FRONT_END_CLIPPING)
#define ROUNDING 1e-6 /* of a sample: an end on a sample belongs to the next block */

static const struct {
    const char *name;
    unsigned effects;
} effect_rows[] = {
    {"ideal", 0},
    {"gain", FRONT_END_GAIN},
    {"skew", FRONT_END_SKEW},
    {"rc", FRONT_END_RC},
    {"inductance", FRONT_END_INDUCTANCE},
    {"shunt-drift", FRONT_END_SHUNT_DRIFT},
    {"self-heating", FRONT_END_SELF_HEATING},
    {"divider-drift", FRONT_END_DIVIDER_DRIFT},
    {"reference-drift", FRONT_END_REFERENCE_DRIFT},
    {"offset", FRONT_END_OFFSET},
    {"noise", FRONT_END_NOISE},
    {"flicker", FRONT_END_FLICKER},
    {"inl", FRONT_END_INL},
    {"droop", FRONT_END_DROOP},
    {"crosstalk-own", FRONT_END_CROSSTALK_OWN},
    {"crosstalk-other", FRONT_END_CROSSTALK_OTHER},
    {"clock", FRONT_END_CLOCK},
    {"sensor", FRONT_END_SENSOR},
};

static bool effect_add(const char *name, size_t length, unsigned *effects)
{
    for (size_t i = 0; i < sizeof effect_rows / sizeof effect_rows[0]; i++) {
        if (strlen(effect_rows[i].name) == length &&
            memcmp(effect_rows[i].name, name, length) == 0) {
            *effects |= effect_rows[i].effects;
            return true;
        }
    }
    return false;
}

bool sensors_parse(const char *text, struct sensors_option *out, const char **expected)
{
    char *rest;
    *expected = "a SEED of up to 12 digits, then ,ideal or ,EFFECT... (docs/front-end.md)";
    const unsigned long long seed = strtoull(text, &rest, 10);
    if (*text < '0' || *text > '9' || seed > SEED_MAX) {
        return false;
    }
    *out = (struct sensors_option){
        .fitted = true, .seed = seed, .effects = *rest == '\0' ? FRONT_END_PHYSICAL : ALWAYS};
    while (*rest == ',') {
        const size_t length = strcspn(rest + 1, ",");
        if (!effect_add(rest + 1, length, &out->effects)) {
            return false;
        }
        rest += 1 + length;
    }
    return *rest == '\0';
}

void sensors_start(struct sensors *sensors, const struct sensors_option *option, unsigned systems,
                   bool aron)
{
    const struct front_end_options options = {
        .effects = option->effects, .systems = systems, .aron = aron};
    memset(sensors, 0, sizeof *sensors);
    sensors->fitted = true;
    front_end_start(&sensors->front_end, option->seed, &options);
}

/* Both define their signals alike: harmonics count from their own fundamental's zero crossing. */
static void phase_to_stimulus(const struct lab_phase *phase, struct stimulus_phase *out)
{
    out->voltage_v = phase->voltage_v;
    out->voltage_deg = phase->voltage_deg;
    out->current_a = phase->current_a;
    out->phi_deg = phase->phi_deg;
    for (unsigned h = 2; h <= LAB_HARMONICS_MAX; h++) {
        out->u[h] =
            (struct stimulus_harmonic){phase->u_harmonic_pct[h] / 100.0, phase->u_harmonic_deg[h]};
        out->i[h] =
            (struct stimulus_harmonic){phase->i_harmonic_pct[h] / 100.0, phase->i_harmonic_deg[h]};
    }
}

void sensors_connect(struct sensors *sensors, const struct lab_state *state)
{
    if (memcmp(state, &sensors->connected, sizeof *state) == 0) {
        return;
    }
    struct stimulus stimulus;
    memset(&stimulus, 0, sizeof stimulus);
    stimulus.frequency_hz = state->frequency_hz;
    for (unsigned p = 0; p < LAB_PHASES; p++) {
        phase_to_stimulus(&state->phase[p], &stimulus.phase[p]);
    }
    front_end_connect(&sensors->front_end, &stimulus);
    front_end_ambient(&sensors->front_end, state->temperature_c);
    sensors->connected = *state;
}

size_t sensors_samples(struct sensors *sensors, unsigned system, int64_t end_us, size_t n_max,
                       int32_t *v_lsb, int32_t *i_lsb)
{
    const double period_s = sensors->front_end.system[system].period_s;
    const double left_s = (double)end_us * 1e-6 - front_end_time_s(&sensors->front_end, system);
    const double n = ceil(left_s / period_s - ROUNDING);
    if (n < 1.0) {
        return 0;
    }
    const size_t made = n < (double)n_max ? (size_t)n : n_max;
    front_end_samples(&sensors->front_end, system, made, v_lsb, i_lsb);
    return made;
}

int64_t sensors_instant_us(const struct sensors *sensors, unsigned system, size_t n_ahead)
{
    const double period_s = sensors->front_end.system[system].period_s;
    return llrint((front_end_time_s(&sensors->front_end, system) - (double)n_ahead * period_s) *
                  1e6);
}
