#include "breaker_store.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define MARK        UINT32_C(0x524B5242) /* "BRKR" in memory order */
#define PAGE_BYTES  256u
#define SLOTS       2u
#define CHECK_BYTES 4u
#define PENDING     1u
#define FAULT       2u

static uint32_t address_of(uint32_t sequence)
{
    return (BREAKER_STORE_FIRST_PAGE + sequence % SLOTS) * PAGE_BYTES;
}

static void encode(const struct breaker_kept *kept, struct writer *w)
{
    writer_uint_le(w, MARK, 4);
    writer_uint_le(w, BREAKER_STORE_FORMAT, 2);
    writer_uint_le(w, kept->sequence, 4);
    writer_u8(w, kept->state);
    writer_u8(w, (uint8_t)((kept->pending ? PENDING : 0u) | (kept->fault ? FAULT : 0u)));
    writer_u8(w, kept->retries);
    for (unsigned i = 0; i < BREAKER_FACTORS; i++) {
        writer_uint_le(w, kept->over_s[i], 4);
    }
    writer_uint_le(w, kept->wait_left_s, 4);
    writer_uint_le(w, kept->log_id, 4);
    writer_u8(w, kept->log_before);
    writer_u8(w, kept->log_cause);
    writer_u8(w, kept->log_channel);
}

static bool decode(const uint8_t bytes[PAGE_BYTES], struct breaker_kept *out)
{
    struct reader r = reader_over(bytes, PAGE_BYTES);
    struct breaker_kept found;
    memset(&found, 0, sizeof found);
    const bool ours =
        reader_uint_le(&r, 4) == MARK && reader_uint_le(&r, 2) == BREAKER_STORE_FORMAT;
    found.sequence = (uint32_t)reader_uint_le(&r, 4);
    found.state = reader_u8(&r);
    const uint8_t flags = reader_u8(&r);
    found.pending = (flags & PENDING) != 0;
    found.fault = (flags & FAULT) != 0;
    found.retries = reader_u8(&r);
    for (unsigned i = 0; i < BREAKER_FACTORS; i++) {
        found.over_s[i] = (uint32_t)reader_uint_le(&r, 4);
    }
    found.wait_left_s = (uint32_t)reader_uint_le(&r, 4);
    found.log_id = (uint32_t)reader_uint_le(&r, 4);
    found.log_before = reader_u8(&r);
    found.log_cause = reader_u8(&r);
    found.log_channel = reader_u8(&r);
    const uint32_t check = crc32_ieee(bytes, PAGE_BYTES - reader_left(&r));
    if (!ours || reader_uint_le(&r, CHECK_BYTES) != check || !breaker_state_known(found.state)) {
        return false;
    }
    *out = found;
    return true;
}

bool breaker_store_load(struct breaker_kept *kept, const struct board *board)
{
    bool read = true;
    memset(kept, 0, sizeof *kept);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint8_t bytes[PAGE_BYTES];
        struct breaker_kept found;
        if (board->app_memory_read(board->context, address_of(slot), bytes, sizeof bytes) != 0) {
            read = false;
        } else if (decode(bytes, &found) && found.sequence % SLOTS == slot &&
                   found.sequence > kept->sequence) {
            *kept = found;
        }
    }
    return read;
}

bool breaker_store_save(struct breaker_kept *kept, const struct board *board)
{
    uint8_t bytes[PAGE_BYTES];
    struct breaker_kept next = *kept;
    struct writer w = writer_over(bytes, sizeof bytes);
    next.sequence++;
    memset(bytes, 0xFF, sizeof bytes);
    encode(&next, &w);
    writer_uint_le(&w, crc32_ieee(bytes, writer_length(&w)), CHECK_BYTES);
    if (board->app_memory_write(board->context, address_of(next.sequence), bytes, sizeof bytes) !=
        0) {
        return false;
    }
    kept->sequence = next.sequence;
    return true;
}
