#include "quality_store.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define PAGE_BYTES   256u
#define HEAD_BYTES   12u
#define CHECK_BYTES  4u
#define FORMAT       1u
#define MARK_LIMITS  UINT32_C(0x4D494C51) /* "QLIM" in memory order */
#define MARK_COUNTS  UINT32_C(0x544E4351) /* "QCNT" */
#define LIMIT_SLOTS  2u
#define COUNT_SLOTS  4u /* for one week, and as many for the one before */
#define COUNTS_FIRST (QUALITY_STORE_FIRST_PAGE + LIMIT_SLOTS)
#define COUNTS_PAGES (2u * COUNT_SLOTS)

/* ---- one page ---- */

/** A page that holds a good record; reader stands at its payload. */
struct page {
    uint8_t bytes[PAGE_BYTES];
    uint32_t sequence;
    struct reader payload;
};

static enum quality_err page_load(const struct board *board, uint32_t page, uint32_t mark,
                                  struct page *out)
{
    if (board->app_memory_read(board->context, page * PAGE_BYTES, out->bytes, PAGE_BYTES) != 0) {
        return QUALITY_ERR_STORAGE;
    }
    struct reader r = reader_over(out->bytes, HEAD_BYTES);
    const bool ours = reader_uint_le(&r, 4) == mark && reader_uint_le(&r, 2) == FORMAT;
    const size_t n = (size_t)reader_uint_le(&r, 2);
    out->sequence = (uint32_t)reader_uint_le(&r, 4);
    if (!ours || n > PAGE_BYTES - HEAD_BYTES - CHECK_BYTES || out->sequence == 0) {
        return QUALITY_NONE;
    }
    struct reader check = reader_over(out->bytes + HEAD_BYTES + n, CHECK_BYTES);
    if ((uint32_t)reader_uint_le(&check, CHECK_BYTES) != crc32_ieee(out->bytes, HEAD_BYTES + n)) {
        return QUALITY_NONE;
    }
    out->payload = reader_over(out->bytes + HEAD_BYTES, n);
    return QUALITY_OK;
}

static void head_begin(struct writer *w, uint32_t mark, uint32_t sequence)
{
    writer_uint_le(w, mark, 4);
    writer_uint_le(w, FORMAT, 2);
    writer_uint_le(w, 0, 2);
    writer_uint_le(w, sequence, 4);
}

static enum quality_err page_save(const struct board *board, uint32_t page, struct writer *w,
                                  uint8_t *bytes)
{
    struct writer length = writer_over(bytes + 6, 2);
    writer_uint_le(&length, writer_length(w) - HEAD_BYTES, 2);
    writer_uint_le(w, crc32_ieee(bytes, writer_length(w)), CHECK_BYTES);
    if (w->failed || board->app_memory_write(board->context, page * PAGE_BYTES, bytes,
                                             (uint32_t)writer_length(w)) != 0) {
        return QUALITY_ERR_STORAGE;
    }
    return QUALITY_OK;
}

/* ---- limits ---- */

static bool limits_decode(struct reader *r, struct quality_config *config)
{
    struct quality_config c;
    memset(&c, 0, sizeof c);
    c.declared_mv = (uint32_t)reader_uint_le(r, 4);
    c.dip_pm = (uint16_t)reader_uint_le(r, 2);
    c.swell_pm = (uint16_t)reader_uint_le(r, 2);
    c.interruption_pm = (uint16_t)reader_uint_le(r, 2);
    c.hysteresis_pm = (uint16_t)reader_uint_le(r, 2);
    c.high_mv = (uint32_t)reader_uint_le(r, 4);
    c.low_mv = (uint32_t)reader_uint_le(r, 4);
    c.limit_hysteresis_mv = (uint32_t)reader_uint_le(r, 4);
    c.limit_ms = (uint32_t)reader_uint_le(r, 4);
    c.failure_mv = (uint32_t)reader_uint_le(r, 4);
    c.failure_ms = (uint32_t)reader_uint_le(r, 4);
    if (r->failed || quality_check(&c) != QUALITY_OK) {
        return false;
    }
    *config = c;
    return true;
}

