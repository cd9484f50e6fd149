#include "meter_settings.h"

#include <string.h>

#include "meter_alarms.h"
#include "meter_analysis.h"
#include "meter_audit.h"
#include "meter_breaker.h"
#include "meter_display.h"
#include "meter_log.h"
#include "meter_pins.h"
#include "meter_prepay.h"
#include "meter_tamper.h"

#define RADIO_SHORT_MAX 999u /* configuration 5 has three digits, or eight (seen on M) */
#define RADIO_DIVISOR   100000u
#define MILLI           1000u
#define RADIO           4u

/* ---- values in the application's record and in the meter ---- */

static uint32_t divisor_of(const struct setting_def *def, uint32_t configuration)
{
    return def->index == RADIO && configuration > RADIO_SHORT_MAX ? RADIO_DIVISOR : def->divisor;
}

static uint32_t field_get(const struct setting_def *def, uint32_t configuration)
{
    return configuration / divisor_of(def, configuration) % def->modulus;
}

static uint32_t field_put(const struct setting_def *def, uint32_t configuration, uint32_t code)
{
    const uint32_t divisor = divisor_of(def, configuration);
    return configuration - field_get(def, configuration) * divisor + code * divisor;
}

static uint32_t digits_get(const char *digits)
{
    uint32_t number = 0;
    for (; *digits != '\0'; digits++) {
        number = number * 10u + (uint32_t)(*digits - '0');
    }
    return number;
}

static void digits_put(char *digits, uint32_t number)
{
    for (unsigned i = 8; i-- > 0; number /= 10u) {
        digits[i] = (char)('0' + number % 10u);
    }
    digits[8] = '\0';
}

/* Where the values of a meter live besides the settings' own record; the same in a stored record.
 */
struct homes {
    uint32_t *configuration;
    char (*meter_number)[9];
    uint32_t *special_data;
    uint32_t *threshold_w;
};

static void home_put(const struct homes *homes, const struct setting_def *def, uint32_t number)
{
    switch (def->home) {
    case HOME_CONFIGURATION: {
        uint32_t *configuration = &homes->configuration[def->index];
        *configuration = field_put(def, *configuration, number);
        break;
    }
    case HOME_METER_NUMBER: digits_put(homes->meter_number[def->index], number); break;
    case HOME_SPECIAL_DATA: homes->special_data[def->index] = number; break;
    case HOME_POWER_THRESHOLD: *homes->threshold_w = number; break;
    default: break; /* HOME_SETTINGS; the serial number is locked */
    }
}

static struct setting_value value_now(const struct meter *meter, const struct setting_def *def)
{
    struct setting_value value;
    memset(&value, 0, sizeof value);
    switch (def->home) {
    case HOME_CONFIGURATION:
        value.number = field_get(def, meter->variant.configuration[def->index]);
        break;
    case HOME_SERIAL_NUMBER: value.number = meter->serial_number; break;
    case HOME_METER_NUMBER: value.number = digits_get(meter->meter_number[def->index]); break;
    case HOME_SPECIAL_DATA: value.number = meter->special_data[def->index]; break;
    case HOME_POWER_THRESHOLD: value.number = meter->demand.threshold_w; break;
    default: value = meter->settings.own[settings_row(def)]; break; /* HOME_SETTINGS */
    }
    return value;
}

static bool variant_lacks(const struct meter *meter, const struct setting_def *def)
{
    return (def->need & ~(unsigned)variant_has(&meter->variant)) != 0;
}

bool meter_setting_read(const struct meter *meter, const struct setting_def *def,
                        struct setting_value *out)
{
    if (variant_lacks(meter, def) || def->type == SETTING_SECRET) {
        return false;
    }
    *out = value_now(meter, def);
    return true;
}

/* ---- what a change does ---- */

