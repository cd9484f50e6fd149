/**
 * Calibration at waveform level: a virtual meter is read through its own interface at the points of
 * a calibration bench, gets its constants under an open seal, and is measured again.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/calibration/calibration.h"
#include "lab/desk_meter.h"

#define METERS     8u
#define FIRST_SEED 382u
#define TURN       6.283185307179586
/** Below this the registers move in blocks of a second, and a short mean is not to be had there. */
#define REGISTER_VA 30.0

static void close_to(double value, double wanted, double within)
{
    if (!(fabs(value - wanted) <= within)) {
        fail_msg("%.12g is not within %g of %.12g", value, within, wanted);
    }
}

static struct desk_meter *meter_new(uint64_t seed)
{
    const struct front_end_options options = {.effects = FRONT_END_PHYSICAL,
                                              .systems = LEGAL_SYSTEMS};
    struct desk_meter *meter = desk_meter_new(seed, &options);
    assert_non_null(meter);
    return meter;
}

/** ---- the bench ----------------------------------------------------------------------------- */

/** One point of the bench: the same on all phases. */
struct point {
    double current_a, phi_deg;
    unsigned seconds;
};

static const struct point bench_points[] = {{10.0, 0.0, 20}, {10.0, 60.0, 20}, {0.0, 0.0, 300}};
#define POINTS (sizeof bench_points / sizeof bench_points[0])

static struct calibration_constants constants_of(const struct legal_calibration *in)
{
    struct calibration_constants out = {
        .power_gain = in->correction.power_gain,
        .voltage_gain = in->correction.voltage_gain,
        .current_gain = in->correction.current_gain,
        .crosstalk_g_q40 = in->correction.crosstalk_g_q40,
        .crosstalk_b_q40 = in->correction.crosstalk_b_q40,
        .current_noise_lsb2 = in->correction.current_noise_lsb2,
        .current_delay_samples = in->measuring.current_delay_samples,
    };
    memcpy(out.voltage_fir_q28, in->measuring.voltage_fir_q28, sizeof out.voltage_fir_q28);
    return out;
}

static void constants_write(struct desk_meter *meter, uint8_t system,
                            const struct calibration_constants *in)
{
    struct legal_calibration out;
    assert_int_equal(legal_calibration_read(&meter->legal, system, &out), LEGAL_OK);
    out.correction.power_gain = in->power_gain;
    out.correction.voltage_gain = in->voltage_gain;
    out.correction.current_gain = in->current_gain;
    out.correction.crosstalk_g_q40 = in->crosstalk_g_q40;
    out.correction.crosstalk_b_q40 = in->crosstalk_b_q40;
    out.correction.current_noise_lsb2 = in->current_noise_lsb2;
    out.measuring.current_delay_samples = in->current_delay_samples;
    memcpy(out.measuring.voltage_fir_q28, in->voltage_fir_q28, sizeof in->voltage_fir_q28);
    assert_int_equal(legal_calibration_write(&meter->legal, system, &out), LEGAL_OK);
}

static double settled(double by_register, double instant)
{
    return fabs(instant) >= REGISTER_VA ? by_register : instant;
}

static void bench_read(struct desk_meter *meter,
                       struct calibration_reading reading[LEGAL_SYSTEMS][POINTS])
{
    for (unsigned k = 0; k < POINTS; k++) {
        const struct point *point = &bench_points[k];
        struct stimulus stimulus;
        struct desk_reading read;
        stimulus_balanced(&stimulus, 230.0, point->current_a, point->phi_deg, 50.0);
        desk_meter_measure(meter, &stimulus, point->seconds, &read);
        for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
            reading[s][k] = (struct calibration_reading){
                .voltage_v = 230.0,
                .current_a = point->current_a,
                .phi_deg = point->phi_deg,
                .frequency_hz = 50.0,
                .read_active_w = settled(read.active_w[s], read.instant_w[s]),
                .read_reactive_var = settled(read.reactive_var[s], read.instant_var[s]),
                .read_voltage_v = read.voltage_v[s],
                .read_current_a = read.current_a[s]};
        }
    }
}

