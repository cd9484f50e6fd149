/* LED and S0: one counter, 30 ms, nothing lost, the pause never below 12 ms. */
#include "emu/desk.h"

static const double none[3] = {0, 0, 0};

/* REQ(MET-18, LCO-04, LCO-12): one kilowatt-hour gives 1000 pulses of 30 ms, evenly spread. */
static void a_thousand_a_kilowatt_hour(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 3600, (double[]){1000.001, 0, 0}, none);
    desk_run(desk, 4, none, none);
    assert_int_equal(desk->begun, 1000);
    assert_int_equal(desk->ended, 1000);
    /* 3.6 s apart to the microsecond's rounding: the remainder is carried */
    assert_in_range(desk->gap_max_us, 3599000, 3601000);
    desk_check(desk);
    desk_free(desk);
}

/* Loads, and the shortest pause that each may cause (requirements, part 3 on the S0 output). */
static const struct {
    double amperes, volts;
    int64_t pause_min_us;
} loads[] = {
    {86, 230, 30000},    {100, 230, 22100}, {105, 230, 19600},
    {100, 264.5, 15300}, {105, 253, 15100}, {105, 264.5, 12000},
};

/* REQ(LCO-04, MET-13): up to 105 A at 264.5 V no pulse is lost and the pause stays above 12 ms. */
static void heavy_loads(void **state)
{
    (void)state;
    static const uint32_t windows[] = {1600, 8000, 1684, 1524};
    for (unsigned l = 0; l < sizeof loads / sizeof loads[0]; l++) {
        for (unsigned k = 0; k < 4; k++) {
            struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
            double watts = loads[l].amperes * loads[l].volts;
            struct desk_load load[3];
            for (unsigned s = 0; s < 3; s++) {
                load[s] = desk_load(loads[l].volts, watts, 0, windows[k]);
            }
            for (uint32_t n = 0; n < 600u * 8000u; n += windows[k]) {
                desk_window(desk, load, windows[k]);
                desk_check(desk);
            }
            desk_run(desk, 2, none, none);
            uint64_t emitted = 0, pending = 0;
            legal_pulses(&desk->legal, &emitted, &pending);
            assert_int_equal(pending, 0);
            assert_int_equal(emitted, desk->begun);
            assert_int_equal(emitted, desk_energy(desk, LEGAL_A_PLUS) / (uint64_t)WH);
            assert_true(desk->pause_min_us >= loads[l].pause_min_us);
            desk_free(desk);
        }
    }
}

/* REQ(LCO-04): a burst beyond what the output can show waits and comes out, at 12 ms pauses. */
static void a_burst_waits(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 60, (double[]){50000, 50000, 50000}, none); /* 41.7 pulses a second */
    uint64_t emitted = 0, pending = 0;
    legal_pulses(&desk->legal, &emitted, &pending);
    assert_true(pending > 1000);
    desk_check(desk);
    desk_run(desk, 60, none, none);
    legal_pulses(&desk->legal, &emitted, &pending);
    assert_int_equal(pending, 0);
    assert_int_equal(desk->begun, desk_energy(desk, LEGAL_A_PLUS) / (uint64_t)WH);
    assert_int_equal(desk->pause_min_us, 12000);
    desk_free(desk);
}

/* Random loads, windows, time jumps: emitted + pending is the registered energy, at all times. */
static void invariant_at_random(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct desk_random random = desk_seed("invariant_at_random");
    for (unsigned w = 0; w < 50000; w++) {
        uint32_t n = desk_draw(&random, 3) == 0 ? 8000 : 1500 + desk_draw(&random, 200);
        struct desk_load load[3];
        for (unsigned s = 0; s < 3; s++) {
            load[s] = desk_load(230, (double)desk_draw(&random, 30000) - 5000, 0, n);
        }
        desk_window(desk, load, n);
        if (desk_draw(&random, 4) == 0) {
            int64_t next = legal_step(&desk->legal, desk->now_us);
            assert_true(next > desk->now_us);
        }
        desk_check(desk);
        assert_in_range(desk->begun - desk->ended, 0, 1);
    }
    assert_true(desk->pause_min_us >= 12000);
    desk_free(desk);
}

