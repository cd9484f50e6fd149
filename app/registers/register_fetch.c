#include "register_fetch.h"

#include <string.h>

#include "../meter/meter_alarms.h"
#include "../meter/meter_breaker.h"
#include "../meter/meter_events.h"
#include "../meter/meter_load.h"
#include "../meter/meter_pins.h"
#include "../meter/meter_prepay.h"
#include "../meter/meter_tamper.h"
#include "../quality/quality_limits.h"

#define MICRO (-6)
#define MILLI (-3)
#define CENTI (-2)

#define US_PER_MS 1000

static void number(struct register_value *out, int64_t value, int exponent)
{
    out->is_text = false;
    out->number = value;
    out->exponent = exponent;
    out->text[0] = '\0';
}

static void text(struct register_value *out, const char *from, size_t length)
{
    size_t n = length < sizeof out->text ? length : sizeof out->text - 1u;
    memcpy(out->text, from, n);
    out->text[n] = '\0';
    out->is_text = true;
}

static int64_t energy_uwh(const struct meter *meter, enum legal_energy energy)
{
    return (int64_t)legal_energy_uwh(&meter->legal, energy);
}

static void fetch_energy(const struct meter *meter, const struct register_def *def,
                         struct register_value *out)
{
    int64_t a_plus = energy_uwh(meter, LEGAL_A_PLUS), a_minus = energy_uwh(meter, LEGAL_A_MINUS);
    switch (def->source) {
    case SOURCE_ENERGY: number(out, energy_uwh(meter, (enum legal_energy)def->index), MICRO); break;
    case SOURCE_TARIFF_ENERGY: {
        uint8_t tariff = (uint8_t)(def->index / LEGAL_TARIFF_ENERGIES + 1u);
        enum legal_energy energy = (enum legal_energy)(def->index % LEGAL_TARIFF_ENERGIES);
        number(out, (int64_t)legal_tariff_uwh(&meter->legal, tariff, energy), MICRO);
        break;
    }
    case SOURCE_A1423: number(out, a_plus + a_minus, MICRO); break;
    default: number(out, a_plus - a_minus, MICRO); break; /* SOURCE_NET_ENERGY */
    }
}

/* |P| / S in thousandths; 1 when nothing flows, as the makers' documents print it. */
static int64_t power_factor(int32_t active_mw, uint32_t apparent_mva)
{
    int64_t magnitude = active_mw < 0 ? -(int64_t)active_mw : active_mw;
    if (apparent_mva == 0) {
        return 1000;
    }
    int64_t factor = (magnitude * 1000 + apparent_mva / 2u) / apparent_mva;
    return factor > 1000 ? 1000 : factor;
}

static void fetch_phase(const struct meter *meter, const struct register_def *def,
                        struct register_value *out)
{
    struct legal_instant instant;
    legal_instant(&meter->legal, &instant);
    int system = variant_system_of_phase(&meter->variant, def->index);
    const struct legal_phase *phase = &instant.phase[system < 0 ? 0 : system];
    bool imports = phase->active_mw >= 0, exporting = phase->exporting;
    int64_t p = phase->active_mw, q = phase->reactive_mvar, s = phase->apparent_mva;
    switch (def->source) {
    case SOURCE_PHASE_VOLTAGE: number(out, phase->voltage_mv, MILLI); break;
    case SOURCE_PHASE_CURRENT: number(out, phase->current_ma, MILLI); break;
    case SOURCE_PHASE_ACTIVE_PLUS: number(out, imports ? p : 0, MILLI); break;
    case SOURCE_PHASE_ACTIVE_MINUS: number(out, imports ? 0 : -p, MILLI); break;
    case SOURCE_PHASE_REACTIVE_PLUS: number(out, q > 0 ? q : 0, MILLI); break;
    case SOURCE_PHASE_REACTIVE_MINUS: number(out, q < 0 ? -q : 0, MILLI); break;
    case SOURCE_PHASE_APPARENT_PLUS: number(out, exporting ? 0 : s, MILLI); break;
    case SOURCE_PHASE_APPARENT_MINUS: number(out, exporting ? s : 0, MILLI); break;
    case SOURCE_PHASE_POWER_FACTOR:
        number(out, power_factor(phase->active_mw, phase->apparent_mva), MILLI);
        break;
    default: number(out, phase->current_angle_mdeg, MILLI); break; /* SOURCE_PHASE_ANGLE */
    }
}

