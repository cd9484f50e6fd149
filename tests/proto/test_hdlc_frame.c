/* HDLC frames: checked frames of standards and meters, any cut of the stream, damage, flags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/common/crc.h"
#include "proto/dlms/hdlc_frame.h"
#include "proto/hdlc_vectors.h"

static void crc_of_the_standard(void **state)
{
    (void)state;
    const uint8_t digits[] = "123456789";
    assert_int_equal(crc16_x25(digits, 9), 0x906E);
    const uint8_t sealed[] = {'1', '2', '3', '4', '5', '6', '7', '8', '9', 0x6E, 0x90};
    assert_int_equal(crc16_x25_go_on(CRC16_X25_BEGIN, sealed, sizeof sealed), CRC16_X25_GOOD);
}

/* Every checked frame is understood, and encoded again it is the same. */
static void frames_decode_and_encode_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hdlc_vectors / sizeof hdlc_vectors[0]; i++) {
        uint8_t bytes[300], buffer[300], again[300];
        const size_t n = hex_bytes(hdlc_vectors[i].hex, bytes);
        struct hdlc_receiver receiver;
        struct hdlc_frame frame;
        hdlc_receiver_init(&receiver, buffer, sizeof buffer);
        struct reader in = reader_over(bytes, n);
        assert_true(hdlc_receiver_take(&receiver, &in, &frame));
        assert_int_equal(hdlc_kind_of(frame.control), hdlc_vectors[i].kind);
        assert_int_equal(reader_left(&in), 0);
        assert_int_equal(hdlc_frame_encode(&frame, again, sizeof again), n);
        assert_memory_equal(again, bytes, n);
        for (size_t space = 0; space < n; space++) {
            assert_int_equal(hdlc_frame_encode(&frame, again, space), HDLC_ERR_SPACE);
        }
    }
}

