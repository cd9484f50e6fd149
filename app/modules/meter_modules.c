#include "meter_modules.h"

#include <string.h>

#include "../../proto/common/writer.h"
#include "../meter/meter.h"
#include "../meter/meter_audit.h"
#include "module_facts.h"

#define CCC_DIVISOR 1000u /* configuration 1, A-B-CCC-DD-E */
#define CCC_MODULUS 1000u

#define NOTE_COSTS_US INT64_C(3600000000)

static bool same(const struct module_seen *a, const struct module_seen *b)
{
    return a->present == b->present && a->code == b->code && a->serial == b->serial;
}

static void look_at(struct meter *meter, int64_t when_us)
{
    struct meter_modules *modules = &meter->modules;
    modules->due_us = when_us < modules->due_us ? when_us : modules->due_us;
    meter->stirred = true;
}

void meter_modules_begin(struct meter *meter)
{
    struct meter_modules *modules = &meter->modules;
    modules->unread = !modules_store_load(&modules->kept, meter->board);
    modules->spent_us = INT64_MIN;
    meter->memory_fault = meter->memory_fault || modules->unread;
    meter->input[METER_INPUT_MODULE] = modules->kept.seen[METER_SLOT_PRIMARY].present;
    meter_modules_supply(meter);
}

/* Whoever is plugged announces himself at once; who was there and does not gets his time. */
void meter_modules_supply(struct meter *meter)
{
    struct meter_modules *modules = &meter->modules;
    modules->late_us = meter->now_us + METER_MODULE_LATE_US;
    modules->due_us = meter->now_us;
    for (unsigned i = 0; i < METER_SLOTS; i++) {
        modules->awaited[i] = !modules->slot[i].present;
    }
}

static void note(struct meter *meter, unsigned slot, const struct module_seen *before,
                 const struct module_seen *now)
{
    uint8_t payload[15];
    struct writer w = writer_over(payload, sizeof payload);
    writer_u8(&w, CHANNEL_BOARD);
    for (unsigned i = 0; i < 2; i++) {
        const struct module_seen *seen = i == 0 ? before : now;
        writer_u8(&w, seen->present ? 1u : 0u);
        writer_uint_le(&w, seen->code, 2);
        writer_uint_le(&w, seen->serial, 4);
    }
    meter_log(meter, EVENT_LOG_AUDIT, (uint16_t)(METER_AUDIT_MODULE + slot), payload,
              (uint8_t)writer_length(&w));
}

/* The record stands before the memory of it: a cut between the two notes it twice, never not. */
static void note_all(struct meter *meter, const struct module_seen wanted[METER_SLOTS])
{
    struct meter_modules *modules = &meter->modules;
    bool changed = false;
    for (unsigned i = 0; i < METER_SLOTS; i++) {
        if (!same(&wanted[i], &modules->kept.seen[i])) {
            note(meter, i, &modules->kept.seen[i], &wanted[i]);
            changed = true;
        }
    }
    if (changed && !modules_store_save(&modules->kept, meter->board, wanted)) {
        memcpy(modules->kept.seen, wanted, sizeof modules->kept.seen);
        meter->memory_fault = true; /* not noted again and again; the next start finds it out */
    }
}

/* One note more: METER_MODULE_NOTES in a row, behind them one an hour. */
static bool note_granted(struct meter_modules *modules, int64_t now_us)
{
    const int64_t fresh_us = now_us - (int64_t)(METER_MODULE_NOTES - 1u) * NOTE_COSTS_US;
    const int64_t spent_us = modules->spent_us > fresh_us ? modules->spent_us : fresh_us;
    if (spent_us > now_us) {
        return false;
    }
    modules->spent_us = spent_us + NOTE_COSTS_US;
    return true;
}

/* Slots as they are to be remembered.  @return one of them is not as it is remembered. */
static bool to_note(struct meter *meter, struct module_seen wanted[METER_SLOTS])
{
    struct meter_modules *modules = &meter->modules;
    bool differs = false;
    for (unsigned i = 0; i < METER_SLOTS; i++) {
        const struct module_seen *kept = &modules->kept.seen[i];
        wanted[i] = modules->slot[i];
        if (!wanted[i].present && kept->present && modules->awaited[i] &&
            meter->now_us < modules->late_us) {
            wanted[i] = *kept;
            look_at(meter, modules->late_us);
        }
        differs = differs || !same(&wanted[i], kept);
    }
    return differs;
}

