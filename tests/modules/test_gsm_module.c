/* The GSM module before a modem that is not there: messages, alarms, connection; MOD-12, X-MOD-3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gsm_bench.h"
#include "modules/module_events.h"
#include "proto/kmp/kmp_client.h"

#define FRIEND   "+4512345678"
#define STRANGER "+4587654321"
#define MINUTE   60000
#define HOUR     (60 * MINUTE)

static void expect_sent(size_t index, const char *number, const char *text)
{
    assert_true(b.sim.n_outbox > index);
    assert_string_equal(b.sim.outbox[index].number, number);
    assert_string_equal(b.sim.outbox[index].text, text);
}

static void ask(const char *number, const char *text)
{
    assert_int_equal(sim_sms(&b.sim, number, text), SMS_OK);
    bench_run(15000);
}

/* REQ(MOD-12, X-MOD-3, AMI-16, MOD-A13): the published commands and their answers, letter by
 * letter. */
static void test_commands(void **state)
{
    (void)state;
    bench_init(SIM_SIMCOM);
    assert_true(bench_set_up("allow=" FRIEND));
    bench_run(20000);
    assert_int_equal(b.module.modem.state, AT_READY);
    ask(FRIEND, "=READ_METER#");
    expect_sent(0, FRIEND, "32432 kWh,\n343 W,\n2452 Hours,\nMeter No.: 10101010");
    ask(FRIEND, "=signal#");
    expect_sent(1, FRIEND, "Signal: 16(0-31)");
    b.module.relay[0] = b.module.input[0] = true;
    ask(FRIEND, "=IOSTATUS#");
    expect_sent(2, FRIEND, "Relay1: 1 Relay2: 0\nInput1: 1 Input2: 0");
    static const char *const errors[] = {
        "=Read_Meter#",      "=READ_METER", "READ_METER#", "=READ_METER# ", "",
        "=READ_HEAT_METER#", "=STATUS#"};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        ask(FRIEND, errors[i]);
    }
    ask(STRANGER, "=READ_METER#");
    ask("4512345678", "=READ_METER#"); /* the same digits, but not from abroad: another number */
    assert_int_equal(b.sim.n_outbox, 3);
    for (size_t i = 0; i < SIM_SLOTS; i++) {
        assert_false(b.sim.slot[i].used);
    }
    b.customer = 0;
    ask(FRIEND, "=read_meter#");
    expect_sent(3, FRIEND, "32432 kWh,\n343 W,\n2452 Hours,\nMeter No.: 7654321");
    b.meter_dead = true;
    ask(FRIEND, "=READ_METER#");
    b.sim.signal = 99; /* not known: no answer either */
    bench_run(MINUTE);
    ask(FRIEND, "=SIGNAL#");
    assert_int_equal(b.sim.n_outbox, 4);
}

/* As delivered nobody may ask; "*" lets anybody, but not a name. */
static void test_who_may(void **state)
{
    (void)state;
    bench_init(SIM_SIMCOM);
    bench_run(20000);
    ask(FRIEND, "=SIGNAL#");
    assert_int_equal(b.sim.n_outbox, 0);
    assert_true(bench_set_up("allow=*"));
    bench_run(20000);
    ask(STRANGER, "=SIGNAL#");
    assert_int_equal(b.sim.n_outbox, 1);
    assert_true(gsm_setup_allows(&b.module.setup, "1"));
    assert_false(gsm_setup_allows(&b.module.setup, "")); /* there is nobody to answer */
}

/* Answers are bounded: 30 in a row, then one a minute. */
static void test_flood(void **state)
{
    (void)state;
    bench_init(SIM_SIMCOM);
    assert_true(bench_set_up("allow=*"));
    bench_run(20000);
    for (unsigned i = 0; i < 200; i++) {
        (void)sim_sms(&b.sim, STRANGER, "=SIGNAL#");
        bench_run(300);
    }
    assert_in_range(b.sim.n_outbox, 20, GSM_ANSWERS_BURST + 2);
    bench_run(HOUR);
    for (unsigned i = 0; i < 20; i++) {
        assert_false(b.sim.slot[i % SIM_SLOTS].used);
    }
}

