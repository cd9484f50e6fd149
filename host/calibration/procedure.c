/** The calibration of one meter: points are measured in their order, then everything is computed.
 */
#include "procedure.h"

#include <math.h>
#include <string.h>

#include "procedure_inside.h"

#define REFERENCE_C 23.0
#define RATED_HZ    50.0
#define RATED_V     230.0
#define SLICES_S    5.0  /* a point is measured in slices: a reference errs in each a little */
#define HEATING_S   20.0 /* of a heating point */
/** With less active power than this, an error is told in parts of the apparent power. */
#define ACTIVE_SHARE 0.1

#define P123 PROCEDURE_SEQUENCE_123
#define REF  REFERENCE_C

/* The heating point stands before those without current: while these last, the shunts cool down.
 * Unlike distances from 23 degrees tell the cubic term of the drift from the linear one.  Equally
 * spaced voltages in both orders and voltages in phase are the three that tell own and neighbours'
 * crosstalk apart with the least noise; the first is the one a meter works in and lasts longest. */
const struct procedure_point procedure_points_full[] = {
    {"10 A, PF 1", PROCEDURE_LOAD, P123, RATED_V, 10.0, 0.0, REF, 20},
    {"10 A, PF 0.5i", PROCEDURE_LOAD, P123, RATED_V, 10.0, 60.0, REF, 20},
    {"100 A until warm", PROCEDURE_HEATING, P123, RATED_V, 100.0, 0.0, REF, 600},
    {"no current", PROCEDURE_OPEN, P123, RATED_V, 0.0, 0.0, REF, 900},
    {"no current, reversed", PROCEDURE_OPEN, PROCEDURE_SEQUENCE_132, RATED_V, 0.0, 0.0, REF, 60},
    {"no current, in phase", PROCEDURE_OPEN, PROCEDURE_SEQUENCE_NONE, RATED_V, 0.0, 0.0, REF, 60},
    {"10 A at -30 C", PROCEDURE_DRIFT, P123, RATED_V, 10.0, 0.0, -30.0, 20},
    {"10 A at 45 C", PROCEDURE_DRIFT, P123, RATED_V, 10.0, 0.0, 45.0, 20},
    {"0.25 A, PF 1", PROCEDURE_VERIFY, P123, RATED_V, 0.25, 0.0, REF, 20},
    {"0.5 A, PF 1", PROCEDURE_VERIFY, P123, RATED_V, 0.5, 0.0, REF, 10},
    {"5 A, PF 0.5i", PROCEDURE_VERIFY, P123, RATED_V, 5.0, 60.0, REF, 5},
    {"5 A, PF 1, 253 V", PROCEDURE_VERIFY, P123, 253.0, 5.0, 0.0, REF, 5},
    {"100 A, PF 1", PROCEDURE_VERIFY, P123, RATED_V, 100.0, 0.0, REF, 5},
};
const size_t procedure_n_points_full =
    sizeof procedure_points_full / sizeof procedure_points_full[0];

const struct procedure_point procedure_points_short[] = {
    {"10 A, PF 1", PROCEDURE_LOAD, P123, RATED_V, 10.0, 0.0, REF, 10},
    {"10 A, PF 0.5i", PROCEDURE_LOAD, P123, RATED_V, 10.0, 60.0, REF, 10},
    {"no current", PROCEDURE_OPEN, P123, RATED_V, 0.0, 0.0, REF, 100},
    {"0.25 A, PF 1", PROCEDURE_VERIFY, P123, RATED_V, 0.25, 0.0, REF, 20},
    {"5 A, PF 0.5i", PROCEDURE_VERIFY, P123, RATED_V, 5.0, 60.0, REF, 5},
    {"100 A, PF 1", PROCEDURE_VERIFY, P123, RATED_V, 100.0, 0.0, REF, 5},
};
const size_t procedure_n_points_short =
    sizeof procedure_points_short / sizeof procedure_points_short[0];

bool procedure_applies(const struct procedure_point *point, bool chamber, unsigned systems)
{
    if (point->kind == PROCEDURE_DRIFT) {
        return chamber;
    }
    /* one system has no neighbours; of two (Aron), voltages in phase leave nothing between them */
    return !(point->sequence == PROCEDURE_SEQUENCE_132 && systems < 2u) &&
           !(point->sequence == PROCEDURE_SEQUENCE_NONE && systems < 3u);
}

static double point_seconds(const struct procedure_point *point)
{
    return PROCEDURE_SETTLE_S + point->seconds;
}

double procedure_planned_s(const struct procedure_point *point, size_t n, bool chamber,
                           unsigned systems, bool dry)
{
    double sum = 0.0;
    for (size_t k = 0; k < n; k++) {
        if (procedure_applies(&point[k], chamber, systems)) {
            const double times = point[k].kind == PROCEDURE_VERIFY && !dry ? 2.0 : 1.0;
            sum += times * point_seconds(&point[k]);
        }
    }
    return sum;
}

