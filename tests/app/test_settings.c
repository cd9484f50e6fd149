/* Settings: staged, committed as a whole, never half applied, each change in the audit log. */
#include "legal_puppet.h"

#include "app/meter/meter_audit.h"
#include "app/meter/meter_settings.h"

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

static uint32_t number_of(const struct meter *meter, const char *name)
{
    struct setting_value value = {0, ""};
    assert_true(meter_setting_read(meter, setting_by_name(name), &value));
    return value.number;
}

static enum kmp_settings_reason stage(struct meter *meter, const char *name, uint32_t number)
{
    const struct setting_value value = {number, ""};
    assert_non_null(setting_by_name(name));
    return meter_setting_stage(meter, setting_by_name(name), &value);
}

static struct kmp_settings_reply commit(struct meter *meter, uint8_t count)
{
    struct kmp_settings_reply reply;
    meter_settings_commit(meter, count, &reply);
    return reply;
}

static void change(struct meter *meter, const char *name, uint32_t number)
{
    assert_int_equal(stage(meter, name, number), KMP_SETTINGS_OK);
    const struct kmp_settings_reply reply = commit(meter, 1);
    assert_int_equal(reply.reason, KMP_SETTINGS_OK);
    assert_int_equal(reply.count, 1);
    assert_int_equal(number_of(meter, name), number);
}

static uint32_t audits(const struct meter *meter)
{
    return event_log_newest(&meter->logs, EVENT_LOG_AUDIT);
}

static struct event_log_entry audit(const struct meter *meter, uint32_t id)
{
    struct event_log_entry entry;
    assert_int_equal(event_log_read(&meter->logs, meter->board, EVENT_LOG_AUDIT, id, &entry),
                     EVENT_LOG_OK);
    return entry;
}

/* ---- values ---- */

/* REQ(REG-07): K holds from the commit on, and after a start. */
static void the_peak_that_k_chooses(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    assert_int_equal(meter->demand.accumulates, 0);
    change(meter, "peak-power", 2);
    assert_int_equal(meter->demand.accumulates, 2);
    meter = toy_meter("382M", 0);
    assert_int_equal(meter->demand.accumulates, 2);
}

/* REQ(CFG-02, CFG-03, CFG-04, CFG-05, CFG-06, CFG-10): every field of configurations 1 to 5 of
 * every type reads as its digits; a meter is delivered configured */
static void fields_read_as_their_digits(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0); /* 11000002 42301011 00001000 00000101 0 */
    assert_int_equal(number_of(meter, "decimals"), 1);
    assert_int_equal(number_of(meter, "integration-period"), 2);
    assert_int_equal(number_of(meter, "display-lists"), 423);
    assert_int_equal(number_of(meter, "debiting-day"), 1);
    assert_int_equal(number_of(meter, "debiting-interval"), 1);
    assert_int_equal(number_of(meter, "pulses"), 1);
    assert_int_equal(number_of(meter, "time-zone"), 1);
    assert_int_equal(number_of(meter, "summer-time"), 1);
    assert_int_equal(number_of(meter, "protocol"), 1);
    assert_int_equal(number_of(meter, "radio-profile"), 0);
    assert_int_equal(number_of(meter, "power-threshold"), 99000);
    assert_int_equal(number_of(meter, "serial-number"), METER_SERIAL_DEFAULT);
    assert_int_equal(number_of(toy_meter("382Lx5", 0), "radio-profile"), 349);
}

