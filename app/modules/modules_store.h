/**
 * Which modules the meter has seen in its slots, in permanent memory: so that one that comes or
 * goes without supply is news, and one that is still there is none. Two slots of one page, written
 * in turn: docs/spec/app-storage.md, "Modules".
 */
#ifndef OPEN382_MODULES_STORE_H
#define OPEN382_MODULES_STORE_H

#include "../meter/board.h"

#define MODULES_FIRST_PAGE 90u /**< two pages */
#define MODULES_SLOTS      3u

/** One slot as the meter has noted it. */
struct module_seen {
    bool present;
    uint16_t code;   /**< 0: it has none */
    uint32_t serial; /**< of the module; 0: none */
};

struct modules_store {
    struct module_seen seen[MODULES_SLOTS];
    uint32_t sequence; /**< of the record written last; 0: none */
};

/** Without a good record nothing was seen.  @return false: memory can't be read */
bool modules_store_load(struct modules_store *store, const struct board *board);
/** @return false: not stored, and *store is as it was */
bool modules_store_save(struct modules_store *store, const struct board *board,
                        const struct module_seen seen[MODULES_SLOTS]);

#endif
