/* Logs on the glass: the load profile by year, month ... minute, the debiting periods, messages. */
#include "app/display/display.h"
#include "app/display/display_lists.h"

#include "legal_puppet.h"

#define NORMAL_S INT64_C(3600) /* the meter's normal time is an hour ahead of UTC */
#define SHORT_US INT64_C(300000)
#define OPEN_US  (2 * SECOND)

static int64_t at_us; /* of the test */

/* Ends of intervals in normal time, by hand. */
static const struct {
    uint16_t year;
    uint8_t month, day, hour, minute;
} ends[] = {
    {2023, 11, 30, 12, 0}, {2023, 11, 30, 12, 15}, {2024, 1, 1, 0, 15},  {2024, 3, 31, 3, 0},
    {2024, 6, 20, 9, 0},   {2024, 6, 20, 9, 15},   {2024, 6, 20, 13, 0},
};
#define N_ENDS (sizeof ends / sizeof ends[0])

static struct meter *meter_with_records(const char *variant)
{
    toys_reset();
    struct meter *meter = toy_meter(variant, 0);
    at_us = 20 * SECOND;
    (void)meter_step(meter, at_us);
    for (size_t i = 0; i < N_ENDS; i++) {
        const struct calendar normal = {.year = ends[i].year,
                                        .month = ends[i].month,
                                        .day = ends[i].day,
                                        .hour = ends[i].hour,
                                        .minute = ends[i].minute};
        const struct legal_profile_record stamp = {.utc_s = calendar_seconds(&normal) - NORMAL_S};
        for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
            puppet.energy_uwh[e] = (1000 * e + i + 1) * KWH;
        }
        assert_int_equal(legal_profile_record(&meter->legal, &stamp), LEGAL_OK);
    }
    return meter;
}

static const char *shown(const struct meter *meter)
{
    static char line[128];
    struct display_frame frame;
    display_render(&meter->display, meter, at_us, &frame);
    (void)display_text(&frame, line, sizeof line);
    return line;
}

static void expect(const struct meter *meter, const char *beginning)
{
    if (strncmp(shown(meter), beginning, strlen(beginning)) != 0) {
        fail_msg("shows '%s', expected '%s'", shown(meter), beginning);
    }
}

static void press(struct meter *meter, int64_t for_us)
{
    at_us += SECOND / 10;
    meter_input(meter, METER_INPUT_BUTTON_LEFT, true, at_us);
    at_us += for_us;
    meter_input(meter, METER_INPUT_BUTTON_LEFT, false, at_us);
}

static void pass(struct meter *meter, int64_t for_us)
{
    at_us += for_us;
    (void)meter_step(meter, at_us);
}

/* @return whether the manual list has it; it is shown then */
static bool go_to(struct meter *meter, const char *beginning)
{
    for (unsigned n = 0; n <= DISPLAY_MANUAL_MAX; n++) {
        press(meter, SHORT_US);
        if (strncmp(shown(meter), beginning, strlen(beginning)) == 0) {
            return true;
        }
    }
    return false;
}

/* REQ(X-LPR-4): a year, a month, a day, an hour, a minute, of those that have records */
static void a_moment_is_chosen(void **state)
{
    (void)state;
    struct meter *meter = meter_with_records("382M");
    assert_true(go_to(meter, "P.01  7  LOG"));
    press(meter, OPEN_US);
    expect(meter, "P.01  2024____  YEAR");
    press(meter, SHORT_US);
    expect(meter, "P.01  2023____  YEAR");
    press(meter, SHORT_US);
    expect(meter, "P.01  END");
    pass(meter, SECOND - 1);
    expect(meter, "P.01  END");
    pass(meter, 1);
    expect(meter, "P.01  2024____  YEAR"); /* begins again with the newest */
    press(meter, OPEN_US);
    static const char *const months[] = {"202406__", "202403__", "202401__"};
    for (size_t i = 0; i < 3; i++) {
        char wanted[32] = "P.01  ";
        expect(meter, strcat(strcat(wanted, months[i]), "  MON"));
        press(meter, SHORT_US);
    }
    expect(meter, "P.01  END");
    press(meter, OPEN_US);
    expect(meter, "P.01  2024:06:20  DAY");
    press(meter, SHORT_US);
    expect(meter, "P.01  END"); /* the 31st of March is another month's */
    press(meter, OPEN_US);
    expect(meter, "P.01  13____  HOUR");
    press(meter, SHORT_US);
    expect(meter, "P.01  09____  HOUR");
    press(meter, OPEN_US);
    expect(meter, "P.01  09:15:00  MIN");
    press(meter, SHORT_US);
    expect(meter, "P.01  09:00:00  MIN");
}

