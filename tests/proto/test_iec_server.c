/* IEC 62056-21 server: mode A and mode C read-out, addresses, time-outs, pacing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "proto/hex.h"
#include "proto/iec62056_21/iec_client.h"
#include "proto/iec62056_21/iec_server.h"
#include "proto/iec_readout.h"

#define ACK "\x06"

static const struct iec_settings mode_a = {
    .wait_ms = 0, .char_timeout_ms = 1500, .initial_baud = 300};
static const struct iec_settings mode_a_and_c = {
    .mode_c = true, .wait_ms = 1700, .char_timeout_ms = 1500, .initial_baud = 300};

static const char *fake_ident(void *context)
{
    (void)context;
    return IEC_382C_IDENT;
}

static const char *fake_address(void *context)
{
    (void)context;
    return "14410000";
}

static bool fake_line(void *context, unsigned line, struct writer *out)
{
    (void)context;
    if (line >= IEC_382C_LINES) {
        return false;
    }
    writer_text(out, iec_382c_lines[line]);
    return true;
}

static const struct iec_meter fake_meter = {NULL, fake_ident, fake_address, fake_line, NULL};

struct bench {
    struct iec_server server;
    int64_t now_ms;
    char sent[2048];
    size_t n_sent;
};

static void bench_init(struct bench *bench, const struct iec_settings *settings)
{
    memset(bench, 0, sizeof *bench);
    bench->now_ms = 1000;
    iec_server_init(&bench->server, settings);
}

/** Let the server send all that is due.  @return its next deadline. */
static int64_t step(struct bench *bench)
{
    int64_t next_ms;
    do {
        struct writer w =
            writer_over(bench->sent + bench->n_sent, sizeof bench->sent - bench->n_sent - 1);
        next_ms = iec_server_step(&bench->server, &fake_meter, bench->now_ms, &w);
        bench->n_sent += writer_length(&w);
    } while (next_ms == 0);
    return next_ms;
}

static void send_text(struct bench *bench, const char *text)
{
    for (; *text != '\0'; text++) {
        struct writer w =
            writer_over(bench->sent + bench->n_sent, sizeof bench->sent - bench->n_sent - 1);
        iec_server_byte(&bench->server, &fake_meter, (uint8_t)*text, bench->now_ms, &w);
        bench->n_sent += writer_length(&w);
        step(bench);
    }
}

/** The whole answer of the 382C, with its block check computed here. */
static size_t expected_answer(char *out)
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

static void expect_answer(const struct bench *bench)
{
    char expected[512];
    size_t length = expected_answer(expected);
    assert_int_equal(bench->n_sent, length);
    assert_memory_equal(bench->sent, expected, length);
}

/* REQ(X-IEC-1) */
static void answers_as_the_382c_did(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, &mode_a);
    send_text(&bench, "/?!\r\n");
    expect_answer(&bench);
    assert_false(iec_server_busy(&bench.server));
    assert_int_equal(step(&bench), INT64_MAX);
    bench.n_sent = 0;
    send_text(&bench, "/?!\r\n"); /* and once more */
    expect_answer(&bench);
}

static void every_byte_is_seven_bits(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, &mode_a);
    send_text(&bench, "\xAF\xBF\x21\x8D\x0A"); /* the request with even parity in bit 7 */
    expect_answer(&bench);
    for (size_t i = 0; i < bench.n_sent; i++) {
        assert_int_equal(bench.sent[i] & 0x80, 0);
    }
}

static void only_the_called_meter_answers(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        bool answered;
    } cases[] = {
        {"/?!\r\n", true},
        {"/?14410000!\r\n", true},
        {"/?0014410000!\r\n", true}, /* leading zeroes do not count */
        {"/?1441000!\r\n", false},   /* others do */
        {"/?14410001!\r\n", false},
        {"/?114410000!\r\n", false},
        {"/?0!\r\n", false},
        {"/?00000000000000000000000014410000!\r\n", true},         /* 32 characters */
        {"/?000000000000000000000000000000014410000!\r\n", false}, /* too long */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench bench;
        bench_init(&bench, &mode_a);
        send_text(&bench, cases[i].request);
        if ((bench.n_sent > 0) != cases[i].answered) {
            fail_msg("%s", cases[i].request);
        }
        assert_false(iec_server_busy(&bench.server));
    }
}

static void what_is_no_request_stays_unanswered(void **state)
{
    (void)state;
    static const char *const texts[] = {"?!\r\n",        "/!\r\n",  "/?\r\n",    "/?!\n",
                                        "/?!\r",         "/x!\r\n", "/?1!x\r\n", "\r\n\r\n",
                                        (ACK "050\r\n"), "//\r\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct bench bench;
        bench_init(&bench, &mode_a_and_c);
        send_text(&bench, texts[i]);
        assert_int_equal(bench.n_sent, 0);
        bench.now_ms += 2000; /* whatever was left half-way is forgotten */
        send_text(&bench, "/?!\r\n");
        assert_true(bench.n_sent > 0);
    }
}

