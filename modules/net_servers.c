/* Who is told that the module lives, and of alarms: datagrams, as the original's keep-alive is one.
 * Its bytes are not public; these are ours (docs/network-module.md). */
#include <string.h>

#include "../proto/common/reader.h"
#include "../proto/common/writer.h"
#include "module_events.h"
#include "net_module.h"

#define SECOND_MS      1000
#define ALARM_FIRST_MS 10000
#define ALARM_LAST_MS  300000
#define TELLING_MAX    200u
#define TARGET_MAX     64u
#define NOTES_BYTES    28u
#define WORDS          7u
#define NO_LINE        MODULE_LINES

/* ---- notes ---- */

static void words_of(struct net_notes *n, uint32_t *word[WORDS])
{
    uint32_t *const all[WORDS] = {&n->seen_a, &n->seen_b, &n->waiting_a, &n->waiting_b,
                                  &n->told_a, &n->told_b, &n->number};
    memcpy(word, all, sizeof all);
}

void net_servers_load(struct net_module *m)
{
    uint8_t bytes[MODULE_SLOT_MAX];
    struct net_notes notes;
    uint32_t *word[WORDS];
    const struct module_memory memory = net_memory(m);
    struct reader r = reader_over(
        bytes, module_record_load(&memory, &net_record_notes, bytes, &m->notes_sequence));
    words_of(&notes, word);
    for (unsigned i = 0; i < WORDS; i++) {
        *word[i] = (uint32_t)reader_uint_be(&r, 4);
    }
    if (reader_complete(&r)) {
        m->notes = notes;
    }
    m->alarm_pause_ms = ALARM_FIRST_MS;
}

/* Nothing is told that memory does not hold: a cut would tell it again under another number. */
static bool note(struct net_module *m, const struct net_notes *notes)
{
    uint8_t bytes[NOTES_BYTES];
    struct net_notes copy = *notes;
    uint32_t *word[WORDS];
    struct writer w = writer_over(bytes, sizeof bytes);
    const struct module_memory memory = net_memory(m);
    if (memcmp(notes, &m->notes, sizeof *notes) == 0) {
        return true;
    }
    words_of(&copy, word);
    for (unsigned i = 0; i < WORDS; i++) {
        writer_uint_be(&w, *word[i], 4);
    }
    if (!module_record_save(&memory, &net_record_notes, bytes, writer_length(&w),
                            &m->notes_sequence)) {
        return false;
    }
    m->notes = *notes;
    return true;
}

/* ---- lines to servers ---- */

static unsigned line_to(const struct net_module *m, enum net_use use, unsigned server)
{
    unsigned i = 0;
    while (i < MODULE_LINES && (m->line[i].use != use || m->line[i].server != server)) {
        i++;
    }
    return i;
}

/* The line of a server, called when there is none.  @return NO_LINE */
static unsigned call(struct net_module *m, const struct net_target *to, enum net_use use,
                     unsigned server)
{
    const struct module_host *host = &m->module->host;
    char text[TARGET_MAX] = "";
    const unsigned there = line_to(m, use, server);
    if (there != NO_LINE || to->host[0] == '\0' || host->line_connect == NULL) {
        return there;
    }
    struct writer w = writer_over(text, sizeof text - 1u);
    writer_text(&w, "udp:");
    writer_text(&w, to->host);
    writer_text(&w, ":");
    writer_decimal(&w, to->port, 1);
    const int line = host->line_connect(host->context, text);
    if (line < 0 || (unsigned)line >= MODULE_LINES) {
        return NO_LINE;
    }
    memset(&m->line[line], 0, sizeof m->line[line]);
    m->line[line].use = use;
    m->line[line].server = (uint8_t)server;
    m->line[line].heard_ms = m->now_ms;
    return (unsigned)line;
}

void net_servers_renew(struct net_module *m)
{
    for (unsigned i = 0; i < MODULE_LINES; i++) {
        if (m->line[i].use == NET_KEEP_ALIVE || m->line[i].use == NET_ALARM) {
            net_hang_up(m, i);
        }
    }
    m->told_ms = m->alarm_ms = m->answered_ms = m->now_ms;
    m->alarm_pause_ms = ALARM_FIRST_MS;
}

/* ---- keep-alive ---- */

static struct writer telling(const struct net_module *m, char *text, const char *word)
{
    struct writer w = writer_over(text, TELLING_MAX);
    writer_text(&w, word);
    writer_text(&w, " ");
    writer_decimal(&w, m->number, 1);
    return w;
}

static void tell(struct net_module *m)
{
    char text[TELLING_MAX];
    for (unsigned i = 0; i < NET_SERVERS; i++) {
        const unsigned line = call(m, &m->setup.keep_alive[i], NET_KEEP_ALIVE, i);
        if (line != NO_LINE) {
            struct writer w = telling(m, text, "KAP");
            writer_text(&w, " ");
            writer_text(&w, m->setup.name[0] != '\0' ? m->setup.name : "-");
            writer_text(&w, "\r\n");
            (void)net_say(m, line, text, writer_length(&w));
        }
    }
}

