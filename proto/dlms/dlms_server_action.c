/* ACTION: one method, a list; parameters and return values whole or in blocks; HLS's third pass. */
#include <string.h>

#include "dlms_server_part.h"

#define REPLY_SPACE 160u /* f(CtoS) of any mechanism */

/** Pass 3 and 4 of HLS: the client's f(StoC), answered with f(CtoS). */
static enum dlms_result hls_reply(struct dlms_server *server, struct reader data, struct writer *w)
{
    struct dlms_session *session = &server->session;
    const struct dlms_guard *guard = server->config.guard;
    const struct dlms_model *model = server->config.model;
    const uint8_t *reply = NULL;
    uint32_t n_reply = 0;
    uint8_t space[REPLY_SPACE];
    size_t n_own = 0;
    bool right = dlms_read_octets(&data, &reply, &n_reply) && reader_complete(&data) &&
                 guard->verify(guard->context, session, reply, n_reply);
    if (right) {
        n_own = guard->respond(guard->context, session, space, sizeof space);
    }
    if (model->login != NULL) {
        model->login(model->context, session, right);
    }
    if (n_own == 0) {
        dlms_server_reset(server);
        return DLMS_RESULT_DENIED;
    }
    dlms_write_octets(w, space, n_own);
    session->state = DLMS_ASSOCIATED;
    return DLMS_RESULT_SUCCESS;
}

enum dlms_result dlms_server_call(struct dlms_server *server, const struct dlms_descriptor *wanted,
                                  struct reader data, struct writer *w)
{
    const struct dlms_model *model = server->config.model;
    const struct dlms_object *object;
    if (server->session.state == DLMS_PENDING) {
        return hls_reply(server, data, w);
    }
    enum dlms_result result =
        dlms_server_open(server, wanted, DLMS_METHOD, DLMS_MODE_CALL, &object);
    if (result != DLMS_RESULT_SUCCESS) {
        return result;
    }
    if (model->action == NULL) {
        return DLMS_RESULT_DENIED;
    }
    return model->action(model->context, &server->session, object, wanted->member, data, w);
}

/** Result, and the return value where there is one.  A value without room is lost: the method has
 *  been carried out, so the result says so, and the value's place why it is missing. */
static void call_write(struct dlms_server *server, const struct dlms_descriptor *wanted,
                       struct reader data, struct writer *w)
{
    struct writer before = *w;
    const uint8_t with_value[3] = {DLMS_RESULT_SUCCESS, 1, 0};
    writer_bytes(w, with_value, sizeof with_value);
    uint8_t *value = w->at;
    enum dlms_result result = dlms_server_call(server, wanted, data, w);
    if (result == DLMS_RESULT_SUCCESS && !w->failed && w->at > value) {
        return;
    }
    bool lost = w->failed;
    *w = before;
    writer_u8(w, (uint8_t)result);
    if (result == DLMS_RESULT_SUCCESS && lost) {
        const uint8_t why[3] = {1, 1, DLMS_RESULT_OTHER};
        writer_bytes(w, why, sizeof why);
    } else {
        writer_u8(w, 0);
    }
}

/** Result of a request that was not carried out; it has no place for the number of a block. */
static size_t action_refused(struct dlms_server *server, uint8_t invoke, enum dlms_result result,
                             uint32_t number, const struct dlms_out *out)
{
    (void)number;
    struct writer w = writer_over(out->octets, out->capacity);
    dlms_server_idle(server);
    dlms_server_head(&w, DLMS_TAG_ACTION_RESPONSE, DLMS_ACTION_NORMAL, invoke);
    writer_u8(&w, (uint8_t)result);
    writer_u8(&w, 0);
    return w.failed ? 0 : writer_length(&w);
}

/* --- Long return values --- */

#define BLOCK_HEAD 8u /* before the length of the raw data */

