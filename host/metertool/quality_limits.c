/* metertool quality limits: what counts as an event of the voltage (EVT-08), shown and set. */
#include "quality_limits.h"

#include <string.h>

#include "commands.h"
#include "output.h"

#define WIDTH    4u
#define TEXT_MAX 32u

const struct quality_limit_row quality_limit_rows[] = {
    {"under", "undervoltage below", "V", 0xF020, 33, 3},
    {"over", "overvoltage above", "V", 0xF021, 33, 3},
    {"duration", "of over- and undervoltage, at least", "s", 0xF022, 51, 3},
    {"hysteresis", "of over- and undervoltage", "V", 0xF023, 33, 3},
    {"declared", "declared voltage", "V", 0xF024, 33, 3},
    {"dip", "dip below, of the declared voltage", "%", 0xF025, 51, 1},
    {"swell", "swell above, of the declared voltage", "%", 0xF026, 51, 1},
    {"interruption", "dip of all phases to below this", "%", 0xF027, 51, 1},
    {"dip-hysteresis", "of dips and swells", "%", 0xF028, 51, 1},
    {"failure", "phase failure below", "V", 0xF029, 33, 3},
    {"failure-duration", "of a phase failure, at least", "s", 0xF02A, 51, 3},
};
#define N_LIMITS (sizeof quality_limit_rows / sizeof quality_limit_rows[0])
const size_t quality_limit_rows_length = N_LIMITS;

/** NAME=VALUE of the command line. */
struct change {
    const struct quality_limit_row *limit;
    int64_t before, wanted; /**< in steps of the limit's last decimal */
    bool written;
};

/* ---- reading ---- */

static const struct reading *reading_of(const struct tool *tool,
                                        const struct quality_limit_row *limit)
{
    for (size_t i = 0; i < tool->readings.length; i++) {
        if (tool->readings.items[i].kmp_id == (int32_t)limit->kmp_id) {
            return &tool->readings.items[i];
        }
    }
    return NULL;
}

static enum tool_exit limits_read(struct tool *tool)
{
    tool->readings.length = 0;
    tool->selection.length = 0;
    for (size_t i = 0; i < N_LIMITS; i++) {
        selection_add_id(&tool->selection, quality_limit_rows[i].kmp_id);
    }
    const enum tool_exit result = tool_read(tool);
    if (result != EXIT_GOOD) {
        return result;
    }
    return tool_report_nothing(tool) || tool_report_missing(tool) ? EXIT_UNKNOWN : EXIT_GOOD;
}

static void limits_print(const struct tool *tool)
{
    json_t *all = json_object();
    if (tool->options.format == FORMAT_CSV) {
        puts("limit,value,unit");
    }
    for (size_t i = 0; i < N_LIMITS; i++) {
        const struct quality_limit_row *limit = &quality_limit_rows[i];
        const struct reading *reading = reading_of(tool, limit);
        if (tool->options.format == FORMAT_JSON) {
            json_object_set_new(all, limit->name, output_json_reading(reading));
        } else if (tool->options.format == FORMAT_CSV) {
            printf("%s,%s,%s\n", limit->name, reading->text, limit->unit);
        } else {
            printf("%-17s %9s %-2s %s\n", limit->name, reading->text, limit->unit, limit->meaning);
        }
    }
    if (tool->options.format == FORMAT_JSON) {
        json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
        putchar('\n');
    }
    json_decref(all);
}

/* ---- the command line ---- */

/* "207.5" with so many decimals at most, as a whole number of the last one. */
bool quality_limit_steps(const char *text, unsigned decimals, int64_t *steps)
{
    const size_t length = strlen(text), whole = strspn(text, "0123456789");
    const bool point = text[whole] == '.';
    const size_t part = point ? strspn(text + whole + 1, "0123456789") : 0;
    int64_t value = 0;
    if (whole == 0 || whole > 7 || (point && (part == 0 || part > decimals)) ||
        whole + (point ? 1 + part : 0) != length) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        value = text[i] == '.' ? value : value * 10 + (text[i] - '0');
    }
    for (size_t i = part; i < decimals; i++) {
        value *= 10;
    }
    *steps = value;
    return value <= (int64_t)INT32_MAX;
}

static void complain_name(const char *argument)
{
    char names[256] = "";
    for (size_t i = 0; i < N_LIMITS; i++) {
        const size_t n = strlen(names);
        (void)snprintf(names + n, sizeof names - n, "%s%s", i > 0 ? ", " : "",
                       quality_limit_rows[i].name);
    }
    tool_complain("quality limits '%s': expected NAME=VALUE with NAME one of %s", argument, names);
}

