/** A server of the test meter, its buffers, and a client's ways to talk to it. */
#ifndef OPEN382_TEST_DLMS_LINK_H
#define OPEN382_TEST_DLMS_LINK_H

#include <stdio.h>

#include "proto/dlms_meter.h"

#define LINK_OUT  512u
#define LINK_KEPT 256u

struct dlms_link {
    struct dlms_meter meter;
    struct dlms_model model;
    struct dlms_server server;
    uint8_t kept[LINK_KEPT], out[4096];
    size_t capacity; /**< of out that the server may use */
    size_t n_out;
};

/** Octets of text, spaces between the digits as one likes. */
static inline size_t link_octets(const char *text, uint8_t *out)
{
    size_t n_digits = 0;
    for (; *text != '\0'; text++) {
        const char digit[2] = {*text, '\0'};
        if (*text == ' ') {
            continue;
        }
        uint8_t value = (uint8_t)strtoul(digit, NULL, 16);
        uint8_t high = n_digits % 2 == 0 ? 0 : out[n_digits / 2];
        out[n_digits / 2] = (uint8_t)(n_digits % 2 == 0 ? value << 4 : high | value);
        n_digits++;
    }
    return n_digits / 2;
}

static inline void link_begin(struct dlms_link *link, uint16_t client,
                              const struct dlms_guard *guard)
{
    dlms_meter_init(&link->meter);
    link->model = dlms_meter_model(&link->meter);
    const struct dlms_server_config config = {.model = &link->model,
                                              .guard = guard,
                                              .associations = dlms_meter_associations,
                                              .n_associations = DLMS_METER_ASSOCIATIONS,
                                              .kept = link->kept,
                                              .kept_capacity = sizeof link->kept,
                                              .streams = true};
    dlms_server_init(&link->server, &config);
    dlms_server_connect(&link->server, client, 1);
    link->capacity = LINK_OUT;
    link->n_out = 0;
}

/** The message is copied to memory of exactly its size, so that a sanitizer sees reads beyond. */
static inline size_t link_send(struct dlms_link *link, const uint8_t *apdu, size_t n_apdu)
{
    uint8_t *copy = malloc(n_apdu > 0 ? n_apdu : 1);
    uint8_t *answer = malloc(link->capacity);
    if (n_apdu > 0) {
        memcpy(copy, apdu, n_apdu);
    }
    link->n_out = dlms_server_apdu(&link->server, copy, n_apdu, answer, link->capacity);
    memcpy(link->out, answer, link->n_out);
    free(copy);
    free(answer);
    return link->n_out;
}

static inline size_t link_hex(struct dlms_link *link, const char *text)
{
    uint8_t apdu[1024];
    return link_send(link, apdu, link_octets(text, apdu));
}

static inline size_t link_writer(struct dlms_link *link, const struct writer *w)
{
    return link_send(link, w->begin, writer_length(w));
}

/** Associate without secrets, with this conformance and size. */
static inline bool link_open(struct dlms_link *link, uint32_t conformance, uint16_t max_pdu)
{
    uint8_t apdu[128], information[32];
    struct dlms_initiate initiate = {
        .response_allowed = true, .version = 6, .conformance = conformance, .max_pdu = max_pdu};
    struct writer w = writer_over(information, sizeof information);
    dlms_initiate_request_write(&w, &initiate);
    struct dlms_aarq aarq = {.context = DLMS_CONTEXT_LN,
                             .user_id = -1,
                             .user_information = {information, writer_length(&w)}};
    w = writer_over(apdu, sizeof apdu);
    dlms_aarq_write(&w, &aarq);
    link_writer(link, &w);
    return link->server.session.state == DLMS_ASSOCIATED;
}

static inline struct dlms_descriptor link_row(enum dlms_meter_row row, int8_t member)
{
    struct dlms_descriptor d = {0, {0}, member, 0, dlms_no_data()};
    for (size_t i = 0; i < sizeof dlms_meter_objects / sizeof dlms_meter_objects[0]; i++) {
        if (dlms_meter_objects[i].index == row) {
            d.class_id = dlms_meter_objects[i].class_id;
            memcpy(d.obis, dlms_meter_objects[i].obis, 6);
        }
    }
    return d;
}

#endif
