/*
 * The billing load profile in its own memory: depths, order, deletion, cuts after any write.
 * REQ(LPR-08)
 */
#define EEPROM_BYTES LEGAL_LOG_BYTES
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "emu/eeprom.h"
#include "legal_api.h"
#include "profile/profile.h"

#define UTC_BEGIN INT64_C(1767225600) /* 2026-01-01 */

/* Legal part without registers' memory: only the log is looked at. */
struct bench {
    struct eeprom memory;
    struct legal_port port;
    struct page_memory access;
    struct profile profile;
    jmp_buf power_lost;
};

static void bench_power_up(struct bench *bench)
{
    bench->port = (struct legal_port){
        .context = &bench->memory, .log_read = eeprom_read, .log_write = eeprom_write};
    assert_int_equal(profile_start(&bench->profile, &bench->access, &bench->port), LEGAL_OK);
}

static struct bench *bench_new(uint8_t blank)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    eeprom_blank(&bench->memory, blank);
    bench_power_up(bench);
    return bench;
}

static struct legal_profile_layout layout_of(uint8_t channels, uint8_t interval_min,
                                             uint32_t capacity)
{
    struct legal_profile_layout layout = {
        .channels = channels, .interval_min = interval_min, .capacity = capacity};
    for (uint8_t c = 0; c < channels; c++) {
        layout.energy[c] = c;
    }
    return layout;
}

/* Every field of record id follows from id. */
static struct legal_profile_record record_of(uint32_t id, uint8_t channels)
{
    struct legal_profile_record record = {.id = id,
                                          .utc_s = UTC_BEGIN + INT64_C(300) * (id % 1000000u),
                                          .clock_status = (uint8_t)(id * 7u),
                                          .status = (uint16_t)(id * 31u),
                                          .quality = (uint16_t)(id * 17u)};
    for (uint8_t c = 0; c < channels; c++) {
        record.energy_wh[c] = UINT64_C(4000000000) * c + UINT64_C(12345) * (id % 1000000u);
    }
    return record;
}

static enum legal_err append(struct bench *bench, uint32_t id)
{
    const struct legal_profile_record record = record_of(id, bench->profile.layout.channels);
    return profile_append(&bench->profile, &record);
}

static struct legal_profile_range range_of(const struct bench *bench)
{
    struct legal_profile_range range;
    profile_range(&bench->profile, &range);
    return range;
}

static void assert_record(struct bench *bench, uint32_t id)
{
    struct legal_profile_record got;
    const struct legal_profile_record wanted = record_of(id, bench->profile.layout.channels);
    assert_int_equal(profile_read(&bench->profile, &bench->access, id, &got), LEGAL_OK);
    assert_memory_equal(&got, &wanted, sizeof got);
}

static void assert_all(struct bench *bench, uint32_t oldest, uint32_t newest, uint32_t step)
{
    struct legal_profile_record none;
    const struct legal_profile_range range = range_of(bench);
    assert_int_equal(range.oldest_id, oldest);
    assert_int_equal(range.newest_id, newest);
    assert_int_equal(range.n_records, newest + 1u - oldest);
    for (uint32_t id = oldest; id <= newest && id >= oldest; id += step) {
        assert_record(bench, id);
    }
    assert_record(bench, newest);
    assert_int_equal(profile_read(&bench->profile, &bench->access, oldest - 1u, &none),
                     LEGAL_ERR_RANGE);
    assert_int_equal(profile_read(&bench->profile, &bench->access, newest + 1u, &none),
                     LEGAL_ERR_RANGE);
}

