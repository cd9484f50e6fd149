/**
 * What clients have read of the logs, and which event flags are down: in permanent memory.
 *
 * Three ids for each log.  `seen`: the newest record that an answer held, since the meter started;
 * `read`: the newest that a client has confirmed; `quiet`: the newest whose flag is down.  Reading
 * moves `seen` alone; ClrEventStatus takes it over into `read`, and lowers the flag when that is
 * the newest record, or in any case when the client says so.  A flag is up while the log has a
 * record above `quiet`.
 * Layout in memory: docs/spec/app-storage.md.  Source: Kamstrup 5512-447, spec kmp 1.8 and 1.9.
 */
#ifndef OPEN382_EVENT_MARKS_H
#define OPEN382_EVENT_MARKS_H

#include "event_log.h"

#define EVENT_MARKS_FIRST_PAGE 145u /**< two pages, written in turn */

struct event_mark {
    uint32_t seen; /**< not stored */
    uint32_t read, quiet;
};

struct event_marks {
    uint32_t sequence;         /**< of the record written last; 0: none */
    uint32_t latched;          /**< bits of event word A that stay until cleared and have no log */
    struct event_mark profile; /**< of the load profile */
    struct event_mark log[EVENT_LOGS];
};

/**
 * Take the newest good record; without one nothing has been read and all flags of logs with records
 * are up.
 * @retval EVENT_LOG_ERR_STORAGE  a page could not be read: as without a record.
 */
enum event_log_err event_marks_load(struct event_marks *marks, const struct board *board);

/** Store them; when this returns EVENT_LOG_OK they survive a loss of supply. */
enum event_log_err event_marks_save(struct event_marks *marks, const struct board *board);

/** The log ends at an id below a mark (its newest page went bad): that id comes again, unread. */
void event_mark_limit(struct event_mark *mark, uint32_t newest);

/** Records up to this id have been sent to a client. */
void event_mark_sent(struct event_mark *mark, uint32_t id);

/** The flag of a log whose newest record is this is up. */
bool event_mark_pending(const struct event_mark *mark, uint32_t newest);

/**
 * A client confirms what it has read.
 * @param always  lower the flag even when the newest record has not been read
 */
void event_mark_confirm(struct event_mark *mark, uint32_t newest, bool always);

#endif
