/* The text menu of the configuration port: commands with the original's letters where they are
 * public (X-MOD-2); what they print is ours. */
#include <string.h>

#include "../proto/common/writer.h"
#include "net_module.h"

#define SAY_MAX    1200u
#define PROMPT     "> "
#define PIN_PROMPT "PIN: "
#define WRONG_PINS 3u
#define TELNET     0xFFu /* begins a command of three octets, which is no text */
#define TELNET_MIN 0xF0u

struct say {
    unsigned line; /* who asked */
    char text[SAY_MAX];
    struct writer w;
};

static void begin(struct say *s, unsigned line)
{
    s->line = line;
    s->w = writer_over(s->text, sizeof s->text);
}

static bool end(struct net_module *m, struct say *s)
{
    return net_say(m, s->line, s->text, writer_length(&s->w));
}

void net_menu_begin(struct net_module *m, unsigned line)
{
    struct say s;
    begin(&s, line);
    m->line[line].admitted = m->setup.pin == 0;
    writer_text(&s.w, "open382 IP module, meter ");
    writer_decimal(&s.w, m->number, 1);
    writer_text(&s.w, "\r\n");
    writer_text(&s.w, m->setup.pin == 0 ? "? lists the commands\r\n" PROMPT : PIN_PROMPT);
    (void)end(m, &s);
}

/* ---- commands ---- */

static void get_config(struct net_module *m, struct say *s)
{
    char text[NET_TEXT_MAX];
    (void)net_setup_text(&m->setup, text);
    for (const char *at = text; *at != '\0';) {
        const size_t length = strcspn(at, "\n");
        if (strncmp(at, "pin=", 4) == 0) {
            writer_text(&s->w, m->setup.pin != 0 ? "pin=(set)" : "pin=0000");
        } else {
            writer_bytes(&s->w, at, length);
        }
        writer_text(&s->w, "\r\n");
        at += length + 1u;
    }
    writer_text(&s->w, "restarts=");
    writer_decimal(&s->w, m->restarts, 1);
    writer_text(&s->w, "\r\n");
}

static void get_version(struct net_module *m, struct say *s)
{
    (void)m;
    writer_text(&s->w, "open382 IP module, article 6850040, menu 1\r\n");
}

static void request_connect(struct net_module *m, struct say *s)
{
    m->told_ms = m->now_ms;
    m->alarm_ms = m->now_ms;
    writer_text(&s->w, "the servers are told\r\n");
}

static void request_restart(struct net_module *m, struct say *s)
{
    m->restart = true;
    writer_text(&s->w, "restarting\r\n");
}

static void help(struct net_module *m, struct say *s);

static const struct command {
    const char *name;
    void (*run)(struct net_module *m, struct say *s);
    const char *item; /* of the set-up, which the command's text sets */
    const char *help;
} commands[] = {
    {"?", help, NULL, "this list"},
    {"!GC", get_config, NULL, "get configuration"},
    {"!GV", get_version, NULL, "get version"},
    {"!AC", NULL, "allow", "access control: any, or ADDRESS/BITS+..."},
    {"!AS", NULL, "alarm", "alarm server: HOST:PORT or none"},
    {"!SM", NULL, "alarms", "alarms that are told: AAAAAAAA:BBBBBBBB"},
    {"!SA", NULL, "keep-alive", "keep-alive server: HOST:PORT or none"},
    {"!SB", NULL, "keep-alive-2", "second keep-alive server"},
    {"!ST", NULL, "interval", "seconds between keep-alives"},
    {"!SK", NULL, "watchdog", "restart after so many seconds without an answer, 0: never"},
    {"!SD", NULL, "name", "device name"},
    {"!SP", NULL, "pin", "PIN of this menu, 0: none"},
    {"!SC", NULL, "", "set by item: NAME=VALUE"},
    {"!SI", NULL, NULL,
     "addresses, name servers and serial settings (!SN, !SS, !SH) are the machine's"},
    {"!RC", request_connect, NULL, "tell the servers now"},
    {"!RR", request_restart, NULL, "restart"},
    {"!Q", NULL, NULL, "hang up"},
};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

static void help(struct net_module *m, struct say *s)
{
    (void)m;
    for (size_t i = 0; i < N_COMMANDS; i++) {
        writer_text(&s->w, commands[i].name);
        writer_text(&s->w, "  ");
        writer_text(&s->w, commands[i].help);
        writer_text(&s->w, "\r\n");
    }
}

static void error(struct say *s, const char *where, const char *expected, const char *found)
{
    writer_text(&s->w, "error: ");
    writer_text(&s->w, where);
    writer_text(&s->w, ": expected ");
    writer_text(&s->w, expected);
    writer_text(&s->w, ", found '");
    writer_text(&s->w, found);
    writer_text(&s->w, "'\r\n");
}

