/**
 * What temperature does to a gain: drift with the sensor's temperature, and the shunt's own heat.
 *
 * The shunt is warmer than the sensor by the power it takes, smoothed by its heat capacity: a first
 * order low pass of the mean square current.  Its state lives in memory only.  After a start
 * nobody knows for how long the supply was off, so the shunt counts as cold: what is taken off is
 * then never more than what is there, and never worse than no compensation.
 * Source: spec metrology 3.1 and 3.5.
 */
#ifndef OPEN382_LEGAL_DRIFT_H
#define OPEN382_LEGAL_DRIFT_H

#include <stdint.h>

#include "legal_api.h"

/** Error of a gain at a temperature, 2^-40; within +-3 %. */
int64_t drift_error_q40(const struct legal_drift *drift, int32_t temperature_cc,
                        int32_t reference_cc);

/** The gain that takes an error off: gain / (1 + error), rounded.  |error_q40| <= 2^36. */
uint32_t drift_gain(uint32_t gain, int64_t error_q40);

/** Heat of a shunt: smoothed counter steps per sample, 2^-8. */
struct shunt_heat {
    uint64_t square_q8;
};

/**
 * So many samples with that sum of squares (counter steps) have passed.
 * @param time_s  time constant; 0: nothing is followed
 */
void heat_follow(struct shunt_heat *heat, uint16_t time_s, uint64_t squares, uint64_t samples);

/** Error of power and current that this heat makes, 2^-40; within 2^35. */
int64_t heat_error_q40(const struct shunt_heat *heat, int32_t heating_q64);

#endif
