/** From lines to codes, a block at a time. */
#include <math.h>
#include <string.h>

#include "front_end_inside.h"
#include "inside.h"

#define LANES       4u
#define FLICKER_RUN 16 /* samples that the fastest row of 1/f noise holds */
#define RATIO       FRONT_END_OVERSAMPLING_RATIO
#define TAPS        (3u * (RATIO - 1u) + 1u)
#define FAST        (RATIO * BLOCK + TAPS)
#define FULL_SCALE  ((double)MEASURING_FULL_SCALE_LSB)
#define STEPS_V     (FULL_SCALE / FRONT_END_FULL_SCALE_V)
#define STEPS_A     (FULL_SCALE / FRONT_END_FULL_SCALE_A)

/** What is the same throughout a block. */
struct scene {
    double start_s, step_s; /**< since the signal was connected */
    size_t n;
    double v_factor[LAB_PHASES], i_factor;
    double v_drift, i_drift;
    double v_still, i_still; /**< direct current and offsets before the converter */
};

/** ---- lines ------------------------------------------------------------------------------- */

/** One line over a run: four phasors that take four samples at a time. */
struct turning {
    double re[LANES], im[LANES];
    double step_re, step_im;
};

static struct turning turning_of(double turns, double step_turns)
{
    struct turning turning = {.step_re = cos(TURN * step_turns * LANES),
                              .step_im = sin(TURN * step_turns * LANES)};
    for (unsigned k = 0; k < LANES; k++) {
        const double now = turns + (double)k * step_turns;
        const double angle = TURN * (now - floor(now));
        turning.re[k] = cos(angle);
        turning.im[k] = sin(angle);
    }
    return turning;
}

/** Adds Re(v * rotation) and Re(i * rotation); n is rounded up to whole lanes. */
static void turning_add(struct turning *turning, struct lab_vector v, struct lab_vector i,
                        double *v_sum, double *i_sum, size_t n)
{
    for (size_t at = 0; at < n; at += LANES) {
        for (unsigned k = 0; k < LANES; k++) {
            const double re = turning->re[k], im = turning->im[k];
            v_sum[at + k] += v.re * re - v.im * im;
            i_sum[at + k] += i.re * re - i.im * im;
            turning->re[k] = re * turning->step_re - im * turning->step_im;
            turning->im[k] = re * turning->step_im + im * turning->step_re;
        }
    }
}

/** The line's phasors with drift and changes. */
static void line_now(const struct front_end_line *line, const struct scene *scene,
                     struct lab_vector *v, struct lab_vector *i)
{
    const bool tone = line->order == STIMULUS_LINE_ORDER_NONE;
    const double i_gain = scene->i_drift * (tone ? 1.0 : scene->i_factor);
    *v = (struct lab_vector){0.0, 0.0};
    *i = (struct lab_vector){line->i.re * i_gain, line->i.im * i_gain};
    for (unsigned p = 0; p < LAB_PHASES; p++) {
        const double factor = tone ? 1.0 : scene->v_factor[p];
        v->re += line->v[p].re * factor * scene->v_drift;
        v->im += line->v[p].im * factor * scene->v_drift;
        i->re += line->x[p].re * factor;
        i->im += line->x[p].im * factor;
    }
}

/** Sums of all lines at start_s, start_s + step_s ...; room for n rounded up to lanes. */
static void lines_add(const struct front_end *front_end, unsigned s, const struct scene *scene,
                      double *v_sum, double *i_sum)
{
    const struct front_end_system *system = &front_end->system[s];
    for (size_t k = 0; k < scene->n + LANES; k++) {
        v_sum[k] = scene->v_still;
        i_sum[k] = scene->i_still;
    }
    for (size_t k = 0; k < system->n_lines; k++) {
        const struct front_end_line *line = &system->line[k];
        const double turns =
            line->order * front_end->connected_turns + line->frequency_hz * scene->start_s;
        struct lab_vector v, i;
        line_now(line, scene, &v, &i);
        struct turning turning = turning_of(turns, line->frequency_hz * scene->step_s);
        turning_add(&turning, v, i, v_sum, i_sum, scene->n);
    }
}

/** ---- converter ----------------------------------------------------------------------------- */

static void inl_add(double *sum, size_t n, double ppm)
{
    const double cubic = ppm * 1e-6 / (FULL_SCALE * FULL_SCALE);
    for (size_t k = 0; k < n; k++) {
        sum[k] += cubic * sum[k] * sum[k] * sum[k];
    }
}

