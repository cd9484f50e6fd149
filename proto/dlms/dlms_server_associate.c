/* The server's associations: AARQ, RLRQ, the third and fourth pass of HLS are in _action. */
#include <string.h>

#include "dlms_server_part.h"

#define INITIATE_SPACE 96u /* an Initiate response, protected in any way */

/** Octets that the compiler must not leave out as useless. */
static void wipe(void *bytes, size_t n_bytes)
{
    volatile uint8_t *at = bytes;
    while (n_bytes-- > 0) {
        *at++ = 0;
    }
}

void dlms_server_reset(struct dlms_server *server)
{
    struct dlms_session *session = &server->session;
    const struct dlms_model *model = server->config.model;
    const uint16_t client_sap = session->client_sap, server_sap = session->server_sap;
    if (session->state != DLMS_NOT_ASSOCIATED && model->closed != NULL) {
        model->closed(model->context, session);
    }
    if (server->config.guard != NULL && server->config.guard->ended != NULL) {
        server->config.guard->ended(server->config.guard->context);
    }
    wipe(session, sizeof *session);
    session->client_sap = client_sap;
    session->server_sap = server_sap;
    session->user_id = -1;
    dlms_server_idle(server);
    memset(&server->answer, 0, sizeof server->answer);
}

/** How an AARQ ends. */
struct verdict {
    uint8_t result, diagnostic;
    int initiate_error; /**< -1: none */
    bool repeated;      /**< its counter is not above the last one, its tag is good */
    uint32_t counter;   /**< that is expected at least */
};

static const struct verdict accepted = {DLMS_ACCEPTED, DLMS_DIAGNOSTIC_NULL, -1, false, 0};

static struct verdict refused(enum dlms_diagnostic diagnostic)
{
    struct verdict verdict = {DLMS_REJECTED_PERMANENT, (uint8_t)diagnostic, -1, false, 0};
    return verdict;
}

static struct verdict initiate_refused(enum dlms_initiate_error error)
{
    struct verdict verdict = {DLMS_REJECTED_PERMANENT, DLMS_DIAGNOSTIC_NO_REASON, (int)error, false,
                              0};
    return verdict;
}

/** The association of the link's SAPs with the mechanism that the client asks for. */
static struct verdict choose_association(struct dlms_server *server, const struct dlms_aarq *aarq)
{
    const struct dlms_session *session = &server->session;
    uint8_t mechanism = aarq->has_mechanism ? aarq->mechanism : (uint8_t)DLMS_MECHANISM_NONE;
    bool exists = false;
    for (size_t i = 0; i < server->config.n_associations; i++) {
        const struct dlms_association *row = &server->config.associations[i];
        if (row->client_sap != session->client_sap || row->server_sap != session->server_sap) {
            continue;
        }
        exists = true;
        if (row->mechanism == mechanism) {
            server->session.association = row;
            return accepted;
        }
    }
    if (!exists) {
        return refused(DLMS_DIAGNOSTIC_NO_REASON);
    }
    return refused(mechanism == DLMS_MECHANISM_NONE ? DLMS_DIAGNOSTIC_MECHANISM_REQUIRED
                                                    : DLMS_DIAGNOSTIC_MECHANISM_UNKNOWN);
}

static struct verdict choose_context(struct dlms_server *server, const struct dlms_aarq *aarq)
{
    struct dlms_session *session = &server->session;
    bool known = aarq->context == DLMS_CONTEXT_LN ||
                 (aarq->context == DLMS_CONTEXT_LN_CIPHERED && server->config.guard != NULL);
    if (!known || (session->association->contexts & (1u << aarq->context)) == 0) {
        return refused(DLMS_DIAGNOSTIC_CONTEXT);
    }
    session->context = aarq->context;
    session->user_id = aarq->user_id;
    if (aarq->title.n_bytes == DLMS_TITLE_OCTETS) {
        session->has_title = true;
        memcpy(session->title, aarq->title.bytes, DLMS_TITLE_OCTETS);
    }
    return session->context == DLMS_CONTEXT_LN_CIPHERED && !session->has_title
               ? refused(DLMS_DIAGNOSTIC_NO_REASON)
               : accepted;
}

