/* The test mode on the glass: verification registers, buttons, times, marks. */
#include "display_fake.h"

#define HOURS_16 (INT64_C(57600) * SECOND)

static void enter(struct meter *meter, enum legal_energy energy, int64_t now_us)
{
    assert_true(display_test_begin(&meter->display, energy, now_us));
    assert_int_equal(meter->display.state, DISPLAY_TEST);
}

/* REQ(X-MET-3, MET-19): four decimals of a kilowatt-hour, three before the point, on every variant;
 * the left button goes round A+ A- R+ R- */
static void the_button_goes_round_the_energies(void **state)
{
    (void)state;
    static const char *const variants[] = {"382B", "382C-aron", "382E", "382Lx7", "382M", "162MB"};
    static const char *const seen[] = {"1.8.0  753.3242 kWh", "2.8.0  000.0001 kWh",
                                       "3.8.0  999.9999 kvarh", "4.8.0  000.0000 kvarh"};
    for (size_t v = 0; v < sizeof variants / sizeof variants[0]; v++) {
        struct meter meter;
        puppet_run(&meter, variants[v]);
        puppet.energy_uwh[LEGAL_A_PLUS] = UINT64_C(6753324299999);
        puppet.energy_uwh[LEGAL_A_MINUS] = UINT64_C(100000);
        puppet.energy_uwh[LEGAL_R_PLUS] = UINT64_C(1999999999999);
        puppet.energy_uwh[LEGAL_R_MINUS] = 99999;
        assert_int_equal(display_test_energy(&meter.display), LEGAL_ENERGIES);
        enter(&meter, LEGAL_A_PLUS, 20 * SECOND);
        for (unsigned press = 0; press < 5; press++) {
            int64_t at_us = (20 + press) * SECOND;
            assert_int_equal(display_test_energy(&meter.display), press % 4);
            assert_shows(&meter, at_us, seen[press % 4]);
            puppet_press(&meter, at_us + 700000, 300000);
        }
    }
}

/* REQ(X-MET-3, MET-08): an energy that was not ordered can't be tested */
static void only_ordered_energies(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    meter.variant.energy_type = ENERGY_A_BOTH;
    display_init(&meter.display, &meter);
    display_supply(&meter.display, true, 0);
    (void)display_step(&meter.display, 10 * SECOND);
    assert_false(display_test_begin(&meter.display, LEGAL_R_PLUS, 20 * SECOND));
    assert_false(display_test_begin(&meter.display, LEGAL_R1, 20 * SECOND));
    assert_int_equal(meter.display.state, DISPLAY_AUTOMATIC);
    enter(&meter, LEGAL_A_MINUS, 20 * SECOND);
    puppet_press(&meter, 21 * SECOND, SECOND);
    assert_int_equal(display_test_energy(&meter.display), LEGAL_A_PLUS);
}

/* REQ(X-MET-3): sixteen hours after the last button, left or right, and not a microsecond earlier
 */
static void it_ends_sixteen_hours_after_the_last_button(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    enter(&meter, LEGAL_R_PLUS, 20 * SECOND);
    puppet_until(&meter, 20 * SECOND, 20 * SECOND + HOURS_16 - 1);
    assert_int_equal(meter.display.state, DISPLAY_TEST);
    int64_t pressed_us = 20 * SECOND + HOURS_16 - 1;
    puppet_press(&meter, pressed_us - SECOND, SECOND);
    assert_int_equal(display_test_energy(&meter.display), LEGAL_R_MINUS);
    puppet_until(&meter, pressed_us, pressed_us + HOURS_16 - 1);
    assert_int_equal(meter.display.state, DISPLAY_TEST);
    pressed_us += HOURS_16 - 1;
    display_button_right(&meter.display, pressed_us);
    assert_int_equal(display_step(&meter.display, pressed_us), pressed_us + HOURS_16);
    puppet_until(&meter, pressed_us, pressed_us + HOURS_16 - 1);
    assert_int_equal(display_test_energy(&meter.display), LEGAL_R_MINUS);
    (void)display_step(&meter.display, pressed_us + HOURS_16);
    assert_int_equal(meter.display.state, DISPLAY_AUTOMATIC);
    assert_int_equal(display_test_energy(&meter.display), LEGAL_ENERGIES);
}

/* REQ(X-MET-3): the left button held for 6 s ends it, at that moment; its release steps nothing */
static void holding_the_button_ends_it(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    enter(&meter, LEGAL_A_PLUS, 20 * SECOND);
    display_button(&meter.display, &meter, true, 30 * SECOND);
    assert_int_equal(display_step(&meter.display, 30 * SECOND), 36 * SECOND);
    (void)display_step(&meter.display, 36 * SECOND - 1);
    assert_int_equal(meter.display.state, DISPLAY_TEST);
    (void)display_step(&meter.display, 36 * SECOND);
    assert_int_equal(meter.display.state, DISPLAY_AUTOMATIC);
    display_button(&meter.display, &meter, false, 40 * SECOND);
    assert_int_equal(meter.display.state, DISPLAY_AUTOMATIC);
    /* a short one steps, as long as it may be short of 6 s */
    enter(&meter, LEGAL_A_PLUS, 50 * SECOND);
    puppet_press(&meter, 50 * SECOND, 6 * SECOND - 1);
    assert_int_equal(display_test_energy(&meter.display), LEGAL_A_MINUS);
    /* called late, the release itself is the moment */
    puppet_press(&meter, 60 * SECOND, 20 * SECOND);
    assert_int_equal(meter.display.state, DISPLAY_AUTOMATIC);
    assert_int_equal(meter.display.state_since_us, 66 * SECOND);
}

