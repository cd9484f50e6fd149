/* R6: any log of the meter in blocks of records, as 5512-1458 prints the load profile. */
#include <string.h>

#include "../meter/meter.h"
#include "../registers/register_read.h"
#include "optical_analysis.h"
#include "optical_iec_inside.h"
#include "optical_lines.h"
#include "optical_logs.h"
#include "optical_records.h"

#define STAMP_DIGITS  13u /* NYYMMDDhhmmss */
#define BLOCK_RECORDS 6u
#define COLUMNS_MAX   28u
#define BLOCK_END     8u /* room for what ends a block */
#define HOUR_S        INT64_C(3600)
#define RTC_SUMMER    0x01u
#define RTC_VALID     0x02u

enum {
    ID_RTC = 1047,
    ID_HOURS = 1004,
    ID_LOGGER_STATUS = 1086,
    ID_DATA_QUALITY = 1455,
};

#define PROFILE_CODE  "99.1.0"
#define ANALYSIS_CODE "99.1.1"

/* ---- which log, and what a record of it holds ---- */

/** A log that is read. */
struct log {
    struct kmp_log_source source;
    uint8_t kmp_log;
    const char *event; /* code of the event's column; NULL: records without one */
    const char *code;
    uint8_t n_columns;
    uint16_t column[COLUMNS_MAX]; /* KMP ids */
};

/* What an event is: objects that exist inside a record alone (spec cosem-objects 2.16); those of
 * the voltage and audit logs are ours. */
static const char *const events[EVENT_LOGS] = {
    [EVENT_LOG_STATUS] = "97.97.0",          [EVENT_LOG_CLOCK] = "96.10.3",
    [EVENT_LOG_VOLTAGE] = "132.0.2",         [EVENT_LOG_DISCONNECT] = "128.0.0",
    [EVENT_LOG_NEUTRAL] = "132.0.6",         [EVENT_LOG_LOAD_PROFILE] = "96.5.3",
    [EVENT_LOG_AUDIT] = "96.128.0",          [EVENT_LOG_FIRMWARE] = "96.54.2",
    [EVENT_LOG_FIRMWARE_FAILED] = "96.54.2", [EVENT_LOG_LOAD] = "96.52.131",
};

/* Of the debiting logs, in the order of the maker's list (spec cosem-objects 3.5): the hour
 * counter, numbers, energies, peaks with their times. */
static const uint16_t debiting[] = {ID_HOURS, 47, 1040, 58, 1,  2,    3,  4,    19,   23,   27,  31,
                                    21,       25, 29,   33, 39, 1049, 43, 1033, 1050, 1036, 1051};
static const uint16_t debiting_2[] = {ID_HOURS, 1,  2,  3,  4,  19, 23, 27, 31, 20, 24,
                                      28,       32, 21, 25, 29, 33, 22, 26, 30, 34};

static void column_add(struct log *log, uint16_t id)
{
    if (log->n_columns < COLUMNS_MAX) {
        log->column[log->n_columns++] = id;
    }
}

/* Those of the registers that the meter has. */
static void columns_add(const struct meter *meter, struct log *log, const uint16_t *ids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct register_def *def = register_by_kmp_id(ids[i]);
        if (ids[i] == ID_HOURS || (def != NULL && register_exists(meter, def))) {
            column_add(log, ids[i]);
        }
    }
}

static void profile_columns(const struct meter *meter, struct log *log)
{
    static const uint16_t energy[LEGAL_TARIFF_ENERGIES] = {1, 2, 3, 4};
    struct legal_profile_range range;
    legal_profile_range(&meter->legal, &range);
    column_add(log, ID_LOGGER_STATUS);
    column_add(log, ID_DATA_QUALITY);
    for (unsigned k = 0; k < range.layout.channels && k < LEGAL_PROFILE_CHANNELS; k++) {
        if (range.layout.energy[k] < LEGAL_TARIFF_ENERGIES) {
            column_add(log, energy[range.layout.energy[k]]);
        }
    }
}

static void analysis_columns(const struct meter *meter, struct log *log)
{
    const struct analysis_setup *setup = &meter->analysis.stored.setup;
    column_add(log, ID_LOGGER_STATUS);
    column_add(log, ID_DATA_QUALITY);
    for (unsigned v = 0; v < setup->n_values; v++) {
        column_add(log, setup->value[v]);
    }
}

