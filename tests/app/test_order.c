/* Order number and configurations: every combination there and back, every rule, every table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/display/display_configurations.h"
#include "app/variant/country.h"
#include "app/variant/order.h"
#include "app/variant/variant.h"

static struct order_codes split(const char *order, const uint32_t configuration[5])
{
    struct order_codes codes;
    assert_true(order_split(order, configuration, &codes));
    return codes;
}

static const uint32_t plain[5] = {11000002, 42301011, 1000, 0, 0};

/* What CFG-T0, VAR-A and CFG-09 say, written down a second time: may this be ordered? */
static bool orderable(const char *order)
{
    static const char radios[] = "4567DEFG", breakers[] = "BCDEFG";
    char generation = order[6], hardware = order[8];
    bool basic = strchr("BCDE", generation) != NULL;
    if (basic && strchr(breakers, hardware) != NULL) {
        return false;
    }
    bool radio = strchr(radios, hardware) != NULL;
    return !basic || radio == (generation == 'C' || generation == 'E');
}

static uint32_t profile_for(char hardware)
{
    return strchr("46DF", hardware) != NULL ? 340 : strchr("57EG", hardware) != NULL ? 349 : 0;
}

static void round_trip(const char *order, const uint32_t configuration[5])
{
    struct order_codes codes = split(order, configuration);
    char again[ORDER_DIGITS + 1];
    uint32_t numbers[5];
    order_join(&codes, again, numbers);
    assert_string_equal(again, order);
    assert_memory_equal(numbers, configuration, sizeof numbers);
}

/* REQ(CFG-01): all order numbers of the tables, there and back; no other combination is taken */
static void test_every_order_number(void **state)
{
    (void)state;
    static const char *const phases[] = {"6842", "6843", "6861"};
    char order[ORDER_DIGITS + 1];
    unsigned good = 0;
    for (unsigned n = 0; n < 3u * 5u * 2u * 6u * 4u * 13u * 5u; n++) {
        unsigned rest = n;
        const char *phase = phases[rest % 3u];
        char current = "14678"[(rest /= 3u) % 5u], accuracy = "AB"[(rest /= 5u) % 2u];
        char generation = "BCDELM"[(rest /= 2u) % 6u], energy = "1234"[(rest /= 6u) % 4u];
        char hardware = "1234567BCDEFG"[(rest /= 4u) % 13u], tariff = "01234"[rest / 13u];
        uint32_t configuration[5];
        struct variant variant;
        snprintf(order, sizeof order, "%s%c%c%c%c%c%c010", phase, current, accuracy, generation,
                 energy, hardware, tariff);
        memcpy(configuration, plain, sizeof configuration);
        configuration[4] = profile_for(hardware);
        round_trip(order, configuration);
        enum variant_err err = variant_from_order("x", order, configuration, &variant);
        assert_int_equal(err == VARIANT_OK, orderable(order));
        good += err == VARIANT_OK;
    }
    assert_true(good > 10000);
}

static void set(struct order_codes *codes, enum order_field_id field, const char *code)
{
    memset(codes->code[field], 0, sizeof codes->code[field]);
    memcpy(codes->code[field], code, strlen(code));
}

static bool in_table(const char *order, enum order_field_id field, const char *code)
{
    struct order_codes codes = split(order, plain);
    set(&codes, field, code);
    return order_code_row(&codes, field) != NULL;
}

/* Every digit string of a field: it is in the table, or it is a fault of that field and no other.
 */
static void every_code(const char *order, enum order_field_id field, unsigned *n_good)
{
    const struct order_field *def = &order_fields[field];
    unsigned limit = def->digits == 1 ? 10 : def->digits == 2 ? 100 : 1000;
    *n_good = 0;
    for (unsigned n = 0; n < limit; n++) {
        char code[16], again[ORDER_DIGITS + 1];
        uint32_t numbers[5];
        struct order_fault faults[8];
        struct order_codes codes = split(order, plain);
        snprintf(code, sizeof code, "%0*u", (int)(def->digits & 3u), n);
        set(&codes, field, code);
        order_join(&codes, again, numbers);
        struct order_codes back = split(again, numbers);
        assert_memory_equal(&back, &codes, sizeof codes);
        size_t n_faults = order_check(&codes, false, faults, 8);
        bool good = in_table(order, field, code);
        *n_good += good;
        if (!good) {
            assert_true(n_faults > 0);
            assert_int_equal(faults[0].kind, ORDER_FAULT_CODE);
            assert_int_equal(faults[0].field, field);
        }
        for (size_t i = 0; i < n_faults; i++) {
            assert_true(faults[i].field == field || faults[i].against == field);
        }
    }
}

