/**
 * When windows ended, in the time of the legal processor, from the instants at which their frames
 * were received and from the samples that they count.
 *
 * A sample clock is off by an unknown rate, and an instant of reception by an unknown delay. Offset
 * and rate are those of the straight line through the last 256 instants (least squares, in the
 * recursive form: a growing memory at first, a fading one then), so that a constant rate leaves no
 * error, and what differs from frame to frame is divided by 8.  A delay that is always the same
 * stays; phasors of two systems are compared, so it cancels when their lines are alike.
 */
#ifndef OPEN382_LEGAL_TIMING_H
#define OPEN382_LEGAL_TIMING_H

#include <stdbool.h>
#include <stdint.h>

/** A value; all zero: nothing known. */
struct timing {
    uint64_t end_q8;   /**< when the last window ended, 2^-8 us, modulo 2^64 */
    uint64_t samples;  /**< at that end */
    uint64_t began_q8; /**< that end, less the samples' own time */
    int32_t rate_q32;  /**< how began moves: what the clock is off beyond its constant, 2^-32 */
    uint16_t n;        /**< instants in the line, up to 256; 0: none */
    uint8_t n_strange; /**< instants in a row that were not believed */
};

/**
 * A frame came.
 * @param samples    its cumulative sample counter
 * @param clock_ppb  by how much the sample clock is known to run fast
 * @param follows    the counter goes on from the last frame's; otherwise the line begins anew
 */
void timing_follow(struct timing *timing, uint64_t samples, int32_t clock_ppb, bool follows,
                   int64_t now_us);

#endif
