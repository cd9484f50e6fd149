/*
 * The ratings of every type against the data sheets, written down here a second time as the sheets
 * print them; nothing of app/variant's own tables is used.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/registers/register_table.h"
#include "app/variant/variant.h"

/* Table of currents: generation, breaker, X2, "Itr-Ib(Imax)". */
static const struct {
    const char *generations;
    bool breaker;
    char code;
    const char *printed;
} sheet_currents[] = {
    {"BCL", false, '1', "0.25-5(105)"}, {"BCL", false, '6', "0.5-10(60)"},
    {"BCL", false, '7', "0.5-10(85)"},  {"BCL", false, '8', "0.25-5(85)"},
    {"DE", true, '4', "0.25-5(65)"},    {"L", true, '7', "0.5-10(85)"},
    {"L", true, '8', "0.25-5(85)"},     {"M", false, '1', "0.25-5(100)"},
    {"M", true, '8', "0.25-5(85)"},     {"M", false, '4', "0.25-5(65)"},
    {"M", false, '6', "0.5-10(60)"},    {"M", false, '7', "0.5-10(85)"},
};

/* Voltage and frequency: generation, "low..high" in per cent of Un, frequencies. */
static const struct {
    char generation;
    const char *voltage, *frequency;
} sheet_grid[] = {
    {'B', "-10..10", "50 +-2"}, {'C', "-10..10", "50 +-2"},    {'D', "-10..10", "50 +-2"},
    {'E', "-10..10", "50 +-2"}, {'L', "-10..10", "50/60 +-2"}, {'M', "-20..15", "50/60 +-5"},
};

static void current_text(const struct variant *v, char out[32])
{
    (void)snprintf(out, 32, "%g-%u(%u)", v->current_min_ma / 1000.0, v->current_basic_a,
                   v->current_max_a);
}

static void expect_currents(size_t row, char generation, char accuracy)
{
    const bool radio = strchr("CE", generation) != NULL;
    const uint32_t configuration[5] = {11000002, 42301011, 1000, 100, radio ? 349 : 0};
    struct variant v;
    char order[14], text[32];
    (void)snprintf(order, sizeof order, "6843%c%c%c4%c3010", sheet_currents[row].code, accuracy,
                   generation, sheet_currents[row].breaker ? 'B' : '2');
    if (generation < 'L') { /* C and E have radio; D and E a breaker by their letter */
        order[8] = radio ? '5' : '2';
    }
    assert_int_equal(variant_from_order("x", order, configuration, &v), 0);
    assert_int_equal(v.breaker, sheet_currents[row].breaker);
    current_text(&v, text);
    assert_string_equal(text, sheet_currents[row].printed);
    assert_int_equal(v.current_min_ma * 20u, v.current_basic_a * 1000u);
    assert_int_equal(v.accuracy_class, accuracy);
    assert_int_equal(v.pulses_per_kwh, 1000);
}

/* REQ(MET-13, MET-14): Itr, Ib and Imax of each code that a sheet has; Itr is Ib / 20; class A or B
 */
static void currents_are_the_sheets(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof sheet_currents / sizeof sheet_currents[0]; row++) {
        for (const char *g = sheet_currents[row].generations; *g != '\0'; g++) {
            expect_currents(row, *g, 'A');
            expect_currents(row, *g, 'B');
        }
    }
}

/* REQ(MET-11, MET-12, MET-16, MET-20, C-04): every type that can be named: voltage, frequency,
 * systems, angle */
static void grids_are_the_sheets(void **state)
{
    (void)state;
    unsigned seen = 0;
    for (size_t n = 0; n < variant_count(); n++) {
        struct variant v;
        assert_int_equal(variant_by_name(variant_name(n), &v), 0);
        bool single = strncmp(variant_name(n), "162", 3) == 0;
        bool aron = strstr(variant_name(n), "aron") != NULL;
        for (size_t g = 0; g < sizeof sheet_grid / sizeof sheet_grid[0]; g++) {
            char voltage[32], frequency[32];
            if (variant_name(n)[3] != sheet_grid[g].generation) {
                continue;
            }
            seen++;
            (void)snprintf(voltage, sizeof voltage, "%d..%d", v.voltage_low_pct,
                           v.voltage_high_pct);
            (void)snprintf(frequency, sizeof frequency, "50%s +-%u", v.frequency_60hz ? "/60" : "",
                           v.frequency_tolerance_pct);
            assert_string_equal(voltage, sheet_grid[g].voltage);
            assert_string_equal(frequency, sheet_grid[g].frequency);
        }
        assert_int_equal(v.nominal_voltage_v, 230); /* Aron: between the phases, 3x230 V */
        assert_int_equal(v.systems, single ? 1 : aron ? 2 : 3);
        assert_int_equal(v.phase_unlimited, !aron);
        assert_int_equal(variant_has(&v) & NEED_OWN_PHASE, aron ? 0 : NEED_OWN_PHASE);
    }
    assert_int_equal(seen, variant_count());
}

/* REQ(MET-01): the meter is connected directly: nothing in its registers sets or shows a ratio */
static void there_is_no_transformer_ratio(void **state)
{
    (void)state;
    for (size_t row = 0; row < register_table_length; row++) {
        const struct register_def *def = &register_table[row];
        assert_false(def->obis[2] == 0 && def->obis[3] == 4); /* C.D = 0.4: transformer ratios */
        assert_null(strstr(def->name, " ratio"));
        assert_null(strstr(def->name, "ransformer"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(currents_are_the_sheets),
        cmocka_unit_test(grids_are_the_sheets),
        cmocka_unit_test(there_is_no_transformer_ratio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
