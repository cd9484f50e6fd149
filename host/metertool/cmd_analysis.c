/* metertool analysis: set-up and records of the analysis logger (docs/analysis-logger.md). */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../app/registers/register_table.h"
#include "commands.h"
#include "export_records.h"
#include "iec_records.h"

#define ANALYSIS_LOG      11u
#define STATE_REGISTER    0xF300u
#define INTERVAL_REGISTER 0xF301u
#define PROFILE_REGISTER  0xF302u
#define DEPTH_REGISTER    0xF303u
#define REFUSAL_REGISTER  0xF304u
#define VALUE_REGISTER    0xF310u
#define DAYS_REGISTER     1194u
#define VALUES            16u
#define UNIT_NUMBER       51u
#define STATE_BEGIN       2u

struct setup {
    bool on;
    unsigned interval_min, n_values, refusal;
    uint32_t profile_records, depth;
    double days;
    uint16_t value[VALUES];
};

/* ---- reading ---- */

static void take_value(const struct kmp_value *value, struct setup *setup)
{
    int64_t number = 0;
    int exponent = 0;
    if (kmp_value_number(value, &number, &exponent) != KMP_OK) {
        return;
    }
    switch (value->id) {
    case STATE_REGISTER: setup->on = number == 1; break;
    case INTERVAL_REGISTER: setup->interval_min = (unsigned)number; break;
    case PROFILE_REGISTER: setup->profile_records = (uint32_t)number; break;
    case DEPTH_REGISTER: setup->depth = (uint32_t)number; break;
    case REFUSAL_REGISTER: setup->refusal = (unsigned)number; break;
    case DAYS_REGISTER: setup->days = (double)number / 10.0; break;
    default:
        setup->value[(value->id - VALUE_REGISTER) % VALUES] = (uint16_t)number;
        setup->n_values += number != 0;
        break;
    }
}

