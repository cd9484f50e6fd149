/* Account, credits, charge and token gateway: each attribute's octets, the methods, rights, and
 * cuts at every write. */
#include "../app/legal_puppet.h"
#include "app/cosem/cosem_inside.h"
#include "app/cosem/cosem_prepay.h"
#include "app/meter/meter_audit.h"
#include "app/meter/meter_breaker.h"
#include "app/meter/meter_prepay.h"
#include "cosem_client.h"
#include "ports/crypto/portable/crypto_portable.h"

#define ACCOUNT   "0.0.19.0.0.255"
#define TOKENS    "0.0.19.10.0.255"
#define EMERGENCY "0.0.19.10.1.255"
#define CHARGE    "0.0.19.20.0.255"
#define GATEWAY   "0.0.19.40.0.255"
#define NO_MOMENT "09 0C FFFF FF FF FF FF FF FF FF 8000 FF"
#define KEY       "60222B4057C3E50925F850949B1A210D"
#define FIRST     "09 14 3030303030303031313031313932353036353537" /* 10 kWh, id 1 */
#define UWH       ((int64_t)KWH)

static struct cosem_client client;
static struct crypto_port crypto;
static struct board board;
static struct meter the_meter, *meter;

static void start(const char *name)
{
    struct variant variant;
    crypto_portable(&crypto, NULL, NULL);
    board = toy_board;
    board.crypto = &crypto;
    meter = &the_meter;
    assert_int_equal(variant_by_name(name, &variant), 0);
    assert_int_equal(meter_start(meter, &board, &variant, 0, meter->now_us), METER_OK);
    puppet.supply = LEGAL_SUPPLY_ON;
    (void)meter_step(meter, meter->now_us + SECOND / 2);
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
}

static void later(int64_t seconds)
{
    for (int64_t end_us = meter->now_us + seconds * SECOND; meter->now_us < end_us;) {
        (void)meter_step(meter, meter->now_us + SECOND / 2);
    }
}

static void begin_with(const char *name)
{
    toys_reset();
    memset(toy.memory, 0xFF, sizeof toy.memory);
    memset(&the_meter, 0, sizeof the_meter);
    for (unsigned p = 0; p < 3; p++) {
        puppet.instant.phase[p] =
            (struct legal_phase){.voltage_mv = 230000, .voltage_present = true};
    }
    puppet.energy_uwh[LEGAL_A_PLUS] = 1234 * KWH + 567;
    start(name);
    later(2);
}

static void begin(void)
{
    begin_with("382MB");
}

static int64_t left(void)
{
    return meter_prepay_left_uwh(meter);
}

static enum dlms_result call(uint16_t class_id, const char *obis, int8_t method, const char *hex)
{
    return client_call(&client, class_id, obis, method, hex);
}

static void give_key(void)
{
    uint8_t key[TOKEN_KEY_BYTES];
    assert_int_equal(client_hex(KEY, key, sizeof key), sizeof key);
    meter->rights.line[0].channel = CHANNEL_MODULE;
    meter->rights.speaker = 1;
    assert_int_equal(meter_prepay_key(meter, key), PREPAY_OK);
    meter->rights.speaker = 0;
}

/* The low limit and cut-off at any hour, which the settings make possible. */
static void set_basis(const char *hex)
{
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    assert_int_equal(client_set(&client, 1, "1.1.128.0.11.255", 2, hex), 0);
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
}

/* REQ(PRE-01): as delivered */
static void a_new_account(void **state)
{
    (void)state;
    begin();
    client_expect(&client, 111, ACCOUNT, 1, "09 06 000013 0000FF");
    client_expect(&client, 111, ACCOUNT, 2, "02 02 16 02 16 01");
    client_expect(&client, 111, ACCOUNT, 3, "11 00");
    client_expect(&client, 111, ACCOUNT, 4, "04 08 00");
    for (int8_t a = 5; a <= 8; a++) {
        client_expect(&client, 111, ACCOUNT, a, "05 00000000");
    }
    client_expect(&client, 111, ACCOUNT, 9, "01 02 09 06 0000130A00FF 09 06 0000130A01FF");
    client_expect(&client, 111, ACCOUNT, 10, "01 01 09 06 0000131400FF");
    client_expect(&client, 111, ACCOUNT, 11,
                  "01 02 02 03 09 06 0000130A00FF 09 06 0000131400FF 04 03 E0"
                  "02 03 09 06 0000130A01FF 09 06 0000131400FF 04 03 E0");
    client_expect(&client, 111, ACCOUNT, 12, "01 01 02 02 09 06 0000130A00FF 11 64");
    client_expect(&client, 111, ACCOUNT, 13, NO_MOMENT);
    client_expect(&client, 111, ACCOUNT, 14, NO_MOMENT);
    client_expect(&client, 111, ACCOUNT, 15, "02 03 0C 03 6B5768 0F FE 16 01");
    client_expect(&client, 111, ACCOUNT, 16, "05 00000000");
    client_expect(&client, 111, ACCOUNT, 17, "05 00000000");
    client_expect(&client, 111, ACCOUNT, 18, "12 0000");
    client_expect(&client, 111, ACCOUNT, 19, "05 00000000");
    assert_int_equal(client_get(&client, 111, ACCOUNT, 20), DLMS_RESULT_DENIED);
}