void meter_modules_step(struct meter *meter)
{
    struct meter_modules *modules = &meter->modules;
    struct module_seen wanted[METER_SLOTS];
    if (!meter->supply_on || meter->now_us < modules->due_us) {
        return;
    }
    modules->due_us = INT64_MAX;
    modules->unread = modules->unread && !modules_store_load(&modules->kept, meter->board);
    if (modules->unread) {
        look_at(meter, meter->now_us + METER_MODULE_LATE_US);
    } else if (to_note(meter, wanted)) {
        if (!wanted[METER_SLOT_PRIMARY].present) {
            meter_input(meter, METER_INPUT_MODULE, false, meter->now_us);
        }
        if (note_granted(modules, meter->now_us)) {
            note_all(meter, wanted);
        } else {
            look_at(meter, modules->spent_us);
        }
    }
    meter->next_display_us = meter->now_us;
}

bool meter_module_slot_exists(const struct meter *meter, enum meter_slot slot)
{
    const struct module_seen *primary = &meter->modules.slot[METER_SLOT_PRIMARY];
    switch (slot) {
    case METER_SLOT_PRIMARY: return true;
    case METER_SLOT_SECONDARY:
        return meter->variant.generation == GENERATION_L && primary->present &&
               module_fact(primary->code, MODULE_CARRIES_SECOND);
    case METER_SLOT_CCC: return meter->variant.generation == GENERATION_M;
    default: return false;
    }
}

enum rights_channel meter_module_channel(enum meter_slot slot)
{
    return slot == METER_SLOT_PRIMARY ? CHANNEL_MODULE : CHANNEL_CONSUMER;
}

static void changed(struct meter *meter, enum meter_slot slot, int64_t now_us)
{
    meter->now_us = now_us;
    meter->modules.awaited[slot] = false;
    meter->modules.pins[slot] = 0;
    if (slot == METER_SLOT_PRIMARY) { /* the consumer may pull what is his (CCC-02) */
        meter_input(meter, METER_INPUT_MODULE, meter->modules.slot[slot].present, now_us);
    }
    look_at(meter, now_us);
}

enum meter_module_err meter_module_plug(struct meter *meter, enum meter_slot slot, uint16_t code,
                                        uint32_t serial, int64_t now_us)
{
    if (!meter_module_slot_exists(meter, slot)) {
        return METER_MODULE_ERR_SLOT;
    }
    if (meter->modules.slot[slot].present) {
        return METER_MODULE_ERR_OCCUPIED;
    }
    meter->modules.slot[slot] =
        (struct module_seen){.present = true, .code = code, .serial = serial};
    changed(meter, slot, now_us);
    return METER_MODULE_OK;
}

static void slot_empty(struct meter *meter, enum meter_slot slot, int64_t now_us)
{
    if (meter->modules.slot[slot].present) {
        meter->modules.slot[slot] = (struct module_seen){.present = false};
        changed(meter, slot, now_us);
    }
}

void meter_module_pull(struct meter *meter, enum meter_slot slot, int64_t now_us)
{
    if ((unsigned)slot >= METER_SLOTS) {
        return;
    }
    if (slot == METER_SLOT_PRIMARY) {
        slot_empty(meter, METER_SLOT_SECONDARY, now_us);
    }
    slot_empty(meter, slot, now_us);
}

void meter_module_pins(struct meter *meter, enum meter_slot slot, uint8_t levels)
{
    if ((unsigned)slot < METER_SLOTS && meter->modules.slot[slot].present) {
        meter->modules.pins[slot] = levels & 3u;
    }
}

static uint16_t configured(const struct meter *meter)
{
    return (uint16_t)(meter->variant.configuration[0] / CCC_DIVISOR % CCC_MODULUS);
}

bool meter_module_mismatch(const struct meter *meter)
{
    const struct module_seen *primary = &meter->modules.slot[METER_SLOT_PRIMARY];
    const uint16_t code = configured(meter);
    if (primary->present) {
        return primary->code != code;
    }
    return module_fact(code, MODULE_COMMUNICATES) && meter->supply_on &&
           meter->now_us >= meter->modules.late_us;
}

uint8_t meter_module_relays(const struct meter *meter)
{
    const struct module_seen *primary = &meter->modules.slot[METER_SLOT_PRIMARY];
    const struct module_facts *facts = primary->present ? module_facts(primary->code) : NULL;
    return facts != NULL ? facts->relays : 0;
}

bool meter_radio_on(const struct meter *meter)
{
    const struct module_seen *primary = &meter->modules.slot[METER_SLOT_PRIMARY];
    const bool replaced = primary->present && module_fact(primary->code, MODULE_COMMUNICATES);
    const bool yields = meter->variant.generation != GENERATION_M ||
                        settings_number(&meter->settings, SETTING_RADIO_WITH_MODULE) == 0;
    return meter->variant.radio && meter->supply_on && !(replaced && yields);
}

uint8_t meter_module_state(const struct meter *meter)
{
    unsigned state = meter_module_mismatch(meter) ? METER_MODULE_OTHER : 0u;
    state |= meter->variant.radio ? (unsigned)METER_MODULE_RADIO : 0u;
    state |= meter_radio_on(meter) ? (unsigned)METER_MODULE_RADIO_ON : 0u;
    return (uint8_t)state;
}
