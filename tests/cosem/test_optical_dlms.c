/* DLMS on the optical port of a whole meter, beside KMP and IEC 62056-21: direct HDLC, mode E, what
 * belongs to whom on one line, and what ends a link. */
#include <stdio.h>

#include "../app/legal_puppet.h"

#include "../app/optical_talk.h"
#include "../proto/hdlc_vectors.h"

static const uint8_t kmp_ask[] = {0x80, 0x3F, 0x10, 0x01, 0x00, 0x01, 0x55, 0xA1, 0x0D};
static const uint8_t iec_ask[] = {'/', '?', '!', '\r', '\n'};
static const uint8_t mode_e[] = {0x06, '2', '5', '2', '\r', '\n'};

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

static void expect(struct meter *meter, const char *question, const char *answer, int64_t wall_ms)
{
    uint8_t ask[300], wanted[300], got[2048];
    const size_t n_ask = hex_bytes(question, ask), n_wanted = hex_bytes(answer, wanted);
    const size_t n = say(meter, ask, n_ask, wall_ms, got, sizeof got);
    assert_int_equal(n, n_wanted);
    assert_memory_equal(got, wanted, n);
}

static void expect_kmp(struct meter *meter, int64_t wall_ms)
{
    uint8_t got[2048];
    assert_int_equal(say(meter, kmp_ask, sizeof kmp_ask, wall_ms, got, sizeof got), 15);
    assert_int_equal(got[0], 0x40);
    assert_int_equal(optical_baud(&meter->optical[0]), 9600);
}

static void open_link(struct meter *meter, int64_t wall_ms)
{
    expect(meter, TRACE_SNRM_382M, TRACE_UA_382M, wall_ms);
    assert_int_equal(optical_baud(&meter->optical[0]), 9600);
}

static void open_association(struct meter *meter, int64_t wall_ms)
{
    open_link(meter, wall_ms);
    expect(meter, TRACE_AARQ_PUBLIC, TRACE_AARE_PUBLIC, wall_ms);
}

#define RR  "7E A0 07 03 21 31 17 87 7E"
#define DM  "7E A0 07 21 03 1F 6B E9 7E"
#define RR1 "7E A0 07 21 03 31 17 21 7E"

/* REQ(OPT-03): the 382M's traced session (Kamstrup 5512-1424 chapter 4), octet by octet; the meter
 * has the number of the trace. */
static void traced_session(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 12345679);
    open_association(meter, 0);
    expect(meter, TRACE_GET_METER_NUMBER, TRACE_METER_NUMBER, 100);
    expect(meter, TRACE_DISC, TRACE_UA_OF_DISC, 200);
    expect(meter, TRACE_GET_METER_NUMBER, DM, 300);
}

/* REQ(OPT-03): the optical client gets in by its password and writes. */
static void traced_optical_client(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    expect(meter,
           "7E A0 20 21 27 93 2E 3B 81 80 14 05 02 02 00 06 02 02 00 07 04 00 00 00 01 08 04 00 00 "
           "00 01 6F EF 7E",
           "7E A0 20 27 21 73 29 5E 81 80 14 05 02 02 00 06 02 00 80 07 04 00 00 00 01 08 04 00 00 "
           "00 01 19 D4 7E",
           0);
    uint8_t ask[300], got[2048];
    const size_t n_ask = hex_bytes(
        "7E A0 41 21 27 10 E2 08 E6 E6 00 60 33 A1 09 06 07 60 85 74 05 08 01 01 8A 02 07 80 8B 07 "
        "60 85 74 05 08 02 01 AC 07 80 05 31 32 33 34 35 BE 10 04 0E 01 00 00 00 06 5F 1F 04 00 00 "
        "FE 1F FF FF 0C FF 7E",
        ask);
    assert_int_equal(say(meter, ask, n_ask, 0, got, sizeof got), 57);
    assert_memory_equal(got + 11, "\x61\x29", 2);
    assert_memory_equal(got + 24, "\xA2\x03\x02\x01\x00", 5); /* accepted */
    expect(
        meter, /* end of the debiting period; bit 6 of the invoke id is clear, and it is answered */
        "7E A0 1B 21 27 32 4A 03 E6 E6 00 C1 01 81 00 01 01 01 00 01 05 80 02 00 11 01 71 9E 7E",
        "7E A0 10 27 21 52 50 22 E6 E7 00 C5 01 81 00 36 CF 7E", 100);
}

