#include "analysis_ring.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define MARK         0x4E41u /* "AN" in memory order */
#define FORMAT       1u
#define HEADER_BYTES 23u
#define VALUE_BYTES  9u
#define CHECK_BYTES  4u
#define RECORD_MAX   (HEADER_BYTES + ANALYSIS_VALUES * VALUE_BYTES + CHECK_BYTES)
#define PAGES_TRIED  3u /* worn pages in a row that an append gets over */
#define PROBES       8u /* pages in a row without a record: there is none behind them */

/* ---- one page ---- */

static uint32_t place_of(uint32_t id)
{
    return (id - 1u) % ANALYSIS_RING_PLACES;
}

static uint32_t lap_of(uint32_t id)
{
    return (id - 1u) / ANALYSIS_RING_PLACES;
}

static uint32_t address_of(uint32_t place)
{
    return (ANALYSIS_RING_FIRST_PAGE + place) * ANALYSIS_PAGE_BYTES;
}

static size_t entry_encode(const struct analysis_entry *entry, uint8_t bytes[RECORD_MAX])
{
    struct writer w = writer_over(bytes, RECORD_MAX);
    writer_uint_le(&w, MARK, 2);
    writer_u8(&w, FORMAT);
    writer_u8(&w, entry->n_values);
    writer_uint_le(&w, entry->id, 4);
    writer_uint_le(&w, (uint64_t)entry->utc_s, 8);
    writer_u8(&w, entry->clock_status);
    writer_uint_le(&w, entry->layout, 2);
    writer_uint_le(&w, entry->status, 2);
    writer_uint_le(&w, entry->quality, 2);
    for (unsigned v = 0; v < entry->n_values; v++) {
        writer_uint_le(&w, (uint64_t)entry->value[v].number, 8);
        writer_u8(&w, (uint8_t)entry->value[v].exponent);
    }
    writer_uint_le(&w, crc32_ieee(bytes, writer_length(&w)), CHECK_BYTES);
    return writer_length(&w);
}

/* @return false: not a good record, or not one of this place. */
static bool entry_decode(uint32_t place, const uint8_t bytes[RECORD_MAX],
                         struct analysis_entry *entry)
{
    struct reader r = reader_over(bytes, RECORD_MAX);
    memset(entry, 0, sizeof *entry);
    bool ours = reader_uint_le(&r, 2) == MARK;
    ours = reader_u8(&r) == FORMAT && ours;
    entry->n_values = reader_u8(&r);
    entry->id = (uint32_t)reader_uint_le(&r, 4);
    entry->utc_s = (int64_t)reader_uint_le(&r, 8);
    entry->clock_status = reader_u8(&r);
    entry->layout = (uint16_t)reader_uint_le(&r, 2);
    entry->status = (uint16_t)reader_uint_le(&r, 2);
    entry->quality = (uint16_t)reader_uint_le(&r, 2);
    if (!ours || entry->n_values > ANALYSIS_VALUES || entry->id == 0 ||
        place_of(entry->id) != place) {
        return false;
    }
    for (unsigned v = 0; v < entry->n_values; v++) {
        entry->value[v].number = (int64_t)reader_uint_le(&r, 8);
        entry->value[v].exponent = (int8_t)reader_u8(&r);
    }
    return (uint32_t)reader_uint_le(&r, CHECK_BYTES) ==
           crc32_ieee(bytes, HEADER_BYTES + (size_t)entry->n_values * VALUE_BYTES);
}

static enum analysis_err page_read(const struct board *board, uint32_t place,
                                   struct analysis_entry *entry)
{
    uint8_t bytes[RECORD_MAX];
    if (board->app_memory_read(board->context, address_of(place), bytes, sizeof bytes) != 0) {
        return ANALYSIS_ERR_STORAGE;
    }
    return entry_decode(place, bytes, entry) ? ANALYSIS_OK : ANALYSIS_NONE;
}

/* ---- the newest ---- */

/* The first good record at the place or in the PROBES pages from it on, below end.
 * @return ANALYSIS_NONE: there is none */
