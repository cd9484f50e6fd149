#include "dlms_guard.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../ports/crypto/openssl/crypto_openssl.h"

#define BEFORE_MAX       24u /* general-glo: tag, title, length, control and counter */
#define CHALLENGE_OCTETS 32u

static enum host_err fail(struct dlms_protector *p, const char *what)
{
    snprintf(p->error, sizeof p->error, "%s", what);
    return HOST_ERR_PROTOCOL;
}

/* ---- counters ---- */

/** New numbers when the ones that are reserved are used up. */
static bool refill(struct dlms_protector *p)
{
    if (p->counter.path[0] == '\0' || p->own.next < p->own.reserved) {
        return true;
    }
    if (dlms_counter_reserve(&p->counter) != HOST_OK) {
        snprintf(p->error, sizeof p->error, "%s", p->counter.error);
        return false;
    }
    p->own.next = p->counter.next;
    p->own.reserved = p->counter.reserved;
    p->counter.next = p->counter.reserved;
    return true;
}

/* ---- the client's calls ---- */

static struct dlms_seal seal_of(const struct dlms_protector *p, const struct dlms_bytes *apdu)
{
    struct dlms_seal seal = {.control = (uint8_t)(p->protect | p->suite)};
    const bool initiate = apdu->bytes[0] == DLMS_TAG_INITIATE_REQUEST;
    if (initiate) {
        seal.wrapping =
            DLMS_WRAP_GLO; /* no dedicated key is known yet, nor what the meter can do */
    } else if (p->general) {
        seal.wrapping = p->dedicated ? DLMS_WRAP_GENERAL_DED : DLMS_WRAP_GENERAL_GLO;
    } else {
        seal.wrapping = p->dedicated ? DLMS_WRAP_DED : DLMS_WRAP_GLO;
    }
    return seal;
}

static int protect(void *context, struct dlms_bytes *apdu)
{
    struct dlms_protector *p = context;
    struct dlms_seal seal = seal_of(p, apdu);
    struct dlms_span out;
    if (!refill(p) || dlms_cipher_before(&seal, apdu->n_bytes) > BEFORE_MAX) {
        return DLMS_CLIENT_ERR_SECURITY;
    }
    const enum dlms_cipher_err err = dlms_cipher_protect(
        &p->cipher, &seal, apdu->bytes - BEFORE_MAX, BEFORE_MAX + apdu->n_bytes + DLMS_TAG_BYTES,
        BEFORE_MAX, apdu->n_bytes, &out);
    if (err != DLMS_CIPHER_OK) {
        return DLMS_CLIENT_ERR_SECURITY;
    }
    *apdu = (struct dlms_bytes){out.bytes, out.n_bytes};
    return DLMS_CLIENT_OK;
}

static int unprotect(void *context, struct dlms_bytes *apdu)
{
    struct dlms_protector *p = context;
    struct dlms_seal seal;
    struct dlms_span out;
    if (dlms_cipher_open(&p->cipher, apdu->bytes, apdu->n_bytes, &seal, &out) != DLMS_CIPHER_OK) {
        return DLMS_CLIENT_ERR_SECURITY;
    }
    if ((seal.control & p->protect) != p->protect) { /* less than what we send is a downgrade */
        return DLMS_CLIENT_ERR_SECURITY;
    }
    *apdu = (struct dlms_bytes){out.bytes, out.n_bytes};
    return DLMS_CLIENT_OK;
}

static void server_title(void *context, const uint8_t *title, size_t n_title)
{
    struct dlms_protector *p = context;
    if (n_title == DLMS_TITLE_BYTES) {
        dlms_cipher_peer(&p->cipher, title);
        if (p->dedicated) { /* forgotten with the other title */
            (void)dlms_cipher_dedicate(&p->cipher, p->dedicated_key,
                                       dlms_suite_key_bytes(p->suite));
        }
        memcpy(p->hls.server_title, title, sizeof p->hls.server_title);
    }
}

