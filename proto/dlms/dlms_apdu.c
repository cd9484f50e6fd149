#include "dlms_apdu.h"

#include <string.h>

static const struct {
    uint8_t result;
    const char *name;
} result_names[] = {
    {DLMS_RESULT_SUCCESS, "success"},
    {DLMS_RESULT_HARDWARE_FAULT, "hardware-fault"},
    {DLMS_RESULT_TEMPORARY_FAILURE, "temporary-failure"},
    {DLMS_RESULT_DENIED, "read-write-denied"},
    {DLMS_RESULT_UNDEFINED, "object-undefined"},
    {DLMS_RESULT_CLASS, "object-class-inconsistent"},
    {DLMS_RESULT_UNAVAILABLE, "object-unavailable"},
    {DLMS_RESULT_TYPE, "type-unmatched"},
    {DLMS_RESULT_SCOPE, "scope-of-access-violated"},
    {DLMS_RESULT_BLOCK_UNAVAILABLE, "data-block-unavailable"},
    {DLMS_RESULT_LONG_GET_ABORTED, "long-get-aborted"},
    {DLMS_RESULT_NO_LONG_GET, "no-long-get-in-progress"},
    {DLMS_RESULT_LONG_SET_ABORTED, "long-set-aborted"},
    {DLMS_RESULT_NO_LONG_SET, "no-long-set-in-progress"},
    {DLMS_RESULT_BLOCK_NUMBER, "data-block-number-invalid"},
    {DLMS_RESULT_OTHER, "other-reason"},
};

const char *dlms_result_name(unsigned result)
{
    for (size_t i = 0; i < sizeof result_names / sizeof result_names[0]; i++) {
        if (result_names[i].result == result) {
            return result_names[i].name;
        }
    }
    return "result";
}

static enum dlms_status status_of(const struct reader *r)
{
    return r->failed ? DLMS_ERR_CUT : DLMS_OK;
}

/* --- Requests --- */

enum dlms_status dlms_request_read(const uint8_t *apdu, size_t n, struct dlms_request *out)
{
    struct reader r = reader_over(apdu, n);
    out->tag = reader_u8(&r);
    out->choice = reader_u8(&r);
    out->invoke = reader_u8(&r);
    out->body = r;
    return status_of(&r);
}

/** Class, name and member. */
static void member_read(struct reader *r, struct dlms_descriptor *out)
{
    const uint8_t *octets = reader_bytes(r, 9);
    out->selector = 0;
    out->parameter = dlms_no_data();
    if (octets == NULL) {
        memset(out, 0, sizeof *out);
        return;
    }
    out->class_id = (uint16_t)(octets[0] << 8 | octets[1]);
    memcpy(out->obis, octets + 2, sizeof out->obis);
    out->member = (int8_t)octets[8];
}

void dlms_read_method(struct reader *r, struct dlms_descriptor *out)
{
    member_read(r, out);
}

void dlms_read_attribute(struct reader *r, struct dlms_descriptor *out)
{
    member_read(r, out);
    uint8_t is_selected = reader_u8(r);
    if (is_selected == 1) {
        out->selector = reader_u8(r);
        const uint8_t *parameter = r->at;
        dlms_data_skip(r);
        if (!r->failed) {
            out->parameter = reader_over(parameter, (size_t)(r->at - parameter));
        }
    } else if (is_selected != 0) {
        r->failed = true;
    }
}

/** Length and octets. */
static void raw_read(struct reader *r, struct dlms_block *out)
{
    out->n_raw = dlms_read_length(r);
    out->raw = reader_bytes(r, out->n_raw);
}

void dlms_read_block(struct reader *r, struct dlms_block *out)
{
    uint8_t last = reader_u8(r);
    out->last = last != 0;
    out->number = (uint32_t)reader_uint_be(r, 4);
    raw_read(r, out);
}

static void member_write(struct writer *w, const struct dlms_descriptor *member)
{
    writer_uint_be(w, member->class_id, 2);
    writer_bytes(w, member->obis, sizeof member->obis);
    writer_u8(w, (uint8_t)member->member);
}

