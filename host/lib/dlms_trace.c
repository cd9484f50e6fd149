#include "dlms_trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dlms_text.h"
#include "obis_text.h"

struct line_out {
    char *text;
    size_t n_text, at;
};

static void put(struct line_out *out, const char *format, ...)
{
    va_list arguments;
    if (out->at + 1 >= out->n_text) {
        return;
    }
    va_start(arguments, format);
    const int n = vsnprintf(out->text + out->at, out->n_text - out->at, format, arguments);
    va_end(arguments);
    out->at += n > 0 ? (size_t)n : 0;
    out->at = out->at < out->n_text ? out->at : out->n_text - 1;
}

/* ---- what must not be shown ---- */

#define CLASS_ASSOCIATION_SN 12u
#define CLASS_ASSOCIATION_LN 15u
#define CLASS_LOCAL_PORT     19u
#define CLASS_SECURITY       64u
#define CLASS_MBUS           72u

/** Passwords, proofs and keys, by class and member. */
static bool is_secret(const struct dlms_descriptor *d, bool method)
{
    static const struct {
        uint16_t class_id;
        int8_t member;
        bool method;
    } secrets[] = {
        {CLASS_ASSOCIATION_LN, 7, false},
        {CLASS_ASSOCIATION_LN, 1, true},
        {CLASS_ASSOCIATION_LN, 2, true},
        {CLASS_ASSOCIATION_SN, 5, true},
        {CLASS_ASSOCIATION_SN, 6, true},
        {CLASS_ASSOCIATION_SN, 8, true},
        {CLASS_LOCAL_PORT, 7, false},
        {CLASS_LOCAL_PORT, 8, false},
        {CLASS_LOCAL_PORT, 9, false},
        {CLASS_SECURITY, 2, true},
        {CLASS_SECURITY, 3, true},
        {CLASS_MBUS, 7, true},
        {CLASS_MBUS, 8, true},
    };
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (secrets[i].class_id == d->class_id && secrets[i].member == d->member &&
            secrets[i].method == method) {
            return true;
        }
    }
    return false;
}

static void put_descriptor(struct line_out *out, const struct dlms_descriptor *d)
{
    char code[OBIS_TEXT_MAX], selection[120];
    obis_text(d->obis, code);
    put(out, " %u/%s:%d", d->class_id, code, d->member);
    if (d->selector != 0) {
        (void)dlms_data_text(d->parameter, selection, sizeof selection);
        put(out, " select %u %s", d->selector, selection);
    }
}

static void put_data(struct line_out *out, struct reader data)
{
    char text[400];
    const bool good = dlms_data_text(data, text, sizeof text);
    put(out, " %s%s", text, good ? "" : " (malformed)");
}

static void put_block(struct line_out *out, const struct dlms_block *block)
{
    put(out, " block %" PRIu32 "%s, %" PRIu32 " octets", block->number,
        block->last ? " (last)" : "", block->n_raw);
}

static void put_octets(struct line_out *out, const char *name, struct dlms_octets octets)
{
    if (octets.n_bytes > 0) {
        put(out, ", %s ", name);
        for (size_t i = 0; i < octets.n_bytes && i < 16; i++) {
            put(out, "%02X", octets.bytes[i]);
        }
    }
}

/* ---- associations ---- */

static const char *mechanism_name(bool has, uint8_t mechanism)
{
    static const char *const names[] = {"none",  "low",  "manufacturer's", "MD5",
                                        "SHA-1", "GMAC", "SHA-256",        "ECDSA"};
    return has && mechanism < sizeof names / sizeof names[0] ? names[mechanism] : "none";
}

static void put_initiate(struct line_out *out, struct dlms_octets information)
{
    struct dlms_initiate initiate;
    if (information.n_bytes == 0) {
        return;
    }
    if (dlms_initiate_request_read(information.bytes, information.n_bytes, &initiate) == DLMS_OK ||
        dlms_initiate_response_read(information.bytes, information.n_bytes, &initiate) == DLMS_OK) {
        put(out, ", conformance %06" PRIX32 ", PDU %u", initiate.conformance, initiate.max_pdu);
        return;
    }
    const int error = dlms_initiate_error_read(information.bytes, information.n_bytes);
    if (error >= 0) {
        put(out, ", initiate error %d", error);
    } else {
        put(out, ", initiate ciphered");
    }
}

static void put_aarq(struct line_out *out, const uint8_t *apdu, size_t n)
{
    struct dlms_aarq aarq;
    put(out, "AARQ");
    if (dlms_aarq_read(apdu, n, &aarq) != DLMS_OK) {
        put(out, " (malformed)");
        return;
    }
    put(out, " context %u, mechanism %s%s", aarq.context,
        mechanism_name(aarq.has_mechanism, aarq.mechanism),
        aarq.secret.n_bytes > 0 ? ", secret or challenge not shown" : "");
    put_octets(out, "title", aarq.title);
    put_initiate(out, aarq.user_information);
}

