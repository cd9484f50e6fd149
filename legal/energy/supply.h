/**
 * The supply supervisor (X-MET-7): has voltage been missing on all phases for more than a second?
 *
 * A window tells its mean voltage only, so the ends of a dip lie somewhere in windows that are
 * partly above 160 V and partly below.  Where, is worked out from the strongest phase's mean square
 * of these windows, as for a step between a steady level before and the level in the dip.  With
 * windows of 200 ms a dip of up to 1.0 s never stops the meter, and one of 1.2 s to below 140 V
 * always does, wherever it begins.
 */
#ifndef OPEN382_LEGAL_SUPPLY_H
#define OPEN382_LEGAL_SUPPLY_H

#include <stdbool.h>
#include <stdint.h>

/** A second, and what half a cycle at either end may deceive. */
#define SUPPLY_LOSS_US INT64_C(1020000)

/** Voltage of the strongest phase in a window: counter difference, samples, and the window's time.
 */
struct supply_level {
    uint64_t voltage, samples;
    uint64_t window_us;
};

struct supply {
    struct supply_level level[3]; /**< of the last windows, newest first */
    int64_t supplied_us;          /**< end of the last window with a phase above 160 V */
    int64_t lost_us;              /**< when voltage was lost, as far as is known */
    uint64_t good;                /**< mean square before that */
    uint8_t windows_below;        /**< since then; counts to 3 */
};

/** The meter begins to run. */
void supply_begin(struct supply *supply, int64_t now_us);

/** A window without a phase above 160 V has ended.  @return whether the meter is to stop. */
bool supply_missing(struct supply *supply, int64_t now_us);

/** A window ends at now_us.  @return whether the meter is to stop. */
static inline bool supply_window(struct supply *supply, const struct supply_level *level,
                                 bool supplied, int64_t now_us)
{
    supply->level[2] = supply->level[1];
    supply->level[1] = supply->level[0];
    supply->level[0] = *level;
    if (supplied) {
        supply->supplied_us = now_us;
        supply->windows_below = 0;
        return false;
    }
    return supply_missing(supply, now_us);
}

#endif
