/* From one configuration to another: a bundle that the meter carries out as a whole. */
#include <string.h>

#include "../../app/calendar/tariff_plan_image.h"
#include "../../proto/kmp/kmp_settings.h"
#include "config_diff.h"
#include "config_meter.h"

#define PUT_REGISTER     0x11u
#define TARIFF_STAGE     0xE0u
#define TARIFF_COMMIT    0xE1u
#define TARIFF_PART      200u
#define UTC_2000         INT64_C(946684800)
#define SETTINGS_PART    24u /* of one telegram */
#define REGISTER_BYTES   4u
#define ANALYSIS_FIRST   0xF300u
#define ANALYSIS_VALUE_1 0xF310u
#define ANALYSIS_FORGET  2
#define UNIT_NUMBER      51u

/** What is sent, and how many entries there are of either kind. */
struct bundle {
    struct tool *tool;
    uint8_t n[2]; /**< to do, to undo */
    enum tool_exit result;
    const struct config_document *wanted, *now;
};

/* ---- telegrams ---- */

static enum tool_exit told(const struct kmp_bundle_reply *reply)
{
    if (reply->reason == KMP_BUNDLE_OK) {
        return EXIT_GOOD;
    }
    tool_complain("the meter refuses: %s", kmp_bundle_reason_text(reply->reason));
    return EXIT_METER;
}

static enum tool_exit order(struct bundle *b, enum kmp_bundle_what what,
                            struct kmp_bundle_reply *reply)
{
    uint8_t bytes[8];
    struct writer w = writer_over(bytes, sizeof bytes);
    const struct kmp_bundle_order o = {(uint8_t)what, b->tool->options.password, b->n[0], b->n[1]};
    kmp_bundle_order_write(&w, &o);
    struct reader r = config_ask(b->tool, KMP_BUNDLE_ORDER, &w);
    if (r.failed) {
        return EXIT_METER;
    }
    if (kmp_bundle_reply_read(&r, reply) != KMP_OK) {
        tool_complain("changing the configuration: the meter's answer is not as it should be");
        return EXIT_METER;
    }
    return told(reply);
}

static void add_entry(struct bundle *b, bool undo, bool any_order, uint8_t cid,
                      const struct writer *data)
{
    uint8_t bytes[KMP_BUNDLE_DATA_MAX + 8];
    struct kmp_bundle_reply reply;
    struct writer w = writer_over(bytes, sizeof bytes);
    struct kmp_bundle_entry entry = {
        .index = b->n[undo], .undo = undo, .any_order = any_order, .cid = cid};
    if (b->result != EXIT_GOOD) {
        return;
    }
    if (entry.index >= KMP_BUNDLE_ENTRIES_MAX || writer_length(data) > sizeof entry.data) {
        tool_complain("these are too many changes at once: apply parts of the document");
        b->result = EXIT_USAGE;
        return;
    }
    entry.n_data = (uint8_t)writer_length(data);
    memcpy(entry.data, data->begin, entry.n_data);
    b->n[undo]++;
    writer_uint_be(&w, b->tool->options.password, 2);
    kmp_bundle_entry_write(&w, &entry);
    struct reader r = config_ask(b->tool, KMP_BUNDLE_STAGE, &w);
    b->result = r.failed || kmp_bundle_reply_read(&r, &reply) != KMP_OK ? EXIT_METER : told(&reply);
}

static void add(struct bundle *b, bool undo, uint8_t cid, const struct writer *data)
{
    add_entry(b, undo, false, cid, data);
}

/* ---- the parts ---- */

static void add_register(struct bundle *b, bool undo, bool any_order, uint16_t id, uint8_t unit,
                         int64_t number, int exponent)
{
    uint8_t bytes[32];
    struct kmp_value value;
    struct writer w = writer_over(bytes, sizeof bytes);
    if (kmp_value_set(&value, id, unit, REGISTER_BYTES, number, exponent) == KMP_OK) {
        kmp_value_write(&w, &value);
        add_entry(b, undo, any_order, PUT_REGISTER, &w);
    }
}

