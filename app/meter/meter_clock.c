#include "meter_clock.h"

#include <string.h>

#include "meter_audit.h"
#include "meter_log.h"

#define US_PER_S INT64_C(1000000)
#define UTC_2000 INT64_C(946684800)
#define UTC_2100 INT64_C(4102444800)

/* A tuning fork loses 34e-9 for each square kelvin away from 25 degrees (spec metrology 1.3).  The
 * trim is that of 23 degrees, where the data sheets give the error. */
#define FORK_PPB_K2     34
#define FORK_TURN_CC    2500
#define FORK_FACTORY_CC 2300
#define CC2_PER_K2      10000

static int64_t size_of(int64_t value)
{
    return value < 0 ? -value : value;
}

static bool rtc_good(const struct meter *meter, int64_t *utc_us)
{
    const struct board *board = meter->board;
    bool running;
    if (board->rtc_time != NULL) {
        running = board->rtc_time(board->context, utc_us);
    } else {
        running = board->rtc_read(board->context, utc_us);
        *utc_us *= US_PER_S;
    }
    return running && *utc_us >= UTC_2000 * US_PER_S && *utc_us < UTC_2100 * US_PER_S;
}

/* A running clock that is this near to the RTC goes on: what is missing is worked off, or is less
 * than an RTC of whole seconds can tell. */
static bool near_enough(const struct meter *meter, int64_t rtc_us)
{
    const int64_t utc_us = clock_utc_us(&meter->clock, meter->now_us);
    if (meter->board->rtc_time != NULL) {
        return size_of(rtc_us - utc_us) < CLOCK_STEP_US;
    }
    return size_of(rtc_us / US_PER_S - clock_utc_s(&meter->clock, meter->now_us)) <= 1;
}

/* The parts that count by the clock hear of a step before it is made. */
static void step_tell(struct meter *meter, int64_t from_s, int64_t to_s)
{
    load_profile_clock_set(&meter->load_profile, from_s, to_s);
    billing_clock_set(&meter->billing, from_s, to_s);
    analysis_clock_set(&meter->analysis, from_s, to_s);
}

void meter_clock_trail(struct meter *meter)
{
    legal_audit_time(&meter->legal, clock_utc_s(&meter->clock, meter->now_us), meter->clock.valid);
}

/* The RTC has lost its time: from the last one known on, nobody knows how long it was. */
static void lose(struct meter *meter, int64_t known_s, bool known_valid)
{
    clock_set(&meter->clock, known_s, meter->now_us);
    meter->clock.valid = false;
    meter_clock_trail(meter);
    if (known_valid) {
        load_profile_clock_lost(&meter->load_profile);
        analysis_clock_lost(&meter->analysis);
        meter_log_clock_lost(meter, known_s);
    }
}

/* RTC and meter disagree by more than is worked off. */
static void step_to_rtc(struct meter *meter, int64_t rtc_us, int64_t known_s)
{
    const int64_t rtc_s = rtc_us / US_PER_S;
    const bool back = rtc_s < known_s;
    if (back) {
        step_tell(meter, known_s, rtc_s);
    }
    clock_set_us(&meter->clock, rtc_us, meter->now_us);
    meter_clock_trail(meter);
    if (back) {
        meter_log_clock_set(meter, known_s, true);
    }
}

void meter_clock_begin(struct meter *meter, int64_t known_utc_s, bool known_valid)
{
    int64_t rtc_us = 0;
    clock_init(&meter->clock, meter->variant.time_zone_h, meter->variant.summer_time_eu,
               meter->variant.rtc);
    if (!clock_store_load(&meter->clock_settings, meter->board)) {
        meter->memory_fault = true;
    }
    meter->clock.own = meter->clock_settings.summer;
    meter->next_clock_us = INT64_MAX; /* with supply */
    if (!meter->clock.fitted) {
        return;
    }
    if (!rtc_good(meter, &rtc_us)) {
        lose(meter, known_utc_s, known_valid);
        return;
    }
    if (known_valid && meter->board->rtc_time != NULL && rtc_us < known_utc_s * US_PER_S &&
        rtc_us > known_utc_s * US_PER_S - CLOCK_STEP_US) {
        rtc_us = known_utc_s * US_PER_S; /* a correction was not worked off yet */
    }
    step_to_rtc(meter, rtc_us, known_valid ? known_utc_s : INT64_MIN);
}

