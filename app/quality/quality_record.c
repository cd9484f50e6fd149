#include "quality_record.h"

#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define CODE_BACK  0x20u
#define CODE_BELOW 0x40u
#define CODE_ABOVE 0x80u
#define PHASES     0x07u

size_t quality_record_encode(const struct quality_record *record, int64_t utc_minus_now_us,
                             uint8_t bytes[QUALITY_RECORD_BYTES])
{
    const int64_t utc_ms = (record->at_us + utc_minus_now_us) / 1000;
    struct writer w = writer_over(bytes, QUALITY_RECORD_BYTES);
    writer_u8(&w, record->kind);
    writer_u8(&w, record->edge);
    writer_u8(&w, record->phases);
    writer_u8(&w, 0);
    writer_uint_le(&w, (uint64_t)utc_ms, 8);
    writer_uint_le(&w, record->duration_ms, 4);
    writer_uint_le(&w, record->extreme_mv, 4);
    return writer_length(&w);
}

bool quality_record_decode(const uint8_t *bytes, size_t n_bytes, int64_t utc_minus_now_us,
                           struct quality_record *record)
{
    struct quality_record r;
    struct reader in = reader_over(bytes, n_bytes);
    r.kind = reader_u8(&in);
    r.edge = reader_u8(&in);
    r.phases = reader_u8(&in);
    const uint8_t zero = reader_u8(&in);
    const int64_t utc_ms = (int64_t)reader_uint_le(&in, 8);
    r.duration_ms = (uint32_t)reader_uint_le(&in, 4);
    r.extreme_mv = (uint32_t)reader_uint_le(&in, 4);
    if (!reader_complete(&in) || zero != 0 || r.kind == 0 || r.kind >= QUALITY_KINDS ||
        r.edge > QUALITY_END || (r.phases & ~PHASES) != 0 || utc_ms < 0 ||
        utc_ms > INT64_MAX / 2000) {
        return false;
    }
    r.at_us = utc_ms * 1000 - utc_minus_now_us;
    *record = r;
    return true;
}

uint16_t quality_record_code(const struct quality_record *record)
{
    const bool above = record->kind == QUALITY_SWELL || record->kind == QUALITY_OVERVOLTAGE;
    unsigned code = record->phases & PHASES;
    code |= above ? CODE_ABOVE : CODE_BELOW;
    code |= record->edge == QUALITY_BEGIN ? 0u : CODE_BACK;
    return (uint16_t)(code | (unsigned)record->kind << 8 | (unsigned)record->edge << 12);
}