static void bench_calibrate(struct desk_meter *meter, struct calibration_report *report)
{
    struct calibration_reading reading[LEGAL_SYSTEMS][POINTS];
    bench_read(meter, reading);
    for (uint8_t s = 0; s < LEGAL_SYSTEMS; s++) {
        struct legal_calibration stored;
        struct calibration_constants constants;
        assert_int_equal(legal_calibration_read(&meter->legal, (uint8_t)(s + 1u), &stored),
                         LEGAL_OK);
        constants = constants_of(&stored);
        assert_int_equal(calibration_compute(&calibration_type_382, &constants, reading[s], POINTS,
                                             &constants, &report[s]),
                         CALIBRATION_OK);
        constants_write(meter, (uint8_t)(s + 1u), &constants);
    }
    assert_int_equal(legal_store(&meter->legal), LEGAL_OK);
    assert_int_equal(desk_meter_power_up(meter), LEGAL_OK);
}

/** ---- proof --------------------------------------------------------------------------------- */

/** Worst of a kind over all meters and phases, percent. */
struct worst {
    double active_pf1, active_pf, reactive, voltage, frequency, harmonic, start;
};

static void keep(double *worst, double read, double wanted, double reference)
{
    *worst = fmax(*worst, 100.0 * fabs(read - wanted) / fabs(reference));
}

static void prove_loads(struct desk_meter *meter, struct worst *worst)
{
    static const double amperes[] = {0.25, 5.0, 100.0};
    static const double phis_deg[] = {0.0, 60.0, -36.86989764584402};
    for (unsigned k = 0; k < 9u; k++) {
        struct stimulus stimulus;
        struct desk_reading read;
        const double current_a = amperes[k / 3u], phi_deg = phis_deg[k % 3u];
        const double apparent_va = 230.0 * current_a;
        const double phi = TURN * phi_deg / 360.0;
        stimulus_balanced(&stimulus, 230.0, current_a, phi_deg, 50.0);
        desk_meter_measure(meter, &stimulus, current_a < 1.0 ? 20 : 5, &read);
        for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
            const double active = apparent_va * cos(phi), reactive = apparent_va * sin(phi);
            keep(k % 3u == 0 ? &worst->active_pf1 : &worst->active_pf, read.active_w[s], active,
                 active);
            if (k % 3u != 0) {
                keep(&worst->reactive, read.reactive_var[s], reactive, reactive);
            }
            keep(&worst->voltage, read.voltage_v[s], 230.0, 230.0);
        }
    }
}

static void prove_frequencies(struct desk_meter *meter, struct worst *worst)
{
    static const double hertz[] = {47.5, 52.5, 63.0};
    for (unsigned k = 0; k < 3u; k++) {
        struct stimulus stimulus;
        struct desk_reading read;
        stimulus_balanced(&stimulus, 230.0, 5.0, 60.0, hertz[k]);
        desk_meter_measure(meter, &stimulus, 5, &read);
        keep(&worst->frequency, read.frequency_hz, hertz[k], hertz[k]);
        for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
            keep(&worst->active_pf, read.active_w[s], 575.0, 575.0);
        }
    }
}

static void prove_waveforms(struct desk_meter *meter, struct worst *worst)
{
    struct stimulus stimulus;
    struct desk_reading read;
    for (unsigned k = 0; k < 3u; k++) {
        double wanted = 11500.0 * 1.04;
        stimulus_balanced(&stimulus, 230.0, 50.0, 0.0, 50.0);
        if (k == 0) {
            stimulus_fifth_harmonic(&stimulus);
        } else if (k == 1u) {
            stimulus_quadriform(&stimulus);
            wanted = 11500.0 * (1.0 - 0.0194);
        } else {
            stimulus_phase_fired(&stimulus, 90.0);
            wanted = 5750.0;
        }
        desk_meter_measure(meter, &stimulus, 4, &read);
        for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
            keep(&worst->harmonic, read.active_w[s], wanted, wanted);
        }
    }
}

