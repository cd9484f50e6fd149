/* The composition: start, supply, clock, numbers, status; what is stored and what comes back. */
#include "legal_puppet.h"

#define NOON INT64_C(1718886605) /* where the toy's clock stands: 12:30:05 */

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

static void supply(struct meter *meter, bool on, int64_t now_us)
{
    puppet.supply = on ? LEGAL_SUPPLY_ON : LEGAL_SUPPLY_OFF;
    meter_bus_receive(meter, NULL, 0, now_us);
    (void)meter_step(meter, now_us);
    assert_int_equal(meter->supply_on, on);
}

/* REQ(CFG-09): a variant that contradicts itself does not start, and nothing is written */
static void test_refused_variant(void **state)
{
    (void)state;
    static struct meter meter;
    struct variant variant;
    assert_int_equal(variant_by_name("382M", &variant), 0);
    variant.breaker = true;
    assert_int_equal(meter_start(&meter, &toy_board, &variant, 0, 0), METER_ERR_VARIANT);
    assert_int_equal(toy.writes, 0);
}

static void test_refused_memory(void **state)
{
    (void)state;
    static struct meter meter;
    struct variant variant;
    struct app_store store = {0};
    struct app_record record;
    memset(&record, 0, sizeof record);
    assert_int_equal(variant_by_name("382M", &variant), 0);
    puppet.start_result = LEGAL_ERR_FORMAT;
    assert_int_equal(meter_start(&meter, &toy_board, &variant, 0, 0), METER_ERR_FORMAT);
    puppet.start_result = LEGAL_ERR_RANGE;
    assert_int_equal(meter_start(&meter, &toy_board, &variant, 0, 0), METER_ERR_VARIANT);
    assert_int_equal(toy.writes, 0);
    puppet.start_result = LEGAL_OK;
    /* a record of a newer format: nothing starts, nothing is written over it */
    assert_int_equal(app_store_save(&store, &toy_board, &record), APP_STORE_OK);
    toy.memory[512 + 4] = APP_STORE_FORMAT + 1;
    toy_check(toy.memory + 512, 12 + 265);
    toy.writes = 0;
    assert_int_equal(meter_start(&meter, &toy_board, &variant, 0, 0), METER_ERR_FORMAT);
    assert_int_equal(toy.writes, 0);
}

/* A memory that can't be read: the meter runs all the same and shows it (EVT-12). */
static void test_memory_fault(void **state)
{
    (void)state;
    static struct meter meter;
    struct variant variant;
    assert_int_equal(variant_by_name("382M", &variant), 0);
    toy.fail_read = true;
    assert_int_equal(meter_start(&meter, &toy_board, &variant, 0, 0), METER_ERR_STORAGE);
    assert_int_equal(meter_status(&meter) & STATUS_EEPROM, STATUS_EEPROM);
    toy.fail_write = true;
    supply(&meter, true, SECOND);
    assert_int_equal(meter_status(&meter) & STATUS_EEPROM, STATUS_EEPROM);
    assert_int_equal(meter_store(&meter), METER_ERR_STORAGE);
    toy.fail_write = false;
    assert_int_equal(meter_store(&meter), METER_OK);
    assert_int_equal(meter_status(&meter), STATUS_EEPROM); /* the event logs can't be read yet */
    toy.fail_read = false;
    assert_int_equal(meter_store(&meter), METER_OK);
    assert_int_equal(meter_status(&meter), 0);
}

