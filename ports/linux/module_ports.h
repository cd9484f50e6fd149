/**
 * The module bay: slots of the meter and who is in them.  Modules that are built in come by
 * --module or by the panel, programs of their own by --module-bus (module_links.h); all are plugged
 * and pulled while the meter runs.
 */
#ifndef OPEN382_LINUX_MODULE_PORTS_H
#define OPEN382_LINUX_MODULE_PORTS_H

#include <stddef.h>
#include <stdint.h>

#include "module_slot.h"
#include "problem.h"

struct module_ports;

/** Bind what the options name.  @return 0, or -1 and *problem. */
int module_ports_bind(struct module_ports **out, struct run *run, struct problem *problem);
/** Plug them in: the meter is running.  @return 0, or -1 and *problem. */
int module_ports_open(struct module_ports *ports, struct problem *problem);
/** Line of the index-th announcement, "mbus tcp 127.0.0.1:10001".  NULL: there are no more. */
const char *module_ports_text(const struct module_ports *ports, size_t index);
/** Supply, time-outs, modules' own time.  @return wall microseconds of the next call. */
int64_t module_ports_step(struct module_ports *ports, int64_t wall_us);
/** NULL is allowed. */
void module_ports_close(struct module_ports *ports);

/** Plug a module that is built in, by the name of its type; a line that it has is a free TCP port
 *  on the loopback, its medium RADIO_MEDIUM_USUAL.  @param slot  1 .. 3, 0: the first that is free.
 * @return 0, or -1, *problem */
int module_ports_plug(struct module_ports *ports, const char *type, unsigned slot,
                      struct problem *problem);
/** Pull what is in the slot.  @return 0, or -1, *problem: it is empty */
int module_ports_pull(struct module_ports *ports, unsigned slot, struct problem *problem);

/** The module that is built in and stands in the slot.  NULL: a program of its own, or nothing. */
struct module *module_ports_module(const struct module_ports *ports, enum meter_slot slot);
/** Voltage at an input of the module in the slot.  @return 0, or -1, *problem */
int module_ports_set(struct module_ports *ports, unsigned slot, const char *name, bool on,
                     struct problem *problem);

/** What stands in a slot.  "": a program of its own, or nothing. */
const char *module_ports_line(const struct module_ports *ports, enum meter_slot slot);
/** It is a program of its own. */
bool module_ports_is_program(const struct module_ports *ports, enum meter_slot slot);

/** enum module_generation of the meter. */
uint8_t module_ports_generation(const struct run *run);

/** For module_links: a program takes a slot, and leaves it. */
enum meter_module_err module_ports_take(struct module_ports *ports, unsigned wanted,
                                        const struct module_slot_user *user, uint16_t code,
                                        uint32_t serial, enum meter_slot *slot);
void module_ports_leave(struct module_ports *ports, enum meter_slot slot);
struct module_slot *module_ports_slot(struct module_ports *ports, enum meter_slot slot);

#endif
