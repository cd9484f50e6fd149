/** Each effect of the virtual front end against its closed form, one at a time. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/front_end.h"

#define TURN    6.283185307179586
#define STEPS_V (8388608.0 / 700.0)
#define STEPS_A (8388608.0 / 250.0)
#define SECOND  8000u

static int32_t v_code[LAB_PHASES][5u * SECOND], i_code[LAB_PHASES][5u * SECOND];
static struct front_end meter;

static void close_to(double value, double wanted, double within)
{
    if (!(fabs(value - wanted) <= within)) {
        fail_msg("%.12g is not within %g of %.12g", value, within, wanted);
    }
}

/** A meter of three systems with these effects only, on 230 V, 5 A and its samples. */
static void meter_start(unsigned effects, uint64_t seed)
{
    const struct front_end_options options = {.effects = effects, .systems = 3};
    struct stimulus stimulus;
    front_end_start(&meter, seed, &options);
    stimulus_balanced(&stimulus, 230.0, 5.0, 0.0, 50.0);
    front_end_connect(&meter, &stimulus);
}

static void meter_run(unsigned system, size_t n)
{
    front_end_samples(&meter, system, n, v_code[system], i_code[system]);
}

/** Peak phasor at a whole number of Hz, over a whole second. */
static struct lab_vector phasor(const int32_t *code, double hz)
{
    struct lab_vector sum = {0.0, 0.0};
    for (unsigned k = 0; k < SECOND; k++) {
        const double angle = TURN * fmod(hz * k / SECOND, 1.0);
        sum.re += code[k] * cos(angle) * 2.0 / SECOND;
        sum.im -= code[k] * sin(angle) * 2.0 / SECOND;
    }
    return sum;
}

static struct lab_vector ratio(struct lab_vector a, struct lab_vector b)
{
    const double size = b.re * b.re + b.im * b.im;
    return (struct lab_vector){(a.re * b.re + a.im * b.im) / size,
                               (a.im * b.re - a.re * b.im) / size};
}

/** What became of the 5 A at this frequency, relative to nominal. */
static struct lab_vector current_gain_at(double hz)
{
    struct stimulus stimulus;
    stimulus_balanced(&stimulus, 230.0, 5.0, 0.0, hz);
    front_end_connect(&meter, &stimulus);
    meter_run(0, SECOND);
    return ratio(phasor(i_code[0], hz), (struct lab_vector){5.0 * sqrt(2.0) * STEPS_A, 0.0});
}

static void neutral_equals_the_ideal_source(void **state)
{
    (void)state;
    static int32_t v[LAB_PHASES][SECOND], i[LAB_PHASES][SECOND];
    int32_t *v_at[] = {v[0], v[1], v[2]}, *i_at[] = {i[0], i[1], i[2]};
    const struct mains_options options = {3, false, 0};
    struct lab_error error;
    struct mains *mains = NULL;
    assert_int_equal(mains_open(&mains, "u=230,i=5,pf=0.5i", &options, &error), 0);
    mains_samples(mains, 0, SECOND, v_at, i_at);
    mains_close(mains);
    struct stimulus stimulus;
    meter_start(0, 1);
    stimulus_balanced(&stimulus, 230.0, 5.0, 60.0, 50.0);
    front_end_connect(&meter, &stimulus);
    for (unsigned s = 0; s < LAB_PHASES; s++) {
        int64_t apart = 0;
        meter_run(s, SECOND);
        for (unsigned k = 0; k < SECOND; k++) {
            assert_in_range(v_code[s][k] - v[s][k] + 1, 0, 2);
            assert_in_range(i_code[s][k] - i[s][k] + 1, 0, 2);
            apart += v_code[s][k] - v[s][k];
        }
        assert_in_range(apart + 1, 0, 2); /* neither loses anything by rounding */
    }
}

static void gain_is_what_was_drawn(void **state)
{
    (void)state;
    meter_start(FRONT_END_GAIN, 4);
    const struct lab_vector i = current_gain_at(50.0);
    const struct lab_vector v = phasor(v_code[0], 50.0);
    close_to(i.re, 1.0 + 0.01 * meter.system[0].sensor.current_gain_pct, 1e-7);
    close_to(v.re / (230.0 * sqrt(2.0) * STEPS_V),
             1.0 + 0.01 * meter.system[0].sensor.voltage_gain_pct, 1e-8);
    close_to(i.im, 0.0, 1e-7);
}

