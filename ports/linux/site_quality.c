#include "site_quality.h"

#include <math.h>
#include <string.h>

#define FRACTION 256.0 /* ADC steps of a report */

static uint32_t steps_q8(double lsb)
{
    const double value = lsb * FRACTION + 0.5;
    return value >= 4294967295.0 ? UINT32_MAX : (uint32_t)value;
}

static void report_fill(const struct mains_stretch *stretch, int64_t at_us,
                        struct quality_report *report)
{
    report->steady = stretch->steady;
    report->frequency_uhz = (uint32_t)(stretch->frequency_hz * 1e6 + 0.5);
    report->rms_q8 = steps_q8(stretch->rms_lsb);
    report->n_halves = (uint8_t)stretch->n_halves;
    for (unsigned i = 0; i < stretch->n_halves; i++) {
        const double age_us = (double)at_us - stretch->half[i].at_us;
        report->half[i].rms_q8 = steps_q8(stretch->half[i].rms_lsb);
        report->half[i].age_samples = age_us > 0.0 ? (uint32_t)(age_us / SITE_SAMPLE_US + 0.5) : 0;
    }
}

static void spectrum_send(struct site *site, unsigned s, enum quality_channel channel,
                          const double share[LAB_HARMONICS_MAX + 1], bool valid)
{
    struct quality_spectrum spectrum = {
        .system = (uint8_t)(s + 1u), .channel = (uint8_t)channel, .valid = valid};
    double squares = 0.0;
    for (unsigned order = 2; order <= QUALITY_ORDERS; order++) {
        const double part = fmin(share[order] * 1e4 + 0.5, UINT16_MAX);
        spectrum.part[order] = (uint16_t)part;
        squares += share[order] * share[order];
    }
    spectrum.thd = (uint16_t)fmin(sqrt(squares) * 1e4 + 0.5, UINT16_MAX);
    meter_quality_spectrum(&site->meter, &spectrum);
}

/* The state changed: its harmonics hold until the next change. */
static void spectra_send(struct site *site)
{
    const unsigned kind = mains_spectrum_kind(site->mains);
    if (kind == site->spectrum_kind && (kind & MAINS_DISTORTED) == 0) {
        return;
    }
    site->spectrum_kind = kind;
    for (unsigned s = 0; s < site->systems; s++) {
        struct mains_spectrum spectrum;
        mains_spectrum(site->mains, s, &spectrum);
        spectrum_send(site, s, QUALITY_VOLTAGE, spectrum.u, spectrum.voltage);
        spectrum_send(site, s, QUALITY_CURRENT, spectrum.i, spectrum.current);
    }
}

void site_quality_window(struct site *site, uint32_t n_samples, int64_t at_us)
{
    struct mains_stretch stretch[LAB_PHASES];
    const int64_t end_us = site->sample * SITE_SAMPLE_US + (int64_t)n_samples * SITE_SAMPLE_US;
    const bool changed = mains_halves(site->mains, end_us, stretch);
    for (unsigned s = 0; s < site->systems; s++) {
        struct quality_report *report = &site->report[s];
        report->system = (uint8_t)(s + 1u);
        report->samples = n_samples;
        if (changed) {
            report_fill(&stretch[s], end_us, report);
        }
        meter_quality_receive(&site->meter, report, at_us);
    }
    if (changed) {
        spectra_send(site);
    }
}

void site_quality_closed(struct site *site, unsigned system, int64_t at_us)
{
    struct quality_report report;
    struct quality_spectrum spectrum;
    quality_sampler_report(&site->sampler[system],
                           measuring_system_frequency_uhz(&site->system[system]), &report);
    meter_quality_receive(&site->meter, &report, at_us);
    if (quality_sampler_spectrum(&site->sampler[system], &spectrum)) {
        meter_quality_spectrum(&site->meter, &spectrum);
    }
}
