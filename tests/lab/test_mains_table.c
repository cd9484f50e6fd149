/** CSV profiles and the built-in house. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/source.h"

#define VOLT   (8388608.0 / 700.0)
#define AMPERE (8388608.0 / 250.0)
/** kWh per step squared. */
#define KWH (1.0 / (VOLT * AMPERE * 8000.0 * 3.6e6))

static const struct mains_options three = {3, false, INT64_C(1170288000)};

static struct mains *open_text(const char *text, const struct lab_file_options *options)
{
    struct lab_source source;
    struct lab_error error;
    struct mains *mains = NULL;
    memset(&source, 0, sizeof source);
    if (lab_csv_open(&source, "x.csv", text, strlen(text), options, three.start_utc_s, &error)) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(lab_mains_create(&mains, &source, &three, &error), 0);
    return mains;
}

static void fails(const char *text, const char *expected)
{
    struct lab_source source;
    struct lab_error error;
    struct lab_file_options options = {0};
    assert_int_equal(
        lab_csv_open(&source, "x.csv", text, strlen(text), &options, three.start_utc_s, &error),
        -1);
    assert_string_equal(error.text, expected);
}

/** Energy of one system over windows of one second, as the counters would see it. */
static double energy_kwh(struct mains *mains, unsigned system, int64_t from_s, int64_t to_s)
{
    double sum = 0.0;
    struct measuring_window window[LAB_PHASES];
    for (int64_t s = from_s; s < to_s; s++) {
        mains_window(mains, s * 1000000, 8000, window);
        sum += (double)window[system].active_lsb2;
    }
    return sum * KWH;
}

/** The converted file read again by other means: sscanf and plain sums. */
static double house_integral_kwh(unsigned *rows)
{
    FILE *file = fopen(SOURCE_DIR "/data/house-sceaux-2007-02.csv", "r");
    char line[128];
    double last = 0.0, sum = 0.0;
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    while (fgets(line, sizeof line, file) != NULL) {
        const char *cell = strchr(strchr(line, ',') + 1, ',') + 1;
        last = *cell == ',' ? last : atof(cell);
        sum += last / 60.0;
        (*rows)++;
    }
    (void)fclose(file);
    return sum;
}

/** The energy of the house is the integral of its file: 941.583 kWh with gaps held. */
static void test_house_energy(void **state)
{
    (void)state;
    struct mains *mains = NULL;
    struct lab_error error;
    unsigned rows = 0;
    double expected = house_integral_kwh(&rows);
    assert_int_equal(rows, 40320);
    assert_true(fabs(expected - 941.5829667) < 1e-6);
    assert_int_equal(mains_open(&mains, "house", &three, &error), 0);
    int64_t month_s = INT64_C(28) * 86400;
    assert_true(fabs(energy_kwh(mains, 0, 0, month_s) / expected - 1.0) < 1e-9);
    assert_true(energy_kwh(mains, 1, 0, 3600) == 0.0);
    /* and it begins again */
    double first_day = energy_kwh(mains, 0, 0, 86400);
    assert_true(fabs(energy_kwh(mains, 0, month_s, month_s + 86400) / first_day - 1.0) < 1e-9);
    mains_close(mains);
}

/** A run that stops and one that begins where it stopped make the same energy as one run. */
static void test_house_from(void **state)
{
    (void)state;
    struct mains *whole = NULL, *rest = NULL;
    struct lab_error error;
    assert_int_equal(mains_open(&whole, "house", &three, &error), 0);
    assert_int_equal(mains_open(&rest, "house,from=27d12h", &three, &error), 0);
    for (int64_t s = 0; s < 86400; s += 3600) { /* half a day, and on into the next round */
        double expected = energy_kwh(whole, 0, s + 27 * 86400 + 43200, s + 27 * 86400 + 43260);
        assert_true(expected > 0.0);
        assert_true(fabs(energy_kwh(rest, 0, s, s + 60) / expected - 1.0) < 1e-9);
    }
    mains_close(whole);
    mains_close(rest);
}

