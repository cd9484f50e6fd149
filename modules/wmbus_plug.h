/**
 * The wireless M-Bus module (wmbus_module.h) as a module that can be plugged:
 * article 68 50 064. It lives on wall time; its options are those of
 * wmbus_options.h.
 */
#ifndef OPEN382_MODULES_WMBUS_PLUG_H
#define OPEN382_MODULES_WMBUS_PLUG_H

#include "module.h"

/** Where in the module's memory its records stand: behind those of the wired
 * one, so that what is plugged into the slot in between takes no number back.
 */
#define WMBUS_PLUG_MEMORY_AT 128u

extern const struct module_type wmbus_module_type;

#endif
