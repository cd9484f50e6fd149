/**
 * Every register of the meter as one JSON object, keyed by the short OBIS code.
 */
#ifndef OPEN382_LINUX_REGISTERS_JSON_H
#define OPEN382_LINUX_REGISTERS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct meter;

#define DECIMAL_TEXT_MAX 64

/** Write number * 10^exponent without rounding: "941.480012345".  out: DECIMAL_TEXT_MAX bytes. */
void decimal_format(int64_t number, int exponent, char *out);

/**
 * {"1.8.0":{"value":12.3456,"unit":"kWh","obis":"1-1:1.8.0.255"}, ...}, one line.  Numbers at the
 * meter's full internal resolution; dates and texts as strings.  Registers without a short code
 * have their KMP number as the key: "kmp:1001".
 * @param with_names  each register also tells its "name".
 * @return heap text for the caller to free, *length set; NULL: no memory.
 */
char *registers_json(const struct meter *meter, bool with_names, size_t *length);

#endif
