/**
 * The meter's calendar clock: UTC inside, local and normal time at the edges.
 * Source: TAR-09..13, X-TAR-2, X-EVT-2, spec kmp 1.5 (RTC layout).
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

struct clock {
    int64_t utc_minus_now_us; /**< UTC = now_us + this */
    int8_t time_zone_h;
    bool summer_time_eu;          /**< false: no summer time (PPP = 000), whatever the table says */
    bool fitted;                  /**< the variant has an RTC */
    bool valid;                   /**< false: it lost its time and was not set since */
    struct clock_summers summers; /**< replaces the EU rule */
};

void clock_init(struct clock *clock, int8_t time_zone_h, bool summer_time_eu, bool fitted);
/** Set to UTC; valid from now on. */
void clock_set(struct clock *clock, int64_t utc_s, int64_t now_us);
/** UTC microseconds / whole seconds since 1970. */
int64_t clock_utc_us(const struct clock *clock, int64_t now_us);
int64_t clock_utc_s(const struct clock *clock, int64_t now_us);
/** Local time with summer time (display, tariff). */
void clock_local(const struct clock *clock, int64_t now_us, struct calendar *out);
/** True between the last Sundays of March and October, 01:00 UTC (EU). */
bool clock_summer_eu(int64_t utc_s);
/** Summer time is in force: by the table where there is one, else by the EU rule. */
bool clock_summer(const struct clock *clock, int64_t utc_s);
/** First instant after utc_s at which summer time begins or ends; INT64_MAX: none is known. */
int64_t clock_summer_change(const struct clock *clock, int64_t utc_s);
/** The rows are whole minutes, in order, apart from each other and within 2000 .. 2099. */
bool clock_summers_good(const struct clock_summers *summers);
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
