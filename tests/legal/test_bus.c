/* The measuring bus: frame, check, and a receiver that loses no good frame. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "legal/bus/bus_frame.h"
#include "legal/bus/legal_crc.h"

#define SEED UINT64_C(0x6d65746572333832)

/** xorshift64*: the same numbers in every run. */
static uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static struct bus_frame random_frame(uint64_t *state)
{
    return (struct bus_frame){.system = (uint8_t)(1 + random_next(state) % BUS_FRAME_SYSTEMS),
                              .flags = (uint8_t)random_next(state),
                              .sequence = (uint16_t)random_next(state),
                              .epoch = (uint16_t)random_next(state),
                              .temperature_cc = (int16_t)random_next(state),
                              .samples = random_next(state),
                              .active = (int64_t)random_next(state),
                              .reactive = (int64_t)random_next(state),
                              .voltage = random_next(state),
                              .current = random_next(state),
                              .window_samples = (uint32_t)random_next(state),
                              .v1_re = (int32_t)random_next(state),
                              .v1_im = (int32_t)random_next(state),
                              .i1_re = (int32_t)random_next(state),
                              .i1_im = (int32_t)random_next(state),
                              .frequency_uhz = (uint32_t)random_next(state)};
}

static void assert_frames_equal(const struct bus_frame *a, const struct bus_frame *b)
{
    assert_int_equal(a->system, b->system);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->sequence, b->sequence);
    assert_int_equal(a->epoch, b->epoch);
    assert_int_equal(a->temperature_cc, b->temperature_cc);
    assert_true(a->samples == b->samples);
    assert_true(a->active == b->active);
    assert_true(a->reactive == b->reactive);
    assert_true(a->voltage == b->voltage);
    assert_true(a->current == b->current);
    assert_int_equal(a->window_samples, b->window_samples);
    assert_int_equal(a->v1_re, b->v1_re);
    assert_int_equal(a->v1_im, b->v1_im);
    assert_int_equal(a->i1_re, b->i1_re);
    assert_int_equal(a->i1_im, b->i1_im);
    assert_int_equal(a->frequency_uhz, b->frequency_uhz);
}

/** The CRC bit by bit, from its polynomial. */
static uint32_t crc_by_bits(const uint8_t *bytes, size_t n)
{
    uint32_t crc = UINT32_MAX;
    for (size_t k = 0; k < 8 * n; k++) {
        const uint32_t bit = (uint32_t)(bytes[k / 8] >> k % 8) & 1u;
        crc = crc >> 1 ^ (((crc ^ bit) & 1u) != 0 ? UINT32_C(0xEDB88320) : 0u);
    }
    return ~crc;
}

static void test_crc_is_ieee(void **unused)
{
    (void)unused;
    assert_int_equal(legal_crc32("123456789", 9), 0xCBF43926);
    assert_int_equal(legal_crc32("", 0), 0);
    uint64_t state = SEED;
    uint8_t bytes[300];
    for (size_t n = 0; n < sizeof bytes; n++) {
        bytes[n] = (uint8_t)(random_next(&state) >> 32);
        assert_int_equal(legal_crc32(bytes, n), crc_by_bits(bytes, n));
    }
}

static void test_crc_in_pieces(void **unused)
{
    (void)unused;
    const uint8_t bytes[] = "The quick brown fox jumps over the lazy dog, forty-odd bytes long.";
    const size_t n = sizeof bytes;
    const uint32_t whole = legal_crc32(bytes, n);
    for (size_t cut = 0; cut <= n; cut++) {
        const uint32_t first = legal_crc32(bytes, cut);
        assert_int_equal(legal_crc32_continue(first, bytes + cut, n - cut), whole);
    }
}

/** The form that this build has, and the tables that define it: any length, place and beginning. */
static void test_crc_forms_alike(void **unused)
{
    (void)unused;
    uint64_t state = SEED;
    uint8_t bytes[600];
    for (size_t n = 0; n < sizeof bytes; n++) {
        bytes[n] = (uint8_t)(random_next(&state) >> 32);
    }
    for (unsigned round = 0; round < 100000; round++) {
        const size_t from = random_next(&state) % 17u;
        const size_t n = random_next(&state) % (round % 16u == 0 ? sizeof bytes - 17u : 100u);
        const uint32_t before = (uint32_t)random_next(&state);
        bytes[random_next(&state) % sizeof bytes] = (uint8_t)(random_next(&state) >> 32);
        assert_int_equal(legal_crc32_continue(before, bytes + from, n),
                         legal_crc32_tables(before, bytes + from, n));
    }
}

