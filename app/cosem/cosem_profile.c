/* Class 7: loggers, streamed entry by entry; nothing is kept but where the answer stands. */
#include <string.h>

#include "../meter/meter_audit.h"
#include "cosem_events.h"

#define MINUTE_S         60u
#define FIFO             1u
#define RANGE            1u
#define ENTRIES          2u
#define SETTING_PERIOD   5u /* integration period, E */
#define COLUMNS_SELECTED 32u
#define VIEW_WORD        4u

enum { BUFFER = 2, CAPTURE_OBJECTS, PERIOD, SORT_METHOD, SORT_OBJECT, IN_USE, DEPTH };

/* Rows to send, from the first on; up: numbers rise. */
struct rows {
    uint32_t first, count;
    bool up;
};

/* Columns to send: a bit each, in the order of the profile. */
struct selection {
    struct rows rows;
    uint32_t columns;
};

/* ---- selection ---- */

static bool same_column(const struct dlms_column *a, const struct dlms_column *b)
{
    return a->class_id == b->class_id && a->attribute == b->attribute &&
           memcmp(a->obis, b->obis, sizeof a->obis) == 0;
}

static unsigned n_columns(const struct cosem *cosem, const struct cosem_row *row)
{
    struct cosem_column column;
    unsigned n = 0;
    while (cosem_column(cosem, row, n, &column)) {
        n++;
    }
    return n;
}

static uint32_t columns_between(unsigned from, unsigned to)
{
    uint32_t columns = 0;
    for (unsigned n = from; n <= to && n < COLUMNS_SELECTED; n++) {
        columns |= UINT32_C(1) << n;
    }
    return columns;
}

/* The columns that a range names.  @return false: one that the profile does not have */
static bool columns_named(const struct cosem *cosem, const struct cosem_row *row,
                          struct dlms_range *range, uint32_t *columns)
{
    struct dlms_column wanted;
    *columns = 0;
    while (dlms_range_column(range, &wanted)) {
        struct cosem_column column;
        unsigned n = 0;
        while (cosem_column(cosem, row, n, &column) && !same_column(&column.object, &wanted)) {
            n++;
        }
        if (!cosem_column(cosem, row, n, &column)) {
            return false;
        }
        *columns |= UINT32_C(1) << n;
    }
    return true;
}

/* One end of a range.  Wildcards in the time of day are the first or the last moment of that day;
 * without a date the range has no such end.  @return false: no date-time */
static bool range_end(const struct meter *meter, const struct dlms_value *value, bool to,
                      int64_t *utc_s)
{
    struct dlms_time time;
    *utc_s = to ? INT64_MAX : INT64_MIN;
    if (value->type == DLMS_NULL) {
        return true;
    }
    if (!dlms_value_time(value, &time)) {
        return false;
    }
    if (time.year == DLMS_YEAR_ANY || time.month == DLMS_ANY || time.day == DLMS_ANY) {
        return true;
    }
    time.hour = time.hour == DLMS_ANY ? (to ? 23 : 0) : time.hour;
    time.minute = time.minute == DLMS_ANY ? (to ? 59 : 0) : time.minute;
    time.second = time.second == DLMS_ANY ? (to ? 59 : 0) : time.second;
    *utc_s = cosem_moment_of(meter, &time);
    return *utc_s != INT64_MIN;
}

static struct rows rows_between(const struct meter *meter, enum cosem_profile profile,
                                int64_t from_s, int64_t to_s)
{
    uint32_t first = 0, last = 0;
    struct rows rows = {0, 0, true};
    if (cosem_extent(meter, profile).count != 0 &&
        cosem_entry_at(meter, profile, from_s, true, &first) &&
        cosem_entry_at(meter, profile, to_s, false, &last) && first <= last) {
        rows.first = first;
        rows.count = last - first + 1u;
    }
    return rows;
}

