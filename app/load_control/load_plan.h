/**
 * A load-control relay's own table: at which minutes of which weekdays it becomes active or
 * inactive.
 *
 * The position is a function of the local weekday and minute alone, so that a meter that was off,
 * or whose clock was set, knows the right one at once.  Source: LCO-02, X-LCO-1, spec answers B9.
 */
#ifndef OPEN382_LOAD_PLAN_H
#define OPEN382_LOAD_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#define LOAD_RELAYS      2u
#define LOAD_DELAY_MAX_S 10800u /**< X-LCO-1 */

/** Who decides; numbers as the successor's mode selectors 1.1.96.52.31 and .41. */
enum load_mode {
    LOAD_OFF,     /**< nobody: inactive */
    LOAD_TARIFF,  /**< the active tariff, by the relay's map */
    LOAD_COMMAND, /**< the last command */
    LOAD_PLAN,    /**< the relay's table; without a valid clock it stays as it is */
    LOAD_MODES
};

#define LOAD_PLAN_ROWS      12u
#define LOAD_MINUTES_OF_DAY 1440u

struct load_switch {
    uint8_t days;    /**< bit 0 Monday .. bit 6 Sunday; at least one */
    uint16_t minute; /**< of the day, local time, 0 .. 1439 */
    bool active;     /**< the position from then on */
};

/** Rows in any order; where two stand at one minute of one day, the later row counts. */
struct load_plan {
    uint8_t n; /**< 0: no table */
    struct load_switch at[LOAD_PLAN_ROWS];
};

/** Days, minutes and number of rows are in range. */
bool load_plan_good(const struct load_plan *plan);

/** Position at a local time; weekday 0 = Monday.  Before the first row of a week holds the last one
 *  of the week before; an empty table means inactive. */
bool load_plan_at(const struct load_plan *plan, uint8_t weekday, uint16_t minute);

/** Minutes from a local time to the next row, at most to the end of the day (1 .. 1440). */
uint16_t load_plan_next(const struct load_plan *plan, uint8_t weekday, uint16_t minute);

#endif
