/* From counters to registers: quadrants, summation, absent systems, frames lost and damaged. */
#include "emu/desk.h"

static const double none[3] = {0, 0, 0};

static void check_energy(const struct desk *desk, enum legal_energy energy, double wh)
{
    double is = (double)desk_energy(desk, energy) / 1e6;
    double error = is - wh;
    if (error > 1e-3 + wh * 1e-8 || error < -1e-3 - wh * 1e-8) {
        fail_msg("energy %u: %.6f Wh instead of %.6f", (unsigned)energy, is, wh);
    }
}

/* REQ(MET-05, MET-04): one hour of a known power gives its energy, to the nominal gain's 7e-11. */
static void nominal_scale(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 3600, (double[]){1000, 0, 0}, none);
    check_energy(desk, LEGAL_A_PLUS, 1000.0);
    assert_in_range(desk_energy(desk, LEGAL_A_PLUS), (uint64_t)KWH - 300, (uint64_t)KWH + 300);
    desk_free(desk);
}

/* REQ(MET-05): the whole way, from windows through measuring systems and bus frames to the
 * registers. */
static void from_window_to_register(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct measuring_system system[3];
    struct measuring_window window = {.samples = 8000,
                                      .voltage_lsb2 = UINT64_C(60773444096000000),
                                      .current_lsb2 = UINT64_C(225179981368525),
                                      .v1_re = 249000000,
                                      .i1_re = 15000000,
                                      .frequency_uhz = 50000000,
                                      .temperature_cc = 2300};
    wide_reference active = 0, reactive = 0;
    for (uint8_t s = 0; s < 3; s++) {
        struct measuring_setup setup;
        legal_measuring_setup(&desk->legal, (uint8_t)(s + 1u), &setup);
        assert_int_equal(setup.system, s + 1);
        measuring_system_start(&system[s], &setup, legal_measuring_epoch(&desk->legal));
    }
    for (unsigned t = 0; t < 1000; t++) {
        desk->now_us += SECOND;
        for (unsigned s = 0; s < 3; s++) {
            uint8_t frame[MEASURING_FRAME_BYTES_MAX];
            window.active_lsb2 = INT64_C(3699252000123457) * (s + 1u) + t;
            window.reactive_lsb2 = -INT64_C(1849626000054321) * (s + 1u) - t;
            active += window.active_lsb2;
            reactive -= window.reactive_lsb2;
            measuring_system_window(&system[s], &window);
            size_t n = measuring_system_frame(&system[s], frame);
            legal_bus_receive(&desk->legal, frame, n, desk->now_us);
        }
        legal_step(&desk->legal, desk->now_us);
    }
    /* what the counters hold back below 2^16 squared steps is less than 1e-5 uWh a phase */
    uint64_t expected = desk_whole(active / 65536 * POWER_GAIN);
    assert_in_range(expected - desk_energy(desk, LEGAL_A_PLUS), 0, 1);
    expected = desk_whole(reactive / 65536 * POWER_GAIN);
    assert_in_range(desk_energy(desk, LEGAL_R_MINUS) - expected + 1, 0, 2);
    struct legal_instant instant;
    legal_instant(&desk->legal, &instant);
    assert_in_range(instant.phase[0].voltage_mv, 229900, 230100);
    assert_int_equal(instant.temperature_cc, 2300);
    desk_free(desk);
}

/* REQ(MET-07, MET-16, X-MET-5): all four quadrants on each phase alone. */
static void quadrants_per_phase(void **state)
{
    (void)state;
    static const enum legal_energy quadrant_energy[4] = {LEGAL_R1, LEGAL_R2, LEGAL_R3, LEGAL_R4};
    for (unsigned s = 0; s < 3; s++) {
        for (unsigned q = 0; q < 4; q++) {
            struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
            double watts[3] = {0, 0, 0}, vars[3] = {0, 0, 0};
            watts[s] = q == 0 || q == 3 ? 3600 : -3600;
            vars[s] = q < 2 ? 1800 : -1800;
            desk_run(desk, 10, watts, vars);
            bool import = watts[s] > 0, plus = vars[s] > 0;
            check_energy(desk, LEGAL_A_PLUS, import ? 10 : 0);
            check_energy(desk, LEGAL_A_MINUS, import ? 0 : 10);
            check_energy(desk, LEGAL_R_PLUS, plus ? 5 : 0);
            check_energy(desk, LEGAL_R_MINUS, plus ? 0 : 5);
            for (unsigned other = 0; other < 4; other++) {
                check_energy(desk, quadrant_energy[other], other == q ? 5 : 0);
            }
            for (unsigned p = 0; p < 3; p++) {
                bool here = p == s;
                check_energy(desk, LEGAL_A_PLUS_L1 + p, here && import ? 10 : 0);
                check_energy(desk, LEGAL_A_MINUS_L1 + p, here && !import ? 10 : 0);
                check_energy(desk, LEGAL_R_PLUS_L1 + p, here && plus ? 5 : 0);
                check_energy(desk, LEGAL_R_MINUS_L1 + p, here && !plus ? 5 : 0);
            }
            desk_check(desk);
            desk_free(desk);
        }
    }
}