/* S+ and S- like P+ and P-: each phase by its own direction; vector summation (Aron) goes by the
 * direction of the whole. */
static uint32_t apparent_mva(const struct meter *meter, const struct legal_instant *instant,
                             bool importing)
{
    uint32_t sum_mva = 0;
    if (meter->variant.aron) {
        return (instant->active_net_mw >= 0) == importing ? instant->apparent_mva : 0;
    }
    for (unsigned s = 0; s < meter->variant.systems; s++) {
        const struct legal_phase *phase = &instant->phase[s];
        bool counts = phase->load_present && phase->exporting != importing;
        sum_mva += counts ? phase->apparent_mva : 0;
    }
    return sum_mva;
}

static uint32_t total_apparent_mva(const struct meter *meter, const struct legal_instant *instant,
                                   uint8_t index)
{
    return index == 2u ? instant->apparent_mva : apparent_mva(meter, instant, index == 0);
}

/* Of the system that measures a phase; a phase without one is on no meter's list. */
static unsigned system_of(const struct meter *meter, unsigned phase)
{
    const int system = variant_system_of_phase(&meter->variant, phase);
    return system < 0 ? 0u : (unsigned)system;
}

static int64_t monday_yymmdd(const struct quality_week *week)
{
    struct calendar c;
    if (week->begin_us == 0) {
        return 0;
    }
    calendar_from_seconds(week->begin_us / INT64_C(1000000), &c);
    return (c.year % 100u) * INT64_C(10000) + c.month * 100u + c.day;
}

static void fetch_week(const struct meter *meter, unsigned index, struct register_value *out)
{
    const struct quality *quality = &meter->quality;
    const struct quality_week *week =
        index < REGISTER_WEEK_LAST ? &quality->week : &quality->last_week;
    const unsigned what = index % REGISTER_WEEK_LAST;
    switch (what) {
    case REGISTER_WEEK_BEGIN: number(out, monday_yymmdd(week), 0); return;
    case REGISTER_WEEK_FREQUENCIES: number(out, week->frequency_1.n, 0); return;
    case REGISTER_WEEK_DIPS: number(out, week->dips, 0); return;
    case REGISTER_WEEK_SWELLS: number(out, week->swells, 0); return;
    case REGISTER_WEEK_INTERRUPTIONS: number(out, week->interruptions, 0); return;
    default: break;
    }
    if (what >= REGISTER_WEEK_INTERVALS) {
        number(out, week->voltage_10[system_of(meter, what - REGISTER_WEEK_INTERVALS)].n, 0);
        return;
    }
    const unsigned share =
        what < QUALITY_SHARE_UNBALANCE ? what - what % 3u + system_of(meter, what % 3u) : what;
    const struct quality_count count = quality_week_count(week, share);
    number(out, quality_count_centi_pct(&count), CENTI);
}

