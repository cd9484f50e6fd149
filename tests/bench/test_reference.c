/**
 * The bench's reference against brute force: the signal's definition, integrated sample by sample
 * with its true gates.  And that it knows nothing of what it judges.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bench/typetest/measure.h"

#define PI          3.14159265358979323846
#define STEPS_CYCLE 200000 /* of a period; edges of all gates tested fall between steps */

static void close_to(double value, double wanted, double within)
{
    if (!(fabs(value - wanted) <= within)) {
        fail_msg("%.12g is not within %g of %.12g", value, within, wanted);
    }
}

/** Is the gate open at y, in turns since the first zero crossing? */
static double gate_at(const struct reference_phase *phase, double turns)
{
    const double cycle = floor(turns), part = turns - cycle;
    const int length = phase->on_cycles + phase->off_cycles;
    switch (phase->gate) {
    case REFERENCE_BURST: return fmod(cycle, length) < phase->on_cycles;
    case REFERENCE_HALF_WAVE: return part < 0.5;
    case REFERENCE_PHASE_FIRED: return fmod(part, 0.5) >= phase->fire_deg / 360.0;
    default: return 1.0;
    }
}

/** Means over whole cycles of u*i and of the fundamentals' u1(a quarter behind) * i. */
static struct reference_power integrated(const struct reference_phase *phase)
{
    const int cycles = phase->gate == REFERENCE_BURST ? phase->on_cycles + phase->off_cycles : 1;
    const long steps = (long)cycles * STEPS_CYCLE;
    const double phi = phase->phi_deg * PI / 180.0;
    struct reference_power sum = {0.0, 0.0};
    for (long k = 0; k < steps; k++) {
        const double turns = ((double)k + 0.5) / STEPS_CYCLE, y = 2.0 * PI * turns, x = y + phi;
        double u = sin(x), i = sin(y);
        for (int h = 0; h < REFERENCE_HARMONICS && phase->harmonic[h].order != 0; h++) {
            const struct reference_harmonic *one = &phase->harmonic[h];
            u += one->u_fraction * sin(one->order * x + one->u_deg * PI / 180.0);
            i += one->i_fraction * sin(one->order * y + one->i_deg * PI / 180.0);
        }
        i *= gate_at(phase, turns);
        sum.active_w += 2.0 * phase->u_v * phase->i_a * u * i;
        sum.reactive_var += 2.0 * phase->u_v * phase->i_a * -cos(x) * i;
    }
    sum.active_w /= (double)steps;
    sum.reactive_var /= (double)steps;
    return sum;
}

static void closed_form_is_the_integral(void **state)
{
    (void)state;
    static const struct reference_phase phases[] = {
        {.u_v = 230, .i_a = 5, .phi_deg = 60},
        {.u_v = 198, .i_a = 0.02, .phi_deg = 217},
        {.u_v = 230, .i_a = 50, .phi_deg = 20, .harmonic = {{5, 0.1, 10, 0.4, 75}}},
        {.u_v = 230,
         .i_a = 5,
         .phi_deg = -35,
         .harmonic = {{3, 0.038, 0, 0.3, 180}, {5, 0.024, 180, 0.18, 0}, {13, 0.01, 7, 0.05, 99}}},
        {.u_v = 230, .i_a = 2.5, .phi_deg = 0, .gate = REFERENCE_PHASE_FIRED, .fire_deg = 90},
        {.u_v = 230, .i_a = 2.5, .phi_deg = 30, .gate = REFERENCE_PHASE_FIRED, .fire_deg = 45},
        {.u_v = 230, .i_a = 100, .phi_deg = -50, .gate = REFERENCE_HALF_WAVE},
        {.u_v = 230,
         .i_a = 2.5,
         .phi_deg = 25,
         .gate = REFERENCE_BURST,
         .on_cycles = 2,
         .off_cycles = 3},
    };
    for (size_t k = 0; k < sizeof phases / sizeof phases[0]; k++) {
        struct reference_power closed;
        const struct reference_power wanted = integrated(&phases[k]);
        const double size = 1e-8 * phases[k].u_v * phases[k].i_a;
        assert_true(reference_phase_power(&phases[k], &closed));
        close_to(closed.active_w, wanted.active_w, size);
        close_to(closed.reactive_var, wanted.reactive_var, size);
    }
}

