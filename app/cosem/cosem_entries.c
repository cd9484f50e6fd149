#include "cosem_entries.h"

#include <string.h>

#include "../optical/optical_records.h"
#include "../quality/quality_record.h"
#include "../registers/register_read.h"
#include "cosem_events.h"

/* Bits of the profile status of the household list (spec dlms 8, row 92). */
#define AMR_POWER_DOWN     0x80u
#define AMR_CLOCK_ADJUSTED 0x20u
#define AMR_SUMMER         0x08u
#define AMR_NOT_VALID      0x04u
#define AMR_CLOCK_INVALID  0x02u
#define AMR_CRITICAL       0x01u
#define CLOCK_MOVED                                                                                \
    (LOAD_PROFILE_CLOCK_7_S | LOAD_PROFILE_CLOCK_15_S | LOAD_PROFILE_CLOCK_30_S |                  \
     LOAD_PROFILE_CLOCK_60_S | LOAD_PROFILE_CLOCK_FORWARD | LOAD_PROFILE_CLOCK_BACK)

#define MV_PER_V      1000u
#define MS_PER_S      1000u
#define ID_A_PLUS     1u
#define BEFORE_BYTES  9u
#define FEEDBACK_BYTE 1u

/* ---- which there are ---- */

/* @return EVENT_LOGS: it is no event log */
static enum event_log_name log_of(enum cosem_profile profile)
{
    static const uint8_t logs[COSEM_PROFILES] = {
        [COSEM_PROFILE_DEBITING] = EVENT_LOG_DEBITING,
        [COSEM_PROFILE_DEBITING_2] = EVENT_LOG_DEBITING_2,
        [COSEM_PROFILE_LOAD] = EVENT_LOGS,
        [COSEM_PROFILE_ANALYSIS] = EVENT_LOGS,
        [COSEM_PROFILE_STATUS] = EVENT_LOG_STATUS,
        [COSEM_PROFILE_CLOCK] = EVENT_LOG_CLOCK,
        [COSEM_PROFILE_VOLTAGE] = EVENT_LOG_VOLTAGE,
        [COSEM_PROFILE_LOAD_EVENTS] = EVENT_LOG_LOAD_PROFILE,
        [COSEM_PROFILE_NEUTRAL] = EVENT_LOG_NEUTRAL,
        [COSEM_PROFILE_CUT_OFF] = EVENT_LOG_DISCONNECT,
        [COSEM_PROFILE_FIRMWARE] = EVENT_LOG_FIRMWARE,
        [COSEM_PROFILE_FIRMWARE_FAILED] = EVENT_LOG_FIRMWARE_FAILED,
        [COSEM_PROFILE_DISCONNECTOR] = EVENT_LOG_DISCONNECT,
        [COSEM_PROFILE_STANDARD] = EVENT_LOGS,
        [COSEM_PROFILE_FRAUD] = EVENT_LOGS,
        [COSEM_PROFILE_POWER] = EVENT_LOGS};
    return (enum event_log_name)logs[profile];
}

static struct cosem_extent extent_of(uint32_t oldest, uint32_t newest)
{
    return (struct cosem_extent){oldest, newest != 0 ? newest - oldest + 1u : 0u};
}

struct cosem_extent cosem_extent(const struct meter *meter, enum cosem_profile profile)
{
    struct legal_profile_range range;
    if (cosem_is_view(profile)) {
        return (struct cosem_extent){1, cosem_events_count(meter, profile)};
    }
    switch (profile) {
    case COSEM_PROFILE_LOAD:
        legal_profile_range(&meter->legal, &range);
        return (struct cosem_extent){range.oldest_id, range.n_records};
    case COSEM_PROFILE_ANALYSIS:
        return extent_of(analysis_oldest(&meter->analysis), analysis_newest(&meter->analysis));
    default:
        return extent_of(event_log_oldest(&meter->logs, log_of(profile)),
                         event_log_newest(&meter->logs, log_of(profile)));
    }
}