/* REQ(X-LPR-4): after End the same month begins again, whichever day is its last */
static void a_month_of_31_days(void **state)
{
    (void)state;
    struct meter *meter = meter_with_records("382M");
    assert_true(go_to(meter, "P.01"));
    press(meter, OPEN_US);
    press(meter, OPEN_US);
    press(meter, SHORT_US);
    press(meter, OPEN_US);
    expect(meter, "P.01  2024:03:31  DAY");
    press(meter, SHORT_US);
    expect(meter, "P.01  END");
    pass(meter, SECOND);
    expect(meter, "P.01  2024:03:31  DAY");
}

/* REQ(X-LPR-4): normal time: a quarter past eleven of the last evening, UTC, is a quarter past
 * midnight here, in another year */
static void a_year_is_the_meters_own(void **state)
{
    (void)state;
    struct meter *meter = meter_with_records("382M");
    puppet_profile.n_records = 3;
    assert_true(go_to(meter, "P.01"));
    press(meter, OPEN_US);
    expect(meter, "P.01  2024____");
    press(meter, SHORT_US);
    expect(meter, "P.01  2023____");
    press(meter, SHORT_US); /* End */
    press(meter, OPEN_US);
    expect(meter, "P.01  202401__");
    press(meter, OPEN_US);
    expect(meter, "P.01  2024:01:01");
    press(meter, SHORT_US);
    expect(meter, "P.01  END");
}

static void open_record(struct meter *meter)
{
    assert_true(go_to(meter, "P.01"));
    for (unsigned level = BROWSE_YEAR; level <= BROWSE_RECORD; level++) {
        press(meter, OPEN_US);
    }
}

/* REQ(X-LPR-4): its time for 1 s, each register for 3 s, and again; then the next record */
static void a_record_shows_its_registers(void **state)
{
    (void)state;
    struct meter *meter = meter_with_records("382M");
    open_record(meter);
    expect(meter, "P.01  13:00:00  TIME");
    pass(meter, SECOND - 1);
    expect(meter, "P.01  13:00:00  TIME");
    pass(meter, 1);
    static const char *const registers[] = {"1.8.0  0000007 kWh  A+", "2.8.0  0001007 kWh  A-",
                                            "3.8.0  0002007 kvarh  R+", "4.8.0  0003007 kvarh  R-"};
    for (unsigned turn = 0; turn < 5; turn++) {
        expect(meter, registers[turn % 4]);
        pass(meter, 3 * SECOND - 1);
        expect(meter, registers[turn % 4]);
        pass(meter, 1);
    }
    press(meter, SHORT_US);
    expect(meter, "P.01  END"); /* it was the newest */
    pass(meter, SECOND);
    expect(meter, "P.01  13:00:00  TIME");
    press(meter, OPEN_US); /* back to the years */
    expect(meter, "P.01  2024____  YEAR");
    press(meter, SHORT_US);
    for (unsigned level = BROWSE_MONTH; level <= BROWSE_RECORD; level++) {
        press(meter, OPEN_US);
    }
    expect(meter, "P.01  12:15:00  TIME");
    press(meter, SHORT_US);
    expect(meter, "P.01  00:15:00  TIME"); /* the next record, of the next year */
    pass(meter, SECOND);
    expect(meter, "1.8.0  0000003 kWh");
}

/* REQ(X-LPR-4): short below two seconds, long from there, extra long from six: it leaves at once */
static void lengths_of_presses(void **state)
{
    (void)state;
    struct meter *meter = meter_with_records("382M");
    assert_true(go_to(meter, "P.01"));
    press(meter, OPEN_US - 1);
    assert_false(strncmp(shown(meter), "P.01", 4) == 0); /* a step of the manual list */
    assert_true(go_to(meter, "P.01"));
    press(meter, OPEN_US);
    press(meter, OPEN_US - 1);
    expect(meter, "P.01  2023____  YEAR");
    at_us += SECOND;
    meter_input(meter, METER_INPUT_BUTTON_LEFT, true, at_us);
    pass(meter, 6 * SECOND - 1);
    expect(meter, "P.01  2023____  YEAR");
    pass(meter, 1);
    expect(meter, "P.01  7  LOG");
    at_us += SECOND;
    meter_input(meter, METER_INPUT_BUTTON_LEFT, false, at_us);
    expect(meter, "P.01  7  LOG"); /* its release steps nothing */
    press(meter, OPEN_US);
    pass(meter, 120 * SECOND - 1);
    expect(meter, "P.01  2024____");
    pass(meter, 1);
    assert_int_equal(meter->display.state, DISPLAY_AUTOMATIC);
    press(meter, SHORT_US);
    assert_true(go_to(meter, "P.01  7  LOG")); /* closed, not where it was left */
}

