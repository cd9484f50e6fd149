/* Plug-in modules as the meter sees them: slots, what differs from the configuration, the radio,
 * and the notes that outlive a loss of supply. */
#include "legal_puppet.h"

#include "app/meter/meter_settings.h"
#include "app/modules/meter_modules.h"
#include "app/modules/module_facts.h"

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

static struct meter *started(const char *variant)
{
    struct meter *meter = toy_meter(variant, 0);
    now_us = 0;
    return meter;
}

static void plug(struct meter *meter, enum meter_slot slot, uint16_t code)
{
    assert_int_equal(meter_module_plug(meter, slot, code, 0, now_us), METER_MODULE_OK);
    (void)meter_step(meter, now_us);
}

static void pull(struct meter *meter, enum meter_slot slot)
{
    meter_module_pull(meter, slot, now_us);
    (void)meter_step(meter, now_us);
}

static uint32_t notes(const struct meter *meter)
{
    return meter->logs.newest[EVENT_LOG_AUDIT];
}

/* Code of the newest note, and what was and is plugged: 0 none, else the code. */
static void expect_note(const struct meter *meter, uint32_t n, enum meter_slot slot,
                        unsigned before, unsigned after)
{
    struct event_log_entry entry;
    assert_int_equal(notes(meter), n);
    assert_int_equal(
        event_log_seek(&meter->logs, meter->board, EVENT_LOG_AUDIT, UINT32_MAX, false, &entry),
        EVENT_LOG_OK);
    assert_int_equal(entry.code, METER_AUDIT_MODULE + (unsigned)slot);
    assert_int_equal(entry.n_payload, 15);
    assert_int_equal(entry.payload[1], before != 0);
    assert_int_equal(entry.payload[2] + 256 * entry.payload[3], before);
    assert_int_equal(entry.payload[8], after != 0);
    assert_int_equal(entry.payload[9] + 256 * entry.payload[10], after);
}

static int64_t number_of(const struct meter *meter, const char *code)
{
    int64_t number = -1;
    int exponent;
    const struct register_def *def = register_by_code(code);
    struct kmp_value value;
    assert_non_null(def);
    assert_true(register_read_kmp(meter, def, &value));
    assert_int_equal(kmp_value_number(&value, &number, &exponent), KMP_OK);
    return number;
}

/* Configuration CCC of a running meter. */
static void configure(struct meter *meter, const char *name, uint32_t number)
{
    struct kmp_settings_reply reply;
    const struct setting_value value = {number, ""};
    assert_int_equal(meter_setting_stage(meter, setting_by_name(name), &value), KMP_SETTINGS_OK);
    meter_settings_commit(meter, 1, &reply);
    assert_int_equal(reply.reason, KMP_SETTINGS_OK);
}

static bool icon(const struct meter *meter, enum display_icon wanted, int64_t at_us)
{
    struct display_frame frame;
    memset(&frame, 0, sizeof frame);
    display_render(&meter->display, meter, at_us, &frame);
    return (frame.icons & (uint32_t)wanted) != 0;
}

