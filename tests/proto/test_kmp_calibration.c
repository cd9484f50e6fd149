/* Calibration over KMP: the bytes of each form, both ways, cut at every byte, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/kmp/kmp_calibration.h"

/* Bytes from digits, with blanks where people want them. */
static size_t hex(const char *text, uint8_t *out)
{
    size_t n_digits = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ') {
            continue;
        }
        const unsigned digit = (unsigned)(*text <= '9' ? *text - '0' : *text - 'A' + 10);
        uint8_t *byte = &out[n_digits / 2u];
        *byte = (uint8_t)(n_digits % 2u == 0 ? digit << 4 : *byte | digit);
        n_digits++;
    }
    return n_digits / 2u;
}

static const struct kmp_calibration_snapshot snapshot = {
    .systems = 1,
    .seal_open = true,
    .starts = 3,
    .writes = 0x01020304,
    .n_entries = 7,
    .n_changes_left = 57,
    .now_us = -2,
    .system = {{.epoch = 0x1003,
                .flags = KMP_CALIBRATION_VOLTAGE | KMP_CALIBRATION_LOCKED,
                .temperature_cc = -150,
                .n_unlocked = 5,
                .n_clipped = 6,
                .samples = UINT64_C(0x8000000000000001),
                .active_nwh = -1,
                .reactive_nvarh = INT64_MIN,
                .voltage_squares = UINT64_MAX,
                .current_squares = 9,
                .active_mw = -4600,
                .reactive_mvar = INT32_MIN,
                .voltage_mv = 230000,
                .current_ua = 20000,
                .voltage_mdeg = -120000,
                .frequency_uhz = 50000000,
                .voltage_gain = 0x40000000,
                .current_gain = 0x3FFFFFFF}}};

static const char snapshot_bytes[] =
    "01 01 01 00000003 01020304 00000007 00000039 FFFFFFFFFFFFFFFE "
    "1003 03 FF6A 0005 0006 8000000000000001 FFFFFFFFFFFFFFFF 8000000000000000 "
    "FFFFFFFFFFFFFFFF 0000000000000009 FFFFEE08 80000000 00038270 00004E20 FFFE2B40 02FAF080 "
    "40000000 3FFFFFFF";

static const struct kmp_calibration_entry entry = {.number = 2,
                                                   .what = KMP_CALIBRATION_EVENT_REPLACED,
                                                   .systems = 7,
                                                   .applied = true,
                                                   .time_valid = true,
                                                   .utc_s = 1795000000,
                                                   .old_crc = 0xCBF43926,
                                                   .new_crc = 0x12345678,
                                                   .writes = 1,
                                                   .refused = 3,
                                                   .software = 38200101,
                                                   .program_crc = 0xFEDCBA98,
                                                   .starts = 5,
                                                   .operating_s = 6,
                                                   .lost = true,
                                                   .seal_open = true};

static const char entry_bytes[] = "00000002 01 07 0F 000000006AFD86C0 CBF43926 12345678 00000001 "
                                  "00000003 0246E325 FEDCBA98 00000005 00000006";

static const struct kmp_calibration_stage stage = {
    .password = 0x1234,
    .constants = {.system = 3,
                  .calibrated = true,
                  .power_gain = 1592888889,
                  .voltage_gain = 1,
                  .current_gain = 2,
                  .crosstalk_g_q40 = -3,
                  .crosstalk_b_q40 = 4,
                  .current_noise_lsb2 = 5,
                  .voltage_fir_q28 = {-6, 7, 8, 1 << 28, 10, 11, 12, INT32_MIN},
                  .current_delay_samples = 3,
                  .power_drift = {-14, 15, 16},
                  .voltage_drift = {17, -18, 19},
                  .heating_q64 = -20,
                  .clock_ppb = -21,
                  .neighbour_re_q40 = {22, 23},
                  .neighbour_im_q40 = {-24, 25},
                  .reference_cc = -26,
                  .heating_s = 200}};

