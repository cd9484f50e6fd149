/* The network module before lines, a meter and servers that are not there; MOD-11, MOD-A09,
 * X-MOD-2.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "modules/net_module.h"
#include "proto/kmp/kmp_server.h"

#define SERIAL 12345678
#define LOCAL  "127.0.0.1:50123"

enum { PLACE_DATA, PLACE_MENU, PLACE_DLMS };

static struct {
    struct module module;
    struct net_module state;
    int64_t now_ms;
    char said[MODULE_LINES][16384];
    size_t n_said[MODULE_LINES];
    bool open[MODULE_LINES];
    char called[MODULE_LINES][64];
    uint8_t meter[8192]; /* what it heard on any channel */
    size_t n_meter;
    unsigned asked;
    bool meter_takes_nothing, dead, no_lines;
    bool channel[MODULE_CHANNELS];
    uint32_t word_a, word_b;
    uint8_t memory[MODULE_MEMORY_BYTES];
    int writes_left; /* then the supply is gone; negative: it stays */
} b;

/* ---- the meter ---- */

static bool get_register(void *context, uint16_t id, struct kmp_value *out)
{
    (void)context;
    if (id == 1001) {
        return kmp_value_set(out, id, 51, 4, SERIAL, 0) == KMP_OK;
    }
    return id == 1237 && kmp_value_set(out, id, 59, 4, b.word_b, 0) == KMP_OK;
}

static size_t exchange(void *context, const uint8_t *request, size_t n_request, uint8_t *answer,
                       size_t capacity)
{
    const struct kmp_meter meter = {.get_register = get_register};
    struct kmp_server server;
    (void)context;
    b.asked++;
    if (b.dead) {
        return 0;
    }
    if (n_request > 2 && request[2] == 0x9B) {
        const uint8_t body[] = {0x3F,
                                0x9B,
                                (uint8_t)b.word_a,
                                (uint8_t)(b.word_a >> 8),
                                (uint8_t)(b.word_a >> 16),
                                (uint8_t)(b.word_a >> 24)};
        const int n = kmp_frame_encode(KMP_FROM_METER, body, sizeof body, answer, capacity);
        return n > 0 ? (size_t)n : 0;
    }
    kmp_server_init(&server, 0x3F);
    for (size_t i = 0; i < n_request; i++) {
        const size_t n = kmp_server_byte(&server, &meter, request[i], answer, capacity);
        if (n > 0) {
            return n;
        }
    }
    return 0;
}

static bool to_meter(void *context, unsigned channel, const uint8_t *octets, size_t n_octets)
{
    (void)context;
    if (b.meter_takes_nothing || (channel != MODULE_DATA_LINE && !b.channel[channel])) {
        return false;
    }
    assert_true(b.n_meter + n_octets <= sizeof b.meter);
    memcpy(b.meter + b.n_meter, octets, n_octets);
    b.n_meter += n_octets;
    return true;
}

static bool channel(void *context, unsigned channel, bool open)
{
    (void)context;
    assert_true(channel > 0 && channel < MODULE_CHANNELS);
    assert_true(b.channel[channel] != open);
    b.channel[channel] = open;
    return true;
}

static void pins(void *context, uint8_t levels)
{
    (void)context;
    (void)levels;
}

/* ---- memory ---- */

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    (void)context;
    assert_true(address + n_bytes <= sizeof b.memory);
    memcpy(bytes, b.memory + address, n_bytes);
    return 0;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    assert_true(address + n_bytes <= sizeof b.memory);
    if (b.writes_left == 0) {
        return -1;
    }
    if (b.writes_left > 0 && --b.writes_left == 0) {
        memcpy(b.memory + address, bytes, n_bytes / 2); /* cut in the middle */
        return -1;
    }
    memcpy(b.memory + address, bytes, n_bytes);
    return 0;
}

/* ---- lines ---- */

static size_t to_line(void *context, unsigned line, const uint8_t *octets, size_t n_octets)
{
    (void)context;
    if (!b.open[line] || b.n_said[line] + n_octets >= sizeof b.said[line]) {
        return 0;
    }
    memcpy(b.said[line] + b.n_said[line], octets, n_octets);
    b.n_said[line] += n_octets;
    b.said[line][b.n_said[line]] = '\0';
    return n_octets;
}

static void line_close(void *context, unsigned line)
{
    (void)context;
    b.open[line] = false;
}

