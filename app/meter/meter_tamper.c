#include "meter_tamper.h"

#include "meter_log.h"

#define LOOK_US    INT64_C(2000000)
#define STORE_US   INT64_C(60000000) /* a count that rises again and again is stored so often */
#define CURRENT_MA 200u              /* in a phase without voltage; noise stays far below */

#define BIT(kind) tamper_mask(kind)
#define PHASES                                                                                     \
    (BIT(TAMPER_SEQUENCE) | BIT(TAMPER_UNMETERED) | BIT(TAMPER_UNMETERED + 1) |                    \
     BIT(TAMPER_UNMETERED + 2))
/* The hand: who opened or took something, or takes energy past the meter.  Seals are opened by
 * those who may, too, and the order of the phases has a symbol of its own. */
#define HAND                                                                                       \
    (BIT(TAMPER_MAGNET) | BIT(TAMPER_COVER) | BIT(TAMPER_TERMINAL) | BIT(TAMPER_MODULE) |          \
     BIT(TAMPER_UNMETERED) | BIT(TAMPER_UNMETERED + 1) | BIT(TAMPER_UNMETERED + 2))

/* ---- sources ---- */

static uint16_t contacts_of(const struct meter *meter)
{
    const bool *input = meter->input;
    unsigned word = 0;
    word |= input[METER_INPUT_MAGNET] ? BIT(TAMPER_MAGNET) : 0u;
    word |= input[METER_INPUT_COVER] ? BIT(TAMPER_COVER) : 0u;
    word |= input[METER_INPUT_TERMINAL_COVER] ? BIT(TAMPER_TERMINAL) : 0u;
    word |= input[METER_INPUT_SEAL] ? BIT(TAMPER_SEAL) : 0u;
    word |= meter->tamper.module_known && !input[METER_INPUT_MODULE] ? BIT(TAMPER_MODULE) : 0u;
    return (uint16_t)word;
}

/* In an order that can't be told (a phase is missing) the last one counts on. */
static unsigned sequence_of(struct meter *meter)
{
    struct legal_voltages voltages;
    const int32_t *angle = voltages.angle_mdeg;
    const unsigned before = meter->tamper_phases & BIT(TAMPER_SEQUENCE);
    if (meter->variant.systems != LEGAL_SYSTEMS) {
        return 0;
    }
    legal_voltages(&meter->legal, &voltages);
    if (!voltages.present[0] || !voltages.present[1] || !voltages.present[2] ||
        (angle[1] < 0) == (angle[2] < 0)) {
        return before;
    }
    return angle[1] > 0 ? BIT(TAMPER_SEQUENCE) : 0u;
}

/* A phase without voltage, by voltage quality, is rare; only then the currents are worked out. */
static unsigned unmetered_of(const struct meter *meter)
{
    struct legal_instant instant;
    unsigned word = 0;
    bool asked = false;
    for (unsigned phase = 0; phase < LEGAL_SYSTEMS; phase++) {
        const int system = variant_system_of_phase(&meter->variant, phase);
        if (system < 0 || !meter->quality.phase[system].failure.active) {
            continue;
        }
        if (!asked) {
            legal_instant(&meter->legal, &instant);
            asked = true;
        }
        if (!instant.phase[system].voltage_present &&
            instant.phase[system].current_ma >= CURRENT_MA) {
            word |= BIT(TAMPER_UNMETERED + phase);
        }
    }
    return word;
}

static uint16_t watched(void)
{
    unsigned word = 0;
    for (unsigned kind = 0; kind < TAMPER_KINDS; kind++) {
        word |= tamper_row((enum tamper_kind)kind)->watched ? BIT(kind) : 0u;
    }
    return (uint16_t)word;
}

/* ---- what follows ---- */

static uint32_t utc_of(const struct meter *meter, int64_t at_us)
{
    const int64_t utc_s = clock_utc_s(&meter->clock, at_us);
    return utc_s > 0 && utc_s <= UINT32_MAX ? (uint32_t)utc_s : 0;
}

static void store(struct meter *meter)
{
    meter->tamper_store_us = meter->now_us + STORE_US;
    meter->memory_fault = !tamper_save(&meter->tamper, meter->board) || meter->memory_fault;
}

static void follow(struct meter *meter, int64_t at_us)
{
    struct tamper *tamper = &meter->tamper;
    unsigned sources = contacts_of(meter) | meter->tamper_phases;
    if (!meter->supply_on) {
        const unsigned awake = watched();
        sources = (sources & awake) | (tamper->holds & ~awake);
    }
    const uint16_t came = tamper_follow(tamper, (uint16_t)sources, at_us);
    if (came != 0) {
        tamper_note(tamper, came, meter->tamper_mask, utc_of(meter, at_us), !meter->supply_on);
        meter->next_display_us = meter->now_us;
    }
    if (meter->supply_on && meter->now_us >= meter->alarms_from_us) {
        tamper_remind(tamper, meter->tamper_mask);
    }
    if (meter->supply_on &&
        (tamper->urgent || (tamper->unsaved && meter->now_us >= meter->tamper_store_us))) {
        store(meter);
    }
}