static void fetch_quality(const struct meter *meter, const struct register_def *def,
                          struct register_value *out)
{
    const struct quality *quality = &meter->quality;
    const int system = variant_system_of_phase(&meter->variant, def->index % 3u);
    const struct quality_phase *phase = &quality->phase[system < 0 ? 0 : system];
    const bool mean = def->index >= 3u, voltage = def->source == SOURCE_QUALITY_THD_U;
    switch (def->source) {
    case SOURCE_QUALITY_VOLTAGE_10MIN:
        number(out, quality_mean_mv(&phase->mean_10min), MILLI);
        break;
    case SOURCE_QUALITY_THD_U:
    case SOURCE_QUALITY_THD_I: {
        const struct quality_mean *of = voltage ? &phase->thd_u : &phase->thd_i;
        number(out, mean ? (int64_t)of->last : (voltage ? phase->u.thd : phase->i.thd), CENTI);
        break;
    }
    case SOURCE_QUALITY_UNBALANCE:
        number(out, def->index == 0 ? quality->u2_milli_pct : (int64_t)quality->u2_mean.last,
               MILLI);
        break;
    case SOURCE_QUALITY_EXTREME:
        number(out, mean ? phase->day_high_mv : phase->day_low_mv, MILLI);
        break;
    case SOURCE_QUALITY_FREQUENCY: number(out, (int64_t)quality->frequency.last, MICRO); break;
    case SOURCE_QUALITY_LIMIT: {
        const enum quality_limit limit = (enum quality_limit)def->index;
        number(out, quality_limit_get(&quality->config, limit), quality_limit_exponent(limit));
        break;
    }
    default: fetch_week(meter, def->index, out); break; /* SOURCE_QUALITY_WEEK */
    }
}

static int64_t mean_factor(int64_t active_mw, int64_t apparent_mva)
{
    return power_factor((int32_t)active_mw, (uint32_t)apparent_mva);
}

_Static_assert(ANALYSIS_THD_U == 8 && ANALYSIS_THD_I == 9, "the register table counts on");

static void fetch_analysis_mean(const struct meter *meter, const struct register_def *def,
                                struct register_value *out)
{
    const struct analysis_result *last = &meter->analysis.means.last;
    const int system = variant_system_of_phase(&meter->variant, def->index % LEGAL_SYSTEMS);
    const uint32_t *mean = last->mean[system < 0 ? 0 : system];
    if (def->source == SOURCE_ANALYSIS_MEAN) {
        const unsigned quantity = def->index / LEGAL_SYSTEMS;
        number(out, mean[quantity], quantity >= ANALYSIS_THD_U ? CENTI : MILLI);
    } else if (def->index == LEGAL_SYSTEMS) {
        number(out, mean_factor(last->net_mw, last->apparent_mva), MILLI);
    } else {
        number(out,
               mean_factor((int64_t)mean[ANALYSIS_ACTIVE_PLUS] - mean[ANALYSIS_ACTIVE_MINUS],
                           (int64_t)mean[ANALYSIS_APPARENT_PLUS] + mean[ANALYSIS_APPARENT_MINUS]),
               MILLI);
    }
}

/* Extremes of phases stand by measuring system. */
static int64_t extreme_of(const struct meter *meter, uint8_t index)
{
    const uint32_t *extreme = meter->analysis.means.last.extreme;
    if (index >= ANALYSIS_POWER_LOW) {
        return extreme[index];
    }
    const int system = variant_system_of_phase(&meter->variant, index % LEGAL_SYSTEMS);
    return extreme[index / LEGAL_SYSTEMS * LEGAL_SYSTEMS + (unsigned)(system < 0 ? 0 : system)];
}

static int64_t setup_of(const struct analysis *analysis, uint8_t index)
{
    const struct analysis_setup *setup = &analysis->stored.setup;
    switch (index) {
    case ANALYSIS_SETUP_STATE: return setup->on ? 1 : 0;
    case ANALYSIS_SETUP_INTERVAL: return setup->interval_min;
    case ANALYSIS_SETUP_PROFILE: return setup->profile_records;
    case ANALYSIS_SETUP_REFUSAL: return analysis->refusal;
    case ANALYSIS_SETUP_DAYS: return analysis_depth_tenths(analysis->depth, setup->interval_min);
    default: return analysis->depth;
    }
}