static void add_limits(struct bundle *b)
{
    for (size_t i = 0; i < quality_limit_rows_length; i++) {
        const struct quality_limit_row *row = &quality_limit_rows[i];
        if ((b->wanted->has_limit & b->now->has_limit & 1u << i) != 0 &&
            b->wanted->limit[i] != b->now->limit[i]) {
            add_register(b, false, true, row->kmp_id, row->kmp_unit, b->wanted->limit[i],
                         -(int)row->decimals);
            add_register(b, true, true, row->kmp_id, row->kmp_unit, b->now->limit[i],
                         -(int)row->decimals);
        }
    }
}

static void add_setup(struct bundle *b, bool undo, const struct config_analysis *analysis)
{
    add_register(b, undo, false, ANALYSIS_FIRST, UNIT_NUMBER, ANALYSIS_FORGET, 0);
    add_register(b, undo, false, ANALYSIS_FIRST + 1u, UNIT_NUMBER, analysis->interval_min, 0);
    if (analysis->on) { /* what it is without is nobody's wish */
        add_register(b, undo, false, ANALYSIS_FIRST + 2u, UNIT_NUMBER, analysis->profile_records,
                     0);
    }
    for (uint16_t i = 0; i < ANALYSIS_VALUES; i++) {
        add_register(b, undo, false, (uint16_t)(ANALYSIS_VALUE_1 + i), UNIT_NUMBER,
                     i < analysis->n ? analysis->value[i] : 0, 0);
    }
    add_register(b, undo, false, ANALYSIS_FIRST, UNIT_NUMBER, analysis->on ? 1 : 0, 0);
}

