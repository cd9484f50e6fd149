/* Tampering: each act from its source to the log, the word, the alarm and the hand; with and
 * without supply; over restarts, cuts and a memory that fails. */
#include "app/meter/meter_tamper.h"

#include "legal_puppet.h"

#include "app/display/display_icons.h"
#include "app/meter/meter_alarms.h"
#include "app/meter/meter_log.h"
#include "app/meter/meter_settings.h"

#define NOON      INT64_C(1718886605)
#define BIT(kind) tamper_mask(kind)

static int64_t now_us;

static int setup(void **state)
{
    (void)state;
    toys_reset();
    now_us = 0;
    return 0;
}

static void run(struct meter *meter, unsigned tenths)
{
    for (unsigned i = 0; i < tenths; i++) {
        now_us += SECOND / 10;
        meter->next_legal_us = now_us; /* a window has come */
        (void)meter_step(meter, now_us);
    }
}

static void three_phases(int32_t second_mdeg, int32_t third_mdeg)
{
    const int32_t angles[] = {0, second_mdeg, third_mdeg};
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        puppet.instant.phase[s].voltage_mv = 230000;
        puppet.instant.phase[s].voltage_present = true;
        puppet.instant.phase[s].voltage_angle_mdeg = angles[s];
    }
}

static struct meter *started_with(const char *variant, bool module)
{
    three_phases(-120000, 120000);
    struct meter *meter = toy_meter(variant, 0);
    now_us = 0;
    meter_input(meter, METER_INPUT_MODULE, module, now_us);
    run(meter, 100);
    return meter;
}

static struct meter *started(const char *variant)
{
    return started_with(variant, false);
}

static void input(struct meter *meter, enum meter_input which, bool on)
{
    meter_input(meter, which, on, now_us);
}

static uint32_t records(const struct meter *meter)
{
    return event_log_newest(&meter->logs, EVENT_LOG_STATUS);
}

static struct event_log_entry record(const struct meter *meter, uint32_t id)
{
    struct event_log_entry entry;
    assert_int_equal(event_log_read(&meter->logs, meter->board, EVENT_LOG_STATUS, id, &entry),
                     EVENT_LOG_OK);
    return entry;
}

static void set(struct meter *meter, const char *name, uint32_t number)
{
    struct kmp_settings_reply reply;
    const struct setting_value value = {number, ""};
    assert_int_equal(meter_setting_stage(meter, setting_by_name(name), &value), KMP_SETTINGS_OK);
    meter_settings_commit(meter, 1, &reply);
    assert_int_equal(reply.reason, KMP_SETTINGS_OK);
}

static void lose_supply(struct meter *meter)
{
    puppet.supply = LEGAL_SUPPLY_OFF;
    run(meter, 1);
    assert_false(meter->supply_on);
}

static void supply(struct meter *meter)
{
    puppet.supply = LEGAL_SUPPLY_ON;
    run(meter, 1);
    assert_true(meter->supply_on);
}

static void act_module(struct meter *meter, bool on)
{
    input(meter, METER_INPUT_MODULE, !on);
}

static void act_terminal(struct meter *meter, bool on)
{
    input(meter, METER_INPUT_TERMINAL_COVER, on);
}

static void act_seal(struct meter *meter, bool on)
{
    input(meter, METER_INPUT_SEAL, on);
}

static void act_sequence(struct meter *meter, bool on)
{
    (void)meter;
    three_phases(on ? 120000 : -120000, on ? -120000 : 120000);
}

static void act_unmetered(struct meter *meter, bool on)
{
    puppet.instant.phase[1].voltage_present = !on;
    puppet.instant.phase[1].current_ma = on ? 4000 : 0;
    meter->quality.phase[1].failure.active = on;
}

static void act_magnet(struct meter *meter, bool on)
{
    input(meter, METER_INPUT_MAGNET, on);
}

static void act_cover(struct meter *meter, bool on)
{
    input(meter, METER_INPUT_COVER, on);
}

/* REQ(EVT-01, EVT-11, SEC-03, SEC-05, SEC-07): every act: a stamped record when it comes and one
 * when it goes, the word meanwhile, an alarm that stays until it is cleared, all of it over a
 * restart; no act is in the log before it has lasted as long as it must */
