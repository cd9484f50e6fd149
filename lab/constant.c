/** Constant mains: u=V,i=A[,pf=0.8i][,f=50][,u1=..,i1=..,pf1=..]. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"
#include "source.h"

/** index 0 holds for every phase, 1..3 override. */
struct constant_spec {
    double u_v[4], i_a[4], pf[4], f_hz;
    bool capacitive[4];
    bool has_u[4], has_i[4], has_pf[4], has_f;
};

static void constant_piece(void *self, int64_t from_us, struct lab_electric *out, int64_t *until_us)
{
    const struct lab_electric *state = self;
    (void)from_us;
    *out = *state;
    *until_us = LAB_FOREVER_US;
}

static int bad(struct lab_error *error, size_t column, const char *expected, struct scan_text found)
{
    return lab_error_set(error, "--mains: column %zu: expected %s, found %s", column, expected,
                         scan_quote(found).text);
}

static int take_pf(struct constant_spec *spec, unsigned k, struct scan_text value, size_t column,
                   struct lab_error *error)
{
    struct scan_text number = value;
    char last = value.n > 0 ? value.at[value.n - 1] : '\0';
    bool suffix = last == 'i' || last == 'c' || last == 'I' || last == 'C';
    number.n -= suffix ? 1 : 0;
    if (!scan_number(number, &spec->pf[k]) || !(spec->pf[k] >= 0.0 && spec->pf[k] <= 1.0)) {
        return bad(error, column, "a power factor 0 to 1, then i (inductive) or c (capacitive)",
                   value);
    }
    spec->capacitive[k] = last == 'c' || last == 'C';
    spec->has_pf[k] = true;
    return 0;
}

static int take_amount(struct scan_text value, double low, double high, const char *expected,
                       double *out, size_t column, struct lab_error *error)
{
    if (!scan_number(value, out) || !(*out >= low && *out <= high)) {
        return bad(error, column, expected, value);
    }
    return 0;
}

/** The phase behind a name: 0 = all, 1..3, or -1. */
static int phase_of(struct scan_text name, size_t stem)
{
    if (name.n == stem) {
        return 0;
    }
    char digit = name.at[name.n - 1];
    return name.n == stem + 1 && digit >= '1' && digit <= '3' ? digit - '0' : -1;
}

static bool has_stem(struct scan_text name, const char *stem)
{
    size_t n = strlen(stem);
    return name.n >= n && scan_is((struct scan_text){name.at, n}, stem) && phase_of(name, n) >= 0;
}

static int twice(bool *has, struct scan_text name, size_t column, struct lab_error *error)
{
    if (*has) {
        return bad(error, column, "each name once", name);
    }
    *has = true;
    return 0;
}

static int take_item(struct constant_spec *spec, struct scan_text name, struct scan_text value,
                     size_t column, struct lab_error *error)
{
    size_t at = column + name.n + 1;
    if (scan_is(name, "f")) {
        return twice(&spec->has_f, name, column, error) != 0
                   ? -1
                   : take_amount(value, LAB_FREQUENCY_MIN, LAB_FREQUENCY_MAX,
                                 "a frequency from 40 to 70 Hz", &spec->f_hz, at, error);
    }
    if (has_stem(name, "pf")) {
        unsigned k = (unsigned)phase_of(name, 2);
        return twice(&spec->has_pf[k], name, column, error) != 0
                   ? -1
                   : take_pf(spec, k, value, at, error);
    }
    if (has_stem(name, "u")) {
        unsigned k = (unsigned)phase_of(name, 1);
        return twice(&spec->has_u[k], name, column, error) != 0
                   ? -1
                   : take_amount(value, 0.0, LAB_VOLTAGE_MAX_V, "a voltage from 0 to 1000 V",
                                 &spec->u_v[k], at, error);
    }
    if (has_stem(name, "i")) {
        unsigned k = (unsigned)phase_of(name, 1);
        return twice(&spec->has_i[k], name, column, error) != 0
                   ? -1
                   : take_amount(value, -LAB_CURRENT_MAX_A, LAB_CURRENT_MAX_A,
                                 "a current from -1000 to 1000 A", &spec->i_a[k], at, error);
    }
    return bad(error, column, "u, i, pf, f or u1..pf3, a file, or house", name);
}

static int parse(struct constant_spec *spec, const char *text, struct lab_error *error)
{
    const char *at = text;
    for (;;) {
        size_t n = strcspn(at, ",");
        const char *equals = memchr(at, '=', n);
        size_t column = (size_t)(at - text) + 1;
        struct scan_text item = {at, n};
        if (equals == NULL) {
            return bad(error, column, "name=value, a file, or house", item);
        }
        struct scan_text name = {at, (size_t)(equals - at)};
        struct scan_text value = {equals + 1, n - name.n - 1};
        if (take_item(spec, name, value, column, error) != 0) {
            return -1;
        }
        if (at[n] == '\0') {
            break;
        }
        at += n + 1;
    }
    if (!spec->has_u[0] && !spec->has_u[1] && !spec->has_u[2] && !spec->has_u[3]) {
        return lab_error_set(error, "--mains: column %zu: expected a voltage too (u=230)",
                             strlen(text) + 1);
    }
    return 0;
}

static void phase_state(const struct constant_spec *spec, unsigned k, struct lab_electric *state)
{
    struct lab_vector direction = lab_phase_direction[k];
    unsigned from_u = spec->has_u[k + 1] ? k + 1 : 0, from_i = spec->has_i[k + 1] ? k + 1 : 0;
    unsigned from_pf = spec->has_pf[k + 1] ? k + 1 : 0;
    double pf = spec->has_pf[from_pf] ? spec->pf[from_pf] : 1.0;
    double lag = sqrt(1.0 - pf * pf) * (spec->capacitive[from_pf] ? -1.0 : 1.0);
    double u = spec->u_v[from_u], i = spec->i_a[from_i];
    state->u[k] = (struct lab_vector){u * direction.re, u * direction.im};
    state->i[k] = (struct lab_vector){i * (direction.re * pf + direction.im * lag),
                                      i * (direction.im * pf - direction.re * lag)};
}

static void describe(const struct constant_spec *spec, struct lab_source *source)
{
    (void)snprintf(source->description, sizeof source->description,
                   "constant %g V, %g A, pf %g%s, %g Hz", spec->u_v[0], spec->i_a[0],
                   spec->has_pf[0] ? spec->pf[0] : 1.0,
                   !spec->has_pf[0] || spec->pf[0] >= 1.0 ? ""
                   : spec->capacitive[0]                  ? " capacitive"
                                                          : " inductive",
                   spec->f_hz);
    for (unsigned k = 1; k <= LAB_PHASES; k++) {
        if (spec->has_u[k] || spec->has_i[k] || spec->has_pf[k]) {
            (void)snprintf(source->description, sizeof source->description,
                           "constant, each phase its own, %g Hz", spec->f_hz);
        }
    }
}

int lab_constant_open(struct lab_source *source, const char *spec, struct lab_error *error)
{
    struct constant_spec parsed;
    memset(&parsed, 0, sizeof parsed);
    parsed.f_hz = LAB_NOMINAL_HZ;
    if (parse(&parsed, spec, error) != 0) {
        return -1;
    }
    struct lab_electric *state = malloc(sizeof *state);
    if (state == NULL) {
        return lab_error_set(error, "--mains: no memory");
    }
    lab_electric_dead(state);
    state->frequency_hz = parsed.f_hz;
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        phase_state(&parsed, k, state);
    }
    describe(&parsed, source);
    source->self = state;
    source->piece = constant_piece;
    source->free = free;
    return 0;
}
