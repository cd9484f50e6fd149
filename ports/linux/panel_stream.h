/**
 * GET /events: the state as server-sent events, five times a second and at once when something that
 * a person sees has changed.  A client that is slow misses states, never delays anyone.
 */
#ifndef OPEN382_LINUX_PANEL_STREAM_H
#define OPEN382_LINUX_PANEL_STREAM_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct run;
struct stream_client;
struct stream_event;

struct stream {
    struct run *run;
    struct stream_client *clients;
    struct stream_event *latest;
    uint32_t number;       /**< of the latest event */
    uint32_t seen_changes; /**< site.changes at the latest event */
    int64_t last_us;       /**< wall time of the latest event */
    bool ended;
};

void stream_init(struct stream *stream, struct run *run);

/** The endless answer to one client. */
struct MHD_Response *stream_response(struct stream *stream, struct MHD_Connection *connection);

/** Make the next event if it is due.  @return true: clients were woken, the server must run. */
bool stream_publish(struct stream *stream, int64_t wall_us);

/** Wall time of the next event; INT64_MAX: nobody listens. */
int64_t stream_next_us(const struct stream *stream);

/** Wake all clients for their end, before the server is stopped. */
void stream_end(struct stream *stream);
void stream_close(struct stream *stream);

#endif
