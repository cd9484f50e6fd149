/**
 * Angles in integers: sine, cosine and arc tangent by CORDIC, the same bits on every machine.
 *
 * An angle is a uint32_t in 2^-32 turns; it wraps as angles do.  Called a few times a window, never
 * per sample.
 */
#ifndef OPEN382_LEGAL_ANGLE_H
#define OPEN382_LEGAL_ANGLE_H

#include <stdint.h>

/** A unit vector, 2^30 = one. */
struct angle_vector {
    int32_t cos_q30, sin_q30;
};

/** Cosine and sine, each within one step of 2^-30. */
struct angle_vector angle_vector_of(uint32_t turns);

/**
 * The angle of (re, im), within 4 steps of 2^-32 turns for vectors longer than 2^30; of the zero
 * vector: 0.  Any int64 but INT64_MIN.
 */
uint32_t angle_of(int64_t re, int64_t im);

#endif
