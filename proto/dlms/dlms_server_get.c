/* GET: one attribute, a list, all attributes of an object; whole, in blocks, or cut by GBT. */
#include <string.h>

#include "proto/common/crc.h"

#include "dlms_server_part.h"

#define ALL_ATTRIBUTES 0

/** A GET request, and how far its list was read. */
struct wanted {
    bool is_list;
    uint32_t n_items, item; /**< item: number of the one in `attribute` */
    struct reader rest;     /**< descriptors after that */
    struct dlms_descriptor attribute;
};

/** @return false: malformed. */
static bool wanted_read(const uint8_t *apdu, size_t n_apdu, struct wanted *out)
{
    struct dlms_request request;
    out->item = 0;
    out->n_items = 1;
    if (dlms_request_read(apdu, n_apdu, &request) != DLMS_OK) {
        return false;
    }
    struct reader *body = &request.body;
    out->is_list = request.choice == DLMS_GET_LIST;
    if (out->is_list) {
        out->n_items = dlms_read_length(body);
    }
    dlms_read_attribute(body, &out->attribute);
    out->rest = *body;
    for (uint32_t i = 1; i < out->n_items && !body->failed; i++) {
        struct dlms_descriptor other;
        dlms_read_attribute(body, &other);
    }
    return out->n_items > 0 && reader_complete(body);
}

/** The descriptor of that item; items only go forward. */
static void wanted_seek(struct wanted *wanted, uint32_t item)
{
    while (wanted->item < item) {
        dlms_read_attribute(&wanted->rest, &wanted->attribute);
        wanted->item++;
    }
}

/** Check the rights to an attribute and get ready to ask for it. */
static enum dlms_result attribute_open(struct dlms_server *server,
                                       const struct dlms_descriptor *wanted, struct dlms_get *get)
{
    if (wanted->selector != 0 && !dlms_server_can(server, DLMS_CAN_SELECT)) {
        return DLMS_RESULT_SCOPE;
    }
    get->attribute = wanted->member;
    get->selector = wanted->selector;
    get->parameter = wanted->parameter;
    return dlms_server_open(server, wanted, DLMS_ATTRIBUTE, DLMS_MODE_READ, &get->object);
}

/** Next piece of one attribute. */
static enum dlms_result attribute_piece(struct dlms_server *server,
                                        const struct dlms_descriptor *wanted,
                                        struct dlms_position *position, struct writer *w)
{
    const struct dlms_model *model = server->config.model;
    struct dlms_get get;
    enum dlms_result result = attribute_open(server, wanted, &get);
    if (result != DLMS_RESULT_SUCCESS) {
        return result;
    }
    memcpy(get.cursor, position->cursor, sizeof get.cursor);
    result = model->get(model->context, &server->session, &get, w);
    memcpy(position->cursor, get.cursor, sizeof get.cursor);
    return result;
}

/** Next piece of attribute 0: a structure of all attributes, null-data for those without a right.
 */
static enum dlms_result all_piece(struct dlms_server *server, const struct dlms_descriptor *wanted,
                                  struct dlms_position *position, struct writer *w)
{
    const struct dlms_object *object;
    struct dlms_descriptor one = *wanted;
    one.member = 1;
    enum dlms_result result =
        dlms_server_open(server, &one, DLMS_ATTRIBUTE, DLMS_MODE_NONE, &object);
    if (result != DLMS_RESULT_SUCCESS) {
        return result;
    }
    struct dlms_members members = dlms_class_members(object->class_id, object->version);
    if (!dlms_server_can(server, DLMS_CAN_ATTRIBUTE_0_GET) || wanted->selector != 0) {
        return DLMS_RESULT_DENIED;
    }
    if (position->attribute == 0) {
        dlms_write_structure(w, members.n_attributes);
        position->attribute = 1;
    }
    one.member = (int8_t)position->attribute;
    struct writer before = *w;
    bool is_first = !position->attribute_open;
    result = attribute_piece(server, &one, position, w);
    position->attribute_open = result == DLMS_RESULT_MORE;
    if (result == DLMS_RESULT_MORE) {
        return result;
    }
    if (result != DLMS_RESULT_SUCCESS) {
        if (!is_first) {
            return result; /* the structure cannot be kept whole any more */
        }
        *w = before;
        dlms_write_null(w);
    }
    memset(position->cursor, 0, sizeof position->cursor);
    position->attribute++;
    return position->attribute > members.n_attributes ? DLMS_RESULT_SUCCESS : DLMS_RESULT_MORE;
}

