/** The points that a meter goes through, in order. */
#ifndef OPEN382_TYPETEST_PLAN_H
#define OPEN382_TYPETEST_PLAN_H

#include "point.h"

#define PLAN_POINTS_MAX 1024u

enum plan_size {
    PLAN_QUICK, /**< core set, short times, little rest: a check of the bench, under a minute */
    PLAN_FULL,
};

struct plan {
    enum connection connection;
    enum plan_size size;
    size_t n;
    struct point point[PLAN_POINTS_MAX];
};

/** Points of the tests chosen (bit n: test n), and of what they are compared with. */
void plan_make(struct plan *plan, enum connection connection, enum plan_size size, unsigned tests);

/** A point's name in tables: what it has in common with its like on other phases. */
void plan_label(const struct plan *plan, size_t at, char *out, size_t size);

/** Seconds of metering that a point takes, about: settling, rest and pulses waited for. */
double plan_seconds(const struct plan *plan, size_t at);

#endif
