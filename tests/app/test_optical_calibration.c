/* Calibration over the optical port: what a tool sees and may write, and that the seal decides. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/meter/meter.h"
#include "app/registers/register_read.h"
#include "emu/ram_board.h"
#include "proto/kmp/kmp_calibration.h"

#define SECOND   INT64_C(1000000)
#define UTC      INT64_C(1795000000)
#define PASSWORD 0u

struct bench {
    struct ram_board ram; /* first: the board's context */
    struct board board;
    struct meter meter;
    struct measuring_system system[3];
    int64_t now_us;
    bool seal_open;
};

static bool seal_open(void *context)
{
    return ((const struct bench *)context)->seal_open;
}

static bool rtc_read(void *context, int64_t *utc_s)
{
    *utc_s = UTC + ((const struct bench *)context)->now_us / SECOND;
    return true;
}

static void systems_start(struct bench *bench)
{
    for (uint8_t s = 0; s < 3; s++) {
        struct measuring_setup setup;
        legal_measuring_setup(&bench->meter.legal, (uint8_t)(s + 1u), &setup);
        measuring_system_start(&bench->system[s], &setup,
                               legal_measuring_epoch(&bench->meter.legal));
    }
}

static void start(struct bench *bench, const char *name)
{
    struct variant variant;
    assert_int_equal(variant_by_name(name, &variant), 0);
    assert_int_equal(meter_start(&bench->meter, &bench->board, &variant, 0, bench->now_us),
                     METER_OK);
    systems_start(bench);
}

/* One second at 230 V and so many amperes, cos phi 1, on every phase. */
static void second(struct bench *bench, double u, double i)
{
    const double per_volt = 8388608.0 / 700.0, per_ampere = 8388608.0 / 250.0, peak = sqrt(2.0);
    const struct measuring_window window = {
        .samples = 8000,
        .active_lsb2 = (int64_t)(8000.0 * u * per_volt * i * per_ampere),
        .voltage_lsb2 = (uint64_t)(8000.0 * u * per_volt * u * per_volt),
        .current_lsb2 = (uint64_t)(8000.0 * i * per_ampere * i * per_ampere),
        .v1_re = (int32_t)(u * per_volt * peak * 64.0),
        .i1_re = (int32_t)(i * per_ampere * peak * 64.0),
        .frequency_uhz = u > 0 ? 50000000 : 0,
        .temperature_cc = 2512};
    bench->now_us += SECOND;
    for (unsigned s = 0; s < bench->meter.variant.systems; s++) {
        uint8_t frame[MEASURING_FRAME_BYTES_MAX];
        measuring_system_window(&bench->system[s], &window);
        const size_t n = measuring_system_frame(&bench->system[s], frame);
        meter_bus_receive(&bench->meter, frame, n, bench->now_us);
    }
    (void)meter_step(&bench->meter, bench->now_us);
}

static struct bench *bench_new(const char *name)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->board = ram_board_blank(&bench->ram);
    bench->board.legal.seal_open = seal_open;
    bench->board.rtc_read = rtc_read;
    start(bench, name);
    second(bench, 230.0, 10.0);
    return bench;
}

static void seal(struct bench *bench, bool open)
{
    bench->seal_open = open;
    meter_input(&bench->meter, METER_INPUT_SEAL, open, bench->now_us);
    (void)meter_step(&bench->meter, bench->now_us);
}

/* A request through the port, as the line has it.  @return false: silence. */
static bool exchange(struct bench *bench, uint8_t cid, const struct writer *request,
                     struct reader *data)
{
    static struct kmp_receiver receiver;
    uint8_t body[KMP_BODY_MAX], frame[KMP_FRAME_MAX], answer[OPTICAL_TX_BYTES];
    struct writer w = writer_over(body, sizeof body);
    writer_u8(&w, KMP_ADDRESS_METER);
    writer_u8(&w, cid);
    writer_bytes(&w, request->begin, writer_length(request));
    const int n = kmp_frame_encode(KMP_TO_METER, body, writer_length(&w), frame, sizeof frame);
    assert_true(n > 0);
    optical_receive(&bench->meter.optical[0], &bench->meter, frame, (size_t)n, 0);
    const size_t got = optical_transmit(&bench->meter.optical[0], answer, sizeof answer);
    kmp_receiver_init(&receiver, KMP_FROM_METER);
    for (size_t k = 0; k < got; k++) {
        if (kmp_receiver_byte(&receiver, answer[k]) == 1) {
            assert_int_equal(kmp_calibration_answer(receiver.body, receiver.length, cid, data),
                             KMP_OK);
            return true;
        }
    }
    return false;
}

