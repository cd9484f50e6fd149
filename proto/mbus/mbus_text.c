#include "mbus_text.h"

const char mbus_csv_heading[] =
    "function,quantity,value,unit,storage,tariff,subunit,direction,place,vib";

const char *mbus_function_text(uint8_t function)
{
    static const char *const texts[] = {"instant", "maximum", "minimum", "error"};
    return texts[function & 3u];
}

const char *mbus_place_text(uint8_t place)
{
    static const char *const texts[] = {"",           "L1",         "L2",         "L3",
                                        "N",          "L1-L2",      "L2-L3",      "L3-L1",
                                        "quadrant 1", "quadrant 2", "quadrant 3", "quadrant 4"};
    return place < sizeof texts / sizeof texts[0] ? texts[place] : "";
}

const char *mbus_direction_text(uint8_t direction)
{
    static const char *const texts[] = {"", "forward", "backward", "both"};
    return direction < sizeof texts / sizeof texts[0] ? texts[direction] : "";
}

/* Text whose length the compiler knows. */
#define PUT(w, text) writer_bytes(w, text, sizeof(text) - 1u)

static void put_hex(struct writer *w, const uint8_t *octets, size_t n_octets)
{
    static const char digits[] = "0123456789ABCDEF";
    char text[32];
    for (size_t done = 0; done < n_octets;) {
        size_t n_text = 0;
        for (; done < n_octets && n_text < sizeof text; done++) {
            text[n_text++] = digits[octets[done] >> 4];
            text[n_text++] = digits[octets[done] & 15u];
        }
        writer_bytes(w, text, n_text);
    }
}

/* Digits of a magnitude; some 20 of them at most. */
static size_t digits_of(uint64_t value, char *end)
{
    char *at = end;
    do {
        *--at = (char)('0' + value % 10u);
        value /= 10u;
    } while (value != 0);
    return (size_t)(end - at);
}

static void put_decimal(struct writer *w, bool negative, uint64_t magnitude, int exponent)
{
    static const char zeroes[] = "0000000000000000";
    char digits[20];
    char *end = digits + sizeof digits;
    size_t n_digits = digits_of(magnitude, end);
    const char *at = end - n_digits;
    if (negative) {
        PUT(w, "-");
    }
    if (exponent >= 0 || magnitude == 0) {
        writer_bytes(w, at, n_digits);
        for (int left = magnitude == 0 ? 0 : exponent; left > 0; left -= 16) {
            writer_bytes(w, zeroes, left < 16 ? (size_t)left : 16u);
        }
        return;
    }
    size_t n_decimals = (size_t)-exponent;
    if (n_digits > n_decimals) {
        writer_bytes(w, at, n_digits - n_decimals);
        PUT(w, ".");
        writer_bytes(w, end - n_decimals, n_decimals);
        return;
    }
    PUT(w, "0.");
    for (size_t left = n_decimals - n_digits; left > 0;) {
        size_t part = left < 16u ? left : 16u;
        writer_bytes(w, zeroes, part);
        left -= part;
    }
    writer_bytes(w, at, n_digits);
}

/* mantissa * 2^binary as up to nine digits and a power of ten, in integers: this library has no
 * floating point.  Each step loses less than 2^-59, and there are at most 150. */
static uint64_t decimal_of(uint64_t mantissa, int binary, int *exponent)
{
    uint64_t value = mantissa;
    int ten = *exponent;
    for (; binary > 0; binary--) {
        if (value >= (uint64_t)1 << 62) {
            value = (value + 5u) / 10u;
            ten++;
        }
        value *= 2u;
    }
    for (; binary < 0; binary++) {
        while (value < (uint64_t)1 << 59) {
            value *= 10u;
            ten--;
        }
        value /= 2u;
    }
    uint64_t rest = 0;
    while (value >= 1000000000u) {
        rest = value % 10u;
        value /= 10u;
        ten++;
    }
    value += rest >= 5u ? 1u : 0u;
    while (value != 0 && value % 10u == 0) {
        value /= 10u;
        ten++;
    }
    *exponent = ten;
    return value;
}

static bool put_float(struct writer *w, uint32_t bits, int exponent)
{
    unsigned power = bits >> 23 & 255u;
    uint64_t mantissa = bits & 0x7FFFFFu;
    if (power == 255u) {
        return false; /* infinite, or no number */
    }
    int ten = exponent;
    uint64_t value = 0;
    if (power != 0 || mantissa != 0) {
        mantissa |= power != 0 ? 0x800000u : 0u;
        value = decimal_of(mantissa, (power == 0 ? 1 : (int)power) - 150, &ten);
    }
    put_decimal(w, value != 0 && bits >> 31 != 0, value, ten);
    return true;
}

static void put_two(struct writer *w, char before, unsigned number)
{
    const uint8_t text[3] = {(uint8_t)before, (uint8_t)('0' + number / 10u % 10u),
                             (uint8_t)('0' + number % 10u)};
    writer_bytes(w, before == '\0' ? text + 1 : text, before == '\0' ? 2u : 3u);
}