void meter_clock_supply_came(struct meter *meter)
{
    int64_t rtc_us = 0;
    const int64_t known_s = clock_utc_s(&meter->clock, meter->now_us);
    if (!meter->clock.fitted) {
        return;
    }
    meter->rtc_trim_ppb = INT32_MIN; /* to be told */
    meter->next_clock_us = meter->board->rtc_time != NULL ? meter->now_us : INT64_MAX;
    if (!rtc_good(meter, &rtc_us)) {
        /* nobody counted while there was no supply */
        const bool when = meter->supply_lost_utc_s != INT64_MIN;
        lose(meter, when ? meter->supply_lost_utc_s : known_s, meter->clock.valid);
    } else if (!meter->clock.valid || !near_enough(meter, rtc_us)) {
        step_to_rtc(meter, rtc_us, meter->clock.valid ? known_s : INT64_MIN);
    }
}

void meter_clock_supply_went(struct meter *meter)
{
    clock_coast(&meter->clock, meter->now_us);
    meter->next_clock_us = INT64_MAX;
}

/* The first system that measures knows the temperature. */
static bool temperature_known(const struct meter *meter, int16_t *temperature_cc)
{
    struct legal_instant instant;
    legal_instant(&meter->legal, &instant);
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        if (instant.phase[s].voltage_present) {
            *temperature_cc = instant.phase[s].temperature_cc;
            return true;
        }
    }
    return false;
}

static int32_t trim_at_ppb(const struct meter *meter, int16_t temperature_cc)
{
    const int64_t away_cc = temperature_cc - FORK_TURN_CC;
    const int64_t factory_cc = FORK_FACTORY_CC - FORK_TURN_CC;
    const int64_t slow_ppb =
        (away_cc * away_cc - factory_cc * factory_cc) * FORK_PPB_K2 / CC2_PER_K2;
    return (int32_t)(meter->clock_settings.trim_ppb + slow_ppb);
}

static void trim_follow(struct meter *meter)
{
    const struct board *board = meter->board;
    int16_t temperature_cc = 0;
    if (board->rtc_trim == NULL || !temperature_known(meter, &temperature_cc)) {
        return;
    }
    const int32_t trim_ppb = trim_at_ppb(meter, temperature_cc);
    if (trim_ppb != meter->rtc_trim_ppb) {
        board->rtc_trim(board->context, trim_ppb);
        meter->rtc_trim_ppb = trim_ppb;
    }
}

bool meter_clock_run(struct meter *meter)
{
    int64_t rtc_us = 0;
    const int32_t rate_ppb = meter->clock.rate_ppb;
    if (meter->now_us < meter->next_clock_us) {
        return false;
    }
    meter->next_clock_us = meter->now_us + CLOCK_FOLLOW_US;
    if (!meter->clock.valid) {
        return false; /* what the RTC counts since it stopped is no time */
    }
    if (!rtc_good(meter, &rtc_us)) {
        lose(meter, clock_utc_s(&meter->clock, meter->now_us), true);
        return true;
    }
    if (!near_enough(meter, rtc_us)) {
        const int64_t from_s = clock_utc_s(&meter->clock, meter->now_us);
        step_tell(meter, from_s, rtc_us / US_PER_S);
        clock_set_us(&meter->clock, rtc_us, meter->now_us);
        clock_rtc_forget(&meter->clock);
        meter_clock_trail(meter);
        meter_log_clock_set(meter, from_s, true);
        return true;
    }
    clock_follow(&meter->clock, rtc_us, meter->now_us);
    meter_clock_trail(meter);
    trim_follow(meter);
    return meter->clock.rate_ppb != rate_ppb;
}

