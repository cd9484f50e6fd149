/**
 * The calibration procedure at waveform level: what it reaches, on all kinds of meters, and what is
 * left when it is broken off.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/desk/desk_bench.h"
#include "bench/desk/desk_proof.h"

#define METERS     2u
#define FIRST_SEED 382u

static void close_to(double value, double wanted, double within)
{
    if (!(fabs(value - wanted) <= within)) {
        fail_msg("%.12g is not within %g of %.12g", value, within, wanted);
    }
}

static struct desk_bench desk_of(uint64_t seed, unsigned systems, bool aron)
{
    const struct front_end_options options = {
        .effects = FRONT_END_PHYSICAL, .systems = systems, .aron = aron};
    struct desk_bench desk = {.meter = desk_meter_new(seed, &options), .random = seed};
    assert_non_null(desk.meter);
    return desk;
}

/** ---- what it reaches ----------------------------------------------------------------------- */

/** The procedure finds what was put in, though it sees registers and values only. */
static void findings_are_right(const struct desk_meter *meter,
                               const struct procedure_report *report)
{
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        const struct front_end_sensor *sensor = &meter->front_end.system[s].sensor;
        const struct calibration_report *found = &report->system[s];
        const double rise_k = 2.0 * sensor->heating_k_w * (1.0 - sensor->board_share);
        close_to(found->clock_ppm, sensor->clock_ppm, 0.5);
        close_to(found->heating_ppm, sensor->shunt_ppm_k * rise_k, 20.0);
        if (fabs(sensor->shunt_ppm_k * rise_k) > 300.0) {
            close_to(found->heating_s, sensor->heating_s, 0.1 * sensor->heating_s);
        }
        for (unsigned m = 0; m < CALIBRATION_NEIGHBOURS; m++) {
            close_to(found->neighbour_db[m], sensor->crosstalk_db[m + 1u], 2.0);
        }
        close_to(found->noise_a, sensor->current_noise_a, 3e-4);
        assert_true(found->residual_ppm < 20.0);
        assert_true(found->drift_left_ppm < 5.0);
    }
    for (unsigned v = 0; v < report->n_verified; v++) {
        for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
            assert_true(fabs(report->verified[v].after_pct[s]) < 0.1);
        }
    }
}

/** REQ(MET-05, MET-06, MET-14): every goal of a calibrated meter, over current, power factor,
 *  waveform, frequency, voltage, temperature, sequence, missing phases and self-heating.  200
 * meters: bench_calibration. */
static void calibrated_meters_keep_the_goals(void **state)
{
    (void)state;
    struct desk_proof proof;
    memset(&proof, 0, sizeof proof);
    for (unsigned m = 0; m < METERS; m++) {
        struct desk_bench desk = desk_of(FIRST_SEED + m, LEGAL_SYSTEMS, false);
        struct procedure_report report;
        desk_prove_before(desk.meter, &proof);
        assert_null(
            desk_bench_calibrate(&desk, procedure_points_full, procedure_n_points_full, &report));
        assert_true(report.written);
        assert_int_equal(report.n_verified, 5);
        assert_int_equal(legal_calibration_count(&desk.meter->legal), 1); /* one write for all */
        findings_are_right(desk.meter, &report);
        desk_prove(desk.meter, &proof);
        desk_meter_free(desk.meter);
    }
    assert_true(proof.worst[DESK_BEFORE] > 1.0);
    for (unsigned k = 0; k < DESK_GOALS; k++) {
        const struct desk_goal_row *row = &desk_goals[k];
        printf("%-46s %9.4f %s\n", row->what, proof.worst[k], row->unit);
        assert_true(row->limit == 0.0 || proof.worst[k] <= row->limit);
    }
}

/** ---- kinds of meters ----------------------------------------------------------------------- */

/* All kinds of points, as short as they make sense: 40 A leave little heat to those after it. */
static const struct procedure_point brief_points[] = {
    {"load", PROCEDURE_LOAD, PROCEDURE_SEQUENCE_123, 230.0, 10.0, 0.0, 23.0, 5},
    {"half", PROCEDURE_LOAD, PROCEDURE_SEQUENCE_123, 230.0, 10.0, 60.0, 23.0, 5},
    {"heat", PROCEDURE_HEATING, PROCEDURE_SEQUENCE_123, 230.0, 40.0, 0.0, 23.0, 200},
    {"open", PROCEDURE_OPEN, PROCEDURE_SEQUENCE_123, 230.0, 0.0, 0.0, 23.0, 60},
    {"reversed", PROCEDURE_OPEN, PROCEDURE_SEQUENCE_132, 230.0, 0.0, 0.0, 23.0, 30},
    {"in phase", PROCEDURE_OPEN, PROCEDURE_SEQUENCE_NONE, 230.0, 0.0, 0.0, 23.0, 30},
    {"cold", PROCEDURE_DRIFT, PROCEDURE_SEQUENCE_123, 230.0, 10.0, 0.0, -30.0, 5},
    {"hot", PROCEDURE_DRIFT, PROCEDURE_SEQUENCE_123, 230.0, 10.0, 0.0, 45.0, 5},
    {"check", PROCEDURE_VERIFY, PROCEDURE_SEQUENCE_123, 230.0, 5.0, 60.0, 23.0, 5},
};
#define BRIEF_POINTS (sizeof brief_points / sizeof brief_points[0])

