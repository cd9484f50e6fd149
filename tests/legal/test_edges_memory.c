/*
 * Edges of what is kept in memory that seeded defects crossed unseen (tools/mutation.py): pages
 * that do not answer, pages of another form, records of the load profile between two bookings.
 */
#include "emu/desk.h"

#include "store/page.h"
#include "store/store.h"

static const double watts[3] = {1900, -700, 1250}, vars[3] = {400, -300, 200};

static bool memory_fault(const struct desk *desk)
{
    struct legal_health health;
    legal_health(&desk->legal, &health);
    return health.memory_fault;
}

/* One page that does not answer may hold the newest record: of either ring it is a fault. */
static void one_silent_page_is_a_fault(void **state)
{
    (void)state;
    static const uint32_t pages[] = {STORE_TARIFF_PAGE + STORE_TARIFF_PAGES - 1u,
                                     STORE_STATE_PAGE + STORE_STATE_PAGES - 1u};
    for (unsigned row = 0; row < 2; row++) {
        struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
        desk_run(desk, 5, watts, vars);
        assert_int_equal(legal_tariff_select(&desk->legal, 3), LEGAL_OK);
        assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
        assert_int_equal(desk_power_up(desk), LEGAL_OK);
        assert_false(memory_fault(desk));
        const uint64_t energy = desk_energy(desk, LEGAL_A_PLUS);
        desk->memory.unreadable_from = pages[row];
        desk->memory.unreadable_to = pages[row] + 1u;
        assert_int_equal(desk_power_up(desk), LEGAL_OK);
        assert_true(memory_fault(desk));
        assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), energy);
        desk_free(desk);
    }
}

/* A page is one of ours when kind, format, size and CRC all say so. */
static void page_of_another_form_is_damaged(void **state)
{
    (void)state;
    static const struct {
        uint8_t format;
        uint16_t size;
        enum page_state wanted;
    } rows[] = {
        {PAGE_FORMAT, LEGAL_MEMORY_PAGE_BYTES, PAGE_GOOD},
        {PAGE_FORMAT, LEGAL_MEMORY_PAGE_BYTES / 2u, PAGE_DAMAGED},
        {PAGE_FORMAT, 0, PAGE_DAMAGED},
        {0, LEGAL_MEMORY_PAGE_BYTES, PAGE_DAMAGED},
        {PAGE_FORMAT + 1u, LEGAL_MEMORY_PAGE_BYTES, PAGE_NEWER},
    };
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    struct page_memory memory = {.port = &desk->port, .writable = true};
    for (unsigned row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct page page;
        page_begin(&page, PAGE_STATE, 7);
        page_put(&page, 1, 1, rows[row].format);
        page_put(&page, 2, 2, rows[row].size);
        assert_true(page_write(&memory, STORE_STATE_PAGE, &page));
        assert_int_equal(page_read(&memory, STORE_STATE_PAGE, PAGE_STATE, &page), rows[row].wanted);
    }
    desk_free(desk);
}

/** The log memory beside the desk's own. */
static uint8_t log_bytes[LEGAL_LOG_BYTES];

static int log_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    (void)context;
    memcpy(bytes, log_bytes + address, n_bytes);
    return 0;
}

static int log_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    memcpy(log_bytes + address, bytes, n_bytes);
    return 0;
}

/* A window that has ended belongs to the interval that ends, though it waits for another system's
 * frame to be booked with. */
static void waiting_windows_belong_to_the_interval(void **state)
{
    (void)state;
    static const double heavy[3] = {50000, 50000, 50000};
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    memset(log_bytes, 0xFF, sizeof log_bytes);
    desk->port.log_read = log_read;
    desk->port.log_write = log_write;
    assert_int_equal(legal_start(&desk->legal, &desk->port, &desk->setup, desk->now_us), LEGAL_OK);
    desk_systems_start(desk);
    const struct legal_profile_layout layout = {
        .channels = 1, .interval_min = 15, .capacity = 100, .energy = {LEGAL_A_PLUS}};
    assert_int_equal(legal_profile_begin(&desk->legal, &layout, NULL), LEGAL_OK);
    desk_run(desk, 10, heavy, vars);
    const uint64_t booked = desk_energy(desk, LEGAL_A_PLUS);
    const struct desk_load load = desk_load(230, 50000, 0, 8000);
    desk->now_us += SECOND;
    for (unsigned s = 0; s < 2; s++) { /* the third is late */
        desk_count(desk, s, &load, 8000);
        desk_send(desk, s);
    }
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), booked);
    const struct legal_profile_record stamp = {.utc_s = INT64_C(1767225600)};
    assert_int_equal(legal_profile_record(&desk->legal, &stamp), LEGAL_OK);
    struct legal_profile_record record;
    assert_int_equal(legal_profile_read(&desk->legal, 1, &record), LEGAL_OK);
    assert_in_range(record.energy_wh[0] - booked / (uint64_t)WH, 27, 28); /* twice 13.9 Wh */
    assert_int_equal(record.energy_wh[0], desk_energy(desk, LEGAL_A_PLUS) / (uint64_t)WH);
    desk_free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_silent_page_is_a_fault),
        cmocka_unit_test(page_of_another_form_is_damaged),
        cmocka_unit_test(waiting_windows_belong_to_the_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
