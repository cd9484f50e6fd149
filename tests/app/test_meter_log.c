/* What the meter notes of itself: status, clock and load profile, each with its time. */
#include "app/meter/meter_log.h"

#include "legal_puppet.h"

#define NOON INT64_C(1718886605)

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

static uint32_t count(const struct meter *meter, enum event_log_name log)
{
    return event_log_newest(&meter->logs, log);
}

static struct event_log_entry newest(const struct meter *meter, enum event_log_name log)
{
    struct event_log_entry entry;
    assert_int_equal(event_log_read(&meter->logs, meter->board, log, count(meter, log), &entry),
                     EVENT_LOG_OK);
    return entry;
}

static int64_t seconds_before(const struct event_log_entry *entry)
{
    uint64_t value = 0;
    for (unsigned i = 8; i-- > 0;) {
        value = value << 8 | entry->payload[i];
    }
    return (int64_t)value;
}

/* REQ(EVT-01, EVT-04, EVT-09, EVT-11): magnet and cover, coming and going, with their time; they
 * are there after a restart */
static void test_status(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    assert_int_equal(count(meter, EVENT_LOG_STATUS), 0);
    puppet.operating_s = 11 * 3600;
    meter_input(meter, METER_INPUT_MAGNET, true, 20 * SECOND);
    assert_int_equal(count(meter, EVENT_LOG_STATUS), 1);
    struct event_log_entry entry = newest(meter, EVENT_LOG_STATUS);
    assert_int_equal(entry.code, STATUS_MAGNET);
    assert_int_equal(entry.utc_s, NOON + 20);
    assert_int_equal(entry.hours, 11);
    assert_true(entry.clock_valid);
    meter_input(meter, METER_INPUT_COVER, true, 21 * SECOND);
    meter_input(meter, METER_INPUT_COVER, true, 22 * SECOND); /* no change */
    meter_input(meter, METER_INPUT_MAGNET, false, 23 * SECOND);
    assert_int_equal(count(meter, EVENT_LOG_STATUS), 3);
    entry = newest(meter, EVENT_LOG_STATUS);
    assert_int_equal(entry.code, 0);
    assert_int_equal(entry.payload[0], STATUS_COVER);
    assert_int_equal(entry.payload[1], STATUS_MAGNET);
    assert_int_equal(meter_store(meter), METER_OK);
    puppet.supply = LEGAL_SUPPLY_OFF;
    meter = toy_meter("382B", 0); /* blank memory of another type: nothing in it */
    assert_int_equal(count(meter, EVENT_LOG_STATUS), 0);
}

/* A cover that stays open over a restart is one event; its closing after it is another; every reset
 * counts. */
static void test_restart_repeats_nothing(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    meter_input(meter, METER_INPUT_COVER, true, 20 * SECOND);
    for (uint32_t n = 1; n <= 3; n++) {
        puppet.supply = LEGAL_SUPPLY_OFF; /* killed */
        meter = toy_meter("382M", 0); /* the cover is seen as closed: it has gone, a reset came */
        assert_int_equal(count(meter, EVENT_LOG_STATUS), 2 * n);
        assert_int_equal(newest(meter, EVENT_LOG_STATUS).code, STATUS_RESET);
        meter_input(meter, METER_INPUT_COVER, true, 20 * SECOND);
    }
    assert_int_equal(meter_store(meter), METER_OK);
    const uint32_t before = count(meter, EVENT_LOG_STATUS);
    puppet.supply = LEGAL_SUPPLY_OFF;
    static struct meter again;
    struct variant variant;
    assert_int_equal(variant_by_name("382M", &variant), 0);
    assert_int_equal(meter_start(&again, &toy_board, &variant, 0, 0), METER_OK);
    meter_input(&again, METER_INPUT_COVER, true, 0); /* open all the time, before supply is seen */
    puppet.supply = LEGAL_SUPPLY_ON;
    (void)meter_step(&again, 0);
    assert_int_equal(event_log_newest(&again.logs, EVENT_LOG_STATUS), before); /* known already */
    meter_input(&again, METER_INPUT_COVER, false, 5 * SECOND);
    assert_int_equal(event_log_newest(&again.logs, EVENT_LOG_STATUS), before + 1);
}

/* REQ(EVT-12): internal faults are noted when they are seen, and a reset at the return */
static void test_internal_faults(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    puppet.health.program_fault = true;
    (void)meter_step(meter, 2 * SECOND);
    assert_int_equal(newest(meter, EVENT_LOG_STATUS).code, STATUS_ROM);
    puppet.health.memory_fault = true;
    (void)meter_step(meter, 4 * SECOND);
    assert_int_equal(newest(meter, EVENT_LOG_STATUS).code, STATUS_EEPROM);
    (void)meter_step(meter, 6 * SECOND);
    assert_int_equal(count(meter, EVENT_LOG_STATUS), 2); /* once */
    puppet.health = (struct legal_health){0};
    puppet.supply = LEGAL_SUPPLY_OFF; /* killed */
    meter = toy_meter("382M", 0);
    assert_int_equal(newest(meter, EVENT_LOG_STATUS).code, STATUS_RESET);
}

