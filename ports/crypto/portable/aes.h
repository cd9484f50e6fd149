/**
 * AES-128 and AES-256 for processors without a cipher unit: two blocks at a time, bit by bit in
 * eight words (bit-sliced).  No table and no branch depends on a secret, so that time and cache
 * tell nothing of it.  Source: FIPS 197.
 */
#ifndef OPEN382_PORTABLE_AES_H
#define OPEN382_PORTABLE_AES_H

#include <stddef.h>
#include <stdint.h>

#define AES_BLOCK      16u
#define AES_PAIR       32u /**< two blocks */
#define AES_ROUNDS_MAX 14u

/** Round keys, bit-sliced.  Both blocks have the same, so half of the bits are left out. */
struct aes_key {
    uint32_t round[AES_ROUNDS_MAX + 1u][4];
    uint32_t rounds; /**< 10 or 14 */
};

/** n_bytes: 16 or 32.  @return 0, or negative: another length */
int aes_key_set(struct aes_key *key, const uint8_t *bytes, size_t n_bytes);

/** Two blocks in place. */
void aes_encrypt_pair(const struct aes_key *key, uint8_t blocks[AES_PAIR]);
void aes_decrypt_pair(const struct aes_key *key, uint8_t blocks[AES_PAIR]);

#endif