uint32_t cosem_depth(const struct meter *meter, enum cosem_profile profile)
{
    struct legal_profile_range range;
    if (cosem_is_view(profile)) {
        return cosem_events_depth(profile);
    }
    switch (profile) {
    case COSEM_PROFILE_LOAD:
        legal_profile_range(&meter->legal, &range);
        return range.layout.capacity;
    case COSEM_PROFILE_ANALYSIS: return meter->analysis.depth;
    default: return event_log_row(log_of(profile))->depth;
    }
}

/* ---- where a moment lies ---- */

/* A record that is lost counts with the next one that is not. */
static int64_t load_time(const struct meter *meter, uint32_t id, uint32_t newest)
{
    struct legal_profile_record record;
    enum legal_err err = legal_profile_read(&meter->legal, id, &record);
    while (err != LEGAL_OK && id < newest) {
        id++;
        err = legal_profile_read(&meter->legal, id, &record);
    }
    return err == LEGAL_OK ? record.utc_s : INT64_MAX;
}

/* By halving: stamps rise, but where the clock was set back. */
static bool load_at(const struct meter *meter, int64_t utc_s, bool up, uint32_t *id)
{
    const struct cosem_extent extent = cosem_extent(meter, COSEM_PROFILE_LOAD);
    const uint32_t newest = extent.oldest + extent.count - 1u;
    uint32_t below = 0, count = extent.count; /* entries before the time */
    while (count > 0) {
        const uint32_t half = count / 2u;
        const int64_t at_s = load_time(meter, extent.oldest + below + half, newest);
        if (up ? at_s < utc_s : at_s <= utc_s) {
            below += half + 1u;
            count -= half + 1u;
        } else {
            count = half;
        }
    }
    *id = extent.oldest + below - (up ? 0u : 1u);
    return up ? below < extent.count : below > 0;
}

bool cosem_entry_at(const struct meter *meter, enum cosem_profile profile, int64_t utc_s, bool up,
                    uint32_t *id)
{
    struct event_log_entry entry;
    if (cosem_is_view(profile)) {
        return cosem_events_at(meter, profile, utc_s, up, id);
    }
    switch (profile) {
    case COSEM_PROFILE_LOAD: return load_at(meter, utc_s, up, id);
    case COSEM_PROFILE_ANALYSIS:
        *id = analysis_at_time(&meter->analysis, meter->board, utc_s, up);
        return *id != 0;
    default: {
        const bool found = event_log_at_time(&meter->logs, meter->board, log_of(profile), utc_s, up,
                                             &entry) == EVENT_LOG_OK;
        *id = found ? entry.id : 0;
        return found;
    }
    }
}

/* ---- what is in one ---- */

static void load_read(const struct meter *meter, struct cosem_entry *out)
{
    const struct legal_profile_record *record = &out->of.load;
    out->lost = legal_profile_read(&meter->legal, out->id, &out->of.load) != LEGAL_OK;
    if (!out->lost) {
        out->utc_s = record->utc_s;
        out->clock_valid = (record->clock_status & LOAD_PROFILE_CLOCK_INVALID) == 0;
        out->status = record->status;
        out->quality = record->quality;
    }
}

static void analysis_entry_read(const struct meter *meter, struct cosem_entry *out)
{
    const struct analysis_entry *entry = &out->of.analysis;
    out->lost =
        analysis_read(&meter->analysis, meter->board, out->id, &out->of.analysis) != ANALYSIS_OK;
    if (!out->lost) {
        out->utc_s = entry->utc_s;
        out->clock_valid = (entry->clock_status & LOAD_PROFILE_CLOCK_INVALID) == 0;
        out->status = entry->status;
        out->quality = entry->quality;
    }
}

