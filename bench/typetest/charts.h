/** The five charts of the data sheet (spec metrology 1.5) from what was measured. */
#ifndef OPEN382_TYPETEST_CHARTS_H
#define OPEN382_TYPETEST_CHARTS_H

#include "chart.h"
#include "run.h"

enum { CHARTS = 5 };

/** @return false: nothing of it was measured. */
bool chart_make(const struct run *run, unsigned which, struct chart *out);

#endif
