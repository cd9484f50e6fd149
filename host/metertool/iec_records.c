#include "iec_records.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/iec_stamp.h"
#include "export_file.h"
#include "export_records.h"

#define COLUMNS_MAX 24u
#define COLUMN_NAME 24u
#define CELL_MAX    136u
#define HOUR_S      INT64_C(3600)
#define STAMP_CODE  "1.0.0" /* of the first column */
/* Columns of an event of this project. */
#define HOURS_CODE   "96.8.0"
#define PAYLOAD_CODE "96.128.1"
enum { COLUMN_HOURS, COLUMN_EVENT, COLUMN_PAYLOAD, EVENT_COLUMNS };

/* A logger being read. */
struct logger {
    struct tool *tool;
    const char *code, *name;
    const struct event_kind *kind; /* of an event log that there are words for; NULL: columns */
    struct export_file file;
    unsigned n_columns; /* besides the stamp */
    char column[COLUMNS_MAX][COLUMN_NAME];
    char from[IEC_STAMP_TEXT], to[IEC_STAMP_TEXT]; /* "": no bound */
    bool resumes; /* the file's last record is still to come, and must be the meter's */
    char last_stamp[IEC_STAMP_TEXT];
    bool ends; /* --to is behind us */
};

struct line_text {
    char text[EXPORT_LINE_MAX];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void say(struct line_text *line, const char *format,
                                                      ...)
{
    va_list arguments;
    va_start(arguments, format);
    const size_t room = sizeof line->text - line->length;
    const int n = vsnprintf(line->text + line->length, room, format, arguments);
    va_end(arguments);
    line->length += n > 0 && (size_t)n < room ? (size_t)n : 0;
}

static enum tool_exit odd(const struct logger *x, const char *what, const char *at)
{
    char where[256];
    line_describe(&x->tool->line, where, sizeof where);
    tool_complain("%s: log '%s': expected %s, found '%.*s'", where, x->name, what,
                  (int)strcspn(at, "\r\n") < 60 ? (int)strcspn(at, "\r\n") : 60, at);
    return EXIT_METER;
}

/* ---- what a line of the meter says ---- */

/* Characters of a meter: what would break a line of the output becomes '.'. */
static void copy(char *to, size_t n_to, const char *from, size_t n_from)
{
    const size_t n = n_from < n_to ? n_from : n_to - 1u;
    for (size_t i = 0; i < n; i++) {
        to[i] =
            from[i] >= ' ' && from[i] <= '~' && from[i] != ',' && from[i] != '"' ? from[i] : '.';
    }
    to[n] = '\0';
}

static void column_name(const char *code, size_t n_code, char name[COLUMN_NAME])
{
    static const char *const words[][2] = {{"96.56.2", "status"}, {"96.56.3", "quality"}};
    copy(name, COLUMN_NAME, code, n_code);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(name, words[i][0]) == 0) {
            snprintf(name, COLUMN_NAME, "%s", words[i][1]);
        }
    }
}

/* A second column of one register is the time of what stands in the first: of a peak. */
static void column_add(struct logger *x, const char *code, size_t n_code)
{
    char name[COLUMN_NAME];
    bool again = false;
    column_name(code, n_code, name);
    for (unsigned c = 0; c < x->n_columns; c++) {
        again = again || strcmp(x->column[c], name) == 0;
    }
    snprintf(x->column[x->n_columns++], COLUMN_NAME, again ? "%.18s time" : "%s", name);
}

/* Words need hours, event and bytes. */
static bool tells_events(const struct logger *x)
{
    return x->n_columns == EVENT_COLUMNS && strcmp(x->column[COLUMN_HOURS], HOURS_CODE) == 0 &&
           strcmp(x->column[COLUMN_PAYLOAD], PAYLOAD_CODE) == 0;
}