/* The six numbers of records behind the 24 cells of the data sheets' tables. */
static void every_depth_holds_exactly(void **state)
{
    (void)state;
    static const struct {
        uint8_t channels;
        uint32_t records;
    } cells[] = {{1, 57328}, {2, 32758}, {4, 17639}, {1, 26400}, {2, 22176}, {4, 16800}};
    for (size_t k = 0; k < sizeof cells / sizeof cells[0]; k++) {
        struct bench *bench = bench_new(0xFF);
        bool deleted = true;
        const struct legal_profile_layout layout =
            layout_of(cells[k].channels, 15, cells[k].records);
        assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_OK);
        assert_false(deleted);
        for (uint32_t id = 1; id <= cells[k].records; id++) {
            assert_int_equal(append(bench, id), LEGAL_OK);
        }
        assert_all(bench, 1, cells[k].records, 97);
        for (uint32_t more = 1; more <= 40; more++) {
            assert_int_equal(append(bench, cells[k].records + more), LEGAL_OK);
            assert_record(bench, more + 1u);
            assert_int_equal(range_of(bench).oldest_id, more + 1u);
        }
        bench_power_up(bench);
        assert_all(bench, 41, cells[k].records + 40u, 97);
        free(bench);
    }
}

static void more_than_the_memory_is_refused(void **state)
{
    (void)state;
    struct bench *bench = bench_new(0xFF);
    bool deleted;
    struct legal_profile_layout layout = layout_of(4, 15, (PROFILE_PAGES - 2u) * 7u);
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_OK);
    layout.capacity++;
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_ERR_RANGE);
    layout = layout_of(4, 15, 0);
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_ERR_RANGE);
    layout = layout_of(4, 0, 10);
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_ERR_RANGE);
    layout = layout_of(4, 15, 10);
    layout.channels = 5;
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_ERR_RANGE);
    layout.channels = 1;
    layout.energy[0] = LEGAL_ENERGIES;
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_ERR_RANGE);
    assert_int_equal(range_of(bench).layout.channels, 4);
    free(bench);
}

static void nothing_is_recorded_without_a_layout(void **state)
{
    (void)state;
    struct bench *bench = bench_new(0x00);
    assert_int_equal(append(bench, 1), LEGAL_ERR_RANGE);
    assert_int_equal(range_of(bench).n_records, 0);
    const struct legal_profile_layout layout = layout_of(1, 60, 100);
    bool deleted;
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_OK);
    struct legal_profile_record early = record_of(1, 1);
    early.utc_s = 946684799;
    assert_int_equal(profile_append(&bench->profile, &early), LEGAL_ERR_RANGE);
    early.utc_s = 946684800 + (INT64_C(1) << 32);
    assert_int_equal(profile_append(&bench->profile, &early), LEGAL_ERR_RANGE);
    assert_int_equal(append(bench, 1), LEGAL_OK);
    free(bench);
}

/* Another interval or other energies delete; numbers go on; another capacity does not delete. */
static void another_interval_deletes(void **state)
{
    (void)state;
    struct bench *bench = bench_new(0xFF);
    bool deleted;
    struct legal_profile_layout layout = layout_of(4, 15, 100);
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_OK);
    for (uint32_t id = 1; id <= 25; id++) {
        assert_int_equal(append(bench, id), LEGAL_OK);
    }
    layout.capacity = 10;
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_OK);
    assert_false(deleted);
    assert_all(bench, 16, 25, 1);
    layout.capacity = 100;
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_OK);
    bench_power_up(bench);
    assert_all(bench, 1, 25, 1);
    layout.interval_min = 5;
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_OK);
    assert_true(deleted);
    assert_int_equal(range_of(bench).n_records, 0);
    bench_power_up(bench);
    assert_int_equal(range_of(bench).n_records, 0);
    assert_int_equal(range_of(bench).next_id, 26);
    for (uint32_t id = 26; id <= 60; id++) {
        assert_int_equal(append(bench, id), LEGAL_OK);
    }
    assert_all(bench, 26, 60, 1);
    bench_power_up(bench);
    assert_all(bench, 26, 60, 1);
    free(bench);
}

