#include "module_slot.h"

#include <stdlib.h>
#include <string.h>

#include "app/modules/module_facts.h"
#include "dlms_peer.h"
#include "instant.h"
#include "run.h"

static struct meter *meter_of(const struct module_slot *slot)
{
    return &slot->run->site.meter;
}

/* Each slot has a connection of the meter's, from the last one on. */
static struct optical *line_of(const struct module_slot *slot)
{
    return &meter_of(slot)->optical[METER_OPTICAL_PORTS - 1u - (unsigned)slot->which];
}

/* Whoever asks for the time gets that of the instant. */
static void catch_up(struct module_slot *slot)
{
    run_catch_up(slot->run);
    site_hear(&slot->run->site);
}

/* The meter is called at once: something has happened that is no input. */
static void stir(struct module_slot *slot)
{
    struct site *site = &slot->run->site;
    site->wake_us = meter_step(&site->meter, site->now_us);
    site->changes++;
}

void module_slot_init(struct module_slot *slot, struct run *run, enum meter_slot which)
{
    *slot = (struct module_slot){.run = run, .which = which, .line_wake_ms = INT64_MAX};
}

static void line_begin(struct module_slot *slot, enum rights_channel channel)
{
    optical_init(line_of(slot), meter_of(slot));
    optical_connect(line_of(slot), meter_of(slot), channel);
    slot->line_wake_ms = 0;
}

static void pins_connect(struct module_slot *slot, bool on);

/* The supply as the user knows it from now on. */
static void supply_note(struct module_slot *slot, bool on)
{
    slot->supply = on;
    if (slot->which == METER_SLOT_PRIMARY) {
        slot->run->site.pins_supply = on;
    }
}

enum meter_module_err module_slot_take(struct module_slot *slot,
                                       const struct module_slot_user *user, uint16_t code,
                                       uint32_t serial)
{
    run_catch_up(slot->run);
    const enum meter_module_err err =
        meter_module_plug(meter_of(slot), slot->which, code, serial, slot->run->site.now_us);
    if (err != METER_MODULE_OK) {
        return err;
    }
    slot->taken = true;
    slot->user = *user;
    slot->pins_told = false;
    slot->code = code;
    slot->inputs = 0;
    pins_connect(slot, true);
    supply_note(slot, false);
    optical_ports_reserve(&slot->run->ports, (unsigned)slot->which + 1u);
    line_begin(slot, meter_module_channel(slot->which));
    stir(slot);
    return METER_MODULE_OK;
}

bool module_slot_supply(struct module_slot *slot)
{
    supply_note(slot, meter_of(slot)->supply_on);
    return slot->supply;
}

/* ---- pins ---- */

/* Where a tariff module has inputs, its pins are the meter's tariff inputs; else configuration DD
 * says what they are. */
static void inputs_set(struct module_slot *slot, uint8_t levels)
{
    static const enum meter_input tariffs[MODULE_PINS] = {METER_INPUT_TARIFF_1,
                                                          METER_INPUT_TARIFF_2};
    static const enum meter_input pins[MODULE_PINS] = {METER_INPUT_PIN_1, METER_INPUT_PIN_2};
    const enum meter_input *inputs = module_fact(slot->code, MODULE_TARIFF_INPUTS) ? tariffs : pins;
    for (unsigned pin = 0; pin < MODULE_PINS; pin++) {
        const unsigned bit = 1u << pin;
        if (((levels ^ slot->inputs) & bit) != 0) {
            site_input(&slot->run->site, inputs[pin], (levels & bit) != 0);
        }
    }
    slot->inputs = levels;
}

void module_slot_pins(struct module_slot *slot, uint8_t levels)
{
    if (!slot->taken) {
        return;
    }
    run_catch_up(slot->run);
    meter_module_pins(meter_of(slot), slot->which, levels);
    if (slot->which == METER_SLOT_PRIMARY) {
        inputs_set(slot, levels);
    }
}

/* Relays of the module follow its pins, whatever configuration DD makes of them. */
static uint8_t with_relays(const struct module_slot *slot, uint8_t levels)
{
    const struct module_facts *facts = module_facts(slot->code);
    if (facts == NULL || facts->relays == 0) {
        return levels;
    }
    const unsigned loads = slot->run->site.loads & ((1u << facts->relays) - 1u);
    return (uint8_t)(levels | loads << facts->relay_pin);
}

