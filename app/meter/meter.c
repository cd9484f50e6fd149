/* The composition: what happens in a meter, and in which order. */
#include "meter.h"
#include "meter_clock.h"

#include <string.h>

#include "../optical/optical_bundle.h"
#include "meter_alarms.h"
#include "meter_analysis.h"
#include "meter_breaker.h"
#include "meter_display.h"
#include "meter_events.h"
#include "meter_load.h"
#include "meter_log.h"
#include "meter_pins.h"
#include "meter_prepay.h"
#include "meter_quality.h"
#include "meter_settings.h"
#include "meter_tamper.h"

#define US_PER_S         INT64_C(1000000)
#define UTC_2000         INT64_C(946684800)
#define TARIFF_RETRY_US  US_PER_S
#define PULSE_MS         30u /* LCO-04 */
#define PULSE_LONG_MS    80u /* configuration I = 3 or 4 (LCO-07) */
#define METER_NUMBER_END 100000000u
#define OPERATION_NORMAL 1u

/* ---- permanent memory ---- */

static void record_from_meter(const struct meter *meter, bool orderly, struct app_record *record)
{
    memset(record, 0, sizeof *record);
    record->orderly = orderly;
    record->serial_number = meter->serial_number;
    memcpy(record->meter_number, meter->meter_number, sizeof record->meter_number);
    memcpy(record->special_data, meter->special_data, sizeof record->special_data);
    record->utc_s = clock_utc_s(&meter->clock, meter->now_us);
    record->clock_valid = meter->clock.valid;
    record->demand = meter->demand;
    memcpy(record->order_number, meter->variant.order_number, APP_STORE_ORDER_DIGITS);
    memcpy(record->configuration, meter->variant.configuration, sizeof record->configuration);
    record->events = meter->events;
}

static void app_save(struct meter *meter, bool orderly)
{
    struct app_record record;
    meter->events = meter_events(meter);
    record_from_meter(meter, orderly, &record);
    meter->memory_fault = app_store_save(&meter->store, meter->board, &record) != APP_STORE_OK;
    if (!meter->memory_fault) {
        meter_analysis_retry(meter);
    }
    if (!meter->memory_fault && (meter->log_fault || meter->logs_unread)) {
        meter->logs_unread = event_logs_load(&meter->logs, meter->board) != EVENT_LOG_OK;
        meter->log_fault = meter->log_fault && meter->logs_unread;
    }
}

enum meter_err meter_save(struct meter *meter)
{
    app_save(meter, !meter->supply_on && !meter->was_reset);
    return meter->memory_fault ? METER_ERR_STORAGE : METER_OK;
}

static void number_to_digits(uint32_t number, char out[9])
{
    number %= METER_NUMBER_END;
    for (unsigned i = 8; i-- > 0; number /= 10u) {
        out[i] = (char)('0' + number % 10u);
    }
    out[8] = '\0';
}

/* A meter leaves the factory with its serial number as meter number 1. */
static void numbers_take(struct meter *meter, const struct app_record *record, bool stored,
                         uint32_t serial_number)
{
    uint32_t known = stored ? record->serial_number : METER_SERIAL_DEFAULT;
    char factory[9];
    number_to_digits(known, factory);
    meter->serial_number = serial_number != 0 ? serial_number : known;
    for (unsigned i = 0; i < 3; i++) {
        number_to_digits(0, meter->meter_number[i]);
    }
    if (stored) {
        memcpy(meter->meter_number, record->meter_number, sizeof meter->meter_number);
        memcpy(meter->special_data, record->special_data, sizeof meter->special_data);
    }
    if (!stored || memcmp(meter->meter_number[0], factory, sizeof factory) == 0) {
        number_to_digits(meter->serial_number, meter->meter_number[0]);
    }
}

