/**
 * From readings against a reference standard to a meter's constants.
 *
 * Pure mathematics: what a calibration bench does with a meter of which it sees nothing but its own
 * registers and instantaneous values.  One system (phase) at a time.
 *
 * Model, with S = P + jQ as read and as it is:
 *   S_read = K * exp(j*d) * S_true + (g + jb) * U^2 + U * conj(Y1 * U1 + Y2 * U2)
 * K is the gain, d the angle by which the current channel is late, g + jb the admittance that
 * crosstalk looks like, Y1 and Y2 those of the neighbours' voltages.  All readings are solved for
 * these together by least squares.
 * Source: spec metrology 3.1, 3.2, 3.3 and 3.5.
 */
#ifndef OPEN382_HOST_CALIBRATION_H
#define OPEN382_HOST_CALIBRATION_H

#include <stddef.h>
#include <stdint.h>

#define CALIBRATION_TAPS       8u
#define CALIBRATION_SYSTEMS    3u
#define CALIBRATION_NEIGHBOURS 2u

enum calibration_err {
    CALIBRATION_OK = 0,
    CALIBRATION_ERR_READINGS =
        -1,                     /**< too few, or they don't tell gain, delay and crosstalk apart */
    CALIBRATION_ERR_GAIN = -2,  /**< a gain is more than 25 % off: not this type of meter */
    CALIBRATION_ERR_DELAY = -3, /**< delay outside -60 .. +140 us: no filter for it */
    CALIBRATION_ERR_CROSSTALK = -4, /**< beyond -60 dB */
    CALIBRATION_ERR_DRIFT = -5,     /**< beyond 120 ppm/K or so */
    CALIBRATION_ERR_HEATING = -6,   /**< beyond 0.5 % at 100 A */
    CALIBRATION_ERR_CLOCK = -7,     /**< beyond 500 ppm */
};

/** Line for people; "" for CALIBRATION_OK. */
const char *calibration_err_text(enum calibration_err err);

/** Error of a gain at d hundredths of a kelvin from the reference temperature:
 *  d * (linear * 2^-40 + d * (quadratic * 2^-54 + d * cubic * 2^-68)). */
struct calibration_drift_terms {
    int32_t linear_q40, quadratic_q54, cubic_q68;
};

/** Constants of one system, as the meter keeps them (struct legal_calibration). */
struct calibration_constants {
    uint32_t power_gain, voltage_gain, current_gain;
    int32_t crosstalk_g_q40, crosstalk_b_q40; /**< of the sum of u*u, 2^-40 */
    uint32_t current_noise_lsb2;
    int32_t voltage_fir_q28[CALIBRATION_TAPS];
    uint8_t current_delay_samples;
    int16_t reference_cc; /**< temperature at which both drifts are zero, 1/100 degree */
    struct calibration_drift_terms power_drift, voltage_drift;
    uint16_t heating_s;  /**< time constant of the shunt's self-heating; 0: not compensated */
    int32_t heating_q64; /**< power error, 2^-64 per step of smoothed mean square current */
    int32_t clock_ppb;   /**< of the sample clock; positive: it runs fast */
    /** what the voltage of the next system [0] and of the one after it [1] adds to the current, ADC
     *  steps in ADC steps, 2^-40 */
    int32_t neighbour_re_q40[CALIBRATION_NEIGHBOURS], neighbour_im_q40[CALIBRATION_NEIGHBOURS];
};

/** What all meters of a type have in common. */
struct calibration_type {
    uint32_t power_gain_nominal, voltage_gain_nominal, current_gain_nominal;
    double full_scale_v, full_scale_a, full_scale_lsb; /**< peak */
    double sample_hz;
    unsigned decimation;                 /**< of the sinc^3 decimators; 0: no droop */
    double voltage_rc_us, current_rc_us; /**< anti-alias filters, first order */
};

/** The 382 and 162M as modelled here. */
extern const struct calibration_type calibration_type_382;

/** What stands before anything is known about a meter. */
void calibration_constants_nominal(const struct calibration_type *type,
                                   struct calibration_constants *out);

/** One point: what was fed (by the reference) and what the meter read, means over the same time. */
struct calibration_reading {
    double voltage_v, current_a, phi_deg, frequency_hz;
    /** From energy registers over true time where there is load (then the sample clock's error is
     *  in the gain); instantaneous values where there is none.  NAN: not read. */
    double read_active_w, read_reactive_var;
    double read_voltage_v, read_current_a;
    /** Voltage of the next system and of the one after it as their own ADCs have it (what they
     * read, with a gain of one), and its angle ahead of this system's; 0: not there, or not looked
     * at. */
    double neighbour_v[CALIBRATION_NEIGHBOURS], neighbour_deg[CALIBRATION_NEIGHBOURS];
    double read_frequency_hz; /**< 0: not read, the clock's constant stays */
};