/* REQ(MOD-04, MOD-05): one slot; an L has a second in a 062 or a 053; an M has the consumer port */
static void slots(void **state)
{
    (void)state;
    struct meter *meter = started("382Lx2");
    assert_int_equal(meter_module_plug(meter, METER_SLOT_SECONDARY, 0, 7, 0),
                     METER_MODULE_ERR_SLOT);
    assert_int_equal(meter_module_plug(meter, METER_SLOT_CCC, 0, 7, 0), METER_MODULE_ERR_SLOT);
    static const struct {
        uint16_t code;
        bool carries;
    } rows[] = {{5, false}, {62, true}, {64, false}, {53, true}, {58, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        plug(meter, METER_SLOT_PRIMARY, rows[i].code);
        assert_int_equal(meter_module_plug(meter, METER_SLOT_PRIMARY, 5, 0, now_us),
                         METER_MODULE_ERR_OCCUPIED);
        assert_int_equal(meter_module_slot_exists(meter, METER_SLOT_SECONDARY), rows[i].carries);
        if (rows[i].carries) {
            plug(meter, METER_SLOT_SECONDARY, 0);
            assert_true(meter->modules.slot[METER_SLOT_SECONDARY].present);
        }
        pull(meter, METER_SLOT_PRIMARY); /* and what it carries */
        assert_false(meter->modules.slot[METER_SLOT_SECONDARY].present);
        run(meter, 7200);
    }
    meter = started("382M");
    assert_true(meter_module_slot_exists(meter, METER_SLOT_CCC));
    plug(meter, METER_SLOT_PRIMARY,
         62); /* listed for L and M; but an M has one slot and the port */
    assert_false(meter_module_slot_exists(meter, METER_SLOT_SECONDARY));
    meter = started("382E");
    assert_false(meter_module_slot_exists(meter, METER_SLOT_CCC));
    assert_int_equal(meter_module_channel(METER_SLOT_PRIMARY), CHANNEL_MODULE);
    assert_int_equal(meter_module_channel(METER_SLOT_SECONDARY), CHANNEL_CONSUMER);
    assert_int_equal(meter_module_channel(METER_SLOT_CCC), CHANNEL_CONSUMER);
}

/* REQ(MOD-15, MOD-16, DIS-19): the module is known by its code; another than CCC names is flagged
 * in a register and blinks on the glass of an M */
static void mismatch(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    assert_false(icon(meter, ICON_MODULE_1, 0) || icon(meter, ICON_MODULE_1, 600000));
    plug(meter, METER_SLOT_PRIMARY, 68);
    assert_int_equal(number_of(meter, "96.130.0"), 68);
    assert_true(meter_module_mismatch(meter));
    assert_int_equal(number_of(meter, "96.130.3"), METER_MODULE_OTHER);
    assert_true(icon(meter, ICON_MODULE_1, 1200000));
    assert_false(icon(meter, ICON_MODULE_1, 1600000));
    configure(meter, "module", 68);
    assert_false(meter_module_mismatch(meter));
    assert_int_equal(number_of(meter, "96.130.3"), 0);
    assert_true(icon(meter, ICON_MODULE_1, 1200000) && icon(meter, ICON_MODULE_1, 1600000));
    pull(meter, METER_SLOT_PRIMARY);
    assert_false(
        meter_module_mismatch(meter)); /* it may come back for a minute from the start on */
    run(meter, 61);
    assert_true(meter_module_mismatch(meter));
    assert_false(icon(meter, ICON_MODULE_2, 0));
    plug(meter, METER_SLOT_CCC, 0);
    assert_true(icon(meter, ICON_MODULE_2, 0));
    assert_int_equal(number_of(meter, "96.130.2"), 1);
    configure(meter, "module", 21); /* a pulse output announces nothing: it is not missed */
    assert_false(meter_module_mismatch(meter));
}

/* REQ(RAD-03, RAD-07): a communication module switches the integrated radio off, the others and the
 * 055 do not; on an M it is so by setting */
static void radio(void **state)
{
    (void)state;
    static const uint16_t talking[] = {3, 5, 14, 18, 39, 40, 43, 50, 52, 53, 54, 57, 61, 64, 72},
                          silent[] = {1, 8, 21, 55, 58, 62, 69};
    static const char *const variants[] = {"382C", "382E", "382Lx5", "382LxE"};
    for (size_t v = 0; v < sizeof variants / sizeof variants[0]; v++) {
        struct meter *meter = started(variants[v]);
        assert_true(meter_radio_on(meter));
        assert_int_equal(number_of(meter, "96.130.3"), METER_MODULE_RADIO | METER_MODULE_RADIO_ON);
        for (size_t i = 0; i < sizeof talking / sizeof talking[0]; i++) {
            plug(meter, METER_SLOT_PRIMARY, talking[i]);
            assert_false(meter_radio_on(meter));
            pull(meter, METER_SLOT_PRIMARY);
            assert_true(meter_radio_on(meter));
        }
        for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
            plug(meter, METER_SLOT_PRIMARY, silent[i]);
            assert_true(meter_radio_on(meter));
            pull(meter, METER_SLOT_PRIMARY);
        }
    }
    assert_false(meter_radio_on(started("382B"))); /* it has none */
    struct meter *meter = started("382M");
    assert_false(meter_radio_on(meter));
    meter->variant.radio = true; /* an Mr: no named default has one */
    plug(meter, METER_SLOT_PRIMARY, 68);
    assert_true(meter_radio_on(meter) && icon(meter, ICON_RADIO, 0));
    configure(meter, "radio-with-module", 0);
    meter->variant.radio = true; /* the commit has read the order number again */
    assert_false(meter_radio_on(meter) || icon(meter, ICON_RADIO, 0));
    pull(meter, METER_SLOT_PRIMARY);
    plug(meter, METER_SLOT_CCC, 0); /* the consumer's port does not count */
    assert_true(meter_radio_on(meter));
}

/* REQ(LCO-01): how many relays the module in the slot has */
static void relays(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    static const uint8_t rows[][2] = {{58, 1}, {69, 2}, {55, 1}, {68, 0}, {3, 0}};
    assert_int_equal(meter_module_relays(meter), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        plug(meter, METER_SLOT_PRIMARY, rows[i][0]);
        assert_int_equal(meter_module_relays(meter), rows[i][1]);
        pull(meter, METER_SLOT_PRIMARY);
    }
    meter_module_pins(meter, METER_SLOT_PRIMARY, 3); /* nobody is there */
    assert_int_equal(number_of(meter, "96.130.4"), 0);
    plug(meter, METER_SLOT_PRIMARY, 58);
    meter_module_pins(meter, METER_SLOT_PRIMARY, 2);
    assert_int_equal(number_of(meter, "96.130.4"), 2);
    pull(meter, METER_SLOT_PRIMARY);
    assert_int_equal(number_of(meter, "96.130.4"), 0);
}

