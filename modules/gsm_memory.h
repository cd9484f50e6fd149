/**
 * What a GSM module keeps for itself: its set-up, and what may not be forgotten in a cut (what came
 * of the PIN, alarms seen and not yet told).  Two slots each, written in turn.
 *
 * A slot: mark (2), format (1), sequence (4), length (2), bytes, CRC-16/XMODEM of all before it.
 * docs/gsm.md has the bytes.
 */
#ifndef OPEN382_GSM_MEMORY_H
#define OPEN382_GSM_MEMORY_H

#include "gsm_setup.h"

#define GSM_MEMORY 1024u /**< octets of the module's memory that it uses */

struct gsm_store {
    void *context;
    /** @return 0, or negative: no answer; nothing happened */
    int (*read)(void *context, uint32_t address, void *bytes, uint32_t n_bytes);
    int (*write)(void *context, uint32_t address, const void *bytes, uint32_t n_bytes);
};

struct gsm_notes {
    uint8_t pin_tried;
    bool pin_refused;
    uint32_t seen_a, seen_b;       /**< event words as they were last */
    uint32_t waiting_a, waiting_b; /**< alarms that no message tells yet */
    uint32_t told_a, told_b;       /**< alarms of the message that is being sent */
    uint8_t receivers;             /**< that still lack it, a bit each */
};

struct gsm_memory {
    struct gsm_store store;
    uint32_t sequence[2]; /**< of set-up and notes, written last; 0: none */
};

/** What cannot be read is as delivered. */
void gsm_memory_load(struct gsm_memory *memory, const struct gsm_store *store,
                     struct gsm_setup *setup, struct gsm_notes *notes);
/** @return false: not written; what stood there holds */
bool gsm_memory_setup(struct gsm_memory *memory, const struct gsm_setup *setup);
bool gsm_memory_notes(struct gsm_memory *memory, const struct gsm_notes *notes);

#endif
