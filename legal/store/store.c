#include "store/store.h"

#include <string.h>

#include "audit/audit.h"
#include "store/record.h"
#include "store/ring.h"

#define SUPERBLOCK_MAGIC   UINT32_C(0x4D323833) /* "382M" */
#define SUPERBLOCK_COPIES  2u
#define CONSTANT_PAGES     2u
#define LOAD_PROFILE_PAGE  1664u
#define LOAD_PROFILE_PAGES 384u

/* Places tried for one record before the memory is called faulty. */
#define WRITE_ATTEMPTS 4u
/* No record ever has a higher number: the memory is worn out before.  Garbage may. */
#define NUMBER_MAX (UINT32_C(1) << 31)

static const struct ring state_ring = {STORE_STATE_PAGE, STORE_STATE_PAGES, PAGE_STATE};
static const struct ring tariff_ring = {STORE_TARIFF_PAGE, STORE_TARIFF_PAGES, PAGE_TARIFF};

static void put_superblock(struct page *page)
{
    static const uint16_t areas[][2] = {
        {STORE_CONSTANT_PAGE, CONSTANT_PAGES},   {STORE_TARIFF_PAGE, STORE_TARIFF_PAGES},
        {STORE_STATE_PAGE, STORE_STATE_PAGES},   {AUDIT_PAGE, AUDIT_PAGES},
        {LOAD_PROFILE_PAGE, LOAD_PROFILE_PAGES},
    };
    page_begin(page, PAGE_SUPERBLOCK, 0);
    page_put(page, 8, 4, SUPERBLOCK_MAGIC);
    page_put(page, 12, 4, LEGAL_MEMORY_BYTES);
    page_put(page, 16, 2, LEGAL_MEMORY_PAGE_BYTES);
    for (uint32_t a = 0; a < sizeof areas / sizeof areas[0]; a++) {
        page_put(page, 18u + 4u * a, 2, areas[a][0]);
        page_put(page, 20u + 4u * a, 2, areas[a][1]);
    }
}

static enum page_state read_superblock(struct page_memory *memory, uint32_t copy)
{
    struct page page, expected;
    enum page_state state = page_read(memory, copy, PAGE_SUPERBLOCK, &page);
    if (state != PAGE_GOOD) {
        return state;
    }
    put_superblock(&expected);
    return memcmp(page.bytes, expected.bytes, PAGE_CRC_AT) == 0 ? PAGE_GOOD : PAGE_DAMAGED;
}

static void renew_superblocks(struct store *store, const enum page_state *copies)
{
    struct page page;
    for (uint32_t copy = 0; copy < SUPERBLOCK_COPIES; copy++) {
        if (copies[copy] != PAGE_GOOD) {
            put_superblock(&page);
            store->fault = !page_write(&store->memory, copy, &page) || store->fault;
        }
    }
}

/*
 * The number to go on with: above every record there is, damaged ones included (they would be
 * looked at first at each start).  Pages that could not be read may hold newer records: then a lap
 * later.
 */
static uint32_t next_number(const struct ring_survey *survey, const struct ring *ring,
                            uint32_t next)
{
    if (survey->any && survey->best_number < NUMBER_MAX && survey->best_number >= next) {
        next = survey->best_number + 1u;
    }
    return survey->unreadable > 0 ? next + ring->pages : next;
}

/*
 * Wipe the next place if it holds the remains of a torn record.  They may be the rear half of a
 * record of the very number to be written now: torn in its turn, with only the front half arriving,
 * it would make that older record whole.
 */
static void clear_next(struct store *store, const struct ring *ring, uint32_t *next)
{
    for (unsigned attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
        struct page page;
        uint32_t index = ring->first + *next % ring->pages;
        enum page_state state = page_read(&store->memory, index, ring->kind, &page);
        if (state == PAGE_GOOD || state == PAGE_BLANK || page_wipe(&store->memory, index)) {
            return;
        }
        (*next)++;
    }
}

static enum legal_err load_state(struct store *store, struct registers *registers,
                                 struct store_state *state)
{
    struct page page;
    struct ring_survey survey = ring_survey_of(&store->memory, &state_ring, UINT64_MAX);
    if (survey.unreadable == STORE_STATE_PAGES) {
        return LEGAL_ERR_STORAGE;
    }
    uint64_t below = UINT64_MAX;
    uint32_t above = 0;
    while (!store->restored) {
        enum page_state found = ring_newest(&store->memory, &state_ring, below, &page);
        if (found == PAGE_NEWER) {
            return LEGAL_ERR_FORMAT;
        }
        if (found != PAGE_GOOD) {
            break;
        }
        above = below == UINT64_MAX ? page_number(&page) + 1u : above;
        below = page_number(&page);
        if (record_summation(&page) != registers->summation) {
            return LEGAL_ERR_TYPE;
        }
        store->restored = record_get_state(&page, registers, state);
        store->fault = !store->restored || store->fault;
    }
    if (!store->restored) {
        memset(registers->cell, 0, sizeof registers->cell);
        memset(state, 0, sizeof *state);
        store->fault = survey.written > 0 || store->fault;
    }
    store->fault = survey.unreadable > 0 || store->fault;
    store->state_next = next_number(&survey, &state_ring, above);
    return LEGAL_OK;
}