enum quality_err quality_store_load_limits(struct quality_store *store, const struct board *board,
                                           struct quality_config *config)
{
    enum quality_err result = QUALITY_NONE;
    struct page page;
    store->limits_sequence = 0;
    for (uint32_t slot = 0; slot < LIMIT_SLOTS; slot++) {
        const enum quality_err err =
            page_load(board, QUALITY_STORE_FIRST_PAGE + slot, MARK_LIMITS, &page);
        if (err == QUALITY_ERR_STORAGE) {
            result = result == QUALITY_OK ? result : err;
        } else if (err == QUALITY_OK && page.sequence % LIMIT_SLOTS == slot &&
                   page.sequence > store->limits_sequence && limits_decode(&page.payload, config)) {
            store->limits_sequence = page.sequence;
            result = QUALITY_OK;
        }
    }
    return result;
}

enum quality_err quality_store_save_limits(struct quality_store *store, const struct board *board,
                                           const struct quality_config *config)
{
    uint8_t bytes[PAGE_BYTES];
    const struct quality_config *c = config;
    const uint32_t sequence = store->limits_sequence + 1u;
    struct writer w = writer_over(bytes, sizeof bytes);
    head_begin(&w, MARK_LIMITS, sequence);
    writer_uint_le(&w, c->declared_mv, 4);
    writer_uint_le(&w, c->dip_pm, 2);
    writer_uint_le(&w, c->swell_pm, 2);
    writer_uint_le(&w, c->interruption_pm, 2);
    writer_uint_le(&w, c->hysteresis_pm, 2);
    writer_uint_le(&w, c->high_mv, 4);
    writer_uint_le(&w, c->low_mv, 4);
    writer_uint_le(&w, c->limit_hysteresis_mv, 4);
    writer_uint_le(&w, c->limit_ms, 4);
    writer_uint_le(&w, c->failure_mv, 4);
    writer_uint_le(&w, c->failure_ms, 4);
    const enum quality_err err =
        page_save(board, QUALITY_STORE_FIRST_PAGE + sequence % LIMIT_SLOTS, &w, bytes);
    store->limits_sequence = err == QUALITY_OK ? sequence : store->limits_sequence;
    return err;
}

/* ---- counts ---- */

/** What a page of counts holds. */
struct counts {
    struct quality_week week;
    struct quality_day day;
};

static void count_write(struct writer *w, const struct quality_count *count)
{
    writer_uint_le(w, count->n, 4);
    writer_uint_le(w, count->good, 4);
}

static void count_read(struct reader *r, struct quality_count *count)
{
    count->n = (uint32_t)reader_uint_le(r, 4);
    count->good = (uint32_t)reader_uint_le(r, 4);
}

static void week_write(struct writer *w, const struct quality_week *week)
{
    writer_uint_le(w, (uint64_t)week->begin_us, 8);
    for (unsigned s = 0; s < QUALITY_SYSTEMS; s++) {
        count_write(w, &week->voltage_10[s]);
        count_write(w, &week->voltage_wide[s]);
        count_write(w, &week->thd[s]);
        count_write(w, &week->harmonics[s]);
    }
    count_write(w, &week->unbalance);
    count_write(w, &week->frequency_1);
    count_write(w, &week->frequency_wide);
    writer_uint_le(w, week->dips, 2);
    writer_uint_le(w, week->swells, 2);
    writer_uint_le(w, week->interruptions, 2);
}

static void week_read(struct reader *r, struct quality_week *week)
{
    week->begin_us = (int64_t)reader_uint_le(r, 8);
    for (unsigned s = 0; s < QUALITY_SYSTEMS; s++) {
        count_read(r, &week->voltage_10[s]);
        count_read(r, &week->voltage_wide[s]);
        count_read(r, &week->thd[s]);
        count_read(r, &week->harmonics[s]);
    }
    count_read(r, &week->unbalance);
    count_read(r, &week->frequency_1);
    count_read(r, &week->frequency_wide);
    week->dips = (uint16_t)reader_uint_le(r, 2);
    week->swells = (uint16_t)reader_uint_le(r, 2);
    week->interruptions = (uint16_t)reader_uint_le(r, 2);
}

