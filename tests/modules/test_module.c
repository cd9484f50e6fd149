/* A module as a value: options, supply, pins; the list of those that are built. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "app/modules/module_facts.h"
#include "modules/module_types.h"

static struct {
    unsigned started, stopped, lines, heard, pins;
    uint8_t driven, at_pins;
} seen;

static const char *check(const struct module *module)
{
    const char *value;
    const int n = module_option(module->options, "baud", &value);
    return n < 0 || (n == 3 && memcmp(value, "300", 3) == 0) ? NULL : "baud=300";
}

static void start(struct module *module, int64_t now_ms)
{
    const uint8_t *state = module->state;
    assert_int_equal(state[0], 0);
    ((uint8_t *)module->state)[0] = 1;
    seen.started += now_ms == 5;
    module_drive(module, 7); /* only two pins are there */
}

static void stop(struct module *module, int64_t now_ms)
{
    assert_true(module->supplied);
    seen.stopped += now_ms == 9;
}

static void line(struct module *module, unsigned line, const uint8_t *octets, size_t n_octets,
                 int64_t now_ms)
{
    (void)module;
    (void)now_ms;
    seen.lines += line == 7 && n_octets == 2 && octets[1] == 0xAA;
}

static void heard(struct module *module, unsigned channel, const uint8_t *octets, size_t n_octets,
                  int64_t now_ms)
{
    (void)module;
    (void)octets;
    (void)now_ms;
    seen.heard += channel == 4 && n_octets == 0;
}

static void pins(struct module *module, uint8_t levels, int64_t at_us)
{
    assert_int_equal(module->pins_in, levels);
    seen.pins++;
    seen.at_pins = levels;
    assert_int_equal(at_us, 77);
}

static int64_t step(struct module *module, int64_t now_ms)
{
    (void)module;
    return now_ms + 10;
}

static void drive(void *context, uint8_t levels)
{
    (void)context;
    seen.driven = levels;
}

static const uint16_t codes[] = {68, 5, 0};
static const struct module_type type = {.name = "test",
                                        .title = "Test",
                                        .help = "baud=300",
                                        .codes = codes,
                                        .state_bytes = 1,
                                        .check = check,
                                        .start = start,
                                        .stop = stop,
                                        .line = line,
                                        .heard = heard,
                                        .pins = pins,
                                        .step = step};
static const struct module_host host = {.pins = drive};

/* Without supply nothing reaches it and its pins are down; supply begins it anew. */
static void supply(void **state)
{
    (void)state;
    struct module module;
    uint8_t memory = 0x55;
    static const uint8_t octets[] = {1, 0xAA};
    memset(&seen, 0, sizeof seen);
    assert_null(module_init(&module, &type, &host, &memory, ""));
    module_line(&module, 7, octets, 2, 1);
    module_pins(&module, 1, 77);
    assert_int_equal(module_step(&module, 1), MODULE_NEVER);
    assert_int_equal(seen.lines + seen.pins, 0);
    module_supply(&module, true, 5);
    module_supply(&module, true, 6);
    assert_int_equal(seen.started, 1);
    assert_int_equal(seen.driven, 3);
    module_line(&module, 7, octets, 2, 6);
    module_line(&module, MODULE_LINES, octets, 2, 6);
    module_heard(&module, 4, octets, 0, 6);
    module_heard(&module, MODULE_CHANNELS, octets, 0, 6);
    module_channel_closed(&module, 1, 6);
    module_line_open(&module, 1, 0, true, "", 6);
    assert_int_equal(seen.lines, 1);
    assert_int_equal(seen.heard, 1);
    module_pins(&module, 1, 77); /* as they stood already */
    assert_int_equal(seen.pins, 0);
    module_pins(&module, 0xFE, 77);
    assert_int_equal(seen.pins, 1);
    assert_int_equal(seen.at_pins, 2);
    assert_int_equal(module_step(&module, 8), 18);
    module_supply(&module, false, 9);
    assert_int_equal(seen.stopped, 1);
    assert_int_equal(seen.driven, 0);
    module_supply(&module, true, 5);
    assert_int_equal(seen.started, 2);
}

static void options(void **state)
{
    (void)state;
    struct module module;
    uint8_t memory;
    char text[MODULE_OPTIONS_MAX + 2];
    const char *value;
    assert_null(module_init(&module, &type, &host, &memory, "slow=1,baud=300,x=2"));
    assert_string_equal(module_init(&module, &type, &host, &memory, "baud=30"), "baud=300");
    assert_string_equal(module_init(&module, &type, &host, &memory, "baud=3000"), "baud=300");
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_non_null(module_init(&module, &type, &host, &memory, text));
    assert_int_equal(module_option("ab=1,b=22,b=3", "b", &value), 2);
    assert_int_equal(value[1], '2');
    assert_int_equal(module_option("ab=1,b", "b", &value), -1);
    assert_int_equal(module_option("", "b", &value), -1);
    assert_int_equal(module_option("b=", "b", &value), 0);
    assert_string_equal(
        module_init(&module, module_type_by_name("mbus", 4), &host, &memory, "any=1"),
        "no options");
}

/* REQ(MOD-15): what can be plugged is what the table of all modules calls built, by its codes */
static void types(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MODULE_ROWS; i++) {
        const struct module_row *row = &module_table[i];
        bool built = false;
        for (size_t k = 0; k < module_types_length && row->code != 0; k++) {
            built = built || module_type_has_code(module_types[k], row->code);
        }
        assert_int_equal(built, row->state == MODULE_BUILT);
    }
    for (size_t k = 0; k < module_types_length; k++) {
        const struct module_type *one = module_types[k];
        assert_ptr_equal(module_type_by_name(one->name, strlen(one->name)), one);
        for (const uint16_t *code = one->codes; *code != 0; code++) {
            assert_non_null(module_by_code(*code));
        }
    }
    assert_null(module_type_by_name("mbu", 3));
    const struct module_type *mbus = module_type_by_name("mbus", 4);
    assert_int_equal(module_type_code(mbus, MODULE_M), 68);
    assert_int_equal(module_type_code(mbus, MODULE_BCDE), 5);
    assert_false(module_type_has_code(mbus, 0));
    assert_int_equal(module_by_article(6840001)->code, 0);
    assert_int_equal(module_by_article(6850069)->code, 69);
    assert_null(module_by_article(6850002));
    assert_null(module_by_article(0));
}

/* What the meter knows of modules by their codes are the modules of the table, all of them. */
static void facts(void **state)
{
    (void)state;
    for (uint16_t code = 0; code < 1000; code++) {
        const struct module_facts *known = module_facts(code);
        assert_int_equal(known != NULL, module_by_code(code) != NULL);
        assert_true(known == NULL || (known->code == code && known->relays <= MODULE_PINS));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(supply),
        cmocka_unit_test(options),
        cmocka_unit_test(types),
        cmocka_unit_test(facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
