#include "dlms_text.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "obis_text.h"

const char *dlms_type_name(uint8_t type)
{
    static const char *const names[] = {
        [DLMS_NULL] = "null-data",
        [DLMS_ARRAY] = "array",
        [DLMS_STRUCTURE] = "structure",
        [DLMS_BOOLEAN] = "boolean",
        [DLMS_BIT_STRING] = "bit-string",
        [DLMS_INT32] = "double-long",
        [DLMS_UINT32] = "double-long-unsigned",
        [DLMS_OCTETS] = "octet-string",
        [DLMS_VISIBLE] = "visible-string",
        [DLMS_UTF8] = "utf8-string",
        [DLMS_BCD] = "bcd",
        [DLMS_INT8] = "integer",
        [DLMS_INT16] = "long",
        [DLMS_UINT8] = "unsigned",
        [DLMS_UINT16] = "long-unsigned",
        [DLMS_COMPACT_ARRAY] = "compact-array",
        [DLMS_INT64] = "long64",
        [DLMS_UINT64] = "long64-unsigned",
        [DLMS_ENUM] = "enum",
        [DLMS_FLOAT32] = "float32",
        [DLMS_FLOAT64] = "float64",
        [DLMS_DATE_TIME] = "date-time",
        [DLMS_DATE] = "date",
        [DLMS_TIME] = "time",
    };
    const char *name = type < sizeof names / sizeof names[0] ? names[type] : NULL;
    return name != NULL ? name : "unknown type";
}

/* ---- times ---- */

/** Two digits, or "**". */
static void two(uint8_t value, char text[3])
{
    if (value > 99) {
        snprintf(text, 3, "**");
    } else {
        snprintf(text, 3, "%02u", value);
    }
}

static void month_text(uint8_t month, char text[4])
{
    if (month == DLMS_MONTH_DST_BEGIN || month == DLMS_MONTH_DST_END) {
        snprintf(text, 4, "%s", month == DLMS_MONTH_DST_BEGIN ? "DSb" : "DSe");
    } else {
        two(month, text);
    }
}

static void day_text(uint8_t day, char text[4])
{
    if (day == DLMS_DAY_LAST || day == DLMS_DAY_SECOND_LAST) {
        snprintf(text, 4, "%s", day == DLMS_DAY_LAST ? "L" : "L-1");
    } else {
        two(day, text);
    }
}

void dlms_time_text(const struct dlms_time *time, char *text, size_t n_text)
{
    char year[8], month[4], day[4], hour[3], minute[3], second[3];
    if (time->year == DLMS_YEAR_ANY) {
        snprintf(year, sizeof year, "****");
    } else {
        snprintf(year, sizeof year, "%04u", time->year);
    }
    month_text(time->month, month);
    day_text(time->day, day);
    two(time->hour, hour);
    two(time->minute, minute);
    two(time->second, second);
    const bool invalid = time->status != DLMS_CLOCK_STATUS_NONE &&
                         (time->status & (DLMS_CLOCK_INVALID | DLMS_CLOCK_DOUBTFUL)) != 0;
    snprintf(text, n_text, "%s-%s-%s %s:%s:%s%s", year, month, day, hour, minute, second,
             invalid ? " (not valid)" : "");
}

/** Five octets of a date.  @return false: no date. */
static bool date_text(const uint8_t *b, char *text, size_t n_text)
{
    char month[4], day[4], year[8];
    const unsigned number = (unsigned)b[0] << 8 | b[1];
    snprintf(year, sizeof year, number == DLMS_YEAR_ANY ? "****" : "%04u", number);
    month_text(b[2], month);
    day_text(b[3], day);
    snprintf(text, n_text, "%s-%s-%s", year, month, day);
    return (number == DLMS_YEAR_ANY || (number >= 1970 && number < 2200)) &&
           (b[2] <= 12 || b[2] >= 0xFD) && (b[3] <= 31 || b[3] >= 0xFD);
}

/* ---- one value ---- */

static bool printable(const uint8_t *bytes, uint32_t n_bytes)
{
    for (uint32_t i = 0; i < n_bytes; i++) {
        if (bytes[i] < 0x20 || bytes[i] > 0x7E) {
            return false;
        }
    }
    return n_bytes > 0;
}

static void hex_text(const uint8_t *bytes, uint32_t n_bytes, char *text, size_t n_text)
{
    size_t at = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < n_bytes && at + 3 < n_text; i++) {
        at += (size_t)snprintf(text + at, n_text - at, "%02X", bytes[i]);
    }
}

