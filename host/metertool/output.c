#include "output.h"

#include <inttypes.h>
#include <string.h>

/* A double holds this many decimal digits whatever they are; the mantissa is exact beyond. */
#define DOUBLE_DIGITS   15
#define VALUE_WIDTH_MAX 24u

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static bool is_time(const struct reading *reading)
{
    return reading->kmp_id >= 0 && !reading->is_number;
}

void output_table(const struct readings *readings)
{
    size_t code = 4, name = 4, value = 5;
    bool kmp = false;
    for (size_t i = 0; i < readings->length; i++) {
        char text[80];
        const struct reading *reading = &readings->items[i];
        reading_name(reading, text, sizeof text);
        code = larger(code, strlen(reading->code));
        name = larger(name, strlen(text));
        /* long texts stand out rather than push everything else aside */
        const size_t wide = strlen(reading->text);
        value = larger(value, is_time(reading) || wide > VALUE_WIDTH_MAX ? 0 : wide);
        kmp = kmp || reading->kmp_id >= 0;
    }
    printf("%-*s  %s%-*s  %*s  %s\n", (int)code, "OBIS", kmp ? "KMP     " : "", (int)name, "Name",
           (int)value, "Value", "Unit");
    for (size_t i = 0; i < readings->length; i++) {
        char text[80], id[12] = "";
        const struct reading *reading = &readings->items[i];
        reading_name(reading, text, sizeof text);
        if (kmp) {
            snprintf(id, sizeof id, "0x%04X  ", (unsigned)reading->kmp_id);
        }
        printf("%-*s  %s%-*s  %*s%s%s%s%s\n", (int)code, reading->code, id, (int)name, text,
               (int)value, reading->text, reading->unit[0] != '\0' ? "  " : "", reading->unit,
               reading->extra[0] != '\0' ? "  " : "", reading->extra);
    }
}

void output_key(const struct reading *reading, char *key, size_t n_key)
{
    if (reading->code[0] != '\0') {
        snprintf(key, n_key, "%s", reading->code);
    } else {
        snprintf(key, n_key, "0x%04X", (unsigned)(uint32_t)reading->kmp_id);
    }
}

/** Whole numbers stay whole; others become the nearest double. */
static json_t *json_number(const struct reading *reading)
{
    double value = (double)reading->mantissa, scale = 1.0;
    for (int i = 0; i < reading->exponent || i < -reading->exponent; i++) {
        scale *= 10.0;
    }
    if (reading->exponent == 0) {
        return json_integer(reading->mantissa);
    }
    return json_real(reading->exponent < 0 ? value / scale : value * scale);
}

json_t *output_json_reading(const struct reading *reading)
{
    json_t *object = json_object();
    json_object_set_new(object, "value",
                        reading->is_number ? json_number(reading) : json_string(reading->text));
    json_object_set_new(object, "unit", json_string(reading->unit));
    if (reading->is_number) {
        json_object_set_new(object, "mantissa", json_integer(reading->mantissa));
        json_object_set_new(object, "exponent", json_integer(reading->exponent));
    }
    if (strchr(reading->code, ':') != NULL) { /* DLMS: the code is the whole one */
        char name[80];
        reading_name(reading, name, sizeof name);
        json_object_set_new(object, "obis", json_string(reading->code));
        json_object_set_new(object, "name", json_string(name));
    } else if (reading->def != NULL) {
        const uint8_t *o = reading->def->obis;
        char obis[32];
        snprintf(obis, sizeof obis, "%u-%u:%u.%u.%u.%u", o[0], o[1], o[2], o[3], o[4], o[5]);
        json_object_set_new(object, "obis", json_string(obis));
        json_object_set_new(object, "name", json_string(reading->def->name));
    } else {
        json_object_set_new(object, "obis", json_null());
    }
    if (reading->kmp_id >= 0) {
        json_object_set_new(object, "kmp_id", json_integer(reading->kmp_id));
    }
    if (reading->extra[0] != '\0') {
        json_object_set_new(object, "extra", json_string(reading->extra));
    }
    return object;
}

void output_json(const struct readings *readings)
{
    json_t *all = json_object();
    for (size_t i = 0; i < readings->length; i++) {
        char key[32];
        output_key(&readings->items[i], key, sizeof key);
        json_object_set_new(all, key, output_json_reading(&readings->items[i]));
    }
    json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(DOUBLE_DIGITS));
    fputc('\n', stdout);
    json_decref(all);
}

/** RFC 4180: quoted when it must be. */
static void csv_field(const char *text, char end)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, stdout);
    } else {
        putchar('"');
        for (; *text != '\0'; text++) {
            if (*text == '"') {
                putchar('"');
            }
            putchar(*text);
        }
        putchar('"');
    }
    putchar(end);
}

void output_csv(const struct readings *readings)
{
    puts("code,kmp_id,name,value,unit,extra");
    for (size_t i = 0; i < readings->length; i++) {
        const struct reading *reading = &readings->items[i];
        char name[80], id[12] = "";
        reading_name(reading, name, sizeof name);
        if (reading->kmp_id >= 0) {
            snprintf(id, sizeof id, "0x%04X", (unsigned)reading->kmp_id);
        }
        csv_field(reading->code, ',');
        csv_field(id, ',');
        csv_field(name, ',');
        csv_field(reading->text, ',');
        csv_field(reading->unit, ',');
        csv_field(reading->extra, '\n');
    }
}

void output_readings(const struct tool *tool)
{
    switch (tool->options.format) {
    case FORMAT_TABLE: output_table(&tool->readings); break;
    case FORMAT_JSON: output_json(&tool->readings); break;
    case FORMAT_CSV: output_csv(&tool->readings); break;
    }
}