static void credits_and_charge(void **state)
{
    (void)state;
    begin();
    static const char *const token[10] = {"05 00000000", "16 00",    "11 01", "05 00000000",
                                          "05 00000000", "04 05 98", "16 00", "05 00000000",
                                          "05 00000000", NO_MOMENT};
    static const char *const emergency[10] = {"05 00000000", "16 02",    "11 02", "05 00000000",
                                              "05 80000000", "04 05 60", "16 00", "05 00000000",
                                              "05 00000000", NO_MOMENT};
    static const char unit[] = "02 03 02 02 0F 03 0F 00 02 03 12 0003 09 06 0100010800FF 0F 02"
                               "01 01 02 02 09 00 10 0001";
    const char *const charge[12] = {"05 00000000", "16 00",       "11 01",       unit,
                                    unit,          NO_MOMENT,     "06 00000000", "04 02 40",
                                    NO_MOMENT,     "05 00000000", "05 00000000", "12 0000"};
    for (int8_t i = 0; i < 10; i++) {
        client_expect(&client, 112, TOKENS, (int8_t)(i + 2), token[i]);
        client_expect(&client, 112, EMERGENCY, (int8_t)(i + 2), emergency[i]);
    }
    for (int8_t i = 0; i < 12; i++) {
        client_expect(&client, 113, CHARGE, (int8_t)(i + 2), charge[i]);
    }
}

/* REQ(PRE-02, PRE-03): loaded, switched on, counted down, taken away, set; what can't be is refused
 * and changes nothing */
static void an_account_in_use(void **state)
{
    (void)state;
    begin();
    assert_int_equal(call(112, TOKENS, 1, "05 000002BC"), 0); /* 7 kWh */
    client_expect(&client, 1, "1.0.130.0.131.255", 2, "06 00000001");
    client_expect(&client, 111, ACCOUNT, 2, "02 02 16 02 16 01");
    client_expect(&client, 111, ACCOUNT, 4, "04 08 80");
    assert_int_equal(call(111, ACCOUNT, 1, "11 00"), DLMS_RESULT_TYPE);
    assert_int_equal(call(111, ACCOUNT, 1, "0F 00"), 0);
    assert_int_equal(call(111, ACCOUNT, 1, "0F 00"), 0); /* so it is already */
    assert_true(meter_prepay_on(meter));
    client_expect(&client, 111, ACCOUNT, 2, "02 02 16 02 16 02");
    client_expect(&client, 111, ACCOUNT, 3, "11 01");
    client_expect(&client, 112, TOKENS, 8, "16 03");
    puppet.energy_uwh[LEGAL_A_PLUS] += 3 * KWH + 1;
    client_expect(&client, 111, ACCOUNT, 5, "05 0000018F"); /* 3.99: a part of a unit is none */
    client_expect(&client, 112, TOKENS, 2, "05 0000018F");
    client_expect(&client, 113, CHARGE, 2, "05 0000012C");
    puppet.energy_uwh[LEGAL_A_PLUS] -= 1;
    assert_int_equal(client_set(&client, 111, ACCOUNT, 16, "05 000001F4"), 0);
    client_expect(&client, 112, TOKENS, 5, "05 000001F4");
    client_expect(&client, 111, ACCOUNT, 16, "05 000001F4");
    client_expect(&client, 111, ACCOUNT, 4, "04 08 C0");
    assert_int_equal(client_set(&client, 111, ACCOUNT, 16, "05 00000001"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 111, ACCOUNT, 16, "05 FFFFFF9C"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 111, ACCOUNT, 16, "05 7FFFFFBC"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 111, ACCOUNT, 16, "12 0064"), DLMS_RESULT_TYPE);
    assert_int_equal(client_set(&client, 111, ACCOUNT, 5, "05 00000001"), DLMS_RESULT_DENIED);
    assert_int_equal(call(112, TOKENS, 1, "05 FFFFFF9C"), 0); /* a kilowatt-hour less */
    assert_int_equal(left(), 3 * UWH);
    assert_int_equal(call(112, TOKENS, 1, "05 FFFFFED3"), DLMS_RESULT_OTHER); /* 3.01 less */
    assert_int_equal(call(112, TOKENS, 1, "05 80000000"), DLMS_RESULT_OTHER);
    assert_int_equal(call(112, TOKENS, 1, "05 00000000"), DLMS_RESULT_OTHER);
    assert_int_equal(call(112, TOKENS, 1, "05 7FFFFFFF"), DLMS_RESULT_OTHER);
    assert_int_equal(call(112, TOKENS, 1, "06 00000001"), DLMS_RESULT_TYPE);
    assert_int_equal(call(112, TOKENS, 2, "05 FFFFFFFF"), DLMS_RESULT_OTHER);
    assert_int_equal(call(112, TOKENS, 2, "05 7FFFFFFF"), DLMS_RESULT_OTHER);
    assert_int_equal(left(), 3 * UWH);
    assert_int_equal(call(112, TOKENS, 2, "05 000003E8"), 0);
    assert_int_equal(left(), 10 * UWH);
    assert_int_equal(call(111, ACCOUNT, 3, "0F 00"), DLMS_RESULT_OTHER); /* not while it is open */
    assert_int_equal(call(111, ACCOUNT, 2, "0F 00"), 0);
    client_expect(&client, 111, ACCOUNT, 2, "02 02 16 02 16 03");
    assert_int_equal(left(), 0);
    assert_int_equal(call(111, ACCOUNT, 3, "0F 00"), 0);
    client_expect(&client, 111, ACCOUNT, 2, "02 02 16 02 16 01");
}