/* One run until power fails at write number cut_at; what is there afterwards is complete. */
static void run_to_cut(struct bench *bench, uint64_t cut_at, enum eeprom_cut cut)
{
    volatile uint32_t appended = 0; /* whose write had returned */
    volatile uint32_t first = 1;
    bench->memory.cut_at = bench->memory.writes + cut_at;
    bench->memory.cut = cut;
    bench->memory.power_lost = &bench->power_lost;
    if (setjmp(bench->power_lost) == 0) {
        for (uint8_t interval = 5; interval <= 15; interval += 10) {
            bool deleted;
            const struct legal_profile_layout layout = layout_of(4, interval, 20);
            assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_OK);
            first = appended + 1u;
            for (unsigned n = 0; n < 24; n++) {
                assert_int_equal(append(bench, appended + 1u), LEGAL_OK);
                appended = appended + 1u;
            }
        }
    }
    bench->memory.cut_at = 0;
    bench_power_up(bench);
    const struct legal_profile_range range = range_of(bench);
    /* at most the one being written is missing, or is there already */
    assert_in_range(range.next_id, appended + 1u, appended + 2u);
    if (range.n_records > 0) {
        const uint32_t kept = range.newest_id >= 20u ? range.newest_id - 19u : 1u;
        assert_true(range.oldest_id == kept || range.oldest_id == first ||
                    range.oldest_id == appended + 1u);
        assert_all(bench, range.oldest_id, range.newest_id, 1);
    }
    /* and it goes on from there, whatever the cut left in the scratch pages */
    bool deleted;
    const struct legal_profile_layout layout = layout_of(4, 15, 20);
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_OK);
    for (uint32_t id = range.next_id; id < range.next_id + 9u; id++) {
        assert_int_equal(append(bench, id), LEGAL_OK);
    }
    bench_power_up(bench);
    assert_int_equal(range_of(bench).newest_id, range.next_id + 8u);
    assert_record(bench, range.next_id + 8u);
}

static void a_cut_costs_at_most_the_record_being_written(void **state)
{
    (void)state;
    for (int cut = 0; cut < EEPROM_CUTS; cut++) {
        for (uint64_t at = 1; at <= 58; at += 1) {
            struct bench *bench = bench_new(0xFF);
            run_to_cut(bench, at, (enum eeprom_cut)cut);
            free(bench);
        }
    }
}

static void a_damaged_page_costs_its_records_alone(void **state)
{
    (void)state;
    struct bench *bench = bench_new(0xFF);
    bool deleted;
    const struct legal_profile_layout layout = layout_of(4, 15, 100);
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_OK);
    for (uint32_t id = 1; id <= 30; id++) {
        assert_int_equal(append(bench, id), LEGAL_OK);
    }
    bench->memory.bytes[(PROFILE_PAGE + 1u) * LEGAL_MEMORY_PAGE_BYTES + 100u] ^= 0x40u;
    bench_power_up(bench);
    struct legal_profile_record none;
    for (uint32_t id = 1; id <= 30; id++) {
        if (id >= 8 && id <= 14) {
            assert_int_equal(profile_read(&bench->profile, &bench->access, id, &none),
                             LEGAL_ERR_STORAGE);
        } else {
            assert_record(bench, id);
        }
    }
    free(bench);
}

/* A value beyond five bytes stays at their end; energies that are not used may be anything. */
static void the_largest_value_is_held(void **state)
{
    (void)state;
    struct bench *bench = bench_new(0xFF);
    bool deleted;
    struct legal_profile_layout layout = layout_of(1, 15, 100);
    layout.energy[1] = 255;
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_OK);
    struct legal_profile_record record = record_of(1, 1), got;
    for (uint32_t k = 0; k < 3; k++) {
        record.energy_wh[0] = (UINT64_C(1) << 40) - 2u + k;
        assert_int_equal(profile_append(&bench->profile, &record), LEGAL_OK);
        assert_int_equal(profile_read(&bench->profile, &bench->access, 1u + k, &got), LEGAL_OK);
        assert_true(got.energy_wh[0] == (UINT64_C(1) << 40) - (k == 0 ? 2u : 1u));
    }
    free(bench);
}

