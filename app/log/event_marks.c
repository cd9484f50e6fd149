#include "event_marks.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define MARK        UINT32_C(0x4B4D5645) /* "EVMK" in memory order */
#define FORMAT      1u
#define SLOTS       2u
#define HEAD_BYTES  16u
#define MARK_BYTES  8u
#define CHECK_BYTES 4u
#define BYTES_OF(n) (HEAD_BYTES + MARK_BYTES * (1u + (size_t)(n)))
#define RECORD_MAX  (BYTES_OF(EVENT_LOGS) + CHECK_BYTES)

static uint32_t address_of(uint32_t sequence)
{
    return (EVENT_MARKS_FIRST_PAGE + sequence % SLOTS) * EVENT_LOG_PAGE_BYTES;
}

static void mark_read(struct reader *r, struct event_mark *mark)
{
    mark->read = (uint32_t)reader_uint_le(r, 4);
    mark->quiet = (uint32_t)reader_uint_le(r, 4);
}

/* A record of a program that knew fewer logs is good: the others have not been read. */
static bool record_decode(const uint8_t bytes[RECORD_MAX], struct event_marks *marks)
{
    struct reader r = reader_over(bytes, RECORD_MAX);
    memset(marks, 0, sizeof *marks);
    const bool ours = reader_uint_le(&r, 4) == MARK;
    const bool known = reader_uint_le(&r, 2) == FORMAT;
    const size_t n_logs = (size_t)reader_uint_le(&r, 2);
    if (!ours || !known || n_logs > EVENT_LOGS) {
        return false;
    }
    marks->sequence = (uint32_t)reader_uint_le(&r, 4);
    marks->latched = (uint32_t)reader_uint_le(&r, 4);
    mark_read(&r, &marks->profile);
    for (size_t log = 0; log < n_logs; log++) {
        mark_read(&r, &marks->log[log]);
    }
    return (uint32_t)reader_uint_le(&r, CHECK_BYTES) == crc32_ieee(bytes, BYTES_OF(n_logs));
}

enum event_log_err event_marks_load(struct event_marks *marks, const struct board *board)
{
    enum event_log_err result = EVENT_LOG_OK;
    memset(marks, 0, sizeof *marks);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint8_t bytes[RECORD_MAX];
        struct event_marks found;
        if (board->app_memory_read(board->context, address_of(slot), bytes, sizeof bytes) != 0) {
            result = EVENT_LOG_ERR_STORAGE;
        } else if (record_decode(bytes, &found) && found.sequence % SLOTS == slot &&
                   found.sequence > marks->sequence) {
            *marks = found;
        }
    }
    return result;
}

static void mark_write(struct writer *w, const struct event_mark *mark)
{
    writer_uint_le(w, mark->read, 4);
    writer_uint_le(w, mark->quiet, 4);
}

enum event_log_err event_marks_save(struct event_marks *marks, const struct board *board)
{
    uint8_t bytes[RECORD_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    const uint32_t sequence = marks->sequence + 1u;
    writer_uint_le(&w, MARK, 4);
    writer_uint_le(&w, FORMAT, 2);
    writer_uint_le(&w, EVENT_LOGS, 2);
    writer_uint_le(&w, sequence, 4);
    writer_uint_le(&w, marks->latched, 4);
    mark_write(&w, &marks->profile);
    for (unsigned log = 0; log < EVENT_LOGS; log++) {
        mark_write(&w, &marks->log[log]);
    }
    writer_uint_le(&w, crc32_ieee(bytes, writer_length(&w)), CHECK_BYTES);
    if (board->app_memory_write(board->context, address_of(sequence), bytes, sizeof bytes) != 0) {
        return EVENT_LOG_ERR_STORAGE;
    }
    marks->sequence = sequence;
    return EVENT_LOG_OK;
}

void event_mark_limit(struct event_mark *mark, uint32_t newest)
{
    mark->read = mark->read < newest ? mark->read : newest;
    mark->quiet = mark->quiet < newest ? mark->quiet : newest;
}

void event_mark_sent(struct event_mark *mark, uint32_t id)
{
    mark->seen = id > mark->seen ? id : mark->seen;
}

bool event_mark_pending(const struct event_mark *mark, uint32_t newest)
{
    return newest > mark->quiet;
}

void event_mark_confirm(struct event_mark *mark, uint32_t newest, bool always)
{
    mark->read = mark->seen > mark->read ? mark->seen : mark->read;
    if ((always || mark->read >= newest) && newest > mark->quiet) {
        mark->quiet = newest;
    }
}
