/**
 * A meter's clock over KMP or IEC 62056-21, against the clock of this computer.
 *
 * Over KMP it works with every meter that answers GetRegister 1047 and SetClock; what only meters
 * of this project have (trim, summer time, corrections under way) is missing otherwise.  Over IEC
 * it works with meters that have the programming mode; they tell their local time and whether it is
 * summer time, so the zone of this computer is taken for theirs.
 */
#ifndef OPEN382_CLOCK_METER_H
#define OPEN382_CLOCK_METER_H

#include "../../app/clock/clock.h"
#include "tool.h"

#define CLOCK_STEP_S 7.0 /**< from here on a meter of this project steps, below it slews */

struct meter_clock {
    struct clock rules; /**< zone and summer time, to turn UTC into its local time and back */
    bool zone_known;    /**< else it is taken for UTC, or for that of this computer: */
    bool zone_here;
    unsigned interval_min; /**< integration period; 0: not known */
    /* of the last look */
    int64_t utc_s; /**< what it said; meaningless when it is not valid */
    bool valid, summer;
    double ahead_s;    /**< of this computer */
    double accuracy_s; /**< of ahead_s, either way */
    int64_t host_us;   /**< when that was, UTC */
    double one_way_s;  /**< from here to the meter */
    /* of this project */
    bool ours;
    double left_s; /**< still to be worked off */
    int64_t trim_ppb, hold_days;
};

/** UTC of this computer, us since 1970. */
int64_t clock_host_us(void);

/** What it is set up for.  Complains itself. */
enum tool_exit clock_meter_open(struct tool *tool, struct meter_clock *clock);

/**
 * How far it is ahead now.  Its time is told in whole seconds, so it is asked until a second turns
 * over, 1.5 s at most.  Complains itself.
 */
enum tool_exit clock_meter_look(struct tool *tool, struct meter_clock *clock);

/** SetClock.  Complains itself. */
enum tool_exit clock_meter_set(struct tool *tool, const struct meter_clock *clock, int64_t utc_s);

/** One register of this project, as a number.  Complains itself. */
enum tool_exit clock_meter_put(struct tool *tool, uint16_t kmp_id, unsigned width, int64_t number);

#endif
