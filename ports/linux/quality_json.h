/** The voltage quality and what happened to the voltage last, for the panel. */
#ifndef OPEN382_LINUX_QUALITY_JSON_H
#define OPEN382_LINUX_QUALITY_JSON_H

#include <stddef.h>

#include "app/meter/meter.h"

/**
 * One line: {"frequency":50.0,"u2":0.1,"u0":0.1,"flagged":false,"limits":[0.2, ...],
 * "phases":[{"number":1,"low":229.9,"high":230.1,"day_low":..,"day_high":..,"mean_10min":..,
 * "thd_u":1.2,"thd_i":3.4,"harmonics_u":[order 2, .. 40],"harmonics_i":[...]}, ...],
 * "events":[{"kind":1,"edge":0,"phases":[1],"at":"2027-01-04T12:00:00.000Z","duration_ms":50,
 * "extreme":92.0}, ...]}.  Volts, hertz and percent; null: not known yet.  limits are those of EN
 * 50160 for orders 2 .. 40 of the voltage, 0: none.  harmonics are [] without a fundamental. events
 * are the newest of the log, newest first.
 * @return heap text for the caller to free, *length set; NULL: no memory.
 */
char *quality_json(const struct meter *meter, size_t *length);

#endif