void dlms_write_method(struct writer *w, const struct dlms_descriptor *method)
{
    member_write(w, method);
}

void dlms_write_attribute(struct writer *w, const struct dlms_descriptor *attribute)
{
    member_write(w, attribute);
    writer_u8(w, attribute->selector != 0 ? 1 : 0);
    if (attribute->selector != 0) {
        writer_u8(w, attribute->selector);
        writer_bytes(w, attribute->parameter.at, reader_left(&attribute->parameter));
    }
}

void dlms_write_block(struct writer *w, const struct dlms_block *block)
{
    writer_u8(w, block->last ? 1 : 0);
    writer_uint_be(w, block->number, 4);
    dlms_write_length(w, block->n_raw);
    writer_bytes(w, block->raw, block->n_raw);
}

static void head_write(struct writer *w, uint8_t tag, uint8_t choice, uint8_t invoke)
{
    const uint8_t head[3] = {tag, choice, invoke};
    writer_bytes(w, head, sizeof head);
}

static void octets_write(struct writer *w, struct dlms_octets octets)
{
    writer_bytes(w, octets.bytes, octets.n_bytes);
}

void dlms_get_write(struct writer *w, uint8_t invoke, const struct dlms_descriptor *attribute)
{
    head_write(w, DLMS_TAG_GET_REQUEST, DLMS_GET_NORMAL, invoke);
    dlms_write_attribute(w, attribute);
}

void dlms_get_next_write(struct writer *w, uint8_t invoke, uint32_t block_number)
{
    head_write(w, DLMS_TAG_GET_REQUEST, DLMS_GET_NEXT, invoke);
    writer_uint_be(w, block_number, 4);
}

/** Count and attributes. */
static void attributes_write(struct writer *w, const struct dlms_descriptor *attributes, size_t n)
{
    dlms_write_length(w, n);
    for (size_t i = 0; i < n; i++) {
        dlms_write_attribute(w, &attributes[i]);
    }
}

void dlms_get_list_write(struct writer *w, uint8_t invoke, const struct dlms_descriptor *attributes,
                         size_t n)
{
    head_write(w, DLMS_TAG_GET_REQUEST, DLMS_GET_LIST, invoke);
    attributes_write(w, attributes, n);
}

void dlms_set_write(struct writer *w, uint8_t invoke, const struct dlms_descriptor *attribute,
                    struct dlms_octets data)
{
    head_write(w, DLMS_TAG_SET_REQUEST, DLMS_SET_NORMAL, invoke);
    dlms_write_attribute(w, attribute);
    octets_write(w, data);
}

void dlms_set_list_write(struct writer *w, uint8_t invoke, const struct dlms_descriptor *attributes,
                         size_t n, struct dlms_octets data)
{
    head_write(w, DLMS_TAG_SET_REQUEST, DLMS_SET_LIST, invoke);
    attributes_write(w, attributes, n);
    dlms_write_length(w, n);
    octets_write(w, data);
}

void dlms_set_first_block_write(struct writer *w, uint8_t invoke,
                                const struct dlms_descriptor *attribute,
                                const struct dlms_block *block)
{
    head_write(w, DLMS_TAG_SET_REQUEST, DLMS_SET_FIRST_BLOCK, invoke);
    dlms_write_attribute(w, attribute);
    dlms_write_block(w, block);
}

void dlms_set_block_write(struct writer *w, uint8_t invoke, const struct dlms_block *block)
{
    head_write(w, DLMS_TAG_SET_REQUEST, DLMS_SET_BLOCK, invoke);
    dlms_write_block(w, block);
}

void dlms_action_write(struct writer *w, uint8_t invoke, const struct dlms_descriptor *method,
                       struct dlms_octets data)
{
    head_write(w, DLMS_TAG_ACTION_REQUEST, DLMS_ACTION_NORMAL, invoke);
    member_write(w, method);
    writer_u8(w, data.n_bytes > 0 ? 1 : 0);
    octets_write(w, data);
}

