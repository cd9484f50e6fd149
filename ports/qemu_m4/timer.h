/** Time since reset, from the board's first timer; and the wake-up from sleep each millisecond. */
#ifndef OPEN382_QEMU_TIMER_H
#define OPEN382_QEMU_TIMER_H

#include <stdint.h>

struct timer {
    uint32_t last;  /**< counter at the last look */
    uint64_t ticks; /**< since timer_start */
};

void timer_start(struct timer *timer);
/** Must be asked at least every 171 s, when the counter wraps. */
uint64_t timer_ticks(struct timer *timer);
int64_t timer_us(struct timer *timer);
/** Sleep until something happens, one millisecond at most. */
void timer_sleep(void);

#endif