/* REQ(REG-01, REG-06): peaks, counters and numbers come back */
static void test_restart(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 4711);
    assert_int_equal(meter->serial_number, 4711);
    assert_string_equal(meter->meter_number[0], "00004711");
    memcpy(meter->meter_number[1], "14410000", 9);
    meter->special_data[1] = 42;
    puppet.energy_uwh[LEGAL_A_PLUS] = KWH;
    (void)meter_step(meter, (15 * 60 - 5) * SECOND); /* 12:45:00: the end of a period */
    assert_int_equal(meter->demand.peak[0].power_mw, 4000000);
    assert_int_equal(meter->demand.peak[0].utc_s, NOON - 5 + 15 * 60);
    assert_int_equal(meter_store(meter), METER_OK);

    toy.rtc_utc_s = NOON + 1200; /* the clock ran on */
    puppet.supply = LEGAL_SUPPLY_OFF;
    meter = toy_meter("382M", 0);
    assert_int_equal(meter->serial_number, 4711);
    assert_string_equal(meter->meter_number[1], "14410000");
    assert_int_equal(meter->special_data[1], 42);
    assert_int_equal(meter->demand.peak[0].power_mw, 4000000);
    assert_int_equal(meter->demand.mean_mw[0], 4000000);
    assert_int_equal(clock_utc_s(&meter->clock, 0), NOON + 1200);
    assert_int_equal(meter_status(meter), 0);

    meter = toy_meter("382M", 99); /* another number from the factory */
    assert_int_equal(meter->serial_number, 99);
    assert_string_equal(meter->meter_number[0], "00000099");
    assert_string_equal(meter->meter_number[1], "14410000");
}

/* Status bit 0 after a stop that was not orderly; it goes with the next orderly one. */
static void test_reset_bit(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    assert_int_equal(meter_status(meter), 0);
    puppet.supply = LEGAL_SUPPLY_OFF; /* killed: nothing is said */
    meter = toy_meter("382M", 0);
    assert_int_equal(meter_status(meter), STATUS_RESET);
    supply(meter, false, SECOND);
    meter = toy_meter("382M", 0);
    assert_int_equal(meter_status(meter), 0);
}

static void test_other_integration_period(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    meter->demand.peak[0].power_mw = 5;
    static const uint32_t configuration[5] = {11000004, 42301011, 1000, 101, 0};
    static struct meter again;
    struct variant hourly;
    assert_int_equal(variant_from_order("x", "68431BM423010", configuration, &hourly), 0);
    meter->variant = hourly; /* configured anew: the next start has periods of an hour */
    assert_int_equal(meter_store(meter), METER_OK);
    assert_int_equal(variant_by_name("382M", &hourly), 0);
    assert_int_equal(meter_start(&again, &toy_board, &hourly, 0, 0), METER_OK);
    assert_int_equal(again.variant.integration_min, 60);
    assert_int_equal(again.demand.integration_min, 60);
    assert_int_equal(again.demand.period_start_s, NOON - 5 - 30 * 60); /* the hour */
    assert_int_equal(again.demand.peak[0].power_mw, 5);
}

static enum meter_err start_as(const char *order_number, uint32_t configuration_1)
{
    static struct meter meter;
    const uint32_t configuration[5] = {configuration_1, 42301011, 1000, 101, 0};
    struct variant variant;
    assert_int_equal(variant_from_order("x", order_number, configuration, &variant), 0);
    return meter_start(&meter, &toy_board, &variant, 0, 0);
}

/* REQ(MET-06, REG-12, LCO-11): the memory is that of one type of meter, decimals and LED locked;
 * the first start says which, even when no supply ever came */
static void test_memory_of_another_type(void **state)
{
    (void)state;
    assert_int_equal(start_as("68431BM423010", 11000002), METER_OK);
    uint8_t before[sizeof toy.memory];
    memcpy(before, toy.memory, sizeof before);
    toy.writes = 0;
    assert_int_equal(start_as("68611BM433010", 11000002), METER_ERR_VARIANT);
    assert_int_equal(start_as("68431AM423010", 11000002), METER_ERR_VARIANT);
    assert_int_equal(start_as("68431BM423010", 21000002), METER_ERR_VARIANT);
    assert_int_equal(start_as("68431BM423010", 12000002), METER_ERR_VARIANT);
    assert_int_equal(toy.writes, 0);
    assert_memory_equal(before, toy.memory, sizeof before);
    assert_int_equal(start_as("68431BM423010", 11000004), METER_OK); /* E is not locked */
}

/* REQ(MET-06): what is configured is what the memory says, not what the program would give */
static void test_configuration_comes_back(void **state)
{
    (void)state;
    static const uint32_t configuration[5] = {11000001, 22201013, 101000, 101, 0};
    struct meter *meter = toy_meter("382M", 0);
    assert_int_equal(variant_from_order("382M", "68431BM423010", configuration, &meter->variant),
                     0);
    assert_int_equal(meter_store(meter), METER_OK);
    puppet.supply = LEGAL_SUPPLY_OFF;
    meter = toy_meter("382M", 0);
    assert_memory_equal(meter->variant.configuration, configuration, sizeof configuration);
    assert_int_equal(meter->variant.integration_min, 5);
    assert_int_equal(meter->variant.display_configuration, 222);
    assert_int_equal(meter->display.length[LIST_AUTOMATIC], 1);
    assert_string_equal(meter->variant.name, "382M");
}

