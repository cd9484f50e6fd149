/**
 * A GSM module, its meter (a table of registers and two event words), a modem that is not there, a
 * server, and memory that can be cut: for tests of one process, on a clock of their own.
 */
#ifndef OPEN382_GSM_BENCH_H
#define OPEN382_GSM_BENCH_H

#include <string.h>

#include "host/modem382/sim.h"
#include "modules/gsm_module.h"
#include "proto/kmp/kmp_server.h"

struct gsm_bench {
    struct gsm_module module;
    struct sim sim;
    int64_t now_ms;
    size_t chop;      /* octets at a time on the line; 0: as they come */
    char said[65536]; /* to the modem */
    size_t n_said;
    /* the meter */
    struct kmp_server kmp;
    bool meter_dead;
    uint32_t word_a, word_b;
    bool has_word_b;
    int64_t energy_10wh, power_w, hours, customer, serial;
    unsigned asked;
    /* memory */
    uint8_t memory[GSM_MEMORY];
    unsigned written;
    int writes_left; /* then the supply is gone; negative: it stays */
    bool memory_fails;
    /* the server */
    bool accepts, connecting, connected;
    unsigned connects;
    int64_t connect_ms[64];
    uint8_t server[8192]; /* what it heard */
    size_t n_server;
    bool wrapper_open;
};

static struct gsm_bench b;

/* ---- the meter ---- */

static inline bool bench_register(void *context, uint16_t id, struct kmp_value *out)
{
    (void)context;
    switch (id) {
    case 1: return kmp_value_set(out, id, 2, 4, b.energy_10wh, -2) == KMP_OK;
    case 1023: return kmp_value_set(out, id, 22, 4, b.power_w, -3) == KMP_OK;
    case 1004: return kmp_value_set(out, id, 46, 4, b.hours, 0) == KMP_OK;
    case 1010: return b.customer != 0 && kmp_value_set(out, id, 51, 4, b.customer, 0) == KMP_OK;
    case 1001: return kmp_value_set(out, id, 51, 4, b.serial, 0) == KMP_OK;
    case 1237: return b.has_word_b && kmp_value_set(out, id, 59, 4, b.word_b, 0) == KMP_OK;
    default: return false;
    }
}

static inline size_t bench_event_status(uint8_t *answer, size_t capacity)
{
    const uint8_t body[] = {0x3F,
                            0x9B,
                            (uint8_t)b.word_a,
                            (uint8_t)(b.word_a >> 8),
                            (uint8_t)(b.word_a >> 16),
                            (uint8_t)(b.word_a >> 24)};
    const int n = kmp_frame_encode(KMP_FROM_METER, body, sizeof body, answer, capacity);
    return n > 0 ? (size_t)n : 0;
}

static inline size_t bench_exchange(void *context, const uint8_t *request, size_t n_request,
                                    uint8_t *answer, size_t capacity)
{
    (void)context;
    const struct kmp_meter meter = {.get_register = bench_register};
    size_t n = 0;
    b.asked++;
    if (!b.meter_dead && n_request > 2 && request[2] == 0x9B) {
        return bench_event_status(answer, capacity);
    }
    for (size_t i = 0; i < n_request && n == 0 && !b.meter_dead; i++) {
        n = kmp_server_byte(&b.kmp, &meter, request[i], answer, capacity);
    }
    return n;
}

static inline bool bench_to_meter(void *context, unsigned channel, const uint8_t *octets, size_t n)
{
    const struct kmp_meter meter = {.get_register = bench_register};
    (void)context;
    for (size_t i = 0; i < n && channel == GSM_CHANNEL_LINE; i++) {
        uint8_t answer[KMP_FRAME_MAX];
        const size_t n_answer = kmp_server_byte(&b.kmp, &meter, octets[i], answer, sizeof answer);
        if (n_answer > 0) {
            gsm_module_heard(&b.module, channel, answer, n_answer, b.now_ms);
        }
    }
    if (channel == GSM_CHANNEL_WRAPPER) { /* an echo: DLMS is not what is tested */
        gsm_module_heard(&b.module, channel, octets, n, b.now_ms);
    }
    return true;
}

static inline bool bench_channel(void *context, unsigned channel, bool open)
{
    (void)context;
    (void)channel;
    b.wrapper_open = open;
    return true;
}

/* ---- memory ---- */

