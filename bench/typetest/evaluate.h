/** Outcomes against limits: rows of a table, composite errors, a verdict. */
#ifndef OPEN382_TYPETEST_EVALUATE_H
#define OPEN382_TYPETEST_EVALUATE_H

#include "run.h"

#define EVALUATE_LABEL_MAX 128u

/** Values of all meters at points of one name. */
struct evaluated_row {
    enum test test;
    char label[EVALUATE_LABEL_MAX];
    bool limited;
    struct limit limit;
    double used;     /**< largest part of the limit that any value takes; 1: all of it */
    double worst;    /**< the value that takes it, or the largest */
    double p95;      /**< 95 % of the sizes are not above it */
    double mean, sd; /**< of the values */
    double least, most;
    double shortest_s, longest_s; /**< measuring times */
    unsigned least_pulses;        /**< 0: by register */
    unsigned values, failures;    /**< failures: beyond the limit, or no value came */
    unsigned meters;
    uint64_t worst_seed;
};

struct evaluation {
    size_t n;
    struct evaluated_row *row;
    unsigned failures;
};

/** @return false: no memory. */
bool evaluate(const struct run *run, struct evaluation *out);
void evaluation_free(struct evaluation *evaluation);

/**
 * Composite error of a meter at a current (0.5, 5 or 100 A, PF 1) and a temperature of the plan.
 * @return false: not all of it was measured.
 */
bool composite_error(const struct series *series, size_t meter, double current_a, double chamber_c,
                     double *out);

#endif
