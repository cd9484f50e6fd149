/**
 * The composition root of a new board: readable as a table of contents.  Fill in the four comments.
 */
#include "app/meter/meter.h"
#include "app/optical/optical.h"
#include "app/variant/variant.h"
#include "board.h"

#define SERIAL_NUMBER UINT32_C(1) /**< yours comes from the factory's memory */

/** The meter with all its state: static, so that the linker tells you how much RAM it takes. */
static struct meter meter;
static struct board board;

/** Microseconds since power-up, never decreasing: read a free-running timer here. */
static int64_t timer_now_us(void)
{
    return 0;
}

/** Bytes from the measuring bus, up to capacity: read the UART that the measuring systems talk on.
 */
static size_t bus_read(uint8_t *bytes, size_t capacity)
{
    (void)bytes;
    (void)capacity;
    return 0;
}

/** The optical head: read what came, then send n_bytes. */
static size_t head_read(uint8_t *bytes, size_t capacity)
{
    (void)bytes;
    (void)capacity;
    return 0;
}

static void head_write(const uint8_t *bytes, size_t n_bytes)
{
    (void)bytes;
    (void)n_bytes;
}

static void serve_once(void)
{
    uint8_t bytes[64];
    int64_t now_us = timer_now_us();
    size_t n_bytes = bus_read(bytes, sizeof bytes);
    meter_bus_receive(&meter, bytes, n_bytes, now_us);
    meter_step(&meter, now_us);

    n_bytes = head_read(bytes, sizeof bytes);
    if (n_bytes > 0) {
        optical_receive(&meter.optical[0], &meter, bytes, n_bytes, now_us / 1000);
    }
    optical_step(&meter.optical[0], &meter, now_us / 1000);
    head_write(bytes, optical_transmit(&meter.optical[0], bytes, sizeof bytes));
}

/* Call this from your reset handler, after .data and .bss are set up. */
int main(void)
{
    struct variant variant;
    template_board_init(&board, NULL);
    if (variant_by_name("382M", &variant) != 0 ||
        meter_start(&meter, &board, &variant, SERIAL_NUMBER, timer_now_us()) != METER_OK) {
        return 1;
    }
    for (;;) {
        serve_once(); /* sleep here until meter_step's answer, or until bytes come */
    }
}
