/**
 * The quality part of a measuring system: half-cycle voltages and harmonics from ADC codes.
 *
 * It runs beside the energy path and only reads: the measuring system tells where its oscillator
 * stands (measuring_system_oscillator), so that half cycles are those of the tracked frequency and
 * not of noisy zero crossings.  About ten instructions a sample; the harmonics of one channel are
 * worked out once a second, voltage and current in turn (class S allows the gaps).
 */
#ifndef OPEN382_QUALITY_SAMPLER_H
#define OPEN382_QUALITY_SAMPLER_H

#include <stddef.h>

#include "measuring_system.h"
#include "quality_report.h"

#define QUALITY_CAPTURE_MAX                                                                        \
    2048u /**< 10 cycles at 42 Hz, 12 at 55 Hz, and what a part sample adds */

/** What stands before the codes and takes from the upper harmonics: constants of the meter's type.
 */
struct quality_front_end {
    uint8_t
        decimation; /**< of the converter's sinc filter of the third order (16: 128 kHz); 0: none */
    uint16_t rc_ns[QUALITY_CHANNELS]; /**< anti-alias filters, first order; 0: none */
};

struct quality_sampler {
    uint8_t system;
    struct quality_front_end front_end;
    /* half cycles; lengths in samples * 2^16 */
    uint32_t phase, step, target;  /**< 2^-32 turns; a half cycle ends at the target */
    uint64_t half_sum, before_sum; /**< squares of the half cycle under way, of the one before */
    uint32_t half_q16, before_q16;
    uint8_t n_known; /**< half cycles behind us since start: two make a cycle */
    uint8_t n_halves;
    uint32_t taken;      /**< samples in this stretch */
    uint64_t window_sum; /**< of squares / 2^8 */
    struct {
        uint32_t rms_q8, at;
    } half[QUALITY_HALVES_MAX];
    /* harmonics */
    uint8_t channel, halves_left, wait;
    bool capturing, captured;
    uint32_t start_q16, end_q16; /**< share of the first and of the last sample */
    uint32_t n_captured, n_cycles;
    int32_t capture[QUALITY_CAPTURE_MAX];
};

/** @param front_end  taken out of the harmonics again; NULL: codes without filters */
void quality_sampler_start(struct quality_sampler *sampler, uint8_t system,
                           const struct quality_front_end *front_end);

/**
 * The next n pairs of codes.
 * @param phase, step  where the oscillator stands at the first of them
 * (measuring_system_oscillator)
 */
void quality_sampler_run(struct quality_sampler *sampler, uint32_t phase, uint32_t step,
                         const int32_t *v_lsb, const int32_t *i_lsb, size_t n);

/** End of a stretch (the measuring system closed a window): what was seen in it.
 *  @param frequency_uhz  0: no voltage */
void quality_sampler_report(struct quality_sampler *sampler, uint32_t frequency_uhz,
                            struct quality_report *out);

/** Harmonics, when a capture is complete.  @return false: not now. */
bool quality_sampler_spectrum(struct quality_sampler *sampler, struct quality_spectrum *out);

#endif
