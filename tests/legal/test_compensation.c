/* What temperature, own heat, neighbours and sample clocks do to a meter, and its constants. */
#include <math.h>

#include "emu/desk.h"
#include "legal/bus/legal_crc.h"

#define ONE_Q40 1099511627776.0
#define TURN    6.283185307179586

static const double none[3] = {0, 0, 0};

static void close_to(double value, double wanted, double within)
{
    if (!(fabs(value - wanted) <= within)) {
        fail_msg("%.12g is not within %g of %.12g", value, within, wanted);
    }
}

static struct legal_phase phase_of(const struct desk *desk, unsigned s)
{
    struct legal_instant instant;
    legal_instant(&desk->legal, &instant);
    return instant.phase[s];
}

/* Give system s other constants. */
static void compensate(struct desk *desk, unsigned s, const struct legal_constants *constants)
{
    struct legal_calibration calibration;
    desk->seal_open = true;
    assert_int_equal(legal_calibration_read(&desk->legal, (uint8_t)(s + 1u), &calibration),
                     LEGAL_OK);
    calibration.correction = *constants;
    assert_int_equal(legal_calibration_write(&desk->legal, (uint8_t)(s + 1u), &calibration),
                     LEGAL_OK);
}

static struct legal_constants nominal(void)
{
    struct legal_constants constants;
    legal_constants_nominal(&constants);
    return constants;
}

static double drift_of(const struct legal_drift *drift, double away_cc)
{
    return away_cc * (drift->linear_q40 / ONE_Q40 +
                      away_cc * (drift->quadratic_q54 / ONE_Q40 / 16384.0 +
                                 away_cc * (drift->cubic_q68 / ONE_Q40 / 268435456.0)));
}

/* REQ(MET-05, X-MET-2): drift of power, voltage and current is taken off at every temperature. */
static void drift(void **state)
{
    (void)state;
    static const int temperature_cc[] = {-4000, -2500, 0, 1999, 2100, 2300, 5500, 7000, 32767};
    for (unsigned k = 0; k < sizeof temperature_cc / sizeof temperature_cc[0]; k++) {
        struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
        struct legal_constants c = nominal();
        c.reference_cc = 2100;
        c.power_drift = (struct legal_drift){900000, -150000, 1500000};
        c.voltage_drift = (struct legal_drift){-400000, 80000, -700000};
        compensate(desk, 0, &c);
        desk->frame[0].temperature_cc = (int16_t)temperature_cc[k];
        const double away_cc = fmin(temperature_cc[k] - 2100, 12000);
        const double power = fmax(fmin(drift_of(&c.power_drift, away_cc), 0.03), -0.03);
        const double voltage = fmax(fmin(drift_of(&c.voltage_drift, away_cc), 0.03), -0.03);
        desk_run(desk, 100, (double[]){3600, 0, 0}, none);
        close_to((double)desk_energy(desk, LEGAL_A_PLUS), 100e6 / (1.0 + power), 3.0);
        const struct legal_phase phase = phase_of(desk, 0);
        const double amperes = 3600.0 / 230.0;
        close_to(phase.active_mw, 3600e3 / (1.0 + power), 2.0);
        close_to(phase.voltage_mv, 230e3 / (1.0 + voltage), 1.5);
        close_to(phase.current_ua, amperes * 1e6 * (1.0 + voltage) / (1.0 + power), 60.0);
        close_to(phase.current_ma, phase.current_ua / 1e3, 0.5);
        assert_int_equal(phase.temperature_cc, temperature_cc[k]);
        desk_free(desk);
    }
}

/* Power error that heat makes at full scale squared. */
static double heating_at(double amperes, const struct legal_constants *c)
{
    return (double)desk_squares(amperes, 250, 8000) / 8000.0 * c->heating_q64 /
           18446744073709551616.0;
}

static double power_now(struct desk *desk, double watts, double amperes, unsigned seconds)
{
    struct desk_load load = desk_load(230, watts, 0, 8000);
    load.current = desk_squares(amperes, 250, 8000);
    for (unsigned t = 0; t < seconds; t++) {
        desk_window(desk, &load, 8000);
    }
    return phase_of(desk, 0).active_mw / watts / 1e3 - 1.0;
}

/* A shunt heats up and cools down as a first order, through dips, lost frames and gaps; after a
 * start it counts as cold: nothing is taken off that may not be there. */
