/**
 * The reference of the type-test bench: what a signal's powers are, in closed form, from the
 * signal's definition alone.
 *
 * It shares no function, type or constant with the virtual front end, the meter or its calibration
 * (tests/bench/test_reference.c looks at the includes); the definition is repeated here in words:
 *
 *   x = 2*pi*f*t + voltage_deg (+ a constant),  y = x - phi
 *   u(t) = sqrt2 * U * [sin(x) + sum u_h * sin(h*x + a_h)]
 *   i(t) = sqrt2 * I * gate(y) * [sin(y) + sum i_h * sin(h*y + b_h)]  + one sine of another
 * frequency
 *
 * Gates: two whole periods on and two off, and so on (burst); positive half periods only (half
 * wave); each half period from fire_deg on (phase-fired).  A gate stands with sinusoidal voltage
 * and current only.  A sine of a frequency that the voltage lacks carries no power.
 * Source: spec metrology 4.1 and 4.5.
 */
#ifndef OPEN382_TYPETEST_REFERENCE_H
#define OPEN382_TYPETEST_REFERENCE_H

#include <stdbool.h>

#define REFERENCE_PHASES    3
#define REFERENCE_HARMONICS 8

enum reference_gate {
    REFERENCE_STEADY,
    REFERENCE_BURST,
    REFERENCE_HALF_WAVE,
    REFERENCE_PHASE_FIRED,
};

/** One harmonic of both channels. */
struct reference_harmonic {
    int order; /**< 2 and up; 0: unused */
    double u_fraction, u_deg, i_fraction, i_deg;
};

struct reference_phase {
    double u_v, u_deg; /**< rms of the fundamental; its angle: 0, -120, 120 */
    double i_a, phi_deg;
    struct reference_harmonic harmonic[REFERENCE_HARMONICS];
    enum reference_gate gate;
    int on_cycles, off_cycles;
    double fire_deg;
};

struct reference_power {
    double active_w;     /**< mean of u * i */
    double reactive_var; /**< of the fundamentals; positive = the current lags */
};

/** @return false: a gate together with harmonics, for which there is no formula here. */
bool reference_phase_power(const struct reference_phase *phase, struct reference_power *out);

/** Sum over three phases with a neutral, each with its own signal. */
bool reference_four_wire(const struct reference_phase phase[REFERENCE_PHASES],
                         struct reference_power *out);

/**
 * Three wires, sines: the current of the second wire is what comes back of the other two, whatever
 * i_a and phi_deg of the second say.
 */
bool reference_three_wire(const struct reference_phase phase[REFERENCE_PHASES],
                          struct reference_power *out);

#endif
