/** The matrix of spec metrology 4.4 and the waveforms of 4.5 as points. */
#include "plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array)    (sizeof(array) / sizeof(array)[0])
#define QUICK_SECONDS   4.0
#define SECONDS         10.0
#define PULSES_MIN      3.0 /* intervals of the LED, as the measurement takes */
#define SETTLING_S      2.0
#define COOLING_S       1500.0
#define SHORT_COOLING_S 600.0
#define HEATING_S       1800.0
#define MAGNET_MT       400.0 /* at the surface of a strong magnet; the shunts are farther away */
#define FIELD_MT        0.5

static const double phis_deg[POWER_FACTORS] = {0.0, 60.0, -36.86989764584402, 75.52248781407008,
                                               -60.0};
/* of all tests one point is copied, so that only what differs needs to be said */
static const struct point usual = {.test = TEST_LOAD,
                                   .voltage = 1.0,
                                   .hz = RATED_HZ,
                                   .chamber_c = RATED_CHAMBER,
                                   .load = LOAD_BALANCED,
                                   .seconds = SECONDS,
                                   .core = true,
                                   .base = POINT_NONE,
                                   .divisor = 1.0};

static struct point *add(struct plan *plan, const struct point *point)
{
    struct point *made = &plan->point[plan->n];
    *made = *point;
    if (plan->size == PLAN_QUICK) {
        made->seconds = fmin(made->seconds, point->current_a < RATED_MIN_A / 2 ? 60.0
                                            : point->seconds > SECONDS         ? point->seconds / 4
                                                                               : QUICK_SECONDS);
        made->rest_s /= 4.0;
    }
    plan->n += plan->n + 1u < PLAN_POINTS_MAX ? 1u : 0u;
    return made;
}

/* An error that a difference is taken from: the same load by sines at rated conditions. */
static size_t base_of(struct plan *plan, const struct point *like, double hz)
{
    for (size_t k = 0; k < plan->n; k++) {
        const struct point *point = &plan->point[k];
        if (point->base == POINT_NONE && point->current_a == like->current_a && point->hz == hz &&
            point->phi_deg == like->phi_deg && point->load == like->load && !point->exporting &&
            point->test <= TEST_FREQUENCY && point->test != TEST_REACTIVE &&
            point->voltage == 1.0 && point->chamber_c == RATED_CHAMBER) {
            return k;
        }
    }
    struct point base = usual;
    base.test = hz == RATED_HZ ? TEST_LOAD : TEST_FREQUENCY;
    base.current_a = like->current_a;
    base.phi_deg = like->phi_deg;
    base.load = like->load;
    base.hz = hz;
    (void)add(plan, &base);
    return plan->n - 1u;
}

static void add_influence(struct plan *plan, struct point point)
{
    point.base = base_of(plan, &point, point.hz > 55.0 ? 60.0 : RATED_HZ);
    (void)add(plan, &point);
}

/** ---- load curves --------------------------------------------------------------------------- */

static double load_seconds(double current_a)
{
    return current_a <= 0.03 ? 300.0 : current_a <= 0.06 ? 100.0 : current_a < 0.3 ? 30.0 : SECONDS;
}

static bool load_is_core(const struct plan *plan, const struct point *point, unsigned pf)
{
    if (plan->connection != CONNECTION_4_WIRE) {
        return true;
    }
    if (point->load == LOAD_BALANCED && !point->exporting) {
        return pf <= PF_08_CAP;
    }
    const bool at_reference = point->current_a == RATED_REF_A;
    return at_reference && (pf == PF_1 || (pf == PF_05_IND && !point->exporting));
}

/* Below Imin only PF 1; a load near the 2.3 W threshold has no short mean. */
static bool load_makes_sense(const struct plan *plan, const struct point *point, unsigned pf)
{
    if (point->current_a < RATED_MIN_A && pf != PF_1) {
        return false;
    }
    if (plan->connection == CONNECTION_ARON && pf > PF_08_CAP) {
        return false; /* phase displacement is limited there (MET-16) */
    }
    return pf <= PF_08_CAP || point->current_a >= 1.0;
}

static void add_loads(struct plan *plan)
{
    static const double amperes[] = {0.02, 0.05, 0.25, 0.5, 1, 2.5, 5, 10, 50, 100};
    const unsigned loads = plan->connection == CONNECTION_4_WIRE ? 4u : 1u;
    for (size_t a = 0; a < COUNT(amperes); a++) {
        for (unsigned k = 0; k < POWER_FACTORS * 2u * loads; k++) {
            const unsigned pf = k / 2u / loads;
            struct point point = usual;
            point.current_a = amperes[a];
            point.phi_deg = phis_deg[pf];
            point.load = (enum load)(k % loads);
            point.exporting = k / loads % 2u == 1u;
            point.seconds = load_seconds(amperes[a]);
            point.core = load_is_core(plan, &point, pf);
            if (load_makes_sense(plan, &point, pf) && (point.core || plan->size == PLAN_FULL)) {
                (void)add(plan, &point);
            }
        }
    }
}

