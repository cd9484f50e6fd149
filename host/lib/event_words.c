#include "event_words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../app/registers/register_table.h"
#include "../../app/settings/setting_table.h"
#include "../../proto/common/reader.h"

/* ---- text and payloads ---- */

static void add(char text[EVENT_TEXT], const char *format, ...)
{
    const size_t n = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + n, EVENT_TEXT - n, format, arguments);
    va_end(arguments);
}

static uint64_t little(const struct event *event, unsigned at, unsigned n)
{
    uint64_t value = 0;
    while (n-- > 0) {
        value = value << 8 | event->payload.bytes[at + n];
    }
    return value;
}

static const char *utc_text(int64_t utc_s, char text[32])
{
    struct tm parts;
    const time_t seconds = (time_t)utc_s;
    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        return "?";
    }
    return text;
}

/* "event 9" for a code that has no word. */
static const char *or_number(const char *word, int64_t code, char text[32])
{
    if (word != NULL) {
        return word;
    }
    snprintf(text, 32, "event %" PRId64, code);
    return text;
}

/* ---- status log: bits of 97.97.0, and of the tamper word ---- */

#define STATUS_PAYLOAD 5u /* bytes, where the tamper word has something to tell */

static const char *const status_names[8] = {
    "reset",     "memory error", "magnet",           "RAM error",
    "ROM error", "alarm input",  "meter cover open", "auxiliary supply"};

/* The high byte of the tamper word (docs/alarms.md): of this project's meter only. */
static const char *const tamper_names[8] = {
    "terminal cover open",          "module taken out",
    "verification seal open",       "utility seal broken",
    "phases in the order L1-L3-L2", "current without voltage L1",
    "current without voltage L2",   "current without voltage L3"};

const char *event_word_tamper_name(unsigned bit)
{
    return bit < 8 ? status_names[bit] : bit < 16 ? tamper_names[bit - 8] : NULL;
}

static void add_status(char text[EVENT_TEXT], unsigned bits)
{
    const char *separator = "";
    for (unsigned bit = 0; bit < 16; bit++) {
        if ((bits >> bit & 1u) != 0) {
            add(text, "%s%s", separator, event_word_tamper_name(bit));
            separator = ", ";
        }
    }
}

static unsigned status_gone(const struct event *event)
{
    const uint8_t *bytes = event->payload.bytes;
    return (event->payload.n_bytes >= 2 ? bytes[1] : 0u) |
           (event->payload.n_bytes >= STATUS_PAYLOAD ? (unsigned)bytes[3] << 8 : 0u);
}

static bool status_asleep(const struct event *event)
{
    return event->payload.n_bytes >= STATUS_PAYLOAD && (event->payload.bytes[4] & 1u) != 0;
}

static void status_words(const struct event *event, char text[EVENT_TEXT])
{
    const unsigned came = (unsigned)event->code, gone = status_gone(event);
    add_status(text, came);
    add(text, "%s", status_asleep(event) ? ", without supply" : "");
    if (gone != 0) {
        add(text, came != 0 ? "; over: " : "over: ");
        add_status(text, gone);
    }
    if (came == 0 && gone == 0) {
        add(text, "over"); /* what, only this project's meter says */
    }
}

static json_t *status_list(unsigned bits)
{
    json_t *list = json_array();
    for (unsigned bit = 0; bit < 16; bit++) {
        if ((bits >> bit & 1u) != 0) {
            json_array_append_new(list, json_string(event_word_tamper_name(bit)));
        }
    }
    return list;
}

static json_t *status_detail(const struct event *event)
{
    return json_pack("{s:o, s:o, s:b}", "come", status_list((unsigned)event->code), "gone",
                     status_list(status_gone(event)), "without_supply", status_asleep(event));
}

/* ---- clock log ---- */

