/* The no-load rule: what is load is booked to the last fraction, what is not leaves no trace. */
#include <math.h>

#include "emu/desk.h"

static const double none[3] = {0, 0, 0};

static struct desk_load at_230(double watts, double vars, uint32_t samples)
{
    return desk_load(230.0, watts, vars, samples);
}

/* Energy booked from a steady load on L1 in windows of so many samples, after 60 s. */
static uint64_t steady(double watts, double vars, uint32_t samples, enum legal_energy energy)
{
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct desk_load load[3] = {at_230(watts, vars, samples), at_230(0, 0, samples),
                                at_230(0, 0, samples)};
    for (uint32_t n = 0; n < 60u * 8000u; n += samples) {
        desk_window(desk, load, samples);
    }
    uint64_t result = desk_energy(desk, energy);
    desk_free(desk);
    return result;
}

/* REQ(X-MET-6, DIS-16): 2.2 W is no load, 2.4 W is; in both directions, active and reactive. */
static void threshold(void **state)
{
    (void)state;
    static const uint32_t windows[] = {1600, 8000};
    for (unsigned w = 0; w < 2; w++) {
        uint32_t n = windows[w];
        assert_int_equal(steady(2.2, 0, n, LEGAL_A_PLUS), 0);
        assert_int_equal(steady(-2.2, 0, n, LEGAL_A_MINUS), 0);
        assert_int_equal(steady(0, 2.2, n, LEGAL_R_PLUS), 0);
        assert_int_equal(steady(0, -2.2, n, LEGAL_R_MINUS), 0);
        /* 2.4 W for a minute: 40 000 uWh */
        assert_in_range(steady(2.4, 0, n, LEGAL_A_PLUS), 39990, 40010);
        assert_in_range(steady(-2.4, 0, n, LEGAL_A_MINUS), 39990, 40010);
        assert_in_range(steady(0, 2.4, n, LEGAL_R_PLUS), 39990, 40010);
        assert_in_range(steady(0, -2.4, n, LEGAL_R_MINUS), 39990, 40010);
    }
}

/* Hysteresis: 2.28 W goes on where load was, and does not start by itself. */
static void hysteresis(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 60, (double[]){2.28, 0, 0}, none);
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), 0);
    desk_run(desk, 1, (double[]){2.4, 0, 0}, none);
    uint64_t started = desk_energy(desk, LEGAL_A_PLUS);
    assert_true(started > 0);
    desk_run(desk, 60, (double[]){2.28, 0, 0}, none);
    assert_in_range(desk_energy(desk, LEGAL_A_PLUS) - started, 37990, 38010);
    struct legal_instant instant;
    legal_instant(&desk->legal, &instant);
    assert_true(instant.phase[0].load_present);
    desk_run(desk, 2, (double[]){2.2, 0, 0}, none);
    uint64_t stopped = desk_energy(desk, LEGAL_A_PLUS);
    desk_run(desk, 60, (double[]){2.28, 0, 0}, none);
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), stopped);
    legal_instant(&desk->legal, &instant);
    assert_false(instant.phase[0].load_present);
    desk_free(desk);
}

/* REQ(X-MET-6): noise around zero fills neither direction, however large a window's own value. */
static void noise_around_zero(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct desk_random random = desk_seed("noise_around_zero");
    double last[3] = {0, 0, 0};
    for (unsigned w = 0; w < 5 * 3600; w++) {
        struct desk_load load[3];
        for (unsigned s = 0; s < 3; s++) {
            /* differences of noise: up to 8 W in a window, no mean */
            double noise = ((double)desk_draw(&random, 8001) - 4000) / 1000;
            load[s] = at_230(noise - last[s], last[s] - noise, 1600);
            last[s] = noise;
        }
        desk_window(desk, load, 1600);
    }
    for (unsigned e = 0; e < LEGAL_ENERGIES; e++) {
        assert_int_equal(desk_energy(desk, (enum legal_energy)e), 0);
    }
    desk_free(desk);
}

/* Noise on top of a small load: booked with its mean, nothing appears in the other direction. */
static void noise_on_a_small_load(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    struct desk_random random = desk_seed("noise_on_a_small_load");
    wide_reference sum = 0;
    double last = 0;
    for (unsigned w = 0; w < 5 * 600; w++) {
        double noise = ((double)desk_draw(&random, 8001) - 4000) / 1000;
        struct desk_load load = at_230(4.6 + noise - last, 0, 1600); /* 20 mA */
        last = noise;
        sum += (wide_reference)load.active * POWER_GAIN;
        desk_window(desk, &load, 1600);
    }
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), desk_whole(sum));
    assert_int_equal(desk_energy(desk, LEGAL_A_MINUS), 0);
    desk_free(desk);
}

