#include "config_diff.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../proto/common/writer.h"
#include "setting_text.h"

static struct config_change *add(struct config_changes *changes, const char *group,
                                 const char *name)
{
    static struct config_change spare;
    struct config_change *change =
        changes->n < CONFIG_CHANGES_MAX ? &changes->change[changes->n++] : &spare;
    memset(change, 0, sizeof *change);
    snprintf(change->name, sizeof change->name, "%s%s%s", group, name[0] != '\0' ? "." : "", name);
    return change;
}

static void append(char *out, size_t n_out, const char *format, ...)
{
    const size_t n = strlen(out);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out + n, n_out - n, format, arguments);
    va_end(arguments);
}

/* ---- settings ---- */

static void diff_settings(const struct config_document *wanted, const struct config_document *now,
                          struct config_changes *changes)
{
    for (size_t row = 0; row < setting_table_length; row++) {
        const struct setting_def *def = &setting_table[row];
        const bool known = now->has[row];
        if (!wanted->has[row] ||
            (known && setting_value_equal(&wanted->value[row], &now->value[row]))) {
            continue;
        }
        struct config_change *change = add(changes, "settings", def->name);
        snprintf(change->before, sizeof change->before, "%s",
                 def->type == SETTING_SECRET ? "(secret)" : "(none)");
        if (known) {
            setting_text_print(def, &now->value[row], change->before, sizeof change->before);
        }
        setting_text_print(def, &wanted->value[row], change->after, sizeof change->after);
        change->effect = def->effect;
        change->sealed = def->access == SETTING_LOCKED;
    }
}

/* ---- display ---- */

bool config_list_differs(const struct kmp_display_list *wanted, const struct kmp_display_list *now,
                         uint16_t configuration)
{
    if (configuration != now->configuration) {
        return !wanted->delivered; /* another configuration brings its own lists anyway */
    }
    return wanted->delivered != now->delivered ||
           (!wanted->delivered &&
            (wanted->n != now->n ||
             memcmp(wanted->reading, now->reading, wanted->n * sizeof wanted->reading[0]) != 0));
}

static void readings_text(const uint16_t *ids, size_t n, char *out, size_t n_out)
{
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        char name[32];
        config_reading_name(ids[i], name, sizeof name);
        append(out, n_out, "%s%s", i > 0 ? " " : "", name);
    }
    if (n == 0) {
        append(out, n_out, "(none)");
    }
}

static void list_text(const struct kmp_display_list *list, char *out, size_t n_out)
{
    if (list->delivered) {
        snprintf(out, n_out, "as delivered");
    } else {
        readings_text(list->reading, list->n, out, n_out);
    }
}

static void diff_lists(const struct config_document *wanted, const struct config_document *now,
                       struct config_changes *changes)
{
    const size_t row = (size_t)(setting_by_name("display-lists") - setting_table);
    const bool named = wanted->has[row];
    const uint32_t configuration = named ? wanted->value[row].number : now->value[row].number;
    for (unsigned which = 0; which < KMP_DISPLAY_LISTS; which++) {
        if (wanted->has_list[which] &&
            config_list_differs(&wanted->list[which], &now->list[which], (uint16_t)configuration)) {
            struct config_change *change = add(changes, "display", config_list_names[which]);
            list_text(&now->list[which], change->before, sizeof change->before);
            list_text(&wanted->list[which], change->after, sizeof change->after);
        }
    }
}

/* ---- limits, plan, analysis ---- */

static void limit_text(int64_t steps, const struct quality_limit_row *row, char *out, size_t n_out)
{
    char number[32];
    struct writer w = writer_over(number, sizeof number - 1);
    writer_fixed(&w, steps, row->decimals, 1);
    snprintf(out, n_out, "%.*s %s", (int)writer_length(&w), number, row->unit);
}

