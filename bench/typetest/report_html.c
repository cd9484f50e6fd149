/** The report as one page: verdict, charts, tables, method, sources, and what it does not say. */
#include <math.h>
#include <string.h>

#include "adjust.h"
#include "charts.h"
#include "report.h"

static const char style[] =
    ":root{color-scheme:light "
    "dark;--bg:#f6f7f9;--card:#fff;--ink:#1d2733;--dim:#5b6875;--rule:#dfe4e9;"
    "--good:#1c7f4b;--bad:#b3261e;--bar:#1f5fbf}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#12171d;--card:#1a2129;--ink:#e8edf2;--dim:#"
    "a3b0bd;"
    "--rule:#323c47;--good:#6fd39d;--bad:#ff8a80;--bar:#7fb2ff}}\n"
    "*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);"
    "font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\n"
    "main{max-width:1120px;margin:0 auto;padding:28px 20px 60px}h1{font-size:27px;line-height:1.2;"
    "margin:0 0 4px}h2{font-size:19px;margin:38px 0 "
    "12px}p,li{max-width:90ch}.dim,small{color:var(--dim)}"
    "\n.verdict{display:inline-block;margin:14px 0 18px;padding:6px 14px;border-radius:6px;"
    "font-weight:600;color:#fff;background:var(--good)}.verdict.bad{background:var(--bad)}\n"
    "@media(prefers-color-scheme:dark){.verdict{color:#10151a}}\n"
    ".facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,155px),1fr));gap:"
    "1px;"
    "background:var(--rule);border:1px solid var(--rule);border-radius:8px;overflow:hidden}"
    ".facts div{background:var(--card);padding:10px 14px}.facts b{display:block;font-size:17px}\n"
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:"
    "14px}"
    "figure{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:8px;"
    "padding:10px}figure svg{display:block;width:100%;height:auto}\n"
    ".wide{overflow-x:auto;background:var(--card);border:1px solid var(--rule);border-radius:8px}"
    "table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}"
    "th,td{padding:6px 10px;text-align:right;white-space:nowrap;border-bottom:1px solid "
    "var(--rule)}"
    "tr:last-child td{border-bottom:0}th{font-weight:600;color:var(--dim)}th:first-child,"
    "td:first-child,.l{text-align:left}td.w{white-space:normal;min-width:190px}\n"
    ".ok{color:var(--good);font-weight:600}.no{color:var(--bad);font-weight:600}"
    ".bar{display:inline-block;width:90px;height:8px;border-radius:4px;background:var(--rule);"
    "vertical-align:middle;margin-right:8px;overflow:hidden}.bar i{display:block;height:100%;"
    "background:var(--bar)}.bar.no i{background:var(--bad)}\n"
    "details{margin:0 0 12px}summary{cursor:pointer;padding:8px 2px;font-weight:600}"
    "summary small{font-weight:400;margin-left:8px}details p{margin:0 0 8px}\n"
    "@media print{body{background:#fff}details{break-inside:avoid}}\n";

static void text(FILE *out, const char *plain)
{
    for (; *plain != '\0'; plain++) {
        switch (*plain) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        default: fputc(*plain, out);
        }
    }
}

static void number(FILE *out, double value, int digits)
{
    if (isfinite(value)) {
        fprintf(out, "%s%.*f", value < 0.0 ? "&minus;" : "", digits, fabs(value));
    } else {
        fputs("none", out);
    }
}

/** Figures of a test are all given alike. */
static int digits_of(enum test test)
{
    switch (test) {
    case TEST_NO_LOAD: return 0;
    case TEST_START: return 0;
    case TEST_START_UP: return 1;
    case TEST_TEMPERATURE: return 5;
    default: return 4;
    }
}

/** ---- head ---------------------------------------------------------------------------------- */

static void fact(FILE *out, const char *what, const char *value)
{
    fputs("<div><small>", out);
    text(out, what);
    fputs("</small><b>", out);
    text(out, value);
    fputs("</b></div>\n", out);
}