/* What the settings' own values govern; also at every start. */
static void own_apply(struct meter *meter)
{
    const struct settings *settings = &meter->settings;
    struct neutral_config *neutral = &meter->neutral.config;
    neutral->displaced_mv = settings_number(settings, SETTING_NEUTRAL_DISPLACEMENT) * MILLI;
    neutral->high_mv = settings_number(settings, SETTING_NEUTRAL_HIGH) * MILLI;
    neutral->time_s = (uint16_t)settings_number(settings, SETTING_NEUTRAL_TIME);
    meter->billing.second_interval =
        (enum billing2_interval)settings_number(settings, SETTING_DEBITING_2_INTERVAL);
    meter_alarms_configure(meter);
    meter_tamper_configure(meter);
    meter_breaker_configure(meter);
    meter_prepay_configure(meter);
    for (unsigned i = 0; i < METER_OPTICAL_PORTS; i++) {
        meter->optical[i].kmp.address = (uint8_t)settings_number(settings, SETTING_KMP_ADDRESS);
    }
}

static unsigned effects_of(const struct settings *settings)
{
    unsigned effects = 0;
    for (unsigned row = 0; row < setting_table_length; row++) {
        effects |= settings_has(settings, row) ? setting_table[row].effect : 0u;
    }
    return effects;
}

/* Another integration period: the one that runs begins anew, and the load profile with it. */
static void period_apply(struct meter *meter)
{
    meter->demand.integration_min = meter->variant.integration_min;
    meter->demand.period_start_s = INT64_MIN;
    if (load_profile_start(&meter->load_profile, &meter->legal, &meter->variant,
                           meter_profile_bytes(meter))) {
        meter_log_profile_deleted(meter);
    }
    meter->next_demand_us = meter->now_us;
}

static void effects_apply(struct meter *meter, unsigned effects)
{
    const struct variant *variant = &meter->variant;
    if ((effects & EFFECT_ENDS_PERIOD) != 0) {
        period_apply(meter);
    }
    if ((effects & EFFECT_LOCAL_TIME) != 0) {
        meter->clock.time_zone_h = variant->time_zone_h;
        meter->clock.summer_time_eu = variant->summer_time_eu;
    }
    if ((effects & EFFECT_DISPLAY) != 0) {
        meter_display_begin(meter);
        display_supply(&meter->display, meter->supply_on, meter->now_us);
    }
    billing_configure(&meter->billing, variant);
    meter_pins_configure(meter);
    own_apply(meter);
    meter->next_tariff_us = meter->now_us;
    meter->next_display_us = meter->now_us;
}

/* Configurations as they will be; the meter's own when nothing of them is staged. */
static enum variant_err variant_staged(const struct meter *meter, struct variant *out)
{
    uint32_t configuration[5];
    const struct homes homes = {.configuration = configuration};
    memcpy(configuration, meter->variant.configuration, sizeof configuration);
    for (unsigned row = 0; row < setting_table_length; row++) {
        if (settings_has(&meter->settings, row) && setting_table[row].home == HOME_CONFIGURATION) {
            home_put(&homes, &setting_table[row], meter->settings.next[row].number);
        }
    }
    return variant_from_order(meter->variant.name, meter->variant.order_number, configuration, out);
}

static void values_apply(struct meter *meter)
{
    struct variant variant = meter->variant;
    const struct homes homes = {variant.configuration, meter->meter_number, meter->special_data,
                                &meter->demand.threshold_w};
    if (variant_staged(meter, &variant) != VARIANT_OK) {
        return; /* checked before the commit */
    }
    for (unsigned row = 0; row < setting_table_length; row++) {
        if (settings_has(&meter->settings, row) && setting_table[row].home != HOME_CONFIGURATION) {
            home_put(&homes, &setting_table[row], meter->settings.next[row].number);
        }
    }
    meter->variant = variant;
    demand_accumulate(&meter->demand, variant.configuration[2]);
}

/* ---- commit ---- */

/* Everything after the commit's own record; again at each try until the memory takes it. */
static bool carry_out(struct meter *meter)
{
    struct settings *settings = &meter->settings;
    unsigned index = 0, noted = meter_audit_noted(meter);
    if (meter_save(meter) != METER_OK) {
        return false;
    }
    for (unsigned row = 0; row < setting_table_length; row++) {
        if (settings_has(settings, row) && index++ >= noted &&
            !meter_audit_setting(meter, &setting_table[row], (uint8_t)(index - 1u),
                                 &settings->before[row], &settings->next[row])) {
            return false;
        }
    }
    settings->state = SETTINGS_CLOSED;
    if (settings_save(settings, meter->board) != SETTINGS_OK) {
        settings->state = SETTINGS_PENDING;
        return false;
    }
    settings_unstage_all(settings);
    return true;
}

