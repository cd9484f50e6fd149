/**
 * Serial devices: opened raw, at the speed that a module asks for.
 */
#ifndef OPEN382_LINUX_MODULE_SERIAL_H
#define OPEN382_LINUX_MODULE_SERIAL_H

#include "modules/module.h"
#include "problem.h"

/** Non-blocking, 9600 8N1.  @return file descriptor, or -1 and *problem */
int module_serial_open(const char *option, const char *path, struct problem *problem);
/** @return 0, or -1: the device has no such speed; it stays as it was */
int module_serial_speed(int fd, const struct module_speed *speed);

#endif
