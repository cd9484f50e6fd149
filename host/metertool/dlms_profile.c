#include "dlms_profile.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../../app/clock/clock.h"
#include "../lib/dlms_text.h"
#include "../lib/dlms_unit.h"

#define CLASS_PROFILE 7u
#define CLASS_CLOCK   8u
#define COLUMNS_MAX   64u
#define CELL_MAX      128u

struct column {
    struct dlms_column captured;
    struct meter_object *object; /**< with its unit, when the meter lists it */
    char name[48];
    char unit[16];
    int scaler;
    bool scaled;
    char cell[CELL_MAX]; /**< of the row before: null-data means the same again */
    bool is_number;
};

struct export
{
    struct tool *tool;
    struct meter_object *profile;
    struct column columns[COLUMNS_MAX];
    size_t n_columns;
    uint32_t period_s, in_use;
    int64_t last_s; /**< time of the row before, when a clock column is left out */
    FILE *out;
    unsigned long n_rows;
    const char *fault; /**< what made no sense */
};

/* ---- which one ---- */

static bool belongs(const struct profile_choice *choice, const struct meter_object *object)
{
    return object->class_id == CLASS_PROFILE && object->obis[2] == choice->c &&
           object->obis[3] >= choice->first_d && object->obis[3] <= choice->last_d;
}

static void list_profiles(struct dlms_meter *meter, const struct profile_choice *choice)
{
    for (size_t i = 0; i < meter->n_objects; i++) {
        if (belongs(choice, &meter->objects[i])) {
            char code[OBIS_TEXT_MAX], name[80];
            obis_text(meter->objects[i].obis, code);
            obis_name(meter->objects[i].obis, name, sizeof name);
            printf("%-20s %s\n", code, name);
        }
    }
}

/** @return EXIT_GOOD with *found, or with NULL when a list was printed instead. */
static enum tool_exit choose(struct tool *tool, const struct profile_choice *choice,
                             const char *code, struct meter_object **found)
{
    struct dlms_meter *meter = &tool->dlms;
    uint8_t obis[6];
    size_t at = 0, n = 0;
    *found = NULL;
    if (code != NULL) {
        const unsigned named = obis_parse(code, obis);
        if (named == 0) {
            tool_complain("%s '%s': expected an OBIS code like 1-0:99.1.0", choice->command, code);
            return EXIT_USAGE;
        }
        *found = dlms_meter_find(meter, CLASS_PROFILE, obis, named, &at);
        if (*found == NULL) {
            tool_complain("the meter has no profile %s; metertool dlms objects lists what it has",
                          code);
            return EXIT_UNKNOWN;
        }
        return EXIT_GOOD;
    }
    for (size_t i = 0; i < meter->n_objects; i++) {
        if (belongs(choice, &meter->objects[i])) {
            *found = &meter->objects[i];
            n++;
        }
    }
    if (n == 0) {
        tool_complain("the meter shows this client no profile for '%s'", choice->command);
        return EXIT_UNKNOWN;
    }
    if (n > 1) {
        *found = NULL;
        list_profiles(meter, choice);
    }
    return EXIT_GOOD;
}

/* ---- columns ---- */

static int take_column(void *context, uint32_t index, uint16_t result, struct reader data)
{
    struct export *x = context;
    (void)index;
    (void)result;
    if (x->n_columns == COLUMNS_MAX) {
        return 1;
    }
    struct column *column = &x->columns[x->n_columns];
    memset(column, 0, sizeof *column);
    if (!dlms_column_read(&data, &column->captured)) {
        return 1;
    }
    x->n_columns++;
    return 0;
}

static bool is_clock(const struct column *column)
{
    return column->captured.class_id == CLASS_CLOCK && column->captured.attribute == 2;
}

/** "1.8.0 kWh", "time"; of members that are no value also which one. */
static void name_column(struct column *column)
{
    const uint8_t *o = column->captured.obis;
    if (is_clock(column)) {
        snprintf(column->name, sizeof column->name, "time");
    } else if (column->captured.attribute == 2) {
        snprintf(column->name, sizeof column->name, "%u-%u:%u.%u.%u%s", o[0], o[1], o[2], o[3],
                 o[4], o[5] == 255 ? "" : "*");
    } else {
        snprintf(column->name, sizeof column->name, "%u-%u:%u.%u.%u:%d", o[0], o[1], o[2], o[3],
                 o[4], column->captured.attribute);
    }
}

/** A name that stands there already gets a number: two times, twice the same value. */
static void tell_apart(struct export *x, size_t index)
{
    struct column *column = &x->columns[index];
    unsigned n = 1;
    for (size_t i = 0; i < index; i++) {
        n += memcmp(&x->columns[i].captured, &column->captured, sizeof column->captured) == 0 ||
             (is_clock(&x->columns[i]) && is_clock(column));
    }
    if (n > 1) {
        const size_t at = strlen(column->name);
        snprintf(column->name + at, sizeof column->name - at, " (%u)", n);
    }
}