/* "CODE(n)(1.0.0)()(code)(unit)...": n columns, the first of them the stamp. */
static enum tool_exit take_header(struct logger *x, const char *at, const char *end)
{
    const char *text = NULL, *begin = at;
    size_t n = 0;
    char number[8];
    const size_t n_code = strlen(x->code);
    if (strncmp(at, x->code, n_code) != 0 || at[n_code] != '(' ||
        !iec_bracket_next(&at, end, &text, &n)) {
        return odd(x, "the header of the log", begin);
    }
    copy(number, sizeof number, text, n);
    const unsigned long columns = strtoul(number, NULL, 10);
    for (unsigned long i = 0; i < columns; i++) {
        const char *unit = NULL;
        size_t n_unit = 0;
        if (i > COLUMNS_MAX || !iec_bracket_next(&at, end, &text, &n) ||
            !iec_bracket_next(&at, end, &unit, &n_unit)) {
            return odd(x, "as many columns as the header says, 25 at most", begin);
        }
        if (i > 0) {
            column_add(x, text, n);
        } else if (n != strlen(STAMP_CODE) || memcmp(text, STAMP_CODE, n) != 0) {
            return odd(x, "the time (" STAMP_CODE ") in the first column", begin);
        }
    }
    x->kind = tells_events(x) ? x->kind : NULL;
    return columns > 0 ? EXIT_GOOD : odd(x, "columns", begin);
}

/* ---- what we print ---- */

static enum tool_exit print_heading(struct logger *x)
{
    const bool csv = x->file.format == FORMAT_CSV;
    struct line_text line = {.length = 0};
    if (x->kind != NULL) { /* a table of events has no heading, over KMP neither */
        return csv ? export_heading(&x->file, "time,clock_valid,hours,event,text") : EXIT_GOOD;
    }
    say(&line, csv ? "time,clock_valid" : "%-20s", "time");
    for (unsigned c = 0; c < x->n_columns; c++) {
        say(&line, csv ? ",%s" : " %14s", x->column[c]);
    }
    return export_heading(&x->file, line.text);
}

/* A number as a number, exactly; all else as a text. */
static json_t *cell_json(const char *text)
{
    const size_t n = strlen(text), zeroes = strspn(text, "0");
    const char *digits = zeroes < n && text[zeroes] != '.' ? text + zeroes
                         : zeroes > 0                      ? text + zeroes - 1u
                                                           : text;
    json_t *number = n > 0 && n < 16u && strspn(text, "0123456789.") == n
                         ? json_loads(digits, JSON_DECODE_ANY, NULL)
                         : NULL;
    return number != NULL ? number : json_string(text);
}

static void json_line(const struct logger *x, const char *stamp, bool valid,
                      char cells[COLUMNS_MAX][CELL_MAX], struct line_text *line)
{
    json_t *one = json_pack("{s:s, s:b}", "time", stamp, "clock_valid", valid);
    for (unsigned c = 0; c < x->n_columns; c++) {
        struct iec_stamp moment;
        char text[IEC_STAMP_TEXT];
        if (strlen(cells[c]) == 14u && iec_stamp_read(cells[c], 14u, &moment)) {
            iec_stamp_text(moment.normal_s, text);
            json_object_set_new(one, x->column[c], moment.valid ? json_string(text) : json_null());
        } else {
            json_object_set_new(one, x->column[c], cell_json(cells[c]));
        }
    }
    char *text = json_dumps(one, JSON_COMPACT | JSON_REAL_PRECISION(15));
    say(line, "%s", text != NULL ? text : "{}");
    free(text);
    json_decref(one);
}

static void record_line(const struct logger *x, const char *stamp, bool valid,
                        char cells[COLUMNS_MAX][CELL_MAX], struct line_text *line)
{
    const bool csv = x->file.format == FORMAT_CSV;
    line->length = 0;
    if (x->file.format == FORMAT_JSON) {
        json_line(x, stamp, valid, cells, line);
        return;
    }
    if (csv) {
        say(line, "%s,%d", stamp, valid);
    } else {
        say(line, "%s%s", stamp, valid ? " " : "?");
    }
    for (unsigned c = 0; c < x->n_columns; c++) {
        struct iec_stamp moment;
        char text[IEC_STAMP_TEXT] = "-";
        const bool is_moment = strlen(cells[c]) == 14u && iec_stamp_read(cells[c], 14u, &moment);
        if (is_moment && moment.valid) {
            iec_stamp_text(moment.normal_s, text);
        }
        say(line, csv ? ",%s" : " %14s", is_moment ? text : cells[c]);
    }
}

static unsigned hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? (unsigned)(c - '0')
           : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10u
                                  : 16u;
}

