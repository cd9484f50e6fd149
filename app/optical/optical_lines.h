/**
 * The data lines of an IEC 62056-21 read-out, as each generation prints them.  Internal to
 * app/optical.
 */
#ifndef OPEN382_OPTICAL_LINES_H
#define OPEN382_OPTICAL_LINES_H

#include <stdbool.h>

#include "../../proto/common/writer.h"

struct meter;

/** Data line number line without CR LF.  @return false: the block ends here. */
bool optical_data_line(const struct meter *meter, unsigned line, struct writer *out);

#endif
