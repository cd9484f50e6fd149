/** Least squares by normal equations; few and well-scaled unknowns. */
#include "calibration_inside.h"

#include <math.h>

#define SINGULAR 1e-13 /* of what stood on the diagonal */

void calibration_equations_add(struct calibration_equations *equations, const double *row,
                               double value, double weight)
{
    const double w = weight * weight;
    for (size_t r = 0; r < equations->n; r++) {
        for (size_t c = 0; c < equations->n; c++) {
            equations->matrix[r][c] += w * row[r] * row[c];
        }
        equations->right[r] += w * row[r] * value;
    }
}

/** Cholesky, in the lower half. */
static bool factorise(struct calibration_equations *e)
{
    for (size_t c = 0; c < e->n; c++) {
        double rest = e->matrix[c][c];
        for (size_t k = 0; k < c; k++) {
            rest -= e->matrix[c][k] * e->matrix[c][k];
        }
        if (!(rest > SINGULAR * e->matrix[c][c])) {
            return false;
        }
        e->matrix[c][c] = sqrt(rest);
        for (size_t r = c + 1; r < e->n; r++) {
            double sum = e->matrix[r][c];
            for (size_t k = 0; k < c; k++) {
                sum -= e->matrix[r][k] * e->matrix[c][k];
            }
            e->matrix[r][c] = sum / e->matrix[c][c];
        }
    }
    return true;
}

bool calibration_equations_solve(struct calibration_equations *e, double *x)
{
    if (!factorise(e)) {
        return false;
    }
    for (size_t r = 0; r < e->n; r++) {
        double sum = e->right[r];
        for (size_t k = 0; k < r; k++) {
            sum -= e->matrix[r][k] * x[k];
        }
        x[r] = sum / e->matrix[r][r];
    }
    for (size_t r = e->n; r-- > 0;) {
        double sum = x[r];
        for (size_t k = r + 1; k < e->n; k++) {
            sum -= e->matrix[k][r] * x[k];
        }
        x[r] = sum / e->matrix[r][r];
    }
    return true;
}