static void head(FILE *out, const struct run *run, const struct evaluation *evaluation)
{
    static const char *const twins[ACCURACIES] = {"IEC class 2, reactive 2",
                                                  "IEC class 1, reactive 2", "reactive 2"};
    const struct legal_identity *id = &run->identity;
    char value[128];
    fprintf(out,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta "
            "name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>Type test, "
            "class %s</title>\n<style>\n%s</style></head>\n<body><main>\n<h1>Type test of open382, "
            "class %s</h1>\n<p class=\"dim\">EN 50470-3, IEC 62053-21 and IEC 62053-23, on virtual "
            "meters; 0.25-5(100) A, 3&times;230/400 V, 50 Hz</p>\n",
            report_class(run), style, report_class(run));
    if (evaluation->failures == 0) {
        fputs("<div class=\"verdict\">All limits kept</div>\n", out);
    } else {
        fprintf(out, "<div class=\"verdict bad\">%u figures beyond their limits</div>\n",
                evaluation->failures);
    }
    fputs("<div class=\"facts\">\n", out);
    (void)snprintf(value, sizeof value, "%s; %s", report_class(run), twins[run->options.accuracy]);
    fact(out, "Class", value);
    (void)snprintf(value, sizeof value, "%u meters, %u whole matrix", run->options.meters,
                   run->options.whole);
    fact(out, "Population", value);
    (void)snprintf(value, sizeof value, "%llu to %llu", (unsigned long long)run->options.seed,
                   (unsigned long long)run->options.seed + run->options.meters - 1u);
    fact(out, "Seeds", value);
    (void)snprintf(value, sizeof value, "%.0f hours, %s plan", run->metered_s / 3600.0,
                   run->options.size == PLAN_QUICK ? "quick" : "full");
    fact(out, "Metered", value);
    (void)snprintf(value, sizeof value, "%u %c%u", id->number, id->revision_letter,
                   id->revision_number);
    fact(out, "Legal software", value);
    (void)snprintf(value, sizeof value, "%08X", id->checksum);
    fact(out, "Checksum", value);
    fputs("</div>\n", out);
}

/** ---- summary ------------------------------------------------------------------------------- */

static void limit_text(FILE *out, const struct evaluated_row *row)
{
    const char *unit = test_rows[row->test].unit;
    const bool two_sided =
        strchr(unit, '%') != NULL && row->test != TEST_REPEAT && row->test != TEST_COMPOSITE;
    if (!row->limited) {
        fputs("&ndash;", out);
    } else if (row->limit.minus != row->limit.plus) {
        fprintf(out, "+%g, &minus;%g", row->limit.plus, floor(row->limit.minus));
    } else {
        fprintf(out, "%s%.4g", two_sided ? "&plusmn;" : "&le; ", row->limit.plus);
    }
}

static void summary_row(FILE *out, const struct evaluation *evaluation, enum test test)
{
    const struct report_test sum = report_test_of(evaluation, test);
    const struct evaluated_row *row = sum.nearest;
    if (row == NULL) {
        return;
    }
    const double used = fmin(row->limited ? row->used : 0.0, 1.0);
    fprintf(out, "<tr><td class=\"w\"><a href=\"#%s\" style=\"color:inherit\">",
            test_rows[test].name);
    text(out, test_rows[test].title);
    fputs("</a></td><td>", out);
    limit_text(out, row);
    fputs("</td><td>", out);
    number(out, row->worst, digits_of(test));
    fprintf(out, "</td><td class=\"l\">%s</td><td class=\"l w\">", test_rows[test].unit);
    text(out, row->label);
    fprintf(out,
            "</td><td class=\"l\"><span class=\"bar%s\"><i style=\"width:%.0f%%\"></i></span>%.0f "
            "%%</td><td>%u</td><td>%u</td><td class=\"%s\">%s</td></tr>\n",
            sum.failures > 0 ? " no" : "", 100.0 * used, 100.0 * row->used, sum.meters, sum.values,
            sum.failures > 0 ? "no" : "ok", sum.failures > 0 ? "passed" : "kept");
}

