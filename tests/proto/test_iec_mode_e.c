/* IEC 62056-21 mode E: the line is handed over to HDLC, and comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/iec62056_21/iec_server.h"

#define IDENT "KAM5\\2TEST"

static const char *ident(void *context)
{
    (void)context;
    return IDENT;
}

static const char *address(void *context)
{
    (void)context;
    return "1";
}

static bool line(void *context, unsigned number, struct writer *out)
{
    (void)context;
    writer_text(out, "1.8.0(1*kWh)");
    return number == 0;
}

static const struct iec_meter meter = {NULL, ident, address, line, NULL};
static const struct iec_settings settings = {.mode_c = true,
                                             .mode_e = true,
                                             .wait_ms = 1700,
                                             .char_timeout_ms = 1500,
                                             .initial_baud = 300,
                                             .reaction_ms = 200};

struct bench {
    struct iec_server server;
    int64_t now_ms;
    char sent[300];
    size_t n_sent;
};

static void bench_init(struct bench *bench, const struct iec_settings *as)
{
    memset(bench, 0, sizeof *bench);
    iec_server_init(&bench->server, as);
}

static int64_t step(struct bench *bench)
{
    int64_t next_ms = 0;
    while (next_ms == 0) {
        struct writer w =
            writer_over(bench->sent + bench->n_sent, sizeof bench->sent - bench->n_sent);
        next_ms = iec_server_step(&bench->server, &meter, bench->now_ms, &w);
        bench->n_sent += writer_length(&w);
    }
    return next_ms;
}

static void say(struct bench *bench, const char *text)
{
    bench->n_sent = 0;
    for (; *text != '\0'; text++) {
        struct writer w =
            writer_over(bench->sent + bench->n_sent, sizeof bench->sent - bench->n_sent);
        iec_server_byte(&bench->server, &meter, (uint8_t)*text, bench->now_ms, &w);
        bench->n_sent += writer_length(&w);
    }
}

static void expect(const struct bench *bench, const char *text)
{
    assert_int_equal(bench->n_sent, strlen(text));
    assert_memory_equal(bench->sent, text, bench->n_sent);
}

/* The meter says the option back at the old speed; then the new one holds, at 8N1. */
static void the_line_is_handed_over(void **state)
{
    (void)state;
    static const uint32_t bauds[] = {300, 600, 1200, 2400, 4800, 9600};
    for (unsigned z = 0; z < 6; z++) {
        struct bench bench;
        char option[] = "\x06"
                        "2z2\r\n";
        option[2] = (char)('0' + z);
        bench_init(&bench, &settings);
        say(&bench, "/?!\r\n");
        expect(&bench, "/" IDENT "\r\n");
        say(&bench, option);
        expect(&bench, option);
        assert_int_equal(bench.server.baud, 300);
        assert_false(iec_server_binary(&bench.server));
        assert_int_equal(step(&bench), 200);
        say(&bench, "~"); /* too early: the speed is not there yet */
        bench.now_ms = 200;
        bench.n_sent = 0;
        assert_int_equal(step(&bench), INT64_MAX);
        assert_true(iec_server_binary(&bench.server));
        assert_true(iec_server_busy(&bench.server));
        assert_int_equal(bench.server.baud, bauds[z]);
        say(&bench, "\x7E\x10\r\n");
        assert_int_equal(bench.n_sent, 0);
        say(&bench, "/?!\r\n"); /* a reader at the first speed again */
        expect(&bench, "/" IDENT "\r\n");
        assert_int_equal(bench.server.baud, 300);
    }
}

/* Paced: the confirmation takes its time on the line at 300 baud. */
static void the_confirmation_takes_its_time(void **state)
{
    (void)state;
    struct iec_settings paced = settings;
    struct bench bench;
    paced.paced = true;
    bench_init(&bench, &paced);
    say(&bench, "/?!\r\n");
    say(&bench, "\x06"
                "252\r\n");
    assert_int_equal(step(&bench), 200 + 6 * 10 * 1000 / 300);
}

/* What is no option of mode E is what it was: damaged, and the data follow by themselves. */
static void other_options_are_no_mode_e(void **state)
{
    (void)state;
    static const char *const options[] = {"\x06"
                                          "262\r\n",
                                          "\x06"
                                          "2A2\r\n",
                                          "\x06"
                                          "251\r\n",
                                          "\x06"
                                          "250\r\n",
                                          "\x06"
                                          "2522\r\n",
                                          "\x06"
                                          "252\n"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        struct bench bench;
        bench_init(&bench, &settings);
        say(&bench, "/?!\r\n");
        say(&bench, options[i]);
        assert_int_equal(bench.n_sent, 0);
        bench.now_ms = 1700;
        (void)step(&bench);
        assert_true(bench.n_sent > 10);
        assert_int_equal(bench.sent[0], 0x02);
    }
    struct iec_settings without = settings;
    struct bench bench;
    without.mode_e = false;
    bench_init(&bench, &without);
    say(&bench, "/?!\r\n");
    say(&bench, "\x06"
                "252\r\n");
    assert_int_equal(bench.n_sent, 0);
    assert_false(iec_server_binary(&bench.server));
}

static void no_room_for_the_confirmation(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, &settings);
    say(&bench, "/?!\r\n");
    say(&bench, "\x06"
                "252\r");
    struct writer w = writer_over(bench.sent, 5);
    iec_server_byte(&bench.server, &meter, '\n', 0, &w);
    assert_int_equal(writer_length(&w), 0);
    assert_false(iec_server_busy(&bench.server));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_is_handed_over),
        cmocka_unit_test(the_confirmation_takes_its_time),
        cmocka_unit_test(other_options_are_no_mode_e),
        cmocka_unit_test(no_room_for_the_confirmation),
    };
    return cmocka_run_group_tests_name("iec_mode_e", tests, NULL, NULL);
}
