/* The load profile: depths of the data sheets, instants, gaps, clock steps, outages. */
#include "app/load_profile/load_profile_model.h"

#include "legal_puppet.h"

#define START INT64_C(1718886600) /* 2024-06-20 12:30:00 UTC: a boundary of every interval */
#define MIN   INT64_C(60)

static struct legal legal; /* the puppet does not look at it */
static struct load_profile profile;

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

static struct variant variant_of(const char *name, uint8_t energy_type, uint8_t interval_min)
{
    struct variant variant;
    assert_int_equal(variant_by_name(name, &variant), 0);
    variant.energy_type = energy_type;
    variant.integration_min = interval_min;
    return variant;
}

/* From the data sheets, copied by hand: days at 5, 15, 30, 60 minutes. */
static const struct {
    const char *variant;
    uint8_t energy_type, record_bytes;
    uint32_t records, days[4];
} sheet[] = {
    {"382Lx2", ENERGY_A_PLUS, 4, 57328, {199, 597, 1194, 2388}},
    {"382Lx2", ENERGY_A_BOTH, 7, 32758, {113, 341, 682, 1364}},
    {"382Lx2", ENERGY_FOUR, 13, 17639, {61, 183, 367, 734}},
    {"382M", ENERGY_A_PLUS, 21, 26400, {92, 275, 550, 1100}},
    {"382M", ENERGY_A_BOTH, 25, 22176, {77, 231, 462, 924}},
    {"382M", ENERGY_A_PLUS_R_PLUS, 25, 22176, {77, 231, 462, 924}},
    {"382M", ENERGY_FOUR, 33, 16800, {58, 175, 350, 700}},
    {"162M", ENERGY_FOUR, 33, 16800, {58, 175, 350, 700}},
};

/* REQ(LPR-01, LPR-02, LPR-03, LPR-04, LPR-05, LPR-06, LPR-L-MEM, LPR-M-MEM) */
static void test_every_cell_of_the_tables(void **state)
{
    (void)state;
    static const uint8_t intervals[] = {5, 15, 30, 60};
    for (size_t row = 0; row < sizeof sheet / sizeof sheet[0]; row++) {
        for (size_t k = 0; k < 4; k++) {
            const struct variant v =
                variant_of(sheet[row].variant, sheet[row].energy_type, intervals[k]);
            assert_int_equal(load_profile_record_bytes(&v), sheet[row].record_bytes);
            const uint32_t records = load_profile_records(&v, load_profile_memory_bytes(&v));
            assert_int_equal(records, sheet[row].records);
            assert_int_equal(load_profile_depth_days(&v, records, intervals[k]),
                             sheet[row].days[k]);
            toys_reset();
            assert_false(load_profile_start(&profile, &legal, &v, load_profile_memory_bytes(&v)));
            assert_true(profile.fitted);
            assert_int_equal(puppet_profile.layout.capacity, records);
            assert_int_equal(puppet_profile.layout.interval_min, intervals[k]);
        }
    }
    struct variant basis;
    assert_int_equal(variant_by_name("382B", &basis), 0);
    assert_false(load_profile_fitted(&basis)); /* C-20 */
    assert_false(load_profile_start(&profile, &legal, &basis, load_profile_memory_bytes(&basis)));
    assert_int_equal(load_profile_step(&profile, &legal, START, true), INT64_MAX);
}

static void begin(uint8_t interval_min)
{
    const struct variant v = variant_of("382M", ENERGY_FOUR, interval_min);
    assert_false(load_profile_start(&profile, &legal, &v, load_profile_memory_bytes(&v)));
}

static const struct legal_profile_record *record_at(uint32_t n)
{
    assert_true(n < puppet_profile.n_records);
    return &puppet_profile.record[n];
}

static void test_records_at_boundaries_of_the_clock(void **state)
{
    (void)state;
    begin(15);
    assert_int_equal(load_profile_step(&profile, &legal, START + 130, true), START + 15 * MIN);
    assert_int_equal(puppet_profile.n_records, 0);
    puppet.energy_uwh[LEGAL_A_PLUS] = 3 * KWH;
    puppet.energy_uwh[LEGAL_R_MINUS] = KWH / 2;
    (void)load_profile_step(&profile, &legal, START + 15 * MIN - 1, true);
    assert_int_equal(puppet_profile.n_records, 0);
    assert_int_equal(load_profile_step(&profile, &legal, START + 15 * MIN, true), START + 30 * MIN);
    assert_int_equal(puppet_profile.n_records, 1);
    assert_int_equal(record_at(0)->utc_s, START + 15 * MIN);
    assert_int_equal(record_at(0)->energy_wh[0], 3000);
    assert_int_equal(record_at(0)->energy_wh[3], 500);
    assert_int_equal(record_at(0)->status | record_at(0)->quality | record_at(0)->clock_status, 0);
    (void)load_profile_step(&profile, &legal, START + 15 * MIN, true); /* once only */
    assert_int_equal(puppet_profile.n_records, 1);
}

