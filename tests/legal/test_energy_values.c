/* Instantaneous values, correction with sealed constants, identification. */
#include "emu/desk.h"
#include "legal/bus/legal_crc.h"

static const double none[3] = {0, 0, 0};

/* The voltages alone are the same numbers. */
static struct legal_instant instant_of(struct desk *desk)
{
    struct legal_instant instant;
    struct legal_voltages voltages;
    legal_instant(&desk->legal, &instant);
    struct legal_instant powers, without;
    legal_voltages(&desk->legal, &voltages);
    legal_powers(&desk->legal, &powers);
    without = instant;
    without.frequency_mhz = without.frequency_uhz = without.sequence = 0;
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        assert_int_equal(voltages.voltage_mv[s], instant.phase[s].voltage_mv);
        assert_int_equal(voltages.angle_mdeg[s], instant.phase[s].voltage_angle_mdeg);
        assert_int_equal(voltages.present[s], instant.phase[s].voltage_present);
        without.phase[s].voltage_angle_mdeg = without.phase[s].current_angle_mdeg = 0;
        without.phase[s].frequency_uhz = 0;
    }
    assert_memory_equal(&powers, &without, sizeof powers);
    return instant;
}

static void assert_near(int64_t value, int64_t expected, int64_t tolerance)
{
    if (value < expected - tolerance || value > expected + tolerance) {
        fail_msg("%lld instead of %lld", (long long)value, (long long)expected);
    }
}

/* Unit vectors of 100 V and 1 A or so at these angles, degrees. */
static void set_phasors(struct desk *desk, unsigned s, int voltage_deg, int current_deg)
{
    static const double cosines[] = {1, 0.8660254, 0.5, 0, -0.5, -0.8660254, -1};
    struct bus_frame *frame = &desk->frame[s];
    int v = (voltage_deg + 360) % 360 / 30, i = (current_deg + 360) % 360 / 30;
    double v_cos = cosines[v <= 6 ? v : 12 - v], i_cos = cosines[i <= 6 ? i : 12 - i];
    int vs = (v + 9) % 12, is = (i + 9) % 12; /* sin(x) = cos(x - 90) */
    double v_sin = cosines[vs <= 6 ? vs : 12 - vs], i_sin = cosines[is <= 6 ? is : 12 - is];
    frame->v1_re = (int32_t)(v_cos * 1e8);
    frame->v1_im = (int32_t)(v_sin * 1e8);
    frame->i1_re = (int32_t)(i_cos * 1e7);
    frame->i1_im = (int32_t)(i_sin * 1e7);
}

/* REQ(MET-09, REG-09): U, I, P, Q, S per phase and totals, from 20 mA to 100 A. */
static void phase_values(void **state)
{
    (void)state;
    static const double watts[] = {4.6, 57.5, 1150, 23000};
    for (unsigned w = 0; w < 4; w++) {
        struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
        desk_run(desk, 3, (double[]){watts[w], -watts[w], 0}, (double[]){0, 0, 100});
        struct legal_instant instant = instant_of(desk);
        int64_t mw = (int64_t)(watts[w] * 1000), ma = (int64_t)(watts[w] / 0.23 + 0.5);
        for (unsigned s = 0; s < 3; s++) {
            assert_near(instant.phase[s].voltage_mv, 230000, 2);
            assert_true(instant.phase[s].voltage_present);
        }
        assert_near(instant.phase[0].current_ma, ma, 1);
        assert_near(instant.phase[0].active_mw, mw, 1 + mw / 100000);
        assert_near(instant.phase[1].active_mw, -mw, 1 + mw / 100000);
        assert_near(instant.phase[2].reactive_mvar, 100000, 2);
        assert_near(instant.phase[0].apparent_mva, mw, 230 + mw / 10000);
        assert_true(instant.phase[0].apparent_mva >= (uint32_t)instant.phase[0].active_mw);
        assert_near(instant.active_plus_mw, mw, 1 + mw / 100000);
        assert_near(instant.active_minus_mw, mw, 1 + mw / 100000);
        assert_near(instant.reactive_plus_mvar, 100000, 2);
        assert_near(instant.active_net_mw, 0, 2);
        assert_true(instant.phase[2].load_present);
        assert_int_equal(instant.frequency_mhz, 50000);
        desk_free(desk);
    }
}

