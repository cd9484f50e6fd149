#include "meter_pins.h"

#include <string.h>

#include "../registers/register_table.h"
#include "meter_audit.h"
#include "meter_load.h"
#include "meter_log.h"
#include "meter_settings.h"

#define NEVER           INT64_MAX
#define US_PER_MS       1000u
#define DD_DIVISOR      10u /* digits of configuration 1: A B CCC DD E */
#define DD_MODULUS      100u
#define TARIFF_OUT_IDLE 1u /* the tariff in which the synchronisation output rests */
#define ID_LOAD         1226u
#define SETTING_PORTS   4u /* DD */

/* ---- configuration ---- */

static unsigned code_of(const struct meter *meter)
{
    return meter->variant.configuration[0] / DD_DIVISOR % DD_MODULUS;
}

static uint8_t length_code(const struct meter *meter)
{
    return (uint8_t)(meter->variant.configuration[1] % 10u);
}

static uint32_t pulse_ms(const struct meter *meter)
{
    return length_code(meter) >= 3u ? PULSE_LONG_MS : PULSE_SHORT_MS;
}

static const struct pin_row *row_for(const struct meter *meter)
{
    const struct pin_row *row = pin_row_of(code_of(meter));
    return row != NULL ? row : pin_row_of(0);
}

/* A meter that has not started has none. */
static const struct pin_role *role_of(const struct pins *pins, unsigned pin)
{
    static const struct pin_role none = {PIN_NONE, 0, false};
    return pins->row != NULL ? &pins->row->pin[pin] : &none;
}

static enum pin_use use_of(const struct pins *pins, unsigned pin)
{
    return (enum pin_use)role_of(pins, pin)->use;
}

static bool has_energy(const struct pins *pins)
{
    return use_of(pins, 0) == PIN_ENERGY_OUT || use_of(pins, 1) == PIN_ENERGY_OUT;
}

/* There is something that a kill would cost. */
static bool counts(const struct pins *pins)
{
    return has_energy(pins) || use_of(pins, 0) == PIN_PULSE_IN;
}

/* ---- records ---- */

static bool save(struct meter *meter)
{
    struct pins *pins = &meter->pins;
    struct pins_kept next = pins->kept;
    for (unsigned pin = 0; pin < PINS; pin++) {
        const struct pulse_output *output = &pins->output[pin];
        const bool energy = use_of(pins, pin) == PIN_ENERGY_OUT;
        next.queue[pin] = (struct pins_queue){.energy = energy ? role_of(pins, pin)->index
                                                               : (uint8_t)LEGAL_ENERGIES,
                                              .waiting = output->waiting,
                                              .emitted = output->emitted,
                                              .reached = output->reached};
    }
    pins->save_us = meter->now_us + PINS_SAVE_US;
    pins->unsaved = !pins_store_save(&next, meter->board);
    meter->memory_fault = pins->unsaved || meter->memory_fault;
    if (!pins->unsaved) {
        pins->kept = next;
        pins->pulses_saved = next.input.pulses;
    }
    return !pins->unsaved;
}

static uint32_t swing(uint32_t a, uint32_t b)
{
    return a > b ? a - b : b - a;
}

static bool worth_a_record(const struct pins *pins)
{
    bool worth = pins->unsaved || pins->kept.input.pulses != pins->pulses_saved;
    for (unsigned pin = 0; pin < PINS; pin++) {
        worth = worth ||
                swing(pins->output[pin].waiting, pins->kept.queue[pin].waiting) >= PINS_QUEUE_SWING;
    }
    return worth;
}

static bool changed_since(const struct pins *pins)
{
    bool changed = pins->unsaved || pins->kept.input.pulses != pins->pulses_saved;
    for (unsigned pin = 0; pin < PINS; pin++) {
        changed = changed || pins->output[pin].emitted != pins->kept.queue[pin].emitted ||
                  pins->output[pin].waiting != pins->kept.queue[pin].waiting;
    }
    return changed;
}

