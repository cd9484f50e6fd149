/**
 * Registers F4xx: how the clock is set up, written by a client (docs/clock.md).  Source: TAR-10,
 * X-TAR-2.
 */
#ifndef OPEN382_OPTICAL_CLOCK_H
#define OPEN382_OPTICAL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct meter;

/** @return false: none of them, or a value that the meter does not take; nothing changed. */
bool optical_clock_write(struct meter *meter, uint16_t kmp_id, int64_t number);

#endif