static void self_heating(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    struct legal_constants c = nominal();
    c.heating_s = 200;
    c.heating_q64 = 130000000;
    compensate(desk, 0, &c);
    const double final = heating_at(100, &c);
    close_to(final, 1.2e-3, 1e-4);
    close_to(power_now(desk, 23000, 100, 200), -final * 0.632, 0.006 * final);
    close_to(power_now(desk, 23000, 100, 2000), -final, 0.002 * final);
    close_to(power_now(desk, 100, 0.44, 200), -final * 0.368, 0.006 * final);
    /* two minutes without frames, with that load: the counters tell */
    const struct desk_load lost = desk_load(230, 100, 0, 8000);
    for (unsigned t = 0; t < 120; t++) {
        desk_count(desk, 0, &lost, 8000);
        desk->now_us += SECOND;
    }
    close_to(power_now(desk, 100, 0.44, 2), -final * exp(-322.0 / 200.0), 0.02 * final);
    /* the supply is away for five minutes and the meter starts anew */
    (void)power_now(desk, 23000, 100, 1000);
    desk->now_us += 300 * SECOND;
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    close_to(power_now(desk, 23000, 100, 1), 0.0, 0.01 * final);
    desk_free(desk);
}

/* Unit phasors of the supply at an instant, as system s sees them whose clock runs fast by ppm. */
static void set_voltage(struct desk *desk, unsigned s, double degrees)
{
    const double peak = 230.0 * sqrt(2.0) / 700.0 * 8388608.0 * 64.0;
    desk->frame[s].v1_re = (int32_t)lrint(peak * cos(degrees * TURN / 360.0));
    desk->frame[s].v1_im = (int32_t)lrint(peak * sin(degrees * TURN / 360.0));
}

/* What neighbours add to W and var of system s, from the definition: u * conj(y * v). */
static void neighbours_true(const struct legal_constants *c, const double degrees[3], unsigned s,
                            double *watts, double *vars)
{
    *watts = *vars = 0.0;
    for (unsigned n = 0; n < 2; n++) {
        const unsigned k = (s + 1u + n) % 3u;
        /* full scales: 250 A for 700 V */
        const double size = hypot(c->neighbour_re_q40[n], c->neighbour_im_q40[n]) / ONE_Q40;
        const double angle = atan2(c->neighbour_im_q40[n], c->neighbour_re_q40[n]);
        const double apart = (degrees[s] - degrees[k]) * TURN / 360.0 - angle;
        *watts += 230.0 * 230.0 * 250.0 / 700.0 * size * cos(apart);
        *vars += 230.0 * 230.0 * 250.0 / 700.0 * size * sin(apart);
    }
}

/* REQ(MET-05): crosstalk of the neighbours is taken off in any sequence, also when a phase is
 * missing, and whatever the sample clocks do. */
static void neighbours(void **state)
{
    (void)state;
    static const double sequences[][3] = {{0, -120, 120}, {0, 120, -120}, {0, 0, 0}, {30, 77, -5}};
    struct legal_constants c = nominal();
    c.neighbour_re_q40[0] = 9000000;
    c.neighbour_im_q40[0] = -4000000;
    c.neighbour_re_q40[1] = -2000000;
    c.neighbour_im_q40[1] = 7000000;
    for (unsigned k = 0; k < sizeof sequences / sizeof sequences[0]; k++) {
        struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
        const double *degrees = sequences[k];
        for (unsigned s = 0; s < 3; s++) {
            compensate(desk, s, &c);
            set_voltage(desk, s, degrees[s]);
        }
        desk_run(desk, 1000, (double[]){3600, 3600, 3600}, (double[]){3600, 3600, 3600});
        for (unsigned s = 0; s < 3; s++) {
            double watts, vars;
            neighbours_true(&c, degrees, s, &watts, &vars);
            const int64_t plus =
                (int64_t)desk_energy(desk, (enum legal_energy)(LEGAL_A_PLUS_L1 + s));
            const int64_t r_plus =
                (int64_t)desk_energy(desk, (enum legal_energy)(LEGAL_R_PLUS_L1 + s));
            close_to((double)plus, (3600 - watts) * 1e9 / 3600, 5.0);
            close_to((double)r_plus, (3600 - vars) * 1e9 / 3600, 5.0);
            close_to(phase_of(desk, s).active_mw, (3600 - watts) * 1e3, 1.0);
        }
        desk_free(desk);
    }
}