/* REQ(CFG-10): what is changed holds, at once and after the next start */
static void changes_hold(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t number;
    } wanted[] = {
        {"integration-period", 1},
        {"display-lists", 802},
        {"debiting-day", 15},
        {"debiting-interval", 13},
        {"time-zone", 23},
        {"summer-time", 0},
        {"module", 8},
        {"meter-number-1", 42},
        {"meter-number-3", 99999999},
        {"special-data-2", 7},
        {"power-threshold", 1},
        {"debiting-2-interval", 2},
        {"neutral-time", 90},
        {"neutral-displacement", 50},
        {"kmp-address", 17},
        {"alarm-mask-a", 0x44},
        {"pulses", 3},
    };
    const size_t n = sizeof wanted / sizeof wanted[0];
    struct meter *meter = toy_meter("382M", 0);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(stage(meter, wanted[i].name, wanted[i].number), KMP_SETTINGS_OK);
    }
    const struct kmp_settings_reply reply = commit(meter, (uint8_t)n);
    assert_int_equal(reply.reason, KMP_SETTINGS_OK);
    assert_int_equal(reply.count, n);
    for (unsigned again = 0; again < 2; again++) {
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(number_of(meter, wanted[i].name), wanted[i].number);
        }
        assert_int_equal(meter->variant.integration_min, 5);
        assert_int_equal(meter->demand.integration_min, 5);
        assert_int_equal(meter->load_profile.interval_min, 5);
        assert_int_equal(meter->clock.time_zone_h, -1);
        assert_false(meter->clock.summer_time_eu);
        assert_int_equal(meter->billing.target_day_gg, 15);
        assert_int_equal(meter->billing.second_interval, BILLING2_MONTHLY);
        assert_int_equal(meter->neutral.config.time_s, 90);
        assert_int_equal(meter->neutral.config.displaced_mv, 50000);
        assert_int_equal(meter->optical[5].kmp.address, 17);
        assert_string_equal(meter->meter_number[0], "00000042");
        assert_int_equal(audits(meter), n);
        meter = toy_meter("382M", 0);
    }
    /* REQ(LCO-07): the length of pulses is the legal part's at its start */
    assert_int_equal(puppet.setup.pulse_ms, 80);
}

/* REQ(SEC-08): each change is noted with channel, old value and new one, in the order of the table
 */
static void changes_are_noted(void **state)
{
    (void)state;
    static const uint8_t zone[] = {CHANNEL_BOARD, 1, 0, 0, 0, 0, 4, 1, 0, 0, 0, 4, 2, 0, 0, 0};
    struct meter *meter = toy_meter("382M", 0);
    assert_int_equal(stage(meter, "special-data-1", 300), KMP_SETTINGS_OK);
    assert_int_equal(stage(meter, "time-zone", 2), KMP_SETTINGS_OK);
    assert_int_equal(stage(meter, "meter-number-2", 0), KMP_SETTINGS_OK); /* is what it was */
    const struct kmp_settings_reply reply = commit(meter, 3);
    assert_int_equal(reply.reason, KMP_SETTINGS_OK);
    assert_int_equal(reply.count, 2);
    assert_int_equal(reply.commit, 1);
    assert_int_equal(audits(meter), 2);
    const struct event_log_entry first = audit(meter, 1), second = audit(meter, 2);
    assert_int_equal(first.code, SETTING_AUDIT_CODE + 12);
    assert_int_equal(first.n_payload, sizeof zone);
    assert_memory_equal(first.payload, zone, sizeof zone);
    assert_int_equal(first.utc_s, toy.rtc_utc_s);
    assert_true(first.clock_valid);
    assert_int_equal(second.code, SETTING_AUDIT_CODE + 34);
    assert_int_equal(second.payload[5], 1);
    assert_int_equal(second.payload[12] + 256 * second.payload[13], 300);
}

