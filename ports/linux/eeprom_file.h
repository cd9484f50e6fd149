/**
 * Permanent memory of the meter as files, written in place: legal.eeprom, legal-log.eeprom
 * and app.eeprom in one folder, clock.chip, what the clock's chip keeps (rtc.h), and breaker.relay,
 * where the contacts of the breaker are (site_breaker.h), firmware.image (site_firmware.h), and
 * module.memory, what plug-in modules keep for themselves (module_ports.h).
 *
 * The files are mapped, so a write is a copy into the page cache: it survives a kill of the process
 * at any instant, costs no system call and no fsync.  A crash of the whole computer may lose what
 * was written since the last write-back; an orderly end syncs.  Without a folder the memory is
 * plain RAM. One process at a time: the folder is locked.
 */
#ifndef OPEN382_LINUX_EEPROM_FILE_H
#define OPEN382_LINUX_EEPROM_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "problem.h"

/** Of firmware.image: its head, and room for an image behind it. */
#define EEPROM_FIRMWARE_HEAD  4096u
#define EEPROM_FIRMWARE_BYTES 524288u

/** Of module.memory: a piece for each module. */
#define EEPROM_MODULE_BYTES 1024u
/** There, behind the modules: what the radio keeps, wherever it sits (radio_ports.h). */
#define EEPROM_RADIO_AT 2048u

enum eeprom_part {
    EEPROM_LEGAL,
    EEPROM_LOG,
    EEPROM_APP,
    EEPROM_CLOCK,
    EEPROM_BREAKER,
    EEPROM_FIRMWARE,
    EEPROM_MODULES,
    EEPROM_PARTS
};

struct eeprom {
    int folder; /**< holds the lock; -1: RAM */
    uint8_t *bytes[EEPROM_PARTS];
};

/** @param folder  created if missing; NULL: RAM.  @return 0, or -1 and *problem. */
int eeprom_open(struct eeprom *eeprom, const char *folder, struct problem *problem);

/** Everything on the disk.  @return 0, or -1: the disk refused. */
int eeprom_sync(struct eeprom *eeprom);

void eeprom_close(struct eeprom *eeprom);

/** Copy out of or into one part.  @return 0, or -1: outside the memory, nothing copied. */
int eeprom_read(const struct eeprom *eeprom, enum eeprom_part part, uint32_t address, void *bytes,
                uint32_t n_bytes);
int eeprom_write(struct eeprom *eeprom, enum eeprom_part part, uint32_t address, const void *bytes,
                 uint32_t n_bytes);

#endif
