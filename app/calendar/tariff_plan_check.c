/* Is it a plan?  One function per part, in the order in which faults are told. */
#include "tariff_plan.h"

#define WEEK 0x7Fu

static bool date_good(const struct plan_date *date)
{
    /* a year without 29 February stands for every year */
    struct calendar c = {
        .year = date->year != 0 ? date->year : 2001u, .month = date->month, .day = date->day};
    return calendar_seconds(&c) != INT64_MIN;
}

static bool same_date(const struct plan_date *a, const struct plan_date *b)
{
    return a->year == b->year && a->month == b->month && a->day == b->day;
}

static enum plan_err check_name(const char *name)
{
    unsigned n = 0;
    while (n <= TARIFF_PLAN_NAME_MAX && name[n] >= ' ' && name[n] <= '~' && name[n] != '"') {
        n++;
    }
    return n >= 1u && n <= TARIFF_PLAN_NAME_MAX && name[n] == '\0' ? PLAN_OK : PLAN_ERR_NAME;
}

static enum plan_err check_starts(const struct tariff_plan *plan, struct plan_place *place)
{
    unsigned used = 0;
    if (plan->n_starts > TARIFF_PLAN_STARTS) {
        return PLAN_ERR_START;
    }
    for (unsigned i = 0; i < plan->n_starts; i++) {
        place->index = (uint8_t)i;
        if (!date_good(&plan->start[i].date) || plan->start[i].season >= plan->n_seasons) {
            return PLAN_ERR_START;
        }
        for (unsigned k = 0; k < i; k++) {
            if (same_date(&plan->start[i].date, &plan->start[k].date)) {
                return PLAN_ERR_START_TWICE;
            }
        }
        used |= 1u << plan->start[i].season;
    }
    place->index = 0;
    for (unsigned s = 0; plan->n_starts > 0 && s < plan->n_seasons; s++) {
        place->season = (uint8_t)s;
        if ((used >> s & 1u) == 0) {
            return PLAN_ERR_SEASON_UNUSED;
        }
    }
    place->season = 0;
    return PLAN_OK;
}

static enum plan_err check_day(const struct plan_day *day, struct plan_place *place)
{
    if (day->n > TARIFF_PLAN_SWITCHES) {
        return PLAN_ERR_SWITCHES;
    }
    for (unsigned i = 0; i < day->n; i++) {
        place->index = (uint8_t)i;
        if (i == 0 && day->at[0].minute != 0) {
            return PLAN_ERR_SWITCH_FIRST;
        }
        if (day->at[i].minute >= TARIFF_PLAN_DAY_MIN ||
            (i > 0 && day->at[i].minute <= day->at[i - 1u].minute)) {
            return PLAN_ERR_SWITCH_ORDER;
        }
        if (day->at[i].tariff < 1u || day->at[i].tariff > TARIFF_PLAN_TARIFFS) {
            return PLAN_ERR_TARIFF;
        }
    }
    place->index = 0;
    return PLAN_OK;
}

static enum plan_err check_days(const struct tariff_plan *plan, struct plan_place *place)
{
    enum plan_err err = PLAN_OK;
    for (unsigned s = 0; s < plan->n_seasons && err == PLAN_OK; s++) {
        place->season = (uint8_t)s;
        for (unsigned t = 0; t < DAY_TYPES && err == PLAN_OK; t++) {
            place->type = (uint8_t)t;
            bool empty = t == DAY_WORK && plan->day[s][t].n == 0;
            err = empty ? PLAN_ERR_DAY_EMPTY : check_day(&plan->day[s][t], place);
        }
    }
    return err;
}

static enum plan_err check_exceptions(const struct tariff_plan *plan, struct plan_place *place)
{
    if (plan->n_exceptions > TARIFF_PLAN_EXCEPTIONS) {
        return PLAN_ERR_EXCEPTION;
    }
    for (unsigned i = 0; i < plan->n_exceptions; i++) {
        place->index = (uint8_t)i;
        if (!date_good(&plan->exception[i].date) || plan->exception[i].type >= DAY_TYPES) {
            return PLAN_ERR_EXCEPTION;
        }
        for (unsigned k = 0; k < i; k++) {
            if (same_date(&plan->exception[i].date, &plan->exception[k].date)) {
                return PLAN_ERR_EXCEPTION_TWICE;
            }
        }
    }
    return PLAN_OK;
}

enum plan_err tariff_plan_check(const struct tariff_plan *plan, struct plan_place *place)
{
    *place = (struct plan_place){0, 0, 0};
    enum plan_err err = check_name(plan->name);
    if (err == PLAN_OK && plan->working_days > WEEK) {
        err = PLAN_ERR_WORKING_DAYS;
    }
    bool alone = plan->n_seasons > 1u && plan->n_starts == 0;
    if (err == PLAN_OK &&
        (plan->n_seasons < 1u || plan->n_seasons > TARIFF_PLAN_SEASONS || alone)) {
        err = PLAN_ERR_SEASONS;
    }
    err = err == PLAN_OK ? check_starts(plan, place) : err;
    err = err == PLAN_OK ? check_days(plan, place) : err;
    if (err != PLAN_OK) {
        return err;
    }
    *place = (struct plan_place){0, 0, 0};
    err = check_exceptions(plan, place);
    return err == PLAN_OK && !clock_summers_good(&plan->summers) ? PLAN_ERR_SUMMERS : err;
}
