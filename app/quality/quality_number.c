#include "quality_number.h"

#define STEPS 30u
/** product of cos(atan(2^-k)): what the turns of CORDIC lengthen the vector by, taken out before */
#define START_Q30 INT64_C(652032874)

/* Whole part of the square root.  The square is brought
 * to 2^62 .. 2^64 by an even number of places: its root then has 32 bits.  One divided by the root
 * is a parabola, twice improved by Newton's rule; times the square it is the root to 20 bits, once
 * more improved to all of them, and what is missing then is put right.  No division: each would
 * take as long as all of the products. */
uint32_t quality_root(uint64_t square)
{
    if (square == 0) {
        return 0;
    }
    const unsigned places = (unsigned)__builtin_clzll(square) & ~1u;
    square <<= places;
    const uint32_t upper = (uint32_t)(square >> 32), top = upper >> 16;
    /* 1 / root, 1 to 2: of 2^-14, a parabola (within 3 %) improved once; then of 2^-30, once more
     */
    uint32_t y_q14 = 43759u - (53827u * top >> 16) + ((26846u * top >> 16) * top >> 16);
    y_q14 = y_q14 * ((3u << 14) - (top * (y_q14 * y_q14 >> 14) >> 16)) >> 15;
    const uint64_t y_q30 = (uint64_t)y_q14 << 16, y2_q28 = y_q30 * y_q30 >> 32;
    const uint64_t better_q30 = y_q30 * ((UINT64_C(3) << 28) - (upper * y2_q28 >> 32)) >> 29;
    uint64_t root = upper * better_q30 >> 30;
    root = (uint64_t)((int64_t)root + ((int64_t)(square - root * root) / (INT64_C(1) << 32)) *
                                          (int64_t)better_q30 / (INT64_C(1) << 31));
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
