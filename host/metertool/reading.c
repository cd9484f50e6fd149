#include "reading.h"

#include <stdio.h>
#include <string.h>

#include "../lib/dlms_text.h"
#include "../lib/dlms_unit.h"
#include "../lib/obis_text.h"

#define CLASS_PROFILE 7u

/* Unit codes of KMP whose values are no plain numbers. */
enum kmp_unit {
    UNIT_CLOCK_HHMMSS = 47,
    UNIT_DATE_YYMMDD = 48,
    UNIT_DATE_YYYYMMDD = 49,
    UNIT_DATE_MMDD = 50,
    UNIT_RTC = 53,
    UNIT_ASCII = 54,
    UNIT_BITS = 59,
    UNIT_RTC_Q = 63,
    UNIT_KAM_DATE_TIME = 72,
};

static void text_of_hex(const struct kmp_value *value, char *text, size_t n_text)
{
    size_t at = (size_t)snprintf(text, n_text, "0x");
    for (unsigned i = 0; i < value->n_bytes && at + 3 <= n_text; i++) {
        at += (size_t)snprintf(text + at, n_text - at, "%02X", value->bytes[i]);
    }
}

void number_text(int64_t mantissa, int exponent, char *text, size_t n_text)
{
    struct writer w = writer_over(text, n_text - 1);
    writer_fixed(&w, mantissa, exponent < 0 ? (unsigned)-exponent : 0u, 1);
    for (int i = 0; i < exponent && mantissa != 0; i++) {
        writer_u8(&w, '0');
    }
    text[writer_length(&w)] = '\0';
}

/** Characters up to the first 0; what cannot be printed becomes '.'. */
static void text_of_ascii(const struct kmp_value *value, char *text, size_t n_text)
{
    size_t length = 0;
    for (unsigned i = 0; i < value->n_bytes && value->bytes[i] != 0 && length + 1 < n_text; i++) {
        uint8_t byte = value->bytes[i];
        text[length++] = byte >= ' ' && byte < 0x7F ? (char)byte : '.';
    }
    while (length > 0 && text[length - 1] == ' ') {
        length--;
    }
    text[length] = '\0';
}

/** status, weekday, ss, mm, hh, DD, MM, YY; status bit 0 summer time, bit 1 valid. */
static void text_of_rtc(const struct kmp_value *value, char *text, size_t n_text)
{
    const uint8_t *b = value->bytes;
    if (value->n_bytes != 8) {
        text_of_hex(value, text, n_text);
        return;
    }
    snprintf(text, n_text, "20%02u-%02u-%02u %02u:%02u:%02u%s%s", b[7], b[6], b[5], b[4], b[3],
             b[2], (b[0] & 1) != 0 ? " summer time" : "", (b[0] & 2) == 0 ? " (not valid)" : "");
}

/** Days since 2000-01-01 to a date; good to 2099. */
static void text_of_kam_date_time(const struct kmp_value *value, char *text, size_t n_text)
{
    static const uint8_t month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct reader r = reader_over(value->bytes, value->n_bytes);
    uint8_t status = reader_u8(&r);
    uint32_t seconds = (uint32_t)reader_uint_be(&r, 4);
    uint32_t days = seconds / 86400, year = 0, month = 0;
    if (!reader_complete(&r)) {
        text_of_hex(value, text, n_text);
        return;
    }
    while (days >= (year % 4 == 0 ? 366u : 365u)) {
        days -= year++ % 4 == 0 ? 366u : 365u;
    }
    while (days >= month_days[month] + (month == 1 && year % 4 == 0 ? 1u : 0u)) {
        days -= month_days[month] + (month == 1 && year % 4 == 0 ? 1u : 0u);
        month++;
    }
    snprintf(text, n_text, "20%02u-%02u-%02u %02u:%02u:%02u%s%s", year, month + 1, days + 1,
             seconds / 3600 % 24, seconds / 60 % 60, seconds % 60,
             (status & 1) != 0 ? " summer time" : "", (status & 2) == 0 ? " (not valid)" : "");
}

/** Decimal number that is a time or a date. */
static void text_of_decimal_time(uint8_t unit, int64_t number, char *text, size_t n_text)
{
    unsigned low = (unsigned)(number % 100), middle = (unsigned)(number / 100 % 100);
    unsigned high = (unsigned)(number / 10000);
    switch (unit) {
    case UNIT_CLOCK_HHMMSS: snprintf(text, n_text, "%02u:%02u:%02u", high, middle, low); break;
    case UNIT_DATE_YYMMDD: snprintf(text, n_text, "20%02u-%02u-%02u", high, middle, low); break;
    case UNIT_DATE_YYYYMMDD: snprintf(text, n_text, "%04u-%02u-%02u", high, middle, low); break;
    default: snprintf(text, n_text, "%02u-%02u", middle, low); break;
    }
}

