/**
 * The application's part of permanent memory: type of the meter, demand, numbers, last known time.
 *
 * One record in two slots, written in turn; the one with the higher sequence number and a good
 * check counts.  A cut at any instant leaves the record before.  Layout: docs/spec/app-storage.md.
 * Source: REG-01, REG-03, REG-06..08, MET-06.
 */
#ifndef OPEN382_APP_STORE_H
#define OPEN382_APP_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "../demand/demand.h"
#include "../meter/board.h"

#define APP_STORE_FORMAT       3u
#define APP_STORE_SLOTS        2u
#define APP_STORE_SLOT_BYTES   512u
#define APP_STORE_ORDER_DIGITS 13u

enum app_store_err {
    APP_STORE_OK = 0,
    APP_STORE_BLANK = -1,       /**< nothing was ever stored: the record is untouched */
    APP_STORE_ERR_FORMAT = -2,  /**< a newer format: nothing is read, nothing may be written */
    APP_STORE_ERR_STORAGE = -3, /**< memory could not be read or written */
};

/** What is kept. */
struct app_record {
    bool orderly;            /**< the meter had stopped in good order when this was written */
    uint32_t serial_number;  /**< factory number */
    char meter_number[3][9]; /**< eight digits each */
    uint32_t special_data[2];
    int64_t utc_s; /**< when it was written */
    bool clock_valid;
    struct demand demand;
    char order_number[APP_STORE_ORDER_DIGITS + 1]; /**< "": not stored yet (format 1) */
    uint32_t configuration[5];                     /**< configurations 1 .. 5 */
    uint8_t events; /**< events that no client has cleared yet (enum meter_status_bit) */
};

/** Where the next record goes. */
struct app_store {
    uint32_t sequence; /**< of the last record; 0: none */
};

/** Find and take the newest good record. */
enum app_store_err app_store_load(struct app_store *store, const struct board *board,
                                  struct app_record *record);
/** Write the record; when this returns APP_STORE_OK it survives a loss of supply. */
enum app_store_err app_store_save(struct app_store *store, const struct board *board,
                                  const struct app_record *record);

#endif
