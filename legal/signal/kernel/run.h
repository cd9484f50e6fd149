/** History and new codes in one run: what every kernel begins with.  Private to the kernels. */
#ifndef OPEN382_LEGAL_KERNEL_RUN_H
#define OPEN382_LEGAL_KERNEL_RUN_H

#include "signal/signal_state.h"

#define RUN_CODE_MAX (MEASURING_FULL_SCALE_LSB - 1)
#define RUN_CODE_MIN (-MEASURING_FULL_SCALE_LSB)

/** The last seven samples and the new ones, oldest first. */
struct run {
    int32_t codes[SIGNAL_HISTORY + SIGNAL_CHUNK];
};

static inline void run_hold(struct run *run, size_t n)
{
    for (size_t k = SIGNAL_HISTORY; k < SIGNAL_HISTORY + n; k++) {
        const int32_t code = run->codes[k];
        run->codes[k] = code > RUN_CODE_MAX   ? RUN_CODE_MAX
                        : code < RUN_CODE_MIN ? RUN_CODE_MIN
                                              : code;
    }
}

/** Joins history and new codes, held to the ADC's range.  Returns whether any stood at its end. */
static inline bool run_join(struct run *run, int32_t *history, const int32_t *codes, size_t n)
{
    uint32_t sizes = 0;
    int32_t *to = run->codes;
    for (size_t k = 0; k < SIGNAL_HISTORY; k++) {
        *to++ = history[k];
    }
    for (const int32_t *const end = codes + n; codes != end; codes++) {
        const int32_t code = *codes;
        *to++ = code;
        /* 1 .. 2^23 - 1 for codes within the range, its ends not included */
        sizes |= (uint32_t)(code ^ (code >> 31)) + 1u;
    }
    const bool clipped = sizes > (uint32_t)RUN_CODE_MAX;
    if (clipped) {
        run_hold(run, n);
    }
    to -= SIGNAL_HISTORY;
    for (size_t k = 0; k < SIGNAL_HISTORY; k++) {
        history[k] = to[k];
    }
    return clipped;
}

#endif