static void fetch_analysis(const struct meter *meter, const struct register_def *def,
                           struct register_value *out)
{
    switch (def->source) {
    case SOURCE_ANALYSIS_EXTREME: number(out, extreme_of(meter, def->index), MILLI); break;
    case SOURCE_ANALYSIS_SETUP:
        number(out, setup_of(&meter->analysis, def->index),
               def->index == ANALYSIS_SETUP_DAYS ? -1 : 0);
        break;
    case SOURCE_ANALYSIS_VALUE:
        number(out, meter->analysis.stored.setup.value[def->index], 0);
        break;
    default: fetch_analysis_mean(meter, def, out); break;
    }
}

static void fetch_neutral(const struct meter *meter, const struct register_def *def,
                          struct register_value *out)
{
    const struct neutral *neutral = &meter->neutral;
    if (def->source == SOURCE_NEUTRAL_VOLTAGE) {
        number(out, neutral->neutral_mv, MILLI);
    } else { /* SOURCE_NEUTRAL_FAULT */
        number(out, neutral->fault ? 1 : 0, 0);
    }
}

static int64_t breaker_of(const struct meter *meter, unsigned index)
{
    const struct breaker *breaker = &meter->breaker;
    switch (index) {
    case BREAKER_REGISTER_LIMIT: return breaker_limit(breaker);
    case BREAKER_REGISTER_FEEDBACK: return meter_breaker_feedback(meter);
    case BREAKER_REGISTER_EVENT:
        return (int64_t)breaker->kept.log_cause * 256 + meter_breaker_state(meter);
    case BREAKER_REGISTER_RETRIES: return breaker->kept.retries;
    case BREAKER_REGISTER_LEFT: return breaker_trip_left_s(breaker);
    default: return meter_breaker_state(meter);
    }
}

static int64_t module_of(const struct meter *meter, unsigned index)
{
    const struct meter_modules *modules = &meter->modules;
    switch (index) {
    case MODULE_REGISTER_STATE: return meter_module_state(meter);
    case MODULE_REGISTER_PINS: return modules->pins[METER_SLOT_PRIMARY];
    case MODULE_REGISTER_CCC: return modules->slot[METER_SLOT_CCC].present ? 1 : 0;
    default: return modules->slot[index].code;
    }
}

static void fetch_module(const struct meter *meter, const struct register_def *def,
                         struct register_value *out)
{
    number(out, module_of(meter, def->index), 0);
}

static void fetch_breaker(const struct meter *meter, const struct register_def *def,
                          struct register_value *out)
{
    number(out, breaker_of(meter, def->index), 0);
}

static void fetch_prepay(const struct meter *meter, const struct register_def *def,
                         struct register_value *out)
{
    const struct prepay *prepay = &meter->prepay;
    const int64_t left_uwh = meter_prepay_left_uwh(meter);
    switch (def->index) {
    case PREPAY_REGISTER_CREDIT: number(out, left_uwh > 0 ? left_uwh : 0, MICRO); break;
    case PREPAY_REGISTER_OWED: number(out, left_uwh < 0 ? -left_uwh : 0, MICRO); break;
    case PREPAY_REGISTER_LAST:
        number(out, prepay->kept.last.way == PREPAY_ENDED ? 0 : prepay->kept.last.amount_uwh,
               MICRO);
        break;
    case PREPAY_REGISTER_DAYS: number(out, meter_prepay_days_left(meter), 0); break;
    case PREPAY_REGISTER_LOW_LEFT:
        number(out, prepay_low_left_s(prepay, legal_operating_s(&meter->legal)), 0);
        break;
    default: number(out, prepay->kept.number, 0); break; /* PREPAY_REGISTER_NUMBER */
    }
}

static void fetch_load(const struct meter *meter, const struct register_def *def,
                       struct register_value *out)
{
    number(out, meter_load_value(meter, def->index), 0);
}

static void fetch_pin(const struct meter *meter, const struct register_def *def,
                      struct register_value *out)
{
    number(out, meter_pins_value(meter, def->index), def->kmp_exponent);
}