static void delays_turn_the_phase_in_proportion(void **state)
{
    (void)state;
    const double frequencies[] = {50.0, 250.0, 1000.0};
    for (unsigned k = 0; k < 3; k++) {
        const double w = TURN * frequencies[k];
        meter_start(FRONT_END_SKEW, 5);
        const double skew = w * meter.system[0].sensor.skew_us * 1e-6;
        struct lab_vector i = current_gain_at(frequencies[k]);
        close_to(atan2(i.im, i.re), -skew, 1e-6);
        close_to(hypot(i.re, i.im), 1.0, 1e-6);
        meter_start(FRONT_END_RC, 5);
        const double rc = w * meter.system[0].sensor.current_rc_us * 1e-6;
        i = current_gain_at(frequencies[k]);
        close_to(atan2(i.im, i.re), -atan(rc), 1e-6);
        close_to(hypot(i.re, i.im), 1.0 / sqrt(1.0 + rc * rc), 1e-6);
        meter_start(FRONT_END_INDUCTANCE, 5);
        const double lead = w * meter.system[0].sensor.inductance_us * 1e-6;
        i = current_gain_at(frequencies[k]);
        close_to(atan2(i.im, i.re), atan(lead), 1e-6);
        close_to(hypot(i.re, i.im), sqrt(1.0 + lead * lead), 1e-6);
    }
}

/** The closed form and a modulator with its decimator agree, at aliases as well. */
static void droop_is_that_of_a_real_decimator(void **state)
{
    (void)state;
    const double pi = TURN / 2.0;
    const double frequencies[] = {50.0, 250.0, 1050.0, 2000.0, 9000.0, 30050.0};
    close_to(front_end_droop(250.0),
             pow(sin(pi * 250.0 / 8e3) / (16.0 * sin(pi * 250.0 / 128e3)), 3), 1e-12);
    for (unsigned k = 0; k < 6; k++) {
        const double hz = frequencies[k];
        struct stimulus stimulus;
        stimulus_balanced(&stimulus, 230.0, 5.0, 0.0, 50.0);
        stimulus.phase[0].tone_hz = hz;
        stimulus.phase[0].tone_a = 2.0;
        const double alias = fabs(hz - 8000.0 * round(hz / 8000.0));
        struct lab_vector i[2];
        for (unsigned way = 0; way < 2; way++) {
            meter_start(FRONT_END_DROOP | (way == 1 ? FRONT_END_OVERSAMPLING : 0u), 6);
            front_end_connect(&meter, &stimulus);
            meter_run(0, SECOND);
            i[way] = phasor(i_code[0], alias);
        }
        close_to(i[1].re, i[0].re, 0.1);
        close_to(i[1].im, i[0].im, 0.1);
        if (hz > 50.0) {
            close_to(hypot(i[0].re, i[0].im), 2.0 * sqrt(2.0) * STEPS_A * fabs(front_end_droop(hz)),
                     0.1);
        }
    }
}

static void crosstalk_follows_the_voltages(void **state)
{
    (void)state;
    const unsigned effects[] = {FRONT_END_CROSSTALK_OWN, FRONT_END_CROSSTALK_OTHER};
    for (unsigned k = 0; k < 2; k++) {
        meter_start(effects[k], 7);
        const struct front_end_sensor *sensor = &meter.system[1].sensor;
        struct stimulus stimulus;
        stimulus_balanced(&stimulus, 230.0, 0.0, 0.0, 50.0);
        stimulus_lose_phase(&stimulus, 0); /* that is "after next" for the second system */
        front_end_connect(&meter, &stimulus);
        meter_run(1, SECOND);
        meter_run(1 + k, SECOND);
        const struct lab_vector i = phasor(i_code[1], 50.0);
        const double deg = k == 0 ? -120.0 : 120.0;
        const double size = 230.0 * sqrt(2.0) * STEPS_V * pow(10.0, sensor->crosstalk_db[k] / 20.0);
        const double angle = TURN * (deg + sensor->crosstalk_deg[k]) / 360.0;
        close_to(i.re, size * cos(angle), 0.05);
        close_to(i.im, size * sin(angle), 0.05);
    }
}

