#include "kmp_log.h"

#include <string.h>

#define TAIL_BYTES  5u /* last id, newest id, info */
#define HEAD_BYTES  3u /* CID, log, number of registers */
#define RECORDS_ALL 255u
#define LENGTH_ALL  255u
#define BODY_HEAD   4u /* DEST CID LID N */
#define VALUE_HEAD  5u /* id, unit, NoB, SiEx */
#define TIME_SPARE  2u

/* ---- the meter's side ---- */

struct request {
    uint8_t log, n_registers, n_records, length_max;
    uint16_t registers[KMP_REGISTERS_MAX];
    struct kmp_log_time time;
    uint16_t number; /* A2: id, A3: offset */
};

static bool request_read(uint8_t cid, struct reader *data, struct request *request)
{
    memset(request, 0, sizeof *request);
    request->log = reader_u8(data);
    request->n_registers = reader_u8(data);
    if (request->n_registers < 1 || request->n_registers > KMP_REGISTERS_MAX) {
        return false;
    }
    for (unsigned i = 0; i < request->n_registers; i++) {
        request->registers[i] = (uint16_t)reader_uint_be(data, 2);
    }
    request->n_records = reader_u8(data);
    request->length_max = reader_u8(data);
    if (cid == KMP_LOG_TIME_PRESENT || cid == KMP_LOG_TIME_PAST) {
        struct kmp_log_time *time = &request->time;
        time->year = reader_u8(data);
        time->month = reader_u8(data);
        time->day = reader_u8(data);
        time->hour = reader_u8(data);
        time->minute = reader_u8(data);
        time->second = reader_u8(data);
        (void)reader_bytes(data, TIME_SPARE);
    }
    if (cid == KMP_LOG_ID_PRESENT || cid == KMP_LOG_TIME_PAST) {
        request->number = (uint16_t)reader_uint_be(data, 2);
    }
    return reader_complete(data);
}

/* The record to begin with.  @return false: none fits */
static bool first_record(const struct kmp_log_source *source, uint8_t cid,
                         const struct request *request, uint32_t *id)
{
    if (cid == KMP_LOG_ID_PRESENT) {
        return source->at_id(source->context, request->log, request->number, id);
    }
    if (cid == KMP_LOG_LAST_PRESENT) {
        return source->unread(source->context, request->log, id);
    }
    bool up = cid == KMP_LOG_TIME_PRESENT;
    bool found = source->at_time(source->context, request->log, &request->time, up, id);
    for (unsigned skipped = 0; found && skipped < request->number; skipped++) {
        found = source->next(source->context, request->log, false, id);
    }
    return found;
}

/* What the log has of the registers asked for.  @return their number */
static unsigned values_of(const struct kmp_log_source *source, const struct request *request,
                          uint32_t id, struct kmp_value values[KMP_REGISTERS_MAX])
{
    unsigned n = 0;
    for (unsigned i = 0; i < request->n_registers; i++) {
        memset(&values[n], 0, sizeof values[n]);
        values[n].id = request->registers[i];
        if (source->value(source->context, request->log, id, request->registers[i], &values[n]) &&
            values[n].n_bytes <= sizeof values[n].bytes) {
            n++;
        }
    }
    return n;
}

static void record_write(struct writer *w, uint32_t id, const struct kmp_value *values, unsigned n,
                         bool first)
{
    writer_uint_be(w, id & UINT16_MAX, 2);
    for (unsigned i = 0; i < n; i++) {
        if (first) {
            kmp_value_write(w, &values[i]);
        } else {
            writer_bytes(w, values[i].bytes, values[i].n_bytes);
        }
    }
}

struct written {
    uint32_t last_id; /* of the last record in the answer; 0: none */
    uint32_t highest; /* id among them */
    unsigned info;
};

static struct written records_write(const struct kmp_log_source *source,
                                    const struct request *request, uint32_t id, bool up,
                                    struct writer *out)
{
    struct written written = {0, 0, 0};
    struct kmp_value values[KMP_REGISTERS_MAX];
    unsigned n = values_of(source, request, id, values), used = HEAD_BYTES + TAIL_BYTES;
    writer_u8(out, (uint8_t)n);
    bool more = true;
    for (unsigned records = 0; more && records < request->n_records; records++) {
        uint8_t bytes[2 + KMP_REGISTERS_MAX * (VALUE_HEAD + 32u)];
        struct writer w = writer_over(bytes, sizeof bytes);
        bool whole = records == 0 || values_of(source, request, id, values) == n;
        record_write(&w, id, values, n, records == 0);
        used += (unsigned)writer_length(&w);
        if (!whole || used > request->length_max) {
            written.info |= KMP_LOG_CUT_OFF;
            return written;
        }
        writer_bytes(out, bytes, writer_length(&w));
        written.last_id = id;
        written.highest = id > written.highest ? id : written.highest;
        more = source->next(source->context, request->log, up, &id);
    }
    written.info |= more ? 0u : KMP_LOG_END;
    return written;
}

/* Nothing to begin with: all was read before (A1), or nothing fits. */
static unsigned nothing_info(uint8_t cid, uint32_t newest)
{
    if (newest == 0) {
        return KMP_LOG_EMPTY;
    }
    return cid == KMP_LOG_LAST_PRESENT ? KMP_LOG_END : KMP_LOG_OUT_OF_RANGE;
}

/* Up to the end: the newest record too, even when it is damaged and nobody can ever read it. */
static void tell_sent(const struct kmp_log_source *source, uint8_t cid, uint8_t log,
                      const struct written *written, uint32_t newest)
{
    const bool to_end = cid != KMP_LOG_TIME_PAST && (written->info & KMP_LOG_END) != 0;
    const uint32_t id = to_end ? newest : written->highest;
    if (id != 0) {
        source->sent(source->context, log, id);
    }
}

