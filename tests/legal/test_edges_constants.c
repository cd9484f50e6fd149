/*
 * Edges of constants and compensations that seeded defects crossed unseen (tools/mutation.py):
 * limits to the last unit, the error held, heat over a gap, remainders, silent neighbours.
 */
#include <math.h>

#include "emu/desk.h"

#include "energy/drift.h"
#include "energy/system.h"
#include "params/constants.h"

static struct legal_calibration nominal(void)
{
    struct legal_calibration calibration;
    memset(&calibration, 0, sizeof calibration);
    legal_constants_nominal(&calibration.correction);
    measuring_setup_neutral(&calibration.measuring, 1);
    return calibration;
}

/* The filter's sum is within a quarter of unity and its taps' sizes within three, to the unit. */
static void filter_is_valid_to_the_unit(void **state)
{
    (void)state;
    const int32_t unity = 1 << 28, quarter = 1 << 26;
    const struct {
        int32_t tap[4];
        bool valid;
    } rows[] = {
        {{0, 0, unity + quarter, 0}, true},     {{0, 0, unity + quarter, 1}, false},
        {{0, 0, unity - quarter, 0}, true},     {{0, 0, unity - quarter, -1}, false},
        {{-unity, unity, unity, 0}, true},      {{-unity - 1, unity + 1, unity, 0}, false},
        {{-unity - 1, unity, unity, 0}, false},
    };
    for (unsigned row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct legal_calibration calibration = nominal();
        memset(calibration.measuring.voltage_fir_q28, 0,
               sizeof calibration.measuring.voltage_fir_q28);
        memcpy(calibration.measuring.voltage_fir_q28 + 1, rows[row].tap, sizeof rows[row].tap);
        assert_int_equal(constants_valid(&calibration), rows[row].valid);
    }
}

static void gains_are_valid_to_the_unit(void **state)
{
    (void)state;
    const uint32_t unity = 1u << 30;
    for (int side = -1; side <= 1; side += 2) {
        for (unsigned beyond = 0; beyond < 2; beyond++) {
            const uint32_t step = side > 0 ? beyond : 0u - beyond;
            struct legal_calibration calibration = nominal();
            calibration.correction.power_gain =
                (side > 0 ? POWER_GAIN + POWER_GAIN / 4 : POWER_GAIN - POWER_GAIN / 4) + step;
            assert_int_equal(constants_valid(&calibration), beyond == 0);
            calibration = nominal();
            calibration.correction.voltage_gain =
                (side > 0 ? unity + unity / 4u : unity - unity / 4u) + step;
            assert_int_equal(constants_valid(&calibration), beyond == 0);
        }
    }
}

/* Compensations at their limits are accepted: REQ(MET-06) */
static void limits_themselves_are_valid(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        const int32_t crosstalk = sign < 0 ? -(1 << 30) : 1 << 30;
        struct legal_calibration calibration = nominal();
        struct legal_constants *c = &calibration.correction;
        c->power_drift = (struct legal_drift){sign * (1 << 27), sign * (1 << 27), sign * (1 << 27)};
        c->voltage_drift = c->power_drift;
        c->heating_s = sign < 0 ? 10 : 4000;
        c->heating_q64 = sign * (1 << 29);
        c->clock_ppb = sign * 500000;
        c->reference_cc = sign < 0 ? -5000 : 10000;
        for (unsigned n = 0; n < LEGAL_NEIGHBOURS; n++) {
            c->neighbour_re_q40[n] = c->neighbour_im_q40[n] = crosstalk;
        }
        c->crosstalk_g_q40 = c->crosstalk_b_q40 = crosstalk;
        c->current_noise_lsb2 = 100000000;
        assert_true(constants_valid(&calibration));
    }
}

/* Drift is held at 3 %, temperatures at 120 K from the reference. */
static void drift_is_held(void **state)
{
    (void)state;
    const int64_t three_percent = INT64_C(32985348833); /* 2^-40 */
    for (int sign = -1; sign <= 1; sign += 2) {
        const struct legal_drift steep = {sign * (1 << 27), 0, 0}, flat = {sign * 1000, 0, 0};
        assert_true(drift_error_q40(&steep, 12000, 0) == sign * three_percent);
        assert_true(drift_error_q40(&flat, 14500, 2500) == sign * INT64_C(12000000));
        assert_true(drift_error_q40(&flat, 14501, 2500) == sign * INT64_C(12000000));
        assert_true(drift_error_q40(&flat, -9501, 2500) == sign * INT64_C(-12000000));
        assert_true(drift_error_q40(&flat, 14499, 2500) == sign * INT64_C(11999000));
    }
}

