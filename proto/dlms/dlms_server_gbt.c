/* General block transfer of the server: requests come in blocks, and so do their answers. */
#include <string.h>

#include "dlms_server_part.h"

#define OWN_WINDOW 8u /* blocks in a row from the client, where the transport can take them */

static uint8_t own_window(const struct dlms_server *server)
{
    return server->config.streams ? OWN_WINDOW : 1;
}

/** A block without data: how far the client's have come. */
static size_t acknowledge(struct dlms_server *server, const struct dlms_out *out)
{
    struct writer w = writer_over(out->octets, out->capacity);
    struct dlms_gbt_block block = {
        .window = own_window(server), .number = ++server->gbt.sent, .acked = server->gbt.received};
    dlms_gbt_write(&w, &block);
    return w.failed ? 0 : writer_length(&w);
}

static size_t abort_transfer(struct dlms_server *server, const struct dlms_out *out,
                             enum dlms_service_error error)
{
    dlms_server_idle(server);
    return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, error);
}

/** Head of the answer to the request in kept. */
static void stream_head(const struct dlms_server *server, struct writer *w)
{
    const uint8_t *request = server->config.kept;
    const uint8_t head[4] = {DLMS_TAG_GET_RESPONSE, request[1], request[2], 0};
    writer_bytes(w, head, request[1] == DLMS_GET_LIST ? 3 : 4);
}

/** Octets of the next block's data, from the position on.  @return false: it broke off. */
static bool block_data(struct dlms_server *server, bool is_first, struct writer *w, size_t room,
                       bool *last)
{
    struct dlms_position *position = &server->position;
    if (server->transfer == DLMS_TRANSFER_GBT_OUT) {
        size_t left = server->n_kept - position->offset;
        size_t n = left < room ? left : room;
        writer_bytes(w, server->config.kept + position->offset, n);
        position->offset += (uint32_t)n;
        *last = n == left;
        return !w->failed;
    }
    if (is_first) {
        stream_head(server, w);
        if (writer_length(w) >= room || w->failed) {
            return false;
        }
    }
    size_t n_head = writer_length(w);
    struct writer pieces = writer_over(w->at, writer_left(w));
    enum dlms_result result = dlms_server_stream(server, server->config.kept, server->n_kept,
                                                 position, &pieces, room - n_head);
    *last = result == DLMS_RESULT_SUCCESS;
    if (*last || result == DLMS_RESULT_MORE) {
        w->at = pieces.at;
        return true;
    }
    if (!is_first || server->config.kept[1] == DLMS_GET_LIST) {
        return false;
    }
    w->at = w->begin + 3; /* nothing went out yet: say why */
    writer_u8(w, 1);
    writer_u8(w, (uint8_t)result);
    *last = true;
    return !w->failed;
}

/** Make own block number sent + 1.  @return 0: the answer broke off. */
static size_t make_block(struct dlms_server *server, const struct dlms_out *out)
{
    struct dlms_gbt *gbt = &server->gbt;
    struct dlms_gbt_block block = {.window = own_window(server), .acked = gbt->received};
    size_t room = dlms_server_room(out->limit, DLMS_GBT_HEAD);
    size_t n_head = DLMS_GBT_HEAD + dlms_length_size(room);
    if (room == 0 || n_head >= out->capacity) {
        return 0;
    }
    struct writer data = writer_over(out->octets + n_head, out->capacity - n_head);
    bool is_answer = gbt->sent >= server->block; /* before it: acknowledgements, once more */
    if (is_answer && !block_data(server, gbt->sent == server->block, &data, room, &block.last)) {
        return 0;
    }
    block.number = ++gbt->sent;
    gbt->sent_last = block.last;
    block.streaming = server->config.streams && !block.last && dlms_gbt_room(gbt) > 0;
    server->gbt_more = block.streaming;
    size_t n_data = writer_length(&data);
    struct writer w = writer_over(out->octets, n_head);
    dlms_gbt_head_write(&w, &block);
    dlms_write_length(&w, n_data);
    memmove(w.at, data.begin, n_data);
    return writer_length(&w) + n_data;
}

size_t dlms_server_gbt_next(struct dlms_server *server, const struct dlms_out *out)
{
    size_t n_block = make_block(server, out);
    return n_block > 0 ? n_block : abort_transfer(server, out, DLMS_SERVICE_OTHER);
}

