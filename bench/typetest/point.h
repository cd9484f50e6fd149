/**
 * What the type-test bench measures: tests, points, and the limit that holds for a point.
 *
 * A point is one state of source, load and chamber.  Its intrinsic error is compared with a limit,
 * or its difference from the error of another point of the same meter (the base).
 */
#ifndef OPEN382_TYPETEST_POINT_H
#define OPEN382_TYPETEST_POINT_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POINT_NONE SIZE_MAX
#define NO_VALUE   ((double)NAN) /**< a figure that did not come */

/** The rating under test: 3x230/400 V, 0.25-5(100) A, 50 Hz.  In the manner of MID: Imin, Itr. */
#define RATED_V       230.0
#define RATED_HZ      50.0
#define RATED_START_A 0.02
#define RATED_MIN_A   0.25
#define RATED_TR_A    0.5
#define RATED_REF_A   5.0
#define RATED_MAX_A   100.0
#define RATED_IMP_KWH 1000.0
#define RATED_CHAMBER 23.0
#define RATED_SHARE_V                                                                              \
    0.57735026918962576 /**< of a three-wire meter's 230 V: phase to star point                    \
                         */

/** Tests, in the order in which a meter goes through them and the report shows them. */
enum test {
    TEST_LOAD,        /**< intrinsic error, active */
    TEST_REACTIVE,    /**< intrinsic error, reactive */
    TEST_UNBALANCE,   /**< one phase loaded less all loaded */
    TEST_VOLTAGE,     /**< variation */
    TEST_FREQUENCY,   /**< variation */
    TEST_SEQUENCE,    /**< reversed phase sequence */
    TEST_MISSING,     /**< one and two phases interrupted */
    TEST_WAVEFORM,    /**< harmonics, DC, gated and distorted loads */
    TEST_TONE,        /**< inter-harmonics and 2..150 kHz in the current */
    TEST_MAGNET,      /**< magnet on; magnetic induction of external origin */
    TEST_TEMPERATURE, /**< mean coefficient between neighbouring temperatures */
    TEST_START,       /**< starting current */
    TEST_START_UP,    /**< from voltage to metering */
    TEST_NO_LOAD,
    TEST_CONSTANT, /**< LED against register */
    TEST_REPEAT,   /**< repeatability */
    TEST_HEATING,  /**< self-heating */
    TEST_DIPS,     /**< dips and interruptions */
    TEST_OVERCURRENT,
    TEST_COMPOSITE, /**< composite error against the maximum permissible error */
    TESTS
};

struct test_row {
    const char *name;  /**< of --only and of files */
    const char *title; /**< for people */
    const char *unit;
    const char *method;
};
extern const struct test_row test_rows[TESTS];

/** The class under test; each has its twin in IEC 62053-21 (A: 2, B: 1, C: none read). */
enum accuracy { ACCURACY_A, ACCURACY_B, ACCURACY_C, ACCURACIES };

enum connection { CONNECTION_4_WIRE, CONNECTION_ARON, CONNECTION_1_PHASE, CONNECTIONS };
extern const char *const connection_names[CONNECTIONS];

enum power_factor { PF_1, PF_05_IND, PF_08_CAP, PF_025_IND, PF_05_CAP, POWER_FACTORS };

enum wave {
    WAVE_SINE,
    WAVE_FIFTH,
    WAVE_HALF,
    WAVE_FIRED,
    WAVE_BURST,
    WAVE_QUADRIFORM,
    WAVE_PEAKED,
    WAVES
};

enum load { LOAD_BALANCED, LOAD_L1, LOAD_L2, LOAD_L3 };

struct point {
    enum test test;
    double voltage; /**< in parts of Un */
    double current_a;
    double phi_deg;
    double hz;
    double chamber_c;
    enum load load;
    bool exporting, reactive, reversed;
    unsigned missing; /**< bit 0: L1 interrupted, and so on */
    enum wave wave;
    double tone_hz, tone_a;     /**< on top of the current */
    double magnet_mt;           /**< a magnet at the shunts */
    double field_mt, field_deg; /**< alternating: rms, and angle against the voltage of L1 */
    double seconds;             /**< measured at least */
    double rest_s;              /**< without current before, to cool down */
    unsigned repeats;           /**< of repeatability */
    bool core;      /**< part of the core set, which the whole population goes through */
    size_t base;    /**< POINT_NONE: the error itself */
    double divisor; /**< of the difference: kelvins for a coefficient; else 1 */
};

/** A limit for a value; minus and plus are positive, in the test's unit. */
struct limit {
    double minus, plus;
    const char *source;
};

/** The tightest limit that any row of the tables has for this point; false: none has. */
bool limit_of(enum accuracy accuracy, enum connection connection, const struct point *point,
              struct limit *out);

/** Maximum permissible error (MID table 2) at a temperature; for composite errors. */
double limit_mpe(enum accuracy accuracy, double current_a, double chamber_c);

/** Power factor that the angle stands for; POWER_FACTORS: none. */
enum power_factor point_power_factor(const struct point *point);

#endif
