/**
 * Audit trail: 64 pages, one entry each, written once and never again (docs/spec/storage.md).
 *
 * The entry of a change is written before the change.  What the trail says of the constants is
 * compared with the constants at each start, so that a change that was cut off, or constants that
 * came in another way, get an entry of their own.  Source: SEC-03, SEC-08; WELMEC 7.2 (recalled).
 */
#ifndef OPEN382_LEGAL_AUDIT_H
#define OPEN382_LEGAL_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "legal_api.h"
#include "store/page.h"

#define AUDIT_PAGE  1600u
#define AUDIT_PAGES 64u
/** Entries that change nothing leave so many places to those that do. */
#define AUDIT_KEPT 16u
/** A change needs a place for its entry, and one to say that it was cut off. */
#define AUDIT_CHANGE_PLACES 2u

/** What the trail says, and what is to be written into it. */
struct audit {
    uint32_t next; /**< place of the next entry; AUDIT_PAGES: full */
    uint32_t refused;
    uint32_t constants_crc;         /**< of the constants in force, if constants_known */
    uint32_t writes;                /**< the highest number of a change */
    uint32_t software, program_crc; /**< of the newest entry, if any */
    int64_t utc_s, told_us;         /**< the clock, and when it was told */
    bool time_valid;
    bool any, constants_known;
    bool seal_open;                       /**< by the newest entry about the seal */
    bool refused_last;                    /**< the newest entry is about refused attempts */
    bool other_constants, constants_lost; /**< found at start, not written yet */
    bool fault;                           /**< a place can't be read, or an entry not be written */
};

/**
 * Read the trail.  Places that hold no entry are passed over and stay as they are.
 * @retval LEGAL_ERR_FORMAT  an entry of a format that this software does not know
 */
enum legal_err audit_open(struct audit *audit, struct page_memory *memory);

/** Places left for entries that change something, and for the others. */
uint32_t audit_room(const struct audit *audit, bool change);

/**
 * Write an entry, with the next number.
 * @return false: not written; audit->fault tells why, or there is no room
 */
bool audit_append(struct audit *audit, struct page_memory *memory,
                  const struct legal_audit_entry *entry);

/** @retval LEGAL_ERR_RANGE  no such entry;  LEGAL_ERR_STORAGE  nothing can be read there */
enum legal_err audit_read(const struct audit *audit, struct page_memory *memory, uint32_t number,
                          struct legal_audit_entry *out);

#endif
