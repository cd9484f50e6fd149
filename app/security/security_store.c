#include "security_store.h"

#include <string.h>

#include "../store/slot_record.h"

#define KEYS_MARK     UINT32_C(0x59454B44) /* "DKEY" in memory order */
#define COUNTERS_MARK UINT32_C(0x544E4344) /* "DCNT" */
#define FORMAT        1u

/* -- keys ------------------------------------------------------------------------------------- */

static bool keys_decode(struct reader *r, void *record)
{
    struct security_keys *found = record;
    found->n_key = reader_u8(r);
    for (unsigned i = 0; i < DLMS_KEY_IDS; i++) {
        found->has[i] = reader_u8(r) != 0;
        found->generation[i] = (uint32_t)reader_uint_le(r, 4);
        memcpy(found->key[i], reader_bytes(r, CRYPTO_KEY_MAX_BYTES), CRYPTO_KEY_MAX_BYTES);
    }
    return found->n_key == 16u || found->n_key == 32u;
}

static void keys_encode(struct writer *w, const void *record)
{
    const struct security_keys *keys = record;
    writer_u8(w, keys->n_key);
    for (unsigned i = 0; i < DLMS_KEY_IDS; i++) {
        writer_u8(w, keys->has[i]);
        writer_uint_le(w, keys->generation[i], 4);
        writer_bytes(w, keys->key[i], CRYPTO_KEY_MAX_BYTES);
    }
}

static const struct slot_kind keys_kind = {.mark = KEYS_MARK,
                                           .format = FORMAT,
                                           .n_format = 2,
                                           .slots = 2,
                                           .first_page = SECURITY_KEYS_FIRST_PAGE,
                                           .n_record = sizeof(struct security_keys),
                                           .decode = keys_decode,
                                           .encode = keys_encode};

bool security_keys_load(struct security_keys *keys, const struct board *board)
{
    struct security_keys spare;
    memset(keys, 0, sizeof *keys);
    const struct slot_found found = slot_record_load(&keys_kind, board, keys, &spare);
    keys->sequence = found.sequence;
    return !found.unread;
}

bool security_keys_save(struct security_keys *keys, const struct board *board)
{
    return slot_record_save(&keys_kind, board, keys, &keys->sequence);
}

/* -- counters --------------------------------------------------------------------------------- */

static bool counters_decode(struct reader *r, void *record)
{
    struct security_counters *found = record;
    found->own = reader_uint_le(r, 8);
    for (unsigned i = 0; i < SECURITY_PEERS; i++) {
        found->lowest[i] = reader_uint_le(r, 8);
        found->generation[i] = (uint32_t)reader_uint_le(r, 4);
    }
    return true;
}

static void counters_encode(struct writer *w, const void *record)
{
    const struct security_counters *counters = record;
    writer_uint_le(w, counters->own, 8);
    for (unsigned i = 0; i < SECURITY_PEERS; i++) {
        writer_uint_le(w, counters->lowest[i], 8);
        writer_uint_le(w, counters->generation[i], 4);
    }
}

static const struct slot_kind counters_kind = {.mark = COUNTERS_MARK,
                                               .format = FORMAT,
                                               .n_format = 2,
                                               .slots = SECURITY_COUNTER_PAGES,
                                               .first_page = SECURITY_COUNTERS_FIRST_PAGE,
                                               .n_record = sizeof(struct security_counters),
                                               .decode = counters_decode,
                                               .encode = counters_encode};

bool security_counters_load(struct security_counters *counters, const struct board *board)
{
    struct security_counters spare;
    memset(counters, 0, sizeof *counters);
    const struct slot_found found = slot_record_load(&counters_kind, board, counters, &spare);
    counters->sequence = found.sequence;
    counters->damaged = found.damaged;
    return !found.unread;
}

bool security_counters_save(struct security_counters *counters, const struct board *board)
{
    return slot_record_save(&counters_kind, board, counters, &counters->sequence);
}
