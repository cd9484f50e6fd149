/**
 * The calibration of one meter: a table of points, driven through a struct of functions.
 *
 * The procedure knows neither the way to the meter nor the source.  It asks a bench to set signals
 * and temperatures and to measure, computes all constants, writes them once, and measures again.
 * Until that one write the meter works with its old constants, after it with the new ones: there
 * is nothing in between, whenever the procedure is cut off.
 * Source: spec metrology 3.5; MET-06.
 */
#ifndef OPEN382_HOST_CALIBRATION_PROCEDURE_H
#define OPEN382_HOST_CALIBRATION_PROCEDURE_H

#include <stdbool.h>

#include "calibration.h"

/** What the source is to feed; index 0..2 is L1..L3.  Sines. */
struct procedure_signal {
    double frequency_hz;
    double voltage_v[CALIBRATION_SYSTEMS], voltage_deg[CALIBRATION_SYSTEMS]; /**< 0, -120, +120 */
    double current_a[CALIBRATION_SYSTEMS], phi_deg[CALIBRATION_SYSTEMS];     /**< lagging */
};

/** One system over a measurement: what the reference says it got, and what the meter says. */
struct procedure_reading {
    /* truth, at the system's own terminals (in an Aron meter: U12 with I1, U32 with I3) */
    double true_voltage_v, true_voltage_deg; /**< angles of all systems against the same zero */
    double true_active_w, true_reactive_var;
    /* energy registers of this system at the end less those at the start, over true time */
    double register_w, register_var;
    /* means of the instantaneous values, one a second */
    double instant_w, instant_var, voltage_v, current_a, temperature_c;
    double frequency_hz; /**< by this system's own clock; 0: unknown, its clock stays as it is */
};

struct procedure_measured {
    double true_frequency_hz;
    struct procedure_reading system[CALIBRATION_SYSTEMS];
};

/**
 * The bench: source, chamber, reference and the way to the meter.  Functions return 0, or a number
 * of the bench's own on which the procedure ends at once (also how a user breaks off).
 */
struct procedure_bench {
    void *context;
    unsigned systems; /**< 1..3 */
    /** Set a signal and wait until meter and reference have settled (two seconds). */
    int (*source)(void *context, const struct procedure_signal *signal);
    /** Bring meter and surroundings to a temperature; returns when it is reached.  NULL: no
     *  chamber; points at other temperatures are left out, and drift stays uncompensated. */
    int (*chamber)(void *context, double ambient_c);
    /** Measure for about so many seconds of the signal's own time. */
    int (*measure)(void *context, double seconds, struct procedure_measured *out);
    /** Constants of all systems, as in use. */
    int (*constants_read)(void *context, struct calibration_constants *constants);
    /** Write the constants of all systems: all or none. */
    int (*constants_write)(void *context, const struct calibration_constants *constants);
    /** Let the measuring systems start anew, with the constants written. */
    int (*restart)(void *context);
    /** May be NULL.  Seconds of measuring done and planned; before and after each point. */
    void (*progress)(void *context, const char *what, double done_s, double planned_s);
};

enum procedure_kind {
    PROCEDURE_LOAD,    /**< gains and delay, at the reference temperature */
    PROCEDURE_OPEN,    /**< no current: crosstalk of own and neighbours' voltages, noise */
    PROCEDURE_HEATING, /**< large current from cold: measured in slices */
    PROCEDURE_DRIFT,   /**< a load at another temperature */
    PROCEDURE_VERIFY,  /**< after the write (and, for the report, before it) */
};

enum procedure_sequence {
    PROCEDURE_SEQUENCE_123,
    PROCEDURE_SEQUENCE_132,
    PROCEDURE_SEQUENCE_NONE, /**< all voltages in phase */
};

/** One row of the table. */
struct procedure_point {
    const char *what; /**< for people: "10 A, PF 1" */
    enum procedure_kind kind;
    enum procedure_sequence sequence;
    double voltage_v, current_a, phi_deg, ambient_c;
    unsigned seconds;
};

/** The whole calibration: about 35 minutes of measuring and two chamber temperatures. */
extern const struct procedure_point procedure_points_full[];
extern const size_t procedure_n_points_full;

/** Gains, delay and crosstalk only, short: 20 mA then keep 0.2 % or so.  About 3 minutes. */
extern const struct procedure_point procedure_points_short[];
extern const size_t procedure_n_points_short;

/** Does a meter of so many systems on such a bench go through that point? */
bool procedure_applies(const struct procedure_point *point, bool chamber, unsigned systems);

/** Seconds of measuring of all points that apply; points of verification count twice unless dry. */
double procedure_planned_s(const struct procedure_point *point, size_t n, bool chamber,
                           unsigned systems, bool dry);

/** Seconds of measuring that a table takes with three systems on a bench with or without a chamber.
 */
double procedure_seconds(const struct procedure_point *point, size_t n, bool chamber);

#define PROCEDURE_VERIFY_MAX 12u

/** Points of verification; percent of the active power, or of the apparent power where a system has
 *  next to no active one (U12 with I1 in an Aron meter at PF 0.5i). */
struct procedure_verified {
    const char *what;
    double before_pct[CALIBRATION_SYSTEMS], after_pct[CALIBRATION_SYSTEMS];
};

struct procedure_report {
    unsigned systems, n_verified;
    struct procedure_verified verified[PROCEDURE_VERIFY_MAX];
    struct calibration_report system[CALIBRATION_SYSTEMS]; /**< what was found */
    struct calibration_constants before[CALIBRATION_SYSTEMS], after[CALIBRATION_SYSTEMS];
    bool written;     /**< the new constants are in the meter */
    unsigned refused; /**< system (1..3) whose readings could not be used; 0: none */
    const char *at;   /**< the point at which it ended, or the last one */
    int bench;        /**< what the bench returned, when it ended the procedure */
};

enum procedure_err {
    PROCEDURE_OK = 0,
    PROCEDURE_ERR_BENCH = -1,    /**< a function of the bench failed: report->bench, ->at */
    PROCEDURE_ERR_POINTS = -2,   /**< the table lacks a kind of point that is needed */
    PROCEDURE_ERR_READINGS = -3, /**< no constants follow from them: *why, report->refused */
};

/**
 * Calibrate a meter.
 * @param dry     measure and compute only; nothing is written or verified afterwards
 * @param report  filled as far as the procedure came, whatever the result
 * @param why     reason for PROCEDURE_ERR_READINGS; may be NULL
 */
enum procedure_err procedure_run(const struct procedure_bench *bench,
                                 const struct procedure_point *point, size_t n, bool dry,
                                 struct procedure_report *report, enum calibration_err *why);

#endif
