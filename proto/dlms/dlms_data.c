#include "dlms_data.h"

#include <string.h>

/* What the octets after a type are. */
enum form {
    FORM_NONE = 0, /* no such type */
    FORM_EMPTY,    /* nothing */
    FORM_ELEMENTS, /* count, then elements */
    FORM_UNSIGNED, /* fixed number of octets, a number */
    FORM_SIGNED,
    FORM_OPAQUE, /* fixed number of octets, no number */
    FORM_STRING, /* length, then octets */
    FORM_BITS,   /* length in bits */
    FORM_COMPACT
};

struct type_row {
    uint8_t form, size;
};

static const struct type_row types[] = {
    [DLMS_NULL] = {FORM_EMPTY, 0},
    [DLMS_ARRAY] = {FORM_ELEMENTS, 0},
    [DLMS_STRUCTURE] = {FORM_ELEMENTS, 0},
    [DLMS_BOOLEAN] = {FORM_UNSIGNED, 1},
    [DLMS_BIT_STRING] = {FORM_BITS, 0},
    [DLMS_INT32] = {FORM_SIGNED, 4},
    [DLMS_UINT32] = {FORM_UNSIGNED, 4},
    [DLMS_OCTETS] = {FORM_STRING, 0},
    [DLMS_VISIBLE] = {FORM_STRING, 0},
    [DLMS_UTF8] = {FORM_STRING, 0},
    [DLMS_BCD] = {FORM_OPAQUE, 1},
    [DLMS_INT8] = {FORM_SIGNED, 1},
    [DLMS_INT16] = {FORM_SIGNED, 2},
    [DLMS_UINT8] = {FORM_UNSIGNED, 1},
    [DLMS_UINT16] = {FORM_UNSIGNED, 2},
    [DLMS_COMPACT_ARRAY] = {FORM_COMPACT, 0},
    [DLMS_INT64] = {FORM_SIGNED, 8},
    [DLMS_UINT64] = {FORM_UNSIGNED, 8},
    [DLMS_ENUM] = {FORM_UNSIGNED, 1},
    [DLMS_FLOAT32] = {FORM_OPAQUE, 4},
    [DLMS_FLOAT64] = {FORM_OPAQUE, 8},
    [DLMS_DATE_TIME] = {FORM_OPAQUE, 12},
    [DLMS_DATE] = {FORM_OPAQUE, 5},
    [DLMS_TIME] = {FORM_OPAQUE, 4},
    [DLMS_DELTA_INT8] = {FORM_SIGNED, 1},
    [DLMS_DELTA_INT16] = {FORM_SIGNED, 2},
    [DLMS_DELTA_INT32] = {FORM_SIGNED, 4},
    [DLMS_DELTA_UINT8] = {FORM_UNSIGNED, 1},
    [DLMS_DELTA_UINT16] = {FORM_UNSIGNED, 2},
    [DLMS_DELTA_UINT32] = {FORM_UNSIGNED, 4},
};

static struct type_row type_row(uint8_t type)
{
    struct type_row none = {FORM_NONE, 0};
    if (type == DLMS_DONT_CARE) {
        none.form = FORM_EMPTY;
    }
    return type < sizeof types / sizeof types[0] ? types[type] : none;
}

/* --- Writing --- */

size_t dlms_length_size(size_t length)
{
    return length < 0x80u ? 1u : length <= 0xFFu ? 2u : length <= 0xFFFFu ? 3u : 5u;
}

void dlms_write_length(struct writer *w, size_t length)
{
    unsigned n_octets = (unsigned)dlms_length_size(length) - 1u;
    uint8_t octets[5] = {(uint8_t)(0x80u | n_octets)};
    if (n_octets == 0) {
        writer_u8(w, (uint8_t)length);
        return;
    }
    for (unsigned i = 0; i < n_octets; i++) {
        octets[1 + i] = (uint8_t)(length >> (8u * (n_octets - 1u - i)));
    }
    writer_bytes(w, octets, n_octets + 1u);
}

void dlms_write_null(struct writer *w)
{
    writer_u8(w, DLMS_NULL);
}

static void write_head(struct writer *w, enum dlms_type type, size_t length)
{
    writer_u8(w, (uint8_t)type);
    dlms_write_length(w, length);
}

void dlms_write_array(struct writer *w, size_t n_elements)
{
    write_head(w, DLMS_ARRAY, n_elements);
}

void dlms_write_structure(struct writer *w, size_t n_elements)
{
    write_head(w, DLMS_STRUCTURE, n_elements);
}

