/**
 * The alarms of a meter: looked for once a second while there is supply.
 * Source: SEC-07, EVT-01, EVT-02, X-EVT-5.
 */
#ifndef OPEN382_METER_ALARMS_H
#define OPEN382_METER_ALARMS_H

#include "meter.h"

/** Take up what the memory holds. */
void meter_alarms_begin(struct meter *meter);
/** Take the masks from the settings. */
void meter_alarms_configure(struct meter *meter);
/** Supply is there: the first look comes when all values are known. */
void meter_alarms_supply(struct meter *meter);
/** Look when it is time; call at least once a second. */
void meter_alarms_step(struct meter *meter);

/** Bits raised and not cleared; what the variant does not have is 0. */
uint32_t meter_alarms_raised(const struct meter *meter, enum alarm_kind kind);
/**
 * Clear bits.  A cause that still holds raises no new alarm before it has gone and come again.
 * @retval METER_ERR_STORAGE  the memory has not taken it: nothing changed
 */
enum meter_err meter_alarms_clear(struct meter *meter, enum alarm_kind kind, uint32_t bits);

#endif
