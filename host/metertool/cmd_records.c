/* metertool profile, billing, debit: records of the meter's data loggers over KMP. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "../../app/registers/register_table.h"
#include "../../proto/kmp/kmp_log.h"
#include "commands.h"

#define DEBITING_STOP      0x88u
#define RTC                1047u
#define LOGGER_STATUS      1086u
#define DATA_QUALITY       1455u
#define RTC_VALID          0x02u
#define PROGRESS_STEP      256u
#define COLUMNS_MAX        24u
#define GROUPS_MAX         4u
#define GROUP_COLUMNS      (KMP_REGISTERS_MAX - 1u) /* the stamp comes with each group */
#define FINE_WRAP          4294967296.0             /* of a register of four bytes */
#define FINE_STEPS_PER_KWH 10000.0
#define FINE_FIRST         13u
#define FINE_LAST          16u

/* What is asked of a log, besides the stamp. */
static const struct record_kind {
    const char *name;
    uint8_t log;
    uint8_t n_columns;
    uint16_t column[COLUMNS_MAX];
} kinds[] = {
    {"profile", 6, 6, {LOGGER_STATUS, DATA_QUALITY, 13, 14, 15, 16}},
    /* the items of a debiting stop, in the order of the data sheets; stamps of the peaks whole */
    {"billing 1", 1, 23, {1,    2,    3,    4,    19, 23,   27, 31, 21,   25,   29, 33,
                          1033, 1050, 1036, 1051, 39, 1049, 43, 47, 1004, 1040, 58}},
    {"billing 2", 8, 20, {1,  2,  3,  4,  19, 23, 27, 31, 20, 24,
                          28, 32, 21, 25, 29, 33, 22, 26, 30, 34}},
};

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
    bool has[COLUMNS_MAX];       /* columns that the meter has */
    double now_kwh[COLUMNS_MAX]; /* of fine energies: what the register is now */
    char from[20], to[20];       /* "" : no bound */
    json_t *all;
    unsigned n_printed, n_seen;
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

