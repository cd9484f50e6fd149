/* When the display changes by itself, and what the button does. */
#include "display_fake.h"

/* REQ(X-MET-7): the meter starts again as when it is switched on: checksum, software number,
 * readings */
static void power_up_shows_what_the_meter_is(void **state)
{
    (void)state;
    struct meter meter;
    puppet_meter(&meter, "382M");
    assert_shows(&meter, 0, "");
    display_supply(&meter.display, true, 3 * SECOND);
    assert_shows(&meter, 3 * SECOND, "96.54.1  27032  CSUM");
    assert_int_equal(display_step(&meter.display, 3 * SECOND), 8 * SECOND);
    (void)display_step(&meter.display, 8 * SECOND - 1);
    assert_shows(&meter, 8 * SECOND - 1, "96.54.1  27032  CSUM");
    (void)display_step(&meter.display, 8 * SECOND);
    assert_shows(&meter, 8 * SECOND, "0.2.0  38200101  A1");
    (void)display_step(&meter.display, 13 * SECOND);
    assert_shows(&meter, 13 * SECOND, "1.8.0  0000000 kWh  A+");
}

/* REQ(DIS-03): every ten seconds, in the order of the list, round and round */
static void automatic_list_changes_every_ten_seconds(void **state)
{
    (void)state;
    struct meter meter;
    const uint16_t list[] = {row_of("2.8.0"), row_of("1.8.0"), row_of("96.8.0")};
    puppet_run(&meter, "382M");
    assert_int_equal(display_set_list(&meter.display, &meter, LIST_AUTOMATIC, list, 3, 10 * SECOND),
                     DISPLAY_OK);
    puppet_until(&meter, 10 * SECOND, 20 * SECOND - 1);
    assert_shows(&meter, 20 * SECOND - 1, "2.8.0");
    puppet_until(&meter, 20 * SECOND, 20 * SECOND);
    assert_shows(&meter, 20 * SECOND, "1.8.0");
    puppet_until(&meter, 20 * SECOND, 30 * SECOND);
    assert_shows(&meter, 30 * SECOND, "96.8.0");
    puppet_until(&meter, 30 * SECOND, 40 * SECOND);
    assert_shows(&meter, 40 * SECOND, "2.8.0");
    /* called late, it shows what it would have shown */
    (void)display_step(&meter.display, 365 * SECOND);
    assert_shows(&meter, 365 * SECOND, "96.8.0"); /* 35 changes since 10 s */
}

/* REQ(DIS-10) */
static void a_list_of_one_is_a_fixed_value(void **state)
{
    (void)state;
    struct meter meter;
    const uint16_t list[] = {row_of("1.8.0")};
    puppet_run(&meter, "382B");
    assert_int_equal(display_set_list(&meter.display, &meter, LIST_AUTOMATIC, list, 1, 10 * SECOND),
                     DISPLAY_OK);
    assert_true(display_step(&meter.display, 11 * SECOND) == INT64_MAX);
    for (int64_t s = 11; s < 100; s++) {
        (void)display_step(&meter.display, s * SECOND);
        assert_shows(&meter, s * SECOND, "1.8.0");
    }
}

/* REQ(DIS-07): nothing happens on the press; the reading changes on the release */
static void the_reading_changes_when_the_button_is_released(void **state)
{
    (void)state;
    struct meter meter;
    const uint16_t list[] = {row_of("1.8.0"), row_of("2.8.0"), row_of("3.8.0"), row_of("4.8.0"),
                             row_of("96.8.0")};
    puppet_run(&meter, "382M");
    assert_int_equal(display_set_list(&meter.display, &meter, LIST_MANUAL, list, 5, 10 * SECOND),
                     DISPLAY_OK);
    display_button(&meter.display, &meter, true, 12 * SECOND);
    assert_int_equal(meter.display.state, DISPLAY_AUTOMATIC);
    display_button(&meter.display, &meter, false, 12 * SECOND + 100000);
    assert_int_equal(meter.display.state, DISPLAY_MANUAL);
    assert_shows(&meter, 13 * SECOND, "1.8.0");
    for (unsigned i = 1; i <= 5; i++) {
        int64_t at_us = (13 + i) * SECOND;
        display_button(&meter.display, &meter, true, at_us);
        assert_shows(&meter, at_us, register_table[list[i - 1]].code);
        display_button(&meter.display, &meter, false, at_us + 1);
        assert_shows(&meter, at_us + 1, register_table[list[i % 5]].code);
    }
}

/* REQ(DIS-07): a long press belongs to the reading and does not step */
static void a_long_press_steps_nothing(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    puppet_press(&meter, 12 * SECOND, SECOND / 10);
    assert_shows(&meter, 12 * SECOND + SECOND / 10, "1.8.0");
    display_button(&meter.display, &meter, true, 20 * SECOND);
    assert_int_equal(display_step(&meter.display, 20 * SECOND), 26 * SECOND);
    (void)display_step(&meter.display, 26 * SECOND - 1);
    assert_false(meter.display.long_press);
    (void)display_step(&meter.display, 26 * SECOND);
    assert_true(meter.display.long_press);
    display_button(&meter.display, &meter, false, 27 * SECOND);
    assert_false(meter.display.long_press);
    assert_shows(&meter, 27 * SECOND, "1.8.0");
    puppet_press(&meter, 28 * SECOND, 5999999);
    assert_shows(&meter, 34 * SECOND, "2.8.0");
}