/* Each booking stands in the audit log once, with way and connection. */
static void bookings_are_logged(void **state)
{
    (void)state;
    begin();
    assert_int_equal(call(112, TOKENS, 1, "05 000002BC"), 0);
    assert_int_equal(call(112, TOKENS, 2, "05 00000064"), 0);
    unsigned booked = 0;
    for (uint32_t id = 1; id <= event_log_newest(&meter->logs, EVENT_LOG_AUDIT); id++) {
        struct event_log_entry entry;
        if (event_log_read(&meter->logs, meter->board, EVENT_LOG_AUDIT, id, &entry) ==
                EVENT_LOG_OK &&
            entry.code == METER_AUDIT_CREDIT) {
            assert_int_equal(entry.payload[0], booked == 0 ? PREPAY_LOADED : PREPAY_SET);
            assert_int_equal(entry.payload[1], CHANNEL_MODULE);
            booked++;
        }
    }
    assert_int_equal(booked, 2);
}

/* Used up: owed by the emergency credit, which is the low limit; invoked it closes the breaker. */
static void out_of_credit(void **state)
{
    (void)state;
    begin();
    assert_int_equal(call(112, TOKENS, 1, "05 00000064"), 0);
    set_basis("11 20"); /* at any hour */
    assert_int_equal(call(112, EMERGENCY, 3, "0F 00"), DLMS_RESULT_OTHER);
    assert_int_equal(call(111, ACCOUNT, 1, "0F 00"), 0);
    puppet.energy_uwh[LEGAL_A_PLUS] += 2 * KWH + 1;
    later(3);
    client_expect(&client, 1, "1.1.128.0.0.255", 2, "11 07");
    client_expect(&client, 111, ACCOUNT, 3, "11 00");
    client_expect(&client, 111, ACCOUNT, 4, "04 08 02");
    client_expect(&client, 111, ACCOUNT, 5, "05 00000000");
    client_expect(&client, 111, ACCOUNT, 6, "05 00000065"); /* paying it leaves no debt */
    client_expect(&client, 112, TOKENS, 2, "05 00000000");
    client_expect(&client, 112, TOKENS, 8, "16 04");
    client_expect(&client, 112, EMERGENCY, 2, "05 FFFFFF9B");
    client_expect(&client, 112, EMERGENCY, 8, "16 04");
    assert_int_equal(call(112, EMERGENCY, 3, "0F 00"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 1, "1.1.128.0.12.255", 2, "11 06"), 0);
    later(1);
    client_expect(&client, 111, ACCOUNT, 4, "04 08 32");
    client_expect(&client, 112, EMERGENCY, 8, "16 01");
    assert_int_equal(call(112, EMERGENCY, 3, "05 00000000"), DLMS_RESULT_TYPE);
    assert_int_equal(call(112, EMERGENCY, 3, "0F 00"), 0);
    later(12);
    client_expect(&client, 1, "1.1.128.0.0.255", 2, "11 04");
    client_expect(&client, 111, ACCOUNT, 3, "11 02");
    client_expect(&client, 111, ACCOUNT, 4, "04 08 2E");
    client_expect(&client, 112, EMERGENCY, 8, "16 03");
    assert_int_equal(call(112, EMERGENCY, 3, "0F 00"), DLMS_RESULT_OTHER);
    assert_int_equal(call(112, TOKENS, 1, "05 00000065"), 0);
    client_expect(&client, 111, ACCOUNT, 6, "05 00000000");
    client_expect(&client, 112, EMERGENCY, 8, "16 00");
}

