#include "quality_number.h"

#define STEPS 30u
/** product of cos(atan(2^-k)): what the turns of CORDIC lengthen the vector by, taken out before */
#define START_Q30 INT64_C(652032874)

/* The square is brought to 2^62 .. 2^64 by an even number of places: its root then has 32 bits. The
 * upper half of them come from the upper half of the square, from a straight line twice improved;
 * one more step of the same kind has them all, and what it may be off by is put right. */
uint32_t quality_root(uint64_t square)
{
    unsigned places = 0;
    if (square == 0) {
        return 0;
    }
    for (unsigned step = 32; step >= 2u; step /= 2u) {
        if (square >> (64u - step) == 0) {
            square <<= step;
            places += step;
        }
    }
    const uint32_t upper = (uint32_t)(square >> 32);
    uint32_t half = ((upper >> 15) * 85u >> 8) + 22775u; /* within 3 % */
    half = (half + upper / half) / 2u;
    half = (half + upper / half) / 2u;
    uint64_t root = ((uint64_t)half << 15) + (square >> 17) / half;
    root = root < UINT32_MAX ? root : UINT32_MAX;
    while (root * root > square) {
        root--;
    }
    while (root < UINT32_MAX && (root + 1u) * (root + 1u) <= square) {
        root++;
    }
    return (uint32_t)(root >> (places / 2u));
}

struct quality_vector quality_vector_of(uint32_t turns)
{
    /* atan(2^-k) in 2^-32 turns; from k = 14 on it is half of the one before */
    static const uint32_t arc[15] = {536870912, 316933406, 167458907, 85004756, 42667331,
                                     21354465,  10679838,  5340245,   2670163,  1335087,
                                     667544,    333772,    166886,    83443,    41722};
    const uint32_t from_first = turns + UINT32_C(0x40000000);
    const int64_t sign = from_first < UINT32_C(0x80000000) ? 1 : -1;
    int64_t rest = (int32_t)(sign > 0 ? turns : turns - UINT32_C(0x80000000));
    int64_t x = START_Q30, y = 0;
    for (unsigned k = 0; k < STEPS; k++) {
        const int64_t step = k < 15u ? arc[k] : arc[14] >> (k - 14u);
        const int64_t dx = y >> k, dy = x >> k;
        const int64_t way = rest >= 0 ? 1 : -1;
        x -= way * dx;
        y += way * dy;
        rest -= way * step;
    }
    return (struct quality_vector){(int32_t)(sign * x), (int32_t)(sign * y)};
}

uint32_t quality_turns(int32_t mdeg)
{
    return (uint32_t)(uint64_t)(((int64_t)mdeg * (INT64_C(1) << 32)) / 360000);
}
