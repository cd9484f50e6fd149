/*
 * A legal processor on the test desk: frames with known counters in, pulse edges and registers out,
 * and a reference that adds up the same energy in 128 bits.
 */
#ifndef OPEN382_TESTS_DESK_H
#define OPEN382_TESTS_DESK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "emu/eeprom.h"
#include "legal/bus/bus_frame.h"
#include "legal/include/legal_api.h"

__extension__ typedef __int128 wide_reference;

#define SECOND     INT64_C(1000000)
#define WH         INT64_C(1000000) /* uWh */
#define KWH        INT64_C(1000000000)
#define STEP       INT64_C(10000000) /* 0.01 kWh */
#define POWER_GAIN 1592888889

struct desk {
    struct legal legal;
    struct legal_port port;
    struct legal_setup setup;
    struct eeprom memory;
    struct bus_frame frame[3];
    int64_t now_us;
    bool seal_open;
    /* pulse edges seen */
    uint64_t begun, ended;
    int64_t last_edge_us, last_on_us;
    int64_t pause_min_us, gap_max_us;
    bool lit;
};

/* One phase in one window, in counter steps of the bus. */
struct desk_load {
    int64_t active, reactive;
    uint64_t voltage, current;
};

/* 2^30 / 175000 counter steps a watt and sample. */
static inline int64_t desk_steps(double watts, uint32_t samples)
{
    return (int64_t)(watts * samples * 1073741824.0 / 175000.0 + (watts < 0 ? -0.5 : 0.5));
}

static inline uint64_t desk_squares(double rms, double full_scale, uint32_t samples)
{
    return (uint64_t)(rms / full_scale * rms / full_scale * 1073741824.0 * samples + 0.5);
}

static inline struct desk_load desk_load(double volts, double watts, double vars, uint32_t samples)
{
    double amperes = volts > 0 ? (watts < 0 ? -watts : watts) / volts : 0;
    struct desk_load load = {desk_steps(watts, samples), desk_steps(vars, samples),
                             desk_squares(volts, 700.0, samples),
                             desk_squares(amperes, 250.0, samples)};
    return load;
}

static inline void desk_pulse(void *context, bool on, int64_t at_us)
{
    struct desk *desk = context;
    assert_true(at_us >= desk->last_edge_us);
    assert_true(on != desk->lit);
    if (on) {
        int64_t pause = at_us - desk->last_edge_us;
        if (desk->begun > 0) {
            desk->pause_min_us = pause < desk->pause_min_us ? pause : desk->pause_min_us;
            int64_t gap = at_us - desk->last_on_us;
            desk->gap_max_us = gap > desk->gap_max_us ? gap : desk->gap_max_us;
        }
        desk->begun++;
        desk->last_on_us = at_us;
    } else {
        assert_int_equal(at_us - desk->last_on_us, 30000);
        desk->ended++;
    }
    desk->last_edge_us = at_us;
    desk->lit = on;
}

static inline int desk_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    return eeprom_read(&((struct desk *)context)->memory, address, bytes, n_bytes);
}

static inline int desk_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    return eeprom_write(&((struct desk *)context)->memory, address, bytes, n_bytes);
}

static inline bool desk_seal(void *context)
{
    return ((struct desk *)context)->seal_open;
}

/* A measuring system's power-up: counters and sequence begin again. */
static inline void desk_systems_start(struct desk *desk)
{
    memset(desk->frame, 0, sizeof desk->frame);
    for (unsigned s = 0; s < 3; s++) {
        desk->frame[s].system = (uint8_t)(s + 1u);
        desk->frame[s].epoch = legal_measuring_epoch(&desk->legal);
        desk->frame[s].sequence = UINT16_MAX;
        desk->frame[s].frequency_uhz = 50000000;
    }
}

/* Power up with whatever the memory holds. */
static inline enum legal_err desk_power_up(struct desk *desk)
{
    desk->port = (struct legal_port){.context = desk,
                                     .memory_read = desk_read,
                                     .memory_write = desk_write,
                                     .pulse_output = desk_pulse,
                                     .seal_open = desk_seal};
    enum legal_err err = legal_start(&desk->legal, &desk->port, &desk->setup, desk->now_us);
    desk->lit = false;
    desk_systems_start(desk);
    return err;
}