/* REQ(X-MET-4): L1 and L2 import, L3 exports: the example of the three summations. */
static void summations(void **state)
{
    (void)state;
    const double watts[3] = {3600, 7200, -1800}, vars[3] = {1800, -3600, 0};
    static const struct {
        enum legal_summation summation;
        double a_plus, a_minus, r_plus, r_minus, r1, r4;
    } rows[] = {
        {LEGAL_SUM_INDIVIDUAL, 30, 5, 5, 10, 5, 10},
        {LEGAL_SUM_VECTOR, 25, 0, 0, 5, 0, 5},
        {LEGAL_SUM_TOTAL, 35, 0, 15, 0, 15, 0},
    };
    for (unsigned r = 0; r < 3; r++) {
        struct desk *desk = desk_new(3, rows[r].summation);
        desk_run(desk, 10, watts, vars);
        check_energy(desk, LEGAL_A_PLUS, rows[r].a_plus);
        check_energy(desk, LEGAL_A_MINUS, rows[r].a_minus);
        check_energy(desk, LEGAL_R_PLUS, rows[r].r_plus);
        check_energy(desk, LEGAL_R_MINUS, rows[r].r_minus);
        check_energy(desk, LEGAL_R1, rows[r].r1);
        check_energy(desk, LEGAL_R4, rows[r].r4);
        check_energy(desk, LEGAL_NET_A_PLUS, 25);
        check_energy(desk, LEGAL_NET_A_MINUS, 0);
        check_energy(desk, LEGAL_NET_R_MINUS, 5);
        check_energy(desk, LEGAL_A_MINUS_L3, 5);
        desk_check(desk);
        desk_free(desk);
    }
}

/* REQ(MET-20): Aron: two systems against L2; one of them runs backwards below power factor 0.5. */
static void aron_vector(void **state)
{
    (void)state;
    struct desk *desk = desk_new(2, LEGAL_SUM_VECTOR);
    desk_run(desk, 10, (double[]){7200, -1800, 0}, none);
    check_energy(desk, LEGAL_A_PLUS, 15);
    check_energy(desk, LEGAL_A_MINUS, 0);
    desk_run(desk, 10, (double[]){-7200, 1800, 0}, none);
    check_energy(desk, LEGAL_A_PLUS, 15);
    check_energy(desk, LEGAL_A_MINUS, 15);
    check_energy(desk, LEGAL_A_PLUS_L3, 0);
    desk_check(desk);
    desk_free(desk);
}

/* REQ(MET-03): systems are independent; absent ones stay silent and their frames are refused. */
static void systems_absent(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 10, (double[]){3600, 0, 0}, none);
    struct desk_load load = desk_load(230, 50000, 0, 8000);
    desk_count(desk, 1, &load, 8000);
    desk_send(desk, 1);
    desk_run(desk, 10, (double[]){3600, 0, 0}, none);
    check_energy(desk, LEGAL_A_PLUS, 20);
    struct legal_health health;
    legal_health(&desk->legal, &health);
    assert_int_equal(health.frames_damaged, 1);
    assert_int_equal(health.frames_received, 20);
    desk_free(desk);

    /* a system that dies: the others go on */
    desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    load = desk_load(230, 3600, 0, 8000);
    for (unsigned t = 0; t < 10; t++) {
        desk->now_us += SECOND;
        for (unsigned s = 0; s < 2; s++) {
            desk_count(desk, s, &load, 8000);
            desk_send(desk, s);
        }
        legal_step(&desk->legal, desk->now_us);
    }
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    check_energy(desk, LEGAL_A_PLUS, 20);
    desk_free(desk);
}