/* A layout that could not be written is not in force, and the fault is shown. */
static void a_layout_that_is_not_written_changes_nothing(void **state)
{
    (void)state;
    struct bench *bench = bench_new(0xFF);
    bool deleted;
    const struct legal_profile_layout old = layout_of(2, 15, 100), wanted = layout_of(2, 5, 100);
    assert_int_equal(profile_begin(&bench->profile, &old, &deleted), LEGAL_OK);
    assert_int_equal(append(bench, 1), LEGAL_OK);
    bench->memory.refuse_writes = true;
    assert_int_equal(profile_begin(&bench->profile, &wanted, &deleted), LEGAL_ERR_STORAGE);
    assert_false(deleted);
    assert_true(bench->profile.fault);
    assert_int_equal(range_of(bench).layout.interval_min, 15);
    assert_all(bench, 1, 1, 1);
    free(bench);
}

/* A good page that holds fewer records, or others, than its place says is not read from. */
static void a_page_of_other_records_is_not_read(void **state)
{
    (void)state;
    static const uint32_t first_and_count[][2] = {{8, 7}, {8, 3}, {11, 7}, {1, 7}};
    struct bench *bench = bench_new(0xFF);
    bool deleted;
    const struct legal_profile_layout layout = layout_of(4, 15, 100);
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_OK);
    for (uint32_t id = 1; id <= 30; id++) {
        assert_int_equal(append(bench, id), LEGAL_OK);
    }
    for (unsigned row = 0; row < sizeof first_and_count / sizeof first_and_count[0]; row++) {
        struct page page;
        const uint32_t first = first_and_count[row][0], count = first_and_count[row][1];
        assert_int_equal(page_read(&bench->access, PROFILE_PAGE + 1u, PAGE_PROFILE, &page),
                         PAGE_GOOD);
        page_put(&page, 12, 4, first);
        page_put(&page, 26, 1, count);
        assert_true(page_write(&bench->access, PROFILE_PAGE + 1u, &page));
        for (uint32_t id = 8; id <= 14; id++) {
            struct legal_profile_record got;
            const bool there = id >= first && id < first + count;
            assert_int_equal(profile_read(&bench->profile, &bench->access, id, &got),
                             there ? LEGAL_OK : LEGAL_ERR_STORAGE);
        }
    }
    free(bench);
}

static void worn_scratch_places_are_passed_over(void **state)
{
    (void)state;
    struct bench *bench = bench_new(0xFF);
    bench->memory.worn_from = 1;
    bench->memory.worn_to = 4;
    bool deleted;
    const struct legal_profile_layout layout = layout_of(2, 15, 100);
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_OK);
    for (uint32_t id = 1; id <= 50; id++) {
        assert_int_equal(append(bench, id), LEGAL_OK);
        if (id % 5u == 0) {
            bench_power_up(bench);
        }
    }
    assert_all(bench, 1, 50, 1);
    bench->memory.refuse_writes = true;
    assert_int_equal(append(bench, 51), LEGAL_ERR_STORAGE);
    assert_true(bench->profile.fault);
    assert_all(bench, 1, 50, 1);
    free(bench);
}

static void a_newer_format_is_refused(void **state)
{
    (void)state;
    struct bench *bench = bench_new(0xFF);
    bool deleted;
    const struct legal_profile_layout layout = layout_of(2, 15, 100);
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_OK);
    struct page page;
    memcpy(page.bytes, bench->memory.bytes, sizeof page.bytes);
    page.bytes[1] = PAGE_FORMAT + 1u;
    bench->access.writable = true;
    page_put(&page, 4, 4, 8); /* the newest scratch page, at place 0 */
    assert_true(page_write(&bench->access, 0, &page));
    const uint64_t writes = bench->memory.writes;
    assert_int_equal(profile_start(&bench->profile, &bench->access, &bench->port),
                     LEGAL_ERR_FORMAT);
    assert_int_equal(bench->memory.writes, writes);
    free(bench);
}

