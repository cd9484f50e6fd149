/**
 * What belongs to the clock in the application's permanent memory: trim of its crystal, corrections
 * that no log entry tells yet, and the rule of summer time that a client has set.
 *
 * One record in two slots of one page, written in turn; the one with the higher sequence number and
 * a good check counts.  Layout: docs/spec/app-storage.md, "Clock".  Source: TAR-10, X-TAR-2.
 */
#ifndef OPEN382_CLOCK_STORE_H
#define OPEN382_CLOCK_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "../clock/clock.h"
#include "../meter/board.h"

#define CLOCK_STORE_FIRST_PAGE 64u /**< two pages, written in turn */

/** What a crystal can be trimmed by. */
#define CLOCK_TRIM_MAX_PPB INT32_C(250000)

struct clock_settings {
    uint32_t sequence;   /**< of the record written last; 0: none */
    int32_t trim_ppb;    /**< what the crystal is made faster by at 23 degrees */
    int64_t unlogged_us; /**< sum of small corrections since the last entry of the clock log */
    struct clock_summer_time summer;
};

/**
 * Take the newest good record; without one all is zero: no trim, the EU rule.
 * @return false: memory can't be read: as without a record.
 */
bool clock_store_load(struct clock_settings *settings, const struct board *board);

/** Store them; when this returns true they survive a loss of supply. */
bool clock_store_save(struct clock_settings *settings, const struct board *board);

#endif
