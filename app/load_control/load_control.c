#include "load_control.h"

#include <string.h>

#define US_PER_S INT64_C(1000000)
#define NEVER    INT64_MAX
#define RETRY_US (60 * US_PER_S)
#define MINUTE_S 60

/* ---- set-up ---- */

void load_as_delivered(struct load_kept *kept)
{
    memset(kept, 0, sizeof *kept);
    kept->delay_s = LOAD_DELAY_S;
}

bool load_kept_good(const struct load_kept *kept)
{
    for (unsigned i = 0; i < LOAD_RELAYS; i++) {
        const struct load_relay *relay = &kept->relay[i];
        if (relay->mode >= LOAD_MODES || !load_plan_good(&relay->plan) ||
            relay->left_s > LOAD_DELAY_MAX_S) {
            return false;
        }
    }
    return kept->delay_s <= LOAD_DELAY_MAX_S;
}

/* ---- what is wanted ---- */

enum wish { INACTIVE, ACTIVE, AS_IT_IS };

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Local time jumps where summer time begins or ends: the table is asked again there. */
static enum wish by_plan(const struct load_plan *plan, const struct clock *clock, int64_t now_us,
                         int64_t *next_us)
{
    if (!clock->fitted || !clock->valid) {
        return AS_IT_IS;
    }
    struct calendar local;
    const int64_t utc_s = clock_utc_s(clock, now_us);
    clock_calendar(clock, utc_s, true, &local);
    const uint8_t weekday = (uint8_t)(local.weekday - 1u);
    const uint16_t minute = (uint16_t)(local.hour * MINUTE_S + local.minute);
    const int64_t row_s =
        utc_s - local.second + (int64_t)load_plan_next(plan, weekday, minute) * MINUTE_S;
    const int64_t next_s = earlier(row_s, clock_summer_change(clock, utc_s));
    *next_us = earlier(*next_us, clock_now_of_utc(clock, next_s * US_PER_S));
    return load_plan_at(plan, weekday, minute) ? ACTIVE : INACTIVE;
}

static enum wish wish_of(const struct load_relay *relay, const struct load_facts *facts,
                         int64_t now_us, int64_t *next_us)
{
    switch (relay->mode) {
    case LOAD_TARIFF:
        return facts->tariff >= 1 && ((unsigned)relay->tariffs >> (facts->tariff - 1u) & 1u) != 0
                   ? ACTIVE
                   : INACTIVE;
    case LOAD_COMMAND: return relay->commanded ? ACTIVE : INACTIVE;
    case LOAD_PLAN: return by_plan(&relay->plan, facts->clock, now_us, next_us);
    default: return INACTIVE;
    }
}

/* ---- the delay ---- */

/* Without anything random it is still each meter's own, and another one each time. */
static uint32_t any_number(const struct load_control *load, const struct load_port *port,
                           unsigned relay)
{
    uint8_t bytes[4];
    if (port->random != NULL && port->random(port->context, bytes, sizeof bytes) == 0) {
        return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
               (uint32_t)bytes[3] << 24;
    }
    uint32_t x = load->serial_number * UINT32_C(2654435761) +
                 load->kept.relay[relay].movements * UINT32_C(0x9E3779B9) + relay;
    x ^= x >> 16;
    x *= UINT32_C(0x7FEB352D);
    x ^= x >> 15;
    x *= UINT32_C(0x846CA68B);
    return x ^ x >> 16;
}

static uint16_t delay_draw(const struct load_control *load, const struct load_port *port,
                           unsigned relay)
{
    return (uint16_t)((uint64_t)any_number(load, port, relay) * (load->kept.delay_s + 1u) >> 32);
}

uint16_t load_left_s(const struct load_control *load, uint8_t relay, int64_t now_us)
{
    const struct load_relay *it = &load->kept.relay[relay];
    if (!it->waits) {
        return 0;
    }
    if (!load->supplied || load->due_us[relay] == NEVER) {
        return it->left_s;
    }
    const int64_t left_us = load->due_us[relay] - now_us;
    return (uint16_t)(left_us > 0 ? (left_us + US_PER_S - 1) / US_PER_S : 0);
}

/* ---- moving ---- */

static void store(struct load_control *load, const struct load_port *port, int64_t now_us)
{
    load->unsaved = !port->save(port->context, &load->kept);
    load->retry_us = load->unsaved ? now_us + RETRY_US : NEVER;
}

uint16_t load_event(const struct load_control *load, uint8_t relay)
{
    const struct load_relay *it = &load->kept.relay[relay];
    return (uint16_t)((relay + 1u) << 8 | (unsigned)it->mode << 1 | (it->active ? 1u : 0u));
}

/* The record first: a cut between the two leaves a relay that the next start moves. */
static void move(struct load_control *load, const struct load_port *port, unsigned relay,
                 bool active, int64_t now_us)
{
    struct load_relay *it = &load->kept.relay[relay];
    it->active = active;
    it->waits = false;
    it->left_s = 0;
    it->movements++;
    store(load, port, now_us);
    port->drive(port->context, (uint8_t)relay, active);
    load->event = load_event(load, (uint8_t)relay);
    if (port->moved != NULL) {
        port->moved(port->context, (uint8_t)relay);
    }
}

static void wait_begin(struct load_control *load, const struct load_port *port, unsigned relay,
                       int64_t now_us)
{
    struct load_relay *it = &load->kept.relay[relay];
    it->left_s = delay_draw(load, port, relay);
    if (it->left_s == 0) {
        move(load, port, relay, true, now_us);
        return;
    }
    it->waits = true;
    load->due_us[relay] = now_us + it->left_s * US_PER_S;
    store(load, port, now_us);
}

