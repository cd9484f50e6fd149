/* R6 of the logs beside the load profile: what stands in their records, blocks, bounds. */
#include <stdio.h>

#include "legal_puppet.h"

#include "app/meter/meter_analysis.h"
#include "app/meter/meter_log.h"
#include "optical_talk.h"

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

static void told(struct meter *meter, const char *message, char got[2048])
{
    const size_t n = tell(meter, message, 2000, got);
    assert_true(n > 3u && got[0] == 0x02);
    got[n - 2u] = '\0';
}

/* REQ(BIL-02, OPT-01): the items of a debiting period, peaks with their times */
static void debiting(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    char got[2048];
    puppet.energy_uwh[LEGAL_A_PLUS] = 10 * KWH;
    puppet.tariff_uwh[1][LEGAL_A_PLUS] = 4 * KWH;
    puppet.operating_s = 49 * 3600;
    meter->demand.peak[0] = (struct demand_peak){1078000, INT64_C(1718886600)};
    assert_int_equal(meter_debiting_stop(meter), METER_OK);
    sign_on(meter, 1000, "P1<(0)");
    told(meter, "R6<98.1.0()", got);
    assert_string_equal(
        got + 1,
        "98.1.0(24)(1.0.0)()(96.8.0)(h)(0.1.0)()(96.51.2)()(0.128.1)()(1.8.0)(kWh)(2.8.0)(kWh)"
        "(3.8.0)(kvarh)(4.8.0)(kvarh)(1.8.1)(kWh)(1.8.2)(kWh)(1.8.3)(kWh)(1.8.4)(kWh)(3.8.1)(kvarh)"
        "(3.8.2)(kvarh)(3.8.3)(kvarh)(3.8.4)(kvarh)(1.6.0)(kW)(1.6.0)()(1.2.0)(kW)(1.6.1)(kW)"
        "(1.6.1)()(1.6.2)(kW)(1.6.2)()\r\n"
        "(11240620143005)(49)(1)(0)(0000000)(0000010)(0000000)(0000000)(0000000)(0000000)(0000004)"
        "(0000000)(0000000)(0000000)(0000000)(0000000)(0000000)(1.078)(11240620143000)(1.078)(0."
        "000)"
        "(00000101000000)(0.000)(00000101000000)\r\n");
    told(meter, "R6<98.2.0()", got);
    assert_memory_equal(got + 1, "98.2.0(22)(1.0.0)()(96.8.0)(h)(1.8.0)(kWh)", 41);
    /* energy type and tariffs as ordered: an A+ meter has none of the rest */
    toys_reset();
    meter = toy_meter("162M", 0);
    sign_on(meter, 1000, "P1<(0)");
    told(meter, "R6<98.1.0()", got);
    assert_non_null(strstr(got, "(1.8.0)(kWh)"));
}

/* REQ(EVT-04, EVT-06, SEC-08): hours, event, the record's own bytes */
static void events(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    char got[2048];
    puppet.operating_s = 7 * 3600;
    const uint8_t payload[2] = {0x44, 0x40};
    meter_log(meter, EVENT_LOG_STATUS, 4, payload, sizeof payload);
    sign_on(meter, 1000, "P1<(0)");
    told(meter, "R6<99.98.2()", got);
    assert_string_equal(got + 1, "99.98.2(4)(1.0.0)()(96.8.0)(h)(97.97.0)()(96.128.1)()\r\n"
                                 "(11240620143005)(7)(4)(44400000000000000000000000000000)\r\n");
    static const char *const heads[][2] = {
        {"R6<99.98.3()", "99.98.3(4)(1.0.0)()(96.8.0)(h)(96.10.3)()"},
        {"R6<99.98.4()", "99.98.4(4)(1.0.0)()(96.8.0)(h)(132.0.2)()"},
        {"R6<99.98.10()", "99.98.10(4)(1.0.0)()(96.8.0)(h)(96.5.3)()"},
        {"R6<99.98.12()", "99.98.12(4)(1.0.0)()(96.8.0)(h)(132.0.6)()"},
        {"R6<99.98.13()", "99.98.13(4)(1.0.0)()(96.8.0)(h)(96.54.2)()"},
        {"R6<99.98.14()", "99.98.14(4)(1.0.0)()(96.8.0)(h)(96.54.2)()"},
        {"R6<99.98.128()", "99.98.128(4)(1.0.0)()(96.8.0)(h)(96.128.0)()"},
    };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        told(meter, heads[i][0], got);
        assert_memory_equal(got + 1, heads[i][1], strlen(heads[i][1]));
    }
    /* what this type of meter does not have, or nobody has */
    static const char *const none[] = {"R6<99.98.16()", "R6<99.98.5()", "R6<99.98.1()",
                                       "R6<99.98.()",   "R6<1.8.0()",   "R6<99.98.2.255()"};
    meter->variant.breaker = false;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        expect_told(meter, none[i], 2000, "ER unknown object");
    }
    expect_told(meter, "R6<99.98.2(1)", 2000, "ER value");
}

