#include "bus/bus_frame.h"

#include <string.h>

#include "bus/legal_crc.h"

/** Where each field stands: the table of docs/spec/measuring-bus.md. */
enum field_offset {
    AT_SYNC_0 = 0,
    AT_SYNC_1 = 1,
    AT_LENGTH = 2,
    AT_SYSTEM = 3,
    AT_FLAGS = 4,
    AT_FORMAT = 5,
    AT_SEQUENCE = 6,
    AT_EPOCH = 8,
    AT_TEMPERATURE = 10,
    AT_SAMPLES = 12,
    AT_ACTIVE = 20,
    AT_REACTIVE = 28,
    AT_VOLTAGE = 36,
    AT_CURRENT = 44,
    AT_WINDOW_SAMPLES = 52,
    AT_V1_RE = 56,
    AT_V1_IM = 60,
    AT_I1_RE = 64,
    AT_I1_IM = 68,
    AT_FREQUENCY = 72,
    AT_CRC = 76,
};
/** Bytes that tell a frame's beginning from something else before its CRC is there. */
#define HEAD_BYTES 6u

/* Little endian, in one store for certain where the machine is so: of bytes that they know
   compilers make several. */
static void put(uint8_t *at, const void *word, size_t n_bytes)
{
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
        memcpy(at, word, n_bytes);
        return;
    }
    const uint8_t *from = word;
    for (size_t i = 0; i < n_bytes; i++) {
        at[i] = from[n_bytes - 1u - i];
    }
}

static void put32(uint8_t *at, uint32_t value)
{
    put(at, &value, sizeof value);
}

static void put64(uint8_t *at, uint64_t value)
{
    put(at, &value, sizeof value);
}

/** The word of eight whose first four bytes are those of one, and its last those of the other. */
static uint64_t joined(uint32_t first, uint32_t last)
{
    return first | (uint64_t)last << 32;
}

static uint16_t take16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t take32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t take64(const uint8_t *at)
{
    return take32(at) | (uint64_t)take32(at + 4) << 32;
}

size_t bus_frame_encode(const struct bus_frame *frame, uint8_t *bytes)
{
    /* The small fields are joined to words of eight: the CRC reads such words, and one that is read
       back while its parts are still being written waits for them. */
    put64(bytes + AT_SYNC_0,
          joined(BUS_FRAME_SYNC_0 | BUS_FRAME_SYNC_1 << 8 | BUS_FRAME_BYTES << 16 |
                     (uint32_t)frame->system << 24,
                 frame->flags | BUS_FRAME_FORMAT << 8 | (uint32_t)frame->sequence << 16));
    put32(bytes + AT_EPOCH, frame->epoch | (uint32_t)(uint16_t)frame->temperature_cc << 16);
    put64(bytes + AT_SAMPLES, frame->samples);
    put64(bytes + AT_ACTIVE, (uint64_t)frame->active);
    put64(bytes + AT_REACTIVE, (uint64_t)frame->reactive);
    put64(bytes + AT_VOLTAGE, frame->voltage);
    put64(bytes + AT_CURRENT, frame->current);
    put64(bytes + AT_WINDOW_SAMPLES, joined(frame->window_samples, (uint32_t)frame->v1_re));
    put64(bytes + AT_V1_IM, joined((uint32_t)frame->v1_im, (uint32_t)frame->i1_re));
    put64(bytes + AT_I1_IM, joined((uint32_t)frame->i1_im, frame->frequency_uhz));
    put32(bytes + AT_CRC, legal_crc32(bytes, AT_CRC));
    return BUS_FRAME_BYTES;
}

/** Could these bytes be the beginning of a frame?  True as well for none at all. */
static bool begins_like_frame(const uint8_t *bytes, size_t n_bytes)
{
    return (n_bytes < 1 || bytes[AT_SYNC_0] == BUS_FRAME_SYNC_0) &&
           (n_bytes < 2 || bytes[AT_SYNC_1] == BUS_FRAME_SYNC_1) &&
           (n_bytes < 3 || bytes[AT_LENGTH] == BUS_FRAME_BYTES) &&
           (n_bytes < 4 || (bytes[AT_SYSTEM] >= 1 && bytes[AT_SYSTEM] <= BUS_FRAME_SYSTEMS)) &&
           (n_bytes < 6 || bytes[AT_FORMAT] == BUS_FRAME_FORMAT);
}

