#include "order_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LIST_MAX      400u
#define SHORT_DIGITS  3u /* configuration 5 */
#define NUMBER_DIGITS 8u

/* ---- reading ---- */

/** Without the hyphens and blanks that data sheets print between fields. */
static size_t compact(const char *text, char *out, size_t n_out)
{
    size_t n = 0;
    for (; *text != '\0'; text++) {
        if (*text == '-' || *text == ' ') {
            continue;
        }
        if (n + 1u < n_out) {
            out[n] = *text;
        }
        n++;
    }
    out[n < n_out ? n : n_out - 1u] = '\0';
    return n;
}

static bool configuration_read(const char *text, unsigned which, uint32_t *number, char *error,
                               size_t n_error)
{
    char digits[NUMBER_DIGITS + 2];
    size_t n = compact(text, digits, sizeof digits);
    bool last = which == ORDER_CONFIGURATIONS;
    if (n == 0 || n > NUMBER_DIGITS || strspn(digits, "0123456789") != n) {
        snprintf(error, n_error, "configuration %u: expected %s digits, found '%.40s'", which,
                 last ? "three or eight" : "eight", text);
        return false;
    }
    *number = 0;
    for (size_t i = 0; i < n; i++) {
        *number = *number * 10u + (uint32_t)(digits[i] - '0');
    }
    return true;
}

static void fields_clear_from(struct order_codes *codes, unsigned part)
{
    for (unsigned i = 0; i < ORDER_FIELDS; i++) {
        if (order_fields[i].part >= part) {
            memset(codes->code[i], 0, sizeof codes->code[i]);
        }
    }
}

bool order_text_read(const char *order, const char *const *configurations, size_t n_configurations,
                     struct order_codes *out, char *error, size_t n_error)
{
    char digits[ORDER_DIGITS + 2];
    uint32_t number[ORDER_CONFIGURATIONS] = {0};
    size_t n = compact(order, digits, sizeof digits);
    if (n != ORDER_DIGITS) {
        snprintf(error, n_error,
                 "order number '%.40s': expected %u characters like 68431BM423010, found %zu",
                 order, ORDER_DIGITS, n);
        return false;
    }
    if (n_configurations > ORDER_CONFIGURATIONS) {
        snprintf(error, n_error, "expected at most five configurations, found '%.40s'",
                 configurations[ORDER_CONFIGURATIONS]);
        return false;
    }
    for (size_t i = 0; i < n_configurations; i++) {
        if (!configuration_read(configurations[i], (unsigned)i + 1u, &number[i], error, n_error)) {
            return false;
        }
    }
    for (char *at = digits; *at != '\0'; at++) {
        *at = (char)toupper((unsigned char)*at);
    }
    (void)order_split(digits, number, out);
    fields_clear_from(out, (unsigned)n_configurations + 1u);
    return true;
}

/* ---- what would fit ---- */

static void append(char *out, size_t n_out, const char *text)
{
    size_t n = strlen(out);
    snprintf(out + n, n_out - n, "%s", text);
}

void order_fits_text(const struct order_codes *codes, enum order_field_id field, char *out,
                     size_t n_out)
{
    out[0] = '\0';
    for (size_t i = 0; i < order_fields[field].n_codes; i++) {
        const struct order_code *row = &order_fields[field].codes[i];
        char one[2 * ORDER_CODE_MAX + 8];
        struct order_codes changed = *codes;
        snprintf(changed.code[field], sizeof changed.code[field], "%s", row->first);
        if (row->first[0] == '\0' || order_code_row(&changed, field) != row ||
            !order_code_would_fit(codes, field, row->first)) {
            continue;
        }
        snprintf(one, sizeof one, "%s%s%s%s", out[0] != '\0' ? ", " : "", row->first,
                 row->last != NULL ? "-" : "", row->last != NULL ? row->last : "");
        append(out, n_out, one);
    }
}

/* ---- sentences ---- */

