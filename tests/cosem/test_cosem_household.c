/* What management's household list adds to the 382M's: counters of sags, swells and power failures,
 * and the event logs with the numbers of IDIS. */
#include "../app/legal_puppet.h"
#include "app/cosem/cosem_inside.h"
#include "app/meter/meter_audit.h"
#include "app/meter/meter_breaker.h"
#include "app/meter/meter_log.h"
#include "app/meter/meter_quality.h"
#include "app/quality/quality_record.h"
#include "cosem_client.h"

#define STANDARD "0.0.99.98.0.255"
#define FRAUD    "0.0.99.98.1.255"
#define POWER    "1.0.99.97.0.255"
#define STAMP    "09 0C 07E80614040E1E05FFFF8880" /* 2024-06-20 14:30:05, summer */
#define MINUTE   60000u

static struct cosem_client client;

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

static struct meter *managed(const char *name)
{
    struct meter *meter = toy_meter(name, 0);
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
    return meter;
}

/* The voltage quality tells a record, which the meter notes and counts. */
static void happens(struct meter *meter, uint8_t kind, uint8_t edge, uint8_t phases,
                    uint32_t duration_ms, uint32_t extreme_mv)
{
    struct quality *q = &meter->quality;
    assert_int_equal(q->n_outbox, 0);
    q->outbox[0].record =
        (struct quality_record){kind, edge, phases, meter->now_us, duration_ms, extreme_mv};
    q->outbox[0].known_us = INT64_MIN;
    q->n_outbox = 1;
    meter_quality_step(meter);
    assert_int_equal(q->n_outbox, 0);
}

static void trouble(struct meter *meter)
{
    happens(meter, QUALITY_DIP, QUALITY_WHOLE, 3, 200, 161040);
    happens(meter, QUALITY_DIP, QUALITY_WHOLE, 2, 1500, 99900);
    happens(meter, QUALITY_SWELL, QUALITY_WHOLE, 4, 40, 262000);
    happens(meter, QUALITY_INTERRUPTION, QUALITY_WHOLE, 7, 400, 900);
    happens(meter, QUALITY_FAILURE, QUALITY_BEGIN, 4, 0, 100000);
    happens(meter, QUALITY_FAILURE, QUALITY_END, 4, 3 * MINUTE + 1000, 90000);
    happens(meter, QUALITY_FAILURE, QUALITY_BEGIN, 7, 0, 0);
    happens(meter, QUALITY_FAILURE, QUALITY_END, 7, 3 * MINUTE, 0);
}

static void expect_counts(void)
{
    client_expect(&client, 1, "1.0.32.32.0.255", 2, "06 00000001");
    client_expect(&client, 1, "1.0.52.32.0.255", 2, "06 00000002");
    client_expect(&client, 1, "1.0.72.32.0.255", 2, "06 00000000");
    client_expect(&client, 3, "1.0.32.33.0.255", 2, "06 000000C8"); /* 0.200 s */
    client_expect(&client, 3, "1.0.32.33.0.255", 3, "02 02 0F FD 16 07");
    client_expect(&client, 3, "1.0.32.34.0.255", 2, "12 064A"); /* 161.0 V */
    client_expect(&client, 3, "1.0.52.33.0.255", 2, "06 000005DC");
    client_expect(&client, 3, "1.0.52.34.0.255", 2, "12 03E7");
    client_expect(&client, 3, "1.0.52.34.0.255", 3, "02 02 0F FF 16 23");
    client_expect(&client, 3, "1.0.72.34.0.255", 2, "12 0000");
    client_expect(&client, 1, "1.0.32.36.0.255", 2, "06 00000000");
    client_expect(&client, 1, "1.0.72.36.0.255", 2, "06 00000001");
    client_expect(&client, 3, "1.0.72.37.0.255", 2, "06 00000028");
    client_expect(&client, 3, "1.0.72.38.0.255", 2, "12 0A3C");
    client_expect(&client, 1, "0.0.96.7.0.255", 2, "06 00000001");
    client_expect(&client, 1, "0.0.96.7.1.255", 2, "06 00000001");
    client_expect(&client, 1, "0.0.96.7.3.255", 2, "06 00000002");
    client_expect(&client, 1, "0.0.96.7.21.255", 2, "06 00000002");
    client_expect(&client, 1, "0.0.96.7.9.255", 2, "06 00000001");
    client_expect(&client, 3, "0.0.96.7.19.255", 2, "06 000000B5"); /* 181 s */
    client_expect(&client, 3, "0.0.96.7.20.255", 2, "06 000000B4");
}