void dlms_write_int(struct writer *w, enum dlms_type type, int64_t value)
{
    uint8_t octets[9] = {(uint8_t)type};
    struct type_row row = type_row((uint8_t)type);
    if (row.form != FORM_SIGNED && row.form != FORM_UNSIGNED) {
        w->failed = true;
        return;
    }
    uint64_t bits = (uint64_t)value;
    for (unsigned i = row.size; i > 0; i--) {
        octets[i] = (uint8_t)bits;
        bits >>= 8;
    }
    writer_bytes(w, octets, 1u + row.size);
}

void dlms_write_bool(struct writer *w, bool value)
{
    dlms_write_int(w, DLMS_BOOLEAN, value ? 1 : 0);
}

void dlms_write_enum(struct writer *w, uint8_t value)
{
    dlms_write_int(w, DLMS_ENUM, value);
}

void dlms_write_u8(struct writer *w, uint8_t value)
{
    dlms_write_int(w, DLMS_UINT8, value);
}

void dlms_write_u16(struct writer *w, uint16_t value)
{
    dlms_write_int(w, DLMS_UINT16, value);
}

void dlms_write_u32(struct writer *w, uint32_t value)
{
    dlms_write_int(w, DLMS_UINT32, value);
}

void dlms_write_u64(struct writer *w, uint64_t value)
{
    dlms_write_int(w, DLMS_UINT64, (int64_t)value);
}

void dlms_write_i8(struct writer *w, int8_t value)
{
    dlms_write_int(w, DLMS_INT8, value);
}

void dlms_write_i16(struct writer *w, int16_t value)
{
    dlms_write_int(w, DLMS_INT16, value);
}

void dlms_write_i32(struct writer *w, int32_t value)
{
    dlms_write_int(w, DLMS_INT32, value);
}

void dlms_write_i64(struct writer *w, int64_t value)
{
    dlms_write_int(w, DLMS_INT64, value);
}

void dlms_write_octets(struct writer *w, const void *bytes, size_t n_bytes)
{
    write_head(w, DLMS_OCTETS, n_bytes);
    writer_bytes(w, bytes, n_bytes);
}

void dlms_write_string(struct writer *w, enum dlms_type type, const void *text, size_t n_bytes)
{
    write_head(w, type, n_bytes);
    writer_bytes(w, text, n_bytes);
}

void dlms_write_bits(struct writer *w, const uint8_t *bits, size_t n_bits)
{
    write_head(w, DLMS_BIT_STRING, n_bits);
    writer_bytes(w, bits, (n_bits + 7u) / 8u);
}

void dlms_write_scaler_unit(struct writer *w, int8_t scaler, uint8_t unit)
{
    dlms_write_structure(w, 2);
    dlms_write_i8(w, scaler);
    dlms_write_enum(w, unit);
}

void dlms_write_capture_object(struct writer *w, uint16_t class_id, const uint8_t obis[6],
                               int8_t attribute, uint16_t data_index)
{
    dlms_write_structure(w, 4);
    dlms_write_u16(w, class_id);
    dlms_write_octets(w, obis, 6);
    dlms_write_i8(w, attribute);
    dlms_write_u16(w, data_index);
}

/* --- Reading --- */

uint32_t dlms_read_length(struct reader *r)
{
    uint8_t first = reader_u8(r);
    if (first < 0x80u) {
        return first;
    }
    unsigned n_octets = first & 0x7Fu;
    if (n_octets < 1 || n_octets > 4) {
        r->failed = true;
        return 0;
    }
    return (uint32_t)reader_uint_be(r, n_octets);
}

