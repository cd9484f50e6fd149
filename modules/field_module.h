/**
 * Modules of terminals and serial lines: S0 supply, S0 pulse, data/pulse with RS-232, RS-485,
 * tariff inputs with and without a current loop, load control, connection for a secondary module.
 *
 * One row each says what it has; the rest is the same for all:
 *  - A serial line is a bridge: octets of the line go to the meter's data line as they are, and
 *    back.  Options: baud=N, timing=1 (octets take the time that they take at that speed), echo=1
 *    (RS-485: the line gives back what is sent on it, and that is not for the meter).
 *  - Terminals are rows of text on the last of its places.  From the module "TIME_US,NAME,LEVEL",
 *    one for each change of an output, in the meter's time; whoever connects is told all levels
 *    first.  To the module "NAME,0" or "NAME,1", an input without and with voltage.
 *
 * Pin 1 and 2 of the meter are inputs or outputs as its configuration DD says; those of a module
 * with relays carry the positions of the relays.
 * Source: MOD-07, MOD-09, LCO-06..10, TAR-05, MOD-A01, A02, A04..A07, A15, A17, A19, A22..A26.
 */
#ifndef OPEN382_FIELD_MODULE_H
#define OPEN382_FIELD_MODULE_H

#include "module.h"

#define FIELD_TYPES    12u
#define FIELD_PIPE_MAX 4096u /**< octets that wait for their time, or for the meter */
#define FIELD_ROW_MAX  32u   /**< characters of a row to a terminal */
#define FIELD_RETRY_MS 20    /**< the meter did not take what a line has said */
#define FIELD_ECHO_MS  500   /**< an echo that has not come by then does not come */

extern const struct module_type field_types[FIELD_TYPES];

/** A terminal as it is: for whoever shows the module. */
struct field_terminal {
    const char *name;
    bool input;
    uint8_t level; /**< as in the rows: 0, 1, or volts */
};

/** @return false: the module has no more of them, or is no module of these types */
bool field_terminal(const struct module *module, unsigned index, struct field_terminal *out);
/** Voltage at an input, or none.  @return false: the module has no such input, or no supply */
bool field_set(struct module *module, const char *name, bool on);

#endif