static void clock_words(const struct event *event, char text[EVENT_TEXT])
{
    char number[32], before[32];
    const char *word = event->code == 1   ? "clock set"
                       : event->code == 2 ? "clock lost"
                       : event->code == 4 ? "no change"
                       : event->code == 8 ? "drift corrected, by small steps"
                                          : NULL;
    add(text, "%s", or_number(word, event->code, number));
    if (event->payload.n_bytes >= 9) {
        add(text, "; before: %s%s", utc_text((int64_t)little(event, 0, 8), before),
            event->payload.bytes[8] != 0 ? "" : ", not valid");
    }
}

static json_t *clock_detail(const struct event *event)
{
    char before[32];
    if (event->payload.n_bytes < 9) {
        return NULL;
    }
    return json_pack("{s:s, s:b}", "before", utc_text((int64_t)little(event, 0, 8), before),
                     "before_valid", event->payload.bytes[8] != 0);
}

/* ---- voltage quality log (docs/voltage-quality.md) ---- */

#define VOLTAGE_PAYLOAD 20u

static const char *voltage_kind(const struct event *event)
{
    static const char *const names[] = {
        NULL, "dip", "swell", "interruption", "undervoltage", "overvoltage", "phase failure"};
    const unsigned kind = (unsigned)event->code >> 8 & 0xFu;
    if (kind < sizeof names / sizeof names[0] && names[kind] != NULL) {
        return names[kind];
    }
    /* a real meter's event: the low byte alone */
    return (event->code & 0x80) != 0   ? "overvoltage"
           : (event->code & 0x40) != 0 ? "undervoltage"
           : (event->code & 0x08) != 0 ? "above cut-off"
           : (event->code & 0x10) != 0 ? "below cut-off"
                                       : "voltage";
}

static const char *voltage_edge(const struct event *event)
{
    static const char *const names[4] = {"whole", "begin", "end", "whole"};
    const bool plain = ((unsigned)event->code >> 8 & 0xFu) == 0;
    return plain ? ((event->code & 0x20) != 0 ? "end" : "begin")
                 : names[(unsigned)event->code >> 12 & 3u];
}

static void voltage_words(const struct event *event, char text[EVENT_TEXT])
{
    const char *edge = voltage_edge(event);
    add(text, "%s%s", voltage_kind(event),
        strcmp(edge, "begin") == 0 ? " begins"
        : strcmp(edge, "end") == 0 ? " is over"
                                   : "");
    for (unsigned phase = 0; phase < 3; phase++) {
        if (((unsigned)event->code >> phase & 1u) != 0) {
            add(text, " L%u", phase + 1);
        }
    }
    if (event->payload.n_bytes < VOLTAGE_PAYLOAD) {
        return;
    }
    if (strcmp(edge, "begin") != 0) {
        add(text, "; %.3f s", (double)little(event, 12, 4) / 1000.0);
    }
    add(text, "; %s %.1f V", (event->code & 0x80) != 0 ? "highest" : "lowest",
        (double)little(event, 16, 4) / 1000.0);
}

static json_t *voltage_detail(const struct event *event)
{
    json_t *phases = json_array();
    for (unsigned phase = 0; phase < 3; phase++) {
        if (((unsigned)event->code >> phase & 1u) != 0) {
            json_array_append_new(phases, json_integer(phase + 1));
        }
    }
    json_t *detail = json_pack("{s:s, s:s, s:o}", "kind", voltage_kind(event), "edge",
                               voltage_edge(event), "phases", phases);
    if (event->payload.n_bytes >= VOLTAGE_PAYLOAD) {
        json_object_set_new(detail, "utc_s", json_real((double)little(event, 4, 8) / 1000.0));
        json_object_set_new(detail, "duration_s", json_real((double)little(event, 12, 4) / 1000.0));
        json_object_set_new(detail, "extreme_v", json_real((double)little(event, 16, 4) / 1000.0));
    }
    return detail;
}

/* ---- neutral log (docs/neutral-fault.md) ---- */

#define NEUTRAL_PAYLOAD 15u

static double tenths(const struct event *event, unsigned at)
{
    return (double)little(event, at, 2) / 10.0;
}

