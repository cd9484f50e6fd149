/* The KMP server over a few registers: the known answers, and silence where it is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "proto/hex.h"
#include "proto/kmp/kmp_client.h"
#include "proto/kmp/kmp_server.h"
#include "proto/kmp_vectors.h"

struct fake_meter {
    uint32_t yymmdd, hhmmss;
    unsigned n_set_clock;
    struct kmp_value put;
    uint16_t password;
    unsigned n_put;
};

static void fake_type(void *context, uint8_t out[4])
{
    (void)context;
    memcpy(out, "\x00\x04\x06\x01", 4); /* the heat meter of 5512-447 */
}

static bool fake_register(void *context, uint16_t id, struct kmp_value *out)
{
    (void)context;
    static const struct {
        uint16_t id;
        uint8_t unit, n_bytes;
        int64_t mantissa;
        int exponent;
    } rows[] = {
        {1, 2, 4, 6753, 0},
        {13, 2, 4, 67533242, -4},
        {0x80, 22, 4, 19591204, 17},
        {0x3C, 3, 4, 55006, -3},
        {0x44, 40, 4, 314131, -3},
        {0x41E, 33, 2, 229, 0},
        {0x41F, 33, 2, 228, 0},
        {0x420, 33, 2, 230, 0},
        {0x434, 34, 4, 541, -2},
        {0x435, 34, 4, 16, -2},
        {0x436, 34, 4, 200, -2},
        {1023, 22, 4, 976, -3},
        {1024, 22, 4, 0, -3},
        {1001, 51, 4, 12345678, 0},
        {1047, 53, 8, INT64_C(0x0204051E0E140618), 0},
    };
    if (id >= 0x7000) { /* as wide as a register can be */
        out->unit = 54;
        out->n_bytes = 32;
        memset(out->bytes, 0x80, 32);
        return id < 0x8000;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].id == id) {
            return kmp_value_set(out, id, rows[i].unit, rows[i].n_bytes, rows[i].mantissa,
                                 rows[i].exponent) == KMP_OK;
        }
    }
    return false;
}

static bool fake_put(void *context, uint16_t password, const struct kmp_value *value)
{
    struct fake_meter *meter = context;
    meter->put = *value;
    meter->password = password;
    meter->n_put++;
    return password == 12345;
}

static bool fake_clock(void *context, uint32_t yymmdd, uint32_t hhmmss)
{
    struct fake_meter *meter = context;
    meter->yymmdd = yymmdd;
    meter->hhmmss = hhmmss;
    meter->n_set_clock++;
    return true;
}

static int fake_other(void *context, uint8_t cid, struct reader *data, struct writer *out)
{
    (void)context;
    if (cid == 0x02 && reader_complete(data)) {
        writer_uint_be(out, 0x01234567, 4);
        return 1;
    }
    if (cid == 0x97 && reader_u8(data) == 1 && reader_complete(data)) {
        return 2;
    }
    if (cid == 0x9C) {
        (void)reader_uint_be(data, 8);
        writer_uint_be(out, 0x04000000, 4);
        return reader_complete(data) ? 1 : 0;
    }
    if (cid == 0x99) { /* an answer that is too long for a frame */
        for (unsigned i = 0; i < 1000; i++) {
            writer_u8(out, 0x55);
        }
        return 1;
    }
    return 0;
}

struct bench {
    struct fake_meter fake;
    struct kmp_meter meter;
    struct kmp_server server;
    uint8_t answer[KMP_FRAME_MAX];
    size_t n_answer;
};

static void bench_init(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    bench->meter.context = &bench->fake;
    bench->meter.get_type = fake_type;
    bench->meter.get_register = fake_register;
    bench->meter.put_register = fake_put;
    bench->meter.set_clock = fake_clock;
    bench->meter.other = fake_other;
    kmp_server_init(&bench->server, 0x21);
}

static void send_bytes(struct bench *bench, const uint8_t *bytes, size_t n_bytes)
{
    bench->n_answer = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        size_t n = kmp_server_byte(&bench->server, &bench->meter, bytes[i],
                                   bench->answer + bench->n_answer,
                                   sizeof bench->answer - bench->n_answer);
        bench->n_answer += n;
    }
}

/** Send a body in a good frame. */
static void send_body(struct bench *bench, const char *hex)
{
    uint8_t body[KMP_BODY_MAX], frame[KMP_FRAME_MAX];
    size_t n_body = hex_bytes(hex, body);
    int length = kmp_frame_encode(KMP_TO_METER, body, n_body, frame, sizeof frame);
    assert_true(length > 0);
    send_bytes(bench, frame, (size_t)length);
}

static void expect(struct bench *bench, const char *hex)
{
    uint8_t expected[KMP_FRAME_MAX];
    size_t length = hex_bytes(hex, expected);
    assert_int_equal(bench->n_answer, length);
    assert_memory_equal(bench->answer, expected, length);
}

