/* The calendar against an independent count, day by day through the century. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/clock/clock.h"

#define DAY    INT64_C(86400)
#define Y2000  INT64_C(946684800) /* a Saturday */
#define SECOND INT64_C(1000000)

/* Walks the calendar by adding one day at a time: no arithmetic in common with the clock. */
struct walk {
    unsigned year, month, day, weekday;
    int64_t seconds;
};

static unsigned length_of(unsigned year, unsigned month)
{
    switch (month) {
    case 4:
    case 6:
    case 9:
    case 11: return 30;
    case 2: return year % 4 == 0 ? 29 : 28; /* 2000 is a leap year */
    default: return 31;
    }
}

static void walk_on(struct walk *walk)
{
    walk->seconds += DAY;
    walk->weekday = walk->weekday == 7 ? 1 : walk->weekday + 1;
    walk->day++;
    if (walk->day > length_of(walk->year, walk->month)) {
        walk->day = 1;
        walk->month++;
    }
    if (walk->month > 12) {
        walk->month = 1;
        walk->year++;
    }
}

static void test_every_day_of_the_century(void **state)
{
    (void)state;
    struct walk walk = {2000, 1, 1, 6, Y2000};
    unsigned days = 0;
    for (; walk.year < 2100; walk_on(&walk), days++) {
        int64_t seconds = walk.seconds + (int64_t)(days * 7919u % 86400u);
        struct calendar c;
        calendar_from_seconds(seconds, &c);
        assert_int_equal(c.year, walk.year);
        assert_int_equal(c.month, walk.month);
        assert_int_equal(c.day, walk.day);
        assert_int_equal(c.weekday, walk.weekday);
        assert_int_equal(c.hour * 3600 + c.minute * 60 + c.second, seconds - walk.seconds);
        assert_int_equal(calendar_seconds(&c), seconds);
    }
    assert_int_equal(days, 36525);
}

static void test_no_dates(void **state)
{
    (void)state;
    static const struct calendar bad[] = {
        {1999, 12, 31, 0, 0, 0, 0, false}, {2100, 1, 1, 0, 0, 0, 0, false},
        {2001, 2, 29, 0, 0, 0, 0, false},  {2004, 2, 30, 0, 0, 0, 0, false},
        {2004, 4, 31, 0, 0, 0, 0, false},  {2004, 0, 1, 0, 0, 0, 0, false},
        {2004, 13, 1, 0, 0, 0, 0, false},  {2004, 1, 0, 0, 0, 0, 0, false},
        {2004, 1, 32, 0, 0, 0, 0, false},  {2004, 1, 1, 24, 0, 0, 0, false},
        {2004, 1, 1, 0, 60, 0, 0, false},  {2004, 1, 1, 0, 0, 60, 0, false},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_true(calendar_seconds(&bad[i]) == INT64_MIN);
    }
    struct calendar leap = {2000, 2, 29, 23, 59, 59, 0, false};
    assert_int_equal(calendar_seconds(&leap), INT64_C(951868799));
}

/* REQ(TAR-13, X-TAR-2): last Sundays of March and October, 01:00 UTC, exact to the second */
static void test_summer_time_of_every_year(void **state)
{
    (void)state;
    struct walk walk = {2000, 1, 1, 6, Y2000};
    int64_t begin = 0;
    for (; walk.year < 2100; walk_on(&walk)) {
        bool last_sunday = walk.weekday == 7 && walk.day + 7 > 31;
        if (last_sunday && (walk.month == 3 || walk.month == 10)) {
            int64_t change = walk.seconds + 3600;
            bool spring = walk.month == 3;
            assert_int_equal(clock_summer_eu(change - 1), !spring);
            assert_int_equal(clock_summer_eu(change), spring);
            begin = spring ? change : begin;
            assert_true(spring || change - begin > 200 * DAY);
        }
    }
    /* dates in public print */
    assert_false(clock_summer_eu(INT64_C(1364691599))); /* 2013-03-31 00:59:59 */
    assert_true(clock_summer_eu(INT64_C(1364691600)));
    assert_true(clock_summer_eu(INT64_C(1382835599))); /* 2013-10-27 00:59:59 */
    assert_false(clock_summer_eu(INT64_C(1382835600)));
}

