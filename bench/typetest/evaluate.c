#include "evaluate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double composite_amperes[] = {0.5, 5.0, 100.0};
static const double composite_degrees[] = {-40, -25, -10, 5, RATED_CHAMBER, 40, 55, 70};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/** ---- composite error ----------------------------------------------------------------------- */

/** Raw error of a meter at the point of a test that a condition picks; false: none measured. */
static bool error_at(const struct series *series, size_t meter, enum test test, double current_a,
                     double chamber_c, double *out)
{
    for (size_t k = 0; k < series->plan.n; k++) {
        const struct point *point = &series->plan.point[k];
        if (point->test == test && point->current_a == current_a && point->phi_deg == 0.0 &&
            point->load == LOAD_BALANCED && !point->exporting && point->chamber_c == chamber_c &&
            series->done[meter * series->plan.n + k]) {
            *out = series->outcome[meter * series->plan.n + k].value;
            return true;
        }
    }
    return false;
}

/** Largest variation within rated conditions: 0.9..1.1 Un, 49..51 Hz. */
static bool variation_of(const struct series *series, size_t meter, enum test test,
                         double current_a, double *out)
{
    bool found = false;
    *out = 0.0;
    for (size_t k = 0; k < series->plan.n; k++) {
        const struct point *point = &series->plan.point[k];
        double value;
        if (point->test == test && point->current_a == current_a && point->phi_deg == 0.0 &&
            point->voltage > 0.85 && point->voltage < 1.12 && fabs(point->hz - RATED_HZ) < 1.5 &&
            run_value(series, meter, k, &value)) {
            found = true;
            *out = fmax(*out, fabs(value));
        }
    }
    return found;
}

bool composite_error(const struct series *series, size_t meter, double current_a, double chamber_c,
                     double *out)
{
    const double influence_a = fmin(current_a, RATED_MAX_A / 2.0);
    double error, here, reference, voltage, frequency;
    if (!error_at(series, meter, TEST_LOAD, current_a, RATED_CHAMBER, &error) ||
        !error_at(series, meter, TEST_TEMPERATURE, current_a, chamber_c, &here) ||
        !error_at(series, meter, TEST_TEMPERATURE, current_a, RATED_CHAMBER, &reference) ||
        !variation_of(series, meter, TEST_VOLTAGE, influence_a, &voltage) ||
        !variation_of(series, meter, TEST_FREQUENCY, influence_a, &frequency)) {
        return false;
    }
    const double warm = here - reference;
    *out = sqrt(error * error + warm * warm + voltage * voltage + frequency * frequency);
    return true;
}

/** ---- statistics ---------------------------------------------------------------------------- */

struct values {
    double *of; /**< room for all */
    size_t n;
};

static int by_size(const void *a, const void *b)
{
    const double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
    return x < y ? -1 : x > y;
}

static void row_begin(struct evaluated_row *row, enum test test)
{
    memset(row, 0, sizeof *row);
    row->test = test;
    row->least = row->shortest_s = HUGE_VAL;
    row->most = -HUGE_VAL;
    row->least_pulses = 0;
}

/** Part of the limit that a value takes; nothing where a meter may stop altogether (-100 %). */
static double part_used(const struct limit *limit, double value)
{
    if (value >= 0.0) {
        return value / limit->plus;
    }
    return limit->minus >= 100.0 && value >= -limit->minus ? 0.0 : -value / limit->minus;
}

static void row_take(struct evaluated_row *row, struct values *values, double value, uint64_t seed)
{
    const double used = row->limited ? part_used(&row->limit, value) : fabs(value);
    row->values++;
    if (isnan(value)) {
        row->failures++;
        row->used = row->limited ? HUGE_VAL : row->used;
        row->worst = NO_VALUE;
        row->worst_seed = seed;
        return;
    }
    if (used >= row->used) {
        row->used = used;
        row->worst = value;
        row->worst_seed = seed;
    }
    row->failures += row->limited && used > 1.0 ? 1u : 0u;
    row->least = fmin(row->least, value);
    row->most = fmax(row->most, value);
    values->of[values->n++] = value;
}

static void row_time(struct evaluated_row *row, const struct outcome *outcome)
{
    row->shortest_s = fmin(row->shortest_s, outcome->seconds);
    row->longest_s = fmax(row->longest_s, outcome->seconds);
    row->least_pulses = row->least_pulses == 0 || outcome->pulses < row->least_pulses
                            ? outcome->pulses
                            : row->least_pulses;
}