static size_t next_block(struct dlms_server *server, uint8_t invoke, const struct dlms_out *out)
{
    size_t room = dlms_server_room(out->limit, BLOCK_HEAD);
    size_t left = server->n_kept - server->position.offset;
    struct dlms_block block = {.number = ++server->block};
    block.last = left <= room;
    block.n_raw = (uint32_t)(block.last ? left : room);
    block.raw = server->config.kept + server->position.offset;
    struct writer w = writer_over(out->octets, out->capacity);
    dlms_server_head(&w, DLMS_TAG_ACTION_RESPONSE, DLMS_ACTION_NEXT, invoke);
    dlms_write_block(&w, &block);
    server->position.offset += block.n_raw;
    if (block.last || room == 0) {
        dlms_server_idle(server);
    }
    return w.failed ? 0 : writer_length(&w);
}

/** Octets of return values that a message cannot hold may have in kept instead. */
static size_t long_room(const struct dlms_server *server, const struct dlms_out *out)
{
    bool in_blocks =
        dlms_server_can(server, DLMS_CAN_BLOCK_ACTION) && server->transfer != DLMS_TRANSFER_GBT_IN;
    size_t room = in_blocks ? server->config.kept_capacity + 3u : out->limit;
    return room > out->limit ? (room < out->capacity ? room : out->capacity) : out->limit;
}

/** Send what stands in out: as it is, or (too long) from kept in blocks. */
static size_t send_answer(struct dlms_server *server, uint8_t invoke, size_t n_answer,
                          const struct dlms_out *out)
{
    if (n_answer <= out->limit) {
        return n_answer;
    }
    dlms_server_idle(server);
    dlms_server_keep(server, out->octets + 3, n_answer - 3);
    server->transfer = DLMS_TRANSFER_ACTION_OUT;
    return next_block(server, invoke, out);
}

/* --- Requests --- */

static size_t call_one(struct dlms_server *server, uint8_t invoke, struct reader body,
                       bool has_choice, const struct dlms_out *out)
{
    struct dlms_descriptor method;
    struct reader data = dlms_no_data();
    dlms_read_method(&body, &method);
    uint8_t has_data = has_choice ? reader_u8(&body) : 1;
    if (has_data > 1 || (has_data == 1 && !dlms_server_take_data(&body, &data)) ||
        !reader_complete(&body)) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_OTHER);
    }
    struct writer w = writer_over(out->octets, long_room(server, out));
    dlms_server_head(&w, DLMS_TAG_ACTION_RESPONSE, DLMS_ACTION_NORMAL, invoke);
    call_write(server, &method, data, &w);
    return w.failed ? 0 : send_answer(server, invoke, writer_length(&w), out);
}

#define RESULT_SIZE_MAX 4u /* of a method without a return value */

static size_t call_list(struct dlms_server *server, uint8_t invoke, struct reader list,
                        const struct dlms_out *out)
{
    struct dlms_descriptor method;
    struct reader values, data;
    uint32_t n_items;
    struct writer w = writer_over(out->octets, long_room(server, out));
    if (!dlms_server_list_is_well(list, dlms_read_method, &n_items, &values) ||
        n_items * RESULT_SIZE_MAX + 8u > writer_left(&w)) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_OTHER);
    }
    dlms_read_length(&list);
    dlms_server_head(&w, DLMS_TAG_ACTION_RESPONSE, DLMS_ACTION_LIST, invoke);
    dlms_write_length(&w, n_items);
    uint8_t *end = w.end;
    for (uint32_t i = 0; i < n_items; i++) {
        dlms_read_method(&list, &method);
        dlms_server_take_data(&values, &data);
        if (*data.at == DLMS_NULL) {
            data = dlms_no_data();
        }
        w.end = end - (size_t)RESULT_SIZE_MAX * (n_items - 1u - i); /* the others answer too */
        call_write(server, &method, data, &w);
    }
    return w.failed ? 0 : send_answer(server, invoke, writer_length(&w), out);
}