/* REQ(TAR-12): local = UTC + offset, for each offset there is */
static void test_time_zones(void **state)
{
    (void)state;
    for (int zone = -11; zone <= 12; zone++) {
        struct clock clock;
        struct calendar local, normal;
        clock_init(&clock, (int8_t)zone, false, true);
        clock_set(&clock, Y2000 + 200 * DAY, 0);
        clock_local(&clock, 0, &local);
        clock_calendar(&clock, clock_utc_s(&clock, 0), false, &normal);
        assert_int_equal(calendar_seconds(&local), Y2000 + 200 * DAY + zone * 3600);
        assert_int_equal(calendar_seconds(&normal), calendar_seconds(&local));
        assert_false(local.summer);
        assert_int_equal(clock_utc_from_local(&clock, &local), Y2000 + 200 * DAY);
    }
}

static void test_local_and_normal_time(void **state)
{
    (void)state;
    struct clock clock;
    struct calendar c;
    clock_init(&clock, 1, true, true);
    assert_false(clock.valid);
    clock_set(&clock, INT64_C(1406482500), 77); /* 2014-07-27 17:35 UTC, a Sunday */
    assert_true(clock.valid);
    clock_local(&clock, 77, &c);
    assert_int_equal(c.hour, 19);
    assert_true(c.summer);
    assert_int_equal(c.weekday, 7);
    clock_calendar(&clock, clock_utc_s(&clock, 77), false, &c);
    assert_int_equal(c.hour, 18);
    assert_false(c.summer);
}

static void test_time_goes_on(void **state)
{
    (void)state;
    struct clock clock;
    clock_init(&clock, 0, false, true);
    clock_set(&clock, Y2000, 5 * SECOND);
    assert_int_equal(clock_utc_s(&clock, 5 * SECOND + 999999), Y2000);
    assert_int_equal(clock_utc_s(&clock, 6 * SECOND), Y2000 + 1);
    assert_int_equal(clock_utc_us(&clock, 6 * SECOND + 1), (Y2000 + 1) * SECOND + 1);
}

/* Every hour of two years there and back; the doubled hour needs the summer flag. */
static void test_local_to_utc(void **state)
{
    (void)state;
    struct clock clock;
    clock_init(&clock, 1, true, true);
    for (int64_t utc = Y2000; utc < Y2000 + 800 * DAY; utc += 1800) {
        struct calendar local;
        clock_calendar(&clock, utc, true, &local);
        assert_int_equal(clock_utc_from_local(&clock, &local), utc);
    }
    struct calendar missing = {2013, 3, 31, 2, 30, 0, 0, false}; /* the hour that is left out */
    assert_int_equal(clock_utc_from_local(&clock, &missing), INT64_C(1364693400));
    struct calendar none = {2013, 2, 30, 2, 30, 0, 0, false};
    assert_true(clock_utc_from_local(&clock, &none) == INT64_MIN);
}

/* Whether it is summer by a rule, found by walking through the days of a year: no formula. */
static void expect_rule(const struct clock_rule *rule, int8_t zone_h, const int64_t *changes,
                        unsigned n)
{
    struct clock clock;
    clock_init(&clock, zone_h, true, true);
    clock.own = (struct clock_summer_time){.kind = CLOCK_SUMMER_RULE, .rule = *rule};
    assert_true(clock_summer_time_good(&clock.own));
    for (unsigned k = 0; k < n; k++) {
        assert_true(clock_summer(&clock, changes[k]) != clock_summer(&clock, changes[k] - 1));
        assert_int_equal(clock_summer_change(&clock, changes[k] - 1), changes[k]);
        if (k + 1 < n) {
            assert_int_equal(clock_summer_change(&clock, changes[k]), changes[k + 1]);
        }
    }
}

