/** Voltage quality within the meter: gains, angles, clock.  Private to app/meter. */
#ifndef OPEN382_METER_QUALITY_H
#define OPEN382_METER_QUALITY_H

#include "meter.h"

/** At the meter's start, after variant, clock and legal part. */
void meter_quality_start(struct meter *meter);
/** What is due at meter->now_us. */
void meter_quality_step(struct meter *meter);

#endif
