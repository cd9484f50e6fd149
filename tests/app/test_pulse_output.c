/* A pulse output by itself: the table of the highest loads, times of pulses, and a queue that loses
 * nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/pulse_output/pulse_limit.h"
#include "app/pulse_output/pulse_output.h"

#define SECOND INT64_C(1000000)
#define KWH    UINT64_C(1000000000) /* uWh */

/* REQ(LCO-06, X-LCO-4, C-29): every cell of the table, in tenths of an ampere; the cap is the
 * type's highest current */
static void table_of_loads(void **state)
{
    (void)state;
    static const struct {
        uint16_t per_kwh;
        uint32_t at_30, at_80;
    } cells[] = {
        {1, 1050, 1050}, {10, 1050, 1050}, {100, 1050, 1050}, {1000, 860, 320}, {10000, 86, 32}};
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        const struct pulse_value value = {cells[i].per_kwh, 1};
        assert_true(pulse_value_good(&value));
        assert_int_equal(pulse_limit_tenths(&value, 30, 3, 105), cells[i].at_30);
        assert_int_equal(pulse_limit_tenths(&value, 80, 3, 105), cells[i].at_80);
    }
    const struct pulse_value plain = {1000, 1}, tenth = {1000, 10}, one = {1, 1}, fine = {10000, 3};
    assert_int_equal(pulse_limit_tenths(&one, 30, 3, 100), 1000);   /* X-LCO-4 */
    assert_int_equal(pulse_limit_tenths(&plain, 80, 1, 100), 970);  /* one phase: 97.83 A */
    assert_int_equal(pulse_limit_tenths(&tenth, 80, 3, 105), 1050); /* 326 A */
    assert_int_equal(pulse_limit_tenths(&fine, 80, 3, 105), 97);    /* 9.78 A */
    assert_int_equal(pulse_value_uwh(&fine), 300000);
}

static void values(void **state)
{
    (void)state;
    unsigned good = 0;
    for (unsigned per_kwh = 0; per_kwh <= UINT16_MAX; per_kwh++) {
        const struct pulse_value value = {(uint16_t)per_kwh, 1};
        good += pulse_value_good(&value) ? 1u : 0u;
    }
    assert_int_equal(good, 5);
    for (unsigned division = 0; division <= 1002; division++) {
        const struct pulse_value value = {1000, (uint16_t)division};
        assert_int_equal(pulse_value_good(&value), division >= 1 && division <= 1000);
    }
}

/* ---- edges ---- */

static struct {
    struct pulse_output output;
    uint64_t pulses;
    bool on;
    int64_t at_us, on_us, now_us, shortest_on_us, longest_on_us, shortest_off_us;
} bench;

static void take_edge(void *context, bool on, int64_t at_us)
{
    (void)context;
    assert_true(on != bench.on && at_us >= bench.at_us && at_us <= bench.now_us);
    if (on) {
        bench.shortest_off_us = bench.pulses > 0 && at_us - bench.at_us < bench.shortest_off_us
                                    ? at_us - bench.at_us
                                    : bench.shortest_off_us;
        bench.pulses++;
    } else {
        const int64_t us = at_us - bench.at_us;
        bench.shortest_on_us = us < bench.shortest_on_us ? us : bench.shortest_on_us;
        bench.longest_on_us = us > bench.longest_on_us ? us : bench.longest_on_us;
    }
    bench.on = on;
    bench.at_us = at_us;
}

static const struct pulse_edge to = {NULL, take_edge};

static void begin(uint64_t value_uwh, unsigned width_ms, uint64_t register_uwh)
{
    memset(&bench, 0, sizeof bench);
    bench.shortest_on_us = bench.shortest_off_us = INT64_MAX;
    pulse_output_begin(&bench.output, value_uwh, width_ms * 1000u, register_uwh, 0);
}

static uint32_t dice = 1;

static uint32_t roll(uint32_t below)
{
    dice = dice * UINT32_C(1664525) + UINT32_C(1013904223);
    return (uint32_t)((uint64_t)(dice >> 8) * below >> 24);
}

/* REQ(LCO-06, LCO-07): at the table's load each pulse comes within the next window and nothing
 * waits; ten percent above it the queue grows and comes out later; lengths and pauses are kept */
