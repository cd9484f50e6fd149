#include "meter_quality.h"

#include <string.h>

#include "../quality/quality_record.h"
#include "../quality/quality_store.h"
#include "meter_audit.h"

#define GAIN_EVERY_US INT64_C(10000000)
#define ROOT_3_PM     1732u

/* Aron measures line to line: all limits grow with the declared voltage; failure stays 160 V, below
 * which a meter has no supply. */
static struct quality_config config_of(const struct variant *variant)
{
    struct quality_config config;
    quality_defaults(&config);
    if (variant->aron) {
        config.declared_mv = (uint32_t)(config.declared_mv / 1000u * ROOT_3_PM);
        config.high_mv = config.declared_mv / 10u * 11u;
        config.low_mv = config.declared_mv / 10u * 9u;
    }
    return config;
}

/* The legal part owns the gains; a calibration counts from the next ten seconds on. */
static void gains_read(struct meter *meter)
{
    for (uint8_t s = 0; s < meter->variant.systems; s++) {
        struct legal_calibration calibration;
        if (legal_calibration_read(&meter->legal, (uint8_t)(s + 1u), &calibration) == LEGAL_OK &&
            calibration.correction.voltage_gain != meter->quality.phase[s].gain_q30) {
            quality_gain(&meter->quality, s, calibration.correction.voltage_gain);
        }
    }
    meter->next_gain_us = meter->now_us + GAIN_EVERY_US;
}

/* An outage that began and is not told to be over goes on. */
static void outage_find(struct meter *meter)
{
    struct event_log_entry entry;
    struct quality_record record;
    const uint32_t newest = event_log_newest(&meter->logs, EVENT_LOG_VOLTAGE);
    if (newest == 0 || event_log_read(&meter->logs, meter->board, EVENT_LOG_VOLTAGE, newest,
                                      &entry) != EVENT_LOG_OK) {
        return;
    }
    if (quality_record_decode(entry.payload, entry.n_payload,
                              clock_utc_minus_now_us(&meter->clock, meter->now_us), &record) &&
        record.kind == QUALITY_FAILURE && record.edge == QUALITY_BEGIN &&
        record.phases == quality_all_phases(&meter->quality)) {
        quality_restore_outage(&meter->quality, record.at_us);
    }
}

/* Count what the log holds beyond the record that was counted last.  Without the log's end nothing
 * is known; when its newest page went bad, that id comes again. */
static void totals_follow(struct meter *meter)
{
    struct quality_totals *totals = &meter->quality_totals;
    const uint32_t newest = event_log_newest(&meter->logs, EVENT_LOG_VOLTAGE);
    const uint32_t oldest = event_log_oldest(&meter->logs, EVENT_LOG_VOLTAGE);
    const uint32_t next = totals->through + 1u;
    if (meter->logs.unreadable[EVENT_LOG_VOLTAGE] || totals->through == newest) {
        return;
    }
    for (uint32_t id = next > oldest ? next : oldest; newest != 0 && id <= newest; id++) {
        struct event_log_entry entry;
        struct quality_record record;
        if (event_log_read(&meter->logs, meter->board, EVENT_LOG_VOLTAGE, id, &entry) ==
                EVENT_LOG_OK &&
            quality_record_decode(entry.payload, entry.n_payload, 0, &record)) {
            quality_totals_add(totals, &record, quality_all_phases(&meter->quality));
        }
    }
    totals->through = newest;
    if (quality_totals_save(totals, meter->board) != QUALITY_OK) {
        meter->memory_fault = true;
    }
}

/* Counts that cannot be read are left alone, lest they are stored as 0. */
static void totals_begin(struct meter *meter)
{
    meter->quality_totals_unread =
        quality_totals_load(&meter->quality_totals, meter->board) == QUALITY_ERR_STORAGE;
    if (meter->quality_totals_unread) {
        meter->memory_fault = true;
    } else {
        totals_follow(meter);
    }
}

/* Everything finished goes into the log, with what KMP calls the event in the low byte. */
static void records_log(struct meter *meter)
{
    struct quality_record record;
    while (quality_take(&meter->quality, &record)) {
        uint8_t payload[QUALITY_RECORD_BYTES];
        const size_t n = quality_record_encode(
            &record, clock_utc_minus_now_us(&meter->clock, meter->now_us), payload);
        meter_log(meter, EVENT_LOG_VOLTAGE, quality_record_code(&record), payload, (uint8_t)n);
    }
    if (meter->quality_totals_unread) {
        totals_begin(meter);
    } else {
        totals_follow(meter);
    }
}

