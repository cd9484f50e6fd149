/* The programming mode of IEC 62056-21, as the commands use it. */
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define CLOCK_CODE "1.0.0"

enum tool_exit tool_iec_open(struct tool *tool, char mode)
{
    const char *password = tool->options.password_text;
    if (tool->programming.open) {
        return EXIT_GOOD;
    }
    if (iec_programming_open(&tool->programming, &tool->iec, mode,
                             password != NULL ? password : "0") != HOST_OK) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

/** What a meter says in an answer, for a message. */
static enum tool_exit odd(struct tool *tool, const char *code)
{
    char where[256];
    line_describe(&tool->line, where, sizeof where);
    tool_complain("%s: %s: the answer is not understood: '%.60s'", where, code,
                  tool->programming.dialog.text);
    return EXIT_METER;
}

enum tool_exit tool_iec_register(struct tool *tool, const char *code, struct readings *readings)
{
    char data[40];
    struct iec_item item;
    const struct iec_dialog *dialog = &tool->programming.dialog;
    const enum tool_exit opened = tool_iec_open(tool, '1');
    if (opened != EXIT_GOOD) {
        return opened;
    }
    snprintf(data, sizeof data, "%.30s()", code);
    const int answer =
        iec_programming_ask(&tool->programming, strcmp(code, CLOCK_CODE) == 0 ? "R5" : "R1", data);
    if (answer < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    if (answer == IEC_ANSWER_REFUSED) {
        return EXIT_UNKNOWN;
    }
    const char *at = dialog->text;
    if (answer != IEC_ANSWER_DATA || iec_item_next(&at, at + dialog->length, &item) != 1 ||
        item.n_address != strlen(code) || memcmp(item.address, code, item.n_address) != 0) {
        return odd(tool, code);
    }
    return readings_add_iec(readings, &item) ? EXIT_GOOD : odd(tool, code);
}

enum tool_exit tool_iec_number(struct tool *tool, const char *code, int64_t *number)
{
    static struct readings answer; /* large */
    char *end = NULL;
    answer.length = 0;
    const enum tool_exit result = tool_iec_register(tool, code, &answer);
    if (result != EXIT_GOOD) {
        return result;
    }
    const char *text = answer.items[0].text;
    *number = strtoll(text, &end, 10);
    return text[0] != '\0' && *end == '\0' ? EXIT_GOOD : odd(tool, code);
}

enum tool_exit tool_iec_write(struct tool *tool, const char *command, const char *code,
                              const char *brackets)
{
    char data[IEC_PROGRAMMING_MESSAGE_MAX];
    const enum tool_exit opened = tool_iec_open(tool, '1');
    if (opened != EXIT_GOOD) {
        return opened;
    }
    snprintf(data, sizeof data, "%s%s", code, brackets);
    const int answer = iec_programming_ask(&tool->programming, command, data);
    if (answer < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    if (answer == IEC_ANSWER_REFUSED) {
        tool_complain("the meter refuses %s%.60s: %.40s", code, brackets,
                      tool->programming.dialog.text);
        return EXIT_METER;
    }
    return answer == IEC_ANSWER_ACK ? EXIT_GOOD : odd(tool, code);
}