/* Sample clocks that differ by 200 ppm: samples alone would turn L2 once round in 100 s. */
static void clocks_apart(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct legal_constants c = nominal();
    const int32_t clock_ppb[3] = {100000, -100000, 0};
    for (unsigned s = 0; s < 3; s++) {
        c.clock_ppb = clock_ppb[s];
        compensate(desk, s, &c);
        desk->frame[s].frequency_uhz = (uint32_t)lrint(50e6 / (1.0 + clock_ppb[s] * 1e-9));
        set_voltage(desk, s, -120.0 * s);
    }
    const struct desk_load load = desk_load(230, 1000, 0, 8000);
    double owed[3] = {0, 0, 0};
    for (unsigned t = 0; t < 3000; t++) {
        desk->now_us += SECOND;
        for (unsigned s = 0; s < 3; s++) {
            const double samples = 8000.0 * (1.0 + clock_ppb[s] * 1e-9) + owed[s];
            owed[s] = samples - floor(samples);
            desk_count(desk, s, &load, (uint32_t)samples);
            /* the window ends when its last whole sample does */
            set_voltage(desk, s, -120.0 * s - owed[s] * 360.0 / 160.0);
            desk_send(desk, s);
        }
        legal_step(&desk->legal, desk->now_us);
    }
    struct legal_instant instant;
    legal_instant(&desk->legal, &instant);
    close_to(instant.phase[1].voltage_angle_mdeg, -120000, 1500);
    close_to(instant.phase[2].voltage_angle_mdeg, 120000, 1500);
    close_to(instant.frequency_uhz, 50e6, 2.0);
    assert_int_equal(instant.frequency_mhz, 50000);
    desk_free(desk);
}

/* A second of all systems; of those in the mask the frame is lost. */
static void second_with_losses(struct desk *desk, unsigned lost)
{
    desk->now_us += SECOND;
    for (unsigned s = 0; s < 3; s++) {
        const struct desk_load load = desk_load(230, s == 1 ? -900 : 1700, 300, 8000);
        desk_count(desk, s, &load, 8000);
        if ((lost >> s & 1u) == 0) {
            desk_send(desk, s);
        }
    }
    legal_step(&desk->legal, desk->now_us);
    desk_check(desk);
}

/* REQ(MET-03): with everything compensated, lost frames lose no energy: what they would have
 * brought comes later, corrected by the phasors and the temperature that are known then.  The
 * registers agree with each other at every instant. */
static void lost_frames_lose_nothing(void **state)
{
    (void)state;
    uint64_t energy[2][LEGAL_ENERGIES];
    struct legal_constants c = nominal();
    c.power_drift = (struct legal_drift){900000, -150000, 1500000};
    c.neighbour_re_q40[0] = 900000;
    c.neighbour_im_q40[1] = -70000;
    c.crosstalk_g_q40 = 12345;
    for (unsigned run = 0; run < 2; run++) {
        struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
        struct desk_random random = {.state = 382};
        for (unsigned s = 0; s < 3; s++) {
            compensate(desk, s, &c);
            set_voltage(desk, s, -120.0 * s);
            desk->frame[s].temperature_cc = 4100;
        }
        for (unsigned t = 0; t < 500; t++) {
            const bool odd = t % 2 != 0 && t < 499;
            second_with_losses(desk, run == 1 && odd ? desk_draw(&random, 8) : 0);
        }
        assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
        desk_snapshot(desk, energy[run]);
        desk_free(desk);
    }
    for (unsigned e = 0; e < LEGAL_ENERGIES; e++) {
        close_to((double)energy[1][e], (double)energy[0][e], 2.0);
    }
    assert_true(energy[0][LEGAL_A_PLUS] > 400000000 && energy[0][LEGAL_A_MINUS] > 100000000);
}

