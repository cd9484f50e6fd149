/**
 * A variant is data: what a type of meter has, from its order number and configurations 1 .. 5.
 * No code asks for a variant's name; it asks for a field.  Source: VAR-01..08, CFG-01..11, MET-A,
 * C-01..35.
 */
#ifndef OPEN382_VARIANT_H
#define OPEN382_VARIANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum generation {
    GENERATION_B,
    GENERATION_C,
    GENERATION_D,
    GENERATION_E,
    GENERATION_L,
    GENERATION_M
};
enum energy_type {
    ENERGY_A_PLUS = 1,
    ENERGY_A_BOTH = 2,
    ENERGY_A_PLUS_R_PLUS = 3,
    ENERGY_FOUR = 4
};
enum energy_format { FORMAT_7_0 = 1, FORMAT_6_1 = 2 };
enum iec_mode { IEC_NONE, IEC_MODE_A, IEC_MODE_A_C };

struct variant {
    char name[16];             /**< "382M", "382LxB", "382M-aron", "162M" */
    char order_number[24];     /**< 684-X1X2X3-X4-X5X6X7-country, e.g. "68431BM423010" */
    uint32_t configuration[5]; /**< configurations 1 .. 5 as decimal numbers */
    uint8_t generation;        /**< enum generation */
    bool single_phase;         /**< 162 family */
    bool aron;                 /**< three-wire, two systems */
    uint8_t systems;           /**< 1, 2 or 3 */
    bool breaker, radio;
    bool rtc;                 /**< false: no clock fitted (BCDE basis) */
    bool backup_battery;      /**< back-up list readable without mains */
    uint16_t clock_hold_days; /**< without mains: supercap 7 (4 in Russia), battery 3650; TAR-11 */
    uint8_t energy_type;      /**< enum energy_type */
    uint8_t energy_format;    /**< enum energy_format, configuration A, locked */
    uint8_t tariffs;          /**< 0 = none, 2, 4 or 8 */
    uint8_t integration_min;  /**< 5, 15, 30 or 60; configuration E */
    int8_t time_zone_h;       /**< GMT offset, configuration LL */
    bool summer_time_eu;      /**< configuration PPP = 001 */
    bool led_on_idle;         /**< configuration B = 2 */
    uint16_t display_configuration; /**< FFF: names the lists (display_configurations.h) */
    char accuracy_class;            /**< 'A' or 'B' */
    uint16_t nominal_voltage_v;     /**< 230 */
    int8_t voltage_low_pct, voltage_high_pct;
    uint8_t frequency_tolerance_pct; /**< of each nominal frequency (MET-12) */
    bool frequency_60hz;             /**< 60 Hz besides 50 Hz */
    bool
        phase_unlimited; /**< any angle between a system's voltage and current; not Aron (MET-16) */
    uint16_t current_basic_a, current_max_a; /**< 5 (100) */
    uint16_t current_min_ma;                 /**< I_min or I_tr: 250 */
    uint8_t manual_list_max;                 /**< 30 or 40 */
    uint8_t iec;                             /**< enum iec_mode on the optical port */
    uint16_t iec_baud;       /**< start speed of the optical port in IEC: 300 or 9600 */
    char iec_ident[24];      /**< after '/': "KAM5 68438..." */
    uint8_t kmp_type[2];     /**< GetType codes, spec kmp 1.6 */
    uint16_t pulses_per_kwh; /**< 1000 */
};

enum variant_err {
    VARIANT_OK = 0,
    VARIANT_ERR_UNKNOWN = -1,       /**< no such name */
    VARIANT_ERR_ORDER = -2,         /**< order number: a code that is not in its table */
    VARIANT_ERR_CONFIGURATION = -3, /**< configurations 1 .. 5: a code that is not in its table */
    VARIANT_ERR_CONTRADICTION = -4, /**< order number and configurations contradict (CFG-09) */
};

/**
 * Take an order number (13 characters, "68431BM423010") and configurations 1 .. 5 apart.
 * name is copied (at most 15 characters).  On failure *out is unchanged.
 */
enum variant_err variant_from_order(const char *name, const char *order_number,
                                    const uint32_t configuration[5], struct variant *out);

/** Every field agrees with order number and configurations, and those with each other (CFG-09). */
enum variant_err variant_check(const struct variant *variant);

/**
 * The memory of a meter of that order number and those configurations is one of this type: the
 * order number is the same, and so are the locked fields A (decimals) and B (LED) of configuration
 * 1 (CFG-07, REG-12).  All other fields may have been configured since.
 */
bool variant_is_type(const struct variant *variant, const char *order_number,
                     const uint32_t configuration[5]);

/** Measuring system (0 .. 2) that shows phase 0 .. 2 (L1 .. L3); -1: none.  Aron: L1 and L3. */
int variant_system_of_phase(const struct variant *variant, unsigned phase);

/** Number of named defaults and their names, for help texts. */
size_t variant_count(void);
const char *variant_name(size_t index);
/** Name of the default with that order number; "" when none has it. */
const char *variant_name_of_order(const char *order_number);

/** Fill *out with the documented default of that name (case-insensitive).  @return 0 or -1:
 * unknown. */
int variant_by_name(const char *name, struct variant *out);

/** Bits of enum register_need that this variant satisfies. */
uint16_t variant_has(const struct variant *variant);

#endif