static void neutral_words(const struct event *event, char text[EVENT_TEXT])
{
    char number[32];
    const char *word = event->code == 0   ? "neutral is back"
                       : event->code == 1 ? "neutral lost"
                                          : NULL;
    add(text, "%s", or_number(word, event->code, number));
    if (event->payload.n_bytes < NEUTRAL_PAYLOAD) {
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        add(text, "  L%u %.1f..%.1f V", i + 1, tenths(event, 1 + 4 * i), tenths(event, 3 + 4 * i));
    }
    add(text, "  star point %.1f V", tenths(event, 13));
}

static json_t *neutral_detail(const struct event *event)
{
    if (event->payload.n_bytes < NEUTRAL_PAYLOAD) {
        return NULL;
    }
    json_t *phases = json_array();
    for (unsigned i = 0; i < 3; i++) {
        json_array_append_new(phases, json_pack("{s:f, s:f}", "lowest_v", tenths(event, 1 + 4 * i),
                                                "highest_v", tenths(event, 3 + 4 * i)));
    }
    return json_pack("{s:o, s:f}", "phases", phases, "displacement_v", tenths(event, 13));
}

/* ---- disconnect log (docs/breaker.md) ---- */

#define BREAKER_PAYLOAD 10u

const char *breaker_state_name(unsigned state)
{
    static const char *const names[] = {
        [0] = "no breaker",
        [1] = "opened by command",
        [4] = "closed",
        [5] = "closed, load too high: opens soon",
        [6] = "cut off: load too high",
        [7] = "cut off: credit used up",
        [8] = "open, released",
        [9] = "cut off: time of the low limit used up",
        [11] = "opened by the button",
        [12] = "opened: neutral lost",
        [13] = "closed, load too high: logged only",
        [14] = "opened: overvoltage",
    };
    return state < sizeof names / sizeof names[0] ? names[state] : NULL;
}

static const char *breaker_cause(const struct event *event)
{
    static const char *const names[] = {NULL,          "command",
                                        "release",     "reconnect command",
                                        "button",      "load",
                                        "load normal", "load",
                                        "wait over",   "neutral lost",
                                        "credit used", "credit loaded",
                                        "low limit",   "load above the low limit"};
    static const char *const notes[] = {"a relay does not move", "a relay moves slowly",
                                        "position right again", "relays have moved unasked"};
    const unsigned cause = (unsigned)event->code >> 8;
    return cause >= 32 && cause < 36                ? notes[cause - 32]
           : cause < sizeof names / sizeof names[0] ? names[cause]
                                                    : NULL;
}

static void breaker_words(const struct event *event, char text[EVENT_TEXT])
{
    char number[32];
    const char *cause = breaker_cause(event);
    add(text, "%s",
        or_number(breaker_state_name((unsigned)event->code & 0xFFu), event->code, number));
    add(text, cause != NULL ? " (%s)" : "%s", cause != NULL ? cause : "");
    if (event->payload.n_bytes < BREAKER_PAYLOAD) {
        return;
    }
    const unsigned feedback = event->payload.bytes[1], channel = event->payload.bytes[2];
    if (channel <= 3) {
        static const char *const names[] = {"optical eye", "module port", "consumer port", "board"};
        add(text, "; %s", names[channel]);
    }
    add(text, "; live behind it:%s%s%s%s", (feedback & 8u) == 0 ? " not known" : "",
        (feedback & 9u) == 9u ? " L1" : "", (feedback & 10u) == 10u ? " L2" : "",
        (feedback & 12u) == 12u ? " L3" : "");
    if ((feedback & 8u) != 0 && (feedback & 7u) == 0) {
        add(text, " none");
    }
}

static json_t *breaker_detail(const struct event *event)
{
    if (event->payload.n_bytes < BREAKER_PAYLOAD) {
        return NULL;
    }
    const char *cause = breaker_cause(event);
    return json_pack(
        "{s:i, s:s, s:i, s:i, s:i, s:f, s:i}", "state", (int)(event->code & 0xFF), "cause",
        cause != NULL ? cause : "?", "state_before", (int)event->payload.bytes[0], "feedback",
        (int)event->payload.bytes[1], "reconnections", (int)event->payload.bytes[3], "current_a",
        (double)little(event, 4, 4) / 1000.0, "power_w", (int)little(event, 8, 2) * 10);
}