static void summary(FILE *out, const struct evaluation *evaluation)
{
    fputs("<h2>What came nearest to its limit</h2>\n<div class=\"wide\"><table><tr><th>Test</th>"
          "<th>Limit</th><th>Worst</th><th class=\"l\"></th><th class=\"l\">at</th><th class=\"l\">"
          "Part of the limit</th><th>Meters</th><th>Values</th><th></th></tr>\n",
          out);
    for (unsigned test = 0; test < TESTS; test++) {
        summary_row(out, evaluation, (enum test)test);
    }
    fputs("</table></div>\n", out);
}

/** ---- charts -------------------------------------------------------------------------------- */

static void charts(FILE *out, const struct run *run)
{
    struct chart chart;
    fputs(
        "<h2>Typical accuracy</h2>\n<p>The five charts of the data sheet: left with the limits of "
        "the class, right the same curves magnified. Lines are the mean of all meters, bands go "
        "from the least to the most.</p>\n<div class=\"charts\">\n",
        out);
    for (unsigned k = 0; k < CHARTS; k++) {
        if (chart_make(run, k, &chart)) {
            fputs("<figure>", out);
            chart_svg(out, &chart);
            fputs("</figure>\n<figure>", out);
            chart_magnify(&chart);
            chart_svg(out, &chart);
            fputs("</figure>\n", out);
        }
    }
    fputs("</div>\n", out);
}

/** ---- tables -------------------------------------------------------------------------------- */

static void seconds(FILE *out, const struct evaluated_row *row)
{
    const long shortest = lround(row->shortest_s), longest = lround(row->longest_s);
    if (row->test == TEST_COMPOSITE) {
        fputs("<td>&ndash;</td>", out);
    } else if (shortest == longest) {
        fprintf(out, "<td>%ld</td>", shortest);
    } else {
        fprintf(out, "<td>%ld&ndash;%ld</td>", shortest, longest);
    }
}

static void table_row(FILE *out, const struct evaluated_row *row)
{
    const int digits = digits_of(row->test);
    const double figures[] = {row->worst, row->p95, row->mean, row->sd};
    fputs("<tr><td class=\"w\">", out);
    text(out, row->label);
    fputs("</td><td>", out);
    limit_text(out, row);
    fprintf(out, "</td><td class=\"%s\">", row->failures > 0 ? "no" : "");
    for (unsigned k = 0; k < 4u; k++) {
        number(out, figures[k], k == 0 ? digits : digits > 3 ? digits : digits + 1);
        fputs(k < 3u ? "</td><td>" : "</td>", out);
    }
    seconds(out, row);
    fprintf(out, "<td>%u</td><td>%u</td><td class=\"l w\"><small>", row->meters, row->values);
    text(out, row->limited ? row->limit.source : "no limit there");
    fputs("</small></td></tr>\n", out);
}

static void table(FILE *out, const struct evaluation *evaluation, enum test test)
{
    const struct report_test sum = report_test_of(evaluation, test);
    if (sum.rows == 0) {
        return;
    }
    fprintf(out, "<details id=\"%s\"%s><summary>", test_rows[test].name,
            sum.rows <= 8u || sum.failures > 0 ? " open" : "");
    text(out, test_rows[test].title);
    fprintf(out, "<small>%u points, %u values</small></summary><p class=\"dim\">", sum.rows,
            sum.values);
    text(out, test_rows[test].method);
    fprintf(out,
            ". Figures in %s.</p><div class=\"wide\"><table><tr><th>Point</th><th>Limit</th><th>"
            "Worst</th><th>95 %%</th><th>Mean</th><th>sd</th><th>Seconds</th><th>Meters</th><th>"
            "Values</th><th class=\"l\">Source of the limit</th></tr>\n",
            test_rows[test].unit);
    for (size_t k = 0; k < evaluation->n; k++) {
        if (evaluation->row[k].test == test) {
            table_row(out, &evaluation->row[k]);
        }
    }
    fputs("</table></div></details>\n", out);
}

