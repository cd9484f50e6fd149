/* The wrapper of DLMS on TCP and UDP: any cut, several in one piece, what cannot be, streams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/dlms/dlms_wrapper.h"
#include "proto/hex.h"

#define GET_CLOCK  "00 01 00 10 00 01 00 0D C0 01 C1 00 01 00 00 2B 01 00 FF 02 00"
#define GET_ANSWER "00 01 00 01 00 10 00 09 C4 01 C1 00 06 00 00 00 00"

/* Answers each request with its turned octets, or says nothing to a request of one octet. */
struct echo {
    unsigned n_requests, n_more;
    uint16_t client, server;
};

static size_t echo_request(void *context, uint16_t client, uint16_t server, uint8_t *apdu,
                           size_t n_apdu, uint8_t *answer, size_t capacity)
{
    struct echo *echo = context;
    echo->n_requests++;
    echo->client = client;
    echo->server = server;
    if (n_apdu == 1 || n_apdu > capacity) {
        return 0;
    }
    for (size_t i = 0; i < n_apdu; i++) {
        answer[i] = (uint8_t)~apdu[i];
    }
    return n_apdu;
}

static size_t echo_more(void *context, uint16_t client, uint16_t server, uint8_t *answer,
                        size_t capacity)
{
    struct echo *echo = context;
    (void)client;
    (void)server;
    assert_true(capacity >= 2);
    if (echo->n_more == 0) {
        return 0;
    }
    answer[0] = 0xE0;
    answer[1] = (uint8_t)echo->n_more--;
    return 2;
}

static void the_example(void **state)
{
    (void)state;
    uint8_t bytes[32], buffer[32], wanted[32], sent[32];
    const size_t n = hex_bytes(GET_CLOCK, bytes);
    struct dlms_wrapper_receiver receiver;
    struct dlms_wpdu wpdu;
    dlms_wrapper_receiver_init(&receiver, buffer, sizeof buffer);
    for (size_t i = 0; i < n; i++) { /* octet by octet */
        struct reader in = reader_over(bytes + i, 1);
        assert_int_equal(dlms_wrapper_take(&receiver, &in, &wpdu), i == n - 1);
        assert_int_equal(dlms_wrapper_busy(&receiver), i < n - 1);
    }
    assert_int_equal(wpdu.source, 16);
    assert_int_equal(wpdu.destination, 1);
    assert_int_equal(wpdu.n_apdu, 13);
    assert_memory_equal(wpdu.apdu, bytes + 8, 13);
    const size_t n_wanted = hex_bytes(GET_ANSWER, wanted);
    struct writer out = writer_over(sent, sizeof sent);
    assert_int_equal(dlms_wrapper_write(&out, 1, 16, wanted + 8, n_wanted - 8), DLMS_WRAPPER_OK);
    assert_int_equal(writer_length(&out), n_wanted);
    assert_memory_equal(sent, wanted, n_wanted);
    for (size_t space = 0; space < n_wanted; space++) {
        out = writer_over(sent, space);
        assert_int_equal(dlms_wrapper_write(&out, 1, 16, wanted + 8, n_wanted - 8),
                         DLMS_WRAPPER_ERR_SPACE);
        assert_int_equal(writer_length(&out), 0);
    }
    assert_int_equal(dlms_wrapper_write(&out, 1, 16, wanted, 0), DLMS_WRAPPER_ERR_LENGTH);
    assert_int_equal(dlms_wrapper_write(&out, 1, 16, wanted, 65536), DLMS_WRAPPER_ERR_LENGTH);
}

static unsigned count_in_pieces(const uint8_t *bytes, const size_t cuts[4], struct dlms_wpdu *last)
{
    uint8_t buffer[21];
    struct dlms_wrapper_receiver receiver;
    unsigned found = 0;
    dlms_wrapper_receiver_init(&receiver, buffer, sizeof buffer);
    for (unsigned piece = 0; piece < 3; piece++) {
        struct reader in = reader_over(bytes + cuts[piece], cuts[piece + 1] - cuts[piece]);
        while (dlms_wrapper_take(&receiver, &in, last) == 1) {
            found++;
        }
    }
    return found;
}