/* REQ(LPR-08): another integration period deletes the load profile and begins the period anew */
static void integration_period_erases_the_profile(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    for (int64_t t = 0; t < 4 * 3600; t += 60) {
        (void)meter_step(meter, t * SECOND);
    }
    assert_int_equal(puppet_profile.n_records, 15);
    assert_true((setting_by_name("integration-period")->effect & EFFECT_ERASES_PROFILE) != 0);
    change(meter, "integration-period", 4);
    assert_int_equal(puppet_profile.n_deleted, 15);
    assert_int_equal(puppet_profile.layout.interval_min, 60);
    assert_int_equal(event_log_newest(&meter->logs, EVENT_LOG_LOAD_PROFILE), 1);
    for (int64_t t = 4 * 3600; t < 8 * 3600; t += 60) {
        (void)meter_step(meter, t * SECOND);
    }
    assert_int_equal(puppet_profile.n_records - puppet_profile.n_deleted, 4);
    change(meter, "meter-number-2", 1); /* nothing else erases anything */
    assert_int_equal(puppet_profile.n_deleted, 15);
}

/* Meter number 1 follows the serial number only while it is the factory's. */
static void numbers_stay(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 1001);
    change(meter, "special-data-1", 5);
    meter = toy_meter("382M", 1002);
    assert_int_equal(number_of(meter, "meter-number-1"), 1002);
    change(meter, "meter-number-1", 77);
    meter = toy_meter("382M", 1003);
    assert_int_equal(number_of(meter, "meter-number-1"), 77);
    assert_int_equal(number_of(meter, "serial-number"), 1003);
}

/* ---- refused ---- */

/* REQ(CFG-07, CFG-09, CFG-11, SEC-02, SEC-04, OPT-06): each with its reason, and nothing changes */
static void refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *variant, *name;
        uint32_t number;
        uint8_t staged, committed; /* reasons */
    } cases[] = {
        {"382M", "decimals", 2, KMP_SETTINGS_LOCKED, 0},
        {"382C", "led", 2, KMP_SETTINGS_LOCKED, 0},
        {"382M", "serial-number", 1, KMP_SETTINGS_LOCKED, 0},
        {"382M", "integration-period", 5, KMP_SETTINGS_RANGE, 0},
        {"382M", "debiting-day", 29, KMP_SETTINGS_RANGE, 0},
        {"382M", "time-zone", 24, KMP_SETTINGS_RANGE, 0},
        {"382M", "neutral-time", 0, KMP_SETTINGS_RANGE, 0},
        {"162M", "neutral-time", 60, KMP_SETTINGS_VARIANT, 0},
        {"382M-aron", "neutral-high", 250, KMP_SETTINGS_VARIANT, 0},
        {"382C", "debiting-2-interval", 1, KMP_SETTINGS_VARIANT, 0},
        {"382Lx2", "alarm-mask-b-rise", 1, KMP_SETTINGS_VARIANT, 0},
        {"382B", "alarm-mask-a", 1, KMP_SETTINGS_VARIANT, 0},
        {"382M", "radio-profile", 349, KMP_SETTINGS_OK, KMP_SETTINGS_CONTRADICTION},
        {"382M", "display-lists", 7, KMP_SETTINGS_OK, KMP_SETTINGS_CONTRADICTION},
        {"382M", "disconnect", 1, KMP_SETTINGS_OK, KMP_SETTINGS_CONTRADICTION},
        {"382Lx1", "summer-time", 1, KMP_SETTINGS_OK, KMP_SETTINGS_CONTRADICTION},
        {"382C", "debiting-interval", 9, KMP_SETTINGS_OK, KMP_SETTINGS_CONTRADICTION},
        {"382C", "pulses", 2, KMP_SETTINGS_OK, KMP_SETTINGS_CONTRADICTION},
        {"382Lx5", "radio-profile", 340, KMP_SETTINGS_OK, KMP_SETTINGS_CONTRADICTION},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        toys_reset();
        toy.type = NULL;
        struct meter *meter = toy_meter(cases[i].variant, 0);
        const struct variant before = meter->variant;
        assert_int_equal(stage(meter, cases[i].name, cases[i].number), cases[i].staged);
        if (cases[i].committed != 0) {
            const struct kmp_settings_reply reply = commit(meter, 1);
            assert_int_equal(reply.reason, cases[i].committed);
            assert_int_equal(reply.id, setting_by_name(cases[i].name)->id);
        }
        assert_memory_equal(&meter->variant, &before, sizeof before);
        assert_int_equal(audits(meter), 0);
    }
}