static void at_and_above_the_limit(void **state)
{
    (void)state;
    static const struct {
        unsigned ms;
        uint16_t per_kwh;
        double limit_a;
    } cells[] = {{30, 1000, 86}, {80, 1000, 32}, {30, 10000, 8.6}, {80, 10000, 3.2}};
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        for (unsigned over = 0; over < 2; over++) {
            const struct pulse_value value = {cells[i].per_kwh, 1};
            const double watts = 3.0 * 230.0 * cells[i].limit_a * (over ? 1.1 : 1.0);
            const uint64_t a_second = (uint64_t)(watts / 3600.0 * 1e6); /* uWh */
            uint64_t energy = 12345;
            begin(pulse_value_uwh(&value), cells[i].ms, energy);
            uint32_t most = 0;
            for (unsigned second = 1; second <= 3600; second++) {
                bench.now_us = second * SECOND;
                (void)pulse_output_run(&bench.output, &to, true, bench.now_us);
                energy += a_second;
                pulse_output_feed(&bench.output, energy, bench.now_us);
                most = bench.output.waiting > most ? bench.output.waiting : most;
            }
            const uint64_t due = energy / bench.output.value_uwh - 12345 / bench.output.value_uwh;
            assert_int_equal(bench.pulses + bench.output.waiting, due);
            assert_int_equal(pulse_output_late(&bench.output), over);
            if (over) {
                assert_true(bench.output.waiting > due / 15u);
            } else {
                assert_true(most <= 18u);
            }
            bench.now_us += 3600 * SECOND; /* without load */
            (void)pulse_output_run(&bench.output, &to, true, bench.now_us);
            assert_int_equal(bench.pulses, due);
            assert_int_equal(bench.output.waiting, 0);
            assert_int_equal(bench.shortest_on_us, cells[i].ms * 1000);
            assert_int_equal(bench.longest_on_us, cells[i].ms * 1000);
            assert_true(bench.shortest_off_us >= cells[i].ms * 1000);
        }
    }
}

/* REQ(LCO-06): random loads, windows and calls; what was sent and what waits is always what the
 * register is worth, and the instants do not depend on when one asks */
static void random_loads(void **state)
{
    (void)state;
    for (unsigned life = 0; life < 200; life++) {
        dice = life + 1;
        static const uint16_t values[] = {1, 10, 100, 1000, 10000};
        const struct pulse_value value = {values[roll(5)],
                                          (uint16_t)(1u + roll(roll(2) ? 5 : 1000))};
        uint64_t energy = (uint64_t)roll(1u << 24) * 1000u;
        const uint64_t base = energy / pulse_value_uwh(&value);
        begin(pulse_value_uwh(&value), roll(2) != 0 ? 30 : 80, energy);
        for (unsigned n = 0; n < 2000; n++) {
            bench.now_us += 1 + (int64_t)roll(roll(4) == 0 ? 3000000 : 300000);
            int64_t next_us = pulse_output_run(&bench.output, &to, true, bench.now_us);
            assert_true(next_us > bench.now_us);
            energy += roll(3) == 0 ? 0 : (uint64_t)roll(60000);
            pulse_output_feed(&bench.output, energy, bench.now_us);
            next_us = pulse_output_run(&bench.output, &to, true, bench.now_us);
            assert_true(next_us > bench.now_us);
            assert_int_equal(bench.pulses + bench.output.waiting,
                             energy / bench.output.value_uwh - base);
            assert_int_equal(bench.output.emitted, bench.pulses);
        }
    }
}

/* Without supply the pulse that is on ends in its time, and no other begins. */
static void no_supply(void **state)
{
    (void)state;
    begin(KWH / 1000u, 30, 0);
    bench.now_us = SECOND;
    pulse_output_feed(&bench.output, KWH / 100u, bench.now_us);
    assert_int_equal(pulse_output_run(&bench.output, &to, true, bench.now_us), SECOND + 30000);
    bench.now_us += 10 * SECOND;
    assert_int_equal(pulse_output_run(&bench.output, &to, false, bench.now_us), INT64_MAX);
    assert_int_equal(bench.pulses, 1);
    assert_int_equal(bench.longest_on_us, 30000);
    assert_int_equal(bench.output.waiting, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_of_loads),
        cmocka_unit_test(values),
        cmocka_unit_test(at_and_above_the_limit),
        cmocka_unit_test(random_loads),
        cmocka_unit_test(no_supply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