/** The example of docs/spec/measuring-bus.md, made there by another program. */
static const struct bus_frame example = {.system = 2,
                                         .flags = BUS_FLAG_VOLTAGE | BUS_FLAG_LOCKED,
                                         .sequence = 258,
                                         .epoch = 7,
                                         .temperature_cc = -1250,
                                         .samples = 4800,
                                         .active = INT64_C(-1234567890123),
                                         .reactive = 987654321,
                                         .voltage = UINT64_C(0x0123456789ABCDEF),
                                         .current = UINT64_C(0xFEDCBA9876543210),
                                         .window_samples = 1600,
                                         .v1_re = 249500000,
                                         .v1_im = -1000,
                                         .i1_re = -15300000,
                                         .i1_im = 8800000,
                                         .frequency_uhz = 49987654};

/** Reads the example's bytes from the document: text and code can't part. */
static void read_example(uint8_t *bytes)
{
    FILE *file = fopen(SOURCE_DIR "/docs/spec/measuring-bus.md", "r");
    assert_non_null(file);
    char line[256];
    unsigned n = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        unsigned offset;
        int used;
        if (sscanf(line, "%2u  %n", &offset, &used) != 1 || offset != n || used != 4) {
            continue;
        }
        unsigned byte;
        for (int step; sscanf(line + used, "%2x%n", &byte, &step) == 1; used += step) {
            assert_true(n < BUS_FRAME_BYTES);
            bytes[n++] = (uint8_t)byte;
        }
    }
    fclose(file);
    assert_int_equal(n, BUS_FRAME_BYTES);
}

/* REQ(MET-05) */
static void test_example_of_the_document(void **unused)
{
    (void)unused;
    uint8_t written[BUS_FRAME_BYTES];
    uint8_t documented[BUS_FRAME_BYTES];
    struct bus_frame frame;
    read_example(documented);
    assert_int_equal(bus_frame_encode(&example, written), BUS_FRAME_BYTES);
    assert_memory_equal(written, documented, BUS_FRAME_BYTES);
    assert_true(bus_frame_decode(documented, BUS_FRAME_BYTES, &frame));
    assert_frames_equal(&frame, &example);
}

static void test_any_frame_survives(void **unused)
{
    (void)unused;
    uint64_t state = SEED;
    print_message("seed %#llx\n", (unsigned long long)SEED);
    for (unsigned k = 0; k < 10000; k++) {
        const struct bus_frame frame = random_frame(&state);
        struct bus_frame back = {0};
        uint8_t bytes[BUS_FRAME_BYTES + 1];
        bytes[BUS_FRAME_BYTES] = 0xAA;
        assert_int_equal(bus_frame_encode(&frame, bytes), BUS_FRAME_BYTES);
        assert_int_equal(bytes[BUS_FRAME_BYTES], 0xAA);
        assert_true(bus_frame_decode(bytes, BUS_FRAME_BYTES, &back));
        assert_frames_equal(&frame, &back);
    }
}

static void test_short_frame_is_none(void **unused)
{
    (void)unused;
    uint8_t bytes[BUS_FRAME_BYTES];
    struct bus_frame frame = example;
    bus_frame_encode(&example, bytes);
    for (size_t n = 0; n < BUS_FRAME_BYTES; n++) {
        assert_false(bus_frame_decode(bytes, n, &frame));
    }
    assert_frames_equal(&frame, &example);
}

static void test_every_flip_is_found(void **unused)
{
    (void)unused;
    uint8_t bytes[BUS_FRAME_BYTES];
    struct bus_frame frame = example;
    bus_frame_encode(&example, bytes);
    for (unsigned a = 0; a < 8 * BUS_FRAME_BYTES; a++) {
        bytes[a / 8] ^= (uint8_t)(1u << a % 8);
        assert_false(bus_frame_decode(bytes, BUS_FRAME_BYTES, &frame));
        for (unsigned b = a + 1; b < 8 * BUS_FRAME_BYTES; b++) {
            bytes[b / 8] ^= (uint8_t)(1u << b % 8);
            assert_false(bus_frame_decode(bytes, BUS_FRAME_BYTES, &frame));
            bytes[b / 8] ^= (uint8_t)(1u << b % 8);
        }
        bytes[a / 8] ^= (uint8_t)(1u << a % 8);
    }
    assert_frames_equal(&frame, &example);
}