/** 20 mA is the starting current: noise alone is 0.28 % in a second, 0.016 % in 300. */
static void prove_start(struct desk_meter *meter, struct worst *worst)
{
    struct stimulus stimulus;
    struct desk_reading read;
    stimulus_balanced(&stimulus, 230.0, 0.02, 0.0, 50.0);
    desk_meter_measure(meter, &stimulus, 300, &read);
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        keep(&worst->start, read.instant_w[s], 4.6, 4.6);
    }
}

/** The bench finds what was put in, though it sees the registers only. */
static void prove_findings(const struct desk_meter *meter,
                           const struct calibration_report report[LEGAL_SYSTEMS])
{
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        const struct front_end_sensor *sensor = &meter->front_end.system[s].sensor;
        const double delay_us =
            sensor->skew_us + sensor->current_rc_us - sensor->voltage_rc_us - sensor->inductance_us;
        close_to(report[s].delay_us, delay_us, 0.03);
        close_to(report[s].voltage_pct, sensor->voltage_gain_pct, 0.03);
        close_to(report[s].current_pct, sensor->current_gain_pct, 0.06);
        close_to(report[s].noise_a, sensor->current_noise_a, 0.001); /* read in whole mA */
        assert_true(report[s].residual_ppm < 20.0);
    }
}

/** REQ(MET-05, MET-06, MET-14): an uncalibrated meter is wrong by percents, a calibrated one right;
 *  the constants stand in permanent memory and outlast the supply. */
static void calibrated_meters_are_right(void **state)
{
    (void)state;
    struct worst before = {0}, worst = {0};
    for (unsigned m = 0; m < METERS; m++) {
        struct desk_meter *meter = meter_new(FIRST_SEED + m);
        struct calibration_report report[LEGAL_SYSTEMS];
        struct legal_health health;
        prove_loads(meter, &before);
        bench_calibrate(meter, report);
        legal_health(&meter->legal, &health);
        assert_true(health.calibrated);
        prove_findings(meter, report);
        prove_loads(meter, &worst);
        prove_frequencies(meter, &worst);
        prove_waveforms(meter, &worst);
        prove_start(meter, &worst);
        desk_meter_free(meter);
    }
    printf("worst of %u meters from seed %u, percent: before %.2f at PF 1, %.2f at 0.5i and 0.8c\n"
           "after: PF 1 %.4f, 0.5i, 0.8c and 47.5..63 Hz %.4f, reactive %.4f, voltage %.4f, "
           "frequency %.4f, waveforms %.4f, 20 mA in 300 s %.3f\n",
           METERS, FIRST_SEED, before.active_pf1, before.active_pf, worst.active_pf1,
           worst.active_pf, worst.reactive, worst.voltage, worst.frequency, worst.harmonic,
           worst.start);
    assert_true(before.active_pf1 > 1.0 && before.active_pf > 1.0);
    assert_true(worst.active_pf1 <= 0.1);
    assert_true(worst.active_pf <= 0.1);
    assert_true(worst.reactive <= 0.2);
    assert_true(worst.voltage <= 0.05);
    assert_true(worst.frequency <= 0.02);
    assert_true(worst.harmonic <= 0.1);
    assert_true(worst.start <= 0.1);
}

/** ---- mathematics --------------------------------------------------------------------------- */

/** Readings that follow the model exactly. */
static void model_readings(double gain, double delay_us, double conductance, double susceptance,
                           struct calibration_reading reading[POINTS])
{
    for (unsigned k = 0; k < POINTS; k++) {
        const struct point *point = &bench_points[k];
        const double apparent = 230.0 * point->current_a * gain;
        const double angle = TURN * (point->phi_deg / 360.0 + 50e-6 * delay_us);
        reading[k] = (struct calibration_reading){
            .voltage_v = 230.0,
            .current_a = point->current_a,
            .phi_deg = point->phi_deg,
            .frequency_hz = 50.0,
            .read_active_w = apparent * cos(angle) + conductance * 230.0 * 230.0,
            .read_reactive_var = apparent * sin(angle) + susceptance * 230.0 * 230.0,
            .read_voltage_v = 230.0 * 1.01,
            .read_current_a = point->current_a > 0.0 ? point->current_a * gain / 1.01 : 0.005};
    }
}

