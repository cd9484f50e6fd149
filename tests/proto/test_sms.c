/* Short messages in PDU mode: published octets, texts of every kind, and cut at every octet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/sms/sms_pdu.h"

/* Published examples of SMS-DELIVER and SMS-SUBMIT ("hellohello"). */
#define DELIVERED "07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37"
#define SUBMITTED "0011000B916407281553F80000A70AE8329BFD4697D9EC37"
/* From a modem's manual: UCS-2, SMS-SUBMIT without validity. */
#define WIDE "0001000B813124819396F300080A00680065006C006C006F"

static const uint8_t when[7] = {0x99, 0x30, 0x92, 0x51, 0x61, 0x95, 0x80};

/* Octets in pairs of digits, blanks between them or not. */
static size_t hex_bytes(const char *text, uint8_t *out)
{
    size_t n = 0;
    while (*text != '\0') {
        if (*text == ' ') {
            text++;
            continue;
        }
        const char pair[3] = {text[0], text[1], '\0'};
        out[n++] = (uint8_t)strtoul(pair, NULL, 16);
        text += 2;
    }
    return n;
}

static void test_published(void **state)
{
    (void)state;
    uint8_t pdu[SMS_PDU_MAX], made[SMS_PDU_MAX];
    struct sms sms;
    size_t n_tpdu = 0, n = hex_bytes(DELIVERED, pdu);
    assert_int_equal(sms_deliver_decode(pdu, n, &sms), SMS_OK);
    assert_string_equal(sms.text, "hellohello");
    assert_string_equal(sms.number, "27838890001");
    assert_true(sms.readable && !sms.part);
    assert_int_equal(sms_submit_decode(pdu, n, &sms), SMS_ERR_KIND);
    n = hex_bytes(SUBMITTED, pdu);
    assert_int_equal(sms_submit_encode("+46708251358", "hellohello", made, sizeof made, &n_tpdu),
                     n);
    assert_memory_equal(made, pdu, n);
    assert_int_equal(n_tpdu, n - 1);
    assert_int_equal(sms_submit_decode(pdu, n, &sms), SMS_OK);
    assert_string_equal(sms.number, "+46708251358");
    n = hex_bytes(WIDE, pdu);
    assert_int_equal(sms_submit_decode(pdu, n, &sms), SMS_OK);
    assert_string_equal(sms.text, "hello");
    assert_string_equal(sms.number, "13421839693");
}

/* Every character that can be sent comes back, at every length. */
static void test_round_trip(void **state)
{
    (void)state;
    static const char all[] =
        "@$_^{}\\[~]| !\"#%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "abcdefghijklmnopqrstuvwxyz\r\n";
    uint8_t pdu[SMS_PDU_MAX];
    size_t n_tpdu;
    for (size_t n = 0; n <= SMS_SEPTETS_MAX; n++) {
        char text[SMS_SEPTETS_MAX + 1];
        struct sms sms;
        for (size_t i = 0; i < n; i++) {
            text[i] = all[(i * 7 + n) % (sizeof all - 1)];
        }
        text[n] = '\0';
        const int septets = sms_septets(text);
        const int length = sms_deliver_encode("+4512345678", text, when, pdu, sizeof pdu, &n_tpdu);
        if (septets > (int)SMS_SEPTETS_MAX) {
            assert_int_equal(length, SMS_ERR_TEXT);
            continue;
        }
        assert_true(length > 0);
        assert_int_equal(sms_deliver_decode(pdu, (size_t)length, &sms), SMS_OK);
        assert_string_equal(sms.text, text);
        assert_string_equal(sms.number, "+4512345678");
    }
}

