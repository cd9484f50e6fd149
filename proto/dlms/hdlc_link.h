/**
 * What both ends of an HDLC link do alike: cut an APDU into numbered frames, go back to the first
 * one that was not heard, and join the pieces that come.  Internal to hdlc_server and hdlc_client.
 */
#ifndef OPEN382_HDLC_LINK_H
#define OPEN382_HDLC_LINK_H

#include "hdlc_frame.h"

#define HDLC_LLC_BYTES 3u

/** LLC octets before each APDU: E6 E6 00 in commands, E6 E7 00 in responses. */
extern const uint8_t hdlc_llc_command[HDLC_LLC_BYTES], hdlc_llc_response[HDLC_LLC_BYTES];

/** An APDU on its way, with its LLC octets before it. */
struct hdlc_sender {
    const uint8_t *llc;
    const uint8_t *apdu; /**< stays where it is until heard */
    uint32_t length;     /**< LLC and APDU; 0: nothing to send */
    uint32_t heard;      /**< octets that the other side has acknowledged */
    uint16_t info_max;   /**< of one frame */
    uint8_t window;
    uint8_t first; /**< number of the first frame that was not heard, V(A) */
    uint8_t next;  /**< of the next frame to be sent, V(S); after hdlc_sender_back an old one */
    uint8_t top;   /**< behind the highest that was ever sent: no new frame has a lower one */
};

/** Pieces that have come. */
struct hdlc_collector {
    uint8_t *bytes;
    size_t capacity, length;
};

void hdlc_sender_begin(struct hdlc_sender *sender, const uint8_t *llc, const uint8_t *apdu,
                       size_t n_apdu);
/** Forget what is on its way; the numbers go on. */
void hdlc_sender_drop(struct hdlc_sender *sender);
/** Take N(R).  @return false: it speaks of frames that were never sent. */
bool hdlc_sender_heard(struct hdlc_sender *sender, uint8_t receive_number);
/** Frames sent and not heard. */
static inline uint8_t hdlc_sender_open(const struct hdlc_sender *sender)
{
    return (uint8_t)((unsigned)sender->top - sender->first) & 7u;
}
/** Send again from the first frame that was not heard.  Until that is done, those that were sent
 *  may still turn out to have been heard. */
static inline void hdlc_sender_back(struct hdlc_sender *sender)
{
    sender->next = sender->first;
}
/** Something may be sent now: octets are left and the window is open. */
bool hdlc_sender_ready(const struct hdlc_sender *sender);
/** Octets of information that the next frame will carry. */
size_t hdlc_sender_size(const struct hdlc_sender *sender);
/**
 * Fill in information, S bit and control of the next frame and count it as sent.  It polls (or is
 * final) when it is the last of the APDU or closes the window.
 */
void hdlc_sender_next(struct hdlc_sender *sender, uint8_t receive_number, struct hdlc_frame *frame);

/** @return false: it does not fit. */
bool hdlc_collector_add(struct hdlc_collector *collector, const uint8_t *bytes, size_t n_bytes);

#endif
