/* The register table as data: order, uniqueness, formats that real meters have shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/registers/register_table.h"
#include "app/variant/variant.h"
#include "proto/kmp/kmp.h"

static void test_ids_sorted_and_unique(void **state)
{
    (void)state;
    for (size_t i = 1; i < register_table_length; i++) {
        const struct register_def *a = &register_table[i - 1], *b = &register_table[i];
        assert_true(a->kmp_id < b->kmp_id || b->kmp_id == 0xFFFF);
    }
    for (size_t i = 0; i < register_table_length; i++) {
        assert_ptr_equal(register_by_kmp_id(register_table[i].kmp_id), &register_table[i]);
    }
    assert_null(register_by_kmp_id(0));
    assert_null(register_by_kmp_id(7));
    assert_null(register_by_kmp_id(0xFFFE));
}

/* REQ(REG-14): the code of a row is its OBIS identification */
static void test_codes_unique_and_true(void **state)
{
    (void)state;
    for (size_t i = 0; i < register_table_length; i++) {
        const struct register_def *def = &register_table[i];
        char code[24];
        const uint8_t *o = def->obis;
        int n =
            snprintf(code, sizeof code, "%u.%u.%u", (unsigned)o[2], (unsigned)o[3], (unsigned)o[4]);
        if (o[5] != 255) {
            (void)snprintf(code + n, sizeof code - (size_t)n, "*%u", (unsigned)o[5]);
        }
        if (def->code[0] != '\0') {
            assert_string_equal(def->code, code);
            assert_ptr_equal(register_by_code(def->code), def);
        } else {
            /* a peak's stamp stands under the OBIS of its peak, that of a load under the load's */
            const struct register_def *peak = register_by_code(code);
            const bool load = def->source == SOURCE_PREPAY_RTC;
            assert_non_null(peak);
            assert_int_equal(peak->source, load ? SOURCE_PREPAY : SOURCE_PEAK_POWER);
            assert_int_equal(peak->index, load ? (unsigned)PREPAY_REGISTER_LAST : def->index);
        }
    }
    assert_null(register_by_code(""));
    assert_null(register_by_code("1.8.9"));
}

static void test_rows_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < register_table_length; i++) {
        const struct register_def *def = &register_table[i];
        assert_true(def->name[0] != '\0');
        assert_true(strlen(def->label) <= 9);
        assert_true(def->width >= 1 && def->width <= 32);
        assert_non_null(kmp_unit_name(def->kmp_unit));
        assert_true((def->access & ACCESS_R) != 0);
    }
}

/* REQ(DIS-18): the text-field labels of the makers' form 5811-2371 */
static void test_labels(void **state)
{
    (void)state;
    static const struct {
        const char *code, *label;
    } form[] = {
        {"1.8.0", "A+"},       {"2.8.0", "A-"},      {"3.8.0", "R+"},        {"4.8.0", "R-"},
        {"16.8.0", "NET"},     {"5.8.0", "R1"},      {"8.8.0", "R4"},        {"6.8.0", "R2"},
        {"7.8.0", "R3"},       {"1.8.1", "A+/T1"},   {"2.8.2", "A-/T2"},     {"3.8.3", "R+/T3"},
        {"4.8.8", "R-/T8"},    {"21.8.0", "A+/L1"},  {"41.8.0", "A+/L2"},    {"61.8.0", "A+/L3"},
        {"22.8.0", "A-/L1"},   {"62.8.0", "A-/L3"},  {"1.7.0", "P+"},        {"4.7.0", "Q-"},
        {"9.7.0", "S+"},       {"10.7.0", "S-"},     {"1.6.0", "P+M"},       {"2.6.0", "P-M"},
        {"3.6.0", "Q+M"},      {"4.6.0", "Q-M"},     {"1.6.1", "P+M/T1"},    {"1.6.2", "P+M/T2"},
        {"1.2.0", "P+M/ACC"},  {"4.2.0", "Q-M/ACC"}, {"0.0.1", "NUM/1"},     {"0.0.3", "NUM/3"},
        {"96.1.0", "SER/NUM"}, {"0.130.1", "SPC/1"}, {"32.7.0", "U-L1"},     {"72.7.0", "U-L3"},
        {"31.7.0", "I-L1"},    {"51.7.0", "I-L2"},   {"1.0.0", "TIME/DATE"}, {"0.1.0", "RST"},
        {"21.7.0", "P+/L1"},   {"61.7.0", "P+/L3"},  {"96.51.1", "PTH"},     {"96.51.2", "PTH/CNT"},
        {"96.8.0", "HRS"},     {"96.54.1", "CSUM"},  {"97.97.0", "INFO"},    {"33.7.0", "PF-1"},
        {"73.7.0", "PF-3"},    {"13.7.0", "PF"},     {"14.7.0", "FREQ"},     {"15.8.0", ""},
        {"0.128.1", ""},       {"0.2.0", ""},
    };
    for (size_t i = 0; i < sizeof form / sizeof form[0]; i++) {
        const struct register_def *def = register_by_code(form[i].code);
        assert_non_null(def);
        assert_string_equal(def->label, form[i].label);
    }
}

