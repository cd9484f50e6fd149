/* Values on the KMP wire: sign, exponent, width, units; the client takes answers apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/hex.h"
#include "proto/kmp/kmp_client.h"
#include "proto/kmp_vectors.h"

/* REQ(X-KMP-2) */
static void minus_123_45_as_published(void **state)
{
    (void)state;
    struct kmp_value value;
    int64_t mantissa = 0;
    int exponent = 0;
    assert_int_equal(kmp_value_set(&value, 7, 2, 4, -12345, -2), KMP_OK);
    assert_int_equal(value.n_bytes, 4);
    assert_int_equal(value.sign_exp, 0xC2);
    assert_memory_equal(value.bytes, "\x00\x00\x30\x39", 4);
    assert_int_equal(kmp_value_number(&value, &mantissa, &exponent), KMP_OK);
    assert_int_equal(mantissa, -12345);
    assert_int_equal(exponent, -2);
}

static void numbers_at_the_edges(void **state)
{
    (void)state;
    struct kmp_value value = {0};
    int64_t mantissa = 0;
    int exponent = 0;
    assert_int_equal(kmp_value_set(&value, 1, 2, 1, 256, 0), KMP_ERR_SPACE);
    assert_int_equal(kmp_value_set(&value, 1, 2, 4, INT64_C(1) << 32, 0), KMP_ERR_SPACE);
    assert_int_equal(kmp_value_set(&value, 1, 2, 0, 0, 0), KMP_ERR_FORMAT);
    assert_int_equal(kmp_value_set(&value, 1, 2, 33, 0, 0), KMP_ERR_FORMAT);
    assert_int_equal(kmp_value_set(&value, 1, 2, 4, 0, 64), KMP_ERR_FORMAT);
    assert_int_equal(value.n_bytes, 0); /* untouched */
    assert_int_equal(kmp_value_set(&value, 1, 2, 4, UINT32_MAX, 63), KMP_OK);
    assert_int_equal(kmp_value_number(&value, &mantissa, &exponent), KMP_OK);
    assert_int_equal(mantissa, UINT32_MAX);
    assert_int_equal(exponent, 63);
    assert_int_equal(kmp_value_set(&value, 1, 2, 8, INT64_MAX, -63), KMP_OK);
    assert_int_equal(kmp_value_number(&value, &mantissa, &exponent), KMP_OK);
    assert_true(mantissa == INT64_MAX);
    value.bytes[0] = 0x80; /* 2^63 fits no int64_t */
    assert_int_equal(kmp_value_number(&value, &mantissa, &exponent), KMP_ERR_SPACE);
    value.n_bytes = 9;
    assert_int_equal(kmp_value_number(&value, &mantissa, &exponent), KMP_ERR_SPACE);
    value.n_bytes = 0;
    assert_int_equal(kmp_value_number(&value, &mantissa, &exponent), KMP_ERR_FORMAT);
}

/* REQ(X-KMP-7) */
static void units_have_their_signs(void **state)
{
    (void)state;
    static const struct {
        uint8_t code;
        const char *name;
    } units[] = {{1, "Wh"},   {2, "kWh"},   {13, "varh"}, {14, "kvarh"}, {21, "W"}, {22, "kW"},
                 {25, "var"}, {26, "kvar"}, {30, "kVA"},  {33, "V"},     {34, "A"}, {38, "K"},
                 {39, "l"},   {46, "h"},    {47, ""},     {51, ""},      {53, ""},  {58, "min"},
                 {60, "s"},   {61, "ms"},   {67, "Hz"},   {69, "%"}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        assert_string_equal(kmp_unit_name(units[i].code), units[i].name);
    }
    assert_null(kmp_unit_name(0));
    assert_null(kmp_unit_name(65));
    assert_null(kmp_unit_name(255));
}

/** Body of an answer frame. */
static size_t body_of(const char *hex, struct kmp_receiver *receiver)
{
    uint8_t frame[64];
    size_t length = hex_bytes(hex, frame);
    int result = 0;
    kmp_receiver_init(receiver, KMP_FROM_METER);
    for (size_t i = 0; i < length; i++) {
        result = kmp_receiver_byte(receiver, frame[i]);
    }
    assert_int_equal(result, 1);
    return receiver->length;
}

