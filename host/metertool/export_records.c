/* Records of the meter's data loggers over KMP. */
#include "export_records.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../app/registers/register_table.h"
#include "../../proto/kmp/kmp_log.h"
#include "export_file.h"

#define RTC                1047u
#define RTC_VALID          0x02u
#define LOGGER_STATUS      EXPORT_LOGGER_STATUS
#define DATA_QUALITY       EXPORT_DATA_QUALITY
#define COLUMNS_MAX        EXPORT_COLUMNS_MAX
#define GROUP_COLUMNS      (KMP_REGISTERS_MAX - 1u) /* the stamp comes with each group */
#define FINE_WRAP          4294967296.0             /* of a register of four bytes */
#define FINE_STEPS_PER_KWH 10000.0
#define FINE_FIRST         13u
#define FINE_LAST          16u
#define BAR_WIDTH          30u
#define PROGRESS_MS        100
#define RECONNECT_TRIES    3u
#define RECONNECT_PAUSE_MS 1000

/* One value of a record as it came. */
struct cell {
    bool present, is_stamp;
    double number;
    char stamp[20];
};

struct record {
    uint16_t id;
    bool valid;
    char stamp[20]; /* the meter's normal time */
    struct cell cell[COLUMNS_MAX];
};

struct export
{
    struct tool *tool;
    const struct record_kind *kind;
    struct export_file file;
    struct export_progress progress;
    bool has[COLUMNS_MAX];       /* columns that the meter has */
    double now_kwh[COLUMNS_MAX]; /* of fine energies: what the register is now */
    char from[20], to[20];       /* "" : no bound */
    unsigned long n_seen;
    bool resumes; /* the file ends with this record, which must be the meter's */
    uint16_t last_id;
    char last_stamp[20];
};

/** ---- times ------------------------------------------------------------------------------- */

static bool leap(unsigned year)
{
    return year % 4u == 0;
}

/* "2026-02-01[T12:00[:00]]" to "2026-02-01 12:00:00", which also sorts.  @return false: is none. */
static bool take_time(const char *option, const char *text, bool end, char out[20])
{
    static const unsigned days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned y = 0, mo = 0, d = 0, h = end ? 23 : 0, mi = end ? 59 : 0, s = end ? 59 : 0;
    int used = 0, more = 0;
    bool good = sscanf(text, "%4u-%2u-%2u%n", &y, &mo, &d, &used) == 3 && used == 10;
    if (good && text[used] != '\0') {
        s = 0;
        good = (text[used] == 'T' || text[used] == ' ') &&
               sscanf(text + used + 1, "%2u:%2u%n", &h, &mi, &more) == 2 && more == 5;
        used += 1 + more;
        if (good && text[used] == ':') {
            good = sscanf(text + used, ":%2u%n", &s, &more) == 1 && more == 3;
            used += more;
        }
        good = good && text[used] == '\0';
    }
    good = good && y >= 2000 && y <= 2099 && mo >= 1 && mo <= 12 && d >= 1 &&
           d <= days[mo - 1] + (mo == 2 && leap(y) ? 1u : 0u) && h <= 23 && mi <= 59 && s <= 59;
    if (!good) {
        tool_complain("%s '%s': expected a time as 2026-02-01 or 2026-02-01T12:00", option, text);
        return false;
    }
    snprintf(out, 20, "%04u-%02u-%02u %02u:%02u:%02u", y % 10000u, mo % 100u, d % 100u, h % 100u,
             mi % 100u, s % 100u);
    return true;
}

bool export_bounds(const struct tool_options *options, char from[20], char to[20])
{
    from[0] = to[0] = '\0';
    return (options->from == NULL || take_time("--from", options->from, false, from)) &&
           (options->to == NULL || take_time("--to", options->to, true, to));
}

static struct kmp_log_time time_of(const char stamp[20])
{
    unsigned y = 2000, mo = 1, d = 1, h = 0, mi = 0, s = 0;
    (void)sscanf(stamp, "%u-%u-%u %u:%u:%u", &y, &mo, &d, &h, &mi, &s);
    return (struct kmp_log_time){(uint8_t)(y - 2000u), (uint8_t)mo, (uint8_t)d,
                                 (uint8_t)h,           (uint8_t)mi, (uint8_t)s};
}