static int challenge(void *context, uint8_t *out, size_t capacity)
{
    struct dlms_protector *p = context;
    if (capacity < CHALLENGE_OCTETS || dlms_hls_draw(&p->hls, CHALLENGE_OCTETS) != DLMS_HLS_OK) {
        return DLMS_CLIENT_ERR_SECURITY;
    }
    memcpy(out, p->hls.ours.bytes, p->hls.ours.n_bytes);
    return p->hls.ours.n_bytes;
}

static int respond(void *context, struct dlms_octets stoc, uint8_t *out, size_t capacity)
{
    struct dlms_protector *p = context;
    uint8_t proof[DLMS_PROOF_MAX];
    size_t n = 0;
    if (!refill(p) || dlms_hls_take(&p->hls, stoc.bytes, stoc.n_bytes) != DLMS_HLS_OK ||
        dlms_hls_make(&p->hls, proof, &n) != DLMS_HLS_OK || n > capacity) {
        return DLMS_CLIENT_ERR_SECURITY;
    }
    memcpy(out, proof, n);
    return (int)n;
}

static bool verify(void *context, struct dlms_octets proof)
{
    struct dlms_protector *p = context;
    return dlms_hls_check(&p->hls, proof.bytes, proof.n_bytes) == DLMS_HLS_OK;
}

/* ---- setting up ---- */

static enum host_err set_keys(struct dlms_protector *p, uint8_t suite, const struct key_file *keys)
{
    p->suite = suite;
    if (crypto_openssl(&p->crypto) != 0 ||
        dlms_keys_init(&p->keys, &p->crypto, suite) != DLMS_CIPHER_OK) {
        return fail(p, "this computer's OpenSSL does not offer the ciphers of that suite");
    }
    for (int id = 0; id < DLMS_KEY_IDS; id++) {
        if (keys->has[id] && dlms_keys_set(&p->keys, (enum dlms_key_id)id, keys->key[id],
                                           keys->n_key) != DLMS_CIPHER_OK) {
            return fail(p, suite == 2 ? "keys: expected 64 hex digits each in suite 2"
                                      : "keys: expected 32 hex digits each in suites 0 and 1");
        }
    }
    return HOST_OK;
}

/**
 * Where a computer begins that has never counted: a meter compares the counters of all clients that
 * have the key, so one that is new has to be ahead of those before it.  Four a second since 2025.
 */
static uint32_t first_by_time(void)
{
    const int64_t since_s = (int64_t)time(NULL) - INT64_C(1735689600);
    return since_s > 0 && since_s < UINT32_MAX / 8 ? (uint32_t)since_s * 4u : 1u;
}

/** Title and first counter: of the address, or of this computer. */
static enum host_err set_counter(struct dlms_protector *p, const struct dlms_url *url)
{
    char path[300];
    const bool known = dlms_counter_default_path(path, sizeof path);
    memcpy(p->title, url->title, sizeof p->title);
    const uint32_t first = url->has_counter ? url->counter : first_by_time();
    p->own.next = first;
    p->own.reserved = UINT32_MAX;
    if (url->has_title && url->has_counter && !known) {
        return HOST_OK; /* the caller minds the counter */
    }
    if (!known) {
        return fail(p, "HOME or XDG_STATE_HOME is needed to keep the invocation counter; or give "
                       "title= and ic=");
    }
    if (!url->has_title &&
        dlms_counter_title(path, p->title, p->error, sizeof p->error) != HOST_OK) {
        return HOST_ERR_IO;
    }
    if (dlms_counter_open(&p->counter, path, p->title, first) != HOST_OK) {
        snprintf(p->error, sizeof p->error, "%s", p->counter.error);
        return HOST_ERR_IO;
    }
    p->own.next = p->own.reserved = 0; /* the first use reserves */
    return HOST_OK;
}

static void set_hls(struct dlms_protector *p, const struct dlms_url *url,
                    const struct key_file *keys)
{
    const struct key_file_secret *secret = key_file_hls(keys, url->client);
    p->hls = (struct dlms_hls){.mechanism = url->auth,
                               .side = DLMS_SIDE_CLIENT,
                               .crypto = &p->crypto,
                               .secret = secret != NULL ? secret->bytes : NULL,
                               .n_secret = secret != NULL ? secret->n_bytes : 0,
                               .cipher = &p->cipher,
                               .curve = url->suite == 2 ? CRYPTO_P384 : CRYPTO_P256,
                               .private_key = keys->n_sign > 0 ? keys->sign : NULL,
                               .peer_public_key = keys->n_verify > 0 ? keys->verify : NULL};
    memcpy(p->hls.client_title, p->title, sizeof p->hls.client_title);
}

