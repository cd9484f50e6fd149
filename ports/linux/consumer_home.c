#include "consumer_home.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/meter/meter.h"
#include "instant.h"
#include "proto/common/writer.h"

#define HAN  (1u << CONSUMER_HAN)
#define PUSH (1u << CONSUMER_PUSH)
#define P1   (1u << CONSUMER_P1)
#define ALL  (HAN | PUSH | P1)

enum kind { ENERGY, REACTIVE_ENERGY, POWER, REACTIVE_POWER, VOLTAGE, CURRENT, FACTOR };

/* The words of Home Assistant.  A class for reactive energy came late: without one, older
 * ones show it as well. */
static const struct {
    const char *class, *state, *unit;
    int8_t exponent;  /* asked for in such steps */
    uint8_t decimals; /* in the unit */
} kinds[] = {
    [ENERGY] = {"energy", "total_increasing", "kWh", 0, 3},
    [REACTIVE_ENERGY] = {NULL, "total_increasing", "kvarh", 0, 3},
    [POWER] = {"power", "measurement", "W", 0, 0},
    [REACTIVE_POWER] = {"reactive_power", "measurement", "var", 0, 0},
    [VOLTAGE] = {"voltage", "measurement", "V", -1, 1},
    [CURRENT] = {"current", "measurement", "A", -2, 2},
    [FACTOR] = {"power_factor", "measurement", NULL, -2, 2},
};

/* Keys become names: "voltage_l1" is "Voltage L1". */
static const struct quantity {
    uint8_t c, d; /* 1-1:C.D.0 */
    uint8_t kind, lists;
    const char *key;
} quantities[HOME_QUANTITIES] = {
    {1, 8, ENERGY, ALL, "energy_import"},
    {2, 8, ENERGY, ALL, "energy_export"},
    {3, 8, REACTIVE_ENERGY, ALL, "reactive_energy_import"},
    {4, 8, REACTIVE_ENERGY, ALL, "reactive_energy_export"},
    {1, 7, POWER, ALL, "power_import"},
    {2, 7, POWER, ALL, "power_export"},
    {3, 7, REACTIVE_POWER, ALL, "reactive_power_import"},
    {4, 7, REACTIVE_POWER, ALL, "reactive_power_export"},
    {32, 7, VOLTAGE, ALL, "voltage_l1"},
    {52, 7, VOLTAGE, ALL, "voltage_l2"},
    {72, 7, VOLTAGE, ALL, "voltage_l3"},
    {31, 7, CURRENT, ALL, "current_l1"},
    {51, 7, CURRENT, ALL, "current_l2"},
    {71, 7, CURRENT, ALL, "current_l3"},
    {21, 7, POWER, PUSH | P1, "power_import_l1"},
    {41, 7, POWER, PUSH | P1, "power_import_l2"},
    {61, 7, POWER, PUSH | P1, "power_import_l3"},
    {22, 7, POWER, PUSH | P1, "power_export_l1"},
    {42, 7, POWER, PUSH | P1, "power_export_l2"},
    {62, 7, POWER, PUSH | P1, "power_export_l3"},
    {23, 7, REACTIVE_POWER, P1, "reactive_power_import_l1"},
    {43, 7, REACTIVE_POWER, P1, "reactive_power_import_l2"},
    {63, 7, REACTIVE_POWER, P1, "reactive_power_import_l3"},
    {24, 7, REACTIVE_POWER, P1, "reactive_power_export_l1"},
    {44, 7, REACTIVE_POWER, P1, "reactive_power_export_l2"},
    {64, 7, REACTIVE_POWER, P1, "reactive_power_export_l3"},
    {13, 7, FACTOR, PUSH, "power_factor"},
    {33, 7, FACTOR, PUSH, "power_factor_l1"},
    {53, 7, FACTOR, PUSH, "power_factor_l2"},
    {73, 7, FACTOR, PUSH, "power_factor_l3"},
    {21, 8, ENERGY, PUSH, "energy_import_l1"},
    {41, 8, ENERGY, PUSH, "energy_import_l2"},
    {61, 8, ENERGY, PUSH, "energy_import_l3"},
    {22, 8, ENERGY, PUSH, "energy_export_l1"},
    {42, 8, ENERGY, PUSH, "energy_export_l2"},
    {62, 8, ENERGY, PUSH, "energy_export_l3"},
};

static bool value_of(const struct quantity *quantity, enum consumer_kind kind,
                     const struct meter *meter, int64_t *out)
{
    const struct consumer_source source = consumer_source_of(meter);
    const uint8_t obis[6] = {1, 1, quantity->c, quantity->d, 0, 255};
    struct consumer_value value;
    if ((quantity->lists >> kind & 1u) == 0 ||
        !source.read(source.context, obis, kinds[quantity->kind].exponent, &value)) {
        return false;
    }
    *out = value.number;
    return true;
}

