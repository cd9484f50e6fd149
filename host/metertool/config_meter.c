/* Reading a meter's configuration. */
#include "config_meter.h"

#include <string.h>

#include "../../proto/kmp/kmp_settings.h"
#include "tariff_meter.h"

#define BODY_HEADER    2u  /* DEST CID */
#define IDS_A_TELEGRAM 12u /* so that texts fit too */
#define TYPE_NUMBER    1126u
#define ANALYSIS_ON    0xF300u
#define ANALYSIS_FIRST 0xF310u

struct reader config_ask(struct tool *tool, uint8_t cid, const struct writer *data)
{
    struct reader answer = {NULL, NULL, true};
    if (tool->line.url.protocol != METER_KMP) {
        tool_complain("a configuration is read and written over KMP: expected -m kmp:... or "
                      "kmp+tcp:...");
        return answer;
    }
    const int length = kmp_link_command(&tool->kmp, cid, data->begin, writer_length(data));
    if (length < (int)BODY_HEADER) {
        tool_complain("%s; only meters of this project are configured so", tool->line.error);
        return answer;
    }
    return reader_over(tool->kmp.receiver.body + BODY_HEADER, (size_t)length - BODY_HEADER);
}

static enum tool_exit damaged(const char *what)
{
    tool_complain("%s: the meter's answer is not as it should be", what);
    return EXIT_METER;
}

/* ---- settings ---- */

