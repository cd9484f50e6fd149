/* Class 7, profile generic: a buffer of rows, whole or in part. */
#include <string.h>

#include "dlms_class.h"

/* cursor[0]: 0 at the start, then the number of the row to come, from 1; [1]: the last one;
 * [2]: the columns as a mask, bit 0 for the first. */
enum cursor { NEXT_ROW, LAST_ROW, COLUMNS };

static uint32_t all_columns(const struct dlms_profile *profile)
{
    return profile->n_columns >= 32 ? UINT32_MAX : (UINT32_C(1) << profile->n_columns) - 1u;
}

static unsigned count_of(uint32_t mask)
{
    unsigned count = 0;
    for (; mask != 0; mask &= mask - 1u) {
        count++;
    }
    return count;
}

/** Selector 2: rows and columns by number, 1 the oldest and the first; 0 as an end: the last. */
static enum dlms_result select_entries(const struct dlms_profile *profile,
                                       const struct dlms_get *get, uint32_t cursor[8])
{
    struct dlms_entries entries;
    if (!dlms_entries_read(get->parameter, &entries)) {
        return DLMS_RESULT_TYPE;
    }
    uint32_t last_column = entries.to_column == 0 || entries.to_column > profile->n_columns
                               ? profile->n_columns
                               : entries.to_column;
    cursor[NEXT_ROW] = entries.from_row == 0 ? 1 : entries.from_row;
    if (entries.to_row != 0 && entries.to_row < cursor[LAST_ROW]) {
        cursor[LAST_ROW] = entries.to_row;
    }
    cursor[COLUMNS] = 0;
    for (uint32_t i = entries.from_column == 0 ? 1 : entries.from_column; i <= last_column; i++) {
        cursor[COLUMNS] |= UINT32_C(1) << (i - 1u);
    }
    return DLMS_RESULT_SUCCESS;
}

static bool is_column(const struct dlms_column *a, const struct dlms_column *b)
{
    return a->class_id == b->class_id && memcmp(a->obis, b->obis, sizeof a->obis) == 0 &&
           a->attribute == b->attribute && a->data_index == b->data_index;
}

/** The number of a column.  @return n_columns: there is none like it. */
static unsigned column_of(const struct dlms_profile *profile, const struct dlms_column *wanted)
{
    unsigned i = 0;
    while (i < profile->n_columns && !is_column(&profile->columns[i], wanted)) {
        i++;
    }
    return i;
}

/** Rows before the first one that is not earlier than the moment (past: later than it). */
static uint32_t rows_before(const struct dlms_profile *profile, const struct dlms_time *moment,
                            bool past)
{
    uint32_t low = 0, high = profile->n_rows;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct dlms_time time;
        profile->time(profile->context, middle, &time);
        int order = dlms_time_compare(&time, moment);
        if (order < 0 || (past && order == 0)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/** Selector 1: from one moment to another, both included, and the columns by name. */
static enum dlms_result select_range(const struct dlms_profile *profile, const struct dlms_get *get,
                                     uint32_t cursor[8])
{
    struct dlms_range range;
    struct dlms_column column;
    struct dlms_time from, to;
    if (!dlms_range_read(get->parameter, &range) || !dlms_value_time(&range.from, &from) ||
        !dlms_value_time(&range.to, &to)) {
        return DLMS_RESULT_TYPE;
    }
    if (profile->time == NULL || column_of(profile, &range.restricting) != profile->time_column) {
        return DLMS_RESULT_OTHER; /* rows are in the order of no other column */
    }
    if (range.n_columns > 0) {
        cursor[COLUMNS] = 0;
    }
    while (dlms_range_column(&range, &column)) {
        unsigned number = column_of(profile, &column);
        if (number == profile->n_columns) {
            return DLMS_RESULT_OTHER;
        }
        cursor[COLUMNS] |= UINT32_C(1) << number;
    }
    cursor[NEXT_ROW] = rows_before(profile, &from, false) + 1u;
    cursor[LAST_ROW] = rows_before(profile, &to, true);
    return DLMS_RESULT_SUCCESS;
}

/** The head of the array, once it is known which rows. */
static enum dlms_result buffer_begin(const struct dlms_profile *profile, struct dlms_get *get,
                                     struct writer *out)
{
    uint32_t *cursor = get->cursor;
    enum dlms_result result = DLMS_RESULT_SUCCESS;
    cursor[NEXT_ROW] = 1;
    cursor[LAST_ROW] = profile->n_rows;
    cursor[COLUMNS] = all_columns(profile);
    if (get->selector == 1) {
        result = select_range(profile, get, cursor);
    } else if (get->selector == 2) {
        result = select_entries(profile, get, cursor);
    } else if (get->selector != 0) {
        result = DLMS_RESULT_OTHER;
    }
    if (result != DLMS_RESULT_SUCCESS) {
        return result;
    }
    bool is_empty = cursor[NEXT_ROW] > cursor[LAST_ROW];
    dlms_write_array(out, is_empty ? 0 : cursor[LAST_ROW] - cursor[NEXT_ROW] + 1u);
    return is_empty ? DLMS_RESULT_SUCCESS : DLMS_RESULT_MORE;
}

static enum dlms_result buffer_get(const struct dlms_profile *profile, struct dlms_get *get,
                                   struct writer *out)
{
    uint32_t *cursor = get->cursor;
    if (cursor[NEXT_ROW] == 0) {
        return buffer_begin(profile, get, out);
    }
    uint32_t row = cursor[NEXT_ROW]++ - 1u;
    if (row >= profile->n_rows) {
        return DLMS_RESULT_LONG_GET_ABORTED; /* rows have gone in between */
    }
    dlms_write_structure(out, count_of(cursor[COLUMNS]));
    for (uint8_t i = 0; i < profile->n_columns && i < 32u; i++) {
        if ((cursor[COLUMNS] >> i & 1u) != 0) {
            profile->value(profile->context, row, i, out);
        }
    }
    return cursor[NEXT_ROW] <= cursor[LAST_ROW] ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
}

static void column_write(struct writer *out, const struct dlms_column *column)
{
    dlms_write_capture_object(out, column->class_id, column->obis, column->attribute,
                              column->data_index);
}

static enum dlms_result columns_get(const struct dlms_profile *profile, struct dlms_get *get,
                                    struct writer *out)
{
    uint32_t at = get->cursor[0]++;
    if (at == 0) {
        dlms_write_array(out, profile->n_columns);
    } else {
        column_write(out, &profile->columns[at - 1u]);
    }
    return at < profile->n_columns ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
}

enum dlms_result dlms_class_profile_get(const struct dlms_profile *profile, struct dlms_get *get,
                                        struct writer *out)
{
    static const struct dlms_column none = {0, {0}, 0, 0};
    bool has_sort = profile->time != NULL;
    switch (get->attribute) {
    case 1: return dlms_class_name_get(get, out);
    case 2: return buffer_get(profile, get, out);
    case 3: return columns_get(profile, get, out);
    case 4: dlms_write_u32(out, profile->capture_period_s); break;
    case 5: dlms_write_enum(out, DLMS_SORT_FIFO); break;
    case 6: column_write(out, has_sort ? &profile->columns[profile->time_column] : &none); break;
    case 7: dlms_write_u32(out, profile->n_rows); break;
    case 8: dlms_write_u32(out, profile->capacity); break;
    default: return DLMS_RESULT_DENIED;
    }
    return DLMS_RESULT_SUCCESS;
}