/** Next piece of an item. */
static enum dlms_result item_piece(struct dlms_server *server, const struct dlms_descriptor *wanted,
                                   struct dlms_position *position, struct writer *w)
{
    if (wanted->member == ALL_ATTRIBUTES) {
        return all_piece(server, wanted, position, w);
    }
    return attribute_piece(server, wanted, position, w);
}

/** The item is done: what follows begins anew. */
static void next_item(struct dlms_position *position)
{
    uint32_t item = position->item + 1;
    memset(position, 0, sizeof *position);
    position->item = item;
}

/** Next piece of a list: its count before the first item, a choice before each. */
static enum dlms_result list_piece(struct dlms_server *server, struct wanted *wanted,
                                   struct dlms_position *position, struct writer *w)
{
    wanted_seek(wanted, position->item);
    if (position->item == 0 && !position->item_open) {
        dlms_write_length(w, wanted->n_items);
    }
    struct writer before = *w;
    if (!position->item_open) {
        writer_u8(w, 0);
    }
    enum dlms_result result = item_piece(server, &wanted->attribute, position, w);
    if (result == DLMS_RESULT_MORE) {
        position->item_open = true;
        return result;
    }
    if (result != DLMS_RESULT_SUCCESS) {
        if (position->item_open) {
            return DLMS_RESULT_LONG_GET_ABORTED; /* part of the value may be sent already */
        }
        *w = before;
        writer_u8(w, 1);
        writer_u8(w, (uint8_t)result);
    }
    next_item(position);
    return position->item == wanted->n_items ? DLMS_RESULT_SUCCESS : DLMS_RESULT_MORE;
}

/** A piece that no block can hold is cut: note where, and what it was. */
static enum dlms_result cut_piece(struct dlms_position *position,
                                  const struct dlms_position *before, struct writer *w, size_t room)
{
    size_t size = writer_length(w);
    if (w->failed || size > UINT16_MAX || room == 0) {
        return DLMS_RESULT_OTHER; /* not even the buffer holds it */
    }
    *position = *before;
    if (before->skip == 0) {
        position->piece_size = (uint16_t)size;
        position->piece_crc = crc32_ieee(w->begin, size);
    }
    position->skip += (uint32_t)room;
    w->at = w->begin + room;
    return DLMS_RESULT_MORE;
}

/** Drop what was sent of a cut piece.  @return false: the value has changed in between. */
static bool drop_sent(const struct dlms_position *before, struct writer *w)
{
    size_t size = writer_length(w);
    if (w->failed || size != before->piece_size || before->skip > size ||
        crc32_ieee(w->begin, size) != before->piece_crc) {
        return false;
    }
    memmove(w->begin, w->begin + before->skip, size - before->skip);
    w->at -= before->skip;
    return true;
}

/** Pieces from the position on, as far as room goes. */
static enum dlms_result stream(struct dlms_server *server, struct wanted *wanted,
                               struct dlms_position *position, struct writer *w, size_t room)
{
    enum dlms_result result = DLMS_RESULT_MORE;
    while (result == DLMS_RESULT_MORE) {
        const struct dlms_position before = *position;
        size_t n_before = writer_length(w);
        position->skip = 0;
        result = wanted->is_list ? list_piece(server, wanted, position, w)
                                 : item_piece(server, &wanted->attribute, position, w);
        if (result != DLMS_RESULT_MORE && result != DLMS_RESULT_SUCCESS) {
            return result;
        }
        if (before.skip > 0 && !drop_sent(&before, w)) {
            return DLMS_RESULT_LONG_GET_ABORTED;
        }
        if (w->failed || writer_length(w) > room) {
            if (n_before == 0) {
                return cut_piece(position, &before, w, room);
            }
            w->at = w->begin + n_before;
            w->failed = false;
            *position = before;
            return DLMS_RESULT_MORE;
        }
    }
    return result;
}