/* REQ(DIS-09): 119 s after the last activation still there, at 121 s gone */
static void two_minutes_after_the_last_button_it_scrolls_again(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    puppet_press(&meter, 20 * SECOND, 0);
    puppet_press(&meter, 50 * SECOND, 0);
    puppet_until(&meter, 50 * SECOND, 169 * SECOND);
    assert_int_equal(meter.display.state, DISPLAY_MANUAL);
    assert_shows(&meter, 169 * SECOND, "2.8.0");
    puppet_until(&meter, 169 * SECOND, 171 * SECOND);
    assert_int_equal(meter.display.state, DISPLAY_AUTOMATIC);
    assert_shows(&meter, 171 * SECOND, "1.8.0");
    /* its ten seconds run from the return, 170 s */
    puppet_until(&meter, 171 * SECOND, 180 * SECOND);
    assert_shows(&meter, 180 * SECOND, "2.8.0");
}

/* REQ(DIS-09): a button held down is an activation that has not ended */
static void a_held_button_keeps_the_manual_list(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    puppet_press(&meter, 20 * SECOND, 0);
    display_button(&meter.display, &meter, true, 100 * SECOND);
    puppet_until(&meter, 100 * SECOND, 400 * SECOND);
    assert_int_equal(meter.display.state, DISPLAY_MANUAL);
    display_button(&meter.display, &meter, false, 400 * SECOND);
    puppet_until(&meter, 400 * SECOND, 519 * SECOND);
    assert_int_equal(meter.display.state, DISPLAY_MANUAL);
    puppet_until(&meter, 519 * SECOND, 521 * SECOND);
    assert_int_equal(meter.display.state, DISPLAY_AUTOMATIC);
}

/* REQ(DIS-08, DIS-02): without mains the first press wakes, the next ones step, two minutes end it
 */
static void the_back_up_list_is_read_without_mains(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    assert_true(meter.variant.backup_battery);
    puppet.energy_uwh[LEGAL_A_PLUS] = UINT64_C(123) * 1000000000;
    display_supply(&meter.display, false, 100 * SECOND);
    assert_shows(&meter, 100 * SECOND, "");
    assert_int_equal(strlen(shown(&meter, 100 * SECOND)), 0);
    puppet_press(&meter, 200 * SECOND, SECOND / 10);
    assert_shows(&meter, 201 * SECOND, "1.8.0  0000123 kWh  A+");
    puppet_press(&meter, 202 * SECOND, SECOND / 10);
    assert_shows(&meter, 203 * SECOND, "2.8.0");
    puppet_until(&meter, 203 * SECOND, 321 * SECOND);
    assert_int_equal(meter.display.state, DISPLAY_BACKUP);
    puppet_until(&meter, 321 * SECOND, 323 * SECOND);
    assert_int_equal(meter.display.state, DISPLAY_OFF);
    display_supply(&meter.display, true, 400 * SECOND);
    assert_shows(&meter, 400 * SECOND, "96.54.1");
}

/* REQ(DIS-08): without the hardware the list is inert */
static void without_a_battery_the_display_stays_dark(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "162M");
    assert_false(meter.variant.backup_battery);
    display_supply(&meter.display, false, 100 * SECOND);
    puppet_press(&meter, 200 * SECOND, SECOND / 10);
    puppet_press(&meter, 201 * SECOND, SECOND / 10);
    assert_int_equal(meter.display.state, DISPLAY_OFF);
    assert_int_equal(strlen(shown(&meter, 202 * SECOND)), 0);
}

/* A press that began in the dark must not step the list that supply brings. */
static void a_press_over_the_return_of_supply_does_nothing(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    display_supply(&meter.display, false, 20 * SECOND);
    display_button(&meter.display, &meter, true, 21 * SECOND);
    display_supply(&meter.display, true, 22 * SECOND);
    display_button(&meter.display, &meter, false, 23 * SECOND);
    assert_int_equal(meter.display.state, DISPLAY_CHECKSUM);
    display_button(&meter.display, &meter, false, 24 * SECOND); /* a second release is no press */
    assert_int_equal(meter.display.state, DISPLAY_CHECKSUM);
}

/* A jump in time over several states lands where small steps would. */
static void a_jump_in_time_lands_where_small_steps_do(void **state)
{
    (void)state;
    struct meter slow, fast;
    puppet_meter(&slow, "382M");
    display_supply(&slow.display, true, 0);
    puppet_press(&slow, 12 * SECOND, 0);
    fast = slow;
    for (int64_t s = 13; s <= 300; s++) {
        (void)display_step(&slow.display, s * SECOND);
    }
    (void)display_step(&fast.display, 300 * SECOND);
    assert_memory_equal(&slow.display, &fast.display, sizeof slow.display);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_up_shows_what_the_meter_is),
        cmocka_unit_test(automatic_list_changes_every_ten_seconds),
        cmocka_unit_test(a_list_of_one_is_a_fixed_value),
        cmocka_unit_test(the_reading_changes_when_the_button_is_released),
        cmocka_unit_test(a_long_press_steps_nothing),
        cmocka_unit_test(two_minutes_after_the_last_button_it_scrolls_again),
        cmocka_unit_test(a_held_button_keeps_the_manual_list),
        cmocka_unit_test(the_back_up_list_is_read_without_mains),
        cmocka_unit_test(without_a_battery_the_display_stays_dark),
        cmocka_unit_test(a_press_over_the_return_of_supply_does_nothing),
        cmocka_unit_test(a_jump_in_time_lands_where_small_steps_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
