/** Arithmetic that all of legal/signal counts on. */
#ifndef OPEN382_LEGAL_ARITHMETIC_H
#define OPEN382_LEGAL_ARITHMETIC_H

#include <stdint.h>

/* Right shifts of negative numbers keep the sign: C11 leaves it to the compiler, all of ours do. */
_Static_assert((INT64_C(-3) >> 1) == -2, "arithmetic right shift");

/** The value, held to lowest .. highest. */
static inline int64_t arithmetic_clamp(int64_t value, int64_t lowest, int64_t highest)
{
    if (value < lowest) {
        return lowest;
    }
    return value > highest ? highest : value;
}

#endif