static void event_columns(const struct meter *meter, struct log *log, enum event_log_name name)
{
    log->source = optical_event_source((struct meter *)meter);
    log->kmp_log = event_log_row(name)->kmp_log;
    log->event = events[name];
    switch (name) {
    case EVENT_LOG_DEBITING:
        columns_add(meter, log, debiting, sizeof debiting / sizeof debiting[0]);
        break;
    case EVENT_LOG_DEBITING_2:
        columns_add(meter, log, debiting_2, sizeof debiting_2 / sizeof debiting_2[0]);
        break;
    default:
        column_add(log, ID_HOURS);
        column_add(log, OPTICAL_LOG_EVENT);
        column_add(log, OPTICAL_LOG_PAYLOAD);
        break;
    }
}

/* @return false: no such log in this meter */
static bool log_of(struct meter *meter, const char *code, struct log *log)
{
    uint32_t newest = 0;
    memset(log, 0, sizeof *log);
    log->code = code;
    column_add(log, ID_RTC);
    if (strcmp(code, PROFILE_CODE) == 0) {
        log->source = optical_profile_source(meter);
        log->kmp_log = OPTICAL_LOG_PROFILE;
        profile_columns(meter, log);
    } else if (strcmp(code, ANALYSIS_CODE) == 0) {
        log->source = optical_analysis_source(meter);
        log->kmp_log = OPTICAL_LOG_ANALYSIS;
        analysis_columns(meter, log);
    }
    for (unsigned name = 0; log->source.newest == NULL && name < EVENT_LOGS; name++) {
        if (strcmp(code, event_log_row((enum event_log_name)name)->obis) == 0) {
            event_columns(meter, log, (enum event_log_name)name);
        }
    }
    return log->source.newest != NULL && log->source.newest(meter, log->kmp_log, &newest);
}

static uint32_t oldest_of(const struct meter *meter, const struct log *log)
{
    struct legal_profile_range range;
    switch (log->kmp_log) {
    case OPTICAL_LOG_PROFILE:
        legal_profile_range(&meter->legal, &range);
        return range.n_records > 0 ? range.oldest_id : 0;
    case OPTICAL_LOG_ANALYSIS: return analysis_oldest(&meter->analysis);
    default: break;
    }
    for (unsigned name = 0; name < EVENT_LOGS; name++) {
        if (event_log_row((enum event_log_name)name)->kmp_log == log->kmp_log) {
            return event_log_oldest(&meter->logs, (enum event_log_name)name);
        }
    }
    return 0;
}

/* ---- the header ---- */

/* "(code)": of stamps of a peak the peak's, which has none of its own. */
static void code_write(const struct register_def *def, struct writer *out)
{
    if (def->code[0] != '\0') {
        writer_text(out, def->code);
        return;
    }
    for (unsigned i = 2; i < 5; i++) {
        writer_text(out, i > 2 ? "." : "");
        writer_decimal(out, def->obis[i], 1);
    }
}

static void column_write(const struct meter *meter, const struct log *log, uint16_t id,
                         struct writer *out)
{
    static const struct {
        uint16_t id;
        const char *text;
    } own[] = {{ID_RTC, "1.0.0)("},
               {ID_HOURS, "96.8.0)(h"},
               {ID_LOGGER_STATUS, "96.56.2)("},
               {ID_DATA_QUALITY, "96.56.3)("},
               {OPTICAL_LOG_PAYLOAD, "96.128.1)("}};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (own[i].id == id) {
            writer_text(out, own[i].text);
            return;
        }
    }
    const struct register_def *def = register_by_kmp_id(id);
    if (id == OPTICAL_LOG_EVENT || def == NULL) {
        writer_text(out, log->event != NULL ? log->event : "");
        writer_text(out, ")(");
        return;
    }
    code_write(def, out);
    writer_text(out, ")(");
    writer_text(out, def->coding == REGISTER_RTC ? "" : optical_unit(meter, def));
}

