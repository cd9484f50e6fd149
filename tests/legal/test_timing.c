/* When windows ended: sample clocks that nobody has measured, frames that come late, and time that
 * is set.  What counts is the angle between two systems, and that is the time between two ends. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "legal/energy/timing.h"

#define WINDOW 1600u

/** A measuring system whose clock runs fast, and the processor's view of it. */
struct clocked {
    struct timing timing;
    double fast_ppm;
    uint64_t samples, first; /**< first: samples when time began */
    double true_us;          /**< of the last window's end */
    int32_t known_ppb;
    uint64_t random;
};

static struct clocked clocked_new(double fast_ppm, uint64_t first)
{
    return (struct clocked){.fast_ppm = fast_ppm, .first = first, .samples = first, .random = 382};
}

static double random_share(struct clocked *c)
{
    c->random = c->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(c->random >> 32) / 4294967296.0;
}

static void window(struct clocked *c)
{
    c->samples += WINDOW;
    c->true_us = 1e6 + (double)(c->samples - c->first) * 125.0 / (1.0 + c->fast_ppm * 1e-6);
}

static void frame(struct clocked *c, double late_us)
{
    window(c);
    timing_follow(&c->timing, c->samples, c->known_ppb, c->timing.n > 0,
                  llrint(c->true_us + late_us));
}

/** How far the end is believed from where it is, us. */
static double error_us(const struct clocked *c)
{
    const int64_t true_q8 = llrint(c->true_us * 256.0);
    return (double)(int64_t)(c->timing.end_q8 - (uint64_t)true_q8) / 256.0;
}

static void near(double value, double wanted, double within)
{
    if (!(fabs(value - wanted) <= within)) {
        fail_msg("%.9g is not within %g of %.9g", value, within, wanted);
    }
}

/* A rate that is not known leaves nothing after some seconds, whatever the counter stands at. */
static void an_unknown_rate_is_learned(void **state)
{
    (void)state;
    static const double fast_ppm[] = {0.0, 5.0, -50.0, 100.0, -200.0, 450.0};
    static const uint64_t first[] = {0, UINT64_C(1) << 40, UINT64_MAX - 100000u};
    for (unsigned k = 0; k < 18u; k++) {
        struct clocked c = clocked_new(fast_ppm[k % 6u], first[k / 6u]);
        if (first[k / 6u] > 1u) { /* a constant that is nearly right, as a calibrated meter has */
            c.known_ppb = (int32_t)(fast_ppm[k % 6u] * 900.0);
        }
        for (unsigned n = 0; n < 2000u; n++) {
            frame(&c, 0.0);
            if (n >= 25u) { /* the instants are whole microseconds */
                near(error_us(&c), 0.0, n < 100u ? 2.0 : 1.5);
            }
        }
    }
}

/* Frames that come up to 200 us late at random: the mean stays, which two systems share, and of the
 * rest an eighth of its deviation (58 us), four of them at most. */
static void late_frames_are_smoothed(void **state)
{
    (void)state;
    struct clocked c = clocked_new(-80.0, 5);
    double square = 0.0, worst = 0.0;
    for (unsigned n = 0; n < 20000u; n++) {
        frame(&c, 200.0 * random_share(&c));
        if (n >= 300u) {
            const double off = error_us(&c) - 100.0;
            square += off * off;
            worst = fmax(worst, fabs(off));
        }
    }
    near(sqrt(square / 19700.0), 0.0, 58.0 / 7.0);
    near(worst, 0.0, 4.0 * 58.0 / 8.0);
}

/* A frame that is late for a reason of its own is not believed; five in a row are. */
static void a_strange_instant_waits(void **state)
{
    (void)state;
    struct clocked c = clocked_new(60.0, 0);
    for (unsigned n = 0; n < 100u; n++) {
        frame(&c, 0.0);
    }
    for (unsigned n = 0; n < 4u; n++) {
        frame(&c, 6000.0);
        near(error_us(&c), 0.0, 1.0);
    }
    frame(&c, 0.0);
    near(error_us(&c), 0.0, 1.0);
    for (unsigned n = 0; n < 5u; n++) {
        near(error_us(&c), 0.0, 1.0);
        frame(&c, 6000.0);
    }
    near(error_us(&c), 6000.0, 1.0);
}

/* Time that is set holds from the next frame on, and the rate is learned anew. */
static void time_that_is_set(void **state)
{
    (void)state;
    static const double by_us[] = {25e3, -25e3, 3600e6, -5e5};
    for (unsigned k = 0; k < 4u; k++) {
        struct clocked c = clocked_new(-100.0, 0);
        for (unsigned n = 0; n < 300u; n++) {
            frame(&c, 0.0);
        }
        for (unsigned n = 0; n < 300u; n++) {
            frame(&c, by_us[k]);
            near(error_us(&c), by_us[k], n < 25u ? 20.0 : 1.0);
        }
    }
}

/* Lost frames: the line goes on; a long gap or another run of the system begins it anew. */
static void gaps(void **state)
{
    (void)state;
    static const unsigned lost[] = {1, 7, 48, 51, 5000};
    for (unsigned k = 0; k < 5u; k++) {
        struct clocked c = clocked_new(100.0, 0);
        for (unsigned n = 0; n < 600u; n++) {
            for (unsigned m = 0; n == 300u && m < lost[k]; m++) {
                window(&c);
            }
            frame(&c, 0.0);
            near(error_us(&c), 0.0, n < 25u || (n > 300u && n < 325u) ? 30.0 : 1.0);
        }
    }
    struct clocked c = clocked_new(100.0, 0);
    for (unsigned n = 0; n < 50u; n++) {
        frame(&c, 0.0);
    }
    c.timing.n = 0; /* frame() says that it does not follow */
    frame(&c, 123.0);
    near(error_us(&c), 123.0, 1.0);
    assert_int_equal(c.timing.n, 1);
    assert_int_equal(c.timing.rate_q32, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_rate_is_learned),
        cmocka_unit_test(late_frames_are_smoothed),
        cmocka_unit_test(a_strange_instant_waits),
        cmocka_unit_test(time_that_is_set),
        cmocka_unit_test(gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
