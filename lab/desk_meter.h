/**
 * A whole meter on the desk of a test bench: virtual front end, one to three measuring systems and
 * the legal processor with an emulated memory, at waveform level.
 *
 * Nothing crosses from the front end to the meter but codes and temperatures, and nothing comes
 * back but what a bench sees: pulse edges, and what the protective interface gives.  Time is the
 * true time of the front end; the meter's own sample clocks are as wrong as their seed has it.
 * Source: spec metrology 4.2 and 4.3.
 */
#ifndef OPEN382_LAB_DESK_METER_H
#define OPEN382_LAB_DESK_METER_H

#include "front_end.h"
#include "legal/include/legal_api.h"

#define DESK_METER_BLOCK     160u /**< samples that the front end makes at a time */
#define DESK_METER_ROUNDS_HZ 5u   /**< windows a second at 50 Hz */

/** Beginnings of pulses at the LED since desk_meter_pulses_clear. */
struct desk_pulses {
    uint64_t n;
    int64_t first_us, last_us; /**< true time; the energy between them is n - 1 pulses' */
};

/** What the meter says over a measurement, per system. */
struct desk_reading {
    double active_w[LEGAL_SYSTEMS], reactive_var[LEGAL_SYSTEMS]; /**< registers over true time */
    double instant_w[LEGAL_SYSTEMS],
        instant_var[LEGAL_SYSTEMS]; /**< means of the seconds' values */
    double voltage_v[LEGAL_SYSTEMS], current_a[LEGAL_SYSTEMS];
    double frequency_hz;
};

struct desk_meter {
    struct front_end front_end;
    struct measuring_system system[LEGAL_SYSTEMS];
    struct legal legal;
    uint8_t memory[LEGAL_MEMORY_BYTES]; /**< blank: all ones */
    bool seal_open;                     /**< true at first: a meter on a calibration desk */
    struct desk_pulses pulses;
    int64_t now_us;
    double window_s[LEGAL_SYSTEMS]; /**< true end of the window that each system reported last */
    double late_us; /**< each frame is received at random up to so much late; 0 at first */
    /* inside: codes at the block's end not yet taken */
    int32_t v[LEGAL_SYSTEMS][DESK_METER_BLOCK], i[LEGAL_SYSTEMS][DESK_METER_BLOCK];
    size_t n_left[LEGAL_SYSTEMS];
    uint64_t late_random;
};

/**
 * A new meter of this seed with a blank memory, powered up; two systems may be Aron, which sums by
 * vector, all others sum individually.
 * @return NULL: no memory, or options that a legal processor refuses.  Free with desk_meter_free.
 */
struct desk_meter *desk_meter_new(uint64_t seed, const struct front_end_options *options);
void desk_meter_free(struct desk_meter *meter);

/**
 * Power up with what the memory holds.  Called in the middle of metering it is a power cut without
 * warning: what was in no memory is gone, and so are codes not yet taken.
 */
enum legal_err desk_meter_power_up(struct desk_meter *meter);

/**
 * One window of each system, the one that lags first; the frames go to the legal processor in the
 * order in which the windows end.  A
 * system without voltage has windows of its own length, so that one of these may come twice.
 */
void desk_meter_round(struct desk_meter *meter);

/** Rounds until at least that many seconds have passed. */
void desk_meter_run(struct desk_meter *meter, double seconds);

/** Count pulses from here on. */
void desk_meter_pulses_clear(struct desk_meter *meter);

/** Import less export of one system since the memory was blank, joules (var seconds). */
double desk_meter_active_j(const struct desk_meter *meter, unsigned system);
double desk_meter_reactive_j(const struct desk_meter *meter, unsigned system);

/** Connect a signal, wait ten rounds, and read over that many seconds of five rounds each. */
void desk_meter_measure(struct desk_meter *meter, const struct stimulus *stimulus, unsigned seconds,
                        struct desk_reading *out);

#endif
