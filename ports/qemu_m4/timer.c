#include "timer.h"

#include "machine.h"

#define TICKS_PER_US (MACHINE_CLOCK_HZ / 1000000u)

struct cmsdk_timer {
    volatile uint32_t control, value, reload, interrupt;
};

static struct cmsdk_timer *hardware(void)
{
    return (struct cmsdk_timer *)(uintptr_t)MACHINE_TIMER0;
}

void timer_start(struct timer *timer)
{
    hardware()->reload = UINT32_MAX;
    hardware()->value = UINT32_MAX;
    hardware()->control = 1u;
    timer->last = hardware()->value;
    timer->ticks = 0;

    *MACHINE_SYSTICK_RELOAD = MACHINE_CLOCK_HZ / 1000u - 1u;
    *MACHINE_SYSTICK_VALUE = 0;
    *MACHINE_SYSTICK_CONTROL = 7u; /* processor clock, interrupt, on */
}

uint64_t timer_ticks(struct timer *timer)
{
    uint32_t now = hardware()->value;
    timer->ticks += timer->last - now; /* counts down */
    timer->last = now;
    return timer->ticks;
}

int64_t timer_us(struct timer *timer)
{
    return (int64_t)(timer_ticks(timer) / TICKS_PER_US);
}

void timer_sleep(void)
{
    __asm__ volatile("wfi");
}
