#include "display_browse.h"

#include <string.h>

#include "../../proto/common/writer.h"
#include "../meter/meter.h"
#include "../registers/register_read.h"

#define HOUR_S INT64_C(3600)
#define DAY_S  INT64_C(86400)
#define MICRO  (-6)
#define MILLI  (-3)

/* ---- what the logs hold ---- */

struct extent {
    uint32_t oldest, newest; /* 0: no records */
    bool on;
};

static struct extent extent_of(const struct meter *meter, uint16_t reading)
{
    struct legal_profile_range range;
    if (reading == DISPLAY_READING_HISTORY) {
        return (struct extent){event_log_oldest(&meter->logs, EVENT_LOG_DEBITING),
                               event_log_newest(&meter->logs, EVENT_LOG_DEBITING), true};
    }
    legal_profile_range(&meter->legal, &range);
    const bool any = range.n_records > 0;
    return (struct extent){any ? range.oldest_id : 0, any ? range.newest_id : 0,
                           meter->load_profile.fitted && range.layout.channels > 0};
}

/* A record that is lost counts as one of long ago: a search goes on behind it. */
static int64_t profile_time_s(const struct meter *meter, uint32_t id)
{
    struct legal_profile_record record;
    return legal_profile_read(&meter->legal, id, &record) == LEGAL_OK ? record.utc_s : INT64_MIN;
}

/* Newest record before an instant, by halving: stamps rise but where the clock was set back.
 * 0: there is none. */
static uint32_t newest_before(const struct meter *meter, const struct extent *extent, int64_t utc_s)
{
    uint32_t before = 0, count = extent->newest - extent->oldest + 1u;
    while (count > 0) {
        const uint32_t half = count / 2u;
        if (profile_time_s(meter, extent->oldest + before + half) < utc_s) {
            before += half + 1u;
            count -= half + 1u;
        } else {
            count = half;
        }
    }
    return before > 0 ? extent->oldest + before - 1u : 0;
}

/* ---- years to minutes ---- */

static void calendar_of(const struct meter *meter, int64_t utc_s, struct calendar *out)
{
    clock_calendar(&meter->clock, utc_s, false, out);
}

static int64_t utc_of(const struct meter *meter, const struct calendar *normal)
{
    return calendar_seconds(normal) - meter->clock.time_zone_h * HOUR_S;
}

/* First second of the year, month ... minute in which an instant lies. */
static int64_t begin_s(const struct meter *meter, enum browse_level level, int64_t utc_s)
{
    struct calendar at;
    calendar_of(meter, utc_s, &at);
    at.second = 0;
    at.minute = level < BROWSE_MINUTE ? 0 : at.minute;
    at.hour = level < BROWSE_HOUR ? 0 : at.hour;
    at.day = level < BROWSE_DAY ? 1 : at.day;
    at.month = level < BROWSE_MONTH ? 1 : at.month;
    return utc_of(meter, &at);
}

/* First second after it.  A month or year ends within 31 or 366 days of its beginning. */
static int64_t end_s(const struct meter *meter, enum browse_level level, int64_t utc_s)
{
    const int64_t from_s = begin_s(meter, level, utc_s);
    switch (level) {
    case BROWSE_HOUR: return from_s + HOUR_S;
    case BROWSE_DAY: return from_s + DAY_S;
    case BROWSE_MONTH: return begin_s(meter, level, from_s + 31 * DAY_S);
    default: return begin_s(meter, level, from_s + 366 * DAY_S);
    }
}

/* The next older one of this level under the same coarser one, or its newest again. */
static void choose_next(struct display_browse *browse, const struct meter *meter,
                        const struct extent *extent)
{
    const enum browse_level level = (enum browse_level)browse->level;
    const int64_t at_s = profile_time_s(meter, browse->id);
    const uint32_t older = newest_before(meter, extent, begin_s(meter, level, at_s));
    const enum browse_level above = (enum browse_level)(level - 1);
    if (older != 0 && older < browse->id &&
        (level == BROWSE_YEAR ||
         begin_s(meter, above, profile_time_s(meter, older)) == begin_s(meter, above, at_s))) {
        browse->id = older;
        return;
    }
    browse->message = BROWSE_END;
    browse->id = level == BROWSE_YEAR ? extent->newest
                                      : newest_before(meter, extent, end_s(meter, above, at_s));
}

/* ---- buttons ---- */

void display_browse_open(struct display_browse *browse, const struct meter *meter, uint16_t reading,
                         int64_t now_us)
{
    const struct extent extent = extent_of(meter, reading);
    const bool profile = reading == DISPLAY_READING_PROFILE;
    browse->reading = reading;
    browse->since_us = now_us;
    browse->id = extent.newest;
    browse->level = (uint8_t)(extent.newest == 0 || !extent.on ? BROWSE_CLOSED
                              : profile                        ? BROWSE_YEAR
                                                               : BROWSE_RECORD);
    browse->message = (uint8_t)(!extent.on           ? BROWSE_LOG_OFF
                                : extent.newest == 0 ? BROWSE_NO_REG
                                                     : BROWSE_NOTHING);
}

