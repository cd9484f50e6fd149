#include "display_store.h"

#include <string.h>

#include "../store/slot_record.h"

#define MARK     UINT32_C(0x50534944) /* "DISP" in memory order */
#define FORMAT   1u
#define READINGS (DISPLAY_AUTOMATIC_MAX + DISPLAY_MANUAL_MAX + DISPLAY_BACKUP_MAX)
_Static_assert(2u + LIST_TEST + 2u * READINGS <= SLOT_RECORD_BODY_MAX, "a record is one page");

static const uint8_t longest[LIST_TEST] = {
    [LIST_AUTOMATIC] = DISPLAY_AUTOMATIC_MAX,
    [LIST_MANUAL] = DISPLAY_MANUAL_MAX,
    [LIST_BACKUP] = DISPLAY_BACKUP_MAX,
};

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

static bool store_decode(struct reader *body, void *record)
{
    struct display_store *found = record;
    found->configuration = (uint16_t)reader_uint_le(body, 2);
    return lists_decode(body, found);
}

static void store_encode(struct writer *body, const void *record)
{
    const struct display_store *store = record;
    writer_uint_le(body, store->configuration, 2);
    for (unsigned which = 0; which < LIST_TEST; which++) {
        writer_u8(body, store->length[which]);
        for (unsigned i = 0; i < store->length[which] && i < longest[which] &&
                             store->length[which] != DISPLAY_STORE_DELIVERED;
             i++) {
            writer_uint_le(body, store->reading[which][i], 2);
        }
    }
}

static const struct slot_kind kind = {.mark = MARK,
                                      .format = FORMAT,
                                      .n_format = 2,
                                      .slots = 2,
                                      .first_page = DISPLAY_STORE_PAGE,
                                      .n_record = sizeof(struct display_store),
                                      .decode = store_decode,
                                      .encode = store_encode};

void display_store_load(struct display_store *store, const struct board *board)
{
    struct display_store spare;
    memset(store, 0, sizeof *store);
    memset(store->length, DISPLAY_STORE_DELIVERED, sizeof store->length);
    const struct slot_found found = slot_record_load(&kind, board, store, &spare);
    store->sequence = found.sequence;
    store->unread = found.unread;
}

bool display_store_save(struct display_store *store, const struct board *board)
{
    return !store->unread && slot_record_save(&kind, board, store, &store->sequence);
}
