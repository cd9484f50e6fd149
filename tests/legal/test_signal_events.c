/*
 * A measuring system when something happens: start, steps of frequency and phase, dips, clipping,
 * no voltage, odd constants, samples in pieces.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <setjmp.h>

#include <cmocka.h>

#include "legal/signal_synth.h"

#define SEED UINT64_C(0x3832)

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static void near(const char *what, double got, double expected, double limit, const char *where)
{
    if (!(fabs(got - expected) <= limit)) {
        print_error("%s: %s is %.9g, expected %.9g +- %.3g\n", where, what, got, expected, limit);
        fail();
    }
}

static void start(struct measuring_system *system, uint8_t number)
{
    struct measuring_setup setup;
    measuring_setup_neutral(&setup, number);
    measuring_system_start(system, &setup, 1);
}

/** A source whose phase goes on when its frequency changes. */
struct source {
    struct measuring_system system;
    double angle; /**< of the voltage at the next sample */
    double f_hz, u_v, i_a, lag;
    double energy_ws; /**< u * i * cos(lag) * time */
    double reactive_vars;
    double products; /**< straight sum of the codes' products, as far as the filter has got */
    double waiting[3];
    uint64_t n_fed;
    struct bus_frame frame;
};

static struct source source_start(double f_hz)
{
    struct source source = {.f_hz = f_hz, .u_v = 230, .i_a = 5, .lag = 1.0};
    start(&source.system, 1);
    return source;
}

/** One sample; true when it closed a window, whose frame is then in source->frame. */
static bool source_sample(struct source *source)
{
    const double v = source->u_v * sqrt(2.0) * cos(source->angle);
    const double i = source->i_a * sqrt(2.0) * cos(source->angle - source->lag);
    source->angle += 2 * synth_pi * source->f_hz / synth_rate_hz;
    source->energy_ws += source->u_v * source->i_a * cos(source->lag) / synth_rate_hz;
    source->reactive_vars += source->u_v * source->i_a * sin(source->lag) / synth_rate_hz;
    const int32_t v_lsb = synth_code(v * synth_steps_per_volt);
    const int32_t i_lsb = synth_code(i * synth_steps_per_ampere);
    source->products += source->waiting[source->n_fed % 3];
    source->waiting[source->n_fed % 3] = (double)v_lsb * i_lsb;
    source->n_fed++;
    const bool closed = measuring_system_sample(&source->system, v_lsb, i_lsb);
    if (closed) {
        source->frame = synth_frame(&source->system);
        assert_true(source->frame.samples == source->n_fed);
    }
    return closed;
}

static void source_windows(struct source *source, unsigned n)
{
    while (n > 0) {
        n -= source_sample(source) ? 1 : 0;
    }
}

/**
 * Power swings about its mean at twice the frequency: over a time that is not whole half waves,
 * energy is this far from mean power times time, at most, for each end.
 */
static double swing_ws(const struct source *source)
{
    return 230 * source->i_a / (4 * synth_pi * source->f_hz);
}

/** The next windows are as exact as ever. */
static void check_recovered(struct source *source, const char *where)
{
    const struct bus_frame from = source->frame;
    source_windows(source, 60);
    const struct synth_reading got = synth_between(&from, &source->frame);
    const double s_va = source->u_v * source->i_a;
    near("P", got.p_w, s_va * cos(source->lag), 2e-5 * s_va, where);
    near("Q", got.q_var, s_va * sin(source->lag), 2e-5 * s_va, where);
    near("U", got.u_v, source->u_v, 2e-5 * source->u_v, where);
    near("I", got.i_a, source->i_a, 2e-5 * source->i_a, where);
    near("f", got.f_hz, source->f_hz, 50e-6, where);
}

