/**
 * Messages of an open association (IEC 62056-5-3, referencing by logical names): their tags and
 * heads, for both sides.  What follows a head (Data) is read with dlms_data.h.
 */
#ifndef OPEN382_DLMS_APDU_H
#define OPEN382_DLMS_APDU_H

#include "dlms_acse.h"

enum dlms_tag {
    DLMS_TAG_INITIATE_REQUEST = 0x01,
    DLMS_TAG_INITIATE_RESPONSE = 0x08,
    DLMS_TAG_SERVICE_ERROR = 0x0E,
    DLMS_TAG_DATA_NOTIFICATION = 0x0F,
    DLMS_TAG_DATA_NOTIFICATION_CONFIRM = 0x10,
    DLMS_TAG_GLO_INITIATE_REQUEST = 0x21,
    DLMS_TAG_GLO_INITIATE_RESPONSE = 0x28,
    DLMS_TAG_AARQ = 0x60,
    DLMS_TAG_AARE = 0x61,
    DLMS_TAG_RLRQ = 0x62,
    DLMS_TAG_RLRE = 0x63,
    DLMS_TAG_GET_REQUEST = 0xC0,
    DLMS_TAG_SET_REQUEST = 0xC1,
    DLMS_TAG_EVENT_NOTIFICATION = 0xC2,
    DLMS_TAG_ACTION_REQUEST = 0xC3,
    DLMS_TAG_GET_RESPONSE = 0xC4,
    DLMS_TAG_SET_RESPONSE = 0xC5,
    DLMS_TAG_ACTION_RESPONSE = 0xC7,
    DLMS_TAG_GLO_GET_REQUEST = 0xC8,
    DLMS_TAG_GLO_SET_REQUEST = 0xC9,
    DLMS_TAG_GLO_EVENT_NOTIFICATION = 0xCA,
    DLMS_TAG_GLO_ACTION_REQUEST = 0xCB,
    DLMS_TAG_GLO_GET_RESPONSE = 0xCC,
    DLMS_TAG_GLO_SET_RESPONSE = 0xCD,
    DLMS_TAG_GLO_ACTION_RESPONSE = 0xCF,
    DLMS_TAG_DED_GET_REQUEST = 0xD0,
    DLMS_TAG_DED_SET_REQUEST = 0xD1,
    DLMS_TAG_DED_EVENT_NOTIFICATION = 0xD2,
    DLMS_TAG_DED_ACTION_REQUEST = 0xD3,
    DLMS_TAG_DED_GET_RESPONSE = 0xD4,
    DLMS_TAG_DED_SET_RESPONSE = 0xD5,
    DLMS_TAG_DED_ACTION_RESPONSE = 0xD7,
    DLMS_TAG_EXCEPTION = 0xD8,
    DLMS_TAG_ACCESS_REQUEST = 0xD9,
    DLMS_TAG_ACCESS_RESPONSE = 0xDA,
    DLMS_TAG_GENERAL_GLO = 0xDB,
    DLMS_TAG_GENERAL_DED = 0xDC,
    DLMS_TAG_GENERAL_CIPHERING = 0xDD,
    DLMS_TAG_GENERAL_SIGNING = 0xDF,
    DLMS_TAG_GBT = 0xE0
};

/** The second octet of a request or response. */
enum dlms_choice {
    DLMS_GET_NORMAL = 1,
    DLMS_GET_NEXT = 2, /**< response: with data block */
    DLMS_GET_LIST = 3,
    DLMS_SET_NORMAL = 1,
    DLMS_SET_FIRST_BLOCK = 2,
    DLMS_SET_BLOCK = 3,
    DLMS_SET_LIST = 4,
    DLMS_SET_LIST_FIRST_BLOCK = 5,
    DLMS_SET_RESPONSE_BLOCK = 2,
    DLMS_SET_RESPONSE_LAST_BLOCK = 3,
    DLMS_SET_RESPONSE_LAST_BLOCK_LIST = 4,
    DLMS_SET_RESPONSE_LIST = 5,
    DLMS_ACTION_NORMAL = 1,
    DLMS_ACTION_NEXT = 2, /**< response: with parameter block */
    DLMS_ACTION_LIST = 3,
    DLMS_ACTION_FIRST_BLOCK = 4, /**< response: next block please */
    DLMS_ACTION_LIST_FIRST_BLOCK = 5,
    DLMS_ACTION_BLOCK = 6
};

