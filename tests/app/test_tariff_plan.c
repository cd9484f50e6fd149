/* Tariff plans against an independent calendar, at their edges, and as bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/calendar/tariff_plan_image.h"

#define MIN_PER_DAY 1440
#define FIRST_YEAR  2024 /* the reference begins here, so that every season has begun by 2026 */
#define LAST_YEAR   2056
#define DAYS_MAX    (366 * (LAST_YEAR - FIRST_YEAR + 1))

/* ---- chance ---- */

static uint64_t chance_state;

static unsigned draw(unsigned limit)
{
    chance_state = chance_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((chance_state >> 33) % limit);
}

/* ---- an independent calendar: no division, no formula, it counts days ---- */

struct reference_day {
    int year, month, day, weekday; /* weekday 0 = Monday */
    uint8_t season, type;
};

static struct reference_day days[DAYS_MAX];
static int n_days;
static int64_t first_minute; /* UTC minutes since 1970 of days[0] at 00:00 UTC */

static int length_of(int year, int month)
{
    switch (month) {
    case 4:
    case 6:
    case 9:
    case 11: return 30;
    case 2: return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0) ? 29 : 28;
    default: return 31;
    }
}

/* The day after. */
static struct reference_day next_day(struct reference_day d)
{
    d.weekday = d.weekday == 6 ? 0 : d.weekday + 1;
    d.day++;
    if (d.day > length_of(d.year, d.month)) {
        d.day = 1;
        d.month++;
    }
    if (d.month > 12) {
        d.month = 1;
        d.year++;
    }
    return d;
}

static void count_days(void)
{
    struct reference_day d = {1970, 1, 1, 3, 0, 0}; /* a Thursday */
    n_days = 0;
    first_minute = 0;
    for (; d.year <= LAST_YEAR; d = next_day(d)) {
        if (d.year >= FIRST_YEAR) {
            days[n_days++] = d;
        } else {
            first_minute += MIN_PER_DAY;
        }
    }
}

static bool falls_on(const struct plan_date *date, const struct reference_day *d, bool dated)
{
    bool year = dated ? date->year == d->year : date->year == 0;
    return year && date->month == d->month && date->day == d->day;
}

/* Seasons by living through the years, types by looking each day up. */
static void fill_days(const struct tariff_plan *plan)
{
    uint8_t season = 0;
    for (int i = 0; i < n_days; i++) {
        struct reference_day *d = &days[i];
        d->type = (plan->working_days & 1u << d->weekday) != 0 ? DAY_WORK : DAY_REST;
        for (int dated = 0; dated <= 1; dated++) { /* what has a year is looked at last: it wins */
            for (unsigned k = 0; k < plan->n_starts; k++) {
                season =
                    falls_on(&plan->start[k].date, d, dated != 0) ? plan->start[k].season : season;
            }
            for (unsigned k = 0; k < plan->n_exceptions; k++) {
                d->type = falls_on(&plan->exception[k].date, d, dated != 0)
                              ? plan->exception[k].type
                              : d->type;
            }
        }
        d->season = season;
    }
}

/* Summer time from the day and hour on which it changes. */
static bool reference_summer(const struct tariff_plan *plan, int64_t minute, bool before)
{
    if (plan->summers.n > 0) {
        for (unsigned i = 0; i < plan->summers.n; i++) {
            if (plan->summers.row[i].begin_s <= minute * 60 &&
                minute * 60 < plan->summers.row[i].end_s) {
                return true;
            }
        }
        return false;
    }
    const struct reference_day *d = &days[(minute - first_minute) / MIN_PER_DAY];
    bool change = d->weekday == 6 && d->day >= 25 && (minute - first_minute) % MIN_PER_DAY == 60;
    return change && d->month == 3 ? true : change && d->month == 10 ? false : before;
}

/* The tariff of every minute of one local day. */
static void spread(const struct tariff_plan *plan, const struct reference_day *d, uint8_t *minutes)
{
    unsigned type = d->type;
    if (type == DAY_HOLIDAY && plan->day[d->season][DAY_HOLIDAY].n == 0) {
        type = DAY_REST;
    }
    if (type == DAY_REST && plan->day[d->season][DAY_REST].n == 0) {
        type = DAY_WORK;
    }
    const struct plan_day *profile = &plan->day[d->season][type];
    for (unsigned i = 0; i < profile->n; i++) {
        memset(minutes + profile->at[i].minute, profile->at[i].tariff,
               (size_t)(MIN_PER_DAY - profile->at[i].minute));
    }
}