/** Octets, by what they look like: a time, a code, a text; else hex. */
static void octets_text(const struct dlms_value *value, char *text, size_t n_text)
{
    struct dlms_time time;
    if (value->n_bytes == DLMS_TIME_OCTETS && dlms_value_time(value, &time)) {
        dlms_time_text(&time, text, n_text);
    } else if (printable(value->bytes, value->n_bytes)) {
        snprintf(text, n_text, "%.*s", (int)value->n_bytes, (const char *)value->bytes);
    } else if (value->n_bytes == 6 && value->bytes[0] <= 9 && value->bytes[5] == 255) {
        char code[OBIS_TEXT_MAX];
        obis_text(value->bytes, code);
        snprintf(text, n_text, "%s", code);
    } else if (value->n_bytes == 5 && date_text(value->bytes, text, n_text)) {
        return;
    } else {
        hex_text(value->bytes, value->n_bytes, text, n_text);
    }
}

static void bits_text(const struct dlms_value *value, char *text, size_t n_text)
{
    size_t n = value->count < n_text - 1 ? value->count : n_text - 1;
    for (size_t i = 0; i < n; i++) {
        text[i] = (value->bytes[i / 8] & (0x80u >> (i % 8))) != 0 ? '1' : '0';
    }
    text[n] = '\0';
}

static double float_of(const struct dlms_value *value)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < value->n_bytes; i++) {
        bits = bits << 8 | value->bytes[i];
    }
    if (value->type == DLMS_FLOAT32) {
        const uint32_t low = (uint32_t)bits;
        float number;
        memcpy(&number, &low, sizeof number);
        return (double)number;
    }
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

bool dlms_value_number(const struct dlms_value *value, int64_t *mantissa, int *exponent)
{
    *exponent = 0;
    if (value->type == DLMS_BOOLEAN) {
        return false;
    }
    if (value->type == DLMS_FLOAT32 || value->type == DLMS_FLOAT64) {
        const double number = float_of(value);
        *exponent = -6;
        *mantissa = 0;
        if (!isfinite(number) || fabs(number) > 9e12) {
            return false;
        }
        *mantissa = (int64_t)llround(number * 1e6);
        return true;
    }
    return dlms_value_integer(value, mantissa);
}

void dlms_value_text(const struct dlms_value *value, char *text, size_t n_text)
{
    int64_t number = 0;
    switch (value->type) {
    case DLMS_NULL: snprintf(text, n_text, "-"); break;
    case DLMS_ARRAY: snprintf(text, n_text, "array of %" PRIu32, value->count); break;
    case DLMS_STRUCTURE: snprintf(text, n_text, "structure of %" PRIu32, value->count); break;
    case DLMS_BOOLEAN: snprintf(text, n_text, "%s", value->number != 0 ? "true" : "false"); break;
    case DLMS_BIT_STRING: bits_text(value, text, n_text); break;
    case DLMS_FLOAT32:
    case DLMS_FLOAT64: snprintf(text, n_text, "%.9g", float_of(value)); break;
    case DLMS_UINT64: snprintf(text, n_text, "%" PRIu64, value->number); break;
    case DLMS_OCTETS:
    case DLMS_DATE_TIME: octets_text(value, text, n_text); break;
    case DLMS_DATE: (void)date_text(value->bytes, text, n_text); break;
    case DLMS_TIME: {
        char hour[3], minute[3], second[3];
        two(value->bytes[0], hour);
        two(value->bytes[1], minute);
        two(value->bytes[2], second);
        snprintf(text, n_text, "%s:%s:%s", hour, minute, second);
        break;
    }
    case DLMS_VISIBLE:
    case DLMS_UTF8: {
        snprintf(text, n_text, "%.*s", (int)value->n_bytes, (const char *)value->bytes);
        for (char *at = text; *at != '\0'; at++) { /* for a terminal */
            *at = (unsigned char)*at < 0x20 || *at == 0x7F ? '.' : *at;
        }
        break;
    }
    default:
        if (dlms_value_integer(value, &number)) {
            snprintf(text, n_text, "%" PRId64, number);
        } else {
            hex_text(value->bytes, value->n_bytes, text, n_text);
        }
    }
}

/* ---- whole Data ---- */

struct text_out {
    char *text;
    size_t n_text, at;
    bool cut;
};

