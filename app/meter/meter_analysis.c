#include "meter_analysis.h"

#include "../load_profile/load_profile_model.h"
#include "../registers/register_read.h"
#include "meter_audit.h"

#define US_PER_S  INT64_C(1000000)
#define US_PER_MS INT64_C(1000)
#define ID_STATE  0xF300u
#define ID_VALUE  0xF310u

uint32_t meter_profile_bytes(const struct meter *meter)
{
    const struct analysis_setup *setup = &meter->analysis.stored.setup;
    return meter->analysis.fitted && setup->on
               ? analysis_profile_bytes(&meter->variant, setup->profile_records)
               : load_profile_memory_bytes(&meter->variant);
}

/* What the logger's set-up leaves the load profile has changed? */
static void share_follow(struct meter *meter, uint32_t before_bytes)
{
    const uint32_t bytes = meter_profile_bytes(meter);
    if (bytes != before_bytes) {
        load_profile_share(&meter->load_profile, &meter->legal, &meter->variant, bytes);
    }
}

void meter_analysis_start(struct meter *meter)
{
    (void)analysis_start(&meter->analysis, meter->board, &meter->variant);
    meter->next_analysis_us = INT64_MAX;
}

bool meter_analysis_fault(const struct meter *meter)
{
    const struct analysis *analysis = &meter->analysis;
    return analysis->fault || analysis->lost || analysis->ring.unreadable;
}

void meter_analysis_retry(struct meter *meter)
{
    if (meter->analysis.ring.unreadable || meter->analysis.lost) {
        const uint32_t before = meter_profile_bytes(meter);
        (void)analysis_start(&meter->analysis, meter->board, &meter->variant);
        share_follow(meter, before);
        meter->next_analysis_us = meter->now_us;
    }
}

static bool fetch(const void *context, const struct register_def *def, struct analysis_number *out)
{
    struct register_value value;
    if (!register_read((const struct meter *)context, def, &value)) {
        return false;
    }
    *out = (struct analysis_number){value.number, (int8_t)value.exponent};
    return true;
}

static void run(struct meter *meter, bool supplied)
{
    const struct analysis_parts parts = {.board = meter->board,
                                         .utc_s = clock_utc_s(&meter->clock, meter->now_us),
                                         .clock_valid = meter->clock.valid,
                                         .supplied = supplied,
                                         .fetch = fetch,
                                         .context = meter};
    const int64_t next_s = analysis_step(&meter->analysis, &parts);
    meter->next_analysis_us =
        next_s == INT64_MAX ? INT64_MAX : clock_now_of_utc(&meter->clock, next_s * US_PER_S);
}

void meter_analysis_power_up(struct meter *meter)
{
    meter->analysis.sampled_us = meter->now_us;
    run(meter, false);
}

int64_t meter_analysis_wake(const struct meter *meter)
{
    return meter->analysis.fitted && meter->supply_on ? meter->next_analysis_us : INT64_MAX;
}

/* Voltages out of bounds mark the interval as long as they last. */
static uint16_t quality_now(const struct meter *meter)
{
    unsigned quality = 0;
    for (unsigned s = 0; s < meter->variant.systems; s++) {
        const struct quality_phase *phase = &meter->quality.phase[s];
        quality |= phase->over.active ? LOAD_PROFILE_OVERVOLTAGE : 0u;
        quality |= phase->under.active ? LOAD_PROFILE_UNDERVOLTAGE : 0u;
    }
    return (uint16_t)quality;
}

static void sample(struct meter *meter)
{
    struct legal_instant instant;
    const int64_t ms = (meter->now_us - meter->analysis.sampled_us) / US_PER_MS;
    legal_powers(&meter->legal, &instant);
    for (unsigned s = 0; s < meter->variant.systems; s++) {
        const struct quality_phase *phase = &meter->quality.phase[s];
        if (phase->u.valid) {
            analysis_means_add_thd(&meter->analysis.means, s, ANALYSIS_THD_U, phase->u.thd, ms);
        }
        if (phase->i.valid) {
            analysis_means_add_thd(&meter->analysis.means, s, ANALYSIS_THD_I, phase->i.thd, ms);
        }
    }
    analysis_means_add(&meter->analysis.means, &instant, ms);
    analysis_note(&meter->analysis, quality_now(meter));
    meter->analysis.sampled_us = meter->now_us;
}

int64_t meter_analysis_next_us(const struct meter *meter)
{
    const struct analysis *analysis = &meter->analysis;
    const int64_t every_us = analysis->samples ? ANALYSIS_SAMPLE_US : ANALYSIS_IDLE_SAMPLE_US;
    const int64_t sample_us = analysis->sampled_us + every_us;
    if (!analysis->fitted || !meter->supply_on) {
        return INT64_MAX;
    }
    return sample_us < meter->next_analysis_us ? sample_us : meter->next_analysis_us;
}

void meter_analysis_step(struct meter *meter)
{
    if (meter->now_us < meter_analysis_next_us(meter)) {
        return;
    }
    sample(meter);
    if (meter->now_us >= meter->next_analysis_us) {
        run(meter, true);
    }
}

static void change_log(struct meter *meter, uint16_t kmp_id, int64_t before, int64_t after)
{
    if (before != after) {
        (void)meter_audit_register(meter, kmp_id, before, after, 0);
    }
}

/* Each register that has changed, under its own id. */
static void changes_log(struct meter *meter, const struct analysis_setup *was)
{
    const struct analysis_setup *is = &meter->analysis.stored.setup;
    change_log(meter, ID_STATE, was->on, is->on);
    change_log(meter, ID_STATE + 1u, was->interval_min, is->interval_min);
    change_log(meter, ID_STATE + 2u, was->profile_records, is->profile_records);
    for (unsigned v = 0; v < ANALYSIS_VALUES; v++) {
        change_log(meter, (uint16_t)(ID_VALUE + v), was->value[v], is->value[v]);
    }
}

enum analysis_refusal meter_analysis_take(struct meter *meter, const struct analysis_setup *wanted)
{
    const uint32_t before = meter_profile_bytes(meter);
    const struct analysis_setup was = meter->analysis.stored.setup;
    const int64_t utc_s = clock_utc_s(&meter->clock, meter->now_us);
    const enum analysis_refusal refusal =
        analysis_take(&meter->analysis, meter->board, &meter->variant, wanted, utc_s);
    share_follow(meter, before);
    meter->next_analysis_us = meter->now_us;
    changes_log(meter, &was);
    return refusal;
}
