/**
 * Every connection at waveform level: four wires, three wires (Aron), one phase; any phase order,
 * one or two phases missing, every angle.  Expected values are written out from the signal's
 * definition (stimulus.h): P = Re(U conj(I)), Q = Im(U conj(I)).
 */
#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lab/desk_meter.h"

#define IDEAL    0u
#define DEGREE   0.017453292519943295
#define EXACT    2e-5 /**< of the apparent power: an ideal front end still has 24 bits */
#define PHASES   3u
#define N_COUNTS 4

static struct desk_meter *meter_of(unsigned systems, bool aron)
{
    const struct front_end_options options = {.effects = IDEAL, .systems = systems, .aron = aron};
    struct desk_meter *meter = desk_meter_new(1, &options);
    assert_non_null(meter);
    return meter;
}

static double complex phasor(double size, double degrees)
{
    return size * cexp((double complex)I * degrees * DEGREE);
}

static double complex voltage_of(const struct stimulus *stimulus, unsigned phase)
{
    return phasor(stimulus->phase[phase].voltage_v, stimulus->phase[phase].voltage_deg);
}

static double complex current_of(const struct stimulus *stimulus, unsigned phase)
{
    const struct stimulus_phase *p = &stimulus->phase[phase];
    return phasor(p->current_a, p->voltage_deg - p->phi_deg);
}

/** P + jQ of a phase with neutral. */
static double complex power_of(const struct stimulus *stimulus, unsigned phase)
{
    return voltage_of(stimulus, phase) * conj(current_of(stimulus, phase));
}

static void close_to(const char *what, double value, double wanted, double within)
{
    if (!(fabs(value - wanted) <= within)) {
        fail_msg("%s: %.9g is not within %g of %.9g", what, value, within, wanted);
    }
}

/** Billing registers A+ A- R+ R- over true time, W and var. */
static void measure_totals(struct desk_meter *meter, const struct stimulus *stimulus,
                           double seconds, double total[N_COUNTS])
{
    front_end_connect(&meter->front_end, stimulus);
    desk_meter_run(meter, 2.0);
    double from_s = meter->window_s[0];
    for (unsigned e = 0; e < N_COUNTS; e++) {
        total[e] = -(double)legal_energy_uwh(&meter->legal, (enum legal_energy)e);
    }
    desk_meter_run(meter, seconds);
    for (unsigned e = 0; e < N_COUNTS; e++) {
        total[e] += (double)legal_energy_uwh(&meter->legal, (enum legal_energy)e);
        total[e] *= 3600e-6 / (meter->window_s[0] - from_s);
    }
}

static void expect_split(const char *what, double plus, double minus, double net, double within)
{
    close_to(what, plus, net > 0 ? net : 0.0, within);
    close_to(what, minus, net < 0 ? -net : 0.0, within);
}

/** Per phase and in total, A and R, as individual summation has it; and what is said of the moment.
 */
static void expect_four_wires(struct desk_meter *meter, const struct stimulus *stimulus)
{
    struct desk_reading read;
    double total[N_COUNTS], wanted[N_COUNTS] = {0}, va = 1.0;
    measure_totals(meter, stimulus, 1.0, total);
    desk_meter_measure(meter, stimulus, 1, &read);
    for (unsigned k = 0; k < PHASES; k++) {
        const double complex s = power_of(stimulus, k);
        const double within = EXACT * cabs(s) + 2e-3;
        va += cabs(s);
        wanted[creal(s) >= 0 ? 0 : 1] += fabs(creal(s)) > 2.3 ? fabs(creal(s)) : 0;
        wanted[cimag(s) >= 0 ? 2 : 3] += fabs(cimag(s)) > 2.3 ? fabs(cimag(s)) : 0;
        close_to("P of a phase", read.instant_w[k], creal(s), within);
        close_to("Q of a phase", read.instant_var[k], cimag(s), within);
        close_to("U of a phase", read.voltage_v[k], stimulus->phase[k].voltage_v, 5e-3);
        close_to("I of a phase", read.current_a[k], stimulus->phase[k].current_a, 2e-3);
    }
    for (unsigned e = 0; e < N_COUNTS; e++) {
        close_to("total", total[e], wanted[e], 2.0 * EXACT * va + 0.02);
    }
}

