#include "event_log.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define MARK             0x4C45u /* "EL" in memory order */
#define FORMAT           1u
#define HEADER_BYTES     24u
#define CHECK_BYTES      4u
#define RECORD_MAX       (HEADER_BYTES + EVENT_LOG_PAYLOAD_MAX + CHECK_BYTES)
#define FLAG_CLOCK_VALID 0x01u
#define PAGES_TRIED      3u /* worn pages in a row that an append gets over */

/* ---- one page ---- */

static uint32_t page_address(const struct event_log_row *row, uint32_t id)
{
    uint32_t places = (uint32_t)row->depth + 1u;
    return (row->first_page + id % places) * EVENT_LOG_PAGE_BYTES;
}

static size_t record_encode(enum event_log_name log, const struct event_log_entry *entry,
                            uint8_t bytes[RECORD_MAX])
{
    struct writer w = writer_over(bytes, RECORD_MAX);
    writer_uint_le(&w, MARK, 2);
    writer_u8(&w, FORMAT);
    writer_u8(&w, (uint8_t)log);
    writer_uint_le(&w, entry->id, 4);
    writer_uint_le(&w, (uint64_t)entry->utc_s, 8);
    writer_uint_le(&w, entry->hours, 4);
    writer_u8(&w, entry->clock_valid ? FLAG_CLOCK_VALID : 0u);
    writer_u8(&w, entry->n_payload);
    writer_uint_le(&w, entry->code, 2);
    writer_bytes(&w, entry->payload, entry->n_payload);
    writer_uint_le(&w, crc32_ieee(bytes, writer_length(&w)), CHECK_BYTES);
    return writer_length(&w);
}

/* @return false: not a good record of this log. */
static bool record_decode(enum event_log_name log, const uint8_t bytes[RECORD_MAX],
                          struct event_log_entry *entry)
{
    struct event_log_entry e;
    memset(&e, 0, sizeof e);
    struct reader r = reader_over(bytes, RECORD_MAX);
    bool ours = reader_uint_le(&r, 2) == MARK;
    ours = reader_u8(&r) == FORMAT && ours;
    ours = reader_u8(&r) == (uint8_t)log && ours;
    e.id = (uint32_t)reader_uint_le(&r, 4);
    e.utc_s = (int64_t)reader_uint_le(&r, 8);
    e.hours = (uint32_t)reader_uint_le(&r, 4);
    e.clock_valid = (reader_u8(&r) & FLAG_CLOCK_VALID) != 0;
    e.n_payload = reader_u8(&r);
    e.code = (uint16_t)reader_uint_le(&r, 2);
    if (!ours || e.id == 0 || e.n_payload > event_log_row(log)->payload_bytes) {
        return false;
    }
    memcpy(e.payload, reader_bytes(&r, e.n_payload), e.n_payload);
    if ((uint32_t)reader_uint_le(&r, CHECK_BYTES) !=
        crc32_ieee(bytes, HEADER_BYTES + (size_t)e.n_payload)) {
        return false;
    }
    *entry = e;
    return true;
}

static enum event_log_err page_read(const struct board *board, enum event_log_name log,
                                    uint32_t address, struct event_log_entry *entry)
{
    uint8_t bytes[RECORD_MAX];
    if (board->app_memory_read(board->context, address, bytes, sizeof bytes) != 0) {
        return EVENT_LOG_ERR_STORAGE;
    }
    return record_decode(log, bytes, entry) ? EVENT_LOG_OK : EVENT_LOG_NONE;
}

/* ---- the ring ---- */

enum event_log_err event_logs_load(struct event_logs *logs, const struct board *board)
{
    enum event_log_err result = EVENT_LOG_OK;
    memset(logs, 0, sizeof *logs);
    for (unsigned log = 0; log < EVENT_LOGS; log++) {
        const struct event_log_row *row = event_log_row((enum event_log_name)log);
        for (uint32_t place = 0; place <= row->depth; place++) {
            struct event_log_entry entry;
            uint32_t address = page_address(row, place);
            enum event_log_err err = page_read(board, (enum event_log_name)log, address, &entry);
            if (err == EVENT_LOG_ERR_STORAGE) {
                logs->unreadable[log] = true;
                result = err;
            } else if (err == EVENT_LOG_OK && page_address(row, entry.id) == address &&
                       entry.id > logs->newest[log]) {
                logs->newest[log] = entry.id;
            }
        }
    }
    return result;
}

