/**
 * DLMS data as people read and write it, and as JSON.
 *
 * Text of one value: numbers as digits, strings in quotes where they have blanks, times as
 * "2026-11-21 09:00:00", six octets that are an OBIS code as that, other octets in hex; arrays
 * "[a, b]", structures "{a, b}", nothing "-".
 */
#ifndef OPEN382_DLMS_TEXT_H
#define OPEN382_DLMS_TEXT_H

#include <jansson.h>

#include "../../proto/dlms/dlms_data.h"
#include "../../proto/dlms/dlms_time.h"

/** "2026-11-21 09:00:00", "....-..-.." with "**" for what is not specified.  Marks "(not valid)".
 */
void dlms_time_text(const struct dlms_time *time, char *text, size_t n_text);

/** One simple value, or the kind of an array or structure. */
void dlms_value_text(const struct dlms_value *value, char *text, size_t n_text);

/** Whole Data in one line; ends in "..." when it is longer than the text.  @return false: malformed
 *  (what could be read stands there). */
bool dlms_data_text(struct reader data, char *text, size_t n_text);

/** Whole Data, or NULL: malformed.  Numbers, strings, arrays; octets as the text of them. */
json_t *dlms_data_json(struct reader data);

/**
 * A whole number, whatever integer type or enumeration it has; with floats, the number times
 * 10^exponent.  @return false: no number.
 */
bool dlms_value_number(const struct dlms_value *value, int64_t *mantissa, int *exponent);

/**
 * Data from text: TYPE:VALUE with the types null, bool, bits, i8, i16, i32, i64, u8, u16, u32, u64,
 * enum, float, hex (octets), text (octets), visible, utf8, obis and time; "[a,
 * b]" arrays, "{a, b}" structures.  @return NULL, or what was expected and where.
 */
const char *dlms_data_parse(const char *text, struct writer *out);

/** "long-unsigned" and so on. */
const char *dlms_type_name(uint8_t type);

#endif
