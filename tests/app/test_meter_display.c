/* Display lists over KMP: read, replaced, kept, refused with the reading that is wrong. */
#include "legal_puppet.h"

#include "app/meter/meter_display.h"

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

static struct kmp_display_list list_of(const struct meter *meter, unsigned which)
{
    struct kmp_display_list list;
    meter_display_list(meter, which, &list);
    return list;
}

static void expect(struct meter *meter, const struct kmp_display_list *list,
                   enum kmp_display_reason reason, uint16_t reading)
{
    const struct display before = meter->display;
    const struct kmp_display_reply reply = meter_display_set(meter, list);
    assert_int_equal(reply.reason, reason);
    assert_int_equal(reply.reading, reading);
    if (reason != KMP_DISPLAY_OK) {
        assert_memory_equal(&meter->display, &before, sizeof before);
    }
}

static uint16_t id(const char *code)
{
    return register_by_code(code)->kmp_id;
}

/* A list goes by the numbers that KMP knows, so every reading that may stand in one has a number.
 */
static void every_reading_has_a_number(void **state)
{
    (void)state;
    for (size_t v = 0; v < variant_count(); v++) {
        struct meter *meter = toy_meter(variant_name(v), 0);
        for (unsigned which = 0; which < KMP_DISPLAY_LISTS; which++) {
            struct kmp_display_list list = list_of(meter, which);
            assert_true(list.delivered);
            for (unsigned i = 0; i < list.n; i++) {
                assert_true(list.reading[i] != 0xFFFF);
            }
            if (list.n > 0) { /* what is read can be written, and is the same then */
                struct kmp_display_list again = list;
                again.delivered = false;
                expect(meter, &again, KMP_DISPLAY_OK, 0);
                list = list_of(meter, which);
                assert_memory_equal(list.reading, again.reading, sizeof list.reading);
                assert_false(list.delivered);
            }
        }
    }
}

/* REQ(DIS-02, DIS-21): a list holds at once, after a restart, and until the next FFF */
static void a_list_holds(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    struct kmp_display_list list = list_of(meter, KMP_DISPLAY_AUTOMATIC);
    list.delivered = false;
    list.n = 2;
    list.reading[0] = id("32.7.0");
    list.reading[1] = KMP_DISPLAY_TEST;
    expect(meter, &list, KMP_DISPLAY_OK, 0);
    for (unsigned again = 0; again < 2; again++) {
        const struct kmp_display_list found = list_of(meter, KMP_DISPLAY_AUTOMATIC);
        assert_int_equal(found.n, 2);
        assert_int_equal(found.reading[0], id("32.7.0"));
        assert_int_equal(found.reading[1], KMP_DISPLAY_TEST);
        assert_true(list_of(meter, KMP_DISPLAY_MANUAL).delivered);
        meter = toy_meter("382M", 0);
    }
    list.configuration = 222; /* not in force: the one in force is as delivered again */
    expect(meter, &list, KMP_DISPLAY_OK, 0);
    assert_true(list_of(meter, KMP_DISPLAY_AUTOMATIC).delivered);
    assert_int_equal(list_of(meter, KMP_DISPLAY_AUTOMATIC).reading[0], id("1.8.0"));
}

/* REQ(BIL-08): the logs may be put into the manual list and nowhere else */
static void the_logs_are_readings(void **state)
{
    (void)state;
    static const uint16_t logs[] = {KMP_DISPLAY_HISTORY, KMP_DISPLAY_PROFILE};
    struct meter *meter = toy_meter("382M", 0);
    struct kmp_display_list list = list_of(meter, KMP_DISPLAY_MANUAL);
    list.delivered = false;
    list.n = 6; /* the four legal readings, and the logs */
    memcpy(&list.reading[4], logs, sizeof logs);
    expect(meter, &list, KMP_DISPLAY_OK, 0);
    meter = toy_meter("382M", 0);
    assert_memory_equal(list_of(meter, KMP_DISPLAY_MANUAL).reading, list.reading,
                        6 * sizeof list.reading[0]);
    for (size_t i = 0; i < 2; i++) {
        list = list_of(meter, KMP_DISPLAY_AUTOMATIC);
        list.delivered = false;
        list.reading[1] = logs[i];
        expect(meter, &list, KMP_DISPLAY_BARRED, logs[i]);
    }
    meter = toy_meter("382B", 0);
    list = list_of(meter, KMP_DISPLAY_MANUAL);
    list.delivered = false;
    list.reading[list.n - 1u] = KMP_DISPLAY_PROFILE;
    expect(meter, &list, KMP_DISPLAY_UNKNOWN, KMP_DISPLAY_PROFILE);
}

