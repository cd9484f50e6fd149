#include "calibrate_report.h"

#include <math.h>
#include <string.h>

#include "calibrate_progress.h"

#define Q40        1099511627776.0
#define Q68        295147905179352825856.0
#define RATED_A    100.0
#define FOREVER    1e6
#define NOTHING_DB (-250.0)
#define HZ         50.0
#define TURN       6.283185307179586

const char *calibrate_system_name(unsigned systems, unsigned system)
{
    static const char *const names[][CALIBRATION_SYSTEMS] = {
        {"L1", "", ""}, {"L12", "L32", ""}, {"L1", "L2", "L3"}};
    return names[systems - 1u][system];
}

/** ---- rows ---------------------------------------------------------------------------------- */

/** A figure of each system; the offset is that of a double in struct calibration_report. */
static const struct found_row {
    const char *label, *unit, *key;
    int digits;
    double factor;
    size_t offset;
} found_rows[] = {
#define FOUND(member) offsetof(struct calibration_report, member)
    {"error of power", "%", "power_pct", 3, 1.0, FOUND(power_pct)},
    {"error of voltage", "%", "voltage_pct", 3, 1.0, FOUND(voltage_pct)},
    {"error of current", "%", "current_pct", 3, 1.0, FOUND(current_pct)},
    {"delay of the current channel", "us", "delay_us", 2, 1.0, FOUND(delay_us)},
    {"crosstalk, own voltage", "dB", "crosstalk_db", 1, 1.0, FOUND(crosstalk_db)},
    {"crosstalk, next system", "dB", "neighbour_1_db", 1, 1.0, FOUND(neighbour_db[0])},
    {"crosstalk, the one after", "dB", "neighbour_2_db", 1, 1.0, FOUND(neighbour_db[1])},
    {"noise of the current", "mA", "noise_ma", 2, 1000.0, FOUND(noise_a)},
    {"sample clock", "ppm", "clock_ppm", 2, 1.0, FOUND(clock_ppm)},
    {"drift of power", "ppm/K", "drift_ppm_k", 1, 1.0, FOUND(drift_ppm_k)},
    {"drift not compensated", "ppm", "drift_left_ppm", 1, 1.0, FOUND(drift_left_ppm)},
    {"self-heating at 100 A", "ppm", "heating_ppm", 0, 1.0, FOUND(heating_ppm)},
    {"its time constant", "s", "heating_s", 0, 1.0, FOUND(heating_s)},
    {"disagreement of the readings", "ppm", "residual_ppm", 1, 1.0, FOUND(residual_ppm)},
};
#define N_FOUND (sizeof found_rows / sizeof found_rows[0])

static double found_of(const struct found_row *row, const struct calibration_report *report)
{
    double value;
    memcpy(&value, (const char *)report + row->offset, sizeof value);
    return row->factor * value;
}

/** Zero, or a crosstalk of nothing: the table of points did not look for it. */
static bool found_known(double value)
{
    return isfinite(value) && value != 0.0 && value > NOTHING_DB;
}

static bool found_anywhere(const struct found_row *row, const struct procedure_report *report)
{
    bool any = false;
    for (unsigned s = 0; s < report->systems; s++) {
        any = any || found_known(found_of(row, &report->system[s]));
    }
    return any;
}

static void header_print(FILE *out, const char *title, unsigned systems, unsigned times)
{
    (void)fprintf(out, "%-38s", title);
    for (unsigned k = 0; k < times * systems; k++) {
        (void)fprintf(out, "%s%10s", k > 0 && k % systems == 0 ? "  " : "",
                      calibrate_system_name(systems, k % systems));
    }
    (void)fputc('\n', out);
}

static void found_print(FILE *out, const struct procedure_report *report)
{
    header_print(out, "Found", report->systems, 1);
    for (size_t i = 0; i < N_FOUND; i++) {
        const struct found_row *row = &found_rows[i];
        char label[60];
        if (!found_anywhere(row, report)) {
            continue;
        }
        (void)snprintf(label, sizeof label, "  %s, %s", row->label, row->unit);
        (void)fprintf(out, "%-38s", label);
        for (unsigned s = 0; s < report->systems; s++) {
            (void)fprintf(out, "%10.*f", row->digits, found_of(row, &report->system[s]));
        }
        (void)fputc('\n', out);
    }
}