static void header_write(const struct meter *meter, const struct log *log, struct writer *out)
{
    writer_text(out, log->code);
    writer_u8(out, '(');
    writer_decimal(out, log->n_columns, 1);
    writer_u8(out, ')');
    for (unsigned c = 0; c < log->n_columns; c++) {
        writer_u8(out, '(');
        column_write(meter, log, log->column[c], out);
        writer_u8(out, ')');
    }
    writer_text(out, "\r\n");
}

/* ---- records ---- */

/* RTC of KMP, normal time: what the clock showed, as seconds. */
static int64_t rtc_seconds(const struct kmp_value *rtc)
{
    const uint8_t *b = rtc->bytes;
    const struct calendar normal = {.year = (uint16_t)(2000u + b[7]),
                                    .month = b[6],
                                    .day = b[5],
                                    .hour = b[4],
                                    .minute = b[3],
                                    .second = b[2]};
    return calendar_seconds(&normal);
}

/* NVYYMMDDhhmmss, local time. */
static void stamp_write(const struct kmp_value *rtc, struct writer *out)
{
    struct calendar c;
    const bool summer = (rtc->bytes[0] & RTC_SUMMER) != 0;
    calendar_from_seconds(rtc_seconds(rtc) + (summer ? HOUR_S : 0), &c);
    const unsigned parts[6] = {c.year % 100u, c.month, c.day, c.hour, c.minute, c.second};
    writer_u8(out, summer ? '1' : '0');
    writer_u8(out, (rtc->bytes[0] & RTC_VALID) != 0 ? '1' : '0');
    for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
        writer_decimal(out, parts[k], 2);
    }
}

/* The record's own bytes in hexadecimal, piece by piece. */
static void payload_write(const struct log *log, uint32_t id, struct writer *out)
{
    static const char digits[] = "0123456789ABCDEF";
    struct kmp_value piece;
    for (uint16_t at = OPTICAL_LOG_PAYLOAD;
         piece.id = at, log->source.value(log->source.context, log->kmp_log, id, at, &piece);
         at++) {
        for (unsigned i = 0; i < piece.n_bytes; i++) {
            writer_u8(out, (uint8_t)digits[piece.bytes[i] >> 4u]);
            writer_u8(out, (uint8_t)digits[piece.bytes[i] & 0x0Fu]);
        }
    }
}

static void value_write(const struct meter *meter, const struct log *log, uint32_t id,
                        uint16_t column, struct writer *out)
{
    const struct register_def *def = register_by_kmp_id(column);
    struct kmp_value value;
    char text[33] = "";
    const char *unit = "";
    int64_t number = 0;
    int exponent = 0;
    if (column == OPTICAL_LOG_PAYLOAD) {
        payload_write(log, id, out);
        return;
    }
    value.id = column;
    if (!log->source.value(log->source.context, log->kmp_log, id, column, &value)) {
        return; /* nothing between the brackets */
    }
    if (value.unit == OPTICAL_UNIT_RTC) {
        stamp_write(&value, out);
    } else if (def != NULL && column != ID_HOURS && column != ID_LOGGER_STATUS &&
               column != ID_DATA_QUALITY && column != OPTICAL_LOG_EVENT) {
        (void)register_kmp_text(meter, def, &value, text, sizeof text, &unit);
        writer_text(out, text);
    } else if (kmp_value_number(&value, &number, &exponent) == KMP_OK) {
        writer_decimal(out, (uint64_t)number, 1);
    }
}

enum record { RECORD_WRITTEN, RECORD_LOST, RECORD_BEYOND, RECORD_TOO_LONG };

/* One record; what is not written leaves nothing behind. */
static enum record record_write(const struct meter *meter, const struct log *log, uint32_t id,
                                int64_t to_s, struct writer *out)
{
    struct kmp_value value = {.id = ID_RTC};
    int64_t status = 0;
    int exponent = 0;
    uint8_t *const from = out->at;
    if (!log->source.value(log->source.context, log->kmp_log, id, ID_RTC, &value)) {
        return RECORD_LOST;
    }
    const int64_t utc_s = rtc_seconds(&value) - meter->clock.time_zone_h * HOUR_S;
    value.id = ID_LOGGER_STATUS;
    if (log->source.value(log->source.context, log->kmp_log, id, ID_LOGGER_STATUS, &value) &&
        kmp_value_number(&value, &status, &exponent) == KMP_OK &&
        (status & LOAD_PROFILE_RECORD_LOST) != 0) {
        return RECORD_LOST; /* the next record's status tells */
    }
    if (utc_s > to_s) {
        return RECORD_BEYOND;
    }
    for (unsigned c = 0; c < log->n_columns; c++) {
        writer_u8(out, '(');
        value_write(meter, log, id, log->column[c], out);
        writer_u8(out, ')');
    }
    writer_text(out, "\r\n");
    if (out->failed || writer_left(out) < BLOCK_END) {
        out->at = from;
        out->failed = false;
        return RECORD_TOO_LONG;
    }
    return RECORD_WRITTEN;
}

