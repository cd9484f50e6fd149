/** Before something is done to a supply (ENV-12). */
#ifndef OPEN382_SUPPLY_ASK_H
#define OPEN382_SUPPLY_ASK_H

#include "tool.h"

/**
 * Print the warning, and without --yes ask; a program that has no --yes is told so.
 * @param closes    it may close a breaker
 * @param question  "Open the breaker? [y/N] "
 */
enum tool_exit supply_agreed(const struct tool *tool, bool closes, const char *question);

#endif