static void each_act(void **state)
{
    (void)state;
    static const struct {
        enum tamper_kind kind;
        void (*act)(struct meter *meter, bool on);
        unsigned at_most_tenths; /* until it counts */
        bool hand;
    } rows[] = {
        {TAMPER_MAGNET, act_magnet, 1, true},
        {TAMPER_COVER, act_cover, 1, true},
        {TAMPER_TERMINAL, act_terminal, 1, true},
        {TAMPER_MODULE, act_module, 22, true},
        {TAMPER_SEAL, act_seal, 1, false},
        {TAMPER_SEQUENCE, act_sequence, 42, false},
        {TAMPER_UNMETERED + 1, act_unmetered, 42, true},
    };
    static const char *const variants[] = {"382M", "382B", "382Lx2"};
    for (size_t v = 0; v < 3; v++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            const uint16_t bit = BIT(rows[i].kind);
            toys_reset();
            struct meter *meter = started_with(variants[v], true);
            assert_int_equal(meter_tamper_word(meter), 0);
            const uint32_t before = records(meter);
            rows[i].act(meter, true);
            const int64_t begin_us = now_us;
            run(meter, rows[i].at_most_tenths);
            assert_int_equal(meter_tamper_word(meter) & bit, bit);
            assert_int_equal(records(meter), before + 1);
            struct event_log_entry entry = record(meter, before + 1);
            assert_int_equal(entry.code & bit, bit);
            assert_in_range(entry.utc_s, NOON + begin_us / SECOND, NOON + now_us / SECOND);
            assert_int_equal(meter_alarms_raised(meter, ALARM_TAMPER) & bit, bit);
            assert_int_equal(meter_tamper_shown(meter), rows[i].hand);
            rows[i].act(meter, false);
            run(meter, 45);
            assert_int_equal(meter_tamper_word(meter) & bit, 0);
            assert_int_equal(records(meter), before + 2);
            entry = record(meter, before + 2);
            assert_int_equal(entry.code, 0);
            const unsigned gone =
                entry.payload[1] | (entry.n_payload >= 5 ? (unsigned)entry.payload[3] << 8 : 0u);
            assert_int_equal(gone, bit);
            assert_int_equal(meter->tamper.kept[rows[i].kind].count, 1);
            meter = started_with(variants[v], true);
            assert_int_equal(meter_alarms_raised(meter, ALARM_TAMPER) & bit, bit);
            assert_int_equal(meter->tamper.kept[rows[i].kind].count, 1);
            assert_int_equal(meter_alarms_clear(meter, ALARM_TAMPER, UINT32_MAX), METER_OK);
            assert_int_equal(meter_alarms_raised(meter, ALARM_TAMPER), 0);
            meter = started_with(variants[v], true);
            assert_int_equal(meter_alarms_raised(meter, ALARM_TAMPER), 0);
        }
    }
}

/* What is measured and too short is no act. */
static void too_short(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    const uint32_t before = records(meter);
    act_unmetered(meter, true);
    run(meter, 15);
    act_unmetered(meter, false);
    act_sequence(meter, true);
    run(meter, 15);
    act_sequence(meter, false);
    act_module(meter, false);
    run(meter, 5);
    act_module(meter, true);
    run(meter, 15);
    act_module(meter, false);
    run(meter, 50);
    assert_int_equal(records(meter), before);
}

/* An order that can't be told, since a phase is missing, is neither right nor wrong. */
static void order_that_cannot_be_told(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    act_sequence(meter, true);
    run(meter, 60);
    puppet.instant.phase[2].voltage_present = false;
    run(meter, 60);
    assert_int_equal(meter_tamper_word(meter), BIT(TAMPER_SEQUENCE));
    act_sequence(meter, false);
    run(meter, 60);
    assert_int_equal(meter_tamper_word(meter), 0);
    meter = started("162M"); /* one phase has no order */
    act_sequence(meter, true);
    run(meter, 60);
    assert_int_equal(meter_tamper_word(meter), 0);
}

/* REQ(EVT-01, SEC-07): a cover that was opened and shut without supply: in the log with its own
 * time when supply is back, an alarm, and the event status has it; a magnet then leaves nothing */
