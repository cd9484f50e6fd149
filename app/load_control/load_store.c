#include "load_store.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define MARK        UINT32_C(0x44414F4C) /* "LOAD" in memory order */
#define PAGE_BYTES  256u
#define SLOTS       2u
#define CHECK_BYTES 4u
#define ACTIVE      1u
#define COMMANDED   2u
#define WAITS       4u
#define ROW_ACTIVE  0x80u /* beside the days */

static uint32_t address_of(uint32_t sequence)
{
    return (LOAD_STORE_FIRST_PAGE + sequence % SLOTS) * PAGE_BYTES;
}

static void relay_write(struct writer *w, const struct load_relay *relay)
{
    writer_u8(w, relay->mode);
    writer_u8(w, relay->tariffs);
    writer_u8(w, (uint8_t)((relay->active ? ACTIVE : 0u) | (relay->commanded ? COMMANDED : 0u) |
                           (relay->waits ? WAITS : 0u)));
    writer_uint_le(w, relay->left_s, 2);
    writer_uint_le(w, relay->movements, 4);
    writer_u8(w, relay->plan.n);
    for (unsigned i = 0; i < relay->plan.n; i++) {
        const struct load_switch *row = &relay->plan.at[i];
        writer_u8(w, (uint8_t)(row->days | (row->active ? ROW_ACTIVE : 0u)));
        writer_uint_le(w, row->minute, 2);
    }
}

static void relay_read(struct reader *r, struct load_relay *relay)
{
    relay->mode = reader_u8(r);
    relay->tariffs = reader_u8(r);
    const uint8_t flags = reader_u8(r);
    relay->active = (flags & ACTIVE) != 0;
    relay->commanded = (flags & COMMANDED) != 0;
    relay->waits = (flags & WAITS) != 0;
    relay->left_s = (uint16_t)reader_uint_le(r, 2);
    relay->movements = (uint32_t)reader_uint_le(r, 4);
    relay->plan.n = reader_u8(r);
    for (unsigned i = 0; i < relay->plan.n && i < LOAD_PLAN_ROWS; i++) {
        const uint8_t days = reader_u8(r);
        relay->plan.at[i].days = days & (uint8_t)~ROW_ACTIVE;
        relay->plan.at[i].active = (days & ROW_ACTIVE) != 0;
        relay->plan.at[i].minute = (uint16_t)reader_uint_le(r, 2);
    }
}

static bool decode(const uint8_t bytes[PAGE_BYTES], struct load_kept *out)
{
    struct reader r = reader_over(bytes, PAGE_BYTES);
    struct load_kept found;
    memset(&found, 0, sizeof found);
    const bool ours = reader_uint_le(&r, 4) == MARK && reader_uint_le(&r, 2) == LOAD_STORE_FORMAT;
    found.sequence = (uint32_t)reader_uint_le(&r, 4);
    found.delay_s = (uint16_t)reader_uint_le(&r, 2);
    for (unsigned i = 0; i < LOAD_RELAYS; i++) {
        relay_read(&r, &found.relay[i]);
    }
    const uint32_t check = crc32_ieee(bytes, PAGE_BYTES - reader_left(&r));
    if (!ours || reader_uint_le(&r, CHECK_BYTES) != check || !load_kept_good(&found)) {
        return false;
    }
    *out = found;
    return true;
}

bool load_store_load(struct load_kept *kept, const struct board *board)
{
    bool read = true;
    load_as_delivered(kept);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint8_t bytes[PAGE_BYTES];
        struct load_kept found;
        if (board->app_memory_read(board->context, address_of(slot), bytes, sizeof bytes) != 0) {
            read = false;
        } else if (decode(bytes, &found) && found.sequence % SLOTS == slot &&
                   found.sequence > kept->sequence) {
            *kept = found;
        }
    }
    return read;
}

bool load_store_save(struct load_kept *kept, const struct board *board)
{
    uint8_t bytes[PAGE_BYTES];
    const uint32_t sequence = kept->sequence + 1u;
    struct writer w = writer_over(bytes, sizeof bytes);
    memset(bytes, 0xFF, sizeof bytes);
    writer_uint_le(&w, MARK, 4);
    writer_uint_le(&w, LOAD_STORE_FORMAT, 2);
    writer_uint_le(&w, sequence, 4);
    writer_uint_le(&w, kept->delay_s, 2);
    for (unsigned i = 0; i < LOAD_RELAYS; i++) {
        relay_write(&w, &kept->relay[i]);
    }
    writer_uint_le(&w, crc32_ieee(bytes, writer_length(&w)), CHECK_BYTES);
    if (board->app_memory_write(board->context, address_of(sequence), bytes, sizeof bytes) != 0) {
        return false;
    }
    kept->sequence = sequence;
    return true;
}
