#include "security_store.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define KEYS_MARK     UINT32_C(0x59454B44) /* "DKEY" in memory order */
#define COUNTERS_MARK UINT32_C(0x544E4344) /* "DCNT" */
#define FORMAT        1u
#define PAGE_BYTES    256u
#define KEY_SLOTS     2u
#define CHECK_BYTES   4u

static uint32_t keys_address(uint32_t sequence)
{
    return (SECURITY_KEYS_FIRST_PAGE + sequence % KEY_SLOTS) * PAGE_BYTES;
}

static uint32_t counters_address(uint32_t sequence)
{
    return (SECURITY_COUNTERS_FIRST_PAGE + sequence % SECURITY_COUNTER_PAGES) * PAGE_BYTES;
}

/* The check over all that was written so far, then the page goes to memory. */
static bool page_save(const struct board *board, uint32_t address, uint8_t bytes[PAGE_BYTES],
                      struct writer *w)
{
    writer_uint_le(w, crc32_ieee(bytes, writer_length(w)), CHECK_BYTES);
    return !w->failed && board->app_memory_write(board->context, address, bytes, PAGE_BYTES) == 0;
}

/* Everything before here is as it was written. */
static bool check_good(struct reader *r, const uint8_t bytes[PAGE_BYTES])
{
    const uint32_t check = crc32_ieee(bytes, PAGE_BYTES - reader_left(r));
    return reader_uint_le(r, CHECK_BYTES) == check && !r->failed;
}

/* -- keys ------------------------------------------------------------------------------------- */

static bool keys_decode(const uint8_t bytes[PAGE_BYTES], struct security_keys *out)
{
    struct reader r = reader_over(bytes, PAGE_BYTES);
    const bool ours = reader_uint_le(&r, 4) == KEYS_MARK && reader_uint_le(&r, 2) == FORMAT;
    memset(out, 0, sizeof *out);
    out->sequence = (uint32_t)reader_uint_le(&r, 4);
    out->n_key = reader_u8(&r);
    for (unsigned i = 0; i < DLMS_KEY_IDS; i++) {
        out->has[i] = reader_u8(&r) != 0;
        out->generation[i] = (uint32_t)reader_uint_le(&r, 4);
        memcpy(out->key[i], reader_bytes(&r, CRYPTO_KEY_MAX_BYTES), CRYPTO_KEY_MAX_BYTES);
    }
    return ours && (out->n_key == 16u || out->n_key == 32u) && check_good(&r, bytes);
}

bool security_keys_load(struct security_keys *keys, const struct board *board)
{
    bool read = true;
    memset(keys, 0, sizeof *keys);
    for (uint32_t slot = 0; slot < KEY_SLOTS; slot++) {
        uint8_t bytes[PAGE_BYTES];
        struct security_keys found;
        if (board->app_memory_read(board->context, keys_address(slot), bytes, sizeof bytes) != 0) {
            read = false;
        } else if (keys_decode(bytes, &found) && found.sequence % KEY_SLOTS == slot &&
                   found.sequence > keys->sequence) {
            *keys = found;
        }
        crypto_wipe(bytes, sizeof bytes);
        crypto_wipe(&found, sizeof found);
    }
    return read;
}

bool security_keys_save(struct security_keys *keys, const struct board *board)
{
    uint8_t bytes[PAGE_BYTES];
    struct writer w = writer_over(bytes, sizeof bytes);
    memset(bytes, 0xFF, sizeof bytes);
    writer_uint_le(&w, KEYS_MARK, 4);
    writer_uint_le(&w, FORMAT, 2);
    writer_uint_le(&w, keys->sequence + 1u, 4);
    writer_u8(&w, keys->n_key);
    for (unsigned i = 0; i < DLMS_KEY_IDS; i++) {
        writer_u8(&w, keys->has[i]);
        writer_uint_le(&w, keys->generation[i], 4);
        writer_bytes(&w, keys->key[i], CRYPTO_KEY_MAX_BYTES);
    }
    const bool saved = page_save(board, keys_address(keys->sequence + 1u), bytes, &w);
    keys->sequence += saved ? 1u : 0u;
    crypto_wipe(bytes, sizeof bytes);
    return saved;
}

/* -- counters --------------------------------------------------------------------------------- */

static bool counters_decode(const uint8_t bytes[PAGE_BYTES], struct security_counters *out)
{
    struct reader r = reader_over(bytes, PAGE_BYTES);
    const bool ours = reader_uint_le(&r, 4) == COUNTERS_MARK && reader_uint_le(&r, 2) == FORMAT;
    memset(out, 0, sizeof *out);
    out->sequence = (uint32_t)reader_uint_le(&r, 4);
    out->own = reader_uint_le(&r, 8);
    for (unsigned i = 0; i < SECURITY_PEERS; i++) {
        out->lowest[i] = reader_uint_le(&r, 8);
        out->generation[i] = (uint32_t)reader_uint_le(&r, 4);
    }
    return ours && check_good(&r, bytes);
}

static bool is_blank(const uint8_t bytes[PAGE_BYTES])
{
    for (unsigned i = 0; i < PAGE_BYTES; i++) {
        if (bytes[i] != bytes[0] || (bytes[i] != 0xFFu && bytes[i] != 0)) {
            return false;
        }
    }
    return true;
}

bool security_counters_load(struct security_counters *counters, const struct board *board)
{
    bool read = true, damaged = false;
    memset(counters, 0, sizeof *counters);
    for (uint32_t page = 0; page < SECURITY_COUNTER_PAGES; page++) {
        uint8_t bytes[PAGE_BYTES];
        struct security_counters found;
        if (board->app_memory_read(board->context, counters_address(page), bytes, sizeof bytes) !=
            0) {
            read = false;
        } else if (!counters_decode(bytes, &found) ||
                   found.sequence % SECURITY_COUNTER_PAGES != page) {
            damaged = damaged || !is_blank(bytes);
        } else if (found.sequence > counters->sequence) {
            *counters = found;
        }
    }
    counters->damaged = damaged;
    return read;
}

bool security_counters_save(struct security_counters *counters, const struct board *board)
{
    uint8_t bytes[PAGE_BYTES];
    struct writer w = writer_over(bytes, sizeof bytes);
    memset(bytes, 0xFF, sizeof bytes);
    writer_uint_le(&w, COUNTERS_MARK, 4);
    writer_uint_le(&w, FORMAT, 2);
    writer_uint_le(&w, counters->sequence + 1u, 4);
    writer_uint_le(&w, counters->own, 8);
    for (unsigned i = 0; i < SECURITY_PEERS; i++) {
        writer_uint_le(&w, counters->lowest[i], 8);
        writer_uint_le(&w, counters->generation[i], 4);
    }
    const bool saved = page_save(board, counters_address(counters->sequence + 1u), bytes, &w);
    counters->sequence += saved ? 1u : 0u;
    return saved;
}
