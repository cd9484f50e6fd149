/* DLMS: messages inside associations (the first octet chooses which), and what a client reads. */
#include "proto/dlms_false_guard.h"
#include "proto/dlms_link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Length octet, message, and so on; protected ones get their seal here, so that they open. */
static void serve(const uint8_t *data, size_t size, uint8_t mode)
{
    static const uint16_t clients[] = {18, 18, 16, 2};
    struct false_guard secrets = {0};
    const struct dlms_guard guard = {.context = &secrets,
                                     .unprotect = false_unprotect,
                                     .protect = false_protect,
                                     .overhead = false_overhead,
                                     .title = false_title,
                                     .challenge = false_challenge,
                                     .verify = false_verify,
                                     .respond = false_respond};
    struct dlms_link link;
    uint8_t apdu[264];
    link_begin(&link, clients[mode % 4], &guard);
    link.capacity = 64 + (size_t)(mode / 4) * 8;
    link.meter.n_text = 200;
    link_open(&link, 0xFFFFFF, (mode & 0x10) != 0 ? (uint16_t)(12 + mode) : 0);
    if (mode % 4 == 3) {
        link.server.session.context = DLMS_CONTEXT_LN_CIPHERED;
    }
    struct reader r = reader_over(data, size);
    while (reader_left(&r) > 0) {
        size_t n = reader_u8(&r);
        n = n > reader_left(&r) ? reader_left(&r) : n;
        const uint8_t *message = reader_bytes(&r, n);
        if (n > 0) {
            memcpy(apdu, message, n);
        }
        if (mode % 4 == 3) {
            secrets.last = 0;
            size_t n_sealed = false_seal(apdu, n, sizeof apdu, DLMS_GENERAL_GLO, 0x30, 1);
            n = n_sealed > 0 ? n_sealed : n;
        }
        link_send(&link, apdu, n);
        for (unsigned i = 0; i < 20 && link.n_out > 0; i++) {
            link.n_out = dlms_server_more(&link.server, link.out, link.capacity);
        }
    }
}

static void walk(struct reader data)
{
    struct dlms_walker walker;
    struct dlms_value value;
    dlms_walker_init(&walker, data.at, reader_left(&data));
    for (unsigned i = 0; i < 100000 && dlms_data_next(&walker, &value) == DLMS_OK; i++) {
    }
}

static void client(const uint8_t *data, size_t size)
{
    struct dlms_aare aare;
    struct dlms_release release;
    struct dlms_response response;
    struct dlms_notification notification;
    struct dlms_access access;
    struct dlms_exception exception;
    struct dlms_initiate initiate;
    dlms_aare_read(data, size, &aare);
    dlms_rlre_read(data, size, &release);
    dlms_exception_read(data, size, &exception);
    dlms_initiate_response_read(data, size, &initiate);
    if (dlms_response_read(data, size, &response) == DLMS_OK) {
        uint16_t result;
        struct reader item;
        walk(response.data);
        for (uint32_t i = 0; i < response.count; i++) {
            if (!dlms_list_get_read(&response.data, &result, &item)) {
                break;
            }
        }
    }
    if (dlms_notification_read(data, size, &notification) == DLMS_OK) {
        walk(notification.data);
    }
    if (dlms_access_response_read(data, size, &access) == DLMS_OK) {
        walk(access.data);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 0xFF) {
        client(data + 1, size - 1);
    } else if (size > 0) {
        serve(data + 1, size - 1, data[0]);
    }
    return 0;
}