bool kmp_log_answer(const struct kmp_log_source *source, uint8_t cid, struct reader *data,
                    struct writer *out)
{
    struct request request;
    uint32_t newest = 0, id = 0;
    struct written written = {0, 0, 0};
    if (!request_read(cid, data, &request) ||
        !source->newest(source->context, request.log, &newest)) {
        return false;
    }
    writer_u8(out, request.log);
    if (newest != 0 && first_record(source, cid, &request, &id)) {
        written = records_write(source, &request, id, cid != KMP_LOG_TIME_PAST, out);
    } else {
        writer_u8(out, 0);
        written.info = nothing_info(cid, newest);
    }
    tell_sent(source, cid, request.log, &written, newest);
    writer_uint_be(out, written.last_id & UINT16_MAX, 2);
    writer_uint_be(out, newest & UINT16_MAX, 2);
    writer_u8(out, (uint8_t)written.info);
    return true;
}

/* ---- the reader's side ---- */

static struct writer ask(uint8_t log, const uint16_t *registers, size_t n_registers,
                         uint8_t data[KMP_LOG_ASK_BYTES])
{
    struct writer w = writer_over(data, KMP_LOG_ASK_BYTES);
    writer_u8(&w, log);
    writer_u8(&w, (uint8_t)n_registers);
    for (size_t i = 0; i < n_registers; i++) {
        writer_uint_be(&w, registers[i], 2);
    }
    writer_u8(&w, RECORDS_ALL);
    writer_u8(&w, LENGTH_ALL);
    return w;
}

size_t kmp_log_ask_id(uint8_t log, const uint16_t *registers, size_t n_registers, uint16_t wire_id,
                      uint8_t data[KMP_LOG_ASK_BYTES])
{
    struct writer w = ask(log, registers, n_registers, data);
    writer_uint_be(&w, wire_id, 2);
    return writer_length(&w);
}

size_t kmp_log_ask_unread(uint8_t log, const uint16_t *registers, size_t n_registers,
                          uint8_t data[KMP_LOG_ASK_BYTES])
{
    const struct writer w = ask(log, registers, n_registers, data);
    return writer_length(&w);
}

size_t kmp_log_ask_time(uint8_t log, const uint16_t *registers, size_t n_registers,
                        const struct kmp_log_time *time, uint8_t data[KMP_LOG_ASK_BYTES])
{
    const uint8_t bytes[8] = {time->year,   time->month,  time->day, time->hour,
                              time->minute, time->second, 0,         0};
    struct writer w = ask(log, registers, n_registers, data);
    writer_bytes(&w, bytes, sizeof bytes);
    return writer_length(&w);
}

size_t kmp_log_ask_all(uint8_t log, const uint16_t *registers, size_t n_registers,
                       uint8_t data[KMP_LOG_ASK_BYTES])
{
    static const struct kmp_log_time year_2000 = {0, 1, 1, 0, 0, 0};
    return kmp_log_ask_time(log, registers, n_registers, &year_2000, data);
}

/* Lengths and kinds of the registers stand in the first record only.  @return bytes of a further
 * record, 0: not a record */
static size_t kinds_read(struct kmp_log_page *page, struct reader first)
{
    size_t n_bytes = 2;
    (void)reader_uint_be(&first, 2);
    for (unsigned i = 0; i < page->n_values; i++) {
        if (kmp_value_read(&first, &page->values[i]) != KMP_OK) {
            return 0;
        }
        n_bytes += page->values[i].n_bytes;
    }
    return first.failed ? 0 : n_bytes;
}

int kmp_log_page_open(struct kmp_log_page *page, const uint8_t *body, size_t n_body)
{
    memset(page, 0, sizeof *page);
    if (n_body < BODY_HEAD + TAIL_BYTES) {
        return KMP_ERR_FORMAT;
    }
    struct reader head = reader_over(body + 2, 2);
    struct reader tail = reader_over(body + n_body - TAIL_BYTES, TAIL_BYTES);
    page->log = reader_u8(&head);
    page->n_values = reader_u8(&head);
    (void)reader_uint_be(&tail, 2);
    page->newest = (uint16_t)reader_uint_be(&tail, 2);
    page->info = reader_u8(&tail);
    page->records = reader_over(body + BODY_HEAD, n_body - BODY_HEAD - TAIL_BYTES);
    size_t left = reader_left(&page->records);
    if (page->n_values > KMP_REGISTERS_MAX || (page->n_values == 0 && left % 2u != 0)) {
        return KMP_ERR_FORMAT;
    }
    if (left == 0) {
        return KMP_OK;
    }
    size_t further = kinds_read(page, page->records), heads = VALUE_HEAD * (size_t)page->n_values;
    if (further == 0 || left < further + heads || (left - heads) % further != 0) {
        return KMP_ERR_FORMAT;
    }
    page->n_records = (unsigned)((left - heads) / further);
    return KMP_OK;
}

bool kmp_log_page_next(struct kmp_log_page *page, uint16_t *wire_id)
{
    if (reader_left(&page->records) == 0) {
        return false;
    }
    bool first = !page->begun;
    page->begun = true;
    *wire_id = (uint16_t)reader_uint_be(&page->records, 2);
    for (unsigned i = 0; i < page->n_values; i++) {
        struct kmp_value *value = &page->values[i];
        if (first) {
            (void)kmp_value_read(&page->records, value);
        } else {
            memcpy(value->bytes, reader_bytes(&page->records, value->n_bytes), value->n_bytes);
        }
    }
    return !page->records.failed;
}
