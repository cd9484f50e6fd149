#include "board.h"

#include "machine.h"
#include "startup.h"

/** Where link.ld has put liblegal.a, and its CRC-32 (tools/seal_image.py). */
extern const uint8_t legal_program_begin[], legal_program_end[];
__attribute__((section(".legal_checksum"))) static const volatile uint32_t legal_checksum = 0;

static void pulse_output(void *context, bool on, int64_t at_us)
{
    (void)context;
    (void)at_us;
    *MACHINE_LEDS = on ? 1u : 0u;
}

static bool rtc_read(void *context, int64_t *utc_s)
{
    const struct qemu_board *board = context;
    *utc_s = board->rtc_offset_s + timer_us(board->timer) / 1000000;
    return true;
}

static bool rtc_time(void *context, int64_t *utc_us)
{
    const struct qemu_board *board = context;
    *utc_us = board->rtc_offset_s * 1000000 + timer_us(board->timer);
    return true;
}

static void rtc_write(void *context, int64_t utc_s)
{
    struct qemu_board *board = context;
    board->rtc_offset_s = utc_s - timer_us(board->timer) / 1000000;
}

static int app_memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    struct qemu_board *board = context;
    return eeprom_app_read(&board->eeprom, address, bytes, n_bytes);
}

static int app_memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    struct qemu_board *board = context;
    return eeprom_app_write(&board->eeprom, address, bytes, n_bytes);
}

/** No source of randomness on this board: who needs one refuses. */
static int random_bytes(void *context, uint8_t *bytes, size_t n_bytes)
{
    (void)context;
    (void)bytes;
    (void)n_bytes;
    return -1;
}

void qemu_board_init(struct qemu_board *board, struct timer *timer)
{
    board->timer = timer;
    board->rtc_offset_s = BOARD_START_UTC_S;
    board->board = (struct board){
        .legal = {.context = &board->eeprom,
                  .memory_read = eeprom_legal_read,
                  .memory_write = eeprom_legal_write,
                  .log_read = eeprom_log_read,
                  .log_write = eeprom_log_write,
                  .pulse_output = pulse_output,
                  .program = legal_program_begin,
                  .program_bytes = (uint32_t)(legal_program_end - legal_program_begin),
                  .program_checksum = legal_checksum},
        .context = board,
        .app_memory_read = app_memory_read,
        .app_memory_write = app_memory_write,
        .rtc_read = rtc_read,
        .rtc_write = rtc_write,
        .rtc_time = rtc_time,
        .random = random_bytes,
        .ram_fault = ram_is_bad(),
    };
}