static void test_right_check_but_wrong_form(void **unused)
{
    (void)unused;
    /* offset and value: sync, length, system 0 and 4, another format */
    static const uint8_t wrong[][2] = {{0, 0xB2}, {1, 0x83}, {2, 79}, {2, 81},
                                       {3, 0},    {3, 4},    {5, 0},  {5, 2}};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        uint8_t bytes[BUS_FRAME_BYTES];
        struct bus_frame frame;
        bus_frame_encode(&example, bytes);
        bytes[wrong[k][0]] = wrong[k][1];
        const uint32_t crc = legal_crc32(bytes, BUS_FRAME_BYTES - 4);
        for (unsigned b = 0; b < 4; b++) {
            bytes[BUS_FRAME_BYTES - 4 + b] = (uint8_t)(crc >> 8 * b);
        }
        assert_false(bus_frame_decode(bytes, BUS_FRAME_BYTES, &frame));
    }
}

/** Feeds bytes in pieces of `piece` and counts frames that equal the one expected next. */
static unsigned receive(struct bus_receiver *receiver, const uint8_t *bytes, size_t n, size_t piece,
                        const struct bus_frame *expected)
{
    unsigned n_got = 0;
    for (size_t at = 0; at < n;) {
        struct bus_frame frame;
        bool got;
        const size_t part = piece < n - at ? piece : n - at;
        at += bus_receiver_bytes(receiver, bytes + at, part, &frame, &got);
        if (got) {
            assert_frames_equal(&frame, &expected[n_got]);
            n_got++;
        }
    }
    return n_got;
}

static void test_cut_at_every_byte(void **unused)
{
    (void)unused;
    uint64_t state = SEED;
    struct bus_frame frames[4];
    uint8_t bytes[4 * BUS_FRAME_BYTES];
    for (unsigned k = 0; k < 4; k++) {
        frames[k] = random_frame(&state);
        bus_frame_encode(&frames[k], bytes + k * BUS_FRAME_BYTES);
    }
    for (size_t piece = 1; piece <= sizeof bytes; piece++) {
        struct bus_receiver receiver;
        bus_receiver_start(&receiver);
        assert_int_equal(receive(&receiver, bytes, sizeof bytes, piece, frames), 4);
        assert_int_equal(receiver.n_good, 4);
        assert_int_equal(receiver.n_damaged, 0);
    }
}

/** A frame cut short by anything, then good ones: every good one arrives, one damage is counted. */
static void test_good_frame_after_cut_frame(void **unused)
{
    (void)unused;
    uint64_t state = SEED;
    struct bus_frame frames[2] = {random_frame(&state), random_frame(&state)};
    for (size_t cut = 1; cut < BUS_FRAME_BYTES; cut++) {
        uint8_t bytes[3 * BUS_FRAME_BYTES];
        struct bus_receiver receiver;
        bus_receiver_start(&receiver);
        bus_frame_encode(&example, bytes);
        bus_frame_encode(&frames[0], bytes + cut);
        bus_frame_encode(&frames[1], bytes + cut + BUS_FRAME_BYTES);
        const size_t n = cut + 2u * BUS_FRAME_BYTES;
        assert_int_equal(receive(&receiver, bytes, n, 7, frames), 2);
        assert_int_equal(receiver.n_damaged, 1);
    }
}

static void test_frame_inside_a_forged_one(void **unused)
{
    (void)unused;
    /* The head of a frame, and at once a good frame: nothing of the good one may be swallowed. */
    uint8_t bytes[6 + BUS_FRAME_BYTES];
    struct bus_receiver receiver;
    bus_frame_encode(&example, bytes);
    bus_frame_encode(&example, bytes + 6);
    bus_receiver_start(&receiver);
    assert_int_equal(receive(&receiver, bytes, sizeof bytes, sizeof bytes, &example), 1);
    assert_int_equal(receiver.n_damaged, 1);
}

