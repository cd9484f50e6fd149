/* A variant is read from its order number and configurations; nothing else is known about it.
 * Which codes there are says order.h; here stands what they mean to the meter (MET-A, VAR-A). */
#include "variant.h"

#include <string.h>

#include "../registers/register_table.h"
#include "country.h"
#include "order.h"

static const struct {
    char code;
    uint16_t basic_a, max_a;
} currents[] = {{'1', 5, 105}, {'4', 5, 65}, {'6', 10, 60}, {'7', 10, 85}, {'8', 5, 85}};

static const struct {
    char code;
    uint8_t tariffs;
} tariff_table[] = {
    {'0', 8}, /* in no key, but read from a real 382C that prints T1 .. T4 */
    {'1', 0}, {'2', 2}, {'3', 8}, {'4', 4},
};

/* GetType codes of public clients: {plain, with breaker} per family and generation. */
static const struct {
    uint8_t generation;
    bool single_phase;
    uint8_t code, code_breaker;
} kmp_types[] = {
    {GENERATION_B, false, 0x53, 0x55}, {GENERATION_C, false, 0x53, 0x55},
    {GENERATION_D, false, 0x53, 0x55}, {GENERATION_E, false, 0x53, 0x55},
    {GENERATION_L, false, 0x62, 0x63}, {GENERATION_M, false, 0x68, 0x69},
    {GENERATION_B, true, 0x56, 0x57},  {GENERATION_C, true, 0x56, 0x57},
    {GENERATION_D, true, 0x56, 0x57},  {GENERATION_E, true, 0x56, 0x57},
    {GENERATION_L, true, 0x64, 0x65},  {GENERATION_M, true, 0x70, 0x71},
};

#define BATTERY_HOLD_DAYS 3650u /* its life; TAR-11 */

#define BEHIND_LOCKED 1000000u /* A and B are the first two of configuration 1's eight digits */

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static void generation_decode(const struct order_codes *codes, struct variant *out)
{
    static const char letters[] = "BCDELM";
    const char *at = strchr(letters, codes->code[ORDER_GENERATION][0]);
    out->generation = (uint8_t)(at - letters);
    bool modern = out->generation == GENERATION_M;
    bool basic = out->generation < GENERATION_L;
    out->nominal_voltage_v = 230;
    out->voltage_low_pct = modern ? -20 : -10;
    out->voltage_high_pct = modern ? 15 : 10;
    out->frequency_60hz = !basic;
    out->frequency_tolerance_pct = modern ? 5 : 2;
    out->manual_list_max = basic ? 40 : 30;
    out->iec = modern ? IEC_MODE_A_C : IEC_MODE_A;
    out->iec_baud = out->generation == GENERATION_L ? 9600 : 300;
    out->pulses_per_kwh = 1000;
}

static void current_decode(const struct order_codes *codes, struct variant *out)
{
    char code = codes->code[ORDER_CURRENT][0];
    for (size_t i = 0; i < COUNT_OF(currents); i++) {
        if (currents[i].code == code) {
            bool hundred = code == '1' && out->generation == GENERATION_M; /* 5(100), MET-A */
            out->current_basic_a = currents[i].basic_a;
            out->current_max_a = hundred ? 100 : currents[i].max_a;
            out->current_min_ma = (uint16_t)(currents[i].basic_a * 1000u / 20u); /* I_tr */
        }
    }
}

static uint16_t hold_days(const struct order_codes *codes, const struct order_hardware *hardware)
{
    if (hardware->battery) {
        return BATTERY_HOLD_DAYS;
    }
    unsigned country = order_number_of(codes, ORDER_COUNTRY);
    return hardware->rtc ? country_profile_find(country)->supercap_hold_days : 0;
}

