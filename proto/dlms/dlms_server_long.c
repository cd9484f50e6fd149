/* What requests of SET and ACTION have in common: lists, and requests that come in blocks. */
#include "dlms_server_part.h"

void dlms_server_head(struct writer *w, uint8_t tag, uint8_t choice, uint8_t invoke)
{
    const uint8_t head[3] = {tag, choice, invoke};
    writer_bytes(w, head, sizeof head);
}

bool dlms_server_take_data(struct reader *data, struct reader *one)
{
    const uint8_t *begin = data->at;
    *one = dlms_no_data();
    if (dlms_data_skip(data) != DLMS_OK) {
        return false;
    }
    *one = reader_over(begin, (size_t)(data->at - begin));
    return true;
}

bool dlms_server_list_is_well(struct reader list,
                              void (*read)(struct reader *r, struct dlms_descriptor *out),
                              uint32_t *n_items, struct reader *values)
{
    struct dlms_descriptor wanted;
    *n_items = dlms_read_length(&list);
    for (uint32_t i = 0; i < *n_items && !list.failed; i++) {
        read(&list, &wanted);
    }
    uint32_t n_values = dlms_read_length(&list);
    *values = list;
    for (uint32_t i = 0; i < n_values && !list.failed; i++) {
        dlms_data_skip(&list);
    }
    return reader_complete(&list) && n_values == *n_items && n_values > 0;
}

/** Take a block; the last one carries the request out. */
static size_t take_block(struct dlms_server *server, const struct dlms_server_long *service,
                         const struct dlms_block *block, uint8_t invoke, const struct dlms_out *out)
{
    if (block->number != server->block + 1) {
        return service->broken(server, invoke, DLMS_RESULT_BLOCK_NUMBER, block->number, out);
    }
    if (!dlms_server_keep(server, block->raw, block->n_raw)) {
        return service->broken(server, invoke, service->aborted, block->number, out);
    }
    server->block++;
    if (block->last) {
        struct reader body = reader_over(server->config.kept, server->n_kept);
        bool is_list = server->choice == service->first_of_list;
        server->transfer = DLMS_TRANSFER_NONE;
        size_t n_answer = service->whole(server, is_list, invoke, body, block->number, out);
        if (server->transfer == DLMS_TRANSFER_NONE) { /* the answer has no blocks of its own */
            dlms_server_idle(server);
        }
        return n_answer;
    }
    struct writer w = writer_over(out->octets, out->capacity);
    dlms_server_head(&w, service->tag, service->taken, invoke);
    writer_uint_be(&w, block->number, 4);
    return w.failed ? 0 : writer_length(&w);
}

size_t dlms_server_long_first(struct dlms_server *server, const struct dlms_server_long *service,
                              const struct dlms_request *request, const struct dlms_out *out)
{
    struct reader body = request->body;
    struct dlms_descriptor wanted;
    struct dlms_block block;
    const struct dlms_object *object;
    bool is_list = request->choice == service->first_of_list;
    uint32_t n_items = is_list ? dlms_read_length(&body) : 1;
    for (uint32_t i = 0; i < n_items && !body.failed; i++) {
        service->read(&body, &wanted);
    }
    size_t n_wanted = (size_t)(body.at - request->body.at);
    dlms_read_block(&body, &block);
    if (!reader_complete(&body) || n_items == 0) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_OTHER);
    }
    enum dlms_result result = DLMS_RESULT_SUCCESS;
    bool all_attributes = service->member == DLMS_ATTRIBUTE && wanted.member == 0;
    if (!is_list && !all_attributes) { /* not in vain */
        result = dlms_server_open(server, &wanted, service->member, service->right, &object);
    }
    if (result == DLMS_RESULT_SUCCESS && !dlms_server_keep(server, request->body.at, n_wanted)) {
        result = service->aborted;
    }
    if (result != DLMS_RESULT_SUCCESS) {
        return service->broken(server, request->invoke, result, block.number, out);
    }
    server->transfer = service->transfer;
    server->choice = request->choice;
    return take_block(server, service, &block, request->invoke, out);
}

size_t dlms_server_long_next(struct dlms_server *server, const struct dlms_server_long *service,
                             const struct dlms_request *request, const struct dlms_out *out)
{
    struct reader body = request->body;
    struct dlms_block block;
    dlms_read_block(&body, &block);
    if (!reader_complete(&body)) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_OTHER);
    }
    if (server->transfer != service->transfer) {
        return service->broken(server, request->invoke, service->none, block.number, out);
    }
    return take_block(server, service, &block, request->invoke, out);
}