/* A burst of load in windows of n samples: its ends anywhere in their windows.  @return what it
 * brought. */
static wide_reference burst(struct desk *desk, uint32_t n, double watts, double start, double end)
{
    wide_reference sum = 0;
    for (unsigned w = 0; w < 20; w++) {
        double part = w == 0 ? start : w == 6 ? end : w < 6 ? 1 : 0;
        struct desk_load load = at_230(watts * part, 0, n);
        sum += (wide_reference)load.active * POWER_GAIN;
        desk_window(desk, &load, n);
    }
    return sum;
}

/* A load is booked to the last bit of its last window, however small; and from its first window on.
 */
static void bursts_are_booked_whole(void **state)
{
    (void)state;
    static const uint32_t windows[] = {1600, 8000, 1588, 16000};
    struct desk_random random = desk_seed("bursts_are_booked_whole");
    for (unsigned k = 0; k < 4; k++) {
        struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
        wide_reference sum = 0;
        for (unsigned n = 0; n < 500; n++) {
            double watts = 50 + desk_draw(&random, 20000);
            double start = 0.1 + desk_draw(&random, 900) / 1e3; /* above 2.3 W in any window */
            sum += burst(desk, windows[k], watts, start, desk_draw(&random, 1000) / 1e6);
        }
        assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), desk_whole(sum));
        desk_free(desk);
    }
}

/* What is still being judged when the state is stored is booked, if it is load so far. */
static void storing_settles(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    struct desk_load load = at_230(20, 0, 1600);
    for (unsigned w = 0; w < 3; w++) {
        desk_window(desk, &load, 1600);
    }
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), 0);
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    uint64_t energy = desk_whole((wide_reference)load.active * POWER_GAIN * 3);
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), energy);
    desk_free(desk);
}

/* REQ(X-MET-6): load, then frames lost: the tail of the load is booked if it can't be anything
 * else, what a long gap brings below the threshold is not. */
static void gaps_after_load(void **state)
{
    (void)state;
    static const uint32_t gaps_s[] = {1, 2, 4, 5, 600};
    for (unsigned g = 0; g < 5; g++) {
        struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
        desk_run(desk, 10, (double[]){2300, 0, 0}, none);
        uint64_t before = desk_energy(desk, LEGAL_A_PLUS);
        const struct desk_load creep = at_230(1, 0, 8000);
        for (uint32_t t = 0; t < gaps_s[g]; t++) {
            desk_count(desk, 0, &creep, 8000);
        }
        desk->now_us += gaps_s[g] * SECOND;
        desk_send(desk, 0);
        uint64_t expected = gaps_s[g] <= 4 ? (uint64_t)(gaps_s[g] / 0.0036) : 0;
        assert_in_range(desk_energy(desk, LEGAL_A_PLUS) - before + 1, expected, expected + 2);
        desk_run(desk, 60, (double[]){1, 0, 0}, none);
        assert_in_range(desk_energy(desk, LEGAL_A_PLUS) - before, 0, expected + 300);
        desk_free(desk);
    }
}

/* Reactive load with active noise around zero has no direction: it lies on the importing side. */
static void noise_has_no_direction(void **state)
{
    (void)state;
    for (unsigned summation = 0; summation < 3; summation++) {
        struct desk *desk = desk_new(3, (enum legal_summation)summation);
        struct desk_random random = desk_seed("noise_has_no_direction");
        double last = 0;
        for (unsigned w = 0; w < 3000; w++) {
            double noise = ((double)desk_draw(&random, 2001) - 1000) / 1000;
            struct desk_load load[3];
            for (unsigned s = 0; s < 3; s++) { /* L2 and L3 are loaded, and cancel */
                double watts = s == 1 ? 1000 : s == 2 ? -1000 : 0;
                load[s] = at_230(watts + noise - last, s == 0 ? -2300 : 0, 1600);
            }
            last = noise;
            desk_window(desk, load, 1600);
            struct legal_instant instant;
            legal_instant(&desk->legal, &instant);
            assert_false(instant.phase[0].exporting);
            assert_true(instant.phase[0].load_present);
            assert_true(w == 0 || instant.phase[2].exporting);
        }
        assert_int_equal(desk_energy(desk, LEGAL_A_MINUS_L1), 0);
        assert_int_equal(desk_energy(desk, LEGAL_R3), 0);
        uint64_t reactive = summation == LEGAL_SUM_TOTAL ? desk_energy(desk, LEGAL_R1)
                                                         : desk_energy(desk, LEGAL_R4);
        assert_in_range(reactive, 383333300, 383333400); /* 2300 var for ten minutes */
        desk_free(desk);
    }
}