/** Note how far the answer is confirmed; blocks after that go out once more. */
static bool rewind_to_confirmed(struct dlms_server *server, const struct dlms_out *out)
{
    struct dlms_gbt *gbt = &server->gbt;
    if (gbt->confirmed <
        server->block) { /* an acknowledgement was lost: the answer takes its number */
        server->block = gbt->confirmed;
        server->gbt_base = gbt->confirmed;
    }
    if (gbt->confirmed != gbt->sent) {
        server->position = server->gbt_position;
        gbt->sent = server->gbt_base;
        while (gbt->sent < gbt->confirmed) { /* made, but not sent */
            if (make_block(server, out) == 0) {
                return false;
            }
        }
    }
    server->gbt_position = server->position;
    server->gbt_base = gbt->sent;
    return true;
}

/** The client confirms blocks of the answer. */
static size_t go_on(struct dlms_server *server, const struct dlms_gbt_block *block,
                    const struct dlms_out *out)
{
    const struct dlms_gbt *gbt = &server->gbt;
    if (gbt->sent_last && gbt->confirmed == gbt->sent) {
        dlms_server_idle(server);
        return 0;
    }
    if (!dlms_gbt_own_turn(block)) {
        return 0;
    }
    if (!rewind_to_confirmed(server, out)) {
        return abort_transfer(server, out, DLMS_SERVICE_OTHER);
    }
    return dlms_server_gbt_next(server, out);
}

size_t dlms_server_gbt(struct dlms_server *server, const uint8_t *apdu, size_t n_apdu,
                       const struct dlms_out *out, size_t *n_message)
{
    struct dlms_gbt_block block;
    *n_message = 0;
    if (dlms_gbt_read(apdu, n_apdu, &block) != DLMS_OK) {
        return abort_transfer(server, out, DLMS_SERVICE_OTHER);
    }
    if (block.number == 1 && block.acked == 0) { /* another message, or this one once more */
        dlms_server_idle(server);
        dlms_gbt_begin(&server->gbt);
        server->transfer = DLMS_TRANSFER_GBT_IN;
    }
    bool is_sending =
        server->transfer == DLMS_TRANSFER_GBT_OUT || server->transfer == DLMS_TRANSFER_GBT_STREAM;
    if (!is_sending && server->transfer != DLMS_TRANSFER_GBT_IN) {
        return abort_transfer(server, out, DLMS_SERVICE_OTHER);
    }
    enum dlms_gbt_step step = dlms_gbt_received(&server->gbt, &block);
    if (step == DLMS_GBT_ABORT) {
        return abort_transfer(server, out, DLMS_SERVICE_OTHER);
    }
    if (is_sending) {
        return go_on(server, &block, out);
    }
    if (step == DLMS_GBT_TAKE && !dlms_server_keep(server, block.data, block.n_data)) {
        return abort_transfer(server, out, DLMS_SERVICE_TOO_LONG);
    }
    if (server->gbt.received_last) {
        *n_message = server->n_kept;
        return *n_message > 0 ? 0 : abort_transfer(server, out, DLMS_SERVICE_OTHER);
    }
    return dlms_gbt_own_turn(&block) ? acknowledge(server, out) : 0;
}

size_t dlms_server_gbt_answer(struct dlms_server *server, size_t n_answer, bool streamed,
                              const struct dlms_out *out)
{
    if (!streamed) {
        server->n_kept = 0;
        if (n_answer == 0) {
            dlms_server_idle(server);
            return 0;
        }
        if (!dlms_server_keep(server, out->octets, n_answer)) {
            return abort_transfer(server, out, DLMS_SERVICE_TOO_LONG);
        }
    }
    server->transfer = streamed ? DLMS_TRANSFER_GBT_STREAM : DLMS_TRANSFER_GBT_OUT;
    memset(&server->position, 0, sizeof server->position);
    server->gbt_position = server->position;
    server->block = server->gbt.sent; /* numbers up to here were acknowledgements */
    server->gbt_base = server->gbt.confirmed;
    server->gbt.sent = server->gbt.confirmed;
    return dlms_server_gbt_next(server, out);
}