/* A whole configuration may be sent back: locked fields that are what they are do not matter. */
static void same_values_are_no_change(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    assert_int_equal(stage(meter, "decimals", 1), KMP_SETTINGS_OK);
    assert_int_equal(stage(meter, "time-zone", 1), KMP_SETTINGS_OK);
    const struct kmp_settings_reply reply = commit(meter, 2);
    assert_int_equal(reply.reason, KMP_SETTINGS_OK);
    assert_int_equal(reply.count, 0);
    assert_int_equal(reply.commit, 0);
    assert_int_equal(audits(meter), 0);
    assert_int_equal(meter->settings.state, SETTINGS_CLOSED);
}

/* A client that counts otherwise, or whose values another client has pushed out, changes nothing.
 */
static void commits_only_what_was_staged(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    assert_int_equal(commit(meter, 0).reason, KMP_SETTINGS_COUNT);
    assert_int_equal(stage(meter, "time-zone", 2), KMP_SETTINGS_OK);
    assert_int_equal(commit(meter, 2).reason, KMP_SETTINGS_COUNT);
    meter->rights.speaker = 3;
    assert_int_equal(commit(meter, 1).reason, KMP_SETTINGS_COUNT);
    assert_int_equal(stage(meter, "summer-time", 0), KMP_SETTINGS_OK);
    assert_int_equal(settings_staged(&meter->settings), 1);
    meter->rights.speaker = 0;
    assert_int_equal(commit(meter, 1).reason, KMP_SETTINGS_COUNT);
    assert_int_equal(number_of(meter, "time-zone"), 1);
    assert_int_equal(meter_settings_abandon(meter), KMP_SETTINGS_OK);
    assert_int_equal(settings_staged(&meter->settings), 0);
    assert_int_equal(meter->settings.state, SETTINGS_CLOSED);
}

/* ---- memory ---- */

static const char *const cut_names[] = {"integration-period", "time-zone",    "meter-number-1",
                                        "power-threshold",    "neutral-high", "alarm-mask-a"};
static const uint32_t cut_values[] = {1, 5, 4711, 1234, 260, 8};
#define CUT_CHANGES (sizeof cut_names / sizeof cut_names[0])

/* @return the meter said that it is done */
static bool change_all(struct meter *meter)
{
    for (size_t i = 0; i < CUT_CHANGES; i++) {
        if (stage(meter, cut_names[i], cut_values[i]) != KMP_SETTINGS_OK) {
            return false;
        }
    }
    return commit(meter, CUT_CHANGES).reason == KMP_SETTINGS_OK;
}

/* How many of the new values hold. */
static unsigned changed(const struct meter *meter)
{
    unsigned n = 0;
    for (size_t i = 0; i < CUT_CHANGES; i++) {
        n += number_of(meter, cut_names[i]) == cut_values[i] ? 1u : 0u;
    }
    return n;
}

/* Cut before write `after`, then start twice: the second start must find nothing to do. */
static bool cut_and_start(unsigned after, int kind)
{
    toys_reset();
    toy.type = NULL;
    struct meter *meter = toy_meter("382M", 0);
    toy.writes = 0;
    toy.cut_after = after;
    toy.cut_kind = kind;
    const bool done = change_all(meter);
    const bool all_written = !toy.dead;
    toy.dead = false;
    toy.cut_after = UINT32_MAX;

    meter = toy_meter("382M", 0);
    const unsigned n = changed(meter);
    assert_true(n == 0 || n == CUT_CHANGES);
    assert_true(!done || n == CUT_CHANGES);
    assert_int_equal(meter->settings.state, SETTINGS_CLOSED);
    const uint8_t outcome = meter->settings.outcome;
    if (n == 0) {
        assert_true(outcome == KMP_SETTINGS_UNDONE || outcome == KMP_SETTINGS_NOTHING);
        assert_int_equal(audits(meter), outcome == KMP_SETTINGS_UNDONE ? 1 : 0);
    } else {
        assert_int_equal(outcome == KMP_SETTINGS_NOTHING, all_written);
        assert_int_equal(audits(meter), CUT_CHANGES);
        for (uint32_t id = 1; id <= CUT_CHANGES; id++) {
            assert_int_equal(audit(meter, id).payload[5], id - 1);
        }
    }
    const uint32_t noted = audits(meter);
    meter = toy_meter("382M", 0);
    assert_int_equal(changed(meter), n);
    assert_int_equal(audits(meter), noted);
    assert_int_equal(meter->settings.outcome, KMP_SETTINGS_NOTHING);
    return all_written;
}

