/*
 * Values of the voltage quality against the definition of the mains, at both levels, with the
 * limits of IEC 61000-4-30 class S.
 */
#include "quality_desk.h"

#include <stdio.h>

#include "app/quality/quality_number.h"
#include "app/quality/quality_record.h"

#define UDIN_MV 230000.0
#define PI      3.14159265358979

static void near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("expected %g within %g, found %g", expected, tolerance, value);
    }
}

static struct quality_desk *desk_at(bool samples, double until_s, const char *format, double a,
                                    double b)
{
    char text[160];
    (void)snprintf(text, sizeof text, format, a, b);
    struct quality_desk *desk = desk_new(text);
    desk_run(desk, samples, until_s);
    return desk;
}

/** 20 .. 120 % Udin, 42.5 .. 57.5 and 51 .. 69 Hz: every U rms(1/2), the mean of 3 s, the
 * frequency. */
static void test_voltage_and_frequency(void **state)
{
    (void)state;
    static const double volts[] = {46.0, 115.0, 230.0, 276.0};
    static const double hertz[] = {42.5, 47.3, 50.0, 52.1, 57.5, 60.0, 68.9};
    for (unsigned n = 0; n < 4u * 7u * 2u; n++) {
        const double u = volts[n % 4u], f = hertz[n / 4u % 7u];
        const bool samples = n / 28u == 1u;
        struct quality_desk *desk = desk_at(samples, 3.0, "set u=%.3f f=%.3f", u, f);
        desk_watch(desk);
        desk_run(desk, samples, 20.5);
        for (unsigned s = 0; s < 3; s++) {
            near(desk->low_mv[s], u * 1e3, samples ? 0.0005 * UDIN_MV : 2.0);
            near(desk->high_mv[s], u * 1e3, samples ? 0.0005 * UDIN_MV : 2.0);
            near(quality_mean_mv(&desk->quality.phase[s].mean_3s), u * 1e3, 0.0005 * UDIN_MV);
        }
        near((double)desk->quality.frequency.last / 1e6, f, 0.001);
        assert_int_equal(desk->quality.frequency.last_valid, true);
        desk_free(desk);
    }
}

/** Orders 2 .. 40 of voltage and current (class II: 5 % of it, 0.15 % below 3 %), and the THD. */
static void test_harmonics(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 6; n++) {
        const bool samples = n % 2u == 1u;
        const double f = n < 2 ? 50.0 : n < 4 ? 49.37 : 60.0;
        char text[256];
        (void)snprintf(text, sizeof text,
                       "set f=%.2f i=5\nharmonic u all 2=1%% 3=5%% 5=6%%@40 7=5%% 11=3.5%% 39=1%%\n"
                       "harmonic i all 3=30%% 5=18%%@180 7=14%% 11=9%% 13=5%% 40=2%%\n",
                       f);
        struct quality_desk *desk = desk_new(text);
        desk_run(desk, samples, 5.0);
        const struct quality_phase *phase = &desk->quality.phase[1];
        assert_true(phase->u.valid && phase->i.valid);
        near(phase->u.part[2], 100.0, 5.0);
        near(phase->u.part[3], 500.0, 5.0);
        near(phase->u.part[5], 600.0, 5.0);
        near(phase->u.part[4], 0.0, 5.0);
        near(phase->u.part[39], 100.0, 5.0);
        near(phase->u.thd, 1e4 * sqrt(0.0001 + 0.0025 + 0.0036 + 0.0025 + 0.001225 + 0.0001), 10.0);
        near(phase->i.part[3], 3000.0, 15.0);
        near(phase->i.part[40], 200.0, 10.0);
        near(phase->i.part[13], 500.0, 10.0);
        desk_free(desk);
    }
}

/** u2 and u0 from sizes and angles against the closed form. */
/** What lies 5 Hz beside an order counts with it; what lies half way between two orders does not.
 */
