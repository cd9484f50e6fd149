/*
 * metertool: reads electricity meters of the 382 and 162 families, real and virtual.
 * Not affiliated with Kamstrup, the maker of the meters whose protocols it speaks.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"

#define OPTIONS_MAX  48
#define PASSWORD_MAX 32u

/** getopt's two forms of the option table. */
struct option_forms {
    struct option longs[OPTIONS_MAX + 1];
    char shorts[2 * OPTIONS_MAX + 2];
};

static void make_forms(struct option_forms *forms)
{
    size_t at = 0;
    memset(forms, 0, sizeof *forms);
    for (size_t i = 0; i < option_rows_length && i < OPTIONS_MAX; i++) {
        const struct option_row *row = &option_rows[i];
        forms->longs[i].name = row->name;
        forms->longs[i].has_arg = row->argument != NULL ? required_argument : no_argument;
        forms->longs[i].val = row->letter;
        if (row->letter >= OPTION_SOURCE) {
            continue;
        }
        forms->shorts[at++] = (char)row->letter;
        if (row->argument != NULL) {
            forms->shorts[at++] = ':';
        }
    }
}

/** Whole number from 0 to highest.  @return false, with a complaint: it is none. */
static bool take_number(const char *name, const char *text, long highest, long *number)
{
    char *end = NULL;
    long value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < 0 || value > highest) {
        tool_complain("%s '%s': expected a whole number from 0 to %ld", name, text, highest);
        return false;
    }
    *number = value;
    return true;
}

/** A number for KMP; over IEC 62056-21 whatever may stand between brackets. */
static bool take_password(const char *name, const char *text, struct tool_options *options)
{
    char *end = NULL;
    const long number = strtol(text, &end, 10);
    const size_t n = strlen(text);
    options->password_word = n == 0 || strspn(text, "0123456789") != n || number > UINT16_MAX;
    options->password = options->password_word ? 0 : (uint16_t)number;
    options->password_text = text;
    for (size_t i = 0; i < n; i++) {
        if (n > PASSWORD_MAX || text[i] < ' ' || text[i] > '~' || strchr("()", text[i]) != NULL) {
            tool_complain("%s: expected up to %u printable characters without brackets", name,
                          PASSWORD_MAX);
            return false;
        }
    }
    return true;
}

/** First line of a file that is its owner's alone. */
static bool take_password_file(const char *path, struct tool_options *options)
{
    static char text[PASSWORD_MAX + 2];
    struct stat status;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        tool_complain("--password-file: %s: %s", path, strerror(errno));
        return false;
    }
    const bool others = fstat(fileno(file), &status) != 0 || (status.st_mode & 077) != 0;
    const bool read = !others && fgets(text, sizeof text, file) != NULL;
    fclose(file);
    text[strcspn(text, "\r\n")] = '\0';
    if (others) {
        tool_complain("--password-file: %s: expected a file that only its owner may read (chmod "
                      "600)",
                      path);
        return false;
    }
    if (!read || text[0] == '\0') {
        tool_complain("--password-file: %s: expected a password in its first line", path);
        return false;
    }
    return take_password("--password-file", text, options);
}

static bool take_interval(const char *text, double *interval_s)
{
    char *end = NULL;
    double value = strtod(text, &end);
    if (*text == '\0' || *end != '\0' || !(value >= 0.0 && value <= 86400.0)) {
        tool_complain("--interval '%s': expected seconds from 0 to 86400", text);
        return false;
    }
    *interval_s = value;
    return true;
}

static bool take_format(enum tool_format format, enum tool_format *chosen)
{
    if (*chosen != FORMAT_TABLE && *chosen != format) {
        tool_complain("--json and --csv: expected one of them");
        return false;
    }
    *chosen = format;
    return true;
}

enum parse_result { PARSE_GO_ON, PARSE_BAD, PARSE_HELP, PARSE_VERSION };

