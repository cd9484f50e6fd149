#include "radio_ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instant.h"
#include "run.h"

struct radio_ports {
    struct run *run;
    struct radio_medium medium;
    struct key_file keys; /**< those of radios, as delivered */
    bool powered;
    int64_t due_us;
    struct wmbus_module module;
    char text[128];
};

/* ---- what the module has on this board ---- */

static struct optical *connection_of(const struct radio_ports *radio)
{
    struct run *run = radio->run;
    return &run->site.meter.optical[METER_OPTICAL_PORTS - 1u - METER_SLOTS];
}

static size_t exchange(void *context, const uint8_t *request, size_t n_request, uint8_t *answer,
                       size_t capacity)
{
    struct radio_ports *radio = context;
    struct meter *meter = &radio->run->site.meter;
    struct optical *line = connection_of(radio);
    size_t n_answer = 0, n;
    optical_receive(line, meter, request, n_request, instant_wall_us() / 1000);
    while ((n = optical_transmit(line, answer + n_answer, capacity - n_answer)) > 0) {
        n_answer += n;
    }
    return n_answer;
}

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    const struct radio_ports *radio = context;
    return eeprom_read(radio->run->site.eeprom, EEPROM_MODULES, EEPROM_RADIO_AT + address, bytes,
                       n_bytes);
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    const struct radio_ports *radio = context;
    return eeprom_write(radio->run->site.eeprom, EEPROM_MODULES, EEPROM_RADIO_AT + address, bytes,
                        n_bytes);
}

static bool key_of(void *context, uint32_t id_raw, uint8_t key[WMBUS_KEY_OCTETS])
{
    const struct radio_ports *radio = context;
    const uint8_t *found = key_file_radio(&radio->keys, id_raw);
    if (found != NULL) {
        memcpy(key, found, WMBUS_KEY_OCTETS);
    }
    return found != NULL;
}

static void transmit(void *context, const struct wmbus_module_setup *setup, const uint8_t *telegram,
                     size_t n_octets)
{
    struct radio_ports *radio = context;
    size_t n_chips;
    struct radio_burst burst = {.sender = radio->module.number,
                                .begin_us = radio_now_us(),
                                .power_dbm = radio->run->options->radio.send.power_dbm,
                                .mode = (uint8_t)setup->mode};
    if (wmbus_chips(setup->mode, setup->format, telegram, n_octets, burst.chips, &n_chips) ==
        MBUS_OK) {
        burst.n_chips = (uint16_t)n_chips;
        radio_medium_send(&radio->medium, &burst);
    }
}

/* ---- on simulated time ---- */

static void power(struct radio_ports *radio, bool on)
{
    struct meter *meter = &radio->run->site.meter;
    const struct module_bus bus = {.context = radio, .exchange = exchange};
    const struct wmbus_module_board board = {.context = radio,
                                             .crypto = &radio->run->site.crypto,
                                             .read = memory_read,
                                             .write = memory_write,
                                             .key = key_of,
                                             .send = transmit};
    radio->powered = on;
    radio->due_us = 0;
    if (on) {
        optical_init(connection_of(radio), meter);
        optical_connect(connection_of(radio), meter, CHANNEL_MODULE);
        wmbus_module_start(&radio->module, &bus, &board, &radio->run->options->radio.send.setup);
    } else {
        wmbus_module_stop(&radio->module);
    }
}

static int64_t step(void *context)
{
    struct radio_ports *radio = context;
    const struct site *site = &radio->run->site;
    const bool on = meter_radio_on(&site->meter);
    if (on != radio->powered) {
        power(radio, on);
    }
    if (!on || site->now_us < radio->due_us) {
        return on ? radio->due_us : INT64_MAX;
    }
    const int64_t next_ms = wmbus_module_step(&radio->module, site->now_us / 1000);
    radio->due_us = next_ms == INT64_MAX ? INT64_MAX : next_ms * 1000;
    return radio->due_us;
}

/* ---- from start to end ---- */

/* Who needs a key and will not get one would wait for a telegram in vain. */
static int check_keys(const struct radio_ports *radio, const struct options *options,
                      struct problem *problem)
{
    const enum wmbus_module_kind kind = options->radio.send.setup.kind;
    const uint32_t number = options->serial_number;
    if (!wmbus_module_needs_key(kind)) {
        return 0;
    }
    if (radio->keys.n_radio == 0 ||
        (number != 0 && key_file_radio(&radio->keys, mbus_bcd8(number)) == NULL)) {
        return problem_set(problem, EXIT_BAD_INPUT,
                           "--radio: kind=%s: expected the meter's key in --keys FILE, \"wmbus\": "
                           "{\"%08lu\": \"HEX\"}",
                           wmbus_module_kind_name(kind), (unsigned long)number);
    }
    return 0;
}

int radio_ports_bind(struct radio_ports **out, struct run *run, struct problem *problem)
{
    const struct options *options = run->options;
    char error[RADIO_MEDIUM_ERROR_MAX];
    *out = NULL;
    if (!options->has_radio) {
        return 0;
    }
    struct radio_ports *radio = calloc(1, sizeof *radio);
    if (radio == NULL) {
        return problem_set(problem, EXIT_NOT_ABLE, "no memory");
    }
    *out = radio;
    radio->run = run;
    radio->medium.fd = -1;
    memcpy(radio->keys.radio, run->site.keys.radio, sizeof radio->keys.radio);
    radio->keys.n_radio = run->site.keys.n_radio;
    (void)snprintf(radio->text, sizeof radio->text, "radio %s", options->radio.medium);
    if (check_keys(radio, options, problem) != 0) {
        return -1;
    }
    if (radio_medium_open(&radio->medium, &options->radio.address, false, error) != HOST_OK) {
        return problem_set(problem, EXIT_NOT_ABLE, "--radio: %s", error);
    }
    return 0;
}

void radio_ports_open(struct radio_ports *radio)
{
    site_beside_add(&radio->run->site, step, radio);
}

const char *radio_ports_text(const struct radio_ports *radio)
{
    return radio->text;
}

void radio_ports_close(struct radio_ports *radio)
{
    if (radio == NULL) {
        return;
    }
    site_beside_remove(&radio->run->site, radio);
    if (radio->powered) {
        wmbus_module_stop(&radio->module);
    }
    radio_medium_close(&radio->medium);
    key_file_wipe(&radio->keys);
    free(radio);
}
