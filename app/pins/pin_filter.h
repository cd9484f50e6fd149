/**
 * An input pin with contacts that bounce: a level counts when it has held for a while.
 *
 * The instants are those of the edges, so what comes out does not depend on when it is asked.
 */
#ifndef OPEN382_PIN_FILTER_H
#define OPEN382_PIN_FILTER_H

#include <stdbool.h>
#include <stdint.h>

/** Of pulses: 25 a second are 20 ms on and 20 ms off (X-LCO-2). */
#define PIN_HOLD_PULSE_US 10000u
#define PIN_HOLD_LEVEL_US 100000u /**< of everything else */

struct pin_filter {
    bool raw, level; /**< at the pin; as it counts */
    uint32_t hold_us;
    int64_t since_us; /**< of raw */
};

/** Begin with a level that counts at once. */
static inline void pin_filter_begin(struct pin_filter *pin, bool level, uint32_t hold_us)
{
    *pin = (struct pin_filter){level, level, hold_us, INT64_MIN / 2};
}

/** What holds has held long enough by now.  @return the level that counts has changed */
static inline bool pin_filter_run(struct pin_filter *pin, int64_t now_us)
{
    if (pin->raw == pin->level || now_us - pin->since_us < (int64_t)pin->hold_us) {
        return false;
    }
    pin->level = pin->raw;
    return true;
}

/** The pin changes at now_us; run the filter up to there before. */
static inline void pin_filter_edge(struct pin_filter *pin, bool level, int64_t now_us)
{
    if (level != pin->raw) {
        pin->raw = level;
        pin->since_us = now_us;
    }
}

/** When a level will count that does not yet; INT64_MAX: none. */
static inline int64_t pin_filter_next_us(const struct pin_filter *pin)
{
    return pin->raw != pin->level ? pin->since_us + (int64_t)pin->hold_us : INT64_MAX;
}

#endif
