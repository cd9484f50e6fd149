/* A variant is read from its order number and configurations; nothing else is known about it.
 * Tables: CFG-T0 .. CFG-T5, MET-A, VAR-A; type numbers of L and M keep the 13-character pattern of
 * B .. E. */
#include "variant.h"

#include <string.h>

#include "../display/display_configurations.h"
#include "../registers/register_table.h"

enum order_digit {
    ORDER_FAMILY = 2, /* 684 three-phase, 686 single-phase */
    ORDER_PHASES = 3,
    ORDER_CURRENT,
    ORDER_CLASS,
    ORDER_GENERATION,
    ORDER_ENERGY,
    ORDER_HARDWARE,
    ORDER_TARIFF,
    ORDER_COUNTRY,
    ORDER_LENGTH = 13
};

/* Configurations 1 .. 5 taken apart (CFG-T1 .. CFG-T5). */
struct fields {
    unsigned decimals, led, integration;                /* A, B, E */
    unsigned display, target_day, interval, pulses;     /* FFF, GG, HH, I */
    unsigned disconnect, peak, time_zone, pulse_unit;   /* JJ, K, LL, NN */
    unsigned tariff_table, summer_table, radio_profile; /* OOO, PPP, RRR */
};

static const struct {
    char code;
    uint16_t basic_a, max_a;
} currents[] = {{'1', 5, 105}, {'4', 5, 65}, {'6', 10, 60}, {'7', 10, 85}, {'8', 5, 85}};

/* X6: digits as CFG-T0, letters as VAR-A. */
static const struct hardware {
    char code;
    bool rtc, battery, breaker;
    char radio; /* 'S', 'K', or 0 */
} hardware_table[] = {
    {'1', false, false, false, 0},  {'2', true, true, false, 0},   {'3', true, false, false, 0},
    {'4', true, true, false, 'S'},  {'5', true, true, false, 'K'}, {'6', true, false, false, 'S'},
    {'7', true, false, false, 'K'}, {'B', true, true, true, 0},    {'C', true, false, true, 0},
    {'D', true, true, true, 'S'},   {'E', true, true, true, 'K'},  {'F', true, false, true, 'S'},
    {'G', true, false, true, 'K'},
};

static const struct {
    char code;
    uint8_t tariffs;
} tariff_table[] = {
    {'0', 8}, /* in no key, but read from a real 382C that prints T1 .. T4 */
    {'1', 0}, {'2', 2}, {'3', 8}, {'4', 4},
};

/* RRR; the last digit tells Senea (0 .. 2) from Kamstrup radio (6 .. 9). */
static const uint16_t radio_profiles[] = {310, 311, 312, 318, 319, 320, 321, 322, 326, 328,
                                          329, 330, 338, 339, 340, 348, 349, 359, 369, 379};

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

#define BEHIND_LOCKED 1000000u /* A and B are the first two of configuration 1's eight digits */

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static bool order_form_good(const char *order)
{
    if (strlen(order) != ORDER_LENGTH || order[0] != '6' || order[1] != '8' ||
        (order[ORDER_FAMILY] != '4' && order[ORDER_FAMILY] != '6')) {
        return false;
    }
    for (unsigned i = ORDER_COUNTRY; i < ORDER_LENGTH; i++) {
        if (order[i] < '0' || order[i] > '9') {
            return false;
        }
    }
    bool single_phase = order[ORDER_FAMILY] == '6';
    char phases = order[ORDER_PHASES];
    bool phases_good = single_phase ? phases == '1' : phases == '2' || phases == '3';
    return phases_good && (order[ORDER_CLASS] == 'A' || order[ORDER_CLASS] == 'B');
}

static bool generation_decode(char code, struct variant *out)
{
    static const char codes[] = "BCDELM";
    const char *at = strchr(codes, code);
    if (code == '\0' || at == NULL) {
        return false;
    }
    out->generation = (uint8_t)(at - codes);
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
    return true;
}

