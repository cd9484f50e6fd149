/**
 * The pulse input: pulses of another meter, counted and scaled into a register.
 *
 * The register goes up by one unit for each `divisor` pulses (0.100 .. 1000.000; 1 pulse per 25 l
 * and a register in m3: 40).  The rest below a unit is kept, also when the divisor changes, so that
 * nothing is rounded away.  Source: LCO-08, X-LCO-2, TOO-06, REG-08.
 */
#ifndef OPEN382_PULSE_INPUT_H
#define OPEN382_PULSE_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#define PULSE_INPUT_DIVISOR_MIN 100u /**< thousandths */
#define PULSE_INPUT_DIVISOR_MAX 1000000u
#define PULSE_INPUT_DIVISOR     1000u /**< as delivered: a unit a pulse */

struct pulse_input {
    uint32_t divisor_milli; /**< pulses per unit, thousandths */
    uint32_t units;         /**< the register; a client may set it */
    uint32_t rest_milli;    /**< thousandths of a pulse that are not in it yet, below the divisor */
    uint64_t pulses;        /**< ever counted */
};

void pulse_input_begin(struct pulse_input *input);
bool pulse_input_good(const struct pulse_input *input);
void pulse_input_count(struct pulse_input *input);
/** Another divisor; the share of a unit that is not in the register yet stays the same, rounded
 *  down.  @return false: out of range, nothing changed */
bool pulse_input_scale(struct pulse_input *input, uint32_t divisor_milli);
/** The register is set to what the other meter shows. */
void pulse_input_set(struct pulse_input *input, uint32_t units);

#endif
