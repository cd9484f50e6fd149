/* metertool module: the set-up of a network module through the menu of its configuration port
 * (docs/network-module.md). */
#include <stdio.h>
#include <string.h>

#include "commands.h"

#define SAID_MAX   4096u
#define TIMEOUT_MS 5000

struct menu {
    struct line *line;
    int64_t timeout_ms;
    char said[SAID_MAX]; /* since the last command */
};

/* Until the menu waits for a command or for the PIN.  @return false: it does not come to that */
static bool hear(struct menu *menu)
{
    size_t n = 0;
    const int64_t end_ms = line_now_ms() + menu->timeout_ms;
    while (n + 1u < SAID_MAX) {
        const int64_t left_ms = end_ms - line_now_ms();
        const int got = left_ms > 0 ? line_read(menu->line, (uint8_t *)menu->said + n,
                                                SAID_MAX - 1u - n, left_ms)
                                    : 0;
        if (got <= 0) {
            break;
        }
        n += (size_t)got;
        menu->said[n] = '\0';
        if ((n >= 2 && strcmp(menu->said + n - 2, "> ") == 0) ||
            (n >= 5 && strcmp(menu->said + n - 5, "PIN: ") == 0)) {
            return true;
        }
    }
    menu->said[n] = '\0';
    return false;
}

static bool tell(struct menu *menu, const char *command, const char *text)
{
    char all[256];
    const int n = snprintf(all, sizeof all, "%s%s\r\n", command, text);
    return n > 0 && (size_t)n < sizeof all && line_write(menu->line, all, (size_t)n) == HOST_OK &&
           hear(menu);
}

static enum tool_exit no_menu(const char *where, const struct menu *menu)
{
    if (strncmp(menu->said, "wrong PIN", 9) == 0 || strncmp(menu->said, "too many", 8) == 0) {
        tool_complain("module %s: %.*s", where, (int)strcspn(menu->said, "\r\n"), menu->said);
    } else {
        tool_complain("module %s: no menu answers; is that the configuration port, and may this "
                      "address connect?",
                      where);
    }
    return EXIT_METER;
}

/* The menu's lines but for its prompt. */
static void print(const char *said)
{
    for (const char *at = said; *at != '\0' && strcmp(at, "> ") != 0;) {
        const size_t length = strcspn(at, "\r\n");
        printf("%.*s\n", (int)length, at);
        at += length;
        at += *at == '\r' ? 1 : 0;
        at += *at == '\n' ? 1 : 0;
    }
}

static enum tool_exit set(struct menu *menu, const char *where, int n_items, char **items)
{
    for (int i = 0; i < n_items; i++) {
        if (strchr(items[i], '=') == NULL || strlen(items[i]) > 160) {
            tool_complain("module set: expected NAME=VALUE, found '%.100s'", items[i]);
            return EXIT_USAGE;
        }
    }
    for (int i = 0; i < n_items; i++) {
        if (!tell(menu, "!SC ", items[i])) {
            return no_menu(where, menu);
        }
        if (strncmp(menu->said, "ok", 2) != 0) {
            const char *said = strncmp(menu->said, "error: ", 7) == 0 ? menu->said + 7 : menu->said;
            tool_complain("module %s: %.*s%s", where, (int)strcspn(said, "\r\n"), said,
                          i > 0 ? "; what stands before it is set" : "");
            return EXIT_METER;
        }
    }
    return EXIT_GOOD;
}

static enum tool_exit act(struct tool *tool, struct menu *menu, int n_arguments, char **arguments)
{
    const char *where = arguments[1];
    const char *pin = tool->options.password_text;
    if (!hear(menu)) {
        return no_menu(where, menu);
    }
    if (strstr(menu->said, "PIN: ") != NULL && pin == NULL) {
        tool_complain("module %s: a PIN is asked for, give it with --password", where);
        return EXIT_USAGE;
    }
    if (strstr(menu->said, "PIN: ") != NULL && !tell(menu, pin, "")) {
        return no_menu(where, menu);
    }
    if (strcmp(arguments[0], "set") == 0) {
        return set(menu, where, n_arguments - 2, arguments + 2);
    }
    if (!tell(menu, "!GC", "")) {
        return no_menu(where, menu);
    }
    print(menu->said);
    return EXIT_GOOD;
}

enum tool_exit command_module(struct tool *tool, int n_arguments, char **arguments)
{
    struct meter_url url;
    char text[220], error[400];
    struct menu menu = {.line = &tool->line, .timeout_ms = tool->options.timeout_ms};
    const bool show = n_arguments == 2 && strcmp(arguments[0], "show") == 0;
    if (!show && (n_arguments < 3 || strcmp(arguments[0], "set") != 0)) {
        tool_complain("module: expected show HOST:PORT, or set HOST:PORT NAME=VALUE ...");
        return EXIT_USAGE;
    }
    const char *at = strncmp(arguments[1], "tcp://", 6) == 0 ? arguments[1] + 6 : arguments[1];
    (void)snprintf(text, sizeof text, "kmp+tcp://%.200s", at);
    if (strchr(at, ':') == NULL || meter_url_parse(text, &url, error, sizeof error) != HOST_OK) {
        tool_complain("module: expected HOST:PORT, found '%.100s'", arguments[1]);
        return EXIT_USAGE;
    }
    if (menu.timeout_ms <= 0) {
        menu.timeout_ms = TIMEOUT_MS;
    }
    if (line_open(&tool->line, &url, tool->options.verbose ? stderr : NULL) != HOST_OK) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    return act(tool, &menu, n_arguments, arguments);
}
