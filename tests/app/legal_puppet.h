/*
 * A puppet in place of the legal part: the test says what has been counted and whether there is
 * supply.
 * Include once per test program; it takes the place of the legal library.
 */
#ifndef OPEN382_TESTS_LEGAL_PUPPET_H
#define OPEN382_TESTS_LEGAL_PUPPET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/meter/meter.h"
#include "app/registers/register_read.h"
#include "legal_calibration_none.h"

#define SECOND INT64_C(1000000)
#define KWH    UINT64_C(1000000000) /* uWh */
#define Y2000  INT64_C(946684800)

static struct {
    struct legal_instant instant;
    struct legal_health health;
    struct legal_identity identity;
    struct legal_setup setup;
    uint64_t energy_uwh[LEGAL_ENERGIES];
    uint64_t tariff_uwh[LEGAL_TARIFFS][LEGAL_TARIFF_ENERGIES];
    uint64_t operating_s;
    enum legal_supply supply;
    enum legal_err start_result, store_result;
    uint8_t tariff; /* last selected; 0: never */
    unsigned steps, stores;
    enum legal_energy pulse_energy; /**< what LED and S0 show */
} puppet;

enum legal_err legal_start(struct legal *legal, const struct legal_port *port,
                           const struct legal_setup *setup, int64_t now_us)
{
    (void)legal;
    (void)port;
    (void)now_us;
    puppet.setup = *setup;
    return puppet.start_result;
}

void legal_bus_receive(struct legal *legal, const uint8_t *bytes, size_t n_bytes, int64_t now_us)
{
    (void)legal;
    (void)bytes;
    (void)n_bytes;
    (void)now_us;
}

int64_t legal_step(struct legal *legal, int64_t now_us)
{
    (void)legal;
    puppet.steps++;
    return now_us + SECOND;
}

enum legal_err legal_calibration_read(const struct legal *legal, uint8_t system,
                                      struct legal_calibration *out)
{
    (void)legal;
    (void)system;
    memset(out, 0, sizeof *out);
    out->correction.voltage_gain = UINT32_C(1) << 30;
    return LEGAL_OK;
}

enum legal_supply legal_supply(const struct legal *legal)
{
    (void)legal;
    return puppet.supply;
}

enum legal_err legal_pulse_select(struct legal *legal, enum legal_energy energy)
{
    (void)legal;
    puppet.pulse_energy = energy;
    return LEGAL_OK;
}

enum legal_err legal_store(struct legal *legal)
{
    (void)legal;
    puppet.stores++;
    return puppet.store_result;
}

void legal_instant(const struct legal *legal, struct legal_instant *out)
{
    (void)legal;
    *out = puppet.instant;
}

void legal_powers(struct legal *legal, struct legal_instant *out)
{
    (void)legal;
    *out = puppet.instant;
}

void legal_voltages(struct legal *legal, struct legal_voltages *out)
{
    (void)legal;
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        const struct legal_phase *phase = &puppet.instant.phase[s];
        out->voltage_mv[s] = phase->voltage_mv;
        out->angle_mdeg[s] = phase->voltage_angle_mdeg;
        out->present[s] = phase->voltage_present;
    }
}

void legal_health(const struct legal *legal, struct legal_health *out)
{
    (void)legal;
    *out = puppet.health;
}

void legal_identity(const struct legal *legal, struct legal_identity *out)
{
    (void)legal;
    *out = puppet.identity;
}

uint64_t legal_energy_uwh(const struct legal *legal, enum legal_energy energy)
{
    (void)legal;
    return puppet.energy_uwh[energy];
}

uint64_t legal_tariff_uwh(const struct legal *legal, uint8_t tariff, enum legal_energy energy)
{
    (void)legal;
    return tariff >= 1 && tariff <= LEGAL_TARIFFS ? puppet.tariff_uwh[tariff - 1][energy] : 0;
}

uint8_t legal_tariff(const struct legal *legal)
{
    (void)legal;
    return 2;
}

enum legal_err legal_tariff_select(struct legal *legal, uint8_t tariff)
{
    (void)legal;
    puppet.tariff = tariff;
    return LEGAL_OK;
}

uint64_t legal_operating_s(const struct legal *legal)
{
    (void)legal;
    return puppet.operating_s;
}

/* ---- the puppet's load profile: an array ---- */

#define PUPPET_RECORDS 8192u

static struct {
    struct legal_profile_layout layout;
    struct legal_profile_record record[PUPPET_RECORDS];
    uint32_t n_records, n_deleted; /* records with numbers up to n_deleted are gone */
    enum legal_err result;
} puppet_profile;