void meter_tamper_begin(struct meter *meter)
{
    const uint8_t logged = meter->tamper.logged;
    meter->memory_fault =
        !tamper_load(&meter->tamper, meter->board, meter->status_logged, logged) ||
        meter->memory_fault;
    meter->tamper_phases = meter->tamper.holds & PHASES;
}

void meter_tamper_configure(struct meter *meter)
{
    const struct setting_value *own = meter->settings.own;
    meter->tamper_mask =
        (uint16_t)(own[settings_row(setting_by_id(SETTING_TAMPER_MASK))].number & TAMPER_ALL);
    meter->tamper_latched = meter->variant.generation == GENERATION_M &&
                            own[settings_row(setting_by_id(SETTING_TAMPER_SYMBOL))].number != 0;
    meter->next_tamper_us = meter->now_us;
}

/* Looks are at whole multiples of their distance, whatever the instants of the steps: a simulation
 * has long windows when it is fast. */
static int64_t look_before(int64_t at_us)
{
    const int64_t part_us = at_us % LOOK_US;
    return at_us - (part_us < 0 ? part_us + LOOK_US : part_us);
}

/* What holds now has held at each look since the last step, for a window ends where the mains
 * changes.  Two looks are as far apart as a kind takes to come or go: what is between the second
 * and the last one changes nothing. */
static void look(struct meter *meter)
{
    const int64_t first_us = meter->tamper_look_us, last_us = look_before(meter->now_us);
    meter->tamper_phases = (uint16_t)(sequence_of(meter) | unmetered_of(meter));
    follow(meter, first_us);
    if (first_us + LOOK_US <= last_us) {
        follow(meter, first_us + LOOK_US);
    }
    meter->tamper_look_us = last_us + LOOK_US;
}

/* In the order in which they came. */
static void log_asleep(struct meter *meter)
{
    struct tamper *tamper = &meter->tamper;
    while (tamper->asleep != 0) {
        unsigned first = TAMPER_KINDS;
        for (unsigned kind = 0; kind < TAMPER_KINDS; kind++) {
            const bool waits = (tamper->asleep & BIT(kind)) != 0;
            if (waits &&
                (first == TAMPER_KINDS || tamper->kept[kind].last_s < tamper->kept[first].last_s)) {
                first = kind;
            }
        }
        if (first == TAMPER_KINDS) {
            break; /* of a kind that this program does not know */
        }
        tamper->asleep = (uint16_t)(tamper->asleep & ~(unsigned)BIT(first));
        meter_log_asleep(meter, BIT(first), tamper->kept[first].last_s);
        meter->events |= (uint8_t)(BIT(first) & UINT8_MAX);
        tamper->unsaved = tamper->urgent = true;
    }
    tamper->asleep = 0;
}

void meter_tamper_supply(struct meter *meter, bool on)
{
    if (!on) {
        meter_tamper_store(meter);
        return;
    }
    log_asleep(meter);
    meter->tamper_look_us = look_before(meter->now_us) + LOOK_US;
    meter->next_tamper_us = meter->now_us;
}

/* A module that is in is expected from then on. */
void meter_tamper_input(struct meter *meter)
{
    struct tamper *tamper = &meter->tamper;
    if (meter->input[METER_INPUT_MODULE] && !tamper->module_known) {
        tamper->module_known = true;
        tamper->unsaved = tamper->urgent = true;
    }
    follow(meter, meter->now_us);
    meter->next_tamper_us = meter->now_us;
}

int64_t meter_tamper_next_us(const struct meter *meter)
{
    return meter->supply_on ? meter->next_tamper_us : INT64_MAX;
}

void meter_tamper_step(struct meter *meter)
{
    if (!meter->supply_on || meter->now_us < meter->next_tamper_us) {
        return;
    }
    if (meter->now_us >= meter->tamper_look_us) {
        look(meter);
    }
    follow(meter, meter->now_us);
    meter->next_tamper_us = tamper_pending(&meter->tamper) ? meter->now_us : meter->tamper_look_us;
}

void meter_tamper_store(struct meter *meter)
{
    if (meter->tamper.unsaved) {
        store(meter);
    }
}

uint16_t meter_tamper_word(const struct meter *meter)
{
    return meter->tamper.holds;
}

bool meter_tamper_shown(const struct meter *meter)
{
    const unsigned latched = meter->tamper_latched ? meter->tamper.raised : 0u;
    return ((meter->tamper.holds | latched) & HAND) != 0;
}

enum meter_err meter_tamper_clear(struct meter *meter, uint32_t bits)
{
    const struct tamper before = meter->tamper;
    if ((bits & TAMPER_ALL & (before.raised | before.holds)) == 0) {
        return METER_OK;
    }
    tamper_clear(&meter->tamper, (uint16_t)(bits & TAMPER_ALL),
                 meter->input[METER_INPUT_TERMINAL_COVER], utc_of(meter, meter->now_us),
                 (uint8_t)rights_channel(&meter->rights));
    if (!tamper_save(&meter->tamper, meter->board)) {
        meter->tamper = before;
        meter->memory_fault = true;
        return METER_ERR_STORAGE;
    }
    follow(meter, meter->now_us);
    meter->next_display_us = meter->now_us;
    return METER_OK;
}
