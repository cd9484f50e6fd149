#include "billing.h"

#include <string.h>

#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define SECONDS_PER_HOUR 3600u
#define SECONDS_PER_DAY  86400

/* Peaks of the record, in its order, among those of demand. */
static const uint8_t peak_of[BILLING_PEAKS] = {LEGAL_TARIFF_ENERGIES, LEGAL_TARIFF_ENERGIES + 1u,
                                               LEGAL_A_PLUS};

void billing_configure(struct billing *billing, const struct variant *variant)
{
    const uint32_t configuration = variant->configuration[1]; /* FFF-GG-HH-I */
    billing->target_day_gg = (uint8_t)(configuration / 1000u % 100u);
    billing->months =
        billing_months((enum generation)variant->generation, (uint8_t)(configuration / 10u % 100u));
    billing->second = variant->generation == GENERATION_M;
}

/* ---- payloads: docs/spec/app-storage.md ---- */

static void record_write(struct writer *w, const struct billing_record *r)
{
    writer_uint_le(w, r->period, 4);
    writer_uint_le(w, (uint64_t)r->due_s, 8);
    for (unsigned i = 0; i < LEGAL_TARIFF_ENERGIES; i++) {
        writer_uint_le(w, r->energy_uwh[i], 8);
    }
    for (unsigned t = 0; t < BILLING_TARIFFS; t++) {
        writer_uint_le(w, r->a_plus_uwh[t], 8);
        writer_uint_le(w, r->r_plus_uwh[t], 8);
    }
    for (unsigned i = 0; i < BILLING_PEAKS; i++) {
        writer_uint_le(w, r->peak[i].power_mw, 4);
        writer_uint_le(w, (uint64_t)r->peak[i].utc_s, 8);
    }
    writer_uint_le(w, r->accumulated_mw, 8);
    writer_u8(w, r->threshold_count);
    writer_uint_le(w, r->pulse_input, 4);
}

static bool record_take(struct reader *in, struct billing_record *r)
{
    r->period = (uint32_t)reader_uint_le(in, 4);
    r->due_s = (int64_t)reader_uint_le(in, 8);
    for (unsigned i = 0; i < LEGAL_TARIFF_ENERGIES; i++) {
        r->energy_uwh[i] = reader_uint_le(in, 8);
    }
    for (unsigned t = 0; t < BILLING_TARIFFS; t++) {
        r->a_plus_uwh[t] = reader_uint_le(in, 8);
        r->r_plus_uwh[t] = reader_uint_le(in, 8);
    }
    for (unsigned i = 0; i < BILLING_PEAKS; i++) {
        r->peak[i].power_mw = (uint32_t)reader_uint_le(in, 4);
        r->peak[i].utc_s = (int64_t)reader_uint_le(in, 8);
    }
    r->accumulated_mw = reader_uint_le(in, 8);
    r->threshold_count = reader_u8(in);
    r->pulse_input = (uint32_t)reader_uint_le(in, 4);
    return reader_complete(in);
}

enum event_log_err billing_read(const struct event_logs *logs, const struct board *board,
                                uint32_t id, struct billing_record *out)
{
    struct event_log_entry entry;
    const enum event_log_err err = event_log_read(logs, board, EVENT_LOG_DEBITING, id, &entry);
    if (err != EVENT_LOG_OK) {
        return err;
    }
    struct reader in = reader_over(entry.payload, entry.n_payload);
    memset(out, 0, sizeof *out);
    out->utc_s = entry.utc_s;
    out->clock_valid = entry.clock_valid;
    out->hours = entry.hours;
    out->cause = (enum billing_cause)entry.code;
    return record_take(&in, out) ? EVENT_LOG_OK : EVENT_LOG_NONE;
}

static void record2_write(struct writer *w, const struct billing2_record *r)
{
    for (unsigned i = 0; i < LEGAL_TARIFF_ENERGIES; i++) {
        writer_uint_le(w, r->energy_uwh[i], 8);
        for (unsigned t = 0; t < BILLING_TARIFFS; t++) {
            writer_uint_le(w, r->tariff_uwh[t][i], 8);
        }
    }
}

