/* Prepayment in the breaker: credit used up, the low limit, its end. */
#include "breaker_bench.h"

/* REQ(PRE-04): credit used up opens, and nobody closes before there is some again */
static void credit_opens_and_holds(void **state)
{
    (void)state;
    bench.breaker.config.basis = BREAKER_BASIS_PREPAYMENT;
    bench.facts.credit_exhausted = true;
    run(2 * SECOND);
    is(BREAKER_CUT_OFF_PREPAYMENT, 0);
    logged(BREAKER_CLOSED, BREAKER_EVENT_CREDIT_OUT, BREAKER_CUT_OFF_PREPAYMENT);
    assert_int_equal(order(BREAKER_EVENT_BUTTON), BREAKER_ERR_HELD);
    bench.breaker.config.automatic = true;
    run(300 * SECOND);
    is(BREAKER_CUT_OFF_PREPAYMENT, 0);
    bench.breaker.config.automatic = false;
    bench.facts.credit_exhausted = false;
    run(2 * SECOND);
    is(BREAKER_RELEASED, 0);
    bench.facts.credit_exhausted = true;
    run(2 * SECOND);
    assert_int_equal(order(BREAKER_EVENT_RECONNECT), BREAKER_ERR_HELD);
    assert_int_equal(order(BREAKER_EVENT_BUTTON), BREAKER_ERR_HELD);
    order(BREAKER_EVENT_DISCONNECT); /* what a command has opened, credit does not close */
    bench.facts.credit_exhausted = false;
    bench.breaker.config.automatic = true;
    run(300 * SECOND);
    is(BREAKER_OPEN_COMMAND, 0);
}

/* The low limit: closed by hand without credit, opened above it, expired by time. */
static void the_low_limit(void **state)
{
    (void)state;
    bench.breaker.config.basis = BREAKER_BASIS_PREPAYMENT;
    bench.breaker.config.low_limit = 6;
    bench.facts.current_ma = 20000;
    bench.facts.credit_exhausted = true;
    run(2 * SECOND);
    is(BREAKER_CUT_OFF_PREPAYMENT, 0);
    assert_int_equal(breaker_limit(&bench.breaker), 0);
    bench.facts.credit_exhausted = false;
    bench.facts.credit_low = true;
    run(120 * SECOND);
    is(BREAKER_CUT_OFF_PREPAYMENT, 0); /* not by itself */
    assert_int_equal(breaker_limit(&bench.breaker), 6);
    assert_int_equal(breaker_feedback(&bench.breaker) & BREAKER_FEEDBACK_HIGH, 0);
    assert_int_equal(order(BREAKER_EVENT_BUTTON), BREAKER_DONE);
    run(6 * SECOND);
    assert_int_equal(bench.relays.closed, 7);
    assert_in_range(seconds_to_open(), 29, 33); /* t1 = 30 s, above 6 A */
    run(SECOND);
    is(BREAKER_CUT_OFF_PREPAYMENT, 0);
    logged(BREAKER_WARNING, BREAKER_EVENT_LOW_TRIP, BREAKER_CUT_OFF_PREPAYMENT);
    /* reduced, it stays; by itself where it is set so */
    bench.facts.current_ma = 6000;
    bench.breaker.config.automatic = true;
    run(70 * SECOND);
    is(BREAKER_CLOSED, 7);
    run(600 * SECOND);
    is(BREAKER_CLOSED, 7);
    /* a high limit that is lower counts all the same */
    bench.breaker.config.basis |= BREAKER_BASIS_LOAD;
    bench.breaker.config.limit = 4;
    assert_int_equal(breaker_limit(&bench.breaker), 4);
    bench.breaker.config.limit = 25;
    assert_int_equal(breaker_limit(&bench.breaker), 6);
    /* its time is over */
    bench.facts.credit_low = false;
    bench.facts.credit_exhausted = bench.facts.credit_expired = true;
    run(2 * SECOND);
    is(BREAKER_PREPAYMENT_EXPIRED, 0);
    logged(BREAKER_CLOSED, BREAKER_EVENT_LOW_EXPIRED, BREAKER_PREPAYMENT_EXPIRED);
    bench.facts.credit_exhausted = bench.facts.credit_expired = false;
    run(10 * SECOND);
    is(BREAKER_CLOSED, 7);
    assert_int_equal(breaker_limit(&bench.breaker), 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(credit_opens_and_holds, setup),
        cmocka_unit_test_setup(the_low_limit, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