enum host_err dlms_guard_begin(struct dlms_protector *p, const struct dlms_url *url,
                               const struct key_file *keys)
{
    memset(p, 0, sizeof *p);
    enum host_err err = set_keys(p, url->suite, keys);
    if (err != HOST_OK) {
        return err;
    }
    const bool needs_keys = url->auth == DLMS_AUTH_GMAC || url->protect != DLMS_PROTECT_NONE;
    if (needs_keys && (!keys->has[DLMS_KEY_UNICAST] || !keys->has[DLMS_KEY_AUTHENTICATION])) {
        return fail(p, "guek and gak are needed for this association: expected them in --keys FILE "
                       "or OPEN382_KEYS");
    }
    err = set_counter(p, url);
    if (err != HOST_OK) {
        return err;
    }
    dlms_cipher_init(&p->cipher, &p->keys, &p->own, &p->peer, &p->peer_broadcast, p->title);
    set_hls(p, url, keys);
    p->protect = url->protect;
    p->cipher.demands = p->protect & DLMS_SC_AUTHENTICATION;
    p->general = url->general;
    p->dedicated = url->dedicated;
    if (p->dedicated) {
        const size_t n = dlms_suite_key_bytes(p->suite);
        if (p->crypto.random == NULL ||
            p->crypto.random(p->crypto.context, p->dedicated_key, n) != 0 ||
            dlms_cipher_dedicate(&p->cipher, p->dedicated_key, n) != DLMS_CIPHER_OK) {
            return fail(p, "no randomness for a dedicated key");
        }
    }
    p->guard = (struct dlms_client_guard){protect, unprotect, server_title, challenge,     respond,
                                          verify,  p,         BEFORE_MAX,   DLMS_TAG_BYTES};
    return HOST_OK;
}

void dlms_guard_end(struct dlms_protector *p)
{
    if (p->cipher.keys != NULL) { /* it may not have come so far */
        dlms_cipher_end(&p->cipher);
    }
    if (p->keys.crypto != NULL) {
        dlms_keys_drop(&p->keys);
    }
    crypto_wipe(p, sizeof *p);
}

/* ---- pushes ---- */

enum host_err dlms_guard_listen(struct dlms_protector *p, uint8_t suite,
                                const struct key_file *keys)
{
    memset(p, 0, sizeof *p);
    const enum host_err err = set_keys(p, suite, keys);
    if (err == HOST_OK) {
        dlms_cipher_init(&p->cipher, &p->keys, &p->own, &p->peer, &p->peer_broadcast, p->title);
        p->cipher.demands = 0; /* many meters push encrypted without a tag (SC 20h) */
    }
    return err;
}

bool dlms_guard_open(struct dlms_protector *p, struct dlms_bytes *apdu)
{
    struct dlms_seal seal;
    struct dlms_span out;
    /* DB, then the sender's title with its length. */
    if (apdu->n_bytes > 2 + DLMS_TITLE_BYTES && apdu->bytes[0] == DLMS_TAG_GENERAL_GLO &&
        apdu->bytes[1] == DLMS_TITLE_BYTES &&
        memcmp(p->cipher.peer_title, apdu->bytes + 2, DLMS_TITLE_BYTES) != 0) {
        p->peer = (struct dlms_peer_counter){0}; /* another meter counts for itself */
        p->peer_broadcast = (struct dlms_peer_counter){0};
        dlms_cipher_peer(&p->cipher, apdu->bytes + 2);
    }
    if (dlms_cipher_open(&p->cipher, apdu->bytes, apdu->n_bytes, &seal, &out) != DLMS_CIPHER_OK) {
        return false;
    }
    *apdu = (struct dlms_bytes){out.bytes, out.n_bytes};
    return out.n_bytes > 0;
}