/* What comes and goes is noted, also over restarts, each once; who is late has a minute. */
static void noted(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    run(meter, 100);
    assert_int_equal(notes(meter), 0);
    plug(meter, METER_SLOT_PRIMARY, 68);
    expect_note(meter, 1, METER_SLOT_PRIMARY, 0, 68);
    meter = started("382M"); /* it is still there, and says so */
    run(meter, 5);
    plug(meter, METER_SLOT_PRIMARY, 68);
    run(meter, 100);
    assert_int_equal(notes(meter), 1);
    meter = started("382M"); /* it has gone without supply */
    run(meter, 59);
    assert_int_equal(notes(meter), 1);
    run(meter, 2);
    expect_note(meter, 2, METER_SLOT_PRIMARY, 68, 0);
    plug(meter, METER_SLOT_PRIMARY, 40);
    expect_note(meter, 3, METER_SLOT_PRIMARY, 0, 40);
    puppet.supply = LEGAL_SUPPLY_OFF; /* and another comes in its place without supply */
    run(meter, 2);
    pull(meter, METER_SLOT_PRIMARY);
    run(meter, 2);
    plug(meter, METER_SLOT_PRIMARY, 5);
    run(meter, 200);
    assert_int_equal(notes(meter), 3);
    puppet.supply = LEGAL_SUPPLY_ON;
    run(meter, 2);
    expect_note(meter, 4, METER_SLOT_PRIMARY, 40, 5);
    plug(meter, METER_SLOT_CCC, 0); /* REQ(CCC-02): no more than a note */
    assert_int_equal(notes(meter), 5);
    assert_int_equal(meter_status(meter) & ~(unsigned)STATUS_RESET, 0);
}

/* A module that comes and goes all day fills no log: eight notes, then one an hour, and what holds
 * in the end is noted. */
static void a_loose_contact(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    run(meter, 100);
    for (unsigned i = 0; i < 24 * 3600; i++) {
        if (i % 2 == 0) {
            plug(meter, METER_SLOT_PRIMARY, 68);
        } else {
            pull(meter, METER_SLOT_PRIMARY);
        }
        run(meter, 1);
    }
    assert_in_range(notes(meter), METER_MODULE_NOTES + 10, METER_MODULE_NOTES + 25);
    run(meter, 3700);
    assert_false(meter->modules.kept.seen[METER_SLOT_PRIMARY].present);
    const uint32_t before = notes(meter);
    run(meter, 9 * 3600);
    assert_int_equal(notes(meter), before);
    plug(meter, METER_SLOT_PRIMARY, 68);
    expect_note(meter, before + 1, METER_SLOT_PRIMARY, 0, 68);
}

/* Cut at every write: after the next start the memory agrees with what is plugged, and the note is
 * there, once or twice. */
static void cuts(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        for (unsigned cut = 0; cut < 4; cut++) {
            toys_reset();
            struct meter *meter = started("382M");
            run(meter, 100);
            toy.writes = 0;
            toy.cut_kind = kind;
            toy.cut_after = cut;
            plug(meter, METER_SLOT_PRIMARY, 68);
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            meter = started("382M");
            plug(meter, METER_SLOT_PRIMARY, 68);
            run(meter, 100);
            assert_in_range(notes(meter), 1, 2);
            expect_note(meter, notes(meter), METER_SLOT_PRIMARY, 0, 68);
            meter = started("382M");
            plug(meter, METER_SLOT_PRIMARY, 68);
            const uint32_t before = notes(meter);
            run(meter, 100);
            assert_int_equal(notes(meter), before);
        }
    }
}

/* Memory that does not answer: nothing is compared, and nothing noted, before it does. */
static void deaf_memory(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    plug(meter, METER_SLOT_PRIMARY, 68);
    assert_int_equal(notes(meter), 1);
    meter = started("382M");
    meter->modules.unread = true;
    memset(&meter->modules.kept, 0, sizeof meter->modules.kept);
    toy.fail_read = true;
    plug(meter, METER_SLOT_PRIMARY, 68);
    run(meter, 70);
    assert_int_equal(notes(meter), 1);
    toy.fail_read = false;
    run(meter, 70);
    assert_int_equal(notes(meter), 1);
    assert_int_equal(meter->modules.kept.seen[METER_SLOT_PRIMARY].code, 68);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(slots, setup), cmocka_unit_test_setup(mismatch, setup),
        cmocka_unit_test_setup(radio, setup), cmocka_unit_test_setup(relays, setup),
        cmocka_unit_test_setup(noted, setup), cmocka_unit_test_setup(a_loose_contact, setup),
        cmocka_unit_test_setup(cuts, setup),  cmocka_unit_test_setup(deaf_memory, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
