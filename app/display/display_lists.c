#include "display_lists.h"

#include "../meter/meter.h"
#include "../registers/register_read.h"

/* What a meter is delivered with, as far as its variant has the register; in this order.  The
 * makers' lists are agreed with each utility and not public, so these are ours: bills first, then
 * what an installer looks for. */
static const char *const automatic_codes[] = {"1.8.0", "2.8.0", "3.8.0", "4.8.0", "1.7.0", "1.0.0"};

static const char *const manual_codes[] = {
    "1.8.0",  "2.8.0",  "3.8.0",   "4.8.0",  "1.8.1",   "1.8.2",  "15.8.0", "1.7.0",
    "2.7.0",  "3.7.0",  "4.7.0",   "1.6.0",  "32.7.0",  "52.7.0", "72.7.0", "31.7.0",
    "51.7.0", "71.7.0", "21.7.0",  "41.7.0", "61.7.0",  "14.7.0", "96.8.0", "1.0.0",
    "0.0.1",  "96.1.0", "97.97.0", "0.2.0",  "96.54.1",
};

static const char *const backup_codes[] = {"1.8.0", "2.8.0", "3.8.0", "4.8.0",
                                           "5.8.0", "6.8.0", "7.8.0", "8.8.0"};

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

size_t display_list_max(const struct variant *variant, enum display_list which)
{
    switch (which) {
    case LIST_AUTOMATIC: return DISPLAY_AUTOMATIC_MAX;
    case LIST_MANUAL:
        return variant->manual_list_max < DISPLAY_MANUAL_MAX ? variant->manual_list_max
                                                             : DISPLAY_MANUAL_MAX;
    case LIST_BACKUP: return variant->backup_battery ? DISPLAY_BACKUP_MAX : 0;
    default: return 0;
    }
}

/* Values of an earlier debiting period (OBIS value group F), and the logs themselves. */
static bool reading_is_historical(const struct register_def *def)
{
    bool has_obis = def->obis[2] != 0 || def->obis[3] != 0 || def->obis[4] != 0;
    return has_obis && (def->obis[5] <= 99 || def->obis[2] == 98 || def->obis[2] == 99);
}

static bool reading_is_energy_total(const struct register_def *def)
{
    return def->source == SOURCE_NET_ENERGY ||
           (def->source == SOURCE_ENERGY && def->index <= LEGAL_R4 && def->obis[5] == 255);
}

bool display_reading_allowed(enum display_list which, const struct register_def *def)
{
    switch (which) {
    case LIST_AUTOMATIC: return !reading_is_historical(def);
    case LIST_MANUAL: return true;
    case LIST_BACKUP: return reading_is_energy_total(def);
    default: return false;
    }
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
    default: return LISTS;
    }
}

enum display_err display_set_list(struct display *display, const struct meter *meter,
                                  enum display_list which, const uint16_t *readings, size_t n,
                                  int64_t now_us)
{
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

static void list_append_codes(struct display *display, const struct meter *meter,
                              enum display_list which, const char *const *codes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct register_def *def = register_by_code(codes[i]);
        if (def != NULL && register_exists(meter, def) && display_reading_allowed(which, def)) {
            list_append(display, meter, which, (uint16_t)(def - register_table));
        }
    }
}

void display_lists_default(struct display *display, const struct meter *meter)
{
    for (size_t row = 0; row < register_table_length; row++) {
        if (reading_is_legal(meter, &register_table[row])) {
            list_append(display, meter, LIST_MANUAL, (uint16_t)row);
        }
    }
    list_append_codes(display, meter, LIST_AUTOMATIC, automatic_codes, LENGTH(automatic_codes));
    list_append_codes(display, meter, LIST_MANUAL, manual_codes, LENGTH(manual_codes));
    list_append_codes(display, meter, LIST_BACKUP, backup_codes, LENGTH(backup_codes));
    list_append(display, meter, LIST_MANUAL, DISPLAY_READING_TEST);
}
