/** metertool prepay over DLMS: account, credits and token gateway of management
 * (docs/prepayment.md). */
#ifndef OPEN382_PREPAY_DLMS_H
#define OPEN382_PREPAY_DLMS_H

#include "tool.h"

/** "show", "load", "set", "token", "on" or "off" and what stands behind it; other words need KMP.
 *  Complains itself. */
enum tool_exit prepay_dlms(struct tool *tool, const char *word, int n_arguments, char **arguments);

#endif