static void test_subgroups(void **state)
{
    (void)state;
    static struct quality_sampler sampler;
    static int32_t code[8000];
    static const struct {
        double hertz, fifth_pct;
    } tones[] = {{245.0, 3.6056}, {255.0, 3.6056}, {275.0, 3.0}, {265.0, 3.0}};
    for (unsigned n = 0; n < 4u; n++) {
        struct quality_spectrum spectrum = {.valid = false};
        struct quality_report report;
        bool found = false;
        for (unsigned k = 0; k < 8000u; k++) {
            const double t = 2.0 * PI * k / 8000.0;
            code[k] = (int32_t)lround(3e6 * (sin(50.0 * t) + 0.03 * sin(250.0 * t + 1.0) +
                                             0.02 * sin(tones[n].hertz * t)));
        }
        quality_sampler_start(&sampler, 1, NULL);
        for (uint32_t w = 0; w < 5u; w++) {
            quality_sampler_run(&sampler, w * 1600u * 26843546u, 26843546u, code + w * 1600u,
                                code + w * 1600u, 1600);
            quality_sampler_report(&sampler, 50000000, &report);
            found = quality_sampler_spectrum(&sampler, &spectrum) || found;
        }
        assert_true(found && spectrum.valid);
        near(spectrum.part[5], 100.0 * tones[n].fifth_pct, 3.0);
        near(spectrum.part[4], 0.0, 3.0);
        near(spectrum.part[6], 0.0, 3.0);
    }
}

/** Ten lines through filters and decimator as the front end has them come out as they went in. */
static void test_filters_are_taken_out(void **state)
{
    (void)state;
    static struct quality_sampler sampler;
    static const struct quality_front_end front_end = {16, {12300, 27900}};
    static int32_t code[QUALITY_CHANNELS][8000];
    const double rc_s[QUALITY_CHANNELS] = {12.3e-6, 27.9e-6};
    for (unsigned h = 1; h <= 37u; h += 4u) {
        for (unsigned c = 0; c < QUALITY_CHANNELS; c++) {
            const double f = 50.0 * h, x = PI * f / 128e3, w = 2.0 * PI * f * rc_s[c];
            const double left = pow(sin(16.0 * x) / (16.0 * sin(x)), 3.0) / sqrt(1.0 + w * w);
            for (unsigned k = 0; k < 8000u; k++) {
                const double peak = h == 1u ? 3e6 : 3e6 * 0.05;
                code[c][k] += (int32_t)lround(peak * left * sin(2.0 * PI * f * k / 8000.0));
            }
        }
    }
    struct quality_spectrum spectrum;
    unsigned seen = 0;
    quality_sampler_start(&sampler, 1, &front_end);
    for (unsigned k = 0; k < 16000u; k += 100u) {
        const uint32_t step = UINT32_C(26843546);
        quality_sampler_run(&sampler, k * step, step, code[QUALITY_VOLTAGE] + k % 8000u,
                            code[QUALITY_CURRENT] + k % 8000u, 100);
        if (quality_sampler_spectrum(&sampler, &spectrum)) {
            seen |= 1u << spectrum.channel;
            for (unsigned h = 2; h <= QUALITY_ORDERS; h++) {
                near(spectrum.part[h], h % 4u == 1u && h <= 37u ? 500.0 : 0.0, 2.0);
            }
        }
    }
    assert_int_equal(seen, 3);
}

static void test_unbalance(void **state)
{
    (void)state;
    struct quality_desk *desk = desk_at(false, 1.0, "set u1=230 u2=%.1f u3=%.1f", 220.0, 236.0);
    const int32_t angles[3] = {0, -118000, 121500};
    const double turn = acos(-1.0) / 180.0, size[3] = {230.0, 220.0, 236.0};
    double re[3] = {0.0}, im[3] = {0.0};
    for (unsigned k = 0; k < 3; k++) {
        for (unsigned c = 0; c < 3; c++) { /* zero, positive, negative sequence */
            const double turned = (angles[k] / 1000.0 + 120.0 * k *
                                                            (c == 1   ? 1
                                                             : c == 2 ? -1
                                                                      : 0)) *
                                  turn;
            re[c] += size[k] * cos(turned);
            im[c] += size[k] * sin(turned);
        }
    }
    assert_true(quality_wants_angles(&desk->quality));
    quality_angles(&desk->quality, angles, true);
    const double one = hypot(re[1], im[1]);
    near(desk->quality.u2_milli_pct, 1e5 * hypot(re[2], im[2]) / one, 3.0);
    near(desk->quality.u0_milli_pct, 1e5 * hypot(re[0], im[0]) / one, 3.0);
    assert_false(quality_wants_angles(&desk->quality));
    desk_free(desk);
}

/** Ten minutes end on UTC ticks; a dip flags them and the two hours, and the week leaves them out.
 *  What lasts longer than a minute is a level and counts. */
