/** Scenario files: grammar, timeline, neutral loss against the closed form. */
#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lab/scenario.h"

static const struct mains_options three = {3, false, 0};

static struct mains *open_text(const char *text)
{
    struct lab_source source;
    struct lab_error error;
    struct mains *mains = NULL;
    memset(&source, 0, sizeof source);
    if (lab_scenario_open(&source, "x.scn", text, strlen(text), &error) != 0) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(lab_mains_create(&mains, &source, &three, &error), 0);
    return mains;
}

static struct lab_state at_ms(struct mains *mains, int64_t ms)
{
    struct lab_state state;
    mains_state(mains, ms * 1000, &state);
    return state;
}

/** exp(j * angle). */
static double complex unit(double angle)
{
    return cos(angle) + (double complex)I * sin(angle);
}

static void near(double value, double expected)
{
    if (!(fabs(value - expected) < 1e-9 * (1.0 + fabs(expected)))) {
        fail_msg("expected %.12g, found %.12g", expected, value);
    }
}

static void test_load_steps(void **state)
{
    (void)state;
    struct mains *m = open_text("set i1=1 i2=2\n"
                                "at 10s set i=5 pf1=0.5i # comment\n"
                                "at +500ms set phi1=-90 p2=1150\n"
                                "  \n# only a comment\n"
                                "at 00:01:00.25 set f=49 temperature=40 u3=0\r\n");
    near(at_ms(m, 0).phase[1].current_a, 2);
    near(at_ms(m, 0).phase[1].voltage_v, 230);
    near(at_ms(m, 0).phase[2].current_a, 0);
    near(at_ms(m, 10000).phase[0].current_a, 5);
    near(at_ms(m, 10000).phase[0].phi_deg, 60);
    near(at_ms(m, 10500).phase[0].phi_deg, -90);
    near(at_ms(m, 10500).phase[1].current_a, 5);
    near(at_ms(m, 60249).frequency_hz, 50);
    near(at_ms(m, 60250).frequency_hz, 49);
    near(at_ms(m, 60250).temperature_c, 40);
    near(at_ms(m, 60250).phase[2].voltage_v, 0);
    near(at_ms(m, 60250).phase[2].current_a, 0);
    near(at_ms(m, 500).phase[1].current_a, 2); /* looking back */
    mains_close(m);
}

static void test_dips_and_losses(void **state)
{
    (void)state;
    struct mains *m = open_text("set u=200 i=10\n"
                                "at 1s dip L1+L3 to 40% for 200ms\n"
                                "at 2s set load=z\n"
                                "dip L1 to 50 for 100ms\n"
                                "at 3s lose L2 for 1s\n"
                                "at 5s swell all to 120%\n"
                                "at 6s restore all\n"
                                "at 7s power off for 2s\n"
                                "at 10s power off\nat 11s power on\n");
    near(at_ms(m, 999).phase[0].voltage_v, 200);
    near(at_ms(m, 1000).phase[0].voltage_v, 80);
    near(at_ms(m, 1000).phase[0].current_a, 10);
    near(at_ms(m, 1000).phase[1].voltage_v, 200);
    near(at_ms(m, 1199).phase[2].voltage_v, 80);
    near(at_ms(m, 1200).phase[2].voltage_v, 200);
    near(at_ms(m, 2050).phase[0].current_a, 5);
    near(at_ms(m, 3500).phase[1].voltage_v, 0);
    near(at_ms(m, 3500).phase[1].current_a, 0);
    near(at_ms(m, 4000).phase[1].voltage_v, 200);
    near(at_ms(m, 5999).phase[1].voltage_v, 240);
    near(at_ms(m, 6000).phase[1].voltage_v, 200);
    near(at_ms(m, 8999).phase[0].voltage_v, 0);
    near(at_ms(m, 9000).phase[0].voltage_v, 200);
    near(at_ms(m, 10500).phase[2].current_a, 0);
    near(at_ms(m, 11000).phase[2].current_a, 10);
    mains_close(m);
}

/** A dip of 200 ms in a window of one second counts in closed form. */
static void test_dip_inside_window(void **state)
{
    (void)state;
    struct mains *m = open_text("set u=200 i=10\nat 300ms dip L1 to 40% for 200ms\n");
    struct measuring_window w[LAB_PHASES];
    const double watt = (8388608.0 / 700.0) * (8388608.0 / 250.0) * 8000.0;
    mains_window(m, 0, 8000, w);
    assert_true(fabs((double)w[0].active_lsb2 / watt - (0.8 * 2000.0 + 0.2 * 800.0)) < 1e-6);
    assert_true(fabs((double)w[1].active_lsb2 / watt - 2000.0) < 1e-6);
    mains_close(m);
}

