/* metertool config show|save|check|diff|apply|set: the configuration of a meter as a document. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd_config.h"
#include "commands.h"
#include "config_ask.h"
#include "config_diff.h"
#include "config_iec.h"
#include "config_meter.h"
#include "setting_text.h"

#define EFFECT_TEXT 240u

/** Large: kept once. */
static struct config_document wanted, now;
static struct config_changes changes;

static enum tool_exit no_more(const char *what, const char *found)
{
    tool_complain("config %s: expected nothing more, found '%s'", what, found);
    return EXIT_USAGE;
}

static enum tool_exit read_meter(struct tool *tool, struct config_document *document)
{
    const enum tool_exit result = tool->line.fd < 0 ? tool_connect(tool) : EXIT_GOOD;
    return result == EXIT_GOOD ? config_meter_read(tool, document) : result;
}

static void print_json(FILE *out, const struct config_document *document)
{
    json_t *root = config_document_json(document);
    json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    fputc('\n', out);
    json_decref(root);
}

/* ---- show, save ---- */

static void print_setting(const struct setting_def *def, const struct setting_value *value)
{
    char text[SETTING_WORDS_MAX];
    setting_text_print(def, value, text, sizeof text);
    printf("  %-21s %-24s %s%s\n", def->name, text, def->text,
           def->access == SETTING_LOCKED ? " (sealed)" : "");
}

static void print_readings(const char *name, const uint16_t *ids, size_t n)
{
    printf("  %-21s", name);
    for (size_t i = 0; i < n; i++) {
        char reading[32];
        config_reading_name(ids[i], reading, sizeof reading);
        printf(" %s", reading);
    }
    putchar('\n');
}

static void print_display(const struct config_document *document)
{
    puts("Display lists");
    for (unsigned which = 0; which < KMP_DISPLAY_LISTS; which++) {
        const struct kmp_display_list *list = &document->list[which];
        char name[40];
        snprintf(name, sizeof name, "%s%s", config_list_names[which],
                 list->delivered ? " (delivered)" : "");
        print_readings(name, list->reading, list->n);
    }
}

static void print_rest(const struct config_document *document)
{
    const struct config_analysis *analysis = &document->analysis;
    struct tariff_plan plan;
    struct plan_place place;
    if (document->has_limit != 0) {
        puts("Voltage quality limits: metertool quality limits shows them");
    }
    if (document->n_plan > 0 &&
        tariff_plan_read(document->plan, document->n_plan, &plan, &place) == PLAN_OK) {
        printf("Tariff plan \"%s\": metertool tariff show draws it\n", plan.name);
    }
    if (analysis->has) {
        printf("Analysis logger %s, every %u min, beside %u load-profile records\n",
               analysis->on ? "on" : "off", (unsigned)analysis->interval_min,
               (unsigned)analysis->profile_records);
        print_readings("values", analysis->value, analysis->n);
    }
}

/** Of the document these settings alone. */
static void keep_only(struct config_document *document, int n_names, char **names)
{
    struct config_document kept;
    memset(&kept, 0, sizeof kept);
    for (int i = 0; i < n_names; i++) {
        const size_t row = (size_t)(setting_by_name(names[i]) - setting_table);
        kept.has[row] = kept.has[row] || document->has[row];
        kept.value[row] = document->value[row];
    }
    *document = kept;
}

