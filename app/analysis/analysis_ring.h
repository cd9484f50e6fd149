/**
 * Records of the analysis logger in the application's memory: one a page, in a ring that is longer
 * than the logger is deep.
 *
 * A write touches no page but one that is no longer shown, so whatever a cut leaves there, every
 * record is whole.  Ids rise by one from 1; the record with id i stands in place (i - 1) mod the
 * number of places.  The newest is found by halving.
 * Layout and arithmetic: docs/spec/app-storage.md.  Source: ANA-01, X-ANA-1, spec answers B10.1.
 */
#ifndef OPEN382_ANALYSIS_RING_H
#define OPEN382_ANALYSIS_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "../meter/board.h"
#include "analysis_model.h"

#define ANALYSIS_RING_FIRST_PAGE 2064u
#define ANALYSIS_RING_PLACES     14320u /**< to the end of the memory */
#define ANALYSIS_PAGE_BYTES      256u

enum analysis_err {
    ANALYSIS_OK = 0,
    ANALYSIS_NONE = -1,        /**< there is no such record (any more), or it is damaged */
    ANALYSIS_ERR_STORAGE = -2, /**< memory could not be read or written */
    ANALYSIS_ERR_FULL = -3,    /**< ids are used up: the logger has stopped */
    ANALYSIS_ERR_RANGE = -4,   /**< the set-up was refused: nothing changed */
};

/** A register's value at its full resolution: number * 10^exponent of the base unit. */
struct analysis_number {
    int64_t number;
    int8_t exponent;
};

struct analysis_entry {
    uint32_t id;
    int64_t utc_s; /**< end of the interval */
    uint8_t clock_status;
    uint16_t layout; /**< check over the set-up that it was recorded with: analysis_layout */
    uint16_t status, quality;
    uint8_t n_values;
    struct analysis_number value[ANALYSIS_VALUES];
};

struct analysis_ring {
    uint32_t newest; /**< id; 0: none */
    bool unreadable; /**< a page did not answer: nothing is recorded until all do */
};

/**
 * Find the newest record.
 * @retval ANALYSIS_ERR_STORAGE  a page did not answer
 */
enum analysis_err analysis_ring_find(struct analysis_ring *ring, const struct board *board);

/**
 * Store a record with the next id, not below first_id; entry->id is set.  It is read back: a worn
 * page costs its place and its id.
 */
enum analysis_err analysis_ring_append(struct analysis_ring *ring, const struct board *board,
                                       uint32_t first_id, struct analysis_entry *entry);

enum analysis_err analysis_ring_read(const struct board *board, uint32_t id,
                                     struct analysis_entry *entry);

#endif
