/* The pulse input by itself: contacts that bounce, 25 pulses a second, scales without rounding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/pins/pin_filter.h"
#include "app/pins/pin_table.h"
#include "app/pulse_input/pulse_input.h"
#include "app/settings/setting_table.h"
#include "app/tariff/tariff.h"

static uint32_t dice = 7;

static uint32_t roll(uint32_t below)
{
    dice = dice * UINT32_C(1664525) + UINT32_C(1013904223);
    return (uint32_t)((uint64_t)(dice >> 8) * below >> 24);
}

static struct {
    struct pin_filter filter;
    uint64_t pulses;
    int64_t now_us;
} bench;

static void look(int64_t now_us)
{
    bench.now_us = now_us;
    if (pin_filter_run(&bench.filter, now_us) && bench.filter.level) {
        bench.pulses++;
    }
}

static void edge(bool level, int64_t now_us)
{
    look(now_us);
    pin_filter_edge(&bench.filter, level, now_us);
}

/* An edge of a contact that bounces for 4 ms. */
static void bouncing(bool level, int64_t at_us)
{
    const unsigned n = roll(6);
    int64_t t_us = at_us;
    for (unsigned i = 0; i < n; i++) {
        edge(level, t_us);
        t_us += 1 + roll(600);
        edge(!level, t_us);
        t_us += 1 + roll(60);
    }
    edge(level, t_us);
}

/* REQ(LCO-08, X-LCO-2): 25 pulses a second for four hours, from contacts that bounce, whoever asks
 * in between or not: each counts once */
static void as_fast_as_it_goes(void **state)
{
    (void)state;
    const unsigned n = 4 * 3600 * 25;
    memset(&bench, 0, sizeof bench);
    pin_filter_begin(&bench.filter, false, PIN_HOLD_PULSE_US);
    for (unsigned i = 0; i < n; i++) {
        const int64_t at_us = (int64_t)i * 40000 + 1000;
        bouncing(true, at_us);
        if (roll(2) != 0) {
            look(at_us + 5000 + roll(14000));
        }
        bouncing(false, at_us + 20000);
        if (roll(2) != 0) {
            look(at_us + 25000 + roll(14000));
        }
    }
    look((int64_t)n * 40000 + 100000);
    assert_int_equal(bench.pulses, n);
}

/* What is shorter than the filter is no pulse; an instant that is just long enough is one. */
static void too_short(void **state)
{
    (void)state;
    memset(&bench, 0, sizeof bench);
    pin_filter_begin(&bench.filter, false, PIN_HOLD_PULSE_US);
    for (unsigned i = 0; i < 100; i++) {
        edge(true, i * 100000);
        edge(false, i * 100000 + 9999);
    }
    look(20000000);
    assert_int_equal(bench.pulses, 0);
    edge(true, 20000000);
    assert_int_equal(pin_filter_next_us(&bench.filter), 20010000);
    edge(false, 20010000);
    assert_int_equal(bench.pulses, 1);
    look(20020000);
    assert_int_equal(pin_filter_next_us(&bench.filter), INT64_MAX);
}

/* REQ(LCO-08, X-LCO-2, TOO-06): whatever the divisor, the register is pulses / divisor rounded
 * down; with 25 l a pulse 40 pulses are a cubic metre */
static void scales(void **state)
{
    (void)state;
    struct pulse_input input;
    pulse_input_begin(&input);
    assert_true(pulse_input_scale(&input, 40000));
    for (unsigned i = 1; i <= 4000; i++) {
        pulse_input_count(&input);
        assert_int_equal(input.units, i / 40u);
    }
    assert_false(pulse_input_scale(&input, 99));
    assert_false(pulse_input_scale(&input, 1000001));
    assert_int_equal(input.divisor_milli, 40000);
    for (unsigned n = 0; n < 300; n++) {
        const uint32_t divisor = n == 0 ? 100 : n == 1 ? 1000000 : 100 + roll(999900);
        pulse_input_begin(&input);
        assert_true(pulse_input_scale(&input, divisor));
        for (unsigned i = 1; i <= 3000; i++) {
            pulse_input_count(&input);
            assert_int_equal(input.units, (uint64_t)i * 1000u / divisor);
            assert_true(pulse_input_good(&input));
        }
        /* the share of a unit that is not in it yet stays */
        const uint32_t units = input.units;
        const double share = input.rest_milli / (double)divisor;
        const uint32_t other = 100 + roll(999900);
        assert_true(pulse_input_scale(&input, other));
        assert_int_equal(input.units, units);
        assert_true(share - input.rest_milli / (double)other < 1.0 / other + 1e-9);
        assert_true(pulse_input_good(&input));
    }
    pulse_input_set(&input, 1234567);
    assert_int_equal(input.units, 1234567);
    assert_int_equal(input.rest_milli, 0);
}

/* REQ(LCO-09): the codes of DD are those that can be configured, and register 1102 finds each; the
 * tariff inputs are those of app/tariff */
static void codes(void **state)
{
    (void)state;
    const struct setting_def *def = setting_by_name("module-ports");
    assert_non_null(def);
    for (unsigned code = 0; code < 100; code++) {
        const struct pin_row *row = pin_row_of(code);
        assert_int_equal(row != NULL, setting_choice_word(def, code) != NULL);
        if (row == NULL) {
            continue;
        }
        assert_int_equal(pin_code_for(row->port, code), code == 29 ? 29 : (int)code);
        assert_true(pin_code_for(row->port, 99) >= 0);
        struct variant variant;
        assert_int_equal(variant_by_name("382M", &variant), 0);
        variant.configuration[0] = variant.configuration[0] / 1000000u * 1000000u + code * 10u + 2u;
        variant.tariffs = 4;
        unsigned inputs = 0;
        for (unsigned pin = 0; pin < PINS; pin++) {
            inputs |= row->pin[pin].use == PIN_TARIFF ? 1u << pin : 0u;
        }
        assert_int_equal(tariff_inputs(&variant), inputs);
    }
    assert_int_equal(pin_code_for(5, 4), 4); /* inverted stays inverted */
    assert_int_equal(pin_code_for(5, 0), 3);
    assert_int_equal(pin_code_for(14, 0), -1);
    assert_int_equal(pin_code_for(11, 0), -1); /* alarm in, A+ out: no order code has it */
    assert_int_equal(pin_relays(pin_row_of(26)), 2);
    assert_int_equal(pin_relays(pin_row_of(27)), 1);
    assert_int_equal(pin_relays(pin_row_of(3)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_fast_as_it_goes),
        cmocka_unit_test(too_short),
        cmocka_unit_test(scales),
        cmocka_unit_test(codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
