#include "wmbus_receiver.h"

#include <string.h>

#define SYNC        0x543Du /* the last 16 chips of preamble and sync word */
#define SYNC_OCTETS 2u
#define PREAMBLE    0x55u
#define C1_FIRST    0x54u /* no beginning in 3-of-6 code */
#define C1_A        0xCDu
#define C1_B        0x3Du

#define CODE_CHIPS  12u /* of an octet in 3-of-6 code */
#define OCTET_CHIPS 8u
#define C1_CHIPS    16u /* behind the sync word: format */
#define BLOCK_1     12u /* octets of the first block of format A with its checksum */
#define TAIL_CHIPS  4u

int wmbus_chips(enum wmbus_mode mode, enum wmbus_format format, const uint8_t *telegram,
                size_t n_telegram, uint8_t chips[WMBUS_CHIPS_OCTETS], size_t *n_chips)
{
    memset(chips, PREAMBLE, WMBUS_CHIPS_OCTETS);
    int n =
        wmbus_transmit(mode, format, telegram, n_telegram, chips + WMBUS_PREAMBLE, WMBUS_CODED_MAX);
    if (n < 0) {
        return n;
    }
    *n_chips = (WMBUS_PREAMBLE + (size_t)n) * 8u + TAIL_CHIPS;
    return MBUS_OK;
}

/* ---- chips that are kept ---- */

static unsigned chip_at(const struct wmbus_receiver *receiver, size_t i)
{
    return wmbus_chip_of(receiver->sent + SYNC_OCTETS, i);
}

static void chip_put(struct wmbus_receiver *receiver, size_t i, unsigned chip)
{
    uint8_t *octet = &receiver->sent[SYNC_OCTETS + i / 8u];
    const uint8_t bit = (uint8_t)(0x80u >> i % 8u);
    *octet = chip != 0 ? (uint8_t)(*octet | bit) : (uint8_t)(*octet & ~(unsigned)bit);
}

static void drop(struct wmbus_receiver *receiver, size_t n_dropped)
{
    for (size_t i = n_dropped; i < receiver->n_chips; i++) {
        chip_put(receiver, i - n_dropped, chip_at(receiver, i));
    }
    receiver->n_chips -= n_dropped;
}

/* ---- what stands behind a sync word ---- */

enum verdict { MORE, NO_FRAME, BROKEN, TELEGRAM };

/* Octets on the air of a telegram with this L.  @return 0: there is none so short. */
static size_t octets_of(enum wmbus_format format, uint8_t length)
{
    const size_t n = length + 1u, block = 16, checksum = 2;
    if (format == WMBUS_FORMAT_B) {
        return n >= WMBUS_TELEGRAM_MIN + checksum ? n : 0;
    }
    return n < WMBUS_TELEGRAM_MIN
               ? 0
               : n + checksum + (n - WMBUS_TELEGRAM_MIN + block) / block * checksum;
}

static bool wants(struct wmbus_receiver *receiver, size_t n_chips)
{
    receiver->n_wanted = n_chips;
    return receiver->n_chips < n_chips;
}

static enum verdict judge_whole(struct wmbus_receiver *receiver, struct wmbus_heard *heard)
{
    const int n = wmbus_receive(receiver->sent, SYNC_OCTETS + (receiver->n_wanted + 7u) / 8u,
                                &heard->mode, &heard->format, heard->octets);
    heard->n_octets = n > 0 ? (size_t)n : 0;
    return n > 0 ? TELEGRAM : BROKEN;
}

/* Block 1 is checked alone, so that a length that noise made is not waited for. */
static bool block_1_good(const uint8_t *air)
{
    return wmbus_crc(air, BLOCK_1 - 2u) == (air[BLOCK_1 - 2u] << 8 | air[BLOCK_1 - 1u]);
}

static enum verdict judge_t1(struct wmbus_receiver *receiver, struct wmbus_heard *heard)
{
    uint8_t air[BLOCK_1 + 1u];
    size_t n = wmbus_three_of_six_decode(receiver->sent + SYNC_OCTETS, 2, air, 1);
    const size_t n_octets = n == 1 ? octets_of(WMBUS_FORMAT_A, air[0]) : 0;
    if (n_octets == 0) {
        return NO_FRAME;
    }
    if (wants(receiver, BLOCK_1 * CODE_CHIPS)) {
        return MORE;
    }
    n = wmbus_three_of_six_decode(receiver->sent + SYNC_OCTETS, BLOCK_1 * CODE_CHIPS / 8u, air,
                                  BLOCK_1);
    if (n < BLOCK_1 || !block_1_good(air)) {
        return NO_FRAME;
    }
    return wants(receiver, n_octets * CODE_CHIPS) ? MORE : judge_whole(receiver, heard);
}

