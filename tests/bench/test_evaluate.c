/** Plans, limits and verdicts of the type-test bench, on outcomes made up. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/typetest/evaluate.h"

#define ALL_TESTS ((1u << TESTS) - 1u)

static struct run *run_of(enum plan_size size, unsigned tests, unsigned meters)
{
    struct run *run = calloc(1, sizeof *run);
    assert_non_null(run);
    run->options = (struct run_options){
        .size = size, .accuracy = ACCURACY_B, .tests = tests, .meters = meters, .whole = meters};
    for (unsigned c = 0; c < CONNECTIONS; c++) {
        struct series *series = &run->series[c];
        plan_make(&series->plan, (enum connection)c, size, tests);
        series->meters = c == CONNECTION_4_WIRE ? meters : 0;
        series->outcome = calloc(meters * series->plan.n + 1u, sizeof *series->outcome);
        series->done = calloc(meters * series->plan.n + 1u, sizeof *series->done);
        for (size_t k = 0; k < series->meters * series->plan.n; k++) {
            series->done[k] = true;
        }
    }
    return run;
}

static void run_end(struct run *run)
{
    run_free(run);
    free(run);
}

static const struct evaluated_row *row_named(const struct evaluation *evaluation, enum test test,
                                             const char *label)
{
    for (size_t k = 0; k < evaluation->n; k++) {
        if (evaluation->row[k].test == test && strcmp(evaluation->row[k].label, label) == 0) {
            return &evaluation->row[k];
        }
    }
    fail_msg("no row '%s'", label);
    return NULL;
}

static size_t point_at(const struct plan *plan, enum test test, double current_a, double chamber_c)
{
    for (size_t k = 0; k < plan->n; k++) {
        const struct point *point = &plan->point[k];
        if (point->test == test && point->current_a == current_a && point->phi_deg == 0.0 &&
            point->chamber_c == chamber_c && point->load == LOAD_BALANCED && !point->exporting) {
            return k;
        }
    }
    fail();
    return 0;
}

/** REQ(MET-15): the plan has all operating points of the requirement; bases come first. */
static void plans_are_whole(void **state)
{
    (void)state;
    static struct plan plan;
    for (unsigned c = 0; c < CONNECTIONS; c++) {
        unsigned seen = 0;
        plan_make(&plan, (enum connection)c, PLAN_FULL, ALL_TESTS);
        assert_true(plan.n + 1u < PLAN_POINTS_MAX);
        for (size_t k = 0; k < plan.n; k++) {
            const struct point *point = &plan.point[k];
            seen |= 1u << point->test;
            assert_true(point->base == POINT_NONE || point->base < k);
            assert_true(point->base == POINT_NONE || !point->core || plan.point[point->base].core);
            assert_true(point->seconds > 0.0 && plan_seconds(&plan, k) > 0.0);
            assert_true(point_power_factor(point) < POWER_FACTORS);
        }
        assert_int_equal(seen, c == CONNECTION_4_WIRE ? ALL_TESTS & ~(1u << TEST_COMPOSITE)
                                                      : 1u << TEST_LOAD | 1u << TEST_REACTIVE);
    }
    plan_make(&plan, CONNECTION_4_WIRE, PLAN_FULL, 1u << TEST_TEMPERATURE);
    for (int k = 0; k < 3; k++) {
        static const double amperes[] = {0.5, 5.0, 100.0};
        (void)point_at(&plan, TEST_TEMPERATURE, amperes[k], -40.0);
        (void)point_at(&plan, TEST_TEMPERATURE, amperes[k], 70.0);
    }
}

/** A choice of tests keeps what they are compared with, and nothing else. */
static void choice_keeps_bases(void **state)
{
    (void)state;
    static struct plan plan;
    plan_make(&plan, CONNECTION_4_WIRE, PLAN_FULL, 1u << TEST_SEQUENCE);
    assert_int_equal(plan.n, 2);
    assert_int_equal(plan.point[1].base, 0);
    assert_true(plan.point[0].test == TEST_LOAD && plan.point[0].current_a == 0.5);
    plan_make(&plan, CONNECTION_4_WIRE, PLAN_QUICK, 1u << TEST_COMPOSITE);
    assert_true(plan.n > 60u);
}