static enum dlms_result select_range(const struct cosem *cosem, const struct cosem_row *row,
                                     struct reader parameter, struct selection *out)
{
    struct dlms_range range;
    struct dlms_column clock;
    int64_t from_s = 0, to_s = 0;
    if (!dlms_range_read(parameter, &range)) {
        return DLMS_RESULT_TYPE;
    }
    cosem_clock_column(cosem, row, &clock);
    if (!same_column(&range.restricting, &clock)) {
        return DLMS_RESULT_OTHER;
    }
    if (!range_end(cosem->meter, &range.from, false, &from_s) ||
        !range_end(cosem->meter, &range.to, true, &to_s)) {
        return DLMS_RESULT_TYPE;
    }
    if (range.n_columns != 0 && !columns_named(cosem, row, &range, &out->columns)) {
        return DLMS_RESULT_OTHER;
    }
    out->rows = rows_between(cosem->meter, (enum cosem_profile)row->object.index, from_s, to_s);
    return DLMS_RESULT_SUCCESS;
}

/* The 382M counts rows from the newest, 0, and sends them from `from` to `to`; what lies beyond the
 * oldest is cut off. */
static struct rows rows_own(struct cosem_extent extent, const struct dlms_entries *entries)
{
    const uint32_t newest = extent.oldest + extent.count - 1u;
    const bool up = entries->to_row < entries->from_row;
    const uint32_t near = up ? entries->to_row : entries->from_row;
    uint32_t far = up ? entries->from_row : entries->to_row;
    struct rows rows = {0, 0, up};
    if (near >= extent.count) {
        return rows;
    }
    far = far < extent.count ? far : extent.count - 1u;
    rows.first = newest - (up ? far : near);
    rows.count = far - near + 1u;
    return rows;
}

/* The Blue Book counts them from the oldest, 1; 0 as an end is the newest. */
static struct rows rows_standard(struct cosem_extent extent, const struct dlms_entries *entries)
{
    const uint32_t from = entries->from_row == 0 ? 1u : entries->from_row;
    const uint32_t to =
        entries->to_row == 0 || entries->to_row > extent.count ? extent.count : entries->to_row;
    if (from > to) {
        return (struct rows){0, 0, true};
    }
    return (struct rows){extent.oldest + from - 1u, to - from + 1u, true};
}

static enum dlms_result select_entries(const struct cosem *cosem, const struct cosem_row *row,
                                       struct reader parameter, struct selection *out)
{
    struct dlms_entries entries;
    if (!dlms_entries_read(parameter, &entries)) {
        return DLMS_RESULT_TYPE;
    }
    const unsigned all = n_columns(cosem, row);
    const unsigned from = entries.from_column == 0 ? 1u : entries.from_column;
    const unsigned to = entries.to_column == 0 || entries.to_column > all ? all : entries.to_column;
    if (from > to) {
        return DLMS_RESULT_OTHER;
    }
    out->columns = columns_between(from - 1u, to - 1u);
    const struct cosem_extent extent =
        cosem_extent(cosem->meter, (enum cosem_profile)row->object.index);
    out->rows = cosem->role == COSEM_MANAGEMENT ? rows_standard(extent, &entries)
                                                : rows_own(extent, &entries);
    return DLMS_RESULT_SUCCESS;
}

static enum dlms_result select_rows(const struct cosem *cosem, const struct cosem_row *row,
                                    const struct dlms_get *get, struct selection *out)
{
    const struct cosem_extent extent =
        cosem_extent(cosem->meter, (enum cosem_profile)row->object.index);
    out->rows = (struct rows){extent.oldest, extent.count, true};
    out->columns = columns_between(0, n_columns(cosem, row) - 1u);
    switch (get->selector) {
    case 0: return DLMS_RESULT_SUCCESS;
    case RANGE: return select_range(cosem, row, get->parameter, out);
    case ENTRIES: return select_entries(cosem, row, get->parameter, out);
    default: return DLMS_RESULT_OTHER;
    }
}

/* ---- buffer ---- */

