/* What the objects say and take: the same values as KMP and the display, the clock, and writing
 * with the rights of each client. */
#include "../app/legal_puppet.h"
#include "app/cosem/cosem_inside.h"
#include "app/meter/meter_audit.h"
#include "app/meter/meter_settings.h"
#include "cosem_client.h"

static struct cosem_client client;

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

static struct meter *busy_meter(const char *name)
{
    struct meter *meter = toy_meter(name, 17882969);
    for (unsigned e = 0; e < LEGAL_ENERGIES; e++) {
        puppet.energy_uwh[e] = UINT64_C(12345678912345) + e * 1111 * KWH;
    }
    for (unsigned t = 0; t < LEGAL_TARIFFS; t++) {
        for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
            puppet.tariff_uwh[t][e] = (t * 10 + e + 1) * KWH + KWH / 3;
        }
    }
    for (unsigned p = 0; p < 3; p++) {
        puppet.instant.phase[p] = (struct legal_phase){.voltage_mv = 229499 + p * 1000,
                                                       .current_ma = 5414 + p,
                                                       .active_mw = p == 1 ? -976400 : 976400,
                                                       .reactive_mvar = -500600,
                                                       .apparent_mva = 1242000,
                                                       .current_angle_mdeg = -27140,
                                                       .voltage_present = true};
    }
    puppet.instant.active_plus_mw = 976400;
    puppet.instant.active_minus_mw = 1500500;
    puppet.instant.reactive_minus_mvar = 1501800;
    puppet.instant.active_net_mw = -524100;
    puppet.instant.apparent_mva = 2000000;
    puppet.instant.frequency_mhz = 50014;
    puppet.instant.temperature_cc = 4185;
    puppet.operating_s = 1485 * 3600;
    meter->demand.peak[0] = (struct demand_peak){7654321, INT64_C(1718880300)};
    meter->demand.debiting_count = 300;
    return meter;
}

static int64_t number_in(const struct cosem_client *from)
{
    struct dlms_value value;
    int64_t number = 0;
    struct reader r = reader_over(from->bytes, from->n_bytes);
    assert_int_equal(dlms_data_read(&r, &value), DLMS_OK);
    assert_true(dlms_value_integer(&value, &number));
    return number;
}

static void name_of(const struct cosem_row *row, char obis[32])
{
    const uint8_t *o = row->object.obis;
    (void)snprintf(obis, 32, "%u.%u.%u.%u.%u.%u", o[0], o[1], o[2], o[3], o[4], o[5]);
}

/* The number on the KMP wire is the one of the object, whatever the two units call it. */
static void expect_as_kmp(struct meter *meter, const struct cosem_row *row)
{
    const struct register_def *def = register_by_kmp_id(row->object.index);
    struct kmp_value kmp;
    int64_t wanted = 0;
    int exponent = 0;
    char obis[32];
    memset(&kmp, 0, sizeof kmp);
    assert_true(register_read_kmp(meter, def, &kmp));
    if (kmp_value_number(&kmp, &wanted, &exponent) != KMP_OK || def->unit == UNIT_CELSIUS ||
        def->unit == UNIT_TEXT) {
        return;
    }
    name_of(row, obis);
    assert_int_equal(
        client_get(&client, row->object.class_id, obis, row->object.class_id == 5 ? 3 : 2),
        DLMS_RESULT_SUCCESS);
    const bool narrow = def->source == SOURCE_DEBITING_COUNT && row->type == DLMS_UINT8;
    if (number_in(&client) != (narrow ? wanted % 256 : wanted)) {
        fail_msg("%s: %lld, KMP %lld", obis, (long long)number_in(&client), (long long)wanted);
    }
    if (row->object.class_id >= 3) {
        const bool kilo = def->unit <= UNIT_VA && def->unit != UNIT_NONE;
        assert_int_equal(
            client_get(&client, row->object.class_id, obis, row->object.class_id == 5 ? 4 : 3),
            DLMS_RESULT_SUCCESS);
        assert_int_equal((int8_t)client.bytes[3], exponent + (kilo ? 3 : 0));
    }
}