static void wait_end(struct load_control *load, const struct load_port *port, unsigned relay,
                     int64_t now_us)
{
    struct load_relay *it = &load->kept.relay[relay];
    it->waits = false;
    it->left_s = 0;
    store(load, port, now_us);
}

static void follow(struct load_control *load, const struct load_port *port, unsigned relay,
                   enum wish wish, int64_t now_us)
{
    struct load_relay *it = &load->kept.relay[relay];
    if (wish == INACTIVE) {
        if (it->active) {
            move(load, port, relay, false, now_us);
        } else if (it->waits) {
            wait_end(load, port, relay, now_us);
        }
        return;
    }
    if (it->active || (wish == AS_IT_IS && !it->waits)) {
        return;
    }
    if (it->mode == LOAD_COMMAND || (it->waits && now_us >= load->due_us[relay])) {
        move(load, port, relay, true, now_us);
    } else if (!it->waits) {
        wait_begin(load, port, relay, now_us);
    }
}

/* Relays fall with the supply, and a module that is plugged begins inactive. */
static void drive_kept(struct load_control *load, const struct load_port *port)
{
    for (unsigned relay = 0; relay < load->fitted; relay++) {
        if (((unsigned)load->driven >> relay & 1u) == 0) {
            load->driven |= (uint8_t)(1u << relay);
            port->drive(port->context, (uint8_t)relay, load->kept.relay[relay].active);
        }
    }
}

/* ---- outside ---- */

void load_start(struct load_control *load, const struct load_kept *kept, uint32_t serial_number)
{
    memset(load, 0, sizeof *load);
    load->kept = *kept;
    load->serial_number = serial_number;
    load->retry_us = NEVER;
    for (unsigned relay = 0; relay < LOAD_RELAYS; relay++) {
        load->due_us[relay] = NEVER;
    }
}

void load_settle(struct load_control *load, const struct load_port *port, int64_t now_us)
{
    bool counted = false;
    for (uint8_t relay = 0; load->supplied && relay < LOAD_RELAYS; relay++) {
        struct load_relay *it = &load->kept.relay[relay];
        if (it->waits) {
            it->left_s = load_left_s(load, relay, now_us);
            counted = true;
        }
    }
    if (counted || load->unsaved) {
        store(load, port, now_us);
    }
}

void load_supply(struct load_control *load, const struct load_port *port, bool on, int64_t now_us)
{
    if (on == load->supplied) {
        return;
    }
    if (!on) {
        load_settle(load, port, now_us);
    }
    for (unsigned relay = 0; on && relay < LOAD_RELAYS; relay++) {
        const struct load_relay *it = &load->kept.relay[relay];
        load->due_us[relay] = it->waits ? now_us + it->left_s * US_PER_S : NEVER;
    }
    load->supplied = on;
    load->driven = 0;
}

int64_t load_step(struct load_control *load, const struct load_port *port,
                  const struct load_facts *facts, uint8_t fitted, int64_t now_us)
{
    int64_t next_us = NEVER;
    load->fitted = fitted < LOAD_RELAYS ? fitted : LOAD_RELAYS;
    load->driven &= (uint8_t)((1u << load->fitted) - 1u);
    if (!load->supplied) {
        return NEVER;
    }
    drive_kept(load, port);
    for (unsigned relay = 0; relay < load->fitted; relay++) {
        const enum wish wish = wish_of(&load->kept.relay[relay], facts, now_us, &next_us);
        follow(load, port, relay, wish, now_us);
        next_us = load->kept.relay[relay].waits ? earlier(next_us, load->due_us[relay]) : next_us;
    }
    if (load->unsaved && now_us >= load->retry_us) {
        store(load, port, now_us);
    }
    return earlier(next_us, load->retry_us);
}

enum load_answer load_command(struct load_control *load, const struct load_port *port,
                              uint8_t relay, bool active)
{
    if (relay >= load->fitted) {
        return LOAD_ERR_RELAY;
    }
    struct load_relay *it = &load->kept.relay[relay];
    if (it->mode != LOAD_COMMAND) {
        return LOAD_ERR_MODE;
    }
    if (it->commanded == active && !load->unsaved) {
        return LOAD_DONE;
    }
    const bool before = it->commanded;
    it->commanded = active;
    if (!port->save(port->context, &load->kept)) {
        it->commanded = before;
        return LOAD_ERR_STORAGE;
    }
    return LOAD_DONE;
}

enum load_answer load_configure(struct load_control *load, const struct load_port *port,
                                const struct load_kept *wanted)
{
    struct load_kept next = load->kept;
    if (!load_kept_good(wanted)) {
        return LOAD_ERR_RANGE;
    }
    next.delay_s = wanted->delay_s;
    for (unsigned i = 0; i < LOAD_RELAYS; i++) {
        struct load_relay *relay = &next.relay[i];
        const bool other = relay->mode != wanted->relay[i].mode;
        relay->mode = wanted->relay[i].mode;
        relay->tariffs = wanted->relay[i].tariffs;
        relay->plan = wanted->relay[i].plan;
        relay->commanded = other ? relay->active : relay->commanded; /* commands begin there */
    }
    if (!port->save(port->context, &next)) {
        return LOAD_ERR_STORAGE;
    }
    load->kept = next;
    load->unsaved = false;
    load->retry_us = NEVER;
    return LOAD_DONE;
}
