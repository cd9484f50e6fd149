/**
 * The set-up of the analysis logger: which values, how often, on or off; and where it is stored.
 *
 * Values are registers of the table with loggable set, named by their KMP ids.  As delivered the
 * set-up is stored but off.
 * Source: ANA-01..05, X-ANA-1, spec answers B10.5, requirements part 2.4.
 */
#ifndef OPEN382_ANALYSIS_SETUP_H
#define OPEN382_ANALYSIS_SETUP_H

#include "../log/event_marks.h"
#include "../registers/register_table.h"
#include "analysis_ring.h"

#define ANALYSIS_SETUP_FIRST_PAGE 2048u /**< two pages, written in turn */

/** How a value comes about; what is left of it in an interval without supply. */
enum analysis_kind {
    ANALYSIS_AS_IT_STANDS, /**< counters, peaks, states: as they stand at the interval's end */
    ANALYSIS_INSTANT,      /**< measured then; without supply 0 */
    ANALYSIS_MEAN,         /**< of the interval */
    ANALYSIS_LOWEST,       /**< one-second value of the interval */
    ANALYSIS_HIGHEST,
};

struct analysis_setup {
    bool on;
    uint8_t interval_min;
    uint8_t n_values;
    uint16_t value[ANALYSIS_VALUES]; /**< KMP ids; 0 beyond n_values */
    uint32_t profile_records; /**< load-profile records kept beside it while it is on; L: 0 */
    uint32_t first_id;        /**< of the first record with these values and this interval */
    int64_t since_s;          /**< UTC second when it was switched on; 0: never */
};

/** Why a set-up is refused.  The numbers are those of register F304. */
enum analysis_refusal {
    ANALYSIS_TAKEN = 0,
    ANALYSIS_REFUSED_INTERVAL = 1, /**< not 5, 15, 30 or 60 minutes */
    ANALYSIS_REFUSED_EMPTY = 2,    /**< no value */
    ANALYSIS_REFUSED_VALUE = 3,    /**< not loggable, or this meter does not have it */
    ANALYSIS_REFUSED_TWICE = 4,    /**< a value stands in the list twice */
    ANALYSIS_REFUSED_DEPTH = 5,    /**< less than two and a half days */
    ANALYSIS_REFUSED_STORAGE = 6,  /**< the memory failed */
    ANALYSIS_REFUSED_FITTED = 7,   /**< this meter has no analysis logger */
    ANALYSIS_REFUSED_PROFILE = 8,  /**< an M without a load profile beside it */
};

/** @return the kind of a loggable register. */
enum analysis_kind analysis_kind(const struct register_def *def);

/** As delivered (X-ANA-1): 15 minutes, powers by energy type, means of voltages and currents. */
void analysis_setup_default(const struct variant *variant, struct analysis_setup *setup);

/** Would the meter take it? */
enum analysis_refusal analysis_setup_check(const struct variant *variant,
                                           const struct analysis_setup *setup);

/** Records that it holds. */
uint32_t analysis_setup_depth(const struct variant *variant, const struct analysis_setup *setup);

/** Check over values and interval: records of another are not shown. */
uint16_t analysis_layout(const struct analysis_setup *setup);

/** What is stored: the set-up, and what clients have read of the records. */
struct analysis_stored {
    uint32_t sequence; /**< of the record; 0: none */
    struct analysis_setup setup;
    struct event_mark mark;
};

/**
 * The newest good record of the two; sequence 0 when there is none.
 * @retval ANALYSIS_ERR_STORAGE  a page could not be read
 */
enum analysis_err analysis_setup_load(struct analysis_stored *stored, const struct board *board);

/** Store with the next sequence number; a cut leaves the record before it. */
enum analysis_err analysis_setup_save(struct analysis_stored *stored, const struct board *board);

#endif