static void outlook_is(struct mains *m, int64_t at_ms, int64_t until_ms, unsigned supplied)
{
    struct mains_outlook outlook;
    mains_outlook(m, at_ms * 1000, &outlook);
    assert_int_equal(outlook.until_us, until_ms == INT64_MAX ? INT64_MAX : until_ms * 1000);
    assert_int_equal(outlook.supplied, supplied);
}

/** What a window may hold: how long nothing changes, and which systems have 160 V. */
static void test_outlook(void **state)
{
    (void)state;
    struct lab_error error;
    struct mains *m = open_text("at 1.25s set i=5\nat 2s dip L1 to 69% for 300ms\n"
                                "at 3s dip L1+L3 to 70% for 1s\nat 5s power off for 2s\n");
    outlook_is(m, 0, 1250, 7);
    outlook_is(m, 1000, 1250, 7);
    outlook_is(m, 1250, 2000, 7);
    outlook_is(m, 2000, 2300, 6);
    outlook_is(m, 2300, 3000, 7);
    outlook_is(m, 3500, 4000, 7);
    outlook_is(m, 4000, 5000, 7);
    assert_int_equal(mains_control(m, 4500000, "u2", 100, &error), 0);
    outlook_is(m, 4000, 4500, 7);
    outlook_is(m, 4500, 5000, 5);
    outlook_is(m, 5000, 7000, 0);
    mains_close(m);
}

/**
 * The floating star: U_N = sum(U*Y) / sum(Y), written again with
 * C's complex numbers.
 */
static void test_neutral_loss(void **state)
{
    (void)state;
    struct mains *m = open_text("set u=230 i1=2 i2=10 pf2=0.8i i3=5 pf3=0.9c\nat 1s lose neutral\n"
                                "at 2s restore neutral\n");
    const double turn = acos(-1.0) / 180.0;
    double complex u[3], y[3], top = 0.0, bottom = 0.0;
    const double amperes[3] = {2, 10, 5}, phi[3] = {0.0, acos(0.8), -acos(0.9)};
    for (int k = 0; k < 3; k++) {
        u[k] = 230.0 * unit(-120.0 * turn * k);
        y[k] = amperes[k] / 230.0 * unit(-phi[k]);
        top += u[k] * y[k];
        bottom += y[k];
    }
    struct lab_state now = at_ms(m, 1000);
    double complex sum = 0.0;
    for (int k = 0; k < 3; k++) {
        double complex expected = u[k] - top / bottom;
        near(now.phase[k].voltage_v, cabs(expected));
        near(cos(now.phase[k].voltage_deg * turn), cos(carg(expected)));
        near(now.phase[k].current_a, cabs(expected * y[k]));
        sum +=
            now.phase[k].current_a * unit(turn * (now.phase[k].voltage_deg - now.phase[k].phi_deg));
    }
    assert_true(cabs(sum) < 1e-9); /* no neutral: the currents have nowhere else to go */
    assert_true(now.phase[0].voltage_v > 300.0);
    near(at_ms(m, 2000).phase[0].voltage_v, 230);
    mains_close(m);
}

static void test_harmonics(void **state)
{
    (void)state;
    struct mains *m = open_text("set i=5\nharmonic u L1 5=10%@30 7=2\nharmonic i all 3=20%\n"
                                "at 1s harmonic u all none\nat 2s harmonic i all none\n");
    near(at_ms(m, 0).phase[0].u_harmonic_pct[5], 10);
    near(at_ms(m, 0).phase[0].u_harmonic_deg[5], 30);
    near(at_ms(m, 0).phase[0].u_harmonic_pct[7], 2);
    near(at_ms(m, 0).phase[1].u_harmonic_pct[5], 0);
    near(at_ms(m, 1000).phase[0].u_harmonic_pct[5], 0);
    near(at_ms(m, 1000).phase[2].i_harmonic_pct[3], 20);
    near(at_ms(m, 2000).phase[2].i_harmonic_pct[3], 0);
    mains_close(m);
}

/** The samples follow the definition: harmonics count from their fundamental's zero crossing. */
static void test_harmonic_waveform(void **state)
{
    static int32_t v[LAB_PHASES][800], i[LAB_PHASES][800];
    int32_t *v_at[LAB_PHASES] = {v[0], v[1], v[2]}, *i_at[LAB_PHASES] = {i[0], i[1], i[2]};
    const double turn = 2.0 * acos(-1.0);
    (void)state;
    struct mains *m = open_text("set u=200 i=10 phi=30\nharmonic u all 3=30% 2=5%@90\n"
                                "harmonic i all 5=20%@180\n");
    mains_samples(m, 0, 800, v_at, i_at);
    for (unsigned phase = 0; phase < LAB_PHASES; phase++) {
        for (unsigned k = 0; k < 800; k++) {
            double x = turn * (50.0 * k / 8000.0 - phase / 3.0 + 0.25), y = x - turn / 12.0;
            double u = sin(x) + 0.3 * sin(3.0 * x) + 0.05 * sin(2.0 * x + turn / 4.0);
            double a = sin(y) + 0.2 * sin(5.0 * y + turn / 2.0);
            double volts = v[phase][k] * 700.0 / 8388608.0;
            double amperes = i[phase][k] * 250.0 / 8388608.0;
            assert_true(fabs(volts - 200.0 * sqrt(2.0) * u) < 2e-4);
            assert_true(fabs(amperes - 10.0 * sqrt(2.0) * a) < 1e-4);
        }
    }
    mains_close(m);
}

