#include "site_pins.h"

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

static void board_load_relay(void *context, uint8_t relay, bool active)
{
    struct site *site = context;
    site->loads = (uint8_t)(active ? site->loads | 1u << relay : site->loads & ~(1u << relay));
    site->changes++;
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
}

json_t *site_pins_json(const struct site *site)
{
    static const char *const modes[LOAD_MODES] = {"off", "tariff", "command", "table"};
    const struct load_control *load = &site->meter.load;
    json_t *relays = json_array();
    for (uint8_t i = 0; i < load->fitted; i++) {
        const bool active = site->meter.supply_on && (site->loads >> i & 1) != 0;
        (void)json_array_append_new(
            relays, json_pack("{s:s, s:b, s:i}", "mode", modes[load->kept.relay[i].mode], "active",
                              active, "left_s", (int)load_left_s(load, i, site->meter.now_us)));
    }
    return json_pack("{s:o}", "relays", relays);
}