/** The password, or the exchange of challenges. */
static struct verdict authenticate(struct dlms_server *server, const struct dlms_aarq *aarq)
{
    struct dlms_session *session = &server->session;
    const struct dlms_model *model = server->config.model;
    const struct dlms_guard *guard = server->config.guard;
    uint8_t mechanism = session->association->mechanism;
    if (mechanism == DLMS_MECHANISM_NONE) {
        return accepted;
    }
    if (mechanism == DLMS_MECHANISM_LLS) {
        bool right =
            aarq->secret.bytes != NULL && model->password != NULL &&
            model->password(model->context, session, aarq->secret.bytes, aarq->secret.n_bytes);
        return right ? accepted : refused(DLMS_DIAGNOSTIC_AUTHENTICATION_FAILED);
    }
    if (guard == NULL || guard->challenge == NULL || guard->verify == NULL ||
        guard->respond == NULL) {
        return refused(DLMS_DIAGNOSTIC_MECHANISM_UNKNOWN);
    }
    if (aarq->secret.n_bytes < 8 || aarq->secret.n_bytes > DLMS_CHALLENGE_MAX) {
        return refused(DLMS_DIAGNOSTIC_AUTHENTICATION_FAILED);
    }
    session->n_ctos = (uint8_t)aarq->secret.n_bytes;
    memcpy(session->ctos, aarq->secret.bytes, session->n_ctos);
    session->n_stoc = (uint8_t)guard->challenge(guard->context, session, session->stoc);
    bool fresh = session->n_stoc >= 8 &&
                 !dlms_same(session->stoc, session->n_stoc, session->ctos, session->n_ctos);
    struct verdict go_on = {DLMS_ACCEPTED, DLMS_DIAGNOSTIC_AUTHENTICATION_REQUIRED, -1, false, 0};
    struct verdict later = {DLMS_REJECTED_TRANSIENT, DLMS_DIAGNOSTIC_NO_REASON, -1, false, 0};
    return fresh ? go_on : later;
}

/** Open the user information where it is protected.  in: the message, to be changed in place.
 *  verdict is told of a counter that came before. */
static bool initiate_open(struct dlms_server *server, uint8_t *in, struct dlms_octets *information,
                          struct verdict *verdict)
{
    const struct dlms_guard *guard = server->config.guard;
    struct dlms_session *session = &server->session;
    if (information->n_bytes == 0) {
        return false;
    }
    if (information->bytes[0] == DLMS_TAG_INITIATE_REQUEST) {
        return true;
    }
    size_t offset = 0, n_plain = 0;
    uint8_t *octets = in + (information->bytes - in);
    if (guard == NULL || session->context != DLMS_CONTEXT_LN_CIPHERED) {
        return false;
    }
    const enum dlms_unprotect_result result =
        guard->unprotect(guard->context, session, octets, information->n_bytes, &session->security,
                         &offset, &n_plain, &verdict->counter);
    verdict->repeated = result == DLMS_UNPROTECT_COUNTER;
    if (result != DLMS_UNPROTECTED) {
        return false;
    }
    information->bytes = octets + offset;
    information->n_bytes = n_plain;
    server->answer = session->security;
    return true;
}

