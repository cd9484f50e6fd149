/** A chart in the form of the data sheet's: error over load, voltage, frequency, temperature. */
#ifndef OPEN382_TYPETEST_CHART_H
#define OPEN382_TYPETEST_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CHART_POINTS 16u
#define CHART_CURVES 3u
#define CHART_TICKS  12u

/** The population at each x: mean, and from the least to the most. */
struct chart_curve {
    const char *name;
    size_t n;
    double x[CHART_POINTS], mean[CHART_POINTS], least[CHART_POINTS], most[CHART_POINTS];
};

struct chart {
    const char *name; /**< of the file, without .svg */
    const char *title, *x_title, *y_title;
    bool logarithmic; /**< x */
    bool magnified;   /**< by chart_magnify */
    double x_from, x_to, y_from, y_to, y_grid;
    size_t n_ticks;
    double tick[CHART_TICKS];
    size_t n_curves;
    struct chart_curve curve[CHART_CURVES];
    /** Limits as a line of corners, and mirrored where y goes below zero; 0 corners: none. */
    size_t n_limit;
    double limit_x[CHART_POINTS], limit_y[CHART_POINTS];
};

/** As SVG that stands alone or in a page; light and dark by the reader's own choice. */
void chart_svg(FILE *out, const struct chart *chart);

/** Scale y to the curves alone, on a grid of round numbers. */
void chart_magnify(struct chart *chart);

#endif