static enum tool_exit read_setup(struct tool *tool, struct setup *setup)
{
    uint16_t ids[6 + VALUES] = {STATE_REGISTER, INTERVAL_REGISTER, PROFILE_REGISTER,
                                DEPTH_REGISTER, REFUSAL_REGISTER,  DAYS_REGISTER};
    struct kmp_value values[6 + VALUES];
    for (unsigned v = 0; v < VALUES; v++) {
        ids[6 + v] = (uint16_t)(VALUE_REGISTER + v);
    }
    memset(setup, 0, sizeof *setup);
    const int n = kmp_link_registers(&tool->kmp, ids, 6 + VALUES, values);
    if (n < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    for (int i = 0; i < n; i++) {
        take_value(&values[i], setup);
    }
    if (setup->interval_min == 0) {
        tool_complain("the meter has no analysis logger that this tool knows");
        return EXIT_UNKNOWN;
    }
    return EXIT_GOOD;
}

static const char *name_of(uint16_t id)
{
    const struct register_def *def = register_by_kmp_id(id);
    return def != NULL ? def->name : "";
}

static void show_json(const struct setup *setup)
{
    json_t *values = json_array();
    for (unsigned v = 0; v < setup->n_values; v++) {
        char code[24];
        const struct register_def *def = register_by_kmp_id(setup->value[v]);
        export_column_name(setup->value[v], code);
        json_array_append_new(values,
                              json_pack("{s:i, s:s, s:s}", "kmp_id", (int)setup->value[v], "code",
                                        def != NULL && def->code[0] != '\0' ? def->code : code,
                                        "name", name_of(setup->value[v])));
    }
    json_t *all = json_pack("{s:b, s:i, s:I, s:f, s:I, s:o}", "on", setup->on, "interval_min",
                            (int)setup->interval_min, "depth_records", (json_int_t)setup->depth,
                            "depth_days", setup->days, "profile_records",
                            (json_int_t)setup->profile_records, "values", values);
    json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(all);
}

static void show_setup(const struct tool *tool, const struct setup *setup)
{
    if (tool->options.format == FORMAT_JSON) {
        show_json(setup);
        return;
    }
    if (tool->options.format == FORMAT_CSV) {
        puts("kmp_id,code,name");
    } else {
        printf("analysis logger %s, every %u minutes, %" PRIu32 " records (%.1f days)\n",
               setup->on ? "on" : "off", setup->interval_min, setup->depth, setup->days);
        if (setup->profile_records > 0) {
            printf("beside %" PRIu32 " records of the load profile\n", setup->profile_records);
        }
    }
    for (unsigned v = 0; v < setup->n_values; v++) {
        const struct register_def *def = register_by_kmp_id(setup->value[v]);
        printf(tool->options.format == FORMAT_CSV ? "%u,%s,\"%s\"\n" : "%6u  %-12s %s\n",
               (unsigned)setup->value[v], def != NULL ? def->code : "", name_of(setup->value[v]));
    }
}

/* ---- changing ---- */

static enum tool_exit put(struct tool *tool, uint16_t id, uint32_t number)
{
    struct kmp_value value;
    if (kmp_value_set(&value, id, UNIT_NUMBER, 4, number, 0) != KMP_OK ||
        kmp_link_put(&tool->kmp, tool->options.password, &value) != HOST_OK) {
        tool_complain("the meter did not take register 0x%04X = %" PRIu32
                      ": another password, or a value it does not know",
                      (unsigned)id, number);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

static const char *refusal_text(unsigned refusal)
{
    static const char *const texts[] = {
        "it was not acknowledged",
        "the interval must be 5, 15, 30 or 60 minutes",
        "at least one value, and no gap among them",
        "one of the values can't be logged, or this meter does not have it",
        "a value stands twice in the list",
        "less than two and a half days: fewer values, a longer interval, or a smaller profile=N",
        "the meter's memory failed",
        "this meter has no analysis logger",
        "the load profile keeps at least one record (profile=N)",
    };
    return refusal < sizeof texts / sizeof texts[0] ? texts[refusal] : "it does not say why";
}

static bool same_layout(const struct setup *a, const struct setup *b)
{
    return a->interval_min == b->interval_min && a->n_values == b->n_values &&
           memcmp(a->value, b->value, sizeof a->value) == 0;
}

/* Other values or another interval delete the records. */
static bool may_delete(const struct tool *tool, const struct setup *before,
                       const struct setup *wanted)
{
    char answer[8] = "";
    if (same_layout(before, wanted) || !before->on || tool->options.yes) {
        return true;
    }
    if (!isatty(STDIN_FILENO)) {
        tool_complain(
            "this deletes the records of the analysis logger; --yes does it without asking");
        return false;
    }
    fputs("This deletes the records of the analysis logger. Go on? [y/N] ", stderr);
    return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

/* All of it at once: what is written waits until the state is. */
static enum tool_exit write_setup(struct tool *tool, const struct setup *wanted)
{
    struct setup after;
    enum tool_exit result = put(tool, STATE_REGISTER, STATE_BEGIN);
    result = result == EXIT_GOOD ? put(tool, INTERVAL_REGISTER, wanted->interval_min) : result;
    result = result == EXIT_GOOD ? put(tool, PROFILE_REGISTER, wanted->profile_records) : result;
    for (unsigned v = 0; v < VALUES && result == EXIT_GOOD; v++) {
        result = put(tool, (uint16_t)(VALUE_REGISTER + v), wanted->value[v]);
    }
    if (result != EXIT_GOOD) {
        return result;
    }
    struct kmp_value state;
    const bool built =
        kmp_value_set(&state, STATE_REGISTER, UNIT_NUMBER, 4, wanted->on ? 1 : 0, 0) == KMP_OK;
    const bool taken = built && kmp_link_put(&tool->kmp, tool->options.password, &state) == HOST_OK;
    result = read_setup(tool, &after);
    if (result == EXIT_GOOD && (after.on != wanted->on || !same_layout(&after, wanted) ||
                                after.profile_records != wanted->profile_records || !taken)) {
        tool_complain("the meter refused the set-up: %s", refusal_text(after.refusal));
        return EXIT_METER;
    }
    if (result == EXIT_GOOD) {
        show_setup(tool, &after);
    }
    return result;
}

static bool take_number(const char *text, const char *name, unsigned long highest,
                        unsigned long *number)
{
    char *end = NULL;
    *number = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || *number > highest) {
        tool_complain("%s '%s': expected a whole number up to %lu", name, text, highest);
        return false;
    }
    return true;
}

static bool add_register(struct tool *tool, const char *argument, struct setup *wanted)
{
    tool->selection.length = 0;
    const size_t n = selection_add(&tool->selection, argument);
    if (n == 0) {
        tool_complain("no register '%s'; metertool registers lists them", argument);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const struct selected *selected = &tool->selection.items[i];
        if (selected->kmp_id < 0 || (selected->def != NULL && !selected->def->loggable)) {
            tool_complain("register '%s' can't be logged", argument);
            return false;
        }
        if (wanted->n_values == VALUES) {
            tool_complain("'%s': expected at most 16 values", argument);
            return false;
        }
        wanted->value[wanted->n_values++] = (uint16_t)selected->kmp_id;
    }
    return true;
}

/* every=MIN, profile=N and registers; without registers the values stay. */
static bool take_arguments(struct tool *tool, int n_arguments, char **arguments,
                           struct setup *wanted)
{
    bool listed = false;
    for (int i = 0; i < n_arguments; i++) {
        unsigned long number = 0;
        if (strncmp(arguments[i], "every=", 6) == 0) {
            if (!take_number(arguments[i] + 6, "every", 60, &number)) {
                return false;
            }
            wanted->interval_min = (unsigned)number;
        } else if (strncmp(arguments[i], "profile=", 8) == 0) {
            if (!take_number(arguments[i] + 8, "profile", 1000000, &number)) {
                return false;
            }
            wanted->profile_records = (uint32_t)number;
        } else {
            if (!listed) {
                memset(wanted->value, 0, sizeof wanted->value);
                wanted->n_values = 0;
                listed = true;
            }
            if (!add_register(tool, arguments[i], wanted)) {
                return false;
            }
        }
    }
    return true;
}

static enum tool_exit change(struct tool *tool, const char *word, int n_arguments, char **arguments)
{
    struct setup before;
    const enum tool_exit result = read_setup(tool, &before);
    if (result != EXIT_GOOD) {
        return result;
    }
    struct setup wanted = before;
    if (strcmp(word, "setup") != 0) {
        wanted.on = strcmp(word, "start") == 0;
    } else if (!take_arguments(tool, n_arguments, arguments, &wanted)) {
        return EXIT_USAGE;
    }
    return may_delete(tool, &before, &wanted) ? write_setup(tool, &wanted) : EXIT_USAGE;
}

/* ---- the command ---- */

static enum tool_exit export_all(struct tool *tool)
{
    struct setup setup;
    struct record_kind kind = {.name = "analysis",
                               .log = ANALYSIS_LOG,
                               .n_columns = 2,
                               .column = {EXPORT_LOGGER_STATUS, EXPORT_DATA_QUALITY}};
    const enum tool_exit result = read_setup(tool, &setup);
    if (result != EXIT_GOOD) {
        return result;
    }
    for (unsigned v = 0; v < setup.n_values; v++) {
        kind.column[kind.n_columns++] = setup.value[v];
    }
    return export_records(tool, &kind);
}

enum tool_exit command_analysis(struct tool *tool, int n_arguments, char **arguments)
{
    const char *word = n_arguments > 0 ? arguments[0] : "show";
    const bool setup = strcmp(word, "setup") == 0;
    const bool known = setup || strcmp(word, "show") == 0 || strcmp(word, "start") == 0 ||
                       strcmp(word, "stop") == 0 || strcmp(word, "export") == 0;
    if (!known || (!setup && n_arguments > 1) || (setup && n_arguments < 2)) {
        tool_complain(
            "analysis '%s': expected show, setup and what to change, start, stop or export", word);
        return EXIT_USAGE;
    }
    if (tool->line.url.protocol == METER_IEC && strcmp(word, "export") == 0) {
        return iec_records_export(tool, "99.1.1", "analysis");
    }
    if (tool->line.url.protocol != METER_KMP) {
        tool_complain(
            "the set-up of the analysis logger is read and changed over KMP (-m kmp:...)");
        return EXIT_USAGE;
    }
    if (strcmp(word, "export") == 0) {
        return export_all(tool);
    }
    if (strcmp(word, "show") != 0) {
        return change(tool, word, n_arguments - 1, arguments + 1);
    }
    struct setup now;
    const enum tool_exit result = read_setup(tool, &now);
    if (result == EXIT_GOOD) {
        show_setup(tool, &now);
    }
    return result;
}