static void fetch_total(const struct meter *meter, const struct register_def *def,
                        struct register_value *out)
{
    struct legal_instant instant;
    legal_instant(&meter->legal, &instant);
    switch (def->source) {
    case SOURCE_ACTIVE_PLUS: number(out, instant.active_plus_mw, MILLI); break;
    case SOURCE_ACTIVE_MINUS: number(out, instant.active_minus_mw, MILLI); break;
    case SOURCE_REACTIVE_PLUS: number(out, instant.reactive_plus_mvar, MILLI); break;
    case SOURCE_REACTIVE_MINUS: number(out, instant.reactive_minus_mvar, MILLI); break;
    case SOURCE_APPARENT:
        number(out, total_apparent_mva(meter, &instant, def->index), MILLI);
        break;
    case SOURCE_POWER_FACTOR:
        number(out, power_factor(instant.active_net_mw, instant.apparent_mva), MILLI);
        break;
    case SOURCE_FREQUENCY: number(out, instant.frequency_mhz, MILLI); break;
    case SOURCE_TEMPERATURE: number(out, instant.temperature_cc, CENTI); break;
    default: number(out, instant.sequence, 0); break; /* SOURCE_PHASE_SEQUENCE */
    }
}

static void fetch_demand(const struct meter *meter, const struct register_def *def,
                         struct register_value *out)
{
    const struct demand *demand = &meter->demand;
    switch (def->source) {
    case SOURCE_MEAN_POWER: number(out, demand->mean_mw[def->index], MILLI); break;
    case SOURCE_PEAK_POWER: number(out, meter_peak(meter, def->index)->power_mw, MILLI); break;
    case SOURCE_PEAK_ACCUMULATED:
        number(out, (int64_t)demand->accumulated_mw[def->index], MILLI);
        break;
    case SOURCE_DEBITING_COUNT: number(out, demand->debiting_count, 0); break;
    case SOURCE_THRESHOLD_VALUE: number(out, demand->threshold_w, 0); break;
    default: number(out, demand->threshold_count, 0); break; /* SOURCE_THRESHOLD_COUNT */
    }
}

struct register_moment register_moment(const struct meter *meter, const struct register_def *def)
{
    struct register_moment moment = {clock_utc_s(&meter->clock, meter->now_us), meter->clock.valid};
    if (def->source == SOURCE_PEAK_TIME || def->source == SOURCE_PEAK_DATE ||
        def->source == SOURCE_PEAK_RTC || def->source == SOURCE_PEAK_POWER) {
        moment.utc_s = meter_peak(meter, def->index)->utc_s;
        moment.valid = moment.utc_s != 0;
    } else if (def->source == SOURCE_PREPAY_RTC) {
        const struct prepay_booking *last = &meter->prepay.kept.last;
        const bool loaded = last->way != PREPAY_NOT_YET && last->way != PREPAY_ENDED;
        moment = (struct register_moment){loaded ? last->utc_s : 0, loaded};
    }
    return moment;
}

static void two_digits(char *at, unsigned value)
{
    at[0] = (char)('0' + value / 10u % 10u);
    at[1] = (char)('0' + value % 10u);
}

/* "2000-01-01 00:00:00"; local time, as displays show it. */
static void stamp_write(const struct calendar *c, char stamp[20])
{
    memcpy(stamp, "2000-01-01 00:00:00", 20);
    two_digits(stamp + 2, c->year % 100u);
    two_digits(stamp + 5, c->month);
    two_digits(stamp + 8, c->day);
    two_digits(stamp + 11, c->hour);
    two_digits(stamp + 14, c->minute);
    two_digits(stamp + 17, c->second);
}

/* Clock and date are also numbers, HHMMSS and YYMMDD: local time for the clock itself, normal time
 * for the stamps of peaks (X-EVT-2, X-KMP-5). */
