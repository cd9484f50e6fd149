/* The tariff plan as activity calendar and special days: read, written back, refused. */
#include "../app/legal_puppet.h"
#include "app/calendar/tariff_plan_image.h"
#include "app/cosem/cosem_inside.h"
#include "cosem_client.h"

#define CALENDAR "0.0.13.0.0.255"
#define DAYS     "0.0.11.0.0.255"

static struct cosem_client client;

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

/* Two seasons, working days Monday to Friday, holidays of their own in winter. */
static struct tariff_plan two_seasons(void)
{
    struct tariff_plan plan = {.name = "House 2024",
                               .working_days = 0x1F,
                               .n_seasons = 2,
                               .n_starts = 2,
                               .n_exceptions = 3,
                               .start = {{{0, 4, 1}, 1}, {{0, 10, 1}, 0}}};
    plan.day[0][DAY_WORK] = (struct plan_day){3, {{0, 2}, {360, 1}, {1320, 2}}};
    plan.day[0][DAY_REST] = (struct plan_day){1, {{0, 2}}};
    plan.day[0][DAY_HOLIDAY] = (struct plan_day){2, {{0, 3}, {725, 2}}};
    plan.day[1][DAY_WORK] = (struct plan_day){2, {{0, 2}, {480, 1}}};
    plan.exception[0] = (struct plan_exception){{0, 12, 25}, DAY_HOLIDAY};
    plan.exception[1] = (struct plan_exception){{2024, 5, 1}, DAY_REST};
    plan.exception[2] = (struct plan_exception){{0, 1, 1}, DAY_WORK};
    return plan;
}

static void put_in_force(struct meter *meter, const struct tariff_plan *plan)
{
    struct plan_place place;
    struct writer w = writer_over(meter->tariff.staged, sizeof meter->tariff.staged);
    tariff_plan_write(&w, plan);
    assert_false(w.failed);
    assert_int_equal(meter_tariff_commit(meter, (uint16_t)writer_length(&w), 0, &place), TARIFF_OK);
}

static struct meter *with_plan(void)
{
    struct meter *meter = toy_meter("382M", 0);
    const struct tariff_plan plan = two_seasons();
    put_in_force(meter, &plan);
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
    return meter;
}

/* REQ(TAR-01): the plan in force, in the form of class 20 and 11 */
static void test_reading(void **state)
{
    (void)state;
    (void)with_plan();
    client_expect(&client, 20, CALENDAR, 2, "09 0A 486F7573652032303234");
    client_expect(&client, 20, CALENDAR, 3,
                  "01 02 02 03 09 02 5332 09 0C FFFF0401FF000000008000FF 09 02 5732"
                  "02 03 09 02 5331 09 0C FFFF0A01FF000000008000FF 09 02 5731");
    client_expect(&client, 20, CALENDAR, 4,
                  "01 02 02 08 09 02 5731 1101 1101 1101 1101 1101 1102 1102"
                  "02 08 09 02 5732 1104 1104 1104 1104 1104 1104 1104");
    client_expect(&client, 20, CALENDAR, 5,
                  "01 04 02 02 11 01 01 03"
                  "02 03 09 04 00000000 09 06 00000A0064FF 12 0002"
                  "02 03 09 04 06000000 09 06 00000A0064FF 12 0001"
                  "02 03 09 04 16000000 09 06 00000A0064FF 12 0002"
                  "02 02 11 02 01 01 02 03 09 04 00000000 09 06 00000A0064FF 12 0002"
                  "02 02 11 03 01 02"
                  "02 03 09 04 00000000 09 06 00000A0064FF 12 0003"
                  "02 03 09 04 0C050000 09 06 00000A0064FF 12 0002"
                  "02 02 11 04 01 02"
                  "02 03 09 04 00000000 09 06 00000A0064FF 12 0002"
                  "02 03 09 04 08000000 09 06 00000A0064FF 12 0001");
    client_expect(&client, 20, CALENDAR, 7, "01 00");
    client_expect(&client, 20, CALENDAR, 10, "09 0C FFFFFFFFFFFFFFFFFF8000FF");
    client_expect(&client, 11, DAYS, 2,
                  "01 03 02 03 12 0001 09 05 FFFF0C19FF 11 03"
                  "02 03 12 0002 09 05 07E80501FF 11 05"
                  "02 03 12 0003 09 05 FFFF0101FF 11 01");
}