/* A measuring system that was without supply for its time constant has cooled to 37 %. */
static void shunt_cools_without_supply(void **state)
{
    (void)state;
    struct system system;
    memset(&system, 0, sizeof system);
    struct legal_calibration calibration = nominal();
    calibration.correction.heating_s = 200;
    calibration.correction.heating_q64 = 130000000;
    system_calibrate(&system, &calibration.correction);
    struct bus_frame frame = {.system = 1, .epoch = 1, .sequence = UINT16_MAX};
    int64_t now_us = 0;
    uint32_t lost = 0;
    for (unsigned second = 0; second < 3000; second++) {
        now_us += SECOND;
        frame.sequence++;
        frame.samples += 8000;
        frame.current += UINT64_C(8000) << 27;
        assert_int_equal(system_take(&system, &frame, now_us, &lost), SYSTEM_TAKEN);
    }
    const double hot = (double)system.heat.square_q8;
    assert_true(fabs(hot / ldexp(1, 27 + 8) - 1.0) < 0.001);
    frame = (struct bus_frame){.system = 1, .epoch = 2, .sequence = 0, .samples = 8000};
    now_us += 200 * SECOND;
    assert_int_equal(system_take(&system, &frame, now_us, &lost), SYSTEM_TAKEN);
    assert_true(fabs((double)system.heat.square_q8 / hot - exp(-1.0)) < 0.015);
}

/* What neighbours leave below one counter step is kept to the last 2^-23, either sign. */
static void rest_of_neighbours_is_exact(void **state)
{
    (void)state;
    const wide_reference step = (wide_reference)1 << 23;
    for (int sign = -1; sign <= 1; sign += 2) {
        struct system system;
        memset(&system, 0, sizeof system);
        struct legal_calibration calibration = nominal();
        system_calibrate(&system, &calibration.correction);
        const struct system_phasor there = {sign * INT64_C(1234567), sign * INT64_C(-7654321)};
        wide_reference active = 0, reactive = 0, energy[2] = {0, 0};
        for (unsigned k = 0; k < 1000; k++) {
            system.v1_re = 200000000 + (int32_t)(12345u * k);
            system.v1_im = -90000000 + (int32_t)(54321u * k);
            system.window = (struct system_sums){.samples = 1600 + k % 3u};
            system_correct(&system, there);
            const int64_t re = system.v1_re, im = system.v1_im;
            active += (re * there.re + im * there.im) / 65536 * (int64_t)system.window.samples;
            reactive += (im * there.re - re * there.im) / 65536 * (int64_t)system.window.samples;
            const struct wide booked[2] = {system.active_energy, system.reactive_energy};
            for (unsigned e = 0; e < 2; e++) {
                energy[e] += (wide_reference)booked[e].whole * ((wide_reference)1 << 48) +
                             (wide_reference)booked[e].fraction;
            }
            assert_true(system.active_rest_q23 == (uint64_t)(active & (step - 1)));
            assert_true(system.reactive_rest_q23 == (uint64_t)(reactive & (step - 1)));
        }
        const wide_reference kept[2] = {system.active_rest_q23, system.reactive_rest_q23};
        assert_true(energy[0] == -(active - kept[0]) / step * POWER_GAIN);
        assert_true(energy[1] == -(reactive - kept[1]) / step * POWER_GAIN);
    }
}

/* Energy of L1 in two minutes of which L2 is silent, with or without crosstalk from there. */
static uint64_t energy_beside_silence(bool crosstalk)
{
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct legal_calibration calibration;
    assert_int_equal(legal_calibration_read(&desk->legal, 1, &calibration), LEGAL_OK);
    calibration.correction.neighbour_re_q40[0] = crosstalk ? 9000000 : 0;
    calibration.correction.neighbour_im_q40[0] = crosstalk ? -4000000 : 0;
    calibration.correction.neighbour_re_q40[1] = 3000000;
    desk->seal_open = true;
    assert_int_equal(legal_calibration_write(&desk->legal, 1, &calibration), LEGAL_OK);
    const struct desk_load load = desk_load(230, 3600, 0, 8000);
    uint64_t before = 0;
    for (unsigned second = 0; second < 130; second++) {
        desk->now_us += SECOND;
        for (unsigned s = 0; s < 3; s++) {
            desk->frame[s].v1_re = 249000000;
            if (s != 1 || second < 5) {
                desk_count(desk, s, &load, 8000);
                desk_send(desk, s);
            }
        }
        legal_step(&desk->legal, desk->now_us);
        if (second == 9) {
            before = desk_energy(desk, LEGAL_A_PLUS_L1);
        }
    }
    const uint64_t energy = desk_energy(desk, LEGAL_A_PLUS_L1) - before;
    desk_free(desk);
    return energy;
}

/* A neighbour that has fallen silent has no voltage any more that could be taken off. */
static void silent_neighbour_adds_nothing(void **state)
{
    (void)state;
    const uint64_t without = energy_beside_silence(false), with = energy_beside_silence(true);
    assert_true(without > 119 * (uint64_t)WH);
    assert_true(with + 1u >= without && with <= without + 1u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filter_is_valid_to_the_unit),
        cmocka_unit_test(gains_are_valid_to_the_unit),
        cmocka_unit_test(limits_themselves_are_valid),
        cmocka_unit_test(drift_is_held),
        cmocka_unit_test(shunt_cools_without_supply),
        cmocka_unit_test(rest_of_neighbours_is_exact),
        cmocka_unit_test(silent_neighbour_adds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
