/*
 * A whole meter on the desk of the voltage quality: phasor level, its memory in RAM.
 */
#ifndef OPEN382_TESTS_QUALITY_WHOLE_H
#define OPEN382_TESTS_QUALITY_WHOLE_H

#include "app/meter/meter.h"
#include "emu/ram_board.h"
#include "quality_desk.h"

#define WINDOW_SAMPLES 1600u

/** A meter, its memory and the desk that it hangs on (phasor level). */
struct whole {
    struct ram_board ram;
    struct board board;
    struct meter meter;
    struct quality_desk *desk;
    const char *variant;
};

static inline struct whole *whole_new(const char *variant, const char *scenario)
{
    struct whole *whole = calloc(1, sizeof *whole);
    assert_non_null(whole);
    whole->variant = variant;
    whole->desk = desk_new(scenario);
    whole->board = ram_board_blank(&whole->ram);
    return whole;
}

static inline void whole_free(struct whole *whole)
{
    desk_free(whole->desk);
    free(whole);
}

static inline void power_up(struct whole *whole)
{
    struct variant variant;
    assert_int_equal(variant_by_name(whole->variant, &variant), 0);
    assert_int_equal(meter_start(&whole->meter, &whole->board, &variant, 1, whole->desk->now_us),
                     METER_OK);
    for (uint8_t s = 0; s < 3; s++) {
        struct measuring_setup setup;
        legal_measuring_setup(&whole->meter.legal, (uint8_t)(s + 1u), &setup);
        measuring_system_start(&whole->desk->system[s], &setup,
                               legal_measuring_epoch(&whole->meter.legal));
    }
}

static inline void run(struct whole *whole, double until_s)
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

#endif
