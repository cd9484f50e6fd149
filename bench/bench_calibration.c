/*
 * A population of calibrated meters against the project's goals: bench_calibration [METERS [SEED
 * [REFERENCE]]].  Each is calibrated by the full table, with a reference of that random error (sd,
 * percent), then measured without.  200 meters are 600 systems.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/desk/desk_bench.h"
#include "bench/desk/desk_proof.h"

#define METERS     8u
#define FIRST_SEED 382u

static bool one_meter(uint64_t seed, double reference_pct, struct desk_proof *proof,
                      double *heating_s)
{
    const struct front_end_options options = {.effects = FRONT_END_PHYSICAL,
                                              .systems = LEGAL_SYSTEMS};
    struct desk_bench desk = {.meter = desk_meter_new(seed, &options),
                              .reference_pct = reference_pct,
                              .random = seed + 1u};
    struct procedure_report report;
    if (desk.meter == NULL) {
        (void)fputs("bench_calibration: no memory\n", stderr);
        return false;
    }
    desk_prove_before(desk.meter, proof);
    const char *fault =
        desk_bench_calibrate(&desk, procedure_points_full, procedure_n_points_full, &report);
    if (fault == NULL) {
        desk_prove(desk.meter, proof);
        *heating_s += report.system[0].heating_s;
    } else {
        (void)fprintf(stderr, "bench_calibration: seed %llu: %s (%s)\n", (unsigned long long)seed,
                      fault, report.at);
    }
    desk_meter_free(desk.meter);
    return fault == NULL;
}

int main(int argc, char **argv)
{
    const unsigned meters = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : METERS;
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : FIRST_SEED;
    const double reference_pct = argc > 3 ? strtod(argv[3], NULL) : 0.0;
    struct desk_proof proof;
    double heating_s = 0.0;
    memset(&proof, 0, sizeof proof);
    for (unsigned m = 0; m < meters; m++) {
        if (!one_meter(seed + m, reference_pct, &proof, &heating_s)) {
            return 1;
        }
    }
    printf("calibration: worst of %u meters from seed %llu, reference %.3f %%\n", meters,
           (unsigned long long)seed, reference_pct);
    for (unsigned k = 0; k < DESK_GOALS; k++) {
        const struct desk_goal_row *row = &desk_goals[k];
        printf("  %-46s %9.4f %-6s", row->what, proof.worst[k], row->unit);
        if (row->limit > 0.0) {
            printf(" of %5.2f", row->limit);
        }
        printf("%s\n", row->limit > 0.0 && proof.worst[k] > row->limit ? "  MISSED" : "");
    }
    return 0;
}
