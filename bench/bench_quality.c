/**
 * Voltage quality over seeded front ends: worst errors against the definition of the signal, with
 * the limits of IEC 61000-4-30 class S beside them, and what it costs.
 *
 * Each meter's voltage gain is taken out by one measurement at 230 V, as calibration does it; what
 * is left - noise, droop, distortion of the converter, clock - shows.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "app/quality/quality_sampler.h"
#include "lab/front_end.h"

#define METERS 50u
#define BLOCK  160u
#define UDIN_V 230.0

struct bench {
    struct front_end front_end;
    struct measuring_system system;
    struct quality_sampler sampler;
    struct quality_report report;
    struct quality_spectrum u, i;
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

static void start(struct bench *b, uint64_t seed)
{
    const struct front_end_options options = {.effects = FRONT_END_PHYSICAL, .systems = 1};
    struct measuring_setup setup;
    struct stimulus stimulus;
    double low = 0.0, high = 0.0;
    front_end_start(&b->front_end, seed, &options);
    measuring_setup_neutral(&setup, 1);
    measuring_system_start(&b->system, &setup, 1);
    quality_sampler_start(&b->sampler, 1, 16);
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

static void cost(void)
{
    static struct quality_sampler sampler;
    static int32_t v[8000];
    struct quality_report report;
    struct quality_spectrum spectrum;
    for (unsigned k = 0; k < 8000u; k++) {
        v[k] = (int32_t)(3.9e6 * sin(k * 0.039269908));
    }
    quality_sampler_start(&sampler, 1, 16);
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
    struct bench *b = malloc(sizeof *b);
    double volt_pct = 0.0, mhz = 0.0, large_pct = 0.0, high_pct = 0.0, small_pct = 0.0;
    if (b == NULL) {
        return EXIT_FAILURE;
    }
    for (uint64_t seed = 1; seed <= METERS; seed++) {
        start(b, seed);
        voltages(b, &volt_pct, &mhz);
        harmonics(b, &large_pct, &high_pct, &small_pct);
    }
    printf(
        "quality, worst of %u front ends: U rms(1/2) %.3f %% Udin (class S 0.5), frequency %.1f "
        "mHz (50),\n  harmonics of 5 %%: %.2f %% of it to the 33rd, %.2f %% at the 39th (5), none: "
        "%.3f %% (0.15)\n",
        METERS, volt_pct, mhz, large_pct, high_pct, small_pct);
    cost();
    free(b);
    return EXIT_SUCCESS;
}