/* Thirty years minute by minute; each change of tariff must be the next one of the plan. */
static unsigned agree(const struct tariff_plan *plan, int zone_h)
{
    struct clock clock;
    uint8_t minutes[MIN_PER_DAY] = {0};
    int64_t day_shown = -1;
    bool summer = false;
    unsigned tariff = 0, switches = 0;
    int64_t begin = first_minute + 731 * MIN_PER_DAY; /* 2026-01-01 */
    int64_t end = begin + 10957 * (int64_t)MIN_PER_DAY;
    int64_t expected_s = 0;
    clock_init(&clock, (int8_t)zone_h, true, true);
    clock.summers = plan->summers;
    fill_days(plan);
    for (int64_t minute = begin - 400 * MIN_PER_DAY; minute < end; minute++) {
        summer = reference_summer(plan, minute, summer);
        if (minute < begin) {
            continue;
        }
        int64_t local = minute - first_minute + zone_h * 60 + (summer ? 60 : 0);
        int64_t day = local / MIN_PER_DAY;
        if (day != day_shown) {
            spread(plan, &days[day], minutes);
            day_shown = day;
        }
        unsigned now = minutes[local - day * MIN_PER_DAY];
        if (now == tariff) {
            continue;
        }
        assert_true(tariff == 0 || minute * 60 == expected_s);
        tariff = now;
        switches++;
        assert_int_equal(tariff_plan_at(plan, &clock, minute * 60), tariff);
        assert_true(tariff_plan_at(plan, &clock, minute * 60 - 1) != tariff || switches == 1);
        expected_s = tariff_plan_next(plan, &clock, minute * 60 + draw(60), end * 60);
    }
    assert_int_equal(expected_s, end * 60); /* and none that the reference does not know */
    return switches;
}

/* ---- random plans ---- */

static struct plan_date random_date(void)
{
    unsigned month = draw(12) + 1u;
    struct plan_date date = {draw(2) == 0 ? 0 : (uint16_t)(2026 + draw(30)), (uint8_t)month, 0};
    date.day =
        (uint8_t)(draw((unsigned)length_of(date.year == 0 ? 2001 : date.year, (int)month)) + 1u);
    return date;
}

static void random_day(struct plan_day *day)
{
    unsigned minute = 0;
    day->n = 0;
    for (unsigned n = draw(TARIFF_PLAN_SWITCHES) + 1u; n > 0 && minute < MIN_PER_DAY; n--) {
        day->at[day->n++] = (struct plan_switch){(uint16_t)minute, (uint8_t)(draw(8) + 1u)};
        minute = draw(8) == 0 ? MIN_PER_DAY - 1u : minute + 1u + draw(300);
        minute = day->at[day->n - 1u].minute >= minute ? MIN_PER_DAY : minute;
    }
}

static void random_summers(struct clock_summers *summers)
{
    int64_t at_s = INT64_C(1767225600) + draw(100) * INT64_C(86400); /* from 2026-01-01 on */
    for (summers->n = 0; summers->n < CLOCK_SUMMERS_MAX; summers->n++) {
        struct clock_summer *row = &summers->row[summers->n];
        row->begin_s = at_s + draw(MIN_PER_DAY) * 60;
        row->end_s = row->begin_s + (60 + draw(200 * MIN_PER_DAY)) * INT64_C(60);
        at_s = row->end_s + INT64_C(86400) * (100 + draw(200));
    }
}

/* Good by construction but for doubles, which are drawn again. */
static void random_plan(struct tariff_plan *plan)
{
    struct plan_place place;
    do {
        memset(plan, 0, sizeof *plan);
        memcpy(plan->name, "random", 7);
        plan->working_days = (uint8_t)draw(128);
        plan->n_seasons = (uint8_t)(draw(TARIFF_PLAN_SEASONS) + 1u);
        plan->n_starts = plan->n_seasons == 1 ? 0 : (uint8_t)(plan->n_seasons + draw(5));
        for (unsigned i = 0; i < plan->n_starts; i++) {
            plan->start[i].date = random_date();
            plan->start[i].season = (uint8_t)(i < plan->n_seasons ? i : draw(plan->n_seasons));
        }
        for (unsigned i = 0; i < plan->n_seasons * (unsigned)DAY_TYPES; i++) {
            unsigned type = i % DAY_TYPES;
            if (type == DAY_WORK || draw(4) != 0) {
                random_day(&plan->day[i / DAY_TYPES][type]);
            }
        }
        plan->n_exceptions = (uint8_t)draw(TARIFF_PLAN_EXCEPTIONS + 1u);
        for (unsigned i = 0; i < plan->n_exceptions; i++) {
            plan->exception[i].date = random_date();
            plan->exception[i].type = (uint8_t)draw(DAY_TYPES);
        }
        if (draw(3) == 0) {
            random_summers(&plan->summers);
        }
    } while (tariff_plan_check(plan, &place) != PLAN_OK);
}

