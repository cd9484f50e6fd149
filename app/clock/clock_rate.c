/* How the clock runs: after the RTC, and towards it where they differ. */
#include "calendar_inside.h"
#include "clock.h"

#define BILLION       INT64_C(1000000000)
#define MILLION       INT64_C(1000000)
#define RTC_MAX_PPB   INT64_C(500000)     /* no crystal is worse; what says so is no reading */
#define APART_MAX_US  INT64_C(3600000000) /* readings further apart say nothing of now */
#define STEPS_TOWARDS 4                   /* each leaves less than 2/1000 of the error */

static int64_t limit(int64_t value, int64_t size)
{
    return value > size ? size : value < -size ? -size : value;
}

/* What is gained in a time, rounded down: it never falls as time goes on, for any rate above -1. */
static int64_t gain_us(int64_t elapsed_us, int32_t rate_ppb)
{
    const int64_t seconds = calendar_floor(elapsed_us, MILLION);
    const int64_t rest_us = elapsed_us - seconds * MILLION;
    const int64_t whole = seconds * rate_ppb; /* 1e-9 s */
    const int64_t micro = calendar_floor(whole, 1000);
    return micro + calendar_floor((whole - micro * 1000) * MILLION + rest_us * rate_ppb, BILLION);
}

int64_t clock_utc_minus_now_us(const struct clock *clock, int64_t now_us)
{
    return clock->utc_minus_now_us +
           (clock->rate_ppb == 0 ? 0 : gain_us(now_us - clock->since_us, clock->rate_ppb));
}

int64_t clock_utc_us(const struct clock *clock, int64_t now_us)
{
    return now_us + clock_utc_minus_now_us(clock, now_us);
}

static void run_at(struct clock *clock, int64_t rate_ppb, int64_t now_us)
{
    clock->utc_minus_now_us = clock_utc_minus_now_us(clock, now_us);
    clock->since_us = now_us;
    clock->rate_ppb = (int32_t)rate_ppb;
}

void clock_set_us(struct clock *clock, int64_t utc_us, int64_t now_us)
{
    clock->utc_minus_now_us = utc_us - now_us;
    clock->since_us = now_us;
    clock->rate_ppb = clock->rtc_ppb;
    clock->valid = true;
}

void clock_set(struct clock *clock, int64_t utc_s, int64_t now_us)
{
    clock_set_us(clock, utc_s * MILLION, now_us);
}

void clock_follow(struct clock *clock, int64_t rtc_us, int64_t now_us)
{
    const int64_t apart_us = now_us - clock->rtc_now_us;
    if (clock->rtc_known && apart_us > 0 && apart_us <= APART_MAX_US) {
        const int64_t gained_us = limit(rtc_us - clock->rtc_us - apart_us, apart_us / 1000);
        clock->rtc_ppb = (int32_t)limit(gained_us * BILLION / apart_us, RTC_MAX_PPB);
    }
    clock->rtc_known = true;
    clock->rtc_us = rtc_us;
    clock->rtc_now_us = now_us;
    const int64_t behind_us = limit(rtc_us - clock_utc_us(clock, now_us), CLOCK_STEP_US);
    const int64_t slew_ppb = limit(behind_us * BILLION / CLOCK_FOLLOW_US, CLOCK_SLEW_PPB);
    run_at(clock, clock->rtc_ppb + slew_ppb, now_us);
}

int64_t clock_left_us(const struct clock *clock, int64_t now_us)
{
    if (!clock->rtc_known) {
        return 0;
    }
    const int64_t since_us = now_us - clock->rtc_now_us;
    return clock->rtc_us + since_us + gain_us(since_us, clock->rtc_ppb) -
           clock_utc_us(clock, now_us);
}

void clock_rtc_forget(struct clock *clock)
{
    clock->rtc_known = false;
}

void clock_coast(struct clock *clock, int64_t now_us)
{
    run_at(clock, clock->rtc_ppb, now_us);
    clock->rtc_known = false;
}

int64_t clock_now_of_utc(const struct clock *clock, int64_t utc_us)
{
    int64_t now_us = utc_us - clock->utc_minus_now_us;
    if (clock->rate_ppb == 0) {
        return now_us;
    }
    for (unsigned n = 0; n < STEPS_TOWARDS; n++) {
        now_us += utc_us - clock_utc_us(clock, now_us);
    }
    while (clock_utc_us(clock, now_us) < utc_us) {
        now_us++;
    }
    while (clock_utc_us(clock, now_us - 1) >= utc_us) {
        now_us--;
    }
    return now_us;
}