static unsigned line_free(void)
{
    unsigned line = 0;
    while (b.open[line]) {
        line++;
        assert_true(line < MODULE_LINES);
    }
    b.open[line] = true;
    b.n_said[line] = 0;
    b.said[line][0] = '\0';
    return line;
}

static int line_connect(void *context, const char *to)
{
    (void)context;
    if (b.no_lines) {
        return -1;
    }
    const unsigned line = line_free();
    (void)snprintf(b.called[line], sizeof b.called[line], "%s", to);
    module_line_open(&b.module, line, MODULE_CALLED, true, to, b.now_ms);
    return (int)line;
}

static const struct module_host host = {.exchange = exchange,
                                        .to_meter = to_meter,
                                        .channel = channel,
                                        .pins = pins,
                                        .memory_read = memory_read,
                                        .memory_write = memory_write,
                                        .to_line = to_line,
                                        .line_close = line_close,
                                        .line_connect = line_connect};

/* ---- what a test does ---- */

static void plug(const char *options)
{
    memset(b.open, 0, sizeof b.open);
    memset(b.channel, 0, sizeof b.channel);
    assert_null(module_init(&b.module, &net_module_type, &host, &b.state, options));
    module_supply(&b.module, true, b.now_ms);
    (void)module_step(&b.module, b.now_ms);
}

static void fresh(const char *options)
{
    memset(&b, 0, sizeof b);
    b.writes_left = -1;
    b.now_ms = 1000;
    plug(options);
}

static void run(int64_t ms)
{
    const int64_t end_ms = b.now_ms + ms;
    while (b.now_ms < end_ms) {
        const int64_t next_ms = module_step(&b.module, b.now_ms);
        assert_true(next_ms > b.now_ms);
        b.now_ms = next_ms < end_ms ? next_ms : end_ms;
    }
    (void)module_step(&b.module, b.now_ms);
}

static unsigned connect_from(const char *who, unsigned place)
{
    const unsigned line = line_free();
    module_line_open(&b.module, line, place, true, who, b.now_ms);
    return line;
}

static void say(unsigned line, const char *text)
{
    module_line(&b.module, line, (const uint8_t *)text, strlen(text), b.now_ms);
    (void)module_step(&b.module, b.now_ms);
}

static void expect(unsigned line, const char *text)
{
    if (strstr(b.said[line], text) == NULL) {
        fail_msg("'%s' is not in '%s'", text, b.said[line]);
    }
    b.n_said[line] = 0;
    b.said[line][0] = '\0';
}

static unsigned line_called(const char *to)
{
    for (unsigned i = 0; i < MODULE_LINES; i++) {
        if (b.open[i] && strcmp(b.called[i], to) == 0) {
            return i;
        }
    }
    fail_msg("nobody has called %s", to);
    return 0;
}

/* REQ(MOD-11, MOD-A09): the data line passes octets as they are, to one client at a time; who has
 * gone without a word is put aside by the next. */
static void test_data_line(void **state)
{
    (void)state;
    fresh("");
    const unsigned first = connect_from(LOCAL, PLACE_DATA);
    module_line(&b.module, first, (const uint8_t[]){0x80, 0x3F, 0x01, 0x0D}, 4, b.now_ms);
    assert_int_equal(b.n_meter, 4);
    assert_memory_equal(b.meter, ((uint8_t[]){0x80, 0x3F, 0x01, 0x0D}), 4);
    module_heard(&b.module, MODULE_DATA_LINE, (const uint8_t *)"\x40\x06\x0D", 3, b.now_ms);
    expect(first, "\x40\x06\x0D");
    const unsigned second = connect_from(LOCAL, PLACE_DATA);
    assert_false(b.open[second]);
    run(NET_TAKE_OVER_MS);
    const unsigned third = connect_from(LOCAL, PLACE_DATA);
    assert_true(b.open[third]);
    assert_true(third == first || !b.open[first]);
    module_line_open(&b.module, third, PLACE_DATA, false, "", b.now_ms);
    b.open[third] = false;
    const unsigned fourth = connect_from(LOCAL, PLACE_DATA);
    assert_true(b.open[fourth]);
    run(NET_IDLE_MS + 1);
    assert_false(b.open[fourth]);
}