/* The memory says what meter this is; a blank one takes what is given. */
static enum meter_err variant_take(struct meter *meter, const struct variant *given,
                                   const struct app_record *record)
{
    meter->variant = *given;
    if (record->order_number[0] == '\0') {
        return METER_OK;
    }
    if (!variant_is_type(given, record->order_number, record->configuration) ||
        variant_from_order(given->name, record->order_number, record->configuration,
                           &meter->variant) != VARIANT_OK) {
        return METER_ERR_VARIANT;
    }
    return METER_OK;
}

static void demand_take(struct meter *meter, const struct app_record *record, bool stored)
{
    demand_init(&meter->demand, meter->variant.integration_min);
    demand_accumulate(&meter->demand, meter->variant.configuration[2]);
    if (!stored) {
        return;
    }
    bool same_period = record->demand.integration_min == meter->variant.integration_min;
    meter->demand = record->demand;
    meter->demand.integration_min = meter->variant.integration_min;
    demand_accumulate(&meter->demand, meter->variant.configuration[2]);
    if (!same_period) {
        meter->demand.period_start_s = INT64_MIN;
    }
}

static int64_t now_of_utc(const struct meter *meter, int64_t utc_s)
{
    return clock_now_of_utc(&meter->clock, utc_s * US_PER_S);
}

/* ---- tariff ---- */

/* Also without supply: the right tariff must hold before the first energy after the return is
 * booked.  What the legal part can't store is tried again a second later. */
static void tariff_run(struct meter *meter)
{
    const struct tariff_facts facts = {
        &meter->variant,
        {meter->input[METER_INPUT_TARIFF_1] || meter_pins_tariff(meter, 0),
         meter->input[METER_INPUT_TARIFF_2] || meter_pins_tariff(meter, 1)}};
    int64_t utc_s = clock_utc_s(&meter->clock, meter->now_us), next_s = 0;
    uint8_t tariff =
        tariff_decide(&meter->tariff, meter->board, &facts, &meter->clock, utc_s, &next_s);
    meter->memory_fault = meter->memory_fault || meter->tariff.memory_fault;
    meter->tariff.memory_fault = false;
    bool selected = legal_tariff_select(&meter->legal, tariff) == LEGAL_OK;
    meter->next_tariff_s = next_s;
    meter->next_tariff_us = selected ? now_of_utc(meter, next_s) : meter->now_us + TARIFF_RETRY_US;
    meter->next_load_us = meter->now_us;
    meter->next_display_us = meter->now_us;
}

int meter_tariff_commit(struct meter *meter, uint16_t n_image, int64_t activation_s,
                        struct plan_place *place)
{
    *place = (struct plan_place){0, 0, 0};
    if (n_image != 0 && meter_prepay_on(meter)) {
        return TARIFF_ERR_PREPAYMENT;
    }
    int64_t utc_s = clock_utc_s(&meter->clock, meter->now_us);
    int err = tariff_commit(&meter->tariff, meter->board, &meter->variant, &meter->clock, utc_s,
                            n_image, activation_s, place);
    tariff_run(meter);
    return err;
}

enum tariff_err meter_tariff_force(struct meter *meter, uint8_t tariff, uint16_t minutes)
{
    if (tariff != 0 && meter_prepay_on(meter)) {
        return TARIFF_ERR_PREPAYMENT;
    }
    int64_t utc_s = clock_utc_s(&meter->clock, meter->now_us);
    int64_t until_s = minutes != 0 ? utc_s + minutes * INT64_C(60) : 0;
    enum tariff_err err = tariff_force(&meter->tariff, meter->board, &meter->variant, &meter->clock,
                                       utc_s, tariff, until_s);
    tariff_run(meter);
    return err;
}

/* ---- clock ---- */

static void demand_run(struct meter *meter);

enum meter_err meter_clock_set(struct meter *meter, int64_t utc_s)
{
    if (meter->now_us >= meter->next_demand_us) {
        demand_run(meter); /* what ends by the old time has ended */
    }
    if (!meter_clock_take(meter, utc_s)) {
        return METER_ERR_RANGE;
    }
    meter->next_demand_us = meter->now_us;
    meter->next_analysis_us = meter->now_us;
    tariff_run(meter);
    return METER_OK;
}

