/**
 * The data lines of an IEC 62056-21 read-out, as each generation prints them.  Internal to
 * app/optical.
 */
#ifndef OPEN382_OPTICAL_LINES_H
#define OPEN382_OPTICAL_LINES_H

#include <stdbool.h>

#include "../../proto/common/writer.h"

struct meter;

struct register_def;

/**
 * Data line number line without CR LF.
 * @param first  user data 1 of generation M, not user data 2; B to L have one list
 * @return false: the block ends here
 */
bool optical_data_line(const struct meter *meter, bool first, unsigned line, struct writer *out);

/** The registers that user data 2 (B to L: their one list) reads out.  @return their number */
unsigned optical_list(const struct meter *meter, const struct register_def **defs, unsigned max);

/** One register that the meter has, as a line of its own. */
void optical_register_line(const struct meter *meter, const struct register_def *def,
                           struct writer *out);

/** The unit behind a value; "" : none. */
const char *optical_unit(const struct meter *meter, const struct register_def *def);

#endif
