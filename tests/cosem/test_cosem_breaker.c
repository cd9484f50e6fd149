/* The breaker's objects: the 382M's own, disconnect control, limiter, scripts, and its log. */
#include "../app/legal_puppet.h"
#include "app/cosem/cosem_inside.h"
#include "app/meter/meter_breaker.h"
#include "app/meter/meter_prepay.h"
#include "cosem_client.h"

#define STATE   "1.1.128.0.0.255"
#define CONTROL "0.0.96.3.10.255"
#define LIMITER "0.0.17.0.0.255"

static struct cosem_client client;

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

/* A closed breaker with voltage on all phases. */
static struct meter *with_breaker(uint16_t sap)
{
    struct meter *meter = toy_meter("382MB", 0);
    for (unsigned p = 0; p < 3; p++) {
        puppet.instant.phase[p] =
            (struct legal_phase){.voltage_mv = 230000, .voltage_present = true};
    }
    (void)meter_step(meter, SECOND);
    client_open(&client, meter, sap);
    return meter;
}

static void later(struct meter *meter, int64_t seconds)
{
    for (int64_t end_us = meter->now_us + seconds * SECOND; meter->now_us < end_us;) {
        (void)meter_step(meter, meter->now_us + SECOND / 2);
    }
}

/* REQ(BRK-04, X-BRK-3): open; close in two steps; what is not allowed in a state is refused */
static void test_commands(void **state)
{
    (void)state;
    struct meter *meter = with_breaker(COSEM_CLIENT_MODULE);
    client_expect(&client, 1, STATE, 2, "11 04");
    assert_int_equal(client_set(&client, 1, STATE, 2, "11 02"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 1, STATE, 2, "11 00"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 1, STATE, 2, "11 04"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 1, STATE, 2, "12 0001"), DLMS_RESULT_TYPE);
    assert_int_equal(client_set(&client, 1, STATE, 2, "11 01"), 0);
    client_expect(&client, 1, STATE, 2, "11 01");
    assert_int_equal(client_set(&client, 1, STATE, 2, "11 03"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 1, STATE, 2, "11 02"), 0);
    client_expect(&client, 1, STATE, 2, "11 08");
    assert_int_equal(client_set(&client, 1, STATE, 2, "11 03"), 0);
    later(meter, 8);
    client_expect(&client, 1, STATE, 2, "11 04");
    client_open(&client, meter, COSEM_CLIENT_CONSUMER);
    assert_int_equal(client_set(&client, 1, STATE, 2, "11 01"), DLMS_RESULT_DENIED);
    client_expect(&client, 1, STATE, 2, "11 04");
}

/* REQ(X-BRK-2): what may open the breaker is set over the module port alone */
static void test_settings(void **state)
{
    (void)state;
    struct meter *meter = with_breaker(COSEM_CLIENT_OPTICAL);
    assert_int_equal(client_set(&client, 1, "1.1.128.0.11.255", 2, "11 01"), DLMS_RESULT_DENIED);
    assert_int_equal(client_set(&client, 1, "1.1.128.0.2.255", 2, "11 0F"), 0);
    client_expect(&client, 1, "1.1.128.0.2.255", 2, "11 0F"); /* 1.5 */
    assert_int_equal(meter->breaker.config.k_tenths[0], 15);
    assert_int_equal(client_set(&client, 1, "1.1.128.0.2.255", 2, "11 64"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 1, "1.1.128.0.13.255", 2, "11 19"), 0);
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    assert_int_equal(client_set(&client, 1, "1.1.128.0.11.255", 2, "11 01"), 0);
    assert_int_equal(meter->breaker.config.basis, 1);
    client_expect(&client, 1, "1.1.128.0.14.255", 2, "11 19");
}

/* REQ(X-BRK-2, PRE-03): the credit of prepayment is set over the module port alone, in the kWh of
 * the display */
static void test_credit(void **state)
{
    (void)state;
    static const char credit[] = "1.1.130.0.0.255";
    struct meter *meter = with_breaker(COSEM_CLIENT_OPTICAL);
    assert_int_equal(client_set(&client, 3, credit, 2, "06 00 00 00 0A"), DLMS_RESULT_DENIED);
    client_expect(&client, 3, credit, 2, "06 00 00 00 00");
    assert_int_equal(client_set(&client, 1, "1.1.128.0.12.255", 2, "11 06"), 0);
    assert_int_equal(client_set(&client, 1, "1.1.128.0.9.255", 2, "11 0A"), 0);
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    assert_int_equal(client_set(&client, 3, credit, 2, "06 00 00 00 0A"), 0);
    client_expect(&client, 3, credit, 2, "06 00 00 00 0A");
    assert_int_equal(meter_prepay_left_uwh(meter), 10 * PREPAY_UWH_PER_KWH);
    assert_int_equal(client_set(&client, 3, credit, 2, "06 FF FF FF FF"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 1, "1.1.128.0.11.255", 2, "11 02"), 0);
    assert_true(meter_prepay_on(meter));
    assert_int_equal(meter->prepay.config.low_s, 10 * 86400);
}

