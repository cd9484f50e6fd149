/*
 * Nothing is lost and nothing counted twice: samples, products, remainders, over many windows of
 * many lengths, on both ways in.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "legal/signal_synth.h"

#define SEED   UINT64_C(0x5eed)
#define BUFFER 8000u

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

/** Even distribution over -2^bits .. 2^bits - 1. */
static int32_t random_code(uint64_t *state, unsigned bits)
{
    return (int32_t)(random_next(state) >> (63 - bits)) - (int32_t)(UINT32_C(1) << bits);
}

/** Straight sums of products, modulo 2^64. */
struct straight {
    uint64_t vi, vv, ii;
};

/** The neutral filter makes both channels wait three samples. */
static struct straight straight_sums(const int32_t *v, const int32_t *i, size_t n, bool first)
{
    struct straight sums = {0};
    for (size_t k = 0; k < n; k++) {
        const size_t at = k >= 3 ? k - 3 : k + n - 3; /* the buffer is fed again and again */
        if (first && k < 3) {
            continue;
        }
        sums.vi += (uint64_t)((int64_t)v[at] * i[at]);
        sums.vv += (uint64_t)((int64_t)v[at] * v[at]);
        sums.ii += (uint64_t)((int64_t)i[at] * i[at]);
    }
    return sums;
}

/** floor(sum / 2^16) of a signed sum that may be of any sign. */
static int64_t counted(uint64_t sum)
{
    return (int64_t)sum >> 16;
}

/**
 * A hundred million samples, each pair's product checked by the total to the last bit: noise below
 * the voltage limit, so that no correction for direct current is made.
 */
/* REQ(MET-04) */
static void test_hundred_million_samples(void **unused)
{
    (void)unused;
    static int32_t v[BUFFER];
    static int32_t i[BUFFER];
    const unsigned n_repeats = 12500;
    uint64_t state = SEED;
    print_message("seed %#llx\n", (unsigned long long)SEED);
    for (unsigned k = 0; k < BUFFER; k++) {
        v[k] = random_code(&state, 17);
        i[k] = random_code(&state, 17) + 1000;
    }
    struct measuring_setup setup;
    struct measuring_system system;
    measuring_setup_neutral(&setup, 1);
    measuring_system_start(&system, &setup, 1);
    uint64_t n_fed = 0;
    uint32_t n_windows = 0;
    for (unsigned repeat = 0; repeat < n_repeats; repeat++) {
        for (size_t at = 0; at < BUFFER;) {
            bool closed;
            const size_t n =
                measuring_system_samples(&system, v + at, i + at, BUFFER - at, &closed);
            at += n;
            n_fed += n;
            n_windows += closed ? 1 : 0;
        }
    }
    assert_true(n_fed == UINT64_C(100000000));
    assert_int_equal(n_windows, 62500); /* 1600 samples each, the last one just closed */
    const struct bus_frame frame = synth_frame(&system);
    assert_true(frame.samples == n_fed);
    assert_int_equal(frame.sequence, (uint16_t)(n_windows - 1));
    const struct straight once = straight_sums(v, i, BUFFER, true);
    const struct straight again = straight_sums(v, i, BUFFER, false);
    assert_true(frame.active == counted(once.vi + (n_repeats - 1) * again.vi));
    assert_true((int64_t)frame.voltage == counted(once.vv + (n_repeats - 1) * again.vv));
    assert_true((int64_t)frame.current == counted(once.ii + (n_repeats - 1) * again.ii));
}