/* The clock runs otherwise: what is due by it comes at other instants. */
static void clock_follow_rtc(struct meter *meter)
{
    if (meter_clock_run(meter)) {
        meter->next_demand_us = now_of_utc(meter, meter->next_demand_s);
        meter->next_analysis_us = meter->now_us;
        if (meter->next_tariff_us > meter->now_us) {
            meter->next_tariff_us = now_of_utc(meter, meter->next_tariff_s);
        }
        meter->next_load_us = meter->now_us;
        meter->next_display_us = meter->now_us;
    }
}

/* ---- debiting ---- */

static struct billing_parts billing_parts_of(struct meter *meter)
{
    return (struct billing_parts){.board = meter->board,
                                  .legal = &meter->legal,
                                  .clock = &meter->clock,
                                  .logs = &meter->logs,
                                  .demand = &meter->demand,
                                  .pulse_input = meter->pins.kept.input.units,
                                  .utc_s = clock_utc_s(&meter->clock, meter->now_us)};
}

enum meter_err meter_debiting_stop(struct meter *meter)
{
    const struct billing_parts parts = billing_parts_of(meter);
    const enum event_log_err err = billing_stop(&meter->billing, &parts);
    meter->log_fault = err != EVENT_LOG_OK;
    if (err != EVENT_LOG_OK) {
        return METER_ERR_STORAGE;
    }
    app_save(meter, false);
    return METER_OK;
}

/* What is due by date; the record of demand is stored by the caller when this changed it. */
static void billing_run(struct meter *meter)
{
    const struct billing_parts parts = billing_parts_of(meter);
    if (meter->supply_on) {
        (void)billing_step(&meter->billing, &parts);
    }
}

static void billing_begin(struct meter *meter, const struct app_record *record, bool stored)
{
    const struct billing_parts parts = billing_parts_of(meter);
    billing_configure(&meter->billing, &meter->variant);
    const int64_t known_s = stored && record->clock_valid ? record->utc_s : INT64_MIN;
    if (billing_start(&meter->billing, &parts, known_s)) {
        app_save(meter, !meter->was_reset);
    }
}

/* ---- supply ---- */

/* A period has ended: is it the highest or the lowest of its day? */
static void day_follow(struct meter *meter)
{
    if (meter->demand.ended.utc_s != 0 && meter->clock.fitted &&
        demand_day_offer(&meter->demand_day, &meter->clock, &meter->demand.ended,
                         meter->demand.integration_min * INT64_C(60))) {
        meter->memory_fault =
            !demand_day_save(&meter->demand_day, meter->board) || meter->memory_fault;
    }
}

_Static_assert(REGISTER_DAY_HIGHEST == DEMAND_PEAKS + DEMAND_DAY_HIGHEST &&
                   REGISTER_DAY_LOWEST == DEMAND_PEAKS + DEMAND_DAY_LOWEST,
               "the register table counts on");

const struct demand_peak *meter_peak(const struct meter *meter, uint8_t index)
{
    return index < DEMAND_PEAKS ? &meter->demand.peak[index]
                                : &meter->demand_day.extreme[index - DEMAND_PEAKS];
}

/* Also without supply: a period must have ended before the first energy after the return is
 * counted. */
static void demand_end(struct meter *meter)
{
    int64_t utc_s = clock_utc_s(&meter->clock, meter->now_us);
    int64_t next_s = demand_step(&meter->demand, &meter->legal, utc_s);
    day_follow(meter);
    if (meter->supply_on) {
        (void)load_profile_step(&meter->load_profile, &meter->legal, utc_s, meter->clock.valid);
    }
    meter->next_demand_s = next_s;
    meter->next_demand_us = now_of_utc(meter, next_s);
}

