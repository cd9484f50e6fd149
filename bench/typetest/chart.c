#include "chart.h"

#include <math.h>

#define WIDTH  480.0
#define HEIGHT 290.0
#define LEFT   56.0
#define RIGHT  18.0
#define TOP    46.0
#define BOTTOM 42.0

static const char style[] =
    "<style>.ch{font:11px "
    "system-ui,sans-serif;--ink:#1d2733;--dim:#5b6875;--grid:#d9dfe5;--lim:#b3261e;"
    "--k0:#1f5fbf;--k1:#c05a00;--k2:#1c7f4b}.ch text{fill:var(--dim)}.ch .t{fill:var(--ink);"
    "font-weight:600;font-size:12.5px}.ch .g{stroke:var(--grid);stroke-width:1}.ch .z{stroke:"
    "var(--dim);stroke-width:1}.ch .l{stroke:var(--lim);stroke-width:1.6;fill:none;"
    "stroke-dasharray:5 3}.ch .m{fill:none;stroke-width:1.8}"
    "@media(prefers-color-scheme:dark){.ch{--ink:#e8edf2;--dim:#a3b0bd;--grid:#323c47;"
    "--lim:#ff8a80;--k0:#7fb2ff;--k1:#ffb066;--k2:#6fd39d}}</style>";

static double x_at(const struct chart *chart, double x)
{
    const double from = chart->logarithmic ? log(chart->x_from) : chart->x_from;
    const double to = chart->logarithmic ? log(chart->x_to) : chart->x_to;
    const double at = chart->logarithmic ? log(x) : x;
    return LEFT + (WIDTH - LEFT - RIGHT) * (at - from) / (to - from);
}

static double y_at(const struct chart *chart, double y)
{
    const double part = (y - chart->y_from) / (chart->y_to - chart->y_from);
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part;
}

static void grid(FILE *out, const struct chart *chart)
{
    const long lines = lround((chart->y_to - chart->y_from) / chart->y_grid);
    for (long k = 0; k <= lines; k++) {
        const double y = chart->y_from + (double)k * chart->y_grid, at = y_at(chart, y);
        const double shown = fabs(y) < 1e-9 ? 0.0 : y;
        fprintf(out, "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                shown == 0.0 ? "z" : "g", LEFT, WIDTH - RIGHT, at, at);
        fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%g</text>", LEFT - 6.0,
                at + 4.0, shown);
    }
    for (size_t k = 0; k < chart->n_ticks; k++) {
        const double at = x_at(chart, chart->tick[k]);
        fprintf(out, "<line class=\"g\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", at, at,
                TOP, HEIGHT - BOTTOM);
        fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%g</text>", at,
                HEIGHT - BOTTOM + 15.0, chart->tick[k]);
    }
}

static void band(FILE *out, const struct chart *chart, const struct chart_curve *curve, size_t k)
{
    fprintf(out, "<polygon style=\"fill:var(--k%zu)\" opacity=\".18\" points=\"", k);
    for (size_t p = 0; p < curve->n; p++) {
        fprintf(out, "%.1f,%.1f ", x_at(chart, curve->x[p]), y_at(chart, curve->most[p]));
    }
    for (size_t p = curve->n; p-- > 0;) {
        fprintf(out, "%.1f,%.1f ", x_at(chart, curve->x[p]), y_at(chart, curve->least[p]));
    }
    fputs("\"/>", out);
}

static void line(FILE *out, const struct chart *chart, const struct chart_curve *curve, size_t k)
{
    fprintf(out, "<polyline class=\"m\" style=\"stroke:var(--k%zu)\" points=\"", k);
    for (size_t p = 0; p < curve->n; p++) {
        fprintf(out, "%.1f,%.1f ", x_at(chart, curve->x[p]), y_at(chart, curve->mean[p]));
    }
    fputs("\"/>", out);
    for (size_t p = 0; p < curve->n; p++) {
        fprintf(out, "<circle style=\"fill:var(--k%zu)\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.2\"/>", k,
                x_at(chart, curve->x[p]), y_at(chart, curve->mean[p]));
    }
}

static void limits(FILE *out, const struct chart *chart, double sign)
{
    fputs("<polyline class=\"l\" points=\"", out);
    for (size_t p = 0; p < chart->n_limit; p++) {
        const double y = fmin(fmax(sign * chart->limit_y[p], chart->y_from), chart->y_to);
        fprintf(out, "%.1f,%.1f ", x_at(chart, chart->limit_x[p]), y_at(chart, y));
    }
    fputs("\"/>", out);
}

static void legend(FILE *out, const struct chart *chart)
{
    double at = LEFT;
    for (size_t k = 0; k < chart->n_curves; k++) {
        fprintf(out,
                "<line class=\"m\" style=\"stroke:var(--k%zu)\" x1=\"%.1f\" x2=\"%.1f\" y1=\"34\" "
                "y2=\"34\"/><text x=\"%.1f\" y=\"38\">%s</text>",
                k, at, at + 16.0, at + 21.0, chart->curve[k].name);
        at += 106.0;
    }
    if (chart->n_limit > 0) {
        fprintf(out,
                "<line class=\"l\" x1=\"%.1f\" x2=\"%.1f\" y1=\"34\" y2=\"34\"/><text x=\"%.1f\" "
                "y=\"38\">limit</text>",
                at, at + 16.0, at + 21.0);
    }
}

void chart_svg(FILE *out, const struct chart *chart)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ch\" viewBox=\"0 0 %.0f %.0f\" "
            "role=\"img\" aria-label=\"%s\">%s",
            WIDTH, HEIGHT, chart->title, style);
    fprintf(out, "<text class=\"t\" x=\"%.1f\" y=\"18\">%s%s</text>", LEFT, chart->title,
            chart->magnified ? ", magnified" : "");
    grid(out, chart);
    for (size_t k = 0; k < chart->n_curves; k++) {
        band(out, chart, &chart->curve[k], k);
    }
    for (size_t k = 0; k < chart->n_curves; k++) {
        line(out, chart, &chart->curve[k], k);
    }
    if (chart->n_limit > 0) {
        limits(out, chart, 1.0);
    }
    if (chart->n_limit > 0 && chart->y_from < 0.0) {
        limits(out, chart, -1.0);
    }
    legend(out, chart);
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>",
            0.5 * (LEFT + WIDTH - RIGHT), HEIGHT - 8.0, chart->x_title);
    fprintf(out,
            "<text transform=\"translate(11 %.1f) rotate(-90)\" text-anchor=\"middle\">%s</text>",
            0.5 * (TOP + HEIGHT - BOTTOM), chart->y_title);
    fputs("</svg>\n", out);
}

void chart_magnify(struct chart *chart)
{
    static const double round_sizes[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0};
    double largest = 0.0;
    for (size_t k = 0; k < chart->n_curves; k++) {
        for (size_t p = 0; p < chart->curve[k].n; p++) {
            largest =
                fmax(largest, fmax(fabs(chart->curve[k].least[p]), fabs(chart->curve[k].most[p])));
        }
    }
    size_t at = 0;
    while (at + 1u < sizeof round_sizes / sizeof round_sizes[0] && round_sizes[at] < largest) {
        at++;
    }
    chart->y_from = chart->y_from < 0.0 ? -round_sizes[at] : 0.0;
    chart->y_to = round_sizes[at];
    chart->y_grid = round_sizes[at] / 2.0;
    chart->n_limit = 0;
    chart->magnified = true;
}