/* A message that the SIM will not let go of is not acted on, again and again. */
static void test_cannot_delete(void **state)
{
    (void)state;
    bench_init(SIM_SIMCOM);
    assert_true(bench_set_up("allow=*"));
    b.sim.faults.keeps = true;
    bench_run(20000);
    ask(FRIEND, "=SIGNAL#");
    bench_run(2 * HOUR);
    assert_int_equal(b.sim.n_outbox, 0);
    b.sim.faults.keeps = false;
    bench_run(HOUR / 4);
    assert_int_equal(b.sim.n_outbox, 1);
}

/* REQ(AMI-08): an alarm is told once to each receiver, with what came meanwhile in one message. */
static void test_alarm(void **state)
{
    (void)state;
    bench_init(SIM_UBLOX);
    assert_true(bench_set_up("alarm=" FRIEND ",alarm=" STRANGER));
    bench_run(MINUTE);
    assert_int_equal(b.sim.n_outbox, 0);
    b.word_a = 1u << 6 | 1u << 0; /* cover; a reset is nobody's alarm */
    bench_run(MINUTE);
    assert_int_equal(b.sim.n_outbox, 2);
    expect_sent(0, FRIEND, "Meter No.: 10101010,\nALARM: meter cover");
    expect_sent(1, STRANGER, "Meter No.: 10101010,\nALARM: meter cover");
    b.word_a |= 1u << 2;
    bench_run(15000);
    b.word_b = 1u << 7;
    bench_run(2 * MINUTE);
    assert_int_equal(b.sim.n_outbox, 6);
    expect_sent(2, FRIEND, "Meter No.: 10101010,\nALARM: magnet");
    expect_sent(4, FRIEND, "Meter No.: 10101010,\nALARM: L2 missing");
    bench_run(HOUR);
    assert_int_equal(b.sim.n_outbox, 6);
    b.word_b = 0;
    bench_run(MINUTE);
    b.word_b = 1u << 7 | 1u << 8;
    bench_run(MINUTE);
    expect_sent(6, FRIEND, "Meter No.: 10101010,\nALARM: L2 missing, L3 missing");
}

/* No more than ten messages in an hour, whatever comes and goes; nothing is lost by that. */
static void test_alarm_rate(void **state)
{
    (void)state;
    bench_init(SIM_SIMCOM);
    assert_true(bench_set_up("alarm=" FRIEND));
    bench_run(MINUTE);
    for (unsigned i = 0; i < 50; i++) {
        b.word_b ^= 1u << 6;
        bench_run(MINUTE);
    }
    assert_in_range(b.sim.n_outbox, GSM_ALARMS_HOUR - 1, GSM_ALARMS_HOUR);
    bench_run(HOUR);
    assert_in_range(b.sim.n_outbox, GSM_ALARMS_HOUR, GSM_ALARMS_HOUR + 1);
}

/* While there is no network, or the centre refuses, an alarm waits. */
static void test_alarm_waits(void **state)
{
    (void)state;
    bench_init(SIM_SIMCOM);
    assert_true(bench_set_up("alarm=" FRIEND));
    sim_network(&b.sim, 2, 2);
    bench_run(MINUTE);
    b.word_a = 1u << 2;
    bench_run(5 * MINUTE);
    assert_int_equal(b.sim.n_outbox, 0);
    bench_power_up();
    sim_network(&b.sim, 1, 1);
    b.word_a = 0; /* confirmed by a client meanwhile */
    b.sim.faults.refuse = 0;
    bench_run(MINUTE);
    assert_int_equal(b.sim.n_outbox, 1);
}

