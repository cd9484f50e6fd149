/* The configuration document as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/tariff_text.h"
#include "config_document.h"
#include "setting_text.h"

static json_t *setting_json(const struct setting_def *def, const struct setting_value *value)
{
    char text[SETTING_WORDS_MAX];
    switch (def->type) {
    case SETTING_TEXT: return json_string(value->text);
    case SETTING_NUMBER: return json_integer(value->number);
    default: setting_text_print(def, value, text, sizeof text); return json_string(text);
    }
}

static json_t *settings_json(const struct config_document *document)
{
    json_t *all = json_object();
    for (size_t row = 0; row < setting_table_length; row++) {
        const struct setting_def *def = &setting_table[row];
        if (document->has[row] && def->type != SETTING_SECRET) {
            json_object_set_new(all, def->name, setting_json(def, &document->value[row]));
        }
    }
    return all;
}

static json_t *readings_json(const uint16_t *ids, size_t n)
{
    json_t *all = json_array();
    for (size_t i = 0; i < n; i++) {
        char name[32];
        config_reading_name(ids[i], name, sizeof name);
        json_array_append_new(all, json_string(name));
    }
    return all;
}

static json_t *display_json(const struct config_document *document)
{
    json_t *all = json_object();
    for (unsigned which = 0; which < KMP_DISPLAY_LISTS; which++) {
        const struct kmp_display_list *list = &document->list[which];
        if (document->has_list[which]) {
            json_object_set_new(all, config_list_names[which],
                                list->delivered ? json_string("delivered")
                                                : readings_json(list->reading, list->n));
        }
    }
    return all;
}

static json_t *limits_json(const struct config_document *document)
{
    json_t *all = json_object();
    for (size_t i = 0; i < quality_limit_rows_length; i++) {
        double scale = 1.0;
        for (unsigned k = 0; k < quality_limit_rows[i].decimals; k++) {
            scale *= 10.0;
        }
        if ((document->has_limit >> i & 1u) != 0) {
            json_object_set_new(all, quality_limit_rows[i].name,
                                json_real((double)document->limit[i] / scale));
        }
    }
    return all;
}

/** The plan's text, a line an element. */
static json_t *plan_json(const struct config_document *document)
{
    struct tariff_plan plan;
    struct plan_place place;
    char *text = NULL;
    size_t n_text = 0;
    if (document->n_plan == 0) {
        return json_null();
    }
    json_t *all = json_array();
    FILE *memory = open_memstream(&text, &n_text);
    if (memory == NULL ||
        tariff_plan_read(document->plan, document->n_plan, &plan, &place) != PLAN_OK) {
        if (memory != NULL) {
            fclose(memory);
        }
        free(text);
        return all;
    }
    tariff_text_print(memory, &plan);
    fclose(memory);
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        json_array_append_new(all, json_string(line));
    }
    free(text);
    return all;
}

static json_t *analysis_json(const struct config_analysis *analysis)
{
    json_t *all =
        json_pack("{s:b, s:i}", "on", analysis->on, "interval_min", (int)analysis->interval_min);
    if (analysis->on) { /* it counts only then */
        json_object_set_new(all, "profile_records", json_integer(analysis->profile_records));
    }
    json_object_set_new(all, "values", readings_json(analysis->value, analysis->n));
    return all;
}

json_t *config_document_json(const struct config_document *document)
{
    json_t *root = json_object();
    json_object_set_new(root, "format", json_string(CONFIG_FORMAT));
    if (document->order_number[0] != '\0') {
        json_object_set_new(root, "order_number", json_string(document->order_number));
    }
    if (memchr(document->has, true, sizeof document->has) != NULL) {
        json_object_set_new(root, "settings", settings_json(document));
    }
    if (document->has_list[KMP_DISPLAY_AUTOMATIC]) {
        json_object_set_new(root, "display", display_json(document));
    }
    if (document->has_limit != 0) {
        json_object_set_new(root, "quality_limits", limits_json(document));
    }
    if (document->has_plan) {
        json_object_set_new(root, "tariff_plan", plan_json(document));
    }
    if (document->analysis.has) {
        json_object_set_new(root, "analysis", analysis_json(&document->analysis));
    }
    return root;
}