static enum analysis_err probe(const struct board *board, uint32_t place, uint32_t end,
                               uint32_t *id)
{
    for (uint32_t n = 0; n < PROBES && place + n < end; n++) {
        struct analysis_entry entry;
        const enum analysis_err err = page_read(board, place + n, &entry);
        if (err != ANALYSIS_NONE) {
            *id = err == ANALYSIS_OK ? entry.id : 0;
            return err;
        }
    }
    return ANALYSIS_NONE;
}

/* Pages of one lap stand before those of the lap before it: halve down to the last of them. */
static enum analysis_err halve(const struct board *board, uint32_t *newest)
{
    uint32_t end = ANALYSIS_RING_PLACES;
    while (place_of(*newest) + 1u < end) {
        const uint32_t from = place_of(*newest) + 1u, middle = from + (end - from) / 2u;
        uint32_t id = 0;
        const enum analysis_err err = probe(board, middle, end, &id);
        if (err == ANALYSIS_ERR_STORAGE) {
            return err;
        }
        if (err == ANALYSIS_OK && lap_of(id) == lap_of(*newest)) {
            *newest = id;
        } else {
            end = middle;
        }
    }
    return ANALYSIS_OK;
}

enum analysis_err analysis_ring_find(struct analysis_ring *ring, const struct board *board)
{
    uint32_t newest = 0, place = 0, id = 0;
    enum analysis_err err = probe(board, 0, ANALYSIS_RING_PLACES, &newest);
    *ring = (struct analysis_ring){0, err == ANALYSIS_ERR_STORAGE};
    while (err == ANALYSIS_OK) {
        err = halve(board, &newest);
        /* a damaged run may have misled the search: look a little further */
        place = place_of(newest) + 1u;
        if (err == ANALYSIS_OK) {
            err = probe(board, place, ANALYSIS_RING_PLACES, &id);
        }
        ring->unreadable = err == ANALYSIS_ERR_STORAGE;
        if (err == ANALYSIS_OK && lap_of(id) != lap_of(newest)) {
            break;
        }
        newest = err == ANALYSIS_OK ? id : newest;
    }
    ring->newest = newest;
    return ring->unreadable ? ANALYSIS_ERR_STORAGE : ANALYSIS_OK;
}

/* ---- append, read ---- */

static bool page_write(const struct board *board, uint32_t address, const uint8_t *bytes,
                       size_t n_bytes)
{
    uint8_t back[RECORD_MAX];
    return board->app_memory_write(board->context, address, bytes, (uint32_t)n_bytes) == 0 &&
           board->app_memory_read(board->context, address, back, (uint32_t)n_bytes) == 0 &&
           memcmp(back, bytes, n_bytes) == 0;
}

enum analysis_err analysis_ring_append(struct analysis_ring *ring, const struct board *board,
                                       uint32_t first_id, struct analysis_entry *entry)
{
    const uint32_t before = ring->newest < first_id ? first_id - 1u : ring->newest;
    if (ring->unreadable) {
        return ANALYSIS_ERR_STORAGE;
    }
    for (uint32_t tried = 1; tried <= PAGES_TRIED; tried++) {
        uint8_t bytes[RECORD_MAX];
        if (before > UINT32_MAX - tried) {
            return ANALYSIS_ERR_FULL;
        }
        entry->id = before + tried;
        const size_t n_bytes = entry_encode(entry, bytes);
        if (page_write(board, address_of(place_of(entry->id)), bytes, n_bytes)) {
            ring->newest = entry->id;
            return ANALYSIS_OK;
        }
    }
    return ANALYSIS_ERR_STORAGE;
}

enum analysis_err analysis_ring_read(const struct board *board, uint32_t id,
                                     struct analysis_entry *entry)
{
    if (id == 0) {
        return ANALYSIS_NONE;
    }
    const enum analysis_err err = page_read(board, place_of(id), entry);
    return err == ANALYSIS_OK && entry->id != id ? ANALYSIS_NONE : err;
}
