/* Load control by itself: its tables, its delay, its record, and random lives beside a reference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/load_control/load_control.h"

#define SECOND INT64_C(1000000)
#define MONDAY INT64_C(1704067200) /* 2024-01-01 00:00 UTC */
#define WEEK   10080u

static struct {
    struct load_control load;
    struct load_kept memory;
    struct load_facts facts;
    struct clock clock;
    int64_t now_us;
    bool save_fails, no_random;
    uint32_t random;
    unsigned saves, drives[LOAD_RELAYS];
    bool position[LOAD_RELAYS];
} bench;

static bool port_save(void *context, struct load_kept *kept)
{
    (void)context;
    if (bench.save_fails) {
        return false;
    }
    kept->sequence++;
    bench.memory = *kept;
    bench.saves++;
    return true;
}

static int port_random(void *context, uint8_t *bytes, size_t n_bytes)
{
    (void)context;
    assert_int_equal(n_bytes, 4);
    for (size_t i = 0; i < n_bytes; i++) {
        bytes[i] = (uint8_t)(bench.random >> 8 * i);
    }
    return bench.no_random ? -1 : 0;
}

static void port_drive(void *context, uint8_t relay, bool active)
{
    (void)context;
    bench.drives[relay]++;
    bench.position[relay] = active;
}

static const struct load_port port = {
    .save = port_save, .random = port_random, .drive = port_drive};

static int64_t step(void)
{
    return load_step(&bench.load, &port, &bench.facts, LOAD_RELAYS, bench.now_us);
}

static int setup(void **state)
{
    (void)state;
    memset(&bench, 0, sizeof bench);
    clock_init(&bench.clock, 1, true, true);
    clock_set(&bench.clock, MONDAY - 3600, 0); /* local Monday, 00:00 */
    bench.facts = (struct load_facts){1, &bench.clock};
    load_as_delivered(&bench.memory);
    load_start(&bench.load, &bench.memory, 12345678);
    load_supply(&bench.load, &port, true, 0);
    (void)step();
    return 0;
}

static enum load_answer configure(unsigned relay, uint8_t mode, uint8_t tariffs, uint16_t delay_s)
{
    struct load_kept wanted = bench.load.kept;
    wanted.relay[relay].mode = mode;
    wanted.relay[relay].tariffs = tariffs;
    wanted.delay_s = delay_s;
    const enum load_answer answer = load_configure(&bench.load, &port, &wanted);
    (void)step();
    return answer;
}

/* REQ(X-LCO-1, LCO-02): each value of the random number gives a delay of 0 .. the longest, evenly;
 * it counts only towards active, and a command has none */
static void the_delay(void **state)
{
    (void)state;
    assert_int_equal(configure(0, LOAD_TARIFF, 0x02, LOAD_DELAY_MAX_S), LOAD_DONE);
    assert_int_equal(configure(0, LOAD_TARIFF, 0x02, LOAD_DELAY_MAX_S + 1u), LOAD_ERR_RANGE);
    static const struct {
        uint32_t random;
        uint16_t delay_s;
    } draws[] = {{0, 0},
                 {UINT32_C(0x80000000), 5400},
                 {UINT32_MAX, LOAD_DELAY_MAX_S},
                 {UINT32_C(397682), 1},
                 {UINT32_C(397601), 0}};
    for (size_t i = 0; i < sizeof draws / sizeof draws[0]; i++) {
        bench.random = draws[i].random;
        bench.facts.tariff = 2;
        (void)step();
        assert_int_equal(load_left_s(&bench.load, 0, bench.now_us), draws[i].delay_s);
        if (draws[i].delay_s > 0) {
            bench.now_us += draws[i].delay_s * SECOND - 1;
            (void)step();
            assert_false(bench.position[0]);
            bench.now_us += 1;
            (void)step();
        }
        assert_true(bench.position[0]);
        bench.facts.tariff = 1;
        (void)step();
        assert_false(bench.position[0]); /* at once */
    }
    bench.facts.tariff = 2;
    bench.random = UINT32_MAX;
    (void)step();
    bench.facts.tariff = 3; /* it changes its mind while it waits */
    (void)step();
    assert_int_equal(load_left_s(&bench.load, 0, bench.now_us), 0);
    bench.now_us += 2 * LOAD_DELAY_MAX_S * SECOND;
    (void)step();
    assert_false(bench.position[0]);
    (void)configure(0, LOAD_COMMAND, 0, LOAD_DELAY_MAX_S);
    assert_int_equal(load_command(&bench.load, &port, 0, true), LOAD_DONE);
    (void)step();
    assert_true(bench.position[0]);
    assert_false(bench.position[1]);
    assert_int_equal(load_command(&bench.load, &port, 1, true), LOAD_ERR_MODE);
    assert_int_equal(load_command(&bench.load, &port, 2, true), LOAD_ERR_RELAY);
}

