/**
 * The analysis logger: up to 16 values of the register table, at the end of each of its own
 * intervals.
 *
 * Records carry the stamp and the status words that all data loggers have (load_profile.h names
 * their bits).  Instants are aligned to the clock, in UTC.  Other values or another interval delete
 * the records; numbers go on.
 * Source: ANA-01..05, X-ANA-1, X-ANA-2, spec answers B10.1 and B10.5.
 */
#ifndef OPEN382_ANALYSIS_H
#define OPEN382_ANALYSIS_H

#include "../load_profile/load_profile.h"
#include "analysis_mean.h"
#include "analysis_setup.h"

/** How often the instantaneous values are looked at; working them out costs a third of all the rest
 * of a window, so less often while nothing is recorded. */
#define ANALYSIS_SAMPLE_US      INT64_C(1000000)
#define ANALYSIS_IDLE_SAMPLE_US INT64_C(60000000)

struct analysis {
    bool fitted;
    bool lost;                     /**< the set-up in memory could not be read: nothing is stored */
    struct analysis_stored stored; /**< in force */
    struct analysis_setup staged;  /**< what a client is writing: see analysis_take */
    uint8_t refusal;               /**< enum analysis_refusal of the last set-up that was offered */
    struct analysis_ring ring;
    uint16_t layout;  /**< of the set-up in force */
    uint32_t depth;   /**< records that are shown */
    bool samples;     /**< it is on, and a value is of the whole interval: see ANALYSIS_SAMPLE_US */
    int64_t last_s;   /**< end of the last interval; INT64_MIN: none yet */
    uint16_t status;  /**< for the next record */
    uint16_t quality; /**< gathered in the interval under way */
    bool fault;       /**< a record could not be stored */
    struct analysis_means means;
    int64_t sampled_us; /**< now_us of the last sample, or of the supply's return */
};

/** What a step works with. */
struct analysis_parts {
    const struct board *board;
    int64_t utc_s;
    bool clock_valid;
    bool supplied; /**< false: the intervals that end now were without supply */
    /** A register now: false when it can't be read, *out is 0 then. */
    bool (*fetch)(const void *context, const struct register_def *def, struct analysis_number *out);
    const void *context;
};

/**
 * Take up where the memory ends.
 * @retval ANALYSIS_ERR_STORAGE  the memory could not be read: off until the next start
 */
enum analysis_err analysis_start(struct analysis *analysis, const struct board *board,
                                 const struct variant *variant);

/**
 * Record what is due.  Call at least once an interval, after the last sample of it.
 *
 * Missed intervals are filled, up to LOAD_PROFILE_FILL_MAX of them, when the clock is valid and the
 * log is not empty: registers as they stand, 0 for what would have been measured; else the next
 * record says LOAD_PROFILE_DISCONTINUITY.
 * @return UTC second of the next boundary; INT64_MAX: no logger.
 */
int64_t analysis_step(struct analysis *analysis, const struct analysis_parts *parts);

/** Something that marks the interval under way (enum load_profile_quality). */
void analysis_note(struct analysis *analysis, uint16_t quality);

/** The clock is about to be set from one UTC second to another. */
void analysis_clock_set(struct analysis *analysis, int64_t from_utc_s, int64_t to_utc_s);

/** The clock has lost its time in an outage: how long that was nobody knows. */
void analysis_clock_lost(struct analysis *analysis);

/** Supply is back after so long; the clock is right again. */
void analysis_outage(struct analysis *analysis, int64_t duration_s);

/**
 * Put a set-up in force from utc_s on; its first_id and since_s count for nothing.  Other values or
 * another interval delete the records.  Staged is the set-up in force afterwards.  Refused, nothing
 * changes, staged neither: who asks again because the answer was lost is refused again; refusal
 * says why.
 */
enum analysis_refusal analysis_take(struct analysis *analysis, const struct board *board,
                                    const struct variant *variant,
                                    const struct analysis_setup *wanted, int64_t utc_s);

/** Ids of the records: 0 when there are none. */
uint32_t analysis_newest(const struct analysis *analysis);
uint32_t analysis_oldest(const struct analysis *analysis);

/** Read one record by its id. */
enum analysis_err analysis_read(const struct analysis *analysis, const struct board *board,
                                uint32_t id, struct analysis_entry *entry);

/**
 * The place in time: up, the oldest record not before utc_s; down, the newest not after.  By
 * halving: stamps rise, but where the clock was set back.
 * @return its id; 0: none
 */
uint32_t analysis_at_time(const struct analysis *analysis, const struct board *board, int64_t utc_s,
                          bool up);

/** Store what clients have confirmed as read. */
enum analysis_err analysis_marks_save(struct analysis *analysis, const struct board *board,
                                      const struct event_mark *mark);

#endif