/* What the meter has not taken is held and handed on; who goes on talking is hung up. */
static void test_slow_meter(void **state)
{
    (void)state;
    static const uint8_t octets[NET_HELD] = {1, 2, 3};
    fresh("");
    const unsigned line = connect_from(LOCAL, PLACE_DATA);
    b.meter_takes_nothing = true;
    module_line(&b.module, line, octets, 300, b.now_ms);
    run(100);
    assert_int_equal(b.n_meter, 0);
    b.meter_takes_nothing = false;
    run(100);
    assert_int_equal(b.n_meter, 300);
    b.meter_takes_nothing = true;
    module_line(&b.module, line, octets, sizeof octets, b.now_ms);
    assert_true(b.open[line]);
    module_line(&b.module, line, octets, 1, b.now_ms);
    assert_false(b.open[line]);
}

/* Each client of DLMS has a channel of its own, and there are as many as the bus has. */
static void test_dlms(void **state)
{
    (void)state;
    unsigned line[MODULE_CHANNELS];
    fresh("");
    for (unsigned i = 1; i < MODULE_CHANNELS; i++) {
        line[i] = connect_from(LOCAL, PLACE_DLMS);
        assert_true(b.open[line[i]] && b.channel[i]);
    }
    const unsigned more = connect_from(LOCAL, PLACE_DLMS);
    assert_false(b.open[more]);
    say(line[2], "abc");
    assert_memory_equal(b.meter, "abc", 3);
    module_heard(&b.module, 2, (const uint8_t *)"xyz", 3, b.now_ms);
    expect(line[2], "xyz");
    b.channel[3] = false;
    b.channel[3] = true;
    module_channel_closed(&b.module, 3, b.now_ms);
    assert_false(b.open[line[3]]);
    assert_false(b.channel[3]);
    module_line_open(&b.module, line[1], PLACE_DLMS, false, "", b.now_ms);
    assert_false(b.channel[1]);
}

/* REQ(X-MOD-2): the menu's commands; what is set is kept over a loss of supply. */
static void test_menu(void **state)
{
    (void)state;
    fresh("");
    const unsigned menu = connect_from(LOCAL, PLACE_MENU);
    expect(menu, "open382 IP module, meter 12345678\r\n");
    say(menu, "!gc\r\n");
    expect(menu, "keep-alive=none\r\nkeep-alive-2=none\r\ninterval=10\r\nwatchdog=3600\r\n");
    say(menu, "!SD cellar 3\r\n");
    expect(menu, "ok\r\n> ");
    say(menu, "!SA 192.0.2.1:50\r\n!ST 30\r\n!SC watchdog=600\n");
    expect(menu, "ok\r\n> ok\r\n> ok\r\n> ");
    say(menu, "!SA 192.0.2.1\r");
    expect(menu, "error: !SA: expected keep-alive=HOST:PORT or none, found '192.0.2.1'\r\n> ");
    say(menu, "!ST 0\r!ST 3601\r!SX\r!SC nothing\r");
    expect(menu, "error: !SC: expected NAME=VALUE, found 'nothing'");
    say(menu, "?\r");
    expect(menu, "!AC  access control");
    module_line(&b.module, menu, (const uint8_t *)"\xFF\xFB\x01!GV\r\n", 8, b.now_ms);
    expect(menu, "article 6850040");
    module_supply(&b.module, false, b.now_ms);
    plug("");
    assert_string_equal(b.state.setup.name, "cellar 3");
    assert_string_equal(b.state.setup.keep_alive[0].host, "192.0.2.1");
    assert_int_equal(b.state.setup.interval_s, 30);
    assert_int_equal(b.state.setup.watchdog_s, 600);
    const unsigned again = connect_from(LOCAL, PLACE_MENU);
    say(again, "!RR\r\n");
    assert_false(b.open[again]);
    assert_int_equal(b.state.restarts, 1);
    assert_string_equal(b.state.setup.name, "cellar 3");
    char longest[NET_MENU_LINE + 20];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    const unsigned third = connect_from(LOCAL, PLACE_MENU);
    say(third, longest);
    say(third, "\r");
    expect(third, "at most 175 characters");
    say(third, "!Q\r");
    assert_false(b.open[third]);
}