/* Blocks are as long as asked for, or as fits; the same part comes again for NAK; bounds hold. */
static void blocks_and_bounds(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    static const uint8_t more = 0x06, again = 0x15;
    uint8_t payload[64];
    char got[2048], first[2048];
    unsigned seen = 0;
    memset(payload, 0xA5, sizeof payload);
    for (unsigned k = 0; k < 30; k++) {
        toy.rtc_utc_s = INT64_C(1718886605) + 60 * (int64_t)k;
        assert_int_equal(meter_clock_set(meter, toy.rtc_utc_s), METER_OK);
        meter_log(meter, EVENT_LOG_VOLTAGE, (uint16_t)k, payload, sizeof payload);
    }
    sign_on(meter, 1000, "P1<(0)");
    size_t n = tell(meter, "R6<99.98.4(;;100)", 2000, got);
    for (;;) {
        const char last = got[n - 2u];
        assert_true(n <= IEC_PROGRAM_ROOM * 2u);
        memcpy(first, got, n);
        assert_int_equal(say(meter, &again, 1, 2000, (uint8_t *)got, 2047), n);
        assert_memory_equal(got, first, n);
        got[n - 2u] = '\0';
        for (const char *c = got; (c = strstr(c, "\r\n(")) != NULL; c++) {
            seen++;
        }
        seen += got[1] == '(' ? 1u : 0u; /* the first of a part without a header */
        if (last == 0x03) {
            break;
        }
        n = say(meter, &more, 1, 2000, (uint8_t *)got, 2047);
        assert_true(n > 3);
    }
    assert_int_equal(seen, 30);
    told(meter, "R6<99.98.4(1240620144005;1240620144205;100)", got);
    assert_null(strstr(got, "(11240620143905)"));
    assert_non_null(strstr(got, "\r\n(11240620144005)(0)(10)("));
    assert_non_null(strstr(got, "\r\n(11240620144205)(0)(12)("));
    assert_null(strstr(got, "(11240620144305)"));
    told(meter, "R6<99.98.4(1250620144005)", got);
    assert_null(strstr(got, "\r\n("));
}

/* A record that is damaged in memory is passed over. */
static void damage(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    char got[2048];
    for (uint16_t k = 1; k <= 3; k++) {
        meter_log(meter, EVENT_LOG_LOAD_PROFILE, k, "", 0);
    }
    const struct event_log_row *row = event_log_row(EVENT_LOG_LOAD_PROFILE);
    toy.memory[(row->first_page + 2u) * EVENT_LOG_PAGE_BYTES + 10u] ^= 1u;
    sign_on(meter, 1000, "P1<(0)");
    told(meter, "R6<99.98.10()", got);
    assert_non_null(strstr(got, ")(0)(1)("));
    assert_null(strstr(got, ")(0)(2)("));
    assert_non_null(strstr(got, ")(0)(3)("));
}

/* REQ(ANA-01): the registers of the set-up head the columns of the analysis logger */
static void analysis(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    char got[2048];
    struct analysis_setup wanted = meter->analysis.stored.setup;
    wanted.on = true;
    wanted.n_values = 4;
    const uint16_t values[] = {1, 1054, 1049, 1079};
    memcpy(wanted.value, values, sizeof values);
    assert_int_equal(meter_analysis_take(meter, &wanted), ANALYSIS_TAKEN);
    sign_on(meter, 1000, "P1<(0)");
    told(meter, "R6<99.1.1()", got);
    assert_string_equal(got + 1, "99.1.1(7)(1.0.0)()(96.56.2)()(96.56.3)()(1.8.0)(kWh)(32.7.0)(V)"
                                 "(1.6.0)()(96.9.0)(C)\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(debiting, setup),          cmocka_unit_test_setup(events, setup),
        cmocka_unit_test_setup(blocks_and_bounds, setup), cmocka_unit_test_setup(damage, setup),
        cmocka_unit_test_setup(analysis, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