static bool current_decode(char code, struct variant *out)
{
    for (size_t i = 0; i < COUNT_OF(currents); i++) {
        if (currents[i].code == code) {
            bool hundred = code == '1' && out->generation == GENERATION_M; /* 5(100), MET-A */
            out->current_basic_a = currents[i].basic_a;
            out->current_max_a = hundred ? 100 : currents[i].max_a;
            out->current_min_ma = (uint16_t)(currents[i].basic_a * 1000u / 20u); /* I_tr */
            return true;
        }
    }
    return false;
}

static const struct hardware *hardware_find(char code)
{
    for (size_t i = 0; i < COUNT_OF(hardware_table); i++) {
        if (hardware_table[i].code == code) {
            return &hardware_table[i];
        }
    }
    return NULL;
}

static bool options_decode(const char *order, struct variant *out)
{
    const struct hardware *hardware = hardware_find(order[ORDER_HARDWARE]);
    if (hardware == NULL || order[ORDER_ENERGY] < '1' || order[ORDER_ENERGY] > '4') {
        return false;
    }
    bool basic = out->generation < GENERATION_L;
    if (basic && hardware->breaker) {
        return false; /* B .. E say breaker by their letter, hardware is a digit */
    }
    out->rtc = hardware->rtc;
    out->backup_battery = hardware->battery;
    out->radio = hardware->radio != 0;
    out->breaker =
        hardware->breaker || out->generation == GENERATION_D || out->generation == GENERATION_E;
    out->energy_type = (uint8_t)(order[ORDER_ENERGY] - '0');
    for (size_t i = 0; i < COUNT_OF(tariff_table); i++) {
        if (tariff_table[i].code == order[ORDER_TARIFF]) {
            out->tariffs = tariff_table[i].tariffs;
            return true;
        }
    }
    return false;
}

static void ident_and_type(struct variant *out)
{
    const char *start = out->iec == IEC_MODE_A_C ? "KAM5 " : "KAM ";
    size_t n_start = strlen(start);
    memcpy(out->iec_ident, start, n_start);
    memcpy(out->iec_ident + n_start, out->order_number, ORDER_LENGTH + 1u);
    for (size_t i = 0; i < COUNT_OF(kmp_types); i++) {
        if (kmp_types[i].generation == out->generation &&
            kmp_types[i].single_phase == out->single_phase) {
            out->kmp_type[0] = out->breaker ? kmp_types[i].code_breaker : kmp_types[i].code;
        }
    }
}

static bool order_decode(const char *order, struct variant *out)
{
    if (!order_form_good(order) || !generation_decode(order[ORDER_GENERATION], out) ||
        !current_decode(order[ORDER_CURRENT], out) || !options_decode(order, out)) {
        return false;
    }
    memcpy(out->order_number, order, ORDER_LENGTH + 1u);
    out->single_phase = order[ORDER_FAMILY] == '6';
    out->aron = order[ORDER_PHASES] == '2';
    out->systems = out->single_phase ? 1 : out->aron ? 2 : 3;
    out->phase_unlimited = !out->aron;
    out->accuracy_class = order[ORDER_CLASS];
    ident_and_type(out);
    return true;
}

static struct fields fields_split(const uint32_t c[5])
{
    struct fields f = {
        .decimals = c[0] / 10000000u,
        .led = c[0] / 1000000u % 10u,
        .integration = c[0] % 10u,
        .display = c[1] / 100000u,
        .target_day = c[1] / 1000u % 100u,
        .interval = c[1] / 10u % 100u,
        .pulses = c[1] % 10u,
        .disconnect = c[2] / 1000000u,
        .peak = c[2] / 100000u % 10u,
        .time_zone = c[2] / 1000u % 100u,
        .pulse_unit = c[2] % 100u,
        .tariff_table = c[3] / 100000u,
        .summer_table = c[3] / 100u % 1000u,
        /* three digits, or eight of which the first three are RRR (seen on M) */
        .radio_profile = c[4] > 999u ? c[4] / 100000u : c[4],
    };
    return f;
}