static void place_text(const struct order_field *field, char *out, size_t n_out)
{
    char number[24] = "order number";
    const char *what = field->part == 0 ? "character" : "digit";
    if (field->part > 0) {
        snprintf(number, sizeof number, "configuration %u", field->part);
    }
    if (field->digits == 1) {
        snprintf(out, n_out, "%s, %s %u", number, what, field->at + 1u);
    } else {
        snprintf(out, n_out, "%s, %ss %u to %u", number, what, field->at + 1u,
                 field->at + field->digits);
    }
}

/** "X6 = 5 (hardware: clock with battery)". */
static void value_text(const struct order_codes *codes, enum order_field_id id, char *out,
                       size_t n_out)
{
    const struct order_field *field = &order_fields[id];
    const struct order_code *row = order_code_row(codes, id);
    snprintf(out, n_out, "%s = %s (%s%s%s)", field->symbol, codes->code[id], field->title,
             row != NULL ? ": " : "", row != NULL ? row->meaning : "");
}

static void code_sentence(const struct order_codes *codes, const struct order_fault *fault,
                          char *out, size_t n_out)
{
    const struct order_field *field = &order_fields[fault->field];
    char place[64], fits[LIST_MAX];
    place_text(field, place, sizeof place);
    order_fits_text(codes, (enum order_field_id)fault->field, fits, sizeof fits);
    if (fault->kind == ORDER_FAULT_MADE) {
        snprintf(out, n_out, "%s (%s; %s): %s is read from real meters but not made (%s)%s%s",
                 field->symbol, field->title, place, codes->code[fault->field], fault->reason,
                 fits[0] != '\0' ? "; would fit: " : "", fits);
        return;
    }
    bool general = fault->field == ORDER_GENERATION || fault->field == ORDER_PHASES ||
                   order_code_row(codes, ORDER_GENERATION) == NULL;
    snprintf(out, n_out, "%s (%s; %s): '%s' is no code%s%s%s%s", field->symbol, field->title, place,
             codes->code[fault->field], general ? "" : " of a 382",
             general ? "" : codes->code[ORDER_GENERATION], fits[0] != '\0' ? "; would fit: " : "",
             fits);
}

static void pair_sentence(const struct order_codes *codes, const struct order_fault *fault,
                          char *out, size_t n_out)
{
    char field[160], against[160], fits[LIST_MAX], others[LIST_MAX], place[64];
    const struct order_field *of = &order_fields[fault->field];
    const struct order_field *other = &order_fields[fault->against];
    value_text(codes, (enum order_field_id)fault->field, field, sizeof field);
    value_text(codes, (enum order_field_id)fault->against, against, sizeof against);
    order_fits_text(codes, (enum order_field_id)fault->field, fits, sizeof fits);
    order_fits_text(codes, (enum order_field_id)fault->against, others, sizeof others);
    place_text(of, place, sizeof place);
    snprintf(out, n_out, "%s, %s, and %s contradict each other: %s%s%s%s%s%s%s%s%s", field, place,
             against, fault->reason, fits[0] != '\0' ? "; would fit: " : "",
             fits[0] != '\0' ? of->symbol : "", fits[0] != '\0' ? " " : "", fits,
             others[0] == '\0' ? ""
             : fits[0] != '\0' ? "; or "
                               : "; would fit: ",
             others[0] != '\0' ? other->symbol : "", others[0] != '\0' ? " " : "", others);
}

void order_fault_text(const struct order_codes *codes, const struct order_fault *fault, char *out,
                      size_t n_out)
{
    if (fault->field == fault->against) {
        code_sentence(codes, fault, out, n_out);
    } else {
        pair_sentence(codes, fault, out, n_out);
    }
}

/* ---- making ---- */

static bool names(const struct order_field *field, const char *name, size_t n_name)
{
    return (strlen(field->key) == n_name && strncasecmp(field->key, name, n_name) == 0) ||
           (strlen(field->symbol) == n_name && strncasecmp(field->symbol, name, n_name) == 0);
}

