/* Event logs: bytes, order, cuts at every write, worn and silent pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/log/event_log.h"

#define PAGE EVENT_LOG_PAGE_BYTES

enum cut { CUT_DROPPED, CUT_KEPT, CUT_FRONT, CUT_GARBLED, CUTS };

static struct {
    uint8_t bytes[2048 * PAGE];
    uint32_t page_writes[2048];
    uint32_t writes, cut_at; /* number of the write that loses power; 0: none */
    enum cut cut;
    bool dead;
    uint32_t worn_page, silent_page; /* 0: none */
} memory;

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    (void)context;
    assert_true(address + n_bytes <= sizeof memory.bytes);
    assert_true(address / PAGE == (address + n_bytes - 1u) / PAGE);
    memcpy(bytes, memory.bytes + address, n_bytes);
    return memory.dead || (memory.silent_page != 0 && memory.silent_page == address / PAGE) ? -1
                                                                                            : 0;
}

static void tear(uint32_t page, const uint8_t *bytes, uint32_t n_bytes)
{
    uint8_t *at = memory.bytes + page * PAGE;
    if (memory.cut == CUT_KEPT || memory.cut == CUT_FRONT) {
        memcpy(at, bytes, memory.cut == CUT_KEPT ? n_bytes : n_bytes / 2u);
    } else if (memory.cut == CUT_GARBLED) {
        for (uint32_t i = 0; i < PAGE; i++) {
            at[i] = (uint8_t)(at[i] * 7u + i + memory.writes);
        }
    }
    memory.dead = true;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    assert_true(address + n_bytes <= sizeof memory.bytes);
    assert_true(address / PAGE == (address + n_bytes - 1u) / PAGE);
    if (memory.dead) {
        return -1;
    }
    memory.writes++;
    memory.page_writes[address / PAGE]++;
    if (memory.writes == memory.cut_at) {
        tear(address / PAGE, bytes, n_bytes);
        return -1;
    }
    memcpy(memory.bytes + address, bytes, n_bytes);
    if (memory.worn_page != 0 && memory.worn_page == address / PAGE) {
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
    return 0;
}

/* What record n says, so that each can be told from every other. */
static struct event_log_entry entry_number(uint32_t n)
{
    struct event_log_entry e = {.utc_s = 1000000000 + (int64_t)n * 60,
                                .clock_valid = n % 3 != 0,
                                .hours = n * 2,
                                .code = (uint16_t)(n * 5),
                                .n_payload = (uint8_t)(n % 17)};
    for (unsigned i = 0; i < e.n_payload; i++) {
        e.payload[i] = (uint8_t)(n + i);
    }
    return e;
}

static void expect_number(const struct event_log_entry *e, uint32_t id, uint32_t n)
{
    struct event_log_entry expected = entry_number(n);
    assert_int_equal(e->id, id);
    assert_int_equal(e->utc_s, expected.utc_s);
    assert_int_equal(e->clock_valid, expected.clock_valid);
    assert_int_equal(e->hours, expected.hours);
    assert_int_equal(e->code, expected.code);
    assert_int_equal(e->n_payload, expected.n_payload);
    assert_memory_equal(e->payload, expected.payload, sizeof e->payload);
}

static enum event_log_err append(struct event_logs *logs, enum event_log_name log, uint32_t n)
{
    struct event_log_entry e = entry_number(n);
    return event_log_append(logs, &board, log, &e);
}

/* Records first .. last, whose id is their number, and no others. */
static void expect_log(const struct event_logs *logs, enum event_log_name log, uint32_t first,
                       uint32_t last)
{
    struct event_log_entry e;
    assert_int_equal(event_log_oldest(logs, log), first);
    assert_int_equal(event_log_newest(logs, log), last);
    for (uint32_t n = first; n <= last && last != 0; n++) {
        assert_int_equal(event_log_read(logs, &board, log, n, &e), EVENT_LOG_OK);
        expect_number(&e, n, n);
    }
    assert_int_equal(event_log_read(logs, &board, log, first - 1u, &e), EVENT_LOG_NONE);
    assert_int_equal(event_log_read(logs, &board, log, last + 1u, &e), EVENT_LOG_NONE);
}

/* Every log has its pages to itself, inside the memory. */
static void test_map(void **state)
{
    (void)state;
    for (unsigned a = 0; a < EVENT_LOGS; a++) {
        const struct event_log_row *row = event_log_row((enum event_log_name)a);
        assert_true(row->pages > row->depth);
        assert_true(row->payload_bytes <= EVENT_LOG_PAYLOAD_MAX);
        assert_true((row->first_page + row->pages) * PAGE <= BOARD_APP_MEMORY_BYTES);
        assert_true(row->first_page >= 4);
        for (unsigned b = 0; b < a; b++) {
            const struct event_log_row *other = event_log_row((enum event_log_name)b);
            assert_true(row->first_page >= other->first_page + other->pages ||
                        other->first_page >= row->first_page + row->pages);
            assert_string_not_equal(row->name, other->name);
        }
    }
    assert_null(event_log_row(EVENT_LOGS));
}

/* The bytes of docs/spec/app-storage.md. */
static void test_layout(void **state)
{
    (void)state;
    struct event_logs logs;
    assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
    struct event_log_entry e = {.utc_s = 0x665544332211,
                                .clock_valid = true,
                                .hours = 0x01020304,
                                .code = 0xBEEF,
                                .n_payload = 3,
                                .payload = {7, 8, 9}};
    assert_int_equal(event_log_append(&logs, &board, EVENT_LOG_NEUTRAL, &e), EVENT_LOG_OK);
    assert_int_equal(e.id, 1);
    static const uint8_t expected[] = {0x45, 0x4C, 1,    4,    1,    0,    0, 0, 0x11,
                                       0x22, 0x33, 0x44, 0x55, 0x66, 0,    0, 4, 3,
                                       2,    1,    1,    3,    0xEF, 0xBE, 7, 8, 9};
    const uint8_t *page = memory.bytes + 1281 * PAGE;
    assert_memory_equal(page, expected, sizeof expected);
    assert_int_equal(page[sizeof expected + 4], 0xFF);
    assert_int_equal(memory.writes, 1);
}

/* Depth of each log; one record too many overwrites the first */
static void test_depths(void **state)
{
    (void)state;
    struct event_logs logs;
    assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
    assert_int_equal(event_log_row(EVENT_LOG_STATUS)->depth, 200);
    assert_int_equal(event_log_row(EVENT_LOG_CLOCK)->depth, 200);
    assert_int_equal(event_log_row(EVENT_LOG_VOLTAGE)->depth, 200);
    assert_int_equal(event_log_row(EVENT_LOG_NEUTRAL)->depth, 45);
    assert_int_equal(event_log_row(EVENT_LOG_LOAD_PROFILE)->depth, 10);
    for (unsigned log = 0; log < EVENT_LOGS; log++) {
        const struct event_log_row *row = event_log_row((enum event_log_name)log);
        expect_log(&logs, (enum event_log_name)log, 0, 0);
        for (uint32_t n = 1; n <= row->depth * 3u; n++) {
            assert_int_equal(append(&logs, (enum event_log_name)log, n), EVENT_LOG_OK);
        }
    }
    assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
    for (unsigned log = 0; log < EVENT_LOGS; log++) {
        uint32_t depth = event_log_row((enum event_log_name)log)->depth;
        expect_log(&logs, (enum event_log_name)log, 2 * depth + 1, 3 * depth);
    }
}

/* Cut at write 1, 2, 3, ...: all before it is there, ids go on, none comes twice */
static void test_cut_at_every_write(void **state)
{
    const enum event_log_name log = EVENT_LOG_LOAD_PROFILE;
    const uint32_t depth = event_log_row(log)->depth;
    for (unsigned cut = 0; cut < CUTS; cut++) {
        for (uint32_t at = 1; at <= 3 * depth + 2; at++) {
            struct event_logs logs;
            (void)setup(state);
            assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
            memory.cut = (enum cut)cut;
            memory.cut_at = at;
            uint32_t n = 0;
            do {
                n++;
            } while (append(&logs, log, n) == EVENT_LOG_OK);
            assert_int_equal(n, at);
            memory.dead = false;
            assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
            uint32_t newest = cut == CUT_KEPT ? n : n - 1u;
            uint32_t oldest = newest > depth ? newest - depth + 1u : newest > 0 ? 1u : 0u;
            expect_log(&logs, log, oldest, newest);
            assert_int_equal(append(&logs, log, newest + 1u), EVENT_LOG_OK);
            expect_log(&logs, log, newest >= depth ? newest - depth + 2u : 1u, newest + 1u);
        }
    }
}

/* Random cuts, one after another, over all logs: ids that were told are never told again. */
static void test_many_cuts(void **state)
{
    (void)state;
    struct event_logs logs;
    uint32_t told[EVENT_LOGS] = {0}, random = 20261129;
    for (unsigned life = 0; life < 300; life++) {
        memory.dead = false;
        random = random * 1664525u + 1013904223u;
        memory.cut_at = memory.writes + 1u + (random >> 24) % 40u;
        memory.cut = (enum cut)((random >> 16) % CUTS);
        assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
        for (unsigned log = 0; log < EVENT_LOGS; log++) {
            uint32_t newest = event_log_newest(&logs, (enum event_log_name)log);
            assert_true(newest == told[log] || newest == told[log] + 1u);
            expect_log(&logs, (enum event_log_name)log,
                       event_log_oldest(&logs, (enum event_log_name)log), newest);
            told[log] = newest;
        }
        while (!memory.dead) {
            random = random * 1664525u + 1013904223u;
            enum event_log_name log = (enum event_log_name)((random >> 20) % EVENT_LOGS);
            told[log] += append(&logs, log, told[log] + 1u) == EVENT_LOG_OK ? 1u : 0u;
        }
    }
}

/* One bit wrong anywhere: that record is gone, the others stay. */
static void test_every_bit(void **state)
{
    (void)state;
    struct event_logs logs;
    struct event_log_entry e;
    assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
    for (uint32_t n = 1; n <= 3; n++) {
        assert_int_equal(append(&logs, EVENT_LOG_NEUTRAL, n), EVENT_LOG_OK);
    }
    for (unsigned bit = 0; bit < (24 + 2 + 4) * 8; bit++) {
        uint8_t *at = memory.bytes + 1282 * PAGE + bit / 8;
        *at ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
        assert_int_equal(event_log_newest(&logs, EVENT_LOG_NEUTRAL), 3);
        assert_int_equal(event_log_read(&logs, &board, EVENT_LOG_NEUTRAL, 2, &e), EVENT_LOG_NONE);
        assert_int_equal(event_log_seek(&logs, &board, EVENT_LOG_NEUTRAL, 2, true, &e),
                         EVENT_LOG_OK);
        assert_int_equal(e.id, 3);
        assert_int_equal(event_log_seek(&logs, &board, EVENT_LOG_NEUTRAL, 2, false, &e),
                         EVENT_LOG_OK);
        assert_int_equal(e.id, 1);
        *at ^= (uint8_t)(1u << bit % 8);
    }
}

/* A good record that stands in a page of another id, or of another log, is nobody's. */
static void test_record_out_of_place(void **state)
{
    (void)state;
    struct event_logs logs;
    assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
    for (uint32_t n = 1; n <= 5; n++) {
        assert_int_equal(append(&logs, EVENT_LOG_NEUTRAL, n), EVENT_LOG_OK);
    }
    memcpy(memory.bytes + 1290 * PAGE, memory.bytes + 1285 * PAGE, PAGE);
    memcpy(memory.bytes + 261 * PAGE, memory.bytes + 1285 * PAGE, PAGE);
    memset(memory.bytes + 1285 * PAGE, 0, PAGE);
    assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
    expect_log(&logs, EVENT_LOG_NEUTRAL, 1, 4);
    expect_log(&logs, EVENT_LOG_STATUS, 0, 0);
}

static void test_worn_page(void **state)
{
    (void)state;
    struct event_logs logs;
    struct event_log_entry e;
    assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
    memory.worn_page = 1283;
    for (uint32_t n = 1; n <= 5; n++) {
        assert_int_equal(append(&logs, EVENT_LOG_NEUTRAL, n), EVENT_LOG_OK);
    }
    assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
    assert_int_equal(event_log_newest(&logs, EVENT_LOG_NEUTRAL), 6);
    assert_int_equal(event_log_read(&logs, &board, EVENT_LOG_NEUTRAL, 3, &e), EVENT_LOG_NONE);
    assert_int_equal(event_log_seek(&logs, &board, EVENT_LOG_NEUTRAL, 3, true, &e), EVENT_LOG_OK);
    expect_number(&e, 4, 3);
}

static void test_silent_page(void **state)
{
    (void)state;
    struct event_logs logs;
    struct event_log_entry e;
    assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
    assert_int_equal(append(&logs, EVENT_LOG_NEUTRAL, 1), EVENT_LOG_OK);
    memory.silent_page = 1290;
    assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_ERR_STORAGE);
    assert_int_equal(append(&logs, EVENT_LOG_NEUTRAL, 2), EVENT_LOG_ERR_STORAGE);
    assert_int_equal(append(&logs, EVENT_LOG_STATUS, 1), EVENT_LOG_OK);
    expect_log(&logs, EVENT_LOG_NEUTRAL, 1, 1);
    memory.silent_page = 1281;
    assert_int_equal(event_log_read(&logs, &board, EVENT_LOG_NEUTRAL, 1, &e),
                     EVENT_LOG_ERR_STORAGE);
    assert_int_equal(event_log_at_time(&logs, &board, EVENT_LOG_NEUTRAL, 0, true, &e),
                     EVENT_LOG_ERR_STORAGE);
}