static void entry_write(const struct cosem *cosem, const struct cosem_row *row,
                        const struct cosem_entry *entry, uint32_t columns, struct writer *out)
{
    struct cosem_column column;
    unsigned n = 0, selected = 0;
    for (uint32_t left = columns; left != 0; left &= left - 1u) {
        selected++;
    }
    dlms_write_structure(out, selected);
    for (; cosem_column(cosem, row, n, &column); n++) {
        if ((columns >> n & 1u) != 0) {
            cosem_entry_write(cosem, row, entry, &column, out);
        }
    }
}

/* A view has no numbers to begin at: its rows are passed over. */
static void view_begin(const struct meter *meter, enum cosem_profile profile, uint32_t skipped,
                       uint32_t words[COSEM_EVENT_WORDS])
{
    struct cosem_events at;
    struct cosem_entry entry;
    cosem_events_begin(meter, &at);
    for (uint32_t i = 0; i < skipped; i++) {
        (void)cosem_events_next(meter, profile, &at, &entry);
    }
    cosem_events_pack(&at, words);
}

static void next_read(const struct meter *meter, enum cosem_profile profile, struct dlms_get *get,
                      struct cosem_entry *entry)
{
    if (cosem_is_view(profile)) {
        struct cosem_events at;
        cosem_events_unpack(meter, get->cursor + VIEW_WORD, &at);
        (void)cosem_events_next(meter, profile, &at, entry);
        cosem_events_pack(&at, get->cursor + VIEW_WORD);
    } else {
        cosem_entry_read(meter, profile, get->cursor[1], entry);
    }
}

/* cursor: [0] entries still to come, plus 1 (0: the head comes); [1] number of the next one; [2]
 * numbers rise; [3] columns; [4] to [7] where a view stands in its logs.  So entries that come
 * meanwhile change nothing. */
static enum dlms_result buffer_get(const struct cosem *cosem, const struct cosem_row *row,
                                   struct dlms_get *get, struct writer *out)
{
    const enum cosem_profile profile = (enum cosem_profile)row->object.index;
    if (get->cursor[0] == 0) {
        struct selection selection = {{0, 0, true}, 0};
        const enum dlms_result result = select_rows(cosem, row, get, &selection);
        if (result != DLMS_RESULT_SUCCESS) {
            return result;
        }
        dlms_write_array(out, selection.rows.count);
        get->cursor[0] = selection.rows.count + 1u;
        get->cursor[1] = selection.rows.first;
        get->cursor[2] = selection.rows.up ? 1 : 0;
        get->cursor[3] = selection.columns;
        if (cosem_is_view(profile) && selection.rows.count != 0) {
            view_begin(cosem->meter, profile, selection.rows.first - 1u, get->cursor + VIEW_WORD);
        }
    } else {
        struct cosem_entry entry;
        next_read(cosem->meter, profile, get, &entry);
        entry_write(cosem, row, &entry, get->cursor[3], out);
        get->cursor[0]--;
        get->cursor[1] += get->cursor[2] != 0 ? 1u : UINT32_MAX;
    }
    return get->cursor[0] > 1u ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
}

/* ---- the other attributes ---- */

/* cursor[0]: column that comes next, plus 1; 0: the head. */
static enum dlms_result columns_get(const struct cosem *cosem, const struct cosem_row *row,
                                    struct dlms_get *get, struct writer *out)
{
    const unsigned all = n_columns(cosem, row);
    struct cosem_column column;
    if (get->cursor[0] == 0) {
        dlms_write_array(out, all);
    } else if (cosem_column(cosem, row, get->cursor[0] - 1u, &column)) {
        dlms_write_capture_object(out, column.object.class_id, column.object.obis,
                                  column.object.attribute, column.object.data_index);
    }
    get->cursor[0]++;
    return get->cursor[0] <= all ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
}

static uint32_t period_of(const struct meter *meter, enum cosem_profile profile)
{
    switch (profile) {
    case COSEM_PROFILE_LOAD: return meter->load_profile.interval_min * MINUTE_S;
    case COSEM_PROFILE_ANALYSIS: return meter->analysis.stored.setup.interval_min * MINUTE_S;
    default: return 0;
    }
}

