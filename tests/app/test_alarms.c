/* Alarms: raised through masks when something comes or goes, kept until they are cleared. */
#include "legal_puppet.h"

#include "app/meter/meter_alarms.h"
#include "app/meter/meter_events.h"
#include "app/meter/meter_settings.h"
#include "app/optical/optical_write.h"

static int64_t now_us;

static int setup(void **state)
{
    (void)state;
    toys_reset();
    now_us = 0;
    return 0;
}

static void run(struct meter *meter, unsigned seconds)
{
    for (unsigned i = 0; i < seconds; i++) {
        now_us += SECOND;
        (void)meter_step(meter, now_us);
    }
}

/* A meter that has been running for a while; clocks of meters begin at 0. */
static struct meter *started(const char *variant)
{
    struct meter *meter = toy_meter(variant, 0);
    now_us = 0;
    run(meter, 10);
    return meter;
}

static void mask(struct meter *meter, const char *name, uint32_t bits)
{
    struct kmp_settings_reply reply;
    const struct setting_value value = {bits, ""};
    assert_int_equal(meter_setting_stage(meter, setting_by_name(name), &value), KMP_SETTINGS_OK);
    meter_settings_commit(meter, 1, &reply);
    assert_int_equal(reply.reason, KMP_SETTINGS_OK);
}

#define COVER  (UINT32_C(1) << 6)
#define MAGNET (UINT32_C(1) << 2)

/* REQ(SEC-07, EVT-01, EVT-02): an opened cover raises an alarm, at once, and it stays over closing
 * the cover and over a restart, until somebody clears it */
static void cover_raises_an_alarm(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    assert_int_equal(meter_alarms_raised(meter, ALARM_A), 0);
    meter_input(meter, METER_INPUT_COVER, true, now_us);
    run(meter, 2);
    assert_int_equal(meter_alarms_raised(meter, ALARM_A), COVER);
    meter_input(meter, METER_INPUT_COVER, false, now_us);
    run(meter, 10);
    assert_int_equal(meter_alarms_raised(meter, ALARM_A), COVER);
    meter = started("382M");
    assert_int_equal(meter_alarms_raised(meter, ALARM_A), COVER);
    assert_int_equal(meter_alarms_clear(meter, ALARM_A, MAGNET), METER_OK); /* another one */
    assert_int_equal(meter_alarms_raised(meter, ALARM_A), COVER);
    assert_int_equal(meter_alarms_clear(meter, ALARM_A, UINT32_MAX), METER_OK);
    meter = started("382M");
    assert_int_equal(meter_alarms_raised(meter, ALARM_A), 0);
}

/* Cleared while its cause holds: no new alarm before the cause has gone and come again. */
static void alarms_are_edges(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    mask(meter, "alarm-mask-b-rise", UINT32_C(1) << EVENT_B_COVER);
    meter_input(meter, METER_INPUT_COVER, true, now_us);
    run(meter, 2);
    for (unsigned again = 0; again < 2; again++) {
        assert_int_equal(meter_alarms_raised(meter, ALARM_A), COVER);
        assert_int_equal(meter_alarms_raised(meter, ALARM_B_COME), UINT32_C(1) << EVENT_B_COVER);
        assert_int_equal(meter_alarms_clear(meter, ALARM_B_COME, UINT32_MAX), METER_OK);
        assert_int_equal(meter_alarms_clear(meter, ALARM_A, UINT32_MAX), METER_OK);
        run(meter, 5);
        assert_int_equal(meter_alarms_raised(meter, ALARM_B_COME), 0);
        assert_int_equal(meter_alarms_raised(meter, ALARM_A), 0);
        meter_input(meter, METER_INPUT_COVER, false, now_us);
        run(meter, 2);
        meter_input(meter, METER_INPUT_COVER, true, now_us);
        run(meter, 2);
    }
}

/* Shorter than a second: noted by the event status, and so an alarm. */
static void short_events_count(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    meter_input(meter, METER_INPUT_COVER, true, now_us);
    meter_input(meter, METER_INPUT_COVER, false, now_us);
    run(meter, 2);
    assert_int_equal(meter_alarms_raised(meter, ALARM_A), COVER);
}

/* Each reset counts, when the mask lets it through. */
static void a_reset_can_be_an_alarm(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    mask(meter, "alarm-mask-a", STATUS_RESET);
    assert_int_equal(meter_store(meter), METER_OK);
    meter = started("382M");
    assert_int_equal(meter_alarms_raised(meter, ALARM_A), 0);
    meter = started("382M"); /* without an orderly end */
    assert_int_equal(meter_alarms_raised(meter, ALARM_A), STATUS_RESET);
}

/* What the mask does not let through raises nothing; a mask that is changed acts at once. */
static void masks_filter(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    meter_input(meter, METER_INPUT_MAGNET, true, now_us);
    run(meter, 3);
    assert_int_equal(meter_alarms_raised(meter, ALARM_A), 0);
    mask(meter, "alarm-mask-a", COVER | MAGNET);
    run(meter, 2);
    assert_int_equal(meter_alarms_raised(meter, ALARM_A), MAGNET);
    meter = started("382M");
    assert_int_equal(meter_alarms_raised(meter, ALARM_A), MAGNET);
}