static void put_aare(struct line_out *out, const uint8_t *apdu, size_t n)
{
    struct dlms_aare aare;
    put(out, "AARE");
    if (dlms_aare_read(apdu, n, &aare) != DLMS_OK) {
        put(out, " (malformed)");
        return;
    }
    put(out, " %s, diagnostic %u, context %u, mechanism %s",
        aare.result == DLMS_ACCEPTED ? "accepted" : "rejected", aare.diagnostic, aare.context,
        mechanism_name(aare.has_mechanism, aare.mechanism));
    put_octets(out, "title", aare.title);
    put_initiate(out, aare.user_information);
}

/* ---- services ---- */

static void put_get_request(struct line_out *out, const struct dlms_request *request)
{
    struct reader body = request->body;
    struct dlms_descriptor d;
    if (request->choice == DLMS_GET_NEXT) {
        put(out, " next, block %" PRIu32, (uint32_t)reader_uint_be(&body, 4));
        return;
    }
    uint32_t n = request->choice == DLMS_GET_LIST ? dlms_read_length(&body) : 1;
    if (request->choice == DLMS_GET_LIST) {
        put(out, " list of %" PRIu32 ":", n);
    }
    for (; n > 0 && !body.failed; n--) {
        dlms_read_attribute(&body, &d);
        if (!body.failed) {
            put_descriptor(out, &d);
        }
    }
}

static void put_set_request(struct line_out *out, const struct dlms_request *request)
{
    struct reader body = request->body;
    struct dlms_descriptor d;
    struct dlms_block block;
    if (request->choice == DLMS_SET_BLOCK) {
        dlms_read_block(&body, &block);
        put_block(out, &block);
        return;
    }
    if (request->choice == DLMS_SET_LIST || request->choice == DLMS_SET_LIST_FIRST_BLOCK) {
        put(out, " list of %" PRIu32, dlms_read_length(&body));
        return;
    }
    dlms_read_attribute(&body, &d);
    if (body.failed) {
        return;
    }
    put_descriptor(out, &d);
    if (request->choice == DLMS_SET_FIRST_BLOCK) {
        dlms_read_block(&body, &block);
        put_block(out, &block);
    } else if (is_secret(&d, false)) {
        put(out, " = (not shown)");
    } else {
        put(out, " =");
        put_data(out, body);
    }
}

static void put_action_request(struct line_out *out, const struct dlms_request *request)
{
    struct reader body = request->body;
    struct dlms_descriptor d;
    if (request->choice == DLMS_ACTION_NEXT) {
        put(out, " next, block %" PRIu32, (uint32_t)reader_uint_be(&body, 4));
        return;
    }
    if (request->choice != DLMS_ACTION_NORMAL && request->choice != DLMS_ACTION_FIRST_BLOCK) {
        put(out, " block or list");
        return;
    }
    dlms_read_method(&body, &d);
    if (body.failed) {
        return;
    }
    put_descriptor(out, &d);
    if (request->choice == DLMS_ACTION_NORMAL && reader_u8(&body) == 1) {
        if (is_secret(&d, true)) {
            put(out, " (not shown)");
        } else {
            put_data(out, body);
        }
    }
}

static void put_request(struct line_out *out, const uint8_t *apdu, size_t n)
{
    struct dlms_request request;
    if (dlms_request_read(apdu, n, &request) != DLMS_OK) {
        put(out, " (malformed)");
        return;
    }
    put(out, " %u", request.invoke & DLMS_INVOKE_ID);
    if (request.tag == DLMS_TAG_GET_REQUEST) {
        put_get_request(out, &request);
    } else if (request.tag == DLMS_TAG_SET_REQUEST) {
        put_set_request(out, &request);
    } else {
        put_action_request(out, &request);
    }
}

static void put_list(struct line_out *out, struct dlms_response *response)
{
    put(out, " list of %" PRIu32 ":", response->count);
    for (uint32_t i = 0; i < response->count; i++) {
        uint16_t result = 0;
        struct reader data;
        if (!dlms_list_get_read(&response->data, &result, &data)) {
            put(out, " (malformed)");
            return;
        }
        if (result == 0) {
            put_data(out, data);
        } else {
            put(out, " %s", dlms_result_name(result));
        }
        put(out, "%s", i + 1 < response->count ? ";" : "");
    }
}

