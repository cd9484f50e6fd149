/**
 * The EEPROM: a part of the board's PSRAM, which QEMU keeps in a file when it is started with
 * `-object memory-backend-file,share=on`.  Killing QEMU is then a power cut in the middle of
 * whatever was being written.
 *
 * Layout: a header page (a magic that says the rest is not blank, and the number of starts), the
 * legal memory, the application's memory, the legal log.
 */
#ifndef OPEN382_QEMU_EEPROM_H
#define OPEN382_QEMU_EEPROM_H

#include <stdint.h>

#include "app/meter/board.h"

#define EEPROM_HEADER_BYTES UINT32_C(256)
#define EEPROM_APP_AT       (EEPROM_HEADER_BYTES + LEGAL_MEMORY_BYTES)
#define EEPROM_LOG_AT       (EEPROM_APP_AT + BOARD_APP_MEMORY_BYTES)
#define EEPROM_BYTES        (EEPROM_LOG_AT + LEGAL_LOG_BYTES)

struct eeprom {
    volatile uint8_t *base;
};

/** Opens the memory at base; erases it (FFh) unless it bears the magic.  @return starts so far. */
uint32_t eeprom_open(struct eeprom *eeprom, uintptr_t base);
/** Makes it blank again and opens it (for figures and checks, never on the meter's own). */
void eeprom_erase(struct eeprom *eeprom, uintptr_t base);

/** Memory as struct legal_port and struct board want it; context is the struct eeprom. */
int eeprom_legal_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes);
int eeprom_legal_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes);
int eeprom_log_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes);
int eeprom_log_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes);
int eeprom_app_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes);
int eeprom_app_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes);

#endif