/* A cut at every write: each receiver gets it, and at most twice. */
static void test_alarm_cuts(void **state)
{
    (void)state;
    unsigned doubled = 0;
    for (int cut = 0; cut < 12; cut++) {
        bench_init(SIM_SIMCOM);
        assert_true(bench_set_up("alarm=" FRIEND ",alarm=" STRANGER));
        bench_run(20000);
        b.word_a = 1u << 6;
        b.writes_left = cut;
        bench_run(5000 + 700 * cut); /* the supply goes with the write that fails, or later */
        b.writes_left = -1;
        bench_power_up();
        bench_run(10 * MINUTE);
        unsigned told[2] = {0, 0};
        for (size_t i = 0; i < b.sim.n_outbox; i++) {
            told[strcmp(b.sim.outbox[i].number, FRIEND) == 0 ? 0 : 1]++;
        }
        assert_in_range(told[0], 1, 2);
        assert_in_range(told[1], 1, 2);
        doubled += told[0] + told[1] - 2;
    }
    assert_true(doubled <= 12);
}

/* ---- the connection ---- */

static size_t request(uint8_t *frame, size_t capacity)
{
    const uint16_t ids[] = {1, 1023};
    const int n = kmp_client_get_registers(ids, 2, frame, capacity);
    assert_true(n > 0);
    return (size_t)n;
}

static void check_answer(size_t from)
{
    struct kmp_receiver receiver;
    struct kmp_value values[KMP_REGISTERS_MAX];
    kmp_receiver_init(&receiver, KMP_FROM_METER);
    int result = 0;
    for (size_t i = from; i < b.n_server && result == 0; i++) {
        result = kmp_receiver_byte(&receiver, b.server[i]);
    }
    assert_int_equal(result, 1);
    assert_int_equal(kmp_client_values(receiver.body, receiver.length, values, 8), 2);
}

static void read_by_server(void)
{
    uint8_t frame[KMP_FRAME_MAX];
    const size_t before = b.n_server, n = request(frame, sizeof frame);
    bench_say(frame, n);
    bench_run(10000);
    check_answer(before);
}

/* REQ(MOD-12, AMI-03): a server reads the meter through the module, in both dialects, whatever the
 * pieces in which octets come. */
static void test_connection(void **state)
{
    (void)state;
    for (unsigned dialect = 0; dialect < 2; dialect++) {
        for (size_t chop = 0; chop < 4; chop++) {
            bench_init(dialect == 0 ? SIM_SIMCOM : SIM_UBLOX);
            b.chop = chop;
            assert_true(bench_set_up(dialect == 0
                                         ? "dialect=simcom,apn=internet,server=h:7000,hello=on"
                                         : "dialect=ublox,apn=internet,server=h:7000,"
                                           "hello=on,user=u,password=w"));
            bench_run(40000);
            assert_int_equal(b.module.modem.link, AT_LINK_UP);
            assert_memory_equal(b.server, "open382 10101010\r\n", 18);
            read_by_server();
            for (unsigned i = 0; i < 20; i++) {
                read_by_server();
            }
            assert_int_equal(b.connects, 1);
        }
    }
}

/* A server that never stops asking keeps neither alarms nor answers back. */
static void test_busy_server(void **state)
{
    (void)state;
    bench_init(SIM_SIMCOM);
    assert_true(bench_set_up("server=h:7000,alarm=" FRIEND ",allow=" FRIEND));
    bench_run(40000);
    for (unsigned i = 0; i < 150; i++) {
        uint8_t frame[KMP_FRAME_MAX];
        if (i == 5) {
            b.word_a = 1u << 2;
            assert_int_equal(sim_sms(&b.sim, FRIEND, "=SIGNAL#"), SMS_OK);
        }
        const size_t before = b.n_server, n = request(frame, sizeof frame);
        bench_say(frame, n);
        bench_run(1000);
        check_answer(before);
    }
    assert_int_equal(b.sim.n_outbox, 2);
    assert_int_equal(b.connects, 1);
}

