/**
 * The two UARTs in use: 0 is the optical port, 1 the console.  Interrupts only capture received
 * bytes into a queue; a full queue holds the sender off.  Sending never waits.
 * Source: Arm CMSDK technical reference (DDI 0479), APB UART.
 */
#ifndef OPEN382_QEMU_UART_H
#define OPEN382_QEMU_UART_H

#include <stddef.h>
#include <stdint.h>

enum uart_line { UART_OPTICAL, UART_CONSOLE, UART_LINES };

void uart_start(void);
/** Takes up to capacity received bytes.  @return their number. */
size_t uart_receive(enum uart_line line, uint8_t *bytes, size_t capacity);
/** Room for bytes to send. */
size_t uart_room(enum uart_line line);
/** Queues bytes to send; what does not fit is dropped (ask uart_room first). */
void uart_send(enum uart_line line, const void *bytes, size_t n_bytes);
/** Moves queued bytes to the lines as far as these take them. */
void uart_step(void);

void uart_optical_isr(void);
void uart_console_isr(void);

#endif
