/* metertool loadcontrol: relays that switch loads by tariff, table or command (KMP C4 to C7). */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/load_text.h"
#include "commands.h"
#include "supply_ask.h"

#define PLAN_READ   0xC4u
#define PLAN_WRITE  0xC5u
#define COMMAND     0xC6u
#define STATUS      0xC7u
#define ROW_ACTIVE  0x80u
#define ID_MODE_1   1227u
#define ID_MAP_1    1228u
#define ID_DELAY    1232u
#define ID_SECOND   3u /* ids of relay 2 stand so much higher */
#define UNIT_NUMBER 51u
#define UNIT_BITS   59u
#define UNIT_SECOND 60u

/** Where a person switches what he does not see (ENV-12). */
static const char warning[] = "Nobody sees from here what is connected to the relay.  It is no "
                              "safety device: behind it, and\n"
                              "in the meter, everything counts as live.";

static const char *const modes[LOAD_MODES] = {"off", "tariff", "command", "table"};

struct shown_relay {
    uint8_t mode, tariffs;
    bool active;
    uint16_t left_s;
    uint32_t movements;
    struct load_plan plan;
};

struct look {
    uint8_t fitted;
    uint16_t delay_s;
    struct shown_relay relay[LOAD_RELAYS];
};

static enum tool_exit damaged(void)
{
    tool_complain("loadcontrol: the meter's answer is not as it should be");
    return EXIT_METER;
}

/** @return a reader over the answer's data; failed: complained */
static struct reader ask(struct tool *tool, uint8_t cid, const struct writer *data)
{
    struct reader answer = {NULL, NULL, true};
    const int n = kmp_link_command(&tool->kmp, cid, data->begin, writer_length(data));
    if (n < 2) {
        tool_complain("%s; only meters of this project, L and M, have load control over KMP, and "
                      "what changes something needs their password",
                      tool->line.error);
        return answer;
    }
    return reader_over(tool->kmp.receiver.body + 2, (size_t)n - 2u);
}

static enum tool_exit plan_read(struct tool *tool, uint8_t relay, struct load_plan *plan)
{
    uint8_t request[1];
    struct writer w = writer_over(request, sizeof request);
    writer_u8(&w, relay);
    struct reader r = ask(tool, PLAN_READ, &w);
    if (r.failed) {
        return EXIT_METER;
    }
    plan->n = reader_u8(&r);
    for (unsigned i = 0; i < plan->n && i < LOAD_PLAN_ROWS; i++) {
        const uint8_t days = reader_u8(&r);
        plan->at[i].days = days & (uint8_t)~ROW_ACTIVE;
        plan->at[i].active = (days & ROW_ACTIVE) != 0;
        plan->at[i].minute = (uint16_t)reader_uint_be(&r, 2);
    }
    return reader_complete(&r) && load_plan_good(plan) ? EXIT_GOOD : damaged();
}

static enum tool_exit look_at(struct tool *tool, struct look *look)
{
    uint8_t nothing[1];
    const struct writer none = writer_over(nothing, sizeof nothing);
    struct reader r = ask(tool, STATUS, &none);
    memset(look, 0, sizeof *look);
    if (r.failed) {
        return EXIT_METER;
    }
    look->fitted = reader_u8(&r);
    look->delay_s = (uint16_t)reader_uint_be(&r, 2);
    for (unsigned i = 0; i < LOAD_RELAYS; i++) {
        struct shown_relay *relay = &look->relay[i];
        relay->mode = reader_u8(&r);
        relay->tariffs = reader_u8(&r);
        relay->active = reader_u8(&r) != 0;
        relay->left_s = (uint16_t)reader_uint_be(&r, 2);
        relay->movements = (uint32_t)reader_uint_be(&r, 4);
    }
    if (!reader_complete(&r) || look->fitted > LOAD_RELAYS || look->relay[0].mode >= LOAD_MODES ||
        look->relay[1].mode >= LOAD_MODES) {
        return damaged();
    }
    enum tool_exit result = EXIT_GOOD;
    for (uint8_t i = 0; result == EXIT_GOOD && i < LOAD_RELAYS; i++) {
        result = plan_read(tool, i, &look->relay[i].plan);
    }
    return result;
}