static void expect_angles(const struct desk_meter *meter, const struct stimulus *stimulus,
                          uint8_t sequence)
{
    struct legal_instant instant;
    legal_instant(&meter->legal, &instant);
    assert_int_equal(instant.sequence, sequence);
    for (unsigned k = 0; k < PHASES; k++) {
        const struct legal_phase *phase = &instant.phase[k];
        bool live = stimulus->phase[k].voltage_v > 0;
        assert_int_equal(phase->voltage_present, live);
        assert_int_equal(phase->load_present, live && stimulus->phase[k].current_a > 0);
        if (!live) {
            assert_int_equal(phase->active_mw, 0);
            assert_false(phase->exporting);
        } else if (stimulus->phase[0].voltage_v > 0) {
            double ahead = stimulus->phase[k].voltage_deg - stimulus->phase[0].voltage_deg;
            close_to("angle of U", remainder(1e-3 * phase->voltage_angle_mdeg - ahead, 360.0), 0.0,
                     0.02);
            close_to(
                "angle of I",
                remainder(1e-3 * phase->current_angle_mdeg - stimulus->phase[k].phi_deg, 360.0),
                0.0, 0.02);
        }
    }
}

/** Three different loads, one of them exporting, so that nothing can be mistaken for another. */
static void three_loads(struct stimulus *out)
{
    stimulus_balanced(out, 230.0, 1.0, 0.0, 50.0);
    out->phase[0].current_a = 12.0;
    out->phase[0].phi_deg = 25.0;
    out->phase[1].current_a = 7.0;
    out->phase[1].phi_deg = -50.0;
    out->phase[2].current_a = 3.0;
    out->phase[2].phi_deg = 160.0;
}

/* REQ(MET-20, MET-03): three phases connected in any of six orders: each phase's energy and power
 * where it is connected, the sequence 123 or 132 */
static void any_phase_order(void **state)
{
    (void)state;
    static const unsigned order[6][3] = {{0, 1, 2}, {1, 2, 0}, {2, 0, 1},
                                         {0, 2, 1}, {2, 1, 0}, {1, 0, 2}};
    for (unsigned k = 0; k < 6; k++) {
        struct stimulus loads, wired;
        struct desk_meter *meter = meter_of(3, false);
        three_loads(&loads);
        wired = loads;
        for (unsigned p = 0; p < PHASES; p++) {
            wired.phase[p] = loads.phase[order[k][p]];
        }
        expect_four_wires(meter, &wired);
        expect_angles(meter, &wired, k < 3 ? LEGAL_SEQUENCE_123 : LEGAL_SEQUENCE_132);
        desk_meter_free(meter);
    }
}

/* REQ(MET-20): voltages in another order than the currents: the meter shows what stands at its
 * terminals, phase by phase */
static void crossed_voltages(void **state)
{
    (void)state;
    static const double shift[2] = {120.0, -120.0};
    for (unsigned k = 0; k < 2; k++) {
        struct stimulus wired;
        struct desk_meter *meter = meter_of(3, false);
        three_loads(&wired);
        for (unsigned p = 0; p < PHASES; p++) { /* the current stays, its voltage is another */
            wired.phase[p].voltage_deg += shift[k];
            wired.phase[p].phi_deg = remainder(wired.phase[p].phi_deg + shift[k], 360.0);
        }
        expect_four_wires(meter, &wired);
        expect_angles(meter, &wired, LEGAL_SEQUENCE_123);
        desk_meter_free(meter);
    }
}

/* REQ(MET-03, MET-20): one or two phases missing, each way: the others exact, nothing on the
 * missing ones, no sequence claimed */
static void phases_missing(void **state)
{
    (void)state;
    for (unsigned missing = 1; missing < 7; missing++) {
        struct stimulus wired;
        struct desk_meter *meter = meter_of(3, false);
        three_loads(&wired);
        for (unsigned p = 0; p < PHASES; p++) {
            if ((missing >> p & 1u) != 0) {
                stimulus_lose_phase(&wired, p);
            }
        }
        expect_four_wires(meter, &wired);
        expect_angles(meter, &wired, LEGAL_SEQUENCE_UNKNOWN);
        for (unsigned p = 0; p < PHASES; p++) {
            if ((missing >> p & 1u) != 0) {
                close_to("energy of a missing phase", desk_meter_active_j(meter, p), 0.0, 0.0);
                close_to("energy of a missing phase", desk_meter_reactive_j(meter, p), 0.0, 0.0);
            }
        }
        desk_meter_free(meter);
    }
}

