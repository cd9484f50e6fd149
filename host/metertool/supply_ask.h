/** Before something is done to a supply (ENV-12). */
#ifndef OPEN382_SUPPLY_ASK_H
#define OPEN382_SUPPLY_ASK_H

#include "tool.h"

/** Print what has to be said, and without --yes ask; a program that has no --yes is told so. */
enum tool_exit agreed_after(const struct tool *tool, const char *said, const char *question);

/**
 * The same with the breaker's warning.
 * @param closes    it may close a breaker
 * @param question  "Open the breaker? [y/N] "
 */
enum tool_exit supply_agreed(const struct tool *tool, bool closes, const char *question);

#endif
