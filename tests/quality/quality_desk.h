/*
 * Voltage quality on a desk: a scenario, three measuring systems with their quality parts, and the
 * application's side, at waveform or phasor level.  Nothing but reports crosses.
 */
#ifndef OPEN382_TESTS_QUALITY_DESK_H
#define OPEN382_TESTS_QUALITY_DESK_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/quality/quality.h"
#include "app/quality/quality_sampler.h"
#include "lab/scenario.h"

#define DESK_BLOCK   400u
#define DESK_RECORDS 64u

struct quality_desk {
    struct mains *mains;
    struct measuring_system system[3];
    struct quality_sampler sampler[3];
    struct quality_report report[3];
    struct quality quality;
    struct quality_record record[DESK_RECORDS];
    unsigned n_records;
    int64_t now_us;
    int64_t next_sample;          /**< waveform level */
    double low_mv[3], high_mv[3]; /**< extremes of U rms(1/2) since desk_watch */
    int32_t v[3][DESK_BLOCK], i[3][DESK_BLOCK];
};

static inline struct quality_desk *desk_new(const char *scenario)
{
    const struct mains_options options = {.systems = 3};
    struct lab_source source = {0};
    struct lab_error error = {""};
    struct quality_config config;
    struct quality_desk *desk = calloc(1, sizeof *desk);
    assert_non_null(desk);
    assert_int_equal(lab_scenario_open(&source, "desk", scenario, strlen(scenario), &error), 0);
    assert_int_equal(lab_mains_create(&desk->mains, &source, &options, &error), 0);
    quality_defaults(&config);
    quality_start(&desk->quality, &config, 3, false);
    quality_supply(&desk->quality, true, 0);
    for (unsigned s = 0; s < 3; s++) {
        struct measuring_setup setup;
        measuring_setup_neutral(&setup, (uint8_t)(s + 1u));
        measuring_system_start(&desk->system[s], &setup, 1);
        quality_sampler_start(&desk->sampler[s], (uint8_t)(s + 1u), NULL);
        desk->low_mv[s] = 1e9;
    }
    return desk;
}

static inline void desk_free(struct quality_desk *desk)
{
    mains_close(desk->mains);
    free(desk);
}

/** Extremes count from here on. */
static inline void desk_watch(struct quality_desk *desk)
{
    for (unsigned s = 0; s < 3; s++) {
        desk->low_mv[s] = 1e9;
        desk->high_mv[s] = 0.0;
    }
}

static inline void desk_take(struct quality_desk *desk, unsigned s)
{
    const struct quality_phase *phase = &desk->quality.phase[s];
    desk->low_mv[s] = fmin(desk->low_mv[s], phase->low_mv);
    desk->high_mv[s] = fmax(desk->high_mv[s], phase->high_mv);
    quality_step(&desk->quality, desk->now_us, 0);
    while (desk->n_records < DESK_RECORDS &&
           quality_take(&desk->quality, &desk->record[desk->n_records])) {
        desk->n_records++;
    }
}

static inline void desk_feed(struct quality_desk *desk, unsigned s, int64_t first)
{
    for (size_t done = 0; done < DESK_BLOCK;) {
        bool closed;
        uint32_t phase, step;
        measuring_system_oscillator(&desk->system[s], &phase, &step);
        const size_t n = measuring_system_samples(&desk->system[s], desk->v[s] + done,
                                                  desk->i[s] + done, DESK_BLOCK - done, &closed);
        quality_sampler_run(&desk->sampler[s], phase, step, desk->v[s] + done, desk->i[s] + done,
                            n);
        done += n;
        if (closed) {
            struct quality_spectrum spectrum;
            struct quality_report report;
            desk->now_us = (first + (int64_t)done) * 125;
            quality_sampler_report(&desk->sampler[s],
                                   measuring_system_frequency_uhz(&desk->system[s]), &report);
            quality_receive(&desk->quality, &report, desk->now_us);
            if (quality_sampler_spectrum(&desk->sampler[s], &spectrum)) {
                quality_spectrum(&desk->quality, &spectrum);
            }
            desk_take(desk, s);
        }
    }
}