/** ---- points -------------------------------------------------------------------------------- */

void calibrate_plan_print(FILE *out, const struct calibrate_story *story)
{
    char minutes[CALIBRATE_MINUTES_MAX];
    calibrate_minutes_text(story->planned_s, minutes);
    (void)fprintf(out, "Meter %s, software %s, %u system%s, at %s\n", story->serial,
                  story->software, story->systems, story->systems > 1 ? "s" : "", story->meter_url);
    (void)fprintf(out, "Source %s at %s, %s chamber\n\n", story->source_identity, story->source_url,
                  story->chamber ? "with a" : "without a");
    for (size_t k = 0; k < story->n_points; k++) {
        const struct procedure_point *point = &story->points[k];
        if (procedure_applies(point, story->chamber, story->systems)) {
            const bool twice = point->kind == PROCEDURE_VERIFY && !story->dry;
            (void)fprintf(out, "  %-24s %5u s%s\n", point->what, point->seconds,
                          point->kind != PROCEDURE_VERIFY ? ""
                          : twice                         ? "  verification, before and after"
                                                          : "  verification, before");
        }
    }
    (void)fprintf(out, "\n%s minutes of the signal's time%s.%s\n", minutes,
                  story->chamber ? ", and what the chamber needs" : "",
                  story->dry ? "  Nothing will be written." : "");
}

double calibrate_worst_pct(const struct procedure_report *report, bool after)
{
    double worst = (double)NAN;
    for (unsigned k = 0; k < report->n_verified; k++) {
        for (unsigned s = 0; s < report->systems; s++) {
            const struct procedure_verified *row = &report->verified[k];
            worst = fmax(worst, fabs(after ? row->after_pct[s] : row->before_pct[s]));
        }
    }
    return worst;
}

static void verified_print(FILE *out, const struct calibrate_story *story)
{
    const struct procedure_report *report = &story->report;
    const unsigned times = story->done && !story->dry ? 2u : 1u;
    header_print(out, times == 2u ? "Errors, %: before, after" : "Errors, %: before",
                 report->systems, times);
    for (unsigned k = 0; k < report->n_verified; k++) {
        const struct procedure_verified *row = &report->verified[k];
        (void)fprintf(out, "  %-36s", row->what);
        for (unsigned s = 0; s < report->systems; s++) {
            (void)fprintf(out, "%+10.3f", row->before_pct[s]);
        }
        for (unsigned s = 0; s < report->systems && times == 2u; s++) {
            (void)fprintf(out, "%s%+10.4f", s == 0 ? "  " : "", row->after_pct[s]);
        }
        (void)fputc('\n', out);
    }
}

/** ---- the end ------------------------------------------------------------------------------- */

static const char *written_text(const struct calibrate_story *story)
{
    if (story->dry) {
        return "Nothing was written: the meter has its old constants.";
    }
    switch (story->written) {
    case BENCH_OLD: return "The meter has its old constants.";
    case BENCH_NEW: return "The meter has the new constants, in all its systems.";
    case BENCH_UNKNOWN: break;
    }
    return "The meter has its old constants or all new ones; metertool calibrate show tells which.";
}

void calibrate_story_print(FILE *out, const struct calibrate_story *story)
{
    const struct procedure_report *report = &story->report;
    const bool computed = story->done || story->written != BENCH_OLD;
    if (computed) {
        found_print(out, report);
        (void)fputc('\n', out);
    }
    if (report->n_verified > 0) {
        verified_print(out, story);
        (void)fputc('\n', out);
    }
    if (story->done && !story->dry) {
        (void)fprintf(out, "Worst error: %.3f %% before, %.4f %% after.  ",
                      calibrate_worst_pct(report, false), calibrate_worst_pct(report, true));
    } else if (report->n_verified > 0) {
        (void)fprintf(out, "Worst error: %.3f %% before.  ", calibrate_worst_pct(report, false));
    }
    (void)fprintf(out, "%s\n", written_text(story));
}

