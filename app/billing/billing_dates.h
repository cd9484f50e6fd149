/**
 * When a debiting period ends by itself: day GG of the months that HH names, 00:00 local time.
 *
 * Local time has summer time where the meter has it, as the calendar on the wall.  GG or HH 00:
 * stops are commanded from outside, never by date.  Source: BIL-03, BIL-04, CFG-T2, CFG-11.
 */
#ifndef OPEN382_BILLING_DATES_H
#define OPEN382_BILLING_DATES_H

#include <stdbool.h>
#include <stdint.h>

#include "../clock/clock.h"
#include "../variant/variant.h"

#define BILLING_NEVER INT64_MAX

/**
 * Months in which HH stops, bit 0 = January; 0: never, or no such code.
 *
 * B to E number 00 .. 08, 10 .. 25 (CFG-T2b); L and M go on without the gap: 00 .. 24 (spec answers
 * B6, K-01).
 */
uint16_t billing_months(enum generation generation, uint8_t interval_hh);

/**
 * First stop after utc_s.
 * @param target_day_gg  1 .. 28; 0: external control
 * @return UTC seconds; BILLING_NEVER for external control, no such day, and beyond 2099.
 */
int64_t billing_next_stop(const struct clock *clock, uint8_t target_day_gg, uint16_t months,
                          int64_t utc_s);

/** Intervals of debiting log 2 (spec answers B10.4). */
enum billing2_interval { BILLING2_DAILY, BILLING2_WEEKLY, BILLING2_MONTHLY, BILLING2_INTERVALS };

/** First end of a day, week (Monday 00:00) or month after utc_s, local time; BILLING_NEVER. */
int64_t billing2_next(const struct clock *clock, enum billing2_interval interval, int64_t utc_s);

#endif
