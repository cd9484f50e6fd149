#include "dlms_hls.h"

#include <string.h>

#include "../common/crypto_modes.h"

#define AES_128 16u

enum dlms_hls_err dlms_hls_draw(struct dlms_hls *hls, size_t n_bytes)
{
    const struct crypto_port *crypto = hls->crypto;
    hls->ours.n_bytes = 0;
    if (n_bytes < DLMS_HLS_CHALLENGE_MIN || n_bytes > DLMS_HLS_CHALLENGE_MAX) {
        return DLMS_HLS_ERR_CHALLENGE;
    }
    if (crypto->random == NULL || crypto->random(crypto->context, hls->ours.bytes, n_bytes) != 0) {
        return DLMS_HLS_ERR_RANDOM;
    }
    hls->ours.n_bytes = (uint8_t)n_bytes;
    return DLMS_HLS_OK;
}

/* Challenges are on the line for all to see: no constant time is needed. */
static bool is_reflection(const struct dlms_hls_challenge *one,
                          const struct dlms_hls_challenge *other)
{
    return one->n_bytes > 0 && one->n_bytes == other->n_bytes &&
           memcmp(one->bytes, other->bytes, one->n_bytes) == 0;
}

enum dlms_hls_err dlms_hls_take(struct dlms_hls *hls, const uint8_t *bytes, size_t n_bytes)
{
    hls->theirs.n_bytes = 0;
    if (n_bytes < DLMS_HLS_CHALLENGE_MIN || n_bytes > DLMS_HLS_CHALLENGE_MAX) {
        return DLMS_HLS_ERR_CHALLENGE;
    }
    memcpy(hls->theirs.bytes, bytes, n_bytes);
    hls->theirs.n_bytes = (uint8_t)n_bytes;
    if (is_reflection(&hls->theirs, &hls->ours)) {
        hls->theirs.n_bytes = 0;
        return DLMS_HLS_ERR_CHALLENGE;
    }
    return DLMS_HLS_OK;
}

/* The challenge under the secret as an AES-128 key; both are filled up with zeroes. */
static int encrypt_challenge(const struct dlms_hls *hls, const struct dlms_hls_challenge *challenge,
                             uint8_t proof[DLMS_PROOF_MAX], size_t *n_proof)
{
    const struct crypto_port *crypto = hls->crypto;
    struct crypto_key key = {{0}};
    uint8_t secret[AES_128] = {0};
    const size_t n_blocks = (challenge->n_bytes + CRYPTO_BLOCK_BYTES - 1u) / CRYPTO_BLOCK_BYTES;
    if (hls->n_secret > sizeof secret) {
        return -1;
    }
    memcpy(secret, hls->secret, hls->n_secret);
    memset(proof, 0, DLMS_PROOF_MAX);
    memcpy(proof, challenge->bytes, challenge->n_bytes);
    *n_proof = n_blocks * CRYPTO_BLOCK_BYTES;
    int result = crypto->key_set(crypto->context, &key, CRYPTO_ENCRYPT, secret, sizeof secret);
    if (result == 0) {
        result = crypto->blocks(crypto->context, &key, proof, n_blocks);
    }
    crypto->key_drop(crypto->context, &key);
    crypto_wipe(secret, sizeof secret);
    return result;
}

#define PIECES 5u

/* What SHA-256 and ECDSA cover: the secret (SHA-256), the prover's title, the other's, the
 * challenge that the prover received, the one that it sent. */
static size_t cover(const struct dlms_hls *hls, enum dlms_side prover,
                    struct crypto_piece pieces[PIECES])
{
    const bool client = prover == DLMS_SIDE_CLIENT, own = prover == hls->side;
    const struct dlms_hls_challenge *received = own ? &hls->theirs : &hls->ours;
    const struct dlms_hls_challenge *sent = own ? &hls->ours : &hls->theirs;
    size_t n = 0;
    if (hls->mechanism == DLMS_HLS_SHA256) {
        pieces[n].bytes = hls->secret;
        pieces[n++].n_bytes = hls->n_secret;
    }
    pieces[n].bytes = client ? hls->client_title : hls->server_title;
    pieces[n++].n_bytes = DLMS_TITLE_BYTES;
    pieces[n].bytes = client ? hls->server_title : hls->client_title;
    pieces[n++].n_bytes = DLMS_TITLE_BYTES;
    pieces[n].bytes = received->bytes;
    pieces[n++].n_bytes = received->n_bytes;
    pieces[n].bytes = sent->bytes;
    pieces[n++].n_bytes = sent->n_bytes;
    return n;
}

/* The proof of mechanisms where both sides can make each other's. */
static enum dlms_hls_err symmetric(const struct dlms_hls *hls, enum dlms_side prover,
                                   uint8_t proof[DLMS_PROOF_MAX], size_t *n_proof)
{
    const struct crypto_port *crypto = hls->crypto;
    const struct dlms_hls_challenge *challenge = prover == hls->side ? &hls->theirs : &hls->ours;
    struct crypto_piece pieces[PIECES] = {{challenge->bytes, challenge->n_bytes},
                                          {hls->secret, hls->n_secret}};
    size_t n_pieces = 2;
    enum crypto_hash kind = CRYPTO_SHA256;
    if (hls->secret == NULL || hls->n_secret == 0) {
        return DLMS_HLS_ERR_SECRET;
    }
    switch (hls->mechanism) {
    case DLMS_HLS_MANUFACTURER:
        return encrypt_challenge(hls, challenge, proof, n_proof) == 0 ? DLMS_HLS_OK
                                                                      : DLMS_HLS_ERR_SECRET;
    case DLMS_HLS_MD5: kind = CRYPTO_MD5; break;
    case DLMS_HLS_SHA1: kind = CRYPTO_SHA1; break;
    case DLMS_HLS_SHA256: n_pieces = cover(hls, prover, pieces); break;
    default: return DLMS_HLS_ERR_MECHANISM;
    }
    *n_proof = crypto_digest_bytes(kind);
    return crypto->hash(crypto->context, kind, pieces, n_pieces, proof) == 0
               ? DLMS_HLS_OK
               : DLMS_HLS_ERR_MECHANISM;
}