/* REQ(MET-16, MET-07): every whole degree, with each phase in another quadrant */
static void every_angle(void **state)
{
    (void)state;
    struct desk_meter *meter = meter_of(3, false);
    for (int degrees = 0; degrees < 360; degrees += 1) {
        struct stimulus wired;
        stimulus_balanced(&wired, 230.0, 10.0, 0.0, 50.0);
        for (unsigned p = 0; p < PHASES; p++) {
            wired.phase[p].phi_deg = remainder(degrees + 100.0 * p, 360.0);
        }
        double total[N_COUNTS], wanted[N_COUNTS] = {0};
        measure_totals(meter, &wired, 1.0, total);
        for (unsigned p = 0; p < PHASES; p++) {
            const double complex s = power_of(&wired, p);
            wanted[creal(s) > 0 ? 0 : 1] += fabs(creal(s)) > 2.3 ? fabs(creal(s)) : 0;
            wanted[cimag(s) > 0 ? 2 : 3] += fabs(cimag(s)) > 2.3 ? fabs(cimag(s)) : 0;
        }
        for (unsigned e = 0; e < N_COUNTS; e++) {
            close_to("energy at an angle", total[e], wanted[e], 0.5);
        }
    }
    desk_meter_free(meter);
}

/* REQ(MET-20, MET-16): 162M, every tenth degree */
static void one_phase(void **state)
{
    (void)state;
    struct desk_meter *meter = meter_of(1, false);
    for (int degrees = 0; degrees < 360; degrees += 10) {
        struct stimulus wired;
        double total[N_COUNTS];
        stimulus_balanced(&wired, 230.0, 10.0, remainder(degrees, 360.0), 50.0);
        measure_totals(meter, &wired, 1.0, total);
        const double complex s = power_of(&wired, 0);
        expect_split("P of a 162M", total[0], total[1], creal(s), 0.1);
        expect_split("Q of a 162M", total[2], total[3], cimag(s), 0.1);
    }
    desk_meter_free(meter);
}

/** ---- three wires ---------------------------------------------------------------------------- */

static void set_current(struct stimulus *stimulus, unsigned phase, double complex current)
{
    struct stimulus_phase *p = &stimulus->phase[phase];
    p->current_a = cabs(current);
    p->phi_deg = remainder(p->voltage_deg - carg(current) / DEGREE, 360.0);
}

static void expect_three_wires(struct desk_meter *meter, const struct stimulus *stimulus,
                               double seconds, double share)
{
    double total[N_COUNTS], va = 0;
    double complex s = 0;
    measure_totals(meter, stimulus, seconds, total);
    for (unsigned p = 0; p < PHASES; p++) {
        s += power_of(stimulus, p);
        va += cabs(power_of(stimulus, p));
    }
    /* below 23 W registers move in blocks of a second: one more or less */
    const double p_block = fabs(creal(s)) < 23.5 ? fabs(creal(s)) / seconds : 0.0;
    const double q_block = fabs(cimag(s)) < 23.5 ? fabs(cimag(s)) / seconds : 0.0;
    expect_split("P of three wires", total[0], total[1], creal(s), share * va + p_block + 0.02);
    expect_split("Q of three wires", total[2], total[3], cimag(s), share * va + q_block + 0.02);
}

/* REQ(MET-20): two systems show the power of any three-wire load: balanced at every angle, down to
 * a quarter of an ampere; one of them runs backwards from 60 to 240 degrees */
static void balanced_three_wires(void **state)
{
    (void)state;
    static const double amperes[] = {0.25, 2.0, 50.0};
    for (unsigned a = 0; a < 3; a++) {
        struct desk_meter *meter = meter_of(2, true);
        for (int degrees = 0; degrees < 360; degrees += 5) {
            struct stimulus wired; /* 3x230 V between the phases */
            stimulus_balanced(&wired, 132.790562, amperes[a], remainder(degrees, 360.0), 50.0);
            expect_three_wires(meter, &wired, amperes[a] < 1.0 ? 20.0 : 2.0, EXACT);
        }
        desk_meter_free(meter);
    }
}

static double draw(uint64_t *random, double low, double high)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return low + (high - low) * (double)(*random >> 33) / 2147483648.0;
}

/* REQ(MET-20): any three currents that add up to nothing, at voltages as uneven as they come, in
 * both sequences, with a floating neutral */