/* REQ(X-TAR-2): thirty simulated years, every minute, twelve plans; EU rule and tables */
static void test_independent_calendar(void **state)
{
    (void)state;
    const char *seed = getenv("OPEN382_SEED");
    chance_state = seed != NULL ? strtoull(seed, NULL, 0) : 20261129u;
    printf("OPEN382_SEED=%llu\n", (unsigned long long)chance_state);
    count_days();
    unsigned switches = 0, tables = 0;
    for (unsigned i = 0; i < 12; i++) {
        struct tariff_plan plan;
        random_plan(&plan);
        tables += plan.summers.n > 0;
        switches += agree(&plan, (int)draw(24) - 11);
    }
    printf("%u switches agree, %u plans with a table of summers\n", switches, tables);
    assert_true(switches > 100000);
}

/* ---- edges, by hand ---- */

/* 00:00 T1, 02:30 T2, 23:59 T3; holidays T4 all day. */
static void edge_plan(struct tariff_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    memcpy(plan->name, "edges", 6);
    plan->working_days = 0x7F;
    plan->n_seasons = 1;
    plan->day[0][DAY_WORK] = (struct plan_day){3, {{0, 1}, {150, 2}, {1439, 3}}};
    plan->day[0][DAY_HOLIDAY] = (struct plan_day){2, {{0, 4}, {150, 5}}};
}

static int64_t at(unsigned y, unsigned mo, unsigned d, unsigned h, unsigned mi)
{
    struct calendar c = {(uint16_t)y, (uint8_t)mo, (uint8_t)d, (uint8_t)h,
                         (uint8_t)mi, 0,           1,          false};
    return calendar_seconds(&c);
}

static void test_edges(void **state)
{
    (void)state;
    struct tariff_plan plan;
    struct clock clock;
    edge_plan(&plan);
    clock_init(&clock, 1, true, true);
    const int64_t far_s = at(2030, 1, 1, 0, 0);

    /* the last minute of a year, and the first second of the next */
    int64_t midnight = at(2026, 12, 31, 23, 0);
    assert_int_equal(tariff_plan_at(&plan, &clock, midnight - 61), 2);
    assert_int_equal(tariff_plan_next(&plan, &clock, midnight - 61, far_s), midnight - 60);
    assert_int_equal(tariff_plan_at(&plan, &clock, midnight - 60), 3);
    assert_int_equal(tariff_plan_at(&plan, &clock, midnight - 1), 3);
    assert_int_equal(tariff_plan_next(&plan, &clock, midnight - 60, far_s), midnight);
    assert_int_equal(tariff_plan_at(&plan, &clock, midnight), 1);

    /* 2027-03-28: 02:30 does not come; its tariff begins at 03:00 summer time */
    int64_t gap = at(2027, 3, 28, 1, 0);
    assert_int_equal(tariff_plan_at(&plan, &clock, gap - 1), 1);
    assert_int_equal(tariff_plan_next(&plan, &clock, gap - 3600, far_s), gap);
    assert_int_equal(tariff_plan_at(&plan, &clock, gap), 2);

    /* 2027-10-31: 02:30 comes twice */
    int64_t back = at(2027, 10, 31, 1, 0);
    assert_int_equal(tariff_plan_next(&plan, &clock, back - 3600, far_s), back - 1800);
    assert_int_equal(tariff_plan_next(&plan, &clock, back - 1800, far_s), back);
    assert_int_equal(tariff_plan_at(&plan, &clock, back), 1);
    assert_int_equal(tariff_plan_next(&plan, &clock, back, far_s), back + 1800);

    /* the same two days as exception days */
    plan.exception[0] = (struct plan_exception){{2027, 3, 28}, DAY_HOLIDAY};
    plan.exception[1] = (struct plan_exception){{0, 10, 31}, DAY_HOLIDAY};
    plan.n_exceptions = 2;
    assert_int_equal(tariff_plan_at(&plan, &clock, gap - 2 * 3600), 4);
    assert_int_equal(tariff_plan_at(&plan, &clock, gap), 5);
    assert_int_equal(tariff_plan_at(&plan, &clock, at(2027, 3, 28, 21, 59)), 5);
    assert_int_equal(tariff_plan_at(&plan, &clock, at(2027, 3, 28, 22, 0)), 1);
    assert_int_equal(tariff_plan_at(&plan, &clock, back - 1800), 5);
    assert_int_equal(tariff_plan_at(&plan, &clock, back), 4);
    assert_int_equal(tariff_plan_at(&plan, &clock, at(2028, 10, 31, 12, 0)), 5);
    assert_int_equal(tariff_plan_at(&plan, &clock, at(2028, 3, 28, 12, 0)), 2);

    /* a leap day of its own, and a dated exception before a yearly one */
    plan.exception[0] = (struct plan_exception){{2028, 2, 29}, DAY_HOLIDAY};
    plan.exception[2] = (struct plan_exception){{2029, 10, 31}, DAY_WORK};
    plan.n_exceptions = 3;
    assert_int_equal(tariff_plan_at(&plan, &clock, at(2028, 2, 29, 12, 0)), 5);
    assert_int_equal(tariff_plan_at(&plan, &clock, at(2028, 3, 1, 12, 0)), 2);
    assert_int_equal(tariff_plan_at(&plan, &clock, at(2029, 10, 31, 12, 0)), 2);

    /* a plan of one tariff has no next switch */
    plan.n_exceptions = 0;
    plan.day[0][DAY_WORK].n = 1;
    assert_int_equal(tariff_plan_next(&plan, &clock, gap, far_s), far_s);
}