static void drift_follows_the_temperatures(void **state)
{
    (void)state;
    const double ambient[] = {-40.0, 23.0, 70.0};
    for (unsigned k = 0; k < 3; k++) {
        const double away = ambient[k] - 23.0;
        meter_start(FRONT_END_SHUNT_DRIFT, 8);
        const struct front_end_sensor *sensor = &meter.system[0].sensor;
        front_end_ambient(&meter, ambient[k]);
        close_to(current_gain_at(50.0).re, 1.0 + 1e-6 * sensor->shunt_ppm_k * away, 1e-7);
        meter_start(FRONT_END_DIVIDER_DRIFT, 8);
        front_end_ambient(&meter, ambient[k]);
        meter_run(0, SECOND);
        close_to(phasor(v_code[0], 50.0).re / (230.0 * sqrt(2.0) * STEPS_V),
                 1.0 + 1e-6 * sensor->divider_ppm_k * away, 1e-8);
        meter_start(FRONT_END_REFERENCE_DRIFT, 8);
        front_end_ambient(&meter, ambient[k]);
        const double s_curve =
            1e-6 * sensor->reference_ppm_k * (away - away * away * away / (75.0 * 75.0));
        close_to(current_gain_at(50.0).re, 1.0 / (1.0 + s_curve), 1e-7);
        close_to(phasor(v_code[0], 50.0).re / (230.0 * sqrt(2.0) * STEPS_V), 1.0 / (1.0 + s_curve),
                 1e-8);
    }
}

static void shunt_heats_itself_and_the_board(void **state)
{
    (void)state;
    meter_start(FRONT_END_SELF_HEATING, 9);
    const struct front_end_sensor *sensor = &meter.system[0].sensor;
    struct stimulus stimulus;
    stimulus_balanced(&stimulus, 230.0, 100.0, 0.0, 50.0);
    front_end_connect(&meter, &stimulus);
    meter_run(0, 5u * SECOND);
    const double final_k = 2.0 * sensor->heating_k_w;
    close_to(front_end_shunt_c(&meter, 0) - 23.0, final_k * (1.0 - exp(-5.0 / sensor->heating_s)),
             1e-9);
    front_end_soak(&meter, 1e5);
    close_to(front_end_shunt_c(&meter, 0), 23.0 + final_k, 1e-9);
    const double board_c = 23.0 + sensor->board_share * final_k;
    close_to(front_end_board_c(&meter, 0), board_c, 1e-9);
    close_to(front_end_temperature_cc(&meter, 0), 100.0 * board_c, 0.5);
    meter.options.effects |= FRONT_END_SENSOR;
    const double error_k =
        sensor->sensor_offset_k + 0.01 * sensor->sensor_gain_pct * (board_c - 23.0);
    close_to(front_end_temperature_cc(&meter, 0), 100.0 * (board_c + error_k), 0.5);
}

static void inl_is_cubic(void **state)
{
    (void)state;
    meter_start(FRONT_END_INL, 10);
    struct stimulus stimulus;
    stimulus_balanced(&stimulus, 230.0, 100.0, 0.0, 50.0);
    front_end_connect(&meter, &stimulus);
    meter_run(0, SECOND);
    const double part = 100.0 * sqrt(2.0) / 250.0;
    const double cubic =
        1e-6 * meter.system[0].sensor.current_inl_ppm * part * part * part * 8388608.0;
    close_to(phasor(i_code[0], 150.0).re, 0.25 * cubic, 0.05);
    close_to(phasor(i_code[0], 50.0).re, part * 8388608.0 + 0.75 * cubic, 0.05);
}

static void offset_and_direct_current_add_up(void **state)
{
    (void)state;
    meter_start(FRONT_END_OFFSET, 11);
    front_end_ambient(&meter, 33.0);
    struct stimulus stimulus;
    stimulus_balanced(&stimulus, 230.0, 5.0, 0.0, 50.0);
    stimulus.phase[0].current_dc_a = 0.25;
    front_end_connect(&meter, &stimulus);
    meter_run(0, SECOND);
    double v = 0.0, i = 0.0;
    for (unsigned k = 0; k < SECOND; k++) {
        v += v_code[0][k] / (double)SECOND;
        i += i_code[0][k] / (double)SECOND;
    }
    const struct front_end_sensor *sensor = &meter.system[0].sensor;
    close_to(v, sensor->voltage_offset_v * STEPS_V, 0.01);
    close_to(i, (0.25 + sensor->current_offset_a + 10.0 * sensor->current_offset_a_k) * STEPS_A,
             0.01);
}