uint32_t event_log_newest(const struct event_logs *logs, enum event_log_name log)
{
    return (unsigned)log < EVENT_LOGS ? logs->newest[log] : 0;
}

uint32_t event_log_oldest(const struct event_logs *logs, enum event_log_name log)
{
    uint32_t newest = event_log_newest(logs, log);
    if (newest == 0) {
        return 0;
    }
    uint32_t depth = event_log_row(log)->depth;
    return newest > depth ? newest - depth + 1u : 1u;
}

static bool page_write(const struct board *board, uint32_t address, const uint8_t *bytes,
                       size_t n_bytes)
{
    uint8_t back[RECORD_MAX];
    return board->app_memory_write(board->context, address, bytes, (uint32_t)n_bytes) == 0 &&
           board->app_memory_read(board->context, address, back, (uint32_t)n_bytes) == 0 &&
           memcmp(back, bytes, n_bytes) == 0;
}

enum event_log_err event_log_append(struct event_logs *logs, const struct board *board,
                                    enum event_log_name log, struct event_log_entry *entry)
{
    const struct event_log_row *row = event_log_row(log);
    if (row == NULL || entry->n_payload > row->payload_bytes) {
        return EVENT_LOG_ERR_RANGE;
    }
    if (logs->unreadable[log]) {
        return EVENT_LOG_ERR_STORAGE;
    }
    for (uint32_t tried = 1; tried <= PAGES_TRIED; tried++) {
        if (logs->newest[log] > UINT32_MAX - tried) {
            return EVENT_LOG_ERR_FULL;
        }
        uint8_t bytes[RECORD_MAX];
        entry->id = logs->newest[log] + tried;
        size_t n_bytes = record_encode(log, entry, bytes);
        if (page_write(board, page_address(row, entry->id), bytes, n_bytes)) {
            logs->newest[log] = entry->id;
            return EVENT_LOG_OK;
        }
    }
    return EVENT_LOG_ERR_STORAGE;
}

/* ---- reading ---- */

enum event_log_err event_log_read(const struct event_logs *logs, const struct board *board,
                                  enum event_log_name log, uint32_t id,
                                  struct event_log_entry *entry)
{
    if (id == 0 || id < event_log_oldest(logs, log) || id > event_log_newest(logs, log)) {
        return EVENT_LOG_NONE;
    }
    struct event_log_entry found;
    enum event_log_err err = page_read(board, log, page_address(event_log_row(log), id), &found);
    if (err == EVENT_LOG_OK && found.id == id) {
        *entry = found;
    }
    return err == EVENT_LOG_OK && found.id != id ? EVENT_LOG_NONE : err;
}

enum event_log_err event_log_seek(const struct event_logs *logs, const struct board *board,
                                  enum event_log_name log, uint32_t id, bool up,
                                  struct event_log_entry *entry)
{
    uint32_t oldest = event_log_oldest(logs, log), newest = event_log_newest(logs, log);
    if (up && id < oldest) {
        id = oldest;
    } else if (!up && id > newest) {
        id = newest;
    }
    while (newest != 0 && id >= oldest && id <= newest) {
        enum event_log_err err = event_log_read(logs, board, log, id, entry);
        if (err != EVENT_LOG_NONE || id == (up ? newest : oldest)) {
            return err;
        }
        id = up ? id + 1u : id - 1u;
    }
    return EVENT_LOG_NONE;
}

enum event_log_err event_log_at_time(const struct event_logs *logs, const struct board *board,
                                     enum event_log_name log, int64_t utc_s, bool up,
                                     struct event_log_entry *entry)
{
    uint32_t id = up ? event_log_oldest(logs, log) : event_log_newest(logs, log);
    uint32_t last = up ? event_log_newest(logs, log) : event_log_oldest(logs, log);
    for (; id != 0; id = up ? id + 1u : id - 1u) {
        struct event_log_entry found;
        enum event_log_err err = event_log_read(logs, board, log, id, &found);
        bool fits = err == EVENT_LOG_OK && (up ? found.utc_s >= utc_s : found.utc_s <= utc_s);
        if (err == EVENT_LOG_ERR_STORAGE) {
            return err;
        }
        if (fits) {
            *entry = found;
            return EVENT_LOG_OK;
        }
        if (id == last) {
            break;
        }
    }
    return EVENT_LOG_NONE;
}
