/* HDLC server: the traced session octet by octet, then its rules one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/hdlc_desk.h"

/* ---- the traced session ---- */

/* The session of Kamstrup 5512-1424 chapter 4, every octet. */
static void traced_session(void **state)
{
    (void)state;
    static struct desk desk;
    uint8_t apdu[300];
    desk_init(&desk, &settings_382m);
    desk_say(&desk, TRACE_SNRM_382M, TRACE_UA_382M);
    assert_int_equal(desk.client, 16);
    assert_int_equal(desk.device, 1);
    desk.n_next = apdu_of(TRACE_AARE_PUBLIC, desk.next);
    desk_say(&desk, TRACE_AARQ_PUBLIC, TRACE_AARE_PUBLIC);
    size_t n = apdu_of(TRACE_AARQ_PUBLIC, apdu);
    assert_int_equal(desk.n_heard, n);
    assert_memory_equal(desk.heard, apdu, n);
    desk.n_next = apdu_of(TRACE_METER_NUMBER, desk.next);
    desk_say(&desk, TRACE_GET_METER_NUMBER, TRACE_METER_NUMBER);
    desk_say(&desk, TRACE_DISC, TRACE_UA_OF_DISC);
    assert_int_equal(desk.n_released, 1);
    desk_say(&desk, TRACE_DISC, "7E A0 07 21 03 1F 6B E9 7E"); /* there is no link any more */
    assert_int_equal(desk.n_released, 1);
}

