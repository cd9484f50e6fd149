/**
 * DLMS messages in wired M-Bus frames, as customer ports of Austria push them.
 *
 * Long frames with CI 00 to 1F: bits 0 to 3 number the segments of one message from 0 up, bit 4
 * marks the last; two octets behind CI name the partners.  A segment that is missing, or a pause
 * inside a frame, loses the message.
 * Source: EN 13757-3 annex on DLMS; captures (tests/proto/push_vectors.h).
 */
#ifndef OPEN382_PUSH_MBUS_H
#define OPEN382_PUSH_MBUS_H

#include "../mbus/mbus_frame.h"

struct push_mbus {
    struct mbus_receiver receiver;
    uint8_t *bytes; /**< the caller's: the longest message */
    size_t capacity, length;
    uint8_t next; /**< segment that must come now */
};

void push_mbus_init(struct push_mbus *mbus, uint8_t *bytes, size_t capacity);
/** Take one octet.  @return true: bytes and length are a whole message, until the next octet */
bool push_mbus_take(struct push_mbus *mbus, uint8_t octet);
/** The line was silent for longer than a frame allows. */
void push_mbus_idle(struct push_mbus *mbus);

#endif
