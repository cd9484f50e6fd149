/*
 * A whole meter on the calibration desk: virtual front end, three measuring systems and the legal
 * processor, at waveform level.  Nothing crosses from the front end but codes and temperatures.
 */
#ifndef OPEN382_TESTS_VIRTUAL_METER_H
#define OPEN382_TESTS_VIRTUAL_METER_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "emu/eeprom.h"
#include "lab/front_end.h"
#include "legal/include/legal_api.h"

#define METER_BLOCK   160u
#define METER_SYSTEMS 3u

struct virtual_meter {
    struct front_end front_end;
    struct measuring_system system[METER_SYSTEMS];
    struct legal legal;
    struct eeprom memory;
    int64_t now_us;
    double window_s[METER_SYSTEMS]; /**< true end of the window reported last */
    int32_t v[METER_SYSTEMS][METER_BLOCK], i[METER_SYSTEMS][METER_BLOCK];
    size_t n_left[METER_SYSTEMS]; /**< codes at the block's end not yet taken */
};

/** What the meter says over a measurement, per phase. */
struct virtual_reading {
    double active_w[METER_SYSTEMS], reactive_var[METER_SYSTEMS]; /**< registers over true time */
    double instant_w[METER_SYSTEMS],
        instant_var[METER_SYSTEMS]; /**< means of the seconds' values */
    double voltage_v[METER_SYSTEMS], current_a[METER_SYSTEMS];
    double frequency_hz;
};

static inline int virtual_read(void *context, uint32_t address, void *bytes, uint32_t n)
{
    return eeprom_read(&((struct virtual_meter *)context)->memory, address, bytes, n);
}

static inline int virtual_write(void *context, uint32_t address, const void *bytes, uint32_t n)
{
    return eeprom_write(&((struct virtual_meter *)context)->memory, address, bytes, n);
}

static inline void virtual_pulse(void *context, bool on, int64_t at_us)
{
    (void)context;
    (void)on;
    (void)at_us;
}

static inline bool virtual_seal(void *context)
{
    (void)context;
    return true;
}

/** Power up with what the memory holds. */
static inline void virtual_power_up(struct virtual_meter *meter)
{
    const struct legal_port port = {.context = meter,
                                    .memory_read = virtual_read,
                                    .memory_write = virtual_write,
                                    .pulse_output = virtual_pulse,
                                    .seal_open = virtual_seal};
    const struct legal_setup setup = {.systems = METER_SYSTEMS,
                                      .summation = LEGAL_SUM_INDIVIDUAL,
                                      .pulses_per_kwh = 1000,
                                      .pulse_energy = LEGAL_A_PLUS,
                                      .pulse_ms = 30};
    assert_int_equal(legal_start(&meter->legal, &port, &setup, meter->now_us), LEGAL_OK);
    for (unsigned s = 0; s < METER_SYSTEMS; s++) {
        struct measuring_setup measuring;
        legal_measuring_setup(&meter->legal, (uint8_t)(s + 1u), &measuring);
        measuring_system_start(&meter->system[s], &measuring, legal_measuring_epoch(&meter->legal));
    }
}

/** A new meter of this seed with a blank memory.  Free with free(). */
static inline struct virtual_meter *virtual_new(uint64_t seed, unsigned effects)
{
    const struct front_end_options options = {.effects = effects, .systems = METER_SYSTEMS};
    struct virtual_meter *meter = calloc(1, sizeof *meter);
    assert_non_null(meter);
    eeprom_blank(&meter->memory, 0xFF);
    front_end_start(&meter->front_end, seed, &options);
    virtual_power_up(meter);
    return meter;
}