/* The direction of a small load is that of the block judged last, not of each window; under vector
 * summation that of the sum, even when both together are booked in other windows than reactive. */
static void small_load_keeps_its_direction(void **state)
{
    (void)state;
    for (unsigned summation = 0; summation < 2; summation++) {
        struct desk *desk = desk_new(3, (enum legal_summation)summation);
        struct desk_random random = desk_seed("small_load_keeps_its_direction");
        double last = 0;
        for (unsigned w = 0; w < 3000; w++) {
            double noise = ((double)desk_draw(&random, 16001) - 8000) / 1000;
            struct desk_load load[3] = {at_230(-6 + noise - last, 2300, 1600), at_230(0, 0, 1600),
                                        at_230(0, 0, 1600)};
            last = noise;
            desk_window(desk, load, 1600);
        }
        /* the first seconds, before the load was judged, lie on the other side */
        assert_in_range(desk_energy(desk, LEGAL_R1), 0, 2000000);
        assert_in_range(desk_energy(desk, LEGAL_R2), 381333300, 383333400);
        desk_free(desk);
    }
}

/* REQ(MET-20, X-MET-6): two systems against L2, whose powers have other signs: the sum alone
 * decides whether there is load, and in which direction; it is booked to the last fraction */
static void three_wires_are_judged_by_their_sum(void **state)
{
    (void)state;
    static const struct {
        double watts[2];
        double sum; /* what is to be booked */
    } rows[] = {{{30, -20}, 10},      {{-30, 20}, -10}, {{5, -2}, 3},    {{1.5, 1.5}, 3},
                {{50, 1}, 51},        {{50, -49}, 0},   {{50, -47}, 3},  {{-1.5, -1.5}, -3},
                {{1.2, 1.0}, 0},      {{500, -500}, 0}, {{0.0, 40}, 40}, {{-20, 46}, 26},
                {{2.0, -22.9}, -20.9}};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct desk *desk = desk_new(2, LEGAL_SUM_VECTOR);
        desk_run(desk, 5, none, none);
        for (unsigned w = 0; w < 5 * 3600; w++) {
            struct desk_load load[3] = {at_230(rows[r].watts[0], -rows[r].watts[0], 1600),
                                        at_230(rows[r].watts[1], -rows[r].watts[1], 1600)};
            desk_window(desk, load, 1600);
        }
        assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
        uint64_t size = (uint64_t)(fabs(rows[r].sum) * 1e6 + 0.5);
        bool import = rows[r].sum > 0;
        assert_in_range(desk_energy(desk, LEGAL_A_PLUS) + 2, import ? size : 0,
                        import ? size + 4 : 4);
        assert_in_range(desk_energy(desk, LEGAL_A_MINUS) + 2, import ? 0 : size,
                        import ? 4 : size + 4);
        assert_in_range(desk_energy(desk, LEGAL_R_PLUS) + 2, import ? 0 : size,
                        import ? 4 : size + 4);
        assert_in_range(desk_energy(desk, LEGAL_R_MINUS) + 2, import ? size : 0,
                        import ? size + 4 : 4);
        struct legal_instant instant;
        legal_instant(&desk->legal, &instant);
        assert_in_range(instant.active_net_mw + 1000000 - (int)(rows[r].sum * 1000), 999998,
                        1000002);
        desk_check(desk);
        desk_free(desk);
    }
}

/* REQ(MET-20, MET-05): three wires with frames lost on the way: nothing lost, and no energy of one
 * system alone is taken for the sum; a dead system does not hold back the other */
