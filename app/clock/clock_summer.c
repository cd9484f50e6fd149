/* Summer time: the EU's, by a rule for every year, or by a table of dates. */
#include <stddef.h>

#include "calendar_inside.h"
#include "clock.h"

#define SECONDS_PER_DAY INT64_C(86400)
#define HOUR_S          INT64_C(3600)
#define UTC_2000        INT64_C(946684800)
#define UTC_2100        INT64_C(4102444800)
#define WEEK_LAST       5u
#define DAYS_PER_WEEK   7u
#define MINUTES_PER_DAY 1440u
#define NUMBER_MAX      12572359 /* MMWDhhmm */
#define BEGIN_STEP      INT64_C(100000000)

static const struct clock_rule eu_rule = {{3, WEEK_LAST, 7, 60}, {10, WEEK_LAST, 7, 60}};

/* That day of a year, minutes counted from its midnight; as if local time were UTC. */
static int64_t day_seconds(const struct clock_rule_day *day, unsigned year)
{
    const unsigned length = calendar_month_days(year, day->month);
    const int64_t first = calendar_days((int)year, day->month, 1);
    /* 1970-01-01 was a Thursday */
    const unsigned weekday = (unsigned)((first + 3) % (int64_t)DAYS_PER_WEEK) + 1u;
    unsigned at = (day->weekday + DAYS_PER_WEEK - weekday) % DAYS_PER_WEEK;
    at += (day->week - 1u) * DAYS_PER_WEEK;
    at -= at >= length ? DAYS_PER_WEEK : 0; /* the last one is the fourth */
    return (first + at) * SECONDS_PER_DAY + day->minute * INT64_C(60);
}

bool clock_summer_eu(int64_t utc_s)
{
    struct calendar utc;
    calendar_from_seconds(utc_s, &utc);
    return utc_s >= day_seconds(&eu_rule.begin, utc.year) &&
           utc_s < day_seconds(&eu_rule.end, utc.year);
}

/* By a rule in seconds of its own time. */
static bool rule_summer(const struct clock_rule *rule, int64_t seconds)
{
    struct calendar c;
    calendar_from_seconds(seconds, &c);
    const int64_t begin = day_seconds(&rule->begin, c.year);
    const int64_t end = day_seconds(&rule->end, c.year);
    return begin < end ? seconds >= begin && seconds < end : seconds >= begin || seconds < end;
}

static bool table_summer(const struct clock_summers *summers, int64_t utc_s)
{
    for (unsigned i = 0; i < summers->n; i++) {
        if (utc_s >= summers->row[i].begin_s && utc_s < summers->row[i].end_s) {
            return true;
        }
    }
    return false;
}

static bool day_good(const struct clock_rule_day *day)
{
    return day->month >= 1 && day->month <= 12 && day->week >= 1 && day->week <= WEEK_LAST &&
           day->weekday >= 1 && day->weekday <= DAYS_PER_WEEK && day->minute < MINUTES_PER_DAY;
}

/* Two months apart at least: then they are in the same order in every year. */
bool clock_rule_good(const struct clock_rule *rule)
{
    const int apart = rule->begin.month - rule->end.month;
    return day_good(&rule->begin) && day_good(&rule->end) && apart != 0 && apart != 1 &&
           apart != -1 && apart != 11 && apart != -11;
}

uint32_t clock_rule_day_number(const struct clock_rule_day *day)
{
    return day->month * 1000000u + day->week * 100000u + day->weekday * 10000u +
           day->minute / 60u * 100u + day->minute % 60u;
}

bool clock_rule_day_of(int64_t number, struct clock_rule_day *day)
{
    if (number < 0 || number > NUMBER_MAX || number % 100 > 59) {
        return false;
    }
    const uint32_t n = (uint32_t)number;
    const struct clock_rule_day found = {
        .month = (uint8_t)(n / 1000000u),
        .week = (uint8_t)(n / 100000u % 10u),
        .weekday = (uint8_t)(n / 10000u % 10u),
        .minute = (uint16_t)(n / 100u % 100u * 60u + n % 100u),
    };
    if (!day_good(&found)) {
        return false;
    }
    *day = found;
    return true;
}

