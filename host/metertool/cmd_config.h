/** The actions of metertool config; dispatched by cmd_config.c. */
#ifndef OPEN382_CMD_CONFIG_H
#define OPEN382_CMD_CONFIG_H

#include "tool.h"

/** Explain an order number with its configurations, or make one (--make). */
enum tool_exit config_order_number(struct tool *tool, int n_arguments, char **arguments);

#endif
