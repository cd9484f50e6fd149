/**
 * A table of measured values over time as a source: rows held until the next, or interpolated.
 */
#ifndef OPEN382_LAB_TABLE_H
#define OPEN382_LAB_TABLE_H

#include "source.h"

/** Quantity-major, phase-minor: column = quantity * 3 + phase. */
enum table_column {
    TABLE_U1 = 0,
    TABLE_I1 = 3,
    TABLE_PF1 = 6, /**< negative = capacitive */
    TABLE_P1 = 9,
    TABLE_Q1 = 12,
    TABLE_F = 15,
    TABLE_COLUMNS
};

struct lab_table {
    size_t n_rows;
    int64_t *at_us; /**< ascending */
    struct {
        bool present;
        double factor; /**< of the unit in the file; values are V, A, W, var already */
        double *value;
    } column[TABLE_COLUMNS];
    bool linear, repeat;
    size_t cursor;
};

/** What stands in a column before the first measured value. */
double lab_table_default(int column);

/** End of the last row: as long as the row before it. */
int64_t lab_table_end_us(const struct lab_table *table);

/** Make it a source; the table belongs to it then. */
void lab_table_source(struct lab_table *table, struct lab_source *source);

void lab_table_free(void *table);

#endif