/* The list of addresses counts for all ports; nobody shuts himself out. */
static void test_access(void **state)
{
    (void)state;
    fresh("allow=192.168.1.0/24+10.0.0.7");
    for (unsigned place = PLACE_DATA; place <= PLACE_DLMS; place++) {
        const unsigned stranger = connect_from("192.168.2.9:4711", place);
        assert_false(b.open[stranger]);
        const unsigned six = connect_from("[::1]:4711", place);
        assert_false(b.open[six]);
        const unsigned other = connect_from("10.0.0.8:4711", place);
        assert_false(b.open[other]);
    }
    const unsigned menu = connect_from("192.168.1.9:4711", PLACE_MENU);
    assert_true(b.open[menu]);
    say(menu, "!AC 10.0.0.0/8\r");
    expect(menu, "expected a filter that lets you in");
    say(menu, "!AC 192.168.1.9\r");
    expect(menu, "ok");
    const unsigned neighbour = connect_from("192.168.1.8:4711", PLACE_DATA);
    assert_false(b.open[neighbour]);
    static const char *const bad[] = {"1.2.3",       "1.2.3.4/33", "1.2.3.256",
                                      "1.2.3.4/",    "1.2.3.4+",   "x",
                                      "1.2.3.4/8/8", "",           "1.2.3.4/8,any"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[80];
        (void)snprintf(text, sizeof text, "!AC %s\r", bad[i]);
        say(menu, text);
        expect(menu, "error: !AC: expected allow=any");
    }
    assert_int_equal(b.state.setup.n_allowed, 1);
    say(menu, "!AC any\r");
    expect(menu, "ok");
    const unsigned path = connect_from("/run/pty", PLACE_DATA);
    assert_true(b.open[path]);
}

/* A PIN is asked for; after three wrong ones none is taken for a minute. */
static void test_pin(void **state)
{
    (void)state;
    fresh("pin=2468");
    for (unsigned i = 0; i < 3; i++) {
        const unsigned menu = connect_from(LOCAL, PLACE_MENU);
        expect(menu, "PIN: ");
        say(menu, i == 1 ? "!GC\r" : "1234\r");
        expect(menu, "wrong PIN");
        assert_false(b.open[menu]);
    }
    const unsigned locked = connect_from(LOCAL, PLACE_MENU);
    say(locked, "2468\r");
    expect(locked, "too many wrong PINs");
    assert_false(b.open[locked]);
    run(NET_LOCK_MS);
    const unsigned menu = connect_from(LOCAL, PLACE_MENU);
    say(menu, "2468\r!GC\r");
    expect(menu, "pin=(set)");
}

/* REQ(X-MOD-2): servers are told every ten seconds; without an answer for the watchdog's time the
 * module restarts. */
static void test_keep_alive(void **state)
{
    (void)state;
    fresh("keep-alive=192.0.2.1:50,keep-alive-2=[2001:db8::1]:50,watchdog=600,name=here");
    const unsigned one = line_called("udp:192.0.2.1:50");
    const unsigned two = line_called("udp:[2001:db8::1]:50");
    expect(one, "KAP 12345678 here\r\n");
    expect(two, "KAP 12345678 here\r\n");
    run(9000);
    assert_int_equal(b.n_said[one], 0);
    run(1000);
    expect(one, "KAP 12345678 here\r\n");
    for (unsigned i = 0; i < 20; i++) {
        run(60000);
        say(one, "OK");
        expect(one, "KAP");
        b.n_said[two] = 0;
    }
    assert_int_equal(b.state.restarts, 0);
    module_line_open(&b.module, two, MODULE_CALLED, false, "", b.now_ms); /* nobody is there */
    b.open[two] = false;
    b.called[two][0] = '\0';
    run(10000);
    b.n_said[one] = 0;
    assert_true(b.open[line_called("udp:[2001:db8::1]:50")]);
    for (unsigned i = 0; i < 9; i++) {
        run(60000);
        memset(b.n_said, 0, sizeof b.n_said);
    }
    run(60000);
    assert_int_equal(b.state.restarts, 1);
}

/* An alarm is told until the server has it, once, and over losses of supply; what comes meanwhile
 * stands in the next telling. */
