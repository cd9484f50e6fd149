#include "consumer_frame.h"

#include "../../proto/dlms/hdlc_frame.h"

/* In clear for client 21 from logical device 16, ciphered for client 32 from 1. */
static const struct hdlc_address clear_to = {21, 0, 1}, clear_from = {16, 0, 1};
static const struct hdlc_address ciphered_to = {32, 0, 1}, ciphered_from = {1, 0, 1};

static const uint8_t lead[] = {0xE6, 0xE7, 0x00};

size_t consumer_frame_write(struct dlms_cipher *cipher, uint8_t *buffer, size_t n_apdu,
                            uint8_t *out, size_t capacity)
{
    struct dlms_span message = {buffer + CONSUMER_ROOM, n_apdu};
    if (cipher != NULL) {
        struct dlms_seal how = {.wrapping = DLMS_WRAP_GENERAL_GLO};
        how.control = (uint8_t)(DLMS_SC_AUTHENTICATION | DLMS_SC_ENCRYPTION | cipher->keys->suite);
        if (dlms_cipher_protect(cipher, &how, buffer, CONSUMER_BUFFER, CONSUMER_ROOM, n_apdu,
                                &message) != DLMS_CIPHER_OK) {
            return 0;
        }
    }
    const struct hdlc_frame frame = {.destination = cipher != NULL ? ciphered_to : clear_to,
                                     .source = cipher != NULL ? ciphered_from : clear_from,
                                     .control = hdlc_control(HDLC_UI, true, 0, 0),
                                     .lead = lead,
                                     .n_lead = sizeof lead,
                                     .info = message.bytes,
                                     .n_info = (uint16_t)message.n_bytes};
    const int n = hdlc_frame_encode(&frame, out, capacity);
    return n > 0 ? (size_t)n : 0;
}