static void without_supply(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    lose_supply(meter);
    const uint32_t before = records(meter);
    now_us += 600 * SECOND;
    const int64_t opened_us = now_us;
    act_terminal(meter, true);
    now_us += 30 * SECOND;
    act_cover(meter, true);
    act_magnet(meter, true);
    now_us += 30 * SECOND;
    act_magnet(meter, false);
    act_cover(meter, false);
    now_us += 30 * SECOND;
    act_terminal(meter, false);
    now_us += 600 * SECOND;
    assert_int_equal(records(meter), before);
    supply(meter);
    run(meter, 20);
    struct event_log_entry entry = record(meter, before + 1);
    assert_int_equal(entry.code, BIT(TAMPER_TERMINAL)); /* the seal goes with it */
    assert_int_equal(entry.payload[4], 1);
    assert_int_equal(entry.utc_s, NOON + opened_us / SECOND);
    entry = record(meter, before + 2);
    assert_int_equal(entry.code, BIT(TAMPER_UTILITY_SEAL));
    assert_int_equal(entry.utc_s, NOON + opened_us / SECOND);
    entry = record(meter, before + 3);
    assert_int_equal(entry.code, BIT(TAMPER_COVER));
    assert_int_equal(entry.utc_s, NOON + opened_us / SECOND + 30);
    entry = record(meter, before + 4); /* shut again */
    assert_int_equal(entry.code, 0);
    assert_int_equal(entry.payload[1], STATUS_COVER);
    assert_int_equal(meter_alarms_raised(meter, ALARM_TAMPER),
                     BIT(TAMPER_TERMINAL) | BIT(TAMPER_UTILITY_SEAL) | BIT(TAMPER_COVER));
    assert_int_equal(meter_events(meter) & STATUS_COVER, STATUS_COVER);
    assert_int_equal(meter->tamper.kept[TAMPER_MAGNET].count, 0);
}

/* The process ends in good order without supply: what waits for the log waits in permanent memory.
 */
static void asleep_over_a_restart(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    lose_supply(meter);
    const uint32_t before = records(meter);
    now_us += 60 * SECOND;
    const int64_t opened_us = now_us;
    act_cover(meter, true);
    act_cover(meter, false);
    assert_int_equal(meter_store(meter), METER_OK);
    meter = started("382M");
    assert_int_equal(records(meter), before + 2);
    assert_int_equal(record(meter, before + 1).code, STATUS_COVER);
    assert_int_equal(record(meter, before + 1).utc_s, NOON + opened_us / SECOND);
    assert_int_equal(meter_alarms_raised(meter, ALARM_TAMPER), BIT(TAMPER_COVER));
    meter = started("382M");
    assert_int_equal(records(meter), before + 2 + 1); /* the second start is a reset, and no more */
}

/* REQ(SEC-05): the utility's seal breaks with the terminal cover and stays broken; whoever may
 * clear alarms says that it has been renewed, and not while the cover is open */
static void utility_seal(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    act_terminal(meter, true);
    run(meter, 10);
    assert_int_equal(meter_tamper_word(meter), BIT(TAMPER_TERMINAL) | BIT(TAMPER_UTILITY_SEAL));
    assert_int_equal(meter_alarms_clear(meter, ALARM_TAMPER, UINT32_MAX), METER_OK);
    run(meter, 10);
    assert_int_equal(meter_tamper_word(meter), BIT(TAMPER_TERMINAL) | BIT(TAMPER_UTILITY_SEAL));
    act_terminal(meter, false);
    run(meter, 30);
    assert_int_equal(meter_tamper_word(meter), BIT(TAMPER_UTILITY_SEAL));
    meter = started("382M");
    assert_int_equal(meter_tamper_word(meter), BIT(TAMPER_UTILITY_SEAL));
    const uint32_t before = records(meter);
    assert_int_equal(meter_alarms_clear(meter, ALARM_TAMPER, UINT32_MAX), METER_OK);
    run(meter, 1);
    assert_int_equal(meter_tamper_word(meter), 0);
    assert_int_equal(records(meter), before + 1);
    assert_int_equal(record(meter, before + 1).payload[3], BIT(TAMPER_UTILITY_SEAL) >> 8);
}

/* A meter that never had a module misses none; one that is missed is given up by clearing. */
static void modules(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    run(meter, 50);
    assert_int_equal(meter_tamper_word(meter), 0);
    act_module(meter, false);
    lose_supply(meter);
    act_module(meter, true); /* taken out without supply: seen when it is back */
    run(meter, 50);
    assert_int_equal(meter_tamper_word(meter), 0);
    supply(meter);
    run(meter, 30);
    assert_int_equal(meter_tamper_word(meter), BIT(TAMPER_MODULE));
    meter = started("382M");
    assert_int_equal(meter_tamper_word(meter), BIT(TAMPER_MODULE));
    assert_int_equal(meter_alarms_clear(meter, ALARM_TAMPER, BIT(TAMPER_MODULE)), METER_OK);
    run(meter, 20);
    assert_int_equal(meter_tamper_word(meter), 0);
    meter = started("382M");
    assert_int_equal(meter_tamper_word(meter), 0);
}

