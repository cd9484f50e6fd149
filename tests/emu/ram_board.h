/**
 * A board that is nothing but memory: no pulses leave it, it has no clock and no random bytes.
 * For tests and benches that want a whole meter and nothing around it.
 */
#ifndef OPEN382_RAM_BOARD_H
#define OPEN382_RAM_BOARD_H

#include <string.h>

#include "app/meter/board.h"

struct ram_board {
    uint8_t legal_memory[LEGAL_MEMORY_BYTES];
    uint8_t legal_log[LEGAL_LOG_BYTES];
    uint8_t app_memory[BOARD_APP_MEMORY_BYTES];
};

static int ram_legal_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    memcpy(bytes, ((struct ram_board *)context)->legal_memory + address, n_bytes);
    return 0;
}

static int ram_legal_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    memcpy(((struct ram_board *)context)->legal_memory + address, bytes, n_bytes);
    return 0;
}

static int ram_log_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    memcpy(bytes, ((struct ram_board *)context)->legal_log + address, n_bytes);
    return 0;
}

static int ram_log_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    memcpy(((struct ram_board *)context)->legal_log + address, bytes, n_bytes);
    return 0;
}

static int ram_app_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    memcpy(bytes, ((struct ram_board *)context)->app_memory + address, n_bytes);
    return 0;
}

static int ram_app_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    memcpy(((struct ram_board *)context)->app_memory + address, bytes, n_bytes);
    return 0;
}

static void ram_no_pulse(void *context, bool on, int64_t at_us)
{
    (void)context;
    (void)on;
    (void)at_us;
}

static bool ram_no_clock(void *context, int64_t *utc_s)
{
    (void)context;
    (void)utc_s;
    return false;
}

static void ram_no_clock_write(void *context, int64_t utc_s)
{
    (void)context;
    (void)utc_s;
}

static int ram_no_random(void *context, uint8_t *bytes, size_t n_bytes)
{
    (void)context;
    (void)bytes;
    (void)n_bytes;
    return -1;
}

/** A board over blank memory; ram must outlive it. */
static inline struct board ram_board_blank(struct ram_board *ram)
{
    memset(ram, 0xFF, sizeof *ram);
    return (struct board){.legal = {.context = ram,
                                    .memory_read = ram_legal_read,
                                    .memory_write = ram_legal_write,
                                    .log_read = ram_log_read,
                                    .log_write = ram_log_write,
                                    .pulse_output = ram_no_pulse},
                          .context = ram,
                          .app_memory_read = ram_app_read,
                          .app_memory_write = ram_app_write,
                          .rtc_read = ram_no_clock,
                          .rtc_write = ram_no_clock_write,
                          .random = ram_no_random};
}

#endif
