/** Before something is changed in a meter. */
#ifndef OPEN382_CONFIG_ASK_H
#define OPEN382_CONFIG_ASK_H

#include "tool.h"

/** Without --yes a person must say yes; a program that has no --yes is told so. */
enum tool_exit config_agreed(const struct tool *tool);

#endif