void dlms_action_list_write(struct writer *w, uint8_t invoke, const struct dlms_descriptor *methods,
                            size_t n, struct dlms_octets data)
{
    head_write(w, DLMS_TAG_ACTION_REQUEST, DLMS_ACTION_LIST, invoke);
    dlms_write_length(w, n);
    for (size_t i = 0; i < n; i++) {
        member_write(w, &methods[i]);
    }
    dlms_write_length(w, n);
    octets_write(w, data);
}

void dlms_action_first_block_write(struct writer *w, uint8_t invoke,
                                   const struct dlms_descriptor *method,
                                   const struct dlms_block *block)
{
    head_write(w, DLMS_TAG_ACTION_REQUEST, DLMS_ACTION_FIRST_BLOCK, invoke);
    member_write(w, method);
    dlms_write_block(w, block);
}

void dlms_action_block_write(struct writer *w, uint8_t invoke, const struct dlms_block *block)
{
    head_write(w, DLMS_TAG_ACTION_REQUEST, DLMS_ACTION_BLOCK, invoke);
    dlms_write_block(w, block);
}

void dlms_action_next_write(struct writer *w, uint8_t invoke, uint32_t block_number)
{
    head_write(w, DLMS_TAG_ACTION_REQUEST, DLMS_ACTION_NEXT, invoke);
    writer_uint_be(w, block_number, 4);
}

/* --- Responses --- */

/** CHOICE of Data (00) or data-access-result (01). */
static void data_or_result_read(struct reader *r, bool *has_data, uint16_t *result)
{
    uint8_t choice = reader_u8(r);
    *has_data = choice == 0;
    if (choice == 1) {
        *result = reader_u8(r);
    } else if (choice != 0) {
        r->failed = true;
    }
}

static void get_response_read(struct reader *r, struct dlms_response *out)
{
    bool has_raw = false;
    switch (out->choice) {
    case DLMS_GET_NORMAL: data_or_result_read(r, &out->has_data, &out->result); break;
    case DLMS_GET_NEXT:
        out->block.last = reader_u8(r) != 0;
        out->block.number = (uint32_t)reader_uint_be(r, 4);
        data_or_result_read(r, &has_raw, &out->result);
        if (has_raw) {
            raw_read(r, &out->block);
        }
        break;
    case DLMS_GET_LIST: out->count = dlms_read_length(r); break;
    default: r->failed = true; break;
    }
}

static void set_response_read(struct reader *r, struct dlms_response *out)
{
    switch (out->choice) {
    case DLMS_SET_NORMAL: out->result = reader_u8(r); break;
    case DLMS_SET_RESPONSE_BLOCK: out->block.number = (uint32_t)reader_uint_be(r, 4); break;
    case DLMS_SET_RESPONSE_LAST_BLOCK:
        out->result = reader_u8(r);
        out->block.number = (uint32_t)reader_uint_be(r, 4);
        break;
    case DLMS_SET_RESPONSE_LAST_BLOCK_LIST:
        out->count = dlms_read_length(r);
        out->data = *r; /* one octet each */
        reader_bytes(r, out->count);
        out->data.end = r->at;
        out->block.number = (uint32_t)reader_uint_be(r, 4);
        break;
    case DLMS_SET_RESPONSE_LIST: out->count = dlms_read_length(r); break;
    default: r->failed = true; break;
    }
}

static void action_response_read(struct reader *r, struct dlms_response *out)
{
    switch (out->choice) {
    case DLMS_ACTION_NORMAL:
        out->result = reader_u8(r);
        if (reader_u8(r) == 1) {
            data_or_result_read(r, &out->has_data, &out->data_result);
        }
        break;
    case DLMS_ACTION_NEXT: dlms_read_block(r, &out->block); break;
    case DLMS_ACTION_LIST: out->count = dlms_read_length(r); break;
    case DLMS_ACTION_FIRST_BLOCK: out->block.number = (uint32_t)reader_uint_be(r, 4); break;
    default: r->failed = true; break;
    }
}