/* REQ(AMI-02): all values that are registers, against KMP; energies also against the display */
static void test_values_are_those_of_kmp(void **state)
{
    (void)state;
    static const char *const variants[] = {"382M", "382MB", "382LxF", "162M"};
    for (size_t v = 0; v < sizeof variants / sizeof variants[0]; v++) {
        toys_reset();
        struct meter *meter = busy_meter(variants[v]);
        client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
        unsigned n = 0;
        for (size_t i = 0; i < cosem_table_length; i++) {
            if (cosem_table[i].source == COSEM_REGISTER &&
                cosem_row_fits(&meter->variant, &cosem_table[i])) {
                expect_as_kmp(meter, &cosem_table[i]);
                n++;
            }
        }
        assert_true(n > 80);
    }
    char shown[33];
    const char *unit = NULL;
    struct meter *meter = busy_meter("382M");
    client_open(&client, meter, COSEM_CLIENT_OPTICAL);
    assert_true(register_read_text(meter, register_by_code("1.8.0"), shown, sizeof shown, &unit));
    assert_int_equal(client_get(&client, 3, "1.1.1.8.0.255", 2), DLMS_RESULT_SUCCESS);
    assert_int_equal(number_in(&client), strtol(shown, NULL, 10));
}

/* Formats of the identity, as the list's samples have them. */
static void test_identity(void **state)
{
    (void)state;
    struct meter *meter = busy_meter("382M");
    memcpy(meter->meter_number[0], "17882969", 9);
    client_open(&client, meter, COSEM_CLIENT_PUBLIC);
    client_expect(&client, 1, "1.1.0.0.0.255", 2, "09 05 00 01 10 DF 59"); /* note N1 */
    client_expect(&client, 1, "1.1.0.0.1.255", 2, "06 01 10 DF 59");
    client_expect(&client, 1, "1.1.96.1.0.255", 2, "06 01 10 DF 59");
    client_expect(&client, 1, "1.1.0.2.0.255", 2, "0A 0B 33 38 32 30 30 31 30 31 2D 41 31");
    client_expect(&client, 1, "1.1.0.2.2.128", 2, "0A 02 41 31");
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    client_expect(&client, 1, "1.1.96.54.1.255", 2, "06 72 52 69 98");
    client_expect(&client, 1, "1.1.0.1.0.255", 2, "11 2C"); /* 300 periods in eight bits */
    client_expect(&client, 17, "0.0.41.0.0.255", 2,
                  "01 02 02 02 12 00 10 09 0A 4B 41 4D 45 00 00 01 10 DF 59"
                  "02 02 12 00 01 09 0A 4B 41 4D 4D 00 00 01 10 DF 59");
    client_expect(&client, 15, "0.0.40.0.0.255", 3, "02 02 0F 12 12 00 10");
    client_expect(&client, 15, "0.0.40.0.0.255", 4,
                  "02 07 11 02 11 10 12 02 F4 11 05 11 08 11 01 11 01");
    client_expect(&client, 15, "0.0.40.0.0.255", 5,
                  "02 06 04 18 00 10 1C 12 00 7D 12 FF FF 11 06 0F 00 09 00");
    client_expect(&client, 15, "0.0.40.0.0.255", 6,
                  "02 07 11 02 11 10 12 02 F4 11 05 11 08 11 02 11 01");
    client_expect(&client, 15, "0.0.40.0.0.255", 8, "16 02");
    assert_int_equal(client_get(&client, 15, "0.0.40.0.0.255", 7), DLMS_RESULT_DENIED);
    client_expect(&client, 23, "0.0.22.0.0.255", 5, "12 02 00");
    client_expect(&client, 23, "0.0.22.0.0.255", 6, "12 00 80");
    client_expect(&client, 4, "1.1.1.6.0.255", 2, "06 00 00 1D E6");
    client_expect(&client, 4, "1.1.1.6.0.255", 3, "02 02 0F 00 16 1B");
    client_expect(&client, 4, "1.1.1.6.0.255", 5, "09 0C 07 E8 06 14 04 0C 2D 00 FF 80 00 80");
    client_expect(&client, 4, "1.1.1.6.1.255", 5, "09 0C FF FF FF FF FF FF FF FF FF 80 00 FF");
    assert_int_equal(client_get(&client, 4, "1.1.1.6.0.255", 4), DLMS_RESULT_DENIED);
}