static enum dlms_hls_err sign(const struct dlms_hls *hls, uint8_t proof[DLMS_PROOF_MAX],
                              size_t *n_proof)
{
    const struct crypto_port *crypto = hls->crypto;
    struct crypto_piece pieces[PIECES];
    const size_t n_pieces = cover(hls, hls->side, pieces);
    if (crypto->curves == NULL) {
        return DLMS_HLS_ERR_MECHANISM;
    }
    *n_proof = 2u * crypto_scalar_bytes(hls->curve);
    return hls->private_key != NULL &&
                   crypto->curves->sign(crypto->context, hls->curve, hls->private_key, pieces,
                                        n_pieces, proof) == 0
               ? DLMS_HLS_OK
               : DLMS_HLS_ERR_SECRET;
}

static enum dlms_hls_err verify(const struct dlms_hls *hls, const uint8_t *proof, size_t n_proof)
{
    const struct crypto_port *crypto = hls->crypto;
    const enum dlms_side peer = hls->side == DLMS_SIDE_CLIENT ? DLMS_SIDE_SERVER : DLMS_SIDE_CLIENT;
    struct crypto_piece pieces[PIECES];
    const size_t n_pieces = cover(hls, peer, pieces);
    if (crypto->curves == NULL) {
        return DLMS_HLS_ERR_MECHANISM;
    }
    if (hls->peer_public_key == NULL) {
        return DLMS_HLS_ERR_SECRET;
    }
    return n_proof == 2u * crypto_scalar_bytes(hls->curve) &&
                   crypto->curves->verify(crypto->context, hls->curve, hls->peer_public_key, pieces,
                                          n_pieces, proof) == 0
               ? DLMS_HLS_OK
               : DLMS_HLS_ERR_PROOF;
}

/* Both challenges are there, and differ. */
static bool ready(const struct dlms_hls *hls)
{
    return hls->ours.n_bytes > 0 && hls->theirs.n_bytes > 0 &&
           !is_reflection(&hls->ours, &hls->theirs);
}

enum dlms_hls_err dlms_hls_make(struct dlms_hls *hls, uint8_t proof[DLMS_PROOF_MAX],
                                size_t *n_proof)
{
    const struct crypto_piece challenge = {hls->theirs.bytes, hls->theirs.n_bytes};
    *n_proof = 0;
    if (!ready(hls)) {
        return DLMS_HLS_ERR_CHALLENGE;
    }
    if (hls->mechanism == DLMS_HLS_ECDSA) {
        return sign(hls, proof, n_proof);
    }
    if (hls->mechanism != DLMS_HLS_GMAC) {
        return symmetric(hls, hls->side, proof, n_proof);
    }
    if (hls->cipher == NULL ||
        dlms_cipher_gmac_make(hls->cipher, &challenge, proof) != DLMS_CIPHER_OK) {
        return DLMS_HLS_ERR_SECRET;
    }
    *n_proof = DLMS_GMAC_PROOF_BYTES;
    return DLMS_HLS_OK;
}

/* The expected proof is made and compared. */
static enum dlms_hls_err compare(const struct dlms_hls *hls, const uint8_t *proof, size_t n_proof)
{
    const enum dlms_side peer = hls->side == DLMS_SIDE_CLIENT ? DLMS_SIDE_SERVER : DLMS_SIDE_CLIENT;
    uint8_t expected[DLMS_PROOF_MAX];
    size_t n_expected = 0;
    enum dlms_hls_err err = symmetric(hls, peer, expected, &n_expected);
    if (err == DLMS_HLS_OK &&
        (n_proof != n_expected || !crypto_equal(expected, proof, n_expected))) {
        err = DLMS_HLS_ERR_PROOF;
    }
    crypto_wipe(expected, sizeof expected);
    return err;
}

enum dlms_hls_err dlms_hls_check(struct dlms_hls *hls, const uint8_t *proof, size_t n_proof)
{
    const struct crypto_piece challenge = {hls->ours.bytes, hls->ours.n_bytes};
    if (!ready(hls)) {
        return DLMS_HLS_ERR_CHALLENGE;
    }
    if (hls->mechanism == DLMS_HLS_ECDSA) {
        return verify(hls, proof, n_proof);
    }
    if (hls->mechanism != DLMS_HLS_GMAC) {
        return compare(hls, proof, n_proof);
    }
    if (hls->cipher == NULL) {
        return DLMS_HLS_ERR_SECRET;
    }
    const enum dlms_cipher_err err =
        dlms_cipher_gmac_check(hls->cipher, &challenge, proof, n_proof);
    return err == DLMS_CIPHER_OK                                         ? DLMS_HLS_OK
           : err == DLMS_CIPHER_ERR_KEY || err == DLMS_CIPHER_ERR_CRYPTO ? DLMS_HLS_ERR_SECRET
                                                                         : DLMS_HLS_ERR_PROOF;
}
