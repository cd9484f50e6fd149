/* Proleptic Gregorian arithmetic on whole days since 1970-01-01; no table of month lengths is
 * needed when the year begins in March, because the leap day then stands last. */
#include "clock.h"

#include "calendar_inside.h"

#define SECONDS_PER_DAY INT64_C(86400)
#define YEAR_FIRST      2000
#define YEAR_LAST       2099
#define HOUR_S          INT64_C(3600)
#define US_PER_S        INT64_C(1000000)

int64_t calendar_floor(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

int64_t calendar_days(int year, unsigned month, unsigned day)
{
    int y = month <= 2u ? year - 1 : year; /* the year that began in March */
    unsigned m = month <= 2u ? month + 9u : month - 3u;
    unsigned day_of_year = (153u * m + 2u) / 5u + day - 1u;
    return INT64_C(365) * y + y / 4 - y / 100 + y / 400 + (int64_t)day_of_year - 719468;
}

static void date_of_days(int64_t days, struct calendar *out)
{
    int64_t z = days + 719468; /* since 0000-03-01 */
    int64_t era = calendar_floor(z, 146097);
    unsigned day_of_era = (unsigned)(z - era * 146097);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460u + day_of_era / 36524u - day_of_era / 146096u) / 365u;
    unsigned day_of_year =
        day_of_era - (365u * year_of_era + year_of_era / 4u - year_of_era / 100u);
    unsigned m = (5u * day_of_year + 2u) / 153u;
    out->day = (uint8_t)(day_of_year - (153u * m + 2u) / 5u + 1u);
    out->month = (uint8_t)(m < 10u ? m + 3u : m - 9u);
    out->year = (uint16_t)(era * 400 + year_of_era + (out->month <= 2u ? 1 : 0));
    out->weekday =
        (uint8_t)((uint64_t)(days - 4 + 7 * INT64_C(1000000)) % 7u + 1u); /* day 4: Monday */
}

unsigned calendar_month_days(unsigned year, unsigned month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4u == 0; /* 2000 .. 2099: 2000 is one too */
    return month == 2u && leap ? 29u : days[month - 1u];
}

int64_t calendar_seconds(const struct calendar *c)
{
    if (c->year < YEAR_FIRST || c->year > YEAR_LAST || c->month < 1 || c->month > 12 ||
        c->day < 1 || c->day > calendar_month_days(c->year, c->month) || c->hour > 23 ||
        c->minute > 59 || c->second > 59) {
        return INT64_MIN;
    }
    return calendar_days(c->year, c->month, c->day) * SECONDS_PER_DAY + c->hour * HOUR_S +
           c->minute * 60 + c->second;
}

void calendar_from_seconds(int64_t seconds, struct calendar *out)
{
    int64_t days = calendar_floor(seconds, SECONDS_PER_DAY);
    unsigned rest = (unsigned)(seconds - days * SECONDS_PER_DAY);
    date_of_days(days, out);
    out->hour = (uint8_t)(rest / 3600u);
    out->minute = (uint8_t)(rest / 60u % 60u);
    out->second = (uint8_t)(rest % 60u);
    out->summer = false;
}

void clock_init(struct clock *clock, int8_t time_zone_h, bool summer_time_eu, bool fitted)
{
    *clock = (struct clock){.time_zone_h = time_zone_h,
                            .summer_time_eu = summer_time_eu,
                            .fitted = fitted,
                            .valid = false};
}

int64_t clock_utc_s(const struct clock *clock, int64_t now_us)
{
    return calendar_floor(clock_utc_us(clock, now_us), US_PER_S);
}

void clock_calendar(const struct clock *clock, int64_t utc_s, bool summer, struct calendar *out)
{
    bool shifted = summer && clock_summer(clock, utc_s);
    calendar_from_seconds(utc_s + clock->time_zone_h * HOUR_S + (shifted ? HOUR_S : 0), out);
    out->summer = shifted;
}

void clock_local(const struct clock *clock, int64_t now_us, struct calendar *out)
{
    clock_calendar(clock, clock_utc_s(clock, now_us), true, out);
}

int64_t clock_utc_from_local(const struct clock *clock, const struct calendar *local)
{
    int64_t reading = calendar_seconds(local);
    if (reading == INT64_MIN) {
        return INT64_MIN;
    }
    int64_t normal = reading - clock->time_zone_h * HOUR_S;
    int64_t summer = normal - HOUR_S;
    bool as_summer = clock_summer(clock, summer);
    bool as_normal = !clock_summer(clock, normal);
    if (as_summer && as_normal) { /* the doubled hour of October */
        return local->summer ? summer : normal;
    }
    /* In the hour that March leaves out neither holds: count on from normal time. */
    return as_summer ? summer : normal;
}