static void test_without_a_plan(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
    client_expect(&client, 20, CALENDAR, 2, "09 00");
    for (int8_t a = 3; a <= 5; a++) {
        client_expect(&client, 20, CALENDAR, a, "01 00");
    }
    client_expect(&client, 11, DAYS, 2, "01 00");
    assert_int_equal(client_call(&client, 11, DAYS, 1, "02 03 12 0001 09 05 FFFF0C19FF 11 01"),
                     DLMS_RESULT_OTHER);
    assert_int_equal(client_call(&client, 20, CALENDAR, 1, "0F 00"), DLMS_RESULT_OTHER);
}

/* What was read is written to the passive side, attribute by attribute. */
static void copy_over(struct meter *meter)
{
    static uint8_t bytes[4][4096];
    size_t n[4];
    for (unsigned a = 0; a < 4; a++) {
        assert_int_equal(client_get(&client, 20, CALENDAR, (int8_t)(2 + a)), DLMS_RESULT_SUCCESS);
        n[a] = client.n_bytes;
        assert_true(n[a] <= sizeof bytes[a]);
        memcpy(bytes[a], client.bytes, n[a]);
    }
    for (unsigned a = 0; a < 4; a++) {
        assert_int_equal(client_call(&client, 20, CALENDAR, 1, "0F 00"), DLMS_RESULT_OTHER);
        assert_int_equal(client_put(&client, 20, CALENDAR, (int8_t)(6 + a), bytes[a], n[a]),
                         DLMS_RESULT_SUCCESS);
        assert_int_equal(client_get(&client, 20, CALENDAR, (int8_t)(6 + a)), DLMS_RESULT_SUCCESS);
        assert_int_equal(client.n_bytes, n[a]);
        assert_memory_equal(client.bytes, bytes[a], n[a]);
    }
    (void)meter;
}

/* A plan that is read and written back is the same plan; its exception days stay. */
static void test_round_trip(void **state)
{
    (void)state;
    struct meter *meter = with_plan();
    const struct tariff_plan before = meter->tariff.plan;
    copy_over(meter);
    const uint8_t other[] = {9, 5, 'O', 't', 'h', 'e', 'r'};
    assert_int_equal(client_put(&client, 20, CALENDAR, 6, other, sizeof other), 0);
    assert_int_equal(client_call(&client, 20, CALENDAR, 1, "0F 00"), DLMS_RESULT_SUCCESS);
    assert_string_equal(meter->tariff.plan.name, "Other");
    struct tariff_plan after = meter->tariff.plan;
    memcpy(after.name, before.name, sizeof after.name);
    assert_memory_equal(&after, &before, sizeof after);
    meter = toy_meter("382M", 0); /* a restart: the plan stays, what was passive is gone */
    assert_string_equal(meter->tariff.plan.name, "Other");
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
    client_expect(&client, 20, CALENDAR, 6, "09 00");
}

/* REQ(TAR-04): the passive calendar comes into force at its time */
static void test_activation_time(void **state)
{
    (void)state;
    struct meter *meter = with_plan();
    copy_over(meter);
    assert_int_equal(client_set(&client, 20, CALENDAR, 6, "09 04 4E657874"), 0);
    assert_int_equal(client_set(&client, 20, CALENDAR, 10, "090C FFFFFFFFFFFFFFFFFF8000FF"),
                     DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 20, CALENDAR, 10, "090C 07E80101FF00000000800000"),
                     DLMS_RESULT_OTHER); /* over */
    assert_int_equal(client_set(&client, 20, CALENDAR, 10, "090C 07E80701FF00000000800080"), 0);
    assert_string_equal(meter->tariff.plan.name, "House 2024");
    client_expect(&client, 20, CALENDAR, 10, "09 0C 07E8070101000000FFFF8880");
    assert_int_equal(meter_clock_set(meter, INT64_C(1719784801)), METER_OK);
    assert_string_equal(meter->tariff.plan.name, "Next");
    client_expect(&client, 20, CALENDAR, 2, "09 04 4E657874");
}

