/* Order numbers as people write them: each contradiction has its own sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/variant/variant.h"
#include "host/lib/order_text.h"

static struct order_codes read_all(const char *order, const char *c1, const char *c2,
                                   const char *c3, const char *c4, const char *c5)
{
    const char *const configurations[] = {c1, c2, c3, c4, c5};
    struct order_codes codes;
    char error[ORDER_SENTENCE_MAX] = "";
    assert_true(order_text_read(order, configurations, 5, &codes, error, sizeof error));
    return codes;
}

/* REQ(CFG-09): rule by rule: fields, digits, what would fit */
static void test_sentences(void **state)
{
    (void)state;
    static const struct {
        const char *order, *c[5], *says[4];
    } rows[] = {
        {"68438BB453010",
         {"11000002", "42301011", "00001000", "00000100", "349"},
         {"X6 = 5", "character 9", "X4 = B", "of B to E only C and E have a radio"}},
        {"68438BC423010",
         {"11000002", "42301011", "00001000", "00000100", "000"},
         {"X6 = 2", "X4 = C", "C and E have a radio", "would fit: X4 B, D, L, M"}},
        {"68431BM423010",
         {"11000002", "42301011", "00001000", "00000101", "349"},
         {"RRR = 349", "configuration 5, digits 1 to 3", "a radio profile needs a radio",
          "would fit: RRR 000; or X6 5, 7, E, G"}},
        {"68431BM453010",
         {"11000002", "42301011", "00001000", "00000101", "000"},
         {"RRR = 000", "X6 = 5", "a radio needs a radio profile", "would fit: RRR 318, 319"}},
        {"68438BC443010",
         {"11000002", "42301011", "00001000", "00000100", "349"},
         {"RRR = 349", "X6 = 4", "of one maker, RF S or RF K", "or X6 5, 7"}},
        {"68438BL413010",
         {"11000002", "42301011", "00001000", "00000100", "000"},
         {"PPP = 001", "digits 4 to 6", "summer time needs a clock", "PPP 000; or X6 2, 3"}},
        {"68438BL413010",
         {"11000002", "42301011", "00001000", "00100000", "000"},
         {"OOO = 001", "configuration 4", "tariff tables need a clock", "OOO 000"}},
        {"68438BB423010",
         {"11000002", "42301011", "01001000", "00000100", "000"},
         {"JJ = 01", "configuration 3, digits 1 to 2", "only D and E have one", "X4 D, L, M"}},
        {"68438BL423010",
         {"11000002", "42301011", "01001000", "00000100", "000"},
         {"JJ = 01", "X6 = 2", "a disconnect set-up needs a breaker", "X6 B, C"}},
        {"68438BL421010",
         {"11000002", "42301011", "00001000", "00100100", "000"},
         {"OOO = 001", "X7 = 1", "without tariffs has no tariff tables", "X7 2, 3, 4"}},
        {"68438BL421010",
         {"11000002", "42301011", "00101000", "00000100", "000"},
         {"K = 1", "X7 = 1", "no peak power of a tariff", "K 0; or X7 2, 3, 4"}},
        {"68438BB423010",
         {"11000002", "42301091", "00001000", "00000100", "000"},
         {"HH (debiting interval; configuration 2, digits 6 to 7): '09'", "no code of a 382B",
          "07, 08, 10", "25"}},
        {"68438BB423010",
         {"11000002", "42331011", "00001000", "00000100", "000"},
         {"GG", "'31'", "would fit: 00, 01-28", "configuration 2, digits 4 to 5"}},
        {"68438BK423010",
         {"11000002", "42301011", "00001000", "00000100", "000"},
         {"X4", "'K' is no code", "would fit: B, D, L, M", "character 7"}},
        {"68438BB4B3010",
         {"11000002", "42301011", "00001000", "00000100", "000"},
         {"X6", "'B' is no code of a 382B", "would fit: 2, 3", "character 9"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct order_codes codes = read_all(rows[i].order, rows[i].c[0], rows[i].c[1], rows[i].c[2],
                                            rows[i].c[3], rows[i].c[4]);
        struct order_fault faults[4];
        char sentence[ORDER_SENTENCE_MAX];
        assert_int_equal(order_check(&codes, false, faults, 4), 1);
        order_fault_text(&codes, &faults[0], sentence, sizeof sentence);
        for (size_t k = 0; k < 4; k++) {
            if (strstr(sentence, rows[i].says[k]) == NULL) {
                fail_msg("%s\nlacks: %s", sentence, rows[i].says[k]);
            }
        }
    }
}

static void expect_error(const char *order, const char *c1, const char *says)
{
    struct order_codes codes;
    char error[ORDER_SENTENCE_MAX] = "";
    assert_false(order_text_read(order, &c1, 1, &codes, error, sizeof error));
    assert_non_null(strstr(error, says));
}

static void test_forms(void **state)
{
    (void)state;
    const char *hyphens[] = {"1-1-000-00-2"};
    struct order_codes codes;
    char error[ORDER_SENTENCE_MAX] = "";
    assert_true(order_text_read("684-31B-m423-010", hyphens, 1, &codes, error, sizeof error));
    assert_string_equal(codes.code[ORDER_GENERATION], "M");
    assert_string_equal(codes.code[ORDER_INTEGRATION], "2");
    assert_string_equal(codes.code[ORDER_DISPLAY], ""); /* not given */
    expect_error("6843", "11000002", "expected 13 characters like 68431BM423010, found 4");
    expect_error("68431BM423010", "110000021", "configuration 1: expected eight digits");
    expect_error("68431BM423010", "1100000x", "configuration 1: expected eight digits");
    expect_error("68431BM423010", "", "configuration 1: expected eight digits");
    const char *many[] = {"0", "0", "0", "0", "0", "7"};
    assert_false(order_text_read("68431BM423010", many, 6, &codes, error, sizeof error));
    assert_non_null(strstr(error, "at most five configurations, found '7'"));
}

/* REQ(CFG-01): whatever single code is wished, the rest is found, unless the wish is read-only */
static void test_made_from_one_wish(void **state)
{
    (void)state;
    for (unsigned field = 0; field < ORDER_FIELDS; field++) {
        for (size_t k = 0; k < order_fields[field].n_codes; k++) {
            const struct order_code *row = &order_fields[field].codes[k];
            struct order_codes codes = {0};
            struct order_fault fault;
            if (field == ORDER_GENERATION || (row->fits & FITS_READ_ONLY) != 0 ||
                (row->fits & FITS_M) == 0 || row->first[0] == '\0') {
                continue;
            }
            memcpy(codes.code[field], row->first, strlen(row->first));
            order_text_complete(&codes);
            assert_int_equal(order_check(&codes, true, &fault, 1), 0);
            assert_string_equal(codes.code[field], row->first);
        }
    }
    static const char *const letters[] = {"B", "C", "D", "E", "L", "M"};
    for (size_t i = 0; i < 6; i++) {
        struct order_codes codes = {0};
        struct order_fault fault;
        memcpy(codes.code[ORDER_GENERATION], letters[i], 1);
        order_text_complete(&codes);
        assert_int_equal(order_check(&codes, true, &fault, 1), 0);
    }
}

static void test_assignments(void **state)
{
    (void)state;
    struct order_codes codes = {0};
    char error[ORDER_SENTENCE_MAX] = "";
    assert_true(order_text_set(&codes, "X6=b", error, sizeof error));
    assert_string_equal(codes.code[ORDER_HARDWARE], "B");
    assert_true(order_text_set(&codes, "target-day=15", error, sizeof error));
    assert_string_equal(codes.code[ORDER_TARGET_DAY], "15");
    assert_false(order_text_set(&codes, "target-day=1", error, sizeof error));
    assert_string_equal(error, "target-day (debiting target date): expected 2 digits, found '1'");
    assert_false(order_text_set(&codes, "colour=1", error, sizeof error));
    assert_non_null(strstr(error, "found 'colour=1'"));
    assert_false(order_text_set(&codes, "X6", error, sizeof error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_made_from_one_wish),
        cmocka_unit_test(test_assignments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
