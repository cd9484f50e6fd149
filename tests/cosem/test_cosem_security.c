/* The security set-up of management: what it says, and keys that are changed through it. */
#include "../app/legal_puppet.h"
#include "app/cosem/cosem_inside.h"
#include "app/meter/meter_audit.h"
#include "app/meter/meter_security.h"
#include "cosem_client.h"
#include "ports/crypto/portable/crypto_portable.h"
#include "proto/common/crypto_modes.h"

#define SETUP "0.0.43.0.0.255"

static struct cosem_client client;
static struct crypto_port port;
static struct board board;

static int no_chance(void *context, uint8_t *bytes, size_t n_bytes)
{
    (void)context;
    memset(bytes, 0x5A, n_bytes);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    toys_reset();
    crypto_portable(&port, no_chance, NULL);
    board = toy_board;
    board.crypto = &port;
    return 0;
}

static struct meter *with_keys(void)
{
    static struct meter meter;
    struct variant variant;
    struct security_delivered given = {.has = {true, true, true, true}};
    for (unsigned i = 0; i < DLMS_KEY_IDS; i++) {
        memset(given.key[i], (int)(0x10 * (i + 1u)), 16);
    }
    assert_int_equal(variant_by_name("382M", &variant), 0);
    assert_int_equal(meter_start(&meter, &board, &variant, 17882969, 0), METER_OK);
    assert_int_equal(meter_security_begin(&meter, &given), METER_OK);
    client_open(&client, &meter, COSEM_CLIENT_MANAGEMENT);
    return &meter;
}

/* A key of one repeated octet, wrapped under the master key, as method 2 takes it. */
static size_t transfer_of(uint8_t id, uint8_t byte, uint8_t master_byte, uint8_t out[64])
{
    uint8_t master[16], key[16], wrapped[24];
    memset(master, master_byte, sizeof master);
    memset(key, byte, sizeof key);
    assert_int_equal(crypto_key_wrap(&port, master, sizeof master, key, sizeof key, wrapped), 0);
    struct writer w = writer_over(out, 64);
    dlms_write_array(&w, 1);
    dlms_write_structure(&w, 2);
    dlms_write_enum(&w, id);
    dlms_write_octets(&w, wrapped, sizeof wrapped);
    return writer_length(&w);
}

static enum dlms_result call_bytes(int8_t method, const uint8_t *bytes, size_t n)
{
    uint8_t none[8];
    struct writer out = writer_over(none, sizeof none);
    return client.model.action(client.model.context, &client.session,
                               client_find(&client, 64, SETUP), method, reader_over(bytes, n),
                               &out);
}

/* REQ(SEC-01): policy, suite and titles; only management sees it */
static void test_reading(void **state)
{
    (void)state;
    struct meter *meter = with_keys();
    client_expect(&client, 64, SETUP, 2, "16 03");
    client_expect(&client, 64, SETUP, 3, "16 00");
    client_expect(&client, 64, SETUP, 4, "09 00");
    memcpy(client.session.title, "CLIENT01", 8);
    client.session.has_title = true;
    client_expect(&client, 64, SETUP, 4, "09 08 434C49454E543031");
    client_expect(&client, 64, SETUP, 5, "09 08 4B414D45 0110DF59");
    client_expect(&client, 1, "0.0.43.1.0.255", 2, "06 00000000");
    static const uint16_t saps[] = {16, 18, 19, 20};
    for (size_t i = 0; i < sizeof saps / sizeof saps[0]; i++) {
        client_open(&client, meter, saps[i]);
        assert_int_equal(client_get(&client, 64, SETUP, 2), DLMS_RESULT_UNDEFINED);
        assert_int_equal(client_get(&client, 1, "0.0.43.1.0.255", 2), DLMS_RESULT_UNDEFINED);
    }
}

/* A key is taken when it is wrapped under the master key, and that is noted without its value. */
static void test_key_transfer(void **state)
{
    (void)state;
    struct meter *meter = with_keys();
    uint8_t bytes[64];
    size_t n = transfer_of(DLMS_KEY_UNICAST, 0x77, 0x41, bytes); /* another master key */
    assert_int_equal(call_bytes(2, bytes, n), DLMS_RESULT_OTHER);
    assert_false(meter->security.changed);
    n = transfer_of(DLMS_KEY_IDS, 0x77, 0x40, bytes);
    assert_int_equal(call_bytes(2, bytes, n), DLMS_RESULT_OTHER);
    n = transfer_of(DLMS_KEY_UNICAST, 0x77, 0x40, bytes);
    bytes[3] = DLMS_UINT8;
    bytes[4] = 0; /* unsigned in place of enum: the number stands one octet on, as before */
    assert_int_equal(call_bytes(2, bytes, n), DLMS_RESULT_TYPE);
    n = transfer_of(DLMS_KEY_UNICAST, 0x77, 0x40, bytes);
    const uint32_t before = event_log_newest(&meter->logs, EVENT_LOG_AUDIT);
    assert_int_equal(call_bytes(2, bytes, n), DLMS_RESULT_SUCCESS);
    assert_true(meter->security.changed);
    struct event_log_entry entry;
    assert_int_equal(
        event_log_read(&meter->logs, meter->board, EVENT_LOG_AUDIT, before + 1u, &entry),
        EVENT_LOG_OK);
    assert_int_equal(entry.code, METER_AUDIT_KEYS);
    assert_int_equal(entry.payload[0], CHANNEL_MODULE);
    static const uint8_t none[] = {1, 0}, octets[] = {9, 0};
    assert_int_equal(call_bytes(2, none, sizeof none), DLMS_RESULT_OTHER);
    assert_int_equal(call_bytes(2, octets, sizeof octets), DLMS_RESULT_TYPE);
    security_end(&meter->security);
}

/* The policy can be no less than it is. */
static void test_policy(void **state)
{
    (void)state;
    (void)with_keys();
    assert_int_equal(client_call(&client, 64, SETUP, 1, "16 03"), DLMS_RESULT_SUCCESS);
    assert_int_equal(client_call(&client, 64, SETUP, 1, "16 00"), DLMS_RESULT_OTHER);
    assert_int_equal(client_call(&client, 64, SETUP, 1, "11 03"), DLMS_RESULT_TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_reading, setup),
        cmocka_unit_test_setup(test_key_transfer, setup),
        cmocka_unit_test_setup(test_policy, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