static bool is_decimal_time(uint8_t unit)
{
    return unit >= UNIT_CLOCK_HHMMSS && unit <= UNIT_DATE_MMDD;
}

/** True when the value is a number in its own right. */
static bool is_plain_number(const struct kmp_value *value, int64_t *mantissa, int *exponent)
{
    uint8_t unit = value->unit;
    bool special = is_decimal_time(unit) || unit == UNIT_RTC || unit == UNIT_ASCII ||
                   unit == UNIT_RTC_Q || unit == UNIT_KAM_DATE_TIME;
    return !special && kmp_value_number(value, mantissa, exponent) == KMP_OK;
}

void kmp_value_text(const struct kmp_value *value, char *text, size_t n_text)
{
    int64_t mantissa = 0;
    int exponent = 0;
    if (value->unit == UNIT_ASCII) {
        text_of_ascii(value, text, n_text);
    } else if (value->unit == UNIT_RTC || value->unit == UNIT_RTC_Q) {
        text_of_rtc(value, text, n_text);
    } else if (value->unit == UNIT_KAM_DATE_TIME) {
        text_of_kam_date_time(value, text, n_text);
    } else if (value->unit == UNIT_BITS || kmp_value_number(value, &mantissa, &exponent) != 0) {
        text_of_hex(value, text, n_text);
    } else if (is_decimal_time(value->unit)) {
        text_of_decimal_time(value->unit, mantissa, text, n_text);
    } else {
        number_text(mantissa, exponent, text, n_text);
    }
}

/** An empty place at the end, or NULL. */
static struct reading *add(struct readings *readings)
{
    if (readings->length == READINGS_MAX) {
        return NULL;
    }
    struct reading *reading = &readings->items[readings->length++];
    memset(reading, 0, sizeof *reading);
    reading->kmp_id = -1;
    return reading;
}

/** The bytes from the last to the first: type numbers stand on the wire that way. */
static struct kmp_value turned_round(const struct kmp_value *value)
{
    struct kmp_value turned = *value;
    for (unsigned i = 0; i < value->n_bytes; i++) {
        turned.bytes[i] = value->bytes[value->n_bytes - 1u - i];
    }
    return turned;
}

bool readings_add_kmp(struct readings *readings, const struct kmp_value *value)
{
    struct reading *reading = add(readings);
    if (reading == NULL) {
        return false;
    }
    const char *unit = kmp_unit_name(value->unit);
    reading->kmp_id = value->id;
    reading->def = register_by_kmp_id(value->id);
    if (reading->def != NULL) {
        snprintf(reading->code, sizeof reading->code, "%s", reading->def->code);
    }
    if (unit == NULL) {
        snprintf(reading->unit, sizeof reading->unit, "unit %u", value->unit);
    } else {
        snprintf(reading->unit, sizeof reading->unit, "%s", unit);
    }
    reading->is_number = is_plain_number(value, &reading->mantissa, &reading->exponent);
    bool reversed = reading->def != NULL && reading->def->coding == REGISTER_TEXT_REVERSED;
    struct kmp_value shown = reversed ? turned_round(value) : *value;
    kmp_value_text(&shown, reading->text, sizeof reading->text);
    return true;
}

/** "0036886", "0.976" -> mantissa and exponent.  @return false: no decimal number, or too long. */
static bool parse_decimal(const char *text, int64_t *mantissa, int *exponent)
{
    bool negative = *text == '-';
    bool point = false;
    unsigned n_digits = 0;
    int64_t value = 0;
    *exponent = 0;
    for (text += negative; *text != '\0'; text++) {
        if (*text == '.' && !point) {
            point = true;
            continue;
        }
        if (*text < '0' || *text > '9' || ++n_digits > 18) {
            return false;
        }
        value = value * 10 + (*text - '0');
        *exponent -= point;
    }
    *mantissa = negative ? -value : value;
    return n_digits > 0;
}

/** Characters of a meter, for a terminal: what cannot be printed becomes '.'. */
static void copy(char *to, size_t n_to, const char *from, size_t n_from)
{
    size_t n = n_from < n_to ? n_from : n_to - 1;
    for (size_t i = 0; i < n; i++) {
        to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '.';
    }
    to[n] = '\0';
}

