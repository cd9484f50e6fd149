#include "mbus_record.h"

#include <string.h>

#define EXTENDED    0x80u
#define DIF_SPECIAL 0x0Fu
#define DIF_FILLER  0x2Fu
#define DIF_MORE    0x1Fu
#define DIF_GLOBAL  0x7Fu
#define VIF_TEXT    0x7Cu

/* Kinds of data by the low four bits of a DIF. */
static const uint8_t data_octets[16] = {
    0, 1, 2, 3, 4, 4, 6, 8, 0, 1, 2, 3, 4, MBUS_VARIABLE, 6, MBUS_SPECIAL};
#define DATA_FLOAT     5u
#define DATA_SELECTION 8u
#define DATA_BCD       9u

/* --- header --- */

struct mbus_identity mbus_identity_read(struct reader *r)
{
    struct mbus_identity identity = {.id_raw = (uint32_t)reader_uint_le(r, 4), .id_is_bcd = true};
    for (int shift = 28; shift >= 0; shift -= 4) {
        uint32_t digit = identity.id_raw >> shift & 15u;
        identity.id_is_bcd = identity.id_is_bcd && digit < 10u;
        identity.id = identity.id * 10u + digit;
    }
    if (!identity.id_is_bcd) {
        identity.id = 0;
    }
    identity.manufacturer = (uint16_t)reader_uint_le(r, 2);
    identity.version = reader_u8(r);
    identity.medium = reader_u8(r);
    return identity;
}

void mbus_identity_write(struct writer *w, const struct mbus_identity *identity)
{
    writer_uint_le(w, identity->id_raw, 4);
    writer_uint_le(w, identity->manufacturer, 2);
    writer_u8(w, identity->version);
    writer_u8(w, identity->medium);
}

int mbus_header_read(uint8_t ci, struct reader *r, struct mbus_header *header)
{
    *header = (struct mbus_header){0};
    switch (ci) {
    case MBUS_CI_LONG:
    case MBUS_CI_COMPACT_LONG:
        header->has_identity = true;
        header->identity = mbus_identity_read(r);
        break;
    case MBUS_CI_SHORT:
    case MBUS_CI_COMPACT_SHORT: break;
    case MBUS_CI_NONE:
    case MBUS_CI_COMPACT_NONE: return MBUS_OK;
    default: return MBUS_ERR_FORMAT;
    }
    header->has_status = true;
    header->access_number = reader_u8(r);
    header->status = reader_u8(r);
    header->signature = (uint16_t)reader_uint_le(r, 2);
    return r->failed ? MBUS_ERR_LENGTH : MBUS_OK;
}

void mbus_manufacturer_text(uint16_t manufacturer, char text[4])
{
    for (int i = 0; i < 3; i++) {
        text[i] = (char)(((unsigned)manufacturer >> (10 - 5 * i) & 31u) + 64u);
    }
    text[3] = '\0';
}

uint16_t mbus_manufacturer(const char text[3])
{
    unsigned code = 0;
    for (int i = 0; i < 3; i++) {
        code = code << 5 | (((unsigned)(unsigned char)text[i] - 64u) & 31u);
    }
    return (uint16_t)code;
}

uint32_t mbus_bcd8(uint32_t digits)
{
    uint32_t bcd = 0;
    for (unsigned shift = 0; shift < 32u; shift += 4u) {
        bcd |= digits % 10u << shift;
        digits /= 10u;
    }
    return bcd;
}

const char *mbus_medium_text(uint8_t medium)
{
    static const struct {
        uint8_t code;
        const char *text;
    } rows[] = {
        {0x00, "other"},
        {0x01, "oil"},
        {0x02, "electricity"},
        {0x03, "gas"},
        {0x04, "heat (outlet)"},
        {0x05, "steam"},
        {0x06, "warm water"},
        {0x07, "water"},
        {0x08, "heat cost allocator"},
        {0x09, "compressed air"},
        {0x0A, "cooling (outlet)"},
        {0x0B, "cooling (inlet)"},
        {0x0C, "heat (inlet)"},
        {0x0D, "heat and cooling"},
        {0x0E, "bus or system"},
        {0x0F, "unknown"},
        {0x14, "calorific value"},
        {0x15, "hot water"},
        {0x16, "cold water"},
        {0x17, "hot and cold water"},
        {0x18, "pressure"},
        {0x19, "A/D converter"},
        {0x1A, "smoke detector"},
        {0x1B, "room sensor"},
        {0x1C, "gas detector"},
        {0x20, "breaker (electricity)"},
        {0x21, "valve"},
        {0x25, "customer unit"},
        {0x28, "waste water"},
        {0x29, "garbage"},
        {0x31, "communication controller"},
        {0x32, "unidirectional repeater"},
        {0x33, "bidirectional repeater"},
        {0x36, "radio converter (system)"},
        {0x37, "radio converter (meter)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == medium) {
            return rows[i].text;
        }
    }
    return "reserved";
}

