/**
 * From an electrical state to a measuring window, in closed form.  Heap-free; also on Cortex-M.
 */
#ifndef OPEN382_LAB_PHASOR_H
#define OPEN382_LAB_PHASOR_H

#include "mains.h"

/** Fractions carried from window to window, so that no energy is rounded away. */
struct lab_phasor_carry {
    double active, reactive, voltage, current;
};

/**
 * The window of n_samples in which the phase stays as it is.
 * @param turns_at_end  phase of the common reference at the window's end, in turns (f * t)
 */
void lab_phasor_window(const struct lab_phase *phase, double frequency_hz, double temperature_c,
                       double turns_at_end, uint32_t n_samples, struct lab_phasor_carry *carry,
                       struct measuring_window *out);

#endif