/* REQ(MET-12) */
static void test_locks_from_any_start(void **unused)
{
    (void)unused;
    for (double f_hz = 43; f_hz <= 68.01; f_hz += 0.5) {
        for (double angle = 0; angle < 6; angle += 1.5) {
            char where[48];
            snprintf(where, sizeof where, "start at %.1f Hz, %.1f rad", f_hz, angle);
            struct source source = source_start(f_hz);
            source.angle = angle;
            source_windows(&source, 3);
            assert_int_equal(source.frame.flags, BUS_FLAG_VOLTAGE | BUS_FLAG_LOCKED);
            near("f", source.frame.frequency_uhz * 1e-6, f_hz, 2e-3, where);
            source_windows(&source, 1);
            near("f", source.frame.frequency_uhz * 1e-6, f_hz, 1e-3, where);
            source_windows(&source, 3);
            /* Nothing of the start is lost: the three samples in the filter are all. */
            const struct synth_reading got = synth_between(&(struct bus_frame){0}, &source.frame);
            const double s_vas = source.u_v * source.i_a * got.seconds;
            near("energy", got.energy_ws, source.energy_ws, 1.5e-3 * s_vas + swing_ws(&source),
                 where);
            near("reactive", got.reactive_vars, source.reactive_vars, 2e-3 * s_vas, where);
        }
    }
}

/* REQ(MET-12) */
static void test_frequency_steps(void **unused)
{
    (void)unused;
    static const double steps_hz[] = {50, 51, 49, 52.5, 47.5, 57, 63, 60, 45, 65, 50.01, 50};
    struct source source = source_start(50);
    for (size_t k = 0; k < sizeof steps_hz / sizeof *steps_hz; k++) {
        char where[32];
        snprintf(where, sizeof where, "step to %.2f Hz", steps_hz[k]);
        source.f_hz = steps_hz[k];
        source_windows(&source, 5);
        check_recovered(&source, where);
    }
}

/** 1 Hz per second up and down: P needs no frequency, Q follows. */
/* REQ(MET-12) */
static void test_frequency_ramp(void **unused)
{
    (void)unused;
    struct source source = source_start(48);
    source_windows(&source, 5);
    const struct bus_frame from = source.frame;
    source.energy_ws = source.reactive_vars = 0;
    for (unsigned k = 0; k < 8 * 8000; k++) {
        source.f_hz += (k < 4 * 8000 ? 1.0 : -1.0) / 8000;
        const bool closed = source_sample(&source);
        if (closed && k % 32000 > 8000) {
            const double angle = atan2(source.frame.v1_im, source.frame.v1_re);
            near("phase", synth_wrap(angle - source.angle), 0, 0.04, "ramp");
        }
    }
    while (!source_sample(&source)) {
        source.f_hz = 48;
    }
    const struct synth_reading got = synth_between(&from, &source.frame);
    near("energy", got.energy_ws, source.energy_ws, 1.2 * swing_ws(&source), "ramp");
    near("reactive", got.reactive_vars, source.reactive_vars, 2e-4 * source.reactive_vars, "ramp");
}

/** A jump is no frequency: it shows little while it lasts, and all is right at once after. */
static void test_phase_jumps(void **unused)
{
    (void)unused;
    struct source source = source_start(50.2);
    source_windows(&source, 5);
    for (unsigned k = 1; k < 60; k++) {
        char where[32];
        snprintf(where, sizeof where, "jump by %.2f rad", 0.1 * k);
        for (unsigned n = 0; n < 137 * (k % 12); n++) {
            (void)source_sample(&source);
        }
        source.angle += 0.1 * k;
        for (unsigned n = 0; n < 6; n++) {
            source_windows(&source, 1);
            const bool locked = (source.frame.flags & BUS_FLAG_LOCKED) != 0;
            near("f", source.frame.frequency_uhz * 1e-6, 50.2, locked ? 0.5 : 1.5, where);
        }
        check_recovered(&source, where);
    }
}

/** Down to 40 %, 10 %, 0: every product all through, and the old exactness at once after. */
static void test_dips(void **unused)
{
    (void)unused;
    static const double part[] = {0.4, 0.1, 0};
    static const unsigned samples[] = {80, 160, 1600, 8000, 777};
    struct source source = source_start(49.9);
    source_windows(&source, 20);
    for (size_t p = 0; p < 3; p++) {
        for (size_t n = 0; n < 5; n++) {
            char where[48];
            snprintf(where, sizeof where, "dip to %.1f, %u samples", part[p], samples[n]);
            const struct bus_frame from = source.frame;
            source.products = 0;
            source.u_v = 230 * part[p];
            source.i_a = 5 * part[p];
            for (unsigned k = 0; k < samples[n]; k++) {
                (void)source_sample(&source);
            }
            source.u_v = 230;
            source.i_a = 5;
            source_windows(&source, 4);
            const double counted = (double)(source.frame.active - from.active) * 65536;
            near("energy", counted, source.products, 5e-5 * source.products, where);
            check_recovered(&source, where);
        }
    }
}