/* --- dates --- */

static void day_from(const uint8_t g[2], struct mbus_date *date)
{
    date->day = g[0] & 31u;
    date->month = g[1] & 15u;
    unsigned year = (unsigned)(g[0] >> 5 | (g[1] >> 4) << 3);
    date->year = (uint16_t)(year == 127u ? 0u : 2000u + year);
}

bool mbus_date_read(const uint8_t *octets, size_t n_octets, struct mbus_date *date)
{
    *date = (struct mbus_date){0};
    if (n_octets == 2) {
        day_from(octets, date);
        return true;
    }
    if (n_octets == 4) {
        date->minute = octets[0] & 63u;
        date->hour = octets[1] & 31u;
        date->invalid = (octets[0] & 0x80u) != 0;
        date->summer_time = (octets[1] & 0x80u) != 0;
        day_from(octets + 2, date);
        /* Two bits count the centuries after 1900, where the sender sets them. */
        unsigned centuries = octets[1] >> 5 & 3u;
        if (date->year != 0 && centuries > 1u) {
            date->year = (uint16_t)(date->year + (centuries - 1u) * 100u);
        }
        return true;
    }
    if (n_octets == 6) {
        date->has_second = true;
        date->second = octets[0] & 63u;
        date->summer_time = (octets[0] & 0x40u) != 0;
        date->minute = octets[1] & 63u;
        date->invalid = (octets[1] & 0x80u) != 0;
        date->hour = octets[2] & 31u;
        day_from(octets + 3, date);
        return true;
    }
    return false;
}

void mbus_date_write_g(struct writer *w, const struct mbus_date *date)
{
    unsigned year = date->year == 0 ? 127u : date->year % 100u;
    writer_u8(w, (uint8_t)(date->day | (year & 7u) << 5));
    writer_u8(w, (uint8_t)(date->month | (year >> 3) << 4));
}

void mbus_date_write_f(struct writer *w, const struct mbus_date *date)
{
    writer_u8(w, (uint8_t)(date->minute | (date->invalid ? 0x80u : 0u)));
    writer_u8(w, (uint8_t)(date->hour | (date->summer_time ? 0x80u : 0u)));
    mbus_date_write_g(w, date);
}

/* --- a record --- */

static bool read_dib(struct reader *r, struct mbus_record *record)
{
    uint8_t octet = record->dif;
    record->function = octet >> 4 & 3u;
    record->storage = octet >> 6 & 1u;
    for (unsigned i = 0; (octet & EXTENDED) != 0; i++) {
        if (i == MBUS_EXTENSIONS_MAX) {
            return false;
        }
        octet = reader_u8(r);
        record->storage |= (uint64_t)(octet & 15u) << (1u + 4u * i);
        record->tariff |= (uint32_t)(octet >> 4 & 3u) << (2u * i);
        record->subunit = (uint16_t)(record->subunit | (octet >> 6 & 1u) << i);
    }
    record->n_dib = (uint8_t)(r->at - record->dib);
    return !r->failed;
}

/* VIFE FC: what follows says where or how the value was taken. */
static void apply_place(uint8_t code, struct mbus_record *record)
{
    if (code >= 1u && code <= 0x0Bu) {
        record->place = code; /* enum mbus_place has the order of the table */
    } else if (code == 0x10u) {
        record->direction = MBUS_BOTH;
    } else {
        record->qualifier = MBUS_QUALIFIER_EXTENSION;
    }
}

static void apply_vife(uint8_t code, struct mbus_record *record)
{
    if (code == 0x3Bu || code == 0x3Cu) {
        record->direction = (uint8_t)(code - 0x3Bu + MBUS_FORWARD);
    } else if (code >= 0x70u && code <= 0x77u) {
        record->exponent = (int8_t)(record->exponent + code - 0x76);
    } else if (code == 0x7Du) {
        record->exponent = (int8_t)(record->exponent + 3);
    } else {
        record->qualifier = code;
    }
}

