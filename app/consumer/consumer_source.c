/* The registers of a meter as the source of the pushed lists. */
#include <string.h>

#include "../meter/meter.h"
#include "../registers/register_read.h"
#include "consumer.h"

#define GS1_MAKER  UINT64_C(5706567) /* of the real meters' numbers */
#define GS1_SERIAL UINT64_C(100000000)
#define GS1_DIGITS 16u

static const uint8_t gs1_obis[6] = {1, 1, 0, 0, 5, 255};

/* Maker, eight digits of the serial number, check digit of GS1 (weights 3 and 1 from the right). */
static void gs1_number(uint32_t serial_number, char text[CONSUMER_TEXT_MAX + 1u])
{
    uint64_t left = GS1_MAKER * GS1_SERIAL + serial_number % GS1_SERIAL;
    unsigned sum = 0;
    for (unsigned i = GS1_DIGITS - 1u; i-- > 0;) {
        const unsigned digit = (unsigned)(left % 10u);
        left /= 10u;
        text[i] = (char)('0' + digit);
        sum += i % 2u == 0 ? 3u * digit : digit;
    }
    text[GS1_DIGITS - 1u] = (char)('0' + (10u - sum % 10u) % 10u);
    text[GS1_DIGITS] = '\0';
}

/* The stamps of a peak carry the peak's OBIS, but no object of a list is a peak. */
static const struct register_def *row_of(const uint8_t obis[6])
{
    for (size_t i = 0; i < register_table_length; i++) {
        if (memcmp(register_table[i].obis, obis, sizeof register_table[i].obis) == 0) {
            return &register_table[i];
        }
    }
    return NULL;
}

static bool read_register(const void *context, const uint8_t obis[6], int exponent,
                          struct consumer_value *out)
{
    const struct meter *meter = context;
    const struct register_def *def = row_of(obis);
    struct register_value value;
    memset(out, 0, sizeof *out);
    if (memcmp(obis, gs1_obis, sizeof gs1_obis) == 0) {
        gs1_number(meter->serial_number, out->text);
        return true;
    }
    if (def == NULL || !register_read(meter, def, &value)) {
        return false;
    }
    if (value.is_text) {
        memcpy(out->text, value.text, sizeof value.text);
        return true;
    }
    out->number = register_value_at(def, &value, exponent);
    return true;
}

struct consumer_source consumer_source_of(const struct meter *meter)
{
    return (struct consumer_source){meter, read_register};
}
