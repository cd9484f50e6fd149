#include "consumer_option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char expected_port[] =
    "han|push1|p1:tcp:HOST:PORT, ...:pty:PATH, ...:serial:PATH or ...:mqtt:HOST[:PORT][/TOPIC]";

static int bad(struct problem *problem, const char *expected, const char *found)
{
    return problem_set(problem, EXIT_BAD_INPUT, "--consumer: expected %s, found '%.200s'", expected,
                       found);
}

/* @return false: it has no place there, or is empty */
static bool copy_text(char *to, size_t capacity, const char *from, size_t length)
{
    if (length == 0 || length >= capacity) {
        return false;
    }
    memcpy(to, from, length);
    to[length] = '\0';
    return true;
}

/* Levels of a topic, none empty; no wildcards and nothing that a terminal would not show. */
static bool copy_topic(char *to, const char *from, size_t length)
{
    bool empty = true;
    for (size_t i = 0; i < length; i++) {
        if (from[i] <= ' ' || from[i] > '~' || strchr("+#\"\\$", from[i]) != NULL ||
            (from[i] == '/' && empty)) {
            return false;
        }
        empty = from[i] == '/';
    }
    return !empty && copy_text(to, MQTT_TOPIC_MAX, from, length);
}

/* ---- what stands behind commas ---- */

struct words {
    struct consumer_option *option;
    const char *value; /* behind "=", or "" */
    size_t length;
};

static bool take_ciphered(struct words *w)
{
    w->option->setup.ciphered = true;
    return w->length == 0;
}

static bool take_energy(struct words *w)
{
    w->option->setup.form.energy_exponent = 0;
    return w->length == 2 && memcmp(w->value, "wh", 2) == 0;
}

static bool take_timing(struct words *w)
{
    w->option->timing = w->length == 2;
    return (w->length == 2 && memcmp(w->value, "on", 2) == 0) ||
           (w->length == 3 && memcmp(w->value, "off", 3) == 0);
}

static bool take_user(struct words *w)
{
    return copy_text(w->option->mqtt.user, sizeof w->option->mqtt.user, w->value, w->length);
}

static bool take_password(struct words *w)
{
    return copy_text(w->option->mqtt.password_file, sizeof w->option->mqtt.password_file, w->value,
                     w->length);
}

static bool take_tls(struct words *w)
{
    w->option->mqtt.tls = true;
    return w->length == 0;
}

static bool take_ca(struct words *w)
{
    w->option->mqtt.tls = true;
    return copy_text(w->option->mqtt.ca, sizeof w->option->mqtt.ca, w->value, w->length);
}

static bool take_discovery(struct words *w)
{
    w->option->mqtt.discovery[0] = '\0';
    return (w->length == 3 && memcmp(w->value, "off", 3) == 0) ||
           copy_topic(w->option->mqtt.discovery, w->value, w->length);
}

#define LISTS (1u << CONSUMER_HAN | 1u << CONSUMER_PUSH)
#define ALL   (LISTS | 1u << CONSUMER_P1)
#define LINES (1u << CONSUMER_TO_TCP | 1u << CONSUMER_TO_PTY | 1u << CONSUMER_TO_SERIAL)
#define PACED (1u << CONSUMER_TO_TCP | 1u << CONSUMER_TO_PTY)
#define MQTT  (1u << CONSUMER_TO_MQTT)

static const struct {
    const char *name; /* with "=" when a value follows */
    unsigned kinds, targets;
    bool (*take)(struct words *w);
} words[] = {
    {"ciphered", LISTS, LINES, take_ciphered},
    {"energy=", LISTS, LINES, take_energy},
    {"timing=", ALL, PACED, take_timing},
    {"user=", ALL, MQTT, take_user},
    {"password=", ALL, MQTT, take_password},
    {"tls", ALL, MQTT, take_tls},
    {"ca=", ALL, MQTT, take_ca},
    {"discovery=", ALL, MQTT, take_discovery},
};

static bool take_word(struct consumer_option *option, const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t n = strlen(words[i].name);
        const bool valued = words[i].name[n - 1u] == '=';
        if ((words[i].kinds >> option->setup.kind & 1u) != 0 &&
            (words[i].targets >> option->target & 1u) != 0 && length >= n &&
            memcmp(text, words[i].name, n) == 0 && (valued || length == n)) {
            struct words w = {option, text + n, length - n};
            return words[i].take(&w);
        }
    }
    return false;
}