static void stamp_text(const uint8_t *b, char out[20])
{
    snprintf(out, 20, "20%02u-%02u-%02u %02u:%02u:%02u", b[7] % 100u, b[6] % 100u, b[5] % 100u,
             b[4] % 100u, b[3] % 100u, b[2] % 100u);
}

/** ---- columns ----------------------------------------------------------------------------- */

static bool is_fine(uint16_t id)
{
    return id >= FINE_FIRST && id <= FINE_LAST;
}

void export_column_name(uint16_t id, char text[24])
{
    static const struct {
        uint16_t id;
        const char *name;
    } words[] = {
        {LOGGER_STATUS, "status"}, {DATA_QUALITY, "quality"}, {1049, "1.6.0 time"},
        {1050, "1.6.1 time"},      {1051, "1.6.2 time"},
    };
    const struct register_def *def =
        register_by_kmp_id(is_fine(id) ? (uint16_t)(id - FINE_FIRST + 1u) : id);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].id == id) {
            snprintf(text, 24, "%s", words[i].name);
            return;
        }
    }
    if (def != NULL && def->code[0] != '\0') {
        snprintf(text, 24, "%s", def->code);
    } else {
        snprintf(text, 24, "0x%04X", (unsigned)id);
    }
}

/* A fine energy has four bytes and begins again at 429,496.7296 kWh; a record is never ahead of the
 * register as it is now, and never so far behind it. */
static double unwrapped(double kwh, double now_kwh)
{
    const double wrap_kwh = FINE_WRAP / FINE_STEPS_PER_KWH;
    const double laps = floor((now_kwh + 1.0 - kwh) / wrap_kwh);
    return kwh + (laps > 0 ? laps * wrap_kwh : 0);
}

static void take_cell(const struct export *x, unsigned column, const struct kmp_value *value,
                      struct cell *cell)
{
    int64_t mantissa = 0;
    int exponent = 0;
    if (value->n_bytes == 8 && value->unit == 53) {
        cell->present = true;
        cell->is_stamp = true;
        if ((value->bytes[0] & RTC_VALID) != 0) {
            stamp_text(value->bytes, cell->stamp);
        } else {
            snprintf(cell->stamp, sizeof cell->stamp, "-"); /* none yet */
        }
    } else if (kmp_value_number(value, &mantissa, &exponent) == KMP_OK) {
        cell->present = true;
        cell->number = (double)mantissa * pow(10.0, exponent);
        if (is_fine(x->kind->column[column])) {
            cell->number = unwrapped(cell->number, x->now_kwh[column]);
        }
    }
}

/** ---- output ------------------------------------------------------------------------------ */

/* A line that grows. */
struct text {
    char text[EXPORT_LINE_MAX];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const size_t room = sizeof line->text - line->length;
    const int n = vsnprintf(line->text + line->length, room, format, arguments);
    va_end(arguments);
    line->length += n > 0 && (size_t)n < room ? (size_t)n : 0;
}

static enum tool_exit print_heading(struct export *x)
{
    const bool csv = x->file.format == FORMAT_CSV;
    struct text line = {.length = 0};
    say(&line, csv ? "id,time,clock_valid" : "%6s  %-20s", "id", "time");
    for (unsigned c = 0; c < x->kind->n_columns; c++) {
        char name[24];
        export_column_name(x->kind->column[c], name);
        if (x->has[c]) {
            say(&line, csv ? ",%s" : " %12s", name);
        }
    }
    return export_heading(&x->file, line.text);
}

static int decimals_of(uint16_t id)
{
    if (id == LOGGER_STATUS || id == DATA_QUALITY) {
        return 0;
    }
    const struct register_def *def = register_by_kmp_id(id);
    if (is_fine(id)) {
        return 3;
    }
    return def == NULL || def->kmp_exponent == EXPONENT_FOLLOWS_FORMAT ? 1 : -def->kmp_exponent;
}

