#include "curves.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#define POINT_FORM  4u /* of a public key: both coordinates follow */
#define POINT_BYTES (1u + CRYPTO_POINT_MAX)
#define DER_MAX     128u /* of a signature over P-384 */

static const char *group_of(enum crypto_curve curve)
{
    return curve == CRYPTO_P256 ? "P-256" : "P-384";
}

static const EVP_MD *digest_of(enum crypto_curve curve)
{
    return curve == CRYPTO_P256 ? EVP_sha256() : EVP_sha384();
}

/* A key pair, or a public key alone (private_key NULL).  public_key may be NULL beside a private
 * one. */
static EVP_PKEY *key_of(enum crypto_curve curve, const uint8_t *private_key,
                        const uint8_t *public_key)
{
    const size_t n = crypto_scalar_bytes(curve);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    BIGNUM *scalar = private_key != NULL ? BN_secure_new() : NULL;
    uint8_t point[POINT_BYTES] = {POINT_FORM};
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;
    bool good =
        build != NULL && context != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group_of(curve), 0) == 1;
    if (good && public_key != NULL) {
        memcpy(point + 1, public_key, 2u * n);
        good = OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
                                                1u + 2u * n) == 1;
    }
    if (good && private_key != NULL) {
        good = scalar != NULL && BN_bin2bn(private_key, (int)n, scalar) != NULL &&
               OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1;
    }
    params = good ? OSSL_PARAM_BLD_to_param(build) : NULL;
    if (params == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key,
                          private_key != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                          params) != 1) {
        key = NULL;
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_clear_free(scalar);
    EVP_PKEY_CTX_free(context);
    return key;
}

static int key_make(void *context, enum crypto_curve curve, uint8_t *private_key,
                    uint8_t *public_key)
{
    const size_t n = crypto_scalar_bytes(curve);
    EVP_PKEY *key = EVP_EC_gen(group_of(curve));
    BIGNUM *scalar = NULL;
    uint8_t point[POINT_BYTES];
    size_t n_point = 0;
    (void)context;
    const bool good = key != NULL &&
                      EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1 &&
                      BN_bn2binpad(scalar, private_key, (int)n) == (int)n &&
                      EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
                                                      sizeof point, &n_point) == 1 &&
                      n_point == 1u + 2u * n && point[0] == POINT_FORM;
    if (good) {
        memcpy(public_key, point + 1, 2u * n);
    } else {
        crypto_wipe(private_key, n);
    }
    BN_clear_free(scalar);
    EVP_PKEY_free(key);
    return good ? 0 : -1;
}

/* r and s as two numbers of fixed length, from DER and to it. */
static int signature_from_der(const uint8_t *der, size_t n_der, size_t n, uint8_t *signature)
{
    ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &der, (long)n_der);
    const bool good = parts != NULL &&
                      BN_bn2binpad(ECDSA_SIG_get0_r(parts), signature, (int)n) == (int)n &&
                      BN_bn2binpad(ECDSA_SIG_get0_s(parts), signature + n, (int)n) == (int)n;
    ECDSA_SIG_free(parts);
    return good ? 0 : -1;
}

static int signature_to_der(const uint8_t *signature, size_t n, uint8_t der[DER_MAX])
{
    ECDSA_SIG *parts = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, (int)n, NULL), *s = BN_bin2bn(signature + n, (int)n, NULL);
    uint8_t *end = der;
    int n_der = -1;
    if (parts != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(parts, r, s) == 1) {
        n_der = i2d_ECDSA_SIG(parts, &end); /* at most 2 x (48 + 3) + 3 */
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(parts);
    return n_der;
}

static int sign(void *context, enum crypto_curve curve, const uint8_t *private_key,
                const struct crypto_piece *pieces, size_t n_pieces, uint8_t *signature)
{
    EVP_PKEY *key = key_of(curve, private_key, NULL);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    uint8_t der[DER_MAX];
    size_t n_der = sizeof der;
    (void)context;
    int result =
        key != NULL && md != NULL && EVP_DigestSignInit(md, NULL, digest_of(curve), NULL, key) == 1
            ? 0
            : -1;
    for (size_t i = 0; i < n_pieces && result == 0; i++) {
        result = EVP_DigestSignUpdate(md, pieces[i].bytes, pieces[i].n_bytes) == 1 ? 0 : -1;
    }
    if (result == 0) {
        result = EVP_DigestSignFinal(md, der, &n_der) == 1
                     ? signature_from_der(der, n_der, crypto_scalar_bytes(curve), signature)
                     : -1;
    }
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(key);
    return result;
}

static int verify(void *context, enum crypto_curve curve, const uint8_t *public_key,
                  const struct crypto_piece *pieces, size_t n_pieces, const uint8_t *signature)
{
    EVP_PKEY *key = key_of(curve, NULL, public_key);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    uint8_t der[DER_MAX];
    const int n_der = signature_to_der(signature, crypto_scalar_bytes(curve), der);
    (void)context;
    int result = key != NULL && md != NULL && n_der > 0 &&
                         EVP_DigestVerifyInit(md, NULL, digest_of(curve), NULL, key) == 1
                     ? 0
                     : -1;
    for (size_t i = 0; i < n_pieces && result == 0; i++) {
        result = EVP_DigestVerifyUpdate(md, pieces[i].bytes, pieces[i].n_bytes) == 1 ? 0 : -1;
    }
    if (result == 0) {
        result = EVP_DigestVerifyFinal(md, der, (size_t)n_der) == 1 ? 0 : -1;
    }
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(key);
    return result;
}

static int agree(void *context, enum crypto_curve curve, const uint8_t *private_key,
                 const uint8_t *peer_public_key, uint8_t *secret)
{
    EVP_PKEY *own = key_of(curve, private_key, NULL);
    EVP_PKEY *peer = key_of(curve, NULL, peer_public_key);
    EVP_PKEY_CTX *derive = own != NULL ? EVP_PKEY_CTX_new(own, NULL) : NULL;
    size_t n = crypto_scalar_bytes(curve);
    (void)context;
    const bool good = derive != NULL && peer != NULL && EVP_PKEY_derive_init(derive) == 1 &&
                      EVP_PKEY_derive_set_peer(derive, peer) == 1 &&
                      EVP_PKEY_derive(derive, secret, &n) == 1 && n == crypto_scalar_bytes(curve);
    EVP_PKEY_CTX_free(derive);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(own);
    return good ? 0 : -1;
}

const struct crypto_curves *crypto_openssl_curves(void)
{
    static const struct crypto_curves curves = {key_make, sign, verify, agree};
    return &curves;
}
