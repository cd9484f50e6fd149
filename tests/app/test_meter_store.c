/* Application memory: every byte in its place, and power cut at every write. */
#include "legal_puppet.h"

#define PAYLOAD 265

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

static struct app_record record_number(uint32_t n)
{
    struct app_record r;
    memset(&r, 0, sizeof r);
    r.orderly = n % 2 == 0;
    r.clock_valid = n % 3 == 0;
    r.serial_number = 12345678u + n;
    memcpy(r.meter_number[0], "14410000", 9);
    memcpy(r.meter_number[1], "00000002", 9);
    memcpy(r.meter_number[2], "99999999", 9);
    r.meter_number[1][7] = (char)('0' + n % 10);
    r.special_data[0] = n;
    r.special_data[1] = ~n;
    r.utc_s = Y2000 + n;
    demand_init(&r.demand, 15);
    r.demand.period_start_s = Y2000 + 900 * (int64_t)n;
    for (unsigned i = 0; i < LEGAL_TARIFF_ENERGIES; i++) {
        r.demand.start_uwh[i] = n * KWH + i;
        r.demand.mean_mw[i] = n * 100 + i;
        r.demand.accumulated_mw[i] = (uint64_t)n << 33 | (n * 200 + i);
    }
    for (unsigned i = 0; i < DEMAND_TARIFFS; i++) {
        r.demand.start_tariff_uwh[i] = n * KWH / 2 + i;
    }
    for (unsigned i = 0; i < DEMAND_PEAKS; i++) {
        r.demand.peak[i].power_mw = n * 1000 + i;
        r.demand.peak[i].utc_s = Y2000 + n + i;
    }
    r.demand.debiting_count = n + 3;
    r.demand.threshold_w = 99000 + n;
    r.demand.threshold_count = (uint8_t)n;
    memcpy(r.order_number, "68431BM423010", 14);
    for (unsigned i = 0; i < 5; i++) {
        r.configuration[i] = 11000002 + 100 * n + i;
    }
    r.events = (uint8_t)(n * 7);
    return r;
}

static void expect_same(const struct app_record *a, const struct app_record *b)
{
    assert_int_equal(a->orderly, b->orderly);
    assert_int_equal(a->clock_valid, b->clock_valid);
    assert_int_equal(a->serial_number, b->serial_number);
    assert_memory_equal(a->meter_number, b->meter_number, sizeof a->meter_number);
    assert_memory_equal(a->special_data, b->special_data, sizeof a->special_data);
    assert_int_equal(a->utc_s, b->utc_s);
    const struct demand *d = &a->demand, *e = &b->demand;
    assert_int_equal(d->integration_min, e->integration_min);
    assert_int_equal(d->period_start_s, e->period_start_s);
    assert_memory_equal(d->start_uwh, e->start_uwh, sizeof d->start_uwh);
    assert_memory_equal(d->start_tariff_uwh, e->start_tariff_uwh, sizeof d->start_tariff_uwh);
    assert_memory_equal(d->mean_mw, e->mean_mw, sizeof d->mean_mw);
    assert_memory_equal(d->accumulated_mw, e->accumulated_mw, sizeof d->accumulated_mw);
    for (unsigned i = 0; i < DEMAND_PEAKS; i++) {
        assert_int_equal(d->peak[i].power_mw, e->peak[i].power_mw);
        assert_int_equal(d->peak[i].utc_s, e->peak[i].utc_s);
    }
    assert_int_equal(d->debiting_count, e->debiting_count);
    assert_int_equal(d->threshold_w, e->threshold_w);
    assert_int_equal(d->threshold_count, e->threshold_count);
    assert_string_equal(a->order_number, b->order_number);
    assert_memory_equal(a->configuration, b->configuration, sizeof a->configuration);
    assert_int_equal(a->events, b->events);
}

/* REQ(REG-01, REG-03, MET-06): what is stored comes back, whole */
static void test_there_and_back(void **state)
{
    (void)state;
    struct app_store store = {0};
    struct app_record got;
    assert_int_equal(app_store_load(&store, &toy_board, &got), APP_STORE_BLANK);
    for (uint32_t n = 1; n < 50; n++) {
        struct app_record record = record_number(n);
        assert_int_equal(app_store_save(&store, &toy_board, &record), APP_STORE_OK);
        struct app_store again = {0};
        assert_int_equal(app_store_load(&again, &toy_board, &got), APP_STORE_OK);
        assert_int_equal(again.sequence, n);
        expect_same(&got, &record);
    }
}