static const char stage_bytes[] =
    "1234 03 01 5EF18E39 00000001 00000002 FFFFFFFD 00000004 00000005 "
    "FFFFFFFA 00000007 00000008 10000000 0000000A 0000000B 0000000C 80000000 03 "
    "FFFFFFF2 0000000F 00000010 00000011 FFFFFFEE 00000013 FFFFFFEC FFFFFFEB "
    "00000016 FFFFFFE8 00000017 00000019 FFE6 00C8";

static const struct kmp_calibration_ask ask = {.what = KMP_CALIBRATION_ENTRY, .number = 258};
static const struct kmp_calibration_order order = {
    .password = 2, .action = KMP_CALIBRATION_FORGET, .writes = 0x01020304};
static const struct kmp_calibration_result result = {
    .code = KMP_CALIBRATION_RANGE, .system = 2, .field = KMP_CALIBRATION_FIELD_FILTER, .writes = 9};

union form {
    struct kmp_calibration_ask ask;
    struct kmp_calibration_snapshot snapshot;
    struct kmp_calibration_entry entry;
    struct kmp_calibration_stage stage;
    struct kmp_calibration_order order;
    struct kmp_calibration_result result;
};

#define FORM(name)                                                                                 \
    static void name##_out(struct writer *out, const void *value)                                  \
    {                                                                                              \
        kmp_calibration_##name##_write(out, value);                                                \
    }                                                                                              \
    static int name##_in(struct reader *in, union form *value)                                     \
    {                                                                                              \
        return kmp_calibration_##name##_read(in, &value->name);                                    \
    }
FORM(ask)
FORM(snapshot)
FORM(entry)
FORM(stage)
FORM(order)
FORM(result)

static const struct {
    const char *bytes;
    const void *value;
    void (*out)(struct writer *out, const void *value);
    int (*in)(struct reader *in, union form *value);
} forms[] = {
    {"01 00000102", &ask, ask_out, ask_in},
    {snapshot_bytes, &snapshot, snapshot_out, snapshot_in},
    {entry_bytes, &entry, entry_out, entry_in},
    {stage_bytes, &stage, stage_out, stage_in},
    {"0002 01 01020304", &order, order_out, order_in},
    {"02 02 08 00000009", &result, result_out, result_in},
};
#define N_FORMS (sizeof forms / sizeof forms[0])

/* Each form has these bytes; read back and written again they are the same. */
static void both_ways(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_FORMS; k++) {
        uint8_t expected[KMP_BODY_MAX], bytes[KMP_BODY_MAX];
        const size_t n = hex(forms[k].bytes, expected);
        struct writer w = writer_over(bytes, sizeof bytes);
        forms[k].out(&w, forms[k].value);
        assert_false(w.failed);
        assert_int_equal(writer_length(&w), n);
        assert_memory_equal(bytes, expected, n);

        union form got;
        struct reader r = reader_over(expected, n);
        assert_int_equal(forms[k].in(&r, &got), KMP_OK);
        uint8_t again[KMP_BODY_MAX];
        w = writer_over(again, sizeof again);
        forms[k].out(&w, &got);
        assert_int_equal(writer_length(&w), n);
        assert_memory_equal(again, expected, n);
    }
}

/* Cut at every byte, or one byte too long: refused, and nothing is given out. */
static void cut_or_too_long(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_FORMS; k++) {
        uint8_t bytes[KMP_BODY_MAX + 1u] = {0};
        const size_t n = hex(forms[k].bytes, bytes);
        union form got, untouched;
        for (size_t length = 0; length <= n + 1u; length++) {
            struct reader r = reader_over(bytes, length);
            memset(&got, 0x5A, sizeof got);
            untouched = got;
            assert_int_equal(forms[k].in(&r, &got), length == n ? KMP_OK : KMP_ERR_FORMAT);
            if (length != n) {
                assert_memory_equal(&got, &untouched, sizeof got);
            }
        }
        struct writer small = writer_over(bytes, n - 1u);
        forms[k].out(&small, forms[k].value);
        assert_true(small.failed);
    }
}