/* Values are means of the last full second, also of windows of 200 ms. */
static void mean_of_a_second(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    for (unsigned w = 0; w < 25; w++) {
        struct desk_load load = desk_load(230, w % 5 * 1000.0, 0, 1600);
        desk_window(desk, &load, 1600);
    }
    assert_near(instant_of(desk).phase[0].active_mw, 2000000, 5);
    struct desk_load load = desk_load(230, 9000, 0, 1600);
    desk_window(desk, &load, 1600);
    assert_near(instant_of(desk).phase[0].active_mw, 2000000, 5);
    desk_free(desk);
}

/* Angles, phase sequence and quadrant; windows that end at different samples are turned back. */
static void angles_and_sequence(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    for (unsigned s = 0; s < 3; s++) {
        set_phasors(desk, s, -120 * (int)s, -120 * (int)s - 30);
    }
    desk_run(desk, 2, (double[]){1000, 1000, 1000}, (double[]){577, 577, 577});
    struct legal_instant instant = instant_of(desk);
    assert_int_equal(instant.sequence, LEGAL_SEQUENCE_123);
    assert_near(instant.phase[1].voltage_angle_mdeg, -120000, 1);
    assert_near(instant.phase[2].voltage_angle_mdeg, 120000, 1);
    assert_near(instant.phase[0].current_angle_mdeg, 30000, 1);
    assert_int_equal(instant.quadrant, 1);

    set_phasors(desk, 1, 120, 150);
    set_phasors(desk, 2, -120, -90);
    desk_run(desk, 2, (double[]){-1000, -1000, -1000}, (double[]){-577, -577, -577});
    instant = instant_of(desk);
    assert_int_equal(instant.sequence, LEGAL_SEQUENCE_132);
    assert_near(instant.phase[1].current_angle_mdeg, -30000, 1);
    assert_int_equal(instant.quadrant, 3);

    /* L2 reports 40 samples later than L1: a quarter turn at 50 Hz */
    desk->frame[1].samples += 40;
    set_phasors(desk, 1, -120 + 90, 0);
    const struct desk_load idle = desk_load(230, 0, 0, 8000);
    for (unsigned t = 0; t < 2; t++) {
        desk->now_us += SECOND;
        for (unsigned s = 0; s < 3; s++) {
            desk_count(desk, s, &idle, 8000);
        }
        desk_send(desk, 0);
        desk_send(desk, 2);
        desk->now_us += 5000;
        desk_send(desk, 1);
        desk->now_us -= 5000;
    }
    instant = instant_of(desk);
    assert_near(instant.phase[1].voltage_angle_mdeg, -120000, 1);
    assert_int_equal(instant.quadrant, 0);
    desk_free(desk);
}

/* REQ(MET-06, MET-05): constants are sealed, kept in two copies, and correct each system by itself.
 */
static void calibration(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct legal_calibration calibration;
    assert_int_equal(legal_calibration_read(&desk->legal, 2, &calibration), LEGAL_OK);
    struct legal_constants nominal;
    legal_constants_nominal(&nominal);
    assert_memory_equal(&calibration.correction, &nominal, sizeof nominal);
    calibration.correction.power_gain += calibration.correction.power_gain / 10;
    calibration.correction.voltage_gain += calibration.correction.voltage_gain / 100;
    calibration.measuring.voltage_fir_q28[2] = 1000;
    assert_int_equal(legal_calibration_write(&desk->legal, 2, &calibration), LEGAL_ERR_SEALED);
    desk->port.seal_open = NULL;
    desk->seal_open = true;
    assert_int_equal(legal_calibration_write(&desk->legal, 4, &calibration), LEGAL_ERR_RANGE);
    assert_int_equal(legal_calibration_write(&desk->legal, 0, &calibration), LEGAL_ERR_RANGE);
    assert_int_equal(legal_calibration_count(&desk->legal), 0);
    assert_int_equal(legal_calibration_write(&desk->legal, 2, &calibration), LEGAL_OK);
    assert_int_equal(legal_calibration_count(&desk->legal), 1);
    desk_run(desk, 10, (double[]){3600, 3600, 3600}, none);
    assert_near((int64_t)desk_energy(desk, LEGAL_A_PLUS_L1), 10 * WH, 5);
    assert_near((int64_t)desk_energy(desk, LEGAL_A_PLUS_L2), 11 * WH, 5);
    assert_near((int64_t)desk_energy(desk, LEGAL_A_PLUS_L3), 10 * WH, 5);
    assert_near(instant_of(desk).phase[1].voltage_mv, 232300, 2);
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);

    for (unsigned damaged = 0; damaged < 2; damaged++) {
        desk->memory.bytes[(2 + damaged) * LEGAL_MEMORY_PAGE_BYTES + 40] ^= 4;
        assert_int_equal(desk_power_up(desk), LEGAL_OK);
        struct legal_calibration found;
        assert_int_equal(legal_calibration_read(&desk->legal, 2, &found), LEGAL_OK);
        assert_memory_equal(&found.correction, &calibration.correction, sizeof found.correction);
        struct measuring_setup setup;
        legal_measuring_setup(&desk->legal, 2, &setup);
        assert_int_equal(setup.voltage_fir_q28[2], 1000);
        assert_int_equal(setup.system, 2);
        struct legal_health health;
        legal_health(&desk->legal, &health);
        assert_false(health.memory_fault);
        assert_false(health.calibrated); /* systems 1 and 3 are not */
    }
    desk->memory.bytes[2 * LEGAL_MEMORY_PAGE_BYTES + 40] ^= 4;
    desk->memory.bytes[3 * LEGAL_MEMORY_PAGE_BYTES + 40] ^= 4;
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    struct legal_health health;
    legal_health(&desk->legal, &health);
    assert_true(health.memory_fault); /* both copies damaged: nominal, and it says so */
    assert_int_equal(legal_calibration_read(&desk->legal, 2, &calibration), LEGAL_OK);
    assert_memory_equal(&calibration.correction, &nominal, sizeof nominal);
    desk_free(desk);
}

