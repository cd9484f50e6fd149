/* Symbols as truth tables: the situation on the left, what is lit on the right. */
#include "display_fake.h"

#define L_ALL (ICON_L1 | ICON_L2 | ICON_L3)

static uint32_t lit(const char *variant, const struct display_situation *with)
{
    struct variant v;
    assert_int_equal(variant_by_name(variant, &v), 0);
    struct display_situation situation = *with;
    situation.variant = &v;
    return display_icons(&situation);
}

static struct display_situation phase_one(uint32_t voltage_mv, uint32_t current_ma,
                                          int32_t active_mw)
{
    struct display_situation situation;
    memset(&situation, 0, sizeof situation);
    situation.instant.phase[0] = (struct legal_phase){
        .voltage_mv = voltage_mv,
        .current_ma = current_ma,
        .active_mw = active_mw,
        .voltage_present = voltage_mv >= 160000,
        .load_present = active_mw > 2300 || active_mw < -2300,
        .exporting = active_mw < -2300,
    };
    return situation;
}

/* REQ(DIS-15): M steady above 160 V; L steady with current and blinking without; BCDE on with any
 * voltage */
static void voltage_symbols_of_each_generation(void **state)
{
    (void)state;
    static const struct {
        const char *variant;
        uint32_t voltage_mv, current_ma;
        bool first_half, second_half; /* of a blinking period */
    } rows[] = {
        {"382M", 159900, 5000, false, false}, {"382M", 160100, 0, true, true},
        {"162M", 160100, 0, true, true},      {"382Lx2", 159900, 5000, false, false},
        {"382Lx2", 160100, 0, true, false},   {"382Lx2", 160100, 5000, true, true},
        {"382Lx2", 230000, 19, true, false},  {"382Lx2", 230000, 20, true, true},
        {"382B", 100000, 0, true, true},      {"382C", 100000, 0, true, true},
        {"382D", 230000, 0, true, true},      {"382E", 1000, 0, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct display_situation situation = phase_one(rows[i].voltage_mv, rows[i].current_ma, 0);
        assert_int_equal((lit(rows[i].variant, &situation) & ICON_L1) != 0, rows[i].first_half);
        situation.now_us = 500000;
        assert_int_equal((lit(rows[i].variant, &situation) & ICON_L1) != 0, rows[i].second_half);
        assert_int_equal(lit(rows[i].variant, &situation) & (ICON_L2 | ICON_L3), 0);
    }
}

/* An Aron build measures L1 and L3 with its two systems; a 162M has L1 alone. */
static void symbols_stand_at_the_phases_measured(void **state)
{
    (void)state;
    const uint32_t voltages = ICON_L1 | ICON_L2 | ICON_L3;
    const uint32_t currents = ICON_CURRENT_L1 | ICON_CURRENT_L2 | ICON_CURRENT_L3;
    struct display_situation situation = phase_one(230000, 5000, 3000);
    situation.instant.phase[1] = situation.instant.phase[0];
    assert_int_equal(lit("382M-aron", &situation) & voltages, ICON_L1 | ICON_L3);
    assert_int_equal(lit("382M-aron", &situation) & currents, ICON_CURRENT_L1 | ICON_CURRENT_L3);
    assert_int_equal(lit("382M", &situation) & voltages, ICON_L1 | ICON_L2);
    situation.instant.phase[0] = (struct legal_phase){0};
    assert_int_equal(lit("382M-aron", &situation) & (voltages | currents),
                     ICON_L3 | ICON_CURRENT_L3);
    assert_int_equal(lit("162M", &situation) & (voltages | currents), 0);
}

/* REQ(DIS-16, MET-20): in an Aron build one system runs backwards below power factor 0.5; no arrow
 * says export while the whole imports, and both do when it exports */
static void an_aron_build_has_one_direction(void **state)
{
    (void)state;
    const uint32_t mask = ICON_EXPORT_L1 | ICON_EXPORT_L2 | ICON_EXPORT_L3;
    struct display_situation situation = phase_one(230000, 5000, 3000);
    situation.instant.phase[1] = situation.instant.phase[0];
    situation.instant.phase[1].exporting = true;
    situation.instant.active_net_mw = 500;
    assert_int_equal(lit("382M-aron", &situation) & mask, 0);
    situation.instant.active_net_mw = -500;
    assert_int_equal(lit("382M-aron", &situation) & mask, ICON_EXPORT_L1 | ICON_EXPORT_L3);
    assert_int_equal(lit("382M", &situation) & mask, ICON_EXPORT_L2); /* each phase by its own */
}

/* REQ(DIS-16, C-24): the arrow and its direction, on M only */
static void current_arrows_point_with_the_power(void **state)
{
    (void)state;
    const uint32_t mask = ICON_CURRENT_L1 | ICON_EXPORT_L1;
    struct display_situation idle = phase_one(230000, 10, 2200);
    struct display_situation import = phase_one(230000, 11, 2400);
    struct display_situation export = phase_one(230000, 11, -2400);
    assert_int_equal(lit("382M", &idle) & mask, 0);
    assert_int_equal(lit("382M", &import) & mask, ICON_CURRENT_L1);
    assert_int_equal(lit("382M", &export) & mask, ICON_CURRENT_L1 | ICON_EXPORT_L1);
    struct display_situation reactive = phase_one(230000, 3000, -100); /* noise of P below 2.3 W */
    reactive.instant.phase[0].load_present = true;
    assert_int_equal(lit("382M", &reactive) & mask, ICON_CURRENT_L1);
    assert_int_equal(lit("382Lx2", &import) & mask, 0);
    assert_int_equal(lit("382E", &export) & mask, 0);
}

/* REQ(DIS-13, C-34): the quadrant of the total */
static void quadrant_arrows_follow_the_total(void **state)
{
    (void)state;
    static const struct {
        int32_t active_mw, reactive_mvar;
        uint8_t quadrant;
        uint32_t icons;
    } rows[] = {
        {5000, 300, 1, ICON_QUADRANT_P_PLUS | ICON_QUADRANT_Q_PLUS},
        {-5000, 300, 2, ICON_QUADRANT_P_MINUS | ICON_QUADRANT_Q_PLUS},
        {-5000, -300, 3, ICON_QUADRANT_P_MINUS | ICON_QUADRANT_Q_MINUS},
        {5000, -300, 4, ICON_QUADRANT_P_PLUS | ICON_QUADRANT_Q_MINUS},
        {5000, 0, 1, ICON_QUADRANT_P_PLUS},
        {0, 0, 0, 0},
    };
    static const char *const variants[] = {"382B", "382Lx2", "382M"};
    const uint32_t mask =
        ICON_QUADRANT_P_PLUS | ICON_QUADRANT_P_MINUS | ICON_QUADRANT_Q_PLUS | ICON_QUADRANT_Q_MINUS;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct display_situation situation = phase_one(230000, 0, 0);
        situation.instant.active_net_mw = rows[i].active_mw;
        situation.instant.reactive_net_mvar = rows[i].reactive_mvar;
        situation.instant.quadrant = rows[i].quadrant;
        /* phase one alone exports: it is the total that counts */
        situation.instant.phase[0].active_mw = -rows[i].active_mw;
        for (size_t v = 0; v < 3; v++) {
            assert_int_equal(lit(variants[v], &situation) & mask, rows[i].icons);
        }
    }
}

