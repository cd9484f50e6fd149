/**
 * The billing load profile: registers at the end of every interval, in permanent memory.
 *
 * Records are gathered into pages of one ring.  The page being filled is written anew with each
 * record, in turn to one of eight scratch pages, so that a cut costs at most the record being
 * written.  Format: docs/spec/storage.md, kinds P and Q.  Source: LPR-01..05, 08, X-LPR-1, 2.
 */
#ifndef OPEN382_LEGAL_PROFILE_H
#define OPEN382_LEGAL_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "legal_api.h"
#include "store/page.h"

/* Pages of the log memory. */
#define PROFILE_SCRATCH_PAGE  0u
#define PROFILE_SCRATCH_PAGES 8u
#define PROFILE_PAGE          8u
#define PROFILE_PAGES         4088u

/** Bytes for records in a page. */
#define PROFILE_BODY_AT    32u
#define PROFILE_BODY_BYTES (PAGE_CRC_AT - PROFILE_BODY_AT)

struct profile {
    struct page_memory *memory;
    struct legal_profile_layout layout; /**< channels 0: none yet */
    uint32_t page_number;               /**< of the page being filled */
    uint32_t page_first_id;             /**< of its first record, present or to come */
    uint32_t scratch_number;            /**< of the next scratch page */
    uint32_t oldest_id;                 /**< nothing before is left: it was deleted */
    uint32_t base_page;                 /**< page that begins with oldest_id */
    uint8_t count;                      /**< records in the page being filled */
    bool exhausted;                     /**< the last record number has been given */
    bool fault;                         /**< a page was lost, or could not be written */
    uint8_t body[PROFILE_BODY_BYTES];   /**< of the page being filled */
};

/**
 * Find what is stored; writes nothing.
 * @param memory  becomes access to the log memory; its port must be kept up to date by the owner
 * @retval LEGAL_ERR_FORMAT   newer format: nothing may be written
 * @retval LEGAL_ERR_STORAGE  no log memory
 */
enum legal_err profile_start(struct profile *profile, struct page_memory *memory,
                             const struct legal_port *port);

/** Use this layout; another one than before deletes all records.  @return whether it did. */
enum legal_err profile_begin(struct profile *profile, const struct legal_profile_layout *layout,
                             bool *deleted);

/** Append a record; its number is given here. */
enum legal_err profile_append(struct profile *profile, const struct legal_profile_record *record);

void profile_range(const struct profile *profile, struct legal_profile_range *out);

enum legal_err profile_read(const struct profile *profile, struct page_memory *memory, uint32_t id,
                            struct legal_profile_record *out);

/** May records be kept in this layout? */
bool profile_layout_valid(const struct legal_profile_layout *layout);

#endif