/* One second of the systems in the mask, at 230 V; the others are silent, and count in secret. */
static void send_some(struct desk *desk, unsigned mask, const double *watts)
{
    desk->now_us += SECOND;
    for (unsigned s = 0; s < desk->setup.systems; s++) {
        const struct desk_load load = desk_load(230, watts[s], 0, 8000);
        desk_count(desk, s, &load, 8000);
        if ((mask >> s & 1u) != 0) {
            desk_send(desk, s);
        }
    }
    legal_step(&desk->legal, desk->now_us);
}

/* REQ(MET-03, REG-09): a system that falls silent shows nothing, and takes nothing from the others;
 * what it counted meanwhile is booked when it is back. */
static void silent_system(void **state)
{
    (void)state;
    const double watts[3] = {3600, 2300, 0};
    static const struct legal_phase nothing;
    for (unsigned dead = 0; dead < 2; dead++) {
        struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
        struct legal_health health;
        for (unsigned s = 0; s < 3; s++) {
            set_phasors(desk, s, -120 * (int)s, -120 * (int)s);
        }
        desk_run(desk, 10, watts, none);
        unsigned others = 7u & ~(1u << dead);
        for (unsigned t = 0; t < 2; t++) {
            send_some(desk, others, watts);
        }
        assert_near(instant_of(desk).phase[dead].active_mw, dead == 0 ? 3600000 : 2300000, 50);
        send_some(desk, others, watts);
        struct legal_instant instant = instant_of(desk);
        assert_memory_equal(&instant.phase[dead], &nothing, sizeof nothing);
        assert_near(instant.active_plus_mw, dead == 0 ? 2300000 : 3600000, 50);
        assert_near(instant.phase[1 - dead].voltage_mv, 230000, 2);
        assert_int_equal(instant.phase[2].voltage_angle_mdeg, dead == 0 ? 0 : 120000);
        assert_int_equal(instant.frequency_mhz, 50000);
        assert_int_equal(instant.sequence, LEGAL_SEQUENCE_UNKNOWN);
        legal_health(&desk->legal, &health);
        assert_int_equal(health.systems_silent, 1u << dead);
        for (unsigned t = 0; t < 97; t++) {
            send_some(desk, others, watts);
        }
        send_some(desk, 7, (double[]){0, 0, 0}); /* it is back: no mean of 100 s is shown */
        assert_int_equal(instant_of(desk).phase[dead].active_mw, 0);
        send_some(desk, 7, (double[]){1000, 1000, 1000});
        assert_near(instant_of(desk).phase[dead].active_mw, 1000000, 50);
        legal_health(&desk->legal, &health);
        assert_int_equal(health.systems_silent, 0);
        assert_int_equal(health.frames_lost, 100);
        assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
        uint64_t energy = (uint64_t)(5900 * 110 / 0.0036 + 3000 / 0.0036);
        assert_in_range(desk_energy(desk, LEGAL_A_PLUS), energy - 100, energy + 100);
        desk_free(desk);
    }
}