/* The bytes of docs/spec/app-storage.md. */
static void test_layout(void **state)
{
    (void)state;
    struct app_store store = {0};
    struct app_record record = record_number(2);
    assert_int_equal(app_store_save(&store, &toy_board, &record), APP_STORE_OK);
    const uint8_t *slot = toy.memory + 512; /* sequence 1: slot 1 */
    static const uint8_t header[] = {0x4F,           0x33,         0x38, 0x32, 3, 0,
                                     PAYLOAD & 0xFF, PAYLOAD >> 8, 1,    0,    0, 0};
    assert_memory_equal(slot, header, sizeof header);
    const uint8_t *payload = slot + 12;
    assert_int_equal(payload[0], 1); /* orderly, clock not valid */
    assert_memory_equal(payload + 5, "14410000", 8);
    assert_memory_equal(payload + 21, "99999999", 8);
    static const uint8_t utc[] = {0x82, 0x43, 0x6D, 0x38, 0, 0, 0, 0};
    assert_memory_equal(payload + 37, utc, sizeof utc);
    assert_int_equal(payload[45], 15);
    static const uint8_t peak_2[] = {0xD2, 0x07, 0, 0, 0x84, 0x43, 0x6D, 0x38, 0, 0, 0, 0};
    assert_memory_equal(payload + 134 + 2 * 12, peak_2, sizeof peak_2);
    assert_int_equal(payload[214], 2);
    assert_memory_equal(payload + 215, "68431BM423010", 13);
    static const uint8_t configurations[] = {0x8A, 0xD9, 0xA7, 0, 0x8B, 0xD9, 0xA7, 0};
    assert_memory_equal(payload + 228, configurations, sizeof configurations);
    assert_int_equal(payload[248], 14);
    for (unsigned i = 0; i < 512; i++) {
        assert_int_equal(toy.memory[i], 0xFF); /* the other slot is untouched */
    }
}

/* Store records until the power is cut.  @return the last one that was stored, 0: none. */
static uint32_t store_until_cut(void)
{
    struct app_store store = {0};
    uint32_t last_good = 0;
    for (uint32_t n = 1; !toy.dead; n++) {
        struct app_record record = record_number(n);
        last_good = app_store_save(&store, &toy_board, &record) == APP_STORE_OK ? n : last_good;
    }
    return last_good;
}

static void expect_stored(uint32_t last_good)
{
    struct app_record got, expected = record_number(last_good), next = record_number(1000);
    struct app_store again = {0};
    enum app_store_err err = app_store_load(&again, &toy_board, &got);
    assert_int_equal(err, last_good == 0 ? APP_STORE_BLANK : APP_STORE_OK);
    if (last_good != 0) {
        expect_same(&got, &expected);
    }
    /* and it goes on from there */
    assert_int_equal(app_store_save(&again, &toy_board, &next), APP_STORE_OK);
    assert_int_equal(app_store_load(&again, &toy_board, &got), APP_STORE_OK);
    expect_same(&got, &next);
}

/* REQ(REG-01): cut after write 1, 2, 3, ...: the record before the cut is there */
static void test_cut_at_every_write(void **state)
{
    (void)state;
    for (int kind = 0; kind <= 2; kind++) {
        for (unsigned cut = 0; cut < 12; cut++) {
            toys_reset();
            toy.cut_after = cut;
            toy.cut_kind = kind;
            uint32_t last_good = store_until_cut();
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            expect_stored(last_good);
        }
    }
}