/* Without parameters the defaults hold, whatever the server could do. */
static void negotiation(void **state)
{
    (void)state;
    static struct desk desk;
    desk_init(&desk, &settings_382m);
    desk_say(&desk, "7E A0 07 03 21 93 0F 01 7E",
             "7E A0 20 21 03 73 73 98 81 80 14 05 02 00 80 06 02 00 80 07 04 00 00 00 01 08 04 "
             "00 00 00 01 CE 6A 7E");
    static const struct {
        struct hdlc_parameters own, offer, agreed;
    } rows[] = {
        {{512, 128, 1, 1}, {1024, 64, 7, 7}, {64, 128, 1, 1}},
        {{2030, 2030, 7, 7}, {300, 400, 3, 5}, {400, 300, 5, 3}},
        {{128, 2030, 4, 2}, {2030, 2030, 7, 7}, {128, 2030, 4, 2}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct hdlc_server_settings settings = {rows[i].own, 1, 0, 500};
        desk_init(&desk, &settings);
        desk_open(&desk, &rows[i].offer);
        struct hdlc_frame frame;
        struct hdlc_parameters got;
        size_t at = 0;
        assert_true(desk_next(&desk, &at, &frame));
        assert_int_equal(hdlc_parameters_read(frame.info, frame.n_info, &got), HDLC_OK);
        assert_memory_equal(&got, &rows[i].agreed, sizeof got);
    }
    desk_init(&desk, &settings_382m);
    desk_frame(&desk, 0x93, false, "\x81\x80\x09", 3); /* damaged offer */
    assert_int_equal(desk_only_control(&desk), 0x1F);
    assert_int_equal(desk.n_connected, 0);
}

/* 1, 2 and 4 octets with the device's own lower address; any other device is not us. */
static void addresses(void **state)
{
    (void)state;
    static struct desk desk;
    static const struct {
        struct hdlc_address to;
        uint8_t wanted; /* control of the answer; 0xFF: silence */
    } rows[] = {
        {{16, 0, 1}, 0x73},      {{16, 32, 2}, 0x73},         {{16, 32, 4}, 0x73},
        {{16, 33, 2}, 0xFF},     {{16, 17, 4}, 0xFF},         {{0x7F, 0, 1}, 0xFF},
        {{0x7F, 32, 2}, 0xFF},   {{16, 0x7F, 2}, 0xFF},       {{0x3FFF, 32, 4}, 0xFF},
        {{16, 0x3FFF, 4}, 0xFF}, {{0x3FFF, 0x3FFF, 4}, 0xFF},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[64];
        const struct hdlc_frame snrm = {
            .destination = rows[i].to, .source = {19, 0, 1}, .control = 0x93};
        desk_init(&desk, &settings_382m);
        desk_hear(&desk, bytes, (size_t)hdlc_frame_encode(&snrm, bytes, sizeof bytes));
        struct hdlc_frame ua;
        size_t at = 0;
        const bool answered = desk_next(&desk, &at, &ua);
        assert_int_equal(answered ? ua.control : 0xFF, rows[i].wanted);
        if (answered) {
            assert_int_equal(ua.source.upper, rows[i].to.upper);
            assert_int_equal(ua.source.lower, rows[i].to.lower);
            assert_int_equal(ua.source.n_octets, rows[i].to.n_octets);
            assert_int_equal(ua.destination.upper, 19);
        }
    }
    desk_init(&desk, &settings_382m);
    desk.refuses = true;
    desk_say(&desk,
             "7E A0 20 21 27 93 2E 3B 81 80 14 05 02 02 00 06 02 02 00 07 04 00 00 00 01 08 "
             "04 00 00 00 01 6F EF 7E",
             "7E A0 07 27 21 1F 31 2F 7E");
}

static void disconnected_mode(void **state)
{
    (void)state;
    static struct desk desk;
    desk_init(&desk, &settings_382m);
    static const uint8_t polled[] = {0x10, 0x11, 0x15, 0x53};
    for (size_t i = 0; i < sizeof polled; i++) {
        desk_frame(&desk, polled[i], false, NULL, 0);
        assert_int_equal(desk_only_control(&desk), 0x1F);
    }
    static const uint8_t silent[] = {0x00, 0x01, 0x73, 0x1F, 0x97, 0x13, 0x03};
    for (size_t i = 0; i < sizeof silent; i++) {
        desk_frame(&desk, silent[i], false, NULL, 0);
        assert_int_equal(desk.n_sent, 0);
    }
    assert_int_equal(desk.n_requests, 0);
}

/* ---- repetition ---- */

/* The same frame again gets the same answer and is not executed again (ACTION!). */
static void a_repeated_request_is_executed_once(void **state)
{
    (void)state;
    static struct desk desk;
    uint8_t first[200];
    desk_init(&desk, &settings_382m);
    desk_say(&desk, TRACE_SNRM_382M, TRACE_UA_382M);
    memset(desk.next, 0x42, 100);
    desk.n_next = 100;
    desk_frame(&desk, 0x10, false, "\xE6\xE6\x00\xC3", 4);
    const size_t n_first = desk.n_sent;
    memcpy(first, desk.sent, n_first);
    memset(desk.next, 0x43, 100);
    for (unsigned i = 0; i < 3; i++) {
        desk_frame(&desk, 0x10, false, "\xE6\xE6\x00\xC3", 4);
        assert_int_equal(desk.n_sent, n_first);
        assert_memory_equal(desk.sent, first, n_first);
        desk_frame(&desk, 0x11, false, NULL, 0); /* RR that has not heard the answer */
        assert_memory_equal(desk.sent, first, n_first);
    }
    assert_int_equal(desk.n_requests, 1);
    desk_frame(&desk, 0x31, false, NULL, 0); /* RR that has */
    assert_int_equal(desk_only_control(&desk), 0x31);
    desk_frame(&desk, 0x30, false, "\xE6\xE6\x00\xC3", 4); /* and even then */
    assert_int_equal(desk_only_control(&desk), 0x31);
    assert_int_equal(desk.n_requests, 1);
    desk_frame(&desk, 0x32, false, "\xE6\xE6\x00\xC3", 4);
    assert_int_equal(desk.n_requests, 2);
}

/* A frame was lost before this one: the server says which it waits for. */
static void a_gap_is_told(void **state)
{
    (void)state;
    static struct desk desk;
    desk_init(&desk, &settings_382m);
    desk_say(&desk, TRACE_SNRM_382M, TRACE_UA_382M);
    desk_frame(&desk, 0x14, false, "\xE6\xE6\x00\xC3", 4);
    assert_int_equal(desk_only_control(&desk), 0x11);
    assert_int_equal(desk.n_requests, 0);
}

/* The client asks on without having heard the answer: it gets the answer, its question waits. */
static void an_answer_that_was_not_heard_comes_first(void **state)
{
    (void)state;
    static struct desk desk;
    desk_init(&desk, &settings_382m);
    desk_say(&desk, TRACE_SNRM_382M, TRACE_UA_382M);
    desk.n_next = 5;
    desk_frame(&desk, 0x10, false, "\xE6\xE6\x00\xC3", 4);
    assert_int_equal(desk_only_control(&desk), 0x30);
    desk_frame(&desk, 0x12, false, "\xE6\xE6\x00\xC4", 4);
    assert_int_equal(desk_only_control(&desk), 0x30);
    assert_int_equal(desk.n_requests, 1);
    desk_frame(&desk, 0x32, false, "\xE6\xE6\x00\xC4", 4);
    assert_int_equal(desk_only_control(&desk), 0x52);
    assert_int_equal(desk.n_requests, 2);
}

/* ---- segments ---- */

static void long_requests_come_in_segments(void **state)
{
    (void)state;
    static struct desk desk;
    uint8_t apdu[400];
    const struct hdlc_server_settings settings = {{512, 128, 1, 3}, 1, 0, 500};
    const struct hdlc_parameters offer = {128, 512, 3, 1};
    desk_init(&desk, &settings);
    desk_open(&desk, &offer);
    for (size_t i = 0; i < sizeof apdu; i++) {
        apdu[i] = (uint8_t)(i * 7);
    }
    memcpy(apdu, hdlc_llc_command, 3);
    desk.n_next = 2;
    desk_frame(&desk, 0x00, true, apdu, 128);
    assert_int_equal(desk.n_sent, 0); /* no poll, no word */
    desk_frame(&desk, 0x12, true, apdu + 128, 128);
    assert_int_equal(desk_only_control(&desk), 0x51); /* RR, N(R) = 2 */
    desk_frame(&desk, 0x12, true, apdu + 128, 128);   /* repeated: not taken twice */
    assert_int_equal(desk_only_control(&desk), 0x51);
    desk_frame(&desk, 0x04, true, apdu + 256, 128);
    desk_frame(&desk, 0x16, false, apdu + 384, 16);
    assert_int_equal(desk_only_control(&desk), 0x90);
    assert_int_equal(desk.n_requests, 1);
    assert_int_equal(desk.n_heard, sizeof apdu - 3);
    assert_memory_equal(desk.heard, apdu + 3, sizeof apdu - 3);
}

/* Window 3: three frames, the third is final; after RR the rest; RR from the middle repeats. */
static void long_answers_go_in_segments(void **state)
{
    (void)state;
    static struct desk desk;
    const struct hdlc_server_settings settings = {{512, 128, 3, 1}, 1, 0, 500};
    const struct hdlc_parameters offer = {128, 64, 1, 3};
    desk_init(&desk, &settings);
    desk_open(&desk, &offer);
    for (size_t i = 0; i < 300; i++) {
        desk.next[i] = (uint8_t)i;
    }
    desk.n_next = 300; /* 303 with LLC: 64 * 4 + 47 */
    desk_frame(&desk, 0x10, false, "\xE6\xE6\x00\xC0", 4);
    struct hdlc_frame frame;
    size_t at = 0;
    static const uint8_t first[] = {0x20, 0x22, 0x34};
    for (unsigned i = 0; i < 3; i++) {
        assert_true(desk_next(&desk, &at, &frame));
        assert_int_equal(frame.control, first[i]);
        assert_true(frame.segmented);
        assert_int_equal(frame.n_info, 64);
        assert_int_equal(frame.info[63], (uint8_t)(64 * i + 60));
    }
    assert_false(desk_next(&desk, &at, &frame));
    desk_frame(&desk, 0x31, false, NULL, 0); /* only the first one was heard */
    static const uint8_t second[] = {0x22, 0x24, 0x36};
    at = 0;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(desk_next(&desk, &at, &frame));
        assert_int_equal(frame.control, second[i]);
    }
    desk_frame(&desk, 0x91, false, NULL, 0); /* all four */
    at = 0;
    assert_true(desk_next(&desk, &at, &frame));
    assert_int_equal(frame.control, 0x38);
    assert_false(frame.segmented);
    assert_int_equal(frame.n_info, 47);
    assert_int_equal(frame.info[46], 299 & 0xFF);
    assert_false(desk_next(&desk, &at, &frame));
    assert_int_equal(desk.n_requests, 1);
}

