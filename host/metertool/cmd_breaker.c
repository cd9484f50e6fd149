/* metertool breaker: where the breaker is, and moving it (KMP 97 and 98). */
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "../lib/event_words.h"
#include "commands.h"
#include "supply_ask.h"

#define SET_CUT_OFF_STATE 0x97u
#define GET_CUT_OFF_STATE 0x98u
#define FEEDBACK_PHASES   0x07u
#define FEEDBACK_VALID    0x08u
#define FEEDBACK_ANSWERS  0x10u
#define FEEDBACK_HIGH     0x20u
#define FEEDBACK_PENDING  0x40u
#define FEEDBACK_ERROR    0x80u
#define ID_LEFT           0xF514u
#define WAIT_S            20u /* a movement takes up to 5 s and three tries */
#define PAUSE_NS          500000000L

struct breaker_look {
    uint8_t state, feedback;
    int64_t left_s; /**< until it opens; -1: the meter does not tell */
};

static const struct {
    const char *word;
    uint8_t command;
    const char *question;
} moves[] = {
    {"open", 1, "Open the breaker? [y/N] "},
    {"release", 2, "Release the breaker, so that it can be closed? [y/N] "},
    {"close", 3, "Close the breaker? [y/N] "},
};
#define N_MOVES (sizeof moves / sizeof moves[0])

