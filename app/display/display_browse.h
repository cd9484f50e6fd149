/**
 * Logs on the glass: the load profile (P.01) and the debiting periods (98.1.0), read with the left
 * button alone.
 *
 * Both stand in the manual list.  A press of DISPLAY_BROWSE_PRESS_MS opens the log; in it a short
 * press goes on and one of that length goes deeper; a long press (6 s) leaves it, and so do the two
 * minutes that end the manual list.  The load profile is entered by year, month, day, hour and
 * minute, of those that have records, the newest first; a record shows its time for 1 s and then
 * its registers for 3 s each.  States and messages: docs/display.md.  Times are normal time, as in
 * all logs (X-EVT-2).  Source: X-LPR-4, BIL-08; the state diagram in detail is ours.
 */
#ifndef OPEN382_DISPLAY_BROWSE_H
#define OPEN382_DISPLAY_BROWSE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../proto/kmp/kmp_display.h"

struct meter;

#define DISPLAY_BROWSE_PRESS_MS    2000
#define DISPLAY_BROWSE_INFO_US     INT64_C(1000000) /**< a record's time, and a message */
#define DISPLAY_BROWSE_REGISTER_US INT64_C(3000000)

/** Readings of the manual list that are no rows of the register table. */
#define DISPLAY_READING_HISTORY KMP_DISPLAY_HISTORY
#define DISPLAY_READING_PROFILE KMP_DISPLAY_PROFILE

enum browse_level {
    BROWSE_CLOSED,
    BROWSE_YEAR, /**< of the load profile only, up to the minute */
    BROWSE_MONTH,
    BROWSE_DAY,
    BROWSE_HOUR,
    BROWSE_MINUTE,
    BROWSE_RECORD,
};

/** What stands in the value field for a second. */
enum browse_message {
    BROWSE_NOTHING,
    BROWSE_END,     /**< no further one: begins again with the newest, or stays at it */
    BROWSE_NO_REG,  /**< there are no records */
    BROWSE_ERROR,   /**< the record can't be read */
    BROWSE_LOG_OFF, /**< nothing is recorded */
};

struct display_browse {
    uint8_t level;   /**< enum browse_level */
    uint8_t message; /**< enum browse_message, shown since since_us */
    uint16_t reading;
    uint32_t id; /**< of the record pointed at */
    int64_t since_us;
};

#define BROWSE_VALUE_MAX 16u

/** What is to be written to the glass. */
struct browse_view {
    const char *code; /**< "P.01", "98.1.0", "1.8.0" */
    const char *text; /**< of the text field */
    const char *unit;
    char value[BROWSE_VALUE_MAX];
};

/** Open the log at its newest record; without one there is a message and it stays closed. */
void display_browse_open(struct display_browse *browse, const struct meter *meter, uint16_t reading,
                         int64_t now_us);

/** The next one: older in a choice and in the debiting log, newer in the load profile. */
void display_browse_next(struct display_browse *browse, const struct meter *meter, int64_t now_us);

/** From a choice to the next finer one, at last to the record; from there to the years again. */
void display_browse_deeper(struct display_browse *browse, int64_t now_us);

/**
 * What stands on the glass; also for a closed log, whose reading shows how many records it has.
 * @param reading  DISPLAY_READING_HISTORY or DISPLAY_READING_PROFILE
 */
void display_browse_view(const struct display_browse *browse, const struct meter *meter,
                         uint16_t reading, int64_t now_us, struct browse_view *out);

#endif