static bool has_unit(const struct column *column)
{
    const uint16_t class_id = column->captured.class_id;
    const int8_t attribute = column->captured.attribute;
    return ((class_id == 3 || class_id == 4) && attribute == 2) ||
           (class_id == 5 && (attribute == 2 || attribute == 3));
}

/** Units of the columns, from the objects that they are captured from. */
static enum tool_exit take_units(struct export *x)
{
    struct meter_want wants[COLUMNS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < x->n_columns; i++) {
        struct column *column = &x->columns[i];
        size_t at = 0;
        name_column(column);
        tell_apart(x, i);
        column->object = dlms_meter_find(&x->tool->dlms, column->captured.class_id,
                                         column->captured.obis, 0x3F, &at);
        if (column->object != NULL && has_unit(column)) {
            wants[n++] = (struct meter_want){column->object, column->captured.attribute};
        }
    }
    const int result = dlms_meter_units(x->tool, wants, n);
    for (size_t i = 0; i < x->n_columns; i++) {
        struct column *column = &x->columns[i];
        if (column->object != NULL && has_unit(column) &&
            column->object->unit_state == SCALE_KNOWN) {
            column->scaled = true;
            snprintf(
                column->unit, sizeof column->unit, "%s",
                dlms_unit_shown(column->object->unit, column->object->scaler, &column->scaler));
        }
    }
    return (enum tool_exit)result;
}

static void got_number(void *context, const struct meter_want *want, uint16_t result,
                       struct reader data)
{
    struct export *x = context;
    if (result == 0) {
        (void)dlms_read_u32(&data, want->attribute == 4 ? &x->period_s : &x->in_use);
    }
}

static enum tool_exit take_set_up(struct export *x)
{
    struct dlms_meter *meter = &x->tool->dlms;
    const struct dlms_descriptor d = meter_attribute(x->profile, 3);
    const struct meter_want numbers[] = {{x->profile, 4}, {x->profile, 7}};
    struct dlms_rows rows;
    dlms_rows_init(&rows, DLMS_ROWS_ARRAY, meter->row, sizeof meter->row, take_column, x);
    const struct dlms_sink sink = dlms_rows_sink(&rows);
    const int err = dlms_rows_end(&rows, dlms_client_get(&meter->client, &d, &sink));
    if (err != DLMS_CLIENT_OK) {
        return (enum tool_exit)dlms_meter_fail(x->tool, err,
                                               "columns of the profile (attribute 3)");
    }
    const enum tool_exit result = take_units(x);
    return result == EXIT_GOOD ? (enum tool_exit)dlms_meter_get(x->tool, numbers, 2, got_number, x)
                               : result;
}

/* ---- rows ---- */

static void cell_text(struct column *column, const struct dlms_value *value, struct reader whole)
{
    int64_t mantissa = 0;
    int exponent = 0;
    column->is_number = false;
    if (value->type == DLMS_ARRAY || value->type == DLMS_STRUCTURE ||
        value->type == DLMS_COMPACT_ARRAY) {
        (void)dlms_data_text(whole, column->cell, sizeof column->cell);
    } else if (dlms_value_number(value, &mantissa, &exponent)) {
        column->is_number = true;
        number_text(mantissa, exponent + (column->scaled ? column->scaler : 0), column->cell,
                    sizeof column->cell);
    } else {
        dlms_value_text(value, column->cell, sizeof column->cell);
    }
}

/** A clock column; null-data is the row before and one period on. */
static void clock_cell(struct export *x, struct column *column, const struct dlms_value *value)
{
    struct dlms_time time;
    if (dlms_value_time(value, &time)) {
        if (!dlms_time_to_s(&time, &x->last_s)) {
            x->last_s = INT64_MIN;
        }
        dlms_time_text(&time, column->cell, sizeof column->cell);
    } else if (value->type == DLMS_NULL && x->last_s != INT64_MIN && x->n_rows > 0) {
        x->last_s += x->period_s;
        dlms_time_from_s(x->last_s, &time);
        dlms_time_text(&time, column->cell, sizeof column->cell);
    } else {
        dlms_value_text(value, column->cell, sizeof column->cell);
    }
}

static void print_csv_text(FILE *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++) {
        fputc(*text, out);
        if (*text == '"') {
            fputc('"', out);
        }
    }
    fputc('"', out);
}

