/** How each kind of point is measured. */
#include "measure.h"

#include <math.h>
#include <string.h>

#define WATT_SECONDS_A_PULSE (3.6e6 / RATED_IMP_KWH)
#define INTERVALS_MIN        3u
#define SETTLING_S           2.0
#define STARTING_S           4.0 /* after a stop */
#define START_MAX_S          1565.0
#define SECONDS_STOPPED      10.0
#define HEATING_STEP_S       15.0
#define HEATING_READ_S       5.0
#define OVERCURRENT_FACTOR   (30.0 * RATED_MAX_A)

/** ---- registers ----------------------------------------------------------------------------- */

/**
 * Energy of a system from one step of its register to a later one.  Below 23 W a register moves in
 * blocks of about a second; between two steps energy and true time belong together exactly.  Only
 * even numbers of windows count: two hold whole periods of a burst.
 */
struct stepped {
    double first_j, first_s, last_j, last_s, now_j;
    unsigned windows;
    bool began;
};

static double joules_of(const struct desk_meter *meter, const struct point *point, unsigned s)
{
    return point->reactive ? desk_meter_reactive_j(meter, s) : desk_meter_active_j(meter, s);
}

static void step_take(struct stepped *step, double joules, double window_s)
{
    step->windows++;
    if (joules == step->now_j) {
        return;
    }
    step->now_j = joules;
    if (!step->began) {
        step->began = true;
        step->first_j = step->last_j = joules;
        step->first_s = step->last_s = window_s;
        step->windows = 0;
    } else if (step->windows % 2u == 0) {
        step->last_j = joules;
        step->last_s = window_s;
    }
}

static void steps_begin(const struct desk_meter *meter, const struct point *point,
                        struct stepped *step)
{
    memset(step, 0, LEGAL_SYSTEMS * sizeof *step);
    for (unsigned s = 0; s < meter->front_end.options.systems; s++) {
        step[s].now_j = joules_of(meter, point, s);
    }
}

static void steps_take(const struct desk_meter *meter, const struct point *point,
                       struct stepped *step)
{
    for (unsigned s = 0; s < meter->front_end.options.systems; s++) {
        step_take(&step[s], joules_of(meter, point, s), meter->window_s[s]);
    }
}

/** Sum of the systems' powers; *seconds: of the shortest of those that registered. */
static double steps_power(const struct stepped *step, double *seconds)
{
    double power = 0.0;
    *seconds = HUGE_VAL;
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        if (step[s].last_s > step[s].first_s) {
            power += (step[s].last_j - step[s].first_j) / (step[s].last_s - step[s].first_s);
            *seconds = fmin(*seconds, step[s].last_s - step[s].first_s);
        }
    }
    *seconds = *seconds < HUGE_VAL ? *seconds : 0.0;
    return power;
}

/** ---- LED ----------------------------------------------------------------------------------- */

static enum legal_energy shown_energy(const struct point *point)
{
    if (point->reactive) {
        return point->phi_deg < 0.0 ? LEGAL_R_MINUS : LEGAL_R_PLUS;
    }
    return point->exporting ? LEGAL_A_MINUS : LEGAL_A_PLUS;
}

static double error_pct(double value, double wanted)
{
    return 100.0 * (value / wanted - 1.0);
}

static double wanted_power(const struct plan *plan, const struct point *point)
{
    struct reference_power power;
    if (!signal_power(plan->connection, point, &power)) {
        return NO_VALUE;
    }
    return point->reactive ? power.reactive_var : power.active_w;
}

static double led_seconds(const struct desk_meter *meter)
{
    return 1e-6 * (double)(meter->pulses.last_us - meter->pulses.first_us);
}

static double clock_s(const struct desk_meter *meter)
{
    return 1e-6 * (double)meter->now_us;
}

/**
 * LED and registers over the same time.  A meter that gives no pulses where there is energy has an
 * error of -100 %.
 */
static void count(struct desk_meter *meter, const struct plan *plan, const struct point *point,
                  struct outcome *out)
{
    struct stepped step[LEGAL_SYSTEMS];
    const double wanted = wanted_power(plan, point), began_s = clock_s(meter);
    const bool by_led = point->current_a * 1.000001 >= RATED_TR_A && point->wave != WAVE_BURST;
    const double pulse_s = WATT_SECONDS_A_PULSE / fabs(wanted);
    /* a stopped meter is waited for only so long */
    const double longest_s = point->voltage < 0.75
                                 ? 2.0 * SECONDS_STOPPED
                                 : 3.0 * (point->seconds + (INTERVALS_MIN + 1.0) * pulse_s);
    double stepped_s = 0.0, power = 0.0;
    (void)legal_pulse_select(&meter->legal, shown_energy(point));
    desk_meter_pulses_clear(meter);
    steps_begin(meter, point, step);
    bool done = false;
    while (!done && clock_s(meter) - began_s < longest_s) {
        desk_meter_round(meter);
        steps_take(meter, point, step);
        power = steps_power(step, &stepped_s);
        done = by_led ? meter->pulses.n > INTERVALS_MIN && led_seconds(meter) >= point->seconds
                      : stepped_s >= point->seconds;
    }
    out->register_value = error_pct(power, wanted);
    out->value = out->register_value;
    out->seconds = stepped_s > 0.0 ? stepped_s : clock_s(meter) - began_s;
    out->pulses = 0;
    if (by_led && meter->pulses.n > 1u) {
        out->pulses = (unsigned)meter->pulses.n - 1u;
        out->seconds = led_seconds(meter);
        out->value = error_pct(out->pulses * WATT_SECONDS_A_PULSE / out->seconds, fabs(wanted));
    }
}

