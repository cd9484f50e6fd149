/**
 * What a calibrated meter keeps: measured against the definition of the signals, at 23 degrees and
 * at others.  The goals are the project's own; a class has wider limits.
 */
#ifndef OPEN382_DESK_PROOF_H
#define OPEN382_DESK_PROOF_H

#include "lab/desk_meter.h"

enum desk_goal {
    DESK_BEFORE,      /**< before the calibration, 5 A at PF 1: no goal, but what it is good for */
    DESK_START,       /**< 20 mA, PF 1 */
    DESK_PF1,         /**< 0.05 .. 100 A, PF 1 */
    DESK_PF,          /**< 0.25 .. 100 A, PF 0.5i and 0.8c */
    DESK_REACTIVE,    /**< there */
    DESK_WAVEFORM,    /**< fifth harmonic, quadriform, phase-fired */
    DESK_FREQUENCY,   /**< energy at 47.5 .. 63 Hz, PF 0.5i */
    DESK_HERTZ,       /**< frequency shown */
    DESK_VOLTAGE,     /**< change of energy at 0.8 .. 1.15 Un */
    DESK_VOLTS,       /**< voltage shown, there and at all temperatures */
    DESK_REVERSED,    /**< 0.25 A */
    DESK_MISSING,     /**< 0.25 A, one phase and two phases away */
    DESK_HEATING,     /**< change within 15 minutes at 100 A, from cold */
    DESK_COEFFICIENT, /**< mean temperature coefficient to -40 .. 70 degrees; 10^-4 % is 1 ppm */
    DESK_TEMPERATURE, /**< error at any temperature, 0.25, 10 and 100 A, in parts of class B's MPE
                       */
    DESK_GOALS
};

/** One row of the table of goals. */
struct desk_goal_row {
    const char *what, *measured_over;
    double limit; /**< 0: none */
    const char *unit;
};
extern const struct desk_goal_row desk_goals[DESK_GOALS];

/** Worst of a kind, over systems and meters. */
struct desk_proof {
    double worst[DESK_GOALS];
};

/** An uncalibrated meter. */
void desk_prove_before(struct desk_meter *meter, struct desk_proof *proof);

/** All of a calibrated one, three systems: about 1200 seconds of metering. */
void desk_prove(struct desk_meter *meter, struct desk_proof *proof);

#endif
