/** A meter's clock over DLMS (class 8): look, set, against the clock of this computer. */
#ifndef OPEN382_DLMS_CLOCK_H
#define OPEN382_DLMS_CLOCK_H

#include "tool.h"

/** clock get | set TIME | sync.  The line is open.  Complains itself. */
enum tool_exit dlms_clock(struct tool *tool, int n_arguments, char **arguments);

#endif