/** The value of a fixed number of octets, sign extended. */
static uint64_t number_of(const uint8_t *bytes, struct type_row row)
{
    uint64_t number = row.form == FORM_SIGNED && (bytes[0] & 0x80u) != 0 ? UINT64_MAX : 0;
    for (unsigned i = 0; i < row.size; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

/** Content octets of a value whose type is known. */
static enum dlms_status content_read(struct reader *r, struct type_row row, struct dlms_value *out)
{
    out->n_bytes = row.size;
    if (row.form == FORM_STRING) {
        out->n_bytes = dlms_read_length(r);
    } else if (row.form == FORM_BITS) {
        out->count = dlms_read_length(r);
        out->n_bytes = out->count / 8u + (out->count % 8u != 0 ? 1u : 0u);
    }
    out->bytes = reader_bytes(r, out->n_bytes);
    if (r->failed) {
        return DLMS_ERR_CUT;
    }
    if (row.form == FORM_SIGNED || row.form == FORM_UNSIGNED) {
        out->number = number_of(out->bytes, row);
    }
    return DLMS_OK;
}

/* Type descriptions are heads like those of Data: 01 count(2) type, 02 count types, or a type. */

/** Pass over one type description.  Types wait in a counter of those still to come, so that no
 * depth has to be kept: a structure adds its elements, an array its one.  Arrays of what takes no
 * octets are refused: a few octets would stand for any number of items. */
static enum dlms_status type_skip(struct reader *r)
{
    uint32_t n_to_come = 1;
    bool has_array = false, has_empty = false;
    while (n_to_come > 0) {
        uint8_t type = reader_u8(r);
        uint32_t n_elements = 1;
        n_to_come--;
        if (type == DLMS_ARRAY) {
            n_elements = (uint32_t)reader_uint_be(r, 2);
            has_array = true;
            n_to_come++;
        } else if (type == DLMS_STRUCTURE) {
            n_elements = dlms_read_length(r);
            n_to_come += n_elements;
        } else if (type_row(type).form == FORM_NONE || type_row(type).form == FORM_COMPACT) {
            return r->failed ? DLMS_ERR_CUT : DLMS_ERR_BAD;
        }
        has_empty = has_empty || n_elements == 0 || type_row(type).form == FORM_EMPTY;
        if (r->failed || n_elements > reader_left(r) + (type == DLMS_ARRAY ? UINT16_MAX : 1u) ||
            n_to_come > reader_left(r)) {
            return DLMS_ERR_CUT;
        }
    }
    return has_array && has_empty ? DLMS_ERR_BAD : DLMS_OK;
}

static enum dlms_status compact_read(struct reader *r, struct dlms_value *out)
{
    const uint8_t *begin = r->at;
    enum dlms_status status = type_skip(r);
    if (status == DLMS_OK) {
        uint32_t n_content = dlms_read_length(r);
        reader_bytes(r, n_content);
        status = r->failed ? DLMS_ERR_CUT : DLMS_OK;
    }
    r->failed = status != DLMS_OK;
    out->bytes = begin;
    out->n_bytes = (uint32_t)(r->at - begin);
    return status;
}

enum dlms_status dlms_data_read(struct reader *r, struct dlms_value *out)
{
    memset(out, 0, sizeof *out);
    out->type = reader_u8(r);
    if (r->failed) {
        return DLMS_ERR_CUT;
    }
    struct type_row row = type_row(out->type);
    switch (row.form) {
    case FORM_NONE: r->failed = true; return DLMS_ERR_BAD;
    case FORM_ELEMENTS: out->count = dlms_read_length(r); return r->failed ? DLMS_ERR_CUT : DLMS_OK;
    case FORM_COMPACT: return compact_read(r, out);
    default: return content_read(r, row, out);
    }
}

enum dlms_status dlms_data_skip(struct reader *r)
{
    uint32_t left[DLMS_DEPTH_MAX];
    unsigned depth = 0;
    struct dlms_value value;
    do {
        enum dlms_status status = dlms_data_read(r, &value);
        if (status != DLMS_OK) {
            return status;
        }
        if (value.count > 0 && type_row(value.type).form == FORM_ELEMENTS) {
            if (depth == DLMS_DEPTH_MAX || value.count > reader_left(r)) {
                r->failed = true;
                return depth == DLMS_DEPTH_MAX ? DLMS_ERR_DEPTH : DLMS_ERR_CUT;
            }
            left[depth++] = value.count;
            continue;
        }
        while (depth > 0 && --left[depth - 1] == 0) {
            depth--;
        }
    } while (depth > 0);
    return DLMS_OK;
}

bool dlms_value_integer(const struct dlms_value *value, int64_t *out)
{
    struct type_row row = type_row(value->type);
    bool fits =
        row.form == FORM_SIGNED || (row.form == FORM_UNSIGNED && value->number <= INT64_MAX);
    if (fits) {
        *out = (int64_t)value->number;
    }
    return fits;
}

/** One item of exactly this type. */
static bool read_type(struct reader *r, enum dlms_type type, struct dlms_value *out)
{
    if (dlms_data_read(r, out) != DLMS_OK || out->type != type) {
        r->failed = true;
        return false;
    }
    return true;
}

bool dlms_read_u8(struct reader *r, uint8_t *out)
{
    struct dlms_value value;
    bool is_read = read_type(r, DLMS_UINT8, &value);
    if (is_read) {
        *out = (uint8_t)value.number;
    }
    return is_read;
}

bool dlms_read_u16(struct reader *r, uint16_t *out)
{
    struct dlms_value value;
    bool is_read = read_type(r, DLMS_UINT16, &value);
    if (is_read) {
        *out = (uint16_t)value.number;
    }
    return is_read;
}

bool dlms_read_u32(struct reader *r, uint32_t *out)
{
    struct dlms_value value;
    bool is_read = read_type(r, DLMS_UINT32, &value);
    if (is_read) {
        *out = (uint32_t)value.number;
    }
    return is_read;
}

bool dlms_read_i8(struct reader *r, int8_t *out)
{
    struct dlms_value value;
    bool is_read = read_type(r, DLMS_INT8, &value);
    if (is_read) {
        *out = (int8_t)(int64_t)value.number;
    }
    return is_read;
}

bool dlms_read_i16(struct reader *r, int16_t *out)
{
    struct dlms_value value;
    bool is_read = read_type(r, DLMS_INT16, &value);
    if (is_read) {
        *out = (int16_t)(int64_t)value.number;
    }
    return is_read;
}

bool dlms_read_i32(struct reader *r, int32_t *out)
{
    struct dlms_value value;
    bool is_read = read_type(r, DLMS_INT32, &value);
    if (is_read) {
        *out = (int32_t)(int64_t)value.number;
    }
    return is_read;
}

bool dlms_read_bool(struct reader *r, bool *out)
{
    struct dlms_value value;
    bool is_read = read_type(r, DLMS_BOOLEAN, &value);
    if (is_read) {
        *out = value.number != 0;
    }
    return is_read;
}

bool dlms_read_enum(struct reader *r, uint8_t *out)
{
    struct dlms_value value;
    bool is_read = read_type(r, DLMS_ENUM, &value);
    if (is_read) {
        *out = (uint8_t)value.number;
    }
    return is_read;
}

bool dlms_read_octets(struct reader *r, const uint8_t **bytes, uint32_t *n_bytes)
{
    struct dlms_value value;
    bool is_read = read_type(r, DLMS_OCTETS, &value);
    if (is_read) {
        *bytes = value.bytes;
        *n_bytes = value.n_bytes;
    }
    return is_read;
}

const uint8_t *dlms_read_octets_of(struct reader *r, uint32_t n_bytes)
{
    const uint8_t *bytes = NULL;
    uint32_t n_read = 0;
    if (!dlms_read_octets(r, &bytes, &n_read) || n_read != n_bytes) {
        r->failed = true;
        return NULL;
    }
    return bytes;
}

bool dlms_read_structure(struct reader *r, uint32_t n_elements)
{
    struct dlms_value value;
    if (!read_type(r, DLMS_STRUCTURE, &value) || value.count != n_elements) {
        r->failed = true;
        return false;
    }
    return true;
}

bool dlms_read_array(struct reader *r, uint32_t *n_elements)
{
    struct dlms_value value;
    bool is_read = read_type(r, DLMS_ARRAY, &value);
    if (is_read) {
        *n_elements = value.count;
    }
    return is_read;
}

/* --- Selective access --- */

bool dlms_column_read(struct reader *r, struct dlms_column *out)
{
    memset(out, 0, sizeof *out);
    dlms_read_structure(r, 4);
    dlms_read_u16(r, &out->class_id);
    const uint8_t *obis = dlms_read_octets_of(r, sizeof out->obis);
    dlms_read_i8(r, &out->attribute);
    dlms_read_u16(r, &out->data_index);
    if (r->failed) {
        return false;
    }
    memcpy(out->obis, obis, sizeof out->obis);
    return true;
}

bool dlms_range_read(struct reader parameter, struct dlms_range *out)
{
    struct reader *r = &parameter;
    memset(out, 0, sizeof *out);
    if (!dlms_read_structure(r, 4) || !dlms_column_read(r, &out->restricting) ||
        dlms_data_read(r, &out->from) != DLMS_OK || dlms_data_read(r, &out->to) != DLMS_OK ||
        out->from.count > 0 || out->to.count > 0 || !dlms_read_array(r, &out->n_columns)) {
        return false;
    }
    out->columns = *r;
    struct dlms_column column;
    for (uint32_t i = 0; i < out->n_columns; i++) {
        if (!dlms_column_read(r, &column)) {
            return false;
        }
    }
    return reader_complete(r);
}

bool dlms_range_column(struct dlms_range *range, struct dlms_column *out)
{
    return reader_left(&range->columns) > 0 && dlms_column_read(&range->columns, out);
}

bool dlms_entries_read(struct reader parameter, struct dlms_entries *out)
{
    memset(out, 0, sizeof *out);
    dlms_read_structure(&parameter, 4);
    dlms_read_u32(&parameter, &out->from_row);
    dlms_read_u32(&parameter, &out->to_row);
    dlms_read_u16(&parameter, &out->from_column);
    dlms_read_u16(&parameter, &out->to_column);
    return reader_complete(&parameter);
}