/* A memory from before types were stored takes the type it is started as. */
static void test_memory_without_type(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 4711);
    assert_int_equal(meter_store(meter), METER_OK);
    for (unsigned slot = 0; slot < 2; slot++) {
        toy.memory[512 * slot + 4] = 1;
        toy.memory[512 * slot + 6] = 215;
        toy_check(toy.memory + 512 * slot, 12 + 215);
    }
    assert_int_equal(start_as("68431BM423010", 21000002), METER_OK);
    assert_int_equal(start_as("68431BM423010", 11000002), METER_ERR_VARIANT);
    puppet.supply = LEGAL_SUPPLY_OFF;
    assert_int_equal(start_as("68431BM423010", 21000002), METER_OK);
}

/* REQ(X-MET-7): without supply the state is stored, display and protocols are off; then a normal
 * start */
static void test_supply(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    static const uint8_t ask[] = {0x80, 0x3F, 0x10, 0x01, 0x00, 0x01, 0x55, 0xA1, 0x0D};
    uint8_t answer[64];
    assert_int_equal(meter->display.state, DISPLAY_CHECKSUM);
    (void)meter_step(meter, 11 * SECOND);
    assert_int_equal(meter->display.state, DISPLAY_AUTOMATIC);
    optical_receive(&meter->optical[0], meter, ask, sizeof ask, 0);
    assert_true(optical_transmit(&meter->optical[0], answer, sizeof answer) > 0);

    unsigned writes = toy.writes;
    supply(meter, false, 20 * SECOND);
    assert_true(toy.writes > writes);
    assert_int_equal(meter->display.state, DISPLAY_OFF);
    optical_receive(&meter->optical[0], meter, ask, sizeof ask, 0);
    assert_int_equal(optical_transmit(&meter->optical[0], answer, sizeof answer), 0);
    assert_true(optical_step(&meter->optical[0], meter, 5) == INT64_MAX);

    toy.rtc_utc_s = NOON + 3600; /* the battery clock knows better than we do */
    supply(meter, true, 60 * SECOND);
    assert_int_equal(meter->display.state, DISPLAY_CHECKSUM);
    assert_int_equal(clock_utc_s(&meter->clock, 60 * SECOND), NOON + 3600);
    (void)meter_step(meter, 66 * SECOND);
    assert_int_equal(meter->display.state, DISPLAY_SOFTWARE);
    optical_receive(&meter->optical[0], meter, ask, sizeof ask, 0);
    assert_true(optical_transmit(&meter->optical[0], answer, sizeof answer) > 0);
}

/* A period that ended without supply ended there: the first energy after the return, which is
 * counted
 * before the meter is up, belongs to the new one.  In one process and in two. */
static void test_period_ends_without_supply(void **state)
{
    (void)state;
    for (int restarted = 0; restarted <= 1; restarted++) {
        toys_reset();
        struct meter *meter = toy_meter("382M", 0);
        puppet.energy_uwh[LEGAL_A_PLUS] = KWH / 2;
        supply(meter, false, 100 * SECOND);
        assert_int_equal(meter_store(meter), METER_OK);
        toy.rtc_utc_s = NOON + 3600;
        if (restarted) {
            struct variant variant = meter->variant;
            assert_int_equal(meter_start(meter, &toy_board, &variant, 0, 3600 * SECOND), METER_OK);
        } else {
            for (int64_t s = 101; s < 3600; s++) {
                (void)meter_step(meter, s * SECOND);
            }
        }
        puppet.energy_uwh[LEGAL_A_PLUS] += KWH;
        supply(meter, true, 3600 * SECOND);
        assert_int_equal(meter->demand.peak[0].power_mw, 2000000);
        assert_int_equal(meter->demand.peak[0].utc_s, NOON - 5 + 900);
        (void)meter_step(meter, 4500 * SECOND);
        assert_int_equal(meter->demand.peak[0].power_mw, 4000000);
    }
}

