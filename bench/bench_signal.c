/*
 * How many three-phase meters one core measures in real time at waveform level.
 *
 * The samples lie ready in buffers (synthesis is not measured); everything from the ADC code to the
 * encoded bus frame is.  Prints one line per way in.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "measuring_system.h"

#define SYSTEMS   3u
#define SECONDS   10u
#define N_SAMPLES (SECONDS * MEASURING_SAMPLE_RATE_HZ)
#define REPEATS   20u
#define N_WINDOWS 5000000u

static double now_s(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/** 230 V and 5 A with some harmonics; 10 s at 50 Hz join without a step. */
static void synthesise(int32_t *v, int32_t *i)
{
    const double turn = 2 * acos(-1.0);
    for (size_t k = 0; k < N_SAMPLES; k++) {
        const double angle = turn * 50.0 * (double)k / MEASURING_SAMPLE_RATE_HZ;
        v[k] = (int32_t)lrint(3.9e6 * cos(angle) + 1e5 * cos(5 * angle));
        i[k] = (int32_t)lrint(2.4e5 * cos(angle - 0.5) + 5e4 * cos(3 * angle));
    }
}

static size_t meter_run(struct measuring_system *system, const int32_t *v, const int32_t *i,
                        size_t block)
{
    uint8_t frame[MEASURING_FRAME_BYTES_MAX];
    size_t n_bytes = 0;
    for (size_t k = 0; k < N_SAMPLES;) {
        bool closed;
        const size_t n = block < N_SAMPLES - k ? block : N_SAMPLES - k;
        k += measuring_system_samples(system, v + k, i + k, n, &closed);
        if (closed) {
            n_bytes += measuring_system_frame(system, frame);
        }
    }
    return n_bytes;
}

static void waveform(const char *name, size_t block, const int32_t *v, const int32_t *i)
{
    struct measuring_system system[SYSTEMS];
    struct measuring_setup setup;
    for (uint8_t s = 0; s < SYSTEMS; s++) {
        measuring_setup_neutral(&setup, (uint8_t)(s + 1));
        measuring_system_start(&system[s], &setup, 1);
    }
    size_t n_bytes = 0;
    const double start_s = now_s();
    for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
        n_bytes += meter_run(&system[repeat % SYSTEMS], v, i, block);
    }
    const double took_s = now_s() - start_s;
    const double pairs = (double)REPEATS * N_SAMPLES;
    printf("%-28s %8.1f ns a pair %10.0f three-phase meters in real time (%zu frame bytes)\n", name,
           took_s / pairs * 1e9, pairs / MEASURING_SAMPLE_RATE_HZ / took_s / SYSTEMS, n_bytes);
}

static void phasor_level(void)
{
    struct measuring_system system;
    struct measuring_setup setup;
    measuring_setup_neutral(&setup, 1);
    measuring_system_start(&system, &setup, 1);
    struct measuring_window window = {.samples = 8000, .frequency_uhz = 50000000};
    uint8_t frame[MEASURING_FRAME_BYTES_MAX];
    size_t n_bytes = 0;
    const double start_s = now_s();
    for (uint32_t k = 0; k < N_WINDOWS; k++) {
        window.active_lsb2 = INT64_C(1234567890123) + k;
        measuring_system_window(&system, &window);
        n_bytes += measuring_system_frame(&system, frame);
    }
    const double took_s = now_s() - start_s;
    printf("%-28s %8.1f ns a window and frame (%zu frame bytes)\n", "phasor level",
           took_s / N_WINDOWS * 1e9, n_bytes);
}

int main(void)
{
    int32_t *v = malloc(N_SAMPLES * sizeof *v);
    int32_t *i = malloc(N_SAMPLES * sizeof *i);
    if (v == NULL || i == NULL) {
        return EXIT_FAILURE;
    }
    synthesise(v, i);
    waveform("waveform, blocks of 200 ms", 1600, v, i);
    waveform("waveform, blocks of 10 ms", 80, v, i);
    waveform("waveform, sample by sample", 1, v, i);
    phasor_level();
    free(v);
    free(i);
    return EXIT_SUCCESS;
}
