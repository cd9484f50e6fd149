#include "display_icons.h"

#include "../meter/meter.h"

#define PHASES 3u

/* The LCD of B to L: quadrant, status, tariff and mains voltage beside value, identification, unit.
 */
#define ICONS_BASIC                                                                                \
    ((uint32_t)ICON_QUADRANT_P_PLUS | (uint32_t)ICON_QUADRANT_P_MINUS |                            \
     (uint32_t)ICON_QUADRANT_Q_PLUS | (uint32_t)ICON_QUADRANT_Q_MINUS | (uint32_t)ICON_ERROR |     \
     (uint32_t)ICON_L1 | (uint32_t)ICON_L2 | (uint32_t)ICON_L3 | (uint32_t)ICON_TARIFF)
#define ICONS_FULL ((uint32_t)((ICON_TARIFF << 1) - 1))

#define STATUS_INTERNAL ((uint32_t)STATUS_EEPROM | (uint32_t)STATUS_RAM | (uint32_t)STATUS_ROM)

/* What each generation's LCD has and which causes light its error symbol (DIS-14). */
struct generation_symbols {
    uint32_t fitted;
    uint32_t error_causes;  /* enum meter_status_bit */
    uint32_t tamper_causes; /* the hand, where there is one */
};

static const struct generation_symbols symbols_bcde = {ICONS_BASIC, STATUS_INTERNAL, 0};
static const struct generation_symbols symbols_l = {ICONS_BASIC,
                                                    STATUS_INTERNAL | (uint32_t)STATUS_MAGNET, 0};
static const struct generation_symbols symbols_m = {
    ICONS_FULL, STATUS_INTERNAL | (uint32_t)STATUS_MAGNET | (uint32_t)STATUS_COVER,
    (uint32_t)STATUS_MAGNET | (uint32_t)STATUS_COVER};

static const struct generation_symbols *symbols_of(const struct variant *variant)
{
    switch (variant->generation) {
    case GENERATION_M: return &symbols_m;
    case GENERATION_L: return &symbols_l;
    default: return &symbols_bcde;
    }
}

/* The total's quadrant; an arrow whose power is exactly nothing stays dark. */
static uint32_t quadrant_icons(const struct legal_instant *instant)
{
    static const uint32_t by_quadrant[] = {
        0,
        (uint32_t)ICON_QUADRANT_P_PLUS | (uint32_t)ICON_QUADRANT_Q_PLUS,
        (uint32_t)ICON_QUADRANT_P_MINUS | (uint32_t)ICON_QUADRANT_Q_PLUS,
        (uint32_t)ICON_QUADRANT_P_MINUS | (uint32_t)ICON_QUADRANT_Q_MINUS,
        (uint32_t)ICON_QUADRANT_P_PLUS | (uint32_t)ICON_QUADRANT_Q_MINUS,
    };
    uint32_t icons = instant->quadrant <= 4 ? by_quadrant[instant->quadrant] : 0;
    if (instant->active_net_mw == 0) {
        icons &= ~((uint32_t)ICON_QUADRANT_P_PLUS | (uint32_t)ICON_QUADRANT_P_MINUS);
    }
    if (instant->reactive_net_mvar == 0) {
        icons &= ~((uint32_t)ICON_QUADRANT_Q_PLUS | (uint32_t)ICON_QUADRANT_Q_MINUS);
    }
    return icons;
}

/* L1 L2 L3 mean something else in each generation (DIS-15, C-24). */
static bool voltage_lit(uint8_t generation, const struct legal_phase *phase, int64_t now_us)
{
    switch (generation) {
    case GENERATION_M: return phase->voltage_present;
    case GENERATION_L:
        return phase->voltage_present && (phase->current_ma >= DISPLAY_CURRENT_LIMIT_MA ||
                                          now_us / DISPLAY_BLINK_US % 2 == 0);
    default: return phase->voltage_mv >= DISPLAY_VOLTAGE_APPLIED_MV;
    }
}

/* One of an Aron build's systems runs backwards below power factor 0.5: there only the whole has a
 * direction. */