/* Whoever sets a filter that leaves himself out would never come back. */
static void set(struct net_module *m, struct say *s, const char *where, const char *item,
                const char *value)
{
    const struct net_setup before = m->setup;
    const char *expected = net_setup_take(&m->setup, item, value);
    if (expected == NULL && !net_admits(m, m->line[s->line].who)) {
        m->setup = before;
        expected = "a filter that lets you in";
    }
    if (expected != NULL) {
        error(s, where, expected, value);
        return;
    }
    if (!net_setup_save(m)) {
        m->setup = before;
        writer_text(&s->w, "error: memory does not take it, nothing is changed\r\n");
        return;
    }
    if (memcmp(&before.keep_alive, &m->setup.keep_alive, sizeof before.keep_alive) != 0 ||
        memcmp(&before.alarm, &m->setup.alarm, sizeof before.alarm) != 0) {
        net_servers_renew(m);
    }
    writer_text(&s->w, "ok\r\n");
}

static void set_item(struct net_module *m, struct say *s, char *text)
{
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        error(s, "!SC", "NAME=VALUE", text);
        return;
    }
    *equals = '\0';
    set(m, s, text, text, equals + 1);
}

static bool is_command(const char *name, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const char upper = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
        if (name[i] != upper) {
            return false;
        }
    }
    return name[length] == '\0';
}

static void command(struct net_module *m, struct say *s, char *text)
{
    const size_t length = strcspn(text, " ");
    char *value = text + length + (text[length] == ' ' ? 1 : 0);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const struct command *c = &commands[i];
        if (!is_command(c->name, text, length)) {
            continue;
        }
        if (c->run != NULL) {
            c->run(m, s);
        } else if (c->item == NULL) {
            writer_text(&s->w, c->help);
            writer_text(&s->w, "\r\n");
        } else if (c->item[0] == '\0') {
            set_item(m, s, value);
        } else {
            set(m, s, c->name, c->item, value);
        }
        return;
    }
    error(s, "command", "one that ? lists", text);
}

/* ---- lines of text ---- */

static bool pin_is(const struct net_module *m, const char *text)
{
    uint32_t value = 0;
    const size_t n = strlen(text);
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9' || i >= 4u) {
            return false;
        }
        value = value * 10u + (uint32_t)(text[i] - '0');
    }
    return n > 0 && value == m->setup.pin;
}

/* @return false: hung up */
static bool ask_pin(struct net_module *m, unsigned line, struct say *s, const char *text)
{
    if (m->now_ms < m->locked_ms) {
        writer_text(&s->w, "too many wrong PINs, try again in a minute\r\n");
    } else if (pin_is(m, text)) {
        m->wrong_pins = 0;
        m->line[line].admitted = true;
        writer_text(&s->w, PROMPT);
        return end(m, s);
    } else {
        if (++m->wrong_pins >= WRONG_PINS) {
            m->wrong_pins = 0;
            m->locked_ms = m->now_ms + NET_LOCK_MS;
        }
        writer_text(&s->w, "wrong PIN\r\n");
    }
    if (end(m, s)) {
        net_hang_up(m, line);
    }
    return false;
}

/* @return false: hung up */
static bool text_line(struct net_module *m, unsigned line, char *text, bool too_long)
{
    struct say s;
    begin(&s, line);
    if (!m->line[line].admitted) {
        return ask_pin(m, line, &s, text);
    }
    if (is_command("!Q", text, strlen(text))) {
        net_hang_up(m, line);
        return false;
    }
    if (too_long) {
        error(&s, "command", "at most 175 characters", "more");
    } else if (text[0] != '\0') {
        command(m, &s, text);
    }
    writer_text(&s.w, PROMPT);
    return end(m, &s);
}

void net_menu_octets(struct net_module *m, unsigned line, const uint8_t *octets, size_t n_octets)
{
    struct net_line *l = &m->line[line];
    for (size_t i = 0; i < n_octets; i++) {
        const uint8_t octet = octets[i];
        if (octet == '\n' || octet == '\r') {
            char text[NET_MENU_LINE];
            const bool empty = l->n_text == 0 && !l->skip, too_long = l->skip;
            memcpy(text, l->text, l->n_text);
            text[l->n_text] = '\0';
            l->n_text = 0;
            l->skip = false;
            if ((!empty || octet == '\r') && !text_line(m, line, text, too_long)) {
                return;
            }
        } else if (octet >= TELNET_MIN) {
            i += octet == TELNET ? 2u : 0u;
        } else if (l->n_text + 1u < NET_MENU_LINE && octet >= ' ' && octet <= '~') {
            l->text[l->n_text++] = (char)octet;
        } else if (octet >= ' ') {
            l->skip = true;
        }
    }
}
