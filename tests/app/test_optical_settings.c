/* Settings over KMP, byte by byte, and PutRegister of what is a setting. */
#include "legal_puppet.h"

#include "app/meter/meter_settings.h"
#include "app/optical/optical_settings.h"
#include "app/optical/optical_write.h"

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

/* @return length of the answer; -1: silence */
static int ask(struct meter *meter, uint8_t cid, const uint8_t *data, size_t n, uint8_t *out)
{
    struct reader r = reader_over(data, n);
    struct writer w = writer_over(out, KMP_BODY_MAX);
    return optical_settings(meter, cid, &r, &w) == 1 ? (int)writer_length(&w) : -1;
}

static void expect(struct meter *meter, uint8_t cid, const uint8_t *data, size_t n_data,
                   const uint8_t *answer, size_t n_answer)
{
    uint8_t out[KMP_BODY_MAX];
    assert_int_equal(ask(meter, cid, data, n_data, out), n_answer);
    assert_memory_equal(out, answer, n_answer);
}
#define EXPECT(meter, cid, data, answer)                                                           \
    expect(meter, cid, data, sizeof(data), answer, sizeof(answer))

static uint32_t number_of(const struct meter *meter, const char *name)
{
    struct setting_value value = {0, ""};
    assert_true(meter_setting_read(meter, setting_by_name(name), &value));
    return value.number;
}

/* The example of docs/protocols.md. */
static void documented_bytes(void **state)
{
    (void)state;
    static const uint8_t staged[] = {0, 0, 0, 12, 4, 0, 0, 0, 2};
    static const uint8_t staged_answer[] = {0, 0, 0, 1, 0, 0, 0, 0};
    static const uint8_t committed[] = {0, 0, 1};
    static const uint8_t committed_answer[] = {0, 0, 0, 1, 0, 0, 0, 1};
    static const uint8_t look[] = {0, 12, 0, 61, 0, 36, 0, 99, 0, 5};
    static const uint8_t values[] = {0, 12, 4, 0, 0, 0, 2, 0, 36, 0, 0, 5, 4, 0, 0, 0, 2};
    static const uint8_t status[] = {0};
    static const uint8_t status_answer[] = {0, 0, 0, 0, 0, 1, 0, 0};
    struct meter *meter = toy_meter("382M", 0);
    EXPECT(meter, KMP_SETTINGS_STAGE, staged, staged_answer);
    EXPECT(meter, KMP_SETTINGS_COMMIT, committed, committed_answer);
    EXPECT(meter, KMP_SETTINGS_READ, look, values); /* no secret, nothing unknown */
    EXPECT(meter, KMP_SETTINGS_STATUS, status, status_answer);

    uint8_t out[KMP_BODY_MAX];
    struct kmp_settings_info info;
    const int n = ask(meter, KMP_SETTINGS_READ, status, 0, out);
    struct reader r = reader_over(out, (size_t)n);
    assert_int_equal(kmp_settings_info_read(&r, &info), KMP_OK);
    assert_int_equal(info.version, SETTING_TABLE_VERSION);
    assert_int_equal(info.hash, setting_table_hash());
    assert_int_equal(info.rows, setting_table_length);
}

/* Telegrams cut anywhere, with a byte too many, or of nonsense: silence, and nothing is staged. */
static void malformed_is_silence(void **state)
{
    (void)state;
    static const uint8_t text[] = {0, 0, 0, 36, 5, 'O', 'W', 'N', 'E', 'R', 0, 12, 4, 0, 0, 0, 2};
    uint8_t out[KMP_BODY_MAX];
    struct meter *meter = toy_meter("382M", 0);
    for (size_t n = 0; n < sizeof text; n++) {
        const bool whole = n == 10; /* the first value alone */
        assert_int_equal(ask(meter, KMP_SETTINGS_STAGE, text, n, out), whole ? 8 : -1);
        assert_int_equal(settings_staged(&meter->settings), whole || n > 10 ? 1 : 0);
    }
    assert_int_equal(meter_settings_abandon(meter), KMP_SETTINGS_OK);
    for (size_t n = 0; n < 6; n++) {
        assert_int_equal(ask(meter, KMP_SETTINGS_COMMIT, text, n, out), n == 3 ? 8 : -1);
        assert_int_equal(ask(meter, KMP_SETTINGS_STATUS, text, n, out), n == 1 ? 8 : -1);
        assert_int_equal(ask(meter, KMP_SETTINGS_READ, text + 2, n, out) >= 0, n % 2 == 0);
    }
    assert_int_equal(ask(meter, KMP_SETTINGS_STATUS, (const uint8_t[]){2}, 1, out), -1);
    assert_int_equal(ask(meter, 0xED + 3, text, sizeof text, out), -1);
}

