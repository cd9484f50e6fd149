/**
 * Samples of a software radio to telegrams: 2-FSK at 100 kchip/s in 8-bit I and Q, as an RTL-SDR
 * gives them and radio_samples.h writes them.
 *
 * The frequency between two samples, summed over a chip, is sliced at RADIO_SLICERS thresholds, so
 * that a transmitter may be off by some 40 kHz whatever its bits are (mode C is not whitened, and
 * has no mean that a threshold could follow); each slicer has a clock that follows its own edges,
 * and a receiver.  What several of them hear is given out once.
 */
#ifndef OPEN382_HOST_RADIO_DEMODULATOR_H
#define OPEN382_HOST_RADIO_DEMODULATOR_H

#include "../../proto/wmbus/wmbus_receiver.h"

#define RADIO_SLICERS  7u
#define RADIO_RATE_MIN 600000u
#define RADIO_RATE_MAX 3200000u
#define RADIO_CHIP_MAX (RADIO_RATE_MAX / WMBUS_CHIP_RATE)

struct radio_demodulator {
    unsigned rate;                                     /**< samples a second */
    unsigned n_chip;                                   /**< samples that are summed: one chip's */
    float last_i, last_q;                              /**< the sample before */
    float turn[RADIO_CHIP_MAX], power[RADIO_CHIP_MAX]; /**< the last chip's */
    unsigned at;                                       /**< the oldest of them */
    float turn_sum, power_sum;
    uint64_t n_samples;
    struct radio_slicer {
        float threshold; /**< of turn_sum */
        float phase;     /**< of its clock, in chips */
        bool high;
        struct wmbus_receiver receiver;
    } slicer[RADIO_SLICERS];
    struct wmbus_heard given; /**< the last one */
    uint64_t given_at;
};

/** @param rate  RADIO_RATE_MIN .. RADIO_RATE_MAX samples a second */
void radio_demodulator_init(struct radio_demodulator *demodulator, unsigned rate);

/**
 * Pairs of I and Q, 0 .. 255 each.
 * @param take  called for each telegram; level_dbfs: of its last chip, below full scale
 */
void radio_demodulator_hear(
    struct radio_demodulator *demodulator, const uint8_t *pairs, size_t n_pairs,
    void (*take)(void *context, const struct wmbus_heard *heard, double level_dbfs), void *context);

#endif
