/**
 * The virtual front end: what stands between the terminals and the measuring systems' inputs.
 *
 * One seed is one physical meter: every property of its sensors and converters is drawn from the
 * distributions of one table (front_end_draws; explained in docs/front-end.md).  What comes out is
 * what a board delivers: ADC codes of each system at its own sample clock, and the reading of its
 * temperature sensor.  A front end is a value; no heap, no state elsewhere.
 *
 * All linear effects are applied in closed form, as a complex factor on each line of the test
 * signal's spectrum; only noise, INL, quantisation and clipping work on samples.  The alternative
 * FRONT_END_OVERSAMPLING makes the modulator's 16 samples for each and filters them with sinc^3,
 * which proves the closed form (tests/lab/test_front_end.c).
 * Source: spec metrology 3.2, 3.3, 3.5 and 4.2.
 */
#ifndef OPEN382_LAB_FRONT_END_H
#define OPEN382_LAB_FRONT_END_H

#include "stimulus.h"

#define FRONT_END_FULL_SCALE_V       700.0 /**< nominal; 2^23 steps */
#define FRONT_END_FULL_SCALE_A       250.0
#define FRONT_END_OVERSAMPLING_RATIO 16u
#define FRONT_END_SHUNT_OHM          200e-6
#define FRONT_END_REFERENCE_C        23.0 /**< temperature at which drift is zero */
/** Half of the lines may be one phase's gated current, half another's voltages and tones. */
#define FRONT_END_LINES_MAX    (STIMULUS_LINES_MAX + LAB_HARMONICS_MAX + 8u)
#define FRONT_END_FLICKER_ROWS 10u

/** Every effect can be left out, singly. */
enum front_end_effect {
    FRONT_END_GAIN = 1u << 0,            /**< of divider and shunt as made */
    FRONT_END_SKEW = 1u << 1,            /**< current sampled later than voltage */
    FRONT_END_RC = 1u << 2,              /**< anti-alias filters, first order */
    FRONT_END_INDUCTANCE = 1u << 3,      /**< of the shunt: 1 + j*w*L/R; loop of its sense leads */
    FRONT_END_SHUNT_DRIFT = 1u << 4,     /**< TCR of the shunt, at its temperature; in a field */
    FRONT_END_SELF_HEATING = 1u << 5,    /**< the shunt, and a part of it the board */
    FRONT_END_DIVIDER_DRIFT = 1u << 6,   /**< at the board's temperature */
    FRONT_END_REFERENCE_DRIFT = 1u << 7, /**< of the ADC's reference: both channels */
    FRONT_END_OFFSET = 1u << 8,
    FRONT_END_NOISE = 1u << 9,    /**< white */
    FRONT_END_FLICKER = 1u << 10, /**< 1/f noise of the current channel */
    FRONT_END_INL = 1u << 11,
    FRONT_END_DROOP = 1u << 12,           /**< sinc^3, aliases included */
    FRONT_END_CROSSTALK_OWN = 1u << 13,   /**< voltage to current of the same system */
    FRONT_END_CROSSTALK_OTHER = 1u << 14, /**< voltages of the neighbours to current */
    FRONT_END_QUANTISATION = 1u << 15,    /**< off: the rounding error goes into the next code */
    FRONT_END_CLIPPING = 1u << 16,        /**< off: codes may leave the ADC's 24 bits */
    FRONT_END_CLOCK = 1u << 17,           /**< sample clock's error */
    FRONT_END_SENSOR = 1u << 18,          /**< temperature sensor's own error */
    FRONT_END_PHYSICAL = (1u << 19) - 1u, /**< all of the above: a real meter */
    FRONT_END_OVERSAMPLING = 1u << 19,    /**< 128 kHz modulator and decimator, slower */
    FRONT_END_MISSING = 1u << 20,         /**< samples lost on the way, by options */
};

struct front_end_options {
    unsigned effects; /**< set of enum front_end_effect */
    unsigned systems; /**< 1, 2 or 3 */
    bool aron;        /**< two systems: U12 with I1, U32 with I3 */
    double missing_ppm;
};

