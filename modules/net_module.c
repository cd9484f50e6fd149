#include "net_module.h"

#include <string.h>

#include "../proto/common/reader.h"

#define SLOT_SETUP 464u
#define SLOT_NOTES 48u
#define RETRY_MS   20 /* octets that the meter did not take */
#define REG_SERIAL 1001u

const struct module_record net_record_setup = {{'I', 'P'}, 1, 0, SLOT_SETUP};
const struct module_record net_record_notes = {{'I', 'N'}, 1, 2u * SLOT_SETUP, SLOT_NOTES};
_Static_assert(NET_TEXT_MAX + MODULE_RECORD_OVER <= SLOT_SETUP, "a set-up fits its slot");
_Static_assert(SLOT_SETUP <= MODULE_SLOT_MAX, "a slot that can be read");
_Static_assert(2u * (SLOT_SETUP + SLOT_NOTES) <= MODULE_MEMORY_BYTES, "both records fit");

static const uint16_t codes[] = {40, 0};

struct module_memory net_memory(const struct net_module *m)
{
    return (struct module_memory){.context = m->module->host.context,
                                  .read = m->module->host.memory_read,
                                  .write = m->module->host.memory_write};
}

bool net_setup_save(struct net_module *m)
{
    char text[NET_TEXT_MAX];
    const size_t length = net_setup_text(&m->setup, text);
    const struct module_memory memory = net_memory(m);
    return module_record_save(&memory, &net_record_setup, (const uint8_t *)text, length,
                              &m->setup_sequence);
}

/* ---- lines ---- */

void net_hang_up(struct net_module *m, unsigned line)
{
    struct net_line *l = &m->line[line];
    const struct module_host *host = &m->module->host;
    if (l->use == NET_DLMS && host->channel != NULL) {
        (void)host->channel(host->context, l->channel, false);
    }
    memset(l, 0, sizeof *l);
    if (host->line_close != NULL) {
        host->line_close(host->context, line);
    }
}

bool net_admits(const struct net_module *m, const char *who)
{
    return who[0] == '/' || net_setup_allows(&m->setup, who);
}

bool net_say(struct net_module *m, unsigned line, const void *octets, size_t n_octets)
{
    const struct module_host *host = &m->module->host;
    m->line[line].heard_ms = m->now_ms;
    if (host->to_line(host->context, line, octets, n_octets) == n_octets) {
        return true;
    }
    net_hang_up(m, line);
    return false;
}

static unsigned uses(const struct net_module *m, enum net_use use)
{
    unsigned n = 0;
    for (unsigned i = 0; i < MODULE_LINES; i++) {
        n += m->line[i].use == use ? 1u : 0u;
    }
    return n;
}

/* Whoever has the data line may have gone without a word. */
static bool data_line_free(struct net_module *m)
{
    for (unsigned i = 0; i < MODULE_LINES; i++) {
        const struct net_line *l = &m->line[i];
        if (l->use != NET_DATA) {
            continue;
        }
        if (m->now_ms - l->heard_ms < NET_TAKE_OVER_MS) {
            return false;
        }
        net_hang_up(m, i);
    }
    return true;
}

/* A channel of the bus for one more client of DLMS.  @return 0: none */
static uint8_t channel_free(struct net_module *m)
{
    const struct module_host *host = &m->module->host;
    for (uint8_t channel = MODULE_DATA_LINE + 1u; channel < MODULE_CHANNELS; channel++) {
        bool taken = false;
        for (unsigned i = 0; i < MODULE_LINES; i++) {
            taken = taken || (m->line[i].use == NET_DLMS && m->line[i].channel == channel);
        }
        if (!taken) {
            return host->channel != NULL && host->channel(host->context, channel, true) ? channel
                                                                                        : 0;
        }
    }
    return 0;
}

