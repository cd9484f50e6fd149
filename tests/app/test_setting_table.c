/* The table of settings: what a row may say, and which values it lets through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/registers/register_table.h"
#include "app/settings/setting_table.h"
#include "app/variant/order.h"
#include "app/variant/variant.h"

static bool good(const char *name, uint32_t number)
{
    const struct setting_def *def = setting_by_name(name);
    const struct setting_value value = {number, ""};
    assert_non_null(def);
    return setting_value_good(def, &value);
}

/* Ids rise, names and registers are given once, words and units only where they have a meaning. */
static void rows_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < setting_table_length; i++) {
        const struct setting_def *def = &setting_table[i];
        assert_true(i == 0 || def->id > setting_table[i - 1].id);
        assert_ptr_equal(setting_by_id(def->id), def);
        assert_ptr_equal(setting_by_name(def->name), def);
        assert_true(def->kmp_id == SETTING_NO_REGISTER || setting_by_kmp_id(def->kmp_id) == def);
        assert_int_equal(def->choices != NULL, def->type == SETTING_CHOICE);
        assert_true(def->min <= def->max);
        assert_true(def->home != HOME_CONFIGURATION || (def->divisor > 0 && def->modulus > 1));
        assert_int_equal(def->home == HOME_SETTINGS, def->initial != SETTING_FROM_FACTORY);
        const struct setting_value initial = {def->initial, ""};
        assert_true(def->home != HOME_SETTINGS || setting_value_good(def, &initial));
    }
    assert_null(setting_by_id(0));
    assert_null(setting_by_name("nonsense"));
    assert_null(setting_by_kmp_id(SETTING_NO_REGISTER));
}

/* REQ(CFG-02, CFG-03, CFG-04, CFG-05, CFG-06): every digit of configurations 1 to 5 belongs to
 * exactly one field, and what is configured in the named variants passes. */
static void fields_cover_the_configurations(void **state)
{
    (void)state;
    uint32_t covered[5] = {0};
    for (size_t i = 0; i < setting_table_length; i++) {
        const struct setting_def *def = &setting_table[i];
        if (def->home == HOME_CONFIGURATION) {
            covered[def->index] += def->divisor * (def->modulus - 1u);
        }
        for (size_t v = 0; def->home == HOME_CONFIGURATION && v < variant_count(); v++) {
            struct variant variant;
            assert_int_equal(variant_by_name(variant_name(v), &variant), 0);
            const uint32_t number = variant.configuration[def->index] / def->divisor % def->modulus;
            assert_true(good(def->name, number));
        }
    }
    for (unsigned c = 0; c < 4; c++) {
        assert_int_equal(covered[c], 99999999);
    }
    assert_int_equal(covered[4], 999);
}

/* The field of the order table that is made of the same digits. */
static const struct order_field *order_field_of(const struct setting_def *def)
{
    for (unsigned i = 0; i < ORDER_FIELDS; i++) {
        const struct order_field *field = &order_fields[i];
        uint32_t place = 1;
        for (unsigned d = field->part == 5 ? 3u : 8u; d > (unsigned)field->at + field->digits;
             d--) {
            place *= 10u;
        }
        if (i != ORDER_RADIO_REST && field->part == def->index + 1u && place == def->divisor) {
            return field;
        }
    }
    return NULL;
}

static bool in_order_table(const struct order_field *field, const char *code)
{
    for (unsigned i = 0; i < field->n_codes; i++) {
        const char *first = field->codes[i].first;
        const char *last = field->codes[i].last != NULL ? field->codes[i].last : first;
        if (strcmp(code, first) >= 0 && strcmp(code, last) <= 0) {
            return true;
        }
    }
    return false;
}

/* REQ(CFG-08, CFG-11): the words for codes stand here, the rules in the order table: what one of
 * them knows as a code the other knows too */
static void codes_are_those_of_the_order_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < setting_table_length; i++) {
        const struct setting_def *def = &setting_table[i];
        if (def->home != HOME_CONFIGURATION) {
            continue;
        }
        const struct order_field *field = order_field_of(def);
        assert_non_null(field);
        assert_int_equal(field->locked, def->access == SETTING_LOCKED);
        for (uint32_t number = 0; number < def->modulus; number++) {
            char code[300];
            const struct setting_value value = {number, ""};
            snprintf(code, sizeof code, "%0*u", (int)field->digits, (unsigned)number);
            const bool known = in_order_table(field, code);
            const bool taken = setting_value_good(def, &value);
            if (known != taken && (known || def->choices != NULL)) {
                fail_msg("%s %s: in the order table %d, here %d", def->name, code, known, taken);
            }
        }
    }
}

/* REQ(CFG-07): decimals and LED are locked; the factory's number too */
static void locked_rows(void **state)
{
    (void)state;
    static const char *const locked[] = {"decimals", "led", "serial-number"};
    unsigned n = 0;
    for (size_t i = 0; i < setting_table_length; i++) {
        n += setting_table[i].access == SETTING_LOCKED;
    }
    assert_int_equal(n, sizeof locked / sizeof locked[0]);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(setting_by_name(locked[i])->access, SETTING_LOCKED);
    }
}

/* REQ(CFG-11): codes that do not exist are no values */
static void values_are_checked(void **state)
{
    (void)state;
    assert_true(good("integration-period", 4) && !good("integration-period", 5));
    assert_true(!good("integration-period", 0));
    assert_true(good("debiting-day", 28) && !good("debiting-day", 29));
    assert_true(good("time-zone", 23) && !good("time-zone", 24));
    assert_true(good("module", 55) && !good("module", 2));
    assert_true(good("password", 65535) && !good("password", 65536));
    assert_true(good("meter-number-1", 99999999) && !good("meter-number-1", 100000000));
    assert_true(good("alarm-mask-a", UINT32_MAX));

    const struct setting_def *text = setting_by_name("plate-text");
    struct setting_value value = {0, "OWNER 12345"};
    assert_true(setting_value_good(text, &value));
    value.text[2] = '\n';
    assert_false(setting_value_good(text, &value));
    value.text[2] = 'X';
    value.number = 1;
    assert_false(setting_value_good(text, &value));
    assert_string_equal(setting_choice_word(setting_by_name("integration-period"), 2), "15 min");
    assert_null(setting_choice_word(setting_by_name("integration-period"), 9));
}

/* What a client relies on; when this changes, so must SETTING_TABLE_VERSION. */
static void hash_tells_versions_apart(void **state)
{
    (void)state;
    assert_int_equal(SETTING_TABLE_VERSION, 1);
    assert_int_equal(setting_table_hash(), setting_table_hash());
    assert_int_not_equal(setting_table_hash(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_sound),
        cmocka_unit_test(fields_cover_the_configurations),
        cmocka_unit_test(codes_are_those_of_the_order_table),
        cmocka_unit_test(locked_rows),
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(hash_tells_versions_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
