/**
 * The module bus from the module's side: a connection to the meter, called again when it has ended.
 */
#ifndef OPEN382_MODULE382_BUS_CLIENT_H
#define OPEN382_MODULE382_BUS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modules/module.h"
#include "ports/linux/bus_address.h"
#include "ports/linux/loop.h"
#include "proto/modulebus/module_frame.h"

#define BUS_CLIENT_RETRY_US  INT64_C(1000000) /**< between two calls */
#define BUS_CLIENT_ANSWER_MS 2000             /**< the meter's answer comes within this, or none */
#define BUS_CLIENT_QUEUE     65536u           /**< octets heard while an answer is awaited */

enum bus_client_state {
    BUS_AWAY,     /**< no meter; called again at retry_us */
    BUS_GREETING, /**< connected; the meter's WELCOME is awaited */
    BUS_PLUGGED,
    BUS_REFUSED, /**< for good: see result */
};

struct bus_client {
    struct bus_address address;
    struct module_hello hello;
    struct loop *loop;
    struct watch watch;
    enum bus_client_state state;
    uint8_t result; /**< enum module_welcome_result */
    struct module_welcome welcome;
    int64_t retry_us;
    bool broken;    /**< to be hung up with the next step */
    uint8_t number; /**< of the last ASK */
    uint8_t queue[BUS_CLIENT_QUEUE];
    size_t n_queue;
    uint8_t out[BUS_CLIENT_QUEUE];
    size_t n_out;
    /** What came for the module: DATA, CHANNEL, PINS, SUPPLY.  @return false: not good */
    bool (*heard)(void *context, const struct module_frame *frame);
    /** Plugged, or pulled (the meter has gone). */
    void (*plugged)(void *context, bool on);
    void *context;
};

/** Calls for the first time with the first step.  All members above `watch`, and the functions, are
 *  set before. */
void bus_client_init(struct bus_client *client);
/** @return wall microseconds of the next call */
int64_t bus_client_step(struct bus_client *client, int64_t wall_us);
void bus_client_close(struct bus_client *client);

/** @return false: no meter, or it does not read */
bool bus_client_send(struct bus_client *client, const uint8_t *frame, size_t n_frame);
/** One KMP frame and the answer; what else comes meanwhile is kept for the next step. */
size_t bus_client_ask(struct bus_client *client, const uint8_t *request, size_t n_request,
                      uint8_t *answer, size_t capacity);

#endif
