/* The supply supervisor (X-MET-7) and the hour counter. */
#include <math.h>

#include "emu/desk.h"

static const double none[3] = {0, 0, 0};

static void run_at(struct desk *desk, unsigned windows, const double *volts, double watts)
{
    struct desk_load load[3];
    for (unsigned s = 0; s < 3; s++) {
        load[s] = desk_load(volts[s], volts[s] > 0 ? watts : 0, 0, 1600);
    }
    for (unsigned w = 0; w < windows; w++) {
        desk_window(desk, load, 1600);
    }
}

static const double full[3] = {230, 230, 230}, low[3] = {159.5, 150, 0}, one[3] = {20, 160.5, 0};

/* REQ(X-MET-7): all phases below 160 V for a second stop the meter, any phase above starts it. */
static void stops_and_starts(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_OFF);
    run_at(desk, 1, low, 0);
    assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_OFF);
    run_at(desk, 1, one, 0);
    assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_ON);
    run_at(desk, 50, full, 3600);
    run_at(desk, 4, low, 3600);
    assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_ON);
    run_at(desk, 1, one, 3600); /* a dip of 0.8 s: goes on, and the second begins anew */
    run_at(desk, 4, low, 3600);
    assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_ON);
    run_at(desk, 1, low, 3600); /* a second is not more than a second */
    assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_ON);
    run_at(desk, 1, low, 3600);
    assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_OFF);
    uint64_t stopped = desk_energy(desk, LEGAL_A_PLUS);
    run_at(desk, 100, low, 3600);
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), stopped);
    run_at(desk, 1, full, 3600);
    assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_ON);
    /* the window in which supply returned counts, those before do not */
    assert_in_range(desk_energy(desk, LEGAL_A_PLUS) - stopped, 599990, 600010);
    desk_free(desk);
}

/* Above 160 V but for a dip that lasts from..to (us): mean square of a window that ends at end_us.
 */
static struct desk_load dipped(uint32_t samples, int64_t end_us, int64_t from_us, int64_t to_us,
                               double volts)
{
    int64_t begin_us = end_us - (int64_t)samples * 125;
    int64_t from = from_us > begin_us ? from_us : begin_us, to = to_us < end_us ? to_us : end_us;
    double part = to > from ? (double)(to - from) / (samples * 125.0) : 0;
    struct desk_load load = desk_load(230, 0, 0, samples);
    load.voltage = desk_squares(sqrt(part * volts * volts + (1 - part) * 230 * 230), 700, samples);
    return load;
}

/* @return how often a dip that begins so long after a window stops the meter. */
static unsigned stops_in_dip(uint32_t samples, int64_t offset_us, int64_t dip_us, double volts)
{
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    run_at(desk, 10, full, 0);
    int64_t from_us = desk->now_us + (int64_t)samples * 125 + offset_us;
    unsigned stops = 0;
    for (unsigned w = 0; w < 14; w++) {
        int64_t end_us = desk->now_us + (int64_t)samples * 125;
        struct desk_load load = dipped(samples, end_us, from_us, from_us + dip_us, volts);
        bool ran = legal_supply(&desk->legal) == LEGAL_SUPPLY_ON;
        desk_window(desk, (struct desk_load[]){load, load, load}, samples);
        stops += ran && legal_supply(&desk->legal) == LEGAL_SUPPLY_OFF ? 1 : 0;
    }
    assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_ON);
    desk_free(desk);
    return stops;
}

/* REQ(X-MET-7): a dip of up to a second never stops the meter, one of 1.2 s always does: wherever
 * in a window it begins, however deep it is. */
static void dips_at_any_instant(void **state)
{
    (void)state;
    static const double volts[] = {0, 92, 115, 140};
    static const uint32_t windows[] = {1600, 1684, 1524};
    for (unsigned row = 0; row < 12; row++) {
        uint32_t samples = windows[row % 3];
        for (int64_t offset_us = 0; offset_us < 200000; offset_us += 7000) {
            for (int64_t dip_us = 780000; dip_us <= 1000000; dip_us += 20000) {
                assert_int_equal(stops_in_dip(samples, offset_us, dip_us, volts[row / 3]), 0);
            }
            for (int64_t dip_us = 1200000; dip_us <= 1500000; dip_us += 50000) {
                assert_int_equal(stops_in_dip(samples, offset_us, dip_us, volts[row / 3]), 1);
            }
        }
    }
}

