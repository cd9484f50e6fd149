/** Test signals: values against their definition, spectra against ideal gates. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "lab/stimulus.h"

#define TURN 6.283185307179586

static void close_to(double value, double wanted, double within)
{
    if (!(fabs(value - wanted) <= within)) {
        fail_msg("%.12g is not within %g of %.12g", value, within, wanted);
    }
}

/** Mean of u(t) * i(t) over cycles, by summation: fine enough for a band-limited signal. */
static double mean_power(const struct stimulus *stimulus, unsigned phase, unsigned cycles)
{
    static struct stimulus_spectrum u, i;
    const unsigned n = 4000 * cycles;
    double sum = 0.0;
    stimulus_spectrum_of(stimulus, phase, STIMULUS_VOLTAGE, &u);
    stimulus_spectrum_of(stimulus, phase, STIMULUS_CURRENT, &i);
    for (unsigned k = 0; k < n; k++) {
        const double t_s = (double)k / 4000.0 / stimulus->frequency_hz;
        sum += stimulus_spectrum_at(&u, t_s) * stimulus_spectrum_at(&i, t_s);
    }
    return sum / n;
}

static void sine_follows_its_definition(void **state)
{
    (void)state;
    struct stimulus s;
    stimulus_balanced(&s, 230.0, 5.0, 60.0, 50.0);
    for (unsigned p = 0; p < LAB_PHASES; p++) {
        const double x0 = TURN * (90.0 + s.phase[p].voltage_deg) / 360.0;
        for (double t_s = 0.0; t_s < 0.02; t_s += 0.00037) {
            const double x = TURN * 50.0 * t_s + x0;
            close_to(stimulus_voltage_v(&s, p, t_s), 230.0 * sqrt(2.0) * sin(x), 1e-9);
            close_to(stimulus_current_a(&s, p, t_s), 5.0 * sqrt(2.0) * sin(x - TURN / 6.0), 1e-10);
        }
        close_to(mean_power(&s, p, 1), 575.0, 1e-9);
    }
    assert_true(s.phase[1].voltage_deg == -120.0);
    stimulus_reverse_sequence(&s);
    assert_true(s.phase[1].voltage_deg == 120.0 && s.phase[2].voltage_deg == -120.0);
    stimulus_lose_phase(&s, 2);
    assert_true(stimulus_voltage_v(&s, 2, 0.003) == 0.0);
}

static void harmonics_count_from_their_own_zero_crossing(void **state)
{
    (void)state;
    struct stimulus s;
    stimulus_balanced(&s, 230.0, 5.0, 40.0, 50.0);
    stimulus_harmonic_i(&s, 3, 0.25, 30.0);
    s.phase[0].current_dc_a = 0.5;
    s.phase[0].voltage_dc_v = -3.0;
    for (double t_s = 0.0; t_s < 0.02; t_s += 0.00041) {
        const double x = TURN * (50.0 * t_s + 0.25);
        const double y = x - TURN * 40.0 / 360.0;
        close_to(stimulus_current_a(&s, 0, t_s),
                 0.5 + 5.0 * sqrt(2.0) * (sin(y) + 0.25 * sin(3.0 * y + TURN / 12.0)), 1e-10);
        close_to(stimulus_voltage_v(&s, 0, t_s), -3.0 + 230.0 * sqrt(2.0) * sin(x), 1e-9);
    }
}

static void fifth_harmonic_carries_four_percent(void **state)
{
    (void)state;
    struct stimulus s;
    stimulus_balanced(&s, 230.0, 50.0, 0.0, 50.0);
    stimulus_fifth_harmonic(&s);
    close_to(mean_power(&s, 1, 1), 1.04 * 11500.0, 1e-7);
    stimulus_balanced(&s, 230.0, 50.0, 0.0, 50.0);
    stimulus_quadriform(&s);
    const double products =
        0.038 * 0.30 + 0.024 * 0.18 + 0.017 * 0.14 + 0.010 * 0.09 + 0.008 * 0.05;
    close_to(mean_power(&s, 0, 1), (1.0 - products) * 11500.0, 1e-7);
    stimulus_balanced(&s, 230.0, 50.0, 0.0, 50.0);
    stimulus_peaked(&s);
    close_to(mean_power(&s, 0, 1), (1.0 - products) * 11500.0, 1e-7);
}

/** Powers of gated currents are known: a half for all three, and U*I/pi of reactive power. */
static void gates_take_the_right_share(void **state)
{
    (void)state;
    struct stimulus s;
    stimulus_balanced(&s, 230.0, 10.0, 0.0, 50.0);
    stimulus_burst(&s, 2, 2);
    close_to(mean_power(&s, 0, 4), 1150.0, 1e-6);
    stimulus_burst(&s, 1, 3);
    close_to(mean_power(&s, 2, 4), 575.0, 1e-6);
    stimulus_half_wave(&s);
    close_to(mean_power(&s, 0, 1), 1150.0, 1e-6);
    stimulus_phase_fired(&s, 90.0);
    close_to(mean_power(&s, 1, 1), 1150.0, 1e-6);
    static struct stimulus_spectrum i;
    stimulus_spectrum_of(&s, 0, STIMULUS_CURRENT, &i);
    assert_true(i.line[0].order == 1.0);
    /* voltage is cos(w t) * sqrt2 * U there: Im(V * conj(I)) / 2 */
    close_to(-0.5 * 230.0 * sqrt(2.0) * i.line[0].peak.im, 2300.0 / (TURN / 2.0), 1e-6);
    close_to(i.dc, 0.0, 1e-12);
}

