/** Acts of tampering, for the panel. */
#ifndef OPEN382_LINUX_TAMPER_JSON_H
#define OPEN382_LINUX_TAMPER_JSON_H

#include <jansson.h>

#include "app/meter/meter.h"

/** Acts with their words, whether each holds and has an alarm, how often, when last.  Documented in
 *  docs/meter382.md. */
json_t *tamper_json(const struct meter *meter);

#endif
