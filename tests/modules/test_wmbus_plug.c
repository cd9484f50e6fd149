/* The wireless M-Bus module as a module that is plugged: its options, and its bursts with supply.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "modules/module_types.h"
#include "modules/wmbus_options.h"
#include "modules/wmbus_plug.h"
#include "ports/crypto/portable/crypto_portable.h"
#include "proto/hex.h"
#include "proto/kmp/kmp_server.h"
#include "proto/wmbus/wmbus_receiver.h"
#include "proto/wmbus_vectors.h"

static struct {
    struct kmp_server server;
    uint8_t memory[MODULE_MEMORY_BYTES];
    unsigned n_bursts;
    struct module_burst burst;
    struct wmbus_heard heard;
} f;

static bool get_register(void *context, uint16_t id, struct kmp_value *out)
{
    (void)context;
    switch (id) {
    case 1001: return kmp_value_set(out, id, 51, 4, 15947107, 0) == KMP_OK;
    case 1: return kmp_value_set(out, id, 2, 4, 34100, -2) == KMP_OK;
    default: return false;
    }
}

static size_t exchange(void *context, const uint8_t *request, size_t n_request, uint8_t *answer,
                       size_t capacity)
{
    (void)context;
    const struct kmp_meter meter = {.get_register = get_register};
    size_t n = 0;
    for (size_t i = 0; i < n_request && n == 0; i++) {
        n = kmp_server_byte(&f.server, &meter, request[i], answer, capacity);
    }
    return n;
}

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    (void)context;
    assert_true(address + n_bytes <= sizeof f.memory);
    memcpy(bytes, f.memory + address, n_bytes);
    return 0;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    assert_true(address + n_bytes <= sizeof f.memory);
    memcpy(f.memory + address, bytes, n_bytes);
    return 0;
}

static void air(void *context, const struct module_burst *burst)
{
    (void)context;
    struct wmbus_receiver receiver;
    bool whole = false;
    f.burst = *burst;
    f.n_bursts++;
    wmbus_receiver_init(&receiver);
    for (size_t i = 0; i < burst->n_chips; i++) {
        whole = wmbus_receiver_chip(&receiver, wmbus_chip_of(burst->chips, i), &f.heard) || whole;
    }
    assert_true(whole);
}

/* REQ(MOD-A20, MOD-08): plugged and with supply it sends, in chips, what a radio meter of the
 * generation sent; without supply it is silent; its numbers stand behind what other types keep. */
static void test_plugged(void **state)
{
    (void)state;
    static uint64_t memory[1024];
    struct module module;
    struct crypto_port crypto;
    uint8_t expected[WMBUS_TELEGRAM_MAX];
    memset(&f, 0, sizeof f);
    memset(f.memory, 0xFF, sizeof f.memory);
    kmp_server_init(&f.server, KMP_ADDRESS_METER);
    crypto_portable(&crypto, NULL, NULL);
    const struct module_host host = {.exchange = exchange,
                                     .memory_read = memory_read,
                                     .memory_write = memory_write,
                                     .crypto = &crypto,
                                     .air = air};
    const struct module_type *type = module_type_by_name("wmbus", 5);
    assert_ptr_equal(type, &wmbus_module_type);
    assert_true(type->state_bytes <= sizeof memory);
    assert_int_equal(module_type_code(type, MODULE_L), 64);
    assert_int_equal(module_type_code(type, MODULE_M), 0);
    assert_null(module_init(&module, type, &host, memory, "mode=t1,power=-7"));
    assert_int_equal(module_step(&module, 100000), MODULE_NEVER);
    module_supply(&module, true, 100000);
    const int64_t due_ms = module_step(&module, 100000);
    assert_in_range(due_ms, 100000, 116000);
    (void)module_step(&module, due_ms);
    assert_int_equal(f.n_bursts, 1);
    assert_int_equal(f.burst.mode, WMBUS_T1);
    assert_int_equal(f.burst.power_dbm, -7);
    assert_int_equal(f.burst.sender, 15947107);
    const size_t n = hex_joined(WMBUS_382 "2F2F", expected);
    expected[11] = 1; /* access number */
    assert_int_equal(f.heard.n_octets, n);
    assert_memory_equal(f.heard.octets, expected, n);
    for (unsigned i = 0; i < WMBUS_PLUG_MEMORY_AT; i++) {
        assert_int_equal(f.memory[i], 0xFF);
    }
    module_supply(&module, false, due_ms);
    assert_int_equal(module_step(&module, due_ms + 20000), MODULE_NEVER);
    module_supply(&module, true, due_ms + 30000);
    (void)module_step(&module, module_step(&module, due_ms + 30000));
    assert_int_equal(f.n_bursts, 2);
    assert_int_equal(f.heard.octets[11], WMBUS_MODULE_AHEAD + 1); /* behind what was kept */
    /* A board without a transmitter. */
    const struct module_host deaf = {.crypto = &crypto};
    assert_non_null(module_init(&module, type, &deaf, memory, ""));
}

static void test_options(void **state)
{
    (void)state;
    struct wmbus_options options;
    assert_null(wmbus_options_read("", &options));
    assert_int_equal(options.setup.kind, WMBUS_MODULE_382);
    assert_int_equal(options.power_dbm, 10);
    assert_null(wmbus_options_read("interval=20,format=a,kind=omnipower,power=-30", &options));
    assert_int_equal(options.setup.kind, WMBUS_MODULE_OMNIPOWER);
    assert_int_equal(options.setup.mode, WMBUS_C1);
    assert_int_equal(options.setup.format, WMBUS_FORMAT_A);
    assert_int_equal(options.setup.interval_ms, 20000);
    assert_int_equal(options.power_dbm, -30);
    assert_null(wmbus_options_read("mode=t1", &options));
    assert_int_equal(options.setup.format, WMBUS_FORMAT_A);
    assert_true(wmbus_options_need_key("power=1,kind=mode7"));
    assert_false(wmbus_options_need_key("kind=382"));
    static const char *const bad[] = {"kind=",
                                      "kind=mode",
                                      "mode=s1",
                                      "format=c",
                                      "interval=1",
                                      "interval=86401",
                                      "power=31",
                                      "power=-",
                                      "power=",
                                      "power=1x",
                                      "power=100000000000",
                                      "x",
                                      "=1",
                                      "foo=1",
                                      "mode=t1,format=b",
                                      "format=b,kind=mode5",
                                      "interval=20,,",
                                      ","};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_non_null(wmbus_options_read(bad[i], &options));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plugged),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