/* Status words of the interval under way; debiting logs have none. */
static void words_get(const struct meter *meter, enum cosem_profile profile, int8_t attribute,
                      struct writer *out)
{
    uint16_t status = 0, quality = 0;
    if (profile == COSEM_PROFILE_LOAD) {
        status = meter->load_profile.status;
        quality = meter->load_profile.quality;
    } else if (profile == COSEM_PROFILE_ANALYSIS) {
        status = meter->analysis.status;
        quality = meter->analysis.quality;
    }
    if (attribute == COSEM_LOGGER_STATUS) {
        dlms_write_u16(out, status);
    } else {
        dlms_write_u32(out, quality);
    }
}

static enum dlms_result profile_get(const struct cosem *cosem, const struct cosem_row *row,
                                    struct dlms_get *get, struct writer *out)
{
    const struct meter *meter = cosem->meter;
    const enum cosem_profile profile = (enum cosem_profile)row->object.index;
    struct dlms_column clock;
    switch (get->attribute) {
    case BUFFER: return buffer_get(cosem, row, get, out);
    case CAPTURE_OBJECTS: return columns_get(cosem, row, get, out);
    case PERIOD: dlms_write_u32(out, period_of(meter, profile)); break;
    case SORT_METHOD: dlms_write_enum(out, FIFO); break;
    case SORT_OBJECT:
        cosem_clock_column(cosem, row, &clock);
        dlms_write_capture_object(out, clock.class_id, clock.obis, clock.attribute,
                                  clock.data_index);
        break;
    case IN_USE: dlms_write_u32(out, cosem_extent(meter, profile).count); break;
    case DEPTH: dlms_write_u32(out, cosem_depth(meter, profile)); break;
    default: words_get(meter, profile, get->attribute, out); break;
    }
    return DLMS_RESULT_SUCCESS;
}

/* ---- changing ---- */

static enum dlms_result analysis_period(struct meter *meter, uint8_t interval_min)
{
    struct analysis_setup wanted = meter->analysis.stored.setup;
    const enum rights_answer may = meter_may(meter, ACTION_SETTINGS);
    if (may != RIGHTS_OK) {
        return cosem_rights_result(may);
    }
    wanted.interval_min = interval_min;
    return meter_analysis_take(meter, &wanted) == ANALYSIS_TAKEN ? DLMS_RESULT_SUCCESS
                                                                 : DLMS_RESULT_OTHER;
}

/* The capture period.  Another one erases the logger, which is in the log of load-profile events.
 */
static enum dlms_result profile_set(const struct cosem *cosem, const struct cosem_row *row,
                                    int8_t attribute, struct reader data)
{
    (void)attribute;
    static const uint16_t periods_s[] = {300, 900, 1800, 3600};
    uint32_t period_s = 0;
    if (!dlms_read_u32(&data, &period_s)) {
        return DLMS_RESULT_TYPE;
    }
    for (size_t i = 0; i < sizeof periods_s / sizeof periods_s[0]; i++) {
        if (periods_s[i] == period_s) {
            return row->object.index == COSEM_PROFILE_LOAD
                       ? cosem_setting_change(cosem->meter, SETTING_PERIOD, (uint32_t)i + 1u)
                       : analysis_period(cosem->meter, (uint8_t)(period_s / MINUTE_S));
        }
    }
    return DLMS_RESULT_OTHER;
}

/* Method capture of the debiting log: the period ends now. */
enum dlms_result cosem_debiting_stop(const struct cosem *cosem)
{
    const enum rights_answer may = meter_may(cosem->meter, ACTION_DEBITING);
    if (may != RIGHTS_OK) {
        return cosem_rights_result(may);
    }
    return meter_debiting_stop(cosem->meter) == METER_OK ? DLMS_RESULT_SUCCESS
                                                         : DLMS_RESULT_HARDWARE_FAULT;
}

static enum dlms_result profile_call(const struct cosem *cosem, const struct cosem_row *row,
                                     int8_t method, struct reader data, struct writer *out)
{
    (void)row;
    (void)method;
    (void)data;
    (void)out;
    return cosem_debiting_stop(cosem);
}

const struct cosem_part cosem_profile_part = {profile_get, profile_set, profile_call};