enum tool_exit config_show(struct tool *tool, int n_arguments, char **arguments)
{
    const char *outcome = "";
    const enum tool_exit connected = tool_connect(tool);
    if (connected != EXIT_GOOD || tool->line.url.protocol == METER_IEC) {
        return connected != EXIT_GOOD ? connected : config_iec_show(tool, n_arguments, arguments);
    }
    for (int i = 0; i < n_arguments; i++) {
        if (setting_by_name(arguments[i]) == NULL) {
            tool_complain("config show '%s': expected names of settings", arguments[i]);
            return EXIT_USAGE;
        }
    }
    enum tool_exit result = read_meter(tool, &now);
    result = result == EXIT_GOOD ? config_meter_outcome(tool, &outcome) : result;
    if (result != EXIT_GOOD) {
        return result;
    }
    if (n_arguments > 0) {
        keep_only(&now, n_arguments, arguments);
    }
    if (tool->options.format == FORMAT_JSON) {
        print_json(stdout, &now);
        return EXIT_GOOD;
    }
    for (size_t row = 0; row < setting_table_length; row++) {
        if (now.has[row]) {
            print_setting(&setting_table[row], &now.value[row]);
        }
    }
    if (n_arguments == 0) {
        print_display(&now);
        print_rest(&now);
        printf("Order number %s: metertool config order-number explains it\n", now.order_number);
    }
    if (outcome[0] != '\0') {
        printf("Note: %s\n", outcome);
    }
    return EXIT_GOOD;
}