static bool serve(struct net_module *m, unsigned line, unsigned place)
{
    static const enum net_use use_of[] = {NET_DATA, NET_MENU, NET_DLMS};
    struct net_line *l = &m->line[line];
    const enum net_use use = place < sizeof use_of / sizeof use_of[0] ? use_of[place] : NET_UNUSED;
    if (use == NET_DATA && !data_line_free(m)) {
        return false;
    }
    if (use == NET_MENU && uses(m, NET_MENU) >= NET_MENUS) {
        return false;
    }
    const uint8_t channel = use == NET_DLMS ? channel_free(m) : MODULE_DATA_LINE;
    if (use == NET_UNUSED || (use == NET_DLMS && channel == 0)) {
        return false;
    }
    l->use = use;
    l->channel = channel;
    if (use == NET_MENU) {
        net_menu_begin(m, line);
    }
    return true;
}

static void line_open(struct module *module, unsigned line, unsigned place, bool open,
                      const char *who, int64_t now_ms)
{
    struct net_module *m = module->state;
    struct net_line *l = &m->line[line];
    m->now_ms = now_ms;
    if (place == MODULE_CALLED && open) {
        l->heard_ms = now_ms;
        return; /* net_servers_step uses it */
    }
    if (!open) {
        if (l->use == NET_DLMS && module->host.channel != NULL) {
            (void)module->host.channel(module->host.context, l->channel, false);
        }
        memset(l, 0, sizeof *l);
        return;
    }
    memset(l, 0, sizeof *l);
    l->heard_ms = now_ms;
    const size_t n_who = strlen(who);
    memcpy(l->who, who, n_who < NET_WHO_MAX - 1u ? n_who : NET_WHO_MAX - 1u);
    if (!net_admits(m, l->who) || !serve(m, line, place)) {
        net_hang_up(m, line);
    }
}

/* Hand on what is held.  @return false: the meter has not taken it all */
static bool hand_on(struct net_module *m, struct net_line *l)
{
    const struct module_host *host = &m->module->host;
    if (l->n_held > 0 && host->to_meter(host->context, l->channel, l->held, l->n_held)) {
        l->n_held = 0;
    }
    return l->n_held == 0;
}

/* A client that goes on talking while the meter takes nothing is hung up. */
static void to_meter(struct net_module *m, unsigned line, const uint8_t *octets, size_t n_octets)
{
    struct net_line *l = &m->line[line];
    const struct module_host *host = &m->module->host;
    while (n_octets > 0) {
        const size_t n = n_octets < NET_HELD ? n_octets : NET_HELD;
        if (hand_on(m, l) && host->to_meter(host->context, l->channel, octets, n)) {
            octets += n;
            n_octets -= n;
        } else if (n_octets <= NET_HELD - l->n_held) {
            memcpy(l->held + l->n_held, octets, n_octets);
            l->n_held += n_octets;
            return;
        } else {
            net_hang_up(m, line);
            return;
        }
    }
}

static void line(struct module *module, unsigned line, const uint8_t *octets, size_t n_octets,
                 int64_t now_ms)
{
    struct net_module *m = module->state;
    m->now_ms = now_ms;
    m->line[line].heard_ms = now_ms;
    switch (m->line[line].use) {
    case NET_DATA:
    case NET_DLMS: to_meter(m, line, octets, n_octets); break;
    case NET_MENU: net_menu_octets(m, line, octets, n_octets); break;
    case NET_KEEP_ALIVE:
    case NET_ALARM: net_servers_heard(m, line, octets, n_octets); break;
    case NET_UNUSED: break;
    }
}

static void heard(struct module *module, unsigned channel, const uint8_t *octets, size_t n_octets,
                  int64_t now_ms)
{
    struct net_module *m = module->state;
    const enum net_use use = channel == MODULE_DATA_LINE ? NET_DATA : NET_DLMS;
    m->now_ms = now_ms;
    for (unsigned i = 0; i < MODULE_LINES; i++) {
        if (m->line[i].use == use && m->line[i].channel == channel) {
            (void)net_say(m, i, octets, n_octets);
            return;
        }
    }
}

static void channel_closed(struct module *module, unsigned channel, int64_t now_ms)
{
    struct net_module *m = module->state;
    m->now_ms = now_ms;
    for (unsigned i = 0; i < MODULE_LINES; i++) {
        if (m->line[i].use == NET_DLMS && m->line[i].channel == channel) {
            net_hang_up(m, i);
        }
    }
}

/* ---- supply, options, time ---- */