double procedure_seconds(const struct procedure_point *point, size_t n, bool chamber)
{
    return procedure_planned_s(point, n, chamber, CALIBRATION_SYSTEMS, false);
}

/** ---- bench --------------------------------------------------------------------------------- */

/** @return false: the bench ended it, or could not. */
static bool bench_did(struct procedure *p, int result)
{
    if (result == 0) {
        return true;
    }
    p->report->bench = result;
    p->err = PROCEDURE_ERR_BENCH;
    return false;
}

static void progress(const struct procedure *p)
{
    if (p->bench->progress != NULL) {
        p->bench->progress(p->bench->context, p->report->at, p->done_s, p->planned_s);
    }
}

static void signal_of(const struct procedure_point *point, struct procedure_signal *out)
{
    static const double order[][CALIBRATION_SYSTEMS] = {
        [PROCEDURE_SEQUENCE_123] = {0.0, -120.0, 120.0},
        [PROCEDURE_SEQUENCE_132] = {0.0, 120.0, -120.0},
        [PROCEDURE_SEQUENCE_NONE] = {0.0, 0.0, 0.0},
    };
    out->frequency_hz = RATED_HZ;
    for (unsigned l = 0; l < CALIBRATION_SYSTEMS; l++) {
        out->voltage_v[l] = point->voltage_v;
        out->voltage_deg[l] = order[point->sequence][l];
        out->current_a[l] = point->current_a;
        out->phi_deg[l] = point->phi_deg;
    }
}

static bool point_connect(struct procedure *p, const struct procedure_point *point)
{
    const struct procedure_bench *bench = p->bench;
    struct procedure_signal signal;
    p->report->at = point->what;
    progress(p);
    if (bench->chamber != NULL && point->ambient_c != p->ambient_c) {
        if (!bench_did(p, bench->chamber(bench->context, point->ambient_c))) {
            return false;
        }
        p->ambient_c = point->ambient_c;
    }
    signal_of(point, &signal);
    if (!bench_did(p, bench->source(bench->context, &signal))) {
        return false;
    }
    p->done_s += PROCEDURE_SETTLE_S;
    return true;
}

static bool slice_measure(struct procedure *p, double seconds, struct procedure_measured *out)
{
    if (!bench_did(p, p->bench->measure(p->bench->context, seconds, out))) {
        return false;
    }
    p->done_s += seconds;
    progress(p);
    return true;
}

/** Everything in a measurement is a double, and the mean of slices is theirs. */
static void measured_add(struct procedure_measured *sum, const struct procedure_measured *slice,
                         double share)
{
    struct procedure_reading *to = sum->system;
    const struct procedure_reading *from = slice->system;
    sum->true_frequency_hz += share * slice->true_frequency_hz;
    for (unsigned s = 0; s < CALIBRATION_SYSTEMS; s++) {
        to[s].true_voltage_v += share * from[s].true_voltage_v;
        to[s].true_active_w += share * from[s].true_active_w;
        to[s].true_reactive_var += share * from[s].true_reactive_var;
        to[s].register_w += share * from[s].register_w;
        to[s].register_var += share * from[s].register_var;
        to[s].instant_w += share * from[s].instant_w;
        to[s].instant_var += share * from[s].instant_var;
        to[s].voltage_v += share * from[s].voltage_v;
        to[s].current_a += share * from[s].current_a;
        to[s].temperature_c += share * from[s].temperature_c;
        to[s].frequency_hz += share * from[s].frequency_hz;
        to[s].true_voltage_deg =
            from[s].true_voltage_deg; /* set, not measured: no mean of angles */
    }
}

/** A point in slices; a long one in longer slices. */
static bool point_measure(struct procedure *p, const struct procedure_point *point,
                          struct procedure_measured *out)
{
    const double wanted = floor(point->seconds / SLICES_S);
    const unsigned slices = wanted < 1.0 ? 1u : wanted > 20.0 ? 20u : (unsigned)wanted;
    memset(out, 0, sizeof *out);
    if (!point_connect(p, point)) {
        return false;
    }
    for (unsigned k = 0; k < slices; k++) {
        struct procedure_measured slice;
        memset(&slice, 0, sizeof slice);
        if (!slice_measure(p, (double)point->seconds / slices, &slice)) {
            return false;
        }
        measured_add(out, &slice, 1.0 / slices);
    }
    return true;
}

static bool heating_measure(struct procedure *p, const struct procedure_point *point)
{
    p->heating_a = point->current_a;
    if (!point_connect(p, point)) {
        return false;
    }
    for (unsigned k = 0; k < PROCEDURE_SLICES_MAX; k++) {
        const double began_s = HEATING_S * k;
        if (began_s + HEATING_S > point->seconds) {
            break;
        }
        memset(&p->heating[k], 0, sizeof p->heating[k]);
        if (!slice_measure(p, HEATING_S, &p->heating[k])) {
            return false;
        }
        p->heating_at_s[k] = PROCEDURE_SETTLE_S + began_s + 0.5 * HEATING_S;
        p->n_heating = k + 1u;
    }
    return true;
}

