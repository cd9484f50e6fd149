/* 131.0.17: the list that user data 2 reads out, as a reader has chosen it. */
#include <stdio.h>

#include "legal_puppet.h"

#include "app/meter/meter_log.h"
#include "app/optical/readout_list.h"
#include "optical_talk.h"

#define DELIVERED_LINES 27

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

/* The data block that the meter sends by itself. */
static void read_out(struct meter *meter, int64_t wall_ms, char got[2048])
{
    static const uint8_t ask[] = {'/', '?', '!', '\r', '\n'};
    (void)say(meter, ask, sizeof ask, wall_ms, (uint8_t *)got, 2047);
    const size_t n = say(meter, ask, 0, wall_ms + 1700, (uint8_t *)got, 2047);
    got[n] = '\0';
}

static void sign_off(struct meter *meter, int64_t wall_ms)
{
    char got[2048];
    assert_int_equal(tell(meter, "B0", wall_ms, got), 0);
}

/* REQ(OPT-01, X-IEC-1): the message in print; the list holds at once, and after a restart */
static void a_list_of_ones_own(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    char got[2048];
    puppet.energy_uwh[LEGAL_A_PLUS] = 10 * KWH;
    puppet.instant.phase[0].voltage_mv = 229000;
    puppet.instant.phase[0].voltage_present = true;
    sign_on_as(meter, 1000, '6', "P1<(0)");
    expect_ack(meter, "W5<131.0.17(3)(1.0.0)(1.8.0)(1.8.1)", 1500);
    expect_told(meter, "R5<131.0.17()", 1600, "131.0.17(3)(1.0.0)(1.8.0)(1.8.1)");
    sign_off(meter, 1700);
    for (int again = 0; again < 2; again++) {
        read_out(meter, 5000 + 10000 * again, got);
        const char *lines = again == 0 ? "\x02"
                                         "1.0.0(11240620143005)\r\n1.8.0(0000010*kWh)\r\n"
                                         "1.8.1(0000000*kWh)\r\n!\r\n\x03"
                                       : "1.8.0(0000010*kWh)\r\n1.8.1(0000000*kWh)\r\n!\r\n\x03";
        assert_non_null(strstr(got, lines));
        meter = toy_meter("382M", 0);
    }
    /* a reading that no delivered list has stands as on the display; twice is no fault */
    sign_on_as(meter, 40000, '6', "P1<(0)");
    expect_ack(meter, "W5<131.0.17(4)(32.7.0)(1.6.0)(131.0.3)(32.7.0)", 40500);
    sign_off(meter, 40600);
    read_out(meter, 50000, got);
    assert_non_null(strstr(got, "\x02"
                                "32.7.0(229*V)\r\n1.6.0(0.000*kW)(00000101000000)\r\n131.0.3(1)\r\n"
                                "32.7.0(229*V)\r\n!\r\n\x03"));
    sign_on_as(meter, 60000, '6', "P1<(0)");
    expect_ack(meter, "W5<131.0.17(0)", 60500);
    assert_true(tell(meter, "R1<131.0.17()", 60600, got) > 0);
    assert_non_null(strstr(got, "131.0.17(27)(0.0.1)(97.97.0)(1.8.0)"));
    sign_off(meter, 60700);
    read_out(meter, 70000, got);
    unsigned lines = 0;
    for (const char *c = got; (c = strstr(c, "\r\n")) != NULL; c += 2) {
        lines++;
    }
    assert_int_equal(lines, DELIVERED_LINES + 1); /* and the "!" */
}

/* User data 1 is fixed: the list is not read out there. */
static void user_data_1_stays(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    char got[2048];
    sign_on_as(meter, 1000, '6', "P1<(0)");
    expect_ack(meter, "W5<131.0.17(1)(32.7.0)", 1500);
    expect_ack(meter, "W1<131.0.3(0)", 1600);
    sign_off(meter, 1700);
    read_out(meter, 5000, got);
    assert_null(strstr(got, "32.7.0"));
    assert_non_null(strstr(got, "0.128.1("));
}

/* Forty objects are the most, in one message. */
static void forty(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    char message[600] = "W5<131.0.17(40)", got[2048];
    for (unsigned i = 0; i < 40; i++) {
        strcat(message, "(1.8.0*128)");
    }
    sign_on_as(meter, 1000, '6', "P1<(0)");
    expect_ack(meter, message, 1500);
    assert_int_equal(meter->readout.n, 40);
    strcpy(message, "W5<131.0.17(41)");
    for (unsigned i = 0; i < 41; i++) {
        strcat(message, "(1.8.0)");
    }
    expect_told(meter, message, 1600, "ER count");
    assert_int_equal(tell(meter, "R5<131.0.17()", 1700, got), strlen("131.0.17(40)") + 40 * 11 + 3);
}