/* REQ(X-TAR-2): a rule of another country: dates in print */
static void test_rules_of_other_countries(void **state)
{
    (void)state;
    /* New York: second Sunday of March 02:00, first Sunday of November 02:00 summer time */
    static const struct clock_rule america = {{3, 2, 7, 120}, {11, 1, 7, 60}};
    static const int64_t new_york[] = {
        INT64_C(1710054000), INT64_C(1730613600), /* 2024-03-10 07:00Z, 2024-11-03 06:00Z */
        INT64_C(1741503600), INT64_C(1762063200), /* 2025-03-09, 2025-11-02 */
    };
    expect_rule(&america, -5, new_york, 4);
    /* Sydney: first Sunday of October 02:00 to first Sunday of April 03:00 summer time */
    static const struct clock_rule australia = {{10, 1, 7, 120}, {4, 1, 7, 120}};
    static const int64_t sydney[] = {
        INT64_C(1712419200), INT64_C(1728144000), /* 2024-04-06 16:00Z, 2024-10-05 16:00Z */
        INT64_C(1743868800), INT64_C(1759593600), /* 2025-04-05, 2025-10-04 */
    };
    expect_rule(&australia, 10, sydney, 4);
    static const struct clock_rule bad[] = {
        {{3, 5, 7, 60}, {3, 1, 7, 60}},   {{0, 5, 7, 60}, {10, 5, 7, 60}},
        {{3, 6, 7, 60}, {10, 5, 7, 60}},  {{3, 0, 7, 60}, {10, 5, 7, 60}},
        {{3, 5, 8, 60}, {10, 5, 7, 60}},  {{3, 5, 7, 1440}, {10, 5, 7, 60}},
        {{13, 5, 7, 60}, {10, 5, 7, 60}}, {{12, 5, 7, 60}, {1, 1, 7, 60}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(clock_rule_good(&bad[i]));
    }
}

/* The EU's rule written as a client would write it: the same at every hour of the century. */
static void test_a_rule_like_the_eus(void **state)
{
    (void)state;
    struct clock clock;
    for (int zone = 0; zone <= 2; zone++) { /* the EU's */
        clock_init(&clock, (int8_t)zone, true, true);
        const uint16_t minute = (uint16_t)(60 * (zone + 1));
        clock.own.kind = CLOCK_SUMMER_RULE;
        clock.own.rule = (struct clock_rule){{3, 5, 7, minute}, {10, 5, 7, minute}};
        for (int64_t utc = Y2000; utc < Y2000 + 36524 * DAY; utc += 3600) {
            assert_int_equal(clock_summer(&clock, utc), clock_summer_eu(utc));
        }
    }
}

/* Which of three counts: the tariff plan's table, the meter's own, the EU's rule; PPP = 000: none.
 * REQ(TAR-04, X-TAR-2) */
static void test_order_of_summer_times(void **state)
{
    (void)state;
    struct clock clock;
    const int64_t march = Y2000 + 60 * DAY, july = Y2000 + 190 * DAY, november = Y2000 + 310 * DAY;
    clock_init(&clock, 1, true, true);
    assert_true(clock_summer(&clock, july));
    clock.own.kind = CLOCK_SUMMER_TABLE;
    clock.own.table = (struct clock_summers){1, {{march, march + DAY}}};
    assert_false(clock_summer(&clock, july));
    assert_true(clock_summer(&clock, march));
    assert_int_equal(clock_summer_change(&clock, Y2000), march);
    assert_true(clock_summer_change(&clock, july) == INT64_MAX);
    clock.summers = (struct clock_summers){1, {{november, november + DAY}}};
    assert_false(clock_summer(&clock, march));
    assert_true(clock_summer(&clock, november));
    clock.summer_time_eu = false;
    assert_false(clock_summer(&clock, november));
    assert_true(clock_summer_change(&clock, Y2000) == INT64_MAX);
    assert_false(clock_summer_time_good(&(struct clock_summer_time){.kind = CLOCK_SUMMER_TABLE}));
    assert_false(clock_summer_time_good(&(struct clock_summer_time){.kind = CLOCK_SUMMER_KINDS}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day_of_the_century),
        cmocka_unit_test(test_no_dates),
        cmocka_unit_test(test_summer_time_of_every_year),
        cmocka_unit_test(test_time_zones),
        cmocka_unit_test(test_local_and_normal_time),
        cmocka_unit_test(test_time_goes_on),
        cmocka_unit_test(test_local_to_utc),
        cmocka_unit_test(test_rules_of_other_countries),
        cmocka_unit_test(test_a_rule_like_the_eus),
        cmocka_unit_test(test_order_of_summer_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
