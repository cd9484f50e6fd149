/* Integration periods, means, peaks and the threshold counter. */
#include "legal_puppet.h"

#define START INT64_C(1718886600) /* 2024-06-20 12:30:00 UTC: a boundary of every period */
#define MIN   INT64_C(60)

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

static struct legal legal; /* the puppet does not look at it */

/* REQ(REG-06): highest mean wins, stamped with the end of its period */
static void test_means_and_peaks(void **state)
{
    (void)state;
    struct demand d;
    demand_init(&d, 15);
    assert_int_equal(demand_step(&d, &legal, START), START + 15 * MIN);
    puppet.energy_uwh[LEGAL_A_PLUS] += KWH;       /* 4 kW */
    puppet.energy_uwh[LEGAL_R_MINUS] += KWH / 10; /* 0.4 kvar */
    assert_int_equal(demand_step(&d, &legal, START + 15 * MIN - 1), START + 15 * MIN);
    assert_int_equal(d.mean_mw[LEGAL_A_PLUS], 0);
    assert_int_equal(demand_step(&d, &legal, START + 15 * MIN), START + 30 * MIN);
    assert_int_equal(d.mean_mw[LEGAL_A_PLUS], 4000000);
    assert_int_equal(d.mean_mw[LEGAL_R_MINUS], 400000);
    assert_int_equal(d.mean_mw[LEGAL_A_MINUS], 0);
    assert_int_equal(d.peak[0].power_mw, 4000000);
    assert_int_equal(d.peak[0].utc_s, START + 15 * MIN);
    assert_int_equal(d.peak[3].power_mw, 400000);

    puppet.energy_uwh[LEGAL_A_PLUS] += KWH / 2;
    (void)demand_step(&d, &legal, START + 30 * MIN);
    assert_int_equal(d.mean_mw[LEGAL_A_PLUS], 2000000);
    assert_int_equal(d.peak[0].power_mw, 4000000);
    assert_int_equal(d.peak[0].utc_s, START + 15 * MIN);

    puppet.energy_uwh[LEGAL_A_PLUS] += 2 * KWH;
    (void)demand_step(&d, &legal, START + 45 * MIN);
    assert_int_equal(d.peak[0].power_mw, 8000000);
    assert_int_equal(d.peak[0].utc_s, START + 45 * MIN);

    puppet.energy_uwh[LEGAL_A_PLUS] += 2 * KWH; /* as high again: the first one stays */
    (void)demand_step(&d, &legal, START + 60 * MIN);
    assert_int_equal(d.peak[0].utc_s, START + 45 * MIN);
}

/* REQ(REG-06): peaks of tariff 1 and tariff 2 */
static void test_tariff_peaks(void **state)
{
    (void)state;
    struct demand d;
    demand_init(&d, 60);
    (void)demand_step(&d, &legal, START - 30 * MIN);
    puppet.energy_uwh[LEGAL_A_PLUS] += 3 * KWH;
    puppet.tariff_uwh[0][LEGAL_A_PLUS] += KWH;
    puppet.tariff_uwh[1][LEGAL_A_PLUS] += 2 * KWH;
    (void)demand_step(&d, &legal, START + 30 * MIN);
    assert_int_equal(d.peak[0].power_mw, 3000000);
    assert_int_equal(d.peak[4].power_mw, 1000000);
    assert_int_equal(d.peak[5].power_mw, 2000000);
    assert_int_equal(d.peak[5].utc_s, START + 30 * MIN);
}

