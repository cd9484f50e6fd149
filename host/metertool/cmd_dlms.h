/** The parts of metertool dlms that have a file of their own. */
#ifndef OPEN382_CMD_DLMS_H
#define OPEN382_CMD_DLMS_H

#include "tool.h"

/* Behind "dlms"; complain themselves. */
enum tool_exit dlms_command_dump(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit dlms_command_image(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit dlms_command_keys(struct tool *tool, int n_arguments, char **arguments);
enum tool_exit dlms_command_listen(struct tool *tool, int n_arguments, char **arguments);

/** "8/0-0:1.0.0.255:2", "0-0:1.0.0.255:2", "1.0.0" (attribute 2): class, code and member; the class
 *  is looked up in the list of objects when it is not named.  Complains itself. */
enum tool_exit dlms_member_parse(struct tool *tool, const char *text, int8_t usual,
                                 struct dlms_descriptor *out);

#endif