/* X-LCO-1: without anything random the delays of a street are spread all the same */
static void nothing_random(void **state)
{
    (void)state;
    unsigned of_quarter[4] = {0};
    uint16_t first = 0;
    for (uint32_t serial = 17000000; serial < 17001000; serial++) {
        (void)setup(NULL);
        bench.no_random = true;
        bench.load.serial_number = serial;
        bench.facts.tariff = 2;
        (void)configure(0, LOAD_TARIFF, 0x02, 3999);
        const uint16_t left_s = load_left_s(&bench.load, 0, bench.now_us);
        of_quarter[left_s / 1000u]++;
        first = serial == 17000000 ? left_s : first;
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_in_range(of_quarter[i], 190, 310);
    }
    (void)setup(NULL);
    bench.no_random = true;
    bench.load.serial_number = 17000000;
    bench.load.kept.relay[0].movements = 1; /* and the next time it is another one */
    bench.facts.tariff = 2;
    (void)configure(0, LOAD_TARIFF, 0x02, 3999);
    assert_int_not_equal(load_left_s(&bench.load, 0, bench.now_us), first);
}

/* REQ(X-LCO-1): positions and what is left of a delay outlive a loss of supply */
static void over_a_cut(void **state)
{
    (void)state;
    (void)configure(0, LOAD_TARIFF, 0x02, 1000);
    (void)configure(1, LOAD_COMMAND, 0, 1000);
    bench.random = UINT32_MAX;
    bench.facts.tariff = 2;
    assert_int_equal(load_command(&bench.load, &port, 1, true), LOAD_DONE);
    (void)step();
    bench.now_us += 400 * SECOND - 300000;
    load_supply(&bench.load, &port, false, bench.now_us);
    assert_int_equal(step(), INT64_MAX);
    assert_int_equal(load_left_s(&bench.load, 0, bench.now_us), 601);
    bench.now_us += 50000 * SECOND; /* no time passes for it */
    const struct load_kept memory = bench.memory;
    load_start(&bench.load, &memory, 12345678);
    memset(bench.position, 0, sizeof bench.position); /* relays have fallen */
    load_supply(&bench.load, &port, true, bench.now_us);
    assert_int_equal(step(), bench.now_us + 601 * SECOND);
    assert_true(bench.position[1]);
    assert_false(bench.position[0]);
    bench.now_us += 601 * SECOND;
    (void)step();
    assert_true(bench.position[0]);
}

/* A memory that fails stops nothing, and is tried again each minute; a set-up that is not stored
 * does not hold. */
static void a_memory_that_fails(void **state)
{
    (void)state;
    (void)configure(0, LOAD_TARIFF, 0x02, 0);
    bench.save_fails = true;
    bench.facts.tariff = 2;
    const int64_t next_us = step();
    assert_true(bench.position[0]);
    assert_int_equal(next_us, 60 * SECOND);
    assert_int_equal(configure(0, LOAD_OFF, 0, 0), LOAD_ERR_STORAGE);
    assert_true(bench.position[0]);
    bench.save_fails = false;
    const unsigned saves = bench.saves;
    (void)step();
    assert_int_equal(bench.saves, saves);
    bench.now_us = next_us;
    (void)step();
    assert_int_equal(bench.saves, saves + 1u);
    assert_true(bench.memory.relay[0].active);
    /* a command that is not stored has not been given */
    (void)configure(0, LOAD_COMMAND, 0, 0);
    bench.save_fails = true;
    assert_int_equal(load_command(&bench.load, &port, 0, false), LOAD_ERR_STORAGE);
    (void)step();
    assert_true(bench.position[0]);
}

