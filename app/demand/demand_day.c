#include "demand_day.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define MARK         UINT32_C(0x50594144) /* "DAYP" in memory order */
#define FORMAT       1u
#define SLOTS        2u
#define PAGE_BYTES   256u
#define RECORD_BYTES 42u
#define CHECK_BYTES  4u
#define DAY_S        INT64_C(86400)

/* ---- a day ---- */

static int32_t day_of(const struct clock *clock, int64_t utc_s)
{
    struct calendar local;
    clock_calendar(clock, utc_s, true, &local);
    local.hour = 0;
    local.minute = 0;
    local.second = 0;
    return (int32_t)(calendar_seconds(&local) / DAY_S);
}

bool demand_day_offer(struct demand_day *day, const struct clock *clock,
                      const struct demand_peak *period, int64_t length_s)
{
    struct demand_peak *highest = &day->extreme[DEMAND_DAY_HIGHEST];
    struct demand_peak *lowest = &day->extreme[DEMAND_DAY_LOWEST];
    const int32_t of = day_of(clock, period->utc_s - length_s);
    const bool begins = of != day->day || highest->utc_s == 0;
    const bool higher = begins || period->power_mw > highest->power_mw;
    const bool lower = begins || period->power_mw < lowest->power_mw;
    day->day = of;
    *highest = higher ? *period : *highest;
    *lowest = lower ? *period : *lowest;
    return higher || lower;
}

/* ---- the record ---- */

static uint32_t address_of(uint32_t sequence)
{
    return (DEMAND_DAY_PAGE + sequence % SLOTS) * PAGE_BYTES;
}

static bool record_decode(const uint8_t bytes[RECORD_BYTES], struct demand_day *found)
{
    struct reader r = reader_over(bytes, RECORD_BYTES);
    memset(found, 0, sizeof *found);
    const bool ours = reader_uint_le(&r, 4) == MARK && reader_uint_le(&r, 2) == FORMAT;
    found->sequence = (uint32_t)reader_uint_le(&r, 4);
    found->day = (int32_t)reader_uint_le(&r, 4);
    for (unsigned i = 0; i < DEMAND_DAY_EXTREMES; i++) {
        found->extreme[i].power_mw = (uint32_t)reader_uint_le(&r, 4);
        found->extreme[i].utc_s = (int64_t)reader_uint_le(&r, 8);
    }
    const uint32_t check = crc32_ieee(bytes, RECORD_BYTES - CHECK_BYTES);
    return ours && (uint32_t)reader_uint_le(&r, CHECK_BYTES) == check && reader_complete(&r);
}

void demand_day_load(struct demand_day *day, const struct board *board)
{
    bool unread = false;
    memset(day, 0, sizeof *day);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint8_t bytes[RECORD_BYTES];
        struct demand_day found;
        if (board->app_memory_read(board->context, address_of(slot), bytes, sizeof bytes) != 0) {
            unread = true;
        } else if (record_decode(bytes, &found) && found.sequence % SLOTS == slot &&
                   found.sequence > day->sequence) {
            *day = found;
        }
    }
    day->unread = unread;
}

bool demand_day_save(struct demand_day *day, const struct board *board)
{
    uint8_t bytes[RECORD_BYTES];
    struct writer w = writer_over(bytes, sizeof bytes);
    const uint32_t sequence = day->sequence + 1u;
    writer_uint_le(&w, MARK, 4);
    writer_uint_le(&w, FORMAT, 2);
    writer_uint_le(&w, sequence, 4);
    writer_uint_le(&w, (uint32_t)day->day, 4);
    for (unsigned i = 0; i < DEMAND_DAY_EXTREMES; i++) {
        writer_uint_le(&w, day->extreme[i].power_mw, 4);
        writer_uint_le(&w, (uint64_t)day->extreme[i].utc_s, 8);
    }
    writer_uint_le(&w, crc32_ieee(bytes, writer_length(&w)), CHECK_BYTES);
    if (day->unread || board->app_memory_write(board->context, address_of(sequence), bytes,
                                               (uint32_t)writer_length(&w)) != 0) {
        return false;
    }
    day->sequence = sequence;
    return true;
}