/* REQ(PRE-02): a token says what became of it, and is taken once */
static void tokens(void **state)
{
    (void)state;
    begin();
    client_expect(&client, 115, GATEWAY, 2, "09 00");
    client_expect(&client, 115, GATEWAY, 3, NO_MOMENT);
    client_expect(&client, 115, GATEWAY, 4, "01 00");
    client_expect(&client, 115, GATEWAY, 6, "02 02 16 00 04 08 00");
    assert_int_equal(call(115, GATEWAY, 1, FIRST), 0); /* it is off */
    client_expect(&client, 115, GATEWAY, 6, "02 02 16 07 04 08 02");
    assert_int_equal(call(111, ACCOUNT, 1, "0F 00"), 0);
    assert_int_equal(call(115, GATEWAY, 1, FIRST), 0); /* there is no key */
    client_expect(&client, 115, GATEWAY, 6, "02 02 16 05 04 08 0E");
    give_key();
    assert_int_equal(call(115, GATEWAY, 1, "0A 01 30"), DLMS_RESULT_TYPE);
    assert_int_equal(call(115, GATEWAY, 1, FIRST), 0);
    assert_int_equal(left(), 10 * UWH);
    client_expect(&client, 115, GATEWAY, 2, FIRST);
    client_expect(&client, 115, GATEWAY, 4, "01 02 09 04 00000001 09 04 00000064");
    client_expect(&client, 115, GATEWAY, 5, "16 00");
    client_expect(&client, 115, GATEWAY, 6, "02 02 16 03 04 08 00");
    assert_int_equal(call(115, GATEWAY, 1, FIRST), 0);
    client_expect(&client, 115, GATEWAY, 6, "02 02 16 06 04 08 0A");
    assert_int_equal(call(115, GATEWAY, 1, "09 02 3132"), 0);
    client_expect(&client, 115, GATEWAY, 2, "09 00");
    client_expect(&client, 115, GATEWAY, 4, "01 00");
    client_expect(&client, 115, GATEWAY, 6, "02 02 16 04 04 08 08");
    assert_int_equal(left(), 10 * UWH);
    for (unsigned i = 0; i < 3; i++) { /* mistyped */
        assert_int_equal(call(115, GATEWAY, 1, "09 14 3030303030303031313031313932353036353538"),
                         0);
        client_expect(&client, 115, GATEWAY, 6, "02 02 16 05 04 08 09");
    }
    assert_int_equal(call(115, GATEWAY, 1, FIRST), DLMS_RESULT_TEMPORARY_FAILURE);
    assert_int_equal(left(), 10 * UWH);
    start("382MB"); /* the token before comes back from its booking, without its digits */
    client_expect(&client, 115, GATEWAY, 2, "09 00");
    client_expect(&client, 115, GATEWAY, 4, "01 02 09 04 00000001 09 04 00000064");
    client_expect(&client, 115, GATEWAY, 6, "02 02 16 03 04 08 00");
}

/* The status comes back with the answer. */
static void the_answer_tells(void **state)
{
    (void)state;
    begin();
    uint8_t bytes[32], answer[32], wanted[16];
    const size_t n = client_hex(FIRST, bytes, sizeof bytes);
    struct writer out = writer_over(answer, sizeof answer);
    assert_int_equal(client.model.action(meter, &client.session, client_find(&client, 115, GATEWAY),
                                         1, reader_over(bytes, n), &out),
                     0);
    assert_int_equal(client_hex("02 02 16 07 04 08 02", wanted, sizeof wanted),
                     writer_length(&out));
    assert_memory_equal(answer, wanted, writer_length(&out));
}

