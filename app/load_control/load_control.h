/**
 * Load control: one or two relays of a module that the meter switches by tariff, by a table of
 * their own, or by command.
 *
 * A relay that becomes active by tariff or table does so after a delay of its own, drawn anew each
 * time, so that not all meters of a street switch at one instant; inactive it becomes at once, and
 * a command acts at once.  The delay runs on the meter's time and stands still without supply:
 * clock changes do not touch it.  What is wanted is a function of tariff, local time or the last
 * command, so nothing is missed over losses of supply and clock changes.
 * Position, delay and what was commanded are stored before the relay moves.
 * Source: LCO-01, LCO-02, X-LCO-1, spec answers B9, docs/load-control.md.
 */
#ifndef OPEN382_LOAD_CONTROL_H
#define OPEN382_LOAD_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../clock/clock.h"
#include "load_plan.h"

#define LOAD_DELAY_S 3600u /**< as delivered (spec cosem-objects 2.7) */

struct load_relay {
    uint8_t mode;       /**< enum load_mode */
    uint8_t tariffs;    /**< bit 0 tariff 1 .. bit 7 tariff 8: active in it */
    bool active;        /**< where it is */
    bool commanded;     /**< what a command has asked for last */
    bool waits;         /**< it will be active when its delay has passed */
    uint16_t left_s;    /**< of the delay, as it was stored last */
    uint32_t movements; /**< so far */
    struct load_plan plan;
};

/** What is stored. */
struct load_kept {
    uint32_t sequence; /**< of the record; 0: none was ever written */
    uint16_t delay_s;  /**< longest delay, 0 .. LOAD_DELAY_MAX_S */
    struct load_relay relay[LOAD_RELAYS];
};

struct load_control {
    struct load_kept kept;
    uint32_t serial_number; /**< spreads the delays when there is nothing random */
    uint8_t fitted;         /**< relays, 0 .. LOAD_RELAYS */
    uint8_t driven;         /**< bit per relay: it was told its position since supply came */
    bool supplied;
    uint16_t event;              /**< load_event of the last movement */
    bool unsaved;                /**< the memory did not take the last record: tried again */
    int64_t due_us[LOAD_RELAYS]; /**< end of the delay of a relay that waits */
    int64_t retry_us;            /**< when to store again */
};

/** What the decision rests on. */
struct load_facts {
    uint8_t tariff; /**< in force, 1 .. 8 */
    const struct clock *clock;
};

/** What load control asks of the meter. */
struct load_port {
    void *context;
    /** Store; on success sequence goes up.  @return false: not stored */
    bool (*save)(void *context, struct load_kept *kept);
    /** Random bytes.  @return 0, or negative: none to be had */
    int (*random)(void *context, uint8_t *bytes, size_t n_bytes);
    void (*drive)(void *context, uint8_t relay, bool active);
    /** It has moved; not where it is told its position anew.  NULL: nobody asks. */
    void (*moved)(void *context, uint8_t relay);
};

enum load_answer {
    LOAD_DONE = 0,
    LOAD_ERR_RELAY = -1,   /**< there is no such relay */
    LOAD_ERR_MODE = -2,    /**< it does not go by commands */
    LOAD_ERR_RANGE = -3,   /**< a mode, delay or table that cannot be */
    LOAD_ERR_STORAGE = -4, /**< not stored: all is as it was */
    LOAD_ERR_RIGHTS = -5,  /**< not over this connection */
};

/** As delivered: nobody decides. */
void load_as_delivered(struct load_kept *kept);
/** Modes, delay and tables are in range. */
bool load_kept_good(const struct load_kept *kept);

/** Take up what the memory held. */
void load_start(struct load_control *load, const struct load_kept *kept, uint32_t serial_number);
/** Store what is left of delays (orderly end). */
void load_settle(struct load_control *load, const struct load_port *port, int64_t now_us);
/** Supply came or went; what is left of delays is stored when it goes. */
void load_supply(struct load_control *load, const struct load_port *port, bool on, int64_t now_us);
/**
 * Do what is due.  Call it when the tariff, the clock, the set-up or the number of relays (0 ..
 * LOAD_RELAYS) has changed, too.
 * @return when it wants to be called next; INT64_MAX: when something changes
 */
int64_t load_step(struct load_control *load, const struct load_port *port,
                  const struct load_facts *facts, uint8_t fitted, int64_t now_us);

/** A command for relay 0 or 1.  The next step carries it out. */
enum load_answer load_command(struct load_control *load, const struct load_port *port,
                              uint8_t relay, bool active);
/** Another set-up: modes, maps, tables and delay of wanted; positions are not taken from it. */
enum load_answer load_configure(struct load_control *load, const struct load_port *port,
                                const struct load_kept *wanted);

/** Relay 0 or 1 as it is now: its number from 1 times 256, twice the mode, and 1 when active. */
uint16_t load_event(const struct load_control *load, uint8_t relay);

/** Seconds until a waiting relay becomes active, rounded up; 0: none runs. */
uint16_t load_left_s(const struct load_control *load, uint8_t relay, int64_t now_us);

#endif