static int64_t record_run(struct meter *meter)
{
    struct pins *pins = &meter->pins;
    if (!pins->supplied || !worth_a_record(pins)) {
        return NEVER;
    }
    if (meter->now_us >= pins->save_us) {
        (void)save(meter);
    }
    return worth_a_record(pins) ? pins->save_us : NEVER;
}

/* ---- outputs ---- */

static uint64_t register_of(const struct meter *meter, unsigned pin)
{
    return legal_energy_uwh(&meter->legal, (enum legal_energy)role_of(&meter->pins, pin)->index);
}

/* A queue goes on where its record left it.  Behind a loss of supply that is exact; behind a kill
 * the pulses since the record count as sent, all but those that were waiting then. */
static void queue_take(struct meter *meter, unsigned pin)
{
    struct pins *pins = &meter->pins;
    struct pulse_output *output = &pins->output[pin];
    const struct pins_queue *queue = &pins->kept.queue[pin];
    memset(output, 0, sizeof *output);
    if (use_of(pins, pin) != PIN_ENERGY_OUT) {
        return;
    }
    pulse_output_begin(output, pulse_value_uwh(&pins->kept.value), pulse_ms(meter) * US_PER_MS,
                       register_of(meter, pin), meter->now_us);
    if (queue->energy == role_of(pins, pin)->index) {
        const bool more = output->reached > queue->reached;
        output->waiting = queue->waiting;
        output->emitted = queue->emitted + (more ? output->reached - queue->reached : 0u);
    }
}

struct pin_of {
    const struct meter *meter;
    uint8_t pin;
};

static void drive(const struct meter *meter, unsigned pin, bool on, int64_t at_us)
{
    const struct board *board = meter->board;
    if (board->module_pin != NULL) {
        board->module_pin(board->context, (uint8_t)pin, on, at_us);
    }
}

static void edge(void *context, bool on, int64_t at_us)
{
    const struct pin_of *to = (const struct pin_of *)context;
    drive(to->meter, to->pin, on, at_us);
}

void meter_pins_feed(struct meter *meter)
{
    struct pins *pins = &meter->pins;
    if (!pins->supplied || !has_energy(pins)) {
        return;
    }
    for (unsigned pin = 0; pin < PINS; pin++) {
        if (use_of(pins, pin) == PIN_ENERGY_OUT) {
            pulse_output_feed(&pins->output[pin], register_of(meter, pin), meter->now_us);
        }
    }
    meter->next_edge_us = meter->now_us;
    if (worth_a_record(pins) && pins->save_us < meter->next_pins_us) {
        meter->next_pins_us = pins->save_us;
    }
}

int64_t meter_pins_edges(struct meter *meter)
{
    struct pins *pins = &meter->pins;
    int64_t next_us = NEVER;
    for (uint8_t pin = 0; pin < PINS; pin++) {
        if (pins->output[pin].value_uwh != 0) {
            struct pin_of which = {meter, pin};
            const struct pulse_edge to = {&which, edge};
            const int64_t at_us =
                pulse_output_run(&pins->output[pin], &to, pins->supplied, meter->now_us);
            next_us = at_us < next_us ? at_us : next_us;
        }
    }
    return next_us;
}

static bool state_of(const struct meter *meter, const struct pin_role *role)
{
    switch (role->use) {
    case PIN_LOAD_OUT: return meter->load.kept.relay[role->index].active != role->inverted;
    case PIN_TARIFF_OUT: return (legal_tariff(&meter->legal) != TARIFF_OUT_IDLE) != role->inverted;
    default: return false;
    }
}

void meter_pins_follow(struct meter *meter)
{
    struct pins *pins = &meter->pins;
    for (unsigned pin = 0; pin < PINS; pin++) {
        if (use_of(pins, pin) < PIN_LOAD_OUT && !pins->driven[pin]) {
            continue;
        }
        const bool on = pins->supplied && state_of(meter, role_of(pins, pin));
        if (on != pins->driven[pin]) {
            pins->driven[pin] = on;
            drive(meter, pin, on, meter->now_us);
        }
    }
}

/* ---- inputs ---- */

