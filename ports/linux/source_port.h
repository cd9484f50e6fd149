/**
 * The reference source of a calibration bench as a TCP port: one client at a time tells it what
 * stands at the meter's terminals and asks what the reference meter says.  The language is
 * lab/reference_source.h; docs/spec/reference-source.md is its manual.
 *
 * The source has the mains' place from OUTPut ON until OUTPut OFF or until the client has gone.
 */
#ifndef OPEN382_LINUX_SOURCE_PORT_H
#define OPEN382_LINUX_SOURCE_PORT_H

#include <stdint.h>

#include "options.h"
#include "problem.h"

struct run;
struct source_port;

/** Bind its port; *port stays NULL when the options name none.  @return 0, or -1 and *problem. */
int source_port_bind(struct source_port **port, const struct options *options,
                     struct problem *problem);

/** Serve: the meter is running.  @return 0, or -1 and *problem. */
int source_port_open(struct source_port *port, struct run *run, struct problem *problem);

/** "source tcp 127.0.0.1:5025" */
const char *source_port_text(const struct source_port *port);

/** Hang up on who has been silent for too long.  @return wall microseconds of the next call. */
int64_t source_port_step(struct source_port *port, int64_t wall_us);

/** May be NULL. */
void source_port_close(struct source_port *port);

#endif
