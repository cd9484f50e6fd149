/**
 * The optical port as TCP listeners and pseudo-terminals.  Each connection is a head of its own,
 * with a slot of the meter's optical[]; a connection too many is closed at once.
 */
#ifndef OPEN382_LINUX_OPTICAL_PORTS_H
#define OPEN382_LINUX_OPTICAL_PORTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "line.h"
#include "loop.h"
#include "options.h"
#include "problem.h"
#include "pty.h"

#define OPTICAL_PORT_TEXT_MAX 288

struct optical_ports;

/** A named place where clients connect. */
struct optical_port {
    struct optical_ports *ports;
    struct optical_option option;
    struct watch listener;            /**< tcp */
    struct pty pty;                   /**< pty */
    char text[OPTICAL_PORT_TEXT_MAX]; /**< "optical tcp 127.0.0.1:3820" */
};

/** One connection. */
struct optical_client {
    struct optical_ports *ports;
    struct watch watch; /**< fd -1: free */
    struct line line;
    bool is_pty;
    int64_t wake_us;     /**< the line wants to be called then */
    int64_t leave_at_us; /**< the client has said its last word; INT64_MAX: it has not */
};

struct optical_ports {
    struct loop *loop;
    struct meter *meter;
    void (*catch_up)(void *context); /**< called before the meter hears bytes: its time is now */
    void *context;
    struct optical_port port[METER_OPTICAL_PORTS];
    size_t n_ports;
    size_t n_slots;                                    /**< the slots behind belong to modules */
    struct optical_client client[METER_OPTICAL_PORTS]; /**< index = optical slot */
};

/** No ports yet; the loop outlives them. */
void optical_ports_init(struct optical_ports *ports, struct loop *loop);

/** Bind the TCP ports and check the pty paths; writes nothing.  @return 0, or -1 and *problem. */
int optical_ports_bind(struct optical_ports *ports, const struct options *options,
                       struct problem *problem);

/** Serve: the meter is running.  @return 0, or -1 and *problem. */
int optical_ports_open(struct optical_ports *ports, struct meter *meter, struct problem *problem);

/** The last n slots belong to modules from now on; whoever talks there is hung up. */
void optical_ports_reserve(struct optical_ports *ports, unsigned n);

/** Time-outs and pacing.  @return wall microseconds of the next call. */
int64_t optical_ports_step(struct optical_ports *ports, int64_t wall_us);

/** Hang up everything and remove the pty links. */
void optical_ports_close(struct optical_ports *ports);

#endif
