#include "display_lists.h"

#include <string.h>

#include "../meter/meter.h"
#include "../registers/register_read.h"
#include "display_configurations.h"
#include "display_rules.h"

size_t display_list_max(const struct variant *variant, enum display_list which)
{
    return which == LIST_TEST ? LEGAL_TARIFF_ENERGIES
                              : display_rules_longest(variant, (enum kmp_display_which)which);
}

/* Four decimals of a kilowatt-hour: value group F is 128. */
static bool reading_is_verification(const struct register_def *def)
{
    return def->source == SOURCE_ENERGY && def->obis[5] == 128;
}

bool display_reading_allowed(enum display_list which, const struct register_def *def)
{
    return which == LIST_TEST ? reading_is_verification(def)
                              : display_rules_allow((enum kmp_display_which)which, def);
}

static bool list_holds(const uint16_t *readings, size_t n, size_t row)
{
    for (size_t i = 0; i < n; i++) {
        if (readings[i] == row) {
            return true;
        }
    }
    return false;
}

static bool reading_is_legal(const struct meter *meter, const struct register_def *def)
{
    return (def->access & ACCESS_LEGAL) != 0 && register_exists(meter, def);
}

static enum display_err reading_check(const struct meter *meter, enum display_list which,
                                      uint16_t reading)
{
    if (reading == DISPLAY_READING_TEST) {
        return which == LIST_BACKUP ? DISPLAY_ERR_BARRED : DISPLAY_OK;
    }
    if (display_rules_log(&meter->variant, reading)) {
        return which == LIST_MANUAL ? DISPLAY_OK
                                    : DISPLAY_ERR_BARRED; /* BIL-08, spec answers B3.2 */
    }
    if (reading >= register_table_length || !register_exists(meter, &register_table[reading])) {
        return DISPLAY_ERR_UNKNOWN;
    }
    return display_reading_allowed(which, &register_table[reading]) ? DISPLAY_OK
                                                                    : DISPLAY_ERR_BARRED;
}

enum display_list display_list_shown(const struct display *display)
{
    switch (display->state) {
    case DISPLAY_AUTOMATIC: return LIST_AUTOMATIC;
    case DISPLAY_MANUAL: return LIST_MANUAL;
    case DISPLAY_BACKUP: return LIST_BACKUP;
    case DISPLAY_TEST: return LIST_TEST;
    default: return LISTS;
    }
}

enum display_err display_set_list(struct display *display, const struct meter *meter,
                                  enum display_list which, const uint16_t *readings, size_t n,
                                  int64_t now_us)
{
    if (which == LIST_TEST) {
        return DISPLAY_ERR_BARRED;
    }
    if (n > display_list_max(&meter->variant, which) || (which == LIST_AUTOMATIC && n == 0)) {
        return DISPLAY_ERR_LENGTH;
    }
    for (size_t i = 0; i < n; i++) {
        enum display_err err = reading_check(meter, which, readings[i]);
        if (err != DISPLAY_OK) {
            return err;
        }
    }
    for (size_t row = 0; which == LIST_MANUAL && row < register_table_length; row++) {
        if (reading_is_legal(meter, &register_table[row]) && !list_holds(readings, n, row)) {
            return DISPLAY_ERR_LEGAL;
        }
    }
    for (size_t i = 0; i < n; i++) {
        display->list[which][i] = readings[i];
    }
    display->length[which] = (uint8_t)n;
    if (display_list_shown(display) == which) {
        display->position = 0;
        display->position_since_us = now_us;
    }
    return DISPLAY_OK;
}

uint8_t display_test_position(const struct display *display, enum legal_energy energy)
{
    uint8_t position = 0;
    while (position < display->length[LIST_TEST] &&
           register_table[display->list[LIST_TEST][position]].index != (unsigned)energy) {
        position++;
    }
    return position;
}

static void list_append(struct display *display, const struct meter *meter, enum display_list which,
                        uint16_t reading)
{
    uint8_t *length = &display->length[which];
    if (*length < display_list_max(&meter->variant, which) &&
        !list_holds(display->list[which], *length, reading)) {
        display->list[which][*length] = reading;
        (*length)++;
    }
}

/* A reading that opens a log; DISPLAY_READING_TEST, which opens none: it is an ordinary one. */
static uint16_t log_by_code(const char *code)
{
    return strcmp(code, "98.1.0") == 0   ? DISPLAY_READING_HISTORY
           : strcmp(code, "99.1.0") == 0 ? DISPLAY_READING_PROFILE
                                         : DISPLAY_READING_TEST;
}

static void list_append_codes(struct display *display, const struct meter *meter,
                              enum display_list which, const struct display_readings *readings)
{
    for (size_t i = 0; i < readings->length; i++) {
        const struct register_def *def = register_by_code(readings->codes[i]);
        const uint16_t log = log_by_code(readings->codes[i]);
        if (which == LIST_MANUAL && display_rules_log(&meter->variant, log)) {
            list_append(display, meter, which, log);
        }
        if (def != NULL && register_exists(meter, def) && display_reading_allowed(which, def)) {
            list_append(display, meter, which, (uint16_t)(def - register_table));
        }
    }
}

/* Of a meter with a breaker one short press leads to where the button moves it (X-BRK-5). */
static void list_append_breaker(struct display *display, const struct meter *meter)
{
    for (size_t row = 0; row < register_table_length; row++) {
        const struct register_def *def = &register_table[row];
        if (def->source == SOURCE_BREAKER && def->index == BREAKER_REGISTER_STATE &&
            register_exists(meter, def)) {
            list_append(display, meter, LIST_MANUAL, (uint16_t)row);
        }
    }
}

void display_lists_default(struct display *display, const struct meter *meter)
{
    const struct display_configuration *configuration =
        display_configuration_find(meter->variant.display_configuration);
    list_append_breaker(display, meter);
    for (size_t row = 0; row < register_table_length; row++) {
        if (reading_is_legal(meter, &register_table[row])) {
            list_append(display, meter, LIST_MANUAL, (uint16_t)row);
        }
        if (reading_is_verification(&register_table[row]) &&
            register_exists(meter, &register_table[row])) {
            list_append(display, meter, LIST_TEST, (uint16_t)row);
        }
    }
    if (configuration != NULL) {
        list_append_codes(display, meter, LIST_AUTOMATIC, &configuration->automatic);
        list_append_codes(display, meter, LIST_MANUAL, &configuration->manual);
        list_append_codes(display, meter, LIST_BACKUP, &configuration->backup);
    }
    list_append(display, meter, LIST_MANUAL, DISPLAY_READING_TEST);
}
