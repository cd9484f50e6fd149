/**
 * What a calibration found, did and left, for people and for programs.
 */
#ifndef OPEN382_CALIBRATE_REPORT_H
#define OPEN382_CALIBRATE_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "calibrate_bench.h"

/** A point of verification that errs more than this after its calibration is a failure. */
#define CALIBRATE_LIMIT_PCT 0.2

/** One calibration from its plan to its end. */
struct calibrate_story {
    char serial[40], software[40]; /**< of the meter, as it tells them */
    const char *meter_url;
    const char *source_url, *source_identity;
    char began[32]; /**< UTC by the computer's clock */
    bool shortened, dry, chamber;
    const struct procedure_point *points;
    size_t n_points;
    unsigned systems;
    double planned_s; /**< of measuring */
    struct procedure_report report;
    bool done; /**< to its end */
    enum bench_written written;
    char why[700]; /**< it ended early for this reason; "": it did not */
};

/** "L1", or in three wires "L12" and "L32". */
const char *calibrate_system_name(unsigned systems, unsigned system);

/** Points, minutes, what will happen. */
void calibrate_plan_print(FILE *out, const struct calibrate_story *story);

/** Found, before and after, how it ended. */
void calibrate_story_print(FILE *out, const struct calibrate_story *story);

/** With what stands before it, as a file to keep.  @return 0, or -1 (errno) */
int calibrate_story_save(FILE *file, const struct calibrate_story *story);

/** The same as an object. */
json_t *calibrate_story_json(const struct calibrate_story *story);

/** Constants with all their digits. */
json_t *calibrate_constants_json(const struct calibration_constants *constants);

/** Largest error of the points of verification, percent; NAN when there are none. */
double calibrate_worst_pct(const struct procedure_report *report, bool after);

/** What constants mean in physical units, a column a system. */
void calibrate_constants_print(FILE *out, const struct calibration_constants *constants,
                               unsigned systems);

#endif