static bool active(const struct meter *meter, unsigned pin)
{
    return meter->input[METER_INPUT_PIN_1 + pin] != role_of(&meter->pins, pin)->inverted;
}

static void alarm_follow(struct meter *meter)
{
    meter_log_status(meter);
    if (meter_events(meter) != meter->events) {
        (void)meter_save(meter);
    }
    meter->next_display_us = meter->now_us;
}

/* What a change of the level that counts does. */
static void changed(struct meter *meter, unsigned pin)
{
    struct pins *pins = &meter->pins;
    const bool level = pins->filter[pin].level;
    switch (use_of(pins, pin)) {
    case PIN_TARIFF: meter->next_tariff_us = meter->now_us; break;
    case PIN_ALARM_IN: alarm_follow(meter); break;
    case PIN_PULSE_IN:
        if (level) {
            pulse_input_count(&pins->kept.input);
        }
        break;
    case PIN_STOP_IN:
        if (level) {
            (void)meter_debiting_stop(meter);
        }
        break;
    case PIN_LOAD_IN: (void)meter_load_write(meter, ID_LOAD, level ? 1 : 0); break;
    default: break;
    }
}

static void filters_begin(struct meter *meter)
{
    struct pins *pins = &meter->pins;
    for (unsigned pin = 0; pin < PINS; pin++) {
        const bool pulses = use_of(pins, pin) == PIN_PULSE_IN;
        pin_filter_begin(&pins->filter[pin], active(meter, pin),
                         pulses ? PIN_HOLD_PULSE_US : PIN_HOLD_LEVEL_US);
    }
}

static void filter_run(struct meter *meter, unsigned pin)
{
    if (pin_is_input(role_of(&meter->pins, pin)) &&
        pin_filter_run(&meter->pins.filter[pin], meter->now_us)) {
        changed(meter, pin);
    }
}

void meter_pins_input(struct meter *meter, unsigned pin, bool on)
{
    struct pins *pins = &meter->pins;
    if (!pins->supplied) {
        return;
    }
    filter_run(meter, pin);
    pin_filter_edge(&pins->filter[pin], on != role_of(pins, pin)->inverted, meter->now_us);
    meter->next_pins_us = meter->now_us;
}

int64_t meter_pins_step(struct meter *meter)
{
    struct pins *pins = &meter->pins;
    int64_t next_us = NEVER;
    for (unsigned pin = 0; pins->supplied && pin < PINS; pin++) {
        filter_run(meter, pin);
        if (pin_is_input(role_of(pins, pin))) {
            const int64_t at_us = pin_filter_next_us(&pins->filter[pin]);
            next_us = at_us < next_us ? at_us : next_us;
        }
    }
    const int64_t record_us = record_run(meter);
    return record_us < next_us ? record_us : next_us;
}

/* ---- start, supply, configuration ---- */

void meter_pins_begin(struct meter *meter)
{
    struct pins *pins = &meter->pins;
    meter->memory_fault = !pins_store_load(&pins->kept, meter->board) || meter->memory_fault;
    pins->pulses_saved = pins->kept.input.pulses;
    pins->row = row_for(meter);
    pins->save_us = meter->now_us;
    for (unsigned pin = 0; pin < PINS; pin++) {
        queue_take(meter, pin);
    }
    filters_begin(meter);
    meter->next_pins_us = NEVER;
    meter->next_edge_us = NEVER;
}

void meter_pins_supply(struct meter *meter, bool on)
{
    struct pins *pins = &meter->pins;
    if (on == pins->supplied) {
        return;
    }
    if (!on) {
        meter_pins_feed(meter);
    }
    pins->supplied = on;
    if (on) {
        filters_begin(meter);
        for (unsigned pin = 0; pin < PINS; pin++) {
            pins->output[pin].begin_us = meter->now_us;
            pins->output[pin].fed_us = meter->now_us;
        }
    }
    if (!on && changed_since(pins)) {
        (void)save(meter);
    }
    meter->next_pins_us = meter->now_us;
    meter->next_edge_us = meter->now_us;
    meter_pins_follow(meter);
}

void meter_pins_store(struct meter *meter)
{
    if (changed_since(&meter->pins)) {
        (void)save(meter);
    }
}

