/**
 * Arbitrary bytes on an HDLC link and on the wrapper: the harness of tests/fuzz/fuzz_hdlc.c, and of
 * the mutated frames in ./test.
 *
 * The input is a list of pieces: one octet (bits 0..5: length; bit 6: time passes; bit 7: the piece
 * becomes a frame with right checks), then so many octets.  Of a frame the first is the control
 * octet, the second its address and S bit, the rest information.
 */
#ifndef OPEN382_TEST_HDLC_FUZZ_H
#define OPEN382_TEST_HDLC_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "proto/dlms/dlms_wrapper.h"
#include "proto/dlms/hdlc_client.h"
#include "proto/dlms/hdlc_server.h"

#define HDLC_FUZZ_INFO 64u

struct hdlc_fuzz {
    struct hdlc_server server;
    struct hdlc_client client;
    uint8_t server_frame[HDLC_FUZZ_INFO + HDLC_OVERHEAD], request[150], answer[200];
    uint8_t client_frame[HDLC_FUZZ_INFO + HDLC_OVERHEAD], heard[150], notice[100];
    bool linked;         /**< as the upper side has been told */
    unsigned n_requests; /**< handed up */
    uint64_t sum;        /**< of all that was handed up: reads every octet */
    int64_t now_ms;
};

static inline void hdlc_fuzz_read(struct hdlc_fuzz *fuzz, const uint8_t *bytes, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        fuzz->sum += bytes[i];
    }
}

static inline bool hdlc_fuzz_connect(void *context, uint16_t client, uint16_t server)
{
    struct hdlc_fuzz *fuzz = context;
    if (fuzz->linked) {
        abort(); /* the one before was not released */
    }
    fuzz->linked = client != 5 && server != 5;
    return fuzz->linked;
}

static inline void hdlc_fuzz_release(void *context)
{
    struct hdlc_fuzz *fuzz = context;
    if (!fuzz->linked) {
        abort();
    }
    fuzz->linked = false;
}

static inline size_t hdlc_fuzz_request(void *context, uint8_t *apdu, size_t n_apdu, uint8_t *answer,
                                       size_t capacity)
{
    struct hdlc_fuzz *fuzz = context;
    const size_t n = n_apdu > 0 ? apdu[0] % (capacity + 1u) : 0;
    if (!fuzz->linked) {
        abort();
    }
    hdlc_fuzz_read(fuzz, apdu, n_apdu);
    fuzz->n_requests++;
    memset(apdu, 0xAA, n_apdu);
    memset(answer, 0x55, n);
    return n;
}

static inline size_t hdlc_fuzz_more(void *context, uint8_t *answer, size_t capacity)
{
    struct hdlc_fuzz *fuzz = context;
    answer[capacity - 1] = 0x66;
    return fuzz->n_requests % 7u == 3u ? capacity : 0;
}

static inline void hdlc_fuzz_unconfirmed(void *context, uint16_t client, uint16_t server,
                                         uint8_t *apdu, size_t n_apdu)
{
    (void)client;
    (void)server;
    hdlc_fuzz_read(context, apdu, n_apdu);
    memset(apdu, 0xBB, n_apdu);
}

/** Whatever goes out consists of whole good frames. */
static inline void hdlc_fuzz_check(const uint8_t *bytes, size_t n_bytes)
{
    uint8_t buffer[HDLC_FUZZ_INFO + HDLC_OVERHEAD];
    struct hdlc_receiver receiver;
    struct hdlc_frame frame;
    size_t n_good = 0;
    hdlc_receiver_init(&receiver, buffer, sizeof buffer);
    struct reader in = reader_over(bytes, n_bytes);
    while (hdlc_receiver_take(&receiver, &in, &frame)) {
        n_good += receiver.done + 1u;
    }
    if (n_good != n_bytes) {
        abort();
    }
}