int64_t clock_summer_number(const struct clock_summer *summer)
{
    if (summer->end_s == 0) {
        return 0;
    }
    return (summer->begin_s - UTC_2000) / 60 * BEGIN_STEP + (summer->end_s - UTC_2000) / 60;
}

bool clock_summer_of(int64_t number, struct clock_summer *summer)
{
    if (number < 0 || number / BEGIN_STEP >= BEGIN_STEP) {
        return false;
    }
    *summer = (struct clock_summer){0, 0};
    if (number != 0) {
        summer->begin_s = number / BEGIN_STEP * 60 + UTC_2000;
        summer->end_s = number % BEGIN_STEP * 60 + UTC_2000;
    }
    return true;
}

bool clock_summers_good(const struct clock_summers *summers)
{
    int64_t before_s = UTC_2000;
    if (summers->n > CLOCK_SUMMERS_MAX) {
        return false;
    }
    for (unsigned i = 0; i < summers->n; i++) {
        const struct clock_summer *row = &summers->row[i];
        if (row->begin_s < before_s || row->end_s <= row->begin_s || row->end_s >= UTC_2100 ||
            row->begin_s % 60 != 0 || row->end_s % 60 != 0) {
            return false;
        }
        before_s = row->end_s + 60;
    }
    return true;
}

bool clock_summer_time_good(const struct clock_summer_time *own)
{
    switch (own->kind) {
    case CLOCK_SUMMER_EU: return true;
    case CLOCK_SUMMER_RULE: return clock_rule_good(&own->rule);
    case CLOCK_SUMMER_TABLE: return own->table.n > 0 && clock_summers_good(&own->table);
    default: return false;
    }
}

/* The table in force; NULL: a rule holds. */
static const struct clock_summers *table_of(const struct clock *clock)
{
    if (clock->summers.n > 0) {
        return &clock->summers;
    }
    return clock->own.kind == CLOCK_SUMMER_TABLE ? &clock->own.table : NULL;
}

/* The rule in force, and how far its time is ahead of UTC. */
static const struct clock_rule *rule_of(const struct clock *clock, int64_t *ahead_s)
{
    const bool own = clock->own.kind == CLOCK_SUMMER_RULE;
    *ahead_s = own ? clock->time_zone_h * HOUR_S : 0;
    return own ? &clock->own.rule : &eu_rule;
}

bool clock_summer(const struct clock *clock, int64_t utc_s)
{
    const struct clock_summers *table = table_of(clock);
    int64_t ahead_s = 0;
    if (!clock->summer_time_eu) {
        return false;
    }
    if (table != NULL) {
        return table_summer(table, utc_s);
    }
    const struct clock_rule *rule = rule_of(clock, &ahead_s);
    return rule_summer(rule, utc_s + ahead_s);
}

/* The earlier of best and at, if at is after utc_s. */
static int64_t sooner(int64_t best, int64_t at, int64_t utc_s)
{
    return at > utc_s && at < best ? at : best;
}

static int64_t rule_change(const struct clock *clock, int64_t utc_s)
{
    struct calendar c;
    int64_t ahead_s = 0, best = INT64_MAX;
    const struct clock_rule *rule = rule_of(clock, &ahead_s);
    calendar_from_seconds(utc_s + ahead_s, &c);
    for (unsigned year = c.year; year <= c.year + 1u; year++) {
        best = sooner(best, day_seconds(&rule->begin, year) - ahead_s, utc_s);
        best = sooner(best, day_seconds(&rule->end, year) - ahead_s, utc_s);
    }
    return best;
}

int64_t clock_summer_change(const struct clock *clock, int64_t utc_s)
{
    const struct clock_summers *table = table_of(clock);
    int64_t best = INT64_MAX;
    if (!clock->summer_time_eu) {
        return best;
    }
    if (table == NULL) {
        return rule_change(clock, utc_s);
    }
    for (unsigned i = 0; i < table->n; i++) {
        best = sooner(best, table->row[i].begin_s, utc_s);
        best = sooner(best, table->row[i].end_s, utc_s);
    }
    return best;
}
