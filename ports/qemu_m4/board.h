/** The emulated board as a struct board. */
#ifndef OPEN382_QEMU_BOARD_H
#define OPEN382_QEMU_BOARD_H

#include "app/meter/meter.h"
#include "eeprom.h"
#include "timer.h"

/** The clock's time at reset: this board has no battery (2026-01-01 00:00:00 UTC). */
#define BOARD_START_UTC_S INT64_C(1767225600)

struct qemu_board {
    struct board board; /**< what the meter sees */
    struct eeprom eeprom;
    struct timer *timer;
    int64_t rtc_offset_s; /**< UTC = this + seconds since reset */
};

void qemu_board_init(struct qemu_board *board, struct timer *timer);

#endif
