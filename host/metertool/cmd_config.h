/** The actions of metertool config; dispatched by cmd_config.c. */
#ifndef OPEN382_CMD_CONFIG_H
#define OPEN382_CMD_CONFIG_H

#include "tool.h"

/** Explain an order number with its configurations, or make one (--make). */
enum tool_exit config_order_number(struct tool *tool, int n_arguments, char **arguments);

/** The configuration of the meter, for people; --json: the document. */
enum tool_exit config_show(struct tool *tool, int n_arguments, char **arguments);
/** The same as a document in a file. */
enum tool_exit config_save(struct tool *tool, int n_arguments, char **arguments);
/** Is it a good document?  Without a meter. */
enum tool_exit config_check(struct tool *tool, int n_arguments, char **arguments);
/** What differs; EXIT_DIFFERENT: something. */
enum tool_exit config_differences(struct tool *tool, int n_arguments, char **arguments);
/** Bring a document into the meter, all of it or nothing, and read it back. */
enum tool_exit config_apply(struct tool *tool, int n_arguments, char **arguments);
/** NAME=VALUE ... likewise. */
enum tool_exit config_set(struct tool *tool, int n_arguments, char **arguments);

#endif