/* The battery clock tells whole seconds: where it agrees, the fraction that is known is kept. */
static void test_clock_keeps_its_fraction(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    supply(meter, false, 10 * SECOND + 700000);
    toy.rtc_utc_s = NOON + 20;
    supply(meter, true, 20 * SECOND + 900000);
    assert_int_equal(clock_utc_us(&meter->clock, 21 * SECOND), (NOON + 21) * SECOND);
    supply(meter, false, 30 * SECOND);
    toy.rtc_utc_s = NOON + 37;
    supply(meter, true, 40 * SECOND);
    assert_int_equal(clock_utc_s(&meter->clock, 40 * SECOND), NOON + 37);
}

/* A telegram cut in two by a loss of supply does not come alive again afterwards. */
static void test_telegram_over_a_cut(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    static const uint8_t ask[] = {0x80, 0x3F, 0x10, 0x01, 0x00, 0x01, 0x55, 0xA1, 0x0D};
    uint8_t answer[64];
    optical_receive(&meter->optical[3], meter, ask, 5, 0);
    supply(meter, false, SECOND);
    supply(meter, true, 2 * SECOND);
    optical_receive(&meter->optical[3], meter, ask + 5, sizeof ask - 5, 0);
    assert_int_equal(optical_transmit(&meter->optical[3], answer, sizeof answer), 0);
}

/* A clock that has lost its time goes on from the last time stored, and says so */
static void test_clock_lost(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    (void)meter_step(meter, 300 * SECOND);
    assert_int_equal(meter_store(meter), METER_OK);
    toy.rtc_lost = true;
    puppet.supply = LEGAL_SUPPLY_OFF;
    meter = toy_meter("382M", 0);
    assert_false(meter->clock.valid);
    assert_int_equal(clock_utc_s(&meter->clock, 0), NOON + 300);
    assert_int_equal(meter_clock_set(meter, NOON + 9000), METER_OK);
    assert_true(meter->clock.valid);
    assert_int_equal(toy.rtc_utc_s, NOON + 9000);
    /* never set at all: the beginning of the century */
    toys_reset();
    toy.rtc_lost = true;
    meter = toy_meter("382M", 0);
    assert_int_equal(clock_utc_s(&meter->clock, 0), Y2000);
    toys_reset();
    toy.rtc_utc_s = 17; /* running, but nonsense */
    meter = toy_meter("382M", 0);
    assert_false(meter->clock.valid);
    assert_int_equal(clock_utc_s(&meter->clock, 0), Y2000);
}

/* REQ(TAR-09): a meter without clock runs, and can't be set */
static void test_no_clock(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382Lx1", 0);
    assert_false(meter->clock.valid);
    assert_int_equal(meter_clock_set(meter, NOON), METER_ERR_RANGE);
    assert_int_equal(toy.rtc_writes, 0);
    puppet.energy_uwh[LEGAL_A_PLUS] = KWH;
    (void)meter_step(meter, 900 * SECOND);
    assert_int_equal(meter->demand.peak[0].power_mw, 4000000);
}

static void test_clock_set_range(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    assert_int_equal(meter_clock_set(meter, Y2000 - 1), METER_ERR_RANGE);
    assert_int_equal(meter_clock_set(meter, INT64_C(4102444800)), METER_ERR_RANGE);
    assert_int_equal(meter_clock_set(meter, INT64_MIN), METER_ERR_RANGE);
    assert_int_equal(toy.rtc_writes, 0);
    assert_int_equal(clock_utc_s(&meter->clock, 0), NOON);
}

/* Stored at each period's end, and not in between. */
static void test_when_it_stores(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    toy.writes = 0;
    toy.record_writes = 0;
    for (int64_t s = 0; s < 3600; s++) {
        int64_t next = meter_step(meter, s * SECOND);
        assert_true(next > s * SECOND && next <= (s + 1) * SECOND);
    }
    assert_int_equal(toy.record_writes, 4 * 2); /* records of two pages */
    /* and the week of the voltage, every ten minutes; the first period is the day's extreme */
    assert_int_equal(toy.writes, 4 * 2 + 6 + 1);
}