/* The object list of an association is what it sees, with its rights. */
static void test_object_list(void **state)
{
    (void)state;
    struct meter *meter = busy_meter("382M");
    client_open(&client, meter, COSEM_CLIENT_PUBLIC);
    assert_int_equal(client_get(&client, 15, "0.0.40.0.0.255", 2), DLMS_RESULT_SUCCESS);
    assert_int_equal(client.pieces, 15); /* head and 14 objects (spec cosem-objects 2.3) */
    const char *sap = "02 04 12 00 11 11 00 09 06 00 00 29 00 00 FF 02 02 01 02"
                      "02 03 0F 01 16 01 00 02 03 0F 02 16 01 00 01 01 02 02 0F 01 03 00";
    uint8_t wanted[64];
    const size_t n = client_hex(sap, wanted, sizeof wanted);
    bool found = false;
    for (size_t at = 0; at + n <= client.n_bytes; at++) {
        found = found || memcmp(client.bytes + at, wanted, n) == 0;
    }
    assert_true(found);
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
    assert_int_equal(client_get(&client, 15, "0.0.40.0.0.255", 2), DLMS_RESULT_SUCCESS);
    assert_int_equal(client.bytes[0], DLMS_ARRAY);
    size_t visible = 0;
    while (client.model.at(meter, &client.session, visible) != NULL) {
        visible++;
    }
    assert_int_equal(client.bytes[1], 0x81 + (visible > 255));
    assert_int_equal(client.pieces, visible + 1);
}

/* REQ(TAR-09): local time with summer bit and without deviation; management is told the deviation
 */
static void test_clock(void **state)
{
    (void)state;
    struct meter *meter = busy_meter("382M"); /* 2024-06-20 14:30:05, a Thursday */
    client_open(&client, meter, COSEM_CLIENT_OPTICAL);
    client_expect(&client, 8, "0.1.1.0.0.255", 2, "09 0C 07 E8 06 14 04 0E 1E 05 FF 80 00 80");
    client_expect(&client, 8, "0.1.1.0.0.255", 4, "11 80");
    client_expect(&client, 8, "0.1.1.0.0.255", 5, "09 0C 07 E8 03 1F 07 02 00 00 FF 80 00 00");
    client_expect(&client, 8, "0.1.1.0.0.255", 6, "09 0C 07 E8 0A 1B 07 03 00 00 FF 80 00 80");
    client_expect(&client, 8, "0.1.1.0.0.255", 7, "0F 3C");
    client_expect(&client, 8, "0.1.1.0.0.255", 8, "03 01");
    client_expect(&client, 8, "0.1.1.0.0.255", 9, "16 01");
    assert_int_equal(client_get(&client, 8, "0.1.1.0.0.255", 3), DLMS_RESULT_DENIED);
    assert_int_equal(client_get(&client, 8, "0.0.1.0.0.255", 2), DLMS_RESULT_UNDEFINED);
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
    client_expect(&client, 8, "0.0.1.0.0.255", 2, "09 0C 07 E8 06 14 04 0E 1E 05 FF FF 88 80");
    client_expect(&client, 8, "0.0.1.0.0.255", 3, "10 FF C4");
}

static int64_t utc_of(const struct meter *meter)
{
    return clock_utc_s(&meter->clock, meter->now_us);
}

