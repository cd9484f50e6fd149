/* DLMS data out of text: dlms_data_parse. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlms_text.h"
#include "obis_text.h"

#define ELEMENTS_MAX 256u
#define WORD_MAX     600u

static const struct {
    const char *name;
    uint8_t type;
    int64_t lowest, highest;
} integers[] = {
    {"i8", DLMS_INT8, INT8_MIN, INT8_MAX},     {"i16", DLMS_INT16, INT16_MIN, INT16_MAX},
    {"i32", DLMS_INT32, INT32_MIN, INT32_MAX}, {"i64", DLMS_INT64, INT64_MIN, INT64_MAX},
    {"u8", DLMS_UINT8, 0, UINT8_MAX},          {"u16", DLMS_UINT16, 0, UINT16_MAX},
    {"u32", DLMS_UINT32, 0, UINT32_MAX},       {"u64", DLMS_UINT64, 0, INT64_MAX},
    {"enum", DLMS_ENUM, 0, UINT8_MAX},
};

static const char *parse_integer(size_t row, const char *text, struct writer *out)
{
    char *end = NULL;
    errno = 0;
    const long long value = strtoll(text, &end, 0);
    if (*text == '\0' || *end != '\0' || errno != 0 || value < integers[row].lowest ||
        value > integers[row].highest) {
        return "a whole number that its type can hold";
    }
    dlms_write_int(out, (enum dlms_type)integers[row].type, value);
    return NULL;
}

/** Hex digits in pairs.  @return their number, -1: something else. */
static int parse_hex(const char *text, uint8_t *bytes, size_t capacity)
{
    const size_t n = strlen(text);
    if (n % 2 != 0 || n / 2 > capacity || strspn(text, "0123456789abcdefABCDEF") != n) {
        return -1;
    }
    for (size_t i = 0; i < n / 2; i++) {
        const char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
        bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return (int)(n / 2);
}

static const char *parse_octets(const char *text, struct writer *out)
{
    uint8_t bytes[WORD_MAX / 2];
    const int n = parse_hex(text, bytes, sizeof bytes);
    if (n < 0) {
        return "hex digits in pairs";
    }
    dlms_write_octets(out, bytes, (size_t)n);
    return NULL;
}

static const char *parse_bits(const char *text, struct writer *out)
{
    uint8_t bits[WORD_MAX / 8 + 1] = {0};
    const size_t n = strlen(text);
    if (strspn(text, "01") != n) {
        return "bits as 0 and 1";
    }
    for (size_t i = 0; i < n; i++) {
        bits[i / 8] |= (uint8_t)(text[i] == '1' ? 0x80u >> (i % 8) : 0);
    }
    dlms_write_bits(out, bits, n);
    return NULL;
}

static const char *parse_obis(const char *text, struct writer *out)
{
    uint8_t obis[6];
    if (obis_parse(text, obis) == 0) {
        return "an OBIS code";
    }
    dlms_write_octets(out, obis, sizeof obis);
    return NULL;
}

static const char *parse_time(const char *text, struct writer *out)
{
    struct dlms_time time = {.weekday = DLMS_ANY,
                             .hundredth = DLMS_ANY,
                             .deviation_min = DLMS_DEVIATION_NONE,
                             .status = 0};
    unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    int end = 0;
    const int n = sscanf(text, "%4u-%2u-%2u%*1[T ]%2u:%2u:%2u%n", &year, &month, &day, &hour,
                         &minute, &second, &end);
    if (n != 6 || text[end] != '\0' || month < 1 || month > 12 || day < 1 || day > 31 ||
        hour > 23 || minute > 59 || second > 59) {
        return "a time like 2026-11-21T09:00:00";
    }
    time.year = (uint16_t)year;
    time.month = (uint8_t)month;
    time.day = (uint8_t)day;
    time.hour = (uint8_t)hour;
    time.minute = (uint8_t)minute;
    time.second = (uint8_t)second;
    dlms_write_time(out, &time);
    return NULL;
}

static const char *parse_float(const char *text, struct writer *out)
{
    char *end = NULL;
    const float number = strtof(text, &end);
    uint32_t bits;
    if (*text == '\0' || *end != '\0') {
        return "a number";
    }
    memcpy(&bits, &number, sizeof bits);
    writer_u8(out, DLMS_FLOAT32);
    writer_uint_be(out, bits, 4);
    return NULL;
}

static const char *parse_bool(const char *text, struct writer *out)
{
    const bool yes = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
    if (!yes && strcmp(text, "false") != 0 && strcmp(text, "0") != 0) {
        return "true or false";
    }
    dlms_write_bool(out, yes);
    return NULL;
}

/** "u16:900" -> Data. */
static const char *parse_simple(const char *word, struct writer *out)
{
    static const struct {
        const char *name;
        const char *(*parse)(const char *text, struct writer *out);
    } others[] = {
        {"bool", parse_bool}, {"bits", parse_bits}, {"hex", parse_octets},
        {"obis", parse_obis}, {"time", parse_time}, {"float", parse_float},
    };
    const char *colon = strchr(word, ':'), *text = colon != NULL ? colon + 1 : "";
    const size_t n = colon != NULL ? (size_t)(colon - word) : strlen(word);
    if (n == 4 && strncmp(word, "null", n) == 0) {
        dlms_write_null(out);
        return NULL;
    }
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        if (strlen(integers[i].name) == n && strncmp(word, integers[i].name, n) == 0) {
            return parse_integer(i, text, out);
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strlen(others[i].name) == n && strncmp(word, others[i].name, n) == 0) {
            return others[i].parse(text, out);
        }
    }
    if (n == 4 && strncmp(word, "text", n) == 0) {
        dlms_write_octets(out, text, strlen(text));
        return NULL;
    }
    if ((n == 7 && strncmp(word, "visible", n) == 0) || (n == 4 && strncmp(word, "utf8", n) == 0)) {
        dlms_write_string(out, n == 7 ? DLMS_VISIBLE : DLMS_UTF8, text, strlen(text));
        return NULL;
    }
    return "TYPE:VALUE with null, bool, bits, i8 ... i64, u8 ... u64, enum, float, hex, text, "
           "visible, utf8, obis or time, or [a, b] or {a, b}";
}