/* A list that the glass shows begins anew; one that it does not show changes nothing on it. */
static void the_glass_follows(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    struct kmp_display_list list = list_of(meter, KMP_DISPLAY_AUTOMATIC);
    (void)meter_step(meter, 30000000);
    assert_int_equal(meter->display.state, DISPLAY_AUTOMATIC);
    assert_true(meter->display.position > 0);
    struct kmp_display_list manual = list_of(meter, KMP_DISPLAY_MANUAL);
    manual.delivered = false;
    const uint8_t position = meter->display.position;
    expect(meter, &manual, KMP_DISPLAY_OK, 0);
    assert_int_equal(meter->display.position, position);
    list.delivered = false;
    list.n = 1;
    list.reading[0] = id("72.7.0");
    expect(meter, &list, KMP_DISPLAY_OK, 0);
    assert_int_equal(meter->display.position, 0);
    assert_string_equal(register_table[meter->display.list[LIST_AUTOMATIC][0]].code, "72.7.0");
    list.delivered = true;
    list.n = 0;
    expect(meter, &list, KMP_DISPLAY_OK, 0);
    assert_true(list_of(meter, KMP_DISPLAY_AUTOMATIC).n > 1);
}

/* REQ(DIS-04, DIS-05, DIS-06, DIS-08, DIS-22): refused, with the reading that is wrong or missing
 */
static void refused(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    struct kmp_display_list list = list_of(meter, KMP_DISPLAY_MANUAL);
    list.delivered = false;
    struct kmp_display_list other = list;
    other.reading[0] = id("21.7.0"); /* instead of a legal one */
    expect(meter, &other, KMP_DISPLAY_LEGAL, list.reading[0]);
    other = list;
    other.reading[other.n - 1] = 4711;
    expect(meter, &other, KMP_DISPLAY_UNKNOWN, 4711);
    other = list;
    other.n = 31;
    expect(meter, &other, KMP_DISPLAY_LENGTH, 0);
    other = list;
    other.configuration = 424;
    expect(meter, &other, KMP_DISPLAY_CONFIGURATION, 0);
    other = list_of(meter, KMP_DISPLAY_BACKUP);
    other.delivered = false;
    other.reading[1] = id("32.7.0");
    expect(meter, &other, KMP_DISPLAY_BARRED, id("32.7.0"));
    other = list_of(meter, KMP_DISPLAY_AUTOMATIC);
    other.delivered = false;
    other.n = 0;
    expect(meter, &other, KMP_DISPLAY_LENGTH, 0);
}

/* REQ(SEC-08): each list that is replaced is in the audit log */
static void changes_are_noted(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    struct kmp_display_list list = list_of(meter, KMP_DISPLAY_AUTOMATIC);
    struct event_log_entry entry;
    const uint8_t before = list.n;
    list.delivered = false;
    list.n = 3;
    expect(meter, &list, KMP_DISPLAY_OK, 0);
    assert_int_equal(event_log_read(&meter->logs, meter->board, EVENT_LOG_AUDIT,
                                    event_log_newest(&meter->logs, EVENT_LOG_AUDIT), &entry),
                     EVENT_LOG_OK);
    assert_int_equal(entry.code, METER_AUDIT_DISPLAY + KMP_DISPLAY_AUTOMATIC);
    assert_int_equal(entry.payload[1], before);
    assert_int_equal(entry.payload[4], 3);
}

/* A cut at any write, whatever it leaves of the page: the old list or the new one. */
static void cut_at_every_write(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (unsigned after = 0; after < 4; after++) {
            toys_reset();
            struct meter *meter = toy_meter("382M", 0);
            struct kmp_display_list list = list_of(meter, KMP_DISPLAY_AUTOMATIC);
            const uint8_t before = list.n;
            list.delivered = false;
            list.n = 2;
            toy.cut_kind = kind;
            toy.cut_after = toy.writes + after;
            (void)meter_display_set(meter, &list);
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            const uint8_t found = list_of(toy_meter("382M", 0), KMP_DISPLAY_AUTOMATIC).n;
            assert_int_equal(found, after == 0 ? before : 2);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_reading_has_a_number, setup),
        cmocka_unit_test_setup(a_list_holds, setup),
        cmocka_unit_test_setup(the_logs_are_readings, setup),
        cmocka_unit_test_setup(the_glass_follows, setup),
        cmocka_unit_test_setup(refused, setup),
        cmocka_unit_test_setup(changes_are_noted, setup),
        cmocka_unit_test_setup(cut_at_every_write, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
