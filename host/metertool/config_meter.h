/** The configuration of a meter of this project, read over KMP; and changes to it as a bundle. */
#ifndef OPEN382_CONFIG_METER_H
#define OPEN382_CONFIG_METER_H

#include "../../proto/kmp/kmp_bundle.h"
#include "config_document.h"

/** Data of an answer after DEST and CID; failed: complained. */
struct reader config_ask(struct tool *tool, uint8_t cid, const struct writer *data);

/** Read everything that a document holds.  Complains itself. */
enum tool_exit config_meter_read(struct tool *tool, struct config_document *document);

/** "The last change was interrupted ...": what the meter says of its last start; "" : nothing. */
enum tool_exit config_meter_outcome(struct tool *tool, const char **text);

/**
 * Make the changes that lead from `now` to `wanted`, all of them or none.  Complains itself; does
 * not read back.
 * @param unsure  the commit was sent and not answered: reading tells whether it holds
 */
enum tool_exit config_meter_write(struct tool *tool, const struct config_document *wanted,
                                  const struct config_document *now, bool *unsure);

#endif