static void figures_of_the_standards(void **state)
{
    (void)state;
    struct reference_power power;
    const struct reference_phase fired = {
        .u_v = 230, .i_a = 5, .gate = REFERENCE_PHASE_FIRED, .fire_deg = 90};
    assert_true(reference_phase_power(&fired, &power));
    close_to(power.active_w, 575.0, 1e-9);
    close_to(power.reactive_var, 366.056, 5e-3); /* 1150 / pi */
    const struct reference_phase mixed = {
        .gate = REFERENCE_BURST, .on_cycles = 1, .off_cycles = 1, .harmonic = {{3, 1, 0, 1, 0}}};
    assert_false(reference_phase_power(&mixed, &power));
}

/** Three wires: what two wattmeters would show of the same currents, whatever wire two says. */
static void three_wires_are_two_wattmeters(void **state)
{
    (void)state;
    struct reference_phase phase[3] = {{.u_v = 130, .u_deg = 0, .i_a = 10, .phi_deg = 20},
                                       {.u_v = 131, .u_deg = -121, .i_a = 77, .phi_deg = 5},
                                       {.u_v = 134, .u_deg = 119, .i_a = 6, .phi_deg = -40}};
    struct reference_power power;
    double active = 0.0;
    assert_true(reference_three_wire(phase, &power));
    for (int k = 0; k < STEPS_CYCLE; k++) {
        double u[3], i[3];
        for (int p = 0; p < 3; p++) {
            const double x = 2.0 * PI * (k + 0.5) / STEPS_CYCLE + phase[p].u_deg * PI / 180.0;
            u[p] = sqrt(2.0) * phase[p].u_v * sin(x);
            i[p] = sqrt(2.0) * phase[p].i_a * sin(x - phase[p].phi_deg * PI / 180.0);
        }
        active += ((u[0] - u[1]) * i[0] + (u[2] - u[1]) * i[2]) / STEPS_CYCLE;
    }
    close_to(power.active_w, active, 1e-6);
    phase[1].gate = REFERENCE_HALF_WAVE;
    assert_false(reference_three_wire(phase, &power));
}

/** Every signal of the plan: the reference agrees with the definition that the front end is given.
 */
static void both_wordings_of_a_signal_agree(void **state)
{
    (void)state;
    static struct plan plan;
    plan_make(&plan, CONNECTION_4_WIRE, PLAN_QUICK, (1u << TESTS) - 1u);
    unsigned waves = 0;
    for (size_t k = 0; k < plan.n; k++) {
        const struct point *point = &plan.point[k];
        struct reference_power power;
        struct stimulus stimulus;
        double active = 0.0;
        const long steps = point->wave != WAVE_SINE ? 80000 : 400;
        if (point->tone_a > 0.0 || (k > 20u && k % 7u != 0 && point->wave == WAVE_SINE)) {
            continue; /* a tone has no period in common; of sines a few will do */
        }
        signal_of(plan.connection, point, &stimulus);
        assert_true(signal_power(plan.connection, point, &power));
        for (unsigned p = 0; p < 3u; p++) {
            static struct stimulus_spectrum u, i;
            stimulus_spectrum_of(&stimulus, p, STIMULUS_VOLTAGE, &u);
            stimulus_spectrum_of(&stimulus, p, STIMULUS_CURRENT, &i);
            for (long n = 0; n < steps / 40; n++) {
                const double t_s = 160.0 * (double)n / (double)steps / point->hz;
                active += stimulus_spectrum_at(&u, t_s) * stimulus_spectrum_at(&i, t_s);
            }
        }
        active /= (double)(steps / 40);
        close_to(power.active_w, active, 1e-9 * fabs(active) + 1e-9);
        waves += point->wave != WAVE_SINE;
    }
    assert_true(waves >= 7u);
}

/** Independence: no include but the library of mathematics and its own header. */
static void shares_nothing_with_what_it_judges(void **state)
{
    (void)state;
    static const char *const files[] = {"reference.c", "reference.h"};
    for (unsigned k = 0; k < 2u; k++) {
        char path[512], line[256];
        (void)snprintf(path, sizeof path, "%s/bench/typetest/%s", SOURCE_DIR, files[k]);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        unsigned includes = 0;
        while (fgets(line, sizeof line, file) != NULL) {
            if (strncmp(line, "#include", 8) == 0) {
                includes++;
                assert_true(strcmp(line, "#include <math.h>\n") == 0 ||
                            strcmp(line, "#include <stdbool.h>\n") == 0 ||
                            strcmp(line, "#include \"reference.h\"\n") == 0);
            }
        }
        (void)fclose(file);
        assert_true(includes > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_form_is_the_integral),
        cmocka_unit_test(figures_of_the_standards),
        cmocka_unit_test(three_wires_are_two_wattmeters),
        cmocka_unit_test(both_wordings_of_a_signal_agree),
        cmocka_unit_test(shares_nothing_with_what_it_judges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