/* ---- load-profile log ---- */

static void profile_words(const struct event *event, char text[EVENT_TEXT])
{
    static const char *const names[] = {NULL,
                                        NULL,
                                        "records deleted: other registers",
                                        NULL,
                                        "records deleted by hand",
                                        "records deleted: other interval",
                                        "load profile off",
                                        "load profile on"};
    char number[32];
    const bool known = event->code >= 0 && event->code < (int64_t)(sizeof names / sizeof names[0]);
    add(text, "%s", or_number(known ? names[event->code] : NULL, event->code, number));
    if (event->payload.n_bytes >= 1) {
        add(text, "; interval %u min", event->payload.bytes[0]);
    }
}

static json_t *profile_detail(const struct event *event)
{
    return event->payload.n_bytes < 1
               ? NULL
               : json_pack("{s:i}", "interval_min", (int)event->payload.bytes[0]);
}

/* ---- audit log (docs/spec/app-storage.md, "Payload of the audit log") ---- */

#define AUDIT_CIPHER   0xFEFB
#define AUDIT_KEYS     0xFEFC
#define AUDIT_PASSWORD 0xFEFE
#define AUDIT_UNDONE   0xFEFF
#define AUDIT_DISPLAY  0xF500 /* + the list */
#define DISPLAY_LISTS  3
#define AUDIT_READOUT  0xF207
#define AUDIT_CREDIT   0xF720
#define AUDIT_TOKENS   0xF721 /* their key */
#define AUDIT_DAYS     0xF722 /* without cut-off */
#define AUDIT_MODULE   0xFA40 /* + the slot */
#define MODULE_SLOTS   3
#define VALUE_TEXT     64u

/** A change as its record tells it. */
struct change {
    const struct setting_def *setting; /**< NULL: a register */
    const char *name;
    char before[VALUE_TEXT], after[VALUE_TEXT]; /**< "": not told */
    unsigned channel;
};

const char *event_channel_name(unsigned channel)
{
    static const char *const names[] = {"optical eye", "module port", "consumer port", "board"};
    return channel < sizeof names / sizeof names[0] ? names[channel] : "?";
}

/* A value of a setting: length and bytes; length 0: a secret, or an empty text. */
static void setting_text(struct reader *r, const struct setting_def *def, char text[VALUE_TEXT])
{
    const uint8_t n = reader_u8(r);
    const uint8_t *bytes = reader_bytes(r, n);
    text[0] = '\0';
    if (bytes == NULL || def->type == SETTING_SECRET) {
        return;
    }
    if (def->type == SETTING_TEXT) {
        snprintf(text, VALUE_TEXT, "\"%.*s\"", (int)n, (const char *)bytes);
        return;
    }
    struct reader value = reader_over(bytes, n);
    const uint32_t number = (uint32_t)reader_uint_le(&value, 4);
    const char *word = setting_choice_word(def, number);
    if (def->type == SETTING_FLAGS) {
        snprintf(text, VALUE_TEXT, "0x%08X", (unsigned)number);
    } else {
        snprintf(text, VALUE_TEXT, "%0*u%s%s%s%.48s%s", def->digits, (unsigned)number,
                 def->unit[0] != '\0' ? " " : "", def->unit, word != NULL ? " (" : "",
                 word != NULL ? word : "", word != NULL ? ")" : "");
    }
}

static void decimal_text(int64_t number, int exponent, char text[VALUE_TEXT])
{
    double value = (double)number;
    for (int e = exponent; e < 0; e++) {
        value /= 10.0;
    }
    for (int e = exponent; e > 0; e--) {
        value *= 10.0;
    }
    snprintf(text, VALUE_TEXT, "%.*f", exponent < 0 && exponent >= -9 ? -exponent : 0, value);
}

