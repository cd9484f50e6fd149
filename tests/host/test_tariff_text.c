/* Tariff plans as text: round trip, cut anywhere, faults with their place. */
#define _POSIX_C_SOURCE 200809L /* open_memstream */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/calendar/tariff_plan_image.h"
#include "host/lib/tariff_text.h"

static const char example[] = "# comment\n"
                              "plan \"Winter # peak\"  # a '#' in quotes is no comment\n"
                              "working mon tue wed\tthu fri\r\n"
                              "\n"
                              "season A from 10-01\n"
                              "season B from 04-01 2027-04-15\n"
                              "day A work 00:00 T3 06:00 T1 22:30 T3\n"
                              "day A rest 00:00 T3\n"
                              "day B work 00:00 T2 23:59 T8\n"
                              "day B holiday 00:00 T4\n"
                              "exception 12-25 12-26\n"
                              "exception 2028-02-29 work\n"
                              "summer 2027-03-28T01:00Z 2027-10-31T01:00Z\n"
                              "summer 2028-03-26T01:00Z 2028-10-29T01:00Z";

static int parse(const char *text, struct tariff_plan *plan, struct tariff_text_error *error)
{
    memset(error, 0, sizeof *error);
    return tariff_text_parse(text, strlen(text), plan, error);
}

static void test_all_of_it(void **state)
{
    (void)state;
    struct tariff_plan p;
    struct tariff_text_error error;
    assert_int_equal(parse(example, &p, &error), 0);
    assert_string_equal(p.name, "Winter # peak");
    assert_int_equal(p.working_days, 0x1F);
    assert_int_equal(p.n_seasons, 2);
    assert_int_equal(p.n_starts, 3);
    assert_int_equal(p.start[2].date.year, 2027);
    assert_int_equal(p.start[2].season, 1);
    assert_int_equal(p.day[0][DAY_WORK].n, 3);
    assert_int_equal(p.day[0][DAY_WORK].at[2].minute, 22 * 60 + 30);
    assert_int_equal(p.day[1][DAY_REST].n, 0);
    assert_int_equal(p.day[1][DAY_HOLIDAY].at[0].tariff, 4);
    assert_int_equal(p.n_exceptions, 3);
    assert_int_equal(p.exception[0].type, DAY_HOLIDAY);
    assert_int_equal(p.exception[2].type, DAY_WORK);
    assert_int_equal(p.summers.n, 2);
    assert_int_equal(p.summers.row[0].begin_s, 1806195600); /* date -d 2027-03-28T01:00Z +%s */
}

/* text -> plan -> text -> plan, and the image likewise */
static void test_round_trip(void **state)
{
    (void)state;
    struct tariff_plan p, again;
    struct tariff_text_error error;
    struct plan_place place;
    char *printed = NULL, *twice = NULL;
    size_t n = 0, n_twice = 0;
    uint8_t image[TARIFF_PLAN_IMAGE_MAX], image_again[TARIFF_PLAN_IMAGE_MAX];
    assert_int_equal(parse(example, &p, &error), 0);
    FILE *out = open_memstream(&printed, &n);
    tariff_text_print(out, &p);
    fclose(out);
    assert_int_equal(parse(printed, &again, &error), 0);
    out = open_memstream(&twice, &n_twice);
    tariff_text_print(out, &again);
    fclose(out);
    assert_string_equal(printed, twice);
    struct writer w = writer_over(image, sizeof image), w2 = writer_over(image_again, sizeof image);
    tariff_plan_write(&w, &p);
    tariff_plan_write(&w2, &again);
    assert_int_equal(writer_length(&w), writer_length(&w2));
    assert_memory_equal(image, image_again, writer_length(&w));
    assert_int_equal(tariff_plan_read(image, writer_length(&w), &again, &place), PLAN_OK);
    free(printed);
    free(twice);
}

/* Cut after every byte: either a plan or a fault with a line that exists. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    for (size_t n = 0; n < strlen(example); n++) {
        struct tariff_plan p;
        struct tariff_text_error error = {0, 0, ""};
        char *text = malloc(n + 1u); /* so that the sanitizer sees a step too far */
        assert_non_null(text);
        memcpy(text, example, n);
        if (tariff_text_parse(text, n, &p, &error) != 0) {
            assert_in_range(error.line, 1, 14);
            assert_true(error.column >= 1);
            assert_true(strlen(error.text) > 10);
        }
        free(text);
    }
}