/** Mean square of the codes' distance from their mean, in steps squared. */
static double variance(const int32_t *code, size_t n)
{
    double sum = 0.0, squares = 0.0;
    for (size_t k = 0; k < n; k++) {
        sum += code[k];
        squares += (double)code[k] * code[k];
    }
    return squares / (double)n - sum / (double)n * (sum / (double)n);
}

static void noise_has_its_size_and_no_colour(void **state)
{
    (void)state;
    meter_start(FRONT_END_NOISE, 12);
    struct stimulus stimulus;
    stimulus_balanced(&stimulus, 0.0, 0.0, 0.0, 50.0);
    front_end_connect(&meter, &stimulus);
    meter_run(0, 5u * SECOND);
    const struct front_end_sensor *sensor = &meter.system[0].sensor;
    /* of 40000 samples: a variance within 0.7 % (one deviation), 4 of them allowed */
    close_to(sqrt(variance(i_code[0], 5u * SECOND)) / (sensor->current_noise_a * STEPS_A), 1.0,
             0.014);
    close_to(sqrt(variance(v_code[0], 5u * SECOND)) / (sensor->voltage_noise_v * STEPS_V), 1.0,
             0.014);
    double product = 0.0;
    for (unsigned k = 1; k < 5u * SECOND; k++) {
        product += (double)i_code[0][k] * i_code[0][k - 1];
    }
    close_to(product / (5.0 * SECOND) / variance(i_code[0], 5u * SECOND), 0.0, 0.02);
}

/** Mean square of the difference between neighbouring means: about what an octave holds. */
static double octave_of(const int32_t *code, size_t n, size_t length)
{
    double squares = 0.0;
    const size_t pairs = n / length - 1u;
    for (size_t k = 0; k < pairs * length; k += length) {
        double apart = 0.0;
        for (size_t j = k; j < k + length; j++) {
            apart += (code[j + length] - code[j]) / (double)length;
        }
        squares += apart * apart;
    }
    return squares / (double)pairs;
}

/** Means over longer and longer runs of 1/f noise differ as much as over short ones. */
static void flicker_grows_towards_low_frequencies(void **state)
{
    (void)state;
    double octave[2] = {0.0, 0.0}, rows = 0.0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        meter_start(FRONT_END_FLICKER, seed);
        struct stimulus stimulus;
        stimulus_balanced(&stimulus, 0.0, 0.0, 0.0, 50.0);
        front_end_connect(&meter, &stimulus);
        meter_run(0, 5u * SECOND);
        const struct front_end_sensor *sensor = &meter.system[0].sensor;
        const double row =
            sensor->current_noise_a * STEPS_A * sqrt(sensor->flicker_hz * log(2.0) / 4000.0);
        rows += variance(i_code[0], 5u * SECOND) / (row * row * 40.0);
        octave[0] += octave_of(i_code[0], 5u * SECOND, 64) / (row * row * 40.0);
        octave[1] += octave_of(i_code[0], 5u * SECOND, 1024) / (row * row * 40.0);
    }
    close_to(rows, 9.2, 0.8); /* ten rows, the slowest not all in five seconds */
    close_to(octave[0] / octave[1], 1.0, 0.25);
}

static void codes_are_rounded_and_clipped(void **state)
{
    (void)state;
    struct stimulus stimulus;
    stimulus_balanced(&stimulus, 0.0, 0.0, 0.0, 50.0);
    stimulus.phase[0].current_dc_a = 0.4 / STEPS_A;
    meter_start(FRONT_END_QUANTISATION, 13);
    front_end_connect(&meter, &stimulus);
    meter_run(0, 10);
    assert_int_equal(i_code[0][3], 0);
    meter_start(0, 13);
    front_end_connect(&meter, &stimulus);
    meter_run(0, 10);
    int32_t sum = 0;
    for (unsigned k = 0; k < 10; k++) {
        sum += i_code[0][k];
    }
    assert_int_equal(sum, 4);
    stimulus_balanced(&stimulus, 230.0, 300.0, 0.0, 50.0);
    meter_start(0, 13);
    front_end_connect(&meter, &stimulus);
    meter_run(0, 320);
    assert_int_equal(i_code[0][160] / 1000, (int32_t)(300.0 * sqrt(2.0) * STEPS_A) / 1000);
    meter_start(FRONT_END_CLIPPING, 13);
    front_end_connect(&meter, &stimulus);
    meter_run(0, 320);
    assert_int_equal(i_code[0][160], 8388607);
    assert_int_equal(i_code[0][240], -8388608);
}

