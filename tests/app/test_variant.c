/* Variants: every name, the order number's and the configurations' tables, and their
 * contradictions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/registers/register_table.h"
#include "app/variant/variant.h"

static const uint32_t plain[5] = {11000002, 42301011, 1000, 100, 0};

static enum variant_err decode(const char *order, uint32_t c1, uint32_t c2, uint32_t c3,
                               uint32_t c4, uint32_t c5, struct variant *out)
{
    const uint32_t configuration[5] = {c1, c2, c3, c4, c5};
    return variant_from_order("test", order, configuration, out);
}

static struct variant named(const char *name)
{
    struct variant variant;
    assert_int_equal(variant_by_name(name, &variant), 0);
    return variant;
}

static void test_every_name(void **state)
{
    (void)state;
    assert_int_equal(variant_count(), 2 * 19 + 2);
    for (size_t i = 0; i < variant_count(); i++) {
        struct variant variant = named(variant_name(i));
        assert_string_equal(variant.name, variant_name(i));
        assert_int_equal(variant_check(&variant), VARIANT_OK);
        assert_int_equal(strlen(variant.order_number), 13);
        assert_int_equal(variant.integration_min, 15);
        assert_int_equal(variant.time_zone_h, 1);
        assert_int_equal(variant.summer_time_eu, variant.rtc);
        assert_int_equal(variant.energy_type, ENERGY_FOUR);
        assert_int_equal(variant.pulses_per_kwh, 1000);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(variant_name(i), variant_name(k));
            struct variant other = named(variant_name(k));
            assert_string_not_equal(variant.order_number, other.order_number);
        }
    }
    assert_null(variant_name(variant_count()));
}

static void test_name_of_an_order_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < variant_count(); i++) {
        struct variant variant = named(variant_name(i));
        assert_string_equal(variant_name_of_order(variant.order_number), variant_name(i));
    }
    assert_string_equal(variant_name_of_order("68431BM423070"), "");
}

static void test_names_in_any_case(void **state)
{
    (void)state;
    assert_string_equal(named("382m").name, "382M");
    assert_string_equal(named("382LXB").name, "382LxB");
    assert_string_equal(named("382M-ARON").name, "382M-aron");
    struct variant variant;
    assert_int_equal(variant_by_name("382", &variant), VARIANT_ERR_UNKNOWN);
    assert_int_equal(variant_by_name("382MX", &variant), VARIANT_ERR_UNKNOWN);
    assert_int_equal(variant_by_name("", &variant), VARIANT_ERR_UNKNOWN);
}

/* REQ(VAR-01, VAR-02, VAR-03, VAR-04, VAR-05): breaker and radio of each build */
static void test_breaker_and_radio(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool breaker, radio;
    } table[] = {
        {"382B", false, false},   {"382C", false, true},    {"382D", true, false},
        {"382E", true, true},     {"382Lx1", false, false}, {"382Lx2", false, false},
        {"382Lx3", false, false}, {"382Lx4", false, true},  {"382Lx5", false, true},
        {"382Lx6", false, true},  {"382Lx7", false, true},  {"382LxB", true, false},
        {"382LxC", true, false},  {"382LxD", true, true},   {"382LxE", true, true},
        {"382LxF", true, true},   {"382LxG", true, true},   {"382M", false, false},
        {"382MB", true, false},   {"162M", false, false},   {"162MB", true, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct variant variant = named(table[i].name);
        assert_int_equal(variant.breaker, table[i].breaker);
        assert_int_equal(variant.radio, table[i].radio);
        assert_int_equal((variant_has(&variant) & NEED_BREAKER) != 0, table[i].breaker);
    }
    struct variant variant; /* 382M with radio: the 2 x 2 of VAR-05 */
    assert_int_equal(decode("68431BM453010", plain[0], plain[1], plain[2], 101, 349, &variant), 0);
    assert_true(variant.radio && !variant.breaker);
    assert_int_equal(decode("68438BM4E3010", plain[0], plain[1], plain[2], 101, 349, &variant), 0);
    assert_true(variant.radio && variant.breaker);
}

