/* IEC 62056-21 client: a real meter's read-out, cut and damaged; data sets taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "proto/hex.h"
#include "proto/iec62056_21/iec_client.h"
#include "proto/iec_readout.h"

/** The answer of the 382C as it came over the line. */
static size_t answer_382c(char *out)
{
    size_t length = (size_t)sprintf(out, "/" IEC_382C_IDENT "\r\n\x02");
    size_t from = length;
    for (size_t i = 0; i < IEC_382C_LINES; i++) {
        length += (size_t)sprintf(out + length, "%s\r\n", iec_382c_lines[i]);
    }
    length += (size_t)sprintf(out + length, "!\r\n\x03");
    char bcc = 0;
    for (size_t i = from; i < length; i++) {
        bcc ^= out[i];
    }
    out[length] = bcc;
    return length + 1;
}

static int feed(struct iec_receiver *receiver, const char *bytes, size_t n_bytes, int *idents)
{
    int result = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        int now = iec_receiver_byte(receiver, (uint8_t)bytes[i]);
        *idents += now == 2;
        result = now == 1 || now < 0 ? now : result;
    }
    return result;
}

static void reads_the_382c(void **state)
{
    (void)state;
    struct iec_receiver receiver;
    char answer[512];
    int idents = 0;
    size_t length = answer_382c(answer);
    iec_receiver_init(&receiver);
    assert_int_equal(feed(&receiver, answer, length, &idents), 1);
    assert_int_equal(idents, 1);
    assert_string_equal(receiver.ident, IEC_382C_IDENT);
    const char *at = receiver.block, *end = receiver.block + receiver.length;
    struct iec_item item;
    for (size_t i = 0; i < IEC_382C_LINES; i++) {
        char line[64];
        assert_int_equal(iec_item_next(&at, end, &item), 1);
        sprintf(line, "%.*s(%.*s%s%.*s)", (int)item.n_address, item.address, (int)item.n_value,
                item.value, item.n_unit > 0 ? "*" : "", (int)item.n_unit,
                item.n_unit > 0 ? item.unit : "");
        assert_string_equal(line, iec_382c_lines[i]);
        assert_int_equal(item.n_extra, 0);
    }
    assert_int_equal(iec_item_next(&at, end, &item), 0);
}

static void echo_and_strays_are_passed_over(void **state)
{
    (void)state;
    struct iec_receiver receiver;
    char answer[600] =
        "\r\nx/?!\r\n"; /* rest of an earlier answer, then what the head sends back */
    int idents = 0;
    size_t n_before = strlen(answer), length = answer_382c(answer + n_before);
    iec_receiver_init(&receiver);
    assert_int_equal(feed(&receiver, answer, n_before + length, &idents), 1);
    assert_int_equal(idents, 1);
    assert_string_equal(receiver.ident, IEC_382C_IDENT);
}

static void a_cut_answer_is_not_complete(void **state)
{
    (void)state;
    char answer[512];
    size_t length = answer_382c(answer);
    for (size_t cut = 0; cut < length; cut++) {
        struct iec_receiver receiver;
        int idents = 0;
        iec_receiver_init(&receiver);
        assert_int_equal(feed(&receiver, answer, cut, &idents), 0);
    }
}

static void every_flipped_bit_of_the_block_is_noticed(void **state)
{
    (void)state;
    char answer[512];
    size_t length = answer_382c(answer);
    for (size_t bit = 8 * strlen("/" IEC_382C_IDENT "\r\n\x02"); bit < 8 * length; bit++) {
        struct iec_receiver receiver;
        int idents = 0;
        if (bit % 8 == 7) {
            continue; /* the parity bit is not ours */
        }
        answer[bit / 8] ^= (char)(1u << bit % 8);
        iec_receiver_init(&receiver);
        assert_int_not_equal(feed(&receiver, answer, length, &idents), 1);
        answer[bit / 8] ^= (char)(1u << bit % 8);
    }
}

static int result_of(const char *text)
{
    struct iec_receiver receiver;
    int idents = 0;
    iec_receiver_init(&receiver);
    return feed(&receiver, text, strlen(text), &idents);
}

static void bad_blocks_have_their_errors(void **state)
{
    (void)state;
    assert_int_equal(result_of("\x02!\x03\x22"),
                     1); /* '!' ^ ETX: an old meter ends without CR LF */
    assert_int_equal(result_of("\x02!\x03\x23"), IEC_ERR_BCC);
    assert_int_equal(result_of("\x02x\x03\x7B"), IEC_ERR_FORMAT); /* no '!' */
    assert_int_equal(result_of("\x02\x03\x03"), IEC_ERR_FORMAT);
    assert_int_equal(result_of("/0123456789012345678901234567890123456789\r\n"), IEC_ERR_FORMAT);
    struct iec_receiver receiver;
    iec_receiver_init(&receiver);
    int result = iec_receiver_byte(&receiver, 0x02);
    for (unsigned i = 0; i <= IEC_BLOCK_MAX; i++) {
        assert_int_equal(result, 0);
        result = iec_receiver_byte(&receiver, 'x');
    }
    assert_int_equal(result, IEC_ERR_SPACE);
}

