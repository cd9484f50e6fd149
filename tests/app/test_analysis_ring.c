/* The ring of the analysis logger: bytes, laps, cuts anywhere, worn and silent pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/analysis/analysis_ring.h"

#define PAGE ANALYSIS_PAGE_BYTES

enum cut { CUT_DROPPED, CUT_KEPT, CUT_FRONT, CUT_GARBLED, CUT_BLANKED, CUTS };

static struct {
    uint8_t bytes[BOARD_APP_MEMORY_BYTES];
    bool worn[ANALYSIS_RING_PLACES];
    uint32_t page_writes[ANALYSIS_RING_PLACES];
    uint32_t reads;
    bool cut_next, dead;
    enum cut cut;
    uint32_t silent_page; /* 0: none */
} memory;

static uint32_t seed;

static uint32_t draw(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 4) * n >> 28);
}

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    (void)context;
    assert_true(address + n_bytes <= sizeof memory.bytes);
    assert_true(address / PAGE == (address + n_bytes - 1u) / PAGE);
    memory.reads++;
    memcpy(bytes, memory.bytes + address, n_bytes);
    return memory.dead || memory.silent_page == address / PAGE ? -1 : 0;
}

static void tear(uint32_t address, const uint8_t *bytes, uint32_t n_bytes)
{
    uint8_t *at = memory.bytes + address;
    switch (memory.cut) {
    case CUT_KEPT: memcpy(at, bytes, n_bytes); break;
    case CUT_FRONT: memcpy(at, bytes, draw(n_bytes)); break;
    case CUT_GARBLED:
        for (uint32_t i = 0; i < PAGE; i++) {
            at[i] = (uint8_t)draw(256);
        }
        break;
    case CUT_BLANKED: memset(at, 0xFF, PAGE); break;
    default: break;
    }
    memory.dead = true;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    const uint32_t place = address / PAGE - ANALYSIS_RING_FIRST_PAGE;
    assert_true(place < ANALYSIS_RING_PLACES);
    assert_int_equal(address % PAGE, 0);
    assert_true(n_bytes <= PAGE);
    if (memory.dead) {
        return -1;
    }
    memory.page_writes[place]++;
    if (memory.cut_next) {
        memory.cut_next = false;
        tear(address, bytes, n_bytes);
        return -1;
    }
    memcpy(memory.bytes + address, bytes, n_bytes);
    if (memory.worn[place]) {
        memory.bytes[address + 9] ^= 0x40u;
    }
    return 0;
}

static const struct board board = {.app_memory_read = memory_read,
                                   .app_memory_write = memory_write};

static int setup(void **state)
{
    (void)state;
    memset(&memory, 0, sizeof memory);
    memset(memory.bytes, 0xFF, sizeof memory.bytes);
    seed = 382u;
    return 0;
}

/* What the record with an id says, so that each can be told from every other. */
static struct analysis_entry entry_number(uint32_t id)
{
    struct analysis_entry e = {.utc_s = 1000000000 + (int64_t)id * 300,
                               .clock_status = (uint8_t)(id % 2u),
                               .layout = 0xABCD,
                               .status = (uint16_t)(id * 5u),
                               .quality = (uint16_t)(id * 7u),
                               .n_values = (uint8_t)(id % 17u)};
    for (unsigned v = 0; v < e.n_values; v++) {
        e.value[v] = (struct analysis_number){(int64_t)id * 1000003 * (v % 2u ? -1 : 1) + v,
                                              (int8_t)((int)v - 8)};
    }
    return e;
}

static void expect_entry(uint32_t id)
{
    struct analysis_entry got, wanted = entry_number(id);
    assert_int_equal(analysis_ring_read(&board, id, &got), ANALYSIS_OK);
    assert_int_equal(got.id, id);
    assert_int_equal(got.utc_s, wanted.utc_s);
    assert_int_equal(got.clock_status, wanted.clock_status);
    assert_int_equal(got.layout, wanted.layout);
    assert_int_equal(got.status, wanted.status);
    assert_int_equal(got.quality, wanted.quality);
    assert_int_equal(got.n_values, wanted.n_values);
    for (unsigned v = 0; v < wanted.n_values; v++) {
        assert_true(got.value[v].number == wanted.value[v].number);
        assert_int_equal(got.value[v].exponent, wanted.value[v].exponent);
    }
}

/* The record says what its id says, unless a worn page made it another. */
static enum analysis_err append(struct analysis_ring *ring, uint32_t *id)
{
    struct analysis_entry e = entry_number(ring->newest + 1u);
    const enum analysis_err err = analysis_ring_append(ring, &board, 1, &e);
    *id = e.id;
    return err;
}

