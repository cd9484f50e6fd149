/**
 * The settings of a meter in permanent memory, and a change on its way.
 *
 * A change is staged value by value in RAM; the first one writes the record as OPEN.  The commit is
 * one record: all new values, the old ones, and the mark PENDING.  When everything that a change
 * touches has been carried out, the record is written as CLOSED.  A cut at any write leaves OPEN
 * (nothing of the change holds), PENDING (it holds, and is carried out to its end at the next
 * start) or CLOSED.  Two slots, written in turn: docs/spec/app-storage.md, "Settings". This knows
 * the table and the memory; what a change does to a meter is meter_settings.h. Source: CFG-10,
 * SEC-08, OPT-01.
 */
#ifndef OPEN382_SETTINGS_H
#define OPEN382_SETTINGS_H

#include "../meter/board.h"
#include "setting_table.h"

#define SETTINGS_FIRST_PAGE 16u
#define SETTINGS_SLOT_PAGES 5u /**< two slots */
#define SETTINGS_FORMAT     2u /**< 1, whose numbers all have four bytes, is read */

enum settings_err {
    SETTINGS_OK = 0,
    SETTINGS_ERR_FORMAT = -1,  /**< a newer format: nothing is read, nothing may be written */
    SETTINGS_ERR_STORAGE = -2, /**< memory could not be read or written: as it was */
};

/** The numbers stand in permanent memory. */
enum settings_state { SETTINGS_CLOSED = 0, SETTINGS_OPEN = 1, SETTINGS_PENDING = 2 };

/** Arrays go by row of the table. */
struct settings {
    struct setting_value own[SETTINGS_MAX];    /**< values of rows with HOME_SETTINGS */
    struct setting_value next[SETTINGS_MAX];   /**< staged, or of the pending commit */
    struct setting_value before[SETTINGS_MAX]; /**< what the pending commit replaces */
    uint8_t rows[(SETTINGS_MAX + 7u) / 8u];    /**< bit per row: it has a value in `next` */
    uint8_t state;                             /**< enum settings_state, as it stands in memory */
    uint8_t stager;                            /**< line that has staged, see rights.speaker */
    uint8_t channel;                           /**< of the newest commit: enum rights_channel */
    uint8_t outcome;                           /**< of the last start: enum kmp_settings_outcome */
    uint32_t commit;   /**< number of the newest commit, from 1; 0: none yet */
    uint32_t sequence; /**< of the record written last; 0: none */
    bool unread;       /**< the memory did not answer: nothing may be written over it */
};

/** As delivered, then the newest good record over it. */
enum settings_err settings_load(struct settings *settings, const struct board *board);
/** Write them; when this returns SETTINGS_OK they survive a loss of supply. */
enum settings_err settings_save(struct settings *settings, const struct board *board);

/** Row of a definition in the arrays. */
unsigned settings_row(const struct setting_def *def);
/** Number of a row with HOME_SETTINGS. */
uint32_t settings_number(const struct settings *settings, enum setting_id id);
bool settings_has(const struct settings *settings, unsigned row);
void settings_stage(struct settings *settings, unsigned row, const struct setting_value *value);
void settings_unstage(struct settings *settings, unsigned row);
/** Nothing is staged any more. */
void settings_unstage_all(struct settings *settings);
unsigned settings_staged(const struct settings *settings);

#endif
