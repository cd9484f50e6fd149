/** From readings to gains, delay, crosstalk and noise. */
#include "calibration.h"

#include <math.h>
#include <string.h>

#include "calibration_inside.h"

#define TURN           6.283185307179586
#define Q40            1099511627776.0
#define GAIN_SPAN      0.25
#define CROSSTALK_MAX  1073741824.0 /* 2^-10 of U^2, or of a neighbour's voltage */
#define CLOCK_MAX_PPB  500000.0
#define OWN_UNKNOWNS   4u
#define NOISE_MAX_LSB2 1e8
#define LOADED_A       1e-3
/** Below this current a reading counts by its watts, above by its share. */
#define FLOOR_A        0.02
#define CURRENT_GAIN_A 1.0 /* from here on resolution and noise don't matter */
#define PHI_APART_DEG  10.0

const struct calibration_type calibration_type_382 = {
    .power_gain_nominal = UINT32_C(1592888889),
    .voltage_gain_nominal = UINT32_C(1) << 30,
    .current_gain_nominal = UINT32_C(1) << 30,
    .full_scale_v = 700.0,
    .full_scale_a = 250.0,
    .full_scale_lsb = 8388608.0,
    .sample_hz = 8000.0,
    .decimation = 16,
    .voltage_rc_us = 12.3,
    .current_rc_us = 27.9,
};

const char *calibration_err_text(enum calibration_err err)
{
    switch (err) {
    case CALIBRATION_OK: return "";
    case CALIBRATION_ERR_READINGS:
        return "the readings don't tell gain, delay and crosstalk apart: expected a load at two "
               "power factors and one point without current";
    case CALIBRATION_ERR_GAIN: return "a gain is more than 25 % off: another type of meter?";
    case CALIBRATION_ERR_DELAY: return "the delay is outside -60 .. +140 us: phases exchanged?";
    case CALIBRATION_ERR_CROSSTALK:
        return "more than -60 dB of crosstalk: current at the open point?";
    case CALIBRATION_ERR_DRIFT: return "a drift beyond 120 ppm/K: was the temperature reached?";
    case CALIBRATION_ERR_HEATING:
        return "self-heating of more than 0.5 % at 100 A: was the meter cold at first?";
    case CALIBRATION_ERR_CLOCK: return "the sample clock is more than 500 ppm off";
    }
    return "unknown";
}

void calibration_constants_nominal(const struct calibration_type *type,
                                   struct calibration_constants *out)
{
    memset(out, 0, sizeof *out);
    out->power_gain = type->power_gain_nominal;
    out->voltage_gain = type->voltage_gain_nominal;
    out->current_gain = type->current_gain_nominal;
    out->current_delay_samples = 3;
    out->reference_cc = 2300;
    out->voltage_fir_q28[3] = INT32_C(1) << 28;
}

/** ---- what the readings say ----------------------------------------------------------------- */

/** The unknowns of the model. */
struct solution {
    double gain_re, gain_im;         /**< K * exp(j*d) */
    double conductance, susceptance; /**< g, b in A/V as read */
    double neighbour_re[CALIBRATION_NEIGHBOURS],
        neighbour_im[CALIBRATION_NEIGHBOURS]; /**< Y, A/V */
    double voltage, current;                  /**< read over true */
    double frequency_hz;
};

/** The readings hold a load, an open point, and something that shows the delay. */
static bool readings_suffice(const struct calibration_reading *reading, size_t n)
{
    double low_deg = HUGE_VAL, high_deg = -HUGE_VAL;
    bool open = false, reactive = false;
    for (size_t k = 0; k < n; k++) {
        if (reading[k].current_a < LOADED_A) {
            open = open || reading[k].voltage_v > 0.0;
            continue;
        }
        low_deg = fmin(low_deg, reading[k].phi_deg);
        high_deg = fmax(high_deg, reading[k].phi_deg);
        reactive = reactive || !isnan(reading[k].read_reactive_var);
    }
    return open && (high_deg - low_deg >= PHI_APART_DEG || (reactive && high_deg >= low_deg));
}