enum legal_err legal_profile_begin(struct legal *legal, const struct legal_profile_layout *layout,
                                   bool *deleted)
{
    (void)legal;
    const struct legal_profile_layout *old = &puppet_profile.layout;
    const bool other = old->channels != 0 && (old->channels != layout->channels ||
                                              old->interval_min != layout->interval_min);
    if (deleted != NULL) {
        *deleted = other && puppet_profile.n_records > puppet_profile.n_deleted;
    }
    if (other) {
        puppet_profile.n_deleted = puppet_profile.n_records;
    }
    puppet_profile.layout = *layout;
    return puppet_profile.result;
}

enum legal_err legal_profile_record(struct legal *legal, const struct legal_profile_record *stamp)
{
    (void)legal;
    assert_true(puppet_profile.n_records < PUPPET_RECORDS);
    if (puppet_profile.result == LEGAL_OK) {
        struct legal_profile_record *record = &puppet_profile.record[puppet_profile.n_records++];
        *record = *stamp;
        record->id = puppet_profile.n_records;
        for (unsigned c = 0; c < puppet_profile.layout.channels; c++) {
            record->energy_wh[c] = puppet.energy_uwh[puppet_profile.layout.energy[c]] / 1000000u;
        }
    }
    return puppet_profile.result;
}

void legal_profile_range(const struct legal *legal, struct legal_profile_range *out)
{
    (void)legal;
    out->layout = puppet_profile.layout;
    out->n_records = puppet_profile.n_records - puppet_profile.n_deleted;
    out->oldest_id = puppet_profile.n_deleted + 1u;
    out->newest_id = puppet_profile.n_records;
    out->next_id = puppet_profile.n_records + 1u;
}

enum legal_err legal_profile_read(const struct legal *legal, uint32_t id,
                                  struct legal_profile_record *out)
{
    (void)legal;
    if (id <= puppet_profile.n_deleted || id > puppet_profile.n_records) {
        return LEGAL_ERR_RANGE;
    }
    *out = puppet_profile.record[id - 1u];
    return LEGAL_OK;
}

/* ---- a board whose memory may lose power ---- */

static struct {
    uint8_t memory[BOARD_APP_MEMORY_BYTES];
    unsigned writes;        /* done since the test set it to zero */
    unsigned record_writes; /* of them, to the application's record */
    unsigned cut_after;     /* writes that still work; the next one is cut; UINT_MAX: none */
    int cut_kind; /* 0: the write is lost, 1: half of it, 2: garbage over the whole page */
    bool dead;    /* after the cut: nothing is written any more */
    bool fail_read, fail_write;
    bool rtc_lost;
    int64_t rtc_utc_s;
    unsigned rtc_writes;
    const char *type; /* whose memory it is */
    /* the breaker's relays: they move at once, those that do not stick */
    uint8_t relays_open, relays_stuck; /* a bit for each phase */
    bool relays_silent;
    unsigned relay_pulses;
    uint8_t loads; /* of load control: bit per relay that is active */
    unsigned load_moves;
    /* pins of the module connector */
    bool pin[2];
    uint64_t pin_edges[2];
    int64_t pin_at_us[2];                    /* of the last edge */
    int64_t shortest_on_us, shortest_off_us; /* between edges; 0: none seen */
} toy;

static int toy_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    (void)context;
    assert_true(address + n_bytes <= sizeof toy.memory);
    memcpy(bytes, toy.memory + address, n_bytes);
    return toy.fail_read ? -1 : 0;
}

static void toy_cut(uint32_t address, const uint8_t *bytes, uint32_t n_bytes)
{
    uint32_t page = address / 256u * 256u;
    if (toy.cut_kind == 1) {
        memcpy(toy.memory + address, bytes, n_bytes / 2);
    } else if (toy.cut_kind == 2) {
        for (uint32_t i = 0; i < 256; i++) {
            toy.memory[page + i] = (uint8_t)(toy.memory[page + i] ^ (0x5Au + i));
        }
    }
    toy.dead = true;
}

static int toy_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    assert_true(address + n_bytes <= sizeof toy.memory);
    assert_true(address / 256u == (address + n_bytes - 1u) / 256u); /* within one page */
    if (toy.fail_write || toy.dead) {
        return -1;
    }
    if (toy.writes == toy.cut_after) {
        toy_cut(address, (const uint8_t *)bytes, n_bytes);
        return -1;
    }
    toy.writes++;
    toy.record_writes += address < APP_STORE_SLOTS * APP_STORE_SLOT_BYTES ? 1u : 0u;
    memcpy(toy.memory + address, bytes, n_bytes);
    return 0;
}

