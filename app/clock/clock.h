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

struct clock {
    int64_t utc_minus_now_us; /**< UTC = now_us + this */
    int8_t time_zone_h;
    bool summer_time_eu;
    bool fitted; /**< the variant has an RTC */
    bool valid;  /**< false: it lost its time and was not set since */
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