static void test_clock_is_set(void **state)
{
    (void)state;
    struct meter *meter = busy_meter("382M");
    client_open(&client, meter, COSEM_CLIENT_OPTICAL);
    const char *const clock = "0.1.1.0.0.255";
    /* 2024-12-01 12:00:00 normal time; the doubled hour by its summer bit; a deviation */
    assert_int_equal(client_set(&client, 8, clock, 2, "090C 07E80C01FF0C0000FF800000"), 0);
    assert_int_equal(utc_of(meter), INT64_C(1733050800));
    assert_int_equal(client_set(&client, 8, clock, 2, "090C 07E80A1BFF021E00FF800080"), 0);
    assert_int_equal(utc_of(meter), INT64_C(1729989000));
    assert_int_equal(client_set(&client, 8, clock, 2, "090C 07E80A1BFF021E00FF800000"), 0);
    assert_int_equal(utc_of(meter), INT64_C(1729992600));
    assert_int_equal(client_set(&client, 8, clock, 2, "090C 07E80C01FF0C0000FFFFC400"), 0);
    assert_int_equal(utc_of(meter), INT64_C(1733050800));
    assert_int_equal(client_set(&client, 8, clock, 2, "090C 07E80A1BFF021E00FF8000FF"), 0);
    assert_int_equal(utc_of(meter), INT64_C(1729992600)); /* status not said: normal time */
    assert_int_equal(client_set(&client, 8, clock, 2, "090C 07E80C01FF0C0000FFFFC400"), 0);
    /* not a time, not a whole time, no such day, before the clock's years */
    assert_int_equal(client_set(&client, 8, clock, 2, "06 00000001"), DLMS_RESULT_TYPE);
    assert_int_equal(client_set(&client, 8, clock, 2, "090C FFFF0C01FF0C0000FF800000"),
                     DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 8, clock, 2, "090C 07E7021DFF0C0000FF800000"),
                     DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 8, clock, 2, "090C 07CF021CFF0C0000FF800000"),
                     DLMS_RESULT_OTHER);
    assert_int_equal(utc_of(meter), INT64_C(1733050800));
    assert_int_equal(client_set(&client, 8, clock, 8, "03 00"), 0);
    client_expect(&client, 8, clock, 8, "03 00");
    client_expect(&client, 8, clock, 5, "09 0C FF FF FF FF FF FF FF FF FF 80 00 FF");
    client_open(&client, meter, COSEM_CLIENT_CONSUMER);
    assert_int_equal(client_set(&client, 8, clock, 2, "090C 07E80C01FF0C0000FF800000"),
                     DLMS_RESULT_DENIED);
}

static void test_clock_methods(void **state)
{
    (void)state;
    struct meter *meter = busy_meter("382M");
    const char *const clock = "0.0.1.0.0.255";
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
    assert_int_equal(client_call(&client, 8, clock, 1, "0F 00"), 0);
    assert_int_equal(utc_of(meter),
                     INT64_C(1718886600)); /* 12:30:00: worked off, 5 s are no step */
    assert_int_equal(client_call(&client, 8, clock, 6, "10 0384"), 0);
    assert_int_equal(utc_of(meter), INT64_C(1718887500));
    assert_int_equal(client_call(&client, 8, clock, 6, "10 0385"), DLMS_RESULT_OTHER);
    assert_int_equal(client_call(&client, 8, clock, 4, "0F 00"), DLMS_RESULT_OTHER);
    assert_int_equal(client_call(&client, 8, clock, 5,
                                 "02 03 090C 07E80614FF0F0000FF800080"
                                 "090C 07E80614FF000000FF800080 090C 07E80615FF000000FF800080"),
                     0);
    assert_int_equal(client_call(&client, 8, clock, 4, "0F 00"), 0);
    assert_int_equal(utc_of(meter), INT64_C(1718888400));
    assert_int_equal(client_call(&client, 8, clock, 4, "0F 00"), DLMS_RESULT_OTHER);
    assert_int_equal(client_call(&client, 8, clock, 3, "11 00"), DLMS_RESULT_TYPE);
    assert_int_equal(client_call(&client, 8, clock, 7, "0F 00"), DLMS_RESULT_DENIED);
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    assert_int_equal(client_call(&client, 8, "0.1.1.0.0.255", 1, "0F 00"), DLMS_RESULT_DENIED);
}

static uint32_t audit_entries(const struct meter *meter)
{
    return event_log_newest(&meter->logs, EVENT_LOG_AUDIT);
}

static struct event_log_entry newest(const struct meter *meter, enum event_log_name log)
{
    struct event_log_entry entry;
    assert_int_equal(event_log_seek(&meter->logs, meter->board, log, UINT32_MAX, false, &entry),
                     EVENT_LOG_OK);
    return entry;
}

/* REQ(SEC-06, SEC-08): settings are written with the rights of the association, and noted with its
 * channel */