/* REQ(MET-05): frames lost or damaged are counted and cost no energy. */
static void frames_lost_and_damaged(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct desk_random random = desk_seed("frames_lost_and_damaged");
    const struct desk_load load = desk_load(230, 3600, -720, 1600);
    wide_reference active = 0;
    uint32_t lost = 0;
    for (unsigned w = 0; w < 2000; w++) {
        desk->now_us += 200000;
        for (unsigned s = 0; s < 3; s++) {
            uint8_t bytes[BUS_FRAME_BYTES];
            desk_count(desk, s, &load, 1600);
            active += (wide_reference)load.active * POWER_GAIN;
            size_t n = bus_frame_encode(&desk->frame[s], bytes);
            uint32_t fate = w < 1995 ? desk_draw(&random, 20) : 2;
            lost += fate < 2 ? 1 : 0;
            if (fate == 1) {
                bytes[desk_draw(&random, BUS_FRAME_BYTES)] ^=
                    (uint8_t)(1u << desk_draw(&random, 8));
            }
            if (fate != 0) {
                legal_bus_receive(&desk->legal, bytes, n, desk->now_us);
            }
        }
        legal_step(&desk->legal, desk->now_us);
        desk_check(desk);
    }
    /* the very first frames may be among the lost: counters from zero bring their energy too */
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    /* three registers of the phases, each with its own fraction, are one exact sum */
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), desk_whole(active));
    struct legal_health health;
    legal_health(&desk->legal, &health);
    assert_int_equal(health.frames_lost, lost);
    assert_true(health.frames_damaged > 0);
    desk_free(desk);
}

/* A measuring system that starts anew counts from zero; a repeated frame adds nothing. */
static void new_epoch_and_repeats(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 5, (double[]){3600, 0, 0}, none);
    desk_send(desk, 0);
    desk_send(desk, 0);
    check_energy(desk, LEGAL_A_PLUS, 5);
    desk_systems_start(desk);
    desk->frame[0].epoch ^= 0x55u;
    desk_run(desk, 5, (double[]){3600, 0, 0}, none);
    check_energy(desk, LEGAL_A_PLUS, 10);
    struct legal_health health;
    legal_health(&desk->legal, &health);
    assert_int_equal(health.frames_lost, 0);
    assert_int_equal(health.frames_damaged, 0);
    desk_free(desk);
}

/* The legal processor alone starts again: counters already booked are not booked twice. */
static void legal_restart_alone(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 100, (double[]){3600, 0, 0}, none);
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    assert_int_equal(legal_start(&desk->legal, &desk->port, &desk->setup, desk->now_us), LEGAL_OK);
    desk->lit = false;
    desk_run(desk, 101, (double[]){3600, 0, 0}, none); /* the first frame only sets the base */
    check_energy(desk, LEGAL_A_PLUS, 200);
    desk_free(desk);
}

/* REQ(MET-21): counters that no mains could produce never reach a register. */
static void impossible_counters(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 5, (double[]){3600, 0, 0}, none);
    desk->frame[0].active += INT64_C(1) << 50;
    desk_run(desk, 5, (double[]){3600, 0, 0}, none);
    check_energy(desk, LEGAL_A_PLUS, 9); /* that window is refused, the ones after it count */
    struct legal_health health;
    legal_health(&desk->legal, &health);
    assert_int_equal(health.frames_damaged, 1);
    desk_free(desk);
}

/* REQ(MET-21, MET-05): one impossible frame with a good CRC costs no energy, whatever it claims. */
static void one_impossible_frame(void **state)
{
    (void)state;
    for (unsigned row = 0; row < 4; row++) {
        struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
        desk_run(desk, 5, (double[]){3600, 0, 0}, none);
        const struct bus_frame honest = desk->frame[0];
        desk->frame[0].sequence++;
        switch (row) {
        case 0: desk->frame[0].active += INT64_C(1) << 50; break;
        case 1: desk->frame[0].samples -= 1600; break;
        case 2: desk->frame[0].voltage = 0; break;
        default: /* and of another power-up as well */
            desk->frame[0].epoch ^= 0x1234u;
            desk->frame[0].active = INT64_MIN;
            break;
        }
        desk_send(desk, 0);
        desk_send(desk, 0);
        desk->frame[0] = honest;
        desk_run(desk, 5, (double[]){3600, 0, 0}, none);
        check_energy(desk, LEGAL_A_PLUS, 10);
        struct legal_health health;
        legal_health(&desk->legal, &health);
        assert_int_equal(health.frames_damaged, 2);
        assert_int_equal(health.frames_lost, 0);
        desk_free(desk);
    }
}