static void addresses_have_one_two_and_four_octets(void **state)
{
    (void)state;
    static const struct {
        struct hdlc_address address;
        const char *hex;
    } rows[] = {
        {{1, 0, 1}, "03"},           {{16, 0, 1}, "21"},
        {{1, 32, 2}, "02 41"},       {{16, 32, 2}, "20 41"},
        {{1, 32, 4}, "00 02 00 41"}, {{16, 32, 4}, "00 20 00 41"},
        {{1, 17, 4}, "00 02 00 23"}, {{0x3FFF, 0x3FFF, 4}, "FE FE FE FF"},
        {{0x7F, 0x7F, 2}, "FE FF"},  {{200, 300, 4}, "02 90 04 59"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t wanted[4], bytes[32], buffer[64];
        const size_t n = hex_bytes(rows[i].hex, wanted);
        struct hdlc_frame frame = {.destination = rows[i].address, .source = {19, 0, 1}};
        frame.control = hdlc_control(HDLC_DISC, true, 0, 0);
        const int length = hdlc_frame_encode(&frame, bytes, sizeof bytes);
        assert_true(length > 0);
        assert_memory_equal(bytes + 3, wanted, n);
        struct hdlc_receiver receiver;
        struct hdlc_frame back;
        hdlc_receiver_init(&receiver, buffer, sizeof buffer);
        struct reader in = reader_over(bytes, (size_t)length);
        assert_true(hdlc_receiver_take(&receiver, &in, &back));
        assert_int_equal(back.destination.upper, rows[i].address.upper);
        assert_int_equal(back.destination.lower, rows[i].address.lower);
        assert_int_equal(back.destination.n_octets, rows[i].address.n_octets);
        assert_int_equal(back.source.upper, 19);
    }
    static const struct hdlc_address bad[] = {{128, 0, 1},    {1, 1, 1}, {128, 1, 2},
                                              {1, 128, 2},    {1, 1, 3}, {0x4000, 1, 4},
                                              {1, 0x4000, 4}, {1, 0, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t bytes[32];
        const struct hdlc_frame frame = {.destination = bad[i], .source = {19, 0, 1}};
        assert_int_equal(hdlc_frame_encode(&frame, bytes, sizeof bytes), HDLC_ERR_FORMAT);
    }
}

/* All frames in one stream, with shared flags and many flags between, cut at every place. */
static void any_cut_and_any_flags(void **state)
{
    (void)state;
    uint8_t stream[2000], bytes[300];
    const size_t n_frames = sizeof hdlc_vectors / sizeof hdlc_vectors[0];
    size_t n = 0;
    for (size_t i = 0; i < n_frames; i++) {
        const size_t n_bytes = hex_bytes(hdlc_vectors[i].hex, bytes);
        const size_t shared = i % 3 == 1 ? 1 : 0; /* the flag before is this one's too */
        memcpy(stream + n, bytes + shared, n_bytes - shared);
        n += n_bytes - shared;
        for (size_t flags = 0; flags < (i % 3 == 2 ? 5u : 0u); flags++) {
            stream[n++] = HDLC_FLAG;
        }
    }
    for (size_t cut = 0; cut <= n; cut++) {
        uint8_t buffer[300];
        struct hdlc_receiver receiver;
        struct hdlc_frame frame;
        size_t found = 0;
        hdlc_receiver_init(&receiver, buffer, sizeof buffer);
        struct reader in = reader_over(stream, cut);
        while (hdlc_receiver_take(&receiver, &in, &frame)) {
            assert_int_equal(hdlc_kind_of(frame.control), hdlc_vectors[found++].kind);
        }
        in = reader_over(stream + cut, n - cut);
        while (hdlc_receiver_take(&receiver, &in, &frame)) {
            assert_int_equal(hdlc_kind_of(frame.control), hdlc_vectors[found++].kind);
        }
        assert_int_equal(found, n_frames);
    }
}

/* A flag octet in the information and in the check does not end a frame. */
static void flags_inside_mean_nothing(void **state)
{
    (void)state;
    uint8_t info[40], bytes[80], buffer[80];
    memset(info, HDLC_FLAG, sizeof info);
    for (unsigned n_info = 1; n_info <= sizeof info; n_info++) {
        const struct hdlc_frame sent = {.destination = {1, 0, 1},
                                        .source = {16, 0, 1},
                                        .control = 0x10,
                                        .info = info,
                                        .n_info = (uint16_t)n_info};
        struct hdlc_receiver receiver;
        struct hdlc_frame frame;
        const int n = hdlc_frame_encode(&sent, bytes, sizeof bytes);
        hdlc_receiver_init(&receiver, buffer, sizeof buffer);
        for (int i = 0; i < n; i++) {
            struct reader in = reader_over(bytes + i, 1);
            assert_int_equal(hdlc_receiver_take(&receiver, &in, &frame), i == n - 1);
        }
        assert_int_equal(frame.n_info, n_info);
        assert_memory_equal(frame.info, info, n_info);
    }
}

/* One bit wrong anywhere: the frame is not taken, and the next one is. */
static void damage_hides_one_frame_only(void **state)
{
    (void)state;
    uint8_t good[300], bytes[600], buffer[300];
    const size_t n = hex_bytes(TRACE_AARQ_PUBLIC, good);
    for (size_t bit = 0; bit < 8 * n; bit++) {
        struct hdlc_receiver receiver;
        struct hdlc_frame frame;
        memcpy(bytes, good, n);
        bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ 1u << bit % 8);
        memcpy(bytes + n, good, n);
        hdlc_receiver_init(&receiver, buffer, sizeof buffer);
        struct reader in = reader_over(bytes, 2 * n);
        unsigned found = 0;
        while (hdlc_receiver_take(&receiver, &in, &frame)) {
            found++;
        }
        while (hdlc_receiver_expire(&receiver, &frame)) { /* the length had grown */
            found++;
        }
        assert_int_equal(found, 1);
        assert_int_equal(frame.n_info, n - 11);
    }
}

static void noise_before_a_frame_is_passed_over(void **state)
{
    (void)state;
    uint64_t seed = UINT64_C(0x1D872B41C3F5A96B);
    for (unsigned round = 0; round < 2000; round++) {
        uint8_t bytes[400], buffer[300];
        struct hdlc_receiver receiver;
        struct hdlc_frame frame;
        const size_t n_noise = test_random(&seed) % 60;
        for (size_t i = 0; i < n_noise; i++) {
            const uint64_t random = test_random(&seed);
            bytes[i] = (random & 0x300u) == 0 ? HDLC_FLAG : (uint8_t)random;
        }
        const size_t n = n_noise + hex_bytes(TRACE_AARQ_PUBLIC, bytes + n_noise);
        hdlc_receiver_init(&receiver, buffer, sizeof buffer);
        struct reader in = reader_over(bytes, n);
        bool found = hdlc_receiver_take(&receiver, &in, &frame);
        found = found || hdlc_receiver_expire(&receiver, &frame);
        assert_true(found);
        assert_int_equal(frame.n_info, n - n_noise - 11);
    }
}

/* A frame longer than its buffer is noise; the next one is found. */
static void too_long_for_the_buffer(void **state)
{
    (void)state;
    uint8_t bytes[600], buffer[64];
    struct hdlc_receiver receiver;
    struct hdlc_frame frame;
    size_t n = hex_bytes(TRACE_AARQ_LLS, bytes);
    assert_true(n > sizeof buffer);
    n += hex_bytes("7E A0 07 03 21 53 03 C7 7E", bytes + n);
    hdlc_receiver_init(&receiver, buffer, sizeof buffer);
    struct reader in = reader_over(bytes, n);
    assert_true(hdlc_receiver_take(&receiver, &in, &frame));
    assert_int_equal(hdlc_kind_of(frame.control), HDLC_DISC);
    assert_false(hdlc_receiver_take(&receiver, &in, &frame));
}

static void parameters_of_every_width(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        struct hdlc_parameters wanted;
        int result;
    } rows[] = {
        {"", {128, 128, 1, 1}, HDLC_OK},
        {"81 80 00", {128, 128, 1, 1}, HDLC_OK},
        {"81 80 14 05 02 02 00 06 02 00 80 07 04 00 00 00 01 08 04 00 00 00 01",
         {512, 128, 1, 1},
         HDLC_OK},
        {"81 80 12 05 01 80 06 01 80 07 04 00 00 00 01 08 04 00 00 00 01",
         {128, 128, 1, 1},
         HDLC_OK},
        {"81 80 0C 05 01 40 06 01 50 07 01 07 08 01 03", {64, 80, 7, 3}, HDLC_OK},
        {"81 80 18 05 04 00 00 02 00 06 04 00 00 03 00 07 04 00 00 00 02 08 04 00 00 00 04",
         {512, 768, 2, 4},
         HDLC_OK},
        {"81 80 10 05 01 00 06 02 FF FF 07 01 00 08 04 00 00 00 63", {32, 2030, 1, 7}, HDLC_OK},
        {"81 80 03 09 01 05 82 80 01", {128, 128, 1, 1}, HDLC_OK}, /* unknown, and user data */
        {"81 80 04 05 02 02", {0, 0, 0, 0}, HDLC_ERR_FORMAT},
        {"81 80 03 05 02 02", {0, 0, 0, 0}, HDLC_ERR_FORMAT},
        {"81 81 00", {0, 0, 0, 0}, HDLC_ERR_FORMAT},
        {"81", {0, 0, 0, 0}, HDLC_ERR_FORMAT},
        {"81 80 02 05 00", {0, 0, 0, 0}, HDLC_ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[40];
        const size_t n_bytes = hex_bytes(rows[i].hex, bytes);
        struct hdlc_parameters got = {0, 0, 0, 0};
        assert_int_equal(hdlc_parameters_read(bytes, n_bytes, &got), rows[i].result);
        assert_memory_equal(&got, &rows[i].wanted, sizeof got);
    }
}

/* What nobody should send: no address end, an HCS without information, too short. */
static void malformed_frames_are_not_taken(void **state)
{
    (void)state;
    static const uint8_t bodies[][12] = {
        {0xA0, 0x0C, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02},
        {0xA0, 0x0C, 0x02, 0x02, 0x03, 0x21, 0x10, 0x00, 0x00, 0x00}, /* address of 3 octets */
        {0xA0, 0x06, 0x03, 0x21},
        {0xA0, 0x07, 0x03, 0x20, 0x11},       /* the source does not end */
        {0xA0, 0x09, 0x03, 0x21, 0x10, 0, 0}, /* HCS, no information */
        {0x90, 0x07, 0x03, 0x21, 0x53},
    };
    static const uint8_t lengths[] = {10, 10, 4, 5, 7, 5};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        uint8_t bytes[32] = {HDLC_FLAG}, buffer[64];
        const size_t n = lengths[i];
        memcpy(bytes + 1, bodies[i], n);
        uint16_t crc = crc16_x25(bytes + 1, n);
        bytes[n + 1] = (uint8_t)crc;
        bytes[n + 2] = (uint8_t)(crc >> 8);
        bytes[n + 3] = HDLC_FLAG;
        struct hdlc_receiver receiver;
        struct hdlc_frame frame;
        hdlc_receiver_init(&receiver, buffer, sizeof buffer);
        struct reader in = reader_over(bytes, n + 4);
        assert_false(hdlc_receiver_take(&receiver, &in, &frame));
        assert_false(hdlc_receiver_expire(&receiver, &frame));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc_of_the_standard),
        cmocka_unit_test(frames_decode_and_encode_again),
        cmocka_unit_test(addresses_have_one_two_and_four_octets),
        cmocka_unit_test(any_cut_and_any_flags),
        cmocka_unit_test(flags_inside_mean_nothing),
        cmocka_unit_test(damage_hides_one_frame_only),
        cmocka_unit_test(noise_before_a_frame_is_passed_over),
        cmocka_unit_test(too_long_for_the_buffer),
        cmocka_unit_test(parameters_of_every_width),
        cmocka_unit_test(malformed_frames_are_not_taken),
    };
    return cmocka_run_group_tests_name("hdlc_frame", tests, NULL, NULL);
}