static void test_alarms(void **state)
{
    (void)state;
    char ack[32];
    fresh("alarm=192.0.2.9:7000");
    run(20000);
    b.word_a = 1u << 6 | 1u << 10; /* cover; the clock was set, which is not asked for */
    run(11000);
    unsigned line = line_called("udp:192.0.2.9:7000");
    expect(line, "ALARM 12345678 1 00000040:00000000 meter cover\r\n");
    b.word_b = 1u << 7;
    run(12000);
    expect(line, "ALARM 12345678 1 00000040:00000000 meter cover\r\n");
    module_supply(&b.module, false, b.now_ms);
    plug("alarm=192.0.2.9:7000");
    line = line_called("udp:192.0.2.9:7000");
    expect(line, "ALARM 12345678 1 00000040:00000000 meter cover\r\n");
    say(line, "ACK 2\r\n");
    run(25000);
    expect(line, "ALARM 12345678 1 ");
    say(line, "ACK 1\r\n");
    run(11000);
    expect(line, "ALARM 12345678 2 00000000:00000080 L2 missing\r\n");
    (void)snprintf(ack, sizeof ack, "ACK %u", b.state.notes.number);
    say(line, ack);
    run(600000);
    assert_int_equal(b.n_said[line], 0);
    b.word_a = b.word_b = 0;
    run(20000);
    b.word_b = 1u << 7;
    run(20000);
    expect(line, "ALARM 12345678 3 00000000:00000080 L2 missing\r\n");
}

/* The module asks the meter only when its clients do not. */
static void test_asks_in_pauses(void **state)
{
    (void)state;
    fresh("");
    const unsigned line = connect_from(LOCAL, PLACE_DATA);
    run(30000);
    const unsigned asked = b.asked;
    for (unsigned i = 0; i < 100; i++) {
        say(line, "x");
        run(NET_QUIET_MS - 1);
    }
    assert_int_equal(b.asked, asked);
    run(NET_QUIET_MS + 1);
    assert_true(b.asked > asked);
}

/* Whatever write is cut: the set-up is the old one or the new one. */
static void test_cuts(void **state)
{
    (void)state;
    for (int cut = 1; cut < 8; cut++) {
        fresh("");
        const unsigned menu = connect_from(LOCAL, PLACE_MENU);
        b.writes_left = cut;
        unsigned done = 0;
        for (unsigned i = 1; i <= 6; i++) {
            char text[32];
            (void)snprintf(text, sizeof text, "!ST %u\r", i);
            say(menu, text);
            done = strstr(b.said[menu], "ok") != NULL ? i : done;
            b.n_said[menu] = 0;
            b.said[menu][0] = '\0';
        }
        b.writes_left = -1;
        plug("");
        const unsigned got = b.state.setup.interval_s, old = done > 0 ? done : NET_INTERVAL_S;
        assert_true(got == old || got == done + 1u);
    }
}

static void test_options(void **state)
{
    (void)state;
    static const char *const bad[] = {"what=1",      "name",          "interval=0",
                                      "pin=12345",   "alarms=1:2",    "name=123456789012345678901",
                                      "alarm=x:0",   "alarm=:1",      "allow=",
                                      "watchdog=-1", "interval=3601", "alarms=0000000g:00000000"};
    memset(&b, 0, sizeof b);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_non_null(module_init(&b.module, &net_module_type, &host, &b.state, bad[i]));
    }
    struct net_setup setup, same;
    const char *why, *at;
    size_t n;
    char text[NET_TEXT_MAX], longest[NET_TEXT_MAX];
    net_setup_default(&setup);
    assert_true(net_setup_take_all(
        &setup,
        "name=12345678901234567890,pin=9999,allow=255.255.255.255/32+255.255.255.255/32+"
        "255.255.255.255/32+255.255.255.255/32+255.255.255.255/32+255.255.255.255/32+"
        "255.255.255.255/32+255.255.255.255/32,"
        "keep-alive=[2001:0db8:85a3:0000:0000:8a2e:0370:7334]x:65535,"
        "keep-alive-2=[2001:0db8:85a3:0000:0000:8a2e:0370:7334]x:65535,interval=3600,"
        "watchdog=65535,alarm=[2001:0db8:85a3:0000:0000:8a2e:0370:7334]x:65535,"
        "alarms=FFFFFFFF:ffffffff",
        ',', &why, &at, &n));
    /* The longest set-up goes into its record. */
    const size_t length = net_setup_text(&setup, text);
    assert_true(length < NET_TEXT_MAX - 1u);
    net_setup_default(&same);
    assert_true(net_setup_take_all(&same, text, '\n', &why, &at, &n));
    assert_int_equal(net_setup_text(&same, longest), length);
    assert_string_equal(text, longest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data_line),      cmocka_unit_test(test_slow_meter),
        cmocka_unit_test(test_dlms),           cmocka_unit_test(test_menu),
        cmocka_unit_test(test_access),         cmocka_unit_test(test_pin),
        cmocka_unit_test(test_keep_alive),     cmocka_unit_test(test_alarms),
        cmocka_unit_test(test_asks_in_pauses), cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