void home_topics(const struct mqtt_option *mqtt, const struct meter *meter, struct home_topics *out)
{
    const unsigned long serial = meter->serial_number;
    (void)snprintf(out->state, sizeof out->state, "%s/%08lu/state", mqtt->topic, serial);
    (void)snprintf(out->available, sizeof out->available, "%s/%08lu/available", mqtt->topic,
                   serial);
}

/* ---- discovery ---- */

static void name_of(const char *key, char *name, size_t capacity)
{
    size_t n = 0;
    for (; key[n] != '\0' && n + 1u < capacity; n++) {
        const bool phase = key[n] == 'l' && n > 0 && key[n - 1u] == '_' && key[n + 2u] == '\0';
        name[n] = key[n] == '_' ? ' ' : n == 0 || phase ? (char)(key[n] - 'a' + 'A') : key[n];
    }
    name[n] = '\0';
}

static json_t *device_json(const struct meter *meter)
{
    char serial[16], id[32], name[64];
    (void)snprintf(serial, sizeof serial, "%08lu", (unsigned long)meter->serial_number);
    (void)snprintf(id, sizeof id, "open382_%s", serial);
    (void)snprintf(name, sizeof name, "Meter %s", serial);
    return json_pack("{s:[s], s:s, s:s, s:s, s:s, s:s}", "identifiers", id, "name", name,
                     "manufacturer", "open382", "model", meter->variant.name, "serial_number",
                     serial, "sw_version", OPEN382_VERSION);
}

static char *config_text(const struct quantity *quantity, const struct home_topics *topics,
                         const struct meter *meter)
{
    char id[64], name[48], template[80];
    name_of(quantity->key, name, sizeof name);
    (void)snprintf(id, sizeof id, "open382_%08lu_%s", (unsigned long)meter->serial_number,
                   quantity->key);
    (void)snprintf(template, sizeof template, "{{ value_json.%s }}", quantity->key);
    json_t *config = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s?, s:s?, s:o, s:{s:s, s:s}}", "name", name,
        "unique_id", id, "state_topic", topics->state, "availability_topic", topics->available,
        "value_template", template, "state_class", kinds[quantity->kind].state,
        "suggested_display_precision", (int)kinds[quantity->kind].decimals, "device_class",
        kinds[quantity->kind].class, "unit_of_measurement", kinds[quantity->kind].unit, "device",
        device_json(meter), "origin", "name", "open382", "sw_version", OPEN382_VERSION);
    if (config == NULL) {
        return NULL;
    }
    /* What is not there is not said: null is no class. */
    if (kinds[quantity->kind].class == NULL) {
        (void)json_object_del(config, "device_class");
    }
    if (kinds[quantity->kind].unit == NULL) {
        (void)json_object_del(config, "unit_of_measurement");
    }
    char *text = json_dumps(config, JSON_COMPACT);
    json_decref(config);
    return text;
}

int home_configs(const struct mqtt_option *mqtt, enum consumer_kind kind, const struct meter *meter,
                 struct home_config *out)
{
    struct home_topics topics;
    home_topics(mqtt, meter, &topics);
    for (size_t i = 0; i < HOME_QUANTITIES; i++) {
        int64_t value;
        const struct quantity *quantity = &quantities[i];
        (void)snprintf(out[i].topic, sizeof out[i].topic, "%s/sensor/open382_%08lu/%s/config",
                       mqtt->discovery, (unsigned long)meter->serial_number, quantity->key);
        out[i].text = value_of(quantity, kind, meter, &value)
                          ? config_text(quantity, &topics, meter)
                          : calloc(1, 1);
        if (out[i].text == NULL) {
            home_configs_free(out, i);
            return -1;
        }
    }
    return HOME_QUANTITIES;
}

void home_configs_free(struct home_config *configs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(configs[i].text);
        configs[i].text = NULL;
    }
}

/* ---- values ---- */

void home_state(enum consumer_kind kind, const struct meter *meter, char *out)
{
    struct writer w = writer_over(out, HOME_STATE_MAX - 1u);
    char time[INSTANT_TEXT_MAX];
    instant_format(clock_utc_s(&meter->clock, meter->now_us), time);
    writer_text(&w, "{\"time\":");
    writer_text(&w, meter->clock.valid ? "\"" : "null");
    if (meter->clock.valid) {
        writer_text(&w, time);
        writer_text(&w, "Z\"");
    }
    for (size_t i = 0; i < HOME_QUANTITIES; i++) {
        int64_t value;
        if (value_of(&quantities[i], kind, meter, &value)) {
            writer_text(&w, ",\"");
            writer_text(&w, quantities[i].key);
            writer_text(&w, "\":");
            writer_fixed(&w, value, kinds[quantities[i].kind].decimals, 1);
        }
    }
    writer_text(&w, "}");
    *w.at = '\0';
}