enum dlms_result dlms_server_stream(struct dlms_server *server, const uint8_t *apdu, size_t n_apdu,
                                    struct dlms_position *position, struct writer *w, size_t room)
{
    struct wanted wanted;
    if (!wanted_read(apdu, n_apdu, &wanted)) {
        return DLMS_RESULT_OTHER;
    }
    return stream(server, &wanted, position, w, room);
}

enum dlms_result dlms_server_get_whole(struct dlms_server *server,
                                       const struct dlms_descriptor *wanted, struct writer *w)
{
    struct dlms_position position = {0};
    const struct writer before = *w;
    enum dlms_result result = DLMS_RESULT_MORE;
    while (result == DLMS_RESULT_MORE && !w->failed) {
        result = item_piece(server, wanted, &position, w);
    }
    if (w->failed) {
        result = DLMS_RESULT_OTHER;
    }
    if (result != DLMS_RESULT_SUCCESS) {
        *w = before;
    }
    return result;
}

/* --- Answers --- */

static size_t result_answer(const struct dlms_out *out, uint8_t invoke, enum dlms_result result)
{
    struct writer w = writer_over(out->octets, out->capacity);
    const uint8_t head[5] = {DLMS_TAG_GET_RESPONSE, DLMS_GET_NORMAL, invoke, 1, (uint8_t)result};
    writer_bytes(&w, head, sizeof head);
    return w.failed ? 0 : writer_length(&w);
}

#define BLOCK_HEAD 9u /* before the length of the raw data */

static void block_head(struct writer *w, uint8_t invoke, bool last, uint32_t number, bool has_data)
{
    const uint8_t head[4] = {DLMS_TAG_GET_RESPONSE, DLMS_GET_NEXT, invoke, last ? 1 : 0};
    writer_bytes(w, head, sizeof head);
    writer_uint_be(w, number, 4);
    writer_u8(w, has_data ? 0 : 1);
}

/** A block that says why there are no more. */
static size_t block_broken(struct dlms_server *server, const struct dlms_out *out, uint8_t invoke,
                           uint32_t number, enum dlms_result result)
{
    struct writer w = writer_over(out->octets, out->capacity);
    dlms_server_idle(server);
    block_head(&w, invoke, true, number, false);
    writer_u8(&w, (uint8_t)result);
    return w.failed ? 0 : writer_length(&w);
}

/** The next block of the request in kept. */
/** Length of a block; `wide`: always as long as that of a full one. */
static void block_length(struct writer *w, size_t n_raw, size_t room, bool wide)
{
    if (wide && dlms_length_size(room) == 3u) {
        writer_u8(w, 0x82);
        writer_uint_be(w, n_raw, 2);
    } else {
        dlms_write_length(w, n_raw);
    }
}

static size_t next_block(struct dlms_server *server, const struct dlms_out *out)
{
    size_t room = dlms_server_room(out->limit, BLOCK_HEAD);
    size_t n_head = BLOCK_HEAD + dlms_length_size(room);
    if (room == 0 || n_head >= out->capacity) {
        return block_broken(server, out, server->invoke, server->block + 1, DLMS_RESULT_OTHER);
    }
    struct writer raw = writer_over(out->octets + n_head, out->capacity - n_head);
    enum dlms_result result = dlms_server_stream(server, server->config.kept, server->n_kept,
                                                 &server->position, &raw, room);
    server->block++;
    if (result != DLMS_RESULT_MORE && result != DLMS_RESULT_SUCCESS) {
        return block_broken(server, out, server->invoke, server->block, result);
    }
    size_t n_raw = writer_length(&raw);
    struct writer w = writer_over(out->octets, n_head);
    block_head(&w, server->invoke, result == DLMS_RESULT_SUCCESS, server->block, true);
    block_length(&w, n_raw, room, dlms_server_wide_blocks(server));
    memmove(w.at, raw.begin, n_raw);
    if (result == DLMS_RESULT_SUCCESS) {
        dlms_server_idle(server);
    }
    return writer_length(&w) + n_raw;
}

