/**
 * What load control keeps in the application's permanent memory.
 *
 * One record in two slots of one page, written in turn; the one with the higher sequence number and
 * a good check counts.  Layout: docs/spec/app-storage.md, "Load control".  Source: X-LCO-1.
 */
#ifndef OPEN382_LOAD_STORE_H
#define OPEN382_LOAD_STORE_H

#include "../meter/board.h"
#include "load_control.h"

#define LOAD_STORE_FIRST_PAGE 104u /**< two pages, written in turn */
#define LOAD_STORE_FORMAT     1u

/**
 * Take the newest good record; without one it is as delivered.
 * @return false: memory can't be read: as without a record.
 */
bool load_store_load(struct load_kept *kept, const struct board *board);

/** Store it; when this returns true it survives a loss of supply. */
bool load_store_save(struct load_kept *kept, const struct board *board);

#endif
