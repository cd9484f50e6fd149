/**
 * Push: values that the meter sends by itself, when a client asks for it or an alarm is raised.
 *
 * The set-up (class 40) is kept in permanent memory.  The platform asks cosem_push_due() and sends
 * what cosem_push_take() gives as one wrapped message; when that fails it is tried again, as often
 * and as late as the set-up says.  What has been taken and not sent is forgotten with the supply.
 * With keys a message is general-glo, authenticated and encrypted; without, in clear.
 * Layout in memory: docs/spec/app-storage.md.  Source: spec dlms 6.5, 8 (rows 147, 148).
 */
#ifndef OPEN382_COSEM_PUSH_H
#define OPEN382_COSEM_PUSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../alarm/alarms.h"
#include "../meter/board.h"

#define COSEM_PUSH_FIRST_PAGE      76u /**< two pages, written in turn */
#define COSEM_PUSH_OBJECTS         8u
#define COSEM_PUSH_DESTINATION_MAX 48u

struct meter;

enum cosem_push_service { COSEM_PUSH_TCP = 0, COSEM_PUSH_UDP = 1 };

struct cosem_push_object {
    uint16_t class_id;
    uint8_t obis[6];
    int8_t attribute;
};

struct cosem_push_setup {
    uint32_t sequence; /**< of the record written last; 0: as delivered */
    uint8_t n_objects;
    struct cosem_push_object object[COSEM_PUSH_OBJECTS];
    uint8_t service; /**< enum cosem_push_service */
    /** "HOST:PORT"; empty: nothing is sent */
    char destination[COSEM_PUSH_DESTINATION_MAX + 1u];
    uint16_t randomisation_s; /**< the first try comes up to so much later */
    uint8_t retries;
    uint16_t delay_s; /**< between two tries */
};

struct cosem_push {
    struct cosem_push_setup setup;
    bool wanted;                      /**< a message is to be sent */
    uint8_t tries;                    /**< that failed */
    uint32_t invoke;                  /**< of the last message */
    int64_t next_ms;                  /**< wall time of the next try; INT64_MIN: not decided yet */
    uint32_t alarms[ALARM_REGISTERS]; /**< that have been pushed, or were there at the start */
};

/** At the meter's start, after the alarms.  @return false: memory did not answer */
bool cosem_push_begin(struct meter *meter);

/** @return true: take it now.  *next_ms: when to ask again, INT64_MAX: when something happens. */
bool cosem_push_due(struct meter *meter, int64_t wall_ms, int64_t *next_ms);

/**
 * The message: what the wrapper carries, from server 1 to client 1.
 * @return its length; 0: it can't be made (no room, no counter): counts as a failed try
 */
size_t cosem_push_take(struct meter *meter, uint8_t *apdu, size_t capacity);

/** How that went. */
void cosem_push_done(struct meter *meter, bool sent, int64_t wall_ms);

#endif
