#include "pin_table.h"

#include <stddef.h>

#include "legal_api.h"

#define OFF                                                                                        \
    {                                                                                              \
        PIN_NONE, 0, false                                                                         \
    }
#define IN(use)                                                                                    \
    {                                                                                              \
        PIN_##use, 0, false                                                                        \
    }
#define IN_INVERTED(use)                                                                           \
    {                                                                                              \
        PIN_##use, 0, true                                                                         \
    }
#define ENERGY(energy)                                                                             \
    {                                                                                              \
        PIN_ENERGY_OUT, LEGAL_##energy, false                                                      \
    }
#define LOAD(relay)                                                                                \
    {                                                                                              \
        PIN_LOAD_OUT, relay, false                                                                 \
    }

static const struct pin_row rows[] = {
    {0, 0, {OFF, OFF}},
    {1, 1, {IN(TARIFF), IN(TARIFF)}},
    {2, 1, {IN(TARIFF), IN(TARIFF)}},
    {3, 5, {IN(PULSE_IN), IN(ALARM_IN)}},
    {4, 5, {IN(PULSE_IN), IN_INVERTED(ALARM_IN)}},
    {5, 6, {IN(PULSE_IN), ENERGY(A_PLUS)}},
    {6, 7, {ENERGY(R_PLUS), ENERGY(A_PLUS)}},
    {7, 2, {IN(TARIFF), IN(ALARM_IN)}},
    {8, 2, {IN(TARIFF), IN(ALARM_IN)}},
    {9, 2, {IN(TARIFF), IN_INVERTED(ALARM_IN)}},
    {10, 2, {IN(TARIFF), IN_INVERTED(ALARM_IN)}},
    {11, 3, {IN(TARIFF), ENERGY(A_PLUS)}},
    {12, 3, {IN(TARIFF), ENERGY(A_PLUS)}},
    {13, 4, {IN(PULSE_IN), IN(TARIFF)}},
    {14, 4, {IN(PULSE_IN), IN(TARIFF)}},
    {15, 9, {IN(STOP_IN), OFF}},
    {16, 8, {ENERGY(A_MINUS), ENERGY(A_PLUS)}},
    {17, 10, {IN(LOAD_IN), LOAD(0)}}, /* the status is where the relay is */
    {18, 12, {IN(PULSE_IN), IN(TARIFF_OUT)}},
    {19, 12, {IN_INVERTED(PULSE_IN), IN(TARIFF_OUT)}},
    {20, 12, {IN(PULSE_IN), IN_INVERTED(TARIFF_OUT)}},
    {21, 12, {IN_INVERTED(PULSE_IN), IN_INVERTED(TARIFF_OUT)}},
    {22, 13, {IN(TARIFF), IN(TARIFF)}},
    {23, 13, {IN(TARIFF), IN(TARIFF)}},
    {26, 16, {LOAD(0), LOAD(1)}},
    {27, 17, {IN(PULSE_IN), LOAD(0)}},
    {28, 18, {IN(PULSE_IN), LOAD(0)}}, /* one line for two loads in turn */
    {29, 0, {OFF, OFF}},               /* earth fault: a bus, and its words are not public */
};
#define N_ROWS (sizeof rows / sizeof rows[0])

const struct pin_row *pin_row_of(unsigned code)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        if (rows[i].code == code) {
            return &rows[i];
        }
    }
    return NULL;
}

int pin_code_for(uint8_t port, unsigned in_force)
{
    const struct pin_row *now = pin_row_of(in_force);
    if (now != NULL && now->port == port) {
        return now->code;
    }
    for (size_t i = 0; i < N_ROWS; i++) {
        if (rows[i].port == port) {
            return rows[i].code;
        }
    }
    return -1;
}

uint8_t pin_relays(const struct pin_row *row)
{
    uint8_t relays = 0;
    for (unsigned i = 0; i < PINS; i++) {
        relays = (uint8_t)(relays + (row->pin[i].use == PIN_LOAD_OUT ? 1u : 0u));
    }
    return relays;
}

bool pin_is_input(const struct pin_role *role)
{
    return role->use >= PIN_TARIFF && role->use <= PIN_LOAD_IN;
}