/* A client that is not ready gets nothing but RR; then the answer goes on. */
static void a_busy_client_waits(void **state)
{
    (void)state;
    static struct desk desk;
    const struct hdlc_parameters offer = {128, 64, 1, 1};
    desk_init(&desk, &settings_382m);
    desk_open(&desk, &offer);
    desk.n_next = 100;
    desk_frame(&desk, 0x10, false, "\xE6\xE6\x00\xC0", 4);
    desk_frame(&desk, 0x35, false, NULL, 0); /* RNR: the first was heard */
    assert_int_equal(desk_only_control(&desk), 0x31);
    desk_frame(&desk, 0x31, false, NULL, 0);
    assert_int_equal(desk_only_control(&desk), 0x32);
}

static void further_apdus_come_when_polled(void **state)
{
    (void)state;
    static struct desk desk;
    desk_init(&desk, &settings_382m);
    desk_say(&desk, TRACE_SNRM_382M, TRACE_UA_382M);
    desk.n_next = 4;
    desk_frame(&desk, 0x10, false, "\xE6\xE6\x00\xE0", 4);
    assert_int_equal(desk_only_control(&desk), 0x30);
    desk.n_more = 2;
    desk_frame(&desk, 0x11, false, NULL, 0);
    assert_int_equal(desk_only_control(&desk), 0x30); /* not heard yet */
    desk_frame(&desk, 0x31, false, NULL, 0);
    assert_int_equal(desk_only_control(&desk), 0x32);
    desk_frame(&desk, 0x51, false, NULL, 0);
    assert_int_equal(desk_only_control(&desk), 0x34);
    desk_frame(&desk, 0x71, false, NULL, 0);
    assert_int_equal(desk_only_control(&desk), 0x31);
}