/** What was drawn for one measuring system.  Units in the names; deviations are relative to 1. */
struct front_end_sensor {
    double voltage_gain_pct, current_gain_pct;
    double skew_us, voltage_rc_us, current_rc_us, inductance_us;
    double pickup_mm2;   /**< area of the loop that the shunt's sense leads make */
    double field_ppm_t2; /**< of the shunt's resistance in a magnetic field, per square tesla */
    double shunt_ppm_k, divider_ppm_k, reference_ppm_k;
    double heating_k_w, heating_s, board_share;
    double voltage_offset_v, current_offset_a, current_offset_a_k;
    double voltage_noise_v, current_noise_a, flicker_hz;
    double voltage_inl_ppm, current_inl_ppm;
    /** of this system's voltage [0], the next [1] and the one after [2]; of full scales */
    double crosstalk_db[LAB_PHASES], crosstalk_deg[LAB_PHASES];
    double clock_ppm;
    double sensor_offset_k, sensor_gain_pct;
};

enum front_end_distribution {
    FRONT_END_UNIFORM, /**< low .. high */
    FRONT_END_SIGNED,  /**< size low .. high, either sign */
};

/** One property: a row of the only table of distributions. */
struct front_end_draw {
    const char *name, *unit;
    enum front_end_distribution distribution;
    double low, high;
    size_t offset; /**< of the double in struct front_end_sensor */
};
extern const struct front_end_draw front_end_draws[];
extern const size_t front_end_n_draws;

/** Inside: a spectral line as a system sees it. */
struct front_end_line {
    double order, frequency_hz;
    struct lab_vector v[LAB_PHASES]; /**< ADC steps peak, share of each supply phase's voltage */
    struct lab_vector x[LAB_PHASES]; /**< crosstalk into the current, likewise */
    struct lab_vector i;             /**< ADC steps peak */
};

struct front_end_system {
    struct front_end_sensor sensor; /**< public: tests compare with it; the meter never sees it */
    /* inside */
    struct front_end_line line[FRONT_END_LINES_MAX];
    size_t n_lines;
    double v_dc[LAB_PHASES], i_dc; /**< ADC steps */
    double current_squared;        /**< of the lines and dc: A^2 rms */
    double period_s;
    int64_t index; /**< of the next sample */
    int64_t next_missing;
    double rise_k; /**< of the shunt above ambient */
    double flicker_row[FRONT_END_FLICKER_ROWS];
    uint64_t random, flicker_random, missing_random;
    double v_residue, i_residue;
};

struct front_end {
    uint64_t seed;
    struct front_end_options options;
    struct stimulus stimulus;
    double connected_s, connected_turns;
    double ambient_c;
    struct front_end_system system[LAB_PHASES];
};

/** Make the meter of this seed; nothing is connected, ambient is 23 degrees, time is zero. */
void front_end_start(struct front_end *front_end, uint64_t seed,
                     const struct front_end_options *options);

/**
 * Connect a test signal; its time begins now (where the system ahead of the others stands).  The
 * fundamental goes on in phase, so a meter sees a step in size, never a jump of the mains.
 */
void front_end_connect(struct front_end *front_end, const struct stimulus *stimulus);

void front_end_ambient(struct front_end *front_end, double ambient_c);

/** Let the shunts heat up or cool down under the present signal without making samples. */
void front_end_soak(struct front_end *front_end, double seconds);

/** The next n codes of a system, 0 .. systems-1.  Systems advance one by one, each on its clock. */
void front_end_samples(struct front_end *front_end, unsigned system, size_t n, int32_t *v_lsb,
                       int32_t *i_lsb);

/** True time of a system's next sample since start. */
double front_end_time_s(const struct front_end *front_end, unsigned system);

/** What the system's temperature sensor says, 1/100 degree. */
int16_t front_end_temperature_cc(const struct front_end *front_end, unsigned system);

/** True temperatures, for tests. */
double front_end_shunt_c(const struct front_end *front_end, unsigned system);
double front_end_board_c(const struct front_end *front_end, unsigned system);

/** |H| of the decimator at a frequency (discrete sinc^3, 16 x 8 kHz); its delay counts as zero. */
double front_end_droop(double frequency_hz);

/**
 * Complex gain of one channel of a system at a frequency, effects in force, drift left out: what
 * a sine of that frequency becomes, relative to the nominal scale.
 */
struct lab_vector front_end_response(const struct front_end *front_end, unsigned system,
                                     enum stimulus_channel channel, double frequency_hz);

#endif