/** REQ(X-MET-1, X-MET-2): limits of the tables, by class. */
static void limits_are_those_of_the_tables(void **state)
{
    (void)state;
    struct point point = {.test = TEST_LOAD, .voltage = 1.0, .current_a = 0.25};
    struct limit limit;
    assert_true(limit_of(ACCURACY_B, CONNECTION_4_WIRE, &point, &limit) && limit.plus == 1.5);
    point.current_a = 0.5;
    assert_true(limit_of(ACCURACY_A, CONNECTION_4_WIRE, &point, &limit) && limit.plus == 2.0);
    assert_true(limit_of(ACCURACY_B, CONNECTION_4_WIRE, &point, &limit) && limit.minus == 1.0);
    point.load = LOAD_L2;
    assert_true(limit_of(ACCURACY_B, CONNECTION_4_WIRE, &point, &limit) && limit.plus == 2.0);
    assert_true(limit_of(ACCURACY_B, CONNECTION_1_PHASE, &point, &limit) && limit.plus == 1.0);
    point.load = LOAD_BALANCED;
    point.current_a = 0.02;
    assert_true(limit_of(ACCURACY_B, CONNECTION_4_WIRE, &point, &limit) && limit.plus == 18.75);
    point = (struct point){.test = TEST_VOLTAGE, .voltage = 0.4, .current_a = 5.0};
    assert_true(limit_of(ACCURACY_B, CONNECTION_4_WIRE, &point, &limit));
    assert_true(limit.plus == 10.0 && limit.minus >= 100.0);
    point.voltage = 0.8;
    assert_true(limit_of(ACCURACY_B, CONNECTION_4_WIRE, &point, &limit) && limit.plus == 2.1);
    assert_true(limit_mpe(ACCURACY_A, 0.25, 20.0) == 3.5 &&
                limit_mpe(ACCURACY_B, 0.25, 35.0) == 2.5);
    assert_true(limit_mpe(ACCURACY_B, 5.0, -40.0) == 4.0 &&
                limit_mpe(ACCURACY_A, 5.0, -25.0) == 7.0);
    assert_true(limit_mpe(ACCURACY_B, 5.0, 80.0) == 0.0);
}

static void passed_limits_are_failures(void **state)
{
    (void)state;
    struct evaluation evaluation;
    struct run *run = run_of(PLAN_QUICK, 1u << TEST_LOAD, 3);
    struct series *series = &run->series[CONNECTION_4_WIRE];
    const size_t at = point_at(&series->plan, TEST_LOAD, 5.0, RATED_CHAMBER);
    assert_true(evaluate(run, &evaluation) && evaluation.failures == 0);
    evaluation_free(&evaluation);
    series->outcome[series->plan.n + at].value = -1.01;
    series->outcome[2 * series->plan.n + at].value = 0.5;
    assert_true(evaluate(run, &evaluation) && evaluation.failures == 1);
    const struct evaluated_row *row = row_named(&evaluation, TEST_LOAD, "5 A, PF 1, balanced");
    assert_true(row->worst == -1.01 && row->worst_seed == 1 && row->failures == 1);
    assert_true(fabs(row->used - 1.01) < 1e-12 && row->p95 == 1.01 && row->most == 0.5);
    evaluation_free(&evaluation);
    series->outcome[at].value = (double)NAN; /* no figure is a failure too */
    assert_true(evaluate(run, &evaluation) && evaluation.failures == 2);
    evaluation_free(&evaluation);
    run_end(run);
}

/** REQ(MET-15): the composite error joins load, temperature, voltage and frequency by squares. */
static void composite_errors_are_joined(void **state)
{
    (void)state;
    struct evaluation evaluation;
    double composite;
    struct run *run = run_of(PLAN_FULL, ALL_TESTS, 1);
    struct series *series = &run->series[CONNECTION_4_WIRE];
    series->outcome[point_at(&series->plan, TEST_LOAD, 5.0, RATED_CHAMBER)].value = 0.3;
    series->outcome[point_at(&series->plan, TEST_TEMPERATURE, 5.0, 70.0)].value = 1.2;
    for (size_t k = 0; k < series->plan.n; k++) {
        const struct point *point = &series->plan.point[k];
        if (point->current_a == 5.0 && point->base != POINT_NONE && point->phi_deg == 0.0) {
            series->outcome[k].value = point->test == TEST_VOLTAGE && point->voltage == 0.9 ? 0.7
                                       : point->test == TEST_FREQUENCY && point->hz == 51   ? -0.2
                                                                                            : 0.3;
        }
    }
    series->outcome[point_at(&series->plan, TEST_TEMPERATURE, 5.0, 70.0)].value = 1.5;
    assert_true(composite_error(series, 0, 5.0, 70.0, &composite));
    /* e 0.3, dT 1.5 - 0.3, dU 0.7 - 0.3, df -0.2 - 0.3 */
    assert_true(fabs(composite - sqrt(0.09 + 1.44 + 0.16 + 0.25)) < 1e-9);
    assert_false(composite_error(series, 0, 10.0, 70.0, &composite));
    series->outcome[point_at(&series->plan, TEST_TEMPERATURE, 5.0, 70.0)].value = 4.4;
    assert_true(evaluate(run, &evaluation));
    assert_true(row_named(&evaluation, TEST_COMPOSITE, "5 A, PF 1, 70 C")->failures == 1);
    evaluation_free(&evaluation);
    run_end(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_are_whole),
        cmocka_unit_test(choice_keeps_bases),
        cmocka_unit_test(limits_are_those_of_the_tables),
        cmocka_unit_test(passed_limits_are_failures),
        cmocka_unit_test(composite_errors_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
