/*
 * What happens to the voltage, from the mains to the record, at both levels.
 */
#include "quality_desk.h"

#include <stdio.h>

#define UDIN_MV  230000.0
#define CYCLE_MS 20.0

static const struct quality_record *find(const struct quality_desk *desk, uint8_t kind,
                                         uint8_t edge, unsigned nth)
{
    for (unsigned n = 0; n < desk->n_records; n++) {
        const struct quality_record *r = &desk->record[n];
        if (r->kind == kind && r->edge == edge && nth-- == 0) {
            return r;
        }
    }
    return NULL;
}

static void near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("expected %g within %g, found %g", expected, tolerance, value);
    }
}

/** Dips of every depth and angle: residual within 1 % Udin, duration within one cycle. */
static void dip_at(bool samples, double angle_deg, double rest_pct, double cycles)
{
    char text[160];
    const double begin_ms = 3000.0 + angle_deg / 360.0 * CYCLE_MS, length_ms = cycles * CYCLE_MS;
    (void)snprintf(text, sizeof text, "at %.6fs dip L1 to %.1f%% for %.0fus", begin_ms / 1e3,
                   rest_pct, length_ms * 1e3);
    struct quality_desk *desk = desk_new(text);
    desk_run(desk, samples, 4.6 + length_ms / 1e3);
    assert_int_equal(desk->n_records, 1);
    const struct quality_record *dip = find(desk, QUALITY_DIP, QUALITY_WHOLE, 0);
    assert_non_null(dip);
    assert_int_equal(dip->phases, 1);
    near((double)dip->duration_ms, length_ms, CYCLE_MS);
    near((double)dip->at_us / 1e3, begin_ms, CYCLE_MS);
    near(dip->extreme_mv, UDIN_MV * rest_pct / 100.0, 0.01 * UDIN_MV);
    desk_free(desk);
}

static void dips_all(bool samples, double angle_step_deg)
{
    static const double rests[] = {0.0, 40.0, 70.0, 85.0}, lengths[] = {2.0, 5.5, 25.0};
    for (double angle = 0.0; angle < 360.0; angle += angle_step_deg) {
        for (unsigned r = 0; r < 4; r++) {
            for (unsigned l = 0; l < 3; l++) {
                dip_at(samples, angle, rests[r], lengths[l]);
            }
        }
    }
}

static void test_dips_phasors(void **state)
{
    (void)state;
    dips_all(false, 10.0);
}

static void test_dips_samples(void **state)
{
    (void)state;
    dips_all(true, 45.0);
}

/** An event begins with the first phase and ends with the last. */
static void polyphase(bool samples)
{
    struct quality_desk *desk = desk_new("at 3s dip L1 to 60% for 200ms\n"
                                         "at 3100ms dip L2 to 50% for 300ms\n"
                                         "at 4s swell L2+L3 to 115% for 500ms\n"
                                         "at 5s dip all to 2% for 400ms\n"
                                         "at 6s dip L3 to 80% for 100ms\n");
    desk_run(desk, samples, 8.0);
    assert_int_equal(desk->n_records, 4);
    const struct quality_record *dip = find(desk, QUALITY_DIP, QUALITY_WHOLE, 0);
    assert_int_equal(dip->phases, 3);
    near(dip->duration_ms, 400.0, CYCLE_MS);
    near(dip->extreme_mv, 115000.0, 2300.0);
    const struct quality_record *swell = find(desk, QUALITY_SWELL, QUALITY_WHOLE, 0);
    assert_int_equal(swell->phases, 6);
    near(swell->duration_ms, 500.0, CYCLE_MS);
    near(swell->extreme_mv, 264500.0, 2300.0);
    const struct quality_record *gone = find(desk, QUALITY_INTERRUPTION, QUALITY_WHOLE, 0);
    assert_int_equal(gone->phases, 7);
    near(gone->duration_ms, 400.0, CYCLE_MS);
    near(gone->extreme_mv, 4600.0, 2300.0);
    assert_int_equal(find(desk, QUALITY_DIP, QUALITY_WHOLE, 1)->phases, 4);
    desk_free(desk);
}

