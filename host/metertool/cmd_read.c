/* metertool read and dump. */
#include <string.h>

#include "commands.h"
#include "output.h"

/* What people look at: asked for when no register is named, shown as far as the meter has it. */
static const char *const usual[] = {
    "1.8.0",  "2.8.0",  "3.8.0",  "4.8.0",  "1.7.0",  "2.7.0",  "3.7.0",  "4.7.0",  "32.7.0",
    "52.7.0", "72.7.0", "31.7.0", "51.7.0", "71.7.0", "21.7.0", "41.7.0", "61.7.0", "96.8.0",
};

enum tool_exit select_registers(struct tool *tool, int n_arguments, char **arguments)
{
    struct selection *selection = &tool->selection;
    for (int i = 0; i < n_arguments; i++) {
        if (selection_add(selection, arguments[i]) == 0) {
            tool_complain("no register '%s'; metertool registers lists those that have a name, "
                          "0xID asks for any other",
                          arguments[i]);
            return EXIT_USAGE;
        }
        bool kmp = tool->line.fd >= 0 && tool->line.url.protocol == METER_KMP;
        if (kmp && selection->items[selection->length - 1].kmp_id < 0) {
            tool_complain("no KMP id known for '%s'; give one as 0xID", arguments[i]);
            return EXIT_USAGE;
        }
    }
    return EXIT_GOOD;
}

void select_usual(struct tool *tool)
{
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        const struct register_def *def = register_by_code(usual[i]);
        if (def != NULL) {
            selection_add_register(&tool->selection, def);
        }
    }
}

enum tool_exit command_read(struct tool *tool, int n_arguments, char **arguments)
{
    enum tool_exit result = select_registers(tool, n_arguments, arguments);
    if (result != EXIT_GOOD) {
        return result;
    }
    if (n_arguments == 0 && tool->line.url.protocol != METER_IEC) {
        select_usual(tool);
    }
    result = tool_read(tool);
    if (result != EXIT_GOOD) {
        return result;
    }
    if (n_arguments == 0 && tool_report_nothing(tool)) {
        return EXIT_UNKNOWN;
    }
    output_readings(tool);
    return n_arguments > 0 && tool_report_missing(tool) ? EXIT_UNKNOWN : EXIT_GOOD;
}

enum tool_exit command_dump(struct tool *tool, int n_arguments, char **arguments)
{
    if (n_arguments > 0) {
        tool_complain("dump takes no argument, but '%s' was given; see metertool read",
                      arguments[0]);
        return EXIT_USAGE;
    }
    for (size_t i = 0; tool->line.url.protocol == METER_KMP && i < register_table_length; i++) {
        selection_add_register(&tool->selection, &register_table[i]);
    }
    enum tool_exit result = tool_read(tool);
    if (result != EXIT_GOOD) {
        return result;
    }
    if (tool_report_nothing(tool)) {
        return EXIT_UNKNOWN;
    }
    output_readings(tool);
    return EXIT_GOOD;
}
