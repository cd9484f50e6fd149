/* Bounded reader and writer, CRC: bounds hold, the first failure sticks, nothing is half done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/common/crc.h"
#include "proto/common/reader.h"
#include "proto/common/writer.h"

static void reads_integers_of_both_ends(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0xFF};
    struct reader r = reader_over(bytes, sizeof bytes);
    assert_int_equal(reader_uint_be(&r, 8), 0x0102030405060708);
    assert_int_equal(reader_u8(&r), 0xFF);
    assert_true(reader_complete(&r));
    r = reader_over(bytes, sizeof bytes);
    assert_int_equal(reader_uint_le(&r, 3), 0x030201);
    assert_int_equal(reader_uint_be(&r, 2), 0x0405);
    assert_int_equal(reader_left(&r), 4);
    assert_false(reader_complete(&r));
}

static void reader_failure_sticks(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1, 2, 3};
    struct reader r = reader_over(bytes, sizeof bytes);
    assert_int_equal(reader_u8(&r), 1);
    assert_int_equal(reader_uint_be(&r, 4), 0);
    assert_true(r.failed);
    assert_null(reader_bytes(&r, 1));
    assert_int_equal(reader_u8(&r), 0);
    assert_ptr_equal(r.at, bytes + 1);
    assert_false(reader_complete(&r));
}

static void reader_refuses_widths_that_no_integer_has(void **state)
{
    (void)state;
    const uint8_t bytes[16] = {0};
    struct reader r = reader_over(bytes, sizeof bytes);
    reader_uint_be(&r, 9);
    assert_true(r.failed);
    r = reader_over(bytes, sizeof bytes);
    reader_uint_le(&r, 0);
    assert_true(r.failed);
}

static void reader_over_nothing(void **state)
{
    (void)state;
    struct reader r = reader_over("", 0);
    assert_true(reader_complete(&r));
    assert_int_equal(reader_uint_le(&r, 2), 0);
    assert_true(r.failed);
}

static void writer_never_passes_its_end(void **state)
{
    (void)state;
    uint8_t bytes[8];
    for (size_t capacity = 0; capacity <= 7; capacity++) {
        memset(bytes, 0xEE, sizeof bytes);
        struct writer w = writer_over(bytes, capacity);
        writer_uint_be(&w, 0x010203, 3);
        writer_uint_le(&w, 0x0405, 2);
        writer_text(&w, "ab");
        assert_int_equal(w.failed, capacity < 7);
        assert_true(writer_length(&w) <= capacity);
        assert_int_equal(bytes[capacity], 0xEE);
    }
    assert_memory_equal(bytes,
                        "\x01\x02\x03\x05\x04"
                        "ab",
                        7);
}

static void writer_failure_sticks(void **state)
{
    (void)state;
    uint8_t bytes[4];
    struct writer w = writer_over(bytes, sizeof bytes);
    writer_u8(&w, 1);
    writer_uint_be(&w, 2, 4);
    writer_u8(&w, 3); /* would fit, but something before it is missing */
    assert_true(w.failed);
    assert_int_equal(writer_length(&w), 1);
}

static void writes_decimals(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        unsigned min_digits;
        const char *text;
    } cases[] = {{0, 0, "0"},
                 {0, 1, "0"},
                 {36886, 7, "0036886"},
                 {12345678, 7, "12345678"},
                 {UINT64_MAX, 0, "18446744073709551615"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32] = {0};
        struct writer w = writer_over(text, sizeof text - 1);
        writer_decimal(&w, cases[i].value, cases[i].min_digits);
        assert_false(w.failed);
        assert_string_equal(text, cases[i].text);
    }
}

static void writes_fixed_point(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        unsigned decimals, min_int_digits;
        const char *text;
    } cases[] = {{1078, 3, 1, "1.078"}, {1078, 3, 0, "1.078"},
                 {0, 3, 1, "0.000"},    {1234, 2, 7, "0000012.34"},
                 {12, 0, 7, "0000012"}, {-5, 2, 1, "-0.05"},
                 {5, 4, 1, "0.0005"},   {INT64_MIN, 2, 0, "-92233720368547758.08"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32] = {0};
        struct writer w = writer_over(text, sizeof text - 1);
        writer_fixed(&w, cases[i].value, cases[i].decimals, cases[i].min_int_digits);
        assert_false(w.failed);
        assert_string_equal(text, cases[i].text);
        w = writer_over(text, strlen(cases[i].text) - 1);
        writer_fixed(&w, cases[i].value, cases[i].decimals, cases[i].min_int_digits);
        assert_true(w.failed);
        assert_int_equal(writer_length(&w), 0); /* not half a number */
    }
}

static void crc_has_its_check_value(void **state)
{
    (void)state;
    assert_int_equal(crc16_xmodem((const uint8_t *)"123456789", 9), 0x31C3);
    assert_int_equal(crc16_xmodem((const uint8_t *)"", 0), 0);
    assert_int_equal(crc32_ieee((const uint8_t *)"123456789", 9), 0xCBF43926);
    assert_int_equal(crc32_ieee((const uint8_t *)"", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_integers_of_both_ends),
        cmocka_unit_test(reader_failure_sticks),
        cmocka_unit_test(reader_refuses_widths_that_no_integer_has),
        cmocka_unit_test(reader_over_nothing),
        cmocka_unit_test(writer_never_passes_its_end),
        cmocka_unit_test(writer_failure_sticks),
        cmocka_unit_test(writes_decimals),
        cmocka_unit_test(writes_fixed_point),
        cmocka_unit_test(crc_has_its_check_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
