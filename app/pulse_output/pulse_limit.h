/**
 * The highest load of a pulse output (table PUL-A), without a meter: metertool warns by it.
 *
 * An output sends at most one pulse in twice the length of a pulse; the load is balanced, at 230 V
 * and power factor 1.  Source: LCO-06, requirements part 3.
 */
#ifndef OPEN382_PULSE_LIMIT_H
#define OPEN382_PULSE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define PULSE_VALUE        1000u /**< as delivered: pulses a kWh before the division (X-LCO-3) */
#define PULSE_VALUE_MAX    10000u
#define PULSE_DIVISION_MAX 1000u
#define PULSE_SHORT_MS     30u
#define PULSE_LONG_MS      80u

/** What a pulse stands for. */
struct pulse_value {
    uint16_t per_kwh;  /**< pulses a kWh or kvarh: 1, 10, 100, 1000 or 10000 */
    uint16_t division; /**< 1 .. PULSE_DIVISION_MAX: only each n-th of these pulses is sent */
};

bool pulse_value_good(const struct pulse_value *value);
/** Energy of one pulse, uWh or uvarh. */
uint64_t pulse_value_uwh(const struct pulse_value *value);

/**
 * Tenths of an ampere, as the table shows them: whole amperes from 10 A on, rounded down, at most
 * max_a.  0: no value is set.
 */
uint32_t pulse_limit_tenths(const struct pulse_value *value, unsigned pulse_ms, unsigned phases,
                            unsigned max_a);

#endif
