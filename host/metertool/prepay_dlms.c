/* metertool prepay over DLMS: classes 111, 112 and 115 at their usual names. */
#include "prepay_dlms.h"

#include <jansson.h>
#include <string.h>

#include "../../proto/kmp/kmp_prepay.h"
#include "prepay_text.h"
#include "supply_ask.h"

#define DATA_MAX      64u
#define UWH_EXPONENT  9 /* microwatt-hours of a kilowatt-hour */
#define ACTIVE        2
#define CLOSED        3
#define LOW           0x40u /* bits of current_credit_status, the first the highest */
#define OUT_OF_CREDIT 0x02u
#define IN_USE        3
#define EXECUTED      3

static const struct dlms_descriptor account = {.class_id = 111, .obis = {0, 0, 19, 0, 0, 255}},
                                    tokens = {.class_id = 112, .obis = {0, 0, 19, 10, 0, 255}},
                                    emergency = {.class_id = 112, .obis = {0, 0, 19, 10, 1, 255}},
                                    gateway = {.class_id = 115, .obis = {0, 0, 19, 40, 0, 255}},
                                    number = {.class_id = 1, .obis = {1, 0, 130, 0, 131, 255}};

enum { MODE_AND_STATUS = 2, CREDIT_STATUS = 4, AVAILABLE = 5, TO_CLEAR = 6, CURRENCY = 15 };
enum { ACTIVATE = 1, CLOSE };
enum { UPDATE = 1, SET };

/** What the meter tells. */
struct dlms_prepay {
    int64_t unit_uwh;
    uint8_t mode, status;   /**< of the account */
    uint8_t bits;           /**< current_credit_status */
    uint8_t emergency;      /**< credit_status of the emergency credit */
    int32_t left, to_clear; /**< in units */
    uint32_t load_number;
};

/* ---- talking ---- */

static struct dlms_descriptor member(const struct dlms_descriptor *object, int8_t which)
{
    struct dlms_descriptor d = *object;
    d.member = which;
    return d;
}

/* One attribute.  Complains itself. */
static enum tool_exit get(struct tool *tool, const struct dlms_descriptor *object, int8_t attribute,
                          uint8_t data[DATA_MAX], struct reader *out)
{
    const struct dlms_descriptor d = member(object, attribute);
    const int n = dlms_client_get_into(&tool->dlms.client, &d, data, DATA_MAX);
    if (n < 0) {
        return (enum tool_exit)dlms_meter_fail(tool, n, "prepay");
    }
    *out = reader_over(data, (size_t)n);
    return EXIT_GOOD;
}

static enum tool_exit odd(void)
{
    tool_complain("prepay: the meter's account is not one in kWh as docs/prepayment.md has it");
    return EXIT_METER;
}

/* "kWh" with a scale of 10 nWh to 1 kWh. */
static bool currency_read(struct reader *r, int64_t *unit_uwh)
{
    struct dlms_value name, unit;
    int8_t scale = 0;
    if (!dlms_read_structure(r, 3) || dlms_data_read(r, &name) != DLMS_OK || name.n_bytes != 3 ||
        memcmp(name.bytes, "kWh", 3) != 0 || !dlms_read_i8(r, &scale) ||
        dlms_data_read(r, &unit) != DLMS_OK || scale > 0 || scale < -UWH_EXPONENT) {
        return false;
    }
    *unit_uwh = 1;
    for (int i = -UWH_EXPONENT; i < scale; i++) {
        *unit_uwh *= 10;
    }
    return true;
}

static bool bits_read(struct reader *r, uint8_t *bits)
{
    struct dlms_value value;
    if (dlms_data_read(r, &value) != DLMS_OK || value.type != DLMS_BIT_STRING ||
        value.n_bytes != 1) {
        return false;
    }
    *bits = value.bytes[0];
    return true;
}

/* What one attribute says. */
static bool take(struct dlms_prepay *p, unsigned step, struct reader *r)
{
    switch (step) {
    case 0: return currency_read(r, &p->unit_uwh);
    case 1:
        return dlms_read_structure(r, 2) && dlms_read_enum(r, &p->mode) &&
               dlms_read_enum(r, &p->status);
    case 2: return bits_read(r, &p->bits);
    case 3: return dlms_read_i32(r, &p->left);
    case 4: return dlms_read_i32(r, &p->to_clear);
    case 5: return dlms_read_enum(r, &p->emergency);
    default: return dlms_read_u32(r, &p->load_number);
    }
}

static enum tool_exit look(struct tool *tool, struct dlms_prepay *p)
{
    static const struct {
        const struct dlms_descriptor *object;
        int8_t attribute;
    } steps[] = {{&account, CURRENCY},  {&account, MODE_AND_STATUS}, {&account, CREDIT_STATUS},
                 {&account, AVAILABLE}, {&account, TO_CLEAR},        {&emergency, 8},
                 {&number, 2}};
    *p = (struct dlms_prepay){.unit_uwh = 0};
    for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        uint8_t data[DATA_MAX];
        struct reader r;
        const enum tool_exit result = get(tool, steps[i].object, steps[i].attribute, data, &r);
        if (result != EXIT_GOOD) {
            return result;
        }
        if (!take(p, i, &r)) {
            return odd();
        }
    }
    return EXIT_GOOD;
}

