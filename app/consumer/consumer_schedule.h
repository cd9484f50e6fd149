/**
 * When the customer port pushes: every ten seconds of the clock at xx:xx:x0, and an hourly list at
 * xx:00:05, ten seconds later for as long as the line is taken.
 *
 * It goes by the clock alone and keeps nothing: after the clock was set, and after a loss of
 * supply, the next moment of the grid is the first; nothing is made up for.
 * Source: X-CCC-1; spec customer-port 3.4.
 */
#ifndef OPEN382_CONSUMER_SCHEDULE_H
#define OPEN382_CONSUMER_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

enum consumer_turn { CONSUMER_TURN_NONE, CONSUMER_TURN_SHORT, CONSUMER_TURN_HOUR };

/** Zero-filled is the beginning. */
struct consumer_schedule {
    bool begun;
    int64_t seen_s;  /**< the clock, last time */
    int64_t short_s; /**< the next moment of the ten-second grid */
    int64_t hour_s;  /**< the next one for the hourly list */
};

/**
 * @param utc_s      the clock.  Time zones are whole hours, so that the grid is the local one's
 * @param line_free  false: a short list is left out, the hourly one waits
 * @return what is to be sent now; call again until it is nothing
 */
enum consumer_turn consumer_schedule_step(struct consumer_schedule *schedule, int64_t utc_s,
                                          bool line_free);
/** When to call again: whole seconds of the clock. */
int64_t consumer_schedule_next_s(const struct consumer_schedule *schedule, bool hourly);

#endif
