#include "load_store.h"

#include "../store/slot_record.h"

#define MARK       UINT32_C(0x44414F4C) /* "LOAD" in memory order */
#define ACTIVE     1u
#define COMMANDED  2u
#define WAITS      4u
#define ROW_ACTIVE 0x80u /* beside the days */

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

static void encode(struct writer *w, const void *record)
{
    const struct load_kept *kept = (const struct load_kept *)record;
    writer_uint_le(w, kept->delay_s, 2);
    for (unsigned i = 0; i < LOAD_RELAYS; i++) {
        relay_write(w, &kept->relay[i]);
    }
}

static bool decode(struct reader *r, void *record)
{
    struct load_kept *found = (struct load_kept *)record;
    found->delay_s = (uint16_t)reader_uint_le(r, 2);
    for (unsigned i = 0; i < LOAD_RELAYS; i++) {
        relay_read(r, &found->relay[i]);
    }
    return load_kept_good(found);
}

static const struct slot_kind kind = {.mark = MARK,
                                      .format = LOAD_STORE_FORMAT,
                                      .n_format = 2,
                                      .slots = 2,
                                      .first_page = LOAD_STORE_FIRST_PAGE,
                                      .n_record = sizeof(struct load_kept),
                                      .decode = decode,
                                      .encode = encode};

bool load_store_load(struct load_kept *kept, const struct board *board)
{
    struct load_kept spare;
    load_as_delivered(kept);
    const struct slot_found found = slot_record_load(&kind, board, kept, &spare);
    kept->sequence = found.sequence;
    return !found.unread;
}

bool load_store_save(struct load_kept *kept, const struct board *board)
{
    return slot_record_save(&kind, board, kept, &kept->sequence);
}