enum event_log_err billing2_read(const struct event_logs *logs, const struct board *board,
                                 uint32_t id, struct billing2_record *out)
{
    struct event_log_entry entry;
    const enum event_log_err err = event_log_read(logs, board, EVENT_LOG_DEBITING_2, id, &entry);
    if (err != EVENT_LOG_OK) {
        return err;
    }
    struct reader in = reader_over(entry.payload, entry.n_payload);
    memset(out, 0, sizeof *out);
    out->utc_s = entry.utc_s;
    out->clock_valid = entry.clock_valid;
    out->hours = entry.hours;
    for (unsigned i = 0; i < LEGAL_TARIFF_ENERGIES; i++) {
        out->energy_uwh[i] = reader_uint_le(&in, 8);
        for (unsigned t = 0; t < BILLING_TARIFFS; t++) {
            out->tariff_uwh[t][i] = reader_uint_le(&in, 8);
        }
    }
    return reader_complete(&in) ? EVENT_LOG_OK : EVENT_LOG_NONE;
}

/* ---- a stop ---- */

static bool clock_good(const struct clock *clock)
{
    return clock->fitted && clock->valid;
}

static struct event_log_entry entry_of(const struct billing_parts *parts, uint16_t code)
{
    return (struct event_log_entry){
        .utc_s = parts->utc_s,
        .clock_valid = clock_good(parts->clock),
        .hours = (uint32_t)(legal_operating_s(parts->legal) / SECONDS_PER_HOUR),
        .code = code,
    };
}

static struct billing_record snapshot(const struct billing_parts *parts, int64_t due_s)
{
    const struct demand *demand = parts->demand;
    struct billing_record record = {
        .period = demand->debiting_count + 1u,
        .due_s = due_s,
        .accumulated_mw = demand_accumulated_with_peak(demand, LEGAL_A_PLUS),
        .threshold_count = demand->threshold_count,
        .pulse_input = parts->pulse_input,
    };
    for (unsigned i = 0; i < LEGAL_TARIFF_ENERGIES; i++) {
        record.energy_uwh[i] = legal_energy_uwh(parts->legal, (enum legal_energy)i);
    }
    for (unsigned t = 0; t < BILLING_TARIFFS; t++) {
        const uint8_t tariff = (uint8_t)(t + 1u);
        record.a_plus_uwh[t] = legal_tariff_uwh(parts->legal, tariff, LEGAL_A_PLUS);
        record.r_plus_uwh[t] = legal_tariff_uwh(parts->legal, tariff, LEGAL_R_PLUS);
    }
    for (unsigned i = 0; i < BILLING_PEAKS; i++) {
        record.peak[i] = demand->peak[peak_of[i]];
    }
    return record;
}

static enum event_log_err stop(const struct billing_parts *parts, enum billing_cause cause,
                               int64_t due_s)
{
    const struct billing_record record = snapshot(parts, due_s);
    struct event_log_entry entry = entry_of(parts, (uint16_t)cause);
    struct writer w = writer_over(entry.payload, sizeof entry.payload);
    record_write(&w, &record);
    entry.n_payload = (uint8_t)writer_length(&w);
    const enum event_log_err err =
        event_log_append(parts->logs, parts->board, EVENT_LOG_DEBITING, &entry);
    if (err == EVENT_LOG_OK) {
        demand_debit(parts->demand);
    }
    return err;
}

static enum event_log_err second_store(const struct billing_parts *parts)
{
    struct billing2_record record;
    for (unsigned i = 0; i < LEGAL_TARIFF_ENERGIES; i++) {
        record.energy_uwh[i] = legal_energy_uwh(parts->legal, (enum legal_energy)i);
        for (unsigned t = 0; t < BILLING_TARIFFS; t++) {
            record.tariff_uwh[t][i] =
                legal_tariff_uwh(parts->legal, (uint8_t)(t + 1u), (enum legal_energy)i);
        }
    }
    struct event_log_entry entry = entry_of(parts, BILLING_BY_DATE);
    struct writer w = writer_over(entry.payload, sizeof entry.payload);
    record2_write(&w, &record);
    entry.n_payload = (uint8_t)writer_length(&w);
    return event_log_append(parts->logs, parts->board, EVENT_LOG_DEBITING_2, &entry);
}

enum event_log_err billing_stop(struct billing *billing, const struct billing_parts *parts)
{
    (void)billing; /* dates go on as they are */
    return stop(parts, BILLING_BY_COMMAND, 0);
}

