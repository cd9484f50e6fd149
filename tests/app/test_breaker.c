/* The breaker by itself: its table, its movements, its watch over the load, its memory. */
#include "breaker_bench.h"

#include "app/breaker/breaker_cosem.h"
#include "app/breaker/breaker_store.h"

/* ---- the table ---- */

/* X-BRK-4, spec cosem-objects 4.7 written down a second time: a row per state, a column per event;
 * 0: refused.  By hand, no release needed. */
static const uint8_t by_hand[BREAKER_STATES][BREAKER_EVENTS] = {
    /*      -  1  2  3  butt over norm trip wait neut cr- cr+ low lowtrip */
    [1] = {0, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    [4] = {0, 1, 0, 0, 11, 5, 0, 0, 0, 12, 7, 0, 9, 0},
    [5] = {0, 1, 0, 0, 11, 0, 4, 6, 0, 12, 7, 0, 9, 7},
    [6] = {0, 1, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0},
    [7] = {0, 1, 0, 0, 4, 0, 0, 0, 0, 0, 0, 8, 9, 0},
    [8] = {0, 1, 0, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    [9] = {0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0},
    [11] = {0, 1, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    [12] = {0, 1, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0},
    [13] = {0, 1, 0, 0, 11, 0, 4, 6, 0, 12, 7, 0, 9, 7},
};

/* REQ(X-BRK-4, BRK-07, BRK-12): every state and every event */
static void the_table_says_what_may_happen(void **state)
{
    (void)state;
    struct breaker_config config = plain;
    for (unsigned s = 0; s < BREAKER_STATES; s++) {
        for (unsigned e = 0; e < BREAKER_EVENTS; e++) {
            assert_int_equal(breaker_next((uint8_t)s, (enum breaker_event)e, &config, true),
                             by_hand[s][e]);
        }
    }
    /* the button waits for a release: 11 needs 1 and 2 first, 6 and 12 are not released by time */
    config.needs_release = true;
    assert_int_equal(breaker_next(11, BREAKER_EVENT_BUTTON, &config, true), 0);
    assert_int_equal(breaker_next(8, BREAKER_EVENT_BUTTON, &config, true), 4);
    assert_int_equal(breaker_next(7, BREAKER_EVENT_BUTTON, &config, true), 0);
    assert_int_equal(breaker_next(6, BREAKER_EVENT_WAITED, &config, true), 0);
    assert_int_equal(breaker_next(12, BREAKER_EVENT_WAITED, &config, true), 0);
    /* by itself, as long as it has not been too often */
    config.automatic = true;
    assert_int_equal(breaker_next(6, BREAKER_EVENT_WAITED, &config, true), 4);
    assert_int_equal(breaker_next(12, BREAKER_EVENT_WAITED, &config, true), 4);
    assert_int_equal(breaker_next(7, BREAKER_EVENT_CREDIT_IN, &config, true), 4);
    assert_int_equal(breaker_next(7, BREAKER_EVENT_WAITED, &config, true), 4);
    assert_int_equal(breaker_next(6, BREAKER_EVENT_WAITED, &config, false), 0);
    config.needs_release = false;
    assert_int_equal(breaker_next(6, BREAKER_EVENT_WAITED, &config, false), 8);
    /* log only */
    config.basis = BREAKER_BASIS_LOG_ONLY;
    assert_int_equal(breaker_next(5, BREAKER_EVENT_TRIP, &config, true), 13);
    assert_int_equal(breaker_next(13, BREAKER_EVENT_TRIP, &config, true), 13);
}

/* ---- orders ---- */

/* REQ(BRK-06, BRK-13, X-BRK-3): command, release and command; each noted with its cause */
static void commands_open_release_and_close(void **state)
{
    (void)state;
    run(SECOND);
    is(BREAKER_CLOSED, 7);
    assert_int_equal(order(BREAKER_EVENT_RELEASE), BREAKER_ERR_STATE);
    assert_int_equal(order(BREAKER_EVENT_RECONNECT), BREAKER_ERR_STATE);
    assert_int_equal(order(BREAKER_EVENT_DISCONNECT), BREAKER_DONE);
    assert_int_equal(breaker_feedback(&bench.breaker) & BREAKER_FEEDBACK_PENDING,
                     BREAKER_FEEDBACK_PENDING);
    run(SECOND);
    is(BREAKER_OPEN_COMMAND, 0);
    logged(BREAKER_CLOSED, BREAKER_EVENT_DISCONNECT, BREAKER_OPEN_COMMAND);
    assert_int_equal(bench.log[bench.n_log - 1].channel, CHANNEL);
    assert_int_equal(order(BREAKER_EVENT_DISCONNECT), BREAKER_DONE); /* it is: nothing happens */
    assert_int_equal(bench.n_log, 1);
    assert_int_equal(order(BREAKER_EVENT_RECONNECT), BREAKER_ERR_STATE);
    assert_int_equal(order(BREAKER_EVENT_BUTTON), BREAKER_ERR_STATE);
    assert_int_equal(order(BREAKER_EVENT_RELEASE), BREAKER_DONE);
    run(20 * SECOND);
    is(BREAKER_RELEASED, 0);
    assert_int_equal(order(BREAKER_EVENT_RECONNECT), BREAKER_DONE);
    assert_int_equal(order(BREAKER_EVENT_RECONNECT), BREAKER_ERR_STATE);
    run(BREAKER_CLOSE_US - SECOND / 2);
    is(BREAKER_CLOSED, 0); /* closing takes five seconds */
    run(SECOND);
    is(BREAKER_CLOSED, 7);
    assert_int_equal(bench.relays.pulses, 2); /* one for each movement */
    assert_int_equal(bench.n_log, 3);
    assert_int_equal(breaker_feedback(&bench.breaker), 0x3F);
}

/* A command that comes while it is about to close wins. */
static void opening_wins_over_a_closing_under_way(void **state)
{
    (void)state;
    order(BREAKER_EVENT_BUTTON);
    run(10 * SECOND);
    is(BREAKER_OPEN_BUTTON, 0);
    assert_int_equal(order(BREAKER_EVENT_BUTTON), BREAKER_DONE);
    run(2 * SECOND);
    assert_int_equal(order(BREAKER_EVENT_DISCONNECT), BREAKER_DONE);
    run(20 * SECOND);
    is(BREAKER_OPEN_COMMAND, 0);
    assert_int_equal(bench.relays.pulses, 1);
    assert_false(bench.breaker.kept.pending);
}

/* An order that cannot be kept is refused and nothing moves; without supply there is none. */
static void orders_that_cannot_be_kept_are_refused(void **state)
{
    (void)state;
    run(SECOND);
    bench.save_fails = true;
    assert_int_equal(order(BREAKER_EVENT_DISCONNECT), BREAKER_ERR_STORAGE);
    run(10 * SECOND);
    assert_int_equal(bench.relays.closed, 7);
    assert_int_equal(bench.n_log, 0);
    bench.save_fails = false;
    assert_int_equal(order(BREAKER_EVENT_TRIP), BREAKER_ERR_STATE);
    breaker_supply(&bench.breaker, &port, false, bench.now_us);
    assert_int_equal(order(BREAKER_EVENT_DISCONNECT), BREAKER_ERR_SUPPLY);
    bench.breaker.fitted = false;
    assert_int_equal(order(BREAKER_EVENT_DISCONNECT), BREAKER_ERR_NONE);
}

/* A log that does not take the record gets it later, once. */
static void a_record_comes_late_and_once(void **state)
{
    (void)state;
    bench.log_fails = true;
    order(BREAKER_EVENT_DISCONNECT);
    run(10 * SECOND);
    is(BREAKER_OPEN_COMMAND, 0);
    assert_int_equal(bench.n_log, 0);
    bench.log_fails = false;
    run(10 * SECOND);
    assert_int_equal(bench.n_log, 1);
    logged(BREAKER_CLOSED, BREAKER_EVENT_DISCONNECT, BREAKER_OPEN_COMMAND);
    bench.n_log = 0; /* a cut between the decision and its record */
    power_up();
    run(10 * SECOND);
    assert_int_equal(bench.n_log, 1);
    logged(BREAKER_CLOSED, BREAKER_EVENT_DISCONNECT, BREAKER_OPEN_COMMAND);
    power_up();
    run(SECOND);
    assert_int_equal(bench.n_log, 1);
}

/* ---- movements ---- */

/* REQ(BRK-08): a cut in the middle of a movement, either way; the next start ends it */
static void a_movement_survives_a_cut(void **state)
{
    (void)state;
    order(BREAKER_EVENT_DISCONNECT);
    power_up(); /* before the relays were driven */
    run(SECOND);
    is(BREAKER_OPEN_COMMAND, 0);
    order(BREAKER_EVENT_RELEASE);
    order(BREAKER_EVENT_RECONNECT);
    run(2 * SECOND);
    power_up(); /* waiting to close */
    run(2 * SECOND);
    is(BREAKER_CLOSED, 0);
    run(5 * SECOND);
    is(BREAKER_CLOSED, 7);
    order(BREAKER_EVENT_DISCONNECT);
    bench.relays.travel_us[1] = SECOND;
    run(SECOND / 2);
    assert_int_equal(bench.relays.closed, 2); /* two of three have opened */
    power_up();
    run(2 * SECOND);
    is(BREAKER_OPEN_COMMAND, 0);
    for (unsigned n = bench.n_log, i = 0; i < 10; i++) { /* and stays as it is */
        power_up();
        run(10 * SECOND);
        is(BREAKER_OPEN_COMMAND, 0);
        assert_int_equal(bench.n_log, n);
    }
}

/* A relay that is welded: three pulses, then it is reported; opening is tried again and again. */
static void a_stuck_relay_is_reported(void **state)
{
    (void)state;
    bench.relays.stuck = 2;
    order(BREAKER_EVENT_DISCONNECT);
    run(SECOND);
    assert_int_equal(bench.relays.closed, 2);
    assert_int_equal(bench.breaker.position, BREAKER_POSITION_MIXED);
    run(7 * SECOND);
    assert_int_equal(bench.relays.pulses, 3);
    logged(BREAKER_OPEN_COMMAND, BREAKER_NOTE_FAILED, BREAKER_OPEN_COMMAND);
    assert_int_equal(breaker_feedback(&bench.breaker), 0xFA);
    run(10 * 60 * SECOND);
    assert_in_range(bench.relays.pulses, 27, 36);
    assert_int_equal(bench.n_log, 2); /* said once */
    bench.relays.stuck = 0;
    run(80 * SECOND);
    is(BREAKER_OPEN_COMMAND, 0);
    logged(BREAKER_OPEN_COMMAND, BREAKER_NOTE_RECOVERED, BREAKER_OPEN_COMMAND);
    assert_int_equal(breaker_feedback(&bench.breaker), 0x38);
    /* one that would not close is left alone: nobody expects it minutes later */
    bench.relays.stuck = 4;
    order(BREAKER_EVENT_RELEASE);
    order(BREAKER_EVENT_RECONNECT);
    const unsigned pulses = bench.relays.pulses;
    run(600 * SECOND);
    assert_int_equal(bench.relays.pulses, pulses + 3);
    assert_int_equal(bench.relays.closed, 3);
    logged(BREAKER_CLOSED, BREAKER_NOTE_FAILED, BREAKER_CLOSED);
    assert_int_equal(breaker_feedback(&bench.breaker) & BREAKER_FEEDBACK_ERROR,
                     BREAKER_FEEDBACK_ERROR);
}

static void a_slow_relay_is_reported(void **state)
{
    (void)state;
    bench.relays.travel_us[0] = 3 * SECOND;
    order(BREAKER_EVENT_DISCONNECT);
    run(10 * SECOND);
    is(BREAKER_OPEN_COMMAND, 0);
    logged(BREAKER_OPEN_COMMAND, BREAKER_NOTE_SLOW, BREAKER_OPEN_COMMAND);
    assert_int_equal(breaker_feedback(&bench.breaker), 0x38);
}

static void a_breaker_that_does_not_answer_is_reported(void **state)
{
    (void)state;
    bench.relays.silent = true;
    order(BREAKER_EVENT_DISCONNECT);
    run(10 * SECOND);
    logged(BREAKER_OPEN_COMMAND, BREAKER_NOTE_FAILED, BREAKER_OPEN_COMMAND);
    assert_int_equal(breaker_feedback(&bench.breaker) & 0x9F, BREAKER_FEEDBACK_ERROR);
    bench.relays.silent = false;
    run(70 * SECOND);
    is(BREAKER_OPEN_COMMAND, 0);
    logged(BREAKER_OPEN_COMMAND, BREAKER_NOTE_RECOVERED, BREAKER_OPEN_COMMAND);
}

/* Relays that have moved by themselves: what should be open is opened, what should be closed is not
 * closed unasked. */
static void relays_astray(void **state)
{
    (void)state;
    run(5 * SECOND);
    bench.relays.closed = 5; /* contacts that bounce, a sensor that lags: nothing */
    run(2 * SECOND);
    bench.relays.closed = 7;
    run(5 * SECOND);
    assert_int_equal(bench.n_log, 0);
    bench.relays.closed = 5;
    run(600 * SECOND);
    assert_int_equal(bench.relays.closed, 5);
    assert_int_equal(bench.relays.pulses, 0);
    logged(BREAKER_CLOSED, BREAKER_NOTE_ASTRAY, BREAKER_CLOSED);
    bench.relays.closed = 7;
    run(5 * SECOND);
    logged(BREAKER_CLOSED, BREAKER_NOTE_RECOVERED, BREAKER_CLOSED);
    order(BREAKER_EVENT_DISCONNECT);
    run(5 * SECOND);
    bench.relays.closed = 1;
    run(10 * SECOND);
    is(BREAKER_OPEN_COMMAND, 0);
    logged(BREAKER_OPEN_COMMAND, BREAKER_NOTE_RECOVERED, BREAKER_OPEN_COMMAND);
    assert_int_equal(bench.n_log, 5);
}

/* ---- the watch over the load ---- */

static void watch(uint8_t basis, uint8_t limit)
{
    bench.breaker.config.basis = basis;
    bench.breaker.config.limit = limit;
    run(SECOND);
}

static unsigned opens_after(uint32_t current_ma)
{
    (void)setup(NULL);
    struct breaker_config *config = &bench.breaker.config;
    *config = (struct breaker_config){.k_tenths = {30, 20, 10}, .t_s = {2, 20, 40}};
    config->wait_s = 60;
    watch(BREAKER_BASIS_LOAD, 25);
    bench.facts.current_ma = current_ma;
    return seconds_to_open();
}

/* REQ(BRK-09, X-BRK-1): above k1 I_d for t1, above k2 I_d for t1 + t2, above k3 I_d for t1 + t2 +
 * t3 */
static void the_times_of_the_three_factors_add_up(void **state)
{
    (void)state;
    assert_in_range(opens_after(75001), 3, 4); /* t1 = 2: longer than that */
    assert_in_range(opens_after(75000), 23, 24);
    assert_in_range(opens_after(50001), 23, 24);
    assert_in_range(opens_after(50000), 63, 64);
    assert_in_range(opens_after(25001), 63, 64);
    assert_int_equal(opens_after(25000), 1000);
}

/* REQ(BRK-09): current or power; the warning comes first and its seconds are counted down */
static void it_warns_and_then_opens(void **state)
{
    (void)state;
    watch(BREAKER_BASIS_LOAD | BREAKER_BASIS_POWER, 10);
    bench.facts.power_w = 10000;
    bench.facts.current_ma = 90000;
    run(100 * SECOND);
    is(BREAKER_CLOSED, 7);
    bench.facts.power_w = 10001;
    run(2 * SECOND);
    is(BREAKER_WARNING, 7);
    assert_in_range(breaker_trip_left_s(&bench.breaker), 28, 30);
    bench.facts.power_w = 9000;
    run(2 * SECOND);
    is(BREAKER_CLOSED, 7);
    assert_int_equal(breaker_trip_left_s(&bench.breaker), 0);
    bench.facts.power_w = 12000;
    assert_in_range(seconds_to_open(), 31, 33);
    run(SECOND);
    is(BREAKER_CUT_OFF, 0);
    logged(BREAKER_WARNING, BREAKER_EVENT_TRIP, BREAKER_CUT_OFF);
}

/* A load far above all limits does not wait. */
static void a_short_circuit_opens_at_once(void **state)
{
    (void)state;
    watch(BREAKER_BASIS_LOAD, 80);
    bench.facts.current_ma = 100001;
    assert_in_range(seconds_to_open(), 1, 2);
    (void)setup(NULL);
    watch(BREAKER_BASIS_LOAD, 80);
    bench.facts.current_ma = 100000;
    assert_in_range(seconds_to_open(), 31, 33);
}

static void log_only_moves_nothing(void **state)
{
    (void)state;
    watch(BREAKER_BASIS_LOAD | BREAKER_BASIS_LOG_ONLY, 10);
    bench.facts.current_ma = 11000;
    run(40 * SECOND);
    is(BREAKER_LOG_ONLY, 7);
    logged(BREAKER_WARNING, BREAKER_EVENT_TRIP, BREAKER_LOG_ONLY);
    run(100 * SECOND);
    assert_int_equal(bench.n_log, 1);
    bench.facts.current_ma = 0;
    run(2 * SECOND);
    is(BREAKER_CLOSED, 7);
    logged(BREAKER_LOG_ONLY, BREAKER_EVENT_NORMAL, BREAKER_CLOSED);
    assert_int_equal(bench.relays.pulses, 0);
}

/* REQ(Q-09): after T_ConnectWait by itself, so many times in a row; then by hand */
static void it_closes_by_itself_a_few_times(void **state)
{
    (void)state;
    watch(BREAKER_BASIS_LOAD, 10);
    bench.breaker.config.automatic = true;
    bench.breaker.config.retries = 2;
    bench.facts.current_ma = 11000;
    for (unsigned n = 1; n <= 3; n++) {
        assert_in_range(seconds_to_open(), 24, 33);
        run(2 * SECOND);
        is(BREAKER_CUT_OFF, 0);
        run(57 * SECOND);
        is(BREAKER_CUT_OFF, 0);
        run(10 * SECOND);
        if (n <= 2) {
            assert_int_equal(bench.relays.closed, 7);
            assert_int_equal(bench.breaker.kept.retries, n);
        }
    }
    is(BREAKER_RELEASED, 0); /* it has been tried often enough */
    assert_int_equal(order(BREAKER_EVENT_BUTTON), BREAKER_DONE);
    bench.facts.current_ma = 9000;
    run(10 * SECOND);
    is(BREAKER_CLOSED, 7);
    assert_int_equal(bench.breaker.kept.retries, 0);
    /* an hour of a load that is not too high makes good for it, too */
    bench.breaker.kept.retries = 2;
    run(3500 * SECOND);
    assert_int_equal(bench.breaker.kept.retries, 2);
    run(200 * SECOND);
    assert_int_equal(bench.breaker.kept.retries, 0);
}

/* A load beside its limit, for hours: no page is worn, and no operation pushed out of the log. */
static void warnings_cost_nothing(void **state)
{
    (void)state;
    watch(BREAKER_BASIS_LOAD, 10);
    const uint32_t sequence = bench.memory.sequence;
    for (unsigned n = 0; n < 5000; n++) {
        bench.facts.current_ma = n % 2 == 0 ? 11000 : 9000;
        run(2 * SECOND);
        is(n % 2 == 0 ? BREAKER_WARNING : BREAKER_CLOSED, 7);
    }
    assert_int_equal(bench.memory.sequence, sequence);
    assert_int_equal(bench.n_log, 0);
}

/* Times that a cut without warning leaves must not be those of a load that was normal since. */
static void no_old_time_comes_back(void **state)
{
    (void)state;
    watch(BREAKER_BASIS_LOAD, 10);
    bench.facts.current_ma = 11000;
    run(28 * SECOND);
    breaker_supply(&bench.breaker, &port, false, bench.now_us);
    power_up();
    is(BREAKER_WARNING, 7);
    bench.facts.current_ma = 0;
    run(10 * SECOND);
    power_up(); /* killed: nothing was said to the memory */
    bench.facts.current_ma = 11000;
    assert_in_range(seconds_to_open(), 31, 33);
}

/* The times stand still while there is no supply and go on where they stood. */
static void supervision_goes_on_after_a_power_cut(void **state)
{
    (void)state;
    watch(BREAKER_BASIS_LOAD, 10);
    bench.facts.current_ma = 11000;
    run(20 * SECOND);
    is(BREAKER_WARNING, 7);
    breaker_supply(&bench.breaker, &port, false, bench.now_us);
    bench.now_us += 3600 * SECOND;
    power_up();
    assert_in_range(seconds_to_open(), 11, 14);
    run(30 * SECOND);
    breaker_supply(&bench.breaker, &port, false, bench.now_us);
    bench.now_us += 3600 * SECOND;
    power_up();
    run(20 * SECOND);
    is(BREAKER_CUT_OFF, 0);
    run(15 * SECOND);
    is(BREAKER_RELEASED, 0);
}

/* REQ(NEU-02, NEU-04): opens when the neutral is lost; nobody closes before it is back */
static void a_lost_neutral_opens_and_holds(void **state)
{
    (void)state;
    bench.facts.neutral_fault = true;
    run(100 * SECOND);
    is(BREAKER_CLOSED, 7); /* only where it is configured */
    bench.breaker.config.basis = BREAKER_BASIS_NEUTRAL;
    run(2 * SECOND);
    is(BREAKER_OPEN_NEUTRAL, 0);
    logged(BREAKER_CLOSED, BREAKER_EVENT_NEUTRAL, BREAKER_OPEN_NEUTRAL);
    run(300 * SECOND);
    is(BREAKER_OPEN_NEUTRAL, 0);
    order(BREAKER_EVENT_DISCONNECT);
    order(BREAKER_EVENT_RELEASE);
    assert_int_equal(order(BREAKER_EVENT_RECONNECT), BREAKER_ERR_HELD);
    assert_int_equal(order(BREAKER_EVENT_BUTTON), BREAKER_ERR_HELD);
    bench.facts.neutral_fault = false;
    run(SECOND);
    assert_int_equal(order(BREAKER_EVENT_RECONNECT), BREAKER_DONE);
    bench.facts.neutral_fault = true; /* while it is about to close */
    run(10 * SECOND);
    is(BREAKER_OPEN_NEUTRAL, 0);
    bench.breaker.config.automatic = true;
    bench.facts.neutral_fault = false;
    run(55 * SECOND);
    is(BREAKER_OPEN_NEUTRAL, 0);
    run(15 * SECOND);
    is(BREAKER_CLOSED, 7);
}

/* A fault that comes back during the wait begins it anew; one that comes in the last instant before
 * the relays are driven is in time. */
static void a_neutral_that_comes_and_goes(void **state)
{
    (void)state;
    bench.breaker.config.basis = BREAKER_BASIS_NEUTRAL;
    bench.facts.neutral_fault = true;
    run(3 * SECOND);
    bench.facts.neutral_fault = false;
    run(50 * SECOND);
    bench.facts.neutral_fault = true;
    run(2 * SECOND);
    bench.facts.neutral_fault = false;
    run(55 * SECOND);
    is(BREAKER_OPEN_NEUTRAL, 0);
    run(10 * SECOND);
    is(BREAKER_RELEASED, 0);
    assert_int_equal(order(BREAKER_EVENT_RECONNECT), BREAKER_DONE);
    bench.breaker.second_us = bench.now_us + 100 * SECOND; /* no second is due */
    bench.facts.neutral_fault = true;
    const unsigned pulses = bench.relays.pulses;
    run(30 * SECOND);
    assert_int_equal(bench.relays.pulses, pulses);
    bench.facts.neutral_fault = false;
    run(SECOND);
    assert_int_equal(bench.relays.closed, 7);
}

/* However short the wait is set. */
static void it_never_closes_within_five_seconds(void **state)
{
    (void)state;
    watch(BREAKER_BASIS_LOAD, 10);
    bench.breaker.config.automatic = true;
    bench.breaker.config.wait_s = 0;
    bench.facts.current_ma = 11000;
    (void)seconds_to_open();
    bench.facts.current_ma = 0;
    run(7 * SECOND / 2);
    is(BREAKER_CUT_OFF, 0);
    run(3 * SECOND);
    is(BREAKER_CLOSED, 0);
    run(5 * SECOND);
    is(BREAKER_CLOSED, 7);
}

/* ---- class 70 ---- */

static void class_70_is_mapped(void **state)
{
    (void)state;
    run(SECOND);
    struct breaker *b = &bench.breaker;
    assert_int_equal(breaker_control_of(b).control_state, BREAKER_CONTROL_CONNECTED);
    assert_true(breaker_control_of(b).output_state);
    assert_int_equal(breaker_control_of(b).control_mode, 1);
    assert_int_equal(breaker_control_reconnect(b), BREAKER_EVENT_NONE);
    assert_int_equal(order(breaker_control_disconnect()), BREAKER_DONE);
    assert_true(breaker_control_of(b).output_state); /* until the contacts say otherwise */
    run(SECOND);
    assert_false(breaker_control_of(b).output_state);
    assert_int_equal(breaker_control_of(b).control_state, BREAKER_CONTROL_DISCONNECTED);
    assert_int_equal(order(breaker_control_reconnect(b)), BREAKER_DONE);
    assert_int_equal(breaker_control_of(b).control_state, BREAKER_CONTROL_READY);
    assert_int_equal(order(breaker_control_reconnect(b)), BREAKER_DONE);
    run(10 * SECOND);
    assert_true(breaker_control_of(b).output_state);
    order(BREAKER_EVENT_BUTTON);
    assert_int_equal(breaker_control_of(b).control_state, BREAKER_CONTROL_READY);
    b->config.needs_release = true;
    assert_int_equal(breaker_control_of(b).control_state, BREAKER_CONTROL_DISCONNECTED);
    b->kept.state = BREAKER_CUT_OFF;
    assert_int_equal(breaker_control_of(b).control_state, BREAKER_CONTROL_DISCONNECTED);
    b->config.automatic = true;
    assert_int_equal(breaker_control_of(b).control_state, BREAKER_CONTROL_READY);
    assert_int_equal(breaker_control_of(b).control_mode, 5);
}

/* ---- memory ---- */

static uint8_t pages[2][256];
static bool memory_fails;

static int page_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    (void)context;
    memcpy(bytes, pages[address / 256u - BREAKER_STORE_FIRST_PAGE], n_bytes);
    return memory_fails ? -1 : 0;
}

static int page_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    if (memory_fails) {
        return -1;
    }
    memcpy(pages[address / 256u - BREAKER_STORE_FIRST_PAGE], bytes, n_bytes);
    return 0;
}

/* REQ(BRK-08): what is kept comes back; a page that is damaged anywhere does not count */
static void the_record_comes_back(void **state)
{
    (void)state;
    const struct board board = {.app_memory_read = page_read, .app_memory_write = page_write};
    struct breaker_kept kept, back;
    memset(pages, 0xFF, sizeof pages);
    memory_fails = false;
    assert_true(breaker_store_load(&back, &board));
    assert_int_equal(back.sequence, 0);
    memset(&kept, 0, sizeof kept);
    kept.state = BREAKER_CLOSED;
    assert_true(breaker_store_save(&kept, &board));
    kept = (struct breaker_kept){1,  BREAKER_CUT_OFF, true, true, 2, {30, 31, 4000000000u}, 59,
                                 77, BREAKER_WARNING, 7,    255};
    assert_true(breaker_store_save(&kept, &board));
    assert_true(breaker_store_load(&back, &board));
    assert_memory_equal(&back, &kept, sizeof kept);
    for (unsigned bit = 0; bit < 8u * 44u; bit++) {
        pages[0][bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        assert_true(breaker_store_load(&back, &board));
        assert_int_equal(back.state, bit / 8u < 40u ? BREAKER_CLOSED : back.state);
        pages[0][bit / 8u] ^= (uint8_t)(1u << bit % 8u);
    }
    kept.state = 2; /* no state, however good the check */
    assert_true(breaker_store_save(&kept, &board));
    assert_true(breaker_store_load(&back, &board));
    assert_int_equal(back.state, BREAKER_CUT_OFF);
    memory_fails = true;
    assert_false(breaker_store_save(&kept, &board));
    assert_int_equal(kept.sequence, 3);
    assert_false(breaker_store_load(&back, &board));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_says_what_may_happen),
        cmocka_unit_test_setup(commands_open_release_and_close, setup),
        cmocka_unit_test_setup(opening_wins_over_a_closing_under_way, setup),
        cmocka_unit_test_setup(orders_that_cannot_be_kept_are_refused, setup),
        cmocka_unit_test_setup(a_record_comes_late_and_once, setup),
        cmocka_unit_test_setup(a_movement_survives_a_cut, setup),
        cmocka_unit_test_setup(a_stuck_relay_is_reported, setup),
        cmocka_unit_test_setup(a_slow_relay_is_reported, setup),
        cmocka_unit_test_setup(a_breaker_that_does_not_answer_is_reported, setup),
        cmocka_unit_test_setup(relays_astray, setup),
        cmocka_unit_test_setup(the_times_of_the_three_factors_add_up, setup),
        cmocka_unit_test_setup(it_warns_and_then_opens, setup),
        cmocka_unit_test_setup(a_short_circuit_opens_at_once, setup),
        cmocka_unit_test_setup(log_only_moves_nothing, setup),
        cmocka_unit_test_setup(it_closes_by_itself_a_few_times, setup),
        cmocka_unit_test_setup(warnings_cost_nothing, setup),
        cmocka_unit_test_setup(no_old_time_comes_back, setup),
        cmocka_unit_test_setup(supervision_goes_on_after_a_power_cut, setup),
        cmocka_unit_test_setup(a_lost_neutral_opens_and_holds, setup),
        cmocka_unit_test_setup(a_neutral_that_comes_and_goes, setup),
        cmocka_unit_test_setup(it_never_closes_within_five_seconds, setup),
        cmocka_unit_test_setup(class_70_is_mapped, setup),
        cmocka_unit_test(the_record_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
