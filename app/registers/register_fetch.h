/**
 * One function per source of a register: how its value is got from a running meter.  Internal to
 * app/registers.
 */
#ifndef OPEN382_REGISTER_FETCH_H
#define OPEN382_REGISTER_FETCH_H

#include "register_read.h"

/** Fill *out from the source of def, which exists on this meter. */
void register_fetch(const struct meter *meter, const struct register_def *def,
                    struct register_value *out);

/** A moment that a register shows. */
struct register_moment {
    int64_t utc_s; /**< 0: none yet */
    bool valid;    /**< the clock knew its time */
};
/** For SOURCE_CLOCK, _DATE, _RTC and the stamps of the peaks. */
struct register_moment register_moment(const struct meter *meter, const struct register_def *def);

#endif
