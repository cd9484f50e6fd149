#include "analysis.h"

#include <string.h>

#define SECONDS_PER_MINUTE 60

static int64_t interval_s(const struct analysis *analysis)
{
    return (int64_t)analysis->stored.setup.interval_min * SECONDS_PER_MINUTE;
}

static int64_t boundary_before(const struct analysis *analysis, int64_t utc_s)
{
    return load_profile_boundary(analysis->stored.setup.interval_min, utc_s);
}

/* ---- what there is ---- */

uint32_t analysis_newest(const struct analysis *analysis)
{
    const uint32_t newest = analysis->ring.newest;
    return analysis->fitted && newest >= analysis->stored.setup.first_id ? newest : 0;
}

uint32_t analysis_oldest(const struct analysis *analysis)
{
    const uint32_t newest = analysis_newest(analysis), first = analysis->stored.setup.first_id;
    if (newest == 0) {
        return 0;
    }
    const uint32_t count = newest - first + 1u;
    return count > analysis->depth ? newest - analysis->depth + 1u : first;
}

enum analysis_err analysis_read(const struct analysis *analysis, const struct board *board,
                                uint32_t id, struct analysis_entry *entry)
{
    if (id == 0 || id < analysis_oldest(analysis) || id > analysis_newest(analysis)) {
        return ANALYSIS_NONE;
    }
    const enum analysis_err err = analysis_ring_read(board, id, entry);
    return err == ANALYSIS_OK && entry->layout != analysis->layout ? ANALYSIS_NONE : err;
}

/* A record that is lost counts with the next one that is not. */
static int64_t time_of(const struct analysis *analysis, const struct board *board, uint32_t id)
{
    struct analysis_entry entry;
    const uint32_t newest = analysis_newest(analysis);
    enum analysis_err err = analysis_read(analysis, board, id, &entry);
    while (err != ANALYSIS_OK && id < newest) {
        id++;
        err = analysis_read(analysis, board, id, &entry);
    }
    return err == ANALYSIS_OK ? entry.utc_s : INT64_MAX;
}

uint32_t analysis_at_time(const struct analysis *analysis, const struct board *board, int64_t utc_s,
                          bool up)
{
    const uint32_t oldest = analysis_oldest(analysis), newest = analysis_newest(analysis);
    const uint32_t all = newest != 0 ? newest - oldest + 1u : 0;
    uint32_t below = 0, count = all; /* records before the time */
    while (count > 0) {
        const uint32_t half = count / 2u;
        const int64_t at_s = time_of(analysis, board, oldest + below + half);
        if (up ? at_s < utc_s : at_s <= utc_s) {
            below += half + 1u;
            count -= half + 1u;
        } else {
            count = half;
        }
    }
    if (up ? below == all : below == 0) {
        return 0;
    }
    return oldest + below - (up ? 0u : 1u);
}

/* ---- set-up ---- */

static void setup_apply(struct analysis *analysis, const struct variant *variant)
{
    analysis->layout = analysis_layout(&analysis->stored.setup);
    analysis->depth = analysis_setup_depth(variant, &analysis->stored.setup);
    analysis->staged = analysis->stored.setup;
    analysis->samples = false;
    for (unsigned v = 0; v < analysis->stored.setup.n_values; v++) {
        const struct register_def *def = register_by_kmp_id(analysis->stored.setup.value[v]);
        const enum analysis_kind kind = def != NULL ? analysis_kind(def) : ANALYSIS_AS_IT_STANDS;
        const bool point = kind == ANALYSIS_AS_IT_STANDS || kind == ANALYSIS_INSTANT;
        analysis->samples = analysis->samples || (analysis->stored.setup.on && !point);
    }
}

