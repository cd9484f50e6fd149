/* SET: one attribute, a list, all attributes of an object; whole or in blocks. */
#include <string.h>

#include "dlms_server_part.h"

/** Rights, then the application. */
static enum dlms_result set_member(struct dlms_server *server, const struct dlms_descriptor *wanted,
                                   struct reader data)
{
    const struct dlms_model *model = server->config.model;
    const struct dlms_object *object;
    enum dlms_result result =
        dlms_server_open(server, wanted, DLMS_ATTRIBUTE, DLMS_MODE_WRITE, &object);
    if (result != DLMS_RESULT_SUCCESS) {
        return result;
    }
    if (wanted->selector != 0) {
        return DLMS_RESULT_OTHER; /* no attribute can be written in part */
    }
    if (model->set == NULL) {
        return DLMS_RESULT_DENIED;
    }
    return model->set(model->context, &server->session, object, wanted->member, data);
}

/** Attribute 0: a structure of all attributes; null-data leaves one as it is. */
static enum dlms_result set_all(struct dlms_server *server, const struct dlms_descriptor *wanted,
                                struct reader data)
{
    struct dlms_descriptor one = *wanted;
    struct dlms_value head;
    struct reader value;
    if (!dlms_server_can(server, DLMS_CAN_ATTRIBUTE_0_SET)) {
        return DLMS_RESULT_DENIED;
    }
    if (dlms_data_read(&data, &head) != DLMS_OK || head.type != DLMS_STRUCTURE ||
        head.count > INT8_MAX) {
        return DLMS_RESULT_TYPE;
    }
    for (uint32_t i = 1; i <= head.count; i++) {
        one.member = (int8_t)i;
        if (!dlms_server_take_data(&data, &value)) {
            return DLMS_RESULT_TYPE;
        }
        enum dlms_result result =
            *value.at == DLMS_NULL ? DLMS_RESULT_SUCCESS : set_member(server, &one, value);
        if (result != DLMS_RESULT_SUCCESS) {
            return result;
        }
    }
    return DLMS_RESULT_SUCCESS;
}

enum dlms_result dlms_server_set_one(struct dlms_server *server,
                                     const struct dlms_descriptor *wanted, struct reader *data)
{
    struct reader one;
    if (!dlms_server_take_data(data, &one)) {
        return DLMS_RESULT_TYPE;
    }
    return wanted->member == 0 ? set_all(server, wanted, one) : set_member(server, wanted, one);
}

/** The results of a list.  @return false: malformed, or the results have no room. */
static bool set_list(struct dlms_server *server, struct reader list, size_t room, struct writer *w)
{
    uint32_t n_items;
    struct reader values;
    struct dlms_descriptor attribute;
    if (!dlms_server_list_is_well(list, dlms_read_attribute, &n_items, &values) ||
        n_items + 5u > room) {
        return false;
    }
    dlms_read_length(&list);
    dlms_write_length(w, n_items);
    for (uint32_t i = 0; i < n_items; i++) {
        dlms_read_attribute(&list, &attribute);
        writer_u8(w, (uint8_t)dlms_server_set_one(server, &attribute, &values));
    }
    return true;
}

/** A whole request: attributes and values at body.  number: of the last block, 0: none. */
static size_t set_whole(struct dlms_server *server, bool is_list, uint8_t invoke,
                        struct reader body, uint32_t number, const struct dlms_out *out)
{
    struct writer w = writer_over(out->octets, out->capacity);
    struct dlms_descriptor attribute;
    bool well = true;
    if (is_list) {
        dlms_server_head(&w, DLMS_TAG_SET_RESPONSE,
                         number == 0 ? DLMS_SET_RESPONSE_LIST : DLMS_SET_RESPONSE_LAST_BLOCK_LIST,
                         invoke);
        well = out->limit > 8 && set_list(server, body, out->limit - 8, &w);
    } else {
        dlms_server_head(&w, DLMS_TAG_SET_RESPONSE,
                         number == 0 ? DLMS_SET_NORMAL : DLMS_SET_RESPONSE_LAST_BLOCK, invoke);
        dlms_read_attribute(&body, &attribute);
        struct reader values = body;
        dlms_data_skip(&values);
        well = !body.failed && (values.failed || reader_complete(&values));
        if (well) { /* a value that is none is a matter of types */
            writer_u8(&w, (uint8_t)dlms_server_set_one(server, &attribute, &body));
        }
    }
    if (!well) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_OTHER);
    }
    if (number != 0) {
        writer_uint_be(&w, number, 4);
    }
    return w.failed ? 0 : writer_length(&w);
}

