/**
 * General block transfer (IEC 62056-5-3): any message cut into numbered blocks, several in a row,
 * with recovery of lost ones.  The bookkeeping of both directions, for server and client.
 */
#ifndef OPEN382_DLMS_GBT_H
#define OPEN382_DLMS_GBT_H

#include "dlms_apdu.h"

#define DLMS_GBT_WINDOW_MAX 63u
/** Octets of a block before the length of its data: tag, control, two numbers. */
#define DLMS_GBT_HEAD 6u

struct dlms_gbt_block {
    bool last, streaming;
    uint8_t window;         /**< blocks that the sender of this block takes in a row */
    uint16_t number, acked; /**< this block; the last one received in order */
    const uint8_t *data;
    uint32_t n_data;
};

/** Head without length and data. */
void dlms_gbt_head_write(struct writer *w, const struct dlms_gbt_block *block);
void dlms_gbt_write(struct writer *w, const struct dlms_gbt_block *block);
enum dlms_status dlms_gbt_read(const uint8_t *apdu, size_t n, struct dlms_gbt_block *out);

/** State of a transfer, both directions. */
struct dlms_gbt {
    uint16_t sent;       /**< number of the last block sent */
    uint16_t confirmed;  /**< last own block that the peer acknowledged */
    uint16_t received;   /**< last block taken in order */
    uint8_t peer_window; /**< blocks that the peer takes in a row */
    bool sent_last;      /**< the last block of the message went out */
    bool received_last;  /**< the message came in whole */
};

void dlms_gbt_begin(struct dlms_gbt *gbt);

/** What to do with a block that came in. */
enum dlms_gbt_step {
    DLMS_GBT_TAKE,   /**< in order: append its data */
    DLMS_GBT_IGNORE, /**< seen before, or after a gap: its data are dropped */
    DLMS_GBT_ABORT   /**< its acknowledgement names blocks that were never sent */
};

/** Note a block that came in (numbers, acknowledgement, window). */
enum dlms_gbt_step dlms_gbt_received(struct dlms_gbt *gbt, const struct dlms_gbt_block *block);
/** After a block without the streaming bit it is this side's turn to answer. */
static inline bool dlms_gbt_own_turn(const struct dlms_gbt_block *block)
{
    return !block->streaming || block->last;
}
/** Own blocks that may still go out before the peer has to acknowledge. */
unsigned dlms_gbt_room(const struct dlms_gbt *gbt);

#endif
