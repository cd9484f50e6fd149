/**
 * A radio meter's telegrams one after the other: numbers that never come twice, full and compact
 * frames as the maker's meters alternate them.
 *
 * A counter block of AES-CTR holds minute and number within the minute; the same block with another
 * text gives both texts away.  So minutes are reserved ahead in permanent memory: after a cut the
 * sender begins behind all it may have used, whatever its clock says.
 * Source: rules of 27 telegrams from the air (spec of M-Bus, R2): access number counts telegrams,
 * the full frame comes when it is 4 modulo 8, sessions 0 to 3 in a minute with one every 16 s.
 */
#ifndef OPEN382_WMBUS_SENDER_H
#define OPEN382_WMBUS_SENDER_H

#include "wmbus_telegram.h"

#define WMBUS_INTERVAL_S 16
/** Minutes written down ahead: one write an hour. */
#define WMBUS_RESERVE_MINUTES 60u
/** 25 bits: 63 years. */
#define WMBUS_MINUTE_MAX 0x1FFFFFFu

struct wmbus_sender {
    uint8_t access_number; /**< of the telegram sent last */
    uint8_t number;        /**< next number within the minute, 0 .. 16 */
    uint32_t minute;       /**< of the telegram sent last, since commissioning */
    uint32_t reserved;     /**< minutes up to this one may be used */
    /** Keep a number for ever, before it is used.  @return false: not kept. */
    bool (*reserve)(void *context, uint32_t minute);
    void *context;
};

/** @param reserved the number kept last; 0: a new meter */
void wmbus_sender_init(struct wmbus_sender *sender, uint32_t reserved, uint8_t access_number,
                       bool (*reserve)(void *context, uint32_t minute), void *context);
/**
 * Numbers and kind of the next telegram: access number, session, compact.
 * @param minute since commissioning, by the clock; it may go back
 * @return false: no number can be kept, or all are used up; nothing may be sent.
 */
bool wmbus_sender_next(struct wmbus_sender *sender, uint32_t minute, struct wmbus_message *message);

#endif
