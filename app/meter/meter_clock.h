/**
 * The meter's clock and the RTC of its board: reading it back, following it, setting and trimming
 * it.
 *
 * What happens when, and why: docs/clock.md.  Source: TAR-09..14, EVT-06, EVT-12, spec answers B7.
 */
#ifndef OPEN382_METER_CLOCK_H
#define OPEN382_METER_CLOCK_H

#include "meter.h"

/** Power-up of the process: what the memory and the RTC know.  known_utc_s and known_valid: of the
 * last record.  After the logs and the load profile. */
void meter_clock_begin(struct meter *meter, int64_t known_utc_s, bool known_valid);

/** Supply is back: the RTC's time, or else the last one known, which then counts on unproven. */
void meter_clock_supply_came(struct meter *meter);
void meter_clock_supply_went(struct meter *meter);

/** Compare with the RTC and trim it, when due.  @return whether the clock runs otherwise now. */
bool meter_clock_run(struct meter *meter);

/** See meter_clock_set.  @return false: no clock fitted, or outside its years. */
bool meter_clock_take(struct meter *meter, int64_t utc_s);

/**
 * Tell the legal part the time for the stamps of its audit trail.  It counts on by itself, but in
 * whole seconds from there: told before each step, a stamp is what the clock says.
 */
void meter_clock_trail(struct meter *meter);

#endif