/** Windows and samples agree with harmonics too, in a three-wire meter. */
static void test_harmonics_in_aron(void **state)
{
    static int32_t v[LAB_PHASES][1600], i[LAB_PHASES][1600];
    int32_t *v_at[LAB_PHASES] = {v[0], v[1], v[2]}, *i_at[LAB_PHASES] = {i[0], i[1], i[2]};
    static const struct mains_options aron = {2, true, 0};
    struct lab_source source;
    struct lab_error error;
    struct mains *m = NULL;
    struct measuring_window w[LAB_PHASES];
    const char *text = "set u=230 i=10 phi=40\nharmonic u all 3=8%@20 5=6%\n"
                       "harmonic i all 5=30%@60 7=10%\nharmonic u L2 7=5%@-30\n";
    (void)state;
    memset(&source, 0, sizeof source);
    assert_int_equal(lab_scenario_open(&source, "x.scn", text, strlen(text), &error), 0);
    assert_int_equal(lab_mains_create(&m, &source, &aron, &error), 0);
    mains_window(m, 0, 1600, w);
    mains_samples(m, 0, 1600, v_at, i_at);
    for (unsigned k = 0; k < 2; k++) {
        double p = 0.0, u2 = 0.0, i2 = 0.0;
        for (unsigned s = 0; s < 1600; s++) {
            p += (double)v[k][s] * i[k][s];
            u2 += (double)v[k][s] * v[k][s];
            i2 += (double)i[k][s] * i[k][s];
        }
        assert_true(fabs(p - (double)w[k].active_lsb2) < 1e-6 * sqrt(u2 * i2));
        assert_true(fabs(u2 / (double)w[k].voltage_lsb2 - 1.0) < 1e-6);
        assert_true(fabs(i2 / (double)w[k].current_lsb2 - 1.0) < 1e-6);
    }
    mains_close(m);
}

static void test_every(void **state)
{
    (void)state;
    struct mains *m = open_text("every 10s from 5s set i=1\nevery 10s from 7s until 20s set i=3\n");
    near(at_ms(m, 4999).phase[0].current_a, 0);
    near(at_ms(m, 5000).phase[0].current_a, 1);
    near(at_ms(m, 7000).phase[0].current_a, 3);
    near(at_ms(m, 16999).phase[0].current_a, 1);
    near(at_ms(m, 17000).phase[0].current_a, 3);
    near(at_ms(m, 27000).phase[0].current_a, 1);
    mains_close(m);
}

static void event_is(struct mains *m, int64_t ms, enum lab_event_kind kind, bool on)
{
    struct lab_event event;
    assert_false(mains_next_event(m, ms * 1000 - 1, &event));
    assert_true(mains_next_event(m, ms * 1000, &event));
    assert_int_equal(event.at_us, ms * 1000);
    assert_int_equal(event.kind, kind);
    assert_int_equal(event.on, on);
}

static void test_events(void **state)
{
    (void)state;
    struct mains *m =
        open_text("at 1s press left\nat 2s press right for 6s\nat 3s magnet on for 1s\n"
                  "at 5s cover open\nset i=1\nat 6s terminal-cover closed\n"
                  "at 10s press left 50ms\nevery 10s from 11s until 21s cover closed\n"
                  "at 25s seal open for 1s\nat 30s kill\n");
    struct lab_event event;
    event_is(m, 1000, LAB_EVENT_BUTTON_LEFT, true);
    event_is(m, 1200, LAB_EVENT_BUTTON_LEFT, false);
    event_is(m, 2000, LAB_EVENT_BUTTON_RIGHT, true);
    event_is(m, 3000, LAB_EVENT_MAGNET, true);
    event_is(m, 4000, LAB_EVENT_MAGNET, false);
    event_is(m, 5000, LAB_EVENT_COVER, true);
    event_is(m, 6000, LAB_EVENT_TERMINAL_COVER, false);
    event_is(m, 8000, LAB_EVENT_BUTTON_RIGHT, false);
    event_is(m, 10000, LAB_EVENT_BUTTON_LEFT, true);
    event_is(m, 10050, LAB_EVENT_BUTTON_LEFT, false);
    event_is(m, 11000, LAB_EVENT_COVER, false);
    event_is(m, 21000, LAB_EVENT_COVER, false);
    event_is(m, 25000, LAB_EVENT_SEAL, true);
    event_is(m, 26000, LAB_EVENT_SEAL, false);
    event_is(m, 30000, LAB_EVENT_KILL, true);
    assert_false(mains_next_event(m, INT64_MAX, &event));
    mains_close(m);
}

