#include "optical_logs.h"

#include <string.h>

#include "../../proto/kmp/kmp_log.h"
#include "../meter/meter.h"
#include "../registers/register_read.h"

#define HOUR_S        INT64_C(3600)
#define PAYLOAD_PIECE 32u

enum {
    ID_CLOCK = 1002,
    ID_DATE = 1003,
    ID_HOURS = 1004,
    ID_RTC = 1047,
    ID_LOG_ID = 1458,
    UNIT_HOURS = 46,
    UNIT_CLOCK = 47,
    UNIT_DATE_6 = 48,
    UNIT_NUMBER = 51,
    UNIT_RTC = 53,
};

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
    return log_of(log) != EVENT_LOGS;
}

static bool at_time(void *context, uint8_t log, const struct kmp_log_time *time, bool up,
                    uint32_t *id)
{
    const struct meter *meter = (const struct meter *)context;
    const struct calendar normal = {.year = (uint16_t)(2000u + time->year),
                                    .month = time->month,
                                    .day = time->day,
                                    .hour = time->hour,
                                    .minute = time->minute,
                                    .second = time->second};
    struct event_log_entry entry;
    int64_t seconds = calendar_seconds(&normal);
    if (seconds == INT64_MIN || event_log_at_time(&meter->logs, meter->board, log_of(log),
                                                  seconds - meter->clock.time_zone_h * HOUR_S, up,
                                                  &entry) != EVENT_LOG_OK) {
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

static bool moment(const struct meter *meter, const struct event_log_entry *entry,
                   struct kmp_value *out)
{
    struct calendar c;
    clock_calendar(&meter->clock, entry->utc_s, false, &c);
    if (out->id == ID_RTC) {
        out->unit = UNIT_RTC;
        out->n_bytes = REGISTER_RTC_BYTES;
        register_rtc_bytes(&meter->clock, entry->utc_s, entry->clock_valid, out->bytes);
        return true;
    }
    bool clock = out->id == ID_CLOCK;
    int64_t number = clock ? c.hour * 10000 + c.minute * 100 + c.second
                           : c.year % 100 * 10000 + c.month * 100 + c.day;
    return kmp_value_set(out, out->id, clock ? UNIT_CLOCK : UNIT_DATE_6, 4, number, 0) == KMP_OK;
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
    switch (register_id) {
    case ID_RTC:
    case ID_CLOCK:
    case ID_DATE: return moment(meter, &entry, out);
    case ID_HOURS: return kmp_value_set(out, register_id, UNIT_HOURS, 4, entry.hours, 0) == KMP_OK;
    case ID_LOG_ID: return kmp_value_set(out, register_id, UNIT_NUMBER, 4, entry.id, 0) == KMP_OK;
    default: return register_id >= OPTICAL_LOG_PAYLOAD && payload(row, &entry, out);
    }
}

int optical_logs(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out)
{
    const struct kmp_log_source source = {meter, newest, at_time, at_id, next, value};
    return kmp_log_answer(&source, cid, data, out) ? 1 : 0;
}