/* Each refusal says why and which; what came before it in the telegram stays staged. */
static void refused_values(void **state)
{
    (void)state;
    static const struct {
        uint8_t n;
        uint8_t data[16];
        uint8_t answer[4];
    } cases[] = {
        {9, {0, 0, 0, 99, 4, 0, 0, 0, 1}, {KMP_SETTINGS_UNKNOWN, 0, 99, 0}},
        {8, {0, 0, 0, 12, 3, 0, 0, 1}, {KMP_SETTINGS_FORM, 0, 12, 0}},
        {9, {0, 0, 0, 12, 4, 0, 0, 0, 24}, {KMP_SETTINGS_RANGE, 0, 12, 0}},
        {9, {0, 0, 0, 1, 4, 0, 0, 0, 2}, {KMP_SETTINGS_LOCKED, 0, 1, 0}},
        {7, {0, 0, 0, 36, 2, 'A', 0}, {KMP_SETTINGS_FORM, 0, 36, 0}},
        {7, {0, 0, 0, 36, 2, 'A', 7}, {KMP_SETTINGS_RANGE, 0, 36, 0}},
        {9, {0, 9, 0, 12, 4, 0, 0, 0, 2}, {KMP_SETTINGS_PASSWORD, 0, 0, 0}},
        {16, {0, 0, 0, 12, 4, 0, 0, 0, 2, 0, 5, 4, 0, 0, 0, 9}, {KMP_SETTINGS_RANGE, 0, 5, 1}},
    };
    struct meter *meter = toy_meter("382M", 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t out[KMP_BODY_MAX];
        assert_int_equal(ask(meter, KMP_SETTINGS_STAGE, cases[i].data, cases[i].n, out), 8);
        assert_memory_equal(out, cases[i].answer, sizeof cases[i].answer);
    }
    assert_int_equal(number_of(meter, "time-zone"), 1);
}

static bool put(struct meter *meter, uint16_t id, int64_t number, int exponent)
{
    struct kmp_value value;
    assert_int_equal(kmp_value_set(&value, id, 51, 4, number, exponent), KMP_OK);
    return optical_write(meter, 0, &value);
}

/* REQ(CFG-07, OPT-01): registers that are settings, in the form in which they are read */
static void registers_are_written(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    assert_true(put(meter, 51, 4711, 0));
    assert_int_equal(number_of(meter, "meter-number-1"), 4711);
    assert_true(put(meter, 1039, 12500, -3)); /* kW with three decimals */
    assert_int_equal(number_of(meter, "power-threshold"), 12500);
    assert_false(put(meter, 1039, 12, 0));
    assert_true(put(meter, 1246, 35, 0));
    assert_int_equal(meter->neutral.config.displaced_mv, 35000);
    assert_true(put(meter, 0xF201, 0x55, 0));
    assert_int_equal(number_of(meter, "alarm-mask-a"), 0x55);
    assert_false(put(meter, 1001, 1, 0));   /* locked */
    assert_false(put(meter, 0xF200, 1, 0)); /* a text is no number */
    assert_false(put(meter, 51, -1, 0));
    assert_false(put(meter, 51, 4711, 1));
    assert_false(put(meter, 1, 0, 0)); /* no register of energy can be written */

    /* whole configurations: locked fields must be what they are */
    assert_true(put(meter, 54, 11000001, 0));
    assert_int_equal(meter->variant.integration_min, 5);
    assert_false(put(meter, 54, 21000001, 0));
    assert_false(put(meter, 54, 12000001, 0));
    assert_true(put(meter, 56, 2000, 0));
    assert_int_equal(meter->variant.configuration[2], 2000);
    assert_false(put(meter, 55, 80215251, 0)); /* HH 25 is not of an M */
    assert_true(put(meter, 55, 80215031, 0));  /* FFF 802, GG 15, HH 03, I 1 */
    assert_int_equal(meter->billing.target_day_gg, 15);
    assert_true(put(meter, 1029, 1, 0)); /* no summer time any more */
    assert_false(meter->clock.summer_time_eu);
    assert_false(put(meter, 1075, 349, 0)); /* no radio fitted */
    assert_false(put(meter, 1075, 100000000, 0));
    assert_int_equal(settings_staged(&meter->settings), 0);
    assert_int_equal(meter->settings.state, SETTINGS_CLOSED);
    const struct variant before = meter->variant;
    meter = toy_meter("382M", 0);
    assert_memory_equal(before.configuration, meter->variant.configuration,
                        sizeof before.configuration);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(documented_bytes, setup),
        cmocka_unit_test_setup(malformed_is_silence, setup),
        cmocka_unit_test_setup(refused_values, setup),
        cmocka_unit_test_setup(registers_are_written, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