/* A server that begins with 00 speaks with the wrapper, on a channel of its own. */
static void test_wrapper(void **state)
{
    (void)state;
    const uint8_t apdu[] = {0, 1, 0, 16, 0, 1, 0, 2, 0x62, 0x00};
    bench_init(SIM_SIMCOM);
    assert_true(bench_set_up("server=h:7000"));
    bench_run(40000);
    b.n_server = 0;
    bench_say(apdu, sizeof apdu);
    bench_run(5000);
    assert_true(b.wrapper_open);
    assert_memory_equal(b.server, apdu, sizeof apdu);
    const size_t before = b.n_server;
    bench_run(10 * MINUTE);
    assert_int_equal(b.n_server, before); /* nothing between its messages */
    bench_drop();
    bench_run(1000);
    assert_false(b.wrapper_open);
}

static void test_keep_alive(void **state)
{
    (void)state;
    bench_init(SIM_SIMCOM);
    assert_true(bench_set_up("server=h:7000,keep-alive=100,watchdog=1000"));
    bench_run(30000);
    b.n_server = 0;
    bench_run(10 * MINUTE);
    assert_in_range(b.n_server, 5, 6);
    for (size_t i = 0; i < b.n_server; i++) {
        assert_int_equal(b.server[i], 0);
    }
    assert_int_equal(b.connects, 1);
    bench_run(10 * MINUTE); /* nothing was heard for 1000 s */
    assert_int_equal(b.connects, 2);
    assert_int_equal(b.module.modem.link, AT_LINK_UP);
}

/* After a drop it comes back; while nobody answers the pauses double up to a quarter of an hour. */
static void test_back_off(void **state)
{
    (void)state;
    bench_init(SIM_UBLOX);
    assert_true(bench_set_up("dialect=ublox,server=h:7000,keep-alive=0"));
    bench_run(2 * MINUTE);
    assert_int_equal(b.connects, 1);
    bench_drop();
    bench_run(10000);
    assert_int_equal(b.connects, 2);
    read_by_server();
    b.accepts = false;
    bench_drop();
    bench_run(6 * HOUR);
    assert_in_range(b.connects, 20, 45);
    int64_t longest_ms = 0;
    for (unsigned i = 3; i < b.connects; i++) {
        const int64_t pause_ms = b.connect_ms[i] - b.connect_ms[i - 1];
        assert_true(pause_ms >= 3500 && pause_ms <= 900000 * 5 / 4 + 10000);
        longest_ms = pause_ms > longest_ms ? pause_ms : longest_ms;
    }
    assert_true(longest_ms > 675000);
    b.accepts = true;
    bench_run(HOUR / 2);
    assert_int_equal(b.module.modem.link, AT_LINK_UP);
    read_by_server();
}

/* Meters that lose their server at the same moment do not come back at the same moment. */
static void test_spread(void **state)
{
    (void)state;
    int64_t least_ms = INT64_MAX, most_ms = 0;
    for (unsigned i = 0; i < 40; i++) {
        bench_init(SIM_SIMCOM);
        assert_true(bench_set_up("server=h:7000"));
        b.customer += i; /* all else is the same */
        bench_run(30000);
        bench_drop();
        const int64_t dropped_ms = b.now_ms;
        bench_run(20000);
        assert_int_equal(b.connects, 2);
        const int64_t pause_ms = b.connect_ms[1] - dropped_ms;
        least_ms = pause_ms < least_ms ? pause_ms : least_ms;
        most_ms = pause_ms > most_ms ? pause_ms : most_ms;
    }
    assert_in_range(least_ms, 3750, 4300);
    assert_in_range(most_ms, 5700, 7300);
}

/* The network takes the context away: it is made anew with the next try. */
static void test_context_lost(void **state)
{
    (void)state;
    for (unsigned dialect = 0; dialect < 2; dialect++) {
        bench_init(dialect == 0 ? SIM_SIMCOM : SIM_UBLOX);
        assert_true(bench_set_up(dialect == 0 ? "server=h:7000" : "server=h:7000,dialect=ublox"));
        bench_run(30000);
        assert_int_equal(b.connects, 1);
        b.sim.context_up = b.sim.context_set = b.sim.connected = b.sim.made = false;
        sim_unasked(&b.sim, dialect == 0 ? "+PDP: DEACT" : "+UUPSDD: 0");
        bench_run(8000);
        assert_int_equal(b.module.modem.link, AT_LINK_UP);
        read_by_server();
    }
}

