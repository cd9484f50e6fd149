#include "energy/neighbours.h"

#include "signal/angle.h"

#define PPB INT64_C(1000000000)
/** 2^-8 us */
#define SECOND_Q8    (INT64_C(1000000) * 256)
#define APART_MAX_Q8 (4 * SECOND_Q8)

/* 2^-32 turns of so many uHz in so many 2^-8 us, both below 2^31: below 2^62. */
static uint32_t turns_of(int64_t time_q8, uint32_t frequency_uhz)
{
    const uint64_t size = (uint64_t)(time_q8 < 0 ? -time_q8 : time_q8);
    const uint64_t turn = UINT64_C(256000000) * 1000000u;
    const uint64_t part = size * frequency_uhz % turn; /* below 2^48 */
    const uint32_t turns = (uint32_t)(((part << 15) / (turn >> 15)) << 2);
    return time_q8 < 0 ? 0u - turns : turns;
}

uint32_t neighbours_frequency_uhz(const struct system *system)
{
    const int64_t read = system->frequency_uhz;
    return (uint32_t)(read + read * system->constants.clock_ppb / PPB);
}

uint32_t neighbours_turns(const struct system *from, const struct system *to)
{
    const int64_t time_q8 = (int64_t)(to->timing.end_q8 - from->timing.end_q8);
    if (time_q8 == 0 || time_q8 > APART_MAX_Q8 || time_q8 < -APART_MAX_Q8) {
        return 0;
    }
    return turns_of(time_q8, neighbours_frequency_uhz(from));
}

static struct system_phasor turned(struct system_phasor value, uint32_t turns)
{
    if (turns == 0) {
        return value;
    }
    const struct angle_vector by = angle_vector_of(turns);
    const int64_t one = INT64_C(1) << 30;
    return (struct system_phasor){(value.re * by.cos_q30 - value.im * by.sin_q30) / one,
                                  (value.re * by.sin_q30 + value.im * by.cos_q30) / one};
}

struct system_phasor neighbours_current(const struct system *system, unsigned n_systems, unsigned s,
                                        unsigned voltage_known)
{
    const struct legal_constants *c = &system[s].constants;
    struct system_phasor sum = {0, 0};
    for (unsigned n = 0; n + 1u < n_systems; n++) {
        const int64_t re = c->neighbour_re_q40[n], im = c->neighbour_im_q40[n];
        if (re == 0 && im == 0) {
            continue;
        }
        const unsigned k = (s + 1u + n) % n_systems;
        if ((voltage_known >> k & 1u) == 0) {
            continue;
        }
        const struct system_phasor there = {system[k].v1_re, system[k].v1_im};
        const struct system_phasor v = turned(there, neighbours_turns(&system[k], &system[s]));
        /* 2^-6 steps times 2^-40, down to 2^-16: constants and phasors are below 2^31 */
        const int64_t scale = INT64_C(1) << 30;
        sum.re += (re * v.re - im * v.im) / scale;
        sum.im += (re * v.im + im * v.re) / scale;
    }
    return sum;
}
