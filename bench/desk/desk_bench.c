/** A bench of functions around a meter on the desk. */
#include "desk_bench.h"

#include <math.h>
#include <string.h>

#define TURN            6.283185307179586
#define ANGLE_AT_05I    1.7320508075688772 /* tan 60 degrees: error of power for one of angle */
#define SETTLING_ROUNDS 10u

enum { DESK_OK, DESK_NO_CONSTANTS, DESK_NO_WRITE, DESK_NO_RESTART };

static const char *const desk_text[] = {
    [DESK_OK] = NULL,
    [DESK_NO_CONSTANTS] = "the meter gives no constants",
    [DESK_NO_WRITE] = "the meter takes no constants",
    [DESK_NO_RESTART] = "the meter did not start again after its calibration",
};

/** ---- constants ----------------------------------------------------------------------------- */

static struct calibration_drift_terms drift_of(const struct legal_drift *in)
{
    return (struct calibration_drift_terms){in->linear_q40, in->quadratic_q54, in->cubic_q68};
}

static struct legal_drift drift_to(const struct calibration_drift_terms *in)
{
    return (struct legal_drift){in->linear_q40, in->quadratic_q54, in->cubic_q68};
}

void desk_bench_constants(const struct legal_calibration *in, struct calibration_constants *out)
{
    const struct legal_constants *c = &in->correction;
    *out = (struct calibration_constants){
        .power_gain = c->power_gain,
        .voltage_gain = c->voltage_gain,
        .current_gain = c->current_gain,
        .crosstalk_g_q40 = c->crosstalk_g_q40,
        .crosstalk_b_q40 = c->crosstalk_b_q40,
        .current_noise_lsb2 = c->current_noise_lsb2,
        .current_delay_samples = in->measuring.current_delay_samples,
        .reference_cc = c->reference_cc,
        .power_drift = drift_of(&c->power_drift),
        .voltage_drift = drift_of(&c->voltage_drift),
        .heating_s = c->heating_s,
        .heating_q64 = c->heating_q64,
        .clock_ppb = c->clock_ppb,
    };
    memcpy(out->voltage_fir_q28, in->measuring.voltage_fir_q28, sizeof out->voltage_fir_q28);
    memcpy(out->neighbour_re_q40, c->neighbour_re_q40, sizeof out->neighbour_re_q40);
    memcpy(out->neighbour_im_q40, c->neighbour_im_q40, sizeof out->neighbour_im_q40);
}

void desk_bench_calibration(const struct calibration_constants *in, struct legal_calibration *out)
{
    struct legal_constants *c = &out->correction;
    memset(out, 0, sizeof *out);
    *c = (struct legal_constants){
        .power_gain = in->power_gain,
        .voltage_gain = in->voltage_gain,
        .current_gain = in->current_gain,
        .crosstalk_g_q40 = in->crosstalk_g_q40,
        .crosstalk_b_q40 = in->crosstalk_b_q40,
        .current_noise_lsb2 = in->current_noise_lsb2,
        .power_drift = drift_to(&in->power_drift),
        .voltage_drift = drift_to(&in->voltage_drift),
        .heating_q64 = in->heating_q64,
        .clock_ppb = in->clock_ppb,
        .reference_cc = in->reference_cc,
        .heating_s = in->heating_s,
    };
    out->measuring.current_delay_samples = in->current_delay_samples;
    memcpy(out->measuring.voltage_fir_q28, in->voltage_fir_q28, sizeof in->voltage_fir_q28);
    memcpy(c->neighbour_re_q40, in->neighbour_re_q40, sizeof c->neighbour_re_q40);
    memcpy(c->neighbour_im_q40, in->neighbour_im_q40, sizeof c->neighbour_im_q40);
}