/* REQ(X-EVT-5): a missing phase is an alarm when it goes missing; its return only when asked for */
static void phases_come_and_go(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    mask(meter, "alarm-mask-b-rise", UINT32_C(7) << EVENT_B_MISSING);
    mask(meter, "alarm-mask-b-fall", UINT32_C(1) << (EVENT_B_MISSING + 2));
    run(meter, 2);
    meter->quality.phase[1].failure.active = true;
    meter->quality.phase[2].failure.active = true;
    run(meter, 2);
    assert_int_equal(meter_alarms_raised(meter, ALARM_B_COME), UINT32_C(6) << EVENT_B_MISSING);
    assert_int_equal(meter_alarms_raised(meter, ALARM_B_GONE), 0);
    meter->quality.phase[1].failure.active = false;
    meter->quality.phase[2].failure.active = false;
    run(meter, 2);
    assert_int_equal(meter_alarms_raised(meter, ALARM_B_GONE), UINT32_C(4) << EVENT_B_MISSING);
    assert_int_equal(meter_alarms_clear(meter, ALARM_B_COME, UINT32_MAX), METER_OK);
    assert_int_equal(meter_alarms_raised(meter, ALARM_B_GONE), UINT32_C(4) << EVENT_B_MISSING);
    run(meter, 5);
    assert_int_equal(meter_alarms_raised(meter, ALARM_B_COME), 0);
}

/* A meter that starts under supply takes no phase for missing before it has measured any. */
static void start_is_no_alarm(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    mask(meter, "alarm-mask-b-rise", UINT32_MAX & ~(UINT32_C(1) << EVENT_B_SEQUENCE));
    puppet.supply = LEGAL_SUPPLY_OFF;
    run(meter, 5);
    puppet.supply = LEGAL_SUPPLY_ON;
    run(meter, 1);
    meter->quality.phase[0].failure.active = true;
    run(meter, 3);
    assert_int_equal(meter_alarms_raised(meter, ALARM_B_COME), 0);
    meter->quality.phase[0].failure.active = false;
    run(meter, 10);
    assert_int_equal(meter_alarms_raised(meter, ALARM_B_COME) & UINT32_C(7) << EVENT_B_MISSING, 0);
}

static bool put(struct meter *meter, uint16_t id, uint32_t bits)
{
    struct kmp_value value;
    assert_int_equal(kmp_value_set(&value, id, 59, 4, bits, 0), KMP_OK);
    return optical_write(meter, 0, &value);
}

/* Registers show them, and writing bits clears these; variants without alarms have neither. */
static void registers_show_and_clear(void **state)
{
    (void)state;
    static const struct {
        const char *variant;
        unsigned registers;
    } variants[] = {{"382M", 3}, {"162M", 3}, {"382Lx2", 1}, {"382C", 0}};
    for (size_t v = 0; v < sizeof variants / sizeof variants[0]; v++) {
        setup(state);
        toy.type = NULL;
        struct meter *meter = started(variants[v].variant);
        meter_input(meter, METER_INPUT_COVER, true, now_us);
        run(meter, 2);
        assert_int_equal(meter_alarms_raised(meter, ALARM_A),
                         variants[v].registers > 0 ? COVER : 0);
        for (unsigned i = 0; i < 3; i++) {
            struct register_value value;
            const struct register_def *def = register_by_kmp_id((uint16_t)(0xF204 + i));
            const bool has = i < variants[v].registers;
            assert_int_equal(register_read(meter, def, &value), has);
            assert_int_equal(put(meter, def->kmp_id, UINT32_MAX), has);
            assert_true(!has || (register_read(meter, def, &value) && value.number == 0));
        }
    }
}

/* A cut while they are stored leaves the bits before or the bits after; a memory that refuses keeps
 * them for later. */
static void memory(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        setup(state);
        struct meter *meter = started("382M");
        mask(meter, "alarm-mask-a", COVER | MAGNET);
        meter_input(meter, METER_INPUT_COVER, true, now_us);
        run(meter, 2);
        toy.writes = 0;
        toy.cut_after = 0;
        toy.cut_kind = kind;
        meter->alarms.bits[ALARM_A] |= MAGNET;
        assert_false(alarms_save(&meter->alarms, meter->board));
        toy.dead = false;
        toy.cut_after = UINT32_MAX;
        struct alarms found;
        assert_true(alarms_load(&found, meter->board));
        assert_int_equal(found.bits[ALARM_A], COVER);
    }
    struct meter *meter = started("382M");
    toy.fail_write = true;
    meter_input(meter, METER_INPUT_MAGNET, true, now_us);
    run(meter, 2);
    assert_true(meter->alarms.unsaved);
    assert_int_equal(meter_status(meter) & STATUS_EEPROM, STATUS_EEPROM);
    assert_int_equal(meter_alarms_clear(meter, ALARM_A, COVER), METER_ERR_STORAGE);
    assert_int_equal(meter_alarms_raised(meter, ALARM_A), COVER | MAGNET);
    toy.fail_write = false;
    run(meter, 2);
    assert_false(meter->alarms.unsaved);
    meter = started("382M");
    assert_int_equal(meter_alarms_raised(meter, ALARM_A), COVER | MAGNET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(cover_raises_an_alarm, setup),
        cmocka_unit_test_setup(alarms_are_edges, setup),
        cmocka_unit_test_setup(short_events_count, setup),
        cmocka_unit_test_setup(a_reset_can_be_an_alarm, setup),
        cmocka_unit_test_setup(masks_filter, setup),
        cmocka_unit_test_setup(phases_come_and_go, setup),
        cmocka_unit_test_setup(start_is_no_alarm, setup),
        cmocka_unit_test_setup(registers_show_and_clear, setup),
        cmocka_unit_test_setup(memory, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
