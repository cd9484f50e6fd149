/*
 * A fixed run through a measuring system, made with integers only, and the CRC-32 over all its
 * frames: the same bits on Linux and on a Cortex-M, or the kernel is not the one that was tested.
 *
 * Needs legal/include and nothing else; eight seconds of samples.  Used by test_signal_golden.c and
 * by the Cortex-M self-test.
 */
#ifndef OPEN382_TESTS_SIGNAL_GOLDEN_H
#define OPEN382_TESTS_SIGNAL_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measuring_system.h"

#define SIGNAL_GOLDEN_SAMPLES 64000u
#define SIGNAL_GOLDEN_BLOCK   61u
#define SIGNAL_GOLDEN_CRC     UINT32_C(0x531E1FBC)

/** An integer resonator: a sine of any amplitude without floating point. */
struct signal_golden_wave {
    int32_t now, before;
    int32_t two_cos_q30; /**< 2 cos(w) - 1, 2^30 = one */
};

struct signal_golden {
    struct signal_golden_wave voltage, current, third;
    uint32_t noise;
    uint32_t n;
};

static inline uint32_t signal_golden_crc(uint32_t crc, const uint8_t *bytes, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        crc ^= bytes[k];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (UINT32_C(0xEDB88320) & (0u - (crc & 1u)));
        }
    }
    return crc;
}

static inline int32_t signal_golden_next(struct signal_golden_wave *wave)
{
    const int64_t turned = (int64_t)wave->two_cos_q30 * wave->now;
    const int32_t next = (int32_t)(wave->now + (turned >> 30) - wave->before);
    wave->before = wave->now;
    wave->now = next;
    return next;
}

static inline int32_t signal_golden_noise(struct signal_golden *run, unsigned bits)
{
    run->noise = run->noise * UINT32_C(1664525) + UINT32_C(1013904223);
    return (int32_t)(run->noise >> (32u - bits)) - (int32_t)(UINT32_C(1) << (bits - 1u));
}

/** A life in eight seconds: start, load, another frequency, dip, overload, direct current, silence.
 */
static inline void signal_golden_sample(struct signal_golden *run, int32_t *v, int32_t *i)
{
    const uint32_t second = run->n / 8000u;
    const uint32_t within = run->n % 8000u;
    run->n++;
    /* 2 cos(w) - 1 at 50 Hz, from the fourth second at 51 Hz, times 2^30 */
    run->voltage.two_cos_q30 = second < 3 ? 1072086192 : 1072019313;
    run->current.two_cos_q30 = run->voltage.two_cos_q30;
    run->third.two_cos_q30 = 1058856449;
    *v = signal_golden_next(&run->voltage) + signal_golden_noise(run, 8) + 2000;
    *i = signal_golden_next(&run->current) + signal_golden_next(&run->third) +
         signal_golden_noise(run, 10);
    if (second == 4 && within < 2500) {
        *v /= 16;
    }
    if (second == 5 && within < 80) {
        *i *= 1000;
    }
    if (second == 6) {
        *i += 400000;
    }
    if (second == 7 && within < 4000) {
        *v = signal_golden_noise(run, 12);
    }
}

/** The whole run.  Returns the CRC-32 over all frames; *n_frames counts them. */
static inline uint32_t signal_golden_run(struct measuring_system *system, uint32_t *n_frames)
{
    struct signal_golden run = {.voltage = {3900000, 3896993, 0},
                                .current = {200000, 190000, 0},
                                .third = {30000, 20000, 0},
                                .noise = 382};
    struct measuring_setup setup;
    measuring_setup_neutral(&setup, 2);
    static const int32_t taps_q28[MEASURING_FIR_TAPS] = {-1500000, 6000000,  -21000000, 262000000,
                                                         29000000, -7000000, 1800000,   -200000};
    for (unsigned k = 0; k < MEASURING_FIR_TAPS; k++) {
        setup.voltage_fir_q28[k] = taps_q28[k];
    }
    measuring_system_start(system, &setup, 382);
    measuring_system_temperature(system, 2345);
    uint32_t crc = UINT32_MAX;
    *n_frames = 0;
    while (run.n < SIGNAL_GOLDEN_SAMPLES) {
        int32_t v[SIGNAL_GOLDEN_BLOCK];
        int32_t i[SIGNAL_GOLDEN_BLOCK];
        for (size_t k = 0; k < SIGNAL_GOLDEN_BLOCK; k++) {
            signal_golden_sample(&run, &v[k], &i[k]);
        }
        for (size_t at = 0; at < SIGNAL_GOLDEN_BLOCK;) {
            bool closed;
            at +=
                measuring_system_samples(system, v + at, i + at, SIGNAL_GOLDEN_BLOCK - at, &closed);
            if (closed) {
                uint8_t frame[MEASURING_FRAME_BYTES_MAX];
                /* Without the frame's own check: a CRC over data and their CRC is a constant. */
                const size_t n = measuring_system_frame(system, frame) - 4u;
                crc = signal_golden_crc(crc, frame, n);
                ++*n_frames;
            }
        }
    }
    return ~crc;
}

#endif