static void print_row(struct export *x)
{
    const enum tool_format format = x->tool->options.format;
    if (format == FORMAT_JSON) {
        json_t *row = json_object();
        for (size_t i = 0; i < x->n_columns; i++) {
            const struct column *c = &x->columns[i];
            json_object_set_new(row, c->name,
                                c->is_number ? json_real(strtod(c->cell, NULL))
                                             : json_string(c->cell));
        }
        fputs(x->n_rows == 0 ? "[\n" : ",\n", x->out);
        json_dumpf(row, x->out, JSON_COMPACT | JSON_REAL_PRECISION(15));
        json_decref(row);
        return;
    }
    for (size_t i = 0; i < x->n_columns; i++) {
        if (format == FORMAT_CSV) {
            fputs(i > 0 ? "," : "", x->out);
            print_csv_text(x->out, x->columns[i].cell);
        } else {
            fprintf(x->out, "%s%-*s", i > 0 ? "  " : "", is_clock(&x->columns[i]) ? 19 : 14,
                    x->columns[i].cell);
        }
    }
    fputc('\n', x->out);
}

static int take_entry(void *context, uint32_t index, uint16_t result, struct reader data)
{
    struct export *x = context;
    struct dlms_value value;
    (void)index;
    (void)result;
    if (dlms_data_read(&data, &value) != DLMS_OK || value.type != DLMS_STRUCTURE ||
        value.count != x->n_columns) {
        x->fault = "an entry does not have the columns that the profile says it has";
        return 1;
    }
    for (size_t i = 0; i < x->n_columns; i++) {
        struct column *column = &x->columns[i];
        struct reader whole = data, cell = data;
        if (dlms_data_skip(&data) != DLMS_OK || dlms_data_read(&cell, &value) != DLMS_OK) {
            x->fault = "an entry is malformed";
            return 1;
        }
        whole.end = data.at;
        if (is_clock(column)) {
            clock_cell(x, column, &value);
        } else if (value.type != DLMS_NULL) {
            cell_text(column, &value, whole);
        }
    }
    print_row(x);
    x->n_rows++;
    return 0;
}

static void print_heading(struct export *x)
{
    const enum tool_format format = x->tool->options.format;
    for (size_t i = 0; i < x->n_columns && format != FORMAT_JSON; i++) {
        const struct column *c = &x->columns[i];
        char text[80];
        snprintf(text, sizeof text, "%s%s%s", c->name, c->unit[0] != '\0' ? " " : "", c->unit);
        if (format == FORMAT_CSV) {
            fprintf(x->out, "%s%s", i > 0 ? "," : "", text);
        } else {
            fprintf(x->out, "%s%-*s", i > 0 ? "  " : "", is_clock(c) ? 19 : 14, text);
        }
    }
    if (format != FORMAT_JSON) {
        fputc('\n', x->out);
    }
}

/* ---- range ---- */

/** "2026-02-01[T12:00[:00]]"; a day alone is its begin, or its end. */
static bool take_time(const char *name, const char *text, bool end, struct dlms_time *time)
{
    unsigned y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
    int n = 0, at = 0;
    bool good = sscanf(text, "%4u-%2u-%2u%n", &y, &mo, &d, &n) == 3;
    if (good && text[n] == '\0' && end) {
        h = 23;
        mi = 59;
        s = 59;
    } else if (good && text[n] != '\0') {
        good = (text[n] == 'T' || text[n] == ' ') &&
               sscanf(text + n + 1, "%2u:%2u%n", &h, &mi, &at) == 2;
        n += 1 + at;
        if (good && text[n] == ':') {
            good = sscanf(text + n, ":%2u%n", &s, &at) == 1;
            n += at;
        }
        good = good && text[n] == '\0';
    }
    const struct calendar c = {.year = (uint16_t)y,
                               .month = (uint8_t)mo,
                               .day = (uint8_t)d,
                               .hour = (uint8_t)h,
                               .minute = (uint8_t)mi,
                               .second = (uint8_t)s};
    const int64_t seconds = good ? calendar_seconds(&c) : INT64_MIN;
    if (seconds == INT64_MIN) {
        tool_complain("%s '%s': expected a time like 2026-02-01 or 2026-02-01T12:00", name, text);
        return false;
    }
    dlms_time_from_s(seconds, time);
    return true;
}

/** CET or CEST as the meter would: its clock's own deviation, see dlms_clock.c. */
static void got_deviation(void *context, const struct meter_want *want, uint16_t result,
                          struct reader data)
{
    struct dlms_time *time = context;
    (void)want;
    struct dlms_time now;
    if (result == 0 && dlms_read_time(&data, &now)) {
        time->deviation_min = now.deviation_min;
    }
}

/** The last entries, oldest of them first. */
static void write_entries(const struct export *x, struct writer *w)
{
    const uint32_t count = (uint32_t)x->tool->options.count;
    const bool newest_first = x->tool->line.url.dlms.newest_first;
    uint32_t first = newest_first ? count - 1u : x->in_use + 1u - count;
    if (x->in_use < count) {
        first = newest_first ? (x->in_use > 0 ? x->in_use - 1u : 0) : 1;
    }
    dlms_write_structure(w, 4);
    dlms_write_u32(w, first);
    dlms_write_u32(w, 0);
    dlms_write_u16(w, 1);
    dlms_write_u16(w, 0);
}