static void add_reactive(struct plan *plan)
{
    static const double amperes[] = {0.25, 0.5, 1, 5, 50, 100};
    static const double degrees[] = {90, -90, 30, -30, 14.477512185929925, -14.477512185929925};
    const unsigned loads = plan->connection == CONNECTION_4_WIRE ? 4u : 1u;
    for (size_t a = 0; a < COUNT(amperes); a++) {
        for (unsigned k = 0; k < COUNT(degrees) * loads; k++) {
            struct point point = usual;
            point.test = TEST_REACTIVE;
            point.reactive = true;
            point.current_a = amperes[a];
            point.phi_deg = degrees[k / loads];
            point.load = (enum load)(k % loads);
            point.seconds = load_seconds(amperes[a]);
            point.core = point.load == LOAD_BALANCED || point.current_a == RATED_REF_A;
            if ((fabs(point.phi_deg) > 20.0 || point.current_a >= 1.0) &&
                (point.core || plan->size == PLAN_FULL)) {
                (void)add(plan, &point);
            }
        }
    }
}

/** ---- influences ---------------------------------------------------------------------------- */

struct condition {
    double current_a, phi_deg;
};
/* MET-15: 0.1 Ib PF 1, 0.5 Imax PF 1 and 0.5 ind; 10 Itr for the composite error */
static const struct condition conditions[] = {{0.5, 0.0}, {5.0, 0.0}, {50.0, 0.0}, {50.0, 60.0}};

static void add_voltages(struct plan *plan)
{
    static const double parts[] = {0.4, 0.8, 0.9, 1.1, 1.15};
    for (unsigned k = 0; k < COUNT(conditions) * COUNT(parts); k++) {
        struct point point = usual;
        point.test = TEST_VOLTAGE;
        point.current_a = conditions[k / COUNT(parts)].current_a;
        point.phi_deg = conditions[k / COUNT(parts)].phi_deg;
        point.voltage = parts[k % COUNT(parts)];
        add_influence(plan, point);
    }
}

static void add_frequencies(struct plan *plan)
{
    static const double hertz[] = {47.5, 49, 51, 52.5, 57, 63};
    for (unsigned k = 0; k < COUNT(conditions) * COUNT(hertz); k++) {
        struct point point = usual;
        point.test = TEST_FREQUENCY;
        point.current_a = conditions[k / COUNT(hertz)].current_a;
        point.phi_deg = conditions[k / COUNT(hertz)].phi_deg;
        point.hz = hertz[k % COUNT(hertz)];
        add_influence(plan, point);
    }
}

static void add_phases(struct plan *plan)
{
    struct point point = usual;
    point.test = TEST_SEQUENCE;
    point.reversed = true;
    point.current_a = RATED_TR_A;
    add_influence(plan, point);
    point.reversed = false;
    point.test = TEST_MISSING;
    point.current_a = RATED_REF_A;
    for (point.missing = 1; point.missing < 7u; point.missing++) {
        add_influence(plan, point);
    }
    point.missing = 0;
    point.test = TEST_UNBALANCE;
    for (point.load = LOAD_L1; point.load <= LOAD_L3; point.load++) {
        struct point balanced = point;
        balanced.load = LOAD_BALANCED;
        point.base = base_of(plan, &balanced, RATED_HZ);
        (void)add(plan, &point);
    }
}

static void add_waves(struct plan *plan)
{
    static const struct {
        enum wave wave;
        double current_a;
    } waves[] = {{WAVE_FIFTH, 50},     {WAVE_HALF, 100},   {WAVE_FIRED, 2.5}, {WAVE_BURST, 2.5},
                 {WAVE_QUADRIFORM, 5}, {WAVE_PEAKED, 5.0}, {WAVE_FIFTH, 5}};
    for (unsigned k = 0; k < COUNT(waves); k++) {
        struct point point = usual;
        point.test = TEST_WAVEFORM;
        point.wave = waves[k].wave;
        point.current_a = waves[k].current_a;
        point.seconds = 8.0;
        add_influence(plan, point);
    }
}

static void add_tones(struct plan *plan)
{
    static const struct {
        double hz, part;
    } tones[] = {{175, 0.1},     {575, 0.1},     {2500, 0.2},    {7950.3, 0.2},
                 {15999.1, 0.2}, {40000.7, 0.2}, {149999.3, 0.2}};
    for (unsigned k = 0; k < COUNT(tones); k++) {
        struct point point = usual;
        point.test = TEST_TONE;
        point.current_a = RATED_REF_A;
        point.tone_hz = tones[k].hz;
        point.tone_a = tones[k].part * RATED_REF_A;
        add_influence(plan, point);
    }
}