/* The meter is in the middle of a step, and the user might pull himself: told a moment later. */
static void pins_take(void *context, uint8_t levels, int64_t at_us)
{
    struct module_slot *slot = context;
    levels = with_relays(slot, levels);
    if (slot->n_edges == MODULE_SLOT_EDGES) {
        memmove(slot->edge, slot->edge + 1, sizeof slot->edge - sizeof slot->edge[0]);
        slot->n_edges--;
    }
    slot->edge[slot->n_edges++] = (struct module_slot_edge){levels, at_us};
    slot->run->site.pins_wait = slot->n_edges >= MODULE_SLOT_EDGES / 2;
}

static void pins_tell(struct module_slot *slot)
{
    const unsigned n = slot->n_edges;
    struct site *site = &slot->run->site;
    slot->n_edges = 0;
    if (slot->which == METER_SLOT_PRIMARY) {
        site->pins_wait = false;
    }
    if (slot->supply && !slot->pins_told && slot->which == METER_SLOT_PRIMARY) {
        const uint8_t levels = with_relays(slot, site->pins);
        slot->pins_told = true; /* as they stand, and with it what has led there */
        if (levels != 0) {
            slot->user.pins(slot->user.context, levels, site->now_us);
        }
        return;
    }
    for (unsigned i = 0; slot->taken && slot->supply && i < n; i++) {
        slot->user.pins(slot->user.context, slot->edge[i].levels, slot->edge[i].at_us);
    }
}

/* The pins are those of the primary slot's module. */
static void pins_connect(struct module_slot *slot, bool on)
{
    struct site *site = &slot->run->site;
    slot->n_edges = 0;
    if (slot->which == METER_SLOT_PRIMARY) {
        site->pins_wait = false;
        site->pins_tell = on ? pins_take : NULL;
        site->pins_context = slot;
    }
}

/* ---- DLMS channels ---- */

static void peer_free(struct module_slot *slot, unsigned channel)
{
    if (slot->peer[channel] != NULL) {
        dlms_peer_end(slot->peer[channel]);
        free(slot->peer[channel]);
        slot->peer[channel] = NULL;
    }
}

static void peer_drop(struct module_slot *slot, unsigned channel)
{
    peer_free(slot, channel);
    slot->user.channel_closed(slot->user.context, channel);
}

bool module_slot_channel(struct module_slot *slot, unsigned channel, bool open)
{
    if (!slot->taken || channel == MODULE_DATA_LINE || channel >= MODULE_CHANNELS) {
        return false;
    }
    peer_free(slot, channel);
    if (!open) {
        return true;
    }
    if (slot->which != METER_SLOT_PRIMARY || !dlms_line_fitted(meter_of(slot)) ||
        !meter_of(slot)->supply_on) {
        return false;
    }
    slot->peer[channel] = malloc(sizeof *slot->peer[channel]);
    if (slot->peer[channel] == NULL) {
        return false;
    }
    dlms_peer_init(slot->peer[channel], meter_of(slot), instant_wall_us());
    return true;
}

/* @return something was said */
static bool peer_say(struct module_slot *slot, unsigned channel)
{
    struct dlms_peer *peer = slot->peer[channel];
    const size_t before = peer->n_out;
    while (peer->n_out > 0) {
        const size_t n = peer->n_out < MODULE_SLOT_SAID_MAX ? peer->n_out : MODULE_SLOT_SAID_MAX;
        if (!slot->user.said(slot->user.context, channel, peer->out, n)) {
            break;
        }
        peer->n_out -= n;
        memmove(peer->out, peer->out + n, peer->n_out);
    }
    return peer->n_out < before;
}

/* Serve and say until nothing moves any more. */
static void converse(struct module_slot *slot, unsigned channel, int64_t wall_us)
{
    struct dlms_peer *peer = slot->peer[channel];
    bool alive = true, moves = true;
    while (alive && moves) {
        const size_t before = peer->n_in;
        alive = dlms_peer_serve(peer, wall_us);
        moves = peer_say(slot, channel) && (before != peer->n_in || peer->wrapper.streaming);
    }
    if (!alive || wall_us >= dlms_peer_end_us(peer)) {
        peer_drop(slot, channel);
    }
}

static bool peer_hear(struct module_slot *slot, unsigned channel, const uint8_t *octets,
                      size_t n_octets)
{
    struct dlms_peer *peer = slot->peer[channel];
    if (peer == NULL) {
        return true; /* closed meanwhile: the module is about to hear of it */
    }
    if (n_octets > sizeof peer->in - peer->n_in) {
        return false;
    }
    memcpy(peer->in + peer->n_in, octets, n_octets);
    peer->n_in += n_octets;
    converse(slot, channel, instant_wall_us());
    return true;
}

