/**
 * A ring of pages: record number n stands at place n mod pages, and nowhere else.
 *
 * Finding the newest record after any cut is the same for all rings of the permanent memory; see
 * docs/spec/storage.md, "Start".
 */
#ifndef OPEN382_LEGAL_RING_H
#define OPEN382_LEGAL_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "store/page.h"

struct ring {
    uint32_t first, pages;
    enum page_kind kind;
};

/** What the heads of a ring say. */
struct ring_survey {
    uint32_t written;     /**< places beyond the first that are not blank */
    uint32_t unreadable;  /**< places that did not answer */
    bool any;             /**< a head that fits its place, with a number below the limit */
    uint32_t best_number; /**< the highest of these */
};

/** Read the heads of all places; only records with a number below the limit count as best. */
struct ring_survey ring_survey_of(struct page_memory *memory, const struct ring *ring,
                                  uint64_t below);

/**
 * The newest good record with a number below the limit.
 * @retval PAGE_GOOD   *page holds it
 * @retval PAGE_NEWER  it is of a later format
 * @retval PAGE_BLANK  there is none
 */
enum page_state ring_newest(struct page_memory *memory, const struct ring *ring, uint64_t below,
                            struct page *page);

#endif