static bool has_server(const struct net_module *m)
{
    return m->setup.keep_alive[0].host[0] != '\0' || m->setup.keep_alive[1].host[0] != '\0';
}

static int64_t keep_alive(struct net_module *m)
{
    const int64_t watchdog_ms = (int64_t)m->setup.watchdog_s * SECOND_MS;
    if (!has_server(m)) {
        return MODULE_NEVER;
    }
    if (m->now_ms >= m->told_ms) {
        m->told_ms = m->now_ms + (int64_t)m->setup.interval_s * SECOND_MS;
        tell(m);
    }
    if (watchdog_ms > 0 && m->now_ms - m->answered_ms >= watchdog_ms) {
        m->restart = true;
        return m->now_ms;
    }
    return m->told_ms;
}

/* ---- alarms ---- */

/* The data line is the clients' first: the module asks in a pause of theirs. */
static bool quiet(const struct net_module *m)
{
    for (unsigned i = 0; i < MODULE_LINES; i++) {
        if (m->line[i].use == NET_DATA && m->now_ms - m->line[i].heard_ms < NET_QUIET_MS) {
            return false;
        }
    }
    return true;
}

static void poll(struct net_module *m)
{
    struct net_notes notes = m->notes;
    uint32_t a, b;
    if (!quiet(m) || (m->asked_ms != 0 && m->now_ms - m->asked_ms < NET_POLL_MS)) {
        return;
    }
    m->asked_ms = m->now_ms;
    if (!module_events_ask(&m->module->bus, &a, &b)) {
        return;
    }
    if (m->setup.alarm.host[0] != '\0') {
        notes.waiting_a |= a & ~notes.seen_a & m->setup.alarms_a;
        notes.waiting_b |= b & ~notes.seen_b & m->setup.alarms_b;
    }
    notes.seen_a = a;
    notes.seen_b = b;
    if ((notes.told_a | notes.told_b) == 0 && (notes.waiting_a | notes.waiting_b) != 0) {
        notes.told_a = notes.waiting_a;
        notes.told_b = notes.waiting_b;
        notes.waiting_a = notes.waiting_b = 0;
        notes.number++;
        m->alarm_ms = m->now_ms;
        m->alarm_pause_ms = ALARM_FIRST_MS;
    }
    (void)note(m, &notes);
}

static void word(struct writer *w, uint32_t value)
{
    for (unsigned i = 0; i < 8; i++) {
        writer_u8(w, (uint8_t) "0123456789ABCDEF"[value >> (28u - 4u * i) & 15u]);
    }
}

static int64_t alarm(struct net_module *m)
{
    char text[TELLING_MAX];
    poll(m);
    if ((m->notes.told_a | m->notes.told_b) == 0 || m->setup.alarm.host[0] == '\0') {
        return m->now_ms + NET_QUIET_MS;
    }
    if (m->now_ms >= m->alarm_ms) {
        m->alarm_ms = m->now_ms + m->alarm_pause_ms;
        m->alarm_pause_ms =
            m->alarm_pause_ms * 2 < ALARM_LAST_MS ? m->alarm_pause_ms * 2 : ALARM_LAST_MS;
        const unsigned line = call(m, &m->setup.alarm, NET_ALARM, 0);
        if (line != NO_LINE) {
            struct writer w = telling(m, text, "ALARM");
            writer_text(&w, " ");
            writer_decimal(&w, m->notes.number, 1);
            writer_text(&w, " ");
            word(&w, m->notes.told_a);
            writer_text(&w, ":");
            word(&w, m->notes.told_b);
            module_events_text(&w, m->notes.told_a, m->notes.told_b);
            writer_text(&w, "\r\n");
            (void)net_say(m, line, text, writer_length(&w));
        }
    }
    return m->alarm_ms < m->now_ms + NET_QUIET_MS ? m->alarm_ms : m->now_ms + NET_QUIET_MS;
}

/* "ACK 17": the telling of that number has arrived. */
static bool acknowledges(const struct net_module *m, const uint8_t *octets, size_t n_octets)
{
    char expected[16];
    struct writer w = writer_over(expected, sizeof expected);
    writer_text(&w, "ACK ");
    writer_decimal(&w, m->notes.number, 1);
    const size_t n = writer_length(&w);
    return n_octets >= n && memcmp(octets, expected, n) == 0 &&
           (n_octets == n || octets[n] == '\r' || octets[n] == '\n');
}

void net_servers_heard(struct net_module *m, unsigned line, const uint8_t *octets, size_t n_octets)
{
    if (m->line[line].use == NET_KEEP_ALIVE) {
        m->answered_ms = m->now_ms;
    } else if (acknowledges(m, octets, n_octets)) {
        struct net_notes notes = m->notes;
        notes.told_a = notes.told_b = 0;
        (void)note(m, &notes);
    }
}

int64_t net_servers_step(struct net_module *m)
{
    const int64_t keep_alive_ms = keep_alive(m);
    const int64_t alarm_ms = alarm(m);
    return alarm_ms < keep_alive_ms ? alarm_ms : keep_alive_ms;
}