static void event_read(const struct meter *meter, enum cosem_profile profile,
                       struct cosem_entry *out)
{
    struct event_log_entry entry;
    out->lost = event_log_read(&meter->logs, meter->board, log_of(profile), out->id, &entry) !=
                EVENT_LOG_OK;
    if (!out->lost) {
        out->utc_s = entry.utc_s;
        out->clock_valid = entry.clock_valid;
        out->of.event = entry;
    }
    if (!out->lost && profile == COSEM_PROFILE_DEBITING) { /* its peaks have stamps of their own */
        struct billing_record record;
        out->lost = billing_read(&meter->logs, meter->board, out->id, &record) != EVENT_LOG_OK;
        out->of.debiting = record;
    }
}

void cosem_entry_read(const struct meter *meter, enum cosem_profile profile, uint32_t id,
                      struct cosem_entry *out)
{
    memset(out, 0, sizeof *out);
    out->id = id;
    switch (profile) {
    case COSEM_PROFILE_LOAD: load_read(meter, out); break;
    case COSEM_PROFILE_ANALYSIS: analysis_entry_read(meter, out); break;
    default: event_read(meter, profile, out); break;
    }
    if (out->lost) {
        memset(&out->of, 0, sizeof out->of);
        out->utc_s = 0;
        out->status = LOAD_PROFILE_RECORD_LOST;
    }
}

/* ---- columns ---- */

static void number_write(const struct meter *meter, const struct cosem_column *column,
                         int64_t number, int exponent, struct writer *out)
{
    const struct register_value value = {.number = number, .exponent = exponent};
    int scaler = 0;
    cosem_number_write(out, column->type,
                       register_value_scaled(meter, column->def, &value, &scaler));
}

static uint8_t amr_status(const struct meter *meter, const struct cosem_entry *entry)
{
    unsigned bits = 0;
    bits |= (entry->quality & LOAD_PROFILE_OUTAGE) != 0 ? AMR_POWER_DOWN : 0u;
    bits |= (entry->quality & CLOCK_MOVED) != 0 ? AMR_CLOCK_ADJUSTED : 0u;
    bits |=
        !entry->lost && meter->variant.summer_time_eu && clock_summer(&meter->clock, entry->utc_s)
            ? AMR_SUMMER
            : 0u;
    bits |= entry->lost ? AMR_NOT_VALID : 0u;
    bits |= !entry->clock_valid ? AMR_CLOCK_INVALID : 0u;
    bits |= (entry->quality & LOAD_PROFILE_PARAMETER_ERROR) != 0 ? AMR_CRITICAL : 0u;
    return (uint8_t)bits;
}

uint8_t cosem_interval_status(const struct meter *meter, enum cosem_profile profile)
{
    const struct cosem_entry now = {.utc_s = clock_utc_s(&meter->clock, meter->now_us),
                                    .clock_valid = meter->clock.valid,
                                    .quality = profile == COSEM_PROFILE_LOAD
                                                   ? meter->load_profile.quality
                                                   : meter->analysis.quality};
    return amr_status(meter, &now);
}

/* Power of ten of the energies over Wh; the successor's entry has it in this place. */
static int8_t energy_scaler(const struct meter *meter)
{
    return (int8_t)register_scaler(meter, register_by_kmp_id(ID_A_PLUS));
}

/* Registers of the debiting logs, in the form that their KMP answer has. */
static void debited_write(const struct meter *meter, enum cosem_profile profile,
                          const struct cosem_entry *entry, const struct cosem_column *column,
                          struct writer *out)
{
    const uint8_t log =
        profile == COSEM_PROFILE_DEBITING ? OPTICAL_LOG_DEBITING : OPTICAL_LOG_DEBITING_2;
    struct kmp_value value;
    int64_t number = 0;
    int exponent = 0;
    memset(&value, 0, sizeof value);
    if (!entry->lost && optical_billing_value(meter, log, entry->id, column->id, &value)) {
        (void)kmp_value_number(&value, &number, &exponent);
    }
    const bool narrow = column->type == DLMS_UINT8; /* the counter of periods rolls over */
    cosem_number_write(out, column->type, narrow ? number & UINT8_MAX : number);
}