enum dlms_status dlms_response_read(const uint8_t *apdu, size_t n, struct dlms_response *out)
{
    struct reader r = reader_over(apdu, n);
    memset(out, 0, sizeof *out);
    out->tag = reader_u8(&r);
    out->choice = reader_u8(&r);
    out->invoke = reader_u8(&r);
    out->data = dlms_no_data();
    switch (out->tag) {
    case DLMS_TAG_GET_RESPONSE: get_response_read(&r, out); break;
    case DLMS_TAG_SET_RESPONSE: set_response_read(&r, out); break;
    case DLMS_TAG_ACTION_RESPONSE: action_response_read(&r, out); break;
    default: return DLMS_ERR_BAD;
    }
    if (out->data.at == NULL) {
        out->data = r;
    }
    return status_of(&r);
}

bool dlms_list_get_read(struct reader *list, uint16_t *result, struct reader *data)
{
    bool has_data = false;
    *result = DLMS_RESULT_SUCCESS;
    *data = dlms_no_data();
    data_or_result_read(list, &has_data, result);
    if (has_data) {
        const uint8_t *begin = list->at;
        dlms_data_skip(list);
        *data = reader_over(begin, (size_t)(list->at - begin));
    }
    return !list->failed;
}

/* --- Exceptions --- */

void dlms_exception_write(struct writer *w, const struct dlms_exception *exception)
{
    head_write(w, DLMS_TAG_EXCEPTION, exception->state, exception->service);
    if (exception->service == DLMS_SERVICE_COUNTER) {
        writer_uint_be(w, exception->counter, 4);
    }
}

enum dlms_status dlms_exception_read(const uint8_t *apdu, size_t n, struct dlms_exception *out)
{
    struct reader r = reader_over(apdu, n);
    memset(out, 0, sizeof *out);
    if (reader_u8(&r) != DLMS_TAG_EXCEPTION) {
        return DLMS_ERR_BAD;
    }
    out->state = reader_u8(&r);
    out->service = reader_u8(&r);
    if (out->service == DLMS_SERVICE_COUNTER) {
        out->counter = (uint32_t)reader_uint_be(&r, 4);
    }
    return status_of(&r);
}

/* --- Notifications --- */

/** Length and octets of a date-time; length 0: none. */
static struct dlms_octets time_read(struct reader *r)
{
    struct dlms_octets time = {NULL, 0};
    time.n_bytes = dlms_read_length(r);
    time.bytes = reader_bytes(r, time.n_bytes);
    if (time.n_bytes != 0 && time.n_bytes != 12) {
        r->failed = true;
    }
    if (time.n_bytes == 0) {
        time.bytes = NULL;
    }
    return time;
}

void dlms_data_notification_write(struct writer *w, uint32_t long_invoke, const uint8_t *time)
{
    writer_u8(w, DLMS_TAG_DATA_NOTIFICATION);
    writer_uint_be(w, long_invoke, 4);
    writer_u8(w, time == NULL ? 0 : 12);
    writer_bytes(w, time, time == NULL ? 0 : 12);
}

void dlms_event_notification_write(struct writer *w, const uint8_t *time,
                                   const struct dlms_descriptor *attribute)
{
    writer_u8(w, DLMS_TAG_EVENT_NOTIFICATION);
    writer_u8(w, time == NULL ? 0 : 1);
    if (time != NULL) {
        writer_u8(w, 12);
        writer_bytes(w, time, 12);
    }
    member_write(w, attribute);
}

enum dlms_status dlms_notification_read(const uint8_t *apdu, size_t n,
                                        struct dlms_notification *out)
{
    struct reader r = reader_over(apdu, n);
    memset(out, 0, sizeof *out);
    out->tag = reader_u8(&r);
    if (out->tag == DLMS_TAG_DATA_NOTIFICATION) {
        out->long_invoke = (uint32_t)reader_uint_be(&r, 4);
        out->time = time_read(&r);
    } else if (out->tag == DLMS_TAG_EVENT_NOTIFICATION) {
        if (reader_u8(&r) == 1) {
            out->time = time_read(&r);
        }
        member_read(&r, &out->attribute);
    } else {
        return DLMS_ERR_BAD;
    }
    out->data = r;
    return status_of(&r);
}

