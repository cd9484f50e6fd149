/**
 * M-Bus messages as text: JSON and CSV, into the caller's buffer.
 *
 * Values are exact decimal numbers in the unit without a prefix (kWh come out as Wh), never in
 * exponent form for integers.  Keys that say nothing are left out: storage, tariff and subunit 0,
 * function "instant".
 */
#ifndef OPEN382_MBUS_TEXT_H
#define OPEN382_MBUS_TEXT_H

#include "mbus_record.h"

/** A message of 252 octets has at most this much JSON. */
#define MBUS_JSON_MAX 32768u

/**
 * {"manufacturer":"KAM","id":"14839120",...,"records":[...]} with every record.  A record that does
 * not fit its message ends the list and adds "error".
 * @param frame long frame with CI 72, 78 or 7A, not encrypted
 * @return MBUS_OK; MBUS_ERR_FORMAT (other CI), MBUS_ERR_LENGTH, MBUS_ERR_CIPHERED, MBUS_ERR_SPACE.
 */
int mbus_json_frame(struct writer *w, const struct mbus_frame *frame);
/** The keys of a header, each with a comma behind it. */
void mbus_json_header(struct writer *w, const struct mbus_header *header);
void mbus_json_identity(struct writer *w, const struct mbus_identity *identity);
/** [ ... ] of all records that r holds.  @return MBUS_OK or MBUS_ERR_FORMAT (list is closed). */
int mbus_json_records(struct writer *w, struct reader *r);
/** One record as an object. */
void mbus_json_record(struct writer *w, const struct mbus_record *record);

/** Heading of mbus_csv_record, without a line end. */
extern const char mbus_csv_heading[];
/** One line, without its end. */
void mbus_csv_record(struct writer *w, const struct mbus_record *record);

/** The value alone: number, "2011-01-05T15:26", text; texts and dates without quotation marks. */
void mbus_value_text(struct writer *w, const struct mbus_record *record);
const char *mbus_function_text(uint8_t function);
const char *mbus_place_text(uint8_t place);
const char *mbus_direction_text(uint8_t direction);

#endif
