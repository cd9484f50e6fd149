/* AT commands against a modem that is not there: PIN, faults of every kind, messages that must get
 * through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gsm_bench.h"

#define FRIEND "+4512345678"
#define MINUTE 60000
#define HOUR   (60 * MINUTE)

static void set_up(enum sim_dialect dialect, const char *text)
{
    bench_init(dialect);
    assert_true(bench_set_up(text));
}

static uint8_t state_of(void)
{
    return b.module.modem.state;
}

static void test_pin(void **state)
{
    (void)state;
    set_up(SIM_SIMCOM, "pin=4711,allow=*");
    strcpy(b.sim.pin, "4711");
    b.sim.busy_ms = 4000;
    bench_run(30000);
    assert_int_equal(state_of(), AT_READY);
    assert_int_equal(b.sim.pins_tried, 1);
    for (unsigned i = 0; i < 5; i++) {
        bench_power_up();
        bench_run(30000);
        assert_int_equal(state_of(), AT_READY);
    }
    assert_int_equal(b.sim.pin_left, 3);
    assert_int_equal(b.sim.pins_tried, 6);
}

/* A wrong PIN is given once, over cuts and resets of the modem too; another PIN has its own try. */
static void test_wrong_pin(void **state)
{
    (void)state;
    set_up(SIM_SIMCOM, "pin=1111");
    strcpy(b.sim.pin, "4711");
    for (unsigned i = 0; i < 20; i++) {
        bench_run(10 * MINUTE);
        assert_int_equal(state_of(), AT_PIN_REFUSED);
        if (i % 2 == 0) {
            sim_reset(&b.sim, b.now_ms);
        } else {
            bench_power_up();
        }
    }
    assert_int_equal(b.sim.pins_tried, 1);
    assert_int_equal(b.sim.pin_left, 2);
    assert_true(bench_set_up("pin=4711"));
    bench_run(MINUTE);
    assert_int_equal(state_of(), AT_READY);
    assert_int_equal(b.sim.pins_tried, 2);
}

/* The result is lost each time: two tries at most, the third is left to people. */
static void test_pin_in_the_dark(void **state)
{
    (void)state;
    for (int cut_ms = 0; cut_ms < 3000; cut_ms += 25) {
        set_up(SIM_SIMCOM, "pin=1111");
        strcpy(b.sim.pin, "4711");
        for (unsigned i = 0; i < 6; i++) {
            bench_power_up();
            b.sim.faults.slow_ms = 20;
            bench_run(cut_ms);
        }
        bench_power_up();
        bench_run(10 * MINUTE);
        assert_true(b.sim.pins_tried <= 2);
        assert_true(b.sim.pin_left >= 1);
    }
}

/* A PIN whose try cannot be written down is not given. */
static void test_pin_without_memory(void **state)
{
    (void)state;
    set_up(SIM_SIMCOM, "pin=4711");
    strcpy(b.sim.pin, "4711");
    b.memory_fails = true;
    bench_run(HOUR);
    assert_int_equal(b.sim.pins_tried, 0);
    b.memory_fails = false;
    bench_run(2 * MINUTE);
    assert_int_equal(state_of(), AT_READY);
}

static void test_sim_states(void **state)
{
    (void)state;
    set_up(SIM_SIMCOM, "pin=1111");
    strcpy(b.sim.pin, "4711");
    strcpy(b.sim.puk, "12345678");
    b.sim.pin_left = 0;
    bench_run(HOUR);
    assert_int_equal(state_of(), AT_PUK_WANTED);
    assert_int_equal(b.sim.puk_left, 10);
    assert_int_equal(b.sim.pins_tried, 0);
    set_up(SIM_SIMCOM, "allow=*");
    strcpy(b.sim.pin, "4711");
    bench_run(MINUTE);
    assert_int_equal(state_of(), AT_PIN_MISSING);
    set_up(SIM_UBLOX, "allow=*");
    b.sim.inserted = false;
    bench_run(5 * MINUTE);
    assert_int_equal(state_of(), AT_NO_SIM);
    b.sim.inserted = true;
    bench_run(2 * MINUTE);
    assert_int_equal(state_of(), AT_READY);
    sim_network(&b.sim, 3, 3);
    bench_run(1000);
    assert_int_equal(state_of(), AT_DENIED);
    sim_network(&b.sim, 5, 5);
    bench_run(1000);
    assert_int_equal(state_of(), AT_READY);
    assert_string_equal(at_state_name(AT_PUK_WANTED), "PUK wanted");
}

