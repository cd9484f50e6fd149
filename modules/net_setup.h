/**
 * What a network module is set to, one item "NAME=VALUE" each:
 *
 *   name=TEXT                 what it is called, at most 20 characters
 *   pin=NNNN                  asked for at the configuration port; 0: nobody is asked
 *   allow=ADDRESS/BITS+...    who may connect, at most eight IPv4 networks; any: everybody
 *   keep-alive=HOST:PORT      server that is told that the module lives; none
 *   keep-alive-2=HOST:PORT    a second one
 *   interval=SECONDS          between these tellings, 1 to 3600
 *   watchdog=SECONDS          a restart when no server has answered for so long; 0: none
 *   alarm=HOST:PORT           server that is told of alarms; none
 *   alarms=AAAAAAAA:BBBBBBBB  of these bits of event words A and B, hexadecimal
 *
 * Source: X-MOD-2 (keep-alive to a server, 10 s, watchdog 3600 s, alarm server, filter of
 * addresses).
 */
#ifndef OPEN382_NET_SETUP_H
#define OPEN382_NET_SETUP_H

#include "module_record.h"

#define NET_NAME_MAX    20u
#define NET_HOST_MAX    45u /**< of a server, characters */
#define NET_ALLOWED_MAX 8u
#define NET_SERVERS     2u
#define NET_INTERVAL_S  10u
#define NET_WATCHDOG_S  3600u
#define NET_PIN_MAX     9999u
#define NET_ITEM_MAX    160u /**< characters of an item, at most */
#define NET_TEXT_MAX    440u /**< of all items, a line each, with the end mark */

struct net_target {
    char host[NET_HOST_MAX + 1u]; /**< "": none; IPv6 in brackets */
    uint16_t port;
};

struct net_allowed {
    uint32_t address;
    uint8_t bits; /**< that count, from the left: 0 .. 32 */
};

struct net_setup {
    char name[NET_NAME_MAX + 1u];
    uint16_t pin;
    uint8_t n_allowed; /**< 0: everybody */
    struct net_allowed allowed[NET_ALLOWED_MAX];
    struct net_target keep_alive[NET_SERVERS];
    struct net_target alarm;
    uint16_t interval_s, watchdog_s;
    uint32_t alarms_a, alarms_b;
};

/** As delivered: open to all, tells nobody anything. */
void net_setup_default(struct net_setup *setup);

/**
 * Change one item.
 * @return NULL: done, else what was expected; *setup is then as before
 */
const char *net_setup_take(struct net_setup *setup, const char *name, const char *value);
/**
 * Change what a text names: items with a separator between them.
 * @param why  what was expected, when it is refused
 * @param bad  the item at fault, n_bad characters
 * @return false: refused, *setup is as before
 */
bool net_setup_take_all(struct net_setup *setup, const char *text, char separator, const char **why,
                        const char **bad, size_t *n_bad);
/** Every item, a line each, "\n" behind it.  @return characters */
size_t net_setup_text(const struct net_setup *setup, char text[NET_TEXT_MAX]);

/** May somebody at "192.168.1.7:50123" connect?  What is no IPv4 address only where all may. */
bool net_setup_allows(const struct net_setup *setup, const char *who);

#endif
