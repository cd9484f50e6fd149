/* Modules of terminals and serial lines as values: levels as rows, bridges with and without time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "modules/field_module.h"
#include "modules/module_types.h"

static struct {
    char line[MODULE_LINES][5000];
    size_t n_line[MODULE_LINES];
    char meter[8192];
    size_t n_meter;
    uint8_t pins;
    bool deaf, full;
    unsigned closed;
    struct module_speed speed;
} world;

static _Alignas(max_align_t) uint8_t memory[32768];
static struct module module;

static bool to_meter(void *context, unsigned channel, const uint8_t *octets, size_t n_octets)
{
    (void)context;
    assert_int_equal(channel, MODULE_DATA_LINE);
    if (!world.deaf) {
        memcpy(world.meter + world.n_meter, octets, n_octets);
        world.n_meter += n_octets;
    }
    return !world.deaf;
}

static size_t to_line(void *context, unsigned line, const uint8_t *octets, size_t n_octets)
{
    (void)context;
    const size_t n = world.full ? n_octets / 2 : n_octets;
    memcpy(world.line[line] + world.n_line[line], octets, n);
    world.n_line[line] += n;
    world.line[line][world.n_line[line]] = '\0';
    return n;
}

static void pins(void *context, uint8_t levels)
{
    (void)context;
    world.pins = levels;
}

static void line_close(void *context, unsigned line)
{
    (void)context;
    world.closed |= 1u << line;
}

static void line_speed(void *context, unsigned line, const struct module_speed *speed)
{
    (void)context;
    (void)line;
    world.speed = *speed;
}

static const struct module_host host = {.to_meter = to_meter,
                                        .to_line = to_line,
                                        .pins = pins,
                                        .line_close = line_close,
                                        .line_speed = line_speed};

static const struct module_type *type_of(const char *name)
{
    const struct module_type *type = module_type_by_name(name, strlen(name));
    assert_non_null(type);
    return type;
}

static void plug(const char *name, const char *options)
{
    memset(&world, 0, sizeof world);
    assert_true(type_of(name)->state_bytes <= sizeof memory);
    assert_null(module_init(&module, type_of(name), &host, memory, options));
    module_supply(&module, true, 0);
}

static void say(unsigned line, const char *text, int64_t now_ms)
{
    module_line(&module, line, (const uint8_t *)text, strlen(text), now_ms);
}

/* REQ(LCO-10, MOD-A01, MOD-A07): 24 V are pulled to 0 V for each pulse; the S0 output conducts */
static void s0(void **state)
{
    (void)state;
    plug("s0supply", "");
    module_line_open(&module, 0, 0, true, "a", 0);
    assert_string_equal(world.line[0], ",volt,24\n");
    module_pins(&module, 2, 1000);
    module_pins(&module, 3, 1500); /* the other pin is none of its business */
    module_pins(&module, 1, 31000);
    assert_string_equal(world.line[0], ",volt,24\n1000,volt,0\n31000,volt,24\n");
    module_line_open(&module, 1, 0, true, "b", 0);
    assert_string_equal(world.line[1], "31000,volt,24\n");
    module_supply(&module, false, 1);
    assert_string_equal(world.line[1], "31000,volt,24\n,volt,0\n");
    module_pins(&module, 2, 40000);
    assert_string_equal(world.line[1], "31000,volt,24\n,volt,0\n");
    plug("s0", "");
    module_line_open(&module, 0, 0, true, "a", 0);
    module_pins(&module, 2, 1000);
    assert_string_equal(world.line[0], ",s0,0\n1000,s0,1\n");
    world.full = true; /* who does not read is hung up: no half row is followed by another */
    module_pins(&module, 0, 31000);
    module_pins(&module, 2, 50000);
    assert_int_equal(world.closed, 1);
    assert_null(strstr(world.line[0], "50000"));
}

/* REQ(TAR-05, MOD-A04, MOD-A05, MOD-A06, MOD-A25, MOD-A26): voltage at an input is a level at the
 * meter's pin; what is no row changes nothing */
