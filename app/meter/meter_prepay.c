#include "meter_prepay.h"

#include "../../proto/common/writer.h"
#include "../breaker/breaker.h"
#include "meter_audit.h"

#define UWH_PER_TENTH     (PREPAY_UWH_PER_KWH / 10)
#define MAX_7_0_UWH       (INT64_C(9999999) * PREPAY_UWH_PER_KWH)
#define MAX_6_1_UWH       (INT64_C(9999999) * UWH_PER_TENTH)
#define S_PER_DAY         UINT32_C(86400)
#define MIN_PER_H         60u
#define OOO_DIVISOR       100000u /* configuration 4: OOO-PPP-QQ */
#define CONFIGURATION_OOO 3u
#define NO_DAY            INT32_MIN
#define S_PER_LOCAL_DAY   INT64_C(86400)

/* ---- what the account asks ---- */

static bool port_save(void *context, struct prepay_kept *kept)
{
    struct meter *meter = (struct meter *)context;
    const bool saved = prepay_store_save(kept, meter->board);
    meter->memory_fault = !saved || meter->memory_fault;
    return saved;
}

/* docs/spec/app-storage.md, "Payload of the audit log". */
static bool port_log(void *context, const struct prepay_booking *booking)
{
    struct meter *meter = (struct meter *)context;
    uint8_t payload[METER_PREPAY_RECORD_BYTES];
    struct writer w = writer_over(payload, sizeof payload);
    writer_u8(&w, booking->way);
    writer_u8(&w, booking->channel);
    writer_uint_le(&w, booking->number, 4);
    writer_uint_le(&w, (uint64_t)booking->amount_uwh, 8);
    writer_uint_le(&w, (uint64_t)booking->left_uwh, 8);
    meter_log(meter, EVENT_LOG_AUDIT, METER_AUDIT_CREDIT, payload, (uint8_t)writer_length(&w));
    meter->next_display_us = meter->now_us;
    return !meter->log_fault;
}

static uint32_t port_log_newest(void *context)
{
    return event_log_newest(&((const struct meter *)context)->logs, EVENT_LOG_AUDIT);
}

static struct prepay_port port_of(struct meter *meter)
{
    return (struct prepay_port){
        .context = meter, .save = port_save, .log = port_log, .log_newest = port_log_newest};
}

static struct prepay_payer payer_of(const struct meter *meter)
{
    return (struct prepay_payer){(uint8_t)rights_channel(&meter->rights),
                                 clock_utc_s(&meter->clock, meter->now_us)};
}

static uint64_t total_uwh(const struct meter *meter)
{
    return legal_energy_uwh(&meter->legal, LEGAL_A_PLUS);
}

/* ---- days ---- */

static bool is_exception(const struct prepay_exceptions *days, const struct calendar *local)
{
    for (unsigned i = 0; i < days->n; i++) {
        const struct prepay_date *date = &days->date[i];
        if (date->day == local->day && date->month == local->month &&
            (date->year == 0 || date->year == local->year)) {
            return true;
        }
    }
    return false;
}

/* The list stays in memory: it is looked at once a day, and while it can't be read the day counts
 * as one of them: what was not cut off today is tomorrow. */
static void day_follow(struct meter *meter, const struct calendar *local)
{
    const int32_t day = (int32_t)(calendar_seconds(local) / S_PER_LOCAL_DAY);
    if (day == meter->prepay_day) {
        return;
    }
    struct prepay_exceptions days;
    const bool read = prepay_store_exceptions(meter->board, &days);
    meter->memory_fault = !read || meter->memory_fault;
    meter->prepay_exception = !read || is_exception(&days, local);
    meter->prepay_day = read ? day : NO_DAY;
}

/* The calendar is asked only where it matters. */
static struct prepay_now now_of(struct meter *meter)
{
    const uint8_t state = meter->breaker.kept.state;
    struct prepay_now now = {.total_uwh = total_uwh(meter),
                             .operating_s = legal_operating_s(&meter->legal),
                             .weekday = 1,
                             .closed = breaker_state_closed(state),
                             .cut_off = state == BREAKER_CUT_OFF_PREPAYMENT ||
                                        state == BREAKER_PREPAYMENT_EXPIRED};
    if (meter->prepay.kept.on && meter->clock.fitted && meter->clock.valid &&
        prepay_left_uwh(&meter->prepay, now.total_uwh) <= 0) {
        struct calendar local;
        clock_local(&meter->clock, meter->now_us, &local);
        day_follow(meter, &local);
        now.time_known = true;
        now.weekday = local.weekday;
        now.minute = (uint16_t)(local.hour * MIN_PER_H + local.minute);
        now.exception = meter->prepay_exception;
    }
    return now;
}