enum copy_state { COPY_GOOD, COPY_BLANK, COPY_DAMAGED, COPY_MUTE };

static void set_copy(struct desk *desk, uint32_t page, enum copy_state state)
{
    uint8_t *at = desk->memory.bytes + page * LEGAL_MEMORY_PAGE_BYTES;
    if (state == COPY_BLANK) {
        memset(at, 0xFF, LEGAL_MEMORY_PAGE_BYTES);
        memset(at + 2u * LEGAL_MEMORY_PAGE_BYTES, 0xFF, LEGAL_MEMORY_PAGE_BYTES); /* and kind D */
    } else if (state == COPY_DAMAGED) {
        at[40] ^= 4;
    } else if (state == COPY_MUTE) {
        desk->memory.unreadable_from = page;
        desk->memory.unreadable_to = page + 1u;
    }
}

/* REQ(MET-06): constants that are lost are missed, but for a cut in their very first write; a copy
 * that can't be read is not written over. */
static void calibration_lost(void **state)
{
    (void)state;
    static const struct {
        enum copy_state first, second;
        bool fault, calibrated, renewed;
    } rows[] = {
        {COPY_GOOD, COPY_BLANK, false, true, true},
        {COPY_DAMAGED, COPY_GOOD, false, true, true},
        {COPY_GOOD, COPY_MUTE, false, true, false},
        {COPY_BLANK, COPY_BLANK, false, false, false},
        {COPY_DAMAGED, COPY_BLANK, false, false, false},
        {COPY_BLANK, COPY_DAMAGED, true, false, false},
        {COPY_DAMAGED, COPY_DAMAGED, true, false, false},
        {COPY_MUTE, COPY_BLANK, true, false, false},
    };
    for (unsigned r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
        struct legal_calibration calibration;
        desk->seal_open = true;
        assert_int_equal(legal_calibration_read(&desk->legal, 1, &calibration), LEGAL_OK);
        assert_int_equal(legal_calibration_write(&desk->legal, 1, &calibration), LEGAL_OK);
        set_copy(desk, 2, rows[r].first);
        set_copy(desk, 3, rows[r].second);
        uint32_t writes = desk->memory.page_writes[2] + desk->memory.page_writes[3];
        assert_int_equal(desk_power_up(desk), LEGAL_OK);
        writes = desk->memory.page_writes[2] + desk->memory.page_writes[3] - writes;
        assert_int_equal(writes, rows[r].renewed ? 1 : 0);
        struct legal_health health;
        legal_health(&desk->legal, &health);
        assert_int_equal(health.memory_fault, rows[r].fault);
        assert_int_equal(health.calibrated, rows[r].calibrated);
        desk_free(desk);
    }
}

/* REQ(MET-06): constants of another meter, or of none, are refused. */
static void calibration_range(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    desk->seal_open = true;
    for (unsigned n = 0; n < 8; n++) {
        struct legal_calibration calibration;
        assert_int_equal(legal_calibration_read(&desk->legal, 1, &calibration), LEGAL_OK);
        switch (n) {
        case 0: calibration.correction.power_gain *= 2; break;
        case 1: calibration.correction.voltage_gain = 0; break;
        case 2: calibration.correction.current_gain /= 2; break;
        case 3: calibration.correction.crosstalk_g_q40 = INT32_MIN; break;
        case 4: calibration.correction.crosstalk_b_q40 = INT32_MAX; break;
        case 5: calibration.correction.current_noise_lsb2 = UINT32_MAX; break;
        case 6: calibration.measuring.voltage_fir_q28[0] = INT32_MAX; break;
        default: calibration.measuring.current_delay_samples = 8; break;
        }
        assert_int_equal(legal_calibration_write(&desk->legal, 1, &calibration), LEGAL_ERR_RANGE);
    }
    assert_int_equal(legal_calibration_count(&desk->legal), 0);
    desk_free(desk);
}

/* REQ(MET-05): an offset that follows U^2 is taken off at every voltage; noise is taken off the
 * current. */