static enum parse_result take_option(struct tool_options *options, int letter, const char *text)
{
    bool good = true;
    switch (letter) {
    case 'm': options->meter = text; break;
    case 'j': good = take_format(FORMAT_JSON, &options->format); break;
    case 'c': good = take_format(FORMAT_CSV, &options->format); break;
    case 't': good = take_number("--timeout", text, 600000, &options->timeout_ms); break;
    case 'r': good = take_number("--retries", text, 100, &options->retries); break;
    case 'i': good = take_interval(text, &options->interval_s); break;
    case 'n': good = take_number("--count", text, 1000000000, &options->count); break;
    case 'F': options->from = text; break;
    case 'T': options->to = text; break;
    case 'y': options->yes = true; break;
    case 'D': options->max_difference = text; break;
    case 'M': options->make = true; break;
    case 'p': good = take_password("--password", text, options); break;
    case OPTION_PASSWORD_FILE: good = take_password_file(text, options); break;
    case OPTION_SOURCE: options->source = text; break;
    case OPTION_SHORT: options->shortened = true; break;
    case OPTION_DRY_RUN: options->dry_run = true; break;
    case OPTION_REPORT: options->report = text; break;
    case OPTION_SHOW: options->show = true; break;
    case OPTION_KEYS: options->keys = text; break;
    case OPTION_HEX: options->hex = true; break;
    case OPTION_RTL433: options->rtl433 = true; break;
    case OPTION_SAMPLES: options->samples = text; break;
    case OPTION_FILTER: options->filter = text; break;
    case 'o': options->output = text; break;
    case 'v': options->verbose = true; break;
    case 'h': return PARSE_HELP;
    case 'V': return PARSE_VERSION;
    default: good = false; break; /* getopt has complained */
    }
    return good ? PARSE_GO_ON : PARSE_BAD;
}

static enum parse_result parse_options(struct tool_options *options, int argc, char **argv)
{
    struct option_forms forms;
    enum parse_result result = PARSE_GO_ON;
    int letter;
    make_forms(&forms);
    while (result == PARSE_GO_ON &&
           (letter = getopt_long(argc, argv, forms.shorts, forms.longs, NULL)) != -1) {
        result = take_option(options, letter, optarg);
    }
    return result;
}

static enum tool_exit run_command(struct tool *tool, int n_arguments, char **arguments)
{
    if (n_arguments == 0) {
        tool_complain("no command; metertool help lists them");
        return EXIT_USAGE;
    }
    const struct command *command = command_by_name(arguments[0]);
    if (command == NULL) {
        tool_complain("no command '%s'; metertool help lists them", arguments[0]);
        return EXIT_USAGE;
    }
    tool->takes_dlms = command_takes_dlms(command);
    enum tool_exit result = command->needs_meter ? tool_connect(tool) : EXIT_GOOD;
    if (result == EXIT_GOOD) {
        result = command->run(tool, n_arguments - 1, arguments + 1);
    }
    iec_programming_close(&tool->programming);
    dlms_meter_close(tool);
    line_close(&tool->line);
    return result;
}

int main(int argc, char **argv)
{
    static struct tool tool; /* large, and there is one */
    memset(&tool, 0, sizeof tool);
    tool.line.fd = -1;
    tool.options = (struct tool_options){
        .meter = getenv("METERTOOL_METER"), .timeout_ms = -1, .retries = 2, .interval_s = 1.0};
    const char *password = getenv("METERTOOL_PASSWORD");
    if (password != NULL && !take_password("METERTOOL_PASSWORD", password, &tool.options)) {
        return EXIT_USAGE;
    }
    switch (parse_options(&tool.options, argc, argv)) {
    case PARSE_BAD: return EXIT_USAGE;
    case PARSE_HELP: return (int)command_help(&tool, argc - optind, argv + optind);
    case PARSE_VERSION: puts("metertool " OPEN382_VERSION); return EXIT_GOOD;
    case PARSE_GO_ON: break;
    }
    enum tool_exit result = run_command(&tool, argc - optind, argv + optind);
    if (fflush(stdout) != 0) {
        tool_complain("cannot write the output");
        return EXIT_METER;
    }
    return (int)result;
}