/* REQ(EVT-07): sags, swells and power failures are counted, phase by phase, over restarts */
static void test_counters(void **state)
{
    (void)state;
    struct meter *meter = managed("382M");
    client_expect(&client, 1, "1.0.32.32.0.255", 2, "06 00000000");
    trouble(meter);
    expect_counts();
    (void)managed("382M");
    expect_counts();
    (void)managed("162M");
    assert_int_equal(client_get(&client, 1, "1.0.32.32.0.255", 2), DLMS_RESULT_SUCCESS);
    assert_int_equal(client_get(&client, 1, "1.0.52.32.0.255", 2), DLMS_RESULT_UNDEFINED);
    assert_int_equal(client_get(&client, 1, "0.0.96.7.3.255", 2), DLMS_RESULT_UNDEFINED);
    (void)managed("382LxF");
    assert_int_equal(client_get(&client, 1, "0.0.96.7.21.255", 2), DLMS_RESULT_UNDEFINED);
}

/* What a cut left uncounted, or a damaged record of the counters forgot, is counted from the log:
 * each record once. */
static void test_counted_once(void **state)
{
    (void)state;
    for (unsigned damaged = 0; damaged < 2; damaged++) {
        toys_reset();
        struct meter *meter = managed("382M");
        trouble(meter);
        uint8_t *page =
            toy.memory +
            (QUALITY_TOTALS_FIRST_PAGE + (meter->quality_totals.sequence - damaged) % 2u) * 256u;
        page[30] ^= 1u;
        (void)managed("382M");
        expect_counts();
        meter = managed("382M");
        expect_counts();
        happens(meter, QUALITY_DIP, QUALITY_WHOLE, 4, 20, 190000);
        client_expect(&client, 1, "1.0.72.32.0.255", 2, "06 00000001");
        client_expect(&client, 1, "1.0.52.32.0.255", 2, "06 00000002");
    }
    toys_reset();
    struct meter *meter = managed("382M");
    uint8_t payload[QUALITY_RECORD_BYTES];
    const struct quality_record record = {QUALITY_DIP, QUALITY_WHOLE, 1, 0, 10, 200000};
    (void)quality_record_encode(&record, 0, payload);
    meter_log(meter, EVENT_LOG_VOLTAGE, quality_record_code(&record), payload, sizeof payload);
    client_expect(&client, 1, "1.0.32.32.0.255", 2, "06 00000000"); /* cut here */
    for (unsigned start = 0; start < 2; start++) {
        (void)managed("382M");
        client_expect(&client, 1, "1.0.32.32.0.255", 2, "06 00000001");
    }
}

/* A cut at any write while a sag is noted: it is in the log and counted, or in neither. */
static void test_cut(void **state)
{
    (void)state;
    unsigned noted = 0;
    for (unsigned writes = 0; writes < 4; writes++) {
        toys_reset();
        struct meter *meter = managed("382M");
        happens(meter, QUALITY_DIP, QUALITY_WHOLE, 1, 10, 200000);
        toy.cut_after = toy.writes + writes;
        happens(meter, QUALITY_DIP, QUALITY_WHOLE, 1, 20, 190000);
        toy.cut_after = UINT32_MAX;
        toy.dead = false;
        for (unsigned start = 0; start < 2; start++) {
            meter = managed("382M");
            assert_int_equal(meter->quality_totals.sags[0],
                             event_log_newest(&meter->logs, EVENT_LOG_VOLTAGE));
        }
        noted += meter->quality_totals.sags[0] == 2 ? 1u : 0u;
    }
    assert_in_range(noted, 1, 3);
}

/* Numbers of the log's rows, all of which have the same stamp. */
static void expect_numbers(const char *obis, const uint8_t *numbers, size_t n)
{
    uint8_t wanted[512], stamp[32];
    const size_t n_stamp = client_hex(STAMP, stamp, sizeof stamp);
    struct writer w = writer_over(wanted, sizeof wanted);
    assert_int_equal(client_get(&client, 7, obis, 2), DLMS_RESULT_SUCCESS);
    dlms_write_array(&w, n);
    for (size_t i = 0; i < n; i++) {
        dlms_write_structure(&w, 2);
        writer_bytes(&w, stamp, n_stamp);
        dlms_write_u8(&w, numbers[i]);
    }
    assert_int_equal(client.n_bytes, writer_length(&w));
    assert_memory_equal(client.bytes, wanted, writer_length(&w));
}

