#include "crypto_openssl.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "curves.h"

#define BLOCK CRYPTO_BLOCK_BYTES

/* What stands in a struct crypto_key: a context that holds the key schedule. */
struct key_state {
    EVP_CIPHER_CTX *context;
    uint32_t use;
};

_Static_assert(sizeof(struct key_state) <= sizeof(struct crypto_key), "a key has room");

static EVP_CIPHER_CTX *context_of(const struct crypto_key *key, enum crypto_use use)
{
    const struct key_state *state = (const struct key_state *)(const void *)key->state;
    return state->use == (uint32_t)use ? state->context : NULL;
}

static int random_bytes(void *context, uint8_t *bytes, size_t n_bytes)
{
    (void)context;
    return n_bytes <= INT_MAX && RAND_bytes(bytes, (int)n_bytes) == 1 ? 0 : -1;
}

static void key_drop(void *context, struct crypto_key *key)
{
    struct key_state *state = (struct key_state *)(void *)key->state;
    (void)context;
    EVP_CIPHER_CTX_free(state->context); /* wipes what it frees */
    crypto_wipe(key, sizeof *key);
}

static const EVP_CIPHER *cipher_of(enum crypto_use use, size_t n_bytes)
{
    if (n_bytes != 16u && n_bytes != 32u) {
        return NULL;
    }
    if (use == CRYPTO_GCM) {
        return n_bytes == 16u ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
    }
    return n_bytes == 16u ? EVP_aes_128_ecb() : EVP_aes_256_ecb();
}

static int key_set(void *context, struct crypto_key *key, enum crypto_use use, const uint8_t *bytes,
                   size_t n_bytes)
{
    struct key_state *state = (struct key_state *)(void *)key->state;
    const EVP_CIPHER *cipher = cipher_of(use, n_bytes);
    key_drop(context, key);
    state->context = cipher != NULL ? EVP_CIPHER_CTX_new() : NULL;
    if (state->context == NULL ||
        EVP_CipherInit_ex(state->context, cipher, NULL, bytes, NULL, use != CRYPTO_DECRYPT) != 1) {
        key_drop(context, key);
        return -1;
    }
    EVP_CIPHER_CTX_set_padding(state->context, 0);
    state->use = (uint32_t)use;
    return 0;
}

/* EVP_Cipher() goes straight to the cipher: a message of a few bytes costs half as much. */
static int gcm_run(EVP_CIPHER_CTX *gcm, const struct crypto_gcm *message, uint8_t *bytes,
                   size_t n_bytes)
{
    for (size_t i = 0; i < message->n_aad; i++) {
        const struct crypto_piece *piece = &message->aad[i];
        if (piece->n_bytes > 0 && EVP_Cipher(gcm, NULL, (const unsigned char *)piece->bytes,
                                             (unsigned)piece->n_bytes) < 0) {
            return -1;
        }
    }
    if (n_bytes > 0 && EVP_Cipher(gcm, bytes, bytes, (unsigned)n_bytes) < 0) {
        return -1;
    }
    return EVP_Cipher(gcm, NULL, NULL, 0) < 0 ? -1 : 0;
}

/* EVP_CIPHER_CTX_ctrl() would make the same and look it up first. */
static OSSL_PARAM tag_param(uint8_t *tag, size_t n_tag)
{
    return OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, n_tag);
}

static int gcm_seal(void *context, const struct crypto_key *key, const struct crypto_gcm *message,
                    uint8_t *bytes, size_t n_bytes, uint8_t tag[CRYPTO_TAG_BYTES])
{
    EVP_CIPHER_CTX *gcm = context_of(key, CRYPTO_GCM);
    OSSL_PARAM params[] = {tag_param(tag, CRYPTO_TAG_BYTES), OSSL_PARAM_construct_end()};
    (void)context;
    if (gcm == NULL || n_bytes > INT_MAX ||
        EVP_EncryptInit_ex2(gcm, NULL, NULL, message->iv, NULL) != 1 ||
        gcm_run(gcm, message, bytes, n_bytes) != 0 || EVP_CIPHER_CTX_get_params(gcm, params) != 1) {
        return -1;
    }
    return 0;
}

static int gcm_open(void *context, const struct crypto_key *key, const struct crypto_gcm *message,
                    uint8_t *bytes, size_t n_bytes, const uint8_t *tag, size_t n_tag)
{
    EVP_CIPHER_CTX *gcm = context_of(key, CRYPTO_GCM);
    uint8_t given[CRYPTO_TAG_BYTES];
    (void)context;
    if (gcm == NULL || n_bytes > INT_MAX || n_tag == 0 || n_tag > sizeof given) {
        crypto_wipe(bytes, n_bytes);
        return -1;
    }
    memcpy(given, tag, n_tag);
    const OSSL_PARAM params[] = {tag_param(given, n_tag), OSSL_PARAM_construct_end()};
    if (EVP_DecryptInit_ex2(gcm, NULL, NULL, message->iv, params) != 1 ||
        gcm_run(gcm, message, bytes, n_bytes) != 0) {
        crypto_wipe(bytes, n_bytes);
        return -1;
    }
    return 0;
}

static int blocks(void *context, const struct crypto_key *key, uint8_t *bytes, size_t n_blocks)
{
    EVP_CIPHER_CTX *ecb = context_of(key, CRYPTO_ENCRYPT);
    int n = 0;
    (void)context;
    if (ecb == NULL) {
        ecb = context_of(key, CRYPTO_DECRYPT);
    }
    if (ecb == NULL || n_blocks > INT_MAX / BLOCK) {
        return -1;
    }
    const int n_bytes = (int)(n_blocks * BLOCK);
    return EVP_CipherUpdate(ecb, bytes, &n, bytes, n_bytes) == 1 && n == n_bytes ? 0 : -1;
}

static int hash(void *context, enum crypto_hash kind, const struct crypto_piece *pieces,
                size_t n_pieces, uint8_t digest[CRYPTO_DIGEST_MAX])
{
    const EVP_MD *const kinds[CRYPTO_HASHES] = {EVP_md5(), EVP_sha1(), EVP_sha256(), EVP_sha384()};
    EVP_MD_CTX *md = (unsigned)kind < CRYPTO_HASHES ? EVP_MD_CTX_new() : NULL;
    int result = md != NULL && EVP_DigestInit_ex(md, kinds[kind], NULL) == 1 ? 0 : -1;
    (void)context;
    for (size_t i = 0; i < n_pieces && result == 0; i++) {
        result = EVP_DigestUpdate(md, pieces[i].bytes, pieces[i].n_bytes) == 1 ? 0 : -1;
    }
    if (result == 0) {
        result = EVP_DigestFinal_ex(md, digest, NULL) == 1 ? 0 : -1;
    }
    EVP_MD_CTX_free(md);
    return result;
}

int crypto_openssl(struct crypto_port *port)
{
    memset(port, 0, sizeof *port);
    port->random = random_bytes;
    port->key_set = key_set;
    port->key_drop = key_drop;
    port->gcm_seal = gcm_seal;
    port->gcm_open = gcm_open;
    port->blocks = blocks;
    port->hash = hash;
    port->curves = crypto_openssl_curves();
    return EVP_aes_128_gcm() != NULL ? 0 : -1;
}