/** Windows of many lengths (frequency wanders), near full scale: counters follow the sum. */
/* REQ(MET-04, MET-12) */
static void test_windows_of_any_length(void **unused)
{
    (void)unused;
    uint64_t state = SEED;
    print_message("seed %#llx\n", (unsigned long long)SEED);
    struct measuring_setup setup;
    struct measuring_system system;
    measuring_setup_neutral(&setup, 1);
    measuring_system_start(&system, &setup, 1);
    double angle = 0;
    double f_hz = 50;
    double sum[3] = {0};
    int32_t v_late[3] = {0};
    int32_t i_late[3] = {0};
    uint64_t n_fed = 0;
    uint64_t n_closed = 0;
    unsigned lengths[2048] = {0};
    struct bus_frame frame = {0};
    for (unsigned window = 0; window < 3000;) {
        const int32_t v = synth_code(5.5e6 * sin(angle));
        const int32_t i = synth_code(7e6 * sin(angle - 0.4) + 1e6 * sin(3 * angle));
        angle = fmod(angle + 2 * synth_pi * f_hz / synth_rate_hz, 2 * synth_pi);
        const unsigned slot = (unsigned)(n_fed % 3);
        sum[0] += (double)v_late[slot] * i_late[slot];
        sum[1] += (double)v_late[slot] * v_late[slot];
        sum[2] += (double)i_late[slot] * i_late[slot];
        v_late[slot] = v;
        i_late[slot] = i;
        n_fed++;
        if (measuring_system_sample(&system, v, i)) {
            frame = synth_frame(&system);
            assert_true(frame.samples == n_fed);
            assert_true(frame.window_samples == n_fed - n_closed);
            n_closed = n_fed;
            lengths[frame.window_samples]++;
            window++;
            if (window % 10 == 0) {
                f_hz = 45 + 20 * (double)(random_next(&state) >> 40) / 16777216.0;
            }
        }
    }
    unsigned n_lengths = 0;
    for (unsigned k = 0; k < 2048; k++) {
        n_lengths += lengths[k] > 0 ? 1 : 0;
    }
    assert_true(n_lengths > 100);
    assert_true(fabs((double)frame.active * 65536 / sum[0] - 1) < 2e-6);
    assert_true(fabs((double)frame.voltage * 65536 / sum[1] - 1) < 2e-6);
    assert_true(fabs((double)frame.current * 65536 / sum[2] - 1) < 2e-6);
}

/** Whole cycles in the long run: the fraction of a sample that a window lacks comes next. */
static void test_fraction_is_carried(void **unused)
{
    (void)unused;
    static const double f_hz[] = {47.5, 49.97, 52.3, 57.1, 62.9};
    for (size_t f = 0; f < sizeof f_hz / sizeof *f_hz; f++) {
        struct measuring_setup setup;
        struct measuring_system system;
        measuring_setup_neutral(&setup, 1);
        measuring_system_start(&system, &setup, 1);
        const struct synth synth = synth_sine(f_hz[f], 230, 5, 0);
        uint64_t n_fed = 0;
        uint64_t from = 0;
        for (unsigned k = 0; k < 510; k++) {
            (void)synth_window(&system, &synth, &n_fed);
            from = k == 9 ? n_fed : from;
        }
        const double cycles = (f_hz[f] < 55 ? 10 : 12) * 500.0;
        const double expected = cycles / f_hz[f] * synth_rate_hz;
        assert_true(fabs((double)(n_fed - from) - expected) < 1.5);
    }
}