/** A 162M and an Aron meter have fewer systems, fewer neighbours, other voltages. */
static void one_and_two_systems(void **state)
{
    (void)state;
    for (unsigned systems = 1; systems <= 2; systems++) {
        struct desk_bench desk = desk_of(FIRST_SEED + systems, systems, systems == 2);
        struct procedure_report report;
        assert_null(desk_bench_calibrate(&desk, brief_points, BRIEF_POINTS, &report));
        assert_int_equal(report.systems, systems);
        for (unsigned s = 0; s < systems; s++) {
            assert_true(fabs(report.verified[0].before_pct[s]) > 0.2);
            assert_true(fabs(report.verified[0].after_pct[s]) < 0.05);
            assert_true(report.system[s].drift_left_ppm < 20.0);
            assert_int_equal(report.after[s].neighbour_re_q40[0] != 0, systems == 2);
            assert_int_equal(report.after[s].neighbour_re_q40[1], 0);
        }
        desk_meter_free(desk.meter);
    }
}

/** A reference that errs by 0.02 % in each reading moves the gain by about that, and no more. */
static void a_reference_errs(void **state)
{
    (void)state;
    struct desk_bench desk = desk_of(FIRST_SEED, LEGAL_SYSTEMS, false);
    struct procedure_report report;
    desk.reference_pct = 0.02;
    assert_null(
        desk_bench_calibrate(&desk, procedure_points_short, procedure_n_points_short, &report));
    struct stimulus stimulus;
    struct desk_reading read;
    stimulus_balanced(&stimulus, 230.0, 5.0, 0.0, 50.0);
    desk_meter_measure(desk.meter, &stimulus, 5, &read);
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        close_to(read.active_w[s], 1150.0, 1150.0 * 0.0006);
        assert_int_equal(report.after[s].heating_s, 0); /* the short table looks for none of it */
        assert_int_equal(report.after[s].power_drift.linear_q40, 0);
    }
    desk_meter_free(desk.meter);
}

/** At 23 degrees until all shunts are cold. */
static void rest(struct desk_meter *meter)
{
    struct stimulus idle;
    stimulus_balanced(&idle, 230.0, 0.0, 0.0, 50.0);
    front_end_ambient(&meter->front_end, 23.0);
    front_end_connect(&meter->front_end, &idle);
    front_end_soak(&meter->front_end, 3000.0);
}

/** Calibrated once more, with drift, heating and neighbours in force, the constants stay. */
static void once_more_changes_little(void **state)
{
    (void)state;
    struct desk_bench desk = desk_of(FIRST_SEED + 5u, LEGAL_SYSTEMS, false);
    struct procedure_report first, second;
    assert_null(desk_bench_calibrate(&desk, brief_points, BRIEF_POINTS, &first));
    rest(desk.meter);
    assert_null(desk_bench_calibrate(&desk, brief_points, BRIEF_POINTS, &second));
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        const struct calibration_constants *a = &first.after[s], *b = &second.after[s];
        close_to((double)b->power_gain / a->power_gain, 1.0, 20e-6);
        close_to(calibration_drift_of(&b->power_drift, b->reference_cc, -20.0),
                 calibration_drift_of(&a->power_drift, a->reference_cc, -20.0), 60e-6);
        close_to(calibration_heating_ppm(&calibration_type_382, b, 100.0, 400.0),
                 calibration_heating_ppm(&calibration_type_382, a, 100.0, 400.0), 80.0);
        /* 60 s of noise: 1.7 mW of 230 V * 250 A * 2^-40 * constant */
        close_to(b->neighbour_re_q40[0], a->neighbour_re_q40[0], 400000.0);
        close_to(b->clock_ppb, a->clock_ppb, 500.0);
    }
    desk_meter_free(desk.meter);
}

/** ---- broken off ---------------------------------------------------------------------------- */

/** A bench that fails at its n-th call. */
struct failing {
    struct procedure_bench inner;
    unsigned calls, fails_at;
    unsigned progresses;
    double last_done_s, planned_s;
};

