/**
 * How many records a load profile holds: the memory models behind the data sheets' tables.
 *
 * L: 229,312 bytes, records of 1 + 3n, whole days counted down.  M: 554,400 bytes, records of
 * 17 + 4n, days rounded to the nearest.  These reproduce all 24 cells of the tables; how records
 * really lie in memory is the legal part's own business (docs/spec/storage.md).
 * Source: LPR-03..06, LPR-L-MEM, LPR-M-MEM, spec requirements part 2.
 */
#ifndef OPEN382_LOAD_PROFILE_MODEL_H
#define OPEN382_LOAD_PROFILE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "../variant/variant.h"
#include "legal_api.h"

/** Does the variant have a load profile?  L, M and 162M do, B to E do not (LPR-01, C-20). */
bool load_profile_fitted(const struct variant *variant);

/** Channels and their energies, by energy type.  @return number of channels, 1 .. 4. */
uint8_t load_profile_channels(const struct variant *variant,
                              uint8_t energy[LEGAL_PROFILE_CHANNELS]);

/** Bytes that the model counts for one record. */
uint32_t load_profile_record_bytes(const struct variant *variant);

/** Bytes of the whole logger memory. */
uint32_t load_profile_memory_bytes(const struct variant *variant);

/** Records that fit into so many bytes of it. */
uint32_t load_profile_records(const struct variant *variant, uint32_t memory_bytes);

/** Depth in days at an interval of 5, 15, 30 or 60 minutes, as the data sheet states it. */
uint32_t load_profile_depth_days(const struct variant *variant, uint32_t records,
                                 uint8_t interval_min);

#endif