static struct kmp_calibration_snapshot snapshot(struct bench *bench)
{
    uint8_t bytes[8];
    struct kmp_calibration_snapshot out;
    struct reader data;
    struct writer w = writer_over(bytes, sizeof bytes);
    kmp_calibration_ask_write(&w, &(struct kmp_calibration_ask){KMP_CALIBRATION_SNAPSHOT, 0});
    assert_true(exchange(bench, KMP_CALIBRATION_LOOK, &w, &data));
    assert_int_equal(kmp_calibration_snapshot_read(&data, &out), KMP_OK);
    return out;
}

static int64_t register_number(const struct bench *bench, uint16_t kmp_id)
{
    struct register_value value;
    assert_true(register_read(&bench->meter, register_by_kmp_id(kmp_id), &value));
    return value.number;
}

static struct kmp_calibration_entry entry(struct bench *bench, uint32_t number)
{
    uint8_t bytes[8];
    struct kmp_calibration_entry out;
    struct reader data;
    struct writer w = writer_over(bytes, sizeof bytes);
    kmp_calibration_ask_write(&w, &(struct kmp_calibration_ask){KMP_CALIBRATION_ENTRY, number});
    assert_true(exchange(bench, KMP_CALIBRATION_LOOK, &w, &data));
    assert_int_equal(kmp_calibration_entry_read(&data, &out), KMP_OK);
    return out;
}

static struct kmp_calibration_constants constants(struct bench *bench, uint8_t system)
{
    uint8_t byte[1];
    struct kmp_calibration_constants out;
    struct reader data;
    struct writer w = writer_over(byte, sizeof byte);
    writer_u8(&w, system);
    assert_true(exchange(bench, KMP_CALIBRATION_READ, &w, &data));
    assert_int_equal(kmp_calibration_constants_read(&data, &out), KMP_OK);
    return out;
}

static struct kmp_calibration_result stage(struct bench *bench, uint16_t password,
                                           const struct kmp_calibration_constants *constants)
{
    uint8_t bytes[KMP_BODY_MAX];
    struct kmp_calibration_result out;
    struct reader data;
    struct writer w = writer_over(bytes, sizeof bytes);
    const struct kmp_calibration_stage request = {password, *constants};
    kmp_calibration_stage_write(&w, &request);
    assert_true(exchange(bench, KMP_CALIBRATION_STAGE, &w, &data));
    assert_int_equal(kmp_calibration_result_read(&data, &out), KMP_OK);
    return out;
}

static struct kmp_calibration_result order(struct bench *bench, uint16_t password, uint8_t action,
                                           uint32_t writes)
{
    uint8_t bytes[8];
    struct kmp_calibration_result out;
    struct reader data;
    struct writer w = writer_over(bytes, sizeof bytes);
    const struct kmp_calibration_order request = {password, action, writes};
    kmp_calibration_order_write(&w, &request);
    assert_true(exchange(bench, KMP_CALIBRATION_ORDER, &w, &data));
    assert_int_equal(kmp_calibration_result_read(&data, &out), KMP_OK);
    return out;
}

static void stage_all(struct bench *bench, uint32_t gain)
{
    for (uint8_t s = 1; s <= bench->meter.variant.systems; s++) {
        struct kmp_calibration_constants c = constants(bench, s);
        c.power_gain = gain + s;
        c.current_delay_samples = 4;
        c.neighbour_im_q40[1] = -77;
        c.reference_cc = -5;
        assert_int_equal(stage(bench, PASSWORD, &c).code, KMP_CALIBRATION_DONE);
    }
}

/* Two snapshots are exact means: 100 s at 230 V and 10 A. */
static void snapshots(void **state)
{
    (void)state;
    struct bench *bench = bench_new("382M");
    const struct kmp_calibration_snapshot from = snapshot(bench);
    for (unsigned s = 0; s < 100; s++) {
        second(bench, 230.0, 10.0);
    }
    const struct kmp_calibration_snapshot to = snapshot(bench);
    assert_int_equal(to.systems, 3);
    assert_false(to.seal_open);
    assert_int_equal(to.starts, 1);
    assert_int_equal(to.writes, 0);
    assert_int_equal(to.n_entries, 0);
    assert_true(to.n_changes_left > 15);
    assert_int_equal(to.now_us - from.now_us, 100 * SECOND);
    for (unsigned s = 0; s < 3; s++) {
        const struct kmp_calibration_system *a = &from.system[s], *b = &to.system[s];
        const uint64_t samples = b->samples - a->samples;
        assert_int_equal(samples, 800000);
        const double watts = (double)(b->active_nwh - a->active_nwh) * 3.6e-6 / 100.0;
        assert_true(fabs(watts - 2300.0) < 2300e-8);
        const double squares = (double)(b->voltage_squares - a->voltage_squares) * 65536.0;
        const double volts = sqrt(squares / (double)samples) * 700.0 / 8388608.0 *
                             (double)b->voltage_gain / 1073741824.0;
        assert_true(fabs(volts - 230.0) < 230e-6);
        assert_int_equal(b->active_mw, 2300000);
        assert_in_range(b->voltage_mv, 229999, 230001);
        assert_in_range(b->current_ua, 9999990, 10000010);
        assert_int_equal(b->temperature_cc, 2512);
        assert_int_equal(b->frequency_uhz, 50000000);
        assert_true((b->flags & KMP_CALIBRATION_VOLTAGE) != 0);
        assert_true((b->flags & (KMP_CALIBRATION_CALIBRATED | KMP_CALIBRATION_STAGED |
                                 KMP_CALIBRATION_SILENT | KMP_CALIBRATION_NEUTRAL)) == 0);
    }
    free(bench);
}

