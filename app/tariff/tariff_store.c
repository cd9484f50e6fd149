#include "tariff_store.h"

#include <string.h>

#include "../../proto/common/crc.h"

#define MARK_PLAN     UINT32_C(0x504C5054) /* "TPLP" in memory order */
#define MARK_COMMAND  UINT32_C(0x444D4354) /* "TCMD" */
#define FORMAT        1u
#define HEADER_BYTES  20u
#define CHECK_BYTES   2u
#define PAGE_BYTES    256u
#define COMMAND_SLOTS 2u
#define COMMANDS_AT   (TARIFF_STORE_ADDRESS + TARIFF_STORE_SLOTS * TARIFF_STORE_SLOT_BYTES)
#define COMMAND_BYTES 21u /* mark, format, sequence, tariff, until, check */

static uint32_t address_of(int slot)
{
    return TARIFF_STORE_ADDRESS + (uint32_t)slot * TARIFF_STORE_SLOT_BYTES;
}

static bool pages_read(const struct board *board, uint32_t address, uint8_t *bytes, uint32_t n)
{
    for (uint32_t at = 0; at < n;) {
        uint32_t room = PAGE_BYTES - (address + at) % PAGE_BYTES;
        uint32_t step = n - at < room ? n - at : room;
        if (board->app_memory_read(board->context, address + at, bytes + at, step) != 0) {
            return false;
        }
        at += step;
    }
    return true;
}

static bool pages_write(const struct board *board, uint32_t address, const uint8_t *bytes,
                        uint32_t n)
{
    for (uint32_t at = 0; at < n; at += PAGE_BYTES) {
        uint32_t step = n - at < PAGE_BYTES ? n - at : PAGE_BYTES;
        if (board->app_memory_write(board->context, address + at, bytes + at, step) != 0) {
            return false;
        }
    }
    return true;
}

/* ---- plans ---- */

static bool slot_load(const struct board *board, int index, struct tariff_slot *slot)
{
    uint8_t bytes[TARIFF_STORE_SLOT_BYTES];
    *slot = (struct tariff_slot){0, 0, 0};
    if (!pages_read(board, address_of(index), bytes, sizeof bytes)) {
        return false;
    }
    struct reader r = reader_over(bytes, sizeof bytes);
    bool mark = reader_uint_le(&r, 4) == MARK_PLAN && reader_uint_le(&r, 2) == FORMAT;
    uint16_t n_image = (uint16_t)reader_uint_le(&r, 2);
    uint32_t sequence = (uint32_t)reader_uint_le(&r, 4);
    int64_t activation_s = (int64_t)reader_uint_le(&r, 8);
    if (mark && n_image <= TARIFF_PLAN_IMAGE_MAX &&
        crc16_xmodem(bytes, HEADER_BYTES + n_image + CHECK_BYTES) == 0) {
        *slot = (struct tariff_slot){sequence, activation_s, n_image};
    }
    return true;
}

int tariff_store_in_force(const struct tariff_store *store, int64_t utc_s)
{
    int best = TARIFF_STORE_NO_SLOT;
    uint32_t newest = 0;
    for (unsigned i = 0; i < TARIFF_STORE_SLOTS; i++) {
        const struct tariff_slot *slot = &store->slot[i];
        if (slot->sequence > newest && slot->activation_s <= utc_s) {
            newest = slot->sequence;
            best = (int)i;
        }
    }
    return best;
}

int tariff_store_waiting(const struct tariff_store *store, int64_t utc_s)
{
    int force = tariff_store_in_force(store, utc_s), best = TARIFF_STORE_NO_SLOT;
    uint32_t newest = force >= 0 ? store->slot[force].sequence : 0;
    for (unsigned i = 0; i < TARIFF_STORE_SLOTS; i++) {
        const struct tariff_slot *slot = &store->slot[i];
        if (slot->sequence > newest && slot->activation_s > utc_s) {
            newest = slot->sequence;
            best = (int)i;
        }
    }
    return best;
}

bool tariff_store_read(const struct tariff_store *store, const struct board *board, int slot,
                       uint16_t offset, uint8_t *bytes, uint16_t n_bytes)
{
    if (slot < 0 || (uint32_t)offset + n_bytes > store->slot[slot].n_image) {
        return false;
    }
    return pages_read(board, address_of(slot) + HEADER_BYTES + offset, bytes, n_bytes);
}

