#include "bundle_store.h"

#include <string.h>

#include "../../proto/common/crc.h"

#define HEAD_MARK   UINT32_C(0x48444E42) /* "BNDH" in memory order */
#define ENTRY_MARK  UINT32_C(0x45444E42) /* "BNDE" */
#define FORMAT      1u
#define SLOTS       2u
#define PAGE_BYTES  256u
#define CHECK_BYTES 4u
#define HEAD_BYTES  18u
#define ENTRY_HEAD  13u
#define ENTRY_MAX   (ENTRY_HEAD + KMP_BUNDLE_DATA_MAX + CHECK_BYTES)
_Static_assert(ENTRY_MAX <= PAGE_BYTES, "an entry is one page");

static uint32_t head_address(uint32_t sequence)
{
    return (BUNDLE_HEAD_PAGE + sequence % SLOTS) * PAGE_BYTES;
}

static uint32_t entry_address(bool undo, uint8_t index)
{
    return (BUNDLE_ENTRY_PAGE + (undo ? KMP_BUNDLE_ENTRIES_MAX : 0u) + index) * PAGE_BYTES;
}

static bool head_decode(const uint8_t *bytes, struct bundle *found)
{
    struct reader r = reader_over(bytes, HEAD_BYTES + CHECK_BYTES);
    memset(found, 0, sizeof *found);
    const bool ours = reader_uint_le(&r, 4) == HEAD_MARK && reader_uint_le(&r, 2) == FORMAT;
    found->sequence = (uint32_t)reader_uint_le(&r, 4);
    found->number = (uint32_t)reader_uint_le(&r, 4);
    found->state = reader_u8(&r);
    found->channel = reader_u8(&r);
    found->n_do = reader_u8(&r);
    found->n_undo = reader_u8(&r);
    const bool good = (uint32_t)reader_uint_le(&r, CHECK_BYTES) == crc32_ieee(bytes, HEAD_BYTES);
    return ours && good && found->state <= BUNDLE_UNDOING &&
           found->n_do <= KMP_BUNDLE_ENTRIES_MAX && found->n_undo <= KMP_BUNDLE_ENTRIES_MAX;
}

void bundle_load(struct bundle *bundle, const struct board *board)
{
    bool unread = false;
    memset(bundle, 0, sizeof *bundle);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint8_t bytes[HEAD_BYTES + CHECK_BYTES];
        struct bundle found;
        if (board->app_memory_read(board->context, head_address(slot), bytes, sizeof bytes) != 0) {
            unread = true;
        } else if (head_decode(bytes, &found) && found.sequence % SLOTS == slot &&
                   found.sequence > bundle->sequence) {
            *bundle = found;
        }
    }
    bundle->unread = unread;
}

bool bundle_save(struct bundle *bundle, const struct board *board)
{
    uint8_t bytes[HEAD_BYTES + CHECK_BYTES];
    struct writer w = writer_over(bytes, sizeof bytes);
    const uint32_t sequence = bundle->sequence + 1u;
    writer_uint_le(&w, HEAD_MARK, 4);
    writer_uint_le(&w, FORMAT, 2);
    writer_uint_le(&w, sequence, 4);
    writer_uint_le(&w, bundle->number, 4);
    writer_u8(&w, bundle->state);
    writer_u8(&w, bundle->channel);
    writer_u8(&w, bundle->n_do);
    writer_u8(&w, bundle->n_undo);
    writer_uint_le(&w, crc32_ieee(bytes, writer_length(&w)), CHECK_BYTES);
    if (bundle->unread ||
        board->app_memory_write(board->context, head_address(sequence), bytes, sizeof bytes) != 0) {
        return false;
    }
    bundle->sequence = sequence;
    return true;
}

bool bundle_entry_save(const struct bundle *bundle, const struct board *board,
                       const struct kmp_bundle_entry *entry)
{
    uint8_t bytes[ENTRY_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    writer_uint_le(&w, ENTRY_MARK, 4);
    writer_uint_le(&w, bundle->number, 4);
    writer_u8(&w, kmp_bundle_bits(entry));
    writer_u8(&w, entry->index);
    writer_u8(&w, entry->cid);
    writer_uint_le(&w, entry->n_data, 2);
    writer_bytes(&w, entry->data, entry->n_data);
    writer_uint_le(&w, crc32_ieee(bytes, writer_length(&w)), CHECK_BYTES);
    return board->app_memory_write(board->context, entry_address(entry->undo, entry->index), bytes,
                                   (uint32_t)writer_length(&w)) == 0;
}

bool bundle_entry_load(const struct bundle *bundle, const struct board *board, bool undo,
                       uint8_t index, struct kmp_bundle_entry *entry)
{
    uint8_t bytes[ENTRY_MAX];
    if (index >= KMP_BUNDLE_ENTRIES_MAX ||
        board->app_memory_read(board->context, entry_address(undo, index), bytes, sizeof bytes) !=
            0) {
        return false;
    }
    struct reader r = reader_over(bytes, sizeof bytes);
    memset(entry, 0, sizeof *entry);
    const bool ours =
        reader_uint_le(&r, 4) == ENTRY_MARK && reader_uint_le(&r, 4) == bundle->number;
    const uint8_t bits = reader_u8(&r);
    entry->undo = (bits & KMP_BUNDLE_UNDO) != 0;
    entry->any_order = (bits & KMP_BUNDLE_ANY_ORDER) != 0;
    entry->index = reader_u8(&r);
    entry->cid = reader_u8(&r);
    const size_t n = (size_t)reader_uint_le(&r, 2);
    if (!ours || entry->undo != undo || entry->index != index || n > sizeof entry->data) {
        return false;
    }
    entry->n_data = (uint8_t)n;
    memcpy(entry->data, reader_bytes(&r, n), n);
    return (uint32_t)reader_uint_le(&r, CHECK_BYTES) == crc32_ieee(bytes, ENTRY_HEAD + n);
}
