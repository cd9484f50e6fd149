/** metertool quality limits [NAME=VALUE ...]. */
#ifndef OPEN382_QUALITY_LIMITS_TOOL_H
#define OPEN382_QUALITY_LIMITS_TOOL_H

#include "tool.h"

/**
 * Set limits of the voltage quality, all that are named or none, in an order that the meter takes;
 * then show all.  Complains itself.
 */
enum tool_exit quality_limits(struct tool *tool, int n_arguments, char **arguments);

#endif
