/*
 * The way of a watt-hour at phasor level: three measuring systems close a window of a second, their
 * frames cross the bus, the legal processor books, emits pulses and stores steps (into plain
 * memory).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "legal/include/legal_api.h"

#define WINDOWS 1000000u
#define SAMPLES 8000u

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    memcpy(bytes, (const uint8_t *)context + address, n_bytes);
    return 0;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    memcpy((uint8_t *)context + address, bytes, n_bytes);
    return 0;
}

static double now_s(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static struct measuring_window window_of(double volts, double amperes)
{
    double v = volts / 700.0 * 8388608.0, i = amperes / 250.0 * 8388608.0;
    struct measuring_window window = {
        .samples = SAMPLES,
        .active_lsb2 = (int64_t)(v * i * SAMPLES),
        .reactive_lsb2 = (int64_t)(v * i * SAMPLES / 3),
        .voltage_lsb2 = (uint64_t)(v * v * SAMPLES),
        .current_lsb2 = (uint64_t)(i * i * SAMPLES),
        .v1_re = (int32_t)(v * 1.414 * 64),
        .i1_re = (int32_t)(i * 1.414 * 64),
        .frequency_uhz = 50000000,
        .temperature_cc = 2300,
    };
    return window;
}

static double run(uint8_t *memory, double amperes)
{
    static struct legal legal;
    static struct measuring_system systems[3];
    const struct legal_port port = {
        .context = memory, .memory_read = memory_read, .memory_write = memory_write};
    const struct legal_setup setup = {
        .systems = 3, .pulses_per_kwh = 1000, .pulse_energy = LEGAL_A_PLUS, .pulse_ms = 30};
    memset(memory, 0xFF, LEGAL_MEMORY_BYTES);
    if (legal_start(&legal, &port, &setup, 0) != LEGAL_OK) {
        fputs("bench_legal: does not start\n", stderr);
        exit(1);
    }
    for (uint8_t s = 0; s < 3; s++) {
        struct measuring_setup measuring;
        legal_measuring_setup(&legal, (uint8_t)(s + 1u), &measuring);
        measuring_system_start(&systems[s], &measuring, legal_measuring_epoch(&legal));
    }
    const struct measuring_window window = window_of(230, amperes);
    double start_s = now_s();
    for (unsigned n = 1; n <= WINDOWS; n++) {
        int64_t now_us = (int64_t)n * 1000000;
        for (unsigned s = 0; s < 3; s++) {
            uint8_t frame[MEASURING_FRAME_BYTES_MAX];
            measuring_system_window(&systems[s], &window);
            size_t n_bytes = measuring_system_frame(&systems[s], frame);
            legal_bus_receive(&legal, frame, n_bytes, now_us);
        }
        legal_step(&legal, now_us);
    }
    double each_ns = (now_s() - start_s) * 1e9 / WINDOWS;
    struct legal_health health;
    legal_health(&legal, &health);
    printf("legal chain, 3 x %5.1f A   %6.0f ns a three-phase window of a second   %5.1f s a year"
           "   %u records   %.3f kWh\n",
           amperes, each_ns, each_ns * 31536000e-9, (unsigned)health.memory_writes,
           (double)legal_energy_uwh(&legal, LEGAL_A_PLUS) * 1e-9);
    return each_ns;
}

static void start(uint8_t *memory)
{
    (void)run(memory, 5.0);
    static struct legal legal;
    const struct legal_port port = {
        .context = memory, .memory_read = memory_read, .memory_write = memory_write};
    const struct legal_setup setup = {
        .systems = 3, .pulses_per_kwh = 1000, .pulse_energy = LEGAL_A_PLUS, .pulse_ms = 30};
    double start_s = now_s();
    for (unsigned n = 0; n < 1000; n++) {
        (void)legal_start(&legal, &port, &setup, 0);
    }
    printf("legal start from memory    %6.0f ns\n", (now_s() - start_s) * 1e6);
}

int main(void)
{
    uint8_t *memory = malloc(LEGAL_MEMORY_BYTES);
    if (memory == NULL) {
        return 1;
    }
    (void)run(memory, 0.0);
    (void)run(memory, 0.66); /* 4000 kWh a year */
    start(memory);
    (void)run(memory, 100.0);
    free(memory);
    return 0;
}