/* The intervals that the outage touched are marked: those filled in now, and the one under way. */
static void outage_note(struct meter *meter)
{
    if (meter->supply_lost_utc_s == INT64_MIN) {
        return;
    }
    const int64_t utc_s = clock_utc_s(&meter->clock, meter->now_us);
    load_profile_outage(&meter->load_profile, utc_s - meter->supply_lost_utc_s);
    analysis_outage(&meter->analysis, utc_s - meter->supply_lost_utc_s);
}

static void demand_run(struct meter *meter)
{
    demand_end(meter);
    billing_run(meter);
}

static void supply_came(struct meter *meter)
{
    meter->supply_on = true;
    meter_clock_supply_came(meter);
    meter_prepay_supply(meter);
    outage_note(meter);
    meter_pins_supply(meter, true);
    tariff_run(meter);
    demand_run(meter);
    meter_analysis_power_up(meter);
    outage_note(meter);
    meter->supply_lost_utc_s = INT64_MIN;
    meter_tamper_supply(meter, true);
    app_save(meter, false);
    for (unsigned i = 0; i < METER_OPTICAL_PORTS; i++) {
        optical_init(&meter->optical[i], meter);
    }
    meter_alarms_supply(meter);
    meter_modules_supply(meter);
    meter_breaker_supply(meter, true);
    meter_load_supply(meter, true);
    meter->next_breaker_us = meter->now_us;
    display_supply(&meter->display, true, meter->now_us);
    meter->next_display_us = meter->now_us;
}

/* The legal part has stored its own exact state before it tells us (X-MET-7). */
static void supply_went(struct meter *meter)
{
    meter->supply_on = false;
    meter->staged.systems = 0;
    meter->passive = (struct cosem_passive){.written = 0};
    meter->image = (struct cosem_image){.status = COSEM_IMAGE_IDLE};
    meter->was_reset = false;
    meter->supply_lost_utc_s = clock_utc_s(&meter->clock, meter->now_us);
    meter_clock_supply_went(meter);
    neutral_supply_lost(&meter->neutral);
    meter_breaker_supply(meter, false);
    meter_load_supply(meter, false);
    meter_pins_supply(meter, false);
    meter->next_breaker_us = INT64_MAX;
    (void)security_settle(&meter->security);
    meter_tamper_supply(meter, false);
    app_save(meter, true);
    display_supply(&meter->display, false, meter->now_us);
    meter->next_display_us = meter->now_us;
}

/* ---- loss of neutral ---- */

/* A fault whose end is not in the log is on: a restart ends nothing. */
static void neutral_begin(struct meter *meter)
{
    struct event_log_entry newest;
    bool fault = event_log_seek(&meter->logs, meter->board, EVENT_LOG_NEUTRAL, UINT32_MAX, false,
                                &newest) == EVENT_LOG_OK &&
                 newest.code == NEUTRAL_DETECTED;
    neutral_init(&meter->neutral, &meter->variant, fault, meter->now_us);
}

static void neutral_follow(struct meter *meter)
{
    if (!neutral_wants(&meter->neutral, meter->now_us)) {
        return;
    }
    struct legal_voltages voltages;
    legal_voltages(&meter->legal, &voltages);
    enum neutral_change change = neutral_step(&meter->neutral, &voltages, meter->now_us);
    if (meter->neutral.fault) {
        meter->load_profile.quality |= LOAD_PROFILE_NEUTRAL_ERROR;
        analysis_note(&meter->analysis, LOAD_PROFILE_NEUTRAL_ERROR);
    }
    if (change != NEUTRAL_NO_CHANGE) {
        uint8_t payload[NEUTRAL_RECORD_BYTES];
        uint8_t n = neutral_record(&meter->neutral, meter->now_us, payload);
        meter_log(meter, EVENT_LOG_NEUTRAL, (uint16_t)change, payload, n);
        meter->next_display_us = meter->now_us;
    }
}

/* ---- breaker ---- */