/** Frames with garbage between: garbage that looks like sync as often as it can. */
static void test_garbage_between(void **unused)
{
    (void)unused;
    static const uint8_t alphabet[] = {0xB3, 0x82, 0x50, 0x01, 0x03, 0x00, 0xFF, 0x42};
    uint64_t state = SEED;
    print_message("seed %#llx\n", (unsigned long long)SEED);
    struct bus_receiver receiver;
    bus_receiver_start(&receiver);
    for (unsigned k = 0; k < 20000; k++) {
        uint8_t bytes[100 + BUS_FRAME_BYTES];
        const size_t n_garbage = random_next(&state) % 100;
        for (size_t g = 0; g < n_garbage; g++) {
            bytes[g] = alphabet[random_next(&state) >> 61];
        }
        const struct bus_frame frame = random_frame(&state);
        bus_frame_encode(&frame, bytes + n_garbage);
        const size_t piece = 1 + random_next(&state) % 90;
        const uint32_t damaged = receiver.n_damaged;
        assert_int_equal(receive(&receiver, bytes, n_garbage + BUS_FRAME_BYTES, piece, &frame), 1);
        assert_int_equal(receiver.n_damaged - damaged, n_garbage > 0);
    }
    assert_int_equal(receiver.n_good, 20000);
}

/** What can't become a frame is told at its sixth byte, not when a frame's length has come. */
static void test_wrong_format_is_told_at_once(void **unused)
{
    (void)unused;
    static const uint8_t head[] = {BUS_FRAME_SYNC_0,     BUS_FRAME_SYNC_1, BUS_FRAME_BYTES, 1, 0,
                                   BUS_FRAME_FORMAT + 1u};
    struct bus_receiver receiver;
    struct bus_frame frame;
    bus_receiver_start(&receiver);
    for (unsigned k = 0; k < sizeof head; k++) {
        assert_int_equal(receiver.n_damaged, 0);
        assert_false(bus_receiver_byte(&receiver, head[k], &frame));
    }
    assert_int_equal(receiver.n_damaged, 1);
    assert_int_equal(receiver.n_bytes, 0);
}

/** Lost frames leave no trace but the sequence; damaged ones are counted; counters keep the sum. */
static void test_lost_and_damaged_cost_nothing(void **unused)
{
    (void)unused;
    uint64_t state = SEED;
    struct bus_receiver receiver;
    struct bus_frame frame = {.system = 1, .active = INT64_MAX - 5000, .samples = UINT64_MAX - 10};
    const uint64_t before = (uint64_t)frame.active;
    uint64_t received = 0;
    uint64_t last = before;
    uint64_t true_sum = 0;
    unsigned n_damaged = 0;
    bus_receiver_start(&receiver);
    for (unsigned k = 0; k < 5000; k++) {
        uint8_t bytes[BUS_FRAME_BYTES];
        const uint64_t increment = random_next(&state) >> 40;
        frame.active = (int64_t)((uint64_t)frame.active + increment); /* wraps on the way */
        true_sum += increment;
        bus_frame_encode(&frame, bytes);
        const unsigned fate = k == 4999 ? 2 : (unsigned)(random_next(&state) >> 62);
        if (fate == 0) {
            continue;
        }
        if (fate == 1) {
            bytes[6 + random_next(&state) % 70] ^= 0x10;
            n_damaged++;
        }
        struct bus_frame got_frame;
        bool got;
        size_t at = bus_receiver_bytes(&receiver, bytes, sizeof bytes, &got_frame, &got);
        assert_int_equal(at, sizeof bytes);
        if (got) {
            received += (uint64_t)got_frame.active - last;
            last = (uint64_t)got_frame.active;
        }
    }
    assert_true(received == true_sum);
    assert_true(n_damaged > 1000);
    assert_in_range(receiver.n_damaged, 1, n_damaged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc_is_ieee),
        cmocka_unit_test(test_crc_in_pieces),
        cmocka_unit_test(test_crc_forms_alike),
        cmocka_unit_test(test_example_of_the_document),
        cmocka_unit_test(test_any_frame_survives),
        cmocka_unit_test(test_short_frame_is_none),
        cmocka_unit_test(test_every_flip_is_found),
        cmocka_unit_test(test_right_check_but_wrong_form),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_good_frame_after_cut_frame),
        cmocka_unit_test(test_frame_inside_a_forged_one),
        cmocka_unit_test(test_garbage_between),
        cmocka_unit_test(test_wrong_format_is_told_at_once),
        cmocka_unit_test(test_lost_and_damaged_cost_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