/* REQ(CFG-10, SEC-08): a cut at any write, whatever it leaves of that page: all or nothing, each
 * change noted once, and the next start says how it ended */
static void cut_at_every_write(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        unsigned n = 0;
        while (!cut_and_start(n, kind)) {
            n++;
        }
        assert_in_range(n, 10, 40);
    }
}

/* The start that completes a commit is cut too, at any of its writes. */
static void cut_while_completing(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 20; first++) {
        for (unsigned second = 0; second < 14; second++) {
            toys_reset();
            toy.type = NULL;
            struct meter *meter = toy_meter("382M", 0);
            toy.writes = 0;
            toy.cut_after = first;
            (void)change_all(meter);
            toy.dead = false;
            toy.writes = 0;
            toy.cut_after = second;
            toy.cut_kind = (int)(second % 3u);
            (void)toy_meter("382M", 0);
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            meter = toy_meter("382M", 0);
            const unsigned n = changed(meter);
            assert_true(n == 0 || n == CUT_CHANGES);
            assert_int_equal(meter->settings.state, SETTINGS_CLOSED);
            if (n != 0) {
                assert_int_equal(audits(meter), CUT_CHANGES);
            }
        }
    }
}

/* A memory that takes nothing: refused, and all is as it was; when it answers again it works. */
static void memory_that_fails(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    toy.fail_write = true;
    assert_int_equal(stage(meter, "time-zone", 2), KMP_SETTINGS_STORAGE);
    toy.fail_write = false;
    assert_int_equal(stage(meter, "time-zone", 2), KMP_SETTINGS_OK);
    assert_int_equal(stage(meter, "neutral-high", 300), KMP_SETTINGS_OK);
    toy.fail_write = true;
    assert_int_equal(commit(meter, 2).reason, KMP_SETTINGS_STORAGE);
    assert_int_equal(number_of(meter, "time-zone"), 1);
    assert_int_equal(number_of(meter, "neutral-high"), 253);
    assert_int_equal(meter_status(meter) & STATUS_EEPROM, STATUS_EEPROM);
    toy.fail_write = false;
    assert_int_equal(commit(meter, 2).reason, KMP_SETTINGS_OK);
    assert_int_equal(number_of(meter, "neutral-high"), 300);
    meter = toy_meter("382M", 0);
    assert_int_equal(number_of(meter, "time-zone"), 2);
}

/* A memory that can't be read at the start is not written over. */
static void unreadable_memory_is_left_alone(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    change(meter, "neutral-high", 300);
    static struct meter blind;
    toy.fail_read = true;
    assert_int_equal(meter_start(&blind, &toy_board, &meter->variant, 0, 0), METER_ERR_STORAGE);
    toy.fail_read = false;
    assert_int_equal(stage(&blind, "time-zone", 2), KMP_SETTINGS_STORAGE);
    meter = toy_meter("382M", 0);
    assert_int_equal(number_of(meter, "neutral-high"), 300);
}

static uint8_t *newest_slot(const struct meter *meter)
{
    return toy.memory +
           (SETTINGS_FIRST_PAGE + meter->settings.sequence % 2u * SETTINGS_SLOT_PAGES) *
               EVENT_LOG_PAGE_BYTES;
}

