#include "radio_demodulator.h"

#include <math.h>
#include <string.h>

#define MIDDLE        127.5f
#define TURN          6.28318530717958647692
#define STEP_HZ       13e3  /* between two thresholds */
#define PULL          0.12f /* of a clock by an edge, of how far it is off */
#define FULL_SCALE    (127.5 * 127.5)
#define SAME_WITHIN_S 0.002 /* a telegram that several slicers hear */

void radio_demodulator_init(struct radio_demodulator *demodulator, unsigned rate)
{
    memset(demodulator, 0, sizeof *demodulator);
    demodulator->rate = rate;
    demodulator->n_chip = (rate + WMBUS_CHIP_RATE / 2u) / WMBUS_CHIP_RATE;
    for (unsigned i = 0; i < RADIO_SLICERS; i++) {
        struct radio_slicer *slicer = &demodulator->slicer[i];
        const double off_hz = ((double)i - (RADIO_SLICERS - 1u) / 2.0) * STEP_HZ;
        slicer->threshold = (float)(TURN * off_hz / rate * demodulator->n_chip);
        wmbus_receiver_init(&slicer->receiver);
    }
}

/* The turn from sample to sample, summed over a chip. */
static void filter(struct radio_demodulator *demodulator, float i, float q)
{
    const float turn = atan2f(q * demodulator->last_i - i * demodulator->last_q,
                              i * demodulator->last_i + q * demodulator->last_q);
    const unsigned at = demodulator->at;
    demodulator->turn_sum += turn - demodulator->turn[at];
    demodulator->power_sum += i * i + q * q - demodulator->power[at];
    demodulator->turn[at] = turn;
    demodulator->power[at] = i * i + q * q;
    demodulator->at = at + 1u < demodulator->n_chip ? at + 1u : 0;
    demodulator->last_i = i;
    demodulator->last_q = q;
    demodulator->n_samples++;
    if (demodulator->at == 0) { /* what rounding has left does not grow */
        demodulator->turn_sum = demodulator->power_sum = 0.0f;
        for (unsigned k = 0; k < demodulator->n_chip; k++) {
            demodulator->turn_sum += demodulator->turn[k];
            demodulator->power_sum += demodulator->power[k];
        }
    }
}

/* @return false: another slicer has just given it */
static bool is_news(struct radio_demodulator *demodulator, const struct wmbus_heard *heard)
{
    const struct wmbus_heard *given = &demodulator->given;
    const bool same = given->n_octets == heard->n_octets && given->mode == heard->mode &&
                      memcmp(given->octets, heard->octets, heard->n_octets) == 0 &&
                      (double)(demodulator->n_samples - demodulator->given_at) <
                          SAME_WITHIN_S * demodulator->rate;
    demodulator->given = *heard;
    demodulator->given_at = demodulator->n_samples;
    return !same;
}

/* @return true: a telegram is complete, in *heard */
static bool slice(struct radio_slicer *slicer, float sum, float step, struct wmbus_heard *heard)
{
    const bool high = sum > slicer->threshold;
    if (high != slicer->high) { /* half a chip before the middle of what is summed */
        slicer->high = high;
        slicer->phase -= (slicer->phase - 0.5f) * PULL;
    }
    slicer->phase += step;
    if (slicer->phase < 1.0f) {
        return false;
    }
    slicer->phase -= 1.0f;
    return wmbus_receiver_chip(&slicer->receiver, high ? 1u : 0u, heard);
}

void radio_demodulator_hear(
    struct radio_demodulator *demodulator, const uint8_t *pairs, size_t n_pairs,
    void (*take)(void *context, const struct wmbus_heard *heard, double level_dbfs), void *context)
{
    const float step = (float)WMBUS_CHIP_RATE / (float)demodulator->rate;
    struct wmbus_heard heard;
    for (size_t n = 0; n < n_pairs; n++) {
        filter(demodulator, (float)pairs[2 * n] - MIDDLE, (float)pairs[2 * n + 1] - MIDDLE);
        for (unsigned i = 0; i < RADIO_SLICERS; i++) {
            if (slice(&demodulator->slicer[i], demodulator->turn_sum, step, &heard) &&
                is_news(demodulator, &heard)) {
                const double power = (double)demodulator->power_sum / demodulator->n_chip;
                take(context, &heard, 10.0 * log10(power / FULL_SCALE + 1e-9));
            }
        }
    }
}