/** What was found, for the protocol of the calibration. */
struct calibration_report {
    double power_pct, voltage_pct, current_pct; /**< error of the meter as it was */
    double delay_us;                    /**< of the current channel, filter in use included */
    double crosstalk_db, crosstalk_deg; /**< of full scales, as it was */
    double noise_a;
    double residual_ppm; /**< largest disagreement of a loaded reading with the model */
    double neighbour_db[CALIBRATION_NEIGHBOURS], neighbour_deg[CALIBRATION_NEIGHBOURS];
    double clock_ppm;
    double turned_rad; /**< the new voltage filter delays the mains further by this angle */
    /* found at other temperatures; 0 where that was not looked for */
    double drift_ppm_k, drift_left_ppm; /**< of power: steepest of the points; worst one's rest */
    double heating_ppm, heating_s;      /**< at the current of that point, for ever */
};

/**
 * Compute the constants of one system.
 *
 * Needed: readings at load that differ in phi by 10 degrees or more, or give reactive power as
 * well, and one without current.  Of harmonic-free signals.  Where readings name neighbours, as
 * many readings without current as there are systems, with other angles between the voltages:
 * equally spaced in either order, and all in phase.
 * @param in_use  constants with which the readings were taken
 * @param report  may be NULL
 */
enum calibration_err calibration_compute(const struct calibration_type *type,
                                         const struct calibration_constants *in_use,
                                         const struct calibration_reading *reading, size_t n,
                                         struct calibration_constants *out,
                                         struct calibration_report *report);

/**
 * Voltage filter for a current channel that is late by delay_us at frequency_hz: matches the delay
 * and gives back the droop of both channels, so that the power of each harmonic is right.  Its gain
 * is one at frequency_hz.
 */
enum calibration_err calibration_filter(const struct calibration_type *type, double delay_us,
                                        double frequency_hz, struct calibration_constants *out);

/** Complex response of a filter at a frequency. */
void calibration_filter_response(const struct calibration_type *type,
                                 const struct calibration_constants *constants, double frequency_hz,
                                 double *re, double *im);

/**
 * Neighbours delay their voltage further by what their own new filters do: turn what was found of
 * them along.
 * @param turned_rad  report.turned_rad of the next system and of the one after it
 */
void calibration_neighbours_turn(struct calibration_constants *constants,
                                 const double turned_rad[CALIBRATION_NEIGHBOURS]);

/** Drift of power, in ppm: linear * d + quadratic * d^2 + cubic * d^3, d from the reference. */
struct calibration_drift {
    double reference_c; /**< what the meter's sensor read when its gain was calibrated */
    double linear_ppm_k, quadratic_ppm_k2, cubic_ppm_k3;
};
struct calibration_drift_point {
    double temperature_c; /**< as the meter's own sensor reads it */
    double error_ppm;     /**< of power, on top of the error at the reference */
};

/**
 * Find the drift from points at other temperatures.  One gives the linear term; two give linear and
 * cubic, as shunt and divider are straight and a reference is an S (take unlike distances from the
 * reference: -30 and 45 degrees); three and more give all.
 */
enum calibration_err calibration_drift_fit(double reference_c,
                                           const struct calibration_drift_point *point, size_t n,
                                           struct calibration_drift *out);

/** The error that the drift has at a temperature that the meter's sensor reads. */
double calibration_drift_ppm(const struct calibration_drift *drift, double temperature_c);

/** As the meter keeps it.  @return CALIBRATION_ERR_DRIFT: beyond what it takes */
enum calibration_err calibration_drift_terms(const struct calibration_drift *drift,
                                             struct calibration_drift_terms *out);

/** The relative error that a meter takes off with these terms; reference_cc is the constants'. */
double calibration_drift_of(const struct calibration_drift_terms *terms, int16_t reference_cc,
                            double temperature_c);

/** Self-heating: error_ppm = rest + size * (1 - exp(-t / time)). */
struct calibration_heating {
    double size_ppm, time_s;
};
struct calibration_heating_point {
    double seconds;   /**< since the current was switched on, shunt cold */
    double error_ppm; /**< of power, less the drift at the sensor's temperature */
};

/** Find the self-heating; the time constant is looked for in 80 .. 360 s.  Needs three points. */
enum calibration_err calibration_heating_fit(const struct calibration_heating_point *point,
                                             size_t n, struct calibration_heating *out);

/** Put it into constants (whose current gain is right): found at that current. */
enum calibration_err calibration_heating_put(const struct calibration_type *type,
                                             const struct calibration_heating *heating,
                                             double current_a, struct calibration_constants *out);

/** What a meter with these constants takes off after so long at that current from cold, ppm. */
double calibration_heating_ppm(const struct calibration_type *type,
                               const struct calibration_constants *constants, double current_a,
                               double seconds);

#endif
