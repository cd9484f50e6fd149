/**
 * A bundle of changes in permanent memory: which commands, and how far it has come.
 *
 * Entries are staged, each in a page of its own; the head says what holds of them.  It is written
 * STAGING before the first entry, COMMITTED when all are there, UNDOING when one of them was
 * refused, and EMPTY at the end.  A cut at any write leaves one of these, and the next start goes
 * on from there: app/optical/optical_bundle.h.  Layout: docs/spec/app-storage.md, "Bundle".
 */
#ifndef OPEN382_BUNDLE_STORE_H
#define OPEN382_BUNDLE_STORE_H

#include "../../proto/kmp/kmp_bundle.h"
#include "../meter/board.h"

#define BUNDLE_HEAD_PAGE  149u /**< two slots of one page */
#define BUNDLE_ENTRY_PAGE 152u /**< to do, then to undo: one page each */

enum bundle_state {
    BUNDLE_EMPTY = 0,
    BUNDLE_STAGING = 1,
    BUNDLE_COMMITTED = 2,
    BUNDLE_UNDOING = 3
};

struct bundle {
    uint32_t sequence; /**< of the head written last; 0: none */
    uint32_t number;   /**< of the newest bundle */
    uint8_t state;     /**< enum bundle_state, as it stands in memory */
    uint8_t channel;   /**< who committed it: enum rights_channel */
    uint8_t n_do, n_undo;
    uint8_t stager;  /**< line that stages, see rights.speaker; not stored */
    uint8_t outcome; /**< of the last start: enum kmp_bundle_outcome; not stored */
    bool unread;     /**< the memory did not answer: nothing may be written over it */
};

/** The newest good head; a blank memory is EMPTY. */
void bundle_load(struct bundle *bundle, const struct board *board);
/** Write the head.  @return false: memory failed, the one before stands */
bool bundle_save(struct bundle *bundle, const struct board *board);

/** Write an entry of the bundle that is being staged.  @return false: memory failed */
bool bundle_entry_save(const struct bundle *bundle, const struct board *board,
                       const struct kmp_bundle_entry *entry);
/** @return false: it is not there, damaged, or of another bundle */
bool bundle_entry_load(const struct bundle *bundle, const struct board *board, bool undo,
                       uint8_t index, struct kmp_bundle_entry *entry);

#endif
