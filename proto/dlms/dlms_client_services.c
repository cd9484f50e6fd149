/* GET, SET, ACTION and ACCESS of the client. */
#include <string.h>

#include "dlms_client_inside.h"

#define BLOCK_HEAD 11u /* last, number, length, and up to 3 octets of slack */

static int need(const struct dlms_client *client, uint32_t bits)
{
    if (!client->associated) {
        return DLMS_CLIENT_ERR_CLOSED;
    }
    return (client->conformance & bits) == bits ? DLMS_CLIENT_OK : DLMS_CLIENT_ERR_SERVICE;
}

static int hand_on(const struct dlms_sink *sink, const uint8_t *bytes, size_t n_bytes)
{
    if (sink == NULL || n_bytes == 0) {
        return DLMS_CLIENT_OK;
    }
    const int result = sink->take(sink->context, bytes, n_bytes);
    return result == 0 ? DLMS_CLIENT_OK : DLMS_CLIENT_ERR_STOPPED;
}

/* ---- long answers ---- */

/** Is it the block that is due?  An empty one that is not the last would never end. */
static int check_block(const struct dlms_block *block, uint32_t due)
{
    if (block->number != due) {
        return DLMS_CLIENT_ERR_BLOCK;
    }
    return block->n_raw > 0 || block->last ? DLMS_CLIENT_OK : DLMS_CLIENT_ERR_MALFORMED;
}

/** Blocks of a GET or ACTION from the one that stands in response on. */
static int take_blocks(struct dlms_client *client, struct dlms_response *response,
                       const struct dlms_sink *sink)
{
    const uint8_t tag = response->tag, choice = response->choice;
    const uint8_t invoke = response->invoke;
    for (uint32_t due = 1;; due++) {
        if (response->choice != choice) {
            return DLMS_CLIENT_ERR_MALFORMED;
        }
        if (tag == DLMS_TAG_GET_RESPONSE && response->result != 0) {
            return dlms_client_refused(client, response->result);
        }
        int err = check_block(&response->block, due);
        if (err == DLMS_CLIENT_OK) {
            err = hand_on(sink, response->block.raw, response->block.n_raw);
        }
        if (err != DLMS_CLIENT_OK || response->block.last) {
            return err;
        }
        struct writer w = dlms_client_request(client);
        if (tag == DLMS_TAG_GET_RESPONSE) {
            dlms_get_next_write(&w, invoke, due);
        } else {
            dlms_action_next_write(&w, invoke, due);
        }
        err = dlms_client_ask(client, &w, tag, response);
        if (err != DLMS_CLIENT_OK) {
            return err;
        }
    }
}

/* ---- GET ---- */

static int get(struct dlms_client *client, const struct writer *w, uint8_t normal,
               const struct dlms_sink *sink)
{
    struct dlms_response response;
    const int err = dlms_client_ask(client, w, DLMS_TAG_GET_RESPONSE, &response);
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    if (response.choice == DLMS_GET_NEXT) {
        return take_blocks(client, &response, sink);
    }
    if (response.choice != normal) {
        return DLMS_CLIENT_ERR_MALFORMED;
    }
    if (normal == DLMS_GET_LIST) { /* as it stands in blocks: count and elements */
        uint8_t count[5];
        struct writer head = writer_over(count, sizeof count);
        dlms_write_length(&head, response.count);
        const int counted = hand_on(sink, count, writer_length(&head));
        if (counted != DLMS_CLIENT_OK) {
            return counted;
        }
    } else if (!response.has_data) {
        return dlms_client_refused(client, response.result);
    }
    return hand_on(sink, response.data.at, reader_left(&response.data));
}

int dlms_client_get(struct dlms_client *client, const struct dlms_descriptor *attribute,
                    const struct dlms_sink *sink)
{
    const uint32_t selects = attribute->selector != 0 ? (uint32_t)DLMS_CAN_SELECT : 0;
    const int err = need(client, (uint32_t)DLMS_CAN_GET | selects);
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    struct writer w = dlms_client_request(client);
    dlms_get_write(&w, dlms_client_invoke(client), attribute);
    return get(client, &w, DLMS_GET_NORMAL, sink);
}

