/** CSV profiles: from text to columns of numbers.  Grammar: docs/mains.md. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"
#include "source.h"
#include "table.h"

#define CELLS_MAX 64u
/** Numbers this big in a time column are Unix seconds, not seconds since the run's start. */
#define UNIX_TIME_MIN_S 1e8
#define TIME_MAX_S      1e11

enum csv_time { CSV_TIME_NONE, CSV_TIME_RELATIVE, CSV_TIME_ABSOLUTE };

struct csv {
    const char *name, *at, *end;
    size_t line;
    char separator;
    struct lab_error *error;
    int column_of_cell[CELLS_MAX]; /* enum table_column, or CELL_TIME */
    size_t n_cells, time_cell;
    bool has_time;
    enum csv_time time_kind;
    struct lab_table *table;
    size_t capacity;
};

#define CELL_TIME (-1)

/** One cell: its text, and where it stands for messages. */
struct cell {
    struct scan_text text;
    size_t column;
};

static int bad(struct csv *csv, size_t column, const char *expected, struct scan_text found)
{
    return lab_error_set(csv->error, "%.100s:%zu:%zu: expected %s, found %s", csv->name, csv->line,
                         column, expected, scan_quote(found).text);
}

/** The next line without its end; empty lines are skipped. */
static bool next_line(struct csv *csv, struct scan_text *line)
{
    while (csv->at < csv->end) {
        const char *start = csv->at;
        const char *stop = memchr(start, '\n', (size_t)(csv->end - start));
        if (stop == NULL) {
            stop = csv->end;
        }
        csv->at = stop < csv->end ? stop + 1 : stop;
        csv->line++;
        line->at = start;
        line->n = (size_t)(stop - start);
        if (line->n > 0 && line->at[line->n - 1] == '\r') {
            line->n--;
        }
        if (scan_trim(*line).n > 0) {
            return true;
        }
    }
    return false;
}

/** Quoted cell: no quotes inside, nothing but blanks behind. */
static int take_quoted(struct csv *csv, struct cell *cell)
{
    struct scan_text inner = {cell->text.at + 1, cell->text.n - 1};
    const char *close = memchr(inner.at, '"', inner.n);
    if (close == NULL || close + 1 != inner.at + inner.n) {
        return bad(csv, cell->column, "a quoted cell that ends with its quote", cell->text);
    }
    inner.n--;
    cell->text = scan_trim(inner);
    return 0;
}

/** Cut a line into cells.  @return their number, or -1. */
static int split(struct csv *csv, struct scan_text line, struct cell cells[CELLS_MAX])
{
    int n = 0;
    const char *at = line.at, *end = line.at + line.n;
    for (;;) {
        const char *stop = at;
        bool quoted = false;
        while (stop < end && (quoted || *stop != csv->separator)) {
            quoted = *stop == '"' ? !quoted : quoted;
            stop++;
        }
        if (n == (int)CELLS_MAX) {
            return lab_error_set(csv->error, "%.100s:%zu: expected at most %u columns", csv->name,
                                 csv->line, CELLS_MAX);
        }
        struct cell *cell = &cells[n++];
        cell->text = scan_trim((struct scan_text){at, (size_t)(stop - at)});
        cell->column = (size_t)((cell->text.n > 0 ? cell->text.at : at) - line.at) + 1;
        if (cell->text.n > 0 && cell->text.at[0] == '"' && take_quoted(csv, cell) != 0) {
            return -1;
        }
        if (stop == end) {
            return n;
        }
        at = stop + 1;
    }
}

/** Units that may stand behind a column's name, and what they multiply by. */
static const struct {
    const char *stem, *unit;
    double factor;
} units[] = {
    {"u", "", 1.0},  {"u", "_v", 1.0},   {"u", "_mv", 1e-3},  {"u", "_kv", 1e3},
    {"i", "", 1.0},  {"i", "_a", 1.0},   {"i", "_ma", 1e-3},  {"i", "_ka", 1e3},
    {"pf", "", 1.0}, {"p", "", 1.0},     {"p", "_w", 1.0},    {"p", "_kw", 1e3},
    {"q", "", 1.0},  {"q", "_var", 1.0}, {"q", "_kvar", 1e3},
};