/* REQ(VAR-06, VAR-07): systems, and the phases that they show */
static void test_systems(void **state)
{
    (void)state;
    struct variant three = named("382M"), one = named("162M"), aron = named("382C-aron");
    assert_int_equal(three.systems, 3);
    assert_int_equal(one.systems, 1);
    assert_true(one.single_phase);
    assert_int_equal(aron.systems, 2);
    assert_true(aron.aron);
    for (unsigned phase = 0; phase < 3; phase++) {
        assert_int_equal(variant_system_of_phase(&three, phase), phase);
    }
    assert_int_equal(variant_system_of_phase(&one, 0), 0);
    assert_int_equal(variant_system_of_phase(&one, 1), -1);
    assert_int_equal(variant_system_of_phase(&aron, 0), 0);
    assert_int_equal(variant_system_of_phase(&aron, 1), -1);
    assert_int_equal(variant_system_of_phase(&aron, 2), 1);
    assert_int_equal(variant_system_of_phase(&three, 3), -1);
    assert_int_equal(variant_has(&one) & (NEED_L2 | NEED_L3), 0);
    assert_int_equal(variant_has(&aron) & (NEED_L2 | NEED_L3), NEED_L3);
}

/* REQ(MET-11, MET-13, MET-14, DIS-05): ratings and limits by generation */
static void test_ratings(void **state)
{
    (void)state;
    static const struct {
        const char *order;
        uint16_t basic_a, max_a, min_ma;
    } currents[] = {
        {"68431BB423010", 5, 105, 250}, {"68434BD423010", 5, 65, 250},
        {"68436AB423010", 10, 60, 500}, {"68437AB423010", 10, 85, 500},
        {"68438BB423010", 5, 85, 250},  {"68431BL423010", 5, 105, 250},
        {"68431BM423010", 5, 100, 250},
    };
    struct variant variant;
    for (size_t i = 0; i < sizeof currents / sizeof currents[0]; i++) {
        assert_int_equal(variant_from_order("x", currents[i].order, plain, &variant), 0);
        assert_int_equal(variant.current_basic_a, currents[i].basic_a);
        assert_int_equal(variant.current_max_a, currents[i].max_a);
        assert_int_equal(variant.current_min_ma, currents[i].min_ma);
        assert_int_equal(variant.accuracy_class, currents[i].order[5]);
    }
    struct variant b = named("382B"), l = named("382Lx7"), m = named("382M");
    assert_int_equal(b.voltage_low_pct, -10);
    assert_int_equal(l.voltage_high_pct, 10);
    assert_int_equal(m.voltage_low_pct, -20);
    assert_int_equal(m.voltage_high_pct, 15);
    assert_int_equal(b.nominal_voltage_v, 230);
    assert_int_equal(b.manual_list_max, 40);
    assert_int_equal(l.manual_list_max, 30);
    assert_int_equal(m.manual_list_max, 30);
}

static void test_protocol_identity(void **state)
{
    (void)state;
    struct variant c = named("382C"), l = named("382Lx7"), m = named("382M"), mb = named("382MB");
    assert_string_equal(c.iec_ident, "KAM 68438BC450000"); /* read from a real 382C */
    assert_int_equal(c.iec, IEC_MODE_A);
    assert_int_equal(c.iec_baud, 300);
    assert_int_equal(l.iec, IEC_MODE_A);
    assert_int_equal(l.iec_baud, 9600);
    assert_string_equal(m.iec_ident, "KAM5 68431BM423010");
    assert_int_equal(m.iec, IEC_MODE_A_C);
    assert_int_equal(c.kmp_type[0], 0x53);
    assert_int_equal(named("382E").kmp_type[0], 0x55);
    assert_int_equal(l.kmp_type[0], 0x62);
    assert_int_equal(named("382LxG").kmp_type[0], 0x63);
    assert_int_equal(m.kmp_type[0], 0x68);
    assert_int_equal(mb.kmp_type[0], 0x69);
    assert_int_equal(named("162M").kmp_type[0], 0x70);
    assert_int_equal(named("162MB").kmp_type[0], 0x71);
}

/* REQ(CFG-08, DIS-22): a display configuration that is in no table is refused */
static void test_display_configurations(void **state)
{
    (void)state;
    struct variant v;
    assert_int_equal(decode("68431BM423010", plain[0], 42301011, 1000, 100, 0, &v), 0);
    assert_int_equal(v.display_configuration, 423);
    static const uint32_t unknown[] = {0, 1, 221, 223, 422, 424, 999};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        uint32_t c2 = unknown[i] * 100000u + 1011u;
        assert_int_equal(decode("68431BM423010", plain[0], c2, 1000, 100, 0, &v),
                         VARIANT_ERR_CONFIGURATION);
    }
    v.display_configuration = 222; /* not what configuration 2 says */
    assert_int_equal(variant_check(&v), VARIANT_ERR_CONTRADICTION);
}

/* REQ(CFG-02, CFG-03, CFG-04, CFG-05, REG-12): fields of the configurations, worked example of
 * CFG-T5 */