static void test_refused(void **state)
{
    (void)state;
    uint8_t pdu[SMS_PDU_MAX];
    size_t n_tpdu = 7;
    char long_text[SMS_SEPTETS_MAX + 2];
    memset(long_text, 'A', sizeof long_text);
    long_text[SMS_SEPTETS_MAX + 1] = '\0';
    assert_int_equal(sms_submit_encode("+45", "a`b", pdu, sizeof pdu, &n_tpdu), SMS_ERR_TEXT);
    assert_int_equal(sms_submit_encode("+45", "\x80", pdu, sizeof pdu, &n_tpdu), SMS_ERR_TEXT);
    assert_int_equal(sms_submit_encode("+45", long_text, pdu, sizeof pdu, &n_tpdu), SMS_ERR_TEXT);
    assert_int_equal(sms_submit_encode("", "a", pdu, sizeof pdu, &n_tpdu), SMS_ERR_NUMBER);
    assert_int_equal(sms_submit_encode("+4a", "a", pdu, sizeof pdu, &n_tpdu), SMS_ERR_NUMBER);
    assert_int_equal(sms_submit_encode("123456789012345678901", "a", pdu, sizeof pdu, &n_tpdu),
                     SMS_ERR_NUMBER);
    assert_int_equal(sms_submit_encode("+45", "abc", pdu, 10, &n_tpdu), SMS_ERR_SPACE);
    assert_int_equal(n_tpdu, 7);
}

/* A sender with a name, eight-bit data, a part of several, a status report. */
static void test_kinds(void **state)
{
    (void)state;
    uint8_t pdu[SMS_PDU_MAX];
    struct sms sms;
    /* name "Info" */
    size_t n = hex_bytes("00 04 08 D0 C9B7FD06 00 00 99309251619580 03 61F118", pdu);
    assert_int_equal(sms_deliver_decode(pdu, n, &sms), SMS_OK);
    assert_string_equal(sms.number, "");
    assert_string_equal(sms.text, "abc");
    n = hex_bytes("00 04 04 81 2143 00 04 99309251619580 03 616263", pdu);
    assert_int_equal(sms_deliver_decode(pdu, n, &sms), SMS_OK);
    assert_false(sms.readable);
    assert_string_equal(sms.text, "");
    n = hex_bytes("00 44 04 81 2143 00 08 99309251619580 08 050003AA0201 0061", pdu);
    assert_int_equal(sms_deliver_decode(pdu, n, &sms), SMS_OK);
    assert_true(sms.part && sms.readable);
    assert_string_equal(sms.text, "a");
    /* header of seven octets with septets behind it: text begins at septet 7 */
    n = hex_bytes("00 44 04 81 2143 00 00 99309251619580 08 050003AA0201 C2", pdu);
    assert_int_equal(sms_deliver_decode(pdu, n, &sms), SMS_OK);
    assert_string_equal(sms.text, "a");
    n = hex_bytes("00 06 07 04 81 2143 99309251619580 99309251619580 00", pdu);
    assert_int_equal(sms_deliver_decode(pdu, n, &sms), SMS_ERR_KIND);
    /* a header that ends inside one of its elements: once it held the decoder for ever */
    n = hex_bytes("00 44 04 81 2143 00 08 99309251619580 06 030005AA 0061", pdu);
    assert_int_equal(sms_deliver_decode(pdu, n, &sms), SMS_ERR_FORMAT);
    /* a header longer than the text */
    n = hex_bytes("00 44 04 81 2143 00 08 99309251619580 03 050003", pdu);
    assert_int_equal(sms_deliver_decode(pdu, n, &sms), SMS_ERR_FORMAT);
}

static void test_cut(void **state)
{
    (void)state;
    uint8_t pdu[SMS_PDU_MAX];
    struct sms sms, before;
    const size_t n = hex_bytes(DELIVERED, pdu);
    memset(&before, 0x5A, sizeof before);
    for (size_t cut = 0; cut < n; cut++) {
        uint8_t *exact = malloc(cut > 0 ? cut : 1); /* so that a sanitizer sees a step too far */
        memcpy(exact, pdu, cut);
        sms = before;
        assert_true(sms_deliver_decode(exact, cut, &sms) < 0);
        assert_memory_equal(&sms, &before, sizeof sms);
        free(exact);
    }
    pdu[n] = 0;
    assert_int_equal(sms_deliver_decode(pdu, n + 1, &sms), SMS_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published), cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
