#include "dlms_rows.h"

#include <string.h>

void dlms_rows_init(struct dlms_rows *rows, enum dlms_rows_kind kind, uint8_t *buffer,
                    size_t capacity,
                    int (*row)(void *context, uint32_t index, uint16_t result, struct reader data),
                    void *context)
{
    *rows = (struct dlms_rows){.kind = (uint8_t)kind,
                               .buffer = buffer,
                               .capacity = capacity,
                               .row = row,
                               .context = context};
}

/** What begins it.  @return false: more octets are needed. */
static bool begin(struct dlms_rows *rows, struct reader *r)
{
    struct reader head = *r;
    if (reader_left(r) == 0) {
        return false;
    }
    rows->array = rows->kind == DLMS_ROWS_LIST || *r->at == DLMS_ARRAY;
    rows->count = 1;
    if (rows->array) {
        if (rows->kind == DLMS_ROWS_ARRAY) {
            (void)reader_u8(&head);
        }
        rows->count = dlms_read_length(&head);
        if (head.failed) { /* the longest length has five octets */
            rows->err = reader_left(r) >= 6 ? DLMS_CLIENT_ERR_MALFORMED : DLMS_CLIENT_OK;
            return false;
        }
        *r = head;
    }
    rows->begun = true;
    return true;
}

/** Head of an element of a list.  Leaves the cursor before its Data. */
static enum dlms_status list_head(struct reader *r, uint16_t *result)
{
    const uint8_t choice = reader_u8(r);
    if (r->failed) {
        return DLMS_ERR_CUT;
    }
    *result = choice == 1 ? reader_u8(r) : 0;
    if (r->failed) {
        return DLMS_ERR_CUT;
    }
    if (choice == 1 && *result == DLMS_RESULT_SUCCESS) {
        *result = DLMS_RESULT_OTHER; /* no Data, and no reason why */
    }
    return choice <= 1 ? DLMS_OK : DLMS_ERR_BAD;
}

/** One element from the cursor.  @return false: more octets are needed, or rows->err is set. */
static bool one(struct dlms_rows *rows, struct reader *r)
{
    struct reader at = *r;
    uint16_t result = 0;
    enum dlms_status status = rows->kind == DLMS_ROWS_LIST ? list_head(&at, &result) : DLMS_OK;
    struct reader data = at;
    if (status == DLMS_OK && result == 0) {
        status = dlms_data_skip(&at);
    }
    if (status == DLMS_ERR_CUT) {
        return false;
    }
    if (status != DLMS_OK) {
        rows->err = DLMS_CLIENT_ERR_MALFORMED;
        return false;
    }
    data.end = at.at;
    if (rows->row(rows->context, rows->index, result, data) != 0) {
        rows->err = DLMS_CLIENT_ERR_STOPPED;
        return false;
    }
    rows->index++;
    *r = at;
    return true;
}

/** As many elements as there are.  @return octets used. */
static size_t consume(struct dlms_rows *rows, const uint8_t *bytes, size_t n_bytes)
{
    struct reader r = reader_over(bytes, n_bytes);
    if (!rows->begun && !begin(rows, &r)) {
        return 0;
    }
    while (rows->index < rows->count && one(rows, &r)) {
    }
    if (rows->err == DLMS_CLIENT_OK && rows->index == rows->count && reader_left(&r) > 0) {
        rows->err = DLMS_CLIENT_ERR_MALFORMED; /* something stands behind the last one */
    }
    return n_bytes - reader_left(&r);
}

/** Keep what is not used yet. */
static void keep(struct dlms_rows *rows, const uint8_t *bytes, size_t n_bytes)
{
    if (n_bytes > rows->capacity) {
        rows->err = DLMS_CLIENT_ERR_SPACE;
        return;
    }
    memmove(rows->buffer, bytes, n_bytes);
    rows->used = n_bytes;
}

static int take(void *context, const uint8_t *bytes, size_t n_bytes)
{
    struct dlms_rows *rows = context;
    while (rows->err == DLMS_CLIENT_OK && n_bytes > 0) {
        if (rows->used == 0) {
            const size_t used = consume(rows, bytes, n_bytes);
            if (rows->err == DLMS_CLIENT_OK) {
                keep(rows, bytes + used, n_bytes - used);
            }
            break;
        }
        const size_t room = rows->capacity - rows->used, n = n_bytes < room ? n_bytes : room;
        if (n == 0) {
            rows->err = DLMS_CLIENT_ERR_SPACE;
            break;
        }
        memcpy(rows->buffer + rows->used, bytes, n);
        rows->used += n;
        bytes += n;
        n_bytes -= n;
        const size_t used = consume(rows, rows->buffer, rows->used);
        if (rows->err == DLMS_CLIENT_OK) {
            keep(rows, rows->buffer + used, rows->used - used);
        }
    }
    return rows->err;
}

struct dlms_sink dlms_rows_sink(struct dlms_rows *rows)
{
    return (struct dlms_sink){take, rows};
}

int dlms_rows_end(const struct dlms_rows *rows, int err)
{
    if (rows->err != DLMS_CLIENT_OK) {
        return rows->err;
    }
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    const bool whole = rows->begun && rows->index == rows->count && rows->used == 0;
    return whole ? DLMS_CLIENT_OK : DLMS_CLIENT_ERR_MALFORMED;
}
