/*
 * The sample kernel for processors that multiply 32 x 32 -> 32 bits only (Cortex-M0+: MULS).
 *
 * Every factor is cut in two, upper part with its sign and lower part without, so that products of
 * parts can be added up in 32 bits over a block; the block's sums are put together exactly.  Sums
 * that may overflow on the way are unsigned: what they come to in the end fits, and is right modulo
 * 2^32.  Bit for bit the same as plain.c.
 */
#include "signal/kernel/run.h"

/** Pairs whose products of parts can be added up: 32 * 2 * 6272 * 4095 is the largest sum. */
#define BLOCK 32u

#define HALF_BITS 12u /* lower part of codes, voltages, currents and of the 2^20 oscillator */
#define HALF_MASK ((1 << HALF_BITS) - 1)
#define TAP_BITS  14u /* lower part of a tap */
#define TURN_BITS 15u /* lower part of the 2^30 oscillator; its steps have 13 */
#define STEP_BITS 13u

/** A number in two parts and what they add up to: upper * 2^12 + lower. */
struct halves {
    int32_t upper, lower, both;
};

struct pair {
    int32_t upper, lower;
};

/** Sums of products of halves, modulo 2^32. */
struct part_sums {
    uint32_t upper, lower, both;
};

static inline struct halves halve(int32_t value)
{
    const int32_t upper = value >> HALF_BITS;
    const int32_t lower = value & HALF_MASK;
    return (struct halves){upper, lower, upper + lower};
}

static inline uint32_t times(int32_t a, int32_t b)
{
    return (uint32_t)a * (uint32_t)b;
}

static inline int32_t as_signed(uint32_t value)
{
    return (int32_t)value; /* two's complement, as all of our compilers do it */
}

/**
 * One sample of the filter.  Sizes of the taps add up to 3 * 2^28 at most, codes are below 2^23:
 * the four sums stay below 2^27, 2^28, 2^28 and 2^29.
 */
static int32_t filter_one(const struct pair *tap, const struct pair *code)
{
    int32_t upper = 0;
    int32_t mixed = 0; /* upper part of the tap, lower part of the code: weight 2^14 */
    int32_t other = 0; /* weight 2^12 */
    int32_t lower = 0;
    for (const struct pair *const end = tap + MEASURING_FIR_TAPS; tap != end; tap++, code++) {
        upper += tap->upper * code->upper;
        mixed += tap->upper * code->lower;
        other += tap->lower * code->upper;
        lower += tap->lower * code->lower;
    }
    /* (sum + 2^27) >> 28, from the bottom up: 2^12, then 2^14, then the two bits that are left */
    const int32_t middle = mixed * 4 + other + ((lower + (1 << 27)) >> HALF_BITS);
    return (upper + (middle >> 14)) >> 2;
}

/** Voltages of a block, filtered and cut in halves. */
static void filter(struct halves *voltage, const struct pair *tap, const int32_t *codes,
                   int32_t offset_lsb, size_t n)
{
    struct pair code[SIGNAL_HISTORY + BLOCK];
    for (size_t k = 0; k < SIGNAL_HISTORY + n; k++) {
        code[k] = (struct pair){codes[k] >> HALF_BITS, codes[k] & HALF_MASK};
    }
    for (size_t k = 0; k < n; k++) {
        voltage[k] = halve(filter_one(tap, code + k) - offset_lsb);
    }
}

/** (a * by_a + b * by_b) >> 30, exactly; the factors are cut in two already. */
static inline int32_t turned(struct pair a, struct pair by_a, struct pair b, struct pair by_b)
{
    const int32_t upper = a.upper * by_a.upper + b.upper * by_b.upper; /* weight 2^28 */
    const int32_t mixed = a.upper * by_a.lower + b.upper * by_b.lower; /* 2^15 */
    const int32_t other = a.lower * by_a.upper + b.lower * by_b.upper; /* 2^13 */
    const int32_t lower = a.lower * by_a.lower + b.lower * by_b.lower;
    const int32_t middle = mixed + ((other + (lower >> STEP_BITS)) >> 2);
    return (upper + (middle >> 13)) >> 2;
}

static inline struct pair cut(int32_t value, unsigned bits)
{
    return (struct pair){value >> bits, value & ((1 << bits) - 1)};
}