/* REQ(OPT-06, SEC-02, SEC-03, TOO-11): behind the seal everything is answered and nothing written;
 * the attempt and the openings are in the trail, with the meter's clock. */
static void the_seal_decides(void **state)
{
    (void)state;
    struct bench *bench = bench_new("382M");
    const struct kmp_calibration_constants before = constants(bench, 2);
    struct kmp_calibration_constants wanted = before;
    wanted.power_gain++;
    assert_false(before.calibrated);
    assert_int_equal(stage(bench, PASSWORD, &wanted).code, KMP_CALIBRATION_SEALED);
    assert_int_equal(order(bench, PASSWORD, KMP_CALIBRATION_COMMIT, 0).code,
                     KMP_CALIBRATION_SEALED);
    assert_int_equal(constants(bench, 2).power_gain, before.power_gain);
    assert_int_equal(entry(bench, 1).what, KMP_CALIBRATION_EVENT_REFUSED);
    seal(bench, true);
    assert_true(snapshot(bench).seal_open);
    stage_all(bench, 1600000000);
    seal(bench, false); /* in time */
    assert_int_equal(order(bench, PASSWORD, KMP_CALIBRATION_COMMIT, 0).code,
                     KMP_CALIBRATION_SEALED);
    assert_int_equal(constants(bench, 2).power_gain, before.power_gain);
    const struct kmp_calibration_entry opened = entry(bench, 2);
    assert_int_equal(opened.what, KMP_CALIBRATION_EVENT_SEAL_OPENED);
    assert_true(opened.time_valid && opened.seal_open);
    assert_int_equal(opened.utc_s, UTC + bench->now_us / SECOND);
    assert_int_equal(entry(bench, 3).what, KMP_CALIBRATION_EVENT_SEAL_CLOSED);
    assert_int_equal(entry(bench, 4).what, KMP_CALIBRATION_EVENT_REFUSED);
    assert_int_equal(entry(bench, 4).refused, 2);
    assert_int_equal(entry(bench, 5).number, 0);
    assert_int_equal(snapshot(bench).n_entries, 4);
    assert_int_equal(register_number(bench, 0xF101), 0);
    free(bench);
}

/* REQ(MET-06): all systems or none; used at once, kept over a restart, told by trail and epoch. */
static void a_commit(const char *name)
{
    struct bench *bench = bench_new(name);
    const uint8_t systems = bench->meter.variant.systems;
    seal(bench, true);
    const struct kmp_calibration_snapshot before = snapshot(bench);
    stage_all(bench, 1600000000);
    assert_true((snapshot(bench).system[0].flags & KMP_CALIBRATION_STAGED) != 0);
    struct kmp_calibration_result result =
        order(bench, PASSWORD, KMP_CALIBRATION_COMMIT, before.writes);
    assert_int_equal(result.code, KMP_CALIBRATION_DONE);
    assert_int_equal(result.writes, 1);
    result = order(bench, PASSWORD, KMP_CALIBRATION_COMMIT, 1); /* nothing is staged any more */
    assert_int_equal(result.code, KMP_CALIBRATION_NOT_STAGED);
    assert_int_equal(result.system, 1);
    systems_start(bench); /* as the board does */
    second(bench, 230.0, 10.0);
    assert_int_equal(register_number(bench, 0xF100), 1);
    assert_int_equal(register_number(bench, 0xF101), 1);
    assert_int_equal(register_number(bench, 0xF102), 2);
    for (unsigned restart = 0; restart < 2; restart++) {
        for (uint8_t s = 1; s <= systems; s++) {
            const struct kmp_calibration_constants c = constants(bench, s);
            assert_true(c.calibrated);
            assert_int_equal(c.system, s);
            assert_int_equal(c.power_gain, 1600000000u + s);
            assert_int_equal(c.current_delay_samples, 4);
            assert_int_equal(c.neighbour_im_q40[1], -77);
            assert_int_equal(c.reference_cc, -5);
        }
        const struct kmp_calibration_entry change = entry(bench, 2);
        assert_int_equal(change.what, KMP_CALIBRATION_EVENT_REPLACED);
        assert_int_equal(change.systems, (1u << systems) - 1u);
        assert_true(change.applied && change.time_valid);
        assert_int_equal(change.utc_s, UTC + 1);
        assert_int_equal(change.writes, 1);
        const struct kmp_calibration_snapshot after = snapshot(bench);
        assert_true((after.system[0].flags & KMP_CALIBRATION_CALIBRATED) != 0);
        assert_int_not_equal(after.system[0].epoch, before.system[0].epoch);
        start(bench, name);
        second(bench, 230.0, 10.0);
    }
    free(bench);
}