static void refused(const char *text, int (*in)(struct reader *in, union form *value))
{
    uint8_t bytes[KMP_BODY_MAX];
    union form got;
    struct reader r = reader_over(bytes, hex(text, bytes));
    assert_int_equal(in(&r, &got), KMP_ERR_FORMAT);
}

static void out_of_form(void **state)
{
    (void)state;
    refused("02 00000000", ask_in);        /* nothing to look at */
    refused("0000 02 00000000", order_in); /* no such action */
    uint8_t bytes[KMP_BODY_MAX];
    union form got;
    static const struct {
        const char *form;
        size_t at;
        uint8_t value;
        int (*in)(struct reader *in, union form *value);
    } wrong[] = {{snapshot_bytes, 0, 2, snapshot_in}, {snapshot_bytes, 1, 0, snapshot_in},
                 {snapshot_bytes, 1, 2, snapshot_in}, {snapshot_bytes, 1, 4, snapshot_in},
                 {stage_bytes, 2, 0, stage_in},       {stage_bytes, 2, 4, stage_in},
                 {stage_bytes, 3, 2, stage_in}};
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
        const size_t n = hex(wrong[k].form, bytes);
        bytes[wrong[k].at] = wrong[k].value;
        struct reader r = reader_over(bytes, n);
        assert_int_equal(wrong[k].in(&r, &got), KMP_ERR_FORMAT);
    }
}

/* The longest answer and the longest request fit a frame. */
static void fits_a_frame(void **state)
{
    (void)state;
    uint8_t bytes[KMP_BODY_MAX - 2u];
    struct kmp_calibration_snapshot full = snapshot;
    full.systems = KMP_CALIBRATION_SYSTEMS;
    struct writer w = writer_over(bytes, sizeof bytes);
    kmp_calibration_snapshot_write(&w, &full);
    assert_false(w.failed);
    assert_int_equal(writer_length(&w), 27u + 3u * 81u);
    w = writer_over(bytes, sizeof bytes);
    kmp_calibration_constants_write(&w, &stage.constants);
    assert_int_equal(writer_length(&w), 111u);
}

static void answers(void **state)
{
    (void)state;
    static const uint8_t body[] = {0x3F, 0xE8, 0x01};
    struct reader data;
    assert_int_equal(kmp_calibration_answer(body, 3, KMP_CALIBRATION_LOOK, &data), KMP_OK);
    assert_int_equal(reader_left(&data), 1);
    assert_int_equal(kmp_calibration_answer(body, 3, KMP_CALIBRATION_READ, &data), KMP_ERR_FORMAT);
    assert_int_equal(kmp_calibration_answer(body, 1, KMP_CALIBRATION_LOOK, &data), KMP_ERR_FORMAT);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(kmp_calibration_code_text(KMP_CALIBRATION_DONE), "");
    assert_string_equal(kmp_calibration_field_text(KMP_CALIBRATION_FIELD_NONE), "");
    for (uint8_t code = 1; code < KMP_CALIBRATION_CODES; code++) {
        assert_true(strlen(kmp_calibration_code_text(code)) > 0);
    }
    for (uint8_t field = 1; field < KMP_CALIBRATION_FIELDS; field++) {
        assert_true(strlen(kmp_calibration_field_text(field)) > 0);
    }
    assert_string_equal(kmp_calibration_code_text(255), "unknown reason");
    assert_string_equal(kmp_calibration_field_text(255), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),   cmocka_unit_test(cut_or_too_long),
        cmocka_unit_test(out_of_form), cmocka_unit_test(fits_a_frame),
        cmocka_unit_test(answers),     cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