/** The oscillator over a block: what step_cos lacks to one is small, so that its parts fit. */
static void turn(struct signal_oscillator *oscillator, struct halves *cos_at, struct halves *sin_at,
                 size_t n)
{
    const struct pair lack = cut(oscillator->step_cos_q30 - (INT32_C(1) << 30), STEP_BITS);
    const struct pair step = cut(oscillator->step_sin_q30, STEP_BITS);
    const struct pair back = cut(-oscillator->step_sin_q30, STEP_BITS);
    int32_t cos = oscillator->cos_q30;
    int32_t sin = oscillator->sin_q30;
    for (size_t k = 0; k < n; k++) {
        cos_at[k] = halve(cos >> 10);
        sin_at[k] = halve(sin >> 10);
        const struct pair cos_parts = cut(cos, TURN_BITS);
        const struct pair sin_parts = cut(sin, TURN_BITS);
        cos += turned(cos_parts, lack, sin_parts, back);
        sin += turned(sin_parts, lack, cos_parts, step);
    }
    oscillator->cos_q30 = cos;
    oscillator->sin_q30 = sin;
}

/** Sum of a[k] * b[k] over a block, three multiplications each: (a + a')(b + b') has both mixed. */
static int64_t correlate(const struct halves *a, const struct halves *b, size_t n)
{
    struct part_sums sums = {0, 0, 0};
    for (const struct halves *const end = a + n; a != end; a++, b++) {
        sums.upper += times(a->upper, b->upper);
        sums.lower += times(a->lower, b->lower);
        sums.both += times(a->both, b->both);
    }
    const int64_t mixed = as_signed(sums.both - sums.upper - sums.lower);
    return (int64_t)as_signed(sums.upper) * (1 << 2 * HALF_BITS) + mixed * (1 << HALF_BITS) +
           as_signed(sums.lower);
}

/** What a block holds, in halves. */
struct block {
    struct halves v[BLOCK], i[BLOCK], cos[BLOCK], sin[BLOCK];
};

static void take_block(struct signal_sums *sums, const struct block *block, size_t n)
{
    int32_t sum_v = 0;
    int32_t sum_i = 0;
    for (size_t k = 0; k < n; k++) {
        sum_v += block->v[k].upper * (1 << HALF_BITS) + block->v[k].lower;
        sum_i += block->i[k].upper * (1 << HALF_BITS) + block->i[k].lower;
    }
    sums->v += sum_v;
    sums->i += sum_i;
    sums->vv += correlate(block->v, block->v, n);
    sums->ii += correlate(block->i, block->i, n);
    sums->vi += correlate(block->v, block->i, n);
    sums->v_cos += correlate(block->v, block->cos, n);
    sums->v_sin += correlate(block->v, block->sin, n);
    sums->i_cos += correlate(block->i, block->cos, n);
    sums->i_sin += correlate(block->i, block->sin, n);
}

void signal_kernel(struct signal_state *state, const int32_t *v_lsb, const int32_t *i_lsb, size_t n)
{
    struct run voltage;
    struct run current;
    struct block block;
    struct pair tap[MEASURING_FIR_TAPS];
    for (size_t k = 0; k < MEASURING_FIR_TAPS; k++) {
        tap[k] = cut(state->fir_q28[MEASURING_FIR_TAPS - 1u - k], TAP_BITS);
    }
    const bool v_clipped = run_join(&voltage, state->v_history, v_lsb, n);
    const bool i_clipped = run_join(&current, state->i_history, i_lsb, n);
    state->clipped = state->clipped || v_clipped || i_clipped;
    const int32_t *delayed = current.codes + SIGNAL_HISTORY - state->delay;
    for (size_t at = 0; at < n; at += BLOCK) {
        const size_t now = n - at < BLOCK ? n - at : BLOCK;
        filter(block.v, tap, voltage.codes + at, state->offset.v_lsb, now);
        for (size_t k = 0; k < now; k++) {
            block.i[k] = halve(delayed[at + k] - state->offset.i_lsb);
        }
        turn(&state->oscillator, block.cos, block.sin, now);
        take_block(&state->sums, &block, now);
    }
}
