/** What temperature does: drift with the sensor, and the shunt's own heat. */
#include <math.h>

#include "calibration.h"
#include "calibration_inside.h"

#define DRIFT_UNIT_K 50.0
#define TERM_MAX     134217728.0 /* 2^27 */
#define Q40          1099511627776.0
#define Q64          18446744073709551616.0
#define CC_A_K       100.0
#define TIME_LOW_S   80.0
#define TIME_HIGH_S  360.0
#define TIME_STEP    1.02
#define HEATING_MAX  536870912.0 /* 2^29 */
#define COUNTER_STEP 65536.0

enum calibration_err calibration_drift_fit(double reference_c,
                                           const struct calibration_drift_point *point, size_t n,
                                           struct calibration_drift *out)
{
    struct calibration_equations equations = {.n = n < 3u ? n : 3u};
    double x[CALIBRATION_UNKNOWNS] = {0.0};
    for (size_t k = 0; k < n; k++) {
        /* in units of 50 K, so that the unknowns are of a size */
        const double away = (point[k].temperature_c - reference_c) / DRIFT_UNIT_K;
        const double row[3] = {away, away * away * away, away * away};
        calibration_equations_add(&equations, row, point[k].error_ppm, 1.0);
    }
    if (n == 0 || !calibration_equations_solve(&equations, x)) {
        return CALIBRATION_ERR_READINGS;
    }
    *out = (struct calibration_drift){.reference_c = reference_c,
                                      .linear_ppm_k = x[0] / DRIFT_UNIT_K,
                                      .quadratic_ppm_k2 = x[2] / pow(DRIFT_UNIT_K, 2.0),
                                      .cubic_ppm_k3 = x[1] / pow(DRIFT_UNIT_K, 3.0)};
    return CALIBRATION_OK;
}

double calibration_drift_ppm(const struct calibration_drift *drift, double temperature_c)
{
    const double away = temperature_c - drift->reference_c;
    return away *
           (drift->linear_ppm_k + away * (drift->quadratic_ppm_k2 + away * drift->cubic_ppm_k3));
}

static bool term_put(double value, int32_t *out)
{
    if (!(fabs(value) <= TERM_MAX)) {
        return false;
    }
    *out = (int32_t)lrint(value);
    return true;
}

enum calibration_err calibration_drift_terms(const struct calibration_drift *drift,
                                             struct calibration_drift_terms *out)
{
    const double one = 1e-6 * Q40, step = 16384.0;
    const bool fits =
        term_put(drift->linear_ppm_k * one / CC_A_K, &out->linear_q40) &&
        term_put(drift->quadratic_ppm_k2 * one * step / pow(CC_A_K, 2.0), &out->quadratic_q54) &&
        term_put(drift->cubic_ppm_k3 * one * step * step / pow(CC_A_K, 3.0), &out->cubic_q68);
    return fits ? CALIBRATION_OK : CALIBRATION_ERR_DRIFT;
}

double calibration_drift_of(const struct calibration_drift_terms *terms, int16_t reference_cc,
                            double temperature_c)
{
    const double away_cc = CC_A_K * temperature_c - reference_cc, step = 16384.0;
    return away_cc *
           (terms->linear_q40 +
            away_cc * (terms->quadratic_q54 + away_cc * terms->cubic_q68 / step) / step) /
           Q40;
}

/** ---- self-heating -------------------------------------------------------------------------- */

/** Rest and size for one time constant.  @return sum of squares left; HUGE_VAL: no solution */
static double heating_solve(const struct calibration_heating_point *point, size_t n, double time_s,
                            double *size_ppm)
{
    struct calibration_equations equations = {.n = 2};
    double x[CALIBRATION_UNKNOWNS], left = 0.0;
    for (size_t k = 0; k < n; k++) {
        const double row[2] = {1.0, -expm1(-point[k].seconds / time_s)};
        calibration_equations_add(&equations, row, point[k].error_ppm, 1.0);
    }
    if (!calibration_equations_solve(&equations, x)) {
        return HUGE_VAL;
    }
    for (size_t k = 0; k < n; k++) {
        const double apart = point[k].error_ppm - x[0] + x[1] * expm1(-point[k].seconds / time_s);
        left += apart * apart;
    }
    *size_ppm = x[1];
    return left;
}

enum calibration_err calibration_heating_fit(const struct calibration_heating_point *point,
                                             size_t n, struct calibration_heating *out)
{
    double best = HUGE_VAL;
    if (n < 3u) {
        return CALIBRATION_ERR_READINGS;
    }
    for (double time_s = TIME_LOW_S; time_s <= TIME_HIGH_S; time_s *= TIME_STEP) {
        double size_ppm = 0.0;
        const double left = heating_solve(point, n, time_s, &size_ppm);
        if (left < best) {
            best = left;
            *out = (struct calibration_heating){.size_ppm = size_ppm, .time_s = time_s};
        }
    }
    return best < HUGE_VAL ? CALIBRATION_OK : CALIBRATION_ERR_READINGS;
}

/** Mean square of a current as the meter counts it, steps per sample. */
static double square_of(const struct calibration_type *type,
                        const struct calibration_constants *constants, double current_a)
{
    const double gain = (double)constants->current_gain / type->current_gain_nominal;
    const double lsb = current_a / gain / type->full_scale_a * type->full_scale_lsb;
    return lsb * lsb / COUNTER_STEP;
}

enum calibration_err calibration_heating_put(const struct calibration_type *type,
                                             const struct calibration_heating *heating,
                                             double current_a, struct calibration_constants *out)
{
    const double size_q64 = 1e-6 * heating->size_ppm * Q64 / square_of(type, out, current_a);
    if (!(fabs(size_q64) <= HEATING_MAX)) {
        return CALIBRATION_ERR_HEATING;
    }
    out->heating_q64 = (int32_t)lrint(size_q64);
    out->heating_s = (uint16_t)lrint(heating->time_s);
    return CALIBRATION_OK;
}

double calibration_heating_ppm(const struct calibration_type *type,
                               const struct calibration_constants *constants, double current_a,
                               double seconds)
{
    if (constants->heating_s == 0) {
        return 0.0;
    }
    const double size = constants->heating_q64 / Q64 * square_of(type, constants, current_a);
    return -1e6 * size * expm1(-seconds / constants->heating_s);
}
