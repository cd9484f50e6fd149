/**
 * What configuration DD makes of the two I/O pins of the module connector: plain data.
 *
 * The codes are those of the successor's order form, the register's those of ModulPortIOCfg; codes
 * that nobody has published are not there.  Source: LCO-09, X-LCO-2, spec answers B1.4,
 * cosem-objects 4.2, docs/pulses.md.
 */
#ifndef OPEN382_PIN_TABLE_H
#define OPEN382_PIN_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#define PINS 2u

enum pin_use {
    PIN_NONE,
    PIN_TARIFF,     /**< input: tariff control (app/tariff knows the codes) */
    PIN_PULSE_IN,   /**< input: pulses of another meter */
    PIN_ALARM_IN,   /**< input: alarm */
    PIN_STOP_IN,    /**< input: ends the debiting period */
    PIN_LOAD_IN,    /**< input: commands load-control relay 1 */
    PIN_ENERGY_OUT, /**< output: pulses of an energy; index: enum legal_energy */
    PIN_LOAD_OUT,   /**< output: a load-control relay; index: 0 or 1 */
    PIN_TARIFF_OUT, /**< output: tariff other than 1 (load-tariff synchronisation) */
};

struct pin_role {
    uint8_t use; /**< enum pin_use */
    uint8_t index;
    bool inverted; /**< not of tariff inputs: app/tariff has theirs */
};

struct pin_row {
    uint8_t code; /**< DD */
    uint8_t port; /**< the same as register 1102 has it, without inversion */
    struct pin_role pin[PINS];
};

/** NULL: no such code. */
const struct pin_row *pin_row_of(unsigned code);
/** Code DD for a value of register 1102: the one in force if it is that, else the one without
 *  inversion.  @return negative: there is none */
int pin_code_for(uint8_t port, unsigned in_force);
/** Relays for load control that the outputs drive: 0 .. 2. */
uint8_t pin_relays(const struct pin_row *row);
bool pin_is_input(const struct pin_role *role);

#endif