static int find_quantity(struct scan_text stem)
{
    static const char *const names[] = {"u", "i", "pf", "p", "q"};
    for (int k = 0; k < 5; k++) {
        if (scan_is(stem, names[k])) {
            return k;
        }
    }
    return -1;
}

/** u1, p2_kw, ... to a column of the table and its factor; -1 when it is none. */
static int find_column(struct scan_text name, double *factor)
{
    if (scan_is(name, "f") || scan_is(name, "f_hz")) {
        *factor = 1.0;
        return TABLE_F;
    }
    size_t stem = 0;
    while (stem < name.n && !(name.at[stem] >= '1' && name.at[stem] <= '3')) {
        stem++;
    }
    int quantity = stem < name.n ? find_quantity((struct scan_text){name.at, stem}) : -1;
    if (quantity < 0) {
        return -1;
    }
    struct scan_text unit = {name.at + stem + 1, name.n - stem - 1};
    for (size_t k = 0; k < sizeof units / sizeof units[0]; k++) {
        if (scan_is((struct scan_text){name.at, stem}, units[k].stem) &&
            scan_is(unit, units[k].unit)) {
            *factor = units[k].factor;
            return quantity * (int)LAB_PHASES + (name.at[stem] - '1');
        }
    }
    return -1;
}

static int take_header_cell(struct csv *csv, const struct cell *cell, size_t index)
{
    double factor = 1.0;
    if (scan_is(cell->text, "time") || scan_is(cell->text, "time_s")) {
        if (csv->has_time) {
            return bad(csv, cell->column, "one time column", cell->text);
        }
        csv->has_time = true;
        csv->time_cell = index;
        csv->column_of_cell[index] = CELL_TIME;
        return 0;
    }
    int column = find_column(cell->text, &factor);
    if (column < 0) {
        return bad(csv, cell->column,
                   "a column out of time_s, time, u1..u3, i1..i3, pf1..pf3, p1..p3, q1..q3, f "
                   "(unit behind it: p1_kw)",
                   cell->text);
    }
    if (csv->table->column[column].present) {
        return bad(csv, cell->column, "each column once", cell->text);
    }
    csv->table->column[column].present = true;
    csv->table->column[column].factor = factor;
    csv->column_of_cell[index] = column;
    return 0;
}

static char find_separator(struct scan_text line)
{
    static const char candidates[] = {';', '\t', ','};
    for (size_t k = 0; k < sizeof candidates; k++) {
        if (memchr(line.at, candidates[k], line.n) != NULL) {
            return candidates[k];
        }
    }
    return ',';
}

static int take_header(struct csv *csv)
{
    struct scan_text line = {csv->at, 0};
    struct cell cells[CELLS_MAX];
    if (!next_line(csv, &line)) {
        return lab_error_set(csv->error, "%.100s:1:1: expected a header line, found nothing",
                             csv->name);
    }
    csv->separator = find_separator(line);
    int n = split(csv, line, cells);
    for (int k = 0; k < n; k++) {
        if (take_header_cell(csv, &cells[k], (size_t)k) != 0) {
            return -1;
        }
    }
    csv->n_cells = n < 0 ? 0 : (size_t)n;
    return n < 0 ? -1 : 0;
}

static bool is_missing(struct scan_text text)
{
    return text.n == 0 || scan_is(text, "na") || scan_is(text, "n/a") || scan_is(text, "?") ||
           scan_is(text, "null");
}

static bool take_number(const struct csv *csv, struct scan_text text, double *value)
{
    return csv->separator == ';' ? scan_number_comma(text, value) : scan_number(text, value);
}