/** Thirty times Imax for half a cycle: clipped, flagged, and nothing sticks. */
static void test_short_time_overcurrent(void **unused)
{
    (void)unused;
    struct source source = source_start(50);
    source.i_a = 0.5;
    source_windows(&source, 80);
    assert_int_equal(source.frame.flags & BUS_FLAG_CLIPPED, 0);
    for (unsigned k = 0; k < 625; k++) {
        (void)source_sample(&source);
    }
    source.i_a = 3000; /* its positive half wave */
    for (unsigned k = 0; k < 80; k++) {
        assert_false(source_sample(&source));
    }
    source.i_a = 0.5;
    source_windows(&source, 1);
    assert_int_equal(source.frame.flags & BUS_FLAG_CLIPPED, BUS_FLAG_CLIPPED);
    source_windows(&source, 1);
    assert_int_equal(source.frame.flags, BUS_FLAG_VOLTAGE | BUS_FLAG_LOCKED);
    check_recovered(&source, "after 30 Imax");
    /* Without voltage only the followed offsets are subtracted: the overload left no trace. */
    source.u_v = 0;
    source_windows(&source, 2);
    const struct bus_frame from = source.frame;
    source_windows(&source, 5);
    near("I", synth_between(&from, &source.frame).i_a, 0.5, 1e-3, "after 30 Imax, no voltage");
}

/** Codes far outside the converter's range, for seconds, in both channels. */
static void test_absurd_codes(void **unused)
{
    (void)unused;
    struct source source = source_start(50);
    source_windows(&source, 5);
    uint64_t state = SEED;
    for (unsigned k = 0; k < 50000; k++) {
        const bool high = (random_next(&state) >> 63) != 0;
        (void)measuring_system_sample(&source.system, high ? INT32_MAX : INT32_MIN,
                                      k % 2 != 0 ? INT32_MAX : INT32_MIN);
        source.n_fed++;
    }
    for (unsigned k = 0; k < 50000; k++) {
        (void)measuring_system_sample(&source.system, INT32_MIN, INT32_MAX);
        source.n_fed++;
    }
    const struct bus_frame frame = synth_frame(&source.system);
    assert_true(frame.voltage < source.n_fed << 30);
    assert_true(frame.current < source.n_fed << 30);
    source_windows(&source, 5);
    check_recovered(&source, "after absurd codes");
}

/* REQ(MET-02, MET-03) */
static void test_without_voltage(void **unused)
{
    (void)unused;
    struct source source = source_start(50);
    source.u_v = 0;
    source_windows(&source, 10);
    assert_int_equal(source.frame.window_samples, 1600);
    assert_int_equal(source.frame.samples, 16000);
    assert_int_equal(source.frame.frequency_uhz, 0);
    assert_int_equal(source.frame.flags, 0);
    assert_true(source.frame.active == 0);
    assert_true(source.frame.reactive == 0);
    near("I", synth_between(&(struct bus_frame){0}, &source.frame).i_a, 5, 1e-3, "no voltage");
    source.u_v = 230;
    source.f_hz = 60;
    source_windows(&source, 4);
    check_recovered(&source, "voltage came");
    /* Gaps between windows: the first frame after one owes nothing to the last before it. */
    for (unsigned k = 0; k < 50; k++) {
        source.u_v = 0;
        source_windows(&source, 3);
        source.u_v = 230;
        source.angle = 0.3 * k;
        source_windows(&source, 1);
        near("f", source.frame.frequency_uhz * 1e-6, 60, 0.06, "after a gap");
        source_windows(&source, 3);
    }
}

/** Windows stated from outside between samples: a gap in time, of which nothing is assumed. */
static void test_samples_after_windows(void **unused)
{
    (void)unused;
    struct source source = source_start(50);
    source_windows(&source, 5);
    for (unsigned k = 0; k < 20; k++) {
        measuring_system_window(&source.system, &(struct measuring_window){.samples = 1000});
        source.n_fed += 1000;
        source.angle += 0.3;
        source_windows(&source, 1);
        near("f", source.frame.frequency_uhz * 1e-6, 50, 0.02, "after a window");
        source_windows(&source, 1);
    }
}

