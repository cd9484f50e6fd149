#include "dlms_server.h"

#include <string.h>

#include "dlms_server_part.h"

#define CONTROL_AUTHENTICATED 0x10u
#define CONTROL_ENCRYPTED     0x20u

void dlms_server_init(struct dlms_server *server, const struct dlms_server_config *config)
{
    memset(server, 0, sizeof *server);
    server->config = *config;
    server->session.user_id = -1;
}

void dlms_server_connect(struct dlms_server *server, uint16_t client_sap, uint16_t server_sap)
{
    dlms_server_disconnect(server);
    server->session.client_sap = client_sap;
    server->session.server_sap = server_sap;
}

void dlms_server_disconnect(struct dlms_server *server)
{
    dlms_server_reset(server);
}

bool dlms_server_offers(const struct dlms_server_config *config, uint16_t client_sap,
                        uint16_t server_sap)
{
    return dlms_association_find(config->associations, config->n_associations, client_sap,
                                 server_sap) != NULL;
}

void dlms_server_idle(struct dlms_server *server)
{
    server->transfer = DLMS_TRANSFER_NONE;
    server->n_kept = 0;
    server->block = 0;
    server->gbt_more = false;
    memset(&server->position, 0, sizeof server->position);
}

bool dlms_server_keep(struct dlms_server *server, const uint8_t *bytes, size_t n_bytes)
{
    if (n_bytes > server->config.kept_capacity - server->n_kept) {
        return false;
    }
    if (n_bytes > 0) {
        memmove(server->config.kept + server->n_kept, bytes, n_bytes);
    }
    server->n_kept += n_bytes;
    return true;
}

size_t dlms_server_room(size_t limit, size_t head)
{
    size_t longest = head + dlms_length_size(limit);
    size_t room = limit > longest ? limit - longest : 0;
    return head + dlms_length_size(room + 1u) + room + 1u <= limit ? room + 1u : room;
}

size_t dlms_server_exception(const struct dlms_out *out, enum dlms_state_error state,
                             enum dlms_service_error service)
{
    struct writer w = writer_over(out->octets, out->capacity);
    struct dlms_exception exception = {(uint8_t)state, (uint8_t)service, 0};
    dlms_exception_write(&w, &exception);
    return w.failed ? 0 : writer_length(&w);
}

/* --- Rights --- */

/** Is what came protected as the mode's request bits demand? */
static bool request_is_protected(const struct dlms_security *security, uint8_t mode)
{
    bool authenticated = (security->control & CONTROL_AUTHENTICATED) != 0 || security->is_signed;
    bool encrypted = (security->control & CONTROL_ENCRYPTED) != 0;
    return ((mode & DLMS_MODE_REQUEST_AUTHENTICATED) == 0 || authenticated) &&
           ((mode & DLMS_MODE_REQUEST_ENCRYPTED) == 0 || encrypted) &&
           ((mode & DLMS_MODE_REQUEST_SIGNED) == 0 || security->is_signed);
}

/** Protect the answer as the mode's response bits demand.  @return false: it cannot be. */
static bool answer_is_protected(struct dlms_security *answer, uint8_t mode)
{
    uint8_t wanted = 0;
    wanted |= (mode & DLMS_MODE_RESPONSE_AUTHENTICATED) != 0 ? CONTROL_AUTHENTICATED : 0u;
    wanted |= (mode & DLMS_MODE_RESPONSE_ENCRYPTED) != 0 ? CONTROL_ENCRYPTED : 0u;
    if (wanted != 0 && answer->kind == DLMS_PLAIN) {
        return false;
    }
    answer->control |= wanted;
    return (mode & DLMS_MODE_RESPONSE_SIGNED) == 0 || answer->is_signed;
}

bool dlms_server_grants(struct dlms_server *server, uint8_t mode, uint8_t right)
{
    return (mode & right) == right && request_is_protected(&server->session.security, mode) &&
           answer_is_protected(&server->answer, mode);
}

