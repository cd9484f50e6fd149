/*
 * Months of a meter's life: the household of the built-in profile, loss of supply and resets every
 * week, power cuts at random writes.  Years of it: build/linux/endurance, and ./test --long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/endurance/endurance.h"

#define INTERVALS_A_DAY 288u

static struct endurance_result live(const struct endurance_plan *plan)
{
    struct endurance_result result;
    char why[256] = "";
    if (endurance_run(plan, &result, why) != 0) {
        fail_msg("%s", why);
    }
    assert_int_equal(result.records, (uint64_t)plan->days * INTERVALS_A_DAY);
    assert_int_equal(result.records_lost, 0);
    assert_int_equal(result.analysis_records, (uint64_t)plan->days * INTERVALS_A_DAY);
    return result;
}

/* REQ(REG-01, LPR-01, BIL-02, ANA-01): registers to the microwatt-hour, every record, every period.
 */
static void test_orderly_life(void **state)
{
    (void)state;
    const struct endurance_plan plan = {.seed = 382, .days = 40, .window_s = 2, .outages = true};
    const struct endurance_result result = live(&plan);
    assert_true(result.outages >= 3);
    assert_true(result.lost_kwh == 0);
    assert_int_equal(result.debiting, 1);
    for (unsigned m = 0; m < 3; m++) { /* no page is worn out in fifteen years of such a life */
        assert_true(result.wear[m].page_writes < 1000000.0 * plan.days / (15 * 365.25));
    }
}

/* REQ(REG-02): a cut at any write costs a step of 0.01 kWh and the window that it fell in. */
static void test_hard_life(void **state)
{
    (void)state;
    const struct endurance_plan plan = {
        .seed = 382, .days = 30, .window_s = 2, .outages = true, .resets = true, .cuts = 1500};
    const struct endurance_result result = live(&plan);
    assert_true(result.cuts > 500);
    assert_true(result.lost_most_wh < 10 + 9.5 * 1000 * 2 / 3600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orderly_life),
        cmocka_unit_test(test_hard_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
