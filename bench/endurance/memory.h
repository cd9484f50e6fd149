/**
 * Three permanent memories that count the writes of every page and lose their supply at a chosen
 * one: what a write leaves then is old bytes, new bytes, garbage, or some of each.
 */
#ifndef OPEN382_BENCH_ENDURANCE_MEMORY_H
#define OPEN382_BENCH_ENDURANCE_MEMORY_H

#include <setjmp.h>

#include "app/meter/board.h"

enum memory_name { MEMORY_LEGAL, MEMORY_LOG, MEMORY_APP, MEMORIES };

struct memory {
    const char *name;
    uint32_t n_bytes;
    uint8_t *bytes;
    uint32_t *page_writes; /**< of each page of LEGAL_MEMORY_PAGE_BYTES */
    uint64_t writes;
};

struct memories {
    struct memory memory[MEMORIES];
    uint64_t random;      /**< state of memories_random */
    uint64_t writes_left; /**< the write that loses power is so many away; 0: none does */
    jmp_buf *power_lost;  /**< where the program goes on then */
    int64_t *rtc_utc_s;   /**< the clock's, which its battery keeps */
};

/** Blank memories.  @return 0, or -1: no room for them.  End with memories_free. */
int memories_new(struct memories *memories, uint64_t seed);
void memories_free(struct memories *memories);

/** A board over them; they must outlive it. */
struct board memories_board(struct memories *memories);

/** Evenly from 0 to below limit, which is not 0. */
uint64_t memories_random(struct memories *memories, uint64_t limit);

#endif
