/* What happens to the voltage: from values to records. */
#include <string.h>

#include "quality_inside.h"

#define MERGE_US INT64_C(100000) /* what begins or ends so close together is one record */
#define FLAG_US                                                                                    \
    INT64_C(60000000) /* what lasts longer is a level, no dip (EN 50160): it flags no more */
#define HOLD_US INT64_C(250000) /* a system may report so much later than the first: one window */

static uint8_t bit_of(const struct quality *q, unsigned s)
{
    return (uint8_t)(1u << q->phase_of[s]);
}

uint8_t quality_all_phases(const struct quality *quality)
{
    const struct quality *q = quality;
    unsigned mask = 0;
    for (unsigned s = 0; s < q->systems; s++) {
        mask |= bit_of(q, s);
    }
    return (uint8_t)mask;
}

static uint32_t declared_part(const struct quality *q, uint32_t part_pm)
{
    return (uint32_t)((uint64_t)q->config.declared_mv * part_pm / 1000u);
}

static uint32_t milliseconds(int64_t from_us, int64_t to_us)
{
    const int64_t ms = (to_us - from_us + 500) / 1000;
    return ms < 0 ? 0 : ms > (int64_t)UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

/* High is worse for swells and overvoltage. */
static uint32_t worse(uint8_t kind, uint32_t a_mv, uint32_t b_mv)
{
    const bool high = kind == QUALITY_SWELL || kind == QUALITY_OVERVOLTAGE;
    return (a_mv > b_mv) == high ? a_mv : b_mv;
}

/* ---- records ---- */

static bool merges(const struct quality_record *old, const struct quality_record *record)
{
    const int64_t apart_us = old->at_us - record->at_us;
    return old->kind == record->kind && old->edge == record->edge &&
           record->edge != QUALITY_WHOLE && apart_us <= MERGE_US && apart_us >= -MERGE_US;
}

static void put(struct quality *q, const struct quality_record *record, int64_t known_us)
{
    for (unsigned i = 0; i < q->n_outbox; i++) {
        struct quality_record *old = &q->outbox[i].record;
        if (merges(old, record)) {
            old->phases |= record->phases;
            old->extreme_mv = worse(old->kind, old->extreme_mv, record->extreme_mv);
            old->at_us = old->at_us < record->at_us ? old->at_us : record->at_us;
            old->duration_ms =
                old->duration_ms > record->duration_ms ? old->duration_ms : record->duration_ms;
            return;
        }
    }
    if (q->n_outbox == QUALITY_OUTBOX) {
        q->lost_records++;
        return;
    }
    q->outbox[q->n_outbox].record = *record;
    q->outbox[q->n_outbox].known_us = known_us;
    q->n_outbox++;
}

static int64_t heard_us(const struct quality *q)
{
    int64_t heard = QUALITY_NEVER_US;
    for (unsigned s = 0; s < q->systems; s++) {
        heard = q->phase[s].reached_us < heard ? q->phase[s].reached_us : heard;
    }
    return heard;
}

bool quality_take(struct quality *quality, struct quality_record *record)
{
    if (quality->n_outbox == 0 ||
        (quality->supplied && heard_us(quality) < quality->outbox[0].known_us)) {
        return false;
    }
    *record = quality->outbox[0].record;
    quality->n_outbox--;
    memmove(&quality->outbox[0], &quality->outbox[1],
            quality->n_outbox * sizeof quality->outbox[0]);
    return true;
}

/* ---- dips and swells ---- */

static void open_finish(struct quality *q, struct quality_open *open)
{
    struct quality_record record = {.kind = open->kind,
                                    .edge = QUALITY_WHOLE,
                                    .phases = open->phases,
                                    .at_us = open->begin_us,
                                    .duration_ms = milliseconds(open->begin_us, open->end_us),
                                    .extreme_mv = open->extreme_mv};
    bool interrupted = open->kind == QUALITY_DIP && open->phases == quality_all_phases(q);
    for (unsigned s = 0; s < q->systems; s++) {
        interrupted =
            interrupted && open->phase_mv[s] < declared_part(q, q->config.interruption_pm);
    }
    record.kind = interrupted ? QUALITY_INTERRUPTION : open->kind;
    q->week.dips = (uint16_t)(q->week.dips + (record.kind == QUALITY_DIP));
    q->week.swells = (uint16_t)(q->week.swells + (record.kind == QUALITY_SWELL));
    q->week.interruptions =
        (uint16_t)(q->week.interruptions + (record.kind == QUALITY_INTERRUPTION));
    put(q, &record, open->end_us);
    open->kind = 0;
}

/* The event of this kind that a phase may join at that time, or a free place. */
static struct quality_open *open_for(struct quality *q, uint8_t kind, int64_t at_us)
{
    struct quality_open *free_place = NULL, *oldest = &q->open[0];
    for (unsigned i = 0; i < QUALITY_OPEN; i++) {
        struct quality_open *open = &q->open[i];
        if (open->kind == kind && (open->active != 0 || open->end_us >= at_us)) {
            return open;
        }
        free_place = open->kind == 0 ? open : free_place;
        oldest = open->begin_us < oldest->begin_us ? open : oldest;
    }
    if (free_place == NULL) {
        open_finish(q, oldest);
        free_place = oldest;
    }
    q->any_open = true;
    memset(free_place, 0, sizeof *free_place);
    free_place->kind = kind;
    free_place->begin_us = at_us;
    free_place->end_us = at_us;
    free_place->extreme_mv = kind == QUALITY_DIP ? UINT32_MAX : 0;
    memset(free_place->phase_mv, 0xFF, sizeof free_place->phase_mv);
    return free_place;
}

static struct quality_open *open_of(struct quality *q, uint8_t kind, uint8_t bit)
{
    for (unsigned i = 0; i < QUALITY_OPEN; i++) {
        if (q->open[i].kind == kind && (q->open[i].active & bit) != 0) {
            return &q->open[i];
        }
    }
    return NULL;
}

/* One phase in or out of an event.  A value beyond the limit is that of a cycle that only partly
 * lies in the event: by the mean over deep and shallow dips, what begins did so half a cycle before
 * the value was complete, and what is over was so three quarters of a cycle before. */
static bool follow(struct quality *q, unsigned s, uint8_t kind, bool inside, uint32_t mv,
                   int64_t at_us, int64_t cycle_us, bool was)
{
    const uint8_t bit = bit_of(q, s);
    if (inside && !was) {
        struct quality_open *open = open_for(q, kind, at_us - cycle_us / 2);
        open->active |= bit;
        open->phases |= bit;
        open->begin_us =
            at_us - cycle_us / 2 < open->begin_us ? at_us - cycle_us / 2 : open->begin_us;
    }
    if (inside || was) {
        struct quality_open *open = open_of(q, kind, bit);
        q->flagged = q->flagged || (open != NULL && at_us - open->begin_us < FLAG_US);
        if (open != NULL && inside) {
            open->extreme_mv = worse(kind, open->extreme_mv, mv);
            open->phase_mv[s] = mv < open->phase_mv[s] ? mv : open->phase_mv[s];
        } else if (open != NULL) {
            const int64_t end_us = at_us - cycle_us * 3 / 4;
            open->active = (uint8_t)(open->active & ~(unsigned)bit);
            open->end_us = end_us > open->end_us ? end_us : open->end_us;
        }
    }
    return inside;
}

void quality_event_half(struct quality *q, unsigned s, uint32_t mv, int64_t at_us, int64_t cycle_us)
{
    struct quality_phase *phase = &q->phase[s];
    const struct quality_config *c = &q->config;
    const uint32_t dip = declared_part(q, c->dip_pm + (phase->dipping ? c->hysteresis_pm : 0u));
    const uint32_t swell =
        declared_part(q, c->swell_pm - (phase->swelling ? c->hysteresis_pm : 0u));
    phase->low_mv = mv < phase->low_mv ? mv : phase->low_mv;
    phase->high_mv = mv > phase->high_mv ? mv : phase->high_mv;
    phase->dipping = follow(q, s, QUALITY_DIP, mv < dip, mv, at_us, cycle_us, phase->dipping);
    phase->swelling = follow(q, s, QUALITY_SWELL, mv > swell, mv, at_us, cycle_us, phase->swelling);
}

void quality_event_settle(struct quality *q)
{
    const int64_t heard = heard_us(q);
    q->any_open = false;
    for (unsigned i = 0; i < QUALITY_OPEN; i++) {
        struct quality_open *open = &q->open[i];
        if (open->kind != 0 && open->active == 0 && heard > open->end_us) {
            open_finish(q, open);
        }
        q->any_open = q->any_open || open->kind != 0;
    }
}

bool quality_event_flags(const struct quality *q, int64_t now_us)
{
    bool flags = false;
    for (unsigned i = 0; i < QUALITY_OPEN; i++) {
        flags = flags || (q->open[i].kind != 0 && now_us - q->open[i].begin_us < FLAG_US);
    }
    return flags;
}

/* ---- what lasts ---- */

/** A value against one limit. */
struct trial {
    uint8_t kind;
    bool beyond, back;
    int64_t from_us, to_us, least_us;
};

static void watch_step(struct quality *q, unsigned s, struct quality_watch *watch,
                       const struct trial *trial)
{
    const struct quality_phase *phase = &q->phase[s];
    const bool counts = watch->active ? trial->back : trial->beyond;
    const uint32_t extreme_mv = trial->kind == QUALITY_OVERVOLTAGE ? phase->high_mv : phase->low_mv;
    if (!watch->active && watch->since_us == QUALITY_NEVER_US) {
        watch->extreme_mv = extreme_mv;
    } else if (!counts || !watch->active) {
        watch->extreme_mv = worse(trial->kind, watch->extreme_mv, extreme_mv);
    }
    if (!counts) {
        watch->since_us = QUALITY_NEVER_US;
        return;
    }
    watch->since_us = watch->since_us < trial->from_us ? watch->since_us : trial->from_us;
    if (trial->to_us - watch->since_us < trial->least_us) {
        return;
    }
    struct quality_record record = {.kind = trial->kind,
                                    .edge = watch->active ? QUALITY_END : QUALITY_BEGIN,
                                    .phases = bit_of(q, s),
                                    .at_us = watch->since_us,
                                    .extreme_mv = watch->extreme_mv};
    if (watch->active) {
        record.duration_ms = milliseconds(watch->began_us, watch->since_us);
    } else {
        watch->began_us = watch->since_us;
    }
    put(q, &record, trial->to_us + HOLD_US);
    watch->active = !watch->active;
    watch->since_us = QUALITY_NEVER_US;
}

void quality_event_report(struct quality *q, unsigned s, int64_t from_us, int64_t to_us)
{
    struct quality_phase *phase = &q->phase[s];
    const struct quality_config *c = &q->config;
    const uint32_t mv = phase->voltage_mv, play = c->limit_hysteresis_mv;
    struct trial trial = {
        QUALITY_FAILURE, mv < c->failure_mv,           mv >= c->failure_mv, from_us,
        to_us,           (int64_t)c->failure_ms * 1000};
    watch_step(q, s, &phase->failure, &trial);
    trial.least_us = (int64_t)c->limit_ms * 1000;
    trial.kind = QUALITY_UNDERVOLTAGE;
    trial.beyond = mv < c->low_mv && mv >= c->failure_mv;
    trial.back = mv >= c->low_mv + play || mv < c->failure_mv;
    watch_step(q, s, &phase->under, &trial);
    trial.kind = QUALITY_OVERVOLTAGE;
    trial.beyond = mv > c->high_mv;
    trial.back = mv <= c->high_mv - play;
    watch_step(q, s, &phase->over, &trial);
    const struct quality_watch *watches[] = {&phase->failure, &phase->under, &phase->over};
    phase->steady = !phase->dipping && !phase->swelling;
    for (unsigned i = 0; i < 3; i++) {
        phase->steady =
            phase->steady && !watches[i]->active && watches[i]->since_us == QUALITY_NEVER_US;
    }
}

/* ---- supply ---- */

void quality_event_reset(struct quality *q)
{
    memset(q->open, 0, sizeof q->open);
    for (unsigned s = 0; s < QUALITY_SYSTEMS; s++) {
        struct quality_phase *phase = &q->phase[s];
        const struct quality_watch idle = {.since_us = QUALITY_NEVER_US};
        phase->dipping = false;
        phase->swelling = false;
        phase->steady = false;
        phase->under = idle;
        phase->over = idle;
        phase->failure = idle;
    }
}

/* The whole meter fails when all its phases do: one record for all, with those that failed before.
 */
static void outage_begin(struct quality *q, int64_t now_us)
{
    bool all_told = true;
    int64_t begin_us = now_us - (int64_t)q->config.failure_ms * 1000;
    for (unsigned s = 0; s < q->systems; s++) {
        const struct quality_watch *failure = &q->phase[s].failure;
        all_told = all_told && failure->active;
        if (!failure->active && failure->since_us < begin_us) {
            begin_us = failure->since_us;
        }
    }
    if (all_told) { /* the last one's record tells it */
        begin_us = q->phase[0].failure.began_us;
        for (unsigned s = 1; s < q->systems; s++) {
            const int64_t began_us = q->phase[s].failure.began_us;
            begin_us = began_us > begin_us ? began_us : begin_us;
        }
    }
    q->outage = true;
    q->outage_us = begin_us;
    const struct quality_record record = {.kind = QUALITY_FAILURE,
                                          .edge = QUALITY_BEGIN,
                                          .phases = quality_all_phases(q),
                                          .at_us = begin_us};
    put(q, &record, now_us);
}

void quality_event_supply(struct quality *q, bool on, int64_t now_us)
{
    if (!on) {
        outage_begin(q, now_us);
    } else if (q->outage) {
        const struct quality_record record = {.kind = QUALITY_FAILURE,
                                              .edge = QUALITY_END,
                                              .phases = quality_all_phases(q),
                                              .at_us = now_us,
                                              .duration_ms = milliseconds(q->outage_us, now_us)};
        q->outage = false;
        put(q, &record, now_us);
    }
    quality_event_reset(q);
}

void quality_restore_outage(struct quality *quality, int64_t begin_us)
{
    quality->outage = true;
    quality->outage_us = begin_us;
}
