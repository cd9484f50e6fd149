/**
 * What stands in a logger's entry: its columns, in order, as this meter and client have them.
 * Internal to app/cosem.
 * Source: spec cosem-objects 2.16, 3.2, 3.5; dlms 8.
 */
#ifndef OPEN382_COSEM_COLUMNS_H
#define OPEN382_COSEM_COLUMNS_H

#include "cosem_inside.h"

enum cosem_column_kind {
    COLUMN_CLOCK,    /**< stamp of the entry */
    COLUMN_STATUS,   /**< logger status, attribute -1 of the profile */
    COLUMN_QUALITY,  /**< data quality, attribute -2 */
    COLUMN_FORMAT,   /**< scaler of the energies */
    COLUMN_AMR,      /**< profile status of the household list: both words in one octet */
    COLUMN_REGISTER, /**< id: KMP id */
    COLUMN_CAPTURED, /**< id: KMP id of a peak: its stamp */
    COLUMN_ENERGY,   /**< id: channel of the load profile */
    COLUMN_ANALYSED, /**< id: place in the set-up of the analysis logger */
    COLUMN_HOURS,    /**< operating hours, of event logs */
    COLUMN_CODE,     /**< event, low octet */
    COLUMN_FEEDBACK, /**< cut-off log: of the breaker */
    COLUMN_PART,     /**< firmware logs: what was to be replaced */
    COLUMN_REVISION, /**< before */
    COLUMN_PARTY,    /**< who sent it: system title */
    COLUMN_WAY,      /**< 1: by wire */
    COLUMN_BEFORE,   /**< clock log: what the clock said before */
    COLUMN_PHASE,    /**< voltage log: 0 all, 1 .. 3 */
    COLUMN_EVENT,    /**< voltage log: spec cosem-objects 4.10 */
    COLUMN_MEAN,     /**< voltage log: V */
    COLUMN_HIGHEST,
    COLUMN_LOWEST,
    COLUMN_NUMBER, /**< of IDIS */
    COLUMN_LASTED, /**< power failures: duration, s */
};

struct cosem_column {
    uint8_t kind; /**< enum cosem_column_kind */
    uint8_t type; /**< enum dlms_type of its numbers */
    uint16_t id;
    const struct register_def *def; /**< of registers, energies and analysed values */
    struct dlms_column object;      /**< what is captured */
};

/** The n-th column of a profile.  @return false: there are fewer. */
bool cosem_column(const struct cosem *cosem, const struct cosem_row *profile, unsigned n,
                  struct cosem_column *out);

/** The object and attribute by which entries are sorted and ranges asked: the clock's time. */
void cosem_clock_column(const struct cosem *cosem, const struct cosem_row *profile,
                        struct dlms_column *out);

#endif
