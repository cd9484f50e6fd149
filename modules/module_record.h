/**
 * Records in a module's own memory: two slots each, written in turn, so that a cut in a write
 * leaves the record before it.
 *
 * A slot: mark (2), format (1), sequence (4), length (2), bytes, CRC-16/XMODEM of all before it;
 * numbers big-endian, the rest of the slot is zero.
 */
#ifndef OPEN382_MODULE_RECORD_H
#define OPEN382_MODULE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODULE_RECORD_OVER 11u  /**< octets of a slot beside the record's own */
#define MODULE_SLOT_MAX    480u /**< octets of a slot, at most */

/** A module's permanent memory, as struct module_host has it. */
struct module_memory {
    void *context;
    /** @return 0, or negative: no answer; nothing happened */
    int (*read)(void *context, uint32_t address, void *bytes, uint32_t n_bytes);
    int (*write)(void *context, uint32_t address, const void *bytes, uint32_t n_bytes);
};

/** Where the two slots of a record stand, one behind the other. */
struct module_record {
    uint8_t mark[2];
    uint8_t format;
    uint16_t begin, slot_bytes; /**< at most MODULE_SLOT_MAX */
};

/**
 * The newest good one.
 * @param bytes     room for slot_bytes
 * @param sequence  of that record, to be handed to the next save; 0: there is none
 * @return its octets, 0: there is none
 */
size_t module_record_load(const struct module_memory *memory, const struct module_record *record,
                          uint8_t *bytes, uint32_t *sequence);
/** @return false: not written, and the one before holds */
bool module_record_save(const struct module_memory *memory, const struct module_record *record,
                        const uint8_t *bytes, size_t n_bytes, uint32_t *sequence);

#endif