/* A part that the plan cannot hold is refused and leaves what was there. */
static void test_refused_parts(void **state)
{
    (void)state;
    struct meter *meter = with_plan();
    static const struct {
        int8_t attribute;
        const char *hex;
        enum dlms_result result;
    } rows[] = {
        {6, "09 00", DLMS_RESULT_OTHER},
        {6, "09 11 4141414141414141414141414141414141", DLMS_RESULT_OTHER},
        {6, "0A 01 41", DLMS_RESULT_TYPE},
        {7, "01 00", DLMS_RESULT_OTHER},
        {7, "01 01 02 03 09 01 41 09 0C FFFF0401FF000000008000FF 09 02 5735", DLMS_RESULT_OTHER},
        {7, "01 01 02 03 09 01 41 09 0C FFFF0401FF010000008000FF 09 02 5731", DLMS_RESULT_OTHER},
        {7, "01 01 02 03 09 01 41 09 0C FFFFFE01FF000000008000FF 09 02 5731", DLMS_RESULT_OTHER},
        {7, "01 01 02 02 09 01 41 09 02 5731", DLMS_RESULT_TYPE},
        {8, "01 01 02 08 09 02 5732 1101 1101 1101 1101 1101 1102 1102", DLMS_RESULT_OTHER},
        {8, "01 01 02 08 09 02 5731 1103 1101 1101 1101 1101 1102 1102", DLMS_RESULT_OTHER},
        {8,
         "01 02 02 08 09 02 5731 1101 1101 1101 1101 1101 1102 1102"
         "02 08 09 02 5732 1104 1104 1104 1104 1105 1105 1105",
         DLMS_RESULT_OTHER},
        {9, "01 01 02 02 11 00 01 01 02 03 09 04 00000000 09 06 00000A0064FF 12 0001",
         DLMS_RESULT_OTHER},
        {9, "01 01 02 02 11 01 01 01 02 03 09 04 18000000 09 06 00000A0064FF 12 0001",
         DLMS_RESULT_OTHER},
        {9, "01 01 02 02 11 01 01 01 02 03 09 04 00000000 09 06 00000A0065FF 12 0001",
         DLMS_RESULT_OTHER},
        {9, "01 01 02 02 11 01 01 01 02 03 09 04 00000000 09 06 00000A0064FF 12 0009",
         DLMS_RESULT_OTHER},
        {9, "01 01 02 02 11 01 01 01 02 03 09 03 000000 09 06 00000A0064FF 12 0001",
         DLMS_RESULT_TYPE},
        {10, "09 02 0000", DLMS_RESULT_TYPE},
    };
    copy_over(meter);
    const struct cosem_passive before = meter->passive;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(client_set(&client, 20, CALENDAR, rows[i].attribute, rows[i].hex),
                         rows[i].result);
        assert_memory_equal(&meter->passive, &before, sizeof before);
    }
    /* parts that are good and make no plan together: a week without its days */
    assert_int_equal(client_set(&client, 20, CALENDAR, 9,
                                "01 01 02 02 11 01 01 01 02 03 09 04 00000000"
                                "09 06 00000A0064FF 12 0001"),
                     0);
    assert_int_equal(client_call(&client, 20, CALENDAR, 1, "0F 00"), DLMS_RESULT_OTHER);
    assert_string_equal(meter->tariff.plan.name, "House 2024");
    /* summer's week has one kind of day, so it may not have a profile for another */
    copy_over(meter);
    assert_int_equal(client_get(&client, 20, CALENDAR, 5), 0);
    uint8_t days[512];
    const size_t n = client.n_bytes;
    memcpy(days, client.bytes, n);
    days[1]++;
    (void)client_hex("02 02 11 05 01 01 02 03 09 04 00000000 09 06 00000A0064FF 12 0001", days + n,
                     64);
    assert_int_equal(client_put(&client, 20, CALENDAR, 9, days, n + 25), 0);
    assert_int_equal(client_call(&client, 20, CALENDAR, 1, "0F 00"), DLMS_RESULT_OTHER);
    assert_string_equal(meter->tariff.plan.name, "House 2024");
}

