#include "quality_totals.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define MARK        UINT32_C(0x544F5451) /* "QTOT" in memory order */
#define FORMAT      1u
#define SLOTS       2u
#define PAGE_BYTES  256u
#define CHECK_BYTES 4u
#define MS_PER_S    1000u
#define WORDS       (5u + 7u * QUALITY_PHASES)
#define BODY_BYTES  (12u + 4u * WORDS)
#define BYTES       (BODY_BYTES + CHECK_BYTES)

static uint32_t address_of(uint32_t sequence)
{
    return (QUALITY_TOTALS_FIRST_PAGE + sequence % SLOTS) * PAGE_BYTES;
}

/* The numbers in the order of the record. */
static void words_of(struct quality_totals *t, uint32_t *words[WORDS])
{
    uint32_t *const single[] = {&t->through, &t->failures_all, &t->failures_any, &t->failures_long,
                                &t->last_long_s};
    size_t n = 0;
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
        words[n++] = single[i];
    }
    for (unsigned p = 0; p < QUALITY_PHASES; p++) {
        words[n++] = &t->sags[p];
        words[n++] = &t->swells[p];
        words[n++] = &t->failures[p];
        words[n++] = &t->sag[p].duration_ms;
        words[n++] = &t->sag[p].extreme_mv;
        words[n++] = &t->swell[p].duration_ms;
        words[n++] = &t->swell[p].extreme_mv;
    }
}

static bool decode(const uint8_t bytes[BYTES], struct quality_totals *out)
{
    struct reader r = reader_over(bytes, BYTES);
    uint32_t *words[WORDS];
    memset(out, 0, sizeof *out);
    const bool ours = reader_uint_le(&r, 4) == MARK && reader_uint_le(&r, 4) == FORMAT;
    out->sequence = (uint32_t)reader_uint_le(&r, 4);
    words_of(out, words);
    for (size_t i = 0; i < WORDS; i++) {
        *words[i] = (uint32_t)reader_uint_le(&r, 4);
    }
    return ours && (uint32_t)reader_uint_le(&r, CHECK_BYTES) == crc32_ieee(bytes, BODY_BYTES);
}

enum quality_err quality_totals_load(struct quality_totals *totals, const struct board *board)
{
    enum quality_err result = QUALITY_NONE;
    memset(totals, 0, sizeof *totals);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint8_t bytes[BYTES];
        struct quality_totals found;
        if (board->app_memory_read(board->context, address_of(slot), bytes, sizeof bytes) != 0) {
            return QUALITY_ERR_STORAGE;
        }
        if (decode(bytes, &found) && found.sequence % SLOTS == slot &&
            found.sequence > totals->sequence) {
            *totals = found;
            result = QUALITY_OK;
        }
    }
    return result;
}

enum quality_err quality_totals_save(struct quality_totals *totals, const struct board *board)
{
    uint8_t bytes[BYTES];
    uint32_t *words[WORDS];
    struct writer w = writer_over(bytes, sizeof bytes);
    const uint32_t sequence = totals->sequence + 1u;
    writer_uint_le(&w, MARK, 4);
    writer_uint_le(&w, FORMAT, 4);
    writer_uint_le(&w, sequence, 4);
    words_of(totals, words);
    for (size_t i = 0; i < WORDS; i++) {
        writer_uint_le(&w, *words[i], 4);
    }
    writer_uint_le(&w, crc32_ieee(bytes, BODY_BYTES), CHECK_BYTES);
    if (board->app_memory_write(board->context, address_of(sequence), bytes, sizeof bytes) != 0) {
        return QUALITY_ERR_STORAGE;
    }
    totals->sequence = sequence;
    return QUALITY_OK;
}

bool quality_long_failure(const struct quality_record *record)
{
    return record->kind == QUALITY_FAILURE && record->edge == QUALITY_END &&
           record->duration_ms > QUALITY_LONG_FAILURE_S * MS_PER_S;
}

static void failure_add(struct quality_totals *totals, const struct quality_record *record,
                        uint8_t all_phases)
{
    if (record->edge != QUALITY_END) {
        return;
    }
    totals->failures_any++;
    totals->failures_all += record->phases == all_phases ? 1u : 0u;
    if (quality_long_failure(record)) {
        totals->failures_long++;
        totals->last_long_s = record->duration_ms / MS_PER_S;
    }
    for (unsigned p = 0; p < QUALITY_PHASES; p++) {
        totals->failures[p] += record->phases >> p & 1u;
    }
}

void quality_totals_add(struct quality_totals *totals, const struct quality_record *record,
                        uint8_t all_phases)
{
    const struct quality_last last = {record->duration_ms, record->extreme_mv};
    if (record->kind == QUALITY_FAILURE) {
        failure_add(totals, record, all_phases);
        return;
    }
    for (unsigned p = 0; p < QUALITY_PHASES; p++) {
        if ((record->phases >> p & 1u) == 0) {
            continue;
        }
        if (record->kind == QUALITY_DIP) {
            totals->sags[p]++;
            totals->sag[p] = last;
        } else if (record->kind == QUALITY_SWELL) {
            totals->swells[p]++;
            totals->swell[p] = last;
        }
    }
}