static void test_gaps_are_filled(void **state)
{
    (void)state;
    begin(15);
    (void)load_profile_step(&profile, &legal, START, true);
    (void)load_profile_step(&profile, &legal, START + 15 * MIN, true);
    begin(15); /* the meter was off for an hour and twenty minutes */
    load_profile_outage(&profile, 80 * MIN);
    (void)load_profile_step(&profile, &legal, START + 95 * MIN, true);
    assert_int_equal(puppet_profile.n_records, 6);
    for (uint32_t n = 1; n < 6; n++) {
        assert_int_equal(record_at(n)->utc_s, START + 15 * MIN * (n + 1));
        assert_int_equal(record_at(n)->status, 0);
        assert_int_equal(record_at(n)->quality, LOAD_PROFILE_OUTAGE);
    }
    (void)load_profile_step(&profile, &legal, START + 105 * MIN, true);
    assert_int_equal(record_at(6)->quality, 0);
}

static void test_gaps_that_are_not_filled(void **state)
{
    (void)state;
    begin(5);
    (void)load_profile_step(&profile, &legal, START, true);
    (void)load_profile_step(&profile, &legal, START + 5 * MIN, true);
    /* without a valid clock nobody knows how long it was */
    (void)load_profile_step(&profile, &legal, START + 60 * MIN, false);
    assert_int_equal(puppet_profile.n_records, 2);
    assert_int_equal(record_at(1)->status, LOAD_PROFILE_DISCONTINUITY);
    assert_int_equal(record_at(1)->clock_status, LOAD_PROFILE_CLOCK_INVALID);
    /* too long: 3025 records would be missing */
    const int64_t late = START + 60 * MIN + 5 * MIN * 3026;
    (void)load_profile_step(&profile, &legal, late, true);
    assert_int_equal(puppet_profile.n_records, 3);
    assert_int_equal(record_at(2)->status, LOAD_PROFILE_DISCONTINUITY);
    /* one less is filled */
    (void)load_profile_step(&profile, &legal, late + 5 * MIN * 3025, true);
    assert_int_equal(puppet_profile.n_records, 3 + 3025);
    assert_int_equal(record_at(3)->status, 0);
}

static void test_clock_steps_are_graded(void **state)
{
    (void)state;
    static const struct {
        int64_t step_s;
        uint16_t quality;
    } steps[] = {
        {6, 0},
        {7, LOAD_PROFILE_CLOCK_7_S | LOAD_PROFILE_CLOCK_FORWARD},
        {-15, LOAD_PROFILE_CLOCK_7_S | LOAD_PROFILE_CLOCK_BACK},
        {16, LOAD_PROFILE_CLOCK_15_S | LOAD_PROFILE_CLOCK_FORWARD},
        {-31, LOAD_PROFILE_CLOCK_30_S | LOAD_PROFILE_CLOCK_BACK},
        {61, LOAD_PROFILE_CLOCK_60_S | LOAD_PROFILE_CLOCK_FORWARD},
    };
    for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
        toys_reset();
        begin(15);
        (void)load_profile_step(&profile, &legal, START, true);
        load_profile_clock_set(&profile, START + 5 * MIN, START + 5 * MIN + steps[k].step_s);
        (void)load_profile_step(&profile, &legal, START + 15 * MIN, true);
        assert_int_equal(record_at(0)->quality, steps[k].quality);
        assert_int_equal(record_at(0)->status, 0); /* the interval is the same */
    }
}

static void test_clock_set_over_boundaries(void **state)
{
    (void)state;
    begin(15);
    (void)load_profile_step(&profile, &legal, START, true);
    (void)load_profile_step(&profile, &legal, START + 15 * MIN, true);
    load_profile_clock_set(&profile, START + 20 * MIN, START + 300 * MIN);
    (void)load_profile_step(&profile, &legal, START + 300 * MIN, true);
    assert_int_equal(puppet_profile.n_records, 1); /* skipped time is not filled */
    (void)load_profile_step(&profile, &legal, START + 315 * MIN, true);
    assert_int_equal(record_at(1)->utc_s, START + 315 * MIN);
    assert_int_equal(record_at(1)->status, LOAD_PROFILE_DISCONTINUITY);
    load_profile_clock_set(&profile, START + 320 * MIN, START + 20 * MIN); /* back */
    (void)load_profile_step(&profile, &legal, START + 30 * MIN, true);
    assert_int_equal(record_at(2)->utc_s, START + 30 * MIN);
    assert_int_equal(record_at(2)->status, LOAD_PROFILE_DISCONTINUITY);
    assert_int_equal(record_at(2)->quality, LOAD_PROFILE_CLOCK_60_S | LOAD_PROFILE_CLOCK_BACK);
}

