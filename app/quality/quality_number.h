/**
 * Integer arithmetic of the voltage quality: roots and unit vectors, the same bits on every
 * machine.
 *
 * An angle is a uint32_t in 2^-32 turns.  Voltage quality is no part of the sealed legal library,
 * so it does not borrow from it.
 */
#ifndef OPEN382_QUALITY_NUMBER_H
#define OPEN382_QUALITY_NUMBER_H

#include <stdint.h>

/** A unit vector, 2^30 = one. */
struct quality_vector {
    int32_t cos_q30, sin_q30;
};

/** Whole part of the square root. */
uint32_t quality_root(uint64_t square);

/** Cosine and sine of an angle, each within 2^-25. */
struct quality_vector quality_vector_of(uint32_t turns);

/** Turns of an angle in thousandths of a degree (-360000 .. 360000). */
uint32_t quality_turns(int32_t mdeg);

#endif
