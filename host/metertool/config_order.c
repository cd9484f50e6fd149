/* metertool config order-number: what each digit says, and numbers made from a few wishes. */
#include <jansson.h>
#include <string.h>

#include "../../app/variant/country.h"
#include "../../app/variant/variant.h"
#include "../lib/order_text.h"
#include "cmd_config.h"

#define FAULTS_MAX 32u

/** What is printed. */
struct explained {
    struct order_codes codes;
    unsigned n_configurations; /**< how many of the five were given */
    char order[ORDER_DIGITS + 1];
    uint32_t configuration[ORDER_CONFIGURATIONS];
    char configuration_text[ORDER_CONFIGURATIONS][12];
    bool whole; /**< order number and all configurations: variant holds */
    struct variant variant;
};

static bool part_given(const struct explained *e, unsigned field)
{
    return order_fields[field].part <= e->n_configurations;
}

/** One line per fault on stderr.  @return how many */
static size_t complain_faults(const struct explained *e, bool made)
{
    struct order_fault faults[FAULTS_MAX];
    size_t n = order_check(&e->codes, made, faults, FAULTS_MAX), told = 0;
    for (size_t i = 0; i < n && i < FAULTS_MAX; i++) {
        char sentence[ORDER_SENTENCE_MAX];
        if (part_given(e, faults[i].field) && part_given(e, faults[i].against)) {
            order_fault_text(&e->codes, &faults[i], sentence, sizeof sentence);
            tool_complain("%s", sentence);
            told++;
        }
    }
    return told;
}

static void numbers_fill(struct explained *e)
{
    order_join(&e->codes, e->order, e->configuration);
    for (unsigned i = 0; i < ORDER_CONFIGURATIONS; i++) {
        bool is_short = i + 1u == ORDER_CONFIGURATIONS && e->configuration[i] <= 999u;
        snprintf(e->configuration_text[i], sizeof e->configuration_text[i], "%0*lu",
                 is_short ? 3 : 8, (unsigned long)e->configuration[i]);
    }
    e->whole = e->n_configurations == ORDER_CONFIGURATIONS &&
               variant_from_order("", e->order, e->configuration, &e->variant) == VARIANT_OK;
}

/* ---- as text ---- */

static void print_fields(const struct explained *e, unsigned part)
{
    for (unsigned i = 0; i < ORDER_FIELDS; i++) {
        const struct order_field *field = &order_fields[i];
        const struct order_code *row = order_code_row(&e->codes, (enum order_field_id)i);
        if (field->part != part || e->codes.code[i][0] == '\0') {
            continue;
        }
        printf("  %-6s  %-5s  %-38s  %s%s\n", field->symbol, e->codes.code[i], field->title,
               row != NULL ? row->meaning : "", part > 0 && field->locked ? "  (locked)" : "");
    }
}

static void clock_text(const struct variant *variant, char *out, size_t n_out)
{
    if (!variant->rtc) {
        snprintf(out, n_out, "none");
    } else if (variant->backup_battery) {
        snprintf(out, n_out, "battery: keeps the time without mains for 10 years");
    } else {
        snprintf(out, n_out, "supercap: keeps the time without mains for %u days",
                 (unsigned)variant->clock_hold_days);
    }
}

static const char *standards_of(const struct explained *e)
{
    return country_profile_find(order_number_of(&e->codes, ORDER_COUNTRY))->standards;
}

static void print_text(const struct explained *e)
{
    printf("Order number %s\n", e->order);
    print_fields(e, 0);
    for (unsigned i = 0; i < e->n_configurations; i++) {
        printf("Configuration %u: %s\n", i + 1u, e->configuration_text[i]);
        print_fields(e, i + 1u);
    }
    if (e->whole) {
        char clock[80];
        const char *name = variant_name_of_order(e->order);
        clock_text(&e->variant, clock, sizeof clock);
        printf("Clock: %s\n", clock);
        printf("%s%s%s", name[0] != '\0' ? "Known as: " : "", name, name[0] != '\0' ? "\n" : "");
    }
    printf("Standards: %s\n", standards_of(e));
}

/* ---- as JSON ---- */

static json_t *fields_json(const struct explained *e)
{
    json_t *all = json_array();
    for (unsigned i = 0; i < ORDER_FIELDS; i++) {
        const struct order_field *field = &order_fields[i];
        const struct order_code *row = order_code_row(&e->codes, (enum order_field_id)i);
        if (e->codes.code[i][0] == '\0') {
            continue;
        }
        json_array_append_new(
            all, json_pack("{s:s, s:s, s:s, s:i, s:i, s:s, s:s, s:b}", "key", field->key, "symbol",
                           field->symbol, "title", field->title, "configuration", field->part,
                           "position", field->at + 1, "code", e->codes.code[i], "meaning",
                           row != NULL ? row->meaning : "", "locked", field->locked));
    }
    return all;
}

static void print_json(const struct explained *e)
{
    json_t *configurations = json_array();
    for (unsigned i = 0; i < e->n_configurations; i++) {
        json_array_append_new(configurations, json_string(e->configuration_text[i]));
    }
    json_t *all = json_pack("{s:s, s:o, s:o, s:s}", "order_number", e->order, "configurations",
                            configurations, "fields", fields_json(e), "standards", standards_of(e));
    if (e->whole) {
        json_object_set_new(all, "clock_hold_days", json_integer(e->variant.clock_hold_days));
        json_object_set_new(all, "known_as", json_string(variant_name_of_order(e->order)));
    }
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

static enum tool_exit print_explained(struct tool *tool, struct explained *e)
{
    numbers_fill(e);
    if (tool->options.format == FORMAT_JSON) {
        print_json(e);
    } else {
        print_text(e);
    }
    return EXIT_GOOD;
}

/* ---- actions ---- */

static enum tool_exit make(struct tool *tool, int n_arguments, char **arguments)
{
    static struct explained e;
    char error[ORDER_SENTENCE_MAX];
    e.n_configurations = ORDER_CONFIGURATIONS;
    for (int i = 0; i < n_arguments; i++) {
        if (!order_text_set(&e.codes, arguments[i], error, sizeof error)) {
            tool_complain("%s", error);
            return EXIT_USAGE;
        }
    }
    order_text_complete(&e.codes);
    return complain_faults(&e, true) > 0 ? EXIT_USAGE : print_explained(tool, &e);
}

/** A name of the table of variants stands for its numbers. */
static bool take_name(const char *name, struct explained *e)
{
    struct variant variant;
    if (variant_by_name(name, &variant) != 0) {
        return false;
    }
    e->n_configurations = ORDER_CONFIGURATIONS;
    return order_split(variant.order_number, variant.configuration, &e->codes);
}

enum tool_exit config_order_number(struct tool *tool, int n_arguments, char **arguments)
{
    static struct explained e;
    char error[ORDER_SENTENCE_MAX];
    if (tool->options.make) {
        return make(tool, n_arguments, arguments);
    }
    if (n_arguments == 0) {
        tool_complain("expected metertool config order-number NUMBER [CONFIGURATION ...] or "
                      "--make [FIELD=CODE ...]");
        return EXIT_USAGE;
    }
    if (n_arguments > 1 || !take_name(arguments[0], &e)) {
        e.n_configurations = (unsigned)n_arguments - 1u;
        if (!order_text_read(arguments[0], (const char *const *)(arguments + 1), e.n_configurations,
                             &e.codes, error, sizeof error)) {
            tool_complain("%s", error);
            return EXIT_USAGE;
        }
    }
    return complain_faults(&e, false) > 0 ? EXIT_USAGE : print_explained(tool, &e);
}