/* Forty readings do not fit a record: how many there are. */
static void change_of_display(const struct event *event, struct reader *r, struct change *change)
{
    static const char *const names[DISPLAY_LISTS] = {"automatic list", "manual list",
                                                     "back-up list"};
    change->name =
        event->code == AUDIT_READOUT ? "IEC read-out list" : names[event->code - AUDIT_DISPLAY];
    change->channel = reader_u8(r);
    for (unsigned i = 0; i < 2; i++) {
        const uint8_t n = reader_u8(r);
        char *text = i == 0 ? change->before : change->after;
        (void)reader_bytes(r, 2);
        snprintf(text, VALUE_TEXT, n == UINT8_MAX ? "as delivered" : "%u readings", (unsigned)n);
    }
}

static void module_text(struct reader *r, char text[VALUE_TEXT])
{
    const bool present = reader_u8(r) != 0;
    const unsigned code = (unsigned)reader_uint_le(r, 2);
    const unsigned long serial = (unsigned long)reader_uint_le(r, 4);
    if (!present) {
        snprintf(text, VALUE_TEXT, "none");
    } else if (serial == 0) {
        snprintf(text, VALUE_TEXT, "%03u", code);
    } else {
        snprintf(text, VALUE_TEXT, "%03u, number %lu", code, serial);
    }
}

static void change_of_module(const struct event *event, struct reader *r, struct change *change)
{
    static const char *const names[MODULE_SLOTS] = {"module", "secondary module",
                                                    "module in the consumer port"};
    change->name = names[event->code - AUDIT_MODULE];
    change->channel = reader_u8(r);
    module_text(r, change->before);
    module_text(r, change->after);
}

static void change_of_register(const struct event *event, struct reader *r, struct change *change)
{
    const struct register_def *def = register_by_kmp_id((uint16_t)event->code);
    const int64_t before = (int64_t)reader_uint_le(r, 8), after = (int64_t)reader_uint_le(r, 8);
    const int exponent = (int8_t)reader_u8(r);
    change->name = def != NULL ? def->name : "a register";
    change->channel = reader_u8(r);
    decimal_text(before, exponent, change->before);
    decimal_text(after, exponent, change->after);
}

/* @return false: no record of a change, or its payload is not told */
static bool change_of(const struct event *event, struct change *change)
{
    struct reader r = reader_over(event->payload.bytes, event->payload.n_bytes);
    memset(change, 0, sizeof *change);
    if (event->code >= AUDIT_CIPHER || event->code < 0 || event->payload.n_bytes == 0) {
        return false;
    }
    if (event->code < (int64_t)SETTING_AUDIT_CODE) {
        if ((event->code >= AUDIT_DISPLAY && event->code < AUDIT_DISPLAY + DISPLAY_LISTS) ||
            event->code == AUDIT_READOUT) {
            change_of_display(event, &r, change);
        } else if (event->code >= AUDIT_MODULE && event->code < AUDIT_MODULE + MODULE_SLOTS) {
            change_of_module(event, &r, change);
        } else {
            change_of_register(event, &r, change);
        }
        return !r.failed;
    }
    change->setting = setting_by_id((uint16_t)(event->code - (int64_t)SETTING_AUDIT_CODE));
    if (change->setting == NULL) {
        return false;
    }
    change->name = change->setting->name;
    change->channel = reader_u8(&r);
    (void)reader_bytes(&r, 5); /* commit and index: ids of records tell the order */
    setting_text(&r, change->setting, change->before);
    setting_text(&r, change->setting, change->after);
    return !r.failed;
}

/* Which keys a client has changed. */
static void keys_words(const struct event *event, char text[EVENT_TEXT])
{
    static const char *const names[] = {"global unicast key", "global broadcast key",
                                        "authentication key", "master key"};
    const char *between = "changed: ";
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((event->payload.bytes[1] >> i & 1u) != 0) {
            add(text, "%s%s", between, names[i]);
            between = ", ";
        }
    }
    add(text, "; %s", event_channel_name(event->payload.bytes[0]));
}