/* REQ(MET-13): the widest load runs the registers up without overflow; the counters wrap unseen. */
static void counters_wrap(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    for (unsigned s = 0; s < 3; s++) {
        desk->frame[s].active = INT64_MAX - 1000;
        desk->frame[s].voltage = UINT64_MAX - 1000;
        desk->frame[s].samples = UINT64_MAX - 100;
    }
    desk_run(desk, 1, none, none); /* refused: no epoch begins there; sets the base */
    desk_run(desk, 3600, (double[]){27772.5, 27772.5, 27772.5}, none); /* 105 A, 264.5 V */
    check_energy(desk, LEGAL_A_PLUS, 83317.5);
    desk_check(desk);
    desk_free(desk);
}

static void random_noise(struct desk *desk, struct desk_random *random)
{
    uint8_t noise[100];
    for (unsigned i = 0; i < sizeof noise; i++) {
        noise[i] = (uint8_t)desk_draw(random, 256);
    }
    legal_bus_receive(&desk->legal, noise, sizeof noise, desk->now_us);
}

static void random_calibration(struct desk *desk, struct desk_random *random)
{
    struct legal_calibration calibration;
    memset(&calibration, (int)desk_draw(random, 256), sizeof calibration);
    desk->seal_open = desk_draw(random, 2) == 0;
    legal_calibration_write(&desk->legal, (uint8_t)desk_draw(random, 5), &calibration);
}

static void random_load(struct desk *desk, struct desk_random *random)
{
    double watts[3], vars[3];
    for (unsigned s = 0; s < 3; s++) {
        watts[s] = (double)desk_draw(random, 50000) - 25000;
        vars[s] = (double)desk_draw(random, 50000) - 25000;
    }
    desk_run(desk, 1, watts, vars);
}

static void call_anything(struct desk *desk, struct desk_random *random)
{
    switch (desk_draw(random, 8)) {
    case 0: legal_tariff_select(&desk->legal, (uint8_t)desk_draw(random, 256)); break;
    case 1: legal_store(&desk->legal); break;
    case 2: legal_step(&desk->legal, desk->now_us - desk_draw(random, 5000000)); break;
    case 3: legal_pulse_select(&desk->legal, (enum legal_energy)desk_draw(random, 30)); break;
    case 4: random_noise(desk, random); break;
    case 5: random_calibration(desk, random); break;
    default: random_load(desk, random); break;
    }
}

/* REQ(REG-13): whatever is called, no register goes down. */
static void no_path_lowers_a_register(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct desk_random random = desk_seed("no_path_lowers_a_register");
    uint64_t before[LEGAL_ENERGIES], after[LEGAL_ENERGIES];
    uint64_t tariffs[LEGAL_TARIFFS + 1] = {0};
    desk_snapshot(desk, before);
    for (unsigned n = 0; n < 20000; n++) {
        call_anything(desk, &random);
        desk_snapshot(desk, after);
        for (unsigned e = 0; e < LEGAL_ENERGIES; e++) {
            assert_true(after[e] >= before[e]);
        }
        for (uint8_t t = 1; t <= LEGAL_TARIFFS; t++) {
            uint64_t value = legal_tariff_uwh(&desk->legal, t, LEGAL_A_PLUS);
            assert_true(value >= tariffs[t]);
            tariffs[t] = value;
        }
        memcpy(before, after, sizeof before);
    }
    desk_free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nominal_scale),
        cmocka_unit_test(from_window_to_register),
        cmocka_unit_test(quadrants_per_phase),
        cmocka_unit_test(summations),
        cmocka_unit_test(aron_vector),
        cmocka_unit_test(systems_absent),
        cmocka_unit_test(frames_lost_and_damaged),
        cmocka_unit_test(new_epoch_and_repeats),
        cmocka_unit_test(legal_restart_alone),
        cmocka_unit_test(impossible_counters),
        cmocka_unit_test(one_impossible_frame),
        cmocka_unit_test(counters_wrap),
        cmocka_unit_test(no_path_lowers_a_register),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