static void commits(void **state)
{
    (void)state;
    a_commit("382M");
    a_commit("162M");
}

/* Each reason to refuse, and nothing changes. */
static void refusals(void **state)
{
    (void)state;
    struct bench *bench = bench_new("162M"); /* one system */
    seal(bench, true);
    struct kmp_calibration_constants wanted = constants(bench, 1);
    assert_int_equal(stage(bench, PASSWORD + 1u, &wanted).code, KMP_CALIBRATION_PASSWORD);
    wanted.system = 2;
    struct kmp_calibration_result result = stage(bench, PASSWORD, &wanted);
    assert_int_equal(result.code, KMP_CALIBRATION_RANGE);
    assert_int_equal(result.field, KMP_CALIBRATION_FIELD_SYSTEM);
    wanted.system = 1;
    wanted.reference_cc = 10001;
    result = stage(bench, PASSWORD, &wanted);
    assert_int_equal(result.code, KMP_CALIBRATION_RANGE);
    assert_int_equal(result.system, 1);
    assert_int_equal(result.field, KMP_CALIBRATION_FIELD_REFERENCE);
    wanted.reference_cc = 2300;
    wanted.power_gain = 0;
    assert_int_equal(stage(bench, PASSWORD, &wanted).field, KMP_CALIBRATION_FIELD_POWER_GAIN);
    wanted.power_gain = 1600000000;
    assert_int_equal(order(bench, PASSWORD, KMP_CALIBRATION_COMMIT, 0).code,
                     KMP_CALIBRATION_NOT_STAGED);
    assert_int_equal(stage(bench, PASSWORD, &wanted).code, KMP_CALIBRATION_DONE);
    assert_int_equal(order(bench, PASSWORD + 1u, KMP_CALIBRATION_COMMIT, 0).code,
                     KMP_CALIBRATION_PASSWORD);
    assert_int_equal(order(bench, PASSWORD, KMP_CALIBRATION_COMMIT, 7).code, KMP_CALIBRATION_STALE);
    assert_int_equal(order(bench, PASSWORD, KMP_CALIBRATION_FORGET, 7).code, KMP_CALIBRATION_DONE);
    assert_int_equal(order(bench, PASSWORD, KMP_CALIBRATION_COMMIT, 0).code,
                     KMP_CALIBRATION_NOT_STAGED);
    assert_int_equal(stage(bench, PASSWORD, &wanted).code, KMP_CALIBRATION_DONE);
    for (unsigned s = 0; s < 4; s++) {
        second(bench, 0.0, 0.0);
    }
    assert_false(bench->meter.supply_on);
    second(bench, 230.0, 1.0);
    assert_int_equal(order(bench, PASSWORD, KMP_CALIBRATION_COMMIT, 0).code,
                     KMP_CALIBRATION_NOT_STAGED); /* forgotten with the supply */
    assert_int_equal(legal_calibration_count(&bench->meter.legal), 0);
    assert_int_equal(snapshot(bench).n_entries, 1); /* the seal */
    free(bench);
}

/* Requests that are no requests: silence. */
static void silence(void **state)
{
    (void)state;
    struct bench *bench = bench_new("382M");
    struct reader data;
    uint8_t bytes[KMP_BODY_MAX] = {0};
    for (unsigned cid = KMP_CALIBRATION_LOOK; cid <= KMP_CALIBRATION_ORDER; cid++) {
        for (size_t n = 0; n < 150; n++) {
            struct writer w = writer_over(bytes, sizeof bytes);
            w.at += n;
            const bool formed =
                (cid == KMP_CALIBRATION_LOOK && n == 5) || (cid == KMP_CALIBRATION_ORDER && n == 7);
            assert_int_equal(exchange(bench, (uint8_t)cid, &w, &data), formed);
        }
    }
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snapshots), cmocka_unit_test(the_seal_decides), cmocka_unit_test(commits),
        cmocka_unit_test(refusals),  cmocka_unit_test(silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
