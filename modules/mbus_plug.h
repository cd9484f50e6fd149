/**
 * The wired M-Bus module (mbus_module.h) as a module that can be plugged: each master has a line of
 * its own, the module is one.  Articles 68 50 005 and, for a 382M, 68 50 068.
 */
#ifndef OPEN382_MODULES_MBUS_PLUG_H
#define OPEN382_MODULES_MBUS_PLUG_H

#include "module.h"

extern const struct module_type mbus_module_type;

#endif