/* The worst angle is that at which what the field induces is in phase with the voltage; six angles
 * come within 3.5 % of it. */
static void add_fields(struct plan *plan)
{
    struct point point = usual;
    point.test = TEST_MAGNET;
    point.current_a = RATED_REF_A;
    point.magnet_mt = MAGNET_MT;
    add_influence(plan, point);
    point.magnet_mt = 0.0;
    point.field_mt = FIELD_MT;
    for (point.field_deg = 0.0; point.field_deg < 180.0; point.field_deg += 30.0) {
        add_influence(plan, point);
    }
}

/* Each is compared with its neighbour: a coefficient is a slope. */
static void add_temperatures(struct plan *plan)
{
    static const double degrees[] = {-40, -25, -10, 5, RATED_CHAMBER, 40, 55, 70};
    static const struct condition hot[] = {{0.5, 0.0}, {5.0, 0.0}, {5.0, 60.0}, {100.0, 0.0}};
    size_t before[COUNT(hot)] = {0};
    for (unsigned k = 0; k < COUNT(degrees) * COUNT(hot); k++) {
        const unsigned t = k / COUNT(hot), c = k % COUNT(hot);
        struct point point = usual;
        point.test = TEST_TEMPERATURE;
        point.chamber_c = degrees[t];
        point.current_a = hot[c].current_a;
        point.phi_deg = hot[c].phi_deg;
        point.seconds = point.current_a > RATED_REF_A ? 6.0 : SECONDS;
        point.rest_s = point.current_a > RATED_REF_A ? SHORT_COOLING_S : 0.0;
        point.base = t > 0 ? before[c] : POINT_NONE;
        point.divisor = t > 0 ? degrees[t] - degrees[t - 1u] : 1.0;
        (void)add(plan, &point);
        before[c] = plan->n - 1u;
    }
}

/** ---- events -------------------------------------------------------------------------------- */

static void add_events(struct plan *plan)
{
    static const struct point events[] = {
        {.test = TEST_START, .current_a = RATED_START_A},
        {.test = TEST_START, .current_a = RATED_START_A, .exporting = true},
        {.test = TEST_START_UP, .current_a = RATED_REF_A},
        {.test = TEST_NO_LOAD, .voltage = 1.15},
        {.test = TEST_CONSTANT, .current_a = RATED_MAX_A, .seconds = 55},
        {.test = TEST_REPEAT, .current_a = RATED_TR_A, .repeats = 5},
        {.test = TEST_REPEAT, .current_a = RATED_REF_A, .repeats = 10},
        {.test = TEST_REPEAT, .current_a = RATED_REF_A, .phi_deg = 60.0, .repeats = 10},
        {.test = TEST_DIPS},
        {.test = TEST_OVERCURRENT, .current_a = RATED_REF_A},
        {.test = TEST_HEATING, .current_a = RATED_MAX_A, .rest_s = COOLING_S, .seconds = HEATING_S},
        {.test = TEST_HEATING,
         .current_a = RATED_MAX_A,
         .phi_deg = 60.0,
         .rest_s = COOLING_S,
         .seconds = HEATING_S},
    };
    for (unsigned k = 0; k < COUNT(events); k++) {
        struct point point = usual;
        point.test = events[k].test;
        point.voltage = events[k].voltage > 0.0 ? events[k].voltage : 1.0;
        point.current_a = events[k].current_a;
        point.phi_deg = events[k].phi_deg;
        point.exporting = events[k].exporting;
        point.repeats = events[k].repeats;
        point.seconds = events[k].seconds > 0.0 ? events[k].seconds : SECONDS;
        point.rest_s = events[k].rest_s;
        point.core = point.test != TEST_HEATING || point.phi_deg == 0.0;
        if (point.core || plan->size == PLAN_FULL) {
            (void)add(plan, &point);
        }
    }
}

/** ---- plan ---------------------------------------------------------------------------------- */

static void drop(struct plan *plan, const bool *keep)
{
    size_t to[PLAN_POINTS_MAX], n = 0;
    for (size_t k = 0; k < plan->n; k++) {
        to[k] = n;
        if (keep[k]) {
            struct point point = plan->point[k];
            point.base = point.base == POINT_NONE ? POINT_NONE : to[point.base];
            plan->point[n++] = point;
        }
    }
    plan->n = n;
}

/* A composite error needs three influences; unbalance needs nothing of its own. */
static unsigned tests_needed(unsigned tests)
{
    if ((tests & (1u << TEST_COMPOSITE)) != 0) {
        tests |= 1u << TEST_VOLTAGE | 1u << TEST_FREQUENCY | 1u << TEST_TEMPERATURE;
    }
    return tests;
}

