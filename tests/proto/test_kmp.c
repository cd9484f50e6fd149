/* KMP frames: the published and captured examples, damage of every kind, random bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "proto/hex.h"
#include "proto/kmp/kmp.h"
#include "proto/kmp_vectors.h"

/** Feed bytes; the result of the last one that said something. */
static int feed(struct kmp_receiver *receiver, const uint8_t *bytes, size_t n_bytes)
{
    int result = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        int now = kmp_receiver_byte(receiver, bytes[i]);
        result = now != 0 ? now : result;
    }
    return result;
}

/** Decode a frame, encode its body: the same bytes must come out. */
static void check_frame(const char *what, const char *hex, uint8_t start)
{
    uint8_t frame[64], again[KMP_FRAME_MAX];
    struct kmp_receiver receiver;
    size_t length = hex_bytes(hex, frame);
    if (length == 0) {
        return;
    }
    kmp_receiver_init(&receiver, start);
    if (feed(&receiver, frame, length) != 1) {
        fail_msg("%s: not received", what);
    }
    int n_again = kmp_frame_encode(start, receiver.body, receiver.length, again, sizeof again);
    assert_int_equal(n_again, length);
    assert_memory_equal(again, frame, length);
}

/* REQ(X-KMP-1) */
static void every_example_decodes_and_encodes_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < KMP_VECTORS; i++) {
        check_frame(kmp_vectors[i].what, kmp_vectors[i].request, KMP_TO_METER);
        check_frame(kmp_vectors[i].what, kmp_vectors[i].answer, KMP_FROM_METER);
    }
}

static void an_example_cut_anywhere_is_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < KMP_VECTORS; i++) {
        uint8_t frame[64];
        size_t length = hex_bytes(kmp_vectors[i].answer, frame);
        for (size_t cut = 0; cut < length; cut++) {
            struct kmp_receiver receiver;
            kmp_receiver_init(&receiver, KMP_FROM_METER);
            assert_int_equal(feed(&receiver, frame, cut), 0);
            /* the next frame is received all the same */
            assert_int_equal(feed(&receiver, frame, length), 1);
        }
    }
}

static void a_frame_closed_too_early_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < KMP_VECTORS; i++) {
        uint8_t frame[65];
        size_t length = hex_bytes(kmp_vectors[i].answer, frame);
        for (size_t cut = 1; cut + 1 < length; cut++) {
            uint8_t shorter[65];
            struct kmp_receiver receiver;
            memcpy(shorter, frame, cut);
            shorter[cut] = KMP_STOP;
            kmp_receiver_init(&receiver, KMP_FROM_METER);
            assert_true(feed(&receiver, shorter, cut + 1) < 0);
        }
    }
}

