/**
 * What a receiver gets of the bursts on its medium: distance, fading, noise, lost bursts, and
 * bursts that overlap.
 *
 * Everything that is chance comes from a seed, the sender and the instant, so that the same bursts
 * give the same chips again, in whatever order they are looked at.  No clock is read.
 *
 *  - Level: radiated power less a loss that is the sender's own (50 to 90 dB), less fading of the
 *    burst (up to 3 dB).
 *  - Noise: a chip is wrong with the probability 1/2 exp(-S/2N), as of a non-coherent FSK receiver.
 *  - Overlap: where another burst is on the air that is not weaker by the capture ratio, chips are
 *    worth no more than a coin.  One that is weaker by it does no harm.
 */
#ifndef OPEN382_HOST_RADIO_CHANNEL_H
#define OPEN382_HOST_RADIO_CHANNEL_H

#include "radio_medium.h"

#define RADIO_CHANNEL_BURSTS 64u /**< on the air at a time, or not given out yet */
/** Chips of noise before and behind a burst that the receiver gets. */
#define RADIO_CHANNEL_MARGIN 32u
#define RADIO_CHANNEL_CHIPS  (8u * WMBUS_CHIPS_OCTETS + 2u * RADIO_CHANNEL_MARGIN)

struct radio_channel_setup {
    double loss;       /**< share of bursts that are not heard at all, 0 .. 1 */
    double errors;     /**< share of chips that are wrong besides the noise, 0 .. 0.5 */
    double noise_dbm;  /**< at the receiver's input */
    double capture_db; /**< a burst so much stronger suppresses the other */
    uint64_t seed;
};

/** loss and errors 0, noise -107 dBm (100 kHz and a noise figure of 17 dB), capture 8 dB, seed 1 */
extern const struct radio_channel_setup radio_channel_usual;

/**
 * Take one ",loss=0.1" behind a medium's name.
 * @return false: no such member, or a value out of range
 */
bool radio_channel_take(struct radio_channel_setup *setup, const char *text);

struct radio_reception {
    uint64_t sender;
    int64_t begin_us;
    uint8_t mode;
    double rssi_dbm;
    bool overlapped; /**< another burst was on the air that could not be suppressed */
    size_t n_chips;
    uint8_t chips[(RADIO_CHANNEL_CHIPS + 7u) / 8u];
};

struct radio_channel {
    struct radio_channel_setup setup;
    unsigned long n_bursts, n_lost, n_overlapped;
    size_t n_kept;
    struct kept {
        struct radio_burst burst;
        double rssi_dbm;
        bool given;
    } kept[RADIO_CHANNEL_BURSTS];
};

void radio_channel_init(struct radio_channel *channel, const struct radio_channel_setup *setup);

/** A burst begins; they may come out of order by as much as the caller waits before it asks. */
void radio_channel_burst(struct radio_channel *channel, const struct radio_burst *burst);

/**
 * The next burst that was over at this instant, as the receiver got it.
 * @return false: none; *next_us is when the next one will be over, INT64_MAX: none is on the air
 */
bool radio_channel_next(struct radio_channel *channel, int64_t over_us,
                        struct radio_reception *reception, int64_t *next_us);

/** Put the chips of a reception through a receiver; take is called for each telegram. */
void radio_reception_hear(const struct radio_reception *reception, struct wmbus_receiver *receiver,
                          void (*take)(void *context, const struct wmbus_heard *heard),
                          void *context);

#endif
