/**
 * State of the two I/O pins of the module connector; meter_pins.h moves it.
 * Source: LCO-06, LCO-08, LCO-09, X-LCO-2, X-LCO-3, X-MOD-1, TAR-05.
 */
#ifndef OPEN382_PINS_H
#define OPEN382_PINS_H

#include "../pulse_output/pulse_output.h"
#include "pin_filter.h"
#include "pins_store.h"

#define PINS_SAVE_US     INT64_C(60000000) /**< at most one record in that time */
#define PINS_QUEUE_SWING 64u /**< a queue that has changed by less is not worth a record */

struct pins {
    const struct pin_row *row; /**< configuration DD in force */
    struct pins_kept kept;     /**< input and value live, the queues as they were stored last */
    struct pin_filter filter[PINS];
    struct pulse_output output[PINS];
    bool driven[PINS];     /**< levels that outputs of a state were told last */
    bool supplied;         /**< the module lives from the meter's supply */
    bool unsaved;          /**< the memory did not take the last record: tried again */
    uint64_t pulses_saved; /**< pulses of the input as stored last */
    int64_t save_us;       /**< no record before */
};

#endif
