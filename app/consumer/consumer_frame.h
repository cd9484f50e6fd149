/**
 * A pushed message on its way: in clear or ciphered, in one HDLC frame that asks for no answer.
 * Source: spec customer-port 3.3 and 3.6.
 */
#ifndef OPEN382_CONSUMER_FRAME_H
#define OPEN382_CONSUMER_FRAME_H

#include "../../proto/dlms/dlms_cipher.h"
#include "consumer_list.h"

/** Bytes that the message's buffer has free before it, and behind it. */
#define CONSUMER_ROOM   32u
#define CONSUMER_BUFFER (CONSUMER_APDU_MAX + 2u * CONSUMER_ROOM)
/** The longest frame. */
#define CONSUMER_FRAME_MAX (CONSUMER_BUFFER + 32u)

/**
 * @param cipher  general-glo with its keys and own title; NULL: in clear, which is told by other
 *                addresses.  Its own counter is taken, and stands in permanent memory first.
 * @param buffer  CONSUMER_BUFFER bytes, the message at CONSUMER_ROOM; ciphered in place
 * @return length of the frame; 0: it does not fit or could not be ciphered, nothing is to be sent.
 */
size_t consumer_frame_write(struct dlms_cipher *cipher, uint8_t *buffer, size_t n_apdu,
                            uint8_t *out, size_t capacity);

#endif
