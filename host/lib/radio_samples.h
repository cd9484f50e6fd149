/**
 * Bursts as a software radio would have recorded them: 2-FSK in 8-bit I and Q, the "cu8" that
 * rtl_433 and other programs read from a file.
 */
#ifndef OPEN382_HOST_RADIO_SAMPLES_H
#define OPEN382_HOST_RADIO_SAMPLES_H

#include <stdio.h>

#include "radio_channel.h"

/** Samples a second: 12 for each chip. */
#define RADIO_SAMPLE_RATE 1200000u

struct radio_samples {
    FILE *file;
    double phase; /**< of the carrier, in turns */
    uint64_t random;
    unsigned long n_samples;
};

/** The file stays the caller's. */
void radio_samples_init(struct radio_samples *samples, FILE *file);

/**
 * One reception between two pauses of noise: deviation 50 kHz in T1, 45 kHz in C1, a one is the
 * higher frequency; as loud as its level over the receiver's noise, at most near full scale.
 * @return false: the file could not be written
 */
bool radio_samples_write(struct radio_samples *samples, const struct radio_reception *reception,
                         double noise_dbm);

#endif
