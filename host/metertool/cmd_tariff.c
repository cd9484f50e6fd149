/* metertool tariff: plans as files and in the meter. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/tariff_text.h"
#include "commands.h"
#include "tariff_meter.h"
#include "tariff_picture.h"

#define FILE_MAX 65536u

/* ---- files ---- */

static enum tool_exit read_file(const char *path, char *text, size_t *n_text)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (file == NULL) {
        tool_complain("%s: %s", path, strerror(errno));
        return EXIT_USAGE;
    }
    *n_text = fread(text, 1, FILE_MAX, file);
    bool failed = ferror(file) != 0, more = *n_text == FILE_MAX;
    if (file != stdin) {
        fclose(file);
    }
    if (failed || more) {
        tool_complain("%s: %s", path, failed ? "cannot be read" : "expected less than 64 KiB");
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

static enum tool_exit read_plan(const char *path, struct tariff_plan *plan)
{
    char text[FILE_MAX];
    size_t n_text = 0;
    struct tariff_text_error error;
    enum tool_exit result = read_file(path, text, &n_text);
    if (result != EXIT_GOOD) {
        return result;
    }
    if (tariff_text_parse(text, n_text, plan, &error) != 0) {
        tool_complain("%s:%u:%u: %s", path, error.line, error.column, error.text);
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

static bool colour_wanted(void)
{
    const char *no = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && (no == NULL || *no == '\0');
}

/* ---- actions ---- */

static enum tool_exit act_check(struct tool *tool, char **arguments, int n_arguments)
{
    struct tariff_plan plan;
    (void)tool;
    (void)n_arguments;
    enum tool_exit result = read_plan(arguments[0], &plan);
    if (result == EXIT_GOOD) {
        printf("%s: plan \"%s\" is good: %u season%s, %u exception days, tariffs up to T%u\n",
               arguments[0], plan.name, plan.n_seasons, plan.n_seasons == 1 ? "" : "s",
               plan.n_exceptions, tariff_plan_highest(&plan));
    }
    return result;
}

static void print_activation(const struct meter_plan *found)
{
    struct calendar c;
    calendar_from_seconds(found->activation_s, &c);
    printf("\nWaiting, in force from %04u-%02u-%02uT%02u:%02uZ: ", c.year, c.month, c.day, c.hour,
           c.minute);
}

/** The meter's two plans. */
static enum tool_exit show_meter(struct tool *tool)
{
    struct meter_plan found;
    enum tool_exit result = tool_connect(tool);
    result = result == EXIT_GOOD ? tariff_meter_read(tool, false, &found) : result;
    if (result != EXIT_GOOD) {
        return result;
    }
    if (found.present) {
        tariff_picture(stdout, &found.plan, colour_wanted());
    } else {
        puts("No tariff plan in force");
    }
    result = tariff_meter_read(tool, true, &found);
    if (result == EXIT_GOOD && found.present) {
        print_activation(&found);
        tariff_picture(stdout, &found.plan, colour_wanted());
    }
    return result;
}

static enum tool_exit act_show(struct tool *tool, char **arguments, int n_arguments)
{
    struct tariff_plan plan;
    if (n_arguments == 0) {
        return show_meter(tool);
    }
    enum tool_exit result = read_plan(arguments[0], &plan);
    if (result == EXIT_GOOD) {
        tariff_picture(stdout, &plan, colour_wanted());
    }
    return result;
}

static enum tool_exit act_get(struct tool *tool, char **arguments, int n_arguments)
{
    struct meter_plan found;
    (void)arguments;
    (void)n_arguments;
    enum tool_exit result = tool_connect(tool);
    result = result == EXIT_GOOD ? tariff_meter_read(tool, false, &found) : result;
    if (result == EXIT_GOOD && !found.present) {
        tool_complain("the meter has no tariff plan in force");
        return EXIT_UNKNOWN;
    }
    if (result == EXIT_GOOD) {
        tariff_text_print(stdout, &found.plan);
    }
    return result;
}

static enum tool_exit act_upload(struct tool *tool, char **arguments, int n_arguments)
{
    struct tariff_plan plan;
    int64_t activation_s = 0;
    if (n_arguments == 2 &&
        !tariff_text_instant(arguments[1], strlen(arguments[1]), &activation_s)) {
        tool_complain("expected an instant like 2027-01-01T00:00Z, found '%s'", arguments[1]);
        return EXIT_USAGE;
    }
    enum tool_exit result = read_plan(arguments[0], &plan);
    result = result == EXIT_GOOD ? tool_connect(tool) : result;
    result = result == EXIT_GOOD ? tariff_meter_write(tool, &plan, activation_s) : result;
    if (result == EXIT_GOOD) {
        printf("plan \"%s\" is in the meter, read back and compared; in force %s\n", plan.name,
               activation_s == 0 ? "now" : arguments[1]);
    }
    return result;
}

static bool whole(const char *text, long least, long most, long *value)
{
    char *end = NULL;
    *value = strtol(text, &end, 10);
    return *text != '\0' && *end == '\0' && *value >= least && *value <= most;
}

static enum tool_exit act_force(struct tool *tool, char **arguments, int n_arguments)
{
    const char *text = arguments[0][0] == 'T' ? arguments[0] + 1 : arguments[0];
    long tariff = 0, minutes = 0;
    if (!whole(text, 1, 8, &tariff)) {
        tool_complain("expected a tariff from T1 to T8, found '%s'", arguments[0]);
        return EXIT_USAGE;
    }
    if (n_arguments == 2 && !whole(arguments[1], 1, 65535, &minutes)) {
        tool_complain("expected minutes from 1 to 65535, found '%s'", arguments[1]);
        return EXIT_USAGE;
    }
    enum tool_exit result = tool_connect(tool);
    return result == EXIT_GOOD ? tariff_meter_force(tool, (unsigned)tariff, (unsigned)minutes)
                               : result;
}

static enum tool_exit act_release(struct tool *tool, char **arguments, int n_arguments)
{
    (void)arguments;
    (void)n_arguments;
    enum tool_exit result = tool_connect(tool);
    return result == EXIT_GOOD ? tariff_meter_force(tool, 0, 0) : result;
}

static const struct {
    const char *name, *arguments;
    int least, most; /* how many arguments */
    enum tool_exit (*act)(struct tool *tool, char **arguments, int n_arguments);
} actions[] = {
    {"check", "FILE", 1, 1, act_check},
    {"show", "[FILE]", 0, 1, act_show},
    {"get", "", 0, 0, act_get},
    {"upload", "FILE [INSTANT]", 1, 2, act_upload},
    {"force", "TARIFF [MINUTES]", 1, 2, act_force},
    {"release", "", 0, 0, act_release},
};
#define N_ACTIONS (sizeof actions / sizeof actions[0])

enum tool_exit command_tariff(struct tool *tool, int n_arguments, char **arguments)
{
    if (tool->options.format != FORMAT_TABLE) {
        tool_complain("tariff prints plans as text: expected neither --json nor --csv");
        return EXIT_USAGE;
    }
    for (size_t i = 0; n_arguments > 0 && i < N_ACTIONS; i++) {
        if (strcmp(arguments[0], actions[i].name) != 0) {
            continue;
        }
        if (n_arguments - 1 < actions[i].least || n_arguments - 1 > actions[i].most) {
            tool_complain("expected metertool tariff %s %s", actions[i].name, actions[i].arguments);
            return EXIT_USAGE;
        }
        return actions[i].act(tool, arguments + 1, n_arguments - 1);
    }
    tool_complain("expected metertool tariff check, show, get, upload, force or release%s%s%s",
                  n_arguments > 0 ? ", found '" : "", n_arguments > 0 ? arguments[0] : "",
                  n_arguments > 0 ? "'" : "");
    return EXIT_USAGE;
}
