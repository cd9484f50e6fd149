/** Calibration by the procedure that stations use, on the desk's own bench. */
#include "adjust.h"

#include "bench/desk/desk_bench.h"

/** Readings of the reference standard are drawn apart from the meter's own properties. */
#define REFERENCE_STREAM UINT64_C(0x5245464552454E43)

double adjust_seconds(void)
{
    return procedure_seconds(procedure_points_full, procedure_n_points_full, true);
}

const char *adjust_meter(struct desk_meter *meter, uint64_t seed)
{
    struct procedure_report report;
    struct desk_bench desk = {
        .meter = meter, .reference_pct = ADJUST_REFERENCE_PCT, .random = seed ^ REFERENCE_STREAM};
    const char *fault =
        desk_bench_calibrate(&desk, procedure_points_full, procedure_n_points_full, &report);
    front_end_ambient(&meter->front_end, RATED_CHAMBER);
    meter->seal_open = false;
    return fault;
}