/* REQ(X-KMP-1, X-KMP-2) */
static void every_example_is_answered_to_the_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < KMP_VECTORS; i++) {
        struct bench bench;
        uint8_t request[64];
        size_t length = hex_bytes(kmp_vectors[i].request, request);
        if (length == 0 || kmp_vectors[i].answer[0] == '\0') {
            continue;
        }
        bench_init(&bench);
        send_bytes(&bench, request, length);
        expect(&bench, kmp_vectors[i].answer);
    }
}

static void a_request_cut_anywhere_is_met_with_silence(void **state)
{
    (void)state;
    uint8_t request[64];
    size_t length = hex_bytes("80 3F 10 03 04 34 04 35 04 36 74 DC 0D", request);
    for (size_t cut = 0; cut < length; cut++) {
        struct bench bench;
        bench_init(&bench);
        send_bytes(&bench, request, cut);
        assert_int_equal(bench.n_answer, 0);
        send_bytes(&bench, request, length); /* and the next one is answered */
        assert_true(bench.n_answer > 0);
    }
}

static void unknown_registers_are_left_out(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    send_body(&bench, "3F 10 01 04 15");
    expect(&bench, "40 3F 10 07 9A 0D");
    send_body(&bench, "3F 10 03 04 15 00 01 04 3C");
    expect(&bench, "40 3F 10 00 01 02 04 00 00 00 1A 61 51 4C 0D");
}

static void registers_come_in_the_order_asked(void **state)
{
    (void)state;
    struct bench bench;
    struct kmp_receiver receiver;
    struct kmp_value values[8];
    int result = 0;
    bench_init(&bench);
    send_body(&bench, "3F 10 08 04 20 00 01 04 1F 00 01 04 34 03 FF 00 0D 04 1E");
    kmp_receiver_init(&receiver, KMP_FROM_METER);
    for (size_t i = 0; i < bench.n_answer; i++) {
        result = kmp_receiver_byte(&receiver, bench.answer[i]);
    }
    assert_int_equal(result, 1);
    assert_int_equal(kmp_client_values(receiver.body, receiver.length, values, 8), 8);
    static const uint16_t order[] = {0x420, 1, 0x41F, 1, 0x434, 0x3FF, 13, 0x41E};
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(values[i].id, order[i]);
    }
}

static void eight_of_the_widest_registers_fit(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    send_body(&bench, "3F 10 08 70 00 70 01 70 02 70 03 70 04 70 05 70 06 70 07");
    assert_true(bench.n_answer > 8 * 32 * 2); /* each of its bytes is stuffed */
}

static void silence_where_the_request_is_not_good(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "3F 10",                                                          /* no count */
        "3F 10 00",                                                       /* none asked */
        "3F 10 09 00 01 00 02 00 03 00 04 00 05 00 06 00 07 00 08 00 09", /* nine */
        "3F 10 02 00 01",                      /* fewer ids than announced */
        "3F 10 01 00 01 00",                   /* more */
        "3F 01 00",                            /* GetType has no data */
        "20 10 01 00 01",                      /* another meter */
        "7F 10 01 00 01",                      /* a logger module */
        "3F 55",                               /* unknown command */
        "3F 97 05",                            /* bad data */
        "3F 99",                               /* answer fits no frame */
        "3F 11 30 39 00 01 02 04 00 00 00 1A", /* value cut */
        "3F 11 30 39 00 01 02 01 00 00 00",    /* value too long */
        "3F 11 30 3A 00 01 02 01 00 00",       /* password */
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct bench bench;
        bench_init(&bench);
        send_body(&bench, bodies[i]);
        if (bench.n_answer != 0) {
            fail_msg("answered %s", bodies[i]);
        }
    }
}

static void own_address_answers_with_that_address(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    send_body(&bench, "21 01");
    assert_int_equal(bench.answer[1], 0x21);
    assert_true(bench.n_answer > 6);
}

/* ClrEventStatus gets what GetEventStatus would: CID 9B (5512-447). */
static void clearing_events_is_answered_with_their_status(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    send_body(&bench, "3F 9C 00 00 00 00 01 00 00 00");
    assert_true(bench.n_answer > 6);
    assert_memory_equal(bench.answer, "\x40\x3F\x9B\x04\x00\x00\x00", 7);
    send_body(&bench, "3F 9C 00 00 00 00 01 00 00");
    assert_int_equal(bench.n_answer, 0);
}

static void put_register_is_taken_apart(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    send_body(&bench, "3F 11 30 39 04 17 35 08 00 02 04 05 1E 0E 14 06 18");
    expect(&bench, "06");
    assert_int_equal(bench.fake.n_put, 1);
    assert_int_equal(bench.fake.password, 12345);
    assert_int_equal(bench.fake.put.id, 1047);
    assert_int_equal(bench.fake.put.unit, 53);
    assert_int_equal(bench.fake.put.n_bytes, 8);
    assert_memory_equal(bench.fake.put.bytes, "\x02\x04\x05\x1E\x0E\x14\x06\x18", 8);
}

