/* metertool events alarms: what has been raised through the masks, and clearing it. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "../lib/event_words.h"
#include "commands.h"

#define WORD_BITS 32u
#define UNIT_BITS 59u

/** The registers, and what their bits mean. */
static const struct alarm_register {
    uint16_t id;
    const char *key, *words;
    const char *(*name)(unsigned bit);
} alarm_registers[] = {
    {0xF204, "a", "", event_word_a_name},
    {0xF205, "b_come", "", event_word_b_name},
    {0xF206, "b_gone", " is over", event_word_b_name},
};
#define N_REGISTERS (sizeof alarm_registers / sizeof alarm_registers[0])

struct raised {
    bool has;
    uint32_t bits;
};

static enum tool_exit alarms_read(struct tool *tool, struct raised raised[N_REGISTERS])
{
    struct kmp_value values[N_REGISTERS];
    uint16_t ids[N_REGISTERS];
    memset(raised, 0, N_REGISTERS * sizeof *raised);
    for (size_t i = 0; i < N_REGISTERS; i++) {
        ids[i] = alarm_registers[i].id;
    }
    const int n = kmp_link_registers(&tool->kmp, ids, N_REGISTERS, values);
    if (n < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    for (int v = 0; v < n; v++) {
        for (size_t i = 0; i < N_REGISTERS; i++) {
            int64_t number = 0;
            int exponent = 0;
            if (values[v].id == ids[i] &&
                kmp_value_number(&values[v], &number, &exponent) == KMP_OK) {
                raised[i] = (struct raised){true, (uint32_t)number};
            }
        }
    }
    if (n == 0) {
        tool_complain("the meter does not have alarms");
        return EXIT_UNKNOWN;
    }
    return EXIT_GOOD;
}

static void alarm_text(const struct alarm_register *from, unsigned bit, char *text, size_t capacity)
{
    const char *name = from->name(bit);
    if (name != NULL) {
        snprintf(text, capacity, "%s%s", name, from->words);
    } else {
        snprintf(text, capacity, "bit %u%s", bit, from->words);
    }
}

static void alarms_print(const struct tool *tool, const struct raised raised[N_REGISTERS])
{
    json_t *all = json_object();
    unsigned n = 0;
    if (tool->options.format == FORMAT_CSV) {
        puts("word,bit,text");
    }
    for (size_t i = 0; i < N_REGISTERS; i++) {
        json_t *list = json_array();
        for (unsigned bit = 0; bit < WORD_BITS; bit++) {
            char text[64];
            if ((raised[i].bits >> bit & 1u) == 0) {
                continue;
            }
            n++;
            alarm_text(&alarm_registers[i], bit, text, sizeof text);
            json_array_append_new(list, json_string(text));
            if (tool->options.format == FORMAT_CSV) {
                printf("%s,%u,%s\n", alarm_registers[i].key, bit, text);
            } else if (tool->options.format == FORMAT_TABLE) {
                printf("%c %2u  %s\n", i == 0 ? 'A' : 'B', bit, text);
            }
        }
        json_object_set_new(all, alarm_registers[i].key,
                            raised[i].has ? json_pack("{s:I, s:O}", "word",
                                                      (json_int_t)raised[i].bits, "raised", list)
                                          : json_null());
        json_decref(list);
    }
    if (tool->options.format == FORMAT_JSON) {
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (tool->options.format == FORMAT_TABLE && n == 0) {
        puts("no alarm");
    }
    json_decref(all);
}

/* Just what has been read: an alarm that comes meanwhile stays. */
static enum tool_exit alarms_clear(struct tool *tool, const struct raised raised[N_REGISTERS])
{
    for (size_t i = 0; i < N_REGISTERS; i++) {
        struct kmp_value value;
        if (raised[i].bits == 0 || kmp_value_set(&value, alarm_registers[i].id, UNIT_BITS, 4,
                                                 raised[i].bits, 0) != KMP_OK) {
            continue;
        }
        const int result = kmp_link_put(&tool->kmp, tool->options.password, &value);
        if (result == HOST_ERR_SILENT) {
            tool_complain("the meter does not clear the alarms: it wants another password, or this "
                          "connection may only read");
            return EXIT_METER;
        }
        if (result != HOST_OK) {
            tool_complain("%s", tool->line.error);
            return EXIT_METER;
        }
    }
    return EXIT_GOOD;
}

enum tool_exit events_alarms(struct tool *tool, int n_arguments, char **arguments)
{
    struct raised raised[N_REGISTERS];
    const bool clear = n_arguments == 1 && strcmp(arguments[0], "clear") == 0;
    if (n_arguments > 1 || (n_arguments == 1 && !clear)) {
        tool_complain("events alarms '%s': expected clear or nothing",
                      arguments[n_arguments > 1 ? 1 : 0]);
        return EXIT_USAGE;
    }
    if (tool->line.url.protocol != METER_KMP) {
        tool_complain("events are read over KMP");
        return EXIT_USAGE;
    }
    const enum tool_exit result = alarms_read(tool, raised);
    if (result != EXIT_GOOD || clear) {
        return result == EXIT_GOOD ? alarms_clear(tool, raised) : result;
    }
    alarms_print(tool, raised);
    return EXIT_GOOD;
}