/** Samples until the system has closed a window; its frame goes to the legal processor. */
static inline void virtual_system_window(struct virtual_meter *meter, unsigned s)
{
    uint8_t frame[MEASURING_FRAME_BYTES_MAX];
    bool closed = false;
    while (!closed) {
        if (meter->n_left[s] == 0) {
            front_end_samples(&meter->front_end, s, METER_BLOCK, meter->v[s], meter->i[s]);
            meter->n_left[s] = METER_BLOCK;
        }
        const size_t at = METER_BLOCK - meter->n_left[s];
        meter->n_left[s] -= measuring_system_samples(&meter->system[s], meter->v[s] + at,
                                                     meter->i[s] + at, meter->n_left[s], &closed);
    }
    meter->window_s[s] = front_end_time_s(&meter->front_end, s) -
                         (double)meter->n_left[s] * meter->front_end.system[s].period_s;
    const int64_t at_us = llrint(meter->window_s[s] * 1e6);
    meter->now_us = at_us > meter->now_us ? at_us : meter->now_us;
    measuring_system_temperature(&meter->system[s], front_end_temperature_cc(&meter->front_end, s));
    const size_t n = measuring_system_frame(&meter->system[s], frame);
    legal_bus_receive(&meter->legal, frame, n, meter->now_us);
}

/** One window of each system. */
static inline void virtual_window(struct virtual_meter *meter)
{
    for (unsigned s = 0; s < METER_SYSTEMS; s++) {
        virtual_system_window(meter, s);
    }
    legal_step(&meter->legal, meter->now_us);
}

static inline double virtual_joules(const struct virtual_meter *meter, enum legal_energy plus,
                                    enum legal_energy minus, unsigned s)
{
    const uint64_t in = legal_energy_uwh(&meter->legal, (enum legal_energy)(plus + s));
    const uint64_t out = legal_energy_uwh(&meter->legal, (enum legal_energy)(minus + s));
    return 3600e-6 * (double)(int64_t)(in - out);
}

static inline void virtual_joules_all(const struct virtual_meter *meter, double sign,
                                      struct virtual_reading *out)
{
    for (unsigned s = 0; s < METER_SYSTEMS; s++) {
        out->active_w[s] += sign * virtual_joules(meter, LEGAL_A_PLUS_L1, LEGAL_A_MINUS_L1, s);
        out->reactive_var[s] += sign * virtual_joules(meter, LEGAL_R_PLUS_L1, LEGAL_R_MINUS_L1, s);
    }
}

static inline void virtual_instant_add(const struct virtual_meter *meter, double share,
                                       struct virtual_reading *out)
{
    struct legal_instant instant;
    legal_instant(&meter->legal, &instant);
    out->frequency_hz += share * 1e-3 * instant.frequency_mhz;
    for (unsigned s = 0; s < METER_SYSTEMS; s++) {
        out->instant_w[s] += share * 1e-3 * instant.phase[s].active_mw;
        out->instant_var[s] += share * 1e-3 * instant.phase[s].reactive_mvar;
        out->voltage_v[s] += share * 1e-3 * instant.phase[s].voltage_mv;
        out->current_a[s] += share * 1e-3 * instant.phase[s].current_ma;
    }
}

/** Connect a signal, wait two seconds, and read over about that many seconds (five windows each).
 */
static inline void virtual_measure(struct virtual_meter *meter, const struct stimulus *stimulus,
                                   unsigned seconds, struct virtual_reading *out)
{
    double began_s[METER_SYSTEMS];
    front_end_connect(&meter->front_end, stimulus);
    for (unsigned w = 0; w < 10u; w++) {
        virtual_window(meter);
    }
    memset(out, 0, sizeof *out);
    memcpy(began_s, meter->window_s, sizeof began_s);
    virtual_joules_all(meter, -1.0, out);
    for (unsigned w = 0; w < 5u * seconds; w++) {
        virtual_window(meter);
        if (w % 5u == 4u) {
            virtual_instant_add(meter, 1.0 / seconds, out);
        }
    }
    virtual_joules_all(meter, 1.0, out);
    for (unsigned s = 0; s < METER_SYSTEMS; s++) {
        out->active_w[s] /= meter->window_s[s] - began_s[s];
        out->reactive_var[s] /= meter->window_s[s] - began_s[s];
    }
}

#endif