static void clock_runs_at_its_own_pace(void **state)
{
    (void)state;
    meter_start(FRONT_END_CLOCK, 14);
    meter_run(0, SECOND);
    const double part = 1e-6 * meter.system[0].sensor.clock_ppm;
    close_to(front_end_time_s(&meter, 0), 1.0 / (1.0 + part), 1e-12);
    /* phase at the last sample: 50 turns in true time */
    const double turns = 50.0 * 7999.0 / 8000.0 / (1.0 + part);
    close_to(v_code[0][7999], 230.0 * sqrt(2.0) * STEPS_V * cos(TURN * turns), 2.0);
}

static void missing_samples_are_missing(void **state)
{
    (void)state;
    const struct front_end_options options = {FRONT_END_MISSING, 1, false, 1000.0};
    struct stimulus stimulus;
    front_end_start(&meter, 15, &options);
    stimulus_balanced(&stimulus, 230.0, 5.0, 0.0, 50.0);
    front_end_connect(&meter, &stimulus);
    meter_run(0, 5u * SECOND);
    const double lost = front_end_time_s(&meter, 0) * 8000.0 - 5.0 * SECOND;
    close_to(lost, 40.0, 25.0); /* four deviations */
    meter_start(0, 15);
    meter_run(0, 5u * SECOND);
    close_to(front_end_time_s(&meter, 0), 5.0, 1e-12);
}

static void signals_change_without_a_jump_in_phase(void **state)
{
    (void)state;
    meter_start(0, 16);
    meter_run(0, 1003);
    struct stimulus stimulus;
    stimulus_balanced(&stimulus, 230.0, 5.0, 0.0, 60.0);
    front_end_connect(&meter, &stimulus);
    meter_run(0, 100);
    const double turns = 50.0 * 1003.0 / 8000.0 + 60.0 * 99.0 / 8000.0;
    close_to(v_code[0][99], 230.0 * sqrt(2.0) * STEPS_V * cos(TURN * turns), 2.0);
    /* a dip begins and ends on the samples it names */
    assert_true(stimulus_dip(&stimulus, 1u, 0.01, 0.005, 0.0));
    front_end_connect(&meter, &stimulus);
    meter_run(0, 400);
    for (unsigned k = 75; k < 130; k++) {
        assert_true((v_code[0][k] == 0 || v_code[0][k] == 1 || v_code[0][k] == -1) ==
                    (k >= 80 && k < 120));
    }
}

/** An edge that a sample falls on belongs to that sample, however the times were rounded. */
static void edges_fall_on_their_samples(void **state)
{
    (void)state;
    for (unsigned k = 1; k < 900; k += 7) {
        struct stimulus stimulus;
        meter_start(0, 1);
        stimulus_balanced(&stimulus, 0.0, 5.0, 0.0, 50.0);
        stimulus.phase[0].voltage_dc_v = 100.0;
        assert_true(stimulus_dip(&stimulus, 1u, k / 8000.0, 1.0 / 8000.0, 0.0));
        front_end_connect(&meter, &stimulus);
        meter_run(0, 1000);
        for (unsigned j = 0; j < 1000; j++) {
            assert_true((abs(v_code[0][j]) < 2) == (j == k));
        }
    }
}

static void tones_know_nothing_of_changes(void **state)
{
    (void)state;
    struct stimulus stimulus;
    meter_start(0, 1);
    stimulus_balanced(&stimulus, 230.0, 5.0, 0.0, 50.0);
    stimulus.phase[0].tone_hz = 1234.0;
    stimulus.phase[0].tone_a = 0.5;
    stimulus.phase[0].tone_v = 3.0;
    assert_true(stimulus_change_add(&stimulus, (struct stimulus_change){0.0, 2.0, 1u, 0.0, 0.0}));
    front_end_connect(&meter, &stimulus);
    meter_run(0, SECOND);
    struct lab_vector i = phasor(i_code[0], 1234.0), v = phasor(v_code[0], 1234.0);
    close_to(hypot(i.re, i.im), 0.5 * sqrt(2.0) * STEPS_A, 0.1);
    close_to(hypot(v.re, v.im), 3.0 * sqrt(2.0) * STEPS_V, 0.1);
    i = phasor(i_code[0], 50.0);
    v = phasor(v_code[0], 50.0);
    close_to(hypot(i.re, i.im) + hypot(v.re, v.im), 0.0, 0.1);
}

