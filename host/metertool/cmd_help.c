/* metertool help, completion, registers: what is printed from the tables. */
#include <string.h>

#include "commands.h"

const char help_addresses[] =
    "Addresses (URL):\n"
    "  kmp:/dev/ttyUSB0[?baud=9600]      KMP through an optical head, 8N2\n"
    "  kmp+tcp://HOST:PORT               KMP over TCP\n"
    "  iec:/dev/ttyUSB0[?baud=300]       IEC 62056-21 through an optical head, 7E1\n"
    "  iec+tcp://HOST:PORT               IEC 62056-21 over TCP\n"
    "  dlms://HOST[:4059]                DLMS/COSEM over TCP (dlms+udp:// over UDP)\n"
    "  dlms-hdlc:/dev/ttyUSB0            DLMS/COSEM in HDLC, 8N1; hdlc+tcp://HOST:PORT\n"
    "  mbus:/dev/ttyUSB0[?baud=2400]     wired M-Bus, 8E1; mbus+tcp://HOST:PORT (command mbus)\n"
    "  kmp+listen://HOST:PORT            the meter calls: wait there; hdlc+, dlms+, iec+listen\n"
    "  for DLMS also ?client=16&server=1&auth=lls ..., see docs/metertool.md\n"
    "  for IEC also ?address=NUMBER (calls one meter) and ?speed=9600 (mode C)\n";

const char help_registers[] =
    "A REGISTER is a short code (1.8.0), full OBIS (1-1:1.8.0.255), name (\"Voltage L1\") or its\n"
    "beginning (voltage), display label (U, A+), or KMP id (0x041E, 1054), known or not.\n";

const char help_exits[] = "Exit codes: 0 good, 1 meter did not answer properly, 2 usage, "
                          "3 register unknown to the meter,\n4 calibrated but still beyond 0.2 %, "
                          "130 calibration stopped.\n";

static void print_options(void)
{
    for (size_t i = 0; i < option_rows_length; i++) {
        const struct option_row *row = &option_rows[i];
        char form[40], letter[8];
        option_letter_text(row, letter);
        snprintf(form, sizeof form, "--%s%s%s", row->name, row->argument != NULL ? " " : "",
                 row->argument != NULL ? row->argument : "");
        printf("  %-4s%-16s %s\n", letter, form, row->summary);
    }
}

static void print_command(const struct command *command)
{
    char form[40];
    snprintf(form, sizeof form, "%s %s", command->name, command->arguments);
    printf("  %-26s %s\n", form, command->summary);
}

enum tool_exit command_help(struct tool *tool, int n_arguments, char **arguments)
{
    (void)tool;
    if (n_arguments > 0) {
        const struct command *command = command_by_name(arguments[0]);
        if (command == NULL) {
            tool_complain("no command '%s'; metertool help lists them", arguments[0]);
            return EXIT_USAGE;
        }
        printf("Usage: metertool%s %s %s\n\n  %s\n\n", command->needs_meter ? " -m URL" : "",
               command->name, command->arguments, command->summary);
        fputs(command->completes_registers ? help_registers : "", stdout);
        return EXIT_GOOD;
    }
    puts("Usage: metertool -m URL COMMAND [ARGUMENT ...]\n\n"
         "Reads electricity meters of the 382 and 162 families, real and virtual.\n\nCommands:");
    for (size_t i = 0; i < commands_length; i++) {
        print_command(&commands[i]);
    }
    puts("\nOptions:");
    print_options();
    printf("\n%s\n%s\n%s", help_addresses, help_registers, help_exits);
    return EXIT_GOOD;
}

static void print_words(void)
{
    printf("    local commands=\"");
    for (size_t i = 0; i < commands_length; i++) {
        printf("%s%s", i > 0 ? " " : "", commands[i].name);
    }
    printf("\"\n    local options=\"");
    for (size_t i = 0; i < option_rows_length; i++) {
        printf("%s--%s", i > 0 ? " " : "", option_rows[i].name);
    }
    printf("\"\n    local registers=\"");
    const char *separator = "";
    for (size_t i = 0; i < register_table_length; i++) {
        if (register_table[i].code[0] != '\0') {
            printf("%s%s", separator, register_table[i].code);
            separator = " ";
        }
    }
    puts("\"");
}