static void test_intervals_and_flags(void **state)
{
    (void)state;
    struct quality_desk *desk = desk_new("set u1=233 u2=210 u3=250\n"
                                         "at 12m dip L1 to 50% for 100ms\nat 22m set u2=190\n");
    desk_run(desk, false, 605.0);
    const struct quality *q = &desk->quality;
    near(quality_mean_mv(&q->phase[0].mean_10min), 233000.0, 2.0);
    assert_false(q->phase[0].mean_10min.last_flagged);
    assert_int_equal(q->week.voltage_10[0].n, 1);
    assert_int_equal(q->week.voltage_10[0].good, 1);
    assert_int_equal(q->week.frequency_1.n, 60);
    assert_int_equal(q->week.frequency_1.good, 60);
    desk_run(desk, false, 1205.0);
    assert_true(q->phase[0].mean_10min.last_flagged);
    assert_int_equal(q->week.voltage_10[0].n, 1);
    assert_int_equal(q->week.dips, 1);
    desk_run(desk, false, 7205.0);
    assert_true(q->phase[0].mean_2h.last_flagged);
    assert_int_equal(q->week.voltage_10[1].n, 10); /* two of twelve are flagged */
    assert_int_equal(q->week.voltage_10[1].good, 1);
    assert_int_equal(q->week.voltage_wide[1].good, 1);
    assert_int_equal(q->week.voltage_10[2].good, 10);
    assert_int_equal(q->week.dips, 1); /* that of L2 is not over */
    desk_free(desk);
}

/** The log's record comes back as it went in, and nothing else is taken for one. */
static void test_record(void **state)
{
    (void)state;
    const struct quality_record record = {.kind = QUALITY_SWELL,
                                          .edge = QUALITY_WHOLE,
                                          .phases = 5,
                                          .at_us = 123456789000,
                                          .duration_ms = 40,
                                          .extreme_mv = 260123};
    uint8_t bytes[QUALITY_RECORD_BYTES];
    struct quality_record back;
    assert_int_equal(quality_record_encode(&record, 7000000, bytes), QUALITY_RECORD_BYTES);
    assert_true(quality_record_decode(bytes, sizeof bytes, 7000000, &back));
    assert_int_equal(back.at_us, record.at_us);
    assert_int_equal(back.extreme_mv, record.extreme_mv);
    assert_int_equal(quality_record_code(&record), 0x02A5);
    for (size_t n = 0; n < sizeof bytes; n++) {
        assert_false(quality_record_decode(bytes, n, 0, &back));
    }
    bytes[0] = QUALITY_KINDS;
    assert_false(quality_record_decode(bytes, sizeof bytes, 0, &back));
}

static bool is_root(uint64_t square)
{
    const uint64_t root = quality_root(square);
    return root * root <= square && square - root * root <= 2u * root;
}

/** Roots and vectors over their whole range. */
static void test_numbers(void **state)
{
    (void)state;
    uint64_t number = UINT64_C(0x9E3779B97F4A7C15);
    assert_int_equal(quality_root(UINT64_MAX), UINT32_MAX);
    assert_int_equal(quality_root(0), 0);
    for (uint64_t n = 0; n < 100000; n++) {
        number = number * UINT64_C(6364136223846793005) + 1442695040888963407u;
        const uint64_t root = number >> 32 >> n % 32u; /* of all sizes, and all about its square */
        assert_true(is_root(n) && is_root(~n) && is_root(number >> n % 64u));
        assert_true(is_root(root * root) && is_root(root * root + root));
        assert_true(is_root(root * root + 2u * root) && is_root(root == 0 ? 0 : root * root - 1u));
    }
    for (uint32_t n = 0; n < 4096; n++) {
        const uint32_t turns = n * UINT32_C(1048573) * 1024u + n;
        const struct quality_vector v = quality_vector_of(turns);
        const double angle = turns / 4294967296.0 * 2.0 * acos(-1.0);
        near(v.cos_q30 / 1073741824.0, cos(angle), 4e-8);
        near(v.sin_q30 / 1073741824.0, sin(angle), 4e-8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_voltage_and_frequency),
        cmocka_unit_test(test_harmonics),
        cmocka_unit_test(test_subgroups),
        cmocka_unit_test(test_filters_are_taken_out),
        cmocka_unit_test(test_unbalance),
        cmocka_unit_test(test_intervals_and_flags),
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