static void state_is(struct mains *mains, int64_t at_s, double u1, double i1, double phi1)
{
    struct lab_state now;
    mains_state(mains, at_s * 1000000, &now);
    assert_true(fabs(now.phase[0].voltage_v - u1) < 1e-9);
    assert_true(fabs(now.phase[0].current_a - i1) < 1e-9);
    assert_true(fabs(now.phase[0].phi_deg - phi1) < 1e-9);
}

static void test_rows_are_held(void **state)
{
    (void)state;
    struct lab_file_options options = {0};
    struct mains *mains = open_text("time_s,u1,i1,pf1\n0,230,5,1\n10,220,4,0.5i\n20,,NA,?\n"
                                    "30,240,10,0.5c\n",
                                    &options);
    state_is(mains, 0, 230, 5, 0);
    state_is(mains, 9, 230, 5, 0);
    state_is(mains, 10, 220, 4, 60);
    state_is(mains, 25, 220, 4, 60);
    state_is(mains, 30, 240, 10, -60);
    state_is(mains, 100000, 240, 10, -60);
    state_is(mains, 5, 230, 5, 0);
    mains_close(mains);
}

/** A power column gives exactly that power, a power factor or a reactive column the rest. */
static void test_power_columns(void **state)
{
    (void)state;
    struct lab_file_options options = {0};
    struct mains *mains = open_text(
        "time_s,u1,p1_kw,q1_kvar,p2,pf2,u3_kv,i3_ma\n0,200,-3,4,1000,0.8c,0.1,500\n", &options);
    struct measuring_window w[LAB_PHASES];
    mains_window(mains, 0, 8000, w);
    double scale = VOLT * AMPERE * 8000.0;
    assert_true(fabs((double)w[0].active_lsb2 / scale + 3000.0) < 1e-9);
    assert_true(fabs((double)w[0].reactive_lsb2 / scale - 4000.0) < 1e-9);
    assert_true(fabs((double)w[1].active_lsb2 / scale - 1000.0) < 1e-9);
    assert_true(fabs((double)w[1].reactive_lsb2 / scale + 750.0) < 1e-6);
    assert_true(fabs(sqrt((double)w[1].voltage_lsb2 / 8000.0) / VOLT - 230.0) < 1e-6);
    assert_true(fabs((double)w[2].active_lsb2 / scale - 50.0) < 1e-9);
    mains_close(mains);
}

static void test_interpolation(void **state)
{
    (void)state;
    struct lab_file_options options = {.linear = true};
    struct mains *mains = open_text("time_s,p1\n0,0\n100,1000\n200,1000\n", &options);
    assert_true(fabs(energy_kwh(mains, 0, 0, 100) * 3.6e6 - 50000.0) < 1e-3);
    assert_true(fabs(energy_kwh(mains, 0, 100, 300) * 3.6e6 - 200000.0) < 1e-3);
    mains_close(mains);
}

/** A step inside a window counts to the microsecond. */
static void test_step_inside_window(void **state)
{
    (void)state;
    struct lab_file_options options = {0};
    struct mains *mains = open_text("time_s,p1\n0,1000\n0.25,3000\n0.7500625,0\n", &options);
    double expected = (0.25 * 1000.0 + 0.500063 * 3000.0) / 3.6e6;
    assert_true(fabs(energy_kwh(mains, 0, 0, 1) / expected - 1.0) < 1e-9);
    mains_close(mains);
}

static void test_forms_of_text(void **state)
{
    (void)state;
    struct lab_file_options options = {0};
    struct mains *mains = open_text(
        "\xEF\xBB\xBF\"Time_S\"; u1 ;\"I1\"\r\n\r\n0;\"230,5\"; 1,5e0\r\n1;+231;2", &options);
    state_is(mains, 0, 230.5, 1.5, 0);
    state_is(mains, 1, 231, 2, 0);
    mains_close(mains);
}