static void any_three_wires(void **state)
{
    (void)state;
    uint64_t random = 20;
    struct desk_meter *meter = meter_of(2, true);
    for (unsigned n = 0; n < 200; n++) {
        struct stimulus wired;
        const double complex star = phasor(draw(&random, 0, 60), draw(&random, 0, 360));
        const double complex i1 = phasor(draw(&random, 1, 60), draw(&random, 0, 360));
        const double complex i3 = phasor(draw(&random, 1, 60), draw(&random, 0, 360));
        const double complex current[3] = {i1, -i1 - i3, i3};
        stimulus_balanced(&wired, 132.8, 0.0, 0.0, draw(&random, 49, 51));
        if (n % 2 != 0) {
            stimulus_reverse_sequence(&wired);
        }
        for (unsigned p = 0; p < PHASES; p++) {
            const double complex u =
                phasor(draw(&random, 120, 150), wired.phase[p].voltage_deg) + star;
            wired.phase[p].voltage_v = cabs(u);
            wired.phase[p].voltage_deg = carg(u) / DEGREE;
            set_current(&wired, p, current[p]);
        }
        /* each system ends its windows at its own voltage's zero: the seconds differ by a little */
        expect_three_wires(meter, &wired, 2.0, 3e-4);
    }
    desk_meter_free(meter);
}

/** ---- influences ----------------------------------------------------------------------------- */

/* REQ(MET-17): direct current of a third of Imax on top, and direct voltage: the energy is that of
 * the run without */
static void direct_current_changes_nothing(void **state)
{
    (void)state;
    double total[2][N_COUNTS];
    for (unsigned run = 0; run < 2; run++) {
        struct stimulus wired;
        struct desk_meter *meter = meter_of(3, false);
        three_loads(&wired);
        for (unsigned p = 0; run == 1 && p < PHASES; p++) {
            wired.phase[p].current_dc_a = p == 1 ? -30.0 : 30.0;
            wired.phase[p].voltage_dc_v = 2.0;
        }
        front_end_connect(&meter->front_end, &wired);
        desk_meter_run(meter, 10.0); /* a step of direct current dies away in the filter */
        measure_totals(meter, &wired, 20.0, total[run]);
        desk_meter_free(meter);
    }
    for (unsigned e = 0; e < N_COUNTS; e++) {
        close_to("energy with direct current", total[1][e], total[0][e], 1e-4 * total[0][e] + 0.02);
    }
}

/* REQ(MET-21): voltages, currents and frequencies far outside: no register goes back, none gains
 * more than full scale allows, and afterwards the meter is as exact as before */
static void nothing_jumps_outside_the_ratings(void **state)
{
    (void)state;
    static const struct {
        double voltage_v, current_a, frequency_hz;
    } abuse[] = {{0.5, 100, 50},  {80, 5, 50},   {400, 100, 50}, {480, 170, 50}, {900, 400, 50},
                 {230, 2000, 50}, {230, 10, 40}, {230, 10, 70},  {230, 10, 15},  {230, 10, 400}};
    struct desk_meter *meter = meter_of(3, false);
    for (size_t k = 0; k < sizeof abuse / sizeof abuse[0]; k++) {
        struct stimulus wired, normal;
        uint64_t before[LEGAL_ENERGIES];
        stimulus_balanced(&wired, abuse[k].voltage_v, abuse[k].current_a, 30.0,
                          abuse[k].frequency_hz);
        front_end_connect(&meter->front_end, &wired);
        for (unsigned e = 0; e < LEGAL_ENERGIES; e++) {
            before[e] = legal_energy_uwh(&meter->legal, (enum legal_energy)e);
        }
        for (unsigned second = 0; second < 5; second++) {
            desk_meter_run(meter, 1.0);
            for (unsigned e = 0; e < LEGAL_ENERGIES; e++) {
                uint64_t now = legal_energy_uwh(&meter->legal, (enum legal_energy)e);
                assert_true(now >= before[e]);
                /* 700 V peak and 250 A peak on three phases for two seconds at most */
                assert_true(now - before[e] <= UINT64_C(1050000) * 2u * 1000000u / 3600u);
                before[e] = now;
            }
        }
        three_loads(&normal);
        expect_four_wires(meter, &normal);
    }
    desk_meter_free(meter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_phase_order),
        cmocka_unit_test(crossed_voltages),
        cmocka_unit_test(phases_missing),
        cmocka_unit_test(every_angle),
        cmocka_unit_test(one_phase),
        cmocka_unit_test(balanced_three_wires),
        cmocka_unit_test(any_three_wires),
        cmocka_unit_test(direct_current_changes_nothing),
        cmocka_unit_test(nothing_jumps_outside_the_ratings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