/* The button acts in the disconnect view, and closes what is released in the automatic list too,
 * while its lamp flashes (spec answers B4). */
static void breaker_button_follow(struct meter *meter)
{
    const enum display_breaker_press press = display_breaker_press(&meter->display);
    if (press == DISPLAY_BREAKER_VIEW ||
        (press == DISPLAY_BREAKER_PRIMARY && meter_breaker_state(meter) == BREAKER_RELEASED)) {
        meter_breaker_button(meter);
    }
}

/* ---- test mode ---- */

/* The display says which energy is under test; LED and S0 follow it. */
static void pulses_follow(struct meter *meter)
{
    enum legal_energy tested = display_test_energy(&meter->display);
    uint8_t energy = (uint8_t)(tested == LEGAL_ENERGIES ? LEGAL_A_PLUS : tested);
    if (energy != meter->pulse_energy &&
        legal_pulse_select(&meter->legal, (enum legal_energy)energy) == LEGAL_OK) {
        meter->pulse_energy = energy;
        meter->next_legal_us = meter->now_us;
    }
}

uint8_t meter_operation_state(const struct meter *meter)
{
    enum legal_energy tested = display_test_energy(&meter->display);
    return (uint8_t)(tested == LEGAL_ENERGIES ? OPERATION_NORMAL
                                              : OPERATION_NORMAL + 1u + (unsigned)tested);
}

enum meter_err meter_operation_set(struct meter *meter, uint8_t state)
{
    if (state < OPERATION_NORMAL || state > OPERATION_NORMAL + LEGAL_TARIFF_ENERGIES ||
        !meter->supply_on) {
        return METER_ERR_RANGE;
    }
    if (state == OPERATION_NORMAL) {
        display_test_end(&meter->display, meter->now_us);
    } else if (!display_test_begin(&meter->display,
                                   (enum legal_energy)(state - OPERATION_NORMAL - 1u),
                                   meter->now_us)) {
        return METER_ERR_RANGE;
    }
    meter->next_display_us = meter->now_us;
    pulses_follow(meter);
    return METER_OK;
}

/* ---- outside ---- */

static struct legal_setup legal_setup_of(const struct variant *variant)
{
    struct legal_setup setup = {
        .systems = variant->systems,
        .summation = variant->aron ? LEGAL_SUM_VECTOR : LEGAL_SUM_INDIVIDUAL,
        .pulses_per_kwh = variant->pulses_per_kwh,
        .pulse_energy = LEGAL_A_PLUS,
        .pulse_ms = variant->configuration[1] % 10u >= 3u ? PULSE_LONG_MS : PULSE_MS,
    };
    return setup;
}

static enum meter_err legal_begin(struct meter *meter)
{
    struct legal_setup setup = legal_setup_of(&meter->variant);
    enum legal_err err = legal_start(&meter->legal, &meter->board->legal, &setup, meter->now_us);
    switch (err) {
    case LEGAL_OK: return METER_OK;
    case LEGAL_ERR_FORMAT: return METER_ERR_FORMAT;
    case LEGAL_ERR_TYPE:
    case LEGAL_ERR_RANGE: return METER_ERR_VARIANT;
    default: return METER_ERR_STORAGE;
    }
}

