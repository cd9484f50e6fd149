/**
 * The ciphers and hashes that the protocols ask for: one small struct of functions, filled by the
 * host (ports/crypto/openssl) or the board (ports/crypto/portable, or hardware).
 *
 * Only primitives stand here; modes that are made of single blocks (CBC, CTR, CMAC, key wrap) are
 * in crypto_modes.h and so need nothing of their own from a board.  A member that a board lacks is
 * NULL, and what needs it is refused.  Every call returns 0, or negative: not done, and nothing of
 * a result stands anywhere.
 */
#ifndef OPEN382_CRYPTO_PORT_H
#define OPEN382_CRYPTO_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRYPTO_BLOCK_BYTES   16u
#define CRYPTO_TAG_BYTES     16u /**< whole tag of GCM; protocols send the first ones of it */
#define CRYPTO_GCM_IV_BYTES  12u
#define CRYPTO_KEY_MAX_BYTES 32u
#define CRYPTO_DIGEST_MAX    48u
#define CRYPTO_KEY_WORDS     34u

/** What a key is made ready for. */
enum crypto_use {
    CRYPTO_NOTHING, /**< no key stands here */
    CRYPTO_GCM,     /**< gcm_seal, gcm_open */
    CRYPTO_ENCRYPT, /**< blocks, forwards */
    CRYPTO_DECRYPT, /**< blocks, backwards */
};

/**
 * An AES key of 16 or 32 bytes made ready once, so that a message costs no key schedule.  What
 * stands inside is the port's own.  Zero-filled: no key.  Never copied or moved: a port may keep a
 * pointer in it; and key_drop() before its memory goes.
 */
struct crypto_key {
    uint64_t state[CRYPTO_KEY_WORDS];
};

/** Bytes that need not stand beside their neighbours. */
struct crypto_piece {
    const void *bytes;
    size_t n_bytes;
};

struct crypto_gcm {
    uint8_t iv[CRYPTO_GCM_IV_BYTES];
    const struct crypto_piece *aad; /**< authenticated, not encrypted */
    size_t n_aad;
};

enum crypto_hash { CRYPTO_MD5, CRYPTO_SHA1, CRYPTO_SHA256, CRYPTO_SHA384, CRYPTO_HASHES };

enum crypto_curve { CRYPTO_P256, CRYPTO_P384, CRYPTO_CURVES };

#define CRYPTO_SCALAR_MAX 48u /**< private key, half of a public key or of a signature */
#define CRYPTO_POINT_MAX  96u

/** Bytes of a scalar of the curve; a public key (x, y) and a signature (r, s) have twice as many.
 */
static inline size_t crypto_scalar_bytes(enum crypto_curve curve)
{
    return curve == CRYPTO_P256 ? 32u : 48u;
}

/** Elliptic curves: ECDSA over SHA-256 (P-256) or SHA-384 (P-384), and ECDH.  All big-endian. */
struct crypto_curves {
    int (*key_make)(void *context, enum crypto_curve curve, uint8_t *private_key,
                    uint8_t *public_key);
    int (*sign)(void *context, enum crypto_curve curve, const uint8_t *private_key,
                const struct crypto_piece *pieces, size_t n_pieces, uint8_t *signature);
    /** @return 0: the signature is good. */
    int (*verify)(void *context, enum crypto_curve curve, const uint8_t *public_key,
                  const struct crypto_piece *pieces, size_t n_pieces, const uint8_t *signature);
    /** The shared secret: x of the common point, a scalar's length.  A point that is not on the
     *  curve is refused. */
    int (*agree)(void *context, enum crypto_curve curve, const uint8_t *private_key,
                 const uint8_t *peer_public_key, uint8_t *secret);
};

struct crypto_port {
    void *context; /**< handed back as the first argument of every call */

    /** Bytes that nobody can foretell.  NULL or negative: none to be had, callers fail closed. */
    int (*random)(void *context, uint8_t *bytes, size_t n_bytes);

    /** Make a key of 16 or 32 bytes ready; one that stood there before is dropped. */
    int (*key_set)(void *context, struct crypto_key *key, enum crypto_use use, const uint8_t *bytes,
                   size_t n_bytes);
    /** Leave nothing of it.  May be called on a key that is none. */
    void (*key_drop)(void *context, struct crypto_key *key);

    /** Encrypt in place and work out the tag. */
    int (*gcm_seal)(void *context, const struct crypto_key *key, const struct crypto_gcm *message,
                    uint8_t *bytes, size_t n_bytes, uint8_t tag[CRYPTO_TAG_BYTES]);
    /** Check the first n_tag bytes of the tag in constant time and decrypt in place.  When it does
     *  not fit the bytes are all zero: nothing is released. */
    int (*gcm_open)(void *context, const struct crypto_key *key, const struct crypto_gcm *message,
                    uint8_t *bytes, size_t n_bytes, const uint8_t *tag, size_t n_tag);

    /** Whole blocks, each on its own (ECB), in place. */
    int (*blocks)(void *context, const struct crypto_key *key, uint8_t *bytes, size_t n_blocks);

    /** The digest: 16, 20, 32 or 48 bytes. */
    int (*hash)(void *context, enum crypto_hash kind, const struct crypto_piece *pieces,
                size_t n_pieces, uint8_t digest[CRYPTO_DIGEST_MAX]);

    const struct crypto_curves *curves; /**< NULL: none */
};

/** Bytes of a digest. */
static inline size_t crypto_digest_bytes(enum crypto_hash kind)
{
    return kind == CRYPTO_MD5 ? 16u : kind == CRYPTO_SHA1 ? 20u : kind == CRYPTO_SHA256 ? 32u : 48u;
}

/** Zero that the compiler may not leave out. */
void crypto_wipe(void *bytes, size_t n_bytes);

/** Compare without telling by the time where they differ. */
bool crypto_equal(const void *left, const void *right, size_t n_bytes);

#endif
