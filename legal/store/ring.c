#include "store/ring.h"

/* Damaged records passed over in the search for the newest good one. */
#define SEARCH_PASSES 32u

struct ring_survey ring_survey_of(struct page_memory *memory, const struct ring *ring,
                                  uint64_t below)
{
    struct ring_survey survey = {0, 0, false, 0};
    for (uint32_t place = 0; place < ring->pages; place++) {
        struct page head;
        uint32_t address = (ring->first + place) * LEGAL_MEMORY_PAGE_BYTES;
        if (!page_read_bytes(memory, address, head.bytes, PAGE_HEAD_BYTES)) {
            survey.unreadable++;
            continue;
        }
        if (page_head_blank(&head)) {
            continue;
        }
        survey.written += place > 0 ? 1u : 0u;
        uint32_t number = page_number(&head);
        bool fits = head.bytes[0] == (uint8_t)ring->kind && number % ring->pages == place;
        if (fits && number < below && (!survey.any || number > survey.best_number)) {
            survey.any = true;
            survey.best_number = number;
        }
    }
    return survey;
}

enum page_state ring_newest(struct page_memory *memory, const struct ring *ring, uint64_t below,
                            struct page *page)
{
    for (unsigned pass = 0; pass < SEARCH_PASSES; pass++) {
        struct ring_survey survey = ring_survey_of(memory, ring, below);
        if (!survey.any) {
            return PAGE_BLANK;
        }
        uint32_t place = survey.best_number % ring->pages;
        enum page_state found = page_read(memory, ring->first + place, ring->kind, page);
        if (found == PAGE_GOOD || found == PAGE_NEWER) {
            return found;
        }
        memory->errors++;
        below = survey.best_number;
    }
    return PAGE_BLANK;
}
