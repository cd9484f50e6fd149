/**
 * Event logs of the household list: what the meter notes in several logs, as one log in the order
 * of time, with the numbers that events have in IDIS.  Internal to app/cosem.
 *
 * Nothing is stored for them: each is a view of the meter's own logs, and a table says which of
 * their records are in it.  A record that cannot be read is in none.
 * Source: spec dlms 8 (rows 93 to 95, 100, 101; event codes [R]); EVT-03.
 */
#ifndef OPEN382_COSEM_EVENTS_H
#define OPEN382_COSEM_EVENTS_H

#include "cosem_entries.h"

#define COSEM_EVENT_SOURCES 7u
#define COSEM_EVENT_WORDS   ((COSEM_EVENT_SOURCES + 1u) / 2u)

/** Where a reader stands in each of the logs: at a record, and at a part of what it tells. */
struct cosem_events {
    uint32_t id[COSEM_EVENT_SOURCES];
    uint8_t part[COSEM_EVENT_SOURCES];
};

bool cosem_is_view(enum cosem_profile profile);

/** Before the oldest event. */
void cosem_events_begin(const struct meter *meter, struct cosem_events *at);
/** The next event; where logs have the same second, in the order of the table.
 *  @return false: there is none, *out is a lost entry. */
bool cosem_events_next(const struct meter *meter, enum cosem_profile profile,
                       struct cosem_events *at, struct cosem_entry *out);

/** The same in few words, for the time of one answer. */
void cosem_events_pack(const struct cosem_events *at, uint32_t words[COSEM_EVENT_WORDS]);
void cosem_events_unpack(const struct meter *meter, const uint32_t words[COSEM_EVENT_WORDS],
                         struct cosem_events *at);

uint32_t cosem_events_count(const struct meter *meter, enum cosem_profile profile);
/** Place, from 1, of the first event not before utc_s (up), or the last not after it. */
bool cosem_events_at(const struct meter *meter, enum cosem_profile profile, int64_t utc_s, bool up,
                     uint32_t *place);
/** Records that the logs behind it can hold. */
uint32_t cosem_events_depth(enum cosem_profile profile);
/** Number of the newest event; 0: none. */
uint8_t cosem_events_newest(const struct meter *meter, enum cosem_profile profile);

/** Number of a record of the disconnect log; 0: it has none. */
uint8_t cosem_breaker_number(const struct event_log_entry *entry);

#endif