/* Another use of a pin: what its output still owed is forgotten, what is on goes off. */
static void pin_change(struct meter *meter, const struct pin_row *row, unsigned pin)
{
    struct pins *pins = &meter->pins;
    const struct pin_role *before = role_of(pins, pin), *after = &row->pin[pin];
    const bool same = before->use == after->use && before->index == after->index;
    if (!same && (pins->output[pin].on || pins->driven[pin])) {
        drive(meter, pin, false, meter->now_us);
        pins->driven[pin] = false;
    }
    if (!same) {
        pins->kept.queue[pin].energy = LEGAL_ENERGIES;
    }
}

void meter_pins_configure(struct meter *meter)
{
    struct pins *pins = &meter->pins;
    const struct pin_row *row = row_for(meter);
    if (row == pins->row) {
        return;
    }
    bool again[PINS];
    for (unsigned pin = 0; pin < PINS; pin++) {
        again[pin] = row->pin[pin].use != role_of(pins, pin)->use ||
                     row->pin[pin].index != role_of(pins, pin)->index;
        pin_change(meter, row, pin);
    }
    pins->row = row;
    for (unsigned pin = 0; pin < PINS; pin++) {
        if (again[pin]) {
            queue_take(meter, pin);
        }
    }
    filters_begin(meter);
    if (pins->supplied && counts(pins)) {
        (void)save(meter);
    }
    meter->next_pins_us = meter->now_us;
    meter->next_edge_us = meter->now_us;
    meter->next_tariff_us = meter->now_us;
    meter_pins_follow(meter);
}

/* ---- what others see ---- */

bool meter_pins_alarm(const struct meter *meter)
{
    const struct pins *pins = &meter->pins;
    const bool enabled = meter->variant.generation != GENERATION_M || length_code(meter) % 2u == 0;
    bool alarm = false;
    for (unsigned pin = 0; pin < PINS; pin++) {
        alarm = alarm || (use_of(pins, pin) == PIN_ALARM_IN && pins->filter[pin].level);
    }
    return alarm && enabled && pins->supplied;
}

bool meter_pins_tariff(const struct meter *meter, unsigned input)
{
    return use_of(&meter->pins, input) == PIN_TARIFF && meter->pins.filter[input].level;
}

uint8_t meter_pins_relays(const struct meter *meter)
{
    return meter->pins.row != NULL ? pin_relays(meter->pins.row) : 0;
}

/* ---- registers ---- */

static const struct {
    uint16_t kmp_id;
    uint8_t index; /* enum pin_register */
} writable[] = {
    {58, PIN_REGISTER_UNITS},        {1102, PIN_REGISTER_PORT},      {0xF820, PIN_REGISTER_VALUE},
    {0xF821, PIN_REGISTER_DIVISION}, {0xF822, PIN_REGISTER_DIVISOR},
};

static bool port_set(struct meter *meter, int64_t number)
{
    const int code =
        number >= 0 && number <= UINT8_MAX ? pin_code_for((uint8_t)number, code_of(meter)) : -1;
    struct kmp_settings_reply reply = {KMP_SETTINGS_COUNT, 0, 0, 0};
    const struct setting_value value = {(uint32_t)code, ""};
    if (code < 0) {
        return false;
    }
    (void)meter_settings_abandon(meter);
    if (meter_setting_stage(meter, setting_by_id(SETTING_PORTS), &value) == KMP_SETTINGS_OK) {
        meter_settings_commit(meter, (uint8_t)settings_staged(&meter->settings), &reply);
    }
    return reply.reason == KMP_SETTINGS_OK;
}

/* @return false: out of range, nothing changed */
static bool change(struct pins_kept *kept, uint8_t index, int64_t number)
{
    if (number < 0 || number > UINT32_MAX) {
        return false;
    }
    switch (index) {
    case PIN_REGISTER_UNITS: pulse_input_set(&kept->input, (uint32_t)number); return true;
    case PIN_REGISTER_DIVISOR: return pulse_input_scale(&kept->input, (uint32_t)number);
    case PIN_REGISTER_VALUE:
        kept->value.per_kwh = (uint16_t)(number <= PULSE_VALUE_MAX ? number : 0);
        return pulse_value_good(&kept->value);
    default:
        kept->value.division = (uint16_t)(number <= PULSE_DIVISION_MAX ? number : 0);
        return pulse_value_good(&kept->value);
    }
}

