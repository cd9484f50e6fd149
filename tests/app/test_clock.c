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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
