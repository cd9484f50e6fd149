/** The breaker and the house behind it, for the panel. */
#ifndef OPEN382_LINUX_BREAKER_JSON_H
#define OPEN382_LINUX_BREAKER_JSON_H

#include <jansson.h>

#include "site.h"

/** null: no breaker fitted.  Documented in docs/meter382.md. */
json_t *breaker_json(const struct site *site);

#endif