/* However many rows there are: a change of each of them to its longest value is one record. */
static void a_change_of_everything_fits(void **state)
{
    (void)state;
    static struct settings s, back;
    toys_reset();
    assert_int_equal(settings_load(&s, &toy_board), SETTINGS_OK);
    for (unsigned row = 0; row < setting_table_length; row++) {
        const struct setting_def *def = &setting_table[row];
        struct setting_value most = {def->max, ""};
        for (unsigned i = 0; def->choices != NULL && def->choices[i].word != NULL; i++) {
            most.number =
                i == 0 || def->choices[i].code > most.number ? def->choices[i].code : most.number;
        }
        if (def->type == SETTING_TEXT) {
            most.number = 0;
            memcpy(most.text, "WWWWWWWWWWWW", SETTING_TEXT_MAX);
        }
        assert_true(setting_value_good(def, &most));
        s.before[row] = most;
        s.own[row] = most;
        settings_stage(&s, row, &most);
    }
    s.state = SETTINGS_PENDING;
    assert_int_equal(settings_save(&s, &toy_board), SETTINGS_OK);
    assert_int_equal(settings_load(&back, &toy_board), SETTINGS_OK);
    assert_int_equal(settings_staged(&back), setting_table_length);
    for (unsigned row = 0; row < setting_table_length; row++) {
        assert_true(setting_value_equal(&back.next[row], &s.next[row]));
    }
}

/* A record of a newer format: nothing starts, nothing is written. */
static void newer_format_is_refused(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    change(meter, "neutral-high", 300);
    uint8_t *slot = newest_slot(meter);
    const unsigned n = 12u + slot[6] + 256u * slot[7];
    slot[4] = SETTINGS_FORMAT + 1u;
    toy_check(slot, n);
    const struct variant variant = meter->variant;
    toy.writes = 0;
    assert_int_equal(meter_start(meter, &toy_board, &variant, 0, 0), METER_ERR_FORMAT);
    assert_int_equal(toy.writes, 0);
}

/* A damaged record: the one before it counts, and a blank memory is as delivered. */
static void damaged_record(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    change(meter, "neutral-high", 300);
    change(meter, "neutral-high", 310);
    newest_slot(meter)[40] ^= 1u;
    meter = toy_meter("382M", 0);
    assert_int_equal(number_of(meter, "neutral-high"), 310); /* of the pending record, completed */
    for (unsigned page = 0; page < 2u * SETTINGS_SLOT_PAGES; page++) {
        toy.memory[(SETTINGS_FIRST_PAGE + page) * EVENT_LOG_PAGE_BYTES + 20u] ^= 1u;
    }
    meter = toy_meter("382M", 0);
    assert_int_equal(number_of(meter, "neutral-high"), 253);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(fields_read_as_their_digits, setup),
        cmocka_unit_test_setup(the_peak_that_k_chooses, setup),
        cmocka_unit_test_setup(changes_hold, setup),
        cmocka_unit_test_setup(changes_are_noted, setup),
        cmocka_unit_test_setup(integration_period_erases_the_profile, setup),
        cmocka_unit_test_setup(numbers_stay, setup),
        cmocka_unit_test_setup(refused_with_a_reason, setup),
        cmocka_unit_test_setup(same_values_are_no_change, setup),
        cmocka_unit_test_setup(commits_only_what_was_staged, setup),
        cmocka_unit_test_setup(cut_at_every_write, setup),
        cmocka_unit_test_setup(cut_while_completing, setup),
        cmocka_unit_test_setup(memory_that_fails, setup),
        cmocka_unit_test_setup(unreadable_memory_is_left_alone, setup),
        cmocka_unit_test_setup(a_change_of_everything_fits, setup),
        cmocka_unit_test_setup(newer_format_is_refused, setup),
        cmocka_unit_test_setup(damaged_record, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
