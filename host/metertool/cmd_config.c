/* metertool config: order numbers, and the configuration of a meter. */
#include <string.h>

#include "cmd_config.h"
#include "commands.h"

static const struct {
    const char *name;
    enum tool_exit (*act)(struct tool *tool, int n_arguments, char **arguments);
} actions[] = {
    {"show", config_show},
    {"save", config_save},
    {"check", config_check},
    {"diff", config_differences},
    {"apply", config_apply},
    {"set", config_set},
    {"order-number", config_order_number},
};
#define N_ACTIONS (sizeof actions / sizeof actions[0])

enum tool_exit command_config(struct tool *tool, int n_arguments, char **arguments)
{
    if (tool->options.format == FORMAT_CSV) {
        tool_complain("config prints text or JSON: expected no --csv");
        return EXIT_USAGE;
    }
    for (size_t i = 0; n_arguments > 0 && i < N_ACTIONS; i++) {
        if (strcmp(arguments[0], actions[i].name) == 0) {
            return actions[i].act(tool, n_arguments - 1, arguments + 1);
        }
    }
    char list[200] = "";
    for (size_t i = 0; i < N_ACTIONS; i++) {
        size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, "%s%s", i > 0 ? ", " : "", actions[i].name);
    }
    tool_complain("expected metertool config %s%s%s%s", list, n_arguments > 0 ? ", found '" : "",
                  n_arguments > 0 ? arguments[0] : "", n_arguments > 0 ? "'" : "");
    return EXIT_USAGE;
}