bool bus_frame_decode(const uint8_t *bytes, size_t n_bytes, struct bus_frame *frame)
{
    if (n_bytes < BUS_FRAME_BYTES || !begins_like_frame(bytes, n_bytes) ||
        take32(bytes + AT_CRC) != legal_crc32(bytes, AT_CRC)) {
        return false;
    }
    frame->system = bytes[AT_SYSTEM];
    frame->flags = bytes[AT_FLAGS];
    frame->sequence = take16(bytes + AT_SEQUENCE);
    frame->epoch = take16(bytes + AT_EPOCH);
    frame->temperature_cc = (int16_t)take16(bytes + AT_TEMPERATURE);
    frame->samples = take64(bytes + AT_SAMPLES);
    frame->active = (int64_t)take64(bytes + AT_ACTIVE);
    frame->reactive = (int64_t)take64(bytes + AT_REACTIVE);
    frame->voltage = take64(bytes + AT_VOLTAGE);
    frame->current = take64(bytes + AT_CURRENT);
    frame->window_samples = take32(bytes + AT_WINDOW_SAMPLES);
    frame->v1_re = (int32_t)take32(bytes + AT_V1_RE);
    frame->v1_im = (int32_t)take32(bytes + AT_V1_IM);
    frame->i1_re = (int32_t)take32(bytes + AT_I1_RE);
    frame->i1_im = (int32_t)take32(bytes + AT_I1_IM);
    frame->frequency_uhz = take32(bytes + AT_FREQUENCY);
    return true;
}

void bus_receiver_start(struct bus_receiver *receiver)
{
    memset(receiver, 0, sizeof *receiver);
}

/** A good frame is delivered; what comes next is expected to be a frame again. */
static void count_good(struct bus_receiver *receiver)
{
    receiver->n_bytes = 0;
    receiver->lost_sync = false;
    receiver->n_good++;
}

/** Drops bytes in front until the rest begins like a frame; a run of garbage counts once. */
static void resynchronise(struct bus_receiver *receiver)
{
    unsigned skip = 0;
    do {
        skip++;
    } while (!begins_like_frame(receiver->bytes + skip, receiver->n_bytes - skip));
    receiver->n_bytes = (uint8_t)(receiver->n_bytes - skip);
    memmove(receiver->bytes, receiver->bytes + skip, receiver->n_bytes);
    if (!receiver->lost_sync) {
        receiver->lost_sync = true;
        receiver->n_damaged++;
    }
}

bool bus_receiver_byte(struct bus_receiver *receiver, uint8_t byte, struct bus_frame *frame)
{
    receiver->bytes[receiver->n_bytes++] = byte;
    if (receiver->n_bytes <= HEAD_BYTES && !begins_like_frame(receiver->bytes, receiver->n_bytes)) {
        resynchronise(receiver);
        return false;
    }
    if (receiver->n_bytes < BUS_FRAME_BYTES) {
        return false;
    }
    if (!bus_frame_decode(receiver->bytes, BUS_FRAME_BYTES, frame)) {
        resynchronise(receiver);
        return false;
    }
    count_good(receiver);
    return true;
}

size_t bus_receiver_bytes(struct bus_receiver *receiver, const uint8_t *bytes, size_t n_bytes,
                          struct bus_frame *frame, bool *got)
{
    *got = false;
    size_t n = 0;
    while (n < n_bytes && !*got) {
        /* A whole good frame in one piece is the rule, and needs no copy. */
        if (receiver->n_bytes == 0 && bus_frame_decode(bytes + n, n_bytes - n, frame)) {
            count_good(receiver);
            *got = true;
            n += BUS_FRAME_BYTES;
        } else {
            *got = bus_receiver_byte(receiver, bytes[n++], frame);
        }
    }
    return n;
}
