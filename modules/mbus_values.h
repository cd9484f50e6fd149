/**
 * What the wired M-Bus module tells of its meter: the 382's own read-out as it left the factory,
 * and the rich one in several telegrams that an application reset with a sub-code asks for.
 *
 * Values are fetched over the module bus when a read-out begins, and kept for a second; all
 * telegrams of a read-out are of the same moment.
 * Source: spec mbus.md 1 (W1), 5.2 and 5.5; MOD-08.
 */
#ifndef OPEN382_MODULES_MBUS_VALUES_H
#define OPEN382_MODULES_MBUS_VALUES_H

#include "../proto/mbus/mbus_slave.h"
#include "module_bus.h"

#define MBUS_VALUES_FRESH_MS 1000
#define MBUS_VALUES_MAX      96u
/** Debiting periods told, the newest first; storage 1 is the newest. */
#define MBUS_PERIODS 3u
/** Values of each. */
#define MBUS_PERIOD_VALUES 5u

struct mbus_values {
    bool asked; /**< since the start */
    bool good;  /**< the meter answered every time */
    uint8_t application;
    int64_t asked_ms;
    struct kmp_value value[MBUS_VALUES_MAX]; /**< n_bytes 0: the meter does not have it */
    unsigned n_periods;
    struct kmp_value period[MBUS_PERIODS][MBUS_PERIOD_VALUES];
};

/** Ask the meter, unless that was done for the same application less than a second ago. */
void mbus_values_refresh(struct mbus_values *values, const struct module_bus *bus,
                         uint8_t application, int64_t now_ms);

/**
 * Records of telegram n (0 ..) of a read-out, at most MBUS_RECORDS_MAX octets.
 * @return another telegram follows
 */
bool mbus_values_records(const struct mbus_values *values, uint8_t application, unsigned n,
                         struct writer *out);

#endif
