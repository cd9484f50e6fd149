#include "bundle_store.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../store/slot_record.h"

#define HEAD_MARK   UINT32_C(0x48444E42) /* "BNDH" in memory order */
#define ENTRY_MARK  UINT32_C(0x45444E42) /* "BNDE" */
#define FORMAT      1u
#define PAGE_BYTES  256u
#define CHECK_BYTES 4u
#define ENTRY_HEAD  13u
#define ENTRY_MAX   (ENTRY_HEAD + KMP_BUNDLE_DATA_MAX + CHECK_BYTES)
_Static_assert(ENTRY_MAX <= PAGE_BYTES, "an entry is one page");

static uint32_t entry_address(bool undo, uint8_t index)
{
    return (BUNDLE_ENTRY_PAGE + (undo ? KMP_BUNDLE_ENTRIES_MAX : 0u) + index) * PAGE_BYTES;
}

static bool head_decode(struct reader *body, void *record)
{
    struct bundle *found = record;
    found->number = (uint32_t)reader_uint_le(body, 4);
    found->state = reader_u8(body);
    found->channel = reader_u8(body);
    found->n_do = reader_u8(body);
    found->n_undo = reader_u8(body);
    return found->state <= BUNDLE_UNDOING && found->n_do <= KMP_BUNDLE_ENTRIES_MAX &&
           found->n_undo <= KMP_BUNDLE_ENTRIES_MAX;
}

static void head_encode(struct writer *body, const void *record)
{
    const struct bundle *bundle = record;
    writer_uint_le(body, bundle->number, 4);
    writer_u8(body, bundle->state);
    writer_u8(body, bundle->channel);
    writer_u8(body, bundle->n_do);
    writer_u8(body, bundle->n_undo);
}

static const struct slot_kind head = {.mark = HEAD_MARK,
                                      .format = FORMAT,
                                      .n_format = 2,
                                      .slots = 2,
                                      .first_page = BUNDLE_HEAD_PAGE,
                                      .n_record = sizeof(struct bundle),
                                      .decode = head_decode,
                                      .encode = head_encode};

void bundle_load(struct bundle *bundle, const struct board *board)
{
    struct bundle spare;
    memset(bundle, 0, sizeof *bundle);
    const struct slot_found found = slot_record_load(&head, board, bundle, &spare);
    bundle->sequence = found.sequence;
    bundle->unread = found.unread;
}

bool bundle_save(struct bundle *bundle, const struct board *board)
{
    return !bundle->unread && slot_record_save(&head, board, bundle, &bundle->sequence);
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
