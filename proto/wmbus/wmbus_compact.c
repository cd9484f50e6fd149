/* Compact frames: the values alone, their DIBs and VIBs known from a full frame. */
#include "wmbus_telegram.h"

const struct wmbus_record_format wmbus_format_omnipower = {
    10, {0x04, 0x04, 0x04, 0x84, 0x3C, 0x04, 0x2B, 0x04, 0xAB, 0x3C}};

uint16_t wmbus_format_signature(const struct wmbus_record_format *format)
{
    return wmbus_crc(format->octets, format->n_octets);
}

static size_t head_octets(const struct mbus_record *record)
{
    return (size_t)record->n_dib + record->n_vib;
}

bool wmbus_format_learn(const uint8_t *records, size_t n_records,
                        struct wmbus_record_format *format)
{
    struct reader r = reader_over(records, n_records);
    struct writer w = writer_over(format->octets, sizeof format->octets);
    struct mbus_record record;
    int result;
    while ((result = mbus_record_next(&r, &record)) == 1) {
        if (mbus_value_octets(record.dif) > 8u) {
            return false;
        }
        writer_bytes(&w, record.dib, head_octets(&record));
    }
    format->n_octets = (uint8_t)writer_length(&w);
    return result == 0 && !w.failed;
}

/* A head of the format, then its value. */
static bool expand_one(struct reader *format, struct reader *values, struct writer *out)
{
    struct mbus_record record;
    if (mbus_record_head(format, &record) != 1) {
        return false;
    }
    uint8_t n_value = mbus_value_octets(record.dif);
    const uint8_t *value = n_value > 8u ? NULL : reader_bytes(values, n_value);
    if (value == NULL) {
        return false;
    }
    writer_bytes(out, record.dib, head_octets(&record));
    writer_bytes(out, value, n_value);
    return true;
}

int wmbus_compact_expand(const struct wmbus_telegram *telegram,
                         const struct wmbus_record_format *format, uint8_t *records,
                         size_t capacity)
{
    struct reader r = reader_over(format->octets, format->n_octets);
    struct reader values = reader_over(telegram->records, telegram->n_records);
    struct writer w = writer_over(records, capacity);
    if (!telegram->is_compact || wmbus_format_signature(format) != telegram->format_signature) {
        return WMBUS_ERR_COMPACT;
    }
    while (reader_left(&r) > 0) {
        if (!expand_one(&r, &values, &w)) {
            return WMBUS_ERR_COMPACT;
        }
    }
    if (w.failed) {
        return MBUS_ERR_SPACE;
    }
    return wmbus_crc(records, writer_length(&w)) == telegram->full_crc ? (int)writer_length(&w)
                                                                       : WMBUS_ERR_COMPACT;
}

bool wmbus_compact_make(const uint8_t *records, size_t n_records, struct writer *out)
{
    struct wmbus_record_format format;
    struct reader r = reader_over(records, n_records);
    struct mbus_record record;
    if (!wmbus_format_learn(records, n_records, &format)) {
        return false;
    }
    writer_uint_le(out, wmbus_format_signature(&format), 2);
    writer_uint_le(out, wmbus_crc(records, n_records), 2);
    while (mbus_record_next(&r, &record) == 1) {
        writer_bytes(out, record.data, record.n_data);
    }
    return !out->failed;
}