/* The mask decides on alarms alone; cleared alarms come again with the next act only; and what
 * holds at a start is an alarm again. */
static void masks(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    set(meter, "tamper-mask", BIT(TAMPER_COVER));
    act_terminal(meter, true);
    run(meter, 10);
    assert_int_equal(meter_alarms_raised(meter, ALARM_TAMPER), 0);
    assert_int_equal(meter_tamper_word(meter) & BIT(TAMPER_TERMINAL), BIT(TAMPER_TERMINAL));
    set(meter, "tamper-mask", BIT(TAMPER_TERMINAL));
    run(meter, 30);
    assert_int_equal(meter_alarms_raised(meter, ALARM_TAMPER), BIT(TAMPER_TERMINAL));
    assert_int_equal(meter_alarms_clear(meter, ALARM_TAMPER, UINT32_MAX), METER_OK);
    run(meter, 100);
    assert_int_equal(meter_alarms_raised(meter, ALARM_TAMPER), 0);
    act_terminal(meter, false);
    run(meter, 20);
    act_terminal(meter, true);
    assert_int_equal(meter_alarms_raised(meter, ALARM_TAMPER), BIT(TAMPER_TERMINAL));
    assert_int_equal(meter_alarms_clear(meter, ALARM_TAMPER, UINT32_MAX), METER_OK);
    three_phases(-120000, 120000);
    meter = toy_meter("382M", 0);
    now_us = 0;
    act_terminal(meter, true);
    run(meter, 100);
    assert_int_equal(meter_alarms_raised(meter, ALARM_TAMPER), BIT(TAMPER_TERMINAL));
}

static uint32_t icons(const struct meter *meter)
{
    struct display_frame frame;
    display_render(&meter->display, meter, now_us, &frame);
    return frame.icons;
}

/* The hand follows the act, or stays until its alarm is cleared (setting 151). */
static void hand(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    for (unsigned latched = 0; latched < 2; latched++) {
        set(meter, "tamper-symbol", latched);
        act_cover(meter, true);
        run(meter, 10);
        assert_true((icons(meter) & ICON_TAMPER) != 0);
        act_cover(meter, false);
        run(meter, 20);
        assert_int_equal((icons(meter) & ICON_TAMPER) != 0, latched);
        assert_int_equal(meter_alarms_clear(meter, ALARM_TAMPER, UINT32_MAX), METER_OK);
        run(meter, 20);
        assert_int_equal(icons(meter) & ICON_TAMPER, 0);
    }
}

/* A hundred acts that fill the log do not cover up the first: it has its time until it is cleared;
 * and they do not wear the pages of the counters. */
static void first_act_stays(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    const int64_t first_us = now_us;
    act_cover(meter, true);
    run(meter, 1);
    const uint32_t sequence = meter->tamper.sequence;
    for (unsigned i = 0; i < 300; i++) {
        act_cover(meter, i % 2 != 0);
        run(meter, 10);
    }
    const struct tamper_kept *kept = &meter->tamper.kept[TAMPER_COVER];
    assert_int_equal(kept->count, 151);
    assert_int_equal(kept->first_s, NOON + first_us / SECOND);
    assert_int_equal(kept->last_s, NOON + now_us / SECOND - 1);
    assert_in_range(meter->tamper.sequence - sequence, 4, 6); /* five minutes */
    assert_int_equal(meter_store(meter), METER_OK);
    const uint32_t last_s = kept->last_s;
    meter = started("382M");
    assert_int_equal(meter->tamper.kept[TAMPER_COVER].count, 151);
    assert_int_equal(meter->tamper.kept[TAMPER_COVER].last_s, last_s);
    assert_int_equal(meter_alarms_clear(meter, ALARM_TAMPER, UINT32_MAX), METER_OK);
    assert_int_equal(meter->tamper.kept[TAMPER_COVER].first_s, 0);
    meter = started("382M");
    assert_int_equal(meter->tamper.cleared_s, NOON + 10); /* ten seconds after a start */
    assert_int_equal(meter->tamper.cleared_by, CHANNEL_BOARD);
    assert_int_equal(meter->tamper.kept[TAMPER_COVER].count, 151);
}

