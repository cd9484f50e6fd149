#include "charts.h"

#include <math.h>
#include <string.h>

#include "evaluate.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define IB_PCT       (100.0 / RATED_REF_A)

/** What a curve takes of the plan, and where a point lies on the x axis. */
struct pick {
    enum test test;
    double current_a, phi_deg; /**< current 0: any */
    double (*x)(const struct point *);
    double base_x; /**< of a variation: where it is zero */
};

static double x_current(const struct point *point)
{
    return IB_PCT * point->current_a;
}

static double x_voltage(const struct point *point)
{
    return 100.0 * point->voltage;
}

static double x_frequency(const struct point *point)
{
    return 100.0 * point->hz / RATED_HZ;
}

/** ---- curves -------------------------------------------------------------------------------- */

static void curve_point(struct chart_curve *curve, double x, double mean, double least, double most)
{
    size_t at = curve->n;
    if (at == CHART_POINTS) {
        return;
    }
    curve->n++;
    while (at > 0 && curve->x[at - 1u] > x) { /* in order of x */
        curve->x[at] = curve->x[at - 1u];
        curve->mean[at] = curve->mean[at - 1u];
        curve->least[at] = curve->least[at - 1u];
        curve->most[at] = curve->most[at - 1u];
        at--;
    }
    curve->x[at] = x;
    curve->mean[at] = mean;
    curve->least[at] = least;
    curve->most[at] = most;
}

struct summary {
    double sum, least, most;
    unsigned n;
};

static void summary_take(struct summary *summary, double value)
{
    if (isfinite(value)) {
        summary->least = summary->n == 0 ? value : fmin(summary->least, value);
        summary->most = summary->n == 0 ? value : fmax(summary->most, value);
        summary->sum += value;
        summary->n++;
    }
}

static bool picked(const struct pick *pick, const struct chart *chart, const struct point *point)
{
    const double x = pick->x(point);
    return point->test == pick->test && point->load == LOAD_BALANCED && !point->exporting &&
           (pick->current_a == 0.0 || point->current_a == pick->current_a) &&
           fabs(point->phi_deg - pick->phi_deg) < 1e-6 && x >= chart->x_from * 0.999 &&
           x <= chart->x_to * 1.001;
}

static void curve_of(const struct series *series, const struct pick *pick,
                     const struct chart *chart, struct chart_curve *curve)
{
    for (size_t k = 0; k < series->plan.n; k++) {
        const struct point *point = &series->plan.point[k];
        struct summary summary = {0};
        double value;
        for (size_t m = 0; picked(pick, chart, point) && m < series->meters; m++) {
            if (run_value(series, m, k, &value)) {
                summary_take(&summary, value);
            }
        }
        if (summary.n > 0) {
            curve_point(curve, pick->x(point), summary.sum / summary.n, summary.least,
                        summary.most);
        }
    }
    if (curve->n > 0 && pick->base_x > 0.0) {
        curve_point(curve, pick->base_x, 0.0, 0.0, 0.0);
    }
}

/** Raw errors at a temperature, less those at 23 degrees; or composite errors. */
static bool temperature_value(const struct series *series, size_t meter, double current_a,
                              double chamber_c, bool composite, double *out)
{
    if (composite) {
        return composite_error(series, meter, current_a, chamber_c, out);
    }
    double at[2] = {NO_VALUE, NO_VALUE};
    for (size_t k = 0; k < series->plan.n; k++) {
        const struct point *point = &series->plan.point[k];
        const size_t cell = meter * series->plan.n + k;
        if (point->test == TEST_TEMPERATURE && point->current_a == current_a &&
            point->phi_deg == 0.0 && series->done[cell]) {
            at[0] = point->chamber_c == chamber_c ? series->outcome[cell].value : at[0];
            at[1] = point->chamber_c == RATED_CHAMBER ? series->outcome[cell].value : at[1];
        }
    }
    *out = at[0] - at[1];
    return isfinite(*out);
}