static uint32_t hours_of(enum cosem_profile profile, const struct cosem_entry *entry)
{
    return profile == COSEM_PROFILE_DEBITING ? entry->of.debiting.hours : entry->of.event.hours;
}

static void peak_write(const struct cosem *cosem, const struct cosem_entry *entry,
                       const struct cosem_column *column, struct writer *out)
{
    static const uint8_t indices[BILLING_PEAKS] = {LEGAL_TARIFF_ENERGIES,
                                                   LEGAL_TARIFF_ENERGIES + 1u, LEGAL_A_PLUS};
    int64_t utc_s = 0;
    for (unsigned i = 0; i < BILLING_PEAKS; i++) {
        if (indices[i] == column->def->index) {
            utc_s = entry->of.debiting.peak[i].utc_s;
        }
    }
    cosem_moment_write(cosem, utc_s, true, out);
}

static void analysed_write(const struct cosem *cosem, const struct cosem_entry *entry,
                           const struct cosem_column *column, struct writer *out)
{
    const struct analysis_number *value = &entry->of.analysis.value[column->id];
    if (column->def->coding == REGISTER_RTC) {
        cosem_moment_write(cosem, value->number, true, out);
    } else {
        number_write(cosem->meter, column, value->number, value->exponent, out);
    }
}

/* What the clock said before: UTC seconds, and whether that was valid. */
static void before_write(const struct cosem *cosem, const struct cosem_entry *entry,
                         struct writer *out)
{
    struct reader r = reader_over(entry->of.event.payload, entry->of.event.n_payload);
    const int64_t utc_s = (int64_t)reader_uint_le(&r, 8);
    const bool valid = reader_u8(&r) != 0;
    const bool known = !entry->lost && entry->of.event.n_payload >= BEFORE_BYTES;
    cosem_moment_write(cosem, known ? utc_s : 0, valid, out);
}

/* Spec cosem-objects 4.10. */
static uint8_t voltage_event(const struct quality_record *record)
{
    const bool begins = record->edge == QUALITY_BEGIN;
    switch (record->kind) {
    case QUALITY_DIP: return 2;
    case QUALITY_SWELL: return 3;
    case QUALITY_UNDERVOLTAGE: return begins ? 6 : 7;
    case QUALITY_OVERVOLTAGE: return begins ? 8 : 9;
    case QUALITY_FAILURE: return begins ? 4 : 5;
    default: return 4; /* an interruption, told when it is over */
    }
}

static uint8_t phase_number(uint8_t phases)
{
    switch (phases) {
    case 1u: return 1;
    case 2u: return 2;
    case 4u: return 3;
    default: return 0;
    }
}

static void voltage_write(const struct cosem_entry *entry, const struct cosem_column *column,
                          struct writer *out)
{
    struct quality_record record;
    if (!quality_record_decode(entry->of.event.payload, entry->of.event.n_payload, 0, &record)) {
        memset(&record, 0, sizeof record);
    }
    const bool high = record.kind == QUALITY_SWELL || record.kind == QUALITY_OVERVOLTAGE;
    const uint32_t volts = (record.extreme_mv + MV_PER_V / 2u) / MV_PER_V;
    switch (column->kind) {
    case COLUMN_PHASE: cosem_number_write(out, column->type, phase_number(record.phases)); break;
    case COLUMN_EVENT: cosem_number_write(out, column->type, voltage_event(&record)); break;
    case COLUMN_HIGHEST: cosem_number_write(out, column->type, high ? volts : 0); break;
    case COLUMN_LOWEST: cosem_number_write(out, column->type, high ? 0 : volts); break;
    default: cosem_number_write(out, column->type, 0); break; /* no event is told by its mean */
    }
}