static void test_writing(void **state)
{
    (void)state;
    struct meter *meter = busy_meter("382M");
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    const uint32_t before = audit_entries(meter);
    assert_int_equal(client_set(&client, 1, "1.1.0.0.1.255", 2, "06 0000162E"), 0);
    client_expect(&client, 1, "1.1.0.0.1.255", 2, "06 00 00 16 2E");
    assert_int_equal(audit_entries(meter), before + 1);
    assert_int_equal(newest(meter, EVENT_LOG_AUDIT).payload[0], CHANNEL_MODULE);
    assert_int_equal(client_set(&client, 1, "1.1.0.0.0.255", 2, "09 05 00 00000007"), 0);
    client_expect(&client, 1, "1.1.0.0.1.255", 2, "06 00 00 00 07");
    assert_int_equal(client_set(&client, 1, "1.1.0.0.0.255", 2, "09 05 01 00000007"),
                     DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 1, "1.1.0.0.0.255", 2, "09 04 00000007"),
                     DLMS_RESULT_TYPE);
    assert_int_equal(client_set(&client, 1, "1.1.0.0.1.255", 2, "12 0007"), DLMS_RESULT_TYPE);
    assert_int_equal(client_set(&client, 1, "1.1.0.0.1.255", 2, "06 05F5E100"), /* nine digits */
                     DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 3, "1.1.96.51.1.255", 2, "06 00001388"), 0);
    assert_int_equal(meter->demand.threshold_w, 5000);
    assert_int_equal(client_set(&client, 1, "1.1.0.1.6.128", 2, "11 02"), 0);
    assert_int_equal(client_set(&client, 1, "1.1.0.1.6.128", 2, "11 03"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 1, "1.1.96.5.1.255", 2, "11 02"), 0);
    client_expect(&client, 1, "1.1.96.5.1.255", 2, "11 02");
    assert_int_equal(client_set(&client, 1, "1.1.96.5.1.255", 2, "11 06"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 1, "1.1.129.0.0.255", 2, "11 03"), 0);
    assert_int_equal(puppet.tariff, 3);
    assert_int_equal(client_set(&client, 1, "1.1.129.0.0.255", 2, "11 09"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 1, "1.1.96.52.11.255", 2, "11 00"), 0);
    client_expect(&client, 1, "1.1.96.52.11.255", 2, "11 00");
    assert_int_equal(client_set(&client, 1, "0.1.96.10.2.255", 2, "06 00000000"), 0);
    assert_int_equal(client_set(&client, 1, "1.1.96.52.6.255", 2, "11 1F"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 1, "1.1.96.1.0.255", 2, "06 00000001"),
                     DLMS_RESULT_DENIED);
}

/* REQ(BIL-05): the debiting period ends by the object of the 382M, and by method capture */
static void test_debiting_stop(void **state)
{
    (void)state;
    struct meter *meter = busy_meter("382M");
    client_open(&client, meter, COSEM_CLIENT_OPTICAL);
    assert_int_equal(client_get(&client, 1, "1.1.0.1.5.128", 2), DLMS_RESULT_DENIED);
    assert_int_equal(client_set(&client, 1, "1.1.0.1.5.128", 2, "11 00"), DLMS_RESULT_OTHER);
    assert_int_equal(meter->demand.debiting_count, 300);
    assert_int_equal(client_set(&client, 1, "1.1.0.1.5.128", 2, "11 01"), 0);
    assert_int_equal(meter->demand.debiting_count, 301);
    assert_int_equal(client_call(&client, 7, "1.1.98.1.0.255", 2, "0F 00"), 0);
    assert_int_equal(meter->demand.debiting_count, 302);
    assert_int_equal(client_call(&client, 7, "1.1.98.1.0.255", 1, "0F 00"), DLMS_RESULT_DENIED);
    assert_int_equal(client_call(&client, 7, "1.1.99.1.0.255", 2, "0F 00"), DLMS_RESULT_DENIED);
    client_open(&client, meter, COSEM_CLIENT_CONSUMER);
    assert_int_equal(client_set(&client, 1, "1.1.0.1.5.128", 2, "11 01"), DLMS_RESULT_DENIED);
    assert_int_equal(client_call(&client, 7, "1.1.98.1.0.255", 2, "0F 00"), DLMS_RESULT_DENIED);
    assert_int_equal(meter->demand.debiting_count, 302);
}

/* REQ(CCC-04): nothing that can be written can be written over the consumer port or without a
 * password, and the gate of the rights holds even where the list would let through */