static void a_new_slash_begins_a_new_request(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, &mode_a);
    send_text(&bench, "/?12/?14/?!\r\n");
    expect_answer(&bench);
}

static void a_pause_longer_than_ta_ends_the_request(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, &mode_a);
    send_text(&bench, "/?");
    assert_true(iec_server_busy(&bench.server));
    assert_int_equal(step(&bench), bench.now_ms + 1500);
    bench.now_ms += 1499;
    send_text(&bench, "!"); /* just in time, Ta starts again */
    bench.now_ms += 1500;
    send_text(&bench, "\r\n");
    assert_int_equal(bench.n_sent, 0);
    assert_false(iec_server_busy(&bench.server));
}

static void without_ack_the_data_follow_after_tt(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, &mode_a_and_c);
    send_text(&bench, "/?!\r\n");
    size_t n_ident = bench.n_sent;
    assert_int_equal(n_ident, strlen("/" IEC_382C_IDENT "\r\n"));
    assert_int_equal(step(&bench), 2700);
    bench.now_ms = 2699;
    step(&bench);
    assert_int_equal(bench.n_sent, n_ident);
    bench.now_ms = 2700;
    assert_int_equal(step(&bench), INT64_MAX);
    expect_answer(&bench);
    assert_int_equal(bench.server.baud, 300);
}

static void ack_chooses_the_speed(void **state)
{
    (void)state;
    static const struct {
        const char *option;
        uint32_t baud;
    } cases[] = {{ACK "000\r\n", 300},  {ACK "010\r\n", 600},  {ACK "020\r\n", 1200},
                 {ACK "030\r\n", 2400}, {ACK "040\r\n", 4800}, {ACK "050\r\n", 9600},
                 {ACK "060\r\n", 300}, /* any other value: 300 */
                 {ACK "0A0\r\n", 300}};
    struct iec_settings settings = mode_a_and_c;
    settings.reaction_ms = 200;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench bench;
        bench_init(&bench, &settings);
        send_text(&bench, "/?!\r\n");
        bench.now_ms += 100;
        send_text(&bench, cases[i].option);
        assert_int_equal(bench.server.baud, cases[i].baud);
        assert_int_equal(step(&bench), bench.now_ms + 200);
        bench.now_ms += 200;
        step(&bench);
        expect_answer(&bench);
        assert_int_equal(bench.server.baud, 300); /* falls back for the next request */
    }
}

static void other_options_end_the_session(void **state)
{
    (void)state;
    static const char *const options[] = {ACK "051\r\n", ACK "056\r\n", ACK "059\r\n"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        struct bench bench;
        bench_init(&bench, &mode_a_and_c);
        send_text(&bench, "/?!\r\n");
        size_t n_ident = bench.n_sent;
        send_text(&bench, options[i]);
        bench.now_ms += 10000;
        step(&bench);
        assert_int_equal(bench.n_sent, n_ident);
        assert_false(iec_server_busy(&bench.server));
    }
}

static void a_damaged_option_falls_back_to_mode_a(void **state)
{
    (void)state;
    static const char *const options[] = {"\x06",
                                          ACK "05\r\n",
                                          ACK "0500\r\n",
                                          ACK "150\r\n",
                                          ACK "050\n",
                                          "x\x06"
                                          "05",
                                          ACK "0123456789012345678901234567890123456789"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        struct bench bench;
        bench_init(&bench, &mode_a_and_c);
        send_text(&bench, "/?!\r\n");
        bench.now_ms += 1000;
        send_text(&bench, options[i]);
        bench.now_ms = 2700;
        step(&bench);
        expect_answer(&bench);
    }
}

static void mode_a_does_not_know_ack(void **state)
{
    (void)state;
    struct iec_settings settings = mode_a;
    settings.wait_ms = 500;
    struct bench bench;
    bench_init(&bench, &settings);
    send_text(&bench, "/?!\r\n\x06"
                      "051\r\n");
    bench.now_ms += 500;
    step(&bench);
    expect_answer(&bench);
}

static void a_new_request_while_waiting_starts_over(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, &mode_a_and_c);
    send_text(&bench, "/?!\r\n");
    bench.n_sent = 0;
    bench.now_ms += 1000;
    send_text(&bench, "/?!\r\n");
    bench.now_ms += 1000; /* the first request's time would be up */
    step(&bench);
    assert_int_equal(bench.n_sent, strlen("/" IEC_382C_IDENT "\r\n"));
    bench.now_ms += 700;
    step(&bench);
    expect_answer(&bench);
}

