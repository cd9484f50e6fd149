/** Inside of the procedure: what was measured, before anything is computed. */
#ifndef OPEN382_HOST_CALIBRATION_PROCEDURE_INSIDE_H
#define OPEN382_HOST_CALIBRATION_PROCEDURE_INSIDE_H

#include "procedure.h"

#define PROCEDURE_POINTS_MAX 16u
#define PROCEDURE_SLICES_MAX 64u
#define PROCEDURE_SETTLE_S   2.0 /**< what a bench waits after a change */

struct procedure {
    const struct procedure_bench *bench;
    struct procedure_report *report;
    enum procedure_err err;
    enum calibration_err why;
    double ambient_c; /**< of the chamber now */
    double done_s, planned_s;
    /* points at the reference temperature, loaded and open */
    struct procedure_measured point[PROCEDURE_POINTS_MAX];
    unsigned n_point, n_loaded, n_open;
    struct procedure_measured drift[PROCEDURE_POINTS_MAX];
    unsigned n_drift;
    struct procedure_measured heating[PROCEDURE_SLICES_MAX];
    double heating_at_s[PROCEDURE_SLICES_MAX]; /**< since the current was switched on */
    unsigned n_heating;
    double heating_a;
};

/** By register where it moves steadily, by instantaneous values below. */
double procedure_active_w(const struct procedure_reading *reading);

/** All constants, into the report.  @return false: p->err and p->why say why not. */
bool procedure_compute(struct procedure *p);

#endif
