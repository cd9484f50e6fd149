/**
 * Exact energies: whole microwatt-hours and a fraction in 2^-48 of one.
 *
 * A measuring system's counter step times its gain is a whole number of 2^-48 uWh, so sums of these
 * lose nothing, whatever their sign: value = whole + fraction / 2^48, with 0 <= fraction < 2^48
 * also for negative values (-1/4 is whole -1, fraction 3/4).  Nothing is ever rounded. The product
 * of 64 x 32 bits is 96 bits wide; written out in halves since Cortex-M has no __int128. Source:
 * spec metrology 3.6.
 */
#ifndef OPEN382_LEGAL_WIDE_H
#define OPEN382_LEGAL_WIDE_H

#include <stdbool.h>
#include <stdint.h>

#define WIDE_FRACTION_BITS 48u
#define WIDE_FRACTION_MASK ((UINT64_C(1) << WIDE_FRACTION_BITS) - 1u)

struct wide {
    int64_t whole;     /**< uWh, rounded towards minus infinity */
    uint64_t fraction; /**< 2^-48 uWh, 0 .. 2^48 - 1 */
};

static inline struct wide wide_add(struct wide a, struct wide b)
{
    uint64_t fraction = a.fraction + b.fraction;
    struct wide sum = {a.whole + b.whole + (int64_t)(fraction >> WIDE_FRACTION_BITS),
                       fraction & WIDE_FRACTION_MASK};
    return sum;
}

static inline struct wide wide_negate(struct wide a)
{
    struct wide out = {-a.whole, 0};
    if (a.fraction != 0) {
        out.whole = -a.whole - 1;
        out.fraction = (UINT64_C(1) << WIDE_FRACTION_BITS) - a.fraction;
    }
    return out;
}

static inline struct wide wide_subtract(struct wide a, struct wide b)
{
    return wide_add(a, wide_negate(b));
}

static inline bool wide_is_zero(struct wide a)
{
    return a.whole == 0 && a.fraction == 0;
}

static inline bool wide_is_negative(struct wide a)
{
    return a.whole < 0;
}

static inline struct wide wide_magnitude(struct wide a)
{
    return wide_is_negative(a) ? wide_negate(a) : a;
}

/** steps * gain, exact.  |steps| < 2^63. */
static inline struct wide wide_product(int64_t steps, uint32_t gain)
{
    uint64_t size = steps < 0 ? 0u - (uint64_t)steps : (uint64_t)steps;
    uint64_t low = (size & UINT32_MAX) * gain;
    uint64_t high = (size >> 32) * gain + (low >> 32); /* bits 32 and up; below 2^63 + 2^32 */
    struct wide out = {(int64_t)(high >> 16), (high & 0xFFFFu) << 32 | (low & UINT32_MAX)};
    return steps < 0 ? wide_negate(out) : out;
}

#endif
