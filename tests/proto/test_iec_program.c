/*
 * Programming mode of IEC 62056-21: the dialogues of Kamstrup 5512-1458 (REQ(X-IEC-1)) byte by
 * byte, block checks of the examples, answers in parts, wrong passwords, damage, time-outs, D0.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/iec62056_21/iec_server.h"

#define IDENT "KAM5 6841138BN143002"

static struct {
    char asked[600]; /* "R5 1.0.0()" of the last command */
    unsigned asks;
    unsigned parts; /* of an R6 answer */
} fake;

static const char *ident(void *context)
{
    (void)context;
    return IDENT;
}

static const char *address(void *context)
{
    (void)context;
    return "12345678";
}

static bool line(void *context, unsigned number, struct writer *out)
{
    (void)context;
    writer_text(out, "0.0.1(12345678)");
    return number < 1;
}

static bool password(void *context, const char *text)
{
    (void)context;
    return strcmp(text, "12345") == 0;
}

static enum iec_reply answer(const struct iec_command *command, struct writer *out)
{
    if (command->digit == '6') {
        writer_text(out, command->part == 0 ? "99.1.0(4)\r\n" : "");
        writer_text(out, "(01050101000000)\r\n");
        return command->part + 1u < fake.parts ? IEC_REPLY_PART : IEC_REPLY_DATA;
    }
    if (command->letter == 'W') {
        return IEC_REPLY_ACK;
    }
    if (strcmp(command->name, "1.0.0") == 0) {
        writer_text(out, "1.0.0(01050201075012)");
        return IEC_REPLY_DATA;
    }
    if (strcmp(command->name, "131.0.3") == 0) {
        writer_text(out, "131.0.3(1)");
        return IEC_REPLY_DATA;
    }
    writer_text(out, "ER unknown object");
    return IEC_REPLY_ERROR;
}

static enum iec_reply command(void *context, const struct iec_command *command, struct writer *out)
{
    (void)context;
    fake.asks++;
    (void)snprintf(fake.asked, sizeof fake.asked, "%c%c %s%s", command->letter, command->digit,
                   command->name, command->data);
    return answer(command, out);
}

static const struct iec_programmer programmer = {NULL, password, command};
static const struct iec_meter meter = {NULL, ident, address, line, &programmer};

struct session {
    struct iec_server server;
    int64_t now_ms;
    char got[2048];
    size_t n;
};

static void hear(struct session *s, const char *bytes, size_t n)
{
    s->n = 0;
    memset(s->got, 0, sizeof s->got);
    for (size_t k = 0; k <= n; k++) {
        struct writer out = writer_over(s->got + s->n, sizeof s->got - s->n);
        if (k < n) {
            iec_server_byte(&s->server, &meter, (uint8_t)bytes[k], s->now_ms, &out);
        }
        while (iec_server_step(&s->server, &meter, s->now_ms, &out) == 0) {
        }
        s->n += writer_length(&out);
    }
}

static void wait_ms(struct session *s, int64_t ms)
{
    s->now_ms += ms;
    hear(s, "", 0);
}

static void expect(const struct session *s, const char *bytes, size_t n)
{
    assert_int_equal(s->n, n);
    assert_memory_equal(s->got, bytes, n);
}
#define SAY(s, text)    hear(s, text, sizeof(text) - 1u)
#define EXPECT(s, text) expect(s, text, sizeof(text) - 1u)

static void begin(struct session *s, uint32_t push_ms)
{
    const struct iec_settings settings = {.mode_c = true,
                                          .wait_ms = 1700,
                                          .char_timeout_ms = 1500,
                                          .initial_baud = 300,
                                          .reaction_ms = 200,
                                          .inactivity_ms = 90000,
                                          .push_ms = push_ms,
                                          .push_speed = 3};
    memset(s, 0, sizeof *s);
    memset(&fake, 0, sizeof fake);
    iec_server_init(&s->server, &settings);
}

/* Sign on as far as P0. */
static void enter(struct session *s)
{
    begin(s, 0);
    SAY(s, "/?!\r\n");
    EXPECT(s, "/" IDENT "\r\n");
    SAY(s, "\x06"
           "051\r\n");
    EXPECT(s, "");
    wait_ms(s, 200);
    EXPECT(s, "\x01P0\x02()\x03\x60");
    assert_int_equal(s->server.baud, 9600);
}

