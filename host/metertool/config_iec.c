#include "config_iec.h"

#include <stdlib.h>
#include <string.h>

#include "../../app/registers/register_table.h"
#include "config_ask.h"
#include "setting_text.h"

#define READOUT_CODE "131.0.17"
#define READOUT_MAX  40u
#define LIST_MAX     520u

/* ---- objects ---- */

/** The code of the object that shows a setting; NULL: none, or a secret. */
static const char *code_of(const struct setting_def *def)
{
    const struct register_def *shown = register_by_kmp_id(def->kmp_id);
    return shown != NULL && strncmp(shown->code, "131.", 4) == 0 ? shown->code : NULL;
}

/** Read one.  @return EXIT_UNKNOWN: the meter does not have it, not told yet */
static enum tool_exit read_one(struct tool *tool, const struct setting_def *def,
                               struct setting_value *value)
{
    static struct readings answer;
    char *end = NULL;
    answer.length = 0;
    memset(value, 0, sizeof *value);
    const enum tool_exit result = tool_iec_register(tool, code_of(def), &answer);
    if (result != EXIT_GOOD) {
        return result;
    }
    const char *text = answer.items[0].text;
    const unsigned long number = strtoul(text, &end, 10);
    value->number = (uint32_t)number;
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > UINT32_MAX ||
        !setting_value_good(def, value)) {
        tool_complain("%s (%s): the meter says '%s', which is no value of it", def->name,
                      code_of(def), text);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

/* ---- the list of 131.0.17 ---- */

/** "1.8.0,2.8.0": what the meter reads out. */
static enum tool_exit readout_read(struct tool *tool, char list[LIST_MAX])
{
    const struct iec_dialog *dialog = &tool->programming.dialog;
    const enum tool_exit opened = tool_iec_open(tool, '1');
    const char *text = NULL;
    size_t n = 0, at_list = 0;
    if (opened != EXIT_GOOD) {
        return opened;
    }
    const int answer = iec_programming_ask(&tool->programming, "R5", READOUT_CODE "()");
    if (answer < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    const char *at = dialog->text, *end = at + dialog->length;
    list[0] = '\0';
    if (answer == IEC_ANSWER_REFUSED) {
        return EXIT_UNKNOWN;
    }
    if (answer != IEC_ANSWER_DATA || !iec_bracket_next(&at, end, &text, &n)) {
        tool_complain(READOUT_CODE ": expected a list, found '%.60s'", dialog->text);
        return EXIT_METER;
    }
    while (iec_bracket_next(&at, end, &text, &n) && at_list + n + 2u < LIST_MAX) {
        at_list += (size_t)snprintf(list + at_list, LIST_MAX - at_list, "%s%.*s",
                                    at_list > 0 ? "," : "", (int)n, text);
    }
    return EXIT_GOOD;
}

/** "1.8.0,2.8.0" or "delivered" to what stands behind 131.0.17.  @return false: complained */
static bool readout_brackets(const char *value, char brackets[LIST_MAX])
{
    char rest[LIST_MAX - sizeof "(4294967295)"] = "";
    unsigned count = 0;
    size_t length = 0;
    if (strcmp(value, "delivered") == 0) {
        snprintf(brackets, LIST_MAX, "(0)");
        return true;
    }
    while (*value != '\0') {
        const size_t n = strcspn(value, ",");
        char code[24] = "";
        snprintf(code, sizeof code, "%.*s", (int)(n < sizeof code ? n : sizeof code - 1u), value);
        if (++count > READOUT_MAX || register_by_code(code) == NULL) {
            break;
        }
        length += (size_t)snprintf(rest + length, sizeof rest - length, "(%s)", code);
        value += n + (value[n] == ',');
    }
    if (*value != '\0' || count == 0 || length >= sizeof rest) {
        tool_complain("config set " CONFIG_READOUT ": expected 1 to %u codes such as "
                      "1.8.0,2.8.0, or delivered, found '%.40s'",
                      READOUT_MAX, value);
        return false;
    }
    snprintf(brackets, LIST_MAX, "(%u)%s", count, rest);
    return true;
}

/* ---- show ---- */

static bool named(const char *name, int n_names, char **names)
{
    bool is = n_names == 0;
    for (int i = 0; i < n_names; i++) {
        is = is || strcmp(names[i], name) == 0;
    }
    return is;
}

static void print_one(const struct tool *tool, json_t *all, const char *name, const char *value,
                      const char *text)
{
    if (tool->options.format == FORMAT_JSON) {
        json_object_set_new(all, name, json_string(value));
    } else {
        printf("  %-21s %-24s %s\n", name, value, text);
    }
}

static enum tool_exit show_settings(struct tool *tool, json_t *all, int n_names, char **names)
{
    for (size_t row = 0; row < setting_table_length; row++) {
        const struct setting_def *def = &setting_table[row];
        struct setting_value value;
        char text[SETTING_WORDS_MAX];
        if (code_of(def) == NULL || !named(def->name, n_names, names)) {
            continue;
        }
        const enum tool_exit result = read_one(tool, def, &value);
        if (result == EXIT_GOOD) {
            setting_text_print(def, &value, text, sizeof text);
            print_one(tool, all, def->name, text, def->text);
        } else if (result != EXIT_UNKNOWN) {
            return result;
        }
    }
    return EXIT_GOOD;
}

/** @return false: complained */
static bool names_good(int n_names, char **names)
{
    for (int i = 0; i < n_names; i++) {
        const struct setting_def *def = setting_by_name(names[i]);
        if (strcmp(names[i], CONFIG_READOUT) != 0 && (def == NULL || code_of(def) == NULL)) {
            tool_complain("config show '%s': expected a setting that has an object of IEC "
                          "62056-21 (131.0.1 to 131.0.17); others go over KMP (-m kmp:...)",
                          names[i]);
            return false;
        }
    }
    return true;
}

enum tool_exit config_iec_show(struct tool *tool, int n_names, char **names)
{
    char list[LIST_MAX];
    if (!names_good(n_names, names)) {
        return EXIT_USAGE;
    }
    json_t *all = json_object();
    enum tool_exit result = show_settings(tool, all, n_names, names);
    if (result == EXIT_GOOD && named(CONFIG_READOUT, n_names, names)) {
        result = readout_read(tool, list);
        if (result == EXIT_GOOD) {
            print_one(tool, all, CONFIG_READOUT, list, "");
        }
        result = result == EXIT_UNKNOWN ? EXIT_GOOD : result;
    }
    if (result == EXIT_GOOD && tool->options.format == FORMAT_JSON) {
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(all);
    return result;
}

/* ---- set ---- */

/** What is to be set. */
struct wish {
    bool has[SETTINGS_MAX];
    struct setting_value value[SETTINGS_MAX];
    char readout[LIST_MAX]; /* brackets; "": not named */
};

/** @return false: complained */
static bool take_wish(const char *argument, struct wish *wish)
{
    char name[64], error[600];
    const char *equals = strchr(argument, '=');
    const size_t n = equals != NULL ? (size_t)(equals - argument) : 0;
    snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1u), argument);
    if (equals != NULL && strcmp(name, CONFIG_READOUT) == 0) {
        return readout_brackets(equals + 1, wish->readout);
    }
    const struct setting_def *def = equals != NULL ? setting_by_name(name) : NULL;
    if (def == NULL || code_of(def) == NULL) {
        tool_complain("config set '%s': expected NAME=VALUE with a setting that has an object of "
                      "IEC 62056-21 (131.0.1 to 131.0.17); others go over KMP (-m kmp:...)",
                      argument);
        return false;
    }
    const size_t row = (size_t)(def - setting_table);
    wish->has[row] = true;
    if (!setting_text_parse(def, equals + 1, &wish->value[row], error, sizeof error)) {
        tool_complain("config set %s: %s", name, error);
        return false;
    }
    return true;
}

static void print_change(const struct setting_def *def, const struct setting_value *before,
                         const struct setting_value *after)
{
    char old[SETTING_WORDS_MAX], new[SETTING_WORDS_MAX];
    setting_text_print(def, before, old, sizeof old);
    setting_text_print(def, after, new, sizeof new);
    printf("settings.%s: %s -> %s\n", def->name, old, new);
}

/** What differs stays in the wish, and is printed. */
static enum tool_exit compare(struct tool *tool, struct wish *wish, unsigned *n_changes)
{
    for (size_t row = 0; row < setting_table_length; row++) {
        const struct setting_def *def = &setting_table[row];
        struct setting_value now;
        if (!wish->has[row]) {
            continue;
        }
        const enum tool_exit result = read_one(tool, def, &now);
        if (result == EXIT_UNKNOWN) {
            tool_complain("%s: the meter does not have it (%s)", def->name, code_of(def));
        }
        if (result != EXIT_GOOD) {
            return result;
        }
        wish->has[row] = !setting_value_equal(&now, &wish->value[row]);
        if (wish->has[row]) {
            print_change(def, &now, &wish->value[row]);
            (*n_changes)++;
        }
    }
    if (wish->readout[0] != '\0') {
        printf(CONFIG_READOUT ": to be %s\n", wish->readout);
        (*n_changes)++;
    }
    return EXIT_GOOD;
}

static enum tool_exit write_one(struct tool *tool, const struct setting_def *def,
                                const struct setting_value *value)
{
    char brackets[20];
    struct setting_value now;
    snprintf(brackets, sizeof brackets, "(%lu)", (unsigned long)value->number);
    enum tool_exit result = tool_iec_write(tool, "W1", code_of(def), brackets);
    result = result == EXIT_GOOD ? read_one(tool, def, &now) : result;
    if (result == EXIT_GOOD && !setting_value_equal(&now, value)) {
        tool_complain("%s: the meter has taken it, but something else is read back", def->name);
        return EXIT_METER;
    }
    return result == EXIT_UNKNOWN ? EXIT_METER : result;
}

static enum tool_exit write_readout(struct tool *tool, const char *brackets)
{
    char list[LIST_MAX], wanted[LIST_MAX] = "";
    enum tool_exit result = tool_iec_write(tool, "W5", READOUT_CODE, brackets);
    result = result == EXIT_GOOD ? readout_read(tool, list) : result;
    const char *at = strchr(brackets, ')') + 1, *end = brackets + strlen(brackets), *text = NULL;
    size_t n = 0, length = 0;
    while (iec_bracket_next(&at, end, &text, &n)) {
        length += (size_t)snprintf(wanted + length, sizeof wanted - length, "%s%.*s",
                                   length > 0 ? "," : "", (int)n, text);
    }
    if (result == EXIT_GOOD && wanted[0] != '\0' && strcmp(list, wanted) != 0) {
        tool_complain(CONFIG_READOUT ": the meter has taken it, but something else is read back");
        return EXIT_METER;
    }
    return result == EXIT_UNKNOWN ? EXIT_METER : result;
}

/** One after the other: IEC 62056-21 has no commit.  @param n_made  those that hold now */
static enum tool_exit write_all(struct tool *tool, const struct wish *wish, unsigned *n_made)
{
    enum tool_exit result = EXIT_GOOD;
    for (size_t row = 0; row < setting_table_length && result == EXIT_GOOD; row++) {
        if (wish->has[row]) {
            result = write_one(tool, &setting_table[row], &wish->value[row]);
            *n_made += result == EXIT_GOOD;
        }
    }
    if (result == EXIT_GOOD && wish->readout[0] != '\0') {
        result = write_readout(tool, wish->readout);
        *n_made += result == EXIT_GOOD;
    }
    return result;
}

enum tool_exit config_iec_set(struct tool *tool, int n_arguments, char **arguments)
{
    static struct wish wish; /* large */
    unsigned n_changes = 0, n_made = 0;
    memset(&wish, 0, sizeof wish);
    for (int i = 0; i < n_arguments; i++) {
        if (!take_wish(arguments[i], &wish)) {
            return EXIT_USAGE;
        }
    }
    /* the list is written in the maker's mode alone */
    enum tool_exit result = tool_iec_open(tool, wish.readout[0] != '\0' ? '6' : '1');
    result = result == EXIT_GOOD ? compare(tool, &wish, &n_changes) : result;
    if (result == EXIT_GOOD && n_changes == 0) {
        puts("Nothing to change: the meter is as you want it");
        return EXIT_GOOD;
    }
    result = result == EXIT_GOOD ? config_agreed(tool) : result;
    if (result != EXIT_GOOD) {
        return result;
    }
    result = write_all(tool, &wish, &n_made);
    if (result != EXIT_GOOD) {
        tool_complain("%u of %u changes are in the meter", n_made, n_changes);
        return result;
    }
    printf("%u change%s in the meter, read back and compared\n", n_made,
           n_made == 1 ? " is" : "s are");
    return EXIT_GOOD;
}