/** What came in blocks: without a choice whether there are parameters. */
static size_t call_kept(struct dlms_server *server, bool is_list, uint8_t invoke,
                        struct reader body, uint32_t number, const struct dlms_out *out)
{
    (void)number;
    return is_list ? call_list(server, invoke, body, out)
                   : call_one(server, invoke, body, false, out);
}

static const struct dlms_server_long long_action = {.transfer = DLMS_TRANSFER_ACTION_IN,
                                                    .first_of_list = DLMS_ACTION_LIST_FIRST_BLOCK,
                                                    .tag = DLMS_TAG_ACTION_RESPONSE,
                                                    .taken = DLMS_ACTION_FIRST_BLOCK,
                                                    .member = DLMS_METHOD,
                                                    .right = DLMS_MODE_CALL,
                                                    .none = DLMS_RESULT_NO_LONG_ACTION,
                                                    .aborted = DLMS_RESULT_LONG_ACTION_ABORTED,
                                                    .read = dlms_read_method,
                                                    .broken = action_refused,
                                                    .whole = call_kept};

/** The client asks for the next block of a return value. */
static size_t next_wanted(struct dlms_server *server, const struct dlms_request *request,
                          const struct dlms_out *out)
{
    struct reader body = request->body;
    uint32_t number = (uint32_t)reader_uint_be(&body, 4);
    if (!reader_complete(&body)) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_OTHER);
    }
    if (server->transfer != DLMS_TRANSFER_ACTION_OUT) {
        return action_refused(server, request->invoke, DLMS_RESULT_NO_LONG_ACTION, number, out);
    }
    if (number != server->block) {
        return action_refused(server, request->invoke, DLMS_RESULT_BLOCK_NUMBER, number, out);
    }
    return next_block(server, request->invoke, out);
}

/** What a client has to have negotiated for each choice. */
static uint32_t needed(uint8_t choice)
{
    switch (choice) {
    case DLMS_ACTION_NORMAL: return DLMS_CAN_ACTION;
    case DLMS_ACTION_LIST: return DLMS_CAN_ACTION | DLMS_CAN_LIST;
    case DLMS_ACTION_LIST_FIRST_BLOCK:
        return DLMS_CAN_ACTION | DLMS_CAN_LIST | DLMS_CAN_BLOCK_ACTION;
    default: return DLMS_CAN_ACTION | DLMS_CAN_BLOCK_ACTION;
    }
}

size_t dlms_server_action(struct dlms_server *server, const uint8_t *apdu, size_t n_apdu,
                          const struct dlms_out *out)
{
    struct dlms_request request;
    size_t n_answer = 0;
    if (dlms_request_read(apdu, n_apdu, &request) != DLMS_OK) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_OTHER);
    }
    uint32_t conformance = needed(request.choice);
    bool in_blocks = (conformance & DLMS_CAN_BLOCK_ACTION) != 0;
    bool login = server->session.state == DLMS_PENDING; /* needs no conformance */
    if ((!login && (server->session.conformance & conformance) != conformance) ||
        (in_blocks && server->transfer == DLMS_TRANSFER_GBT_IN)) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_NOT_SUPPORTED);
    }
    switch (request.choice) {
    case DLMS_ACTION_NORMAL:
        n_answer = call_one(server, request.invoke, request.body, true, out);
        break;
    case DLMS_ACTION_LIST: n_answer = call_list(server, request.invoke, request.body, out); break;
    case DLMS_ACTION_FIRST_BLOCK:
    case DLMS_ACTION_LIST_FIRST_BLOCK:
        n_answer = dlms_server_long_first(server, &long_action, &request, out);
        break;
    case DLMS_ACTION_BLOCK:
        n_answer = dlms_server_long_next(server, &long_action, &request, out);
        break;
    case DLMS_ACTION_NEXT: n_answer = next_wanted(server, &request, out); break;
    default:
        n_answer = dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_NOT_SUPPORTED);
        break;
    }
    return dlms_server_answers(server, request.invoke) ? n_answer : 0;
}