static void lasted_write(const struct cosem_entry *entry, struct writer *out)
{
    struct quality_record record;
    const bool known =
        quality_record_decode(entry->of.event.payload, entry->of.event.n_payload, 0, &record);
    dlms_write_u32(out, known ? record.duration_ms / MS_PER_S : 0);
}

/* Payload of the firmware logs: part, way, two characters of revision, system title. */
static void firmware_write(const struct cosem_entry *entry, const struct cosem_column *column,
                           struct writer *out)
{
    const uint8_t *payload = entry->of.event.payload;
    switch (column->kind) {
    case COLUMN_PART: dlms_write_u8(out, payload[0]); break;
    case COLUMN_WAY: dlms_write_u8(out, payload[1]); break;
    case COLUMN_REVISION: dlms_write_string(out, DLMS_VISIBLE, payload + 2, 2); break;
    default: dlms_write_octets(out, payload + 4, DLMS_TITLE_OCTETS); break;
    }
}

/* The status log's code is what has come; its first octet of payload is the status then. */
static uint8_t code_of(enum cosem_profile profile, const struct cosem_entry *entry)
{
    return profile == COSEM_PROFILE_STATUS ? entry->of.event.payload[0]
                                           : (uint8_t)entry->of.event.code;
}

static void register_column_write(const struct meter *meter, enum cosem_profile profile,
                                  const struct cosem_entry *entry,
                                  const struct cosem_column *column, struct writer *out)
{
    if (column->def->source == SOURCE_HOUR_COUNTER) {
        cosem_number_write(out, column->type, hours_of(profile, entry));
    } else {
        debited_write(meter, profile, entry, column, out);
    }
}

void cosem_entry_write(const struct cosem *cosem, const struct cosem_row *profile,
                       const struct cosem_entry *entry, const struct cosem_column *column,
                       struct writer *out)
{
    const struct meter *meter = cosem->meter;
    const enum cosem_profile which = (enum cosem_profile)profile->object.index;
    switch (column->kind) {
    case COLUMN_CLOCK: cosem_moment_write(cosem, entry->utc_s, entry->clock_valid, out); break;
    case COLUMN_STATUS: dlms_write_u16(out, entry->status); break;
    case COLUMN_QUALITY: dlms_write_u32(out, entry->quality); break;
    case COLUMN_FORMAT: dlms_write_i8(out, energy_scaler(meter)); break;
    case COLUMN_AMR: dlms_write_u8(out, amr_status(meter, entry)); break;
    case COLUMN_REGISTER: register_column_write(meter, which, entry, column, out); break;
    case COLUMN_CAPTURED: peak_write(cosem, entry, column, out); break;
    case COLUMN_ENERGY:
        number_write(meter, column, (int64_t)entry->of.load.energy_wh[column->id], 0, out);
        break;
    case COLUMN_ANALYSED: analysed_write(cosem, entry, column, out); break;
    case COLUMN_HOURS: cosem_number_write(out, column->type, entry->of.event.hours); break;
    case COLUMN_CODE: cosem_number_write(out, column->type, code_of(which, entry)); break;
    case COLUMN_FEEDBACK:
        cosem_number_write(out, column->type, entry->of.event.payload[FEEDBACK_BYTE]);
        break;
    case COLUMN_PART:
    case COLUMN_WAY:
    case COLUMN_REVISION:
    case COLUMN_PARTY: firmware_write(entry, column, out); break;
    case COLUMN_NUMBER:
        dlms_write_u8(out, which == COSEM_PROFILE_DISCONNECTOR
                               ? cosem_breaker_number(&entry->of.event)
                               : entry->number);
        break;
    case COLUMN_LASTED: lasted_write(entry, out); break;
    case COLUMN_BEFORE: before_write(cosem, entry, out); break;
    default: voltage_write(entry, column, out); break;
    }
}
