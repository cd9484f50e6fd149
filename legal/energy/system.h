/**
 * One measuring system as the legal processor sees it: counters to corrected energies.
 *
 * Energies are differences of cumulative counters, so a lost frame costs nothing.  Correction is
 * per system (MET-05): a gain that follows temperature, and offsets that follow the own voltage
 * squared and the neighbours' voltages (crosstalk, spec metrology 3.2).  Both are applied once,
 * when the windows that ended together are booked; registers and instantaneous values come from
 * there.
 */
#ifndef OPEN382_LEGAL_SYSTEM_H
#define OPEN382_LEGAL_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

#include "bus/bus_frame.h"
#include "energy/drift.h"
#include "energy/no_load.h"
#include "energy/timing.h"
#include "energy/wide.h"
#include "legal_api.h"

#define SYSTEM_SAMPLE_US 125u
/** minimum voltage 160 V (X-MET-7, DIS-15) */
#define SYSTEM_VOLTAGE_MIN_MV UINT64_C(160000)

/** Differences of the counters over some windows. */
struct system_sums {
    int64_t active, reactive;
    uint64_t voltage, current;
    uint64_t samples;
};

/** A phasor; what a unit is, its owner says. */
struct system_phasor {
    int64_t re, im;
};

/** The counters of a frame, modulo 2^64. */
struct system_counters {
    uint64_t active, reactive, voltage, current;
    uint64_t samples;
};

/** An rms value that was worked out before, and of what. */
struct system_rms {
    uint64_t squares, samples; /**< samples 0: of nothing */
    uint32_t gain, value;
};

/** All since the start, modulo 2^64, as booked: differences of it are exact means. */
struct system_total {
    struct wide active, reactive;
    uint64_t samples, voltage, current;
};

struct system {
    struct legal_constants constants;
    uint64_t voltage_min; /**< voltage counter per sample at 160 V */

    /* the frame received last, of those that can be believed */
    bool known;
    uint16_t epoch;
    bool epoch_contained; /**< counters of that epoch are (partly) in the stored registers */
    uint16_t sequence;
    struct system_counters counters;
    /* the last that could not; believed when another one bears it out */
    bool doubted;
    uint16_t doubted_epoch;
    struct system_counters doubtful;

    /* since the last booking */
    bool reported;
    struct system_sums window;                  /**< as the frame had it */
    struct wide active_energy, reactive_energy; /**< set by system_correct */
    /* what crosstalk has left below one counter step, 2^-40 and 2^-23 steps */
    uint64_t active_rest_q40, reactive_rest_q40;
    uint64_t active_rest_q23, reactive_rest_q23;

    struct shunt_heat heat;
    bool compensated;    /**< a constant is set that power_gain or the counter steps depend on */
    uint32_t power_gain; /**< at this temperature, with the heat */
    /* drifts at this temperature: worked out anew when it changes */
    int64_t power_drift_q40, voltage_drift_q40;

    struct timing timing; /**< when the last window ended */

    struct no_load active_load, reactive_load;

    /* for instantaneous values */
    struct system_sums sums; /**< of the second under way; active and reactive without crosstalk */
    struct system_sums last; /**< of the last full second */
    int64_t frame_us;        /**< when the last frame came */
    bool voltage_present;    /**< last window was above 160 V */
    int16_t temperature_cc;
    int32_t v1_re, v1_im, i1_re, i1_im;
    uint32_t frequency_uhz;
    /** the angle of a voltage phasor, 2^-32 turns, worked out before: most are asked for again */
    struct {
        int32_t re, im;
        uint32_t turns;
    } angle;
    /** and rms values: in a steady stretch the sums of a second are one of two neighbours, of which
     * one is even */
    struct system_rms voltage_rms[2], current_rms[2];

    struct system_total total;
    uint16_t n_unlocked, n_clipped; /**< windows */
    uint8_t flags;                  /**< BUS_FLAG_... of the last frame */
};

/** What became of a frame. */
enum system_result { SYSTEM_TAKEN, SYSTEM_REPEATED, SYSTEM_IMPLAUSIBLE };

void system_calibrate(struct system *system, const struct legal_constants *constants);

/** Take a frame.  *lost grows by the frames missing before it. */
enum system_result system_take(struct system *system, const struct bus_frame *frame, int64_t now_us,
                               uint32_t *lost);

/**
 * Correct what was taken since the last booking: sets active_energy and reactive_energy.
 * @param neighbours  current that their voltages add, 2^-16 ADC steps, at the end of the window
 */
void system_correct(struct system *system, struct system_phasor neighbours);

/** The energies since the last booking have been booked or are to be forgotten. */
void system_booked(struct system *system);

/** Gains of the rms values at the present temperature. */
uint32_t system_voltage_gain(const struct system *system);
uint32_t system_current_gain(const struct system *system);

#endif