/* ---- printing ---- */

static json_t *relay_json(const struct shown_relay *relay)
{
    json_t *tariffs = json_array(), *table = json_array();
    for (unsigned t = 0; t < 8; t++) {
        if ((relay->tariffs >> t & 1) != 0) {
            json_array_append_new(tariffs, json_integer(t + 1));
        }
    }
    for (unsigned i = 0; i < relay->plan.n; i++) {
        const struct load_switch *row = &relay->plan.at[i];
        char days[LOAD_DAYS_TEXT_MAX];
        load_days_text(row->days, days);
        json_array_append_new(table, json_sprintf("%s %02u:%02u %s", days, row->minute / 60u,
                                                  row->minute % 60u, row->active ? "on" : "off"));
    }
    return json_pack("{s:s, s:b, s:i, s:I, s:o, s:o}", "mode", modes[relay->mode], "active",
                     relay->active, "delay_left_s", (int)relay->left_s, "movements",
                     (json_int_t)relay->movements, "tariffs", tariffs, "table", table);
}

static void print_json(const struct look *look)
{
    json_t *relays = json_array();
    for (unsigned i = 0; i < look->fitted; i++) {
        json_array_append_new(relays, relay_json(&look->relay[i]));
    }
    json_t *all = json_pack("{s:i, s:i, s:o}", "fitted", (int)look->fitted, "delay_s",
                            (int)look->delay_s, "relays", relays);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

static void print_relay(unsigned number, const struct shown_relay *relay)
{
    printf("Relay %u: %s", number, relay->active ? "on" : "off");
    if (relay->left_s > 0) {
        printf(", on in %u s", (unsigned)relay->left_s);
    }
    printf(" (by %s; %lu movements)\n", modes[relay->mode], (unsigned long)relay->movements);
    if (relay->mode == LOAD_TARIFF) {
        printf("  on in tariffs");
        for (unsigned t = 0; t < 8; t++) {
            if ((relay->tariffs >> t & 1) != 0) {
                printf(" T%u", t + 1);
            }
        }
        puts(relay->tariffs == 0 ? " none" : "");
    }
    for (unsigned i = 0; i < relay->plan.n; i++) {
        const struct load_switch *row = &relay->plan.at[i];
        char days[LOAD_DAYS_TEXT_MAX];
        load_days_text(row->days, days);
        printf("  %-12s %02u:%02u %s\n", days, row->minute / 60u, row->minute % 60u,
               row->active ? "on" : "off");
    }
}

static void print_look(const struct tool *tool, const struct look *look)
{
    if (tool->options.format == FORMAT_JSON) {
        print_json(look);
        return;
    }
    if (tool->options.format == FORMAT_CSV) {
        puts("relay,mode,active,delay_left_s,movements");
        for (unsigned i = 0; i < look->fitted; i++) {
            const struct shown_relay *relay = &look->relay[i];
            printf("%u,%s,%u,%u,%lu\n", i + 1, modes[relay->mode], relay->active ? 1u : 0u,
                   (unsigned)relay->left_s, (unsigned long)relay->movements);
        }
        return;
    }
    if (look->fitted == 0) {
        puts("No relay for load control is fitted.");
    }
    for (unsigned i = 0; i < look->fitted; i++) {
        print_relay(i + 1, &look->relay[i]);
    }
    printf("Longest delay before a relay comes on by tariff or table: %u s\n",
           (unsigned)look->delay_s);
}

/* ---- changing ---- */

static enum tool_exit told(struct reader *r)
{
    static const char *const why[] = {"done", "it has no such relay",
                                      "the relay does not go by commands: set mode=command first",
                                      "a value is out of range", "its memory could not be written"};
    const int code = -(int8_t)reader_u8(r);
    if (r->failed || !reader_complete(r) || code < 0 || code >= (int)(sizeof why / sizeof why[0])) {
        return damaged();
    }
    if (code != 0) {
        tool_complain("the meter refuses: %s", why[code]);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

static enum tool_exit command(struct tool *tool, uint8_t relay, bool on)
{
    uint8_t request[4];
    struct writer w = writer_over(request, sizeof request);
    const enum tool_exit result = agreed_after(
        tool, warning, on ? "Switch the load on? [y/N] " : "Switch the load off? [y/N] ");
    if (result != EXIT_GOOD) {
        return result;
    }
    writer_uint_be(&w, tool->options.password, 2);
    writer_u8(&w, relay);
    writer_u8(&w, on ? 1 : 0);
    struct reader r = ask(tool, COMMAND, &w);
    return r.failed ? EXIT_METER : told(&r);
}

static enum tool_exit put(struct tool *tool, uint16_t id, uint8_t unit, uint8_t width,
                          uint32_t number)
{
    struct kmp_value value;
    if (kmp_value_set(&value, id, unit, width, number, 0) != KMP_OK ||
        kmp_link_put(&tool->kmp, tool->options.password, &value) != HOST_OK) {
        tool_complain("the meter does not take it: %s", tool->line.error);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

/* "1,2,5" or "none".  @return false: not that */
static bool tariffs_of(const char *text, uint8_t *tariffs)
{
    *tariffs = 0;
    if (strcmp(text, "none") == 0) {
        return true;
    }
    for (;; text++) {
        text += *text == 'T' ? 1 : 0;
        if (*text < '1' || *text > '8') {
            return false;
        }
        *tariffs |= (uint8_t)(1u << (*text - '1'));
        text++;
        if (*text != ',') {
            return *text == '\0';
        }
    }
}

static enum tool_exit set_mode(struct tool *tool, unsigned relay, const char *text)
{
    uint8_t mode = 0;
    while (mode < LOAD_MODES && strcmp(modes[mode], text) != 0) {
        mode++;
    }
    if (mode == LOAD_MODES) {
        tool_complain("loadcontrol mode '%s': expected off, tariff, command or table", text);
        return EXIT_USAGE;
    }
    return put(tool, (uint16_t)(ID_MODE_1 + relay * ID_SECOND), UNIT_NUMBER, 1, mode);
}

static enum tool_exit set_tariffs(struct tool *tool, unsigned relay, const char *text)
{
    uint8_t tariffs = 0;
    if (!tariffs_of(text, &tariffs)) {
        tool_complain("loadcontrol tariffs '%s': expected tariffs such as 1,3, or none", text);
        return EXIT_USAGE;
    }
    return put(tool, (uint16_t)(ID_MAP_1 + relay * ID_SECOND), UNIT_BITS, 1, tariffs);
}

static enum tool_exit set_delay(struct tool *tool, const char *text)
{
    char *end;
    const unsigned long seconds = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || *text == '-' || seconds > LOAD_DELAY_MAX_S) {
        tool_complain("loadcontrol delay '%s': expected seconds, 0 to 10800", text);
        return EXIT_USAGE;
    }
    return put(tool, ID_DELAY, UNIT_SECOND, 2, (uint32_t)seconds);
}

/* One word behind "set"; relay LOAD_RELAYS: none was named. */
static enum tool_exit set_one(struct tool *tool, unsigned relay, const char *word)
{
    if (strncmp(word, "delay=", 6) == 0) {
        return set_delay(tool, word + 6);
    }
    if (relay == LOAD_RELAYS) {
        tool_complain("loadcontrol set '%s': expected the relay's number, 1 or 2, before it", word);
        return EXIT_USAGE;
    }
    if (strcmp(word, "on") == 0 || strcmp(word, "off") == 0) {
        return command(tool, (uint8_t)relay, word[1] == 'n');
    }
    if (strncmp(word, "mode=", 5) == 0) {
        return set_mode(tool, relay, word + 5);
    }
    if (strncmp(word, "tariffs=", 8) == 0) {
        return set_tariffs(tool, relay, word + 8);
    }
    tool_complain("loadcontrol set '%s': expected on, off, mode=MODE, tariffs=N,N or delay=SECONDS",
                  word);
    return EXIT_USAGE;
}

/* @return the relay, LOAD_RELAYS: the word is none */
static unsigned relay_of(const char *word)
{
    return strcmp(word, "1") == 0 ? 0u : strcmp(word, "2") == 0 ? 1u : LOAD_RELAYS;
}

static enum tool_exit set(struct tool *tool, int n_words, char **words)
{
    const unsigned relay = n_words > 0 ? relay_of(words[0]) : LOAD_RELAYS;
    const int first = relay < LOAD_RELAYS ? 1 : 0;
    enum tool_exit result = EXIT_GOOD;
    if (first >= n_words) {
        tool_complain("loadcontrol set: expected [1|2] and on, off, mode=MODE, tariffs=N,N or "
                      "delay=SECONDS");
        return EXIT_USAGE;
    }
    for (int i = first; result == EXIT_GOOD && i < n_words; i++) {
        result = set_one(tool, relay, words[i]);
    }
    return result;
}

static enum tool_exit table(struct tool *tool, int n_words, char **words)
{
    const unsigned relay = n_words > 0 ? relay_of(words[0]) : LOAD_RELAYS;
    uint8_t request[4 + 3 * LOAD_PLAN_ROWS];
    struct load_plan plan;
    struct writer w = writer_over(request, sizeof request);
    const char *bad = n_words > 0 ? words[0] : "";
    const char *expected = relay < LOAD_RELAYS ? load_plan_of(words + 1, n_words - 1, &plan, &bad)
                                               : "the relay's number, 1 or 2";
    if (expected != NULL) {
        tool_complain("loadcontrol table: expected %s, found '%s'", expected, bad);
        return EXIT_USAGE;
    }
    writer_uint_be(&w, tool->options.password, 2);
    writer_u8(&w, (uint8_t)relay);
    writer_u8(&w, plan.n);
    for (unsigned i = 0; i < plan.n; i++) {
        writer_u8(&w, (uint8_t)(plan.at[i].days | (plan.at[i].active ? ROW_ACTIVE : 0u)));
        writer_uint_be(&w, plan.at[i].minute, 2);
    }
    struct reader r = ask(tool, PLAN_WRITE, &w);
    return r.failed ? EXIT_METER : told(&r);
}

enum tool_exit command_loadcontrol(struct tool *tool, int n_arguments, char **arguments)
{
    const char *word = n_arguments > 0 ? arguments[0] : "show";
    struct look look;
    enum tool_exit result = EXIT_GOOD;
    if (tool->line.url.protocol != METER_KMP) {
        tool_complain("loadcontrol needs KMP (-m kmp:... or -m kmp+tcp://...)");
        return EXIT_USAGE;
    }
    if (strcmp(word, "set") == 0) {
        result = set(tool, n_arguments - 1, arguments + 1);
    } else if (strcmp(word, "table") == 0) {
        result = table(tool, n_arguments - 1, arguments + 1);
    } else if (strcmp(word, "show") != 0 || n_arguments > 1) {
        tool_complain("loadcontrol '%s': expected show, set or table",
                      n_arguments > 1 ? arguments[1] : word);
        return EXIT_USAGE;
    }
    result = result == EXIT_GOOD ? look_at(tool, &look) : result;
    if (result == EXIT_GOOD) {
        print_look(tool, &look);
    }
    return result;
}
