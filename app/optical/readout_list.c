#include "readout_list.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../meter/meter_log.h"
#include "../store/slot_record.h"

#define MARK   UINT32_C(0x32445255) /* "URD2" in memory order */
#define FORMAT 1u
_Static_assert(1u + 2u * READOUT_LIST_MAX <= SLOT_RECORD_BODY_MAX, "a record is one page");

/* ---- the record ---- */

static bool list_decode(struct reader *body, void *record)
{
    struct readout_list *found = record;
    found->n = reader_u8(body);
    for (unsigned i = 0; i < found->n && i < READOUT_LIST_MAX; i++) {
        found->reading[i] = (uint16_t)reader_uint_le(body, 2);
    }
    return found->n <= READOUT_LIST_MAX;
}

static void list_encode(struct writer *body, const void *record)
{
    const struct readout_list *list = record;
    writer_u8(body, list->n);
    for (unsigned i = 0; i < list->n; i++) {
        writer_uint_le(body, list->reading[i], 2);
    }
}

static const struct slot_kind kind = {.mark = MARK,
                                      .format = FORMAT,
                                      .n_format = 2,
                                      .slots = 2,
                                      .first_page = READOUT_LIST_PAGE,
                                      .n_record = sizeof(struct readout_list),
                                      .decode = list_decode,
                                      .encode = list_encode};

void readout_list_load(struct readout_list *list, const struct board *board)
{
    struct readout_list spare;
    memset(list, 0, sizeof *list);
    const struct slot_found found = slot_record_load(&kind, board, list, &spare);
    list->sequence = found.sequence;
    list->unread = found.unread;
}

static bool save(struct readout_list *list, const struct board *board)
{
    return !list->unread && slot_record_save(&kind, board, list, &list->sequence);
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