#define GOOD "plan \"x\"\nday A work 00:00 T1\n"

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line, column;
        const char *says;
    } faults[] = {
        {"", 1, 1, "expected a line plan"},
        {"plan x\n", 1, 6, "in quotes"},
        {"plan \"12345678901234567\"\n", 1, 6, "1 to 16 characters"},
        {GOOD "plan \"y\"\n", 3, 1, "a second one"},
        {GOOD "working mon tuesday\n", 3, 13, "weekdays from mon to sun, or none, found 'tuesday'"},
        {GOOD "working none mon", 3, 14, "the end of the line"},
        {GOOD "season E from 01-01", 3, 8, "a season from A to D"},
        {GOOD "season A until 01-01", 3, 10, "from"},
        {GOOD "season A from", 3, 14, "found the end of the line"},
        {GOOD "season A from 2-1", 3, 15, "MM-DD or YYYY-MM-DD"},
        {GOOD "season A from 02-29", 3, 15, "02-29 only with a year"},
        {GOOD "season A from 2027-02-29", 3, 15, "a date that exists"},
        {GOOD "season A from 0000-02-01", 3, 15, "MM-DD or YYYY-MM-DD"},
        {GOOD "season A from 01-01 01-01", 3, 21, "a second one"},
        {GOOD "season B from 01-01", 2, 5, "this season never begins"},
        {GOOD "season B from 01-01\nseason A from 02-02", 3, 8, "day X work"},
        {GOOD "day B work 00:00 T1", 3, 1, "one season"},
        {GOOD "season A from 01-01 01-02 01-03 01-04 01-05 01-06 01-07 01-08 01-09", 3, 63,
         "at most 8 first days"},
        {GOOD "day A rest 01:00 T1", 3, 12, "00:00 as the first time"},
        {GOOD "day A rest 00:00 T1 07:00 T2 07:00 T3", 3, 30, "after the one before it"},
        {GOOD "day A rest 00:00 T9", 3, 18, "T1 to T8, found 'T9'"},
        {GOOD "day A rest 24:00 T1", 3, 12, "00:00 to 23:59"},
        {GOOD "day A rest", 3, 11, "found the end of the line"},
        {GOOD "day A weekend 00:00 T1", 3, 7, "work, rest or holiday"},
        {GOOD "day A work 00:00 T1", 3, 1, "found a second one"},
        {GOOD "day A rest 00:00 T1 01:00 T1 02:00 T1 03:00 T1 04:00 T1 05:00 T1 06:00 T1 "
              "07:00 T1 08:00 T1",
         3, 84, "at most 8 tariffs"},
        {GOOD "exception 13-01", 3, 11, "a date that exists"},
        {GOOD "exception 12-25\nexception 12-25 rest", 4, 11, "each exception day once"},
        {GOOD "exception 12-25 free", 3, 17, "work, rest or holiday, found 'free'"},
        {GOOD "summer 2027-03-28T01:00Z", 3, 25, "an instant like"},
        {GOOD "summer 2027-03-28T01:00Z 2027-03-28T00:59Z", 3, 1, "one after the other"},
        {GOOD "holiday 12-25", 3, 1, "plan, working, season, day, exception or summer"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct tariff_plan p;
        struct tariff_text_error error;
        if (parse(faults[i].text, &p, &error) == 0 || error.line != faults[i].line ||
            (faults[i].column != 0 && error.column != faults[i].column) ||
            strstr(error.text, faults[i].says) == NULL) {
            fail_msg("%s -> %u:%u: %s", faults[i].text, error.line, error.column, error.text);
        }
    }
}

/* A hundred exception days are taken, one more is not. */
static void test_hundred_exceptions(void **state)
{
    (void)state;
    char text[4000] = GOOD;
    struct tariff_plan p;
    struct tariff_text_error error;
    size_t n = strlen(text);
    for (unsigned i = 0; i < 100; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "exception 2027-%02u-%02u\n", i / 25 + 1,
                              i % 25 + 1);
    }
    assert_int_equal(parse(text, &p, &error), 0);
    assert_int_equal(p.n_exceptions, 100);
    (void)snprintf(text + n, sizeof text - n, "exception 12-25\n");
    assert_int_equal(parse(text, &p, &error), -1);
    assert_int_equal(error.line, 103);
}

static void test_example_file(void **state)
{
    (void)state;
    char text[4000];
    struct tariff_plan p;
    struct tariff_text_error error;
    FILE *file = fopen(SOURCE_DIR "/data/tariffs/two-seasons.plan", "r");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_int_equal(tariff_text_parse(text, n, &p, &error), 0);
    assert_int_equal(p.n_exceptions, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_it),    cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_cut_anywhere), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_example_file), cmocka_unit_test(test_hundred_exceptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
