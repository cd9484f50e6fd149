#include "kmp.h"

#include <string.h>

#include "../common/crc.h"

#define ESCAPE 0x1Bu

/* Shortest body with its CRC: DEST CID CRC CRC. */
#define SHORTEST 4u

/* What a byte is on the line.  5512-447: these five travel as 1B and their complement. */
enum byte_kind { PLAIN, SPECIAL };

static const uint8_t byte_kinds[256] = {
    [KMP_TO_METER] = SPECIAL, [KMP_FROM_METER] = SPECIAL, [KMP_STOP] = SPECIAL,
    [KMP_ACK] = SPECIAL,      [ESCAPE] = SPECIAL,
};

/** Stuff bytes to at, where twice their number has room.  @return behind the last one written. */
static uint8_t *stuff(uint8_t *at, const uint8_t *bytes, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        uint8_t byte = bytes[i];
        if (byte_kinds[byte] == SPECIAL) {
            *at++ = ESCAPE;
            byte = (uint8_t)~byte;
        }
        *at++ = byte;
    }
    return at;
}

static size_t count_special(const uint8_t *bytes, size_t n_bytes)
{
    size_t n_special = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        n_special += byte_kinds[bytes[i]] == SPECIAL;
    }
    return n_special;
}

int kmp_frame_encode(uint8_t start, const uint8_t *body, size_t n_body, uint8_t *frame,
                     size_t capacity)
{
    if (n_body < SHORTEST - 2 || n_body > KMP_BODY_MAX) {
        return KMP_ERR_LENGTH;
    }
    uint16_t crc = crc16_xmodem(body, n_body);
    const uint8_t crc_bytes[2] = {(uint8_t)(crc >> 8), (uint8_t)crc};
    if (capacity < 2 * (n_body + 2) + 2) { /* only a tight buffer is worth counting for */
        size_t n_special = count_special(body, n_body) + count_special(crc_bytes, 2);
        if (capacity < n_body + 2 + n_special + 2) {
            return KMP_ERR_SPACE;
        }
    }
    uint8_t *at = frame;
    *at++ = start;
    at = stuff(at, body, n_body);
    at = stuff(at, crc_bytes, 2);
    *at++ = KMP_STOP;
    return (int)(at - frame);
}

void kmp_receiver_init(struct kmp_receiver *receiver, uint8_t start)
{
    receiver->start = start;
    receiver->inside = false;
    receiver->escaped = false;
    receiver->error = KMP_OK;
    receiver->length = 0;
}

static int receiver_finish(struct kmp_receiver *receiver)
{
    receiver->inside = false;
    if (receiver->error != KMP_OK) {
        return receiver->error;
    }
    if (receiver->escaped) {
        return KMP_ERR_STUFFING;
    }
    if (receiver->length < SHORTEST) {
        return KMP_ERR_LENGTH;
    }
    if (crc16_xmodem(receiver->body, receiver->length) != 0) {
        return KMP_ERR_CRC;
    }
    receiver->length = (uint16_t)(receiver->length - 2);
    return 1;
}

/** A byte between start and stop. */
static int receiver_inside(struct kmp_receiver *receiver, uint8_t byte)
{
    if (receiver->escaped) {
        byte = (uint8_t)~byte;
        receiver->escaped = false;
        if (byte_kinds[byte] != SPECIAL) {
            receiver->error = KMP_ERR_STUFFING;
        }
    } else if (byte == ESCAPE) {
        receiver->escaped = true;
        return 0;
    } else if (byte_kinds[byte] == SPECIAL) {
        receiver->error = KMP_ERR_STUFFING;
    }
    if (receiver->length == sizeof receiver->body) {
        receiver->inside = false;
        return KMP_ERR_LENGTH;
    }
    receiver->body[receiver->length++] = byte;
    return 0;
}

int kmp_receiver_byte(struct kmp_receiver *receiver, uint8_t byte)
{
    if (byte == receiver->start) {
        kmp_receiver_init(receiver, receiver->start);
        receiver->inside = true;
        return 0;
    }
    if (!receiver->inside) {
        return 0;
    }
    if (byte == KMP_STOP) {
        return receiver_finish(receiver);
    }
    return receiver_inside(receiver, byte);
}