/** Words after which registers are completed: "read|watch". */
static void print_register_commands(void)
{
    const char *separator = "";
    for (size_t i = 0; i < commands_length; i++) {
        if (commands[i].completes_registers) {
            printf("%s%s", separator, commands[i].name);
            separator = "|";
        }
    }
}

/** Is that word a whole word of the text before it? */
static bool said_before(const char *text, const char *word, size_t n)
{
    for (const char *at = text; at < word; at++) {
        if (strncmp(at, word, n) == 0 && strchr(" |]", at[n]) != NULL) {
            return true;
        }
    }
    return false;
}

/** The lower-case words of a command's arguments: "show [FILE] | get": show get. */
static void print_own_words(const struct command *command)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz-";
    const char *text = command->arguments, *separator = "";
    size_t n = 1;
    for (const char *at = text; *at != '\0'; at += n) {
        n = strspn(at, letters);
        const bool begins = at == text || strchr(" |[", at[-1]) != NULL;
        const bool ends = at[n] == '\0' || strchr(" |]", at[n]) != NULL;
        if (n > 2 && begins && ends && *at != '-' && !said_before(text, at, n)) {
            printf("%s%.*s", separator, (int)n, at);
            separator = " ";
        }
        n = n > 0 ? n : 1;
    }
}

static void print_own_cases(void)
{
    for (size_t i = 0; i < commands_length; i++) {
        if (!commands[i].completes_registers && strcmp(commands[i].name, "help") != 0) {
            printf("    %s) COMPREPLY=($(compgen -f -W \"", commands[i].name);
            print_own_words(&commands[i]);
            puts("\" -- \"$word\")) ;;");
        }
    }
}

enum tool_exit command_completion(struct tool *tool, int n_arguments, char **arguments)
{
    (void)tool;
    if (n_arguments != 1 || strcmp(arguments[0], "bash") != 0) {
        tool_complain("completion is there for one shell: metertool completion bash");
        return EXIT_USAGE;
    }
    puts("_metertool()\n{\n    local word=\"${COMP_WORDS[COMP_CWORD]}\" command=\"\" i");
    print_words();
    puts(
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        case \" $commands \" in *\" ${COMP_WORDS[i]} \"*) command=\"${COMP_WORDS[i]}\" ;; "
        "esac\n"
        "    done\n"
        "    case \"$word\" in\n"
        "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")); return ;;\n"
        "    esac\n"
        "    case \"$command\" in\n"
        "    \"\") COMPREPLY=($(compgen -W \"$commands\" -- \"$word\")) ;;\n"
        "    help) COMPREPLY=($(compgen -W \"$commands\" -- \"$word\")) ;;");
    print_own_cases();
    printf("    ");
    print_register_commands();
    puts(") COMPREPLY=($(compgen -W \"$registers\" -- \"$word\")) ;;\n"
         "    esac\n}\ncomplete -F _metertool metertool");
    return EXIT_GOOD;
}

enum tool_exit command_registers(struct tool *tool, int n_arguments, char **arguments)
{
    struct selection *selection = &tool->selection;
    for (size_t i = 0; n_arguments == 0 && i < register_table_length; i++) {
        selection_add_register(selection, &register_table[i]);
    }
    if (n_arguments > 0 && select_registers(tool, n_arguments, arguments) != EXIT_GOOD) {
        return EXIT_USAGE;
    }
    printf("%-12s %-7s %-9s %s\n", "OBIS", "KMP", "Label", "Name");
    for (size_t i = 0; i < selection->length; i++) {
        const struct selected *selected = &selection->items[i];
        char id[12] = "";
        if (selected->kmp_id >= 0) {
            snprintf(id, sizeof id, "0x%04X", (unsigned)selected->kmp_id);
        }
        printf("%-12s %-7s %-9s %s\n", selected->code, id,
               selected->def != NULL ? selected->def->label : "",
               selected->def != NULL ? selected->def->name : "(not in our table)");
    }
    return EXIT_GOOD;
}
