#include "hdlc_link.h"

#include <string.h>

const uint8_t hdlc_llc_command[HDLC_LLC_BYTES] = {0xE6, 0xE6, 0x00};
const uint8_t hdlc_llc_response[HDLC_LLC_BYTES] = {0xE6, 0xE7, 0x00};

void hdlc_sender_begin(struct hdlc_sender *sender, const uint8_t *llc, const uint8_t *apdu,
                       size_t n_apdu)
{
    sender->llc = llc;
    sender->apdu = apdu;
    sender->length = (uint32_t)n_apdu + HDLC_LLC_BYTES;
    sender->heard = 0;
    sender->first = sender->next = sender->top;
}

void hdlc_sender_drop(struct hdlc_sender *sender)
{
    sender->length = 0;
    sender->heard = 0;
    sender->first = sender->next = sender->top;
}

/** Frames of this turn: sent since the first that was not heard. */
static uint8_t of_turn(const struct hdlc_sender *sender)
{
    return (uint8_t)((unsigned)sender->next - sender->first) & 7u;
}

bool hdlc_sender_heard(struct hdlc_sender *sender, uint8_t receive_number)
{
    const uint8_t n_frames = (uint8_t)((unsigned)receive_number - sender->first) & 7u;
    if (n_frames > hdlc_sender_open(sender)) {
        return false;
    }
    if (of_turn(sender) < n_frames) {
        sender->next = receive_number; /* they need not be sent again after all */
    }
    sender->first = receive_number;
    sender->heard += (uint32_t)n_frames * sender->info_max;
    if (sender->heard >= sender->length) {
        sender->length = 0;
        sender->heard = 0;
    }
    return true;
}

/** Octets that have been sent or heard. */
static uint32_t sent(const struct hdlc_sender *sender)
{
    return sender->heard + (uint32_t)of_turn(sender) * sender->info_max;
}

bool hdlc_sender_ready(const struct hdlc_sender *sender)
{
    return sent(sender) < sender->length && of_turn(sender) < sender->window;
}

size_t hdlc_sender_size(const struct hdlc_sender *sender)
{
    const uint32_t left = sender->length - sent(sender);
    return left < sender->info_max ? left : sender->info_max;
}

void hdlc_sender_next(struct hdlc_sender *sender, uint8_t receive_number, struct hdlc_frame *frame)
{
    const uint32_t from = sent(sender);
    const size_t n_octets = hdlc_sender_size(sender);
    const size_t n_lead = from == 0 ? HDLC_LLC_BYTES : 0u;
    const bool more = from + n_octets < sender->length;
    const uint8_t number = sender->next;
    const bool again = of_turn(sender) < hdlc_sender_open(sender);
    sender->next = (uint8_t)(number + 1u) & 7u;
    sender->top = again ? sender->top : sender->next;
    frame->lead = sender->llc;
    frame->n_lead = (uint16_t)n_lead;
    frame->info = sender->apdu + (from == 0 ? 0u : from - HDLC_LLC_BYTES);
    frame->n_info = (uint16_t)(n_octets - n_lead);
    frame->segmented = more;
    frame->control =
        hdlc_control(HDLC_I, !more || of_turn(sender) >= sender->window, number, receive_number);
}

bool hdlc_collector_add(struct hdlc_collector *collector, const uint8_t *bytes, size_t n_bytes)
{
    if (n_bytes > collector->capacity - collector->length) {
        return false;
    }
    if (n_bytes > 0) {
        memcpy(collector->bytes + collector->length, bytes, n_bytes);
    }
    collector->length += n_bytes;
    return true;
}