/** Random windows: every counter is the floor of the exact sum, at every frame. */
static void test_phasor_windows_keep_their_remainders(void **unused)
{
    (void)unused;
    uint64_t state = SEED;
    print_message("seed %#llx\n", (unsigned long long)SEED);
    struct measuring_setup setup;
    struct measuring_system system;
    measuring_setup_neutral(&setup, 1);
    measuring_system_start(&system, &setup, 1);
    uint64_t n_samples = 0;
    int64_t active = 0;
    int64_t reactive = 0;
    uint64_t voltage = 0;
    uint64_t current = 0;
    for (unsigned k = 0; k < 100000; k++) {
        const unsigned shift = 18 + (unsigned)(random_next(&state) % 45);
        struct measuring_window window = {
            .samples = 1 + (uint32_t)(random_next(&state) % MEASURING_WINDOW_SAMPLES_MAX),
            .active_lsb2 = (int64_t)random_next(&state) >> shift,
            .reactive_lsb2 = (int64_t)random_next(&state) >> shift,
            .voltage_lsb2 = random_next(&state) >> shift,
            .current_lsb2 = random_next(&state) >> shift,
        };
        measuring_system_window(&system, &window);
        n_samples += window.samples;
        active += window.active_lsb2;
        reactive += window.reactive_lsb2;
        voltage += window.voltage_lsb2;
        current += window.current_lsb2;
        const struct bus_frame frame = synth_frame(&system);
        assert_true(frame.samples == n_samples);
        assert_true(frame.active == active >> 16);
        assert_true(frame.reactive == reactive >> 16);
        assert_true(frame.voltage == voltage >> 16);
        assert_true(frame.current == current >> 16);
        assert_int_equal(frame.sequence, k & 0xFFFF);
    }
}

static void test_counters_wrap(void **unused)
{
    (void)unused;
    struct measuring_setup setup;
    struct measuring_system system;
    measuring_setup_neutral(&setup, 1);
    measuring_system_start(&system, &setup, 1);
    const struct measuring_window window = {.samples = 16000,
                                            .active_lsb2 = -(INT64_C(1) << 60) + 12345,
                                            .reactive_lsb2 = (INT64_C(1) << 60) - 54321,
                                            .voltage_lsb2 = (UINT64_C(1) << 60) - 1,
                                            .current_lsb2 = 1};
    uint64_t active = 0;
    uint64_t reactive = 0;
    struct bus_frame last = {0};
    /* 2^19 windows of 2^44 units each pass the end of the signed range */
    for (uint32_t k = 0; k < (UINT32_C(1) << 19) + 10; k++) {
        measuring_system_window(&system, &window);
    }
    last = synth_frame(&system);
    const uint64_t n = (UINT64_C(1) << 19) + 10;
    /* exact sums modulo 2^80, in units of 2^16: n * (2^60 - 54321) = n * 2^60 - n * 54321 */
    reactive = n * (UINT64_C(1) << 44) - (n * 54321 + 65535) / 65536;
    active = UINT64_C(0) - n * (UINT64_C(1) << 44) + n * 12345 / 65536;
    assert_true((uint64_t)last.reactive == reactive);
    assert_true((uint64_t)last.active == active);
    assert_true(last.reactive < 0);
}

static void test_windows_out_of_range_are_held(void **unused)
{
    (void)unused;
    struct measuring_setup setup;
    struct measuring_system system;
    measuring_setup_neutral(&setup, 1);
    measuring_system_start(&system, &setup, 1);
    struct measuring_window window = {.samples = UINT32_MAX,
                                      .active_lsb2 = INT64_MIN,
                                      .reactive_lsb2 = INT64_MAX,
                                      .voltage_lsb2 = UINT64_MAX,
                                      .current_lsb2 = UINT64_MAX};
    measuring_system_window(&system, &window);
    struct bus_frame frame = synth_frame(&system);
    assert_true(frame.samples == MEASURING_WINDOW_SAMPLES_MAX);
    assert_true(frame.active == -(INT64_C(1) << 44));
    assert_true(frame.reactive == INT64_C(1) << 44);
    assert_true(frame.voltage == UINT64_C(1) << 44);
    assert_true(frame.current == UINT64_C(1) << 44);
    window.samples = 0;
    measuring_system_window(&system, &window);
    frame = synth_frame(&system);
    assert_true(frame.samples == MEASURING_WINDOW_SAMPLES_MAX + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hundred_million_samples),
        cmocka_unit_test(test_windows_of_any_length),
        cmocka_unit_test(test_fraction_is_carried),
        cmocka_unit_test(test_phasor_windows_keep_their_remainders),
        cmocka_unit_test(test_counters_wrap),
        cmocka_unit_test(test_windows_out_of_range_are_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
