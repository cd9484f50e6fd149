/** The event logs of the meter in words, for the panel. */
#ifndef OPEN382_LINUX_EVENTS_JSON_H
#define OPEN382_LINUX_EVENTS_JSON_H

#include <stddef.h>

#include "app/meter/meter.h"

/**
 * One line: {"logs":[{"name":"status","depth":200,"newest":12,"read":10}, ...],"events":[{"log":
 * "status","id":12,"utc":1796212800,"time":"2026-12-02T13:00:00","valid":true,"hours":99,"code":4,
 * "text":"magnet"}, ...]}, log after log, each newest first.  time is the meter's local time; read
 * is the newest record that a client has confirmed to have read.  A record that can't be read is
 * left out.  The debiting logs are not events: billing_json.h.
 * @return heap text for the caller to free, *length set; NULL: no memory.
 */
char *events_json(const struct meter *meter, size_t *length);

#endif