static void day_write(struct writer *w, const struct quality_day *day)
{
    writer_uint_le(w, (uint64_t)day->number, 4);
    for (unsigned s = 0; s < QUALITY_SYSTEMS; s++) {
        writer_uint_le(w, day->low_mv[s], 4);
        writer_uint_le(w, day->high_mv[s], 4);
    }
}

static void day_read(struct reader *r, struct quality_day *day)
{
    day->number = (int64_t)reader_uint_le(r, 4);
    for (unsigned s = 0; s < QUALITY_SYSTEMS; s++) {
        day->low_mv[s] = (uint32_t)reader_uint_le(r, 4);
        day->high_mv[s] = (uint32_t)reader_uint_le(r, 4);
    }
}

static enum quality_err counts_load(const struct board *board, uint32_t number, uint32_t *sequence,
                                    struct counts *counts)
{
    struct page page;
    const enum quality_err err = page_load(board, COUNTS_FIRST + number, MARK_COUNTS, &page);
    if (err != QUALITY_OK) {
        return err;
    }
    week_read(&page.payload, &counts->week);
    day_read(&page.payload, &counts->day);
    *sequence = page.sequence;
    return page.payload.failed ? QUALITY_NONE : QUALITY_OK;
}

enum quality_err quality_store_load_counts(struct quality_store *store, const struct board *board,
                                           struct quality *quality)
{
    bool readable = true;
    uint32_t newest[2] = {0, 0}; /* of each half of the pages */
    struct counts found[2];
    for (uint32_t number = 0; number < COUNTS_PAGES; number++) {
        const uint32_t half = number / COUNT_SLOTS;
        uint32_t sequence = 0;
        struct counts counts;
        const enum quality_err err = counts_load(board, number, &sequence, &counts);
        readable = readable && err != QUALITY_ERR_STORAGE;
        if (err == QUALITY_OK && sequence > newest[half]) {
            newest[half] = sequence;
            found[half] = counts;
        }
    }
    const unsigned now = newest[1] > newest[0] ? 1u : 0u, before = 1u - now;
    store->counts_sequence = newest[now];
    store->half = (uint8_t)now;
    store->week_begin_us = newest[now] != 0 ? found[now].week.begin_us : 0;
    if (newest[now] != 0) {
        quality_resume(quality, &found[now].week, newest[before] != 0 ? &found[before].week : NULL,
                       &found[now].day);
    }
    return !readable ? QUALITY_ERR_STORAGE : newest[now] != 0 ? QUALITY_OK : QUALITY_NONE;
}

static enum quality_err counts_save(struct quality_store *store, const struct board *board,
                                    const struct counts *counts, uint8_t half)
{
    uint8_t bytes[PAGE_BYTES];
    const uint32_t sequence = store->counts_sequence + 1u;
    struct writer w = writer_over(bytes, sizeof bytes);
    head_begin(&w, MARK_COUNTS, sequence);
    week_write(&w, &counts->week);
    day_write(&w, &counts->day);
    const enum quality_err err =
        page_save(board, COUNTS_FIRST + half * COUNT_SLOTS + sequence % COUNT_SLOTS, &w, bytes);
    if (err == QUALITY_OK) {
        store->counts_sequence = sequence;
        store->half = half;
        store->week_begin_us = counts->week.begin_us;
    }
    return err;
}

enum quality_err quality_store_save_counts(struct quality_store *store, const struct board *board,
                                           const struct quality *quality)
{
    struct counts counts = {.week = quality->last_week};
    enum quality_err err = QUALITY_OK;
    quality_day(quality, &counts.day);
    if (store->week_begin_us == quality->week.begin_us) {
        counts.week = quality->week;
        return counts_save(store, board, &counts, store->half);
    }
    /* a week has ended since: its last intervals, then the first record of the new one */
    if (store->counts_sequence != 0 && store->week_begin_us == counts.week.begin_us) {
        err = counts_save(store, board, &counts, store->half);
    }
    counts.week = quality->week;
    return err != QUALITY_OK ? err
                             : counts_save(store, board, &counts, (uint8_t)(1u - store->half));
}