static void put_date(struct writer *w, const struct mbus_record *record)
{
    const struct mbus_date *date = &record->date;
    if (record->kind != MBUS_VALUE_TIME) {
        writer_decimal(w, date->year, 4);
        put_two(w, '-', date->month);
        put_two(w, '-', date->day);
        if (record->kind == MBUS_VALUE_DATE) {
            return;
        }
        PUT(w, "T");
    }
    put_two(w, '\0', date->hour);
    put_two(w, ':', date->minute);
    if (date->has_second) {
        put_two(w, ':', date->second);
    }
}

/* Characters for people; a quotation mark, a backslash and what is no character are escaped. */
static void put_characters(struct writer *w, const uint8_t *text, size_t n_text)
{
    for (size_t i = 0; i < n_text; i++) {
        uint8_t c = mbus_text_at(text, n_text, i);
        if (c == '"' || c == '\\') {
            writer_u8(w, '\\');
            writer_u8(w, c);
        } else if (c >= 0x20u && c < 0x7Fu) {
            writer_u8(w, c);
        } else { /* ISO 8859-1 */
            PUT(w, "\\u00");
            put_hex(w, &c, 1);
        }
    }
}

void mbus_value_text(struct writer *w, const struct mbus_record *record)
{
    switch (record->kind) {
    case MBUS_VALUE_INTEGER: {
        bool negative = record->integer < 0;
        uint64_t magnitude = (uint64_t)record->integer;
        put_decimal(w, negative, negative ? 0 - magnitude : magnitude, record->exponent);
        break;
    }
    case MBUS_VALUE_FLOAT:
        if (!put_float(w, record->float_bits, record->exponent)) {
            PUT(w, "null");
        }
        break;
    case MBUS_VALUE_TEXT: put_characters(w, record->data, record->n_data); break;
    case MBUS_VALUE_DATE:
    case MBUS_VALUE_DATETIME:
    case MBUS_VALUE_TIME: put_date(w, record); break;
    case MBUS_VALUE_NONE: break;
    default: put_hex(w, record->data, record->n_data); break;
    }
}

/* --- JSON --- */

static bool is_number(const struct mbus_record *record)
{
    return record->kind == MBUS_VALUE_INTEGER || record->kind == MBUS_VALUE_FLOAT;
}

/* ,"key":"text" and ,"key":number; the key comes as it stands, with its length. */
#define MEMBER(w, key, text)  put_member(w, ",\"" key "\":\"", sizeof(key) + 4u, text)
#define NUMBER(w, key, value) put_number(w, ",\"" key "\":", sizeof(key) + 3u, value)

static void put_member(struct writer *w, const char *key, size_t n_key, const char *text)
{
    writer_bytes(w, key, n_key);
    writer_text(w, text);
    PUT(w, "\"");
}

static void put_number(struct writer *w, const char *key, size_t n_key, uint64_t number)
{
    char digits[20];
    size_t n_digits = digits_of(number, digits + sizeof digits);
    writer_bytes(w, key, n_key);
    writer_bytes(w, digits + sizeof digits - n_digits, n_digits);
}

static void put_where(struct writer *w, const struct mbus_record *record)
{
    if (record->function != MBUS_INSTANT) {
        MEMBER(w, "function", mbus_function_text(record->function));
    }
    if (record->storage != 0) {
        NUMBER(w, "storage", record->storage);
    }
    if (record->tariff != 0) {
        NUMBER(w, "tariff", record->tariff);
    }
    if (record->subunit != 0) {
        NUMBER(w, "subunit", record->subunit);
    }
    if (record->direction != MBUS_NO_DIRECTION) {
        MEMBER(w, "direction", mbus_direction_text(record->direction));
    }
    if (record->place != MBUS_PLACE_NONE) {
        MEMBER(w, "place", mbus_place_text(record->place));
    }
    if (record->qualifier != 0) {
        PUT(w, ",\"vib\":\"");
        put_hex(w, record->vib, record->n_vib);
        PUT(w, "\"");
    }
}

static void put_unit(struct writer *w, const struct mbus_record *record)
{
    if (record->n_unit_text > 0) {
        PUT(w, ",\"unit\":\"");
        put_characters(w, record->unit_text, record->n_unit_text);
        PUT(w, "\"");
    } else if (record->unit != MBUS_UNIT_NONE) {
        MEMBER(w, "unit", mbus_unit_text(record->unit));
    }
}

void mbus_json_record(struct writer *w, const struct mbus_record *record)
{
    bool special = record->kind == MBUS_VALUE_MANUFACTURER || record->kind == MBUS_VALUE_MORE;
    PUT(w, "{\"quantity\":\"");
    writer_text(w, mbus_quantity_text(special ? (uint8_t)MBUS_QUANTITY_MANUFACTURER_SPECIFIC
                                              : record->quantity));
    PUT(w, "\",\"value\":");
    if (record->kind == MBUS_VALUE_NONE) {
        PUT(w, "null");
    } else if (is_number(record)) {
        mbus_value_text(w, record);
    } else {
        PUT(w, "\"");
        mbus_value_text(w, record);
        PUT(w, "\"");
    }
    put_unit(w, record);
    put_where(w, record);
    if (record->date.invalid) {
        PUT(w, ",\"invalid\":true");
    }
    if (record->date.summer_time) {
        PUT(w, ",\"summer_time\":true");
    }
    if (record->kind == MBUS_VALUE_MORE) {
        PUT(w, ",\"more_follows\":true");
    }
    PUT(w, "}");
}