/* A modem that is dead for a while, resets aloud or in silence, comes back without help. */
static void test_resets(void **state)
{
    (void)state;
    for (unsigned dialect = 0; dialect < 2; dialect++) {
        set_up(dialect == 0 ? SIM_SIMCOM : SIM_UBLOX,
               dialect == 0 ? "server=h:1,allow=*,pin=4711"
                            : "server=h:1,allow=*,pin=4711,dialect=ublox");
        strcpy(b.sim.pin, "4711");
        b.sim.boot_ms = 3000;
        bench_run(MINUTE);
        for (unsigned i = 0; i < 10; i++) {
            sim_reset(&b.sim, b.now_ms);
            bench_run(3 * MINUTE);
            assert_int_equal(b.module.modem.link, AT_LINK_UP);
        }
        b.sim.faults.dead = true;
        bench_run(10 * MINUTE);
        assert_int_equal(state_of(), AT_STARTING);
        assert_true(b.module.pull_reset && b.module.reset_count > 3);
        b.sim.faults.dead = false;
        sim_reset(&b.sim, b.now_ms);
        bench_run(3 * MINUTE);
        assert_int_equal(b.module.modem.link, AT_LINK_UP);
        assert_int_equal(sim_sms(&b.sim, FRIEND, "=SIGNAL#"), SMS_OK);
        bench_run(10000);
        assert_int_equal(b.sim.n_outbox, 1);
    }
}

/* Without a network for a quarter of an hour the modem is started anew. */
static void test_no_network(void **state)
{
    (void)state;
    set_up(SIM_SIMCOM, "allow=*");
    sim_network(&b.sim, 2, 2);
    bench_run(14 * MINUTE);
    assert_int_equal(b.module.reset_count, 0);
    bench_run(20 * MINUTE);
    assert_in_range(b.module.reset_count, 1, 2);
}

/* Answers lost, refused, late, after noise, between storms of unasked lines, in single octets:
 * each message is answered in the end, and never twice. */
static void one_fault(unsigned which)
{
    struct sim_faults *f = &b.sim.faults;
    const unsigned n = 1u + (unsigned)rand() % 3u;
    switch (which) {
    case 0: f->lose = n; break;
    case 1: f->refuse = n; break;
    case 2:
        f->late = n;
        f->late_ms = rand() % 12000;
        break;
    case 3: f->garbage = 1u + (unsigned)rand() % 200u; break;
    case 4: f->storm = 40; break;
    case 5: f->slow_ms = rand() % 1000; break;
    case 6: b.chop = 1u + (unsigned)rand() % 5u; break;
    case 7: sim_unasked(&b.sim, "+CMTI: \"SM\",7"); break;
    case 8: sim_unasked(&b.sim, "OK"); break;
    case 9: bench_drop(); break;
    default: break;
    }
}

static void test_faults(void **state)
{
    (void)state;
    unsigned answered = 0;
    srand(382);
    for (unsigned round = 0; round < 120; round++) {
        set_up(round % 2 == 0 ? SIM_SIMCOM : SIM_UBLOX,
               round % 2 == 0 ? "server=h:1,allow=*" : "server=h:1,allow=*,dialect=ublox");
        bench_run(30000);
        for (unsigned i = 0; i < 6; i++) {
            one_fault((unsigned)rand() % 10u);
            bench_run(rand() % 3000);
        }
        memset(&b.sim.faults, 0, sizeof b.sim.faults);
        bench_run(5 * MINUTE);
        assert_int_equal(state_of(), AT_READY);
        assert_int_equal(sim_sms(&b.sim, FRIEND, "=SIGNAL#"), SMS_OK);
        const size_t before = b.sim.n_outbox;
        one_fault((unsigned)rand() % 9u);
        bench_run(20 * MINUTE);
        assert_true(b.sim.n_outbox - before <= 1);
        answered += (unsigned)(b.sim.n_outbox - before);
        for (size_t i = 0; i < SIM_SLOTS; i++) {
            assert_false(b.sim.slot[i].used);
        }
        memset(&b.sim.faults, 0, sizeof b.sim.faults);
        bench_run(16 * MINUTE);
        assert_int_equal(b.module.modem.link, AT_LINK_UP);
    }
    assert_true(answered >= 90); /* a delete or a sending whose answer is lost costs one */
}

