#include "prepay_store.h"

#include <string.h>

#include "../../proto/common/crypto_port.h"
#include "../store/slot_record.h"

#define SLOTS       2u
#define ON          1u
#define CUT         2u
#define LOW         4u
#define YEAR_0      2000u
#define YEAR_SHIFT  9u
#define MONTH_SHIFT 5u
#define EVERY_YEAR  127u

/* Marks in memory order. */
#define MARK_ACCOUNT UINT32_C(0x59415050) /* "PPAY" */
#define MARK_KEY     UINT32_C(0x59454B50) /* "PKEY" */
#define MARK_DAYS    UINT32_C(0x59414450) /* "PDAY" */

/* The three records one after the other. */
#define KIND(its_mark, at, type, its_decode, its_encode)                                           \
    {                                                                                              \
        .mark = (its_mark), .format = PREPAY_STORE_FORMAT, .n_format = 2, .slots = SLOTS,          \
        .first_page = PREPAY_STORE_FIRST_PAGE + (at)*SLOTS, .n_record = sizeof(type),              \
        .decode = (its_decode), .encode = (its_encode)                                             \
    }

/* ---- the account ---- */

static void booking_write(struct writer *w, const struct prepay_booking *booking)
{
    writer_u8(w, booking->way);
    writer_u8(w, booking->channel);
    writer_uint_le(w, booking->number, 4);
    writer_uint_le(w, (uint64_t)booking->amount_uwh, 8);
    writer_uint_le(w, (uint64_t)booking->left_uwh, 8);
    writer_uint_le(w, (uint64_t)booking->utc_s, 8);
    writer_uint_le(w, booking->log_id, 4);
}

static void account_encode(struct writer *w, const void *record)
{
    const struct prepay_kept *kept = record;
    writer_u8(w, (uint8_t)((kept->on ? ON : 0u) | (kept->cut ? CUT : 0u) | (kept->low ? LOW : 0u)));
    writer_uint_le(w, kept->begin_uwh, 8);
    writer_uint_le(w, (uint64_t)kept->loaded_uwh, 8);
    writer_uint_le(w, (uint64_t)kept->paid_uwh, 8);
    writer_uint_le(w, kept->number, 4);
    writer_uint_le(w, (uint64_t)kept->number_uwh, 8);
    booking_write(w, &kept->last);
    writer_uint_le(w, kept->low_used_s, 4);
    writer_uint_le(w, kept->low_since_s, 8);
    writer_u8(w, kept->wrong);
    writer_uint_le(w, kept->day_total_uwh, 8);
    writer_uint_le(w, kept->day_s, 8);
    writer_u8(w, kept->n_days);
    for (unsigned i = 0; i < PREPAY_DAYS; i++) {
        writer_uint_le(w, kept->day_mwh[i], 4);
    }
    writer_u8(w, kept->n_tokens);
    for (unsigned i = 0; i < kept->n_tokens; i++) {
        writer_uint_le(w, kept->token[i], 3);
    }
}

static struct prepay_booking booking_read(struct reader *r)
{
    struct prepay_booking booking;
    booking.way = reader_u8(r);
    booking.channel = reader_u8(r);
    booking.number = (uint32_t)reader_uint_le(r, 4);
    booking.amount_uwh = (int64_t)reader_uint_le(r, 8);
    booking.left_uwh = (int64_t)reader_uint_le(r, 8);
    booking.utc_s = (int64_t)reader_uint_le(r, 8);
    booking.log_id = (uint32_t)reader_uint_le(r, 4);
    return booking;
}

static bool account_decode(struct reader *r, void *record)
{
    struct prepay_kept *kept = record;
    const uint8_t flags = reader_u8(r);
    kept->on = (flags & ON) != 0;
    kept->cut = (flags & CUT) != 0;
    kept->low = (flags & LOW) != 0;
    kept->begin_uwh = reader_uint_le(r, 8);
    kept->loaded_uwh = (int64_t)reader_uint_le(r, 8);
    kept->paid_uwh = (int64_t)reader_uint_le(r, 8);
    kept->number = (uint32_t)reader_uint_le(r, 4);
    kept->number_uwh = (int64_t)reader_uint_le(r, 8);
    kept->last = booking_read(r);
    kept->low_used_s = (uint32_t)reader_uint_le(r, 4);
    kept->low_since_s = reader_uint_le(r, 8);
    kept->wrong = reader_u8(r);
    kept->day_total_uwh = reader_uint_le(r, 8);
    kept->day_s = reader_uint_le(r, 8);
    kept->n_days = reader_u8(r);
    for (unsigned i = 0; i < PREPAY_DAYS; i++) {
        kept->day_mwh[i] = (uint32_t)reader_uint_le(r, 4);
    }
    kept->n_tokens = reader_u8(r);
    for (unsigned i = 0; i < kept->n_tokens && i < PREPAY_TOKENS; i++) {
        kept->token[i] = (uint32_t)reader_uint_le(r, 3);
    }
    return kept->n_tokens <= PREPAY_TOKENS && kept->n_days <= PREPAY_DAYS;
}