bool tariff_store_write(struct tariff_store *store, const struct board *board, int64_t utc_s,
                        int64_t activation_s, const uint8_t *image, uint16_t n_image)
{
    uint8_t bytes[TARIFF_STORE_SLOT_BYTES];
    int force = tariff_store_in_force(store, utc_s), waiting = tariff_store_waiting(store, utc_s);
    int spare = 0;
    uint32_t newest = 0;
    while (spare == force || spare == waiting) {
        spare++; /* two of three are taken at most */
    }
    for (unsigned i = 0; i < TARIFF_STORE_SLOTS; i++) {
        newest = store->slot[i].sequence > newest ? store->slot[i].sequence : newest;
    }
    struct tariff_slot slot = {newest + 1u, activation_s, n_image};
    struct writer w = writer_over(bytes, sizeof bytes);
    writer_uint_le(&w, MARK_PLAN, 4);
    writer_uint_le(&w, FORMAT, 2);
    writer_uint_le(&w, n_image, 2);
    writer_uint_le(&w, slot.sequence, 4);
    writer_uint_le(&w, (uint64_t)activation_s, 8);
    writer_bytes(&w, image, n_image);
    writer_uint_be(&w, crc16_xmodem(bytes, writer_length(&w)), CHECK_BYTES);
    store->slot[spare] = (struct tariff_slot){0, 0, 0};
    if (w.failed || !pages_write(board, address_of(spare), bytes, (uint32_t)writer_length(&w))) {
        return false;
    }
    store->slot[spare] = slot;
    return true;
}

/* ---- the command ---- */

static bool command_load(struct tariff_store *store, const struct board *board, unsigned index,
                         struct tariff_command *command)
{
    uint8_t bytes[COMMAND_BYTES];
    if (!pages_read(board, COMMANDS_AT + index * PAGE_BYTES, bytes, sizeof bytes)) {
        return false;
    }
    struct reader r = reader_over(bytes, sizeof bytes);
    bool good = reader_uint_le(&r, 4) == MARK_COMMAND && reader_uint_le(&r, 2) == FORMAT &&
                crc16_xmodem(bytes, sizeof bytes) == 0;
    uint32_t sequence = (uint32_t)reader_uint_le(&r, 4);
    uint8_t tariff = reader_u8(&r);
    int64_t until_s = (int64_t)reader_uint_le(&r, 8);
    if (good && sequence > store->command_sequence && tariff <= TARIFF_PLAN_TARIFFS) {
        store->command_sequence = sequence;
        *command = (struct tariff_command){tariff, until_s};
    }
    return true;
}

bool tariff_store_command(struct tariff_store *store, const struct board *board,
                          const struct tariff_command *command)
{
    uint8_t bytes[COMMAND_BYTES];
    uint32_t sequence = store->command_sequence + 1u;
    struct writer w = writer_over(bytes, sizeof bytes);
    writer_uint_le(&w, MARK_COMMAND, 4);
    writer_uint_le(&w, FORMAT, 2);
    writer_uint_le(&w, sequence, 4);
    writer_u8(&w, command->tariff);
    writer_uint_le(&w, (uint64_t)command->until_s, 8);
    writer_uint_be(&w, crc16_xmodem(bytes, writer_length(&w)), CHECK_BYTES);
    if (!pages_write(board, COMMANDS_AT + sequence % COMMAND_SLOTS * PAGE_BYTES, bytes,
                     sizeof bytes)) {
        return false;
    }
    store->command_sequence = sequence;
    return true;
}

bool tariff_store_load(struct tariff_store *store, const struct board *board,
                       struct tariff_command *command)
{
    bool good = true;
    memset(store, 0, sizeof *store);
    *command = (struct tariff_command){0, 0};
    for (int i = 0; i < (int)TARIFF_STORE_SLOTS; i++) {
        good = slot_load(board, i, &store->slot[i]) && good;
    }
    for (unsigned i = 0; i < COMMAND_SLOTS; i++) {
        good = command_load(store, board, i, command) && good;
    }
    return good;
}
