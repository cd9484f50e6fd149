#include "dlms_client_inside.h"

#include <string.h>

#define NOTIFICATIONS_MAX 64u /* before one answer: a meter that only tells does not answer */

static const uint8_t current_association[6] = {0, 0, 40, 0, 0, 255};
#define CLASS_ASSOCIATION_LN 15u
#define METHOD_REPLY_TO_HLS  1

const char *dlms_client_err_name(int err)
{
    static const char *const names[] = {
        "no error",
        "line broken",
        "no answer in time",
        "answer malformed",
        "answer longer than there is room for",
        "answer to another request (invoke id)",
        "answer with another block number than the one due",
        "refused",
        "exception response",
        "association rejected",
        "association refused (initiate)",
        "no association",
        "protection missing or wrong",
        "the meter does not prove that it knows the secret",
        "request longer than the meter takes",
        "the meter does not offer this service",
        "stopped",
    };
    const int n = (int)(sizeof names / sizeof names[0]);
    return err <= 0 && -err < n ? names[-err] : "unknown error";
}

void dlms_client_init(struct dlms_client *client, const struct dlms_client_settings *settings)
{
    *client = (struct dlms_client){.settings = *settings};
}

/* ---- one request, one answer ---- */

static bool guarded(const struct dlms_client *client)
{
    return client->settings.ciphered && client->settings.guard != NULL;
}

struct writer dlms_client_request(struct dlms_client *client)
{
    const struct dlms_client_settings *s = &client->settings;
    const size_t before = CLIENT_GBT_HEAD + (guarded(client) ? (size_t)s->guard->before : 0);
    const size_t after = guarded(client) ? s->guard->after : 0;
    if (s->n_out < before + after) {
        return writer_over(s->out, 0);
    }
    return writer_over(s->out + before, s->n_out - before - after);
}

size_t dlms_client_room(const struct dlms_client *client)
{
    const struct dlms_client_settings *s = &client->settings;
    const size_t around = guarded(client) ? (size_t)s->guard->before + s->guard->after : 0;
    size_t room = s->n_out > CLIENT_GBT_HEAD ? s->n_out - CLIENT_GBT_HEAD : 0;
    if (client->server_pdu != 0 && client->server_pdu < room) {
        room = client->server_pdu;
    }
    return room > around ? room - around : 0;
}

uint8_t dlms_client_invoke(struct dlms_client *client)
{
    client->invoke = (uint8_t)((client->invoke + 1u) & DLMS_INVOKE_ID);
    return (uint8_t)(client->invoke | DLMS_INVOKE_CONFIRMED | DLMS_INVOKE_HIGH);
}

int dlms_client_refused(struct dlms_client *client, uint16_t result)
{
    client->failure.result = result;
    return DLMS_CLIENT_ERR_RESULT;
}

static void trace(const struct dlms_client *client, bool sent, const uint8_t *apdu, size_t n_apdu)
{
    if (client->settings.traced != NULL) {
        client->settings.traced(client->settings.context, sent, apdu, n_apdu);
    }
}

/**
 * Goes it in general blocks?  When it is too long, when that is wanted, and when its answer may be
 * long and the service has no blocks of its own: a request in general blocks is answered in such.
 */
static bool in_general_blocks(const struct dlms_client *client, uint8_t tag, size_t n_apdu)
{
    const uint32_t own = tag == DLMS_TAG_GET_REQUEST      ? (uint32_t)DLMS_CAN_BLOCK_GET
                         : tag == DLMS_TAG_SET_REQUEST    ? (uint32_t)DLMS_CAN_BLOCK_SET
                         : tag == DLMS_TAG_ACTION_REQUEST ? (uint32_t)DLMS_CAN_BLOCK_ACTION
                                                          : 0;
    const bool has_own = own != 0 && (client->conformance & own) == own;
    const bool can = (client->conformance & (uint32_t)DLMS_CAN_GBT) != 0 && client->associated;
    const bool is_long = client->server_pdu != 0 && n_apdu > client->server_pdu;
    return is_long || (can && (client->settings.prefer_gbt || !has_own) && tag >= 0xC0);
}