/** Beside the file first, so that a full disk leaves the old one. */
static enum tool_exit save_file(const char *path, const struct config_document *document)
{
    char beside[1024];
    snprintf(beside, sizeof beside, "%s.new", path);
    FILE *file = fopen(beside, "w");
    if (file == NULL) {
        tool_complain("%s: %s", beside, strerror(errno));
        return EXIT_USAGE;
    }
    print_json(file, document);
    const bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed || rename(beside, path) != 0) {
        tool_complain("%s: %s", path, strerror(errno));
        (void)remove(beside);
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

enum tool_exit config_save(struct tool *tool, int n_arguments, char **arguments)
{
    if (n_arguments != 1) {
        tool_complain("expected metertool config save FILE (- for standard output)");
        return EXIT_USAGE;
    }
    const enum tool_exit result = read_meter(tool, &now);
    if (result != EXIT_GOOD || strcmp(arguments[0], "-") != 0) {
        return result == EXIT_GOOD ? save_file(arguments[0], &now) : result;
    }
    print_json(stdout, &now);
    return EXIT_GOOD;
}

/* ---- check, diff ---- */

static enum tool_exit read_wanted(const char *path)
{
    char error[CONFIG_ERROR_MAX];
    if (!config_document_read(path, &wanted, error, sizeof error)) {
        tool_complain("%s", error);
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

static enum tool_exit check_wanted(const struct config_document *base)
{
    char error[CONFIG_ERROR_MAX];
    if (!config_document_check(&wanted, base, error, sizeof error)) {
        tool_complain("%s", error);
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

enum tool_exit config_check(struct tool *tool, int n_arguments, char **arguments)
{
    (void)tool;
    if (n_arguments != 1) {
        tool_complain("expected metertool config check FILE");
        return EXIT_USAGE;
    }
    enum tool_exit result = read_wanted(arguments[0]);
    result = result == EXIT_GOOD ? check_wanted(NULL) : result;
    if (result == EXIT_GOOD) {
        printf("%s: a good configuration%s%s\n", arguments[0],
               wanted.order_number[0] != '\0' ? " of a meter " : ", whose meter it does not name",
               wanted.order_number);
    }
    return result;
}

static void print_changes(FILE *out)
{
    for (size_t i = 0; i < changes.n; i++) {
        const struct config_change *change = &changes.change[i];
        char effect[EFFECT_TEXT];
        config_effect_text(change, effect, sizeof effect);
        fprintf(out, "%s: %s -> %s%s%s%s\n", change->name, change->before, change->after,
                effect[0] != '\0' ? "  (" : "", effect, effect[0] != '\0' ? ")" : "");
    }
}

static void print_changes_json(void)
{
    json_t *all = json_array();
    for (size_t i = 0; i < changes.n; i++) {
        const struct config_change *change = &changes.change[i];
        char effect[EFFECT_TEXT];
        config_effect_text(change, effect, sizeof effect);
        json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s, s:b}", "name", change->name,
                                             "meter", change->before, "file", change->after,
                                             "effect", effect, "sealed", change->sealed));
    }
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

enum tool_exit config_differences(struct tool *tool, int n_arguments, char **arguments)
{
    if (n_arguments != 1) {
        tool_complain("expected metertool config diff FILE");
        return EXIT_USAGE;
    }
    enum tool_exit result = read_wanted(arguments[0]);
    result = result == EXIT_GOOD ? read_meter(tool, &now) : result;
    if (result != EXIT_GOOD) {
        return result;
    }
    config_diff(&wanted, &now, &changes);
    if (tool->options.format == FORMAT_JSON) {
        print_changes_json();
    } else {
        print_changes(stdout);
    }
    return changes.n == 0 ? EXIT_GOOD : EXIT_DIFFERENT;
}

/* ---- apply, set ---- */

static size_t sealed_count(void)
{
    size_t n = 0;
    for (size_t i = 0; i < changes.n; i++) {
        n += changes.change[i].sealed;
    }
    return n;
}

enum tool_exit config_agreed(const struct tool *tool)
{
    char answer[16] = "";
    if (tool->options.yes) {
        return EXIT_GOOD;
    }
    if (!isatty(STDIN_FILENO)) {
        tool_complain("expected --yes, since nobody can be asked here; nothing is changed");
        return EXIT_USAGE;
    }
    printf("Change this in the meter? [y/N] ");
    fflush(stdout);
    if (fgets(answer, sizeof answer, stdin) == NULL || (answer[0] != 'y' && answer[0] != 'Y')) {
        puts("Nothing is changed.");
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

/** What was written must be what is read; secrets can't be read. */
static enum tool_exit compare(struct tool *tool, bool unsure)
{
    const enum tool_exit result = config_meter_read(tool, &now);
    const size_t n_made = changes.n;
    if (result != EXIT_GOOD) {
        return result;
    }
    for (size_t row = 0; row < setting_table_length; row++) {
        if (setting_table[row].type == SETTING_SECRET) {
            wanted.has[row] = false;
        }
    }
    config_diff(&wanted, &now, &changes);
    if (changes.n != 0) {
        print_changes(stderr);
        tool_complain(unsure ? "the change does not hold"
                             : "the meter has taken the change, but something else is read back");
        return EXIT_METER;
    }
    printf("%zu change%s in the meter, read back and compared\n", n_made,
           n_made == 1 ? " is" : "s are");
    return EXIT_GOOD;
}

static enum tool_exit say_outcome(struct tool *tool)
{
    const char *outcome = "";
    const enum tool_exit result = config_meter_outcome(tool, &outcome);
    if (result == EXIT_GOOD && outcome[0] != '\0') {
        printf("Note: %s\n", outcome);
    }
    return result;
}

/** The document `wanted` into the meter. */
static enum tool_exit apply_wanted(struct tool *tool)
{
    enum tool_exit result = read_meter(tool, &now);
    result = result == EXIT_GOOD ? say_outcome(tool) : result;
    if (result != EXIT_GOOD) {
        return result;
    }
    config_diff(&wanted, &now, &changes);
    print_changes(stdout);
    if (changes.n == 0) {
        puts("Nothing to change: the meter is as the document says");
        return EXIT_GOOD;
    }
    if (sealed_count() > 0) {
        tool_complain(
            "%zu of these can't be changed: order number and sealed settings are set when "
            "the meter is made; nothing is changed",
            sealed_count());
        return EXIT_METER;
    }
    result = check_wanted(&now);
    result = result == EXIT_GOOD ? config_agreed(tool) : result;
    bool unsure = false;
    result = result == EXIT_GOOD ? config_meter_write(tool, &wanted, &now, &unsure) : result;
    if (unsure) {
        tool_complain("no answer to the commit: reading what the meter has now; if that fails too, "
                      "metertool config diff tells later");
    }
    return result == EXIT_GOOD || unsure ? compare(tool, unsure) : result;
}

enum tool_exit config_apply(struct tool *tool, int n_arguments, char **arguments)
{
    if (n_arguments != 1) {
        tool_complain("expected metertool config apply FILE");
        return EXIT_USAGE;
    }
    const enum tool_exit result = read_wanted(arguments[0]);
    return result == EXIT_GOOD ? apply_wanted(tool) : result;
}

static enum tool_exit set_one(const char *argument)
{
    char name[64], error[600];
    const char *equals = strchr(argument, '=');
    const size_t n = equals != NULL ? (size_t)(equals - argument) : 0;
    snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), argument);
    const struct setting_def *def = equals != NULL ? setting_by_name(name) : NULL;
    if (def == NULL) {
        tool_complain("config set '%s': expected NAME=VALUE with a name that metertool config show "
                      "lists",
                      argument);
        return EXIT_USAGE;
    }
    const size_t row = (size_t)(def - setting_table);
    if (!setting_text_parse(def, equals + 1, &wanted.value[row], error, sizeof error)) {
        tool_complain("config set %s: %s", name, error);
        return EXIT_USAGE;
    }
    wanted.has[row] = true;
    return EXIT_GOOD;
}

enum tool_exit config_set(struct tool *tool, int n_arguments, char **arguments)
{
    memset(&wanted, 0, sizeof wanted);
    if (n_arguments == 0) {
        tool_complain("expected metertool config set NAME=VALUE ...");
        return EXIT_USAGE;
    }
    const enum tool_exit connected = tool_connect(tool);
    if (connected != EXIT_GOOD || tool->line.url.protocol == METER_IEC) {
        return connected != EXIT_GOOD ? connected : config_iec_set(tool, n_arguments, arguments);
    }
    for (int i = 0; i < n_arguments; i++) {
        if (set_one(arguments[i]) != EXIT_GOOD) {
            return EXIT_USAGE;
        }
    }
    return apply_wanted(tool);
}

/* ---- display ---- */

static enum tool_exit display_get(struct tool *tool)
{
    const enum tool_exit result = read_meter(tool, &now);
    if (result != EXIT_GOOD) {
        return result;
    }
    if (tool->options.format == FORMAT_JSON) {
        json_t *root = config_document_json(&now);
        json_dumpf(json_object_get(root, "display"), stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(root);
    } else {
        print_display(&now);
    }
    return EXIT_GOOD;
}

static bool is_list(const char *name, unsigned *which)
{
    for (*which = 0; *which < KMP_DISPLAY_LISTS; (*which)++) {
        if (strcmp(config_list_names[*which], name) == 0) {
            return true;
        }
    }
    return false;
}

static enum tool_exit display_set(struct tool *tool, int n_arguments, char **arguments)
{
    unsigned which = 0;
    memset(&wanted, 0, sizeof wanted);
    if (n_arguments < 2 || !is_list(arguments[0], &which)) {
        tool_complain("expected metertool display set automatic|manual|backup READING ... or "
                      "delivered");
        return EXIT_USAGE;
    }
    struct kmp_display_list *list = &wanted.list[which];
    wanted.has_list[which] = true;
    list->which = (uint8_t)which;
    list->delivered = n_arguments == 2 && strcmp(arguments[1], "delivered") == 0;
    for (int i = 1; i < n_arguments && !list->delivered; i++) {
        uint16_t id = 0;
        if (list->n == KMP_DISPLAY_READINGS_MAX || !config_reading_id(arguments[i], &id)) {
            tool_complain(
                "display set %s '%s': expected at most %u readings such as 1.8.0, or test",
                arguments[0], arguments[i], KMP_DISPLAY_READINGS_MAX);
            return EXIT_USAGE;
        }
        list->reading[list->n++] = id;
    }
    return apply_wanted(tool);
}

enum tool_exit command_display(struct tool *tool, int n_arguments, char **arguments)
{
    const char *what = n_arguments > 0 ? arguments[0] : "";
    if (strcmp(what, "get") == 0) {
        return n_arguments == 1 ? display_get(tool) : no_more("get", arguments[1]);
    }
    if (strcmp(what, "set") == 0) {
        return display_set(tool, n_arguments - 1, arguments + 1);
    }
    tool_complain("expected metertool display get or set%s%s%s", n_arguments > 0 ? ", found '" : "",
                  what, n_arguments > 0 ? "'" : "");
    return EXIT_USAGE;
}