/* REQ(CFG-02, CFG-03, CFG-04, CFG-05, CFG-06, CFG-11, RAD-04): how many codes each table has */
static void test_every_code(void **state)
{
    (void)state;
    static const struct {
        enum order_field_id field;
        unsigned basic, l, m;
    } counts[] = {
        {ORDER_DECIMALS, 2, 2, 2},      {ORDER_LED, 2, 2, 2},         {ORDER_MODULE, 16, 17, 20},
        {ORDER_PORT, 28, 28, 28},       {ORDER_INTEGRATION, 4, 4, 4}, {ORDER_DISPLAY, 4, 4, 4},
        {ORDER_TARGET_DAY, 29, 29, 29}, {ORDER_INTERVAL, 25, 25, 25}, {ORDER_PULSE, 2, 2, 4},
        {ORDER_DISCONNECT, 2, 2, 2},    {ORDER_PEAK, 3, 3, 3},        {ORDER_ZONE, 24, 24, 24},
        {ORDER_FREE, 2, 2, 2},          {ORDER_PULSE_UNIT, 4, 4, 4},  {ORDER_TARIFF_TABLE, 4, 4, 4},
        {ORDER_SUMMER, 2, 2, 2},        {ORDER_PROTOCOL, 2, 2, 3},    {ORDER_RADIO, 13, 21, 21},
    };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        unsigned n = 0;
        every_code("68438BB423010", counts[i].field, &n);
        assert_int_equal(n, counts[i].basic);
        every_code("68438BL423010", counts[i].field, &n);
        assert_int_equal(n, counts[i].l);
        every_code("68431BM423010", counts[i].field, &n);
        assert_int_equal(n, counts[i].m);
    }
}

/* REQ(CFG-11): the same HH is another month on L and M */
static void test_intervals_by_generation(void **state)
{
    (void)state;
    struct order_codes basic = split("68438BB423010", plain), m = split("68431BM423010", plain);
    set(&basic, ORDER_INTERVAL, "10");
    set(&m, ORDER_INTERVAL, "09");
    assert_string_equal(order_code_row(&basic, ORDER_INTERVAL)->meaning,
                        order_code_row(&m, ORDER_INTERVAL)->meaning);
    assert_false(in_table("68438BB423010", ORDER_INTERVAL, "09"));
    assert_false(in_table("68431BM423010", ORDER_INTERVAL, "25"));
}

/* REQ(RAD-05): RF S and RF K, each with battery or supercap, without and with a breaker */
static void test_radio_kinds(void **state)
{
    (void)state;
    static const struct {
        char hardware, radio;
        bool battery, breaker;
    } kinds[] = {{'4', 'S', true, false},  {'5', 'K', true, false}, {'6', 'S', false, false},
                 {'7', 'K', false, false}, {'D', 'S', true, true},  {'E', 'K', true, true},
                 {'F', 'S', false, true},  {'G', 'K', false, true}, {'3', 0, false, false}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char order[] = "68431BL423010";
        order[8] = kinds[i].hardware;
        const struct order_codes codes = split(order, plain);
        const struct order_hardware *hardware = order_hardware(&codes);
        assert_int_equal(hardware->radio, kinds[i].radio);
        assert_int_equal(hardware->battery, kinds[i].battery);
        assert_int_equal(hardware->breaker, kinds[i].breaker);
        assert_true(hardware->rtc);
    }
}

/* REQ(CFG-06): configuration 5 with three and with eight digits, there and back */
static void test_radio_forms(void **state)
{
    (void)state;
    static const uint32_t forms[] = {0, 349, 34906011, 34900000, 6011};
    static const char *const rests[] = {"", "", "06011", "00000", "06011"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        uint32_t configuration[5];
        memcpy(configuration, plain, sizeof configuration);
        configuration[4] = forms[i];
        round_trip("68431BM453010", configuration);
        struct order_codes codes = split("68431BM453010", configuration);
        assert_string_equal(codes.code[ORDER_RADIO_REST], rests[i]);
    }
}