static void inl_of(const struct front_end *front_end, unsigned s, double *v, double *i, size_t n)
{
    if (front_end_has(front_end, FRONT_END_INL)) {
        inl_add(v, n, front_end->system[s].sensor.voltage_inl_ppm);
        inl_add(i, n, front_end->system[s].sensor.current_inl_ppm);
    }
}

/** Impulse response of sinc^3: three running means of 16, put together. */
static void decimator_taps(double tap[TAPS])
{
    double one[TAPS] = {0.0}, next[TAPS];
    one[0] = 1.0;
    for (unsigned stage = 0; stage < 3u; stage++) {
        for (unsigned k = 0; k < TAPS; k++) {
            next[k] = 0.0;
            for (unsigned j = 0; j < RATIO && j <= k; j++) {
                next[k] += one[k - j] / (double)RATIO;
            }
        }
        memcpy(one, next, sizeof one);
    }
    memcpy(tap, one, sizeof one);
}

static void decimate(const double *fast, const double *tap, double *slow, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        double sum = 0.0;
        for (unsigned j = 0; j < TAPS; j++) {
            sum += tap[j] * fast[k * RATIO + j];
        }
        slow[k] = sum;
    }
}

/** The block by way of the modulator's rate.  The filter's middle lies on the sample's instant. */
static void convert_oversampled(const struct front_end *front_end, unsigned s,
                                const struct scene *scene, double *v, double *i)
{
    double v_fast[FAST + LANES], i_fast[FAST + LANES], tap[TAPS];
    struct scene fast = *scene;
    fast.step_s = scene->step_s / (double)RATIO;
    fast.start_s = scene->start_s - 0.5 * (double)(TAPS - 1u) * fast.step_s;
    fast.n = scene->n * RATIO + TAPS - RATIO;
    lines_add(front_end, s, &fast, v_fast, i_fast);
    inl_of(front_end, s, v_fast, i_fast, fast.n);
    decimator_taps(tap);
    decimate(v_fast, tap, v, scene->n);
    decimate(i_fast, tap, i, scene->n);
}

/** ---- noise --------------------------------------------------------------------------------- */

/** 1/f noise: rows of held random values, each half as fast as the one before. */
static double flicker_next(struct front_end_system *system, int64_t index, double row_steps)
{
    double sum = 0.0;
    for (unsigned row = 0; row < FRONT_END_FLICKER_ROWS; row++) {
        if (index % ((int64_t)FLICKER_RUN << row) == 0) {
            system->flicker_row[row] = row_steps * front_end_random_normal(&system->flicker_random);
        }
        sum += system->flicker_row[row];
    }
    return sum;
}

static void flicker_add(struct front_end_system *system, double *i, size_t n)
{
    const struct front_end_sensor *sensor = &system->sensor;
    /* variance of an octave: density of the white noise * corner * ln 2 */
    const double octave = sensor->flicker_hz * log(2.0) * 2.0 / (double)MEASURING_SAMPLE_RATE_HZ;
    const double row_steps = sensor->current_noise_a * STEPS_A * sqrt(octave);
    double level = 0.0;
    for (size_t k = 0; k < n; k++) {
        const int64_t index = system->index + (int64_t)k;
        if (k == 0 || index % FLICKER_RUN == 0) {
            level = flicker_next(system, index, row_steps);
        }
        i[k] += level;
    }
}

static void noise_add(const struct front_end *front_end, struct front_end_system *system, double *v,
                      double *i, size_t n)
{
    if (front_end_has(front_end, FRONT_END_NOISE)) {
        const double v_steps = system->sensor.voltage_noise_v * STEPS_V;
        const double i_steps = system->sensor.current_noise_a * STEPS_A;
        for (size_t k = 0; k < n; k++) {
            v[k] += v_steps * front_end_random_normal(&system->random);
            i[k] += i_steps * front_end_random_normal(&system->random);
        }
    }
    if (front_end_has(front_end, FRONT_END_FLICKER)) {
        flicker_add(system, i, n);
    }
}

/** ---- codes --------------------------------------------------------------------------------- */