static void tariff(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        unsigned place, inputs;
    } kinds[] = {{"tariff2", 0, 1}, {"tariff4", 0, 2}, {"loop2", 1, 1}, {"loop4", 1, 2}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        plug(kinds[i].type, "");
        module_line_open(&module, 3, kinds[i].place, true, "", 0);
        say(3, "in1,1\r\nin2,", 0);
        say(3, "1\n", 0);
        assert_int_equal(world.pins, kinds[i].inputs == 2 ? 3 : 1);
        assert_string_equal(world.line[3], kinds[i].inputs == 2 ? "" : "?\n");
        say(3, "in1,0\n", 0);
        assert_int_equal(world.pins, kinds[i].inputs == 2 ? 2 : 0);
        world.n_line[3] = 0;
        say(3, "in1,2\nin1,11\nin3,1\n\n,\nin1,1in1,1in1,1in1,1in1,1in1,1in1,1in1,1\n", 0);
        assert_string_equal(world.line[3], "?\n?\n?\n?\n?\n");
        assert_int_equal(world.pins, kinds[i].inputs == 2 ? 2 : 0);
        assert_int_equal(world.n_meter, 0);
        module_supply(&module, false, 1);
        assert_int_equal(world.pins, 0);
    }
}

/* REQ(MOD-A15, MOD-A17, MOD-A22, MOD-A02): relays show the meter's pins, inputs drive them */
static void relays(void **state)
{
    (void)state;
    plug("relays", "");
    module_line_open(&module, 0, 0, true, "", 0);
    module_pins(&module, 3, 5);
    assert_string_equal(world.line[0], ",relay1,0\n,relay2,0\n5,relay1,1\n5,relay2,1\n");
    say(0, "in1,1\n", 0);
    assert_int_equal(world.pins, 0);
    plug("relay", "");
    module_line_open(&module, 0, 0, true, "", 0);
    module_pins(&module, 2, 5);
    module_pins(&module, 1, 6);
    assert_string_equal(world.line[0], ",relay1,0\n6,relay1,1\n");
    plug("pulserelay", "");
    module_line_open(&module, 0, 0, true, "", 0);
    say(0, "in1,1\n", 0);
    module_pins(&module, 2, 5);
    assert_int_equal(world.pins, 1);
    assert_string_equal(world.line[0], ",relay1,0\n5,relay1,1\n");
    plug("rs232", "");
    module_line_open(&module, 1, 1, true, "", 0);
    say(1, "in1,1\n", 0);
    module_pins(&module, 2, 9);
    assert_int_equal(world.pins, 1);
    assert_string_equal(world.line[1], ",out1,0\n,out2,0\n9,out2,1\n");
}

/* REQ(MOD-07, MOD-A23, MOD-A24): octets pass as they are, both ways, to all who listen */
static void bridge(void **state)
{
    (void)state;
    static const char *const names[] = {"rs232", "rs485", "loop2", "loop4"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        plug(names[i], i == 1 ? "baud=300" : "");
        module_line_open(&module, 0, 0, true, "", 0);
        module_line_open(&module, 2, 0, true, "", 0);
        assert_int_equal(world.speed.baud, i == 1 ? 300 : 1200);
        world.deaf = true;
        say(0, "\x80?", 0);
        assert_int_equal(module_step(&module, 0), 1);
        world.deaf = false;
        (void)module_step(&module, 20);
        say(2, "\r", 21);
        assert_memory_equal(world.meter, "\x80?\r", 3);
        assert_int_equal(world.n_meter, 3);
        module_heard(&module, MODULE_DATA_LINE, (const uint8_t *)"abc", 3, 30);
        module_heard(&module, 1, (const uint8_t *)"xyz", 3, 30);
        assert_string_equal(world.line[0], "abc");
        assert_string_equal(world.line[2], "abc");
        assert_int_equal(module_step(&module, 31), MODULE_NEVER);
        module_line_open(&module, 2, 0, false, "", 32);
        module_heard(&module, MODULE_DATA_LINE, (const uint8_t *)"d", 1, 33);
        assert_string_equal(world.line[2], "abc");
    }
}