/** Bad lines and the exact words about them. */
static void test_errors_name_the_place(void **state)
{
    static const char *const table[][2] = {
        {"", "x.scn:1:1: expected something to happen, found nothing"},
        {"set i=1\nat 5 set i=2",
         "x.scn:2:4: expected a time like 10s, 200ms, 1h30m or 00:01:30, found '5'"},
        {"at 00:61:00 set i=2",
         "x.scn:1:4: expected a time like 10s, 200ms, 1h30m or 00:01:30, found '00:61:00'"},
        {"at 1s jump",
         "x.scn:1:7: expected set, dip, swell, lose, restore, harmonic, power, magnet, cover, "
         "terminal-cover, seal, tariff-input, pin, backup, breaker, press or kill, found 'jump'"},
        {"at 1s set x=3", "x.scn:1:11: expected u=, i=, pf=, phi=, p= (or u1= .. p3=), f=, "
                          "temperature=, load= or sequence=, found 'x=3'"},
        {"at 1s set u1=2000", "x.scn:1:14: expected a voltage from 0 to 1000 V, found '2000'"},
        {"at 1s set u1=nan", "x.scn:1:14: expected a voltage from 0 to 1000 V, found 'nan'"},
        {"at 1s set load=x", "x.scn:1:16: expected load=constant or load=z, found 'x'"},
        {"at 1s dip L4 to 40%", "x.scn:1:11: expected L1, L2, L3, L1+L2 or all, found 'L4'"},
        {"at 1s dip L1+ to 40%", "x.scn:1:11: expected L1, L2, L3, L1+L2 or all, found 'L1+'"},
        {"at 1s dip L1 40%", "x.scn:1:14: expected to, found '40%'"},
        {"at 1s dip L1 to 400%",
         "x.scn:1:17: expected a rest voltage from 0% to 200%, found '400%'"},
        {"at 1s dip L1 to 40% for 0s", "x.scn:1:25: expected a time above 0, found '0s'"},
        {"at 1s lose it", "x.scn:1:12: expected L1, L2, L3, L1+L2, all or neutral, found 'it'"},
        {"harmonic u L1 1=5%",
         "x.scn:1:15: expected none, or order=percent with an order from 2 to "
         "40 (5=10%@180), found '1=5%'"},
        {"harmonic u L1 5=5%@x",
         "x.scn:1:20: expected an angle from -360 to 360 degrees, found 'x'"},
        {"press up", "x.scn:1:7: expected left or right, found 'up'"},
        {"seal broken", "x.scn:1:6: expected open or closed, found 'broken'"},
        {"cover on", "x.scn:1:7: expected open or closed, found 'on'"},
        {"magnet", "x.scn:1:7: expected on or off, found nothing"},
        {"kill now", "x.scn:1:6: expected the end of the line, found 'now'"},
        {"every 1us set i=1", "x.scn:1:7: expected a period of 1 ms or more, found '1us'"},
    };
    (void)state;
    for (size_t k = 0; k < sizeof table / sizeof table[0]; k++) {
        struct scenario scenario;
        struct lab_error error;
        int result = scenario_parse(&scenario, "x.scn", table[k][0], strlen(table[k][0]), &error);
        scenario_free(&scenario);
        assert_int_equal(result, -1);
        assert_string_equal(error.text, table[k][1]);
    }
}

/** Those that we ship must load, from any file name's contents. */
static void test_shipped_scenarios(void **state)
{
    static const char *const names[] = {"week", "disturbances", "neutral-loss", "tamper"};
    (void)state;
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        char path[300];
        struct mains *mains = NULL;
        struct lab_error error;
        (void)snprintf(path, sizeof path, "%s/data/scenarios/%s.scn", SOURCE_DIR, names[k]);
        if (mains_open(&mains, path, &three, &error) != 0) {
            fail_msg("%s", error.text);
        }
        mains_close(mains);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load_steps),
        cmocka_unit_test(test_dips_and_losses),
        cmocka_unit_test(test_dip_inside_window),
        cmocka_unit_test(test_outlook),
        cmocka_unit_test(test_neutral_loss),
        cmocka_unit_test(test_harmonics),
        cmocka_unit_test(test_harmonic_waveform),
        cmocka_unit_test(test_every),
        cmocka_unit_test(test_harmonics_in_aron),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_errors_name_the_place),
        cmocka_unit_test(test_shipped_scenarios),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