static void test_nothing_is_written_from_outside_the_seal(void **state)
{
    (void)state;
    struct meter *meter = busy_meter("382M");
    for (unsigned role = COSEM_PUBLIC; role <= COSEM_CONSUMER; role++) {
        client_open(&client, meter,
                    role == COSEM_PUBLIC ? COSEM_CLIENT_PUBLIC : COSEM_CLIENT_CONSUMER);
        for (size_t i = 0; i < cosem_table_length; i++) {
            for (int8_t a = -2; a <= 9; a++) {
                assert_int_equal(
                    cosem_access((enum cosem_role)role, &cosem_table[i], DLMS_ATTRIBUTE, a) &
                        DLMS_MODE_WRITE,
                    0);
            }
        }
    }
    const struct dlms_object *period = client_find(&client, 7, "1.1.99.1.0.255");
    const uint8_t data[] = {6, 0, 0, 1, 0x2C};
    assert_int_equal(
        client.model.set(meter, &client.session, period, 4, reader_over(data, sizeof data)),
        DLMS_RESULT_SCOPE);
    assert_int_equal(meter->demand.integration_min, 15);
    assert_int_equal(meter->rights.association, 0);
}

static bool logs_in(uint16_t sap, const char *password)
{
    client.session.client_sap = sap;
    const bool good = client.model.password(client.model.context, &client.session,
                                            (const uint8_t *)password, strlen(password));
    client.model.login(client.model.context, &client.session, good);
    return good;
}

/* REQ(SEC-05): each association has its own password, which it changes itself; it outlasts a
 * restart
 */
static void test_passwords(void **state)
{
    (void)state;
    struct meter *meter = busy_meter("382M");
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    assert_true(logs_in(18, "12345"));
    assert_false(logs_in(18, "12346"));
    assert_false(logs_in(18, "1234"));
    assert_false(logs_in(18, ""));
    assert_false(logs_in(17, "12345"));
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    assert_int_equal(client_set(&client, 15, "0.0.40.0.0.255", 7, "09 03 616263"), 0);
    client_open(&client, meter, COSEM_CLIENT_OPTICAL);
    assert_true(logs_in(19, "12345"));
    assert_int_equal(client_set(&client, 15, "0.0.40.0.0.255", 7, "09 00"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 15, "0.0.40.0.0.255", 7, "06 00000001"), DLMS_RESULT_TYPE);
    meter = toy_meter("382M", 0);
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    assert_false(logs_in(18, "12345"));
    assert_true(logs_in(18, "abc"));
    assert_true(logs_in(19, "12345"));
    const struct event_log_entry entry = newest(meter, EVENT_LOG_AUDIT);
    assert_int_equal(entry.code, METER_AUDIT_SECRET); /* without its value */
    assert_int_equal(entry.n_payload, 3);
    assert_int_equal(entry.payload[1], 18);
}

/* A meter is delivered with other passwords; what a client has set stays. */
static void test_delivered_passwords(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    const uint8_t *other = (const uint8_t *)"other",
                  *seventeen = (const uint8_t *)"seventeen letters";
    assert_true(cosem_secret_deliver(&meter->cosem, 18, other, 5));
    assert_false(cosem_secret_deliver(&meter->cosem, 16, other, 5));
    assert_false(cosem_secret_deliver(&meter->cosem, 18, other, 0));
    assert_false(cosem_secret_deliver(&meter->cosem, 18, seventeen, 17));
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    assert_false(logs_in(18, "12345"));
    assert_true(logs_in(19, "12345"));
    assert_true(logs_in(18, "other"));
    assert_int_equal(client_set(&client, 15, "0.0.40.0.0.255", 7, "09 03 616263"), 0);
    assert_true(cosem_secret_deliver(&meter->cosem, 18, other, 5));
    assert_true(logs_in(18, "abc"));
}

/* REQ(SEC-08): wrong passwords are counted and noted as those of KMP are */
static void test_wrong_passwords_are_noted(void **state)
{
    (void)state;
    struct meter *meter = busy_meter("382M");
    client_open(&client, meter, COSEM_CLIENT_OPTICAL);
    const uint32_t before = audit_entries(meter);
    for (unsigned i = 0; i < 6; i++) {
        assert_false(logs_in(19, "wrong"));
    }
    assert_int_equal(audit_entries(meter), before + 2); /* after 3 and 6 */
    assert_int_equal(newest(meter, EVENT_LOG_AUDIT).code, METER_AUDIT_PASSWORD);
    assert_true(logs_in(19, "12345"));
    assert_int_equal(meter->rights.wrong, 0);
}