static int constants_read(void *context, struct calibration_constants *constants)
{
    const struct desk_meter *meter = ((struct desk_bench *)context)->meter;
    for (unsigned s = 0; s < meter->front_end.options.systems; s++) {
        struct legal_calibration stored;
        if (legal_calibration_read(&meter->legal, (uint8_t)(s + 1u), &stored) != LEGAL_OK) {
            return DESK_NO_CONSTANTS;
        }
        desk_bench_constants(&stored, &constants[s]);
    }
    return DESK_OK;
}

static int constants_write(void *context, const struct calibration_constants *constants)
{
    struct desk_meter *meter = ((struct desk_bench *)context)->meter;
    struct legal_calibration calibration[LEGAL_SYSTEMS];
    for (unsigned s = 0; s < meter->front_end.options.systems; s++) {
        desk_bench_calibration(&constants[s], &calibration[s]);
    }
    return legal_calibration_replace(&meter->legal, calibration) == LEGAL_OK ? DESK_OK
                                                                             : DESK_NO_WRITE;
}

static int restart(void *context)
{
    struct desk_meter *meter = ((struct desk_bench *)context)->meter;
    const bool started =
        legal_store(&meter->legal) == LEGAL_OK && desk_meter_power_up(meter) == LEGAL_OK;
    return started ? DESK_OK : DESK_NO_RESTART;
}

/** ---- source -------------------------------------------------------------------------------- */

static int chamber(void *context, double ambient_c)
{
    front_end_ambient(&((struct desk_bench *)context)->meter->front_end, ambient_c);
    return DESK_OK;
}

static int source(void *context, const struct procedure_signal *signal)
{
    struct desk_bench *desk = context;
    struct stimulus stimulus;
    stimulus_balanced(&stimulus, 0.0, 0.0, 0.0, signal->frequency_hz);
    for (unsigned l = 0; l < LAB_PHASES; l++) {
        stimulus.phase[l].voltage_v = signal->voltage_v[l];
        stimulus.phase[l].voltage_deg = signal->voltage_deg[l];
        stimulus.phase[l].current_a = signal->current_a[l];
        stimulus.phase[l].phi_deg = signal->phi_deg[l];
    }
    desk->signal = *signal;
    front_end_connect(&desk->meter->front_end, &stimulus);
    for (unsigned w = 0; w < SETTLING_ROUNDS; w++) {
        desk_meter_round(desk->meter);
    }
    return DESK_OK;
}

/** ---- reference ----------------------------------------------------------------------------- */

/** Equally distributed, 0 < x < 1 (a linear congruence of 64 bits, its upper half). */
static double unit(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(*state >> 32) + 0.5) / 4294967296.0;
}

static double normal(uint64_t *state)
{
    const double size = sqrt(-2.0 * log(unit(state)));
    return size * cos(TURN * unit(state));
}

/** Voltage at a system's terminals: an Aron meter has L2 as its common point. */
static struct lab_vector terminal(const struct desk_bench *desk, unsigned phase)
{
    const double angle = desk->signal.voltage_deg[phase] * (TURN / 360.0);
    struct lab_vector u = {desk->signal.voltage_v[phase] * cos(angle),
                           desk->signal.voltage_v[phase] * sin(angle)};
    if (desk->meter->front_end.options.aron) {
        const double common = desk->signal.voltage_deg[1] * (TURN / 360.0);
        u.re -= desk->signal.voltage_v[1] * cos(common);
        u.im -= desk->signal.voltage_v[1] * sin(common);
    }
    return u;
}

static void truth(struct desk_bench *desk, unsigned s, struct procedure_reading *out)
{
    const unsigned phase = desk->meter->front_end.options.aron && s == 1u ? 2u : s;
    const struct lab_vector u = terminal(desk, phase);
    const double wrong = 0.01 * desk->reference_pct;
    const double lag = desk->signal.phi_deg[phase] - desk->signal.voltage_deg[phase];
    const double angle = atan2(u.im, u.re) + lag * (TURN / 360.0) +
                         (wrong > 0.0 ? wrong / ANGLE_AT_05I * normal(&desk->random) : 0.0);
    const double apparent_va = hypot(u.re, u.im) * desk->signal.current_a[phase] *
                               (wrong > 0.0 ? 1.0 + wrong * normal(&desk->random) : 1.0);
    out->true_voltage_v = hypot(u.re, u.im);
    out->true_voltage_deg = atan2(u.im, u.re) * (360.0 / TURN);
    out->true_active_w = apparent_va * cos(angle);
    out->true_reactive_var = apparent_va * sin(angle);
}

