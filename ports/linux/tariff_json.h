/** The tariff and the week around it, for the panel. */
#ifndef OPEN382_LINUX_TARIFF_JSON_H
#define OPEN382_LINUX_TARIFF_JSON_H

#include <stddef.h>

#include "app/meter/meter.h"

/**
 * {"tariffs":8,"active":3,"source":"plan","plan":"Winter peak","days":[...]}, one line.  days are
 * the seven local days from this week's Monday on, [] without a plan or a clock that knows its
 * time:
 * {"date":"2027-01-04","type":"work","today":true,"at":[[0,3],[360,2], ...]}, minutes and tariffs.
 * @return heap text for the caller to free, *length set; NULL: no memory.
 */
char *tariff_json(const struct meter *meter, size_t *length);

#endif
