/**
 * Customer ports that push (--consumer): to everybody who listens on TCP, to a pseudo-terminal, to
 * a serial port, to a broker (consumer_mqtt.h).
 *
 * They send and do not hear: what comes in is thrown away.  A list goes out whole or not at all;
 * who does not take it in time is hung up (TCP) or has lost it (pty).  Pushes live on simulated
 * time; a line with a speed of its own lives on wall time, and a list that comes before the last
 * one has left it is left out.
 */
#ifndef OPEN382_LINUX_CONSUMER_PORTS_H
#define OPEN382_LINUX_CONSUMER_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "problem.h"

#define CONSUMER_CLIENTS_MAX 16u /**< one more is hung up at once */

struct run;
struct consumer_ports;

/** Bind; *out is NULL when there is no --consumer.  @return 0, or -1 and *problem. */
int consumer_ports_bind(struct consumer_ports **out, struct run *run, struct problem *problem);
/** Push: the meter is running.  @return 0, or -1 and *problem. */
int consumer_ports_open(struct consumer_ports *ports, struct problem *problem);
/** "consumer tcp 127.0.0.1:3900" of the index-th --consumer. */
const char *consumer_ports_text(const struct consumer_ports *ports, size_t index);
/** Octets at the speed of the line.  @return wall microseconds of the next call. */
int64_t consumer_ports_step(struct consumer_ports *ports, int64_t wall_us);

/** What was sent last. */
struct consumer_pushed {
    unsigned long count; /**< lists since the start; 0: none yet */
    size_t n_bytes;
    bool hourly;
    int64_t utc_s; /**< by the meter's clock */
};

/** A port for people. */
struct consumer_show {
    const char *text, *list; /**< as it was opened; what it sent last */
    struct consumer_pushed pushed;
    int64_t next_utc_s;  /**< 0: no supply */
    unsigned listeners;  /**< tcp */
    char condition[200]; /**< serial, mqtt; else empty */
};

void consumer_ports_show(const struct consumer_ports *ports, size_t index,
                         struct consumer_show *out);
/** NULL is allowed. */
void consumer_ports_close(struct consumer_ports *ports);

#endif