static void row_end(struct evaluated_row *row, struct values *values)
{
    double sum = 0.0, squares = 0.0;
    for (size_t k = 0; k < values->n; k++) {
        sum += values->of[k];
        squares += values->of[k] * values->of[k];
    }
    const double n = (double)values->n;
    row->mean = n > 0.0 ? sum / n : NO_VALUE;
    row->sd = n > 1.0 ? sqrt(fmax(0.0, (squares - sum * sum / n) / (n - 1.0))) : 0.0;
    qsort(values->of, values->n, sizeof *values->of, by_size);
    row->p95 = n > 0.0 ? fabs(values->of[(size_t)ceil(0.95 * n) - 1u]) : NO_VALUE;
    row->used = row->limited ? row->used : 0.0;
    values->n = 0;
}

/** ---- rows ---------------------------------------------------------------------------------- */

static void point_values(const struct run *run, const struct series *series, size_t point,
                         struct evaluated_row *row, struct values *values)
{
    unsigned meters = 0;
    for (size_t m = 0; m < series->meters; m++) {
        double value;
        if (run_value(series, m, point, &value)) {
            row_take(row, values, value, run->options.seed + m);
            row_time(row, &series->outcome[m * series->plan.n + point]);
            meters++;
        }
    }
    row->meters = meters > row->meters ? meters : row->meters;
}

/** A row for the points of this point's name that no row has yet; false: nothing there. */
static bool row_of(const struct run *run, const struct series *series, size_t point, bool *taken,
                   struct evaluated_row *row, struct values *values)
{
    char label[EVALUATE_LABEL_MAX];
    row_begin(row, series->plan.point[point].test);
    plan_label(&series->plan, point, row->label, sizeof row->label);
    row->limited = limit_of(run->options.accuracy, series->plan.connection,
                            &series->plan.point[point], &row->limit);
    for (size_t k = point; k < series->plan.n; k++) {
        plan_label(&series->plan, k, label, sizeof label);
        if (!taken[k] && series->plan.point[k].test == row->test &&
            strcmp(label, row->label) == 0) {
            taken[k] = true;
            point_values(run, series, k, row, values);
        }
    }
    row_end(row, values);
    return row->values > 0;
}

static bool composite_row(const struct run *run, double current_a, double chamber_c,
                          struct evaluated_row *row, struct values *values)
{
    const struct series *series = &run->series[CONNECTION_4_WIRE];
    const double mpe = limit_mpe(run->options.accuracy, current_a, chamber_c);
    row_begin(row, TEST_COMPOSITE);
    (void)snprintf(row->label, sizeof row->label, "%g A, PF 1, %g C", current_a, chamber_c);
    row->limited = true;
    row->limit = (struct limit){mpe, mpe, "MID 2014/32/EU annex V t. 2 [S]"};
    for (size_t m = 0; m < series->meters; m++) {
        double value;
        if (composite_error(series, m, current_a, chamber_c, &value)) {
            row_take(row, values, value, run->options.seed + m);
        }
    }
    row->meters = row->values;
    row->shortest_s = 0.0;
    row_end(row, values);
    return row->values > 0;
}

static void evaluate_test(const struct run *run, enum test test, struct evaluation *out,
                          struct values *values)
{
    for (unsigned c = 0; c < CONNECTIONS; c++) {
        const struct series *series = &run->series[c];
        bool taken[PLAN_POINTS_MAX] = {false};
        for (size_t k = 0; k < series->plan.n; k++) {
            if (series->plan.point[k].test == test && !taken[k] &&
                row_of(run, series, k, taken, &out->row[out->n], values)) {
                out->failures += out->row[out->n].failures;
                out->n++;
            }
        }
    }
}

static void evaluate_composite(const struct run *run, struct evaluation *out, struct values *values)
{
    for (size_t k = 0; k < COUNT(composite_amperes) * COUNT(composite_degrees); k++) {
        if (composite_row(run, composite_amperes[k / COUNT(composite_degrees)],
                          composite_degrees[k % COUNT(composite_degrees)], &out->row[out->n],
                          values)) {
            out->failures += out->row[out->n].failures;
            out->n++;
        }
    }
}

bool evaluate(const struct run *run, struct evaluation *out)
{
    size_t rows = COUNT(composite_amperes) * COUNT(composite_degrees) + 1u, cells = 1u;
    for (unsigned c = 0; c < CONNECTIONS; c++) {
        rows += run->series[c].plan.n;
        cells += run->series[c].plan.n * run->series[c].meters;
    }
    struct values values = {.of = malloc(cells * sizeof *values.of)};
    *out = (struct evaluation){.row = calloc(rows, sizeof *out->row)};
    if (values.of == NULL || out->row == NULL) {
        free(values.of);
        return false;
    }
    for (unsigned test = 0; test < TEST_COMPOSITE; test++) {
        evaluate_test(run, (enum test)test, out, &values);
    }
    if ((run->options.tests >> TEST_COMPOSITE & 1u) != 0) {
        evaluate_composite(run, out, &values);
    }
    free(values.of);
    return true;
}

void evaluation_free(struct evaluation *evaluation)
{
    free(evaluation->row);
}
