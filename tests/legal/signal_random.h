/*
 * Random lives of a measuring system, made with integers only: setups, amplitudes, frequencies,
 * harmonics, direct current, noise, clipping, codes beyond any ADC, dips, blocks of any size,
 * windows from outside.  The CRC-32 over all frames tells whether two builds of the kernel are the
 * same to the last bit.
 *
 * Needs legal/include and signal_golden.h.  Used by tests and by bench/cortex.
 */
#ifndef OPEN382_TESTS_SIGNAL_RANDOM_H
#define OPEN382_TESTS_SIGNAL_RANDOM_H

#include "tests/legal/signal_golden.h"

#define SIGNAL_RANDOM_BLOCK 200u

struct signal_random {
    uint64_t state;
    struct signal_golden_wave voltage, current, harmonic;
    int32_t v_dc, i_dc;
    int32_t v_times, i_times; /* 1; more: clips */
    unsigned v_noise_bits, i_noise_bits;
    bool no_voltage, wild;
    uint32_t left; /* samples of this scene */
};

static inline uint32_t signal_random_draw(struct signal_random *run, uint32_t limit)
{
    run->state = run->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(run->state >> 33) % limit;
}

static inline int32_t signal_random_between(struct signal_random *run, int32_t low, int32_t high)
{
    return low + (int32_t)signal_random_draw(run, (uint32_t)(high - low) + 1u);
}

/** A wave of this peak (below 2^29) and frequency (0 .. 400 Hz); 2 cos(w) - 1 from its series. */
static inline struct signal_golden_wave signal_random_wave(int32_t peak, uint32_t mhz)
{
    const int64_t w_q30 = (int64_t)mhz * 843315 / 1000; /* 2 pi / 8000 Hz / 1000 * 2^30 */
    const int64_t ww = w_q30 * w_q30 >> 30;
    const int64_t cos_q30 = (INT64_C(1) << 30) - ww / 2 + (ww * ww >> 30) / 24;
    return (struct signal_golden_wave){.now = (int32_t)((peak * cos_q30) >> 30),
                                       .before = peak,
                                       .two_cos_q30 = (int32_t)(2 * cos_q30 - (1 << 30))};
}

static inline int32_t signal_random_peak(struct signal_random *run)
{
    return (int32_t)signal_random_draw(run, UINT32_C(1) << (8u + signal_random_draw(run, 16)));
}

/** What the mains does for the next 0 .. 2 s.  One draw a statement: their order is part of it. */
static inline void signal_random_scene(struct signal_random *run)
{
    const uint32_t mhz = 42000u + signal_random_draw(run, 27001);
    const uint32_t order = 2u + signal_random_draw(run, 4);
    const bool ordinary = signal_random_draw(run, 2) == 0;
    const int32_t usual = signal_random_between(run, 3000000, 4500000);
    const int32_t v_peak = signal_random_peak(run);
    const int32_t i_peak = signal_random_peak(run);
    const int32_t harmonic_peak = signal_random_peak(run) / 4;
    run->voltage = signal_random_wave(ordinary ? usual : v_peak, mhz);
    run->current = signal_random_wave(i_peak, mhz);
    run->harmonic = signal_random_wave(harmonic_peak, mhz * order);
    run->v_dc = ordinary ? signal_random_between(run, -3000, 3000) : signal_random_peak(run);
    run->i_dc = -signal_random_peak(run);
    run->v_times = signal_random_draw(run, 8) == 0 ? signal_random_between(run, 2, 60) : 1;
    run->i_times = signal_random_draw(run, 8) == 0 ? signal_random_between(run, 2, 60) : 1;
    run->v_noise_bits = 1u + signal_random_draw(run, 20);
    run->i_noise_bits = 1u + signal_random_draw(run, 20);
    run->no_voltage = signal_random_draw(run, 8) == 0;
    run->wild = signal_random_draw(run, 16) == 0;
    run->left = 1u + signal_random_draw(run, 16000);
}

static inline int32_t signal_random_noise(struct signal_random *run, unsigned bits)
{
    return (int32_t)signal_random_draw(run, UINT32_C(1) << bits) - (1 << (bits - 1u));
}