/* Cut at every write: the alarm that a client has seen cleared or not cleared stays so. */
static void cuts(void **state)
{
    (void)state;
    for (unsigned cut = 0; cut < 12; cut++) {
        for (int kind = 0; kind < 3; kind++) {
            toys_reset();
            struct meter *meter = started("382M");
            toy.writes = 0;
            toy.cut_after = cut;
            toy.cut_kind = kind;
            act_cover(meter, true);
            run(meter, 5);
            const bool stored = !toy.dead;
            const bool cleared =
                meter_alarms_clear(meter, ALARM_TAMPER, UINT32_MAX) == METER_OK && stored;
            toy.cut_after = UINT32_MAX;
            toy.dead = false;
            struct tamper found;
            assert_true(tamper_load(&found, &toy_board, 0, 0));
            if (stored) {
                assert_int_equal(found.raised, cleared ? 0 : BIT(TAMPER_COVER));
            }
            meter = toy_meter("382M", 0);
            act_cover(meter, true); /* open all the time */
            now_us = 0;
            run(meter, 100);
            assert_int_equal(meter_alarms_raised(meter, ALARM_TAMPER), BIT(TAMPER_COVER));
            assert_int_equal(meter_tamper_word(meter), BIT(TAMPER_COVER));
        }
    }
}

/* A memory that fails: said, and nothing forgotten when it is back. */
static void memory_that_fails(void **state)
{
    (void)state;
    struct meter *meter = started("382M");
    act_terminal(meter, true);
    toy.fail_write = true;
    assert_int_equal(meter_alarms_clear(meter, ALARM_TAMPER, UINT32_MAX), METER_ERR_STORAGE);
    assert_int_equal(meter_alarms_raised(meter, ALARM_TAMPER),
                     BIT(TAMPER_TERMINAL) | BIT(TAMPER_UTILITY_SEAL));
    assert_int_equal(meter_status(meter) & STATUS_EEPROM, STATUS_EEPROM);
    toy.fail_write = false;
    assert_int_equal(meter_store(meter), METER_OK);
    struct tamper tamper;
    toy.fail_read = true;
    assert_false(tamper_load(&tamper, &toy_board, 0, 0));
    toy.fail_read = false;
    (void)tamper_follow(&tamper, BIT(TAMPER_MAGNET), 0);
    tamper_note(&tamper, BIT(TAMPER_MAGNET), UINT16_MAX, 77, false);
    assert_true(tamper_save(&tamper, &toy_board));
    assert_int_equal(tamper.raised,
                     BIT(TAMPER_MAGNET) | BIT(TAMPER_TERMINAL) | BIT(TAMPER_UTILITY_SEAL));
    assert_int_equal(tamper.kept[TAMPER_TERMINAL].count, 1);
    assert_int_equal(tamper.kept[TAMPER_MAGNET].count, 1);
}

/* A record of another format, or half of one, counts for nothing. */
static void records_that_are_not_ours(void **state)
{
    (void)state;
    struct tamper tamper;
    assert_true(tamper_load(&tamper, &toy_board, 0, 0));
    tamper_note(&tamper, BIT(TAMPER_COVER), UINT16_MAX, 77, false);
    assert_true(tamper_save(&tamper, &toy_board));
    uint8_t *page = toy.memory + (TAMPER_FIRST_PAGE + 1) * 256;
    for (unsigned i = 0; i < 140; i++) {
        page[i] ^= 0x10;
        assert_true(tamper_load(&tamper, &toy_board, 0, 0));
        assert_int_equal(tamper.raised, 0);
        page[i] ^= 0x10;
    }
    assert_true(tamper_load(&tamper, &toy_board, 0, 0));
    assert_int_equal(tamper.raised, BIT(TAMPER_COVER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_act, setup),
        cmocka_unit_test_setup(too_short, setup),
        cmocka_unit_test_setup(order_that_cannot_be_told, setup),
        cmocka_unit_test_setup(without_supply, setup),
        cmocka_unit_test_setup(asleep_over_a_restart, setup),
        cmocka_unit_test_setup(utility_seal, setup),
        cmocka_unit_test_setup(modules, setup),
        cmocka_unit_test_setup(masks, setup),
        cmocka_unit_test_setup(hand, setup),
        cmocka_unit_test_setup(first_act_stays, setup),
        cmocka_unit_test_setup(cuts, setup),
        cmocka_unit_test_setup(memory_that_fails, setup),
        cmocka_unit_test_setup(records_that_are_not_ours, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
