/**
 * Permanent memory of the registers: superblock, state ring, tariff ring.
 *
 * Format, map, order of writes and endurance: docs/spec/storage.md.  Source: REG-01..03.
 */
#ifndef OPEN382_LEGAL_STORE_H
#define OPEN382_LEGAL_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "energy/registers.h"
#include "legal_api.h"
#include "store/page.h"

#define STORE_STATE_PAGE        64u
#define STORE_STATE_PAGES       1536u
#define STORE_TARIFF_PAGE       32u
#define STORE_TARIFF_PAGES      32u
#define STORE_CONSTANT_PAGE     2u
#define STORE_COMPENSATION_PAGE 4u

/** What a state record holds besides the cells. */
struct store_state {
    bool orderly;
    bool suspect; /**< a memory fault was seen at some time */
    uint16_t epoch[LEGAL_SYSTEMS];
    uint32_t starts;
    uint64_t pulses_emitted;
    uint64_t operating_us;
};

struct store {
    struct page_memory memory;
    uint32_t state_next;  /**< number of the next state record */
    uint32_t tariff_next; /**< likewise */
    bool restored;        /**< a state was found */
    bool fault;           /**< something stored was lost, or could not be stored */
};

/**
 * Open the memory; a blank one is prepared.
 *
 * Fills the cells, resting tariffs and tariff in force of *registers (whose summation the caller
 * has set) and *state: both zero, tariff 1, when nothing was found.
 *
 * @retval LEGAL_ERR_FORMAT   newer format, be it of the constants alone: nothing written.
 * @retval LEGAL_ERR_TYPE     stored with another summation: nothing written.
 * @retval LEGAL_ERR_STORAGE  nothing could be read; nothing will be written.
 */
enum legal_err store_open(struct store *store, const struct legal_port *port,
                          struct registers *registers, struct store_state *state);

/** Append a state record. */
enum legal_err store_save_state(struct store *store, const struct registers *registers,
                                const struct store_state *state);

/** Append a tariff record; the state must have been saved just before. */
enum legal_err store_save_tariff(struct store *store, const struct registers *registers);

#endif
