#include "tariff_plan.h"

#define SECONDS_PER_DAY INT64_C(86400)

/* One number that orders dates. */
static uint32_t order_of(unsigned year, unsigned month, unsigned day)
{
    return year * 10000u + month * 100u + day;
}

uint8_t tariff_plan_highest(const struct tariff_plan *plan)
{
    uint8_t highest = 1;
    for (unsigned s = 0; s < plan->n_seasons; s++) {
        for (unsigned t = 0; t < DAY_TYPES; t++) {
            const struct plan_day *day = &plan->day[s][t];
            for (unsigned i = 0; i < day->n; i++) {
                highest = day->at[i].tariff > highest ? day->at[i].tariff : highest;
            }
        }
    }
    return highest;
}

/* The last time that a start came on or before a day; 0: not yet. */
static uint32_t last_start(const struct plan_date *date, const struct calendar *local)
{
    uint32_t today = order_of(local->year, local->month, local->day);
    if (date->year != 0) {
        uint32_t once = order_of(date->year, date->month, date->day);
        return once <= today ? once : 0;
    }
    uint32_t this_year = order_of(local->year, date->month, date->day);
    return this_year <= today ? this_year : this_year - 10000u;
}

/* The latest start counts; a dated one before one of every year. */
uint8_t tariff_plan_season(const struct tariff_plan *plan, const struct calendar *local)
{
    uint32_t latest = 0;
    uint8_t season = 0;
    bool dated = false;
    for (unsigned i = 0; i < plan->n_starts; i++) {
        const struct plan_start *start = &plan->start[i];
        uint32_t came = last_start(&start->date, local);
        if (came > latest || (came == latest && came != 0 && start->date.year != 0 && !dated)) {
            latest = came;
            season = start->season;
            dated = start->date.year != 0;
        }
    }
    return season;
}

/* A dated exception counts before one of every year. */
uint8_t tariff_plan_day_type(const struct tariff_plan *plan, const struct calendar *local)
{
    bool working = (plan->working_days >> (local->weekday - 1u) & 1u) != 0;
    uint8_t type = working ? DAY_WORK : DAY_REST;
    for (unsigned i = 0; i < plan->n_exceptions; i++) {
        const struct plan_exception *exception = &plan->exception[i];
        if (exception->date.month != local->month || exception->date.day != local->day) {
            continue;
        }
        if (exception->date.year == local->year) {
            return exception->type;
        }
        type = exception->date.year == 0 ? exception->type : type;
    }
    return type;
}

const struct plan_day *tariff_plan_profile(const struct tariff_plan *plan, unsigned season,
                                           unsigned type)
{
    while (type > DAY_WORK && plan->day[season][type].n == 0) {
        type--;
    }
    return &plan->day[season][type];
}

static const struct plan_day *profile_of(const struct tariff_plan *plan,
                                         const struct calendar *local)
{
    return tariff_plan_profile(plan, tariff_plan_season(plan, local),
                               tariff_plan_day_type(plan, local));
}

uint8_t tariff_plan_at(const struct tariff_plan *plan, const struct clock *clock, int64_t utc_s)
{
    struct calendar local;
    clock_calendar(clock, utc_s, true, &local);
    const struct plan_day *day = profile_of(plan, &local);
    unsigned minute = local.hour * 60u + local.minute;
    unsigned i = 0;
    while (i + 1u < day->n && day->at[i + 1u].minute <= minute) {
        i++;
    }
    return day->at[i].tariff;
}

/* The next instant at which the plan may say something else: a switch of this local day, its end,
 * or a change of summer time, which moves both. */
static int64_t next_look(const struct tariff_plan *plan, const struct clock *clock, int64_t utc_s)
{
    struct calendar local;
    clock_calendar(clock, utc_s, true, &local);
    const struct plan_day *day = profile_of(plan, &local);
    int64_t now_s = local.hour * INT64_C(3600) + local.minute * 60 + local.second;
    int64_t next_s = SECONDS_PER_DAY;
    for (unsigned i = day->n; i-- > 0 && day->at[i].minute * INT64_C(60) > now_s;) {
        next_s = day->at[i].minute * INT64_C(60);
    }
    int64_t look_s = utc_s + next_s - now_s;
    int64_t change_s = clock_summer_change(clock, utc_s);
    return change_s < look_s ? change_s : look_s;
}

int64_t tariff_plan_next(const struct tariff_plan *plan, const struct clock *clock, int64_t utc_s,
                         int64_t limit_s)
{
    uint8_t tariff = tariff_plan_at(plan, clock, utc_s);
    int64_t at_s = utc_s;
    do {
        at_s = next_look(plan, clock, at_s);
    } while (at_s < limit_s && tariff_plan_at(plan, clock, at_s) == tariff);
    return at_s < limit_s ? at_s : limit_s;
}
