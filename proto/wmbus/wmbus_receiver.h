/**
 * Wireless M-Bus from chips: what a demodulator gives, one chip after the other, to telegrams; and
 * the chips of a telegram, as a transmitter keys them.
 *
 * The receiver hunts for the sync word in the stream, tells T1 from C1 by what follows it, knows
 * the end by the length, and checks every block.  What proves to be no frame is searched again from
 * the chip behind its sync word on, so that neither noise nor a broken frame hides the next one.
 * It allocates nothing and may be fed for ever.
 * Source: EN 13757-4 (modes T1 and C1, frame formats A and B), spec mbus.md 6.
 */
#ifndef OPEN382_WMBUS_RECEIVER_H
#define OPEN382_WMBUS_RECEIVER_H

#include "wmbus_frame.h"

/** Chips a second, both modes. */
#define WMBUS_CHIP_RATE 100000u
/** Octets 55h before the sync word: with what the sync word brings, 19 pairs "01". */
#define WMBUS_PREAMBLE 4u
/** Octets of the longest telegram in chips: preamble, sync word and frame, four chips behind. */
#define WMBUS_CHIPS_OCTETS (WMBUS_PREAMBLE + WMBUS_CODED_MAX + 1u)

/** Chip i of octets that hold the first one in their highest bit. */
static inline unsigned wmbus_chip_of(const uint8_t *chips, size_t i)
{
    return (unsigned)chips[i / 8u] >> (7u - i % 8u) & 1u;
}

/**
 * A telegram as chips, the first one in the highest bit of the first octet.
 * @param n_chips filled: how many
 * @return MBUS_OK, or what wmbus_transmit() refuses.
 */
int wmbus_chips(enum wmbus_mode mode, enum wmbus_format format, const uint8_t *telegram,
                size_t n_telegram, uint8_t chips[WMBUS_CHIPS_OCTETS], size_t *n_chips);

/** A telegram that was received whole. */
struct wmbus_heard {
    enum wmbus_mode mode;
    enum wmbus_format format;
    size_t n_octets;
    uint8_t octets[WMBUS_TELEGRAM_MAX];
};

struct wmbus_receiver {
    uint32_t n_telegrams;
    uint32_t n_false; /**< sync words with no frame behind them: noise */
    uint32_t n_bad;   /**< frames whose beginning was good and whose rest was not */
    /* its own */
    bool synced;
    uint16_t last;   /**< the last 16 chips while it hunts */
    size_t n_chips;  /**< kept behind the sync word; while it hunts: not searched yet */
    size_t n_wanted; /**< with so many it can say more */
    uint8_t sent[WMBUS_CODED_MAX + 1u];
};

void wmbus_receiver_init(struct wmbus_receiver *receiver);

/** @return true: a telegram is complete, in *heard. */
bool wmbus_receiver_chip(struct wmbus_receiver *receiver, unsigned chip, struct wmbus_heard *heard);

/**
 * The carrier is gone: what was begun does not go on.  Call it until it says false.
 * @return true: a telegram stood behind a sync word that was none, in *heard.
 */
bool wmbus_receiver_end(struct wmbus_receiver *receiver, struct wmbus_heard *heard);

#endif
