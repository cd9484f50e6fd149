/**
 * Customer ports that push (--consumer): to everybody who listens on TCP, or to a pseudo-terminal.
 *
 * They send and do not hear: what comes in is thrown away.  A list goes out whole or not at all;
 * who does not take it in time is hung up (TCP) or has lost it (pty).  Pushes live on simulated
 * time.
 */
#ifndef OPEN382_LINUX_CONSUMER_PORTS_H
#define OPEN382_LINUX_CONSUMER_PORTS_H

#include <stddef.h>

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
/** NULL is allowed. */
void consumer_ports_close(struct consumer_ports *ports);

#endif
