#include "display_store.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define MARK        UINT32_C(0x50534944) /* "DISP" in memory order */
#define FORMAT      1u
#define SLOTS       2u
#define PAGE_BYTES  256u
#define CHECK_BYTES 4u
#define READINGS    (DISPLAY_AUTOMATIC_MAX + DISPLAY_MANUAL_MAX + DISPLAY_BACKUP_MAX)
#define RECORD_MAX  (14u + LIST_TEST + 2u * READINGS + CHECK_BYTES)
_Static_assert(RECORD_MAX <= PAGE_BYTES, "a record is one page");

static const uint8_t longest[LIST_TEST] = {
    [LIST_AUTOMATIC] = DISPLAY_AUTOMATIC_MAX,
    [LIST_MANUAL] = DISPLAY_MANUAL_MAX,
    [LIST_BACKUP] = DISPLAY_BACKUP_MAX,
};

static uint32_t address_of(uint32_t sequence)
{
    return (DISPLAY_STORE_PAGE + sequence % SLOTS) * PAGE_BYTES;
}

static bool lists_decode(struct reader *r, struct display_store *found)
{
    for (unsigned which = 0; which < LIST_TEST; which++) {
        found->length[which] = reader_u8(r);
        const bool delivered = found->length[which] == DISPLAY_STORE_DELIVERED;
        if (!delivered && found->length[which] > longest[which]) {
            return false;
        }
        for (unsigned i = 0; !delivered && i < found->length[which]; i++) {
            found->reading[which][i] = (uint16_t)reader_uint_le(r, 2);
        }
    }
    return true;
}

static bool record_decode(const uint8_t bytes[RECORD_MAX], struct display_store *found)
{
    struct reader r = reader_over(bytes, RECORD_MAX);
    memset(found, 0, sizeof *found);
    const bool ours = reader_uint_le(&r, 4) == MARK && reader_uint_le(&r, 2) == FORMAT;
    found->sequence = (uint32_t)reader_uint_le(&r, 4);
    found->configuration = (uint16_t)reader_uint_le(&r, 2);
    if (!ours || !lists_decode(&r, found)) {
        return false;
    }
    const size_t n = RECORD_MAX - reader_left(&r);
    return (uint32_t)reader_uint_le(&r, CHECK_BYTES) == crc32_ieee(bytes, n) && !r.failed;
}

void display_store_load(struct display_store *store, const struct board *board)
{
    bool unread = false;
    memset(store, 0, sizeof *store);
    memset(store->length, DISPLAY_STORE_DELIVERED, sizeof store->length);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint8_t bytes[RECORD_MAX];
        struct display_store found;
        if (board->app_memory_read(board->context, address_of(slot), bytes, sizeof bytes) != 0) {
            unread = true;
        } else if (record_decode(bytes, &found) && found.sequence % SLOTS == slot &&
                   found.sequence > store->sequence) {
            *store = found;
        }
    }
    store->unread = unread;
}

bool display_store_save(struct display_store *store, const struct board *board)
{
    uint8_t bytes[RECORD_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    const uint32_t sequence = store->sequence + 1u;
    writer_uint_le(&w, MARK, 4);
    writer_uint_le(&w, FORMAT, 2);
    writer_uint_le(&w, sequence, 4);
    writer_uint_le(&w, store->configuration, 2);
    for (unsigned which = 0; which < LIST_TEST; which++) {
        writer_u8(&w, store->length[which]);
        for (unsigned i = 0; i < store->length[which] && i < longest[which] &&
                             store->length[which] != DISPLAY_STORE_DELIVERED;
             i++) {
            writer_uint_le(&w, store->reading[which][i], 2);
        }
    }
    writer_uint_le(&w, crc32_ieee(bytes, writer_length(&w)), CHECK_BYTES);
    if (store->unread || board->app_memory_write(board->context, address_of(sequence), bytes,
                                                 (uint32_t)writer_length(&w)) != 0) {
        return false;
    }
    store->sequence = sequence;
    return true;
}
