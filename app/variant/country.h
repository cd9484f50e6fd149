/**
 * Country profiles: what the country code of the order number (X8X9X10) changes.
 * Source: TAR-11, APP-01..03, C-02, CFG-T0, answers B1.1.
 */
#ifndef OPEN382_COUNTRY_H
#define OPEN382_COUNTRY_H

#include <stdint.h>

struct country_profile {
    uint16_t code;              /**< 0: every country without a row of its own */
    uint8_t supercap_hold_days; /**< how long a full supercap keeps the clock */
    const char *standards;      /**< what the type plate names */
};

/** The profile of that country; never NULL. */
const struct country_profile *country_profile_find(unsigned code);

#endif