/** How many neighbours the readings look at. */
static size_t neighbours_in(const struct calibration_reading *reading, size_t n)
{
    size_t neighbours = 0;
    for (size_t k = 0; k < n; k++) {
        for (size_t m = neighbours; m < CALIBRATION_NEIGHBOURS; m++) {
            neighbours = reading[k].neighbour_v[m] > 0.0 ? m + 1u : neighbours;
        }
    }
    return neighbours;
}

/** Scaled so that all unknowns are about one: admittances in units of 1 uA/V. */
static void reading_rows(const struct calibration_reading *r, double active[CALIBRATION_UNKNOWNS],
                         double reactive[CALIBRATION_UNKNOWNS])
{
    const double phi = r->phi_deg * (TURN / 360.0);
    const double p = r->voltage_v * r->current_a * cos(phi);
    const double q = r->voltage_v * r->current_a * sin(phi);
    const double uu = r->voltage_v * r->voltage_v;
    const double active_row[OWN_UNKNOWNS] = {p, -q, uu * 1e-6, 0.0};
    const double reactive_row[OWN_UNKNOWNS] = {q, p, 0.0, uu * 1e-6};
    memcpy(active, active_row, sizeof active_row);
    memcpy(reactive, reactive_row, sizeof reactive_row);
    for (size_t m = 0; m < CALIBRATION_NEIGHBOURS; m++) {
        const double uv = r->voltage_v * r->neighbour_v[m] * 1e-6;
        const double along = uv * cos(r->neighbour_deg[m] * (TURN / 360.0));
        const double across = uv * sin(r->neighbour_deg[m] * (TURN / 360.0));
        active[OWN_UNKNOWNS + 2u * m] = along;
        active[OWN_UNKNOWNS + 2u * m + 1u] = -across;
        reactive[OWN_UNKNOWNS + 2u * m] = -across;
        reactive[OWN_UNKNOWNS + 2u * m + 1u] = -along;
    }
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0.0;
    for (size_t k = 0; k < n; k++) {
        sum += a[k] * b[k];
    }
    return sum;
}

static double residual_of(const struct calibration_reading *reading, size_t n, const double *x,
                          size_t unknowns)
{
    double active[CALIBRATION_UNKNOWNS], reactive[CALIBRATION_UNKNOWNS], worst_ppm = 0.0;
    for (size_t k = 0; k < n; k++) {
        const struct calibration_reading *r = &reading[k];
        reading_rows(r, active, reactive);
        const double apart = fabs(r->read_active_w - dot(active, x, unknowns));
        const double load = r->voltage_v * r->current_a;
        worst_ppm = r->current_a < LOADED_A ? worst_ppm : fmax(worst_ppm, 1e6 * apart / load);
    }
    return worst_ppm;
}

static bool power_solve(const struct calibration_reading *reading, size_t n, struct solution *out,
                        double *residual_ppm)
{
    const size_t neighbours = neighbours_in(reading, n);
    struct calibration_equations equations = {.n = OWN_UNKNOWNS + 2u * neighbours};
    double active[CALIBRATION_UNKNOWNS], reactive[CALIBRATION_UNKNOWNS];
    double x[CALIBRATION_UNKNOWNS] = {0.0};
    for (size_t k = 0; k < n; k++) {
        const struct calibration_reading *r = &reading[k];
        const double weight = 1.0 / (r->voltage_v * (r->current_a + FLOOR_A));
        reading_rows(r, active, reactive);
        calibration_equations_add(&equations, active, r->read_active_w, weight);
        if (!isnan(r->read_reactive_var)) {
            calibration_equations_add(&equations, reactive, r->read_reactive_var, weight);
        }
    }
    if (!calibration_equations_solve(&equations, x)) {
        return false;
    }
    *residual_ppm = residual_of(reading, n, x, equations.n);
    out->gain_re = x[0];
    out->gain_im = x[1];
    out->conductance = x[2] * 1e-6;
    out->susceptance = x[3] * 1e-6;
    for (size_t m = 0; m < CALIBRATION_NEIGHBOURS; m++) {
        out->neighbour_re[m] = x[OWN_UNKNOWNS + 2u * m] * 1e-6;
        out->neighbour_im[m] = x[OWN_UNKNOWNS + 2u * m + 1u] * 1e-6;
    }
    return true;
}

