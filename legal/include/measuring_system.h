/**
 * One measuring system: the small processor beside each shunt.
 *
 * In a meter there are three (two in an Aron build, one in a 162M), galvanically separate; each
 * samples its own voltage and current and reports cumulative counters over the measuring bus.
 * It knows nothing of volts: all it reports is in ADC steps, the legal processor corrects and
 * scales.
 *
 * Two ways in, one way out: samples (measuring_system_samples) or a finished window
 * (measuring_system_window, from a phasor-level mains); both end in the same frames.
 *
 * Nominal scale (what an ideal front end delivers; each meter's true one is a calibration
 * constant): voltage 700 V peak  = 2^23 steps,  current 250 A peak = 2^23 steps,  8000 samples a
 * second. Source: MET-01..05, spec metrology section 3; frame layout in docs/spec/measuring-bus.md.
 */
#ifndef OPEN382_MEASURING_SYSTEM_H
#define OPEN382_MEASURING_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEASURING_SAMPLE_RATE_HZ     8000u
#define MEASURING_FULL_SCALE_LSB     (1 << 23)           /**< ADC codes run -2^23 .. 2^23 - 1 */
#define MEASURING_FULL_SCALE_UV      UINT64_C(700000000) /**< 700 V peak, nominal */
#define MEASURING_FULL_SCALE_UA      UINT64_C(250000000) /**< 250 A peak, nominal */
#define MEASURING_WINDOW_SAMPLES_MAX 16000u              /**< two seconds: sums stay below 2^60 */
#define MEASURING_FIR_TAPS           8u
/** sizes of the taps may add up to this: more could overflow the sums */
#define MEASURING_FIR_SIZE_MAX_Q28 (INT64_C(3) << 28)
#define MEASURING_FRAME_BYTES_MAX  128u
/** phasors carry this many fractional bits: one ADC step = 64 */
#define MEASURING_PHASOR_FRACTION_BITS 6u

/** Constants of one system, given by the legal processor at start (device-specific, sealed). */
struct measuring_setup {
    uint8_t system;                              /**< 1 .. 3 */
    uint8_t current_delay_samples;               /**< 0 .. 7, matches the voltage FIR's centre */
    int32_t voltage_fir_q28[MEASURING_FIR_TAPS]; /**< delay match and droop; unity: tap 3 = 2^28 */
};

/** Neutral constants: no delay, no droop: tap 3 is one, the current waits three samples. */
void measuring_setup_neutral(struct measuring_setup *setup, uint8_t system);

/**
 * One finished window, the meeting point of both ways in.  All in ADC steps.
 * DC is already removed from the sums of products.
 */
struct measuring_window {
    uint32_t samples;    /**< 1 .. MEASURING_WINDOW_SAMPLES_MAX */
    int64_t active_lsb2; /**< sum of v*i, all harmonics; positive = import */
    int64_t
        reactive_lsb2; /**< samples * 1/2 * Im(V1 * conj(I1)); positive = current lags (Q1, Q2) */
    uint64_t voltage_lsb2; /**< sum of v*v */
    uint64_t current_lsb2; /**< sum of i*i */
    /** Fundamental peak phasors, 1/64 step; the argument is the phase reached at the window's end
     *  (v(t) = Re(V1 * exp(j*2*pi*f*(t - t_end)))). */
    int32_t v1_re, v1_im, i1_re, i1_im;
    uint32_t frequency_uhz; /**< of the voltage; 0 = no voltage to measure it on */
    int16_t temperature_cc; /**< of the system's own sensor, 1/100 degree Celsius */
};

/** A measuring system is a value; its inside is private (legal/signal). 8-byte aligned. */
struct measuring_system {
    uint64_t opaque[160];
};

/**
 * Power-up: counters at zero, sequence 0.
 *
 * Constants out of range (delay above 7, sizes of the taps adding up to more than 3) are not used:
 * the system works with neutral ones and says so in every frame (BUS_FLAG_REFUSED).
 *
 * @param epoch  must differ from the one of the run before; the legal processor sees by it that
 *               the counters began again at zero.
 */
void measuring_system_start(struct measuring_system *system, const struct measuring_setup *setup,
                            uint16_t epoch);

/**
 * Feed one pair of ADC codes, one sample period after the last pair.
 *
 * Codes beyond the ADC's range are held to it.  The frequency is found within three windows of any
 * start (42 .. 69 Hz); active energy does not wait for it, reactive energy is booked when it is
 * found.  Direct current is no part of energy, nor of the rms values.
 *
 * @return true when this sample closed a window: fetch the frame before the next sample.
 *         A window is 10 cycles at 50 Hz or 12 at 60 Hz: about 200 ms; without voltage it is 1600
 *         samples.
 */
bool measuring_system_sample(struct measuring_system *system, int32_t v_lsb, int32_t i_lsb);

/**
 * The same for a run of samples: stops after the sample that closes a window.
 * @return number of samples consumed (n when no window closed); *closed tells whether one did.
 */
size_t measuring_system_samples(struct measuring_system *system, const int32_t *v_lsb,
                                const int32_t *i_lsb, size_t n, bool *closed);

/** Feed one whole window (phasor level); closes a frame.  Out-of-range windows are clamped. */
void measuring_system_window(struct measuring_system *system,
                             const struct measuring_window *window);

/** The board's sensor of this system, 1/100 degree Celsius; carried in the next frames. */
void measuring_system_temperature(struct measuring_system *system, int16_t temperature_cc);

/**
 * Where the oscillator stands that follows the voltage: at the sample to come.  Read only; half
 * cycles of the voltage quality are counted by it.
 * @param phase  2^-32 turns
 * @param step   2^-32 turns a sample: its frequency is step * 8000 Hz / 2^32
 */
void measuring_system_oscillator(const struct measuring_system *system, uint32_t *phase,
                                 uint32_t *step);

/** Frequency of the window closed last, uHz; 0: no voltage to measure it on. */
uint32_t measuring_system_frequency_uhz(const struct measuring_system *system);

/**
 * Write the frame of the window closed last.
 * @param frame  at least MEASURING_FRAME_BYTES_MAX bytes
 * @return length of the frame.
 */
size_t measuring_system_frame(const struct measuring_system *system, uint8_t *frame);

#endif
