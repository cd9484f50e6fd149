/**
 * The breaker as a client of DLMS/COSEM expects it: disconnect control, class 70.
 *
 * A real 382M has no such object but 1.1.128.0.0.255, which takes the commands of KMP; this maps
 * one onto the other.  Pure functions.  Table and deviations: docs/breaker.md, "Class 70".
 * Source: spec cosem-objects 4.7, 6.3.
 */
#ifndef OPEN382_BREAKER_COSEM_H
#define OPEN382_BREAKER_COSEM_H

#include "breaker.h"

enum breaker_control_state {
    BREAKER_CONTROL_DISCONNECTED = 0,
    BREAKER_CONTROL_CONNECTED = 1,
    BREAKER_CONTROL_READY = 2, /**< for reconnection */
};

struct breaker_control {
    bool output_state;     /**< what the relays do, not what was decided */
    uint8_t control_state; /**< enum breaker_control_state */
    uint8_t control_mode;  /**< 1: by hand, 5: by itself as well */
};

struct breaker_control breaker_control_of(const struct breaker *breaker);

/** What remote_disconnect asks of the breaker. */
enum breaker_event breaker_control_disconnect(void);
/**
 * What remote_reconnect asks of the breaker: from 0 it makes it ready (transition d), from 2 it
 * closes it.
 * @return BREAKER_EVENT_NONE: nothing, it is connected
 */
enum breaker_event breaker_control_reconnect(const struct breaker *breaker);

#endif
