/* The envelope of the module bus: docs/spec/module-bus.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/modulebus/module_frame.h"

/* "B501": without blanks between. */
static size_t hex_of(const char *text, uint8_t *out, size_t capacity)
{
    const size_t n = strlen(text) / 2;
    assert_true(n <= capacity);
    for (size_t i = 0; i < n; i++) {
        const char pair[] = {text[2 * i], text[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return n;
}

/* @return what the last octet brought */
static int feed(struct module_frame_receiver *receiver, const uint8_t *octets, size_t n,
                struct module_frame *frame)
{
    int result = 0;
    for (size_t i = 0; i < n; i++) {
        result = module_frame_octet(receiver, octets[i], frame);
    }
    return result;
}

/* REQ(MOD-02): the octets of the pages' examples */
static void examples(void **state)
{
    (void)state;
    static const struct module_hello hello = {1, 0, 68, 6850068, 4711};
    static const struct module_welcome welcome = {1, MODULE_WELCOME, 1, true, 12345678};
    static const struct module_pins_frame pins = {2, 1500000};
    static const uint8_t on[] = {1}, octets[] = {0x80, 0x3F, 0x01, 0x05, 0x8A, 0x0D};
    uint8_t out[MODULE_FRAME_MAX], expected[64];
    size_t n = hex_of("B501000C010000440068861400001267A8AB", expected, sizeof expected);
    assert_int_equal(module_hello_write(&hello, out, sizeof out), n);
    assert_memory_equal(out, expected, n);
    n = hex_of("B50200080100010100BC614EC611", expected, sizeof expected);
    assert_int_equal(module_welcome_write(&welcome, out, sizeof out), n);
    assert_memory_equal(out, expected, n);
    n = hex_of("B506000902000000000016E360FE61", expected, sizeof expected);
    assert_int_equal(module_pins_write(&pins, out, sizeof out), n);
    assert_memory_equal(out, expected, n);
    n = hex_of("B5070001017F54", expected, sizeof expected);
    assert_int_equal(module_frame_write(MODULE_FRAME_SUPPLY, on, 1, out, sizeof out), n);
    assert_memory_equal(out, expected, n);
    n = hex_of("B504000709803F01058A0DBB8F", expected, sizeof expected);
    assert_int_equal(
        module_frame_write_led(MODULE_FRAME_ASK, 9, octets, sizeof octets, out, sizeof out), n);
    assert_memory_equal(out, expected, n);
}

/* Written, read, and written again; cut anywhere it is no frame yet. */
static void round_trip(void **state)
{
    (void)state;
    struct module_frame_receiver receiver;
    struct module_frame frame;
    uint8_t out[MODULE_FRAME_MAX], body[MODULE_FRAME_BODY_MAX + 1], again[MODULE_FRAME_MAX];
    for (size_t i = 0; i < sizeof body; i++) {
        body[i] = (uint8_t)(i * 7u);
    }
    for (size_t n_body = 0; n_body < sizeof body; n_body += n_body < 20 ? 1 : 379) {
        const size_t n = module_frame_write(MODULE_FRAME_DATA, body, n_body, out, sizeof out);
        assert_int_equal(n, n_body + MODULE_FRAME_OVERHEAD);
        module_frame_receiver_init(&receiver);
        for (size_t i = 0; i + 1 < n; i++) {
            assert_int_equal(module_frame_octet(&receiver, out[i], &frame), 0);
        }
        assert_int_equal(module_frame_octet(&receiver, out[n - 1], &frame), 1);
        assert_int_equal(frame.n_body, n_body);
        assert_int_equal(module_frame_write(frame.kind, frame.body, frame.n_body, again, n), n);
        assert_memory_equal(again, out, n);
        assert_int_equal(module_frame_write(frame.kind, body, n_body, again, n - 1), 0);
    }
    assert_int_equal(module_frame_write(3, body, sizeof body, out, sizeof out), 0);
}

static void bodies(void **state)
{
    (void)state;
    static const struct module_hello hello = {1, 3, 0, 0, 99999999};
    static const struct module_pins_frame pins = {3, INT64_MIN};
    struct module_frame_receiver receiver;
    struct module_frame frame;
    struct module_hello hello_found;
    struct module_welcome welcome_found;
    struct module_pins_frame pins_found;
    uint8_t out[MODULE_FRAME_MAX], first;
    const uint8_t *rest;
    size_t n_rest;
    bool on;
    module_frame_receiver_init(&receiver);
    assert_int_equal(feed(&receiver, out, module_hello_write(&hello, out, sizeof out), &frame), 1);
    assert_int_equal(module_hello_read(&frame, &hello_found), MODULE_FRAME_OK);
    assert_memory_equal(&hello_found, &hello, sizeof hello);
    assert_int_equal(module_welcome_read(&frame, &welcome_found), MODULE_FRAME_ERR);
    assert_int_equal(feed(&receiver, out, module_pins_write(&pins, out, sizeof out), &frame), 1);
    assert_int_equal(module_pins_read(&frame, &pins_found), MODULE_FRAME_OK);
    assert_int_equal(pins_found.at_us, INT64_MIN);
    /* bodies that their kind does not have */
    static const uint8_t odd[] = {4, 0, 0, 0, 0, 0, 0, 0, 0}, two[] = {1, 2};
    frame = (struct module_frame){MODULE_FRAME_PINS, odd, sizeof odd};
    assert_int_equal(module_pins_read(&frame, &pins_found), MODULE_FRAME_ERR);
    frame = (struct module_frame){MODULE_FRAME_SUPPLY, two, 2};
    assert_int_equal(module_supply_read(&frame, &on), MODULE_FRAME_ERR);
    frame.n_body = 0;
    assert_int_equal(module_supply_read(&frame, &on), MODULE_FRAME_ERR);
    assert_int_equal(module_led_read(&frame, &first, &rest, &n_rest), MODULE_FRAME_ERR);
    frame = (struct module_frame){MODULE_FRAME_CHANNEL, two, 2};
    assert_int_equal(module_channel_read(&frame, &first, &on), MODULE_FRAME_ERR);
    /* a later version may say more, this one may not */
    uint8_t more[13] = {2};
    frame = (struct module_frame){MODULE_FRAME_HELLO, more, sizeof more};
    assert_int_equal(module_hello_read(&frame, &hello_found), MODULE_FRAME_OK);
    more[0] = 1;
    assert_int_equal(module_hello_read(&frame, &hello_found), MODULE_FRAME_ERR);
    for (uint8_t result = 0; result < 7; result++) {
        assert_true((module_welcome_text(result)[0] == '\0') == (result == MODULE_WELCOME));
    }
}

/* Whatever is wrong in a frame, the receiver stays dead from then on. */
static void faults(void **state)
{
    (void)state;
    static const struct module_hello hello = {1, 0, 5, 6850005, 0};
    uint8_t out[MODULE_FRAME_MAX], good[MODULE_FRAME_MAX];
    const size_t n = module_hello_write(&hello, good, sizeof good);
    for (size_t i = 0; i < n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct module_frame_receiver receiver;
            struct module_frame frame;
            memcpy(out, good, n);
            out[i] ^= (uint8_t)(1u << bit);
            module_frame_receiver_init(&receiver);
            const int result = feed(&receiver, out, n, &frame);
            assert_int_not_equal(result, 1); /* a longer length waits for more */
            if (result < 0) {
                assert_int_equal(feed(&receiver, good, n, &frame), MODULE_FRAME_ERR);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(bodies),
        cmocka_unit_test(faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