/** Waveform level, up to that second. */
static inline void desk_run_samples(struct quality_desk *desk, double until_s)
{
    int32_t *v[3] = {desk->v[0], desk->v[1], desk->v[2]},
            *i[3] = {desk->i[0], desk->i[1], desk->i[2]};
    const int64_t end = (int64_t)(until_s * 8000.0);
    for (; desk->next_sample < end; desk->next_sample += DESK_BLOCK) {
        const int64_t first = desk->next_sample;
        mains_samples(desk->mains, first, DESK_BLOCK, v, i);
        for (unsigned s = 0; s < 3; s++) {
            desk_feed(desk, s, first);
        }
    }
}

static inline void desk_phasor_report(struct quality_desk *desk,
                                      const struct mains_stretch *stretch, unsigned s)
{
    struct quality_report *report = &desk->report[s];
    report->steady = stretch->steady;
    report->frequency_uhz = (uint32_t)(stretch->frequency_hz * 1e6);
    report->rms_q8 = (uint32_t)(stretch->rms_lsb * 256.0 + 0.5);
    report->n_halves = (uint8_t)stretch->n_halves;
    for (unsigned h = 0; h < stretch->n_halves; h++) {
        report->half[h].rms_q8 = (uint32_t)(stretch->half[h].rms_lsb * 256.0 + 0.5);
        report->half[h].age_samples =
            (uint32_t)(((double)desk->now_us - stretch->half[h].at_us) / 125.0 + 0.5);
    }
}

static inline void desk_phasor_spectrum(struct quality_desk *desk, unsigned s)
{
    struct mains_spectrum shares;
    mains_spectrum(desk->mains, s, &shares);
    for (unsigned channel = 0; channel < QUALITY_CHANNELS; channel++) {
        const double *share = channel == QUALITY_VOLTAGE ? shares.u : shares.i;
        struct quality_spectrum spectrum = {
            .system = (uint8_t)(s + 1u), .channel = (uint8_t)channel, .valid = true};
        double squares = 0.0;
        for (unsigned order = 2; order <= QUALITY_ORDERS; order++) {
            spectrum.part[order] = (uint16_t)(share[order] * 1e4 + 0.5);
            squares += share[order] * share[order];
        }
        spectrum.thd = (uint16_t)(sqrt(squares) * 1e4 + 0.5);
        quality_spectrum(&desk->quality, &spectrum);
    }
}

/** Phasor level, windows of 200 ms that end where the mains changes. */
static inline void desk_run_phasors(struct quality_desk *desk, double until_s)
{
    while ((double)desk->now_us < until_s * 1e6) {
        struct mains_outlook outlook;
        struct measuring_window window[LAB_PHASES];
        struct mains_stretch stretch[LAB_PHASES];
        const int64_t from_us = desk->now_us;
        mains_outlook(desk->mains, from_us, &outlook);
        int64_t end_us = (from_us / 200000 + 1) * 200000;
        const int64_t change_us =
            outlook.until_us < end_us ? (outlook.until_us + 124) / 125 * 125 : end_us;
        end_us = change_us < end_us ? change_us : end_us;
        const uint32_t n = (uint32_t)((end_us - from_us) / 125);
        mains_window(desk->mains, from_us, n, window);
        desk->now_us = end_us;
        const bool changed = mains_halves(desk->mains, end_us, stretch);
        for (unsigned s = 0; s < 3; s++) {
            desk->report[s].system = (uint8_t)(s + 1u);
            desk->report[s].samples = n;
            if (changed) {
                desk_phasor_report(desk, &stretch[s], s);
                desk_phasor_spectrum(desk, s);
            }
            quality_receive(&desk->quality, &desk->report[s], end_us);
        }
        for (unsigned s = 0; s < 3; s++) {
            desk_take(desk, s);
        }
    }
}

static inline void desk_run(struct quality_desk *desk, bool samples, double until_s)
{
    (samples ? desk_run_samples : desk_run_phasors)(desk, until_s);
}

#endif
