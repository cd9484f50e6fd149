/**
 * Years of a meter's life in minutes: a real household's load, loss of supply every week, resets
 * and power cuts at random writes; and what must be true after all of it.
 *
 * The truth is kept beside the meter: the counters of the frames that it was given, summed exactly,
 * and the registers that it showed at the end of each interval of its load profile.
 * Source: REG-01, REG-02, LPR-01..08, BIL-02.
 */
#ifndef OPEN382_BENCH_ENDURANCE_H
#define OPEN382_BENCH_ENDURANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct endurance_plan {
    uint64_t seed;
    unsigned days;
    unsigned window_s; /**< 1 or 2: windows in which the meter gets its load */
    bool outages;      /**< an orderly loss of supply each week, for up to three days */
    bool resets;       /**< a reset of the processor each week */
    uint64_t cuts;     /**< power cuts at random writes, in all */
    FILE *progress;    /**< a line that is written over; NULL: none */
};

/** Pages of one memory. */
struct endurance_wear {
    const char *name;
    uint64_t writes;
    uint32_t page, page_writes; /**< the page written most often */
};

struct endurance_result {
    uint64_t windows, outages, resets, cuts;
    double register_kwh;       /**< A+ at the end */
    double lost_kwh;           /**< by resets and cuts, in all */
    double lost_most_wh;       /**< by one of them */
    uint64_t records;          /**< of the load profile, each compared */
    uint64_t records_lost;     /**< to a cut in the middle of their page */
    uint64_t analysis_records; /**< of the analysis logger, each compared */
    uint32_t debiting;         /**< records of debiting log 1 */
    uint32_t status, clock;    /**< events logged */
    struct endurance_wear wear[3];
};

/**
 * Live through the plan.
 * @param why  when something is not as it must be: what, and when
 * @return     0; -1: *why says what is wrong; -2: no memory, or the meter does not start
 */
int endurance_run(const struct endurance_plan *plan, struct endurance_result *result,
                  char why[256]);

#endif
