/**
 * Small records of the application's permanent memory, each in slots of one page that are written
 * in turn: record n stands in slot n mod slots, the good one with the highest number counts.  A cut
 * at any instant leaves the record before.
 *
 * On the page, little-endian: mark (4), format (2 or 4), sequence number (4), the store's own
 * bytes, CRC-32 over all before it (4).  A store says what its own bytes are; where they stand:
 * docs/spec/app-storage.md, "Two slots".
 */
#ifndef OPEN382_SLOT_RECORD_H
#define OPEN382_SLOT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"
#include "../meter/board.h"

#define SLOT_RECORD_PAGE_BYTES 256u
/** What a store's own bytes may be at the most, with a format of two bytes. */
#define SLOT_RECORD_BODY_MAX (SLOT_RECORD_PAGE_BYTES - 14u)

/** One kind of record. */
struct slot_kind {
    uint32_t mark;       /**< four characters in memory order */
    uint32_t format;     /**< no other is read */
    uint8_t n_format;    /**< bytes of it on the page: 2, or 4 */
    uint8_t slots;       /**< pages that are written in turn, from first_page on */
    uint16_t first_page; /**< of SLOT_RECORD_PAGE_BYTES each */
    bool read_back;      /**< saved only when it reads back as it was written */
    size_t n_record;     /**< size of the struct below, which is all 0 when decode is called */
    /** Take the store's own bytes; what reads beyond the page is refused by the caller.
     *  @return false: they make no sense, as if the record were not there */
    bool (*decode)(struct reader *body, void *record);
    void (*encode)(struct writer *body, const void *record);
};

/** What a look at all slots has found. */
struct slot_found {
    uint32_t sequence; /**< of the newest good record; 0: none, and the record is untouched */
    bool unread;       /**< a slot could not be read: it may hold a newer one */
    bool damaged;      /**< a slot that could be read is neither blank nor good */
};

/**
 * Take the newest good record.
 * @param spare room for a second one, with any content; wiped
 */
struct slot_found slot_record_load(const struct slot_kind *kind, const struct board *board,
                                   void *record, void *spare);

/**
 * Store it over the oldest one; when this returns true it survives a loss of supply.
 * @param sequence of the last record; one higher afterwards, unchanged when it could not be stored
 */
bool slot_record_save(const struct slot_kind *kind, const struct board *board, const void *record,
                      uint32_t *sequence);

#endif