static void log_in(struct session *s)
{
    enter(s);
    SAY(s, "\x01P1\x02(12345)\x03\x50");
    EXPECT(s, "\x06");
}

static void test_the_examples_in_print(void **state)
{
    (void)state;
    struct session s;
    log_in(&s);
    SAY(&s, "\x01R5\x02"
            "1.0.0()\x03\x56");
    EXPECT(&s, "\x02"
               "1.0.0(01050201075012)\x03\x35");
    SAY(&s, "\x01W5\x02"
            "1.0.0(0050321073800)\x03\x6A");
    EXPECT(&s, "\x06");
    assert_string_equal(fake.asked, "W5 1.0.0(0050321073800)");
    SAY(&s, "\x01R1\x02"
            "131.0.3()\x03\x53");
    EXPECT(&s, "\x02"
               "131.0.3(1)\x03\x03");
    SAY(&s, "\x01W1\x02"
            "131.0.3(0)\x03\x66");
    EXPECT(&s, "\x06");
    SAY(&s, "\x01R6\x02"
            "99.1.0(0050101000000;0050101080033;6)\x03\x5B");
    assert_string_equal(fake.asked, "R6 99.1.0(0050101000000;0050101080033;6)");
    SAY(&s, "\x01W5\x02"
            "131.0.17(3)(1.0.0)(1.8.0)(1.8.1)\x03\x65");
    assert_string_equal(fake.asked, "W5 131.0.17(3)(1.0.0)(1.8.0)(1.8.1)");
    SAY(&s, "\x01"
            "B0\x03\x71");
    EXPECT(&s, "");
    assert_false(iec_server_busy(&s.server));
    assert_int_equal(s.server.baud, 300);
}

static void test_nothing_before_the_password(void **state)
{
    (void)state;
    struct session s;
    enter(&s);
    SAY(&s, "\x01R5\x02"
            "1.0.0()\x03\x56");
    EXPECT(&s, "\x01"
               "B0\x03\x71");
    assert_int_equal(fake.asks, 0);
    assert_false(iec_server_busy(&s.server));
    enter(&s);
    SAY(&s, "\x01P1\x02(12346)\x03\x53");
    EXPECT(&s, "\x01"
               "B0\x03\x71");
    assert_false(iec_server_busy(&s.server));
}

static void test_answers_in_parts(void **state)
{
    (void)state;
    struct session s;
    log_in(&s);
    fake.parts = 2;
    SAY(&s, "\x01R6\x02"
            "99.1.0(0050101000000;0050101080033;6)\x03\x5B");
    assert_int_equal(s.got[s.n - 2u], 0x04); /* EOT: more follows */
    SAY(&s, "\x06");
    assert_int_equal(fake.asks, 2);
    assert_int_equal(s.got[s.n - 2u], 0x03);
    assert_memory_equal(s.got, "\x02(01050101000000)\r\n\x03", 20);
    SAY(&s, "\x06"); /* there is no more: silence */
    EXPECT(&s, "");
    assert_int_equal(fake.asks, 2);
}

/* NAK: the answer again, and the same part of it. */
static void test_again(void **state)
{
    (void)state;
    struct session s;
    log_in(&s);
    fake.parts = 2;
    SAY(&s, "\x15"); /* nothing was read yet */
    EXPECT(&s, "");
    SAY(&s, "\x01R6\x02"
            "99.1.0(0050101000000;0050101080033;6)\x03\x5B");
    const struct session first = s;
    SAY(&s, "\x15");
    expect(&s, first.got, first.n);
    SAY(&s, "\x06");
    const struct session second = s;
    assert_int_equal(s.got[s.n - 2u], 0x03);
    SAY(&s, "\x15");
    expect(&s, second.got, second.n);
    SAY(&s, "\x06");
    EXPECT(&s, "");
    SAY(&s, "\x01W5\x02"
            "1.0.0(0050321073800)\x03\x6A");
    const unsigned asks = fake.asks;
    SAY(&s, "\x15"); /* a write is not done again */
    EXPECT(&s, "");
    assert_int_equal(fake.asks, asks);
}

