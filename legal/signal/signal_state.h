/**
 * The inside of a measuring system.  Private to legal/signal.
 *
 * Written for 32 x 32 -> 64 bit multiply-accumulate (Cortex-M4 SMLAL) and bit-exact everywhere:
 * integers only, no division per sample, nothing wider than 64 bits.
 */
#ifndef OPEN382_LEGAL_SIGNAL_STATE_H
#define OPEN382_LEGAL_SIGNAL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/bus_frame.h"
#include "measuring_system.h"
#include "signal/arithmetic.h"

#define SIGNAL_HISTORY (MEASURING_FIR_TAPS - 1u)
#define SIGNAL_CHUNK   64u /**< samples that the kernel takes at once */

/**
 * Sums over a window.  Widths: v after the filter < 2^25, i < 2^24, sine 2^20, window < 2^11
 * samples: the widest is v*v with 2^61.
 */
struct signal_sums {
    int64_t v, i, vv, ii, vi;
    int64_t v_cos, v_sin, i_cos, i_sin; /**< against the oscillator, 2^20 = one */
};

/** The oscillator that the phasors are measured against. */
struct signal_oscillator {
    uint32_t phase; /**< at the window's first sample, 2^-32 turns */
    uint32_t step;  /**< per sample; its frequency is step * 8000 Hz / 2^32 */
    int32_t cos_q30, sin_q30;
    int32_t step_cos_q30, step_sin_q30;
};

/** Offsets of the ADC channels, followed slowly. */
struct signal_offset {
    int64_t v_q16, i_q16;
    int32_t v_lsb, i_lsb; /**< what the kernel subtracts: the above, rounded */
    uint8_t n_updates;    /**< stops counting when the slowest gain is reached */
    /** sums of the windows before the offsets were known, corrected with the first steady one */
    int64_t owed_v, owed_i;
    uint32_t owed_samples;
};

/** How the oscillator is led: phasors of single cycles (coarse) and of the last window (fine). */
struct signal_tracking {
    int64_t before_cos, before_sin; /**< sums at the end of the cycle before */
    int32_t cycle_re, cycle_im;     /**< phasor of the cycle before */
    int64_t turn_re, turn_im;       /**< sum of cycle * conj(cycle before) */
    uint32_t fraction_q20;          /**< of a sample, carried into the next window */
    uint32_t last_angle;            /**< of the voltage phasor of the window before */
    uint32_t last_step, last_samples;
    int64_t last_measured; /**< step of the voltage, between the two windows before */
    bool last_valid, trend_valid;
};

struct signal_state {
    int32_t fir_q28[MEASURING_FIR_TAPS];
    uint8_t delay;
    uint8_t system;
    bool refused; /**< constants were out of range */
    bool clipped; /**< in this window */

    int32_t v_history[SIGNAL_HISTORY]; /**< raw codes, oldest first */
    int32_t i_history[SIGNAL_HISTORY];
    struct signal_offset offset;
    struct signal_oscillator oscillator;
    struct signal_sums sums;
    struct signal_tracking tracking;

    uint32_t window_samples; /**< planned length */
    uint32_t n_taken;        /**< of this window */
    uint32_t cycle_samples;
    uint32_t cycle_end; /**< n_taken at which the cycle ends */
    uint8_t n_cycles, cycle;

    uint64_t last_voltage_mean; /**< mean of v*v in the window before */
    uint32_t reactive_owed;     /**< samples before lock, booked with the first good phasors */
    uint16_t rest[4];           /**< of active, reactive, voltage, current: below 2^16 */
    int16_t temperature_cc;
    struct bus_frame frame; /**< counters, and the window closed last */
};

/** Take n <= SIGNAL_CHUNK pairs of codes, none beyond the end of the window. */
void signal_kernel(struct signal_state *state, const int32_t *v_lsb, const int32_t *i_lsb,
                   size_t n);

/** Turn the oscillator to where its phase says it is, exactly: rotations do not add up errors. */
void signal_oscillator_align(struct signal_oscillator *oscillator);

/** End of one cycle of the oscillator, the window's last included. */
void signal_cycle_close(struct signal_state *state);

/** End of a window of samples: *window says what was measured; the next window is planned. */
void signal_window_close(struct signal_state *state, struct measuring_window *window,
                         uint8_t *flags);

/** Plan the first window. */
void signal_window_first(struct signal_state *state);

#endif
