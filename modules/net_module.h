/**
 * The network module, 68 50 040: the meter's data line on TCP as it is (KMP, IEC 62056-21, HDLC),
 * a text menu for its configuration, and DLMS with the wrapper, each on a port of its own; a
 * telling to one or two servers that it lives, and alarms to a third.
 *
 * One client at a time has the data line; when it has said nothing for half a minute the next one
 * takes it over, so that a peer that has gone without a word shuts nobody out.  The other ports
 * have a few clients each; who comes beyond them is hung up at once.
 *
 * All state is in struct net_module; the meter's answers and all times come from outside.
 * Source: MOD-11, MOD-A09, X-MOD-2; docs/network-module.md.
 */
#ifndef OPEN382_NET_MODULE_H
#define OPEN382_NET_MODULE_H

#include "module.h"
#include "net_setup.h"

#define NET_MENU_LINE    176u /**< characters of a command, at most; a longer one is refused */
#define NET_WHO_MAX      24u
#define NET_HELD         512u /**< octets of a client that the meter has not taken yet */
#define NET_MENUS        2u   /**< clients of the configuration port */
#define NET_IDLE_MS      300000
#define NET_TAKE_OVER_MS 30000
#define NET_QUIET_MS     1000  /**< the module itself asks the meter only in such a pause */
#define NET_POLL_MS      10000 /**< for alarms */
#define NET_LOCK_MS      60000 /**< no PIN is taken after three wrong ones */

enum net_use { NET_UNUSED, NET_DATA, NET_MENU, NET_DLMS, NET_KEEP_ALIVE, NET_ALARM };

struct net_line {
    enum net_use use;
    bool admitted;         /**< menu: the PIN was right, or none is asked for */
    bool skip;             /**< menu: the command was too long, its rest is not looked at */
    uint8_t server;        /**< keep-alive: which */
    uint8_t channel;       /**< data line, DLMS: of the bus */
    int64_t heard_ms;      /**< octets in either direction */
    char who[NET_WHO_MAX]; /**< of a client; cut when longer */
    char text[NET_MENU_LINE];
    size_t n_text;
    uint8_t held[NET_HELD];
    size_t n_held;
};

/** What a cut must not make it forget. */
struct net_notes {
    uint32_t seen_a, seen_b;       /**< event words as they were last */
    uint32_t waiting_a, waiting_b; /**< alarms that stand in no telling yet */
    uint32_t told_a, told_b;       /**< those of the telling that has no answer yet */
    uint32_t number;               /**< of that telling */
};

struct net_module {
    struct module *module;
    struct net_setup setup;
    struct net_notes notes;
    uint32_t setup_sequence, notes_sequence;
    struct net_line line[MODULE_LINES];
    uint32_t number; /**< meter's serial number, 0: not known yet */
    int64_t now_ms;
    int64_t asked_ms;    /**< event words; 0: not yet */
    int64_t told_ms;     /**< keep-alive */
    int64_t answered_ms; /**< of any server, or the start */
    int64_t alarm_ms;    /**< the telling is sent then */
    int64_t alarm_pause_ms;
    unsigned wrong_pins;
    int64_t locked_ms; /**< until then no PIN is taken */
    bool restart;      /**< as soon as it can be */
    uint32_t restarts;
};

/** Line commands of the configuration port (net_menu.c).  The answer goes out by net_say. */
void net_menu_begin(struct net_module *m, unsigned line);
void net_menu_octets(struct net_module *m, unsigned line, const uint8_t *octets, size_t n_octets);

/** Text or octets to a client; one that does not take them is hung up.  @return false: hung up */
bool net_say(struct net_module *m, unsigned line, const void *octets, size_t n_octets);
void net_hang_up(struct net_module *m, unsigned line);
/** May somebody who is called so connect?  A pseudo-terminal is nobody's address: whoever reaches
 *  it sits at the machine. */
bool net_admits(const struct net_module *m, const char *who);
/** @return false: memory did not take it; it holds until the supply goes */
bool net_setup_save(struct net_module *m);

/** Keep-alive and alarms (net_servers.c).  @return now_ms of the next call */
int64_t net_servers_step(struct net_module *m);
/** A server has answered on a line. */
void net_servers_heard(struct net_module *m, unsigned line, const uint8_t *octets, size_t n_octets);
/** Notes of memory, at the start. */
void net_servers_load(struct net_module *m);
/** Servers were changed: forget the lines to the old ones and begin anew. */
void net_servers_renew(struct net_module *m);
/** Where its records stand in the module's memory. */
extern const struct module_record net_record_setup, net_record_notes;
struct module_memory net_memory(const struct net_module *m);

extern const struct module_type net_module_type;

#endif
