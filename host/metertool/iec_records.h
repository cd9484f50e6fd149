/** Records of a meter's loggers over IEC 62056-21 (R6), as their header says what they hold. */
#ifndef OPEN382_IEC_RECORDS_H
#define OPEN382_IEC_RECORDS_H

#include "tool.h"

/**
 * Export, with --from, --to and --output.  Complains itself.
 * @param code  of the logger: "99.1.0"
 * @param name  for messages: "profile"
 */
enum tool_exit iec_records_export(struct tool *tool, const char *code, const char *name);

#endif