static void energies_add(const struct desk_meter *meter, double sign,
                         struct procedure_measured *out)
{
    for (unsigned s = 0; s < meter->front_end.options.systems; s++) {
        out->system[s].register_w += sign * desk_meter_active_j(meter, s);
        out->system[s].register_var += sign * desk_meter_reactive_j(meter, s);
    }
}

static void instant_add(const struct desk_meter *meter, double share,
                        struct procedure_measured *out)
{
    struct legal_instant instant;
    legal_instant(&meter->legal, &instant);
    for (unsigned s = 0; s < meter->front_end.options.systems; s++) {
        const struct legal_phase *phase = &instant.phase[s];
        struct procedure_reading *r = &out->system[s];
        r->instant_w += share * 1e-3 * phase->active_mw;
        r->instant_var += share * 1e-3 * phase->reactive_mvar;
        r->voltage_v += share * 1e-3 * phase->voltage_mv;
        r->current_a += share * 1e-6 * phase->current_ua;
        r->temperature_c += share * 1e-2 * phase->temperature_cc;
        r->frequency_hz += share * 1e-6 * phase->frequency_uhz;
    }
}

static int measure(void *context, double seconds, struct procedure_measured *out)
{
    struct desk_bench *desk = context;
    struct desk_meter *meter = desk->meter;
    const unsigned whole_s = (unsigned)fmax(ceil(seconds), 1.0);
    double began_s[LEGAL_SYSTEMS];
    memset(out, 0, sizeof *out);
    memcpy(began_s, meter->window_s, sizeof began_s);
    energies_add(meter, -1.0, out);
    for (unsigned w = 1; w <= DESK_METER_ROUNDS_HZ * whole_s; w++) {
        desk_meter_round(meter);
        if (w % DESK_METER_ROUNDS_HZ == 0) {
            instant_add(meter, 1.0 / whole_s, out);
        }
    }
    energies_add(meter, 1.0, out);
    out->true_frequency_hz = desk->signal.frequency_hz;
    for (unsigned s = 0; s < meter->front_end.options.systems; s++) {
        out->system[s].register_w /= meter->window_s[s] - began_s[s];
        out->system[s].register_var /= meter->window_s[s] - began_s[s];
        truth(desk, s, &out->system[s]);
    }
    return DESK_OK;
}

/** ---- bench --------------------------------------------------------------------------------- */

void desk_bench_functions(struct desk_bench *desk, struct procedure_bench *out)
{
    *out = (struct procedure_bench){
        .context = desk,
        .systems = desk->meter->front_end.options.systems,
        .source = source,
        .chamber = chamber,
        .measure = measure,
        .constants_read = constants_read,
        .constants_write = constants_write,
        .restart = restart,
    };
}

const char *desk_bench_calibrate(struct desk_bench *desk, const struct procedure_point *point,
                                 size_t n, struct procedure_report *report)
{
    struct procedure_bench bench;
    enum calibration_err why = CALIBRATION_OK;
    desk_bench_functions(desk, &bench);
    switch (procedure_run(&bench, point, n, false, report, &why)) {
    case PROCEDURE_OK: return NULL;
    case PROCEDURE_ERR_BENCH: return desk_text[report->bench];
    case PROCEDURE_ERR_POINTS: return "the table lacks a load or a point without current";
    case PROCEDURE_ERR_READINGS: return calibration_err_text(why);
    }
    return "unknown";
}
