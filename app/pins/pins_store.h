/**
 * What the pins keep in the application's permanent memory: the pulse input's register, the queues
 * of the pulse outputs, and how pulses count.
 *
 * Six pages in turn.  A record is written when supply goes, when a client changes something, and
 * at most once a minute while pulses are counted or a queue grows or shrinks: ten years of a minute
 * each are 5.3 million writes, 880 000 a page.
 * Layout: docs/spec/app-storage.md, "Pins".  Source: LCO-06, LCO-08.
 */
#ifndef OPEN382_PINS_STORE_H
#define OPEN382_PINS_STORE_H

#include "../meter/board.h"
#include "../pulse_input/pulse_input.h"
#include "../pulse_output/pulse_limit.h"
#include "pin_table.h"

#define PINS_STORE_FIRST_PAGE 106u
#define PINS_STORE_PAGES      6u
#define PINS_STORE_FORMAT     1u

/** The queue of an output. */
struct pins_queue {
    uint8_t energy; /**< enum legal_energy; LEGAL_ENERGIES: the pin was no output of energy */
    uint32_t waiting;
    uint64_t emitted;
    uint64_t reached; /**< pulses that the register was worth then */
};

struct pins_kept {
    uint32_t sequence; /**< of the record; 0: none was ever written */
    struct pulse_value value;
    struct pulse_input input;
    struct pins_queue queue[PINS];
};

/** As delivered. */
void pins_as_delivered(struct pins_kept *kept);
/** Take the newest good record.  @return false: memory can't be read, it is as without a record */
bool pins_store_load(struct pins_kept *kept, const struct board *board);
/** Store it; when this returns true it survives a loss of supply. */
bool pins_store_save(struct pins_kept *kept, const struct board *board);

#endif
