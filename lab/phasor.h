/**
 * From an electrical state to a measuring window, in closed form.  Heap-free; also on Cortex-M.
 *
 * Definition of the signals (both fidelities use it), x = 2*pi*f*t + voltage angle + 90 degrees:
 *   u(t) = sqrt2 * U * [ sin(x)       + sum_h u_pct/100 * sin(h*x         + u_deg) ]
 *   i(t) = sqrt2 * I * [ sin(x - phi) + sum_h i_pct/100 * sin(h*(x - phi) + i_deg) ]
 * U and I are the rms values of the fundamentals; a harmonic's angle counts from the positive zero
 * crossing of its own fundamental, so a current keeps its shape whatever its phi.
 */
#ifndef OPEN382_LAB_PHASOR_H
#define OPEN382_LAB_PHASOR_H

#include "mains.h"

/** A complex number: rms volts or amperes against the common reference (or ADC steps, where said).
 */
struct lab_vector {
    double re, im;
};

/** Fractions carried from window to window, so that no energy is rounded away. */
struct lab_phasor_carry {
    double active, reactive, voltage, current;
};

/** What one sample adds to a window while the state stays as it is; linear, so pieces add up. */
struct lab_phasor_rates {
    double active, reactive, voltage, current; /**< ADC steps squared per sample */
    struct lab_vector v1, i1; /**< fundamental peak phasors at turns 0, 1/64 ADC step */
};

/** Rates of a pure sine from rms phasors (volts, amperes). */
void lab_phasor_sine(struct lab_vector u, struct lab_vector i, struct lab_phasor_rates *out);

/** Add one harmonic, given as rms phasors, to rates made by lab_phasor_sine. */
void lab_phasor_add_harmonic(struct lab_vector u, struct lab_vector i,
                             struct lab_phasor_rates *rates);

/** rms phasor of harmonic h (2..40) of a fundamental; pct and deg as in struct lab_phase. */
struct lab_vector lab_phasor_harmonic(struct lab_vector fundamental, unsigned h, double pct,
                                      double deg);

/** Rates of a phase with all its harmonics. */
void lab_phasor_of_phase(const struct lab_phase *phase, struct lab_phasor_rates *out);

/**
 * Finish a window from what its samples added up to.
 * @param sum       rates times samples, summed over the pieces of the window
 * @param rotation  exp(j * 2 * pi * turns at the window's end)
 * @param n_samples 1 .. MEASURING_WINDOW_SAMPLES_MAX
 */
void lab_phasor_finish(const struct lab_phasor_rates *sum, struct lab_vector rotation,
                       double frequency_hz, double temperature_c, uint32_t n_samples,
                       struct lab_phasor_carry *carry, struct measuring_window *out);

/**
 * The same window once more: sum, rotation, frequency and length as in the call of
 * lab_phasor_finish that filled *out; only the carried fractions make a difference.
 */
void lab_phasor_repeat(const struct lab_phasor_rates *sum, struct lab_phasor_carry *carry,
                       struct measuring_window *out);

/**
 * The window of n_samples in which the phase stays as it is.
 * @param turns_at_end  phase of the common reference at the window's end, in turns (f * t)
 */
void lab_phasor_window(const struct lab_phase *phase, double frequency_hz, double temperature_c,
                       double turns_at_end, uint32_t n_samples, struct lab_phasor_carry *carry,
                       struct measuring_window *out);

#endif