static inline void signal_random_sample(struct signal_random *run, int32_t *v, int32_t *i)
{
    if (run->left == 0) {
        signal_random_scene(run);
    }
    run->left--;
    *v = signal_golden_next(&run->voltage) * run->v_times + run->v_dc;
    *i = (signal_golden_next(&run->current) + signal_golden_next(&run->harmonic)) * run->i_times +
         run->i_dc;
    *v = run->no_voltage ? 0 : *v;
    *v += signal_random_noise(run, run->v_noise_bits);
    *i += signal_random_noise(run, run->i_noise_bits);
    if (run->wild && signal_random_draw(run, 64) == 0) {
        *v = signal_random_draw(run, 2) == 0 ? INT32_MAX : INT32_MIN;
        *i = signal_random_draw(run, 2) == 0 ? MEASURING_FULL_SCALE_LSB : INT32_MIN;
    }
}

/** A measuring system with constants of any kind; one in eight is refused. */
static inline void signal_random_start(struct signal_random *run, struct measuring_system *system)
{
    struct measuring_setup setup;
    measuring_setup_neutral(&setup, (uint8_t)(1u + signal_random_draw(run, 3)));
    setup.current_delay_samples = (uint8_t)signal_random_draw(run, MEASURING_FIR_TAPS);
    const bool odd = signal_random_draw(run, 8) == 0;
    const int32_t size = odd ? 1 << 28 : (3 << 28) / (int32_t)MEASURING_FIR_TAPS;
    for (unsigned k = 0; k < MEASURING_FIR_TAPS && signal_random_draw(run, 16) != 0; k++) {
        setup.voltage_fir_q28[k] = signal_random_between(run, -size, size);
    }
    measuring_system_start(system, &setup, (uint16_t)signal_random_draw(run, 65536));
}

/** A window that comes from outside, within what a mains can do. */
static inline void signal_random_window(struct signal_random *run, struct measuring_system *system)
{
    struct measuring_window window = {.samples = signal_random_draw(run, 17000)};
    window.active_lsb2 = (int64_t)signal_random_draw(run, UINT32_C(1) << 30) * -262139;
    window.reactive_lsb2 = (int64_t)signal_random_draw(run, UINT32_C(1) << 30) * 131071;
    window.voltage_lsb2 = (uint64_t)signal_random_draw(run, UINT32_C(1) << 30) * 65521u;
    window.current_lsb2 = signal_random_draw(run, UINT32_C(1) << 30);
    window.frequency_uhz = signal_random_draw(run, 60000000);
    measuring_system_window(system, &window);
}

/** The frames that a block of samples brings, into the CRC. */
static inline uint32_t signal_random_block(struct signal_random *run,
                                           struct measuring_system *system, uint32_t crc, size_t n,
                                           uint32_t *n_frames)
{
    int32_t v[SIGNAL_RANDOM_BLOCK];
    int32_t i[SIGNAL_RANDOM_BLOCK];
    for (size_t k = 0; k < n; k++) {
        signal_random_sample(run, &v[k], &i[k]);
    }
    for (size_t at = 0; at < n;) {
        bool closed;
        at += measuring_system_samples(system, v + at, i + at, n - at, &closed);
        if (closed) {
            uint8_t frame[MEASURING_FRAME_BYTES_MAX];
            crc = signal_golden_crc(crc, frame, measuring_system_frame(system, frame) - 4u);
            ++*n_frames;
        }
    }
    return crc;
}

/** At least so many samples.  Returns the CRC-32 over all frames; *n_frames counts them. */
static inline uint32_t signal_random_run(struct measuring_system *system, uint64_t seed,
                                         uint64_t n_samples, uint32_t *n_frames)
{
    struct signal_random run = {.state = seed};
    uint32_t crc = UINT32_MAX;
    *n_frames = 0;
    signal_random_start(&run, system);
    for (uint64_t done = 0; done < n_samples;) {
        if (signal_random_draw(&run, 4000) == 0) {
            signal_random_start(&run, system);
        }
        if (signal_random_draw(&run, 4000) == 0) {
            signal_random_window(&run, system);
        }
        const size_t n = 1u + signal_random_draw(&run, SIGNAL_RANDOM_BLOCK);
        crc = signal_random_block(&run, system, crc, n, n_frames);
        done += n;
    }
    return ~crc;
}

#endif
