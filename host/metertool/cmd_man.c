/* metertool man: the manual page, printed from the same tables as the help. */
#include <string.h>

#include "commands.h"

/** Text with what troff would take for its own taken care of. */
static void print_plain(const char *text)
{
    bool line_begins = true;
    for (; *text != '\0'; text++) {
        if (line_begins && (*text == '.' || *text == '\'')) {
            fputs("\\&", stdout);
        }
        if (*text == '\\' || *text == '-') {
            putchar('\\');
        }
        putchar(*text);
        line_begins = *text == '\n';
    }
}

static void print_item(const char *form, const char *argument, const char *summary)
{
    fputs(".TP\n.B ", stdout);
    print_plain(form);
    if (argument != NULL && argument[0] != '\0') {
        putchar(' ');
        print_plain(argument);
    }
    putchar('\n');
    print_plain(summary);
    putchar('\n');
}

static void print_section(const char *title, const char *text)
{
    printf(".SH %s\n.nf\n", title);
    print_plain(text);
    puts(".fi");
}

enum tool_exit command_man(struct tool *tool, int n_arguments, char **arguments)
{
    (void)tool;
    if (n_arguments > 0) {
        tool_complain("man takes no argument, but '%s' was given", arguments[0]);
        return EXIT_USAGE;
    }
    puts(".TH METERTOOL 1 \"\" \"open382 " OPEN382_VERSION "\"\n"
         ".SH NAME\nmetertool \\- read electricity meters of the 382 and 162 families\n"
         ".SH SYNOPSIS\n.B metertool \\-m\n.I URL COMMAND\n[\n.I ARGUMENT ...\n]\n"
         ".SH COMMANDS");
    for (size_t i = 0; i < commands_length; i++) {
        print_item(commands[i].name, commands[i].arguments, commands[i].summary);
    }
    puts(".SH OPTIONS");
    for (size_t i = 0; i < option_rows_length; i++) {
        const struct option_row *row = &option_rows[i];
        char form[40], letter[8];
        option_letter_text(row, letter);
        snprintf(form, sizeof form, "%s--%s", letter, row->name);
        print_item(form, row->argument, row->summary);
    }
    print_section("ADDRESSES", help_addresses);
    print_section("REGISTERS", help_registers);
    print_section("EXIT STATUS", help_exits);
    return EXIT_GOOD;
}