static struct verdict negotiate(struct dlms_server *server, uint8_t *in,
                                struct dlms_octets information)
{
    struct dlms_session *session = &server->session;
    struct dlms_initiate initiate;
    struct verdict bad = initiate_refused(DLMS_INITIATE_OTHER);
    if (!initiate_open(server, in, &information, &bad) ||
        !dlms_server_grants(server, session->association->policy, DLMS_MODE_NONE) ||
        dlms_initiate_request_read(information.bytes, information.n_bytes, &initiate) != DLMS_OK) {
        return bad;
    }
    if (initiate.version < DLMS_VERSION) {
        return initiate_refused(DLMS_INITIATE_VERSION);
    }
    if (initiate.max_pdu != 0 && initiate.max_pdu < DLMS_PDU_MIN) {
        return initiate_refused(DLMS_INITIATE_PDU);
    }
    session->conformance = initiate.conformance & session->association->conformance;
    if (session->conformance == 0) {
        return initiate_refused(DLMS_INITIATE_CONFORMANCE);
    }
    session->client_max_pdu = initiate.max_pdu;
    if (initiate.dedicated_key.n_bytes > DLMS_DEDICATED_KEY_MAX) {
        return initiate_refused(DLMS_INITIATE_OTHER);
    }
    if (initiate.dedicated_key.n_bytes > 0) {
        session->n_dedicated_key = (uint8_t)initiate.dedicated_key.n_bytes;
        memcpy(session->dedicated_key, initiate.dedicated_key.bytes, session->n_dedicated_key);
    }
    return accepted;
}

static struct verdict judge(struct dlms_server *server, uint8_t *in, const struct dlms_aarq *aarq)
{
    struct verdict verdict = choose_association(server, aarq);
    if (verdict.result == DLMS_ACCEPTED) {
        verdict = choose_context(server, aarq);
    }
    if (verdict.result != DLMS_ACCEPTED) {
        return verdict;
    }
    struct verdict login = authenticate(server, aarq);
    if (login.result != DLMS_ACCEPTED) {
        return login;
    }
    verdict = negotiate(server, in, aarq->user_information);
    return verdict.result == DLMS_ACCEPTED ? login : verdict;
}

/** The user information of an AARE or RLRE: Initiate response, protected as the request was.
 *  @return false: it cannot be protected. */
static bool initiate_response(struct dlms_server *server, uint8_t space[INITIATE_SPACE],
                              struct dlms_octets *out)
{
    const struct dlms_guard *guard = server->config.guard;
    struct dlms_initiate initiate = {.version = DLMS_VERSION,
                                     .conformance = server->session.conformance,
                                     .max_pdu = server->session.association->max_pdu,
                                     .vaa = DLMS_VAA_LN};
    struct writer w = writer_over(space, INITIATE_SPACE);
    dlms_initiate_response_write(&w, &initiate);
    out->bytes = space;
    out->n_bytes = writer_length(&w);
    if (server->answer.kind != DLMS_PLAIN) {
        out->n_bytes = guard->protect(guard->context, &server->session, &server->answer, space,
                                      out->n_bytes, INITIATE_SPACE);
    }
    return out->n_bytes > 0;
}

/** Members of the AARE that HLS and ciphering add. */
static void identify(struct dlms_server *server, struct dlms_aare *aare,
                     uint8_t title[DLMS_TITLE_OCTETS])
{
    const struct dlms_session *session = &server->session;
    const struct dlms_guard *guard = server->config.guard;
    bool high = aare->diagnostic == DLMS_DIAGNOSTIC_AUTHENTICATION_REQUIRED;
    if (guard != NULL && guard->title != NULL &&
        (high || session->context == DLMS_CONTEXT_LN_CIPHERED)) {
        guard->title(guard->context, title);
        aare->title.bytes = title;
        aare->title.n_bytes = DLMS_TITLE_OCTETS;
    }
    if (high) {
        aare->has_mechanism = true;
        aare->mechanism = session->association->mechanism;
        aare->secret.bytes = session->stoc;
        aare->secret.n_bytes = session->n_stoc;
    }
}

static void settle(struct dlms_server *server, const struct verdict *verdict)
{
    struct dlms_session *session = &server->session;
    const struct dlms_model *model = server->config.model;
    bool pending = verdict->diagnostic == DLMS_DIAGNOSTIC_AUTHENTICATION_REQUIRED;
    bool has_secret =
        session->association != NULL && session->association->mechanism != DLMS_MECHANISM_NONE;
    if (verdict->result == DLMS_ACCEPTED) {
        session->state = pending ? DLMS_PENDING : DLMS_ASSOCIATED;
    }
    bool decided = (verdict->result == DLMS_ACCEPTED && !pending) ||
                   verdict->diagnostic == DLMS_DIAGNOSTIC_AUTHENTICATION_FAILED;
    if (decided && has_secret && model->login != NULL) {
        model->login(model->context, session, verdict->result == DLMS_ACCEPTED);
    }
    if (verdict->result != DLMS_ACCEPTED) {
        dlms_server_reset(server);
    }
}