static inline void hdlc_fuzz_serve(struct hdlc_fuzz *fuzz, const uint8_t *bytes, size_t n_bytes)
{
    const struct hdlc_upper upper = {
        fuzz,           hdlc_fuzz_connect,    hdlc_fuzz_release, hdlc_fuzz_request,
        hdlc_fuzz_more, hdlc_fuzz_unconfirmed};
    uint8_t sent[3 * (HDLC_FUZZ_INFO + HDLC_OVERHEAD)];
    struct reader in = reader_over(bytes, n_bytes);
    for (unsigned turn = 0; turn < 200 && (turn == 0 || reader_left(&in) > 0); turn++) {
        struct writer out = writer_over(sent, sizeof sent - 60u * (turn % 3u));
        hdlc_server_receive(&fuzz->server, &upper, &in, fuzz->now_ms, &out);
        if (hdlc_server_step(&fuzz->server, &upper, fuzz->now_ms, &out) < fuzz->now_ms) {
            abort();
        }
        hdlc_fuzz_check(sent, writer_length(&out));
    }
    if (reader_left(&in) > 0) {
        abort(); /* it does not go on */
    }
}

static inline void hdlc_fuzz_ask(struct hdlc_fuzz *fuzz, const uint8_t *bytes, size_t n_bytes,
                                 uint8_t what)
{
    static const uint8_t apdu[100] = {0xC0, 0x01};
    uint8_t sent[3 * (HDLC_FUZZ_INFO + HDLC_OVERHEAD)];
    struct reader in = reader_over(bytes, n_bytes);
    int64_t next_ms;
    switch (what % 8u) {
    case 0: hdlc_client_connect(&fuzz->client); break;
    case 1: hdlc_client_disconnect(&fuzz->client); break;
    case 2: (void)hdlc_client_poll(&fuzz->client); break;
    case 3:
    case 4: (void)hdlc_client_request(&fuzz->client, apdu, sizeof apdu, what % 8u == 3); break;
    default: break;
    }
    do {
        struct writer out = writer_over(sent, sizeof sent);
        const enum hdlc_event event = hdlc_client_receive(&fuzz->client, &in, fuzz->now_ms);
        if (event == HDLC_ANSWER || event == HDLC_NOTICE) {
            hdlc_fuzz_read(fuzz, fuzz->client.apdu, fuzz->client.n_apdu);
        }
        (void)hdlc_client_step(&fuzz->client, fuzz->now_ms, &out, &next_ms);
        hdlc_fuzz_check(sent, writer_length(&out));
    } while (reader_left(&in) > 0);
}

/** A piece as a frame with right checks; to_server: else from it. */
static inline size_t hdlc_fuzz_frame(const uint8_t *piece, size_t n_piece, bool to_server,
                                     uint8_t *out, size_t capacity)
{
    static const struct hdlc_address servers[] = {{1, 0, 1},    {1, 32, 2}, {1, 32, 4},
                                                  {1, 33, 2},   {5, 0, 1},  {0x7F, 0x7F, 2},
                                                  {0x7F, 0, 1}, {16, 0, 1}};
    const struct hdlc_address client = {16, 0, 1};
    struct hdlc_frame frame = {.segmented = n_piece > 1 && (piece[1] & 0x80u) != 0};
    const struct hdlc_address *server = &servers[n_piece > 1 ? piece[1] & 7u : 0u];
    frame.destination = to_server ? *server : client;
    frame.source = to_server ? client : *server;
    frame.control = n_piece > 0 ? piece[0] : 0x93;
    frame.info = piece + 2;
    frame.n_info = (uint16_t)(n_piece > 2 ? n_piece - 2 : 0);
    const int n = hdlc_frame_encode(&frame, out, capacity);
    return n < 0 ? 0 : (size_t)n;
}

