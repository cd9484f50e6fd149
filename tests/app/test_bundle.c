/* Bundles: changes of different parts of the meter, all of them or none, whatever is cut. */
#include "legal_puppet.h"

#include "app/meter/meter_audit.h"
#include "app/meter/meter_display.h"
#include "app/meter/meter_settings.h"
#include "app/optical/optical_bundle.h"
#include "proto/kmp/kmp_bundle.h"

#define NEW_PERIOD   3u      /* 30 min */
#define NEW_HIGH_MV  260000u /* limit of overvoltage */
#define NEW_LOW_MV   200000u
#define CID_REGISTER 0x11u

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

static struct kmp_bundle_reply send(struct meter *meter, uint8_t cid, struct writer *request)
{
    uint8_t answer[64];
    struct kmp_bundle_reply reply;
    struct reader data = reader_over(request->begin, writer_length(request));
    struct writer out = writer_over(answer, sizeof answer);
    assert_int_equal(optical_bundle(meter, cid, &data, &out), 1);
    struct reader r = reader_over(answer, writer_length(&out));
    assert_int_equal(kmp_bundle_reply_read(&r, &reply), KMP_OK);
    return reply;
}

static struct kmp_bundle_reply stage(struct meter *meter, bool undo, uint8_t index, uint8_t cid,
                                     const struct writer *data)
{
    uint8_t request[256];
    struct writer w = writer_over(request, sizeof request);
    struct kmp_bundle_entry entry = {
        .index = index, .undo = undo, .any_order = cid == CID_REGISTER, .cid = cid};
    entry.n_data = (uint8_t)writer_length(data);
    memcpy(entry.data, data->begin, entry.n_data);
    writer_uint_be(&w, 0, 2);
    kmp_bundle_entry_write(&w, &entry);
    return send(meter, KMP_BUNDLE_STAGE, &w);
}

static struct kmp_bundle_reply order(struct meter *meter, enum kmp_bundle_what what, uint8_t n_do,
                                     uint8_t n_undo)
{
    uint8_t request[8];
    struct writer w = writer_over(request, sizeof request);
    const struct kmp_bundle_order o = {(uint8_t)what, 0, n_do, n_undo};
    kmp_bundle_order_write(&w, &o);
    return send(meter, KMP_BUNDLE_ORDER, &w);
}

/* ---- what stands in the bundle of these tests ---- */

static void stage_register(struct meter *meter, bool undo, uint8_t index, uint16_t id, int64_t mv)
{
    uint8_t bytes[32];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct kmp_value value;
    assert_int_equal(kmp_value_set(&value, id, 33, 4, mv, -3), KMP_OK);
    kmp_value_write(&w, &value);
    (void)stage(meter, undo, index, CID_REGISTER, &w);
}

static void stage_period(struct meter *meter, uint8_t index, uint32_t code)
{
    uint8_t bytes[32];
    struct writer w = writer_over(bytes, sizeof bytes);
    const struct kmp_setting setting =
        kmp_setting_of_number(setting_by_name("integration-period")->id, code);
    kmp_setting_write(&w, &setting);
    (void)stage(meter, false, index, KMP_SETTINGS_STAGE, &w);
    w = writer_over(bytes, sizeof bytes);
    writer_u8(&w, 1);
    (void)stage(meter, false, (uint8_t)(index + 1u), KMP_SETTINGS_COMMIT, &w);
}

static void stage_list(struct meter *meter, bool undo, uint8_t index, uint8_t n)
{
    uint8_t bytes[128];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct kmp_display_list list;
    meter_display_list(meter, KMP_DISPLAY_AUTOMATIC, &list);
    list.delivered = n == 0;
    list.n = n;
    kmp_display_list_write(&w, &list);
    (void)stage(meter, undo, index, KMP_DISPLAY_WRITE, &w);
}

/* The new lower limit lies above the old upper one's hysteresis only after the upper one has moved:
 * the order here is the wrong one on purpose. */
