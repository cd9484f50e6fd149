/* Does a configuration document fit its meter?  By the meter's own tables, without one. */
#include <stdio.h>
#include <string.h>

#include "../../app/display/display_rules.h"
#include "../../app/registers/register_table.h"
#include "../../app/variant/variant.h"
#include "../lib/order_text.h"
#include "config_document.h"
#include "setting_text.h"

#define CONFIGURATION_DIGITS 8u
#define RADIO_DIGITS         3u

/* ---- order number and configurations ---- */

static uint32_t power_of_ten(unsigned n)
{
    uint32_t power = 1;
    for (; n > 0; n--) {
        power *= 10u;
    }
    return power;
}

/** The field of the order tables that a setting is; ORDER_FIELDS: none. */
static unsigned field_of(const struct setting_def *def)
{
    for (unsigned i = 0; def->home == HOME_CONFIGURATION && i < ORDER_FIELDS; i++) {
        const struct order_field *field = &order_fields[i];
        const unsigned length =
            field->part == ORDER_CONFIGURATIONS ? RADIO_DIGITS : CONFIGURATION_DIGITS;
        if (field->part == def->index + 1u && field->digits == def->digits &&
            field->at + field->digits <= length &&
            power_of_ten(length - field->at - field->digits) == def->divisor) {
            return i;
        }
    }
    return ORDER_FIELDS;
}

static void fields_take(struct order_codes *codes, const struct config_document *document)
{
    for (size_t row = 0; row < setting_table_length; row++) {
        const unsigned field = field_of(&setting_table[row]);
        if (field != ORDER_FIELDS && document->has[row]) {
            char digits[32];
            snprintf(digits, sizeof digits, "%0*lu", (int)(order_fields[field].digits & 7u),
                     (unsigned long)document->value[row].number);
            snprintf(codes->code[field], sizeof codes->code[field], "%.5s", digits);
        }
    }
}

/** The meter that the document makes of the order number. */
static bool variant_of(const struct config_document *document, const struct config_document *base,
                       const char *order, struct variant *variant, char *error, size_t n_error)
{
    struct order_codes codes;
    struct order_fault found;
    uint32_t configuration[ORDER_CONFIGURATIONS];
    char text[ORDER_DIGITS + 1], sentence[ORDER_SENTENCE_MAX];
    if (!order_text_read(order, NULL, 0, &codes, error, n_error)) {
        return false;
    }
    if (base != NULL) {
        fields_take(&codes, base);
    }
    fields_take(&codes, document);
    order_text_complete(&codes);
    if (order_check(&codes, false, &found, 1) > 0) {
        order_fault_text(&codes, &found, sentence, sizeof sentence);
        snprintf(error, n_error, "%s", sentence);
        return false;
    }
    order_join(&codes, text, configuration);
    return variant_from_order("", text, configuration, variant) == VARIANT_OK;
}

/* ---- the parts ---- */

static bool settings_fit(const struct config_document *document, const struct variant *variant,
                         char *error, size_t n_error)
{
    for (size_t row = 0; row < setting_table_length; row++) {
        const struct setting_def *def = &setting_table[row];
        if (document->has[row] && (def->need & ~(unsigned)variant_has(variant)) != 0) {
            snprintf(error, n_error, "settings.%s: a meter %s does not have it", def->name,
                     variant->order_number);
            return false;
        }
    }
    return true;
}

static bool lists_fit(const struct config_document *document, const struct variant *variant,
                      char *error, size_t n_error)
{
    for (unsigned which = 0; which < KMP_DISPLAY_LISTS; which++) {
        struct kmp_display_list list = document->list[which];
        list.configuration = variant->display_configuration;
        if (!document->has_list[which] ||
            (list.delivered &&
             display_rules_longest(variant, (enum kmp_display_which)which) == 0)) {
            continue;
        }
        const struct kmp_display_reply reply = display_rules_check(variant, &list);
        if (reply.reason != KMP_DISPLAY_OK) {
            char name[32];
            config_reading_name(reply.reading, name, sizeof name);
            snprintf(error, n_error, "display.%s: %s%s%s (at most %zu readings)",
                     config_list_names[which], kmp_display_reason_text(reply.reason),
                     reply.reading != 0 ? ": " : "", reply.reading != 0 ? name : "",
                     display_rules_longest(variant, (enum kmp_display_which)which));
            return false;
        }
    }
    return true;
}

static bool plan_fits(const struct config_document *document, const struct variant *variant,
                      char *error, size_t n_error)
{
    struct tariff_plan plan;
    struct plan_place place;
    if (!document->has_plan || document->n_plan == 0) {
        return true;
    }
    if (tariff_plan_read(document->plan, document->n_plan, &plan, &place) != PLAN_OK) {
        snprintf(error, n_error, "tariff_plan: not a plan");
        return false;
    }
    if (!variant->rtc || tariff_plan_highest(&plan) > variant->tariffs) {
        snprintf(error, n_error, "tariff_plan: uses T%u, but a meter %s has %s",
                 tariff_plan_highest(&plan), variant->order_number,
                 !variant->rtc           ? "no clock"
                 : variant->tariffs == 0 ? "no tariffs"
                 : variant->tariffs == 2 ? "two tariffs"
                                         : "four tariffs");
        return false;
    }
    return true;
}

static bool rest_fits(const struct config_document *document, const struct variant *variant,
                      char *error, size_t n_error)
{
    const uint16_t has = variant_has(variant);
    const struct config_analysis *analysis = &document->analysis;
    if (document->has_limit != 0 && (has & NEED_M) == 0) {
        snprintf(error, n_error, "quality_limits: a meter %s does not have them",
                 variant->order_number);
        return false;
    }
    if (analysis->has && (has & NEED_L_OR_M) == 0) {
        snprintf(error, n_error, "analysis: a meter %s has no analysis logger",
                 variant->order_number);
        return false;
    }
    for (unsigned i = 0; i < analysis->n; i++) {
        const struct register_def *def = register_by_kmp_id(analysis->value[i]);
        if (def == NULL || !def->loggable || !register_exists_with(def, has, variant->tariffs)) {
            char name[32];
            config_reading_name(analysis->value[i], name, sizeof name);
            snprintf(error, n_error,
                     "analysis.values: reading %u, %s, can't be logged by a meter %s", i + 1u, name,
                     variant->order_number);
            return false;
        }
    }
    return true;
}

bool config_document_check(const struct config_document *document,
                           const struct config_document *base, char *error, size_t n_error)
{
    struct variant variant;
    const char *order = document->order_number[0] != '\0' ? document->order_number
                        : base != NULL                    ? base->order_number
                                                          : "";
    if (order[0] == '\0') {
        return true;
    }
    return variant_of(document, base, order, &variant, error, n_error) &&
           settings_fit(document, &variant, error, n_error) &&
           lists_fit(document, &variant, error, n_error) &&
           plan_fits(document, &variant, error, n_error) &&
           rest_fits(document, &variant, error, n_error);
}
