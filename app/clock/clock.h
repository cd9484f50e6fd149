/**
 * The meter's calendar clock: UTC inside, local and normal time at the edges.
 * The clock follows the RTC; a small difference is worked off, so that no boundary of the calendar
 * is left out or comes twice (docs/clock.md). Source: TAR-09..13, X-TAR-2, X-EVT-2, spec kmp 1.5
 * (RTC layout), spec answers B7.
 */
#ifndef OPEN382_CLOCK_H
#define OPEN382_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/** Broken-down calendar time. */
struct calendar {
    uint16_t year; /**< 2000 .. 2099 */
    uint8_t month, day, hour, minute, second;
    uint8_t weekday; /**< 1 = Monday .. 7 */
    bool summer;     /**< summer time is in force and applied */
};

#define CLOCK_SUMMERS_MAX 20u

/** One summer: begin <= UTC < end, seconds since 1970, whole minutes. */
struct clock_summer {
    int64_t begin_s, end_s;
};

/** A table in place of the EU rule (X-TAR-2): up to twenty years, each summer after the one before.
 * Outside its summers it is normal time. */
struct clock_summers {
    uint8_t n; /**< 0: no table, the EU rule holds */
    struct clock_summer row[CLOCK_SUMMERS_MAX];
};

/** A day of every year and a time of it: "last Sunday of March, 02:00". */
struct clock_rule_day {
    uint8_t month;   /**< 1 .. 12 */
    uint8_t week;    /**< the first .. fourth such weekday of the month; 5: the last */
    uint8_t weekday; /**< 1 = Monday .. 7 */
    uint16_t minute; /**< of the day in normal local time, 0 .. 1439 */
};

/** Summer time of every year.  It may begin later in the year than it ends: southern hemisphere. */
struct clock_rule {
    struct clock_rule_day begin, end;
};

/** What a client has put in place of the EU rule (X-TAR-2). */
enum clock_summer_kind {
    CLOCK_SUMMER_EU,    /**< nothing */
    CLOCK_SUMMER_RULE,  /**< a rule for every year */
    CLOCK_SUMMER_TABLE, /**< up to twenty summers by their dates */
    CLOCK_SUMMER_KINDS
};

struct clock_summer_time {
    uint8_t kind;               /**< enum clock_summer_kind; the others are all zero */
    struct clock_rule rule;     /**< CLOCK_SUMMER_RULE */
    struct clock_summers table; /**< CLOCK_SUMMER_TABLE */
};

/** A time to set the clock to when a client says so, within a window; until_s 0: none.  UTC. */
struct clock_preset {
    int64_t to_s, from_s, until_s;
};

/** A difference below this is worked off at CLOCK_SLEW_PPB; from here on the clock steps. */
#define CLOCK_STEP_US INT64_C(7000000)
/** How much faster or slower a clock runs while it works a difference off: 1 ms a second, so that
 * no interval is longer or shorter by more than a thousandth. */
#define CLOCK_SLEW_PPB INT32_C(1000000)
/** The running clock is compared with the RTC so often. */
#define CLOCK_FOLLOW_US INT64_C(60000000)

struct clock {
    int64_t utc_minus_now_us; /**< at since_us: UTC = now_us + this */
    int64_t since_us;         /**< from then on UTC gains rate_ppb on now_us */
    int32_t rate_ppb;         /**< rtc_ppb, and what works a difference off */
    int32_t rtc_ppb;          /**< gain of the RTC, as last seen */
    bool rtc_known;           /**< the next two are its last reading */
    int64_t rtc_us, rtc_now_us;
    int8_t time_zone_h;
    bool summer_time_eu;          /**< false: no summer time (PPP = 000), whatever else is said */
    bool fitted;                  /**< the variant has an RTC */
    bool valid;                   /**< false: it lost its time and was not set since */
    struct clock_summers summers; /**< the tariff plan's: before all else */
    struct clock_summer_time own; /**< the meter's */
};

void clock_init(struct clock *clock, int8_t time_zone_h, bool summer_time_eu, bool fitted);
/** Set to UTC; valid from now on. */
void clock_set(struct clock *clock, int64_t utc_s, int64_t now_us);
/** The same, to the microsecond. */
void clock_set_us(struct clock *clock, int64_t utc_us, int64_t now_us);
/**
 * The RTC says rtc_us at now_us.  Until it is asked again, CLOCK_FOLLOW_US later, the clock runs so
 * that the two meet; never faster or slower than the RTC by more than CLOCK_SLEW_PPB, and it never
 * goes back.
 */
void clock_follow(struct clock *clock, int64_t rtc_us, int64_t now_us);
/** The RTC was set or trimmed: its next reading has nothing to do with the last. */
void clock_rtc_forget(struct clock *clock);
/** Nobody will ask the RTC for some time: go on as fast as it goes. */
void clock_coast(struct clock *clock, int64_t now_us);
/** First now_us at which the clock says utc_us or more. */
int64_t clock_now_of_utc(const struct clock *clock, int64_t utc_us);
/** UTC - now at this instant. */
int64_t clock_utc_minus_now_us(const struct clock *clock, int64_t now_us);
/** UTC microseconds / whole seconds since 1970. */
int64_t clock_utc_us(const struct clock *clock, int64_t now_us);
int64_t clock_utc_s(const struct clock *clock, int64_t now_us);
/** Local time with summer time (display, tariff). */
void clock_local(const struct clock *clock, int64_t now_us, struct calendar *out);
/** True between the last Sundays of March and October, 01:00 UTC (EU). */
bool clock_summer_eu(int64_t utc_s);
/** Summer time is in force: by the plan's table, else by what a client has set, else by the EU
 * rule.
 */
bool clock_summer(const struct clock *clock, int64_t utc_s);
/** First instant after utc_s at which summer time begins or ends; INT64_MAX: none is known. */
int64_t clock_summer_change(const struct clock *clock, int64_t utc_s);
/** The rows are whole minutes, in order, apart from each other and within 2000 .. 2099. */
bool clock_summers_good(const struct clock_summers *summers);
/** A rule's day as a number that people can read: MMWDhhmm, 3570200 is the last Sunday of March,
 * 02:00; 0: not one. */
uint32_t clock_rule_day_number(const struct clock_rule_day *day);
/** @return false: no such day. */
bool clock_rule_day_of(int64_t number, struct clock_rule_day *day);
/** A summer as begin * 10^8 + end, minutes since 2000-01-01 UTC; 0: none. */
int64_t clock_summer_number(const struct clock_summer *summer);
bool clock_summer_of(int64_t number, struct clock_summer *summer);

/** What the clock still has to work off, us: positive when it is behind its RTC. */
int64_t clock_left_us(const struct clock *clock, int64_t now_us);

/** The days exist and are not the same. */
bool clock_rule_good(const struct clock_rule *rule);
/** All that a client may have set: a kind that exists, with a rule or a table that is good. */
bool clock_summer_time_good(const struct clock_summer_time *own);
/** Calendar of any UTC second: with summer time (where the meter has it) or normal time. */
void clock_calendar(const struct clock *clock, int64_t utc_s, bool summer, struct calendar *out);
/** Seconds since 1970 of a calendar reading, as if it were UTC; INT64_MIN when it is no date. */
int64_t calendar_seconds(const struct calendar *calendar);
void calendar_from_seconds(int64_t seconds, struct calendar *out);
/** From local reading to UTC: uses calendar->summer to tell the doubled hour apart; INT64_MIN when
 * it
 *  is no date. */
int64_t clock_utc_from_local(const struct clock *clock, const struct calendar *local);

#endif
