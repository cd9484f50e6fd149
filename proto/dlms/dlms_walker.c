/* The walker of dlms_data.h: plain Data, and compact arrays as if they were plain. */
#include <string.h>

#include "dlms_data.h"

void dlms_walker_init(struct dlms_walker *walker, const void *bytes, size_t n_bytes)
{
    memset(walker, 0, sizeof *walker);
    walker->r = reader_over(bytes, n_bytes);
}

void dlms_walker_feed(struct dlms_walker *walker, const void *bytes, size_t n_bytes)
{
    walker->r = reader_over(bytes, n_bytes);
}

/** An item without elements was read: close what ends with it. */
static void close_finished(struct dlms_walker *walker)
{
    while (walker->depth > 0 && walker->left[walker->depth - 1] == 0) {
        walker->depth--;
    }
}

/** Open an array or structure of count elements. */
static enum dlms_status open_elements(struct dlms_walker *walker, uint32_t count,
                                      const uint8_t *type, const uint8_t *again)
{
    if (count == 0) {
        close_finished(walker);
        return DLMS_OK;
    }
    if (walker->depth == DLMS_DEPTH_MAX) {
        return DLMS_ERR_DEPTH;
    }
    walker->left[walker->depth] = count;
    walker->type[walker->depth] = type;
    walker->again[walker->depth] = again;
    walker->depth++;
    return DLMS_OK;
}

/* Inside a compact array the types stand in its description, the contents follow without them.
 * For every open structure `type` is the description of its next element, for every open array the
 * one of all its elements (`again`). */

/** Where one description ends; dlms_data_read has found it well-formed. */
static const uint8_t *type_after(const uint8_t *at, const uint8_t *end)
{
    uint32_t n_to_come = 1;
    struct reader r = reader_over(at, (size_t)(end - at));
    while (n_to_come > 0 && !r.failed) {
        uint8_t type = reader_u8(&r);
        n_to_come--;
        if (type == DLMS_ARRAY) {
            reader_uint_be(&r, 2);
            n_to_come++;
        } else if (type == DLMS_STRUCTURE) {
            n_to_come += dlms_read_length(&r);
        }
    }
    return r.at;
}

/** Read a value of a described type: the octets of the contents with the type put before them. */
static enum dlms_status described_read(struct reader *content, uint8_t type, struct dlms_value *out)
{
    static const uint8_t sizes[] = {
        [DLMS_BOOLEAN] = 1,      [DLMS_INT32] = 4,       [DLMS_UINT32] = 4,
        [DLMS_BCD] = 1,          [DLMS_INT8] = 1,        [DLMS_INT16] = 2,
        [DLMS_UINT8] = 1,        [DLMS_UINT16] = 2,      [DLMS_INT64] = 8,
        [DLMS_UINT64] = 8,       [DLMS_ENUM] = 1,        [DLMS_FLOAT32] = 4,
        [DLMS_FLOAT64] = 8,      [DLMS_DATE_TIME] = 12,  [DLMS_DATE] = 5,
        [DLMS_TIME] = 4,         [DLMS_DELTA_INT8] = 1,  [DLMS_DELTA_INT16] = 2,
        [DLMS_DELTA_INT32] = 4,  [DLMS_DELTA_UINT8] = 1, [DLMS_DELTA_UINT16] = 2,
        [DLMS_DELTA_UINT32] = 4,
    };
    memset(out, 0, sizeof *out);
    out->type = type;
    uint8_t size = type < sizeof sizes ? sizes[type] : 0;
    if (size == 0 && type != DLMS_NULL && type != DLMS_DONT_CARE) { /* strings */
        uint32_t length = dlms_read_length(content);
        out->n_bytes = length;
        if (type == DLMS_BIT_STRING) {
            out->count = length;
            out->n_bytes = length / 8u + (length % 8u != 0 ? 1u : 0u);
        }
        out->bytes = reader_bytes(content, out->n_bytes);
        return content->failed ? DLMS_ERR_BAD : DLMS_OK;
    }
    uint8_t plain[13] = {type};
    const uint8_t *bytes = reader_bytes(content, size);
    if (bytes == NULL) {
        return DLMS_ERR_BAD;
    }
    memcpy(plain + 1, bytes, size);
    struct reader r = reader_over(plain, 1u + size);
    enum dlms_status status = dlms_data_read(&r, out);
    out->bytes = bytes;
    return status;
}

