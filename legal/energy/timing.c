#include "energy/timing.h"

#define SAMPLE_Q8   UINT64_C(32000)           /* 125 us */
#define GAP_MAX_Q8  (INT64_C(10000000) * 256) /* longer ones: the rate says nothing of now */
#define JUMP_Q8     (INT64_C(20000) * 256)    /* the processor's own time was set */
#define STRANGE_Q8  (INT64_C(2000) * 256)     /* late for a reason of its own */
#define STRANGE_MAX 5u
#define SURE_N      8u
#define MEMORY_N    256u
#define RATE_MAX    (INT64_C(1) << 21) /* 488 ppm */

static int64_t rounded(int64_t number, int64_t divisor)
{
    return (number < 0 ? number - divisor / 2 : number + divisor / 2) / divisor;
}

static void begin(struct timing *timing, int64_t ahead_q8)
{
    timing->began_q8 += (uint64_t)ahead_q8;
    timing->rate_q32 = 0;
    timing->n = 1;
    timing->n_strange = 0;
}

/* One more point of the line: what is ahead of it goes by shares into offset and rate. */
static void learn(struct timing *timing, int64_t ahead_q8, int64_t passed_q8)
{
    timing->n = (uint16_t)(timing->n < MEMORY_N ? timing->n + 1u : MEMORY_N);
    timing->n_strange = 0;
    if (ahead_q8 == 0) {
        return;
    }
    const int64_t n = timing->n, below = n * (n + 1);
    timing->began_q8 += (uint64_t)rounded(ahead_q8 * (4 * n - 2), below);
    const int64_t rate =
        timing->rate_q32 + rounded(ahead_q8 * 6 * (INT64_C(1) << 32), below * passed_q8);
    timing->rate_q32 = (int32_t)(rate > RATE_MAX ? RATE_MAX : rate < -RATE_MAX ? -RATE_MAX : rate);
}

void timing_follow(struct timing *timing, uint64_t samples, int32_t clock_ppb, bool follows,
                   int64_t now_us)
{
    /* a sample is 125 us, less what the clock runs fast */
    const uint64_t nominal_q8 = samples * SAMPLE_Q8;
    const int64_t fast_q8 = clock_ppb == 0 ? 0 : (int64_t)nominal_q8 / 1000000 * clock_ppb / 1000;
    const uint64_t own_q8 = nominal_q8 - (uint64_t)fast_q8;
    const uint64_t passed = samples - timing->samples;
    const bool line = follows && timing->n > 0 && passed > 0 && passed <= GAP_MAX_Q8 / SAMPLE_Q8;
    const int64_t passed_q8 = line ? (int64_t)(passed * SAMPLE_Q8) : 0;
    if (timing->rate_q32 != 0) {
        timing->began_q8 += (uint64_t)(passed_q8 * timing->rate_q32 / (INT64_C(1) << 32));
    }
    const int64_t ahead_q8 = (int64_t)((uint64_t)now_us * 256u - own_q8 - timing->began_q8);
    const int64_t off_q8 = ahead_q8 < 0 ? -ahead_q8 : ahead_q8;
    if (!line || off_q8 > JUMP_Q8) {
        begin(timing, ahead_q8);
    } else if (off_q8 <= STRANGE_Q8 || timing->n < SURE_N) {
        learn(timing, ahead_q8, passed_q8);
    } else if (++timing->n_strange == STRANGE_MAX) {
        begin(timing, ahead_q8);
    }
    timing->samples = samples;
    timing->end_q8 = own_q8 + timing->began_q8;
}
