/**
 * How many records the analysis logger holds: the memory model behind the data sheets' figures.
 *
 * A record counts 11 + 7k bytes for k values, and there are at most 12,480 of them (520 days at an
 * hour).  The L has a memory of its own for them, 229,312 bytes; the M shares 554,400 bytes between
 * load profile and analysis logger.  How records really lie in memory is another matter
 * (docs/spec/app-storage.md).
 * Source: ANA-01, ANA-03, ANA-05, X-LPR-3, spec requirements part 2.4.
 */
#ifndef OPEN382_ANALYSIS_MODEL_H
#define OPEN382_ANALYSIS_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "../variant/variant.h"

#define ANALYSIS_VALUES      16u    /**< at most, of one record (ANA-01) */
#define ANALYSIS_RECORDS_MAX 12480u /**< 520 days at 60 minutes */

/** L, M and 162M have the logger; B to E do not. */
bool analysis_fitted(const struct variant *variant);

/** 5, 15, 30 or 60 minutes (ANA-05). */
bool analysis_interval_allowed(uint8_t interval_min);

/** Bytes that the model counts for a record of so many values. */
uint32_t analysis_record_bytes(uint8_t n_values);

/** Records of so many values in so much memory, never more than ANALYSIS_RECORDS_MAX. */
uint32_t analysis_records(uint32_t memory_bytes, uint8_t n_values);

/** Load-profile records kept beside the logger as delivered: 130 days, at most 12,480 (X-LPR-3). */
uint32_t analysis_profile_default(const struct variant *variant);

/**
 * Load-profile memory while the logger runs, bytes.
 * @param profile_records  that the load profile keeps; it has no effect on an L
 */
uint32_t analysis_profile_bytes(const struct variant *variant, uint32_t profile_records);

/** Logger memory, bytes: what the load profile leaves of the M's, or the L's own. */
uint32_t analysis_memory_bytes(const struct variant *variant, uint32_t profile_records);

/** Depth in tenths of a day, rounded down. */
uint32_t analysis_depth_tenths(uint32_t records, uint8_t interval_min);

/** At least two and a half days: a set-up with less is refused. */
bool analysis_deep_enough(uint32_t records, uint8_t interval_min);

#endif