static int take_words(struct consumer_option *option, const char *text, struct problem *problem)
{
    while (*text == ',') {
        text++;
        const size_t length = strcspn(text, ",");
        if (!take_word(option, text, length)) {
            return bad(problem,
                       option->target == CONSUMER_TO_MQTT
                           ? "user=NAME, password=FILE, tls, ca=FILE or discovery=TOPIC|off"
                           : "ciphered or energy=wh, of han and push1, or timing=on|off, of tcp "
                             "and pty",
                       text);
        }
        text += length;
    }
    if (option->mqtt.password_file[0] != '\0' && option->mqtt.user[0] == '\0') {
        return bad(problem, "user=NAME with password=FILE", option->mqtt.password_file);
    }
    return 0;
}

/* ---- where to ---- */

/* HOST[:PORT][/TOPIC]; a host with colons stands in brackets. */
static bool take_broker(struct mqtt_option *mqtt, const char *text, size_t length)
{
    const char *end = text + length;
    const char *host = text, *host_end, *rest;
    if (*text == '[') {
        host++;
        host_end = memchr(host, ']', (size_t)(end - host));
        rest = host_end != NULL ? host_end + 1 : NULL;
    } else {
        host_end = text;
        while (host_end < end && *host_end != ':' && *host_end != '/') {
            host_end++;
        }
        rest = host_end;
    }
    if (rest == NULL ||
        !copy_text(mqtt->host, sizeof mqtt->host, host, (size_t)(host_end - host))) {
        return false;
    }
    if (rest < end && *rest == ':') {
        char *after;
        const unsigned long port = strtoul(rest + 1, &after, 10);
        if (rest[1] < '0' || rest[1] > '9' || port == 0 || port > UINT16_MAX || after > end) {
            return false;
        }
        mqtt->port = (uint16_t)port;
        rest = after;
    }
    return rest == end ||
           (*rest == '/' && copy_topic(mqtt->topic, rest + 1, (size_t)(end - rest - 1)));
}

static int take_target(struct consumer_option *option, const char *text, size_t length,
                       struct problem *problem)
{
    const char *why;
    if (!copy_text(option->path, sizeof option->path, text, length)) {
        return bad(problem, expected_port, text);
    }
    if (option->target == CONSUMER_TO_TCP &&
        address_parse(option->path, &option->address, &why) != 0) {
        return problem_set(problem, EXIT_BAD_INPUT, "--consumer: %s, found '%.200s'", why,
                           option->path);
    }
    if (option->target == CONSUMER_TO_MQTT && !take_broker(&option->mqtt, text, length)) {
        return bad(problem, "mqtt:HOST[:PORT][/TOPIC]", text);
    }
    return 0;
}

/* @return the index of the name that text begins with, and a colon; n: none */
static unsigned named(const char *const names[], unsigned n, const char *text, const char **rest)
{
    for (unsigned i = 0; i < n; i++) {
        const size_t length = strlen(names[i]);
        if (strncmp(text, names[i], length) == 0 && text[length] == ':') {
            *rest = text + length + 1u;
            return i;
        }
    }
    return n;
}

int consumer_option_parse(const char *text, struct consumer_option *out, struct problem *problem)
{
    static const char *const kinds[CONSUMER_KINDS] = {
        [CONSUMER_HAN] = "han", [CONSUMER_PUSH] = "push1", [CONSUMER_P1] = "p1"};
    static const char *const targets[] = {[CONSUMER_TO_TCP] = "tcp",
                                          [CONSUMER_TO_PTY] = "pty",
                                          [CONSUMER_TO_SERIAL] = "serial",
                                          [CONSUMER_TO_MQTT] = "mqtt"};
    const unsigned n_targets = sizeof targets / sizeof targets[0];
    const char *rest = text;
    const unsigned kind = named(kinds, CONSUMER_KINDS, rest, &rest);
    const unsigned target = named(targets, n_targets, rest, &rest);
    if (kind == CONSUMER_KINDS || target == n_targets) {
        return bad(problem, expected_port, text);
    }
    *out =
        (struct consumer_option){.setup = {.kind = (enum consumer_kind)kind,
                                           .form = {.energy_exponent = 1, .current_exponent = -2}},
                                 .target = (enum consumer_target)target,
                                 .mqtt = {.topic = MQTT_TOPIC, .discovery = MQTT_DISCOVERY}};
    const size_t length = strcspn(rest, ",");
    if (take_target(out, rest, length, problem) != 0 ||
        take_words(out, rest + length, problem) != 0) {
        return -1;
    }
    if (out->mqtt.port == 0) {
        out->mqtt.port = out->mqtt.tls ? MQTT_PORT_TLS : MQTT_PORT;
    }
    return 0;
}