/** Rms gains: readings weighted by their size. */
static void rms_solve(const struct calibration_reading *reading, size_t n, struct solution *out)
{
    double u_read = 0.0, u_true = 0.0, i_read = 0.0, i_true = 0.0, hz = 0.0;
    for (size_t k = 0; k < n; k++) {
        const struct calibration_reading *r = &reading[k];
        u_read += r->read_voltage_v * r->voltage_v;
        u_true += r->voltage_v * r->voltage_v;
        hz += r->frequency_hz / (double)n;
        if (r->current_a >= CURRENT_GAIN_A) {
            i_read += r->read_current_a * r->current_a;
            i_true += r->current_a * r->current_a;
        }
    }
    out->voltage = u_read / u_true;
    out->current = i_true > 0.0 ? i_read / i_true : 1.0;
    out->frequency_hz = hz;
}

/** Current that the voltages of a reading add, A as read. */
static double crosstalk_of(const struct calibration_reading *r, const struct solution *solution)
{
    /* S = U * conj(I) */
    double re = solution->conductance * r->voltage_v;
    double im = -solution->susceptance * r->voltage_v;
    for (size_t m = 0; m < CALIBRATION_NEIGHBOURS; m++) {
        const double along = r->neighbour_v[m] * cos(r->neighbour_deg[m] * (TURN / 360.0));
        const double across = r->neighbour_v[m] * sin(r->neighbour_deg[m] * (TURN / 360.0));
        re += solution->neighbour_re[m] * along - solution->neighbour_im[m] * across;
        im += solution->neighbour_re[m] * across + solution->neighbour_im[m] * along;
    }
    return hypot(re, im);
}

/** Mean square of the current's noise at the open points, A^2 as read with a gain of one. */
static double noise_squared(const struct calibration_reading *reading, size_t n,
                            const struct solution *solution, double current_gain)
{
    double sum = 0.0, points = 0.0;
    for (size_t k = 0; k < n; k++) {
        if (reading[k].current_a < LOADED_A && !isnan(reading[k].read_current_a)) {
            const double all = reading[k].read_current_a / current_gain;
            const double crosstalk = crosstalk_of(&reading[k], solution) / current_gain;
            sum += all * all - crosstalk * crosstalk;
            points += 1.0;
        }
    }
    return points > 0.0 ? sum / points : 0.0;
}

/** ---- constants ----------------------------------------------------------------------------- */

/** A gain in use divided by what it was found to be off. */
static bool gain_put(uint32_t *gain, uint32_t in_use, uint32_t nominal, double found)
{
    const double wanted = in_use / found;
    if (!(fabs(wanted / nominal - 1.0) <= GAIN_SPAN)) {
        return false;
    }
    *gain = (uint32_t)llrint(wanted);
    return true;
}

/** The filter in use delays the voltage by this against the current's wait, and its gain. */
static double filter_delay(const struct calibration_type *type,
                           const struct calibration_constants *constants, double hz, double *gain)
{
    double re, im;
    const double turns = hz / type->sample_hz * constants->current_delay_samples;
    calibration_filter_response(type, constants, hz, &re, &im);
    const double angle = atan2(im, re) + TURN * turns;
    *gain = hypot(re, im);
    return -remainder(angle, TURN) / (TURN * hz);
}

/**
 * Crosstalk found on top of what is corrected already, in the meter's own units, and turned along
 * with the voltage that the new filter delays further by `angle`.
 */
