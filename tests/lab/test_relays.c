/** The breaker's relays, and the mains behind them: what is behind an open relay draws nothing. */
#include <math.h>
#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lab/mains.h"
#include "lab/relays.h"

#define SECOND INT64_C(1000000)
#define VOLT   (8388608.0 / 700.0)
#define AMPERE (8388608.0 / 250.0)
#define TURN   6.283185307179586

static void near_to(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-3 * (1.0 + fabs(expected)))) {
        fail_msg("expected %.9g, found %.9g", expected, value);
    }
}

static struct mains *open_spec(const char *spec, unsigned systems)
{
    const struct mains_options options = {systems, false, 0};
    struct lab_error error;
    struct mains *mains = NULL;
    if (mains_open(&mains, spec, &options, &error) != 0) {
        fail_msg("%s", error.text);
    }
    return mains;
}

/* REQ(BRK-08): contacts stay where they are, take their time, and go on only when they are driven
 */
static void contacts_take_their_time(void **state)
{
    (void)state;
    struct relays relays;
    relays_start(&relays, 7, 7);
    assert_int_equal(relays_next_us(&relays), INT64_MAX);
    relays.travel_us[1] = SECOND;
    relays.stuck = 4;
    assert_int_equal(relays_drive(&relays, false, 100), 0);
    assert_int_equal(relays_next_us(&relays), 100 + RELAYS_TRAVEL_US);
    assert_false(relays_run(&relays, RELAYS_TRAVEL_US));
    assert_true(relays_run(&relays, 100 + RELAYS_TRAVEL_US));
    assert_int_equal(relays.closed, 6);
    assert_int_equal(relays_drive(&relays, false, SECOND / 2), 0); /* does not begin anew */
    assert_int_equal(relays_next_us(&relays), SECOND / 2 + RELAYS_TRAVEL_US); /* the stuck one */
    assert_true(relays_run(&relays, SECOND + 100));
    assert_int_equal(relays.closed, 4);
    assert_int_equal(relays_drive(&relays, true, 2 * SECOND), 0);
    relays_stop(&relays); /* the supply goes in the middle */
    assert_int_equal(relays_next_us(&relays), INT64_MAX);
    assert_false(relays_run(&relays, 10 * SECOND));
    assert_int_equal(relays.closed, 4);
    relays.silent = true;
    assert_int_equal(relays_drive(&relays, true, 11 * SECOND), -1);
    assert_int_equal(relays_next_us(&relays), INT64_MAX);
    /* one that turns round on its way */
    relays_start(&relays, 1, 1);
    relays.travel_us[0] = SECOND;
    (void)relays_drive(&relays, false, 0);
    (void)relays_drive(&relays, true, SECOND / 2);
    assert_false(relays_run(&relays, 5 * SECOND));
    assert_int_equal(relays.closed, 1);
}

static double power_w(const struct measuring_window *w)
{
    return (double)w->active_lsb2 / (double)w->samples / VOLT / AMPERE;
}

/* To the microsecond, in the middle of a window, in each phase by itself; a reset of the controls
 * leaves it. */
static void loads_follow_the_relays(void **state)
{
    (void)state;
    struct lab_error error;
    struct measuring_window window[LAB_PHASES];
    struct mains *m = open_spec("u=230,i=10", 3);
    mains_window(m, 0, 8000, window);
    near_to(power_w(&window[1]), 2300);
    mains_relays(m, SECOND + SECOND / 4, 2);
    mains_window(m, SECOND, 8000, window);
    near_to(power_w(&window[0]), 2300);
    near_to(power_w(&window[1]), 2300.0 / 4);
    assert_int_equal(mains_control(m, 2 * SECOND, "reset", 0, &error), 0);
    assert_int_equal(mains_control(m, 2 * SECOND, "i2", 50, &error), 0);
    mains_window(m, 2 * SECOND, 8000, window);
    near_to(power_w(&window[1]), 0);
    near_to(sqrt((double)window[1].voltage_lsb2 / 8000) / VOLT, 230); /* it is before the relay */
    mains_relays(m, 3 * SECOND, 0);
    mains_window(m, 3 * SECOND, 8000, window);
    near_to(power_w(&window[1]), 11500);
    mains_close(m);
}

/* Loads behind open relays do not pull at the star point of a lost neutral. */
static void open_relays_let_the_star_point_go(void **state)
{
    (void)state;
    struct lab_error error;
    struct lab_state now;
    struct mains *m = open_spec("u=230,i=10", 3);
    assert_int_equal(mains_control(m, 0, "i1", 1, &error), 0);
    assert_int_equal(mains_control(m, SECOND, "neutral", 1, &error), 0);
    mains_state(m, SECOND, &now);
    assert_true(now.phase[0].voltage_v > 260);
    mains_relays(m, 2 * SECOND, 7);
    mains_state(m, 2 * SECOND, &now);
    near_to(now.phase[0].voltage_v, 230);
    near_to(now.phase[0].current_a, 0);
    mains_relays(m, 3 * SECOND, 0);
    mains_state(m, 3 * SECOND, &now);
    assert_true(now.phase[0].voltage_v > 260);
    mains_close(m);
}

/* A recording, too, loses its current behind an open relay, sample by sample. */
static void a_recording_follows_the_relays(void **state)
{
    (void)state;
    static const char path[] = BUILD_DIR "/test_relays.wav";
    char spec[sizeof path + 32];
    SF_INFO info = {.samplerate = 8000, .channels = 2, .format = SF_FORMAT_WAV | SF_FORMAT_FLOAT};
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    assert_non_null(file);
    for (int k = 0; k < 8000; k++) {
        const double wave = sqrt(2.0) * cos(TURN * 50.0 * k / 8000.0);
        const float frame[2] = {(float)(230.0 * wave / 700.0), (float)(20.0 * wave / 250.0)};
        assert_int_equal(sf_writef_float(file, frame, 1), 1);
    }
    assert_int_equal(sf_close(file), 0);
    (void)snprintf(spec, sizeof spec, "%s,u_fs=700,i_fs=250", path);
    struct mains *m = open_spec(spec, 1);
    struct measuring_window window[LAB_PHASES];
    mains_relays(m, SECOND / 5, 1);
    mains_window(m, 0, 1600, window);
    near_to(power_w(&window[0]), 4600);
    mains_window(m, SECOND / 5, 1600, window);
    near_to(power_w(&window[0]), 0);
    mains_relays(m, SECOND / 2, 0);
    mains_window(m, 2 * SECOND / 5, 1600, window);
    near_to(power_w(&window[0]), 2300);
    mains_close(m);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contacts_take_their_time),
        cmocka_unit_test(loads_follow_the_relays),
        cmocka_unit_test(open_relays_let_the_star_point_go),
        cmocka_unit_test(a_recording_follows_the_relays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