/* Pulses that wait stay owed; the next ones are worth the new value. */
static void values_follow(struct meter *meter)
{
    struct pins *pins = &meter->pins;
    const uint64_t value_uwh = pulse_value_uwh(&pins->kept.value);
    for (unsigned pin = 0; pin < PINS; pin++) {
        struct pulse_output *output = &pins->output[pin];
        if (output->value_uwh != 0 && output->value_uwh != value_uwh) {
            pulse_output_begin(output, value_uwh, output->width_us, register_of(meter, pin),
                               meter->now_us);
        }
    }
}

bool meter_pins_write(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    struct pins *pins = &meter->pins;
    size_t i = 0;
    while (i < sizeof writable / sizeof writable[0] && writable[i].kmp_id != kmp_id) {
        i++;
    }
    if (i == sizeof writable / sizeof writable[0]) {
        return false;
    }
    if (writable[i].index == PIN_REGISTER_PORT) {
        return port_set(meter, number);
    }
    const struct pins_kept before = pins->kept;
    const int64_t was = meter_pins_value(meter, writable[i].index);
    if (!change(&pins->kept, writable[i].index, number)) {
        pins->kept = before;
        return false;
    }
    values_follow(meter);
    const int exponent = writable[i].index == PIN_REGISTER_DIVISOR ? -3 : 0;
    const bool noted = was == number || meter_audit_register(meter, kmp_id, was, number, exponent);
    if (noted && save(meter)) {
        return true;
    }
    pins->kept = before;
    values_follow(meter);
    pins->unsaved = true;
    return false;
}

static int64_t of_output(const struct pins *pins, uint8_t index)
{
    const struct pulse_output *output = &pins->output[index % 2u];
    switch (index / 2u * 2u) {
    case PIN_REGISTER_WAITING: return output->waiting;
    default: return (int64_t)(output->emitted & UINT32_MAX); /* PIN_REGISTER_EMITTED */
    }
}

static uint32_t limit_tenths(const struct meter *meter)
{
    return pulse_limit_tenths(&meter->pins.kept.value, pulse_ms(meter),
                              meter->variant.single_phase ? 1u : 3u, meter->variant.current_max_a);
}

static int64_t late_bits(const struct meter *meter)
{
    const struct pins *pins = &meter->pins;
    unsigned bits = 0;
    for (unsigned pin = 0; pin < PINS; pin++) {
        bits |= pulse_output_late(&pins->output[pin]) ? 1u << pin : 0u;
    }
    const bool low = has_energy(pins) && limit_tenths(meter) < meter->variant.current_max_a * 10u;
    return bits | (low ? PIN_LATE_LOW_LIMIT : 0u);
}

int64_t meter_pins_value(const struct meter *meter, uint8_t index)
{
    const struct pins *pins = &meter->pins;
    switch (index) {
    case PIN_REGISTER_UNITS: return pins->kept.input.units;
    case PIN_REGISTER_LEVEL: return use_of(pins, 0) == PIN_PULSE_IN && pins->filter[0].raw ? 1 : 0;
    case PIN_REGISTER_PORT: return pins->row != NULL ? pins->row->port : 0;
    case PIN_REGISTER_VALUE: return pins->kept.value.per_kwh;
    case PIN_REGISTER_DIVISION: return pins->kept.value.division;
    case PIN_REGISTER_DIVISOR: return pins->kept.input.divisor_milli;
    case PIN_REGISTER_PULSES: return (int64_t)(pins->kept.input.pulses & UINT32_MAX);
    case PIN_REGISTER_LIMIT: return limit_tenths(meter);
    case PIN_REGISTER_LATE: return late_bits(meter);
    default: return of_output(pins, index);
    }
}