static void test_configurations(void **state)
{
    (void)state;
    struct variant v;
    assert_int_equal(decode("68438BB423010", 21000002, 22201011, 1000, 100, 0, &v), 0);
    assert_int_equal(v.energy_format, FORMAT_6_1);
    assert_false(v.led_on_idle);
    assert_int_equal(v.integration_min, 15);
    assert_int_equal(v.time_zone_h, 1);
    assert_true(v.summer_time_eu);
    assert_int_equal(v.display_configuration, 222);
    static const uint8_t minutes[] = {5, 15, 30, 60};
    for (uint32_t e = 1; e <= 4; e++) {
        assert_int_equal(decode("68438BB423010", 12000000 + e, 22201011, 1000, 0, 0, &v), 0);
        assert_int_equal(v.integration_min, minutes[e - 1]);
        assert_true(v.led_on_idle);
        assert_int_equal(v.energy_format, FORMAT_7_0);
        assert_false(v.summer_time_eu);
    }
}

/* REQ(TAR-12): all 24 codes of LL */
static void test_time_zones(void **state)
{
    (void)state;
    static const int8_t hours[24] = {0,  1,   2,   3,  4,  5,  6,  7,  8,  9,  10, 11,
                                     12, -11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1};
    struct variant v;
    for (uint32_t ll = 0; ll < 24; ll++) {
        assert_int_equal(decode("68438BB423010", plain[0], plain[1], ll * 1000, 100, 0, &v), 0);
        assert_int_equal(v.time_zone_h, hours[ll]);
    }
    assert_int_equal(decode("68438BB423010", plain[0], plain[1], 24000, 100, 0, &v),
                     VARIANT_ERR_CONFIGURATION);
}

/* REQ(CFG-01, TAR-02, MET-08): codes of the order number, one changed at a time */
static void test_order_number(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        const char *good, *bad;
    } places[] = {
        {2, "4", "0357"},         {3, "23", "01456"},  {4, "14678", "02359A"}, {5, "AB", "C12"},
        {6, "B", "AFGJKNb"},      {7, "1234", "0569"}, {8, "23", "089ABG"},    {9, "01234", "59A"},
        {10, "0123456789", "Ax"}, {12, "059", " /"},
    };
    static const uint8_t tariffs[] = {8, 0, 2, 8, 4};
    struct variant v;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        for (const char *code = places[i].good; *code != '\0'; code++) {
            char order[] = "68438BB423010";
            order[places[i].at] = *code;
            assert_int_equal(variant_from_order("x", order, plain, &v), VARIANT_OK);
            assert_string_equal(v.order_number, order);
            assert_int_equal(v.tariffs, tariffs[order[9] - '0']);
            assert_int_equal(v.energy_type, order[7] - '0');
        }
        for (const char *code = places[i].bad; *code != '\0'; code++) {
            char order[] = "68438BB423010";
            order[places[i].at] = *code;
            assert_int_equal(variant_from_order("x", order, plain, &v), VARIANT_ERR_ORDER);
        }
    }
    assert_int_equal(variant_from_order("x", "68438BB42301", plain, &v), VARIANT_ERR_ORDER);
    assert_int_equal(variant_from_order("x", "68438BB4230101", plain, &v), VARIANT_ERR_ORDER);
    assert_int_equal(variant_from_order("x", "", plain, &v), VARIANT_ERR_ORDER);
}

/* REQ(CFG-11, CFG-06): numbers that do not exist */
static void test_refused_codes(void **state)
{
    (void)state;
    struct variant v;
    const enum variant_err refused = VARIANT_ERR_CONFIGURATION;
    static const uint32_t first[] = {31000002, 1000002, 10000002, 13000002, 11000000, 11000005};
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        assert_int_equal(decode("68438BB423010", first[i], plain[1], 1000, 100, 0, &v), refused);
    }
    for (uint32_t gg = 0; gg < 32; gg++) { /* target day */
        uint32_t c2 = 42300011 + gg * 1000;
        assert_int_equal(decode("68438BB423010", plain[0], c2, 1000, 100, 0, &v),
                         gg <= 28 ? VARIANT_OK : refused);
    }
    for (uint32_t hh = 0; hh < 30; hh++) { /* B to E miss out 09; L and M do not */
        uint32_t c2 = 42301001 + hh * 10;
        assert_int_equal(decode("68438BB423010", plain[0], c2, 1000, 100, 0, &v),
                         hh <= 25 && hh != 9 ? VARIANT_OK : refused);
        assert_int_equal(decode("68438BL423010", plain[0], c2, 1000, 100, 0, &v),
                         hh <= 24 ? VARIANT_OK : refused);
    }
    for (uint32_t i = 0; i < 10; i++) { /* pulses */
        uint32_t c2 = 42301010 + i;
        assert_int_equal(decode("68438BB423010", plain[0], c2, 1000, 100, 0, &v),
                         i == 1 || i == 3 ? VARIANT_OK : refused);
    }
    assert_int_equal(decode("68438BB423010", plain[0], plain[1], 1004, 100, 0, &v),
                     refused); /* NN */
    assert_int_equal(decode("68438BB423010", plain[0], plain[1], 301000, 100, 0, &v), refused);
    assert_int_equal(decode("68438BB423010", plain[0], plain[1], 1000, 200, 0, &v),
                     refused); /* PPP */
    assert_int_equal(decode("68438BC453010", plain[0], plain[1], 1000, 100, 333, &v), refused);
    assert_int_equal(decode("68438BB423010", 111000002, plain[1], 1000, 100, 0, &v), refused);
}

