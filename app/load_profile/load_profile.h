/**
 * The load profile: when a record is due, and what its status words say.
 *
 * The records themselves and the energies in them are the legal part's (legal_profile_*); this says
 * at which instants it records, fills gaps, and notes what happened in an interval.  Intervals are
 * the integration period, aligned to the clock; stamps are UTC.
 * Source: LPR-01..08, X-LPR-1..3, spec answers B10.1, B10.2.
 */
#ifndef OPEN382_LOAD_PROFILE_H
#define OPEN382_LOAD_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "../variant/variant.h"
#include "legal_api.h"

/** Logger status, bit numbers of spec answers B10.1 (96.56.2). */
enum load_profile_status {
    LOAD_PROFILE_RECORD_LOST = 1 << 3,   /**< the record can't be read: set when it is asked for */
    LOAD_PROFILE_DISCONTINUITY = 1 << 6, /**< a gap before this record was not filled */
    LOAD_PROFILE_RECONFIGURED = 1 << 7,
    LOAD_PROFILE_INTERVAL_CHANGED = 1 << 8,
    LOAD_PROFILE_NUMBERS_END = 1 << 9,
};

/** Data quality of an interval, bit numbers of spec answers B10.1 (96.56.3). */
enum load_profile_quality {
    LOAD_PROFILE_CLOCK_7_S = 1 << 0, /**< the clock was set by 7 to 15 s */
    LOAD_PROFILE_CLOCK_15_S = 1 << 1,
    LOAD_PROFILE_CLOCK_30_S = 1 << 2,
    LOAD_PROFILE_CLOCK_60_S = 1 << 3, /**< by more than 60 s */
    LOAD_PROFILE_CLOCK_FORWARD = 1 << 4,
    LOAD_PROFILE_CLOCK_BACK = 1 << 5,
    LOAD_PROFILE_PARAMETER_ERROR = 1 << 6,
    LOAD_PROFILE_OVERVOLTAGE = 1 << 7,
    LOAD_PROFILE_UNDERVOLTAGE = 1 << 8,
    LOAD_PROFILE_NEUTRAL_ERROR = 1 << 9,
    LOAD_PROFILE_OUTAGE = 1 << 10, /**< supply was missing for longer than 180 s */
};

/** Status of the stamp; bits as COSEM has them in a date-time. */
#define LOAD_PROFILE_CLOCK_INVALID 0x01u

/** A longer gap is not filled (spec answers B10.1: 3024 records are a week and a half at 5 min). */
#define LOAD_PROFILE_FILL_MAX 3024u

/** An outage as long as this marks its intervals (spec answers B10.1; default of the successor). */
#define LOAD_PROFILE_OUTAGE_S 180

struct load_profile {
    bool fitted;
    uint8_t interval_min;
    int64_t last_s;   /**< end of the interval recorded last; INT64_MIN: none */
    uint16_t status;  /**< for the next record */
    uint16_t quality; /**< gathered in the interval under way */
    bool fault;       /**< a record could not be stored */
};

/**
 * Take up where the memory ends.  Another interval than the memory's, or other energies, delete the
 * records (LPR-08).
 * @param memory_bytes  of the logger memory that is the load profile's
 * @return whether records were deleted: to be logged
 */
bool load_profile_start(struct load_profile *profile, struct legal *legal,
                        const struct variant *variant, uint32_t memory_bytes);

/**
 * Record what is due.  Call at least once per boundary, after the energy of the time before it was
 * registered and before any energy after it is.
 *
 * Missed boundaries (no supply) are filled with records of the registers as they stand, up to
 * LOAD_PROFILE_FILL_MAX of them, when the clock is valid and the log is not empty; else the next
 * record says LOAD_PROFILE_DISCONTINUITY.
 * @return UTC second of the next boundary; INT64_MAX: no load profile.
 */
int64_t load_profile_step(struct load_profile *profile, struct legal *legal, int64_t utc_s,
                          bool clock_valid);

/** Show as many records as fit into so many bytes of the logger memory from now on. */
void load_profile_share(struct load_profile *profile, struct legal *legal,
                        const struct variant *variant, uint32_t memory_bytes);

/** The boundary of an interval that is not after utc_s. */
int64_t load_profile_boundary(uint8_t interval_min, int64_t utc_s);

/** Quality bits of a clock that is set by so many seconds; 0 below 7. */
uint16_t load_profile_step_quality(int64_t step_s);

/** Something that marks the interval under way (enum load_profile_quality). */
void load_profile_note(struct load_profile *profile, uint16_t quality);

/** The clock is about to be set from one UTC second to another. */
void load_profile_clock_set(struct load_profile *profile, int64_t from_utc_s, int64_t to_utc_s);

/** The clock has lost its time in an outage: how long that was nobody knows. */
void load_profile_clock_lost(struct load_profile *profile);

/** Supply is back after so long; the clock is right again. */
void load_profile_outage(struct load_profile *profile, int64_t duration_s);

#endif