static void crosstalk_and_noise(void **state)
{
    (void)state;
    static const double volts[] = {184, 230, 264.5};
    static const int32_t crosstalks[] = {3000, -3000};
    for (unsigned c = 0; c < 2; c++) {
        for (unsigned v = 0; v < 3; v++) {
            struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
            struct legal_calibration calibration;
            desk->seal_open = true;
            legal_calibration_read(&desk->legal, 1, &calibration);
            calibration.correction.crosstalk_g_q40 = crosstalks[c];
            calibration.correction.crosstalk_b_q40 = -crosstalks[c];
            calibration.correction.current_noise_lsb2 = 450000; /* 20 mA */
            assert_int_equal(legal_calibration_write(&desk->legal, 1, &calibration), LEGAL_OK);
            wide_reference rest = 0;
            struct desk_load load = desk_load(volts[v], 4.6, 4.6, 1600);
            int64_t offset_q40 = (int64_t)load.voltage * crosstalks[c];
            /* many windows: even a step lost in each would show */
            for (unsigned w = 0; w < 400000; w++) {
                struct desk_load with = load;
                rest += offset_q40; /* the front end adds whole steps and keeps the fraction */
                int64_t whole = (int64_t)(rest >> 40);
                rest -= (wide_reference)whole * (INT64_C(1) << 40);
                with.active += whole;
                with.reactive -= whole;
                with.current = desk_squares(0.04, 250, 1600);
                desk_window(desk, &with, 1600);
            }
            uint64_t expected = desk_whole((wide_reference)load.active * POWER_GAIN * 400000);
            assert_near((int64_t)desk_energy(desk, LEGAL_A_PLUS), (int64_t)expected, 1);
            assert_near((int64_t)desk_energy(desk, LEGAL_R_PLUS), (int64_t)expected, 1);
            assert_near(instant_of(desk).phase[0].current_ma, 35, 1); /* sqrt(40^2 - 20^2) */
            desk_free(desk);
        }
    }
}

/* REQ(EVT-12): checksum over the program, at start against the expected one, then round and round.
 */
static void identity_and_program(void **state)
{
    (void)state;
    static uint8_t program[1000];
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    struct legal_identity identity;
    legal_identity(&desk->legal, &identity);
    assert_int_equal(identity.number, 38200101);
    assert_int_equal(identity.revision_letter, 'A');
    assert_true(identity.checksum != 0);
    memset(program, 0x5A, sizeof program);
    desk->port.program = program;
    desk->port.program_bytes = sizeof program;
    desk->port.program_checksum = legal_crc32(program, sizeof program);
    assert_int_equal(legal_start(&desk->legal, &desk->port, &desk->setup, desk->now_us), LEGAL_OK);
    legal_identity(&desk->legal, &identity);
    assert_int_equal(identity.checksum, desk->port.program_checksum);
    struct legal_health health;
    desk_run(desk, 200, none, none);
    legal_health(&desk->legal, &health);
    assert_false(health.program_fault);
    program[777] ^= 1;
    desk_run(desk, 200, none, none);
    legal_health(&desk->legal, &health);
    assert_true(health.program_fault);
    assert_int_equal(legal_start(&desk->legal, &desk->port, &desk->setup, desk->now_us), LEGAL_OK);
    legal_health(&desk->legal, &health);
    assert_true(health.program_fault);
    desk_free(desk);
}

/* The legal processor is a value: moved in the middle of its work, it goes on and stores. */
static void it_may_be_moved(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 100, (double[]){3600, 0, 0}, none);
    struct legal *moved = malloc(sizeof *moved);
    assert_non_null(moved);
    memcpy(moved, &desk->legal, sizeof *moved);
    memset(&desk->legal, 0xEE, sizeof desk->legal); /* nothing may point back here */
    const struct desk_load load = desk_load(230, 3600, 0, 8000);
    for (unsigned t = 0; t < 100; t++) {
        uint8_t bytes[BUS_FRAME_BYTES];
        desk_count(desk, 0, &load, 8000);
        desk->now_us += SECOND;
        legal_bus_receive(moved, bytes, bus_frame_encode(&desk->frame[0], bytes), desk->now_us);
    }
    assert_int_equal(legal_tariff_select(moved, 2), LEGAL_OK);
    assert_int_equal(legal_store(moved), LEGAL_OK);
    uint64_t energy = legal_energy_uwh(moved, LEGAL_A_PLUS);
    assert_near((int64_t)energy, 200 * WH, 20);
    free(moved);
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), energy);
    desk_free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phase_values),         cmocka_unit_test(mean_of_a_second),
        cmocka_unit_test(angles_and_sequence),  cmocka_unit_test(calibration),
        cmocka_unit_test(silent_system),        cmocka_unit_test(calibration_lost),
        cmocka_unit_test(calibration_range),    cmocka_unit_test(crosstalk_and_noise),
        cmocka_unit_test(identity_and_program), cmocka_unit_test(it_may_be_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
