/**
 * Which symbols are lit, as a pure function of what the meter knows; and what each generation's LCD
 * has. Source: DIS-12..17, DIS-19, C-24, C-25, C-34, X-DIS-1.
 */
#ifndef OPEN382_DISPLAY_ICONS_H
#define OPEN382_DISPLAY_ICONS_H

#include <stdbool.h>
#include <stdint.h>

#include "../variant/variant.h"
#include "display_frame.h"
#include "legal_api.h"

/** Current above which the L generation's voltage symbol stops blinking: its starting current, 0.4
 * % of the basic current of 5 A. */
#define DISPLAY_CURRENT_LIMIT_MA 20u
/** Voltage that counts as applied on B, C, D, E: a fifth of the nominal voltage. */
#define DISPLAY_VOLTAGE_APPLIED_MV 46000u
/** Half a period of a blinking symbol. */
#define DISPLAY_BLINK_US 500000

enum display_module {
    DISPLAY_MODULE_NONE,
    DISPLAY_MODULE_IN,
    DISPLAY_MODULE_OTHER, /**< not what the configuration names: the symbol blinks */
};

enum display_breaker {
    DISPLAY_BREAKER_NONE,
    DISPLAY_BREAKER_CLOSED,
    DISPLAY_BREAKER_OPEN,
    DISPLAY_BREAKER_MIXED,   /**< not the same in all phases: both symbols */
    DISPLAY_BREAKER_WARNING, /**< closed, and about to open: the symbol blinks */
};

struct display_situation {
    const struct variant *variant;
    struct legal_instant instant;
    uint8_t status;    /**< enum meter_status_bit */
    uint8_t breaker;   /**< enum display_breaker */
    bool prepayment;   /**< it is on */
    bool credit_low;   /**< at its alarm limit or below: its symbol blinks */
    uint8_t module;    /**< enum display_module, of the primary slot */
    bool consumer;     /**< something is in the consumer port */
    bool radio;        /**< the integrated radio is on */
    bool alarm;        /**< lights the error symbol: lost neutral, a breaker that does not move */
    bool tamper;       /**< the hand: more than the status tells */
    bool uncalibrated; /**< what it shows may be wrong by percents */
    int64_t now_us;
};

/** Symbols lit now (enum display_icon bits), the tariff's letter included when tariffs are used. */
uint32_t display_icons(const struct display_situation *situation);

/** Every symbol that this variant's LCD has. */
uint32_t display_icons_fitted(const struct variant *variant);

/** The text field exists from M on. */
bool display_has_text(const struct variant *variant);

#endif