/** Another table in the meter than in this program means other ids, and hands off. */
static enum tool_exit same_table(struct tool *tool)
{
    uint8_t nothing[1] = {0};
    struct kmp_settings_info info;
    struct writer w = writer_over(nothing, sizeof nothing);
    struct reader r = config_ask(tool, KMP_SETTINGS_READ, &w);
    if (r.failed) {
        return EXIT_METER;
    }
    if (kmp_settings_info_read(&r, &info) != KMP_OK) {
        return damaged("settings");
    }
    if (info.version != SETTING_TABLE_VERSION || info.hash != setting_table_hash()) {
        tool_complain("the meter's table of settings is another one (%04X) than this program's "
                      "(%04X): use the metertool of the meter's version",
                      info.hash, setting_table_hash());
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

static bool setting_take(const struct kmp_setting *wire, struct config_document *document)
{
    const struct setting_def *def = setting_by_id(wire->id);
    struct setting_value value;
    memset(&value, 0, sizeof value);
    if (def == NULL || (def->type == SETTING_TEXT && wire->n_bytes > SETTING_TEXT_MAX)) {
        return false;
    }
    if (def->type == SETTING_TEXT) {
        memcpy(value.text, wire->bytes, wire->n_bytes);
    } else if (kmp_setting_number(wire, &value.number) != KMP_OK) {
        return false;
    }
    const size_t row = (size_t)(def - setting_table);
    document->value[row] = value;
    document->has[row] = true;
    return true;
}

static enum tool_exit read_settings(struct tool *tool, struct config_document *document)
{
    for (size_t row = 0; row < setting_table_length; row += IDS_A_TELEGRAM) {
        uint8_t ids[2 * IDS_A_TELEGRAM];
        struct kmp_setting wire;
        struct writer w = writer_over(ids, sizeof ids);
        for (size_t i = row; i < setting_table_length && i < row + IDS_A_TELEGRAM; i++) {
            writer_uint_be(&w, setting_table[i].id, 2);
        }
        struct reader r = config_ask(tool, KMP_SETTINGS_READ, &w);
        if (r.failed) {
            return EXIT_METER;
        }
        while (reader_left(&r) > 0) {
            if (kmp_setting_read(&r, &wire) != KMP_OK || !setting_take(&wire, document)) {
                return damaged("settings");
            }
        }
    }
    return EXIT_GOOD;
}

/* ---- registers ---- */

static enum tool_exit read_order(struct tool *tool, struct config_document *document)
{
    const uint16_t id = TYPE_NUMBER;
    struct kmp_value value;
    const int n = kmp_link_registers(&tool->kmp, &id, 1, &value);
    if (n < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    if (n != 1 || value.n_bytes != sizeof document->order_number - 1) {
        return damaged("type number");
    }
    for (size_t i = 0; i < value.n_bytes; i++) { /* it comes from its last character to its first */
        document->order_number[i] = (char)value.bytes[value.n_bytes - 1 - i];
    }
    return EXIT_GOOD;
}

/** The number of a register that was read; -1: the meter does not have it. */
static int64_t number_of(const struct kmp_value *values, int n, uint16_t id)
{
    for (int i = 0; i < n; i++) {
        int64_t number = 0;
        int exponent = 0;
        if (values[i].id == id && kmp_value_number(&values[i], &number, &exponent) == KMP_OK) {
            return number;
        }
    }
    return -1;
}

static enum tool_exit read_limits(struct tool *tool, struct config_document *document)
{
    uint16_t ids[QUALITY_LIMIT_ROWS_MAX] = {0};
    struct kmp_value values[QUALITY_LIMIT_ROWS_MAX];
    for (size_t i = 0; i < quality_limit_rows_length; i++) {
        ids[i] = quality_limit_rows[i].kmp_id;
    }
    const int n = kmp_link_registers(&tool->kmp, ids, quality_limit_rows_length, values);
    if (n < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    for (size_t i = 0; i < quality_limit_rows_length; i++) {
        const int64_t number = number_of(values, n, ids[i]);
        if (number >= 0) {
            document->limit[i] = number;
            document->has_limit |= 1u << i;
        }
    }
    return EXIT_GOOD;
}

static enum tool_exit read_analysis(struct tool *tool, struct config_document *document)
{
    uint16_t ids[3 + ANALYSIS_VALUES];
    struct kmp_value values[3 + ANALYSIS_VALUES];
    struct config_analysis *analysis = &document->analysis;
    for (size_t i = 0; i < 3 + ANALYSIS_VALUES; i++) {
        ids[i] = (uint16_t)(i < 3 ? ANALYSIS_ON + i : ANALYSIS_FIRST + i - 3);
    }
    const int n = kmp_link_registers(&tool->kmp, ids, 3 + ANALYSIS_VALUES, values);
    if (n < 0) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    analysis->has = number_of(values, n, ANALYSIS_ON) >= 0;
    if (!analysis->has) {
        return EXIT_GOOD;
    }
    analysis->on = number_of(values, n, ANALYSIS_ON) == 1;
    analysis->interval_min = (uint32_t)number_of(values, n, ANALYSIS_ON + 1);
    analysis->profile_records = (uint32_t)number_of(values, n, ANALYSIS_ON + 2);
    for (uint16_t i = 0; i < ANALYSIS_VALUES; i++) {
        const int64_t id = number_of(values, n, (uint16_t)(ANALYSIS_FIRST + i));
        if (id > 0) {
            analysis->value[analysis->n++] = (uint16_t)id;
        }
    }
    return EXIT_GOOD;
}

/* ---- display and plan ---- */

static enum tool_exit read_lists(struct tool *tool, struct config_document *document)
{
    for (uint8_t which = 0; which < KMP_DISPLAY_LISTS; which++) {
        struct writer w = writer_over(&which, 1);
        writer_u8(&w, which);
        struct reader r = config_ask(tool, KMP_DISPLAY_READ, &w);
        if (r.failed) {
            return EXIT_METER;
        }
        if (kmp_display_list_read(&r, &document->list[which]) != KMP_OK) {
            return damaged("display lists");
        }
        document->has_list[which] = true;
    }
    return EXIT_GOOD;
}

/** Meters without tariffs do not answer: not asked. */
static enum tool_exit read_plans(struct tool *tool, struct config_document *document)
{
    struct meter_plan found;
    if (document->order_number[9] == '1') {
        return EXIT_GOOD;
    }
    enum tool_exit result = tariff_meter_read(tool, false, &found);
    if (result != EXIT_GOOD) {
        return result;
    }
    document->has_plan = true;
    document->n_plan = found.n_image;
    memcpy(document->plan, found.image, found.n_image);
    result = tariff_meter_read(tool, true, &found);
    if (result == EXIT_GOOD) {
        document->n_waiting = found.n_image;
        document->waiting_s = found.activation_s;
        memcpy(document->waiting, found.image, found.n_image);
    }
    return result;
}

enum tool_exit config_meter_read(struct tool *tool, struct config_document *document)
{
    static enum tool_exit (*const parts[])(struct tool *, struct config_document *) = {
        read_order, read_settings, read_lists, read_limits, read_plans, read_analysis};
    memset(document, 0, sizeof *document);
    enum tool_exit result = same_table(tool);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && result == EXIT_GOOD; i++) {
        result = parts[i](tool, document);
    }
    return result;
}

enum tool_exit config_meter_outcome(struct tool *tool, const char **text)
{
    static const char *const texts[KMP_BUNDLE_OUTCOMES] = {
        "", "the last change was interrupted: the meter has finished it at its start",
        "the last change was interrupted: the meter has undone it, nothing of it holds"};
    uint8_t bytes[8];
    struct kmp_bundle_reply reply;
    struct writer w = writer_over(bytes, sizeof bytes);
    const struct kmp_bundle_order order = {.what = KMP_BUNDLE_STATUS};
    kmp_bundle_order_write(&w, &order);
    struct reader r = config_ask(tool, KMP_BUNDLE_ORDER, &w);
    if (r.failed) {
        return EXIT_METER;
    }
    if (kmp_bundle_reply_read(&r, &reply) != KMP_OK) {
        return damaged("state of the last change");
    }
    *text = texts[reply.outcome];
    return EXIT_GOOD;
}