/* REQ(X-MET-3): held for 6 s on a verification register of the manual list, it begins */
static void holding_the_button_begins_it(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    const uint16_t list[] = {row_of("1.8.0"), row_of("2.8.0"), row_of("3.8.0"), row_of("4.8.0"),
                             row_of("3.8.0*128")};
    assert_int_equal(display_set_list(&meter.display, &meter, LIST_MANUAL, list, 5, 10 * SECOND),
                     DISPLAY_OK);
    puppet_press(&meter, 20 * SECOND, SECOND);
    puppet_press(&meter, 30 * SECOND, 7 * SECOND); /* on 1.8.0: nothing */
    assert_int_equal(meter.display.state, DISPLAY_MANUAL);
    for (unsigned i = 0; i < 4; i++) {
        puppet_press(&meter, (40 + i) * SECOND, 500000);
    }
    assert_shows(&meter, 44 * SECOND, "3.8.0  000.0000 kvarh");
    assert_int_equal(display_test_energy(&meter.display), LEGAL_ENERGIES);
    display_button(&meter.display, &meter, true, 50 * SECOND);
    (void)display_step(&meter.display, 56 * SECOND);
    assert_int_equal(display_test_energy(&meter.display), LEGAL_R_PLUS);
    (void)display_step(&meter.display, 70 * SECOND);
    display_button(&meter.display, &meter, false, 70 * SECOND); /* still the same press */
    assert_int_equal(display_test_energy(&meter.display), LEGAL_R_PLUS);
    /* a press on an automatic reading is none on the manual list's */
    display_test_end(&meter.display, 80 * SECOND);
    puppet_press(&meter, 81 * SECOND, 8 * SECOND);
    assert_int_equal(meter.display.state, DISPLAY_AUTOMATIC);
}

/* REQ(X-MET-3, X-MET-7): it ends with the supply and does not come back with it; dark, it can't
 * begin
 */
static void it_ends_with_the_supply(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    enter(&meter, LEGAL_R_PLUS, 20 * SECOND);
    display_supply(&meter.display, false, 30 * SECOND);
    assert_int_equal(display_test_energy(&meter.display), LEGAL_ENERGIES);
    assert_false(display_test_begin(&meter.display, LEGAL_R_PLUS, 31 * SECOND));
    display_button(&meter.display, &meter, true, 32 * SECOND); /* back-up list */
    display_button(&meter.display, &meter, false, 33 * SECOND);
    assert_int_equal(meter.display.state, DISPLAY_BACKUP);
    assert_false(display_test_begin(&meter.display, LEGAL_R_PLUS, 34 * SECOND));
    display_supply(&meter.display, true, 40 * SECOND);
    puppet_until(&meter, 40 * SECOND, 60 * SECOND);
    assert_int_equal(meter.display.state, DISPLAY_AUTOMATIC);
    assert_int_equal(display_test_energy(&meter.display), LEGAL_ENERGIES);
}

/* REQ(X-MET-3): nobody takes it for a reading: the identification blinks, M says TEST in words */
static void it_is_marked(void **state)
{
    (void)state;
    struct meter meter;
    puppet_run(&meter, "382M");
    enter(&meter, LEGAL_A_PLUS, 20 * SECOND);
    assert_shows(&meter, 20 * SECOND, "1.8.0  000.0000 kWh  A+/V");
    assert_null(strstr(shown(&meter, 20 * SECOND + 500000), "1.8.0"));
    assert_shows(&meter, 21 * SECOND, "1.8.0  000.0000 kWh  A+/V");
    assert_shows(&meter, 24 * SECOND, "1.8.0  000.0000 kWh  TEST");
    puppet_run(&meter, "382B");
    enter(&meter, LEGAL_A_PLUS, 20 * SECOND);
    assert_shows(&meter, 24 * SECOND, "1.8.0  000.0000 kWh");
    assert_null(strstr(shown(&meter, 24 * SECOND), "TEST"));
    assert_null(strstr(shown(&meter, 24 * SECOND + 500000), "1.8.0"));
}

/* The test list is the meter's own. */
static void nobody_replaces_the_test_list(void **state)
{
    (void)state;
    struct meter meter;
    const uint16_t list[] = {row_of("1.8.0")};
    puppet_run(&meter, "382M");
    assert_int_equal(display_set_list(&meter.display, &meter, LIST_TEST, list, 1, 0),
                     DISPLAY_ERR_BARRED);
    assert_int_equal(display_set_list(&meter.display, &meter, LIST_TEST, NULL, 0, 0),
                     DISPLAY_ERR_BARRED);
    assert_int_equal(meter.display.length[LIST_TEST], 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_button_goes_round_the_energies),
        cmocka_unit_test(only_ordered_energies),
        cmocka_unit_test(it_ends_sixteen_hours_after_the_last_button),
        cmocka_unit_test(holding_the_button_ends_it),
        cmocka_unit_test(holding_the_button_begins_it),
        cmocka_unit_test(it_ends_with_the_supply),
        cmocka_unit_test(it_is_marked),
        cmocka_unit_test(nobody_replaces_the_test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