static void a_small_writer_gets_it_piece_by_piece(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, &mode_a);
    for (const char *at = "/?!\r\n"; *at != '\0'; at++) {
        struct writer w = writer_over(bench.sent, IEC_SERVER_ROOM);
        iec_server_byte(&bench.server, &fake_meter, (uint8_t)*at, 0, &w);
        bench.n_sent = writer_length(&w);
    }
    while (bench.server.state == IEC_IDENT || bench.server.state == IEC_DATA) {
        struct writer w = writer_over(bench.sent + bench.n_sent, IEC_SERVER_ROOM - 1);
        assert_int_equal(iec_server_step(&bench.server, &fake_meter, 0, &w), 0);
        assert_int_equal(writer_length(&w), 0); /* too small: nothing yet, nothing lost */
        w = writer_over(bench.sent + bench.n_sent, IEC_SERVER_ROOM);
        iec_server_step(&bench.server, &fake_meter, 0, &w);
        bench.n_sent += writer_length(&w);
    }
    expect_answer(&bench);
}

static void paced_it_takes_the_time_of_a_real_line(void **state)
{
    (void)state;
    struct iec_settings settings = mode_a;
    settings.paced = true;
    struct bench bench;
    bench_init(&bench, &settings);
    send_text(&bench, "/?!\r\n");
    assert_int_equal(bench.n_sent, strlen("/" IEC_382C_IDENT "\r\n"));
    int64_t start_ms = bench.now_ms, next_ms = step(&bench);
    unsigned n_waits = 0;
    while (next_ms != INT64_MAX) {
        bench.now_ms = next_ms;
        next_ms = step(&bench);
        n_waits++;
    }
    expect_answer(&bench);
    /* ten bits a character at 300 baud; each line is rounded up to a millisecond */
    int64_t exact_ms = (int64_t)bench.n_sent * 10 * 1000 / 300;
    assert_in_range(bench.now_ms - start_ms, exact_ms, exact_ms + n_waits + 1);
}

static bool no_line(void *context, unsigned line, struct writer *out)
{
    (void)context;
    (void)line;
    (void)out;
    return false;
}

static void zero_lines_are_a_block_too(void **state)
{
    (void)state;
    const struct iec_meter empty = {NULL, fake_ident, fake_address, no_line, NULL};
    struct iec_server server;
    char sent[256];
    struct writer w = writer_over(sent, sizeof sent);
    iec_server_init(&server, &mode_a);
    for (const char *at = "/?!\r\n"; *at != '\0'; at++) {
        iec_server_byte(&server, &empty, (uint8_t)*at, 0, &w);
    }
    while (iec_server_step(&server, &empty, 0, &w) == 0) {
    }
    size_t n_ident = strlen("/" IEC_382C_IDENT "\r\n");
    assert_int_equal(writer_length(&w), n_ident + 6);
    assert_memory_equal(sent + n_ident, "\x02!\r\n\x03", 5);
    assert_int_equal(sent[n_ident + 5], '!' ^ '\r' ^ '\n' ^ 3);
}

static void random_bytes_never_hang_it(void **state)
{
    (void)state;
    uint64_t seed = (uint64_t)time(NULL), random = seed * 2 + 1;
    print_message("seed %llu\n", (unsigned long long)seed);
    struct bench bench;
    bench_init(&bench, &mode_a_and_c);
    for (unsigned i = 0; i < 300000; i++) {
        static const char frequent[] = "/?!\r\n\x06"
                                       "050";
        uint64_t r = test_random(&random);
        char text[2] = {r & 0x300 ? frequent[(r >> 10) % (sizeof frequent - 1)] : (char)r, '\0'};
        bench.n_sent = 0;
        bench.now_ms += (int64_t)(r >> 20 & 0x3FF);
        send_text(&bench, text);
        assert_true(step(&bench) > bench.now_ms);
    }
    bench.now_ms += 100000;
    bench.n_sent = 0;
    step(&bench);
    assert_false(iec_server_busy(&bench.server));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_as_the_382c_did),
        cmocka_unit_test(every_byte_is_seven_bits),
        cmocka_unit_test(only_the_called_meter_answers),
        cmocka_unit_test(what_is_no_request_stays_unanswered),
        cmocka_unit_test(a_new_slash_begins_a_new_request),
        cmocka_unit_test(a_pause_longer_than_ta_ends_the_request),
        cmocka_unit_test(without_ack_the_data_follow_after_tt),
        cmocka_unit_test(ack_chooses_the_speed),
        cmocka_unit_test(other_options_end_the_session),
        cmocka_unit_test(a_damaged_option_falls_back_to_mode_a),
        cmocka_unit_test(mode_a_does_not_know_ack),
        cmocka_unit_test(a_new_request_while_waiting_starts_over),
        cmocka_unit_test(a_small_writer_gets_it_piece_by_piece),
        cmocka_unit_test(paced_it_takes_the_time_of_a_real_line),
        cmocka_unit_test(zero_lines_are_a_block_too),
        cmocka_unit_test(random_bytes_never_hang_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