/* Which clients a port serves; the others get DM, and another device's frames silence. */
static void each_port_has_its_clients(void **state)
{
    (void)state;
    static const struct {
        enum rights_channel channel;
        bool served[4]; /* clients 16, 18, 19, 20 */
    } rows[] = {{CHANNEL_OPTICAL, {true, false, true, false}},
                {CHANNEL_MODULE, {true, true, false, false}},
                {CHANNEL_CONSUMER, {true, false, false, true}}};
    static const uint8_t clients[] = {16, 18, 19, 20};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct meter *meter = toy_meter("382M", 0);
        optical_connect(&meter->optical[0], meter, rows[i].channel);
        for (size_t c = 0; c < sizeof clients; c++) {
            uint8_t ask[64], got[2048];
            struct hdlc_frame snrm = {.destination = {clients[c] == 16 ? 1 : 16, 0, 1},
                                      .source = {clients[c], 0, 1},
                                      .control = 0x93};
            int n_ask = hdlc_frame_encode(&snrm, ask, sizeof ask);
            assert_true(say(meter, ask, (size_t)n_ask, 0, got, sizeof got) > 8);
            assert_int_equal(got[5], rows[i].served[c] ? 0x73 : 0x1F);
            snrm.destination = (struct hdlc_address){snrm.destination.upper, 33, 2};
            n_ask = hdlc_frame_encode(&snrm, ask, sizeof ask);
            assert_int_equal(say(meter, ask, (size_t)n_ask, 0, got, sizeof got), 0);
        }
    }
}

/* KMP and IEC in the middle of a link disturb neither it nor each other. */
static void three_protocols_on_one_line(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 12345679);
    uint8_t got[2048];
    open_association(meter, 0);
    expect_kmp(meter, 100);
    assert_int_equal(say(meter, iec_ask, sizeof iec_ask, 200, got, sizeof got), 21);
    assert_int_equal(got[0], '/');
    expect_kmp(meter, 300); /* KMP ends what IEC has begun */
    expect(meter, TRACE_GET_METER_NUMBER, TRACE_METER_NUMBER, 400);
    assert_int_equal(optical_baud(&meter->optical[0]), 9600);
    expect_kmp(meter, 500);
    expect(meter, TRACE_DISC, TRACE_UA_OF_DISC, 600);
}

/* 80 and '/' inside a frame, and 7E inside a telegram, belong to whoever is speaking. */
static void bytes_inside_belong_to_the_speaker(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 12345679);
    uint8_t got[2048];
    open_link(meter, 0); /* has 81 80 inside */
    uint8_t ask[64];
    const struct hdlc_frame frame = {.destination = {1, 0, 1},
                                     .source = {16, 0, 1},
                                     .control = 0x10,
                                     .info = (const uint8_t *)"\xE6\xE6\x00/?!\r\n\x80\x3F",
                                     .n_info = 10};
    const int n = hdlc_frame_encode(&frame, ask, sizeof ask);
    assert_true(say(meter, ask, (size_t)n, 100, got, sizeof got) > 0);
    assert_int_equal(got[0], 0x7E);
    uint8_t body[] = {0x3F, 0x10, 0x01, 0x7E, 0x7E}, telegram[32];
    const int n_kmp = kmp_frame_encode(KMP_TO_METER, body, sizeof body, telegram, sizeof telegram);
    assert_true(say(meter, telegram, (size_t)n_kmp, 200, got, sizeof got) > 0);
    assert_int_equal(got[0], 0x40);
}

/* A flag that is noise swallows nothing; a frame that stops swallows half a second. */
static void noise_that_looks_like_a_frame(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 12345679);
    static const uint8_t flag[] = {0x7E}, begun[] = {0x7E, 0xA0, 0x40, 0x03};
    uint8_t got[64];
    for (int64_t wall_ms = 0; wall_ms < 20000; wall_ms += 1000) {
        assert_int_equal(say(meter, flag, sizeof flag, wall_ms, got, sizeof got), 0);
        expect_kmp(meter, wall_ms);
        assert_int_equal(say(meter, begun, sizeof begun, wall_ms + 1, got, sizeof got), 0);
        assert_int_equal(optical_step(&meter->optical[0], meter, wall_ms + 2), wall_ms + 501);
        expect_kmp(meter, wall_ms + 501);
    }
}