int dlms_client_get_list(struct dlms_client *client, const struct dlms_descriptor *attributes,
                         size_t n_attributes, const struct dlms_sink *sink)
{
    const int err = need(client, (uint32_t)DLMS_CAN_GET | (uint32_t)DLMS_CAN_LIST);
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    struct writer w = dlms_client_request(client);
    dlms_get_list_write(&w, dlms_client_invoke(client), attributes, n_attributes);
    return get(client, &w, DLMS_GET_LIST, sink);
}

struct into {
    uint8_t *data;
    size_t capacity, used;
    bool full;
};

static int take_into(void *context, const uint8_t *bytes, size_t n_bytes)
{
    struct into *into = context;
    if (n_bytes > into->capacity - into->used) {
        into->full = true;
        return 1;
    }
    memcpy(into->data + into->used, bytes, n_bytes);
    into->used += n_bytes;
    return 0;
}

int dlms_client_get_into(struct dlms_client *client, const struct dlms_descriptor *attribute,
                         uint8_t *data, size_t capacity)
{
    struct into into = {data, capacity, 0, false};
    const struct dlms_sink sink = {take_into, &into};
    const int err = dlms_client_get(client, attribute, &sink);
    if (err != DLMS_CLIENT_OK) {
        return into.full ? DLMS_CLIENT_ERR_SPACE : err;
    }
    struct reader whole = reader_over(data, into.used);
    if (dlms_data_skip(&whole) != DLMS_OK || !reader_complete(&whole)) {
        return DLMS_CLIENT_ERR_MALFORMED;
    }
    return (int)into.used;
}

/* ---- SET ---- */

/** Octets of a request before its Data, when it carries this descriptor. */
static size_t head_size(const struct dlms_descriptor *descriptor)
{
    return 3u + 9u + 1u +
           (descriptor->selector != 0 ? 1u + reader_left(&descriptor->parameter) : 0);
}

/** The next block of data that fits behind n_head octets. */
static struct dlms_block cut_block(const struct dlms_client *client, size_t n_head,
                                   struct dlms_octets *data, uint32_t number)
{
    const size_t room = dlms_client_room(client), head = n_head + BLOCK_HEAD;
    size_t n = room > head ? room - head : 0;
    n = n < data->n_bytes ? n : data->n_bytes;
    const struct dlms_block block = {
        .last = n == data->n_bytes, .number = number, .raw = data->bytes, .n_raw = (uint32_t)n};
    data->bytes += n;
    data->n_bytes -= n;
    return block;
}

/** After a block that was not the last: the meter has to confirm its number. */
static int check_confirmed(const struct dlms_response *response, uint8_t choice, uint32_t number)
{
    if (response->choice != choice) {
        return DLMS_CLIENT_ERR_MALFORMED;
    }
    return response->block.number == number ? DLMS_CLIENT_OK : DLMS_CLIENT_ERR_BLOCK;
}

static int set_blocks(struct dlms_client *client, const struct dlms_descriptor *attribute,
                      struct dlms_octets data)
{
    const uint8_t invoke = dlms_client_invoke(client);
    struct dlms_response response;
    struct dlms_block block = cut_block(client, head_size(attribute), &data, 1);
    struct writer w = dlms_client_request(client);
    if (block.n_raw == 0) {
        return DLMS_CLIENT_ERR_LONG;
    }
    dlms_set_first_block_write(&w, invoke, attribute, &block);
    for (;;) {
        int err = dlms_client_ask(client, &w, DLMS_TAG_SET_RESPONSE, &response);
        if (err != DLMS_CLIENT_OK) {
            return err;
        }
        if (response.choice == DLMS_SET_RESPONSE_LAST_BLOCK ||
            response.choice == DLMS_SET_NORMAL) { /* the second one: refused before its end */
            if (response.result != 0) {
                return dlms_client_refused(client, response.result);
            }
            return block.last && response.choice == DLMS_SET_RESPONSE_LAST_BLOCK &&
                           response.block.number == block.number
                       ? DLMS_CLIENT_OK
                       : DLMS_CLIENT_ERR_BLOCK;
        }
        err = check_confirmed(&response, DLMS_SET_RESPONSE_BLOCK, block.number);
        if (err != DLMS_CLIENT_OK || block.last) {
            return err != DLMS_CLIENT_OK ? err : DLMS_CLIENT_ERR_MALFORMED;
        }
        block = cut_block(client, 3, &data, block.number + 1u);
        w = dlms_client_request(client);
        dlms_set_block_write(&w, invoke, &block);
    }
}