/* Prepayment: what was booked, and what else was changed.  @return it was of that */
static bool prepay_words(const struct event *event, char text[EVENT_TEXT])
{
    static const char *const ways[] = {"?", "credit set", "credit loaded", "token", "switched off"};
    const unsigned n = (unsigned)event->payload.n_bytes, way = n > 0 ? event->payload.bytes[0] : 0;
    if (event->code == AUDIT_CREDIT && n >= 22) {
        add(text, "prepayment: %s", ways[way < sizeof ways / sizeof ways[0] ? way : 0]);
        if (way == 2 || way == 3) {
            add(text, " %u", (unsigned)little(event, 2, 4));
        }
        add(text, ", %.4f kWh, left %.4f kWh; %s", (double)(int64_t)little(event, 6, 8) / 1e9,
            (double)(int64_t)little(event, 14, 8) / 1e9,
            event_channel_name(event->payload.bytes[1]));
    } else if (event->code == AUDIT_TOKENS && n >= 1) {
        add(text, "prepayment: key of tokens changed; %s", event_channel_name(way));
    } else if (event->code == AUDIT_DAYS && n >= 2) {
        add(text, "prepayment: %u days without cut-off; %s", (unsigned)event->payload.bytes[1],
            event_channel_name(way));
    } else {
        return false;
    }
    return true;
}

static void audit_words(const struct event *event, char text[EVENT_TEXT])
{
    struct change change;
    char number[32];
    if (prepay_words(event, text)) {
        return;
    }
    if (change_of(event, &change)) {
        add(text, "%s: ", change.name);
        if (change.setting != NULL && change.setting->type == SETTING_SECRET) {
            add(text, "changed");
        } else {
            add(text, "%s -> %s", change.before, change.after);
        }
        add(text, "; %s", event_channel_name(change.channel));
    } else if (event->code == AUDIT_PASSWORD && event->payload.n_bytes >= 5) {
        add(text, "%u wrong passwords; %s", (unsigned)little(event, 1, 4),
            event_channel_name(event->payload.bytes[0]));
    } else if (event->code == AUDIT_KEYS && event->payload.n_bytes >= 2) {
        keys_words(event, text);
    } else if (event->code == AUDIT_CIPHER && event->payload.n_bytes >= 9) {
        add(text, "ciphered messages refused: %u with a wrong key or changed, %u repeated; %s",
            (unsigned)little(event, 1, 4), (unsigned)little(event, 5, 4),
            event_channel_name(event->payload.bytes[0]));
    } else if (event->code == AUDIT_UNDONE) {
        add(text, "a change was undone: supply went before its commit");
    } else {
        add(text, "%s", or_number(NULL, event->code, number));
    }
}

static json_t *audit_detail(const struct event *event)
{
    struct change change;
    char words[EVENT_TEXT] = "";
    if (prepay_words(event, words) || !change_of(event, &change)) {
        return NULL;
    }
    return json_pack("{s:s, s:s, s:s, s:s}", "name", change.name, "before", change.before, "after",
                     change.after, "channel", event_channel_name(change.channel));
}

/* ---- load control (docs/load-control.md) ---- */

static void load_words(const struct event *event, char text[EVENT_TEXT])
{
    static const char *const modes[] = {"no longer wanted", "by tariff", "by command",
                                        "by its table"};
    const unsigned mode = (unsigned)event->code >> 1 & 0x7Fu;
    add(text, "relay %u %s, %s", (unsigned)(event->code >> 8),
        (event->code & 1) != 0 ? "on" : "off",
        mode < sizeof modes / sizeof modes[0] ? modes[mode] : "by a mode that is not known");
    if (event->payload.n_bytes >= 2u && mode == 1u) {
        add(text, "; T%u", event->payload.bytes[1]);
    }
}

static json_t *load_detail(const struct event *event)
{
    return json_pack("{s:i, s:b, s:i}", "relay", (int)(event->code >> 8), "active",
                     (event->code & 1) != 0, "mode", (int)(event->code >> 1 & 0x7F));
}

/* ---- tables ---- */