/** A power factor with or without its letter; capacitive is kept as a negative number. */
static bool take_pf(const struct csv *csv, struct scan_text text, double *value)
{
    char last = text.n > 0 ? text.at[text.n - 1] : '\0';
    bool capacitive = last == 'c' || last == 'C';
    text.n -= capacitive || last == 'i' || last == 'I' ? 1 : 0;
    if (!take_number(csv, text, value) || !(*value >= 0.0 && *value <= 1.0)) {
        return false;
    }
    *value = capacitive ? -*value : *value;
    return true;
}

/** What each quantity may be; outside is no electricity. */
static const struct {
    double low, high;
    const char *expected;
} limits[] = {
    {0.0, LAB_VOLTAGE_MAX_V, "a voltage from 0 to 1000 V"},
    {-LAB_CURRENT_MAX_A, LAB_CURRENT_MAX_A, "a current from -1000 to 1000 A"},
    {-1.0, 1.0, "a power factor 0 to 1, then i (inductive) or c (capacitive)"},
    {-LAB_POWER_MAX_W, LAB_POWER_MAX_W, "a power from -1000 to 1000 kW"},
    {-LAB_POWER_MAX_W, LAB_POWER_MAX_W, "a reactive power from -1000 to 1000 kvar"},
    {LAB_FREQUENCY_MIN, LAB_FREQUENCY_MAX, "a frequency from 40 to 70 Hz"},
};

static int take_value(struct csv *csv, const struct cell *cell, int column, double *value)
{
    int quantity = column / (int)LAB_PHASES;
    bool is_pf = quantity == TABLE_PF1 / (int)LAB_PHASES;
    if (!(is_pf ? take_pf(csv, cell->text, value) : take_number(csv, cell->text, value))) {
        return bad(csv, cell->column, is_pf ? limits[quantity].expected : "a number", cell->text);
    }
    *value *= csv->table->column[column].factor;
    if (!(*value >= limits[quantity].low && *value <= limits[quantity].high)) {
        return bad(csv, cell->column, limits[quantity].expected, cell->text);
    }
    return 0;
}

static int take_time(struct csv *csv, const struct cell *cell, int64_t *at_us)
{
    double seconds = 0.0;
    enum csv_time kind = CSV_TIME_ABSOLUTE;
    if (take_number(csv, cell->text, &seconds)) {
        if (!(seconds >= 0.0 && seconds <= TIME_MAX_S)) {
            return bad(csv, cell->column, "a time from 0 s on", cell->text);
        }
        kind = seconds >= UNIX_TIME_MIN_S ? CSV_TIME_ABSOLUTE : CSV_TIME_RELATIVE;
        *at_us = llround(seconds * 1e6);
    } else if (!scan_iso_time(cell->text, at_us)) {
        return bad(csv, cell->column, "seconds or a time like 2026-01-31T12:00:00Z", cell->text);
    }
    if (csv->table->n_rows > 0 && kind == csv->time_kind &&
        *at_us <= csv->table->at_us[csv->table->n_rows - 1]) {
        return bad(csv, cell->column, "a time after the row before", cell->text);
    }
    if (csv->table->n_rows > 0 && kind != csv->time_kind) {
        return bad(csv, cell->column, "the same kind of time as in the row before", cell->text);
    }
    csv->time_kind = kind;
    return 0;
}

static int grow(struct csv *csv)
{
    struct lab_table *table = csv->table;
    if (table->n_rows < csv->capacity) {
        return 0;
    }
    size_t capacity = csv->capacity == 0 ? 1024 : csv->capacity * 2;
    int64_t *at_us = realloc(table->at_us, capacity * sizeof *at_us);
    bool failed = at_us == NULL;
    table->at_us = failed ? table->at_us : at_us;
    for (unsigned k = 0; k < TABLE_COLUMNS; k++) {
        double *value = table->column[k].present
                            ? realloc(table->column[k].value, capacity * sizeof *value)
                            : NULL;
        failed = failed || (table->column[k].present && value == NULL);
        table->column[k].value = value != NULL ? value : table->column[k].value;
    }
    if (failed) {
        return lab_error_set(csv->error, "%.100s: no memory for %zu rows", csv->name, capacity);
    }
    csv->capacity = capacity;
    return 0;
}