/* One bit wrong anywhere in the newest record: the one before it counts, never nonsense. */
static void test_every_bit(void **state)
{
    (void)state;
    struct app_store store = {0};
    struct app_record one = record_number(1), two = record_number(2), got;
    assert_int_equal(app_store_save(&store, &toy_board, &one), APP_STORE_OK);
    assert_int_equal(app_store_save(&store, &toy_board, &two), APP_STORE_OK);
    for (unsigned bit = 0; bit < (12 + PAYLOAD + 4) * 8; bit++) {
        toy.memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct app_store again = {0};
        assert_int_equal(app_store_load(&again, &toy_board, &got), APP_STORE_OK);
        expect_same(&got, &one);
        toy.memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void test_newer_format_and_nonsense(void **state)
{
    (void)state;
    struct app_store store = {0};
    struct app_record record = record_number(1), got;
    assert_int_equal(app_store_save(&store, &toy_board, &record), APP_STORE_OK);
    uint8_t *slot = toy.memory + 512;
    slot[4] = APP_STORE_FORMAT + 1;
    toy_check(slot, 12 + PAYLOAD);
    assert_int_equal(app_store_load(&store, &toy_board, &got), APP_STORE_ERR_FORMAT);
    slot[4] = APP_STORE_FORMAT;
    slot[12 + 45] = 0; /* a good check over an integration period of 0 */
    toy_check(slot, 12 + PAYLOAD);
    assert_int_equal(app_store_load(&store, &toy_board, &got), APP_STORE_BLANK);
    slot[12 + 45] = 15;
    slot[12 + 5] = 'x';
    toy_check(slot, 12 + PAYLOAD);
    assert_int_equal(app_store_load(&store, &toy_board, &got), APP_STORE_BLANK);
    slot[12 + 5] = '1';
    slot[12 + 215] = '-'; /* no order number */
    toy_check(slot, 12 + PAYLOAD);
    assert_int_equal(app_store_load(&store, &toy_board, &got), APP_STORE_BLANK);
    slot[12 + 215] = '6';
    slot[6] = (PAYLOAD - 1) & 0xFF; /* too short */
    toy_check(slot, 12 + PAYLOAD - 1);
    assert_int_equal(app_store_load(&store, &toy_board, &got), APP_STORE_BLANK);
    slot[6] = 0xFF; /* longer than the slot */
    slot[7] = 0xFF;
    assert_int_equal(app_store_load(&store, &toy_board, &got), APP_STORE_BLANK);
}

/* A record of format 1 ends before the type: everything else is there. */
static void test_format_1(void **state)
{
    (void)state;
    struct app_store store = {0};
    struct app_record record = record_number(1), got;
    assert_int_equal(app_store_save(&store, &toy_board, &record), APP_STORE_OK);
    uint8_t *slot = toy.memory + 512;
    slot[4] = 1;
    slot[6] = 215;
    slot[7] = 0;
    toy_check(slot, 12 + 215);
    assert_int_equal(app_store_load(&store, &toy_board, &got), APP_STORE_OK);
    assert_string_equal(got.order_number, "");
    memcpy(got.order_number, record.order_number, sizeof got.order_number);
    memcpy(got.configuration, record.configuration, sizeof got.configuration);
    got.events = record.events;
    for (unsigned i = 0; i < LEGAL_TARIFF_ENERGIES; i++) {
        record.demand.accumulated_mw[i] &= UINT32_MAX;
    }
    expect_same(&got, &record);
    slot[6] = 249; /* longer than format 1 is */
    toy_check(slot, 12 + 249);
    assert_int_equal(app_store_load(&store, &toy_board, &got), APP_STORE_BLANK);
}

/* One of format 2 ends before the upper halves of the sums of peaks, which then are zero. */
static void test_format_2(void **state)
{
    (void)state;
    struct app_store store = {0};
    struct app_record record = record_number(1), got;
    assert_int_equal(app_store_save(&store, &toy_board, &record), APP_STORE_OK);
    uint8_t *slot = toy.memory + 512;
    slot[4] = 2;
    slot[6] = 249;
    slot[7] = 0;
    toy_check(slot, 12 + 249);
    assert_int_equal(app_store_load(&store, &toy_board, &got), APP_STORE_OK);
    for (unsigned i = 0; i < LEGAL_TARIFF_ENERGIES; i++) {
        record.demand.accumulated_mw[i] &= UINT32_MAX;
    }
    expect_same(&got, &record);
}

static void test_memory_that_fails(void **state)
{
    (void)state;
    struct app_store store = {0};
    struct app_record one = record_number(1), two = record_number(2), got;
    assert_int_equal(app_store_save(&store, &toy_board, &one), APP_STORE_OK);
    toy.fail_write = true;
    assert_int_equal(app_store_save(&store, &toy_board, &two), APP_STORE_ERR_STORAGE);
    assert_int_equal(store.sequence, 1); /* the next goes to the same slot again */
    toy.fail_write = false;
    toy.fail_read = true;
    assert_int_equal(app_store_load(&store, &toy_board, &got), APP_STORE_ERR_STORAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_there_and_back, setup),
        cmocka_unit_test_setup(test_layout, setup),
        cmocka_unit_test_setup(test_cut_at_every_write, setup),
        cmocka_unit_test_setup(test_every_bit, setup),
        cmocka_unit_test_setup(test_newer_format_and_nonsense, setup),
        cmocka_unit_test_setup(test_format_1, setup),
        cmocka_unit_test_setup(test_format_2, setup),
        cmocka_unit_test_setup(test_memory_that_fails, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