/* Whoever reads the text field alone can tell two readings apart; only stamps share theirs. */
static void test_labels_differ(void **state)
{
    (void)state;
    for (size_t i = 0; i < register_table_length; i++) {
        const struct register_def *a = &register_table[i];
        for (size_t k = 0; k < i && a->label[0] != '\0'; k++) {
            const struct register_def *b = &register_table[k];
            bool texts = a->coding >= REGISTER_CLOCK && b->coding >= REGISTER_CLOCK;
            assert_true(texts || strcmp(a->label, b->label) != 0);
        }
    }
}

/* REQ(REG-10): more than 80 values can be logged, on a 382M as delivered */
static void test_loggable(void **state)
{
    (void)state;
    struct variant m;
    assert_int_equal(variant_by_name("382M", &m), 0);
    unsigned has = variant_has(&m), n = 0;
    for (size_t i = 0; i < register_table_length; i++) {
        const struct register_def *def = &register_table[i];
        n += def->loggable && (def->need & has) == def->need ? 1u : 0u;
    }
    assert_true(n > 80);
}

/* REQ(REG-11): formats read from real meters (bsdphk, Tasmota, ErikErnst) */
static void test_real_formats(void **state)
{
    (void)state;
    static const struct {
        uint16_t id;
        uint8_t unit, width;
        int exponent;
    } real[] = {
        {1, 2, 4, EXPONENT_FOLLOWS_FORMAT},
        {2, 2, 4, EXPONENT_FOLLOWS_FORMAT},
        {3, 14, 4, EXPONENT_FOLLOWS_FORMAT},
        {4, 14, 4, EXPONENT_FOLLOWS_FORMAT},
        {13, 2, 4, -4},
        {14, 2, 4, -4},
        {15, 14, 4, -4},
        {39, 22, 4, -3},
        {1001, 51, 4, 0},
        {1002, 47, 4, 0},
        {1003, 48, 4, 0},
        {1004, 46, 4, 0},
        {1023, 22, 4, -3},
        {1024, 22, 4, -3},
        {1025, 26, 4, -3},
        {1047, 53, 8, 0},
        {1054, 33, 2, 0},
        {1055, 33, 2, 0},
        {1056, 33, 2, 0},
        {1076, 34, 4, -2},
        {1077, 34, 4, -2},
        {1078, 34, 4, -2},
        {1080, 22, 4, -3},
        {1081, 22, 4, -3},
        {1082, 22, 4, -3},
        {1344, 22, 4, -3},
        {1345, 22, 4, -3},
        {1346, 22, 4, -3},
    };
    for (size_t i = 0; i < sizeof real / sizeof real[0]; i++) {
        const struct register_def *def = register_by_kmp_id(real[i].id);
        assert_non_null(def);
        assert_int_equal(def->kmp_unit, real[i].unit);
        assert_int_equal(def->width, real[i].width);
        assert_int_equal(def->kmp_exponent, real[i].exponent);
    }
    /* ids that a real 382L does not know */
    assert_null(register_by_kmp_id(1045));
    assert_null(register_by_kmp_id(1084));
    assert_null(register_by_kmp_id(1085));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_sorted_and_unique),
        cmocka_unit_test(test_codes_unique_and_true),
        cmocka_unit_test(test_rows_are_sound),
        cmocka_unit_test(test_loggable),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_labels_differ),
        cmocka_unit_test(test_real_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