static void fetch_moment(const struct meter *meter, const struct register_def *def,
                         struct register_value *out)
{
    struct register_moment moment = register_moment(meter, def);
    struct calendar shown = {2000, 1, 1, 0, 0, 0, 6, false}, counted = shown;
    bool clock = def->source == SOURCE_CLOCK || def->source == SOURCE_DATE;
    char stamp[20];
    if (moment.utc_s != 0) {
        clock_calendar(&meter->clock, moment.utc_s, true, &shown);
        clock_calendar(&meter->clock, moment.utc_s, clock, &counted);
    }
    stamp_write(&shown, stamp);
    if (def->coding == REGISTER_CLOCK) {
        number(out, counted.hour * 10000 + counted.minute * 100 + counted.second, 0);
        text(out, stamp + 11, 8);
    } else if (def->coding == REGISTER_DATE) {
        number(out, counted.year % 100 * 10000 + counted.month * 100 + counted.day, 0);
        stamp[4] = ':';
        stamp[7] = ':';
        text(out, stamp + 2, 8);
    } else {
        number(out, moment.utc_s, 0);
        text(out, stamp, 19);
    }
}

static int64_t digits_value(const char *digits)
{
    int64_t value = 0;
    for (; *digits >= '0' && *digits <= '9'; digits++) {
        value = value * 10 + (*digits - '0');
    }
    return value;
}

static void fetch_identity(const struct meter *meter, const struct register_def *def,
                           struct register_value *out)
{
    const struct variant *variant = &meter->variant;
    struct legal_identity identity;
    legal_identity(&meter->legal, &identity);
    char revision[2] = {(char)identity.revision_letter,
                        (char)('0' + identity.revision_number % 10u)};
    switch (def->source) {
    case SOURCE_SERIAL_NUMBER: number(out, meter->serial_number, 0); break;
    case SOURCE_METER_NUMBER:
        number(out, digits_value(meter->meter_number[def->index % 3u]), 0);
        break;
    case SOURCE_SPECIAL_DATA: number(out, meter->special_data[def->index], 0); break;
    case SOURCE_TYPE_NUMBER: text(out, variant->order_number, 10); break;
    case SOURCE_TYPE_NUMBER_COMPLETE:
        text(out, variant->order_number, strlen(variant->order_number));
        break;
    case SOURCE_CONFIGURATION: number(out, variant->configuration[def->index], 0); break;
    case SOURCE_SOFTWARE_NUMBER: number(out, identity.number, 0); break;
    case SOURCE_SOFTWARE_REVISION: text(out, revision, sizeof revision); break;
    default: number(out, identity.checksum, 0); break; /* SOURCE_PROGRAM_CHECKSUM */
    }
}

static void fetch_setting(const struct meter *meter, const struct register_def *def,
                          struct register_value *out)
{
    const struct setting_value *value =
        &meter->settings.own[settings_row(setting_by_id(def->index))];
    number(out, value->number, def->kmp_exponent);
    if (value->text[0] != '\0') {
        text(out, value->text, strlen(value->text));
    }
}

static void fetch_calibration(const struct meter *meter, uint8_t index, struct register_value *out)
{
    struct legal_audit audit;
    legal_audit(&meter->legal, &audit);
    switch (index) {
    case 0: number(out, legal_calibration_count(&meter->legal), 0); break;
    case 1: number(out, audit.seal_open ? 1 : 0, 0); break;
    default: number(out, audit.n_entries, 0); break;
    }
}