struct returned {
    uint8_t data[DATA_MAX];
    size_t n;
};

static int take_returned(void *context, const uint8_t *bytes, size_t n_bytes)
{
    struct returned *returned = context;
    if (n_bytes > sizeof returned->data - returned->n) {
        return 1;
    }
    memcpy(returned->data + returned->n, bytes, n_bytes);
    returned->n += n_bytes;
    return 0;
}

/* A method with one Data.  @return as dlms_client_action does. */
static int call(struct tool *tool, const struct dlms_descriptor *object, int8_t method,
                const struct writer *data, struct returned *returned)
{
    const struct dlms_descriptor d = member(object, method);
    const struct dlms_sink sink = {take_returned, returned};
    const struct dlms_octets octets = {data->begin, writer_length(data)};
    returned->n = 0;
    return dlms_client_action(&tool->dlms.client, &d, octets, &sink);
}

/* ---- show ---- */

static const char *status_text(uint8_t status)
{
    return status == ACTIVE ? "on" : status == CLOSED ? "off, account closed" : "off";
}

static enum tool_exit show(struct tool *tool)
{
    struct dlms_prepay p;
    char left[32];
    const enum tool_exit result = look(tool, &p);
    if (result != EXIT_GOOD) {
        return result;
    }
    const bool on = p.status == ACTIVE, out = (p.bits & OUT_OF_CREDIT) != 0;
    const bool owes = p.to_clear > 0;
    const int64_t left_uwh = p.unit_uwh * (owes ? -(int64_t)p.to_clear : p.left);
    prepay_text_kwh(owes ? -left_uwh : left_uwh, left);
    if (tool->options.format == FORMAT_JSON) {
        json_t *all = json_pack(
            "{s:b, s:f, s:I, s:b, s:b, s:b, s:I}", "on", on, "left_kwh", (double)left_uwh / 1e9,
            "left_uwh", (json_int_t)left_uwh, "out_of_credit", out, "alarm", (p.bits & LOW) != 0,
            "emergency_in_use", p.emergency == IN_USE, "load_number", (json_int_t)p.load_number);
        json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
        putchar('\n');
        json_decref(all);
    } else if (tool->options.format == FORMAT_CSV) {
        printf("on,left_kwh,out_of_credit\n%d,%s%s,%d\n", on, owes ? "-" : "", left, out);
    } else {
        printf("Prepayment: %s\n%s: %s kWh\n", status_text(p.status), owes ? "Owed" : "Left", left);
        printf("Last load: number %u\n", (unsigned)p.load_number);
        if ((p.bits & LOW) != 0) {
            puts("At the alarm limit or below.");
        }
        if (out) {
            puts(p.emergency == IN_USE ? "Used up; what is used now is owed." : "Used up.");
        }
    }
    return EXIT_GOOD;
}

/* ---- load, set ---- */

/* Kilowatt-hours as units of the account. */
static enum tool_exit amount_of(const char *text, int64_t unit_uwh, int32_t *units)
{
    int64_t uwh = 0;
    if (text == NULL || !prepay_text_amount(text, &uwh)) {
        tool_complain("prepay: '%s': expected kilowatt-hours, as 10 or 0.5", text ? text : "");
        return EXIT_USAGE;
    }
    if (uwh % unit_uwh != 0 || uwh / unit_uwh > INT32_MAX) {
        char unit[32];
        prepay_text_kwh(unit_uwh, unit);
        tool_complain("prepay: '%s': over DLMS expected steps of %s kWh", text, unit);
        return EXIT_USAGE;
    }
    *units = (int32_t)(uwh / unit_uwh);
    return EXIT_GOOD;
}

static int send_units(struct tool *tool, int8_t method, int32_t units)
{
    uint8_t data[DATA_MAX];
    struct returned returned;
    struct writer w = writer_over(data, sizeof data);
    dlms_write_i32(&w, units);
    return call(tool, &tokens, method, &w, &returned);
}

/* The meter counts its loads; that count tells whether one without an answer was taken. */
static enum tool_exit load(struct tool *tool, int n_arguments, char **arguments)
{
    struct dlms_prepay p;
    uint32_t wanted = 0;
    int32_t units = 0;
    if (n_arguments > 1 && !prepay_text_number(arguments[1], UINT32_MAX, &wanted)) {
        tool_complain("prepay load: '%s': expected the number of the load", arguments[1]);
        return EXIT_USAGE;
    }
    enum tool_exit result = look(tool, &p);
    result = result == EXIT_GOOD
                 ? amount_of(n_arguments > 0 ? arguments[0] : NULL, p.unit_uwh, &units)
                 : result;
    if (result != EXIT_GOOD) {
        return result;
    }
    wanted = n_arguments > 1 ? wanted : p.load_number + 1u;
    if (wanted == p.load_number && wanted != 0) {
        fprintf(stderr, "Load %u was taken before; nothing is loaded again.\n", (unsigned)wanted);
        return show(tool);
    }
    if (wanted != p.load_number + 1u) {
        tool_complain("load: not the number that comes next, which is %u",
                      (unsigned)p.load_number + 1u);
        return EXIT_METER;
    }
    result = supply_agreed(tool, true, "Load that credit? [y/N] ");
    if (result != EXIT_GOOD) {
        return result;
    }
    const int err = send_units(tool, UPDATE, units);
    if (err != DLMS_CLIENT_OK) {
        result = (enum tool_exit)dlms_meter_fail(tool, err, "load");
        if (err != DLMS_CLIENT_ERR_RESULT) {
            tool_complain("whether it was loaded is not known: the same again with the number %u "
                          "loads it once, if it was not",
                          (unsigned)wanted);
        }
        return result;
    }
    return show(tool);
}