/* REQ(EVT-03, EVT-01): one log of all that happened, and one of attempts at manipulation */
static void test_event_logs(void **state)
{
    (void)state;
    static const uint8_t standard[] = {14, 5, 6, 1, 2, 89, 47, 48, 18, 51};
    static const uint8_t fraud[] = {42, 44, 43, 45, 46, 49};
    const uint8_t status[][3] = {{STATUS_MAGNET | STATUS_COVER, STATUS_MAGNET | STATUS_COVER, 0},
                                 {STATUS_EEPROM, STATUS_EEPROM, STATUS_MAGNET | STATUS_COVER},
                                 {0, 0, STATUS_EEPROM}};
    const uint8_t nothing[32] = {0};
    struct meter *meter = managed("382M");
    expect_numbers(STANDARD, NULL, 0);
    expect_numbers(FRAUD, NULL, 0);
    client_expect(&client, 1, "0.0.96.11.1.255", 2, "11 00");
    for (size_t i = 0; i < 3; i++) {
        meter_log(meter, EVENT_LOG_STATUS, status[i][1],
                  (const uint8_t[2]){status[i][0], status[i][2]}, 2);
    }
    meter_log(meter, EVENT_LOG_FIRMWARE_FAILED, 1, nothing, 12);
    meter_log(meter, EVENT_LOG_FIRMWARE, 1, nothing, 12);
    meter_log(meter, EVENT_LOG_AUDIT, METER_AUDIT_SETTING + 5, nothing, 8);
    meter_log(meter, EVENT_LOG_AUDIT, METER_AUDIT_PASSWORD, nothing, 5);
    meter_log(meter, EVENT_LOG_AUDIT, METER_AUDIT_KEYS, nothing, 2);
    meter_log(meter, EVENT_LOG_AUDIT, METER_AUDIT_CIPHER, nothing, 9);
    meter_log(meter, EVENT_LOG_NEUTRAL, NEUTRAL_DETECTED, nothing, 4);
    meter_log(meter, EVENT_LOG_NEUTRAL, NEUTRAL_GONE, nothing, 4);
    meter_log(meter, EVENT_LOG_CLOCK, METER_CLOCK_SET, nothing, 9);
    meter_log(meter, EVENT_LOG_CLOCK, METER_CLOCK_LOST, nothing, 9);
    trouble(meter);
    expect_numbers(STANDARD, standard, sizeof standard);
    expect_numbers(FRAUD, fraud, sizeof fraud);
    client_expect(&client, 1, "0.0.96.11.0.255", 2, "11 33"); /* 51 */
    client_expect(&client, 1, "0.0.96.11.1.255", 2, "11 31"); /* 49 */
    client_expect(&client, 7, STANDARD, 7, "06 0000000A");
    client_expect(&client, 7, FRAUD, 8, "06 00000190");
    client_expect(&client, 7, FRAUD, 3,
                  "01 02 02 04 12 0008 09 06 0000010000FF 0F 02 12 0000"
                  "02 04 12 0001 09 06 0000600B01FF 0F 02 12 0000");
    client_expect(&client, 7, POWER, 2, "01 01 02 02 " STAMP " 06 000000B5");
    client_expect(&client, 7, POWER, 3,
                  "01 02 02 04 12 0008 09 06 0000010000FF 0F 02 12 0000"
                  "02 04 12 0003 09 06 0000600713FF 0F 02 12 0000");
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    assert_int_equal(client_get(&client, 7, FRAUD, 2), DLMS_RESULT_UNDEFINED);
}

/* REQ(EVT-03, EVT-01, SEC-03): acts of tampering, coming and going, by IDIS's numbers and ours;
 * what came with something of the meter status in one record is told once each */