/* Limits of each compensation. */
static void ranges(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    struct legal_calibration calibration;
    desk->seal_open = true;
    for (unsigned n = 0; n < 12; n++) {
        assert_int_equal(legal_calibration_read(&desk->legal, 1, &calibration), LEGAL_OK);
        struct legal_constants *c = &calibration.correction;
        switch (n) {
        case 0: c->power_drift.linear_q40 = (1 << 27) + 1; break;
        case 1: c->power_drift.quadratic_q54 = INT32_MIN; break;
        case 2: c->voltage_drift.cubic_q68 = INT32_MAX; break;
        case 3: c->heating_q64 = 1; break; /* without a time constant */
        case 4: c->heating_s = 9; break;
        case 5: c->heating_s = 4001; break;
        case 6: c->heating_s = 200, c->heating_q64 = (1 << 29) + 1; break;
        case 7: c->clock_ppb = -500001; break;
        case 8: c->neighbour_re_q40[0] = (1 << 30) + 1; break;
        case 9: c->neighbour_im_q40[1] = INT32_MIN; break;
        case 10: c->reference_cc = -5001; break;
        default: c->reference_cc = 10001; break;
        }
        assert_int_equal(legal_calibration_write(&desk->legal, 1, &calibration), LEGAL_ERR_RANGE);
        assert_int_equal(legal_calibration_replace(&desk->legal, &calibration), LEGAL_ERR_RANGE);
    }
    assert_int_equal(legal_calibration_count(&desk->legal), 0);
    /* at the limits, full scale, a hot day: nothing overflows */
    struct legal_constants c = nominal();
    c.power_drift = (struct legal_drift){1 << 27, 1 << 27, 1 << 27};
    c.voltage_drift = (struct legal_drift){-(1 << 27), 1 << 27, -(1 << 27)};
    c.heating_s = 10;
    c.heating_q64 = -(1 << 29);
    compensate(desk, 0, &c);
    desk->frame[0].temperature_cc = INT16_MAX;
    close_to(power_now(desk, 1000, 0, 2), 1.0 / 1.03 - 1.0, 3e-6); /* no drift is beyond 3 % */
    desk->frame[0].temperature_cc = INT16_MIN;
    desk_run(desk, 20, (double[]){100000, 0, 0}, none);
    desk->frame[0].temperature_cc = INT16_MAX;
    desk_run(desk, 20, (double[]){100000, 0, 0}, none);
    desk_free(desk);
}

/* ---- the record ---------------------------------------------------------------------------------
 */

#define PAGE LEGAL_MEMORY_PAGE_BYTES

static void crc_set(uint8_t *page)
{
    const uint32_t crc = legal_crc32(page, 252);
    for (unsigned b = 0; b < 4; b++) {
        page[252 + b] = (uint8_t)(crc >> (8u * b));
    }
}

/* Constants of all systems that differ in every field. */
static void constants_draw(struct desk_random *random, struct legal_calibration out[3])
{
    for (unsigned s = 0; s < 3; s++) {
        struct legal_constants c = nominal();
        c.power_gain += desk_draw(random, 1000000);
        c.power_drift = (struct legal_drift){(int32_t)desk_draw(random, 1 << 27), -5, 77};
        c.voltage_drift = (struct legal_drift){-3, (int32_t)desk_draw(random, 1 << 20), -99};
        c.heating_s = (uint16_t)(10 + desk_draw(random, 3000));
        c.heating_q64 = -(int32_t)desk_draw(random, 1 << 29);
        c.clock_ppb = -(int32_t)desk_draw(random, 500000);
        c.neighbour_re_q40[0] = -(int32_t)desk_draw(random, 1 << 30);
        c.neighbour_im_q40[0] = (int32_t)desk_draw(random, 1 << 30);
        c.neighbour_re_q40[1] = 12;
        c.neighbour_im_q40[1] = -13;
        c.reference_cc = (int16_t)(-(int32_t)desk_draw(random, 5000));
        memset(&out[s], 0, sizeof out[s]);
        out[s].correction = c;
        measuring_setup_neutral(&out[s].measuring, (uint8_t)(s + 1u));
    }
}

static bool constants_are(const struct desk *desk, const struct legal_calibration *wanted)
{
    bool same = true;
    for (unsigned s = 0; s < 3; s++) {
        struct legal_calibration found;
        assert_int_equal(legal_calibration_read(&desk->legal, (uint8_t)(s + 1u), &found), LEGAL_OK);
        same =
            same && memcmp(&found.correction, &wanted[s].correction, sizeof found.correction) == 0;
    }
    return same;
}

static bool memory_fault(const struct desk *desk)
{
    struct legal_health health;
    legal_health(&desk->legal, &health);
    return health.memory_fault;
}

/* The record as format 1 had it: no compensations. */
static void make_format_1(struct desk *desk)
{
    for (unsigned copy = 2; copy < 4; copy++) {
        desk->memory.bytes[copy * PAGE + 1] = 1;
        crc_set(desk->memory.bytes + copy * PAGE);
        memset(desk->memory.bytes + (copy + 2u) * PAGE, 0xFF, PAGE);
    }
}

