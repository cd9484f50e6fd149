/** A meter on the desk: front end, measuring systems, bus frames, legal processor. */
#include "desk_meter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SETTLING_ROUNDS 10u
#define JOULES_PER_UWH  3600e-6

/** ---- the board ----------------------------------------------------------------------------- */

static bool within_memory(uint32_t address, uint32_t n_bytes)
{
    return n_bytes <= LEGAL_MEMORY_BYTES && address <= LEGAL_MEMORY_BYTES - n_bytes;
}

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    const struct desk_meter *meter = context;
    if (!within_memory(address, n_bytes)) {
        return -1;
    }
    memcpy(bytes, meter->memory + address, n_bytes);
    return 0;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    struct desk_meter *meter = context;
    if (!within_memory(address, n_bytes)) {
        return -1;
    }
    memcpy(meter->memory + address, bytes, n_bytes);
    return 0;
}

static void pulse_output(void *context, bool on, int64_t at_us)
{
    struct desk_pulses *pulses = &((struct desk_meter *)context)->pulses;
    if (on) {
        pulses->first_us = pulses->n == 0 ? at_us : pulses->first_us;
        pulses->last_us = at_us;
        pulses->n++;
    }
}

static bool seal_open(void *context)
{
    return ((const struct desk_meter *)context)->seal_open;
}

enum legal_err desk_meter_power_up(struct desk_meter *meter)
{
    const struct front_end_options *options = &meter->front_end.options;
    const struct legal_port port = {.context = meter,
                                    .memory_read = memory_read,
                                    .memory_write = memory_write,
                                    .pulse_output = pulse_output,
                                    .seal_open = seal_open};
    const struct legal_setup setup = {.systems = (uint8_t)options->systems,
                                      .summation =
                                          options->aron ? LEGAL_SUM_VECTOR : LEGAL_SUM_INDIVIDUAL,
                                      .pulses_per_kwh = 1000,
                                      .pulse_energy = LEGAL_A_PLUS,
                                      .pulse_ms = 30};
    const enum legal_err err = legal_start(&meter->legal, &port, &setup, meter->now_us);
    for (unsigned s = 0; s < options->systems && err == LEGAL_OK; s++) {
        struct measuring_setup measuring;
        legal_measuring_setup(&meter->legal, (uint8_t)(s + 1u), &measuring);
        measuring_system_start(&meter->system[s], &measuring, legal_measuring_epoch(&meter->legal));
        meter->n_left[s] = 0;
    }
    return err;
}

struct desk_meter *desk_meter_new(uint64_t seed, const struct front_end_options *options)
{
    struct desk_meter *meter = calloc(1, sizeof *meter);
    if (meter == NULL) {
        return NULL;
    }
    memset(meter->memory, 0xFF, sizeof meter->memory);
    meter->seal_open = true;
    front_end_start(&meter->front_end, seed, options);
    if (desk_meter_power_up(meter) != LEGAL_OK) {
        free(meter);
        return NULL;
    }
    return meter;
}

void desk_meter_free(struct desk_meter *meter)
{
    free(meter);
}

/** ---- metering ------------------------------------------------------------------------------ */

/** A frame on its way to the legal processor. */
struct letter {
    uint8_t bytes[MEASURING_FRAME_BYTES_MAX];
    size_t n_bytes;
    int64_t at_us;
};

/** Uniform from 0 to 1 (a linear congruence; its upper bits). */
static double late_share(struct desk_meter *meter)
{
    meter->late_random =
        meter->late_random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(meter->late_random >> 32) / 4294967296.0;
}

/** Samples until the system has closed a window: its frame. */
static void system_window(struct desk_meter *meter, unsigned s, struct letter *letter)
{
    bool closed = false;
    while (!closed) {
        if (meter->n_left[s] == 0) {
            front_end_samples(&meter->front_end, s, DESK_METER_BLOCK, meter->v[s], meter->i[s]);
            meter->n_left[s] = DESK_METER_BLOCK;
        }
        const size_t at = DESK_METER_BLOCK - meter->n_left[s];
        meter->n_left[s] -= measuring_system_samples(&meter->system[s], meter->v[s] + at,
                                                     meter->i[s] + at, meter->n_left[s], &closed);
    }
    meter->window_s[s] = front_end_time_s(&meter->front_end, s) -
                         (double)meter->n_left[s] * meter->front_end.system[s].period_s;
    const double late_us = meter->late_us > 0.0 ? meter->late_us * late_share(meter) : 0.0;
    letter->at_us = llrint(meter->window_s[s] * 1e6 + late_us);
    measuring_system_temperature(&meter->system[s], front_end_temperature_cc(&meter->front_end, s));
    letter->n_bytes = measuring_system_frame(&meter->system[s], letter->bytes);
}

