/**
 * The list of one's own that user data 2 of IEC 62056-21 reads out (131.0.17), in permanent memory.
 *
 * One record in two slots, written in turn.  Layout: docs/spec/app-storage.md, "Read-out list".
 * Source: Kamstrup 5512-1458 8.1.6, spec answers B21.
 */
#ifndef OPEN382_READOUT_LIST_H
#define OPEN382_READOUT_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "../meter/board.h"

#define READOUT_LIST_PAGE 28u /**< two slots of one page */
#define READOUT_LIST_MAX  40u

/** Code of the audit log. */
#define READOUT_AUDIT_CODE 0xF207u

struct readout_list {
    uint32_t sequence;                  /**< of the record written last; 0: none */
    uint8_t n;                          /**< 0: as delivered */
    uint16_t reading[READOUT_LIST_MAX]; /**< KMP ids */
    bool unread; /**< the memory did not answer: nothing may be written over it */
};

/** The newest good record; none: as delivered. */
void readout_list_load(struct readout_list *list, const struct board *board);

struct meter;

/**
 * Another list, kept and noted in the audit log when this returns true.
 * @param n  readings, READOUT_LIST_MAX at most, all of which the meter has; 0: as delivered
 * @return false: memory failed, the list before stands
 */
bool readout_list_set(struct meter *meter, const uint16_t *reading, uint8_t n);

#endif
