/**
 * Modules that are programs of their own (--module-bus): the envelope of proto/modulebus on TCP or
 * a Unix socket.  To connect and say what one is means to be plugged, to end means to be pulled.
 *
 * Whatever is at the other end hurts nobody else: who does not greet in time, sends what is not the
 * envelope, or does not read what the meter says, is pulled; of one that floods, so much is read in
 * a turn of the loop.
 */
#ifndef OPEN382_LINUX_MODULE_LINKS_H
#define OPEN382_LINUX_MODULE_LINKS_H

#include <stdint.h>

#include "module_slot.h"
#include "problem.h"

#define MODULE_LINKS_MAX  6u /**< programs at a time, greeting or plugged */
#define MODULE_GREETING_S 5  /**< who connects says what he is within this */

struct module_links;
struct module_ports;

/** Bind; *out is NULL when there is no --module-bus.  @return 0, or -1 and *problem. */
int module_links_bind(struct module_links **out, struct module_ports *ports, struct run *run,
                      struct problem *problem);
int module_links_open(struct module_links *links, struct problem *problem);
/** "module-bus tcp 127.0.0.1:4000" of the index-th --module-bus. */
const char *module_links_text(const struct module_links *links, size_t index);
/** @return wall microseconds of the next call. */
int64_t module_links_step(struct module_links *links, int64_t wall_us);
/** The slot is needed otherwise, or a person pulls the module: its program is hung up. */
void module_links_pull(struct module_links *links, enum meter_slot slot);
/** NULL is allowed. */
void module_links_close(struct module_links *links);

#endif
