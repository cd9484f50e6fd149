/** The analysis logger within the meter: its samples, instants and memory.  Private to app/meter.
 */
#ifndef OPEN382_METER_ANALYSIS_H
#define OPEN382_METER_ANALYSIS_H

#include "meter.h"

/** At the meter's start, after the variant and before the load profile. */
void meter_analysis_start(struct meter *meter);
/** Supply is back and the clock is right: fill what was missed. */
void meter_analysis_power_up(struct meter *meter);
/** When meter_analysis_step has something to do. */
int64_t meter_analysis_next_us(const struct meter *meter);
/** What is due at meter->now_us. */
void meter_analysis_step(struct meter *meter);
/** When it wants to be called, at the latest; INT64_MAX: not before something happens. */
int64_t meter_analysis_wake(const struct meter *meter);
/** The memory has answered: look for the records again if they could not be read. */
void meter_analysis_retry(struct meter *meter);
/** A record or the set-up could not be read or stored. */
bool meter_analysis_fault(const struct meter *meter);
/** Bytes of the logger memory that are the load profile's. */
uint32_t meter_profile_bytes(const struct meter *meter);

#endif
