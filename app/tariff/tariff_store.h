/**
 * Tariff plans and the on-demand tariff in the application's permanent memory.
 *
 * Three slots hold plans, so that a new one is written beside the one in force and the one that
 * waits; which of them is which follows from the time alone, so nothing is written when a plan
 * comes into force.  Layout: docs/spec/app-storage.md, "Tariffs".
 */
#ifndef OPEN382_TARIFF_STORE_H
#define OPEN382_TARIFF_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "../calendar/tariff_plan_image.h"
#include "../meter/board.h"

#define TARIFF_STORE_ADDRESS    UINT32_C(0x8000)
#define TARIFF_STORE_SLOTS      3u
#define TARIFF_STORE_SLOT_BYTES 1280u
#define TARIFF_STORE_NO_SLOT    (-1)

/** What stands in a slot. */
struct tariff_slot {
    uint32_t sequence;    /**< 0: nothing good */
    int64_t activation_s; /**< UTC; 0: in force as soon as it was stored */
    uint16_t n_image;     /**< 0: "no plan from then on" */
};

/** A command's tariff. */
struct tariff_command {
    uint8_t tariff;  /**< 1 .. 8; 0: none */
    int64_t until_s; /**< UTC; 0: until it is released */
};

struct tariff_store {
    struct tariff_slot slot[TARIFF_STORE_SLOTS];
    uint32_t command_sequence;
};

/** Look at the slots, and fetch the newest command.  @return false: memory can't be read. */
bool tariff_store_load(struct tariff_store *store, const struct board *board,
                       struct tariff_command *command);

/** The slot in force at an instant: the newest whose time has come; TARIFF_STORE_NO_SLOT: none. */
int tariff_store_in_force(const struct tariff_store *store, int64_t utc_s);
/** The newest slot that waits and is newer than the one in force; TARIFF_STORE_NO_SLOT: none. */
int tariff_store_waiting(const struct tariff_store *store, int64_t utc_s);

/**
 * Bytes of the image in a slot, from offset on.
 * @return false: memory can't be read, or there are not so many.
 */
bool tariff_store_read(const struct tariff_store *store, const struct board *board, int slot,
                       uint16_t offset, uint8_t *bytes, uint16_t n_bytes);

/**
 * Store an image that was checked, beside those in force and waiting at utc_s.  When this returns
 * true it survives a loss of supply; after false, or a cut, those two are as they were.
 */
bool tariff_store_write(struct tariff_store *store, const struct board *board, int64_t utc_s,
                        int64_t activation_s, const uint8_t *image, uint16_t n_image);

bool tariff_store_command(struct tariff_store *store, const struct board *board,
                          const struct tariff_command *command);

#endif
