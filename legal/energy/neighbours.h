/**
 * Several systems at one instant: angles between them, and what the voltages of the neighbours add
 * to a current channel.
 *
 * Each system samples by a clock of its own, so samples alone don't tell when two windows ended.
 * A frame is received at the end of its window (legal_bus_receive); these instants are smoothed
 * along the system's own samples, whose rate is known from the calibration.
 * Source: spec metrology 3.2 (crosstalk: 3x3 complex matrix).
 */
#ifndef OPEN382_LEGAL_NEIGHBOURS_H
#define OPEN382_LEGAL_NEIGHBOURS_H

#include "energy/system.h"

/**
 * Turns of the mains from the end of one system's last window to the end of another's, 2^-32.
 * @return 0 as well when they are seconds apart or the frequency is unknown
 */
uint32_t neighbours_turns(const struct system *from, const struct system *to);

/** Frequency of the voltage by true seconds, uHz: the sample clock's error taken off; 0: unknown.
 */
uint32_t neighbours_frequency_uhz(const struct system *system);

/**
 * Current that the other systems' voltages add to that of system s, at the end of its last window:
 * a peak phasor in 2^-16 ADC steps.
 * @param voltage_known  bit 0: the voltage of system 1 is known, and so on
 */
struct system_phasor neighbours_current(const struct system *system, unsigned n_systems, unsigned s,
                                        unsigned voltage_known);

#endif