enum meter_err meter_start(struct meter *meter, const struct board *board,
                           const struct variant *variant, uint32_t serial_number, int64_t now_us)
{
    if (variant_check(variant) != VARIANT_OK) {
        return METER_ERR_VARIANT;
    }
    memset(meter, 0, sizeof *meter);
    meter->board = board;
    meter->real_sensors = board->real_sensors;
    meter->ram_fault = board->ram_fault;
    meter->now_us = now_us;
    meter->stirred = true;

    struct app_record record;
    memset(&record, 0, sizeof record);
    enum app_store_err loaded = app_store_load(&meter->store, board, &record);
    if (loaded == APP_STORE_ERR_FORMAT || !meter_settings_load(meter, &record)) {
        return METER_ERR_FORMAT;
    }
    if (variant_take(meter, variant, &record) != METER_OK) {
        return METER_ERR_VARIANT;
    }
    enum meter_err legal = legal_begin(meter);
    if (legal != METER_OK && legal != METER_ERR_STORAGE) {
        return legal;
    }
    bool stored = loaded == APP_STORE_OK;
    const bool secrets = cosem_secrets_load(&meter->cosem, board);
    meter->memory_fault = meter->settings.unread || loaded == APP_STORE_ERR_STORAGE || !secrets;
    meter->logs_unread = event_logs_load(&meter->logs, board) != EVENT_LOG_OK;
    meter_log_start(meter);
    meter_tamper_begin(meter);
    meter_events_begin(meter);
    meter->was_reset = stored && !record.orderly;
    meter->events = (uint8_t)(record.events | (meter->was_reset ? STATUS_RESET : 0u));
    numbers_take(meter, &record, stored, serial_number);
    demand_take(meter, &record, stored);
    meter->supply_lost_utc_s = stored && record.clock_valid ? record.utc_s : INT64_MIN;
    neutral_begin(meter);
    meter_breaker_begin(meter);
    meter_prepay_begin(meter);
    meter_load_begin(meter);
    meter_pins_begin(meter);
    meter_analysis_start(meter);
    const bool profile_deleted = load_profile_start(&meter->load_profile, &meter->legal,
                                                    &meter->variant, meter_profile_bytes(meter));
    const bool known = stored && record.utc_s > UTC_2000;
    meter_clock_begin(meter, known ? record.utc_s : UTC_2000, known && record.clock_valid);
    if (profile_deleted) {
        meter_log_profile_deleted(meter);
    }
    billing_begin(meter, &record, stored);
    meter_quality_start(meter);
    display_store_load(&meter->display_store, board);
    readout_list_load(&meter->readout, board);
    demand_day_load(&meter->demand_day, board);
    meter_display_begin(meter);
    for (unsigned i = 0; i < METER_OPTICAL_PORTS; i++) {
        optical_init(&meter->optical[i], meter);
    }
    meter->next_legal_us = now_us;
    tariff_init(&meter->tariff);
    tariff_run(meter);
    meter->next_display_us = now_us;
    demand_run(meter);
    if (loaded != APP_STORE_ERR_STORAGE && record.order_number[0] == '\0') {
        app_save(meter, !meter->was_reset);
    }
    meter_alarms_begin(meter);
    meter_modules_begin(meter);
    meter->memory_fault = !cosem_push_begin(meter) || meter->memory_fault;
    meter_settings_begin(meter);
    optical_bundle_begin(meter);
    return loaded == APP_STORE_ERR_STORAGE ? METER_ERR_STORAGE : legal;
}

void meter_bus_receive(struct meter *meter, const uint8_t *bytes, size_t n_bytes, int64_t now_us)
{
    meter->now_us = now_us;
    meter->stirred = true;
    meter->next_legal_us = now_us;
    legal_bus_receive(&meter->legal, bytes, n_bytes, now_us);
}

static void supply_follow(struct meter *meter)
{
    bool on = legal_supply(&meter->legal) == LEGAL_SUPPLY_ON;
    if (on && !meter->supply_on) {
        supply_came(meter);
    } else if (!on && meter->supply_on) {
        supply_went(meter);
    }
}

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What asks for no step of its own, and is done with the first one from then on. */
static int64_t in_passing_us(const struct meter *meter)
{
    const int64_t quality_us = earliest(meter->quality.next_us, meter->next_gain_us);
    const int64_t alarms_us = earliest(meter->next_alarms_us, meter_tamper_next_us(meter));
    const int64_t seen_us = earliest(alarms_us, meter->modules.due_us);
    const int64_t watched_us = earliest(seen_us, neutral_next_us(&meter->neutral));
    return earliest(earliest(quality_us, watched_us), meter_analysis_next_us(meter));
}