const struct event_kind event_kinds[] = {
    {"status", 2, 50, 18, "detail", status_words, status_detail},
    {"clock", 3, 1045, 17, "detail", clock_words, clock_detail},
    {"voltage", 4, 1085, 19, "detail", voltage_words, voltage_detail},
    {"disconnect", 5, 0xF512, 20, "detail", breaker_words, breaker_detail},
    {"neutral", 12, 1242, 29, "seen", neutral_words, neutral_detail},
    {"load-profile", 10, 1222, 31, "detail", profile_words, profile_detail},
    {"audit", 128, 0xFEFF, EVENT_NO_BIT, "change", audit_words, audit_detail},
    {"load-control", 129, 0xF803, EVENT_NO_BIT, "detail", load_words, load_detail},
};
const size_t event_kinds_length = sizeof event_kinds / sizeof event_kinds[0];

const struct event_kind *event_kind_by_name(const char *name)
{
    for (size_t i = 0; i < event_kinds_length; i++) {
        if (strcmp(event_kinds[i].name, name) == 0) {
            return &event_kinds[i];
        }
    }
    return NULL;
}

void event_words(const struct event_kind *kind, const struct event *event, char text[EVENT_TEXT])
{
    char number[32];
    text[0] = '\0';
    if (kind != NULL) {
        kind->words(event, text);
    } else {
        add(text, "%s", or_number(NULL, event->code, number));
    }
}

/* docs/protocols.md, "Event status". */
static const char *const word_a[32] = {
    [8] = "radio data ready",
    [9] = "call forced by the user",
    [10] = "clock adjusted",
    [11] = "something in word B",
    [12] = "disconnect",
    [13] = "flash error",
    [16] = "new: debiting",
    [17] = "new: clock",
    [18] = "new: status",
    [19] = "new: voltage",
    [20] = "new: disconnect",
    [21] = "new: load profile",
    [22] = "new: debiting 2",
    [23] = "new: CT ratio",
    [24] = "P0 sign-on",
    [27] = "new: firmware taken",
    [28] = "new: firmware refused",
    [29] = "new: neutral",
    [30] = "new: analysis",
    [31] = "new: load-profile",
};

static const char *const word_b[32] = {
    [0] = "audit trail success",
    [1] = "audit trail failure",
    [3] = "neutral fault",
    [4] = "ROM error",
    [5] = "power fail",
    [6] = "phase L1 missing",
    [7] = "phase L2 missing",
    [8] = "phase L3 missing",
    [9] = "overvoltage L1",
    [10] = "undervoltage L1",
    [11] = "overvoltage L2",
    [12] = "undervoltage L2",
    [13] = "overvoltage L3",
    [14] = "undervoltage L3",
    [15] = "alarm input",
    [16] = "no current L1",
    [17] = "no current L2",
    [18] = "no current L3",
    [19] = "phase sequence L1-L3-L2",
    [20] = "earth fault",
    [21] = "magnet",
    [22] = "meter cover open",
    [23] = "auxiliary supply",
    [24] = "reverse L1",
    [25] = "reverse L2",
    [26] = "reverse L3",
    [27] = "asymmetry",
    [28] = "prepayment",
    [29] = "breaker opened by hand",
    [30] = "breaker opened by itself",
    [31] = "breaker opened remotely",
};

const char *event_word_a_name(unsigned bit)
{
    return bit < 8 ? status_names[bit] : bit < 32 ? word_a[bit] : NULL;
}

const char *event_word_b_name(unsigned bit)
{
    return bit < 32 ? word_b[bit] : NULL;
}

/* docs/load-profile.md */
static const char *const quality_names[16] = {
    [0] = "clock set by 7 s or more",
    [1] = "clock set by 16 s or more",
    [2] = "clock set by 31 s or more",
    [3] = "clock set by more than a minute",
    [4] = "clock set forward",
    [5] = "clock set back",
    [6] = "error in a legal parameter",
    [7] = "overvoltage",
    [8] = "undervoltage",
    [9] = "neutral fault",
    [10] = "outage",
};

static const char *const profile_names[16] = {
    [3] = "record lost",
    [6] = "gap before it",
    [7] = "other energies than before",
    [8] = "other interval than before",
    [9] = "last number given",
};

const char *profile_quality_name(unsigned bit)
{
    return bit < 16 ? quality_names[bit] : NULL;
}

const char *profile_status_name(unsigned bit)
{
    return bit < 16 ? profile_names[bit] : NULL;
}
