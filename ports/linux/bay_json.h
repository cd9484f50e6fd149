/**
 * The module bay for the panel: slots, what is in them, what could be plugged, the radio.
 */
#ifndef OPEN382_LINUX_BAY_JSON_H
#define OPEN382_LINUX_BAY_JSON_H

#include <jansson.h>

struct run;

json_t *bay_json(const struct run *run);

#endif
