/**
 * Voltage quality over seeded front ends: worst errors against the definition of the signal, with
 * the limits of IEC 61000-4-30 class S beside them, and what it costs.
 *
 * Each meter's voltage gain is taken out by one measurement at 230 V, as calibration does it; what
 * is left - noise, droop, distortion of the converter, clock - shows.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/quality/quality.h"
#include "app/quality/quality_sampler.h"
#include "lab/desk_meter.h"

#define METERS   50u
#define WHOLE    10u   /* meters with three systems */
#define SETTLE_S 60u   /* for unbalance: what clocks do is learned by then */
#define LATE_US  200.0 /* how late a frame may be received, each by itself */
#define DEGREES  57.29577951308232
#define BLOCK    160u
#define UDIN_V   230.0

/* The type's constants, as calibration_type_382 has them. */
static const struct quality_front_end type_382 = {16, {12300, 27900}};

struct bench {
    struct front_end front_end;
    struct measuring_system system;
    struct quality_sampler sampler;
    struct quality_report report;
    struct quality_spectrum u, i;
    struct quality quality;
    int64_t now_us;
    double gain; /**< volts per step */
    int32_t v[BLOCK], i_lsb[BLOCK];
};

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void feed(struct bench *b, double *low, double *high)
{
    front_end_samples(&b->front_end, 0, BLOCK, b->v, b->i_lsb);
    for (size_t done = 0; done < BLOCK;) {
        uint32_t phase, step;
        bool closed;
        measuring_system_oscillator(&b->system, &phase, &step);
        const size_t n = measuring_system_samples(&b->system, b->v + done, b->i_lsb + done,
                                                  BLOCK - done, &closed);
        quality_sampler_run(&b->sampler, phase, step, b->v + done, b->i_lsb + done, n);
        done += n;
        if (closed) {
            struct quality_spectrum spectrum;
            quality_sampler_report(&b->sampler, measuring_system_frequency_uhz(&b->system),
                                   &b->report);
            b->now_us += (int64_t)b->report.samples * 125;
            quality_receive(&b->quality, &b->report, b->now_us);
            quality_step(&b->quality, b->now_us, 0);
            for (unsigned k = 0; k < b->report.n_halves; k++) {
                const double volts = b->report.half[k].rms_q8 / 256.0 * b->gain;
                *low = fmin(*low, volts);
                *high = fmax(*high, volts);
            }
            if (quality_sampler_spectrum(&b->sampler, &spectrum)) {
                *(spectrum.channel == QUALITY_VOLTAGE ? &b->u : &b->i) = spectrum;
            }
        }
    }
}

/** Two seconds to settle, then extremes of U rms(1/2) over two seconds. */
static void measure(struct bench *b, const struct stimulus *stimulus, double *low, double *high)
{
    front_end_connect(&b->front_end, stimulus);
    for (unsigned k = 0; k < 200u; k++) {
        if (k == 100u) {
            *low = 1e9;
            *high = 0.0;
        }
        feed(b, low, high);
    }
}

/* What the application makes of the reports, with this share of the nominal gain. */
static void listen(struct bench *b, double gain)
{
    struct quality_config config;
    quality_defaults(&config);
    quality_start(&b->quality, &config, 1, false);
    quality_gain(&b->quality, 0, (uint32_t)(gain * 1073741824.0 + 0.5));
    quality_supply(&b->quality, true, b->now_us);
}

static void start(struct bench *b, uint64_t seed)
{
    const struct front_end_options options = {.effects = FRONT_END_PHYSICAL, .systems = 1};
    struct measuring_setup setup;
    struct stimulus stimulus;
    double low = 0.0, high = 0.0;
    front_end_start(&b->front_end, seed, &options);
    measuring_setup_neutral(&setup, 1);
    measuring_system_start(&b->system, &setup, 1);
    quality_sampler_start(&b->sampler, 1, &type_382);
    listen(b, 1.0);
    b->gain = 1.0;
    stimulus_balanced(&stimulus, UDIN_V, 5.0, 0.0, 50.0);
    measure(b, &stimulus, &low, &high);
    b->gain = UDIN_V / (0.5 * (low + high));
}