static json_t *cell_json(uint16_t id, const struct cell *cell)
{
    char text[32];
    if (cell->is_stamp) {
        return cell->stamp[0] == '-' ? json_null() : json_string(cell->stamp);
    }
    snprintf(text, sizeof text, "%.*f", decimals_of(id), cell->number);
    return json_loads(text, JSON_DECODE_ANY, NULL);
}

static void json_line(const struct export *x, const struct record *r, struct text *line)
{
    json_t *one =
        json_pack("{s:i, s:s, s:b}", "id", (int)r->id, "time", r->stamp, "clock_valid", r->valid);
    for (unsigned c = 0; c < x->kind->n_columns; c++) {
        char name[24];
        export_column_name(x->kind->column[c], name);
        if (r->cell[c].present) {
            json_object_set_new(one, name, cell_json(x->kind->column[c], &r->cell[c]));
        }
    }
    char *text = json_dumps(one, JSON_COMPACT | JSON_REAL_PRECISION(12));
    say(line, "%s", text != NULL ? text : "{}");
    free(text);
    json_decref(one);
}

static void columns_line(const struct export *x, const struct record *r, struct text *line)
{
    const bool csv = x->file.format == FORMAT_CSV;
    say(line, csv ? "%u,%s,%d" : "%6u  %s", (unsigned)r->id, r->stamp, r->valid);
    if (!csv) {
        say(line, r->valid ? " " : "?");
    }
    for (unsigned c = 0; c < x->kind->n_columns; c++) {
        const struct cell *cell = &r->cell[c];
        if (x->has[c] && cell->is_stamp) {
            say(line, csv ? ",%s" : " %19s", cell->stamp);
        } else if (x->has[c]) {
            say(line, csv ? ",%.*f" : " %12.*f", decimals_of(x->kind->column[c]), cell->number);
        }
    }
}

static void line_of(const struct export *x, const struct record *r, struct text *line)
{
    line->length = 0;
    if (x->file.format == FORMAT_JSON) {
        json_line(x, r, line);
    } else {
        columns_line(x, r, line);
    }
}

void export_progress(struct export_progress *progress, const struct tool *tool, unsigned long done,
                     unsigned long total, bool last)
{
    const int64_t now_ms = line_now_ms();
    const bool elsewhere = tool->options.output != NULL || !isatty(STDOUT_FILENO);
    char bar[BAR_WIDTH + 1] = "";
    progress->began_ms = progress->began_ms == 0 ? now_ms : progress->began_ms;
    if (!elsewhere || !isatty(STDERR_FILENO) || total == 0 ||
        (!last && now_ms - progress->shown_ms < PROGRESS_MS)) {
        return;
    }
    const size_t full = done < total ? BAR_WIDTH * done / total : BAR_WIDTH;
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', full);
    const double took_s = (double)(now_ms - progress->began_ms + 1) / 1e3;
    fprintf(stderr, "\r%s [%s] %lu of %lu records, %.0f a second%s", progress->name, bar, done,
            total, (double)done / took_s, last ? "\n" : " ");
    progress->shown_ms = now_ms;
}

/** ---- reading ----------------------------------------------------------------------------- */

bool export_reconnect(struct tool *tool)
{
    const struct meter_url url = tool->line.url;
    FILE *trace = tool->line.trace;
    for (unsigned n = 0; n < RECONNECT_TRIES; n++) {
        const struct timespec pause = {RECONNECT_PAUSE_MS / 1000, 0};
        nanosleep(&pause, NULL);
        line_close(&tool->line);
        if (line_open(&tool->line, &url, trace) == HOST_OK) {
            return true;
        }
    }
    return false;
}

/* Sends until an answer comes; a line that breaks in the middle of an export is opened again. */
static int command(struct export *x, uint8_t cid, const uint8_t *data, size_t n_data)
{
    struct tool *tool = x->tool;
    int length = kmp_link_command(&tool->kmp, cid, data, n_data);
    const bool under_way = x->n_seen > 0;
    if (length < 0 && under_way && export_reconnect(tool)) {
        length = kmp_link_command(&tool->kmp, cid, data, n_data);
    }
    return length;
}

