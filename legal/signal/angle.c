#include "signal/angle.h"

#include <stdbool.h>

#include "signal/arithmetic.h"

#define STEPS 34
/** inside, a turn is 2^48 and one is 2^48 */
#define INNER_SHIFT 16
#define Q48_TO_Q30  18
#define QUARTER     (INT64_C(1) << 46)
#define HALF        (INT64_C(1) << 47)

/** atan(2^-k) in 2^-48 turns */
static const int64_t arc_tangent[STEPS] = {
    INT64_C(35184372088832), INT64_C(20770547670515), INT64_C(10974586953444),
    INT64_C(5570871696862),  INT64_C(2796246208089),  INT64_C(1399486241028),
    INT64_C(699913886760),   INT64_C(349978300884),   INT64_C(174991820497),
    INT64_C(87496244017),    INT64_C(43748163730),    INT64_C(21874087080),
    INT64_C(10937044192),    INT64_C(5468522177),     INT64_C(2734261099),
    INT64_C(1367130551),     INT64_C(683565276),      INT64_C(341782638),
    INT64_C(170891319),      INT64_C(85445659),       INT64_C(42722830),
    INT64_C(21361415),       INT64_C(10680707),       INT64_C(5340354),
    INT64_C(2670177),        INT64_C(1335088),        INT64_C(667544),
    INT64_C(333772),         INT64_C(166886),         INT64_C(83443),
    INT64_C(41722),          INT64_C(20861),          INT64_C(10430),
    INT64_C(5215),
};
/** the steps stretch a vector by 1.6468; this is its inverse, 2^48 = one */
#define SHRINK_Q48 INT64_C(170926505739102)

struct angle_vector angle_vector_of(uint32_t turns)
{
    int64_t rest = (int64_t)turns << INNER_SHIFT;
    int64_t x = SHRINK_Q48;
    if (rest > HALF) {
        rest -= 2 * HALF;
    }
    if (rest > QUARTER || rest < -QUARTER) {
        rest += rest > 0 ? -HALF : HALF;
        x = -x;
    }
    int64_t y = 0;
    for (int k = 0; k < STEPS; k++) {
        const int64_t dx = y >> k;
        const int64_t dy = x >> k;
        const bool forward = rest >= 0;
        x = forward ? x - dx : x + dx;
        y = forward ? y + dy : y - dy;
        rest = forward ? rest - arc_tangent[k] : rest + arc_tangent[k];
    }
    const int64_t round = INT64_C(1) << (Q48_TO_Q30 - 1);
    return (struct angle_vector){(int32_t)((x + round) >> Q48_TO_Q30),
                                 (int32_t)((y + round) >> Q48_TO_Q30)};
}

/** Bits of a number: 0 of 0, 64 of the largest. */
static int bits_of(uint64_t number)
{
    int bits = 0;
    for (int step = 32; step > 0; step /= 2) {
        if (number >> step != 0) {
            number >>= step;
            bits += step;
        }
    }
    return bits + (number != 0 ? 1 : 0);
}

/** Brings the longer component to 2^44 .. 2^45, where nothing overflows and no step is lost. */
static void normalise(int64_t *x, int64_t *y)
{
    const int64_t x_size = *x < 0 ? -*x : *x;
    const int64_t y_size = *y < 0 ? -*y : *y;
    const int up = 45 - bits_of((uint64_t)(x_size > y_size ? x_size : y_size));
    if (up < 0) {
        *x >>= -up;
        *y >>= -up;
        return;
    }
    *x *= INT64_C(1) << up;
    *y *= INT64_C(1) << up;
}

uint32_t angle_of(int64_t re, int64_t im)
{
    if (re == 0 && im == 0) {
        return 0;
    }
    int64_t x = re;
    int64_t y = im;
    normalise(&x, &y);
    int64_t turned = 0;
    if (x < 0) {
        x = -x;
        y = -y;
        turned = HALF;
    }
    for (int k = 0; k < STEPS; k++) {
        const int64_t dx = y >> k;
        const int64_t dy = x >> k;
        const bool back = y >= 0;
        x = back ? x + dx : x - dx;
        y = back ? y - dy : y + dy;
        turned += back ? arc_tangent[k] : -arc_tangent[k];
    }
    const uint64_t round = UINT64_C(1) << (INNER_SHIFT - 1);
    return (uint32_t)(((uint64_t)turned + round) >> INNER_SHIFT);
}