static void add_list(struct bundle *b, bool undo, const struct kmp_display_list *list,
                     uint16_t configuration)
{
    uint8_t bytes[KMP_BUNDLE_DATA_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct kmp_display_list sent = *list;
    sent.configuration = configuration;
    sent.n = list->delivered ? 0 : list->n;
    kmp_display_list_write(&w, &sent);
    add(b, undo, KMP_DISPLAY_WRITE, &w);
}

/** Number of the display configuration that will be in force. */
static uint16_t configuration_of(const struct bundle *b)
{
    const struct setting_def *def = setting_by_name("display-lists");
    const size_t row = (size_t)(def - setting_table);
    const bool named = b->wanted->has[row];
    return (uint16_t)(named ? b->wanted->value[row].number : b->now->value[row].number);
}

/** Taken back are all: a list of another configuration has put them aside. */
static void add_lists(struct bundle *b)
{
    const uint16_t configuration = configuration_of(b);
    bool any = false;
    for (unsigned which = 0; which < KMP_DISPLAY_LISTS; which++) {
        const struct kmp_display_list *list = &b->wanted->list[which];
        if (b->wanted->has_list[which] &&
            config_list_differs(list, &b->now->list[which], configuration)) {
            add_list(b, false, list, configuration);
            any = true;
        }
    }
    for (unsigned which = 0; any && which < KMP_DISPLAY_LISTS; which++) {
        add_list(b, true, &b->now->list[which], b->now->list[which].configuration);
    }
}

/** @param activation_s  UTC; 0: in force at once */
static void add_image(struct bundle *b, bool undo, const uint8_t *image, size_t n_image,
                      int64_t activation_s)
{
    uint8_t bytes[TARIFF_PART + 8];
    for (size_t at = 0; at < n_image; at += TARIFF_PART) {
        const size_t left = n_image - at;
        struct writer w = writer_over(bytes, sizeof bytes);
        writer_uint_be(&w, at, 2);
        writer_bytes(&w, image + at, left < TARIFF_PART ? left : TARIFF_PART);
        add(b, undo, TARIFF_STAGE, &w);
    }
    struct writer w = writer_over(bytes, sizeof bytes);
    writer_uint_be(&w, n_image, 2);
    writer_uint_be(&w, (uint64_t)(activation_s != 0 ? activation_s - UTC_2000 : 0), 4);
    add(b, undo, TARIFF_COMMIT, &w);
}

/** A plan that comes into force puts aside the one that waits: that one is sent again behind it. */
static void add_plan(struct bundle *b, bool undo, const struct config_document *document)
{
    add_image(b, undo, document->plan, document->n_plan, 0);
    if (b->now->n_waiting > 0) {
        add_image(b, undo, b->now->waiting, b->now->n_waiting, b->now->waiting_s);
    }
}

static bool setting_changes(const struct bundle *b, size_t row)
{
    return b->wanted->has[row] &&
           (!b->now->has[row] || !setting_value_equal(&b->wanted->value[row], &b->now->value[row]));
}

static void setting_put(struct writer *w, const struct setting_def *def,
                        const struct setting_value *value)
{
    struct kmp_setting wire = kmp_setting_of_number(def->id, value->number);
    if (def->type == SETTING_TEXT) {
        wire.n_bytes = (uint8_t)strlen(value->text);
        memcpy(wire.bytes, value->text, wire.n_bytes);
    }
    kmp_setting_write(w, &wire);
}

/** Last of all: one commit, which the meter takes as a whole. */
static void add_settings(struct bundle *b)
{
    uint8_t bytes[KMP_BUNDLE_DATA_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    uint8_t n = 0;
    for (size_t row = 0; row < setting_table_length; row++) {
        if (!setting_changes(b, row)) {
            continue;
        }
        setting_put(&w, &setting_table[row], &b->wanted->value[row]);
        n++;
        if (writer_left(&w) < SETTINGS_PART) {
            add(b, false, KMP_SETTINGS_STAGE, &w);
            w = writer_over(bytes, sizeof bytes);
        }
    }
    if (writer_length(&w) > 0) {
        add(b, false, KMP_SETTINGS_STAGE, &w);
    }
    if (n > 0) {
        w = writer_over(bytes, sizeof bytes);
        writer_u8(&w, n);
        add(b, false, KMP_SETTINGS_COMMIT, &w);
    }
}

/* ---- all of it ---- */

/** Words for the first byte of what a refused command answered. */
static void complain_refused(const struct kmp_bundle_reply *reply)
{
    if (reply->n_detail == 3) {
        tool_complain("a display list was refused: %s", kmp_display_reason_text(reply->detail[0]));
    } else if (reply->n_detail == 8) {
        const struct setting_def *def =
            setting_by_id((uint16_t)(reply->detail[1] * 256u + reply->detail[2]));
        tool_complain("setting %s was refused: %s", def != NULL ? def->name : "?",
                      kmp_settings_reason_text(reply->detail[0]));
    } else if (reply->n_detail == 4) {
        tool_complain("the tariff plan was refused: metertool tariff upload says why");
    } else {
        tool_complain("a limit or the set-up of the analysis logger was refused: it contradicts "
                      "the others, or this meter does not have it");
    }
}

/**
 * Sent once: a second one would find nothing to commit and say so, though the first was carried
 * out. What became of one without an answer is seen by reading.
 */
static enum tool_exit commit(struct bundle *b, bool *unsure)
{
    struct kmp_bundle_reply reply = {.reason = KMP_BUNDLE_REASONS};
    const unsigned retries = b->tool->kmp.retries;
    b->tool->kmp.retries = 0;
    const enum tool_exit result = order(b, KMP_BUNDLE_COMMIT, &reply);
    b->tool->kmp.retries = retries;
    *unsure = reply.reason == KMP_BUNDLE_REASONS;
    if (reply.reason == KMP_BUNDLE_REFUSED || reply.reason == KMP_BUNDLE_STUCK) {
        complain_refused(&reply);
    }
    return result;
}

enum tool_exit config_meter_write(struct tool *tool, const struct config_document *wanted,
                                  const struct config_document *now, bool *unsure)
{
    struct bundle b = {.tool = tool, .result = EXIT_GOOD, .wanted = wanted, .now = now};
    struct kmp_bundle_reply reply = {0};
    b.result = order(&b, KMP_BUNDLE_DISCARD, &reply);
    add_limits(&b);
    if (wanted->analysis.has && config_analysis_differs(&wanted->analysis, &now->analysis)) {
        add_setup(&b, false, &wanted->analysis);
        add_setup(&b, true, &now->analysis);
    }
    add_lists(&b);
    if (config_plan_differs(wanted, now)) {
        add_plan(&b, false, wanted);
        add_plan(&b, true, now);
    }
    add_settings(&b);
    if (b.result != EXIT_GOOD || b.n[0] == 0) {
        return b.result;
    }
    return commit(&b, unsure);
}