/** ---- getting there ------------------------------------------------------------------------- */

static void connect(struct desk_meter *meter, const struct plan *plan, const struct point *point)
{
    struct stimulus stimulus;
    signal_of(plan->connection, point, &stimulus);
    front_end_connect(&meter->front_end, &stimulus);
}

/** Voltage and no current, by samples: a meter that models its own heat sees it all. */
static void rest(struct desk_meter *meter, const struct plan *plan, const struct point *point)
{
    struct point idle = *point;
    idle.current_a = idle.tone_a = 0.0;
    if (point->rest_s > 0.0) {
        connect(meter, plan, &idle);
        desk_meter_run(meter, point->rest_s);
    }
}

static void arrive(struct desk_meter *meter, const struct plan *plan, const struct point *point)
{
    front_end_ambient(&meter->front_end, point->chamber_c);
    rest(meter, plan, point);
    connect(meter, plan, point);
    desk_meter_run(meter, SETTLING_S);
    if (legal_supply(&meter->legal) == LEGAL_SUPPLY_OFF) {
        desk_meter_run(meter, STARTING_S);
    }
}

/** ---- tests --------------------------------------------------------------------------------- */

static void measure_start(struct desk_meter *meter, const struct plan *plan,
                          const struct point *point, struct outcome *out)
{
    struct point idle = *point;
    idle.current_a = 0.0;
    arrive(meter, plan, &idle);
    (void)legal_pulse_select(&meter->legal, shown_energy(point));
    desk_meter_pulses_clear(meter);
    connect(meter, plan, point);
    const double began_s = clock_s(meter);
    while (meter->pulses.n < 2u && clock_s(meter) - began_s <= START_MAX_S) {
        desk_meter_round(meter);
    }
    out->seconds = clock_s(meter) - began_s;
    out->pulses = (unsigned)meter->pulses.n;
    out->value = meter->pulses.n < 2u ? NO_VALUE : 1e-6 * (double)meter->pulses.last_us - began_s;
}

static void measure_start_up(struct desk_meter *meter, const struct plan *plan,
                             const struct point *point, struct outcome *out)
{
    struct point dead = *point;
    dead.voltage = dead.current_a = 0.0;
    connect(meter, plan, &dead);
    desk_meter_run(meter, 5.0);
    const uint64_t before_uwh = legal_energy_uwh(&meter->legal, LEGAL_A_PLUS);
    connect(meter, plan, point);
    const double began_s = clock_s(meter);
    while (legal_energy_uwh(&meter->legal, LEGAL_A_PLUS) == before_uwh &&
           clock_s(meter) - began_s < 20.0) {
        desk_meter_round(meter);
    }
    out->seconds = out->value = clock_s(meter) - began_s;
}

static void measure_no_load(struct desk_meter *meter, const struct plan *plan,
                            const struct point *point, struct outcome *out)
{
    const double elements = meter->front_end.options.systems;
    const double minutes =
        240e3 / (RATED_IMP_KWH * elements * RATED_V * point->voltage * RATED_START_A);
    arrive(meter, plan, point);
    (void)legal_pulse_select(&meter->legal, LEGAL_A_PLUS);
    desk_meter_pulses_clear(meter);
    desk_meter_run(meter, 60.0 * minutes);
    out->seconds = 60.0 * minutes;
    out->value = (double)meter->pulses.n;
    out->pulses = (unsigned)meter->pulses.n;
}

static void measure_constant(struct desk_meter *meter, const struct plan *plan,
                             const struct point *point, struct outcome *out)
{
    arrive(meter, plan, point);
    count(meter, plan, point, out);
    out->value -= out->register_value;
}

static void measure_repeat(struct desk_meter *meter, const struct plan *plan,
                           const struct point *point, struct outcome *out)
{
    double sum = 0.0, squares = 0.0, seconds = 0.0;
    arrive(meter, plan, point);
    for (unsigned k = 0; k < point->repeats; k++) {
        count(meter, plan, point, out);
        sum += out->value;
        squares += out->value * out->value;
        seconds += out->seconds;
    }
    const double n = point->repeats;
    out->value = sqrt(fmax(0.0, (squares - sum * sum / n) / (n - 1.0)));
    out->seconds = seconds;
}

