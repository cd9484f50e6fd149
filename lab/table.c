#include "table.h"

#include <math.h>
#include <stdlib.h>

#define STAIR_US INT64_C(1000000)

double lab_table_default(int column)
{
    static const double defaults[] = {LAB_NOMINAL_V, 0.0, 1.0, 0.0, 0.0, LAB_NOMINAL_HZ};
    return defaults[column / (int)LAB_PHASES];
}

int64_t lab_table_end_us(const struct lab_table *table)
{
    size_t last = table->n_rows - 1;
    int64_t length = last > 0 ? table->at_us[last] - table->at_us[last - 1] : INT64_C(60000000);
    return table->at_us[last] + length;
}

void lab_table_free(void *self)
{
    struct lab_table *table = self;
    for (unsigned k = 0; k < TABLE_COLUMNS; k++) {
        free(table->column[k].value);
    }
    free(table->at_us);
    free(table);
}

/** Row in force at that time: the last one not after it, or the first. */
static size_t find_row(struct lab_table *table, int64_t at_us)
{
    size_t row = table->cursor;
    if (at_us >= table->at_us[row] && (row + 1 == table->n_rows || at_us < table->at_us[row + 1])) {
        return row;
    }
    if (row + 1 < table->n_rows && at_us >= table->at_us[row + 1] &&
        (row + 2 == table->n_rows || at_us < table->at_us[row + 2])) {
        return table->cursor = row + 1;
    }
    size_t low = 0, high = table->n_rows; /* rows below low are not after, from high on after */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->at_us[middle] <= at_us) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return table->cursor = low > 0 ? low - 1 : 0;
}

/** A place between two rows: value = row + (row + 1 - row) * share. */
struct place {
    size_t row;
    double share;
};

static double value_at(const struct lab_table *table, unsigned column, struct place place)
{
    const double *value = table->column[column].value + place.row;
    return place.share > 0.0 ? value[0] + (value[1] - value[0]) * place.share : value[0];
}

static bool has(const struct lab_table *table, unsigned quantity, unsigned phase)
{
    return table->column[quantity + phase].present;
}

/** Reactive power that belongs to active power p at a power factor (negative = capacitive). */
static double reactive_of(double p, double pf)
{
    double size = fabs(pf);
    if (size < 1e-6) {
        return 0.0; /* power without a power factor makes no sense: taken as 1 */
    }
    double q = fabs(p) * sqrt(1.0 - size * size) / size;
    return (pf < 0.0) == (p < 0.0) ? q : -q;
}

/** P and Q of a phase that has no column of active power. */
static void power_of_current(const struct lab_table *table, unsigned phase, struct place place,
                             double u, double *p, double *q)
{
    double s = u * (has(table, TABLE_I1, phase) ? value_at(table, TABLE_I1 + phase, place) : 0.0);
    if (has(table, TABLE_Q1, phase)) {
        *q = value_at(table, TABLE_Q1 + phase, place);
        double rest = s * s - *q * *q;
        *p = rest > 0.0 ? copysign(sqrt(rest), s) : 0.0;
        return;
    }
    double pf = has(table, TABLE_PF1, phase) ? value_at(table, TABLE_PF1 + phase, place) : 1.0;
    *p = s * fabs(pf);
    *q = s * copysign(sqrt(1.0 - pf * pf), pf);
}

static void power_of_columns(const struct lab_table *table, unsigned phase, struct place place,
                             double u, double *p, double *q)
{
    if (!has(table, TABLE_P1, phase)) {
        power_of_current(table, phase, place, u, p, q);
        return;
    }
    *p = value_at(table, TABLE_P1 + phase, place);
    *q = 0.0;
    if (has(table, TABLE_Q1, phase)) {
        *q = value_at(table, TABLE_Q1 + phase, place);
    } else if (has(table, TABLE_PF1, phase)) {
        *q = reactive_of(*p, value_at(table, TABLE_PF1 + phase, place));
    } else if (has(table, TABLE_I1, phase)) {
        double s = u * value_at(table, TABLE_I1 + phase, place);
        double rest = s * s - *p * *p;
        *q = rest > 0.0 ? sqrt(rest) : 0.0;
    }
}

static void phase_at(const struct lab_table *table, unsigned phase, struct place place,
                     struct lab_electric *out)
{
    struct lab_vector direction = lab_phase_direction[phase];
    bool loaded =
        has(table, TABLE_P1, phase) || has(table, TABLE_I1, phase) || has(table, TABLE_Q1, phase);
    bool measured = has(table, TABLE_U1, phase);
    double u = measured ? value_at(table, TABLE_U1 + phase, place) : loaded ? LAB_NOMINAL_V : 0.0;
    double p = 0.0, q = 0.0;
    if (u > 0.0 && loaded) {
        power_of_columns(table, phase, place, u, &p, &q);
        p /= u;
        q /= u;
    }
    out->u[phase] = (struct lab_vector){u * direction.re, u * direction.im};
    /* i = (p - jq) / u, turned by the direction of the voltage */
    out->i[phase] = (struct lab_vector){p * direction.re + q * direction.im,
                                        p * direction.im - q * direction.re};
}

static void table_piece(void *self, int64_t from_us, struct lab_electric *out, int64_t *until_us)
{
    struct lab_table *table = self;
    int64_t shift_us = 0;
    if (table->repeat && from_us >= lab_table_end_us(table)) {
        int64_t period_us = lab_table_end_us(table) - table->at_us[0];
        shift_us = (from_us - table->at_us[0]) / period_us * period_us;
    }
    int64_t at_us = from_us - shift_us;
    struct place place = {find_row(table, at_us), 0.0};
    bool last = place.row + 1 == table->n_rows;
    if (at_us < table->at_us[place.row]) { /* before the first row: as in it */
        *until_us = table->at_us[place.row] + shift_us;
    } else if (!last) {
        *until_us = table->at_us[place.row + 1] + shift_us;
    } else {
        *until_us = table->repeat ? lab_table_end_us(table) + shift_us : LAB_FOREVER_US;
    }
    if (table->linear && !last && at_us >= table->at_us[place.row]) {
        /* in stairs of whole seconds, whoever asks for how much */
        int64_t stair_us = (from_us / STAIR_US + 1) * STAIR_US;
        *until_us = *until_us < stair_us ? *until_us : stair_us;
        int64_t length = table->at_us[place.row + 1] - table->at_us[place.row];
        double middle =
            (double)(at_us - table->at_us[place.row]) + 0.5 * (double)(*until_us - from_us);
        place.share = middle / (double)length;
    }
    for (unsigned phase = 0; phase < LAB_PHASES; phase++) {
        phase_at(table, phase, place, out);
    }
    out->frequency_hz =
        table->column[TABLE_F].present ? value_at(table, TABLE_F, place) : LAB_NOMINAL_HZ;
    out->temperature_c = LAB_TEMPERATURE_C;
    out->spectrum = NULL;
}

void lab_table_source(struct lab_table *table, struct lab_source *source)
{
    source->self = table;
    source->piece = table_piece;
    source->free = lab_table_free;
}