/** A magnet that stands still changes the shunt by parts in a million, an alternating field adds
 * what it induces in the sense leads; neither touches a voltage. */
static void fields_are_seen_by_the_current(void **state)
{
    (void)state;
    const unsigned effects = FRONT_END_INDUCTANCE | FRONT_END_SHUNT_DRIFT;
    struct stimulus stimulus;
    meter_start(effects, 11);
    const struct lab_vector before = current_gain_at(50.0);
    const struct lab_vector volts = phasor(v_code[0], 50.0);
    stimulus_balanced(&stimulus, 230.0, 5.0, 0.0, 50.0);
    stimulus.field.still_mt = 400.0;
    front_end_connect(&meter, &stimulus);
    meter_run(0, SECOND);
    const struct lab_vector nominal = {5.0 * sqrt(2.0) * STEPS_A, 0.0};
    struct lab_vector i = ratio(phasor(i_code[0], 50.0), nominal);
    const struct front_end_sensor *sensor = &meter.system[0].sensor;
    close_to((i.re / before.re - 1.0) * 1e6, sensor->field_ppm_t2 * 0.16, 0.02);
    stimulus.field = (struct stimulus_field){.ac_mt = 0.5, .ac_deg = 30.0};
    front_end_connect(&meter, &stimulus);
    meter_run(0, SECOND);
    i = ratio(phasor(i_code[0], 50.0), nominal);
    /* V through 200 uohm, of 5 A; the inductance of the shunt turns it by less than 0.3 degrees */
    const double share = TURN * 50.0 * sensor->pickup_mm2 * 1e-6 * 0.5e-3 / 200e-6 / 5.0;
    close_to(i.re - before.re, share * cos(TURN / 3.0), 0.006 * fabs(share));
    close_to(i.im - before.im, share * sin(TURN / 3.0), 0.006 * fabs(share));
    assert_true(fabs(share) > 1e-4);
    close_to(phasor(v_code[0], 50.0).re, volts.re, 0.1);
    stimulus.field.ac_mt = 0.0;
    front_end_connect(&meter, &stimulus);
    meter_run(0, SECOND);
    close_to(ratio(phasor(i_code[0], 50.0), nominal).re, before.re, 1e-7);
}

static void aron_gets_line_voltages(void **state)
{
    (void)state;
    const struct front_end_options options = {.systems = 2, .aron = true};
    struct stimulus stimulus;
    front_end_start(&meter, 17, &options);
    stimulus_balanced(&stimulus, 230.0, 5.0, 0.0, 50.0);
    front_end_connect(&meter, &stimulus);
    const double line_deg[] = {30.0, 90.0}, current_deg[] = {0.0, 120.0};
    for (unsigned s = 0; s < 2; s++) {
        meter_run(s, SECOND);
        const struct lab_vector u = phasor(v_code[s], 50.0), i = phasor(i_code[s], 50.0);
        close_to(hypot(u.re, u.im), 230.0 * sqrt(6.0) * STEPS_V, 1.0);
        close_to(atan2(u.im, u.re), TURN * line_deg[s] / 360.0, 1e-6);
        close_to(atan2(i.im, i.re), TURN * current_deg[s] / 360.0, 1e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neutral_equals_the_ideal_source),
        cmocka_unit_test(gain_is_what_was_drawn),
        cmocka_unit_test(delays_turn_the_phase_in_proportion),
        cmocka_unit_test(droop_is_that_of_a_real_decimator),
        cmocka_unit_test(crosstalk_follows_the_voltages),
        cmocka_unit_test(drift_follows_the_temperatures),
        cmocka_unit_test(shunt_heats_itself_and_the_board),
        cmocka_unit_test(inl_is_cubic),
        cmocka_unit_test(offset_and_direct_current_add_up),
        cmocka_unit_test(noise_has_its_size_and_no_colour),
        cmocka_unit_test(flicker_grows_towards_low_frequencies),
        cmocka_unit_test(codes_are_rounded_and_clipped),
        cmocka_unit_test(clock_runs_at_its_own_pace),
        cmocka_unit_test(missing_samples_are_missing),
        cmocka_unit_test(signals_change_without_a_jump_in_phase),
        cmocka_unit_test(edges_fall_on_their_samples),
        cmocka_unit_test(tones_know_nothing_of_changes),
        cmocka_unit_test(fields_are_seen_by_the_current),
        cmocka_unit_test(aron_gets_line_voltages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