/* ---- set-up ---- */

/* What is set outlives a cut; what is refused changes nothing. */
static void test_set_up(void **state)
{
    (void)state;
    bench_init(SIM_SIMCOM);
    assert_true(
        bench_set_up("pin=1234,apn=a.b,user=u,password=w,dialect=ublox,server=[::1]:65535,keep-"
                     "alive=7,watchdog=0,hello=on,allow=+1,allow=2,alarm=3,alarms=000000FF:"
                     "80000001"));
    bench_power_up();
    const struct gsm_setup *s = &b.module.setup;
    assert_string_equal(s->modem.pin, "1234");
    assert_string_equal(s->modem.access_point, "a.b");
    assert_string_equal(s->host, "[::1]");
    assert_int_equal(s->port, 65535);
    assert_int_equal(s->keep_alive_s, 7);
    assert_int_equal(s->watchdog_s, 0);
    assert_string_equal(s->reader[1], "2");
    assert_string_equal(s->receiver[0], "3");
    assert_int_equal(s->alarms_b, 0x80000001);
    assert_true(s->hello && !s->anybody && s->modem.dialect == 1);
    static const char *const bad[] = {"pin=123",
                                      "pin=123456789",
                                      "pin=12a4",
                                      "apn=a\"b",
                                      "apn",
                                      "x=1",
                                      "server=h",
                                      "server=h:0",
                                      "server=:1",
                                      "server=h:99999",
                                      "allow=12x",
                                      "alarm=+",
                                      "alarms=12",
                                      "hello=yes",
                                      "dialect=hayes",
                                      "keep-alive=-1",
                                      "keep-alive=70000",
                                      "user=12345678901234567890123456789012",
                                      "alarm=1,alarm=2,alarm=3,alarm=4,alarm=5",
                                      "allow=1,allow=2,allow=3,allow=4,allow=5,allow=6,allow=7",
                                      "apn=a b"};
    const unsigned written = b.written;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[200] = "allow=77,";
        strcat(text, bad[i]);
        assert_false(bench_set_up(text));
    }
    assert_int_equal(b.written, written);
    assert_false(gsm_setup_allows(s, "77"));
    assert_true(bench_set_up("allow=9")); /* the list begins anew */
    assert_false(gsm_setup_allows(s, "2"));
    assert_true(gsm_setup_allows(s, "9"));
    b.memory_fails = true;
    assert_false(bench_set_up("allow=10"));
    assert_false(gsm_setup_allows(s, "10"));
    b.memory_fails = false;
    /* a slot that was torn leaves the one before; both: as delivered */
    b.memory[448 * (b.module.memory.sequence[0] % 2) + 20] ^= 1;
    bench_power_up();
    assert_true(gsm_setup_allows(s, "2"));
    memset(b.memory, 0, sizeof b.memory);
    bench_power_up();
    assert_false(gsm_setup_allows(s, "2"));
    assert_int_equal(s->alarms_a, MODULE_ALARMS_A);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),    cmocka_unit_test(test_who_may),
        cmocka_unit_test(test_flood),       cmocka_unit_test(test_cannot_delete),
        cmocka_unit_test(test_alarm),       cmocka_unit_test(test_alarm_rate),
        cmocka_unit_test(test_alarm_waits), cmocka_unit_test(test_alarm_cuts),
        cmocka_unit_test(test_connection),  cmocka_unit_test(test_wrapper),
        cmocka_unit_test(test_spread),      cmocka_unit_test(test_context_lost),
        cmocka_unit_test(test_busy_server), cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_back_off),    cmocka_unit_test(test_set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