void display_browse_next(struct display_browse *browse, const struct meter *meter, int64_t now_us)
{
    const struct extent extent = extent_of(meter, browse->reading);
    browse->since_us = now_us;
    browse->message = BROWSE_NOTHING;
    if (browse->id < extent.oldest || browse->id > extent.newest || extent.newest == 0) {
        browse->message = BROWSE_NO_REG; /* overwritten or deleted meanwhile: begin anew */
        browse->id = extent.newest;
    } else if (browse->reading == DISPLAY_READING_HISTORY) {
        const bool end = browse->id == extent.oldest;
        browse->message = end ? BROWSE_END : BROWSE_NOTHING;
        browse->id = end ? extent.newest : browse->id - 1u;
    } else if (browse->level == BROWSE_RECORD) {
        const bool end = browse->id == extent.newest;
        browse->message = end ? BROWSE_END : BROWSE_NOTHING;
        browse->id += end ? 0u : 1u;
    } else {
        choose_next(browse, meter, &extent);
    }
}

void display_browse_deeper(struct display_browse *browse, int64_t now_us)
{
    browse->since_us = now_us;
    browse->message = BROWSE_NOTHING;
    if (browse->level < BROWSE_RECORD) {
        browse->level++;
    } else if (browse->reading == DISPLAY_READING_PROFILE) {
        browse->level = BROWSE_YEAR;
    }
}

/* ---- the glass ---- */

static const char *const messages[] = {[BROWSE_NOTHING] = "",
                                       [BROWSE_END] = "End",
                                       [BROWSE_NO_REG] = "No rEG",
                                       [BROWSE_ERROR] = "Error",
                                       [BROWSE_LOG_OFF] = "LoG oFF"};

static void digits(struct writer *w, unsigned number, unsigned n_digits)
{
    writer_decimal(w, number, n_digits);
}

/* As much of a moment as has been chosen: "2026", "202603", "2026-03-20", "12", "12:15:00". */
static void moment_write(const struct meter *meter, enum browse_level level, int64_t utc_s,
                         char *out)
{
    struct calendar at;
    struct writer w = writer_over(out, BROWSE_VALUE_MAX - 1u);
    calendar_of(meter, utc_s, &at);
    if (level <= BROWSE_DAY) {
        const char *dash = level == BROWSE_DAY ? "-" : "";
        digits(&w, at.year, 4);
        writer_text(&w, level == BROWSE_YEAR ? "____" : dash);
        if (level >= BROWSE_MONTH) {
            digits(&w, at.month, 2);
            writer_text(&w, level == BROWSE_MONTH ? "__" : dash);
        }
        if (level == BROWSE_DAY) {
            digits(&w, at.day, 2);
        }
    } else {
        const char *colon = level == BROWSE_HOUR ? "" : ":";
        digits(&w, at.hour, 2);
        writer_text(&w, level == BROWSE_HOUR ? "____" : colon);
        if (level != BROWSE_HOUR) {
            digits(&w, at.minute, 2);
            writer_text(&w, colon);
            digits(&w, at.second, 2);
        }
    }
    out[writer_length(&w)] = '\0';
}

static void register_show(const struct meter *meter, const struct register_def *def, int64_t number,
                          int exponent, struct browse_view *out)
{
    const struct register_value value = {.number = number, .exponent = exponent};
    out->code = def->code;
    out->text = def->label;
    if (!register_value_text(meter, def, &value, out->value, sizeof out->value, &out->unit)) {
        (void)strcpy(out->value, messages[BROWSE_ERROR]);
    }
}

/* Which of n registers it is the turn of; -1: the record's time. */
static int turn_of(int64_t shown_us, unsigned n)
{
    const int64_t after_us = shown_us - DISPLAY_BROWSE_INFO_US;
    return after_us < 0 || n == 0 ? -1 : (int)(after_us / DISPLAY_BROWSE_REGISTER_US % n);
}

