#include "energy/drift.h"

#include "measuring_system.h"

#define AWAY_MAX_CC   12000
#define ERROR_MAX_Q40 (INT64_C(3) * (INT64_C(1) << 40) / 100)
/* A gap of any length is followed in steps of a sixteenth of the time constant, as far as it takes
 * for the heat to be gone. */
#define STEPS_A_CONSTANT 16u
#define STEPS_MAX        (12u * STEPS_A_CONSTANT)

static int64_t held(int64_t value, int64_t limit)
{
    value = value > limit ? limit : value;
    return value < -limit ? -limit : value;
}

/* Terms are below 2^27 and the distance below 2^14, so that no product reaches 2^43. */
int64_t drift_error_q40(const struct legal_drift *drift, int32_t temperature_cc,
                        int32_t reference_cc)
{
    const int64_t scale = INT64_C(1) << 14;
    const int64_t away_cc = held((int64_t)temperature_cc - reference_cc, AWAY_MAX_CC);
    const int64_t square_q54 = drift->quadratic_q54 + drift->cubic_q68 * away_cc / scale;
    const int64_t slope_q40 = drift->linear_q40 + square_q54 * away_cc / scale;
    return held(slope_q40 * away_cc, ERROR_MAX_Q40);
}

uint32_t drift_gain(uint32_t gain, int64_t error_q40)
{
    if (error_q40 == 0) {
        return gain;
    }
    /* 31 bits of gain, up 31; by 2^31 and the error with one bit dropped for each of nine */
    const uint64_t divisor = (uint64_t)((INT64_C(1) << 31) + error_q40 / (INT64_C(1) << 9));
    return (uint32_t)((((uint64_t)gain << 31) + divisor / 2u) / divisor);
}

/* Mean of squares over samples, 2^-8; squares below 2^63. */
static uint64_t mean_q8(uint64_t squares, uint64_t samples)
{
    return (squares / samples << 8) + ((squares % samples) << 8) / samples;
}

void heat_follow(struct shunt_heat *heat, uint16_t time_s, uint64_t squares, uint64_t samples)
{
    if (time_s == 0 || samples == 0) {
        return;
    }
    const uint64_t constant = (uint64_t)time_s * MEASURING_SAMPLE_RATE_HZ;
    const uint64_t longest = constant * STEPS_MAX / STEPS_A_CONSTANT;
    const uint64_t mean = mean_q8(squares, samples);
    const uint64_t time = samples < longest ? samples : longest;
    const uint64_t steps = 1u + time * STEPS_A_CONSTANT / constant;
    const uint64_t step = time / steps;
    const int64_t share_q24 = (int64_t)((step << 24) / (constant + step));
    for (uint64_t n = 0; n < steps; n++) {
        /* means are below 2^38, shares below 2^21 */
        const int64_t rise = ((int64_t)mean - (int64_t)heat->square_q8) * share_q24;
        heat->square_q8 = (uint64_t)((int64_t)heat->square_q8 + rise / (INT64_C(1) << 24));
    }
}

int64_t heat_error_q40(const struct shunt_heat *heat, int32_t heating_q64)
{
    /* steps per sample are at most 2^30, the constant 2^29 */
    return (int64_t)(heat->square_q8 >> 8) * heating_q64 / (INT64_C(1) << 24);
}
