#include "uart.h"

#include <stdbool.h>

#include "machine.h"

#define QUEUE_BYTES 4096u /* a power of two */

struct cmsdk_uart {
    volatile uint32_t data, state, control, interrupt, divider;
};
#define STATE_TX_FULL        1u
#define STATE_RX_FULL        2u
#define CONTROL_TX           1u
#define CONTROL_RX           2u
#define CONTROL_RX_INTERRUPT 8u
#define INTERRUPT_RX         2u
#define DIVIDER              (MACHINE_CLOCK_HZ / 115200u)

struct queue {
    volatile uint32_t put, taken; /**< running counts; put - taken bytes are waiting */
    uint8_t bytes[QUEUE_BYTES];
};

/** Shared with the interrupts, hence here and not in a struct of main's. */
static struct queue received[UART_LINES], to_send[UART_LINES];

static struct cmsdk_uart *registers_of(enum uart_line line)
{
    static const uintptr_t base[UART_LINES] = {MACHINE_UART0, MACHINE_UART1};
    return (struct cmsdk_uart *)base[line];
}

static uint32_t waiting(const struct queue *queue)
{
    return queue->put - queue->taken;
}

static void queue_put(struct queue *queue, uint8_t byte)
{
    queue->bytes[queue->put % QUEUE_BYTES] = byte;
    queue->put = queue->put + 1u;
}

static uint8_t queue_take(struct queue *queue)
{
    uint8_t byte = queue->bytes[queue->taken % QUEUE_BYTES];
    queue->taken = queue->taken + 1u;
    return byte;
}

void uart_start(void)
{
    for (unsigned line = 0; line < UART_LINES; line++) {
        struct cmsdk_uart *uart = registers_of((enum uart_line)line);
        uart->divider = DIVIDER;
        uart->control = CONTROL_TX | CONTROL_RX | CONTROL_RX_INTERRUPT;
    }
    *MACHINE_NVIC_ENABLE = 1u << MACHINE_IRQ_UART0_RX | 1u << MACHINE_IRQ_UART1_RX;
}

/** A byte that finds the queue full stays in the UART, silent until there is room. */
static void capture(enum uart_line line)
{
    struct cmsdk_uart *uart = registers_of(line);
    uart->interrupt = INTERRUPT_RX;
    if (waiting(&received[line]) == QUEUE_BYTES) {
        uart->control = CONTROL_TX | CONTROL_RX;
        return;
    }
    if ((uart->state & STATE_RX_FULL) != 0) {
        queue_put(&received[line], (uint8_t)uart->data);
    }
}

void uart_optical_isr(void)
{
    capture(UART_OPTICAL);
}

void uart_console_isr(void)
{
    capture(UART_CONSOLE);
}

size_t uart_receive(enum uart_line line, uint8_t *bytes, size_t capacity)
{
    size_t n_bytes = 0;
    while (n_bytes < capacity && waiting(&received[line]) > 0) {
        bytes[n_bytes++] = queue_take(&received[line]);
    }
    struct cmsdk_uart *uart = registers_of(line);
    if ((uart->control & CONTROL_RX_INTERRUPT) == 0 && waiting(&received[line]) < QUEUE_BYTES) {
        queue_put(&received[line], (uint8_t)uart->data);
        uart->control = CONTROL_TX | CONTROL_RX | CONTROL_RX_INTERRUPT;
    }
    return n_bytes;
}

size_t uart_room(enum uart_line line)
{
    return QUEUE_BYTES - waiting(&to_send[line]);
}

void uart_send(enum uart_line line, const void *bytes, size_t n_bytes)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < n_bytes && waiting(&to_send[line]) < QUEUE_BYTES; i++) {
        queue_put(&to_send[line], at[i]);
    }
}

void uart_step(void)
{
    for (unsigned line = 0; line < UART_LINES; line++) {
        struct cmsdk_uart *uart = registers_of((enum uart_line)line);
        while (waiting(&to_send[line]) > 0 && (uart->state & STATE_TX_FULL) == 0) {
            uart->data = queue_take(&to_send[line]);
        }
    }
}