enum analysis_err analysis_start(struct analysis *analysis, const struct board *board,
                                 const struct variant *variant)
{
    memset(analysis, 0, sizeof *analysis);
    analysis->last_s = INT64_MIN;
    analysis->fitted = analysis_fitted(variant);
    if (!analysis->fitted) {
        return ANALYSIS_OK;
    }
    enum analysis_err err = analysis_setup_load(&analysis->stored, board);
    const enum analysis_err found = analysis_ring_find(&analysis->ring, board);
    analysis->lost = err != ANALYSIS_OK;
    if (analysis->stored.sequence == 0 || analysis->lost) {
        analysis_setup_default(variant, &analysis->stored.setup);
    }
    setup_apply(analysis, variant);
    event_mark_limit(&analysis->stored.mark, analysis->ring.newest);
    struct analysis_entry newest;
    const uint32_t first_id = analysis->stored.setup.first_id;
    if (analysis_newest(analysis) == 0) {
        analysis->status = first_id > 1u ? LOAD_PROFILE_RECONFIGURED : 0;
    } else if (analysis->stored.setup.on &&
               analysis_read(analysis, board, analysis->ring.newest, &newest) == ANALYSIS_OK) {
        const bool gap = newest.utc_s < analysis->stored.setup.since_s; /* switched off between */
        analysis->last_s = gap ? INT64_MIN : newest.utc_s;
        analysis->status = gap ? LOAD_PROFILE_DISCONTINUITY : 0;
    }
    return err != ANALYSIS_OK ? err : found;
}

static bool same_layout(const struct analysis_setup *a, const struct analysis_setup *b)
{
    return a->interval_min == b->interval_min && a->n_values == b->n_values &&
           memcmp(a->value, b->value, a->n_values * sizeof a->value[0]) == 0;
}

/* What the first record after the change says. */
static uint16_t status_of_change(const struct analysis_setup *before,
                                 const struct analysis_setup *after)
{
    if (before->interval_min != after->interval_min) {
        return LOAD_PROFILE_INTERVAL_CHANGED;
    }
    return same_layout(before, after) ? 0 : LOAD_PROFILE_RECONFIGURED;
}

enum analysis_refusal analysis_take(struct analysis *analysis, const struct board *board,
                                    const struct variant *variant,
                                    const struct analysis_setup *wanted, int64_t utc_s)
{
    const struct analysis_setup before = analysis->stored.setup;
    struct analysis_stored after = analysis->stored;
    enum analysis_refusal refusal = analysis_setup_check(variant, wanted);
    const uint16_t change = status_of_change(&before, wanted);
    after.setup = *wanted;
    after.setup.first_id = before.first_id;
    after.setup.since_s = wanted->on && !before.on ? utc_s : before.since_s;
    if (change != 0 && analysis->ring.newest >= before.first_id) {
        after.setup.first_id = analysis->ring.newest + 1u;
    }
    if (refusal == ANALYSIS_TAKEN && (analysis->lost || after.setup.first_id == 0 ||
                                      analysis_setup_save(&after, board) != ANALYSIS_OK)) {
        refusal = ANALYSIS_REFUSED_STORAGE;
    }
    analysis->refusal = (uint8_t)refusal;
    if (refusal != ANALYSIS_TAKEN) {
        return refusal;
    }
    const bool gap = wanted->on && !before.on && change == 0 && analysis_newest(analysis) != 0;
    analysis->stored = after;
    setup_apply(analysis, variant);
    analysis->status =
        (uint16_t)(analysis->status | change | (gap ? LOAD_PROFILE_DISCONTINUITY : 0));
    if (change != 0 || !before.on) {
        analysis->last_s = INT64_MIN; /* the interval under way is the first */
        analysis_means_close(&analysis->means);
    }
    return refusal;
}

enum analysis_err analysis_marks_save(struct analysis *analysis, const struct board *board,
                                      const struct event_mark *mark)
{
    struct analysis_stored after = analysis->stored;
    after.mark = *mark;
    if (analysis->lost || analysis_setup_save(&after, board) != ANALYSIS_OK) {
        return ANALYSIS_ERR_STORAGE;
    }
    analysis->stored = after;
    return ANALYSIS_OK;
}

/* ---- recording ---- */

