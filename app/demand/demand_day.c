#include "demand_day.h"

#include <string.h>

#include "../store/slot_record.h"

#define MARK   UINT32_C(0x50594144) /* "DAYP" in memory order */
#define FORMAT 1u
#define DAY_S  INT64_C(86400)

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

static bool day_decode(struct reader *body, void *record)
{
    struct demand_day *found = record;
    found->day = (int32_t)reader_uint_le(body, 4);
    for (unsigned i = 0; i < DEMAND_DAY_EXTREMES; i++) {
        found->extreme[i].power_mw = (uint32_t)reader_uint_le(body, 4);
        found->extreme[i].utc_s = (int64_t)reader_uint_le(body, 8);
    }
    return true;
}

static void day_encode(struct writer *body, const void *record)
{
    const struct demand_day *day = record;
    writer_uint_le(body, (uint32_t)day->day, 4);
    for (unsigned i = 0; i < DEMAND_DAY_EXTREMES; i++) {
        writer_uint_le(body, day->extreme[i].power_mw, 4);
        writer_uint_le(body, (uint64_t)day->extreme[i].utc_s, 8);
    }
}

static const struct slot_kind kind = {.mark = MARK,
                                      .format = FORMAT,
                                      .n_format = 2,
                                      .slots = 2,
                                      .first_page = DEMAND_DAY_PAGE,
                                      .n_record = sizeof(struct demand_day),
                                      .decode = day_decode,
                                      .encode = day_encode};

void demand_day_load(struct demand_day *day, const struct board *board)
{
    struct demand_day spare;
    memset(day, 0, sizeof *day);
    const struct slot_found found = slot_record_load(&kind, board, day, &spare);
    day->sequence = found.sequence;
    day->unread = found.unread;
}

bool demand_day_save(struct demand_day *day, const struct board *board)
{
    return !day->unread && slot_record_save(&kind, board, day, &day->sequence);
}
