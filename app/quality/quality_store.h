/**
 * Voltage quality in the application's permanent memory: limits, weekly counts, extremes of the
 * day.
 *
 * Layout: docs/spec/app-storage.md, "Voltage quality".  A write touches one page, never the one
 * with the newest good record, so a cut leaves what was stored before it.
 */
#ifndef OPEN382_QUALITY_STORE_H
#define OPEN382_QUALITY_STORE_H

#include "../meter/board.h"
#include "quality.h"

#define QUALITY_STORE_FIRST_PAGE 4u
#define QUALITY_STORE_PAGES      12u

struct quality_store {
    uint32_t limits_sequence, counts_sequence; /**< of the records written last; 0: none */
    int64_t week_begin_us;                     /**< of the counts written last */
    uint8_t half;                              /**< of the pages, where that week stands */
};

/**
 * The limits stored last.
 * @retval QUALITY_NONE         none, or none that is sound: *config is untouched.
 * @retval QUALITY_ERR_STORAGE  memory can't be read: *config is untouched.
 */
enum quality_err quality_store_load_limits(struct quality_store *store, const struct board *board,
                                           struct quality_config *config);

/** @retval QUALITY_ERR_STORAGE  not stored; what was stored before holds. */
enum quality_err quality_store_save_limits(struct quality_store *store, const struct board *board,
                                           const struct quality_config *config);

/**
 * Take up week, last week, and the extremes of the UTC day into a quality that has just started.
 * @retval QUALITY_NONE         nothing good stored: nothing changed.
 * @retval QUALITY_ERR_STORAGE  memory can't be read: what could be read is taken.
 */
enum quality_err quality_store_load_counts(struct quality_store *store, const struct board *board,
                                           struct quality *quality);

/** @retval QUALITY_ERR_STORAGE  not stored; what was stored before holds. */
enum quality_err quality_store_save_counts(struct quality_store *store, const struct board *board,
                                           const struct quality *quality);

#endif