static bool settle(struct meter *meter)
{
    return meter->settings.state != SETTINGS_PENDING || carry_out(meter);
}

/* Values that are what they were are no change. */
static unsigned changes_only(struct meter *meter)
{
    struct settings *settings = &meter->settings;
    for (unsigned row = 0; row < setting_table_length; row++) {
        settings->before[row] = value_now(meter, &setting_table[row]);
        if (settings_has(settings, row) &&
            setting_value_equal(&settings->before[row], &settings->next[row])) {
            settings_unstage(settings, row);
        }
    }
    return settings_staged(settings);
}

static void own_put(struct settings *settings, const struct setting_value *values)
{
    for (unsigned row = 0; row < setting_table_length; row++) {
        if (settings_has(settings, row) && setting_table[row].home == HOME_SETTINGS) {
            settings->own[row] = values[row];
        }
    }
}

static bool commit_store(struct meter *meter)
{
    struct settings *settings = &meter->settings;
    const uint8_t state = settings->state;
    settings->state = SETTINGS_PENDING;
    settings->channel = (uint8_t)rights_channel(&meter->rights);
    settings->commit++;
    own_put(settings, settings->next);
    if (settings_save(settings, meter->board) == SETTINGS_OK) {
        return true;
    }
    own_put(settings, settings->before);
    settings->commit--;
    settings->state = state;
    return false;
}

static uint16_t first_of_configurations(const struct settings *settings)
{
    for (unsigned row = 0; row < setting_table_length; row++) {
        if (settings_has(settings, row) && setting_table[row].home == HOME_CONFIGURATION) {
            return setting_table[row].id;
        }
    }
    return 0;
}

static uint32_t number_staged(const struct settings *settings, unsigned id)
{
    const unsigned row = settings_row(setting_by_id((uint16_t)id));
    return settings_has(settings, row) ? settings->next[row].number : settings->own[row].number;
}

/* k1 >= k2 >= k3 and t1 <= t2 <= t3 (spec cosem-objects 4.8).  @return the first that is not; 0 */
static uint16_t breaker_contradiction(const struct settings *settings)
{
    for (unsigned i = 0; i < BREAKER_FACTORS - 1u; i++) {
        if (number_staged(settings, SETTING_BREAKER_K1 + i) <
            number_staged(settings, SETTING_BREAKER_K1 + i + 1u)) {
            return (uint16_t)(SETTING_BREAKER_K1 + i + 1u);
        }
        if (number_staged(settings, SETTING_BREAKER_T1 + i) >
            number_staged(settings, SETTING_BREAKER_T1 + i + 1u)) {
            return (uint16_t)(SETTING_BREAKER_T1 + i + 1u);
        }
    }
    return 0;
}

/* Not together with tariffs (X-PRE-1), whichever comes second. */
static bool prepay_contradiction(const struct meter *meter, const struct variant *variant)
{
    return (number_staged(&meter->settings, SETTING_BREAKER_BASIS) & BREAKER_BASIS_PREPAYMENT) !=
               0 &&
           meter_prepay_fitted(meter) && meter_prepay_tariffs(meter, variant);
}

void meter_settings_commit(struct meter *meter, uint8_t count, struct kmp_settings_reply *reply)
{
    struct settings *settings = &meter->settings;
    struct variant variant;
    *reply = (struct kmp_settings_reply){KMP_SETTINGS_OK, 0, 0, settings->commit};
    if (!settle(meter)) {
        reply->reason = KMP_SETTINGS_STORAGE;
        return;
    }
    if (count == 0 || settings_staged(settings) != count ||
        settings->stager != meter->rights.speaker) {
        reply->reason = KMP_SETTINGS_COUNT;
        return;
    }
    if (variant_staged(meter, &variant) != VARIANT_OK) {
        reply->reason = KMP_SETTINGS_CONTRADICTION;
        reply->id = first_of_configurations(settings);
        return;
    }
    reply->id = prepay_contradiction(meter, &variant) ? SETTING_BREAKER_BASIS
                                                      : breaker_contradiction(settings);
    if (reply->id != 0) {
        reply->reason = KMP_SETTINGS_CONTRADICTION;
        return;
    }
    const unsigned n = changes_only(meter);
    if (n == 0) {
        reply->reason = (uint8_t)meter_settings_abandon(meter);
        return;
    }
    if (!commit_store(meter)) {
        meter->memory_fault = true;
        reply->reason = KMP_SETTINGS_STORAGE;
        return;
    }
    const unsigned effects = effects_of(settings);
    values_apply(meter);
    effects_apply(meter, effects);
    (void)carry_out(meter); /* what fails now is done at the next commit or start */
    reply->count = (uint8_t)n;
    reply->commit = settings->commit;
}