int dlms_client_send(struct dlms_client *client, const struct writer *w)
{
    const struct dlms_client_settings *s = &client->settings;
    struct dlms_bytes apdu = {w->begin, writer_length(w)};
    if (w->failed) {
        return DLMS_CLIENT_ERR_LONG;
    }
    const uint8_t tag = apdu.bytes[0];
    trace(client, true, apdu.bytes, apdu.n_bytes);
    client->failure = (struct dlms_failure){0};
    client->gbt_rounds = 0;
    client->gbt_sent = 0;
    if (guarded(client) && tag != DLMS_TAG_AARQ && tag != DLMS_TAG_RLRQ &&
        s->guard->protect(s->guard->context, &apdu) != 0) {
        return DLMS_CLIENT_ERR_SECURITY;
    }
    if (in_general_blocks(client, tag, apdu.n_bytes)) {
        return dlms_client_gbt_send(client, apdu);
    }
    return s->transport.send(s->transport.context, apdu.bytes, apdu.n_bytes);
}

/** One APDU as it comes, general blocks put together. */
static int receive_whole(struct dlms_client *client, struct dlms_bytes *apdu)
{
    const struct dlms_client_settings *s = &client->settings;
    const int n = s->transport.receive(s->transport.context, s->in, s->n_in);
    if (n <= 0) {
        return n < 0 ? n : DLMS_CLIENT_ERR_MALFORMED;
    }
    *apdu = (struct dlms_bytes){s->in, (size_t)n};
    return s->in[0] == DLMS_TAG_GBT ? dlms_client_gbt_receive(client, apdu) : DLMS_CLIENT_OK;
}

/** Is it one that stands in clear whatever the association demands? */
static bool is_clear_tag(uint8_t tag)
{
    return tag == DLMS_TAG_AARE || tag == DLMS_TAG_RLRE || tag == DLMS_TAG_EXCEPTION ||
           tag == DLMS_TAG_SERVICE_ERROR;
}

static bool is_ciphered_tag(uint8_t tag)
{
    const bool service = (tag >= 0xC8 && tag <= 0xD7) || (tag >= 0x21 && tag <= 0x58);
    return service || (tag >= DLMS_TAG_GENERAL_GLO && tag <= DLMS_TAG_GENERAL_SIGNING);
}

/** Take protection off.  A plain answer in a ciphered association is none. */
static int open_apdu(struct dlms_client *client, struct dlms_bytes *apdu)
{
    const struct dlms_client_settings *s = &client->settings;
    if (is_ciphered_tag(apdu->bytes[0])) {
        if (s->guard == NULL || s->guard->unprotect(s->guard->context, apdu) != 0) {
            return DLMS_CLIENT_ERR_SECURITY;
        }
        return apdu->n_bytes > 0 ? DLMS_CLIENT_OK : DLMS_CLIENT_ERR_MALFORMED;
    }
    return guarded(client) && !is_clear_tag(apdu->bytes[0]) ? DLMS_CLIENT_ERR_SECURITY
                                                            : DLMS_CLIENT_OK;
}

static bool is_notification(uint8_t tag)
{
    return tag == DLMS_TAG_DATA_NOTIFICATION || tag == DLMS_TAG_EVENT_NOTIFICATION;
}

static int hand_on(const struct dlms_client *client, const struct dlms_bytes *apdu)
{
    struct dlms_notification notification;
    if (dlms_notification_read(apdu->bytes, apdu->n_bytes, &notification) != DLMS_OK) {
        return DLMS_CLIENT_ERR_MALFORMED;
    }
    if (client->settings.notified != NULL) {
        client->settings.notified(client->settings.context, &notification);
    }
    return DLMS_CLIENT_OK;
}

static int take_exception(struct dlms_client *client, const struct dlms_bytes *apdu)
{
    struct dlms_exception exception;
    if (dlms_exception_read(apdu->bytes, apdu->n_bytes, &exception) != DLMS_OK) {
        return DLMS_CLIENT_ERR_MALFORMED;
    }
    client->failure.state = exception.state;
    client->failure.service = exception.service;
    client->failure.counter = exception.counter;
    return DLMS_CLIENT_ERR_EXCEPTION;
}

