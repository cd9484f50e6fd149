#include "panel_stream.h"

#include <stdlib.h>
#include <string.h>

#include "instant.h"
#include "run.h"
#include "state_json.h"

#define EVERY_US  200000 /* 5 Hz */
#define CHANGE_US 20000  /* at most so often on changes: above the eye, below a 30 ms LED pulse */
#define BLOCK     8192

/* Shared by all clients that still send it. */
struct stream_event {
    unsigned users;
    size_t length;
    char text[]; /* "data: {...}\n\n" */
};

struct stream_client {
    struct stream *stream;
    struct stream_client *next;
    struct MHD_Connection *connection;
    struct stream_event *event; /* being sent; NULL: between two */
    size_t sent;
    uint32_t number; /* of the event sent last */
    bool suspended;
};

void stream_init(struct stream *stream, struct run *run)
{
    *stream = (struct stream){.run = run};
}

static void event_release(struct stream_event *event)
{
    if (event != NULL && --event->users == 0) {
        free(event);
    }
}

static struct stream_event *event_make(struct run *run)
{
    static const char before[] = "data: ";
    static const char after[] = "\n\n";
    size_t length;
    char *state = state_json(run, &length);
    struct stream_event *event = NULL;
    if (state != NULL) {
        event = malloc(sizeof *event + length + sizeof before + sizeof after);
    }
    if (event != NULL) {
        event->users = 1;
        event->length = length + sizeof before - 1 + sizeof after - 1;
        memcpy(event->text, before, sizeof before - 1);
        memcpy(event->text + sizeof before - 1, state, length);
        memcpy(event->text + sizeof before - 1 + length, after, sizeof after - 1);
    }
    free(state);
    return event;
}

/* libmicrohttpd asks for more bytes of one client's answer. */
static ssize_t client_read(void *context, uint64_t position, char *to, size_t max)
{
    struct stream_client *client = context;
    struct stream *stream = client->stream;
    (void)position;
    if (stream->ended) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (client->event == NULL) {
        if (stream->latest == NULL || client->number == stream->number) {
            client->suspended = true;
            MHD_suspend_connection(client->connection);
            return 0;
        }
        client->event = stream->latest;
        client->event->users++;
        client->number = stream->number;
        client->sent = 0;
    }
    const size_t left = client->event->length - client->sent;
    const size_t n = left < max ? left : max;
    memcpy(to, client->event->text + client->sent, n);
    client->sent += n;
    if (client->sent == client->event->length) {
        event_release(client->event);
        client->event = NULL;
    }
    return (ssize_t)n;
}

static void client_free(void *context)
{
    struct stream_client *client = context;
    struct stream_client **at = &client->stream->clients;
    while (*at != client) {
        at = &(*at)->next;
    }
    *at = client->next;
    event_release(client->event);
    free(client);
}

struct MHD_Response *stream_response(struct stream *stream, struct MHD_Connection *connection)
{
    struct stream_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        return NULL;
    }
    client->stream = stream;
    client->connection = connection;
    client->number = stream->number;
    client->next = stream->clients;
    stream->clients = client;
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK, client_read, client, client_free);
    if (response == NULL) {
        client_free(client);
        return NULL;
    }
    stream->last_us = 0; /* the newcomer sees the state at once */
    return response;
}

static bool wake_clients(struct stream *stream)
{
    bool woken = false;
    for (struct stream_client *client = stream->clients; client != NULL; client = client->next) {
        if (client->suspended) {
            client->suspended = false;
            MHD_resume_connection(client->connection);
            woken = true;
        }
    }
    return woken;
}

int64_t stream_next_us(const struct stream *stream)
{
    if (stream->clients == NULL) {
        return INT64_MAX;
    }
    const bool changed = stream->seen_changes != stream->run->site.changes;
    return stream->last_us + (changed ? CHANGE_US : EVERY_US);
}

bool stream_publish(struct stream *stream, int64_t wall_us)
{
    if (wall_us < stream_next_us(stream)) {
        return false;
    }
    struct stream_event *event = event_make(stream->run);
    if (event == NULL) {
        stream->last_us = wall_us; /* no memory: try again at the next turn */
        return false;
    }
    event_release(stream->latest);
    stream->latest = event;
    stream->number++;
    stream->seen_changes = stream->run->site.changes;
    stream->last_us = wall_us;
    return wake_clients(stream);
}

void stream_end(struct stream *stream)
{
    stream->ended = true;
    (void)wake_clients(stream);
}

void stream_close(struct stream *stream)
{
    event_release(stream->latest);
    stream->latest = NULL;
}
