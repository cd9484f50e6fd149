#include "slot_record.h"

#include <string.h>

#include "../../proto/common/crc.h"

#define CHECK_BYTES 4u

static uint32_t address_of(const struct slot_kind *kind, uint32_t sequence)
{
    return (kind->first_page + sequence % kind->slots) * SLOT_RECORD_PAGE_BYTES;
}

static bool is_blank(const uint8_t bytes[SLOT_RECORD_PAGE_BYTES])
{
    for (unsigned i = 0; i < SLOT_RECORD_PAGE_BYTES; i++) {
        if (bytes[i] != bytes[0] || (bytes[i] != 0xFFu && bytes[i] != 0)) {
            return false;
        }
    }
    return true;
}

/* @return the sequence number of the record on a page; 0: no good one */
static uint32_t page_decode(const struct slot_kind *kind,
                            const uint8_t bytes[SLOT_RECORD_PAGE_BYTES], void *record)
{
    struct reader r = reader_over(bytes, SLOT_RECORD_PAGE_BYTES);
    const bool ours = reader_uint_le(&r, 4) == kind->mark;
    const bool known = reader_uint_le(&r, kind->n_format) == kind->format;
    const uint32_t sequence = (uint32_t)reader_uint_le(&r, 4);
    memset(record, 0, kind->n_record);
    if (!ours || !known || !kind->decode(&r, record)) {
        return 0;
    }
    const uint32_t check = crc32_ieee(bytes, SLOT_RECORD_PAGE_BYTES - reader_left(&r));
    return reader_uint_le(&r, CHECK_BYTES) == check && !r.failed ? sequence : 0;
}

struct slot_found slot_record_load(const struct slot_kind *kind, const struct board *board,
                                   void *record, void *spare)
{
    struct slot_found found = {0, false, false};
    uint8_t bytes[SLOT_RECORD_PAGE_BYTES];
    for (uint32_t slot = 0; slot < kind->slots; slot++) {
        if (board->app_memory_read(board->context, address_of(kind, slot), bytes, sizeof bytes) !=
            0) {
            found.unread = true;
            continue;
        }
        const uint32_t sequence = page_decode(kind, bytes, spare);
        if (sequence == 0 || sequence % kind->slots != slot) {
            found.damaged = found.damaged || !is_blank(bytes);
        } else if (sequence > found.sequence) {
            found.sequence = sequence;
            memcpy(record, spare, kind->n_record);
        }
    }
    /* some records are keys */
    crypto_wipe(bytes, sizeof bytes);
    crypto_wipe(spare, kind->n_record);
    return found;
}

static bool page_write(const struct slot_kind *kind, const struct board *board, uint32_t address,
                       const uint8_t *bytes, uint32_t n_bytes)
{
    if (board->app_memory_write(board->context, address, bytes, n_bytes) != 0) {
        return false;
    }
    uint8_t back[SLOT_RECORD_PAGE_BYTES];
    return !kind->read_back ||
           (board->app_memory_read(board->context, address, back, n_bytes) == 0 &&
            memcmp(back, bytes, n_bytes) == 0);
}

bool slot_record_save(const struct slot_kind *kind, const struct board *board, const void *record,
                      uint32_t *sequence)
{
    uint8_t bytes[SLOT_RECORD_PAGE_BYTES];
    struct writer w = writer_over(bytes, sizeof bytes);
    const uint32_t next = *sequence + 1u;
    writer_uint_le(&w, kind->mark, 4);
    writer_uint_le(&w, kind->format, kind->n_format);
    writer_uint_le(&w, next, 4);
    kind->encode(&w, record);
    writer_uint_le(&w, crc32_ieee(bytes, writer_length(&w)), CHECK_BYTES);
    const bool saved = !w.failed && page_write(kind, board, address_of(kind, next), bytes,
                                               (uint32_t)writer_length(&w));
    *sequence = saved ? next : *sequence;
    crypto_wipe(bytes, sizeof bytes);
    return saved;
}
