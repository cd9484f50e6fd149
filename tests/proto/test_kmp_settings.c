/* Settings over KMP: the bytes that stand in docs/protocols.md, there and back, and cut anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/kmp/kmp_settings.h"

static void a_number_has_four_bytes(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x05, 4, 0x00, 0x00, 0x00, 0x03};
    uint8_t out[32];
    uint32_t number = 0;
    struct kmp_setting setting = kmp_setting_of_number(5, 3), back;
    struct writer w = writer_over(out, sizeof out);
    kmp_setting_write(&w, &setting);
    assert_int_equal(writer_length(&w), sizeof bytes);
    assert_memory_equal(out, bytes, sizeof bytes);
    struct reader r = reader_over(out, writer_length(&w));
    assert_int_equal(kmp_setting_read(&r, &back), KMP_OK);
    assert_true(reader_complete(&r));
    assert_int_equal(kmp_setting_number(&back, &number), KMP_OK);
    assert_int_equal(number, 3);
    back.n_bytes = 3;
    assert_int_equal(kmp_setting_number(&back, &number), KMP_ERR_FORMAT);
    back.n_bytes = 5;
    assert_int_equal(kmp_setting_number(&back, &number), KMP_ERR_FORMAT);
}

static void a_setting_cut_anywhere_is_none(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x24, 5, 'O', 'W', 'N', 'E', 'R'};
    static const uint8_t too_long[] = {
        0x00, 0x24, KMP_SETTING_BYTES_MAX + 1u, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        16,   17};
    struct kmp_setting setting = {7, 1, {9}};
    for (size_t n = 0; n < sizeof bytes; n++) {
        struct reader r = reader_over(bytes, n);
        assert_int_equal(kmp_setting_read(&r, &setting), KMP_ERR_FORMAT);
        assert_int_equal(setting.id, 7);
    }
    struct reader r = reader_over(too_long, sizeof too_long);
    assert_int_equal(kmp_setting_read(&r, &setting), KMP_ERR_FORMAT);
    r = reader_over(bytes, sizeof bytes);
    assert_int_equal(kmp_setting_read(&r, &setting), KMP_OK);
    assert_int_equal(setting.id, 36);
    assert_memory_equal(setting.bytes, "OWNER", 5);
}

static void answers_go_there_and_back(void **state)
{
    (void)state;
    static const uint8_t info_bytes[] = {1, 0xAB, 0xCD, 32};
    static const uint8_t reply_bytes[] = {6, 0x00, 0x10, 2, 0x00, 0x00, 0x01, 0x07};
    static const uint8_t status_bytes[] = {3, 2, 0x00, 0x00, 0x00, 0x09, 0x00, 0x04};
    const struct kmp_settings_info info = {1, 0xABCD, 32};
    const struct kmp_settings_reply reply = {KMP_SETTINGS_CONTRADICTION, 16, 2, 263};
    const struct kmp_settings_status status = {3, KMP_SETTINGS_UNDONE, 9, 4};
    uint8_t out[64];
    struct writer w = writer_over(out, sizeof out);
    kmp_settings_info_write(&w, &info);
    kmp_settings_reply_write(&w, &reply);
    kmp_settings_status_write(&w, &status);
    assert_memory_equal(out, info_bytes, 4);
    assert_memory_equal(out + 4, reply_bytes, 8);
    assert_memory_equal(out + 12, status_bytes, 8);

    struct kmp_settings_info info_back;
    struct kmp_settings_reply reply_back;
    struct kmp_settings_status status_back;
    for (size_t n = 0; n <= 9; n++) { /* one more byte is wrong too */
        struct reader in = reader_over(out, n), re = in, st = in;
        assert_int_equal(kmp_settings_info_read(&in, &info_back), n == 4 ? KMP_OK : KMP_ERR_FORMAT);
        re = reader_over(out + 4, n);
        assert_int_equal(kmp_settings_reply_read(&re, &reply_back),
                         n == 8 ? KMP_OK : KMP_ERR_FORMAT);
        st = reader_over(out + 12, n);
        assert_int_equal(kmp_settings_status_read(&st, &status_back),
                         n == 8 ? KMP_OK : KMP_ERR_FORMAT);
    }
    assert_int_equal(info_back.hash, 0xABCD);
    assert_int_equal(info_back.rows, 32);
    assert_int_equal(reply_back.reason, KMP_SETTINGS_CONTRADICTION);
    assert_int_equal(reply_back.id, 16);
    assert_int_equal(reply_back.commit, 263);
    assert_int_equal(status_back.outcome, KMP_SETTINGS_UNDONE);
    assert_int_equal(status_back.wrong, 4);
}

static void every_reason_has_words(void **state)
{
    (void)state;
    for (unsigned reason = 0; reason < KMP_SETTINGS_REASONS; reason++) {
        assert_non_null(kmp_settings_reason_text(reason));
    }
    assert_null(kmp_settings_reason_text(KMP_SETTINGS_REASONS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_has_four_bytes),
        cmocka_unit_test(a_setting_cut_anywhere_is_none),
        cmocka_unit_test(answers_go_there_and_back),
        cmocka_unit_test(every_reason_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
