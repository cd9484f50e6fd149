/** Inside of the virtual front end: drawing, and the way from lines to codes. */
#ifndef OPEN382_LAB_FRONT_END_INSIDE_H
#define OPEN382_LAB_FRONT_END_INSIDE_H

#include "front_end.h"

/** Draw all properties of one system of one meter. */
void front_end_draw_sensor(uint64_t seed, unsigned system, struct front_end_sensor *out);

/** splitmix64 (Steele, Lea, Flood 2014): 64 equally distributed bits a call. */
static inline uint64_t front_end_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/** Equally distributed, 0 <= x < 1. */
static inline double front_end_random_unit(uint64_t *state)
{
    return (double)(front_end_random(state) >> 11) * 0x1p-53;
}

/** Variance one, mean zero: four equal distributions added up (ends at 3.46 deviations). */
static inline double front_end_random_normal(uint64_t *state)
{
    const uint64_t bits = front_end_random(state);
    const uint32_t sum = (uint32_t)((bits & 0xFFFFu) + (bits >> 16 & 0xFFFFu) +
                                    (bits >> 32 & 0xFFFFu) + (bits >> 48));
    return ((double)sum - 131070.0) * (1.0 / 37837.2266);
}

static inline bool front_end_has(const struct front_end *front_end, unsigned effect)
{
    return (front_end->options.effects & effect) != 0;
}

/** Factors by which drift changes the channels now. */
double front_end_voltage_drift(const struct front_end *front_end, unsigned system);
double front_end_current_drift(const struct front_end *front_end, unsigned system);

/** Time passes with currents of this factor on the system's own. */
void front_end_heat(struct front_end *front_end, unsigned system, double current_factor,
                    double seconds);

/** Supply phase whose current the system carries, and how often each phase is in its voltage. */
unsigned front_end_current_phase(const struct front_end *front_end, unsigned system);
double front_end_voltage_share(const struct front_end *front_end, unsigned system, unsigned phase);

/** Sample at which the next loss happens, counted from index. */
int64_t front_end_next_missing(struct front_end_system *system, double missing_ppm);

#endif