/** Outside 42 .. 69 Hz the frequency is not claimed, and P goes on. */
static void test_frequency_out_of_range(void **unused)
{
    (void)unused;
    struct source source = source_start(35);
    source_windows(&source, 10);
    const struct bus_frame from = source.frame;
    source_windows(&source, 60);
    assert_int_equal(source.frame.frequency_uhz, 0);
    const struct synth_reading got = synth_between(&from, &source.frame);
    near("P", got.p_w, 1150 * cos(1.0), 1.0, "35 Hz");
    source.f_hz = 50;
    source_windows(&source, 5);
    check_recovered(&source, "back from 35 Hz");
}

/**
 * Two systems sample together but their windows end at different samples: turned by the difference
 * of the sample counters, their phasors show the true angle between the phases.
 */
/* REQ(MET-02, MET-03) */
static void test_phases_of_two_systems(void **unused)
{
    (void)unused;
    struct source one = source_start(50.3);
    struct source two = source_start(50.3);
    two.angle = -2 * synth_pi / 3;
    two.u_v = 0;
    for (unsigned k = 0; k < 12345; k++) { /* its voltage comes later */
        (void)source_sample(&two);
        (void)source_sample(&one);
    }
    two.u_v = 230;
    for (unsigned k = 0; k < 40000; k++) {
        (void)source_sample(&one);
        (void)source_sample(&two);
    }
    const double apart = (double)one.frame.samples - (double)two.frame.samples;
    assert_true(apart != 0);
    const double angle_one = atan2(one.frame.v1_im, one.frame.v1_re);
    const double angle_two = atan2(two.frame.v1_im, two.frame.v1_re);
    const double f_hz = one.frame.frequency_uhz * 1e-6;
    const double turned = angle_two + 2 * synth_pi * f_hz * apart / synth_rate_hz;
    near("angle", synth_wrap(turned - angle_one), -2 * synth_pi / 3, 1e-4, "two systems");
    /* And each argument is the phase at the window's end. */
    const double end = 2 * synth_pi * 50.3 * (double)one.frame.samples / synth_rate_hz;
    near("phase", synth_wrap(angle_one - end), 0, 1e-4, "window's end");
}

/** Two equal taps delay by half a sample and droop by cos(w/2): closed form of a known filter. */
/* REQ(MET-02) */
static void test_voltage_filter(void **unused)
{
    (void)unused;
    struct measuring_setup setup;
    measuring_setup_neutral(&setup, 1);
    setup.voltage_fir_q28[3] = 1 << 27;
    setup.voltage_fir_q28[4] = 1 << 27;
    for (double f_hz = 47.5; f_hz < 64; f_hz += 5) {
        struct source source = source_start(f_hz);
        measuring_system_start(&source.system, &setup, 1);
        source_windows(&source, 5);
        const struct bus_frame from = source.frame;
        source_windows(&source, 200);
        const struct synth_reading got = synth_between(&from, &source.frame);
        const double half = synth_pi * f_hz / synth_rate_hz;
        const double s_va = 1150 * cos(half);
        near("P", got.p_w, s_va * cos(1.0 - half), 3e-5 * s_va, "filter");
        near("Q", got.q_var, s_va * sin(1.0 - half), 2e-5 * s_va, "filter");
        near("U", got.u_v, 230 * cos(half), 3e-5 * 230, "filter");
    }
}

/** The whole range of delays: current shifted against the voltage by so many samples. */
static void test_current_delay(void **unused)
{
    (void)unused;
    for (uint8_t delay = 0; delay <= 7; delay++) {
        struct measuring_setup setup;
        measuring_setup_neutral(&setup, 1);
        setup.current_delay_samples = delay;
        struct source source = source_start(50);
        measuring_system_start(&source.system, &setup, 1);
        source_windows(&source, 5);
        const struct bus_frame from = source.frame;
        source_windows(&source, 20);
        const double lag = 1.0 + 2 * synth_pi * 50 * (delay - 3.0) / synth_rate_hz;
        near("P", synth_between(&from, &source.frame).p_w, 1150 * cos(lag), 0.01, "delay");
    }
}