/* REQ(LPR-08): another interval deletes, and the next record says so */
static void test_another_interval(void **state)
{
    (void)state;
    begin(15);
    (void)load_profile_step(&profile, &legal, START, true);
    (void)load_profile_step(&profile, &legal, START + 15 * MIN, true);
    const struct variant hourly = variant_of("382M", ENERGY_FOUR, 60);
    assert_true(load_profile_start(&profile, &legal, &hourly, load_profile_memory_bytes(&hourly)));
    assert_int_equal(puppet_profile.n_deleted, 1);
    (void)load_profile_step(&profile, &legal, START + 20 * MIN, true);
    (void)load_profile_step(&profile, &legal, START + 30 * MIN, true);
    assert_int_equal(record_at(1)->utc_s, START + 30 * MIN);
    assert_int_equal(record_at(1)->status, LOAD_PROFILE_INTERVAL_CHANGED);
}

static void test_a_memory_that_fails(void **state)
{
    (void)state;
    begin(15);
    (void)load_profile_step(&profile, &legal, START, true);
    puppet_profile.result = LEGAL_ERR_STORAGE;
    (void)load_profile_step(&profile, &legal, START + 15 * MIN, true);
    assert_true(profile.fault);
    assert_int_equal(puppet_profile.n_records, 0);
    puppet_profile.result = LEGAL_OK;
    (void)load_profile_step(&profile, &legal, START + 30 * MIN, true);
    assert_false(profile.fault);
    assert_int_equal(record_at(0)->status, LOAD_PROFILE_DISCONTINUITY); /* one is missing */
    (void)load_profile_step(&profile, &legal, START + 45 * MIN, true);
    assert_int_equal(record_at(1)->status, 0);
}

/* In the meter: a record at each boundary, an outage of four hours filled and marked. */
static void test_in_the_meter(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0); /* 12:30:05 */
    (void)meter_step(meter, (15 * 60 - 5) * SECOND);
    assert_int_equal(puppet_profile.n_records, 1);
    assert_int_equal(record_at(0)->utc_s, START + 15 * MIN);
    puppet.supply = LEGAL_SUPPLY_OFF;
    meter_bus_receive(meter, NULL, 0, 1000 * SECOND);
    (void)meter_step(meter, 1000 * SECOND);
    (void)meter_step(meter, 5000 * SECOND);
    assert_int_equal(puppet_profile.n_records, 1);
    toy.rtc_utc_s = START + 4 * 60 * MIN + 30;
    const int64_t back_us = (4 * 60 * MIN + 25) * SECOND;
    puppet.supply = LEGAL_SUPPLY_ON;
    meter_bus_receive(meter, NULL, 0, back_us);
    (void)meter_step(meter, back_us);
    assert_int_equal(puppet_profile.n_records, 16);
    assert_int_equal(record_at(15)->utc_s, START + 4 * 60 * MIN);
    assert_int_equal(record_at(1)->quality, LOAD_PROFILE_OUTAGE);
    (void)meter_step(meter, back_us + 15 * 60 * SECOND);
    assert_int_equal(record_at(16)->quality, LOAD_PROFILE_OUTAGE); /* it ended in there */
    (void)meter_step(meter, back_us + 30 * 60 * SECOND);
    assert_int_equal(record_at(17)->quality, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_every_cell_of_the_tables, setup),
        cmocka_unit_test_setup(test_records_at_boundaries_of_the_clock, setup),
        cmocka_unit_test_setup(test_gaps_are_filled, setup),
        cmocka_unit_test_setup(test_gaps_that_are_not_filled, setup),
        cmocka_unit_test_setup(test_clock_steps_are_graded, setup),
        cmocka_unit_test_setup(test_clock_set_over_boundaries, setup),
        cmocka_unit_test_setup(test_another_interval, setup),
        cmocka_unit_test_setup(test_a_memory_that_fails, setup),
        cmocka_unit_test_setup(test_in_the_meter, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