/* ---- start, settings, each second ---- */

bool meter_prepay_fitted(const struct meter *meter)
{
    const uint16_t has = variant_has(&meter->variant);
    return meter->breaker.fitted && (has & NEED_L_OR_M) != 0;
}

/* After a start: what the last booking tells of the token before. */
static void token_recall(struct meter *meter)
{
    const struct prepay_booking *last = &meter->prepay.kept.last;
    meter->token = (struct meter_token){.way = PREPAY_NOT_YET};
    if (last->way == PREPAY_TOKEN) {
        meter->token = (struct meter_token){
            .way = PREPAY_TOKEN,
            .channel = last->channel,
            .token = {.id = last->number, .amount = (uint32_t)(last->amount_uwh / TOKEN_UNIT_UWH)},
            .utc_s = last->utc_s};
    }
}

static void take_up(struct meter *meter)
{
    struct prepay_kept kept;
    const bool fitted = meter_prepay_fitted(meter);
    const bool read = !fitted || prepay_store_load(&kept, meter->board);
    if (!fitted) {
        kept = (struct prepay_kept){0};
    }
    prepay_start(&meter->prepay, &kept, fitted, meter->now_us);
    meter->prepay.unread = !read;
    meter->prepay_day = NO_DAY;
    token_recall(meter);
    meter->memory_fault = !read || meter->memory_fault;
}

void meter_prepay_begin(struct meter *meter)
{
    take_up(meter);
}

void meter_prepay_supply(struct meter *meter)
{
    const struct prepay_port port = port_of(meter);
    prepay_supply(&meter->prepay, &port);
}

static struct prepay_config config_of(const struct meter *meter)
{
    const struct settings *s = &meter->settings;
    const uint32_t basis = settings_number(s, SETTING_BREAKER_BASIS);
    return (struct prepay_config){
        .on = (basis & BREAKER_BASIS_PREPAYMENT) != 0,
        .max_uwh = meter->variant.energy_format == FORMAT_7_0 ? MAX_7_0_UWH : MAX_6_1_UWH,
        .alarm_uwh = settings_number(s, SETTING_PREPAY_ALARM) * PREPAY_UWH_PER_KWH,
        .unrestricted = (basis & BREAKER_BASIS_UNRESTRICTED) != 0,
        .working_days = (uint8_t)settings_number(s, SETTING_PREPAY_DAYS),
        .free_from_min = (uint16_t)settings_number(s, SETTING_PREPAY_FREE_FROM),
        .free_to_min = (uint16_t)settings_number(s, SETTING_PREPAY_FREE_TO),
        .low_limit = settings_number(s, SETTING_BREAKER_LOW_LIMIT) != 0,
        .low_s = settings_number(s, SETTING_PREPAY_LOW_DAYS) * S_PER_DAY,
    };
}

void meter_prepay_configure(struct meter *meter)
{
    const struct prepay_port port = port_of(meter);
    const struct prepay_payer payer = payer_of(meter);
    const struct prepay_config config = config_of(meter);
    const struct prepay_now now = now_of(meter);
    prepay_configure(&meter->prepay, &port, &config, &now, &payer);
    meter->next_display_us = meter->now_us;
}

void meter_prepay_step(struct meter *meter, struct breaker_facts *facts)
{
    const struct prepay_port port = port_of(meter);
    if (meter->prepay.unread) { /* again, until memory answers */
        take_up(meter);
        meter_prepay_configure(meter);
    }
    const struct prepay_now now = now_of(meter);
    const struct prepay_verdict verdict = prepay_step(&meter->prepay, &port, &now);
    facts->credit_exhausted = verdict.exhausted;
    facts->credit_low = verdict.low;
    facts->credit_expired = verdict.expired;
}

/* ---- what clients see ---- */

bool meter_prepay_on(const struct meter *meter)
{
    return meter->prepay.fitted && meter->prepay.kept.on;
}

int64_t meter_prepay_left_uwh(const struct meter *meter)
{
    return prepay_left_uwh(&meter->prepay, total_uwh(meter));
}

bool meter_prepay_warns(const struct meter *meter)
{
    return meter->prepay.fitted && prepay_warns(&meter->prepay, total_uwh(meter));
}