/* --- ACCESS --- */

enum dlms_status dlms_access_request_read(const uint8_t *apdu, size_t n, struct dlms_access *out)
{
    struct reader r = reader_over(apdu, n);
    struct dlms_descriptor descriptor;
    memset(out, 0, sizeof *out);
    if (reader_u8(&r) != DLMS_TAG_ACCESS_REQUEST) {
        return DLMS_ERR_BAD;
    }
    out->long_invoke = (uint32_t)reader_uint_be(&r, 4);
    out->time = time_read(&r);
    out->n_specs = dlms_read_length(&r);
    out->specs = r;
    for (uint32_t i = 0; i < out->n_specs && !r.failed; i++) {
        dlms_access_spec_read(&r, &descriptor);
    }
    out->specs.end = r.at;
    out->n_data = dlms_read_length(&r);
    out->data = r;
    return r.failed ? DLMS_ERR_CUT : out->n_data != out->n_specs ? DLMS_ERR_BAD : DLMS_OK;
}

enum dlms_status dlms_access_response_read(const uint8_t *apdu, size_t n, struct dlms_access *out)
{
    struct reader r = reader_over(apdu, n);
    memset(out, 0, sizeof *out);
    if (reader_u8(&r) != DLMS_TAG_ACCESS_RESPONSE) {
        return DLMS_ERR_BAD;
    }
    out->long_invoke = (uint32_t)reader_uint_be(&r, 4);
    out->time = time_read(&r);
    if (reader_u8(&r) == 1) { /* the request's specifications once more */
        struct dlms_descriptor descriptor;
        uint32_t n_echoed = dlms_read_length(&r);
        for (uint32_t i = 0; i < n_echoed && !r.failed; i++) {
            dlms_access_spec_read(&r, &descriptor);
        }
    }
    out->n_data = dlms_read_length(&r);
    out->data = r;
    for (uint32_t i = 0; i < out->n_data && !r.failed; i++) {
        dlms_data_skip(&r);
    }
    out->data.end = r.at;
    out->n_specs = dlms_read_length(&r);
    out->specs = r;
    return status_of(&r);
}

int dlms_access_spec_read(struct reader *specs, struct dlms_descriptor *out)
{
    uint8_t choice = reader_u8(specs);
    member_read(specs, out);
    if (choice == DLMS_ACCESS_GET_SELECTED || choice == DLMS_ACCESS_SET_SELECTED) {
        out->selector = reader_u8(specs);
        const uint8_t *parameter = specs->at;
        dlms_data_skip(specs);
        out->parameter = reader_over(parameter, (size_t)(specs->at - parameter));
    }
    if (choice < DLMS_ACCESS_GET || choice > DLMS_ACCESS_SET_SELECTED) {
        specs->failed = true;
    }
    return specs->failed ? -1 : choice;
}

void dlms_access_spec_write(struct writer *w, enum dlms_access_choice choice,
                            const struct dlms_descriptor *descriptor)
{
    writer_u8(w, (uint8_t)choice);
    member_write(w, descriptor);
    if (choice == DLMS_ACCESS_GET_SELECTED || choice == DLMS_ACCESS_SET_SELECTED) {
        writer_u8(w, descriptor->selector);
        writer_bytes(w, descriptor->parameter.at, reader_left(&descriptor->parameter));
    }
}

int dlms_access_result_read(struct reader *specs, uint16_t *result)
{
    uint8_t choice = reader_u8(specs);
    *result = reader_u8(specs);
    return specs->failed ? -1 : choice;
}

void dlms_access_request_write(struct writer *w, uint32_t long_invoke, size_t n_specs)
{
    writer_u8(w, DLMS_TAG_ACCESS_REQUEST);
    writer_uint_be(w, long_invoke, 4);
    writer_u8(w, 0); /* no date-time */
    dlms_write_length(w, n_specs);
}
