#include "app_store.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define MAGIC            UINT32_C(0x3238334F) /* "O382" in memory order */
#define HEADER_BYTES     12u
#define CHECK_BYTES      4u
#define PAGE_BYTES       256u
#define FLAG_ORDERLY     0x01u
#define FLAG_CLOCK       0x02u
#define DIGITS           8u
#define FORMAT_WITH_TYPE 2u
#define FORMAT_LONG_SUMS 3u
#define WORD_BITS        32u
#define PAYLOAD_MAX      (APP_STORE_SLOT_BYTES - HEADER_BYTES - CHECK_BYTES)

static void payload_write(struct writer *w, const struct app_record *r)
{
    const struct demand *d = &r->demand;
    writer_u8(w, (uint8_t)((r->orderly ? FLAG_ORDERLY : 0u) | (r->clock_valid ? FLAG_CLOCK : 0u)));
    writer_uint_le(w, r->serial_number, 4);
    for (unsigned i = 0; i < 3; i++) {
        writer_bytes(w, r->meter_number[i], DIGITS);
    }
    writer_uint_le(w, r->special_data[0], 4);
    writer_uint_le(w, r->special_data[1], 4);
    writer_uint_le(w, (uint64_t)r->utc_s, 8);
    writer_u8(w, d->integration_min);
    writer_uint_le(w, (uint64_t)d->period_start_s, 8);
    for (unsigned i = 0; i < LEGAL_TARIFF_ENERGIES; i++) {
        writer_uint_le(w, d->start_uwh[i], 8);
        writer_uint_le(w, d->mean_mw[i], 4);
        writer_uint_le(w, (uint32_t)d->accumulated_mw[i], 4);
    }
    for (unsigned i = 0; i < DEMAND_TARIFFS; i++) {
        writer_uint_le(w, d->start_tariff_uwh[i], 8);
    }
    for (unsigned i = 0; i < DEMAND_PEAKS; i++) {
        writer_uint_le(w, d->peak[i].power_mw, 4);
        writer_uint_le(w, (uint64_t)d->peak[i].utc_s, 8);
    }
    writer_uint_le(w, d->debiting_count, 4);
    writer_uint_le(w, d->threshold_w, 4);
    writer_u8(w, d->threshold_count);
    writer_bytes(w, r->order_number, APP_STORE_ORDER_DIGITS);
    for (unsigned i = 0; i < 5; i++) {
        writer_uint_le(w, r->configuration[i], 4);
    }
    writer_u8(w, r->events);
    for (unsigned i = 0; i < LEGAL_TARIFF_ENERGIES; i++) {
        writer_uint_le(w, d->accumulated_mw[i] >> WORD_BITS, 4);
    }
}

static bool digits_read(struct reader *in, char out[9])
{
    const uint8_t *digits = reader_bytes(in, DIGITS);
    for (unsigned i = 0; digits != NULL && i < DIGITS; i++) {
        if (digits[i] < '0' || digits[i] > '9') {
            return false;
        }
        out[i] = (char)digits[i];
    }
    out[DIGITS] = '\0';
    return digits != NULL;
}

static bool demand_read(struct reader *in, struct demand *d)
{
    d->integration_min = reader_u8(in);
    d->period_start_s = (int64_t)reader_uint_le(in, 8);
    for (unsigned i = 0; i < LEGAL_TARIFF_ENERGIES; i++) {
        d->start_uwh[i] = reader_uint_le(in, 8);
        d->mean_mw[i] = (uint32_t)reader_uint_le(in, 4);
        d->accumulated_mw[i] = (uint32_t)reader_uint_le(in, 4);
    }
    for (unsigned i = 0; i < DEMAND_TARIFFS; i++) {
        d->start_tariff_uwh[i] = reader_uint_le(in, 8);
    }
    for (unsigned i = 0; i < DEMAND_PEAKS; i++) {
        d->peak[i].power_mw = (uint32_t)reader_uint_le(in, 4);
        d->peak[i].utc_s = (int64_t)reader_uint_le(in, 8);
    }
    d->debiting_count = (uint32_t)reader_uint_le(in, 4);
    d->threshold_w = (uint32_t)reader_uint_le(in, 4);
    d->threshold_count = reader_u8(in);
    return d->integration_min != 0;
}

/* Since format 2.  Thirteen zeros: no type was known when this was written. */
static bool type_read(struct reader *in, struct app_record *r)
{
    const uint8_t *order = reader_bytes(in, APP_STORE_ORDER_DIGITS);
    bool empty = order != NULL && order[0] == 0;
    for (unsigned i = 0; order != NULL && i < APP_STORE_ORDER_DIGITS; i++) {
        bool digit = order[i] >= '0' && order[i] <= '9';
        bool letter = order[i] >= 'A' && order[i] <= 'Z';
        if (empty ? order[i] != 0 : !digit && !letter) {
            return false;
        }
        r->order_number[i] = (char)order[i];
    }
    for (unsigned i = 0; i < 5; i++) {
        r->configuration[i] = (uint32_t)reader_uint_le(in, 4);
    }
    r->events = reader_u8(in);
    return true;
}

