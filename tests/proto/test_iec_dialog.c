/*
 * Programming mode of IEC 62056-21, the reader's side: the messages in print with their block
 * checks (spec answers B21), and what a meter may answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/iec62056_21/iec_dialog.h"

/* REQ(X-IEC-1) */
static void test_the_messages_in_print(void **state)
{
    (void)state;
    static const struct {
        const char *command, *data;
        char check;
    } messages[] = {
        {"P1", "(12345)", 0x50},
        {"R5", "1.0.0()", 0x56},
        {"W5", "1.0.0(0050321073800)", 0x6A},
        {"R1", "131.0.3()", 0x53},
        {"W1", "131.0.3(0)", 0x66},
        {"R6", "99.1.0(0050101000000;0050101080033;6)", 0x5B},
        {"W5", "131.0.17(3)(1.0.0)(1.8.0)(1.8.1)", 0x65},
    };
    char got[80], expected[80];
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        const int n = iec_dialog_message(messages[i].command, messages[i].data, got, sizeof got);
        const int n_expected = snprintf(expected, sizeof expected, "\x01%s\x02%s\x03%c",
                                        messages[i].command, messages[i].data, messages[i].check);
        assert_int_equal(n, n_expected);
        assert_memory_equal(got, expected, (size_t)n);
    }
    assert_int_equal(iec_dialog_message("B0", NULL, got, sizeof got), 5);
    assert_memory_equal(got,
                        "\x01"
                        "B0\x03\x71",
                        5);
    assert_int_equal(iec_dialog_option(9600, '1', got, sizeof got), 6);
    assert_memory_equal(got,
                        "\x06"
                        "051\r\n",
                        6);
}

static void test_messages_that_cannot_be(void **state)
{
    (void)state;
    char got[16];
    assert_int_equal(iec_dialog_message("R1", "1.8.0\x03()", got, sizeof got), IEC_ERR_FORMAT);
    assert_int_equal(iec_dialog_message("R1", "1.8.0\n", got, sizeof got), IEC_ERR_FORMAT);
    assert_int_equal(iec_dialog_message("R1", "1.8.0*28()", got, sizeof got), 16);
    assert_int_equal(iec_dialog_message("R1", "11.8.0*28()", got, sizeof got), IEC_ERR_SPACE);
    assert_int_equal(iec_dialog_option(9600, '1', got, 5), IEC_ERR_SPACE);
    assert_int_equal(iec_dialog_option(19200, '1', got, sizeof got), IEC_ERR_FORMAT);
}

static int take(struct iec_dialog *dialog, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const int result = iec_dialog_byte(dialog, (uint8_t)bytes[i]);
        if (result != IEC_ANSWER_NONE) {
            assert_int_equal(i, n - 1u);
            return result;
        }
    }
    return IEC_ANSWER_NONE;
}
#define TAKE(dialog, text) take(dialog, text, sizeof(text) - 1u)

static void test_answers(void **state)
{
    (void)state;
    struct iec_dialog dialog;
    iec_dialog_init(&dialog);
    assert_int_equal(TAKE(&dialog, "\x01P0\x02()\x03\x60"), IEC_ANSWER_OPENED);
    assert_int_equal(TAKE(&dialog, "\x06"), IEC_ANSWER_ACK);
    assert_int_equal(TAKE(&dialog, "\x15"), IEC_ANSWER_NAK);
    assert_int_equal(TAKE(&dialog, "\x02"
                                   "1.0.0(01050201075012)\x03\x35"),
                     IEC_ANSWER_DATA);
    assert_string_equal(dialog.text, "1.0.0(01050201075012)");
    assert_int_equal(TAKE(&dialog, "\xFFnoise\r\n\x82"
                                   "131.0.3(1)\x03\x83"),
                     IEC_ANSWER_DATA);
    assert_string_equal(dialog.text, "131.0.3(1)"); /* bit 7 is the parity */
    assert_int_equal(TAKE(&dialog, "\x02"
                                   "AB\x04\x07"),
                     IEC_ANSWER_PART);
    assert_string_equal(dialog.text, "AB");
    assert_int_equal(TAKE(&dialog, "\x02"
                                   "ER\x03\x14"),
                     IEC_ANSWER_REFUSED);
    assert_int_equal(TAKE(&dialog, "\x01"
                                   "B0\x03\x71"),
                     IEC_ANSWER_BREAK);
    assert_false(iec_dialog_inside(&dialog));
}

static void test_damage(void **state)
{
    (void)state;
    static struct iec_dialog dialog;
    iec_dialog_init(&dialog);
    assert_int_equal(TAKE(&dialog, "\x02"
                                   "131.0.3(1)\x03\x04"),
                     IEC_ERR_BCC);
    assert_int_equal(TAKE(&dialog, "\x01X0\x03\x6B"), IEC_ERR_FORMAT);
    assert_int_equal(TAKE(&dialog, "\x02"
                                   "A\0B\x03\x00"),
                     IEC_ERR_FORMAT);
    assert_int_equal(TAKE(&dialog, "\x02"
                                   "131.0"),
                     IEC_ANSWER_NONE);
    assert_true(iec_dialog_inside(&dialog));
    iec_dialog_init(&dialog);
    assert_int_equal(iec_dialog_byte(&dialog, 0x02), 0);
    for (unsigned i = 0; i < IEC_DIALOG_BYTES; i++) {
        assert_int_equal(iec_dialog_byte(&dialog, 'A'), 0);
    }
    assert_int_equal(iec_dialog_byte(&dialog, 'A'), IEC_ERR_SPACE);
    assert_int_equal(TAKE(&dialog, "\x06"), IEC_ANSWER_ACK); /* and goes on */
}

static void test_brackets(void **state)
{
    (void)state;
    static const char line[] = "99.1.0(4)(1.0.0)()(kWh)\r\n(x)";
    const char *at = line, *end = line + sizeof line - 1u, *text = NULL;
    size_t n = 0;
    static const char *const expected[] = {"4", "1.0.0", "", "kWh"};
    for (size_t i = 0; i < 4; i++) {
        assert_true(iec_bracket_next(&at, end, &text, &n));
        assert_int_equal(n, strlen(expected[i]));
        assert_memory_equal(text, expected[i], n);
    }
    assert_false(iec_bracket_next(&at, end, &text, &n)); /* the next line is another matter */
    at = "(open";
    assert_false(iec_bracket_next(&at, at + 5, &text, &n));
    at = "";
    assert_false(iec_bracket_next(&at, at, &text, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_messages_in_print),
        cmocka_unit_test(test_messages_that_cannot_be),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_brackets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