/** One APDU, plain and traced. */
static int receive_plain(struct dlms_client *client, struct dlms_bytes *apdu)
{
    int err = receive_whole(client, apdu);
    if (err == DLMS_CLIENT_OK) {
        client->failure.tag = apdu->bytes[0];
        err = open_apdu(client, apdu);
    }
    if (err == DLMS_CLIENT_OK) {
        trace(client, false, apdu->bytes, apdu->n_bytes);
        client->failure.tag = apdu->bytes[0];
    }
    return err;
}

int dlms_client_receive(struct dlms_client *client, uint8_t tag, struct dlms_bytes *apdu)
{
    for (unsigned i = 0; i < NOTIFICATIONS_MAX; i++) {
        int err = receive_plain(client, apdu);
        if (err != DLMS_CLIENT_OK) {
            return err;
        }
        const uint8_t got = apdu->bytes[0];
        if (is_notification(got)) {
            err = hand_on(client, apdu);
            if (err != DLMS_CLIENT_OK) {
                return err;
            }
            continue;
        }
        if (got == DLMS_TAG_EXCEPTION) {
            return take_exception(client, apdu);
        }
        if (got == DLMS_TAG_SERVICE_ERROR && apdu->n_bytes == 4) {
            client->failure.result = apdu->bytes[3];
            return DLMS_CLIENT_ERR_INITIATE;
        }
        return got == tag ? DLMS_CLIENT_OK : DLMS_CLIENT_ERR_MALFORMED;
    }
    return DLMS_CLIENT_ERR_SILENT;
}

int dlms_client_ask(struct dlms_client *client, const struct writer *w, uint8_t tag,
                    struct dlms_response *response)
{
    struct dlms_bytes apdu;
    int err = dlms_client_send(client, w);
    if (err == DLMS_CLIENT_OK) {
        err = dlms_client_receive(client, tag, &apdu);
    }
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    if (dlms_response_read(apdu.bytes, apdu.n_bytes, response) != DLMS_OK) {
        return DLMS_CLIENT_ERR_MALFORMED;
    }
    return (response->invoke & DLMS_INVOKE_ID) == client->invoke ? DLMS_CLIENT_OK
                                                                 : DLMS_CLIENT_ERR_INVOKE;
}

int dlms_client_listen(struct dlms_client *client)
{
    struct dlms_bytes apdu;
    client->failure = (struct dlms_failure){0};
    client->gbt_rounds = 0;
    const int err = receive_plain(client, &apdu);
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    return is_notification(apdu.bytes[0]) ? hand_on(client, &apdu) : DLMS_CLIENT_ERR_MALFORMED;
}

/* ---- opening and closing ---- */

#define INITIATE_MAX 128u /* protected, with a dedicated key of 32 octets */

/** The Initiate request, protected when the association is.  It stands in room. */
static int make_initiate(const struct dlms_client *client, uint8_t *room, size_t n_room,
                         struct dlms_octets *out)
{
    const struct dlms_client_settings *s = &client->settings;
    const size_t before = guarded(client) ? s->guard->before : 0;
    const size_t max_in = s->n_in < UINT16_MAX ? s->n_in : UINT16_MAX;
    const struct dlms_initiate initiate = {.dedicated_key = s->dedicated_key,
                                           .response_allowed = true,
                                           .version = DLMS_VERSION,
                                           .conformance = s->conformance,
                                           .max_pdu =
                                               s->max_pdu != 0 ? s->max_pdu : (uint16_t)max_in};
    struct writer w = writer_over(room + before, n_room - before);
    dlms_initiate_request_write(&w, &initiate);
    struct dlms_bytes apdu = {w.begin, writer_length(&w)};
    if (w.failed || (guarded(client) && (n_room - before - apdu.n_bytes < s->guard->after ||
                                         s->guard->protect(s->guard->context, &apdu) != 0))) {
        return DLMS_CLIENT_ERR_SECURITY;
    }
    *out = (struct dlms_octets){apdu.bytes, apdu.n_bytes};
    return DLMS_CLIENT_OK;
}