static enum calibration_err compute(const struct calibration_reading *reading, size_t n,
                                    struct calibration_constants *out,
                                    struct calibration_report *report)
{
    struct calibration_constants nominal;
    calibration_constants_nominal(&calibration_type_382, &nominal);
    return calibration_compute(&calibration_type_382, &nominal, reading, n, out, report);
}

static void model_is_solved_exactly(void **state)
{
    (void)state;
    struct calibration_reading reading[POINTS];
    struct calibration_constants out;
    struct calibration_report report;
    model_readings(1.04, 33.0, 2e-6, -1e-6, reading);
    assert_int_equal(compute(reading, POINTS, &out, &report), CALIBRATION_OK);
    close_to(report.power_pct, 4.0, 1e-6);
    close_to(report.delay_us, 33.0, 1e-5);
    close_to(report.residual_ppm, 0.0, 1e-3);
    close_to(out.power_gain, 1592888889.0 / 1.04, 10.0);
    close_to(out.voltage_gain, 1073741824.0 / 1.01, 10.0);
    close_to(out.current_gain, 1073741824.0 * 1.01 / 1.04, 2.0);
    close_to(report.crosstalk_db, 20.0 * log10(hypot(2e-6, 1e-6) * 2.8), 1e-6);
    close_to(report.noise_a, sqrt(0.005 * 0.005 - 230.0 * 230.0 * 5e-12), 1e-9);
    /* in the meter's units, turned with the voltage that the filter delays */
    const double unit = 1099511627776.0 * 2.8 / (1.01 * 1.01), angle = TURN * 50e-6 * 33.0;
    close_to(out.crosstalk_g_q40, unit * (2e-6 * cos(angle) - 1e-6 * sin(angle)), 5.0);
    close_to(out.crosstalk_b_q40, unit * (-1e-6 * cos(angle) - 2e-6 * sin(angle)), 5.0);
}

/** Active power alone tells the delay as well, at half a power factor. */
static void reactive_readings_are_not_needed(void **state)
{
    (void)state;
    struct calibration_reading reading[POINTS];
    struct calibration_constants out;
    struct calibration_report report;
    model_readings(0.97, 12.0, 3e-6, 2e-6, reading);
    for (unsigned k = 0; k < 2; k++) {
        reading[k].read_reactive_var = nan("");
    }
    assert_int_equal(compute(reading, POINTS, &out, &report), CALIBRATION_OK);
    close_to(report.delay_us, 12.0, 1e-5);
    close_to(report.power_pct, -3.0, 1e-6);
}

/** A second calibration on top of the first finds nothing more to do. */
static void calibrating_twice_changes_nothing(void **state)
{
    (void)state;
    struct calibration_reading reading[POINTS];
    struct calibration_constants first, second;
    model_readings(1.04, 33.0, 2e-6, -1e-6, reading);
    assert_int_equal(compute(reading, POINTS, &first, NULL), CALIBRATION_OK);
    model_readings(1.0, 0.0, 0.0, 0.0, reading);
    for (unsigned k = 0; k < POINTS; k++) {
        reading[k].read_voltage_v = 230.0;
        reading[k].read_current_a = bench_points[k].current_a;
    }
    assert_int_equal(
        calibration_compute(&calibration_type_382, &first, reading, POINTS, &second, NULL),
        CALIBRATION_OK);
    assert_in_range(second.power_gain - first.power_gain + 20u, 0, 40);
    assert_int_equal(second.voltage_gain / 16u, first.voltage_gain / 16u);
    for (unsigned k = 0; k < CALIBRATION_TAPS; k++) {
        assert_in_range(second.voltage_fir_q28[k] - first.voltage_fir_q28[k] + 40, 0, 80);
    }
    assert_in_range(second.crosstalk_g_q40 - first.crosstalk_g_q40 + 2, 0, 4);
    assert_int_equal(second.current_noise_lsb2, first.current_noise_lsb2);
}

