/** Records of a meter's loggers over IEC 62056-21 (R6), as their header says what they hold. */
#ifndef OPEN382_IEC_RECORDS_H
#define OPEN382_IEC_RECORDS_H

#include "../lib/event_words.h"
#include "tool.h"

/**
 * Export, with --from, --to and --output.  Complains itself.
 * @param code  of the logger: "99.1.0"
 * @param name  for messages: "profile"
 */
enum tool_exit iec_records_export(struct tool *tool, const char *code, const char *name);

/**
 * The same of an event log, in words: where a meter tells an event as this project's does (hours,
 * event, the record's own bytes); otherwise as its columns are.
 */
enum tool_exit iec_events_export(struct tool *tool, const struct event_kind *kind);

#endif
