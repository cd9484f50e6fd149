/* General block transfer, the client's side: long requests in blocks, answers put together. */
#include <string.h>

#include "dlms_client_inside.h"

#define TRIES      4u     /* a window that is lost is asked for again */
#define ROUNDS_MAX 20000u /* blocks of one answer */

static uint8_t window(const struct dlms_client *client)
{
    const uint8_t wanted = client->settings.gbt_window;
    return wanted == 0 ? 1 : wanted <= DLMS_GBT_WINDOW_MAX ? wanted : DLMS_GBT_WINDOW_MAX;
}

/** Tell how far the answer has come; nothing else is said. */
static int acknowledge(struct dlms_client *client, struct dlms_gbt *gbt)
{
    const struct dlms_transport *transport = &client->settings.transport;
    uint8_t bytes[CLIENT_GBT_HEAD];
    struct writer w = writer_over(bytes, sizeof bytes);
    const struct dlms_gbt_block block = {
        .last = true, .window = window(client), .number = ++gbt->sent, .acked = gbt->received};
    dlms_gbt_write(&w, &block);
    return w.failed ? DLMS_CLIENT_ERR_LONG
                    : transport->send(transport->context, bytes, writer_length(&w));
}

/** Next block into the buffer behind what is there.  Its head is gone then. */
static int next_block(struct dlms_client *client, size_t used, struct dlms_gbt_block *block)
{
    const struct dlms_client_settings *s = &client->settings;
    const int n = s->transport.receive(s->transport.context, s->in + used, s->n_in - used);
    if (n <= 0) {
        return n < 0 ? n : DLMS_CLIENT_ERR_MALFORMED;
    }
    return dlms_gbt_read(s->in + used, (size_t)n, block) == DLMS_OK ? DLMS_CLIENT_OK
                                                                    : DLMS_CLIENT_ERR_MALFORMED;
}

/** Put a block's data behind what is there. */
static int append(struct dlms_client *client, struct dlms_gbt *gbt,
                  const struct dlms_gbt_block *block, size_t *used)
{
    switch (dlms_gbt_received(gbt, block)) {
    case DLMS_GBT_TAKE:
        memmove(client->settings.in + *used, block->data, block->n_data);
        *used += block->n_data;
        return DLMS_CLIENT_OK;
    case DLMS_GBT_IGNORE: return DLMS_CLIENT_OK;
    case DLMS_GBT_ABORT: break;
    }
    return DLMS_CLIENT_ERR_BLOCK;
}

int dlms_client_gbt_receive(struct dlms_client *client, struct dlms_bytes *apdu)
{
    struct dlms_gbt gbt;
    struct dlms_gbt_block block;
    size_t used = 0;
    dlms_gbt_begin(&gbt);
    gbt.sent = client->gbt_sent;
    if (dlms_gbt_read(apdu->bytes, apdu->n_bytes, &block) != DLMS_OK) {
        return DLMS_CLIENT_ERR_MALFORMED;
    }
    while (client->gbt_rounds++ < ROUNDS_MAX) {
        int err = append(client, &gbt, &block, &used);
        if (err != DLMS_CLIENT_OK || gbt.received_last) {
            *apdu = (struct dlms_bytes){client->settings.in, used};
            return err == DLMS_CLIENT_OK && used == 0 ? DLMS_CLIENT_ERR_MALFORMED : err;
        }
        err = dlms_gbt_own_turn(&block) ? acknowledge(client, &gbt) : DLMS_CLIENT_OK;
        unsigned silences = 0;
        while (err == DLMS_CLIENT_OK) {
            err = next_block(client, used, &block);
            if (err != DLMS_CLIENT_ERR_SILENT || silences++ >= TRIES) {
                break;
            }
            err = acknowledge(client, &gbt); /* blocks were lost: from there on again */
        }
        if (err != DLMS_CLIENT_OK) {
            return err;
        }
    }
    return DLMS_CLIENT_ERR_BLOCK;
}

/** One block of a request; its head overwrites what stands before it, which has arrived. */
static int send_block(struct dlms_client *client, struct dlms_bytes data, uint16_t number,
                      bool last)
{
    const struct dlms_transport *transport = &client->settings.transport;
    const struct dlms_gbt_block block = {.last = last, .window = window(client), .number = number};
    uint8_t head[CLIENT_GBT_HEAD];
    struct writer w = writer_over(head, sizeof head);
    dlms_gbt_head_write(&w, &block);
    dlms_write_length(&w, data.n_bytes);
    const size_t n_head = writer_length(&w);
    uint8_t *at = data.bytes - n_head;
    if (w.failed) {
        return DLMS_CLIENT_ERR_LONG;
    }
    memcpy(at, head, n_head);
    return transport->send(transport->context, at, n_head + data.n_bytes);
}

/** Wait until block `number` is confirmed.  @return 1: it is, 0: send it again, or an error. */
static int confirmed(struct dlms_client *client, uint16_t number)
{
    struct dlms_gbt_block block;
    const int err = next_block(client, 0, &block);
    if (err == DLMS_CLIENT_ERR_SILENT) {
        return 0;
    }
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    return block.acked == number ? 1 : block.acked < number ? 0 : DLMS_CLIENT_ERR_BLOCK;
}

int dlms_client_gbt_send(struct dlms_client *client, struct dlms_bytes apdu)
{
    const size_t whole = client->server_pdu != 0 ? client->server_pdu : SIZE_MAX;
    const size_t room = whole > CLIENT_GBT_HEAD ? whole - CLIENT_GBT_HEAD : 0;
    if ((client->conformance & DLMS_CAN_GBT) == 0 || room == 0) {
        return DLMS_CLIENT_ERR_LONG;
    }
    for (uint16_t number = 1;; number++) {
        const bool last = apdu.n_bytes <= room;
        const struct dlms_bytes part = {apdu.bytes, last ? apdu.n_bytes : room};
        int result = 0;
        for (unsigned i = 0; i < TRIES && result == 0; i++) {
            const int err = send_block(client, part, number, last);
            if (err != DLMS_CLIENT_OK) {
                return err;
            }
            client->gbt_sent = number;
            result = last ? 1 : confirmed(client, number);
        }
        if (result != 1) {
            return result < 0 ? result : DLMS_CLIENT_ERR_SILENT;
        }
        if (last) {
            return DLMS_CLIENT_OK;
        }
        apdu.bytes += room;
        apdu.n_bytes -= room;
    }
}
