/**
 * One measuring system as the legal processor sees it: counters to corrected energies.
 *
 * Energies are differences of cumulative counters, so a lost frame costs nothing.  Correction is
 * per system (MET-05): gain, and an offset that follows U^2 (crosstalk, spec metrology 3.2).
 */
#ifndef OPEN382_LEGAL_SYSTEM_H
#define OPEN382_LEGAL_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

#include "bus/bus_frame.h"
#include "energy/no_load.h"
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

/** The counters of a frame, modulo 2^64. */
struct system_counters {
    uint64_t active, reactive, voltage, current;
    uint64_t samples;
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
    uint64_t window_samples, window_voltage;
    struct wide active_energy, reactive_energy;
    /* what crosstalk has left below one counter step, 2^-40 steps */
    uint64_t active_rest_q40, reactive_rest_q40;

    struct no_load active_load, reactive_load;

    /* for instantaneous values */
    struct system_sums sums; /**< of the second under way */
    struct system_sums last; /**< of the last full second */
    int64_t frame_us;        /**< when the last frame came */
    bool voltage_present;    /**< last window was above 160 V */
    int16_t temperature_cc;
    int32_t v1_re, v1_im, i1_re, i1_im;
    uint32_t frequency_uhz;
};

/** What became of a frame. */
enum system_result { SYSTEM_TAKEN, SYSTEM_REPEATED, SYSTEM_IMPLAUSIBLE };

void system_calibrate(struct system *system, const struct legal_constants *constants);

/** Take a frame.  *lost grows by the frames missing before it. */
enum system_result system_take(struct system *system, const struct bus_frame *frame, int64_t now_us,
                               uint32_t *lost);

/** The energies since the last booking have been booked or are to be forgotten. */
void system_booked(struct system *system);

/** Corrected energy of some sums, for display (the registers use system_take's exact path). */
struct wide system_active(const struct system *system, const struct system_sums *sums);
struct wide system_reactive(const struct system *system, const struct system_sums *sums);

#endif