static void profile_show(const struct meter *meter, uint32_t id, int64_t shown_us,
                         struct browse_view *out)
{
    static const char *const codes[] = {[LEGAL_A_PLUS] = "1.8.0",
                                        [LEGAL_A_MINUS] = "2.8.0",
                                        [LEGAL_R_PLUS] = "3.8.0",
                                        [LEGAL_R_MINUS] = "4.8.0"};
    struct legal_profile_range range;
    struct legal_profile_record record;
    legal_profile_range(&meter->legal, &range);
    if (legal_profile_read(&meter->legal, id, &record) != LEGAL_OK) {
        (void)strcpy(out->value, messages[BROWSE_ERROR]);
        return;
    }
    const int turn = turn_of(shown_us, range.layout.channels);
    if (turn < 0) {
        out->text = "TIME";
        moment_write(meter, BROWSE_RECORD, record.utc_s, out->value);
        return;
    }
    register_show(meter, register_by_code(codes[range.layout.energy[turn]]),
                  (int64_t)record.energy_wh[turn], 0, out);
}

/* Registers of a debiting stop that a person asks for; those that the meter has. */
static const char *const stop_codes[] = {"1.8.0", "2.8.0", "3.8.0", "4.8.0", "1.8.1", "1.8.2",
                                         "1.8.3", "1.8.4", "1.6.0", "1.6.1", "1.6.2"};
#define N_STOP_CODES (sizeof stop_codes / sizeof stop_codes[0])
#define FIRST_TARIFF 4u
#define FIRST_PEAK   8u

static void stop_value_show(const struct meter *meter, const struct billing_record *record,
                            size_t index, struct browse_view *out)
{
    static const uint8_t peaks[BILLING_PEAKS] = {2, 0, 1}; /* P+, P+ of tariff 1 and 2 */
    const struct register_def *def = register_by_code(stop_codes[index]);
    if (index >= FIRST_PEAK) {
        const uint32_t power_mw = record->peak[peaks[index - FIRST_PEAK]].power_mw;
        register_show(meter, def, power_mw, MILLI, out);
    } else {
        const uint64_t uwh = index >= FIRST_TARIFF ? record->a_plus_uwh[index - FIRST_TARIFF]
                                                   : record->energy_uwh[index];
        register_show(meter, def, (int64_t)uwh, MICRO, out);
    }
}

static void stop_show(const struct meter *meter, uint32_t id, int64_t shown_us,
                      struct browse_view *out)
{
    struct billing_record record;
    uint8_t shown[N_STOP_CODES];
    unsigned n = 0;
    if (billing_read(&meter->logs, meter->board, id, &record) != EVENT_LOG_OK) {
        (void)strcpy(out->value, messages[BROWSE_ERROR]);
        return;
    }
    for (size_t i = 0; i < N_STOP_CODES; i++) {
        const struct register_def *def = register_by_code(stop_codes[i]);
        if (def != NULL && register_exists(meter, def)) {
            shown[n++] = (uint8_t)i;
        }
    }
    const int turn = turn_of(shown_us, n);
    if (turn < 0) {
        out->text = "DATE";
        moment_write(meter, BROWSE_DAY, record.utc_s, out->value);
        return;
    }
    stop_value_show(meter, &record, shown[turn], out);
}

/* The reading of a closed log: how many records there are. */
static void count_show(const struct meter *meter, uint16_t reading, struct browse_view *out)
{
    const struct extent extent = extent_of(meter, reading);
    struct writer w = writer_over(out->value, sizeof out->value - 1u);
    writer_fixed(&w, extent.newest == 0 ? 0 : (int64_t)(extent.newest - extent.oldest) + 1, 0, 1);
    out->value[writer_length(&w)] = '\0';
    out->text = reading == DISPLAY_READING_HISTORY ? "HIST" : "LOG";
}

void display_browse_view(const struct display_browse *browse, const struct meter *meter,
                         uint16_t reading, int64_t now_us, struct browse_view *out)
{
    static const char *const level_texts[] = {
        [BROWSE_YEAR] = "YEAR", [BROWSE_MONTH] = "MON",  [BROWSE_DAY] = "DAY",
        [BROWSE_HOUR] = "HOUR", [BROWSE_MINUTE] = "MIN",
    };
    int64_t shown_us = now_us - browse->since_us;
    *out = (struct browse_view){
        .code = reading == DISPLAY_READING_HISTORY ? "98.1.0" : "P.01", .text = "", .unit = ""};
    if (browse->message != BROWSE_NOTHING && browse->reading == reading) {
        if (shown_us < DISPLAY_BROWSE_INFO_US) {
            (void)strcpy(out->value, messages[browse->message]);
            return;
        }
        shown_us -= DISPLAY_BROWSE_INFO_US;
    }
    if (browse->level == BROWSE_CLOSED) {
        count_show(meter, reading, out);
    } else if (browse->level < BROWSE_RECORD) {
        out->text = level_texts[browse->level];
        moment_write(meter, (enum browse_level)browse->level, profile_time_s(meter, browse->id),
                     out->value);
    } else if (reading == DISPLAY_READING_PROFILE) {
        profile_show(meter, browse->id, shown_us, out);
    } else {
        stop_show(meter, browse->id, shown_us, out);
    }
}