/** What both sides can do and take. */
static int take_initiate(struct dlms_client *client, struct dlms_octets information)
{
    const struct dlms_client_settings *s = &client->settings;
    struct dlms_initiate initiate;
    if (information.n_bytes == 0) {
        return DLMS_CLIENT_ERR_MALFORMED;
    }
    /* It stands in the caller's own buffer for answers, where it may be opened. */
    struct dlms_bytes apdu = {s->in + (information.bytes - s->in), information.n_bytes};
    const int error = dlms_initiate_error_read(information.bytes, information.n_bytes);
    if (error >= 0) {
        client->failure.result = (uint16_t)error;
        return DLMS_CLIENT_ERR_INITIATE;
    }
    const int err = open_apdu(client, &apdu);
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    if (dlms_initiate_response_read(apdu.bytes, apdu.n_bytes, &initiate) != DLMS_OK ||
        initiate.vaa != DLMS_VAA_LN) {
        return DLMS_CLIENT_ERR_MALFORMED;
    }
    client->conformance = initiate.conformance & s->conformance;
    client->server_pdu = initiate.max_pdu;
    return DLMS_CLIENT_OK;
}

/** Third and fourth pass of HLS. */
static int prove(struct dlms_client *client, const struct dlms_client_guard *guard,
                 struct dlms_octets stoc)
{
    uint8_t proof[DLMS_GUARD_PROOF_MAX + 4u], data[DLMS_GUARD_PROOF_MAX + 4u];
    struct dlms_descriptor method = {.class_id = CLASS_ASSOCIATION_LN,
                                     .member = METHOD_REPLY_TO_HLS};
    const uint8_t *answer = NULL;
    uint32_t n_answer = 0;
    struct dlms_response response;
    const int n = guard->respond(guard->context, stoc, proof, DLMS_GUARD_PROOF_MAX);
    if (n <= 0) {
        return DLMS_CLIENT_ERR_SECURITY;
    }
    memcpy(method.obis, current_association, sizeof method.obis);
    struct writer w = writer_over(data, sizeof data);
    dlms_write_octets(&w, proof, (size_t)n);
    struct writer request = dlms_client_request(client);
    dlms_action_write(&request, dlms_client_invoke(client), &method,
                      (struct dlms_octets){data, writer_length(&w)});
    const int err = dlms_client_ask(client, &request, DLMS_TAG_ACTION_RESPONSE, &response);
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    if (response.result != 0) {
        return dlms_client_refused(client, response.result);
    }
    if (response.choice != DLMS_ACTION_NORMAL || !response.has_data ||
        !dlms_read_octets(&response.data, &answer, &n_answer) ||
        !guard->verify(guard->context, (struct dlms_octets){answer, n_answer})) {
        return DLMS_CLIENT_ERR_PROOF;
    }
    return DLMS_CLIENT_OK;
}

static bool is_hls(uint8_t mechanism)
{
    return mechanism >= DLMS_MECHANISM_HLS_MANUFACTURER;
}

static int send_aarq(struct dlms_client *client, struct dlms_octets secret)
{
    const struct dlms_client_settings *s = &client->settings;
    uint8_t initiate[INITIATE_MAX];
    struct dlms_aarq aarq = {
        .context = s->ciphered ? DLMS_CONTEXT_LN_CIPHERED : DLMS_CONTEXT_LN,
        .has_mechanism = s->mechanism != DLMS_MECHANISM_NONE,
        .mechanism = s->mechanism,
        .title = s->title,
        .user_id = -1,
        .secret = secret,
    };
    const int err = make_initiate(client, initiate, sizeof initiate, &aarq.user_information);
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    struct writer w = dlms_client_request(client);
    dlms_aarq_write(&w, &aarq);
    return dlms_client_send(client, &w);
}