static void test_special_days(void **state)
{
    (void)state;
    struct meter *meter = with_plan();
    /* behind the last; in the place of the second; a day of another season; a date that is none */
    assert_int_equal(client_call(&client, 11, DAYS, 1, "02 03 12 0009 09 05 07E80C18FF 11 02"), 0);
    assert_int_equal(meter->tariff.plan.n_exceptions, 4);
    assert_int_equal(client_call(&client, 11, DAYS, 1, "02 03 12 0002 09 05 FFFF0605FF 11 04"), 0);
    assert_int_equal(meter->tariff.plan.exception[1].date.month, 6);
    assert_int_equal(client_call(&client, 11, DAYS, 1, "02 03 12 0002 09 05 FFFF0605FF 11 01"),
                     DLMS_RESULT_OTHER);
    assert_int_equal(client_call(&client, 11, DAYS, 1, "02 03 12 0005 09 05 07E9021DFF 11 01"),
                     DLMS_RESULT_OTHER);
    assert_int_equal(client_call(&client, 11, DAYS, 1, "02 03 12 0005 09 05 FFFFFF01FF 11 01"),
                     DLMS_RESULT_OTHER);
    assert_int_equal(client_call(&client, 11, DAYS, 1, "11 00"), DLMS_RESULT_TYPE);
    assert_int_equal(client_call(&client, 11, DAYS, 2, "12 0001"), 0);
    assert_int_equal(client_call(&client, 11, DAYS, 2, "12 0004"), DLMS_RESULT_OTHER);
    client_expect(&client, 11, DAYS, 2,
                  "01 03 02 03 12 0001 09 05 FFFF0605FF 11 04"
                  "02 03 12 0002 09 05 FFFF0101FF 11 01"
                  "02 03 12 0003 09 05 07E80C18FF 11 02");
    assert_int_equal(client_set(&client, 11, DAYS, 2, "01 01 02 03 12 0001 09 05 FFFF0C1AFF 11 03"),
                     0);
    assert_int_equal(meter->tariff.plan.n_exceptions, 1);
    assert_int_equal(client_set(&client, 11, DAYS, 2, "01 00"), 0);
    assert_int_equal(meter->tariff.plan.n_exceptions, 0);
    assert_string_equal(meter->tariff.plan.name, "House 2024");
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    assert_int_equal(client_set(&client, 11, DAYS, 2, "01 00"), DLMS_RESULT_UNDEFINED);
}

/* A loss of supply at any write leaves the old plan or the new one. */
static void test_cut(void **state)
{
    (void)state;
    for (unsigned cut = 0; cut < 8; cut++) {
        toys_reset();
        struct meter *meter = with_plan();
        copy_over(meter);
        assert_int_equal(client_set(&client, 20, CALENDAR, 6, "09 04 4E657874"), 0);
        toy.writes = 0;
        toy.cut_after = cut;
        toy.cut_kind = 2;
        const enum dlms_result result = client_call(&client, 20, CALENDAR, 1, "0F 00");
        toy.dead = false;
        toy.cut_after = UINT32_MAX;
        meter = toy_meter("382M", 0);
        if (strcmp(meter->tariff.plan.name, "Next") != 0) {
            assert_string_equal(meter->tariff.plan.name, "House 2024");
            assert_int_equal(result, DLMS_RESULT_HARDWARE_FAULT);
        }
        assert_int_equal(meter->tariff.plan.n_exceptions, 3);
    }
}