static void test_tampering(void **state)
{
    (void)state;
    static const uint8_t fraud[] = {40,  204, 41,  200, 201, 202, 203, 42,
                                    205, 206, 207, 208, 43,  209, 210, 211};
    static const uint8_t standard[] = {88};
    const uint8_t records[][6] = {
        /* code: status, tampering; payload: status now, gone, tampering now, gone */
        {0x00, 0x09, 0x00, 0x00, 0x09, 0x00}, {0x00, 0x00, 0x00, 0x00, 0x08, 0x01},
        {0x00, 0x02, 0x00, 0x00, 0x0A, 0x00}, {0x00, 0x00, 0x00, 0x00, 0x08, 0x02},
        {0x00, 0x04, 0x00, 0x00, 0x0C, 0x00}, {0x00, 0x00, 0x00, 0x00, 0x08, 0x04},
        {0x04, 0x10, 0x04, 0x00, 0x10, 0x08}, {0x00, 0xE0, 0x04, 0x00, 0xE0, 0x10},
        {0x00, 0x00, 0x00, 0x04, 0x00, 0xE0}};
    struct meter *meter = managed("382M");
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        const uint8_t payload[5] = {records[i][2], records[i][3], records[i][4], records[i][5], 0};
        meter_log(meter, EVENT_LOG_STATUS, (uint16_t)(records[i][0] | records[i][1] << 8), payload,
                  sizeof payload);
    }
    expect_numbers(FRAUD, fraud, sizeof fraud);
    expect_numbers(STANDARD, standard, sizeof standard);
    client_expect(&client, 1, "0.0.96.11.1.255", 2, "11 D3"); /* 211 */
    client_expect(&client, 1, "0.0.97.98.2.255", 2, "06 00000000");
    client_expect(&client, 1, "0.0.97.98.12.255", 2, "06 0000FF44");
    client_expect(&client, 1, "0.0.96.20.0.255", 2, "06 00000000");
    client_expect(&client, 1, "0.0.96.20.6.255", 2, "09 0C FFFFFFFFFFFFFFFFFF8000FF");
    meter_input(meter, METER_INPUT_TERMINAL_COVER, true, meter->now_us);
    meter_input(meter, METER_INPUT_MAGNET, true, meter->now_us);
    meter_input(meter, METER_INPUT_MAGNET, false, meter->now_us);
    meter_input(meter, METER_INPUT_MAGNET, true, meter->now_us);
    client_expect(&client, 1, "0.0.96.20.0.255", 2, "06 00000000");
    client_expect(&client, 1, "0.0.96.20.5.255", 2, "06 00000001");
    client_expect(&client, 1, "0.0.96.20.15.255", 2, "06 00000002");
    client_expect(&client, 1, "0.0.96.20.6.255", 2, STAMP);
    client_expect(&client, 1, "0.0.96.20.16.255", 2, STAMP);
    meter->tamper.raised = 0x0940;
    client_expect(&client, 1, "0.0.97.98.2.255", 2, "06 00000940");
    assert_int_equal(client_set(&client, 1, "0.0.97.98.2.255", 2, "06 FFFFFFBF"), 0);
    client_expect(&client, 1, "0.0.97.98.2.255", 2, "06 00000900");
    assert_int_equal(client_set(&client, 1, "0.0.97.98.12.255", 2, "06 00000040"), 0);
    client_expect(&client, 1, "0.0.97.98.12.255", 2, "06 00000040");
}

static unsigned selected(const char *obis, uint8_t selector, const char *hex)
{
    uint8_t parameter[128];
    const size_t n = client_hex(hex, parameter, sizeof parameter);
    assert_int_equal(client_select(&client, 7, obis, 2, selector, parameter, n),
                     DLMS_RESULT_SUCCESS);
    assert_int_equal(client.bytes[0], DLMS_ARRAY);
    assert_int_equal(client.pieces, client.bytes[1] + 1u);
    return client.bytes[1];
}

/* Records of two logs in the order of time; ranges and rows as in every log, beyond the end of the
 * logs' rings too. */
static void test_order_of_time(void **state)
{
    (void)state;
    struct meter *meter = managed("382M");
    const uint8_t nothing[9] = {0};
    const uint32_t depth = event_log_row(EVENT_LOG_CLOCK)->depth;
    for (unsigned i = 0; i < depth + 20u; i++) { /* the oldest 20 are overwritten */
        meter->now_us += 60000000;
        meter_log(meter, EVENT_LOG_CLOCK, METER_CLOCK_SET, nothing, 9);
        if (i % 50 == 0) {
            meter->now_us += 1000000;
            meter_log(meter, EVENT_LOG_AUDIT, METER_AUDIT_KEYS, nothing, 2);
        }
    }
    assert_int_equal(client_get(&client, 7, STANDARD, 2), DLMS_RESULT_SUCCESS);
    assert_int_equal(client.pieces, depth + 5u + 1u);
    unsigned keys = 0;
    for (size_t at = client.bytes[1] == 0x81 ? 3 : 2, row = 0; at < client.n_bytes;
         at += 18, row++) {
        if (client.bytes[at + 17] == 48) {
            assert_int_equal(row, keys == 0 ? 0 : keys * 51u - 19u);
            keys++;
        } else {
            assert_int_equal(client.bytes[at + 17], 5);
        }
    }
    assert_int_equal(keys, 5);
    /* rows 32 and 33: the 31st setting of the clock that is left, and the keys after it */
    assert_int_equal(selected(STANDARD, 2, "02 04 06 00000020 06 00000021 12 0002 12 0002"), 2);
    assert_int_equal(client.bytes[2 + 3], 5);
    assert_int_equal(client.bytes[2 + 4 + 3], 48);
    /* 16:10:00 to 16:13:00 local: the clock three times, keys once */
    assert_int_equal(
        selected(STANDARD, 1,
                 "02 04 02 04 12 0008 09 06 0000010000FF 0F 02 12 0000"
                 "09 0C 07E80614FF100A00FF800080 09 0C 07E80614FF100D00FF800080 01 00"),
        4);
}