static void value_take(const struct analysis_parts *parts, uint16_t id, struct analysis_number *out)
{
    const struct register_def *def = register_by_kmp_id(id);
    *out = (struct analysis_number){0, 0};
    if (def != NULL && parts->fetch(parts->context, def, out) && !parts->supplied &&
        analysis_kind(def) == ANALYSIS_INSTANT) {
        out->number = 0;
    }
}

static void record(struct analysis *analysis, const struct analysis_parts *parts,
                   int64_t boundary_s)
{
    struct analysis_entry entry = {
        .utc_s = boundary_s,
        .clock_status = parts->clock_valid ? 0 : LOAD_PROFILE_CLOCK_INVALID,
        .layout = analysis->layout,
        .status = analysis->status,
        .quality = analysis->quality,
        .n_values = analysis->stored.setup.n_values,
    };
    for (unsigned v = 0; v < entry.n_values; v++) {
        value_take(parts, analysis->stored.setup.value[v], &entry.value[v]);
    }
    const uint32_t first_id = analysis->stored.setup.first_id;
    analysis->fault =
        analysis_ring_append(&analysis->ring, parts->board, first_id, &entry) != ANALYSIS_OK;
    analysis->last_s = boundary_s;
    /* a record that was not stored is a gap before the next one that is */
    analysis->status = analysis->fault ? analysis->status | LOAD_PROFILE_DISCONTINUITY : 0;
}

/* All boundaries since the last record.  The interval that the supply left has the mean of what was
 * measured of it, those after it have none. */
static void records(struct analysis *analysis, const struct analysis_parts *parts,
                    int64_t boundary_s)
{
    const int64_t missing = (boundary_s - analysis->last_s) / interval_s(analysis) - 1;
    const bool known = parts->clock_valid && analysis_newest(analysis) != 0;
    if (missing > 0 && known && missing <= (int64_t)LOAD_PROFILE_FILL_MAX) {
        while (analysis->last_s + interval_s(analysis) < boundary_s) {
            record(analysis, parts, analysis->last_s + interval_s(analysis));
            analysis_means_close(&analysis->means);
        }
    } else if (missing > 0) {
        analysis->status |= LOAD_PROFILE_DISCONTINUITY;
    }
    record(analysis, parts, boundary_s);
}

int64_t analysis_step(struct analysis *analysis, const struct analysis_parts *parts)
{
    if (!analysis->fitted) {
        return INT64_MAX;
    }
    const int64_t boundary_s = boundary_before(analysis, parts->utc_s);
    if (analysis->last_s == INT64_MIN) {
        analysis->last_s = boundary_s; /* the first record ends the interval that begins here */
    }
    if (boundary_s > analysis->last_s) {
        analysis_means_close(&analysis->means);
        if (analysis->stored.setup.on) {
            records(analysis, parts, boundary_s);
        }
        analysis->last_s = boundary_s;
        analysis->quality = 0;
    }
    return boundary_s + interval_s(analysis);
}

void analysis_note(struct analysis *analysis, uint16_t quality)
{
    analysis->quality |= quality;
}

void analysis_clock_set(struct analysis *analysis, int64_t from_utc_s, int64_t to_utc_s)
{
    analysis->quality |= load_profile_step_quality(to_utc_s - from_utc_s);
    /* Time that was skipped or comes twice is no gap to fill: the next record says so. */
    if (analysis->fitted && analysis->last_s != INT64_MIN) {
        const int64_t boundary_s = boundary_before(analysis, to_utc_s);
        if (boundary_s != boundary_before(analysis, from_utc_s)) {
            analysis->status |= LOAD_PROFILE_DISCONTINUITY;
            analysis->last_s = boundary_s;
        }
    }
}

void analysis_clock_lost(struct analysis *analysis)
{
    analysis->status |= LOAD_PROFILE_DISCONTINUITY;
    analysis->quality |= LOAD_PROFILE_OUTAGE; /* the shortest hold time is days */
}

void analysis_outage(struct analysis *analysis, int64_t duration_s)
{
    if (duration_s > LOAD_PROFILE_OUTAGE_S) {
        analysis->quality |= LOAD_PROFILE_OUTAGE;
    }
}