/* REQ(X-BRK-2, SEC-06): for management alone, on meters that can be prepaid; each method where it
 * belongs */
static void rights(void **state)
{
    (void)state;
    static const uint16_t others[] = {COSEM_CLIENT_PUBLIC, COSEM_CLIENT_MODULE,
                                      COSEM_CLIENT_OPTICAL, COSEM_CLIENT_CONSUMER};
    begin();
    assert_int_equal(call(112, TOKENS, 3, "0F 00"), DLMS_RESULT_DENIED);
    assert_int_equal(call(112, EMERGENCY, 1, "05 00000001"), DLMS_RESULT_DENIED);
    assert_int_equal(call(112, EMERGENCY, 2, "05 00000001"), DLMS_RESULT_DENIED);
    for (int8_t m = 1; m <= 5; m++) {
        assert_int_equal(call(113, CHARGE, m, "0F 00"), DLMS_RESULT_DENIED);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        client_open(&client, meter, others[i]);
        assert_int_equal(call(112, TOKENS, 1, "05 00000001"), DLMS_RESULT_UNDEFINED);
        assert_int_equal(call(115, GATEWAY, 1, FIRST), DLMS_RESULT_UNDEFINED);
        assert_int_equal(client_get(&client, 111, ACCOUNT, 2), DLMS_RESULT_UNDEFINED);
    }
    assert_int_equal(left(), 0);
    begin_with("382M");
    assert_int_equal(client_get(&client, 111, ACCOUNT, 2), DLMS_RESULT_UNDEFINED);
    assert_int_equal(call(112, TOKENS, 1, "05 00000001"), DLMS_RESULT_UNDEFINED);
    assert_int_equal(client_get(&client, 113, CHARGE, 2), DLMS_RESULT_UNDEFINED);
    assert_int_equal(call(115, GATEWAY, 1, FIRST), DLMS_RESULT_UNDEFINED);
}

static const struct cut {
    uint16_t class_id;
    const char *obis;
    int8_t method;
    const char *data;
    int64_t after_uwh; /* before: 7 kWh */
    bool off_after;
} cuts[] = {
    {112, TOKENS, 1, "05 00000064", 8 * PREPAY_UWH_PER_KWH, false},
    {112, TOKENS, 1, "05 FFFFFF9C", 6 * PREPAY_UWH_PER_KWH, false},
    {112, TOKENS, 2, "05 000000C8", 2 * PREPAY_UWH_PER_KWH, false},
    {115, GATEWAY, 1, FIRST, 17 * PREPAY_UWH_PER_KWH, false},
    {111, ACCOUNT, 2, "0F 00", 0, true},
};

/* REQ(PRE-03): supply cut at every write of every method: all of it is there, or nothing */
static void a_cut_at_every_write(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 24 * sizeof cuts / sizeof cuts[0]; i++) {
        const struct cut *cut = &cuts[i / 24];
        const unsigned at = i % 8;
        begin();
        assert_int_equal(call(112, TOKENS, 1, "05 000002BC"), 0);
        assert_int_equal(call(111, ACCOUNT, 1, "0F 00"), 0);
        give_key();
        later(2);
        toy.writes = 0;
        toy.cut_after = at;
        toy.cut_kind = (int)(i / 8 % 3);
        (void)call(cut->class_id, cut->obis, cut->method, cut->data);
        toy.dead = false;
        toy.cut_after = UINT32_MAX;
        start("382MB");
        later(2);
        const bool done = left() == cut->after_uwh;
        assert_true(done || left() == 7 * UWH);
        assert_int_equal(meter_prepay_on(meter), !(done && cut->off_after));
        if (cut->off_after || cut->class_id == 115) { /* those may be asked again */
            assert_int_equal(call(cut->class_id, cut->obis, cut->method, cut->data), 0);
            assert_int_equal(left(), cut->after_uwh);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_account),        cmocka_unit_test(credits_and_charge),
        cmocka_unit_test(an_account_in_use),    cmocka_unit_test(bookings_are_logged),
        cmocka_unit_test(out_of_credit),        cmocka_unit_test(tokens),
        cmocka_unit_test(the_answer_tells),     cmocka_unit_test(rights),
        cmocka_unit_test(a_cut_at_every_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
