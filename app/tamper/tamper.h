/**
 * Acts of tampering: which hold, which have come, how often, and when first and last.
 *
 * A word of 16 bits: the low byte has the places of the meter status 97.97.0 (magnet, cover), the
 * high byte what that register has no bit for.  What is measured, and a module, must last for a
 * time before it counts as come or gone; contacts, which the board has debounced, count at once, so
 * that no act is too short.
 *
 * Covers and seals are watched without supply too (their contacts are on what keeps the clock);
 * what came then waits in `asleep` for the supply, with its own time.
 *
 * Some acts stay until somebody who may clear alarms has seen them: a utility seal that was broken
 * with its cover, and a module that was taken out.
 * In permanent memory: docs/spec/app-storage.md, "Tampering".
 * Source: EVT-01, EVT-11, SEC-03, SEC-05, SEC-07, X-EVT-1, X-EVT-5; times and word are ours.
 */
#ifndef OPEN382_TAMPER_H
#define OPEN382_TAMPER_H

#include "../meter/board.h"

#define TAMPER_FIRST_PAGE 84u /**< two pages, written in turn */
#define TAMPER_FORMAT     2u

/** Order of the rows of tamper_row and of the counters in permanent memory. */
enum tamper_kind {
    TAMPER_MAGNET,
    TAMPER_COVER,
    TAMPER_TERMINAL,     /**< terminal cover open */
    TAMPER_MODULE,       /**< a module was taken out; until cleared or put back */
    TAMPER_SEAL,         /**< verification seal open */
    TAMPER_UTILITY_SEAL, /**< broken with the terminal cover; until cleared with the cover shut */
    TAMPER_SEQUENCE,     /**< phases come as L1, L3, L2 */
    TAMPER_UNMETERED,    /**< current in a phase without voltage: L1, and L2 and L3 one on */
    TAMPER_KINDS = TAMPER_UNMETERED + 3
};

struct tamper_row {
    uint8_t bit;      /**< of the word */
    uint16_t come_ms; /**< it must last so long */
    uint16_t gone_ms; /**< and be over so long */
    bool watched;     /**< without supply too */
};

const struct tamper_row *tamper_row(enum tamper_kind kind);
/** Its bit as a mask. */
uint16_t tamper_mask(enum tamper_kind kind);
/** Bits of all kinds. */
#define TAMPER_ALL 0xFF44u

/** What is kept of one kind; seconds are UTC since 1970, 0: never. */
struct tamper_kept {
    uint32_t count;   /**< of acts ever */
    uint32_t first_s; /**< first act since its alarm was cleared last: no later one covers it up */
    uint32_t last_s;
};

struct tamper {
    uint16_t holds;  /**< the word: acts that last */
    uint16_t raised; /**< alarms: have come and were not cleared */
    uint16_t seen;   /**< of those that hold and pass the mask: have had their alarm */
    uint16_t asleep; /**< came without supply and are not in the log yet */
    uint8_t logged;  /**< high byte of the word as the status log knows it */
    bool utility_broken, module_known;
    bool pending;       /**< a kind is about to change, see since_us */
    bool unread;        /**< memory did not answer at the start: it is read before it is written */
    bool unsaved;       /**< permanent memory does not have everything */
    bool urgent;        /**< nor something that must not wait */
    uint32_t cleared_s; /**< when alarms were cleared last; 0: never */
    uint8_t cleared_by; /**< enum rights_channel of who did */
    uint32_t sequence;
    int64_t since_us[TAMPER_KINDS]; /**< since when a kind is about to change; INT64_MIN: is not */
    struct tamper_kept kept[TAMPER_KINDS];
};

/**
 * Take the newest good record; without one nothing has ever happened.
 * @param logged  the word's high byte as the log has it, and the status beside it: what held then
 * @return false: can't be read
 */
bool tamper_load(struct tamper *tamper, const struct board *board, uint8_t status, uint8_t logged);
/** @return false: not stored; tamper->unsaved says so too. */
bool tamper_save(struct tamper *tamper, const struct board *board);

/**
 * The sources say this now (bits as in the word; that of the utility seal is added).
 * @return acts that have come with it
 */
uint16_t tamper_follow(struct tamper *tamper, uint16_t sources, int64_t now_us);
/** Some kind is about to change: follow again soon. */
bool tamper_pending(const struct tamper *tamper);

/**
 * These have come at utc_s: they are counted, and raise alarms through the mask.
 * @param utc_s   0: not known
 * @param asleep  there is no supply
 */
void tamper_note(struct tamper *tamper, uint16_t came, uint16_t mask, uint32_t utc_s, bool asleep);
/** What holds and has had no alarm raises one: at a start, or after a mask was changed. */
void tamper_remind(struct tamper *tamper, uint16_t mask);

/**
 * Clear alarms; an act that lasts raises none before it has gone and come again.
 * @param terminal_open  then a broken seal can't have been renewed, and stays
 * @param utc_s, channel  when, and over which channel: kept, the last one
 */
void tamper_clear(struct tamper *tamper, uint16_t bits, bool terminal_open, uint32_t utc_s,
                  uint8_t channel);

#endif
