/** Both ends of an HDLC link on a test desk. */
#ifndef OPEN382_TEST_HDLC_DESK_H
#define OPEN382_TEST_HDLC_DESK_H

#include <string.h>

#include "hdlc_vectors.h"
#include "proto/dlms/hdlc_client.h"
#include "proto/dlms/hdlc_server.h"

#define APDU_MAX 4000u

/* ---- a server above which stands a list of answers ---- */

struct desk {
    struct hdlc_server server;
    struct hdlc_upper upper;
    uint8_t frame[HDLC_INFO_MAX + HDLC_OVERHEAD], request[APDU_MAX + 3], answer[APDU_MAX];
    uint8_t heard[APDU_MAX];
    size_t n_heard;
    uint8_t next[APDU_MAX];
    size_t n_next; /* of the next answer */
    unsigned n_requests, n_connected, n_released, n_unconfirmed, n_more;
    uint16_t client, device;
    bool refuses;
    int64_t now_ms;
    uint8_t sent[40000];
    size_t n_sent;
};

static inline bool desk_connect(void *context, uint16_t client, uint16_t server)
{
    struct desk *desk = context;
    desk->client = client;
    desk->device = server;
    desk->n_connected += desk->refuses ? 0u : 1u;
    return !desk->refuses;
}

static inline void desk_release(void *context)
{
    ((struct desk *)context)->n_released++;
}

static inline size_t desk_request(void *context, uint8_t *apdu, size_t n_apdu, uint8_t *answer,
                                  size_t capacity)
{
    struct desk *desk = context;
    desk->n_requests++;
    memcpy(desk->heard, apdu, n_apdu);
    memset(apdu, 0, n_apdu);
    desk->n_heard = n_apdu;
    assert_true(desk->n_next <= capacity);
    memcpy(answer, desk->next, desk->n_next);
    return desk->n_next;
}

static inline size_t desk_more(void *context, uint8_t *answer, size_t capacity)
{
    struct desk *desk = context;
    assert_true(capacity >= 1);
    answer[0] = (uint8_t)desk->n_more;
    return desk->n_more > 0 ? desk->n_more-- > 0 : 0;
}

static inline void desk_unconfirmed(void *context, uint16_t client, uint16_t server, uint8_t *apdu,
                                    size_t n_apdu)
{
    struct desk *desk = context;
    desk->n_unconfirmed++;
    desk->client = client;
    desk->device = server;
    memcpy(desk->heard, apdu, n_apdu);
    desk->n_heard = n_apdu;
}

static const struct hdlc_server_settings settings_382m = {
    .own = {512, 128, 1, 1}, .physical = 32, .inactivity_s = 20, .inter_octet_ms = 500};

static inline void desk_init(struct desk *desk, const struct hdlc_server_settings *settings)
{
    memset(desk, 0, sizeof *desk);
    desk->upper = (struct hdlc_upper){desk,         desk_connect, desk_release,
                                      desk_request, desk_more,    desk_unconfirmed};
    desk->now_ms = 1000;
    const struct hdlc_server_memory memory = {
        desk->frame,   settings->own.info_receive + HDLC_OVERHEAD,
        desk->request, sizeof desk->request,
        desk->answer,  sizeof desk->answer};
    hdlc_server_init(&desk->server, settings, &memory);
}

static inline void desk_hear(struct desk *desk, const uint8_t *bytes, size_t n_bytes)
{
    struct reader in = reader_over(bytes, n_bytes);
    struct writer out = writer_over(desk->sent + desk->n_sent, sizeof desk->sent - desk->n_sent);
    hdlc_server_receive(&desk->server, &desk->upper, &in, desk->now_ms, &out);
    assert_int_equal(reader_left(&in), 0);
    desk->n_sent += writer_length(&out);
}

/* The server gets hex and answers exactly wanted ("": nothing). */
static inline void desk_say(struct desk *desk, const char *hex, const char *wanted)
{
    uint8_t bytes[600], answer[600];
    const size_t n = hex_bytes(hex, bytes), n_wanted = hex_bytes(wanted, answer);
    desk->n_sent = 0;
    desk_hear(desk, bytes, n);
    assert_int_equal(desk->n_sent, n_wanted);
    assert_memory_equal(desk->sent, answer, n_wanted);
}