/* A correction that is worked off.  By and by they may sum up to what the log has to know. */
static void correct(struct meter *meter, int64_t utc_us, int64_t rtc_us)
{
    struct clock_settings *settings = &meter->clock_settings;
    settings->unlogged_us += utc_us - rtc_us;
    if (size_of(settings->unlogged_us) >= CLOCK_STEP_US) {
        meter_log_clock_corrected(meter, settings->unlogged_us / US_PER_S);
        settings->unlogged_us = 0;
    }
}

bool meter_clock_take(struct meter *meter, int64_t utc_s)
{
    const struct board *board = meter->board;
    const int64_t utc_us = utc_s * US_PER_S;
    int64_t rtc_us = 0;
    if (!meter->clock.fitted || utc_s < UTC_2000 || utc_s >= UTC_2100) {
        return false;
    }
    const int64_t before_s = clock_utc_s(&meter->clock, meter->now_us);
    const bool before_valid = meter->clock.valid;
    const bool slew = board->rtc_time != NULL && before_valid && meter->supply_on &&
                      near_enough(meter, utc_us) && rtc_good(meter, &rtc_us);
    const int64_t unlogged_us = meter->clock_settings.unlogged_us;
    board->rtc_write(board->context, utc_s);
    clock_rtc_forget(&meter->clock);
    if (slew) {
        correct(meter, utc_us, rtc_us);
        meter->next_clock_us = meter->now_us;
        (void)meter_clock_run(meter);
    } else {
        step_tell(meter, before_s, utc_s);
        clock_set(&meter->clock, utc_s, meter->now_us);
        meter_clock_trail(meter);
        meter_log_clock_set(meter, before_s, before_valid);
        meter->clock_settings.unlogged_us = 0;
    }
    if (meter->clock_settings.unlogged_us != unlogged_us &&
        !clock_store_save(&meter->clock_settings, board)) {
        meter->memory_fault = true;
    }
    return true;
}

#define ID_TRIM   0xF400u
#define ID_SUMMER 0xF410u

/* A client has changed a setting: old and new value, under its register (CFG-02). */
static void audit(struct meter *meter, uint16_t kmp_id, int64_t before, int64_t after)
{
    (void)meter_audit_register(meter, kmp_id, before, after, 0);
}

enum meter_err meter_clock_trim(struct meter *meter, int32_t trim_ppb)
{
    struct clock_settings *settings = &meter->clock_settings;
    const int32_t before_ppb = settings->trim_ppb;
    if (!meter->clock.fitted || meter->board->rtc_trim == NULL || trim_ppb > CLOCK_TRIM_MAX_PPB ||
        trim_ppb < -CLOCK_TRIM_MAX_PPB) {
        return METER_ERR_RANGE;
    }
    settings->trim_ppb = trim_ppb;
    if (!clock_store_save(settings, meter->board)) {
        settings->trim_ppb = before_ppb;
        meter->memory_fault = true;
        return METER_ERR_STORAGE;
    }
    if (trim_ppb != before_ppb) {
        audit(meter, ID_TRIM, before_ppb, trim_ppb);
    }
    if (meter->supply_on) {
        trim_follow(meter);
        clock_rtc_forget(&meter->clock);
    }
    return METER_OK;
}

enum meter_err meter_clock_summer(struct meter *meter, const struct clock_summer_time *summer)
{
    struct clock_settings *settings = &meter->clock_settings;
    const struct clock_summer_time before = settings->summer;
    if (!meter->clock.fitted || !meter->clock.summer_time_eu || !clock_summer_time_good(summer)) {
        return METER_ERR_RANGE;
    }
    settings->summer = *summer;
    if (!clock_store_save(settings, meter->board)) {
        settings->summer = before;
        meter->memory_fault = true;
        return METER_ERR_STORAGE;
    }
    meter->clock.own = *summer;
    audit(meter, ID_SUMMER, before.kind, summer->kind);
    meter->next_tariff_us = meter->now_us;
    meter->next_display_us = meter->now_us;
    return METER_OK;
}
