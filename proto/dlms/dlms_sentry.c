#include "dlms_sentry.h"

#include <string.h>

#define CHALLENGE_BYTES 32u /* StoC: no two alike in the life of a meter */
#define LONGEST         UINT16_MAX

/* Both enums are one list; the server's is kept in a byte. */
_Static_assert((int)DLMS_GLO == (int)DLMS_WRAP_GLO && (int)DLMS_DED == (int)DLMS_WRAP_DED &&
                   (int)DLMS_GENERAL_GLO == (int)DLMS_WRAP_GENERAL_GLO &&
                   (int)DLMS_GENERAL_DED == (int)DLMS_WRAP_GENERAL_DED &&
                   (int)DLMS_GENERAL_CIPHERED == (int)DLMS_WRAP_GENERAL,
               "kinds of protection have the same numbers on both sides");
_Static_assert(DLMS_TITLE_OCTETS == DLMS_TITLE_BYTES, "a title is a title");

static void refused(const struct dlms_sentry *sentry, enum dlms_cipher_err err)
{
    if (sentry->source->refused != NULL) {
        sentry->source->refused(sentry->source->context, err);
    }
}

/* The session says who the client is and whether it has brought a key of its own. */
static void follow(struct dlms_sentry *sentry, const struct dlms_session *session)
{
    if (session->has_title) {
        dlms_cipher_peer(&sentry->cipher, session->title);
    }
    if (session->n_dedicated_key == sentry->n_dedicated &&
        memcmp(session->dedicated_key, sentry->dedicated, sentry->n_dedicated) == 0 &&
        sentry->cipher.has_dedicated == (sentry->n_dedicated > 0)) {
        return;
    }
    sentry->n_dedicated = session->n_dedicated_key;
    memcpy(sentry->dedicated, session->dedicated_key, sizeof sentry->dedicated);
    (void)dlms_cipher_dedicate(&sentry->cipher, sentry->dedicated, sentry->n_dedicated);
}

static enum dlms_unprotect_result unprotect(void *context, struct dlms_session *session,
                                            uint8_t *apdu, size_t n_apdu, struct dlms_security *how,
                                            size_t *offset, size_t *n_plain, uint32_t *counter)
{
    struct dlms_sentry *sentry = (struct dlms_sentry *)context;
    struct dlms_span plain;
    if (session->state == DLMS_NOT_ASSOCIATED) {
        if (sentry->source->begins != NULL) {
            sentry->source->begins(sentry->source->context);
        }
    }
    follow(sentry, session);
    const enum dlms_cipher_err err =
        dlms_cipher_open(&sentry->cipher, apdu, n_apdu, &sentry->came, &plain);
    if (err != DLMS_CIPHER_OK) {
        refused(sentry, err);
        *counter = dlms_cipher_expected(&sentry->cipher, &sentry->came);
        /* whoever speaks to all is answered by none */
        return (sentry->came.control & DLMS_SC_BROADCAST) != 0 ? DLMS_UNPROTECT_REFUSED
               : err == DLMS_CIPHER_ERR_COUNTER                ? DLMS_UNPROTECT_COUNTER
                                                               : DLMS_UNPROTECT_FAILED;
    }
    *how = (struct dlms_security){.kind = (uint8_t)sentry->came.wrapping,
                                  .control = sentry->came.control};
    *offset = (size_t)(plain.bytes - apdu);
    *n_plain = plain.n_bytes;
    return DLMS_UNPROTECTED;
}

/* An answer repeats what the request said of itself; what is not one says nothing. */
static struct dlms_seal seal_of(const struct dlms_sentry *sentry, const struct dlms_security *how)
{
    struct dlms_seal seal = {.wrapping = (enum dlms_wrapping)how->kind, .control = how->control};
    if (how->kind == DLMS_GENERAL_CIPHERED && sentry->came.wrapping == DLMS_WRAP_GENERAL) {
        seal = dlms_cipher_answer(&sentry->came);
        seal.control = how->control;
    }
    seal.control = (uint8_t)((seal.control & ~(DLMS_SC_BROADCAST | DLMS_SC_SUITE)) |
                             sentry->cipher.keys->suite);
    return seal;
}

static size_t protect(void *context, struct dlms_session *session, const struct dlms_security *how,
                      uint8_t *buffer, size_t n_plain, size_t capacity)
{
    struct dlms_sentry *sentry = (struct dlms_sentry *)context;
    struct dlms_seal seal = seal_of(sentry, how);
    const size_t before = dlms_cipher_before(&seal, n_plain);
    struct dlms_span out;
    follow(sentry, session);
    if (capacity < n_plain || capacity - n_plain < before + dlms_cipher_after(&seal)) {
        return 0;
    }
    memmove(buffer + before, buffer, n_plain);
    return dlms_cipher_protect(&sentry->cipher, &seal, buffer, capacity, before, n_plain, &out) ==
                   DLMS_CIPHER_OK
               ? out.n_bytes
               : 0;
}