/* Since format 3: before, sums of peaks had 32 bits. */
static void sums_read(struct reader *in, struct demand *d)
{
    for (unsigned i = 0; i < LEGAL_TARIFF_ENERGIES; i++) {
        d->accumulated_mw[i] |= reader_uint_le(in, 4) << WORD_BITS;
    }
}

static bool payload_read(struct reader *in, uint16_t format, struct app_record *out)
{
    struct app_record r;
    memset(&r, 0, sizeof r);
    uint8_t flags = reader_u8(in);
    r.orderly = (flags & FLAG_ORDERLY) != 0;
    r.clock_valid = (flags & FLAG_CLOCK) != 0;
    r.serial_number = (uint32_t)reader_uint_le(in, 4);
    bool good = digits_read(in, r.meter_number[0]) && digits_read(in, r.meter_number[1]) &&
                digits_read(in, r.meter_number[2]);
    r.special_data[0] = (uint32_t)reader_uint_le(in, 4);
    r.special_data[1] = (uint32_t)reader_uint_le(in, 4);
    r.utc_s = (int64_t)reader_uint_le(in, 8);
    good = good && demand_read(in, &r.demand);
    good = good && (format < FORMAT_WITH_TYPE || type_read(in, &r));
    if (format >= FORMAT_LONG_SUMS) {
        sums_read(in, &r.demand);
    }
    if (!good || !reader_complete(in)) {
        return false;
    }
    *out = r;
    return true;
}

/* One slot taken apart. */
struct slot {
    bool good;
    uint32_t sequence;
    uint16_t format, n_payload;
    uint8_t bytes[APP_STORE_SLOT_BYTES];
};

static enum app_store_err slot_read(const struct board *board, unsigned index, struct slot *slot)
{
    slot->good = false;
    for (uint32_t at = 0; at < APP_STORE_SLOT_BYTES; at += PAGE_BYTES) {
        if (board->app_memory_read(board->context, index * APP_STORE_SLOT_BYTES + at,
                                   slot->bytes + at, PAGE_BYTES) != 0) {
            return APP_STORE_ERR_STORAGE;
        }
    }
    struct reader r = reader_over(slot->bytes, sizeof slot->bytes);
    bool magic = reader_uint_le(&r, 4) == MAGIC;
    slot->format = (uint16_t)reader_uint_le(&r, 2);
    slot->n_payload = (uint16_t)reader_uint_le(&r, 2);
    slot->sequence = (uint32_t)reader_uint_le(&r, 4);
    if (!magic || slot->n_payload > PAYLOAD_MAX) {
        return APP_STORE_OK;
    }
    const size_t checked = HEADER_BYTES + slot->n_payload;
    struct reader check = reader_over(slot->bytes + checked, CHECK_BYTES);
    slot->good = (uint32_t)reader_uint_le(&check, 4) == crc32_ieee(slot->bytes, checked);
    return APP_STORE_OK;
}

enum app_store_err app_store_load(struct app_store *store, const struct board *board,
                                  struct app_record *record)
{
    enum app_store_err result = APP_STORE_BLANK;
    store->sequence = 0;
    for (unsigned i = 0; i < APP_STORE_SLOTS; i++) {
        struct slot slot;
        if (slot_read(board, i, &slot) != APP_STORE_OK) {
            return APP_STORE_ERR_STORAGE;
        }
        if (!slot.good) {
            continue;
        }
        if (slot.format > APP_STORE_FORMAT) {
            return APP_STORE_ERR_FORMAT;
        }
        struct reader in = reader_over(slot.bytes + HEADER_BYTES, slot.n_payload);
        if (slot.sequence > store->sequence && payload_read(&in, slot.format, record)) {
            store->sequence = slot.sequence;
            result = APP_STORE_OK;
        }
    }
    return result;
}

enum app_store_err app_store_save(struct app_store *store, const struct board *board,
                                  const struct app_record *record)
{
    uint8_t bytes[APP_STORE_SLOT_BYTES] = {0};
    uint32_t sequence = store->sequence + 1u;
    struct writer payload = writer_over(bytes + HEADER_BYTES, PAYLOAD_MAX);
    payload_write(&payload, record);
    size_t n_payload = writer_length(&payload);
    struct writer header = writer_over(bytes, HEADER_BYTES);
    writer_uint_le(&header, MAGIC, 4);
    writer_uint_le(&header, APP_STORE_FORMAT, 2);
    writer_uint_le(&header, n_payload, 2);
    writer_uint_le(&header, sequence, 4);
    struct writer check = writer_over(bytes + HEADER_BYTES + n_payload, CHECK_BYTES);
    writer_uint_le(&check, crc32_ieee(bytes, HEADER_BYTES + n_payload), 4);

    size_t length = HEADER_BYTES + n_payload + CHECK_BYTES;
    uint32_t base = sequence % APP_STORE_SLOTS * APP_STORE_SLOT_BYTES;
    for (size_t at = 0; at < length; at += PAGE_BYTES) {
        size_t n = length - at < PAGE_BYTES ? length - at : PAGE_BYTES;
        if (board->app_memory_write(board->context, base + (uint32_t)at, bytes + at, (uint32_t)n) !=
            0) {
            return APP_STORE_ERR_STORAGE;
        }
    }
    store->sequence = sequence;
    return APP_STORE_OK;
}