/* A frame of client 16 to device 1. */
static inline size_t frame_make(uint8_t control, bool segmented, const uint8_t *info, size_t n_info,
                                uint8_t *out)
{
    const struct hdlc_frame frame = {.destination = {1, 0, 1},
                                     .source = {16, 0, 1},
                                     .control = control,
                                     .segmented = segmented,
                                     .info = info,
                                     .n_info = (uint16_t)n_info};
    const int n = hdlc_frame_encode(&frame, out, 2100);
    assert_true(n > 0);
    return (size_t)n;
}

static inline void desk_frame(struct desk *desk, uint8_t control, bool segmented, const void *info,
                              size_t n_info)
{
    uint8_t bytes[2100];
    desk->n_sent = 0;
    desk_hear(desk, bytes, frame_make(control, segmented, info, n_info, bytes));
}

/* What the server has sent, one frame at a time. */
static inline bool desk_next(const struct desk *desk, size_t *at, struct hdlc_frame *frame)
{
    static uint8_t buffer[2100];
    struct hdlc_receiver receiver;
    hdlc_receiver_init(&receiver, buffer, sizeof buffer);
    struct reader in = reader_over(desk->sent + *at, desk->n_sent - *at);
    const bool found = hdlc_receiver_take(&receiver, &in, frame);
    *at = desk->n_sent - reader_left(&in);
    return found;
}

static inline uint8_t desk_only_control(const struct desk *desk)
{
    struct hdlc_frame frame;
    size_t at = 0;
    if (!desk_next(desk, &at, &frame)) {
        return 0xFF;
    }
    const uint8_t control = frame.control;
    assert_false(desk_next(desk, &at, &frame));
    return control;
}

static inline void desk_open(struct desk *desk, const struct hdlc_parameters *offer)
{
    uint8_t info[HDLC_PARAMETERS_BYTES];
    struct writer w = writer_over(info, sizeof info);
    hdlc_parameters_write(&w, offer);
    desk_frame(desk, 0x93, false, info, sizeof info);
    assert_int_equal(desk_only_control(desk), 0x73);
}

static inline size_t apdu_of(const char *frame_hex, uint8_t *apdu)
{
    uint8_t bytes[300];
    const size_t n = hex_bytes(frame_hex, bytes);
    memcpy(apdu, bytes + 11, n - 11 - 3); /* one-octet addresses, LLC off */
    return n - 14;
}

/* ---- the client against a script ---- */

struct caller {
    struct hdlc_client client;
    uint8_t frame[HDLC_INFO_MAX + HDLC_OVERHEAD], answer[APDU_MAX + 3];
    int64_t now_ms, next_ms;
    uint8_t sent[20000];
    size_t n_sent;
};

static inline void caller_init(struct caller *caller, const struct hdlc_client_settings *settings)
{
    memset(caller, 0, sizeof *caller);
    const struct hdlc_client_memory memory = {
        caller->frame, sizeof caller->frame, caller->answer, sizeof caller->answer, NULL, 0};
    hdlc_client_init(&caller->client, settings, &memory);
}

static inline enum hdlc_event caller_step(struct caller *caller)
{
    struct writer out = writer_over(caller->sent, sizeof caller->sent);
    const enum hdlc_event event =
        hdlc_client_step(&caller->client, caller->now_ms, &out, &caller->next_ms);
    caller->n_sent = writer_length(&out);
    return event;
}

static inline void caller_sends(struct caller *caller, const char *wanted)
{
    uint8_t bytes[300];
    const size_t n = hex_bytes(wanted, bytes);
    assert_int_equal(caller_step(caller), HDLC_NOTHING);
    assert_int_equal(caller->n_sent, n);
    assert_memory_equal(caller->sent, bytes, n);
}

static inline enum hdlc_event caller_hears(struct caller *caller, const char *hex)
{
    uint8_t bytes[600];
    struct reader in = reader_over(bytes, hex_bytes(hex, bytes));
    return hdlc_client_receive(&caller->client, &in, caller->now_ms);
}

#endif
