/* metertool listen: what meters of any make say unasked. */
#include <string.h>

#include "commands.h"
#include "decode.h"
#include "push_show.h"

enum tool_exit command_listen(struct tool *tool, int n_arguments, char **arguments)
{
    static const struct {
        const char *what;
        enum tool_exit (*run)(struct tool *tool, int n_arguments, char **arguments);
    } listeners[] = {{"consumer", listen_consumer}, {"wmbus", listen_wmbus}};
    for (size_t i = 0; n_arguments > 0 && i < sizeof listeners / sizeof listeners[0]; i++) {
        if (strcmp(arguments[0], listeners[i].what) == 0) {
            return listeners[i].run(tool, n_arguments - 1, arguments + 1);
        }
    }
    tool_complain("listen: expected consumer and a port, or wmbus and a medium, "
                  "udp:239.3.8.2:3820, unix:FOLDER or cu8:FILE");
    return EXIT_USAGE;
}
