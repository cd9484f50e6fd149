/** Voltage quality within the meter: gains, angles, clock, memory, limits. */
#ifndef OPEN382_METER_QUALITY_H
#define OPEN382_METER_QUALITY_H

#include "../quality/quality_limits.h"
#include "meter.h"

/** At the meter's start, after variant, clock and legal part. */
void meter_quality_start(struct meter *meter);
/** What is due at meter->now_us. */
void meter_quality_step(struct meter *meter);
/** Store the weekly counts.  What can't be stored shows as STATUS_EEPROM. */
void meter_quality_store(struct meter *meter);

/**
 * A client sets one limit (EVT-08).  The change is put into the audit log first, with kmp_id as its
 * code, then stored; it holds when this returns METER_OK.  A limit that stays as it is leaves no
 * trace.
 * @retval METER_ERR_RANGE    not sound by itself or with the others: nothing changed.
 * @retval METER_ERR_STORAGE  log or memory failed: nothing changed; where the log took the change,
 *                            it takes the way back too.
 */
enum meter_err meter_quality_limit_set(struct meter *meter, uint16_t kmp_id,
                                       enum quality_limit limit, int64_t value);

#endif
