/**
 * Is the RAM good?  A board asks before it puts anything there (X-EVT-1: tested by write and read
 * at the start), and tells the meter in struct board, ram_fault.
 *
 * March C- with two patterns: finds cells that are stuck or do not change both ways, addresses that
 * lead to no cell, to a wrong one or to several, cells that change with another one, and bits of a
 * word that change with their neighbours.  Ten accesses a word and pattern.
 */
#ifndef OPEN382_RAM_MARCH_H
#define OPEN382_RAM_MARCH_H

#include <stdint.h>

/** Memory, word by word. */
struct ram_cells {
    void *context;
    uint32_t (*load)(void *context, uint32_t index);
    void (*store)(void *context, uint32_t index, uint32_t word);
};

/** What was in the memory is lost.  @return index of a bad word; n_words: none is bad */
uint32_t ram_march(const struct ram_cells *cells, uint32_t n_words);

#endif