static const struct slot_kind account =
    KIND(MARK_ACCOUNT, 0, struct prepay_kept, account_decode, account_encode);

bool prepay_store_load(struct prepay_kept *kept, const struct board *board)
{
    struct prepay_kept spare;
    memset(kept, 0, sizeof *kept);
    const struct slot_found found = slot_record_load(&account, board, kept, &spare);
    kept->sequence = found.sequence;
    return !found.unread;
}

bool prepay_store_save(struct prepay_kept *kept, const struct board *board)
{
    return slot_record_save(&account, board, kept, &kept->sequence);
}

/* ---- the key ---- */

struct key_record {
    uint8_t key[TOKEN_KEY_BYTES];
};

static void key_encode(struct writer *w, const void *record)
{
    writer_bytes(w, ((const struct key_record *)record)->key, TOKEN_KEY_BYTES);
}

static bool key_decode(struct reader *r, void *record)
{
    const uint8_t *bytes = reader_bytes(r, TOKEN_KEY_BYTES);
    if (bytes != NULL) {
        memcpy(((struct key_record *)record)->key, bytes, TOKEN_KEY_BYTES);
    }
    return bytes != NULL;
}

static const struct slot_kind key_kind =
    KIND(MARK_KEY, 1u, struct key_record, key_decode, key_encode);

static struct slot_found key_find(const struct board *board, struct key_record *record)
{
    struct key_record spare;
    memset(record, 0, sizeof *record);
    const struct slot_found found = slot_record_load(&key_kind, board, record, &spare);
    crypto_wipe(&spare, sizeof spare);
    return found;
}

bool prepay_store_key(const struct board *board, uint8_t key[TOKEN_KEY_BYTES])
{
    struct key_record record;
    const struct slot_found found = key_find(board, &record);
    const bool there = !found.unread && found.sequence != 0;
    if (there) {
        memcpy(key, record.key, TOKEN_KEY_BYTES);
    }
    crypto_wipe(&record, sizeof record);
    return there;
}

bool prepay_store_key_save(const struct board *board, const uint8_t key[TOKEN_KEY_BYTES])
{
    struct key_record record;
    struct slot_found found = key_find(board, &record);
    memcpy(record.key, key, TOKEN_KEY_BYTES);
    const bool saved =
        !found.unread && slot_record_save(&key_kind, board, &record, &found.sequence);
    crypto_wipe(&record, sizeof record);
    return saved;
}

/* ---- days on which nothing is cut off ---- */

static void days_encode(struct writer *w, const void *record)
{
    const struct prepay_exceptions *exceptions = record;
    writer_u8(w, exceptions->n);
    for (unsigned i = 0; i < exceptions->n; i++) {
        const struct prepay_date *date = &exceptions->date[i];
        const unsigned year = date->year == 0 ? EVERY_YEAR : date->year - YEAR_0;
        writer_uint_le(w, year << YEAR_SHIFT | (unsigned)date->month << MONTH_SHIFT | date->day, 2);
    }
}

static bool days_decode(struct reader *r, void *record)
{
    struct prepay_exceptions *out = record;
    out->n = reader_u8(r);
    for (unsigned i = 0; i < out->n && i < PREPAY_EXCEPTIONS; i++) {
        const unsigned packed = (unsigned)reader_uint_le(r, 2), year = packed >> YEAR_SHIFT;
        out->date[i] =
            (struct prepay_date){(uint16_t)(year == EVERY_YEAR ? 0 : YEAR_0 + year),
                                 (uint8_t)(packed >> MONTH_SHIFT & 15u), (uint8_t)(packed & 31u)};
    }
    return out->n <= PREPAY_EXCEPTIONS;
}

static const struct slot_kind days_kind =
    KIND(MARK_DAYS, 2u, struct prepay_exceptions, days_decode, days_encode);

static struct slot_found days_find(const struct board *board, struct prepay_exceptions *out)
{
    struct prepay_exceptions spare;
    memset(out, 0, sizeof *out);
    return slot_record_load(&days_kind, board, out, &spare);
}

bool prepay_store_exceptions(const struct board *board, struct prepay_exceptions *out)
{
    return !days_find(board, out).unread;
}

bool prepay_store_exceptions_save(const struct board *board,
                                  const struct prepay_exceptions *exceptions)
{
    struct prepay_exceptions before;
    struct slot_found found = days_find(board, &before);
    return !found.unread && exceptions->n <= PREPAY_EXCEPTIONS &&
           slot_record_save(&days_kind, board, exceptions, &found.sequence);
}