static void temperature_curve(const struct series *series, double current_a, bool composite,
                              struct chart_curve *curve)
{
    static const double degrees[] = {-40, -25, -10, 5, RATED_CHAMBER, 40, 55, 70};
    for (size_t t = 0; t < COUNT(degrees); t++) {
        struct summary summary = {0};
        double value;
        for (size_t m = 0; m < series->meters; m++) {
            if (temperature_value(series, m, current_a, degrees[t], composite, &value)) {
                summary_take(&summary, value);
            }
        }
        if (summary.n > 0) {
            curve_point(curve, degrees[t], summary.sum / summary.n, summary.least, summary.most);
        }
    }
}

/** ---- limits -------------------------------------------------------------------------------- */

static void limit_corner(struct chart *chart, double x, double y)
{
    if (chart->n_limit < CHART_POINTS) {
        chart->limit_x[chart->n_limit] = x;
        chart->limit_y[chart->n_limit] = y;
        chart->n_limit++;
    }
}

static double limit_at(const struct run *run, struct point point)
{
    struct limit limit = {0};
    return limit_of(run->options.accuracy, CONNECTION_4_WIRE, &point, &limit) ? limit.plus : 0.0;
}

static void load_limits(const struct run *run, struct chart *out)
{
    const struct point small = {.test = TEST_LOAD, .voltage = 1.0, .current_a = RATED_MIN_A};
    const struct point usual = {.test = TEST_LOAD, .voltage = 1.0, .current_a = RATED_REF_A};
    limit_corner(out, IB_PCT * RATED_MIN_A, limit_at(run, small));
    limit_corner(out, IB_PCT * RATED_TR_A, limit_at(run, small));
    limit_corner(out, IB_PCT * RATED_TR_A, limit_at(run, usual));
    limit_corner(out, IB_PCT * RATED_MAX_A, limit_at(run, usual));
}

static void voltage_limits(const struct run *run, struct chart *out)
{
    static const double edges[] = {0.8, 0.9, 1.1, 1.15};
    for (size_t k = 0; k + 1u < COUNT(edges); k++) {
        const struct point point = {.test = TEST_VOLTAGE,
                                    .voltage = k == 1u  ? 1.0
                                               : k == 0 ? 0.85
                                                        : 1.12,
                                    .current_a = RATED_REF_A};
        limit_corner(out, 100.0 * edges[k], limit_at(run, point));
        limit_corner(out, 100.0 * edges[k + 1u], limit_at(run, point));
    }
}

static void frequency_limits(const struct run *run, struct chart *out)
{
    const struct point point = {.test = TEST_FREQUENCY, .voltage = 1.0, .current_a = RATED_REF_A};
    limit_corner(out, out->x_from, limit_at(run, point));
    limit_corner(out, out->x_to, limit_at(run, point));
}

static void temperature_limits(const struct run *run, struct chart *out)
{
    const struct point point = {.test = TEST_TEMPERATURE, .voltage = 1.0, .current_a = RATED_REF_A};
    const double slope = limit_at(run, point);
    limit_corner(out, -40.0, slope * (RATED_CHAMBER + 40.0));
    limit_corner(out, RATED_CHAMBER, 0.0);
    limit_corner(out, 70.0, slope * (70.0 - RATED_CHAMBER));
}

static void mpe_stairs(const struct run *run, struct chart *out)
{
    static const double edges[] = {-40, -25, -10, 5, 30, 40, 55, 70};
    for (size_t k = 0; k + 1u < COUNT(edges); k++) {
        const double mpe =
            limit_mpe(run->options.accuracy, RATED_REF_A, 0.5 * (edges[k] + edges[k + 1u]));
        limit_corner(out, edges[k], mpe);
        limit_corner(out, edges[k + 1u], mpe);
    }
}

/** ---- charts -------------------------------------------------------------------------------- */

struct form {
    struct chart chart;
    const char *curves[CHART_CURVES];
    struct pick pick[CHART_CURVES]; /**< x NULL: a curve over temperature */
    void (*limits)(const struct run *, struct chart *);
    bool composite;
};

