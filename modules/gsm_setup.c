#include "gsm_setup.h"

#include <string.h>

#include "module_events.h"

#define ITEM_MAX    80u
#define SECONDS_MAX 65535

void gsm_setup_default(struct gsm_setup *setup)
{
    memset(setup, 0, sizeof *setup);
    setup->keep_alive_s = GSM_KEEP_ALIVE_S;
    setup->watchdog_s = GSM_WATCHDOG_S;
    setup->alarms_a = MODULE_ALARMS_A;
    setup->alarms_b = MODULE_ALARMS_B;
}

bool gsm_setup_allows(const struct gsm_setup *setup, const char *number)
{
    if (number[0] == '\0') {
        return false; /* a name: there is nobody to answer */
    }
    for (size_t i = 0; i < GSM_READERS_MAX; i++) {
        if (strcmp(setup->reader[i], number) == 0) {
            return true;
        }
    }
    return setup->anybody;
}

/* ---- texts ---- */

/* Goes into quotation marks of an AT command. */
static bool plain(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < '!' || *text > '~' || *text == '"' || *text == '\\') {
            return false;
        }
    }
    return true;
}

static bool digits(const char *text, size_t least, size_t most)
{
    const size_t n = strlen(text);
    return n >= least && n <= most && strspn(text, "0123456789") == n;
}

static bool number(const char *text)
{
    return digits(text + (text[0] == '+' ? 1 : 0), 1, SMS_DIGITS_MAX);
}

static bool seconds(const char *text, uint16_t *out)
{
    const char *at = text;
    const int32_t value = at_line_number(&at);
    if (value < 0 || value > SECONDS_MAX || *at != '\0' || at[-1] == ',') {
        return false;
    }
    *out = (uint16_t)value;
    return true;
}

static bool server(const char *text, struct gsm_setup *setup)
{
    const char *colon = strrchr(text, ':');
    uint16_t port = 0;
    if (text[0] == '\0') {
        setup->host[0] = '\0';
        return true;
    }
    if (colon == NULL || colon == text || (size_t)(colon - text) > AT_HOST_MAX ||
        !seconds(colon + 1, &port) || port == 0) {
        return false;
    }
    memset(setup->host, 0, sizeof setup->host);
    memcpy(setup->host, text, (size_t)(colon - text));
    setup->port = port;
    return plain(setup->host);
}

static bool hex_word(const char *text, size_t n_digits, uint32_t *out)
{
    uint8_t bytes[4];
    if (n_digits != 8 || at_line_hex(text, bytes, sizeof bytes) != 4) {
        return false;
    }
    struct reader r = reader_over(bytes, sizeof bytes);
    *out = (uint32_t)reader_uint_be(&r, 4);
    return true;
}

static bool masks(const char *text, struct gsm_setup *setup)
{
    const char *colon = strchr(text, ':');
    return colon != NULL && hex_word(text, (size_t)(colon - text), &setup->alarms_a) &&
           hex_word(colon + 1, strlen(colon + 1), &setup->alarms_b);
}

/* Behind the numbers that stand there.  An empty one leaves the list as it is. */
static bool add(const char *text, char (*list)[SMS_NUMBER_SIZE], size_t capacity)
{
    size_t n = 0;
    while (n < capacity && list[n][0] != '\0') {
        n++;
    }
    if (text[0] == '\0') {
        return true;
    }
    if (n == capacity || !number(text)) {
        return false;
    }
    memcpy(list[n], text, strlen(text) + 1u);
    return true;
}

/* ---- items ---- */

enum item {
    PIN,
    APN,
    USER,
    PASSWORD,
    DIALECT,
    SERVER,
    KEEP_ALIVE,
    WATCHDOG,
    HELLO,
    ALLOW,
    ALARM,
    ALARMS,
    ITEMS
};

static const struct {
    const char *name, *expected;
} items[ITEMS] = {
    [PIN] = {"pin", "4 to 8 digits"},
    [APN] = {"apn", "up to 31 printable characters without quotation marks"},
    [USER] = {"user", "up to 31 printable characters without quotation marks"},
    [PASSWORD] = {"password", "up to 31 printable characters without quotation marks"},
    [DIALECT] = {"dialect", "simcom or ublox"},
    [SERVER] = {"server", "HOST:PORT"},
    [KEEP_ALIVE] = {"keep-alive", "0 to 65535 seconds"},
    [WATCHDOG] = {"watchdog", "0 to 65535 seconds"},
    [HELLO] = {"hello", "on or off"},
    [ALLOW] = {"allow", "* or up to six telephone numbers"},
    [ALARM] = {"alarm", "up to four telephone numbers"},
    [ALARMS] = {"alarms", "two words of eight hexadecimal digits, A:B"},
};

static bool name(const char *value, char out[AT_NAME_MAX + 1u])
{
    if (strlen(value) > AT_NAME_MAX || !plain(value)) {
        return false;
    }
    memcpy(out, value, strlen(value) + 1u);
    return true;
}

static bool allow(struct gsm_setup *s, const char *value, bool first)
{
    if (first) {
        memset(s->reader, 0, sizeof s->reader);
        s->anybody = false;
    }
    if (strcmp(value, "*") == 0) {
        s->anybody = true;
        return true;
    }
    return add(value, s->reader, GSM_READERS_MAX);
}

static bool alarm(struct gsm_setup *s, const char *value, bool first)
{
    if (first) {
        memset(s->receiver, 0, sizeof s->receiver);
    }
    return add(value, s->receiver, GSM_RECEIVERS_MAX);
}

