/**
 * A client and a DLMS server in one process with real ciphers: HLS 5 and authenticated encryption.
 * The server's meter is tests/proto/dlms_meter.h.
 */
#ifndef OPEN382_SECURE_PAIR_H
#define OPEN382_SECURE_PAIR_H

#include "proto/dlms/dlms_sentry.h"
#include "proto/dlms/dlms_server.h"
#include "tests/proto/dlms_meter.h"

#define SECURE_CLIENT_SAP 1u
#define SECURE_BEFORE     64u /* room before a message for its protection */
#define SECURE_ROOM       1400u

struct secure_side {
    struct dlms_keys keys;
    struct dlms_own_counter own;
    struct dlms_peer_counter peer;
};

struct secure_pair {
    struct secure_side client, server;
    struct dlms_cipher cipher; /* the client's */
    struct dlms_hls hls;
    struct dlms_sentry_source source;
    struct dlms_sentry sentry;
    struct dlms_guard guard;
    struct dlms_association association;
    struct dlms_meter meter;
    struct dlms_model model;
    struct dlms_server own_engine;
    struct dlms_server
        *engine; /* the one that is asked: own_engine, unless a test says otherwise */
    uint8_t kept[512];
    uint8_t request[SECURE_ROOM], reply[SECURE_ROOM];
};

static inline void secure_side_begin(struct secure_side *side, const struct crypto_port *port,
                                     uint8_t suite)
{
    uint8_t key[CRYPTO_KEY_MAX_BYTES] = {1, 2, 3};
    memset(side, 0, sizeof *side);
    dlms_keys_init(&side->keys, port, suite);
    for (unsigned id = 0; id <= DLMS_KEY_AUTHENTICATION; id++) {
        key[0] = (uint8_t)id;
        dlms_keys_set(&side->keys, (enum dlms_key_id)id, key, dlms_suite_key_bytes(suite));
    }
    dlms_own_counter_begin(&side->own, 1);
}

static inline void secure_pair_begin(struct secure_pair *pair, const struct crypto_port *port,
                                     uint8_t suite)
{
    memset(pair, 0, sizeof *pair);
    secure_side_begin(&pair->client, port, suite);
    secure_side_begin(&pair->server, port, suite);
    dlms_cipher_init(&pair->cipher, &pair->client.keys, &pair->client.own, &pair->client.peer, NULL,
                     (const uint8_t *)"CLIENT01");
    dlms_cipher_peer(&pair->cipher, (const uint8_t *)"METER001");
    dlms_sentry_init(&pair->sentry, &pair->source, &pair->server.keys, &pair->server.own,
                     &pair->server.peer, &pair->server.peer, (const uint8_t *)"METER001");
    dlms_sentry_hooks(&pair->sentry, &pair->guard);
    pair->association = (struct dlms_association){.client_sap = SECURE_CLIENT_SAP,
                                                  .server_sap = 1,
                                                  .mechanism = DLMS_MECHANISM_HLS_GMAC,
                                                  .contexts = DLMS_ALLOW_LN_CIPHERED,
                                                  .policy = DLMS_MODE_REQUEST_AUTHENTICATED |
                                                            DLMS_MODE_REQUEST_ENCRYPTED,
                                                  .conformance = 0xFFFFFF,
                                                  .max_pdu = 1024};
    dlms_meter_init(&pair->meter);
    pair->model = dlms_meter_model(&pair->meter);
    const struct dlms_server_config config = {.model = &pair->model,
                                              .guard = &pair->guard,
                                              .associations = &pair->association,
                                              .n_associations = 1,
                                              .kept = pair->kept,
                                              .kept_capacity = sizeof pair->kept};
    pair->engine = &pair->own_engine;
    dlms_server_init(pair->engine, &config);
    dlms_server_connect(pair->engine, SECURE_CLIENT_SAP, 1);
}

static inline void secure_pair_end(struct secure_pair *pair)
{
    dlms_sentry_end(&pair->sentry);
    dlms_cipher_end(&pair->cipher);
    dlms_keys_drop(&pair->client.keys);
    dlms_keys_drop(&pair->server.keys);
}

/** The request at request + SECURE_BEFORE goes to the server in this wrapping.
 *  @return what came back, opened; without bytes: nothing, or it does not open */
static inline struct dlms_span secure_pair_ask(struct secure_pair *pair,
                                               enum dlms_wrapping wrapping, size_t n_bytes)
{
    struct dlms_seal how = {.wrapping = wrapping,
                            .control = (uint8_t)(0x30u | pair->client.keys.suite)};
    struct dlms_seal came;
    struct dlms_span message, plain = {NULL, 0};
    if (dlms_cipher_protect(&pair->cipher, &how, pair->request, sizeof pair->request, SECURE_BEFORE,
                            n_bytes, &message) != DLMS_CIPHER_OK) {
        return plain;
    }
    const size_t n = dlms_server_apdu(pair->engine, message.bytes, message.n_bytes, pair->reply,
                                      sizeof pair->reply);
    if (n > 0 && !dlms_cipher_is(pair->reply[0])) {
        return (struct dlms_span){pair->reply, n}; /* an exception in clear */
    }
    if (dlms_cipher_open(&pair->cipher, pair->reply, n, &came, &plain) != DLMS_CIPHER_OK) {
        plain.bytes = NULL;
    }
    return plain;
}

