/* Push: its set-up, what is sent and when, tries, alarms, ciphers. */
#include "../app/legal_puppet.h"
#include "app/cosem/cosem_inside.h"
#include "app/meter/meter_alarms.h"
#include "app/meter/meter_audit.h"
#include "app/meter/meter_security.h"
#include "cosem_client.h"
#include "ports/crypto/portable/crypto_portable.h"

#define PUSH "0.0.25.9.0.255"
#define HOST "02 03 16 00 09 0E 3132372E302E302E313A34303539 16 00" /* 127.0.0.1:4059 */

static struct cosem_client client;
static uint8_t apdu[512];

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

static struct meter *meter_with_client(void)
{
    struct meter *meter = toy_meter("382M", 17882969);
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
    return meter;
}

static bool due(struct meter *meter, int64_t wall_ms)
{
    int64_t next_ms = 0;
    return cosem_push_due(meter, wall_ms, &next_ms);
}

static void expect_apdu(size_t n, const char *hex)
{
    uint8_t wanted[512];
    const size_t n_wanted = client_hex(hex, wanted, sizeof wanted);
    assert_int_equal(n, n_wanted);
    assert_memory_equal(apdu, wanted, n);
}

/* As delivered name, clock and alarm registers, once there is somebody to send them to. */
static void test_message(void **state)
{
    (void)state;
    struct meter *meter = meter_with_client();
    assert_int_equal(client_call(&client, 40, PUSH, 1, "0F 00"), DLMS_RESULT_OTHER);
    assert_false(due(meter, 0));
    assert_int_equal(client_set(&client, 40, PUSH, 3, HOST), 0);
    assert_false(due(meter, 0));
    assert_int_equal(client_call(&client, 40, PUSH, 1, "0F 00"), 0);
    assert_true(due(meter, 0));
    expect_apdu(cosem_push_take(meter, apdu, sizeof apdu),
                "0F 00000001 00 02 05 09 0A 4B414D4D00000110DF59"
                "09 0C 07E80614040E1E05FFFF8880 06 00000000 06 00000000 06 00000000");
    assert_int_equal(cosem_push_take(meter, apdu, 20), 0);
    cosem_push_done(meter, true, 0);
    assert_false(due(meter, 0));
    meter = toy_meter("382M", 0); /* the set-up outlasts a restart */
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
    client_expect(&client, 40, PUSH, 3, HOST);
}

static void test_set_up(void **state)
{
    (void)state;
    struct meter *meter = meter_with_client();
    const uint32_t before = event_log_newest(&meter->logs, EVENT_LOG_AUDIT);
    client_expect(&client, 40, PUSH, 4, "01 00");
    assert_int_equal(client_set(&client, 40, PUSH, 4, "01 00"), DLMS_RESULT_DENIED);
    assert_int_equal(client_set(&client, 40, PUSH, 2,
                                "01 02 02 04 12 0003 09 06 0100010800FF 0F 02 12 0000"
                                "02 04 12 0046 09 06 0000600A0AFF 0F 02 12 0000"),
                     DLMS_RESULT_OTHER); /* no such object */
    assert_int_equal(
        client_set(&client, 40, PUSH, 2, "01 01 02 04 12 0007 09 06 0100630100FF 0F 02 12 0000"),
        DLMS_RESULT_OTHER); /* rows */
    assert_int_equal(client_set(&client, 40, PUSH, 2,
                                "01 02 02 04 12 0003 09 06 0100010800FF 0F 02 12 0000"
                                "02 04 12 0003 09 06 01002B0800FF 0F 02 12 0000"),
                     DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 40, PUSH, 2,
                                "01 02 02 04 12 0003 09 06 0100010800FF 0F 02 12 0000"
                                "02 04 12 0046 09 06 000060030AFF 0F 02 12 0000"),
                     0); /* a breaker, which this meter does not have: null-data */
    assert_int_equal(client_set(&client, 40, PUSH, 3, "02 03 16 02 09 01 3A 16 00"),
                     DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 40, PUSH, 3, "02 03 16 00 09 02 4141 16 00"),
                     DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 40, PUSH, 3, "02 03 16 00 09 03 203A31 16 00"),
                     DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 40, PUSH, 3, HOST), 0);
    assert_int_equal(client_set(&client, 40, PUSH, 6, "11 01"), 0);
    assert_int_equal(client_set(&client, 40, PUSH, 7, "12 000A"), 0);
    assert_int_equal(client_set(&client, 40, PUSH, 7, "11 0A"), DLMS_RESULT_TYPE);
    assert_int_equal(event_log_newest(&meter->logs, EVENT_LOG_AUDIT), before + 4);
    puppet.energy_uwh[LEGAL_A_PLUS] = 77 * KWH;
    assert_int_equal(client_call(&client, 40, PUSH, 1, "0F 00"), 0);
    assert_true(due(meter, 0));
    expect_apdu(cosem_push_take(meter, apdu, sizeof apdu), "0F 00000001 00 02 02 06 0000004D 00");
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    assert_int_equal(client_get(&client, 40, PUSH, 2), DLMS_RESULT_UNDEFINED);
}

