/** The voltage filter: eight taps that match delay and droop. */
#include <math.h>

#include "calibration.h"
#include "calibration_inside.h"

#define TURN          6.283185307179586
#define ONE_Q28       268435456.0
#define CENTRE        3u /* samples that the current waits: room on both sides of the match */
#define DELAY_LOW_US  (-60.0)
#define DELAY_HIGH_US 140.0
/** The powers of harmonics are made right up to here; beyond, the filter falls to nothing at half
 * the sample rate, so that its taps stay small (a meter takes sizes that add up to three). */
#define BAND_HZ       1200.0
#define STEP_HZ       25.0
#define MAINS_LOW_HZ  40.0
#define MAINS_HIGH_HZ 70.0
#define MAINS_WEIGHT  30.0
#define BEYOND_WEIGHT 0.01
#define PASSES        3u

/** Response of taps as they are. */
static void response(const struct calibration_type *type, const double *tap, double hz, double *re,
                     double *im)
{
    *re = *im = 0.0;
    for (unsigned k = 0; k < CALIBRATION_TAPS; k++) {
        const double angle = TURN * hz / type->sample_hz * k;
        *re += tap[k] * cos(angle);
        *im -= tap[k] * sin(angle);
    }
}

void calibration_filter_response(const struct calibration_type *type,
                                 const struct calibration_constants *constants, double frequency_hz,
                                 double *re, double *im)
{
    double tap[CALIBRATION_TAPS];
    for (unsigned k = 0; k < CALIBRATION_TAPS; k++) {
        tap[k] = constants->voltage_fir_q28[k] / ONE_Q28;
    }
    response(type, tap, frequency_hz, re, im);
}

static double sinc3(const struct calibration_type *type, double frequency_hz)
{
    if (type->decimation == 0 || frequency_hz == 0.0) {
        return 1.0;
    }
    const double n = (double)type->decimation;
    const double x = 0.5 * TURN * frequency_hz / (type->sample_hz * n);
    return pow(sin(n * x) / (n * sin(x)), 3.0);
}

/** What both channels together take from a harmonic's power. */
static double droop(const struct calibration_type *type, double frequency_hz)
{
    const double v = TURN * frequency_hz * type->voltage_rc_us * 1e-6;
    const double i = TURN * frequency_hz * type->current_rc_us * 1e-6;
    const double sinc = sinc3(type, frequency_hz);
    return sinc * sinc / sqrt((1.0 + v * v) * (1.0 + i * i));
}

/** By how much the filters alone make the current late, in rad. */
static double rc_lag(const struct calibration_type *type, double frequency_hz)
{
    const double w = TURN * frequency_hz * 1e-6;
    return atan(w * type->current_rc_us) - atan(w * type->voltage_rc_us);
}

struct aim {
    double skew_s;       /**< delay that the filters don't explain */
    double reference_hz; /**< where the gain is one */
};

static void aim_at(const struct calibration_type *type, const struct aim *aim, double hz,
                   struct calibration_equations *equations)
{
    double cosines[CALIBRATION_TAPS], sines[CALIBRATION_TAPS];
    const double w = TURN * hz;
    const double held_hz = hz < BAND_HZ ? hz : BAND_HZ;
    const double past = fmax(hz - BAND_HZ, 0.0) / (type->sample_hz / 2.0 - BAND_HZ);
    const double size =
        droop(type, aim->reference_hz) / droop(type, held_hz) * cos(0.25 * TURN * past);
    const double lag = w * (CENTRE / type->sample_hz + aim->skew_s) + rc_lag(type, hz);
    double weight = hz <= BAND_HZ ? sqrt(50.0 / fmax(hz, 50.0)) : BEYOND_WEIGHT;
    weight = hz >= MAINS_LOW_HZ && hz <= MAINS_HIGH_HZ ? MAINS_WEIGHT : weight;
    for (unsigned k = 0; k < CALIBRATION_TAPS; k++) {
        cosines[k] = cos(w / type->sample_hz * k);
        sines[k] = -sin(w / type->sample_hz * k);
    }
    calibration_equations_add(equations, cosines, size * cos(lag), weight);
    calibration_equations_add(equations, sines, -size * sin(lag), weight);
}

static bool design(const struct calibration_type *type, const struct aim *aim, double *tap)
{
    struct calibration_equations equations = {.n = CALIBRATION_TAPS};
    for (double hz = STEP_HZ; hz < type->sample_hz / 2.0; hz += STEP_HZ) {
        aim_at(type, aim, hz, &equations);
    }
    for (double hz = MAINS_LOW_HZ + 2.5; hz < MAINS_HIGH_HZ; hz += 2.5) {
        aim_at(type, aim, hz, &equations);
    }
    return calibration_equations_solve(&equations, tap);
}

enum calibration_err calibration_filter(const struct calibration_type *type, double delay_us,
                                        double frequency_hz, struct calibration_constants *out)
{
    const double omega = TURN * frequency_hz;
    const double wanted_s = CENTRE / type->sample_hz + delay_us * 1e-6;
    struct aim aim = {delay_us * 1e-6 - rc_lag(type, frequency_hz) / omega, frequency_hz};
    double tap[CALIBRATION_TAPS], re, im;
    if (!(delay_us >= DELAY_LOW_US && delay_us <= DELAY_HIGH_US)) {
        return CALIBRATION_ERR_DELAY;
    }
    /* least squares leaves some nanoseconds at the mains: aim beside it by as much */
    for (unsigned pass = 0; pass < PASSES; pass++) {
        if (!design(type, &aim, tap)) {
            return CALIBRATION_ERR_DELAY;
        }
        response(type, tap, frequency_hz, &re, &im);
        aim.skew_s += remainder(atan2(im, re) + omega * wanted_s, TURN) / omega;
    }
    for (unsigned k = 0; k < CALIBRATION_TAPS; k++) {
        out->voltage_fir_q28[k] = (int32_t)lrint(tap[k] / hypot(re, im) * ONE_Q28);
    }
    out->current_delay_samples = CENTRE;
    return CALIBRATION_OK;
}