/** ---- points -------------------------------------------------------------------------------- */

/** @return false: no room for another point of this kind. */
static bool keep(struct procedure_measured *rows, unsigned *n, const struct procedure_measured *new)
{
    if (*n == PROCEDURE_POINTS_MAX) {
        return false;
    }
    rows[(*n)++] = *new;
    return true;
}

static bool point_run(struct procedure *p, const struct procedure_point *point)
{
    struct procedure_measured measured;
    if (point->kind == PROCEDURE_HEATING) {
        return heating_measure(p, point);
    }
    if (!point_measure(p, point, &measured)) {
        return false;
    }
    const bool drift = point->kind == PROCEDURE_DRIFT;
    if (!keep(drift ? p->drift : p->point, drift ? &p->n_drift : &p->n_point, &measured)) {
        p->err = PROCEDURE_ERR_POINTS;
        return false;
    }
    p->n_loaded += point->kind == PROCEDURE_LOAD;
    p->n_open += point->kind == PROCEDURE_OPEN;
    return true;
}

/** Error of active power; by energy where the registers move steadily. */
static double error_pct(const struct procedure_reading *reading)
{
    const double apparent_va = hypot(reading->true_active_w, reading->true_reactive_var);
    const double size_w = fabs(reading->true_active_w);
    const double of = size_w >= ACTIVE_SHARE * apparent_va ? reading->true_active_w : apparent_va;
    return 100.0 * (procedure_active_w(reading) - reading->true_active_w) / of;
}

static bool verify(struct procedure *p, const struct procedure_point *point, size_t n, bool after)
{
    unsigned row = 0;
    for (size_t k = 0; k < n && row < PROCEDURE_VERIFY_MAX; k++) {
        struct procedure_measured measured;
        if (point[k].kind != PROCEDURE_VERIFY) {
            continue;
        }
        if (!point_measure(p, &point[k], &measured)) {
            return false;
        }
        struct procedure_verified *verified = &p->report->verified[row++];
        verified->what = point[k].what;
        for (unsigned s = 0; s < p->bench->systems; s++) {
            double *out = after ? verified->after_pct : verified->before_pct;
            out[s] = error_pct(&measured.system[s]);
        }
        p->report->n_verified = row;
    }
    return true;
}

static bool measure_all(struct procedure *p, const struct procedure_point *point, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        if (point[k].kind != PROCEDURE_VERIFY &&
            procedure_applies(&point[k], p->bench->chamber != NULL, p->bench->systems) &&
            !point_run(p, &point[k])) {
            return false;
        }
    }
    return true;
}

static bool constants_write(struct procedure *p)
{
    const struct procedure_bench *bench = p->bench;
    p->report->at = "writing the constants";
    progress(p);
    if (!bench_did(p, bench->constants_write(bench->context, p->report->after))) {
        return false;
    }
    p->report->written = true;
    p->report->at = "restart";
    return bench_did(p, bench->restart(bench->context));
}

static bool run(struct procedure *p, const struct procedure_point *point, size_t n, bool dry)
{
    p->report->at = "reading the constants";
    if (!bench_did(p, p->bench->constants_read(p->bench->context, p->report->before))) {
        return false;
    }
    if (!verify(p, point, n, false) || !measure_all(p, point, n)) {
        return false;
    }
    if (!procedure_compute(p)) {
        return false;
    }
    return dry || (constants_write(p) && verify(p, point, n, true));
}

static bool points_suffice(const struct procedure_point *point, size_t n)
{
    unsigned loads = 0, opens = 0;
    for (size_t k = 0; k < n; k++) {
        loads += point[k].kind == PROCEDURE_LOAD;
        opens += point[k].kind == PROCEDURE_OPEN && point[k].sequence == PROCEDURE_SEQUENCE_123;
    }
    return loads > 0 && opens > 0;
}

enum procedure_err procedure_run(const struct procedure_bench *bench,
                                 const struct procedure_point *point, size_t n, bool dry,
                                 struct procedure_report *report, enum calibration_err *why)
{
    struct procedure procedure = {.bench = bench, .report = report, .ambient_c = (double)NAN};
    memset(report, 0, sizeof *report);
    report->systems = bench->systems;
    report->at = "";
    if (!points_suffice(point, n) || bench->systems < 1u || bench->systems > CALIBRATION_SYSTEMS) {
        return PROCEDURE_ERR_POINTS;
    }
    procedure.planned_s =
        procedure_planned_s(point, n, bench->chamber != NULL, bench->systems, dry);
    (void)run(&procedure, point, n, dry);
    if (why != NULL) {
        *why = procedure.why;
    }
    return procedure.err;
}