static void stage_all(struct meter *meter)
{
    stage_register(meter, false, 0, 0xF020, NEW_LOW_MV);
    stage_register(meter, false, 1, 0xF021, NEW_HIGH_MV);
    stage_list(meter, false, 2, 2);
    stage_period(meter, 3, NEW_PERIOD);
    stage_register(meter, true, 0, 0xF020, 207000);
    stage_register(meter, true, 1, 0xF021, 253000);
    stage_list(meter, true, 2, 0);
}
#define N_DO   5
#define N_UNDO 3

/* @return how many of the bundle's changes hold: 0 or all four is right */
static unsigned holding(const struct meter *meter)
{
    struct kmp_display_list list;
    meter_display_list(meter, KMP_DISPLAY_AUTOMATIC, &list);
    return (meter->quality.config.low_mv == NEW_LOW_MV ? 1u : 0u) +
           (meter->quality.config.high_mv == NEW_HIGH_MV ? 1u : 0u) + (list.n == 2 ? 1u : 0u) +
           (meter->variant.integration_min == 30 ? 1u : 0u);
}

static uint8_t outcome(struct meter *meter)
{
    return order(meter, KMP_BUNDLE_STATUS, 0, 0).outcome;
}

/* ---- tests ---- */

static void all_of_it(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    stage_all(meter);
    assert_int_equal(holding(meter), 0);
    const struct kmp_bundle_reply reply = order(meter, KMP_BUNDLE_COMMIT, N_DO, N_UNDO);
    assert_int_equal(reply.reason, KMP_BUNDLE_OK);
    assert_int_equal(reply.number, 1);
    assert_int_equal(holding(meter), 4);
    meter = toy_meter("382M", 0);
    assert_int_equal(holding(meter), 4);
    assert_int_equal(outcome(meter), KMP_BUNDLE_NOTHING);
}

/* What is refused last takes back what was done before it. */
static void none_of_it(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    stage_all(meter);
    stage_period(meter, 3, 9); /* no such code */
    const struct kmp_bundle_reply reply = order(meter, KMP_BUNDLE_COMMIT, N_DO, N_UNDO);
    assert_int_equal(reply.reason, KMP_BUNDLE_REFUSED);
    assert_int_equal(reply.index, 3);
    assert_int_equal(reply.detail[0], KMP_SETTINGS_RANGE);
    assert_int_equal(holding(meter), 0);
    assert_int_equal(holding(toy_meter("382M", 0)), 0);
}

static void registers_in_any_order(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    /* 270 to 300 V: the lower limit is above the old upper one, and must wait for the new one */
    stage_register(meter, false, 0, 0xF020, 270000);
    stage_register(meter, false, 1, 0xF021, 300000);
    stage_register(meter, true, 0, 0xF021, 253000);
    stage_register(meter, true, 1, 0xF020, 207000);
    assert_int_equal(order(meter, KMP_BUNDLE_COMMIT, 2, 2).reason, KMP_BUNDLE_OK);
    assert_int_equal(meter->quality.config.low_mv, 270000);
    assert_int_equal(meter->quality.config.high_mv, 300000);
    stage_register(meter, false, 0, 0xF021, 200000); /* below the lower limit for good */
    stage_register(meter, true, 0, 0xF021, 300000);
    const struct kmp_bundle_reply reply = order(meter, KMP_BUNDLE_COMMIT, 1, 1);
    assert_int_equal(reply.reason, KMP_BUNDLE_REFUSED);
    assert_int_equal(reply.index, 0);
    assert_int_equal(meter->quality.config.high_mv, 300000);
}

/* REQ(SEC-06): a bundle is no way around passwords, channels, or what may be written at all */
static void no_way_around(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    uint8_t bytes[16] = {0};
    struct writer data = writer_over(bytes, sizeof bytes);
    static const uint8_t barred[] = {0x09, 0x10, 0x88, 0x9C, 0xE3, 0xE6, 0xE7, 0xEA, 0xEB};
    writer_u8(&data, 0);
    for (size_t i = 0; i < sizeof barred; i++) {
        assert_int_equal(stage(meter, false, 0, barred[i], &data).reason, KMP_BUNDLE_FORM);
    }
    meter->rights.speaker = 1;
    meter->rights.line[0].channel = CHANNEL_CONSUMER;
    assert_int_equal(stage(meter, false, 0, CID_REGISTER, &data).reason, KMP_BUNDLE_CHANNEL);
    meter->rights.line[0].channel = CHANNEL_OPTICAL;
    assert_int_equal(stage(meter, false, 0, CID_REGISTER, &data).reason, KMP_BUNDLE_OK);
    meter->rights.speaker = 2; /* another client may not commit what the first has staged */
    assert_int_equal(order(meter, KMP_BUNDLE_COMMIT, 1, 0).reason, KMP_BUNDLE_INCOMPLETE);
    meter->rights.speaker = 0;
}

