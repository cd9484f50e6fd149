#include "modules_store.h"

#include <string.h>

#include "../store/slot_record.h"

#define MARK   UINT32_C(0x53444F4D) /* "MODS" in memory order */
#define FORMAT 1u

static bool seen_decode(struct reader *body, void *record)
{
    struct module_seen *seen = record;
    for (unsigned i = 0; i < MODULES_SLOTS; i++) {
        seen[i].present = reader_u8(body) == 1;
        seen[i].code = (uint16_t)reader_uint_le(body, 2);
        seen[i].serial = (uint32_t)reader_uint_le(body, 4);
    }
    return true;
}

static void seen_encode(struct writer *body, const void *record)
{
    const struct module_seen *seen = record;
    for (unsigned i = 0; i < MODULES_SLOTS; i++) {
        writer_u8(body, seen[i].present ? 1u : 0u);
        writer_uint_le(body, seen[i].code, 2);
        writer_uint_le(body, seen[i].serial, 4);
    }
}

static const struct slot_kind stored = {.mark = MARK,
                                        .format = FORMAT,
                                        .n_format = 2,
                                        .slots = 2,
                                        .first_page = MODULES_FIRST_PAGE,
                                        .n_record = sizeof(struct module_seen[MODULES_SLOTS]),
                                        .decode = seen_decode,
                                        .encode = seen_encode};

bool modules_store_load(struct modules_store *store, const struct board *board)
{
    struct module_seen spare[MODULES_SLOTS];
    memset(store, 0, sizeof *store);
    const struct slot_found found = slot_record_load(&stored, board, store->seen, spare);
    store->sequence = found.sequence;
    return !found.unread;
}

bool modules_store_save(struct modules_store *store, const struct board *board,
                        const struct module_seen seen[MODULES_SLOTS])
{
    if (!slot_record_save(&stored, board, seen, &store->sequence)) {
        return false;
    }
    memcpy(store->seen, seen, sizeof store->seen);
    return true;
}