static int64_t asked_us(const struct meter *meter)
{
    const int64_t shown_us = earliest(meter->next_display_us, meter->next_clock_us);
    const int64_t moved_us = earliest(meter->next_breaker_us, meter->next_load_us);
    const int64_t next_us = earliest(earliest(shown_us, moved_us), meter->next_pins_us);
    return earliest(next_us, earliest(meter->next_demand_us, meter->next_tariff_us));
}

/* When the meter wants to be called.  Pulses that may be late are, unless their step would do
 * something in passing. */
static int64_t wake_us(const struct meter *meter)
{
    const int64_t late_us = meter->whole_us + meter->late_us;
    int64_t next_us = earliest(meter->next_legal_us, meter->next_edge_us);
    if (next_us < late_us && in_passing_us(meter) >= late_us) {
        next_us = late_us;
    }
    return earliest(earliest(next_us, asked_us(meter)), meter_analysis_wake(meter));
}

/* Most steps between two windows are for the edge of a pulse: nothing has come, and no part but the
 * legal one has anything to do. */
static bool only_pulses(const struct meter *meter)
{
    const int64_t now_us = meter->now_us;
    return !meter->stirred && meter->supply_on && now_us < asked_us(meter) &&
           now_us < in_passing_us(meter);
}

/* Those of the module port's pulse outputs. */
static void meter_edges(struct meter *meter)
{
    if (meter->now_us >= meter->next_edge_us) {
        meter->next_edge_us = meter_pins_edges(meter);
    }
}

static void step_all(struct meter *meter)
{
    const int64_t now_us = meter->now_us;
    if (now_us >= meter->next_legal_us) {
        meter_clock_trail(meter);
        meter->next_legal_us = legal_step(&meter->legal, now_us);
        supply_follow(meter);
        meter_pins_feed(meter);
        if (meter->supply_on) {
            meter_tamper_step(meter);
            meter_log_status(meter);
            neutral_follow(meter);
            meter_alarms_step(meter);
            meter->next_breaker_us = now_us;
        }
    }
    if (now_us >= meter->next_breaker_us) {
        meter->next_breaker_us = meter_breaker_step(meter);
    }
    clock_follow_rtc(meter);
    if (now_us >= meter->next_pins_us) {
        meter->next_pins_us = meter_pins_step(meter);
    }
    if (now_us >= meter->next_tariff_us) {
        tariff_run(meter);
    }
    if (now_us >= meter->next_load_us || meter_load_changed(meter)) {
        meter->next_load_us = meter_load_step(meter);
    }
    meter_quality_step(meter);
    meter_modules_step(meter);
    const bool period_ends = now_us >= meter->next_demand_us;
    if (period_ends) {
        demand_end(meter);
    }
    meter_analysis_step(meter); /* with the period that has ended, before debiting clears peaks */
    if (period_ends) {
        billing_run(meter);
        if (meter->supply_on) {
            app_save(meter, false);
        }
    }
    if (now_us >= meter->next_display_us) {
        meter->display.prepayment = meter_prepay_on(meter);
        meter->next_display_us = display_step(&meter->display, now_us);
        breaker_button_follow(meter);
    }
    pulses_follow(meter);
    meter_pins_follow(meter);
    meter_edges(meter);
    meter->stirred = false;
    meter->whole_us = now_us;
}

void meter_pulses_late(struct meter *meter, int64_t late_us)
{
    meter->late_us = late_us;
}

int64_t meter_step(struct meter *meter, int64_t now_us)
{
    meter->now_us = now_us;
    if (only_pulses(meter)) {
        if (now_us >= meter->next_legal_us) {
            meter->next_legal_us = legal_step(&meter->legal, now_us);
        }
        meter_edges(meter);
        if (legal_supply(&meter->legal) == LEGAL_SUPPLY_ON) {
            return wake_us(meter);
        }
        meter->next_legal_us = now_us; /* no frame has come for long: supply is gone */
    }
    step_all(meter);
    return wake_us(meter);
}

