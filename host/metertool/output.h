/** Readings on standard output: aligned table, JSON, CSV. */
#ifndef OPEN382_OUTPUT_H
#define OPEN382_OUTPUT_H

#include <jansson.h>

#include "tool.h"

/** Aligned columns: code, KMP id, name, value, unit. */
void output_table(const struct readings *readings);
/** One object, keyed by short code ("0x0415" where there is none). */
void output_json(const struct readings *readings);
/** Header line and one line per reading. */
void output_csv(const struct readings *readings);
/** The one that the options name. */
void output_readings(const struct tool *tool);

/** {"value": 6753.3242, "unit": "kWh", ...}; numbers also as whole mantissa and exponent. */
json_t *output_json_reading(const struct reading *reading);
/** Key of a reading in JSON. */
void output_key(const struct reading *reading, char *key, size_t n_key);

#endif