static void diff_limits(const struct config_document *wanted, const struct config_document *now,
                        struct config_changes *changes)
{
    for (size_t i = 0; i < quality_limit_rows_length; i++) {
        const struct quality_limit_row *row = &quality_limit_rows[i];
        if ((wanted->has_limit >> i & 1u) == 0 ||
            ((now->has_limit >> i & 1u) != 0 && wanted->limit[i] == now->limit[i])) {
            continue;
        }
        struct config_change *change = add(changes, "quality_limits", row->name);
        snprintf(change->before, sizeof change->before, "(none)");
        if ((now->has_limit >> i & 1u) != 0) {
            limit_text(now->limit[i], row, change->before, sizeof change->before);
        }
        limit_text(wanted->limit[i], row, change->after, sizeof change->after);
    }
}

bool config_plan_differs(const struct config_document *wanted, const struct config_document *now)
{
    return wanted->has_plan &&
           (wanted->n_plan != now->n_plan || memcmp(wanted->plan, now->plan, wanted->n_plan) != 0);
}

static void plan_text(const struct config_document *document, char *out, size_t n_out)
{
    struct tariff_plan plan;
    struct plan_place place;
    if (document->n_plan > 0 &&
        tariff_plan_read(document->plan, document->n_plan, &plan, &place) == PLAN_OK) {
        snprintf(out, n_out, "plan \"%s\"", plan.name);
    } else {
        snprintf(out, n_out, "(none)");
    }
}

bool config_analysis_differs(const struct config_analysis *wanted,
                             const struct config_analysis *now)
{
    return wanted->has != now->has || wanted->on != now->on ||
           wanted->interval_min != now->interval_min ||
           (wanted->on && wanted->profile_records != now->profile_records) || wanted->n != now->n ||
           memcmp(wanted->value, now->value, wanted->n * sizeof wanted->value[0]) != 0;
}

static void analysis_text(const struct config_analysis *analysis, char *out, size_t n_out)
{
    char readings[CONFIG_VALUE_MAX - 80];
    readings_text(analysis->value, analysis->n, readings, sizeof readings);
    snprintf(out, n_out, "%s, every %u min, %u load-profile records, %s",
             analysis->on ? "on" : "off", (unsigned)analysis->interval_min,
             (unsigned)analysis->profile_records, readings);
}

void config_diff(const struct config_document *wanted, const struct config_document *now,
                 struct config_changes *changes)
{
    changes->n = 0;
    if (wanted->order_number[0] != '\0' && strcmp(wanted->order_number, now->order_number) != 0) {
        struct config_change *change = add(changes, "order_number", "");
        snprintf(change->before, sizeof change->before, "%s", now->order_number);
        snprintf(change->after, sizeof change->after, "%s", wanted->order_number);
        change->sealed = true;
    }
    diff_settings(wanted, now, changes);
    diff_lists(wanted, now, changes);
    diff_limits(wanted, now, changes);
    if (config_plan_differs(wanted, now)) {
        struct config_change *change = add(changes, "tariff_plan", "");
        plan_text(now, change->before, sizeof change->before);
        plan_text(wanted, change->after, sizeof change->after);
    }
    if (wanted->analysis.has && config_analysis_differs(&wanted->analysis, &now->analysis)) {
        struct config_change *change = add(changes, "analysis", "");
        analysis_text(&now->analysis, change->before, sizeof change->before);
        analysis_text(&wanted->analysis, change->after, sizeof change->after);
    }
}

void config_effect_text(const struct config_change *change, char *out, size_t n_out)
{
    static const struct {
        unsigned effect;
        const char *text;
    } effects[] = {
        {EFFECT_ERASES_PROFILE, "erases the load profile"},
        {EFFECT_ENDS_PERIOD, "the running integration period begins anew"},
        {EFFECT_LOCAL_TIME, "tariffs and debiting dates move with local time"},
        {EFFECT_DISPLAY, "the display begins anew"},
        {EFFECT_AT_START, "takes effect at the meter's next start"},
    };
    snprintf(out, n_out, "%s", change->sealed ? "sealed: can't be changed" : "");
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++) {
        if ((change->effect & effects[i].effect) != 0) {
            append(out, n_out, "%s%s", out[0] != '\0' ? "; " : "", effects[i].text);
        }
    }
}