int dlms_client_set(struct dlms_client *client, const struct dlms_descriptor *attribute,
                    struct dlms_octets data)
{
    struct dlms_response response;
    int err = need(client, (uint32_t)DLMS_CAN_SET);
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    const bool fits = head_size(attribute) + data.n_bytes <= dlms_client_room(client);
    if (!fits && (client->conformance & (uint32_t)DLMS_CAN_BLOCK_SET) != 0) {
        return set_blocks(client, attribute, data);
    }
    struct writer w = dlms_client_request(client);
    dlms_set_write(&w, dlms_client_invoke(client), attribute, data);
    err = dlms_client_ask(client, &w, DLMS_TAG_SET_RESPONSE, &response);
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    if (response.choice != DLMS_SET_NORMAL) {
        return DLMS_CLIENT_ERR_MALFORMED;
    }
    return response.result == 0 ? DLMS_CLIENT_OK : dlms_client_refused(client, response.result);
}

int dlms_client_set_list(struct dlms_client *client, const struct dlms_descriptor *attributes,
                         size_t n_attributes, struct dlms_octets data, uint16_t *results)
{
    struct dlms_response response;
    int err = need(client, (uint32_t)DLMS_CAN_SET | (uint32_t)DLMS_CAN_LIST);
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    struct writer w = dlms_client_request(client);
    dlms_set_list_write(&w, dlms_client_invoke(client), attributes, n_attributes, data);
    err = dlms_client_ask(client, &w, DLMS_TAG_SET_RESPONSE, &response);
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    if (response.choice != DLMS_SET_RESPONSE_LIST || response.count != n_attributes) {
        return DLMS_CLIENT_ERR_MALFORMED;
    }
    for (size_t i = 0; i < n_attributes; i++) {
        results[i] = reader_u8(&response.data);
    }
    return reader_complete(&response.data) ? DLMS_CLIENT_OK : DLMS_CLIENT_ERR_MALFORMED;
}

/* ---- ACTION ---- */

/* A return value in blocks has what stands before it in a normal response: 00 01 00. */
struct returned {
    const struct dlms_sink *sink;
    uint8_t head[3];
    size_t n_head;
};

static int take_returned(void *context, const uint8_t *bytes, size_t n_bytes)
{
    static const uint8_t usual[3] = {0, 1, 0};
    struct returned *r = context;
    while (n_bytes > 0 && r->n_head < sizeof r->head) {
        r->head[r->n_head++] = *bytes++;
        n_bytes--;
    }
    if (r->n_head == sizeof r->head && r->head[0] != 0) { /* some send the bare value */
        const int err = hand_on(r->sink, r->head, sizeof r->head);
        r->head[0] = 0;
        r->head[1] = usual[1];
        r->head[2] = usual[2];
        if (err != DLMS_CLIENT_OK) {
            return err;
        }
    }
    if (r->n_head == sizeof r->head && memcmp(r->head, usual, sizeof usual) != 0) {
        return 1;
    }
    return hand_on(r->sink, bytes, n_bytes);
}

/** What came back, the request is through. */
static int take_return(struct dlms_client *client, struct dlms_response *response,
                       const struct dlms_sink *sink)
{
    if (response->choice == DLMS_ACTION_NEXT) {
        struct returned returned = {.sink = sink};
        const struct dlms_sink strip = {take_returned, &returned};
        return take_blocks(client, response, &strip);
    }
    if (response->choice != DLMS_ACTION_NORMAL) {
        return DLMS_CLIENT_ERR_MALFORMED;
    }
    if (response->result != 0) {
        return dlms_client_refused(client, response->result);
    }
    return response->has_data ? hand_on(sink, response->data.at, reader_left(&response->data))
                              : DLMS_CLIENT_OK;
}