static void the_last_number_is_the_last(void **state)
{
    (void)state;
    struct bench *bench = bench_new(0xFF);
    bool deleted;
    const struct legal_profile_layout layout = layout_of(1, 15, 100);
    bench->profile.page_first_id = UINT32_MAX - 1u;
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_OK);
    assert_int_equal(append(bench, UINT32_MAX - 1u), LEGAL_OK);
    assert_int_equal(append(bench, UINT32_MAX), LEGAL_OK);
    assert_int_equal(append(bench, 0), LEGAL_ERR_RANGE);
    assert_int_equal(range_of(bench).next_id, 0);
    bench_power_up(bench);
    assert_int_equal(append(bench, 0), LEGAL_ERR_RANGE);
    assert_record(bench, UINT32_MAX);
    assert_record(bench, UINT32_MAX - 1u);
    free(bench);
}

static void ten_years_of_wear(void **state)
{
    (void)state;
    struct bench *bench = bench_new(0xFF);
    bool deleted;
    const struct legal_profile_layout layout = layout_of(4, 5, 16800);
    assert_int_equal(profile_begin(&bench->profile, &layout, &deleted), LEGAL_OK);
    const uint32_t year = 105192; /* a tenth of ten years, 365.25 days */
    for (uint32_t id = 1; id <= year; id++) {
        assert_int_equal(append(bench, id), LEGAL_OK);
    }
    assert_all(bench, year - 16799u, year, 501);
    const uint32_t most = eeprom_most_written(&bench->memory);
    print_message("a year at 5 minutes: %u writes of a scratch place\n", most);
    assert_in_range(most, 1, 13200); /* 132,000 in ten years, of a million */
    free(bench);
}

static void without_a_log_memory_commands_are_refused(void **state)
{
    (void)state;
    struct legal *legal = calloc(1, sizeof *legal);
    assert_non_null(legal);
    const struct legal_setup setup = {.systems = 3,
                                      .summation = LEGAL_SUM_INDIVIDUAL,
                                      .pulses_per_kwh = 1000,
                                      .pulse_energy = LEGAL_A_PLUS,
                                      .pulse_ms = 30};
    struct eeprom *main_memory = calloc(1, sizeof *main_memory);
    assert_non_null(main_memory);
    eeprom_blank(main_memory, 0xFF);
    struct legal_port port = {
        .context = main_memory, .memory_read = eeprom_read, .memory_write = eeprom_write};
    assert_int_equal(legal_start(legal, &port, &setup, 0), LEGAL_OK);
    const struct legal_profile_layout layout = layout_of(2, 15, 100);
    struct legal_profile_record record = record_of(1, 0);
    struct legal_profile_range range;
    assert_int_equal(legal_profile_begin(legal, &layout, NULL), LEGAL_ERR_STORAGE);
    assert_int_equal(legal_profile_record(legal, &record), LEGAL_ERR_STORAGE);
    legal_profile_range(legal, &range);
    assert_int_equal(range.n_records, 0);
    assert_int_equal(legal_profile_read(legal, 1, &record), LEGAL_ERR_RANGE);
    free(main_memory);
    free(legal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_depth_holds_exactly),
        cmocka_unit_test(more_than_the_memory_is_refused),
        cmocka_unit_test(nothing_is_recorded_without_a_layout),
        cmocka_unit_test(another_interval_deletes),
        cmocka_unit_test(a_cut_costs_at_most_the_record_being_written),
        cmocka_unit_test(a_damaged_page_costs_its_records_alone),
        cmocka_unit_test(the_largest_value_is_held),
        cmocka_unit_test(a_layout_that_is_not_written_changes_nothing),
        cmocka_unit_test(a_page_of_other_records_is_not_read),
        cmocka_unit_test(worn_scratch_places_are_passed_over),
        cmocka_unit_test(a_newer_format_is_refused),
        cmocka_unit_test(the_last_number_is_the_last),
        cmocka_unit_test(ten_years_of_wear),
        cmocka_unit_test(without_a_log_memory_commands_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
