/* Does a configuration document fit its meter?  By the meter's own tables, without one. */
#include <stdarg.h>
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

/** What is being looked at, and where a fault goes. */
struct examination {
    const struct config_document *document, *base;
    char *error;
    size_t n_error;
};

/** "FILE:LINE: place: ...", "place: ..." when it comes from no file; always false. */
__attribute__((format(printf, 3, 4))) static bool fault(const struct examination *x,
                                                        const char *place, const char *format, ...)
{
    char what[CONFIG_ERROR_MAX], where[600] = "", number[16] = "";
    const unsigned line = config_line(&x->document->lines, place);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (line > 0) {
        snprintf(number, sizeof number, ":%u", line);
    }
    if (x->document->path != NULL) {
        snprintf(where, sizeof where, "%.500s%s: ", x->document->path, number);
    }
    snprintf(x->error, x->n_error, "%s%s: %s", where, place, what);
    return false;
}

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

/** "order_number", "settings.time-zone": where a document has a field. */
static void place_of(unsigned field, char place[CONFIG_PATH_MAX])
{
    snprintf(place, CONFIG_PATH_MAX, "order_number");
    for (size_t row = 0; row < setting_table_length; row++) {
        if (field_of(&setting_table[row]) == field) {
            snprintf(place, CONFIG_PATH_MAX, "settings.%.50s", setting_table[row].name);
        }
    }
}

/** A code that is none, or two fields that contradict each other: told where the file has them. */
static bool order_faulty(const struct examination *x, const struct order_codes *codes,
                         const struct order_fault *found)
{
    char sentence[ORDER_SENTENCE_MAX], place[CONFIG_PATH_MAX], other[CONFIG_PATH_MAX];
    order_fault_text(codes, found, sentence, sizeof sentence);
    place_of(found->field, place);
    place_of(found->against, other);
    const unsigned line = config_line(&x->document->lines, place);
    const unsigned other_line = config_line(&x->document->lines, other);
    if (strcmp(place, other) == 0 || other_line == 0) {
        return fault(x, place, "%s", sentence);
    }
    if (line == 0) { /* the meter's, or as usual */
        return fault(x, other, "%s", sentence);
    }
    return fault(x, place, "%s; the other field is %s in line %u", sentence, other, other_line);
}

/** The meter that the document makes of the order number. */
static bool variant_of(const struct examination *x, const char *order, struct variant *variant)
{
    struct order_codes codes;
    struct order_fault found;
    uint32_t configuration[ORDER_CONFIGURATIONS];
    char text[ORDER_DIGITS + 1], error[ORDER_SENTENCE_MAX];
    if (!order_text_read(order, NULL, 0, &codes, error, sizeof error)) {
        return fault(x, "order_number", "%s", error);
    }
    if (x->base != NULL) {
        fields_take(&codes, x->base);
    }
    fields_take(&codes, x->document);
    order_text_complete(&codes);
    if (order_check(&codes, false, &found, 1) > 0) {
        return order_faulty(x, &codes, &found);
    }
    order_join(&codes, text, configuration);
    return variant_from_order("", text, configuration, variant) == VARIANT_OK ||
           fault(x, "order_number", "expected the number of a meter, found '%s'", order);
}

/* ---- the parts ---- */

static bool settings_fit(const struct examination *x, const struct variant *variant)
{
    for (size_t row = 0; row < setting_table_length; row++) {
        const struct setting_def *def = &setting_table[row];
        if (x->document->has[row] && (def->need & ~(unsigned)variant_has(variant)) != 0) {
            char place[CONFIG_PATH_MAX];
            snprintf(place, sizeof place, "settings.%.50s", def->name);
            return fault(x, place, "a meter %s does not have it", variant->order_number);
        }
    }
    return true;
}

/** As the document has it, else the meter, else as it is delivered. */
static uint32_t number_of(const struct examination *x, unsigned id)
{
    const struct setting_def *def = setting_by_id((uint16_t)id);
    const size_t row = (size_t)(def - setting_table);
    return x->document->has[row]                  ? x->document->value[row].number
           : x->base != NULL && x->base->has[row] ? x->base->value[row].number
                                                  : def->initial;
}