int mbus_json_records(struct writer *w, struct reader *r)
{
    struct mbus_record record;
    int result;
    bool first = true;
    PUT(w, "[");
    while ((result = mbus_record_next(r, &record)) == 1) {
        if (!first) {
            PUT(w, ",");
        }
        first = false;
        mbus_json_record(w, &record);
    }
    PUT(w, "]");
    return result;
}

void mbus_json_identity(struct writer *w, const struct mbus_identity *identity)
{
    char manufacturer[4];
    mbus_manufacturer_text(identity->manufacturer, manufacturer);
    PUT(w, "\"manufacturer\":\"");
    put_characters(w,
                   (const uint8_t[]){(uint8_t)manufacturer[2], (uint8_t)manufacturer[1],
                                     (uint8_t)manufacturer[0]},
                   3);
    PUT(w, "\",\"id\":\"");
    const uint8_t id[4] = {(uint8_t)(identity->id_raw >> 24), (uint8_t)(identity->id_raw >> 16),
                           (uint8_t)(identity->id_raw >> 8), (uint8_t)identity->id_raw};
    put_hex(w, id, sizeof id);
    PUT(w, "\"");
    NUMBER(w, "version", identity->version);
    MEMBER(w, "medium", mbus_medium_text(identity->medium));
    PUT(w, ",");
}

void mbus_json_header(struct writer *w, const struct mbus_header *header)
{
    if (header->has_identity) {
        mbus_json_identity(w, &header->identity);
    }
    if (header->has_status) {
        PUT(w, "\"access_number\":");
        writer_decimal(w, header->access_number, 1);
        NUMBER(w, "status", header->status);
        PUT(w, ",");
    }
}

int mbus_json_frame(struct writer *w, const struct mbus_frame *frame)
{
    struct mbus_header header;
    if (frame->kind != MBUS_LONG) {
        return MBUS_ERR_FORMAT;
    }
    struct reader r = reader_over(frame->data, frame->n_data);
    if (frame->ci != MBUS_CI_LONG && frame->ci != MBUS_CI_SHORT && frame->ci != MBUS_CI_NONE) {
        return MBUS_ERR_FORMAT;
    }
    int result = mbus_header_read(frame->ci, &r, &header);
    if (result != MBUS_OK) {
        return result;
    }
    if ((header.signature & 0x1F00u) != 0) {
        return MBUS_ERR_CIPHERED;
    }
    PUT(w, "{\"address\":");
    writer_decimal(w, frame->address, 1);
    PUT(w, ",");
    mbus_json_header(w, &header);
    PUT(w, "\"records\":");
    result = mbus_json_records(w, &r);
    if (result != MBUS_OK) {
        MEMBER(w, "error", "a record is longer than its message");
    }
    PUT(w, "}");
    return w->failed ? MBUS_ERR_SPACE : MBUS_OK;
}

/* --- CSV --- */

/* A text field may hold a comma, a quotation mark, a line end. */
static void put_field(struct writer *w, const uint8_t *text, size_t n_text)
{
    PUT(w, "\"");
    for (size_t i = 0; i < n_text; i++) {
        uint8_t c = mbus_text_at(text, n_text, i);
        if (c == '"') {
            PUT(w, "\"\"");
        } else {
            writer_u8(w, c >= 0x20u && c < 0x7Fu ? c : '?');
        }
    }
    PUT(w, "\"");
}

void mbus_csv_record(struct writer *w, const struct mbus_record *record)
{
    writer_text(w, mbus_function_text(record->function));
    PUT(w, ",");
    writer_text(w, mbus_quantity_text(record->quantity));
    PUT(w, ",");
    if (record->kind == MBUS_VALUE_TEXT) {
        put_field(w, record->data, record->n_data);
    } else {
        mbus_value_text(w, record);
    }
    PUT(w, ",");
    if (record->n_unit_text > 0) {
        put_field(w, record->unit_text, record->n_unit_text);
    } else {
        writer_text(w, mbus_unit_text(record->unit));
    }
    PUT(w, ",");
    writer_decimal(w, record->storage, 1);
    PUT(w, ",");
    writer_decimal(w, record->tariff, 1);
    PUT(w, ",");
    writer_decimal(w, record->subunit, 1);
    PUT(w, ",");
    writer_text(w, mbus_direction_text(record->direction));
    PUT(w, ",");
    writer_text(w, mbus_place_text(record->place));
    PUT(w, ",");
    put_hex(w, record->vib, record->n_vib);
}
