#include "clock_store.h"

#include <string.h>

#include "slot_record.h"

#define MARK   UINT32_C(0x4B434C43) /* "CLCK" in memory order */
#define FORMAT 1u

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

static void encode(struct writer *w, const void *record)
{
    const struct clock_settings *settings = record;
    const struct clock_summer_time *summer = &settings->summer;
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

static bool decode(struct reader *r, void *record)
{
    struct clock_settings *found = record;
    found->trim_ppb = (int32_t)reader_uint_le(r, 4);
    found->unlogged_us = (int64_t)reader_uint_le(r, 8);
    found->summer.kind = reader_u8(r);
    found->summer.rule.begin = day_read(r);
    found->summer.rule.end = day_read(r);
    found->summer.table.n = reader_u8(r);
    for (unsigned i = 0; i < CLOCK_SUMMERS_MAX; i++) {
        found->summer.table.row[i].begin_s = (int64_t)reader_uint_le(r, 4);
        found->summer.table.row[i].end_s = (int64_t)reader_uint_le(r, 4);
    }
    return clock_summer_time_good(&found->summer) && found->trim_ppb <= CLOCK_TRIM_MAX_PPB &&
           found->trim_ppb >= -CLOCK_TRIM_MAX_PPB;
}

static const struct slot_kind kind = {.mark = MARK,
                                      .format = FORMAT,
                                      .n_format = 2,
                                      .slots = 2,
                                      .first_page = CLOCK_STORE_FIRST_PAGE,
                                      .n_record = sizeof(struct clock_settings),
                                      .decode = decode,
                                      .encode = encode};

bool clock_store_load(struct clock_settings *settings, const struct board *board)
{
    struct clock_settings spare;
    memset(settings, 0, sizeof *settings);
    const struct slot_found found = slot_record_load(&kind, board, settings, &spare);
    settings->sequence = found.sequence;
    return !found.unread;
}

bool clock_store_save(struct clock_settings *settings, const struct board *board)
{
    return slot_record_save(&kind, board, settings, &settings->sequence);
}
