/** Settings over IEC 62056-21: those that have an object there, 131.0.1 to 131.0.17. */
#ifndef OPEN382_CONFIG_IEC_H
#define OPEN382_CONFIG_IEC_H

#include "config_document.h"
#include "tool.h"

/** Name of the list that user data 2 reads out (131.0.17), which is in no document. */
#define CONFIG_READOUT "iec-readout"

/** Print them, --json as an object.  names: only these.  Complains itself. */
enum tool_exit config_iec_show(struct tool *tool, int n_names, char **names);

/**
 * NAME=VALUE ...: looked at first, all of them; then written one by one and read back.  What is
 * already so is left alone.  Complains itself.
 */
enum tool_exit config_iec_set(struct tool *tool, int n_arguments, char **arguments);

#endif
