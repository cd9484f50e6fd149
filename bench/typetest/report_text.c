/** Tables, CSV and JSON. */
#include <math.h>
#include <string.h>

#include "report.h"

#define SHOWN 3u

const char *report_class(const struct run *run)
{
    static const char *const names[ACCURACIES] = {"A", "B", "C"};
    return names[run->options.accuracy];
}

const char *report_version(void)
{
    return OPEN382_VERSION;
}

static bool nearer(const struct evaluated_row *a, const struct evaluated_row *b)
{
    if (b == NULL || a->limited != b->limited) {
        return b == NULL || a->limited;
    }
    return a->limited ? a->used > b->used : fabs(a->worst) > fabs(b->worst);
}

struct report_test report_test_of(const struct evaluation *evaluation, enum test test)
{
    struct report_test out = {0};
    for (size_t k = 0; k < evaluation->n; k++) {
        const struct evaluated_row *row = &evaluation->row[k];
        if (row->test == test) {
            out.rows++;
            out.values += row->values;
            out.failures += row->failures;
            out.meters = row->meters > out.meters ? row->meters : out.meters;
            out.nearest = nearer(row, out.nearest) ? row : out.nearest;
        }
    }
    return out;
}

/** ---- terminal ------------------------------------------------------------------------------ */

static void print_row(FILE *out, const struct evaluated_row *row)
{
    char limit[24] = "-", time[32];
    if (row->limited) {
        (void)snprintf(limit, sizeof limit, row->limit.minus == row->limit.plus ? "%g" : "+%g",
                       row->limit.plus);
    }
    (void)snprintf(time, sizeof time, "%.0f..%.0f", row->shortest_s, row->longest_s);
    fprintf(out, "  %-52s %8s %10.4f %9.4f %9.4f %9.4f %11s %6u  %s\n", row->label, limit,
            row->worst, row->p95, row->mean, row->sd, time, row->values,
            row->failures > 0 ? "PASSED ITS LIMIT" : "");
}

/** Is the row among the first few of its test by nearness to the limit? */
static bool among_nearest(const struct evaluation *evaluation, const struct evaluated_row *row)
{
    unsigned before = 0;
    for (size_t k = 0; k < evaluation->n; k++) {
        const struct evaluated_row *other = &evaluation->row[k];
        before += other->test == row->test && other != row && nearer(other, row) ? 1u : 0u;
    }
    return before < SHOWN || row->failures > 0;
}

static void print_test(FILE *out, const struct evaluation *evaluation, enum test test, bool all)
{
    const struct report_test sum = report_test_of(evaluation, test);
    if (sum.rows == 0) {
        return;
    }
    fprintf(out, "\n%s: %s (%s)\n  %u points, %u values, %u meters%s\n", test_rows[test].title,
            test_rows[test].method, test_rows[test].unit, sum.rows, sum.values, sum.meters,
            all || sum.rows <= SHOWN ? "" : "; those nearest to their limits:");
    fprintf(out, "  %-52s %8s %10s %9s %9s %9s %11s %6s\n", "", "limit", "worst", "95 %", "mean",
            "sd", "seconds", "values");
    for (size_t k = 0; k < evaluation->n; k++) {
        const struct evaluated_row *row = &evaluation->row[k];
        if (row->test == test && (all || among_nearest(evaluation, row))) {
            print_row(out, row);
        }
    }
}

void report_text(FILE *out, const struct run *run, const struct evaluation *evaluation, bool all)
{
    const struct legal_identity *id = &run->identity;
    fprintf(out,
            "Type test, class %s: 0.25-5(100) A, 3x230/400 V, 50 Hz\n"
            "legal software %u %c%u, checksum %08X; typetest %s\n"
            "%u meters from seed %llu, %u of them through the whole matrix; %.0f hours of metering "
            "in %.0f s\n",
            report_class(run), id->number, id->revision_letter, id->revision_number, id->checksum,
            report_version(), run->options.meters, (unsigned long long)run->options.seed,
            run->options.whole, run->metered_s / 3600.0, run->took_s);
    for (unsigned test = 0; test < TESTS; test++) {
        print_test(out, evaluation, (enum test)test, all);
    }
    fprintf(out, "\n%s\n", evaluation->failures == 0 ? "All limits kept." : "A limit was passed.");
}

/** ---- CSV ----------------------------------------------------------------------------------- */