/* REQ(MOD-07): at 300 baud an octet takes 36.7 ms */
static void timing(void **state)
{
    (void)state;
    plug("rs232", "baud=300,timing=1");
    module_line_open(&module, 0, 0, true, "", 0);
    module_heard(&module, MODULE_DATA_LINE, (const uint8_t *)"0123456789", 10, 1000);
    assert_int_equal(module_step(&module, 1000), 1037);
    assert_int_equal(world.n_line[0], 0);
    int64_t now_ms = 1000;
    for (unsigned n = 1; n <= 10; n++) {
        now_ms = module_step(&module, now_ms);
        (void)module_step(&module, now_ms);
        assert_int_equal(world.n_line[0], n);
        assert_int_equal(now_ms, 1000 + (36666 * n) / 1000 + 1);
    }
    assert_int_equal(module_step(&module, now_ms), MODULE_NEVER);
    say(0, "ab", 2000);
    assert_int_equal(world.n_meter, 0);
    (void)module_step(&module, 2037);
    assert_int_equal(world.n_meter, 1);
    (void)module_step(&module, 2100);
    assert_int_equal(world.n_meter, 2);
}

/* REQ(MOD-A23): what is sent on a pair comes back and is not for the meter; after a collision, or
 * half a second, all is */
static void echo(void **state)
{
    (void)state;
    plug("rs485", "echo=1");
    module_line_open(&module, 0, 0, true, "", 0);
    module_heard(&module, MODULE_DATA_LINE, (const uint8_t *)"answer", 6, 0);
    say(0, "ans", 1);
    say(0, "werx", 2);
    assert_int_equal(world.n_meter, 1);
    assert_int_equal(world.meter[0], 'x');
    module_heard(&module, MODULE_DATA_LINE, (const uint8_t *)"answer", 6, 3);
    say(0, "aXs", 4);
    assert_memory_equal(world.meter, "xXs", 3);
    module_heard(&module, MODULE_DATA_LINE, (const uint8_t *)"answer", 6, 5);
    say(0, "a", 5 + FIELD_ECHO_MS + 1);
    assert_memory_equal(world.meter, "xXsa", 4);
}

static void options(void **state)
{
    (void)state;
    static const struct {
        const char *type, *options;
        bool good;
    } cases[] = {
        {"rs232", "baud=300", true},       {"rs232", "baud=1200,timing=0", true},
        {"rs232", "baud=9600", false},     {"rs232", "echo=1", false},
        {"rs232", "baud=300,x", false},    {"rs485", "baud=115200,echo=1,timing=1", true},
        {"rs485", "baud=", false},         {"rs485", "baud=96000", false},
        {"loop4", "timing=2", false},      {"s0", "baud=300", false},
        {"connection", "timing=1", false}, {"connection", "", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why =
            module_init(&module, type_of(cases[i].type), &host, memory, cases[i].options);
        assert_int_equal(why == NULL, cases[i].good);
    }
}

/* More than fits is lost and hurts nothing. */
static void flood(void **state)
{
    (void)state;
    static uint8_t much[2 * FIELD_PIPE_MAX];
    plug("rs485", "timing=1,baud=300");
    module_line_open(&module, 0, 0, true, "", 0);
    module_heard(&module, MODULE_DATA_LINE, much, sizeof much, 0);
    module_line(&module, 0, much, sizeof much, 0);
    world.deaf = true;
    (void)module_step(&module, 1000000);
    world.deaf = false;
    (void)module_step(&module, 1000100);
    assert_int_equal(world.n_meter, FIELD_PIPE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s0),      cmocka_unit_test(tariff), cmocka_unit_test(relays),
        cmocka_unit_test(bridge),  cmocka_unit_test(timing), cmocka_unit_test(echo),
        cmocka_unit_test(options), cmocka_unit_test(flood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