/* ---- dates ---- */

/* The latest date after `after` and not beyond `until`; INT64_MIN: none. */
static int64_t due_first(const struct billing *billing, const struct clock *clock, int64_t after_s,
                         int64_t until_s)
{
    int64_t due_s = INT64_MIN;
    int64_t next_s = billing_next_stop(clock, billing->target_day_gg, billing->months, after_s);
    while (next_s <= until_s) {
        due_s = next_s;
        next_s = billing_next_stop(clock, billing->target_day_gg, billing->months, next_s);
    }
    return due_s;
}

static int64_t due_second(const struct billing *billing, const struct clock *clock, int64_t after_s,
                          int64_t until_s)
{
    int64_t due_s = INT64_MIN;
    int64_t next_s = billing2_next(clock, billing->second_interval, after_s);
    while (next_s <= until_s) {
        due_s = next_s;
        next_s = billing2_next(clock, billing->second_interval, next_s);
    }
    return due_s;
}

/* @return false: due, and could not be stored. */
static bool step_first(struct billing *billing, const struct billing_parts *parts, bool *changed)
{
    const int64_t due_s = due_first(billing, parts->clock, billing->checked_s, parts->utc_s);
    if (due_s <= billing->due_s) {
        return true;
    }
    if (stop(parts, BILLING_BY_DATE, due_s) != EVENT_LOG_OK) {
        return false;
    }
    billing->due_s = due_s;
    *changed = true;
    return true;
}

static bool step_second(struct billing *billing, const struct billing_parts *parts)
{
    const int64_t due_s = due_second(billing, parts->clock, billing->checked_s, parts->utc_s);
    if (!billing->second || due_s <= billing->second_due_s) {
        return true;
    }
    if (second_store(parts) != EVENT_LOG_OK) {
        return false;
    }
    billing->second_due_s = due_s;
    return true;
}

bool billing_step(struct billing *billing, const struct billing_parts *parts)
{
    bool changed = false, stored = true;
    if (!clock_good(parts->clock)) {
        return false;
    }
    if (billing->checked_s != INT64_MIN) {
        stored = step_first(billing, parts, &changed);
        stored = step_second(billing, parts) && stored;
    }
    if (stored) { /* else what is due stays due, and is stored as soon as the memory takes it */
        billing->checked_s = parts->utc_s;
    }
    return changed;
}

void billing_clock_set(struct billing *billing, int64_t from_utc_s, int64_t to_utc_s)
{
    if (to_utc_s >= from_utc_s) {
        return; /* dates that are skipped are due */
    }
    billing->checked_s = to_utc_s;
    /* Corrected by a bit over midnight the stop is not made again; from a wrong year it is. */
    if (from_utc_s - to_utc_s > SECONDS_PER_DAY) {
        billing->due_s = INT64_MIN;
        billing->second_due_s = INT64_MIN;
    }
}

bool billing_start(struct billing *billing, const struct billing_parts *parts, int64_t known_utc_s)
{
    bool changed = false;
    billing->checked_s = known_utc_s;
    billing->due_s = INT64_MIN;
    billing->second_due_s = INT64_MIN;
    struct billing_record newest;
    const uint32_t id = event_log_newest(parts->logs, EVENT_LOG_DEBITING);
    if (id != 0 && billing_read(parts->logs, parts->board, id, &newest) == EVENT_LOG_OK) {
        if (newest.period > parts->demand->debiting_count) {
            demand_debit(parts->demand); /* its record was written, then the supply was cut */
            parts->demand->debiting_count = newest.period;
            changed = true;
        }
        if (newest.cause == BILLING_BY_DATE && newest.due_s <= parts->utc_s + SECONDS_PER_DAY) {
            billing->due_s = newest.due_s;
        }
    }
    struct billing2_record second;
    const uint32_t id2 = event_log_newest(parts->logs, EVENT_LOG_DEBITING_2);
    if (id2 != 0 && billing2_read(parts->logs, parts->board, id2, &second) == EVENT_LOG_OK &&
        second.utc_s <= parts->utc_s + SECONDS_PER_DAY) {
        billing->second_due_s = second.utc_s; /* at or after the date that was due */
    }
    return changed;
}