void report_tests_csv(FILE *out, const struct evaluation *evaluation)
{
    fputs("test,point,unit,limit_minus,limit_plus,source,worst,worst_seed,p95,mean,sd,least,most,"
          "values,meters,failures,shortest_s,longest_s,led_intervals\n",
          out);
    for (size_t k = 0; k < evaluation->n; k++) {
        const struct evaluated_row *row = &evaluation->row[k];
        fprintf(out, "%s,\"%s\",%s,", test_rows[row->test].name, row->label,
                test_rows[row->test].unit);
        if (row->limited) {
            fprintf(out, "%g,%g,\"%s\",", row->limit.minus, row->limit.plus, row->limit.source);
        } else {
            fputs(",,,", out);
        }
        fprintf(out, "%.6f,%llu,%.6f,%.6f,%.6f,%.6f,%.6f,%u,%u,%u,%.3f,%.3f,%u\n", row->worst,
                (unsigned long long)row->worst_seed, row->p95, row->mean, row->sd, row->least,
                row->most, row->values, row->meters, row->failures, row->shortest_s, row->longest_s,
                row->least_pulses);
    }
}

static void point_csv(FILE *out, const struct run *run, const struct series *series, size_t m,
                      size_t k)
{
    static const char *const loads[] = {"balanced", "L1", "L2", "L3"};
    const struct point *point = &series->plan.point[k];
    const struct outcome *outcome = &series->outcome[m * series->plan.n + k];
    char label[EVALUATE_LABEL_MAX];
    double value = NO_VALUE;
    (void)run_value(series, m, k, &value);
    plan_label(&series->plan, k, label, sizeof label);
    fprintf(out, "%s,%llu,%s,\"%s\",%g,%g,%g,%g,%g,%s,%s,%u,",
            connection_names[series->plan.connection], (unsigned long long)(run->options.seed + m),
            test_rows[point->test].name, label, point->voltage * RATED_V, point->current_a,
            point->phi_deg, point->hz, point->chamber_c, loads[point->load],
            point->exporting ? "export" : "import", point->missing);
    fprintf(out, "%.6f,%.6f,%.6f,%.4f,%u\n", outcome->value, outcome->register_value, value,
            outcome->seconds, outcome->pulses);
}

static void series_csv(FILE *out, const struct run *run, const struct series *series)
{
    for (size_t cell = 0; cell < series->meters * series->plan.n; cell++) {
        if (series->done[cell]) {
            point_csv(out, run, series, cell / series->plan.n, cell % series->plan.n);
        }
    }
}

void report_points_csv(FILE *out, const struct run *run)
{
    fputs("connection,seed,test,point,volts,amperes,phi_deg,hertz,chamber_c,load,direction,"
          "missing_phases,measured,by_register,value,seconds,led_intervals\n",
          out);
    for (unsigned c = 0; c < CONNECTIONS; c++) {
        series_csv(out, run, &run->series[c]);
    }
}

/** ---- JSON ---------------------------------------------------------------------------------- */

static void json_number(FILE *out, const char *name, double value)
{
    if (isfinite(value)) {
        fprintf(out, ", \"%s\": %.6g", name, value);
    } else {
        fprintf(out, ", \"%s\": null", name);
    }
}

static void json_row(FILE *out, const struct evaluated_row *row)
{
    fprintf(out, "    {\"test\": \"%s\", \"point\": \"%s\", \"unit\": \"%s\"",
            test_rows[row->test].name, row->label, test_rows[row->test].unit);
    json_number(out, "limit_minus", row->limited ? row->limit.minus : NO_VALUE);
    json_number(out, "limit_plus", row->limited ? row->limit.plus : NO_VALUE);
    json_number(out, "worst", row->worst);
    json_number(out, "p95", row->p95);
    json_number(out, "mean", row->mean);
    json_number(out, "sd", row->sd);
    json_number(out, "shortest_s", row->shortest_s);
    json_number(out, "longest_s", row->longest_s);
    fprintf(out, ", \"values\": %u, \"meters\": %u, \"failures\": %u, \"worst_seed\": %llu}",
            row->values, row->meters, row->failures, (unsigned long long)row->worst_seed);
}

void report_json(FILE *out, const struct run *run, const struct evaluation *evaluation)
{
    fprintf(out,
            "{\n  \"class\": \"%s\", \"meters\": %u, \"whole_matrix\": %u, \"seed\": %llu, "
            "\"legal_software\": %u, \"legal_checksum\": \"%08X\",\n"
            "  \"metered_s\": %.0f, \"failures\": %u,\n  \"rows\": [\n",
            report_class(run), run->options.meters, run->options.whole,
            (unsigned long long)run->options.seed, run->identity.number, run->identity.checksum,
            run->metered_s, evaluation->failures);
    for (size_t k = 0; k < evaluation->n; k++) {
        json_row(out, &evaluation->row[k]);
        fputs(k + 1u < evaluation->n ? ",\n" : "\n", out);
    }
    fputs("  ]\n}\n", out);
}
