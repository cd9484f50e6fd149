/* From the measuring bus to the glass, through the real legal processor: where the symbols' limits
 * lie. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/meter/meter.h"
#include "tests/emu/ram_board.h"

#define SECOND         INT64_C(1000000)
#define WINDOW_SAMPLES 1600u
#define WINDOW_US      INT64_C(200000)
#define STEPS_PER_VOLT (8388608.0 / 700.0)
#define STEPS_PER_AMP  (8388608.0 / 250.0)

struct bench {
    struct ram_board ram;
    struct board board;
    struct meter meter;
    struct measuring_system system[3];
    int64_t now_us;
};

static struct bench bench;

static void bench_start(const char *name)
{
    struct variant variant;
    memset(&bench, 0, sizeof bench);
    bench.board = ram_board_blank(&bench.ram);
    assert_int_equal(variant_by_name(name, &variant), 0);
    assert_int_equal(meter_start(&bench.meter, &bench.board, &variant, 1, 0), METER_OK);
    for (uint8_t i = 0; i < 3; i++) {
        struct measuring_setup setup;
        measuring_setup_neutral(&setup, (uint8_t)(i + 1));
        measuring_system_start(&bench.system[i], &setup, 1);
    }
}

static struct measuring_window window_of(double volts, double watts, double volts_deg)
{
    const double turn = 6.283185307179586;
    const double v = volts * STEPS_PER_VOLT;
    const double i = volts > 0 ? fabs(watts) / volts * STEPS_PER_AMP : 0;
    const double sign = watts < 0 ? -1 : 1;
    const double angle = volts_deg / 360 * turn, peak = sqrt(2) * 64;
    return (struct measuring_window){
        .samples = WINDOW_SAMPLES,
        .active_lsb2 = llround(WINDOW_SAMPLES * v * i * sign),
        .voltage_lsb2 = (uint64_t)llround(WINDOW_SAMPLES * v * v),
        .current_lsb2 = (uint64_t)llround(WINDOW_SAMPLES * i * i),
        .v1_re = (int32_t)lround(v * peak * cos(angle)),
        .v1_im = (int32_t)lround(v * peak * sin(angle)),
        .i1_re = (int32_t)lround(i * peak * sign * cos(angle)),
        .i1_im = (int32_t)lround(i * peak * sign * sin(angle)),
        .frequency_uhz = volts > 0 ? 50000000 : 0,
        .temperature_cc = 2300,
    };
}

/* Seconds of steady mains; degrees of the three voltages as given. */
static void bench_feed(const double volts[3], const double watts[3], const double degrees[3],
                       int seconds)
{
    for (int n = 0; n < seconds * 5; n++) {
        bench.now_us += WINDOW_US;
        for (int i = 0; i < 3; i++) {
            uint8_t frame[MEASURING_FRAME_BYTES_MAX];
            struct measuring_window window = window_of(volts[i], watts[i], degrees[i]);
            measuring_system_window(&bench.system[i], &window);
            size_t length = measuring_system_frame(&bench.system[i], frame);
            meter_bus_receive(&bench.meter, frame, length, bench.now_us);
        }
        (void)meter_step(&bench.meter, bench.now_us);
    }
}

static uint32_t lit(void)
{
    struct display_frame frame;
    display_render(&bench.meter.display, &bench.meter, bench.now_us, &frame);
    return frame.icons;
}

static const double forward[] = {0, -120, 120}, backward[] = {0, 120, -120};
static const double full[] = {230, 230, 230};

/* REQ(DIS-16): 2.2 W off, 2.4 W on, on each phase by itself */
static void current_symbol_needs_more_than_2_3_watts(void **state)
{
    (void)state;
    const uint32_t currents[] = {ICON_CURRENT_L1, ICON_CURRENT_L2, ICON_CURRENT_L3};
    const uint32_t exports[] = {ICON_EXPORT_L1, ICON_EXPORT_L2, ICON_EXPORT_L3};
    const uint32_t all = ICON_CURRENT_L1 | ICON_CURRENT_L2 | ICON_CURRENT_L3 | ICON_EXPORT_L1 |
                         ICON_EXPORT_L2 | ICON_EXPORT_L3;
    bench_start("382M");
    for (int i = 0; i < 3; i++) {
        double watts[3] = {0, 0, 0};
        watts[i] = 2.2;
        bench_feed(full, watts, forward, 3);
        assert_int_equal(lit() & all, 0);
        watts[i] = 2.4;
        bench_feed(full, watts, forward, 3);
        assert_int_equal(lit() & all, currents[i]);
        watts[i] = -2.4;
        bench_feed(full, watts, forward, 3);
        assert_int_equal(lit() & all, currents[i] | exports[i]);
    }
}

/* REQ(DIS-15): 159 V off, 161 V on; the other phases keep the meter alive */
static void voltage_symbol_needs_160_volts(void **state)
{
    (void)state;
    const uint32_t symbols[] = {ICON_L1, ICON_L2, ICON_L3};
    const uint32_t all = ICON_L1 | ICON_L2 | ICON_L3;
    const double watts[3] = {100, 100, 100};
    bench_start("382M");
    for (int i = 0; i < 3; i++) {
        double volts[3] = {230, 230, 230};
        volts[i] = 159;
        bench_feed(volts, watts, forward, 3);
        assert_int_equal(lit() & all, all & ~symbols[i]);
        volts[i] = 161;
        bench_feed(volts, watts, forward, 3);
        assert_int_equal(lit() & all, all);
    }
}

/* REQ(DIS-19): the order of the phases, and nothing when one is missing */
static void sequence_symbol_follows_the_voltages(void **state)
{
    (void)state;
    const uint32_t both = ICON_SEQUENCE_123 | ICON_SEQUENCE_132;
    const double watts[3] = {100, 100, 100}, none[3] = {100, 0, 100}, missing[] = {230, 0, 230};
    bench_start("382M");
    bench_feed(full, watts, forward, 3);
    assert_int_equal(lit() & both, ICON_SEQUENCE_123);
    bench_feed(full, watts, backward, 3);
    assert_int_equal(lit() & both, ICON_SEQUENCE_132);
    bench_feed(missing, none, forward, 3);
    assert_int_equal(lit() & both, 0);
}

/* REQ(X-MET-7, DIS-08): below 160 V on all phases the glass goes dark; it starts anew with supply
 */
static void without_supply_the_glass_is_dark(void **state)
{
    (void)state;
    struct display_frame frame, dark;
    char line[128];
    const double watts[3] = {100, 100, 100}, low[] = {150, 150, 150};
    bench_start("382M");
    bench_feed(full, watts, forward, 12);
    assert_int_equal(bench.meter.display.state, DISPLAY_AUTOMATIC);
    bench_feed(low, watts, forward, 3);
    display_render(&bench.meter.display, &bench.meter, bench.now_us, &frame);
    memset(&dark, 0, sizeof dark);
    memset(dark.text, ' ', sizeof dark.text);
    assert_memory_equal(&frame, &dark, sizeof dark);
    bench_feed(full, watts, forward, 3);
    display_render(&bench.meter.display, &bench.meter, bench.now_us, &frame);
    (void)display_text(&frame, line, sizeof line);
    assert_memory_equal(line, "96.54.1  ", 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(current_symbol_needs_more_than_2_3_watts),
        cmocka_unit_test(voltage_symbol_needs_160_volts),
        cmocka_unit_test(sequence_symbol_follows_the_voltages),
        cmocka_unit_test(without_supply_the_glass_is_dark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