int calibrate_story_save(FILE *file, const struct calibrate_story *story)
{
    (void)fprintf(file, "Calibration, begun %s (UTC)%s%s\n\n", story->began,
                  story->shortened ? ", short table" : "", story->dry ? ", dry run" : "");
    calibrate_plan_print(file, story);
    (void)fputc('\n', file);
    calibrate_story_print(file, story);
    if (story->why[0] != '\0') {
        (void)fprintf(file, "It ended at \"%s\": %s\n", story->report.at, story->why);
    }
    if (story->done) {
        (void)fputs(story->dry ? "\nConstants that were computed\n" : "\nConstants written\n",
                    file);
        calibrate_constants_print(file, story->report.after, story->systems);
    }
    return fflush(file) == 0 && ferror(file) == 0 ? 0 : -1;
}

/** ---- constants ----------------------------------------------------------------------------- */

static double gain_pct(uint32_t gain, uint32_t nominal)
{
    return 100.0 * ((double)gain / nominal - 1.0);
}

/** By how much the filter lets the voltage wait for the current. */
static double delay_us(const struct calibration_constants *c)
{
    double re, im;
    calibration_filter_response(&calibration_type_382, c, HZ, &re, &im);
    const double angle =
        atan2(im, re) + TURN * HZ / calibration_type_382.sample_hz * c->current_delay_samples;
    return -1e6 * remainder(angle, TURN) / (TURN * HZ);
}

static double decibel(int32_t re_q40, int32_t im_q40)
{
    const double size = hypot(re_q40, im_q40) / Q40;
    return size > 0.0 ? 20.0 * log10(size) : -(double)INFINITY;
}

static double constant_of(const struct calibration_constants *c, unsigned row)
{
    const struct calibration_type *type = &calibration_type_382;
    switch (row) {
    case 0: return gain_pct(c->power_gain, type->power_gain_nominal);
    case 1: return gain_pct(c->voltage_gain, type->voltage_gain_nominal);
    case 2: return gain_pct(c->current_gain, type->current_gain_nominal);
    case 3: return delay_us(c);
    case 4: return decibel(c->crosstalk_g_q40, c->crosstalk_b_q40);
    case 5: return decibel(c->neighbour_re_q40[0], c->neighbour_im_q40[0]);
    case 6: return decibel(c->neighbour_re_q40[1], c->neighbour_im_q40[1]);
    case 7: return 1000.0 * sqrt(c->current_noise_lsb2) * type->full_scale_a / type->full_scale_lsb;
    case 8: return 1e-3 * c->clock_ppb;
    case 9: return 0.01 * c->reference_cc;
    case 10: return 1e8 * c->power_drift.linear_q40 / Q40;
    case 11: return 1e12 * c->power_drift.cubic_q68 / Q68;
    case 12: return 1e8 * c->voltage_drift.linear_q40 / Q40;
    case 13: return c->heating_s == 0 ? 0.0 : calibration_heating_ppm(type, c, RATED_A, FOREVER);
    default: return c->heating_s;
    }
}

static const struct {
    const char *label;
    int digits;
} constant_rows[] = {
    {"power gain, % off nominal", 4},
    {"voltage gain, % off nominal", 4},
    {"current gain, % off nominal", 4},
    {"delay made up for, us", 3},
    {"crosstalk of the own voltage, dB", 1},
    {"crosstalk of the next system, dB", 1},
    {"crosstalk of the one after, dB", 1},
    {"noise of the current, mA", 2},
    {"sample clock, ppm fast", 3},
    {"reference temperature, C", 2},
    {"drift of power, ppm/K", 2},
    {"drift of power, cubic, ppm/K^3", 6},
    {"drift of voltage, ppm/K", 2},
    {"self-heating at 100 A, ppm", 1},
    {"its time constant, s", 0},
};

void calibrate_constants_print(FILE *out, const struct calibration_constants *constants,
                               unsigned systems)
{
    header_print(out, "Constants", systems, 1);
    for (unsigned row = 0; row < sizeof constant_rows / sizeof constant_rows[0]; row++) {
        (void)fprintf(out, "  %-36s", constant_rows[row].label);
        for (unsigned s = 0; s < systems; s++) {
            const double value = constant_of(&constants[s], row);
            if (isfinite(value)) {
                (void)fprintf(out, "%10.*f", constant_rows[row].digits, value + 0.0);
            } else {
                (void)fprintf(out, "%10s", "none");
            }
        }
        (void)fputc('\n', out);
    }
}

static json_t *integers(const int32_t *value, size_t n)
{
    json_t *all = json_array();
    for (size_t k = 0; k < n; k++) {
        json_array_append_new(all, json_integer(value[k]));
    }
    return all;
}