/* @return false: no event */
static bool event_of(char cells[COLUMNS_MAX][CELL_MAX], struct event *event)
{
    char *end_hours = NULL, *end_code = NULL;
    const char *hex = cells[COLUMN_PAYLOAD];
    memset(event, 0, sizeof *event);
    event->hours = strtoll(cells[COLUMN_HOURS], &end_hours, 10);
    event->code = strtoll(cells[COLUMN_EVENT], &end_code, 10);
    while (event->payload.n_bytes < sizeof event->payload.bytes && hex_digit(hex[0]) < 16u &&
           hex_digit(hex[1]) < 16u) {
        event->payload.bytes[event->payload.n_bytes++] =
            (uint8_t)(hex_digit(hex[0]) * 16u + hex_digit(hex[1]));
        hex += 2;
    }
    return cells[COLUMN_HOURS][0] != '\0' && *end_hours == '\0' && cells[COLUMN_EVENT][0] != '\0' &&
           *end_code == '\0';
}

static void event_line(const struct logger *x, const char *stamp, bool valid,
                       const struct event *event, struct line_text *line)
{
    char text[EVENT_TEXT];
    event_words(x->kind, event, text);
    line->length = 0;
    if (x->file.format == FORMAT_JSON) {
        json_t *one =
            json_pack("{s:s, s:b, s:I, s:I, s:s}", "time", stamp, "clock_valid", valid, "hours",
                      (json_int_t)event->hours, "event", (json_int_t)event->code, "text", text);
        json_t *detail = x->kind->detail(event);
        if (detail != NULL) {
            json_object_set_new(one, x->kind->detail_name, detail);
        }
        char *dumped = json_dumps(one, JSON_COMPACT);
        say(line, "%s", dumped != NULL ? dumped : "{}");
        free(dumped);
        json_decref(one);
    } else if (x->file.format == FORMAT_CSV) {
        say(line, "%s,%d,%lld,%lld,\"%s\"", stamp, valid, (long long)event->hours,
            (long long)event->code, text);
    } else {
        say(line, "%s%s  %7lld h  %s", stamp, valid ? " " : "?", (long long)event->hours, text);
    }
}

/* The record that a file ends with must be the meter's own, to the letter. */
static enum tool_exit check_last(struct logger *x, const char *stamp, const char *line, bool *same)
{
    x->resumes = false;
    *same = strcmp(line, x->file.last) == 0;
    if (*same) {
        return EXIT_GOOD;
    }
    if (strcmp(stamp, x->last_stamp) > 0) {
        tool_complain("%s: the records between %s and %s are no longer in the meter", x->file.path,
                      x->last_stamp, stamp);
        return EXIT_GOOD;
    }
    tool_complain("%s: its last record (%s) is not the meter's: another meter, or the log was "
                  "deleted; name another file",
                  x->file.path, x->last_stamp);
    return EXIT_USAGE;
}

/* "(stamp)(value)...": one record. */
static enum tool_exit take_record(struct logger *x, const char *at, const char *end)
{
    static char cells[COLUMNS_MAX][CELL_MAX];
    char stamp[IEC_STAMP_TEXT];
    struct line_text line;
    struct iec_stamp when;
    const char *text = NULL, *begin = at;
    size_t n = 0;
    bool same = false;
    if (!iec_bracket_next(&at, end, &text, &n) || !iec_stamp_read(text, n, &when)) {
        return odd(x, "a record that begins with its time", begin);
    }
    for (unsigned c = 0; c < x->n_columns; c++) {
        if (!iec_bracket_next(&at, end, &text, &n)) {
            return odd(x, "a value for each column", begin);
        }
        copy(cells[c], CELL_MAX, text, n);
    }
    iec_stamp_text(when.normal_s, stamp);
    if (x->from[0] != '\0' && strcmp(stamp, x->from) < 0) {
        return EXIT_GOOD; /* asked for an hour early: summer time */
    }
    x->ends = x->to[0] != '\0' && strcmp(stamp, x->to) > 0;
    struct event event;
    if (x->kind == NULL) {
        record_line(x, stamp, when.valid, cells, &line);
    } else if (event_of(cells, &event)) {
        event_line(x, stamp, when.valid, &event, &line);
    } else {
        return odd(x, "hours and an event", begin);
    }
    if (x->resumes) {
        const enum tool_exit result = check_last(x, stamp, line.text, &same);
        if (result != EXIT_GOOD) {
            return result;
        }
    }
    if (!x->ends && !same) {
        export_record(&x->file, line.text);
    }
    return EXIT_GOOD;
}

/* ---- reading ---- */