/* PPP = 000: no summer time, whatever the table says */
static void test_no_summer_time(void **state)
{
    (void)state;
    struct tariff_plan plan;
    struct clock clock;
    edge_plan(&plan);
    clock_init(&clock, 1, false, true);
    clock.summers = (struct clock_summers){1, {{at(2027, 1, 1, 0, 0), at(2027, 12, 1, 0, 0)}}};
    assert_int_equal(tariff_plan_at(&plan, &clock, at(2027, 7, 1, 1, 29)), 1);
    assert_int_equal(tariff_plan_at(&plan, &clock, at(2027, 7, 1, 1, 30)), 2);
    assert_int_equal(clock_summer_change(&clock, 0), INT64_MAX);
}

/* ---- bytes ---- */

static void test_image(void **state)
{
    (void)state;
    chance_state = 4711;
    for (unsigned turn = 0; turn < 20; turn++) {
        struct tariff_plan plan, again;
        struct plan_place place;
        uint8_t image[TARIFF_PLAN_IMAGE_MAX];
        random_plan(&plan);
        struct writer w = writer_over(image, sizeof image);
        tariff_plan_write(&w, &plan);
        assert_false(w.failed);
        size_t n = writer_length(&w);
        memset(&again, 0, sizeof again);
        assert_int_equal(tariff_plan_read(image, n, &again, &place), PLAN_OK);
        uint8_t twice[TARIFF_PLAN_IMAGE_MAX];
        w = writer_over(twice, sizeof twice);
        tariff_plan_write(&w, &again);
        assert_int_equal(writer_length(&w), n);
        assert_memory_equal(image, twice, n);
        for (size_t cut = 0; cut < n; cut++) {
            assert_int_equal(tariff_plan_read(image, cut, &again, &place), PLAN_ERR_FORM);
            image[cut] ^= (uint8_t)(1u << draw(8));
            assert_true(tariff_plan_read(image, n, &again, &place) != PLAN_OK);
            tariff_plan_write(&(struct writer){image, image, image + sizeof image, false}, &plan);
        }
        for (size_t room = 0; room < n; room++) { /* what does not fit fails and stays inside */
            w = writer_over(image, room);
            tariff_plan_write(&w, &plan);
            assert_true(w.failed);
        }
    }
}

