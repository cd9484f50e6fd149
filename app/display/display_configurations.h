/**
 * The display configurations that exist: field FFF of configuration 2 names one, and with it the
 * three lists a meter is delivered with.  A new one is a row of the table.
 *
 * The makers agree lists with each utility and publish none.  The numbers below were seen on real
 * meters (423 in a public document on the 382M, 222 in the read-out of a 382J) or are ours (801,
 * 802); their contents here are ours.  Source: DIS-01, DIS-22, CFG-08.
 */
#ifndef OPEN382_DISPLAY_CONFIGURATIONS_H
#define OPEN382_DISPLAY_CONFIGURATIONS_H

#include <stddef.h>
#include <stdint.h>

/** Codes of register_table, in the order shown; what a variant does not have is left out. */
struct display_readings {
    const char *const *codes;
    size_t length;
};

struct display_configuration {
    uint16_t number; /**< FFF */
    struct display_readings automatic, backup;
    /** behind the legal readings, which every manual list begins with; the display test ends it */
    struct display_readings manual;
};

/** NULL: no such number (DIS-22). */
const struct display_configuration *display_configuration_find(unsigned number);

#endif