static bool change_parse(const char *argument, struct change *change)
{
    const char *equals = strchr(argument, '=');
    const size_t n_name = equals != NULL ? (size_t)(equals - argument) : 0;
    for (size_t i = 0; i < N_LIMITS && equals != NULL; i++) {
        if (strlen(quality_limit_rows[i].name) != n_name ||
            strncmp(quality_limit_rows[i].name, argument, n_name) != 0) {
            continue;
        }
        *change = (struct change){.limit = &quality_limit_rows[i]};
        if (!quality_limit_steps(equals + 1, quality_limit_rows[i].decimals, &change->wanted)) {
            tool_complain("quality limits '%s': expected a number of %s, at most %u decimal%s",
                          argument, quality_limit_rows[i].unit,
                          (unsigned)quality_limit_rows[i].decimals,
                          quality_limit_rows[i].decimals == 1 ? "" : "s");
            return false;
        }
        return true;
    }
    complain_name(argument);
    return false;
}

/* ---- writing ---- */

static int limit_put(struct tool *tool, const struct quality_limit_row *limit, int64_t steps)
{
    struct kmp_value value;
    if (kmp_value_set(&value, limit->kmp_id, limit->kmp_unit, WIDTH, steps,
                      -(int)limit->decimals) != KMP_OK) {
        return HOST_ERR_SILENT;
    }
    return kmp_link_put(&tool->kmp, tool->options.password, &value);
}

/* Each limit must fit to those that the meter has at that moment, so that one may have to wait for
 * another: again and again, as long as one more is taken. */
static int changes_write(struct tool *tool, struct change *changes, size_t n, size_t order[],
                         size_t *n_written)
{
    bool moved = true;
    while (moved && *n_written < n) {
        moved = false;
        for (size_t i = 0; i < n; i++) {
            if (changes[i].written) {
                continue;
            }
            const int result = limit_put(tool, changes[i].limit, changes[i].wanted);
            if (result != HOST_OK && result != HOST_ERR_SILENT) {
                return result;
            }
            changes[i].written = result == HOST_OK;
            moved = moved || changes[i].written;
            if (changes[i].written) {
                order[(*n_written)++] = i;
            }
        }
    }
    return *n_written == n ? HOST_OK : HOST_ERR_SILENT;
}

/* The way back passes through the same states, so the meter takes it. */
static bool changes_undo(struct tool *tool, const struct change *changes, const size_t order[],
                         size_t n_written)
{
    bool undone = true;
    while (n_written-- > 0) {
        const struct change *change = &changes[order[n_written]];
        undone = limit_put(tool, change->limit, change->before) == HOST_OK && undone;
    }
    return undone;
}

static void complain_refused(const struct change *changes, size_t n, bool undone)
{
    for (size_t i = 0; i < n; i++) {
        if (!changes[i].written) {
            char text[TEXT_MAX];
            struct writer w = writer_over(text, sizeof text - 1);
            writer_fixed(&w, changes[i].wanted, changes[i].limit->decimals, 1);
            text[writer_length(&w)] = '\0';
            tool_complain("the meter refuses %s=%s: it contradicts the other limits, or the meter "
                          "wants another password; %s",
                          changes[i].limit->name, text,
                          undone ? "nothing is changed" : "some limits were changed, read them");
            return;
        }
    }
}

static enum tool_exit changes_make(struct tool *tool, struct change *changes, size_t n)
{
    size_t order[N_LIMITS], n_written = 0;
    for (size_t i = 0; i < n; i++) {
        changes[i].before = reading_of(tool, changes[i].limit)->mantissa;
    }
    const int result = changes_write(tool, changes, n, order, &n_written);
    if (result == HOST_OK) {
        return EXIT_GOOD;
    }
    if (result == HOST_ERR_SILENT) {
        complain_refused(changes, n, changes_undo(tool, changes, order, n_written));
    } else {
        tool_complain("%s", tool->line.error);
    }
    return EXIT_METER;
}

enum tool_exit quality_limits(struct tool *tool, int n_arguments, char **arguments)
{
    struct change changes[N_LIMITS];
    size_t n = 0;
    for (int i = 0; i < n_arguments; i++) {
        if (n == N_LIMITS || !change_parse(arguments[i], &changes[n])) {
            if (n == N_LIMITS) {
                tool_complain("quality limits: a limit is named twice");
            }
            return EXIT_USAGE;
        }
        for (size_t k = 0; k < n; k++) {
            if (changes[k].limit == changes[n].limit) {
                tool_complain("quality limits: %s is named twice", changes[n].limit->name);
                return EXIT_USAGE;
            }
        }
        n++;
    }
    enum tool_exit result = limits_read(tool);
    if (result == EXIT_GOOD && n > 0) {
        result = changes_make(tool, changes, n);
        result = result == EXIT_GOOD ? limits_read(tool) : result;
    }
    if (result == EXIT_GOOD) {
        limits_print(tool);
    }
    return result;
}
