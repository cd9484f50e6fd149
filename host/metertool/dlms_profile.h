/**
 * Profiles over DLMS (class 7): load profile, billing data, event logs; by range, row by row, with
 * the units of their columns.
 */
#ifndef OPEN382_DLMS_PROFILE_H
#define OPEN382_DLMS_PROFILE_H

#include "tool.h"

/** Which profiles a command means: codes with this group C, and D in this range. */
struct profile_choice {
    const char *command;
    uint8_t c, first_d, last_d;
};

/**
 * Export one profile, with --from, --to and --output.  code: its OBIS code or a part of it; NULL:
 * the only one of that choice, or their list.  Complains itself.
 */
enum tool_exit dlms_profile_export(struct tool *tool, const struct profile_choice *choice,
                                   const char *code);

#endif