/** Data access results; action results are the same numbers but for 15 and 16. */
enum dlms_result {
    DLMS_RESULT_SUCCESS = 0,
    DLMS_RESULT_HARDWARE_FAULT = 1,
    DLMS_RESULT_TEMPORARY_FAILURE = 2,
    DLMS_RESULT_DENIED = 3,
    DLMS_RESULT_UNDEFINED = 4,
    DLMS_RESULT_CLASS = 9,
    DLMS_RESULT_UNAVAILABLE = 11,
    DLMS_RESULT_TYPE = 12,
    DLMS_RESULT_SCOPE = 13,
    DLMS_RESULT_BLOCK_UNAVAILABLE = 14,
    DLMS_RESULT_LONG_GET_ABORTED = 15,
    DLMS_RESULT_NO_LONG_GET = 16,
    DLMS_RESULT_LONG_SET_ABORTED = 17,
    DLMS_RESULT_NO_LONG_SET = 18,
    DLMS_RESULT_BLOCK_NUMBER = 19,
    DLMS_RESULT_OTHER = 250,
    DLMS_RESULT_LONG_ACTION_ABORTED = 15,
    DLMS_RESULT_NO_LONG_ACTION = 16,
    DLMS_RESULT_MORE = 256 /**< server only: a piece was written and more follow */
};

/** "object-undefined" and so on, for people; "result" for numbers without a name. */
const char *dlms_result_name(unsigned result);

/* Invoke-id-and-priority. */
#define DLMS_INVOKE_ID        0x0Fu
#define DLMS_INVOKE_CONFIRMED 0x40u
#define DLMS_INVOKE_HIGH      0x80u

/** An attribute (with or without a selection) or a method. */
struct dlms_descriptor {
    uint16_t class_id;
    uint8_t obis[6];
    int8_t member;           /**< attribute or method; attributes below 0 are the manufacturer's */
    uint8_t selector;        /**< 0: no selection */
    struct reader parameter; /**< the selection's Data, when selector is not 0 */
};

/** Octets of a block, and what goes with them. */
struct dlms_block {
    bool last;
    uint32_t number;
    const uint8_t *raw;
    uint32_t n_raw;
};

/* --- Requests: the server reads, the client writes --- */

/** GET, SET or ACTION: {tag, choice, invoke id}, and what follows. */
struct dlms_request {
    uint8_t tag, choice, invoke;
    struct reader body;
};

enum dlms_status dlms_request_read(const uint8_t *apdu, size_t n, struct dlms_request *out);
/* Parts of a body; a failure sticks to the reader. */
void dlms_read_attribute(struct reader *r, struct dlms_descriptor *out); /**< with its selection */
void dlms_read_method(struct reader *r, struct dlms_descriptor *out);
void dlms_read_block(struct reader *r, struct dlms_block *out); /**< last, number, length, octets */
void dlms_write_attribute(struct writer *w, const struct dlms_descriptor *attribute);
void dlms_write_method(struct writer *w, const struct dlms_descriptor *method);
void dlms_write_block(struct writer *w, const struct dlms_block *block);

void dlms_get_write(struct writer *w, uint8_t invoke, const struct dlms_descriptor *attribute);
void dlms_get_next_write(struct writer *w, uint8_t invoke, uint32_t block_number);
void dlms_get_list_write(struct writer *w, uint8_t invoke, const struct dlms_descriptor *attributes,
                         size_t n);
/** data: one encoded Data, or for a list all of them one after the other. */
void dlms_set_write(struct writer *w, uint8_t invoke, const struct dlms_descriptor *attribute,
                    struct dlms_octets data);
void dlms_set_list_write(struct writer *w, uint8_t invoke, const struct dlms_descriptor *attributes,
                         size_t n, struct dlms_octets data);
void dlms_set_first_block_write(struct writer *w, uint8_t invoke,
                                const struct dlms_descriptor *attribute,
                                const struct dlms_block *block);
void dlms_set_block_write(struct writer *w, uint8_t invoke, const struct dlms_block *block);
/** data with n_bytes 0: the method has no parameter. */
void dlms_action_write(struct writer *w, uint8_t invoke, const struct dlms_descriptor *method,
                       struct dlms_octets data);
void dlms_action_list_write(struct writer *w, uint8_t invoke, const struct dlms_descriptor *methods,
                            size_t n, struct dlms_octets data);
void dlms_action_first_block_write(struct writer *w, uint8_t invoke,
                                   const struct dlms_descriptor *method,
                                   const struct dlms_block *block);