static enum verdict judge_c1(struct wmbus_receiver *receiver, struct wmbus_heard *heard)
{
    const uint8_t *air = receiver->sent + SYNC_OCTETS + C1_CHIPS / 8u;
    const enum wmbus_format format = air[-1] == C1_B ? WMBUS_FORMAT_B : WMBUS_FORMAT_A;
    if (wants(receiver, C1_CHIPS + OCTET_CHIPS)) {
        return MORE;
    }
    const size_t n_octets = octets_of(format, air[0]);
    if (n_octets == 0) {
        return NO_FRAME;
    }
    if (format == WMBUS_FORMAT_A) {
        if (wants(receiver, C1_CHIPS + BLOCK_1 * OCTET_CHIPS)) {
            return MORE;
        }
        if (!block_1_good(air)) {
            return NO_FRAME;
        }
    }
    return wants(receiver, C1_CHIPS + n_octets * OCTET_CHIPS) ? MORE : judge_whole(receiver, heard);
}

static enum verdict judge(struct wmbus_receiver *receiver, struct wmbus_heard *heard)
{
    const uint8_t *behind = receiver->sent + SYNC_OCTETS;
    if (wants(receiver, C1_CHIPS)) {
        return MORE;
    }
    return behind[0] == C1_FIRST && (behind[1] == C1_A || behind[1] == C1_B)
               ? judge_c1(receiver, heard)
               : judge_t1(receiver, heard);
}

/* ---- the stream ---- */

void wmbus_receiver_init(struct wmbus_receiver *receiver)
{
    *receiver = (struct wmbus_receiver){.sent = {SYNC >> 8, SYNC & 0xFFu}};
}

/* Hunt through what is kept.  @return false: no sync word in it, and it is forgotten. */
static bool hunt(struct wmbus_receiver *receiver)
{
    for (size_t i = 0; i < receiver->n_chips; i++) {
        receiver->last = (uint16_t)((unsigned)receiver->last << 1 | chip_at(receiver, i));
        if (receiver->last == SYNC) {
            drop(receiver, i + 1u);
            receiver->synced = true;
            return true;
        }
    }
    receiver->n_chips = 0;
    return false;
}

static bool settle(struct wmbus_receiver *receiver, struct wmbus_heard *heard)
{
    while (receiver->synced || hunt(receiver)) {
        const enum verdict verdict = judge(receiver, heard);
        if (verdict == MORE) {
            return false;
        }
        receiver->synced = false;
        receiver->last = SYNC;
        if (verdict == TELEGRAM) {
            receiver->n_telegrams++;
            receiver->last = 0;
            drop(receiver, receiver->n_wanted);
            return true;
        }
        *(verdict == BROKEN ? &receiver->n_bad : &receiver->n_false) += 1u;
    }
    return false;
}

bool wmbus_receiver_chip(struct wmbus_receiver *receiver, unsigned chip, struct wmbus_heard *heard)
{
    if (!receiver->synced && receiver->n_chips == 0) {
        receiver->last = (uint16_t)((unsigned)receiver->last << 1 | (chip & 1u));
        receiver->synced = receiver->last == SYNC;
        receiver->n_wanted = C1_CHIPS;
        return false;
    }
    chip_put(receiver, receiver->n_chips++, chip & 1u);
    return (!receiver->synced || receiver->n_chips >= receiver->n_wanted) &&
           settle(receiver, heard);
}

bool wmbus_receiver_end(struct wmbus_receiver *receiver, struct wmbus_heard *heard)
{
    while (receiver->synced || receiver->n_chips > 0) {
        if (receiver->synced) {
            receiver->synced = false;
            receiver->last = SYNC;
            receiver->n_bad += receiver->n_wanted > C1_CHIPS;
        }
        if (settle(receiver, heard)) {
            return true;
        }
    }
    receiver->last = 0;
    return false;
}
