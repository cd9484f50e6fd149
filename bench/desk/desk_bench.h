/**
 * A calibration bench around a meter on the desk: the virtual front end as source and chamber, the
 * protective interface as the way to the meter.
 */
#ifndef OPEN382_DESK_BENCH_H
#define OPEN382_DESK_BENCH_H

#include "host/calibration/procedure.h"
#include "lab/desk_meter.h"

struct desk_bench {
    struct desk_meter *meter;
    /** Random error of the reference: of power, percent, drawn anew for each measurement and
     * system; of the angle as much as gives the same error at PF 0.5.  0: the reference is right.
     */
    double reference_pct;
    uint64_t random;                /**< seed of it */
    struct procedure_signal signal; /**< inside: the one that is connected */
};

/** Functions for procedure_run; *desk must outlive them.  The seal of the meter must be open. */
void desk_bench_functions(struct desk_bench *desk, struct procedure_bench *out);

/** Calibrate it by that table.  @return NULL, or what went wrong. */
const char *desk_bench_calibrate(struct desk_bench *desk, const struct procedure_point *point,
                                 size_t n, struct procedure_report *report);

/** Constants as a bench knows them and as the meter keeps them. */
void desk_bench_constants(const struct legal_calibration *in, struct calibration_constants *out);
void desk_bench_calibration(const struct calibration_constants *in, struct legal_calibration *out);

#endif
