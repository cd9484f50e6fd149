#include "consumer_schedule.h"

#define PERIOD_S 10
#define HOUR_S   3600
#define OFFSET_S 5 /* of the hourly list */
#define LATE_S   1 /* a moment missed by more is not made up for: the clock was set */

/* The first moment of a grid that is not before utc_s. */
static int64_t from(int64_t utc_s, int64_t period_s, int64_t offset_s)
{
    return (utc_s - offset_s + period_s - 1) / period_s * period_s + offset_s;
}

enum consumer_turn consumer_schedule_step(struct consumer_schedule *schedule, int64_t utc_s,
                                          bool line_free)
{
    struct consumer_schedule *s = schedule;
    if (!s->begun || utc_s < s->seen_s) {
        s->begun = true;
        s->short_s = from(utc_s, PERIOD_S, 0);
        s->hour_s = from(utc_s, HOUR_S, OFFSET_S);
    }
    s->seen_s = utc_s;
    if (utc_s >= s->short_s) {
        const bool sent = line_free && utc_s <= s->short_s + LATE_S;
        s->short_s = from(utc_s + 1, PERIOD_S, 0);
        if (sent) {
            return CONSUMER_TURN_SHORT;
        }
    }
    if (utc_s >= s->hour_s) {
        const bool late = utc_s > s->hour_s + LATE_S;
        s->hour_s = late || line_free ? from(utc_s + 1, HOUR_S, OFFSET_S)
                                      : from(utc_s + 1, PERIOD_S, OFFSET_S);
        return line_free && !late ? CONSUMER_TURN_HOUR : CONSUMER_TURN_NONE;
    }
    return CONSUMER_TURN_NONE;
}

int64_t consumer_schedule_next_s(const struct consumer_schedule *schedule, bool hourly)
{
    return hourly && schedule->hour_s < schedule->short_s ? schedule->hour_s : schedule->short_s;
}
