/**
 * Event logs: circular, in the application's permanent memory, safe against a cut at any instant.
 *
 * One record takes one page of memory, and a write touches no page but that of the oldest record;
 * so whatever a cut leaves there, every other record is whole.  Record ids of a log rise by one
 * from 1 and are never given twice to records that anybody could have read.
 * Layout and arithmetic: docs/spec/app-storage.md.  Source: EVT-04..06, EVT-09, X-NEU-1, X-LPR-2,
 * spec answers B11.
 */
#ifndef OPEN382_EVENT_LOG_H
#define OPEN382_EVENT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "../meter/board.h"

#define EVENT_LOG_PAYLOAD_MAX 192u /**< bytes of a record that are the log's own */
#define EVENT_LOG_PAGE_BYTES  256u /**< pages of the memory; a record takes one */

/** The logs.  The numbers stand in permanent memory: never give one a new meaning. */
enum event_log_name {
    EVENT_LOG_STATUS,          /**< meter status: reset, memory, magnet, cover (EVT-04) */
    EVENT_LOG_CLOCK,           /**< clock set, lost, corrected (EVT-06) */
    EVENT_LOG_VOLTAGE,         /**< voltage quality (EVT-05) */
    EVENT_LOG_DISCONNECT,      /**< breaker opened, released, closed */
    EVENT_LOG_NEUTRAL,         /**< loss of neutral (NEU-01) */
    EVENT_LOG_LOAD_PROFILE,    /**< load profile erased, reconfigured (X-LPR-2) */
    EVENT_LOG_AUDIT,           /**< parameters changed */
    EVENT_LOG_FIRMWARE,        /**< new firmware taken */
    EVENT_LOG_FIRMWARE_FAILED, /**< new firmware refused */
    EVENT_LOG_DEBITING,        /**< debiting log 1 (BIL-02) */
    EVENT_LOG_DEBITING_2,      /**< debiting log 2 (X-BIL-1) */
    EVENT_LOG_LOAD,            /**< relays for load control moved (X-LCO-1) */
    EVENT_LOGS
};

enum event_log_err {
    EVENT_LOG_OK = 0,
    EVENT_LOG_NONE = -1,        /**< there is no such record (never was, overwritten, or damaged) */
    EVENT_LOG_ERR_STORAGE = -2, /**< memory could not be read or written */
    EVENT_LOG_ERR_FULL = -3,    /**< ids are used up: the log has stopped */
    EVENT_LOG_ERR_RANGE = -4,   /**< no such log, or a payload that is too long */
};

/** One row per log. */
struct event_log_row {
    const char *name;      /**< as metertool takes it */
    const char *obis;      /**< C.D of the logger object 1.1.C.D.E.255 */
    uint8_t kmp_log;       /**< KMP log type; 0: not read over KMP */
    uint16_t kmp_event;    /**< KMP register of the event in a record; 0: none */
    uint16_t depth;        /**< records that are kept */
    uint16_t first_page;   /**< of depth + 1 pages */
    uint16_t pages;        /**< set aside for it, depth + 1 or more */
    uint8_t payload_bytes; /**< at most */
};

/** One record. */
struct event_log_entry {
    uint32_t id;       /**< from 1; given by event_log_append */
    int64_t utc_s;     /**< when: UTC, never summer time (X-EVT-2) */
    bool clock_valid;  /**< the clock could be trusted */
    uint32_t hours;    /**< operating hours then (meters without a clock have nothing else) */
    uint16_t code;     /**< what happened, in the log's own terms */
    uint8_t n_payload; /**< bytes that follow */
    uint8_t payload[EVENT_LOG_PAYLOAD_MAX];
};

/** Where the logs stand; the records themselves are in memory only. */
struct event_logs {
    uint32_t newest[EVENT_LOGS]; /**< id of the newest record; 0: none */
    bool unreadable[EVENT_LOGS]; /**< a page did not answer at the start: nothing is appended */
};

const struct event_log_row *event_log_row(enum event_log_name log);

/**
 * Find the newest record of each log.
 * @retval EVENT_LOG_ERR_STORAGE  a page could not be read: that log takes no records until the next
 *                                load, lest ids come twice; the others work.
 */
enum event_log_err event_logs_load(struct event_logs *logs, const struct board *board);

/**
 * Store a record; entry->id is set.  When this returns EVENT_LOG_OK the record survives a loss of
 * supply.  It is read back: a worn page costs its own place, the record goes into the next.
 */
enum event_log_err event_log_append(struct event_logs *logs, const struct board *board,
                                    enum event_log_name log, struct event_log_entry *entry);

/** Ids that the log may hold: oldest .. newest, with none between missing unless damaged. */
uint32_t event_log_newest(const struct event_logs *logs, enum event_log_name log); /**< 0: none */
uint32_t event_log_oldest(const struct event_logs *logs, enum event_log_name log); /**< 0: none */

/** Read one record by its id. */
enum event_log_err event_log_read(const struct event_logs *logs, const struct board *board,
                                  enum event_log_name log, uint32_t id,
                                  struct event_log_entry *entry);

/** Read the record with the id, or the next good one above (up) or below it. */
enum event_log_err event_log_seek(const struct event_logs *logs, const struct board *board,
                                  enum event_log_name log, uint32_t id, bool up,
                                  struct event_log_entry *entry);

/**
 * The record to begin with for a time: up, the oldest not before utc_s; down, the newest not after.
 * Oldest and newest go by id; stamps need not rise, for clocks are set.
 */
enum event_log_err event_log_at_time(const struct event_logs *logs, const struct board *board,
                                     enum event_log_name log, int64_t utc_s, bool up,
                                     struct event_log_entry *entry);

#endif