static enum tool_exit look_at(struct tool *tool, struct breaker_look *look)
{
    const int n = kmp_link_command(&tool->kmp, GET_CUT_OFF_STATE, NULL, 0);
    if (n < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    struct reader r = reader_over(tool->kmp.receiver.body, (size_t)n);
    (void)reader_bytes(&r, 2);
    look->state = reader_u8(&r);
    look->feedback = reader_u8(&r);
    look->left_s = -1;
    if (!reader_complete(&r)) {
        tool_complain("breaker: the meter's answer is not as it should be");
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

/* Only this project's meter tells it. */
static void look_for_left(struct tool *tool, struct breaker_look *look)
{
    const uint16_t id = ID_LEFT;
    struct kmp_value value;
    int exponent = 0;
    if (kmp_link_registers(&tool->kmp, &id, 1, &value) != 1 ||
        kmp_value_number(&value, &look->left_s, &exponent) != KMP_OK || exponent != 0) {
        look->left_s = -1;
    }
}

static const char *state_word(uint8_t state)
{
    const char *name = breaker_state_name(state);
    return name != NULL ? name : "a state that this tool does not know";
}

static json_t *look_json(const struct breaker_look *look)
{
    json_t *live = json_array();
    for (unsigned phase = 0; phase < 3; phase++) {
        if ((look->feedback >> phase & 1u) != 0) {
            json_array_append_new(live, json_sprintf("L%u", phase + 1));
        }
    }
    const bool valid = (look->feedback & FEEDBACK_VALID) != 0;
    return json_pack("{s:i, s:s, s:i, s:o, s:b, s:b, s:b, s:s, s:o}", "state", (int)look->state,
                     "text", state_word(look->state), "feedback", (int)look->feedback,
                     "live_behind", valid ? live : (json_decref(live), json_null()), "answers",
                     (look->feedback & FEEDBACK_ANSWERS) != 0, "moving",
                     (look->feedback & FEEDBACK_PENDING) != 0, "error",
                     (look->feedback & FEEDBACK_ERROR) != 0, "limit",
                     (look->feedback & FEEDBACK_HIGH) != 0 ? "high" : "low", "opens_in_s",
                     look->left_s > 0 ? json_integer(look->left_s) : json_null());
}

static void print_text(const struct breaker_look *look)
{
    printf("Breaker: %s (state %u)\n", state_word(look->state), (unsigned)look->state);
    printf("Voltage behind it:%s%s%s%s\n",
           (look->feedback & FEEDBACK_VALID) == 0    ? " not known"
           : (look->feedback & FEEDBACK_PHASES) == 0 ? " none"
                                                     : "",
           (look->feedback & 1u) != 0 ? " L1" : "", (look->feedback & 2u) != 0 ? " L2" : "",
           (look->feedback & 4u) != 0 ? " L3" : "");
    if ((look->feedback & FEEDBACK_PENDING) != 0) {
        puts("It is moving.");
    }
    if ((look->feedback & FEEDBACK_ERROR) != 0) {
        puts("TROUBLE: the relays are not where they should be.");
    }
    if ((look->feedback & FEEDBACK_ANSWERS) == 0) {
        puts("TROUBLE: the breaker does not answer the meter.");
    }
    if (look->left_s > 0) {
        printf("The load is too high: it opens in %lld s.\n", (long long)look->left_s);
    }
}

static void print_look(const struct tool *tool, const struct breaker_look *look)
{
    if (tool->options.format == FORMAT_JSON) {
        json_t *all = look_json(look);
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(all);
    } else if (tool->options.format == FORMAT_CSV) {
        printf("state,text,feedback\n%u,\"%s\",%u\n", (unsigned)look->state,
               state_word(look->state), (unsigned)look->feedback);
    } else {
        print_text(look);
    }
}

/* A meter that refuses is silent; that it answers otherwise is known. */
static enum tool_exit order(struct tool *tool, size_t move, const struct breaker_look *before)
{
    const uint8_t command = moves[move].command;
    const int result = kmp_link_act(&tool->kmp, SET_CUT_OFF_STATE, &command, 1);
    if (result == HOST_ERR_SILENT) {
        tool_complain("the meter refuses to %s in state %u (%s), or this connection may not%s",
                      moves[move].word, (unsigned)before->state, state_word(before->state),
                      command == 3 && before->state == 1 ? ": it must be released first"
                      : command == 2 ? ": only what a command has opened is released"
                                     : "");
        return EXIT_METER;
    }
    if (result != HOST_OK) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

static enum tool_exit wait_for_it(struct tool *tool, struct breaker_look *look)
{
    const struct timespec pause = {0, PAUSE_NS};
    const time_t end = time(NULL) + WAIT_S;
    enum tool_exit result = look_at(tool, look);
    while (result == EXIT_GOOD && (look->feedback & FEEDBACK_PENDING) != 0 &&
           (look->feedback & FEEDBACK_ERROR) == 0 && time(NULL) < end) {
        nanosleep(&pause, NULL);
        result = look_at(tool, look);
    }
    return result;
}

static enum tool_exit move_it(struct tool *tool, size_t move, struct breaker_look *look)
{
    enum tool_exit result = supply_agreed(tool, moves[move].command != 1, moves[move].question);
    result = result == EXIT_GOOD ? order(tool, move, look) : result;
    result = result == EXIT_GOOD ? wait_for_it(tool, look) : result;
    if (result != EXIT_GOOD) {
        return result;
    }
    print_look(tool, look);
    if ((look->feedback & (FEEDBACK_PENDING | FEEDBACK_ERROR)) != 0 ||
        (look->feedback & FEEDBACK_ANSWERS) == 0) {
        tool_complain("the meter took the command, but its relays have not followed");
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

enum tool_exit command_breaker(struct tool *tool, int n_arguments, char **arguments)
{
    const char *word = n_arguments > 0 ? arguments[0] : "show";
    struct breaker_look look;
    size_t move = 0;
    while (move < N_MOVES && strcmp(moves[move].word, word) != 0) {
        move++;
    }
    if (n_arguments > 1 || (move == N_MOVES && strcmp(word, "show") != 0)) {
        tool_complain("breaker '%s': expected show, open, release or close",
                      n_arguments > 1 ? arguments[1] : word);
        return EXIT_USAGE;
    }
    if (tool->line.url.protocol != METER_KMP) {
        tool_complain("breaker needs KMP (-m kmp:... or -m kmp+tcp://...)");
        return EXIT_USAGE;
    }
    enum tool_exit result = look_at(tool, &look);
    if (result == EXIT_GOOD && look.state == 0) {
        tool_complain("the meter has no breaker");
        return EXIT_UNKNOWN;
    }
    if (result != EXIT_GOOD || move < N_MOVES) {
        return result == EXIT_GOOD ? move_it(tool, move, &look) : result;
    }
    look_for_left(tool, &look);
    print_look(tool, &look);
    return EXIT_GOOD;
}
