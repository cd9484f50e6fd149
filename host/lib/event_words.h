/**
 * What the records of the event logs, the bits of the event words and the status words of the load
 * profile say, in words.
 */
#ifndef OPEN382_EVENT_WORDS_H
#define OPEN382_EVENT_WORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../proto/kmp/kmp.h"

#define EVENT_TEXT   200u
#define EVENT_NO_BIT 0xFFu /**< no flag says that the log has new records */

/** One record of an event log. */
struct event {
    uint16_t id;
    bool valid;     /**< the clock was */
    char stamp[20]; /**< the meter's normal time */
    int64_t code, hours;
    struct kmp_value payload; /**< n_bytes 0: the meter does not offer it (only ours does) */
};

/** A log that there are words for. */
struct event_kind {
    const char *name;
    uint8_t log;             /**< KMP log type */
    uint16_t event_register; /**< of the event in a record */
    uint8_t bit;             /**< of event word A: the log has new records; EVENT_NO_BIT */
    const char *detail_name; /**< key of the detail in JSON */
    void (*words)(const struct event *event, char text[EVENT_TEXT]);
    json_t *(*detail)(const struct event *event); /**< NULL: the record does not have it */
};
extern const struct event_kind event_kinds[];
extern const size_t event_kinds_length;

/** NULL: there is none. */
const struct event_kind *event_kind_by_name(const char *name);

/** What an event says; "event 9" where there is no word for it (kind NULL: none at all). */
void event_words(const struct event_kind *kind, const struct event *event, char text[EVENT_TEXT]);

/** "opened by the button"; NULL: no such state of the breaker. */
const char *breaker_state_name(unsigned state);

/** Name of a bit of event word A or B; NULL: none. */
const char *event_word_a_name(unsigned bit);
const char *event_word_b_name(unsigned bit);
/** "optical eye", ... of enum rights_channel. */
const char *event_channel_name(unsigned channel);
/** Of the tamper word; its low byte as the status. */
const char *event_word_tamper_name(unsigned bit);

/** Name of a bit of a load profile record's data quality or logger status; NULL: none. */
const char *profile_quality_name(unsigned bit);
const char *profile_status_name(unsigned bit);

#endif