/* Octets of the connection are all there, in order, or the connection is made anew. */
static void test_stream(void **state)
{
    (void)state;
    unsigned whole = 0;
    srand(3820);
    for (unsigned round = 0; round < 40; round++) {
        set_up(round % 2 == 0 ? SIM_SIMCOM : SIM_UBLOX,
               round % 2 == 0 ? "server=h:1,keep-alive=0"
                              : "server=h:1,keep-alive=0,dialect=ublox");
        bench_run(30000);
        uint8_t sent[3000], octet = 0; /* 00 first: the wrapper, which is echoed */
        for (size_t i = 0; i < sizeof sent; i++) {
            sent[i] = octet++;
        }
        b.n_server = 0;
        const unsigned connects = b.connects;
        for (size_t at = 0; at < sizeof sent;) {
            const size_t n = 1u + (size_t)rand() % 700u;
            const size_t now = n < sizeof sent - at ? n : sizeof sent - at;
            bench_say(sent + at, now);
            if (round % 4 == 3 && at > 1000) {
                one_fault((unsigned)rand() % 6u);
            }
            at += now;
            bench_run(8000);
            if (b.connects != connects) {
                break;
            }
        }
        bench_run(3 * MINUTE);
        if (b.connects == connects) {
            assert_int_equal(b.n_server, sizeof sent);
            assert_memory_equal(b.server, sent, sizeof sent);
            whole++;
        }
    }
    assert_true(whole >= 30);
}

/* An answer that comes after its time is not taken for that of the next command. */
static void test_late(void **state)
{
    (void)state;
    set_up(SIM_SIMCOM, "allow=*");
    bench_run(20000);
    memset(b.said, 0, sizeof b.said);
    b.n_said = 0;
    b.sim.faults.late = 1;
    b.sim.faults.late_ms = 5500;
    while (b.n_said == 0) {
        bench_run(10);
    }
    assert_string_equal(b.said, "AT+CSQ\r");
    bench_run(5200);
    assert_string_equal(b.said, "AT+CSQ\r"); /* given up, and quiet */
    bench_run(1500);
    assert_memory_equal(b.said, "AT+CSQ\rAT\r", 10);
    assert_int_equal(state_of(), AT_READY);
    assert_int_equal(b.module.reset_count, 0);
}

/* What arrives while a read brings nothing is read all the same. */
static void test_arrived_meanwhile(void **state)
{
    (void)state;
    const uint8_t octets[] = {0, 1, 2, 3};
    set_up(SIM_SIMCOM, "server=h:1,keep-alive=0");
    bench_run(30000);
    b.sim.faults.slow_ms = 200;
    b.n_server = 0;
    bench_say(octets, 1);
    /* the octet is read, and echoed; now it is asked whether there is more */
    for (unsigned i = 0; i < 5000 && !(b.n_server == 1 && b.module.modem.waiting &&
                                       strcmp(b.said + b.n_said - 18, "AT+CIPRXGET=3,128\r") == 0);
         i++) {
        bench_run(1);
    }
    assert_int_equal(b.n_server, 1);
    const char notice[] = "\r\n+CIPRXGET: 1\r\n";
    gsm_module_octets(&b.module, (const uint8_t *)notice, sizeof notice - 1, b.now_ms);
    memcpy(b.sim.received, octets + 1, 3);
    b.sim.n_received = 3;
    bench_run(5000);
    assert_int_equal(b.n_server, 4);
    assert_memory_equal(b.server, octets, 4);
}

static void test_lines(void **state)
{
    (void)state;
    static struct at_line line;
    const char text[] = "\r\n  abc\x01\xff\r\n\r\r>\r";
    unsigned lines = 0;
    memset(&line, 0, sizeof line);
    for (const char *at = text; *at != '\0'; at++) {
        if (at_line_octet(&line, (uint8_t)*at, false) == AT_HEARD_LINE) {
            lines++;
            assert_string_equal(line.text, lines == 1 ? "abc??" : ">");
        }
    }
    assert_int_equal(lines, 2);
    for (unsigned i = 0; i < 5000; i++) {
        assert_int_equal(at_line_octet(&line, 'x', true), AT_HEARD_NOTHING);
    }
    assert_int_equal(at_line_octet(&line, '\r', true), AT_HEARD_NOTHING);
    assert_int_equal(at_line_octet(&line, '>', true), AT_HEARD_PROMPT);
    const char *at = " 12,x";
    assert_int_equal(at_line_number(&at), 12);
    assert_string_equal(at, "x");
    assert_int_equal(at_line_number(&at), -1);
    at = "99999999999";
    assert_int_equal(at_line_number(&at), -1);
    uint8_t octets[2];
    assert_int_equal(at_line_hex("0aF9\"", octets, 2), 2);
    assert_int_equal(octets[1], 0xF9);
    assert_int_equal(at_line_hex("0aF", octets, 2), -1);
    assert_int_equal(at_line_hex("0aF900", octets, 2), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pin),
        cmocka_unit_test(test_wrong_pin),
        cmocka_unit_test(test_pin_in_the_dark),
        cmocka_unit_test(test_pin_without_memory),
        cmocka_unit_test(test_sim_states),
        cmocka_unit_test(test_resets),
        cmocka_unit_test(test_no_network),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_arrived_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