/* ---- the data line ---- */

static void line_say(struct module_slot *slot)
{
    struct optical *line = line_of(slot);
    while (line->tx_length > 0) {
        const size_t n =
            line->tx_length < MODULE_SLOT_SAID_MAX ? line->tx_length : MODULE_SLOT_SAID_MAX;
        uint8_t said[MODULE_SLOT_SAID_MAX];
        if (!slot->user.said(slot->user.context, MODULE_DATA_LINE, line->tx, n)) {
            return;
        }
        (void)optical_transmit(line, said, n);
    }
}

size_t module_slot_ask(struct module_slot *slot, const uint8_t *request, size_t n_request,
                       uint8_t *answer, size_t capacity)
{
    struct optical *line = line_of(slot);
    size_t n_answer = 0;
    if (!slot->taken) {
        return 0;
    }
    catch_up(slot);
    line_say(slot);
    for (size_t i = 0; i < n_request; i++) {
        optical_receive(line, meter_of(slot), request + i, 1, instant_wall_us() / 1000);
        n_answer += optical_transmit(line, answer + n_answer, capacity - n_answer);
    }
    return n_answer;
}

bool module_slot_data(struct module_slot *slot, unsigned channel, const uint8_t *octets,
                      size_t n_octets)
{
    if (!slot->taken || channel >= MODULE_CHANNELS) {
        return false;
    }
    catch_up(slot);
    if (!meter_of(slot)->supply_on) {
        return true; /* nobody hears it */
    }
    if (channel != MODULE_DATA_LINE) {
        return peer_hear(slot, channel, octets, n_octets);
    }
    for (size_t i = 0; i < n_octets; i++) {
        optical_receive(line_of(slot), meter_of(slot), octets + i, 1, instant_wall_us() / 1000);
        line_say(slot);
    }
    slot->line_wake_ms = 0;
    return true;
}

/* ---- time ---- */

static void supply_follow(struct module_slot *slot)
{
    const bool on = meter_of(slot)->supply_on;
    if (on == slot->supply) {
        return;
    }
    supply_note(slot, on);
    slot->pins_told = false;
    for (unsigned i = 0; !on && i < MODULE_CHANNELS; i++) {
        peer_free(slot, i);
    }
    slot->user.supply(slot->user.context, on);
    if (on && slot->which == METER_SLOT_PRIMARY) {
        slot->n_edges = 0;
        pins_take(slot, slot->run->site.pins, slot->run->site.now_us);
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t module_slot_step(struct module_slot *slot, int64_t wall_us)
{
    int64_t next_us = INT64_MAX;
    if (!slot->taken) {
        return next_us;
    }
    pins_tell(slot); /* what was before the supply went */
    supply_follow(slot);
    pins_tell(slot);
    for (unsigned i = 0; slot->taken && i < MODULE_CHANNELS; i++) {
        if (slot->peer[i] != NULL && slot->peer[i]->n_out > 0) {
            converse(slot, i, wall_us);
        }
        if (slot->peer[i] != NULL && wall_us >= dlms_peer_end_us(slot->peer[i])) {
            peer_drop(slot, i);
        }
        next_us =
            slot->peer[i] != NULL ? earlier(next_us, dlms_peer_end_us(slot->peer[i])) : next_us;
    }
    if (slot->taken && slot->line_wake_ms <= wall_us / 1000) {
        slot->line_wake_ms = optical_step(line_of(slot), meter_of(slot), wall_us / 1000);
        line_say(slot);
    }
    if (slot->line_wake_ms != INT64_MAX) {
        next_us = earlier(next_us, slot->line_wake_ms * 1000);
    }
    return next_us;
}

void module_slot_forget(struct module_slot *slot)
{
    for (unsigned i = 0; i < MODULE_CHANNELS; i++) {
        peer_free(slot, i);
    }
}

void module_slot_leave(struct module_slot *slot)
{
    if (!slot->taken) {
        return;
    }
    module_slot_forget(slot);
    module_slot_pins(slot, 0);
    pins_connect(slot, false);
    run_catch_up(slot->run);
    meter_module_pull(meter_of(slot), slot->which, slot->run->site.now_us);
    slot->taken = false;
    slot->line_wake_ms = INT64_MAX;
    line_begin(slot, CHANNEL_OPTICAL);
    slot->line_wake_ms = INT64_MAX;
    stir(slot);
}
