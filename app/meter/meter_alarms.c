#include "meter_alarms.h"

#include "meter_events.h"
#include "meter_tamper.h"

#define MISSING  (UINT32_C(7) << EVENT_B_MISSING)
#define LOOK_US  INT64_C(1000000)
#define FIRST_US INT64_C(5000000) /* values of all phases are known, and no phase seems missing */

void meter_alarms_begin(struct meter *meter)
{
    meter->memory_fault = !alarms_load(&meter->alarms, meter->board) || meter->memory_fault;
    /* what was noted before has had its alarm; a reset is news */
    meter->alarms.seen.noted_a = meter->events & ~(meter->was_reset ? (uint32_t)STATUS_RESET : 0u);
    meter_alarms_supply(meter);
}

void meter_alarms_supply(struct meter *meter)
{
    meter->alarms_from_us = meter->now_us + FIRST_US;
    meter->next_alarms_us = meter->alarms_from_us;
}

/* What the variant does not have has no mask. */
void meter_alarms_configure(struct meter *meter)
{
    static const uint16_t ids[ALARM_KINDS] = {[ALARM_A] = SETTING_ALARM_MASK_A,
                                              [ALARM_B_COME] = SETTING_ALARM_MASK_B_RISE,
                                              [ALARM_B_GONE] = SETTING_ALARM_MASK_B_FALL};
    const uint16_t has = variant_has(&meter->variant);
    for (unsigned i = 0; i < ALARM_KINDS; i++) {
        const struct setting_def *def = setting_by_id(ids[i]);
        meter->alarm_mask[i] =
            (def->need & ~(unsigned)has) == 0 ? meter->settings.own[settings_row(def)].number : 0;
    }
}

/* The status as the log knows it is the status now; asking again would cost a fifth of a window. */
static uint8_t status_of(const struct meter *meter)
{
    return meter->log_fault ? meter_status(meter) : meter->status_logged;
}

static uint32_t word_a_of(const struct meter *meter, uint32_t mask)
{
    const uint32_t status = status_of(meter) & ~(unsigned)STATUS_RESET & mask;
    const uint32_t others = mask & ~(uint32_t)UINT8_MAX;
    return status | (others != 0 ? meter_event_word_a_of(meter, others) : 0u);
}

/* A phase counts as missing when the voltage quality says so (X-EVT-3: a second below 160 V):
 * asking the legal part every second would cost more than a window. */
static uint32_t missing_of(const struct meter *meter)
{
    uint32_t word = 0;
    for (unsigned phase = 0; phase < LEGAL_SYSTEMS; phase++) {
        const int system = variant_system_of_phase(&meter->variant, phase);
        if (system >= 0 && meter->quality.phase[system].failure.active) {
            word |= UINT32_C(1) << (EVENT_B_MISSING + phase);
        }
    }
    return word;
}

static void look(struct meter *meter, uint32_t missing)
{
    const uint32_t *mask = meter->alarm_mask;
    const uint32_t mask_b = mask[ALARM_B_COME] | mask[ALARM_B_GONE], others = mask_b & ~MISSING;
    const uint32_t word_b = others != 0 ? meter_event_word_b_of(meter, others) : 0u;
    const struct alarm_words words = {.a = word_a_of(meter, mask[ALARM_A]),
                                      .noted_a = meter->events & mask[ALARM_A],
                                      .b = (word_b | missing) & mask_b};
    if (alarms_look(&meter->alarms, mask, &words) || meter->alarms.unsaved) {
        meter->memory_fault = !alarms_save(&meter->alarms, meter->board) || meter->memory_fault;
    }
}

/* A phase may fail for less than a second after it counts as missing: its changes are looked at as
 * they come, the state before one too, so that an alarm does not depend on when the meter looks. */
void meter_alarms_step(struct meter *meter)
{
    const uint32_t missing = missing_of(meter), before = meter->alarms_missing;
    meter->alarms_missing = missing;
    if (!meter->supply_on || meter->now_us < meter->alarms_from_us ||
        (missing == before && meter->now_us < meter->next_alarms_us)) {
        return;
    }
    meter->next_alarms_us = meter->now_us + LOOK_US;
    if (missing != before) {
        look(meter, before);
    }
    look(meter, missing);
}

uint32_t meter_alarms_raised(const struct meter *meter, enum alarm_kind kind)
{
    if (kind == ALARM_TAMPER) {
        return meter->tamper.raised;
    }
    return (unsigned)kind < ALARM_KINDS ? meter->alarms.bits[kind] : 0;
}

enum meter_err meter_alarms_clear(struct meter *meter, enum alarm_kind kind, uint32_t bits)
{
    if (kind == ALARM_TAMPER) {
        return meter_tamper_clear(meter, bits);
    }
    const uint32_t before = meter->alarms.bits[kind];
    if (!alarms_clear(&meter->alarms, kind, bits)) {
        return METER_OK;
    }
    if (!alarms_save(&meter->alarms, meter->board)) {
        meter->alarms.bits[kind] = before;
        meter->memory_fault = true;
        return METER_ERR_STORAGE;
    }
    return METER_OK;
}