/** The answer is longer than a message: begin with its first block. */
static size_t first_block(struct dlms_server *server, const uint8_t *apdu, size_t n_apdu,
                          const struct dlms_out *out)
{
    uint8_t invoke = apdu[2];
    bool in_gbt = server->transfer == DLMS_TRANSFER_GBT_IN;
    if (!in_gbt) {
        dlms_server_idle(server);
    }
    if (in_gbt || !dlms_server_can(server, DLMS_CAN_BLOCK_GET) ||
        !dlms_server_keep(server, apdu, n_apdu)) {
        return result_answer(out, invoke, DLMS_RESULT_OTHER);
    }
    server->transfer = DLMS_TRANSFER_GET;
    server->invoke = invoke;
    return next_block(server, out);
}

/** A request for one attribute or a list. */
static size_t get_new(struct dlms_server *server, const uint8_t *apdu, size_t n_apdu,
                      const struct dlms_out *out)
{
    bool is_list = apdu[1] == DLMS_GET_LIST;
    struct dlms_position position = {0};
    const uint8_t head[4] = {DLMS_TAG_GET_RESPONSE, apdu[1], apdu[2], 0};
    const size_t n_head = is_list ? 3 : 4;
    struct wanted wanted;
    if (!wanted_read(apdu, n_apdu, &wanted) || out->limit <= n_head) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_OTHER);
    }
    struct writer w = writer_over(out->octets + n_head, out->capacity - n_head);
    enum dlms_result result = stream(server, &wanted, &position, &w, out->limit - n_head);
    if (result == DLMS_RESULT_SUCCESS) {
        memcpy(out->octets, head, n_head);
        return n_head + writer_length(&w);
    }
    if (result == DLMS_RESULT_MORE) {
        return first_block(server, apdu, n_apdu, out);
    }
    return result_answer(out, apdu[2], result);
}

static size_t get_next(struct dlms_server *server, const struct dlms_request *request,
                       const struct dlms_out *out)
{
    struct reader body = request->body;
    uint32_t number = (uint32_t)reader_uint_be(&body, 4);
    if (!reader_complete(&body)) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_OTHER);
    }
    if (server->transfer != DLMS_TRANSFER_GET) {
        return block_broken(server, out, request->invoke, number, DLMS_RESULT_NO_LONG_GET);
    }
    if (number != server->block) {
        return block_broken(server, out, request->invoke, number, DLMS_RESULT_BLOCK_NUMBER);
    }
    server->invoke = request->invoke;
    return next_block(server, out);
}

size_t dlms_server_get(struct dlms_server *server, const uint8_t *apdu, size_t n_apdu,
                       const struct dlms_out *out)
{
    struct dlms_request request;
    if (dlms_request_read(apdu, n_apdu, &request) != DLMS_OK) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_OTHER);
    }
    bool allowed = dlms_server_can(server, DLMS_CAN_GET) &&
                   (request.choice != DLMS_GET_LIST || dlms_server_can(server, DLMS_CAN_LIST));
    if (!allowed) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_NOT_SUPPORTED);
    }
    if (!dlms_server_answers(server, request.invoke)) {
        return 0; /* nobody waits for the value */
    }
    switch (request.choice) {
    case DLMS_GET_NORMAL:
    case DLMS_GET_LIST: return get_new(server, apdu, n_apdu, out);
    case DLMS_GET_NEXT: return get_next(server, &request, out);
    default: return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_NOT_SUPPORTED);
    }
}