/* Each write of the memory may be the one that fails. */
static void test_a_password_is_old_or_new(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (unsigned cut = 0; cut < 4; cut++) {
            toys_reset();
            struct meter *meter = toy_meter("382M", 0);
            client_open(&client, meter, COSEM_CLIENT_MODULE);
            assert_int_equal(client_set(&client, 15, "0.0.40.0.0.255", 7, "09 03 616263"), 0);
            toy.writes = 0;
            toy.cut_after = cut;
            toy.cut_kind = kind;
            (void)client_set(&client, 15, "0.0.40.0.0.255", 7, "09 03 646566");
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            meter = toy_meter("382M", 0);
            client_open(&client, meter, COSEM_CLIENT_MODULE);
            const bool is_old = logs_in(18, "abc"), is_new = logs_in(18, "def");
            assert_true(is_old != is_new);
        }
    }
}

/* The link's parameters are settings; the windows are not. */
static void test_hdlc_setup(void **state)
{
    (void)state;
    struct meter *meter = busy_meter("382M");
    const char *const hdlc = "0.0.22.0.0.255";
    static const struct {
        int8_t attribute;
        const char *delivered, *wanted, *refused;
    } rows[] = {{5, "12 0200", "12 0100", "12 0201"},
                {6, "12 0080", "12 0020", "12 0081"},
                {7, "12 01F4", "12 0019", "12 0013"},
                {8, "12 0014", "12 0000", "06 00000001"},
                {9, "12 0020", "12 0011", "12 007E"}};
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        client_expect(&client, 23, hdlc, rows[i].attribute, rows[i].delivered);
        assert_int_equal(client_set(&client, 23, hdlc, rows[i].attribute, rows[i].wanted), 0);
        assert_true(client_set(&client, 23, hdlc, rows[i].attribute, rows[i].refused) != 0);
        client_expect(&client, 23, hdlc, rows[i].attribute, rows[i].wanted);
    }
    client_expect(&client, 23, hdlc, 3, "11 01");
    assert_int_equal(client_set(&client, 23, hdlc, 3, "11 02"), DLMS_RESULT_DENIED);
    client_open(&client, meter, COSEM_CLIENT_CONSUMER);
    assert_int_equal(client_set(&client, 23, hdlc, 9, "12 0020"), DLMS_RESULT_DENIED);
}

/* ACTION is granted when it is set so, and that outlasts a restart. */
static void test_action_is_optional(void **state)
{
    (void)state;
    struct dlms_association offers[COSEM_ASSOCIATIONS];
    struct meter *meter = busy_meter("382M");
    assert_int_equal(cosem_associations(meter, COSEM_PORT_MODULE, false, offers), 2);
    assert_int_equal(offers[0].conformance, 0x001010);
    assert_int_equal(offers[1].conformance, 0x00101C);
    assert_int_equal(offers[1].max_pdu, 125);
    const struct setting_def *def = setting_by_id(SETTING_DLMS_ACTION);
    const struct setting_value one = {1, ""};
    struct kmp_settings_reply reply;
    assert_int_equal(meter_setting_stage(meter, def, &one), KMP_SETTINGS_OK);
    meter_settings_commit(meter, 1, &reply);
    assert_int_equal(reply.reason, KMP_SETTINGS_OK);
    meter = toy_meter("382M", 0);
    assert_int_equal(cosem_associations(meter, COSEM_PORT_MODULE, false, offers), 2);
    assert_int_equal(offers[0].conformance, 0x001010);
    assert_int_equal(offers[1].conformance, 0x00101D);
}