/* A new meter with a blank memory.  Free with desk_free. */
static inline struct desk *desk_new(uint8_t systems, enum legal_summation summation)
{
    struct desk *desk = calloc(1, sizeof *desk);
    assert_non_null(desk);
    eeprom_blank(&desk->memory, 0xFF);
    desk->setup = (struct legal_setup){.systems = systems,
                                       .summation = (uint8_t)summation,
                                       .pulses_per_kwh = 1000,
                                       .pulse_energy = LEGAL_A_PLUS,
                                       .pulse_ms = 30};
    desk->pause_min_us = INT64_MAX;
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    return desk;
}

static inline int desk_free(struct desk *desk)
{
    free(desk);
    return 0;
}

/* Let a system count a window; its frame is in frame[]. */
static inline void desk_count(struct desk *desk, unsigned s, const struct desk_load *load,
                              uint32_t samples)
{
    struct bus_frame *frame = &desk->frame[s];
    frame->sequence++;
    frame->samples += samples;
    frame->window_samples = samples;
    frame->active = (int64_t)((uint64_t)frame->active + (uint64_t)load->active);
    frame->reactive = (int64_t)((uint64_t)frame->reactive + (uint64_t)load->reactive);
    frame->voltage += load->voltage;
    frame->current += load->current;
}

static inline void desk_send(struct desk *desk, unsigned s)
{
    uint8_t bytes[BUS_FRAME_BYTES];
    size_t n = bus_frame_encode(&desk->frame[s], bytes);
    legal_bus_receive(&desk->legal, bytes, n, desk->now_us);
}

/* One window of all systems, 125 us a sample later. */
static inline void desk_window(struct desk *desk, const struct desk_load *load, uint32_t samples)
{
    desk->now_us += (int64_t)samples * 125;
    for (unsigned s = 0; s < desk->setup.systems; s++) {
        desk_count(desk, s, &load[s], samples);
        desk_send(desk, s);
    }
    legal_step(&desk->legal, desk->now_us);
}

/* Windows of a second with these watts and vars on the phases at 230 V. */
static inline void desk_run(struct desk *desk, unsigned seconds, const double *watts,
                            const double *vars)
{
    struct desk_load load[3];
    memset(load, 0, sizeof load);
    for (unsigned s = 0; s < desk->setup.systems; s++) {
        load[s] = desk_load(230.0, watts[s], vars[s], 8000);
    }
    for (unsigned t = 0; t < seconds; t++) {
        desk_window(desk, load, 8000);
    }
}

static inline uint64_t desk_energy(const struct desk *desk, enum legal_energy energy)
{
    return legal_energy_uwh(&desk->legal, energy);
}

static inline void desk_snapshot(const struct desk *desk, uint64_t *energies)
{
    for (unsigned e = 0; e < LEGAL_ENERGIES; e++) {
        energies[e] = desk_energy(desk, (enum legal_energy)e);
    }
}

/* What must hold at every instant. */
static inline void desk_check(const struct desk *desk)
{
    for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
        uint64_t sum = 0;
        for (uint8_t t = 1; t <= LEGAL_TARIFFS; t++) {
            sum += legal_tariff_uwh(&desk->legal, t, (enum legal_energy)e);
        }
        assert_int_equal(sum, desk_energy(desk, (enum legal_energy)e));
    }
    uint64_t emitted = 0, pending = 0;
    legal_pulses(&desk->legal, &emitted, &pending);
    assert_int_equal(emitted + pending, desk_energy(desk, LEGAL_A_PLUS) / (uint64_t)WH);
    /* floors of two exact parts are at most one below the floor of the sum */
    uint64_t parts = desk_energy(desk, LEGAL_R1) + desk_energy(desk, LEGAL_R2);
    assert_in_range(desk_energy(desk, LEGAL_R_PLUS) - parts, 0, 1);
    parts = desk_energy(desk, LEGAL_R3) + desk_energy(desk, LEGAL_R4);
    assert_in_range(desk_energy(desk, LEGAL_R_MINUS) - parts, 0, 1);
}

/* Whole uWh of an exact reference in 2^-48 uWh; zero or more. */
static inline uint64_t desk_whole(wide_reference energy)
{
    return (uint64_t)(energy >> 48);
}

struct desk_random {
    uint64_t state;
};

static inline uint32_t desk_draw(struct desk_random *random, uint32_t limit)
{
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random->state >> 33) % limit);
}

/* A seed, printed; the environment may set it. */
static inline struct desk_random desk_seed(const char *name)
{
    const char *text = getenv("OPEN382_SEED");
    struct desk_random random = {text != NULL ? strtoull(text, NULL, 0) : 20261121u};
    printf("%s: OPEN382_SEED=%llu\n", name, (unsigned long long)random.state);
    return random;
}

#endif
