#include "net_setup.h"

#include <string.h>

#include "../proto/common/writer.h"
#include "module_events.h"

#define OCTETS       4u
#define OCTET_MAX    255u
#define BITS         32u
#define PORT_MAX     65535u
#define SECONDS_MAX  65535u
#define INTERVAL_MAX 3600u
#define WORD_DIGITS  8u
#define NOT_FOUND    UINT32_MAX

void net_setup_default(struct net_setup *setup)
{
    memset(setup, 0, sizeof *setup);
    setup->interval_s = NET_INTERVAL_S;
    setup->watchdog_s = NET_WATCHDOG_S;
    setup->alarms_a = MODULE_ALARMS_A;
    setup->alarms_b = MODULE_ALARMS_B;
}

/* ---- numbers and addresses in a text ---- */

/* A decimal number at *text, which is led on behind it.  @return NOT_FOUND: none up to last */
static uint32_t number_at(const char **text, uint32_t last)
{
    uint32_t value = 0;
    if (**text < '0' || **text > '9') {
        return NOT_FOUND;
    }
    for (; **text >= '0' && **text <= '9'; (*text)++) {
        value = value * 10u + (uint32_t)(**text - '0');
        if (value > last) {
            return NOT_FOUND;
        }
    }
    return value;
}

static bool number(const char *text, uint32_t last, uint16_t *out)
{
    const uint32_t value = number_at(&text, last);
    if (value == NOT_FOUND || *text != '\0') {
        return false;
    }
    *out = (uint16_t)value;
    return true;
}

static bool address_at(const char **text, uint32_t *address)
{
    *address = 0;
    for (unsigned i = 0; i < OCTETS; i++) {
        const uint32_t octet = number_at(text, OCTET_MAX);
        if (octet == NOT_FOUND || (i + 1u < OCTETS && **text != '.')) {
            return false;
        }
        *address = *address << 8 | octet;
        *text += i + 1u < OCTETS ? 1 : 0;
    }
    return true;
}

static bool in_network(const struct net_allowed *network, uint32_t address)
{
    const uint32_t mask = network->bits == 0 ? 0 : (uint32_t)(UINT32_MAX << (BITS - network->bits));
    return ((address ^ network->address) & mask) == 0;
}

bool net_setup_allows(const struct net_setup *setup, const char *who)
{
    uint32_t address;
    if (setup->n_allowed == 0) {
        return true;
    }
    if (!address_at(&who, &address) || (*who != ':' && *who != '\0')) {
        return false;
    }
    for (unsigned i = 0; i < setup->n_allowed; i++) {
        if (in_network(&setup->allowed[i], address)) {
            return true;
        }
    }
    return false;
}

/* ---- items ---- */

static bool printable(const char *text, size_t most)
{
    const size_t n = strlen(text);
    for (size_t i = 0; i < n; i++) {
        if (text[i] < ' ' || text[i] > '~' || text[i] == ',') {
            return false;
        }
    }
    return n <= most;
}

static bool take_name(struct net_setup *s, const char *value)
{
    if (!printable(value, NET_NAME_MAX)) {
        return false;
    }
    memset(s->name, 0, sizeof s->name);
    memcpy(s->name, value, strlen(value));
    return true;
}

static bool take_pin(struct net_setup *s, const char *value)
{
    return number(value, NET_PIN_MAX, &s->pin);
}

static bool take_allow(struct net_setup *s, const char *value)
{
    uint8_t n = 0;
    if (strcmp(value, "any") == 0) {
        s->n_allowed = 0;
        return true;
    }
    while (n < NET_ALLOWED_MAX) {
        struct net_allowed *a = &s->allowed[n++];
        uint32_t bits = BITS;
        if (!address_at(&value, &a->address)) {
            return false;
        }
        if (*value == '/') {
            value++;
            bits = number_at(&value, BITS);
        }
        if (bits == NOT_FOUND || (*value != '\0' && *value != '+')) {
            return false;
        }
        a->bits = (uint8_t)bits;
        if (*value == '\0') {
            s->n_allowed = n;
            return true;
        }
        value++;
    }
    return false;
}

static bool take_target(struct net_target *target, const char *value)
{
    const char *colon = strrchr(value, ':');
    uint16_t port;
    if (strcmp(value, "none") == 0) {
        memset(target, 0, sizeof *target);
        return true;
    }
    if (colon == NULL || colon == value || (size_t)(colon - value) > NET_HOST_MAX ||
        !number(colon + 1, PORT_MAX, &port) || port == 0 || !printable(value, NET_ITEM_MAX) ||
        strchr(value, ' ') != NULL) {
        return false;
    }
    memset(target, 0, sizeof *target);
    memcpy(target->host, value, (size_t)(colon - value));
    target->port = port;
    return true;
}

static bool take_server_1(struct net_setup *s, const char *value)
{
    return take_target(&s->keep_alive[0], value);
}

static bool take_server_2(struct net_setup *s, const char *value)
{
    return take_target(&s->keep_alive[1], value);
}

static bool take_alarm(struct net_setup *s, const char *value)
{
    return take_target(&s->alarm, value);
}

static bool take_interval(struct net_setup *s, const char *value)
{
    return number(value, INTERVAL_MAX, &s->interval_s) && s->interval_s > 0;
}

static bool take_watchdog(struct net_setup *s, const char *value)
{
    return number(value, SECONDS_MAX, &s->watchdog_s);
}

static bool word_at(const char *text, uint32_t *word)
{
    static const char digits[] = "0123456789ABCDEFabcdef";
    *word = 0;
    for (unsigned i = 0; i < WORD_DIGITS; i++) {
        const char *digit = text[i] != '\0' ? strchr(digits, text[i]) : NULL;
        if (digit == NULL) {
            return false;
        }
        const uint32_t value = (uint32_t)(digit - digits);
        *word = *word << 4 | (value > 15u ? value - 6u : value);
    }
    return true;
}