static void put(struct text_out *out, const char *what)
{
    const size_t n = strlen(what);
    if (out->cut) {
        return;
    }
    if (n >= out->n_text - out->at) {
        out->cut = true;
        return;
    }
    memcpy(out->text + out->at, what, n + 1);
    out->at += n;
}

/* Arrays and structures that are open. */
struct nest {
    uint32_t left[DLMS_DEPTH_MAX + 1];
    bool array[DLMS_DEPTH_MAX + 1];
    unsigned depth;
};

static void close_nests(struct text_out *out, struct nest *nest)
{
    while (nest->depth > 0 && nest->left[nest->depth - 1] == 0) {
        nest->depth--;
        put(out, nest->array[nest->depth] ? "]" : "}");
        if (nest->depth > 0 && nest->left[nest->depth - 1] > 0) {
            nest->left[nest->depth - 1]--;
            put(out, nest->left[nest->depth - 1] > 0 ? ", " : "");
        }
    }
}

static void put_simple(struct text_out *out, struct nest *nest, const struct dlms_value *value)
{
    char one[600];
    dlms_value_text(value, one, sizeof one);
    put(out, one);
    if (nest->depth > 0) {
        nest->left[nest->depth - 1]--;
        put(out, nest->left[nest->depth - 1] > 0 ? ", " : "");
    }
}

static bool is_head(const struct dlms_value *value)
{
    return value->type == DLMS_ARRAY || value->type == DLMS_STRUCTURE;
}

bool dlms_data_text(struct reader data, char *text, size_t n_text)
{
    struct dlms_walker walker;
    struct dlms_value value;
    struct text_out out = {text, n_text, 0, false};
    struct nest nest = {.depth = 0};
    enum dlms_status status;
    text[0] = '\0';
    if (data.at == NULL) {
        return false; /* nothing is no Data */
    }
    dlms_walker_init(&walker, data.at, reader_left(&data));
    while ((status = dlms_data_next(&walker, &value)) == DLMS_OK) {
        if (is_head(&value) && nest.depth <= DLMS_DEPTH_MAX) {
            nest.left[nest.depth] = value.count;
            nest.array[nest.depth++] = value.type == DLMS_ARRAY;
            put(&out, value.type == DLMS_ARRAY ? "[" : "{");
        } else {
            put_simple(&out, &nest, &value);
        }
        close_nests(&out, &nest);
    }
    if (out.cut && n_text > 4) {
        const size_t at = out.at < n_text - 4 ? out.at : n_text - 4;
        memcpy(text + at, "...", 4);
    }
    return status == DLMS_END;
}

static json_t *value_json(const struct dlms_value *value)
{
    int64_t number = 0;
    char text[2048];
    switch (value->type) {
    case DLMS_NULL: return json_null();
    case DLMS_BOOLEAN: return json_boolean(value->number != 0);
    case DLMS_FLOAT32:
    case DLMS_FLOAT64: return isfinite(float_of(value)) ? json_real(float_of(value)) : json_null();
    default: break;
    }
    if (dlms_value_integer(value, &number)) {
        return json_integer(number);
    }
    dlms_value_text(value, text, sizeof text);
    json_t *string = json_string(text);
    if (string == NULL) { /* not UTF-8 */
        hex_text(value->bytes, value->n_bytes, text, sizeof text);
        string = json_string(text);
    }
    return string;
}

json_t *dlms_data_json(struct reader data)
{
    struct dlms_walker walker;
    struct dlms_value value;
    json_t *open[DLMS_DEPTH_MAX + 1] = {NULL}, *root = NULL;
    uint32_t left[DLMS_DEPTH_MAX + 1] = {0};
    unsigned depth = 0;
    enum dlms_status status;
    if (data.at == NULL) {
        return NULL;
    }
    dlms_walker_init(&walker, data.at, reader_left(&data));
    while ((status = dlms_data_next(&walker, &value)) == DLMS_OK) {
        json_t *one = is_head(&value) ? json_array() : value_json(&value);
        while (depth > 0 && left[depth - 1] == 0) {
            depth--;
        }
        if (depth > 0) {
            json_array_append_new(open[depth - 1], one);
            left[depth - 1]--;
        } else {
            json_decref(root);
            root = one;
        }
        if (is_head(&value) && depth <= DLMS_DEPTH_MAX) {
            open[depth] = one;
            left[depth++] = value.count;
        }
    }
    if (status != DLMS_END) {
        json_decref(root);
        return NULL;
    }
    return root;
}
