/**
 * What the meter must know of a plug-in module by its code (configuration CCC): plain constant
 * data. What a module does otherwise is its own matter. Source: requirements, table MOD-A; MOD-05,
 * RAD-03, LCO-01, TAR-05.
 */
#ifndef OPEN382_MODULE_FACTS_H
#define OPEN382_MODULE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

enum module_fact {
    /** Data go out by it: it takes the place of the integrated radio (RAD-03). */
    MODULE_COMMUNICATES = 1 << 0,
    /** It has room for a secondary module (MOD-05). */
    MODULE_CARRIES_SECOND = 1 << 1,
    /** Its pins are the tariff inputs (TAR-05). */
    MODULE_TARIFF_INPUTS = 1 << 2,
};

struct module_facts {
    uint16_t code;  /**< last three digits of 68 50 CCC */
    uint8_t facts;  /**< enum module_fact bits */
    uint8_t relays; /**< for load control: they follow the pins that the meter drives */
    /** Pin (0 or 1) of the first relay; a second one has the other.  That of a pulse input/load
     *  control module is the second pin: the first is its input. */
    uint8_t relay_pin;
};

/** NULL: no such module.  A code of 0 is none. */
const struct module_facts *module_facts(uint16_t code);
/** It is known and the fact holds. */
bool module_fact(uint16_t code, enum module_fact fact);

#endif
