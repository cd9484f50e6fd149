/**
 * What hangs at the module connector of the simulated board: relays for load control, and the two
 * I/O pins.  Here they are lamps and switches; a module that is plugged takes them over.
 */
#ifndef OPEN382_LINUX_SITE_PINS_H
#define OPEN382_LINUX_SITE_PINS_H

#include <jansson.h>

#include "site.h"

/** Relays that the module of configuration CCC carries (58 and 55: one, 69: two). */
uint8_t site_relays_of_module(unsigned ccc);
/** Fit what the options say, or else what the configured module carries. */
void site_pins_start(struct site *site, const struct options *options);
/** A module is plugged and is to hear of its supply or its pins before more happens. */
bool site_rests(const struct site *site);
/** The board's functions. */
void site_pins_board(struct site *site);

/** {"relays":[{"mode":"tariff","active":true,"left_s":0}, ...], ...}; for the panel. */
json_t *site_pins_json(const struct site *site);

#endif
