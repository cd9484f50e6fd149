#include "quality_totals.h"

#include <string.h>

#include "../store/slot_record.h"

#define MARK     UINT32_C(0x544F5451) /* "QTOT" in memory order */
#define FORMAT   1u
#define MS_PER_S 1000u
#define WORDS    (5u + 7u * QUALITY_PHASES)

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

static bool totals_decode(struct reader *body, void *record)
{
    uint32_t *words[WORDS];
    words_of(record, words);
    for (size_t i = 0; i < WORDS; i++) {
        *words[i] = (uint32_t)reader_uint_le(body, 4);
    }
    return true;
}

static void totals_encode(struct writer *body, const void *record)
{
    struct quality_totals totals = *(const struct quality_totals *)record;
    uint32_t *words[WORDS];
    words_of(&totals, words);
    for (size_t i = 0; i < WORDS; i++) {
        writer_uint_le(body, *words[i], 4);
    }
}

static const struct slot_kind kind = {.mark = MARK,
                                      .format = FORMAT,
                                      .n_format = 4,
                                      .slots = 2,
                                      .first_page = QUALITY_TOTALS_FIRST_PAGE,
                                      .n_record = sizeof(struct quality_totals),
                                      .decode = totals_decode,
                                      .encode = totals_encode};

enum quality_err quality_totals_load(struct quality_totals *totals, const struct board *board)
{
    struct quality_totals spare;
    memset(totals, 0, sizeof *totals);
    const struct slot_found found = slot_record_load(&kind, board, totals, &spare);
    totals->sequence = found.sequence;
    return found.unread ? QUALITY_ERR_STORAGE : found.sequence != 0 ? QUALITY_OK : QUALITY_NONE;
}

enum quality_err quality_totals_save(struct quality_totals *totals, const struct board *board)
{
    return slot_record_save(&kind, board, totals, &totals->sequence) ? QUALITY_OK
                                                                     : QUALITY_ERR_STORAGE;
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