/** ---- method -------------------------------------------------------------------------------- */

static const char method[] =
    "<h2>Method</h2><ul>\n"
    "<li>One seed is one physical meter: gains, delays, drifts, noise, crosstalk, clocks and the "
    "rest "
    "are drawn from fixed distributions (docs/front-end.md). The meter sees codes and its "
    "temperature "
    "sensor, nothing else.</li>\n"
    "<li>From 0.5 A up the LED is timed: the energy of at least three intervals between pulses, "
    "over "
    "the true time between them. Edges are exact to 1 &micro;s. Export and reactive energy are "
    "shown "
    "at the LED in test mode.</li>\n"
    "<li>Below 0.5 A, and for burst fire, the fine registers (1 &micro;Wh) are read from one of "
    "their "
    "steps to a later one. Below 2.3 W a phase nothing is registered.</li>\n"
    "<li>The reference is exact: a closed form from the definition of the signal, with no code or "
    "constant in common with front end, meter or calibration.</li>\n"
    "<li>Variations are differences of two errors of the same meter, each measured once. "
    "Current-less "
    "time between points is metered sample by sample.</li></ul>\n";

static const char limits_text[] =
    "<h2>Limits and their sources</h2><p>Where several standards have a limit the tightest counts; "
    "each table names it. [S] was read in a source, [R] is recalled from the standard and has to "
    "be "
    "checked against the bought text before anything is claimed with it. This page is no "
    "declaration "
    "of conformity: it says what a model of the meter does.</p>\n"
    "<h2>Not in it</h2><ul><li>Magnetic and radio fields, fast transients, surges, accessories: "
    "nothing of them is in the model.</li><li>The chamber: its temperature is the same everywhere "
    "at "
    "once, but for the shunt's own heat. Air, humidity, ageing, mechanics: none.</li><li>The start "
    "of "
    "the processor: start-up begins with a running program.</li><li>What a real reference standard "
    "and a real source add to a measurement; only the error of the one used for calibration is "
    "drawn.</li></ul>\n</main></body></html>\n";

static void uncertainty(FILE *out, const struct evaluation *evaluation)
{
    fprintf(out,
            "<h2>Calibration, repeatability, uncertainty</h2><p>Each meter was calibrated with the "
            "seal open by the full procedure of a station (10 A at PF 1 and PF 0.5 inductive, 100 "
            "A until "
            "warm, current open, 10 A at two other temperatures), against a reference standard "
            "that errs by "
            "a new random %.2f %% of the power and 0.012 crad at each reading and phase (standard "
            "deviations); then the seal was closed. That error stays in the meters and is part of "
            "what is "
            "found here.</p>\n",
            ADJUST_REFERENCE_PCT);
    const struct report_test sum = report_test_of(evaluation, TEST_REPEAT);
    if (sum.nearest != NULL) {
        fprintf(
            out,
            "<p>The reference of the test itself is exact. What is left as uncertainty of a figure "
            "is the meter's noise over the measuring time: repeated measurements have a standard "
            "deviation of at most %.4f %% in the worst meter (%s).</p>\n",
            sum.nearest->worst, sum.nearest->label);
    }
}

void report_html(FILE *out, const struct run *run, const struct evaluation *evaluation)
{
    head(out, run, evaluation);
    summary(out, evaluation);
    charts(out, run);
    fputs("<h2>All points</h2>\n", out);
    for (unsigned test = 0; test < TESTS; test++) {
        table(out, evaluation, (enum test)test);
    }
    fputs(method, out);
    uncertainty(out, evaluation);
    fputs(limits_text, out);
}
