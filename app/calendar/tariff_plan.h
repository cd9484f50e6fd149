/**
 * A tariff plan: which tariff holds at which instant.  A value without pointers; pure functions.
 *
 * A plan divides the year into seasons by their first days, the days of a season into three types,
 * and a day into at most eight stretches of one tariff each, from 00:00 on, to the minute.  All of
 * it is local time with summer time: what falls into the hour that spring leaves out holds from
 * that hour's end on, and in the doubled hour of autumn the day's minutes are gone through twice.
 *
 * Limits: eight changes a day to the minute, working and non-working days, 100 exception days,
 * T1 .. T8 are those of a 382M (X-TAR-1).  A 382M of 2012 knows two periods, A and B; four seasons,
 * eight starts a year and a third type of day are those of its successor (spec answers B8).
 * Source: TAR-01, TAR-03, TAR-04, X-TAR-1, X-TAR-2.
 */
#ifndef OPEN382_TARIFF_PLAN_H
#define OPEN382_TARIFF_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "../clock/clock.h"

#define TARIFF_PLAN_NAME_MAX   16u
#define TARIFF_PLAN_SEASONS    4u
#define TARIFF_PLAN_STARTS     8u
#define TARIFF_PLAN_SWITCHES   8u
#define TARIFF_PLAN_EXCEPTIONS 100u
#define TARIFF_PLAN_TARIFFS    8u
#define TARIFF_PLAN_DAY_MIN    1440u

enum day_type {
    DAY_WORK,    /**< weekday of the working week */
    DAY_REST,    /**< any other weekday */
    DAY_HOLIDAY, /**< what an exception day is unless the plan says otherwise */
    DAY_TYPES
};

/** A date; year 0: every year (29 February then is no date). */
struct plan_date {
    uint16_t year; /**< 0, or 2000 .. 2099 */
    uint8_t month, day;
};

/** The season begins on that day at 00:00 local time. */
struct plan_start {
    struct plan_date date;
    uint8_t season; /**< 0 .. n_seasons - 1 */
};

struct plan_exception {
    struct plan_date date;
    uint8_t type; /**< enum day_type */
};

struct plan_switch {
    uint16_t minute; /**< of the local day, 0 .. 1439 */
    uint8_t tariff;  /**< 1 .. 8 */
};

/** One day: the first switch stands at minute 0, the others behind it in order. */
struct plan_day {
    uint8_t n; /**< 0: no profile of its own: a holiday is as a rest day, that as a working day */
    struct plan_switch at[TARIFF_PLAN_SWITCHES];
};

struct tariff_plan {
    char name[TARIFF_PLAN_NAME_MAX + 1u]; /**< 1 .. 16 printable ASCII characters without '"' */
    uint8_t working_days;                 /**< bit 0 Monday .. bit 6 Sunday (1.1.96.52.6) */
    uint8_t n_seasons, n_starts, n_exceptions;
    struct plan_start start[TARIFF_PLAN_STARTS]; /**< none: one season all the year */
    struct plan_day day[TARIFF_PLAN_SEASONS][DAY_TYPES];
    struct plan_exception exception[TARIFF_PLAN_EXCEPTIONS];
    struct clock_summers summers; /**< replaces the EU rule when it has rows */
};

/** What is wrong with a plan.  Numbers are never reused: they go over the wire. */
enum plan_err {
    PLAN_OK = 0,
    PLAN_ERR_FORM = -1,          /**< bytes that are no plan: mark, length or check */
    PLAN_ERR_VERSION = -2,       /**< bytes of a newer version */
    PLAN_ERR_NAME = -3,          /**< empty, too long, or not printable ASCII */
    PLAN_ERR_WORKING_DAYS = -4,  /**< more than seven days */
    PLAN_ERR_SEASONS = -5,       /**< none, more than four, or several without a start */
    PLAN_ERR_START = -6,         /**< no such date or season, or more than eight */
    PLAN_ERR_START_TWICE = -7,   /**< two seasons begin on one day */
    PLAN_ERR_SEASON_UNUSED = -8, /**< a season that never begins */
    PLAN_ERR_DAY_EMPTY = -9,     /**< no profile for working days */
    PLAN_ERR_SWITCHES = -10,     /**< more than eight in a day */
    PLAN_ERR_SWITCH_FIRST = -11, /**< a day that does not begin at 00:00 */
    PLAN_ERR_SWITCH_ORDER = -12, /**< not after the one before it, or not in the day */
    PLAN_ERR_TARIFF = -13,       /**< not 1 .. 8 */
    PLAN_ERR_EXCEPTION = -14,    /**< no such date or type of day, or more than 100 */
    PLAN_ERR_EXCEPTION_TWICE = -15,
    PLAN_ERR_SUMMERS = -16, /**< no whole minutes, not in order, or more than twenty */
};

/** Where it is wrong; fields that a fault does not need are 0. */
struct plan_place {
    uint8_t season, type; /**< of the day profile */
    uint8_t index;        /**< which start, switch, exception, from 0 */
};

/** The first fault of a plan in the order of enum plan_err.  *place is set unless PLAN_OK. */
enum plan_err tariff_plan_check(const struct tariff_plan *plan, struct plan_place *place);

/** Highest tariff of a good plan. */
uint8_t tariff_plan_highest(const struct tariff_plan *plan);

/** Season 0 .. of a good plan on a local date (fields year, month and day count). */
uint8_t tariff_plan_season(const struct tariff_plan *plan, const struct calendar *local);
/** Type of a local date (year, month, day and weekday count); enum day_type. */
uint8_t tariff_plan_day_type(const struct tariff_plan *plan, const struct calendar *local);
/** The profile that a season uses for that type of day. */
const struct plan_day *tariff_plan_profile(const struct tariff_plan *plan, unsigned season,
                                           unsigned type);

/**
 * Tariff of a good plan at an instant.
 * @param clock  gives time zone and summer time; its time does not count
 * @param utc_s  2000 .. 2099
 * @return 1 .. 8
 */
uint8_t tariff_plan_at(const struct tariff_plan *plan, const struct clock *clock, int64_t utc_s);

/**
 * First instant after utc_s at which another tariff holds than at utc_s.
 * @return a whole minute; limit_s when there is none before it.
 */
int64_t tariff_plan_next(const struct tariff_plan *plan, const struct clock *clock, int64_t utc_s,
                         int64_t limit_s);

#endif
