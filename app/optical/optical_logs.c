#include "optical_logs.h"

#include <string.h>

#include "../../proto/kmp/kmp_log.h"
#include "../meter/meter_log.h"
#include "../registers/register_read.h"
#include "optical_analysis.h"
#include "optical_records.h"

#define PAYLOAD_PIECE 32u

enum { UNIT_NUMBER = 51 };

/* @return EVENT_LOGS: no log has that number */
static enum event_log_name log_of(uint8_t kmp_log)
{
    unsigned log = 0;
    while (log < EVENT_LOGS &&
           (kmp_log == 0 || event_log_row((enum event_log_name)log)->kmp_log != kmp_log)) {
        log++;
    }
    return (enum event_log_name)log;
}

static bool newest(void *context, uint8_t log, uint32_t *id)
{
    const struct meter *meter = (const struct meter *)context;
    *id = event_log_newest(&meter->logs, log_of(log));
    return meter_log_exists(meter, log_of(log));
}

static bool at_time(void *context, uint8_t log, const struct kmp_log_time *time, bool up,
                    uint32_t *id)
{
    const struct meter *meter = (const struct meter *)context;
    struct event_log_entry entry;
    const int64_t seconds = optical_log_time(meter, time);
    if (seconds == INT64_MIN || event_log_at_time(&meter->logs, meter->board, log_of(log), seconds,
                                                  up, &entry) != EVENT_LOG_OK) {
        return false;
    }
    *id = entry.id;
    return true;
}

static bool seek(const struct meter *meter, uint8_t log, uint32_t from, bool up, uint32_t *id)
{
    struct event_log_entry entry;
    if (event_log_seek(&meter->logs, meter->board, log_of(log), from, up, &entry) != EVENT_LOG_OK) {
        return false;
    }
    *id = entry.id;
    return true;
}

/* The lowest id in the log whose low half is not below the one asked for: a log is shorter than
 * 65536 records, so that counting from its oldest tells them apart. */
static bool at_id(void *context, uint8_t log, uint16_t wire_id, uint32_t *id)
{
    const struct meter *meter = (const struct meter *)context;
    uint32_t oldest = event_log_oldest(&meter->logs, log_of(log));
    uint32_t last = event_log_newest(&meter->logs, log_of(log));
    uint32_t ahead = (uint16_t)(wire_id - oldest);
    if (ahead > last - oldest) { /* not in the log: before its oldest or after its newest */
        bool before = ahead > UINT16_MAX / 2u;
        return before && seek(meter, log, oldest, true, id);
    }
    return seek(meter, log, oldest + ahead, true, id);
}

static bool next(void *context, uint8_t log, bool up, uint32_t *id)
{
    const struct meter *meter = (const struct meter *)context;
    uint32_t end = up ? event_log_newest(&meter->logs, log_of(log))
                      : event_log_oldest(&meter->logs, log_of(log));
    return *id != end && seek(meter, log, up ? *id + 1u : *id - 1u, up, id);
}

/* Also when what stands behind the mark was overwritten or is damaged: the next that can be read.
 */
static bool unread(void *context, uint8_t log, uint32_t *id)
{
    const struct meter *meter = (const struct meter *)context;
    const uint32_t read = meter->marks.log[log_of(log)].read;
    return read < event_log_newest(&meter->logs, log_of(log)) &&
           seek(meter, log, read + 1u, true, id);
}

static void sent(void *context, uint8_t log, uint32_t id)
{
    event_mark_sent(&((struct meter *)context)->marks.log[log_of(log)], id);
}

/* As many bytes in every record, zeros behind a short one: lengths stand in the first only. */
static bool payload(const struct event_log_row *row, const struct event_log_entry *entry,
                    struct kmp_value *out)
{
    unsigned from = (out->id - OPTICAL_LOG_PAYLOAD) * PAYLOAD_PIECE;
    if (from >= row->payload_bytes) {
        return false;
    }
    unsigned n = row->payload_bytes - from;
    out->unit = UNIT_NUMBER;
    out->n_bytes = (uint8_t)(n < PAYLOAD_PIECE ? n : PAYLOAD_PIECE);
    memcpy(out->bytes, entry->payload + from, out->n_bytes);
    return true;
}

static bool value(void *context, uint8_t log, uint32_t id, uint16_t register_id,
                  struct kmp_value *out)
{
    const struct meter *meter = (const struct meter *)context;
    const struct event_log_row *row = event_log_row(log_of(log));
    struct event_log_entry entry;
    if (event_log_read(&meter->logs, meter->board, log_of(log), id, &entry) != EVENT_LOG_OK) {
        return false;
    }
    if (row->kmp_event != 0 && register_id == row->kmp_event) {
        return kmp_value_set(out, register_id, UNIT_NUMBER, 2, entry.code, 0) == KMP_OK;
    }
    if (register_id == OPTICAL_LOG_EVENT) {
        return kmp_value_set(out, register_id, UNIT_NUMBER, 2, entry.code, 0) == KMP_OK;
    }
    const struct optical_stamp stamp = {entry.id, entry.utc_s, entry.hours, entry.clock_valid};
    if (optical_stamp_value(meter, &stamp, register_id, out)) {
        return true;
    }
    if (log == OPTICAL_LOG_DEBITING || log == OPTICAL_LOG_DEBITING_2) {
        return optical_billing_value(meter, log, id, register_id, out);
    }
    return register_id >= OPTICAL_LOG_PAYLOAD && payload(row, &entry, out);
}

struct kmp_log_source optical_event_source(struct meter *meter)
{
    return (struct kmp_log_source){meter, newest, at_time, at_id, next, value, unread, sent};
}

int optical_logs(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out)
{
    const struct kmp_log_source events = optical_event_source(meter);
    const struct kmp_log_source profile = optical_profile_source(meter);
    const struct kmp_log_source analysis = optical_analysis_source(meter);
    struct reader ahead = *data;
    const struct kmp_log_source *source = &events;
    switch (reader_u8(&ahead)) {
    case OPTICAL_LOG_PROFILE: source = &profile; break;
    case OPTICAL_LOG_ANALYSIS: source = &analysis; break;
    default: break;
    }
    return kmp_log_answer(source, cid, data, out) ? 1 : 0;
}