/** Behind the element that begins at text: its ',' or closing bracket at this level. */
static const char *element_end(const char *text, char close)
{
    unsigned depth = 0;
    for (; *text != '\0'; text++) {
        if (depth == 0 && (*text == ',' || *text == close)) {
            return text;
        }
        depth += *text == '[' || *text == '{';
        depth -= depth > 0 && (*text == ']' || *text == '}');
    }
    return NULL;
}

static const char *parse_at(const char *text, size_t n, struct writer *out, unsigned depth);

/** The elements between the brackets; the head is written once they are counted. */
static const char *parse_nest(const char *text, size_t n, struct writer *out, unsigned depth)
{
    const char close = text[0] == '[' ? ']' : '}';
    const char *at = text + 1, *end = text + n - 1;
    struct {
        const char *at;
        size_t n;
    } elements[ELEMENTS_MAX];
    size_t n_elements = 0;
    if (text[n - 1] != close || depth >= DLMS_DEPTH_MAX) {
        return "brackets that are closed, at most 8 in each other";
    }
    while (at < end && n_elements < ELEMENTS_MAX) {
        const char *stop = element_end(at, close);
        if (stop == NULL || stop > end) {
            return "brackets that are closed";
        }
        elements[n_elements].at = at;
        elements[n_elements++].n = (size_t)(stop - at);
        at = stop + 1;
    }
    if (close == ']') {
        dlms_write_array(out, n_elements);
    } else {
        dlms_write_structure(out, n_elements);
    }
    for (size_t i = 0; i < n_elements; i++) {
        const char *expected = parse_at(elements[i].at, elements[i].n, out, depth + 1);
        if (expected != NULL) {
            return expected;
        }
    }
    return NULL;
}

static const char *parse_at(const char *text, size_t n, struct writer *out, unsigned depth)
{
    char word[WORD_MAX];
    while (n > 0 && *text == ' ') {
        text++;
        n--;
    }
    while (n > 0 && text[n - 1] == ' ') {
        n--;
    }
    if (n > 0 && (text[0] == '[' || text[0] == '{')) {
        return parse_nest(text, n, out, depth);
    }
    if (n >= sizeof word) {
        return "a value of at most 599 characters";
    }
    memcpy(word, text, n);
    word[n] = '\0';
    return parse_simple(word, out);
}

const char *dlms_data_parse(const char *text, struct writer *out)
{
    const char *expected = parse_at(text, strlen(text), out, 0);
    if (expected == NULL && out->failed) {
        return "a shorter value";
    }
    return expected;
}