static json_t *drift_json(const struct calibration_drift_terms *terms)
{
    return json_pack("{s:i, s:i, s:i}", "linear_q40", terms->linear_q40, "quadratic_q54",
                     terms->quadratic_q54, "cubic_q68", terms->cubic_q68);
}

json_t *calibrate_constants_json(const struct calibration_constants *c)
{
    json_t *all = json_pack(
        "{s:I, s:I, s:I, s:i, s:i, s:I, s:i, s:i, s:o, s:o, s:i, s:i, s:i}", "power_gain",
        (json_int_t)c->power_gain, "voltage_gain", (json_int_t)c->voltage_gain, "current_gain",
        (json_int_t)c->current_gain, "crosstalk_g_q40", c->crosstalk_g_q40, "crosstalk_b_q40",
        c->crosstalk_b_q40, "current_noise_lsb2", (json_int_t)c->current_noise_lsb2,
        "current_delay_samples", (int)c->current_delay_samples, "reference_cc",
        (int)c->reference_cc, "power_drift", drift_json(&c->power_drift), "voltage_drift",
        drift_json(&c->voltage_drift), "heating_s", (int)c->heating_s, "heating_q64",
        c->heating_q64, "clock_ppb", c->clock_ppb);
    json_object_set_new(all, "voltage_fir_q28", integers(c->voltage_fir_q28, CALIBRATION_TAPS));
    json_object_set_new(all, "neighbour_re_q40",
                        integers(c->neighbour_re_q40, CALIBRATION_NEIGHBOURS));
    json_object_set_new(all, "neighbour_im_q40",
                        integers(c->neighbour_im_q40, CALIBRATION_NEIGHBOURS));
    return all;
}

/** ---- JSON ---------------------------------------------------------------------------------- */

static json_t *numbers(const double *value, unsigned n)
{
    json_t *all = json_array();
    for (unsigned k = 0; k < n; k++) {
        json_array_append_new(all, json_real(value[k]));
    }
    return all;
}

static json_t *verified_json(const struct calibrate_story *story)
{
    json_t *all = json_array();
    for (unsigned k = 0; k < story->report.n_verified; k++) {
        const struct procedure_verified *row = &story->report.verified[k];
        json_t *one = json_pack("{s:s, s:o}", "point", row->what, "before_pct",
                                numbers(row->before_pct, story->systems));
        if (story->done && !story->dry) {
            json_object_set_new(one, "after_pct", numbers(row->after_pct, story->systems));
        }
        json_array_append_new(all, one);
    }
    return all;
}

static json_t *found_json(const struct calibration_report *report)
{
    json_t *one = json_object();
    for (size_t i = 0; i < N_FOUND; i++) {
        const double value = found_of(&found_rows[i], report);
        json_object_set_new(one, found_rows[i].key,
                            found_known(value) ? json_real(value) : json_null());
    }
    return one;
}

json_t *calibrate_story_json(const struct calibrate_story *story)
{
    static const char *const written[] = {
        [BENCH_OLD] = "no", [BENCH_NEW] = "yes", [BENCH_UNKNOWN] = "unknown"};
    json_t *all = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:b, s:b, s:f, s:b, s:s}", "meter",
                            story->meter_url, "serial", story->serial, "software", story->software,
                            "source", story->source_identity, "began", story->began, "systems",
                            (int)story->systems, "short", story->shortened, "chamber",
                            story->chamber, "dry_run", story->dry, "planned_s", story->planned_s,
                            "done", story->done, "written", written[story->written]);
    json_object_set_new(all, "ended_at", json_string(story->report.at));
    json_object_set_new(all, "reason", json_string(story->why));
    json_object_set_new(all, "verification", verified_json(story));
    json_t *found = json_array(), *before = json_array(), *after = json_array();
    for (unsigned s = 0; s < story->systems && story->done; s++) {
        json_array_append_new(found, found_json(&story->report.system[s]));
        json_array_append_new(before, calibrate_constants_json(&story->report.before[s]));
        json_array_append_new(after, calibrate_constants_json(&story->report.after[s]));
    }
    json_object_set_new(all, "found", found);
    json_object_set_new(all, "constants_before", before);
    json_object_set_new(all, "constants_after", after);
    return all;
}
