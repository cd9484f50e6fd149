/*
 * An emulated EEPROM: counts the writes of every page, loses power at a chosen write, wears out,
 * and refuses to answer where a test says so.  A power cut ends the program at once: longjmp to the
 * test.
 */
#ifndef OPEN382_TESTS_EEPROM_H
#define OPEN382_TESTS_EEPROM_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "legal/include/legal_port.h"

/* A test of another memory than that of the registers says how large it is. */
#ifndef EEPROM_BYTES
#define EEPROM_BYTES LEGAL_MEMORY_BYTES
#endif
#define EEPROM_PAGES (EEPROM_BYTES / LEGAL_MEMORY_PAGE_BYTES)

/* What a cut leaves of the page that was being written. */
enum eeprom_cut {
    EEPROM_CUT_DROPPED, /* the old bytes */
    EEPROM_CUT_KEPT,    /* the new bytes */
    EEPROM_CUT_GARBLED, /* garbage all over */
    EEPROM_CUT_FRONT,   /* new bytes in front, old behind */
    EEPROM_CUT_BACK,    /* old bytes in front, new behind */
    EEPROM_CUTS
};

struct eeprom {
    uint8_t bytes[EEPROM_BYTES];
    uint32_t page_writes[EEPROM_PAGES];
    uint64_t writes, reads;
    uint64_t cut_at; /* write number that loses power; 0: none */
    enum eeprom_cut cut;
    uint32_t random;
    jmp_buf *power_lost;
    void (*before_cut)(void *context); /* the test may still look at the RAM */
    void *context;
    uint32_t unreadable_from, unreadable_to; /* pages that do not answer */
    uint32_t worn_from, worn_to;             /* pages that take a write and hold garbage */
    bool refuse_writes;
    uint8_t saved[2][LEGAL_MEMORY_PAGE_BYTES]; /* what the last two writes replaced */
    uint32_t saved_page[2];
};

static inline void eeprom_blank(struct eeprom *memory, uint8_t value)
{
    memset(memory, 0, sizeof *memory);
    memset(memory->bytes, value, sizeof memory->bytes);
    memory->random = 12345;
}

static inline uint8_t eeprom_garbage(struct eeprom *memory)
{
    memory->random = memory->random * 1664525u + 1013904223u;
    return (uint8_t)(memory->random >> 24);
}

static inline int eeprom_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    struct eeprom *memory = context;
    uint32_t page = address / LEGAL_MEMORY_PAGE_BYTES;
    memory->reads++;
    if (n_bytes > EEPROM_BYTES || address > EEPROM_BYTES - n_bytes ||
        (page >= memory->unreadable_from && page < memory->unreadable_to)) {
        return -1;
    }
    memcpy(bytes, memory->bytes + address, n_bytes);
    return 0;
}

static inline void eeprom_tear(struct eeprom *memory, uint8_t *at, const uint8_t *bytes,
                               uint32_t n_bytes)
{
    for (uint32_t i = 0; i < n_bytes; i++) {
        bool front = i < n_bytes / 2u;
        switch (memory->cut) {
        case EEPROM_CUT_KEPT: at[i] = bytes[i]; break;
        case EEPROM_CUT_GARBLED: at[i] = eeprom_garbage(memory); break;
        case EEPROM_CUT_FRONT: at[i] = front ? bytes[i] : at[i]; break;
        case EEPROM_CUT_BACK: at[i] = front ? at[i] : bytes[i]; break;
        default: break;
        }
    }
}

static inline int eeprom_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    struct eeprom *memory = context;
    uint32_t page = address / LEGAL_MEMORY_PAGE_BYTES;
    if (n_bytes == 0 || address >= EEPROM_BYTES || n_bytes > LEGAL_MEMORY_PAGE_BYTES ||
        (address + n_bytes - 1u) / LEGAL_MEMORY_PAGE_BYTES != page || memory->refuse_writes) {
        return -1;
    }
    memory->writes++;
    memory->page_writes[page]++;
    if (memory->writes == memory->cut_at) {
        if (memory->before_cut != NULL) {
            memory->before_cut(memory->context);
        }
        eeprom_tear(memory, memory->bytes + address, bytes, n_bytes);
        longjmp(*memory->power_lost, 1);
    }
    memcpy(memory->saved[1], memory->saved[0], LEGAL_MEMORY_PAGE_BYTES);
    memory->saved_page[1] = memory->saved_page[0];
    memcpy(memory->saved[0], memory->bytes + page * LEGAL_MEMORY_PAGE_BYTES,
           LEGAL_MEMORY_PAGE_BYTES);
    memory->saved_page[0] = page;
    memcpy(memory->bytes + address, bytes, n_bytes);
    if (page >= memory->worn_from && page < memory->worn_to) {
        memory->bytes[address + n_bytes / 3u] ^= 0x10u;
    }
    return 0;
}

/* Take back the last n writes (1 or 2): they never reached the memory. */
static inline void eeprom_undo(struct eeprom *memory, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        memcpy(memory->bytes + memory->saved_page[i] * LEGAL_MEMORY_PAGE_BYTES, memory->saved[i],
               LEGAL_MEMORY_PAGE_BYTES);
    }
}

static inline uint32_t eeprom_most_written(const struct eeprom *memory)
{
    uint32_t most = 0;
    for (uint32_t page = 0; page < EEPROM_PAGES; page++) {
        most = memory->page_writes[page] > most ? memory->page_writes[page] : most;
    }
    return most;
}

#endif
