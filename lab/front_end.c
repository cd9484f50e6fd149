/** The virtual front end: what a meter's sensors do to a spectral line, and its temperatures. */
#include "front_end_inside.h"

#include <math.h>
#include <string.h>

#define TURN                6.283185307179586
#define STEPS_V             ((double)MEASURING_FULL_SCALE_LSB / FRONT_END_FULL_SCALE_V)
#define STEPS_A             ((double)MEASURING_FULL_SCALE_LSB / FRONT_END_FULL_SCALE_A)
#define REFERENCE_TURNING_K 75.0 /* the reference's S-curve is back at zero there */
#define STREAM_OF_SYSTEM    UINT64_C(0xD1B54A32D192ED03)

static struct lab_vector times(struct lab_vector a, struct lab_vector b)
{
    return (struct lab_vector){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

static struct lab_vector scaled(struct lab_vector a, double by)
{
    return (struct lab_vector){a.re * by, a.im * by};
}

static struct lab_vector polar(double size, double angle)
{
    return (struct lab_vector){size * cos(angle), size * sin(angle)};
}

/** ---- response ------------------------------------------------------------------------------ */

double front_end_droop(double frequency_hz)
{
    const double n = (double)FRONT_END_OVERSAMPLING_RATIO;
    const double x = 0.5 * TURN * frequency_hz / ((double)MEASURING_SAMPLE_RATE_HZ * n);
    const double one = sin(x);
    const double sinc = fabs(one) < 1e-12 ? 1.0 : sin(n * x) / (n * one);
    return sinc * sinc * sinc;
}

/** First-order low pass. */
static struct lab_vector rc_response(double rc_us, double omega)
{
    const double x = omega * rc_us * 1e-6;
    return scaled((struct lab_vector){1.0, -x}, 1.0 / (1.0 + x * x));
}

/** What precedes the modulator. */
static struct lab_vector analogue_response(const struct front_end *front_end, unsigned system,
                                           enum stimulus_channel channel, double frequency_hz)
{
    const struct front_end_sensor *sensor = &front_end->system[system].sensor;
    const bool voltage = channel == STIMULUS_VOLTAGE;
    const double omega = TURN * frequency_hz;
    struct lab_vector response = {1.0, 0.0};
    if (front_end_has(front_end, FRONT_END_GAIN)) {
        response.re += 0.01 * (voltage ? sensor->voltage_gain_pct : sensor->current_gain_pct);
    }
    if (front_end_has(front_end, FRONT_END_RC)) {
        const double rc_us = voltage ? sensor->voltage_rc_us : sensor->current_rc_us;
        response = times(response, rc_response(rc_us, omega));
    }
    if (!voltage && front_end_has(front_end, FRONT_END_SKEW)) {
        response = times(response, polar(1.0, -omega * sensor->skew_us * 1e-6));
    }
    if (!voltage && front_end_has(front_end, FRONT_END_INDUCTANCE)) {
        const struct lab_vector lead = {1.0, omega * sensor->inductance_us * 1e-6};
        response = times(response, lead);
    }
    if (!voltage && front_end_has(front_end, FRONT_END_SHUNT_DRIFT)) {
        const double tesla = 1e-3 * front_end->stimulus.field.still_mt;
        response = scaled(response, 1.0 + 1e-6 * sensor->field_ppm_t2 * tesla * tesla);
    }
    return response;
}

static double decimator_response(const struct front_end *front_end, double frequency_hz)
{
    /* the decimator itself does it when it is there */
    const bool closed_form = front_end_has(front_end, FRONT_END_DROOP) &&
                             !front_end_has(front_end, FRONT_END_OVERSAMPLING);
    return closed_form ? front_end_droop(frequency_hz) : 1.0;
}

struct lab_vector front_end_response(const struct front_end *front_end, unsigned system,
                                     enum stimulus_channel channel, double frequency_hz)
{
    const double droop =
        front_end_has(front_end, FRONT_END_DROOP) ? front_end_droop(frequency_hz) : 1.0;
    return scaled(analogue_response(front_end, system, channel, frequency_hz), droop);
}

/** ---- wiring -------------------------------------------------------------------------------- */

unsigned front_end_current_phase(const struct front_end *front_end, unsigned system)
{
    return front_end->options.aron && system == 1u ? 2u : system;
}

double front_end_voltage_share(const struct front_end *front_end, unsigned system, unsigned phase)
{
    const double own = phase == front_end_current_phase(front_end, system) ? 1.0 : 0.0;
    return front_end->options.aron && phase == 1u ? -1.0 : own;
}

/** How much of a supply phase's voltage gets into the system's current channel, of full scales. */
static struct lab_vector crosstalk_of(const struct front_end *front_end, unsigned system,
                                      unsigned phase)
{
    const struct front_end_sensor *sensor = &front_end->system[system].sensor;
    const unsigned systems = front_end->options.systems;
    struct lab_vector sum = {0.0, 0.0};
    for (unsigned k = 0; k < systems; k++) {
        const unsigned effect = k == 0 ? FRONT_END_CROSSTALK_OWN : FRONT_END_CROSSTALK_OTHER;
        const double share = front_end_voltage_share(front_end, (system + k) % systems, phase);
        if (!front_end_has(front_end, effect) || share == 0.0) {
            continue;
        }
        const struct lab_vector part = polar(share * pow(10.0, sensor->crosstalk_db[k] / 20.0),
                                             sensor->crosstalk_deg[k] * (TURN / 360.0));
        sum.re += part.re;
        sum.im += part.im;
    }
    return sum;
}

/** The system's line of that order, a new one if there is none; NULL: no room. */
static struct front_end_line *line_of(struct front_end_system *system,
                                      const struct stimulus_line *line)
{
    for (size_t k = 0; k < system->n_lines; k++) {
        struct front_end_line *old = &system->line[k];
        if (old->order == line->order && old->frequency_hz == line->frequency_hz) {
            return old;
        }
    }
    if (system->n_lines == FRONT_END_LINES_MAX) {
        return NULL;
    }
    struct front_end_line *made = &system->line[system->n_lines++];
    memset(made, 0, sizeof *made);
    made->order = line->order;
    made->frequency_hz = line->frequency_hz;
    return made;
}

static void connect_voltage(struct front_end *front_end, unsigned s, unsigned phase,
                            const struct stimulus_spectrum *spectrum)
{
    struct front_end_system *system = &front_end->system[s];
    const double share = front_end_voltage_share(front_end, s, phase);
    const struct lab_vector crosstalk = crosstalk_of(front_end, s, phase);
    const struct lab_vector still = analogue_response(front_end, s, STIMULUS_VOLTAGE, 0.0);
    system->v_dc[phase] = share * still.re * spectrum->dc * STEPS_V;
    for (size_t k = 0; k < spectrum->n_lines; k++) {
        const struct stimulus_line *in = &spectrum->line[k];
        struct front_end_line *line = line_of(system, in);
        if (line == NULL) {
            return;
        }
        const double droop = decimator_response(front_end, in->frequency_hz);
        const struct lab_vector steps = scaled(in->peak, STEPS_V * droop);
        line->v[phase] = scaled(
            times(steps, analogue_response(front_end, s, STIMULUS_VOLTAGE, in->frequency_hz)),
            share);
        line->x[phase] = times(steps, crosstalk);
    }
}

static void connect_current(struct front_end *front_end, unsigned s,
                            const struct stimulus_spectrum *spectrum)
{
    struct front_end_system *system = &front_end->system[s];
    const struct lab_vector still = analogue_response(front_end, s, STIMULUS_CURRENT, 0.0);
    system->i_dc = still.re * spectrum->dc * STEPS_A;
    system->current_squared = spectrum->dc * spectrum->dc;
    for (size_t k = 0; k < spectrum->n_lines; k++) {
        const struct stimulus_line *in = &spectrum->line[k];
        struct front_end_line *line = line_of(system, in);
        if (line == NULL) {
            return;
        }
        const double steps = STEPS_A * decimator_response(front_end, in->frequency_hz);
        line->i = scaled(
            times(in->peak, analogue_response(front_end, s, STIMULUS_CURRENT, in->frequency_hz)),
            steps);
        system->current_squared += 0.5 * (in->peak.re * in->peak.re + in->peak.im * in->peak.im);
    }
}

/** An alternating field induces a voltage in the loop of the sense leads: area * dB/dt, which looks
 * like a current through the shunt and heats nothing.  A magnet that stands still induces none. */
static void connect_field(struct front_end *front_end, unsigned s)
{
    const struct stimulus *stimulus = &front_end->stimulus;
    struct front_end_system *system = &front_end->system[s];
    const struct stimulus_line fundamental = {.order = 1.0, .frequency_hz = stimulus->frequency_hz};
    if (stimulus->field.ac_mt == 0.0 || !front_end_has(front_end, FRONT_END_INDUCTANCE)) {
        return;
    }
    struct front_end_line *line = line_of(system, &fundamental);
    if (line == NULL) {
        return;
    }
    const double omega = TURN * stimulus->frequency_hz;
    const double volts =
        sqrt(2.0) * omega * 1e-6 * system->sensor.pickup_mm2 * 1e-3 * stimulus->field.ac_mt;
    /* what changes fastest leads by a quarter */
    const struct lab_vector peak =
        polar(volts / FRONT_END_SHUNT_OHM, (stimulus->field.ac_deg + 90.0) * (TURN / 360.0));
    const double steps = STEPS_A * decimator_response(front_end, stimulus->frequency_hz);
    const struct lab_vector seen =
        times(peak, analogue_response(front_end, s, STIMULUS_CURRENT, stimulus->frequency_hz));
    line->i.re += steps * seen.re;
    line->i.im += steps * seen.im;
}

void front_end_connect(struct front_end *front_end, const struct stimulus *stimulus)
{
    struct stimulus_spectrum spectrum;
    double now_s = 0.0;
    for (unsigned s = 0; s < front_end->options.systems; s++) {
        front_end->system[s].n_lines = 0;
        now_s = fmax(now_s, front_end_time_s(front_end, s));
    }
    const double turns = front_end->connected_turns +
                         front_end->stimulus.frequency_hz * (now_s - front_end->connected_s);
    front_end->connected_turns = turns - floor(turns);
    front_end->connected_s = now_s;
    front_end->stimulus = *stimulus;
    for (unsigned s = 0; s < front_end->options.systems; s++) {
        for (unsigned phase = 0; phase < LAB_PHASES; phase++) {
            stimulus_spectrum_of(stimulus, phase, STIMULUS_VOLTAGE, &spectrum);
            connect_voltage(front_end, s, phase, &spectrum);
        }
        stimulus_spectrum_of(stimulus, front_end_current_phase(front_end, s), STIMULUS_CURRENT,
                             &spectrum);
        connect_current(front_end, s, &spectrum);
        connect_field(front_end, s);
    }
}

/** ---- temperature --------------------------------------------------------------------------- */

void front_end_ambient(struct front_end *front_end, double ambient_c)
{
    front_end->ambient_c = ambient_c;
}

void front_end_heat(struct front_end *front_end, unsigned s, double current_factor, double seconds)
{
    struct front_end_system *system = &front_end->system[s];
    if (!front_end_has(front_end, FRONT_END_SELF_HEATING)) {
        return;
    }
    const double watts =
        system->current_squared * current_factor * current_factor * FRONT_END_SHUNT_OHM;
    const double final_k = watts * system->sensor.heating_k_w;
    system->rise_k += (final_k - system->rise_k) * -expm1(-seconds / system->sensor.heating_s);
}

void front_end_soak(struct front_end *front_end, double seconds)
{
    for (unsigned s = 0; s < front_end->options.systems; s++) {
        front_end_heat(front_end, s, 1.0, seconds);
    }
}

double front_end_shunt_c(const struct front_end *front_end, unsigned system)
{
    return front_end->ambient_c + front_end->system[system].rise_k;
}

double front_end_board_c(const struct front_end *front_end, unsigned system)
{
    const struct front_end_system *self = &front_end->system[system];
    return front_end->ambient_c + self->sensor.board_share * self->rise_k;
}

int16_t front_end_temperature_cc(const struct front_end *front_end, unsigned system)
{
    const struct front_end_sensor *sensor = &front_end->system[system].sensor;
    double read_c = front_end_board_c(front_end, system);
    if (front_end_has(front_end, FRONT_END_SENSOR)) {
        read_c += sensor->sensor_offset_k +
                  0.01 * sensor->sensor_gain_pct * (read_c - FRONT_END_REFERENCE_C);
    }
    return (int16_t)lrint(fmin(fmax(100.0 * read_c, INT16_MIN), INT16_MAX));
}

/** The reference rises, turns back and falls: an S about 23 degrees. */
static double reference_drift(const struct front_end *front_end, unsigned system)
{
    if (!front_end_has(front_end, FRONT_END_REFERENCE_DRIFT)) {
        return 0.0;
    }
    const double away_k = front_end_board_c(front_end, system) - FRONT_END_REFERENCE_C;
    const double part = away_k / REFERENCE_TURNING_K;
    return 1e-6 * front_end->system[system].sensor.reference_ppm_k * away_k * (1.0 - part * part);
}

double front_end_voltage_drift(const struct front_end *front_end, unsigned system)
{
    double gain = 1.0;
    if (front_end_has(front_end, FRONT_END_DIVIDER_DRIFT)) {
        gain += 1e-6 * front_end->system[system].sensor.divider_ppm_k *
                (front_end_board_c(front_end, system) - FRONT_END_REFERENCE_C);
    }
    return gain / (1.0 + reference_drift(front_end, system));
}

double front_end_current_drift(const struct front_end *front_end, unsigned system)
{
    double gain = 1.0;
    if (front_end_has(front_end, FRONT_END_SHUNT_DRIFT)) {
        gain += 1e-6 * front_end->system[system].sensor.shunt_ppm_k *
                (front_end_shunt_c(front_end, system) - FRONT_END_REFERENCE_C);
    }
    return gain / (1.0 + reference_drift(front_end, system));
}

/** ---- start --------------------------------------------------------------------------------- */

int64_t front_end_next_missing(struct front_end_system *system, double missing_ppm)
{
    const double unit = 1.0 - front_end_random_unit(&system->missing_random);
    const double away = -log(unit) * 1e6 / missing_ppm;
    return system->index + (away < 1e15 ? (int64_t)away : INT64_C(1000000000000000));
}

void front_end_start(struct front_end *front_end, uint64_t seed,
                     const struct front_end_options *options)
{
    memset(front_end, 0, sizeof *front_end);
    front_end->seed = seed;
    front_end->options = *options;
    front_end->ambient_c = FRONT_END_REFERENCE_C;
    for (unsigned s = 0; s < options->systems; s++) {
        struct front_end_system *system = &front_end->system[s];
        front_end_draw_sensor(seed, s, &system->sensor);
        system->random = (seed + 1u) * STREAM_OF_SYSTEM + s;
        system->random = front_end_random(&system->random);
        system->flicker_random = ~system->random;
        system->missing_random = system->random ^ STREAM_OF_SYSTEM;
        const double ppm =
            front_end_has(front_end, FRONT_END_CLOCK) ? system->sensor.clock_ppm : 0.0;
        system->period_s = 1.0 / ((double)MEASURING_SAMPLE_RATE_HZ * (1.0 + ppm * 1e-6));
        const bool lossy = front_end_has(front_end, FRONT_END_MISSING) && options->missing_ppm > 0;
        system->next_missing =
            lossy ? front_end_next_missing(system, options->missing_ppm) : INT64_MAX;
    }
}

double front_end_time_s(const struct front_end *front_end, unsigned system)
{
    return (double)front_end->system[system].index * front_end->system[system].period_s;
}
