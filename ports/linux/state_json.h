/**
 * What the front panel shows, as one JSON object (docs/panel-api.md).
 */
#ifndef OPEN382_LINUX_STATE_JSON_H
#define OPEN382_LINUX_STATE_JSON_H

#include <stddef.h>

struct run;

/** @return heap text for the caller to free, *length set; NULL: no memory. */
char *state_json(struct run *run, size_t *length);

#endif