/** The run's start is the first row, unless the times cover the run's start. */
static void test_absolute_times(void **state)
{
    (void)state;
    struct lab_file_options options = {0};
    struct mains *mains =
        open_text("time,i1\n2020-01-01T00:00:00Z,1\n2020-01-01 00:01,2\n", &options);
    state_is(mains, 0, 230, 1, 0);
    state_is(mains, 60, 230, 2, 0);
    mains_close(mains);
    mains = open_text("time,i1\n2007-01-31T23:59:00Z,1\n2007-02-01T01:00:30+01:00,2\n", &options);
    state_is(mains, 0, 230, 1, 0);
    state_is(mains, 30, 230, 2, 0);
    mains_close(mains);
    mains = open_text("time_s,i1\n1170287999,1\n1170288007,2\n", &options);
    state_is(mains, 6, 230, 1, 0);
    state_is(mains, 7, 230, 2, 0);
    mains_close(mains);
}

static void test_errors_name_the_place(void **state)
{
    (void)state;
    fails("", "x.csv:1:1: expected a header line, found nothing");
    fails("time_s,u1\n", "x.csv:2:1: expected a row of values, found nothing");
    fails("time_s,u4\n0,1\n",
          "x.csv:1:8: expected a column out of time_s, time, u1..u3, i1..i3, pf1..pf3, p1..p3, "
          "q1..q3, f (unit behind it: p1_kw), found 'u4'");
    fails("time_s,u1,u1_kv\n0,1,1\n", "x.csv:1:11: expected each column once, found 'u1_kv'");
    fails("time_s,time\n0,1\n", "x.csv:1:8: expected one time column, found 'time'");
    fails("time_s,u1\n0,230\n1, abc\n", "x.csv:3:4: expected a number, found 'abc'");
    fails("time_s,u1\n0,nan\n", "x.csv:2:3: expected a number, found 'nan'");
    fails("time_s,u1\n0,inf\n", "x.csv:2:3: expected a number, found 'inf'");
    fails("time_s,u1\n0,1e9\n", "x.csv:2:3: expected a voltage from 0 to 1000 V, found '1e9'");
    fails("time_s,p1_kw\n0,2000\n",
          "x.csv:2:3: expected a power from -1000 to 1000 kW, found '2000'");
    fails("time_s,u1,pf1\n0,230,1.2\n",
          "x.csv:2:7: expected a power factor 0 to 1, then i (inductive) or c (capacitive), found "
          "'1.2'");
    fails("time_s,u1\n0,230\n0,231\n",
          "x.csv:3:1: expected a time after the row before, found '0'");
    fails("time_s,u1\n0,230\n2020-01-01,231\n",
          "x.csv:3:1: expected the same kind of time as in the row before, found '2020-01-01'");
    fails("time_s,u1\n0,230\nnoon,231\n",
          "x.csv:3:1: expected seconds or a time like 2026-01-31T12:00:00Z, found 'noon'");
    fails("time_s,u1\n0\n", "x.csv:2:2: expected 2 columns as in the header, found 1");
    fails("time_s,u1\n0,230,5\n", "x.csv:2:8: expected 2 columns as in the header, found 3");
    fails("u1\n230\n231\n", "x.csv:3:1: expected a time_s or time column for a second row");
    fails("time_s,u1\n0,\"230\n",
          "x.csv:2:3: expected a quoted cell that ends with its quote, found '\"230'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_house_energy),          cmocka_unit_test(test_house_from),
        cmocka_unit_test(test_rows_are_held),         cmocka_unit_test(test_power_columns),
        cmocka_unit_test(test_interpolation),         cmocka_unit_test(test_step_inside_window),
        cmocka_unit_test(test_forms_of_text),         cmocka_unit_test(test_absolute_times),
        cmocka_unit_test(test_errors_name_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