static double worse(double a, double b)
{
    return fmax(fabs(a), fabs(b));
}

static void voltages(struct bench *b, double *volt_pct, double *mhz)
{
    static const double share[] = {0.2, 0.5, 0.9, 1.2}, hertz[] = {42.5, 50.0, 57.5, 68.9};
    for (unsigned n = 0; n < 16u; n++) {
        struct stimulus stimulus;
        double low = 0.0, high = 0.0;
        const double volts = share[n % 4u] * UDIN_V, f = hertz[n / 4u];
        stimulus_balanced(&stimulus, volts, 5.0, 0.0, f);
        measure(b, &stimulus, &low, &high);
        *volt_pct = worse(*volt_pct, worse(low - volts, high - volts) / UDIN_V * 100.0);
        const double measured = b->report.frequency_uhz / 1e6;
        *mhz = worse(*mhz, (measured - f) * 1e3);
    }
}

static void harmonics(struct bench *b, double *large_pct, double *high_pct, double *small_pct)
{
    struct stimulus stimulus;
    double low = 0.0, high = 0.0;
    stimulus_balanced(&stimulus, UDIN_V, 5.0, 0.0, 50.0);
    for (unsigned h = 3; h <= 39u; h += 6u) {
        stimulus_harmonic_u(&stimulus, h, 0.05, 0.0);
        stimulus_harmonic_i(&stimulus, h, 0.05, 0.0);
    }
    measure(b, &stimulus, &low, &high);
    for (unsigned h = 2; h <= 40u; h++) {
        const bool there = h % 6u == 3u;
        const double u = b->u.part[h] / 100.0, i = b->i.part[h] / 100.0; /* percent */
        if (there) {
            double *worst = h > 33u ? high_pct : large_pct;
            *worst = worse(*worst, worse(u / 5.0 - 1.0, i / 5.0 - 1.0) * 100.0);
        } else {
            *small_pct = worse(*small_pct, worse(u, i));
        }
    }
}

static void compare(const uint16_t part[QUALITY_ORDERS + 1],
                    const struct stimulus_harmonic defined[LAB_HARMONICS_MAX + 1u],
                    double *large_pct, double *small_pct)
{
    for (unsigned h = 2; h <= LAB_HARMONICS_MAX; h++) {
        const double is = part[h] / 100.0, should = defined[h].fraction * 100.0;
        if (should >= 3.0) {
            *large_pct = worse(*large_pct, (is / should - 1.0) * 100.0);
        } else {
            *small_pct = worse(*small_pct, is - should);
        }
    }
}

/** Waveforms of the type tests: each order against its definition, above and below 3 %. */
static void waveforms(struct bench *b, double *large_pct, double *small_pct)
{
    static void (*const forms[])(struct stimulus *) = {stimulus_fifth_harmonic, stimulus_quadriform,
                                                       stimulus_peaked};
    for (unsigned n = 0; n < 3u; n++) {
        struct stimulus stimulus;
        double low = 0.0, high = 0.0;
        stimulus_balanced(&stimulus, UDIN_V, 5.0, 0.0, 50.0);
        forms[n](&stimulus);
        measure(b, &stimulus, &low, &high);
        compare(b->u.part, stimulus.phase[0].u, large_pct, small_pct);
        compare(b->i.part, stimulus.phase[0].i, large_pct, small_pct);
    }
}