/* A module that is pulled and plugged again finds its relays told anew. */
static void a_module_comes_and_goes(void **state)
{
    (void)state;
    (void)configure(1, LOAD_TARIFF, 0x01, 0);
    assert_true(bench.position[1]);
    (void)load_step(&bench.load, &port, &bench.facts, 1, bench.now_us);
    assert_int_equal(bench.load.fitted, 1);
    const unsigned drives = bench.drives[1];
    (void)load_step(&bench.load, &port, &bench.facts, 1, bench.now_us);
    assert_int_equal(bench.drives[1], drives);
    (void)step();
    assert_int_equal(bench.drives[1], drives + 1u);
    assert_true(bench.position[1]);
}

/* ---- the table beside a painted week ---- */

static uint32_t dice = 1;

static uint32_t roll(uint32_t below)
{
    dice = dice * UINT32_C(1664525) + UINT32_C(1013904223);
    return (uint32_t)((uint64_t)(dice >> 8) * below >> 24);
}

static struct load_plan random_plan(void)
{
    struct load_plan plan;
    memset(&plan, 0, sizeof plan);
    plan.n = (uint8_t)roll(LOAD_PLAN_ROWS + 1u);
    for (unsigned i = 0; i < plan.n; i++) {
        plan.at[i].days = (uint8_t)(1u + roll(127));
        plan.at[i].minute = (uint16_t)(roll(3) == 0 ? roll(24) * 60u : roll(1440));
        plan.at[i].active = roll(2) != 0;
    }
    return plan;
}

/* Paint two weeks minute by minute, and keep the second. */
static void paint(const struct load_plan *plan, uint8_t painted[WEEK])
{
    bool on = false;
    for (unsigned minute = 0; minute < 2 * WEEK; minute++) {
        for (unsigned i = 0; i < plan->n; i++) {
            const struct load_switch *row = &plan->at[i];
            if (row->minute == minute % 1440u && (row->days >> minute / 1440u % 7u & 1) != 0) {
                on = row->active;
            }
        }
        painted[minute % WEEK] = on;
    }
}

/* REQ(LCO-02): a table's position at every minute of the week, and where it changes next */
static void tables_beside_painted_weeks(void **state)
{
    (void)state;
    static uint8_t painted[WEEK];
    for (unsigned n = 0; n < 60; n++) {
        const struct load_plan plan = random_plan();
        assert_true(load_plan_good(&plan));
        paint(&plan, painted);
        for (unsigned minute = 0; minute < WEEK; minute++) {
            const uint8_t weekday = (uint8_t)(minute / 1440u);
            const uint16_t of_day = (uint16_t)(minute % 1440u);
            assert_int_equal(load_plan_at(&plan, weekday, of_day), painted[minute]);
            const uint16_t next = load_plan_next(&plan, weekday, of_day);
            assert_in_range(next, 1, 1440u - of_day);
            for (unsigned i = 1; i < next; i++) {
                assert_int_equal(painted[minute + i], painted[minute]);
            }
        }
    }
    struct load_plan bad = {1, {{0, 0, true}}};
    assert_false(load_plan_good(&bad));
    bad.at[0] = (struct load_switch){1, 1440, true};
    assert_false(load_plan_good(&bad));
    bad.at[0] = (struct load_switch){128, 0, true};
    assert_false(load_plan_good(&bad));
    bad.n = LOAD_PLAN_ROWS + 1u;
    assert_false(load_plan_good(&bad));
}