/** "NVYYMMDDhhmmss" or "NYYMMDDhhmmss" (5512-1458: N 1 = summer, V 1 = valid) as people read it. */
static void stamp_text(char *text, size_t n_text)
{
    size_t length = strlen(text);
    if ((length != 13 && length != 14) || strspn(text, "0123456789") != length) {
        return;
    }
    const char *t = text + length - 12;
    bool summer = text[0] == '1', valid = length == 13 || text[1] == '1';
    char stamp[48];
    snprintf(stamp, sizeof stamp, "20%.2s-%.2s-%.2s %.2s:%.2s:%.2s%s%s", t, t + 2, t + 4, t + 6,
             t + 8, t + 10, summer ? " summer time" : "", valid ? "" : " (not valid)");
    snprintf(text, n_text, "%s", stamp);
}

bool readings_add_iec(struct readings *readings, const struct iec_item *item)
{
    struct reading *reading = add(readings);
    if (reading == NULL) {
        return false;
    }
    copy(reading->code, sizeof reading->code, item->address, item->n_address);
    copy(reading->text, sizeof reading->text, item->value, item->n_value);
    copy(reading->unit, sizeof reading->unit, item->unit, item->n_unit);
    copy(reading->extra, sizeof reading->extra, item->extra, item->n_extra);
    reading->def = register_by_code(reading->code);
    stamp_text(reading->extra, sizeof reading->extra);
    if (reading->def != NULL && reading->def->coding == REGISTER_RTC) {
        stamp_text(reading->text, sizeof reading->text);
    }
    /* Without a unit it is a name made of digits: leading zeroes belong to it. */
    reading->is_number =
        item->n_unit > 0 && parse_decimal(reading->text, &reading->mantissa, &reading->exponent);
    return true;
}

/** Names are those of registers, or of the code. */
static const struct register_def *def_of_obis(const uint8_t obis[6])
{
    for (size_t i = 0; i < register_table_length; i++) {
        const struct register_def *def = &register_table[i];
        if (memcmp(def->obis + 2, obis + 2, 4) == 0 && obis[0] == 1 && def->code[0] != '\0') {
            return def;
        }
    }
    return NULL;
}

void object_name(const uint8_t obis[6], char *name, size_t n_name)
{
    const struct register_def *def = def_of_obis(obis);
    if (def != NULL) {
        snprintf(name, n_name, "%s", def->name);
    } else {
        obis_name(obis, name, n_name);
    }
}

/** "array of 12" and so on is what fits; the rest is for metertool dlms get. */
static bool take_number(const struct dlms_value *value, int8_t scaler, uint8_t unit,
                        struct reading *reading)
{
    int exponent = 0, scaled = 0;
    if (!dlms_value_number(value, &reading->mantissa, &exponent)) {
        return false;
    }
    const char *name = dlms_unit_shown(unit, scaler, &scaled);
    reading->exponent = exponent + scaled;
    snprintf(reading->unit, sizeof reading->unit, "%s", name);
    number_text(reading->mantissa, reading->exponent, reading->text, sizeof reading->text);
    return true;
}

bool readings_add_dlms(struct readings *readings, const uint8_t obis[6], uint16_t class_id,
                       struct reader data, int8_t scaler, uint8_t unit)
{
    struct reading *reading = add(readings);
    struct reader whole = data;
    struct dlms_value value;
    if (reading == NULL) {
        return false;
    }
    obis_text(obis, reading->code);
    reading->def = def_of_obis(obis);
    if (dlms_data_read(&data, &value) == DLMS_OK && reader_complete(&data) &&
        value.type != DLMS_COMPACT_ARRAY) {
        reading->is_number = take_number(&value, scaler, unit, reading);
        if (!reading->is_number) {
            dlms_value_text(&value, reading->text, sizeof reading->text);
        }
    } else {
        (void)dlms_data_text(whole, reading->text, sizeof reading->text);
    }
    if (class_id == CLASS_PROFILE) {
        snprintf(reading->unit, sizeof reading->unit, "entries");
    }
    return true;
}

void reading_name(const struct reading *reading, char *name, size_t n_name)
{
    if (reading->def != NULL) {
        snprintf(name, n_name, "%s", reading->def->name);
    } else if (reading->kmp_id >= 0) {
        snprintf(name, n_name, "register 0x%04X", (unsigned)reading->kmp_id);
    } else {
        uint8_t obis[6];
        name[0] = '\0';
        if (strchr(reading->code, ':') != NULL && obis_parse(reading->code, obis) != 0) {
            obis_name(obis, name, n_name);
        }
    }
}