static double read_registers(struct desk_meter *meter, const struct plan *plan,
                             const struct point *point, double seconds)
{
    struct stepped step[LEGAL_SYSTEMS];
    double stepped_s = 0.0;
    steps_begin(meter, point, step);
    const double began_s = clock_s(meter);
    while (clock_s(meter) - began_s < seconds) {
        desk_meter_round(meter);
        steps_take(meter, point, step);
    }
    return error_pct(steps_power(step, &stepped_s), wanted_power(plan, point));
}

static void measure_heating(struct desk_meter *meter, const struct plan *plan,
                            const struct point *point, struct outcome *out)
{
    rest(meter, plan, point);
    connect(meter, plan, point);
    desk_meter_run(meter, SETTLING_S);
    const double cold = read_registers(meter, plan, point, HEATING_READ_S);
    out->value = 0.0;
    for (double at_s = 0.0; at_s < point->seconds; at_s += HEATING_STEP_S + HEATING_READ_S) {
        desk_meter_run(meter, HEATING_STEP_S);
        const double change = read_registers(meter, plan, point, HEATING_READ_S) - cold;
        out->value = fabs(change) > fabs(out->value) ? change : out->value;
    }
    out->seconds = point->seconds;
}

/** Of all registers, the one that changed most. */
static double registers_change_kwh(const struct desk_meter *meter, const uint64_t *before_uwh)
{
    uint64_t most_uwh = 0;
    for (unsigned e = 0; e < LEGAL_ENERGIES; e++) {
        const uint64_t change =
            legal_energy_uwh(&meter->legal, (enum legal_energy)e) - before_uwh[e];
        most_uwh = change > most_uwh ? change : most_uwh;
    }
    return 1e-9 * (double)most_uwh;
}

static void measure_dips(struct desk_meter *meter, const struct plan *plan,
                         const struct point *point, struct outcome *out)
{
    static const struct {
        double from_s, duration_s, left;
    } dips[] = {{2, 1, 0}, {3.05, 1, 0}, {4.1, 1, 0}, {10, 0.02, 0}, {15, 60, 0.5}};
    uint64_t before_uwh[LEGAL_ENERGIES];
    struct stimulus stimulus;
    arrive(meter, plan, point);
    for (unsigned e = 0; e < LEGAL_ENERGIES; e++) {
        before_uwh[e] = legal_energy_uwh(&meter->legal, (enum legal_energy)e);
    }
    signal_of(plan->connection, point, &stimulus);
    for (size_t k = 0; k < sizeof dips / sizeof dips[0]; k++) {
        (void)stimulus_dip(&stimulus, 7u, dips[k].from_s, dips[k].duration_s, dips[k].left);
    }
    desk_meter_pulses_clear(meter);
    front_end_connect(&meter->front_end, &stimulus);
    desk_meter_run(meter, 80.0);
    out->value = registers_change_kwh(meter, before_uwh);
    out->pulses = (unsigned)meter->pulses.n;
    out->seconds = 80.0;
}

static void measure_overcurrent(struct desk_meter *meter, const struct plan *plan,
                                const struct point *point, struct outcome *out)
{
    struct stimulus stimulus;
    arrive(meter, plan, point);
    count(meter, plan, point, out);
    const double before = out->value;
    signal_of(plan->connection, point, &stimulus);
    const struct stimulus_change surge = {.from_s = 1.0,
                                          .until_s = 1.01,
                                          .phases = 7u,
                                          .voltage_factor = 1.0,
                                          .current_factor = OVERCURRENT_FACTOR / point->current_a};
    (void)stimulus_change_add(&stimulus, surge);
    front_end_connect(&meter->front_end, &stimulus);
    desk_meter_run(meter, 1.0 + SETTLING_S);
    count(meter, plan, point, out);
    out->value -= before;
}

static void measure_error(struct desk_meter *meter, const struct plan *plan,
                          const struct point *point, struct outcome *out)
{
    arrive(meter, plan, point);
    count(meter, plan, point, out);
}

void measure_point(struct desk_meter *meter, const struct plan *plan, size_t at,
                   struct outcome *out)
{
    static void (*const measures[TESTS])(struct desk_meter *, const struct plan *,
                                         const struct point *, struct outcome *) = {
        [TEST_START] = measure_start,     [TEST_START_UP] = measure_start_up,
        [TEST_NO_LOAD] = measure_no_load, [TEST_CONSTANT] = measure_constant,
        [TEST_REPEAT] = measure_repeat,   [TEST_HEATING] = measure_heating,
        [TEST_DIPS] = measure_dips,       [TEST_OVERCURRENT] = measure_overcurrent,
    };
    const struct point *point = &plan->point[at];
    *out = (struct outcome){.value = NO_VALUE, .register_value = NO_VALUE};
    (measures[point->test] != NULL ? measures[point->test] : measure_error)(meter, plan, point,
                                                                            out);
}