static void data_sets_of_every_form(void **state)
{
    (void)state;
    static const char text[] = "1.6.0(1.078*kW)(00000101000000)\r\n0.0(12345678)1.20(09*kWh)\r\n"
                               "97.97.0()\r\n\r\n1.8.0*01(1)(2)(3)\r\n";
    static const struct iec_item expected[] = {
        {"1.6.0", 5, "1.078", 5, "kW", 2, "00000101000000", 14},
        {"0.0", 3, "12345678", 8, NULL, 0, NULL, 0},
        {"1.20", 4, "09", 2, "kWh", 3, NULL, 0},
        {"97.97.0", 7, "", 0, NULL, 0, NULL, 0},
        {"1.8.0*01", 8, "1", 1, NULL, 0, "2", 1},
    };
    const char *at = text, *end = text + strlen(text);
    struct iec_item item;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(iec_item_next(&at, end, &item), 1);
        assert_int_equal(item.n_address, expected[i].n_address);
        assert_memory_equal(item.address, expected[i].address, item.n_address);
        assert_int_equal(item.n_value, expected[i].n_value);
        assert_memory_equal(item.value, expected[i].value, item.n_value);
        assert_int_equal(item.n_unit, expected[i].n_unit);
        assert_int_equal(item.n_extra, expected[i].n_extra);
        if (item.n_unit > 0) {
            assert_memory_equal(item.unit, expected[i].unit, item.n_unit);
        }
        if (item.n_extra > 0) {
            assert_memory_equal(item.extra, expected[i].extra, item.n_extra);
        }
    }
    assert_int_equal(iec_item_next(&at, end, &item), 0);
}

static void broken_data_sets_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"1.8.0",         "1.8.0(",    "1.8.0(12",
                                        "1.8.0(12\r\n)", "x\r\ny(1)", "1(2)(3"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *at = texts[i];
        struct iec_item item;
        assert_int_equal(iec_item_next(&at, texts[i] + strlen(texts[i]), &item), IEC_ERR_FORMAT);
        assert_ptr_equal(at, texts[i]);
    }
}

static void requests_and_options(void **state)
{
    (void)state;
    char out[64];
    assert_int_equal(iec_client_request("", out, sizeof out), 5);
    assert_memory_equal(out, "/?!\r\n", 5);
    assert_int_equal(iec_client_request("14410000", out, sizeof out), 13);
    assert_memory_equal(out, "/?14410000!\r\n", 13);
    assert_int_equal(iec_client_request("14410000", out, 12), IEC_ERR_SPACE);
    assert_int_equal(iec_client_request("123456789012345678901234567890123", out, sizeof out),
                     IEC_ERR_SPACE);
    assert_int_equal(iec_client_option(9600, out, sizeof out), 6);
    assert_memory_equal(out,
                        "\x06"
                        "050\r\n",
                        6);
    assert_int_equal(iec_client_option(300, out, sizeof out), 6);
    assert_memory_equal(out,
                        "\x06"
                        "000\r\n",
                        6);
    assert_int_equal(iec_client_option(19200, out, sizeof out), IEC_ERR_FORMAT);
    assert_int_equal(iec_client_option(300, out, 5), IEC_ERR_SPACE);
}

static void random_bytes_stay_inside(void **state)
{
    (void)state;
    uint64_t seed = (uint64_t)time(NULL), random = seed * 2 + 1;
    struct iec_receiver receiver;
    print_message("seed %llu\n", (unsigned long long)seed);
    iec_receiver_init(&receiver);
    for (unsigned i = 0; i < 2000000; i++) {
        static const char frequent[] = "/?\r\n\x02\x03!()*1.";
        uint64_t r = test_random(&random);
        uint8_t byte =
            r & 0x300 ? (uint8_t)frequent[(r >> 10) % (sizeof frequent - 1)] : (uint8_t)r;
        if (iec_receiver_byte(&receiver, byte) != 1) {
            continue;
        }
        assert_true(receiver.length <= sizeof receiver.block);
        const char *at = receiver.block, *end = receiver.block + receiver.length;
        struct iec_item item;
        while (iec_item_next(&at, end, &item) == 1) {
            assert_true(item.address + item.n_address <= end && item.value + item.n_value <= end);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_382c),
        cmocka_unit_test(echo_and_strays_are_passed_over),
        cmocka_unit_test(a_cut_answer_is_not_complete),
        cmocka_unit_test(every_flipped_bit_of_the_block_is_noticed),
        cmocka_unit_test(bad_blocks_have_their_errors),
        cmocka_unit_test(data_sets_of_every_form),
        cmocka_unit_test(broken_data_sets_are_refused),
        cmocka_unit_test(requests_and_options),
        cmocka_unit_test(random_bytes_stay_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