static bool radio_profile_known(unsigned profile)
{
    for (size_t i = 0; i < COUNT_OF(radio_profiles); i++) {
        if (radio_profiles[i] == profile) {
            return true;
        }
    }
    return profile == 0;
}

/* CFG-11: codes that do not exist are refused. */
static bool fields_in_tables(const struct fields *f, uint8_t generation)
{
    bool basic = generation < GENERATION_L;
    bool interval_good = basic ? f->interval <= 25u && f->interval != 9u : f->interval <= 24u;
    bool pulses_good = f->pulses == 1u || f->pulses == 3u ||
                       (generation == GENERATION_M && (f->pulses == 2u || f->pulses == 4u));
    return f->decimals >= FORMAT_7_0 && f->decimals <= FORMAT_6_1 && f->led >= 1u && f->led <= 2u &&
           f->integration >= 1u && f->integration <= 4u &&
           display_configuration_find(f->display) != NULL && f->target_day <= 28u &&
           interval_good && pulses_good && f->peak <= 2u && f->time_zone <= 23u &&
           f->pulse_unit <= 3u && f->summer_table <= 1u && radio_profile_known(f->radio_profile);
}

static void fields_apply(const struct fields *f, struct variant *out)
{
    static const uint8_t integration_min[] = {0, 5, 15, 30, 60};
    out->energy_format = (uint8_t)f->decimals;
    out->led_on_idle = f->led == 2u;
    out->display_configuration = (uint16_t)f->display;
    out->integration_min = integration_min[f->integration];
    out->time_zone_h = (int8_t)(f->time_zone <= 12u ? (int)f->time_zone : (int)f->time_zone - 24);
    out->summer_time_eu = f->summer_table == 1u;
}

/* CFG-09, rule by rule. */
static bool consistent(const struct variant *v, const struct fields *f)
{
    const struct hardware *hardware = hardware_find(v->order_number[ORDER_HARDWARE]);
    bool basic = v->generation < GENERATION_L;
    bool letter_radio = v->generation == GENERATION_C || v->generation == GENERATION_E;
    if (hardware == NULL || (basic && v->radio != letter_radio)) {
        return false;
    }
    if (v->radio != (f->radio_profile != 0)) {
        return false;
    }
    char profile_maker = f->radio_profile % 10u <= 2u ? 'S' : 'K';
    if (v->radio && profile_maker != hardware->radio) {
        return false;
    }
    if (!v->rtc && (f->summer_table != 0 || f->tariff_table != 0)) {
        return false;
    }
    return (f->disconnect == 0 || v->breaker) && (v->tariffs != 0 || f->tariff_table == 0);
}

enum variant_err variant_from_order(const char *name, const char *order_number,
                                    const uint32_t configuration[5], struct variant *out)
{
    struct variant v;
    memset(&v, 0, sizeof v);
    if (!order_decode(order_number, &v)) {
        return VARIANT_ERR_ORDER;
    }
    for (unsigned i = 0; i < 5; i++) {
        if (configuration[i] > 99999999u) {
            return VARIANT_ERR_CONFIGURATION;
        }
        v.configuration[i] = configuration[i];
    }
    struct fields f = fields_split(configuration);
    if (!fields_in_tables(&f, v.generation)) {
        return VARIANT_ERR_CONFIGURATION;
    }
    if (!consistent(&v, &f)) {
        return VARIANT_ERR_CONTRADICTION;
    }
    fields_apply(&f, &v);
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
           a->current_basic_a == b->current_basic_a && a->current_max_a == b->current_max_a &&
           a->current_min_ma == b->current_min_ma && a->accuracy_class == b->accuracy_class &&
           a->nominal_voltage_v == b->nominal_voltage_v &&
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
