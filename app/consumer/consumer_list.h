/**
 * The lists that a meter of the family pushes on its customer port, as DLMS messages.
 *
 * A list names objects by OBIS; what they are worth is asked of a source, for a meter the register
 * table (consumer_source.h).  Source: CCC-01, X-CCC-1, X-CCC-2; spec customer-port 3.3 and 3.4:
 * captures of real meters, which the tests make again byte for byte.
 */
#ifndef OPEN382_CONSUMER_LIST_H
#define OPEN382_CONSUMER_LIST_H

#include "../../proto/common/writer.h"
#include "../clock/clock.h"

enum consumer_list {
    CONSUMER_HAN_1,  /**< powers, currents, voltages: every 10 s */
    CONSUMER_HAN_2,  /**< the same with clock and energies: every hour */
    CONSUMER_PUSH_1, /**< "DLMS push 1" of Denmark and Switzerland: every 10 s */
    CONSUMER_LISTS
};

#define CONSUMER_TEXT_MAX 32u

/** What an object is worth: a number in the steps that were asked for, or a text. */
struct consumer_value {
    int64_t number;
    char text[CONSUMER_TEXT_MAX + 1u]; /**< objects that are texts: type number, GS1 number */
};

/** Who knows the values. */
struct consumer_source {
    const void *context;
    /**
     * @param exponent  a number is wanted in steps of 10^exponent of W, var, V, A, Wh, varh
     * @return false: the meter does not have it
     */
    bool (*read)(const void *context, const uint8_t obis[6], int exponent,
                 struct consumer_value *out);
};

/** When: local time, and whether the clock knew it. */
struct consumer_moment {
    struct calendar local;
    bool valid;
};

/** What differs between countries, types and ages of such meters; zero-filled is none of them. */
struct consumer_form {
    int8_t energy_exponent;  /**< 1: 10 Wh (Norway, Denmark), 0: Wh (Sweden) */
    int8_t current_exponent; /**< -2, of meters for current transformers -3 */
    bool tagged_time;        /**< the message's date-time as 09 0C ...: firmware up to S1 */
    bool single_phase;       /**< CONSUMER_PUSH_1 has no objects of L2 and L3 */
};

/**
 * A whole DATA-NOTIFICATION.  Objects that the meter does not have stand as null-data in the place
 * of their OBIS and in that of their value, as 1-phase meters send them.
 * The caller checks w->failed.
 */
void consumer_list_write(enum consumer_list list, const struct consumer_form *form,
                         const struct consumer_moment *moment, const struct consumer_source *source,
                         struct writer *w);

/** The longest message. */
#define CONSUMER_APDU_MAX 480u

#endif
