#include "bus/bus_frame.h"

#include <string.h>

#include "bus/legal_crc.h"

#define CRC_OFFSET (BUS_FRAME_BYTES - 4u)

/** Writes little endian and moves on. */
static void put(uint8_t **at, uint64_t value, unsigned n_bytes)
{
    for (unsigned i = 0; i < n_bytes; i++) {
        *(*at)++ = (uint8_t)(value >> 8 * i);
    }
}

/** Reads little endian and moves on. */
static uint64_t take(const uint8_t **at, unsigned n_bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < n_bytes; i++) {
        value |= (uint64_t) * (*at)++ << 8 * i;
    }
    return value;
}

size_t bus_frame_encode(const struct bus_frame *frame, uint8_t *bytes)
{
    uint8_t *at = bytes;
    put(&at, BUS_FRAME_SYNC_0, 1);
    put(&at, BUS_FRAME_SYNC_1, 1);
    put(&at, BUS_FRAME_BYTES, 1);
    put(&at, frame->system, 1);
    put(&at, frame->flags, 1);
    put(&at, BUS_FRAME_FORMAT, 1);
    put(&at, frame->sequence, 2);
    put(&at, frame->epoch, 2);
    put(&at, (uint16_t)frame->temperature_cc, 2);
    put(&at, frame->samples, 8);
    put(&at, (uint64_t)frame->active, 8);
    put(&at, (uint64_t)frame->reactive, 8);
    put(&at, frame->voltage, 8);
    put(&at, frame->current, 8);
    put(&at, frame->window_samples, 4);
    put(&at, (uint32_t)frame->v1_re, 4);
    put(&at, (uint32_t)frame->v1_im, 4);
    put(&at, (uint32_t)frame->i1_re, 4);
    put(&at, (uint32_t)frame->i1_im, 4);
    put(&at, frame->frequency_uhz, 4);
    put(&at, legal_crc32(bytes, CRC_OFFSET), 4);
    return BUS_FRAME_BYTES;
}

/** Could these bytes be the beginning of a frame?  Only what stands before the CRC is looked at. */
static bool begins_like_frame(const uint8_t *bytes, size_t n_bytes)
{
    return (n_bytes < 1 || bytes[0] == BUS_FRAME_SYNC_0) &&
           (n_bytes < 2 || bytes[1] == BUS_FRAME_SYNC_1) &&
           (n_bytes < 3 || bytes[2] == BUS_FRAME_BYTES) &&
           (n_bytes < 4 || (bytes[3] >= 1 && bytes[3] <= BUS_FRAME_SYSTEMS)) &&
           (n_bytes < 6 || bytes[5] == BUS_FRAME_FORMAT);
}

static bool crc_right(const uint8_t *bytes)
{
    const uint8_t *at = bytes + CRC_OFFSET;
    return take(&at, 4) == legal_crc32(bytes, CRC_OFFSET);
}

bool bus_frame_decode(const uint8_t *bytes, size_t n_bytes, struct bus_frame *frame)
{
    if (n_bytes < BUS_FRAME_BYTES || !begins_like_frame(bytes, n_bytes) || !crc_right(bytes)) {
        return false;
    }
    const uint8_t *at = bytes + 3;
    frame->system = (uint8_t)take(&at, 1);
    frame->flags = (uint8_t)take(&at, 1);
    (void)take(&at, 1);
    frame->sequence = (uint16_t)take(&at, 2);
    frame->epoch = (uint16_t)take(&at, 2);
    frame->temperature_cc = (int16_t)take(&at, 2);
    frame->samples = take(&at, 8);
    frame->active = (int64_t)take(&at, 8);
    frame->reactive = (int64_t)take(&at, 8);
    frame->voltage = take(&at, 8);
    frame->current = take(&at, 8);
    frame->window_samples = (uint32_t)take(&at, 4);
    frame->v1_re = (int32_t)take(&at, 4);
    frame->v1_im = (int32_t)take(&at, 4);
    frame->i1_re = (int32_t)take(&at, 4);
    frame->i1_im = (int32_t)take(&at, 4);
    frame->frequency_uhz = (uint32_t)take(&at, 4);
    return true;
}

void bus_receiver_start(struct bus_receiver *receiver)
{
    memset(receiver, 0, sizeof *receiver);
}

/** Drops bytes from the front until the rest begins like a frame; one run of garbage counts once. */
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
    if (receiver->n_bytes <= 6 && !begins_like_frame(receiver->bytes, receiver->n_bytes)) {
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
    receiver->n_bytes = 0;
    receiver->lost_sync = false;
    receiver->n_good++;
    return true;
}

size_t bus_receiver_bytes(struct bus_receiver *receiver, const uint8_t *bytes, size_t n_bytes,
                          struct bus_frame *frame, bool *got)
{
    *got = false;
    size_t n = 0;
    while (n < n_bytes && !*got) {
        *got = bus_receiver_byte(receiver, bytes[n++], frame);
    }
    return n;
}
