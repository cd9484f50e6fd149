/**
 * LED and S0 pulses from one counter (LCO-04, LCO-12).
 *
 * The energy of a window is spread evenly over the window after it: pulse k begins where the
 * straight line from the register's old value to its new one passes k times the pulse value.  The
 * remainder below a pulse is the register's own, so nothing accumulates and nothing is lost:
 *     emitted + pending == floor(register / pulse value), always.
 * A pulse lasts its 30 ms; the pause shrinks when it must, but never below 12 ms.  23.8 pulses a
 * second fit (85.7 kW); what is due earlier waits, in the count, without limit.
 */
#ifndef OPEN382_LEGAL_PULSES_H
#define OPEN382_LEGAL_PULSES_H

#include <stdbool.h>
#include <stdint.h>

#include "legal_port.h"

#define PULSE_PAUSE_MIN_US 12000

struct pulses {
    uint64_t emitted;   /**< since the memory was blank */
    uint64_t value_uwh; /**< energy of one pulse */
    uint64_t next_uwh;  /**< register value at which the next pulse falls due */
    uint64_t from_uwh;  /**< register at the start of the line */
    uint64_t to_uwh;    /**< register at its end: the present value */
    int64_t from_us;
    uint32_t span_us;
    uint32_t width_us;
    int64_t off_us; /**< end of the pulse begun last */
    bool lit;
    bool begin_known; /**< begin_us is where the next pulse begins: nothing has changed since */
    int64_t begin_us;
};

void pulses_start(struct pulses *pulses, uint64_t value_uwh, uint32_t width_us, uint64_t emitted,
                  uint64_t register_uwh, int64_t now_us);

/** The register has reached register_uwh at now_us: spread the difference over the next span_us. */
void pulses_spread(struct pulses *pulses, uint64_t register_uwh, int64_t now_us, uint32_t span_us);

/**
 * Deliver the edges due until now_us.
 * @param begin  false: end the pulse that is lit, begin no other (the meter is stopped)
 * @return instant of the next edge; INT64_MAX: none due.
 */
int64_t pulses_run(struct pulses *pulses, const struct legal_port *port, int64_t now_us,
                   bool begin);

/** Pulses due and not yet begun. */
uint64_t pulses_pending(const struct pulses *pulses);

#endif