static int32_t code_of(const struct front_end *front_end, double value, double *residue)
{
    if (front_end_has(front_end, FRONT_END_CLIPPING)) {
        value = value > FULL_SCALE - 1.0 ? FULL_SCALE - 1.0 : value;
        value = value < -FULL_SCALE ? -FULL_SCALE : value;
    } else {
        value = value > (double)(INT32_MAX - 1) ? (double)(INT32_MAX - 1) : value;
        value = value < (double)(INT32_MIN + 1) ? (double)(INT32_MIN + 1) : value;
    }
    if (front_end_has(front_end, FRONT_END_QUANTISATION)) {
        return (int32_t)lrint(value);
    }
    /* as the ideal source does (mains_code): nothing is lost, not even by rounding */
    const double owed = value + *residue;
    const int32_t code = (int32_t)lrint(owed);
    *residue = owed - (double)code;
    return code;
}

/** ---- blocks -------------------------------------------------------------------------------- */

/** Samples from here on until something changes, at most n; the factors in force. */
static size_t block_length(const struct front_end *front_end, const struct front_end_system *system,
                           unsigned current_phase, struct scene *scene, size_t n)
{
    /* an edge that falls on a sample belongs to it, however the product was rounded */
    const double at_s = scene->start_s + 1e-6 * scene->step_s;
    double until_s = HUGE_VAL;
    size_t length = n < BLOCK ? n : BLOCK;
    for (unsigned p = 0; p < LAB_PHASES; p++) {
        scene->v_factor[p] =
            stimulus_factor(&front_end->stimulus, p, STIMULUS_VOLTAGE, at_s, &until_s);
    }
    scene->i_factor =
        stimulus_factor(&front_end->stimulus, current_phase, STIMULUS_CURRENT, at_s, &until_s);
    const double left = ceil((until_s - at_s) / scene->step_s);
    length = left < (double)length ? (size_t)left : length;
    const int64_t whole = system->next_missing - system->index;
    return whole < (int64_t)length ? (size_t)(whole > 0 ? whole : 1) : length;
}

static void scene_set(const struct front_end *front_end, unsigned s, size_t n, struct scene *scene)
{
    const struct front_end_system *system = &front_end->system[s];
    const struct front_end_sensor *sensor = &system->sensor;
    *scene = (struct scene){.start_s = front_end_time_s(front_end, s) - front_end->connected_s,
                            .step_s = system->period_s};
    scene->n = block_length(front_end, system, front_end_current_phase(front_end, s), scene, n);
    scene->v_drift = front_end_voltage_drift(front_end, s);
    scene->i_drift = front_end_current_drift(front_end, s);
    for (unsigned p = 0; p < LAB_PHASES; p++) {
        scene->v_still += system->v_dc[p] * scene->v_factor[p] * scene->v_drift;
    }
    scene->i_still = system->i_dc * scene->i_factor * scene->i_drift;
    if (front_end_has(front_end, FRONT_END_OFFSET)) {
        const double away_k = front_end_board_c(front_end, s) - FRONT_END_REFERENCE_C;
        scene->v_still += sensor->voltage_offset_v * STEPS_V;
        scene->i_still +=
            (sensor->current_offset_a + sensor->current_offset_a_k * away_k) * STEPS_A;
    }
}

/** @return samples made, at least one. */
static size_t block_make(struct front_end *front_end, unsigned s, size_t n, int32_t *v_lsb,
                         int32_t *i_lsb)
{
    struct front_end_system *system = &front_end->system[s];
    double v[BLOCK + LANES], i[BLOCK + LANES];
    struct scene scene;
    scene_set(front_end, s, n, &scene);
    if (front_end_has(front_end, FRONT_END_OVERSAMPLING)) {
        convert_oversampled(front_end, s, &scene, v, i);
    } else {
        lines_add(front_end, s, &scene, v, i);
        inl_of(front_end, s, v, i, scene.n);
    }
    noise_add(front_end, system, v, i, scene.n);
    for (size_t k = 0; k < scene.n; k++) {
        v_lsb[k] = code_of(front_end, v[k], &system->v_residue);
        i_lsb[k] = code_of(front_end, i[k], &system->i_residue);
    }
    front_end_heat(front_end, s, scene.i_factor, (double)scene.n * system->period_s);
    system->index += (int64_t)scene.n;
    if (system->index >= system->next_missing) {
        system->index++; /* that one never arrives */
        system->next_missing = front_end_next_missing(system, front_end->options.missing_ppm);
    }
    return scene.n;
}

void front_end_samples(struct front_end *front_end, unsigned system, size_t n, int32_t *v_lsb,
                       int32_t *i_lsb)
{
    for (size_t done = 0; done < n;) {
        done += block_make(front_end, system, n - done, v_lsb + done, i_lsb + done);
    }
}