/** The contents of a compact array are used up: no element may come after. */
static bool content_is_used_up(const struct dlms_walker *walker)
{
    return walker->r.at == walker->content_end;
}

/** Next item inside a compact array. */
static enum dlms_status described_next(struct dlms_walker *walker, struct dlms_value *out)
{
    unsigned top = walker->depth - 1u;
    const uint8_t *type = walker->type[top];
    struct reader description = reader_over(type, (size_t)(walker->type_end - type));
    struct reader content = reader_over(walker->r.at, (size_t)(walker->content_end - walker->r.at));
    uint8_t tag = reader_u8(&description);
    uint8_t depth = walker->depth;
    if (depth == walker->compact_depth) { /* an element without octets would never come to an end */
        if (walker->element == walker->r.at) {
            return DLMS_ERR_BAD;
        }
        walker->element = walker->r.at;
    }
    walker->type[top] =
        walker->again[top] != NULL ? walker->again[top] : type_after(type, walker->type_end);
    if (top + 1u != walker->compact_depth) { /* of the outermost only the contents tell the end */
        walker->left[top]--;
    }
    enum dlms_status status = DLMS_OK;
    if (tag == DLMS_ARRAY || tag == DLMS_STRUCTURE) {
        memset(out, 0, sizeof *out);
        out->type = tag;
        out->count = tag == DLMS_ARRAY ? (uint32_t)reader_uint_be(&description, 2)
                                       : dlms_read_length(&description);
        status = open_elements(walker, out->count, description.at,
                               tag == DLMS_ARRAY ? description.at : NULL);
    } else {
        status = described_read(&content, tag, out);
        walker->r.at = content.at;
        close_finished(walker);
    }
    out->depth = depth;
    if (status == DLMS_OK && walker->depth == walker->compact_depth && content_is_used_up(walker)) {
        walker->compact_depth = 0; /* the array is complete */
        walker->depth--;
        close_finished(walker);
    }
    return status;
}

/** A compact array was read whole: begin with its elements. */
static enum dlms_status compact_open(struct dlms_walker *walker, struct dlms_value *out)
{
    struct reader r = reader_over(out->bytes, out->n_bytes);
    const uint8_t *after = type_after(out->bytes, out->bytes + out->n_bytes);
    reader_bytes(&r, (size_t)(after - out->bytes));
    uint32_t n_content = dlms_read_length(&r);
    const uint8_t *description = out->bytes;
    out->type = DLMS_ARRAY; /* its count is not told before its end */
    out->n_bytes = 0;
    out->bytes = NULL;
    if (n_content == 0) {
        close_finished(walker);
        return DLMS_OK;
    }
    enum dlms_status status = open_elements(walker, 1, description, description);
    if (status == DLMS_OK) {
        walker->compact_depth = walker->depth;
        walker->element = NULL;
        walker->type_end = after;
        walker->content_end = walker->r.at;
        walker->r.at -= n_content;
    }
    return status;
}

enum dlms_status dlms_data_next(struct dlms_walker *walker, struct dlms_value *out)
{
    if (walker->started && walker->depth == 0) {
        return DLMS_END;
    }
    if (walker->compact_depth != 0) {
        return described_next(walker, out);
    }
    struct reader before = walker->r;
    enum dlms_status status = dlms_data_read(&walker->r, out);
    if (status != DLMS_OK) {
        walker->r = before;
        return status;
    }
    uint8_t depth = walker->depth;
    walker->started = true;
    if (depth > 0) {
        walker->left[depth - 1]--;
    }
    if (out->type == DLMS_COMPACT_ARRAY) {
        status = compact_open(walker, out);
    } else if (out->type == DLMS_ARRAY || out->type == DLMS_STRUCTURE) {
        status = open_elements(walker, out->count, NULL, NULL);
    } else {
        close_finished(walker);
    }
    out->depth = depth;
    return status;
}
