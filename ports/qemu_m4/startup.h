/** What the start-up code offers the rest of the image. */
#ifndef OPEN382_QEMU_STARTUP_H
#define OPEN382_QEMU_STARTUP_H

#include <stdbool.h>
#include <stdint.h>

/** Deepest use of the stack since reset: how far its paint is gone. */
uint32_t stack_used_bytes(void);

/** The test of RAM before anything was there has found a bad word. */
bool ram_is_bad(void);

/** Sleeps for ever. */
void halt(void);

#endif
