/**
 * The slots of a meter: which plug-in module is in which, and what the meter makes of it.
 *
 * A module announces itself with its code (the last three digits of its article) when it is plugged
 * and has supply.  What comes and goes is noted in the audit log, also what did so without supply:
 * the meter remembers what it has seen.  A module that was there gets METER_MODULE_LATE_US after
 * the supply has come to announce itself, then it counts as pulled.  Records are METER_MODULE_NOTES
 * in a row and one an hour behind them, so that a module that comes and goes pushes nothing else
 * out of the log; what holds in the end is always noted.
 *
 * The input METER_INPUT_MODULE follows the primary slot: a module that was there and is not is an
 * act of tampering (tamper.h).
 *
 * Source: MOD-01, MOD-04, MOD-05, MOD-15, MOD-16, RAD-03, CCC-02, CCC-04, SEC-06.
 */
#ifndef OPEN382_METER_MODULES_H
#define OPEN382_METER_MODULES_H

#include "../rights/rights.h"
#include "modules_store.h"

struct meter;

/** Code of the audit log: this + the slot. */
#define METER_AUDIT_MODULE 0xFA40u

#define METER_MODULE_LATE_US INT64_C(60000000)
#define METER_MODULE_NOTES   8u /**< changes noted in a row */

enum meter_slot {
    METER_SLOT_PRIMARY,   /**< every meter */
    METER_SLOT_SECONDARY, /**< 382L, in a primary module that carries it (062, 053) */
    METER_SLOT_CCC,       /**< consumer port of M, outside every seal */
    METER_SLOTS
};
_Static_assert((unsigned)METER_SLOTS == MODULES_SLOTS, "the memory has a place for each");

struct meter_modules {
    struct module_seen slot[METER_SLOTS]; /**< now */
    uint8_t pins[METER_SLOTS];            /**< levels that the module drives; bits 0 and 1 */
    bool awaited[METER_SLOTS];            /**< it was there before, and may be late */
    struct modules_store kept;
    int64_t due_us;   /**< something is to be noted then; INT64_MAX: nothing */
    int64_t late_us;  /**< from then on who has not announced himself is not there */
    int64_t spent_us; /**< the notes so far are paid for up to then */
    bool unread;      /**< memory did not answer: nothing is compared before it does */
};

/** Bits of register FA03. */
enum meter_module_state {
    METER_MODULE_OTHER = 1 << 0,   /**< in the primary slot is none, or another, than CCC names */
    METER_MODULE_RADIO = 1 << 1,   /**< an integrated radio is fitted */
    METER_MODULE_RADIO_ON = 1 << 2 /**< and may send */
};

/** Take up what the memory holds. */
void meter_modules_begin(struct meter *meter);
/** Supply has come: who is late counts from now. */
void meter_modules_supply(struct meter *meter);
/** Note what has changed; when due_us has come. */
void meter_modules_step(struct meter *meter);

/** The meter has that slot, as it is now. */
bool meter_module_slot_exists(const struct meter *meter, enum meter_slot slot);
/** What whoever is in that slot may do: enum rights_channel of its connection. */
enum rights_channel meter_module_channel(enum meter_slot slot);

enum meter_module_err {
    METER_MODULE_OK = 0,
    METER_MODULE_ERR_SLOT = -1,     /**< there is no such slot (now) */
    METER_MODULE_ERR_OCCUPIED = -2, /**< another module is in it */
};

/**
 * A module is plugged and has announced itself.
 * @param code    configuration CCC of its article; 0: it has none
 * @param serial  its number; 0: none
 */
enum meter_module_err meter_module_plug(struct meter *meter, enum meter_slot slot, uint16_t code,
                                        uint32_t serial, int64_t now_us);
/** It is pulled; with a primary module the secondary one that it carries goes too. */
void meter_module_pull(struct meter *meter, enum meter_slot slot, int64_t now_us);
/** The module drives its pins (bit 0: port 1). */
void meter_module_pins(struct meter *meter, enum meter_slot slot, uint8_t levels);

/** Another module, or none, is plugged than configuration CCC names.  A module of the configuration
 *  that announces nothing (it only has inputs or relays) is not missed. */
bool meter_module_mismatch(const struct meter *meter);
/** Relays for load control in the primary slot. */
uint8_t meter_module_relays(const struct meter *meter);
/** enum meter_module_state bits. */
uint8_t meter_module_state(const struct meter *meter);
/**
 * The integrated radio may send: it is fitted, there is supply, and no communication module is in
 * the primary slot (RAD-03; on M that is so only by setting `radio-with-module`).
 */
bool meter_radio_on(const struct meter *meter);

#endif
