/* Bundles and display lists on the wire: there and back, cut anywhere, out of bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/kmp/kmp_bundle.h"
#include "proto/kmp/kmp_display.h"

static void entries(void **state)
{
    (void)state;
    const struct kmp_bundle_entry entry = {3, true, true, 0xED, 4, {1, 2, 3, 4}};
    static const uint8_t expected[] = {3, 3, 0xED, 1, 2, 3, 4};
    uint8_t bytes[256];
    struct kmp_bundle_entry found;
    struct writer w = writer_over(bytes, sizeof bytes);
    kmp_bundle_entry_write(&w, &entry);
    assert_int_equal(writer_length(&w), sizeof expected);
    assert_memory_equal(bytes, expected, sizeof expected);
    struct reader r = reader_over(bytes, sizeof expected);
    assert_int_equal(kmp_bundle_entry_read(&r, &found), KMP_OK);
    assert_memory_equal(&found, &entry, sizeof entry);
    for (size_t n = 0; n < 3; n++) {
        r = reader_over(bytes, n);
        assert_int_equal(kmp_bundle_entry_read(&r, &found), KMP_ERR_FORMAT);
    }
    r = reader_over(bytes, 3 + KMP_BUNDLE_DATA_MAX + 1);
    assert_int_equal(kmp_bundle_entry_read(&r, &found), KMP_ERR_FORMAT);
    bytes[0] = KMP_BUNDLE_ENTRIES_MAX;
    r = reader_over(bytes, sizeof expected);
    assert_int_equal(kmp_bundle_entry_read(&r, &found), KMP_ERR_FORMAT);
}

static void orders_and_replies(void **state)
{
    (void)state;
    static const uint8_t order_bytes[] = {1, 0x12, 0x34, 5, 3};
    static const uint8_t reply_bytes[] = {7, 2, 1, 0, 0, 0, 9, 2, 3, 4};
    const struct kmp_bundle_order order = {KMP_BUNDLE_COMMIT, 0x1234, 5, 3};
    struct kmp_bundle_order order_found;
    struct kmp_bundle_reply reply;
    uint8_t bytes[32];
    struct writer w = writer_over(bytes, sizeof bytes);
    kmp_bundle_order_write(&w, &order);
    assert_memory_equal(bytes, order_bytes, sizeof order_bytes);
    struct reader r = reader_over(order_bytes, sizeof order_bytes);
    assert_int_equal(kmp_bundle_order_read(&r, &order_found), KMP_OK);
    assert_int_equal(order_found.password, 0x1234);
    r = reader_over(reply_bytes, sizeof reply_bytes);
    assert_int_equal(kmp_bundle_reply_read(&r, &reply), KMP_OK);
    assert_int_equal(reply.reason, KMP_BUNDLE_REFUSED);
    assert_int_equal(reply.number, 9);
    assert_int_equal(reply.detail[1], 4);
    for (size_t n = 0; n < sizeof reply_bytes; n++) {
        r = reader_over(reply_bytes, n);
        assert_int_equal(kmp_bundle_reply_read(&r, &reply), KMP_ERR_FORMAT);
        r = reader_over(order_bytes, n < sizeof order_bytes ? n : 0);
        assert_int_equal(kmp_bundle_order_read(&r, &order_found), KMP_ERR_FORMAT);
    }
    w = writer_over(bytes, sizeof bytes);
    kmp_bundle_reply_write(&w, &reply);
    assert_memory_equal(bytes, reply_bytes, sizeof reply_bytes);
}

static void display_lists(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0x01, 0xA7, 1, 0, 2, 0x04, 0x1E, 0xFF, 0xFE};
    struct kmp_display_list list = {423, KMP_DISPLAY_MANUAL, false, 2, {0x041E, KMP_DISPLAY_TEST}};
    struct kmp_display_list found;
    uint8_t bytes[128];
    struct writer w = writer_over(bytes, sizeof bytes);
    kmp_display_list_write(&w, &list);
    assert_int_equal(writer_length(&w), sizeof expected);
    assert_memory_equal(bytes, expected, sizeof expected);
    for (size_t n = 0; n < sizeof expected; n++) {
        struct reader r = reader_over(expected, n);
        assert_int_equal(kmp_display_list_read(&r, &found), KMP_ERR_FORMAT);
    }
    struct reader r = reader_over(expected, sizeof expected);
    assert_int_equal(kmp_display_list_read(&r, &found), KMP_OK);
    assert_memory_equal(found.reading, list.reading, sizeof list.reading);
    bytes[2] = KMP_DISPLAY_LISTS;
    r = reader_over(bytes, sizeof expected);
    assert_int_equal(kmp_display_list_read(&r, &found), KMP_ERR_FORMAT);
}

static void words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < KMP_BUNDLE_REASONS; i++) {
        assert_non_null(kmp_bundle_reason_text(i));
    }
    for (unsigned i = 0; i < KMP_DISPLAY_REASONS; i++) {
        assert_non_null(kmp_display_reason_text(i));
    }
    assert_null(kmp_bundle_reason_text(KMP_BUNDLE_REASONS));
    assert_null(kmp_display_reason_text(KMP_DISPLAY_REASONS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries),
        cmocka_unit_test(orders_and_replies),
        cmocka_unit_test(display_lists),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
