/**
 * The meter, bare metal: composition root.  See README.md for how to start it under QEMU.
 */
#include "app/optical/optical.h"
#include "board.h"
#include "console.h"
#include "machine.h"
#include "mains.h"
#include "startup.h"
#include "uart.h"

#define SERIAL_NUMBER UINT32_C(38200004)
#define LINE_BYTES    64u

/** Everything that the image keeps, in one place. */
static struct {
    struct timer timer;
    struct qemu_board board;
    struct meter meter;
    struct qemu_mains mains;
    struct console console;
} image;

static void serve_optical(struct optical *optical, int64_t wall_ms)
{
    uint8_t bytes[LINE_BYTES];
    size_t n_bytes = uart_receive(UART_OPTICAL, bytes, sizeof bytes);
    if (n_bytes > 0) {
        optical_receive(optical, &image.meter, bytes, n_bytes, wall_ms);
    }
    optical_step(optical, &image.meter, wall_ms);
    size_t room = uart_room(UART_OPTICAL);
    n_bytes = optical_transmit(optical, bytes, room < sizeof bytes ? room : sizeof bytes);
    uart_send(UART_OPTICAL, bytes, n_bytes);
}

static enum meter_err start(void)
{
    struct variant variant;
    timer_start(&image.timer);
    uart_start();
    uint32_t start_number = eeprom_open(&image.board.eeprom, MACHINE_PSRAM);
    qemu_board_init(&image.board, &image.timer);
    if (variant_by_name("382M", &variant) != 0) {
        return METER_ERR_VARIANT;
    }
    int64_t now_us = timer_us(&image.timer);
    enum meter_err err =
        meter_start(&image.meter, &image.board.board, &variant, SERIAL_NUMBER, now_us);
    if (err == METER_OK) {
        qemu_mains_start(&image.mains, &image.meter, now_us);
        console_start(&image.console, &image.meter, start_number);
    }
    return err;
}

int main(void)
{
    if (start() != METER_OK) {
        halt();
    }
    for (;;) {
        int64_t now_us = timer_us(&image.timer);
        qemu_mains_step(&image.mains, &image.meter, now_us);
        meter_step(&image.meter, now_us);
        serve_optical(&image.meter.optical[0], now_us / 1000);
        console_step(&image.console, &image.meter, &image.timer);
        uart_step();
        timer_sleep();
    }
}