static enum tool_exit set(struct tool *tool, int n_arguments, char **arguments)
{
    struct dlms_prepay p;
    int32_t units = 0;
    enum tool_exit result = look(tool, &p);
    result = result == EXIT_GOOD
                 ? amount_of(n_arguments > 0 ? arguments[0] : NULL, p.unit_uwh, &units)
                 : result;
    result =
        result == EXIT_GOOD ? supply_agreed(tool, true, "Set the credit to that? [y/N] ") : result;
    if (result != EXIT_GOOD) {
        return result;
    }
    const int err = send_units(tool, SET, units);
    return err == DLMS_CLIENT_OK ? show(tool) : (enum tool_exit)dlms_meter_fail(tool, err, "set");
}

/* ---- on, off ---- */

static enum tool_exit switch_it(struct tool *tool, bool on)
{
    uint8_t data[DATA_MAX];
    struct returned returned;
    struct dlms_prepay p;
    struct writer w = writer_over(data, sizeof data);
    enum tool_exit result = look(tool, &p);
    if (result != EXIT_GOOD || (p.status == ACTIVE) == on) {
        return result == EXIT_GOOD ? show(tool) : result;
    }
    if (on && p.left <= 0) {
        fputs("There is no credit: it may be cut off at once.\n", stderr);
    } else if (!on && p.left > 0) {
        fputs("What is left is forfeited.\n", stderr);
    }
    result = supply_agreed(tool, !on,
                           on ? "Switch prepayment on? [y/N] " : "Switch prepayment off? [y/N] ");
    if (result != EXIT_GOOD) {
        return result;
    }
    dlms_write_i8(&w, 0);
    const int err = call(tool, &account, on ? ACTIVATE : CLOSE, &w, &returned);
    return err == DLMS_CLIENT_OK ? show(tool)
                                 : (enum tool_exit)dlms_meter_fail(tool, err, on ? "on" : "off");
}

/* ---- tokens ---- */

/* What the gateway returns: how far the token came, and why not further. */
static enum tool_exit token_result(struct tool *tool, const struct returned *returned)
{
    struct reader r = reader_over(returned->data, returned->n);
    uint8_t status = 0, reason = 0;
    if (!dlms_read_structure(&r, 2) || !dlms_read_enum(&r, &status) || !bits_read(&r, &reason)) {
        return odd();
    }
    if (status != EXECUTED) {
        tool_complain("token: %s", kmp_prepay_result_text(-(int)reason));
        return EXIT_METER;
    }
    return show(tool);
}

static enum tool_exit token(struct tool *tool, int n_arguments, char **arguments)
{
    char text[64] = "";
    uint8_t data[DATA_MAX + 2u], bits[TOKEN_BYTES];
    struct returned returned;
    struct writer w = writer_over(data, sizeof data);
    for (int i = 0; i < n_arguments && strlen(text) + strlen(arguments[i]) < sizeof text; i++) {
        strcat(text, arguments[i]);
    }
    if (token_bits(text, strlen(text), bits) != TOKEN_OK) {
        tool_complain("prepay token: expected 20 digits");
        return EXIT_USAGE;
    }
    const enum tool_exit result = supply_agreed(tool, true, "Hand in that token? [y/N] ");
    if (result != EXIT_GOOD) {
        return result;
    }
    dlms_write_octets(&w, text, strlen(text));
    const int err = call(tool, &gateway, 1, &w, &returned);
    return err == DLMS_CLIENT_OK ? token_result(tool, &returned)
                                 : (enum tool_exit)dlms_meter_fail(tool, err, "token");
}

enum tool_exit prepay_dlms(struct tool *tool, const char *word, int n_arguments, char **arguments)
{
    if (strcmp(word, "show") == 0) {
        return show(tool);
    }
    if (strcmp(word, "load") == 0) {
        return load(tool, n_arguments, arguments);
    }
    if (strcmp(word, "set") == 0) {
        return set(tool, n_arguments, arguments);
    }
    if (strcmp(word, "token") == 0) {
        return token(tool, n_arguments, arguments);
    }
    if (strcmp(word, "on") == 0 || strcmp(word, "off") == 0) {
        return switch_it(tool, word[1] == 'n');
    }
    tool_complain("prepay %s needs KMP (-m kmp:... or -m kmp+tcp://...)", word);
    return EXIT_USAGE;
}