enum dlms_result dlms_server_open(struct dlms_server *server, const struct dlms_descriptor *wanted,
                                  enum dlms_member member, uint8_t right,
                                  const struct dlms_object **object)
{
    const struct dlms_model *model = server->config.model;
    bool other_class = false;
    *object =
        model->find(model->context, &server->session, wanted->obis, wanted->class_id, &other_class);
    if (*object == NULL) {
        return other_class ? DLMS_RESULT_CLASS : DLMS_RESULT_UNDEFINED;
    }
    uint8_t mode = model->access(model->context, &server->session, *object, member, wanted->member);
    return dlms_server_grants(server, mode, right) ? DLMS_RESULT_SUCCESS : DLMS_RESULT_DENIED;
}

/* --- Serving --- */

/** reply_to_HLS_authentication of the current association. */
static bool is_hls_reply(const uint8_t *apdu, size_t n_apdu)
{
    static const uint8_t current[6] = {0, 0, 40, 0, 0, 255};
    struct dlms_request request;
    struct dlms_descriptor method;
    if (dlms_request_read(apdu, n_apdu, &request) != DLMS_OK ||
        request.tag != DLMS_TAG_ACTION_REQUEST || request.choice != DLMS_ACTION_NORMAL) {
        return false;
    }
    dlms_read_method(&request.body, &method);
    return !request.body.failed && method.class_id == DLMS_CLASS_ASSOCIATION_LN &&
           memcmp(method.obis, current, sizeof current) == 0 && method.member == 1;
}

/** A request other than the one that goes on with a transfer breaks that off. */
static void break_off(struct dlms_server *server, const uint8_t *apdu, size_t n_apdu)
{
    static const struct {
        uint8_t transfer, tag, choice;
    } going_on[] = {
        {DLMS_TRANSFER_GET, DLMS_TAG_GET_REQUEST, DLMS_GET_NEXT},
        {DLMS_TRANSFER_SET, DLMS_TAG_SET_REQUEST, DLMS_SET_BLOCK},
        {DLMS_TRANSFER_ACTION_IN, DLMS_TAG_ACTION_REQUEST, DLMS_ACTION_BLOCK},
        {DLMS_TRANSFER_ACTION_OUT, DLMS_TAG_ACTION_REQUEST, DLMS_ACTION_NEXT},
    };
    for (size_t i = 0; i < sizeof going_on / sizeof going_on[0]; i++) {
        if (server->transfer == going_on[i].transfer && n_apdu >= 3 && apdu[0] == going_on[i].tag &&
            apdu[1] == going_on[i].choice) {
            return;
        }
    }
    if (server->transfer != DLMS_TRANSFER_GBT_IN) {
        dlms_server_idle(server);
    }
}

/** One plain request.  @return octets of the plain answer. */
static size_t serve(struct dlms_server *server, const uint8_t *apdu, size_t n_apdu,
                    const struct dlms_out *out)
{
    const struct dlms_session *session = &server->session;
    bool granted = session->state == DLMS_ASSOCIATED ||
                   (session->state == DLMS_PENDING && is_hls_reply(apdu, n_apdu));
    break_off(server, apdu, n_apdu);
    if (!granted || n_apdu == 0 ||
        !dlms_server_grants(server, session->association->policy, DLMS_MODE_NONE)) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_NOT_POSSIBLE);
    }
    switch (apdu[0]) {
    case DLMS_TAG_GET_REQUEST: return dlms_server_get(server, apdu, n_apdu, out);
    case DLMS_TAG_SET_REQUEST: return dlms_server_set(server, apdu, n_apdu, out);
    case DLMS_TAG_ACTION_REQUEST: return dlms_server_action(server, apdu, n_apdu, out);
    case DLMS_TAG_ACCESS_REQUEST: return dlms_server_access(server, apdu, n_apdu, out);
    case DLMS_TAG_DATA_NOTIFICATION_CONFIRM: return 0;
    default: return dlms_server_exception(out, DLMS_STATE_UNKNOWN, DLMS_SERVICE_NOT_SUPPORTED);
    }
}

/* --- Protection --- */

static bool is_protected(uint8_t tag)
{
    return (tag >= DLMS_TAG_GLO_GET_REQUEST && tag <= DLMS_TAG_DED_ACTION_RESPONSE) ||
           (tag >= DLMS_TAG_GENERAL_GLO && tag <= DLMS_TAG_GENERAL_SIGNING) ||
           (tag >= 0x21 && tag <= 0x5F);
}