/* REQ(DIS-14, DIS-23): which causes light the error symbol, and the hand beside it on M */
static void error_symbol_has_the_causes_of_its_generation(void **state)
{
    (void)state;
    static const struct {
        uint8_t status;
        bool bcde, l, m, hand;
    } rows[] = {
        {0, false, false, false, false},          {STATUS_RESET, false, false, false, false},
        {STATUS_EEPROM, true, true, true, false}, {STATUS_RAM, true, true, true, false},
        {STATUS_ROM, true, true, true, false},    {STATUS_MAGNET, false, true, true, true},
        {STATUS_COVER, false, false, true, true}, {STATUS_ALARM_INPUT, false, false, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct display_situation situation = phase_one(0, 0, 0);
        situation.status = rows[i].status;
        assert_int_equal((lit("382B", &situation) & ICON_ERROR) != 0, rows[i].bcde);
        assert_int_equal((lit("382E", &situation) & ICON_ERROR) != 0, rows[i].bcde);
        assert_int_equal((lit("382Lx2", &situation) & ICON_ERROR) != 0, rows[i].l);
        assert_int_equal((lit("382M", &situation) & ICON_ERROR) != 0, rows[i].m);
        assert_int_equal((lit("162M", &situation) & ICON_TAMPER) != 0, rows[i].hand);
        assert_int_equal(lit("382Lx2", &situation) & ICON_TAMPER, 0);
    }
    struct display_situation situation = phase_one(0, 0, 0);
    situation.uncalibrated = true; /* on all of them */
    assert_int_not_equal(lit("382B", &situation) & ICON_ERROR, 0);
    assert_int_not_equal(lit("382Lx2", &situation) & ICON_ERROR, 0);
    assert_int_not_equal(lit("382M", &situation) & ICON_ERROR, 0);
    assert_int_equal(lit("382M", &situation) & ICON_TAMPER, 0);
}

/* Nothing is shown where no breaker is fitted. */
static void breaker_symbol_shows_the_position(void **state)
{
    (void)state;
    const uint32_t mask = ICON_BREAKER_CLOSED | ICON_BREAKER_OPEN;
    struct display_situation situation = phase_one(230000, 0, 0);
    situation.breaker = DISPLAY_BREAKER_CLOSED;
    assert_int_equal(lit("382MB", &situation) & mask, ICON_BREAKER_CLOSED);
    assert_int_equal(lit("382M", &situation) & mask, 0);
    situation.breaker = DISPLAY_BREAKER_OPEN;
    assert_int_equal(lit("382MB", &situation) & mask, ICON_BREAKER_OPEN);
    assert_int_equal(lit("382M", &situation) & mask, 0);
    assert_int_equal(lit("382LxB", &situation) & mask, 0);
    situation.breaker = DISPLAY_BREAKER_NONE;
    assert_int_equal(lit("382MB", &situation) & mask, 0);
}

/* Both dark: the order cannot be told. */
static void sequence_shows_the_order_of_the_phases(void **state)
{
    (void)state;
    const uint32_t mask = ICON_SEQUENCE_123 | ICON_SEQUENCE_132;
    struct display_situation situation = phase_one(230000, 0, 0);
    assert_int_equal(lit("382M", &situation) & mask, 0);
    situation.instant.sequence = LEGAL_SEQUENCE_123;
    assert_int_equal(lit("382M", &situation) & mask, ICON_SEQUENCE_123);
    situation.instant.sequence = LEGAL_SEQUENCE_132;
    assert_int_equal(lit("382M", &situation) & mask, ICON_SEQUENCE_132);
    assert_int_equal(lit("382D", &situation) & mask, 0);
}

/* REQ(DIS-12, TAR-08): T and the tariff in force, only where tariffs are used */
static void tariff_is_shown_when_tariffs_are_used(void **state)
{
    (void)state;
    struct meter meter;
    struct display_frame frame;
    puppet_run(&meter, "382M");
    meter.variant.tariffs = 8;
    static const uint8_t digits[] = {0x06, 0x5B, 0x4F, 0x66, 0x6D, 0x7D, 0x07, 0x7F};
    for (uint8_t tariff = 1; tariff <= 8; tariff++) {
        puppet.tariff = tariff;
        display_render(&meter.display, &meter, 10 * SECOND, &frame);
        assert_int_equal(frame.icons & ICON_TARIFF, ICON_TARIFF);
        assert_int_equal(frame.tariff, digits[tariff - 1]);
    }
    meter.variant.tariffs = 0;
    display_render(&meter.display, &meter, 10 * SECOND, &frame);
    assert_int_equal(frame.icons & ICON_TARIFF, 0);
    assert_int_equal(frame.tariff, 0);
}

/* REQ(DIS-14): from the input to the glass; and dark without supply */
static void the_whole_way_from_input_to_glass(void **state)
{
    (void)state;
    struct meter meter;
    struct display_frame frame;
    puppet_run(&meter, "382M");
    meter.input[METER_INPUT_COVER] = true;
    display_render(&meter.display, &meter, 10 * SECOND, &frame);
    assert_int_equal(frame.icons & (ICON_ERROR | ICON_TAMPER), ICON_ERROR | ICON_TAMPER);
    meter.input[METER_INPUT_COVER] = false;
    for (unsigned i = 0; i < 4; i++) {
        meter.real_sensors = (i & 1u) != 0;
        puppet.health.calibrated = (i & 2u) != 0;
        display_render(&meter.display, &meter, 10 * SECOND, &frame);
        assert_int_equal((frame.icons & ICON_ERROR) != 0, i == 1); /* sensors, no constants */
    }
    puppet.instant.phase[0].voltage_present = true;
    display_supply(&meter.display, false, 11 * SECOND);
    display_render(&meter.display, &meter, 11 * SECOND, &frame);
    assert_int_equal(frame.icons, 0);
    display_button(&meter.display, &meter, true, 12 * SECOND);
    display_render(&meter.display, &meter, 12 * SECOND, &frame);
    assert_int_equal(frame.icons & (uint32_t)L_ALL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(voltage_symbols_of_each_generation),
        cmocka_unit_test(symbols_stand_at_the_phases_measured),
        cmocka_unit_test(an_aron_build_has_one_direction),
        cmocka_unit_test(current_arrows_point_with_the_power),
        cmocka_unit_test(quadrant_arrows_follow_the_total),
        cmocka_unit_test(error_symbol_has_the_causes_of_its_generation),
        cmocka_unit_test(breaker_symbol_shows_the_position),
        cmocka_unit_test(sequence_shows_the_order_of_the_phases),
        cmocka_unit_test(tariff_is_shown_when_tariffs_are_used),
        cmocka_unit_test(the_whole_way_from_input_to_glass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
