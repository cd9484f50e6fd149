#include "registers_json.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/meter/meter.h"
#include "app/registers/register_read.h"

#define KMP_NONE 0xFFFFu

/* How a unit is printed: people read kWh and kW. */
static const struct {
    const char *text;
    int exponent; /* of the printed unit over the base unit */
} units[] = {
    [UNIT_NONE] = {"", 0},      [UNIT_WH] = {"kWh", 3},     [UNIT_VARH] = {"kvarh", 3},
    [UNIT_VAH] = {"kVAh", 3},   [UNIT_W] = {"kW", 3},       [UNIT_VAR] = {"kvar", 3},
    [UNIT_VA] = {"kVA", 3},     [UNIT_V] = {"V", 0},        [UNIT_A] = {"A", 0},
    [UNIT_HZ] = {"Hz", 0},      [UNIT_HOUR] = {"h", 0},     [UNIT_SECOND] = {"s", 0},
    [UNIT_MINUTE] = {"min", 0}, [UNIT_DEGREE] = {"deg", 0}, [UNIT_CELSIUS] = {"degC", 0},
    [UNIT_COUNT] = {"", 0},     [UNIT_TEXT] = {"", 0},      [UNIT_TIME] = {"", 0},
    [UNIT_DATE] = {"", 0},      [UNIT_DATE_TIME] = {"", 0}, [UNIT_FLAGS] = {"", 0},
};

void decimal_format(int64_t number, int exponent, char *out)
{
    char digits[DECIMAL_TEXT_MAX / 2];
    const uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    const char *sign = number < 0 ? "-" : "";
    if (exponent >= 0 || size == 0) {
        const int zeros = size == 0 || exponent > 18 ? 0 : exponent;
        (void)snprintf(out, DECIMAL_TEXT_MAX, "%s%" PRIu64 "%.*s", sign, size, zeros,
                       "000000000000000000");
        return;
    }
    const int places = exponent < -18 ? 18 : -exponent;
    int length = snprintf(digits, sizeof digits, "%0*" PRIu64, places + 1, size);
    const int whole = length - places;
    while (length > whole && digits[length - 1] == '0') {
        length--;
    }
    (void)snprintf(out, DECIMAL_TEXT_MAX, "%s%.*s%s%.*s", sign, whole, digits,
                   length > whole ? "." : "", length - whole, digits + whole);
}

static void print_string(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\' || c < 0x20 || c >= 0x7F) {
            (void)fprintf(out, "\\u%04x", (unsigned)c);
        } else {
            (void)fputc(c, out);
        }
    }
    (void)fputc('"', out);
}

static void print_obis(FILE *out, const uint8_t obis[6])
{
    static const uint8_t none[6] = {0};
    if (memcmp(obis, none, sizeof none) == 0) {
        (void)fputs(", \"obis\": null", out);
    } else {
        (void)fprintf(out, ", \"obis\": \"%u-%u:%u.%u.%u.%u\"", (unsigned)obis[0],
                      (unsigned)obis[1], (unsigned)obis[2], (unsigned)obis[3], (unsigned)obis[4],
                      (unsigned)obis[5]);
    }
}

static bool print_key(FILE *out, const struct register_def *def, bool first)
{
    if (def->code[0] == '\0' && def->kmp_id == KMP_NONE) {
        return false;
    }
    (void)fputs(first ? "{" : ", ", out);
    if (def->code[0] != '\0') {
        print_string(out, def->code);
    } else {
        (void)fprintf(out, "\"kmp:%u\"", (unsigned)def->kmp_id);
    }
    return true;
}

static void print_register(FILE *out, const struct register_def *def,
                           const struct register_value *value, bool with_name)
{
    (void)fputs(": {\"value\": ", out);
    if (value->is_text) {
        print_string(out, value->text);
    } else {
        char number[DECIMAL_TEXT_MAX];
        decimal_format(value->number, value->exponent - units[def->unit].exponent, number);
        (void)fputs(number, out);
    }
    (void)fprintf(out, ", \"unit\": \"%s\"", units[def->unit].text);
    print_obis(out, def->obis);
    if (with_name) {
        (void)fputs(", \"name\": ", out);
        print_string(out, def->name);
    }
    (void)fputc('}', out);
}

char *registers_json(const struct meter *meter, bool with_names, size_t *length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    if (out == NULL) {
        return NULL;
    }
    bool first = true;
    for (size_t i = 0; i < register_table_length; i++) {
        const struct register_def *def = &register_table[i];
        struct register_value value;
        if (register_exists(meter, def) && register_read(meter, def, &value) &&
            print_key(out, def, first)) {
            print_register(out, def, &value, with_names);
            first = false;
        }
    }
    (void)fputs(first ? "{}" : "}", out);
    return fclose(out) == 0 ? text : NULL;
}