/** How many octets the answer may have before it is protected. */
static struct dlms_out out_for(const struct dlms_server *server, uint8_t *octets, size_t capacity)
{
    const struct dlms_session *session = &server->session;
    const struct dlms_guard *guard = server->config.guard;
    struct dlms_out out = {octets, capacity, capacity};
    if (session->client_max_pdu != 0 && session->client_max_pdu < out.limit) {
        out.limit = session->client_max_pdu;
    }
    if (server->answer.kind != DLMS_PLAIN && guard != NULL) {
        struct dlms_security most = server->answer;
        most.control |= CONTROL_AUTHENTICATED | CONTROL_ENCRYPTED;
        size_t overhead = guard->overhead(guard->context, session, &most);
        out.limit = out.limit > overhead ? out.limit - overhead : 0;
        out.capacity = out.capacity > overhead ? out.capacity - overhead : 0;
    }
    return out;
}

/** Decipher what came.  @return octets of an exception in out; 0: *plain is to be served, or
 *  (NULL) nothing is. */
static size_t open_protected(struct dlms_server *server, uint8_t *in, size_t n_in,
                             const struct dlms_out *out, uint8_t **plain, size_t *n_plain)
{
    const struct dlms_guard *guard = server->config.guard;
    struct dlms_session *session = &server->session;
    struct dlms_exception exception = {DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_DECIPHERING, 0};
    size_t offset = 0;
    *plain = NULL;
    enum dlms_unprotect_result result = DLMS_UNPROTECT_FAILED;
    if (guard != NULL && session->context == DLMS_CONTEXT_LN_CIPHERED) {
        result = guard->unprotect(guard->context, session, in, n_in, &session->security, &offset,
                                  n_plain, &exception.counter);
    }
    if (result == DLMS_UNPROTECTED) {
        server->answer = session->security;
        *plain = in + offset;
        return 0;
    }
    memset(&session->security, 0, sizeof session->security);
    if (result == DLMS_UNPROTECT_REFUSED) {
        return 0;
    }
    exception.service =
        result == DLMS_UNPROTECT_COUNTER ? DLMS_SERVICE_COUNTER : DLMS_SERVICE_DECIPHERING;
    struct writer w = writer_over(out->octets, out->capacity);
    dlms_exception_write(&w, &exception);
    return w.failed ? 0 : writer_length(&w);
}

/** Protect the answer as the request was.  An exception has no service-specific form. */
static size_t close_protected(struct dlms_server *server, uint8_t *octets, size_t n_plain,
                              size_t capacity)
{
    const struct dlms_guard *guard = server->config.guard;
    uint8_t kind = server->answer.kind;
    bool has_form = octets[0] != DLMS_TAG_EXCEPTION || (kind != DLMS_GLO && kind != DLMS_DED);
    if (n_plain == 0 || kind == DLMS_PLAIN || !has_form) {
        return n_plain;
    }
    return guard->protect(guard->context, &server->session, &server->answer, octets, n_plain,
                          capacity);
}

/** A GET that can be answered while its answer goes out: not ciphered as a whole, and in order. */
static bool is_streamable(struct dlms_server *server, const uint8_t *message, size_t n_message)
{
    bool is_get = n_message >= 3 && message[0] == DLMS_TAG_GET_REQUEST &&
                  dlms_server_answers(server, message[2]) && dlms_server_can(server, DLMS_CAN_GET);
    return is_get &&
           (message[1] == DLMS_GET_NORMAL ||
            (message[1] == DLMS_GET_LIST && dlms_server_can(server, DLMS_CAN_LIST))) &&
           dlms_server_grants(server, server->session.association->policy, DLMS_MODE_NONE);
}

/** A message that was protected before GBT cut it: so is its answer. */
static size_t serve_inner(struct dlms_server *server, uint8_t *message, size_t n_message,
                          uint8_t *octets, size_t capacity)
{
    struct dlms_out whole = {octets, capacity, capacity};
    uint8_t *plain;
    size_t n_plain = 0;
    size_t n_exception = open_protected(server, message, n_message, &whole, &plain, &n_plain);
    if (plain == NULL) {
        return n_exception;
    }
    struct dlms_out inner = out_for(server, octets, capacity);
    inner.limit = inner.capacity; /* longer than a message: it will be cut */
    return close_protected(server, octets, serve(server, plain, n_plain, &inner), capacity);
}