/* A log that can't be written shows as a memory fault and does not write again and again. */
static void test_memory_that_fails(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    toy.fail_write = true;
    meter_input(meter, METER_INPUT_COVER, true, 2 * SECOND);
    assert_int_equal(meter_status(meter) & STATUS_EEPROM, STATUS_EEPROM);
    toy.fail_write = false;
    assert_int_equal(meter_store(meter), METER_OK);
    (void)meter_step(meter, 4 * SECOND);
    assert_int_equal(meter_status(meter) & STATUS_EEPROM, 0);
    assert_int_equal(newest(meter, EVENT_LOG_STATUS).code, STATUS_COVER);
}

/* 200 entries, the oldest goes.  REQ(EVT-04) */
static void test_depth(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    for (unsigned n = 0; n < 250; n++) {
        meter_input(meter, METER_INPUT_COVER, n % 2 == 0, (n + 2) * SECOND);
    }
    assert_int_equal(count(meter, EVENT_LOG_STATUS), 250);
    assert_int_equal(event_log_oldest(&meter->logs, EVENT_LOG_STATUS), 51);
}

/* REQ(EVT-06, TAR-14): setting the clock is noted with what it said before; a few seconds are not
 */
static void test_clock_set(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    (void)meter_step(meter, 10 * SECOND);
    assert_int_equal(meter_clock_set(meter, NOON + 16), METER_OK); /* 6 s ahead */
    assert_int_equal(count(meter, EVENT_LOG_CLOCK), 0);
    assert_int_equal(meter_clock_set(meter, NOON + 9), METER_OK); /* 7 s back */
    assert_int_equal(count(meter, EVENT_LOG_CLOCK), 1);
    const struct event_log_entry entry = newest(meter, EVENT_LOG_CLOCK);
    assert_int_equal(entry.code, METER_CLOCK_SET);
    assert_int_equal(entry.utc_s, NOON + 9);
    assert_int_equal(seconds_before(&entry), NOON + 16);
    assert_int_equal(entry.payload[8], 1);
}

/* REQ(EVT-06): a clock that stopped without supply is noted, and its setting too, however small */
static void test_clock_lost(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    (void)meter_step(meter, 600 * SECOND);
    toy.rtc_utc_s = NOON + 600;
    assert_int_equal(meter_store(meter), METER_OK);
    toy.rtc_lost = true;
    puppet.supply = LEGAL_SUPPLY_OFF;
    meter = toy_meter("382M", 0);
    struct event_log_entry entry = newest(meter, EVENT_LOG_CLOCK);
    assert_int_equal(count(meter, EVENT_LOG_CLOCK), 1);
    assert_int_equal(entry.code, METER_CLOCK_LOST);
    assert_false(entry.clock_valid);
    assert_int_equal(seconds_before(&entry), NOON + 600);
    assert_int_equal(meter_clock_set(meter, NOON + 602), METER_OK);
    entry = newest(meter, EVENT_LOG_CLOCK);
    assert_int_equal(entry.code, METER_CLOCK_SET);
    assert_int_equal(entry.payload[8], 0);
}

/* REQ(X-LPR-2): another interval deletes the load profile and is noted */
static void test_profile_deleted(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    (void)meter_step(meter, 900 * SECOND);
    assert_int_equal(puppet_profile.n_records, 1);
    static const uint32_t hourly[5] = {11000004, 42301011, 1000, 101, 0};
    struct variant variant;
    assert_int_equal(variant_from_order("382M", "68431BM423010", hourly, &variant), 0);
    meter->variant = variant;
    assert_int_equal(meter_store(meter), METER_OK);
    puppet.supply = LEGAL_SUPPLY_OFF;
    meter = toy_meter("382M", 0);
    const struct event_log_entry entry = newest(meter, EVENT_LOG_LOAD_PROFILE);
    assert_int_equal(entry.code, METER_PROFILE_INTERVAL);
    assert_int_equal(entry.payload[0], 60);
    assert_int_equal(count(meter, EVENT_LOG_LOAD_PROFILE), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_status, setup),
        cmocka_unit_test_setup(test_restart_repeats_nothing, setup),
        cmocka_unit_test_setup(test_internal_faults, setup),
        cmocka_unit_test_setup(test_memory_that_fails, setup),
        cmocka_unit_test_setup(test_depth, setup),
        cmocka_unit_test_setup(test_clock_set, setup),
        cmocka_unit_test_setup(test_clock_lost, setup),
        cmocka_unit_test_setup(test_profile_deleted, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