/* REQ(MET-06): constants of format 1 are used as they are, and format 2 on the next write. */
static void format_1_is_read(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct desk_random random = desk_seed("format_1_is_read");
    struct legal_calibration wanted[3], old[3];
    desk->seal_open = true;
    constants_draw(&random, wanted);
    assert_int_equal(legal_calibration_replace(&desk->legal, wanted), LEGAL_OK);
    assert_int_equal(legal_calibration_count(&desk->legal), 1);
    make_format_1(desk);
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_false(memory_fault(desk));
    for (unsigned s = 0; s < 3; s++) {
        old[s] = wanted[s];
        old[s].correction = nominal();
        old[s].correction.power_gain = wanted[s].correction.power_gain;
    }
    assert_true(constants_are(desk, old));
    assert_int_equal(desk->memory.bytes[2 * PAGE + 1], 1); /* reading alone writes nothing */
    assert_int_equal(legal_calibration_replace(&desk->legal, wanted), LEGAL_OK);
    assert_int_equal(legal_calibration_count(&desk->legal), 2);
    assert_int_equal(desk->memory.bytes[2 * PAGE + 1], 2);
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_true(constants_are(desk, wanted));
    assert_false(memory_fault(desk));
    desk_free(desk);
}

/* Pages 4, 2, 5, 3 are written in this order.  Cut within any of them the meter has the old
 * constants or the new ones, whole, and renews the other copy. */
static void cut_writes(bool from_format_1)
{
    static const unsigned order[] = {4, 2, 5, 3};
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct desk_random random = desk_seed("cut_writes");
    struct legal_calibration old[3], wanted[3];
    static uint8_t before[6 * PAGE], after[6 * PAGE];
    desk->seal_open = true;
    constants_draw(&random, old);
    constants_draw(&random, wanted);
    assert_int_equal(legal_calibration_replace(&desk->legal, old), LEGAL_OK);
    if (from_format_1) {
        make_format_1(desk);
        assert_int_equal(desk_power_up(desk), LEGAL_OK);
        for (unsigned s = 0; s < 3; s++) {
            assert_int_equal(legal_calibration_read(&desk->legal, (uint8_t)(s + 1u), &old[s]),
                             LEGAL_OK);
        }
    }
    memcpy(before, desk->memory.bytes, sizeof before);
    assert_int_equal(legal_calibration_replace(&desk->legal, wanted), LEGAL_OK);
    memcpy(after, desk->memory.bytes, sizeof after);
    for (unsigned n = 0; n < 4; n++) {
        for (unsigned torn = 0; torn <= PAGE; torn += 16) {
            memcpy(desk->memory.bytes, before, sizeof before);
            for (unsigned k = 0; k < n; k++) {
                memcpy(desk->memory.bytes + order[k] * PAGE, after + order[k] * PAGE, PAGE);
            }
            memcpy(desk->memory.bytes + order[n] * PAGE, after + order[n] * PAGE, torn);
            for (unsigned start = 0; start < 2; start++) {
                assert_int_equal(desk_power_up(desk), LEGAL_OK);
                assert_false(memory_fault(desk));
                const bool fresh = n > 1 || (n == 1 && torn == PAGE);
                assert_true(constants_are(desk, fresh ? wanted : old));
            }
            /* both copies are whole again: each alone will do */
            memset(desk->memory.bytes + (n % 2u == 0 ? 2u : 3u) * PAGE, 0x5A, PAGE);
            assert_int_equal(desk_power_up(desk), LEGAL_OK);
            assert_false(memory_fault(desk));
        }
    }
    desk_free(desk);
}

static void cut_in_a_write(void **state)
{
    (void)state;
    cut_writes(false);
    cut_writes(true);
}

/* Each page of kind D is needed by its copy: one that is damaged is written again. */
static void a_page_is_damaged(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct desk_random random = desk_seed("a_page_is_damaged");
    struct legal_calibration wanted[3];
    desk->seal_open = true;
    constants_draw(&random, wanted);
    assert_int_equal(legal_calibration_replace(&desk->legal, wanted), LEGAL_OK);
    for (unsigned page = 4; page < 6; page++) {
        desk->memory.bytes[page * PAGE + 100] ^= 1;
        assert_int_equal(desk_power_up(desk), LEGAL_OK);
        assert_true(constants_are(desk, wanted));
        assert_false(memory_fault(desk));
    }
    desk->memory.bytes[4 * PAGE + 100] ^= 1;
    desk->memory.bytes[5 * PAGE + 100] ^= 1;
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_true(memory_fault(desk));
    desk->seal_open = false;
    assert_int_equal(legal_calibration_replace(&desk->legal, wanted), LEGAL_ERR_SEALED);
    desk_free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drift),
        cmocka_unit_test(self_heating),
        cmocka_unit_test(neighbours),
        cmocka_unit_test(clocks_apart),
        cmocka_unit_test(lost_frames_lose_nothing),
        cmocka_unit_test(ranges),
        cmocka_unit_test(format_1_is_read),
        cmocka_unit_test(cut_in_a_write),
        cmocka_unit_test(a_page_is_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