static void test_damage(void **state)
{
    (void)state;
    struct session s;
    char longest[IEC_PROGRAM_BYTES + 2u];
    log_in(&s);
    SAY(&s, "\x01R5\x02"
            "1.0.0()\x03\x57"); /* wrong check */
    EXPECT(&s, "\x15");
    SAY(&s, "\x01R5\x02"
            "1.0.9()\x03\x5F");
    assert_memory_equal(s.got,
                        "\x02"
                        "ER unknown object\x03",
                        19);
    SAY(&s, "\x01R5\x02"
            "1.0.0\x03\x57"); /* no brackets */
    assert_memory_equal(s.got,
                        "\x02"
                        "ER format\x03",
                        11);
    SAY(&s, "\x01X5\x02"
            "1.0.0()\x03\x5C");
    assert_memory_equal(s.got,
                        "\x02"
                        "ER command\x03",
                        12);
    memset(longest, 'A', sizeof longest);
    longest[0] = 0x01;
    hear(&s, longest, sizeof longest);
    EXPECT(&s, "\x15");
    SAY(&s, "\x01R5\x02"
            "1.0.\x01R5\x02"
            "1.0.0()\x03\x56"); /* begun anew in the middle */
    EXPECT(&s, "\x02"
               "1.0.0(01050201075012)\x03\x35");
}

static void test_inactivity(void **state)
{
    (void)state;
    struct session s;
    log_in(&s);
    wait_ms(&s, 89999);
    assert_true(iec_server_busy(&s.server));
    wait_ms(&s, 1);
    assert_false(iec_server_busy(&s.server));
}

/* A reader that went without a break does not lock out the next one; "/" in a message is data. */
static void test_another_reader(void **state)
{
    (void)state;
    struct session s;
    log_in(&s);
    SAY(&s, "\x01R5\x02"
            "9/9()\x03\x48");
    assert_int_equal(s.got[s.n - 2u], 0x03);
    SAY(&s, "/?!\r\n");
    EXPECT(&s, "/" IDENT "\r\n");
    assert_int_equal(s.server.baud, 300);
    SAY(&s, "\x06"
            "051\r\n");
    wait_ms(&s, 200);
    SAY(&s, "\x01R5\x02"
            "1.0.0()\x03\x56"); /* and he must know the password himself */
    EXPECT(&s, "\x01"
               "B0\x03\x71");
}

static void test_no_programmer(void **state)
{
    (void)state;
    struct session s;
    const struct iec_meter plain = {NULL, ident, address, line, NULL};
    begin(&s, 0);
    SAY(&s, "/?!\r\n");
    static const char option[] = "\x06"
                                 "051\r\n";
    for (size_t k = 0; k < sizeof option - 1u; k++) {
        struct writer out = writer_over(s.got, sizeof s.got);
        iec_server_byte(&s.server, &plain, (uint8_t)option[k], s.now_ms, &out);
    }
    assert_false(iec_server_busy(&s.server));
}

static void test_timed_read_out(void **state)
{
    (void)state;
    struct session s;
    static const char block[] = "/" IDENT "\r\n\x02"
                                "0.0.1(12345678)\r\n!\r\n\x03";
    begin(&s, 60000);
    wait_ms(&s, 0);
    wait_ms(&s, 59999);
    EXPECT(&s, "");
    wait_ms(&s, 1);
    assert_int_equal(s.n, sizeof block);
    assert_memory_equal(s.got, block, sizeof block - 1u);
    wait_ms(&s, 600000); /* those missed are not made up for */
    assert_int_equal(s.n, sizeof block);
    SAY(&s, "/?!\r\n");
    EXPECT(&s, "/" IDENT "\r\n");
    wait_ms(&s, 1700); /* somebody reads: mode A as ever */
    assert_int_equal(s.got[0], 0x02);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_examples_in_print),
        cmocka_unit_test(test_nothing_before_the_password),
        cmocka_unit_test(test_answers_in_parts),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_inactivity),
        cmocka_unit_test(test_another_reader),
        cmocka_unit_test(test_no_programmer),
        cmocka_unit_test(test_timed_read_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