/** Residuals of 0 to 85 % over 2 to 25 cycles, from any angle: one dip or interruption each. */
static void dips(struct bench *b, uint64_t seed, double *rest_pct, double *cycles, unsigned *missed)
{
    static const double rests[] = {0.0, 0.05, 0.4, 0.7, 0.85}, lengths[] = {2.0, 5.0, 25.0};
    listen(b, b->gain * 8388608.0 / FRONT_END_FULL_SCALE_V);
    for (unsigned n = 0; n < 15u; n++) {
        struct stimulus stimulus;
        struct quality_record record;
        double low = 0.0, high = 0.0, rest = rests[n % 5u], length = lengths[n / 5u];
        const double at_s = 2.5 + (double)((seed * 15u + n) * 37u % 360u) / 360.0 * 0.02;
        unsigned found = 0;
        stimulus_balanced(&stimulus, UDIN_V, 5.0, 0.0, 50.0);
        (void)stimulus_dip(&stimulus, 1, at_s, length * 0.02, rest);
        measure(b, &stimulus, &low, &high);
        for (unsigned k = 0; k < 60u; k++) { /* it is told some time after its end */
            feed(b, &low, &high);
        }
        while (quality_take(&b->quality, &record)) {
            if (record.kind == QUALITY_DIP || record.kind == QUALITY_INTERRUPTION) {
                found++;
                *rest_pct = worse(*rest_pct, (record.extreme_mv / 1e3 / UDIN_V - rest) * 100.0);
                *cycles = worse(*cycles, record.duration_ms / 20.0 - length);
            }
        }
        *missed += found == 1u ? 0 : 1u;
    }
}

/** u2 and u0 of meters whose gains are taken out and whose sample clocks are not, from the
 * measuring bus's angles, against the definition. */
static bool unbalance(uint64_t seed, double late_us, double *u2_pct, double *u0_pct)
{
    static const double volts[] = {230.0, 225.0, 238.0}, degrees[] = {0.0, -118.5, 120.5};
    const struct front_end_options options = {.effects = FRONT_END_PHYSICAL, .systems = 3};
    struct desk_meter *meter = desk_meter_new(seed, &options);
    struct quality_config config;
    struct quality quality;
    struct desk_reading reading;
    struct stimulus stimulus;
    struct legal_instant instant;
    int32_t angle_mdeg[QUALITY_SYSTEMS];
    double re[3] = {0.0}, im[3] = {0.0}, gain_v[LEGAL_SYSTEMS];
    if (meter == NULL) {
        return false;
    }
    meter->late_us = late_us;
    quality_defaults(&config);
    quality_start(&quality, &config, 3, false);
    stimulus_balanced(&stimulus, UDIN_V, 5.0, 0.0, 50.0);
    desk_meter_measure(meter, &stimulus, SETTLE_S, &reading);
    for (unsigned k = 0; k < 3u; k++) {
        stimulus.phase[k].voltage_v = volts[k];
        stimulus.phase[k].voltage_deg = degrees[k];
        for (unsigned n = 0; n < 3u; n++) {
            const double angle = (degrees[k] + 120.0 * k * n) / DEGREES;
            re[n] += volts[k] * cos(angle);
            im[n] += volts[k] * sin(angle);
        }
    }
    memcpy(gain_v, reading.voltage_v, sizeof gain_v);
    desk_meter_measure(meter, &stimulus, 3, &reading);
    legal_instant(&meter->legal, &instant);
    for (unsigned k = 0; k < 3u; k++) {
        quality.phase[k].voltage_mv =
            (uint32_t)(instant.phase[k].voltage_mv * UDIN_V / gain_v[k] + 0.5);
        angle_mdeg[k] = instant.phase[k].voltage_angle_mdeg;
    }
    quality_angles(&quality, angle_mdeg, true);
    const double positive = hypot(re[1], im[1]) / 100.0;
    *u2_pct = worse(*u2_pct, quality.u2_milli_pct / 1e3 - hypot(re[2], im[2]) / positive);
    *u0_pct = worse(*u0_pct, quality.u0_milli_pct / 1e3 - hypot(re[0], im[0]) / positive);
    desk_meter_free(meter);
    return true;
}

