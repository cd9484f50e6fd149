/**
 * Plug-in modules that are built in (--module): the M-Bus module with its bus on TCP or a
 * pseudo-terminal.  Each takes one of the meter's connections, the last ones, with the rights of
 * the module port, and lives from the meter's supply.
 *
 * Several masters may be connected at a time, each with a line of its own; the module is one.
 */
#ifndef OPEN382_LINUX_MODULE_PORTS_H
#define OPEN382_LINUX_MODULE_PORTS_H

#include <stddef.h>

#include "problem.h"

#define MODULE_MASTERS_MAX 8u /**< over all modules; one more is hung up at once */

struct run;
struct module_ports;

/** Bind; *out is NULL when there is no --module.  @return 0, or -1 and *problem. */
int module_ports_bind(struct module_ports **out, struct run *run, struct problem *problem);
/** Plug them in: the meter is running.  @return 0, or -1 and *problem. */
int module_ports_open(struct module_ports *ports, struct problem *problem);
/** "mbus tcp 127.0.0.1:10001" of the index-th --module. */
const char *module_ports_text(const struct module_ports *ports, size_t index);
/** NULL is allowed. */
void module_ports_close(struct module_ports *ports);

#endif