/** The AARE: accepted, or why not.  HLS goes on when it says so, and must when it was asked for. */
static int take_aare(struct dlms_client *client, const struct dlms_bytes *apdu,
                     struct dlms_octets *stoc)
{
    const struct dlms_client_settings *s = &client->settings;
    struct dlms_aare aare;
    if (dlms_aare_read(apdu->bytes, apdu->n_bytes, &aare) != DLMS_OK) {
        return DLMS_CLIENT_ERR_MALFORMED;
    }
    if (s->guard != NULL && aare.title.n_bytes > 0) {
        s->guard->server_title(s->guard->context, aare.title.bytes, aare.title.n_bytes);
    }
    if (aare.result != DLMS_ACCEPTED) {
        const struct dlms_octets information = aare.user_information;
        const bool initiate = information.n_bytes > 0 &&
                              dlms_initiate_error_read(information.bytes, information.n_bytes) >= 0;
        client->failure.result = aare.result;
        client->failure.diagnostic = aare.diagnostic;
        return initiate ? take_initiate(client, information) : DLMS_CLIENT_ERR_REJECTED;
    }
    *stoc = aare.secret;
    const bool goes_on = aare.diagnostic == DLMS_DIAGNOSTIC_AUTHENTICATION_REQUIRED;
    if (is_hls(s->mechanism) != goes_on) {
        client->failure.diagnostic = aare.diagnostic;
        return goes_on ? DLMS_CLIENT_ERR_REJECTED : DLMS_CLIENT_ERR_PROOF;
    }
    return take_initiate(client, aare.user_information);
}

int dlms_client_associate(struct dlms_client *client)
{
    const struct dlms_client_settings *s = &client->settings;
    uint8_t ctos[DLMS_GUARD_CHALLENGE_MAX], stoc[DLMS_GUARD_CHALLENGE_MAX];
    struct dlms_octets secret = s->password, theirs = {NULL, 0};
    struct dlms_bytes apdu;
    client->associated = false;
    client->server_pdu = 0;
    client->conformance = 0;
    if (is_hls(s->mechanism) || s->ciphered) {
        if (s->guard == NULL) {
            return DLMS_CLIENT_ERR_SECURITY;
        }
    }
    if (is_hls(s->mechanism)) {
        const int n = s->guard->challenge(s->guard->context, ctos, sizeof ctos);
        if (n <= 0) {
            return DLMS_CLIENT_ERR_SECURITY;
        }
        secret = (struct dlms_octets){ctos, (size_t)n};
    }
    int err = send_aarq(client, secret);
    if (err == DLMS_CLIENT_OK) {
        err = dlms_client_receive(client, DLMS_TAG_AARE, &apdu);
    }
    if (err == DLMS_CLIENT_OK) {
        err = take_aare(client, &apdu, &theirs);
    }
    if (err == DLMS_CLIENT_OK && is_hls(s->mechanism)) {
        if (theirs.n_bytes < 8 || theirs.n_bytes > sizeof stoc) {
            return DLMS_CLIENT_ERR_MALFORMED;
        }
        memcpy(stoc, theirs.bytes, theirs.n_bytes);
        err = prove(client, s->guard, (struct dlms_octets){stoc, theirs.n_bytes});
    }
    client->associated = err == DLMS_CLIENT_OK;
    return err;
}

int dlms_client_release(struct dlms_client *client)
{
    uint8_t initiate[INITIATE_MAX];
    struct dlms_release release = {.has_reason = true, .reason = 0};
    struct dlms_bytes apdu;
    int err = DLMS_CLIENT_OK;
    if (!client->associated) {
        return DLMS_CLIENT_ERR_CLOSED;
    }
    client->associated = false;
    if (guarded(client)) { /* then it is mandatory */
        err = make_initiate(client, initiate, sizeof initiate, &release.user_information);
    }
    if (err != DLMS_CLIENT_OK) {
        return err;
    }
    struct writer w = dlms_client_request(client);
    dlms_rlrq_write(&w, &release);
    err = dlms_client_send(client, &w);
    return err == DLMS_CLIENT_OK ? dlms_client_receive(client, DLMS_TAG_RLRE, &apdu) : err;
}