/* REQ(X-CFG-1): the field layout of a real meter's registers; the sister generation is not ours */
static void test_a_real_meter(void **state)
{
    (void)state;
    static const uint32_t real[5] = {21000002, 22201011, 1000, 100, 0};
    struct order_codes codes = split("68438AJ224070", real);
    struct order_fault faults[4];
    assert_int_equal(order_check(&codes, false, faults, 4), 1);
    assert_int_equal(faults[0].field, ORDER_GENERATION);
    assert_string_equal(codes.code[ORDER_DISPLAY], "222");
    assert_string_equal(codes.code[ORDER_ZONE], "01");
    assert_string_equal(codes.code[ORDER_SUMMER], "001");
    assert_string_equal(order_code_row(&codes, ORDER_COUNTRY)->meaning, "Germany");
}

/* What real meters show may be read, but not made. */
static void test_read_only_codes(void **state)
{
    (void)state;
    struct order_fault faults[4];
    struct order_codes codes = split("68438BC450000", plain); /* a real 382C */
    set(&codes, ORDER_RADIO, "349");
    assert_int_equal(order_check(&codes, false, faults, 4), 0);
    assert_int_equal(order_check(&codes, true, faults, 4), 2);
    assert_int_equal(faults[0].kind, ORDER_FAULT_MADE);
    assert_int_equal(faults[0].field, ORDER_TARIFF);
    assert_int_equal(faults[1].field, ORDER_COUNTRY);
    codes = split("68618BM423010", plain); /* one phase, battery */
    assert_int_equal(order_check(&codes, false, faults, 4), 0);
    assert_int_equal(order_check(&codes, true, faults, 4), 1);
    assert_int_equal(faults[0].field, ORDER_HARDWARE);
}

/* REQ(CFG-08): the codes of FFF are those whose lists exist */
static void test_display_codes_have_lists(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 1000; n++) {
        char code[16];
        snprintf(code, sizeof code, "%03u", n);
        assert_int_equal(in_table("68431BM423010", ORDER_DISPLAY, code),
                         display_configuration_find(n) != NULL);
    }
}

/* The table's own form: digits of codes, fields that fill their numbers without gap or overlap. */
static void test_table_form(void **state)
{
    (void)state;
    static const unsigned length[] = {13, 8, 8, 8, 8, 8};
    unsigned at[6] = {0};
    for (unsigned i = 0; i < ORDER_FIELDS; i++) {
        const struct order_field *field = &order_fields[i];
        assert_int_equal(field->at, at[field->part]);
        at[field->part] += field->digits;
        for (size_t k = 0; k < field->n_codes; k++) {
            size_t n = strlen(field->codes[k].first);
            assert_true(n == field->digits || (n == 0 && i == ORDER_RADIO_REST));
            assert_true((field->codes[k].fits & FITS_ALL) != 0);
        }
        assert_int_equal(field->locked, field->part == 0 || i == ORDER_DECIMALS || i == ORDER_LED);
    }
    for (unsigned part = 0; part < 6; part++) {
        assert_int_equal(at[part], length[part]);
    }
}

/* REQ(TAR-11): a full supercap keeps the clock for a week, in Russia four days; a battery for years
 */
static void test_country_profiles(void **state)
{
    (void)state;
    static const struct {
        const char *order;
        uint16_t days;
    } rows[] = {{"68431BM433010", 7},
                {"68431BM433025", 4},
                {"68431BM423025", 3650},
                {"68438BB433070", 7},
                {"68438BB413070", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct variant variant;
        assert_int_equal(variant_from_order("x", rows[i].order, plain, &variant), VARIANT_OK);
        assert_int_equal(variant.clock_hold_days, rows[i].days);
    }
    /* REQ(APP-03): the Russian sheet names GOST standards and no MID */
    assert_non_null(strstr(country_profile_find(25)->standards, "GOST R 52322-2005"));
    assert_null(strstr(country_profile_find(25)->standards, "MID"));
    assert_non_null(strstr(country_profile_find(10)->standards, "EN 50470-3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_order_number),
        cmocka_unit_test(test_every_code),
        cmocka_unit_test(test_intervals_by_generation),
        cmocka_unit_test(test_radio_forms),
        cmocka_unit_test(test_radio_kinds),
        cmocka_unit_test(test_a_real_meter),
        cmocka_unit_test(test_read_only_codes),
        cmocka_unit_test(test_display_codes_have_lists),
        cmocka_unit_test(test_table_form),
        cmocka_unit_test(test_country_profiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