/* Tried again as often and as late as it is set; without supply all is forgotten. */
static void test_tries(void **state)
{
    (void)state;
    struct meter *meter = meter_with_client();
    int64_t next_ms = 0;
    assert_int_equal(client_set(&client, 40, PUSH, 3, HOST), 0);
    assert_int_equal(client_set(&client, 40, PUSH, 6, "11 02"), 0);
    assert_int_equal(client_set(&client, 40, PUSH, 7, "12 000A"), 0);
    assert_int_equal(client_call(&client, 40, PUSH, 1, "0F 00"), 0);
    for (int64_t at_ms = 1000; at_ms <= 21000; at_ms += 10000) {
        assert_false(at_ms > 1000 && cosem_push_due(meter, at_ms - 1, &next_ms));
        assert_true(cosem_push_due(meter, at_ms, &next_ms));
        cosem_push_done(meter, false, at_ms);
    }
    assert_false(due(meter, 100000));
    assert_int_equal(client_call(&client, 40, PUSH, 1, "0F 00"), 0);
    meter->supply_on = false;
    assert_false(due(meter, 0));
    meter->supply_on = true;
    assert_false(due(meter, 0));
}

/* A new alarm is pushed once; one that stands, or goes, is not. */
static void test_alarms(void **state)
{
    (void)state;
    struct meter *meter = meter_with_client();
    assert_int_equal(client_set(&client, 40, PUSH, 3, HOST), 0);
    assert_false(due(meter, 0));
    meter->alarms.bits[ALARM_B_COME] |= 0x40;
    assert_true(due(meter, 0));
    const size_t n = cosem_push_take(meter, apdu, sizeof apdu);
    assert_int_equal(apdu[n - 11], 0x40); /* two registers stand behind it */
    cosem_push_done(meter, true, 0);
    assert_false(due(meter, 1));
    meter->alarms.bits[ALARM_B_COME] |= 0x80;
    assert_true(due(meter, 2));
    cosem_push_done(meter, true, 2);
    meter->alarms.bits[ALARM_B_COME] = 0;
    assert_false(due(meter, 3));
    meter->alarms.bits[ALARM_B_COME] = 0x40;
    assert_true(due(meter, 4));
}

static int no_chance(void *context, uint8_t *bytes, size_t n_bytes)
{
    (void)context;
    memset(bytes, 0x5A, n_bytes);
    return 0;
}

/* REQ(SEC-01): with keys it is ciphered, each time under another counter, and opens with the keys
 */
static void test_ciphered(void **state)
{
    (void)state;
    static struct meter meter;
    static struct crypto_port port;
    static struct board board;
    struct variant variant;
    struct security_delivered given = {.has = {true, false, true, false}};
    crypto_portable(&port, no_chance, NULL);
    board = toy_board;
    board.crypto = &port;
    memset(given.key[DLMS_KEY_UNICAST], 0x11, 16);
    memset(given.key[DLMS_KEY_AUTHENTICATION], 0x22, 16);
    assert_int_equal(variant_by_name("382M", &variant), 0);
    assert_int_equal(meter_start(&meter, &board, &variant, 17882969, 0), METER_OK);
    assert_int_equal(meter_security_begin(&meter, &given), METER_OK);
    for (unsigned i = 1; i <= 2; i++) {
        struct dlms_keys keys;
        struct dlms_own_counter own = {0};
        struct dlms_peer_counter peer = {0};
        struct dlms_cipher cipher;
        struct dlms_seal came;
        struct dlms_span plain = {NULL, 0};
        const size_t n = cosem_push_take(&meter, apdu, sizeof apdu);
        assert_true(n > 50);
        assert_int_equal(apdu[0], DLMS_TAG_GENERAL_GLO);
        assert_int_equal(dlms_keys_init(&keys, &port, 0), DLMS_CIPHER_OK);
        assert_int_equal(dlms_keys_set(&keys, DLMS_KEY_UNICAST, given.key[DLMS_KEY_UNICAST], 16),
                         0);
        assert_int_equal(
            dlms_keys_set(&keys, DLMS_KEY_AUTHENTICATION, given.key[DLMS_KEY_AUTHENTICATION], 16),
            0);
        dlms_cipher_init(&cipher, &keys, &own, &peer, NULL, (const uint8_t *)"HEADEND1");
        dlms_cipher_peer(&cipher, meter.security.title);
        assert_int_equal(dlms_cipher_open(&cipher, apdu, n, &came, &plain), DLMS_CIPHER_OK);
        assert_int_equal(came.control, 0x30);
        assert_int_equal(plain.bytes[0], DLMS_TAG_DATA_NOTIFICATION);
        assert_int_equal(plain.bytes[4], i);
        dlms_keys_drop(&keys);
    }
    security_end(&meter.security);
}

/* A loss of supply at any write leaves the old set-up or the new one. */
static void test_cut(void **state)
{
    (void)state;
    for (unsigned cut = 0; cut < 3; cut++) {
        toys_reset();
        struct meter *meter = meter_with_client();
        assert_int_equal(client_set(&client, 40, PUSH, 3, HOST), 0);
        toy.writes = 0;
        toy.cut_after = cut;
        toy.cut_kind = 2;
        (void)client_set(&client, 40, PUSH, 7, "12 0005");
        toy.dead = false;
        toy.cut_after = UINT32_MAX;
        meter = meter_with_client();
        client_expect(&client, 40, PUSH, 3, HOST);
        assert_true(meter->push.setup.delay_s == 60 || meter->push.setup.delay_s == 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_message, setup),  cmocka_unit_test_setup(test_set_up, setup),
        cmocka_unit_test_setup(test_tries, setup),    cmocka_unit_test_setup(test_alarms, setup),
        cmocka_unit_test_setup(test_ciphered, setup), cmocka_unit_test_setup(test_cut, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
