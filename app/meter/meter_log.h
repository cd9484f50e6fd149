/**
 * What a meter notes of itself in its event logs: status, clock, load profile.
 *
 * Payloads are specified in docs/spec/app-storage.md.  Source: EVT-04, EVT-06, EVT-09, EVT-12,
 * TAR-14, X-EVT-1, X-EVT-4, X-LPR-2, spec answers B7 and B11.
 */
#ifndef OPEN382_METER_LOG_H
#define OPEN382_METER_LOG_H

#include "meter.h"

/** Smaller changes of the clock are no event (spec answers B7). */
#define METER_CLOCK_STEP_S 7

/** Codes of the clock log: bits, of which 1 and 4 (no change) are the makers' (X-EVT-4). */
enum meter_clock_event {
    METER_CLOCK_SET = 1,
    METER_CLOCK_LOST = 2,      /**< it had stopped when supply came back: its time is not valid */
    METER_CLOCK_CORRECTED = 8, /**< small corrections since the last entry sum up to a step */
};

/** Codes of the load-profile log (spec answers B11, 99.98.10). */
enum meter_profile_event {
    METER_PROFILE_REGISTERS = 2, /**< deleted because other registers are recorded */
    METER_PROFILE_INTERVAL = 5,  /**< deleted because the interval changed */
};

/**
 * Does this variant have that log?  Others can't be read on any channel, and raise no flag
 * (VAR-08). All: status (EVT-01), debiting, audit, firmware.  M: clock, second debiting.  M and B
 * to E: voltage. Where fitted: disconnect, neutral, load profile.
 */
bool meter_log_exists(const struct meter *meter, enum event_log_name log);

/** Take up what the status log knows, so that a cause which outlasts a restart is noted once; each
 * reset is noted anew. */
void meter_log_start(struct meter *meter);

/**
 * Status, or the tamper word, changed since it was logged last?  The code is what has come: the low
 * byte see enum meter_status_bit, the high byte of the tamper word.
 */
void meter_log_status(struct meter *meter);

/** An act (bit of the tamper word) that came without supply, at utc_s (0: not known, now). */
void meter_log_asleep(struct meter *meter, uint16_t act, int64_t utc_s);

/** The clock has been set; before_s is what it said. */
void meter_log_clock_set(struct meter *meter, int64_t before_s, bool before_valid);

/** The clock has lost its time; before_s is the last that is known. */
void meter_log_clock_lost(struct meter *meter, int64_t before_s);

/** Corrections, each too small for an entry, have come to so much. */
void meter_log_clock_corrected(struct meter *meter, int64_t sum_s);

/** The load profile's records have been deleted. */
void meter_log_profile_deleted(struct meter *meter);

#endif
