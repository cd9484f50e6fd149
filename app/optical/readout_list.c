#include "readout_list.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"
#include "../meter/meter_log.h"

#define MARK        UINT32_C(0x32445255) /* "URD2" in memory order */
#define FORMAT      1u
#define SLOTS       2u
#define PAGE_BYTES  256u
#define CHECK_BYTES 4u
#define RECORD_MAX  (11u + 2u * READOUT_LIST_MAX + CHECK_BYTES)
_Static_assert(RECORD_MAX <= PAGE_BYTES, "a record is one page");

/* ---- the record ---- */

static uint32_t address_of(uint32_t sequence)
{
    return (READOUT_LIST_PAGE + sequence % SLOTS) * PAGE_BYTES;
}

static bool record_decode(const uint8_t bytes[RECORD_MAX], struct readout_list *found)
{
    struct reader r = reader_over(bytes, RECORD_MAX);
    memset(found, 0, sizeof *found);
    const bool ours = reader_uint_le(&r, 4) == MARK && reader_uint_le(&r, 2) == FORMAT;
    found->sequence = (uint32_t)reader_uint_le(&r, 4);
    found->n = reader_u8(&r);
    if (!ours || found->n > READOUT_LIST_MAX) {
        return false;
    }
    for (unsigned i = 0; i < found->n; i++) {
        found->reading[i] = (uint16_t)reader_uint_le(&r, 2);
    }
    const size_t n = RECORD_MAX - reader_left(&r);
    return (uint32_t)reader_uint_le(&r, CHECK_BYTES) == crc32_ieee(bytes, n) && !r.failed;
}

void readout_list_load(struct readout_list *list, const struct board *board)
{
    bool unread = false;
    memset(list, 0, sizeof *list);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint8_t bytes[RECORD_MAX];
        struct readout_list found;
        if (board->app_memory_read(board->context, address_of(slot), bytes, sizeof bytes) != 0) {
            unread = true;
        } else if (record_decode(bytes, &found) && found.sequence % SLOTS == slot &&
                   found.sequence > list->sequence) {
            *list = found;
        }
    }
    list->unread = unread;
}

static bool save(struct readout_list *list, const struct board *board)
{
    uint8_t bytes[RECORD_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    const uint32_t sequence = list->sequence + 1u;
    writer_uint_le(&w, MARK, 4);
    writer_uint_le(&w, FORMAT, 2);
    writer_uint_le(&w, sequence, 4);
    writer_u8(&w, list->n);
    for (unsigned i = 0; i < list->n; i++) {
        writer_uint_le(&w, list->reading[i], 2);
    }
    writer_uint_le(&w, crc32_ieee(bytes, writer_length(&w)), CHECK_BYTES);
    if (list->unread || board->app_memory_write(board->context, address_of(sequence), bytes,
                                                (uint32_t)writer_length(&w)) != 0) {
        return false;
    }
    list->sequence = sequence;
    return true;
}

/* ---- another list ---- */

static void list_note(struct writer *w, const struct readout_list *list)
{
    uint8_t bytes[2u * READOUT_LIST_MAX];
    struct writer ids = writer_over(bytes, sizeof bytes);
    for (unsigned i = 0; i < list->n; i++) {
        writer_uint_be(&ids, list->reading[i], 2);
    }
    writer_u8(w, list->n == 0 ? UINT8_MAX : list->n);
    writer_uint_le(w, crc16_xmodem(bytes, writer_length(&ids)), 2);
}

/* Forty readings do not fit a record: how many there are, and a check over them. */
static void note(struct meter *meter, const struct readout_list *before)
{
    uint8_t payload[7];
    struct writer w = writer_over(payload, sizeof payload);
    writer_u8(&w, (uint8_t)rights_channel(&meter->rights));
    list_note(&w, before);
    list_note(&w, &meter->readout);
    meter_log(meter, EVENT_LOG_AUDIT, READOUT_AUDIT_CODE, payload, sizeof payload);
}

bool readout_list_set(struct meter *meter, const uint16_t *reading, uint8_t n)
{
    const struct readout_list before = meter->readout;
    memset(meter->readout.reading, 0, sizeof meter->readout.reading);
    memcpy(meter->readout.reading, reading, n * sizeof reading[0]);
    meter->readout.n = n;
    if (!save(&meter->readout, meter->board)) {
        meter->readout = before;
        meter->memory_fault = true;
        return false;
    }
    note(meter, &before);
    return true;
}