static bool in_order(const struct examination *x, unsigned more, unsigned less, unsigned at)
{
    char place[CONFIG_PATH_MAX];
    const uint32_t high = number_of(x, more), low = number_of(x, less);
    snprintf(place, sizeof place, "settings.%.50s", setting_by_id((uint16_t)at)->name);
    return low <= high ||
           fault(x, place, "expected %s not above %s, found %lu above %lu",
                 setting_by_id((uint16_t)less)->name, setting_by_id((uint16_t)more)->name,
                 (unsigned long)low, (unsigned long)high);
}

/** k1 >= k2 >= k3 and t1 <= t2 <= t3, as the meter wants them (docs/breaker.md). */
static bool breaker_fits(const struct examination *x)
{
    const unsigned k = SETTING_BREAKER_K1, t = SETTING_BREAKER_T1;
    return in_order(x, k, k + 1, k + 1) && in_order(x, k + 1, k + 2, k + 2) &&
           in_order(x, t + 1, t, t + 1) && in_order(x, t + 2, t + 1, t + 2);
}

static bool lists_fit(const struct examination *x, const struct variant *variant)
{
    for (unsigned which = 0; which < KMP_DISPLAY_LISTS; which++) {
        struct kmp_display_list list = x->document->list[which];
        list.configuration = variant->display_configuration;
        if (!x->document->has_list[which] ||
            (list.delivered &&
             display_rules_longest(variant, (enum kmp_display_which)which) == 0)) {
            continue;
        }
        const struct kmp_display_reply reply = display_rules_check(variant, &list);
        if (reply.reason != KMP_DISPLAY_OK) {
            char name[32], place[CONFIG_PATH_MAX];
            config_reading_name(reply.reading, name, sizeof name);
            snprintf(place, sizeof place, "display.%.50s", config_list_names[which]);
            return fault(x, place, "%s%s%s (at most %zu readings)",
                         kmp_display_reason_text(reply.reason), reply.reading != 0 ? ": " : "",
                         reply.reading != 0 ? name : "",
                         display_rules_longest(variant, (enum kmp_display_which)which));
        }
    }
    return true;
}

static bool plan_fits(const struct examination *x, const struct variant *variant)
{
    struct tariff_plan plan;
    struct plan_place place;
    if (!x->document->has_plan || x->document->n_plan == 0) {
        return true;
    }
    if (tariff_plan_read(x->document->plan, x->document->n_plan, &plan, &place) != PLAN_OK) {
        return fault(x, "tariff_plan", "not a plan");
    }
    if (!variant->rtc || tariff_plan_highest(&plan) > variant->tariffs) {
        return fault(x, "tariff_plan", "uses T%u, but a meter %s has %s",
                     tariff_plan_highest(&plan), variant->order_number,
                     !variant->rtc           ? "no clock"
                     : variant->tariffs == 0 ? "no tariffs"
                     : variant->tariffs == 2 ? "two tariffs"
                                             : "four tariffs");
    }
    return true;
}

static bool rest_fits(const struct examination *x, const struct variant *variant)
{
    const uint16_t has = variant_has(variant);
    const struct config_analysis *analysis = &x->document->analysis;
    if (x->document->has_limit != 0 && (has & NEED_M) == 0) {
        return fault(x, "quality_limits", "a meter %s does not have them", variant->order_number);
    }
    if (analysis->has && (has & NEED_L_OR_M) == 0) {
        return fault(x, "analysis", "a meter %s has no analysis logger", variant->order_number);
    }
    for (unsigned i = 0; i < analysis->n; i++) {
        const struct register_def *def = register_by_kmp_id(analysis->value[i]);
        if (def == NULL || !def->loggable || !register_exists_with(def, has, variant->tariffs)) {
            char name[32];
            config_reading_name(analysis->value[i], name, sizeof name);
            return fault(x, "analysis.values", "reading %u, %s, can't be logged by a meter %s",
                         i + 1u, name, variant->order_number);
        }
    }
    return true;
}

bool config_document_check(const struct config_document *document,
                           const struct config_document *base, char *error, size_t n_error)
{
    const struct examination x = {document, base, error, n_error};
    struct variant variant;
    const char *order = document->order_number[0] != '\0' ? document->order_number
                        : base != NULL                    ? base->order_number
                                                          : "";
    if (order[0] == '\0') {
        return true;
    }
    return variant_of(&x, order, &variant) && settings_fit(&x, &variant) && breaker_fits(&x) &&
           lists_fit(&x, &variant) && plan_fits(&x, &variant) && rest_fits(&x, &variant);
}