static bool toy_rtc_read(void *context, int64_t *utc_s)
{
    (void)context;
    *utc_s = toy.rtc_utc_s;
    return !toy.rtc_lost;
}

static void toy_rtc_write(void *context, int64_t utc_s)
{
    (void)context;
    toy.rtc_writes++;
    toy.rtc_utc_s = utc_s;
}

static int toy_breaker_drive(void *context, bool close)
{
    (void)context;
    toy.relay_pulses++;
    toy.relays_open = (uint8_t)((toy.relays_open & toy.relays_stuck) |
                                (close ? 0u : 7u & ~(unsigned)toy.relays_stuck));
    return toy.relays_silent ? -1 : 0;
}

static int toy_breaker_read(void *context, struct board_breaker *out)
{
    (void)context;
    unsigned live = 0;
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        live |= puppet.instant.phase[s].voltage_present ? 1u << s : 0u;
    }
    const unsigned closed = 7u & ~(unsigned)toy.relays_open;
    *out = (struct board_breaker){7, 7, (uint8_t)closed, (uint8_t)(closed & live)};
    return toy.relays_silent ? -1 : 0;
}

static void toy_load_relay(void *context, uint8_t relay, bool active)
{
    (void)context;
    toy.loads = (uint8_t)(active ? toy.loads | 1u << relay : toy.loads & ~(1u << relay));
    toy.load_moves++;
}

static int64_t toy_shorter(int64_t known, int64_t us)
{
    return known == 0 || us < known ? us : known;
}

static void toy_module_pin(void *context, uint8_t pin, bool on, int64_t at_us)
{
    (void)context;
    assert_true(pin < 2 && on != toy.pin[pin]);
    assert_true(toy.pin_edges[pin] == 0 || at_us >= toy.pin_at_us[pin]);
    if (toy.pin_edges[pin] > 1) {
        const int64_t us = at_us - toy.pin_at_us[pin];
        toy.shortest_on_us = on ? toy.shortest_on_us : toy_shorter(toy.shortest_on_us, us);
        toy.shortest_off_us = on ? toy_shorter(toy.shortest_off_us, us) : toy.shortest_off_us;
    }
    toy.pin[pin] = on;
    toy.pin_at_us[pin] = at_us;
    toy.pin_edges[pin]++;
}

static struct board toy_board = {
    .app_memory_read = toy_read,
    .app_memory_write = toy_write,
    .rtc_read = toy_rtc_read,
    .rtc_write = toy_rtc_write,
    .breaker_drive = toy_breaker_drive,
    .breaker_read = toy_breaker_read,
    .load_relay = toy_load_relay,
    .module_pin = toy_module_pin,
};

/* Blank memory, clock at 2024-06-20 12:30:05 UTC (a Thursday), no supply. */
static inline void toys_reset(void)
{
    memset(&puppet, 0, sizeof puppet);
    memset(&puppet_profile, 0, sizeof puppet_profile);
    memset(&toy, 0, sizeof toy);
    toy_board.load_relays = 0;
    memset(toy.memory, 0xFF, sizeof toy.memory);
    toy.cut_after = UINT32_MAX;
    toy.rtc_utc_s = INT64_C(1718886605);
    puppet.identity = (struct legal_identity){38200101, 'A', 1, 0x72526998u};
}

/* Put the right CRC-32 behind n bytes of a changed record. */
static inline void toy_check(uint8_t *slot, unsigned n)
{
    uint32_t crc = UINT32_MAX;
    for (unsigned i = 0; i < n; i++) {
        crc ^= slot[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = (crc & 1u) != 0 ? crc >> 1 ^ UINT32_C(0xEDB88320) : crc >> 1;
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        slot[n + i] = (uint8_t)(~crc >> 8 * i);
    }
}

/* Start a meter and give it supply.  A meter of another type has a memory of its own, blank. */
static inline struct meter *toy_meter(const char *name, uint32_t serial_number)
{
    static struct meter meter;
    struct variant variant;
    assert_int_equal(variant_by_name(name, &variant), 0);
    if (toy.type != NULL && strcmp(toy.type, name) != 0) {
        memset(toy.memory, 0xFF, sizeof toy.memory);
    }
    toy.type = name;
    assert_int_equal(meter_start(&meter, &toy_board, &variant, serial_number, 0), METER_OK);
    puppet.supply = LEGAL_SUPPLY_ON;
    (void)meter_step(&meter, 0);
    assert_true(meter.supply_on);
    return &meter;
}

#endif