uint16_t meter_prepay_days_left(const struct meter *meter)
{
    return prepay_days_left(&meter->prepay, total_uwh(meter), legal_operating_s(&meter->legal));
}

void meter_prepay_look(const struct meter *meter, struct meter_prepay *out)
{
    const struct prepay *prepay = &meter->prepay;
    uint8_t key[TOKEN_KEY_BYTES];
    *out = (struct meter_prepay){
        .on = prepay->kept.on,
        .cut = prepay->kept.cut,
        .low = prepay->kept.low,
        .warns = meter_prepay_warns(meter),
        .key = prepay->fitted && prepay_store_key(meter->board, key),
        .left_uwh = meter_prepay_left_uwh(meter),
        .max_uwh = prepay->config.max_uwh,
        .paid_uwh = prepay->kept.paid_uwh,
        .number = prepay->kept.number,
        .days_left = meter_prepay_days_left(meter),
        .low_left_s = prepay_low_left_s(prepay, legal_operating_s(&meter->legal)),
        .token_wait_s = prepay_token_wait_s(prepay, meter->now_us),
        .last = prepay->kept.last,
    };
    crypto_wipe(key, sizeof key);
}

/* ---- loading ---- */

/* X-BRK-2: the register changes over the module port, not over the optical eye. */
static enum prepay_err may_change(const struct meter *meter)
{
    const enum rights_channel channel = rights_channel(&meter->rights);
    if (!meter->prepay.fitted) {
        return PREPAY_ERR_NONE;
    }
    if (channel != CHANNEL_MODULE && channel != CHANNEL_BOARD) {
        return PREPAY_ERR_RIGHTS;
    }
    return meter->supply_on ? PREPAY_OK : PREPAY_ERR_SUPPLY;
}

static enum prepay_err booked(struct meter *meter, enum prepay_err err)
{
    if (err == PREPAY_OK) { /* the breaker follows within a second */
        meter->next_display_us = meter->now_us;
    }
    return err;
}

enum prepay_err meter_prepay_set(struct meter *meter, int64_t credit_uwh)
{
    const struct prepay_port port = port_of(meter);
    const struct prepay_payer payer = payer_of(meter);
    const enum prepay_err may = may_change(meter);
    return may != PREPAY_OK ? may
                            : booked(meter, prepay_set(&meter->prepay, &port, &payer,
                                                       total_uwh(meter), credit_uwh));
}

enum prepay_err meter_prepay_load(struct meter *meter, uint32_t number, int64_t amount_uwh)
{
    const struct prepay_port port = port_of(meter);
    const struct prepay_payer payer = payer_of(meter);
    const enum prepay_err may = may_change(meter);
    return may != PREPAY_OK ? may
                            : booked(meter, prepay_load(&meter->prepay, &port, &payer,
                                                        total_uwh(meter), number, amount_uwh));
}

/* ---- tokens ---- */

static enum prepay_err err_of_token(enum token_err err)
{
    switch (err) {
    case TOKEN_OK: return PREPAY_OK;
    case TOKEN_ERR_FORM: return PREPAY_ERR_FORM;
    case TOKEN_ERR_CIPHER: return PREPAY_ERR_KEY;
    default: return PREPAY_ERR_TOKEN;
    }
}

static enum prepay_err open_token(struct meter *meter, const uint8_t bits[TOKEN_BYTES],
                                  struct token *token)
{
    uint8_t key[TOKEN_KEY_BYTES];
    if (!prepay_store_key(meter->board, key)) {
        return PREPAY_ERR_KEY;
    }
    const enum token_err err = token_open382.open(meter->board->crypto, key, bits, token);
    crypto_wipe(key, sizeof key);
    return err_of_token(err);
}

/* What the gateway shows.  Digits are kept without blanks. */
static void token_seen(struct meter *meter, const uint8_t bits[TOKEN_BYTES], bool good,
                       const struct token *found, enum prepay_err err)
{
    const struct prepay_payer payer = payer_of(meter);
    struct meter_token *seen = &meter->token;
    *seen = (struct meter_token){.n_digits = good ? TOKEN_DIGITS : 0,
                                 .way = PREPAY_TOKEN,
                                 .channel = payer.channel,
                                 .err = (int8_t)err,
                                 .token = *found,
                                 .utc_s = payer.utc_s};
    if (good) {
        token_text(bits, seen->digits);
    }
}