static void fetch_state(const struct meter *meter, const struct register_def *def,
                        struct register_value *out)
{
    switch (def->source) {
    case SOURCE_HOUR_COUNTER:
        number(out, (int64_t)(legal_operating_s(&meter->legal) / 3600u), 0);
        break;
    case SOURCE_METER_STATUS: number(out, meter_status(meter), 0); break;
    case SOURCE_EVENT_STATUS:
        number(out, def->index == 0 ? meter_event_word_a(meter) : meter_event_word_b(meter), 0);
        break;
    case SOURCE_ACTIVE_TARIFF: number(out, legal_tariff(&meter->legal), 0); break;
    case SOURCE_OPERATION_STATE: number(out, meter_operation_state(meter), 0); break;
    case SOURCE_TARIFF_MODE: number(out, meter->tariff.source, 0); break;
    case SOURCE_TARIFF_PLAN:
        text(out, meter->tariff.plan.name, strlen(meter->tariff.plan.name));
        break;
    case SOURCE_TARIFF_SEASON:
        number(out,
               tariff_season_number(&meter->tariff, &meter->clock,
                                    clock_utc_s(&meter->clock, meter->now_us)),
               0);
        break;
    case SOURCE_ENERGY_FORMAT:
        number(out, meter->variant.energy_format == FORMAT_7_0 ? 4 : 2, 0);
        break;
    case SOURCE_ALARM:
        number(out, meter_alarms_raised(meter, (enum alarm_kind)def->index), 0);
        break;
    case SOURCE_TAMPER: number(out, meter_tamper_word(meter), 0); break;
    case SOURCE_SETTING: fetch_setting(meter, def, out); break;
    case SOURCE_CALIBRATION: fetch_calibration(meter, (uint8_t)def->index, out); break;
    default:
        number(out, meter_pins_value(meter, PIN_REGISTER_UNITS), 0);
        break; /* SOURCE_PULSE_INPUT */
    }
}

static int64_t clock_setup_of(const struct meter *meter, unsigned index)
{
    const struct clock_settings *settings = &meter->clock_settings;
    switch (index) {
    case CLOCK_SETUP_TRIM: return settings->trim_ppb;
    case CLOCK_SETUP_LEFT: return clock_left_us(&meter->clock, meter->now_us) / US_PER_MS;
    case CLOCK_SETUP_UNLOGGED: return settings->unlogged_us / US_PER_MS;
    case CLOCK_SETUP_HOLD: return meter->variant.clock_hold_days;
    case CLOCK_SETUP_KIND: return settings->summer.kind;
    case CLOCK_SETUP_BEGIN: return clock_rule_day_number(&settings->summer.rule.begin);
    default: return clock_rule_day_number(&settings->summer.rule.end);
    }
}

static void fetch_clock(const struct meter *meter, const struct register_def *def,
                        struct register_value *out)
{
    if (def->source == SOURCE_CLOCK_SUMMER) {
        number(out, clock_summer_number(&meter->clock_settings.summer.table.row[def->index]), 0);
    } else {
        number(out, clock_setup_of(meter, def->index), def->scaler);
    }
}

void register_fetch(const struct meter *meter, const struct register_def *def,
                    struct register_value *out)
{
    typedef void (*fetcher)(const struct meter *, const struct register_def *,
                            struct register_value *);
    static const struct {
        uint8_t last; /* highest source of this group, in the order of enum register_source */
        fetcher fetch;
    } groups[] = {
        {SOURCE_NET_ENERGY, fetch_energy},
        {SOURCE_APPARENT, fetch_total},
        {SOURCE_PHASE_ANGLE, fetch_phase},
        {SOURCE_PHASE_SEQUENCE, fetch_total},
        {SOURCE_QUALITY_WEEK, fetch_quality},
        {SOURCE_ANALYSIS_VALUE, fetch_analysis},
        {SOURCE_NEUTRAL_FAULT, fetch_neutral},
        {SOURCE_BREAKER, fetch_breaker},
        {SOURCE_PREPAY, fetch_prepay},
        {SOURCE_MODULE, fetch_module},
        {SOURCE_LOAD, fetch_load},
        {SOURCE_PIN, fetch_pin},
        {SOURCE_THRESHOLD_COUNT, fetch_demand},
        {SOURCE_RTC, fetch_moment},
        {SOURCE_CLOCK_SUMMER, fetch_clock},
        {SOURCE_PROGRAM_CHECKSUM, fetch_identity},
        {SOURCE_SETTING, fetch_state},
    };
    _Static_assert(SOURCE_SETTING + 1 == SOURCES, "the last group ends with the last source");
    size_t i = 0;
    while (def->source > groups[i].last) {
        i++;
    }
    groups[i].fetch(meter, def, out);
}
