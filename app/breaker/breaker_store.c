#include "breaker_store.h"

#include <string.h>

#include "../store/slot_record.h"

#define MARK    UINT32_C(0x524B5242) /* "BRKR" in memory order */
#define PENDING 1u
#define FAULT   2u

static void encode(struct writer *w, const void *record)
{
    const struct breaker_kept *kept = record;
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

static bool decode(struct reader *r, void *record)
{
    struct breaker_kept *found = record;
    found->state = reader_u8(r);
    const uint8_t flags = reader_u8(r);
    found->pending = (flags & PENDING) != 0;
    found->fault = (flags & FAULT) != 0;
    found->retries = reader_u8(r);
    for (unsigned i = 0; i < BREAKER_FACTORS; i++) {
        found->over_s[i] = (uint32_t)reader_uint_le(r, 4);
    }
    found->wait_left_s = (uint32_t)reader_uint_le(r, 4);
    found->log_id = (uint32_t)reader_uint_le(r, 4);
    found->log_before = reader_u8(r);
    found->log_cause = reader_u8(r);
    found->log_channel = reader_u8(r);
    return breaker_state_known(found->state);
}

static const struct slot_kind kind = {.mark = MARK,
                                      .format = BREAKER_STORE_FORMAT,
                                      .n_format = 2,
                                      .slots = 2,
                                      .first_page = BREAKER_STORE_FIRST_PAGE,
                                      .n_record = sizeof(struct breaker_kept),
                                      .decode = decode,
                                      .encode = encode};

bool breaker_store_load(struct breaker_kept *kept, const struct board *board)
{
    struct breaker_kept spare;
    memset(kept, 0, sizeof *kept);
    const struct slot_found found = slot_record_load(&kind, board, kept, &spare);
    kept->sequence = found.sequence;
    return !found.unread;
}

bool breaker_store_save(struct breaker_kept *kept, const struct board *board)
{
    return slot_record_save(&kind, board, kept, &kept->sequence);
}