/* Heading of a column, as in JSON: short code of the register, or a word. */
static const char *heading(uint16_t id)
{
    const struct register_def *def =
        register_by_kmp_id(is_fine(id) ? (uint16_t)(id - FINE_FIRST + 1u) : id);
    switch (id) {
    case LOGGER_STATUS: return "status";
    case DATA_QUALITY: return "quality";
    case 1049: return "1.6.0 time";
    case 1050: return "1.6.1 time";
    case 1051: return "1.6.2 time";
    default: return def == NULL || def->code[0] == '\0' ? "?" : def->code;
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

static void print_heading(const struct export *x)
{
    const bool csv = x->tool->options.format == FORMAT_CSV;
    printf(csv ? "id,time,clock_valid" : "%6s  %-20s", "id", "time");
    for (unsigned c = 0; c < x->kind->n_columns; c++) {
        if (x->has[c]) {
            printf(csv ? ",%s" : " %12s", heading(x->kind->column[c]));
        }
    }
    putchar('\n');
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

static void print_json(struct export *x, const struct record *r)
{
    json_t *one =
        json_pack("{s:i, s:s, s:b}", "id", (int)r->id, "time", r->stamp, "clock_valid", r->valid);
    for (unsigned c = 0; c < x->kind->n_columns; c++) {
        if (r->cell[c].present) {
            json_object_set_new(one, heading(x->kind->column[c]),
                                cell_json(x->kind->column[c], &r->cell[c]));
        }
    }
    json_array_append_new(x->all, one);
}

static void print_record(struct export *x, const struct record *r)
{
    const bool csv = x->tool->options.format == FORMAT_CSV;
    if (x->tool->options.format == FORMAT_JSON) {
        print_json(x, r);
        return;
    }
    if (x->n_printed == 0) {
        print_heading(x);
    }
    printf(csv ? "%u,%s,%d" : "%6u  %s", (unsigned)r->id, r->stamp, r->valid);
    if (!csv) {
        putchar(r->valid ? ' ' : '?');
    }
    for (unsigned c = 0; c < x->kind->n_columns; c++) {
        const struct cell *cell = &r->cell[c];
        if (x->has[c] && cell->is_stamp) {
            printf(csv ? ",%s" : " %19s", cell->stamp);
        } else if (x->has[c]) {
            printf(csv ? ",%.*f" : " %12.*f", decimals_of(x->kind->column[c]), cell->number);
        }
    }
    putchar('\n');
}

static void progress(const struct export *x, unsigned total, bool last)
{
    if (isatty(STDERR_FILENO) && (last || x->n_seen % PROGRESS_STEP == 0)) {
        fprintf(stderr, "\r%s: %u of %u records%s", x->kind->name, x->n_seen, total,
                last ? "\n" : "");
    }
}

/** ---- reading ----------------------------------------------------------------------------- */

/* One answer: the records of one group of columns from an id, or from the first time. */
static enum tool_exit ask(struct export *x, const uint16_t *registers, size_t n, bool by_time,
                          uint16_t from_id, struct kmp_log_page *page)
{
    struct tool *tool = x->tool;
    uint8_t data[KMP_LOG_ASK_BYTES];
    const struct kmp_log_time from = time_of(x->from[0] != '\0' ? x->from : "2000-01-01 00:00:00");
    const size_t n_data = by_time ? kmp_log_ask_time(x->kind->log, registers, n, &from, data)
                                  : kmp_log_ask_id(x->kind->log, registers, n, from_id, data);
    const int length = kmp_link_command(
        &tool->kmp, by_time ? KMP_LOG_TIME_PRESENT : KMP_LOG_ID_PRESENT, data, n_data);
    if (length == HOST_ERR_SILENT && tool->kmp.answered) {
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

static enum tool_exit run_export(struct export *x)
{
    struct record batch[BATCH];
    bool by_time = true, more = true;
    uint16_t from = 0;
    while (more) {
        unsigned n = 0;
        uint8_t info = 0;
        uint16_t newest = 0;
        const enum tool_exit result = read_batch(x, by_time, from, batch, &n, &info, &newest);
        if (result != EXIT_GOOD) {
            return result;
        }
        for (unsigned i = 0; i < n && more; i++) {
            for (unsigned c = 0; c < x->kind->n_columns; c++) {
                x->has[c] = x->has[c] || batch[i].cell[c].present;
            }
            more = x->to[0] == '\0' || strcmp(batch[i].stamp, x->to) <= 0;
            if (more) {
                print_record(x, &batch[i]);
                x->n_printed++;
            }
            x->n_seen++;
        }
        more = more && n > 0 && batch[n - 1].id != newest;
        const unsigned left = n > 0 ? (uint16_t)(newest - batch[n - 1].id) : 0;
        progress(x, x->n_seen + (more ? left : 0), !more);
        from = n > 0 ? (uint16_t)(batch[n - 1].id + 1u) : 0;
        by_time = false;
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

static enum tool_exit export_records(struct tool *tool, const struct record_kind *kind)
{
    struct export x = {.tool = tool, .kind = kind};
    if (tool->line.url.protocol != METER_KMP) {
        tool_complain("logs are read over KMP");
        return EXIT_USAGE;
    }
    if ((tool->options.from != NULL && !take_time("--from", tool->options.from, false, x.from)) ||
        (tool->options.to != NULL && !take_time("--to", tool->options.to, true, x.to))) {
        return EXIT_USAGE;
    }
    enum tool_exit result = read_now(&x);
    x.all = json_array();
    if (result == EXIT_GOOD) {
        result = run_export(&x);
    }
    if (tool->options.format == FORMAT_JSON && result == EXIT_GOOD) {
        json_dumpf(x.all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
        putchar('\n');
    } else if (result == EXIT_GOOD && x.n_printed == 0) {
        tool_complain("%s: no records", kind->name);
    }
    json_decref(x.all);
    return result;
}

/* The word "export" may stand before what is exported. */
static int skip_export(int n_arguments, char ***arguments)
{
    if (n_arguments > 0 && strcmp((*arguments)[0], "export") == 0) {
        (*arguments)++;
        n_arguments--;
    }
    return n_arguments;
}

enum tool_exit command_profile(struct tool *tool, int n_arguments, char **arguments)
{
    n_arguments = skip_export(n_arguments, &arguments);
    if (n_arguments > 0) {
        tool_complain("profile '%s': expected nothing more", arguments[0]);
        return EXIT_USAGE;
    }
    return export_records(tool, &kinds[0]);
}

enum tool_exit command_billing(struct tool *tool, int n_arguments, char **arguments)
{
    n_arguments = skip_export(n_arguments, &arguments);
    const char *which = n_arguments > 0 ? arguments[0] : "1";
    if (n_arguments > 1 || (strcmp(which, "1") != 0 && strcmp(which, "2") != 0)) {
        tool_complain("billing '%s': expected 1 or 2", which);
        return EXIT_USAGE;
    }
    return export_records(tool, &kinds[which[0] - '0']);
}

enum tool_exit command_debit(struct tool *tool, int n_arguments, char **arguments)
{
    (void)arguments;
    if (n_arguments > 0 || tool->line.url.protocol != METER_KMP) {
        tool_complain("debit: expected nothing more, and a meter that speaks KMP");
        return EXIT_USAGE;
    }
    const uint16_t serial = 1001;
    struct kmp_value value;
    if (kmp_link_registers(&tool->kmp, &serial, 1, &value) < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    if (kmp_link_act(&tool->kmp, DEBITING_STOP, NULL, 0) != HOST_OK) {
        tool_complain("the meter did not say that it ended the debiting period: read billing");
        return EXIT_METER;
    }
    puts("debiting period ended");
    return EXIT_GOOD;
}
