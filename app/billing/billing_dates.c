#include "billing_dates.h"

#define TARGET_DAY_LAST 28u
#define MONTHS          12u
#define SECONDS_PER_DAY 86400

#define EVERY_MONTH 0xFFFu

/* HH of L and M: due months, bit 0 = January. */
static const uint16_t due_months[] = {
    0x000, 0xFFF, 0x555, 0xAAA, 0x249, 0x492, 0x924, 0x041, 0x082, 0x104, 0x208, 0x410, 0x820,
    0x001, 0x002, 0x004, 0x008, 0x010, 0x020, 0x040, 0x080, 0x100, 0x200, 0x400, 0x800,
};
#define INTERVALS     (sizeof due_months / sizeof due_months[0])
#define BASIC_MISSING 9u /* the code that B to E skip */

uint16_t billing_months(enum generation generation, uint8_t interval_hh)
{
    if (generation < GENERATION_L && interval_hh >= BASIC_MISSING) {
        if (interval_hh == BASIC_MISSING) {
            return 0;
        }
        interval_hh--;
    }
    return interval_hh < INTERVALS ? due_months[interval_hh] : 0;
}

/* Midnight of a local day.  Zones that would skip it by summer time are not among ours. */
static int64_t midnight_utc(const struct clock *clock, uint16_t year, uint8_t month, uint8_t day)
{
    struct calendar local = {.year = year, .month = month, .day = day};
    const int64_t normal_s = clock_utc_from_local(clock, &local);
    if (normal_s == INT64_MIN) {
        return INT64_MIN;
    }
    struct calendar seen;
    clock_calendar(clock, normal_s, true, &seen);
    if (!seen.summer) {
        return normal_s;
    }
    local.summer = true;
    return clock_utc_from_local(clock, &local);
}

int64_t billing_next_stop(const struct clock *clock, uint8_t target_day_gg, uint16_t months,
                          int64_t utc_s)
{
    if (target_day_gg == 0 || target_day_gg > TARGET_DAY_LAST) {
        return BILLING_NEVER;
    }
    struct calendar now;
    clock_calendar(clock, utc_s, true, &now);
    uint32_t month = now.month - 1u;
    uint32_t year = now.year;
    for (uint32_t n = 0; n <= MONTHS; n++) {
        if (((uint32_t)months >> month & 1u) != 0) {
            const int64_t stop_s =
                midnight_utc(clock, (uint16_t)year, (uint8_t)(month + 1u), target_day_gg);
            if (stop_s == INT64_MIN) {
                return BILLING_NEVER;
            }
            if (stop_s > utc_s) {
                return stop_s;
            }
        }
        month++;
        year += month / MONTHS;
        month %= MONTHS;
    }
    return BILLING_NEVER;
}

int64_t billing2_next(const struct clock *clock, enum billing2_interval interval, int64_t utc_s)
{
    struct calendar local;
    clock_calendar(clock, utc_s, true, &local);
    if (interval == BILLING2_MONTHLY) {
        return billing_next_stop(clock, 1, EVERY_MONTH, utc_s);
    }
    /* noon of the day on which it ends is on the right date whatever summer time does */
    const uint32_t days = interval == BILLING2_WEEKLY ? 8u - local.weekday : 1u;
    struct calendar date = {.year = local.year, .month = local.month, .day = local.day, .hour = 12};
    const int64_t noon_s = calendar_seconds(&date) + (int64_t)days * SECONDS_PER_DAY;
    calendar_from_seconds(noon_s, &date);
    const int64_t end_s = midnight_utc(clock, date.year, date.month, date.day);
    return end_s == INT64_MIN ? BILLING_NEVER : end_s;
}
