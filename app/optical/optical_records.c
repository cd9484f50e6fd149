#include "optical_records.h"

#include <string.h>

#include "../meter/meter.h"
#include "../registers/register_read.h"

#define HOUR_S INT64_C(3600)

enum {
    ID_CLOCK = 1002,
    ID_DATE = 1003,
    ID_HOURS = 1004,
    ID_RTC = 1047,
    ID_LOGGER_STATUS = 1086,
    ID_DATA_QUALITY = 1455,
    ID_LOG_ID = 1458,
    UNIT_HOURS = 46,
    UNIT_CLOCK = 47,
    UNIT_DATE_6 = 48,
    UNIT_NUMBER = 51,
    UNIT_RTC = 53,
};

#define MICRO (-6)
#define MILLI (-3)

/** ---- moments ----------------------------------------------------------------------------- */

int64_t optical_log_time(const struct meter *meter, const struct kmp_log_time *time)
{
    const struct calendar normal = {.year = (uint16_t)(2000u + time->year),
                                    .month = time->month,
                                    .day = time->day,
                                    .hour = time->hour,
                                    .minute = time->minute,
                                    .second = time->second};
    const int64_t seconds = calendar_seconds(&normal);
    return seconds == INT64_MIN ? INT64_MIN : seconds - meter->clock.time_zone_h * HOUR_S;
}

static bool rtc_value(const struct meter *meter, int64_t utc_s, bool valid, struct kmp_value *out)
{
    static const uint8_t none[REGISTER_RTC_BYTES] = {0, 6, 0, 0, 0, 1, 1, 0};
    out->unit = UNIT_RTC;
    out->n_bytes = REGISTER_RTC_BYTES;
    if (utc_s == 0) { /* no such moment yet */
        memcpy(out->bytes, none, sizeof none);
        return true;
    }
    register_rtc_bytes(&meter->clock, utc_s, valid, out->bytes);
    return true;
}

bool optical_moment_value(const struct meter *meter, int64_t utc_s, struct kmp_value *out)
{
    return rtc_value(meter, utc_s, utc_s != 0, out);
}

/* Clock or date as a number, HHMMSS or YYMMDD; normal time (X-EVT-2). */
static bool clock_value(const struct meter *meter, int64_t utc_s, bool date, struct kmp_value *out)
{
    struct calendar c = {2000, 1, 1, 0, 0, 0, 6, false};
    if (utc_s != 0) {
        clock_calendar(&meter->clock, utc_s, false, &c);
    }
    const int64_t number = date ? c.year % 100 * 10000 + c.month * 100 + c.day
                                : c.hour * 10000 + c.minute * 100 + c.second;
    return kmp_value_set(out, out->id, date ? UNIT_DATE_6 : UNIT_CLOCK, 4, number, 0) == KMP_OK;
}

bool optical_stamp_value(const struct meter *meter, const struct optical_stamp *stamp,
                         uint16_t register_id, struct kmp_value *out)
{
    out->id = register_id;
    switch (register_id) {
    case ID_RTC: return rtc_value(meter, stamp->utc_s, stamp->clock_valid, out);
    case ID_CLOCK: return clock_value(meter, stamp->utc_s, false, out);
    case ID_DATE: return clock_value(meter, stamp->utc_s, true, out);
    case ID_HOURS: return kmp_value_set(out, register_id, UNIT_HOURS, 4, stamp->hours, 0) == KMP_OK;
    case ID_LOG_ID: return kmp_value_set(out, register_id, UNIT_NUMBER, 4, stamp->id, 0) == KMP_OK;
    default: return false;
    }
}

static bool number_value(const struct meter *meter, const struct register_def *def, int64_t number,
                         int exponent, struct kmp_value *out)
{
    const struct register_value value = {.number = number, .exponent = exponent};
    return register_value_kmp(meter, def, &value, out);
}

/** ---- debiting ---------------------------------------------------------------------------- */

/* The record's peak with that index of SOURCE_PEAK_POWER; NULL: it has none. */
static const struct demand_peak *peak_of(const struct billing_record *record, uint8_t index)
{
    static const uint8_t indices[BILLING_PEAKS] = {LEGAL_TARIFF_ENERGIES,
                                                   LEGAL_TARIFF_ENERGIES + 1u, LEGAL_A_PLUS};
    for (unsigned i = 0; i < BILLING_PEAKS; i++) {
        if (indices[i] == index) {
            return &record->peak[i];
        }
    }
    return NULL;
}