static bool crosstalk_put(const struct calibration_type *type,
                          const struct calibration_constants *in_use, const struct solution *found,
                          double angle, struct calibration_constants *out)
{
    const double power = (double)in_use->power_gain / type->power_gain_nominal;
    const double voltage =
        (double)in_use->voltage_gain / type->voltage_gain_nominal / found->voltage;
    const double unit = Q40 * type->full_scale_v / type->full_scale_a * voltage * voltage / power;
    const double g = in_use->crosstalk_g_q40 + unit * found->conductance;
    const double b = in_use->crosstalk_b_q40 + unit * found->susceptance;
    const double turned_g = g * cos(angle) + b * sin(angle);
    const double turned_b = b * cos(angle) - g * sin(angle);
    if (!(hypot(g, b) <= CROSSTALK_MAX)) {
        return false;
    }
    out->crosstalk_g_q40 = (int32_t)lrint(turned_g);
    out->crosstalk_b_q40 = (int32_t)lrint(turned_b);
    return true;
}

/** Neighbours found on top of what is corrected already; their own filters are not thought of yet.
 */
static bool neighbours_put(const struct calibration_type *type,
                           const struct calibration_constants *in_use, const struct solution *found,
                           struct calibration_constants *out)
{
    const double power = (double)in_use->power_gain / type->power_gain_nominal;
    const double voltage =
        (double)in_use->voltage_gain / type->voltage_gain_nominal / found->voltage;
    const double unit = Q40 * type->full_scale_v / type->full_scale_a * voltage / power;
    for (size_t m = 0; m < CALIBRATION_NEIGHBOURS; m++) {
        const double re = in_use->neighbour_re_q40[m] + unit * found->neighbour_re[m];
        const double im = in_use->neighbour_im_q40[m] + unit * found->neighbour_im[m];
        if (!(hypot(re, im) <= CROSSTALK_MAX)) {
            return false;
        }
        out->neighbour_re_q40[m] = (int32_t)lrint(re);
        out->neighbour_im_q40[m] = (int32_t)lrint(im);
    }
    return true;
}

void calibration_neighbours_turn(struct calibration_constants *constants,
                                 const double turned_rad[CALIBRATION_NEIGHBOURS])
{
    for (size_t m = 0; m < CALIBRATION_NEIGHBOURS; m++) {
        const double re = constants->neighbour_re_q40[m], im = constants->neighbour_im_q40[m];
        const double along = cos(turned_rad[m]), across = sin(turned_rad[m]);
        constants->neighbour_re_q40[m] = (int32_t)lrint(re * along - im * across);
        constants->neighbour_im_q40[m] = (int32_t)lrint(re * across + im * along);
    }
}

/** A clock that runs fast makes a frequency look low. */
static bool clock_put(const struct calibration_constants *in_use,
                      const struct calibration_reading *reading, size_t n,
                      struct calibration_constants *out)
{
    double sum = 0.0, points = 0.0;
    for (size_t k = 0; k < n; k++) {
        if (reading[k].read_frequency_hz > 0.0) {
            sum += reading[k].frequency_hz / reading[k].read_frequency_hz;
            points += 1.0;
        }
    }
    if (points == 0.0) {
        return true;
    }
    const double ppb = 1e9 * ((1.0 + 1e-9 * in_use->clock_ppb) * sum / points - 1.0);
    if (!(fabs(ppb) <= CLOCK_MAX_PPB)) {
        return false;
    }
    out->clock_ppb = (int32_t)lrint(ppb);
    return true;
}

