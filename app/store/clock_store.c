#include "clock_store.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define MARK        UINT32_C(0x4B434C43) /* "CLCK" in memory order */
#define FORMAT      1u
#define PAGE_BYTES  256u
#define SLOTS       2u
#define CHECK_BYTES 4u

static uint32_t address_of(uint32_t sequence)
{
    return (CLOCK_STORE_FIRST_PAGE + sequence % SLOTS) * PAGE_BYTES;
}

static void day_write(struct writer *w, const struct clock_rule_day *day)
{
    writer_u8(w, day->month);
    writer_u8(w, day->week);
    writer_u8(w, day->weekday);
    writer_uint_le(w, day->minute, 2);
}

static struct clock_rule_day day_read(struct reader *r)
{
    struct clock_rule_day day = {
        .month = reader_u8(r), .week = reader_u8(r), .weekday = reader_u8(r)};
    day.minute = (uint16_t)reader_uint_le(r, 2);
    return day;
}

static void encode(const struct clock_settings *settings, struct writer *w)
{
    const struct clock_summer_time *summer = &settings->summer;
    writer_uint_le(w, MARK, 4);
    writer_uint_le(w, FORMAT, 2);
    writer_uint_le(w, settings->sequence, 4);
    writer_uint_le(w, (uint32_t)settings->trim_ppb, 4);
    writer_uint_le(w, (uint64_t)settings->unlogged_us, 8);
    writer_u8(w, summer->kind);
    day_write(w, &summer->rule.begin);
    day_write(w, &summer->rule.end);
    writer_u8(w, summer->table.n);
    for (unsigned i = 0; i < CLOCK_SUMMERS_MAX; i++) {
        writer_uint_le(w, (uint64_t)summer->table.row[i].begin_s, 4);
        writer_uint_le(w, (uint64_t)summer->table.row[i].end_s, 4);
    }
}

static bool decode(const uint8_t bytes[PAGE_BYTES], struct clock_settings *out)
{
    struct reader r = reader_over(bytes, PAGE_BYTES);
    struct clock_settings found;
    memset(&found, 0, sizeof found);
    const bool ours = reader_uint_le(&r, 4) == MARK && reader_uint_le(&r, 2) == FORMAT;
    found.sequence = (uint32_t)reader_uint_le(&r, 4);
    found.trim_ppb = (int32_t)reader_uint_le(&r, 4);
    found.unlogged_us = (int64_t)reader_uint_le(&r, 8);
    found.summer.kind = reader_u8(&r);
    found.summer.rule.begin = day_read(&r);
    found.summer.rule.end = day_read(&r);
    found.summer.table.n = reader_u8(&r);
    for (unsigned i = 0; i < CLOCK_SUMMERS_MAX; i++) {
        found.summer.table.row[i].begin_s = (int64_t)reader_uint_le(&r, 4);
        found.summer.table.row[i].end_s = (int64_t)reader_uint_le(&r, 4);
    }
    const uint32_t check = crc32_ieee(bytes, PAGE_BYTES - reader_left(&r));
    if (!ours || reader_uint_le(&r, CHECK_BYTES) != check ||
        !clock_summer_time_good(&found.summer) || found.trim_ppb > CLOCK_TRIM_MAX_PPB ||
        found.trim_ppb < -CLOCK_TRIM_MAX_PPB) {
        return false;
    }
    *out = found;
    return true;
}

bool clock_store_load(struct clock_settings *settings, const struct board *board)
{
    bool read = true;
    memset(settings, 0, sizeof *settings);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint8_t bytes[PAGE_BYTES];
        struct clock_settings found;
        if (board->app_memory_read(board->context, address_of(slot), bytes, sizeof bytes) != 0) {
            read = false;
        } else if (decode(bytes, &found) && found.sequence % SLOTS == slot &&
                   found.sequence > settings->sequence) {
            *settings = found;
        }
    }
    return read;
}

bool clock_store_save(struct clock_settings *settings, const struct board *board)
{
    uint8_t bytes[PAGE_BYTES];
    struct clock_settings next = *settings;
    struct writer w = writer_over(bytes, sizeof bytes);
    next.sequence++;
    memset(bytes, 0xFF, sizeof bytes);
    encode(&next, &w);
    writer_uint_le(&w, crc32_ieee(bytes, writer_length(&w)), CHECK_BYTES);
    if (board->app_memory_write(board->context, address_of(next.sequence), bytes, sizeof bytes) !=
        0) {
        return false;
    }
    settings->sequence = next.sequence;
    return true;
}