/* legal_step's promise: called at the instant it asks for, it delivers exactly one edge. */
static void wakes_at_each_edge(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 2, (double[]){20000, 0, 0}, none);
    uint64_t edges = desk->begun + desk->ended;
    int64_t end = desk->now_us + SECOND;
    int64_t next = legal_step(&desk->legal, desk->now_us);
    unsigned woken = 0;
    while (next < end) {
        legal_step(&desk->legal, next - 1);
        assert_int_equal(desk->begun + desk->ended, edges);
        next = legal_step(&desk->legal, next);
        edges++;
        woken++;
        assert_int_equal(desk->begun + desk->ended, edges);
    }
    assert_in_range(woken, 9, 13);
    desk_free(desk);
}

/* REQ(LCO-12, X-MET-3): in verification mode the LED shows another energy; back, nothing is lost or
 * shown twice. */
static void verification_mode(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 36, (double[]){10000, 0, 0}, (double[]){5000, 0, 0});
    uint64_t emitted = 0, pending = 0;
    legal_pulses(&desk->legal, &emitted, &pending);
    assert_int_equal(legal_pulse_select(&desk->legal, LEGAL_R_PLUS), LEGAL_OK);
    uint64_t begun = desk->begun;
    desk_run(desk, 360, (double[]){10000, 0, 0}, (double[]){5000, 0, 0});
    assert_in_range(desk->begun - begun, 497, 500);
    desk_check(desk);
    uint64_t emitted_now = 0, pending_now = 0;
    legal_pulses(&desk->legal, &emitted_now, &pending_now);
    assert_int_equal(pending_now, pending);
    assert_int_equal(legal_pulse_select(&desk->legal, LEGAL_A_PLUS), LEGAL_OK);
    begun = desk->begun;
    desk_run(desk, 36, (double[]){10000, 0, 0}, none);
    assert_in_range(desk->begun - begun, 98, 101);
    desk_check(desk);
    assert_int_equal(legal_pulse_select(&desk->legal, LEGAL_R1), LEGAL_ERR_RANGE);
    desk_free(desk);
}

/* REQ(X-MET-3): verification mode ends with the supply: the normal energy is shown after it, with
 * the pulses that were pending, and without those that fell due meanwhile. */
static void verification_ends_with_the_supply(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    const struct desk_load dead[3] = {{0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}};
    desk_run(desk, 60, (double[]){50000, 50000, 50000}, none);
    uint64_t emitted = 0, pending = 0, emitted_now = 0, pending_now = 0;
    legal_pulses(&desk->legal, &emitted, &pending);
    assert_true(pending > 1000);
    assert_int_equal(legal_pulse_select(&desk->legal, LEGAL_R_PLUS), LEGAL_OK);
    desk_run(desk, 60, (double[]){3600, 0, 0}, none);
    for (unsigned w = 0; w < 10; w++) {
        desk_window(desk, dead, 1600);
    }
    assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_OFF);
    legal_pulses(&desk->legal, &emitted_now, &pending_now);
    assert_int_equal(pending_now, pending);
    uint64_t begun = desk->begun;
    desk_run(desk, 120, (double[]){3600, 0, 0}, none);
    assert_in_range(desk->begun - begun, pending + 118, pending + 120);
    desk_check(desk);
    desk_free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_a_kilowatt_hour),
        cmocka_unit_test(heavy_loads),
        cmocka_unit_test(a_burst_waits),
        cmocka_unit_test(invariant_at_random),
        cmocka_unit_test(wakes_at_each_edge),
        cmocka_unit_test(verification_mode),
        cmocka_unit_test(verification_ends_with_the_supply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