static enum legal_err load_tariff(struct store *store, struct registers *registers)
{
    struct page page;
    struct ring_survey survey = ring_survey_of(&store->memory, &tariff_ring, UINT64_MAX);
    uint64_t below = UINT64_MAX;
    bool suited = false;
    uint32_t above = 0;
    while (!suited) {
        enum page_state found = ring_newest(&store->memory, &tariff_ring, below, &page);
        if (found == PAGE_NEWER) {
            return LEGAL_ERR_FORMAT;
        }
        if (found != PAGE_GOOD) {
            break;
        }
        if (below == UINT64_MAX) {
            above = page_number(&page) + 1u;
        }
        below = page_number(&page);
        suited = record_get_tariff(&page, registers) && registers_fit(registers);
        store->fault = !suited || store->fault;
    }
    store->tariff_next = next_number(&survey, &tariff_ring, above);
    if (!suited) {
        memset(registers->resting_uwh, 0, sizeof registers->resting_uwh);
        registers->tariff = 1;
        store->fault = survey.written > 0 || store->fault;
    }
    store->fault = survey.unreadable > 0 || store->fault;
    return LEGAL_OK;
}

/* Constants are no business of this file, but nothing may be written beside newer ones. */
static bool constants_newer(struct page_memory *memory)
{
    bool newer = false;
    for (uint32_t copy = 0; copy < CONSTANT_PAGES; copy++) {
        struct page page;
        newer =
            page_read(memory, STORE_CONSTANT_PAGE + copy, PAGE_CONSTANTS, &page) == PAGE_NEWER ||
            page_read(memory, STORE_COMPENSATION_PAGE + copy, PAGE_COMPENSATION, &page) ==
                PAGE_NEWER ||
            newer;
    }
    return newer;
}

enum legal_err store_open(struct store *store, const struct legal_port *port,
                          struct registers *registers, struct store_state *state)
{
    memset(store, 0, sizeof *store);
    memset(state, 0, sizeof *state);
    store->memory.port = port;
    registers->tariff = 1;
    enum page_state copies[SUPERBLOCK_COPIES];
    for (uint32_t copy = 0; copy < SUPERBLOCK_COPIES; copy++) {
        copies[copy] = read_superblock(&store->memory, copy);
        if (copies[copy] == PAGE_NEWER) {
            return LEGAL_ERR_FORMAT;
        }
    }
    if (constants_newer(&store->memory)) {
        return LEGAL_ERR_FORMAT;
    }
    enum legal_err err = load_state(store, registers, state);
    if (err == LEGAL_OK) {
        err = load_tariff(store, registers);
    }
    if (err != LEGAL_OK) {
        store->fault = true;
        return err;
    }
    if (store->restored && copies[0] != PAGE_GOOD && copies[1] != PAGE_GOOD) {
        store->fault = true;
    }
    store->memory.writable = true;
    renew_superblocks(store, copies);
    clear_next(store, &state_ring, &store->state_next);
    clear_next(store, &tariff_ring, &store->tariff_next);
    state->suspect = state->suspect || store->fault;
    return LEGAL_OK;
}

/* Write to the next place; a place that does not hold the record is left out. */
static enum legal_err append(struct store *store, const struct ring *ring, uint32_t *next,
                             struct page *page)
{
    for (unsigned attempt = 0; attempt < WRITE_ATTEMPTS && store->memory.writable; attempt++) {
        uint32_t number = (*next)++;
        page_put(page, 4, 4, number);
        if (page_write(&store->memory, ring->first + number % ring->pages, page)) {
            return LEGAL_OK;
        }
    }
    store->fault = true;
    return LEGAL_ERR_STORAGE;
}

enum legal_err store_save_state(struct store *store, const struct registers *registers,
                                const struct store_state *state)
{
    struct page page;
    page_begin(&page, state_ring.kind, 0);
    record_put_state(&page, registers, state);
    return append(store, &state_ring, &store->state_next, &page);
}

enum legal_err store_save_tariff(struct store *store, const struct registers *registers)
{
    struct page page;
    page_begin(&page, tariff_ring.kind, 0);
    record_put_tariff(&page, registers, store->state_next - 1u);
    return append(store, &tariff_ring, &store->tariff_next, &page);
}
