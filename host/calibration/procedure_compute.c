/** From what was measured to the constants of all systems. */
#include <math.h>
#include <string.h>

#include "procedure_inside.h"

/** Below this the registers move in blocks of a second. */
#define REGISTER_VA 30.0
#define PRESENT_V   1.0
#define LOADED_VA   1.0
#define TURN        6.283185307179586

static const struct calibration_type *const type = &calibration_type_382;

static double settled(double by_register, double instant)
{
    return fabs(instant) >= REGISTER_VA ? by_register : instant;
}

double procedure_active_w(const struct procedure_reading *reading)
{
    return settled(reading->register_w, reading->instant_w);
}

/** ---- what the meter would have read without its drift terms ----------------------------------
 */

/** Factor that the constants in use took off power (voltage) at the temperature of a reading. */
static double power_taken(const struct calibration_constants *in_use,
                          const struct procedure_reading *reading)
{
    return 1.0 +
           calibration_drift_of(&in_use->power_drift, in_use->reference_cc, reading->temperature_c);
}

static double voltage_taken(const struct calibration_constants *in_use,
                            const struct procedure_reading *reading)
{
    return 1.0 + calibration_drift_of(&in_use->voltage_drift, in_use->reference_cc,
                                      reading->temperature_c);
}

/** Read over true, as without drift terms. */
static double power_ratio(const struct calibration_constants *in_use,
                          const struct procedure_reading *reading)
{
    return procedure_active_w(reading) * power_taken(in_use, reading) / reading->true_active_w;
}

static double voltage_ratio(const struct calibration_constants *in_use,
                            const struct procedure_reading *reading)
{
    return reading->voltage_v * voltage_taken(in_use, reading) / reading->true_voltage_v;
}

/** ---- gains, delay, crosstalk --------------------------------------------------------------- */

/** Can own and neighbours' crosstalk be told apart? */
static bool neighbours_told(const struct procedure *p)
{
    return p->bench->systems > 1u && p->n_open >= p->bench->systems;
}

static void neighbours_of(const struct procedure *p, const struct procedure_measured *measured,
                          unsigned s, struct calibration_reading *out)
{
    const unsigned systems = p->bench->systems;
    for (unsigned m = 0; m + 1u < systems; m++) {
        const unsigned k = (s + 1u + m) % systems;
        const struct procedure_reading *there = &measured->system[k];
        const struct calibration_constants *in_use = &p->report->before[k];
        const double gain = (double)in_use->voltage_gain / type->voltage_gain_nominal;
        out->neighbour_v[m] = there->voltage_v * voltage_taken(in_use, there) / gain;
        out->neighbour_deg[m] = there->true_voltage_deg - measured->system[s].true_voltage_deg;
    }
}

/** @return false: this system had no voltage at that point. */
static bool reading_of(const struct procedure *p, const struct procedure_measured *measured,
                       unsigned s, struct calibration_reading *out)
{
    const struct procedure_reading *r = &measured->system[s];
    const struct calibration_constants *in_use = &p->report->before[s];
    const double apparent_va = hypot(r->true_active_w, r->true_reactive_var);
    const double power = power_taken(in_use, r), voltage = voltage_taken(in_use, r);
    if (r->true_voltage_v < PRESENT_V) {
        return false;
    }
    memset(out, 0, sizeof *out);
    out->voltage_v = r->true_voltage_v;
    out->current_a = apparent_va < LOADED_VA ? 0.0 : apparent_va / r->true_voltage_v;
    out->phi_deg = atan2(r->true_reactive_var, r->true_active_w) * (360.0 / TURN);
    out->frequency_hz = measured->true_frequency_hz;
    /* which of the two is settled is the same for both: they belong to one reading */
    const bool by_register = hypot(r->instant_w, r->instant_var) >= REGISTER_VA;
    out->read_active_w = power * (by_register ? r->register_w : r->instant_w);
    out->read_reactive_var = power * settled(r->register_var, r->instant_var);
    out->read_voltage_v = voltage * r->voltage_v;
    out->read_current_a = power / voltage * r->current_a;
    out->read_frequency_hz = r->frequency_hz;
    if (neighbours_told(p)) {
        neighbours_of(p, measured, s, out);
    }
    return true;
}

static bool fail(struct procedure *p, unsigned s, enum calibration_err why)
{
    p->err = PROCEDURE_ERR_READINGS;
    p->why = why;
    p->report->refused = s + 1u;
    return false;
}

static bool base_compute(struct procedure *p, unsigned s)
{
    struct calibration_reading reading[PROCEDURE_POINTS_MAX];
    size_t n = 0;
    for (unsigned k = 0; k < p->n_point; k++) {
        n += reading_of(p, &p->point[k], s, &reading[n]) ? 1u : 0u;
    }
    const enum calibration_err err = calibration_compute(
        type, &p->report->before[s], reading, n, &p->report->after[s], &p->report->system[s]);
    return err == CALIBRATION_OK || fail(p, s, err);
}

/** Neighbours' new filters turn their voltages, which the meter's phasors show. */
static void neighbours_turn(struct procedure *p)
{
    const unsigned systems = p->bench->systems;
    for (unsigned s = 0; s < systems; s++) {
        double turned_rad[CALIBRATION_NEIGHBOURS] = {0.0, 0.0};
        for (unsigned m = 0; m + 1u < systems; m++) {
            turned_rad[m] = p->report->system[(s + 1u + m) % systems].turned_rad;
        }
        calibration_neighbours_turn(&p->report->after[s], turned_rad);
    }
}

