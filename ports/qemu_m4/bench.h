/** Instructions per second of metering, measured on the image itself. */
#ifndef OPEN382_QEMU_BENCH_H
#define OPEN382_QEMU_BENCH_H

#include "timer.h"

/**
 * Prints lines "bench NAME N instructions/s" for: the three sample kernels; everything from frame
 * to register, memory and display.  True under `-icount shift=0`, where one instruction takes one
 * nanosecond of the machine's time and the timer counts every fortieth.
 */
void bench_run(struct timer *timer);

#endif