/* ---- what is refused ---- */

static void frames_are_rejected(void **state)
{
    (void)state;
    static const struct {
        uint8_t control;
        size_t n_info;
        bool segmented;
        uint8_t reason;
    } rows[] = {
        {0x19, 0, false, 0x01},   /* REJ is not in this profile */
        {0x10, 129, false, 0x04}, /* longer than agreed */
        {0x70, 10, false, 0x08},  /* N(R) = 3 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct desk desk;
        uint8_t info[200] = {0xE6, 0xE6, 0x00, 0xC0};
        struct hdlc_frame frame;
        struct hdlc_server_settings settings = settings_382m;
        size_t at = 0;
        settings.own.info_receive = 200; /* the frame itself fits */
        desk_init(&desk, &settings);
        desk_say(&desk, "7E A0 07 03 21 93 0F 01 7E",
                 "7E A0 20 21 03 73 73 98 81 80 14 05 02 00 80 06 02 00 80 07 04 00 00 00 01 08 "
                 "04 00 00 00 01 CE 6A 7E");
        desk_frame(&desk, rows[i].control, rows[i].segmented, info, rows[i].n_info);
        assert_true(desk_next(&desk, &at, &frame));
        assert_int_equal(frame.control, 0x97);
        assert_int_equal(frame.n_info, 3);
        assert_int_equal(frame.info[0], rows[i].control);
        assert_int_equal(frame.info[1], 0);
        assert_int_equal(frame.info[2], rows[i].reason);
        desk_frame(&desk, 0x11, false, NULL, 0); /* until SNRM or DISC */
        assert_int_equal(desk_only_control(&desk), 0x97);
        desk_frame(&desk, 0x10, false, info, 4);
        assert_int_equal(desk_only_control(&desk), 0x97);
        assert_int_equal(desk.n_requests, 0);
        desk_frame(&desk, 0x93, false, NULL, 0);
        assert_int_equal(desk_only_control(&desk), 0x73);
        assert_int_equal(desk.n_released, 1);
        desk_frame(&desk, 0x10, false, info, 4);
        assert_int_equal(desk.n_requests, 1);
    }
}