/** The AARQ, its user information ciphered; the client's challenge is drawn.  @return its length in
 *  request, 0: not possible */
static inline size_t secure_pair_aarq(struct secure_pair *pair, const uint8_t *dedicated,
                                      size_t n_dedicated)
{
    uint8_t information[160];
    struct dlms_seal how = {.wrapping = DLMS_WRAP_GLO,
                            .control = (uint8_t)(0x30u | pair->client.keys.suite)};
    const struct dlms_initiate initiate = {.dedicated_key = {dedicated, n_dedicated},
                                           .response_allowed = true,
                                           .version = DLMS_VERSION,
                                           .conformance = 0xFFFFFF,
                                           .max_pdu = 1024};
    struct dlms_span user;
    struct writer w = writer_over(information + 16, sizeof information - 16u);
    memset(&pair->hls, 0, sizeof pair->hls);
    pair->hls.mechanism = DLMS_HLS_GMAC;
    pair->hls.side = DLMS_SIDE_CLIENT;
    pair->hls.crypto = pair->client.keys.crypto;
    pair->hls.cipher = &pair->cipher;
    dlms_initiate_request_write(&w, &initiate);
    if (dlms_hls_draw(&pair->hls, 16) != DLMS_HLS_OK ||
        dlms_cipher_protect(&pair->cipher, &how, information, sizeof information, 16,
                            writer_length(&w), &user) != DLMS_CIPHER_OK) {
        return 0;
    }
    const struct dlms_aarq aarq = {
        .context = DLMS_CONTEXT_LN_CIPHERED,
        .has_mechanism = true,
        .mechanism = DLMS_MECHANISM_HLS_GMAC,
        .title = {(const uint8_t *)"CLIENT01", 8},
        .user_id = -1,
        .secret = {pair->hls.ours.bytes, pair->hls.ours.n_bytes},
        .user_information = {user.bytes, user.n_bytes},
    };
    w = writer_over(pair->request, sizeof pair->request);
    dlms_aarq_write(&w, &aarq);
    return w.failed ? 0 : writer_length(&w);
}

/** Third and fourth pass.  @return the server proved itself */
static inline bool secure_pair_prove(struct secure_pair *pair)
{
    static const uint8_t reply_to_hls[] = {0xC3, 1, 0xC1, 0, 15, 0, 0, 40, 0, 0, 0xFF, 1, 1};
    uint8_t proof[DLMS_PROOF_MAX];
    struct dlms_response response;
    const uint8_t *returned = NULL;
    uint32_t n_returned = 0;
    size_t n_proof = 0;
    if (dlms_hls_make(&pair->hls, proof, &n_proof) != DLMS_HLS_OK) {
        return false;
    }
    struct writer w = writer_over(pair->request + SECURE_BEFORE, 256);
    writer_bytes(&w, reply_to_hls, sizeof reply_to_hls);
    dlms_write_octets(&w, proof, (uint32_t)n_proof);
    const struct dlms_span answer = secure_pair_ask(pair, DLMS_WRAP_GLO, writer_length(&w));
    return answer.bytes != NULL &&
           dlms_response_read(answer.bytes, answer.n_bytes, &response) == DLMS_OK &&
           response.has_data && dlms_read_octets(&response.data, &returned, &n_returned) &&
           dlms_hls_check(&pair->hls, returned, n_returned) == DLMS_HLS_OK;
}

/** The AARE to the AARQ that stands in request.  @return accepted so far, and it goes on with HLS
 */
static inline bool secure_pair_greet(struct secure_pair *pair, size_t n_aarq)
{
    struct dlms_aare aare;
    struct dlms_seal came;
    struct dlms_span plain;
    const size_t n =
        dlms_server_apdu(pair->engine, pair->request, n_aarq, pair->reply, sizeof pair->reply);
    if (n_aarq == 0 || dlms_aare_read(pair->reply, n, &aare) != DLMS_OK || aare.result != 0 ||
        aare.diagnostic != DLMS_DIAGNOSTIC_AUTHENTICATION_REQUIRED ||
        dlms_hls_take(&pair->hls, aare.secret.bytes, aare.secret.n_bytes) != DLMS_HLS_OK) {
        return false;
    }
    uint8_t *information = pair->reply + (aare.user_information.bytes - pair->reply);
    return dlms_cipher_open(&pair->cipher, information, aare.user_information.n_bytes, &came,
                            &plain) == DLMS_CIPHER_OK &&
           plain.bytes[0] == DLMS_TAG_INITIATE_RESPONSE;
}

static inline bool secure_pair_associate(struct secure_pair *pair)
{
    return secure_pair_greet(pair, secure_pair_aarq(pair, NULL, 0)) && secure_pair_prove(pair);
}

/** GET of attribute 2.  @return bytes of the request at request + SECURE_BEFORE */
static inline size_t secure_pair_get(struct secure_pair *pair, const struct dlms_object *object)
{
    struct dlms_descriptor wanted = {object->class_id, {0}, 2, 0, dlms_no_data()};
    struct writer w = writer_over(pair->request + SECURE_BEFORE, 64);
    memcpy(wanted.obis, object->obis, sizeof wanted.obis);
    dlms_get_write(&w, 0xC1, &wanted);
    return writer_length(&w);
}

#endif
