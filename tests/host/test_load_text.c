/* Tables of load control as words: there and back, and what is no row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/lib/load_text.h"

static void days(void **state)
{
    (void)state;
    static const struct {
        const char *text, *back;
        uint8_t days;
    } rows[] = {{"mon", "mon", 0x01},
                {"mon-fri", "mon-fri", 0x1F},
                {"Sat,SUN", "sat,sun", 0x60},
                {"daily", "daily", 0x7F},
                {"mon-sun", "daily", 0x7F},
                {"mon,wed-fri,sun", "mon,wed-fri,sun", 0x5D},
                {"sat-mon", "mon,sat,sun", 0x61},
                {"tue,thu,sat,sun", "tue,thu,sat,sun", 0x6A}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[LOAD_DAYS_TEXT_MAX];
        assert_int_equal(load_days_of(rows[i].text), rows[i].days);
        load_days_text(rows[i].days, text);
        assert_string_equal(text, rows[i].back);
    }
    for (unsigned all = 1; all < 128; all++) {
        char text[LOAD_DAYS_TEXT_MAX];
        load_days_text((uint8_t)all, text);
        assert_int_equal(load_days_of(text), all);
    }
    static const char *const bad[] = {"", "mo", "monday", "mon-", "mon,", "-fri", "mon--fri", "8"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(load_days_of(bad[i]), 0);
    }
}

static const char *refusal(const char *a, const char *b, const char *c, const char **bad)
{
    char words[3][8] = {"", "", ""};
    char *row[3] = {words[0], words[1], words[2]};
    struct load_plan plan;
    (void)strncpy(words[0], a, 7);
    (void)strncpy(words[1], b, 7);
    (void)strncpy(words[2], c, 7);
    return load_plan_of(row, 3, &plan, bad);
}

static void rows(void **state)
{
    (void)state;
    const char *bad = NULL;
    char days[] = "mon-fri", time[] = "23:59", on[] = "on", off[] = "off";
    char *words[3 * (LOAD_PLAN_ROWS + 1u)];
    struct load_plan plan;
    for (unsigned i = 0; i <= LOAD_PLAN_ROWS; i++) {
        words[3 * i] = days;
        words[3 * i + 1] = time;
        words[3 * i + 2] = i % 2 == 0 ? on : off;
    }
    assert_null(load_plan_of(words, 0, &plan, &bad));
    assert_int_equal(plan.n, 0);
    assert_null(load_plan_of(words, 3 * LOAD_PLAN_ROWS, &plan, &bad));
    assert_int_equal(plan.n, LOAD_PLAN_ROWS);
    assert_int_equal(plan.at[1].minute, 1439);
    assert_true(plan.at[0].active);
    assert_false(plan.at[1].active);
    assert_non_null(load_plan_of(words, 3 * (LOAD_PLAN_ROWS + 1), &plan, &bad));
    assert_non_null(load_plan_of(words, 4, &plan, &bad));
    assert_string_equal(bad, "");
    assert_null(refusal("sun", "00:00", "ON", &bad));
    static const char *const times[] = {"24:00", "1:00", "01:60", "0100", "01:0", "01:00x", ""};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        assert_string_equal(refusal("sun", times[i], "on", &bad), "a time HH:MM");
    }
    assert_string_equal(refusal("sun", "00:00", "1", &bad), "on or off");
    assert_string_equal(bad, "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(days), cmocka_unit_test(rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