static int action_blocks(struct dlms_client *client, const struct dlms_descriptor *method,
                         struct dlms_octets data, const struct dlms_sink *sink)
{
    const uint8_t invoke = dlms_client_invoke(client);
    struct dlms_response response;
    struct dlms_block block = cut_block(client, head_size(method), &data, 1);
    struct writer w = dlms_client_request(client);
    if (block.n_raw == 0) {
        return DLMS_CLIENT_ERR_LONG;
    }
    dlms_action_first_block_write(&w, invoke, method, &block);
    for (;;) {
        int err = dlms_client_ask(client, &w, DLMS_TAG_ACTION_RESPONSE, &response);
        if (err != DLMS_CLIENT_OK) {
            return err;
        }
        if (block.last || response.choice == DLMS_ACTION_NORMAL) {
            return take_return(client, &response, sink);
        }
        err = check_confirmed(&response, DLMS_ACTION_FIRST_BLOCK, block.number);
        if (err != DLMS_CLIENT_OK) {
            return err;
        }
        block = cut_block(client, 3, &data, block.number + 1u);
        w = dlms_client_request(client);
        dlms_action_block_write(&w, invoke, &block);
    }
}

int dlms_client_action(struct dlms_client *client, const struct dlms_descriptor *method,
                       struct dlms_octets data, const struct dlms_sink *sink)
{
    struct dlms_response response;
    int err = need(client, (uint32_t)DLMS_CAN_ACTION);
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    const bool fits = head_size(method) + data.n_bytes <= dlms_client_room(client);
    if (!fits && (client->conformance & (uint32_t)DLMS_CAN_BLOCK_ACTION) != 0) {
        return action_blocks(client, method, data, sink);
    }
    struct writer w = dlms_client_request(client);
    dlms_action_write(&w, dlms_client_invoke(client), method, data);
    err = dlms_client_ask(client, &w, DLMS_TAG_ACTION_RESPONSE, &response);
    return err == DLMS_CLIENT_OK ? take_return(client, &response, sink) : err;
}

/* ---- ACCESS ---- */

static void write_access(struct dlms_client *client, struct writer *w,
                         const struct dlms_access_item *items, size_t n_items)
{
    dlms_access_request_write(w, 0xC0000000u | (client->long_invoke & 0xFFFFFFu), n_items);
    for (size_t i = 0; i < n_items; i++) {
        dlms_access_spec_write(w, items[i].choice, &items[i].descriptor);
    }
    dlms_write_length(w, n_items);
    for (size_t i = 0; i < n_items; i++) {
        if (items[i].data.n_bytes > 0) {
            writer_bytes(w, items[i].data.bytes, items[i].data.n_bytes);
        } else {
            dlms_write_null(w);
        }
    }
}

int dlms_client_access(struct dlms_client *client, const struct dlms_access_item *items,
                       size_t n_items,
                       int (*take)(void *context, size_t item, uint16_t result, struct reader data),
                       void *context)
{
    struct dlms_bytes apdu;
    struct dlms_access answer;
    int err = need(client, (uint32_t)DLMS_CAN_ACCESS);
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    client->long_invoke = (client->long_invoke + 1u) & 0xFFFFFFu;
    struct writer w = dlms_client_request(client);
    write_access(client, &w, items, n_items);
    err = dlms_client_send(client, &w);
    if (err == DLMS_CLIENT_OK) {
        err = dlms_client_receive(client, DLMS_TAG_ACCESS_RESPONSE, &apdu);
    }
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    if (dlms_access_response_read(apdu.bytes, apdu.n_bytes, &answer) != DLMS_OK ||
        answer.n_specs != n_items || answer.n_data != n_items) {
        return DLMS_CLIENT_ERR_MALFORMED;
    }
    if ((answer.long_invoke & 0xFFFFFFu) != client->long_invoke) {
        return DLMS_CLIENT_ERR_INVOKE;
    }
    for (size_t i = 0; i < n_items; i++) {
        uint16_t result = 0;
        struct reader data = answer.data;
        if (dlms_data_skip(&answer.data) != DLMS_OK ||
            dlms_access_result_read(&answer.specs, &result) < 0) {
            return DLMS_CLIENT_ERR_MALFORMED;
        }
        data.end = answer.data.at;
        if (take(context, i, result, data) != 0) {
            return DLMS_CLIENT_ERR_STOPPED;
        }
    }
    return DLMS_CLIENT_OK;
}