/** Between its edges a band-limited gate lies on the ideal one. */
static void gates_open_and_close_where_they_should(void **state)
{
    (void)state;
    struct stimulus s;
    stimulus_balanced(&s, 230.0, 10.0, 0.0, 50.0);
    stimulus_half_wave(&s);
    static struct stimulus_spectrum i;
    stimulus_spectrum_of(&s, 1, STIMULUS_CURRENT, &i);
    close_to(i.dc, 10.0 * sqrt(2.0) / (TURN / 2.0), 1e-12);
    stimulus_burst(&s, 2, 3);
    for (unsigned k = 0; k < 50; k++) {
        const double cycles = (double)k / 10.0 + 0.05;
        const double open = cycles < 2.0 ? 1.0 : 0.0;
        /* L1's voltage is at its zero crossing a quarter period before t = 0 */
        const double t_s = (cycles - 0.25) / 50.0;
        close_to(stimulus_current_a(&s, 0, t_s), open * 10.0 * sqrt(2.0) * sin(TURN * cycles),
                 0.08);
    }
    stimulus_phase_fired(&s, 90.0);
    close_to(stimulus_current_a(&s, 0, (0.125 - 0.25) / 50.0), 0.0, 0.2);
    close_to(stimulus_current_a(&s, 0, (0.375 - 0.25) / 50.0), 10.0, 0.2);
    close_to(stimulus_current_a(&s, 0, (0.875 - 0.25) / 50.0), -10.0, 0.2);
}

static void nothing_lies_beyond_the_fortieth(void **state)
{
    (void)state;
    struct stimulus s;
    stimulus_balanced(&s, 230.0, 10.0, 30.0, 60.0);
    stimulus_burst(&s, 3, 7);
    static struct stimulus_spectrum i;
    stimulus_spectrum_of(&s, 0, STIMULUS_CURRENT, &i);
    assert_in_range(i.n_lines, 350, STIMULUS_LINES_MAX);
    for (size_t k = 0; k < i.n_lines; k++) {
        assert_true(i.line[k].frequency_hz <= 2400.0 + 1e-9);
    }
}

static void changes_hold_from_edge_to_edge(void **state)
{
    (void)state;
    struct stimulus s;
    double until_s;
    stimulus_balanced(&s, 230.0, 10.0, 0.0, 50.0);
    assert_true(stimulus_dip(&s, 1u << 1, 1.0, 0.5, 0.4));
    assert_true(stimulus_change_add(&s, (struct stimulus_change){1.2, 2.0, 7u, 1.0, 30.0}));
    assert_true(stimulus_factor(&s, 1, STIMULUS_VOLTAGE, 0.99, &until_s) == 1.0 && until_s == 1.0);
    assert_true(stimulus_factor(&s, 1, STIMULUS_VOLTAGE, 1.0, &until_s) == 0.4 && until_s == 1.2);
    assert_true(stimulus_factor(&s, 0, STIMULUS_VOLTAGE, 1.1, &until_s) == 1.0);
    assert_true(stimulus_factor(&s, 0, STIMULUS_CURRENT, 1.3, &until_s) == 30.0 && until_s == 1.5);
    assert_true(stimulus_factor(&s, 1, STIMULUS_VOLTAGE, 1.5, &until_s) == 1.0 && until_s == 2.0);
    assert_true(isinf((stimulus_factor(&s, 0, STIMULUS_CURRENT, 2.0, &until_s), until_s)));
    s.phase[1].tone_hz = 1234.0;
    s.phase[1].tone_v = 1.0;
    close_to(stimulus_voltage_v(&s, 1, 1.02),
             0.4 * 230.0 * sqrt(2.0) * -0.5 + sqrt(2.0) * sin(TURN * 1234.0 * 1.02), 1e-9);
    while (s.n_changes < STIMULUS_CHANGES_MAX) {
        assert_true(stimulus_dip(&s, 1, 3.0, 1.0, 0.0));
    }
    assert_false(stimulus_dip(&s, 1, 3.0, 1.0, 0.0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sine_follows_its_definition),
        cmocka_unit_test(harmonics_count_from_their_own_zero_crossing),
        cmocka_unit_test(fifth_harmonic_carries_four_percent),
        cmocka_unit_test(gates_take_the_right_share),
        cmocka_unit_test(gates_open_and_close_where_they_should),
        cmocka_unit_test(nothing_lies_beyond_the_fortieth),
        cmocka_unit_test(changes_hold_from_edge_to_edge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