static void options_decode(const struct order_codes *codes, struct variant *out)
{
    const struct order_hardware *hardware = order_hardware(codes);
    out->rtc = hardware->rtc;
    out->backup_battery = hardware->battery;
    out->clock_hold_days = hold_days(codes, hardware);
    out->radio = hardware->radio != 0;
    out->breaker =
        hardware->breaker || out->generation == GENERATION_D || out->generation == GENERATION_E;
    out->energy_type = (uint8_t)order_number_of(codes, ORDER_ENERGY);
    for (size_t i = 0; i < COUNT_OF(tariff_table); i++) {
        if (tariff_table[i].code == codes->code[ORDER_TARIFF][0]) {
            out->tariffs = tariff_table[i].tariffs;
        }
    }
}

static void ident_and_type(struct variant *out)
{
    const char *start = out->iec == IEC_MODE_A_C ? "KAM5 " : "KAM ";
    size_t n_start = strlen(start);
    memcpy(out->iec_ident, start, n_start);
    memcpy(out->iec_ident + n_start, out->order_number, ORDER_DIGITS + 1u);
    for (size_t i = 0; i < COUNT_OF(kmp_types); i++) {
        if (kmp_types[i].generation == out->generation &&
            kmp_types[i].single_phase == out->single_phase) {
            out->kmp_type[0] = out->breaker ? kmp_types[i].code_breaker : kmp_types[i].code;
        }
    }
}

static void order_decode(const struct order_codes *codes, struct variant *out)
{
    const char *phases = codes->code[ORDER_PHASES];
    generation_decode(codes, out);
    current_decode(codes, out);
    options_decode(codes, out);
    out->single_phase = strcmp(phases, "6861") == 0;
    out->aron = strcmp(phases, "6842") == 0;
    out->systems = out->single_phase ? 1 : out->aron ? 2 : 3;
    out->phase_unlimited = !out->aron;
    out->accuracy_class = codes->code[ORDER_CLASS][0];
    ident_and_type(out);
}

static void configurations_decode(const struct order_codes *codes, struct variant *out)
{
    static const uint8_t integration_min[] = {0, 5, 15, 30, 60};
    unsigned zone = order_number_of(codes, ORDER_ZONE);
    out->energy_format = (uint8_t)order_number_of(codes, ORDER_DECIMALS);
    out->led_on_idle = order_number_of(codes, ORDER_LED) == 2u;
    out->display_configuration = (uint16_t)order_number_of(codes, ORDER_DISPLAY);
    out->integration_min = integration_min[order_number_of(codes, ORDER_INTEGRATION)];
    out->time_zone_h = (int8_t)(zone <= 12u ? (int)zone : (int)zone - 24);
    out->summer_time_eu = order_number_of(codes, ORDER_SUMMER) == 1u;
}

/* Faults come in the order of the fields: a code of the order number is found first. */
static enum variant_err numbers_check(const struct order_codes *codes)
{
    struct order_fault fault;
    if (order_check(codes, false, &fault, 1) == 0) {
        return VARIANT_OK;
    }
    if (fault.kind != ORDER_FAULT_CODE) {
        return VARIANT_ERR_CONTRADICTION;
    }
    return order_fields[fault.field].part == 0 ? VARIANT_ERR_ORDER : VARIANT_ERR_CONFIGURATION;
}

enum variant_err variant_from_order(const char *name, const char *order_number,
                                    const uint32_t configuration[5], struct variant *out)
{
    struct variant v;
    struct order_codes codes;
    memset(&v, 0, sizeof v);
    if (!order_split(order_number, configuration, &codes)) {
        return strlen(order_number) != ORDER_DIGITS ? VARIANT_ERR_ORDER : VARIANT_ERR_CONFIGURATION;
    }
    enum variant_err err = numbers_check(&codes);
    if (err != VARIANT_OK) {
        return err;
    }
    memcpy(v.order_number, order_number, ORDER_DIGITS + 1u);
    memcpy(v.configuration, configuration, sizeof v.configuration);
    order_decode(&codes, &v);
    configurations_decode(&codes, &v);
    for (size_t i = 0; i + 1u < sizeof v.name && name[i] != '\0'; i++) {
        v.name[i] = name[i];
    }
    *out = v;
    return VARIANT_OK;
}

