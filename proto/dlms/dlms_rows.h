/**
 * Whole elements out of the pieces of a long answer: rows of a profile, objects of an association,
 * results of a GET with list.  Room is needed for one element only.
 */
#ifndef OPEN382_DLMS_ROWS_H
#define OPEN382_DLMS_ROWS_H

#include "dlms_client.h"

enum dlms_rows_kind {
    DLMS_ROWS_ARRAY, /**< elements of an array; any other Data is one element */
    DLMS_ROWS_LIST,  /**< results of a GET with list */
};

struct dlms_rows {
    uint8_t kind; /**< enum dlms_rows_kind */
    bool begun;
    bool array;            /**< the Data is an array */
    uint32_t count, index; /**< elements in all, elements handed on */
    uint8_t *buffer;       /**< for an element that came in parts */
    size_t capacity, used;
    /** One element: its Data, and for a list its result (Data is empty when that is not 0).
     *  @return 0 to go on. */
    int (*row)(void *context, uint32_t index, uint16_t result, struct reader data);
    void *context;
    int err; /**< enum dlms_client_err that ended it */
};

void dlms_rows_init(struct dlms_rows *rows, enum dlms_rows_kind kind, uint8_t *buffer,
                    size_t capacity,
                    int (*row)(void *context, uint32_t index, uint16_t result, struct reader data),
                    void *context);
/** The sink to give to dlms_client_get and its like. */
struct dlms_sink dlms_rows_sink(struct dlms_rows *rows);
/** After the call that filled it: err is its result.  @return DLMS_CLIENT_OK: all elements came. */
int dlms_rows_end(const struct dlms_rows *rows, int err);

#endif