static bool take(struct gsm_setup *s, enum item item, const char *value, bool first)
{
    switch (item) {
    case PIN:
        if (value[0] != '\0' && !digits(value, 4, AT_PIN_MAX)) {
            return false;
        }
        memcpy(s->modem.pin, value, strlen(value) + 1u);
        return true;
    case APN: return name(value, s->modem.access_point);
    case USER: return name(value, s->modem.user);
    case PASSWORD: return name(value, s->modem.password);
    case DIALECT:
        s->modem.dialect = at_dialect_index(value, strlen(value));
        return s->modem.dialect < AT_DIALECTS;
    case SERVER: return server(value, s);
    case KEEP_ALIVE: return seconds(value, &s->keep_alive_s);
    case WATCHDOG: return seconds(value, &s->watchdog_s);
    case HELLO: s->hello = strcmp(value, "on") == 0; return s->hello || strcmp(value, "off") == 0;
    case ALLOW: return allow(s, value, first);
    case ALARM: return alarm(s, value, first);
    case ALARMS: return masks(value, s);
    default: return false;
    }
}

/* One item, ended by 0.  @return NULL, or what was expected */
static const char *take_item(struct gsm_setup *setup, char *item, uint32_t *seen)
{
    char *value = strchr(item, '=');
    if (value == NULL) {
        return "NAME=VALUE";
    }
    *value++ = '\0';
    for (unsigned i = 0; i < ITEMS; i++) {
        if (strcmp(item, items[i].name) == 0) {
            const bool first = (*seen >> i & 1u) == 0;
            *seen |= (uint32_t)1 << i;
            return take(setup, (enum item)i, value, first) ? NULL : items[i].expected;
        }
    }
    return "pin, apn, user, password, dialect, server, keep-alive, watchdog, hello, allow, alarm "
           "or "
           "alarms";
}

bool gsm_setup_take(struct gsm_setup *setup, const char *text, char separator, const char **why,
                    const char **bad, size_t *n_bad)
{
    struct gsm_setup made = *setup;
    uint32_t seen = 0;
    while (*text != '\0') {
        const char *end = strchr(text, separator);
        const size_t length = end != NULL ? (size_t)(end - text) : strlen(text);
        char item[ITEM_MAX + 1u] = "";
        *bad = text;
        *n_bad = length;
        *why = "at most 80 characters";
        if (length > ITEM_MAX) {
            return false;
        }
        memcpy(item, text, length);
        if (length > 0 && item[length - 1u] == '\r') {
            item[length - 1u] = '\0';
        }
        *why = item[0] == '\0' || item[0] == '#' ? NULL : take_item(&made, item, &seen);
        if (*why != NULL) {
            return false;
        }
        text += length + (end != NULL ? 1u : 0u);
    }
    *setup = made;
    return true;
}

/* ---- in memory ---- */

static void put(struct writer *w, const char *text)
{
    writer_u8(w, (uint8_t)strlen(text));
    writer_text(w, text);
}

static void get(struct reader *r, char *text, size_t size)
{
    const uint8_t n = reader_u8(r);
    const uint8_t *bytes = reader_bytes(r, n);
    if (bytes == NULL || n >= size) {
        r->failed = true;
        return;
    }
    memcpy(text, bytes, n);
    text[n] = '\0';
    r->failed = r->failed || strlen(text) != n || !plain(text);
}

#define HELLO_BIT   0x01u
#define ANYBODY_BIT 0x02u

void gsm_setup_write(const struct gsm_setup *s, struct writer *w)
{
    put(w, s->modem.pin);
    put(w, s->modem.access_point);
    put(w, s->modem.user);
    put(w, s->modem.password);
    writer_u8(w, s->modem.dialect);
    put(w, s->host);
    writer_uint_be(w, s->port, 2);
    writer_uint_be(w, s->keep_alive_s, 2);
    writer_uint_be(w, s->watchdog_s, 2);
    writer_u8(w, (uint8_t)((s->hello ? HELLO_BIT : 0u) | (s->anybody ? ANYBODY_BIT : 0u)));
    for (size_t i = 0; i < GSM_READERS_MAX; i++) {
        put(w, s->reader[i]);
    }
    for (size_t i = 0; i < GSM_RECEIVERS_MAX; i++) {
        put(w, s->receiver[i]);
    }
    writer_uint_be(w, s->alarms_a, 4);
    writer_uint_be(w, s->alarms_b, 4);
}

bool gsm_setup_read(struct gsm_setup *setup, struct reader *r)
{
    struct gsm_setup s;
    memset(&s, 0, sizeof s);
    get(r, s.modem.pin, sizeof s.modem.pin);
    get(r, s.modem.access_point, sizeof s.modem.access_point);
    get(r, s.modem.user, sizeof s.modem.user);
    get(r, s.modem.password, sizeof s.modem.password);
    s.modem.dialect = reader_u8(r);
    get(r, s.host, sizeof s.host);
    s.port = (uint16_t)reader_uint_be(r, 2);
    s.keep_alive_s = (uint16_t)reader_uint_be(r, 2);
    s.watchdog_s = (uint16_t)reader_uint_be(r, 2);
    const uint8_t bits = reader_u8(r);
    s.hello = (bits & HELLO_BIT) != 0;
    s.anybody = (bits & ANYBODY_BIT) != 0;
    for (size_t i = 0; i < GSM_READERS_MAX; i++) {
        get(r, s.reader[i], sizeof s.reader[i]);
    }
    for (size_t i = 0; i < GSM_RECEIVERS_MAX; i++) {
        get(r, s.receiver[i], sizeof s.receiver[i]);
    }
    s.alarms_a = (uint32_t)reader_uint_be(r, 4);
    s.alarms_b = (uint32_t)reader_uint_be(r, 4);
    if (r->failed || s.modem.dialect >= AT_DIALECTS) {
        return false;
    }
    *setup = s;
    return true;
}
