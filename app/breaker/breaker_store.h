/**
 * What the breaker keeps in the application's permanent memory.
 *
 * One record in two slots of one page, written in turn; the one with the higher sequence number and
 * a good check counts.  Layout: docs/spec/app-storage.md, "Breaker".  Source: BRK-08.
 */
#ifndef OPEN382_BREAKER_STORE_H
#define OPEN382_BREAKER_STORE_H

#include "breaker.h"

#define BREAKER_STORE_FIRST_PAGE 80u /**< two pages, written in turn */
#define BREAKER_STORE_FORMAT     1u

/**
 * Take the newest good record; without one all is zero: a new meter.
 * @return false: memory can't be read: as without a record.
 */
bool breaker_store_load(struct breaker_kept *kept, const struct board *board);

/** Store it; when this returns true it survives a loss of supply. */
bool breaker_store_save(struct breaker_kept *kept, const struct board *board);

#endif
