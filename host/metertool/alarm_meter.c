#include "alarm_meter.h"

#include <string.h>

#include "../../proto/dlms/dlms_data.h"
#include "../lib/event_words.h"

#define UNIT_BITS  59u
#define CLASS_DATA 1u

const struct alarm_word alarm_words[ALARM_WORDS] = {
    {"a", "", 'A', 0xF204, 0xF201, 1, 11, event_word_a_name},
    {"b_come", "", 'B', 0xF205, 0xF202, 0, 10, event_word_b_name},
    {"b_gone", " is over", 'B', 0xF206, 0xF203, -1, -1, event_word_b_name},
    {"tamper", "", 'T', 0xF901, 0xF902, 2, 12, event_word_tamper_name},
};

void alarm_text(const struct alarm_word *word, unsigned bit, char *text, size_t capacity)
{
    const char *name = word->name(bit);
    if (name != NULL) {
        snprintf(text, capacity, "%s%s", name, word->gone);
    } else {
        snprintf(text, capacity, "bit %u%s", bit, word->gone);
    }
}

/* ---- KMP ---- */

static enum tool_exit read_kmp(struct tool *tool, struct alarm_state state[ALARM_WORDS])
{
    struct kmp_value values[2 * ALARM_WORDS];
    uint16_t ids[2 * ALARM_WORDS];
    for (size_t i = 0; i < ALARM_WORDS; i++) {
        ids[2 * i] = alarm_words[i].alarms_id;
        ids[2 * i + 1] = alarm_words[i].mask_id;
    }
    const int n = kmp_link_registers(&tool->kmp, ids, 2 * ALARM_WORDS, values);
    if (n < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    for (int v = 0; v < n; v++) {
        int64_t number = 0;
        int exponent = 0;
        if (kmp_value_number(&values[v], &number, &exponent) != KMP_OK) {
            continue;
        }
        for (size_t i = 0; i < ALARM_WORDS; i++) {
            if (values[v].id == alarm_words[i].alarms_id) {
                state[i].has = true;
                state[i].raised = (uint32_t)number;
            } else if (values[v].id == alarm_words[i].mask_id) {
                state[i].has_mask = true;
                state[i].mask = (uint32_t)number;
            }
        }
    }
    return EXIT_GOOD;
}

static enum tool_exit write_kmp(struct tool *tool, uint16_t id, uint32_t number)
{
    struct kmp_value value;
    (void)kmp_value_set(&value, id, UNIT_BITS, 4, number, 0);
    const int result = kmp_link_put(&tool->kmp, tool->options.password, &value);
    if (result == HOST_ERR_SILENT) {
        tool_complain("the meter does not take it: it wants another password, or this connection "
                      "may only read");
        return EXIT_METER;
    }
    if (result != HOST_OK) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

/* ---- DLMS ---- */

static struct dlms_descriptor object_of(int8_t e)
{
    return (struct dlms_descriptor){
        .class_id = CLASS_DATA, .obis = {0, 0, 97, 98, (uint8_t)e, 255}, .member = 2};
}

static void got(void *context, const struct meter_want *want, uint16_t result, struct reader data)
{
    struct alarm_state *state = context;
    uint32_t number = 0;
    if (result != 0 || !dlms_read_u32(&data, &number)) {
        return;
    }
    for (size_t i = 0; i < ALARM_WORDS; i++) {
        if (want->object->obis[4] == (uint8_t)alarm_words[i].alarms_e) {
            state[i].has = true;
            state[i].raised = number;
        } else if (want->object->obis[4] == (uint8_t)alarm_words[i].mask_e) {
            state[i].has_mask = true;
            state[i].mask = number;
        }
    }
}

static enum tool_exit read_dlms(struct tool *tool, struct alarm_state state[ALARM_WORDS])
{
    struct meter_want wants[2 * ALARM_WORDS];
    size_t n = 0;
    int result = dlms_meter_list(tool);
    if (result != EXIT_GOOD) {
        return (enum tool_exit)result;
    }
    for (size_t i = 0; i < 2 * ALARM_WORDS; i++) {
        const int8_t e = i % 2 == 0 ? alarm_words[i / 2].alarms_e : alarm_words[i / 2].mask_e;
        const struct dlms_descriptor wanted = object_of(e);
        size_t at = 0;
        struct meter_object *object = e < 0 ? NULL
                                            : dlms_meter_find(&tool->dlms, CLASS_DATA, wanted.obis,
                                                              OBIS_NAMED_A | OBIS_NAMED_B, &at);
        if (object != NULL) {
            wants[n++] = (struct meter_want){object, 2};
        }
    }
    return n == 0 ? EXIT_GOOD : (enum tool_exit)dlms_meter_get(tool, wants, n, got, state);
}

static enum tool_exit write_dlms(struct tool *tool, int8_t e, uint32_t number)
{
    uint8_t bytes[8];
    struct writer w = writer_over(bytes, sizeof bytes);
    const struct dlms_descriptor object = object_of(e);
    if (e < 0) {
        return EXIT_GOOD; /* what DLMS does not show is not cleared by it */
    }
    dlms_write_u32(&w, number);
    const int err = dlms_client_set(&tool->dlms.client, &object,
                                    (struct dlms_octets){bytes, (uint32_t)writer_length(&w)});
    return err == DLMS_CLIENT_OK ? EXIT_GOOD : (enum tool_exit)dlms_meter_fail(tool, err, "alarms");
}

/* ---- both ---- */

enum tool_exit alarm_read(struct tool *tool, struct alarm_state state[ALARM_WORDS])
{
    memset(state, 0, ALARM_WORDS * sizeof *state);
    const enum tool_exit result =
        tool->line.url.protocol == METER_DLMS ? read_dlms(tool, state) : read_kmp(tool, state);
    bool any = false;
    for (size_t i = 0; i < ALARM_WORDS; i++) {
        any = any || state[i].has;
    }
    if (result == EXIT_GOOD && !any) {
        tool_complain("the meter does not have alarms, or does not show them to this client");
        return EXIT_UNKNOWN;
    }
    return result;
}

enum tool_exit alarm_clear(struct tool *tool, unsigned word, uint32_t bits)
{
    return tool->line.url.protocol == METER_DLMS
               ? write_dlms(tool, alarm_words[word].alarms_e, ~bits)
               : write_kmp(tool, alarm_words[word].alarms_id, bits);
}

enum tool_exit alarm_mask_set(struct tool *tool, unsigned word, uint32_t mask)
{
    if (tool->line.url.protocol == METER_DLMS && alarm_words[word].mask_e < 0) {
        tool_complain("alarms masks %s: DLMS has no object for it; set it over KMP",
                      alarm_words[word].key);
        return EXIT_USAGE;
    }
    return tool->line.url.protocol == METER_DLMS ? write_dlms(tool, alarm_words[word].mask_e, mask)
                                                 : write_kmp(tool, alarm_words[word].mask_id, mask);
}