static void test_constants_out_of_range_are_refused(void **unused)
{
    (void)unused;
    struct measuring_setup wrong[3];
    for (unsigned k = 0; k < 3; k++) {
        measuring_setup_neutral(&wrong[k], 2);
    }
    wrong[0].current_delay_samples = 8;
    wrong[1].voltage_fir_q28[0] = INT32_MIN;
    for (unsigned k = 0; k < MEASURING_FIR_TAPS; k++) {
        wrong[2].voltage_fir_q28[k] = INT32_MAX;
    }
    for (unsigned k = 0; k < 3; k++) {
        struct source source = source_start(50);
        measuring_system_start(&source.system, &wrong[k], 77);
        source_windows(&source, 5);
        assert_int_equal(source.frame.system, 2);
        assert_int_equal(source.frame.epoch, 77);
        assert_int_equal(source.frame.flags, BUS_FLAG_VOLTAGE | BUS_FLAG_LOCKED | BUS_FLAG_REFUSED);
        check_recovered(&source, "neutral instead");
    }
}

/** The same samples, one by one and in blocks of any size: the same frames to the last bit. */
static void test_pieces_make_no_difference(void **unused)
{
    (void)unused;
    uint64_t state = SEED;
    print_message("seed %#llx\n", (unsigned long long)SEED);
    struct measuring_system single;
    struct measuring_system blocks;
    start(&single, 3);
    start(&blocks, 3);
    const struct synth synth = synth_sine(51.7, 230, 40, 2);
    uint64_t n_fed = 0;
    unsigned n_frames = 0;
    while (n_frames < 100) {
        int32_t v[2000];
        int32_t i[2000];
        const size_t n = 1 + random_next(&state) % 2000;
        for (size_t k = 0; k < n; k++) {
            const double t_s = (double)(n_fed + k) / synth_rate_hz;
            v[k] = synth_v_lsb(&synth, t_s) + (int32_t)(random_next(&state) >> 50);
            i[k] = synth_i_lsb(&synth, t_s) + (int32_t)(random_next(&state) >> 44);
        }
        bool closed;
        const size_t used = measuring_system_samples(&blocks, v, i, n, &closed);
        bool single_closed = false;
        for (size_t k = 0; k < used; k++) {
            assert_false(single_closed);
            single_closed = measuring_system_sample(&single, v[k], i[k]);
        }
        assert_int_equal(single_closed, closed);
        n_fed += used;
        if (closed) {
            uint8_t a[MEASURING_FRAME_BYTES_MAX];
            uint8_t b[MEASURING_FRAME_BYTES_MAX];
            const size_t length = measuring_system_frame(&single, a);
            assert_int_equal(measuring_system_frame(&blocks, b), length);
            assert_memory_equal(a, b, length);
            n_frames++;
        }
    }
}

/* REQ(MET-03) */
static void test_power_up(void **unused)
{
    (void)unused;
    struct measuring_system system;
    start(&system, 3);
    measuring_system_temperature(&system, -1234);
    const struct synth synth = synth_sine(50, 230, 5, 0);
    uint64_t n_fed = 0;
    for (unsigned k = 0; k < 5; k++) {
        const struct bus_frame frame = synth_window(&system, &synth, &n_fed);
        assert_int_equal(frame.system, 3);
        assert_int_equal(frame.sequence, k);
        assert_int_equal(frame.epoch, 1);
        assert_int_equal(frame.temperature_cc, -1234);
        assert_true(frame.samples == n_fed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_locks_from_any_start),
        cmocka_unit_test(test_frequency_steps),
        cmocka_unit_test(test_frequency_ramp),
        cmocka_unit_test(test_phase_jumps),
        cmocka_unit_test(test_dips),
        cmocka_unit_test(test_short_time_overcurrent),
        cmocka_unit_test(test_absurd_codes),
        cmocka_unit_test(test_without_voltage),
        cmocka_unit_test(test_samples_after_windows),
        cmocka_unit_test(test_frequency_out_of_range),
        cmocka_unit_test(test_phases_of_two_systems),
        cmocka_unit_test(test_voltage_filter),
        cmocka_unit_test(test_current_delay),
        cmocka_unit_test(test_constants_out_of_range_are_refused),
        cmocka_unit_test(test_pieces_make_no_difference),
        cmocka_unit_test(test_power_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