/* REQ(X-MET-7): windows of other lengths: a dip within a long one does not look longer than it is,
 * and those that end with the dip tell its length exactly. */
static void dips_in_long_windows(void **state)
{
    (void)state;
    assert_int_equal(stops_in_dip(8000, 300000, 600000, 0), 0);
    assert_int_equal(stops_in_dip(8000, 900000, 1000000, 0), 0);
    assert_int_equal(stops_in_dip(8000, 0, 2000000, 0), 1);
    assert_int_equal(stops_in_dip(16000, 0, 1000000, 0), 0);
    assert_int_equal(stops_in_dip(16000, 0, 2000000, 0), 1);
    for (unsigned row = 0; row < 2; row++) {
        struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
        const struct desk_load good = desk_load(230, 0, 0, 8000), dead = {0, 0, 0, 0};
        desk_window(desk, &good, 8000);
        desk_window(desk, &dead, 2400);
        desk_window(desk, &dead, row == 0 ? 5600 : 5800); /* 1.0 s, 1.025 s */
        assert_int_equal(legal_supply(&desk->legal), row == 0 ? LEGAL_SUPPLY_ON : LEGAL_SUPPLY_OFF);
        desk_free(desk);
    }
}

/* REQ(X-MET-7, MET-03): a missing phase does not stop the meter. */
static void one_phase_carries_on(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    run_at(desk, 10, full, 3600);
    run_at(desk, 100, one, 3600);
    assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_ON);
    desk_free(desk);
}

/* REQ(X-MET-7, REG-01): an orderly loss of supply loses nothing, to the last fraction, a thousand
 * times. */
static void cuts_are_exact(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct desk_random random = desk_seed("cuts_are_exact");
    wide_reference sum = 0;
    uint64_t before[LEGAL_ENERGIES], after[LEGAL_ENERGIES];
    for (unsigned cut = 0; cut < 1000; cut++) {
        unsigned windows = 1 + desk_draw(&random, 30);
        for (unsigned w = 0; w < windows; w++) {
            struct desk_load load[3];
            for (unsigned s = 0; s < 3; s++) {
                load[s] = desk_load(230, 30 + desk_draw(&random, 20000), 0, 1600);
                load[s].active |= 1; /* odd: every window leaves a fraction */
                sum += (wide_reference)load[s].active * POWER_GAIN;
            }
            desk_window(desk, load, 1600);
        }
        run_at(desk, 6, (double[]){0, 0, 0}, 0);
        assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_OFF);
        desk_snapshot(desk, before);
        uint64_t operating = legal_operating_s(&desk->legal);
        uint64_t writes = desk->memory.writes;
        assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
        assert_int_equal(desk->memory.writes, writes); /* nothing new */
        desk->now_us += 3600 * SECOND;
        assert_int_equal(desk_power_up(desk), LEGAL_OK);
        desk_snapshot(desk, after);
        assert_memory_equal(before, after, sizeof before);
        assert_int_equal(legal_operating_s(&desk->legal), operating);
        desk_check(desk);
    }
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), desk_whole(sum));
    struct legal_health health;
    legal_health(&desk->legal, &health);
    assert_int_equal(health.start_count, 1001);
    assert_true(health.memory_restored);
    assert_false(health.memory_suspect);
    desk_free(desk);
}

/* REQ(REG-08): the hour counter counts supplied time only, and survives a kill within six minutes.
 */
static void hour_counter(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 7200, none, none);
    assert_int_equal(legal_operating_s(&desk->legal), 7200);
    run_at(desk, 5 * 3600, (double[]){0, 0, 0}, 0);
    assert_in_range(legal_operating_s(&desk->legal), 7200, 7201);
    uint64_t supplied = legal_operating_s(&desk->legal);
    desk_run(desk, 3600, none, none);
    assert_int_equal(legal_operating_s(&desk->legal), supplied + 3600);
    assert_int_equal(desk_power_up(desk), LEGAL_OK); /* killed */
    assert_in_range(legal_operating_s(&desk->legal), supplied + 3600 - 360, supplied + 3600);
    desk_free(desk);
}