static void set_clock(struct bench *bench, uint32_t yymmdd, uint32_t hhmmss)
{
    uint8_t body[10], frame[64];
    struct writer w = writer_over(body, sizeof body);
    writer_u8(&w, 0x3F);
    writer_u8(&w, 0x09);
    writer_uint_be(&w, yymmdd, 4);
    writer_uint_be(&w, hhmmss, 4);
    bench_init(bench);
    int length = kmp_frame_encode(KMP_TO_METER, body, sizeof body, frame, sizeof frame);
    send_bytes(bench, frame, (size_t)length);
}

static void clock_is_set_as_published(void **state)
{
    (void)state;
    struct bench bench;
    uint8_t request[32];
    bench_init(&bench);
    send_bytes(&bench, request, hex_bytes("80 3F 09 00 01 14 4A 00 02 77 15 77 4E 0D", request));
    expect(&bench, "06");
    assert_int_equal(bench.fake.yymmdd, 70730);
    assert_int_equal(bench.fake.hhmmss, 161557);
}

static void clock_takes_only_moments_that_exist(void **state)
{
    (void)state;
    static const struct {
        uint32_t yymmdd, hhmmss;
        bool good;
    } cases[] = {
        {240229, 0, true},      {230229, 0, false},          {229, 0, true},
        {991231, 235959, true}, {240431, 0, false},          {240430, 0, true},
        {241301, 0, false},     {240001, 0, false},          {240100, 0, false},
        {240132, 0, false},     {1000101, 0, false},         {240101, 240000, false},
        {240101, 6000, false},  {240101, 60, false},         {240101, 235960, false},
        {UINT32_MAX, 0, false}, {240101, UINT32_MAX, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench bench;
        set_clock(&bench, cases[i].yymmdd, cases[i].hhmmss);
        assert_int_equal(bench.n_answer, cases[i].good ? 1 : 0);
        assert_int_equal(bench.fake.n_set_clock, cases[i].good ? 1 : 0);
    }
}

static void a_meter_without_functions_keeps_silent(void **state)
{
    (void)state;
    static const char *const bodies[] = {"3F 01", "3F 10 01 00 01", "3F 02",
                                         "3F 09 00 01 14 4A 00 02 77 15",
                                         "3F 11 30 39 00 01 02 01 00 00"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct bench bench;
        bench_init(&bench);
        memset(&bench.meter, 0, sizeof bench.meter);
        send_body(&bench, bodies[i]);
        assert_int_equal(bench.n_answer, 0);
    }
}

static void an_answer_that_does_not_fit_is_not_sent(void **state)
{
    (void)state;
    struct bench bench;
    const uint8_t body[] = {0x3F, 0x10, 1, 0, 1}, clock[] = {0x3F, 0x97, 1};
    bench_init(&bench);
    for (size_t capacity = 0; capacity < 15; capacity++) {
        assert_int_equal(kmp_server_answer(&bench.server, &bench.meter, body, sizeof body,
                                           bench.answer, capacity),
                         0);
    }
    assert_int_equal(
        kmp_server_answer(&bench.server, &bench.meter, body, sizeof body, bench.answer, 15), 15);
    assert_int_equal(
        kmp_server_answer(&bench.server, &bench.meter, clock, sizeof clock, bench.answer, 0), 0);
}

static void random_bodies_get_an_answer_or_silence(void **state)
{
    (void)state;
    uint64_t seed = (uint64_t)time(NULL), random = seed * 2 + 1;
    print_message("seed %llu\n", (unsigned long long)seed);
    struct bench bench;
    bench_init(&bench);
    for (unsigned round = 0; round < 200000; round++) {
        static const uint8_t cids[] = {0x01, 0x02, 0x09, 0x10, 0x10, 0x11, 0x97, 0x99};
        uint8_t body[48];
        size_t n_body = test_random(&random) % sizeof body;
        for (size_t i = 0; i < n_body; i++) {
            body[i] = (uint8_t)test_random(&random);
        }
        if (n_body > 2) {
            body[0] = 0x3F;
            body[1] = cids[test_random(&random) % sizeof cids];
            body[2] &= 0x0F;
        }
        size_t n = kmp_server_answer(&bench.server, &bench.meter, body, n_body, bench.answer,
                                     sizeof bench.answer);
        assert_true(n <= sizeof bench.answer);
        assert_true(n == 0 || n == 1 || bench.answer[n - 1] == KMP_STOP);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_is_answered_to_the_byte),
        cmocka_unit_test(a_request_cut_anywhere_is_met_with_silence),
        cmocka_unit_test(unknown_registers_are_left_out),
        cmocka_unit_test(registers_come_in_the_order_asked),
        cmocka_unit_test(eight_of_the_widest_registers_fit),
        cmocka_unit_test(silence_where_the_request_is_not_good),
        cmocka_unit_test(own_address_answers_with_that_address),
        cmocka_unit_test(clearing_events_is_answered_with_their_status),
        cmocka_unit_test(put_register_is_taken_apart),
        cmocka_unit_test(clock_is_set_as_published),
        cmocka_unit_test(clock_takes_only_moments_that_exist),
        cmocka_unit_test(a_meter_without_functions_keeps_silent),
        cmocka_unit_test(an_answer_that_does_not_fit_is_not_sent),
        cmocka_unit_test(random_bodies_get_an_answer_or_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