static unsigned lagging(const struct desk_meter *meter)
{
    unsigned last = 0;
    for (unsigned s = 1; s < meter->front_end.options.systems; s++) {
        last = meter->window_s[s] < meter->window_s[last] ? s : last;
    }
    return last;
}

void desk_meter_round(struct desk_meter *meter)
{
    struct letter letters[LEGAL_SYSTEMS];
    const unsigned n = meter->front_end.options.systems;
    for (unsigned k = 0; k < n; k++) {
        struct letter letter;
        unsigned place = k;
        system_window(meter, lagging(meter), &letter);
        for (; place > 0 && letters[place - 1u].at_us > letter.at_us; place--) {
            letters[place] = letters[place - 1u];
        }
        letters[place] = letter;
    }
    for (unsigned k = 0; k < n; k++) {
        meter->now_us = letters[k].at_us > meter->now_us ? letters[k].at_us : meter->now_us;
        legal_bus_receive(&meter->legal, letters[k].bytes, letters[k].n_bytes, meter->now_us);
    }
    (void)legal_step(&meter->legal, meter->now_us);
}

void desk_meter_run(struct desk_meter *meter, double seconds)
{
    const double until_s = meter->window_s[lagging(meter)] + seconds;
    while (meter->window_s[lagging(meter)] < until_s) {
        desk_meter_round(meter);
    }
}

void desk_meter_pulses_clear(struct desk_meter *meter)
{
    memset(&meter->pulses, 0, sizeof meter->pulses);
}

/** ---- readings ------------------------------------------------------------------------------ */

static double joules(const struct desk_meter *meter, enum legal_energy plus,
                     enum legal_energy minus, unsigned s)
{
    const uint64_t in = legal_energy_uwh(&meter->legal, (enum legal_energy)(plus + s));
    const uint64_t out = legal_energy_uwh(&meter->legal, (enum legal_energy)(minus + s));
    return JOULES_PER_UWH * (double)(int64_t)(in - out);
}

double desk_meter_active_j(const struct desk_meter *meter, unsigned system)
{
    return joules(meter, LEGAL_A_PLUS_L1, LEGAL_A_MINUS_L1, system);
}

double desk_meter_reactive_j(const struct desk_meter *meter, unsigned system)
{
    return joules(meter, LEGAL_R_PLUS_L1, LEGAL_R_MINUS_L1, system);
}

static void energies_add(const struct desk_meter *meter, double sign, struct desk_reading *out)
{
    for (unsigned s = 0; s < meter->front_end.options.systems; s++) {
        out->active_w[s] += sign * desk_meter_active_j(meter, s);
        out->reactive_var[s] += sign * desk_meter_reactive_j(meter, s);
    }
}

static void instant_add(const struct desk_meter *meter, double share, struct desk_reading *out)
{
    struct legal_instant instant;
    legal_instant(&meter->legal, &instant);
    out->frequency_hz += share * 1e-3 * instant.frequency_mhz;
    for (unsigned s = 0; s < meter->front_end.options.systems; s++) {
        out->instant_w[s] += share * 1e-3 * instant.phase[s].active_mw;
        out->instant_var[s] += share * 1e-3 * instant.phase[s].reactive_mvar;
        out->voltage_v[s] += share * 1e-3 * instant.phase[s].voltage_mv;
        out->current_a[s] += share * 1e-3 * instant.phase[s].current_ma;
    }
}

void desk_meter_measure(struct desk_meter *meter, const struct stimulus *stimulus, unsigned seconds,
                        struct desk_reading *out)
{
    double began_s[LEGAL_SYSTEMS];
    front_end_connect(&meter->front_end, stimulus);
    for (unsigned w = 0; w < SETTLING_ROUNDS; w++) {
        desk_meter_round(meter);
    }
    memset(out, 0, sizeof *out);
    memcpy(began_s, meter->window_s, sizeof began_s);
    energies_add(meter, -1.0, out);
    for (unsigned w = 0; w < DESK_METER_ROUNDS_HZ * seconds; w++) {
        desk_meter_round(meter);
        if (w % DESK_METER_ROUNDS_HZ == DESK_METER_ROUNDS_HZ - 1u) {
            instant_add(meter, 1.0 / seconds, out);
        }
    }
    energies_add(meter, 1.0, out);
    for (unsigned s = 0; s < meter->front_end.options.systems; s++) {
        out->active_w[s] /= meter->window_s[s] - began_s[s];
        out->reactive_var[s] /= meter->window_s[s] - began_s[s];
    }
}