/* REQ(LCO-11): B = 2 lights the LED while nothing is consumed, B = 1 never */
static void test_led_without_consumption(void **state)
{
    (void)state;
    static const uint32_t lit[5] = {12000002, 42301011, 1000, 101, 0};
    struct meter *meter = toy_meter("382M", 0);
    puppet.instant.quadrant = 0;
    assert_false(meter_led_idle(meter));
    assert_int_equal(variant_from_order("x", "68431BM423010", lit, &meter->variant), 0);
    assert_true(meter_led_idle(meter));
    puppet.instant.quadrant = 1;
    assert_false(meter_led_idle(meter));
    puppet.instant.quadrant = 0;
    supply(meter, false, SECOND);
    assert_false(meter_led_idle(meter));
}

static void test_inputs(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    meter_input(meter, METER_INPUT_MAGNET, true, SECOND);
    assert_int_equal(meter_status(meter), STATUS_MAGNET);
    meter_input(meter, METER_INPUT_MAGNET, false, 2 * SECOND);
    assert_int_equal(meter_status(meter), 0);
    meter_input(meter, METER_INPUT_TERMINAL_COVER, true, 2 * SECOND);
    assert_int_equal(meter_status(meter), 0);
    meter_input(meter, (enum meter_input)77, true, 2 * SECOND);
    (void)meter_step(meter, 20 * SECOND);
    assert_int_equal(meter->display.state, DISPLAY_AUTOMATIC);
    meter_input(meter, METER_INPUT_BUTTON_LEFT, true, 21 * SECOND);
    meter_input(meter, METER_INPUT_BUTTON_LEFT, false, 21 * SECOND + 200000);
    assert_int_equal(meter->display.state, DISPLAY_MANUAL);
}

/* REQ(REG-01): power cut at every write of the application, at every start: never worse than the
 * record before, and the meter always starts */
static void test_cut_at_every_write(void **state)
{
    (void)state;
    for (int kind = 0; kind <= 2; kind++) {
        for (unsigned cut = 0; cut < 18; cut++) {
            toys_reset();
            toy.cut_after = cut;
            toy.cut_kind = kind;
            struct meter *meter = toy_meter("382M", 4711);
            uint32_t shown_mw = 0; /* peak when both pages of a record were written */
            for (int64_t period = 1; !toy.dead; period++) {
                unsigned writes = toy.record_writes;
                puppet.energy_uwh[LEGAL_A_PLUS] += (uint64_t)period * KWH;
                (void)meter_step(meter, (period * 900 - 5) * SECOND);
                shown_mw =
                    toy.record_writes == writes + 2 ? meter->demand.peak[0].power_mw : shown_mw;
            }
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            puppet.supply = LEGAL_SUPPLY_OFF;
            meter = toy_meter("382M", 0);
            assert_int_equal(meter->serial_number, cut < 2 ? METER_SERIAL_DEFAULT : 4711);
            assert_int_equal(meter->demand.peak[0].power_mw, shown_mw);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_refused_variant, setup),
        cmocka_unit_test_setup(test_refused_memory, setup),
        cmocka_unit_test_setup(test_memory_fault, setup),
        cmocka_unit_test_setup(test_restart, setup),
        cmocka_unit_test_setup(test_reset_bit, setup),
        cmocka_unit_test_setup(test_other_integration_period, setup),
        cmocka_unit_test_setup(test_memory_of_another_type, setup),
        cmocka_unit_test_setup(test_configuration_comes_back, setup),
        cmocka_unit_test_setup(test_memory_without_type, setup),
        cmocka_unit_test_setup(test_supply, setup),
        cmocka_unit_test_setup(test_period_ends_without_supply, setup),
        cmocka_unit_test_setup(test_clock_keeps_its_fraction, setup),
        cmocka_unit_test_setup(test_telegram_over_a_cut, setup),
        cmocka_unit_test_setup(test_clock_lost, setup),
        cmocka_unit_test_setup(test_no_clock, setup),
        cmocka_unit_test_setup(test_clock_set_range, setup),
        cmocka_unit_test_setup(test_when_it_stores, setup),
        cmocka_unit_test_setup(test_led_without_consumption, setup),
        cmocka_unit_test_setup(test_inputs, setup),
        cmocka_unit_test_setup(test_cut_at_every_write, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