static void client_reads_the_examples(void **state)
{
    (void)state;
    static const struct {
        const char *frame;
        int n_values;
        uint16_t id;
        int64_t mantissa;
        int exponent;
    } cases[] = {
        {"40 3F 10 00 3C 03 04 43 00 00 D6 DE 03 22 0D", 1, 0x3C, 55006, -3},
        {"40 3F 10 00 44 28 04 43 00 04 CB 13 29 23 0D", 1, 0x44, 314131, -3},
        {"40 3F 10 00 01 02 04 00 00 00 1A 61 51 4C 0D", 1, 1, 6753, 0},
        {"40 3F 10 00 1B F2 02 04 44 04 1B F9 79 BA 84 AB 0D", 1, 13, 67533242, -4},
        {"40 3F 10 03 FF 16 04 43 00 00 03 D0 04 00 16 04 43 00 00 00 00 B0 3C 0D", 2, 1023, 976,
         -3},
        {"40 3F 10 03 E9 33 04 00 00 BC 61 4E 79 B7 0D", 1, 1001, 12345678, 0},
        {"40 3F 10 00 1B 7F 16 04 11 01 2A F0 24 63 03 0D", 1, 0x80, 19591204, 17},
        {"40 3F 10 07 9A 0D", 0, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct kmp_receiver receiver;
        struct kmp_value values[KMP_REGISTERS_MAX];
        int64_t mantissa = 0;
        int exponent = 0;
        size_t n_body = body_of(cases[i].frame, &receiver);
        assert_int_equal(kmp_client_values(receiver.body, n_body, values, 8), cases[i].n_values);
        if (cases[i].n_values > 0) {
            assert_int_equal(values[0].id, cases[i].id);
            assert_int_equal(kmp_value_number(&values[0], &mantissa, &exponent), KMP_OK);
            assert_int_equal(mantissa, cases[i].mantissa);
            assert_int_equal(exponent, cases[i].exponent);
        }
    }
}

static void client_refuses_every_cut_answer(void **state)
{
    (void)state;
    struct kmp_receiver receiver;
    struct kmp_value values[KMP_REGISTERS_MAX];
    size_t n_body = body_of("40 3F 10 04 1E 21 02 00 00 E5 04 1F 21 02 00 00 E4 04 20 21 02 00 00 "
                            "E6 F4 71 0D",
                            &receiver);
    for (size_t cut = 0; cut <= n_body; cut++) {
        bool whole = cut >= 2 && (cut - 2) % 7 == 0;
        int expected = whole ? (int)(cut - 2) / 7 : KMP_ERR_FORMAT;
        assert_int_equal(kmp_client_values(receiver.body, cut, values, 8), expected);
    }
    assert_int_equal(kmp_client_values(receiver.body, n_body, values, 2), KMP_ERR_FORMAT);
    receiver.body[1] = 0x11;
    assert_int_equal(kmp_client_values(receiver.body, n_body, values, 8), KMP_ERR_FORMAT);
}

static void clock_and_date_of_a_wrong_length_are_read(void **state)
{
    (void)state;
    uint8_t body[64];
    struct kmp_value values[8];
    size_t n = hex_bytes("3F 10 03 EA 2F 08 00 00 02 38 D5 03 EB 30 02 00 00 03 D4 28 "
                         "00 01 02 01 00 07",
                         body);
    assert_int_equal(kmp_client_values(body, n, values, 8), 3);
    int64_t mantissa = 0;
    int exponent = 0;
    assert_int_equal(kmp_value_number(&values[0], &mantissa, &exponent), KMP_OK);
    assert_int_equal(mantissa, 145621);
    assert_int_equal(kmp_value_number(&values[1], &mantissa, &exponent), KMP_OK);
    assert_int_equal(mantissa, 250920);
    assert_int_equal(values[2].bytes[0], 7);
    assert_int_equal(kmp_client_values(body, n - 1, values, 8), KMP_ERR_FORMAT);
}

static void client_builds_the_known_requests(void **state)
{
    (void)state;
    uint8_t frame[64], expected[64];
    const uint16_t currents[] = {0x434, 0x435, 0x436}, energy[] = {13};
    int length = kmp_client_get_registers(currents, 3, frame, sizeof frame);
    assert_int_equal(length, hex_bytes("80 3F 10 03 04 34 04 35 04 36 74 DC 0D", expected));
    assert_memory_equal(frame, expected, (size_t)length);
    length = kmp_client_get_registers(energy, 1, frame, sizeof frame);
    assert_int_equal(length, hex_bytes("80 3F 10 01 00 1B F2 94 2D 0D", expected));
    assert_memory_equal(frame, expected, (size_t)length);
    length = kmp_client_command(0x01, NULL, 0, frame, sizeof frame);
    assert_int_equal(length, hex_bytes("80 3F 01 05 8A 0D", expected));
    assert_memory_equal(frame, expected, (size_t)length);
    assert_int_equal(kmp_client_get_registers(energy, 0, frame, sizeof frame), KMP_ERR_LENGTH);
    assert_int_equal(kmp_client_get_registers(energy, 9, frame, sizeof frame), KMP_ERR_LENGTH);
    assert_int_equal(kmp_client_get_registers(energy, 1, frame, 5), KMP_ERR_SPACE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minus_123_45_as_published),
        cmocka_unit_test(numbers_at_the_edges),
        cmocka_unit_test(units_have_their_signs),
        cmocka_unit_test(client_reads_the_examples),
        cmocka_unit_test(client_refuses_every_cut_answer),
        cmocka_unit_test(clock_and_date_of_a_wrong_length_are_read),
        cmocka_unit_test(client_builds_the_known_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