static void a_request_too_long_for_its_memory(void **state)
{
    (void)state;
    static struct desk desk;
    uint8_t info[128] = {0xE6, 0xE6, 0x00};
    desk_init(&desk, &settings_382m);
    desk.server.request.capacity = 300;
    desk_say(&desk, TRACE_SNRM_382M, TRACE_UA_382M);
    desk_frame(&desk, 0x10, true, info, 128);
    desk_frame(&desk, 0x12, true, info, 128);
    desk_frame(&desk, 0x14, true, info, 128);
    assert_int_equal(desk_only_control(&desk), 0x97);
    assert_int_equal(desk.n_requests, 0);
}

static void wrong_llc_octets_reach_nobody(void **state)
{
    (void)state;
    static struct desk desk;
    desk_init(&desk, &settings_382m);
    desk_say(&desk, TRACE_SNRM_382M, TRACE_UA_382M);
    desk_frame(&desk, 0x10, false, "\xE6\xE7\x00\xC0", 4);
    assert_int_equal(desk_only_control(&desk), 0x31);
    desk_frame(&desk, 0x12, false, "\xE6\xE6", 2);
    assert_int_equal(desk_only_control(&desk), 0x51);
    assert_int_equal(desk.n_requests, 0);
}

static void unconfirmed_frames(void **state)
{
    (void)state;
    static struct desk desk;
    static const struct hdlc_address to[] = {{1, 0, 1},           {0x7F, 0, 1}, {0x7F, 0x7F, 2},
                                             {0x3FFF, 0x3FFF, 4}, {1, 0x7F, 2}, {1, 32, 2}};
    desk_init(&desk, &settings_382m);
    for (unsigned i = 0; i < 2 * sizeof to / sizeof to[0]; i++) {
        uint8_t bytes[64];
        const struct hdlc_frame frame = {.destination = to[i / 2],
                                         .source = {16, 0, 1},
                                         .control = i % 2 != 0 ? 0x13 : 0x03,
                                         .info = (const uint8_t *)"\xE6\xE6\x00\xC1\x01",
                                         .n_info = 5};
        desk_hear(&desk, bytes, (size_t)hdlc_frame_encode(&frame, bytes, sizeof bytes));
        assert_int_equal(desk.n_unconfirmed, i + 1);
        assert_int_equal(desk.n_sent, 0);
        assert_int_equal(desk.n_heard, 2);
        assert_int_equal(desk.device, to[i / 2].upper);
    }
    const struct hdlc_frame other = {.destination = {1, 33, 2},
                                     .source = {16, 0, 1},
                                     .control = 0x03,
                                     .info = (const uint8_t *)"\xE6\xE6\x00\xC1\x01",
                                     .n_info = 5};
    uint8_t bytes[64];
    desk_hear(&desk, bytes, (size_t)hdlc_frame_encode(&other, bytes, sizeof bytes));
    assert_int_equal(desk.n_unconfirmed, 12);
    assert_int_equal(desk.n_requests, 0);
}

