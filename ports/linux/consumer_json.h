/** The customer ports that push, for the panel. */
#ifndef OPEN382_LINUX_CONSUMER_JSON_H
#define OPEN382_LINUX_CONSUMER_JSON_H

#include <jansson.h>

struct run;

/** One object for each --consumer.  Documented in docs/meter382.md. */
json_t *consumer_json(const struct run *run);

#endif
