/** The debiting logs, for the panel. */
#ifndef OPEN382_LINUX_BILLING_JSON_H
#define OPEN382_LINUX_BILLING_JSON_H

#include <stddef.h>

#include "app/meter/meter.h"

/**
 * One line: {"columns":[{"code":"1.8.0","name":"Active energy A+","unit":"kWh"}, ...],"periods":
 * [{"id":3,"utc":..,"time":"2026-12-01T00:00:00","valid":true,"cause":"date"|"command","hours":720,
 * "values":[..],"times":[null,..]}, ...],"second":[the same without a cause]}, newest first.
 * columns are the registers of a debiting stop that this meter has, values what they were, times
 * when a peak was (the meter's local time), null for what is no peak.  A record that can't be read
 * is left out; second has null where log 2 does not hold a register.
 * @return heap text for the caller to free, *length set; NULL: no memory.
 */
char *billing_json(const struct meter *meter, size_t *length);

#endif