/* One answer: the records of one group of columns from an id, or from the first time. */
static enum tool_exit ask(struct export *x, const uint16_t *registers, size_t n, bool by_time,
                          uint16_t from_id, struct kmp_log_page *page)
{
    struct tool *tool = x->tool;
    uint8_t data[KMP_LOG_ASK_BYTES];
    const struct kmp_log_time from = time_of(x->from[0] != '\0' ? x->from : "2000-01-01 00:00:00");
    const size_t n_data = by_time ? kmp_log_ask_time(x->kind->log, registers, n, &from, data)
                                  : kmp_log_ask_id(x->kind->log, registers, n, from_id, data);
    const int length =
        command(x, by_time ? KMP_LOG_TIME_PRESENT : KMP_LOG_ID_PRESENT, data, n_data);
    if (length == HOST_ERR_SILENT && tool->kmp.answered && x->n_seen == 0) {
        tool_complain("the meter does not have the log '%s'", x->kind->name);
        return EXIT_UNKNOWN;
    }
    if (length < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    if (kmp_log_page_open(page, tool->kmp.receiver.body, (size_t)length) != KMP_OK ||
        page->log != x->kind->log) {
        tool_complain("log '%s': the answer is not a log", x->kind->name);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

static void take_values(const struct export *x, const struct kmp_log_page *page, unsigned first,
                        struct record *record)
{
    for (unsigned v = 0; v < page->n_values; v++) {
        const struct kmp_value *value = &page->values[v];
        if (value->id == RTC && value->n_bytes == 8) {
            record->valid = (value->bytes[0] & RTC_VALID) != 0;
            stamp_text(value->bytes, record->stamp);
        }
        for (unsigned c = first; c < x->kind->n_columns && c < first + GROUP_COLUMNS; c++) {
            if (x->kind->column[c] == value->id) {
                take_cell(x, c, value, &record->cell[c]);
            }
        }
    }
}

/* Records of the first group as one answer gives them; then the other groups of the same. */
#define BATCH 32u
static enum tool_exit read_batch(struct export *x, bool by_time, uint16_t from_id,
                                 struct record batch[BATCH], unsigned *n_batch, uint8_t *info,
                                 uint16_t *newest)
{
    for (unsigned first = 0; first < x->kind->n_columns; first += GROUP_COLUMNS) {
        uint16_t registers[KMP_REGISTERS_MAX] = {RTC};
        size_t n = 1;
        for (unsigned c = first; c < x->kind->n_columns && n < KMP_REGISTERS_MAX; c++) {
            registers[n++] = x->kind->column[c];
        }
        struct kmp_log_page page;
        const bool begin = first == 0;
        const uint16_t from = begin ? from_id : batch[0].id;
        const enum tool_exit result = ask(x, registers, n, begin && by_time, from, &page);
        if (result != EXIT_GOOD) {
            return result;
        }
        if (begin) {
            memset(batch, 0, BATCH * sizeof *batch);
            *info = page.info;
            *newest = page.newest;
        }
        unsigned at = 0;
        uint16_t id = 0;
        while (at < (begin ? BATCH : *n_batch) && kmp_log_page_next(&page, &id)) {
            batch[at].id = begin ? id : batch[at].id;
            if (batch[at].id == id) {
                take_values(x, &page, first, &batch[at]);
                at++;
            }
        }
        if (at == 0) {
            *n_batch = 0;
            return EXIT_GOOD;
        }
        *info &= at < *n_batch && !begin ? (uint8_t)~KMP_LOG_END : 0xFFu;
        *n_batch = at; /* the widest group says how many records fit */
    }
    return EXIT_GOOD;
}

/* The record that a file ends with must be the meter's own, to the letter. */
static enum tool_exit check_last(struct export *x, const struct record *record)
{
    const uint16_t id = x->last_id;
    struct text line;
    line_of(x, record, &line);
    if (record->id != id) { /* overwritten since: the next one that there is */
        if (strcmp(record->stamp, x->last_stamp) > 0) {
            tool_complain("%s: the records between number %u and number %u are no longer in the "
                          "meter",
                          x->file.path, (unsigned)id, (unsigned)record->id);
            return EXIT_GOOD;
        }
    } else if (strcmp(line.text, x->file.last) == 0) {
        return EXIT_GOOD;
    }
    tool_complain(
        "%s: its last record (number %u, %s) is not the meter's: another meter, or the log "
        "was deleted; name another file",
        x->file.path, (unsigned)id, x->last_stamp);
    return EXIT_USAGE;
}

/* @return whether to go on */
static bool take_record(struct export *x, const struct record *record, enum tool_exit *result)
{
    struct text line;
    for (unsigned c = 0; c < x->kind->n_columns; c++) {
        x->has[c] = x->has[c] || record->cell[c].present;
    }
    if (x->n_seen++ == 0) {
        *result = print_heading(x);
    }
    if (*result == EXIT_GOOD && x->resumes) {
        x->resumes = false;
        *result = check_last(x, record);
        if (*result != EXIT_GOOD || record->id == x->last_id) {
            return *result == EXIT_GOOD;
        }
    }
    if (*result != EXIT_GOOD || (x->to[0] != '\0' && strcmp(record->stamp, x->to) > 0)) {
        return false;
    }
    line_of(x, record, &line);
    export_record(&x->file, line.text);
    return true;
}

static enum tool_exit run_export(struct export *x)
{
    struct record batch[BATCH];
    uint16_t from = x->last_id;
    bool by_time = !x->resumes, more = true;
    while (more) {
        unsigned n = 0;
        uint8_t info = 0;
        uint16_t newest = 0;
        enum tool_exit result = read_batch(x, by_time, from, batch, &n, &info, &newest);
        for (unsigned i = 0; i < n && more && result == EXIT_GOOD; i++) {
            more = take_record(x, &batch[i], &result);
        }
        if (result != EXIT_GOOD) {
            return result;
        }
        more = more && n > 0 && batch[n - 1].id != newest;
        const unsigned left = n > 0 ? (uint16_t)(newest - batch[n - 1].id) : 0;
        export_progress(&x->progress, x->tool, x->n_seen, x->n_seen + (more ? left : 0), !more);
        from = n > 0 ? (uint16_t)(batch[n - 1].id + 1u) : 0;
        by_time = false;
    }
    if (x->resumes) { /* it has not come */
        tool_complain("%s: the meter has no record number %u: another meter, or the log was "
                      "deleted; name another file",
                      x->file.path, (unsigned)x->last_id);
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

/* What fine energies are now, for unwrapping; a meter without one leaves it out. */
static enum tool_exit read_now(struct export *x)
{
    const uint16_t coarse[] = {1, 2, 3, 4};
    struct kmp_value value[4];
    const int n = kmp_link_registers(&x->tool->kmp, coarse, 4, value);
    if (n < 0) {
        tool_complain("%s", x->tool->line.error);
        return EXIT_METER;
    }
    for (int i = 0; i < n; i++) {
        int64_t mantissa = 0;
        int exponent = 0;
        if (kmp_value_number(&value[i], &mantissa, &exponent) != KMP_OK) {
            continue;
        }
        for (unsigned c = 0; c < x->kind->n_columns; c++) {
            if (x->kind->column[c] == value[i].id + FINE_FIRST - 1u) {
                x->now_kwh[c] = (double)mantissa * pow(10.0, exponent);
            }
        }
    }
    return EXIT_GOOD;
}

enum tool_exit export_records(struct tool *tool, const struct record_kind *kind)
{
    struct export x = {.tool = tool, .kind = kind, .progress = {.name = kind->name}};
    if (tool->line.url.protocol != METER_KMP) {
        tool_complain("logs are read over KMP or DLMS");
        return EXIT_USAGE;
    }
    if (!export_bounds(&tool->options, x.from, x.to)) {
        return EXIT_USAGE;
    }
    enum tool_exit result = read_now(&x);
    result = result == EXIT_GOOD ? export_open(&x.file, &tool->options) : result;
    if (result != EXIT_GOOD) {
        return result;
    }
    x.resumes = export_last(&x.file, &x.last_id, x.last_stamp);
    result = run_export(&x);
    if (result == EXIT_GOOD && x.file.n_found + x.file.n_written == 0 &&
        x.file.format != FORMAT_JSON) {
        tool_complain("%s: no records", kind->name);
    }
    return export_close(&x.file, result);
}