static bool same_hardware(const struct variant *a, const struct variant *b)
{
    return a->generation == b->generation && a->single_phase == b->single_phase &&
           a->aron == b->aron && a->systems == b->systems && a->breaker == b->breaker &&
           a->radio == b->radio && a->rtc == b->rtc && a->backup_battery == b->backup_battery &&
           a->clock_hold_days == b->clock_hold_days && a->current_basic_a == b->current_basic_a &&
           a->current_max_a == b->current_max_a && a->current_min_ma == b->current_min_ma &&
           a->accuracy_class == b->accuracy_class && a->nominal_voltage_v == b->nominal_voltage_v &&
           a->voltage_low_pct == b->voltage_low_pct && a->voltage_high_pct == b->voltage_high_pct &&
           a->frequency_tolerance_pct == b->frequency_tolerance_pct &&
           a->frequency_60hz == b->frequency_60hz && a->phase_unlimited == b->phase_unlimited;
}

static bool same_settings(const struct variant *a, const struct variant *b)
{
    return a->energy_type == b->energy_type && a->energy_format == b->energy_format &&
           a->tariffs == b->tariffs && a->integration_min == b->integration_min &&
           a->time_zone_h == b->time_zone_h && a->summer_time_eu == b->summer_time_eu &&
           a->led_on_idle == b->led_on_idle &&
           a->display_configuration == b->display_configuration &&
           a->manual_list_max == b->manual_list_max && a->iec == b->iec &&
           a->iec_baud == b->iec_baud && a->kmp_type[0] == b->kmp_type[0] &&
           a->kmp_type[1] == b->kmp_type[1] && a->pulses_per_kwh == b->pulses_per_kwh &&
           strcmp(a->iec_ident, b->iec_ident) == 0;
}

enum variant_err variant_check(const struct variant *variant)
{
    struct variant read_again;
    enum variant_err err = variant_from_order(variant->name, variant->order_number,
                                              variant->configuration, &read_again);
    if (err != VARIANT_OK) {
        return err;
    }
    bool same = same_hardware(variant, &read_again) && same_settings(variant, &read_again);
    return same ? VARIANT_OK : VARIANT_ERR_CONTRADICTION;
}

bool variant_is_type(const struct variant *variant, const char *order_number,
                     const uint32_t configuration[5])
{
    return strcmp(variant->order_number, order_number) == 0 &&
           variant->configuration[0] / BEHIND_LOCKED == configuration[0] / BEHIND_LOCKED;
}

int variant_system_of_phase(const struct variant *variant, unsigned phase)
{
    static const int8_t aron[3] = {0, -1, 1}; /* systems L1-L2 and L3-L2 (MET-20) */
    if (phase > 2u) {
        return -1;
    }
    if (variant->aron) {
        return aron[phase];
    }
    return phase < variant->systems ? (int)phase : -1;
}

uint16_t variant_has(const struct variant *v)
{
    const struct {
        bool yes;
        uint16_t need;
    } have[] = {
        {v->energy_type == ENERGY_A_BOTH || v->energy_type == ENERGY_FOUR, NEED_A_MINUS},
        {v->energy_type == ENERGY_A_PLUS_R_PLUS || v->energy_type == ENERGY_FOUR, NEED_REACTIVE},
        {v->energy_type == ENERGY_FOUR, NEED_R_MINUS},
        {variant_system_of_phase(v, 1) >= 0, NEED_L2},
        {variant_system_of_phase(v, 2) >= 0, NEED_L3},
        {v->rtc, NEED_RTC},
        {v->tariffs != 0, NEED_TARIFFS},
        {v->generation == GENERATION_M, NEED_M},
        {v->generation >= GENERATION_L, NEED_L_OR_M},
        {v->breaker, NEED_BREAKER},
        {!v->aron, NEED_OWN_PHASE},
    };
    unsigned has = 0;
    for (size_t i = 0; i < COUNT_OF(have); i++) {
        has |= have[i].yes ? have[i].need : 0u;
    }
    return (uint16_t)has;
}