static inline int bench_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    (void)context;
    memcpy(bytes, b.memory + address, n_bytes);
    return 0;
}

static inline int bench_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    if (b.memory_fails || b.writes_left == 0) {
        return -1;
    }
    b.writes_left -= b.writes_left > 0;
    memcpy(b.memory + address, bytes, n_bytes);
    b.written++;
    return 0;
}

/* ---- the server ---- */

static inline void bench_connect(void *context, const char *host, uint16_t port)
{
    (void)context;
    (void)host;
    (void)port;
    b.connecting = true;
    if (b.connects < sizeof b.connect_ms / sizeof b.connect_ms[0]) {
        b.connect_ms[b.connects] = b.now_ms;
    }
    b.connects++;
}

static inline bool bench_send(void *context, const uint8_t *octets, size_t n_octets)
{
    (void)context;
    if (!b.connected || n_octets > sizeof b.server - b.n_server) {
        return false;
    }
    memcpy(b.server + b.n_server, octets, n_octets);
    b.n_server += n_octets;
    return true;
}

static inline void bench_close(void *context)
{
    (void)context;
    b.connected = b.connecting = false;
}

static inline void bench_drop(void)
{
    b.connected = false;
    sim_closed(&b.sim);
}

/* ---- time ---- */

static inline void bench_power_up(void)
{
    const struct gsm_bus bus = {
        .kmp = {.exchange = bench_exchange}, .to_meter = bench_to_meter, .channel = bench_channel};
    const struct module_memory store = {.read = bench_read, .write = bench_write};
    gsm_module_start(&b.module, &bus, &store, 382, b.now_ms);
    sim_reset(&b.sim, b.now_ms);
    b.connected = b.connecting = false;
    b.wrapper_open = false;
}

static inline void bench_init(enum sim_dialect dialect)
{
    memset(&b, 0, sizeof b);
    memset(b.memory, 0xFF, sizeof b.memory);
    kmp_server_init(&b.kmp, KMP_ADDRESS_METER);
    b.now_ms = 1000;
    b.writes_left = -1;
    b.accepts = true;
    b.has_word_b = true;
    b.energy_10wh = 3243299;
    b.power_w = 343;
    b.hours = 2452;
    b.customer = 10101010;
    b.serial = 7654321;
    sim_init(&b.sim, dialect);
    b.sim.sockets =
        (struct sim_sockets){.connect = bench_connect, .send = bench_send, .close = bench_close};
    bench_power_up();
}

/* @return false: refused */
static inline bool bench_set_up(const char *text)
{
    const char *why, *bad;
    size_t n_bad;
    return gsm_module_set_up(&b.module, text, ',', &why, &bad, &n_bad);
}

/* Octets both ways, then whatever is due. */
static inline int64_t bench_turn(void)
{
    uint8_t octets[4096];
    size_t n;
    const size_t most = b.chop != 0 ? b.chop : sizeof octets;
    int64_t due_ms = gsm_module_step(&b.module, b.now_ms);
    while ((n = gsm_module_take(&b.module, octets, most)) > 0) {
        const size_t kept = n < sizeof b.said - 1 - b.n_said ? n : sizeof b.said - 1 - b.n_said;
        memcpy(b.said + b.n_said, octets, kept);
        b.n_said += kept;
        sim_octets(&b.sim, octets, n, b.now_ms);
    }
    if (b.connecting) {
        b.connecting = false;
        b.connected = b.accepts;
        sim_connected(&b.sim, b.accepts);
    }
    if ((n = sim_take(&b.sim, octets, most, b.now_ms)) > 0) {
        gsm_module_octets(&b.module, octets, n, b.now_ms);
        return b.now_ms;
    }
    return sim_due_ms(&b.sim) < due_ms ? sim_due_ms(&b.sim) : due_ms;
}

static inline void bench_run(int64_t duration_ms)
{
    const int64_t end_ms = b.now_ms + duration_ms;
    while (b.now_ms < end_ms) {
        const int64_t due_ms = bench_turn();
        b.now_ms = due_ms <= b.now_ms ? b.now_ms + 1 : due_ms < end_ms ? due_ms : end_ms;
    }
}

static inline void bench_say(const uint8_t *octets, size_t n_octets)
{
    (void)sim_received(&b.sim, octets, n_octets);
}

#endif