/* The bytes of docs/spec/app-storage.md. */
static void test_layout(void **state)
{
    (void)state;
    struct analysis_ring ring;
    assert_int_equal(analysis_ring_find(&ring, &board), ANALYSIS_OK);
    assert_int_equal(ring.newest, 0);
    struct analysis_entry e = {.utc_s = 0x665544332211,
                               .clock_status = 1,
                               .layout = 0xBEEF,
                               .status = 0x0140,
                               .quality = 0x0412,
                               .n_values = 2,
                               .value = {{-2, -3}, {0x0102030405, 2}}};
    assert_int_equal(analysis_ring_append(&ring, &board, 7, &e), ANALYSIS_OK);
    assert_int_equal(e.id, 7);
    static const uint8_t expected[] = {
        0x41, 0x4E, 1,    2,    7,    0,    0,    0,    0x11, 0x22, 0x33, 0x44, 0x55, 0x66,
        0,    0,    1,    0xEF, 0xBE, 0x40, 0x01, 0x12, 0x04, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFD, 5,    4,    3,    2,    1,    0,    0,    0,    2};
    const uint8_t *page = memory.bytes + (2064 + 6) * PAGE;
    assert_memory_equal(page, expected, sizeof expected);
    assert_int_equal(page[sizeof expected + 4], 0xFF);
    assert_true((ANALYSIS_RING_FIRST_PAGE + ANALYSIS_RING_PLACES) * PAGE == BOARD_APP_MEMORY_BYTES);
    assert_true(ANALYSIS_RING_PLACES > ANALYSIS_RECORDS_MAX);
}

/* A start reads a small part of the pages, whatever the ring holds. */
static void test_start_reads_little(void **state)
{
    (void)state;
    struct analysis_ring ring;
    uint32_t id = 0, most = 0;
    assert_int_equal(analysis_ring_find(&ring, &board), ANALYSIS_OK);
    assert_true(memory.reads <= 8);
    for (uint32_t n = 1; n <= 2u * ANALYSIS_RING_PLACES + 100u; n++) {
        assert_int_equal(append(&ring, &id), ANALYSIS_OK);
        assert_int_equal(id, n);
        if (n % 97u == 0 || n % ANALYSIS_RING_PLACES <= 3u) {
            struct analysis_ring again;
            memory.reads = 0;
            assert_int_equal(analysis_ring_find(&again, &board), ANALYSIS_OK);
            assert_int_equal(again.newest, n);
            most = memory.reads > most ? memory.reads : most;
        }
    }
    print_message("at most %u pages read\n", (unsigned)most);
    assert_true(most <= 160);
}

/* REQ(ANA-01): power is cut in the middle of writes, the memory is left in any state: whatever was
 * confirmed is there, ids rise, none that was confirmed comes twice; some pages are worn out */
static void test_random_cuts(void **state)
{
    (void)state;
    struct analysis_ring ring;
    uint32_t cuts = 0, confirmed = 0, worn = 0, id = 0;
    print_message("seed %u\n", (unsigned)seed);
    assert_int_equal(analysis_ring_find(&ring, &board), ANALYSIS_OK);
    for (uint32_t n = 0; n < 3u * ANALYSIS_RING_PLACES; n++) {
        memory.cut_next = draw(60) == 0;
        memory.cut = (enum cut)draw(CUTS);
        if (draw(900) == 0 && worn < 20) {
            memory.worn[draw(ANALYSIS_RING_PLACES)] = true;
            worn++;
        }
        if (append(&ring, &id) == ANALYSIS_OK) {
            assert_true(id > confirmed && id <= confirmed + 3u);
            confirmed = id;
            continue;
        }
        cuts++;
        const bool kept = memory.cut == CUT_KEPT;
        memory.dead = false;
        memory.reads = 0;
        assert_int_equal(analysis_ring_find(&ring, &board), ANALYSIS_OK);
        assert_true(memory.reads < 300);
        assert_true(ring.newest == confirmed || (kept && ring.newest == confirmed + 1u) ||
                    ring.newest == id);
        confirmed = ring.newest;
        for (unsigned look = 0; look < 8 && confirmed > 0; look++) {
            const uint32_t back = draw(ANALYSIS_RECORDS_MAX);
            struct analysis_entry e;
            const uint32_t at = confirmed > back ? confirmed - back : 1u;
            if (analysis_ring_read(&board, at, &e) == ANALYSIS_OK) {
                continue; /* what it says is checked below */
            }
            bool near_worn = false; /* its id was lost to a worn page */
            const uint32_t place = (at - 1u) % ANALYSIS_RING_PLACES;
            near_worn = memory.worn[place];
            assert_true(near_worn);
        }
    }
    uint32_t seen = 0;
    for (uint32_t back = 0; back < ANALYSIS_RECORDS_MAX; back++) {
        struct analysis_entry e;
        const uint32_t at = confirmed - back;
        if (analysis_ring_read(&board, at, &e) == ANALYSIS_OK) {
            seen++;
            if (!memory.worn[(at - 2u) % ANALYSIS_RING_PLACES] &&
                !memory.worn[(at - 3u) % ANALYSIS_RING_PLACES]) {
                expect_entry(at);
            }
        }
    }
    print_message("%u cuts, %u records of the last %u, %u worn pages\n", (unsigned)cuts,
                  (unsigned)seen, ANALYSIS_RECORDS_MAX, (unsigned)worn);
    assert_true(cuts > 500 && seen + worn >= ANALYSIS_RECORDS_MAX);
}

