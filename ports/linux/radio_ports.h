/**
 * The radio on the meter's main board (--radio): the wireless M-Bus module's program, on a
 * simulated medium.  It takes one of the meter's connections with the rights of the module port,
 * lives from the meter's supply and on simulated time, and is off while a communication module is
 * plugged (RAD-03).
 */
#ifndef OPEN382_LINUX_RADIO_PORTS_H
#define OPEN382_LINUX_RADIO_PORTS_H

#include "problem.h"

struct run;
struct radio_ports;

/** Open the medium; *out is NULL when there is no --radio.  @return 0, or -1 and *problem. */
int radio_ports_bind(struct radio_ports **out, struct run *run, struct problem *problem);
/** The meter is running. */
void radio_ports_open(struct radio_ports *radio);
/** "radio udp:239.3.8.2:3820" */
const char *radio_ports_text(const struct radio_ports *radio);
/** NULL is allowed. */
void radio_ports_close(struct radio_ports *radio);

#endif
