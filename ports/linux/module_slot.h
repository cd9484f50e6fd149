/**
 * The meter's side of one slot: the connection of the data line, DLMS channels, pins and supply,
 * for whoever sits in it, a module that is built in or one that is a program of its own.
 */
#ifndef OPEN382_LINUX_MODULE_SLOT_H
#define OPEN382_LINUX_MODULE_SLOT_H

#include "app/modules/meter_modules.h"
#include "modules/module.h"

#define MODULE_SLOT_SAID_MAX 1024u /**< octets at a time */
/** Edges of the meter's pins that wait to be told.  The run rests when half of it is full; should
 * it be full all the same, the oldest goes. */
#define MODULE_SLOT_EDGES 512u

/** The meter drives its pins so from then on. */
struct module_slot_edge {
    uint8_t levels;
    int64_t at_us;
};

struct run;
struct dlms_peer;

/** Whoever sits in the slot. */
struct module_slot_user {
    void *context;
    /** The meter says something on a channel.  @return false: no room, it comes again later */
    bool (*said)(void *context, unsigned channel, const uint8_t *octets, size_t n_octets);
    /** The meter has closed a DLMS channel. */
    void (*channel_closed)(void *context, unsigned channel);
    /** The meter drives its pins. */
    void (*pins)(void *context, uint8_t levels, int64_t at_us);
    void (*supply)(void *context, bool on);
};

struct module_slot {
    struct run *run;
    enum meter_slot which;
    bool taken;
    struct module_slot_user user;
    bool supply;    /**< as the user knows it */
    bool pins_told; /**< he knows the levels that the meter drives */
    uint16_t code;
    uint8_t inputs; /**< of the meter, as the module's pins have set them */
    struct module_slot_edge edge[MODULE_SLOT_EDGES]; /**< told at the next step, in order */
    unsigned n_edges;
    struct dlms_peer *peer[MODULE_CHANNELS]; /**< NULL: closed; that of the data line always */
    int64_t line_wake_ms;
};

void module_slot_init(struct module_slot *slot, struct run *run, enum meter_slot which);

/** Plug.  The supply is told from the next step on. */
enum meter_module_err module_slot_take(struct module_slot *slot,
                                       const struct module_slot_user *user, uint16_t code,
                                       uint32_t serial);
/** The supply as it is; the user is told of changes from now on. */
bool module_slot_supply(struct module_slot *slot);
/** Pull.  The user hears nothing any more. */
void module_slot_leave(struct module_slot *slot);

/** The program ends: the memory of open channels is given back, the meter is told nothing. */
void module_slot_forget(struct module_slot *slot);

/** One KMP frame, and what the meter answers. */
size_t module_slot_ask(struct module_slot *slot, const uint8_t *request, size_t n_request,
                       uint8_t *answer, size_t capacity);
/** Octets on a channel.  @return false: not taken */
bool module_slot_data(struct module_slot *slot, unsigned channel, const uint8_t *octets,
                      size_t n_octets);
/** Open or close a DLMS channel: of the primary slot of a meter with DLMS, with supply. */
bool module_slot_channel(struct module_slot *slot, unsigned channel, bool open);
/** The module drives its pins. */
void module_slot_pins(struct module_slot *slot, uint8_t levels);

/** Supply, time-outs, what could not be said before.  @return wall microseconds of the next call */
int64_t module_slot_step(struct module_slot *slot, int64_t wall_us);

#endif
