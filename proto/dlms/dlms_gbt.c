#include "dlms_gbt.h"

#include <string.h>

#define LAST      0x80u
#define STREAMING 0x40u

void dlms_gbt_head_write(struct writer *w, const struct dlms_gbt_block *block)
{
    writer_u8(w, DLMS_TAG_GBT);
    writer_u8(w, (uint8_t)((block->last ? LAST : 0u) | (block->streaming ? STREAMING : 0u) |
                           (block->window & DLMS_GBT_WINDOW_MAX)));
    writer_uint_be(w, block->number, 2);
    writer_uint_be(w, block->acked, 2);
}

void dlms_gbt_write(struct writer *w, const struct dlms_gbt_block *block)
{
    dlms_gbt_head_write(w, block);
    dlms_write_length(w, block->n_data);
    writer_bytes(w, block->data, block->n_data);
}

enum dlms_status dlms_gbt_read(const uint8_t *apdu, size_t n, struct dlms_gbt_block *out)
{
    struct reader r = reader_over(apdu, n);
    memset(out, 0, sizeof *out);
    if (reader_u8(&r) != DLMS_TAG_GBT) {
        return DLMS_ERR_BAD;
    }
    uint8_t control = reader_u8(&r);
    out->last = (control & LAST) != 0;
    out->streaming = (control & STREAMING) != 0;
    out->window = control & DLMS_GBT_WINDOW_MAX;
    out->number = (uint16_t)reader_uint_be(&r, 2);
    out->acked = (uint16_t)reader_uint_be(&r, 2);
    out->n_data = dlms_read_length(&r);
    out->data = reader_bytes(&r, out->n_data);
    return reader_complete(&r) ? DLMS_OK : DLMS_ERR_CUT;
}

void dlms_gbt_begin(struct dlms_gbt *gbt)
{
    memset(gbt, 0, sizeof *gbt);
    gbt->peer_window = 1;
}

enum dlms_gbt_step dlms_gbt_received(struct dlms_gbt *gbt, const struct dlms_gbt_block *block)
{
    if (block->acked > gbt->sent || block->acked < gbt->confirmed) {
        return DLMS_GBT_ABORT;
    }
    gbt->confirmed = block->acked;
    gbt->peer_window = block->window == 0 ? 1 : block->window;
    if (block->number != gbt->received + 1u) {
        return DLMS_GBT_IGNORE;
    }
    gbt->received++;
    if (gbt->received_last) { /* no more than an acknowledgement, but it has a number */
        return DLMS_GBT_IGNORE;
    }
    gbt->received_last = block->last;
    return DLMS_GBT_TAKE;
}

unsigned dlms_gbt_room(const struct dlms_gbt *gbt)
{
    unsigned under_way = (unsigned)(gbt->sent - gbt->confirmed);
    return under_way >= gbt->peer_window ? 0 : gbt->peer_window - under_way;
}