static bool value_set(struct order_codes *codes, enum order_field_id id, const char *value,
                      char *error, size_t n_error)
{
    const struct order_field *field = &order_fields[id];
    char code[ORDER_CODE_MAX + 1] = "";
    size_t n = strlen(value);
    for (size_t i = 0; i < n && i < ORDER_CODE_MAX; i++) {
        code[i] = (char)toupper((unsigned char)value[i]);
    }
    if (n != field->digits || (field->part > 0 && strspn(value, "0123456789") != n)) {
        snprintf(error, n_error, "%s (%s): expected %u %s%s, found '%.40s'", field->key,
                 field->title, field->digits, field->part > 0 ? "digit" : "character",
                 field->digits > 1 ? "s" : "", value);
        return false;
    }
    memcpy(codes->code[id], code, sizeof code);
    return true;
}

bool order_text_set(struct order_codes *codes, const char *assignment, char *error, size_t n_error)
{
    const char *equals = strchr(assignment, '=');
    size_t n_name = equals != NULL ? (size_t)(equals - assignment) : strlen(assignment);
    for (unsigned i = 0; equals != NULL && i < ORDER_FIELDS; i++) {
        if (names(&order_fields[i], assignment, n_name)) {
            return value_set(codes, (enum order_field_id)i, equals + 1, error, n_error);
        }
    }
    snprintf(error, n_error, "expected FIELD=CODE with one of the fields ");
    for (unsigned i = 0; i < ORDER_FIELDS; i++) {
        append(error, n_error, i > 0 ? " " : "");
        append(error, n_error, order_fields[i].key);
    }
    append(error, n_error, ", found '");
    append(error, n_error, assignment);
    append(error, n_error, "'");
    return false;
}

/* As the 382M is delivered by default, where it suits. */
static const char *const usual[ORDER_FIELDS] = {
    [ORDER_PHASES] = "6843",   [ORDER_CURRENT] = "1",        [ORDER_CLASS] = "B",
    [ORDER_GENERATION] = "M",  [ORDER_ENERGY] = "4",         [ORDER_HARDWARE] = "2",
    [ORDER_TARIFF] = "3",      [ORDER_COUNTRY] = "010",      [ORDER_DECIMALS] = "1",
    [ORDER_LED] = "1",         [ORDER_MODULE] = "000",       [ORDER_PORT] = "00",
    [ORDER_INTEGRATION] = "2", [ORDER_DISPLAY] = "423",      [ORDER_TARGET_DAY] = "01",
    [ORDER_INTERVAL] = "01",   [ORDER_PULSE] = "1",          [ORDER_DISCONNECT] = "00",
    [ORDER_PEAK] = "0",        [ORDER_ZONE] = "01",          [ORDER_FREE] = "0",
    [ORDER_PULSE_UNIT] = "00", [ORDER_TARIFF_TABLE] = "000", [ORDER_SUMMER] = "001",
    [ORDER_PROTOCOL] = "01",   [ORDER_RADIO] = "000",        [ORDER_RADIO_REST] = "",
};

void order_text_complete(struct order_codes *codes)
{
    for (unsigned i = 0; i < ORDER_FIELDS; i++) {
        const struct order_field *field = &order_fields[i];
        const char *chosen = usual[i];
        if (codes->code[i][0] != '\0') {
            continue;
        }
        for (size_t k = 0; k < field->n_codes; k++) {
            if (order_code_would_fit(codes, (enum order_field_id)i, chosen)) {
                break;
            }
            chosen = field->codes[k].first;
        }
        if (!order_code_would_fit(codes, (enum order_field_id)i, chosen)) {
            chosen = usual[i]; /* nothing fits: whatever is wrong is told of the usual one */
        }
        snprintf(codes->code[i], sizeof codes->code[i], "%s", chosen);
    }
}