static void incomplete(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    assert_int_equal(order(meter, KMP_BUNDLE_COMMIT, 0, 0).reason, KMP_BUNDLE_INCOMPLETE);
    stage_all(meter);
    assert_int_equal(order(meter, KMP_BUNDLE_COMMIT, N_DO + 1, N_UNDO).reason,
                     KMP_BUNDLE_INCOMPLETE);
    assert_int_equal(holding(meter), 0);
    assert_int_equal(order(meter, KMP_BUNDLE_DISCARD, 0, 0).reason, KMP_BUNDLE_OK);
    assert_int_equal(order(meter, KMP_BUNDLE_COMMIT, N_DO, N_UNDO).reason, KMP_BUNDLE_INCOMPLETE);
}

/* Supply lost between staging and commit: thrown away, and the meter says so. */
static void lost_before_the_commit(void **state)
{
    (void)state;
    stage_all(toy_meter("382M", 0));
    struct meter *meter = toy_meter("382M", 0);
    assert_int_equal(outcome(meter), KMP_BUNDLE_UNDONE);
    assert_int_equal(holding(meter), 0);
    struct event_log_entry entry; /* REQ(SEC-08): and it is noted */
    assert_int_equal(event_log_read(&meter->logs, meter->board, EVENT_LOG_AUDIT,
                                    event_log_newest(&meter->logs, EVENT_LOG_AUDIT), &entry),
                     EVENT_LOG_OK);
    assert_int_equal(entry.code, METER_AUDIT_UNDONE);
    assert_int_equal(outcome(toy_meter("382M", 0)), KMP_BUNDLE_NOTHING);
}

/* @return false: the bundle was through before that write */
static bool cut_and_start(unsigned after, int kind, bool spoilt)
{
    toys_reset();
    struct meter *meter = toy_meter("382M", 0);
    stage_all(meter);
    if (spoilt) {
        stage_period(meter, 3, 9);
    }
    toy.cut_kind = kind;
    toy.cut_after = toy.writes + after;
    (void)order(meter, KMP_BUNDLE_COMMIT, N_DO, N_UNDO);
    const bool cut = toy.dead;
    toy.dead = false;
    toy.cut_after = UINT32_MAX;
    meter = toy_meter("382M", 0);
    const unsigned n = holding(meter);
    const uint8_t how = outcome(meter);
    assert_true(n == 0 || (n == 4 && !spoilt));
    if (cut) { /* the head's last write may have been lost: then all of it was done again */
        assert_int_equal(how, n == 0 ? KMP_BUNDLE_UNDONE : KMP_BUNDLE_FINISHED);
    }
    assert_int_equal(outcome(toy_meter("382M", 0)), KMP_BUNDLE_NOTHING);
    assert_int_equal(holding(toy_meter("382M", 0)), n);
    return cut;
}

/* A cut at any write, whatever it leaves of that page: all or nothing, and the meter says which. */
static void cut_at_every_write(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        unsigned after = 0;
        while (cut_and_start(after, kind, false)) {
            after++;
        }
        assert_true(after > 8);
    }
}

/* The same while a refused bundle is taken back. */
static void cut_while_undoing(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        unsigned after = 0;
        while (cut_and_start(after, kind, true)) {
            after++;
        }
        assert_true(after > 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_of_it, setup),
        cmocka_unit_test_setup(none_of_it, setup),
        cmocka_unit_test_setup(registers_in_any_order, setup),
        cmocka_unit_test_setup(no_way_around, setup),
        cmocka_unit_test_setup(incomplete, setup),
        cmocka_unit_test_setup(lost_before_the_commit, setup),
        cmocka_unit_test_setup(cut_at_every_write, setup),
        cmocka_unit_test_setup(cut_while_undoing, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
