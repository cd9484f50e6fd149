/**
 * The tariff plan as activity calendar (class 20) and special days (class 11).
 *
 * The plan of the meter has seasons, three types of day and one working week, and no names of its
 * own for them; so names and numbers are fixed: week n is "Wn", its working days are day 3n - 2,
 * its other days 3n - 1, and its special days 3n.  A calendar that says more than the plan can hold
 * is refused, never rounded.
 */
#ifndef OPEN382_COSEM_CALENDAR_H
#define OPEN382_COSEM_CALENDAR_H

#include "../calendar/tariff_plan.h"

/** A calendar on its way from a client, not in force; forgotten with the supply. */
struct cosem_passive {
    struct tariff_plan plan;
    uint8_t written;   /**< bit per part: name, seasons, weeks, days */
    uint8_t every_day; /**< bit per season: its week has working days alone */
};

#endif