static enum tool_exit take_block(struct logger *x, bool first)
{
    const struct iec_dialog *dialog = &x->tool->programming.dialog;
    const char *at = dialog->text, *end = dialog->text + dialog->length;
    enum tool_exit result = EXIT_GOOD;
    while (at < end && result == EXIT_GOOD && !x->ends) {
        const char *line_end = at + strcspn(at, "\r\n");
        if (line_end > at && first) {
            first = false;
            result = take_header(x, at, line_end);
            result = result == EXIT_GOOD ? print_heading(x) : result;
        } else if (line_end > at) {
            result = take_record(x, at, line_end);
        }
        at = line_end + strspn(line_end, "\r\n");
    }
    return first && result == EXIT_GOOD ? odd(x, "the header of the log", dialog->text) : result;
}

/* The bounds of the request: an hour more on either side, since a meter may take them for local
 * time or for normal time. */
static void bound(const char stamp[IEC_STAMP_TEXT], int64_t more_s, char out[14])
{
    unsigned y = 2000, mo = 1, d = 1, h = 0, mi = 0, s = 0;
    out[0] = '\0';
    if (sscanf(stamp, "%u-%u-%u %u:%u:%u", &y, &mo, &d, &h, &mi, &s) == 6) {
        char text[14];
        struct iec_stamp when;
        snprintf(text, sizeof text, "0%02u%02u%02u%02u%02u%02u", y % 100u, mo % 100u, d % 100u,
                 h % 100u, mi % 100u, s % 100u);
        if (iec_stamp_read(text, 13, &when)) {
            iec_stamp_write(when.normal_s + more_s, false, out);
        }
    }
}

static enum tool_exit run(struct logger *x)
{
    struct tool *tool = x->tool;
    char data[64], from[14], to[14];
    bound(x->from, -HOUR_S, from);
    bound(x->to, HOUR_S, to);
    snprintf(data, sizeof data, "%s(%s;%s)", x->code, from, to);
    enum tool_exit result = tool_iec_open(tool, '1');
    if (result != EXIT_GOOD) {
        return result;
    }
    int answer = iec_programming_ask(&tool->programming, "R6", data);
    if (answer == IEC_ANSWER_REFUSED) {
        tool_complain("the meter does not give the log '%s' (%s: %.40s)", x->name, x->code,
                      tool->programming.dialog.text);
        return EXIT_UNKNOWN;
    }
    for (bool first = true; result == EXIT_GOOD; first = false) {
        if (answer < 0) {
            tool_complain("%s", tool->line.error);
            return EXIT_METER;
        }
        if (answer != IEC_ANSWER_DATA && answer != IEC_ANSWER_PART) {
            return odd(x, "a block of records", tool->programming.dialog.text);
        }
        result = take_block(x, first);
        if (answer == IEC_ANSWER_DATA || x->ends) {
            break;
        }
        answer = result == EXIT_GOOD ? iec_programming_more(&tool->programming) : answer;
    }
    if (result == EXIT_GOOD && x->resumes) {
        tool_complain("%s: the meter has no record of %s: another meter, or the log was deleted; "
                      "name another file",
                      x->file.path, x->last_stamp);
        return EXIT_USAGE;
    }
    return result;
}

static enum tool_exit export_log(struct tool *tool, const char *code, const char *name,
                                 const struct event_kind *kind)
{
    static struct logger x; /* large */
    uint16_t no_id = 0;
    memset(&x, 0, sizeof x);
    x.tool = tool;
    x.code = code;
    x.name = name;
    x.kind = kind;
    if (!export_bounds(&tool->options, x.from, x.to)) {
        return EXIT_USAGE;
    }
    enum tool_exit result = export_open(&x.file, &tool->options);
    if (result != EXIT_GOOD) {
        return result;
    }
    x.resumes = export_last(&x.file, &no_id, x.last_stamp);
    if (x.resumes) {
        snprintf(x.from, sizeof x.from, "%s", x.last_stamp);
    }
    result = run(&x);
    if (result == EXIT_GOOD && x.file.n_found + x.file.n_written == 0 &&
        x.file.format != FORMAT_JSON) {
        tool_complain("%s: no records", name);
    }
    return export_close(&x.file, result);
}

enum tool_exit iec_records_export(struct tool *tool, const char *code, const char *name)
{
    return export_log(tool, code, name, NULL);
}

enum tool_exit iec_events_export(struct tool *tool, const struct event_kind *kind)
{
    char code[16];
    snprintf(code, sizeof code, "99.98.%u", (unsigned)kind->log);
    return export_log(tool, code, kind->name, kind);
}