static void report_fill(const struct calibration_type *type, const struct solution *found,
                        double delay_us, double noise_a2, struct calibration_report *report)
{
    const double admittance = hypot(found->conductance, found->susceptance);
    report->power_pct = 100.0 * (hypot(found->gain_re, found->gain_im) - 1.0);
    report->voltage_pct = 100.0 * (found->voltage - 1.0);
    report->current_pct = 100.0 * (found->current - 1.0);
    report->delay_us = delay_us;
    report->crosstalk_db =
        20.0 * log10(fmax(admittance, 1e-15) * type->full_scale_v / type->full_scale_a);
    /* S = U * conj(I): the current's angle is the opposite */
    report->crosstalk_deg = atan2(-found->susceptance, found->conductance) * (360.0 / TURN);
    report->noise_a = sqrt(fmax(noise_a2, 0.0));
    for (size_t m = 0; m < CALIBRATION_NEIGHBOURS; m++) {
        const double size = hypot(found->neighbour_re[m], found->neighbour_im[m]);
        report->neighbour_db[m] =
            20.0 * log10(fmax(size, 1e-15) * type->full_scale_v / type->full_scale_a);
        report->neighbour_deg[m] =
            atan2(found->neighbour_im[m], found->neighbour_re[m]) * (360.0 / TURN);
    }
}

static bool gains_put(const struct calibration_type *type,
                      const struct calibration_constants *in_use, const struct solution *found,
                      double filter_change, struct calibration_constants *out)
{
    const double power = hypot(found->gain_re, found->gain_im) * filter_change;
    return gain_put(&out->power_gain, in_use->power_gain, type->power_gain_nominal, power) &&
           gain_put(&out->voltage_gain, in_use->voltage_gain, type->voltage_gain_nominal,
                    found->voltage * filter_change) &&
           gain_put(&out->current_gain, in_use->current_gain, type->current_gain_nominal,
                    found->current);
}

static void noise_put(const struct calibration_type *type,
                      const struct calibration_constants *in_use, double noise_a2,
                      struct calibration_constants *out)
{
    const double steps = type->full_scale_lsb / type->full_scale_a;
    const double lsb2 = in_use->current_noise_lsb2 + noise_a2 * steps * steps;
    out->current_noise_lsb2 = (uint32_t)llrint(fmin(fmax(lsb2, 0.0), NOISE_MAX_LSB2));
}

enum calibration_err calibration_compute(const struct calibration_type *type,
                                         const struct calibration_constants *in_use,
                                         const struct calibration_reading *reading, size_t n,
                                         struct calibration_constants *out,
                                         struct calibration_report *report)
{
    struct solution found;
    struct calibration_constants made = *in_use;
    double residual_ppm, old_gain, new_gain;
    if (!readings_suffice(reading, n) || !power_solve(reading, n, &found, &residual_ppm)) {
        return CALIBRATION_ERR_READINGS;
    }
    rms_solve(reading, n, &found);
    const double hz = found.frequency_hz;
    const double angle = atan2(found.gain_im, found.gain_re);
    const double delay_s = angle / (TURN * hz) + filter_delay(type, in_use, hz, &old_gain);
    if (calibration_filter(type, delay_s * 1e6, hz, &made) != CALIBRATION_OK) {
        return CALIBRATION_ERR_DELAY;
    }
    const double turned =
        TURN * hz *
        (filter_delay(type, &made, hz, &new_gain) - filter_delay(type, in_use, hz, &old_gain));
    if (!gains_put(type, in_use, &found, new_gain / old_gain, &made)) {
        return CALIBRATION_ERR_GAIN;
    }
    if (!crosstalk_put(type, in_use, &found, turned, &made) ||
        !neighbours_put(type, in_use, &found, &made)) {
        return CALIBRATION_ERR_CROSSTALK;
    }
    if (!clock_put(in_use, reading, n, &made)) {
        return CALIBRATION_ERR_CLOCK;
    }
    const double current_gain = (double)in_use->current_gain / type->current_gain_nominal;
    const double noise_a2 = noise_squared(reading, n, &found, current_gain);
    noise_put(type, in_use, noise_a2, &made);
    *out = made;
    if (report != NULL) {
        memset(report, 0, sizeof *report);
        report_fill(type, &found, delay_s * 1e6, noise_a2, report);
        report->residual_ppm = residual_ppm;
        report->clock_ppm = 1e-3 * made.clock_ppb;
        report->turned_rad = turned;
    }
    return CALIBRATION_OK;
}
