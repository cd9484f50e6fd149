/**
 * Display lists that a client has set, in permanent memory.  They belong to the display
 * configuration (FFF) that they were set under: another FFF brings its own lists.
 *
 * One record in two slots, written in turn.  Layout: docs/spec/app-storage.md, "Display lists".
 * Source: DIS-02, DIS-21, DIS-22.
 */
#ifndef OPEN382_DISPLAY_STORE_H
#define OPEN382_DISPLAY_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "../meter/board.h"
#include "display.h"

#define DISPLAY_STORE_PAGE 147u /**< two slots of one page */

/** A list as FFF delivers it. */
#define DISPLAY_STORE_DELIVERED 0xFFu

struct display_store {
    uint32_t sequence;         /**< of the record written last; 0: none */
    uint16_t configuration;    /**< FFF */
    uint8_t length[LIST_TEST]; /**< DISPLAY_STORE_DELIVERED, or how many readings */
    uint16_t reading[LIST_TEST][DISPLAY_MANUAL_MAX]; /**< KMP ids, DISPLAY_READING_TEST */
    bool unread; /**< the memory did not answer: nothing may be written over it */
};

/** The newest good record; none: all lists as delivered. */
void display_store_load(struct display_store *store, const struct board *board);
/** @return false: memory failed, the record before stands */
bool display_store_save(struct display_store *store, const struct board *board);

#endif