static bool fails(struct failing *failing)
{
    return ++failing->calls == failing->fails_at;
}

static int failing_source(void *context, const struct procedure_signal *signal)
{
    struct failing *f = context;
    return fails(f) ? 77 : f->inner.source(f->inner.context, signal);
}

static int failing_chamber(void *context, double ambient_c)
{
    struct failing *f = context;
    return fails(f) ? 77 : f->inner.chamber(f->inner.context, ambient_c);
}

static int failing_measure(void *context, double seconds, struct procedure_measured *out)
{
    struct failing *f = context;
    return fails(f) ? 77 : f->inner.measure(f->inner.context, seconds, out);
}

static int failing_read(void *context, struct calibration_constants *constants)
{
    struct failing *f = context;
    return fails(f) ? 77 : f->inner.constants_read(f->inner.context, constants);
}

static int failing_write(void *context, const struct calibration_constants *constants)
{
    struct failing *f = context;
    return fails(f) ? 77 : f->inner.constants_write(f->inner.context, constants);
}

static int failing_restart(void *context)
{
    struct failing *f = context;
    return fails(f) ? 77 : f->inner.restart(f->inner.context);
}

static void failing_progress(void *context, const char *what, double done_s, double planned_s)
{
    struct failing *f = context;
    assert_non_null(what);
    assert_true(done_s >= f->last_done_s && done_s <= planned_s + 1e-6);
    f->last_done_s = done_s;
    f->planned_s = planned_s;
    f->progresses++;
}

static void failing_make(struct failing *failing, struct desk_bench *desk, unsigned fails_at,
                         struct procedure_bench *out)
{
    memset(failing, 0, sizeof *failing);
    desk_bench_functions(desk, &failing->inner);
    failing->fails_at = fails_at;
    *out = (struct procedure_bench){.context = failing,
                                    .systems = failing->inner.systems,
                                    .source = failing_source,
                                    .chamber = failing_chamber,
                                    .measure = failing_measure,
                                    .constants_read = failing_read,
                                    .constants_write = failing_write,
                                    .restart = failing_restart,
                                    .progress = failing_progress};
}

static const struct procedure_point tiny_points[] = {
    {"load", PROCEDURE_LOAD, PROCEDURE_SEQUENCE_123, 230.0, 10.0, 0.0, 23.0, 2},
    {"half", PROCEDURE_LOAD, PROCEDURE_SEQUENCE_123, 230.0, 10.0, 60.0, 23.0, 2},
    {"open", PROCEDURE_OPEN, PROCEDURE_SEQUENCE_123, 230.0, 0.0, 0.0, 23.0, 2},
    {"cold", PROCEDURE_DRIFT, PROCEDURE_SEQUENCE_123, 230.0, 10.0, 0.0, -30.0, 2},
    {"check", PROCEDURE_VERIFY, PROCEDURE_SEQUENCE_123, 230.0, 5.0, 60.0, 23.0, 2},
};
#define TINY_POINTS (sizeof tiny_points / sizeof tiny_points[0])

/** Whatever fails, and whenever: the constants are the old ones until all new ones are written. */
static void broken_off_anywhere(void **state)
{
    (void)state;
    bool whole = false;
    for (unsigned n = 1; !whole; n++) {
        struct desk_bench desk = desk_of(FIRST_SEED, 1, false);
        struct procedure_report report;
        struct procedure_bench bench;
        struct failing failing;
        struct legal_calibration before, after;
        failing_make(&failing, &desk, n, &bench);
        assert_int_equal(legal_calibration_read(&desk.meter->legal, 1, &before), LEGAL_OK);
        const enum procedure_err err =
            procedure_run(&bench, tiny_points, TINY_POINTS, false, &report, NULL);
        whole = err == PROCEDURE_OK;
        assert_true(whole || err == PROCEDURE_ERR_BENCH);
        assert_int_equal(report.bench, whole ? 0 : 77);
        assert_true(strlen(report.at) > 0);
        assert_int_equal(legal_calibration_read(&desk.meter->legal, 1, &after), LEGAL_OK);
        const bool same =
            memcmp(&before.correction, &after.correction, sizeof before.correction) == 0;
        assert_int_equal(same, !report.written);
        if (whole) {
            assert_true(n > 15 && failing.progresses > 10);
            close_to(failing.last_done_s, failing.planned_s, 1e-6);
            close_to(failing.planned_s, procedure_seconds(tiny_points, TINY_POINTS, true), 1e-6);
        }
        desk_meter_free(desk.meter);
    }
}