/* REQ(X-LPR-4): "No reg", "Log off", "Error" */
static void messages(void **state)
{
    (void)state;
    struct meter *meter = meter_with_records("382M");
    puppet_profile.n_deleted = N_ENDS;
    assert_true(go_to(meter, "P.01  0  LOG"));
    press(meter, OPEN_US);
    expect(meter, "P.01  N0 REG");
    pass(meter, SECOND);
    expect(meter, "P.01  0  LOG");
    meter->load_profile.fitted = false;
    press(meter, OPEN_US);
    expect(meter, "P.01  L0G 0FF");
    meter = meter_with_records("382M");
    open_record(meter);
    pass(meter, SECOND);
    puppet_profile.n_deleted = N_ENDS; /* meanwhile */
    expect(meter, "P.01  ERR0R");
    press(meter, SHORT_US);
    expect(meter, "P.01  N0 REG");
}

/* REQ(BIL-08): debiting periods, the newest first: the day, energies, tariffs, peaks */
static void debiting_periods(void **state)
{
    (void)state;
    struct meter *meter = meter_with_records("382M");
    for (unsigned n = 1; n <= 2; n++) {
        puppet.energy_uwh[LEGAL_A_PLUS] = n * 100 * KWH;
        puppet.tariff_uwh[1][LEGAL_A_PLUS] = n * 10 * KWH;
        meter->demand.peak[LEGAL_A_PLUS].power_mw = n * 1234000;
        assert_int_equal(meter_debiting_stop(meter), METER_OK);
    }
    assert_true(go_to(meter, "98.1.0  2  HIST"));
    press(meter, OPEN_US);
    expect(meter, "98.1.0  2024:06:20  DATE");
    pass(meter, SECOND);
    expect(meter, "1.8.0  0000200 kWh  A+");
    pass(meter, 5 * 3 * SECOND);
    expect(meter, "1.8.2  0000020 kWh");
    pass(meter, 3 * 3 * SECOND);
    expect(meter, "1.6.0  2.468 kW");
    press(meter, SHORT_US);
    pass(meter, SECOND);
    expect(meter, "1.8.0  0000100 kWh");
    press(meter, SHORT_US);
    expect(meter, "98.1.0  END");
    pass(meter, 2 * SECOND);
    expect(meter, "1.8.0  0000200 kWh");
    press(meter, OPEN_US); /* nothing lies deeper */
    expect(meter, "98.1.0  2024:06:20");
    at_us += SECOND;
    meter_input(meter, METER_INPUT_BUTTON_LEFT, true, at_us);
    pass(meter, 6 * SECOND);
    expect(meter, "98.1.0  2  HIST");
}

/* REQ(BIL-08, DIS-04): logs stand in the manual list alone; a log that is not fitted in none */
static void lists(void **state)
{
    (void)state;
    static const uint16_t logs[] = {DISPLAY_READING_HISTORY, DISPLAY_READING_PROFILE};
    struct meter *meter = meter_with_records("382M");
    for (size_t i = 0; i < 2; i++) {
        for (int which = LIST_AUTOMATIC; which <= LIST_BACKUP; which += LIST_BACKUP) {
            const struct display before = meter->display;
            assert_int_equal(display_set_list(&meter->display, meter, (enum display_list)which,
                                              &logs[i], 1, at_us),
                             DISPLAY_ERR_BARRED);
            assert_memory_equal(&before, &meter->display, sizeof before);
        }
    }
    meter = meter_with_records("382B");
    assert_false(go_to(meter, "P.01"));
    assert_true(go_to(meter, "98.1.0"));
    assert_int_equal(display_set_list(&meter->display, meter, LIST_MANUAL, &logs[1], 1, at_us),
                     DISPLAY_ERR_UNKNOWN);
    meter = meter_with_records("382Lx2");
    assert_true(go_to(meter, "P.01  7"));
    press(meter, OPEN_US);
    expect(meter, "P.01  2024____"); /* no text field: the value says it all */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_is_chosen), cmocka_unit_test(a_year_is_the_meters_own),
        cmocka_unit_test(a_month_of_31_days), cmocka_unit_test(a_record_shows_its_registers),
        cmocka_unit_test(lengths_of_presses), cmocka_unit_test(messages),
        cmocka_unit_test(debiting_periods),   cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