/* By time, over a clock that was set back */
static void test_by_time(void **state)
{
    (void)state;
    struct event_logs logs;
    struct event_log_entry e;
    static const uint32_t numbers[] = {10, 20, 30, 15, 25};
    assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
    assert_int_equal(event_log_at_time(&logs, &board, EVENT_LOG_STATUS, 0, true, &e),
                     EVENT_LOG_NONE);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(append(&logs, EVENT_LOG_STATUS, numbers[i]), EVENT_LOG_OK);
    }
    static const struct {
        uint32_t n, up, down; /* ids; 0: none */
    } cases[] = {{9, 1, 0},  {10, 1, 1}, {11, 2, 1}, {15, 2, 4},
                 {21, 3, 4}, {25, 3, 5}, {30, 3, 5}, {31, 0, 5}};
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t utc_s = entry_number(cases[i].n).utc_s;
        e.id = 0;
        enum event_log_err err =
            event_log_at_time(&logs, &board, EVENT_LOG_STATUS, utc_s, true, &e);
        assert_int_equal(err, cases[i].up != 0 ? EVENT_LOG_OK : EVENT_LOG_NONE);
        assert_int_equal(e.id, cases[i].up);
        e.id = 0;
        err = event_log_at_time(&logs, &board, EVENT_LOG_STATUS, utc_s, false, &e);
        assert_int_equal(err, cases[i].down != 0 ? EVENT_LOG_OK : EVENT_LOG_NONE);
        assert_int_equal(e.id, cases[i].down);
    }
}