/** A dry run writes nothing; a closed seal, a table without its points and no chamber are told. */
static void refusals(void **state)
{
    (void)state;
    struct desk_bench desk = desk_of(FIRST_SEED, 1, false);
    struct procedure_report report;
    struct procedure_bench bench;
    enum calibration_err why = CALIBRATION_OK;
    desk_bench_functions(&desk, &bench);
    assert_int_equal(procedure_run(&bench, tiny_points, TINY_POINTS, true, &report, &why),
                     PROCEDURE_OK);
    assert_false(report.written);
    assert_int_equal(legal_calibration_count(&desk.meter->legal), 0);
    assert_true(report.after[0].power_gain != report.before[0].power_gain);

    front_end_ambient(&desk.meter->front_end, 23.0);
    bench.chamber = NULL;
    assert_int_equal(procedure_run(&bench, tiny_points, TINY_POINTS, true, &report, &why),
                     PROCEDURE_OK);
    assert_int_equal(report.after[0].power_drift.linear_q40, 0);

    assert_int_equal(procedure_run(&bench, tiny_points, 2, true, &report, &why),
                     PROCEDURE_ERR_POINTS);
    assert_int_equal(procedure_run(&bench, tiny_points + 2, 3, true, &report, &why),
                     PROCEDURE_ERR_POINTS);
    /* PF 1 alone does tell the delay (by reactive power), a point without voltage nothing */
    struct procedure_point dead[3] = {tiny_points[0], tiny_points[1], tiny_points[2]};
    dead[2].voltage_v = 0.0;
    assert_int_equal(procedure_run(&bench, dead, 3, true, &report, &why), PROCEDURE_ERR_READINGS);
    assert_int_equal(why, CALIBRATION_ERR_READINGS);
    assert_int_equal(report.refused, 1);

    desk.meter->seal_open = false;
    assert_int_equal(procedure_run(&bench, tiny_points, TINY_POINTS, false, &report, &why),
                     PROCEDURE_ERR_BENCH);
    assert_false(report.written);
    assert_string_equal(report.at, "writing the constants");
    desk_meter_free(desk.meter);
}

/** ---- mathematics --------------------------------------------------------------------------- */

static void heating_is_fitted(void **state)
{
    (void)state;
    struct calibration_heating_point point[30];
    struct calibration_heating heating;
    struct calibration_constants constants;
    for (unsigned k = 0; k < 30; k++) {
        const double at_s = 12.0 + 20.0 * k;
        point[k] = (struct calibration_heating_point){at_s, 7.0 - 900.0 * -expm1(-at_s / 170.0)};
    }
    assert_int_equal(calibration_heating_fit(point, 30, &heating), CALIBRATION_OK);
    close_to(heating.time_s, 170.0, 2.0);
    close_to(heating.size_ppm, -900.0, 3.0);
    calibration_constants_nominal(&calibration_type_382, &constants);
    assert_int_equal(calibration_heating_put(&calibration_type_382, &heating, 100.0, &constants),
                     CALIBRATION_OK);
    close_to(calibration_heating_ppm(&calibration_type_382, &constants, 100.0, 1e6), -900.0, 3.0);
    close_to(calibration_heating_ppm(&calibration_type_382, &constants, 50.0, 1e6), -225.0, 1.0);
    assert_int_equal(calibration_heating_fit(point, 2, &heating), CALIBRATION_ERR_READINGS);
    heating.size_ppm = 6000.0;
    assert_int_equal(calibration_heating_put(&calibration_type_382, &heating, 100.0, &constants),
                     CALIBRATION_ERR_HEATING);
}

static void drift_becomes_terms(void **state)
{
    (void)state;
    struct calibration_drift drift = {24.0, 80.0, -0.4, 5e-3};
    struct calibration_drift_terms terms;
    assert_int_equal(calibration_drift_terms(&drift, &terms), CALIBRATION_OK);
    for (double c = -40.0; c <= 70.0; c += 5.0) {
        close_to(1e6 * calibration_drift_of(&terms, 2400, c), calibration_drift_ppm(&drift, c),
                 0.1);
    }
    drift.linear_ppm_k = 20000.0;
    assert_int_equal(calibration_drift_terms(&drift, &terms), CALIBRATION_ERR_DRIFT);
    assert_true(strlen(calibration_err_text(CALIBRATION_ERR_DRIFT)) > 0);
    assert_true(strlen(calibration_err_text(CALIBRATION_ERR_HEATING)) > 0);
    assert_true(strlen(calibration_err_text(CALIBRATION_ERR_CLOCK)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calibrated_meters_keep_the_goals),
        cmocka_unit_test(one_and_two_systems),
        cmocka_unit_test(a_reference_errs),
        cmocka_unit_test(once_more_changes_little),
        cmocka_unit_test(broken_off_anywhere),
        cmocka_unit_test(refusals),
        cmocka_unit_test(heating_is_fitted),
        cmocka_unit_test(drift_becomes_terms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