static bool phase_exports(const struct display_situation *situation,
                          const struct legal_phase *phase)
{
    return situation->variant->aron ? situation->instant.active_net_mw < 0 : phase->exporting;
}

static uint32_t phase_icons(const struct display_situation *situation)
{
    uint32_t icons = 0;
    for (unsigned i = 0; i < PHASES; i++) {
        int system = variant_system_of_phase(situation->variant, i);
        if (system < 0) {
            continue; /* a phase that this meter does not measure: L2 of an Aron build */
        }
        const struct legal_phase *phase = &situation->instant.phase[system];
        if (voltage_lit(situation->variant->generation, phase, situation->now_us)) {
            icons |= (uint32_t)ICON_L1 << i;
        }
        if (phase->load_present) {
            icons |= (uint32_t)ICON_CURRENT_L1 << i;
            icons |= phase_exports(situation, phase) ? (uint32_t)ICON_EXPORT_L1 << i : 0u;
        }
    }
    return icons;
}

static uint32_t sequence_icons(uint8_t sequence)
{
    switch (sequence) {
    case LEGAL_SEQUENCE_123: return (uint32_t)ICON_SEQUENCE_123;
    case LEGAL_SEQUENCE_132: return (uint32_t)ICON_SEQUENCE_132;
    default: return 0; /* both dark: not recognisable */
    }
}

static uint32_t breaker_icons(const struct display_situation *situation)
{
    if (!situation->variant->breaker) {
        return 0;
    }
    switch (situation->breaker) {
    case DISPLAY_BREAKER_CLOSED: return (uint32_t)ICON_BREAKER_CLOSED;
    case DISPLAY_BREAKER_OPEN: return (uint32_t)ICON_BREAKER_OPEN;
    case DISPLAY_BREAKER_MIXED: return (uint32_t)ICON_BREAKER_OPEN | (uint32_t)ICON_BREAKER_CLOSED;
    case DISPLAY_BREAKER_WARNING:
        return situation->now_us / DISPLAY_BLINK_US % 2 == 0 ? (uint32_t)ICON_BREAKER_CLOSED : 0;
    default: return 0;
    }
}

/* M1: the module; M2: the consumer port.  M3 and M4 belong to no slot of the meter. */
static uint32_t module_icons(const struct display_situation *situation)
{
    const bool lit =
        situation->module == DISPLAY_MODULE_IN || (situation->module == DISPLAY_MODULE_OTHER &&
                                                   situation->now_us / DISPLAY_BLINK_US % 2 == 0);
    uint32_t icons = lit ? (uint32_t)ICON_MODULE_1 : 0u;
    icons |= situation->consumer ? (uint32_t)ICON_MODULE_2 : 0u;
    return icons | (situation->radio ? (uint32_t)ICON_RADIO : 0u);
}

uint32_t display_icons_fitted(const struct variant *variant)
{
    return symbols_of(variant)->fitted;
}

bool display_has_text(const struct variant *variant)
{
    return variant->generation == GENERATION_M;
}

uint32_t display_icons(const struct display_situation *situation)
{
    const struct variant *variant = situation->variant;
    const struct generation_symbols *symbols = symbols_of(variant);
    uint32_t icons = quadrant_icons(&situation->instant) | phase_icons(situation) |
                     sequence_icons(situation->instant.sequence) | breaker_icons(situation) |
                     module_icons(situation);
    if (situation->alarm || situation->uncalibrated ||
        (situation->status & symbols->error_causes) != 0) {
        icons |= (uint32_t)ICON_ERROR;
    }
    if (situation->tamper || (situation->status & symbols->tamper_causes) != 0) {
        icons |= (uint32_t)ICON_TAMPER;
    }
    if (situation->prepayment &&
        (!situation->credit_low || situation->now_us / DISPLAY_BLINK_US % 2 == 0)) {
        icons |= (uint32_t)ICON_PREPAYMENT;
    }
    if (variant->tariffs != 0) {
        icons |= (uint32_t)ICON_TARIFF;
    }
    return icons & symbols->fitted;
}