/** A long SET ends before its time. */
static size_t set_broken(struct dlms_server *server, uint8_t invoke, enum dlms_result result,
                         uint32_t number, const struct dlms_out *out)
{
    struct writer w = writer_over(out->octets, out->capacity);
    dlms_server_idle(server);
    dlms_server_head(&w, DLMS_TAG_SET_RESPONSE, DLMS_SET_RESPONSE_LAST_BLOCK, invoke);
    writer_u8(&w, (uint8_t)result);
    writer_uint_be(&w, number, 4);
    return w.failed ? 0 : writer_length(&w);
}

static const struct dlms_server_long long_set = {.transfer = DLMS_TRANSFER_SET,
                                                 .first_of_list = DLMS_SET_LIST_FIRST_BLOCK,
                                                 .tag = DLMS_TAG_SET_RESPONSE,
                                                 .taken = DLMS_SET_RESPONSE_BLOCK,
                                                 .member = DLMS_ATTRIBUTE,
                                                 .right = DLMS_MODE_WRITE,
                                                 .none = DLMS_RESULT_NO_LONG_SET,
                                                 .aborted = DLMS_RESULT_LONG_SET_ABORTED,
                                                 .read = dlms_read_attribute,
                                                 .broken = set_broken,
                                                 .whole = set_whole};

/** What a client has to have negotiated for each choice. */
static uint32_t needed(uint8_t choice)
{
    switch (choice) {
    case DLMS_SET_NORMAL: return DLMS_CAN_SET;
    case DLMS_SET_FIRST_BLOCK:
    case DLMS_SET_BLOCK: return DLMS_CAN_SET | DLMS_CAN_BLOCK_SET;
    case DLMS_SET_LIST: return DLMS_CAN_SET | DLMS_CAN_LIST;
    default: return DLMS_CAN_SET | DLMS_CAN_LIST | DLMS_CAN_BLOCK_SET;
    }
}

size_t dlms_server_set(struct dlms_server *server, const uint8_t *apdu, size_t n_apdu,
                       const struct dlms_out *out)
{
    struct dlms_request request;
    if (dlms_request_read(apdu, n_apdu, &request) != DLMS_OK) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_OTHER);
    }
    uint32_t conformance = needed(request.choice);
    bool in_blocks = (conformance & DLMS_CAN_BLOCK_SET) != 0;
    if ((server->session.conformance & conformance) != conformance ||
        (in_blocks && server->transfer == DLMS_TRANSFER_GBT_IN)) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_NOT_SUPPORTED);
    }
    size_t n_answer = 0;
    switch (request.choice) {
    case DLMS_SET_NORMAL:
    case DLMS_SET_LIST:
        n_answer = set_whole(server, request.choice == DLMS_SET_LIST, request.invoke, request.body,
                             0, out);
        break;
    case DLMS_SET_FIRST_BLOCK:
    case DLMS_SET_LIST_FIRST_BLOCK:
        n_answer = dlms_server_long_first(server, &long_set, &request, out);
        break;
    case DLMS_SET_BLOCK: n_answer = dlms_server_long_next(server, &long_set, &request, out); break;
    default:
        n_answer = dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_NOT_SUPPORTED);
        break;
    }
    return dlms_server_answers(server, request.invoke) ? n_answer : 0;
}