void meter_input(struct meter *meter, enum meter_input input, bool on, int64_t now_us)
{
    meter->now_us = now_us;
    meter->stirred = true;
    if ((unsigned)input >= METER_INPUTS || meter->input[input] == on) {
        return;
    }
    meter->input[input] = on;
    if (input == METER_INPUT_PIN_1 || input == METER_INPUT_PIN_2) {
        meter_pins_input(meter, input - METER_INPUT_PIN_1, on);
        return;
    }
    if (input == METER_INPUT_BUTTON_LEFT) {
        display_button(&meter->display, meter, on, now_us);
        breaker_button_follow(meter);
        pulses_follow(meter);
    } else if (input == METER_INPUT_BUTTON_RIGHT) {
        display_button_right(&meter->display, now_us);
    }
    if (input == METER_INPUT_SEAL) {
        meter->next_legal_us = now_us; /* the audit trail has it at once */
    }
    if (input == METER_INPUT_TARIFF_1 || input == METER_INPUT_TARIFF_2) {
        tariff_run(meter);
    }
    meter->next_display_us = now_us;
    meter_tamper_input(meter);
    if (meter->supply_on) {
        meter_log_status(meter);
    }
    if (meter->supply_on && meter_events(meter) != meter->events) {
        app_save(meter, false);
    }
}

enum meter_err meter_store(struct meter *meter)
{
    enum legal_err err = legal_store(&meter->legal);
    meter->was_reset = false;
    const bool settled = security_settle(&meter->security);
    app_save(meter, true);
    meter_quality_store(meter);
    meter_breaker_store(meter);
    meter_tamper_store(meter);
    meter_load_store(meter);
    meter_pins_store(meter);
    return err == LEGAL_OK && settled && !meter->memory_fault ? METER_OK : METER_ERR_STORAGE;
}

uint8_t meter_status(const struct meter *meter)
{
    struct legal_health health;
    legal_health(&meter->legal, &health);
    unsigned status = 0;
    status |= meter->was_reset ? STATUS_RESET : 0u;
    status |= health.memory_fault || meter->memory_fault || meter->log_fault ||
                      meter_analysis_fault(meter)
                  ? STATUS_EEPROM
                  : 0u;
    status |= meter->input[METER_INPUT_MAGNET] ? STATUS_MAGNET : 0u;
    status |= meter->ram_fault ? STATUS_RAM : 0u;
    status |= health.program_fault ? STATUS_ROM : 0u;
    status |= meter_pins_alarm(meter) ? STATUS_ALARM_INPUT : 0u;
    status |= meter->input[METER_INPUT_COVER] ? STATUS_COVER : 0u;
    return (uint8_t)status;
}

bool meter_uncalibrated(const struct meter *meter)
{
    struct legal_health health;
    legal_health(&meter->legal, &health);
    return meter->real_sensors && !health.calibrated;
}

/* The reset is an instant and stands nowhere but among the events. */
uint8_t meter_events(const struct meter *meter)
{
    return (uint8_t)(meter->events | (meter_status(meter) & ~(unsigned)STATUS_RESET));
}

void meter_events_clear(struct meter *meter, uint8_t mask)
{
    uint8_t before = meter->events;
    meter->events = (uint8_t)(before & ~(unsigned)mask);
    meter->events = meter_events(meter); /* what still holds */
    if (meter->events != before) {
        app_save(meter, false);
    }
}

bool meter_led_idle(const struct meter *meter)
{
    struct legal_instant instant;
    if (!meter->supply_on || !meter->variant.led_on_idle ||
        meter_operation_state(meter) != OPERATION_NORMAL) { /* a test head must see pulses alone */
        return false;
    }
    legal_instant(&meter->legal, &instant);
    return instant.quadrant == 0; /* no phase above its no-load threshold */
}