static void cost(void)
{
    static struct quality_sampler sampler;
    static int32_t v[8000];
    struct quality_report report;
    struct quality_spectrum spectrum;
    for (unsigned k = 0; k < 8000u; k++) {
        v[k] = (int32_t)(3.9e6 * sin(k * 0.039269908));
    }
    quality_sampler_start(&sampler, 1, &type_382);
    double spectra_s = 0.0;
    unsigned n_spectra = 0;
    const double start_s = now_s();
    for (uint32_t s = 0; s < 200u; s++) {
        for (uint32_t w = 0; w < 5u; w++) {
            quality_sampler_run(&sampler, (s * 5u + w) * 1600u * 26843546u, 26843546u,
                                v + w * 1600u, v + w * 1600u, 1600);
            quality_sampler_report(&sampler, 50000000, &report);
            const double before_s = now_s();
            n_spectra += quality_sampler_spectrum(&sampler, &spectrum) ? 1u : 0u;
            spectra_s += now_s() - before_s;
        }
    }
    const double took_s = now_s() - start_s - spectra_s;
    printf("%-52s %8.2f ns a sample, half cycles\n", "quality beside one measuring system",
           took_s / 200.0 / 8000.0 * 1e9);
    printf("%-52s %8.0f us a spectrum, %.1f a second\n", "", spectra_s / n_spectra * 1e6,
           n_spectra / 200.0);
}

int main(void)
{
    struct bench *b = calloc(1, sizeof *b);
    double rest_pct = 0.0, cycles = 0.0, u2_pct[2] = {0.0}, u0_pct[2] = {0.0};
    double form_pct = 0.0, form_small_pct = 0.0;
    unsigned missed = 0;
    double volt_pct = 0.0, mhz = 0.0, large_pct = 0.0, high_pct = 0.0, small_pct = 0.0;
    if (b == NULL) {
        return EXIT_FAILURE;
    }
    for (uint64_t seed = 1; seed <= METERS; seed++) {
        start(b, seed);
        voltages(b, &volt_pct, &mhz);
        harmonics(b, &large_pct, &high_pct, &small_pct);
        waveforms(b, &form_pct, &form_small_pct);
        dips(b, seed, &rest_pct, &cycles, &missed);
    }
    for (uint64_t seed = 1; seed <= WHOLE; seed++) {
        if (!unbalance(seed, 0.0, &u2_pct[0], &u0_pct[0]) ||
            !unbalance(seed, LATE_US, &u2_pct[1], &u0_pct[1])) {
            (void)fprintf(stderr, "bench_quality: no memory for meter %u\n", (unsigned)seed);
            free(b);
            return EXIT_FAILURE;
        }
    }
    printf(
        "quality, worst of %u front ends: U rms(1/2) %.3f %% Udin (class S 0.5), frequency %.1f "
        "mHz (50),\n  harmonics of 5 %%: %.2f %% of it to the 33rd, %.2f %% at the 39th (5), none: "
        "%.3f %% (0.15)\n",
        METERS, volt_pct, mhz, large_pct, high_pct, small_pct);
    printf(
        "  waveforms (5th, quadriform, peaked), orders of 3 %% and more: %.2f %% of it (5), below: "
        "%.3f %% (0.15)\n",
        form_pct, form_small_pct);
    printf(
        "  %u dips of 0 to 85 %%, 2 to 25 cycles: residual %.2f %% Udin (1), duration %.2f cycles "
        "(1), %u not told as one\n",
        METERS * 15u, rest_pct, cycles, missed);
    printf("  u2 of %u meters, clocks not calibrated, after a minute: %.3f %% (0.3), u0 %.3f %%; "
           "frames "
           "up to %.0f us late: %.3f %%, u0 %.3f %%\n",
           WHOLE, u2_pct[0], u0_pct[0], LATE_US, u2_pct[1], u0_pct[1]);
    cost();
    free(b);
    return EXIT_SUCCESS;
}