static void three_wires_wait_for_both_frames(void **state)
{
    (void)state;
    struct desk *desk = desk_new(2, LEGAL_SUM_VECTOR);
    struct desk_random random = desk_seed("three_wires_wait_for_both_frames");
    struct desk_load load[3] = {at_230(5000, 3000, 1600), at_230(-2000, 1000, 1600)};
    for (unsigned w = 0; w < 5 * 3600; w++) {
        desk->now_us += 200000;
        for (unsigned s = 0; s < 2; s++) {
            desk_count(desk, s, &load[s], 1600);
            if (desk_draw(&random, 5) != 0) {
                desk_send(desk, s);
            }
        }
        legal_step(&desk->legal, desk->now_us);
    }
    desk_window(desk, load, 1600);
    desk_window(desk, load, 1600);
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    const uint64_t active = UINT64_C(3000166666), reactive = UINT64_C(4000222222), slack = 5000000;
    assert_in_range(desk_energy(desk, LEGAL_A_PLUS) + slack, active, active + 2 * slack);
    assert_in_range(desk_energy(desk, LEGAL_R_PLUS) + slack, reactive, reactive + 2 * slack);
    /* what is pending when it is stored may lack the other system's last frame: 2 kW for 0.2 s */
    assert_in_range(desk_energy(desk, LEGAL_A_MINUS), 0, 111112);
    assert_int_equal(desk_energy(desk, LEGAL_R_MINUS), 0);
    uint64_t before = desk_energy(desk, LEGAL_A_PLUS);
    for (unsigned w = 0; w < 5 * 60; w++) {
        desk->now_us += 200000;
        desk_count(desk, 0, &load[0], 1600);
        desk_send(desk, 0);
        legal_step(&desk->legal, desk->now_us);
    }
    assert_in_range(desk_energy(desk, LEGAL_A_PLUS) - before, 80500000, 83400000);
    desk_check(desk);
    desk_free(desk);
}

/* REQ(X-MET-6): frames lost for hours, days: what they bring is judged over the time it took. */
static void long_gaps(void **state)
{
    (void)state;
    static const uint32_t gaps_s[] = {3, 600, 5000, 86400};
    for (unsigned g = 0; g < 4; g++) {
        struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
        desk_run(desk, 10, none, none);
        for (unsigned row = 0; row < 2; row++) {
            const struct desk_load load = at_230(row == 0 ? 2.2 : 2.4, 0, 8000);
            for (uint32_t t = 0; t < gaps_s[g]; t++) {
                desk_count(desk, 0, &load, 8000);
            }
            desk->now_us += gaps_s[g] * SECOND;
            desk_send(desk, 0);
            legal_step(&desk->legal, desk->now_us);
            uint64_t expected = row == 0 ? 0 : (uint64_t)(2.4 / 0.0036 * gaps_s[g]);
            assert_in_range(desk_energy(desk, LEGAL_A_PLUS) + 100, expected, expected + 200);
        }
        desk_free(desk);
    }
}

/* A change between loads well above the threshold, in either direction, loses nothing at all. */
static void changes_of_load(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    struct desk_random random = desk_seed("changes_of_load");
    wide_reference import = 0, export = 0, plus = 0, minus = 0;
    for (unsigned w = 0; w < 20000; w++) {
        uint32_t n = 1590 + desk_draw(&random, 20);
        double watts = (30 + desk_draw(&random, 23000)) * (desk_draw(&random, 2) ? 1.0 : -1.0);
        double vars = (30 + desk_draw(&random, 23000)) * (desk_draw(&random, 2) ? 1.0 : -1.0);
        struct desk_load load = at_230(watts, vars, n);
        *(watts > 0 ? &import : &export) += (wide_reference)load.active * POWER_GAIN;
        *(vars > 0 ? &plus : &minus) += (wide_reference)load.reactive * POWER_GAIN;
        desk_window(desk, &load, n);
    }
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), desk_whole(import));
    assert_int_equal(desk_energy(desk, LEGAL_A_MINUS), desk_whole(-export));
    assert_int_equal(desk_energy(desk, LEGAL_R_PLUS), desk_whole(plus));
    assert_int_equal(desk_energy(desk, LEGAL_R_MINUS), desk_whole(-minus));
    desk_free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threshold),
        cmocka_unit_test(hysteresis),
        cmocka_unit_test(noise_around_zero),
        cmocka_unit_test(noise_on_a_small_load),
        cmocka_unit_test(bursts_are_booked_whole),
        cmocka_unit_test(storing_settles),
        cmocka_unit_test(changes_of_load),
        cmocka_unit_test(long_gaps),
        cmocka_unit_test(gaps_after_load),
        cmocka_unit_test(noise_has_no_direction),
        cmocka_unit_test(three_wires_are_judged_by_their_sum),
        cmocka_unit_test(three_wires_wait_for_both_frames),
        cmocka_unit_test(small_load_keeps_its_direction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
