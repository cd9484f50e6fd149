/** metertool quality limits [NAME=VALUE ...]. */
#ifndef OPEN382_QUALITY_LIMITS_TOOL_H
#define OPEN382_QUALITY_LIMITS_TOOL_H

#include "tool.h"

#define QUALITY_LIMIT_ROWS_MAX 16u

/** A limit as it is named, and the register that holds it in steps of its last decimal. */
struct quality_limit_row {
    const char *name, *meaning, *unit;
    uint16_t kmp_id;
    uint8_t kmp_unit, decimals;
};

extern const struct quality_limit_row quality_limit_rows[];
extern const size_t quality_limit_rows_length;

/** "207.5" with at most so many decimals, as a number of steps.  @return false: it is none. */
bool quality_limit_steps(const char *text, unsigned decimals, int64_t *steps);

/**
 * Set limits of the voltage quality, all that are named or none, in an order that the meter takes;
 * then show all.  Complains itself.
 */
enum tool_exit quality_limits(struct tool *tool, int n_arguments, char **arguments);

#endif