static void test_end_of_ids_and_nonsense(void **state)
{
    (void)state;
    struct event_logs logs;
    struct event_log_entry e = entry_number(16);
    assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
    logs.newest[EVENT_LOG_NEUTRAL] = UINT32_MAX - 1u;
    assert_int_equal(append(&logs, EVENT_LOG_NEUTRAL, 1), EVENT_LOG_OK);
    assert_int_equal(append(&logs, EVENT_LOG_NEUTRAL, 2), EVENT_LOG_ERR_FULL);
    assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
    assert_int_equal(event_log_newest(&logs, EVENT_LOG_NEUTRAL), UINT32_MAX);
    assert_int_equal(event_log_seek(&logs, &board, EVENT_LOG_NEUTRAL, 0, true, &e), EVENT_LOG_OK);
    assert_int_equal(e.id, UINT32_MAX);
    e.n_payload = 17;
    assert_int_equal(event_log_append(&logs, &board, EVENT_LOG_STATUS, &e), EVENT_LOG_ERR_RANGE);
    assert_int_equal(event_log_append(&logs, &board, EVENT_LOGS, &e), EVENT_LOG_ERR_RANGE);
    assert_int_equal(event_log_newest(&logs, EVENT_LOGS), 0);
}

/* Each page of a ring takes its turn. */
static void test_wear(void **state)
{
    (void)state;
    struct event_logs logs;
    assert_int_equal(event_logs_load(&logs, &board), EVENT_LOG_OK);
    for (uint32_t n = 1; n <= 46 * 100; n++) {
        assert_int_equal(append(&logs, EVENT_LOG_NEUTRAL, n), EVENT_LOG_OK);
    }
    for (uint32_t page = 0; page < 2048; page++) {
        assert_int_equal(memory.page_writes[page], page >= 1280 && page < 1326 ? 100 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_map, setup),
        cmocka_unit_test_setup(test_layout, setup),
        cmocka_unit_test_setup(test_depths, setup),
        cmocka_unit_test_setup(test_cut_at_every_write, setup),
        cmocka_unit_test_setup(test_many_cuts, setup),
        cmocka_unit_test_setup(test_every_bit, setup),
        cmocka_unit_test_setup(test_record_out_of_place, setup),
        cmocka_unit_test_setup(test_worn_page, setup),
        cmocka_unit_test_setup(test_silent_page, setup),
        cmocka_unit_test_setup(test_by_time, setup),
        cmocka_unit_test_setup(test_end_of_ids_and_nonsense, setup),
        cmocka_unit_test_setup(test_wear, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