/* Another client has to open a link of its own; that ends the first one. */
static void a_second_client(void **state)
{
    (void)state;
    static struct desk desk;
    desk_init(&desk, &settings_382m);
    desk_say(&desk, TRACE_SNRM_382M, TRACE_UA_382M);
    desk_say(&desk,
             "7E A0 1B 21 27 32 4A 03 E6 E6 00 C1 01 81 00 01 01 01 00 01 05 80 02 00 11 01 "
             "71 9E 7E",
             "7E A0 07 27 21 1F 31 2F 7E");
    assert_int_equal(desk.n_requests, 0);
    assert_int_equal(desk.n_released, 0);
    desk_say(&desk,
             "7E A0 20 21 27 93 2E 3B 81 80 14 05 02 02 00 06 02 02 00 07 04 00 00 00 01 08 "
             "04 00 00 00 01 6F EF 7E",
             "7E A0 20 27 21 73 29 5E 81 80 14 05 02 02 00 06 02 00 80 07 04 00 00 00 01 08 04 00 "
             "00 00 01 19 D4 7E");
    assert_int_equal(desk.n_released, 1);
    assert_int_equal(desk.client, 19);
}

/* ---- time ---- */

static void silence_ends_the_link(void **state)
{
    (void)state;
    static struct desk desk;
    desk_init(&desk, &settings_382m);
    struct writer out = writer_over(desk.sent, sizeof desk.sent);
    assert_int_equal(hdlc_server_step(&desk.server, &desk.upper, desk.now_ms, &out), INT64_MAX);
    desk_say(&desk, TRACE_SNRM_382M, TRACE_UA_382M);
    assert_int_equal(hdlc_server_step(&desk.server, &desk.upper, desk.now_ms, &out), 21000);
    desk.now_ms = 20999;
    desk_frame(&desk, 0x11, false, NULL, 0);
    assert_int_equal(desk_only_control(&desk), 0x11);
    desk.now_ms = 40998;
    assert_int_equal(hdlc_server_step(&desk.server, &desk.upper, desk.now_ms, &out), 40999);
    assert_int_equal(desk.n_released, 0);
    desk.now_ms = 40999;
    assert_int_equal(hdlc_server_step(&desk.server, &desk.upper, desk.now_ms, &out), INT64_MAX);
    assert_int_equal(desk.n_released, 1);
    desk_frame(&desk, 0x11, false, NULL, 0);
    assert_int_equal(desk_only_control(&desk), 0x1F);
}

/* A frame that stopped is forgotten; one that stands behind it is heard. */
static void a_frame_that_stops_is_forgotten(void **state)
{
    (void)state;
    static struct desk desk;
    uint8_t bytes[100];
    desk_init(&desk, &settings_382m);
    /* begins like a long frame, and then the real one comes */
    size_t n = hex_bytes("7E A0 7F 03 21", bytes);
    desk_hear(&desk, bytes, n);
    n = hex_bytes("7E A0 07 03 21 93 0F 01 7E", bytes);
    desk.now_ms += 501;
    desk_hear(&desk, bytes, n);
    assert_int_equal(desk_only_control(&desk), 0x73);
    /* the same without a pause: the server finds out when nothing more comes */
    desk_init(&desk, &settings_382m);
    n = hex_bytes("7E A0 07 03 21 7E A0 07 03 21 93 0F 01 7E", bytes);
    desk_hear(&desk, bytes, n);
    struct writer out = writer_over(desk.sent, sizeof desk.sent);
    desk.now_ms += 500;
    (void)hdlc_server_step(&desk.server, &desk.upper, desk.now_ms, &out);
    assert_int_equal(desk.n_connected, 1);
}

