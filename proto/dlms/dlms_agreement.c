#include "dlms_agreement.h"

#include <string.h>

/* 2.16.756.5.8.3, the last arc follows. */
static const uint8_t algorithms[6] = {0x60, 0x85, 0x74, 0x05, 0x08, 0x03};

static bool curve_of(const struct crypto_port *crypto, uint8_t suite, enum crypto_curve *curve)
{
    *curve = suite == 2u ? CRYPTO_P384 : CRYPTO_P256;
    return crypto->curves != NULL && (suite == 1u || suite == 2u);
}

size_t dlms_key_data_bytes(uint8_t suite)
{
    return suite == 1u   ? 4u * crypto_scalar_bytes(CRYPTO_P256)
           : suite == 2u ? 4u * crypto_scalar_bytes(CRYPTO_P384)
                         : 0u;
}

enum dlms_agreement_err dlms_agreement_derive(const struct crypto_port *crypto, uint8_t suite,
                                              const uint8_t *secret, enum dlms_agreement_use use,
                                              const struct crypto_piece *party_u,
                                              const struct crypto_piece *party_v,
                                              uint8_t key[CRYPTO_KEY_MAX_BYTES])
{
    static const uint8_t round[4] = {0, 0, 0, 1};
    const uint8_t arc = (uint8_t)use;
    const enum crypto_hash kind = suite == 2u ? CRYPTO_SHA384 : CRYPTO_SHA256;
    const size_t n_secret = crypto_scalar_bytes(suite == 2u ? CRYPTO_P384 : CRYPTO_P256);
    const struct crypto_piece pieces[] = {{round, sizeof round},
                                          {secret, n_secret},
                                          {algorithms, sizeof algorithms},
                                          {&arc, 1},
                                          *party_u,
                                          *party_v};
    uint8_t digest[CRYPTO_DIGEST_MAX];
    if (suite != 1u && suite != 2u) {
        return DLMS_AGREEMENT_ERR_SUITE;
    }
    const int result =
        crypto->hash(crypto->context, kind, pieces, sizeof pieces / sizeof pieces[0], digest);
    if (result == 0) {
        memcpy(key, digest, dlms_suite_key_bytes(suite));
    }
    crypto_wipe(digest, sizeof digest);
    return result == 0 ? DLMS_AGREEMENT_OK : DLMS_AGREEMENT_ERR_SUITE;
}

static enum dlms_agreement_use use_of(uint8_t suite)
{
    return suite == 2u ? DLMS_AGREEMENT_GCM_256 : DLMS_AGREEMENT_GCM_128;
}

enum dlms_agreement_err dlms_agreement_offer(struct dlms_agreement *agreement,
                                             const struct crypto_port *crypto, uint8_t suite,
                                             uint8_t key_id, const uint8_t *signing_key,
                                             uint8_t *key_data)
{
    enum crypto_curve curve;
    *agreement = (struct dlms_agreement){.crypto = crypto, .suite = suite, .key_id = key_id};
    if (!curve_of(crypto, suite, &curve)) {
        return DLMS_AGREEMENT_ERR_SUITE;
    }
    const size_t n_point = 2u * crypto_scalar_bytes(curve);
    if (crypto->curves->key_make(crypto->context, curve, agreement->ephemeral, key_data) != 0) {
        return DLMS_AGREEMENT_ERR_KEY;
    }
    const struct crypto_piece pieces[] = {{&agreement->key_id, 1}, {key_data, n_point}};
    if (crypto->curves->sign(crypto->context, curve, signing_key, pieces, 2, key_data + n_point) !=
        0) {
        crypto_wipe(agreement->ephemeral, sizeof agreement->ephemeral);
        return DLMS_AGREEMENT_ERR_KEY;
    }
    return DLMS_AGREEMENT_OK;
}

/* The secret with the other side's public key, and the key from it. */
static enum dlms_agreement_err agree(const struct crypto_port *crypto, uint8_t suite,
                                     const uint8_t *private_key, const uint8_t *public_key,
                                     const struct crypto_piece *party_u,
                                     const struct crypto_piece *party_v,
                                     uint8_t key[CRYPTO_KEY_MAX_BYTES])
{
    enum crypto_curve curve;
    uint8_t secret[CRYPTO_SCALAR_MAX];
    enum dlms_agreement_err err = DLMS_AGREEMENT_ERR_KEY;
    if (!curve_of(crypto, suite, &curve)) {
        return DLMS_AGREEMENT_ERR_SUITE;
    }
    if (crypto->curves->agree(crypto->context, curve, private_key, public_key, secret) == 0) {
        err = dlms_agreement_derive(crypto, suite, secret, use_of(suite), party_u, party_v, key);
    }
    crypto_wipe(secret, sizeof secret);
    return err;
}

