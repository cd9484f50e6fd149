/*
 * A measuring system against closed forms: sine in all quadrants, frequencies, load range, direct
 * current, harmonics.  Percentages are of apparent power, voltage, current.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <setjmp.h>

#include <cmocka.h>

#include "legal/signal_synth.h"

#define SETTLE 5

/** Fails with the place and the figures unless |got - expected| <= limit. */
static void near(const char *what, double got, double expected, double limit, const char *where)
{
    if (!(fabs(got - expected) <= limit)) {
        print_error("%s: %s is %.9g, expected %.9g +- %.3g\n", where, what, got, expected, limit);
        fail();
    }
}

/**
 * Everything that one system reports, against the closed form.
 * @param limit    of the means over all windows, as part of S, U, I
 * @param phasors  of the last window's phasors, likewise: harmonics leak into single windows
 */
static void check(const struct synth *synth, unsigned n_windows, double limit, double phasors,
                  const char *where)
{
    const struct synth_reading truth = synth_truth(synth);
    const struct synth_reading got = synth_measure(synth, SETTLE, n_windows);
    const double s_va = truth.u_v * truth.i_a;
    near("P", got.p_w, truth.p_w, limit * s_va, where);
    near("Q", got.q_var, truth.q_var, limit * s_va, where);
    near("U", got.u_v, truth.u_v, limit * truth.u_v, where);
    near("I", got.i_a, truth.i_a, limit * truth.i_a, where);
    near("U1", got.u1_v, truth.u1_v, phasors * truth.u1_v, where);
    near("I1", got.i1_a, truth.i1_a, phasors * truth.i1_a + 1e-6, where);
    near("lag", synth_wrap(got.lag - truth.lag), 0, phasors + 1e-6 / truth.i1_a, where);
    near("f", got.f_hz, truth.f_hz, phasors, where);
}

/* REQ(MET-04, MET-09, MET-16) */
static void test_all_quadrants(void **unused)
{
    (void)unused;
    for (int degrees = 0; degrees < 360; degrees += 5) {
        char where[64];
        const struct synth synth = synth_sine(50, 230, 5, degrees * synth_pi / 180);
        snprintf(where, sizeof where, "%d degrees", degrees);
        check(&synth, 20, 2e-6, 2e-5, where);
    }
}

/* REQ(MET-12) */
static void test_frequencies(void **unused)
{
    (void)unused;
    static const double f_hz[] = {45, 47.5, 49, 49.9, 50,   50.1, 51, 52.5, 54.9, 55.1,
                                  57, 58.8, 60, 60.3, 61.2, 63,   65, 42.3, 68.7};
    static const double degrees[] = {0, 60, -37, 90, 180, -120};
    for (size_t f = 0; f < sizeof f_hz / sizeof *f_hz; f++) {
        for (size_t d = 0; d < sizeof degrees / sizeof *degrees; d++) {
            char where[64];
            const struct synth synth = synth_sine(f_hz[f], 230, 5, degrees[d] * synth_pi / 180);
            snprintf(where, sizeof where, "%.1f Hz, %.0f degrees", f_hz[f], degrees[d]);
            check(&synth, 150, 1.5e-5, 2e-5, where);
        }
    }
}

/* REQ(MET-04, MET-09) */
static void test_load_range(void **unused)
{
    (void)unused;
    static const double amperes[] = {0.02, 0.05, 0.25, 0.5, 1, 2.5, 5, 10, 50, 100};
    static const double volts[] = {92, 184, 230, 264.5};
    for (size_t a = 0; a < sizeof amperes / sizeof *amperes; a++) {
        for (size_t v = 0; v < sizeof volts / sizeof *volts; v++) {
            char where[64];
            const struct synth synth = synth_sine(50.013, volts[v], amperes[a], synth_pi / 3);
            snprintf(where, sizeof where, "%.2f A, %.1f V", amperes[a], volts[v]);
            check(&synth, 100, 1e-5, 2e-5, where);
        }
    }
}

/** Direct current in both channels: energy from power-up on, and all else, as without. */
/* REQ(MET-17) */
static void test_direct_current_changes_nothing(void **unused)
{
    (void)unused;
    static const double f_hz[] = {50, 50.37, 60};
    for (size_t f = 0; f < sizeof f_hz / sizeof *f_hz; f++) {
        struct synth synth = synth_sine(f_hz[f], 230, 1, synth_pi / 3);
        const struct synth_reading without = synth_measure(&synth, 0, 50);
        synth.u.dc = 3.0;
        synth.i.dc = -0.8;
        const struct synth_reading with = synth_measure(&synth, 0, 50);
        near("energy", with.energy_ws, without.energy_ws, 1e-4 * without.energy_ws, "with DC");
        near("reactive", with.reactive_vars, without.reactive_vars, 4e-4 * without.reactive_vars,
             "with DC");
        check(&synth, 100, 4e-5, 2e-5, "steady with DC");
    }
}

