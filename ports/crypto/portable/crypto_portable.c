#include "crypto_portable.h"

#include <string.h>

#include "aes.h"
#include "sha256.h"

#define BLOCK CRYPTO_BLOCK_BYTES

/* What stands in a struct crypto_key. */
struct key_state {
    struct aes_key aes;
    uint32_t use;
    uint64_t hash_key[2]; /* GCM: H, the first byte highest */
};

_Static_assert(sizeof(struct key_state) <= sizeof(struct crypto_key), "a key has room");
_Static_assert(_Alignof(struct key_state) <= _Alignof(struct crypto_key), "a key is aligned");

static const struct key_state *state_of(const struct crypto_key *key, enum crypto_use use)
{
    const struct key_state *state = (const struct key_state *)(const void *)key->state;
    return state->use == (uint32_t)use ? state : NULL;
}

static uint64_t word_be(const uint8_t *bytes)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < 8u; i++) {
        word = word << 8 | bytes[i];
    }
    return word;
}

static void word_be_put(uint8_t *bytes, uint64_t word)
{
    for (unsigned i = 8; i-- > 0;) {
        bytes[i] = (uint8_t)word;
        word >>= 8;
    }
}

static void key_drop(void *context, struct crypto_key *key)
{
    (void)context;
    crypto_wipe(key, sizeof *key);
}

static int key_set(void *context, struct crypto_key *key, enum crypto_use use, const uint8_t *bytes,
                   size_t n_bytes)
{
    struct key_state *state = (struct key_state *)(void *)key->state;
    uint8_t pair[AES_PAIR] = {0};
    key_drop(context, key);
    if (aes_key_set(&state->aes, bytes, n_bytes) != 0) {
        return -1;
    }
    state->use = (uint32_t)use;
    if (use == CRYPTO_GCM) {
        aes_encrypt_pair(&state->aes, pair);
        state->hash_key[0] = word_be(pair);
        state->hash_key[1] = word_be(pair + 8);
        crypto_wipe(pair, sizeof pair);
    }
    return 0;
}

/* -- GCM (NIST SP 800-38D) -------------------------------------------------------------------- */

/* GHASH that takes bytes as they come. */
struct ghash {
    const uint64_t *key;
    uint64_t high, low; /* the sum so far */
    uint8_t block[BLOCK];
    size_t filled;
};

/* Sum times H: 128 steps, each the same whatever the bits. */
static void ghash_multiply(struct ghash *hash)
{
    uint64_t high = 0, low = 0, h = hash->key[0], l = hash->key[1];
    uint64_t part = hash->high;
    for (unsigned half = 0; half < 2u; half++, part = hash->low) {
        for (unsigned bit = 0; bit < 64u; bit++) {
            const uint64_t taken = UINT64_C(0) - (part >> 63);
            const uint64_t over = UINT64_C(0) - (l & 1u);
            high ^= h & taken;
            low ^= l & taken;
            l = l >> 1 | h << 63;
            h = h >> 1 ^ (over & UINT64_C(0xE100000000000000));
            part <<= 1;
        }
    }
    hash->high = high;
    hash->low = low;
}

static void ghash_words(struct ghash *hash, uint64_t high, uint64_t low)
{
    hash->high ^= high;
    hash->low ^= low;
    ghash_multiply(hash);
}

static void ghash_more(struct ghash *hash, const uint8_t *bytes, size_t n_bytes)
{
    for (size_t n = 0; n_bytes > 0; bytes += n, n_bytes -= n) {
        n = n_bytes < BLOCK - hash->filled ? n_bytes : BLOCK - hash->filled;
        memcpy(hash->block + hash->filled, bytes, n);
        hash->filled += n;
        if (hash->filled == BLOCK) {
            ghash_words(hash, word_be(hash->block), word_be(hash->block + 8));
            hash->filled = 0;
        }
    }
}

/* The rest of a block counts as zero. */
static void ghash_pad(struct ghash *hash)
{
    static const uint8_t zero[BLOCK] = {0};
    if (hash->filled > 0) {
        ghash_more(hash, zero, BLOCK - hash->filled);
    }
}

/* Key stream of a message: block n is the cipher of IV and n; block 1 masks the tag. */
struct stream {
    const struct aes_key *aes;
    uint8_t blocks[AES_PAIR];
    uint8_t iv[CRYPTO_GCM_IV_BYTES];
    uint32_t next;
};

static void stream_pair(struct stream *stream)
{
    for (size_t i = 0; i < 2u; i++) {
        uint8_t *block = stream->blocks + i * BLOCK;
        memcpy(block, stream->iv, CRYPTO_GCM_IV_BYTES);
        for (unsigned byte = 0; byte < 4u; byte++) {
            block[CRYPTO_GCM_IV_BYTES + byte] = (uint8_t)(stream->next >> (24u - 8u * byte));
        }
        stream->next++;
    }
    aes_encrypt_pair(stream->aes, stream->blocks);
}

static void stream_begin(struct stream *stream, const struct key_state *state,
                         const struct crypto_gcm *message)
{
    stream->aes = &state->aes;
    stream->next = 1;
    memcpy(stream->iv, message->iv, sizeof stream->iv);
    stream_pair(stream);
}