/* Silence ends the link after 20 s, loss of supply at once. */
static void what_ends_a_link(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 12345679);
    open_association(meter, 0);
    assert_int_equal(optical_step(&meter->optical[0], meter, 1000), 20000);
    expect(meter, RR, RR1, 19999);
    assert_int_equal(optical_step(&meter->optical[0], meter, 39999), INT64_MAX);
    expect(meter, RR, DM, 40000);
    open_association(meter, 41000);
    puppet.supply = LEGAL_SUPPLY_OFF;
    (void)meter_step(meter, meter->now_us + SECOND);
    uint8_t ask[32], got[64];
    const size_t n = hex_bytes(RR, ask);
    assert_int_equal(say(meter, ask, n, 41100, got, sizeof got), 0);
    puppet.supply = LEGAL_SUPPLY_ON;
    (void)meter_step(meter, meter->now_us + SECOND);
    expect(meter, RR, DM, 41200);
}

/* REQ(OPT-02): after the opening of mode E the port is HDLC at the agreed speed, and falls back. */
static void mode_e_opens_hdlc(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 12345679);
    uint8_t got[2048];
    assert_int_equal(say(meter, iec_ask, sizeof iec_ask, 0, got, sizeof got), 21);
    assert_int_equal(say(meter, mode_e, sizeof mode_e, 100, got, sizeof got), 6);
    assert_memory_equal(got, mode_e, sizeof mode_e);
    assert_int_equal(optical_step(&meter->optical[0], meter, 100), 300);
    (void)optical_step(&meter->optical[0], meter, 300);
    assert_int_equal(optical_baud(&meter->optical[0]), 9600);
    open_association(meter, 400);
    expect(meter, TRACE_GET_METER_NUMBER, TRACE_METER_NUMBER, 500);
    expect(meter, TRACE_DISC, TRACE_UA_OF_DISC, 600);
    assert_int_equal(optical_step(&meter->optical[0], meter, 700), 600 + OPTICAL_BINARY_IDLE_MS);
    (void)optical_step(&meter->optical[0], meter, 600 + OPTICAL_BINARY_IDLE_MS);
    assert_false(iec_server_busy(&meter->optical[0].iec));
    /* at 300 baud the speed is the agreed one, too */
    static const uint8_t slow[] = {0x06, '2', '0', '2', '\r', '\n'};
    (void)say(meter, iec_ask, sizeof iec_ask, 30000, got, sizeof got);
    (void)say(meter, slow, sizeof slow, 30000, got, sizeof got);
    (void)optical_step(&meter->optical[0], meter, 30200);
    expect(meter, TRACE_SNRM_382M, TRACE_UA_382M, 30300);
    assert_int_equal(optical_baud(&meter->optical[0]), 300);
}

/* A meter without DLMS takes flags for noise. */
static void meters_without_dlms(void **state)
{
    (void)state;
    static const char *const variants[] = {"382B", "382C", "382D", "382E"};
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        struct meter *meter = toy_meter(variants[i], 0);
        expect(meter, TRACE_SNRM_382M, "", 0);
        expect_kmp(meter, 1);
    }
}

/* One who polls and never waits, and nobody who fetches: bounded, and the port lives on. */
static void a_flood_of_polls(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 12345679);
    uint8_t ask[300], got[OPTICAL_TX_BYTES];
    open_association(meter, 0);
    size_t n = hex_bytes(TRACE_GET_METER_NUMBER, ask);
    for (unsigned i = 0; i < 2000; i++) {
        optical_receive(&meter->optical[0], meter, ask, n, 100);
    }
    while (optical_transmit(&meter->optical[0], got, sizeof got) > 0) {
        (void)optical_step(&meter->optical[0], meter, 100);
    }
    expect(meter, TRACE_DISC, TRACE_UA_OF_DISC, 700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(traced_session, setup),
        cmocka_unit_test_setup(traced_optical_client, setup),
        cmocka_unit_test_setup(each_port_has_its_clients, setup),
        cmocka_unit_test_setup(three_protocols_on_one_line, setup),
        cmocka_unit_test_setup(bytes_inside_belong_to_the_speaker, setup),
        cmocka_unit_test_setup(noise_that_looks_like_a_frame, setup),
        cmocka_unit_test_setup(what_ends_a_link, setup),
        cmocka_unit_test_setup(mode_e_opens_hdlc, setup),
        cmocka_unit_test_setup(meters_without_dlms, setup),
        cmocka_unit_test_setup(a_flood_of_polls, setup),
    };
    return cmocka_run_group_tests_name("optical_dlms", tests, NULL, NULL);
}