static const struct form forms[CHARTS] = {
    {.chart = {.name = "load",
               .title = "Load curve, all phases",
               .x_title = "current, % of 5 A",
               .y_title = "error, %",
               .logarithmic = true,
               .x_from = 0.4,
               .x_to = 2000,
               .y_from = -2,
               .y_to = 2,
               .y_grid = 0.5,
               .n_ticks = 7,
               .tick = {0.4, 1, 5, 10, 50, 200, 2000}},
     .curves = {"PF 1", "PF 0.5 ind", "PF 0.8 cap"},
     .pick = {{TEST_LOAD, 0, 0, x_current, 0},
              {TEST_LOAD, 0, 60, x_current, 0},
              {TEST_LOAD, 0, -36.86989764584402, x_current, 0}},
     .limits = load_limits},
    {.chart = {.name = "voltage",
               .title = "Voltage variation",
               .x_title = "voltage, % of 230 V (at 40 % the meter has stopped)",
               .y_title = "change of error, %",
               .x_from = 80,
               .x_to = 115,
               .y_from = -2.5,
               .y_to = 2.5,
               .y_grid = 0.5,
               .n_ticks = 5,
               .tick = {80, 90, 100, 110, 115}},
     .curves = {"0.5 A, PF 1", "50 A, PF 1", "50 A, PF 0.5i"},
     .pick = {{TEST_VOLTAGE, 0.5, 0, x_voltage, 100},
              {TEST_VOLTAGE, 50, 0, x_voltage, 100},
              {TEST_VOLTAGE, 50, 60, x_voltage, 100}},
     .limits = voltage_limits},
    {.chart = {.name = "frequency",
               .title = "Frequency variation",
               .x_title = "frequency, % of 50 Hz",
               .y_title = "change of error, %",
               .x_from = 95,
               .x_to = 105,
               .y_from = -1,
               .y_to = 1,
               .y_grid = 0.5,
               .n_ticks = 5,
               .tick = {95, 98, 100, 102, 105}},
     .curves = {"0.5 A, PF 1", "50 A, PF 1", "50 A, PF 0.5i"},
     .pick = {{TEST_FREQUENCY, 0.5, 0, x_frequency, 100},
              {TEST_FREQUENCY, 50, 0, x_frequency, 100},
              {TEST_FREQUENCY, 50, 60, x_frequency, 100}},
     .limits = frequency_limits},
    {.chart = {.name = "temperature",
               .title = "Temperature variation, PF 1",
               .x_title = "temperature, &#176;C",
               .y_title = "change of error, %",
               .x_from = -40,
               .x_to = 70,
               .y_from = -3.5,
               .y_to = 3.5,
               .y_grid = 0.5,
               .n_ticks = 8,
               .tick = {-40, -25, -10, 5, 23, 40, 55, 70}},
     .curves = {"0.5 A", "5 A", "100 A"},
     .pick = {{.current_a = 0.5}, {.current_a = 5.0}, {.current_a = 100.0}},
     .limits = temperature_limits},
    {.chart = {.name = "composite",
               .title = "Composite error and MPE, PF 1",
               .x_title = "temperature, &#176;C",
               .y_title = "composite error, %",
               .x_from = -40,
               .x_to = 70,
               .y_from = 0,
               .y_to = 4.5,
               .y_grid = 0.5,
               .n_ticks = 8,
               .tick = {-40, -25, -10, 5, 30, 40, 55, 70}},
     .curves = {"0.5 A", "5 A", "100 A"},
     .pick = {{.current_a = 0.5}, {.current_a = 5.0}, {.current_a = 100.0}},
     .limits = mpe_stairs,
     .composite = true},
};

bool chart_make(const struct run *run, unsigned which, struct chart *out)
{
    const struct form *form = &forms[which];
    const struct series *series = &run->series[CONNECTION_4_WIRE];
    size_t points = 0;
    *out = form->chart;
    out->n_curves = CHART_CURVES;
    for (size_t k = 0; k < CHART_CURVES; k++) {
        struct chart_curve *curve = &out->curve[k];
        curve->name = form->curves[k];
        if (form->pick[k].x != NULL) {
            curve_of(series, &form->pick[k], out, curve);
        } else {
            temperature_curve(series, form->pick[k].current_a, form->composite, curve);
        }
        points += curve->n;
    }
    form->limits(run, out);
    if (out->n_limit > 0 && run->options.accuracy == ACCURACY_A) {
        out->y_from *= 2.0; /* limits are twice as wide */
        out->y_to *= 2.0;
        out->y_grid *= 2.0;
    }
    return points > 0;
}