/* REQ(EVT-12): the cut-off log: state and feedback of every change */
static void test_cut_off_log(void **state)
{
    (void)state;
    struct meter *meter = with_breaker(COSEM_CLIENT_MODULE);
    assert_int_equal(client_set(&client, 1, STATE, 2, "11 01"), 0);
    assert_int_equal(client_set(&client, 1, STATE, 2, "11 02"), 0);
    client_expect(&client, 7, "1.1.99.98.5.255", 3,
                  "01 03 02 04 12 0008 09 06 0001010000FF 0F 02 12 0000"
                  "02 04 12 0001 09 06 0101800000FF 0F 02 12 0000"
                  "02 04 12 0001 09 06 0101800012FF 0F 02 12 0000");
    assert_int_equal(client_get(&client, 7, "1.1.99.98.5.255", 2), 0);
    assert_int_equal(client.bytes[1], 2);
    assert_int_equal(client.bytes[2 + 2 + 14 + 1], BREAKER_OPEN_COMMAND);
    assert_int_equal(client.bytes[2 + 20 + 2 + 14 + 1], BREAKER_RELEASED);
    assert_int_equal(client.n_bytes, 2 + 2 * 20);
    (void)meter;
}

/* Class 70: from 1 to 0, to 2, to 1; the output follows the relays. */
static void test_disconnect_control(void **state)
{
    (void)state;
    struct meter *meter = with_breaker(COSEM_CLIENT_MANAGEMENT);
    client_expect(&client, 70, CONTROL, 2, "03 01");
    client_expect(&client, 70, CONTROL, 3, "16 01");
    client_expect(&client, 70, CONTROL, 4, "16 01");
    assert_int_equal(client_call(&client, 70, CONTROL, 1, "11 00"), DLMS_RESULT_TYPE);
    assert_int_equal(client_call(&client, 70, CONTROL, 2, "0F 00"), 0); /* connected already */
    client_expect(&client, 70, CONTROL, 3, "16 01");
    assert_int_equal(client_call(&client, 70, CONTROL, 1, "0F 00"), 0);
    later(meter, 1);
    client_expect(&client, 70, CONTROL, 2, "03 00");
    client_expect(&client, 70, CONTROL, 3, "16 00");
    assert_int_equal(client_call(&client, 70, CONTROL, 2, "0F 00"), 0);
    client_expect(&client, 70, CONTROL, 3, "16 02");
    client_expect(&client, 70, CONTROL, 2, "03 00");
    assert_int_equal(client_call(&client, 9, "0.0.10.0.106.255", 1, "12 0002"), 0);
    later(meter, 8);
    client_expect(&client, 70, CONTROL, 2, "03 01");
    assert_int_equal(client_call(&client, 9, "0.0.10.0.106.255", 1, "12 0001"), 0);
    client_expect(&client, 70, CONTROL, 3, "16 00");
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    assert_int_equal(client_call(&client, 70, CONTROL, 2, "0F 00"), DLMS_RESULT_UNDEFINED);
}

/* Class 71: 25 A times 1.0 in 1/100 A; in W when the basis is power. */
static void test_limiter(void **state)
{
    (void)state;
    struct meter *meter = with_breaker(COSEM_CLIENT_MANAGEMENT);
    client_expect(&client, 71, LIMITER, 2, "02 03 12 0003 09 06 01001F0700FF 0F 02");
    assert_int_equal(client_set(&client, 71, LIMITER, 4, "06 000009C4"), 0);
    assert_int_equal(meter->breaker.config.limit, 25);
    client_expect(&client, 71, LIMITER, 3, "06 000009C4");
    assert_int_equal(client_set(&client, 71, LIMITER, 4, "06 000009C5"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 71, LIMITER, 4, "06 00002711"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 71, LIMITER, 4, "12 09C4"), DLMS_RESULT_TYPE);
    assert_int_equal(client_set(&client, 71, LIMITER, 3, "06 000009C4"), DLMS_RESULT_DENIED);
    assert_int_equal(client_set(&client, 71, LIMITER, 6, "06 0000000A"), 0);
    client_expect(&client, 71, LIMITER, 6, "06 0000000A");
    assert_int_equal(client_set(&client, 1, "1.1.128.0.11.255", 2, "11 05"), 0);
    client_expect(&client, 71, LIMITER, 2, "02 03 12 0003 09 06 0100010700FF 0F 02");
    client_expect(&client, 71, LIMITER, 4, "06 000061A8"); /* 25 kW */
}

/* A meter without a breaker has none of them. */
static void test_without(void **state)
{
    (void)state;
    client_open(&client, toy_meter("382M", 0), COSEM_CLIENT_MANAGEMENT);
    assert_int_equal(client_get(&client, 1, STATE, 2), DLMS_RESULT_UNDEFINED);
    assert_int_equal(client_get(&client, 70, CONTROL, 2), DLMS_RESULT_UNDEFINED);
    assert_int_equal(client_get(&client, 71, LIMITER, 2), DLMS_RESULT_UNDEFINED);
    assert_int_equal(client_get(&client, 7, "1.1.99.98.5.255", 2), DLMS_RESULT_UNDEFINED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_commands, setup),
        cmocka_unit_test_setup(test_settings, setup),
        cmocka_unit_test_setup(test_credit, setup),
        cmocka_unit_test_setup(test_cut_off_log, setup),
        cmocka_unit_test_setup(test_disconnect_control, setup),
        cmocka_unit_test_setup(test_limiter, setup),
        cmocka_unit_test_setup(test_without, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
