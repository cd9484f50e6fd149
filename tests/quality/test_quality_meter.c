/*
 * From the mains to the meter's log: what happens to the voltage is there afterwards, and after a
 * restart from the same memory too.
 *
 * REQ(EVT-05) REQ(EVT-07)
 */
#include "app/meter/meter.h"
#include "app/quality/quality_record.h"
#include "emu/ram_board.h"
#include "quality_desk.h"

#define WINDOW_SAMPLES 1600u

/** A meter, its memory and the desk that it hangs on (phasor level). */
struct whole {
    struct ram_board ram;
    struct board board;
    struct meter meter;
    struct quality_desk *desk;
};

static void power_up(struct whole *whole)
{
    struct variant variant;
    assert_int_equal(variant_by_name("382M", &variant), 0);
    assert_int_equal(meter_start(&whole->meter, &whole->board, &variant, 1, whole->desk->now_us),
                     METER_OK);
    for (uint8_t s = 0; s < 3; s++) {
        struct measuring_setup setup;
        legal_measuring_setup(&whole->meter.legal, (uint8_t)(s + 1u), &setup);
        measuring_system_start(&whole->desk->system[s], &setup,
                               legal_measuring_epoch(&whole->meter.legal));
    }
}

static void run(struct whole *whole, double until_s)
{
    struct quality_desk *desk = whole->desk;
    while ((double)desk->now_us < until_s * 1e6) {
        struct measuring_window window[LAB_PHASES];
        struct mains_stretch stretch[LAB_PHASES];
        mains_window(desk->mains, desk->now_us, WINDOW_SAMPLES, window);
        desk->now_us += (int64_t)WINDOW_SAMPLES * 125;
        const bool changed = mains_halves(desk->mains, desk->now_us, stretch);
        for (unsigned s = 0; s < 3; s++) {
            uint8_t frame[MEASURING_FRAME_BYTES_MAX];
            measuring_system_window(&desk->system[s], &window[s]);
            const size_t n = measuring_system_frame(&desk->system[s], frame);
            meter_bus_receive(&whole->meter, frame, n, desk->now_us);
            desk->report[s].system = (uint8_t)(s + 1u);
            desk->report[s].samples = WINDOW_SAMPLES;
            if (changed) {
                desk_phasor_report(desk, &stretch[s], s);
            }
            meter_quality_receive(&whole->meter, &desk->report[s], desk->now_us);
        }
        (void)meter_step(&whole->meter, desk->now_us);
    }
}

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
    struct whole *whole = calloc(1, sizeof *whole);
    assert_non_null(whole);
    whole->desk = desk_new("at 5s dip L1 to 40% for 200ms\nat 8s lose L2+L3 for 4s\n"
                           "at 16s set u1=258\nat 20s set u1=230\n"
                           "at 24s set u1=200\nat 28s set u1=230\n"
                           "at 32s power off for 30s\n");
    whole->board = ram_board_blank(&whole->ram);
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
    desk_free(whole->desk);
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_log)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