/** A whole message came by GBT and is in kept. */
static size_t serve_collected(struct dlms_server *server, size_t n_message,
                              const struct dlms_out *out)
{
    uint8_t *message = server->config.kept;
    const struct dlms_security outer = server->session.security;
    struct dlms_out whole = *out;
    size_t n_answer;
    if (is_streamable(server, message, n_message)) {
        return dlms_server_gbt_answer(server, 0, true, out);
    }
    if (whole.capacity > server->config.kept_capacity) {
        whole.capacity = server->config.kept_capacity;
    }
    whole.limit = whole.capacity;
    if (is_protected(message[0])) {
        n_answer = serve_inner(server, message, n_message, whole.octets, whole.capacity);
        server->session.security = outer;
        server->answer = outer;
    } else {
        n_answer = serve(server, message, n_message, &whole);
    }
    return dlms_server_gbt_answer(server, n_answer, false, out);
}

/** A message in general block transfer, in clear or each block protected. */
static size_t serve_gbt(struct dlms_server *server, const uint8_t *in, size_t n_in,
                        const struct dlms_out *out)
{
    size_t n_message = 0;
    if (server->session.state != DLMS_ASSOCIATED || !dlms_server_can(server, DLMS_CAN_GBT)) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_NOT_SUPPORTED);
    }
    size_t n_answer = dlms_server_gbt(server, in, n_in, out, &n_message);
    return n_message > 0 ? serve_collected(server, n_message, out) : n_answer;
}

/** A transfer goes on with messages protected like its first one, and of its kind, only: what was
 *  asked for under a cipher is never sent in clear. */
static void bind_transfer(struct dlms_server *server, bool is_gbt)
{
    const struct dlms_security *now = &server->session.security;
    bool same = now->kind == server->bound.kind && now->control == server->bound.control &&
                now->is_signed == server->bound.is_signed;
    if (!same || (server->transfer >= DLMS_TRANSFER_GBT_IN && !is_gbt)) {
        dlms_server_idle(server);
    }
    server->bound = *now;
}

/** Serve one message, protected or not; the answer is protected alike. */
static size_t serve_message(struct dlms_server *server, uint8_t *in, size_t n_in, uint8_t *out,
                            size_t capacity)
{
    struct dlms_out whole = {out, capacity, capacity};
    uint8_t *plain = in;
    size_t n_plain = n_in;
    memset(&server->session.security, 0, sizeof server->session.security);
    memset(&server->answer, 0, sizeof server->answer);
    if (is_protected(in[0])) {
        size_t n_exception = open_protected(server, in, n_in, &whole, &plain, &n_plain);
        if (plain == NULL) {
            return n_exception;
        }
    }
    struct dlms_out inner = out_for(server, out, capacity);
    bool is_gbt = n_plain > 0 && plain[0] == DLMS_TAG_GBT;
    bind_transfer(server, is_gbt);
    size_t n_answer =
        is_gbt ? serve_gbt(server, plain, n_plain, &inner) : serve(server, plain, n_plain, &inner);
    return close_protected(server, out, n_answer, capacity);
}

size_t dlms_server_apdu(struct dlms_server *server, uint8_t *in, size_t n_in, uint8_t *out,
                        size_t capacity)
{
    struct dlms_out whole = {out, capacity, capacity};
    if (n_in == 0 || capacity == 0) {
        return 0;
    }
    switch (in[0]) {
    case DLMS_TAG_AARQ: return dlms_server_associate(server, in, n_in, &whole);
    case DLMS_TAG_RLRQ: return dlms_server_release(server, in, n_in, &whole);
    default: return serve_message(server, in, n_in, out, capacity);
    }
}

size_t dlms_server_more(struct dlms_server *server, uint8_t *out, size_t capacity)
{
    if (!server->gbt_more) {
        return 0;
    }
    struct dlms_out inner = out_for(server, out, capacity);
    return close_protected(server, out, dlms_server_gbt_next(server, &inner), capacity);
}

size_t dlms_server_notify(struct dlms_server *server, const struct dlms_security *how,
                          uint8_t *buffer, size_t n_plain, size_t capacity)
{
    const struct dlms_guard *guard = server->config.guard;
    if (how->kind == DLMS_PLAIN) {
        return n_plain <= capacity ? n_plain : 0;
    }
    return guard == NULL
               ? 0
               : guard->protect(guard->context, &server->session, how, buffer, n_plain, capacity);
}
