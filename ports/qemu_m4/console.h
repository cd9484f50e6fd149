/**
 * The console on UART 1: prints the registers once a second, and obeys single lines:
 *   status   registers, health and memory use
 *   golden   run the fixed signal through the sample kernel; prints the CRC of its frames
 *   bench    instructions per second of metering (start QEMU with -icount shift=0 for true counts)
 */
#ifndef OPEN382_QEMU_CONSOLE_H
#define OPEN382_QEMU_CONSOLE_H

#include "board.h"

#define CONSOLE_LINE_BYTES 32u

struct console {
    char line[CONSOLE_LINE_BYTES];
    uint32_t length;
    int64_t next_us; /**< of the next print */
};

void console_start(struct console *console, const struct meter *meter, uint32_t start_number);
void console_step(struct console *console, const struct meter *meter, struct timer *timer);

/** One line of text, "name number unit". */
void console_print(const char *name, uint64_t number, const char *unit);

#endif