/* REQ(CFG-09, TAR-09): rule by rule */
static void test_contradictions(void **state)
{
    (void)state;
    struct variant v;
    const uint32_t *p = plain;
    const enum variant_err refused = VARIANT_ERR_CONTRADICTION;
    /* radio hardware, radio letter and radio profile go together */
    assert_int_equal(decode("68438BC423010", p[0], p[1], p[2], 100, 0, &v), refused);
    assert_int_equal(decode("68438BB453010", p[0], p[1], p[2], 100, 349, &v), refused);
    assert_int_equal(decode("68438BC453010", p[0], p[1], p[2], 100, 0, &v), refused);
    assert_int_equal(decode("68438BB423010", p[0], p[1], p[2], 100, 349, &v), refused);
    /* and the radio's maker */
    assert_int_equal(decode("68438BC453010", p[0], p[1], p[2], 100, 340, &v), refused);
    assert_int_equal(decode("68438BC443010", p[0], p[1], p[2], 100, 349, &v), refused);
    assert_int_equal(decode("68438BC443010", p[0], p[1], p[2], 100, 340, &v), VARIANT_OK);
    /* M shows eight digits, of which the first three are the profile */
    assert_int_equal(decode("68431BM453010", p[0], p[1], p[2], 101, 34906011, &v), VARIANT_OK);
    /* no clock: no summer time, no time tables */
    assert_int_equal(decode("68438BB413010", p[0], p[1], p[2], 100, 0, &v), refused);
    assert_int_equal(decode("68438BB413010", p[0], p[1], p[2], 100000, 0, &v), refused);
    assert_int_equal(decode("68438BB413010", p[0], p[1], p[2], 0, 0, &v), VARIANT_OK);
    assert_false(v.rtc);
    /* a disconnect set-up needs a breaker */
    assert_int_equal(decode("68438BB423010", p[0], p[1], 1001000, 100, 0, &v), refused);
    assert_int_equal(decode("68438BD423010", p[0], p[1], 1001000, 100, 0, &v), VARIANT_OK);
    /* no tariffs: no tariff tables */
    assert_int_equal(decode("68438BB421010", p[0], p[1], p[2], 100100, 0, &v), refused);
    assert_int_equal(decode("68438BB421010", p[0], p[1], p[2], 100, 0, &v), VARIANT_OK);
    assert_int_equal(v.tariffs, 0);
}

static void test_a_changed_field_is_found(void **state)
{
    (void)state;
    struct variant v = named("382M");
    v.energy_type = ENERGY_A_PLUS;
    assert_int_equal(variant_check(&v), VARIANT_ERR_CONTRADICTION);
    v = named("382M");
    v.systems = 2;
    assert_int_equal(variant_check(&v), VARIANT_ERR_CONTRADICTION);
    v = named("382M");
    v.energy_format = FORMAT_6_1;
    assert_int_equal(variant_check(&v), VARIANT_ERR_CONTRADICTION);
    v = named("382M");
    v.iec_ident[4] = '6';
    assert_int_equal(variant_check(&v), VARIANT_ERR_CONTRADICTION);
    v = named("382M");
    v.order_number[0] = '\0';
    assert_int_equal(variant_check(&v), VARIANT_ERR_ORDER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_name),        cmocka_unit_test(test_name_of_an_order_number),
        cmocka_unit_test(test_names_in_any_case), cmocka_unit_test(test_breaker_and_radio),
        cmocka_unit_test(test_systems),           cmocka_unit_test(test_ratings),
        cmocka_unit_test(test_protocol_identity), cmocka_unit_test(test_display_configurations),
        cmocka_unit_test(test_configurations),    cmocka_unit_test(test_time_zones),
        cmocka_unit_test(test_order_number),      cmocka_unit_test(test_refused_codes),
        cmocka_unit_test(test_contradictions),    cmocka_unit_test(test_a_changed_field_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
