/*
 * From the mains to the meter's log: what happens to the voltage is there afterwards, and after a
 * restart from the same memory too.
 *
 * REQ(EVT-05) REQ(EVT-07)
 */
#include <stdio.h>

#include "app/meter/meter_events.h"
#include "app/quality/quality_record.h"
#include "quality_whole.h"

static unsigned logged(const struct whole *whole, uint8_t kind, uint8_t edge,
                       struct quality_record *last)
{
    const struct meter *meter = &whole->meter;
    unsigned n = 0;
    for (uint32_t id = 1; id <= event_log_newest(&meter->logs, EVENT_LOG_VOLTAGE); id++) {
        struct event_log_entry entry;
        struct quality_record record;
        assert_int_equal(event_log_read(&meter->logs, &whole->board, EVENT_LOG_VOLTAGE, id, &entry),
                         EVENT_LOG_OK);
        assert_true(quality_record_decode(entry.payload, entry.n_payload,
                                          meter->clock.utc_minus_now_us, &record));
        assert_int_equal(entry.code, quality_record_code(&record));
        if (record.kind == kind && record.edge == edge) {
            *last = record;
            n++;
        }
    }
    return n;
}

static void test_log(void **state)
{
    (void)state;
    struct quality_record r;
    struct whole *whole =
        whole_new("382M", "at 5s dip L1 to 40% for 200ms\nat 8s lose L2+L3 for 4s\n"
                          "at 16s set u1=258\nat 20s set u1=230\n"
                          "at 24s set u1=200\nat 28s set u1=230\n"
                          "at 32s power off for 30s\n");
    power_up(whole);
    run(whole, 31.0);
    assert_int_equal(logged(whole, QUALITY_FAILURE, QUALITY_BEGIN, &r), 1);
    assert_int_equal(r.phases, 6);
    assert_int_equal(logged(whole, QUALITY_FAILURE, QUALITY_END, &r), 1);
    assert_int_equal(logged(whole, QUALITY_OVERVOLTAGE, QUALITY_END, &r), 1);
    assert_in_range(r.extreme_mv, 257000, 259000);
    assert_int_equal(logged(whole, QUALITY_UNDERVOLTAGE, QUALITY_END, &r), 1);
    assert_in_range(r.extreme_mv, 199000, 201000);
    assert_true(logged(whole, QUALITY_DIP, QUALITY_WHOLE, &r) >= 1);
    run(whole, 40.0); /* dark; the process ends, and another one begins in the dark */
    assert_int_equal(logged(whole, QUALITY_FAILURE, QUALITY_BEGIN, &r), 2);
    assert_int_equal(r.phases, 7);
    power_up(whole);
    run(whole, 70.0);
    assert_int_equal(logged(whole, QUALITY_FAILURE, QUALITY_END, &r), 2);
    assert_int_equal(r.phases, 7);
    whole_free(whole);
}

/* REQ(EVT-07, X-EVT-3): each of the seven combinations of phases that fail: begin and return, with
 * the phases, one record each, and word B meanwhile; a second is long enough, half of one is not */
static void test_every_combination_of_phases(void **state)
{
    (void)state;
    static const char *const wires[] = {"L1", "L2", "L1+L2", "L3", "L1+L3", "L2+L3", "L1+L2+L3"};
    for (unsigned phases = 1; phases <= 7; phases++) {
        struct quality_record r;
        char scenario[96];
        (void)snprintf(scenario, sizeof scenario,
                       "at 6s lose %s for 500ms\nat 10s lose %s for 4s\n", wires[phases - 1],
                       wires[phases - 1]);
        struct whole *whole = whole_new("382M", scenario);
        power_up(whole);
        run(whole, 9.0);
        assert_int_equal(logged(whole, QUALITY_FAILURE, QUALITY_BEGIN, &r), 0);
        run(whole, 13.0);
        if (phases < 7) { /* the meter lives on */
            assert_int_equal(logged(whole, QUALITY_FAILURE, QUALITY_BEGIN, &r), 1);
            assert_int_equal(r.phases, phases);
            const uint32_t missing = UINT32_C(7) << EVENT_B_MISSING;
            assert_int_equal(meter_event_word_b(&whole->meter) & missing,
                             phases << EVENT_B_MISSING);
        }
        run(whole, 20.0);
        assert_int_equal(logged(whole, QUALITY_FAILURE, QUALITY_BEGIN, &r), 1);
        assert_int_equal(r.phases, phases);
        assert_int_equal(logged(whole, QUALITY_FAILURE, QUALITY_END, &r), 1);
        assert_int_equal(r.phases, phases);
        assert_in_range(r.duration_ms, 3900, phases < 7 ? 4200 : 6000);
        whole_free(whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_log),
                                       cmocka_unit_test(test_every_combination_of_phases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
