/**
 * One page of permanent memory = one record with kind, number and CRC (docs/spec/storage.md).
 *
 * Also the little-endian bytes of records.  Offsets are constants of the callers, within the page.
 */
#ifndef OPEN382_LEGAL_PAGE_H
#define OPEN382_LEGAL_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "legal_port.h"

#define PAGE_FORMAT 1u
/** of constants: 2; format 1 is read as well */
#define PAGE_CONSTANTS_FORMAT 2u
#define PAGE_HEAD_BYTES       8u
#define PAGE_CRC_AT           252u

enum page_kind {
    PAGE_SUPERBLOCK = 'O',
    PAGE_CONSTANTS = 'C',
    PAGE_COMPENSATION = 'D', /**< constants of drift, heating and neighbours */
    PAGE_TARIFF = 'T',
    PAGE_STATE = 'S',
    PAGE_AUDIT = 'A',
    PAGE_PROFILE = 'P',
    PAGE_PROFILE_SCRATCH = 'Q',
};

/** What a page turned out to be. */
enum page_state {
    PAGE_GOOD,
    PAGE_BLANK,      /**< all 0xFF or all 0x00: never written */
    PAGE_DAMAGED,    /**< torn, garbled, or of another kind */
    PAGE_NEWER,      /**< whole, but of a format that this software does not know */
    PAGE_UNREADABLE, /**< the memory did not answer, three times */
};

/** Access to the memory, with its counts. */
struct page_memory {
    const struct legal_port *port;
    uint32_t writes; /**< since start */
    uint32_t errors; /**< reads and writes that failed, damaged pages met */
    bool log;        /**< the log memory, not that of the registers */
    bool writable;   /**< false: state of the memory unknown, leave it alone */
};

struct page {
    uint8_t bytes[LEGAL_MEMORY_PAGE_BYTES];
};

/** Read with two more attempts.  @return false: unreadable. */
bool page_read_bytes(struct page_memory *memory, uint32_t address, void *bytes, uint32_t n_bytes);

/** Read page number index and check it as a record of that kind. */
enum page_state page_read(struct page_memory *memory, uint32_t index, enum page_kind kind,
                          struct page *page);

/** Do the bytes of the head look as if the page was never written? */
bool page_head_blank(const struct page *page);

/** Zero contents, head filled in. */
void page_begin(struct page *page, enum page_kind kind, uint32_t number);

/** Add the CRC, write, read back.  @return false: the page does not hold it. */
bool page_write(struct page_memory *memory, uint32_t index, struct page *page);

/** Make the page blank (all zero).  @return false: it is not. */
bool page_wipe(struct page_memory *memory, uint32_t index);

uint32_t page_number(const struct page *page);
uint8_t page_format(const struct page *page);

/** n_bytes 1 .. 8, little endian, at offset.  Inline: with a constant length it is a store or two,
 * and a record of the state has forty of them. */
static inline void page_put(struct page *page, uint32_t offset, uint32_t n_bytes, uint64_t value)
{
    for (uint32_t i = 0; i < n_bytes; i++) {
        page->bytes[offset + i] = (uint8_t)(value >> (8u * i));
    }
}
uint64_t page_get(const struct page *page, uint32_t offset, uint32_t n_bytes);

#endif
