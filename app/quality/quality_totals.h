/**
 * How many sags, swells and power failures there have been, of each phase, and the last of them.
 *
 * They are counted from the records of the voltage quality log, each once: the record in permanent
 * memory says up to which of them, so what a cut left uncounted is counted at the next start.
 * Layout in memory: docs/spec/app-storage.md, "Voltage quality".  Source: EVT-05, EVT-07; spec dlms
 * 8 (rows 109 to 111, 117 to 122).
 */
#ifndef OPEN382_QUALITY_TOTALS_H
#define OPEN382_QUALITY_TOTALS_H

#include "../meter/board.h"
#include "quality.h"

#define QUALITY_TOTALS_FIRST_PAGE 14u /**< two pages, written in turn */
#define QUALITY_PHASES            3u
/** A failure that lasts longer is a long one (EN 50160). */
#define QUALITY_LONG_FAILURE_S 180u

struct quality_last {
    uint32_t duration_ms; /**< 0: none yet */
    uint32_t extreme_mv;  /**< lowest or highest U rms(1/2) */
};

/** Counters stop at 2^32 - 1 only in theory.  Phases: 0 L1 .. 2 L3. */
struct quality_totals {
    uint32_t sequence; /**< of the record written last; 0: none */
    uint32_t through;  /**< newest record of the log that has been counted */
    uint32_t sags[QUALITY_PHASES], swells[QUALITY_PHASES], failures[QUALITY_PHASES];
    uint32_t failures_all;  /**< of all phases at once */
    uint32_t failures_any;  /**< one or more phases */
    uint32_t failures_long; /**< one or more phases, longer than QUALITY_LONG_FAILURE_S */
    uint32_t last_long_s;   /**< duration of the last long one */
    struct quality_last sag[QUALITY_PHASES], swell[QUALITY_PHASES];
};

/**
 * The newest good record; without one all are 0.
 * @retval QUALITY_NONE         none is stored
 * @retval QUALITY_ERR_STORAGE  memory can't be read
 */
enum quality_err quality_totals_load(struct quality_totals *totals, const struct board *board);

/** @retval QUALITY_ERR_STORAGE  not stored; what was stored before holds. */
enum quality_err quality_totals_save(struct quality_totals *totals, const struct board *board);

/** A failure of this record was a long one, and is over. */
bool quality_long_failure(const struct quality_record *record);

/** Count one record.  @param all_phases  quality_all_phases */
void quality_totals_add(struct quality_totals *totals, const struct quality_record *record,
                        uint8_t all_phases);

#endif