static bool take_alarms(struct net_setup *s, const char *value)
{
    return strlen(value) == 2u * WORD_DIGITS + 1u && value[WORD_DIGITS] == ':' &&
           word_at(value, &s->alarms_a) && word_at(value + WORD_DIGITS + 1u, &s->alarms_b);
}

static void put_name(const struct net_setup *s, struct writer *w)
{
    writer_text(w, s->name);
}

static void put_pin(const struct net_setup *s, struct writer *w)
{
    writer_decimal(w, s->pin, 4);
}

static void put_allow(const struct net_setup *s, struct writer *w)
{
    if (s->n_allowed == 0) {
        writer_text(w, "any");
    }
    for (unsigned i = 0; i < s->n_allowed; i++) {
        writer_text(w, i > 0 ? "+" : "");
        for (unsigned octet = 0; octet < OCTETS; octet++) {
            writer_text(w, octet > 0 ? "." : "");
            writer_decimal(w, s->allowed[i].address >> (24u - 8u * octet) & OCTET_MAX, 1);
        }
        writer_text(w, "/");
        writer_decimal(w, s->allowed[i].bits, 1);
    }
}

static void put_target(const struct net_target *target, struct writer *w)
{
    if (target->host[0] == '\0') {
        writer_text(w, "none");
        return;
    }
    writer_text(w, target->host);
    writer_text(w, ":");
    writer_decimal(w, target->port, 1);
}

static void put_server_1(const struct net_setup *s, struct writer *w)
{
    put_target(&s->keep_alive[0], w);
}

static void put_server_2(const struct net_setup *s, struct writer *w)
{
    put_target(&s->keep_alive[1], w);
}

static void put_alarm(const struct net_setup *s, struct writer *w)
{
    put_target(&s->alarm, w);
}

static void put_interval(const struct net_setup *s, struct writer *w)
{
    writer_decimal(w, s->interval_s, 1);
}

static void put_watchdog(const struct net_setup *s, struct writer *w)
{
    writer_decimal(w, s->watchdog_s, 1);
}

static void put_word(struct writer *w, uint32_t word)
{
    for (unsigned i = 0; i < WORD_DIGITS; i++) {
        writer_u8(w, (uint8_t) "0123456789ABCDEF"[word >> (28u - 4u * i) & 15u]);
    }
}

static void put_alarms(const struct net_setup *s, struct writer *w)
{
    put_word(w, s->alarms_a);
    writer_text(w, ":");
    put_word(w, s->alarms_b);
}

static const struct item {
    const char *name;
    bool (*take)(struct net_setup *setup, const char *value);
    void (*put)(const struct net_setup *setup, struct writer *w);
    const char *expected;
} items[] = {
    {"name", take_name, put_name, "name= with at most 20 characters"},
    {"pin", take_pin, put_pin, "pin= with at most four digits"},
    {"allow", take_allow, put_allow, "allow=any or up to eight ADDRESS/BITS joined by '+'"},
    {"keep-alive", take_server_1, put_server_1, "keep-alive=HOST:PORT or none"},
    {"keep-alive-2", take_server_2, put_server_2, "keep-alive-2=HOST:PORT or none"},
    {"interval", take_interval, put_interval, "interval= 1 to 3600 s"},
    {"watchdog", take_watchdog, put_watchdog, "watchdog= 0 to 65535 s"},
    {"alarm", take_alarm, put_alarm, "alarm=HOST:PORT or none"},
    {"alarms", take_alarms, put_alarms, "alarms=AAAAAAAA:BBBBBBBB, hexadecimal"},
};
#define N_ITEMS (sizeof items / sizeof items[0])

const char *net_setup_take(struct net_setup *setup, const char *name, const char *value)
{
    struct net_setup made = *setup;
    for (size_t i = 0; i < N_ITEMS; i++) {
        if (strcmp(items[i].name, name) == 0) {
            if (!items[i].take(&made, value)) {
                return items[i].expected;
            }
            *setup = made;
            return NULL;
        }
    }
    return "name, pin, allow, keep-alive, keep-alive-2, interval, watchdog, alarm or alarms";
}

bool net_setup_take_all(struct net_setup *setup, const char *text, char separator, const char **why,
                        const char **bad, size_t *n_bad)
{
    struct net_setup made = *setup;
    while (*text != '\0') {
        const char *end = strchr(text, separator);
        const size_t length = end != NULL ? (size_t)(end - text) : strlen(text);
        char item[NET_ITEM_MAX + 1u] = "";
        *bad = text;
        *n_bad = length;
        *why = "NAME=VALUE of at most 160 characters";
        memcpy(item, text, length <= NET_ITEM_MAX ? length : 0);
        char *equals = strchr(item, '=');
        if (length > 0 && equals == NULL) {
            return false;
        }
        if (length > 0) {
            *equals = '\0';
            *why = net_setup_take(&made, item, equals + 1);
        }
        if (length > 0 && *why != NULL) {
            return false;
        }
        text += length + (end != NULL ? 1u : 0u);
    }
    *setup = made;
    return true;
}

size_t net_setup_text(const struct net_setup *setup, char text[NET_TEXT_MAX])
{
    struct writer w = writer_over(text, NET_TEXT_MAX - 1u);
    for (size_t i = 0; i < N_ITEMS; i++) {
        writer_text(&w, items[i].name);
        writer_text(&w, "=");
        items[i].put(setup, &w);
        writer_text(&w, "\n");
    }
    text[writer_length(&w)] = '\0';
    return writer_length(&w);
}