/* Primary VIF, or the one that FB or FD announces.  @return the octet with its extension bit. */
static uint8_t read_vif(struct reader *r, struct mbus_record *record)
{
    uint8_t octet = reader_u8(r);
    const struct mbus_vif *table = mbus_vif_primary;
    if (octet == 0xFBu || octet == 0xFDu) {
        table = octet == 0xFBu ? mbus_vif_fb : mbus_vif_fd;
        octet = reader_u8(r);
    }
    const struct mbus_vif *vif = &table[octet & 0x7Fu];
    record->quantity = vif->quantity;
    record->unit = vif->unit;
    record->exponent = vif->exponent;
    return octet;
}

static bool read_vib(struct reader *r, struct mbus_record *record)
{
    record->vib = r->at;
    uint8_t octet = read_vif(r, record);
    if (record->quantity == MBUS_QUANTITY_PLAIN_TEXT) {
        /* The text stands between the VIF and its extensions, as masters in the field read it. */
        record->n_unit_text = reader_u8(r);
        record->unit_text = reader_bytes(r, record->n_unit_text);
    }
    bool own = record->quantity == MBUS_QUANTITY_MANUFACTURER_SPECIFIC;
    bool place = false;
    for (unsigned i = 0; (octet & EXTENDED) != 0; i++) {
        if (i == MBUS_EXTENSIONS_MAX) {
            return false;
        }
        octet = reader_u8(r);
        uint8_t code = octet & 0x7Fu;
        if (own) {
            continue; /* the maker's meaning */
        }
        if (place) {
            apply_place(code, record);
            place = false;
        } else if (code == 0x7Cu) {
            place = true;
        } else {
            own = code == 0x7Fu;
            apply_vife(code, record);
        }
    }
    record->n_vib = (uint8_t)(r->at - record->vib);
    return !r->failed;
}

static uint64_t little_endian(const uint8_t *octets, size_t n_octets)
{
    uint64_t value = 0;
    for (size_t i = n_octets; i-- > 0;) {
        value = value << 8 | octets[i];
    }
    return value;
}

static void integer_value(struct mbus_record *record, bool is_unsigned)
{
    uint64_t value = little_endian(record->data, record->n_data);
    unsigned bits = (unsigned)record->n_data * 8u;
    if (!is_unsigned && bits > 0 && bits < 64u && (value >> (bits - 1u) & 1u) != 0) {
        value |= ~(uint64_t)0 << bits;
    }
    record->kind = MBUS_VALUE_INTEGER;
    record->integer = (int64_t)value;
}

/* Digits, lowest octet first; F in the highest place is a minus (EN 13757-3, type A). */
static void bcd_value(struct mbus_record *record, bool negative)
{
    int64_t value = 0;
    for (size_t i = record->n_data; i-- > 0;) {
        unsigned high = record->data[i] >> 4, low = record->data[i] & 15u;
        if (i + 1 == record->n_data && high == 15u) {
            negative = true;
            high = 0;
        }
        if (high > 9u || low > 9u) {
            record->kind = MBUS_VALUE_BAD_BCD;
            return;
        }
        value = value * 100 + (int64_t)(high * 10u + low);
    }
    record->kind = MBUS_VALUE_INTEGER;
    record->integer = negative ? -value : value;
}

/* VIFEs that make a date of any quantity: begin or end of an excess, of a maximum, ... */
static bool is_date_qualifier(uint8_t code)
{
    return code == 0x39u || ((code & 0x70u) == 0x40u && (code & 2u) != 0) ||
           ((code & 0x78u) == 0x68u && (code & 2u) != 0);
}

static bool is_date(const struct mbus_record *record)
{
    switch (record->quantity) {
    case MBUS_QUANTITY_DATE:
    case MBUS_QUANTITY_DATE_TIME:
    case MBUS_QUANTITY_TARIFF_START:
    case MBUS_QUANTITY_BATTERY_CHANGE: return true;
    default: return is_date_qualifier(record->qualifier);
    }
}

static bool is_bit_field(const struct mbus_record *record)
{
    switch (record->quantity) {
    case MBUS_QUANTITY_ERROR_FLAGS:
    case MBUS_QUANTITY_ERROR_MASK:
    case MBUS_QUANTITY_DIGITAL_INPUT:
    case MBUS_QUANTITY_DIGITAL_OUTPUT:
    case MBUS_QUANTITY_PARAMETER_STATE:
    case MBUS_QUANTITY_MANUFACTURER: return true;
    default: return false;
    }
}

