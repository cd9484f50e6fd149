/**
 * What the quality part of a measuring system tells the application, beside the measuring bus.
 *
 * It is no energy and no legal data: it takes a way of its own, so that the legal receiver sees
 * nothing of it.  Voltages are in ADC steps, as on the measuring bus; the application scales them
 * with the system's voltage gain.  Source: spec metrology 1.4 and 3.7 (IEC 61000-4-30 class S).
 */
#ifndef OPEN382_QUALITY_REPORT_H
#define OPEN382_QUALITY_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#define QUALITY_HALVES_MAX 48u /**< in one report: more than 300 ms at 69 Hz */
#define QUALITY_ORDERS     40u

/** U rms(1/2): over one cycle, refreshed each half cycle. */
struct quality_half {
    uint32_t rms_q8;      /**< ADC steps, 2^8 = one */
    uint32_t age_samples; /**< the cycle ended so long before the report's end */
};

/** One stretch of one voltage; stretches of a system follow each other without a gap. */
struct quality_report {
    uint8_t system;         /**< 1 .. 3 */
    bool steady;            /**< after the halves listed, all others of the stretch are rms_q8 */
    uint8_t n_halves;       /**< listed, oldest first; 0 in a steady stretch */
    uint32_t samples;       /**< length of the stretch, 1/8000 s each; not 0 */
    uint32_t rms_q8;        /**< over the stretch; ADC steps, 2^8 = one */
    uint32_t frequency_uhz; /**< 0: no voltage to measure it on */
    struct quality_half half[QUALITY_HALVES_MAX];
};

enum quality_channel { QUALITY_VOLTAGE, QUALITY_CURRENT, QUALITY_CHANNELS };

/** Harmonics of one channel over 10 cycles (12 at 60 Hz), in 1/10000 of the fundamental. */
struct quality_spectrum {
    uint8_t system;  /**< 1 .. 3 */
    uint8_t channel; /**< enum quality_channel */
    bool valid;      /**< false: no fundamental to compare with */
    uint16_t thd;    /**< root of the sum of squares of orders 2 .. 40, held to 65535 */
    uint16_t part[QUALITY_ORDERS + 1]; /**< orders 2 .. 40 */
};

#endif