static void impossible_readings_are_refused(void **state)
{
    (void)state;
    struct calibration_reading reading[POINTS];
    struct calibration_constants out;
    model_readings(1.0, 0.0, 0.0, 0.0, reading);
    assert_int_equal(compute(reading, 2, &out, NULL), CALIBRATION_ERR_READINGS);
    assert_int_equal(compute(reading + 2, 1, &out, NULL), CALIBRATION_ERR_READINGS);
    reading[0].read_reactive_var = reading[1].read_reactive_var = nan("");
    reading[1].phi_deg = 5.0;
    assert_int_equal(compute(reading, POINTS, &out, NULL), CALIBRATION_ERR_READINGS);
    model_readings(1.5, 0.0, 0.0, 0.0, reading);
    assert_int_equal(compute(reading, POINTS, &out, NULL), CALIBRATION_ERR_GAIN);
    model_readings(1.0, 200.0, 0.0, 0.0, reading);
    assert_int_equal(compute(reading, POINTS, &out, NULL), CALIBRATION_ERR_DELAY);
    model_readings(1.0, 0.0, 1e-3, 0.0, reading);
    assert_int_equal(compute(reading, POINTS, &out, NULL), CALIBRATION_ERR_CROSSTALK);
    assert_true(strlen(calibration_err_text(CALIBRATION_ERR_CROSSTALK)) > 0);
}

/** Every filter matches its delay and gives the droop back, in taps that a meter takes. */
static void filters_match_delay_and_droop(void **state)
{
    (void)state;
    for (double delay_us = -20.0; delay_us <= 90.0; delay_us += 2.5) {
        struct calibration_constants out;
        double size = 0.0, re, im;
        assert_int_equal(calibration_filter(&calibration_type_382, delay_us, 50.0, &out),
                         CALIBRATION_OK);
        for (unsigned k = 0; k < CALIBRATION_TAPS; k++) {
            size += fabs(out.voltage_fir_q28[k] / 268435456.0);
        }
        assert_true(size < 2.0);
        calibration_filter_response(&calibration_type_382, &out, 50.0, &re, &im);
        close_to(hypot(re, im), 1.0, 1e-8);
        close_to(remainder(atan2(im, re) + TURN * 50.0 * (3.0 / 8000.0 + delay_us * 1e-6), TURN),
                 0.0, 1e-8);
        calibration_filter_response(&calibration_type_382, &out, 250.0, &re, &im);
        const double v = TURN * 250.0 * 12.3e-6, i = TURN * 250.0 * 27.9e-6;
        const double droop = front_end_droop(250.0) / front_end_droop(50.0);
        const double rc = 1.0 / sqrt((1.0 + v * v) * (1.0 + i * i));
        close_to(hypot(re, im) * droop * droop * rc, 1.0, 1e-3);
    }
}

static void drift_is_fitted(void **state)
{
    (void)state;
    const double away_k[] = {37.0, -43.0, 15.0};
    struct calibration_drift_point point[3];
    struct calibration_drift drift;
    for (unsigned k = 0; k < 3; k++) {
        const double d = away_k[k];
        point[k] = (struct calibration_drift_point){24.0 + d, 20.0 * d - 2e-3 * d * d * d};
    }
    assert_int_equal(calibration_drift_fit(24.0, point, 2, &drift), CALIBRATION_OK);
    close_to(drift.linear_ppm_k, 20.0, 1e-9);
    close_to(drift.cubic_ppm_k3, -2e-3, 1e-12);
    close_to(calibration_drift_ppm(&drift, 39.0), point[2].error_ppm, 1e-8);
    for (unsigned k = 0; k < 3; k++) {
        point[k].error_ppm += 0.1 * away_k[k] * away_k[k];
    }
    assert_int_equal(calibration_drift_fit(24.0, point, 3, &drift), CALIBRATION_OK);
    close_to(drift.linear_ppm_k, 20.0, 1e-9);
    close_to(drift.quadratic_ppm_k2, 0.1, 1e-9);
    assert_int_equal(calibration_drift_fit(24.0, point, 1, &drift), CALIBRATION_OK);
    close_to(drift.linear_ppm_k, point[0].error_ppm / 37.0, 1e-9);
    assert_int_equal(calibration_drift_fit(24.0, point, 0, &drift), CALIBRATION_ERR_READINGS);
    point[1] = point[0];
    assert_int_equal(calibration_drift_fit(24.0, point, 2, &drift), CALIBRATION_ERR_READINGS);
}