void meter_quality_store(struct meter *meter)
{
    meter->quality.store_due = false;
    if (quality_store_save_counts(&meter->quality_store, meter->board, &meter->quality) !=
        QUALITY_OK) {
        meter->memory_fault = true;
    }
}

void meter_quality_start(struct meter *meter)
{
    struct quality_config config = config_of(&meter->variant);
    const enum quality_err limits =
        quality_store_load_limits(&meter->quality_store, meter->board, &config);
    quality_start(&meter->quality, &config, meter->variant.systems, meter->variant.aron);
    const enum quality_err counts =
        quality_store_load_counts(&meter->quality_store, meter->board, &meter->quality);
    meter->memory_fault =
        meter->memory_fault || limits == QUALITY_ERR_STORAGE || counts == QUALITY_ERR_STORAGE;
    gains_read(meter);
    outage_find(meter);
    totals_begin(meter);
}

static void angles_give(struct meter *meter)
{
    struct legal_voltages voltages;
    bool all_present = true;
    legal_voltages(&meter->legal, &voltages);
    for (unsigned s = 0; s < QUALITY_SYSTEMS; s++) {
        all_present = all_present && voltages.present[s];
    }
    quality_angles(&meter->quality, voltages.angle_mdeg, all_present);
}

/* A clock that is corrected bit by bit moves the intervals' ends at their ends only. */
static int64_t intervals_offset_us(const struct meter *meter)
{
    const struct quality *quality = &meter->quality;
    const int64_t offset_us = clock_utc_minus_now_us(&meter->clock, meter->now_us);
    const int64_t step_us = offset_us - quality->utc_minus_now_us;
    const bool small = step_us > -CLOCK_STEP_US && step_us < CLOCK_STEP_US;
    return small && meter->now_us < quality->next_us ? quality->utc_minus_now_us : offset_us;
}

void meter_quality_step(struct meter *meter)
{
    if (meter->supply_on != meter->quality.supplied) {
        quality_supply(&meter->quality, meter->supply_on, meter->now_us);
        meter->next_gain_us = meter->now_us;
    }
    if (meter->now_us >= meter->next_gain_us) {
        gains_read(meter);
    }
    if (quality_wants_angles(&meter->quality)) {
        angles_give(meter);
    }
    quality_step(&meter->quality, meter->now_us, intervals_offset_us(meter));
    if (meter->quality.store_due) {
        meter_quality_store(meter);
    }
    if (meter->quality.n_outbox > 0) {
        records_log(meter);
    }
}

void meter_quality_receive(struct meter *meter, const struct quality_report *report, int64_t now_us)
{
    meter->stirred = true;
    quality_receive(&meter->quality, report, now_us);
}

void meter_quality_spectrum(struct meter *meter, const struct quality_spectrum *spectrum)
{
    meter->stirred = true;
    quality_spectrum(&meter->quality, spectrum);
}

/* ---- limits ---- */

static bool limit_audit(struct meter *meter, uint16_t kmp_id, enum quality_limit limit,
                        uint32_t before, uint32_t after)
{
    return meter_audit_register(meter, kmp_id, before, after, quality_limit_exponent(limit));
}

enum meter_err meter_quality_limit_set(struct meter *meter, uint16_t kmp_id,
                                       enum quality_limit limit, int64_t value)
{
    struct quality_config config = meter->quality.config;
    const uint32_t before = quality_limit_get(&config, limit);
    if (value == (int64_t)before) {
        return METER_OK;
    }
    if (quality_limit_set(&config, limit, value) != QUALITY_OK) {
        return METER_ERR_RANGE;
    }
    const uint32_t after = quality_limit_get(&config, limit);
    if (!limit_audit(meter, kmp_id, limit, before, after)) {
        return METER_ERR_STORAGE;
    }
    if (quality_store_save_limits(&meter->quality_store, meter->board, &config) != QUALITY_OK) {
        meter->memory_fault = true;
        (void)limit_audit(meter, kmp_id, limit, after, before);
        return METER_ERR_STORAGE;
    }
    quality_configure(&meter->quality, &config);
    return METER_OK;
}
