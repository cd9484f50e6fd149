#include "site_pins.h"

#include "app/meter/meter_pins.h"
#include "app/registers/register_table.h"

#define CCC_DIVISOR 1000u /* digits of configuration 1: A B CCC DD E */

uint8_t site_relays_of_module(unsigned ccc)
{
    switch (ccc) {
    case 55:
    case 58: return 1;
    case 69: return 2;
    default: return 0;
    }
}

bool site_rests(const struct site *site)
{
    return site->pins_tell != NULL &&
           (site->pins_wait || site->meter.supply_on != site->pins_supply);
}

/* ---- the board ---- */

static void board_load_relay(void *context, uint8_t relay, bool active)
{
    struct site *site = context;
    site->loads = (uint8_t)(active ? site->loads | 1u << relay : site->loads & ~(1u << relay));
    site->changes++;
    if (site->pins_tell != NULL) {
        site->pins_tell(site->pins_context, site->pins, site->meter.now_us);
    }
}

static void board_module_pin(void *context, uint8_t pin, bool on, int64_t at_us)
{
    struct site *site = context;
    site->pins = (uint8_t)(on ? site->pins | 1u << pin : site->pins & ~(1u << pin));
    site->changes++;
    if (site->pins_tell != NULL) {
        site->pins_tell(site->pins_context, site->pins, at_us);
    }
}

void site_pins_start(struct site *site, const struct options *options)
{
    const unsigned ccc = options->variant.configuration[0] / CCC_DIVISOR % 1000u;
    site->load_relays =
        options->load_relays >= 0 ? (uint8_t)options->load_relays : site_relays_of_module(ccc);
}

void site_pins_board(struct site *site)
{
    site->board.load_relays = site->load_relays;
    site->board.load_relay = board_load_relay;
    site->board.module_pin = board_module_pin;
}

/* ---- the panel ---- */

static json_t *relays_json(const struct site *site)
{
    static const char *const modes[LOAD_MODES] = {"off", "tariff", "command", "table"};
    const struct load_control *load = &site->meter.load;
    json_t *relays = json_array();
    for (uint8_t i = 0; i < load->fitted; i++) {
        const bool active = site->meter.supply_on && load->kept.relay[i].active;
        (void)json_array_append_new(
            relays, json_pack("{s:s, s:b, s:i}", "mode", modes[load->kept.relay[i].mode], "active",
                              active, "left_s", (int)load_left_s(load, i, site->meter.now_us)));
    }
    return relays;
}

static const char *energy_words(uint8_t energy)
{
    static const char *const words[] = {"Pulses A+", "Pulses A−", "Pulses R+", "Pulses R−"};
    return energy < sizeof words / sizeof words[0] ? words[energy] : "Pulses";
}

static const char *use_words(const struct pin_role *role)
{
    switch (role->use) {
    case PIN_TARIFF: return "Tariff input";
    case PIN_PULSE_IN: return "Pulse input";
    case PIN_ALARM_IN: return "Alarm input";
    case PIN_STOP_IN: return "Ends the debiting period";
    case PIN_LOAD_IN: return "Commands relay 1";
    case PIN_ENERGY_OUT: return energy_words(role->index);
    case PIN_LOAD_OUT: return role->index == 0 ? "Relay 1" : "Relay 2";
    case PIN_TARIFF_OUT: return "Tariff other than 1";
    default: return "";
    }
}

static json_t *pin_json(const struct site *site, unsigned pin)
{
    const struct pins *pins = &site->meter.pins;
    const struct pin_role *role = &pins->row->pin[pin];
    const bool input = pin_is_input(role);
    const bool on = input ? site->input[METER_INPUT_PIN_1 + pin] : (site->pins >> pin & 1) != 0;
    json_t *json = json_pack("{s:s, s:b, s:b}", "use", use_words(role), "input", input, "on", on);
    if (role->use == PIN_ENERGY_OUT) {
        (void)json_object_set_new(json, "sent",
                                  json_integer((json_int_t)pins->output[pin].emitted));
        (void)json_object_set_new(json, "waiting", json_integer(pins->output[pin].waiting));
    }
    if (role->use == PIN_PULSE_IN) {
        const char *const units[] = {"", "kWh", "m³", "l"};
        (void)json_object_set_new(json, "counted",
                                  json_integer((json_int_t)pins->kept.input.pulses));
        (void)json_object_set_new(json, "register", json_integer(pins->kept.input.units));
        (void)json_object_set_new(
            json, "unit", json_string(units[site->meter.variant.configuration[2] % 100u % 4u]));
    }
    return json;
}

json_t *site_pins_json(const struct site *site)
{
    json_t *pins = json_array();
    for (unsigned pin = 0; pin < PINS; pin++) {
        (void)json_array_append_new(pins, site->meter.pins.row->pin[pin].use == PIN_NONE
                                              ? json_null()
                                              : pin_json(site, pin));
    }
    return json_pack("{s:o, s:o}", "relays", relays_json(site), "pins", pins);
}