static bool peak_value(const struct meter *meter, const struct register_def *def,
                       const struct demand_peak *peak, struct kmp_value *out)
{
    out->id = def->kmp_id;
    switch (def->source) {
    case SOURCE_PEAK_POWER: return number_value(meter, def, peak->power_mw, MILLI, out);
    case SOURCE_PEAK_RTC: return rtc_value(meter, peak->utc_s, peak->utc_s != 0, out);
    default: return clock_value(meter, peak->utc_s, def->source == SOURCE_PEAK_DATE, out);
    }
}

static bool tariff_value(const struct meter *meter, const struct billing_record *record,
                         const struct register_def *def, struct kmp_value *out)
{
    const unsigned tariff = def->index / LEGAL_TARIFF_ENERGIES;
    const unsigned energy = def->index % LEGAL_TARIFF_ENERGIES;
    if (tariff >= BILLING_TARIFFS || (energy != LEGAL_A_PLUS && energy != LEGAL_R_PLUS)) {
        return false;
    }
    const uint64_t uwh =
        energy == LEGAL_A_PLUS ? record->a_plus_uwh[tariff] : record->r_plus_uwh[tariff];
    return number_value(meter, def, (int64_t)uwh, MICRO, out);
}

static bool first_value(const struct meter *meter, const struct billing_record *record,
                        const struct register_def *def, struct kmp_value *out)
{
    const struct demand_peak *peak = peak_of(record, def->index);
    switch (def->source) {
    case SOURCE_ENERGY:
        return def->index < LEGAL_TARIFF_ENERGIES &&
               number_value(meter, def, (int64_t)record->energy_uwh[def->index], MICRO, out);
    case SOURCE_TARIFF_ENERGY: return tariff_value(meter, record, def, out);
    case SOURCE_PEAK_POWER:
    case SOURCE_PEAK_TIME:
    case SOURCE_PEAK_DATE:
    case SOURCE_PEAK_RTC: return peak != NULL && peak_value(meter, def, peak, out);
    case SOURCE_PEAK_ACCUMULATED:
        return def->index == LEGAL_A_PLUS &&
               number_value(meter, def, (int64_t)record->accumulated_mw, MILLI, out);
    case SOURCE_DEBITING_COUNT: return number_value(meter, def, record->period, 0, out);
    case SOURCE_THRESHOLD_COUNT: return number_value(meter, def, record->threshold_count, 0, out);
    case SOURCE_PULSE_INPUT: return number_value(meter, def, record->pulse_input, 0, out);
    default: return false;
    }
}

static bool second_value(const struct meter *meter, const struct billing2_record *record,
                         const struct register_def *def, struct kmp_value *out)
{
    const unsigned tariff = def->index / LEGAL_TARIFF_ENERGIES;
    const unsigned energy = def->index % LEGAL_TARIFF_ENERGIES;
    if (def->source == SOURCE_ENERGY && def->index < LEGAL_TARIFF_ENERGIES) {
        return number_value(meter, def, (int64_t)record->energy_uwh[def->index], MICRO, out);
    }
    return def->source == SOURCE_TARIFF_ENERGY && tariff < BILLING_TARIFFS &&
           number_value(meter, def, (int64_t)record->tariff_uwh[tariff][energy], MICRO, out);
}

bool optical_billing_value(const struct meter *meter, uint8_t log, uint32_t id,
                           uint16_t register_id, struct kmp_value *out)
{
    const struct register_def *def = register_by_kmp_id(register_id);
    if (def == NULL || !register_exists(meter, def)) {
        return false;
    }
    if (log == OPTICAL_LOG_DEBITING) {
        struct billing_record record;
        return billing_read(&meter->logs, meter->board, id, &record) == EVENT_LOG_OK &&
               first_value(meter, &record, def, out);
    }
    struct billing2_record record;
    return billing2_read(&meter->logs, meter->board, id, &record) == EVENT_LOG_OK &&
           second_value(meter, &record, def, out);
}

/** ---- load profile ------------------------------------------------------------------------ */

static struct legal_profile_range range_of(const void *context)
{
    struct legal_profile_range range;
    legal_profile_range(&((const struct meter *)context)->legal, &range);
    return range;
}

static bool profile_newest(void *context, uint8_t log, uint32_t *id)
{
    (void)log;
    const struct legal_profile_range range = range_of(context);
    *id = range.n_records > 0 ? range.newest_id : 0;
    return ((const struct meter *)context)->load_profile.fitted;
}

/* A record that is lost counts with the next one that is not. */
static int64_t profile_time(const struct meter *meter, uint32_t id)
{
    struct legal_profile_record record;
    const uint32_t newest = range_of(meter).newest_id;
    enum legal_err err = legal_profile_read(&meter->legal, id, &record);
    while (err != LEGAL_OK && id < newest) {
        id++;
        err = legal_profile_read(&meter->legal, id, &record);
    }
    return err == LEGAL_OK ? record.utc_s : INT64_MAX;
}