void plan_make(struct plan *plan, enum connection connection, enum plan_size size, unsigned tests)
{
    bool keep[PLAN_POINTS_MAX] = {false};
    plan->connection = connection;
    plan->size = size;
    plan->n = 0;
    add_loads(plan);
    add_reactive(plan);
    if (connection == CONNECTION_4_WIRE) {
        add_voltages(plan);
        add_frequencies(plan);
        add_phases(plan);
        add_waves(plan);
        add_tones(plan);
        add_fields(plan);
        add_temperatures(plan);
        add_events(plan);
    }
    for (size_t k = plan->n; k-- > 0;) {
        const struct point *point = &plan->point[k];
        keep[k] = keep[k] || (tests_needed(tests) >> point->test & 1u) != 0;
        if (keep[k] && point->base != POINT_NONE) {
            keep[point->base] = true;
        }
    }
    drop(plan, keep);
}

double plan_seconds(const struct plan *plan, size_t at)
{
    const struct point *point = &plan->point[at];
    const double elements =
        plan->connection != CONNECTION_4_WIRE || point->load != LOAD_BALANCED ? 1.0 : 3.0;
    const double share = point->reactive ? fabs(sin(point->phi_deg * acos(-1.0) / 180.0))
                                         : cos(point->phi_deg * acos(-1.0) / 180.0);
    const double pulse_s =
        3.6e6 / RATED_IMP_KWH / (RATED_V * elements * fmax(share * point->current_a, 1e-9));
    const double by_led = fmax(point->seconds, (PULSES_MIN + 0.5) * pulse_s);
    const double measured = point->current_a < RATED_TR_A ? point->seconds : by_led;
    switch (point->test) {
    case TEST_NO_LOAD: return 960.0;
    case TEST_START: return 1000.0;
    case TEST_DIPS: return 90.0;
    case TEST_REPEAT: return measured * point->repeats;
    default: return measured + point->rest_s + SETTLING_S;
    }
}

/** ---- names --------------------------------------------------------------------------------- */

static const char *phase_names(const struct plan *plan, const struct point *point)
{
    static const char *const missing[] = {"",          "one phase",  "one phase", "two phases",
                                          "one phase", "two phases", "two phases"};
    static const char *const waves[WAVES] = {"",
                                             "5th harmonic 10 % U, 40 % I",
                                             "half wave (DC, even harmonics)",
                                             "phase-fired 90 deg",
                                             "burst 2 on, 2 off",
                                             "quadriform",
                                             "peaked"};
    if (point->missing != 0) {
        return missing[point->missing];
    }
    if (point->wave != WAVE_SINE) {
        return waves[point->wave];
    }
    return plan->connection != CONNECTION_4_WIRE ? connection_names[plan->connection]
           : point->load == LOAD_BALANCED        ? "balanced"
                                                 : "one phase loaded";
}

void plan_label(const struct plan *plan, size_t at, char *out, size_t size)
{
    static const char *const active[] = {"PF 1", "PF 0.5i", "PF 0.8c", "PF 0.25i", "PF 0.5c", ""};
    static const char *const reactive[] = {"sin 1", "sin 0.5", "", "sin 0.25", "", ""};
    const struct point *point = &plan->point[at];
    const unsigned pf = point_power_factor(point);
    char more[64] = "";
    if (point->test == TEST_VOLTAGE || point->test == TEST_NO_LOAD) {
        (void)snprintf(more, sizeof more, ", %.0f %% Un", 100.0 * point->voltage);
    } else if (point->test == TEST_FREQUENCY) {
        (void)snprintf(more, sizeof more, ", %g Hz", point->hz);
    } else if (point->test == TEST_TEMPERATURE && point->base != POINT_NONE) {
        (void)snprintf(more, sizeof more, ", %g to %g C", point->chamber_c - point->divisor,
                       point->chamber_c);
    } else if (point->test == TEST_TONE) {
        (void)snprintf(more, sizeof more, ", %g A at %g Hz", point->tone_a, point->tone_hz);
    } else if (point->test == TEST_MAGNET && point->magnet_mt > 0.0) {
        (void)snprintf(more, sizeof more, ", magnet of %g mT", point->magnet_mt);
    } else if (point->test == TEST_MAGNET) {
        (void)snprintf(more, sizeof more, ", %g mT at %g Hz", point->field_mt, point->hz);
    } else if (point->test == TEST_REPEAT) {
        (void)snprintf(more, sizeof more, ", %u times", point->repeats);
    }
    (void)snprintf(out, size, "%g A, %s, %s%s", point->current_a,
                   point->reactive ? reactive[pf] : active[pf], phase_names(plan, point), more);
}