/** Answers carry no name: after a third pass of HLS the return value is a proof of a key. */
static void put_response(struct line_out *out, const uint8_t *apdu, size_t n)
{
    struct dlms_response response;
    if (dlms_response_read(apdu, n, &response) != DLMS_OK) {
        put(out, " (malformed)");
        return;
    }
    put(out, " %u", response.invoke & DLMS_INVOKE_ID);
    if (response.tag == DLMS_TAG_GET_RESPONSE && response.choice == DLMS_GET_LIST) {
        put_list(out, &response);
    } else if (response.tag == DLMS_TAG_GET_RESPONSE && response.choice == DLMS_GET_NORMAL &&
               response.has_data) {
        put_data(out, response.data);
    } else if (response.choice != 1 && response.block.number != 0) {
        put_block(out, &response.block);
        put(out, "%s%s", response.result != 0 ? ", " : "",
            response.result != 0 ? dlms_result_name(response.result) : "");
    } else {
        put(out, " %s%s", dlms_result_name(response.result),
            response.has_data ? ", with a return value" : "");
    }
}

static void put_exception(struct line_out *out, const uint8_t *apdu, size_t n)
{
    static const char *const services[] = {"",
                                           "operation not possible",
                                           "service not supported",
                                           "other reason",
                                           "PDU too long",
                                           "deciphering error",
                                           "invocation counter error"};
    struct dlms_exception exception;
    if (dlms_exception_read(apdu, n, &exception) != DLMS_OK) {
        put(out, " (malformed)");
        return;
    }
    put(out, " state %u, %s", exception.state,
        exception.service < sizeof services / sizeof services[0] ? services[exception.service]
                                                                 : "unknown");
    if (exception.service == DLMS_SERVICE_COUNTER) {
        put(out, " (expected at least %" PRIu32 ")", exception.counter);
    }
}

static void put_notification(struct line_out *out, const uint8_t *apdu, size_t n)
{
    struct dlms_notification notification;
    if (dlms_notification_read(apdu, n, &notification) != DLMS_OK) {
        put(out, " (malformed)");
        return;
    }
    if (notification.tag == DLMS_TAG_EVENT_NOTIFICATION) {
        put_descriptor(out, &notification.attribute);
    }
    put_data(out, notification.data);
}

static void put_access(struct line_out *out, const uint8_t *apdu, size_t n)
{
    struct dlms_access access;
    const bool request = apdu[0] == DLMS_TAG_ACCESS_REQUEST;
    const enum dlms_status status = request ? dlms_access_request_read(apdu, n, &access)
                                            : dlms_access_response_read(apdu, n, &access);
    if (status == DLMS_OK) {
        put(out, " %" PRIu32 ", %" PRIu32 " elements", access.long_invoke & 0xFFFFFFu,
            access.n_specs);
    } else {
        put(out, " (malformed)");
    }
}

static const struct {
    uint8_t tag;
    const char *name;
    void (*put)(struct line_out *out, const uint8_t *apdu, size_t n);
} tags[] = {
    {DLMS_TAG_AARQ, "", put_aarq},
    {DLMS_TAG_AARE, "", put_aare},
    {DLMS_TAG_RLRQ, "RLRQ", NULL},
    {DLMS_TAG_RLRE, "RLRE", NULL},
    {DLMS_TAG_GET_REQUEST, "GET", put_request},
    {DLMS_TAG_SET_REQUEST, "SET", put_request},
    {DLMS_TAG_ACTION_REQUEST, "ACTION", put_request},
    {DLMS_TAG_GET_RESPONSE, "GET", put_response},
    {DLMS_TAG_SET_RESPONSE, "SET", put_response},
    {DLMS_TAG_ACTION_RESPONSE, "ACTION", put_response},
    {DLMS_TAG_EXCEPTION, "EXCEPTION", put_exception},
    {DLMS_TAG_DATA_NOTIFICATION, "DATA-NOTIFICATION", put_notification},
    {DLMS_TAG_EVENT_NOTIFICATION, "EVENT-NOTIFICATION", put_notification},
    {DLMS_TAG_ACCESS_REQUEST, "ACCESS", put_access},
    {DLMS_TAG_ACCESS_RESPONSE, "ACCESS", put_access},
    {DLMS_TAG_SERVICE_ERROR, "SERVICE-ERROR", NULL},
};

void dlms_apdu_text(const uint8_t *apdu, size_t n_apdu, char *text, size_t n_text)
{
    struct line_out out = {text, n_text, 0};
    text[0] = '\0';
    for (size_t i = 0; n_apdu > 0 && i < sizeof tags / sizeof tags[0]; i++) {
        if (tags[i].tag == apdu[0]) {
            put(&out, "%s", tags[i].name);
            if (tags[i].put != NULL) {
                tags[i].put(&out, apdu, n_apdu);
            }
            return;
        }
    }
    put(&out, "APDU %02X, %zu octets", n_apdu > 0 ? apdu[0] : 0, n_apdu);
}
