/**
 * What a GSM module keeps for itself: its set-up, and what may not be forgotten in a cut (what came
 * of the PIN, alarms seen and not yet told).  Two slots each, written in turn.
 * Source: docs/gsm.md has the bytes.
 */
#ifndef OPEN382_GSM_MEMORY_H
#define OPEN382_GSM_MEMORY_H

#include "gsm_setup.h"
#include "module_record.h"

#define GSM_MEMORY 1024u /**< octets of the module's memory that it uses */

struct gsm_notes {
    uint8_t pin_tried;
    bool pin_refused;
    uint32_t seen_a, seen_b;       /**< event words as they were last */
    uint32_t waiting_a, waiting_b; /**< alarms that no message tells yet */
    uint32_t told_a, told_b;       /**< alarms of the message that is being sent */
    uint8_t receivers;             /**< that still lack it, a bit each */
};

struct gsm_memory {
    struct module_memory store;
    uint32_t sequence[2]; /**< of set-up and notes, written last; 0: none */
};

/** What cannot be read is as delivered. */
void gsm_memory_load(struct gsm_memory *memory, const struct module_memory *store,
                     struct gsm_setup *setup, struct gsm_notes *notes);
/** @return false: not written; what stood there holds */
bool gsm_memory_setup(struct gsm_memory *memory, const struct gsm_setup *setup);
bool gsm_memory_notes(struct gsm_memory *memory, const struct gsm_notes *notes);

#endif
