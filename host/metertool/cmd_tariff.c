/* metertool tariff: plans as files and in the meter. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/tariff_text.h"
#include "commands.h"
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

static enum tool_exit act_show(struct tool *tool, char **arguments, int n_arguments)
{
    struct tariff_plan plan;
    (void)tool;
    (void)n_arguments;
    enum tool_exit result = read_plan(arguments[0], &plan);
    if (result == EXIT_GOOD) {
        tariff_picture(stdout, &plan, colour_wanted());
    }
    return result;
}

static const struct {
    const char *name, *arguments;
    int least, most; /* how many arguments */
    enum tool_exit (*act)(struct tool *tool, char **arguments, int n_arguments);
} actions[] = {
    {"check", "FILE", 1, 1, act_check},
    {"show", "FILE", 1, 1, act_show},
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
    tool_complain("expected metertool tariff check FILE or show FILE%s%s%s",
                  n_arguments > 0 ? ", found '" : "", n_arguments > 0 ? arguments[0] : "",
                  n_arguments > 0 ? "'" : "");
    return EXIT_USAGE;
}