/** The range descriptor into w.  Nothing is written when no range was asked for. */
static enum tool_exit write_range(struct export *x, struct writer *w)
{
    const struct tool_options *o = &x->tool->options;
    struct dlms_time from, to, now = {.deviation_min = DLMS_DEVIATION_NONE};
    const struct column *clock = NULL;
    for (size_t i = 0; i < x->n_columns && clock == NULL; i++) {
        clock = is_clock(&x->columns[i]) ? &x->columns[i] : NULL;
    }
    if (o->from == NULL && o->to == NULL) {
        return EXIT_GOOD;
    }
    if (clock == NULL) {
        tool_complain("this profile has no time among its columns: --from and --to make no sense");
        return EXIT_USAGE;
    }
    if (!take_time("--from", o->from != NULL ? o->from : "2000-01-01", false, &from) ||
        !take_time("--to", o->to != NULL ? o->to : "2099-12-31", true, &to)) {
        return EXIT_USAGE;
    }
    if (x->tool->line.url.dlms.real_deviation && clock->object != NULL) {
        const struct meter_want want = {clock->object, 2};
        const int result = dlms_meter_get(x->tool, &want, 1, got_deviation, &now);
        if (result != EXIT_GOOD) {
            return (enum tool_exit)result;
        }
        from.deviation_min = now.deviation_min;
        to.deviation_min = now.deviation_min;
    }
    dlms_write_structure(w, 4);
    dlms_write_capture_object(w, clock->captured.class_id, clock->captured.obis,
                              clock->captured.attribute, clock->captured.data_index);
    dlms_write_time(w, &from);
    dlms_write_time(w, &to);
    dlms_write_array(w, 0);
    return EXIT_GOOD;
}

/* ---- all of it ---- */

static enum tool_exit read_rows(struct export *x)
{
    struct dlms_meter *meter = &x->tool->dlms;
    struct dlms_descriptor d = meter_attribute(x->profile, 2);
    uint8_t range[80];
    struct writer w = writer_over(range, sizeof range);
    struct dlms_rows rows;
    const struct tool_options *o = &x->tool->options;
    const bool by_entry = o->count > 0 && o->from == NULL && o->to == NULL;
    enum tool_exit result = EXIT_GOOD;
    if (by_entry) {
        write_entries(x, &w);
    } else {
        result = write_range(x, &w);
    }
    if (result != EXIT_GOOD) {
        return result;
    }
    if (writer_length(&w) > 0) {
        d.selector = by_entry ? 2 : 1;
        d.parameter = reader_over(range, writer_length(&w));
    }
    print_heading(x);
    dlms_rows_init(&rows, DLMS_ROWS_ARRAY, meter->row, sizeof meter->row, take_entry, x);
    const struct dlms_sink sink = dlms_rows_sink(&rows);
    const int err = dlms_rows_end(&rows, dlms_client_get(&meter->client, &d, &sink));
    if (err == DLMS_CLIENT_ERR_STOPPED && x->fault != NULL) {
        tool_complain("entry %lu: %s", x->n_rows + 1, x->fault);
        return EXIT_METER;
    }
    return err == DLMS_CLIENT_OK ? EXIT_GOOD
                                 : (enum tool_exit)dlms_meter_fail(x->tool, err, "entries");
}

enum tool_exit dlms_profile_export(struct tool *tool, const struct profile_choice *choice,
                                   const char *code)
{
    struct export x = {.tool = tool, .out = stdout, .last_s = INT64_MIN};
    enum tool_exit result = (enum tool_exit)dlms_meter_list(tool);
    result = result == EXIT_GOOD ? choose(tool, choice, code, &x.profile) : result;
    if (result != EXIT_GOOD || x.profile == NULL) {
        return result;
    }
    result = take_set_up(&x);
    if (result != EXIT_GOOD) {
        return result;
    }
    const char *path = tool->options.output;
    if (path != NULL) {
        x.out = fopen(path, "wx");
        if (x.out == NULL) {
            tool_complain("%s: cannot be made: expected a name that is free", path);
            return EXIT_USAGE;
        }
    }
    result = read_rows(&x);
    if (tool->options.format == FORMAT_JSON && (result == EXIT_GOOD || x.n_rows > 0)) {
        fputs(x.n_rows == 0 ? "[]\n" : "\n]\n", x.out);
    }
    if (path != NULL && (fclose(x.out) != 0 && result == EXIT_GOOD)) {
        tool_complain("%s: cannot be written", path);
        result = EXIT_METER;
    }
    return result;
}