/* Refused lists change nothing (5512-1458 8.1.6). */
static void refused(void **state)
{
    (void)state;
    static const char *const lists[][2] = {
        {"W5<131.0.17(3)(1.0.0)(1.8.0)", "ER count"},
        {"W5<131.0.17(1)(1.0.0)(1.8.0)", "ER count"},
        {"W5<131.0.17(0)(1.0.0)", "ER count"},
        {"W5<131.0.17(1)(9.9.9)", "ER unknown object"},
        {"W5<131.0.17(1)(131.0.17)", "ER unknown object"},
        {"W5<131.0.17(2)(1.8.0)()", "ER unknown object"},
        {"W5<131.0.17(99999999999)(1.8.0)", "ER format"},
        {"W5<131.0.17(x)(1.8.0)", "ER format"},
        {"W5<131.0.17(1)1.8.0", "ER format"},
        {"W5<131.0.17(1)(1.8.0", "ER format"},
        {"W5<131.0.17(1)(1.8.0;2.8.0)", "ER format"},
        {"W5<131.0.17()", "ER format"},
        {"W1<131.0.17(1)", "ER unknown object"},
    };
    struct meter *meter = toy_meter("382M", 0);
    sign_on_as(meter, 1000, '6', "P1<(0)");
    expect_ack(meter, "W5<131.0.17(1)(2.8.0)", 1500);
    const struct readout_list before = meter->readout;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        expect_told(meter, lists[i][0], 1600, lists[i][1]);
        assert_memory_equal(&meter->readout, &before, sizeof before);
    }
    sign_off(meter, 1700);
    sign_on(meter, 5000, "P1<(0)");
    expect_told(meter, "W5<131.0.17(1)(1.8.0)", 5500, "ER manufacturer mode only");
    sign_off(meter, 5600);
    /* REQ(SEC-06): the right is asked for at the write itself */
    sign_on_as(meter, 10000, '6', "P1<(0)");
    meter->settings.own[settings_row(setting_by_id(SETTING_PASSWORD))].number = 4711;
    expect_told(meter, "W5<131.0.17(1)(1.8.0)", 10500, "ER denied");
    assert_memory_equal(&meter->readout, &before, sizeof before);
    /* a register that this meter was not ordered with */
    toys_reset();
    meter = toy_meter("162M", 0);
    sign_on_as(meter, 1000, '6', "P1<(0)");
    expect_told(meter, "W5<131.0.17(1)(52.7.0)", 1500, "ER unknown object");
}

/* REQ(SEC-08): each change is in the audit log: how many, and a check over them */
static void changes_are_noted(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    struct event_log_entry entry;
    sign_on_as(meter, 1000, '6', "P1<(0)");
    expect_ack(meter, "W5<131.0.17(2)(1.8.0)(2.8.0)", 1500);
    expect_ack(meter, "W5<131.0.17(1)(1.8.0)", 1600);
    assert_int_equal(event_log_read(&meter->logs, meter->board, EVENT_LOG_AUDIT,
                                    event_log_newest(&meter->logs, EVENT_LOG_AUDIT), &entry),
                     EVENT_LOG_OK);
    assert_int_equal(entry.code, READOUT_AUDIT_CODE);
    assert_int_equal(entry.n_payload, 7);
    assert_int_equal(entry.payload[0], CHANNEL_OPTICAL);
    assert_int_equal(entry.payload[1], 2);
    assert_int_equal(entry.payload[4], 1);
    assert_true(memcmp(entry.payload + 2, entry.payload + 5, 2) != 0);
}

/* A cut at any write, whatever it leaves of the page: the old list or the new one. */
static void cut_at_every_write(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (unsigned after = 0; after < 4; after++) {
            toys_reset();
            struct meter *meter = toy_meter("382M", 0);
            const uint16_t old[] = {1, 2}, new[] = {2, 1, 13};
            assert_true(readout_list_set(meter, old, 2));
            toy.cut_kind = kind;
            toy.cut_after = toy.writes + after;
            (void)readout_list_set(meter, new, 3);
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            meter = toy_meter("382M", 0);
            assert_int_equal(meter->readout.n, after == 0 ? 2 : 3);
            assert_memory_equal(meter->readout.reading, after == 0 ? old : new,
                                after == 0 ? sizeof old : sizeof new);
        }
    }
}

/* Memory that fails: refused, and the list before stands; what can't be read is not written over.
 */
static void memory_fails(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    sign_on_as(meter, 1000, '6', "P1<(0)");
    expect_ack(meter, "W5<131.0.17(1)(2.8.0)", 1500);
    toy.fail_write = true;
    expect_told(meter, "W5<131.0.17(2)(2.8.0)(1.8.0)", 1600, "ER memory");
    toy.fail_write = false;
    assert_int_equal(meter->readout.n, 1);
    assert_true((meter_status(meter) & STATUS_EEPROM) != 0);
    struct readout_list list;
    toy.fail_read = true;
    readout_list_load(&list, meter->board);
    toy.fail_read = false;
    assert_true(list.unread);
    assert_int_equal(list.n, 0);
    meter->readout = list;
    assert_false(readout_list_set(meter, (const uint16_t[]){1}, 1));
    toy.memory[READOUT_LIST_PAGE * 256u + 256u + 10u] = 41; /* a length that no record has */
    toy_check(toy.memory + READOUT_LIST_PAGE * 256u + 256u, 13);
    readout_list_load(&list, meter->board);
    assert_int_equal(list.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_list_of_ones_own, setup),
        cmocka_unit_test_setup(user_data_1_stays, setup),
        cmocka_unit_test_setup(forty, setup),
        cmocka_unit_test_setup(refused, setup),
        cmocka_unit_test_setup(changes_are_noted, setup),
        cmocka_unit_test_setup(cut_at_every_write, setup),
        cmocka_unit_test_setup(memory_fails, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