static enum prepay_err may_enter(const struct meter *meter)
{
    return !meter->prepay.fitted                                    ? PREPAY_ERR_NONE
           : !meter->supply_on                                      ? PREPAY_ERR_SUPPLY
           : !meter_prepay_on(meter)                                ? PREPAY_ERR_OFF
           : prepay_token_wait_s(&meter->prepay, meter->now_us) > 0 ? PREPAY_ERR_WAIT
                                                                    : PREPAY_OK;
}

enum prepay_err meter_prepay_token(struct meter *meter, const char *text, size_t n_text,
                                   struct token *token)
{
    const struct prepay_port port = port_of(meter);
    const struct prepay_payer payer = payer_of(meter);
    uint8_t bits[TOKEN_BYTES] = {0};
    struct token found = {0};
    const bool good = token_bits(text, n_text, bits) == TOKEN_OK;
    enum prepay_err err = may_enter(meter);
    if (err == PREPAY_OK && !good) {
        err = PREPAY_ERR_FORM;
    }
    if (err == PREPAY_OK) {
        err = open_token(meter, bits, &found);
    }
    if (err == PREPAY_ERR_TOKEN) {
        prepay_token_wrong(&meter->prepay, &port, meter->now_us);
    }
    if (err == PREPAY_OK) {
        err = booked(meter, prepay_token(&meter->prepay, &port, &payer, total_uwh(meter), &found));
    }
    if (token != NULL) {
        *token = found;
    }
    if (err != PREPAY_ERR_NONE) {
        token_seen(meter, bits, good, &found, err);
    }
    return err;
}

enum prepay_err meter_prepay_key(struct meter *meter, const uint8_t key[TOKEN_KEY_BYTES])
{
    const enum prepay_err may = may_change(meter);
    const uint8_t channel = (uint8_t)rights_channel(&meter->rights);
    if (may != PREPAY_OK) {
        return may;
    }
    meter_log(meter, EVENT_LOG_AUDIT, METER_AUDIT_TOKEN_KEY, &channel, 1); /* without its value */
    if (meter->log_fault || !prepay_store_key_save(meter->board, key)) {
        meter->memory_fault = true;
        return PREPAY_ERR_STORAGE;
    }
    return PREPAY_OK;
}

/* ---- days ---- */

static bool date_good(const struct prepay_date *date)
{
    struct calendar c = {.year = (uint16_t)(date->year == 0 ? 2001 : date->year),
                         .month = date->month,
                         .day = date->day};
    return (date->year == 0 || (date->year >= 2000 && date->year <= 2099)) &&
           calendar_seconds(&c) != INT64_MIN;
}

enum prepay_err meter_prepay_exceptions(struct meter *meter,
                                        const struct prepay_exceptions *exceptions)
{
    const enum prepay_err may = may_change(meter);
    if (may != PREPAY_OK) {
        return may;
    }
    for (unsigned i = 0; i < exceptions->n; i++) {
        if (exceptions->n > PREPAY_EXCEPTIONS || !date_good(&exceptions->date[i])) {
            return PREPAY_ERR_RANGE;
        }
    }
    const uint8_t payload[2] = {(uint8_t)rights_channel(&meter->rights), exceptions->n};
    meter_log(meter, EVENT_LOG_AUDIT, METER_AUDIT_CREDIT_DAYS, payload, sizeof payload);
    if (meter->log_fault || !prepay_store_exceptions_save(meter->board, exceptions)) {
        meter->memory_fault = true;
        return PREPAY_ERR_STORAGE;
    }
    meter->prepay_day = NO_DAY;
    return PREPAY_OK;
}

/* ---- tariffs ---- */

/* A plan that is stored, in force or waiting; a tariff that a command holds; inputs; a table of
 * OOO. */
bool meter_prepay_tariffs(const struct meter *meter, const struct variant *variant)
{
    const struct tariff *tariff = &meter->tariff;
    const int64_t utc_s = clock_utc_s(&meter->clock, meter->now_us);
    const int waiting = tariff_store_waiting(&tariff->store, utc_s);
    return variant->tariffs > 1 &&
           (variant->configuration[CONFIGURATION_OOO] / OOO_DIVISOR != 0 ||
            tariff_inputs(variant) != 0 || tariff->slot != TARIFF_STORE_NO_SLOT ||
            (waiting != TARIFF_STORE_NO_SLOT && tariff->store.slot[waiting].n_image != 0) ||
            tariff->command.tariff != 0);
}