static void fixed_value(struct mbus_record *record)
{
    uint8_t type = record->dif & 15u;
    if (record->n_data == 0) {
        record->kind = MBUS_VALUE_NONE;
    } else if (type == DATA_FLOAT) {
        record->kind = MBUS_VALUE_FLOAT;
        record->float_bits = (uint32_t)little_endian(record->data, 4);
    } else if (type >= DATA_BCD) {
        bcd_value(record, false);
    } else if (is_date(record) && mbus_date_read(record->data, record->n_data, &record->date)) {
        record->kind = record->n_data == 2 ? MBUS_VALUE_DATE : MBUS_VALUE_DATETIME;
    } else if (is_date(record) && record->n_data == 3) {
        record->kind = MBUS_VALUE_TIME;
        record->date = (struct mbus_date){.second = record->data[0] & 63u,
                                          .minute = record->data[1] & 63u,
                                          .hour = record->data[2] & 31u,
                                          .has_second = true};
    } else {
        integer_value(record, is_bit_field(record));
    }
}

/* Variable length: the first octet says what follows and how long. */
static bool variable_value(struct reader *r, struct mbus_record *record)
{
    uint8_t length = reader_u8(r);
    if (r->failed) {
        return false;
    }
    if (length < 0xC0u) {
        record->kind = MBUS_VALUE_TEXT;
        record->n_data = length;
    } else if (length < 0xE0u && (length & 15u) < 10u) {
        record->n_data = length & 15u;
    } else if (length >= 0xE0u && length < 0xF0u) {
        record->kind = MBUS_VALUE_OCTETS;
        record->n_data = length - 0xE0u;
    } else if (length >= 0xF0u && length <= 0xF6u) {
        static const uint8_t octets[] = {16, 20, 24, 28, 32, 48, 64};
        record->kind = MBUS_VALUE_OCTETS;
        record->n_data = octets[length - 0xF0u];
    } else {
        return false;
    }
    record->data = reader_bytes(r, record->n_data);
    if (record->data == NULL) {
        return false;
    }
    if (length >= 0xC0u && length < 0xE0u) {
        if (record->n_data > 9u) { /* eighteen digits are what 64 bits hold */
            record->kind = MBUS_VALUE_OCTETS;
        } else {
            bcd_value(record, length >= 0xD0u);
        }
    } else if (record->kind == MBUS_VALUE_OCTETS && record->n_data > 0 && record->n_data <= 8u) {
        integer_value(record, false);
    }
    return true;
}

static int fail(struct reader *r)
{
    r->at = r->end;
    r->failed = true;
    return MBUS_ERR_FORMAT;
}

/* 0F and 1F: the rest is the maker's; other special DIFs are reserved. */
static int special_record(struct reader *r, struct mbus_record *record)
{
    if (record->dif == DIF_GLOBAL) {
        record->kind = MBUS_VALUE_NONE;
        record->n_dib = 1;
        record->vib = r->at;
        return 1;
    }
    if (record->dif != DIF_SPECIAL && record->dif != DIF_MORE) {
        return fail(r);
    }
    record->kind = record->dif == DIF_MORE ? MBUS_VALUE_MORE : MBUS_VALUE_MANUFACTURER;
    record->n_dib = 1;
    record->vib = r->at;
    record->n_data = reader_left(r);
    record->data = reader_bytes(r, record->n_data);
    return 1;
}

uint8_t mbus_value_octets(uint8_t dif)
{
    return data_octets[dif & 15u];
}

/* @return 1: *record begins with its DIF; 0: there is none. */
static int begin_record(struct reader *r, struct mbus_record *record)
{
    if (r->failed) {
        return MBUS_ERR_FORMAT;
    }
    while (r->at < r->end && *r->at == DIF_FILLER) {
        r->at++;
    }
    if (r->at == r->end) {
        return 0;
    }
    *record = (struct mbus_record){.dib = r->at};
    record->dif = reader_u8(r);
    return 1;
}

int mbus_record_head(struct reader *r, struct mbus_record *record)
{
    int result = begin_record(r, record);
    if (result != 1) {
        return result;
    }
    if ((record->dif & 15u) == DIF_SPECIAL || !read_dib(r, record) || !read_vib(r, record)) {
        return fail(r);
    }
    return 1;
}

int mbus_record_next(struct reader *r, struct mbus_record *record)
{
    int result = begin_record(r, record);
    if (result != 1) {
        return result;
    }
    if ((record->dif & 15u) == DIF_SPECIAL) {
        return special_record(r, record);
    }
    if (!read_dib(r, record) || !read_vib(r, record)) {
        return fail(r);
    }
    uint8_t n_data = data_octets[record->dif & 15u];
    if (n_data == MBUS_VARIABLE) {
        return variable_value(r, record) ? 1 : fail(r);
    }
    record->n_data = n_data;
    record->data = reader_bytes(r, n_data);
    if (record->data == NULL) {
        return fail(r);
    }
    fixed_value(record);
    return 1;
}