/* REQ(LCO-02): on the two Sundays of the year on which local time jumps */
static void summer_time(void **state)
{
    (void)state;
    struct load_kept wanted = bench.load.kept;
    wanted.delay_s = 0;
    wanted.relay[0].mode = LOAD_PLAN;
    wanted.relay[0].plan = (struct load_plan){
        4, {{0x7F, 150, true}, {0x7F, 180, false}, {0x7F, 195, true}, {0x7F, 200, false}}};
    assert_int_equal(load_configure(&bench.load, &port, &wanted), LOAD_DONE);
    static const struct {
        int64_t utc_s; /* when the day begins */
        unsigned minutes;
    } days[] = {{INT64_C(1711753200), 35}, /* Saturday before: 02:30 to 03:00, 03:15 to 03:20 */
                {INT64_C(1711839600), 5},  /* 02:00 to 03:00 is left out */
                {INT64_C(1729893600), 35},
                {INT64_C(1729980000), 65}}; /* the hour comes twice: what the clock shows counts */
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        clock_set(&bench.clock, days[i].utc_s, bench.now_us);
        unsigned minutes = 0;
        int64_t next_us = 0;
        for (unsigned minute = 0; minute < 20u * 60u; minute++) {
            if (bench.now_us >= next_us) { /* only when it wants to be asked */
                next_us = step();
                assert_true(next_us > bench.now_us);
            }
            minutes += bench.position[0] ? 1u : 0u;
            bench.now_us += 60 * SECOND;
        }
        assert_int_equal(minutes, days[i].minutes);
    }
    /* without a time the relay stays as it is */
    bench.clock.valid = false;
    assert_int_equal(step(), INT64_MAX);
    assert_false(bench.position[0]);
}

/* ---- random lives ---- */

static struct {
    bool active, waits, commanded;
    int64_t left_us, stored_us; /* of the delay */
    uint8_t mode, tariffs;
    uint8_t week[WEEK];
} model[LOAD_RELAYS];

static int model_wish(unsigned r)
{
    switch (model[r].mode) {
    case LOAD_TARIFF: return model[r].tariffs >> (bench.facts.tariff - 1) & 1;
    case LOAD_COMMAND: return model[r].commanded ? 1 : 0;
    case LOAD_PLAN: {
        if (!bench.clock.valid) {
            return 2;
        }
        /* always summer or always not: the lives are in January */
        const int64_t local_s = clock_utc_s(&bench.clock, bench.now_us) + 3600 - MONDAY;
        return model[r].week[(local_s / 60 % WEEK + WEEK) % WEEK];
    }
    default: return 0;
    }
}

static void model_settle(unsigned r)
{
    const int wish = model_wish(r);
    if (wish == 0) {
        model[r].active = model[r].waits = false;
    } else if (!model[r].active && (wish == 1 || model[r].waits)) {
        if (model[r].mode == LOAD_COMMAND || (model[r].waits && model[r].left_us <= 0)) {
            model[r].active = true;
            model[r].waits = false;
        } else if (!model[r].waits) {
            const int64_t drawn_s =
                (int64_t)((uint64_t)bench.random * (bench.load.kept.delay_s + 1u) >> 32);
            model[r].left_us = model[r].stored_us = drawn_s * SECOND;
            model[r].waits = drawn_s > 0;
            model[r].active = drawn_s == 0;
        }
    }
}

static void model_pass(int64_t for_us)
{
    for (unsigned r = 0; r < LOAD_RELAYS; r++) {
        model[r].left_us -= for_us;
    }
}

/* Time goes on from one wish of the code to the next; between two nothing may change. */
static void live(int64_t for_us)
{
    const int64_t end_us = bench.now_us + for_us;
    while (bench.now_us < end_us) {
        const int64_t wake_us = step();
        assert_true(wake_us > bench.now_us);
        const int64_t next_us = wake_us < end_us ? wake_us : end_us;
        /* the model looks in between, too */
        const int64_t middle_us = (next_us - bench.now_us) / 2;
        for (unsigned r = 0; r < LOAD_RELAYS; r++) {
            model_settle(r);
            assert_int_equal(bench.position[r], model[r].active);
        }
        model_pass(middle_us);
        bench.now_us += middle_us;
        for (unsigned r = 0; r < LOAD_RELAYS; r++) {
            const bool before = model[r].active;
            model_settle(r);
            assert_int_equal(model[r].active, before);
        }
        model_pass(next_us - bench.now_us);
        bench.now_us = next_us;
    }
    (void)step();
    for (unsigned r = 0; r < LOAD_RELAYS; r++) {
        model_settle(r);
        assert_int_equal(bench.position[r], model[r].active);
        assert_int_equal(bench.load.kept.relay[r].waits, model[r].waits);
    }
}