/* ---- staging ---- */

static enum kmp_settings_reason state_store(struct meter *meter, enum settings_state state)
{
    const uint8_t before = meter->settings.state;
    if (before == (uint8_t)state) {
        return KMP_SETTINGS_OK;
    }
    meter->settings.state = (uint8_t)state;
    if (settings_save(&meter->settings, meter->board) != SETTINGS_OK) {
        meter->settings.state = before;
        meter->memory_fault = true;
        return KMP_SETTINGS_STORAGE;
    }
    return KMP_SETTINGS_OK;
}

static bool at_module_port(const struct meter *meter)
{
    const enum rights_channel channel = rights_channel(&meter->rights);
    return channel == CHANNEL_MODULE || channel == CHANNEL_BOARD;
}

enum kmp_settings_reason meter_setting_stage(struct meter *meter, const struct setting_def *def,
                                             const struct setting_value *value)
{
    struct settings *settings = &meter->settings;
    if (variant_lacks(meter, def)) {
        return KMP_SETTINGS_VARIANT;
    }
    if (!setting_value_good(def, value)) {
        return KMP_SETTINGS_RANGE;
    }
    const struct setting_value now = value_now(meter, def);
    if (def->access == SETTING_LOCKED && !setting_value_equal(&now, value)) {
        return KMP_SETTINGS_LOCKED;
    }
    if (def->access == SETTING_MODULE_PORT && !setting_value_equal(&now, value) &&
        !at_module_port(meter)) {
        return KMP_SETTINGS_CHANNEL;
    }
    if (!settle(meter)) {
        return KMP_SETTINGS_STORAGE;
    }
    if (settings->stager != meter->rights.speaker) {
        settings_unstage_all(settings);
        settings->stager = meter->rights.speaker;
    }
    const enum kmp_settings_reason stored = state_store(meter, SETTINGS_OPEN);
    if (stored == KMP_SETTINGS_OK) {
        settings_stage(settings, settings_row(def), value);
    }
    return stored;
}

enum kmp_settings_reason meter_settings_abandon(struct meter *meter)
{
    if (!settle(meter)) {
        return KMP_SETTINGS_STORAGE;
    }
    settings_unstage_all(&meter->settings);
    return state_store(meter, SETTINGS_CLOSED);
}

/* ---- start ---- */

bool meter_settings_load(struct meter *meter, struct app_record *record)
{
    struct settings *settings = &meter->settings;
    const enum settings_err err = settings_load(settings, meter->board);
    if (err == SETTINGS_ERR_FORMAT) {
        return false;
    }
    const struct homes homes = {record->configuration, record->meter_number, record->special_data,
                                &record->demand.threshold_w};
    for (unsigned row = 0; settings->state == SETTINGS_PENDING && row < setting_table_length;
         row++) {
        if (settings_has(settings, row)) {
            home_put(&homes, &setting_table[row], settings->next[row].number);
        }
    }
    return true;
}

void meter_settings_begin(struct meter *meter)
{
    struct settings *settings = &meter->settings;
    own_apply(meter);
    switch (settings->state) {
    case SETTINGS_PENDING:
        settings->outcome = KMP_SETTINGS_COMPLETED;
        (void)carry_out(meter);
        break;
    case SETTINGS_OPEN:
        settings->outcome = KMP_SETTINGS_UNDONE;
        if (state_store(meter, SETTINGS_CLOSED) == KMP_SETTINGS_OK) {
            meter_audit_undone(meter);
        }
        break;
    default: settings->outcome = KMP_SETTINGS_NOTHING; break;
    }
}