void dlms_action_block_write(struct writer *w, uint8_t invoke, const struct dlms_block *block);
void dlms_action_next_write(struct writer *w, uint8_t invoke, uint32_t block_number);

/* --- Responses: the client reads --- */

/** What a GET, SET or ACTION response says.  Which members count depends on tag and choice. */
struct dlms_response {
    uint8_t tag, choice, invoke;
    uint16_t result;         /**< enum dlms_result of a normal response or of a block */
    bool has_data;           /**< GET: Data instead of a result; ACTION: a return value */
    uint16_t data_result;    /**< ACTION: why there is no return value, 0: there is none to have */
    struct reader data;      /**< Data; of a list: what follows the count */
    uint32_t count;          /**< list: elements */
    struct dlms_block block; /**< block number, for SET and ACTION also of the block confirmed */
};

enum dlms_status dlms_response_read(const uint8_t *apdu, size_t n, struct dlms_response *out);
/** Next element of a GET list: result 0 and its Data, or a result.  @return false: malformed. */
bool dlms_list_get_read(struct reader *list, uint16_t *result, struct reader *data);

/* --- Exceptions --- */

enum dlms_state_error { DLMS_STATE_NOT_ALLOWED = 1, DLMS_STATE_UNKNOWN = 2 };
enum dlms_service_error {
    DLMS_SERVICE_NOT_POSSIBLE = 1,
    DLMS_SERVICE_NOT_SUPPORTED = 2,
    DLMS_SERVICE_OTHER = 3,
    DLMS_SERVICE_TOO_LONG = 4,
    DLMS_SERVICE_DECIPHERING = 5,
    DLMS_SERVICE_COUNTER = 6 /**< with the counter that is expected at least */
};

struct dlms_exception {
    uint8_t state, service;
    uint32_t counter; /**< with DLMS_SERVICE_COUNTER */
};

void dlms_exception_write(struct writer *w, const struct dlms_exception *exception);
enum dlms_status dlms_exception_read(const uint8_t *apdu, size_t n, struct dlms_exception *out);

/* --- Notifications --- */

/** DATA-NOTIFICATION 0F or EVENT-NOTIFICATION C2. */
struct dlms_notification {
    uint8_t tag;
    uint32_t long_invoke;             /**< data-notification: id in bits 0..23 */
    struct dlms_octets time;          /**< 12 octets, or absent */
    struct dlms_descriptor attribute; /**< event-notification */
    struct reader data;               /**< one Data */
};

/** Head of a DATA-NOTIFICATION; the Data follows.  time NULL: none. */
void dlms_data_notification_write(struct writer *w, uint32_t long_invoke, const uint8_t *time);
/** Head of an EVENT-NOTIFICATION; the Data follows.  time NULL: none. */
void dlms_event_notification_write(struct writer *w, const uint8_t *time,
                                   const struct dlms_descriptor *attribute);
enum dlms_status dlms_notification_read(const uint8_t *apdu, size_t n,
                                        struct dlms_notification *out);

/* --- ACCESS --- */

enum dlms_access_choice {
    DLMS_ACCESS_GET = 1,
    DLMS_ACCESS_SET = 2,
    DLMS_ACCESS_ACTION = 3,
    DLMS_ACCESS_GET_SELECTED = 4,
    DLMS_ACCESS_SET_SELECTED = 5
};

/** ACCESS request: heads.  specs and data are read element by element. */
struct dlms_access {
    uint32_t long_invoke;
    struct dlms_octets time;
    uint32_t n_specs, n_data; /**< response: n_data values, n_specs results */
    struct reader specs, data;
};

enum dlms_status dlms_access_request_read(const uint8_t *apdu, size_t n, struct dlms_access *out);
enum dlms_status dlms_access_response_read(const uint8_t *apdu, size_t n, struct dlms_access *out);
/** Next specification of a request.  @return its choice, -1: malformed. */
int dlms_access_spec_read(struct reader *specs, struct dlms_descriptor *out);
void dlms_access_spec_write(struct writer *w, enum dlms_access_choice choice,
                            const struct dlms_descriptor *descriptor);
/** Next result of a response.  @return its choice, -1: malformed. */
int dlms_access_result_read(struct reader *specs, uint16_t *result);
/** Head of a request up to the count of specifications; these follow, then a count and the Data
 *  (null-data for a get). */
void dlms_access_request_write(struct writer *w, uint32_t long_invoke, size_t n_specs);

#endif