/** A value that was not measured is the one of the row before. */
static double held(const struct csv *csv, int column)
{
    const struct lab_table *table = csv->table;
    return table->n_rows > 0 ? table->column[column].value[table->n_rows - 1]
                             : lab_table_default(column);
}

static int take_row(struct csv *csv, struct scan_text line)
{
    struct cell cells[CELLS_MAX];
    struct lab_table *table = csv->table;
    int n = split(csv, line, cells);
    if (n < 0 || grow(csv) != 0) {
        return -1;
    }
    if ((size_t)n != csv->n_cells) {
        return lab_error_set(csv->error,
                             "%.100s:%zu:%zu: expected %zu columns as in the header, "
                             "found %d",
                             csv->name, csv->line, line.n + 1, csv->n_cells, n);
    }
    table->at_us[table->n_rows] = 0;
    if (!csv->has_time && table->n_rows > 0) {
        return lab_error_set(csv->error,
                             "%.100s:%zu:1: expected a time_s or time column for a second row",
                             csv->name, csv->line);
    }
    for (size_t k = 0; k < csv->n_cells; k++) {
        int column = csv->column_of_cell[k];
        if (column == CELL_TIME) {
            if (take_time(csv, &cells[k], &table->at_us[table->n_rows]) != 0) {
                return -1;
            }
            continue;
        }
        double *value = &table->column[column].value[table->n_rows];
        *value = held(csv, column);
        if (!is_missing(cells[k].text) && take_value(csv, &cells[k], column, value) != 0) {
            return -1;
        }
    }
    table->n_rows++;
    return 0;
}

/**
 * Absolute times that cover the run's start stand as they are; others begin with the run.  `from`
 * begins further on, counted from the first row.
 */
static void place_in_time(struct csv *csv, int64_t start_utc_s, int64_t from_us)
{
    struct lab_table *table = csv->table;
    int64_t start_us = start_utc_s * 1000000, zero_us = 0;
    if (csv->time_kind == CSV_TIME_ABSOLUTE) {
        bool covers = start_us >= table->at_us[0] && start_us < lab_table_end_us(table);
        zero_us = covers && from_us == 0 ? start_us : table->at_us[0];
    }
    for (size_t k = 0; k < table->n_rows; k++) {
        table->at_us[k] -= zero_us + from_us;
    }
}

static int parse(struct csv *csv)
{
    struct scan_text line = {csv->at, 0};
    if (csv->end - csv->at >= 3 && memcmp(csv->at, "\xEF\xBB\xBF", 3) == 0) {
        csv->at += 3;
    }
    if (take_header(csv) != 0) {
        return -1;
    }
    while (next_line(csv, &line)) {
        if (take_row(csv, line) != 0) {
            return -1;
        }
    }
    if (csv->table->n_rows == 0) {
        return lab_error_set(csv->error, "%.100s:%zu:1: expected a row of values, found nothing",
                             csv->name, csv->line + 1);
    }
    return 0;
}

int lab_csv_open(struct lab_source *source, const char *name, const char *text, size_t n_bytes,
                 const struct lab_file_options *file_options, int64_t start_utc_s,
                 struct lab_error *error)
{
    struct csv csv;
    memset(&csv, 0, sizeof csv);
    csv.name = name;
    csv.at = text;
    csv.end = text + n_bytes;
    csv.error = error;
    csv.table = calloc(1, sizeof *csv.table);
    if (csv.table == NULL) {
        return lab_error_set(error, "%.100s: no memory", name);
    }
    if (parse(&csv) != 0) {
        lab_table_free(csv.table);
        return -1;
    }
    csv.table->linear = file_options->linear;
    csv.table->repeat = file_options->repeat;
    place_in_time(&csv, start_utc_s, file_options->from_us);
    lab_table_source(csv.table, source);
    (void)snprintf(source->description, sizeof source->description, "profile %.120s, %zu rows",
                   name, csv.table->n_rows);
    return 0;
}
