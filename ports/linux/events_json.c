#include "events_json.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "app/meter/meter_log.h"
#include "host/lib/event_words.h"
#include "instant.h"

static json_t *event_json(const struct meter *meter, enum event_log_name log,
                          const struct event_log_entry *entry)
{
    const char *name = event_log_row(log)->name;
    char local[INSTANT_TEXT_MAX], text[EVENT_TEXT];
    struct calendar at;
    struct event event = {.id = (uint16_t)entry->id,
                          .valid = entry->clock_valid,
                          .code = entry->code,
                          .hours = entry->hours};
    event.payload.n_bytes = entry->n_payload < sizeof event.payload.bytes
                                ? entry->n_payload
                                : (uint8_t)sizeof event.payload.bytes;
    memcpy(event.payload.bytes, entry->payload, event.payload.n_bytes);
    event_words(event_kind_by_name(name), &event, text);
    clock_calendar(&meter->clock, entry->utc_s, true, &at);
    instant_format(calendar_seconds(&at), local);
    return json_pack("{s:s, s:I, s:I, s:s, s:b, s:I, s:i, s:s}", "log", name, "id",
                     (json_int_t)entry->id, "utc", (json_int_t)entry->utc_s, "time", local, "valid",
                     entry->clock_valid, "hours", (json_int_t)entry->hours, "code",
                     (int)entry->code, "text", text);
}

static void log_json(const struct meter *meter, enum event_log_name log, json_t *logs,
                     json_t *events)
{
    const struct event_log_row *row = event_log_row(log);
    const uint32_t newest = event_log_newest(&meter->logs, log);
    const uint32_t oldest = event_log_oldest(&meter->logs, log);
    (void)json_array_append_new(logs, json_pack("{s:s, s:i, s:I, s:I}", "name", row->name, "depth",
                                                (int)row->depth, "newest", (json_int_t)newest,
                                                "read", (json_int_t)meter->marks.log[log].read));
    for (uint32_t id = newest; id != 0 && id >= oldest; id--) {
        struct event_log_entry entry;
        if (event_log_read(&meter->logs, meter->board, log, id, &entry) == EVENT_LOG_OK) {
            (void)json_array_append_new(events, event_json(meter, log, &entry));
        }
    }
}

char *events_json(const struct meter *meter, size_t *length)
{
    json_t *logs = json_array();
    json_t *events = json_array();
    for (int log = 0; log < EVENT_LOGS; log++) {
        if (log != EVENT_LOG_DEBITING && log != EVENT_LOG_DEBITING_2 &&
            meter_log_exists(meter, (enum event_log_name)log)) {
            log_json(meter, (enum event_log_name)log, logs, events);
        }
    }
    json_t *all = json_pack("{s:o, s:o}", "logs", logs, "events", events);
    char *text = all != NULL ? json_dumps(all, JSON_COMPACT) : NULL;
    *length = text != NULL ? strlen(text) : 0;
    json_decref(all);
    return text;
}
