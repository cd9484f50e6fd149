/**
 * metertool: what the records of the event logs and the bits of the event words say.
 */
#ifndef OPEN382_EVENT_WORDS_H
#define OPEN382_EVENT_WORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../proto/kmp/kmp.h"

#define EVENT_TEXT 200u

/** One record of an event log. */
struct event {
    uint16_t id;
    bool valid;     /**< the clock was */
    char stamp[20]; /**< the meter's normal time */
    int64_t code, hours;
    struct kmp_value payload; /**< n_bytes 0: the meter does not offer it (only ours does) */
};

/** A log that the tool has words for. */
struct event_kind {
    const char *name;
    uint8_t log;             /**< KMP log type */
    uint16_t event_register; /**< of the event in a record */
    uint8_t bit;             /**< of event word A: the log has new records */
    const char *detail_name; /**< key of the detail in JSON */
    void (*words)(const struct event *event, char text[EVENT_TEXT]);
    json_t *(*detail)(const struct event *event); /**< NULL: the record does not have it */
};
extern const struct event_kind event_kinds[];
extern const size_t event_kinds_length;

/** NULL: there is none. */
const struct event_kind *event_kind_by_name(const char *name);

/** Name of a bit of event word A or B; NULL: none. */
const char *event_word_a_name(unsigned bit);
const char *event_word_b_name(unsigned bit);

#endif
