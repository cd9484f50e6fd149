/**
 * From reset to main: stack paint, .data, .bss, vectors.  ARMv7-M, vectors of the MPS2 board.
 */
#include "startup.h"

#include <stdint.h>

#include "app/meter/ram_march.h"
#include "uart.h"

#define STACK_PAINT UINT32_C(0xC5C5C5C5)

extern uint32_t data_begin[], data_end[], bss_begin[], bss_end[], stack_begin[], stack_end[];
extern uint32_t stack_paint_end[]; /* above it is the stack in use while the rest is painted */
extern const uint32_t data_image[];

int main(void);
void reset_handler(void);

static void fill(uint32_t *from, const uint32_t *to, uint32_t word)
{
    while (from < to) {
        *(volatile uint32_t *)from++ = word;
    }
}

static uint32_t cell_load(void *context, uint32_t index)
{
    return ((volatile uint32_t *)context)[index];
}

static void cell_store(void *context, uint32_t index, uint32_t word)
{
    ((volatile uint32_t *)context)[index] = word;
}

static bool ram_bad;

bool ram_is_bad(void)
{
    return ram_bad;
}

/* All of it but what this program stands on while it asks. */
static bool ram_test(void)
{
    const struct ram_cells cells = {data_begin, cell_load, cell_store};
    const uint32_t n = (uint32_t)(stack_paint_end - data_begin);
    return ram_march(&cells, n) < n;
}

void reset_handler(void)
{
    const uint32_t *image = data_image;
    const bool bad = ram_test();
    for (uint32_t *at = data_begin; at < data_end; at++) {
        *(volatile uint32_t *)at = *image++;
    }
    fill(bss_begin, bss_end, 0);
    fill(stack_begin, stack_paint_end, STACK_PAINT);
    ram_bad = bad;
    (void)main();
    halt();
}

uint32_t stack_used_bytes(void)
{
    const uint32_t *at = stack_begin;
    while (at < stack_end && *at == STACK_PAINT) {
        at++;
    }
    return (uint32_t)(stack_end - at) * (uint32_t)sizeof *at;
}

/** A fault or the end of main: stay here; from outside, nothing answers any more. */
void halt(void)
{
    for (;;) {
        __asm__ volatile("wfi");
    }
}

/** SysTick only wakes the processor from its sleep; time comes from a timer. */
static void wake_isr(void)
{
}

#define VECTORS   (16 + 32)
#define IRQ_UART0 16 /* receive of the first UART; each has two, receive and transmit */
#define IRQ_UART1 18

typedef void (*vector)(void);

/* Source: ARMv7-M Architecture Reference Manual B1.5.3; Arm AN386, table of interrupts. */
__attribute__((section(".vectors"), used)) static const vector vectors[VECTORS] = {
    [0] = (vector)(uintptr_t)stack_end,
    [1] = reset_handler,
    [2] = halt, /* NMI */
    [3] = halt, /* hard fault */
    [4] = halt, /* memory management */
    [5] = halt, /* bus fault */
    [6] = halt, /* usage fault */
    [11] = halt,
    [14] = halt,
    [15] = wake_isr,
    [IRQ_UART0] = uart_optical_isr,
    [IRQ_UART1] = uart_console_isr,
};