/* REQ(MET-17) */
static void test_direct_current_comes_and_goes(void **unused)
{
    (void)unused;
    struct measuring_setup setup;
    struct measuring_system system;
    uint64_t n_fed = 0;
    measuring_setup_neutral(&setup, 1);
    measuring_system_start(&system, &setup, 1);
    struct synth synth = synth_sine(50.1, 230, 0.5, 0);
    const struct synth_reading truth = synth_truth(&synth);
    for (unsigned k = 0; k < SETTLE; k++) {
        (void)synth_window(&system, &synth, &n_fed);
    }
    const struct bus_frame from = synth_frame(&system);
    for (unsigned k = 0; k < 300; k++) {
        /* A hundred times the load.  The steps themselves meet voltage and carry some energy. */
        synth.i.dc = k % 40 < 20 ? 60.0 : -5.0;
        synth.u.dc = k % 40 < 20 ? -15.0 : 15.0;
        const struct bus_frame before = synth_frame(&system);
        const struct bus_frame after = synth_window(&system, &synth, &n_fed);
        if (k % 20 >
            1) { /* not in the window of the step, and the one after it (the filter waits) */
            const struct synth_reading got = synth_between(&before, &after);
            near("U", got.u_v, truth.u_v, 1e-3 * truth.u_v, "between DC steps");
            near("I", got.i_a, truth.i_a, 5e-3 * truth.i_a, "between DC steps");
        }
    }
    const struct bus_frame to = synth_frame(&system);
    near("P", synth_between(&from, &to).p_w, truth.p_w, 5e-3 * truth.p_w, "DC steps");
}

/** EN 50470-3 8.7.7.5 wave: 10 % of 5th in U, 40 % in I, in phase: P = 1.04 P1. */
/* REQ(MET-04) */
static void test_fifth_harmonic(void **unused)
{
    (void)unused;
    struct synth synth = synth_sine(50, 230, 50, 0);
    synth.u.part[0].angle = synth.i.part[0].angle = -synth_pi / 2;
    synth.u.part[1].order = synth.i.part[1].order = 5;
    synth.u.part[1].rms = 23;
    synth.i.part[1].rms = 20;
    synth.u.part[1].angle = synth.i.part[1].angle = -synth_pi / 2;
    near("closed form", synth_truth(&synth).p_w, 1.04 * 230 * 50, 1e-9, "5th");
    check(&synth, 50, 2e-6, 2e-5, "5th harmonic, 50 Hz");
    synth.f_hz = 48.3;
    check(&synth, 250, 2e-5, 5e-4, "5th harmonic, 48.3 Hz");
}

/** Reactive energy is the fundamental's alone (IEC 62053-24), whatever the harmonics do. */
/* REQ(MET-04) */
static void test_distorted_waves(void **unused)
{
    (void)unused;
    static const int order[] = {1, 3, 5, 7, 11, 13};
    static const double i_part[] = {1, 0.30, 0.18, 0.14, 0.09, 0.05};
    static const double u_part[] = {1, 0.038, 0.024, 0.017, 0.010, 0.008};
    for (int wave = 0; wave < 4; wave++) {
        struct synth synth = {.f_hz = wave < 2 ? 50.0 : 59.7};
        for (int k = 0; k < SYNTH_HARMONICS; k++) {
            synth.u.part[k].order = synth.i.part[k].order = order[k];
            synth.u.part[k].rms = 230 * u_part[k];
            synth.i.part[k].rms = 10 * i_part[k];
            synth.u.part[k].angle = k > 0 ? synth_pi : 0;
            synth.i.part[k].angle = wave % 2 == 0 ? 0 : 1.1 * k - 0.9;
        }
        char where[32];
        snprintf(where, sizeof where, "distorted wave %d", wave);
        check(&synth, 250, 2e-5, 5e-4, where);
    }
}

/**
 * Half-wave current: its direct current carries no energy, its even harmonics meet no voltage.
 * P = half of the full wave's; Q = 0.
 */
/* REQ(MET-17) */
static void test_half_wave(void **unused)
{
    (void)unused;
    struct measuring_setup setup;
    struct measuring_system system;
    measuring_setup_neutral(&setup, 1);
    measuring_system_start(&system, &setup, 1);
    struct bus_frame from = {0};
    struct bus_frame to = {0};
    unsigned n_frames = 0;
    for (uint64_t n = 0; n_frames < 55; n++) {
        const double wave = sin(2 * synth_pi * 50 * (double)n / synth_rate_hz);
        const double i_a = wave > 0 ? wave * 100 : 0;
        const double u_v = wave * 230 * sqrt(2.0);
        if (measuring_system_sample(&system, synth_code(u_v * synth_steps_per_volt),
                                    synth_code(i_a * synth_steps_per_ampere))) {
            from = n_frames == SETTLE ? synth_frame(&system) : from;
            to = synth_frame(&system);
            n_frames++;
        }
    }
    const struct synth_reading got = synth_between(&from, &to);
    const double p_w = 0.5 * 230 * 100 / sqrt(2.0);
    near("P", got.p_w, p_w, 1e-5 * p_w, "half wave");
    near("Q", got.q_var, 0, 1e-5 * p_w, "half wave");
    near("I1", got.i1_a, 50 / sqrt(2.0), 1e-4, "half wave");
    /* 50 A rms with the direct current of 100 A / pi.  The wave's corner is not band-limited here,
       so that the samples themselves hold a little less direct current. */
    near("I", got.i_a, sqrt(2500 - 1e4 / (synth_pi * synth_pi)), 5e-3, "half wave");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_quadrants),
        cmocka_unit_test(test_frequencies),
        cmocka_unit_test(test_load_range),
        cmocka_unit_test(test_direct_current_changes_nothing),
        cmocka_unit_test(test_direct_current_comes_and_goes),
        cmocka_unit_test(test_fifth_harmonic),
        cmocka_unit_test(test_distorted_waves),
        cmocka_unit_test(test_half_wave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
