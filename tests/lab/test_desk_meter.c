/**
 * The meter on the desk: what its LED and its registers say of an ideal front end, in each
 * connection, and what a power cut takes.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab/desk_meter.h"

#define IDEAL 0u

static struct desk_meter *meter_of(unsigned systems, bool aron)
{
    const struct front_end_options options = {.effects = IDEAL, .systems = systems, .aron = aron};
    struct desk_meter *meter = desk_meter_new(1, &options);
    assert_non_null(meter);
    return meter;
}

static double led_w(const struct desk_meter *meter)
{
    const double seconds = 1e-6 * (double)(meter->pulses.last_us - meter->pulses.first_us);
    return (double)(meter->pulses.n - 1u) * 3600.0 / seconds;
}

static double settled_led_w(struct desk_meter *meter, const struct stimulus *stimulus)
{
    front_end_connect(&meter->front_end, stimulus);
    desk_meter_run(meter, 2.0);
    desk_meter_pulses_clear(meter);
    desk_meter_run(meter, 10.0);
    return led_w(meter);
}

static void close_to(double value, double wanted, double relative)
{
    if (!(fabs(value - wanted) <= relative * fabs(wanted))) {
        fail_msg("%.12g is not %.12g", value, wanted);
    }
}

/** REQ(MET-20): four wires, three wires (Aron) and one phase show the true power. */
static void each_connection_shows_its_power(void **state)
{
    (void)state;
    static const struct {
        unsigned systems;
        bool aron;
        double wanted_w; /* 230 V, 20 A, cos 30 degrees = 0.8660254 */
    } connections[] = {{3, false, 13800.0}, {2, true, 13800.0}, {1, false, 4600.0}};
    for (size_t k = 0; k < sizeof connections / sizeof connections[0]; k++) {
        struct stimulus stimulus;
        struct desk_meter *meter = meter_of(connections[k].systems, connections[k].aron);
        stimulus_balanced(&stimulus, 230.0, 20.0, 30.0, 50.0);
        close_to(settled_led_w(meter, &stimulus), connections[k].wanted_w * 0.86602540378, 2e-5);
        desk_meter_free(meter);
    }
}

static void registers_follow_true_time(void **state)
{
    (void)state;
    struct stimulus stimulus;
    struct desk_reading read;
    struct desk_meter *meter = meter_of(3, false);
    stimulus_balanced(&stimulus, 230.0, 10.0, -60.0, 50.0);
    desk_meter_measure(meter, &stimulus, 4, &read);
    for (unsigned s = 0; s < 3u; s++) {
        close_to(read.active_w[s], 1150.0, 2e-5);
        close_to(read.reactive_var[s], -1991.858428704, 2e-5);
        close_to(read.voltage_v[s], 230.0, 2e-5);
    }
    desk_meter_free(meter);
}

/** Without voltage a system's windows are its own; time must not drift apart between systems. */
static void lost_phase_keeps_time(void **state)
{
    (void)state;
    struct stimulus stimulus;
    struct desk_meter *meter = meter_of(3, false);
    stimulus_balanced(&stimulus, 230.0, 10.0, 0.0, 47.5);
    stimulus_lose_phase(&stimulus, 1);
    close_to(settled_led_w(meter, &stimulus), 4600.0, 1e-4);
    desk_meter_run(meter, 20.0);
    assert_true(fabs(meter->window_s[1] - meter->window_s[0]) < 0.25);
    desk_meter_free(meter);
}

/** A cut loses no more than a step of the registers, and the meter goes on counting. */
static void cut_leaves_the_registers(void **state)
{
    (void)state;
    struct stimulus stimulus;
    struct desk_meter *meter = meter_of(3, false);
    stimulus_balanced(&stimulus, 230.0, 80.0, 0.0, 50.0);
    front_end_connect(&meter->front_end, &stimulus);
    desk_meter_run(meter, 20.0);
    const uint64_t before = legal_energy_uwh(&meter->legal, LEGAL_A_PLUS);
    assert_true(before > UINT64_C(300000000));
    assert_int_equal(desk_meter_power_up(meter), LEGAL_OK);
    const uint64_t after = legal_energy_uwh(&meter->legal, LEGAL_A_PLUS);
    assert_true(after <= before && before - after < UINT64_C(10000000));
    desk_meter_run(meter, 5.0);
    assert_true(legal_energy_uwh(&meter->legal, LEGAL_A_PLUS) > before + UINT64_C(60000000));
    desk_meter_free(meter);
}

static void seal_and_options_are_heeded(void **state)
{
    (void)state;
    struct legal_calibration constants;
    const struct front_end_options none = {.systems = 0};
    assert_null(desk_meter_new(1, &none));
    struct desk_meter *meter = meter_of(3, false);
    assert_int_equal(legal_calibration_read(&meter->legal, 1, &constants), LEGAL_OK);
    meter->seal_open = false;
    assert_int_equal(legal_calibration_write(&meter->legal, 1, &constants), LEGAL_ERR_SEALED);
    meter->seal_open = true;
    assert_int_equal(legal_calibration_write(&meter->legal, 1, &constants), LEGAL_OK);
    desk_meter_free(meter);
}

/** Sample clocks up to 200 ppm apart that nobody has measured: the angles between voltages are
 * right after some seconds, and near enough when each frame comes late by chance. */
static void angles_between_systems_of_their_own_clocks(void **state)
{
    (void)state;
    static const struct {
        double late_us, seconds, within_deg;
    } lines[] = {{0.0, 20.0, 0.05}, {200.0, 60.0, 0.6}};
    static const double degrees[] = {0.0, -118.5, 120.5};
    for (uint64_t n = 0; n < 6u; n++) {
        const struct front_end_options options = {.effects = FRONT_END_PHYSICAL, .systems = 3};
        struct desk_meter *meter = desk_meter_new(1u + n / 2u, &options);
        struct stimulus stimulus;
        struct legal_instant instant;
        assert_non_null(meter);
        meter->late_us = lines[n % 2u].late_us;
        stimulus_balanced(&stimulus, 230.0, 5.0, 0.0, 50.0);
        for (unsigned s = 0; s < 3u; s++) {
            stimulus.phase[s].voltage_deg = degrees[s];
        }
        front_end_connect(&meter->front_end, &stimulus);
        desk_meter_run(meter, lines[n % 2u].seconds);
        legal_instant(&meter->legal, &instant);
        for (unsigned s = 1; s < 3u; s++) {
            const double off = instant.phase[s].voltage_angle_mdeg / 1e3 - degrees[s];
            if (!(fabs(off) <= lines[n % 2u].within_deg)) {
                fail_msg("seed %u, system %u: %g degrees off", (unsigned)(1u + n / 2u), s + 1u,
                         off);
            }
        }
        desk_meter_free(meter);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_connection_shows_its_power),
        cmocka_unit_test(registers_follow_true_time),
        cmocka_unit_test(lost_phase_keeps_time),
        cmocka_unit_test(cut_leaves_the_registers),
        cmocka_unit_test(seal_and_options_are_heeded),
        cmocka_unit_test(angles_between_systems_of_their_own_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
