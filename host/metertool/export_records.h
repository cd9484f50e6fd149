/**
 * Records of a data logger over KMP, onto standard output or into a file: load profile, debiting
 * logs, analysis logger.
 */
#ifndef OPEN382_EXPORT_RECORDS_H
#define OPEN382_EXPORT_RECORDS_H

#include "tool.h"

#define EXPORT_COLUMNS_MAX 24u

/** What is asked of a log, besides the stamp. */
struct record_kind {
    const char *name;
    uint8_t log;
    uint8_t n_columns;
    uint16_t column[EXPORT_COLUMNS_MAX];
};

#define EXPORT_LOGGER_STATUS 1086u
#define EXPORT_DATA_QUALITY  1455u

/** --from and --to as "2026-02-01 12:00:00"; "": not given.  Complains itself.  @return false: not
 * times */
bool export_bounds(const struct tool_options *options, char from[20], char to[20]);

/** Export, with --from, --to and --output.  Complains itself. */
enum tool_exit export_records(struct tool *tool, const struct record_kind *kind);

/** The line broke while records were read: open it again, a few times.  @return false: gave up. */
bool export_reconnect(struct tool *tool);

/** Progress of an export on standard error, when that is a terminal and the records go elsewhere.
 */
struct export_progress {
    const char *name;
    int64_t began_ms, shown_ms;
};
void export_progress(struct export_progress *progress, const struct tool *tool, unsigned long done,
                     unsigned long total, bool last);

/** 14 bytes and less: heading of a column, short code of the register or a word. */
void export_column_name(uint16_t id, char text[24]);

#endif