static void supply_cut(bool orderly)
{
    for (unsigned r = 0; r < LOAD_RELAYS; r++) {
        const int64_t left_s = (model[r].left_us + SECOND - 1) / SECOND;
        if (orderly && model[r].waits) {
            model[r].stored_us = (left_s > 0 ? left_s : 0) * SECOND;
        }
        model[r].left_us = model[r].stored_us;
    }
    if (orderly) {
        load_supply(&bench.load, &port, false, bench.now_us);
    }
    bench.now_us += (int64_t)roll(100000) * SECOND;
    const struct load_kept memory = bench.memory;
    load_start(&bench.load, &memory, 12345678);
    memset(bench.position, 0, sizeof bench.position);
    load_supply(&bench.load, &port, true, bench.now_us);
}

static void set_up_anew(void)
{
    struct load_kept wanted = bench.load.kept;
    const unsigned r = roll(LOAD_RELAYS);
    const uint8_t mode = (uint8_t)roll(LOAD_MODES);
    wanted.delay_s = (uint16_t)(roll(4) == 0 ? 0 : roll(LOAD_DELAY_MAX_S + 1u));
    wanted.relay[r].plan = random_plan();
    wanted.relay[r].tariffs = (uint8_t)roll(256);
    wanted.relay[r].mode = mode;
    assert_int_equal(load_configure(&bench.load, &port, &wanted), LOAD_DONE);
    model[r].commanded = mode != model[r].mode ? model[r].active : model[r].commanded;
    model[r].mode = mode;
    model[r].tariffs = wanted.relay[r].tariffs;
    paint(&wanted.relay[r].plan, model[r].week);
}

static void something_happens(void)
{
    const unsigned r = roll(LOAD_RELAYS);
    const bool active = roll(2) != 0;
    switch (roll(12)) {
    case 0: set_up_anew(); break;
    case 1:
    case 2:
    case 3: bench.facts.tariff = (uint8_t)(1u + roll(8)); break;
    case 4:
    case 5:
        assert_int_equal(load_command(&bench.load, &port, (uint8_t)r, active),
                         model[r].mode == LOAD_COMMAND ? LOAD_DONE : LOAD_ERR_MODE);
        model[r].commanded = model[r].mode == LOAD_COMMAND ? active : model[r].commanded;
        break;
    case 6: clock_set(&bench.clock, MONDAY + (int64_t)roll(20u * 86400u), bench.now_us); break;
    case 7: bench.clock.valid = roll(3) != 0; break;
    case 8: supply_cut(true); break;
    case 9: supply_cut(false); break;
    default: break;
    }
}

/* REQ(LCO-01, LCO-02, X-LCO-1): two relays, each its own; commands, tariffs, tables, delays, clocks
 * that are set and lost, cuts: always where a small model has them */
static void random_lives(void **state)
{
    (void)state;
    for (unsigned life = 0; life < 200; life++) {
        (void)setup(NULL);
        dice = life + 1;
        memset(model, 0, sizeof model);
        for (unsigned n = 0; n < 400; n++) {
            bench.random = roll(1u << 24) << 8;
            if (bench.clock.valid &&
                clock_utc_s(&bench.clock, bench.now_us) > MONDAY + 60 * INT64_C(86400)) {
                clock_set(&bench.clock, MONDAY, bench.now_us);
            }
            something_happens();
            live((int64_t)roll(roll(3) == 0 ? 100000 : 600) * SECOND);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_delay, setup),
        cmocka_unit_test_setup(nothing_random, setup),
        cmocka_unit_test_setup(over_a_cut, setup),
        cmocka_unit_test_setup(a_memory_that_fails, setup),
        cmocka_unit_test_setup(a_module_comes_and_goes, setup),
        cmocka_unit_test_setup(tables_beside_painted_weeks, setup),
        cmocka_unit_test_setup(summer_time, setup),
        cmocka_unit_test_setup(random_lives, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
