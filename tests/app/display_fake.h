/*
 * A meter whose legal part is a puppet: the test says what the mains look like and what has been
 * counted. Include once per test program; it takes the place of the legal library.
 */
#ifndef OPEN382_TESTS_DISPLAY_FAKE_H
#define OPEN382_TESTS_DISPLAY_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/display/display.h"
#include "app/display/display_icons.h"
#include "app/display/display_lists.h"
#include "app/meter/meter.h"
#include "app/registers/register_read.h"
#include "legal_calibration_none.h"

#define SECOND INT64_C(1000000)

static struct {
    struct legal_instant instant;
    struct legal_health health;
    struct legal_identity identity;
    uint64_t energy_uwh[LEGAL_ENERGIES];
    uint8_t tariff;
} puppet;

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
    (void)out;
}

enum legal_err legal_calibration_read(const struct legal *legal, uint8_t system,
                                      struct legal_calibration *out)
{
    (void)legal;
    (void)system;
    (void)out;
    return LEGAL_ERR_RANGE;
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
    (void)tariff;
    (void)energy;
    return 0;
}

uint8_t legal_tariff(const struct legal *legal)
{
    (void)legal;
    return puppet.tariff;
}

uint64_t legal_operating_s(const struct legal *legal)
{
    (void)legal;
    return 7200;
}

/* The rest of the interface stands still: a library is taken as a whole or not at all. */
enum legal_err legal_start(struct legal *legal, const struct legal_port *port,
                           const struct legal_setup *setup, int64_t now_us)
{
    (void)legal;
    (void)port;
    (void)setup;
    (void)now_us;
    return LEGAL_OK;
}

void legal_bus_receive(struct legal *legal, const uint8_t *bytes, size_t n_bytes, int64_t now_us)
{
    (void)legal;
    (void)bytes;
    (void)n_bytes;
    (void)now_us;
}

enum legal_err legal_profile_begin(struct legal *legal, const struct legal_profile_layout *layout,
                                   bool *deleted)
{
    (void)legal;
    (void)layout;
    *deleted = false;
    return LEGAL_ERR_STORAGE;
}

enum legal_err legal_profile_record(struct legal *legal, const struct legal_profile_record *stamp)
{
    (void)legal;
    (void)stamp;
    return LEGAL_ERR_STORAGE;
}

void legal_profile_range(const struct legal *legal, struct legal_profile_range *out)
{
    (void)legal;
    memset(out, 0, sizeof *out);
}

enum legal_err legal_profile_read(const struct legal *legal, uint32_t id,
                                  struct legal_profile_record *out)
{
    (void)legal;
    (void)id;
    (void)out;
    return LEGAL_ERR_RANGE;
}

int64_t legal_step(struct legal *legal, int64_t now_us)
{
    (void)legal;
    (void)now_us;
    return INT64_MAX;
}

enum legal_err legal_tariff_select(struct legal *legal, uint8_t tariff)
{
    (void)legal;
    (void)tariff;
    return LEGAL_OK;
}

enum legal_err legal_pulse_select(struct legal *legal, enum legal_energy energy)
{
    (void)legal;
    (void)energy;
    return LEGAL_OK;
}

enum legal_err legal_store(struct legal *legal)
{
    (void)legal;
    return LEGAL_OK;
}

void legal_pulses(const struct legal *legal, uint64_t *emitted, uint64_t *pending)
{
    (void)legal;
    *emitted = 0;
    *pending = 0;
}

enum legal_supply legal_supply(const struct legal *legal)
{
    (void)legal;
    return LEGAL_SUPPLY_ON;
}

/* A meter of that variant, display at its defaults, dark, time zero. */
static inline void puppet_meter(struct meter *meter, const char *variant)
{
    memset(meter, 0, sizeof *meter);
    memset(&puppet, 0, sizeof puppet);
    puppet.tariff = 1;
    puppet.identity = (struct legal_identity){38200101, 'A', 1, UINT32_C(0x72526998)};
    assert_int_equal(variant_by_name(variant, &meter->variant), 0);
    memcpy(meter->meter_number[0], "12345678", 9);
    meter->serial_number = 12345678;
    display_init(&meter->display, meter);
}

/* ... switched on at time zero and past its power-up sequence. */
static inline void puppet_run(struct meter *meter, const char *variant)
{
    puppet_meter(meter, variant);
    display_supply(&meter->display, true, 0);
    (void)display_step(&meter->display, 10 * SECOND);
    assert_int_equal(meter->display.state, DISPLAY_AUTOMATIC);
}

/* Time passes in the steps the display asks for. */
static inline void puppet_until(struct meter *meter, int64_t from_us, int64_t until_us)
{
    int64_t next_us = from_us;
    while (next_us <= until_us) {
        int64_t wanted_us = display_step(&meter->display, next_us);
        assert_true(wanted_us > next_us);
        next_us = wanted_us;
    }
    (void)display_step(&meter->display, until_us);
}

static inline void puppet_press(struct meter *meter, int64_t at_us, int64_t for_us)
{
    display_button(&meter->display, meter, true, at_us);
    display_button(&meter->display, meter, false, at_us + for_us);
}

static inline uint16_t row_of(const char *code)
{
    const struct register_def *def = register_by_code(code);
    assert_non_null(def);
    return (uint16_t)(def - register_table);
}

/* The line of text shown at that time. */
static inline const char *shown(const struct meter *meter, int64_t now_us)
{
    static char line[128];
    struct display_frame frame;
    display_render(&meter->display, meter, now_us, &frame);
    (void)display_text(&frame, line, sizeof line);
    return line;
}

static inline void assert_shows(const struct meter *meter, int64_t now_us, const char *beginning)
{
    const char *line = shown(meter, now_us);
    if (strncmp(line, beginning, strlen(beginning)) != 0) {
        fail_msg("expected \"%s\", the display shows \"%s\"", beginning, line);
    }
}

#endif