/* Each page once a lap: a day at the shortest interval wears 288 of 14,320 pages. */
static void test_wear_is_even(void **state)
{
    (void)state;
    struct analysis_ring ring;
    uint32_t id = 0, least = UINT32_MAX, most = 0;
    assert_int_equal(analysis_ring_find(&ring, &board), ANALYSIS_OK);
    for (uint32_t n = 0; n < 2u * ANALYSIS_RING_PLACES + 5u; n++) {
        assert_int_equal(append(&ring, &id), ANALYSIS_OK);
    }
    for (uint32_t p = 0; p < ANALYSIS_RING_PLACES; p++) {
        least = memory.page_writes[p] < least ? memory.page_writes[p] : least;
        most = memory.page_writes[p] > most ? memory.page_writes[p] : most;
    }
    assert_int_equal(least, 2);
    assert_int_equal(most, 3);
}

/* Three worn pages in a row stop it, with no id given; ids end. */
static void test_worn_silent_full(void **state)
{
    (void)state;
    struct analysis_ring ring;
    uint32_t id = 0;
    assert_int_equal(analysis_ring_find(&ring, &board), ANALYSIS_OK);
    memory.worn[1] = memory.worn[2] = memory.worn[3] = true;
    assert_int_equal(append(&ring, &id), ANALYSIS_OK);
    assert_int_equal(append(&ring, &id), ANALYSIS_ERR_STORAGE);
    assert_int_equal(ring.newest, 1);
    memory.worn[2] = false;
    assert_int_equal(append(&ring, &id), ANALYSIS_OK);
    assert_int_equal(id, 3);
    assert_int_equal(analysis_ring_find(&ring, &board), ANALYSIS_OK);
    assert_int_equal(ring.newest, 3);
    memory.silent_page = ANALYSIS_RING_FIRST_PAGE;
    assert_int_equal(analysis_ring_find(&ring, &board), ANALYSIS_ERR_STORAGE);
    assert_int_equal(append(&ring, &id), ANALYSIS_ERR_STORAGE); /* lest ids come twice */
    memory.silent_page = 0;
    assert_int_equal(analysis_ring_find(&ring, &board), ANALYSIS_OK);
    assert_int_equal(append(&ring, &id), ANALYSIS_OK);
    ring.newest = UINT32_MAX - 1u;
    struct analysis_entry e = entry_number(1);
    assert_int_equal(analysis_ring_append(&ring, &board, 1, &e), ANALYSIS_OK);
    assert_int_equal(e.id, UINT32_MAX);
    assert_int_equal(analysis_ring_append(&ring, &board, 1, &e), ANALYSIS_ERR_FULL);
    assert_int_equal(analysis_ring_read(&board, 0, &e), ANALYSIS_NONE);
}

/* A damaged run longer than the search looks ahead, in the middle: the end is still found. */
static void test_damaged_run(void **state)
{
    (void)state;
    struct analysis_ring ring;
    uint32_t id = 0;
    assert_int_equal(analysis_ring_find(&ring, &board), ANALYSIS_OK);
    for (uint32_t n = 0; n < 9000; n++) {
        assert_int_equal(append(&ring, &id), ANALYSIS_OK);
    }
    for (uint32_t p = 7155; p < 7161; p++) { /* where halving looks first */
        memset(memory.bytes + (ANALYSIS_RING_FIRST_PAGE + p) * PAGE, (int)p, PAGE);
    }
    assert_int_equal(analysis_ring_find(&ring, &board), ANALYSIS_OK);
    assert_int_equal(ring.newest, 9000);
    memset(memory.bytes + (ANALYSIS_RING_FIRST_PAGE + 8999) * PAGE, 0x5A, PAGE);
    assert_int_equal(analysis_ring_find(&ring, &board), ANALYSIS_OK);
    assert_int_equal(ring.newest, 8999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_layout, setup),
        cmocka_unit_test_setup(test_start_reads_little, setup),
        cmocka_unit_test_setup(test_random_cuts, setup),
        cmocka_unit_test_setup(test_wear_is_even, setup),
        cmocka_unit_test_setup(test_worn_silent_full, setup),
        cmocka_unit_test_setup(test_damaged_run, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
