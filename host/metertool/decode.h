/**
 * What metertool decode's telegrams have in common.
 */
#ifndef OPEN382_DECODE_H
#define OPEN382_DECODE_H

#include "../../proto/common/reader.h"
#include "../lib/radio_decoder.h"
#include "tool.h"

/** Records as lines of a table or of CSV, to the end.  Complains itself. */
enum tool_exit decode_records(const struct tool *tool, struct reader *r);

#define RADIO_ERROR_MAX 256u

/** Who sent it and how, without the end of the line. */
void radio_print_head(const struct radio_telegram *telegram);
/** The members of its JSON object, from the manufacturer to the records.  @return MBUS_OK, or what
 *  is wrong with a record. */
int radio_json(struct writer *w, struct radio_telegram *telegram);
/** Why it could not be opened. */
void radio_error_text(const struct radio_telegram *telegram, int result, char *text, size_t n_text);

/** listen wmbus. */
enum tool_exit listen_wmbus(struct tool *tool, int n_arguments, char **arguments);

/** A radio telegram, as logged or as on the air. */
enum tool_exit decode_wmbus(struct tool *tool, const uint8_t *octets, size_t n_octets);

#endif