/* What comes while an answer is under way changes nothing in it. */
static void test_an_answer_stands_still(void **state)
{
    (void)state;
    struct meter *meter = managed("382M");
    const uint8_t nothing[9] = {0};
    for (unsigned i = 0; i < 5; i++) {
        meter_log(meter, EVENT_LOG_CLOCK, METER_CLOCK_SET, nothing, 9);
    }
    const struct dlms_object *object = client_find(&client, 7, STANDARD);
    struct dlms_get get = {object, 2, 0, reader_over(nothing, 0), {0}};
    unsigned rows = 0;
    enum dlms_result result = DLMS_RESULT_MORE;
    while (result == DLMS_RESULT_MORE) {
        uint8_t bytes[64];
        struct writer w = writer_over(bytes, sizeof bytes);
        result = client.model.get(meter, &client.session, &get, &w);
        rows++;
        meter->now_us += 1000000;
        meter_log(meter, EVENT_LOG_AUDIT, METER_AUDIT_KEYS, nothing, 2);
        assert_true(rows == 1 || bytes[17] == 5);
    }
    assert_int_equal(rows, 6);
}

/* REQ(EVT-12): the disconnector log says by its number who opened and closed */
static void test_disconnector_log(void **state)
{
    (void)state;
    struct meter *meter = managed("382MB");
    const uint8_t payload[METER_BREAKER_RECORD_BYTES] = {BREAKER_CLOSED, 0x19};
    static const struct {
        uint8_t cause, state, number;
    } rows[] = {
        {BREAKER_EVENT_DISCONNECT, BREAKER_OPEN_COMMAND, 62},
        {BREAKER_EVENT_RELEASE, BREAKER_RELEASED, 0},
        {BREAKER_EVENT_RECONNECT, BREAKER_CLOSED, 63},
        {BREAKER_EVENT_BUTTON, BREAKER_OPEN_BUTTON, 60},
        {BREAKER_EVENT_BUTTON, BREAKER_CLOSED, 61},
        {BREAKER_EVENT_OVER, BREAKER_WARNING, 65},
        {BREAKER_EVENT_TRIP, BREAKER_CUT_OFF, 64},
        {BREAKER_EVENT_WAITED, BREAKER_CLOSED, 69},
        {BREAKER_NOTE_FAILED, BREAKER_CLOSED, 68},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        meter_log(meter, EVENT_LOG_DISCONNECT,
                  (uint16_t)((unsigned)rows[i].cause << 8 | rows[i].state), payload,
                  sizeof payload);
        client_expect(&client, 1, "0.0.96.11.2.255", 2,
                      (char[]){'1', '1', "0123456789ABCDEF"[rows[i].number / 16],
                               "0123456789ABCDEF"[rows[i].number % 16], '\0'});
    }
    assert_int_equal(client_get(&client, 7, "0.0.99.98.2.255", 2), DLMS_RESULT_SUCCESS);
    const size_t first = client.n_bytes - 22u * (sizeof rows / sizeof rows[0]);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(client.bytes[first + 22u * i + 17u], rows[i].state);
        assert_int_equal(client.bytes[first + 22u * i + 21u], rows[i].number);
    }
    client_open(&client, meter, COSEM_CLIENT_MODULE); /* as it was */
    assert_int_equal(client_get(&client, 7, "1.1.99.98.5.255", 2), DLMS_RESULT_SUCCESS);
    assert_int_equal((client.n_bytes - 2u) % 20u, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_counters, setup),
        cmocka_unit_test_setup(test_counted_once, setup),
        cmocka_unit_test_setup(test_cut, setup),
        cmocka_unit_test_setup(test_event_logs, setup),
        cmocka_unit_test_setup(test_tampering, setup),
        cmocka_unit_test_setup(test_order_of_time, setup),
        cmocka_unit_test_setup(test_an_answer_stands_still, setup),
        cmocka_unit_test_setup(test_disconnector_log, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