/* Management sees each association as it is offered, and its object list; nobody else does. */
static void test_associations(void **state)
{
    (void)state;
    static const struct {
        const char *obis;
        uint16_t sap;
        const char *partners, *mechanism;
    } rows[] = {
        {"0.0.40.0.1.255", 16, "02 02 0F 10 12 00 01",
         "02 07 11 02 11 10 12 02 F4 11 05 11 08 11 02 11 00"},
        {"0.0.40.0.2.255", 19, "02 02 0F 13 12 00 10",
         "02 07 11 02 11 10 12 02 F4 11 05 11 08 11 02 11 01"},
        {"0.0.40.0.3.255", 1, "02 02 0F 01 12 00 01",
         "02 07 11 02 11 10 12 02 F4 11 05 11 08 11 02 11 05"},
        {"0.0.40.0.5.255", 18, "02 02 0F 12 12 00 10",
         "02 07 11 02 11 10 12 02 F4 11 05 11 08 11 02 11 01"},
        {"0.0.40.0.6.255", 20, "02 02 0F 14 12 00 10",
         "02 07 11 02 11 10 12 02 F4 11 05 11 08 11 02 11 01"},
    };
    static struct cosem_client own;
    struct meter *meter = busy_meter("382M");
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        client_open(&own, meter, rows[i].sap);
        client_expect(&client, 15, rows[i].obis, 3, rows[i].partners);
        client_expect(&client, 15, rows[i].obis, 6, rows[i].mechanism);
        client_expect(&client, 15, rows[i].obis, 8, rows[i].sap == 1 ? "16 02" : "16 00");
        assert_int_equal(client_get(&own, 15, "0.0.40.0.0.255", 2), DLMS_RESULT_SUCCESS);
        assert_int_equal(client_get(&client, 15, rows[i].obis, 2), DLMS_RESULT_SUCCESS);
        assert_int_equal(client.n_bytes, own.n_bytes);
        assert_memory_equal(client.bytes, own.bytes, own.n_bytes);
        assert_int_equal(client_get(&client, 15, rows[i].obis, 7), DLMS_RESULT_DENIED);
        assert_int_equal(client_get(&own, 15, rows[i].obis, 3),
                         rows[i].sap == 1 ? DLMS_RESULT_SUCCESS : DLMS_RESULT_UNDEFINED);
    }
    client_expect(&client, 15, "0.0.40.0.2.255", 5,
                  "02 06 04 18 00 10 1C 12 00 7D 12 00 00 11 06 0F 00 09 00");
}

/* REQ(EVT-08): the limits of sags, swells and missing voltages, in volts */
static void test_voltage_thresholds(void **state)
{
    (void)state;
    struct meter *meter = busy_meter("382M");
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
    client_expect(&client, 3, "1.0.12.31.0.255", 2, "12 0816"); /* 207.0 V */
    client_expect(&client, 3, "1.0.12.31.0.255", 3, "02 02 0F FF 16 23");
    client_expect(&client, 3, "1.0.12.35.0.255", 2, "12 09E2"); /* 253.0 V */
    client_expect(&client, 3, "1.0.12.43.0.255", 2, "12 0000");
    client_expect(&client, 3, "1.0.12.44.0.255", 3, "02 02 0F 00 16 07");
    meter->quality.config.dip_pm = 850;
    client_expect(&client, 3, "1.0.12.31.0.255", 2, "12 07A3"); /* 195.5 V */
    assert_int_equal(client_get(&client, 3, "1.0.12.39.0.255", 2), DLMS_RESULT_SUCCESS);
    assert_int_equal(client_get(&client, 3, "1.0.12.45.0.255", 3), DLMS_RESULT_SUCCESS);
    meter = busy_meter("382LxF");
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
    assert_int_equal(client_get(&client, 3, "1.0.12.31.0.255", 2), DLMS_RESULT_UNDEFINED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_values_are_those_of_kmp, setup),
        cmocka_unit_test_setup(test_identity, setup),
        cmocka_unit_test_setup(test_object_list, setup),
        cmocka_unit_test_setup(test_clock, setup),
        cmocka_unit_test_setup(test_clock_is_set, setup),
        cmocka_unit_test_setup(test_clock_methods, setup),
        cmocka_unit_test_setup(test_writing, setup),
        cmocka_unit_test_setup(test_debiting_stop, setup),
        cmocka_unit_test_setup(test_nothing_is_written_from_outside_the_seal, setup),
        cmocka_unit_test_setup(test_passwords, setup),
        cmocka_unit_test_setup(test_delivered_passwords, setup),
        cmocka_unit_test_setup(test_wrong_passwords_are_noted, setup),
        cmocka_unit_test_setup(test_a_password_is_old_or_new, setup),
        cmocka_unit_test_setup(test_hdlc_setup, setup),
        cmocka_unit_test_setup(test_action_is_optional, setup),
        cmocka_unit_test_setup(test_associations, setup),
        cmocka_unit_test_setup(test_voltage_thresholds, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
