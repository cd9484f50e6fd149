/**
 * Whole meters at waveform level: how many three-phase meters one core keeps up with in real time.
 *
 * Samples of a recorded cycle go in (their synthesis is not counted); kernel, measuring bus, legal
 * processor, memory, clock, demand and display are.  Time is simulated: a minute of metering.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/meter/meter.h"
#include "app/variant/variant.h"
#include "measuring_system.h"
#include "tests/emu/ram_board.h"

#define BENCH_S       60
#define BLOCK_SAMPLES 800u /* 100 ms */
#define BLOCK_US      INT64_C(100000)
#define TURN          6.283185307179586

/** One meter and what it is fed with. */
struct bench {
    struct ram_board ram;
    struct board board;
    struct meter meter;
    struct measuring_system system[LEGAL_SYSTEMS];
    int32_t v_lsb[LEGAL_SYSTEMS][BLOCK_SAMPLES], i_lsb[LEGAL_SYSTEMS][BLOCK_SAMPLES];
};

/** 230 V, 8 A with a fifth harmonic, 50 Hz: a block holds whole cycles, so it can be repeated. */
static void synthesise(struct bench *bench)
{
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        for (unsigned n = 0; n < BLOCK_SAMPLES; n++) {
            double x = TURN * ((double)n / 160.0 - (double)s / 3.0);
            bench->v_lsb[s][n] = (int32_t)(3898000.0 * sin(x));
            bench->i_lsb[s][n] = (int32_t)(380000.0 * (sin(x - 0.4) + 0.1 * sin(5.0 * x)));
        }
    }
}

static int start(struct bench *bench)
{
    struct variant variant;
    bench->board = ram_board_blank(&bench->ram);
    if (variant_by_name("382M", &variant) != 0 ||
        meter_start(&bench->meter, &bench->board, &variant, 1, 0) != METER_OK) {
        return -1;
    }
    for (uint8_t s = 0; s < LEGAL_SYSTEMS; s++) {
        struct measuring_setup setup;
        legal_measuring_setup(&bench->meter.legal, (uint8_t)(s + 1u), &setup);
        measuring_system_start(&bench->system[s], &setup,
                               legal_measuring_epoch(&bench->meter.legal));
    }
    synthesise(bench);
    return 0;
}

static void feed_block(struct bench *bench, unsigned s, int64_t end_us)
{
    size_t done = 0;
    while (done < BLOCK_SAMPLES) {
        uint8_t frame[MEASURING_FRAME_BYTES_MAX];
        bool closed = false;
        done += measuring_system_samples(&bench->system[s], bench->v_lsb[s] + done,
                                         bench->i_lsb[s] + done, BLOCK_SAMPLES - done, &closed);
        if (closed) {
            size_t n_bytes = measuring_system_frame(&bench->system[s], frame);
            meter_bus_receive(&bench->meter, frame, n_bytes, end_us);
        }
    }
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(void)
{
    struct bench *bench = malloc(sizeof *bench);
    if (bench == NULL || start(bench) != 0) {
        return EXIT_FAILURE;
    }
    const double start_s = now_s();
    for (int64_t end_us = BLOCK_US; end_us <= INT64_C(1000000) * BENCH_S; end_us += BLOCK_US) {
        for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
            feed_block(bench, s, end_us);
        }
        (void)meter_step(&bench->meter, end_us);
    }
    const double took_s = now_s() - start_s;
    printf("%.0f three-phase meters in real time on one core (1.8.0: %.6f kWh in %d s)\n",
           BENCH_S / took_s, (double)legal_energy_uwh(&bench->meter.legal, LEGAL_A_PLUS) * 1e-9,
           BENCH_S);
    free(bench);
    return EXIT_SUCCESS;
}