/* REQ(REG-07): K chooses which of the three peaks P+ is accumulated; R+ knows of no K. */
static void test_accumulated_by_k(void **state)
{
    (void)state;
    static const struct {
        uint32_t configuration_3;
        uint64_t after_mw;
    } cases[] = {{1000, 3000000}, {101000, 1000000}, {201000, 2000000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct demand d;
        demand_init(&d, 15);
        demand_accumulate(&d, cases[i].configuration_3);
        d.peak[0].power_mw = 3000000;
        d.peak[LEGAL_R_PLUS].power_mw = 5000000;
        d.peak[4].power_mw = 1000000;
        d.peak[5].power_mw = 2000000;
        demand_debit(&d);
        demand_debit(&d);
        assert_int_equal(d.accumulated_mw[LEGAL_A_PLUS], cases[i].after_mw);
        assert_int_equal(d.accumulated_mw[LEGAL_R_PLUS], 5000000);
    }
}

/* The four periods of configuration E are aligned to the clock. */
static void test_alignment(void **state)
{
    (void)state;
    static const uint8_t minutes[] = {5, 15, 30, 60};
    for (size_t i = 0; i < 4; i++) {
        struct demand d;
        demand_init(&d, minutes[i]);
        for (int64_t utc = START - 7 * MIN; utc < START + 200 * MIN; utc += 17) {
            int64_t next = demand_step(&d, &legal, utc);
            assert_int_equal(next % (minutes[i] * MIN), 0);
            assert_true(next > utc && next <= utc + minutes[i] * MIN);
        }
    }
}

/* The period that a power cut interrupts goes on; energy before and after it is one mean. */
static void test_gap_inside_a_period(void **state)
{
    (void)state;
    struct demand d;
    demand_init(&d, 15);
    (void)demand_step(&d, &legal, START);
    puppet.energy_uwh[LEGAL_A_PLUS] += KWH / 2;
    struct demand restored = d; /* cut and come back ten minutes later */
    (void)demand_step(&restored, &legal, START + 10 * MIN);
    puppet.energy_uwh[LEGAL_A_PLUS] += KWH / 2;
    (void)demand_step(&restored, &legal, START + 15 * MIN);
    assert_int_equal(restored.mean_mw[LEGAL_A_PLUS], 4000000);
}

/* Without supply over several periods: what was counted belongs to the one that ran; the last is
 * empty. */
static void test_gap_over_periods(void **state)
{
    (void)state;
    struct demand d;
    demand_init(&d, 15);
    (void)demand_step(&d, &legal, START);
    puppet.energy_uwh[LEGAL_A_PLUS] += KWH;
    assert_int_equal(demand_step(&d, &legal, START + 100 * MIN), START + 105 * MIN);
    assert_int_equal(d.peak[0].power_mw, 4000000);
    assert_int_equal(d.peak[0].utc_s, START + 15 * MIN);
    assert_int_equal(d.mean_mw[LEGAL_A_PLUS], 0);
    puppet.energy_uwh[LEGAL_A_PLUS] += KWH / 4;
    (void)demand_step(&d, &legal, START + 105 * MIN);
    assert_int_equal(d.mean_mw[LEGAL_A_PLUS], 1000000);
}

/* A clock set back must not turn two periods' energy into one peak. */
static void test_clock_set_back(void **state)
{
    (void)state;
    struct demand d;
    demand_init(&d, 15);
    (void)demand_step(&d, &legal, START);
    puppet.energy_uwh[LEGAL_A_PLUS] += KWH;
    (void)demand_step(&d, &legal, START - 40 * MIN);
    assert_int_equal(d.peak[0].power_mw, 0);
    puppet.energy_uwh[LEGAL_A_PLUS] += KWH / 4;
    (void)demand_step(&d, &legal, START - 30 * MIN);
    assert_int_equal(d.mean_mw[LEGAL_A_PLUS], 1000000);
}

/* REQ(REG-08): the threshold counter counts periods above the threshold, in one byte */
static void test_threshold(void **state)
{
    (void)state;
    struct demand d;
    demand_init(&d, 15);
    d.threshold_w = 4000;
    int64_t utc = START;
    (void)demand_step(&d, &legal, utc);
    puppet.energy_uwh[LEGAL_A_PLUS] += KWH; /* exactly 4 kW: not above */
    (void)demand_step(&d, &legal, utc += 15 * MIN);
    assert_int_equal(d.threshold_count, 0);
    for (unsigned i = 1; i <= 256; i++) {
        puppet.energy_uwh[LEGAL_A_PLUS] += KWH + 1000;
        (void)demand_step(&d, &legal, utc += 15 * MIN);
        assert_int_equal(d.threshold_count, i % 256);
    }
}

/* Registers of another memory can't make a peak out of nothing. */
static void test_absurd_registers(void **state)
{
    (void)state;
    struct demand d;
    demand_init(&d, 5);
    puppet.energy_uwh[LEGAL_A_PLUS] = 5 * KWH;
    (void)demand_step(&d, &legal, START);
    puppet.energy_uwh[LEGAL_A_PLUS] = 0;
    (void)demand_step(&d, &legal, START + 5 * MIN);
    assert_int_equal(d.mean_mw[LEGAL_A_PLUS], 0);
    puppet.energy_uwh[LEGAL_A_PLUS] = UINT64_MAX;
    (void)demand_step(&d, &legal, START + 10 * MIN);
    assert_int_equal(d.mean_mw[LEGAL_A_PLUS], UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_means_and_peaks, setup),
        cmocka_unit_test_setup(test_tariff_peaks, setup),
        cmocka_unit_test_setup(test_accumulated_by_k, setup),
        cmocka_unit_test_setup(test_alignment, setup),
        cmocka_unit_test_setup(test_gap_inside_a_period, setup),
        cmocka_unit_test_setup(test_gap_over_periods, setup),
        cmocka_unit_test_setup(test_clock_set_back, setup),
        cmocka_unit_test_setup(test_threshold, setup),
        cmocka_unit_test_setup(test_absurd_registers, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
