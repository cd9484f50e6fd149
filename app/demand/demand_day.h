/**
 * Highest and lowest mean P+ of a day, with their stamps (spec cosem-objects 2.13: P14_Ex_Max24H,
 * P14_Ex_Min24H; KMP registers 1190, 1191, 1196 to 1201).
 *
 * A day is one of the meter's calendar, summer time included.  A period belongs to the day in which
 * it begins, so the one that ends at midnight is the last of its day, and what is shown is that
 * day's until the first period of the next one has ended.  Periods without any supply count for
 * nothing; one that the supply left or came back in counts with what was used in it, over its whole
 * length.  The clock set into another day, forward or back, begins that day anew.
 *
 * Kept in permanent memory, two slots in turn, written when it changes: docs/spec/app-storage.md,
 * "Extremes of the day".
 */
#ifndef OPEN382_DEMAND_DAY_H
#define OPEN382_DEMAND_DAY_H

#include "../clock/clock.h"
#include "../meter/board.h"
#include "demand.h"

#define DEMAND_DAY_PAGE 30u /**< two slots of one page */

/** In the register table behind the other DEMAND_PEAKS. */
enum demand_day_extreme { DEMAND_DAY_HIGHEST, DEMAND_DAY_LOWEST, DEMAND_DAY_EXTREMES };

struct demand_day {
    uint32_t sequence; /**< of the record written last; 0: none */
    int32_t day;       /**< of the calendar, days since 1970; meaningless before the first period */
    struct demand_peak extreme[DEMAND_DAY_EXTREMES]; /**< utc_s 0: none yet */
    bool unread; /**< the memory did not answer: nothing may be written over it */
};

/** The newest good record; none: no period yet. */
void demand_day_load(struct demand_day *day, const struct board *board);

/**
 * A period has ended.
 * @param period    mean P+ and the period's end
 * @param length_s  of a period
 * @return whether something has changed, that is to be stored
 */
bool demand_day_offer(struct demand_day *day, const struct clock *clock,
                      const struct demand_peak *period, int64_t length_s);

/** @return false: memory failed, the record before stands */
bool demand_day_save(struct demand_day *day, const struct board *board);

#endif
