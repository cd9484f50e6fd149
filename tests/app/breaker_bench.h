/* A breaker on the test desk: its memory, its log, its relays.  Include once per test program. */
#ifndef OPEN382_TESTS_BREAKER_BENCH_H
#define OPEN382_TESTS_BREAKER_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/breaker/breaker.h"
#include "lab/relays.h"

#define SECOND  INT64_C(1000000)
#define CHANNEL 1

static struct {
    struct breaker breaker;
    struct breaker_kept memory;
    struct relays relays;
    struct breaker_facts facts;
    int64_t now_us;
    bool save_fails, log_fails;
    struct {
        uint8_t before, cause, channel, state;
    } log[64];
    uint32_t n_log;
} bench;

static bool port_save(void *context, struct breaker_kept *kept)
{
    (void)context;
    if (bench.save_fails) {
        return false;
    }
    kept->sequence++;
    bench.memory = *kept;
    return true;
}

static bool port_log(void *context, const struct breaker *breaker, uint8_t before, uint8_t cause,
                     uint8_t channel)
{
    (void)context;
    if (bench.log_fails || bench.n_log == 64) {
        return false;
    }
    bench.log[bench.n_log].before = before;
    bench.log[bench.n_log].cause = cause;
    bench.log[bench.n_log].channel = channel;
    bench.log[bench.n_log].state = breaker->kept.state;
    bench.n_log++;
    return true;
}

static uint32_t port_log_newest(void *context)
{
    (void)context;
    return bench.n_log;
}

static int port_drive(void *context, bool close)
{
    (void)context;
    return relays_drive(&bench.relays, close, bench.now_us);
}

static int port_read(void *context, struct board_breaker *out)
{
    (void)context;
    *out = (struct board_breaker){7, 7, bench.relays.closed, bench.relays.closed};
    return bench.relays.silent ? -1 : 0;
}

static const struct breaker_port port = {.save = port_save,
                                         .log = port_log,
                                         .log_newest = port_log_newest,
                                         .drive = port_drive,
                                         .read = port_read};

static const struct breaker_config plain = {.short_circuit_a = 100,
                                            .k_tenths = {10, 10, 10},
                                            .t_s = {30, 30, 30},
                                            .wait_s = 60,
                                            .retries = 3};

static void power_up(void)
{
    const struct breaker_config config = bench.breaker.config;
    relays_stop(&bench.relays);
    breaker_start(&bench.breaker, &bench.memory, true, bench.now_us);
    bench.breaker.config = config;
    breaker_supply(&bench.breaker, &port, true, bench.now_us);
}

static int setup(void **state)
{
    (void)state;
    memset(&bench, 0, sizeof bench);
    bench.facts.load_known = true;
    bench.breaker.config = plain;
    relays_start(&bench.relays, 7, 7);
    power_up();
    return 0;
}

static void run(int64_t for_us)
{
    const int64_t end_us = bench.now_us + for_us;
    while (bench.now_us < end_us) {
        (void)relays_run(&bench.relays, bench.now_us);
        const int64_t wake_us = breaker_step(&bench.breaker, &port, &bench.facts, bench.now_us);
        const int64_t next_us = bench.now_us + SECOND / 5;
        bench.now_us = wake_us < next_us ? wake_us : next_us;
    }
}

static enum breaker_answer order(enum breaker_event event)
{
    return breaker_order(&bench.breaker, &port, event, CHANNEL, bench.now_us);
}

static void is(enum breaker_state state, uint8_t closed)
{
    assert_int_equal(bench.breaker.kept.state, state);
    assert_int_equal(bench.relays.closed, closed);
    const bool closed_state = breaker_state_closed((uint8_t)state); /* warnings are not kept */
    assert_true(bench.memory.sequence == 0 ||
                bench.memory.state == (closed_state ? BREAKER_CLOSED : (uint8_t)state));
}

static void logged(enum breaker_state before, unsigned cause, enum breaker_state after)
{
    assert_true(bench.n_log > 0);
    assert_int_equal(bench.log[bench.n_log - 1].before, before);
    assert_int_equal(bench.log[bench.n_log - 1].cause, cause);
    assert_int_equal(bench.log[bench.n_log - 1].state, after);
}

/* Seconds until it is cut off, from now on. */
static unsigned seconds_to_open(void)
{
    unsigned seconds = 0;
    while (breaker_state_closed(bench.breaker.kept.state) && seconds < 1000) {
        run(SECOND);
        seconds++;
    }
    return seconds;
}

#endif
