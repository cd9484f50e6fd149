/**
 * Where exported records go: standard output, or a file that an export goes on with.
 *
 * A file holds whole records only: one a line, CSV under a heading, or a JSON array.  What stands
 * behind the last complete record (of an export that was broken off) is cut off before anything is
 * added.
 */
#ifndef OPEN382_EXPORT_FILE_H
#define OPEN382_EXPORT_FILE_H

#include "tool.h"

#define EXPORT_LINE_MAX 1024u

struct export_file {
    FILE *out;
    const char *path;              /**< NULL: standard output */
    enum tool_format format;       /**< a file is CSV or JSON */
    char heading[EXPORT_LINE_MAX]; /**< of the file; "" : none yet */
    char last[EXPORT_LINE_MAX];    /**< last record that the file held; "" : none */
    unsigned long n_found, n_written;
};

/** Open what the options name.  Complains itself: not writable, or not a file of this kind. */
enum tool_exit export_open(struct export_file *file, const struct tool_options *options);

/** Number and time of the last record that the file held.  @return false: there is none. */
bool export_last(const struct export_file *file, uint16_t *id, char stamp[20]);

/** First line of a CSV or a table.  Complains when the file has another. */
enum tool_exit export_heading(struct export_file *file, const char *line);

/** One record: a line of CSV, a JSON object on one line, or a line of a table. */
void export_record(struct export_file *file, const char *line);

/** Complete and close; keeps what was written even when result is bad.  Complains when that fails.
 *  @return result, or EXIT_METER. */
enum tool_exit export_close(struct export_file *file, enum tool_exit result);

#endif