static inline void hdlc_fuzz_link(const uint8_t *data, size_t size)
{
    static struct hdlc_fuzz fuzz;
    const struct hdlc_server_settings settings = {
        {HDLC_FUZZ_INFO, HDLC_FUZZ_INFO, 3, 3}, 32, 20, 500};
    memset(&fuzz, 0, sizeof fuzz);
    const struct hdlc_server_memory memory = {fuzz.server_frame, sizeof fuzz.server_frame,
                                              fuzz.request,      sizeof fuzz.request,
                                              fuzz.answer,       sizeof fuzz.answer};
    const struct hdlc_client_memory client_memory = {fuzz.client_frame, sizeof fuzz.client_frame,
                                                     fuzz.heard,        sizeof fuzz.heard,
                                                     fuzz.notice,       sizeof fuzz.notice};
    struct hdlc_client_settings client = hdlc_client_defaults(16, (struct hdlc_address){1, 0, 1});
    client.own = (struct hdlc_parameters){HDLC_FUZZ_INFO, HDLC_FUZZ_INFO, 3, 3};
    hdlc_server_init(&fuzz.server, &settings, &memory);
    hdlc_client_init(&fuzz.client, &client, &client_memory);
    while (size > 0) {
        const uint8_t head = *data++;
        const size_t wanted = head & 0x3Fu;
        const size_t n = wanted < size - 1 ? wanted : size - 1;
        uint8_t frame[HDLC_FUZZ_INFO + HDLC_OVERHEAD];
        fuzz.now_ms += (head & 0x40u) != 0 ? 1000 : 1;
        const bool sealed = (head & 0x80u) != 0;
        size_t n_frame = sealed ? hdlc_fuzz_frame(data, n, true, frame, sizeof frame) : 0;
        hdlc_fuzz_serve(&fuzz, sealed ? frame : data, sealed ? n_frame : n);
        n_frame = sealed ? hdlc_fuzz_frame(data, n, false, frame, sizeof frame) : 0;
        hdlc_fuzz_ask(&fuzz, sealed ? frame : data, sealed ? n_frame : n, (uint8_t)(head + n));
        data += n;
        size -= n + 1;
    }
}

static inline size_t hdlc_fuzz_wrapped(void *context, uint16_t client, uint16_t server,
                                       uint8_t *apdu, size_t n_apdu, uint8_t *answer,
                                       size_t capacity)
{
    hdlc_fuzz_read(context, apdu, n_apdu);
    memset(apdu, 0xCC, n_apdu);
    memset(answer, 0x77, capacity);
    return (size_t)(client + server) % (capacity + 1u);
}

static inline void hdlc_fuzz_wrapper(const uint8_t *data, size_t size)
{
    static struct hdlc_fuzz fuzz;
    uint8_t buffer[48], sent[100], datagram[64];
    struct dlms_wrapper_server server;
    struct dlms_wpdu wpdu;
    const struct dlms_wrapper_upper upper = {&fuzz, hdlc_fuzz_wrapped, NULL};
    dlms_wrapper_server_init(&server, buffer, sizeof buffer, 40);
    for (size_t at = 0; at < size;) { /* in pieces of their own first octet's length */
        const size_t wanted = 1u + data[at] % 31u;
        const size_t n = wanted < size - at ? wanted : size - at;
        struct reader in = reader_over(data + at, n);
        int result = DLMS_WRAPPER_OK;
        while (result == DLMS_WRAPPER_OK && reader_left(&in) > 0) {
            struct writer out = writer_over(sent, sizeof sent);
            result = dlms_wrapper_serve(&server, &upper, &in, &out);
        }
        if (result < 0) {
            break;
        }
        at += n;
    }
    const size_t n = size < sizeof datagram ? size : sizeof datagram;
    if (n > 0) {
        memcpy(datagram, data, n);
    }
    if (dlms_wrapper_datagram(datagram, n, &wpdu) == 1) {
        hdlc_fuzz_read(&fuzz, wpdu.apdu, wpdu.n_apdu);
    }
}

#endif
