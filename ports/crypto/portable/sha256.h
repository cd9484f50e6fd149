/** SHA-256 (FIPS 180-4). */
#ifndef OPEN382_PORTABLE_SHA256_H
#define OPEN382_PORTABLE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32u

struct sha256 {
    uint32_t state[8];
    uint64_t n_bytes;
    uint8_t block[64];
};

void sha256_begin(struct sha256 *sha);
void sha256_more(struct sha256 *sha, const void *bytes, size_t n_bytes);
void sha256_end(struct sha256 *sha, uint8_t digest[SHA256_BYTES]);

#endif
