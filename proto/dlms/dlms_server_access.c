/* ACCESS: gets, sets and actions in one request; all values, then all results. */
#include <string.h>

#include "dlms_server_part.h"

#define SPECS_MAX      64u
#define SPEC_SIZE_MIN  3u /* an item's null-data and its result */
#define LONG_BREAK     UINT32_C(0x20000000)
#define LONG_CONFIRMED UINT32_C(0x40000000)

/** One item: its value goes to w, null-data where there is none. */
static enum dlms_result access_one(struct dlms_server *server, int choice,
                                   const struct dlms_descriptor *wanted, struct reader *data,
                                   struct writer *w)
{
    static const uint32_t needed[] = {[DLMS_ACCESS_GET] = DLMS_CAN_GET,
                                      [DLMS_ACCESS_SET] = DLMS_CAN_SET,
                                      [DLMS_ACCESS_ACTION] = DLMS_CAN_ACTION,
                                      [DLMS_ACCESS_GET_SELECTED] = DLMS_CAN_GET,
                                      [DLMS_ACCESS_SET_SELECTED] = DLMS_CAN_SET};
    struct writer before = *w;
    enum dlms_result result = DLMS_RESULT_SCOPE;
    const uint8_t *begin = data->at;
    dlms_data_skip(data);
    struct reader value = reader_over(begin, (size_t)(data->at - begin));
    if (dlms_server_can(server, needed[choice])) {
        if (choice == DLMS_ACCESS_GET || choice == DLMS_ACCESS_GET_SELECTED) {
            result = dlms_server_get_whole(server, wanted, w);
        } else if (choice == DLMS_ACCESS_ACTION) {
            value = *value.at == DLMS_NULL ? dlms_no_data() : value;
            result = dlms_server_call(server, wanted, value, w);
        } else {
            result = dlms_server_set_one(server, wanted, &value);
        }
    }
    if (result != DLMS_RESULT_SUCCESS || w->failed || w->at == before.at) {
        *w = before;
        dlms_write_null(w);
    }
    return result;
}

/** The values of all items, and their results.  What a value may take leaves room for null-data in
 *  place of the others, and for all results. */
static void access_all(struct dlms_server *server, struct dlms_access *request, struct writer *w,
                       uint8_t results[SPECS_MAX])
{
    uint8_t *end = w->end;
    bool broken = false;
    struct reader specs = request->specs;
    for (uint32_t i = 0; i < request->n_specs; i++) {
        struct dlms_descriptor wanted;
        enum dlms_result result = DLMS_RESULT_OTHER;
        int choice = dlms_access_spec_read(&specs, &wanted);
        w->end = end - (2u * request->n_specs + 4u) - (request->n_specs - i - 1u);
        if (broken) {
            dlms_data_skip(&request->data);
            dlms_write_null(w);
        } else {
            result = access_one(server, choice, &wanted, &request->data, w);
        }
        results[i] = (uint8_t)result;
        broken =
            broken || (result != DLMS_RESULT_SUCCESS && (request->long_invoke & LONG_BREAK) != 0);
    }
    w->end = end;
}

/** Values are as many as items, and all well-formed, before anything is done. */
static bool request_is_well(const struct dlms_access *request)
{
    struct reader data = request->data;
    for (uint32_t i = 0; i < request->n_data && !data.failed; i++) {
        dlms_data_skip(&data);
    }
    return reader_complete(&data) && request->n_specs > 0;
}

size_t dlms_server_access(struct dlms_server *server, const uint8_t *apdu, size_t n_apdu,
                          const struct dlms_out *out)
{
    struct dlms_access request;
    uint8_t results[SPECS_MAX];
    if (!dlms_server_can(server, DLMS_CAN_ACCESS)) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_NOT_SUPPORTED);
    }
    if (dlms_access_request_read(apdu, n_apdu, &request) != DLMS_OK || !request_is_well(&request)) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_OTHER);
    }
    if (request.n_specs > SPECS_MAX || out->limit < 16u + SPEC_SIZE_MIN * request.n_specs) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_TOO_LONG);
    }
    struct writer w = writer_over(out->octets, out->limit);
    writer_u8(&w, DLMS_TAG_ACCESS_RESPONSE);
    writer_uint_be(&w, request.long_invoke, 4);
    writer_u8(&w, 0); /* no date-time */
    writer_u8(&w, 0); /* the specifications are not repeated */
    dlms_write_length(&w, request.n_specs);
    struct reader specs = request.specs;
    access_all(server, &request, &w, results);
    dlms_write_length(&w, request.n_specs);
    for (uint32_t i = 0; i < request.n_specs; i++) {
        struct dlms_descriptor wanted;
        int choice = dlms_access_spec_read(&specs, &wanted);
        bool is_get = choice == DLMS_ACCESS_GET_SELECTED,
             is_set = choice == DLMS_ACCESS_SET_SELECTED;
        writer_u8(&w, is_get ? DLMS_ACCESS_GET : is_set ? DLMS_ACCESS_SET : (uint8_t)choice);
        writer_u8(&w, results[i]);
    }
    bool confirmed = (request.long_invoke & LONG_CONFIRMED) != 0;
    return w.failed || !confirmed ? 0 : writer_length(&w);
}
