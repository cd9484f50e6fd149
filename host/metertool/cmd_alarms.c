/* metertool alarms: what has been raised, clearing it, the masks, and waiting for more. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../proto/kmp/kmp_tamper.h"
#include "../lib/event_words.h"
#include "alarm_meter.h"
#include "cmd_dlms.h"
#include "commands.h"

#define TAMPER     3u /* its row of alarm_words */
#define UTC_TEXT   24u
#define NAME_WIDTH 28
#define NS_PER_S   1e9

/* ---- show ---- */

/* Only this project's meter answers, and only over KMP.  @return false: it does not */
static bool acts_read(struct tool *tool, struct kmp_tamper *tamper)
{
    if (tool->line.url.protocol != METER_KMP) {
        return false;
    }
    const int n = kmp_link_command(&tool->kmp, KMP_TAMPER_READ, NULL, 0);
    if (n < 2) {
        return false;
    }
    struct reader r = reader_over(tool->kmp.receiver.body, (size_t)n);
    (void)reader_bytes(&r, 2);
    return kmp_tamper_read(&r, tamper) == KMP_OK;
}

static const char *utc_text(uint32_t utc_s, char text[UTC_TEXT])
{
    const time_t seconds = (time_t)utc_s;
    struct tm parts;
    gmtime_r(&seconds, &parts);
    if (utc_s == 0 || strftime(text, UTC_TEXT, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        snprintf(text, UTC_TEXT, "-");
    }
    return text;
}

static void acts_print(const struct kmp_tamper *tamper)
{
    bool heading = false;
    for (unsigned i = 0; i < tamper->n_kinds; i++) {
        const struct kmp_tamper_kind *kind = &tamper->kind[i];
        const bool holds = ((unsigned)tamper->holds >> kind->bit & 1u) != 0;
        char first[UTC_TEXT], last[UTC_TEXT];
        if (kind->count == 0 && !holds) {
            continue;
        }
        if (!heading) {
            printf("\n%-*s %-4s %9s  %-20s  %s\n", NAME_WIDTH, "act", "now", "times",
                   "first since cleared", "last");
            heading = true;
        }
        printf("%-*s %-4s %9" PRIu32 "  %-20s  %s\n", NAME_WIDTH, event_word_tamper_name(kind->bit),
               holds ? "yes" : "no", kind->count, utc_text(kind->first_s, first),
               utc_text(kind->last_s, last));
    }
}

static void cleared_print(const struct kmp_tamper *tamper)
{
    char text[UTC_TEXT];
    if (tamper->cleared_s != 0) {
        printf("\nlast cleared %s, %s\n", utc_text(tamper->cleared_s, text),
               event_channel_name(tamper->cleared_by));
    }
}

static json_t *cleared_json(const struct kmp_tamper *tamper)
{
    return tamper->cleared_s == 0 ? json_null()
                                  : json_pack("{s:I, s:s}", "utc", (json_int_t)tamper->cleared_s,
                                              "channel", event_channel_name(tamper->cleared_by));
}

static json_t *acts_json(const struct kmp_tamper *tamper)
{
    const unsigned holds = tamper->holds, raised = tamper->raised;
    json_t *acts = json_array();
    for (unsigned i = 0; i < tamper->n_kinds; i++) {
        const struct kmp_tamper_kind *kind = &tamper->kind[i];
        json_array_append_new(
            acts,
            json_pack("{s:s, s:i, s:b, s:b, s:I, s:I, s:I}", "name",
                      event_word_tamper_name(kind->bit), "bit", (int)kind->bit, "holds",
                      (int)(holds >> kind->bit & 1u), "alarm", (int)(raised >> kind->bit & 1u),
                      "count", (json_int_t)kind->count, "first_utc", (json_int_t)kind->first_s,
                      "last_utc", (json_int_t)kind->last_s));
    }
    return acts;
}

static json_t *names_json(const struct alarm_word *word, uint32_t bits)
{
    json_t *list = json_array();
    for (unsigned bit = 0; bit < ALARM_WORD_BITS; bit++) {
        char text[64];
        if ((bits >> bit & 1u) != 0) {
            alarm_text(word, bit, text, sizeof text);
            json_array_append_new(list, json_string(text));
        }
    }
    return list;
}

static void print_json(json_t *all)
{
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

static json_t *words_json(const struct alarm_state state[ALARM_WORDS])
{
    json_t *all = json_object();
    for (size_t i = 0; i < ALARM_WORDS; i++) {
        json_object_set_new(all, alarm_words[i].key,
                            state[i].has
                                ? json_pack("{s:I, s:o}", "word", (json_int_t)state[i].raised,
                                            "raised", names_json(&alarm_words[i], state[i].raised))
                                : json_null());
    }
    return all;
}

static unsigned words_print(const struct tool *tool, const struct alarm_state state[ALARM_WORDS])
{
    unsigned n = 0;
    for (size_t i = 0; i < ALARM_WORDS; i++) {
        for (unsigned bit = 0; bit < ALARM_WORD_BITS; bit++) {
            char text[64];
            if ((state[i].raised >> bit & 1u) == 0) {
                continue;
            }
            n++;
            alarm_text(&alarm_words[i], bit, text, sizeof text);
            if (tool->options.format == FORMAT_CSV) {
                printf("%s,%u,%s\n", alarm_words[i].key, bit, text);
            } else {
                printf("%c %2u  %s\n", alarm_words[i].letter, bit, text);
            }
        }
    }
    return n;
}

static enum tool_exit show_words(struct tool *tool, bool with_acts)
{
    struct alarm_state state[ALARM_WORDS];
    struct kmp_tamper tamper;
    const enum tool_exit result = alarm_read(tool, state);
    if (result != EXIT_GOOD) {
        return result;
    }
    const bool acts = with_acts && state[TAMPER].has && acts_read(tool, &tamper);
    if (tool->options.format == FORMAT_JSON) {
        json_t *all = words_json(state);
        if (with_acts) {
            json_object_set_new(all, "acts", acts ? acts_json(&tamper) : json_null());
            json_object_set_new(all, "cleared", acts ? cleared_json(&tamper) : json_null());
        }
        print_json(all);
        return EXIT_GOOD;
    }
    if (tool->options.format == FORMAT_CSV) {
        puts("word,bit,text");
    }
    const unsigned n = words_print(tool, state);
    if (tool->options.format == FORMAT_TABLE) {
        fputs(n == 0 ? "no alarm\n" : "", stdout);
        if (acts) {
            acts_print(&tamper);
            cleared_print(&tamper);
        }
    }
    return EXIT_GOOD;
}

static enum tool_exit show(struct tool *tool, int n_arguments, char **arguments)
{
    (void)n_arguments;
    (void)arguments;
    return show_words(tool, true);
}

/* ---- WORD=BITS ---- */

/* @return ALARM_WORD_BITS: there is no such bit */
static unsigned bit_parse(const struct alarm_word *word, const char *text, size_t n)
{
    char *end = NULL;
    const unsigned long number = strtoul(text, &end, 10);
    if (n > 0 && end == text + n) {
        return number < ALARM_WORD_BITS ? (unsigned)number : ALARM_WORD_BITS;
    }
    unsigned bit = 0;
    while (bit < ALARM_WORD_BITS) {
        const char *name = word->name(bit);
        if (name != NULL && strlen(name) == n && strncmp(name, text, n) == 0) {
            break;
        }
        bit++;
    }
    return bit;
}

static bool bits_parse(const struct alarm_word *word, const char *text, uint32_t *bits)
{
    char *end = NULL;
    *bits = 0;
    if (strcmp(text, "none") == 0 || strcmp(text, "all") == 0) {
        *bits = text[0] == 'a' ? UINT32_MAX : 0;
        return true;
    }
    if (strncmp(text, "0x", 2) == 0) {
        const unsigned long long number = strtoull(text, &end, 16);
        *bits = (uint32_t)number;
        return *end == '\0' && number <= UINT32_MAX;
    }
    for (const char *at = text; *at != '\0';) {
        const size_t n = strcspn(at, ",");
        const unsigned bit = bit_parse(word, at, n);
        if (bit >= ALARM_WORD_BITS) {
            return false;
        }
        *bits |= UINT32_C(1) << bit;
        at += n + (at[n] == ',' ? 1u : 0u);
    }
    return text[0] != '\0';
}

/* "tamper=8,11"; without "=": *all.  Complains itself. */
static bool word_parse(const char *text, unsigned *word, uint32_t *bits, bool *all)
{
    const size_t n = strcspn(text, "=");
    *all = text[n] == '\0';
    for (*word = 0; *word < ALARM_WORDS; (*word)++) {
        const struct alarm_word *row = &alarm_words[*word];
        if (strlen(row->key) == n && strncmp(row->key, text, n) == 0) {
            if (*all || bits_parse(row, text + n + 1, bits)) {
                return true;
            }
            tool_complain("alarms '%s': expected none, all, 0xBITS, or bits by number or name, "
                          "with commas between them",
                          text);
            return false;
        }
    }
    tool_complain("alarms '%s': expected a, b_come, b_gone or tamper, and =BITS", text);
    return false;
}

/* ---- clear ---- */

/* Just what has been read, or named: an alarm that comes meanwhile stays. */
static enum tool_exit clear(struct tool *tool, int n_arguments, char **arguments)
{
    struct alarm_state state[ALARM_WORDS];
    uint32_t bits[ALARM_WORDS] = {0};
    enum tool_exit result = alarm_read(tool, state);
    for (int i = 0; result == EXIT_GOOD && i < n_arguments; i++) {
        unsigned word = 0;
        uint32_t named = 0;
        bool all = false;
        if (!word_parse(arguments[i], &word, &named, &all)) {
            return EXIT_USAGE;
        }
        bits[word] |= all ? state[word].raised : named;
    }
    for (unsigned i = 0; result == EXIT_GOOD && i < ALARM_WORDS; i++) {
        const uint32_t wanted = n_arguments > 0 ? bits[i] : state[i].raised;
        if (wanted != 0 && !state[i].has) {
            tool_complain("alarms %s: the meter does not have them", alarm_words[i].key);
            return EXIT_UNKNOWN;
        }
        result = wanted != 0 ? alarm_clear(tool, i, wanted) : result;
    }
    return result;
}

/* ---- masks ---- */

static void mask_print(const struct tool *tool, const struct alarm_word *word, uint32_t mask)
{
    if (tool->options.format == FORMAT_CSV) {
        printf("%s,0x%08" PRIX32 "\n", word->key, mask);
        return;
    }
    printf("%-7s 0x%08" PRIX32 "\n", word->key, mask);
    for (unsigned bit = 0; bit < ALARM_WORD_BITS; bit++) {
        char text[64];
        alarm_text(word, bit, text, sizeof text);
        if ((mask >> bit & 1u) != 0) {
            printf("  %2u  %s\n", bit, text);
        }
    }
}

static json_t *mask_json(const struct alarm_word *word, const struct alarm_state *state)
{
    return state->has_mask ? json_pack("{s:I, s:o}", "mask", (json_int_t)state->mask, "events",
                                       names_json(word, state->mask))
                           : json_null();
}

static void masks_print(const struct tool *tool, const struct alarm_state state[ALARM_WORDS])
{
    if (tool->options.format == FORMAT_JSON) {
        json_t *all = json_object();
        for (size_t i = 0; i < ALARM_WORDS; i++) {
            json_object_set_new(all, alarm_words[i].key, mask_json(&alarm_words[i], &state[i]));
        }
        print_json(all);
        return;
    }
    if (tool->options.format == FORMAT_CSV) {
        puts("word,mask");
    }
    for (size_t i = 0; i < ALARM_WORDS; i++) {
        if (state[i].has_mask) {
            mask_print(tool, &alarm_words[i], state[i].mask);
        }
    }
}

static enum tool_exit masks(struct tool *tool, int n_arguments, char **arguments)
{
    struct alarm_state state[ALARM_WORDS];
    unsigned word = 0;
    uint32_t bits = 0;
    bool all = false;
    for (int i = 0; i < n_arguments; i++) {
        if (!word_parse(arguments[i], &word, &bits, &all)) {
            return EXIT_USAGE;
        }
        if (all) {
            tool_complain("alarms masks '%s': expected =BITS behind it", arguments[i]);
            return EXIT_USAGE;
        }
    }
    enum tool_exit result = alarm_read(tool, state);
    for (int i = 0; result == EXIT_GOOD && i < n_arguments; i++) {
        (void)word_parse(arguments[i], &word, &bits, &all);
        if (!state[word].has_mask) {
            tool_complain("alarms masks %s: the meter does not have it", alarm_words[word].key);
            return EXIT_UNKNOWN;
        }
        /* all: those that this meter knows */
        const bool tamper = word == TAMPER && strchr(arguments[i], '=')[1] == 'a';
        result = alarm_mask_set(tool, word, tamper ? UINT32_C(0xFF44) : bits);
    }
    if (result == EXIT_GOOD && n_arguments == 0) {
        masks_print(tool, state);
    }
    return result;
}

/* ---- watch ---- */

static void change_print(const struct tool *tool, const struct alarm_word *word, unsigned bit,
                         bool raised)
{
    const time_t now = time(NULL);
    struct tm local;
    char at[32], text[64];
    localtime_r(&now, &local);
    strftime(at, sizeof at, "%Y-%m-%d %H:%M:%S", &local);
    alarm_text(word, bit, text, sizeof text);
    if (tool->options.format == FORMAT_JSON) {
        json_t *one = json_pack("{s:s, s:s, s:i, s:s, s:b}", "time", at, "word", word->key, "bit",
                                (int)bit, "text", text, "raised", raised);
        json_dumpf(one, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(one);
    } else if (tool->options.format == FORMAT_CSV) {
        printf("%s,%s,%u,%s,%s\n", at, word->key, bit, text, raised ? "raised" : "cleared");
    } else {
        printf("%s  %c %2u  %s%s\n", at, word->letter, bit, text, raised ? "" : "  (cleared)");
    }
}

static void changes_print(const struct tool *tool, const struct alarm_word *word, uint32_t before,
                          uint32_t now)
{
    for (unsigned bit = 0; bit < ALARM_WORD_BITS; bit++) {
        if (((now ^ before) >> bit & 1u) != 0) {
            change_print(tool, word, bit, (now >> bit & 1u) != 0);
        }
    }
}

/* By asking again and again. */
static enum tool_exit watch_meter(struct tool *tool)
{
    uint32_t before[ALARM_WORDS] = {0};
    const double interval_s = tool->options.interval_s;
    const struct timespec pause = {(time_t)interval_s,
                                   (long)((interval_s - (double)(time_t)interval_s) * NS_PER_S)};
    if (tool->options.format == FORMAT_CSV) {
        puts("time,word,bit,text,change");
    }
    for (long round = 0; tool->options.count == 0 || round < tool->options.count; round++) {
        struct alarm_state state[ALARM_WORDS];
        if (round > 0) {
            (void)nanosleep(&pause, NULL);
        }
        const enum tool_exit result = alarm_read(tool, state);
        if (result != EXIT_GOOD) {
            return result;
        }
        for (size_t i = 0; i < ALARM_WORDS; i++) {
            changes_print(tool, &alarm_words[i], before[i], state[i].raised);
            before[i] = state[i].raised;
        }
        fflush(stdout);
    }
    return EXIT_GOOD;
}

static enum tool_exit watch(struct tool *tool, int n_arguments, char **arguments)
{
    if (n_arguments > 0) {
        return dlms_command_listen(tool, n_arguments, arguments);
    }
    return watch_meter(tool);
}

/* Order of the alarms in the push as delivered: behind name and clock. */
bool alarms_of_push(struct reader data, char *text, size_t capacity)
{
    static const unsigned order[] = {1, 0, TAMPER};
    const uint8_t *octets = NULL;
    uint32_t n_octets = 0, bits = 0;
    size_t n = 0;
    if (!dlms_read_structure(&data, 2 + sizeof order / sizeof order[0]) ||
        !dlms_read_octets(&data, &octets, &n_octets) ||
        !dlms_read_octets(&data, &octets, &n_octets)) {
        return false;
    }
    text[0] = '\0';
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        bits = 0;
        if (reader_left(&data) > 0 && data.at[0] == DLMS_NULL) {
            (void)reader_u8(&data); /* a meter without that register */
        } else if (!dlms_read_u32(&data, &bits)) {
            return false;
        }
        for (unsigned bit = 0; bit < ALARM_WORD_BITS; bit++) {
            char name[64];
            if ((bits >> bit & 1u) != 0 && n < capacity) {
                alarm_text(&alarm_words[order[i]], bit, name, sizeof name);
                n += (size_t)snprintf(text + n, capacity - n, "%s%s", n > 0 ? ", " : "", name);
            }
        }
    }
    return true;
}

/* ---- the words behind alarms ---- */

static const struct {
    const char *name;
    int most;
    bool needs_meter;
    enum tool_exit (*run)(struct tool *tool, int n_arguments, char **arguments);
} verbs[] = {
    {"show", 0, true, show},
    {"clear", (int)ALARM_WORDS, true, clear},
    {"masks", (int)ALARM_WORDS, true, masks},
    {"watch", 1, false, watch},
};

enum tool_exit command_alarms(struct tool *tool, int n_arguments, char **arguments)
{
    const char *name = n_arguments > 0 ? arguments[0] : "show";
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        const int n = n_arguments > 0 ? n_arguments - 1 : 0;
        if (strcmp(name, verbs[i].name) != 0) {
            continue;
        }
        if (n > verbs[i].most) {
            tool_complain("alarms %s '%s': one word too many", name, arguments[1 + verbs[i].most]);
            return EXIT_USAGE;
        }
        const bool meter = verbs[i].needs_meter || n == 0;
        const bool open = tool->line.fd >= 0;
        const enum tool_exit result = meter && !open ? tool_connect(tool) : EXIT_GOOD;
        if (result == EXIT_GOOD && meter && tool->line.url.protocol == METER_IEC) {
            tool_complain("alarms: expected a meter over KMP or DLMS; IEC 62056-21 shows none");
            return EXIT_USAGE;
        }
        return result == EXIT_GOOD ? verbs[i].run(tool, n, arguments + 1) : result;
    }
    tool_complain("alarms '%s': expected show, clear, masks or watch", name);
    return EXIT_USAGE;
}

enum tool_exit events_alarms(struct tool *tool, int n_arguments, char **arguments)
{
    if (n_arguments > 1 || (n_arguments == 1 && strcmp(arguments[0], "clear") != 0)) {
        tool_complain("events alarms '%s': expected clear or nothing",
                      arguments[n_arguments > 1 ? 1 : 0]);
        return EXIT_USAGE;
    }
    return n_arguments == 0 && tool->line.url.protocol != METER_IEC
               ? show_words(tool, false)
               : command_alarms(tool, n_arguments, arguments);
}
