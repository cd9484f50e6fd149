/* metertool testmode: which energy LED and S0 show (operation state, X-MET-3). */
#include <jansson.h>
#include <strings.h>

#include "commands.h"

#define OPERATION_CODE     "96.5.1"
#define ID_OPERATION_STATE 1032u
#define KMP_UNIT_NUMBER    51u

/* Words of the command line, and what is printed; the first row of a state is its name. */
static const struct {
    const char *word;
    uint8_t state;
} words[] = {{"off", 1}, {"A+", 2}, {"A-", 3}, {"R+", 4}, {"R-", 5}, {"on", 2}};
#define N_WORDS (sizeof words / sizeof words[0])

static uint8_t state_of(const char *word)
{
    for (size_t i = 0; i < N_WORDS; i++) {
        if (strcasecmp(words[i].word, word) == 0) {
            return words[i].state;
        }
    }
    return 0;
}

static const char *word_of(int64_t state)
{
    for (size_t i = 0; i < N_WORDS; i++) {
        if (words[i].state == state) {
            return words[i].word;
        }
    }
    return NULL;
}

static void print_state(const struct tool *tool, int64_t state)
{
    const char *word = word_of(state);
    if (tool->options.format == FORMAT_JSON) {
        json_t *all = json_pack("{s:I, s:b, s:s}", "operation_state", (json_int_t)state,
                                "test_mode", state != 1, "led",
                                state == 1     ? "A+"
                                : word == NULL ? ""
                                               : word);
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(all);
    } else if (tool->options.format == FORMAT_CSV) {
        printf("operation_state\n%lld\n", (long long)state);
    } else if (state == 1) {
        puts("normal: the LED shows A+");
    } else if (word == NULL) {
        printf("operation state %lld\n", (long long)state);
    } else {
        printf("test mode: the LED shows %s\n", word);
    }
}

/* What the meter says now.  Complains itself. */
static enum tool_exit read_state(struct tool *tool, int64_t *state)
{
    const uint16_t id = ID_OPERATION_STATE;
    struct kmp_value value;
    int exponent = 0;
    if (tool->line.url.protocol == METER_IEC) {
        const enum tool_exit result = tool_iec_number(tool, OPERATION_CODE, state);
        if (result == EXIT_UNKNOWN) {
            tool_complain("the meter does not have " OPERATION_CODE " (operation state)");
        }
        return result;
    }
    int n = kmp_link_registers(&tool->kmp, &id, 1, &value);
    if (n < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    if (n == 0 || kmp_value_number(&value, state, &exponent) != KMP_OK || exponent != 0) {
        tool_complain("the meter does not have register 0x%04X (operation state)", (unsigned)id);
        return EXIT_UNKNOWN;
    }
    return EXIT_GOOD;
}

/* The state is read first, so that silence after the write is a refusal. */
static enum tool_exit write_state(struct tool *tool, uint8_t wanted, const char *word)
{
    struct kmp_value value;
    if (tool->line.url.protocol == METER_IEC) {
        char brackets[8];
        snprintf(brackets, sizeof brackets, "(%u)", wanted);
        return tool_iec_write(tool, "W1", OPERATION_CODE, brackets);
    }
    if (kmp_value_set(&value, ID_OPERATION_STATE, KMP_UNIT_NUMBER, 1, wanted, 0) != KMP_OK) {
        return EXIT_USAGE;
    }
    int result = kmp_link_put(&tool->kmp, tool->options.password, &value);
    if (result == HOST_ERR_SILENT) {
        tool_complain("the meter refuses test mode '%s': it does not measure that energy, or wants "
                      "another password",
                      word);
        return EXIT_METER;
    }
    if (result != HOST_OK) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

static enum tool_exit set_state(struct tool *tool, uint8_t wanted, const char *word, int64_t *state)
{
    enum tool_exit result = write_state(tool, wanted, word);
    if (result == EXIT_GOOD) {
        result = read_state(tool, state);
    }
    if (result == EXIT_GOOD && *state != wanted) {
        tool_complain("the meter took the command, but its operation state is %lld",
                      (long long)*state);
        return EXIT_METER;
    }
    return result;
}

enum tool_exit command_testmode(struct tool *tool, int n_arguments, char **arguments)
{
    uint8_t wanted = n_arguments == 1 ? state_of(arguments[0]) : 0;
    int64_t state = 0;
    if (n_arguments > 1 || (n_arguments == 1 && wanted == 0)) {
        tool_complain("testmode '%s': expected on, off, A+, A-, R+ or R-",
                      arguments[n_arguments > 1 ? 1 : 0]);
        return EXIT_USAGE;
    }
    enum tool_exit result = read_state(tool, &state);
    if (result == EXIT_GOOD && n_arguments == 1) {
        result = set_state(tool, wanted, arguments[0], &state);
    }
    if (result == EXIT_GOOD) {
        print_state(tool, state);
    }
    return result;
}