/* The pair of the start has one block left for the message. */
static void stream_mix(struct stream *stream, uint8_t *bytes, size_t n_bytes)
{
    size_t at = BLOCK;
    for (size_t i = 0; i < n_bytes; i++, at++) {
        if (at == AES_PAIR) {
            stream_pair(stream);
            at = 0;
        }
        bytes[i] ^= stream->blocks[at];
    }
}

static size_t hash_aad(struct ghash *hash, const struct key_state *state,
                       const struct crypto_gcm *message)
{
    size_t n_bytes = 0;
    memset(hash, 0, sizeof *hash);
    hash->key = state->hash_key;
    for (size_t i = 0; i < message->n_aad; i++) {
        ghash_more(hash, (const uint8_t *)message->aad[i].bytes, message->aad[i].n_bytes);
        n_bytes += message->aad[i].n_bytes;
    }
    ghash_pad(hash);
    return n_bytes;
}

/* tag holds the masking block. */
static void hash_end(struct ghash *hash, const uint8_t *bytes, size_t n_bytes, size_t n_aad,
                     uint8_t tag[CRYPTO_TAG_BYTES])
{
    ghash_more(hash, bytes, n_bytes);
    ghash_pad(hash);
    ghash_words(hash, (uint64_t)n_aad * 8u, (uint64_t)n_bytes * 8u);
    word_be_put(tag, word_be(tag) ^ hash->high);
    word_be_put(tag + 8, word_be(tag + 8) ^ hash->low);
    crypto_wipe(hash, sizeof *hash);
}

static int gcm_seal(void *context, const struct crypto_key *key, const struct crypto_gcm *message,
                    uint8_t *bytes, size_t n_bytes, uint8_t tag[CRYPTO_TAG_BYTES])
{
    const struct key_state *state = state_of(key, CRYPTO_GCM);
    struct stream stream;
    struct ghash hash;
    (void)context;
    if (state == NULL) {
        return -1;
    }
    stream_begin(&stream, state, message);
    memcpy(tag, stream.blocks, BLOCK);
    stream_mix(&stream, bytes, n_bytes);
    const size_t n_aad = hash_aad(&hash, state, message);
    hash_end(&hash, bytes, n_bytes, n_aad, tag);
    crypto_wipe(&stream, sizeof stream);
    return 0;
}

static int gcm_open(void *context, const struct crypto_key *key, const struct crypto_gcm *message,
                    uint8_t *bytes, size_t n_bytes, const uint8_t *tag, size_t n_tag)
{
    const struct key_state *state = state_of(key, CRYPTO_GCM);
    uint8_t expected[CRYPTO_TAG_BYTES];
    struct stream stream;
    struct ghash hash;
    (void)context;
    if (state == NULL || n_tag == 0 || n_tag > CRYPTO_TAG_BYTES) {
        crypto_wipe(bytes, n_bytes);
        return -1;
    }
    stream_begin(&stream, state, message);
    memcpy(expected, stream.blocks, BLOCK);
    const size_t n_aad = hash_aad(&hash, state, message);
    hash_end(&hash, bytes, n_bytes, n_aad, expected);
    const bool good = crypto_equal(expected, tag, n_tag);
    if (good) {
        stream_mix(&stream, bytes, n_bytes);
    } else {
        crypto_wipe(bytes, n_bytes);
    }
    crypto_wipe(&stream, sizeof stream);
    crypto_wipe(expected, sizeof expected);
    return good ? 0 : -1;
}

static int blocks(void *context, const struct crypto_key *key, uint8_t *bytes, size_t n_blocks)
{
    const struct key_state *forwards = state_of(key, CRYPTO_ENCRYPT);
    const struct key_state *backwards = state_of(key, CRYPTO_DECRYPT);
    (void)context;
    if (forwards == NULL && backwards == NULL) {
        return -1;
    }
    for (size_t n = 0; n_blocks > 0; n_blocks -= n, bytes += n * BLOCK) {
        uint8_t pair[AES_PAIR] = {0};
        n = n_blocks < 2u ? n_blocks : 2u;
        memcpy(pair, bytes, n * BLOCK);
        if (forwards != NULL) {
            aes_encrypt_pair(&forwards->aes, pair);
        } else {
            aes_decrypt_pair(&backwards->aes, pair);
        }
        memcpy(bytes, pair, n * BLOCK);
        crypto_wipe(pair, sizeof pair);
    }
    return 0;
}

static int hash(void *context, enum crypto_hash kind, const struct crypto_piece *pieces,
                size_t n_pieces, uint8_t digest[CRYPTO_DIGEST_MAX])
{
    struct sha256 sha;
    (void)context;
    if (kind != CRYPTO_SHA256) {
        return -1;
    }
    sha256_begin(&sha);
    for (size_t i = 0; i < n_pieces; i++) {
        sha256_more(&sha, pieces[i].bytes, pieces[i].n_bytes);
    }
    sha256_end(&sha, digest);
    crypto_wipe(&sha, sizeof sha);
    return 0;
}

void crypto_portable(struct crypto_port *port,
                     int (*random)(void *context, uint8_t *bytes, size_t n_bytes), void *context)
{
    memset(port, 0, sizeof *port);
    port->context = context;
    port->random = random;
    port->key_set = key_set;
    port->key_drop = key_drop;
    port->gcm_seal = gcm_seal;
    port->gcm_open = gcm_open;
    port->blocks = blocks;
    port->hash = hash;
}
