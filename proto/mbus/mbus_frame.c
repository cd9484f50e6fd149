#include "mbus_frame.h"

#include <string.h>

#define START_SHORT  0x10u
#define SHORT_OCTETS 5u
#define LONG_HEAD    4u /* 68 L L 68 */
#define LONG_FRAME   6u /* the same with checksum and stop */

const char *mbus_err_text(int err)
{
    static const char *const texts[] = {"good",
                                        "no frame begins so",
                                        "length does not fit",
                                        "wrong checksum",
                                        "no stop octet",
                                        "too long",
                                        "data not of the form announced",
                                        "encrypted, no key"};
    return err <= 0 && -err < (int)(sizeof texts / sizeof texts[0]) ? texts[-err] : "unknown error";
}

static uint8_t sum(const uint8_t *octets, size_t n_octets)
{
    unsigned total = 0;
    for (size_t i = 0; i < n_octets; i++) {
        total += octets[i];
    }
    return (uint8_t)total;
}

static int decode_short(const uint8_t *octets, size_t n_octets, struct mbus_frame *frame)
{
    if (n_octets < SHORT_OCTETS) {
        return MBUS_ERR_LENGTH;
    }
    if (sum(octets + 1, 2) != octets[3]) {
        return MBUS_ERR_CHECKSUM;
    }
    if (octets[4] != MBUS_STOP) {
        return MBUS_ERR_STOP;
    }
    *frame = (struct mbus_frame){.kind = MBUS_SHORT, .control = octets[1], .address = octets[2]};
    return (int)SHORT_OCTETS;
}

static int decode_long(const uint8_t *octets, size_t n_octets, struct mbus_frame *frame)
{
    if (n_octets < LONG_HEAD || octets[1] != octets[2] || octets[1] < 3u ||
        octets[3] != MBUS_START_LONG || n_octets < octets[1] + LONG_FRAME) {
        return MBUS_ERR_LENGTH;
    }
    size_t n_body = octets[1];
    const uint8_t *body = octets + LONG_HEAD;
    if (sum(body, n_body) != body[n_body]) {
        return MBUS_ERR_CHECKSUM;
    }
    if (body[n_body + 1] != MBUS_STOP) {
        return MBUS_ERR_STOP;
    }
    *frame = (struct mbus_frame){.kind = MBUS_LONG,
                                 .control = body[0],
                                 .address = body[1],
                                 .ci = body[2],
                                 .data = body + 3,
                                 .n_data = n_body - 3u};
    return (int)(n_body + LONG_FRAME);
}

int mbus_frame_decode(const uint8_t *octets, size_t n_octets, struct mbus_frame *frame)
{
    if (n_octets == 0) {
        return MBUS_ERR_LENGTH;
    }
    switch (octets[0]) {
    case MBUS_ACK: *frame = (struct mbus_frame){.kind = MBUS_SINGLE}; return 1;
    case START_SHORT: return decode_short(octets, n_octets, frame);
    case MBUS_START_LONG: return decode_long(octets, n_octets, frame);
    default: return MBUS_ERR_START;
    }
}

int mbus_frame_encode(const struct mbus_frame *frame, uint8_t *octets, size_t capacity)
{
    struct writer w = writer_over(octets, capacity);
    if (frame->kind == MBUS_SINGLE) {
        writer_u8(&w, MBUS_ACK);
    } else if (frame->kind == MBUS_SHORT) {
        writer_u8(&w, START_SHORT);
        writer_u8(&w, frame->control);
        writer_u8(&w, frame->address);
        writer_u8(&w, (uint8_t)(frame->control + frame->address));
        writer_u8(&w, MBUS_STOP);
    } else {
        if (frame->n_data > MBUS_BODY_MAX - 3u) {
            return MBUS_ERR_LENGTH;
        }
        uint8_t length = (uint8_t)(frame->n_data + 3u);
        writer_u8(&w, MBUS_START_LONG);
        writer_u8(&w, length);
        writer_u8(&w, length);
        writer_u8(&w, MBUS_START_LONG);
        writer_u8(&w, frame->control);
        writer_u8(&w, frame->address);
        writer_u8(&w, frame->ci);
        writer_bytes(&w, frame->data, frame->n_data);
        writer_u8(&w, (uint8_t)(frame->control + frame->address + frame->ci +
                                sum(frame->data, frame->n_data)));
        writer_u8(&w, MBUS_STOP);
    }
    return w.failed ? MBUS_ERR_SPACE : (int)writer_length(&w);
}

size_t mbus_frame_length(const uint8_t *octets, size_t n_octets)
{
    if (n_octets == 0) {
        return 0;
    }
    switch (octets[0]) {
    case START_SHORT: return SHORT_OCTETS;
    case MBUS_START_LONG: return n_octets < 2 ? 0 : octets[1] + (size_t)LONG_FRAME;
    default: return 1;
    }
}

void mbus_receiver_init(struct mbus_receiver *receiver)
{
    receiver->length = 0;
}

void mbus_receiver_idle(struct mbus_receiver *receiver)
{
    receiver->length = 0;
}

/* Wrong already, before the end: what follows is read as a new beginning. */
static int spoiled(const struct mbus_receiver *receiver)
{
    const uint8_t *octets = receiver->octets;
    if (octets[0] == MBUS_START_LONG) {
        bool bad = (receiver->length == 2 && octets[1] < 3u) ||
                   (receiver->length == 3 && octets[2] != octets[1]) ||
                   (receiver->length == 4 && octets[3] != MBUS_START_LONG);
        return bad ? MBUS_ERR_LENGTH : MBUS_OK;
    }
    return octets[0] == START_SHORT || octets[0] == MBUS_ACK ? MBUS_OK : MBUS_ERR_START;
}

int mbus_receiver_octet(struct mbus_receiver *receiver, uint8_t octet, struct mbus_frame *frame)
{
    receiver->octets[receiver->length++] = octet;
    int result = spoiled(receiver);
    if (result == MBUS_OK) {
        size_t wanted = mbus_frame_length(receiver->octets, receiver->length);
        if (wanted == 0 || receiver->length < wanted) {
            return 0;
        }
        result = mbus_frame_decode(receiver->octets, receiver->length, frame);
    }
    receiver->length = 0;
    return result < 0 ? result : 1;
}