enum dlms_agreement_err dlms_agreement_take(struct dlms_agreement *agreement,
                                            const uint8_t *verify_key, const uint8_t *key_data,
                                            size_t n_key_data,
                                            const uint8_t party_u[DLMS_TITLE_BYTES],
                                            const uint8_t party_v[DLMS_TITLE_BYTES],
                                            uint8_t key[CRYPTO_KEY_MAX_BYTES])
{
    const struct crypto_port *crypto = agreement->crypto;
    const struct crypto_piece u = {party_u, DLMS_TITLE_BYTES}, v = {party_v, DLMS_TITLE_BYTES};
    const size_t n_point = n_key_data / 2u;
    const struct crypto_piece pieces[] = {{&agreement->key_id, 1}, {key_data, n_point}};
    enum dlms_agreement_err err = DLMS_AGREEMENT_ERR_FORM;
    enum crypto_curve curve;
    if (!curve_of(crypto, agreement->suite, &curve)) {
        err = DLMS_AGREEMENT_ERR_SUITE;
    } else if (n_key_data == dlms_key_data_bytes(agreement->suite)) {
        err = crypto->curves->verify(crypto->context, curve, verify_key, pieces, 2,
                                     key_data + n_point) == 0
                  ? agree(crypto, agreement->suite, agreement->ephemeral, key_data, &u, &v, key)
                  : DLMS_AGREEMENT_ERR_SIGNATURE;
    }
    crypto_wipe(agreement->ephemeral, sizeof agreement->ephemeral);
    return err;
}

enum dlms_agreement_err dlms_agreement_message(const struct dlms_message_agreement *how,
                                               uint8_t key[CRYPTO_KEY_MAX_BYTES])
{
    uint8_t u[DLMS_TITLE_BYTES + 1u + DLMS_TRANSACTION_MAX];
    struct crypto_piece party_u = {u, DLMS_TITLE_BYTES};
    const struct crypto_piece party_v = {how->recipient, DLMS_TITLE_BYTES};
    if (how->n_transaction > DLMS_TRANSACTION_MAX) {
        return DLMS_AGREEMENT_ERR_FORM;
    }
    memcpy(u, how->originator, DLMS_TITLE_BYTES);
    if (how->transaction != NULL) {
        u[DLMS_TITLE_BYTES] = how->n_transaction;
        memcpy(u + DLMS_TITLE_BYTES + 1u, how->transaction, how->n_transaction);
        party_u.n_bytes += 1u + how->n_transaction;
    }
    return agree(how->crypto, how->suite, how->own_key, how->peer_key, &party_u, &party_v, key);
}

enum { SCHEME_ONE_PASS = 1, SCHEME_STATIC = 2 };

/* One pass: an ephemeral public key comes along, signed by the sender. */
static bool one_pass_good(const struct dlms_agreed_key *asked)
{
    const struct dlms_keys *keys = asked->cipher->keys;
    const struct crypto_port *crypto = keys->crypto;
    const size_t n_point = asked->n_data / 2u;
    const struct crypto_piece point = {asked->data, n_point};
    enum crypto_curve curve;
    return curve_of(crypto, keys->suite, &curve) && keys->agreement.verify_key != NULL &&
           asked->n_data == dlms_key_data_bytes(keys->suite) &&
           crypto->curves->verify(crypto->context, curve, keys->agreement.verify_key, &point, 1,
                                  asked->data + n_point) == 0;
}

enum dlms_cipher_err dlms_agreed_key_make(const struct dlms_agreed_key *asked,
                                          uint8_t key[CRYPTO_KEY_MAX_BYTES])
{
    const struct dlms_keys *keys = asked->cipher->keys;
    struct dlms_message_agreement agreement = {.crypto = keys->crypto,
                                               .suite = keys->suite,
                                               .own_key = keys->agreement.own_key,
                                               .peer_key = keys->agreement.peer_key,
                                               .originator = asked->sender,
                                               .recipient = asked->cipher->own_title};
    if (agreement.own_key == NULL) {
        return DLMS_CIPHER_ERR_KEY;
    }
    if (asked->scheme == SCHEME_ONE_PASS) {
        if (!one_pass_good(asked)) {
            return DLMS_CIPHER_ERR_TAG;
        }
        agreement.peer_key = asked->data;
    } else if (asked->scheme == SCHEME_STATIC && asked->n_data == 0) {
        agreement.transaction = asked->how->transaction;
        agreement.n_transaction = asked->how->n_transaction;
    } else {
        return DLMS_CIPHER_ERR_FORM;
    }
    return agreement.peer_key != NULL &&
                   dlms_agreement_message(&agreement, key) == DLMS_AGREEMENT_OK
               ? DLMS_CIPHER_OK
               : DLMS_CIPHER_ERR_KEY;
}