static void every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < KMP_VECTORS; i++) {
        uint8_t frame[64];
        size_t length = hex_bytes(kmp_vectors[i].answer, frame);
        for (size_t bit = 0; bit < 8 * length; bit++) {
            struct kmp_receiver receiver;
            kmp_receiver_init(&receiver, KMP_FROM_METER);
            frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_true(feed(&receiver, frame, length) <= 0);
            frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static int result_of(const char *hex)
{
    uint8_t frame[64];
    struct kmp_receiver receiver;
    kmp_receiver_init(&receiver, KMP_TO_METER);
    return feed(&receiver, frame, hex_bytes(hex, frame));
}

static void each_kind_of_damage_has_its_error(void **state)
{
    (void)state;
    assert_int_equal(result_of("80 3F 01 05 8B 0D"), KMP_ERR_CRC);
    assert_int_equal(result_of("80 3F 05 0D"), KMP_ERR_LENGTH);
    assert_int_equal(result_of("80 0D"), KMP_ERR_LENGTH);
    assert_int_equal(result_of("80 3F 01 05 8A 1B 0D"), KMP_ERR_STUFFING);
    assert_int_equal(result_of("80 3F 01 1B 8A 05 8A 0D"), KMP_ERR_STUFFING); /* needless escape */
    assert_int_equal(result_of("80 3F 06 05 8A 0D"), KMP_ERR_STUFFING);
    assert_int_equal(result_of("80 3F 40 05 8A 0D"), KMP_ERR_STUFFING);
}

static void strays_and_a_new_start_do_no_harm(void **state)
{
    (void)state;
    assert_int_equal(result_of("00 00 0D 3F 80 3F 01 05 8A 0D"), 1);
    assert_int_equal(result_of("80 3F 10 01 80 3F 01 05 8A 0D"), 1); /* starts anew */
    assert_int_equal(result_of("80 3F 1B 80 3F 01 05 8A 0D"), 1);    /* even after an escape */
    assert_int_equal(result_of("40 3F 01 05 8A 0D"), 0);             /* the other direction */
}

static void an_endless_frame_is_dropped(void **state)
{
    (void)state;
    struct kmp_receiver receiver;
    uint8_t good[8];
    size_t length = hex_bytes("80 3F 01 05 8A 0D", good);
    int result = 0;
    kmp_receiver_init(&receiver, KMP_TO_METER);
    kmp_receiver_byte(&receiver, KMP_TO_METER);
    for (unsigned i = 0; i < 100000 && result == 0; i++) {
        result = kmp_receiver_byte(&receiver, 0x55);
    }
    assert_int_equal(result, KMP_ERR_LENGTH);
    assert_int_equal(feed(&receiver, good, length), 1);
}

static void encode_keeps_to_the_buffer(void **state)
{
    (void)state;
    const uint8_t body[] = {0x3F, 0x80, 0x40, 0x0D, 0x06, 0x1B};
    uint8_t frame[32];
    int length = kmp_frame_encode(KMP_TO_METER, body, sizeof body, frame, sizeof frame);
    assert_true(length > 0);
    for (size_t capacity = 0; capacity < sizeof frame; capacity++) {
        memset(frame, 0xEE, sizeof frame);
        int now = kmp_frame_encode(KMP_TO_METER, body, sizeof body, frame, capacity);
        assert_int_equal(now, capacity < (size_t)length ? KMP_ERR_SPACE : length);
        assert_int_equal(frame[capacity], 0xEE);
    }
    assert_int_equal(kmp_frame_encode(KMP_TO_METER, body, 1, frame, sizeof frame), KMP_ERR_LENGTH);
    assert_int_equal(kmp_frame_encode(KMP_TO_METER, body, KMP_BODY_MAX + 1, frame, sizeof frame),
                     KMP_ERR_LENGTH);
}

static void any_body_survives_the_line(void **state)
{
    (void)state;
    uint64_t seed = (uint64_t)time(NULL), random = seed * 2 + 1;
    static const uint8_t awkward[] = {0x80, 0x40, 0x0D, 0x06, 0x1B, 0x7F, 0xBF, 0xF2, 0xF9, 0xE4};
    print_message("seed %llu\n", (unsigned long long)seed);
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t body[KMP_BODY_MAX], frame[KMP_FRAME_MAX];
        size_t n_body = 2 + test_random(&random) % (KMP_BODY_MAX - 1);
        for (size_t i = 0; i < n_body; i++) {
            uint64_t r = test_random(&random);
            body[i] = r & 0x100 ? awkward[(r >> 9) % sizeof awkward] : (uint8_t)r;
        }
        int length = kmp_frame_encode(KMP_FROM_METER, body, n_body, frame, sizeof frame);
        assert_true(length > 0);
        struct kmp_receiver receiver;
        kmp_receiver_init(&receiver, KMP_FROM_METER);
        assert_int_equal(feed(&receiver, frame, (size_t)length), 1);
        assert_int_equal(receiver.length, n_body);
        assert_memory_equal(receiver.body, body, n_body);
    }
}

static void random_bytes_are_never_more_than_bytes(void **state)
{
    (void)state;
    uint64_t seed = (uint64_t)time(NULL), random = seed * 2 + 1;
    struct kmp_receiver receiver;
    print_message("seed %llu\n", (unsigned long long)seed);
    kmp_receiver_init(&receiver, KMP_TO_METER);
    for (unsigned i = 0; i < 2000000; i++) {
        static const uint8_t frequent[] = {0x80, 0x3F, 0x10, 0x0D, 0x1B, 0x7F};
        uint64_t r = test_random(&random);
        uint8_t byte = r & 0x100 ? frequent[(r >> 9) % sizeof frequent] : (uint8_t)r;
        int result = kmp_receiver_byte(&receiver, byte);
        assert_true(receiver.length <= sizeof receiver.body);
        if (result == 1) { /* whatever passes the CRC encodes to a frame that decodes to it */
            uint8_t frame[KMP_FRAME_MAX];
            struct kmp_receiver again;
            int length =
                kmp_frame_encode(KMP_TO_METER, receiver.body, receiver.length, frame, sizeof frame);
            kmp_receiver_init(&again, KMP_TO_METER);
            assert_int_equal(feed(&again, frame, (size_t)length), 1);
            assert_memory_equal(again.body, receiver.body, receiver.length);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_decodes_and_encodes_again),
        cmocka_unit_test(an_example_cut_anywhere_is_nothing),
        cmocka_unit_test(a_frame_closed_too_early_is_refused),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(each_kind_of_damage_has_its_error),
        cmocka_unit_test(strays_and_a_new_start_do_no_harm),
        cmocka_unit_test(an_endless_frame_is_dropped),
        cmocka_unit_test(encode_keeps_to_the_buffer),
        cmocka_unit_test(any_body_survives_the_line),
        cmocka_unit_test(random_bytes_are_never_more_than_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