/* Measuring systems that fall silent altogether are a loss of supply as well. */
static void silence_stops(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 10, (double[]){3600, 0, 0}, none);
    int64_t due = legal_step(&desk->legal, desk->now_us + 2000000);
    assert_int_equal(due, desk->now_us + 3000000);
    assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_ON);
    legal_step(&desk->legal, due);
    assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_OFF);
    uint64_t energy = desk_energy(desk, LEGAL_A_PLUS);
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), energy);
    desk_free(desk);
}

/* REQ(X-MET-7): what is being judged when the meter stops is settled before the state is stored. */
static void stopping_settles(void **state)
{
    (void)state;
    struct desk *desk = desk_new(1, LEGAL_SUM_INDIVIDUAL);
    const struct desk_load load = desk_load(230, 10, 0, 1600),
                           sagging = desk_load(150, 10, 0, 1600);
    for (unsigned w = 0; w < 12; w++) {
        desk_window(desk, w < 6 ? &load : &sagging, 1600);
    }
    assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_OFF);
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    uint64_t energy = desk_whole((wide_reference)load.active * POWER_GAIN * 12);
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), energy);
    desk_free(desk);
}

/* REQ(X-MET-7): a measuring system that died with voltage on it does not keep the meter up. */
static void a_dead_system_has_no_say(void **state)
{
    (void)state;
    struct desk *desk = desk_new(2, LEGAL_SUM_INDIVIDUAL);
    run_at(desk, 10, full, 3600);
    const struct desk_load dead = {0, 0, 0, 0};
    for (unsigned w = 0; w < 25; w++) {
        desk->now_us += 200000;
        desk_count(desk, 0, &dead, 1600);
        desk_send(desk, 0);
        legal_step(&desk->legal, desk->now_us);
    }
    assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_OFF);
    desk_free(desk);
}

/* REQ(LCO-04): no edge while the meter is stopped: what waits comes after supply has returned. */
static void no_pulse_while_stopped(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 60, (double[]){50000, 50000, 50000}, none);
    run_at(desk, 6, (double[]){0, 0, 0}, 0);
    uint64_t begun = desk->begun;
    run_at(desk, 500, (double[]){0, 0, 0}, 0);
    assert_int_equal(desk->begun, begun);
    desk->last_edge_us = desk->now_us; /* an edge before this instant would be caught */
    desk_run(desk, 60, none, none);
    assert_int_equal(desk->begun, desk_energy(desk, LEGAL_A_PLUS) / (uint64_t)WH);
    desk_free(desk);
}

/* REQ(LCO-04): pulses that had no time before the meter stopped come after it starts again. */
static void pulses_survive(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 60, (double[]){50000, 50000, 50000}, none);
    run_at(desk, 6, (double[]){0, 0, 0}, 0);
    uint64_t emitted = 0, pending = 0, emitted_then = 0, pending_then = 0;
    legal_pulses(&desk->legal, &emitted, &pending);
    assert_true(pending > 1000);
    legal_step(&desk->legal, desk->now_us + SECOND);
    assert_false(desk->lit); /* the pulse under way was ended, no other begun */
    assert_int_equal(desk->begun, emitted);
    desk->now_us += 100 * SECOND;
    int64_t off_us = desk->now_us;
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    legal_pulses(&desk->legal, &emitted_then, &pending_then);
    assert_int_equal(emitted_then, emitted);
    assert_int_equal(pending_then, pending);
    desk->last_edge_us = off_us; /* edges before the power-up would be caught */
    desk_run(desk, 60, none, none);
    legal_pulses(&desk->legal, &emitted, &pending);
    assert_int_equal(pending, 0);
    assert_int_equal(desk->begun, desk_energy(desk, LEGAL_A_PLUS) / (uint64_t)WH);
    desk_free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_and_starts),       cmocka_unit_test(one_phase_carries_on),
        cmocka_unit_test(cuts_are_exact),         cmocka_unit_test(hour_counter),
        cmocka_unit_test(silence_stops),          cmocka_unit_test(pulses_survive),
        cmocka_unit_test(stopping_settles),       cmocka_unit_test(a_dead_system_has_no_say),
        cmocka_unit_test(no_pulse_while_stopped), cmocka_unit_test(dips_at_any_instant),
        cmocka_unit_test(dips_in_long_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