/** ---- drift --------------------------------------------------------------------------------- */

/** The first loaded point is what gains hold for: its temperature is the reference. */
static const struct procedure_reading *reference_of(const struct procedure *p, unsigned s)
{
    for (unsigned k = 0; k < p->n_point; k++) {
        if (p->point[k].system[s].true_active_w > LOADED_VA) {
            return &p->point[k].system[s];
        }
    }
    return &p->point[0].system[s];
}

typedef double (*ratio_fn)(const struct calibration_constants *, const struct procedure_reading *);

static enum calibration_err drift_compute(const struct procedure *p, unsigned s, ratio_fn ratio,
                                          struct calibration_drift *drift,
                                          struct calibration_drift_terms *out)
{
    struct calibration_drift_point point[PROCEDURE_POINTS_MAX];
    const struct calibration_constants *in_use = &p->report->before[s];
    const struct procedure_reading *reference = reference_of(p, s);
    const double reference_ratio = ratio(in_use, reference);
    for (unsigned k = 0; k < p->n_drift; k++) {
        const struct procedure_reading *r = &p->drift[k].system[s];
        point[k].temperature_c = r->temperature_c;
        point[k].error_ppm = 1e6 * (ratio(in_use, r) / reference_ratio - 1.0);
    }
    const double reference_c = 0.01 * p->report->after[s].reference_cc;
    const enum calibration_err err = calibration_drift_fit(reference_c, point, p->n_drift, drift);
    return err == CALIBRATION_OK ? calibration_drift_terms(drift, out) : err;
}

static void drift_report(const struct procedure *p, unsigned s,
                         const struct calibration_drift *drift, struct calibration_report *report)
{
    const double reference_ratio = power_ratio(&p->report->before[s], reference_of(p, s));
    for (unsigned k = 0; k < p->n_drift; k++) {
        const struct procedure_reading *r = &p->drift[k].system[s];
        const double error_ppm =
            1e6 * (power_ratio(&p->report->before[s], r) / reference_ratio - 1.0);
        const double away_k = fabs(r->temperature_c - drift->reference_c);
        const double left_ppm = error_ppm - calibration_drift_ppm(drift, r->temperature_c);
        report->drift_ppm_k = fmax(report->drift_ppm_k, fabs(error_ppm) / fmax(away_k, 1.0));
        report->drift_left_ppm = fmax(report->drift_left_ppm, fabs(left_ppm));
    }
}

static bool drifts_compute(struct procedure *p, unsigned s)
{
    struct calibration_constants *made = &p->report->after[s];
    struct calibration_drift power, voltage;
    made->reference_cc = (int16_t)lrint(100.0 * reference_of(p, s)->temperature_c);
    memset(&made->power_drift, 0, sizeof made->power_drift);
    memset(&made->voltage_drift, 0, sizeof made->voltage_drift);
    if (p->n_drift == 0) {
        return true;
    }
    enum calibration_err err = drift_compute(p, s, power_ratio, &power, &made->power_drift);
    if (err == CALIBRATION_OK) {
        err = drift_compute(p, s, voltage_ratio, &voltage, &made->voltage_drift);
    }
    if (err != CALIBRATION_OK) {
        return fail(p, s, err);
    }
    drift_report(p, s, &power, &p->report->system[s]);
    return true;
}

/** ---- self-heating -------------------------------------------------------------------------- */

static bool heating_compute(struct procedure *p, unsigned s)
{
    struct calibration_heating_point point[PROCEDURE_SLICES_MAX];
    const struct calibration_constants *in_use = &p->report->before[s];
    struct calibration_constants *made = &p->report->after[s];
    struct calibration_heating heating = {0.0, 0.0};
    made->heating_q64 = 0;
    made->heating_s = 0;
    if (p->n_heating == 0) {
        return true;
    }
    const double reference_ratio = power_ratio(in_use, reference_of(p, s));
    for (unsigned k = 0; k < p->n_heating; k++) {
        const struct procedure_reading *r = &p->heating[k].system[s];
        const double at_s = p->heating_at_s[k];
        const double taken_ppm = calibration_heating_ppm(type, in_use, p->heating_a, at_s);
        const double drift_ppm =
            1e6 * calibration_drift_of(&made->power_drift, made->reference_cc, r->temperature_c);
        point[k].seconds = at_s;
        point[k].error_ppm =
            1e6 * (power_ratio(in_use, r) / reference_ratio - 1.0) + taken_ppm - drift_ppm;
    }
    enum calibration_err err = calibration_heating_fit(point, p->n_heating, &heating);
    if (err == CALIBRATION_OK) {
        err = calibration_heating_put(type, &heating, p->heating_a, made);
    }
    p->report->system[s].heating_ppm = heating.size_ppm;
    p->report->system[s].heating_s = heating.time_s;
    return err == CALIBRATION_OK || fail(p, s, err);
}

bool procedure_compute(struct procedure *p)
{
    p->report->at = "computing the constants";
    for (unsigned s = 0; s < p->bench->systems; s++) {
        if (!base_compute(p, s)) {
            return false;
        }
    }
    neighbours_turn(p);
    for (unsigned s = 0; s < p->bench->systems; s++) {
        if (!drifts_compute(p, s) || !heating_compute(p, s)) {
            return false;
        }
    }
    return true;
}