/* Three in a row, cut in three at any two places, are three. */
static void several_in_a_segment_and_any_cut(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t n = hex_bytes(GET_CLOCK, bytes);
    n += hex_bytes("00 01 00 12 00 10 00 01 62", bytes + n);
    n += hex_bytes("00 01 00 13 00 10 00 02 C0 01", bytes + n);
    for (size_t a = 0; a <= n; a++) {
        for (size_t b = a; b <= n; b++) {
            const size_t cuts[] = {0, a, b, n};
            struct dlms_wpdu wpdu = {0};
            assert_int_equal(count_in_pieces(bytes, cuts, &wpdu), 3);
            assert_int_equal(wpdu.source, 0x13);
        }
    }
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        int stream, datagram;
    } rows[] = {
        {"00 02 00 10 00 01 00 01 C0", DLMS_WRAPPER_ERR_VERSION, DLMS_WRAPPER_ERR_VERSION},
        {"7E A0 07 03 21 93 0F 01 7E", DLMS_WRAPPER_ERR_VERSION, DLMS_WRAPPER_ERR_VERSION},
        {"00 01 00 10 00 01 00 00", DLMS_WRAPPER_ERR_LENGTH, DLMS_WRAPPER_ERR_LENGTH},
        {"00 01 00 10 00 01 00 0E C0", DLMS_WRAPPER_ERR_LENGTH, DLMS_WRAPPER_ERR_LENGTH},
        {"00 01 00 10 00 01 FF FF C0", DLMS_WRAPPER_ERR_LENGTH, DLMS_WRAPPER_ERR_LENGTH},
        {"00 01 00 10 00 01 00 02 C0", 0, DLMS_WRAPPER_ERR_LENGTH},
        {"00 01 00 10 00 01 00 01 C0 01", 1, DLMS_WRAPPER_ERR_LENGTH},
        {"00 01 00 10 00 01 00", 0, DLMS_WRAPPER_ERR_LENGTH},
        {"00 01 00 10 00 01 00 01 C0", 1, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[32], buffer[21];
        const size_t n = hex_bytes(rows[i].hex, bytes);
        struct dlms_wrapper_receiver receiver;
        struct dlms_wpdu wpdu;
        dlms_wrapper_receiver_init(&receiver, buffer, sizeof buffer);
        struct reader in = reader_over(bytes, n);
        assert_int_equal(dlms_wrapper_take(&receiver, &in, &wpdu), rows[i].stream);
        assert_int_equal(dlms_wrapper_datagram(bytes, n, &wpdu), rows[i].datagram);
    }
}

static void a_server_answers_and_waits_for_room(void **state)
{
    (void)state;
    uint8_t bytes[64], buffer[32], sent[40];
    struct echo echo = {0};
    const struct dlms_wrapper_upper upper = {&echo, echo_request, echo_more};
    struct dlms_wrapper_server server;
    dlms_wrapper_server_init(&server, buffer, sizeof buffer, 16);
    size_t n = hex_bytes("00 01 00 10 00 01 00 02 11 22", bytes);
    n += hex_bytes("00 01 00 12 00 10 00 01 33", bytes + n);    /* no answer */
    n += hex_bytes("00 01 00 12 00 7F 00 02 33 44", bytes + n); /* to all: no answer */
    n += hex_bytes("00 01 00 12 00 10 00 03 01 02 03", bytes + n);
    struct reader in = reader_over(bytes, n);
    struct writer out = writer_over(sent, 23); /* one octet short of the longest answer */
    assert_int_equal(dlms_wrapper_serve(&server, &upper, &in, &out), DLMS_WRAPPER_OK);
    assert_int_equal(echo.n_requests, 0);
    out = writer_over(sent, sizeof sent);
    assert_int_equal(dlms_wrapper_serve(&server, &upper, &in, &out), DLMS_WRAPPER_OK);
    assert_int_equal(echo.n_requests, 4);
    assert_int_equal(reader_left(&in), 0);
    uint8_t wanted[32];
    size_t n_wanted = hex_bytes("00 01 00 01 00 10 00 02 EE DD", wanted);
    n_wanted += hex_bytes("00 01 00 10 00 12 00 03 FE FD FC", wanted + n_wanted);
    assert_int_equal(writer_length(&out), n_wanted);
    assert_memory_equal(sent, wanted, n_wanted);
}

/* Further APDUs go out as there is room, before the next request is heard. */
static void a_server_streams(void **state)
{
    (void)state;
    uint8_t bytes[64], buffer[32], sent[24], all[200];
    struct echo echo = {.n_more = 5};
    const struct dlms_wrapper_upper upper = {&echo, echo_request, echo_more};
    struct dlms_wrapper_server server;
    size_t n_all = 0;
    dlms_wrapper_server_init(&server, buffer, sizeof buffer, 16);
    size_t n = hex_bytes("00 01 00 10 00 01 00 02 11 22", bytes);
    n += hex_bytes("00 01 00 10 00 01 00 02 33 44", bytes + n);
    struct reader in = reader_over(bytes, n);
    for (unsigned turn = 0; turn < 20; turn++) {
        struct writer out = writer_over(sent, sizeof sent);
        assert_int_equal(dlms_wrapper_serve(&server, &upper, &in, &out), DLMS_WRAPPER_OK);
        memcpy(all + n_all, sent, writer_length(&out));
        n_all += writer_length(&out);
    }
    assert_int_equal(n_all, 7 * 10);
    for (unsigned i = 1; i <= 5; i++) {
        assert_int_equal(all[i * 10 + 9], 6 - i);
    }
    assert_int_equal(all[68], 0xCC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example),
        cmocka_unit_test(several_in_a_segment_and_any_cut),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(a_server_answers_and_waits_for_room),
        cmocka_unit_test(a_server_streams),
    };
    return cmocka_run_group_tests_name("dlms_wrapper", tests, NULL, NULL);
}