/* REQ(TAR-15): the scripts of tariffs and debiting, and when the debiting period ends by itself */
static void test_scripts(void **state)
{
    (void)state;
    struct meter *meter = with_plan();
    assert_int_equal(client_get(&client, 9, "0.0.10.0.100.255", 2), 0);
    assert_int_equal(client.bytes[1], 8);
    client_expect(&client, 9, "0.0.10.0.1.255", 2,
                  "01 01 02 02 12 0001 01 01 02 05 16 02 12 0007 09 06 0000620100FF 0F 02 0F 00");
    assert_int_equal(client_call(&client, 9, "0.0.10.0.100.255", 1, "12 0004"), 0);
    assert_int_equal(puppet.tariff, 4);
    assert_int_equal(client_call(&client, 9, "0.0.10.0.100.255", 1, "12 0009"), DLMS_RESULT_OTHER);
    assert_int_equal(client_call(&client, 9, "0.0.10.0.100.255", 1, "11 04"), DLMS_RESULT_TYPE);
    assert_int_equal(client_call(&client, 9, "0.0.10.0.1.255", 1, "12 0001"), 0);
    assert_int_equal(meter->demand.debiting_count, 1);
    assert_int_equal(client_call(&client, 9, "0.0.10.0.1.255", 1, "12 0002"), DLMS_RESULT_OTHER);
    client_expect(&client, 22, "0.0.15.0.0.255", 2, "02 02 09 06 00000A0001FF 12 0001");
    meter->billing.target_day_gg = 1;
    meter->billing.months = 0xFFF;
    client_expect(&client, 22, "0.0.15.0.0.255", 3, "16 01");
    client_expect(&client, 22, "0.0.15.0.0.255", 4, "01 01 02 02 09 04 00000000 09 05 FFFFFF01FF");
    meter->billing.months = 0x041;
    client_expect(&client, 22, "0.0.15.0.0.255", 3, "16 03");
    client_expect(
        &client, 22, "0.0.15.0.0.255", 4,
        "01 02 02 02 09 04 00000000 09 05 FFFF0101FF 02 02 09 04 00000000 09 05 FFFF0701FF");
    meter->billing.target_day_gg = 0;
    client_expect(&client, 22, "0.0.15.0.0.255", 4, "01 00");
}

/* Alarm register and filter of the household list are the meter's alarms of word B. */
static void test_alarms(void **state)
{
    (void)state;
    struct meter *meter = with_plan();
    client_expect(&client, 1, "0.0.97.98.10.255", 2, "06 00000040");
    assert_int_equal(client_set(&client, 1, "0.0.97.98.10.255", 2, "06 00200000"), 0);
    assert_int_equal(meter->alarm_mask[ALARM_B_COME], 0x00200000);
    meter->alarms.bits[ALARM_B_COME] = 0x00200040;
    client_expect(&client, 1, "0.0.97.98.0.255", 2, "06 00200040");
    assert_int_equal(client_set(&client, 1, "0.0.97.98.0.255", 2, "06 00200000"), 0);
    client_expect(&client, 1, "0.0.97.98.0.255", 2, "06 00200000");
}

/* The power threshold as a register monitor. */
static void test_monitor(void **state)
{
    (void)state;
    struct meter *meter = with_plan();
    client_expect(&client, 21, "0.0.16.0.0.255", 2, "01 01 06 000182B8");
    client_expect(&client, 21, "0.0.16.0.0.255", 3, "02 03 12 0005 09 06 0100010400FF 0F 03");
    client_expect(&client, 21, "0.0.16.0.0.255", 4,
                  "01 01 02 02 02 02 09 06 000000000000 12 0000 02 02 09 06 000000000000 12 0000");
    assert_int_equal(client_set(&client, 21, "0.0.16.0.0.255", 2, "01 01 06 00001388"), 0);
    assert_int_equal(meter->demand.threshold_w, 5000);
    assert_int_equal(client_set(&client, 21, "0.0.16.0.0.255", 2, "01 00"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 21, "0.0.16.0.0.255", 2, "01 01 12 1388"),
                     DLMS_RESULT_TYPE);
    assert_int_equal(client_set(&client, 21, "0.0.16.0.0.255", 2, "06 00001388"), DLMS_RESULT_TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_reading, setup),
        cmocka_unit_test_setup(test_without_a_plan, setup),
        cmocka_unit_test_setup(test_round_trip, setup),
        cmocka_unit_test_setup(test_activation_time, setup),
        cmocka_unit_test_setup(test_refused_parts, setup),
        cmocka_unit_test_setup(test_special_days, setup),
        cmocka_unit_test_setup(test_cut, setup),
        cmocka_unit_test_setup(test_scripts, setup),
        cmocka_unit_test_setup(test_alarms, setup),
        cmocka_unit_test_setup(test_monitor, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
