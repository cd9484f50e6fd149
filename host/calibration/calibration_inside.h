/** Inside of the calibration: linear equations. */
#ifndef OPEN382_HOST_CALIBRATION_INSIDE_H
#define OPEN382_HOST_CALIBRATION_INSIDE_H

#include <stdbool.h>
#include <stddef.h>

#define CALIBRATION_UNKNOWNS 8u

/** Normal equations, filled row by row. */
struct calibration_equations {
    size_t n;
    double matrix[CALIBRATION_UNKNOWNS][CALIBRATION_UNKNOWNS];
    double right[CALIBRATION_UNKNOWNS];
};

/** weight * (row . x) should be weight * value. */
void calibration_equations_add(struct calibration_equations *equations, const double *row,
                               double value, double weight);

/** @return false: the rows don't determine all unknowns. */
bool calibration_equations_solve(struct calibration_equations *equations, double *x);

#endif