static size_t overhead(void *context, const struct dlms_session *session,
                       const struct dlms_security *how)
{
    const struct dlms_seal seal = seal_of((const struct dlms_sentry *)context, how);
    (void)session;
    return dlms_cipher_before(&seal, LONGEST) + dlms_cipher_after(&seal);
}

static void title(void *context, uint8_t out[DLMS_TITLE_OCTETS])
{
    memcpy(out, ((const struct dlms_sentry *)context)->cipher.own_title, DLMS_TITLE_OCTETS);
}

/* -- high-level security ---------------------------------------------------------------------- */

static void challenge_set(struct dlms_hls_challenge *challenge, const uint8_t *bytes, uint8_t n)
{
    challenge->n_bytes = n;
    memcpy(challenge->bytes, bytes, n);
}

/* The session's authentication as it stands. */
static struct dlms_hls hls_of(struct dlms_sentry *sentry, const struct dlms_session *session)
{
    const struct dlms_sentry_source *source = sentry->source;
    struct dlms_octets secret = {NULL, 0};
    struct dlms_hls hls = {
        .mechanism = session->association != NULL ? session->association->mechanism : 0,
        .side = DLMS_SIDE_SERVER,
        .crypto = sentry->cipher.keys->crypto,
        .cipher = &sentry->cipher,
        .curve = sentry->cipher.keys->suite == 2u ? CRYPTO_P384 : CRYPTO_P256,
        .private_key = source->private_key,
        .peer_public_key = source->peer_public_key,
    };
    challenge_set(&hls.ours, session->stoc, session->n_stoc);
    challenge_set(&hls.theirs, session->ctos, session->n_ctos);
    memcpy(hls.client_title, session->title, sizeof hls.client_title);
    memcpy(hls.server_title, sentry->cipher.own_title, sizeof hls.server_title);
    if (source->secret != NULL && source->secret(source->context, session, &secret)) {
        hls.secret = secret.bytes;
        hls.n_secret = secret.n_bytes;
    }
    return hls;
}

static size_t challenge(void *context, struct dlms_session *session,
                        uint8_t out[DLMS_CHALLENGE_MAX])
{
    struct dlms_sentry *sentry = (struct dlms_sentry *)context;
    struct dlms_hls hls = {.crypto = sentry->cipher.keys->crypto};
    if (dlms_hls_draw(&hls, CHALLENGE_BYTES) != DLMS_HLS_OK ||
        dlms_hls_take(&hls, session->ctos, session->n_ctos) != DLMS_HLS_OK) {
        return 0;
    }
    memcpy(out, hls.ours.bytes, hls.ours.n_bytes);
    return hls.ours.n_bytes;
}

static bool verify(void *context, struct dlms_session *session, const uint8_t *reply, size_t n)
{
    struct dlms_sentry *sentry = (struct dlms_sentry *)context;
    follow(sentry, session);
    struct dlms_hls hls = hls_of(sentry, session);
    const bool good = dlms_hls_check(&hls, reply, n) == DLMS_HLS_OK;
    if (!good) {
        refused(sentry, DLMS_CIPHER_ERR_TAG);
    }
    return good;
}

static size_t respond(void *context, struct dlms_session *session, uint8_t *out, size_t capacity)
{
    struct dlms_sentry *sentry = (struct dlms_sentry *)context;
    uint8_t proof[DLMS_PROOF_MAX];
    size_t n_proof = 0;
    follow(sentry, session);
    struct dlms_hls hls = hls_of(sentry, session);
    if (dlms_hls_make(&hls, proof, &n_proof) != DLMS_HLS_OK || n_proof > capacity) {
        return 0;
    }
    memcpy(out, proof, n_proof);
    return n_proof;
}

void dlms_sentry_init(struct dlms_sentry *sentry, const struct dlms_sentry_source *source,
                      struct dlms_keys *keys, struct dlms_own_counter *own,
                      struct dlms_peer_counter *peer_unicast,
                      struct dlms_peer_counter *peer_broadcast,
                      const uint8_t own_title[DLMS_TITLE_BYTES])
{
    memset(sentry, 0, sizeof *sentry);
    sentry->source = source;
    dlms_cipher_init(&sentry->cipher, keys, own, peer_unicast, peer_broadcast, own_title);
}

static void ended(void *context)
{
    dlms_sentry_end((struct dlms_sentry *)context);
}

void dlms_sentry_hooks(struct dlms_sentry *sentry, struct dlms_guard *hooks)
{
    *hooks = (struct dlms_guard){.context = sentry,
                                 .unprotect = unprotect,
                                 .protect = protect,
                                 .overhead = overhead,
                                 .title = title,
                                 .challenge = challenge,
                                 .verify = verify,
                                 .respond = respond,
                                 .ended = ended};
}

void dlms_sentry_end(struct dlms_sentry *sentry)
{
    dlms_cipher_end(&sentry->cipher);
    crypto_wipe(sentry->dedicated, sizeof sentry->dedicated);
    sentry->n_dedicated = 0;
    memset(&sentry->came, 0, sizeof sentry->came);
}