/** Power that each system reads at an ambient temperature, and what its sensor says. */
static void read_at(struct desk_meter *meter, double ambient_c, double power_w[LEGAL_SYSTEMS],
                    double sensor_c[LEGAL_SYSTEMS])
{
    struct stimulus stimulus;
    struct desk_reading read;
    stimulus_balanced(&stimulus, 230.0, 10.0, 0.0, 50.0);
    front_end_ambient(&meter->front_end, ambient_c);
    desk_meter_measure(meter, &stimulus, 4, &read);
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        power_w[s] = read.instant_w[s];
        sensor_c[s] = 0.01 * front_end_temperature_cc(&meter->front_end, s);
    }
}

/** Worst drift over meters, ppm/K. */
struct drifts {
    double before_ppm_k, after_ppm_k;
};

static void prove_drift(struct desk_meter *meter, struct drifts *worst)
{
    /* unlike distances from 23 degrees tell the cubic term from the linear one */
    static const double found_at_c[] = {-30.0, 45.0},
                        proved_at_c[] = {-40.0, -10.0, 5.0, 60.0, 70.0};
    double gain_w[LEGAL_SYSTEMS], power_w[LEGAL_SYSTEMS];
    double reference_c[LEGAL_SYSTEMS], sensor_c[LEGAL_SYSTEMS];
    struct calibration_drift_point point[LEGAL_SYSTEMS][2];
    struct calibration_drift drift[LEGAL_SYSTEMS];
    read_at(meter, 23.0, gain_w, reference_c);
    for (unsigned k = 0; k < 2; k++) {
        read_at(meter, found_at_c[k], power_w, sensor_c);
        for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
            const double error_ppm = 1e6 * (power_w[s] / gain_w[s] - 1.0);
            point[s][k] = (struct calibration_drift_point){sensor_c[s], error_ppm};
        }
    }
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        assert_int_equal(calibration_drift_fit(reference_c[s], point[s], 2, &drift[s]),
                         CALIBRATION_OK);
    }
    for (unsigned k = 0; k < 5; k++) {
        const double away_k = fabs(proved_at_c[k] - 23.0);
        read_at(meter, proved_at_c[k], power_w, sensor_c);
        for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
            const double error_ppm = 1e6 * (power_w[s] / gain_w[s] - 1.0);
            const double left_ppm = error_ppm - calibration_drift_ppm(&drift[s], sensor_c[s]);
            worst->before_ppm_k = fmax(worst->before_ppm_k, fabs(error_ppm) / away_k);
            worst->after_ppm_k = fmax(worst->after_ppm_k, fabs(left_ppm) / away_k);
        }
    }
}

/** With terms found at two temperatures a meter would keep 10 ppm/K from -40 to 70 degrees. */
static void drift_can_be_compensated(void **state)
{
    (void)state;
    struct drifts worst = {0.0, 0.0};
    for (unsigned m = 0; m < METERS; m++) {
        struct desk_meter *meter = meter_new(FIRST_SEED + m);
        prove_drift(meter, &worst);
        desk_meter_free(meter);
    }
    printf("drift of %u meters: %.1f ppm/K, with terms from -30 and 45 degrees %.2f ppm/K\n",
           METERS, worst.before_ppm_k, worst.after_ppm_k);
    assert_true(worst.before_ppm_k > 30.0);
    assert_true(worst.after_ppm_k <= 10.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calibrated_meters_are_right),
        cmocka_unit_test(model_is_solved_exactly),
        cmocka_unit_test(reactive_readings_are_not_needed),
        cmocka_unit_test(calibrating_twice_changes_nothing),
        cmocka_unit_test(impossible_readings_are_refused),
        cmocka_unit_test(filters_match_delay_and_droop),
        cmocka_unit_test(drift_is_fitted),
        cmocka_unit_test(drift_can_be_compensated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
