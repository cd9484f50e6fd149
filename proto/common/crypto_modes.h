/**
 * What protocols make of single AES blocks: CBC, CTR, CMAC, key wrap.  Needs a port's key_set,
 * key_drop and blocks.
 *
 * Every call returns 0, or negative: not done.  Source: NIST SP 800-38A (CBC, CTR), SP 800-38B =
 * RFC 4493 (CMAC), RFC 3394 (key wrap).
 */
#ifndef OPEN382_CRYPTO_MODES_H
#define OPEN382_CRYPTO_MODES_H

#include "crypto_port.h"

/** In place; n_bytes a multiple of 16; key made ready with CRYPTO_ENCRYPT.  iv: of the first block;
 *  afterwards that of what follows. */
int crypto_cbc_encrypt(const struct crypto_port *port, const struct crypto_key *key,
                       uint8_t iv[CRYPTO_BLOCK_BYTES], uint8_t *bytes, size_t n_bytes);

/** The same backwards; key made ready with CRYPTO_DECRYPT. */
int crypto_cbc_decrypt(const struct crypto_port *port, const struct crypto_key *key,
                       uint8_t iv[CRYPTO_BLOCK_BYTES], uint8_t *bytes, size_t n_bytes);

/** In place, both ways, any length; key made ready with CRYPTO_ENCRYPT.  counter: the first block;
 *  it counts as one big-endian number of 128 bits, and is left at the block after the last. */
int crypto_ctr(const struct crypto_port *port, const struct crypto_key *key,
               uint8_t counter[CRYPTO_BLOCK_BYTES], uint8_t *bytes, size_t n_bytes);

/** CMAC over the pieces; key made ready with CRYPTO_ENCRYPT. */
int crypto_cmac(const struct crypto_port *port, const struct crypto_key *key,
                const struct crypto_piece *pieces, size_t n_pieces,
                uint8_t mac[CRYPTO_BLOCK_BYTES]);

#define CRYPTO_WRAP_EXTRA 8u
#define CRYPTO_WRAP_MAX   64u /**< bytes of a key that can be wrapped */

/** Wrap n_bytes (16 .. CRYPTO_WRAP_MAX, a multiple of 8) under a key-encryption key of 16 or 32
 *  bytes; wrapped has 8 more. */
int crypto_key_wrap(const struct crypto_port *port, const uint8_t *kek, size_t n_kek,
                    const uint8_t *bytes, size_t n_bytes, uint8_t *wrapped);

/** Unwrap n_wrapped bytes (24 or more) into n_wrapped - 8.  Negative, and bytes are zero: not
 *  wrapped under this key. */
int crypto_key_unwrap(const struct crypto_port *port, const uint8_t *kek, size_t n_kek,
                      const uint8_t *wrapped, size_t n_wrapped, uint8_t *bytes);

#endif
