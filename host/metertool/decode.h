/**
 * What metertool decode's telegrams have in common.
 */
#ifndef OPEN382_DECODE_H
#define OPEN382_DECODE_H

#include "../../proto/common/reader.h"
#include "tool.h"

/** Records as lines of a table or of CSV, to the end.  Complains itself. */
enum tool_exit decode_records(const struct tool *tool, struct reader *r);

/** A radio telegram, as logged or as on the air. */
enum tool_exit decode_wmbus(struct tool *tool, const uint8_t *octets, size_t n_octets);

#endif