/* An answer waits for room, and bytes are not taken meanwhile. */
static void room_is_waited_for(void **state)
{
    (void)state;
    static struct desk desk;
    uint8_t bytes[200], small[100];
    desk_init(&desk, &settings_382m);
    size_t n = hex_bytes(TRACE_SNRM_382M, bytes);
    n += hex_bytes(TRACE_AARQ_PUBLIC, bytes + n);
    desk.n_next = 60;
    struct reader in = reader_over(bytes, n);
    struct writer out = writer_over(small, 33);
    hdlc_server_receive(&desk.server, &desk.upper, &in, 5, &out);
    assert_int_equal(writer_length(&out), 0);
    assert_int_equal(hdlc_server_step(&desk.server, &desk.upper, 5, &out), 5);
    out = writer_over(small, 34);
    assert_int_equal(hdlc_server_step(&desk.server, &desk.upper, 5, &out), 20005);
    assert_int_equal(writer_length(&out), 34);
    assert_true(reader_left(&in) > 0);
    out = writer_over(small, 60);
    hdlc_server_receive(&desk.server, &desk.upper, &in, 5, &out);
    assert_int_equal(writer_length(&out), 0);
    assert_int_equal(desk.n_requests, 1);
    out = writer_over(small, 100);
    (void)hdlc_server_step(&desk.server, &desk.upper, 5, &out);
    assert_int_equal(writer_length(&out), 60 + 3 + 11);
}

static void push_in_several_frames(void **state)
{
    (void)state;
    uint8_t apdu[300], bytes[500], frame_buffer[300], answer[8], notice[400];
    const struct hdlc_address client = {102, 0, 1}, meter = {1, 32, 2};
    for (size_t i = 0; i < sizeof apdu; i++) {
        apdu[i] = (uint8_t)(i * 3);
    }
    struct writer out = writer_over(bytes, sizeof bytes);
    assert_int_equal(hdlc_push(&client, &meter, 128, apdu, sizeof apdu, &out), HDLC_OK);
    const struct hdlc_client_settings settings =
        hdlc_client_defaults(16, (struct hdlc_address){1, 0, 1});
    const struct hdlc_client_memory memory = {
        frame_buffer, sizeof frame_buffer, answer, sizeof answer, notice, sizeof notice};
    struct hdlc_client listener;
    hdlc_client_init(&listener, &settings, &memory);
    struct reader in = reader_over(bytes, writer_length(&out));
    assert_int_equal(hdlc_client_receive(&listener, &in, 0), HDLC_NOTICE);
    assert_int_equal(listener.n_apdu, sizeof apdu);
    assert_memory_equal(listener.apdu, apdu, sizeof apdu);
    assert_int_equal(listener.notice_from.lower, 32);
    out = writer_over(bytes, 300);
    assert_int_equal(hdlc_push(&client, &meter, 128, apdu, sizeof apdu, &out), HDLC_ERR_SPACE);
    assert_int_equal(writer_length(&out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traced_session),
        cmocka_unit_test(negotiation),
        cmocka_unit_test(addresses),
        cmocka_unit_test(disconnected_mode),
        cmocka_unit_test(a_repeated_request_is_executed_once),
        cmocka_unit_test(a_gap_is_told),
        cmocka_unit_test(an_answer_that_was_not_heard_comes_first),
        cmocka_unit_test(long_requests_come_in_segments),
        cmocka_unit_test(long_answers_go_in_segments),
        cmocka_unit_test(a_busy_client_waits),
        cmocka_unit_test(further_apdus_come_when_polled),
        cmocka_unit_test(frames_are_rejected),
        cmocka_unit_test(a_request_too_long_for_its_memory),
        cmocka_unit_test(wrong_llc_octets_reach_nobody),
        cmocka_unit_test(unconfirmed_frames),
        cmocka_unit_test(a_second_client),
        cmocka_unit_test(silence_ends_the_link),
        cmocka_unit_test(a_frame_that_stops_is_forgotten),
        cmocka_unit_test(room_is_waited_for),
        cmocka_unit_test(push_in_several_frames),
    };
    return cmocka_run_group_tests_name("hdlc_server", tests, NULL, NULL);
}