/* The largest plan fills TARIFF_PLAN_IMAGE_MAX to the byte. */
static void test_largest_image(void **state)
{
    (void)state;
    struct tariff_plan plan, again;
    struct plan_place place;
    uint8_t image[TARIFF_PLAN_IMAGE_MAX];
    edge_plan(&plan);
    plan.n_seasons = TARIFF_PLAN_SEASONS;
    plan.n_starts = TARIFF_PLAN_STARTS;
    plan.n_exceptions = TARIFF_PLAN_EXCEPTIONS;
    for (unsigned i = 0; i < TARIFF_PLAN_STARTS; i++) {
        plan.start[i] = (struct plan_start){{0, (uint8_t)(i + 1u), 1}, (uint8_t)(i % 4u)};
    }
    for (unsigned i = 0; i < TARIFF_PLAN_SEASONS * DAY_TYPES; i++) {
        struct plan_day *day = &plan.day[i / DAY_TYPES][i % DAY_TYPES];
        for (day->n = 0; day->n < TARIFF_PLAN_SWITCHES; day->n++) {
            day->at[day->n] = (struct plan_switch){(uint16_t)(day->n * 60u), 8};
        }
    }
    for (unsigned i = 0; i < TARIFF_PLAN_EXCEPTIONS; i++) {
        plan.exception[i] = (struct plan_exception){
            {2099, (uint8_t)(i / 25u + 1u), (uint8_t)(i % 25u + 1u)}, DAY_HOLIDAY};
    }
    chance_state = 1;
    random_summers(&plan.summers);
    struct writer w = writer_over(image, sizeof image);
    tariff_plan_write(&w, &plan);
    assert_false(w.failed);
    assert_int_equal(writer_length(&w), TARIFF_PLAN_IMAGE_MAX);
    assert_int_equal(tariff_plan_read(image, sizeof image, &again, &place), PLAN_OK);
    assert_int_equal(tariff_plan_highest(&again), 8);
}

/* Each rule of the check, by one plan that breaks it. */
static void test_check(void **state)
{
    (void)state;
    struct tariff_plan good, plan;
    struct plan_place place;
    edge_plan(&good);
#define BROKEN(err, ...)                                                                           \
    do {                                                                                           \
        plan = good;                                                                               \
        __VA_ARGS__;                                                                               \
        assert_int_equal(tariff_plan_check(&plan, &place), err);                                   \
    } while (0)
    BROKEN(PLAN_OK, (void)0);
    BROKEN(PLAN_ERR_NAME, plan.name[0] = '\0');
    BROKEN(PLAN_ERR_NAME, plan.name[1] = '"');
    BROKEN(PLAN_ERR_NAME, memset(plan.name, 'x', sizeof plan.name));
    BROKEN(PLAN_ERR_WORKING_DAYS, plan.working_days = 0x80);
    BROKEN(PLAN_ERR_SEASONS, plan.n_seasons = 0);
    BROKEN(PLAN_ERR_SEASONS, plan.n_seasons = 5);
    BROKEN(PLAN_ERR_SEASONS, plan.n_seasons = 2);
    BROKEN(PLAN_ERR_START, plan.n_starts = 9);
    BROKEN(PLAN_ERR_START, plan.n_starts = 1; plan.start[0].date.month = 0);
    BROKEN(PLAN_ERR_DAY_EMPTY, plan.day[0][DAY_WORK].n = 0);
    BROKEN(PLAN_ERR_SWITCHES, plan.day[0][DAY_REST].n = 9);
    BROKEN(PLAN_ERR_SWITCH_FIRST, plan.day[0][DAY_WORK].at[0].minute = 1);
    BROKEN(PLAN_ERR_SWITCH_ORDER, plan.day[0][DAY_WORK].at[2].minute = 1440);
    assert_int_equal(place.index, 2);
    BROKEN(PLAN_ERR_SWITCH_ORDER, plan.day[0][DAY_WORK].at[2].minute = 150);
    BROKEN(PLAN_ERR_TARIFF, plan.day[0][DAY_HOLIDAY].at[1].tariff = 0);
    assert_int_equal(place.type, DAY_HOLIDAY);
    BROKEN(PLAN_ERR_TARIFF, plan.day[0][DAY_HOLIDAY].at[1].tariff = 9);
    BROKEN(PLAN_ERR_EXCEPTION, plan.n_exceptions = 101);
    BROKEN(PLAN_ERR_EXCEPTION, plan.n_exceptions = 1);
    BROKEN(PLAN_ERR_SUMMERS, plan.summers.n = 21);
    BROKEN(PLAN_ERR_SUMMERS, plan.summers.n = 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_independent_calendar), cmocka_unit_test(test_edges),
        cmocka_unit_test(test_no_summer_time),       cmocka_unit_test(test_image),
        cmocka_unit_test(test_largest_image),        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