/** A client that has lost count is told where to go on: it has shown that it holds the key. */
static size_t tell_counter(uint32_t counter, const struct dlms_out *out)
{
    const struct dlms_exception exception = {DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_COUNTER, counter};
    struct writer w = writer_over(out->octets, out->capacity);
    dlms_exception_write(&w, &exception);
    return w.failed ? 0 : writer_length(&w);
}

size_t dlms_server_associate(struct dlms_server *server, uint8_t *in, size_t n_in,
                             const struct dlms_out *out)
{
    struct dlms_aarq aarq;
    struct dlms_aare aare = {.context = DLMS_CONTEXT_LN};
    uint8_t space[INITIATE_SPACE], title[DLMS_TITLE_OCTETS];
    struct verdict verdict = refused(DLMS_DIAGNOSTIC_NO_REASON);
    dlms_server_reset(server);
    if (dlms_aarq_read(in, n_in, &aarq) == DLMS_OK) {
        verdict = judge(server, in, &aarq);
    }
    if (verdict.repeated) {
        dlms_server_reset(server);
        return tell_counter(verdict.counter, out);
    }
    if (verdict.result == DLMS_ACCEPTED &&
        !initiate_response(server, space, &aare.user_information)) {
        verdict = refused(DLMS_DIAGNOSTIC_NO_REASON);
        aare.user_information.bytes = NULL;
    }
    if (verdict.initiate_error >= 0) {
        struct writer error = writer_over(space, sizeof space);
        dlms_initiate_error_write(&error, (enum dlms_initiate_error)verdict.initiate_error);
        aare.user_information.bytes = space;
        aare.user_information.n_bytes = writer_length(&error);
    }
    aare.context = server->session.context != DLMS_CONTEXT_NONE ? server->session.context
                                                                : (uint8_t)DLMS_CONTEXT_LN;
    aare.result = verdict.result;
    aare.diagnostic = verdict.diagnostic;
    if (verdict.result == DLMS_ACCEPTED) {
        identify(server, &aare, title);
    }
    struct writer w = writer_over(out->octets, out->capacity);
    dlms_aare_write(&w, &aare);
    if (w.failed) {
        dlms_server_reset(server);
        return 0;
    }
    settle(server, &verdict);
    return writer_length(&w);
}

/** RLRQ.  Without user information it releases; what is there has to be in order. */
size_t dlms_server_release(struct dlms_server *server, uint8_t *in, size_t n_in,
                           const struct dlms_out *out)
{
    struct dlms_release request, response = {.has_reason = true};
    uint8_t space[INITIATE_SPACE];
    bool is_associated = server->session.state != DLMS_NOT_ASSOCIATED;
    struct verdict unused = accepted;
    if (dlms_rlrq_read(in, n_in, &request) != DLMS_OK) {
        return dlms_server_exception(out, DLMS_STATE_NOT_ALLOWED, DLMS_SERVICE_OTHER);
    }
    memset(&server->answer, 0, sizeof server->answer);
    memset(&server->session.security, 0, sizeof server->session.security);
    bool in_order = request.user_information.n_bytes == 0 || !is_associated ||
                    initiate_open(server, in, &request.user_information, &unused);
    if (in_order && is_associated && server->answer.kind != DLMS_PLAIN) {
        in_order = initiate_response(server, space, &response.user_information);
    }
    if (!in_order) {
        response.reason = 1; /* not finished */
        response.user_information.bytes = NULL;
    }
    struct writer w = writer_over(out->octets, out->capacity);
    dlms_rlre_write(&w, &response);
    if (in_order) {
        dlms_server_reset(server);
    }
    return w.failed ? 0 : writer_length(&w);
}