/* ---- the extract ---- */

/** What a reader wants of a log: seconds of UTC, both ends included. */
struct wish {
    int64_t from_s, to_s;
    uint32_t block;
};

/* A field of the extract: a time, or nothing. */
static bool bound_of(const struct clock *clock, const char **at, int64_t *utc_s)
{
    char text[STAMP_DIGITS + 1u];
    return optical_iec_field(at, text, sizeof text) &&
           (text[0] == '\0' || optical_iec_time(clock, text, utc_s));
}

static bool wish_of(const struct clock *clock, const char *data, struct wish *out)
{
    char text[STAMP_DIGITS + 1u];
    *out = (struct wish){INT64_MIN, INT64_MAX, BLOCK_RECORDS};
    if (!bound_of(clock, &data, &out->from_s) ||
        (*data == ';' && !bound_of(clock, &data, &out->to_s))) {
        return false;
    }
    if (*data == ';' && (!optical_iec_field(&data, text, sizeof text) ||
                         (text[0] != '\0' && !optical_iec_number(text, &out->block)))) {
        return false;
    }
    return optical_iec_end(data) && out->block > 0;
}

/* First record not before a time; 0: none.  Stamps rise, but for clocks that were set back. */
static uint32_t first_of(struct meter *meter, const struct log *log, int64_t from_s)
{
    struct calendar c;
    uint32_t id = 0;
    if (from_s == INT64_MIN) {
        return oldest_of(meter, log);
    }
    clock_calendar(&meter->clock, from_s, false, &c);
    const struct kmp_log_time time = {
        (uint8_t)(c.year % 100u), c.month, c.day, c.hour, c.minute, c.second};
    const bool found = oldest_of(meter, log) != 0 &&
                       log->source.at_time(log->source.context, log->kmp_log, &time, true, &id);
    return found ? id : 0;
}

/* Parts go on from where the one before ended, whatever is recorded meanwhile; the same part may
 * be asked for again. */
static void part_begin(struct meter *meter, struct optical_extract *extract, const struct log *log,
                       const struct wish *wish, unsigned part)
{
    if (part == 0) {
        extract->at = first_of(meter, log, wish->from_s);
    } else if (part != extract->part) {
        extract->at = extract->next;
    }
    extract->part = part;
}

enum iec_reply optical_iec_log_read(struct optical_iec *served, const struct iec_command *command,
                                    struct writer *out)
{
    struct meter *meter = served->meter;
    struct optical_extract *extract = &served->optical->extract;
    struct log log;
    struct wish wish;
    if (!log_of(meter, command->name, &log)) {
        return optical_iec_refuse(out, "unknown object");
    }
    if (!wish_of(&meter->clock, command->data, &wish)) {
        return optical_iec_refuse(out, "value");
    }
    part_begin(meter, extract, &log, &wish, command->part);
    if (command->part == 0) {
        header_write(meter, &log, out);
    }
    uint32_t id = extract->at;
    for (uint32_t n = 0; id != 0 && n < wish.block;) {
        const enum record record = record_write(meter, &log, id, wish.to_s, out);
        if (record == RECORD_TOO_LONG) {
            break;
        }
        n += record == RECORD_WRITTEN ? 1u : 0u;
        if (record == RECORD_BEYOND ||
            !log.source.next(log.source.context, log.kmp_log, true, &id)) {
            id = 0;
        }
    }
    extract->next = id;
    return id != 0 ? IEC_REPLY_PART : IEC_REPLY_DATA;
}