static const char *check(const struct module *module)
{
    struct net_setup setup;
    const char *why = NULL, *bad;
    size_t n_bad;
    net_setup_default(&setup);
    return net_setup_take_all(&setup, module->options, ',', &why, &bad, &n_bad) ? NULL : why;
}

static void start(struct module *module, int64_t now_ms)
{
    struct net_module *m = module->state;
    char text[SLOT_SETUP + 1u] = "";
    const char *why, *bad;
    size_t n_bad;
    m->module = module;
    m->now_ms = m->answered_ms = m->told_ms = m->alarm_ms = now_ms;
    net_setup_default(&m->setup);
    const struct module_memory memory = net_memory(m);
    const size_t length =
        module_record_load(&memory, &net_record_setup, (uint8_t *)text, &m->setup_sequence);
    text[length] = '\0';
    (void)net_setup_take_all(&m->setup, text, '\n', &why, &bad, &n_bad);
    if (module->options[0] != '\0' &&
        net_setup_take_all(&m->setup, module->options, ',', &why, &bad, &n_bad)) {
        char now[NET_TEXT_MAX];
        if (net_setup_text(&m->setup, now) != length || memcmp(now, text, length) != 0) {
            (void)net_setup_save(m);
        }
    }
    net_servers_load(m);
}

static void stop(struct module *module, int64_t now_ms)
{
    struct net_module *m = module->state;
    m->now_ms = now_ms;
    for (unsigned i = 0; i < MODULE_LINES; i++) {
        if (m->line[i].use != NET_UNUSED) {
            net_hang_up(m, i);
        }
    }
}

/* As after a loss of supply: everybody is hung up, memory is read again. */
static void restart(struct net_module *m)
{
    struct module *module = m->module;
    const int64_t now_ms = m->now_ms;
    const uint32_t restarts = m->restarts + 1u;
    stop(module, now_ms);
    memset(m, 0, sizeof *m);
    start(module, now_ms);
    m->restarts = restarts;
}

/* The meter's number, when nobody else uses the data line. */
static void identify(struct net_module *m)
{
    const uint16_t id = REG_SERIAL;
    struct kmp_value values[KMP_REGISTERS_MAX];
    if (m->number == 0 && uses(m, NET_DATA) == 0 &&
        module_bus_registers(&m->module->bus, &id, 1, values) > 0 && values[0].id == REG_SERIAL) {
        struct reader r = reader_over(values[0].bytes, values[0].n_bytes);
        m->number = (uint32_t)reader_uint_be(&r, values[0].n_bytes);
    }
}

static int64_t step(struct module *module, int64_t now_ms)
{
    struct net_module *m = module->state;
    m->now_ms = now_ms;
    if (m->restart) {
        restart(m);
    }
    identify(m);
    int64_t wake_ms = net_servers_step(m);
    for (unsigned i = 0; i < MODULE_LINES; i++) {
        struct net_line *l = &m->line[i];
        if (l->use != NET_DATA && l->use != NET_MENU && l->use != NET_DLMS) {
            continue;
        }
        if (!hand_on(m, l)) {
            wake_ms = now_ms + RETRY_MS;
        }
        if (now_ms - l->heard_ms >= NET_IDLE_MS) {
            net_hang_up(m, i);
        } else if (l->heard_ms + NET_IDLE_MS < wake_ms) {
            wake_ms = l->heard_ms + NET_IDLE_MS;
        }
    }
    return wake_ms > now_ms ? wake_ms : now_ms + 1;
}

const struct module_type net_module_type = {
    .name = "ip",
    .title = "TCP/IP",
    .help = "name=TEXT pin=NNNN allow=ADDRESS/BITS+... keep-alive=HOST:PORT interval=SECONDS "
            "watchdog=SECONDS alarm=HOST:PORT alarms=AAAAAAAA:BBBBBBBB; places: data line, "
            "configuration, DLMS",
    .codes = codes,
    .lines_min = 1,
    .lines_max = 3,
    .state_bytes = sizeof(struct net_module),
    .check = check,
    .start = start,
    .stop = stop,
    .line_open = line_open,
    .line = line,
    .heard = heard,
    .channel_closed = channel_closed,
    .step = step,
};