/** Over- and undervoltage need their second, there and back; the record tells the extreme. */
static void limits(bool samples)
{
    struct quality_desk *desk =
        desk_new("at 3s set u1=254.5\nat 3800ms set u1=230\n" /* too short */
                 "at 6s set u2=254.5\nat 10s set u2=230\n"
                 "at 13s set u3=200\nat 15s set u3=195\nat 17s set u3=230\n");
    desk_run(desk, samples, 22.0);
    const struct quality_record *over = find(desk, QUALITY_OVERVOLTAGE, QUALITY_BEGIN, 0);
    assert_non_null(over);
    assert_int_equal(over->phases, 2);
    near((double)over->at_us / 1e6, 6.0, 0.21);
    const struct quality_record *back = find(desk, QUALITY_OVERVOLTAGE, QUALITY_END, 0);
    near(back->duration_ms, 4000.0, 220.0);
    near(back->extreme_mv, 254500.0, 1150.0);
    assert_null(find(desk, QUALITY_OVERVOLTAGE, QUALITY_BEGIN, 1));
    const struct quality_record *under = find(desk, QUALITY_UNDERVOLTAGE, QUALITY_END, 0);
    assert_int_equal(under->phases, 4);
    near(under->duration_ms, 4000.0, 220.0);
    near(under->extreme_mv, 195000.0, 1150.0);
    desk_free(desk);
}

/** Every combination of failed phases has its begin and its return. */
static void failures(bool samples)
{
    for (unsigned mask = 1; mask < 7; mask++) {
        char text[128];
        const char *const names[] = {"", "L1", "L2", "L1+L2", "L3", "L1+L3", "L2+L3"};
        (void)snprintf(text, sizeof text, "at 3s lose %s for 2500ms", names[mask]);
        struct quality_desk *desk = desk_new(text);
        desk_run(desk, samples, 8.0);
        const struct quality_record *begin = find(desk, QUALITY_FAILURE, QUALITY_BEGIN, 0);
        const struct quality_record *end = find(desk, QUALITY_FAILURE, QUALITY_END, 0);
        assert_non_null(begin);
        assert_non_null(end);
        assert_int_equal(begin->phases, mask);
        assert_int_equal(end->phases, mask);
        assert_null(find(desk, QUALITY_FAILURE, QUALITY_BEGIN, 1));
        near((double)begin->at_us / 1e6, 3.0, 0.21);
        near(end->duration_ms, 2500.0, 410.0);
        desk_free(desk);
    }
}

static void test_phasors(void **state)
{
    (void)state;
    polyphase(false);
    limits(false);
    failures(false);
}

static void test_samples(void **state)
{
    (void)state;
    polyphase(true);
    limits(true);
    failures(true);
}

/** Loss of supply is one record for all phases, and its end tells how long; a restart remembers. */
static void test_outage(void **state)
{
    (void)state;
    struct quality_desk *desk = desk_new("set u=230");
    desk_run(desk, false, 3.0);
    quality_supply(&desk->quality, false, 3000000);
    quality_step(&desk->quality, 3000000, 0);
    assert_true(quality_take(&desk->quality, &desk->record[0]));
    assert_int_equal(desk->record[0].kind, QUALITY_FAILURE);
    assert_int_equal(desk->record[0].edge, QUALITY_BEGIN);
    assert_int_equal(desk->record[0].phases, 7);
    quality_supply(&desk->quality, true, 63000000);
    struct quality_record end;
    while (!quality_take(&desk->quality, &end)) {
        desk->now_us = 63000000;
        desk_run(desk, false, 64.0);
        break;
    }
    const struct quality_record *r = desk->n_records > 0 ? &desk->record[0] : &end;
    assert_int_equal(r->edge, QUALITY_END);
    near(r->duration_ms, (63000000 - desk->record[0].at_us) / 1000 > 0 ? 61000.0 : 0.0, 1001.0);
    desk_free(desk);
}

/** Limits that contradict each other are refused. */
static void test_check(void **state)
{
    (void)state;
    struct quality_config good, bad;
    quality_defaults(&good);
    assert_int_equal(quality_check(&good), QUALITY_OK);
    bad = good;
    bad.low_mv = 254000;
    assert_int_equal(quality_check(&bad), QUALITY_ERR_RANGE);
    bad = good;
    bad.interruption_pm = 950;
    assert_int_equal(quality_check(&bad), QUALITY_ERR_RANGE);
    bad = good;
    bad.failure_mv = 210000;
    assert_int_equal(quality_check(&bad), QUALITY_ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dips_phasors), cmocka_unit_test(test_dips_samples),
        cmocka_unit_test(test_phasors),      cmocka_unit_test(test_samples),
        cmocka_unit_test(test_outage),       cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
