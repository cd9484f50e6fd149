/** A population of meters through their plans, on all cores; and what is made of the outcomes. */
#ifndef OPEN382_TYPETEST_RUN_H
#define OPEN382_TYPETEST_RUN_H

#include <stdint.h>

#include "measure.h"

struct run_options {
    enum plan_size size;
    enum accuracy accuracy;
    unsigned tests;  /**< bit n: test n */
    unsigned meters; /**< of the core set; four wires */
    unsigned whole; /**< of these, those that go through all points; as many of other connections */
    unsigned jobs;  /**< threads */
    uint64_t seed;  /**< of the first meter */
    bool quiet;     /**< no progress bar */
};

/** One connection: its plan and the outcomes of its meters. */
struct series {
    struct plan plan;
    size_t meters;
    struct outcome *outcome; /**< [meter * plan.n + point] */
    bool *done;              /**< likewise: measured at all */
};

struct run {
    struct run_options options;
    struct series series[CONNECTIONS];
    const char *fault; /**< why a meter could not be calibrated; NULL: none */
    uint64_t fault_seed;
    double metered_s, took_s;
    struct legal_identity identity;
};

/** @return false: no memory, or a meter could not be calibrated (run->fault). */
bool run_all(struct run *run, const struct run_options *options);
void run_free(struct run *run);

/** A point's value for a meter: error, or difference from its base; false: it has none. */
bool run_value(const struct series *series, size_t meter, size_t point, double *value);

#endif