/* By halving: stamps rise, but where the clock was set back.  There a search finds one place. */
static bool profile_at_time(void *context, uint8_t log, const struct kmp_log_time *time, bool up,
                            uint32_t *id)
{
    (void)log;
    const struct meter *meter = (const struct meter *)context;
    const int64_t wanted_s = optical_log_time(meter, time);
    const struct legal_profile_range range = range_of(context);
    if (wanted_s == INT64_MIN || range.n_records == 0) {
        return false;
    }
    uint32_t below = 0, count = range.n_records; /* records before the time */
    while (count > 0) {
        const uint32_t half = count / 2u;
        const int64_t at_s = profile_time(meter, range.oldest_id + below + half);
        if (up ? at_s < wanted_s : at_s <= wanted_s) {
            below += half + 1u;
            count -= half + 1u;
        } else {
            count = half;
        }
    }
    if (up ? below == range.n_records : below == 0) {
        return false;
    }
    *id = range.oldest_id + below - (up ? 0u : 1u);
    return true;
}

/* A profile is shorter than 65536 records: counting from its oldest tells ids apart. */
static bool profile_at_id(void *context, uint8_t log, uint16_t wire_id, uint32_t *id)
{
    (void)log;
    const struct legal_profile_range range = range_of(context);
    const uint32_t ahead = (uint16_t)(wire_id - range.oldest_id);
    if (range.n_records == 0) {
        return false;
    }
    *id = range.oldest_id + (ahead < range.n_records ? ahead : 0u);
    return ahead < range.n_records || ahead > UINT16_MAX / 2u;
}

static bool profile_next(void *context, uint8_t log, bool up, uint32_t *id)
{
    (void)log;
    const struct legal_profile_range range = range_of(context);
    if (*id == (up ? range.newest_id : range.oldest_id)) {
        return false;
    }
    *id = up ? *id + 1u : *id - 1u;
    return true;
}

static bool profile_energy(const struct meter *meter, const struct legal_profile_record *record,
                           uint16_t register_id, struct kmp_value *out)
{
    const struct register_def *def = register_by_kmp_id(register_id);
    const struct legal_profile_range range = range_of(meter);
    if (def == NULL || def->source != SOURCE_ENERGY) {
        return false;
    }
    for (unsigned c = 0; c < range.layout.channels; c++) {
        if (range.layout.energy[c] == def->index) {
            return number_value(meter, def, (int64_t)record->energy_wh[c], 0, out);
        }
    }
    return false;
}

static bool profile_value(void *context, uint8_t log, uint32_t id, uint16_t register_id,
                          struct kmp_value *out)
{
    (void)log;
    const struct meter *meter = (const struct meter *)context;
    struct legal_profile_record record;
    if (legal_profile_read(&meter->legal, id, &record) != LEGAL_OK) {
        memset(&record, 0, sizeof record); /* its number stays; everything in it is lost */
        record.status = LOAD_PROFILE_RECORD_LOST;
        record.clock_status = LOAD_PROFILE_CLOCK_INVALID;
    }
    const struct optical_stamp stamp = {id, record.utc_s, 0,
                                        (record.clock_status & LOAD_PROFILE_CLOCK_INVALID) == 0};
    switch (register_id) {
    case ID_HOURS: return false;
    case ID_LOGGER_STATUS:
        return kmp_value_set(out, register_id, UNIT_NUMBER, 2, record.status, 0) == KMP_OK;
    case ID_DATA_QUALITY:
        return kmp_value_set(out, register_id, UNIT_NUMBER, 4, record.quality, 0) == KMP_OK;
    default:
        return optical_stamp_value(meter, &stamp, register_id, out) ||
               profile_energy(meter, &record, register_id, out);
    }
}

static bool profile_unread(void *context, uint8_t log, uint32_t *id)
{
    (void)log;
    const struct meter *meter = (const struct meter *)context;
    const struct legal_profile_range range = range_of(context);
    const uint32_t read = meter->marks.profile.read;
    *id = read >= range.oldest_id ? read + 1u : range.oldest_id;
    return range.n_records > 0 && read < range.newest_id;
}

static void profile_sent(void *context, uint8_t log, uint32_t id)
{
    (void)log;
    event_mark_sent(&((struct meter *)context)->marks.profile, id);
}

struct kmp_log_source optical_profile_source(struct meter *meter)
{
    return (struct kmp_log_source){meter,        profile_newest, profile_at_time, profile_at_id,
                                   profile_next, profile_value,  profile_unread,  profile_sent};
}
