/**
 * DLMS with the wrapper on TCP and UDP, as the meter's network module offers it (--dlms).
 *
 * Each TCP connection has associations of its own and ends them; on UDP a peer is an address.  All
 * is bounded: DLMS_PEERS_MAX connections and as many addresses, DLMS_ASSOCIATIONS_MAX pairs of
 * client and server for each.  Who is silent, does not end a message that he has begun, or does not
 * listen, is dropped.  When all places are taken, one without an association makes room for who
 * comes, else one that has shown no secret, each time the one that has been silent for longest;
 * who has shown a secret keeps his place, but on UDP, where an address proves nothing.
 */
#ifndef OPEN382_LINUX_DLMS_PORTS_H
#define OPEN382_LINUX_DLMS_PORTS_H

#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "problem.h"

#define DLMS_PEERS_MAX        16u /**< on TCP, and on UDP */
#define DLMS_ASSOCIATIONS_MAX 4u
#define DLMS_MESSAGE_S        10  /**< a message that has begun ends within this */
#define DLMS_STRANGER_S       30  /**< silence without an association */
#define DLMS_SILENCE_S        120 /**< silence with one */

struct run;
struct dlms_ports;

/** Bind; *out is NULL when there is no --dlms.  @return 0, or -1 and *problem. */
int dlms_ports_bind(struct dlms_ports **out, const struct options *options,
                    struct problem *problem);
/** Serve: the meter is running.  @return 0, or -1 and *problem. */
int dlms_ports_open(struct dlms_ports *ports, struct run *run, struct problem *problem);
/** "dlms tcp 127.0.0.1:4059" of the index-th --dlms. */
const char *dlms_ports_text(const struct dlms_ports *ports, size_t index);
/** Time-outs.  @return wall microseconds of the next call. */
int64_t dlms_ports_step(struct dlms_ports *ports, int64_t wall_us);
/** NULL is allowed. */
void dlms_ports_close(struct dlms_ports *ports);

#endif
